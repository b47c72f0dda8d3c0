"""From option rows to the command line: click options of dataclasses, and which of them were set.

A command is a function that takes one object for each dataclass of its options:

    @takes(TrainArgs)
    @click.pass_context
    def supervised(ctx: click.Context, args: TrainArgs) -> None: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fastcli.cli._command import Option
from fastcli.options import (
    Row,
    Values,
    check_ranges,
    ignored,
    in_order,
    rows,
    rows_of,
    without_effect,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


Decorated = TypeVar("Decorated", bound=Callable[..., Any])
if TYPE_CHECKING:
    TextType = click.ParamType[str]  # which older versions of click do not have
else:
    TextType = click.ParamType


class FileName(TextType):
    """A path, checked where it is opened; shells complete it with file names."""

    name = "file"

    def __init__(self, kind: str = "file") -> None:
        self.name = "folder" if kind == "folder" else "file"
        self._kind = "dir" if kind == "folder" else "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete the names of files or folders."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type=self._kind)]


class Word(TextType):
    """One of some words, checked with the other arguments; shells complete it."""

    name = "text"
    is_list = False

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def known(self) -> Collection[str]:
        """Return the words."""
        return self._known

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return the words that begin so; of a list with commas the last one is completed."""
        from click.shell_completion import CompletionItem

        before, comma, last = incomplete.rpartition(",") if self.is_list else ("", "", incomplete)
        known = [word for word in self.known() if word.startswith(last)]
        return [CompletionItem(f"{before}{comma}{word}") for word in known]


class Choice(Word):
    """One of the names of a row, which may be in a table that loads slowly."""

    def __init__(self, row: Row) -> None:
        super().__init__(())
        self._row = row
        self.is_list = row.option.is_list

    def known(self) -> Collection[str]:
        """Return the names."""
        return self._row.choices


def file_argument(name: str, metavar: str) -> Callable[[Decorated], Decorated]:
    """Return the decorator of an argument that is a file."""
    return click.argument(name, metavar=metavar, type=FileName())


def click_option(row: Row) -> Any:
    """Return the decorator that adds the option of a row."""
    row_type: Any = row.type
    if row.option.file:
        row_type = FileName(row.option.file)
    elif row.option.choices:
        row_type = Choice(row)
    more: dict[str, Any] = {"type": row_type, "default": row.default}
    if row.is_flag:
        more = {"is_flag": True}
    elif row.is_repeatable:
        more = {"type": row_type, "multiple": True}
    elif row.n_values > 1:
        more = {"type": row_type, "nargs": row.n_values, "metavar": row.option.metavar}
    elif row.name == "thread":
        more["default"] = None
    if row.name == "delimiter":
        more["callback"] = _given_delimiter
    shown = not row.is_flag and not row.option.default_text and row.default not in ("", (), None)
    return click.option(
        *row.spellings,
        row.name,
        cls=Option,
        row=row,
        help=help_text(row),
        show_default=shown,
        **more,
    )


def _given_delimiter(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Refuse an empty delimiter, which is the default, where it is given."""
    if value == "" and _is_given(ctx, param.name or ""):
        from fastcli.tables.dialects import no_delimiter

        raise no_delimiter(value)
    return value


def help_text(row: Row) -> str:
    """Return the help of an option: its meaning, its choices, its default in words."""
    known = row.option.choices
    names = "" if callable(known) or not known else f": {', '.join(known)}"
    default = f"  [default: {row.option.default_text}]" if row.option.default_text else ""
    return f"{row.option.help}{names}{default}"


def takes(
    *kinds: Any, unused: Collection[type] = (), without: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds the options of dataclasses to a command.

    ``kinds`` are dataclasses, or objects of them, whose values are then the defaults.  The command
    gets an object for each.  Options of ``unused`` dataclasses are taken and have no effect, as in
    fastText; those named in ``without`` are left out.
    """
    own = rows_of(kinds, without)
    names = {row.name for row in own}
    others = [ignored(row) for kind in unused for row in rows(kind) if row.name not in names]
    known = in_order(own + others)

    def add(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            built = [_build(kind, values) for kind in kinds]
            for row in others:
                del values[row.name]
            return function(*built, **values)

        decorated: Any = command
        for row in reversed(known):
            decorated = click_option(row)(decorated)
        return decorated

    return add


def _build(kind: Any, values: dict[str, Any]) -> Any:
    """Return the object of a dataclass, and take its fields from the values."""
    is_type = isinstance(kind, type)
    known = [row for row in rows(kind if is_type else type(kind)) if row.name in values]
    given = {row.name: _value(row, values.pop(row.name)) for row in known}
    args = kind(**given) if is_type else replace(kind, **given)
    check_ranges(args)
    return args


def _value(row: Row, value: Any) -> Any:
    if row.is_flag and row.default is True:
        return not value
    if row.n_values > 1 and value is None:
        return row.default
    if row.name == "thread" and value is None:
        from fastcli.threads import usable_cpus

        return usable_cpus()
    return value


def given_names(ctx: click.Context) -> set[str]:
    """Return the names of the options that the command line has."""
    return {name for name in ctx.params if _is_given(ctx, name)}


def _is_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT


def say_without_effect(ctx: click.Context, values: Mapping[str, Any]) -> None:
    """Name, in a line on stderr, the given options that have no effect in this run.

    ``values`` has those of the command's options; ``verbose`` 0 keeps quiet.
    """
    if values.get("verbose") == 0:
        return
    command = ctx.info_name or ""
    known = [one.row for one in ctx.command.params if isinstance(one, Option) and one.row]
    sentence = without_effect(known, given_names(ctx), Values(command, values, known))
    if sentence:
        from fastcli.cli.display.messages import say

        say(sentence)
