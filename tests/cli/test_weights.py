"""--class-weight and weights of lines: what is learned, what is said, and what is refused."""

import json
from pathlib import Path

import pytest

from tests.command import run

LINES = 40 * "__label__big the usual words of most lines\n" + 4 * "__label__small words most rare\n"
OPTIONS = ["-dim", 8, "-epoch", 3, "-thread", 1, "-minCount", 1, "-lr", 0.3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text(LINES)
    return tmp_path


def train(*options, out="m", code=0):
    result = run("supervised", "-input", "t.txt", "-output", out, *OPTIONS, *options)
    assert result.code == code, result.err
    return result


def said(result):
    """Return the sentences on weights."""
    starts = ("Labels: ", "Weights ", "Class weights ")
    return [line for line in result.err.splitlines() if line.startswith(starts)]


def probability(text, label, model="m.bin"):
    result = run("predict-prob", model, "-", -1, stdin=text.encode())
    words = result.out.decode().split()
    return float(words[words.index(f"__label__{label}") + 1])


@pytest.mark.parametrize("loss", ["softmax", "ova", "hs", "ns"])
def test_class_weights_make_rare_labels_likelier(folder, loss):
    train("-loss", loss, "-verbose", 0)
    before = probability("words\n", "small")
    result = train("-loss", loss, "--class-weight", "balanced", "-verbose", 1)
    assert said(result) == [
        "Labels: big 91 %, small 9.1 %; class weights 0.55 (big) to 5.5 (small)."
    ]
    assert probability("words\n", "small") > 1.2 * before
    about = json.loads(Path("m.bin.json").read_text())
    assert about["arguments"]["class_weight"] == "balanced"
    assert "--class-weight balanced" in about["command"]


def test_a_model_without_weights_says_nothing_of_them(folder):
    result = train("-verbose", 1)
    assert said(result) == [
        "Labels: big 91 %, small 9.1 %; --class-weight balanced weighs them equally."
    ]
    about = json.loads(Path("m.bin.json").read_text())
    assert "weight" not in json.dumps(about)
    assert not said(train("-verbose", 0, "--class-weight", "balanced"))
