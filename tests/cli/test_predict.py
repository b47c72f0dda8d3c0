"""predict and predict-prob: k, thresholds, odd input, pipes, JSON."""

import bz2
import gzip
import json
import math
import os
import select
import shlex
import struct
import subprocess

import pytest

from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, environment, messages, process, run, start, words

NGRAMS = GOLDEN / "softmax-ngrams.bin"  # 6 labels
PLAIN = GOLDEN / "hs-tags.bin"  # no n-grams: unknown words are nothing
SUBWORDS = GOLDEN / "ova-subwords.bin"
TOPICS = SAMPLES / "topics.test.txt"
TEXT = b"how do i cook rice ?\nthe train is late\n\nmy doctor says no\nzzz\n"
COMMANDS = ["predict", "predict-prob"]


def predict(*argv, stdin=TEXT, command="predict-prob"):
    return run(command, *argv, stdin=stdin).text()


def pairs(line):
    parts = line.split(" ") if line else []
    return [(a, float(p)) for a, p in zip(parts[::2], parts[1::2], strict=True)]


# --------------------------------------------------------------- k and threshold


def test_one_label_is_the_default():
    assert predict(NGRAMS, "-") == predict(NGRAMS, "-", 1) == predict(NGRAMS, "-", 1, 0.0)
    assert all(len(pairs(line)) == 1 for line in predict(NGRAMS, "-").splitlines())


def test_minus_1_is_all_labels():
    lines = predict(NGRAMS, "-", -1).splitlines()
    assert len(lines) == 5
    for line in lines:
        found = pairs(line)
        assert len({label for label, _ in found}) == len(found) == 6
        probs = [p for _, p in found]
        assert probs == sorted(probs, reverse=True)
        assert math.isclose(sum(probs), 1 + 6e-5, abs_tol=1e-5)
    assert predict(NGRAMS, "-", 6) == predict(NGRAMS, "-", 50) == predict(NGRAMS, "-", -1)


@pytest.mark.parametrize("model", [NGRAMS, PLAIN, SUBWORDS], ids=lambda path: path.stem)
def test_k_labels_are_the_first_of_all(model):
    every = predict(model, "-", -1).splitlines()
    for k in (1, 2, 5):
        lines = predict(model, "-", k).splitlines()
        for line, all_labels in zip(lines, every, strict=True):
            probs, all_probs = ([p for _, p in pairs(x)] for x in (line, all_labels))
            assert probs == all_probs[:k]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("k", [0, -2, -100])
def test_k_below_1(k, command):
    result = run(command, NGRAMS, "-", k, stdin=TEXT)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("k needs to be 1 or higher!")


@pytest.mark.parametrize("threshold", [0.2, 0.5, 1.5])
@pytest.mark.parametrize("model", [NGRAMS, SUBWORDS], ids=lambda path: path.stem)
def test_threshold(model, threshold):
    every = predict(model, "-", -1).splitlines()
    lines = predict(model, "-", -1, threshold).splitlines()
    for line, all_labels in zip(lines, every, strict=True):
        ref = [(a, p) for a, p in pairs(all_labels) if p - 1e-5 >= threshold]
        assert [p for _, p in pairs(line)] == [p for _, p in ref]
        assert sorted(pairs(line)) == sorted(ref)  # labels as likely as each other may swap
    if threshold > 1:
        assert lines == [""] * 5


def test_threshold_and_k():
    lines = predict(NGRAMS, "-", 2, 0.2).splitlines()
    every = predict(NGRAMS, "-", 2).splitlines()
    for line, two in zip(lines, every, strict=True):
        assert pairs(line) == [(a, p) for a, p in pairs(two) if p >= 0.2]


def test_predict_is_predict_prob_without_probabilities():
    for k, threshold in [(1, 0.0), (3, 0.0), (-1, 0.1), (2, 1.5)]:
        ref = [
            " ".join(a for a, _ in pairs(line))
            for line in predict(NGRAMS, "-", k, threshold).splitlines()
        ]
        assert predict(NGRAMS, "-", k, threshold, command="predict").splitlines() == ref


def test_probabilities_by_hand(tmp_path):
    """Scores 2 and 0: e^2 / (e^2 + 1) = 0.880797, shown with 1e-5 added."""
    model = tmp_path / "small.bin"
    model.write_bytes(model_bytes.small())
    ref = "__label__x 0.880807 __label__y 0.119213\n"
    assert predict(model, "-", 2, stdin=b"a") == ref
    # With </s> the mean of the two rows has a score of 1: 0.731059.
    assert predict(model, "-", stdin=b"a\n") == "__label__x 0.731069\n"
    # The sigmoid of 2, of one half, and of 0.
    model.write_bytes(model_bytes.small(loss=4))
    assert predict(model, "-", 2, stdin=b"a") == "__label__x 0.880807 __label__y 0.50001\n"


def test_certainty_shows_as_a_little_more_than_1(tmp_path):
    wo = [[200, 0], [0, 5]]
    model = tmp_path / "small.bin"
    for loss in (3, 4):
        data = model_bytes.model_bytes(
            model_bytes.WORDS, model_bytes.LABELS, model_bytes.WI, wo, loss=loss
        )
        model.write_bytes(data)
        assert predict(model, "-", stdin=b"a").startswith("__label__x 1.00001\n")
    model.write_bytes(data[:-16] + struct.pack("<4f", -200, 0, -200, 0))
    assert predict(model, "-", 1, stdin=b"a").endswith(" 1e-05\n")
    answer = json.loads(predict(model, "-", "--json", stdin=b"a"))
    assert answer["probabilities"] == [0]


# ------------------------------------------------------------------------ input


@pytest.mark.parametrize("command", COMMANDS)
def test_file_and_stdin_are_the_same(command):
    ref = predict(NGRAMS, TOPICS, 2, command=command)
    assert predict(NGRAMS, "-", 2, stdin=TOPICS.read_bytes(), command=command) == ref
    assert len(ref.splitlines()) == 300


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_file(compress, tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(compress(TOPICS.read_bytes()))
    assert predict(NGRAMS, path) == predict(NGRAMS, TOPICS)


def test_cut_compressed_file(tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(os.urandom(100_000).hex().encode())[:-40_000])
    result = run("predict", NGRAMS, path)
    assert result.code == 1
    assert str(path) in result.err


def test_empty_input(tmp_path):
    assert predict(NGRAMS, "-", stdin=b"") == ""
    path = tmp_path / "empty.txt"
    path.write_bytes(b"")
    assert predict(NGRAMS, path) == ""


def test_only_a_line_end():
    """An empty line has </s> to go by."""
    ref = predict(NGRAMS, "-", stdin=b"\n")
    assert len(pairs(ref[:-1])) == 1
    assert predict(NGRAMS, "-", stdin=b"\n\n \n") == 3 * ref


def test_last_line_without_an_end():
    with_end, without = (predict(NGRAMS, "-", stdin=s) for s in (TEXT, TEXT[:-1]))
    assert len(without.splitlines()) == len(with_end.splitlines()) == 5
    assert without.splitlines()[:-1] == with_end.splitlines()[:-1]
    # Nothing is known of the last line then.
    assert predict(PLAIN, "-", stdin=b"how\nzzz") == predict(PLAIN, "-", stdin=b"how\n") + "\n"
    assert predict(PLAIN, "-", stdin=b"zzz") == "\n"
    assert predict(PLAIN, "-", stdin=b" \t") == "\n"


SAME = {
    "crlf": (b"how do i\r\nfix it\r\n", b"how do i\nfix it\n"),
    "nul": (b"how\0do i\0\nfix it\n", b"how do i\nfix it\n"),
    "tabs": (b"\thow \t do\vi\f\n fix it \n", b"how do i\nfix it\n"),
    "byte-order mark": (b"\xef\xbb\xbfhow do i\n", b"zzz do i\n"),
    "invalid utf-8": (b"\xff how \xc3 do\xc3\x28 i\n\x80\n", b"how i\nzzz\n"),
    "ideographic space": ("how\u3000do i\n".encode(), b"i\n"),
    "no-break space": ("how\u00a0do i\n".encode(), b"i\n"),
    "labels": (b"__label__roof how __label__zzz do i __label__\n", b"how do i\n"),
}


@pytest.mark.parametrize(("odd", "plain"), SAME.values(), ids=SAME.keys())
def test_odd_bytes(odd, plain):
    assert predict(PLAIN, "-", 2, stdin=odd) == predict(PLAIN, "-", 2, stdin=plain)


def test_literal_end_of_line_token_does_not_end_a_line():
    lines = predict(PLAIN, "-", stdin=b"how do </s> i fix it\nnext\n").splitlines()
    assert len(lines) == 2
    assert predict(PLAIN, "-", stdin=b"zzz </s>") == predict(PLAIN, "-", stdin=b"\n")


def test_line_of_megabytes():
    text = b"how do i " * 400_000
    lines = predict(NGRAMS, "-", 2, stdin=b"fix it\n" + text + b"\nfix it\n").splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[2] == predict(NGRAMS, "-", 2, stdin=b"fix it\n").rstrip("\n")
    assert len(pairs(lines[1])) == 2


def test_token_of_a_megabyte():
    text = b"fix " + b"ab" * 500_000 + b" it\n"
    assert predict(PLAIN, "-", stdin=text) == predict(PLAIN, "-", stdin=b"fix it\n")
    assert len(pairs(predict(SUBWORDS, "-", stdin=text).rstrip("\n"))) == 1


def test_labels_may_hold_any_bytes(tmp_path):
    model = tmp_path / "odd.bin"
    labels = [b"__label__\xff\xc3", "__label__日本".encode()]
    data = model_bytes.model_bytes(model_bytes.WORDS, labels, model_bytes.WI, model_bytes.WO)
    model.write_bytes(data)
    result = run("predict", model, "-", 2, stdin=b"a")
    assert result.out == labels[0] + b" " + labels[1] + b"\n"
    answer = json.loads(run("predict", model, "-", 2, "--json", stdin=b"a").text())
    assert answer["labels"][1] == "__label__日本"


def test_models_without_the_end_of_line_token(tmp_path):
    model = tmp_path / "noeos.bin"
    data = model_bytes.model_bytes([b"a"], model_bytes.LABELS, [[1, 0]], model_bytes.WO)
    model.write_bytes(data)
    assert predict(model, "-", stdin=b"a\n\nzz\n") == "__label__x 0.880807\n\n\n"


# ---------------------------------------------------------------------- threads


@pytest.mark.parametrize("thread", ["-thread", "--thread"])
def test_threads_change_nothing(thread, tmp_path):
    path = tmp_path / "long.txt"
    path.write_bytes(TOPICS.read_bytes() * 10 + b"last line without an end")
    ref = predict(NGRAMS, path, 2, thread, 1)
    assert predict(NGRAMS, path, 2, thread, 2) == ref
    assert predict(NGRAMS, path, thread, 3, 2) == ref
    assert len(ref.splitlines()) == 3001


def test_no_thread():
    result = run("predict", NGRAMS, "-", "-thread", 0)
    assert (result.code, result.out) == (1, b"")
    assert result.err == "-thread must be 1 or more, not 0.\n"


# ------------------------------------------------------------------------- JSON


@pytest.mark.parametrize("model", [NGRAMS, SUBWORDS, PLAIN], ids=lambda path: path.stem)
@pytest.mark.parametrize(("k", "threshold"), [(1, 0.0), (3, 0.1), (2, 1.5)])
def test_json_agrees_with_the_text(k, threshold, model):
    ref = [pairs(line) for line in predict(model, "-", k, threshold).splitlines()]
    answers = [
        json.loads(line) for line in predict(model, "-", k, threshold, "--json").splitlines()
    ]
    added = 0 if model is PLAIN else 1e-5
    for answer, found in zip(answers, ref, strict=True):
        assert answer["labels"] == [label for label, _ in found]
        assert len(answer["probabilities"]) == len(found)
        for comp, (_, shown) in zip(answer["probabilities"], found, strict=True):
            assert 0 <= comp <= 1
            assert math.isclose(comp, min(shown - added, 1), rel_tol=1e-5, abs_tol=1e-6)
    answers = predict(model, "-", k, threshold, "--json", command="predict").splitlines()
    assert [json.loads(line) for line in answers] == [
        {"labels": [label for label, _ in found]} for found in ref
    ]


# ---------------------------------------------------------------------- messages


def said(*argv):
    result = run(*argv, stdin=TEXT)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_number_of_arguments(command):
    usage = f"usage: fastcli {command} <model> <test-data> [<k>] [<th>]"
    for argv in ([], [NGRAMS], [NGRAMS, "-", 1, 0.5, 9]):
        assert usage in said(command, *argv)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("argv", [("x",), (1, "x"), ("--jsno",), (1, 0.5, "--jsno")])
def test_arguments_that_are_no_numbers(argv, command):
    assert "usage: " in said(command, NGRAMS, "-", *argv)


@pytest.mark.parametrize("command", COMMANDS)
def test_files_that_cannot_be_read(command, tmp_path):
    missing = tmp_path / "missing"
    assert said(command, missing, "-").startswith(f"{missing} cannot be opened for loading!")
    assert said(command, tmp_path, "-").startswith(f"{tmp_path} cannot be opened for loading!")
    assert said(command, TOPICS, "-").startswith(f"{TOPICS} has wrong file format!")
    assert said(command, NGRAMS, missing).startswith("Input file cannot be opened!")
    assert said(command, NGRAMS, tmp_path).startswith("Input file cannot be opened!")


@pytest.mark.parametrize("command", [*COMMANDS, "test", "test-label"])
def test_models_that_do_not_classify(command, tmp_path):
    model = tmp_path / "vectors.bin"
    model.write_bytes(model_bytes.word_vectors())
    assert said(command, model, "-").startswith("Model needs to be supervised for prediction!")
    model.write_bytes(model_bytes.model_bytes(model_bytes.WORDS, [], model_bytes.WI, []))
    assert "no labels" in said(command, model, "-")


# ------------------------------------------------------------------------- pipes


def test_stdin_of_a_process():
    ref = predict(NGRAMS, "-", 2)
    assert process("predict-prob", NGRAMS, "-", 2, stdin=TEXT).text() == ref
    assert process("predict-prob", NGRAMS, "-", stdin=b"").text() == ""


@pytest.mark.skipif(os.name != "posix", reason="select works on sockets only")
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
def test_lines_are_answered_one_by_one(options):
    ref = predict(NGRAMS, "-", *options).splitlines(keepends=True)
    child = start("predict-prob", NGRAMS, "-", *options, bufsize=0)
    try:
        for line, answer in zip(TEXT.splitlines(keepends=True), ref, strict=True):
            child.stdin.write(line)
            ready, _, _ = select.select([child.stdout], [], [], 60)
            assert ready, "no answer before the next line"
            assert child.stdout.readline() == answer.encode()
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (out, messages(err), child.returncode) == (b"", "", 0)


@pytest.mark.skipif(os.name != "posix", reason="select works on sockets only")
def test_a_line_in_two_pieces_is_one_line():
    child = start("predict", NGRAMS, "-", bufsize=0)
    try:
        child.stdin.write(b"how do ")
        assert select.select([child.stdout], [], [], 0.5)[0] == []
        child.stdin.write(b"i fix it ?\n")
        ref = predict(NGRAMS, "-", stdin=b"how do i fix it ?\n", command="predict")
        assert child.stdout.readline() == ref.encode()
        child.communicate(timeout=60)
    finally:
        child.kill()


@pytest.mark.skipif(os.name != "posix", reason="pipes")
@pytest.mark.parametrize(
    "argv",
    [
        ("predict", NGRAMS, "BIG"),
        ("predict-prob", NGRAMS, "BIG", -1),
        ("predict", NGRAMS, "BIG", "--json"),
        ("dump", NGRAMS, "input"),
        ("dump", NGRAMS, "dict"),
        ("test-label", NGRAMS, TOPICS),
    ],
    ids=lambda argv: f"{argv[0]} {getattr(argv[-1], 'stem', argv[-1])}",
)
def test_closed_pipe_ends_quietly(argv, tmp_path):
    big = tmp_path / "big.txt"
    big.write_bytes(TOPICS.read_bytes() * 60)
    child = start(*(big if word == "BIG" else word for word in argv))
    child.stdin.close()
    child.stdout.readline()
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    code = child.wait(timeout=60)
    assert (code, messages(err)) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize(
    "argv",
    [
        ("predict", NGRAMS, TOPICS),
        ("predict", NGRAMS, TOPICS, "--json"),
        ("test", NGRAMS, TOPICS),
        ("test-label", NGRAMS, TOPICS),
        ("dump", NGRAMS, "dict"),
        ("--version",),
    ],
    ids=lambda argv: f"{argv[0]} {getattr(argv[-1], 'stem', argv[-1])}",
)
def test_output_on_a_full_disk_is_one_sentence(argv):
    with open("/dev/full", "wb") as full:
        child = start(*argv, stdout=full)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert len(messages(err).splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="shell")
@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_closed_standard_streams(closed):
    """Programs may start others without stdin or stdout."""
    line = f"{shlex.join(words('predict', NGRAMS, '-'))} {closed}"
    done = subprocess.run(
        ["/bin/sh", "-c", line], input=TEXT, capture_output=True, env=environment(), check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert len(messages(done.stderr).splitlines()) == 1
