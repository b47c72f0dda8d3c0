"""What a person must be told at the end of training."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.lessons import Learned, binary_guess, one_of_all_guess, sampled_guess
from fastcli.evaluation.meter import Meter

COUNTS = st.lists(st.integers(1, 1000), min_size=2, max_size=8).map(np.array)


def rows(losses, valid_losses):
    """Return evaluations, one for each epoch."""
    return [
        Evaluation(
            step=10 * i,
            epoch=i,
            progress=0.1,
            lr=0.1,
            loss=loss,
            valid_loss=valid,
            valid_error=0.5,
            seconds=1.0,
        )
        for i, (loss, valid) in enumerate(zip(losses, valid_losses, strict=True), 1)
    ]


def meter(gold, predicted, right):
    """Return counts of labels on validation lines with one label each."""
    found = Meter(nlabels=len(gold), n=sum(gold), n_first_right=sum(right))
    found.gold, found.predicted, found.right = map(np.array, (gold, predicted, right))
    return found


def said(**facts):
    """Return what is said of a training with three labels."""
    given = {"labels": ["a", "b", "c"], "label_counts": np.array([50, 30, 20]), "lr": 0.5}
    counts = given["label_counts"]
    return list(
        Learned(**{**given, "loss": 0.1, "guess": one_of_all_guess(counts), **facts}).sentences()
    )


def test_a_good_model_needs_no_words():
    assert said() == []
    assert said(history=rows([1.0, 0.5, 0.3, 0.2], [1.0, 0.6, 0.5, 0.5])) == []
    assert said(best=meter([5, 3, 2], [5, 3, 2], [5, 3, 2])) == []


def test_no_better_than_guessing():
    (sentence,) = said(loss=1.0)
    assert sentence == (
        "It learned next to nothing: the training loss is 1, and guessing by how frequent labels "
        "are has 1.03."
    )
    even = np.array([40, 40, 40])
    (sentence,) = said(loss=1.09, label_counts=even, guess=one_of_all_guess(even))
    assert "and guessing (ln 3) has 1.099." in sentence
    (sentence,) = said(loss=0.5, best=meter([50, 30, 20], [90, 5, 5], [48, 2, 2]))
    assert "accuracy 0.520, and always the most frequent label has 0.500" in sentence


def test_the_rate_is_too_high():
    (sentence,) = said(loss=3.0)
    assert "The learning rate is too high: the training loss ended at 3" in sentence
    assert sentence.endswith("Try -lr 0.1.")
    losses = [1.0, 0.2, 0.3, 0.5, 0.9]
    (sentence,) = said(loss=0.9, history=rows(losses, [math.nan] * 5))
    assert "rate is too high" in sentence


def test_a_network_that_starts_far_off_needs_time_and_no_smaller_rate():
    (sentence,) = said(loss=2.0, history=rows([2.5, 2.0], [math.nan] * 2))
    assert sentence.startswith("It learned next to nothing")


def test_over_fitting_since_an_epoch():
    history = rows([1.0, 0.5, 0.3, 0.2, 0.1, 0.05], [0.9, 0.6, 0.5, 0.55, 0.6, 0.7])
    (sentence,) = said(history=history, kept=history[4])
    assert sentence.startswith(
        "Over-fitting since epoch 3: the validation loss rose from 0.5 to 0.7"
    )
    assert "Epoch 5 is kept, which is best by --monitor." in sentence
    (sentence,) = said(history=history, kept=history[2])
    assert "is kept" not in sentence
    assert said(history=history[:4]) == []


def test_a_label_that_is_never_predicted():
    (sentence,) = said(best=meter([50, 30, 20], [60, 40, 0], [49, 29, 0]))
    assert sentence.startswith("c is never predicted on validation lines: it has 20 training lines")
    (sentence,) = said(best=meter([90, 3, 2], [95, 0, 0], [90, 0, 0]), loss=0.1)
    assert "is no better than guessing" in sentence  # and not both labels, too


def test_one_label():
    (sentence,) = said(labels=["a"], label_counts=np.array([9]), loss=0.0, guess=0.0)
    assert sentence.startswith("There is only one label, a: every text gets it.")


@given(COUNTS)
def test_guessing_with_one_label_of_all(counts):
    shares = counts / counts.sum()
    assert one_of_all_guess(counts) == pytest.approx(-(shares * np.log(shares)).sum())
    assert one_of_all_guess(counts) <= math.log(len(counts)) + 1e-9


@given(COUNTS)
def test_guessing_label_by_label(counts):
    shares = counts / counts.sum()
    expected = sum(-p * math.log(p) - (1 - p) * math.log(1 - p) for p in shares)
    assert binary_guess(counts, int(counts.sum())) == pytest.approx(expected)


@given(COUNTS, st.integers(1, 5))
def test_guessing_with_sampled_labels_is_the_least_loss_of_fixed_scores(counts, neg):
    """No other scores do better: the gradient at those of the formula is zero."""
    p, roots = counts / counts.sum(), np.sqrt(counts)
    draws = roots[None, :] / (roots.sum() - roots)[:, None]
    np.fill_diagonal(draws, 0)
    wrong = neg * (p[:, None] * draws).sum(axis=0)
    yes = p / (p + wrong)
    loss = -(p * np.log(yes) + wrong * np.log1p(-yes)).sum()
    assert sampled_guess(counts, neg) == pytest.approx(loss, rel=1e-6)
