"""Cleaning, which is partly a kernel over many texts at once, against its steps one after another.

The steps are those of docs/data.md, each a function of the standard library on one text.
"""

import html
import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.kernels.text.spacing import CODES
from fastcli.prepare.clean import Cleaning, clean, clean_to_bytes, normal_form
from fastcli.prepare.lines import line_bounds
from fastcli.prepare.recipe import Recipe

TAGS = re.compile(
    r"<(script|style)\b(?:(?!<(?:script|style)\b)[^\n])*?</\1\s*>"
    r"|<!--(?:(?!<!--)[^\n])*?-->|</?[a-z!][^<>\n]*>",
    re.IGNORECASE,
)
BREAKS = re.compile(r"&(?:#0*1[03](?![0-9])|#x0*[ad](?![0-9a-f])|NewLine(?=;));?", re.IGNORECASE)
CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064"
    "\ufeff\ufff9-\ufffb]"
)
SPACES = re.compile(
    "[ \0\t\x0b\x0c\r\n\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
)


def punctuated(text):
    text = re.sub("['.,()!?，。！？（）、《》「」【】…]", r" \g<0> ", text)
    return re.sub("[;:；：—]", " ", re.sub('["“”„«»]', "", text))


def plainly(text, c):
    """Return one text cleaned, step by step."""
    text = re.sub("[\r\n]", " ", text)
    if c.html:
        text = BREAKS.sub(" ", TAGS.sub(" ", text))
        text = re.sub("&#[0-9]{8,};?", "\ufffd", re.sub("&#0+(?=[0-9])", "&#", text))
        text = html.unescape(text).replace("\n", " ")
    if c.unicode != "none":
        text = normal_form(text, c.unicode)
    if c.control:
        text = CONTROLS.sub("", text)
    if c.lowercase:
        text = text.lower()
    if c.digits != "keep":
        text = re.sub(r"\d", "0" if c.digits == "zero" else "", text)
    if c.punctuation:
        text = punctuated(text)
    return SPACES.sub(" ", text).strip(" ")


CLEANINGS = st.builds(
    Cleaning,
    unicode=st.sampled_from(["none", "nfc", "nfkc"]),
    html=st.booleans(),
    control=st.booleans(),
    lowercase=st.booleans(),
    digits=st.sampled_from(["keep", "zero", "remove"]),
    punctuation=st.booleans(),
)
PIECES = st.sampled_from(
    [
        *["<br />", "<b", ">", "<!--", "-->", "<script>", "</script>", "&amp;", "&amp"],
        *["&lt;b&gt;", "&#10;", "&#010", "&#0065;", "&#x41;", "&#99999999;", "&NewLine;"],
        *["&not", "in;", "&", "#", "ΑΣ", "Σ", "İ", "ß", "Ⱥ", "\u212a", "É", "e\u0301", "\u0316"],
        *["\ufb01", "²", "\u0661", "\uff15", "\U0001d7d8", "\U00010400", "😀", "\x00", "\x07"],
        *["\x1c", "\x85", "\xad", "\u200b", "\ufeff", "\u3000", "\xa0", " ", "\t", "\n", "\r"],
        *["\r\n", ".", "...", "'", '"', "，", "—", ";", "a", "B", "9", "字"],
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)


def is_unicode(text):
    return not re.search("[\ud800-\udfff]", text)


@settings(max_examples=250, deadline=None)
@given(st.lists(TEXTS.filter(is_unicode), max_size=5), CLEANINGS)
def test_texts_are_cleaned_as_one_by_one(texts, cleaning):
    wanted = [plainly(text, cleaning) for text in texts]
    assert clean(texts, cleaning) == wanted
    recipe = Recipe(cleaning)
    assert recipe.apply_to_bytes(texts) == "".join(f"{x}\n" for x in recipe.apply(texts)).encode()
    if texts:
        assert clean_to_bytes(texts, cleaning).decode().split("\n") == wanted


@given(st.lists(TEXTS.filter(is_unicode), max_size=6), st.sampled_from(["NFC", "NFKC"]))
def test_a_normal_form_of_some_lines_at_a_time(lines, form):
    text = "\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastcli.prepare.clean.PIECE", 1)
        assert normal_form(text, form.lower()) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("digits", ["keep", "zero", "remove"])
@pytest.mark.parametrize("control", [False, True])
def test_every_character(control, digits):
    every = [chr(c) for c in range(CODES + 100) if not 0xD800 <= c < 0xE000]
    texts = [f"a{c}b" for c in every if c not in "\r\n"]
    joined = "\n".join(texts)
    if control:
        joined = CONTROLS.sub("", joined)
    joined = joined.lower()
    if digits != "keep":
        joined = re.sub(r"\d", "0" if digits == "zero" else "", joined)
    wanted = re.sub(f"(?!\n){SPACES.pattern}", " ", punctuated(joined)).split("\n")
    cleaning = Cleaning(control=control, lowercase=True, digits=digits, punctuation=True)
    assert clean(texts, cleaning) == wanted


def test_characters_that_the_kernel_leaves_alone_have_no_case_and_are_no_digits():
    beyond = "".join(map(chr, range(CODES, sys.maxunicode + 1)))
    assert beyond.lower() == beyond
    assert not re.search(r"\d", beyond)
    grown = [
        c
        for c in map(chr, range(CODES))
        if not 0xD800 <= ord(c) < 0xE000
        and len(c.lower()) == 1
        and len(c.lower().encode()) > len(c.encode())
    ]
    assert {(len(c.encode()), len(c.lower().encode())) for c in grown} == {(2, 3)}
    assert [c for c in map(chr, range(CODES)) if len(c.lower()) > 1] == ["\u0130"]


def test_bounds_of_lines():
    assert line_bounds(b"").tolist() == [0]
    assert line_bounds(b"\na\n").tolist() == [0, 1, 3]
