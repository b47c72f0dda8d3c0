"""What --json writes: valid JSON, whose numbers are the float32 that they came from."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.cli import _json
from fastcli.fasttext.model_file import load_model
from tests.command import run

FLOATS = st.floats(width=32)


@given(FLOATS)
def test_numbers_are_those_they_came_from(value):
    text = _json.line({"x": _json.number(value)}).decode()

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    found = json.loads(text, parse_constant=refuse)["x"]
    if not math.isfinite(value):
        assert found is None
        return
    assert np.float32(found) == np.float32(value)
    assert np.signbit(found) == np.signbit(value)
    digits = text.removeprefix('{"x": ').lstrip("-").split("e")[0].rstrip("}\n")
    assert len(digits.replace(".", "").strip("0")) <= 9


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return the path of a model that gives most of its labels a probability below 1e-9."""
    folder = tmp_path_factory.mktemp("many")
    lines = [f"__label__l{i} w{i} w{i}\n" for i in range(60)]
    (folder / "text").write_text("".join(lines) * 40)
    options = ["-dim", 8, "-epoch", 30, "-lr", 0.3, "-verbose", 0]
    result = run("supervised", "-input", folder / "text", "-output", folder / "m", *options)
    assert (result.code, result.err) == (0, "")
    return folder / "m.bin"


def test_small_probabilities_are_not_zero(many):
    answer = json.loads(run("predict-prob", "--json", many, "-", -1, stdin=b"w1 w1 w1\n").text())
    probs = answer["probabilities"]
    assert len(probs) == 60
    assert 0 < min(probs) < 1e-6
    assert math.isclose(sum(probs), 1, rel_tol=1e-5)
    text = run("predict-prob", many, "-", -1, stdin=b"w1 w1 w1\n").text().split()[1::2]
    for prob, shown in zip(probs, text, strict=True):
        assert math.isclose(prob + 1e-5, float(shown), rel_tol=1e-5)


def test_scores_have_nine_digits(many):
    data = b"__label__l1 w1\n__label__l2 w1\n__label__l3 w3\n"
    found = json.loads(run("test", "--json", many, "-", stdin=data).out)
    assert found["precision"] == 0.666666667


def test_vectors_and_similarities_are_float32(many):
    words = b"w1 w2 w3\n"
    answers = run("print-word-vectors", "--json", many, stdin=words).text().splitlines()
    model = load_model(str(many))
    rows = model.wi.values.reshape(-1, 8)
    for answer, word in zip(map(json.loads, answers), words.split(), strict=True):
        row = rows[model.dictionary.find(word)]
        assert np.array_equal(np.array(answer["vector"], np.float32), row)
    near = json.loads(run("nn", "--json", many, 3, stdin=b"w1\n").text())
    plain = run("nn", many, 3, stdin=b"w1\n").text().replace("Query word? ", "").split()[1::2]
    for neighbour, shown in zip(near["neighbours"], plain, strict=True):
        assert f"{neighbour['similarity']:.6g}" == shown
