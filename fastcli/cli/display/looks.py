"""Display of --check-gradients and --trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.reports import columns
from fastcli.cli.display.tables import aligned, cut, wrapped
from fastcli.mlp.layer_sizes import layers_counted
from fastcli.printable import listed, printable

if TYPE_CHECKING:
    from fastcli.mlp.gradient_check import GradientCheck
    from fastcli.mlp.trace import LayerTrace, Trace, Update

LONGEST_NAME = 24  # columns of a unit's name


def check_lines(found: GradientCheck) -> Iterator[str]:
    """Yield the report of a comparison, a line for each tensor."""
    room = columns()
    title = (
        f"Gradients on the first {found.n_rows} rows: backpropagation in float32 against central "
        "differences of the loss, which NumPy computes in float64."
    )
    yield from wrapped(title, room)
    rows = [["tensor", "numbers", "checked", "at kinks", "largest relative error", ""]]
    for one in found.tensors:
        sizes = (f"{n:,}" for n in (one.size, one.n_checked, one.n_kinks))
        rows.append([one.name, *sizes, f"{one.worst.error:.1e}", ""])
    yield ""
    yield from aligned(rows, room=room)
    yield ""
    if any(one.n_kinks for one in found.tensors):
        kinks = "Kinks: the loss has a corner there (as relu has at 0), and no derivative."
        yield from wrapped(kinks, room)
    if small := [one for one in found.tensors if one.n_small]:
        n_small, n_checked = sum(one.n_small for one in small), sum(one.n_checked for one in small)
        names = listed([one.name for one in small])
        vanish = f"Gradients vanish: in {names}, {n_small:,} of {n_checked:,} numbers are below "
        vanish += f"{found.smallest:.0e}, too small for differences of this loss to check."
        yield from wrapped(vanish, room)
    if found.is_imprecise:
        sure = "The network is nearly sure of these rows: p - y has few digits in float32."
        yield from wrapped(sure, room)
    if (worst := found.worst).worst.error <= found.tolerance:
        sentence = f"All agree within {found.tolerance:.0e}; the largest error is in {worst.name}."
        yield from wrapped(sentence, room)


def trace_lines(found: Trace) -> Iterator[str]:
    """Yield the report of a row on its way through a network and back."""
    room = columns()
    labels = ", ".join(map(printable, found.labels))
    named = f", {found.learned} {labels}" if labels else ""
    yield from wrapped(f"Row {found.row:,} of {found.n_rows:,}{named}", room)
    for sentence in found.weights:
        yield from wrapped(printable(sentence), room)
    shape = f"Network {'-'.join(map(str, found.widths))}: {layers_counted(len(found.widths))}"
    yield from wrapped(shape, room)
    for layer in found.layers:
        yield ""
        yield from _layer_lines(layer, room)
    yield ""
    yield f"loss {found.loss:.6g}"
    yield ""
    step = f"One step on this row ({found.rule}){'; the gradient has ' * bool(found.changed)}"
    step += f"{' and '.join(found.changed)}{' in it' * bool(found.changed)}."
    if found.besides:
        step += f" Besides, {'; '.join(found.besides)}."
    yield from wrapped(step, room)
    yield ""
    yield from _update_lines(found.updates, room)


def _layer_lines(layer: LayerTrace, room: int) -> Iterator[str]:
    yield from wrapped(layer.title, room)
    rows = [["  unit", *layer.values, ""]]
    for k, unit in enumerate(layer.units):
        rows.append([_name(unit), *(number(float(of[k])) for of in layer.values.values()), ""])
    yield from aligned(rows, room=room)
    if layer.n_left_out:
        largest = list(layer.values)[-1]
        yield f"  ({layer.n_left_out:,} more, whose {largest} is not larger)"


def _update_lines(updates: Sequence[Update], room: int) -> Iterator[str]:
    """Yield one table of all tensors, their names and what is left out on lines of their own."""
    rows = [["", "before", "gradient", "update", ""]]
    for update in updates:
        for k, name in enumerate(update.names):
            before, gradient = float(update.before[k]), float(update.gradient[k])
            moved = float(update.after[k]) - before
            rows.append([_name(name), number(before), number(gradient), number(moved), ""])
    header, *table = aligned(rows, room=room)
    yield header
    for update in updates:
        yield update.title
        yield from table[: len(update.names)]
        table = table[len(update.names) :]
        if update.n_left_out:
            yield f"  ({update.n_left_out:,} more, whose gradient is not larger)"


def _name(name: str) -> str:
    return "  " + cut(printable(name), LONGEST_NAME)


def number(value: float) -> str:
    """Return a number in six figures.

    >>> number(0.25), number(-1 / 3), number(0.0)
    ('0.25', '-0.333333', '0')
    """
    return f"{value + 0.0:.6g}"
