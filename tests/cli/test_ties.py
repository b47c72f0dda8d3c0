"""Labels of equal probability, and lines that end in a written </s>: what fastText answers."""

import pytest

from tests.command import SAMPLES, run
from tests.model_bytes import model_bytes

HS, NS, SOFTMAX, OVA = 1, 2, 3, 4
LABELS = [f"__label__{c}".encode() for c in "abcde"]
# From fastText 0.9.2 for a model that was trained with -lr 0, so that its output rows are zero.
BY_HEAP = {1: "e", 2: "e d", 3: "e b d", 4: "d b e c", 5: "d b e c a", -1: "d b e c a"}
BY_TREE = {1: "a", 2: "a b", 3: "a b c", 5: "c b a d e", -1: "c b a d e"}
CASES = [
    *((loss, k, order) for loss in (NS, SOFTMAX, OVA) for k, order in BY_HEAP.items()),
    *((HS, k, order) for k, order in BY_TREE.items()),
]


@pytest.mark.parametrize(("loss", "k", "order"), CASES)
def test_equal_labels_come_in_the_order_of_fasttext(tmp_path, loss, k, order):
    words, zeros = [b"</s>", b"x"], [[0.0] * 4] * 5
    data = model_bytes(
        words, LABELS, [[0.1] * 4] * 2, zeros, loss=loss, dim=4, counts=[5, 5, *[1] * 5]
    )
    (tmp_path / "m.bin").write_bytes(data)
    result = run("predict", tmp_path / "m.bin", "-", k, stdin=b"x\n")
    assert result.text().replace("__label__", "") == order + "\n"


@pytest.mark.parametrize("end", [" </s>", " </s> </s>\t", " </s>\r"])
@pytest.mark.parametrize("command", ["predict-prob", "print-sentence-vectors"])
def test_a_written_line_end_changes_nothing(topics, command, end):
    text = (SAMPLES / "topics.test.txt").read_text(encoding="utf-8")
    lines = [line.split(" ", 1)[1] for line in text.splitlines(keepends=True)]
    plain = "".join(lines[:20]).encode()
    written = "".join(line.rstrip("\n") + end + "\n" for line in lines[:20]).encode()
    argv = [command, topics, *(["-", "3"] if command == "predict-prob" else [])]
    assert run(*argv, stdin=written).out == run(*argv, stdin=plain).out


def test_a_line_end_written_inside_a_line_is_a_word(topics):
    inside = run("predict-prob", topics, "-", 6, stdin=b"can i cook </s> rice ?\n").out
    assert inside != run("predict-prob", topics, "-", 6, stdin=b"can i cook rice ?\n").out


def test_written_line_ends_do_not_change_a_test(topics, tmp_path):
    source = SAMPLES / "topics.test.txt"
    written = tmp_path / "written.txt"
    written.write_bytes(source.read_bytes().replace(b"\n", b" </s>\n"))
    assert run("test", topics, written).out == run("test", topics, source).out


def test_training_takes_written_line_ends_for_the_ends_they_are(tmp_path):
    lines = (SAMPLES / "topics.train.txt").read_bytes().splitlines()[:60]
    options = ["-dim", 4, "-epoch", 2, "-wordNgrams", 2, "-bucket", 100, "-verbose", 0]
    vectors = {}
    for name, end in (("plain", b"\n"), ("written", b" </s>\n")):
        source = tmp_path / f"{name}.txt"
        source.write_bytes(b"".join(line + end for line in lines))
        # The learning rate follows the tokens read, which are more: let it stay as it is.
        more = ["-input", source, "-output", tmp_path / name, "-lrUpdateRate", 10**9]
        run("supervised", *more, *options)
        vectors[name] = run("dump", tmp_path / f"{name}.bin", "output").out
    assert vectors["plain"] == vectors["written"]
