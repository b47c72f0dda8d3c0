"""Arguments and options that several commands share, and how they are read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.files import Lists
from fastcli.api.inputs import Question
from fastcli.cli._declare import FileName, file_argument, takes
from fastcli.options import option
from fastcli.text import options as text

if TYPE_CHECKING:
    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Classifier
    from fastcli.tables.options import TableOptions

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
            command(
                ctx, options, *more, Question(model, tuple(files), k, threshold, options.thread)
            )

        added = takes(Predicting, Lists, *kinds)(click.pass_context(run))
        added = click.argument("data", metavar="<test-data>", nargs=-1, type=FileName())(added)
        return file_argument("model", "<model>")(added)

    return add


def size_in_bytes(size: str, ctx: click.Context) -> int:
    """Read a size: see ``model_size.size_in_bytes``.  Raises click.UsageError for anything else."""
    from fastcli.fasttext.options import NoSize
    from fastcli.fasttext.options import size_in_bytes as in_bytes

    try:
        return in_bytes(size)
    except NoSize as error:
        raise click.UsageError(str(error), ctx) from None


def load_classifier(
    path: str,
    options: TableOptions | None = None,
    contents: str | Contents | None = None,
    takes_numbers: bool = False,
) -> Classifier:
    """Load a model to test or predict with, and show meanwhile which kernels are compiled.

    Raises what ``loading.load_classifier`` does: ArgumentError for a model of regression unless the
    command ``takes_numbers``.
    """
    from fastcli.api import loading
    from fastcli.cli.display.messages import announce_compiling

    announce_compiling()
    context = click.get_current_context(silent=True)
    command = str(context.info_name) if context is not None else "this"
    return loading.load_classifier(path, options, contents, "" if takes_numbers else command)
