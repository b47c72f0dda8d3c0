"""Putting lines together: some of many, in any order, each with one of a few heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.kernels.base.integers import byte_at

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, U8, i64


@kernel
def gather_lines(
    heads: U8,
    head_bounds: I64,
    head_of: I64,
    text: U8,
    bounds: I64,
    order: I64,
    n: i64,
    out: U8,
) -> None:
    """Write the lines ``order[:n]`` to ``out``, one after another, each after its head.

    Line i is ``text[bounds[i]:bounds[i + 1]]``, with its end; its head is number ``head_of[i]``,
    and head h is ``heads[head_bounds[h]:head_bounds[h + 1]]``.  ``out`` has room for all of them.
    """
    size = 0
    for place in range(n):
        i = order[place]
        for k in range(head_bounds[head_of[i]], head_bounds[head_of[i] + 1]):
            out[size] = byte_at(heads, k)
            size += 1
        for k in range(bounds[i], bounds[i + 1]):
            out[size] = byte_at(text, k)
            size += 1
