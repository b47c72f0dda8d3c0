"""Whether the best label of an example is right, as training counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.losses import SOFTMAX
from fastcli.kernels.mlp import losses as kernels
from tests import naive_mlp
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, U8, i64


@probe
def call_is_right(z: F32, n: i64, labels: I32, n_labels: i64, out: U8) -> None:
    out[0] = kernels_is_right(z, n, labels, n_labels, SOFTMAX)


kernels_is_right = kernels.is_right
SCORES = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 3.0]), min_size=1, max_size=9)


@given(SCORES, st.lists(st.integers(0, 8), max_size=4))
def test_the_first_of_the_largest_scores_decides(scores, labels):
    z, out = np.array(scores, np.float32), np.zeros(1, np.uint8)
    given_labels = np.array([*labels, -1], np.int32)
    call_is_right(z, len(z), given_labels, len(labels), out)
    assert out[0] == naive_mlp.is_right(z, labels)
