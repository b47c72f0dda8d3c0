"""Regression: figures by plain formulas, targets on one scale, and when labels are numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError, DataError
from fastcli.evaluation.metric import parse_metric
from fastcli.evaluation.regression import ROWS, RegressionMeter, least_loss, losses_of
from fastcli.kernels.base.losses import HUBER, SQUARED
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.options import REGRESSION_LOSSES
from fastcli.mlp.targets import Targets, numbers_of
from fastcli.mlp.task import check_labels, looks_like_numbers
from fastcli.tables.coded import Coded
from tests import naive_mlp


def plain_scores(true, predicted):
    """Return RMSE, MAE and R2 of each target, by their definitions."""
    errors = predicted - true
    squares, apart = (errors**2).sum(axis=0), ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    return {
        "rmse": np.sqrt((errors**2).mean(axis=0)),
        "mae": np.abs(errors).mean(axis=0),
        "r2": 1 - squares / apart,
    }


def measured(true, predicted, parts=1):
    meter = RegressionMeter(names=[str(k) for k in range(true.shape[1])])
    for some, guesses in zip(
        np.array_split(true, parts), np.array_split(predicted, parts), strict=True
    ):
        meter.add(some, guesses, np.ones(len(some), bool))
    return meter


@given(st.integers(0, 10_000), st.integers(2, 3 * ROWS), st.integers(1, 3))
def test_scores_are_those_of_plain_formulas(seed, n, n_targets):
    rng = np.random.default_rng(seed)
    true = rng.normal(1e6, 3, (n, n_targets))
    predicted = true + rng.normal(size=true.shape)
    meter = measured(true, predicted)
    for name, ref in plain_scores(true, predicted).items():
        np.testing.assert_allclose(meter.per_target(name), ref, rtol=1e-9)
        assert meter.score(name) == pytest.approx(ref.mean(), rel=1e-9)
        assert parse_metric(name).value(meter) == meter.score(name)


@given(st.integers(0, 10_000), st.integers(2, 3 * ROWS), st.integers(1, 50))
def test_scores_do_not_depend_on_how_rows_come(seed, n, parts):
    rng = np.random.default_rng(seed)
    true, predicted = rng.normal(size=(2, n, 2))
    one, other = measured(true, predicted), measured(true, predicted, parts)
    for name in ("rmse", "mae", "r2"):
        assert one.per_target(name).tobytes() == other.per_target(name).tobytes()


def test_meters_of_files_are_added():
    rng = np.random.default_rng(0)
    true, predicted = rng.normal(size=(2, 500, 2))
    true[:100] += 50
    total = RegressionMeter(names=["a", "b"])
    for part in (slice(0, 100), slice(100, 100), slice(100, 500)):
        total.merge(measured(true[part], predicted[part]))
    for name, ref in plain_scores(true, predicted).items():
        np.testing.assert_allclose(total.per_target(name), ref, rtol=1e-9)


def test_rows_that_do_not_count():
    true, predicted = np.array([[1.0], [np.nan], [3.0]]), np.array([[2.0], [5.0], [np.nan]])
    meter = RegressionMeter(names=["y"])
    meter.add(true, predicted, np.array([True, True, False]))
    assert (meter.n, meter.no_target, meter.no_known_token) == (1, 1, 1)
    assert meter.score("mae") == 1
    assert np.isnan(meter.score("r2"))  # of one target there is no variance
    assert meter.sentence().startswith("Lines left out of the test: 1 without a target, 1 without")


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_losses_are_those_of_the_twin(name):
    errors = np.linspace(-3, 3, 61)
    ref, _ = naive_mlp.error_loss(errors, f"{name}:0.7" if name == "huber" else name)
    np.testing.assert_allclose(losses_of(errors, REGRESSION_LOSSES[name], 0.7), ref, rtol=1e-12)


@pytest.mark.parametrize("name", REGRESSION_LOSSES)
def test_no_single_prediction_has_less_than_the_least_loss(name):
    targets = np.random.default_rng(2).exponential(size=(201, 2)).astype(np.float32)
    least = least_loss(targets, REGRESSION_LOSSES[name], 0.7)
    code, values = REGRESSION_LOSSES[name], np.linspace(0, 2, 401)
    tried = [
        [losses_of(value - column, code, 0.7).mean() for value in values]
        for column in targets.astype(np.float64).T
    ]
    assert least == pytest.approx(np.mean([min(some) for some in tried]), abs=1e-4)
    assert least <= np.mean([min(some) for some in tried]) + 1e-12


def test_targets_come_back():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(1.7e12, 1e6, 300), rng.normal(0, 1e-9, 300)], axis=1)
    values = np.column_stack([values, np.full(300, 4.0)])
    targets = Targets.fitted(["a", "b", "c"], values)
    scaled = targets.standardize(values).reshape(-1, 3)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0), [1, 1, 0], rtol=1e-6)
    back = targets.restore(scaled)
    assert (np.abs(back - values) <= 1e-6 * targets.deviation).all()
    assert targets.texts(back)[0][2] == "4"
    assert abs(float(targets.texts(back)[0][0]) - values[0, 0]) < 10


def test_numbers_of_cells():
    found = numbers_of(Coded.of(["1.5,2", "3", "x,1", "", "1e400,2", ("4", "5")]), 2)
    assert found[[0, 5]].tolist() == [[1.5, 2], [4, 5]]
    assert np.isnan(found[1:5]).all()


NAMES = {  # labels, rows, whether they are numbers
    "digits": (range(10), 1797, False),
    "few rows": (range(2), 4, False),
    "ids to 99": (range(100), 500, False),
    "ids from 1": (range(1, 101), 500, False),
    "some ids are missing": ([*range(0, 90, 2), *range(1, 30)], 500, False),
    "a thousand ids": (range(1000), 10_000, False),
    "grades": ([1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5], 500, False),
    "codes": ([101, 205, 3001, 7, 12], 100, False),
    "words": ([f"w{i}" for i in range(900)], 1000, False),
    "diabetes": (range(25, 346, 2), 442, True),
    "years": (range(1922, 2012), 100_000, True),
    "counts with gaps": ([*range(1, 800), 850, 977], 17_000, True),
    "each its own": (range(100), 150, True),
    "prices": ([100.5 + i for i in range(300)], 300, True),
    "few rows of floats": ([0.1, 0.7, 1.9, 3.3, 5.2], 5, True),
}


@pytest.mark.parametrize("case", NAMES)
def test_labels_that_are_numbers(case):
    labels, n_rows, are_numbers = NAMES[case]
    names = list(map(str, labels))
    assert looks_like_numbers(names, n_rows) == are_numbers
    counts = np.full(len(names), -(-n_rows // len(names)))
    if are_numbers:
        with pytest.raises(DataError, match=r"--task regression.*--task classification"):
            check_labels("auto", names, np.minimum(counts, 1), "t.csv")
    for task in ("classification", "regression"):
        assert check_labels(task, names, counts, "t.csv") == ""


def test_many_classes_are_said():
    said = check_labels("auto", list(map(str, range(50))), np.full(50, 9), "t.csv")
    assert "taken as classes; --task regression" in said


def given_args(**values):
    return MlpArgs(input=("x",), output="y", **values)


def test_what_follows_from_the_task():
    args = given_args(task="regression").resolved()
    assert (args.loss, args.monitor, args.task) == ("squared", "loss", "regression")
    assert given_args(loss="huber").resolved().task == "regression"
    recorded = given_args().resolved().recorded()
    assert "task" not in recorded
    assert "huber_delta" not in recorded
    assert given_args(task="regression").resolved().recorded()["task"] == "regression"


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"task": "regression", "loss": "softmax"}, "-loss softmax is for labels"),
        ({"task": "classification", "loss": "huber"}, "-loss huber is for numbers"),
        ({"task": "regression", "label_smoothing": 0.1}, "--label-smoothing is for labels"),
        ({"task": "regression", "plot_regions": "x.png"}, "--plot-regions is for labels"),
        ({"task": "regression", "class_weight": "balanced"}, "--class-weight is for labels"),
        ({"task": "regression", "monitor": "f1"}, "f1 is a metric of classification, and this is"),
        ({"task": "regression", "optimizer": "perceptron"}, "perceptron learns labels, and"),
        ({"monitor": "rmse"}, "rmse is a metric of regression, and this is classification"),
        ({"task": "regression", "huber_delta": 0.0}, "--huber-delta must be above 0"),
    ],
)
def test_what_does_not_fit_the_task(values, match):
    with pytest.raises(ArgumentError, match=match):
        given_args(**values).check()


def test_huber_is_squared_within_its_delta():
    errors = np.linspace(-1, 1, 21)
    half = losses_of(errors, SQUARED, 1.0) / 2
    np.testing.assert_allclose(losses_of(errors, HUBER, 1.0), half, atol=1e-15)
