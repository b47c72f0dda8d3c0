"""The tokens of training text, kept so that its lines can be made again with changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.text.corpus import joined_offsets
from fastcli.text.counting import Counted
from fastcli.text.dictionary import Dictionary
from fastcli.text.line_features import FeatureArgs, FeatureMaker

if TYPE_CHECKING:
    from numpy.typing import NDArray

Change = Callable[[int, "NDArray[np.int32]", "NDArray[np.bool_]"], "NDArray[np.int32]"]
"""Takes the number of a span of text, its stream of tokens, and which of them are words; returns
the new stream, in which negative numbers end lines."""


class TokenStreams:
    """Copies of the streams of counted tokens; to be made before a corpus empties the counters."""

    def __init__(
        self, counted: Counted, dictionary: Dictionary, ids: NDArray[np.int32], args: FeatureArgs
    ) -> None:
        self._streams = [counter.stream.copy() for counter in counted.counters]
        self._counted = replace(counted, counters=list(counted.counters))
        self._dictionary, self._ids, self._args = dictionary, ids, args

    def changed_rows(
        self, change: Change, bucket_rows: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the rows of all lines, and their offsets, after a change of their tokens.

        n-grams whose bucket has no row in ``bucket_rows`` are left out.
        """
        args = replace(self._args, bucket_rows=bucket_rows if self._args.bucket else None)
        maker = FeatureMaker(self._counted, self._dictionary, self._ids, args)
        rows, ends = [], []
        for i, stream in enumerate(self._streams):
            made = maker.features(i, change(i, stream, maker.is_word(i, stream)))
            rows.append(made.features[: made.n_features])
            ends.append(made.offsets[: made.n_lines + 1])
        return np.concatenate([*rows, np.zeros(64, np.int32)]), joined_offsets(ends)
