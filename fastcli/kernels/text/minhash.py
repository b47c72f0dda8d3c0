"""MinHash signatures, by which near-duplicate texts are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.kernels.base.integers import ngram_hash, random_bits
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, i64

SIGNATURE = 32
SHINGLE = 4
EMPTY = 0x7FFFFFFF


@kernel
def minhash(codes: I32, offsets: I64, n: i64, out: I32) -> None:
    """Set ``out[i * 32:i * 32 + 32]`` to the MinHash signature of text i.

    Its code points are ``codes[offsets[i]:offsets[i + 1]]``, its features all runs of four of
    them (the whole text if it is shorter).  Each feature falls into one of 32 bins, whose value is
    the least hash (Li et al. 2012); an empty bin takes the value of the next that is not.
    """
    for i in range(n):
        bins = at(out, i * SIGNATURE)
        for k in range(SIGNATURE):
            bins[k] = EMPTY
        start, end = offsets[i], offsets[i + 1]
        for first in range(start, max(end - SHINGLE, start) + 1):
            feature = 0
            for j in range(first, min(first + SHINGLE, end)):
                feature = ngram_hash(feature, codes[j])
            bits = random_bits(feature, 1)
            bin_ = bits & (SIGNATURE - 1)
            value = (bits >> 8) & (EMPTY - 1)
            if value < bins[bin_]:
                bins[bin_] = value
        for k in range(SIGNATURE):
            if bins[k] == EMPTY:
                step = 1
                while bins[(k + step) % SIGNATURE] == EMPTY or bins[(k + step) % SIGNATURE] < 0:
                    step += 1
                # Marked, so that it is not taken for a bin of its own further on.
                bins[k] = -1 - bins[(k + step) % SIGNATURE]
        for k in range(SIGNATURE):
            if bins[k] < 0:
                bins[k] = -1 - bins[k]
