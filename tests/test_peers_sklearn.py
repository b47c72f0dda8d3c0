"""Every figure of a report is scikit-learn's on the same predictions."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.evaluation.regression import RegressionMeter
from tests.command import SAMPLES, run
from tests.examined import counted, examples, report_of

pytestmark = pytest.mark.peers
metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")


def close(value):
    return pytest.approx(value, rel=1e-6, abs=1e-6)


def matrices(lines, nlabels):
    """Return true labels and those that lines got as 0 and 1, and the probabilities."""
    truth, got = np.zeros((2, len(lines), nlabels), int)
    for i, (known, labels, _) in enumerate(lines):
        truth[i, list(known)], got[i, labels] = 1, 1
    return truth, got, np.array([probs for *_, probs in lines], np.float32)


def quietly(function, *args, **options):
    """Call a function whose warnings (of labels without lines) are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **options)


def check_same(found, ref):
    """Check that a part of a report has what scikit-learn's has."""
    assert set(ref) <= set(found)
    for name, value in ref.items():
        assert found[name] == close(value) if not isinstance(value, dict) else True
        if isinstance(value, dict):
            assert found[name] == {key: close(one) for key, one in value.items()}


@given(examples(single=True))
def test_one_label_a_line(some):
    """Labels that are missing in the file, ties, lines that do not count."""
    nlabels, lines = some
    report = report_of(nlabels, [lines])
    used = counted(lines, 1, 0.0)
    true = [f"label {next(iter(known))}" for known, _, _ in used]
    got = [f"label {labels[0]}" for _, labels, _ in used]
    check_same(
        report.as_json(),
        quietly(metrics.classification_report, true, got, output_dict=True, zero_division=0),
    )
    seen = sorted(set(true) | set(got))
    matrix = quietly(metrics.confusion_matrix, true, got, labels=seen)
    order = [report.names.index(name) for name in seen]
    ours = [
        [
            int(report.right[i]) if i == j else dict(report.confusions.get(i, [])).get(j, 0)
            for j in order
        ]
        for i in order
    ]
    assert ours == matrix.tolist()
    assert report.accuracy == close(metrics.accuracy_score(true, got))
    k, share = report.top
    if k < nlabels:
        probs = np.array([probs for *_, probs in used])
        distinct = all(len(set(row)) == nlabels for row in probs.tolist())
        ids = [next(iter(known)) for known, _, _ in used]
        if distinct and nlabels > 2:  # scikit-learn breaks ties in another way
            top = metrics.top_k_accuracy_score(ids, probs, k=k, labels=list(range(nlabels)))
            assert share == close(top)


@given(examples(least=2))
def test_several_labels_a_line(some):
    nlabels, lines = some
    threshold, k = 0.5, nlabels
    report = report_of(nlabels, [lines], k, threshold, sums_to_one=False)
    used = counted(lines, k, threshold)
    truth, got, probs = matrices(used, nlabels)
    found = report.as_json()
    ref = quietly(
        metrics.classification_report,
        truth,
        got,
        labels=sorted(report.order),
        target_names=[report.names[i] for i in sorted(report.order)],
        output_dict=True,
        zero_division=0,
    )
    if not report.is_single:
        check_same(found, ref)
    ours = found["fastcli"]
    assert ours["exact_match"] == close(metrics.accuracy_score(truth, got))
    assert ours["hamming_loss"] == close(metrics.hamming_loss(truth, got))
    ranking = metrics.label_ranking_average_precision_score(truth, probs)
    assert ours["ranking_average_precision"] == close(ranking)
    in_file = np.flatnonzero(truth.sum(axis=0))
    micro, macro = report.average_precision
    assert micro == close(metrics.average_precision_score(truth, probs, average="micro"))
    each = [metrics.average_precision_score(truth[:, i], probs[:, i]) for i in in_file]
    assert macro == close(np.mean(each))
    losses = [metrics.log_loss(truth[:, i], probs[:, i], labels=[0, 1]) for i in range(nlabels)]
    assert ours["log_loss"] == close(np.mean(losses))
    briers = [
        metrics.brier_score_loss(truth[:, i], probs[:, i], pos_label=1) for i in range(nlabels)
    ]
    assert ours["brier_score"] == close(np.mean(briers))


@pytest.fixture(scope="module")
def topics(tmp_path_factory):
    """Return the path of a model of the topics sample."""
    output = tmp_path_factory.mktemp("topics") / "topics"
    options = ["-dim", 10, "-lr", 0.5, "-epoch", 15, "-bucket", 5000, "-verbose", 0]
    run("supervised", "-input", SAMPLES / "topics.train.txt", "-output", output, *options).text()
    return output.with_suffix(".bin")


@pytest.fixture(scope="module")
def answers(topics):
    """Return the true labels and the probabilities of all labels of the sample, by our predict."""
    test = SAMPLES / "topics.test.txt"
    true = [line.split()[0] for line in test.read_text(encoding="utf-8").splitlines()]
    rows = [
        json.loads(line)
        for line in run("predict-prob", topics, test, -1, "--json").text().splitlines()
    ]
    names = sorted(set(rows[0]["labels"]))
    probs = np.array(
        [[row["probabilities"][row["labels"].index(name)] for name in names] for row in rows]
    )
    return true, [row["labels"][0] for row in rows], names, probs


def test_a_model(topics, answers):
    """What test prints of a model, against what its own predictions make."""
    true, got, names, probs = answers
    report = json.loads(
        run("test", "--report", "--json", topics, SAMPLES / "topics.test.txt").text()
    )
    plain = [name.removeprefix("__label__") for name in names]
    ref = metrics.classification_report(true, got, target_names=plain, output_dict=True)
    check_same(report, ref)
    ours = report["fastcli"]
    probs32 = probs.astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rows that sum to 1 within float32 only
        assert ours["log_loss"] == pytest.approx(metrics.log_loss(true, probs32), rel=1e-5)
    one_hot = np.array([[name == label for name in names] for label in true])
    assert ours["brier_score"] == pytest.approx(
        ((probs - one_hot) ** 2).sum(axis=1).mean(), rel=1e-5
    )
    top = metrics.top_k_accuracy_score(true, probs, k=3, labels=names)
    assert ours["best_k"] == {"k": 3, "accuracy": close(top)}


@given(st.integers(0, 10_000), st.integers(2, 200), st.integers(1, 4))
def test_scores_of_regression(seed, n, n_targets):
    """RMSE, MAE and R2 of each target, and the means over them."""
    rng = np.random.default_rng(seed)
    true = rng.normal(rng.normal(0, 1e4), 10.0 ** rng.integers(-3, 4), (n, n_targets))
    predicted = true + rng.normal(0, true.std(), true.shape)
    meter = RegressionMeter(names=[str(k) for k in range(n_targets)])
    meter.add(true, predicted, np.ones(n, bool))
    for name, function in (
        ("rmse", metrics.root_mean_squared_error),
        ("mae", metrics.mean_absolute_error),
        ("r2", metrics.r2_score),
    ):
        ref = function(true, predicted, multioutput="raw_values")
        np.testing.assert_allclose(meter.per_target(name), ref, rtol=1e-9, atol=1e-12)
        assert meter.score(name) == pytest.approx(function(true, predicted), rel=1e-9)
