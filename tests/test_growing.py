"""A dictionary that goes on with another one, against plain Python."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import DataError
from fastcli.text.dictionary import TokenCounter, as_bytes, build_dictionary
from fastcli.text.growing import grown

TOKENS = st.lists(st.sampled_from(["a", "b", "c", "d", "é", "#x", "#y", "#z", "\n"]), max_size=30)


def counted(tokens):
    counter = TokenCounter(b"#", 100)
    text = " ".join(tokens).encode()
    if text:
        counter.feed(as_bytes(text))
    return counter.words


def expected(known, tokens, min_count, min_count_label):
    """Return the entries, with counts: words first, each by descending count, old ones first."""
    new = Counter({b"</s>": tokens.count("\n")})
    new.update(token.encode() for token in tokens if token != "\n")
    counts = dict(known)
    for token, n in new.items():
        least = min_count_label if token.startswith(b"#") else min_count
        if token in counts:
            counts[token] += n
        elif n >= max(least, 1):
            counts[token] = n
    return {
        kind: sorted(
            (c for c in counts.items() if c[0].startswith(b"#") == kind), key=lambda c: -c[1]
        )
        for kind in (False, True)
    }


@given(TOKENS, TOKENS, st.integers(0, 3), st.integers(0, 3))
def test_entries_join_and_stay(first, more, min_count, min_count_label):
    if not first:
        first = ["a"]
    known, _ = build_dictionary(counted(first), 1, 1)
    words = counted(more)
    found = grown(known, words, min_count, min_count_label)
    d = found.dictionary
    entries = d.entries(0, len(d))
    before = known.entries(0, len(known))
    ref = expected(
        zip(before, known.counts.tolist(), strict=True), more, min_count, min_count_label
    )
    got = list(zip(entries, d.counts.tolist(), strict=True))
    for part, kind in ((got[: d.nwords], False), (got[d.nwords :], True)):
        assert dict(part) == dict(ref[kind])
        assert [n for _, n in part] == [n for _, n in ref[kind]]
    assert [before.index(e) if e in before else -1 for e in entries] == found.former.tolist()
    for i in range(words.n):
        token = words.arena[words.starts[i] : words.starts[i + 1]].tobytes()
        place = entries.index(token) if token in entries else -1
        is_label = token.startswith(b"#")
        assert found.ids[i] == (place - d.nwords * is_label if place >= 0 else -1)
    labels = known.labels()
    assert found.former_labels.tolist() == [
        labels.index(label) if label in labels else -1 for label in d.labels()
    ]
    assert d.ntokens == int(words.counts[: words.n].sum())


def test_counts_of_a_file_that_cannot_be_are_cut():
    known, _ = build_dictionary(counted(["a", "b", "#x"]), 1, 1)
    known.counts[:] = [2**63 - 1, -5, 0]
    found = grown(known, counted(["a", "b", "#x"]), 1, 1).dictionary
    assert sorted(found.counts.tolist()) == [2, 2, 2**40 + 1]
    assert (np.diff(found.counts[: found.nwords]) <= 0).all()


def test_a_word_that_is_a_label_now():
    known, _ = build_dictionary(counted(["a", "#x"]), 1, 1)
    counter = TokenCounter(b"a", 100)
    counter.feed(as_bytes(b"a b"))
    with pytest.raises(DataError, match="a is a word in the model but starts with the label"):
        grown(known, counter.words, 1, 1)
