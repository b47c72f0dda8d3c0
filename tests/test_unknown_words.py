"""Why words are unknown: each cause is found, and named only where it explains many words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.text.unknown_words import likely_cause

CHINESE = [
    "学习",
    "语言",
    "经济",
    "体育",
    "新闻",
    "社会",
    "国家",
    "政府",
    "电影",
    "音乐",
    "天气",
    "今天",
    "明天",
    "城市",
    "学校",
]
ENGLISH = [
    "the",
    "house",
    "garden",
    "street",
    "river",
    "mountain",
    "school",
    "teacher",
    "music",
    "weather",
]
FRENCH = ["maison", "jardin", "rue", "montagne", "rivière", "école", "musique"]


def cause_of(words, known):
    words, known = ([w if isinstance(w, bytes) else w.encode() for w in s] for s in (words, known))
    return likely_cause(words, known, set(known).__contains__)


@pytest.mark.parametrize(
    ("words", "known", "clause"),
    [
        (map(str.upper, ENGLISH), ENGLISH, "upper and lower case differ: the text has 'THE' where"),
        (map(str.title, FRENCH), FRENCH, "upper and lower case differ"),
        (ENGLISH, map(str.upper, ENGLISH), "upper and lower case differ"),
        ([f"{w}," for w in ENGLISH], ENGLISH, "punctuation is not split off"),
        ([f"“{w.title()}”" for w in ENGLISH], ENGLISH, "case and punctuation differ"),
        ([a + b + a for a in CHINESE for b in CHINESE], CHINESE, "words are segmented differently"),
        (CHINESE, [w.encode("gb18030") for w in CHINESE], "the model has words that are not UTF-8"),
        ([w.encode("gb18030") for w in CHINESE], CHINESE, "the text has words that are not UTF-8"),
    ],
)
def test_causes(words, known, clause):
    cause = cause_of(words, known)
    assert cause.is_certain
    assert cause.clause.startswith(clause)


def test_the_encoding_is_named():
    known = [w.encode("gb18030") for w in CHINESE]
    assert cause_of(CHINESE, known).clause == (
        "the model has words that are not UTF-8 but look like gb18030 (Chinese)"
    )


@pytest.mark.parametrize(
    ("words", "known"), [(ENGLISH, FRENCH), (CHINESE, ENGLISH), (ENGLISH, []), ([], ENGLISH)]
)
def test_no_cause_is_seen(words, known):
    cause = cause_of(words, known)
    assert not cause.is_certain
    assert cause.clause.startswith("another language, segmentation or kind of text")


def test_one_word_in_another_case_explains_nothing():
    assert not cause_of(["The", *FRENCH], ENGLISH).is_certain


@given(st.lists(st.binary(max_size=8), max_size=20), st.lists(st.binary(max_size=8), max_size=20))
def test_any_bytes(words, known):
    assert cause_of(words, known).clause
