"""Pickles of models: the path of a file that still is the same, or the bytes of the model.

A pickle by path is small however large the model is, and processes that load it share one map of
the file.  A model that was never saved, or was changed since, is pickled by value, as the file
that ``save_model`` would write, so that versions of fastcli may differ.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastcli.contents import Contents, identity_of_bytes
from fastcli.errors import ModelFormatError
from fastcli.fasttext.model_file import open_model
from fastcli.memory import size_text
from fastcli.notices import say

if TYPE_CHECKING:
    from fastcli.api.model import TrainedModel

MOST_SAID = 1 << 24  # bytes of a pickle by value that need no sentence


@dataclass(frozen=True)
class ModelFile:
    """The file that a model was read from or saved to, and what it was then.

    ``mmap`` is what ``load_model`` was asked for.  ``sha256`` is "" until the model is pickled.
    """

    path: str
    size: int
    mtime_ns: int
    mmap: bool | None = None
    sha256: str = ""

    @classmethod
    def of(cls, path: str, status: os.stat_result, mmap: bool | None = None) -> ModelFile:
        """Return the file of a path, by its status; the path will be good in any folder."""
        return cls(os.path.abspath(path), status.st_size, status.st_mtime_ns, mmap)

    def is_as_it_was(self) -> bool:
        """Tell whether the file is there, with the size and the time that it had."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)

    def with_digest(self) -> ModelFile | None:
        """Return this with the digest of the file; None if the file is another one now."""
        from fastcli.labelling.part_records import file_state

        try:
            state = file_state(self.path) if not self.sha256 else None
        except OSError:
            return None
        if not self.is_as_it_was():
            return None
        return self if state is None else replace(self, sha256=state.sha256)

    def opened(self) -> tuple[Contents, ModelFile]:
        """Open the file, which must be the same; it is read only if its time is another.

        Returns what the file is now, too.  Raises ModelFormatError, which says what to do.
        """
        from fastcli.labelling.part_records import FileState

        was = FileState(size=self.size, mtime_ns=self.mtime_ns, sha256=self.sha256)
        try:
            contents = open_model(self.path, self.mmap)
        except ModelFormatError as error:
            raise ModelFormatError(
                f"{error} The model was pickled by this path: put its file there, on every machine "
                "that loads the pickle."
            ) from None
        if not was.is_of(self.path):
            raise ModelFormatError(
                f"{self.path} is not the file that the model was pickled with: it was changed or "
                "replaced. Load it with load_model and pickle it again, or put back what it was."
            )
        return contents, replace(self, mtime_ns=contents.status.st_mtime_ns)


def reduced(model: TrainedModel) -> tuple[Any, ...]:
    """Return what ``pickle`` keeps of a model; see ``object.__reduce__``."""
    kept = model._pickled_attributes()
    given = {name: value for name, value in vars(model).items() if is_given(name)}
    file = model._file.with_digest() if model._file is not None else None
    if file is not None:
        model._file = file  # its digest is not computed again
        return _by_path, (type(model), file, kept), given
    data = _bytes_of(model)
    if model._file is not None and len(data) > MOST_SAID:
        say(
            f"{model._file.path} is not the file of the model any more, so {size_text(len(data))} "
            "are pickled: save_model writes a file, whose path will do."
        )
    given["_identity"] = model._identity  # thresholds that are pickled beside it share it
    return _by_value, (type(model), model.path, data, kept), given


def is_given(name: str) -> bool:
    """Tell whether an attribute of a model was set from outside: arguments, those of subclasses."""
    return not name.startswith("_") and name != "path"


def _by_path(kind: type[TrainedModel], file: ModelFile, kept: dict[str, Any]) -> TrainedModel:
    contents, file = file.opened()
    found = kind.__new__(kind)
    found._restore(contents, file.path, kept)
    found._file = file
    found._identity.path, found._identity.file = file.path, identity_of_bytes(contents.data)
    return found


def _by_value(
    kind: type[TrainedModel], path: str, data: bytes, kept: dict[str, Any]
) -> TrainedModel:
    found = kind.__new__(kind)
    found._restore(Contents.of_bytes(path or "The pickled model", data), path, kept)
    return found


def _bytes_of(model: TrainedModel) -> bytes:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        model._write(path)
        return Path(path).read_bytes()
