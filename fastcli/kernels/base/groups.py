"""Arrays that belong together, and that kernels of several packages take as one parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.group import Group

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, U8, i64


class Text(Group):
    """Bytes of a text, of a file in memory, or of one string."""

    data: U8  # [size or more]
    size: i64


class Strings(Group):
    """Byte strings back to back: string i is ``arena[starts[i]:starts[i + 1]]``."""

    starts: I64  # [n + 1]
    arena: U8  # [starts[n] or more]


class Best(Group):
    """The k best labels (or words) of each of n lines (or queries), and how good they are.

    Those of line i are at ``i * k``, ``counts[i]`` of them.
    """

    k: i64
    counts: I32  # [n]
    ids: I32  # [n * k]
    scores: F32  # [n * k]: probabilities, or similarities
