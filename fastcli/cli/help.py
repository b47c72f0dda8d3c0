"""help: what there is to choose from, the pages of the documentation, the help of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fastcli.cli import COMMANDS, cli
from fastcli.cli import _doc_pages as docs
from fastcli.cli._command import OptionalWords
from fastcli.cli._declare import Word
from fastcli.cli.pages import TOPICS, entry_names, find, named_otherwise, page_of, topic_of
from fastcli.errors import ArgumentError
from fastcli.printable import nearest, shortened

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


LIKE = 0.6  # how much alike a word and the name that is proposed for it are


class HelpWord(Word):
    """A topic, a page or a command; pages are looked for when a shell asks."""

    def known(self) -> tuple[str, ...]:
        """Return their names."""
        return known_words()

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Return them, and behind a topic its entries."""
        first = next(iter(ctx.params.get("words") or ()), "")
        if not first:
            return super().shell_complete(ctx, param, incomplete)
        names = entry_names(topic_of(first)) if topic_of(first) else ()
        return Word(names).shell_complete(ctx, param, incomplete)


def known_words() -> tuple[str, ...]:
    """Return all that there is help on, but the entries of topics."""
    return (*TOPICS, *docs.names(), *COMMANDS)


PATTERN = "[<topic>|<page>|<command>|<name>] [<name>|<section>]"


@click.command(cls=OptionalWords, pattern=PATTERN)
@click.argument("words", metavar=PATTERN, nargs=-1, type=HelpWord(()))
@click.pass_context
def help(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Print a page of the documentation, explain a choice, or print the help of a command.

    Pages are tutorial, data, json, fasttext and more: fastcli help lists them.  A second word
    chooses the sections with that word in their heading.

    \b
    Example:
      fastcli help data
      fastcli help commands 'exit codes'
      fastcli help relu
    """
    from fastcli.cli.display.pages import topic_lines

    plain = [word.strip().lower().replace("_", "-") for word in words]
    if not plain:
        titles = docs.titles()
        lines = list(topic_lines(TOPICS, titles))
    elif len(plain) == 1 and plain[0] in COMMANDS:
        lines = [help_of(ctx, plain[0])]
    elif (name := docs.page_named(plain[0])) and not topic_of(plain[0]):
        show(name, " ".join(words[1:]))
        return
    else:
        lines = explained(plain)
    click.echo("\n".join(lines))


def help_of(ctx: click.Context, name: str) -> str:
    """Return the help of a command, as its --help prints it."""
    command = cli.get_command(ctx, name)
    assert command is not None
    with click.Context(command, ctx.parent, info_name=name, **command.context_settings) as inner:
        return command.get_help(inner)


def show(name: str, word: str) -> None:
    """Print a page, or those of its sections whose headings have a word."""
    from fastcli.cli.display.doc_page import show_page

    text = docs.pages()[name].read_text("utf-8")
    show_page(docs.section(text, word) if word else text)


def explained(words: list[str]) -> list[str]:
    """Return the lines of a topic, or of one of its entries.

    Raises ArgumentError for what there is no help on, with the nearest name.
    """
    from fastcli.cli.display.pages import entry_lines, page_lines

    topic, *rest = words
    if not rest and (known := topic_of(topic)):
        return list(page_lines(known, page_of(known)))
    if len(rest) > 1 or (rest and not topic_of(topic)):
        near = nearest(topic, [*TOPICS], LIKE) if not topic_of(topic) else ""
        raise ArgumentError(
            f"There is no help on {shortened(' '.join(words))!r}{near}: give a topic and one name, "
            "as in help activations relu."
        )
    word = (rest[0] if rest else topic).partition(":")[0]  # without what it takes
    found = find(word, topic_of(topic) if rest else "")
    if not found:
        check_init(word)
        known_names = entry_names(topic_of(topic)) if rest else [*known_words(), *entry_names()]
        where = f" among the {topic_of(topic)}" if rest else ""
        raise ArgumentError(
            f"There is no help on {shortened(word)!r}{where}{nearest(word, known_names, LIKE)}. "
            "fastcli help lists all pages and topics."
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
