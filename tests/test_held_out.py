"""Which lines are held out for validation."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation.intervals import Interval, parse_interval
from fastcli.text.dictionary import TokenCounter, as_bytes
from fastcli.text.held_out import drawn, hold_out, label_in
from fastcli.text.separators import tokens_of


@given(
    strata=st.lists(st.integers(-1, 5), max_size=200),
    share=st.floats(0, 0.99),
    seed=st.integers(-(2**31), 2**31),
)
def test_every_label_gives_its_share(strata, share, seed):
    strata = np.array(strata, np.int64)
    found = drawn(strata, share, seed)
    assert found.dtype == np.bool_
    assert not found[strata < 0].any()
    for label in set(strata[strata >= 0].tolist()):
        n = int((strata == label).sum())
        assert abs(int(found[strata == label].sum()) - share * n) <= 1.0001
        assert not found[strata == label].all()
    np.testing.assert_array_equal(found, drawn(strata, share, seed))


@pytest.mark.parametrize(
    ("line", "label"),
    [
        (b"__label__a x", b"__label__a"),
        (b"x __label__b __label__c", b"__label__b"),
        (b"x\t__label__b\r", b"__label__b"),
        (b"x__label__b y", b""),
        (b"", b""),
        (b"__label__a", b"__label__a"),
        (b"__label__a\0x", b"__label__a"),
        (b"x\0__label__a\vx", b"__label__a"),
        (b"__label__a\x1cx", b"__label__a\x1cx"),
        (b"x__label__b __label__a", b"__label__a"),
    ],
)
def test_the_first_label_of_a_line(line, label):
    assert label_in(line, b"__label__") == label


@given(st.binary(max_size=12).map(lambda data: data.replace(b"\x01", b"#").replace(b"\n", b"")))
def test_a_label_is_a_token_of_training(line):
    """What separates tokens for Python does for the kernels."""
    tokens = []
    if line:
        counter = TokenCounter(b"#", 100)
        counter.feed(as_bytes(line))
        words = counter.words
        tokens = [
            words.arena[words.starts[i] : words.starts[i + 1]].tobytes() for i in range(1, words.n)
        ]
    assert set(tokens_of(line)) - {b"</s>"} == set(tokens)
    first = [token for token in tokens_of(line) if token.startswith(b"#")]
    assert label_in(line, b"#") == (first[0] if first else b"")


def test_lines_keep_their_bytes_and_their_order(tmp_path):
    lines = [b"__label__%d \xff\r x%d" % (i % 3, i) for i in range(50)]
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"\n".join(lines[:20]))  # the last line has no end
    second.write_bytes(b"\n".join(lines[20:]) + b"\n")
    train, valid = tmp_path / "train", tmp_path / "valid"
    held = hold_out([str(first), str(second)], 0.2, b"__label__", 0, (train, valid))
    assert (held.n_valid, held.n_train) == (10, 40)
    parts = [path.read_bytes().split(b"\n") for path in (train, valid)]
    assert [part.pop() for part in parts] == [b"", b""]
    assert sorted(parts[0] + parts[1]) == sorted(lines)
    for part in parts:
        assert part == [line for line in lines if line in set(part)]


@given(st.integers(1, 10**9), st.sampled_from(["", "step", "steps", " steps", "Steps", "epochs"]))
def test_intervals(n, unit):
    assert parse_interval(f"{n}{unit}") == Interval(n, "step" in unit.lower())


@given(st.text(max_size=12))
def test_intervals_of_any_text(text):
    with contextlib.suppress(ArgumentError):
        assert parse_interval(text).n >= 1
