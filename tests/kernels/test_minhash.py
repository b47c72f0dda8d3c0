"""MinHash signatures against plain Python, and how well they tell how alike texts are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.text.minhash import EMPTY, SHINGLE, SIGNATURE, minhash
from tests import naive


def signatures(texts):
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    codes = np.array([ord(c) for text in texts for c in text] + [0], np.int32)
    out = np.zeros(len(texts) * SIGNATURE, np.int32)
    minhash(codes, offsets, len(texts), out)
    return out.reshape(len(texts), SIGNATURE)


def plainly(text):
    """Return the signature of one text."""
    bins = [EMPTY] * SIGNATURE
    for first in range(max(len(text) - SHINGLE, 0) + 1):
        feature = 0
        for character in text[first : first + SHINGLE]:
            feature = (feature * 116049371 + ord(character)) % 2**64
        bits = naive.random_bits(feature, 1)
        bins[bits % SIGNATURE] = min(bins[bits % SIGNATURE], (bits >> 8) & (EMPTY - 1))
    return [
        next(
            bins[(k + step) % SIGNATURE]
            for step in range(SIGNATURE)
            if bins[(k + step) % SIGNATURE] != EMPTY
        )
        for k in range(SIGNATURE)
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_signatures(texts):
    assert signatures(texts).tolist() == [plainly(text) for text in texts]


@pytest.mark.skipif(PYTHON_MODE, reason="slow where nothing is compiled")
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_equal_values_tell_how_alike_texts_are(share, rng):
    """The share of equal values is near the Jaccard similarity of the sets of features."""
    estimates, truths = [], []
    for _ in range(200):
        a = "".join(map(chr, rng.integers(0x4E00, 0x9FFF, 300)))
        b = a[: int(300 * share)] + "".join(map(chr, rng.integers(0x4E00, 0x9FFF, 300)))
        features = [{t[i : i + SHINGLE] for i in range(len(t) - SHINGLE + 1)} for t in (a, b)]
        truths.append(len(features[0] & features[1]) / len(features[0] | features[1]))
        one, two = signatures([a, b])
        estimates.append((one == two).mean())
    assert abs(np.mean(estimates) - np.mean(truths)) < 0.03
