"""The nearest of many words: bounds that hold, and the same answers as sorting all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.fasttext.neighbours import in_blocks
from fastcli.kernels.base import printf
from fastcli.kernels.base.groups import Best, Strings
from fastcli.kernels.base.vector import block_reaches
from fastcli.kernels.base.views import at
from fastcli.kernels.linear import neighbours as kernels
from tests import naive
from tests.kernels.probe import probe
from tests.kernels.tables import array, as_text

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, f32, i64

SLACK = 1e-6


@probe
def call_block_reaches(
    x: F32, i: i64, d: i64, table: F32, offset: i64, least: f32, out: F32
) -> i64:
    return block_reaches(at(x, i), d, at(table, offset), least, out)


@pytest.mark.parametrize("d", [1, 3, 17])
def test_block_reaches(d, rng):
    x = rng.normal(size=d + 1).astype(np.float32)
    table = rng.normal(size=(d, 64)).astype(np.float32)
    flat = np.concatenate([np.full(5, np.nan, np.float32), table.reshape(-1)])
    ref = x[1:] @ table
    for least, reached in ((ref.max() - 1e-3, 1), (ref.max() + 1e-3, 0), (-1e30, 1)):
        out = np.full(64, 9, np.float32)
        assert call_block_reaches(x, 1, d, flat, 5, least, out) == reached
        np.testing.assert_allclose(out, ref if reached else np.full(64, 9), rtol=1e-4, atol=1e-5)


def basis_of(dim, n, rng):
    """Return n directions at right angles."""
    return np.linalg.qr(rng.normal(size=(dim, dim)))[0][:n].astype(np.float32)


def project(rows, basis):
    out = np.full((len(rows), len(basis) + 1), np.nan, np.float32)
    dim = rows.shape[1]
    kernels.project_rows(
        rows.reshape(-1), len(rows), dim, basis.reshape(-1), len(basis), SLACK, out.reshape(-1)
    )
    return out


@pytest.mark.parametrize(("dim", "n"), [(1, 1), (5, 2), (20, 7), (20, 20)])
def test_project_rows(dim, n, rng):
    rows, basis = rng.normal(size=(6, dim)).astype(np.float32), basis_of(dim, n, rng)
    comp = project(rows, basis)
    heads = rows.astype(float) @ basis.T.astype(float)
    np.testing.assert_allclose(comp[:, :-1], heads, rtol=1e-4, atol=1e-5)
    rest = np.maximum((rows.astype(float) ** 2).sum(1) - (heads**2).sum(1), 0)
    # Squares: the root of almost nothing is far larger than the rounding of its square.
    np.testing.assert_allclose(comp[:, -1] ** 2, rest + SLACK, rtol=2e-3, atol=1e-5)


def find(queries, words, k, n_coarse, n_fine, rng, first=0, last=None):
    n, dim = queries.shape
    coarse, fine = basis_of(dim, n_coarse, rng), basis_of(dim, n_fine, rng)
    counts = np.zeros(n, np.int32)
    ids, similarities = np.full((n, k), -1, np.int32), np.full((n, k), np.nan, np.float32)
    bounds = [
        kernels.Bound(
            len(basis) + 1, in_blocks(project(words, basis)), project(queries, basis).reshape(-1)
        )
        for basis in (coarse, fine)
    ]
    best = Best(k, counts, ids.reshape(-1), similarities.reshape(-1))
    kernels.keep_nearest(
        *bounds,
        kernels.Vectors(
            dim, len(words), words.reshape(-1), queries.reshape(-1), np.zeros(1, np.int32), 0
        ),
        first,
        n if last is None else last,
        np.full(64, np.nan, np.float32),
        best,
    )
    kernels.sort_nearest(n, best)
    return counts, ids, similarities


@pytest.mark.parametrize(("dim", "n_coarse", "n_fine"), [(8, 2, 5), (30, 3, 11), (4, 1, 4)])
@pytest.mark.parametrize(("n_words", "k"), [(1, 1), (63, 5), (64, 64), (200, 7), (129, 1)])
def test_keep_nearest(n_words, k, dim, n_coarse, n_fine, rng):
    words, queries = (rng.normal(size=(n, dim)) for n in (n_words, 9))
    words, queries = (
        (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32) for x in (words, queries)
    )
    queries[4] = words[n_words // 2]
    counts, ids, similarities = find(queries, words, k, n_coarse, n_fine, rng)
    assert (counts == k).all()
    np.testing.assert_allclose(similarities, naive.nearest(queries, words, k), atol=1e-5)
    for row, found, query in zip(ids, similarities, queries, strict=True):
        assert len(set(row.tolist())) == k
        np.testing.assert_allclose(words[row] @ query, found, atol=1e-5)


def test_fewer_words_than_asked_for(rng):
    words, queries = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    words, queries = words.astype(np.float32), queries.astype(np.float32)
    counts, ids, _ = find(queries, words, 5, 1, 2, rng)
    assert counts.tolist() == [3, 3]
    assert sorted(ids[0, :3].tolist()) == [0, 1, 2]


def test_a_share_of_the_queries(rng):
    words, queries = (rng.normal(size=(n, 4)).astype(np.float32) for n in (70, 150))
    counts, _, _ = find(queries, words, 2, 1, 2, rng, first=10, last=140)
    assert (counts[10:140] == 2).all()
    assert not counts[:10].any()
    assert not counts[140:].any()


def test_format_neighbours():
    starts, arena = np.array([0, 1, 3, 6], np.int64), array("aßcat".encode())
    starts = np.array([0, 1, 3, 6], np.int64)
    counts = np.array([2, 0, 1], np.int32)
    ids = np.array([2, 0, 9, 9, 1, 9], np.int32)
    similarities = np.array([1, 0.98765432, 9, 9, -1.5e-5, 9], np.float32)
    out = np.zeros(200, np.uint8)
    prompt = b"word? "
    best = Best(2, counts, ids, similarities)
    size = printf.format_neighbours(best, 3, Strings(starts, arena), as_text(prompt), out)
    ref = "cat 1\na 0.987654\nword? word? ß -1.5e-05\nword? "
    assert out[:size].tobytes().decode() == ref
