"""explain: which words, n-grams or columns speak for a label, and which against it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.blocks import blocks_of, open_blocks
from fastcli.api.label_names import label_names_of
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
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.evaluation.predictor import Predictor
    from fastcli.inspect.explain import Explainer, Explanation
    from fastcli.prepare.recipe import Recipe

CANNOT_OPEN = "Input file cannot be opened!"
PREPARED = "The text is prepared as the model records it; --prepared takes it as it is."


@dataclass(frozen=True, kw_only=True)
class Explaining:
    """The options of explain."""

    json: bool = option(False, "write JSON, one object per line, with all contributions")
    for_label: str = option(
        "", "label that is explained", shown="--for", default_text="the most probable one"
    )
    against: str = option(
        "", "label that it is compared with", default_text="the most probable other one"
    )
    alone: bool = option(False, "explain the score of the label itself, compared with none")
    top: int = option(20, "number of contributions (0: all), the largest first", at_least=0)
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
@takes(Explaining, Reading)
@click.pass_context
def explain(
    ctx: click.Context, options: Explaining, reading: Reading, model: str, words: tuple[str, ...]
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
    from fastcli.evaluation.predictor import Predictor
    from fastcli.inspect.explain import Choice, Explainer

    classifier: Any = load_classifier(model, TableOptions(**vars(reading)))
    classifier.check_predicts()
    names, given = label_names_of(classifier, model), given_names(ctx)
    choice = Choice(
        label=names.find(options.for_label, "--for") if "for_label" in given else None,
        against=names.find(options.against, "--against") if "against" in given else None,
        alone=options.alone,
    )
    if choice.label is not None and choice.label == choice.against:
        raise ArgumentError("--for and --against name the same label.")
    is_numbers = getattr(classifier, "columns", None) is not None
    if not is_numbers and (unused := sorted(given & set(vars(reading)))):
        named = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
        raise ArgumentError(f"{named}: for tables of numbers, and {model} explains texts.")
    run = Run(
        options=options,
        top=options.top if not options.json or "top" in given else 0,
        explainer=Explainer(classifier, choice, options.ngrams),
        predictor=Predictor(classifier, min(2, classifier.nlabels), 0.0, 1, model),
        names=names.unique,
    )
    if is_numbers:
        run.tables(words)
    else:
        run.texts(words, None if options.prepared else recipe_of(classifier, model))


def recipe_of(classifier: Any, model: str) -> Recipe | None:
    """Return how the model's texts were prepared, None if it records nothing."""
    if not getattr(classifier, "about", {}).get("prepared"):
        return None
    from fastcli.api.labelled_tables import prepared_of

    return prepared_of(classifier, model, "").recipe


@dataclass(kw_only=True)
class Run:
    """A run of the command; ``top`` is how many contributions are shown, 0: all."""

    options: Explaining
    top: int
    explainer: Explainer
    predictor: Predictor
    names: list[str]
    n_shown: int = 0

    def texts(self, words: tuple[str, ...], recipe: Recipe | None) -> None:
        """Explain a text, or the lines of standard input."""
        from fastcli.cli.display.messages import say

        if recipe is not None:
            say(PREPARED)
        if words == (STREAM,):
            lines: Iterable[bytes] = lines_of(open_blocks(STREAM, CANNOT_OPEN))
        else:
            text = " ".join(words)
            if len(words) == 1 and os.path.isfile(text):
                say(f"{text} is taken as a text; for the lines of the file: - < {text}")
            lines = split_lines(os.fsencode(text + "\n"))
        for line in lines:
            if recipe is not None:
                found = recipe.apply_to_lines([line.decode("utf-8", "surrogateescape")])[0]
                end = b"\n" if line.endswith(b"\n") else b""
                line = found.encode("utf-8", "surrogateescape") + end
            self._line(line)

    def _line(self, line: bytes) -> None:
        import numpy as np

        from fastcli.printable import readable

        block = np.frombuffer(line, np.uint8)
        best = self._best([block]) if len(block) else []
        found = self.explainer.line(line, best)
        shown = without_weights(line.rstrip(b"\n"), self.explainer.model.weight_prefix)
        self._show(found, {"text": readable(shown)})

    def tables(self, words: tuple[str, ...]) -> None:
        """Explain the rows of a table of numbers."""
        if len(words) > 1:
            raise click.UsageError(
                "The model is one of numbers: give one table, or - for standard input."
            )
        row = 0
        for block in blocks_of(self.explainer.model, words[0], CANNOT_OPEN):
            for i in range(len(block)):
                row += 1
                part = block[i : i + 1]
                if not part.blank[0]:
                    raw: NDArray[np.float64] = part.raw[0]
                    self._show(self.explainer.numbers(raw, self._best([part])), {"row": row})

    def _best(self, blocks: list[Any]) -> list[int]:
        """Return the two most probable labels, by their numbers."""
        return [
            label
            for found in self.predictor.predictions(blocks)
            for label in found.labels[: found.counts.sum()].tolist()  # of one line at most
        ]

    def _show(self, found: Explanation | list[str], first: dict[str, Any]) -> None:
        """Write an explanation, or that no word is known."""
        from fastcli.cli.display.explanation import explanation_json, explanation_lines
        from fastcli.printable import printable

        scores = self.explainer.scores
        if self.options.json:
            if isinstance(found, list):
                answer = {**first, "label": None, "contributions": [], "unknown": found}
            else:
                answer = explanation_json(found, self.names, scores.method, self.top, first)
            self._write(_json.line(answer))
            return
        title = str(first["text"]) if "text" in first else f"row {first['row']:,}"
        rows = [*([""] if self.n_shown else []), printable(title)]
        if isinstance(found, list):
            rows.append("No label: the model knows no word of this line.")
        else:
            notes = [] if scores.is_exact else [f"By {scores.method}."]
            rows += explanation_lines(found, self.names, self.top, notes)
        self._write("".join(f"{row.rstrip()}\n" for row in rows).encode())
        self.n_shown += 1

    def _write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def without_weights(line: bytes, prefix: str) -> bytes:
    """Return a line without the tokens of its weight, which the model does not read.

    >>> without_weights(b"__w__2 the  text", "__w__"), without_weights(b"the  text", "__w__")
    (b'the text', b'the  text')
    """
    from fastcli.text.dictionary import as_bytes
    from fastcli.text.line_weights import blanked

    head = os.fsencode(prefix)
    if not head or head not in line:
        return line
    found = blanked(as_bytes(line), head).tobytes()
    return line if found == line else b" ".join(filter(None, found.split(b" ")))


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
