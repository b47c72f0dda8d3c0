"""Options that a program gives by name, as the objects that commands make of theirs."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from fastcli.errors import ArgumentError, OptionError
from fastcli.options import Row, check_ranges, configured, rows
from fastcli.printable import nearest, shortened


def read_options(
    options: Mapping[str, Any], kinds: Collection[Any], function: str, without: Collection[str] = ()
) -> tuple[list[Any], set[str]]:
    """Return an object of each dataclass with some options, and the names of those that are given.

    ``kinds`` are dataclasses, or objects of them, whose values are then the defaults; ``options``
    may have fastText's spellings (``wordNgrams``), and None for what is not given.  Rows in
    ``without`` are no options.  Raises OptionError, which is a TypeError, for an unknown name
    or one that is given twice, and ArgumentError for a value of another type or out of range.
    """
    known = {
        row.name: row
        for kind in kinds
        for row in rows(kind if isinstance(kind, type) else type(kind))
        if row.name not in without
    }
    names = {_python(one): row for row in known.values() for one in row.spellings}
    names |= known
    values: dict[str, Any] = {}
    for name, value in options.items():
        if name not in names:
            raise OptionError(
                f"{function}() got an unexpected keyword argument {name!r}{nearest(name, known)}."
            )
        row = names[name]
        if row.name in values:
            raise OptionError(f"{function}() got multiple values for argument {row.name!r}.")
        if value is not None:
            is_negated = row.default is True and name != row.name  # no_standardize
            values[row.name] = _value(row, name, value, is_negated)
    if "thread" in known and "thread" not in values:
        from fastcli.threads import usable_cpus

        values_of_all = {"thread": usable_cpus(), **values}
    else:
        values_of_all = values
    return [_built(kind, values_of_all) for kind in kinds], set(values)


def _python(spelling: str) -> str:
    """Return a spelling of the command line as a name of Python: ``batch_size``, ``wordNgrams``."""
    return spelling.lstrip("-").replace("-", "_")


def _value(row: Row, name: str, value: Any, is_negated: bool) -> Any:
    """Return a value as its dataclass has it.  Raises ArgumentError for one of another type."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    elif type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        value = value.tolist()
    found = configured(row, list(value) if isinstance(value, tuple) else value)
    if found is None:
        what = type(row.default).__name__ if row.default is not None else row.type.__name__
        raise OptionError(f"{name} = {shortened(repr(value))} should be {what}.")
    if isinstance(found, str | tuple) and "\0" in "".join(found):
        raise ArgumentError(f"{name} = {shortened(repr(value))} has a NUL character in it.")
    return not found if is_negated else found


def _built(kind: Any, values: Mapping[str, Any]) -> Any:
    is_type = isinstance(kind, type)
    known = [row.name for row in rows(kind if is_type else type(kind)) if row.name in values]
    given = {name: values[name] for name in known}
    found = kind(**given) if is_type else replace(kind, **given)
    check_ranges(found)
    return found
