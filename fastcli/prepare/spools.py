"""Files for what does not fit into memory, which nobody else can open and nothing leaves behind."""

from __future__ import annotations

import os
from tempfile import TemporaryFile
from typing import IO


def spool(folder: str | os.PathLike[str]) -> IO[bytes]:
    """Return a new file in a folder that is removed with the process, however that ends.

    It has no name (``O_TMPFILE``), or where that cannot be one that nobody can guess (``O_EXCL``,
    ``O_NOFOLLOW``, mode 0600), which is taken away at once.  Raises OSError.
    """
    return TemporaryFile(dir=folder, prefix=".fastcli-", suffix=".tmp")
