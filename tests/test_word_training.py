"""How word vectors are trained beside the kernel: the learning rate, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from fastcli.fasttext import train_words
from fastcli.fasttext.args import TrainArgs
from fastcli.reporting import Reporter

N_LINES = 300


@pytest.fixture
def one_after_the_other(monkeypatch):
    """Have threads work one after the other, so that none overwrites a step of another."""

    def run_in_turn(n_threads, work):
        for thread in range(n_threads):
            work(thread)

    monkeypatch.setattr(train_words, "run_apart", run_in_turn)
    monkeypatch.setattr(train_words, "usable_cpus", lambda: 8)


class Seen(Reporter):
    """Keeps what training says of its progress."""

    def __init__(self):
        self.statuses = []

    def status(self, status):
        self.statuses.append(status)


def trained(path, reporter=None, **given):
    """Return word vectors of a text; all words are kept and each has one row."""
    options = {"min_count": 1, "dim": 8, "minn": 0, "maxn": 0, "t": 1.0, "bucket": 0, "thread": 1}
    args = TrainArgs(
        input=(str(path),), output=str(path) + ".model", model="sg", **{**options, **given}
    )
    return train_words.train_word_vectors(args, reporter or Reporter())


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("epoch", [1, 3])
@pytest.mark.parametrize("block", [100, 20000])
def test_the_learning_rate_falls_alike_on_any_number_of_threads(
    threads, epoch, block, one_after_the_other, monkeypatch, tmp_path
):
    """Equal lines at a tiny rate: output rows move by the sum of all rates times one gradient."""
    monkeypatch.setattr(train_words, "BLOCK_TOKENS", block)
    path = tmp_path / "text"
    path.write_text("a b c d\n" * N_LINES)
    given = {"loss": "hs", "ws": 1, "lr": 1e-5, "lr_update_rate": 1, "epoch": epoch}
    one = trained(path, **given).output()
    assert np.abs(one).max() > 0
    several = trained(path, thread=threads, **given).output()
    # A thread of few lines steps less often between the first rate and 0.
    np.testing.assert_allclose(several, one, rtol=0.06, atol=1e-9)


@pytest.mark.parametrize("lines", [1, 7, N_LINES - 1])
def test_blocks_of_any_size_are_the_same_training(lines, monkeypatch, tmp_path):
    """Every line is visited once an epoch, also one that is alone in the last block."""
    path = tmp_path / "text"
    path.write_text("".join(f"a b c w{i % 89}\n" for i in range(N_LINES)))
    given = {"loss": "ns", "lr_update_rate": 0, "epoch": 2}
    whole = trained(path, **given)
    monkeypatch.setattr(train_words, "BLOCK_TOKENS", 5 * lines)
    parts = trained(path, **given)
    assert parts.wi.tobytes() == whole.wi.tobytes()
    assert parts.wo.tobytes() == whole.wo.tobytes()


def test_the_learning_rate_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(train_words, "BLOCK_TOKENS", 300)
    path, seen = tmp_path / "text", Seen()
    path.write_text("a b c d\n" * N_LINES)
    trained(path, seen, lr=0.2, epoch=2)
    said = [(status.progress, status.lr) for status in seen.statuses]
    assert len(said) == 10  # 60 lines each
    expected = [(i / 10, 0.2 * (1 - i / 10)) for i in range(1, 11)]
    np.testing.assert_allclose(said, expected, atol=1e-9)


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("block", [200, 20000])
def test_a_line_draws_the_same_on_any_number_of_threads(
    threads, block, one_after_the_other, monkeypatch, tmp_path
):
    """Words left out, windows and negatives; the rate is one for a block, and tiny."""
    path = tmp_path / "text"
    path.write_text("a b c d\nb a d\n" * (N_LINES // 2))
    given = {"loss": "ns", "ws": 3, "t": 0.05, "lr": 1e-6, "lr_update_rate": 10**9, "epoch": 1}
    monkeypatch.setattr(train_words, "BLOCK_TOKENS", block)
    one = trained(path, **given).output()
    monkeypatch.setattr(train_words, "BLOCK_TOKENS", block // threads)
    several = trained(path, thread=threads, **given).output()
    assert np.abs(one).max() > 0
    np.testing.assert_allclose(several, one, rtol=1e-3, atol=1e-4 * np.abs(one).max())


def test_an_epoch_is_worth_all_tokens_of_the_text(tmp_path):
    """Also words that are too rare to be learned: lines are visited again in their place."""
    plain, rare = tmp_path / "plain", tmp_path / "rare"
    plain.write_text("a b c d\n" * N_LINES)
    rare.write_text("".join(f"a b c d w{i}\n" for i in range(N_LINES)))
    given = {"loss": "hs", "ws": 1, "lr": 1e-5, "lr_update_rate": 1, "min_count": 2, "epoch": 4}
    without, found = trained(plain, **given).output(), trained(rare, **given).output()
    np.testing.assert_allclose(found, without * 6 / 5, rtol=0.02, atol=1e-9)


def test_negatives_are_drawn_by_the_square_roots_of_counts(monkeypatch, tmp_path):
    """As in fastText: not as often as they occur, and never what the text does not have."""
    drawn = []

    def alias_table(weights):
        drawn.append(np.array(weights))
        return original(weights)

    original = train_words.alias_table
    monkeypatch.setattr(train_words, "alias_table", alias_table)
    path, vectors = tmp_path / "text", tmp_path / "vectors.vec"
    path.write_text("a a a a b\na a a b\na b b\n")  # the file adds one to a
    vectors.write_text("2 8\na 1 1 1 1 1 1 1 1\nother 1 1 1 1 1 1 1 1\n")
    model = trained(path, loss="ns", pretrained_vectors=str(vectors))
    words = model.dictionary.entries(0, model.dictionary.nwords)
    (weights,) = drawn
    found = dict(zip(words, weights, strict=True))
    assert found == pytest.approx({b"a": 3, b"b": 2, b"</s>": 3**0.5, b"other": 0})


def test_the_chance_of_a_word_to_stay():
    """sqrt(t / f) + t / f, f the share of a word in all tokens; above 1 it always stays."""
    counts, n_tokens, t = np.array([500_000, 10_000, 100]), 1_000_000, 1e-4
    ratio = np.array([1e-4 / 0.5, 1e-4 / 0.01, 1.0])
    found = train_words.keep_chances(counts, n_tokens, t)
    np.testing.assert_allclose(found, [ratio[0] ** 0.5 + ratio[0], 0.11, 2.0], rtol=1e-12)


def test_frequent_words_are_left_out_of_lines(tmp_path):
    """A word of a third of all tokens is in few pairs, and its partner learns nothing from it."""
    path = tmp_path / "text"
    path.write_text("a b\n" * N_LINES)
    given = {"loss": "hs", "ws": 1, "lr": 0.1, "epoch": 1}
    # Each word stays with chance 0.06 (t / f = 0.003): of 300 lines one has both.
    rare, all_words = trained(path, t=0.001, **given), trained(path, **given)
    assert np.abs(rare.output()).max() < 0.05 * np.abs(all_words.output()).max()
