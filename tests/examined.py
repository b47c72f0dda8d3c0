"""Lines with their labels and probabilities, handed to the tally of a report as readers do it."""

import numpy as np
from hypothesis import strategies as st

from fastcli.evaluation.classifier import Predictions
from fastcli.evaluation.report import Report
from fastcli.evaluation.tally import Room, Tally
from fastcli.kernels.text.lines import HAS_LABEL
from fastcli.text.lines import Lines

EIGHTHS = [i / 8 for i in range(9)]


def best(probs, k, threshold):
    """Return the k best labels that are probable enough; of equal ones the first."""
    order = sorted(range(len(probs)), key=lambda label: -probs[label])[:k]
    return [label for label in order if probs[label] >= threshold]


@st.composite
def examples(draw, single=False, least=1):
    """Return the number of labels, and lines: features, known labels, whether there are unknown
    ones, and the probabilities of all labels, which may be equal.
    """
    nlabels = draw(st.integers(2, 5))
    labels = st.lists(
        st.integers(0, nlabels - 1), min_size=1, max_size=1 if single else 3, unique=True
    )
    probs = st.lists(st.sampled_from(EIGHTHS), min_size=nlabels, max_size=nlabels)
    line = st.tuples(st.just(1), labels, st.booleans(), probs)
    odd = st.tuples(st.integers(0, 1), st.just([]), st.booleans(), probs)
    unread = st.tuples(st.just(0), labels, st.booleans(), probs)
    counted = draw(st.lists(line, min_size=least, max_size=8))
    others = draw(st.lists(odd | unread, max_size=3))
    return nlabels, draw(st.permutations(counted + others))


def counted(lines, k, threshold):
    """Return what counts of some lines, as ``naive_report`` takes it."""
    return [
        (set(known), best(probs, k, threshold), probs)
        for features, known, _, probs in lines
        if features and known
    ]


def predictions(found, k):
    """Return the predictions of lines, each a list of labels and their probabilities."""
    n = len(found)
    labels, probs = np.full(n * k, 99, np.int32), np.full(n * k, 9, np.float32)
    for i, some in enumerate(found):
        for j, (label, prob) in enumerate(some):
            labels[i * k + j], probs[i * k + j] = label, prob
    counts = np.array([len(some) for some in found], np.int32)
    return Predictions(k=k, counts=counts, labels=labels, probs=probs)


def add(tally, lines, k, threshold):
    """Hand lines to a tally, and return the mistakes among them."""
    n, nlabels = len(lines), tally.nlabels
    with_features = [features > 0 for features, *_ in lines]
    chosen = [
        [(label, probs[label]) for label in best(probs, k, threshold)] if is_read else []
        for is_read, (*_, probs) in zip(with_features, lines, strict=True)
    ]
    whole = [
        [(label, probs[label]) for label in best(probs, nlabels, -1)] if is_read else []
        for is_read, (*_, probs) in zip(with_features, lines, strict=True)
    ]
    found = predictions(chosen, k)
    found.every = predictions(whole, nlabels)
    found.first = found.every.best
    gold = [label for _, known, _, _ in lines for label in known]
    flags = [HAS_LABEL * (bool(known) or unknown) for _, known, unknown, _ in lines]
    read = Lines(
        n=n,
        features=np.zeros(1, np.int32),
        offsets=np.cumsum([0, *with_features, 7]).astype(np.int64),
        labels=np.array([*gold, 99], np.int32),
        label_offsets=np.cumsum([0, *(len(known) for _, known, _, _ in lines)]).astype(np.int64),
        flags=np.array(flags, np.uint8),
    )
    return tally.add(read, found)


def report_of(nlabels, parts, k=1, threshold=0.0, sums_to_one=True):
    """Return the report of some parts, each counted in a tally of its own."""
    tallies, room = [], Room()
    for lines in parts:
        tally = Tally(
            nlabels=nlabels,
            sums_to_one=sums_to_one,
            decides=threshold > 0,
            top=min(3, nlabels),
            room=room,
        )
        add(tally, lines, k, threshold)
        tallies.append(tally)
    for tally in tallies[1:]:
        tallies[0].merge(tally)
    return Report(tallies[0], [f"label {i}" for i in range(nlabels)])
