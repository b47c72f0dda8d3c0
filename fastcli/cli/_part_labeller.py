"""Making one part of many: read an input, label its rows, put the part and its record in place."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli import signals
from fastcli.errors import DataError, FastcliError
from fastcli.labelling.label_table import LabelArgs, label_table
from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_records import PartRecord, Setting, file_state, write_record
from fastcli.labelling.predicted import Labelled
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.options import TableOptions
from fastcli.tables.streams import opened

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.decided import Decisions
    from fastcli.labelling.part_workers import Hear, Make
    from fastcli.labelling.parts import Part


@dataclass(kw_only=True)
class Made:
    """What was done with the rows of a part, and why some were left out."""

    labelled: Labelled = field(default_factory=lambda: Labelled([]))
    bad: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Labeller:
    """All that labelling a part needs, in any process."""

    model: str
    status: tuple[int, int]  # the model's size and time
    table: TableOptions
    like: str
    args: LabelArgs
    setting: Setting
    decisions: Decisions | None = None  # its thresholds and calibration

    def start(self) -> Make:
        """Load the model and return what makes a part."""
        from fastcli import notices
        from fastcli.cli._options import load_classifier
        from fastcli.cli.display import messages

        notices.listener = messages  # in another process, too
        try:
            classifier = load_classifier(self.model, self.table)
        except Exception as error:
            failed = ("failed", reason_of(error))
            return lambda part, hear: failed
        if self.decisions is not None:
            decided: Any = self.decisions.of(classifier)
            classifier = decided
        return self.maker(classifier)

    def maker(self, classifier: Classifier) -> Make:
        """Return what makes a part with a model that is loaded."""

        def make(part: Part, hear: Hear) -> tuple[str, Any]:
            try:
                return "done", self._label(classifier, part, hear)
            except Exception as error:
                if signals.received:
                    raise
                return "failed", reason_of(error)

        return make

    def _label(self, classifier: Classifier, part: Part, hear: Hear) -> Made:
        from fastcli.api.labelled_tables import open_texts
        from fastcli.text.inputs import compression

        if status_of(self.model) != self.status:
            raise DataError(f"{self.model} was written to meanwhile: start again.")
        source = file_state(part.source)
        os.makedirs(os.path.dirname(part.target), exist_ok=True)
        done: Labelled | None = None

        def placing(fd: int) -> None:
            if status_of(part.source) != (source.size, source.mtime_ns):
                raise DataError("it was written to while it was read")
            write_record(
                part.record,
                PartRecord(
                    input=os.path.abspath(part.source),
                    source=source,
                    part=file_state(fd),
                    model=self.setting.model,
                    options=self.setting.options,
                    rows=done.rows if done else 0,
                ),
            )

        packed = compression(part.source) or ""
        if is_empty(part.source):  # as writers of many parts leave some
            with part_file(part.target, packed, placing):
                return Made()
        bad = BadRows(self.table.skip_bad)
        table, prepared = open_texts(
            classifier,
            self.model,
            part.source,
            self.table,
            self.like,
            bad,
            lambda n: hear(part, "read", n),
            lambda sentence: hear(part, "decided", sentence),
        )
        args = replace(self.args, output=part.target, format=table.kind)
        with part_file(part.target, packed, placing) as put:
            done = label_table(classifier, table, prepared.recipe, prepared.names, args, put)
        return Made(labelled=done, bad=bad.reasons)


def is_empty(path: str) -> bool:
    """Tell whether there is no byte in a file, plain or compressed.  Raises OSError."""
    with opened(path, lambda n: None) as stream:
        return not stream.peek(1)


def status_of(path: str) -> tuple[int, int]:
    """Return the size of a file and the time of its last change.  Raises OSError."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def reason_of(error: Exception) -> str:
    """Return why something failed, in one sentence."""
    if isinstance(error, FastcliError):
        return str(error)
    if isinstance(error, MemoryError):
        return "this machine does not have enough memory for that"
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}"
    from fastcli.cli._unforeseen import sentence

    return sentence(error)
