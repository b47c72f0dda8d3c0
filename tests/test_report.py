"""The figures of a report: against plain Python, by hand, and its mistakes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.evaluation import tally as tallies
from fastcli.evaluation.probabilities import Calibration
from fastcli.evaluation.report import Report, average_precision, wilson
from fastcli.evaluation.tally import Tally
from tests.examined import EIGHTHS, add, counted, examples, report_of
from tests.naive_report import naive_average_precision, naive_report

ks = st.integers(1, 5)
thresholds = st.sampled_from([0.0, 0.25, 0.5])


def close(value):
    return pytest.approx(value, rel=1e-6, abs=1e-6)


@given(examples(), examples(), ks, thresholds, st.booleans(), st.data())
def test_figures_against_plain_python(some, more, k, threshold, sums_to_one, data):
    """Counted in one part or in two, as threads do it."""
    nlabels, lines = some
    k = min(k, nlabels)
    cut = data.draw(st.integers(0, len(lines)))
    report = report_of(nlabels, [lines[:cut], lines[cut:]], k, threshold, sums_to_one)
    ref = naive_report(counted(lines, k, threshold), nlabels, sums_to_one, min(3, nlabels))
    scores = np.array(report.label_scores).T
    np.testing.assert_allclose(scores, np.array(ref["labels"]), atol=1e-12)
    assert report.gold.tolist() == ref["support"]
    assert sorted(report.order) == ref["seen"]
    for name in ("micro", "macro", "weighted", "samples"):
        found = getattr(report, name)
        assert [found.precision, found.recall, found.f1] == close(list(ref[name]))
    assert report.accuracy == close(ref["accuracy"])
    assert report.top[1] == close(ref["top"])
    assert report.exact_match == close(ref["exact_match"])
    assert report.hamming_loss == close(ref["hamming_loss"])
    assert report.ranking_precision == close(ref["ranking"])
    assert report.log_loss == close(ref["log_loss"])
    assert report.brier == close(ref["brier"])
    assert report.calibration_error == close(ref["calibration"])
    assert report.average_precision == close(ref["average_precision"])
    confusions = {
        (true, other): n for true, others in report.confusions.items() for other, n in others
    }
    assert confusions == ref["confusions"]


@given(examples(), ks, thresholds)
def test_a_row_of_the_confusions_has_all_lines_of_its_label(some, k, threshold):
    nlabels, lines = some
    report = report_of(nlabels, [lines], min(k, nlabels), threshold)
    for label in range(nlabels):
        others = sum(n for _, n in report.confusions.get(label, []))
        assert int(report.right[label]) + others == int(report.gold[label])
    header, *rows = report.confusion_rows()
    assert all(len(row) == len(header) for row in rows)
    assert [sum(row[1:]) for row in rows[: len(report.order)]] == [
        int(report.gold[i]) for i in report.order
    ]


@given(examples(), ks, thresholds)
def test_mistakes_against_plain_python(some, k, threshold):
    nlabels, lines = some
    k = min(k, nlabels)
    tally = Tally(nlabels=nlabels, sums_to_one=True, decides=threshold > 0)
    found = add(tally, lines, k, threshold)
    ref = []
    for i, (features, known, _, probs) in enumerate(lines):
        for true, got, _ in counted([(features, known, False, probs)], k, threshold):
            wrong = set(got) != true if threshold > 0 else not true & set(got)
            sure = max((probs[label] for label in got if label not in true), default=0.0)
            if wrong:
                ref.append((i, sure, sorted(true), got))
    assert [
        (int(found.lines[i]), float(found.probs[i]), *found.labels_of(i)) for i in range(len(found))
    ] == ref
    report = Report(tally, [str(i) for i in range(nlabels)])
    assert report.n_mistakes == len(ref)


@given(examples(), ks)
def test_lines_that_do_not_count_are_counted_apart(some, k):
    nlabels, lines = some
    skipped = report_of(nlabels, [lines], min(k, nlabels)).meter.skipped
    assert skipped.no_label == sum(not known and not unknown for _, known, unknown, _ in lines)
    assert skipped.unknown_label == sum(not known and unknown for _, known, unknown, _ in lines)
    assert skipped.no_known_token == sum(bool(known) and not n for n, known, _, _ in lines)


def test_nothing_at_all():
    report = report_of(3, [[]])
    found = report.as_json()["fastcli"]
    assert (found["n"], found["mistakes"], found["largest_label"]["label"]) == (0, 0, None)
    assert math.isnan(found["accuracy"])
    assert math.isnan(found["log_loss"])


def test_a_label_twice_in_a_line_counts_once():
    report = report_of(2, [[(1, [0, 0], False, [0.75, 0.25])]])
    assert report.gold.tolist() == [1, 0]
    assert report.sums.n_repeated == 1
    assert report.is_single


PAIRS = st.lists(st.tuples(st.sampled_from(EIGHTHS), st.booleans()), min_size=1)


@given(PAIRS.filter(lambda pairs: any(right for _, right in pairs)))
def test_average_precision_against_every_threshold(pairs):
    probs = np.array([p for p, _ in pairs], np.float32).view(np.uint32)
    truth = np.array([right for _, right in pairs], np.uint32)
    found = average_precision(probs << np.uint32(1) | truth)
    assert found == pytest.approx(naive_average_precision(pairs), abs=1e-12)


def test_too_many_probabilities_are_not_kept(monkeypatch):
    monkeypatch.setattr(tallies, "MOST_PAIRS", 5)
    line = (1, [0, 1], False, [0.75, 0.25, 0.0])
    assert report_of(3, [[line]]).average_precision is not None
    for parts in ([[line, line]], [[line], [line]], [[line], [line], []]):
        report = report_of(3, parts)
        assert report.average_precision is None
        assert report.as_json()["fastcli"]["average_precision"] is None


def test_confusions_are_added_up_while_they_are_gathered(monkeypatch):
    monkeypatch.setattr(tallies, "MERGED_AT", 3)
    wrong = (1, [0], False, [0.25, 0.75])
    report = report_of(2, [[wrong] * 4, [wrong] * 5, [wrong]])
    assert report.confusions == {0: [(1, 10)]}


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_by_hand(right, n, low, high):
    """The figures of the binomial intervals of R's ``binom`` package."""
    assert wilson(right, n) == pytest.approx((low, high), abs=1e-4)


def test_calibration_by_hand():
    found = Calibration(10)
    found.add(np.array([0.95, 0.95, 0.15, 1.0], np.float32), np.array([True, False, False, True]))
    # In (0.9, 1]: 2 of 3 right, sureness 2.9; in (0.1, 0.2]: none of 1 right, 0.15.
    assert found.error == pytest.approx((abs(2 - 2.9) + 0.15) / 4, abs=1e-6)


def test_labels_that_differ_by_case():
    lines = [(1, [0], False, [0.25, 0.75, 0.0])] * 3 + [(1, [2], False, [0.5, 0.25, 0.25])]
    tally = Tally(nlabels=3, sums_to_one=True)
    add(tally, lines, 1, 0.0)
    alike = Report(tally, ["Spam", "spam ", "ham"]).alike
    assert alike is not None
    assert (alike.mistakes, alike.accuracy) == (3, 0.75)
    assert sorted(alike.groups[0]) == ["Spam", "spam "]
    assert Report(tally, ["Spam", "eggs", "ham"]).alike is None


def test_labels_with_the_names_of_averages_have_keys_of_their_own():
    tally = Tally(nlabels=2, sums_to_one=True)
    add(tally, [(1, [0], False, [0.75, 0.25]), (1, [1], False, [0.75, 0.25])], 1, 0.0)
    found = Report(tally, ["accuracy", "macro avg"]).as_json()
    assert found["accuracy"] == 0.5
    assert found["accuracy (label)"]["recall"] == 1
    assert found["macro avg (label)"]["support"] == 1
