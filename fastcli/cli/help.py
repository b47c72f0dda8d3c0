"""help: pages on what there is to choose from, and the help of commands."""

from __future__ import annotations

import click

from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import OptionalWords
from fastcli.cli._declare import Word
from fastcli.cli.pages import TOPICS, entry_names, find, named_otherwise, page_of, topic_of
from fastcli.errors import ArgumentError
from fastcli.printable import nearest, shortened

KNOWN = (*TOPICS, *COMMANDS)


PATTERN = "[<topic>|<command>|<name>] [<name>]"


@click.command(cls=OptionalWords, pattern=PATTERN)
@click.argument("words", metavar=PATTERN, nargs=-1, type=Word(KNOWN))
@click.pass_context
def help(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Explain activations, optimisers and more, or print the help of a command.

    \b
    Example:
      fastcli help activations
      fastcli help relu
      fastcli help mlp-train
    """
    from fastcli.cli.display.pages import topic_lines

    plain = [word.strip().lower().replace("_", "-") for word in words]
    if not plain:
        lines = list(topic_lines(TOPICS))
    elif len(plain) == 1 and plain[0] in COMMANDS:
        lines = [help_of(ctx, plain[0])]
    else:
        lines = explained(plain)
    click.echo("\n".join(lines))


def help_of(ctx: click.Context, name: str) -> str:
    """Return the help of a command, as its --help prints it."""
    command = cli.get_command(ctx, name)
    assert command is not None
    with click.Context(command, ctx.parent, info_name=name, **command.context_settings) as inner:
        return command.get_help(inner)


def explained(words: list[str]) -> list[str]:
    """Return the lines of a topic, or of one of its entries.

    Raises ArgumentError for what there is no help on, with the nearest name.
    """
    from fastcli.cli.display.pages import entry_lines, page_lines

    topic, *rest = words
    if not rest and (known := topic_of(topic)):
        return list(page_lines(known, page_of(known)))
    if len(rest) > 1 or (rest and not topic_of(topic)):
        near = nearest(topic, [*TOPICS]) if not topic_of(topic) else ""
        raise ArgumentError(
            f"There is no help on {shortened(' '.join(words))!r}{near}: give a topic and one name, "
            "as in help activations relu."
        )
    word = (rest[0] if rest else topic).partition(":")[0]  # without what it takes
    found = find(word, topic_of(topic) if rest else "")
    if not found:
        check_init(word)
        known_names = entry_names(topic_of(topic)) if rest else [*KNOWN, *entry_names()]
        where = f" among the {topic_of(topic)}" if rest else ""
        raise ArgumentError(
            f"There is no help on {shortened(word)!r}{where}{nearest(word, known_names)}. "
            f"The topics are {', '.join(TOPICS)}."
        )
    lines: list[str] = []
    for name, entry in found:
        lines += [""] * bool(lines)
        lines += entry_lines(entry, name)
    others = [one for one in named_otherwise(word) if one not in [name for name, _ in found]]
    if others and not rest:
        lines += ["", *(f"Also: fastcli help {name} {word}" for name in others)]
    return lines


def check_init(word: str) -> None:
    """Raise ArgumentError for the name of an initialisation that there is not, for a reason."""
    from fastcli.mlp.initializers import REFUSED, WHY_REFUSED

    if word in REFUSED:
        raise ArgumentError(f"{WHY_REFUSED} What there is: fastcli help init.")
