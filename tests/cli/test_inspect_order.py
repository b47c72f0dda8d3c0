"""inspect says when a file is sorted by label, and does not when its lines are shuffled."""

import json
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.inspect.order import Order, order_of
from tests.command import SAMPLES, run

CORPORA = ["topics", "tags", "zh-words", "zh-chars"]


def order(lines):
    """Return the order of lines, each a list of numbers of labels."""
    flat = [label for labels in lines for label in labels]
    return order_of(np.array(flat, np.uint32), np.array([len(x) for x in lines], np.uint32))


def is_noticed(lines):
    found = order(lines)
    return found.is_sorted or found.run_lines > 0


def report(*files):
    """Return the JSON of the first file, and the sentences on order of each."""
    result = run("inspect", "--json", *files)
    assert (result.code, result.err) == (0, "")
    found = [json.loads(line) for line in result.out.splitlines()]
    notes = [one["notes"] for one in found if one["kind"] == "data"]
    return found[0], [[n["sentence"] for n in some if n["note"] == "sorted"] for some in notes]


@pytest.fixture
def in_order(tmp_path):
    """Return a function that writes the lines of a sample file in another order."""

    def call(corpus, change):
        lines = (SAMPLES / f"{corpus}.train.txt").read_text(encoding="utf-8").splitlines()
        path = tmp_path / f"{corpus}.txt"
        path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
        return path

    return call


@pytest.mark.parametrize("corpus", CORPORA)
def test_sorted_and_shuffled_samples(corpus, in_order):
    data, (said,) = report(in_order(corpus, sorted))
    assert data["order"]["is_sorted"]
    assert len(said) == 1
    assert said[0].startswith("The lines are sorted by label, or grouped by it: ")
    assert "'fastcli supervised' shuffles lines itself" in said[0]
    assert "--no-shuffle" in said[0]
    assert "shuf or 'fastcli prepare'" in said[0]
    data, (said,) = report(SAMPLES / f"{corpus}.train.txt")
    assert not data["order"]["is_sorted"]
    assert said == []


def test_the_sentence_in_words(in_order):
    path = in_order("zh-words", sorted)
    text = " ".join(run("inspect", path).text().split())
    assert (
        "The lines are sorted by label, or grouped by it: 99.4% of the labels are on the next "
        "line too; in a random order, 20.1%. 'fastcli supervised' shuffles lines itself; before "
        "training with --no-shuffle or with fastText, which keep the order of the file and would "
        "learn badly, shuffle them with shuf or 'fastcli prepare'." in text
    )


def test_only_the_training_data_matter(in_order):
    path = in_order("topics", sorted)
    assert [len(said) for said in report(path, path)[1]] == [1, 0]
    assert [len(said) for said in report(SAMPLES / "topics.train.txt", path)[1]] == [0, 0]


def test_a_block_of_one_label_at_the_end(in_order):
    def moved(lines):
        sport = [line for line in lines if line.startswith("__label__sport")]
        return [line for line in lines if line not in sport] + sport

    path = in_order("topics", moved)
    lines = path.read_text(encoding="utf-8").splitlines()
    n = sum(line.startswith("__label__sport") for line in lines)
    data, (said,) = report(path)
    assert data["order"]["is_sorted"] is False
    assert (data["order"]["run_start"], data["order"]["run_lines"]) == (901 - n, n)
    assert said[0].startswith(
        f"{n} neighbouring lines ({n / 900:.1%}), from line {901 - n} on, have the label "
        "__label__sport: they are not in a random order."
    )


def test_what_prepare_writes_is_not_sorted(tmp_path):
    for i in range(400):
        folder = tmp_path / "in" / f"l{i // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.txt").write_text(f"text {i}", encoding="utf-8")
    assert run("prepare", tmp_path / "in", "-o", tmp_path / "out", "-verbose", 0).code == 0
    assert report(tmp_path / "out" / "train.txt")[1] == [[]]
    options = ["-o", tmp_path / "out", "--no-shuffle", "-verbose", 0]
    assert run("prepare", tmp_path / "in", *options).code == 0
    assert len(report(tmp_path / "out" / "train.txt")[1][0]) == 1


# -------------------------------------------------------------------- the statistic


@pytest.mark.parametrize(
    "lines",
    [
        [[i // 50] for i in range(200)],
        [[i // 500] for i in range(1000)],
        [[i // 5] for i in range(500)],  # many labels
        [[i // 10 % 3] for i in range(300)],  # runs of ten
        [[i // 20, 9] for i in range(100)],  # one that every line has beside it
        [[i % 7 + 5, i // 20] for i in range(100)],  # sorted by the second label
        [[i // 20] if i % 2 else [] for i in range(200)],  # lines without labels between
        [[int(i >= 10)] for i in range(20)],
        [[0]] * 5 + [[i % 2] for i in range(200)] + [[1]] * 60,
        sorted([[i * i % 7, i % 3] for i in range(300)]),
    ],
)
def test_order_is_noticed(lines):
    assert is_noticed(lines)
    shuffled = list(lines)
    Random(1).shuffle(shuffled)
    assert not is_noticed(shuffled)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [[]],
        [[0]],
        [[0], [1]],
        [[0], [0], [1], [1]],
        [[]] * 50,
        [[0]] * 1000,  # one label
        [[0, 1]] * 100,  # the same labels on every line
        [[i] for i in range(100)],  # every label once
        [[0]] * 999 + [[1]],  # a rare one
        [[i % 5] for i in range(500)],  # in turn
        [[0]] * 50 + [[1]] + [[0]] * 50,
    ],
)
def test_nothing_is_noticed(lines):
    assert not is_noticed(lines)


def test_shuffled_files_of_any_kind_are_left_in_peace():
    rng = np.random.default_rng(3)
    for _ in range(1000):
        n, n_labels = rng.integers(3, 200), rng.integers(1, 12)
        weights = rng.dirichlet(np.full(n_labels, rng.choice([0.1, 1, 10])))
        per_line = rng.integers(0, rng.choice([2, 2, 4]), n).astype(np.uint32)
        labels = rng.choice(n_labels, per_line.sum(), p=weights).astype(np.uint32)
        found = order_of(labels, per_line)
        assert not found.is_sorted
        assert not found.run_lines


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=30))
def test_shares_equal_naive_ones(lines):
    found = order(lines)
    sets = [set(labels) for labels in lines if labels]
    n = len(sets)
    if n < 3:
        assert found == Order()
        return
    labels = [label for one in sets for label in one]
    with_next = len(labels) * (n - 1) / n
    repeated = sum(len(a & b) for a, b in pairwise(sets))
    pairs = sum(len(a & b) for i, a in enumerate(sets) for j, b in enumerate(sets) if i != j)
    assert found.repeated == pytest.approx(repeated / with_next)
    assert found.expected == pytest.approx(pairs / n / with_next)
