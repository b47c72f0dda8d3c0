"""The order of lines: which stay together, and that each epoch has all of them."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.fasttext.visits import LINES_A_BLOCK, VisitOrder, shared_rows
from fastcli.kernels.linear.lines import Lines
from fastcli.kernels.linear.shared_rows import PAIRS, pair_of

SIZES = pytest.mark.parametrize("size", [1, 2, 16])
LENGTHS = pytest.mark.parametrize("n_lines", [1, 15, 16, 17, 500, 5000])


def groups_of(order):
    """Return the lines of every group, by its number."""
    starts = range(0, len(order.lines), order.size)
    return {
        int(group): tuple(order.lines[start : start + order.size].tolist())
        for group, start in zip(order.groups, starts, strict=True)
    }


@SIZES
@LENGTHS
def test_every_epoch_has_all_lines_in_the_same_groups(n_lines, size):
    order = VisitOrder(n_lines, size, 7, is_shuffled=True)
    found, seen = [], set()
    for epoch in range(4):
        order.start(epoch)
        assert sorted(order.lines) == list(range(n_lines))
        found.append(groups_of(order))
        seen.add(order.lines.tobytes())
    assert all(groups == found[0] for groups in found)
    whole = n_lines // size
    assert len(found[0].get(whole, ())) == n_lines % size  # what is left over is the last group
    assert n_lines % size == 0 or order.groups[-1] == whole
    if whole > 10:
        assert len(seen) == 4


@SIZES
def test_without_shuffling_lines_come_as_they_are(size):
    order = VisitOrder(100, size, 7, is_shuffled=False)
    order.start(3)
    np.testing.assert_array_equal(order.lines, np.arange(100))
    np.testing.assert_array_equal(order.groups, np.arange(-(-100 // size)))


@SIZES
def test_the_order_depends_on_the_seed_and_the_epoch_alone(size):
    def lines(seed, epoch):
        order = VisitOrder(1000, size, seed, is_shuffled=True)
        order.start(epoch)
        return order.lines.tolist()

    assert lines(1, 2) == lines(1, 2)
    assert len({str(lines(*given)) for given in ((1, 2), (1, 3), (2, 2))}) == 3


def test_neighbours_are_not_in_one_group():
    """Neighbours in a file often have one label."""
    order = VisitOrder(16 * LINES_A_BLOCK, 16, 0, is_shuffled=True)
    order.start(0)
    together = [len({line // 16 for line in lines}) for lines in groups_of(order).values()]
    assert np.mean(together) > 14


@pytest.mark.parametrize("n_threads", [1, 3, 9])
@pytest.mark.parametrize("n_lines", [1, 100])
def test_what_lines_share_is_counted_for_their_groups(rng, n_lines, n_threads):
    texts = [rng.integers(0, 20, rng.integers(1, 30)).tolist() for _ in range(n_lines)]
    rows = np.array([row for text in texts for row in text], np.int32)
    segments = np.cumsum([0, *map(len, texts)]).astype(np.int64)
    none = np.zeros(n_lines + 1, np.int32)
    order = VisitOrder(n_lines, 16, 5, is_shuffled=True)
    weights = np.zeros(1, np.float32)
    lines = Lines(rows, segments, none, segments, none, 1, 0, weights, weights)
    shared = shared_rows(lines, order, 20, n_threads)
    order.start(1)
    for group, members in groups_of(order).items():
        for j, line in enumerate(members):
            for i in range(j):
                pairs = sum(texts[line].count(row) for row in texts[members[i]])
                assert shared[group * PAIRS + pair_of(i, j)] == pairs
