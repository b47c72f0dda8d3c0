"""Putting lines together: of texts, or some of many lines, each with one of a few heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.base.integers import byte_at
from fastcli.kernels.base.views import at
from fastcli.kernels.text.tokens import is_eos, is_space

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


@kernel
def join_texts(texts: Strings, n: i64, ends: i64, out: U8) -> i64:
    """Write n texts as lines; return the number of bytes.

    A line end within a text becomes a space.  With ``ends`` 1 what follows a written ``</s>`` is
    left out, since fastText's line ends there.  ``out`` has room for the texts and n line ends.
    """
    size = 0
    for i in range(n):
        end = texts.starts[i + 1]
        is_start = 1
        for k in range(texts.starts[i], end):
            byte = byte_at(texts.arena, k)
            if (
                byte == 60
                and is_start == 1
                and ends == 1
                and k + 4 <= end
                and is_eos(at(texts.arena, k), 4)
                and (k + 4 == end or is_space(byte_at(texts.arena, k + 4)))
            ):
                break
            is_start = 1 if is_space(byte) else 0
            out[size] = 32 if byte == 10 else byte
            size += 1
        out[size] = 10
        size += 1
    return size
