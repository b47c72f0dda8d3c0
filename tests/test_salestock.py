"""The interface of the package fasttext 0.8, as scripts written for it use it."""

import importlib.util
import json

import numpy as np
import pytest

import fastcli
from fastcli import fasttext_shim
from fastcli.api import salestock
from fastcli.errors import FastcliError, FastcliNote, FastcliWarning
from tests.command import SAMPLES, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
SMALL = {"dim": 8, "epoch": 5, "lr": 0.5, "thread": 1}


@pytest.fixture
def fasttext():
    """Return what ``import fasttext`` gives while the interface is in place."""
    fasttext_shim.install(api="salestock")
    import fasttext

    yield fasttext
    fasttext_shim.uninstall()


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """Return the name of a trained classifier, without its ending."""
    path = tmp_path_factory.mktemp("models") / "topics.model"
    salestock.supervised(str(TRAIN), str(path), label_prefix="__label__", **SMALL)
    return str(path)


def lines_of(path):
    """Return the label of each line of a file, and the rest."""
    rows = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines()]
    return [label.replace("__label__", "") for label, _ in rows], [text for _, text in rows]


def test_a_script_that_trains_tests_and_predicts(fasttext, tmp_path):
    output = str(tmp_path / "classifier.model")
    classifier = fasttext.supervised(str(TRAIN), output, label_prefix="__label__", **SMALL)
    result = classifier.test(str(TEST))
    assert 0.8 < result.precision == result.recall <= 1
    assert result.nexamples == len(TEST.read_bytes().splitlines())
    assert classifier.predict(["how do i cook rice"]) == [["cooking"]]
    ((first, second, third),) = classifier.predict_proba(["how do i cook rice"], k=3)
    assert first[0] == "cooking"
    assert 1 >= first[1] > second[1] > third[1]
    header = (tmp_path / "classifier.model.vec").read_text(encoding="utf-8").split("\n")[0]
    assert header.endswith(" 8")


def test_a_script_that_loads_a_model_and_measures_each_label(fasttext, output):
    classifier = fasttext.load_model(f"{output}.bin", label_prefix="__label__")
    truth, texts = lines_of(TEST)
    found = [labels[0] for labels in classifier.predict(texts)]
    right = {label: 0 for label in set(truth)}
    for one, other in zip(found, truth, strict=True):
        right[other] += one == other
    overall = sum(right.values()) / len(truth)
    assert overall == pytest.approx(classifier.test(str(TEST)).precision)
    assert set(found) <= set(classifier.labels) == set(truth)
    printed = run("predict", f"{output}.bin", TEST).text().replace("__label__", "").split()
    assert found == printed


def test_probabilities_are_those_of_the_model_and_of_six_digits(output):
    classifier = salestock.load_model(f"{output}.bin", label_prefix="__label__")
    ((*pairs,),) = classifier.predict_proba(["rice and onions"], k=100)
    assert sum(p for _, p in pairs) == pytest.approx(1, abs=1e-4)
    assert all(p == float(f"{p:.6g}") for _, p in pairs)
    assert [name for name, _ in pairs] == classifier.predict(["rice and onions\n"], 100)[0]


def test_texts_of_several_lines_are_one_and_empty_ones_have_no_error(output):
    classifier = salestock.load_model(f"{output}.bin")
    one, other, _ = classifier.predict(["rice\nand onions", "rice and onions", ""])
    assert one == other == [one[0]]
    assert one[0].startswith("__label__")  # no prefix was taken off
    assert classifier.predict([]) == []
    with pytest.warns(FastcliWarning, match="each character is a text"):
        assert len(classifier.predict("abc")) == 3


def test_a_text_ends_at_a_written_end_and_is_still_one(output):
    classifier = salestock.load_model(f"{output}.bin")
    texts = ["rice and onions </s> match", "</s>", "the match"]
    found = classifier.predict(texts)
    assert found == [classifier.predict([text])[0] for text in ("rice and onions", "", "the match")]
    assert [labels for (labels,) in found[::2]] == ["__label__cooking", "__label__sport"]


def test_tests_of_several_labels_divide_by_all_of_them(output, tmp_path):
    path = tmp_path / "test.txt"
    path.write_text("__label__cooking rice\n__label__none rice\n\n", encoding="utf-8")
    found = salestock.load_model(f"{output}.bin").test(str(path), k=2)
    assert (found.precision, found.recall, found.nexamples) == (0.5, 1.0, 1)
    with pytest.raises(FastcliError, match="cannot be opened for testing"):
        salestock.load_model(f"{output}.bin").test(str(tmp_path / "none"))


def test_attributes_of_a_classifier(output):
    model = salestock.load_model(f"{output}.bin", label_prefix="__label__")
    assert (model.model_name, model.loss_name, model.label_prefix, model.encoding) == (
        "supervised",
        "softmax",
        "__label__",
        "utf-8",
    )
    assert (model.dim, model.ws, model.epoch, model.min_count, model.neg) == (8, 5, 5, 1, 5)
    assert (model.word_ngrams, model.bucket, model.minn, model.maxn) == (1, 0, 0, 0)
    assert (model.lr_update_rate, model.t) == (100, 1e-4)


@pytest.mark.parametrize("command", ["skipgram", "cbow"])
def test_word_vectors(command, fasttext, tmp_path):
    output = str(tmp_path / "words")
    values = [0.05, 8, 5, 1, 5, 5, 1, "ns", 1000, 3, 6, 1, 100, 1e-4, 0]  # by their places
    model = getattr(fasttext, command)(str(TRAIN), output, *values)
    assert (model.model_name, model.loss_name, model.bucket) == (command, "ns", 1000)
    assert isinstance(model.words, set)
    assert ("rice" in model, "zyzzyva" in model) == (True, False)
    assert len(model["rice"]) == len(model["zyzzyva"]) == model.dim == 8
    assert type(model["rice"]) is list
    assert model["rice"] == fastcli_vector(output, "rice")
    assert model.cosine_similarity("rice", "rice") == pytest.approx(1)
    a, b = np.array(model["rice"]), np.array(model["car"])
    angle = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert model.cosine_similarity("rice", "car") == pytest.approx(angle)
    from fasttext.model import WordVectorModel

    assert isinstance(fasttext.load_model(f"{output}.bin"), WordVectorModel)


def fastcli_vector(output, word):
    """Return the vector of a word that the command line prints, in full digits."""
    printed = run("print-word-vectors", f"{output}.bin", "--json", stdin=word.encode()).text()
    return pytest.approx(json.loads(printed)["vector"], abs=1e-6)


def test_arguments_are_those_of_the_package(tmp_path):
    with pytest.raises(TypeError, match="missing a required argument: 'output'"):
        salestock.supervised(str(TRAIN))
    with pytest.raises(TypeError, match="wordNgrams"):
        salestock.supervised(str(TRAIN), "x", wordNgrams=2)
    with pytest.raises(fastcli.DataError, match="cannot be opened"):
        salestock.supervised(str(tmp_path / "none"), str(tmp_path / "x"))
    with pytest.raises(fastcli.ModelFormatError, match="cannot be opened"):
        salestock.load_model(str(tmp_path / "none"))


def test_ngrams_without_buckets_get_some(tmp_path, monkeypatch):
    monkeypatch.setattr(salestock, "DEFAULT_BUCKET", 500)
    with pytest.warns(FastcliNote, match="taken as 500"):
        model = salestock.supervised(
            input=str(TRAIN), output=str(tmp_path / "x"), word_ngrams=2, **SMALL
        )
    assert (model.bucket, model.word_ngrams) == (500, 2)


def test_other_prefixes_and_encodings(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes("@é caf\u00e9 noir\n@b th\u00e9 vert\n".encode("latin-1") * 20)
    output = str(tmp_path / "latin")
    options = {**SMALL, "label_prefix": "@", "encoding": "latin-1"}
    model = salestock.supervised(str(path), output, **options)
    assert sorted(model.labels) == ["b", "é"]
    assert model.predict(["caf\u00e9 noir"]) == [["é"]]
    (tmp_path / "latin.bin.json").unlink()  # as of another program: the prefix is in no file
    model = salestock.load_model(f"{output}.bin", "@", "latin-1")
    assert (model.test(str(path)).nexamples, model.test(str(path)).precision) == (40, 1.0)


def test_programs_may_ask_whether_it_is_there(fasttext):
    import fasttext.model

    assert fasttext.model is importlib.import_module("fasttext").model
    for name in ("fasttext", "fasttext.fasttext", "fasttext.model"):
        assert importlib.util.find_spec(name).origin == "fastcli.fasttext_shim"
