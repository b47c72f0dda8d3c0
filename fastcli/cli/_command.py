"""Commands with fastText's spelling: single-dash options, its messages, grouped help."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli import COMMANDS, CONTEXT

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fastcli.options import Row

WORDS = "fastcli.words"  # what shell completion keeps of the line in its context
BEGAN = "fastcli.began"  # in its context: when the command began
MORE_FILES = "fastcli.more_files"  # set in its context where words were taken as further files
LIKE = 0.75  # how much alike a word and the option are that it is taken for
LIKE_COMMAND = 0.6
MOST_COMMANDS = 3  # that are named as having an option
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d"  # of typography
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


class WrongWord(click.UsageError):
    """A word of the command line is wrong, which has ``behind`` words after it.

    ``note`` tells what may be meant, in parentheses in the message, too; ``more`` follows that, and
    a ``command`` that would have worked.
    """

    def __init__(
        self,
        message: str,
        ctx: click.Context,
        behind: int,
        note: str = "",
        more: str = "",
        command: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{message.removesuffix('.')}." if more else message, ctx)
        self.behind, self.note, self.more, self.command = behind, note, more, command


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
                for i, rest in enumerate(args[position:], position + 1):
                    self.check_word(rest, ctx, len(args) - i)
                return options, words + args[position:]
            if name not in known:
                self.check_word(word, ctx, len(args) - position, known)
                words.append(word)
                continue
            options.append(word)
            option = known[name]
            if option.is_flag or option.count:
                continue
            n = option.nargs - has_value
            values = args[position : position + n]
            taken = next((value for value in values if value in known), "")
            if len(values) < n or taken:
                message, behind = f"{word} is missing an argument", len(args) - position
                more = _as_value(option, word, taken) if taken else self.as_word(word)
                raise WrongWord(message, ctx, behind, f"give {_value(option)} after it", more)
            options += values
            position += n
            if takes_more_files(option):
                while position < len(args) and _is_file(args[position]):
                    ctx.meta[MORE_FILES] = True
                    options += [name, args[position]]
                    position += 1
        return options, words

    def check_word(
        self, word: str, ctx: click.Context, behind: int, options: dict[str, Any] | None = None
    ) -> None:
        """Raise WrongWord if a word, which has so many ``behind`` it, is not an argument.

        ``options`` are those before --.
        """

    def as_word(self, word: str) -> str:
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
        self, word: str, ctx: click.Context, behind: int, options: dict[str, Any] | None = None
    ) -> None:
        """Raise WrongWord: there is no place for words."""
        if options is None or not word.startswith("-"):
            where = " after --" if word.startswith("-") else " without a dash"
            near = _undashed(word, options or {})
            is_input = "-input" in (options or {}) and _is_file(word)
            if ctx.info_name == "quantize" and word.endswith(".bin"):
                name = word.removesuffix(".bin")
                command = ("fastcli", "quantize", "-output", name)
                raise WrongWord(
                    f"Provided argument{where}! {word!r}",
                    *(ctx, behind, "the model is given with -output", "Without .bin:", command),
                )
            note = near or "use -input for the training file" * is_input
            raise WrongWord(f"Provided argument{where}! {word!r}{_aside(near)}", ctx, behind, note)
        raise _unknown(word, ctx, behind, options)


class Positional(Command):
    """A command with arguments such as k = -1.

    Other words with a dash must be options, ``-`` (standard input) or files that are there;
    with ``any_word`` whatever has one dash is an argument, as in fastText.
    """

    def __init__(self, *args: Any, any_word: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.any_word = any_word

    def check_word(
        self, word: str, ctx: click.Context, behind: int, options: dict[str, Any] | None = None
    ) -> None:
        """Raise WrongWord for a mistyped option, before it is taken for an argument."""
        if options is None or word in ("-", "--") or not word.startswith("-"):
            return
        is_single = not word.startswith("--")
        if _is_number(word) or (is_single and (self.any_word or os.path.exists(word))):
            return
        raise _unknown(word, ctx, behind, options, self.as_word(word))

    def as_word(self, word: str) -> str:
        """Return how to give a word, or a file, that looks like an option."""
        from fastcli.printable import quoted

        what = "a word" if self.any_word else "a file"
        return f"If it is {what}, end the options before it: -- {quoted(word)}"


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


def _unknown(
    word: str, ctx: click.Context, behind: int, options: dict[str, Any], more: str = ""
) -> WrongWord:
    """Return the error of an option that a command does not have: whose it is, or the nearest."""
    name = word.partition("=")[0]
    pattern = getattr(ctx.command, "pattern", "")
    if name in ("-k", "--k") and "[<k>]" in pattern:
        note = "k goes after the model, without a dash"
    else:
        note = _elsewhere(name, ctx) or _nearest(name, options)
    if note and not getattr(ctx.command, "any_word", False):
        more = ""  # it is hardly a file
    return WrongWord(f"Unknown argument: {word}{_aside(note)}", ctx, behind, note, more)


# What other programs call these options, and these commands.
OPTIONS_MEANT = {
    "-i": "-input",
    "-in": "-input",
    "-o": "-output",
    "-out": "-output",
    "--learning-rate": "-lr",
    "--ngrams": "-wordNgrams",
}
MEANT = {"train": "supervised", "fit": "supervised", "classify": "predict", "evaluate": "test"}


def no_command(ctx: click.Context, args: list[str]) -> WrongWord:
    """Return the error of a command line whose first word is no command."""
    import difflib

    name = args[0].lower().replace("_", "-")
    close = difflib.get_close_matches(name, [*MEANT, *COMMANDS], n=1, cutoff=LIKE_COMMAND)
    near = MEANT.get(close[0], close[0]) if close else ""
    note = f"did you mean {near}?" if near else ""
    message = f"No such command {args[0]!r}{_aside(note)}."
    if near or not _is_file(args[0]):
        return WrongWord(message, ctx, len(args) - 1, note)
    command = ("fastcli", "inspect", args[0])
    return WrongWord(message, ctx, len(args) - 1, "", "To look at a file:", command)


def option_without_command(ctx: click.Context, args: list[str], known: list[str]) -> WrongWord:
    """Return the error of a command line that begins with an option of a command, or of none."""
    place = next((i for i, word in enumerate(args) if word in COMMANDS), 0)
    if not place:
        note = _nearest(args[0].partition("=")[0], known)
        return WrongWord(f"No such option {args[0]!r}{_aside(note)}.", ctx, len(args) - 1, note)
    note = "options go after the command"
    message = f"No such option {args[0]!r}{_aside(note)}."
    command = ("fastcli", args[place], *args[:place], *args[place + 1 :])
    return WrongWord(message, ctx, len(args) - 1, note, "Write:", command)


def _aside(note: str) -> str:
    return f" ({note})" if note else ""


def _nearest(name: str, options: Iterable[str]) -> str:
    import difflib

    if (meant := OPTIONS_MEANT.get(name, "")) in options:
        return f"did you mean {meant}?"
    double = name.startswith("--")
    known = {option.lower(): option for option in options if option.startswith("--") == double}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=LIKE) if name != "--" else []
    return f"did you mean {known[close[0]]}?" if close else ""


def _elsewhere(name: str, ctx: click.Context) -> str:
    """Return which other commands have an option of this name, "" for none."""
    from fastcli.cli import cli
    from fastcli.options import names_of

    group = click.Context(cli)
    commands = {one: cli.get_command(group, one) for one in COMMANDS if one != ctx.info_name}
    found = [
        one
        for one, command in commands.items()
        if command is not None and any(name in parameter.opts for parameter in command.params)
    ]
    shown = [*found[:MOST_COMMANDS], *["others"] * (len(found) > MOST_COMMANDS)]
    return f"it is an option of {names_of(shown)}" if found else ""


def _undashed(word: str, options: dict[str, Any]) -> str:
    """Return the option that a word may be, its dash apart, as a question; "" for none."""
    plain = word.lstrip(DASHES)
    known = [name for name in (f"-{plain}", f"--{plain}") if name in options]
    if known:
        dash = ", with a plain dash" if plain != word else ""
        return f"did you mean {known[0]}{dash}?"
    return ""


def _as_value(option: click.Option, word: str, value: str) -> str:
    """Return how to give an option a value that is the name of an option, where it may be."""
    is_number = isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType))
    return "" if is_number or option.nargs > 1 else f"If {value} is its value: {word}={value}"


def _value(option: click.Option) -> str:
    """Return what an option takes, as a sentence has it."""
    if option.nargs != 1:
        return option.metavar or f"{option.nargs} values"
    kind = option.type.name
    return {"integer": "a whole number", "float": "a number"}.get(kind, f"a {kind}")


def positional(pattern: str, **more: Any) -> Callable[[Callable[..., None]], Command]:
    """Return the decorator of a command with arguments such as k = -1; see ``Positional``."""
    return click.command(cls=Positional, pattern=pattern, **more)
