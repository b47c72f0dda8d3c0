"""What autotune knows of the size of a model before it is trained."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_bytes import file_size
from fastcli.fasttext.model_size import TargetTooSmall, rows_that_fit
from fastcli.fasttext.search import free_names
from fastcli.fasttext.size_limit import NothingFits, NotTrained, SizeLimit, tuned_sizes
from fastcli.text.dictionary import Dictionary

GIVEN = TrainArgs(input=("x",), output="y")
FREE = free_names(set(), with_size=True)


def dictionary(nwords, nlabels):
    """Return a dictionary of words and labels of all lengths."""
    names = [b"%d" % i + b"w" * (i % 17) for i in range(nwords)]
    names += [b"__label__%d" % i for i in range(nlabels)]
    starts = np.cumsum([0, *map(len, names)]).astype(np.int64)
    arena = np.frombuffer(b"".join(names) + b"\0", np.uint8)
    counts = np.ones(len(names), np.int64)
    return Dictionary(
        nwords=nwords,
        nlabels=nlabels,
        ntokens=10 * len(names),
        starts=starts,
        arena=arena,
        counts=counts,
    )


texts = st.builds(dictionary, st.integers(1, 700), st.integers(1, 400))
some_args = st.builds(
    lambda **values: replace(GIVEN, **values),
    dim=st.integers(1, 300),
    dsub=st.integers(1, 16),
    word_ngrams=st.integers(1, 3),
    bucket=st.integers(10_000, 20_000),
)
targets = st.integers(100, 400_000)


@given(texts, some_args, st.integers(0, 2**32 - 1))
def test_sizes_are_between_the_bounds(text, args, seed):
    """Whichever rows are the longest, the smallest model lies between the bounds."""
    limit = SizeLimit(1, text, FREE)
    assert limit.lower_bound(args) <= limit.upper_bound(args)
    n_rows = text.nwords + args.model_args().bucket
    if n_rows < 256:
        assert limit.lower_bound(args) == limit.upper_bound(args)  # that of the .bin
        return
    n_ngrams = text.ntokens * (args.word_ngrams - 1)  # no more than that can be met
    order = np.random.default_rng(seed).permutation(min(n_rows, text.nwords + n_ngrams))
    sizes = tuned_sizes(args.dsub, text)
    n = rows_that_fit(args.model_args(), text, order, sizes, limit.upper_bound(args))
    assert n >= min(256, len(order))
    with pytest.raises(TargetTooSmall):
        rows_that_fit(args.model_args(), text, order, sizes, limit.lower_bound(args) - 1)


@given(texts, some_args, targets)
def test_arguments_are_changed_no_more_than_needed(text, args, target):
    limit = SizeLimit(target, text, FREE)
    comp = limit.fitted(args)
    plain = text.ntokens < 256 and file_size(args.model_args(), text) > target
    if comp is None:
        if not plain:
            assert limit.lower_bound(replace(args, dim=1)) > target
            with pytest.raises(NotTrained):
                limit.check(args)
        return
    assert replace(comp, dim=args.dim, dsub=args.dsub, word_ngrams=args.word_ngrams) == args
    assert comp.word_ngrams == (1 if plain else args.word_ngrams)
    assert comp.dim <= args.dim
    assert limit.lower_bound(comp) <= target
    assert limit.fitted(comp) == comp
    limit.check(comp)
    if limit.upper_bound(args) <= target and not plain:
        assert comp == args


@given(texts, some_args, targets)
def test_what_is_fixed_stays(text, args, target):
    for name in ("dim", "dsub"):
        comp = SizeLimit(target, text, [n for n in FREE if n != name]).fitted(args)
        assert comp is None or getattr(comp, name) == getattr(args, name)


@given(texts, some_args, targets)
def test_nothing_fits_only_where_no_arguments_do(text, args, target):
    limit = SizeLimit(target, text, FREE)
    try:
        limit.check_any(args)
    except NothingFits as error:
        for dim in (1, 2, 100):
            for word_ngrams in (args.word_ngrams, 2):
                tried = replace(args, dim=dim, word_ngrams=word_ngrams)
                assert limit.fitted(tried) is None
        named = int(str(error).split(" bytes are surely enough")[0].split()[-1].replace(",", ""))
        assert named > target
        SizeLimit(named, text, FREE).check_any(args)


def test_rows_have_half_of_a_small_file():
    text = dictionary(5000, 10)
    limit = SizeLimit(60_000, text, FREE)
    comp = limit.fitted(GIVEN)
    assert 1 < comp.dim < 100
    assert limit.upper_bound(comp) <= 30_000 < limit.upper_bound(replace(comp, dim=comp.dim + 1))


@given(texts, some_args, targets)
def test_only_what_surely_does_not_fit_is_refused(text, args, target):
    limit = SizeLimit(target, text, FREE)
    if limit.lower_bound(args) <= target:
        limit.check(args)
        return
    with pytest.raises(NotTrained) as error:
        limit.check(args)
    assert f"has at least {limit.lower_bound(args):,} bytes, and " in str(error.value)


def test_arguments_by_hand_between_the_bounds_are_tried():
    """A proposal is made smaller there; whether the rows that are kept fit is not known."""
    args = replace(GIVEN, dim=20)
    text = dictionary(5000, 10)
    limit = SizeLimit(0, text, FREE)
    limit.target = limit.lower_bound(args)
    assert limit.target < limit.upper_bound(args)
    assert limit.fitted(args).dim < 20
    limit.check(args)
    limit.target -= 1
    with pytest.raises(NotTrained):
        limit.check(args)


def test_ngrams_of_few_words_stay_where_their_bin_fits():
    said = []
    text = dictionary(8, 2)
    args = replace(GIVEN, dim=10, word_ngrams=2, minn=3, maxn=6, bucket=10_000)
    n_bytes = file_size(args.model_args(), text)
    assert SizeLimit(n_bytes, text, FREE, said.append).fitted(args) == args
    assert said == []
    limit = SizeLimit(n_bytes - 1, text, FREE, said.append)
    for _ in range(2):
        assert limit.fitted(args) == replace(args, word_ngrams=1, minn=0, maxn=0)
    (line,) = said  # once
    assert line.startswith("The text has 100 tokens, too few to quantize a model.")
    # Where some were given by hand, no .bin is small, and the others are not lost in vain.
    some = SizeLimit(n_bytes - 1, text, [n for n in FREE if n != "minn"], said.append)
    assert some.fitted(args) == args
    assert len(said) == 1
