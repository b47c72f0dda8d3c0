"""Display of labelled tables: a live line of rows, and the summary of what was written."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastcli.api.tables import changed
from fastcli.cli.display.bars import is_into_file
from fastcli.cli.display.endings import file_text, time_text
from fastcli.cli.display.live import LEAST_BAR
from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.reports import WIDEST
from fastcli.cli.display.screen import Screen
from fastcli.cli.display.tables import (
    GAP,
    Column,
    Rows,
    aligned,
    bar,
    counted,
    cut,
    fitted,
    short_time,
    width_of,
)
from fastcli.cli.display.terminal import is_live, is_terminal, width
from fastcli.overwriting import STREAM
from fastcli.printable import named, printable, shortened
from fastcli.text.spooled import is_file, place_of

if TYPE_CHECKING:
    from types import TracebackType

    from fastcli.labelling.label_table import LabelArgs
    from fastcli.labelling.predicted import Labelled

TOP = 12  # labels in the summary
LONGEST_BAR = 24  # columns
MOST_COLUMNS = 4  # added ones that are named
TRAINING = "in training"


class LabellingDisplay:
    """Shows on a terminal how many rows are done, and the time left where the size is known."""

    def __init__(self, data: str, output: str) -> None:
        goes_to_screen = output == STREAM and not is_into_file()
        self.screen = Screen(is_on=is_live() and not goes_to_screen)
        self._n_bytes = os.path.getsize(place_of(data)) if is_file(data) else 0
        self._began = time.monotonic()
        self._rows = 0
        self._read = 0

    def __enter__(self) -> LabellingDisplay:
        self.screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.screen.__exit__(kind, error, trace)

    def read(self, n_bytes: int) -> None:
        """Hear how many bytes of the table have been read so far."""
        self._read = n_bytes

    def advance(self, rows: int) -> None:
        """Show that so many more rows are done."""
        self._rows += rows
        if self.screen.is_on:
            progress = min(self._read / self._n_bytes, 1.0) if self._n_bytes else None
            seconds = time.monotonic() - self._began
            self.screen.show(live_parts(self._rows, seconds, progress), progress)


def live_parts(rows: int, seconds: float, progress: float | None) -> list[str]:
    """Return the parts of the live line; without ``progress`` the time left is not known.

    >>> live_parts(122_400, 1.275, 0.61)
    ['61%', '122,400 rows', '96,000/s', 'left 0:00']
    """
    parts = [counted(rows, "row"), f"{rows / max(seconds, 1e-9):,.0f}/s"]
    if progress:
        left = seconds * (1 - progress) / progress
        parts = [f"{progress:.0%}", *parts, f"left {short_time(left)}"]
    return parts


# ----------------------------------------------------------------------------- summary


def say_summary(
    done: Labelled, args: LabelArgs, parts: str = "", has_thresholds: bool = False
) -> None:
    """Write what was written, the rows of each label, and how sure they are.

    ``parts`` are the outputs where there are many, such as ``8 parts in out``.  With
    ``has_thresholds`` labels had to reach those of tune-threshold to be given.
    """
    say(*written_sentences(done, args, parts))
    room = max(40, min(width(), WIDEST))
    unlabelled = "no known word"
    if has_thresholds or args.threshold > 0:
        unlabelled = "below its threshold" if has_thresholds else f"no label of {args.threshold:g}"
    facts = fact_lines(done, args, unlabelled, bool(parts), room if is_terminal() else None)
    for part in (label_lines(done, room), facts):
        rows = list(part)
        lines(*([""] if rows else []), *rows)


def written_sentences(done: Labelled, args: LabelArgs, parts: str = "") -> Iterator[str]:
    """Yield a sentence for each output."""
    filters = args.filters
    added = ", ".join(map(printable, done.added[:MOST_COLUMNS]))
    if more := len(done.added) - MOST_COLUMNS:
        added += f" and {more:,} more" if more > 0 else ""
    where, rows = parts or _where(args.output), counted(done.kept, "row")
    where += "" if args.output == STREAM else time_text()
    if not filters.keep:
        yield f"Wrote {rows} to {where}: all columns, and {added}."
    else:
        kept = " and ".join(shortened(one) for one in filters.keep)
        share = f"{done.kept / max(done.rows, 1):.1%}"
        yield f"Kept {rows} of {done.rows:,} ({share}), those with {kept}."
        yield f"Wrote them to {where}: all columns, and {added}."
        n = done.rows - done.kept
        if filters.dropped:
            yield f"Wrote the other {counted(n, 'row')} to {_where(filters.dropped)}."
        elif n:
            more_is_known = "" if parts else "; --dropped FILE writes them to a file"
            yield f"Left out {counted(n, 'row')}{more_is_known}."
    yield from changed(done)
    if filters.unsure:
        limit, path = filters.unsure
        unsure = counted(done.unsure_written, "row")
        yield f"Wrote {unsure} below {limit.strip()} to {_where(path)} as well."


def _where(path: str) -> str:
    return "standard output" if path == STREAM else file_text(path)


def label_lines(done: Labelled, room: int) -> Iterator[str]:
    """Yield a row for each of the most frequent labels, as many columns as there is room for.

    They are the rows with the label, of all rows and of those kept, their share of all, a bar of
    it, and the label's share of the training lines.
    """
    counts = done.labels.most_common(TOP)
    if not counts:
        return
    total, most = max(done.rows, 1), counts[0][1]
    columns = {
        "predicted": [cut(printable(name), room // 3) for name, _ in counts],
        "rows": [f"{n:,}" for _, n in counts],
        "kept": [f"{done.kept_labels[name]:,}" for name, _ in counts],
        "share": [f"{n / total:.1%}" for _, n in counts],
    }
    if not done.kept_labels and done.kept == done.rows:
        del columns["kept"]
    trained = sum(done.trained_on.values())
    shares = [done.trained_on.get(name, 0) / max(trained, 1) for name, _ in counts]
    training = [f"{share:.1%}" if share else "" for share in shares]
    table = _table(columns, {TRAINING: training} if any(training) else {}, room)
    bar_room = min(room - table.width() - len(GAP), LONGEST_BAR)
    if bar_room >= LEAST_BAR and _has_bars():
        columns[""] = [bar(n / most, bar_room) for _, n in counts]
    if table.titles()[-1] == TRAINING:
        columns[TRAINING] = training
    table = _table(columns, {}, room)
    yield table.header()
    yield from map(table.row, zip(*columns.values(), strict=True))
    if more := len(done.labels) - len(counts):
        rest = done.labels.total() - sum(n for _, n in counts)
        parts = [f"and {more:,} more", counted(rest, "row"), f"{rest / total:.1%}"]
        yield fitted(parts, room)


def _table(columns: dict[str, list[str]], more: dict[str, list[str]], room: int) -> Rows:
    """Return the layout of columns; names and bars are at the left."""
    return Rows(
        [
            Column(title, max(map(width_of, cells)), title in ("predicted", ""))
            for title, cells in {**columns, **more}.items()
        ],
        room,
    )


def _has_bars() -> bool:
    encoding = getattr(sys.stderr, "encoding", None) or ""
    return encoding.lower().replace("-", "") == "utf8"


def fact_lines(
    done: Labelled, args: LabelArgs, unlabelled: str, has_parts: bool, room: int | None
) -> list[str]:
    """Return how sure the labels are, which rows have none, and what can be done about it.

    ``unlabelled`` is why rows with a text have none.
    """
    from fastcli.labelling.predicted import UNSURE

    filters = args.filters
    total = max(done.rows, 1)
    look = f"worth a look: --unsure 0.5 unsure{_ending(args.output)}"
    low = f"below {filters.min_prob or 0:g}"
    default = f"label is {named(filters.default)}" if filters.default else "label left empty"
    empty = "not kept" if filters.keep else "label left empty"
    facts = [
        ("surer than 0.9", done.sure, ""),
        ("below 0.5", done.unsure, "" if filters.unsure or has_parts else look),
        (low, done.defaulted, default),
        (unlabelled, done.without_label, empty if args.threshold <= 0 else "label left empty"),
        ("no text at all", done.without_text, empty),
    ]
    if filters.min_prob == UNSURE:
        del facts[1]  # the same rows as in the next one
    rows = [(f"  {name}", f"{n:,}", f"{n / total:.1%}", note) for name, n, note in facts if n]
    return aligned(rows, room=room) if rows else []


def _ending(path: str) -> str:
    """Return the ending of an output, by which an output of the same kind is named."""
    from pathlib import Path

    return "".join(Path(path).suffixes[-2:]) if path != STREAM and Path(path).suffixes else ".csv"
