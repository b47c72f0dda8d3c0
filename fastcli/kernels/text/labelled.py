"""Writing the rows of a table with the labels that were predicted for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.kernels.base.groups import Best, Strings, Text
from fastcli.kernels.base.printf import write_bytes, write_general, write_string
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, U8, i64


@kernel
def add_cells(
    text: U8,
    starts: I64,
    ends: I64,
    n: i64,
    best: Best,
    cells: Strings,
    delimiter: Text,
    line_end: Text,
    with_probs: i64,
    out: U8,
) -> i64:
    """Write n rows, row i ``text[starts[i]:ends[i]]``, each with ``best.k`` labels behind it.

    ``cells`` are the labels as they are written; a row with fewer labels gets empty cells.  With
    ``with_probs`` a probability, ``%.6g`` and at most 1, follows each.  A label takes at most its
    cell, two delimiters and 13 bytes.  Returns the number of bytes written.
    """
    size = 0
    for row in range(n):
        start = starts[row]
        size += write_bytes(at(text, start), ends[row] - start, at(out, size))
        for j in range(best.k):
            size += write_bytes(delimiter.data, delimiter.size, at(out, size))
            if j < best.counts[row]:
                size += write_string(cells, best.ids[row * best.k + j], at(out, size))
            if with_probs == 1:
                size += write_bytes(delimiter.data, delimiter.size, at(out, size))
                if j < best.counts[row]:
                    prob = min(float(best.scores[row * best.k + j]), 1.0)
                    size += write_general(prob, 6, at(out, size))
        size += write_bytes(line_end.data, line_end.size, at(out, size))
    return size
