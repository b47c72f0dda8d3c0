"""Arguments and options that several commands share, and how they are read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli._declare import FileName, file_argument, takes
from fastcli.cli._inputs import Lists
from fastcli.options import option
from fastcli.overwriting import STREAM, check_apart
from fastcli.tables.options import TABLES, TableOptions
from fastcli.text import options as text

if TYPE_CHECKING:
    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.predictor import Predictor
    from fastcli.fasttext.model import Model

MOST_NOTES = 3  # about unknown words, of several files
PATTERN = "<model> <test-data> [<k>] [<th>]"


@dataclass(kw_only=True, eq=False, repr=False)
class Answering:
    """The options of commands that answer from a model."""

    thread: int = option(1, text.THREAD, group="general")
    json: bool = option(False, "write JSON, one object per line, with unrounded numbers")


@dataclass(kw_only=True, eq=False, repr=False)
class Predicting(Answering):
    """The options of commands that predict the lines of files."""

    k: int = option(1, "number of labels per line (-1: all)", shown="-k")
    threshold: float = option(0.0, "minimum probability of a label")
    thresholds: str = option(
        "",
        "predict the labels above their thresholds: a file written by tune-threshold, or auto "
        "(the file next to the model)",
        file="file",
    )
    calibrated: bool = option(False, "use calibrated probabilities (see calibrate)")


@dataclass(frozen=True)
class Question:
    """What is asked: a model, the files, how many labels, how probable at least."""

    model: str
    data: tuple[str, ...]
    k: int
    threshold: float

    def named(self, path: str) -> str:
        """Return what errors call the model where it predicts a file."""
        return f"{self.model}, {path}" if len(self.data) > 1 else self.model


def prediction_arguments(*kinds: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return what adds ``<model> <test-data>... [<k>] [<th>]`` and the options of prediction.

    ``kinds`` are dataclasses of more options.  The command gets the context, the options of
    ``Predicting``, those of ``kinds``, and a ``Question``.
    """

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(
            ctx: click.Context,
            options: Predicting,
            lists: Lists,
            *more: Any,
            model: str,
            data: tuple[str, ...],
        ) -> None:
            from fastcli.cli._test_data import read_test_data

            files, k, threshold = read_test_data(
                ctx, data, lists.files_from, options.k, options.threshold
            )
            command(ctx, options, *more, Question(model, tuple(files), k, threshold))

        added = takes(Predicting, Lists, *kinds)(click.pass_context(run))
        added = click.argument("data", metavar="<test-data>", nargs=-1, type=FileName())(added)
        return file_argument("model", "<model>")(added)

    return add


def size_in_bytes(size: str, ctx: click.Context) -> int:
    """Read a size such as ``2M``, ``500k``, ``1G`` or a number of bytes; nothing is 0.

    The letters are powers of ten, as in fastText.
    """
    if not size:
        return 0
    letter = size[-1].lower()
    factor = {"k": 10**3, "m": 10**6, "g": 10**9}.get(letter, 1)
    digits = size if factor == 1 else size[:-1]
    if not (digits.isascii() and digits.isdigit()) or int(digits) == 0:
        raise click.UsageError(f"Unable to parse model size {size} (such as 2M, 500k, 1G)", ctx)
    return int(digits) * factor


def opened(path: str) -> str | Contents:
    """Open a model once, since a pipe can be read only once.

    What cannot be opened stays a path; reading it reports the error.
    """
    from fastcli.contents import read_or_map

    try:
        return read_or_map(path)
    except OSError:
        return path


def load_classifier(
    path: str,
    options: TableOptions | None = None,
    contents: str | Contents | None = None,
    takes_numbers: bool = False,
) -> Classifier:
    """Load a model to test or predict with, of the kind that its first bytes show.

    ``options`` say how it reads tables, if it does; ``contents`` are those of ``opened`` where they
    are read already.  Raises ArgumentError for what cannot be, and for a model of regression where
    a command is for labels (not ``takes_numbers``).
    """
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.mlp.first_bytes import is_mlp

    announce_compiling()
    check_apart([path], [STREAM])
    if contents is None:
        contents = opened(path)
    if is_mlp(contents):
        from fastcli.mlp.model_file import load_mlp  # which loads much that others do without

        perceptron = load_mlp(contents)
        perceptron.note = say
        if perceptron.targets is not None and not takes_numbers:
            from fastcli.cli._regression import refuse

            context = click.get_current_context(silent=True)
            raise refuse(path, str(context.info_name) if context is not None else "this")
        if options is not None:
            from fastcli.tables.dialects import read_delimiter
            from fastcli.tables.labels import LabelOptions
            from fastcli.tables.options import header_of

            perceptron.table_options = replace(
                perceptron.table_options,
                delimiter=read_delimiter(options.delimiter),
                header=header_of(options),
                encoding=options.encoding,
                labels=LabelOptions(options.label_separator, options.labels_as),
                kind=options.format if options.format in TABLES else "auto",
                skip_bad=options.skip_bad,
            )
        return perceptron
    from fastcli.fasttext.predict import prepare

    prepare()
    return load_linear(contents)


def reads_tables(model: Classifier) -> bool:
    """Tell whether a model is one of tables of numbers, whatever options say."""
    columns = getattr(model, "columns", None)
    return columns is not None and columns.kind == "csv"


def unknown_words_note(predictor: Predictor, path: str, are_queries: bool) -> list[str]:
    """Return the sentence, if any, that a model hardly knew a word of a file, and why."""
    name = "standard input" if path == STREAM else path
    sentence = predictor.unknown_words_note(name, are_queries)
    return [sentence] if sentence else []


def say_unknown_words(notes: Sequence[str]) -> None:
    """Say of which files a model hardly knew a word: the first few, and how many more."""
    from fastcli.cli.display.messages import say

    say(*notes[:MOST_NOTES])
    if (more := len(notes) - MOST_NOTES) > 0:
        say(f"The same of {more:,} more file{'s' if more > 1 else ''}.")


def load_linear(source: str | Contents) -> Model:
    """Load a linear model; print the notes on it and on the JSON file next to it."""
    from fastcli.cli.display.messages import warn
    from fastcli.fasttext.model_file import load_model

    model = load_model(source)
    if model.warning:
        warn(model.warning)
    return model
