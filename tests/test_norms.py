"""The codebook of norms: near to the best there is, and exact where it can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.fasttext import norms
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.norms import nearest_levels, norm_levels
from fastcli.fasttext.quantize import quantize_matrix
from tests import naive_quantize

SHAPES = {
    "lognormal": lambda rng, n: rng.lognormal(0, 1, n),
    "uniform": lambda rng, n: rng.random(n),
    "two lumps": lambda rng, n: np.where(rng.random(n) < 0.99, 1 + rng.random(n) / 1e3, 100 + n),
    "long tail": lambda rng, n: 1e-3 + rng.pareto(2, n),
    "many equal": lambda rng, n: np.where(
        rng.random(n) < 0.9, rng.integers(1, 9, n), rng.random(n)
    ),
    "steps": lambda rng, n: rng.permutation(n)[np.minimum(rng.geometric(0.02, n), n - 1)] + 1,
}


def error(levels, values):
    """Return the squared error of the nearest levels."""
    near = levels[nearest_levels(levels, values)].astype(np.float64)
    return ((near - values.astype(np.float64)) ** 2).sum()


@pytest.mark.parametrize("n_levels", [4, 16])
@pytest.mark.parametrize("shape", SHAPES)
def test_levels_are_near_to_the_best(shape, n_levels, rng, monkeypatch):
    monkeypatch.setattr(norms, "CENTROIDS", n_levels)
    values = SHAPES[shape](rng, 400).astype(np.float32)
    levels = norm_levels(values)
    assert len(levels) == n_levels
    assert (np.diff(levels) >= 0).all()
    # They end where no level can do better by itself, which need not be the best there is.
    assert error(levels, values) <= 1.5 * naive_quantize.best_levels_error(values, n_levels) + 1e-9


@pytest.mark.parametrize("shape", ["lognormal", "uniform", "long tail"])
def test_256_levels_have_a_small_part_of_the_error_of_random_starts(shape, rng):
    values = SHAPES[shape](rng, 20000).astype(np.float32)
    start = naive_quantize.train_centroids(rng.permutation(values)[:2000, None], 3)
    ref = error(np.sort(start[:, 0]).astype(np.float32), values)
    assert error(norm_levels(values), values) < ref / 2


def test_many_levels_by_panter_and_dite(rng):
    """Of a uniform density the error is step^2 / 12, of a normal one sqrt(3) pi / 2 / n^2."""
    n = 100_000
    uniform = rng.random(n).astype(np.float32)
    assert abs(error(norm_levels(uniform), uniform) / n * 12 * 256**2 - 1) < 0.03
    half_normal = np.abs(rng.normal(size=n)).astype(np.float32)
    # Half of the line has all of the levels, as if there were twice as many.
    ref = np.sqrt(3) * np.pi / 2 / 512**2
    assert abs(error(norm_levels(half_normal), half_normal) / n / ref - 1) < 0.08


@given(st.lists(st.floats(0, 2.0**99, width=32), min_size=1, max_size=256, unique=True))
def test_up_to_256_norms_are_exact(values):
    values = np.array(values, np.float32)
    levels = norm_levels(values)
    assert levels.shape == (256,)
    np.testing.assert_array_equal(levels[nearest_levels(levels, values)], values)


@given(st.integers(257, 900), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_zero_is_exact_and_levels_rise(n, n_zeros, seed):
    values = np.random.default_rng(seed).lognormal(0, 2, n).astype(np.float32)
    values[:n_zeros] = 0
    levels = norm_levels(values)
    assert (np.diff(levels) >= 0).all()
    assert np.isfinite(levels).all()
    codes = nearest_levels(levels, values)
    np.testing.assert_array_equal(codes, naive_quantize.nearest_levels(levels, values))
    assert not levels[codes[:n_zeros]].any()


def test_of_equally_near_levels_the_first():
    levels = np.array([1, 3, 3, 5] + [5] * 252, np.float32)
    assert nearest_levels(levels, np.array([0, 2, 3, 5], np.float32)).tolist() == [0, 0, 1, 3]
    assert levels[nearest_levels(levels, np.array([9], np.float32))] == [5]


def test_norms_that_are_no_numbers_have_no_say(rng):
    values = rng.random(999).astype(np.float32)
    ref = norm_levels(values)
    with_others = np.append(values, np.array([np.nan, np.inf], np.float32))
    np.testing.assert_array_equal(norm_levels(with_others), ref)
    assert not norm_levels(np.full(3, np.nan, np.float32)).any()


@pytest.mark.parametrize("n_different", [1, 40, 256, 300])
def test_zero_rows_stay_zero(n_different, rng):
    rows = rng.normal(size=(n_different, 5)).astype(np.float32)
    rows = rows[np.arange(600) % n_different]
    rows[rng.permutation(600)[:50]] = 0
    codes = quantize_matrix(DenseMatrix(rows.reshape(-1), 5), 5, True, 1)
    assert (codes.decode().reshape(-1, 5).any(1) == rows.any(1)).all()
    if n_different < 256:
        lengths = np.linalg.norm(rows, axis=1)
        np.testing.assert_allclose(codes.norms[codes.norm_codes], lengths, rtol=1e-6)


@pytest.mark.parametrize("qnorm", [False, True])
@pytest.mark.parametrize("n", [1, 2, 200, 255, 256])
def test_fewer_rows_than_centroids_are_as_good_as_exact(n, qnorm, rng):
    """Rounded numbers decide which of two very near centroids is the nearest."""
    rows = rng.normal(size=(n, 5)).astype(np.float32)
    for dsub in (1, 2, 5):
        codes = quantize_matrix(DenseMatrix(rows.reshape(-1), 5), dsub, qnorm, 1)
        np.testing.assert_allclose(codes.decode().reshape(n, 5), rows, atol=1e-3)


@pytest.mark.parametrize("qnorm", [False, True])
@pytest.mark.parametrize("dsub", [1, 2, 3])
def test_rows_have_the_codes_that_they_have_among_zero_rows(dsub, qnorm, rng):
    rows = rng.normal(size=(900, 4)).astype(np.float32)
    sparse = np.zeros((2000, 4), np.float32)
    places = np.sort(rng.permutation(2000)[:900])
    sparse[places] = rows
    ref = quantize_matrix(DenseMatrix(sparse.reshape(-1), 4), dsub, qnorm, 1)
    comp = quantize_matrix(DenseMatrix(rows.reshape(-1), 4), dsub, qnorm, 1, keep_zero=True)
    np.testing.assert_array_equal(comp.decode(), ref.decode().reshape(-1, 4)[places].reshape(-1))
    zeros = np.delete(np.arange(2000), places)
    assert not ref.decode().reshape(-1, 4)[zeros].any()
