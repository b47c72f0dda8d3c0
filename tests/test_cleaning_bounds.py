"""Cleaning takes time in proportion to the text, whatever the text: a megabyte of each kind."""

import os
import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.prepare.clean import MOST_MARKS, Cleaning, clean, normal_form
from fastcli.prepare.labels import LabelNames
from fastcli.prepare.recipe import Recipe
from fastcli.text.vector_files import NUMBER
from tests.command import environment

URLS = re.compile(
    r"(?<![a-z0-9])(?:[a-z][a-z0-9+.-]*://|www\.)[^\s<>\"'，。；！？、）】》]+", re.IGNORECASE
)
ALL = Cleaning(
    unicode="nfkc",
    html=True,
    urls="mask",
    control=True,
    lowercase=True,
    digits="zero",
    punctuation=True,
)
N = 1_000_000
KINDS = {
    "dots": "a." * (N // 2),
    "a scheme without an address": "a." * (N // 2) + "://",
    "a scheme that begins nowhere": "1a" * (N // 2) + "://x",
    "www": "www." * (N // 4),
    "schemes": "a://" * (N // 4),
    "open tags": "<a" * (N // 2),
    "open scripts": "<script " * (N // 8),
    "half-closed scripts": "<script>" + "</script " * (N // 9),
    "spaces in a closing tag": "<script></script" + " " * N,
    "open comments": "<!--" * (N // 4),
    "zeros of an entity": "&#" + "0" * N + "65;",
    "digits of an entity": "&#" + "1" * N,
    "hexadecimal digits": "&#x" + "f" * N,
    "ampersands": "&" * N,
    "marks": "a" + "\u0301\u0316" * (N // 2),
    "marks of two": "a" + "\u0344" * (N // 2),
}


CPU = 20  # seconds for all kinds, which take about two; the square of a megabyte takes hours


@pytest.mark.skipif(os.name != "posix", reason="needs RLIMIT_CPU")
def test_a_megabyte():
    """A process has a limit of time of the processor, so that a busy machine does not matter."""
    script = f"""if 1:
        import resource
        from fastcli.prepare.clean import clean
        from tests.test_cleaning_bounds import ALL, KINDS
        clean(["a", "x"], ALL)  # compiles
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + {CPU}
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        for kind, text in KINDS.items():
            print(kind, flush=True)
            assert len(clean([text, "x"], ALL)) == 2
    """
    argv, env = [sys.executable, "-c", script], {**environment(), "NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    begun = done.stdout.splitlines()
    assert done.returncode == 0, f"{begun[-1:]} failed or takes too long. {done.stderr}"
    assert begun == list(KINDS)


@given(st.text(st.sampled_from("aZ1.+-:/w <'，\nſ日")), st.sampled_from(["", "://", "www."]))
def test_addresses_are_what_they_were(text, more):
    text = text.replace(":", more or ":")
    ref = " ".join(URLS.sub(" URL ", text.replace("\n", " ")).split())
    assert clean([text], Cleaning(urls="mask")) == [ref]
    ref = " ".join(URLS.sub(" ", text.replace("\n", " ")).split())
    assert clean([text], Cleaning(urls="remove")) == [ref]


@given(st.text(), st.sampled_from(["nfc", "nfkc"]))
def test_normal_forms_of_text_of_people(text, form):
    assert normal_form(text, form) == unicodedata.normalize(form.upper(), text)


@pytest.mark.parametrize("n", [1, MOST_MARKS, MOST_MARKS + 1, 1000])
def test_normal_forms_of_many_marks(n):
    text = "x" + "\u0301\u0316" * n + "y"
    found = normal_form(text, "nfc")
    assert sorted(found) == sorted(text)
    if 2 * n <= MOST_MARKS:
        assert found == unicodedata.normalize("NFC", text)


def test_entities_of_many_digits():
    texts = ["&#" + "0" * 9000 + "65; &#65; &#0000065 &#00; &#99999999999; &#1114112;"]
    assert clean(texts, Cleaning(html=True)) == ["A A A \ufffd \ufffd \ufffd"]


def test_a_word_of_prefixes():
    word = "__label__" * (N // 9)
    assert Recipe().apply([f"a {word}b {word} c"]) == ["a b c"]


def test_a_token_of_digits():
    """Where vectors are looked for in a file of text."""
    assert NUMBER.fullmatch(b"1" * N)
    assert not NUMBER.fullmatch(b"1" * N + b"x")


@given(st.text(st.sampled_from("01.e+-naif"), max_size=8))
def test_what_is_a_number(text):
    ref = re.fullmatch(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf)", text, re.IGNORECASE)
    assert bool(NUMBER.fullmatch(text.encode())) == bool(ref)


def test_labels_that_differ_in_spaces_only():
    names = LabelNames("__label__")
    labels = ["a" + "".join(" \t"[i >> k & 1] for k in range(15)) + "b" for i in range(20_000)]
    tokens = [names.of((label,))[0] for label in labels]
    plain = "__label__a" + "_" + "b"
    assert tokens == [plain, *(f"{plain}_{i}" for i in range(2, 20_001))]


def test_numbers_of_labels_that_are_labels_themselves():
    names = LabelNames("")
    found = [names.of((label,))[0] for label in ["a_3", "a b", "a\tb", "a_b_3", "a\nb", "a\rb"]]
    assert found == ["a_3", "a_b", "a_b_2", "a_b_3", "a_b_4", "a_b_5"]
