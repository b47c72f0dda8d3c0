"""The trainer: the same bytes on any number of threads, and what a plain loop would give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.jit.build import PYTHON_MODE
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.kernels.base.optimizers import Step
from fastcli.kernels.linear import train as kernels
from fastcli.kernels.linear.lines import Lines, Loss, Model, Rule
from fastcli.kernels.linear.losses import Noise
from fastcli.kernels.linear.schedule import Schedule
from fastcli.kernels.linear.tree import Tree
from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Steps
from fastcli.threads import run_on
from tests import naive

if TYPE_CHECKING:
    pass

N_LINES = 8 if PYTHON_MODE else 40
EPS = 1e-6
ADAM = Hyperparameters(momentum=0.0, beta1=0.9, beta2=0.999, rho=0.9, eps=EPS, centered=False)
ALL_LOSSES = {"softmax": SOFTMAX, "ova": OVA, "hs": HS, "ns": NS}
LOSSES = pytest.mark.parametrize("loss", ALL_LOSSES.values(), ids=ALL_LOSSES.keys())
SPLITS = [(loss, lanes, 1) for loss in ALL_LOSSES.values() for lanes in (1, 2, 4)] + [
    (loss, lanes, blocks) for loss in (SOFTMAX, OVA) for lanes in (1, 4) for blocks in (2, 5)
]


@dataclass
class Result:
    wi: np.ndarray
    wo: np.ndarray
    loss: float
    done: int
    draws: int

    def same_bytes(self, other):
        return (
            self.wi.tobytes() == other.wi.tobytes()
            and self.wo.tobytes() == other.wo.tobytes()
            and (self.loss, self.done, self.draws) == (other.loss, other.done, other.draws)
        )


class Problem:
    """Random lines to train on, and starting values."""

    lr0, lr_update_rate, neg, seed = 0.4, 25, 3, 9
    total = None  # of tokens; what there is unless it is set
    optimizer = "sgd"
    weights = label_weights = None  # of the lines and the labels

    def weigh(self, rng):
        """Give lines and labels weights, some of them 0."""
        self.weights = rng.choice([0, 0.25, 1, 3], len(self.lines)).tolist()
        self.label_weights = rng.choice([0, 0.5, 1, 2], self.nlabels).tolist()

    def __init__(self, rng, dim=10, nlabels=7, n_rows=30, n_lines=N_LINES, longest=12):
        self.nlabels, self.stride = nlabels, -(-dim // 16) * 16
        sizes = rng.integers(1, longest + 1, n_lines)
        self.lines = [rng.integers(0, n_rows, n).tolist() for n in sizes]
        self.labels = [
            rng.choice(nlabels, min(n, nlabels), replace=False).tolist()
            for n in rng.integers(1, 4, n_lines)
        ]
        self.tokens = (sizes + rng.integers(1, 9, n_lines)).tolist()
        self.wi, self.wo = (np.zeros((n, self.stride), np.float32) for n in (n_rows, nlabels))
        self.wi[:, :dim] = rng.normal(0, 0.5, (n_rows, dim))
        self.wo[:, :dim] = rng.normal(0, 0.5, (nlabels, dim))
        counts = sorted(rng.integers(1, 40, nlabels).tolist(), reverse=True)
        self.tree = naive.build_tree(counts)
        self.odds, self.aliases = naive.alias_table(np.sqrt(counts))

    def naive(self, loss, epochs=1, order=None, own_draws=False):
        order = range(len(self.lines)) if order is None else order
        lines, labels, tokens = (
            [part[i] for i in order] * epochs for part in (self.lines, self.labels, self.tokens)
        )
        wi, wo = self.wi.astype(np.float64), self.wo.astype(np.float64)
        total = naive.train_lines(
            lines,
            labels,
            tokens,
            wi,
            wo,
            loss,
            self.tree,
            self.neg,
            self.odds,
            self.aliases,
            self.seed,
            0,
            self.lr0,
            self.total or sum(self.tokens) * epochs,
            self.lr_update_rate,
            None if self.optimizer == "sgd" else naive.Rule(self.optimizer, EPS),
            own_draws,
            None if self.weights is None else [self.weights[i] for i in order] * epochs,
            self.label_weights,
        )
        return Result(wi, wo, total, 0, 0)

    def arrays(self, loss, lanes, epochs):
        """Return what both trainers take: lines, model, loss, schedule, rule and its steps."""
        by_lane, _ = naive.number_rows(self.lines, len(self.wi), lanes)
        segments = np.cumsum([0] + [len(lane) for line in by_lane for lane in line])
        rows = np.array(
            [r for line in by_lane for lane in line for r in lane] + [0] * kernels.ROWS_AHEAD
        )
        label_offsets = np.cumsum([0] + [len(ids) for ids in self.labels])
        labels = np.array([label for ids in self.labels for label in ids])
        lines = Lines(
            rows.astype(np.int32),
            segments.astype(np.int64),
            labels.astype(np.int32),
            label_offsets.astype(np.int64),
            np.array(self.tokens, np.int32),
            lanes,
            int(self.weights is not None),
            *(
                np.array([9] if some is None else some, np.float32)
                for some in (self.weights, self.label_weights)
            ),
        )
        wi, wo = self.wi.copy(), self.wo.copy()
        model = Model(wi.reshape(-1), wo.reshape(-1), self.nlabels, self.stride)
        noise = Noise(self.neg, self.odds, self.aliases)
        what = Loss(loss, Tree(*self.tree), noise, self.seed)
        total = self.total or sum(self.tokens) * epochs
        schedule = Schedule(self.lr0, total, self.lr_update_rate)
        optimizer = OPTIMIZERS[self.optimizer]
        address = 0 if self.optimizer == "sgd" else address_of(optimizer.rule)
        states = [np.zeros(optimizer.slots * w.size + 1, np.float32) for w in (wi, wo)]
        counts = np.zeros(len(wi), np.int32)
        rule = Rule(address, optimizer.slots, Step.table(1), *states, counts)
        return lines, model, what, schedule, rule, Steps(ADAM)

    def run(self, call, n_threads, sync, rule, steps, epochs, cuts, order):
        """Call ``call(thread, order, visit, rule)`` on threads, for all lines in every epoch.

        Each epoch is cut into calls before the lines in ``cuts``.
        """
        n_lines = len(self.lines)
        visited = np.arange(n_lines) if order is None else np.array(order)
        for epoch in range(epochs):
            for first, last in pairwise([0, *cuts, n_lines]):
                sync[:] = 0
                taken = steps.next(np.zeros(last - first)) if last > first else Step.table(1)
                some, now = visited[first:last].astype(np.int32), rule._replace(steps=taken)

                def work(thread, some=some, visit=epoch * n_lines + first, now=now):
                    call(thread, some, visit, now)

                run_on(n_threads, work)
        assert not rule.counts.any()

    def train(self, loss, n_threads=1, lanes=1, blocks=1, epochs=1, cuts=(), order=None):
        """Train by the kernel; each epoch is cut into calls before the lines in ``cuts``."""
        lines, model, what, schedule, rule, steps = self.arrays(loss, lanes, epochs)
        team = kernels.Team(
            n_threads,
            blocks,
            np.zeros(8 * n_threads, np.int64),
            np.zeros(2, np.int64),
            np.zeros(1, np.int64),
            *(
                np.full(n, np.nan, np.float32)
                for n in (
                    lanes * self.stride,
                    self.nlabels + 15,
                    16 * blocks,
                    blocks * self.stride,
                )
            ),
            np.zeros(8 * blocks),
        )
        private = np.full((n_threads, 3, self.stride), np.nan, np.float32)

        def call(thread, some, visit, now):
            worker = kernels.Worker(thread, *private[thread])
            kernels.train_lines(
                some, len(some), visit, lines, model, what, schedule, now, team, worker
            )

        self.run(call, n_threads, team.sync, rule, steps, epochs, cuts, order)
        wi, wo = (w.reshape(-1, self.stride) for w in (model.wi, model.wo))
        return Result(
            wi, wo, float(team.losses[::8].sum()), int(team.clock.sum()), int(team.draws[0])
        )

    def check(self, loss, **options):
        """Compare the kernel with the plain loop; return what the kernel gave."""
        ref = self.naive(loss, options.get("epochs", 1), options.get("order"))
        comp = self.train(loss, **options)
        np.testing.assert_allclose(comp.wi, ref.wi, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(comp.wo, ref.wo, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(comp.loss, ref.loss, rtol=1e-4)
        assert comp.done == sum(self.tokens) * options.get("epochs", 1)
        return comp


@pytest.mark.parametrize(("loss", "lanes", "blocks"), SPLITS)
def test_any_number_of_threads_gives_the_same_bytes(rng, loss, lanes, blocks):
    problem = Problem(rng)
    one = problem.check(loss, lanes=lanes, blocks=blocks, epochs=2)
    for n_threads in (2, 3):
        several = problem.train(loss, n_threads, lanes=lanes, blocks=blocks, epochs=2)
        assert one.same_bytes(several)


@LOSSES
@pytest.mark.parametrize("dim", [1, 16, 17])
def test_any_dimension(rng, loss, dim):
    Problem(rng, dim=dim).check(loss, lanes=2)


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
@pytest.mark.parametrize(("loss", "lanes", "blocks"), SPLITS)
def test_weights_of_lines_and_labels(rng, loss, lanes, blocks, optimizer):
    problem = Problem(rng)
    problem.optimizer, problem.lr0 = optimizer, 0.4 if optimizer == "sgd" else 0.02
    problem.weigh(rng)
    one = problem.check(loss, lanes=lanes, blocks=blocks, epochs=2)
    assert one.same_bytes(problem.train(loss, 2, lanes=lanes, blocks=blocks, epochs=2))


@LOSSES
def test_weights_of_1_are_none(rng, loss):
    problem = Problem(rng)
    plain = problem.train(loss)
    problem.weights, problem.label_weights = [1] * len(problem.lines), [1] * problem.nlabels
    assert plain.same_bytes(problem.train(loss))


@LOSSES
def test_a_line_of_weight_2_steps_twice_as_far(rng, loss):
    problem = Problem(rng, n_lines=1, n_rows=50)
    once = problem.train(loss)
    problem.weights, problem.label_weights = [2], [1] * problem.nlabels
    twice = problem.train(loss)
    problem.weights, problem.lr0 = [1], 2 * problem.lr0
    faster = problem.train(loss)
    np.testing.assert_allclose(twice.wo, faster.wo, rtol=1e-6)
    np.testing.assert_allclose(twice.wi, faster.wi, rtol=1e-6)
    if loss != NS:  # of which a row may be drawn twice, and step from where it is then
        np.testing.assert_allclose(twice.wo - problem.wo, 2 * (once.wo - problem.wo), atol=1e-6)
        np.testing.assert_allclose(twice.wi - problem.wi, 2 * (once.wi - problem.wi), atol=1e-6)
        assert twice.loss == pytest.approx(2 * once.loss, rel=1e-6)


@LOSSES
def test_lines_of_one_feature(rng, loss):
    Problem(rng, longest=1).check(loss, lanes=4)


@LOSSES
def test_lines_of_one_feature_many_times(rng, loss):
    problem = Problem(rng, n_rows=1)
    one = problem.check(loss, lanes=4)
    assert one.same_bytes(problem.train(loss, n_threads=3, lanes=4))


@LOSSES
def test_two_labels(rng, loss):
    Problem(rng, nlabels=2).check(loss)


@pytest.mark.parametrize("loss", [SOFTMAX, OVA, HS])
def test_one_label(rng, loss):
    Problem(rng, nlabels=1).check(loss)


@LOSSES
def test_calls_may_be_cut_anywhere(rng, loss):
    problem = Problem(rng)
    whole = problem.train(loss, lanes=2, epochs=2)
    for n_threads in (1, 2):
        cut = problem.train(loss, n_threads, lanes=2, epochs=2, cuts=(0, 1, 5, 5))
        assert whole.same_bytes(cut)


@LOSSES
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_lines_are_visited_in_the_order_given(rng, loss, optimizer):
    problem = Problem(rng)
    problem.optimizer, problem.lr0 = optimizer, 0.1
    order = rng.permutation(N_LINES).tolist()
    one = problem.check(loss, lanes=2, epochs=2, order=order)
    for n_threads in (2, 3):
        several = problem.train(loss, n_threads, lanes=2, epochs=2, order=order, cuts=(1, 6))
        assert one.same_bytes(several)
    in_turn = problem.train(loss, lanes=2, epochs=2)
    assert not one.same_bytes(in_turn)
    for part in (problem.lines, problem.labels, problem.tokens):
        part[:] = [part[i] for i in order]
    assert one.same_bytes(problem.train(loss, lanes=2, epochs=2))


@LOSSES
def test_twice_gives_the_same_bytes_and_another_seed_others(rng, loss):
    problem = Problem(rng)
    first = problem.train(loss)
    assert first.same_bytes(problem.train(loss))
    problem.seed += 1
    other = problem.train(loss)
    if loss == OVA:  # all labels of a line are used: nothing is drawn
        assert first.same_bytes(other)
    else:
        assert not first.same_bytes(other)


@LOSSES
def test_learning(rng, loss):
    problem = Problem(rng, n_rows=100)
    problem.labels = [[line[0] % 7] for line in problem.lines]
    problem.lr0 = 1.0
    start = problem.train(loss).loss
    trained = problem.train(loss, epochs=10)
    problem.wi, problem.wo = trained.wi, trained.wo
    assert problem.train(loss).loss < 0.8 * start


def test_one_line_by_hand():
    # Rows 1 and -1 and 3 of one float: hidden = 1. Output rows ln 3 and 0, target 1:
    # p = 3/4, 1/4, so the loss is ln 4 and with lr 0.4 the output rows move by -0.3 and 0.3.
    # The gradient is 0.4 * -3/4 ln 3; each of the three rows gets a third of it.
    problem = Problem(np.random.default_rng(0), dim=1, nlabels=2, n_rows=3, n_lines=1)
    problem.lines, problem.labels, problem.tokens = [[0, 1, 2]], [[1]], [3]
    problem.wi[:, 0], problem.wo[:, 0] = [1, -1, 3], [np.log(3), 0]
    comp = problem.check(SOFTMAX, lanes=2)
    assert comp.loss == pytest.approx(np.log(4), rel=1e-6)
    assert comp.wo[:, 0] == pytest.approx([np.log(3) - 0.3, 0.3], rel=1e-6)
    step = -0.1 * np.log(3)
    assert comp.wi[:, 0] == pytest.approx([1 + step, -1 + step, 3 + step], rel=1e-6)


def test_no_line_changes_nothing(rng):
    problem = Problem(rng)
    comp = problem.train(SOFTMAX, epochs=0)
    np.testing.assert_array_equal(comp.wi, problem.wi)
    problem.lines, problem.labels, problem.tokens = [], [], []
    assert problem.train(SOFTMAX, n_threads=2).same_bytes(comp)


def test_learning_rate_is_never_below_zero(rng):
    # More tokens are seen than were announced, and lr is set anew after every line: it is 0 from
    # the second line on, so only the first line moves anything.
    problem = Problem(rng)
    problem.lr_update_rate, problem.total = 0, problem.tokens[0] - 1
    comp = problem.train(SOFTMAX)
    ref = problem.naive(SOFTMAX)
    np.testing.assert_allclose(comp.wi, ref.wi, rtol=1e-5, atol=1e-5)
    for part in (problem.lines, problem.labels, problem.tokens):
        del part[1:]
    first = problem.train(SOFTMAX)
    np.testing.assert_array_equal(comp.wi, first.wi)
    np.testing.assert_array_equal(comp.wo, first.wo)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
@pytest.mark.parametrize(("loss", "lanes", "blocks"), SPLITS)
def test_update_rules(rng, optimizer, loss, lanes, blocks):
    problem = Problem(rng, dim=17)
    problem.optimizer, problem.lr0 = optimizer, 0.03
    one = problem.check(loss, lanes=lanes, blocks=blocks, epochs=2)
    assert not np.array_equal(one.wi, problem.wi)
    for n_threads in (2, 3):
        several = problem.train(loss, n_threads, lanes=lanes, blocks=blocks, epochs=2, cuts=(3,))
        assert one.same_bytes(several)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
def test_a_row_that_a_line_has_twice_moves_once(optimizer):
    # The first step of both rules is lr times the sign of the gradient, however large that is.
    problem = Problem(np.random.default_rng(0), dim=1, nlabels=2, n_rows=2, n_lines=1)
    problem.optimizer, problem.lr0, problem.lr_update_rate = optimizer, 0.25, 100
    problem.lines, problem.labels, problem.tokens = [[0, 0, 0]], [[1]], [3]
    problem.wi[:, 0], problem.wo[:, 0] = [1, 9], [3, 0]
    comp = problem.check(SOFTMAX)
    assert comp.wi[:, 0] == pytest.approx([0.75, 9], rel=1e-4)
    assert comp.wo[:, 0] == pytest.approx([2.75, 0.25], rel=1e-4)
