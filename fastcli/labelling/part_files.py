"""Writing the file of a part: compressed as its input is, and put in place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from fastcli.files import Replacement, cannot_save
from fastcli.labelling.outputs import compressed_as


@contextmanager
def part_file(
    path: str, compression: str, placing: Callable[[int], None]
) -> Iterator[Callable[[bytes], None]]:
    """Give what writes bytes to a file, compressed as ``compressed_as`` has it.

    ``placing`` gets the descriptor of the whole file just before it is put in place.  Raises
    FastcliError where the file cannot be written; errors of what is read meanwhile stay as they
    are.
    """
    replacement = Replacement(path)
    with replacement as fd, ExitStack() as stack:
        with _saving(path):
            file = stack.enter_context(open(os.dup(fd), "wb", 1 << 20))
        target = stack.enter_context(compressed_as(compression, path, file))

        def put(data: bytes) -> None:
            with _saving(path):
                target.write(data)

        yield put
        with _saving(path):
            stack.close()
        placing(fd)


@contextmanager
def _saving(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_save(path, error) from None
