"""Writing the files of one model: all of them first, then each is put in place, the JSON last.

If a run is killed between two of them, the JSON file reveals it to the next reader: it has
sizes and checksums of the others.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any

from fastcli.errors import FastcliError
from fastcli.fasttext.sidecar import about_bytes, about_path, identity, is_foreign
from fastcli.files import Outputs, Replacement, cannot_save, write_all
from fastcli.rescue import rescued, save_or_rescue

Writer = Callable[[Replacement], None]
Warn = Callable[[str], None]
TROUBLE = (OSError, FastcliError, MemoryError)  # that ends one file and not the saving


class ModelOutputs(Outputs):
    """The files of a model, or of one of several: ``.bin`` or ``.ftz``, text, JSON.

    Raises FastcliError if one of them cannot be written, but for the JSON file: without it all
    can be done, and ``warn`` is called.
    """

    def __init__(
        self, models: list[str], texts: list[str], warn: Warn, fsync: bool = False
    ) -> None:
        super().__init__(fsync)
        self._warn = warn
        try:
            for path in (*models, *texts):
                self.add(path)
            for path in models:
                self._add_about(path)
        except BaseException:
            self.discard()
            raise

    def _add_about(self, path: str) -> None:
        if not self[path].has_holes or is_foreign(path):
            return
        try:
            self.add(str(about_path(path)))
        except FastcliError as error:
            self._warn(_without_about(path, str(error)))

    def save(
        self, path: str, write: Writer, texts: Mapping[str, Writer], about: dict[str, Any]
    ) -> None:
        """Write a model, its text files by their paths, and its JSON file; put them in place.

        Raises FastcliError if one of them could not be; a model that has no room is rescued,
        and is in place if only others could not be made.  So it is where an interrupt ends the
        writing of text files, which are then left out.
        """
        out = self[path]
        problems: list[FastcliError] = []

        def notes(fd: int) -> bytes:
            return about_bytes(about, identity(fd), {})

        save_or_rescue(out, write, notes)
        interrupt: BaseException | None = None
        try:
            others = self._write_texts(texts, problems)
        except BaseException as error:
            interrupt, others = error, {}
            for name in texts:
                self[name].discard()
        beside = self._write_about(path, about, others, problems)
        try:
            out.place()
        except OSError as error:
            raise rescued(out, write, error, notes) from None
        for name in (*texts, *beside):
            try:
                self[name].place()
            except OSError as error:
                problems.append(cannot_save(name, error))
        if interrupt is not None:
            raise interrupt
        if problems:
            raise FastcliError(f"{' '.join(map(str, problems))} {path} is complete and in place.")

    def _write_texts(
        self, texts: Mapping[str, Writer], problems: list[FastcliError]
    ) -> dict[str, dict[str, int]]:
        """Write the text files; return the identities of those that were, by their ends."""
        others = {}
        for name, write_text in texts.items():
            try:
                write_text(self[name])
                if self[name].has_holes:
                    others[os.path.splitext(name)[1]] = identity(self[name].fd)
            except TROUBLE as error:
                self[name].discard()
                problems.append(_problem(name, error))
        return others

    def _write_about(
        self,
        path: str,
        about: dict[str, Any],
        others: dict[str, dict[str, int]],
        problems: list[FastcliError],
    ) -> list[str]:
        """Write the JSON file, if there is to be one; return its path if so."""
        name = str(about_path(path))
        if is_foreign(path):
            self._warn(
                _without_about(path, f"{name} was not written by fastcli and is left as it is.")
            )
            return []
        if not self[path].has_holes:
            self._warn(_without_about(path, f"{path} is not a regular file."))
        if name not in self:
            return []
        try:
            write_all(self[name].begin(), about_bytes(about, identity(self[path].fd), others))
        except TROUBLE as error:
            self[name].discard()
            problems.append(_problem(name, error))
            return []
        return [name]


def _problem(name: str, error: OSError | FastcliError | MemoryError) -> FastcliError:
    """Return the message about a file that could not be written for a saved model."""
    if isinstance(error, FastcliError):
        return error
    if isinstance(error, MemoryError):
        error = OSError(errno.ENOMEM, "not enough memory")
    return cannot_save(name, error)


def _without_about(path: str, why: str) -> str:
    """Return a sentence that says why the JSON file is not written, and what follows."""
    return f"{why} So the label prefix and the arguments of {path} are not recorded."
