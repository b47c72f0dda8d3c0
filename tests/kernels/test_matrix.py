"""Starting values and rows on their way to a file."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.kernels.base import matrix as kernels
from tests import naive

IDS = np.array([0, 3, 4, 2**33, 7], np.int64)
ROWS = np.array([4, 0, 1, 3, 6], np.int64)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 10, 16])
@pytest.mark.parametrize("seed", [0, 5, -1])
def test_init_rows(dim, seed):
    wi = np.full((7, 16), 9, np.float32)
    kernels.init_rows(kernels.KeptRows(wi.reshape(-1), 16, dim, ROWS, IDS), 0, 5, seed)
    ref = naive.init_rows(IDS.tolist(), dim, seed)
    np.testing.assert_allclose(wi[ROWS, :dim], ref, rtol=0, atol=2e-7 / dim)
    assert (wi[:, dim:] == 9).all()
    assert (wi[[2, 5]] == 9).all()


def test_init_rows_in_any_number_of_parts():
    whole, parts = np.zeros((2, 7 * 16), np.float32)
    kernels.init_rows(kernels.KeptRows(whole, 16, 10, ROWS, IDS), 0, 5, 1)
    for first, last in ((2, 5), (0, 1), (1, 1), (1, 2)):
        kernels.init_rows(kernels.KeptRows(parts, 16, 10, ROWS, IDS), first, last, 1)
    assert whole.tobytes() == parts.tobytes()


def test_init_rows_is_uniform():
    ids = np.arange(300, dtype=np.int64)
    wi = np.zeros((300, 16), np.float32)
    kernels.init_rows(kernels.KeptRows(wi.reshape(-1), 16, 10, ids, ids), 0, 300, 0)
    values = wi[:, :10].ravel()
    assert np.abs(values).max() <= np.float32(0.1)
    counts = np.histogram(values, 10, (-0.1, 0.1))[0]
    assert np.abs(counts - 300).max() < 85  # five standard deviations
    assert abs(np.corrcoef(wi[:, 0], wi[:, 1])[0, 1]) < 0.3


@pytest.mark.parametrize(("dim", "base", "n"), [(1, 0, 8), (10, 0, 8), (16, 3, 2), (3, 5, 0)])
def test_copy_rows(rng, dim, base, n):
    wi = rng.normal(size=(7, 16)).astype(np.float32)
    ids = np.array([0, 3, 4, 5, 7], np.int64)
    inside = np.flatnonzero((ids >= base) & (ids < base + n))
    first, last = (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)
    out = np.full(n * dim + 1, 9, np.float32)
    kept = kernels.KeptRows(wi.reshape(-1), 16, dim, ROWS, ids)
    kernels.copy_rows(kept, first, last, base, out, n * dim)
    ref = naive.copy_rows(wi[:, :dim], ROWS, ids, base, n)
    np.testing.assert_array_equal(out[:-1].reshape(n, dim), ref)
    assert out[-1] == 9
