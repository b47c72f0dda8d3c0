"""The input rows that training starts from: random ones, and pretrained vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.args import TrainArgs
from fastcli.kernels.base import matrix as matrix_kernels
from fastcli.kernels.base.threads import bounds
from fastcli.memory import padded, zeros
from fastcli.text.dictionary import Dictionary
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.pretrained import Pretrained


def initial_rows(
    args: TrainArgs,
    ids: NDArray[np.int64],
    memory_rows: NDArray[np.int64],
    n_rows: int,
    dictionary: Dictionary,
    pretrained: Pretrained | None,
    note: Callable[[str], None],
) -> NDArray[np.float32]:
    """Return the input matrix that training starts from: flat, ``n_rows`` of padded dim floats.

    Row ``memory_rows[i]`` is row ``ids[i]`` of the model file, whose number and the seed decide
    its floats, uniform within 1 / dim; pretrained vectors take the place of theirs, of which
    ``note`` hears.  Raises DataError if no word of the text has a pretrained vector.
    """
    stride = padded(args.dim)
    wi = zeros(n_rows * stride)
    kept = matrix_kernels.KeptRows(wi, stride, args.dim, memory_rows, ids)

    def init(thread: int) -> None:
        first, last = bounds(len(ids), thread, args.thread)
        matrix_kernels.init_rows(kept, first, last, args.seed)

    run_apart(args.thread, init)
    if pretrained is not None:
        from fastcli.fasttext.pretrained import epochs_note, set_rows

        for sentence in set_rows(pretrained, dictionary, ids, memory_rows, wi.reshape(-1, stride)):
            note(sentence)
        if said := epochs_note(pretrained, args.epoch, dictionary.ntokens):
            note(said)
    return wi
