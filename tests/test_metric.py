"""What autotune makes as large as it can: by hand, by brute force, and how metrics are written."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.metric import Metric, parse_metric, precision_recall

LABELS = ["__label__a", "__label__b", "__label__c", "__label__d"]
NLABELS = len(LABELS)
CURVES = ["precisionAtRecall", "recallAtPrecision"]

# A line: its gold labels, and its predictions with their probabilities, which may be equal.
label_ids = st.integers(0, NLABELS - 1)
probabilities = st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 0.875, 1.0])
predictions = st.lists(
    st.tuples(label_ids, probabilities), max_size=NLABELS, unique_by=lambda pair: pair[0]
)
lines = st.lists(
    st.tuples(st.lists(label_ids, min_size=1, max_size=3, unique=True), predictions), max_size=8
)
names = st.sampled_from(["", *LABELS])


def meter_of(batch, with_scores=True):
    """Return a meter that has seen a batch, whose predictions are sorted here."""
    meter = Meter(nlabels=NLABELS, with_scores=with_scores)
    if not batch:
        return meter
    n, k = len(batch), NLABELS
    counts = np.array([len(found) for _, found in batch], np.int32)
    labels, probs = np.full(n * k, 99, np.int32), np.full(n * k, 9, np.float32)
    for i, (_, found) in enumerate(batch):
        for j, (label, prob) in enumerate(sorted(found, key=lambda pair: -pair[1])):
            labels[i * k + j], probs[i * k + j] = label, prob
    gold = np.array([label for known, _ in batch for label in known], np.int32)
    offsets = np.cumsum([0, *(len(known) for known, _ in batch)]).astype(np.int64)
    ones = np.ones(n, np.int64)
    meter.add(ones, ones.astype(bool), offsets, gold, k, counts, labels, probs)
    return meter


class Labelled:
    label = "__label__"

    def labels(self):
        return [name.encode() for name in LABELS]


KNOWN = LabelNames.of(Labelled())


def score(text, batch):
    metric = parse_metric(text)
    return metric.score(meter_of(batch, metric.needs_scores), metric.find_label(KNOWN))


# -------------------------------------------------------------------- by hand

# Two of three first predictions are right; b is found once of twice, c never.
HAND = [([0], [(0, 0.75)]), ([1], [(1, 0.5)]), ([1], [(2, 0.25)])]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("f1", 2 / 3),
        ("f1:__label__a", 1),
        ("f1:__label__b", 2 / 3),  # precision 1, recall 1/2
        ("f1:__label__c", 0),
        ("f1:__label__d", 0),  # neither gold nor predicted
        ("f1macro", (1 + 2 / 3 + 0) / 3),  # d is no part of the mean
        ("accuracy", 2 / 3),
        ("precisionAtRecall:0", 1),
        ("precisionAtRecall:66", 1),  # at 0.5 both that are predicted are right
        ("precisionAtRecall:67", 0),  # never reached
        ("precisionAtRecall:50:__label__b", 1),
        ("precisionAtRecall:51:__label__b", 0),
        ("recallAtPrecision:100", 2 / 3),
        ("recallAtPrecision:50", 2 / 3),
        ("recallAtPrecision:100:__label__b", 0.5),
        ("recallAtPrecision:1:__label__c", 0),
    ],
)
def test_scores_by_hand(text, ref):
    assert score(text, HAND) == pytest.approx(ref, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    ["f1", "f1:__label__a", "f1macro", "accuracy", "recallAtPrecision:30", "recallAtPrecision:0"],
)
def test_nothing_at_all_is_0(text):
    assert score(text, []) == 0


def test_gold_without_predictions_is_0():
    batch = [([0, 1], []), ([2], [])]
    for text in ("f1", "f1macro", "accuracy", "f1:__label__a", "precisionAtRecall:1"):
        assert score(text, batch) == 0


def test_predictions_as_likely_as_each_other_go_together():
    """There is no threshold between them: of two, one right, precision is never 1."""
    batch = [([0], [(0, 0.5)]), ([1], [(0, 0.5)])]
    assert score("precisionAtRecall:50", batch) == 0.5
    assert score("recallAtPrecision:100", batch) == 0
    assert score("recallAtPrecision:50", batch) == 0.5


def test_the_curve_ends_where_all_is_found():
    """What is predicted after the last gold label is on no point of it, as in fastText."""
    batch = [([0], [(0, 0.75)]), ([0], [(0, 0.5)])]
    rest = [([3], [(0, 0.25)])]
    assert score("recallAtPrecision:0:__label__a", batch + rest) == 1
    precision, recall = precision_recall(meter_of(batch + rest), 0)
    assert precision.tolist() == [1, 1, 1]
    assert recall.tolist() == [0.5, 1, 0]


def test_unknown_labels():
    for text in ("f1:__label__x", "precisionAtRecall:30:x", "recallAtPrecision:30:x"):
        with pytest.raises(ArgumentError, match="the model has no label"):
            score(text, HAND)


def test_accuracy_looks_at_one_prediction():
    Metric("accuracy").check(1)
    Metric("f1").check(5)
    with pytest.raises(ArgumentError, match="leave -autotune-predictions out"):
        Metric("accuracy").check(2)


# ---------------------------------------------------------------- brute force


def naive_curve(name, at, label, batch):
    """Try every threshold there is."""
    wanted = None if label == "" else LABELS.index(label)
    found = [
        (p, predicted in known)
        for known, predictions_ in batch
        for predicted, p in predictions_
        if wanted is None or predicted == wanted
    ]
    n_gold = sum(wanted is None or x == wanted for known, _ in batch for x in known)
    points = [(1.0, 0.0)]
    for threshold in sorted({p for p, _ in found}, reverse=True):
        made = [right for p, right in found if p >= threshold]
        points.append((sum(made) / len(made), sum(made) / n_gold if n_gold else math.nan))
        if sum(made) >= n_gold:
            break
    if name == "recallAtPrecision":
        points = [(y, x) for x, y in points]
    reached = [x for x, y in points if y >= at]
    best = max(reached, default=0.0)
    return 0.0 if math.isnan(best) else best


@given(lines, st.sampled_from(CURVES), st.integers(0, 100), names)
def test_curves_against_every_threshold(batch, name, percent, label):
    text = f"{name}:{percent}:{label}" if label else f"{name}:{percent}"
    n_gold = sum(label in ("", LABELS[x]) for known, _ in batch for x in known)
    if n_gold == 0:
        return  # there is no recall
    ref = naive_curve(name, percent / 100, label, batch)
    assert score(text, batch) == pytest.approx(ref, abs=1e-12)


def naive_f1(batch, label):
    right = predicted = gold = 0
    for known, found in batch:
        gold += known.count(label)
        predicted += sum(x == label for x, _ in found)
        right += sum(x == label and x in known for x, _ in found)
    return right, predicted, gold


def ratio(right, predicted, gold):
    return 2 * right / (predicted + gold) if predicted + gold else 0.0


@given(lines)
def test_f1_against_counting(batch):
    counts = [naive_f1(batch, label) for label in range(NLABELS)]
    assert score("f1", batch) == pytest.approx(ratio(*map(sum, zip(*counts, strict=True))))
    for name, found in zip(LABELS, counts, strict=True):
        assert score(f"f1:{name}", batch) == pytest.approx(ratio(*found))
    seen = [ratio(*found) for found in counts if found[1] + found[2]]
    assert score("f1macro", batch) == pytest.approx(np.mean(seen) if seen else 0.0)


@given(lines)
def test_accuracy_against_counting(batch):
    first = [(known, sorted(found, key=lambda pair: -pair[1])[:1]) for known, found in batch]
    ref = sum(found[0][0] in known for known, found in first if found)
    assert score("accuracy", first) == pytest.approx(ref / len(batch) if batch else 0)


@given(lines, lines, st.sampled_from(CURVES))
def test_merged_meters_are_one(first, second, name):
    """Threads count parts of a text; their meters are merged."""
    metric = parse_metric(f"{name}:50")
    meter = meter_of(first)
    meter.merge(meter_of(second))
    ref = metric.score(meter_of(first + second), -1)
    assert metric.score(meter, -1) == pytest.approx(ref, abs=1e-12)


@given(lines, names, st.sampled_from(["f1", "f1macro", "accuracy", *CURVES]))
def test_scores_are_shares(batch, label, name):
    text = f"{name}:30" if name in CURVES else name
    if label and name not in ("f1macro", "accuracy"):
        text += f":{label}"
    k = 1 if name == "accuracy" else NLABELS
    assert 0 <= score(text, [(known, found[:k]) for known, found in batch]) <= 1


# --------------------------------------------------------------------- parsing


@given(st.text(min_size=1))
def test_labels_of_f1_are_any_text(label):
    assert parse_metric(f"f1:{label}") == Metric("f1", label)


@given(st.sampled_from(CURVES), st.floats(0, 100), st.text(min_size=1))
def test_percentages(name, percent, label):
    assert parse_metric(f"{name}:{percent!r}") == Metric(name, "", percent / 100)
    assert parse_metric(f"{name}:{percent!r}:{label}") == Metric(name, label, percent / 100)


@pytest.mark.parametrize("name", ["f1", "f1macro", "accuracy"])
def test_names_alone(name):
    assert parse_metric(name) == Metric(name)
    assert not parse_metric(name).needs_scores


@pytest.mark.parametrize("name", CURVES)
def test_curves_need_scores(name):
    assert parse_metric(f"{name}:30").needs_scores


@given(st.text())
def test_any_text_is_a_metric_or_refused(text):
    try:
        metric = parse_metric(text)
    except ArgumentError:
        return
    assert metric.name == text.partition(":")[0]
    assert 0 <= metric.at <= 1


@given(st.sampled_from(CURVES), st.text(alphabet="0123456789.:-+einfa_ ", max_size=8))
def test_odd_percentages_are_read_or_refused(name, rest):
    try:
        metric = parse_metric(f"{name}:{rest}")
    except ArgumentError:
        return
    assert 0 <= metric.at <= 1
    assert metric.at == float(rest.partition(":")[0]) / 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "f2",
        "F1",
        "f1:",
        "f1 ",
        "f1macro:",
        "f1macro:x",
        "accuracy:",
        "precisionAtRecall",
        "precisionAtRecall:",
        "precisionAtRecall:x",
        "precisionAtRecall:101",
        "precisionAtRecall:-0.1",
        "precisionAtRecall:nan",
        "precisionAtRecall:inf",
        "recallAtPrecision:30:",
    ],
)
def test_what_is_no_metric(text):
    with pytest.raises(ArgumentError):
        parse_metric(text)


# ------------------------------------------------------- the grammar of all commands


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("f1weighted", (1 * 1 + 2 * (2 / 3)) / 3),
        ("error", 1 / 3),
        ("loss", math.nan),  # was not measured
        ("logloss", math.nan),
    ],
)
def test_values_by_hand(text, ref):
    metric = parse_metric(text)
    assert metric.value(meter_of(HAND)) == pytest.approx(ref, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("text", ["f1", "f1macro", "f1weighted", "accuracy", "error", "loss"])
def test_the_value_of_nothing_is_nan(text):
    assert math.isnan(parse_metric(text).value(meter_of([])))


def test_losses_are_means_over_the_lines_of_all_threads():
    meter, other = meter_of(HAND), meter_of(HAND)
    meter.add_losses(3, 6.0, 3.0)
    other.add_losses(1, 2.0, 3.0)
    meter.merge(other)
    assert parse_metric("loss").value(meter) == 2
    assert parse_metric("logloss").value(meter) == 1.5


def test_accuracy_is_of_the_best_label_however_many_are_predicted():
    batch = [([0], [(1, 0.75), (0, 0.5)]), ([2], [(2, 0.5), (3, 0.25)])]
    assert parse_metric("accuracy").value(meter_of(batch)) == 0.5


@pytest.mark.parametrize("text", ["error", "loss", "logloss"])
def test_directions_down(text):
    metric = parse_metric(text)
    assert metric.lower_is_better
    assert metric.is_better(0.1, 0.2)
    assert not metric.is_better(0.2, 0.1)
    assert metric.score(meter_of([]), -1) == math.inf


@pytest.mark.parametrize("text", ["f1", "f1:a", "f1macro", "f1weighted", "accuracy"])
def test_directions_up(text):
    metric = parse_metric(text)
    assert not metric.lower_is_better
    assert metric.is_better(0.2, 0.1)
    assert not metric.is_better(0.2, 0.2)


@given(st.sampled_from(["f1", "loss"]), st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_nan_is_never_better(text, a, b):
    better = parse_metric(text).is_better(a, b)
    assert better == (not math.isnan(a) and (math.isnan(b) or (a < b if text == "loss" else a > b)))


@pytest.mark.parametrize("name", CURVES)
def test_a_share_in_place_of_a_percentage_is_asked_about(name):
    assert parse_metric(f"{name}:0.9").doubt == (
        f"{name}:0.9 is 0.9 percent, as in fastText: was {name}:90 meant?"
    )
    assert f"{name}:100:a meant" in parse_metric(f"{name}:1:a").doubt
    for text in (f"{name}:0", f"{name}:1.5", f"{name}:90", "f1", "f1:0.5"):
        assert parse_metric(text).doubt == ""


@pytest.mark.parametrize("text", ["f1", "f1:a:b", "recallAtPrecision:12.5:x", "logloss"])
def test_text_is_how_it_is_written(text):
    assert parse_metric(text).text == text


def test_a_label_that_no_line_has_is_undefined():
    """Whatever was predicted: nothing can be said of it."""
    meter = meter_of([([0], [(1, 0.9)])])
    for text in ("f1:b", "precisionAtRecall:50:b", "recallAtPrecision:50:b"):
        assert math.isnan(parse_metric(text).value(meter, 1))
        assert parse_metric(text).score(meter, 1) == 0  # as in fastText
    absent = np.array([0, 2], np.int32)
    with pytest.raises(ArgumentError, match=r"--monitor f1:b: no line .* has the label b"):
        parse_metric("f1:b").check_occurs(1, absent, "--monitor")
    parse_metric("f1:a").check_occurs(0, absent, "--monitor")
    parse_metric("f1").check_occurs(-1, absent, "--monitor")


def test_labels_are_found_with_and_without_the_prefix():
    assert parse_metric("f1:__label__b").find_label(KNOWN) == 1
    assert parse_metric("f1:b").find_label(KNOWN) == 1
    assert parse_metric("f1").find_label(KNOWN) == -1
    with pytest.raises(ArgumentError, match=r"no label B .did you mean b\?.. Its labels: a, b, c"):
        parse_metric("f1:B").find_label(KNOWN)
