"""Spaces put right, and hashes of lines, against plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.kernels.text.spacing import (
    ACTION_BITS,
    ALONE,
    CODES,
    END,
    GONE,
    KEEP,
    NONE_PLAIN,
    SPACE,
    hash_lines,
    space_out,
)
from tests import naive

KINDS = {" ": SPACE, "\u3000": SPACE, "\n": END, ".": ALONE, "，": ALONE, '"': GONE, "é": KEEP}
NEW = {"B": "b", "Ö": "ö", "Ⱥ": "ⱥ", "\u212a": "k", "\U00010400": "\U00010428", "Ａ": "ａ"}
PLAIN = {" ": SPACE, "\n": END, "\u3000": SPACE}
CHARACTERS = [*KINDS, *NEW, "a", "字", "😀", "\x00", "\uffff", "\U00020000", "\U0010ffff"]
TEXTS = st.lists(st.sampled_from(CHARACTERS), max_size=40)
GUARD = 7


def spaced_out(text, kinds=KINDS, new=NEW, capitals=NONE_PLAIN):
    """Return what the kernel makes of a text."""
    actions = (np.arange(CODES) << ACTION_BITS | KEEP).astype(np.int32)
    for character, kind in kinds.items():
        actions[ord(character)] = ord(character) << ACTION_BITS | kind
    for character, other in new.items():
        actions[ord(character)] = ord(other) << ACTION_BITS | KEEP
    data = np.frombuffer(text.encode() + b"\0", np.uint8)
    out = np.full(2 * (len(data) - 1) + GUARD, 255, np.uint8)
    n = space_out(data, len(data) - 1, actions, capitals, out)
    assert n <= len(out) - GUARD
    assert (out[len(out) - GUARD :] == 255).all()
    return out[:n].tobytes().decode()


def plainly(text, kinds=KINDS, new=NEW):
    """Return the same by replacing and splitting."""
    for character, kind in kinds.items():
        if kind in (SPACE, GONE):
            text = text.replace(character, " " if kind == SPACE else "")
        elif kind == ALONE:
            text = text.replace(character, f" {character} ")
    text = text.translate({ord(old): other for old, other in new.items()})
    return "\n".join(" ".join(filter(None, line.split(" "))) for line in text.split("\n"))


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_spaces(characters):
    text = "".join(characters)
    assert spaced_out(text) == plainly(text)


WORDS = [*[" "] * 4, "\n", "\u3000", "a", "Z~!", "é", "\x7f", "\x00", "Abc" * 9, "the cat sat " * 5]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20), st.booleans())
def test_blocks_of_plain_text(parts, lowers):
    text = "".join(parts)
    new = {chr(c): chr(c + 32) for c in range(65, 91)} if lowers else {}
    found = spaced_out(text, PLAIN, new, 32 if lowers else 0)
    assert found == spaced_out(text, PLAIN, new) == plainly(text, PLAIN, new)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", ""), (" ", ""), (" a  b ", "a b"), ("a.b", "a . b"), (".", "."), ('"a" \n b', "a\nb")],
)
def test_spaces_by_hand(text, wanted):
    assert spaced_out(text) == wanted


def hashes(lines, seed):
    data = b"".join([line + b"\n" for line in lines])
    bounds = np.cumsum([0, *[len(line) + 1 for line in lines]]).astype(np.int64)
    out = np.zeros(len(lines), np.int64)
    hash_lines(np.frombuffer(data, np.uint8), bounds, len(lines), seed, out)
    return out.tolist()


def plain_hash(line, seed):
    h = 0
    for byte in line:
        h = (h * 116049371 + byte + 1) % 2**64
    return naive.random_bits(seed, h)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.binary(max_size=20), min_size=1, max_size=5),
    st.integers(-(2**62), 2**62),
)
def test_hashes(lines, seed):
    assert hashes(lines, seed) == [plain_hash(line, seed) for line in lines]


def test_hashes_are_different_and_spread_evenly():
    found = np.array(hashes([f"line {i}".encode() for i in range(20000)], 0))
    assert len(set(found.tolist())) == 20000
    assert (found >= 0).all()
    counts = np.bincount((found >> 59).astype(int), minlength=16)
    assert abs(counts - 1250).max() < 5 * 1250**0.5
    other = np.array(hashes([f"line {i}".encode() for i in range(20000)], 1))
    assert abs(((found > 2**62) == (other > 2**62)).mean() - 0.5) < 0.02
