"""From tokens to rows: n-grams, lines that are left out, and rows sorted into shards."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.text import features as kernels
from fastcli.kernels.text.dictionary import FILE_END, LINE_END
from fastcli.kernels.text.groups import EntryFeatures, Lines, Ngrams, Stream
from tests import naive
from tests.kernels.tables import hash_table, strings_of, table_of

PREFIX = b"__label__"


def starts_of(tokens):
    return np.cumsum([0, *map(len, tokens)]).astype(np.int64)


def char_ngrams_of(tokens, eos, minn, maxn, bucket, nwords):
    """Run count_char_ngrams and fill_char_ngrams; check that the one bounds the other."""
    words, n = strings_of(tokens), len(tokens)
    which = Ngrams(minn, maxn, 1, bucket, nwords)
    bounds, offsets = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    kernels.count_char_ngrams(words, n, which, bounds)
    ngrams = np.full(int(bounds[-1]) + 1, -9, np.int32)
    kernels.fill_char_ngrams(words, n, eos, which, offsets, ngrams)
    assert (offsets <= bounds).all()
    assert (ngrams[offsets[-1] :] == -9).all()
    return offsets, ngrams


@pytest.mark.parametrize(("minn", "maxn"), [(0, 1), (1, 3), (2, 2), (3, 6), (5, 4)])
@given(tokens=st.lists(st.binary(min_size=1, max_size=8), max_size=5), eos=st.integers(-1, 5))
def test_char_ngrams_of_entries(tokens, eos, minn, maxn):
    offsets, ngrams = char_ngrams_of(tokens, eos, minn, maxn, 97, 12)
    comp = [ngrams[a:b].tolist() for a, b in pairwise(offsets)]
    ref = [naive.char_ngrams(token, minn, maxn, 97, 12) for token in tokens]
    if 0 <= eos < len(tokens):
        ref[eos] = []
    assert comp == ref


def make(
    text,
    minn=0,
    maxn=0,
    word_ngrams=1,
    bucket=50,
    min_count=1,
    min_count_label=0,
    shift=0,
    pruned=None,
):
    """Return (kept lines, skipped, left over) by the kernel and by the oracle.

    The stream's numbers are the dictionary's entries in another order, by ``shift``.
    """
    lines, counts, kinds = naive.count_tokens(text, PREFIX)
    words, labels = naive.build_dictionary(counts, kinds, min_count, min_count_label)
    ref = naive.make_features(lines, kinds, words, labels, minn, maxn, word_ngrams, bucket, pruned)

    tokens = list(counts)
    order = [0, *(1 + (i + shift) % (len(tokens) - 1) for i in range(len(tokens) - 1))]
    number = {tokens[entry]: i for i, entry in enumerate(order)}
    stream = []
    for line in lines:
        ended = line is not lines[-1] or text.endswith(b"\n")
        stream += [number[token] for token in (line[:-1] if ended else line)]
        stream.append(LINE_END if ended else FILE_END)
    ids = np.array([labels.get(t, -1) if kinds[t] else words.get(t, -1) for t in tokens], np.int32)
    ngram_offsets, ngrams = char_ngrams_of(tokens, 0, minn, maxn, bucket, len(words))
    sizes = np.diff(ngram_offsets)
    room = sum(1 + word_ngrams + int(sizes[tokens.index(t)]) for line in lines for t in line)
    features, found_labels = np.zeros(room + 1, np.int32), np.zeros(len(stream) + 1, np.int32)
    offsets, label_offsets = np.zeros((2, len(lines) + 1), np.int64)
    n_tokens, state = np.zeros(len(lines) + 1, np.int32), np.zeros(5, np.int64)
    kernels.make_features(
        Stream(np.array([*stream, 0], np.int32), len(stream), np.array(order, np.int32)),
        EntryFeatures(
            ids,
            np.array([kinds[t] for t in tokens], np.uint8),
            np.array([naive.hash_bytes(t) for t in tokens], np.int64),
            ngrams,
            ngram_offsets,
        ),
        Ngrams(minn, maxn, word_ngrams, bucket, len(words)),
        np.zeros(1, np.int32) if pruned is None else np.array(pruned, np.int32),
        int(pruned is not None),
        Lines(features, offsets, found_labels, label_offsets),
        n_tokens,
        np.zeros(word_ngrams, np.int64),
        state,
    )
    kept = [
        (
            features[offsets[i] : offsets[i + 1]].tolist(),
            found_labels[label_offsets[i] : label_offsets[i + 1]].tolist(),
            int(n_tokens[i]),
        )
        for i in range(int(state[0]))
    ]
    return (kept, state[1:4].tolist(), int(state[4])), ref


OPTIONS = [
    {},
    {"word_ngrams": 2},
    {"word_ngrams": 3},
    {"word_ngrams": 5, "bucket": 7},
    {"minn": 2, "maxn": 4},
    {"minn": 1, "maxn": 3, "word_ngrams": 2, "min_count": 2, "shift": 1},
    {"min_count": 2, "min_count_label": 2, "shift": 2},
    {"min_count": 10**6, "word_ngrams": 2},
    {"min_count_label": 10**6},
    {"word_ngrams": 2, "bucket": 6, "pruned": [0, 3, 0, 1, 2, 0]},
    {"minn": 2, "maxn": 3, "min_count": 2, "bucket": 4, "pruned": [0, 0, 1, 0]},
    {"min_count": 10**6, "word_ngrams": 2, "bucket": 2, "pruned": [0, 0]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_make_features(corpus, options):
    comp, ref = make(corpus, **options)
    assert comp == ref


pieces = st.sampled_from([b"a", b"b", b"c", b"\xc3\xa9", b"</s>", b"__label__x", b"__label__y"])


@given(
    st.lists(st.tuples(pieces, st.sampled_from([b" ", b" ", b"\n"])), max_size=25),
    st.sampled_from(OPTIONS),
    st.booleans(),
)
def test_make_features_of_any_text(pairs, options, ended):
    text = b"".join(token + space for token, space in pairs) + (b"\n" if ended else b"")
    comp, ref = make(text, **options)
    assert comp == ref


def test_make_features_by_hand():
    # Ids by count, then first appearance: </s> 0 (3 times), a 1 (2 times), b 2; labels x 0, y 1.
    text = b"a __label__x b\nno label\n__label__y a __label__x\n"
    (kept, skipped, left_over), ref = make(text)
    assert (kept, skipped, left_over) == ref
    # The line without a label is left out, and its three tokens count for the line after it.
    assert kept == [([1, 2, 0], [0], 4), ([1, 0], [1, 0], 3 + 4)]
    assert (skipped, left_over) == ([1, 0, 0], 0)


def test_word_ngrams_by_hand():
    # Two words and the end of the line, in pairs: (a, b) and (b, </s>); labels are not seen.
    (kept, _, _), ref = make(b"a __label__x b\n", word_ngrams=2, bucket=1000)
    assert kept == ref[0]
    a, b, eos = (naive.sign_extended(naive.hash_bytes(t)) for t in (b"a", b"b", b"</s>"))
    pairs = [(x * 116049371 + y) % 2**64 % 1000 for x, y in ((a, b), (b, eos))]
    assert kept[0][0] == [1, 2, 3 + pairs[0], 0, 3 + pairs[1]]  # ids: </s> 0, a 1, b 2


def number(parts, nwords, bucket, n_shards):
    """Number the rows of parts of a text, one after the other."""
    lines = [line for part in parts for line in part]
    total = sum(map(len, lines))
    bucket_rows = np.zeros(bucket, np.int32)
    out, segments = (
        np.full(total + 1, -9, np.int32),
        np.full(len(lines) * n_shards + 1, -9, np.int64),
    )
    segments[0] = 0
    state = np.zeros(3, np.int64)
    for part in parts:
        features = np.array([*(f for line in part for f in line), 0], np.int32)
        offsets = starts_of(part)
        kernels.number_rows(
            features, offsets, len(part), nwords, bucket_rows, n_shards, out, segments, state
        )
    assert out[total] == -9
    assert state[1:].tolist() == [total, len(lines)]
    bounds = segments.reshape(-1)
    by_shard = [out[a:b].tolist() for a, b in pairwise(bounds)]
    numbered = [by_shard[i * n_shards : (i + 1) * n_shards] for i in range(len(lines))]
    buckets = sorted(np.flatnonzero(bucket_rows).tolist(), key=lambda b: bucket_rows[b])
    assert bucket_rows[buckets].tolist() == list(range(1, int(state[0]) + 1))
    return numbered, buckets


features = st.lists(st.lists(st.integers(0, 30), max_size=12), max_size=6)


@given(features, features, st.sampled_from([0, 1, 5, 31]), st.sampled_from([1, 2, 4, 16]))
def test_number_rows(one, two, nwords, n_shards):
    ref = naive.number_rows(one + two, nwords, n_shards)
    assert number([one, two], nwords, 31, n_shards) == ref


def test_number_rows_by_hand():
    # Two words; buckets 7 and 3 occur in this order, so features 9 and 5 are rows 2 and 3.
    # In two shards even rows come first.
    lines, buckets = number([[[9, 1, 5, 0, 9]]], 2, 10, 2)
    assert lines == [[[2, 0, 2], [1, 3]]]
    assert buckets == [7, 3]


@pytest.mark.parametrize("n_shards", [1, 2, 8])
def test_place_rows(rng, n_shards):
    rows = rng.integers(0, 30, 50).astype(np.int32)
    ref = naive.place_rows(rows.tolist(), n_shards, 30)
    comp = rows.copy()
    kernels.place_rows(comp, 0, 20, n_shards, 30)
    assert comp[20:].tolist() == rows[20:].tolist()
    kernels.place_rows(comp, 20, 50, n_shards, 30)
    assert comp.tolist() == ref
    assert len(set(naive.place_rows(range(30), n_shards, 30))) == 30
    assert (comp // 30 == rows % n_shards).all()


def test_mark_rows():
    used = np.zeros(6, np.uint8)
    kernels.mark_rows(np.array([5, 1, 3, 1, 0], np.int32), 1, 4, used)
    assert used.tolist() == [0, 1, 0, 1, 0, 0]


# ------------------------------------------------------------------ word vectors


@pytest.mark.parametrize(("minn", "maxn", "bucket"), [(0, 0, 0), (1, 3, 50), (3, 6, 7)])
@given(
    words=st.lists(
        st.sampled_from([b"a", b"</s>", b"__label__x", b"new", b"\xc3\xa9", b"\x80", b"dog"]),
        max_size=6,
    )
)
def test_word_rows(words, minn, maxn, bucket):
    entries = [b"</s>", b"a", b"dog", b"__label__x"]  # three words and a label
    before = strings_of([b"before", *words])
    own = before._replace(starts=before.starts[1:])
    out, offsets = np.full(400, -9, np.int32), np.zeros(len(words) + 1, np.int64)
    which = Ngrams(minn, maxn, 1, bucket, 3)
    kernels.word_rows(own, len(words), hash_table(table_of(entries)), which, out, offsets)
    ref = []
    for word in words:
        # A label has its number for a row, where there are buckets to take it for.
        own = [entries.index(word)] if word in entries else []
        rows = [row for row in own if row < 3 + bucket]
        if maxn > 0 and word != b"</s>":
            rows += naive.char_ngrams(word, minn, maxn, bucket, 3)
        ref.append(rows)
    assert [out[a:b].tolist() for a, b in pairwise(offsets)] == ref
    assert (out[offsets[-1] :] == -9).all()


LINE = st.lists(st.integers(0, 5), max_size=6)


@given(st.lists(LINE, max_size=5), st.booleans(), st.integers(1, 5))
def test_word_lines(lines, ended, longest):
    """Entries are </s> 0, words 1 to 3 (2 was dropped), labels 4 and 5 (5 was dropped)."""
    kinds = np.array([0, 0, 0, 0, 1, 1], np.uint8)
    ids = np.array([7, 8, -1, 9, 0, -1], np.int32)
    stream, ref = [], []
    for i, line in enumerate(lines):
        is_ended = ended or i < len(lines) - 1
        stream += [*line, LINE_END if is_ended else FILE_END]
        tokens = [t for t in [*line, *([0] if is_ended else [])] if ids[t] >= 0]
        for first in range(0, len(tokens), longest):
            some = tokens[first : first + longest]
            ref.append(([int(ids[t]) for t in some if kinds[t] == 0], len(some)))
    # The stream's numbers are the entries in another order.
    order = np.array([0, 3, 1, 2, 5, 4], np.int32)
    number = {int(entry): i for i, entry in enumerate(order)}
    stream = np.array([number[t] if t >= 0 else t for t in stream] + [0], np.int32)
    words = np.full(len(stream), -9, np.int32)
    offsets, tokens = np.zeros(len(stream) + 1, np.int64), np.zeros(len(stream), np.int32)
    none = np.zeros(1, np.int64)
    of_entries = EntryFeatures(ids, kinds, none, np.zeros(1, np.int32), none)
    n = kernels.word_lines(
        Stream(stream, len(stream) - 1, order), of_entries, longest, words, offsets, tokens
    )
    comp = [(words[offsets[i] : offsets[i + 1]].tolist(), int(tokens[i])) for i in range(n)]
    assert comp == ref
