"""A page of the documentation on a terminal: its Markdown, as wide as there is room."""

from __future__ import annotations

import re
import shutil
import sys
from io import StringIO
from typing import ClassVar

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, TableElement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table

from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import GAP, width_of
from fastcli.cli.display.terminal import has_colour, is_terminal

COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
PICTURE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)")


class LeftHeading(Heading):
    """A heading at the left margin, whatever its level and the version of rich."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its words."""
        self.text.justify = "left"
        yield self.text


class IndentedCode(CodeBlock):
    """A block of code, set off by two columns where there is room, commands in bold.

    Lines are as long as they are, so that a command can be copied whole.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its lines."""
        lines = str(self.text).rstrip().expandtabs().split("\n")
        widest = max(map(width_of, lines))
        indent = GAP if widest + len(GAP) <= options.max_width else ""
        for line in lines:
            is_command = line.startswith(("$ ", "> ", ">>> ", "... "))
            yield Segment(indent + line, Style(bold=True) if is_command else None)
            yield Segment.line()


class WholeTable(TableElement):
    """A table of which nothing is cut: long words go on in the next line."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its rows."""
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
            yield table


class Page(Markdown):
    """Markdown with the headings and the blocks of this module."""

    elements: ClassVar = {
        **Markdown.elements,
        "heading_open": LeftHeading,
        "fence": IndentedCode,
        "code_block": IndentedCode,
        "table_open": WholeTable,
    }


def for_terminal(markdown: str) -> str:
    """Return a page as a terminal can show it: links to pages name their help.

    >>> for_terminal("See [the data](data.md#rows), [here](#top).")
    'See the data (`help data`), here.'
    """
    markdown = PICTURE.sub(r"(picture: \1)", COMMENT.sub("", markdown))

    def shown(link: re.Match[str]) -> str:
        name = link[2].rpartition("/")[2]
        if not name.endswith(".md"):
            return f"{link[1]} (`{link[2]}`)" if link[2] else link[1]
        return f"{link[1]} (`help {name.removesuffix('.md')}`)"

    return LINK.sub(shown, markdown)


def show_page(markdown: str) -> None:
    """Print a page; where it is longer than the terminal, in the user's pager."""
    colour = has_colour(sys.stdout)
    out = StringIO()
    console = Console(
        file=out,
        width=columns(),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        legacy_windows=False,
    )
    console.print(Page(for_terminal(markdown), hyperlinks=False), crop=False)
    text = "\n".join(line.rstrip() for line in out.getvalue().split("\n"))
    if is_terminal(sys.stdout) and text.count("\n") >= shutil.get_terminal_size().lines:
        # With None, click has less show colours, which it does not for True.
        click.echo_via_pager(text, color=None if colour else False)
    else:
        click.echo(text.rstrip(), color=colour)
