"""Making one part of many: read an input, label it, put the part and its record in place."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.api.job import ModelJob, status_of
from fastcli.errors import DataError
from fastcli.labelling.label_table import LabelArgs, label_table
from fastcli.labelling.part_files import part_file
from fastcli.labelling.part_records import (
    PartRecord,
    Setting,
    check_not_made,
    file_state,
    recorded_path,
    source_state,
)
from fastcli.labelling.predicted import Labelled
from fastcli.tables.bad_rows import BadRows
from fastcli.tables.streams import opened
from fastcli.text.spooled import fetched
from fastcli.urls import is_url

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.labelling.outputs import Put
    from fastcli.labelling.part_workers import Hear
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
class PartJob(ModelJob):
    """All that labelling a part needs; ``overwrites``: whatever is there is replaced."""

    args: LabelArgs
    setting: Setting
    overwrites: bool = False

    def work(self, classifier: Classifier, part: Part, hear: Hear) -> Made:
        """Make a part."""
        began = time.monotonic()
        made = self._label(classifier, part, hear)
        made.seconds = time.monotonic() - began
        return made

    def _label(self, classifier: Classifier, part: Part, hear: Hear) -> Made:
        with fetched(part.source):
            return self._label_here(classifier, part, hear)

    def _label_here(self, classifier: Classifier, part: Part, hear: Hear) -> Made:
        """Make the part of an input whose bytes are on this machine."""
        from fastcli.text.inputs import compression

        source = source_state(part.source)
        if not is_url(part.folder):
            os.makedirs(os.path.dirname(part.target), exist_ok=True)
        done: Labelled | None = None

        def placing(fd: int) -> PartRecord:
            if not is_url(part.source) and status_of(part.source) != (source.size, source.mtime_ns):
                raise DataError("it was written to while it was read")
            if not self.overwrites:
                check_not_made(part, self.setting)
            return PartRecord(
                input=recorded_path(part.source),
                source=source,
                part=file_state(fd),
                model=self.setting.model,
                options=self.setting.options,
                rows=done.rows if done else 0,
            )

        packed = compression(part.source) or ""
        are_lines = self._are_lines(classifier, part.source)
        if is_empty(part.source):  # as writers of many parts leave some
            with part_file(part, packed, placing):
                return Made(are_lines=are_lines)
        if are_lines:
            self._check_lines()
            with part_file(part, packed, placing) as put:
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
        with part_file(part, packed, placing) as put:
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
