"""Many lines in one block of bytes, each with its end: where they begin, and some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.text.gather import gather_lines

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE_END = 10


def line_bounds(data: bytes) -> NDArray[np.int64]:
    """Return where lines begin, and where the last one ends, int64[n + 1].

    >>> line_bounds(b"one\\n\\ntwo\\n").tolist()
    [0, 4, 5, 9]
    """
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == LINE_END)
    return np.concatenate([[0], ends + 1]).astype(np.int64, copy=False)


class Heads:
    """What lines begin with, a few different ones: ``of[i]`` is the number of that of line i."""

    def __init__(self, heads: Sequence[bytes], of: NDArray[np.int64]) -> None:
        self.of = of
        self.text = b"".join(heads)
        self.bounds = np.cumsum([0, *map(len, heads)]).astype(np.int64)


def gathered(
    data: bytes, bounds: NDArray[np.int64], order: NDArray[np.intp], heads: Heads | None = None
) -> bytes:
    """Return some lines of a block in an order, each after its head if there are any.

    ``bounds`` are those of ``line_bounds``.
    """
    if len(order) == 0:
        return b""
    heads = heads or Heads([b""], np.zeros(len(bounds) - 1, np.int64))
    order = order.astype(np.int64, copy=False)
    size = np.diff(bounds)[order].sum() + np.diff(heads.bounds)[heads.of[order]].sum()
    out = np.empty(int(size), np.uint8)
    gather_lines(
        np.frombuffer(heads.text or b" ", np.uint8),
        heads.bounds,
        heads.of,
        np.frombuffer(data, np.uint8),
        bounds,
        order,
        len(order),
        out,
    )
    return out.tobytes()
