"""Work on many files with one model, in any process and on any machine that can open it.

A job and the parts that it is given can be pickled, and so can what comes of a part:
``("done", ...)`` or ``("failed", Failure)``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from fastcli import signals
from fastcli.attempts import Failure, may_pass
from fastcli.errors import DataError, FastcliError
from fastcli.tables.options import TableOptions
from fastcli.urls import shown

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.decided import Decisions
    from fastcli.labelling.part_workers import Hear, Make
    from fastcli.labelling.parts import Part

AnyJob = TypeVar("AnyJob", bound="ModelJob")


@dataclass(frozen=True, kw_only=True)
class ModelJob:
    """The model, and how it reads files; what is done with one of them is ``work``."""

    model: str
    status: tuple[int, int] | None  # the model's size and time; None: a copy that nobody changes
    table: TableOptions
    like: str
    decisions: Decisions | None = None  # its thresholds and calibration

    def work(self, classifier: Classifier, part: Part, hear: Hear) -> Any:
        """Do what is done with a file, and return what can be pickled."""
        raise NotImplementedError

    def start(self) -> Make:
        """Load the model and return what makes a part.  Raises CannotStart."""
        from fastcli.api.loading import load_classifier
        from fastcli.labelling.part_workers import CannotStart

        try:
            classifier = load_classifier(self.model, self.table)
        except Exception as error:
            if signals.received:
                raise
            failure = Failure(reason=reason_of(error), may_pass=may_pass(error))
            raise CannotStart(failure) from error
        if self.decisions is not None:
            decided: Any = self.decisions.of(classifier)
            classifier = decided
        return self.maker(classifier)

    def maker(self, classifier: Classifier) -> Make:
        """Return what makes a part with a model that is loaded."""

        def make(part: Part, hear: Hear) -> tuple[str, Any]:
            try:
                if self.status is not None and status_of(self.model) != self.status:
                    raise DataError(f"{self.model} was written to meanwhile: start again.")
                return "done", self.work(classifier, part, hear)
            except Exception as error:
                if signals.received:
                    raise
                return "failed", Failure(reason=reason_of(error), may_pass=may_pass(error))

        return make

    @property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """The files that it reads, together those that stay side by side."""
        from fastcli.fasttext.sidecar import about_path

        model = (self.model, str(about_path(self.model)))
        return (model, (self.like,)) if self.like else (model,)

    def moved(self: AnyJob, places: dict[str, str]) -> AnyJob:
        """Return the same with files in other places."""
        model = places[self.model]
        is_copy = model != os.path.abspath(self.model)
        like = places[self.like] if self.like else ""
        return replace(self, model=model, like=like, status=None if is_copy else self.status)


def status_of(path: str) -> tuple[int, int]:
    """Return the size of a file and the time of its last change.  Raises OSError."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def reason_of(error: Exception) -> str:
    """Return why something failed, in one sentence without secrets of URLs."""
    return shown(_reason_of(error))


def _reason_of(error: Exception) -> str:
    if isinstance(error, FastcliError):
        return str(error)
    if isinstance(error, MemoryError):
        return "this machine does not have enough memory for that"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    from fastcli.unforeseen import sentence

    return sentence(error)
