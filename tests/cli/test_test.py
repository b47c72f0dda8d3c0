"""test and test-label: numbers, what is left out, JSON, pipes."""

import gzip
import json
import math

import pytest

from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, messages, process, run, start

COMMANDS = ["test", "test-label"]
SOFTMAX = GOLDEN / "softmax-ngrams.bin"
TAGS = GOLDEN / "hs-tags.bin"
CORPORA = {SOFTMAX: SAMPLES / "topics.test.txt", TAGS: SAMPLES / "tags.test.txt"}

# Nine lines: a known label, an empty line, a label alone, an unknown label, no label, two
# labels, a known and an unknown one, one label twice, no known word (not even a line end).
MIXED = (
    b"__label__x a\n"
    b"\n"
    b"__label__x\n"
    b"__label__zzz a\n"
    b"a b\n"
    b"__label__y __label__x a\n"
    b"__label__y a __label__zzz\n"
    b"__label__x __label__x a\n"
    b"__label__y qqq"
)
LEFT_OUT = (
    "Lines left out of the test: 2 without a label, 1 with labels the model does not know, "
    "1 without a token the model knows. They count in no score (not in any denominator). 1 line "
    "has unknown labels beside known ones: only the known ones count.\n"
)


@pytest.fixture
def small(tmp_path):
    """Return the path of a model that says x of every line, unless only "b" is in it."""
    path = tmp_path / "small.bin"
    path.write_bytes(
        model_bytes.model_bytes(
            model_bytes.WORDS, model_bytes.LABELS, [[0.1, 0], [1, 0], [0, 0]], model_bytes.WO
        )
    )
    return path


def naive_counts(model, path, k, threshold):
    """Count by the book: what predict says against the labels of each line."""
    answers = run("predict", model, path, k, threshold).text().splitlines()
    known = run("dump", model, "dict").text().splitlines()
    known = [line.split(" ")[0] for line in known if line.endswith(" label")]
    per_label = {label: [0, 0, 0] for label in known}  # right, predicted, gold
    n = 0
    for line, answer in zip(path.read_text("utf-8").splitlines(), answers, strict=True):
        gold = [word for word in line.split() if word in per_label]
        if not gold:
            continue
        n += 1
        for label in gold:
            per_label[label][2] += 1
        for label in answer.split():
            per_label[label][1] += 1
            per_label[label][0] += label in gold
    return n, per_label


def ratio(a, b):
    return a / b if b else math.nan


# ---------------------------------------------------------------------- numbers


@pytest.mark.parametrize("model", CORPORA, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("k", "threshold"), [(1, 0.0), (2, 0.0), (-1, 0.0), (5, 0.2), (-1, 0.5), (1, 1.5)]
)
def test_against_counting(k, threshold, model):
    path = CORPORA[model]
    n, per_label = naive_counts(model, path, k, threshold)
    right, predicted, gold = (sum(counts[i] for counts in per_label.values()) for i in range(3))
    precision, recall = ratio(right, predicted), ratio(right, gold)
    ref = f"N\t{n}\nP@{k}\t{precision:.3g}\nR@{k}\t{recall:.3g}\n"
    assert run("test", model, path, k, threshold).out.decode() == ref

    lines = []
    for label, (r, p, g) in per_label.items():
        scores = (ratio(2 * r, p + g), ratio(r, p), ratio(r, g))
        shown = ["--------" if math.isnan(s) else f"{s:.6f}" for s in scores]
        lines.append(
            f"F1-Score : {shown[0]}  Precision : {shown[1]}  Recall : {shown[2]}   {label}\n"
        )
    lines.append(f"N\t{n}\nP@{k}\t{precision:.3f}\nR@{k}\t{recall:.3f}\n")
    assert run("test-label", model, path, k, threshold).out.decode() == "".join(lines)


def test_defaults():
    path = CORPORA[SOFTMAX]
    ref = run("test", SOFTMAX, path, 1, 0.0).text()
    assert run("test", SOFTMAX, path, 1).text() == run("test", SOFTMAX, path).text() == ref


def test_mixed_lines_by_hand(small):
    """Lines 1, 3, 6, 7 and 8 count, and x is predicted for each; it is wrong in line 7 only.

    They have 7 known labels: x 5 times (twice in line 8), y twice.
    """
    result = run("test", small, "-", stdin=MIXED)
    assert (result.code, result.err) == (0, LEFT_OUT)
    assert result.out == b"N\t5\nP@1\t0.8\nR@1\t0.571\n"
    result = run("test", small, "-", 2, stdin=MIXED)
    assert result.out == b"N\t5\nP@2\t0.6\nR@2\t0.857\n"
    result = run("test-label", small, "-", stdin=MIXED)
    assert (result.code, result.err) == (0, LEFT_OUT)
    assert result.out == (
        b"F1-Score : 0.800000  Precision : 0.800000  Recall : 0.800000   __label__x\n"
        b"F1-Score : 0.000000  Precision : --------  Recall : 0.000000   __label__y\n"
        b"N\t5\nP@1\t0.800\nR@1\t0.571\n"
    )


def test_label_without_support(small):
    result = run("test-label", small, "-", stdin=b"__label__x a\n")
    assert result.out == (
        b"F1-Score : 1.000000  Precision : 1.000000  Recall : 1.000000   __label__x\n"
        b"F1-Score : --------  Precision : --------  Recall : --------   __label__y\n"
        b"N\t1\nP@1\t1.000\nR@1\t1.000\n"
    )
    assert result.err == ""


def test_nothing_left_out_says_nothing(small):
    assert run("test", small, "-", stdin=b"__label__x a\n").text() == "N\t1\nP@1\t1\nR@1\t1\n"


def test_a_threshold_that_no_label_reaches_is_said(small):
    result = run("test", small, "-", 1, 2, stdin=b"__label__x a\n")
    assert (result.code, result.out) == (0, b"N\t1\nP@1\tnan\nR@1\t0\n")
    assert result.err == "Standard input: no line gets a label, so precision is undefined (nan).\n"


@pytest.mark.parametrize("text", [b"", b"\n", b"a\n", b"__label__zzz a\n"])
def test_nothing_to_test(text, small):
    result = run("test", small, "-", stdin=text)
    assert (result.code, result.out) == (0, b"N\t0\nP@1\tnan\nR@1\tnan\n")
    assert ("Lines left out" in result.err) == (text != b"")
    assert result.err.endswith("so precision and recall are undefined (nan).\n")
    assert "Standard input: " in result.err
    result = run("test-label", small, "-", stdin=text)
    dashes = b"F1-Score : --------  Precision : --------  Recall : --------   __label__"
    ref = b"".join(dashes + name + b"\n" for name in (b"x", b"y"))
    assert (result.code, result.out) == (0, ref + b"N\t0\nP@1\tnan\nR@1\tnan\n")


def test_a_label_given_twice_is_found_once(small):
    result = run("test", small, "-", -1, stdin=b"__label__x __label__x __label__y b")
    assert result.out == b"N\t1\nP@-1\t1\nR@-1\t0.667\n"


# ------------------------------------------------------------------- input, JSON


@pytest.mark.parametrize("command", COMMANDS)
def test_pipe_and_file_are_the_same(command):
    path = CORPORA[TAGS]
    ref = run(command, TAGS, path, 2, 0.1).text()
    assert process(command, TAGS, "-", 2, 0.1, stdin=path.read_bytes()).text() == ref
    with open(path, "rb") as file:
        child = start(command, TAGS, "-", 2, 0.1, stdin=file)
        out, err = child.communicate(timeout=60)
    assert (out.decode(), messages(err)) == (ref, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_compressed_file(command, tmp_path):
    packed = tmp_path / "test.gz"
    packed.write_bytes(gzip.compress(CORPORA[TAGS].read_bytes()))
    assert run(command, TAGS, packed).text() == run(command, TAGS, CORPORA[TAGS]).text()


@pytest.mark.parametrize("command", COMMANDS)
def test_threads_change_nothing(command, tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(CORPORA[TAGS].read_bytes() * 4 + b"no label\n__label__zzz x\n")
    results = [run(command, TAGS, path, 2, "-thread", n) for n in (1, 2, 3)]
    assert results[0] == results[1] == results[2]
    assert "1 without a label, 1 with labels" in results[0].err


def test_line_ends_of_windows():
    text = CORPORA[TAGS].read_bytes()
    ref = run("test", TAGS, "-", stdin=text).text()
    assert run("test", TAGS, "-", stdin=text.replace(b"\n", b"\r\n")).text() == ref


@pytest.mark.parametrize(("k", "threshold"), [(1, 0.0), (3, 0.2), (1, 1.5)])
def test_json_agrees_with_the_text(k, threshold):
    path = CORPORA[TAGS]
    n, precision, recall = (
        line.split("\t")[1]
        for line in run("test", TAGS, path, k, threshold).out.decode().splitlines()
    )
    answer = json.loads(run("test", TAGS, path, k, threshold, "--json").out)

    def shown(value):
        return "nan" if value is None else f"{value:.3g}"

    assert (answer["n"], answer["k"]) == (int(n), k)
    assert (shown(answer["precision"]), shown(answer["recall"])) == (precision, recall)
    assert answer["left_out"] == {"no_label": 0, "unknown_label": 0, "no_known_token": 0}

    answer = json.loads(run("test-label", TAGS, path, k, threshold, "--json").out)
    lines = run("test-label", TAGS, path, k, threshold).out.decode().splitlines()
    assert len(answer["per_label"]) == len(lines) - 3
    for score, line in zip(answer["per_label"], lines, strict=False):
        fields = line.split()
        assert fields[9] == score["label"]
        for place, key in ((2, "f1"), (5, "precision"), (8, "recall")):
            value = score[key]
            assert fields[place] == ("--------" if value is None else f"{value:.6f}")
        assert score["gold"] >= 0
        assert score["predicted"] >= 0


def test_json_of_lines_left_out(small):
    result = run("test", small, "-", "--json", stdin=MIXED)
    assert result.err == LEFT_OUT
    answer = json.loads(result.out)
    assert answer["left_out"] == {"no_label": 2, "unknown_label": 1, "no_known_token": 1}
    unknown = {"lines_beside_known": 1, "in_denominator": False}
    assert answer["unknown_labels"] == unknown
    assert math.isclose(answer["f1"], 8 / 12)
    answer = json.loads(run("test-label", small, "-", "--json", stdin=MIXED).out)
    assert answer["per_label"][1] == {
        "label": "__label__y",
        "precision": None,
        "recall": 0,
        "f1": 0,
        "gold": 2,
        "predicted": 0,
    }


# --------------------------------------------------------------------- messages


def said(*argv):
    result = run(*argv, stdin=MIXED)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_arguments(command):
    usage = f"usage: fastcli {command} <model> <test-data> [<k>] [<th>]"
    for argv in ([], [TAGS], [TAGS, "-", 1, 0.5, 9], [TAGS, "-", "x"], [TAGS, "-", 1, "x"]):
        assert usage in said(command, *argv)
    for k in (0, -2):
        assert said(command, TAGS, "-", k).startswith("k needs to be 1 or higher!")


@pytest.mark.parametrize("command", COMMANDS)
def test_files_that_cannot_be_read(command, tmp_path):
    missing = tmp_path / "missing"
    assert said(command, TAGS, missing).startswith("Test file cannot be opened!")
    assert said(command, TAGS, tmp_path).startswith("Test file cannot be opened!")
    assert said(command, missing, "-").startswith(f"{missing} cannot be opened for loading!")
    path = CORPORA[TAGS]
    assert said(command, path, "-").startswith(f"{path} has wrong file format!")
