"""Where prepared lines go: files that are put in place at the end, or a stream."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastcli.files import Replacement, write_all
from fastcli.prepare.belongings import Digest, digest_of
from fastcli.prepare.shuffle import Sorter, order_keys

AT_ONCE = 1 << 20  # characters that are collected before they are written


class StreamWriter:
    """Lines on their way to a function that takes bytes, in large pieces."""

    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put = put
        self._parts: list[str] = []
        self._size = 0

    def write(self, line: str) -> None:
        """Write a line, whose end is added."""
        self._parts.append(line)
        self._size += len(line)
        if self._size > AT_ONCE:
            self.flush()

    def write_lines(self, data: bytes) -> None:
        """Write many lines, with their ends, at once."""
        self.flush()
        self._put(data)

    def flush(self) -> None:
        """Write what has been collected."""
        if self._parts:
            self._parts.append("")
            self._put("\n".join(self._parts).encode("utf-8", "surrogateescape"))
            self._parts, self._size = [], 0

    def finish(self) -> None:
        """Write all that is left."""
        self.flush()


class FileWriter(StreamWriter):
    """A file that is put in place at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(self._append)
        self._file = Replacement(str(path))
        self._written, self._sha256 = 0, hashlib.sha256()

    def __enter__(self) -> FileWriter:
        self._fd = self._file.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.finish()
        except BaseException as error:
            self._file.__exit__(type(error), error, None)
            raise
        self._file.__exit__(kind, *rest)

    def write_json(self, content: Any) -> None:
        """Write a value as JSON for people."""
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        self._append(text.encode("utf-8", "replace"))

    def discard(self) -> None:
        """Leave what has the file's name as it is; nothing more is to be written."""
        self._file.discard()

    def digest(self) -> Digest:
        """Return the digest of what has been written: of all, after ``finish``."""
        return digest_of(self._written, self._sha256)

    def _append(self, data: bytes) -> None:
        self._written += len(data)
        self._sha256.update(data)
        write_all(self._fd, data)


class ShuffledWriter(FileWriter):
    """The same, its lines in an order that depends on their number and the seed alone."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path)
        self._seed = seed
        self._n = 0
        self._sorter = Sorter(path.parent)
        self._put = self._collect

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            super().__exit__(kind, *rest)
        finally:
            self._sorter.remove()

    def finish(self) -> None:
        """Write all lines to the file, in their order."""
        self.flush()
        self._sorter.write(self._append)

    def _collect(self, data: bytes) -> None:
        n = data.count(b"\n")
        self._sorter.add(order_keys(self._seed, self._n, n), data)
        self._n += n
