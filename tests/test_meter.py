"""Counting right predictions: against a plain loop, and the reference's rules one by one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.evaluation.meter import Meter, Skipped

NLABELS = 4
PROBS = np.linspace(1, 0, 99, dtype=np.float32)  # of the predictions, in their order
label_ids = st.integers(0, NLABELS - 1)
# A line: its number of features, known gold labels, whether it has unknown ones too, predictions.
lines = st.tuples(
    st.integers(0, 2),
    st.lists(label_ids, max_size=4),
    st.booleans(),
    st.lists(label_ids, max_size=NLABELS, unique=True),
)


def naive_counts(batch):
    """Count line by line, as the text of the rules has it."""
    n, skipped = 0, [0, 0, 0]
    gold, predicted, right = ([0] * NLABELS for _ in range(3))
    for n_features, known, has_unknown, labels in batch:
        if not known:
            skipped[1 if has_unknown else 0] += 1
            continue
        if n_features == 0:
            skipped[2] += 1
            continue
        n += 1
        for label in known:
            gold[label] += 1
        for label in labels:
            predicted[label] += 1
            right[label] += label in known
    return n, skipped, gold, predicted, right


def add(meter, batch, k=NLABELS):
    """Hand a batch to the meter, with arrays longer than they need be, as readers have them."""
    n = len(batch)
    counts = np.array([len(line[3]) for line in batch], np.int32)
    labels = np.full(n * k, 99, np.int32)
    for i, line in enumerate(batch):
        labels[i * k : i * k + len(line[3])] = line[3]
    gold = [label for line in batch for label in line[1]]
    offsets = np.cumsum([0] + [len(line[1]) for line in batch])
    meter.add(
        np.array([line[0] for line in batch], np.int64),
        np.array([bool(line[1]) or line[2] for line in batch], bool),
        np.append(offsets, [7, 7, 7]).astype(np.int64),
        np.array([*gold, 99, 99], np.int32),
        k,
        counts,
        labels,
        PROBS[: len(labels)],
    )


def counted(meter):
    """Return the counts of a meter, those of gold labels as written."""
    skipped, meter = meter.skipped, meter.as_written()
    return (
        meter.n,
        [skipped.no_label, skipped.unknown_label, skipped.no_known_token],
        meter.gold.tolist(),
        meter.predicted.tolist(),
        meter.right.tolist(),
    )


@given(st.lists(lines, max_size=12))
def test_counts(batch):
    meter = Meter(nlabels=NLABELS)
    add(meter, batch)
    assert counted(meter) == naive_counts(batch)


@given(st.lists(lines, max_size=12))
def test_a_label_given_twice_counts_once(batch):
    meter = Meter(nlabels=NLABELS)
    add(meter, batch)
    once = [(n, list(dict.fromkeys(known)), *rest) for n, known, *rest in batch]
    _, _, gold, predicted, right = naive_counts(once)
    assert (meter.gold.tolist(), meter.predicted.tolist()) == (gold, predicted)
    assert meter.right.tolist() == right


@given(st.lists(lines, max_size=6), st.lists(lines, max_size=6))
def test_batches_and_merging(first, second):
    ref = naive_counts(first + second)
    one_after_the_other, a, b = (
        Meter(nlabels=NLABELS),
        Meter(nlabels=NLABELS),
        Meter(nlabels=NLABELS),
    )
    add(one_after_the_other, first)
    add(one_after_the_other, second)
    add(a, first)
    add(b, second)
    a.merge(b)
    assert counted(one_after_the_other) == counted(a) == ref


@given(st.lists(lines, max_size=12))
def test_scores(batch):
    meter = Meter(nlabels=NLABELS)
    add(meter, batch)
    meter = meter.as_written()
    _, _, gold, predicted, right = naive_counts(batch)

    def ratio(a, b):
        return a / b if b else math.nan

    np.testing.assert_equal(meter.precision, ratio(sum(right), sum(predicted)))
    np.testing.assert_equal(meter.recall, ratio(sum(right), sum(gold)))
    np.testing.assert_equal(meter.f1, ratio(2 * sum(right), sum(predicted) + sum(gold)))
    f1s = [2 * r / (p + g) for r, p, g in zip(right, predicted, gold, strict=True) if p + g]
    np.testing.assert_allclose(meter.macro_f1, np.mean(f1s) if f1s else math.nan)
    for label in range(NLABELS):
        r, p, g = right[label], predicted[label], gold[label]
        ref = (ratio(r, p), ratio(r, g), ratio(2 * r, p + g))
        np.testing.assert_equal(meter.label_scores(label), ref)


@given(st.lists(lines, max_size=12))
def test_scores_are_kept_when_asked_for(batch):
    meter = Meter(nlabels=NLABELS, with_scores=True)
    add(meter, batch)
    kept = [pair for part in meter.scored for pair in zip(*part, strict=True)]
    assert kept == [
        (label, PROBS[i * NLABELS + j], label in known)
        for i, (n_features, known, _, labels) in enumerate(batch)
        for j, label in enumerate(labels)
        if known and n_features
    ]


def scores_of(*batch):
    meter = Meter(nlabels=NLABELS)
    add(meter, list(batch))
    meter = meter.as_written()
    return meter.n, meter.precision, meter.recall


@pytest.mark.parametrize(
    ("batch", "ref"),
    [
        # A repeated label counts twice as gold.
        ([(1, [0, 0, 1], False, [0])], (1, 1, 1 / 3)),
        # Unknown labels do not hurt recall.
        ([(1, [0], True, [0])], (1, 1, 1)),
        # Lines without a known label do not count, nor do their predictions.
        ([(1, [], True, [0]), (1, [], False, [1]), (1, [2], False, [2])], (1, 1, 1)),
        # No feature, no count.
        ([(0, [0], False, []), (1, [0], False, [1])], (1, 0, 0)),
        # Fewer than k predictions: precision is over those made.
        ([(1, [0], False, [0]), (1, [1], False, [])], (2, 1, 1 / 2)),
    ],
)
def test_rules(batch, ref):
    assert scores_of(*batch) == ref


def test_nothing_is_not_a_number():
    n, precision, recall = scores_of()
    assert n == 0
    assert math.isnan(precision)
    assert math.isnan(recall)
    n, precision, recall = scores_of((1, [0], False, []))
    assert n == 1
    assert math.isnan(precision)
    assert recall == 0


def test_sentence():
    assert Skipped().sentence() is None
    assert Skipped(1234, 0, 5).sentence() == (
        "Lines left out of the test: 1,234 without a label, 5 without a token the model knows."
    )
    assert Skipped(1, 2, 3).total == 6
