"""Comparing answers to the same lines: McNemar's test, the bootstrap, and scores of all lines."""

import math

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation import paired
from fastcli.evaluation.answers import Answers, SameLines
from fastcli.evaluation.compared_models import metric_for, p_text, standing
from fastcli.evaluation.label_names import LabelNames
from tests import naive_paired

counts = st.integers(0, 60)


@examples(counts, counts)
def test_mcnemar_is_the_exact_binomial_test(a, b):
    assert paired.mcnemar(a, b) == pytest.approx(naive_paired.mcnemar_exact(a, b), rel=1e-12)
    assert paired.mcnemar(a, b) == paired.mcnemar(b, a)


def test_mcnemar_of_many_lines_is_nearly_the_exact_one():
    for a, b in ((520, 490), (600, 420), (505, 505)):
        exact = naive_paired.mcnemar_exact(a, b)
        assert paired.mcnemar(a, b) == pytest.approx(exact, rel=0.02, abs=1e-4)
    assert paired.mcnemar(10**6, 10) == 0.0


def test_known_values():
    # scipy.stats.binomtest(8, 39).pvalue and binomtest(2, 10).pvalue
    assert paired.mcnemar(31, 8) == pytest.approx(0.0002940768754342571)
    assert paired.mcnemar(8, 2) == pytest.approx(0.109375)
    # statsmodels.stats.multitest.multipletests([.01, .04, .03, .005], method="holm")
    assert paired.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_p_as_text():
    assert [p_text(p) for p in (1.0, 0.5, 0.0495, 0.001, 0.00012)] == [
        "p = 1",
        "p = 0.5",
        "p = 0.05",
        "p = 0.001",
        "p = 0.0001",
    ]


# ------------------------------------------------------------------------- lines


def answers_of(gold, given, labels, tokens=None):
    """Return answers as a model with these labels has them: what it does not know is left out."""
    ids = {name: i for i, name in enumerate(labels)}

    def pairs(some):
        found = [(i, ids[name]) for i, one in enumerate(some) for name in one if name in ids]
        return np.array(found, np.int64).reshape(-1, 2).T

    first = np.array([ids[one[0]] if one else -1 for one in given], np.int64)
    n = len(gold)
    has_tokens = np.ones(n, np.bool_) if tokens is None else np.array(tokens)
    return Answers(
        first=first,
        gold=pairs(gold),
        given=pairs(given),
        has_tokens=has_tokens,
        losses=np.zeros(n),
    )


LABELS = ["a", "b", "c", "d"]


def same_lines(answers, labels):
    """Return the answers of models with these labels, which are written without a prefix."""
    return SameLines.of(answers, [LabelNames(some, some, "") for some in labels])


label_sets = st.lists(st.sampled_from(LABELS), min_size=1, max_size=3, unique=True)
some_lines = st.lists(st.tuples(label_sets, label_sets, label_sets), min_size=1, max_size=12)


@examples(some_lines, st.randoms())
def test_scores_are_those_of_a_plain_count(rows, random):
    gold, one, two = (list(part) for part in zip(*rows, strict=True))
    shuffled = LABELS[:]
    random.shuffle(shuffled)  # models have labels in orders of their own
    lines = same_lines(
        [answers_of(gold, one, LABELS), answers_of(gold, two, shuffled)], [LABELS, shuffled]
    )
    assert lines.n == len(rows)
    assert lines.left_out == 0
    for i, answers in enumerate((one, two)):
        meter = lines.meter(i)
        comp = (meter.accuracy, meter.f1, meter.macro_f1)
        assert comp == pytest.approx(naive_paired.scores(gold, answers))
    alone = [
        sum((x[0] in g) and y[0] not in g for g, x, y in zip(gold, *pair, strict=True))
        for pair in ((one, two), (two, one))
    ]
    assert lines.right_alone(0, 1) == tuple(alone)


@pytest.mark.parametrize(("name", "which"), [("f1", 1), ("f1macro", 2)])
def test_the_bootstrap_draws_whole_lines(name, which, monkeypatch):
    monkeypatch.setattr(paired, "RESAMPLES", 200)
    random = np.random.default_rng(5)
    gold = [[LABELS[i]] for i in random.integers(0, 4, 60)]
    gold[3] = ["a", "b"]
    answers = [
        [[g[0]] if random.random() < share else [LABELS[random.integers(4)]] for g in gold]
        for share in (0.5, 0.85)
    ]
    lines = same_lines([answers_of(gold, one, LABELS) for one in answers], [LABELS, LABELS])
    metric, label = metric_for(name, lines, True)
    found = standing(lines, metric, label, seed=3)
    assert found.best == 1
    assert found.values == pytest.approx([naive_paired.scores(gold, x)[which] for x in answers])
    ref = naive_paired.bootstrap(gold, *answers, which, 3, 200)
    interval = found.others[0].interval
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(ref, [0.025, 0.975])))
    assert interval.p == pytest.approx(2 * ((ref <= 0).sum() + 1) / 201)
    again = standing(lines, metric, label, seed=3)
    assert again == found
    assert standing(lines, metric, label, seed=4).others[0].interval != interval


def test_equal_models_do_not_differ():
    gold = [["a"], ["b"], ["c"]] * 5
    lines = same_lines([answers_of(gold, gold, LABELS)] * 2, [LABELS] * 2)
    for name in ("", "f1macro", "error", "f1:a"):
        found = standing(lines, *metric_for(name, lines, True), seed=0)
        assert found.best == 0
        assert found.others[0].p == 1.0
        assert not found.others[0].is_sure


def test_what_a_model_does_not_know_is_wrong():
    gold = [["a"], ["b"], ["c"], ["nobody knows it"], ["a"], ["a"]]
    one = answers_of(gold, [["a"], ["b"], ["c"], ["a"], [], ["a"]], ["a", "b", "c"])
    tokens = [True, True, True, True, False, False]
    one.has_tokens = np.array([True, True, True, True, False, True])
    two = answers_of(gold, [["a"], ["b"], ["a"], ["a"], [], []], ["b", "a"], tokens)
    lines = same_lines([one, two], [["a", "b", "c"], ["b", "a"]])
    assert (lines.n, lines.left_out) == (4, 2)
    assert lines.unknown(0) == ([], 0)
    assert lines.unknown(1) == (["c"], 1)
    assert (lines.without_tokens[0], lines.without_tokens[1]) == (0, 1)
    assert lines.meter(0).accuracy == 1.0
    assert lines.meter(1).accuracy == 0.5
    assert lines.right_alone(0, 1) == (2, 0)


def test_metrics_that_cannot_be_compared():
    gold = [["a"], ["b"]]
    lines = same_lines([answers_of(gold, gold, LABELS)] * 2, [LABELS] * 2)
    for text in ("loss", "precisionAtRecall:30", "recallAtPrecision:90:a"):
        with pytest.raises(ArgumentError, match=r"models are compared by f1\[:LABEL\], f1macro"):
            metric_for(text, lines, True)
    with pytest.raises(ArgumentError, match="one label among all"):
        metric_for("logloss", lines, False)
    with pytest.raises(ArgumentError, match=r"no model has a label x\. Their labels: a, b"):
        metric_for("f1:x", lines, True)
    lines.losses[0][1] = np.nan
    with pytest.raises(ArgumentError, match="labels and words of the same lines"):
        metric_for("logloss", lines, True)
    assert metric_for("", lines, True)[0].text == "accuracy"
    several = same_lines([answers_of([["a", "b"]], [["a"]], LABELS)] * 2, [LABELS] * 2)
    assert metric_for("", several, True)[0].text == "f1"


def test_no_sample_has_a_value():
    none = np.full(5, math.nan)
    assert paired.bootstrap_difference(none, none).p == 1.0


@examples(some_lines)
def test_lines_of_a_kind_count_together(rows):
    rows = rows * 3
    gold, one, two = (list(part) for part in zip(*rows, strict=True))
    lines = same_lines([answers_of(gold, x, LABELS) for x in (one, two)], [LABELS, LABELS])
    some, kinds = lines.distinct()
    alike = {(frozenset(g), *((x[0], frozenset(x)) for x in both)) for g, *both in rows}
    assert some.n == len(alike)
    counts = np.bincount(kinds, minlength=some.n)
    for i in range(2):
        whole, parts = lines.meter(i), some.meter(i, counts)
        assert (whole.n, whole.n_first_right) == (parts.n, parts.n_first_right)
        for name in ("gold", "predicted", "right"):
            np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))
