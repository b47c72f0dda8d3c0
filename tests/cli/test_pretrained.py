"""-pretrainedVectors: which words a model gets, from what files, and the notes about it."""

import gzip
import json
import os

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.vectors import Vectors
from fastcli.mlp.model_file import load_mlp
from tests.cli.conftest import TINY, fails
from tests.command import SAMPLES, run

VECTORS = b"4 4\napple 1 2 3 4\nnowhere 9 9 9 9\n__label__x 8 8 8 8\nroad -1 0.5 1e-3 0\n"
TOPICS = SAMPLES / "topics.train.txt"
ROWS = {b"apple": [1, 2, 3, 4], b"nowhere": [9, 9, 9, 9], b"road": [-1, 0.5, np.float32(1e-3), 0]}
TINY_WORDS = {*TINY.split(), b"</s>"} - {b"__label__fruit", b"__label__car", b"__label__road"}
COMMANDS = ["supervised", "skipgram", "cbow", "mlp-train"]
OPTIONS = {
    "supervised": ["-bucket", 500],
    "skipgram": ["-minCount", 1, "-maxn", 0, "-bucket", 500, "-t", 1],
    "cbow": ["-minCount", 1, "-maxn", 0, "-bucket", 500, "-t", 1],
    "mlp-train": ["--hidden", 3],
}


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "some.vec"
    path.write_bytes(VECTORS)
    return path


def learn(command, source, output, *options):
    """Train on one thread; return the words with counts, their rows, and what was said."""
    small = ["-thread", 1, "-verbose", 1, *OPTIONS[command]]
    result = run(command, "-input", source, "-output", output, *small, *options)
    assert (result.code, result.out) == (0, b""), result.err
    if command == "mlp-train":
        model = load_mlp(f"{output}.mlp")
        rows = model.embedding[:, : model.args.dim]
    else:
        model = load_model(f"{output}.bin")
        rows = model.wi.values.reshape(-1, model.args.dim)
    dictionary = model.dictionary
    words = dictionary.entries(0, dictionary.nwords)
    counts = dict(zip(words, dictionary.counts.tolist(), strict=False))
    return counts, dict(zip(words, rows, strict=False)), result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_binary_files_of_word2vec(command, tiny, tmp_path):
    path = tmp_path / "w2v.bin"
    row = np.array([1, -2, 0.5, 3], "<f4")
    path.write_bytes(b"1 4\napple " + row.tobytes() + b"\n")
    given = ["-pretrainedVectors", path, "-epoch", 0]
    _, rows, _ = learn(command, tiny, tmp_path / "m", *given)
    np.testing.assert_array_equal(rows[b"apple"], row)


# ------------------------------------------------------------------ which words


@pytest.mark.parametrize("command", COMMANDS)
def test_all_words_of_the_file_enter_the_model(command, tiny, vectors, tmp_path):
    given = ["-pretrainedVectors", vectors]
    counts, rows, said = learn(command, tiny, tmp_path / "m", *given, "-epoch", 0)
    assert counts.keys() == {*TINY_WORDS, b"nowhere"}
    assert (counts[b"nowhere"], counts[b"apple"], counts[b"road"]) == (1, 4, 3)
    for word, row in ROWS.items():
        assert rows[word].tolist() == row
    assert "Pretrained vectors: 2 of 6 words have one; words added that the text lacks: 1." in said
    assert f"{vectors}: words left out because they start with the label prefix" in said
    # Training moves the words of the text only.
    _, rows, _ = learn(command, tiny, tmp_path / "m", *given, "-epoch", 3, "-lr", 0.5)
    assert rows[b"nowhere"].tolist() == [9, 9, 9, 9]
    assert rows[b"apple"].tolist() != [1, 2, 3, 4]
    if command != "mlp-train":
        assert b"\nnowhere 9 9 9 9 \n" in (tmp_path / "m.vec").read_bytes()


@pytest.mark.parametrize("command", COMMANDS)
def test_only_words_of_the_text(command, tiny, vectors, tmp_path):
    given = ["-epoch", 0, "-dim", 4]
    counts, untouched, _ = learn(command, tiny, tmp_path / "m", *given)
    given += ["-pretrainedVectors", vectors, "--vectors-words", "corpus"]
    found, rows, said = learn(command, tiny, tmp_path / "m", *given)
    assert found == counts
    assert "Pretrained vectors: 2 of 6 words have one.\n" in said
    for word, row in rows.items():
        assert row.tolist() == (ROWS[word] if word in ROWS else untouched[word].tolist())


def test_the_file_beside_the_model_says_which(tiny, vectors, tmp_path):
    for words in ("all", "corpus"):
        given = ["-pretrainedVectors", vectors, "--vectors-words", words]
        learn("supervised", tiny, tmp_path / "m", *given)
        about = json.loads((tmp_path / "m.bin.json").read_text())
        assert about["arguments"]["vectors_words"] == words
        assert about["words"] == 6 + (words == "all") + 1
        learn("mlp-train", tiny, tmp_path / "m", *given)
        assert load_mlp(str(tmp_path / "m.mlp")).args.vectors_words == words
    for command in COMMANDS:
        result = run(command, "-input", tiny, "-output", tmp_path / "x", "--vectors-words", "some")
        assert result.code == 1
        assert "all" in result.err
        assert "corpus" in result.err


@pytest.mark.parametrize("command", ["supervised", "skipgram"])
@pytest.mark.parametrize(
    ("least", "ref"),
    [
        (1, "apple 8, road 6, hill 4, </s> 3, sea 3, sky 2, moon 2"),
        (2, "apple 8, road 6, hill 4, </s> 3, sea 3, moon 2, sky 1"),
        (5, "apple 8, road 6, moon 2, hill 1, sea 1, sky 1"),
    ],
)
def test_counts_and_order_are_those_of_fasttext(command, least, ref, tmp_path):
    """Rare words go first, then each line of the file counts as one more: as fastText 0.9.2 does.

    Of a word that is repeated the last vector counts.
    """
    text, path = tmp_path / "text.txt", tmp_path / "some.vec"
    text.write_text(
        "__label__a apple apple apple road road\n"
        "__label__b apple apple apple road road road sea sea\n"
        "__label__a sky apple hill hill hill\n"
    )
    path.write_text("7 2\napple 1 1\nhill 2 2\nsea 3 3\nmoon 4 4\nmoon 5 5\nsky 6 6\nroad 7 7\n")
    given = ["-minCount", least, "-pretrainedVectors", path, "-epoch", 0]
    counts, rows, _ = learn(command, text, tmp_path / "m", *given)
    assert ", ".join(f"{word.decode()} {n}" for word, n in counts.items()) == ref
    assert rows[b"moon"].tolist() == [5, 5]
    assert rows[b"sky"].tolist() == [6, 6]


def test_epochs_are_those_of_the_text(tiny, tmp_path):
    """Words that the text lacks change nothing for those that it has."""
    path = tmp_path / "many.vec"
    known = b"".join(b"%s 1 2 %d 4\n" % (word, i) for i, word in enumerate(sorted(TINY_WORDS)))
    path.write_bytes(b"507 4\n" + known + b"".join(b"w%d 1 1 1 1\n" % i for i in range(500)))
    for command in ("supervised", "skipgram", "cbow"):
        models = []
        for words in ("all", "corpus"):
            given = ["-pretrainedVectors", path, "--vectors-words", words, "-epoch", 20]
            _, rows, _ = learn(command, tiny, tmp_path / "m", *given)
            about = json.loads((tmp_path / "m.bin.json").read_text())
            models.append(({w: rows[w].tolist() for w in TINY_WORDS}, about["tokens"]))
            if command == "supervised":
                models[-1] += (load_model(str(tmp_path / "m.bin")).wo.values.tolist(),)
        if command == "supervised":
            assert models[0] == models[1]
        else:  # counts, which decide about negatives, are one higher
            assert models[0][1] == models[1][1]


def test_words_of_the_file_alone_can_be_predicted(tmp_path):
    text, path = tmp_path / "text.txt", tmp_path / "some.vec"
    text.write_text("__label__up good\n__label__down bad\n" * 50)
    path.write_text("4 2\ngood 1 0\nfine 0.9 0.1\nbad 0 1\npoor 0.1 0.9\n")
    for command, end in (("supervised", "bin"), ("mlp-train", "mlp")):
        given = ["-pretrainedVectors", path, "-epoch", 20, "-lr", 0.1]
        learn(command, text, tmp_path / "m", *given)
        said = run("predict", tmp_path / f"m.{end}", "-", stdin=b"fine\npoor\n")
        assert said.text() == "__label__up\n__label__down\n"


def test_memory_for_all_words_is_checked_first(tiny, vectors, tmp_path, monkeypatch):
    path = tmp_path / "large.vec.gz"
    end = b"\n" * (1 << 20)  # the size of a larger compressed file is not known
    path.write_bytes(gzip.compress(VECTORS.replace(b"4 4", b"90000000000 4") + end))
    said = fails("-input", tiny, "-output", tmp_path / "m", "-pretrainedVectors", path)
    assert "Training needs about" in said
    monkeypatch.setattr("fastcli.memory.LARGE", 1)
    for what in ("resident_memory", "peak_memory"):  # of this process, much more than the model's
        monkeypatch.setattr(f"fastcli.memory.{what}", lambda: 0)
    monkeypatch.setattr("fastcli.memory.size_text", str)  # to the byte
    given = ["-pretrainedVectors", vectors, "-epoch", 0]
    for command in ("supervised", "skipgram"):
        sizes = []
        for words in ("all", "corpus"):
            _, _, said = learn(command, tiny, tmp_path / "m", *given, "--vectors-words", words)
            sizes.append(float(said.split("Needs about ")[1].split()[0]))
        assert sizes[0] > sizes[1]


# ---------------------------------------------------------------------- sizes


@pytest.mark.parametrize("command", COMMANDS)
def test_the_dimension_is_that_of_the_file(command, tiny, vectors, tmp_path):
    _, rows, _ = learn(command, tiny, tmp_path / "m", "-pretrainedVectors", vectors)
    assert len(rows[b"apple"]) == 4
    argv = ["-input", tiny, "-output", tmp_path / "n", "-dim", 3, "-pretrainedVectors", vectors]
    result = run(command, *argv, *OPTIONS[command], "-verbose", 0)
    assert result.code == 1
    assert result.err == (
        "Dimension of pretrained vectors (4) does not match dimension (3)! "
        "Use -dim 4, or leave -dim out.\n"
    )


# ------------------------------------------------------------------ what fails


def test_vectors_that_do_not_fit(former, tiny, tmp_path):
    path = tmp_path / "some.vec"

    def said(text):
        path.write_bytes(text)
        options = ["-pretrainedVectors", path, "-verbose", 0]
        return fails("-input", tiny, "-output", former, *options)

    assert f"{path} is not a file of word vectors" in said(b"")
    assert f"{path} is not a file of word vectors" in said(b"\xff\xfe\x00binary")
    assert f"{path}, line 2" in said(b"1 4\napple 1 2 3\n")
    assert f"{path}, line 3" in said(b"2 4\nroad 1 1 1 1\napple 1 2 3 nan\n")
    packed = gzip.compress(b"9 4\n" + os.urandom(5000).hex().encode() + b"\n" + VECTORS)
    assert f"{path}" in said(packed[:-3000])


def test_missing_vectors(former, tiny, tmp_path):
    path = tmp_path / "missing.vec"
    err = fails("-input", tiny, "-output", former, "-pretrainedVectors", path, "-verbose", 0)
    assert err.startswith(f"{path} cannot be opened for loading!")
    err = fails("-input", tiny, "-output", former, "-pretrainedVectors", tmp_path, "-verbose", 0)
    assert err.startswith(f"{tmp_path} cannot be opened for loading!")


@pytest.mark.parametrize("words", ["all", "corpus"])
@pytest.mark.parametrize("command", COMMANDS)
def test_vectors_of_no_word_of_the_text(command, words, tiny, tmp_path):
    """The end of a line is in every file, so it does not count."""
    path = tmp_path / "other.vec"
    path.write_bytes(b"2 2\n</s> 1 2\nApple 1 2\n")
    argv = ["-input", tiny, "-output", tmp_path / "m", "-pretrainedVectors", path]
    result = run(command, *argv, *OPTIONS[command], "--vectors-words", words, "-verbose", 0)
    assert result.code == 1
    assert result.err.startswith(
        f"0 of 6 words of the text are in {path}: upper and lower case differ: "
        "the text has 'apple' where other.vec has 'Apple'. Give vectors of "
    )
    assert len(result.err.splitlines()) == 1
    assert not (tmp_path / "m.bin").exists()


@pytest.mark.parametrize(
    ("text", "vectors", "cause"),
    [
        ("red apple", "1 1\nrouge 1\n", "another language, segmentation or kind of text: the text"),
        ("red apple", "red, 1\napple, 2\n", "another language, segmentation or kind of text"),
        ("red, apple.", "red 1\napple 2\n", "punctuation is not split off: the text has 'red,'"),
        ("Red, Apple.", "red 1\napple 2\n", "case and punctuation differ: the text has 'Red,'"),
        ("学习语言很好", "学习 1\n语言 2\n", "words are segmented differently"),
        ("red apple", "0 red 1\n1 apple 2\n", "it has no word that a text can have"),
    ],
)
def test_why_no_word_of_the_text_has_a_vector(text, vectors, cause, tmp_path):
    (tmp_path / "t.txt").write_text(f"__label__a {text}\n", "utf-8")
    (tmp_path / "v.vec").write_text(vectors, "utf-8")
    argv = ["-input", tmp_path / "t.txt", "-output", tmp_path / "m", "-verbose", 0]
    err = run("supervised", *argv, "-pretrainedVectors", tmp_path / "v.vec").err
    n = len(text.split())
    assert err.startswith(f"0 of {n} words of the text are in {tmp_path / 'v.vec'}: {cause}")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("head", ["4\t3\n", "", "\ufeff4\t3\n", "\n\n4 3\n"])
@pytest.mark.parametrize(("space", "end"), [("\t", "\n"), ("   ", "\r\n"), (" \t", "\n")])
def test_vectors_between_tabs_and_spaces(command, head, space, end, tmp_path):
    rows = {"cat": [0.11, 0.12, 0.13], "dog": [1, 2, 3], "tree": [-1, 0, 1], "house": [5, 6, 7]}
    lines = [space.join([word, *map(str, row)]) for word, row in rows.items()]
    (tmp_path / "tab.vec").write_bytes(f"{head}{end.join(lines)}{end}".encode())
    (tmp_path / "t.txt").write_text("__label__a cat dog\n__label__b tree house bird\n")
    given = ["-pretrainedVectors", tmp_path / "tab.vec", "-epoch", 0]
    _, found, said = learn(command, tmp_path / "t.txt", tmp_path / "m", *given)
    assert "Pretrained vectors: 4 of 5 words have one." in said
    for word, row in rows.items():
        np.testing.assert_array_equal(found[word.encode()], np.float32(row))


def test_few_words_with_vectors_are_explained(tmp_path):
    words = [f"word{i}" for i in range(100)]
    (tmp_path / "t.txt").write_text(f"__label__a , {' '.join(words)}\n")
    upper = "".join(f"{word.upper()} 1 2\n" for word in words)
    (tmp_path / "v.vec").write_text(f", 1 2\n{upper}")
    given = ["-pretrainedVectors", tmp_path / "v.vec"]
    _, _, said = learn("supervised", tmp_path / "t.txt", tmp_path / "m", *given)
    assert "Pretrained vectors: 1 of 101 words have one" in said
    assert "Few words have one: upper and lower case differ: the text has 'word0' where" in said


# --------------------------------------------------------------------- models


@pytest.fixture(scope="module")
def subwords(tmp_path_factory):
    """Return a model of word vectors with character n-grams, which lacks rare words."""
    output = tmp_path_factory.mktemp("subwords") / "sg"
    options = ["-dim", 6, "-minCount", 4, "-bucket", 3000, "-epoch", 2, "-thread", 1]
    assert run("skipgram", "-input", TOPICS, "-output", output, *options, "-verbose", 0).code == 0
    return output.with_suffix(".bin")


@pytest.mark.parametrize("command", COMMANDS)
def test_vectors_of_a_model_with_subwords(command, subwords, tmp_path):
    """Words have the model's vectors, those outside its dictionary that of their n-grams."""
    given = ["-pretrainedVectors", subwords, "-epoch", 0]
    counts, rows, said = learn(command, TOPICS, tmp_path / "m", *given)
    model = load_model(str(subwords))
    vectors = Vectors(model, 1).of_words(list(counts))
    n_outside = 0
    for word, vector in zip(counts, vectors, strict=True):
        is_known = model.dictionary.find(word) >= 0
        n_outside += not is_known
        if is_known or vector.any():
            np.testing.assert_array_equal(rows[word], vector)
    assert n_outside > 20
    assert f"({n_outside:,} of them by character n-grams)" in said


def test_training_goes_on_from_a_model_with_the_same_subwords(subwords, tmp_path):
    same = ["-minCount", 1, "-maxn", 6, "-bucket", 3000, "-epoch", 0]
    argv = ["-pretrainedVectors", subwords, *same]
    _, _, said = learn("skipgram", TOPICS, tmp_path / "m", *argv)
    assert f"start from those of {subwords}." in said
    model, former = load_model(str(tmp_path / "m.bin")), load_model(str(subwords))
    words = [*model.dictionary.entries(0, model.dictionary.nwords)]
    assert len(words) > former.dictionary.nwords
    ref = Vectors(former, 1).of_words(words)
    known = ref.any(axis=1)
    assert known.sum() > len(words) - 5
    comp = Vectors(model, 1).of_words(words)[known]
    np.testing.assert_allclose(comp, ref[known], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_word_ngrams_are_not_taken_from_other_ngrams(command, subwords, tmp_path):
    """Buckets of character n-grams and those of word n-grams have numbers in common, no more."""
    given = ["-pretrainedVectors", subwords, "-epoch", 0]
    other = ["-wordNgrams", 2, "-bucket", 3000]
    _, _, said = learn(command, TOPICS, tmp_path / "m", *given, *other)
    assert "Pretrained n-grams: " not in said
    same = ["-minn", 3, "-maxn", 6, "-bucket", 3000, "-wordNgrams", 1]
    _, _, said = learn(command, TOPICS, tmp_path / "m", *given, *same)
    assert "Pretrained n-grams: " in said


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_vectors_of_a_quantized_model(command, tmp_path):
    output = tmp_path / "q"
    options = ["-dim", 6, "-minn", 2, "-maxn", 3, "-bucket", 3000, "-epoch", 2, "-verbose", 0]
    assert run("supervised", "-input", TOPICS, "-output", output, *options).code == 0
    options = ["-input", TOPICS, "-output", output, "-cutoff", 600, "-verbose", 0]
    assert run("quantize", *options).code == 0
    given = ["-pretrainedVectors", f"{output}.ftz", "-epoch", 0]
    counts, rows, _ = learn(command, TOPICS, tmp_path / "m", *given)
    vectors = Vectors(load_model(f"{output}.ftz"), 1).of_words(list(counts))
    known = [i for i in range(len(vectors)) if vectors[i].any()]
    assert len(known) > 100
    words = list(counts)
    for i in known:
        np.testing.assert_array_equal(rows[words[i]], vectors[i])
    same = ["-minn", 2, "-maxn", 3, "-bucket", 3000, "-wordNgrams", 1]
    _, _, said = learn(command, TOPICS, tmp_path / "m", *given, *same)
    assert "Pretrained n-grams: " in said


def test_a_damaged_model(subwords, former, tiny, tmp_path):
    path = tmp_path / "cut.bin"
    path.write_bytes(subwords.read_bytes()[:-1])
    said = fails("-input", tiny, "-output", former, "-pretrainedVectors", path, "-verbose", 0)
    assert said.startswith(f"{path} is damaged")
