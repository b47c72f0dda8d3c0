"""What a person must be told at the end of training."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.lessons import (
    Learned,
    binary_guess,
    one_of_all_guess,
    path_start,
    sampled_guess,
)
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


def test_labels_without_weight_are_not_learned():
    """One label that weighs anything is no choice; a label that weighs nothing is not missed."""
    alone = Learned(
        labels=["a", "b"],
        label_counts=np.array([50, 50]),
        label_weights=np.array([50.0, 0.0]),
        loss=0.3,
        guess=one_of_all_guess(np.array([50.0, 0.0])),
        start=math.log(2),
        best=meter([50, 50], [100, 0], [50, 0]),
    )
    assert not list(alone.sentences())
    assert not alone.needs_more
    assert not alone.is_at_chance
    assert math.isnan(alone.guess)
    best = meter([50, 30, 20], [50, 50, 0], [50, 30, 0])
    assert "c is never predicted" in said(best=best)[0]
    assert not said(best=best, label_weights=np.array([70.0, 30.0, 0.0]))


def test_guessing_by_weighted_frequencies():
    weights = np.array([60.0, 30.0, 10.0])
    guess = one_of_all_guess(weights)
    (sentence,) = said(loss=1.0, guess=guess, start=math.log(3), label_weights=weights)
    assert sentence.endswith(f"guessing by the weighted label frequencies has {guess:.4g}.")
    assert str(one_of_all_guess(np.array([7, 0]))) == "0.0"


LOPSIDED = {"labels": ["a", "b"], "label_counts": np.array([54, 6]), "start": math.log(2)}
LOPSIDED["guess"] = one_of_all_guess(LOPSIDED["label_counts"])


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
    assert sentence == (
        "It is not surely better than guessing: accuracy 0.520 on 100 validation lines, and always "
        "the most frequent label has 0.500."
    )
    (sentence,) = said(loss=0.5, best=meter([50, 30, 20], [90, 5, 5], [45, 2, 2]))
    assert sentence == (
        "It is no better than guessing: accuracy 0.490, and always the most frequent label has "
        "0.500."
    )


def test_the_name_of_a_loss_is_that_of_its_number():
    """Nearly even labels: what is called ln 3 is ln 3, and not their entropy."""
    counts = np.array([44, 40, 36])
    (sentence,) = said(loss=1.09, label_counts=counts, guess=one_of_all_guess(counts))
    assert sentence.endswith(f"and guessing (ln 3) has {math.log(3):.4g}.")


def test_too_little_training_of_lopsided_labels_is_no_rate_that_is_too_high():
    """A linear model starts at ln K, above the entropy of lopsided labels."""
    (sentence,) = said(**LOPSIDED, loss=0.6029)
    assert sentence == (
        "Too little training: the training loss is 0.6029; it began at 0.6931 (ln 2), and guessing "
        "by how frequent labels are has 0.3251."
    )
    (sentence,) = said(**LOPSIDED, loss=0.69)
    assert sentence.startswith("It learned next to nothing: the training loss is 0.69; it began")
    (sentence,) = said(**LOPSIDED, loss=0.33)
    assert sentence.startswith("It learned little more than the label frequencies: ")


def test_nothing_contradicts_validation_lines():
    """Accuracy or macro F1 far from guessing: the loss alone, a mean of an epoch, says little."""
    assert said(**LOPSIDED, loss=0.6, best=meter([9, 3], [9, 3], [9, 3])) == []
    assert said(**LOPSIDED, loss=0.1, best=meter([35, 5], [35, 5], [34, 4])) == []
    assert said(loss=1.03, best=meter([50, 30, 20], [50, 30, 20], [40, 20, 15])) == []
    (sentence,) = said(loss=1.03, best=meter([50, 30, 20], [80, 10, 10], [50, 10, 5]))
    assert sentence.startswith("Too little training: the training loss is 1.03")


def test_losses_before_training():
    """Each branch of a path costs ln 2 where all scores are 0: four of eight even labels three."""
    counts = np.array([4, 2, 1, 1])
    assert path_start(counts, np.array([1, 2, 3, 3])) == pytest.approx(1.75 * math.log(2))


def test_the_rate_is_too_high():
    (sentence,) = said(loss=3.0)
    assert "The learning rate is too high: the training loss ended at 3" in sentence
    assert sentence.endswith("Try -lr 0.1.")
    losses = [1.0, 0.2, 0.3, 0.5, 0.9]
    (sentence,) = said(loss=0.9, history=rows(losses, [math.nan] * 5))
    assert "rate is too high: the training loss rose again from 0.2 to 0.9" in sentence
    (sentence,) = said(
        loss=30.0, largest_lr=1.0, lr=60, best=meter([5, 3, 2], [5, 3, 2], [5, 3, 2])
    )
    assert sentence.endswith("Try -lr 1.")


def test_a_rate_too_high_is_judged_by_epochs_whatever_the_interval():
    """The losses of a few batches go up and down; those of their epochs fall."""
    losses = [1.0, 0.9, 0.2, 0.7, 0.3, 0.6, 0.2, 0.5]
    history = [
        replace(row, epoch=(i + 2) // 2) for i, row in enumerate(rows(losses, [math.nan] * 8))
    ]
    assert said(loss=0.35, history=history) == []


def test_a_diverged_network_is_not_said_to_over_fit():
    history = rows([60.0, 50.0, 40.0, 35.0, 30.0, 26.0], [90.0, 80.0, 100.0, 200.0, 300.0, 400.0])
    (sentence,) = said(loss=26.0, start=2.5, history=history)
    assert "rate is too high: the training loss ended at 26; it began at 2.5" in sentence


def test_a_network_that_starts_far_off_needs_time_and_no_smaller_rate():
    (sentence,) = said(loss=2.0, start=2.6, history=rows([2.5, 2.0], [math.nan] * 2))
    assert sentence.startswith("Too little training")


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
    counts = np.array([60, 30, 10])
    (sentence,) = said(label_counts=counts, best=meter([60, 30, 10], [70, 30, 0], [59, 29, 0]))
    assert sentence.startswith("c is never predicted on validation lines: it has 10 training lines")
    assert sentence.endswith("the most frequent label 60. More of their lines help.")
    (sentence,) = said(best=meter([90, 3, 2], [95, 0, 0], [90, 0, 0]), loss=0.1)
    assert "is no better than guessing" in sentence  # and not both labels, too


def test_rare_labels_that_are_never_predicted():
    counts = np.array([50, 30, 5])
    facts = {"label_counts": counts, "best": meter([50, 30, 5], [55, 30, 0], [49, 29, 0])}
    (sentence,) = said(**facts)
    assert sentence.endswith("and the most frequent label 50. More of their lines help.")
    history = rows([1.0, 0.5], [1.0, 0.5])
    (sentence,) = said(**facts, history=history)
    assert sentence.endswith("More of their lines help, or --monitor f1macro.")
    (sentence,) = said(**facts, history=history, monitor="f1macro")
    assert sentence.endswith("More of their lines help.")


def test_frequent_labels_that_are_never_predicted_need_training_and_no_lines():
    facts = {
        "label_counts": np.array([50, 48, 45]),
        "best": meter([50, 48, 45], [90, 53, 0], [50, 48, 0]),
    }
    (sentence,) = said(**facts)
    assert sentence == (
        "c is never predicted on validation lines, though it has 45 training lines, and labels 48 "
        "on average: train more, with a larger -lr and more -epoch."
    )


def test_a_label_that_stands_beside_others_is_never_the_best():
    best = meter([50, 48, 45], [50, 50, 0], [50, 48, 0])
    best.n = 100
    (sentence,) = said(label_counts=np.array([50, 48, 45]), best=best)
    assert sentence.startswith("c is never the best label of a validation line: it has 45")
    assert sentence.endswith("or predict -k -1 with --threshold.")


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


# ------------------------------------------------------------ going on with a model


GOES_ON = {"goes_on": True, "guess": math.log(3), "largest_lr": 1.0}


def test_a_rate_that_spoils_the_model_that_training_goes_on_with():
    (sentence,) = said(**GOES_ON, start=2.0, loss=3.5, lr=1.5)
    assert sentence == (
        "The learning rate is too high: the training loss ended at 3.5; it began at 2, and "
        "guessing (ln 3) has 1.099. Try -lr 0.3."
    )
    (sentence,) = said(**GOES_ON, start=0.1, loss=0.7)  # still better than guessing
    assert "rate is too high: the training loss ended at 0.7; it began at 0.1" in sentence
    (sentence,) = said(**GOES_ON, start=5.0, loss=2.9, lr=10)  # on its way, by such a rate?
    assert "rate is too high" in sentence
    assert said(**GOES_ON, start=0.01, loss=0.05) == []  # a mean of an epoch, near 0
    assert said(**GOES_ON, start=1.2, loss=0.9) == []


def test_lines_that_disagree_with_the_model():
    (sentence,) = said(**GOES_ON, start=7.1, loss=7.0)
    assert sentence == (
        "The model and these lines disagree: the training loss is 7; it began at 7.1, and "
        "guessing (ln 3) has 1.099. Check their labels; if they are right, try a larger -lr and "
        "more -epoch."
    )
    (sentence,) = said(**{**GOES_ON, "guess": 2.079}, start=2.079, loss=2.06)  # one-vs-all
    assert sentence.startswith("It learned next to nothing: the training loss is 2.06, and guess")
    assert "guessing all labels alike has 2.079." in sentence
    assert sentence.endswith("Check the labels of the lines, or try a larger -lr and more -epoch.")


def test_a_large_rate_whose_loss_is_above_guessing_is_too_high():
    (sentence,) = said(loss=1.2, start=1.1, lr=6.25, largest_lr=1.0)
    assert sentence.endswith("Try -lr 1.")
    (sentence,) = said(loss=1.2, start=1.1, lr=0.5, largest_lr=1.0)
    assert sentence.startswith("It learned next to nothing: ")


# ------------------------------------------------------------ validation lines


def test_validation_lines_of_one_label_judge_nothing():
    facts = {
        "label_counts": np.array([40, 40, 40]),
        "best": meter([20, 0, 0], [17, 3, 0], [17, 0, 0]),
    }
    (sentence,) = said(**facts)
    assert sentence == (
        "All validation lines have one label, a: their figures say nothing of the other 2 labels. "
        "Give validation lines of these, too."
    )
    few = meter([20, 1, 0], [17, 4, 0], [17, 1, 0])  # a good model, and guessing has .95
    (sentence,) = said(label_counts=np.array([20, 20, 60]), best=few)
    assert sentence == (
        "No validation line has the label c (1 of 3): the figures say nothing of it. Give "
        "validation lines of it, too."
    )


def test_few_labels_without_a_validation_line_are_as_usual():
    counts = np.array([50] * 20 + [1])
    best = meter([5] * 20 + [0], [5] * 20 + [0], [5] * 20 + [0])
    names = [f"k{i}" for i in range(21)]
    assert said(labels=names, label_counts=counts, best=best, guess=3.0) == []
