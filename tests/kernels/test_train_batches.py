"""The trainer of batches: the same bytes on any number of threads, and what a plain loop gives."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.linear import batch_lines, few_labels, label_blocks, shared_rows
from fastcli.kernels.linear import train_batches as kernels
from fastcli.kernels.linear.batches import MOST_LINES, Batch, BatchWorker
from tests import naive
from tests.kernels import test_train as single
from tests.kernels.test_train import ALL_LOSSES, EPS, LOSSES, Result

SPLITS = [
    *(
        (loss, shards, 1, copies)
        for loss in (SOFTMAX, OVA, HS, NS)
        for shards in (1, 4)
        for copies in (0, 1)
    ),
    *(
        (loss, shards, blocks, 0)
        for loss in (SOFTMAX, OVA)
        for shards in (1, 4)
        for blocks in (2, 3)
    ),
]
DIVIDED = pytest.mark.parametrize(("loss", "shards", "blocks", "copies"), SPLITS)
THREADS = (2, 3) if PYTHON_MODE else (2, 3, 4, 7)


class Problem(single.Problem):
    """The same lines, trained on several at a time."""

    size = 5

    def check(self, loss, **options):
        """Compare with a plain loop: over single lines, where every thread has all output rows."""
        self.copies = options.get("copies", 0)
        return super().check(loss, **options)

    def naive(self, loss, epochs=1, order=None):
        assert epochs == 1
        assert order is None
        if self.copies:
            return super().naive(loss, own_draws=True)
        lines, labels, tokens = self.lines, self.labels, self.tokens
        wi, wo = self.wi.astype(np.float64), self.wo.astype(np.float64)
        total = naive.train_batches(
            lines,
            labels,
            tokens,
            wi,
            wo,
            loss,
            self.size,
            self.tree,
            self.neg,
            self.odds,
            self.aliases,
            self.seed,
            self.lr0,
            self.total or sum(self.tokens) * epochs,
            self.lr_update_rate,
            None if self.optimizer == "sgd" else naive.Rule(self.optimizer, EPS),
            self.weights,
            self.label_weights,
        )
        return Result(wi, wo, total, 0, 0)

    def shared(self, lines, order, n_rows):
        """Return what the groups share, counted from where nothing was set."""
        rng, n_groups = np.random.default_rng(0), -(-len(order) // self.size)
        most = MOST_LINES * max(map(len, self.lines), default=1) + 1
        seen = shared_rows.Seen(
            rng.integers(0, 2**31, n_rows).astype(np.int32),
            rng.integers(0, n_rows, most).astype(np.int32),
            np.full(most * MOST_LINES, 9.0, np.float32),
            np.full(MOST_LINES, np.nan, np.float32),
        )
        out = np.zeros(max(n_groups, 1) * shared_rows.PAIRS, np.int32)
        shared_rows.count_shared(order, len(order), self.size, 0, n_groups, lines, seen, out)
        return out

    def train(self, loss, n_threads=1, shards=1, blocks=1, copies=0, epochs=1, cuts=(), order=None):
        """Train by the kernel; memory that it has to set itself is NaN before."""
        lines, model, what, schedule, rule, steps = self.arrays(loss, shards, epochs)
        visited = np.array(range(len(self.lines)) if order is None else order, np.int32)
        stride, nlabels = self.stride, self.nlabels
        longest = np.diff(self.tree[2]).max(initial=1) if loss == HS else self.neg + 1
        width = longest if loss in (HS, NS) and not copies else nlabels
        width = nlabels if blocks > 1 else -(-width // 16) * 16

        def nans(*sizes):
            return [np.full(size, np.nan, np.float32) for size in sizes]

        score, step = label_blocks.score_blocks, label_blocks.step_blocks
        if blocks == 1:
            score, step = batch_lines.score_lines, batch_lines.step_lines
        if copies:
            score = step = few_labels.learn_lines
        batch = Batch(
            address_of(score),
            address_of(step),
            self.size,
            n_threads,
            blocks,
            copies,
            width,
            np.zeros(8 * n_threads, np.int64),
            np.zeros(2, np.int64),
            *nans(
                2 * shards * MOST_LINES * stride,
                MOST_LINES * stride,
                MOST_LINES * width,
                blocks * MOST_LINES * stride,
                blocks * 2 * MOST_LINES,
            ),
            self.shared(lines, visited, len(model.wi) // stride),
            np.zeros(8 * MOST_LINES),
        )
        many = MOST_LINES * stride
        workers = [
            BatchWorker(
                thread,
                *nans(MOST_LINES, MOST_LINES, MOST_LINES),
                np.full(MOST_LINES, -1, np.int64),
                np.full(MOST_LINES * width, -1, np.int32),
                np.full(MOST_LINES, -1, np.int64),
                np.zeros(1, np.int64),
                np.zeros(1, np.int64),
                *nans(many, many, many, stride, nlabels * stride, width, 6 * stride),
                np.full(6, -1, np.int64),
                np.zeros(1, np.int64),
            )
            for thread in range(n_threads)
        ]

        def call(thread, some, visit, now):
            first = visit % max(len(visited), 1) // self.size
            groups = np.arange(first, first + -(-len(some) // self.size), dtype=np.int32)
            visits = kernels.Visits(len(some), visit, some, groups)
            kernels.train_batches(visits, lines, model, what, schedule, now, batch, workers[thread])

        self.run(call, n_threads, batch.sync, rule, steps, epochs, cuts, order)
        wi, wo = (w.reshape(-1, stride) for w in (model.wi, model.wo))
        return Result(wi, wo, float(batch.losses[::8].sum()), int(batch.clock.sum()), 0)


@DIVIDED
def test_any_number_of_threads_gives_the_same_bytes(rng, loss, shards, blocks, copies):
    problem = Problem(rng, nlabels=50 if blocks > 1 else 7)
    one = problem.check(loss, shards=shards, blocks=blocks, copies=copies)
    for n_threads in THREADS:
        several = problem.train(loss, n_threads, shards, blocks, copies)
        assert one.same_bytes(several)


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
@DIVIDED
def test_weights_of_lines_and_labels(rng, loss, shards, blocks, copies, optimizer):
    if copies and optimizer != "sgd":
        pytest.skip("only SGD keeps copies")
    problem = Problem(rng, nlabels=50 if blocks > 1 else 7)
    problem.optimizer, problem.lr0 = optimizer, 0.4 if optimizer == "sgd" else 0.02
    problem.weigh(rng)
    one = problem.check(loss, shards=shards, blocks=blocks, copies=copies)
    assert one.same_bytes(problem.train(loss, 3, shards, blocks, copies))


@DIVIDED
def test_weights_of_1_are_none(rng, loss, shards, blocks, copies):
    problem = Problem(rng, nlabels=50 if blocks > 1 else 7)
    plain = problem.train(loss, 1, shards, blocks, copies)
    problem.weights, problem.label_weights = [1] * len(problem.lines), [1] * problem.nlabels
    assert plain.same_bytes(problem.train(loss, 1, shards, blocks, copies))


@LOSSES
@pytest.mark.parametrize("size", [1, 2, 16])
@pytest.mark.parametrize("copies", [0, 1])
def test_any_size(rng, loss, size, copies):
    problem = Problem(rng)
    problem.size = size
    one = problem.check(loss, shards=2, copies=copies)
    assert one.same_bytes(problem.train(loss, 3, shards=2, copies=copies))


@LOSSES
@pytest.mark.parametrize("dim", [1, 16, 17])
@pytest.mark.parametrize("copies", [0, 1])
def test_any_dimension(rng, loss, dim, copies):
    Problem(rng, dim=dim).check(loss, shards=2, copies=copies)


@LOSSES
@pytest.mark.parametrize("copies", [0, 1])
def test_lines_of_one_feature(rng, loss, copies):
    problem = Problem(rng, longest=1)
    one = problem.check(loss, shards=4, copies=copies)
    assert one.same_bytes(problem.train(loss, 3, shards=4, copies=copies))


@LOSSES
@pytest.mark.parametrize("copies", [0, 1])
def test_lines_of_one_feature_many_times(rng, loss, copies):
    problem = Problem(rng, n_rows=1)
    one = problem.check(loss, shards=4, copies=copies)
    assert one.same_bytes(problem.train(loss, n_threads=3, shards=4, copies=copies))


@pytest.mark.parametrize(("blocks", "copies"), [(1, 0), (2, 0), (1, 1)])
def test_a_label_that_a_line_has_twice(rng, blocks, copies):
    problem = Problem(rng, nlabels=40)
    once = problem.train(OVA, blocks=blocks, copies=copies)
    problem.labels = [[label for label in ids for _ in range(2)] for ids in problem.labels]
    assert once.same_bytes(problem.train(OVA, blocks=blocks, copies=copies))


@LOSSES
@pytest.mark.parametrize("copies", [0, 1])
def test_calls_may_be_cut_between_batches(rng, loss, copies):
    problem = Problem(rng)
    problem.size = 4
    whole = problem.train(loss, shards=2, copies=copies)
    for n_threads in (1, 2):
        parts = problem.train(loss, n_threads, shards=2, copies=copies, cuts=(0, 4, 8, 8))
        assert whole.same_bytes(parts)


@LOSSES
@pytest.mark.parametrize("copies", [0, 1])
def test_lines_are_visited_in_the_order_given(rng, loss, copies):
    problem = Problem(rng)
    order = rng.permutation(len(problem.lines)).tolist()
    some = problem.train(loss, 2, shards=2, copies=copies, order=order)
    for part in (problem.lines, problem.labels, problem.tokens):
        part[:] = [part[i] for i in order]
    assert some.same_bytes(problem.check(loss, shards=2, copies=copies))


def test_one_batch_by_hand():
    # Two lines of one float, 1 and 2, and both output rows 0: p = 1/2 for each.  With lr 0.5 the
    # rows of labels 0 and 1 move by 1/4 and -1/4 of the first line, and by -1/4 and 1/4 of the
    # second; one line at a time, the second line would have seen the first one's step.
    problem = Problem(np.random.default_rng(0), dim=1, nlabels=2, n_rows=2, n_lines=2)
    problem.lines, problem.labels, problem.tokens = [[0], [1]], [[0], [1]], [1, 1]
    problem.lr0, problem.lr_update_rate = 0.5, 100
    problem.wi[:, 0], problem.wo[:, 0] = [1, 2], [0, 0]
    comp = problem.check(SOFTMAX)
    assert comp.loss == pytest.approx(2 * np.log(2), rel=1e-6)
    assert comp.wo[:, 0] == pytest.approx([-0.25, 0.25], rel=1e-6)
    assert comp.wi[:, 0] == pytest.approx([1, 2], rel=1e-6)


def test_shared_rows_are_counted_in_pairs(rng):
    problem = Problem(rng, n_lines=7)
    problem.size = 4
    problem.lines = [[0, 1, 1], [1, 2], [], [2, 2, 1, 0], [0] * 300, [0] * 300, [0] * 300]
    lines = problem.arrays(SOFTMAX, 2, 1)[0]
    shared = problem.shared(lines, np.arange(7, dtype=np.int32), len(problem.wi))
    for group in range(2):
        some = problem.lines[group * 4 : group * 4 + 4]
        mine = shared[group * shared_rows.PAIRS :]
        for j, line in enumerate(some):
            for i in range(j):
                pairs = sum(line.count(row) for row in some[i])
                assert mine[shared_rows.pair_of(i, j)] == pairs


def test_no_line_changes_nothing(rng):
    problem = Problem(rng)
    comp = problem.train(SOFTMAX, epochs=0)
    np.testing.assert_array_equal(comp.wi, problem.wi)
    problem.lines, problem.labels, problem.tokens = [], [], []
    assert problem.train(SOFTMAX, n_threads=2).same_bytes(comp)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
@pytest.mark.parametrize(
    ("loss", "shards", "blocks"), [split[:3] for split in SPLITS if not split[3]]
)
def test_update_rules(rng, optimizer, loss, shards, blocks):
    problem = Problem(rng, dim=17, nlabels=40 if blocks > 1 else 7)
    problem.optimizer, problem.lr0 = optimizer, 0.03
    one = problem.check(loss, shards=shards, blocks=blocks)
    assert not np.array_equal(one.wi, problem.wi)
    for n_threads in (2, 3):
        assert one.same_bytes(problem.train(loss, n_threads, shards, blocks))


@pytest.mark.parametrize("loss", ALL_LOSSES.values(), ids=ALL_LOSSES.keys())
@pytest.mark.parametrize("where", ["wi", "wo"])
@pytest.mark.parametrize("copies", [0, 1])
def test_what_is_not_finite_shows_in_the_loss(rng, loss, where, copies):
    problem = Problem(rng)
    getattr(problem, where)[:] = np.nan
    assert np.isnan(problem.train(loss, copies=copies).loss)
