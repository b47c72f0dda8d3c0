"""Options: one row for each, from which everything about it follows.

A row is a field of a dataclass of arguments:

    lr: float = option(0.1, "learning rate", group="training", at_least=0)

From it follow the option on the command line in all its spellings, the check of its range, the
names a configuration may use, shell completion, the tables of docs/, docs/options.md, and the
line that names options without effect.  Only the standard library is needed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import field, fields
from functools import cache
from typing import Any, NamedTuple

from fastcli.errors import ArgumentError
from fastcli.printable import unknown

MOST = 2**31 - 1  # the largest whole number, unless a row says otherwise: an int32 holds it
KINDS: dict[str, type] = {"int": int, "float": float, "bool": bool, "str": str}
# The order of groups in the help of every command.
GROUPS = (
    *("general", "files", "input", "labels", "cleaning", "tokens", "output"),
    *("report", "tables", "filters", "dictionary", "text", "numbers"),
    *(
        "network",
        "training",
        "optimiser",
        "regularisation",
        "validation",
        "quantization",
        "autotune",
        "running",
        "without effect here",
    ),
)

Choices = Collection[str] | Callable[[], Collection[str]]


class Need:
    """A condition without which an option has no effect, and how to say that it is not met."""

    def __init__(self, is_met: Callable[[Values], bool], reason: Callable[[Values], str]) -> None:
        self.is_met, self.reason = is_met, reason


# Named tuples, since every command needs them: a dataclass of so many fields takes ms to define.
class Option(NamedTuple):
    """What a row says of its option; type and default are those of the field.

    ``fasttext`` options are shown in fastText's spelling, ``-wordNgrams``, others as
    ``--batch-size``; ``shown`` is for the few that follow neither rule, ``also`` has more
    spellings.  The default is never out of range; beyond ``limit`` there is no room for a value.
    ``values`` tells the range where something else than the row checks it.
    ``choices`` may be a function where the table of names is in a module that loads slowly.
    ``default_text`` tells in words what the default stands for.  ``file`` is "file" or "folder"
    where the value is a path; with ``more_files`` words right after it that are files belong to it,
    too.  ``is_list``: in a configuration the parts may be a list.  ``metavar`` names the values of
    an option that takes several.  ``order`` moves a row to another place in its group.
    """

    help: str
    group: str = "general"
    fasttext: bool = False
    shown: str = ""
    also: tuple[str, ...] = ()
    order: int = 0
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    limit: float | None = None
    values: str = ""
    choices: Choices = ()
    kind: str = ""
    aliases: Callable[[], Mapping[str, str]] | None = None
    default_text: str = ""
    file: str = ""
    more_files: bool = False
    metavar: str = ""
    is_list: bool = False
    needs: tuple[Need, ...] = ()


def option(default: Any, row: Option | str, **changes: Any) -> Any:
    """Return the field of an option: its default, and its help or the row of another one.

    ``changes`` are fields of ``Option`` that are given, or differ from that other row.
    """
    whole = row._replace(**changes) if isinstance(row, Option) else Option(help=row, **changes)
    return field(default=default, metadata={"option": whole})


class Row(NamedTuple):
    """An option with the name, the type and the default of its field."""

    name: str
    type: type
    is_repeatable: bool
    default: Any
    option: Option

    @property
    def n_values(self) -> int:
        """How many words the option takes, flags apart."""
        return len(self.option.metavar.split()) or 1

    @property
    def is_flag(self) -> bool:
        """Whether the option takes no value."""
        return self.type is bool

    @property
    def word(self) -> str:
        """The name as people type it: ``no-standardize`` where the field is true by default."""
        plain = self.name.replace("_", "-")
        return f"no-{plain}" if self.default is True else plain

    @property
    def shown(self) -> str:
        """The spelling that help and messages use."""
        if self.option.shown:
            return self.option.shown
        return "-" + camel(self.word) if self.option.fasttext else "--" + self.word

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling, the one that is shown first."""
        found = (self.shown, *self.option.also, "--" + self.word, "-" + camel(self.word))
        if not self.option.fasttext:
            found += ("-" + self.word,)
        return tuple(dict.fromkeys(found))

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that the value may be one of; loads the table of them if needed."""
        known = self.option.choices
        return tuple(known() if callable(known) else known)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names of choices."""
        known = self.option.aliases
        return known() if known is not None else {}

    @property
    def range_text(self) -> str:
        """The values that are in range, "" if all are."""
        o = self.option
        low, high = o.at_least if o.above is None else o.above, o.at_most
        if o.above is not None:
            text = f"above {low:g}"
            return f"{text} and at most {high:g}" if high is not None else text
        if low is None:
            return ""
        if o.below is not None:
            return f"from {low:g} to below {o.below:g}"
        if high is None:
            return f"{low:g} or more"
        return f"between {_number(low)} and {_number(high)}"

    @property
    def values_text(self) -> str:
        """The values that are taken, as the reference page tells them, "" where all are."""
        o = self.option
        if not o.values and o.limit is not None and o.at_least is not None:
            return f"between {_number(o.at_least)} and {_number(o.limit)}"
        return o.values or self.range_text

    def check_range(self, value: Any) -> None:
        """Raise ArgumentError for a number out of range."""
        is_number = self.type in (int, float) and value is not None
        if not (is_number and self.range_text) or value == self.default:
            return
        if self.type is float and not math.isfinite(value):
            raise ArgumentError(f"{self.shown} must be a finite number, not {value}.")
        o = self.option
        is_inside = (
            (o.at_least is None or value >= o.at_least)
            and (o.above is None or value > o.above)
            and (o.at_most is None or value <= o.at_most)
            and (o.below is None or value < o.below)
        )
        if not is_inside:
            raise ArgumentError(f"{self.shown} must be {self.range_text}, not {value}.")
        limit = MOST if o.limit is None and self.type is int and o.at_most is None else o.limit
        if limit is not None and value > limit:
            raise ArgumentError(f"{self.shown} must be at most {_number(limit)}, not {value}.")


def camel(word: str) -> str:
    """Return a name in fastText's way: ``wordNgrams`` of ``word-ngrams`` or ``word_ngrams``."""
    first, *rest = word.replace("_", "-").split("-")
    return first + "".join(part.capitalize() for part in rest)


def snake(word: str) -> str:
    """Return the Python name of an option: ``word_ngrams`` of ``wordNgrams``."""
    return "".join("_" + c.lower() if c.isupper() else c for c in word.replace("-", "_"))


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:g}"


def rows(kind: type) -> tuple[Row, ...]:
    """Return the rows of a dataclass, in the order of its fields; other fields have none."""
    dataclass_type: Any = kind
    return _rows(dataclass_type)


@cache
def _rows(kind: Any) -> tuple[Row, ...]:
    found = []
    for f in fields(kind):
        if "option" in f.metadata:
            name = str(getattr(f.type, "__name__", f.type)).removesuffix(" | None")
            is_tuple = name.startswith("tuple")
            is_repeatable = is_tuple and not f.metadata["option"].metavar
            row_type = str if is_tuple else KINDS[name]
            found.append(Row(f.name, row_type, is_repeatable, f.default, f.metadata["option"]))
    return tuple(found)


def rows_of(kinds: Collection[Any], without: Collection[str] = ()) -> list[Row]:
    """Return the rows of several dataclasses, or objects, whose values are then the defaults.

    They are in the order of help texts; those named in ``without`` are left out.
    """
    found = [row for kind in kinds for row in _rows_of(kind) if row.name not in without]
    return in_order(found)


def in_order(known: Collection[Row]) -> list[Row]:
    """Return rows in the order of help texts: group by group."""
    return sorted(known, key=lambda row: (GROUPS.index(row.option.group), row.option.order))


def _rows_of(kind: Any) -> list[Row]:
    if isinstance(kind, type):
        return list(rows(kind))
    return [row._replace(default=getattr(kind, row.name)) for row in rows(type(kind))]


def row_of(kind: type, name: str) -> Row:
    """Return the row of a field.  Raises KeyError if it is not an option."""
    return {row.name: row for row in rows(kind)}[name]


def like(kind: type, name: str, **changes: Any) -> Any:
    """Return a field with the row of another dataclass; ``default`` is one of the changes."""
    row = row_of(kind, name)
    return option(changes.pop("default", row.default), row.option, **changes)


def check_ranges(args: Any) -> None:
    """Raise ArgumentError for the first field of a dataclass that is out of its row's range."""
    for row in rows(type(args)):
        row.check_range(getattr(args, row.name))


def check_choices(kind: type, **values: str) -> None:
    """Raise ArgumentError for the first value that is none of the choices of its row."""
    for name, value in values.items():
        row = row_of(kind, name)
        if value not in row.choices:
            what = row.option.kind or f"value of {row.shown}"
            raise ArgumentError(unknown(what, value, row.choices))


def configured(row: Row, value: Any) -> Any:
    """Return a value of TOML or of Python as its field has it, None if it cannot be one.

    Where a row says so a list stands for words with commas between them.
    """
    kind = tuple if isinstance(row.default, tuple) else row.type
    if kind is tuple:
        found = value if isinstance(value, list) else [value]
        # A column may be given by its position; a file's name is text.
        is_text = all(isinstance(one, str) for one in found) or not row.option.file
        words = [None if isinstance(one, list) else _as_typed(row, str, one) for one in found]
        return tuple(words) if is_text and None not in words else None
    return _as_typed(row, kind, value)


def _as_typed(row: Row, kind: type, value: Any) -> Any:
    if kind is str and isinstance(value, list) and row.option.is_list:
        parts = [_as_typed(row, str, one) for one in value if not isinstance(one, list)]
        is_list = len(parts) == len(value) and None not in parts
        return ",".join(parts) if is_list else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return (math.inf if value > 0 else -math.inf) if kind is float else None
    if kind is str and is_number:
        return str(value)
    if kind is float and is_number:
        return float(value)
    is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return value if is_right else None


def names_of(values: Collection[str]) -> str:
    """Return names as a list in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = values
    return f"{', '.join(first)} and {last}" if first else last


# ------------------------------------------------------------------ options without effect


class Values:
    """The command and the values of a run, by name; what the run does not have is None."""

    def __init__(self, command: str, values: Mapping[str, Any], known: Collection[Row]) -> None:
        self.command = command
        self._values, self._rows = values, {row.name: row for row in known}

    def __getattr__(self, name: str) -> Any:
        return self._values.get(name)

    def shown(self, name: str) -> str:
        """Return an option as messages spell it."""
        return self._rows[name].shown


def only_in(*commands: str) -> Need:
    """Return the need of options that other commands take, too, because fastText does."""
    return Need(
        lambda v: v.command in commands,
        lambda v: f"in {v.command}, only in {names_of(commands)}",
    )


def only_with(name: str, *values: str) -> Need:
    """Return the need that another option has one of these values."""
    return Need(
        lambda v: getattr(v, name) in values,
        lambda v: f"with {v.shown(name)} {getattr(v, name)}, only with {names_of(values)}",
    )


def only_beside(name: str) -> Need:
    """Return the need that another option is given: a file, a flag, a number above 0."""
    return Need(lambda v: bool(getattr(v, name)), lambda v: f"without {v.shown(name)}")


def ignored(row: Row) -> Row:
    """Return the row of an option that a command accepts and ignores."""
    need = Need(lambda v: False, lambda v: f"in {v.command}")
    return row._replace(option=row.option._replace(group=GROUPS[-1], needs=(need,)))


def without_effect(known: Collection[Row], given: Collection[str], values: Values) -> str:
    """Return a sentence on the given options without effect in a run, "" if there are none.

    ``given`` has the names of the fields that a person set; each is named once, with the first of
    its needs that is not met.
    """
    found: dict[str, list[str]] = {}
    for row in known:
        unmet = (need for need in row.option.needs if not need.is_met(values))
        if row.name in given and (need := next(unmet, None)) is not None:
            found.setdefault(need.reason(values), []).append(row.shown)
    parts = [f"{', '.join(names)}: no effect {reason}" for reason, names in found.items()]
    return "; ".join(parts) + "." if parts else ""
