"""The blocks of a file as a model reads it: lines, or rows of a table of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastcli.errors import DataError, unopened
from fastcli.overwriting import STREAM, check_apart

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.text.inputs import Bytes


def blocks_of(model: Classifier, path: str, message: str) -> Iterator[Block]:
    """Return the blocks of a file (or stdin) as a model reads it: lines, or rows of a table.

    Errors start with fastText's message.
    """
    check_apart([path], [STREAM])
    rows = model.rows_of(path, message + " ({path}: {reason})")
    return open_blocks(path, message) if rows is None else rows


def open_blocks(path: str, message: str) -> Iterator[Bytes]:
    """Return a file's (or stdin's) blocks of lines; errors start with fastText's message."""
    from fastcli.text.inputs import text_blocks

    check_apart([path], [STREAM])
    blocks = text_blocks(path)
    try:
        first = next(blocks, None)
    except OSError as error:
        raise unopened(path, error, message) from None
    return _rest(first, blocks, path)


def _rest(first: Bytes | None, blocks: Iterator[Bytes], path: str) -> Iterator[Bytes]:
    if first is None:
        return
    yield first
    try:
        yield from blocks
    except OSError as error:
        raise DataError(f"{path} cannot be read to the end. ({error})") from None
