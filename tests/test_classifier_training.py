"""How classifiers are trained beside the kernel: the order of lines, draws, the learning rate."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.fasttext import sampling, train, trainer
from fastcli.fasttext.args import TrainArgs
from fastcli.reporting import Reporter

N_LINES = 150


class Seen(Reporter):
    """Keeps what training says of its progress."""

    def __init__(self):
        self.statuses = []

    def status(self, status):
        self.statuses.append(status)


def trained(path, reporter=None, **given):
    """Return a classifier of a text; it has one row for each word."""
    options = {"dim": 8, "min_count": 1, "bucket": 0, "thread": 1}
    args = TrainArgs(
        input=(str(path),), output=str(path) + ".model", model="sup", **{**options, **given}
    )
    return train.train_supervised(args, reporter or Reporter())


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text"
    path.write_text(
        "".join(f"__label__{i % 5} __label__x{i % 3} a b w{i % 37}\n" for i in range(N_LINES))
    )
    return path


def test_lines_have_another_order_in_each_epoch(monkeypatch, text):
    orders = []

    def draw_order(*arguments):
        original(*arguments)
        orders.append(arguments[-1].tolist())

    original = trainer.draw_order
    monkeypatch.setattr(trainer, "draw_order", draw_order)
    trained(text, epoch=3)
    assert [sorted(order) for order in orders] == [list(range(N_LINES))] * 3
    assert len({tuple(order) for order in orders}) == 3


@pytest.mark.parametrize("loss", ["ns", "softmax"])
@pytest.mark.parametrize("nanoseconds", [0.0, 3e3])
def test_blocks_of_any_size_are_the_same_training(loss, nanoseconds, monkeypatch, text):
    """Which label of a line is learned goes by the lines visited before, not by the block."""
    whole, seen = trained(text, loss=loss, lr_update_rate=0, epoch=2), Seen()
    monkeypatch.setattr(trainer, "BLOCK_NS", nanoseconds)
    parts = trained(text, seen, loss=loss, lr_update_rate=0, epoch=2)
    assert len(seen.statuses) > 4
    assert parts.wi.tobytes() == whole.wi.tobytes()
    assert parts.wo.tobytes() == whole.wo.tobytes()


def test_the_learning_rate_that_is_said(monkeypatch, text):
    monkeypatch.setattr(trainer, "BLOCK_NS", 0.0)
    seen = Seen()
    trained(text, seen, lr=0.2, epoch=2)
    said = np.array([(status.progress, status.lr) for status in seen.statuses])
    assert len(said) == 2 * N_LINES
    np.testing.assert_allclose(said[:, 0], np.arange(1, 2 * N_LINES + 1) / (2 * N_LINES))
    np.testing.assert_allclose(said[:, 1], 0.2 * (1 - said[:, 0]), atol=1e-9)


def test_weights_of_which_one_is_nearly_all():
    """Another label than the likeliest is drawn at least once in MOST_DRAWS times."""
    found = sampling.drawable(np.array([1e9, 1.0, 3.0]))
    assert found[1:].sum() / found[0] == pytest.approx(1 / sampling.MOST_DRAWS)
    assert found[2] - found[1] == 2
    enough = np.array([500.0, 1.0])
    np.testing.assert_array_equal(sampling.drawable(enough), enough)
