"""test --dask: its files tested by the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fastcli.cli._cluster import Clustering, connected_to
from fastcli.cli.display.messages import error as say_error
from fastcli.errors import FastcliError
from fastcli.printable import counted

if TYPE_CHECKING:
    from fastcli.api.score_job import ScoreJob
    from fastcli.api.testing import Score

MOST_FAILED = 20  # that are named


def tested_by(clustering: Clustering) -> Callable[[ScoreJob], dict[str, Score]] | None:
    """Return what tests files on a cluster, None where there is none."""
    return (lambda job: _tested(clustering, job)) if clustering.dask else None


def _tested(clustering: Clustering, job: ScoreJob) -> dict[str, Score]:
    """Return what the workers of a cluster counted in files.

    Raises FastcliError where one could not be tested, since the total would lack it.
    """
    from fastcli.api.parts import named
    from fastcli.cli.display.screen import Screen
    from fastcli.cli.display.terminal import is_live

    n = len(job.asked.data)
    with Screen(is_on=is_live()) as screen, connected_to(clustering) as client:
        from fastcli.api.score_job import scores_on_cluster, sizes_of

        screen.stage(counted(n, "file"), sum(sizes_of(job.asked.data)))
        scores, failed = scores_on_cluster(client, job, screen.advance)
    for path in list(failed)[:MOST_FAILED]:
        say_error(f"{named(path, failed[path])}.")
    if failed:
        raise FastcliError(
            f"{counted(len(failed), 'file')} of {n:,} could not be tested, so there is no total: "
            "the same command tries again."
        )
    return scores
