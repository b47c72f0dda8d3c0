"""nn, analogies and print-* on files of word vectors: as on a model, but without n-grams."""

import gzip
import json
import struct

import numpy as np
import pytest

from fastcli.cli import _words
from fastcli.fasttext.file_vectors import load_file_vectors
from tests.command import run

WORDS = ["cat", "dog", "house", "tree", "naïve"]
ROWS = np.array(
    [[1, 0.1, 0], [0.9, 0.3, 0], [0, 1, 0.2], [0.1, 0.8, 0.7], [-1, 0.5, 0.25]], np.float32
)
NN_PROMPT = "Query word? "


def text(header=True, separator=" "):
    lines = [separator.join([word, *map(str, row)]) for word, row in zip(WORDS, ROWS, strict=True)]
    head = [f"5{separator}3"] if header else []
    return "\n".join([*head, *lines, ""]).encode()


def binary():
    rows = zip(WORDS, ROWS, strict=True)
    return b"5 3\n" + b"".join(
        f"{w} ".encode() + struct.pack("<3f", *row) + b"\n" for w, row in rows
    )


FILES = {
    "a.vec": text(),
    "glove.vec": text(header=False),
    "tabs.vec": text(separator="\t"),
    "a.vec.gz": gzip.compress(text()),
    "w2v.bin": binary(),
    "w2v.bin.gz": gzip.compress(binary()),
    "vectors": text(),  # by its header line
}


def ref(query, banned, k):
    """Return the nearest words of a vector, by NumPy."""
    unit = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
    scores = unit @ (query / np.linalg.norm(query))
    order = [i for i in np.argsort(-scores) if WORDS[i] not in banned]
    return [WORDS[i] for i in order[:k]]


@pytest.mark.parametrize("name", FILES)
def test_nearest_words(name, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    result = run("nn", path, 2, stdin="cat zzz naïve".encode())
    assert result.code == 0
    answers = [part.split("\n")[:-1] for part in result.out.decode().split(NN_PROMPT)[1:]]
    assert [[line.rsplit(" ", 1)[0] for line in answer] for answer in answers] == [
        ref(ROWS[0], ["cat"], 2),
        [],
        ref(ROWS[4], ["naïve"], 2),
        [],
    ]
    assert result.err == (f"{path} has no vector for 'zzz' and no n-grams to build one from.\n")


def test_analogies(tmp_path):
    path = tmp_path / "a.vec"
    path.write_bytes(text())
    unit = ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)
    result = run("analogies", path, 1, "--json", stdin=b"cat dog house cat zzz house")
    first, second = map(json.loads, result.out.splitlines())
    found = [one["word"] for one in first["neighbours"]]
    assert found == ref(unit[0] - unit[1] + unit[2], ["cat", "dog", "house"], 1)
    assert second["neighbours"] == []
    assert "has no vector for 'zzz'" in result.err


def test_vectors_as_text(tmp_path):
    path = tmp_path / "a.vec"
    path.write_bytes(text())
    result = run("print-word-vectors", path, stdin=b"dog zzz")
    assert result.out.decode() == "dog 0.9 0.3 0 \nzzz 0 0 0 \n"
    assert result.err.count("has no vector for") == 1
    result = run("print-sentence-vectors", path, stdin=b"cat zzz\nzzz\n")
    first, second = result.out.decode().splitlines()
    assert np.allclose([float(x) for x in first.split()], ROWS[0] / np.linalg.norm(ROWS[0]), 1e-4)
    assert (second.split(), result.err.count("has no vector for")) == (["0", "0", "0"], 1)
    result = run("print-ngrams", path, "dog")
    assert result.out.decode() == "dog 0.9 0.3 0 \n"
    result = run("print-ngrams", path, "zzz")
    assert (result.out, result.err.count("has no vector for")) == (b"", 1)


def test_many_unknown_words(tmp_path, monkeypatch):
    monkeypatch.setattr(_words, "MOST_SAID", 2)
    path = tmp_path / "a.vec"
    path.write_bytes(text())
    lines = run("print-word-vectors", path, stdin=b"a b c d c a dog").err.splitlines()
    assert len(lines) == 3
    assert lines[-1] == f"{path} does not have 2 more words of the input."


def test_words_that_are_there_twice(tmp_path):
    path = tmp_path / "a.vec"
    path.write_bytes(b"4 2\na 1 0\nb 0 1\na 0.5 0.5\nc 1 1\n")
    notes = []
    vectors = load_file_vectors(str(path), 1, notes.append)
    assert notes == [f"{path}: words that are there again, of which the last vector counts: 1."]
    assert vectors.of_words([b"a", b"b", b"c", b"d"]).tolist() == [
        [0.5, 0.5],
        [0, 1],
        [1, 1],
        [0, 0],
    ]
    assert vectors.unknown([b"a", b"d"]).tolist() == [False, True]


def test_a_model_has_the_same_answers_as_its_vec_file(tmp_path):
    train = tmp_path / "t.txt"
    train.write_text("the cat sat on the mat with the dog and a house\n" * 40)
    words = ["skipgram", "-input", train, "-output", tmp_path / "m", "-dim", 8, "-maxn", 0]
    assert run(*words, "-minCount", 1, "-thread", 1, "-verbose", 0).code == 0
    answers = []
    for end in ("bin", "vec"):
        out = run("nn", tmp_path / f"m.{end}", 3, stdin=b"cat").text()
        answers.append([line.split()[0] for line in out.removeprefix(NN_PROMPT).split("\n")[:3]])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("data", "what"),
    [(b"2 3\na 1 2 3\nb 1 2\n", "line 3: 3 finite numbers"), (b"0 9\n", "has no word vectors")],
)
def test_damage(data, what, tmp_path):
    path = tmp_path / "a.vec"
    path.write_bytes(data)
    result = run("nn", path, stdin=b"a")
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert what in result.err
