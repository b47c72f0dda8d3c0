"""Display of models beside each other: a row for each, and what the differences tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.colours import painted
from fastcli.cli.display.decisions import figure
from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import GAP, Column, Rows, width_of, wrapped
from fastcli.evaluation.compared_models import Against, Standing, p_text
from fastcli.printable import counted, printable

if TYPE_CHECKING:
    from fastcli.api.comparing import Compared
    from fastcli.evaluation.answers import SameLines

BEST = "best"
MOST_SENTENCES = 8  # about models that are worse


def model_lines(
    found: Sequence[Compared], lines: SameLines, result: Standing, data: str
) -> Iterator[str]:
    """Yield the title, a row for each model, and a sentence for each but the best."""
    room = columns()
    where = "standard input" if data == "-" else printable(data)
    title = f"{where}: {counted(lines.n)}, {counted(lines.n_labels, 'label')}"
    if lines.left_out:
        title += f", {lines.left_out:,} left out"
    yield from wrapped(title, room, "", GAP)
    yield ""
    yield from _table(found, lines, result, room)
    yield ""
    for sentence in _sentences(found, lines, result):
        yield from wrapped(sentence, room, "", GAP)


def _table(
    found: Sequence[Compared], lines: SameLines, result: Standing, room: int
) -> Iterator[str]:
    from fastcli.memory import size_text

    meters = [lines.meter(i) for i in range(len(found))]
    numbers = {"accuracy": [figure(one.accuracy) for one in meters]}
    if not lines.is_single:
        numbers["F1"] = [figure(one.f1) for one in meters]
    numbers["macro F1"] = [figure(one.macro_f1) for one in meters]
    name = result.metric.text
    if result.metric.label or result.metric.name == "f1weighted":
        numbers[printable(name)] = [figure(value) for value in result.values]
    if all(one.sums_to_one for one in found):
        numbers["log loss"] = [figure(one.log_loss) for one in meters]
    numbers["size"] = ["-" if one.size is None else size_text(one.size) for one in found]
    layout = [Column(title, max(map(width_of, cells))) for title, cells in numbers.items()]
    most = max(room - Rows(layout).width() - 2 * len(GAP) - len(BEST), 12)
    names = [shortened_path(one.path, most) for one in found]
    layout.insert(0, Column("model", max(map(width_of, names)), is_text=True))
    layout.append(Column("", len(BEST), is_text=True))
    table = Rows(layout, room)
    yield painted(table.header(), "heading")
    for i, cells in enumerate(zip(names, *numbers.values(), strict=True)):
        row = table.row([*cells, BEST if i == result.best else ""])
        yield painted(row, "best") if i == result.best else row


def shortened_path(path: str, most: int) -> str:
    """Return the end of a path, by which people know it, that takes at most so many columns.

    >>> shortened_path("models/of/today/topics.bin", 12)
    '…/topics.bin'
    """
    shown = printable(path)
    if width_of(shown) <= most:
        return shown
    while width_of(shown) > most - 1:
        shown = shown[1:]
    return f"…{shown}"


def _sentences(found: Sequence[Compared], lines: SameLines, result: Standing) -> Iterator[str]:
    """Yield which models are as good as the best as far as the lines can tell, and which not."""
    best = printable(found[result.best].path)
    alike = [one for one in result.others if not one.is_sure]
    if alike:
        names = [printable(found[one.other].path) for one in alike]
        all_names = ", ".join([best, *names[:-1]])
        yield (
            f"{all_names} and {names[-1]} are within what {lines.n:,} lines can tell apart"
            f"{_details(alike[0], result) if len(alike) == 1 else ''}."
        )
    worse = [one for one in result.others if one.is_sure]
    for one in worse[:MOST_SENTENCES]:
        other = printable(found[one.other].path)
        yield f"{best} is better than {other}{_details(one, result)}."
    if (more := len(worse) - MOST_SENTENCES) > 0:
        yield f"{best} is better than {more:,} more, too."
    if len(result.others) > 1 and (worse or len(alike) == 1):  # a p is shown
        yield "Each p holds for all these comparisons together (Holm)."


def _details(one: Against, result: Standing) -> str:
    """Return the figures behind a sentence."""
    if one.interval is None:
        if not one.only_best + one.only_other:
            return ": they are right on the same lines"
        alone = f"{counted(one.only_best)} right that the other gets wrong"
        return f": {alone}, {one.only_other:,} the other way (McNemar {p_text(one.p)})"
    values = result.values[result.best], result.values[one.other]
    by = abs(values[0] - values[1])
    low, high = one.interval.low, one.interval.high
    return (
        f": {printable(result.metric.text)} {values[0]:.3f} and {values[1]:.3f}, {by:.3f} apart "
        f"(95 % {low:.3f} to {high:.3f}, {p_text(one.p)}; {result.samples:,} paired samples)"
    )
