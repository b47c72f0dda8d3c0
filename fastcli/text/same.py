"""Whether two files are one, by what the system says or by their bytes."""

from __future__ import annotations

import filecmp
import os
from collections.abc import Iterable

from fastcli.text.spooled import is_stream


def same_file(paths: Iterable[str], other: str) -> str | None:
    """Return which of the files is ``other``, or has the same bytes; None if none has.

    Streams and files that cannot be read are like no other.
    """
    for path in filter(None, paths):
        try:
            if is_stream(path) or is_stream(other) or not os.path.isfile(other):
                continue
            if os.path.samefile(path, other):
                return other
            if os.path.getsize(path) and filecmp.cmp(path, other, shallow=False):
                return path
        except OSError:  # reported when it is opened
            continue
    return None
