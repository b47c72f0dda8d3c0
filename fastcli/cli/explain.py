"""explain: which words, n-grams or columns speak for a label, and which against it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.blocks import blocks_of, open_blocks
from fastcli.api.inputs import reads_lines
from fastcli.api.judging import TOP
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._declare import file_argument, given_names, takes
from fastcli.cli._options import load_classifier
from fastcli.errors import ArgumentError
from fastcli.options import option
from fastcli.overwriting import STREAM
from fastcli.tables.options import TableOptions
from fastcli.text import options as text_options

if TYPE_CHECKING:
    from fastcli.api.explaining import Explaining
    from fastcli.inspect.explain import Explanation

CANNOT_OPEN = "Input file cannot be opened!"
PREPARED = "The text is prepared as the model records it; --prepared takes it as it is."


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """The options of explain."""

    json: bool = option(False, "write JSON, one object per line, with all contributions")
    for_label: str = option(
        "", "label that is explained", shown="--for", default_text="the most probable one"
    )
    against: str = option(
        "", "label that it is compared with", default_text="the most probable other one"
    )
    alone: bool = option(False, "explain the score of the label itself, compared with none")
    top: int = option(TOP, "number of contributions (0: all), the largest first", at_least=0)
    ngrams: bool = option(False, "list character n-grams apart from their words")
    prepared: bool = option(False, "the text is prepared already: take it as it is")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a table of numbers is read, where a network is one of numbers."""

    delimiter: str = option("", text_options.DELIMITER, group="tables")
    header: bool = option(False, text_options.HEADER, group="tables")
    no_header: bool = option(False, text_options.NO_HEADER, group="tables")
    encoding: str = option("utf-8", text_options.ENCODING, group="tables")


@positional("<model> <text>", any_word=True)
@file_argument("model", "<model>")
@click.argument("words", metavar="<text>", nargs=-1)
@takes(ExplainOptions, Reading)
@click.pass_context
def explain(
    ctx: click.Context,
    options: ExplainOptions,
    reading: Reading,
    model: str,
    words: tuple[str, ...],
) -> None:
    """Show what the words and n-grams of a text contribute to a label.

    TEXT is a sentence, or - for the lines of standard input.  By default the most probable label
    is compared with the second: the contributions sum to the difference of their scores.  For a
    network trained on numbers TEXT is a table (a file, or -), whose rows are explained by columns.

    \b
    Example:
      fastcli explain topics.bin "what can i cook with rice and onions ?"
      fastcli explain topics.bin "what can i cook ?" --for travel
    """
    if not words:
        raise click.UsageError("Missing argument '<text>'.", ctx)
    if options.alone and "against" in given_names(ctx):
        raise click.UsageError("--alone and --against cannot be combined.", ctx)
    from fastcli.api.explaining import Asked, explaining

    classifier: Any = load_classifier(model, TableOptions(**vars(reading)))
    classifier.check_predicts()
    given = given_names(ctx)
    is_numbers = not reads_lines(classifier)
    if not is_numbers and (unused := sorted(given & set(vars(reading)))):
        named = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
        raise ArgumentError(f"{named}: for tables of numbers, and {model} explains texts.")
    asked = Asked(
        label=options.for_label if "for_label" in given else None,
        against=options.against if "against" in given else None,
        alone=options.alone,
        top=options.top if not options.json or "top" in given else 0,
        ngrams=options.ngrams,
        prepared=options.prepared,
        prepared_note=PREPARED,
        spelled=("--for", "--against"),
    )
    run = Run(options=options, top=asked.top, explaining=explaining(classifier, model, asked))
    if is_numbers:
        run.tables(words)
    else:
        run.texts(words)


@dataclass(kw_only=True)
class Run:
    """A run of the command; ``top`` is how many contributions are shown, 0: all."""

    options: ExplainOptions
    top: int
    explaining: Explaining
    n_shown: int = 0

    def texts(self, words: tuple[str, ...]) -> None:
        """Explain a text, or the lines of standard input."""
        from fastcli.cli.display.messages import say

        if words == (STREAM,):
            lines: Iterable[bytes] = lines_of(open_blocks(STREAM, CANNOT_OPEN))
        else:
            text = " ".join(words)
            if len(words) == 1 and os.path.isfile(text):
                say(f"{text} is taken as a text; for the lines of the file: - < {text}")
            lines = split_lines(os.fsencode(text + "\n"))
        for line in lines:
            shown, found = self.explaining.line(line)
            self._show(found, shown)

    def tables(self, words: tuple[str, ...]) -> None:
        """Explain the rows of a table of numbers."""
        if len(words) > 1:
            raise click.UsageError(
                "The model is one of numbers: give one table, or - for standard input."
            )
        row = 0
        for block in blocks_of(self.explaining.explainer.model, words[0], CANNOT_OPEN):
            for found in self.explaining.rows(block):
                row += 1
                if found is not None:
                    self._show(found, row=row)

    def _show(self, found: Explanation | list[str], text: str = "", row: int | None = None) -> None:
        """Write an explanation, or that no word is known."""
        from fastcli.cli.display.explanation import explanation_lines
        from fastcli.printable import printable

        explaining = self.explaining
        if self.options.json:
            answer = explaining.explanation(found, self.top, text, row).to_dict()
            self._write(_json.line(answer))
            return
        title = text if row is None else f"row {row:,}"
        rows = [*([""] if self.n_shown else []), printable(title)]
        if isinstance(found, list):
            rows.append("No label: the model knows no word of this line.")
        else:
            scores = explaining.explainer.scores
            notes = [] if scores.is_exact else [f"By {scores.method}."]
            rows += explanation_lines(found, explaining.names, self.top, notes)
        self._write("".join(f"{row.rstrip()}\n" for row in rows).encode())
        self.n_shown += 1

    def _write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def lines_of(blocks: Iterable[Any]) -> Iterator[bytes]:
    """Yield the lines of blocks, with their ends; a block has whole lines."""
    for block in blocks:
        yield from split_lines(block.tobytes())


def split_lines(text: bytes) -> list[bytes]:
    """Return the lines of a text with their ends, which are line feeds and nothing else.

    >>> split_lines(b"a\\r\\nb")
    [b'a\\r\\n', b'b']
    """
    parts = text.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
