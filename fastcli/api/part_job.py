"""Making one part of many: read an input, label it, put the part and its record in place.

A ``PartJob`` and the parts that it is given can be handed to another process or another machine,
and so can what making a part gives: ``("done", Made)`` or ``("failed", Failure)``.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli import signals
from fastcli.attempts import Failure, may_pass
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
    from fastcli.labelling.outputs import Put
    from fastcli.labelling.part_workers import Hear, Make
    from fastcli.labelling.parts import Part

AS_LINES = "text"  # the --format of a file whose lines are texts


@dataclass(kw_only=True)
class Made:
    """What was done with the rows or lines of a part, why some were left out, and the seconds."""

    labelled: Labelled = field(default_factory=lambda: Labelled([]))
    bad: Counter[str] = field(default_factory=Counter)
    are_lines: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class PartJob:
    """All that labelling a part needs, in any process that can open the model.

    On another machine ``replace(job, model=path, status=status_of(path))`` names its copy.
    """

    model: str
    status: tuple[int, int] | None  # the model's size and time; None: a copy that nobody changes
    table: TableOptions
    like: str
    args: LabelArgs
    setting: Setting
    decisions: Decisions | None = None  # its thresholds and calibration

    def start(self) -> Make:
        """Load the model and return what makes a part; a model that cannot be fails every part."""
        from fastcli.api.loading import load_classifier

        try:
            classifier = load_classifier(self.model, self.table)
        except Exception as error:
            failed = ("failed", Failure(reason=reason_of(error), may_pass=may_pass(error)))
            return lambda part, hear: failed
        if self.decisions is not None:
            decided: Any = self.decisions.of(classifier)
            classifier = decided
        return self.maker(classifier)

    @property
    def files(self) -> tuple[tuple[str, ...], ...]:
        """The files that it reads, together those that stay side by side."""
        from fastcli.fasttext.sidecar import about_path

        model = (self.model, str(about_path(self.model)))
        return (model, (self.like,)) if self.like else (model,)

    def moved(self, places: dict[str, str]) -> PartJob:
        """Return the same with files in other places."""
        model = places[self.model]
        is_copy = model != os.path.abspath(self.model)
        like = places[self.like] if self.like else ""
        return replace(self, model=model, like=like, status=None if is_copy else self.status)

    def maker(self, classifier: Classifier) -> Make:
        """Return what makes a part with a model that is loaded."""

        def make(part: Part, hear: Hear) -> tuple[str, Any]:
            began = time.monotonic()
            try:
                made = self._label(classifier, part, hear)
            except Exception as error:
                if signals.received:
                    raise
                return "failed", Failure(reason=reason_of(error), may_pass=may_pass(error))
            made.seconds = time.monotonic() - began
            return "done", made

        return make

    def _label(self, classifier: Classifier, part: Part, hear: Hear) -> Made:
        from fastcli.text.inputs import compression

        if self.status is not None and status_of(self.model) != self.status:
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
        are_lines = self._are_lines(classifier, part.source)
        if is_empty(part.source):  # as writers of many parts leave some
            with part_file(part.target, packed, placing):
                return Made(are_lines=are_lines)
        if are_lines:
            self._check_lines()
            with part_file(part.target, packed, placing) as put:
                done = self._predict_lines(classifier, part, hear, put, not packed)
            return Made(labelled=done, are_lines=True)
        from fastcli.api.labelled_tables import open_texts

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

    def _are_lines(self, classifier: Classifier, path: str) -> bool:
        """Tell whether a file is predicted line by line, and not as a table."""
        from fastcli.api.inputs import reads_lines
        from fastcli.api.table_lines import asks_for_table
        from fastcli.tables.sure import may_be_lines

        if not reads_lines(classifier):
            return False
        if self.table.format == AS_LINES:
            return True
        return not self.like and not asks_for_table(self.table) and may_be_lines(path)

    def _check_lines(self) -> None:
        """Raise DataError for options that are for rows."""
        args, usual = self.args, LabelArgs("")
        given = {
            "--wide": args.wide,
            "--as": args.name != usual.name,
            "--keep": args.filters.keep,
            "--min-prob": args.filters.min_prob is not None,
        }
        if names := [name for name, value in given.items() if value]:
            raise DataError(
                f"{names[0]} is for the rows of tables, and this is lines. Give --format csv if it "
                "is a table, or leave the option out."
            )

    def _predict_lines(
        self, classifier: Classifier, part: Part, hear: Hear, put: Put, counts_bytes: bool
    ) -> Labelled:
        """Write what predict prints for the lines of a file."""
        from fastcli.api.blocks import blocks_of
        from fastcli.api.inputs import unknown_words_note
        from fastcli.evaluation.predictor import Predictor

        args, name = self.args, f"{self.model}, {part.source}"
        predictor = Predictor(classifier, args.k, args.threshold, args.thread, name)
        done, n_read = Labelled([]), 0
        hear(
            part,
            "decided",
            f"{part.source}: lines, as predict prints them (--format csv: rows of a table)",
        )

        def read() -> Iterator[Any]:
            nonlocal n_read
            for block in blocks_of(classifier, part.source, "Input file cannot be opened!"):
                yield block
                n_read += block.nbytes
                if counts_bytes:
                    hear(part, "read", n_read)

        for text in predictor.format(read(), args.with_probs):
            put(text)
            done.rows += text.count(b"\n")
        done.kept = done.rows
        done.unknown_words += unknown_words_note(predictor, part.source, are_queries=True)
        return done


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
    from fastcli.unforeseen import sentence

    return sentence(error)
