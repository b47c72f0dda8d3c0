"""The report of a test: what goes right and wrong, label by label, and what is confused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastcli.cli.display.colours import painted, painted_start
from fastcli.cli.display.label_names import short_names
from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import (
    GAP,
    Column,
    Rows,
    bar,
    counted,
    cut,
    width_of,
    wrapped,
)
from fastcli.evaluation.report import NOTHING
from fastcli.printable import listed_files, printable
from fastcli.text.alike import difference

if TYPE_CHECKING:
    from fastcli.evaluation.meter import Averages
    from fastcli.evaluation.report import Report
    from fastcli.labelling.mistakes import Mistake

TOP = 20  # labels in the table
MOST_CONFUSED = 12  # labels of the matrix, unless more are asked for
LEAST_HEAD = 3  # columns of their abbreviations
OTHER = "other"  # the column of all labels that are not shown
BAR = 10  # columns
NARROW = 60  # columns, of less than which titles are short
BETWEEN = "   "  # figures
PATH = 20  # columns of a file beside the number of a line
TAKEN, LEAST_TAKEN = "mostly taken for", 22  # a column, and its least width if it needs more
MOST_NAMES = 6  # labels of a hint
MOST_ALIKE = 3  # groups of labels of a hint
CONFUSION, SUREST, HINT = "Confusion", "Surest mistakes", "Hint  "
WORTH_SAYING = 0.05  # of the mistakes


@dataclass(kw_only=True)
class Shown:
    """What a report is about, and how much of it is shown.

    ``decides``: lines get the labels that are probable enough, and not the ``k`` best;
    ``confused`` is how many labels the matrix has, -1 for all, None for those that fit;
    ``errors`` is the file of all mistakes, if any.
    """

    model: str
    data: Sequence[str]
    k: int
    decides: bool
    confused: int | None = None
    confusion_file: str = ""
    errors: str = ""
    csv: str = ""
    better: str = "train longer or with another rate"  # what may help where it learned nothing
    surest: list[Mistake] = field(default_factory=list)


def report_lines(report: Report, shown: Shown) -> Iterator[str]:
    """Yield the lines of a report."""
    room = columns()
    for line in wrapped(_title(report, shown), room):
        yield painted(line, "heading")
    if skipped := report.meter.skipped.sentence():
        yield from wrapped(skipped, room)
    if not report.n:
        yield "No line is left to test on."
        return
    yield ""
    for parts in _figures(report, shown, room):
        yield from _joined(parts, room)
    yield ""
    yield from _label_lines(report, shown, room)
    if report.confusions and shown.confused != 0:
        yield ""
        yield from _confusion_lines(report, shown, room)
    if shown.surest:
        yield ""
        yield from _mistake_lines(report, shown, room)
    hints = list(_hints(report, shown))
    if hints:
        yield ""
    for hint in hints:
        for line in wrapped(hint, room, HINT, " " * len(HINT)):
            yield painted_start(line, HINT.strip(), "warning")


def file_lines(reports: Sequence[tuple[str, Report]]) -> Iterator[str]:
    """Yield a row for each of several files: lines, accuracy, macro F1."""
    rows = [
        (f"{one.n:,}", _score(one.accuracy), _score(one.macro.f1), printable(path))
        for path, one in reports
    ]
    table = Rows(
        [
            Column("lines", max(len(row[0]) for row in rows)),
            Column("accuracy", 5),
            Column("F1 macro", 5),
            Column("file", 4, is_text=True),
        ]
    )
    yield painted(table.header(), "heading")
    yield from map(table.row, rows)


def _title(report: Report, shown: Shown) -> str:
    unseen = sum(1 for n in report.gold.tolist() if not n)
    labels = counted(len(report.names), "label")
    if unseen:
        labels += f" ({unseen:,} of them not in the file)"
    where = "standard input" if list(shown.data) == ["-"] else listed_files(shown.data)
    return f"{printable(shown.model)} on {printable(where)}: {counted(report.n)}, {labels}"


def _score(value: float) -> str:
    """Return a score with three decimals.

    >>> _score(0.12345), _score(float("nan"))
    ('0.123', '-')
    """
    return f"{value:.3f}" if value == value else "-"


def _joined(parts: Sequence[str], room: int) -> Iterator[str]:
    """Yield figures beside each other, as many in a line as there is room for."""
    line = GAP
    for part in parts:
        if line.strip() and width_of(line + BETWEEN + part) > room:
            yield line
            line = GAP
        line += f"{BETWEEN if line.strip() else ''}{part}"
    yield line


def _figures(report: Report, shown: Shown, room: int) -> Iterator[list[str]]:
    """Yield figures over all lines: what is right, averages, several labels, probabilities."""
    low, high = report.interval
    largest, share = report.largest
    k, top = report.top
    (name,) = short_names([report.names[largest]], min(24, room - 18))
    parts = [f"accuracy {_score(report.accuracy)} ({low:.3f}-{high:.3f})"]
    parts.append(f"always '{name}': {_score(share)}")
    if k < len(report.names):
        parts.append(f"one of {k} best: {_score(top)}")
    yield parts
    micro, k = report.micro, shown.k
    averages = [f"F1 macro {_score(report.macro.f1)}", f"weighted {_score(report.weighted.f1)}"]
    if report.is_single:
        yield [*averages, f"micro {_score(micro.f1)}", "(P@1 = R@1: one label a line)"]
    else:
        yield [*averages, f"micro {_score(micro.f1)}"]
        labels = int(report.gold.sum()) / report.n
        got = int(report.predicted.sum()) / report.n
        first, second = ("precision", "recall") if shown.decides else (f"P@{k}", f"R@{k}")
        yield [
            f"{first} {_score(micro.precision)}",
            f"{second} {_score(micro.recall)}",
            f"({labels:.3g} {'label' if labels == 1 else 'labels'} a line, {got:.3g} predicted)",
        ]
        yield [
            f"exact match {_score(report.exact_match)}",
            f"Hamming loss {report.hamming_loss:.4f}",
            f"ranking precision {_score(report.ranking_precision)}",
        ]
        if report.is_multilabel:
            found = report.average_precision
            yield (
                ["average precision left out: too many lines and labels"]
                if found is None
                else [
                    f"average precision micro {_score(found[0])}",
                    f"macro {_score(found[1])}",
                ]
            )
    of_each = "" if report.tally.sums_to_one else " per label"  # means over labels, too
    yield [
        f"log loss{of_each} {report.log_loss:.3f}",
        f"Brier score{of_each} {report.brier:.3f}",
        f"calibration error {report.calibration_error:.3f}",
    ]


# ----------------------------------------------------------------------------- labels


def _label_lines(report: Report, shown: Shown, room: int) -> Iterator[str]:
    """Yield a row for each label, or those with the most mistakes, then the averages."""
    is_narrow = room < NARROW
    titles = ("P", "R", "F1") if is_narrow else ("precision", "recall", "F1")
    labels = report.chosen(TOP)
    most = 12 if is_narrow else room // 4
    averages = [("micro", report.micro), ("macro", report.macro), ("weighted", report.weighted)]
    names = short_names([report.names[i] for i in labels], most, _numbers(report, labels))
    width = max(map(width_of, [*names, "label", *(name for name, _ in averages)]))
    digits = max(len("lines"), *(len(f"{int(report.gold[i]):,}") for i in labels))
    layout = [Column("label", width, is_text=True), Column("lines", digits)]
    layout += [Column(title, 5) for title in titles]
    rows = [[name, *_label_cells(report, i)] for name, i in zip(names, labels, strict=True)]
    left = room - Rows(layout).width() - len(GAP)
    taken = [_taken_for(report, i) for i in labels]
    wide = max(width_of(TAKEN), *map(width_of, taken))
    has_taken = any(report.mostly(i) for i in labels) and left >= min(wide, LEAST_TAKEN)
    if left >= BAR + (len(GAP) + min(wide, LEAST_TAKEN)) * has_taken:
        layout.append(Column("", BAR, is_text=True))
        for row, i in zip(rows, labels, strict=True):
            f1 = float(report.label_scores[2][i])
            row.append(bar(f1, BAR) if f1 else "")
        left -= BAR + len(GAP)
    if has_taken:
        layout.append(Column(TAKEN, min(wide, left), is_text=True))
        for row, text in zip(rows, _taken_cells(report, labels, left), strict=True):
            row.append(text)
    table = Rows(layout)
    yield painted(table.header(), "heading")
    for row, i in zip(rows, labels, strict=True):
        is_lost = report.gold[i] and not report.right[i]
        yield painted(table.row(row), "error") if is_lost else table.row(row)
    rest = [i for i in report.order if i not in labels]
    if rest:
        mean = sum(float(report.label_scores[2][i]) for i in rest) / len(rest)
        more = f"and {counted(len(rest), 'label')} with fewer mistakes, mean F1 {mean:.3f}"
        yield from wrapped(more + ("" if shown.csv else ": --csv FILE has all"), room)
    for name, scores in averages:
        yield table.row([name, "", *_scores(scores)])


def _scores(scores: Averages) -> list[str]:
    return [_score(scores.precision), _score(scores.recall), _score(scores.f1)]


def _label_cells(report: Report, label: int) -> list[str]:
    """Return the lines of a label and its scores; a dash where there is nothing to divide by."""
    gold, predicted = int(report.gold[label]), int(report.predicted[label])
    precision, recall, f1 = (float(some[label]) for some in report.label_scores)
    return [
        f"{gold:,}",
        _score(precision) if predicted else "-",
        _score(recall) if gold else "-",
        _score(f1),
    ]


def _taken_for(report: Report, label: int) -> str:
    """Return what a label is mostly taken for, and how often."""
    found = report.mostly(label)
    if found is None:
        return ""
    return f"{printable(report.name(found[0]) or NOTHING)} {found[1]:,}"


def _numbers(report: Report, labels: Sequence[int]) -> list[int]:
    """Return the places of labels in the order of the report, from 1 on; 0 of none."""
    places = {label: place for place, label in enumerate(report.order, 1)}
    return [places.get(label, 0) for label in labels]


def _taken_cells(report: Report, labels: Sequence[int], room: int) -> list[str]:
    """Return what labels are mostly taken for, and how often, in so many columns."""
    found = [report.mostly(i) for i in labels]
    counts = [f"{one[1]:,}" for one in found if one is not None]
    others = list(dict.fromkeys(one[0] for one in found if one is not None))
    most = max(room - max(map(len, counts), default=0) - 1, 4)
    short = short_names([report.name(i) or NOTHING for i in others], most, _numbers(report, others))
    shown = dict(zip(others, short, strict=True))
    return ["" if one is None else f"{shown[one[0]]} {one[1]:,}" for one in found]


# ----------------------------------------------------------------------------- confusion


def _confusion_lines(report: Report, shown: Shown, room: int) -> Iterator[str]:
    """Yield the matrix of labels, of too many those with the most mistakes."""
    n = len(report.order)
    largest = max(int(report.right.max()), *(some[0][1] for some in report.confusions.values()))
    digits = len(str(largest))
    wide = min(max(width_of(printable(report.names[i])) for i in report.order), 16)
    wide = min(wide, 12) if room < NARROW else wide
    nothing = "none" if room < NARROW else NOTHING
    most = n if shown.confused == -1 else shown.confused
    if most is None:
        heads_of_rest = [OTHER, *([nothing] if _has_nothing(report) else [])]
        others = sum(len(GAP) + max(digits, len(head)) for head in heads_of_rest)
        fitting = (room - wide - others) // (max(digits, LEAST_HEAD) + len(GAP))
        most = max(min(fitting, MOST_CONFUSED), 2)
    labels = report.chosen(most)
    names = [printable(report.names[i]) for i in labels]
    heads = abbreviations(names, LEAST_HEAD)
    numbers = _numbers(report, labels)
    if has_numbers := heads[0] == "1":
        heads = list(map(str, numbers))
    rows = [_cells(report, i, labels) for i in labels]
    for column, head in enumerate((OTHER, nothing), len(labels)):
        if any(row[column] != "." for row in rows):
            heads.append(head)
        else:
            rows = [[*row[:column], "", *row[column + 1 :]] for row in rows]
    rows = [list(filter(None, row)) for row in rows]
    if has_numbers:  # which also stand before the names
        digits_of_last = max(len(str(number)) for number in numbers)
        names = short_names(names, wide - digits_of_last - 1)
        pairs = zip(numbers, names, strict=True)
        names = [f"{number:>{digits_of_last}} {name}" for number, name in pairs]
    else:
        names = short_names(names, wide, numbers)
    layout = [Column("", wide, is_text=True)]
    layout += [Column(" " * (digits - width_of(head)) + head, digits) for head in heads]
    table = Rows(layout)
    more = ["--confusion all"] if len(labels) < n else []
    more += [] if shown.confusion_file else ["--confusion-file FILE.csv"]
    note = f" ({', or '.join(more)})" if more else ""
    for line in wrapped(f"true label down, predicted across{note}", room, f"{CONFUSION}  ", GAP):
        yield painted_start(line, CONFUSION, "heading")
    yield painted(table.header(), "heading")
    for name, row in zip(names, rows, strict=True):
        yield table.row([name, *row])


def _has_nothing(report: Report) -> bool:
    """Tell whether a label was missed without another one in its place."""
    none = len(report.names)
    found = (some for label, some in report.confusions.items() if label != none)
    return any(other == none for some in found for other, _ in some)


def _cells(report: Report, label: int, across: Sequence[int]) -> list[str]:
    """Return how often a label was taken for some, itself among them, for others, for nothing."""
    found = dict(report.confusions.get(label, []))
    nothing = found.pop(len(report.names), 0)
    found[label] = int(report.right[label])
    inside = [found.get(i, 0) for i in across]
    others = sum(found.values()) - sum(inside)
    return [str(n) if n else "." for n in (*inside, others, nothing)]


def abbreviations(names: Sequence[str], most: int) -> list[str]:
    """Return the beginnings of names that tell them apart, else their numbers from 1 on.

    >>> abbreviations(["Billing", "Shipping"], 3), abbreviations(["class 1", "class 2"], 3)
    (['Bil', 'Shi'], ['1', '2'])
    """
    for size in range(most, most + 4):
        found = [_beginning(name, size) for name in names]
        if len(set(found)) == len(found) and all(found):
            return found
    return [str(i) for i in range(1, len(names) + 1)]


def _beginning(name: str, room: int) -> str:
    while width_of(name) > room:
        name = name[: max(min(len(name) - 1, room), 0)]
    return name.strip()


# ----------------------------------------------------------------------------- mistakes


def _short(path: str) -> str:
    """Return the end of a path, by which a person tells it from others.

    >>> _short("data/samples/topics.test.txt")
    '…les/topics.test.txt'
    """
    shown = printable(path)
    if width_of(shown) <= PATH:
        return shown
    shown = shown[-PATH:]
    while width_of(shown) > PATH - 1:
        shown = shown[1:]
    return f"…{shown}"


def _mistake_lines(report: Report, shown: Shown, room: int) -> Iterator[str]:
    """Yield the surest mistakes: where they are, their labels, and the text."""
    n = report.n_mistakes
    where = f"all in {printable(shown.errors)}" if shown.errors else "--errors FILE.csv"
    note = f"{where}" if shown.errors else f"all {n:,}, with texts: {where}"
    for line in wrapped(f"({note})", room, f"{SUREST}  ", GAP):
        yield painted_start(line, SUREST, "heading")
    several = len(shown.data) > 1
    most = 12 if room < NARROW else 16
    texts = [", ".join(one) or NOTHING for m in shown.surest for one in (m.true, m.predicted)]
    different = list(dict.fromkeys(texts))
    ids = {name: i for i, name in enumerate(report.names)}
    numbers = _numbers(report, [ids.get(text, -1) for text in different])
    short = dict(zip(different, short_names(different, most, numbers), strict=True))
    rows = [
        [
            f"{_short(one.file)}:{one.line}" if several else str(one.line),
            f"{one.prob:.2f}" if one.predicted else "-",
            short[", ".join(one.true)],
            short[", ".join(one.predicted) or NOTHING],
        ]
        for one in shown.surest
    ]
    titles = ("line", "p", "true", "predicted")
    layout = [
        Column(title, max(map(width_of, cells)), is_text=i > 1)
        for i, (title, cells) in enumerate(zip(titles, zip(*rows, strict=True), strict=True))
    ]
    left = room - Rows(layout).width() - len(GAP)
    if left >= 8 and any(one.text for one in shown.surest):
        layout.append(Column("text", 4, is_text=True))
        for row, one in zip(rows, shown.surest, strict=True):
            row.append(cut(printable(" ".join(one.text.split())), left))
    table = Rows(layout)
    yield painted(table.header(), "heading")
    yield from map(table.row, rows)


# ----------------------------------------------------------------------------- hints


def _hints(report: Report, shown: Shown) -> Iterator[str]:
    """Yield what a person should know of these figures."""
    from fastcli.evaluation.guessing import Guessing

    alike = report.alike
    if alike is not None and alike.mistakes >= WORTH_SAYING * report.n_mistakes:
        groups = [" / ".join(map(printable, group)) for group in alike.groups[:MOST_ALIKE]]
        more = len(alike.groups) - MOST_ALIKE
        named = ", ".join(groups) + (f" and {more:,} more" if more > 0 else "")
        kinds = " or by ".join(dict.fromkeys(map(difference, alike.groups)))
        as_one = alike.accuracy
        without = f": without them accuracy would be {as_one:.3f}" if as_one == as_one else ""
        is_one = alike.mistakes == 1
        yield (
            f"{alike.mistakes:,} of the {counted(report.n_mistakes, 'mistake')} "
            f"{'is' if is_one else 'are'} between labels that differ by {kinds} only ({named})"
            f"{without}. fastcli prepare ... --label-case first"
        )
    guessing, (largest, _) = Guessing(report.meter), report.largest
    has_several = int((report.gold > 0).sum()) > 1
    if guessing.is_at_chance and has_several:
        sure = "no" if guessing.is_no_better else "not surely"
        n = "" if guessing.is_no_better else f" on {counted(report.n)}"
        name = printable(report.names[largest])
        yield f"This is {sure} better{n} than always saying {name!r}: {shown.better}."
    missing = [i for i in report.order if report.gold[i] and not report.predicted[i]]
    if missing and not (alike is not None and len(missing) <= len(alike.groups)):
        shown_names = ", ".join(short_names([report.names[i] for i in missing[:MOST_NAMES]], 24))
        more = len(missing) - MOST_NAMES
        rest = f" and {more:,} more" if more > 0 else ""
        yield f"Never predicted, though in the file: {shown_names}{rest}."
    is_plain = not shown.decides and shown.k == 1
    if report.is_multilabel and not report.tally.sums_to_one and is_plain:
        yield "Lines have several labels: -k -1 --threshold 0.5 predicts as many as are likely."
    if report.sums.n_repeated:
        yield (
            f"{counted(report.sums.n_repeated)} with a label twice: it counts once here, and twice "
            "in what test prints without --report."
        )
