"""Commands with fastText's spelling: single-dash options, its messages, grouped help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fastcli.cli import CONTEXT


class Option(click.Option):
    """An option that belongs to a group of the help text."""

    def __init__(self, *args: Any, group: str = "general", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


class Command(click.Command):
    """A command whose help shows its options in groups and whose usage line is ``pattern``."""

    def __init__(self, *args: Any, pattern: str = "", **kwargs: Any) -> None:
        kwargs["context_settings"] = {**CONTEXT, **kwargs.get("context_settings", {})}
        super().__init__(*args, **kwargs)
        self.pattern = pattern

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
    """A command without positional arguments, such as ``supervised``; mistakes get its words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for mistakes as fastText does, then parse."""
        options = {
            name: parameter
            for parameter in self.get_params(ctx)
            if isinstance(parameter, click.Option)
            for name in parameter.opts
        }
        if ctx.resilient_parsing:  # shell completion of an unfinished line
            return super().parse_args(ctx, args)
        position = 0
        while position < len(args):
            word = args[position]
            name, has_value = word.partition("=")[0], "=" in word
            if not word.startswith("-"):
                raise click.UsageError(f"Provided argument without a dash! {word!r}", ctx)
            if name not in options:
                raise click.UsageError(f"Unknown argument: {word}{_nearest(name, options)}", ctx)
            option = options[name]
            takes_value = not (option.is_flag or option.count) and not has_value
            if takes_value and position + 1 == len(args):
                raise click.UsageError(f"{word} is missing an argument", ctx)
            position += 2 if takes_value else 1
        return super().parse_args(ctx, args)


class Positional(Command):
    """A command with arguments such as k = -1; other words with a dash must be options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find mistyped options before they are taken for arguments, then parse."""
        options = {
            n: p for p in self.get_params(ctx) for n in p.opts if p.param_type_name == "option"
        }
        words = [] if ctx.resilient_parsing else args
        for word in words:
            name = word.partition("=")[0]
            is_known = word == "-" or name in options or not word.startswith("-")
            if not is_known and not _is_number(word):
                raise click.UsageError(f"Unknown argument: {word}{_nearest(name, options)}", ctx)
        return super().parse_args(ctx, args)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _nearest(name: str, options: dict[str, Any]) -> str:
    import difflib

    double = name.startswith("--")
    known = {option.lower(): option for option in options if option.startswith("--") == double}
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f" (did you mean {known[close[0]]} ?)" if close else ""


def positional(pattern: str) -> Callable[[Callable[..., None]], Command]:
    """Return the decorator of a command with arguments such as k = -1."""
    return click.command(
        cls=Positional,
        pattern=pattern,
        context_settings={"ignore_unknown_options": True},
    )
