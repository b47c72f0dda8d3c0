"""Commands with fastText's spelling: single-dash options, its messages, grouped help."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli import CONTEXT

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fastcli.options import Row

WORDS = "fastcli.words"  # what shell completion keeps of the line in its context
BEGAN = "fastcli.began"  # in its context: when the command began
MORE_FILES = "fastcli.more_files"  # set in its context where words were taken as further files
LIKE = 0.75  # how much alike a word and the option are that it is taken for
NO_PATHS = "Empty input or output path."  # fastText's words


class Option(click.Option):
    """An option that belongs to a group of the help text, and shows one of its spellings."""

    def __init__(self, *args: Any, row: Row | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row = row
        self.group = row.option.group if row else "general"

    @property
    def shown(self) -> str:
        """The spelling that help and messages use."""
        return self.opts[0]

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the spelling that is shown, with the kind of its value, and the help."""
        spellings, self.opts = self.opts, [self.shown]
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = spellings

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return the option as click's messages quote it."""
        return f"'{self.shown}'"


def takes_more_files(option: click.Parameter) -> bool:
    """Tell whether files right after the value of an option belong to it: ``-input part-*``."""
    return isinstance(option, Option) and option.row is not None and option.row.option.more_files


def _is_file(word: str) -> bool:
    """Tell whether a word can be one of several files: not ``-``, and not like an option."""
    return not word.startswith("-") and "\0" not in word and os.path.exists(word)


class NoArguments(click.UsageError):
    """A command was called without arguments: its usage and options are printed."""


class Command(click.Command):
    """A command whose help shows its options in groups and whose usage line is ``pattern``.

    ``empty`` is what fastText says, before the usage, where there are no arguments at all.
    """

    def __init__(self, *args: Any, pattern: str = "", empty: str = "", **kwargs: Any) -> None:
        kwargs["context_settings"] = {**CONTEXT, **kwargs.get("context_settings", {})}
        super().__init__(*args, **kwargs)
        self.pattern, self.empty = pattern, empty

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Check for errors as fastText does, then parse."""
        ctx.meta.setdefault(BEGAN, time.monotonic())
        if ctx.resilient_parsing:  # shell completion of an unfinished line
            ctx.meta[WORDS] = list(args)
            return super().parse_args(ctx, args)
        if not args:
            raise NoArguments(self.empty, ctx)
        options, words = self.divided(ctx, args)
        return super().parse_args(ctx, [*options, "--", *words])

    def divided(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """Return the options, each with its value, and the words that are left.

        The first ``--`` ends the options; where no word follows it is a word itself.  Raises
        click.UsageError for unknown options and for those without their value.
        """
        known = {
            name: parameter
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for name in parameter.opts
        }
        options: list[str] = []
        words: list[str] = []
        position = 0
        while position < len(args):
            word = args[position]
            name, has_value = word.partition("=")[0], "=" in word
            position += 1
            if word == "--" and position < len(args):
                for rest in args[position:]:
                    self.check_word(rest, ctx)
                return options, words + args[position:]
            if name not in known:
                self.check_word(word, ctx, known)
                words.append(word)
                continue
            options.append(word)
            option = known[name]
            if option.is_flag or option.count:
                continue
            n = option.nargs - has_value
            if position + n > len(args):
                message = f"{word} is missing an argument"
                raise click.UsageError(message + self.as_word(word, "."), ctx)
            options += args[position : position + n]
            position += n
            if takes_more_files(option):
                while position < len(args) and _is_file(args[position]):
                    ctx.meta[MORE_FILES] = True
                    options += [name, args[position]]
                    position += 1
        return options, words

    def check_word(
        self, word: str, ctx: click.Context, options: dict[str, Any] | None = None
    ) -> None:
        """Raise click.UsageError if a word is not an argument; ``options`` are those before --."""

    def as_word(self, word: str, end: str = "") -> str:
        """Return how to give a word that looks like an option, where there can be such words."""
        return ""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return each option that is not given yet, in the first spelling that begins so."""
        from click.shell_completion import CompletionItem

        if not incomplete.startswith("-") and self._is_behind_files(ctx):
            return [CompletionItem(incomplete, type="file")]
        found = []
        for parameter in self.get_params(ctx):
            default = click.core.ParameterSource.DEFAULT
            is_given = ctx.get_parameter_source(parameter.name or "") not in (None, default)
            names = [name for name in parameter.opts if name.startswith(incomplete)]
            is_option = isinstance(parameter, click.Option) and incomplete.startswith("-")
            if is_option and names and (parameter.multiple or not is_given):
                found.append(CompletionItem(names[0], help=getattr(parameter, "help", None)))
        return found

    def _is_behind_files(self, ctx: click.Context) -> bool:
        """Tell whether the last option of an unfinished line takes one more file."""
        words = ctx.meta.get(WORDS, [])
        last = next((i for i in reversed(range(len(words))) if words[i].startswith("-")), -1)
        name, has_value, _ = words[last].partition("=") if last >= 0 else ("", "", "")
        has_value = has_value or len(words) > last + 1
        return bool(has_value) and any(
            name in parameter.opts and takes_more_files(parameter)
            for parameter in self.get_params(ctx)
        )

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line in fastText's way."""
        formatter.write_usage(ctx.command_path, self.pattern)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write options group by group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                group = getattr(parameter, "group", "general")
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(f"Options ({group})" if group != "general" else "Options"):
                formatter.write_dl(records)


class OptionsOnly(Command):
    """A command without positional arguments, such as ``supervised``; fastText's error messages."""

    def check_word(
        self, word: str, ctx: click.Context, options: dict[str, Any] | None = None
    ) -> None:
        """Raise click.UsageError: there is no place for words."""
        if options is None or not word.startswith("-"):
            where = " after --" if word.startswith("-") else " without a dash"
            raise click.UsageError(f"Provided argument{where}! {word!r}", ctx)
        raise click.UsageError(f"Unknown argument: {word}{_nearest(word, options)}", ctx)


class Positional(Command):
    """A command with arguments such as k = -1.

    Other words with a dash must be options, ``-`` (standard input) or files that are there;
    with ``any_word`` whatever has one dash is an argument, as in fastText.
    """

    def __init__(self, *args: Any, any_word: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_word = any_word

    def check_word(
        self, word: str, ctx: click.Context, options: dict[str, Any] | None = None
    ) -> None:
        """Raise click.UsageError for a mistyped option, before it is taken for an argument."""
        if options is None or word in ("-", "--") or not word.startswith("-"):
            return
        is_single = not word.startswith("--")
        if _is_number(word) or (is_single and (self.any_word or os.path.exists(word))):
            return
        message = f"Unknown argument: {word}{_nearest(word, options)}"
        raise click.UsageError(message + self.as_word(word, "."), ctx)

    def as_word(self, word: str, end: str = "") -> str:
        """Return how to give a word, or a file, that looks like an option."""
        what = "a word" if self.any_word else "a file"
        return f"{end} If it is {what}, end the options before it: -- {word}"


class OptionalWords(Positional):
    """A command that may have no words at all."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and let there be nothing to parse."""
        return super().parse_args(ctx, args) if args else click.Command.parse_args(self, ctx, args)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _nearest(word: str, options: dict[str, Any]) -> str:
    import difflib

    name = word.partition("=")[0]
    double = name.startswith("--")
    known = {option.lower(): option for option in options if option.startswith("--") == double}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=LIKE) if name != "--" else []
    return f" (did you mean {known[close[0]]}?)" if close else ""


def positional(pattern: str, **more: Any) -> Callable[[Callable[..., None]], Command]:
    """Return the decorator of a command with arguments such as k = -1; see ``Positional``."""
    return click.command(cls=Positional, pattern=pattern, **more)
