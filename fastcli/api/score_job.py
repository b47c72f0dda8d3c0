"""Testing a model on one file of many, in any process: what is counted of its lines or rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastcli.api.inputs import Question, Reading
from fastcli.api.job import ModelJob, status_of
from fastcli.api.report_options import Reporting
from fastcli.api.testing import Counting, Score, Testing
from fastcli.errors import ArgumentError
from fastcli.labelling.parts import size_of_url
from fastcli.text.spooled import is_stream
from fastcli.urls import is_url

if TYPE_CHECKING:
    from distributed import Client

    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.labelling.part_workers import Hear, Make
    from fastcli.labelling.parts import Part


@dataclass(frozen=True, kw_only=True)
class ScoreJob(ModelJob):
    """All that testing a model on a file needs."""

    asked: Question
    command: tuple[str, ...]
    with_scores: bool
    with_all: bool

    @staticmethod
    def of(counting: Counting) -> ScoreJob:
        """Return the job of a test.  Raises ArgumentError for what is no file."""
        testing = counting.testing
        asked, reading = testing.asked, testing.reading
        for path in (asked.model, *asked.data):
            if is_stream(path):
                raise ArgumentError(
                    "--dask reads files, and not standard input or pipes: give their names."
                )
        return ScoreJob(
            model=asked.model,
            status=status_of(asked.model),
            table=reading.table,
            like=reading.like,
            decisions=getattr(testing.classifier, "decisions", None),
            asked=asked,
            command=reading.command,
            with_scores=counting.with_scores,
            with_all=counting.with_all,
        )

    def maker(self, classifier: Classifier) -> Make:
        """Return what tests the model on a file."""
        if classifier.targets is not None:  # here once, since several threads may use the model
            classifier.targets_read = "present"  # type: ignore[attr-defined]
        return super().maker(classifier)

    def work(self, classifier: Classifier, part: Part, hear: Hear) -> Score:
        """Test the model on a file."""
        reading = Reading(table=self.table, like=self.like, command=self.command)
        asked = replace(self.asked, model=self.model)
        testing = Testing(
            classifier=classifier, asked=asked, reading=reading, reporting=Reporting()
        )
        counting = Counting(testing=testing, with_scores=self.with_scores, with_all=self.with_all)

        def heard(blocks: Iterator[Block], path: str) -> Iterator[Block]:
            for block in blocks:
                hear(part, "read", 0)
                yield block

        return counting.score(part.source, heard)


def scores_on_cluster(
    client: Client, job: ScoreJob, advance: Callable[[int], None]
) -> tuple[dict[str, Score], dict[str, str]]:
    """Test on files by the workers of a cluster; return what was counted, and why others failed.

    ``advance`` hears of the bytes that are done.  Raises what ``cluster.make_parts`` does.
    """
    from fastcli.api import cluster
    from fastcli.api.parts import Heard
    from fastcli.labelling.parts import Part

    parts = [
        Part(source=path, name=path, folder="", n_bytes=size)
        for path, size in zip(job.asked.data, sizes_of(job.asked.data), strict=True)
    ]
    heard = Heard(advance=advance)
    cluster.make_parts(client, parts, job, heard.hear)
    for path, score in heard.done.items():
        score.notes = [note.replace(os.path.abspath(path), path) for note in score.notes]
    return heard.done, heard.failed


def sizes_of(paths: Sequence[str]) -> list[int]:
    """Return the bytes of files."""
    return [size_of_url(path) if is_url(path) else os.path.getsize(path) for path in paths]
