"""predict and predict-prob --output-dir: progress over many parts, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli.api.parts import Labelling, PartOptions, PartsRun, check_part_options
from fastcli.cli._cluster import Clustering, connected_to
from fastcli.cli.display.messages import error as say_error
from fastcli.cli.display.messages import lines, say
from fastcli.errors import FastcliError
from fastcli.printable import counted
from fastcli.urls import shown

if TYPE_CHECKING:
    from fastcli.api.inputs import Question
    from fastcli.evaluation.classifier import Classifier
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.tables.options import TableOptions

MOST_FAILED = 20  # that are named


def label_parts(
    classifier: Classifier,
    asked: Question,
    table: TableOptions,
    like: str,
    options: PartOptions,
    args: LabelArgs,
    read: Sequence[str],
    clustering: Clustering,
) -> None:
    """Make the parts that are missing, ``args.thread`` at a time, and say what was done.

    With ``clustering.dask`` the workers of a cluster make them.

    ``read`` are other files that are read, and must not be written over.

    Raises what ``Labelling.planned`` does, before anything is written; FastcliError at the end
    where parts failed.
    """
    labelling = Labelling(
        classifier=classifier, model=asked.model, table=table, like=like, args=args, read=read
    )
    run = labelling.planned(asked.data, options)
    _make(run, classifier, clustering)
    _report(run, has_thresholds=getattr(classifier, "has_thresholds", False))


def _make(run: PartsRun, classifier: Classifier, clustering: Clustering) -> None:
    """Make all parts, and show how far that is."""
    from fastcli.cli.display.screen import Screen
    from fastcli.cli.display.terminal import is_live

    parts = run.parts
    with Screen(is_on=is_live()) as screen:
        screen.stage(counted(len(parts), "file"), sum(part.n_bytes for part in parts))

        def advance(n_bytes: int) -> None:
            n_done = len(run.done) + len(run.failed)
            screen.rename(f"{n_done:,} of {counted(len(parts), 'file')}")
            screen.advance(n_bytes)

        run.advance = advance
        try:
            if clustering.dask and parts:
                with connected_to(clustering) as client:
                    run.make_on_cluster(client)
            else:
                run.make(classifier)
        except (KeyboardInterrupt, SystemExit):
            screen.close()
            n_done = counted(len(run.done), "part")
            say(f"{n_done} of {len(parts):,} are there: the same command makes the rest.")
            raise


def _report(run: PartsRun, has_thresholds: bool) -> None:
    """Say what was done; raise FastcliError where parts failed."""
    from fastcli.api.inputs import say_unknown_words
    from fastcli.cli.display.endings import time_text
    from fastcli.cli.display.labelling import say_summary
    from fastcli.tables.bad_rows import left_out

    bad = run.bad()
    n_tables, tables = run.total()
    if n_tables:
        parts = f"{counted(n_tables, 'part')} in {run.folder}"
        say_summary(tables, run.job.args, parts, has_thresholds)
    n_files, printed = run.total(of_lines=True)
    if n_files:
        where = f"{counted(n_files, 'part')} in {run.folder}{time_text()}"
        say(f"Wrote {counted(printed.rows)} to {where}, as predict prints them.")
    say_unknown_words([*tables.unknown_words, *printed.unknown_words])
    if bad:
        say(left_out(bad))
    _say_table(run)
    counts = (
        (len(run.done), "written"),
        (len(run.found.done), "there already"),
        (len(run.failed), "failed"),
    )
    n = sum(k for k, _ in counts)
    which = ", ".join(f"{k:,} {what}" for k, what in counts if k)
    n_empty = sum(not one.labelled.rows for one in run.done.values())
    empty = f" ({n_empty:,} of them empty, as the input is)" if n_empty else ""
    say(f"{counted(n, 'part')}: {which or 'nothing to do'}{empty}.")
    if run.failed:
        _report_failed(run)


def _say_table(run: PartsRun) -> None:
    """Write how many parts and rows there are, in what time, and how much failed."""
    from fastcli.cli.display.tables import Column, Rows

    if not run.parts:
        return
    rows = sum(one.labelled.rows for one in run.done.values())
    columns = {
        "parts": f"{len(run.done):,}",
        "rows": f"{rows:,}",
        "seconds": f"{run.seconds:,.1f}",
        "rows/s": f"{rows / max(run.seconds, 1e-9):,.0f}",
        "tried again": f"{run.n_again:,}",
        "failed": f"{len(run.failed):,}",
    }
    table = Rows([Column(title, len(cell)) for title, cell in columns.items()])
    lines("", table.header(), table.row(list(columns.values())))


def _report_failed(run: PartsRun) -> None:
    names = sorted(run.failed)
    for name in names[:MOST_FAILED]:
        reason = shown(run.failed[name])
        say_error(reason if reason.startswith(shown(name)) else f"{shown(name)}: {reason}")
    more = len(names) - MOST_FAILED
    rest = f" ({more:,} more failed, too)" if more > 0 else ""
    raise FastcliError(
        f"{counted(len(names), 'part')} of {len(run.parts):,} could not be made{rest}: "
        "the same command tries again."
    )


__all__ = ["PartOptions", "check_part_options", "label_parts"]
