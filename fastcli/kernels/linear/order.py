"""The order in which an epoch visits the lines of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, i64


@device
def shuffle(items: I32, n: i64, seed: i64) -> None:
    """Put ``items[:n]`` in a random order that depends on the seed alone.

    Fisher and Yates (1938) as in Durstenfeld (1964), algorithm 235.
    """
    for left in range(n, 1, -1):
        i = (random_bits(seed, left) >> 31) * left >> 32  # left < 2**31: no division
        other = items[i]
        items[i] = items[left - 1]
        items[left - 1] = other


@kernel
def draw_order(
    n_lines: i64, per_block: i64, n_windows: i64, seed: i64, epoch: i64, blocks: I32, order: I32
) -> None:
    """Set ``order[:n_lines]`` to the order in which epoch ``epoch`` visits the lines.

    In two levels, so that a reader of a file on disk can follow: blocks of ``per_block``
    neighbouring lines (fewer in the last) are put in a random order, and then the lines within
    each of ``n_windows`` runs of consecutive blocks.  The order depends on the arguments alone.
    ``blocks`` is scratch, a number for each block.
    """
    n_blocks = (n_lines + per_block - 1) // per_block
    key = random_bits(seed, -1 - epoch)
    for block in range(n_blocks):
        blocks[block] = block
    shuffle(blocks, n_blocks, key)
    end = 0
    for window in range(n_windows):
        first_line = end
        for i in range(n_blocks * window // n_windows, n_blocks * (window + 1) // n_windows):
            start = blocks[i] * per_block
            for line in range(start, min(start + per_block, n_lines)):
                order[end] = line
                end += 1
        shuffle(at(order, first_line), end - first_line, random_bits(key, -1 - window))
