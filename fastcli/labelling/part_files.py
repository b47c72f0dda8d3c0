"""Writing the file of a part: compressed as its input is, and put in place when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from fastcli.files import cannot_save
from fastcli.labelling.outputs import compressed_as
from fastcli.labelling.part_records import PartRecord, former_state, write_record
from fastcli.labelling.parts import Part
from fastcli.labelling.uploads import Upload, replacement_of, shown_place
from fastcli.urls import is_url


@contextmanager
def part_file(
    part: Part, compression: str, record: Callable[[int], PartRecord | None]
) -> Iterator[Callable[[bytes], None]]:
    """Give what writes bytes to the file of a part, compressed as ``compressed_as`` has it.

    ``record`` gets the descriptor of the whole file, and what it returns is put in place just
    before the file is.  Raises FastcliError where they cannot be written; errors of what is read
    meanwhile stay as they are.
    """
    path, shown = part.target, shown_place(part.target)
    found: PartRecord | None = None
    replacement = replacement_of(path)
    with replacement as fd, ExitStack() as stack:
        with _saving(shown):
            file = stack.enter_context(open(os.dup(fd), "wb", 1 << 20))
        target = stack.enter_context(compressed_as(compression, path, file))

        def put(data: bytes) -> None:
            with _saving(shown):
                target.write(data)

        yield put
        with _saving(shown):
            stack.close()
        if (found := record(fd)) is not None:
            found = replace(found, former=former_state(part))
        if found is not None and isinstance(replacement, Upload):
            replacement.before_commit = partial(write_record, part.record, found)
        elif found is not None:
            write_record(part.record, found)
    if found is not None and is_url(path):
        _add_tag(part, found)


def _add_tag(part: Part, record: PartRecord) -> None:
    """Record how the part is told behind its URL, which is known when it is there.

    Without it the part is read, and its digest compared, when a later run looks what is there.
    """
    from fastcli.remote import state_of

    with _saving(part.record):
        state = replace(record.part, mtime_ns=0, tag=state_of(part.target).tag)
    write_record(part.record, replace(record, part=state, former=None))


@contextmanager
def _saving(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_save(path, error) from error
