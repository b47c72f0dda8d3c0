"""Arguments and options that several commands share, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli._command import Option
from fastcli.errors import DataError
from fastcli.overwriting import STREAM, check_apart

if TYPE_CHECKING:
    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Classifier
    from fastcli.fasttext.model import Model
    from fastcli.text.inputs import Bytes

VECTORS = ".vec, GloVe, word2vec (compressed too), .bin, .ftz"
PATTERN = "<model> <test-data> [<k>] [<th>]"
NO_TABLE = "--delimiter: no effect, since the model does not read tables."


def thread_option(command: Any) -> Any:
    """Add --thread."""
    return click.option(
        "-thread",
        "--thread",
        "thread",
        cls=Option,
        type=click.IntRange(min=1),
        default=None,
        help="number of threads  [default: processors of this machine]",
    )(command)


def delimiter_option(command: Any) -> Any:
    """Add --delimiter."""
    return click.option(
        "--delimiter",
        "delimiter",
        cls=Option,
        default="",
        help="what separates the columns of a table  [default: found out]",
    )(command)


def prediction_arguments(command: Any) -> Any:
    """Add ``<model> <test-data> [<k>] [<th>]``, --thread, --delimiter and --json."""
    command = click.option(
        "--json", "as_json", cls=Option, is_flag=True, help="write JSON, with true probabilities"
    )(command)
    command = thread_option(delimiter_option(command))
    command = click.argument("threshold", metavar="<th>", type=float, default=0.0)(command)
    command = click.argument("k", metavar="<k>", type=int, default=1)(command)
    command = click.argument("data", metavar="<test-data>")(command)
    return click.argument("model", metavar="<model>")(command)


def threads(number: int | None) -> int:
    """Return a number of threads: the one given, or the processors of this machine."""
    if number is not None:
        return number
    from fastcli.threads import usable_cpus

    return usable_cpus()


def size_in_bytes(text: str | None, ctx: click.Context) -> int:
    """Read a size such as ``2M``, ``500k``, ``1G`` or a number of bytes; nothing is 0.

    The letters are powers of ten, as in fastText.
    """
    if not text:
        return 0
    letter = text[-1].lower()
    factor = {"k": 10**3, "m": 10**6, "g": 10**9}.get(letter, 1)
    digits = text if factor == 1 else text[:-1]
    if not (digits.isascii() and digits.isdigit()) or int(digits) == 0:
        raise click.UsageError(f"Unable to parse model size {text} (such as 2M, 500k, 1G)", ctx)
    return int(digits) * factor


def opened(path: str) -> str | Contents:
    """Open a model once, since a pipe can be read only once.

    What cannot be opened stays a path: whoever reads it says so.
    """
    from fastcli.contents import read_or_map

    try:
        return read_or_map(path)
    except OSError:
        return path


def load(path: str) -> Model:
    """Load a model; a compilation that this leads to is said on stderr."""
    from fastcli.cli.display.messages import announce_compiling

    announce_compiling()
    check_apart([path], [STREAM])
    return load_linear(path)


def load_classifier(path: str, delimiter: str = "") -> Classifier:
    """Load a model to test or predict with: linear, quantized or perceptron, by its first bytes.

    ``delimiter`` is for models of tables; others, on which it has no effect, are said to be such.
    Raises ArgumentError for what cannot separate columns.
    """
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.mlp.tensor_reader import is_mlp
    from fastcli.text.tables import read_delimiter

    announce_compiling()
    check_apart([path], [STREAM])
    contents = opened(path)
    if is_mlp(contents):
        from fastcli.mlp.model_file import load_mlp  # which loads much that others do without

        perceptron = load_mlp(contents)
        perceptron.delimiter, perceptron.note = read_delimiter(delimiter), say
        if delimiter and (perceptron.columns is None or perceptron.columns.kind != "csv"):
            say(NO_TABLE)
        return perceptron
    from fastcli.fasttext.predict import prepare

    prepare()
    if read_delimiter(delimiter):
        say(NO_TABLE)
    return load_linear(contents)


def load_linear(source: str | Contents) -> Model:
    """Load a linear model; say what there is to say of it and the JSON file beside it."""
    from fastcli.cli.display.messages import warn
    from fastcli.fasttext.model_file import load_model

    model = load_model(source)
    if model.warning:
        warn(model.warning)
    return model


def open_blocks(path: str, message: str) -> Iterator[Bytes]:
    """Return a file's (or stdin's) blocks of lines; errors start with fastText's message."""
    from fastcli.text.inputs import text_blocks

    check_apart([path], [STREAM])
    blocks = text_blocks(path)
    try:
        first = next(blocks, None)
    except OSError as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{message} ({path}: {reason})") from None
    return _rest(first, blocks, path)


def _rest(first: Bytes | None, blocks: Iterator[Bytes], path: str) -> Iterator[Bytes]:
    if first is None:
        return
    yield first
    try:
        yield from blocks
    except OSError as error:
        raise DataError(f"{path} cannot be read to its end. ({error})") from None
