"""Bounds on similarities: they hold, and the nearest words do not depend on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.base.groups import Best
from fastcli.kernels.base.vector import block_reaches
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import neighbours as kernels
from tests.kernels.probe import probe

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64


@probe
def call_block_reaches(
    x: F32, i: i64, d: i64, table: F32, offset: i64, least: f32, out: F32
) -> i64:
    return block_reaches(at(x, i), d, at(table, offset), least, out)


SLACK = 1e-6


def project(rows, basis, first, last):
    out = np.full((len(rows), len(basis) + 1), 9, np.float32)
    dim, n = rows.shape[1], len(basis)
    own, to = rows[first:].reshape(-1), out[first:].reshape(-1)
    kernels.project_rows(own, last - first, dim, basis.reshape(-1), n, SLACK, to)
    return out


@given(n=st.integers(1, 9), dim=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_products_of_heads_are_no_less_than_similarities(n, dim, seed):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(12, dim))
    rows[6:] = rows[:6] + random.normal(0, 1e-3, (6, dim))  # next to equal: as near as can be
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    basis = np.linalg.qr(random.normal(size=(dim, dim)))[0][: min(n, dim)].astype(np.float32)
    heads = project(rows, basis, 2, 11)
    assert (heads[[0, 1, 11]] == 9).all()
    heads, rows = heads[2:11].astype(np.float64), rows[2:11].astype(np.float64)
    assert (heads @ heads.T >= rows @ rows.T).all()


def in_blocks(bounds):
    """Return bounds (one of each word) as blocks of 64 words, the last one filled with 99."""
    n = len(bounds)
    padded = np.full(-(-n // 64) * 64, 99, np.float32)
    padded[:n] = bounds
    return padded


NONE = np.zeros(1, np.int32), 0


def find(words, queries, k, coarse, fine, banned=NONE):
    """Return the (similarity, word) of each query; bounds are ones of words, for all queries."""
    n, dim = queries.shape
    ones = np.ones(n, np.float32)
    counts, ids = np.zeros(n, np.int32), np.full(n * k + 1, -9, np.int32)
    similarities = np.full(n * k + 1, -9, np.float32)
    best = Best(k, counts, ids, similarities)
    kernels.keep_nearest(
        kernels.Bound(1, in_blocks(coarse), ones),
        kernels.Bound(1, in_blocks(fine), ones),
        kernels.Vectors(dim, len(words), words.reshape(-1), queries.reshape(-1), *banned),
        0,
        n,
        np.full(64, np.nan, np.float32),
        best,
    )
    kernels.sort_nearest(n, best)
    assert (ids[-1], similarities[-1]) == (-9, -9)
    pairs = list(zip(similarities.tolist(), ids.tolist(), strict=True))
    return [pairs[i * k : i * k + counts[i]] for i in range(n)]


def check(found, words, queries, k, banned):
    """Compare with sorting all; where similarities are equal any of the words may be there."""
    scores = queries.astype(np.float64) @ words.T.astype(np.float64)
    assert len(found) == len(queries)
    for line, row, out in zip(found, scores, banned, strict=True):
        allowed = np.delete(row, sorted({*out.tolist()} - {-1})).tolist()
        assert [score for score, _ in line] == sorted(allowed, reverse=True)[:k]
        assert not {word for _, word in line} & {*out.tolist()}
        assert [score for score, _ in line] == row[[word for _, word in line]].tolist()
        assert len({word for _, word in line}) == len(line)


# Small integers: similarities are exact, and many are equal.
sizes = st.tuples(st.integers(1, 150), st.integers(1, 3), st.integers(1, 18), st.integers(1, 3))


@given(sizes, st.integers(1, 200), st.sampled_from(["far", "equal", "mixed"]), st.integers(0, 999))
def test_keep_nearest_by_any_bounds(shape, k, kind, seed):
    n_words, n_queries, dim, size = shape
    random = np.random.default_rng(seed)
    words = random.integers(-size, size + 1, (n_words, dim)).astype(np.float32)
    queries = random.integers(-size, size + 1, (n_queries, dim)).astype(np.float32)
    best = (queries @ words.T).max(0)
    slack = {"far": 1e6, "equal": 0, "mixed": random.integers(0, 3, n_words)}[kind]
    coarse, fine = best + np.float32(2) * slack, best + slack
    banned = random.integers(-1, n_words, (n_queries, 2)).astype(np.int32)
    found = find(words, queries, k, coarse, fine, (banned.reshape(-1), 2))
    check(found, words, queries, k, banned)


@pytest.mark.parametrize("bound", ["coarse", "fine"])
def test_words_below_a_bound_are_passed_over(bound):
    # By hand: the similarity of word w is w, and the last 64 of 128 words are bounded by 10, which
    # is wrong, so that none of them is looked at once two words above 10 are known.
    words, queries = np.arange(128, dtype=np.float32)[:, None], np.ones((1, 1), np.float32)
    low = np.repeat(np.array([1000, 10], np.float32), 64)
    high = np.full(128, 1000, np.float32)
    pair = (low, high) if bound == "coarse" else (high, low)
    assert find(words, queries, 2, *pair) == [[(63, 63), (62, 62)]]
    assert find(words, queries, 2, high, high) == [[(127, 127), (126, 126)]]


def test_bounds_as_low_as_can_be():
    # Each word is better than those before it, and its bound is its similarity exactly.
    words, queries = np.arange(70, dtype=np.float32)[:, None] / 4, np.ones((1, 1), np.float32)
    found = find(words, queries, 3, words[:, 0], words[:, 0])
    assert found == [[(17.25, 69), (17, 68), (16.75, 67)]]


def test_similarities_below_zero():
    # Two whole blocks, and nothing in them but words that point away from the query.
    words, queries = -np.arange(1, 129, dtype=np.float32)[:, None], np.ones((1, 1), np.float32)
    found = find(words, queries, 70, words[:, 0], words[:, 0])
    check(found, words, queries, 70, np.full((1, 1), -1))


def test_a_product_that_equals_the_least_reaches_it():
    x, out = np.full(1, 2, np.float32), np.zeros(64, np.float32)
    table = np.zeros(64, np.float32)
    for place in (0, 15, 16, 37, 63):
        table[:] = 0
        table[place] = 4
        assert call_block_reaches(x, 0, 1, table, 0, 8.0, out) == 1
        assert out.tolist() == (2 * table).tolist()
        assert call_block_reaches(x, 0, 1, table, 0, 8.5, out) == 0
