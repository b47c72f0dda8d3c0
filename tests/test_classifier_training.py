"""How classifiers are trained beside the kernel: the order of lines, draws, the learning rate."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fastcli.fasttext import sampling, schemes, train, trainer, visits
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.huffman import build_tree
from fastcli.fasttext.initial_rows import initial_rows
from fastcli.fasttext.model_args import LOSSES
from fastcli.fasttext.read_text import read_corpus
from fastcli.fasttext.schemes import Work, lines_at_once
from fastcli.reporting import Reporter
from fastcli.text import counting
from tests import naive

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

    class VisitOrder(visits.VisitOrder):
        def start(self, epoch):
            super().start(epoch)
            orders.append(self.lines.tolist())

    monkeypatch.setattr(trainer, "VisitOrder", VisitOrder)
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


@pytest.mark.parametrize("given", [{}, {"word_ngrams": 2, "bucket": 50}], ids=["words", "pairs"])
def test_text_that_several_threads_read_is_the_same(given, monkeypatch, text):
    whole = trained(text, epoch=2, **given)
    monkeypatch.setattr(counting, "SPAN", 64)
    for thread in (2, 5):
        parts = trained(text, epoch=2, thread=thread, **given)
        assert parts.ids.tolist() == whole.ids.tolist()
        assert parts.wi.tobytes() == whole.wi.tobytes()
        assert parts.wo.tobytes() == whole.wo.tobytes()


@pytest.mark.parametrize(("loss", "lr"), [("softmax", 2.0), ("ova", 0.3), ("hs", 2.0)])
def test_groups_that_are_shuffled_learn_what_single_lines_learn(loss, lr, monkeypatch, text):
    """In every epoch, the counts of what lines share are those of their group."""
    given = {"epoch": 3, "lr": lr, "loss": loss}
    found = trained(text, **given)
    assert found.lines_at_once == 16
    monkeypatch.setattr(schemes, "ALONE_NS", 0)
    monkeypatch.setattr(trainer, "VisitOrder", lambda n, _, *rest: visits.VisitOrder(n, 16, *rest))
    single = trained(text, **given)
    assert single.lines_at_once == 1
    np.testing.assert_allclose(found.wi, single.wi, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.wo, single.wo, rtol=1e-3, atol=1e-4)


def naively_trained(args):
    """Return what a plain loop makes of a text: both matrices, in the rows that are in memory."""
    dictionary, corpus = read_corpus(args, Reporter(), None)
    n_rows = corpus.shards * corpus.shard_rows
    wi = initial_rows(
        args, corpus.ids, corpus.memory_rows, n_rows, dictionary, None, Reporter().note
    ).reshape(n_rows, -1)
    wi, wo = wi.astype(np.float64), np.zeros((dictionary.nlabels, wi.shape[1]))
    ends = corpus.segments[:: corpus.shards]
    counts = dictionary.label_counts()
    tree = build_tree(counts)
    naive.train_lines(
        lists(corpus.rows, ends),
        lists(corpus.labels, corpus.label_offsets),
        corpus.tokens.tolist(),
        wi,
        wo,
        LOSSES[args.loss],
        (tree.paths, tree.codes, tree.offsets),
        args.neg,
        *sampling.alias_table(sampling.drawable(np.sqrt(counts))),
        args.seed,
        0,
        args.lr,
        int(corpus.tokens.sum()),
        args.lr_update_rate,
        own_draws=True,
    )
    return wi, wo


def lists(values, offsets):
    """Return what is between offsets, as lists."""
    return [values[a:b].tolist() for a, b in pairwise(offsets)]


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("loss", ["softmax", "ova", "hs", "ns"])
def test_short_lines_of_few_labels_are_trained_on_in_batches(loss, n_threads, text):
    more = {"epoch": 1, "no_shuffle": True, "lr": 0.6, "neg": 1, "thread": n_threads}
    model = trained(text, loss=loss, **more)
    assert model.lines_at_once == 16
    args = TrainArgs(
        input=(str(text),),
        output="",
        model="sup",
        loss=loss,
        **{"dim": 8, "min_count": 1, "bucket": 0, **more},
    )
    wi, wo = naively_trained(args)
    np.testing.assert_allclose(model.wi.reshape(wi.shape), wi, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model.wo.reshape(wo.shape), wo, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("given", "features", "nlabels", "expected"),
    [
        ({"lr": 0.1}, 40, 4, 16),
        ({"lr": 9.0, "loss": "ns"}, 40, 4, 16),
        ({"lr": 9.0}, 40, 31, 16),
        ({"lr": 1.0, "dim": 10}, 400, 4, 16),
        ({"lr": 0.1, "dim": 100}, 400, 4, 1),
        ({"loss": "hs"}, 40, 31, 16),
        ({"loss": "ova"}, 40, 32, 1),
        ({"loss": "softmax"}, 40, 735, 1),
        ({"loss": "hs"}, 40, 735, 1),
        ({"loss": "ns"}, 40, 735, 1),
        ({"loss": "ns", "optimizer": "adam"}, 40, 735, 16),
        ({"lr": 3.0, "optimizer": "adagrad"}, 40, 4, 16),
    ],
)
def test_how_many_lines_at_once(given, features, nlabels, expected):
    args = TrainArgs(input=("x",), output="y", model="sup", **given)
    work = Work(args, 1000 * features, 1000, nlabels)
    assert lines_at_once(args, work, nlabels) == expected


def test_the_learning_rate_that_is_said(monkeypatch, text):
    monkeypatch.setattr(schemes, "ALONE_NS", 0)
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
