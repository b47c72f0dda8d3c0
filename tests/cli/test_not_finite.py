"""Weights that are NaN or infinite: one sentence where they show, after the answers before it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from fastcli.fasttext.model_args import LOSS_NAMES
from tests import model_bytes
from tests.command import environment, run
from tests.model_bytes import LABELS, WO, WORDS

NAN, INFINITE = float("nan"), float("inf")
ODD = [NAN, INFINITE, -INFINITE]
DAMAGED = (
    "since weights of the model are NaN or infinite. It is damaged, or its training diverged.\n"
)
PREDICT = ["predict", "predict-prob"]


def model(folder, value, words=WORDS, **args):
    """Write a model in which the row of "b" has a number that is none."""
    path = folder / "odd.bin"
    is_sup = args.get("model", 3) == 3
    wi = [[0, 0], [1, 0], [0, value], [1, 1]]
    words = [*words, b"far"]
    labels, wo = (LABELS, WO) if is_sup else ([], [[0, 1]] * len(words))
    path.write_bytes(model_bytes.model_bytes(words, labels, wi, wo, **args))
    return path


def check_error(result, path, what):
    assert result.code == 1
    assert result.err == f"{path}: {what} are not finite, {DAMAGED}"


@pytest.mark.parametrize("as_json", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", PREDICT)
@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("value", ODD)
def test_predictions_end_at_the_line(value, loss, command, as_json, tmp_path):
    path = model(tmp_path, value, loss=loss)
    good = b"a\nunknown\n\na far\n"
    expected = run(command, path, "-", "2", *as_json, stdin=good).text().encode()
    assert expected.count(b"\n") == 4
    result = run(command, path, "-", "2", *as_json, stdin=good + b"a b\na\n")
    check_error(result, path, "the scores of line 5")
    assert result.out == expected


@pytest.mark.parametrize("command", PREDICT)
def test_the_line_is_found_in_any_part_of_a_text(command, tmp_path):
    path = model(tmp_path, NAN)
    n = 20_000
    data = b"a far a\n" * n + b"far b a\n" + b"a b\n" * n
    (tmp_path / "text").write_bytes(data)
    result = run(command, path, tmp_path / "text", "--thread", "2")
    check_error(result, path, f"the scores of line {n + 1:,}")
    assert result.out.count(b"\n") == n


@pytest.mark.parametrize("command", ["test", "test-label"])
@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_tests_end_without_a_figure(loss, command, tmp_path):
    path = model(tmp_path, INFINITE, loss=loss)
    result = run(command, path, "-", stdin=b"__label__x a\n__label__y b\n")
    check_error(result, path, "the scores of line 2")
    assert result.out == b""


def test_scores_beyond_float32(tmp_path):
    """Numbers that are finite, whose products are not."""
    path = tmp_path / "large.bin"
    wi, wo = [[0, 0], [1e20, 0], [1e10, 0]], [[1e20, 0], [0, 1e20]]
    path.write_bytes(model_bytes.model_bytes(WORDS, LABELS, wi, wo))
    result = run("predict", path, "-", stdin=b"b\na\n")
    check_error(result, path, "the scores of line 2")
    assert result.out == b"__label__x\n"


def test_words(tmp_path):
    path = model(tmp_path, NAN, model=2, loss=2)
    expected = run("print-word-vectors", path, stdin=b"a far").text()
    result = run("print-word-vectors", path, stdin=b"a far b a")
    check_error(result, path, "the numbers of word 3")
    assert result.out.decode() == expected
    lines = run("print-word-vectors", path, "--json", stdin=b"a b").out.splitlines()
    assert [json.loads(line)["word"] for line in lines] == ["a"]


@pytest.mark.parametrize("kind", [{}, {"model": 2, "loss": 2}], ids=["classifier", "words"])
def test_sentences(kind, tmp_path):
    path = model(tmp_path, -INFINITE, **kind)
    expected = run("print-sentence-vectors", path, stdin=b"a far\n\nfar\n").text()
    result = run("print-sentence-vectors", path, stdin=b"a far\n\nfar\nb\n")
    check_error(result, path, "the numbers of line 4")
    assert result.out.decode() == expected


def test_npy(tmp_path):
    path, file = model(tmp_path, NAN), tmp_path / "v.npy"
    check_error(
        run("print-word-vectors", path, "--npy", file, stdin=b"a b"), path, "the numbers of word 2"
    )
    assert not file.exists()


def test_ngrams(tmp_path):
    path = model(tmp_path, NAN)
    check_error(run("print-ngrams", path, "b"), path, "the numbers of ngram 1")


@pytest.mark.parametrize("command", [["nn", "2"], ["analogies", "2"]])
def test_neighbours_of_words_that_are_not_finite(command, tmp_path):
    path = model(tmp_path, NAN, model=2, loss=2)
    result = run(command[0], path, *command[1:], stdin=b"a far a\n")
    check_error(result, path, "the numbers of the word 'b'")


def test_queries_that_are_not_finite(tmp_path):
    """Words are sound; the one bucket, which unknown words have, is not."""
    path = tmp_path / "odd.bin"
    wi = [[1, 0], [1, 1], [0, 1], [NAN, 0]]
    path.write_bytes(
        model_bytes.model_bytes(WORDS, [], wi, wi[:3], model=2, loss=2, bucket=1, minn=9, maxn=9)
    )
    expected = run("nn", path, "1", stdin=b"a b").text()
    result = run("nn", path, "1", stdin=b"a b unknownword a")
    check_error(result, path, "the numbers of query 3")
    assert result.out.decode() == expected


def test_vectors_of_1e30_are_compared_without_a_warning(tmp_path):
    path = tmp_path / "large.bin"
    wi = [[1e-30, 0], [1e30, 0], [1e30, 1e30]]
    path.write_bytes(model_bytes.model_bytes(WORDS, [], wi, wi, model=2, loss=2))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "fastcli", "nn", str(path), "2"],
        input=b"a",
        capture_output=True,
        env=environment(),
        check=True,
        timeout=100,
    )
    assert done.stdout.splitlines()[1] == b"b 0.707107"


@pytest.mark.parametrize("options", [(), ("-qnorm",), ("-cutoff", "256"), ("--target-size", "9k")])
def test_quantize(options, tmp_path):
    rows = np.ones((300, 2), np.float32)
    rows[77, 1] = NAN
    words = [b"w%d" % i for i in range(300)]
    (tmp_path / "m.bin").write_bytes(
        model_bytes.model_bytes(words, LABELS, rows.tolist(), WO, counts=[1] * 302)
    )
    result = run("quantize", "-output", tmp_path / "m", *options)
    assert result.code == 1
    assert "cannot be quantized: row 77 of a matrix is NaN, infinite or too long" in result.err
    assert result.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["m.bin"]


def test_pretrained_vectors(tmp_path):
    path = model(tmp_path, NAN, model=2, loss=2)
    (tmp_path / "text").write_bytes(b"__label__x a\n__label__y b\n")
    result = run(
        *("supervised", "-input", tmp_path / "text", "-output", tmp_path / "m"),
        *("-pretrainedVectors", path, "-dim", "2", "-verbose", "0"),
    )
    check_error(result, path, "the numbers of its words or n-grams")
