"""How many input rows the lines of a group have in common, pair by pair.

If line i moves each of its rows by g, then the sum of line j's rows moves by g times the pairs of
equal rows, one of i and one of j.  So line j can be scored as if line i had been learned before,
without touching a row (see ``few_labels.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.vector import fill, row_add, row_set
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.batches import MOST_LINES
from fastcli.kernels.linear.lines import Lines

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, i64

PAIRS = MOST_LINES * (MOST_LINES - 1) // 2  # of lines of a group
MOST_SHARED = 2**31 - 128  # the largest float that an int32 holds


class Seen(Group):
    """The rows of the lines of a group so far: a sparse set (Briggs and Torczon 1993).

    Row r is in it if ``slots[r]`` is less than the number of rows and ``rows`` has r there, so
    nothing needs to be cleared for the next group, or set before, but that it is not negative.
    """

    slots: I32  # of every row of the input matrix
    rows: I32  # as many as a group may have
    times: F32  # rows * MOST_LINES: how many times each line has the row; finite before
    found: F32  # MOST_LINES: the pairs of the line at hand with each before


@device
def pair_of(i: i64, j: i64) -> i64:
    """Return the number of a pair of lines of a group, i before j."""
    return j * (j - 1) // 2 + i


@kernel
def count_shared(
    order: I32, n: i64, size: i64, first: i64, last: i64, lines: Lines, seen: Seen, shared: I32
) -> None:
    """Count the shared rows in the groups ``first`` to ``last``.

    Group g is the ``size`` lines from ``order[g * size]`` on, of ``order[:n]``.  Its counts are
    ``shared[g * PAIRS:][:PAIRS]``, by ``pair_of``.
    """
    for group in range(first, last):
        chosen, out = at(order, group * size), at(shared, group * PAIRS)
        n_rows = 0
        for j in range(min(size, n - group * size)):
            fill(seen.found, np.float32(0.0), MOST_LINES)
            base = chosen[j] * lines.shards
            for r in range(lines.segments[base], lines.segments[base + lines.shards]):
                # Branch-free: which rows are new is unpredictable.
                row = lines.rows[r]
                slot = min(seen.slots[row], n_rows)
                is_old = 1 if (slot < n_rows) & (seen.rows[slot] == row) else 0
                slot = slot if is_old == 1 else n_rows
                n_rows += 1 - is_old
                seen.slots[row], seen.rows[slot] = slot, row
                times = at(seen.times, slot * MOST_LINES)
                row_set(times, np.float32(is_old), times, MOST_LINES)
                row_add(seen.found, times, MOST_LINES)
                times[j] += np.float32(1.0)
            for i in range(j):
                out[pair_of(i, j)] = min(int(seen.found[i]), MOST_SHARED)
