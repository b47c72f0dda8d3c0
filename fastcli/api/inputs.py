"""What a model predicts or is tested on: lines, or rows of tables, as it reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.api.blocks import blocks_of
from fastcli.errors import unopened
from fastcli.notices import say
from fastcli.overwriting import STREAM
from fastcli.text.spooled import is_stream
from fastcli.urls import is_url

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.predictor import Predictor
    from fastcli.tables.options import TableOptions

MOST_NOTES = 3  # about unknown words, of several files
CANNOT_TEST = "Test file cannot be opened!"


@dataclass(frozen=True)
class Question:
    """What is asked: a model, the files, how many labels, how probable at least."""

    model: str
    data: tuple[str, ...]
    k: int
    threshold: float
    thread: int = 1

    def named(self, path: str) -> str:
        """Return what errors call the model where it predicts a file."""
        return f"{self.model}, {path}" if len(self.data) > 1 else self.model


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How labelled data are read: tables by options, or as a prepare.json (``like``) says.

    ``command`` is the command line, without the file, that an error completes for one that is
    surely a table; without it the error names arguments of Python.  ``given`` are blocks that
    stand in the place of files.
    """

    table: TableOptions
    like: str = ""
    command: tuple[str, ...] = ()
    given: tuple[Block, ...] | None = None


def reads_tables(model: Classifier) -> bool:
    """Tell whether a model is one of tables of numbers, whatever options say."""
    columns = getattr(model, "columns", None)
    return columns is not None and columns.kind == "csv"


def reads_lines(model: Classifier) -> bool:
    """Tell whether a model reads lines of text, and not numbers."""
    return getattr(model, "columns", None) is None


def kinds_of_input(model: Classifier, like: str) -> dict[str, bool]:
    """Return what decides which options on tables have an effect, as rows of options name it."""
    return {
        "is_table": bool(like) or reads_tables(model),
        "of_numbers": not reads_lines(model),
    }


def check_readable(paths: Sequence[str], message: str) -> None:
    """Raise DataError if one of several files cannot be opened, before any of them is read.

    Streams are left alone, which can be opened only once.
    """
    for path in paths if len(paths) > 1 else ():
        if is_stream(path) or is_url(path):  # what is behind a URL was looked at when it was listed
            continue
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise unopened(path, error, message) from None


def examples(
    classifier: Classifier,
    model: str,
    path: str,
    reading: Reading,
    placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None,
    cannot: str = CANNOT_TEST,
) -> Iterator[Block]:
    """Return the lines, or rows, of a file that a model (``model`` is its path) is tested on.

    ``placed`` hears where the rows of a table of texts are; ``cannot`` is what is said of a
    file that cannot be opened.

    Raises DataError for a file that is surely a table where lines are asked for.
    """
    from fastcli.api.table_lines import asks_for_table, refuse_table

    if reading.given is not None:
        return iter(reading.given)
    if reads_lines(classifier) and (reading.like or asks_for_table(reading.table)):
        from fastcli.api.labelled_tables import open_examples

        return open_examples(classifier, model, path, reading.table, reading.like, placed)
    if reads_lines(classifier) and reading.table.format == "auto":
        label = getattr(classifier, "label", "__label__")
        command = [*reading.command, path] if reading.command else []
        refuse_table(path, label, command, model=classifier)
    return blocks_of(classifier, path, cannot)


# ------------------------------------------------------------------ words that no model knows


def unknown_words_note(predictor: Predictor, path: str, are_queries: bool) -> list[str]:
    """Return the sentence, if any, that a model hardly knew a word of a file, and why."""
    name = "standard input" if path == STREAM else path
    sentence = predictor.unknown_words_note(name, are_queries)
    return [sentence] if sentence else []


def say_unknown_words(notes: Sequence[str]) -> None:
    """Say of which files a model hardly knew a word: the first few, and how many more."""
    say(*notes[:MOST_NOTES])
    if (more := len(notes) - MOST_NOTES) > 0:
        say(f"The same of {more:,} more file{'s' if more > 1 else ''}.")
