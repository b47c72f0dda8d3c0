"""In which order the epochs visit the lines, and which of them stay together.

Lines that are trained on together stay together in all epochs, since what they share is counted
once.  Groups, or single lines, are visited in a random order, redrawn for every epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.threads import bounds
from fastcli.kernels.linear import shared_rows as kernels
from fastcli.kernels.linear.batches import MOST_LINES
from fastcli.kernels.linear.lines import Lines
from fastcli.kernels.linear.order import draw_order
from fastcli.memory import zeros
from fastcli.threads import run_apart, usable_cpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Blocks of neighbours come in a random order, then what is in windows of them.  Of langid75 sorted
# by its 75 languages, P@1 after five epochs is .924 with 256 lines x 32 blocks, .942 with
# 256 x 128, .944 with 64 x 128 and .947 with 64 x 512, where the shuffled file has .950: a
# window must hold many blocks of each label.  64 lines are still some kB to read at a time.
LINES_A_BLOCK, BLOCKS_A_WINDOW = 64, 1024


COUNTING_THREADS = 4  # that count what lines share: each needs a number for every row


class VisitOrder:
    """The lines in the order of an epoch (``lines``), and the groups they come in (``groups``).

    A group is ``size`` lines; what is left over is a smaller one, and always the last.
    """

    def __init__(self, n_lines: int, size: int, seed: int, is_shuffled: bool) -> None:
        self.size, self.seed, self.is_shuffled = size, seed, is_shuffled
        self.groups = np.arange(-(-n_lines // size), dtype=np.int32)
        self.lines = np.arange(n_lines, dtype=np.int32) if size > 1 else self.groups
        if size > 1 and is_shuffled:
            self._draw(self.lines, n_lines, 1, -1)
        self._members = self.lines.copy()

    def start(self, epoch: int) -> None:
        """Set the order to that of an epoch."""
        if not self.is_shuffled:
            return
        whole = len(self.lines) // self.size
        self._draw(self.groups, whole, self.size, epoch)
        if self.size > 1:
            shape, end = (whole, self.size), whole * self.size
            members, lines = (part[:end].reshape(shape) for part in (self._members, self.lines))
            np.take(members, self.groups[:whole], axis=0, out=lines, mode="clip")  # without a copy

    def _draw(self, items: NDArray[np.int32], n: int, size: int, epoch: int) -> None:
        per_block = max(LINES_A_BLOCK // size, 1)
        n_blocks = -(-n // per_block)
        n_windows = -(-n_blocks // BLOCKS_A_WINDOW)
        blocks = np.empty(n_blocks, np.int32)
        draw_order(n, per_block, n_windows, self.seed, epoch, blocks, items)


def shared_rows(lines: Lines, order: VisitOrder, n_rows: int, n_threads: int) -> NDArray[np.int32]:
    """Return how many rows the lines of each group share, see ``count_shared``.

    To be called before the first epoch.
    """
    n_groups, n_lines, size = len(order.groups), len(order.lines), order.size
    shared = np.zeros(max(n_groups, 1) * kernels.PAIRS, np.int32)
    rows = np.diff(lines.segments[:: lines.shards])[order.lines]
    most = int(np.add.reduceat(rows, np.arange(0, n_lines, size)).max(initial=1))
    most = min(most, n_rows)
    threads = max(min(n_threads, usable_cpus(), COUNTING_THREADS, n_groups), 1)

    def count(thread: int) -> None:
        seen = kernels.Seen(
            np.zeros(n_rows, np.int32),
            np.zeros(most + 1, np.int32),
            zeros(MOST_LINES * (most + 1)),
            zeros(MOST_LINES),
        )
        first, last = bounds(n_groups, thread, threads)
        kernels.count_shared(order.lines, n_lines, size, first, last, lines, seen, shared)

    run_apart(threads, count)
    return shared
