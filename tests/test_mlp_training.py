"""What happens while a perceptron is trained: penalties, noise, stopping, troubles."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fastcli.errors import TrainingDiverged
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.meter import Meter
from fastcli.kernels.base.losses import SOFTMAX
from fastcli.mlp import trainer as training
from fastcli.mlp.activations import ACTIVATIONS
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.diagnostics import troubles
from fastcli.mlp.examples import of_dense, of_rows
from fastcli.mlp.network import Network, stride
from fastcli.mlp.texts import augment
from fastcli.mlp.trainer import Trainer

N, N_IN, N_LABELS = 40, 6, 3


def arguments(**given):
    defaults = {"hidden": "8", "batch_size": 10, "epoch": 2, "lr": 0.05, "thread": 1}
    args = MlpArgs(input=("x",), output="y", **{**defaults, **given}).resolved()
    args.check()
    return args


def on_numbers(seed=0, **given):
    """Return a trainer on random numbers whose labels can be learned from them."""
    args = arguments(**given)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, N_IN)).astype(np.float32)
    labels = x[:, :N_LABELS].argmax(axis=1).astype(np.int32)
    examples = of_dense(x, stride(N_IN), labels, np.arange(N + 1))
    network = Network(args, N_IN, N_LABELS, False, SOFTMAX, N + 1, args.thread)
    network.start(args.seed)
    valid = examples if args.valid else None
    return Trainer(args, network, examples, valid, np.zeros(1, np.float32), 0)


def on_rows(lines, **given):
    """Return a trainer on lines of embedding rows, in that order, and its embedding by rows."""
    args = arguments(dim=10, **given)
    flat = np.array([row for line in lines for row in line], np.int32)
    offsets = np.cumsum([0, *map(len, lines)])
    labels = np.arange(len(lines), dtype=np.int32) % N_LABELS
    examples = of_rows(flat, offsets, labels, np.arange(len(lines) + 1))
    network = Network(args, 10, N_LABELS, True, SOFTMAX, len(lines) + 1, 1)
    network.start(0)
    record, n_rows = network.row_floats, int(flat.max()) + 1
    embedding = np.zeros((n_rows, record), np.float32)
    embedding[:, :10] = np.random.default_rng(5).normal(size=(n_rows, 10))
    valid = examples if args.valid else None
    trainer = Trainer(args, network, examples, valid, embedding.reshape(-1), n_rows)
    trainer._order = lambda epoch: np.arange(len(lines))
    return trainer, embedding


def trained(trainer):
    """Take all steps; return the evaluations."""
    return [found for found in trainer.run(lambda _: None) if isinstance(found, Evaluation)]


@pytest.mark.parametrize(
    "given", [{}, {"eval_every": "7steps"}, {"save_every": 5}, {"batch_size": 7}]
)
def test_steps_are_the_same_in_groups_of_any_size(given, monkeypatch):
    found = []
    for time in (0, 1e3, 1e12):  # one step; some; many epochs at once
        monkeypatch.setattr(training, "GROUP_NS", time)
        trainer, saved, began = on_numbers(epoch=30, **given), [], []
        steps = trainer._steps
        trainer._steps = lambda *a, s=steps, b=began: (b.append(a[1:3]), s(*a))[1]
        seen = [
            (e.step, e.epoch, e.lr, e.loss)
            for e in trainer.run(lambda t, saved=saved: saved.append(t.progress.step))
            if isinstance(e, Evaluation)
        ]
        assert [step for step, *_ in seen[:-1]] == [
            step
            for step in range(1, trainer.total_steps)
            if step % (7 if "eval_every" in given else trainer.steps_per_epoch) == 0
        ]
        assert all(epoch == -(-step // trainer.steps_per_epoch) for step, epoch, *_ in seen)
        assert saved == list(range(5, trainer.total_steps + 1, 5)) * ("save_every" in given)
        assert [last for _, last in began[:-1]] == [first for first, _ in began[1:]]
        assert began[-1][1] == trainer.total_steps
        found.append((len(began), trainer.network.params.tobytes(), seen))
    assert found[0][0] == trainer.total_steps
    assert found[2][0] < found[0][0]
    assert found[0][1] == found[1][1] == found[2][1]
    for other in (found[1], found[2]):
        np.testing.assert_allclose(other[2], found[0][2], rtol=1e-12)


def moved(**given):
    """Return the weights of both layers after training, and where they started."""
    trainer = on_numbers(**given)
    start = trainer.network.params.copy()
    trained(trainer)
    return trainer.network.params, start


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("batch_size", [3, 9, 20, 0])
def test_numbers_are_the_same_on_any_number_of_threads(norm, batch_size, monkeypatch):
    given = {"norm": norm, "norm_position": "after", "batch_size": batch_size, "hidden": "40,20"}
    one = on_numbers(**given)
    trained(one)
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    for threads in (2, 3, 5):
        several = on_numbers(thread=threads, **given)
        trained(several)
        assert several.n_threads == threads
        assert several.network.params.tobytes() == one.network.params.tobytes()
        assert several.network.running.tobytes() == one.network.running.tobytes()


# ------------------------------------------------------------------- penalties


@pytest.mark.parametrize("decay", [0.01, 0.3])
def test_decoupled_decay_is_l2_under_sgd(decay):
    l2, start = moved(optimizer="sgd", l2=decay)
    decoupled, _ = moved(optimizer="sgd", weight_decay=decay)
    without, _ = moved(optimizer="sgd")
    np.testing.assert_allclose(decoupled, l2, rtol=1e-4, atol=1e-6)
    assert np.abs(l2 - without).max() > 1e-3 * np.abs(start).max()


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad"])
def test_decoupled_decay_is_not_l2_where_steps_are_scaled(optimizer):
    l2, _ = moved(optimizer=optimizer, l2=0.3)
    decoupled, _ = moved(optimizer=optimizer, weight_decay=0.3)
    assert np.abs(decoupled - l2).max() > 0.01


def test_sgd_with_momentum_is_momentum():
    by_name, _ = moved(optimizer="momentum", momentum=0.8)
    by_option, _ = moved(optimizer="sgd", momentum=0.8)
    plain, _ = moved(optimizer="sgd")
    without, _ = moved(optimizer="sgd", momentum=0.0)
    assert by_option.tobytes() == by_name.tobytes() != plain.tobytes()
    assert without.tobytes() == plain.tobytes()


def test_adamw_is_adam_with_decoupled_decay():
    adamw, _ = moved(optimizer="adamw", weight_decay=0.1)
    adam, _ = moved(optimizer="adam", weight_decay=0.1)
    assert adamw.tobytes() == adam.tobytes()


def test_decay_alone_by_hand():
    # No gradient moves anything: all examples are zero and so are the weights into them.
    trainer = on_numbers(optimizer="sgd", hidden="none", weight_decay=0.5, lr=0.1, batch_size=0)
    trainer.examples.dense[:] = 0
    start = trainer.network.weights(0).copy()
    trained(trainer)
    np.testing.assert_allclose(trainer.network.weights(0), start * 0.95**2, rtol=1e-6)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "adagrad"])
def test_decay_of_embedding_rows_by_hand(optimizer):
    # The first step does not depend on the decay, which takes its share of the old values.
    lines, lr, decay = [[0, 1, 1], [2, 20, 3]], 0.05, 0.4
    given = {"optimizer": optimizer, "lr": lr, "batch_size": 2, "epoch": 1}
    without, plain = on_rows(lines, weight_decay=0.0, **given)
    start = plain[:, :10].copy()
    trained(without)
    with_decay, decayed = on_rows(lines, weight_decay=decay, **given)
    trained(with_decay)
    used = [0, 1, 2, 3, 20]
    shrunk = (plain - decayed)[:, :10]
    np.testing.assert_allclose(shrunk[used], lr * decay * start[used], rtol=1e-3, atol=1e-6)
    others = np.setdiff1d(np.arange(len(plain)), used)
    np.testing.assert_array_equal(decayed[others, :10], start[others])


@pytest.mark.parametrize(("l1", "l2"), [(0.3, 0.0), (0.0, 0.3), (0.2, 0.1)])
def test_penalties_on_embedding_rows_by_hand(l1, l2):
    """SGD adds them to the gradient: l1 sign(w) + l2 w, of rows that are used."""
    lines, lr = [[0, 1, 1], [2, 20, 3]], 0.05
    given = {"optimizer": "sgd", "lr": lr, "batch_size": 2, "epoch": 1}
    without, plain = on_rows(lines, **given)
    start = plain[:, :10].copy()
    trained(without)
    penalized, found = on_rows(lines, l1=l1, l2=l2, **given)
    trained(penalized)
    used = [0, 1, 2, 3, 20]
    expected = lr * (l1 * np.sign(start) + l2 * start)
    np.testing.assert_allclose((plain - found)[used, :10], expected[used], rtol=1e-3, atol=1e-6)
    others = np.setdiff1d(np.arange(len(plain)), used)
    np.testing.assert_array_equal(found[others, :10], start[others])


def test_gradients_of_embedding_rows_are_clipped_by_value():
    lines, limit = [[0, 1, 1], [2, 20, 3]], 1e-4
    given = {"optimizer": "sgd", "lr": 1.0, "batch_size": 2, "epoch": 1}
    without, plain = on_rows(lines, **given)
    start = plain[:, :10].copy()
    trained(without)
    clipped, found = on_rows(lines, clip_value=limit, **given)
    trained(clipped)
    free = (plain[:, :10] - start)[[0, 1, 2, 3, 20]]
    assert (np.abs(free) > limit).any()
    moves = (found[:, :10] - start)[[0, 1, 2, 3, 20]]
    np.testing.assert_allclose(moves, np.clip(free, -limit, limit), rtol=1e-2, atol=1e-7)


@pytest.mark.parametrize("threads", [1, 2])
def test_max_norm_bounds_the_weights_into_each_unit(threads, monkeypatch):
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    trainer = on_numbers(max_norm=0.7, optimizer="sgd", thread=threads)
    free = on_numbers(optimizer="sgd")
    trained(trainer)
    trained(free)
    limited = 0
    for i in range(2):
        lengths = np.linalg.norm(trainer.network.weights(i)[:, 0], axis=0)
        assert (lengths <= 0.7 * (1 + 1e-5)).all()
        limited += (lengths > 0.7 * (1 - 1e-5)).sum()
        assert (np.linalg.norm(free.network.weights(i)[:, 0], axis=0) > 0.7).any()
    assert 0 < limited < 8 + N_LABELS  # and does not make short ones longer


def test_max_norm_that_nothing_reaches_changes_nothing():
    far, _ = moved(max_norm=1000.0)
    none, _ = moved()
    assert far.tobytes() == none.tobytes()


# ------------------------------------------------------------------ lazy steps

OPTIMIZERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "nadam"]


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "adamw", "adamax"])
def test_rows_that_a_batch_does_not_have_stay(optimizer):
    lines = [[0, 1], [1, 2, 2], [3], [3, 4]]
    trainer, embedding = on_rows(lines, optimizer=optimizer, batch_size=2, epoch=1)
    start = embedding.copy()
    after = []
    steps = trainer._steps

    def one_by_one(batches, first, last, h):
        losses = np.zeros(len(batches.order))
        for step in range(first, last):
            losses += steps(batches, step, step + 1, h[step - first : step - first + 1])[0]
            after.append(embedding.copy())
        return losses, np.zeros(len(losses), np.uint8)

    trainer._steps = one_by_one
    trained(trainer)
    first, second = after
    assert (first[[3, 4]] == start[[3, 4]]).all()
    assert (first[[0, 1, 2], :10] != start[[0, 1, 2], :10]).any(axis=1).all()
    assert (second[[0, 1, 2]] == first[[0, 1, 2]]).all()  # momentum and all
    assert (second[[3, 4], :10] != first[[3, 4], :10]).any(axis=1).all()
    assert (second[:, 10:16] == 0).all()


def test_adagrad_starts_from_the_accumulator_in_rows_too():
    """One step on rows and layers is lr g / (sqrt(start + g^2) + eps), g being that of sgd."""
    lines, eps, start, lr = [[0, 1], [1, 2, 2], [3, 4]], 0.01, 0.1, 0.5
    given = {"batch_size": 3, "epoch": 1, "lr": lr, "hidden": "5"}
    plain, rows = on_rows(lines, optimizer="sgd", **given)
    before = rows.copy(), plain.network.params.copy()
    trained(plain)
    g = [(old - new) / lr for old, new in zip(before, (rows, plain.network.params), strict=True)]
    for position in ("outside", "inside"):
        trainer, embedding = on_rows(lines, optimizer="adagrad", eps=eps, eps_position=position,
                                     initial_accumulator=start, **given)  # fmt: skip
        trained(trainer)
        for old, new, of in zip(before, (embedding, trainer.network.params), g, strict=True):
            total = start + of[..., :10] ** 2 if of.ndim == 2 else start + of**2
            root = np.sqrt(total + eps) if position == "inside" else np.sqrt(total) + eps
            old, new = (one[..., :10] if one.ndim == 2 else one for one in (old, new))
            of = of[..., :10] if of.ndim == 2 else of
            np.testing.assert_allclose(new, old - lr * of / root, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("given", [{}, {"clip_norm": 0.01}, {"clip_value": 1e-4}, {"l2": 0.1}])
def test_rows_are_the_same_on_any_number_of_threads(given, monkeypatch):
    rng = np.random.default_rng(0)
    lines = [rng.integers(0, 300, rng.integers(1, 30)).tolist() for _ in range(60)]
    one, embedding = on_rows(lines, batch_size=16, **given)
    trained(one)
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    for threads in (2, 3):
        several, other = on_rows(lines, batch_size=16, thread=threads, **given)
        trained(several)
        assert several.n_threads == threads
        assert other.tobytes() == embedding.tobytes()


def test_clipping_by_the_norm_counts_rows_of_embeddings():
    # With SGD all moves together are lr times the clipped gradient.
    lines = [[0, 1, 1], [2, 20, 3]]
    given = {"optimizer": "sgd", "batch_size": 2, "epoch": 1, "lr": 1.0, "clip_norm": 0.001}
    trainer, embedding = on_rows(lines, **given)
    start, params = embedding.copy(), trainer.network.params.copy()
    trained(trainer)
    moves = np.concatenate([(embedding - start).reshape(-1), trainer.network.params - params])
    np.testing.assert_allclose(np.linalg.norm(moves), 0.001, rtol=1e-3)
    assert np.linalg.norm(embedding - start) > 1e-5


# ---------------------------------------------------------------- augmentation

LINE = 7  # words in a line


def stream_of(n):
    """Return n lines of a label, words that are numbered through, and an end; and what is one."""
    lines = np.full((n, LINE + 2), -1, np.int32)
    lines[:, 1:-1] = np.arange(n * LINE).reshape(n, LINE)
    lines[:, -1] = -2
    is_word = lines >= 0
    return lines.reshape(-1), is_word.reshape(-1)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_word_dropout_drops_its_share(p):
    stream, is_word = stream_of(5000)
    found = augment(np.random.default_rng(1), stream, is_word, p, 0.0)
    assert (found == -1).sum() == (found == -2).sum() == 5000
    kept = found[found >= 0]
    assert (np.diff(kept) > 0).all()  # in their order
    assert (np.isin(np.arange(0, 5000 * LINE, LINE), kept)).all()  # the first of each line
    others = 5000 * (LINE - 1)
    share = 1 - (len(kept) - 5000) / others
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / others)


@pytest.mark.parametrize("p", [0.02, 0.1])
def test_word_swap_swaps_its_share(p):
    stream, is_word = stream_of(5000)
    found = augment(np.random.default_rng(1), stream, is_word, 0.0, p)
    assert sorted(found) == sorted(stream)
    assert (found[~is_word] == stream[~is_word]).all()
    lines = found.reshape(5000, -1)[:, 1:-1]
    assert (np.sort(lines, axis=1) == lines.min(axis=1)[:, None] + np.arange(LINE)).all()
    swaps = (np.diff(lines, axis=1) == -1).sum()
    # A pair swaps with chance p, but not where the pair before it would too.
    expected = 5000 * (p + (LINE - 2) * p * (1 - p))
    assert abs(swaps - expected) < 4 * np.sqrt(expected)


def test_no_augmentation_changes_nothing():
    stream, is_word = stream_of(50)
    found = augment(np.random.default_rng(1), stream, is_word, 0.0, 0.0)
    assert (found == stream).all()


# -------------------------------------------------------------- random slopes


def test_random_slopes_train_and_their_mean_predicts():
    trainer = on_numbers(activation="rrelu:0.1:0.4", optimizer="sgd", lr=0.0, epoch=1, batch_size=0)
    network, trainer._order = trainer.network, lambda epoch: np.arange(N)
    trained(trainer)
    layer = network.records[0]
    at = layer.z
    z = network.values[at : at + N * layer.z_row].reshape(N, -1)[:, :8]
    slopes = network.outputs(0, N, network.values)[z < 0] / z[z < 0]
    assert len(slopes) > 50
    assert 0.1 <= slopes.min() < 0.15
    assert 0.35 < slopes.max() <= 0.4
    scorer = trainer.scorers[0]
    scorer.score(trainer.examples, np.arange(N), 0, N)
    inferred = network.outputs(0, N, scorer.values)
    np.testing.assert_allclose(inferred[z < 0] / z[z < 0], 0.25, rtol=1e-5)
    np.testing.assert_allclose(inferred[z > 0], z[z > 0], rtol=1e-6)


# ------------------------------------------------------------- what is measured


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("eval_every", ["", "2steps"])
def test_training_accuracy_is_that_of_examples_as_they_were_trained_on(
    threads, eval_every, monkeypatch
):
    """With a rate of 0 the parameters stay, so an epoch's is that of an evaluation."""
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    trainer = on_numbers(lr=0.0, optimizer="sgd", valid="v", thread=threads, eval_every=eval_every)
    history = trained(trainer)
    per_epoch = len(history) // trainer.args.epoch
    sizes = np.diff(trainer.starts).reshape(-1)
    whole = history[-per_epoch:]
    if per_epoch == 1:
        assert whole[0].train_error == pytest.approx(whole[0].valid_error)
        assert 0 < whole[0].train_error < 1
    else:
        assert all(0 <= found.train_error <= 1 for found in whole)
    assert sizes.sum() == N


def test_gradients_and_activations_of_each_layer():
    """They are measured where they are shown or logged; it takes a pass over all parameters."""
    (found,) = trained(on_numbers(hidden="5,4", epoch=1))
    assert found.gradients == found.activations == ()
    (logged,) = trained(on_numbers(hidden="5,4", epoch=1, log="log"))
    trainer = on_numbers(hidden="5,4", epoch=1, show_gradients=True)
    (found,) = trained(trainer)
    assert (logged.gradients, logged.activations) == (found.gradients, found.activations)
    network = trainer.network
    assert len(found.gradients) == 3
    assert len(found.activations) == 2
    for i, size in enumerate(found.gradients):
        assert size == pytest.approx(np.sqrt((network.weights(i, trainer.grads) ** 2).sum()))
        assert size > 0
    last = trainer.last_batch
    assert last == np.diff(trainer.starts)[-1]
    for i, size in enumerate(found.activations):
        assert size == pytest.approx(network.outputs(i, last, network.values).std())


# -------------------------------------------------------------- early stopping


def measured(loss, error):
    """Return what an evaluation finds: a loss, and a share of wrong lines in tenths."""
    meter = Meter(nlabels=N_LABELS, n=10, n_first_right=round(10 * (1 - error)))
    meter.add_losses(1, loss, loss)
    return meter


def test_the_best_parameters_come_back(monkeypatch):
    errors = iter([0.5, 0.3, 0.4, 0.2, 0.2, 0.6, 0.1])
    trainer = on_numbers(epoch=9, patience=2, valid="v")
    seen = []

    def evaluate(scorers, examples, with_scores):
        seen.append(trainer.network.params.copy())
        return measured(1.0, next(errors))

    monkeypatch.setattr(training, "evaluate", evaluate)
    history = trained(trainer)
    assert [found.is_best for found in history] == [True, True, False, True, False, False]
    assert trainer.progress.stopping.step == history[3].step == 16
    assert (trainer.network.params == seen[3]).all()
    assert not (trainer.network.params == seen[5]).all()


def test_without_patience_all_epochs_run_and_the_best_is_kept(monkeypatch):
    errors = iter([0.5, 0.1, 0.4, 0.3])
    trainer = on_numbers(epoch=4, valid="v")
    seen = []

    def evaluate(scorers, examples, with_scores):
        seen.append(trainer.network.params.copy())
        return measured(1.0, next(errors))

    monkeypatch.setattr(training, "evaluate", evaluate)
    assert len(trained(trainer)) == 4
    assert (trainer.network.params == seen[1]).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_embedding_of_the_best_parameters_comes_back(optimizer, monkeypatch):
    errors = iter([0.5, 0.2, 0.4, 0.3])
    lines = [[0, 1], [1, 2, 2], [3], [3, 40]]
    trainer, embedding = on_rows(lines, optimizer=optimizer, epoch=4, batch_size=2, valid="v")
    seen = []

    def evaluate(scorers, examples, with_scores):
        seen.append((trainer.network.params.copy(), embedding[:, :10].copy()))
        return measured(1.0, next(errors))

    monkeypatch.setattr(training, "evaluate", evaluate)
    trained(trainer)
    params, rows = seen[1]
    np.testing.assert_array_equal(trainer.network.params, params)
    np.testing.assert_array_equal(embedding[:, :10], rows)
    np.testing.assert_array_equal(trainer.rows[:, :10], rows)
    assert (seen[3][1] != rows).any()


def test_equal_errors_are_told_apart_by_the_loss(monkeypatch):
    found = iter([(0.4, 0.5), (0.9, 0.2), (0.7, 0.2), (0.7, 0.2), (0.8, 0.2), (0.1, 0.3)])
    trainer = on_numbers(epoch=9, patience=3, valid="v")
    monkeypatch.setattr(training, "evaluate", lambda *_: measured(*next(found)))
    history = trained(trainer)
    assert [one.is_best for one in history] == [True, True, True, False, False, False]
    assert trainer.progress.stopping.step == history[2].step


# ------------------------------------------------------------------ divergence


def test_a_run_that_diverges_gives_the_best_parameters_back(monkeypatch):
    trainer = on_numbers(epoch=6, valid="v")
    found, seen = iter([(0.5, 0.5), (0.4, 0.4), (0.6, 0.6)]), []

    def evaluate(scorers, examples, with_scores):
        seen.append(trainer.network.params.copy())
        if len(seen) == 3:
            trainer.network.params[:] = np.nan
        return measured(*next(found))

    monkeypatch.setattr(training, "evaluate", evaluate)
    with pytest.raises(TrainingDiverged, match=r"epoch 4 of 6.*; the model of step 8, the best"):
        trained(trainer)
    trainer.restore()
    assert (trainer.network.params == seen[1]).all()


@pytest.mark.parametrize("n_steps", [1, 3])
def test_an_interrupt_in_a_slow_step_gives_the_parameters_from_before_it(monkeypatch, n_steps):
    trainer, seen = on_numbers(epoch=6), []
    trainer.is_slow = True
    whole_step = training.run_apart

    def step(n_threads, work):
        before = trainer.network.params.copy()
        if trainer.progress.step >= n_steps:
            trainer.network.params[:] = np.nan  # and threads that are left behind go on
            raise KeyboardInterrupt
        whole_step(n_threads, work)
        assert (trainer.network.params != before).any()
        seen.append(trainer.network.params.copy())

    monkeypatch.setattr(training, "run_apart", step)
    with pytest.raises(KeyboardInterrupt):
        trained(trainer)
    assert trainer.progress.step >= n_steps
    left = trainer.network.params
    trainer.restore()
    assert (trainer.network.params == seen[-1]).all()
    assert trainer.network.params is not left


def test_a_validation_loss_that_is_no_number_is_never_the_best(monkeypatch):
    trainer = on_numbers(epoch=3, valid="v")
    monkeypatch.setattr(training, "evaluate", lambda *_: measured(float("nan"), 0.0))
    with pytest.raises(TrainingDiverged, match=r"in epoch 1 of 3 .*; nothing was saved\."):
        trained(trainer)
    assert trainer.best is None


def test_parameters_of_the_last_step_that_are_no_numbers():
    trainer = on_numbers(epoch=1)
    steps = trainer._steps

    def spoil(batches, first, last, h):
        losses = steps(batches, first, last, h)
        if last == trainer.total_steps:
            trainer.network.params[0] = np.inf
        return losses

    trainer._steps = spoil
    with pytest.raises(TrainingDiverged, match="nothing was saved"):
        trained(trainer)


# --------------------------------------------------------------- tiny numbers


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, "adamax"])
@pytest.mark.parametrize(
    "given",
    [
        {"activation": "sigmoid", "init": "normal", "init_std": 8.0},
        {"activation": "gaussian,silu", "init": "normal", "init_std": 5.0},
        {"activation": "gelu,mish", "init": "normal", "init_std": 5.0},
        {"l2": 0.3},
        {"weight_decay": 0.9},
        {"norm": "batch", "norm_position": "after"},
    ],
    ids=str,
)
def test_no_number_becomes_denormal(given, optimizer):
    trainer = on_numbers(hidden="20,10", optimizer=optimizer, epoch=400, **given)
    trained(trainer)
    assert not has_denormal(trainer)


def has_denormal(trainer):
    """Tell whether an array of a training has a denormal number in it."""
    network = trainer.network
    arrays = [network.params, network.running, network.values, trainer.grads, trainer.states]
    numbers = np.concatenate([*arrays, trainer.embedding])
    return bool(((numbers != 0) & (np.abs(numbers) < np.finfo(np.float32).tiny)).any())


@pytest.mark.parametrize("decay", [-1, 1.0])
def test_a_loss_near_0_leaves_no_denormal_number(decay):
    given = {"dropout": "0.1", "schedule": "cosine", "beta2": 0.99, "lr": 0.01}
    trainer = on_numbers(
        hidden="64", optimizer="adamw", weight_decay=decay, epoch=1500, batch_size=32, **given
    )
    trained(trainer)
    assert trainer.epoch_loss < (1e-5 if decay < 0 else 1)
    assert not has_denormal(trainer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_rows_of_embeddings_leave_no_denormal_number(optimizer):
    """Rows of a text without hidden layer, the mean gradient of Adam off."""
    given = {"beta1": 0.0} if optimizer in ("adam", "adamw", "nadam") else {}
    lines = [[i % 7, 7 + i % 5, 12 + i % 3] for i in range(30)]
    rate = {"sgd": 2.0, "momentum": 0.5, "nesterov": 0.5, "adadelta": 1.0}.get(optimizer, 0.05)
    trainer, _ = on_rows(
        lines, hidden="none", optimizer=optimizer, lr=rate, epoch=1500, batch_size=5, **given
    )
    trained(trainer)
    assert not has_denormal(trainer)


# ------------------------------------------------------------------- troubles


def sentences(trainer):
    """Return what is said of a network whose gradients are the last step's."""
    return "\n".join(troubles(trainer))


def healthy(**given):
    trainer = on_numbers(hidden="30,30", bias=0.5, lr=0.005, **given)
    trained(trainer)
    assert sentences(trainer) == ""
    return trainer


@pytest.mark.parametrize("activation", ["tanh", "relu"])  # whose weights stay 0
def test_units_that_stay_alike_are_said(activation):
    trainer = on_numbers(hidden="30,30", activation=activation, init="normal", init_std=0.0)
    trained(trainer)
    said = sentences(trainer)
    assert said.startswith("All 30 units of layer 1 have the same weights: ")
    assert said.endswith("Give a larger --init-std, or leave it out.")
    assert "\n" not in said


def test_units_that_a_penalty_leaves_no_weights_started_apart():
    trainer = on_numbers(hidden="30", l1=100.0, l1_proximal=True, lr=0.1, optimizer="sgd")
    trained(trainer)
    assert not trainer.network.weights(0).any()
    assert "same weights" not in sentences(trainer)


def test_dead_units_are_said():
    trainer = healthy()
    trainer.network.vector(1, "bias")[:, :10] = -1000
    assert re.match("Layer 2: 1[0-3] of 30 units are dead", sentences(trainer))


def test_saturated_layers_are_said():
    trainer = healthy(activation="tanh")
    trainer.network.weights(0)[:] *= 1000
    assert "Layer 1 is saturated: 100 %" in sentences(trainer)


def test_vanishing_gradients_are_said():
    trainer = healthy()
    trainer.network.weights(0, trainer.grads)[:] = 1e-12
    assert sentences(trainer).startswith("Gradients vanish: ")


def test_exploding_gradients_are_said():
    trainer = healthy()
    trainer.network.weights(1, trainer.grads)[:] = 1e5
    assert sentences(trainer).startswith("Gradients explode: ")


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_norms_dropout_and_threads(activation, monkeypatch):
    """Batches of 7 of 17 examples, whose last one is shorter; hidden layers of odd widths."""
    rng = np.random.default_rng(4)
    lines = [rng.integers(0, 30, rng.integers(1, 9)).tolist() for _ in range(17)]
    monkeypatch.setattr(training, "threads_worth", lambda network, n: n)
    for norm, position in (("none", "before"), ("batch", "before"), ("layer", "after")):
        given = {"hidden": "5,18", "activation": activation, "norm": norm, "dropout": "0.3"}
        given |= {"norm_position": position, "batch_size": 7, "epoch": 2, "optimizer": "adagrad"}
        found = []
        for threads in (1, 2, 3):
            trainer, embedding = on_rows(lines, thread=threads, **given)
            trained(trainer)
            found.append(trainer.network.params.tobytes() + embedding.tobytes())
            assert np.isfinite(trainer.network.params).all()
        assert len(set(found)) == 1, (norm, position)
