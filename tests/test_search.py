"""Which arguments autotune tries: pure, seeded, within bounds, and what time allows."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.search import (
    CHAR_NGRAMS,
    SCALES,
    STARTS,
    WORD_NGRAMS,
    Trial,
    free_names,
    propose,
    within,
)

TUNED = ["epoch", "lr", "dim", "word_ngrams", "minn", "bucket", "dsub"]
ALL = ["epoch", "lr", "dim", "word_ngrams", "minn", "bucket"]
GIVEN = TrainArgs(input=("x",), output="y")

numbers = st.integers(2, 400)
seeds = st.integers(-(2**31), 2**31 - 1)
some_args = st.builds(
    TrainArgs,
    epoch=st.integers(1, 100),
    lr=st.floats(0.01, 5),
    dim=st.integers(1, 1000),
    word_ngrams=st.sampled_from(WORD_NGRAMS),
    bucket=st.integers(10_000, 10_000_000),
    dsub=st.integers(2, 16),
)
# Of the seconds of a trial, training takes a share.
histories = st.lists(
    st.tuples(some_args, st.floats(0, 1), st.floats(0.001, 100), st.floats(0.01, 1)), max_size=8
).map(
    lambda rows: [
        Trial(number=i + 1, args=args, score=score, seconds=seconds, training=share * seconds)
        for i, (args, score, seconds, share) in enumerate(rows)
    ]
)
fixed_names = st.sets(st.sampled_from(TUNED))


def searched(n, seed=0, fixed=(), given_args=GIVEN, score=lambda args: args.lr):
    """Return the arguments of n trials, fewer if nothing is left; each of them scores."""
    free = free_names(set(fixed), with_size=True)
    trials = []
    for number in range(1, n + 1):
        args = propose(given_args, free, trials, number, seed)
        if args is None:
            break
        trials.append(Trial(number=number, args=args, score=score(args), seconds=1.0, training=1.0))
    return [trial.args for trial in trials]


# -------------------------------------------------------------- what may change


def test_free_names():
    assert free_names(set(), with_size=False) == ALL
    assert free_names(set(), with_size=True) == [*ALL, "dsub"]
    assert free_names({"lr", "dsub"}, with_size=True) == [n for n in ALL if n != "lr"]
    assert free_names(set(TUNED), with_size=True) == []


def test_lengths_of_character_ngrams_are_free_together():
    ref = [name for name in ALL if name != "minn"]
    assert free_names({"maxn"}, with_size=False) == ref
    assert free_names({"minn"}, with_size=False) == ref


@given(fixed_names, numbers, seeds, histories)
def test_what_is_fixed_stays(fixed, number, seed, trials):
    free = free_names(set(fixed), with_size=True)
    given_args = replace(GIVEN, lr=0.123, epoch=7, dim=33, bucket=12345, dsub=5, minn=1, maxn=4)
    trials = [
        replace(
            trial,
            args=replace(
                trial.args,
                **{name: getattr(given_args, name) for name in fixed},
                **({"maxn": 4} if "minn" in fixed else {}),
            ),
        )
        for trial in trials
    ]
    comp = propose(given_args, free, trials, number, seed)
    if comp is None:
        return
    for name in fixed:
        assert getattr(comp, name) == getattr(given_args, name)
    if "minn" in fixed:
        assert (comp.minn, comp.maxn) == (1, 4)


@given(numbers, seeds, histories)
def test_everything_else_is_as_given(number, seed, trials):
    given_args = replace(GIVEN, ws=9, min_count=3, label="#", seed=4, thread=2, lr_update_rate=7)
    trials = [
        replace(trial, args=replace(given_args, lr=trial.args.lr, epoch=trial.args.epoch))
        for trial in trials
    ]
    free = free_names(set(), with_size=True)
    comp = asdict(propose(given_args, free, trials, number, seed))
    ref = asdict(given_args)
    assert {k: v for k, v in comp.items() if k not in (*TUNED, "maxn")} == {
        k: v for k, v in ref.items() if k not in (*TUNED, "maxn")
    }


# ------------------------------------------------------------ pure and seeded


@given(numbers, seeds, histories)
def test_the_same_question_has_the_same_answer(number, seed, trials):
    free = free_names(set(), with_size=True)
    first = propose(GIVEN, free, trials, number, seed)
    before = list(trials)
    assert propose(GIVEN, free, trials, number, seed) == first
    assert trials == before


def test_the_seed_decides():
    n = 30
    assert searched(n, seed=1) == searched(n, seed=1)
    assert searched(n, seed=1) != searched(n, seed=2)
    # The first ones are the same with any seed.
    k = 1 + len(STARTS)
    assert searched(n, seed=1)[:k] == searched(n, seed=2)[:k]


@given(some_args, seeds, fixed_names)
def test_the_first_trial_is_what_was_given(args, seed, fixed):
    assert propose(args, free_names(set(fixed), with_size=True), [], 1, seed) == args


def test_starts_come_next():
    for start, args in zip(STARTS, searched(6)[1:], strict=True):
        assert start.items() <= asdict(args).items()
        assert (args.minn, args.maxn) == (start.get("minn", 0), start.get("maxn", 0))


def test_no_trial_so_far_has_a_score():
    """All were too large or diverged: something else is tried all the same."""
    found = {propose(GIVEN, ALL, [], number, 0) for number in range(7, 40)}
    assert len(found) > 20


# --------------------------------------------------------------------- bounds


@given(numbers, seeds, histories)
def test_values_stay_in_bounds(number, seed, trials):
    comp = propose(GIVEN, free_names(set(), with_size=True), trials, number, seed)
    for name, (least, most, _) in SCALES.items():
        assert least <= getattr(comp, name) <= most, name
    assert comp.word_ngrams in WORD_NGRAMS
    assert (comp.minn, comp.maxn) in CHAR_NGRAMS
    for name in ("epoch", "dim", "bucket", "word_ngrams", "minn", "maxn", "dsub"):
        assert type(getattr(comp, name)) is int
    comp.check_values()


@pytest.mark.parametrize("score", [lambda args: args.lr * args.dim, lambda args: -args.dim])
def test_long_searches_stay_in_bounds(score):
    """Even where the score pulls them out."""
    for args in searched(150, score=score)[1:]:
        for name, (least, most, _) in SCALES.items():
            assert least <= getattr(args, name) <= most, name
        args.check()


def test_learning_rates_are_short():
    """They are pasted into a command line."""
    for args in searched(60):
        assert len(str(args.lr)) <= 8


# -------------------------------------------------------------------- repeating


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fixed", [(), ("dim", "bucket"), ("dim", "bucket", "dsub", "minn")])
def test_no_trial_is_repeated_where_there_are_others(seed, fixed):
    found = searched(80, seed=seed, fixed=fixed)
    assert len(set(found)) == 80


def test_nothing_is_left_to_change():
    assert searched(20, fixed=TUNED) == [GIVEN]
    assert propose(GIVEN, [], [], 7, 0) == GIVEN  # not one of them has scored


def test_few_possibilities():
    """Five lengths of word n-grams, the longer the better, and three of character n-grams."""
    fixed = ["epoch", "lr", "dim", "bucket", "dsub"]
    trials = searched(60, fixed=fixed, score=lambda args: args.word_ngrams)
    found = [(args.word_ngrams, args.minn, args.maxn) for args in trials]
    every = {(n, *lengths) for n in WORD_NGRAMS for lengths in CHAR_NGRAMS}
    assert len(set(found)) == len(found) <= len(every)
    assert set(found) <= every
    assert {(5, *lengths) for lengths in CHAR_NGRAMS} <= set(found)


# ------------------------------------------------------------------ what is too large


def small(args):
    """Return arguments of dim 40 or less, and nothing for those with character n-grams."""
    return None if args.maxn else replace(args, dim=min(args.dim, 40))


@given(numbers, seeds, histories)
def test_only_what_fits_is_proposed(number, seed, trials):
    comp = propose(GIVEN, ALL, trials, number, seed, small)
    assert comp is None or small(comp) == comp


def test_nothing_fits():
    assert propose(GIVEN, ALL, [], 2, 0, lambda args: None) is None


# ---------------------------------------------------------------------- it finds


@pytest.mark.parametrize("seed", range(5))
def test_it_climbs(seed):
    """To the top of a hill over lr and epoch, far from where it starts."""

    def score(args):
        return -abs(args.lr - 2.5) - abs(args.epoch - 80) / 40

    found = [score(args) for args in searched(150, seed=seed, score=score)]
    assert max(found) > -0.3
    assert max(found[6:]) > max(found[:6])


# ------------------------------------------------------------------------- time


def trial(training, rest=0.0, **values):
    return Trial(
        number=1,
        args=replace(GIVEN, **values),
        score=0.5,
        seconds=training + rest,
        training=training,
    )


def test_what_fits_is_left_alone():
    trials = [trial(1.0, epoch=10)]
    args = replace(GIVEN, epoch=20)
    assert within(args, trials, 2.5, ALL) == args
    assert within(args, [], 0.001, ALL) == args  # nothing is known of the time


def test_fewer_epochs_where_time_is_short():
    trials = [trial(1.0, epoch=10)]
    assert within(replace(GIVEN, epoch=100), trials, 5.0, ALL).epoch == 50
    assert within(replace(GIVEN, epoch=100), trials, 1e-9, ALL).epoch == 1


def test_what_is_no_training_takes_time_too():
    """Reading and measuring do; the first trial may have compiled, which no other does."""
    trials = [trial(1.0, 50.0, epoch=10), trial(1.0, 2.0, epoch=10), trial(1.0, 3.0, epoch=10)]
    assert within(replace(GIVEN, epoch=100), trials, 5.0, ALL).epoch == 30
    assert within(replace(GIVEN, epoch=100), trials, 1.0, ALL).epoch == 1


def test_fixed_epochs_stay():
    trials = [trial(1.0, epoch=10)]
    free = free_names({"epoch"}, with_size=False)
    assert within(replace(GIVEN, epoch=100), trials, 0.1, free).epoch == 100


def test_wider_rows_take_longer():
    trials = [trial(1.0, epoch=10, dim=100)]
    epochs = [
        within(replace(GIVEN, epoch=100, dim=dim), trials, 5.0, ALL).epoch
        for dim in (10, 100, 500, 1000)
    ]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[-1]


@given(some_args, histories, st.floats(0.001, 100))
def test_time_takes_epochs_and_nothing_else(args, trials, seconds):
    comp = within(args, trials, seconds, ALL)
    assert 1 <= comp.epoch <= args.epoch
    assert replace(comp, epoch=args.epoch) == args


@given(some_args, histories, st.floats(0.001, 10), st.floats(1, 10))
def test_more_time_is_never_fewer_epochs(args, trials, seconds, factor):
    less = within(args, trials, seconds, ALL).epoch
    assert within(args, trials, seconds * factor, ALL).epoch >= less
