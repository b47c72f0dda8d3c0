"""``fastcli.FastText``: fastText's Python interface, against the command line and plain Python."""

import gc
import json
import weakref

import numpy as np
import pytest

import fastcli
from fastcli.errors import ArgumentError
from fastcli.fasttext.vectors import Vectors, char_ngrams
from fastcli.text.dictionary import as_bytes
from tests.command import SAMPLES, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
RICE = "what can i cook with rice and onions ?"
SMALL = {"dim": 6, "lr": 0.5, "epoch": 5, "thread": 1, "verbose": 0}
NGRAMS = {"minn": 2, "maxn": 3, "wordNgrams": 2, "bucket": 2000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a classifier, the same quantized with fewer rows, and word vectors."""
    folder = tmp_path_factory.mktemp("models")
    model = fastcli.train_supervised(TRAIN, **SMALL, **NGRAMS)
    model.save_model(folder / "c.bin")
    model.quantize(cutoff=700, qnorm=True)
    model.save_model(folder / "c.ftz")
    words = fastcli.train_unsupervised(TRAIN, minCount=2, **SMALL | {"bucket": 500})
    words.save_model(folder / "w.bin")
    return folder


@pytest.fixture(params=["c.bin", "c.ftz", "w.bin"])
def model(request, folder):
    return fastcli.load_model(folder / request.param)


@pytest.fixture(params=["c.bin", "c.ftz"])
def classifier(request, folder):
    return fastcli.load_model(folder / request.param)


def test_what_a_model_shows_of_itself(folder):
    model = fastcli.load_model(folder / "c.ftz")
    shown = (
        f"<FastText of {str(folder / 'c.ftz')!r}: quantized classifier, 6 dimensions, 6 labels, "
    )
    assert repr(model) == f"{shown}{len(model):,} words>"
    assert repr(fastcli.FastText()) == "<FastText without a model>"
    words = fastcli.load_model(folder / "w.bin")
    assert "skipgram word vectors, 6 dimensions" in repr(words)
    assert list(words) == words.words == words.get_words()
    assert len(words) == len(words.words)
    assert bool(words)
    assert bool(fastcli.FastText())


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.get_dimension(),
        lambda model: model.words,
        lambda model: model.labels,
        lambda model: model.predict("a"),
        lambda model: model.predict(["a"]),
        lambda model: model.predict_batch(["a"]),
        lambda model: model.get_word_vector("a"),
        lambda model: model.get_sentence_vector("a"),
        lambda model: model.get_nearest_neighbors("a"),
        lambda model: model.get_input_vector(0),
        lambda model: model.get_line("a"),
        lambda model: model.test(TEST),
        lambda model: model.quantize(),
        lambda model: model.save_model("none.bin"),
        lambda model: model.f.predict("a\n", 1, 0.0, "strict"),
        lambda model: len(model),
    ],
)
def test_what_needs_a_model_says_that_there_is_none(call):
    with pytest.raises(ArgumentError, match="no model yet"):
        call(fastcli.FastText())


def test_a_model_is_gone_with_its_last_name(folder):
    gc.disable()  # which frees what is in a cycle, at some time
    try:
        model = fastcli.load_model(folder / "c.bin")
        model.f.predict("rice\n", 1, 0.0, "strict")
        meter = model.get_meter(TEST)
        beneath = weakref.ref(model._linear)
        del model, meter
        assert beneath() is None
    finally:
        gc.enable()


def test_files_behind_urls(folder, classifier):
    url = TEST.absolute().as_uri()
    assert classifier.test(url) == classifier.test(TEST)
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://test.txt", "wb") as file:
        file.write(TEST.read_bytes())
    assert classifier.test("memory://test.txt") == classifier.test(TEST)
    loaded = fastcli.load_model((folder / "c.bin").absolute().as_uri())
    assert loaded.path == str(folder / "c.bin")
    with pytest.raises(ArgumentError, match="saved to local files"):
        loaded.save_model("s3://bucket/m.bin")


def test_arguments_are_those_of_fasttext(folder, tmp_path):
    (tmp_path / "c.bin").write_bytes((folder / "c.bin").read_bytes())
    model = fastcli.load_model(tmp_path / "c.bin")  # without what is beside it
    assert (model.f.getArgs().lr, model.f.getArgs().epoch) == (0.05, 5)
    with pytest.warns(fastcli.FastcliNote, match="no effect"):
        model.quantize(TRAIN, retrain=True)
    assert model._linear.about["quantized"]["command"].endswith("-lr 0.05")
    for given in ({}, {"bucket": 100}):
        model = fastcli.train_supervised(TRAIN, **{**SMALL, "epoch": 1}, **given)
        assert model.bucket == model.f.getArgs().bucket == 0


def test_notes_of_quantizing_can_be_kept_silent(folder, recwarn):
    model = fastcli.load_model(folder / "c.bin")
    model._args.verbose = 2
    model.quantize(TRAIN, retrain=True, verbose=0)
    assert not recwarn.list


def test_words_have_rows_and_labels_too(classifier):
    for word in [*classifier.words[:10], "zyzzyva", "__label__cooking", "\ud800", 3]:
        assert (word in classifier) == (word in classifier.words)
    assert [classifier.get_word_id(word) for word in classifier.words] == [*range(len(classifier))]
    found = [classifier.get_label_id(label) for label in classifier.labels]
    assert found == [*range(len(classifier.labels))]
    assert classifier.get_label_id("none") == classifier.get_word_id("zyzzyva") == -1
    names, counts = classifier.get_labels(include_freq=True)
    lines = TRAIN.read_text(encoding="utf-8").split()
    assert counts.tolist() == [lines.count(name) for name in names]


def test_subwords_and_vectors(model):
    for word in ["rice", "naïve", "</s>", "zyzzyva", ""]:
        names, rows = model.get_subwords(word)
        grams = [] if word == "</s>" else ngrams_of(model, word)
        assert names == [word] * (word in model) + [gram.decode() for gram in grams]
        if not model.is_quantized():
            own = [model.get_word_id(word)] * (word in model)
            assert rows.tolist() == own + [model.get_subword_id(gram) for gram in grams]
        inputs = [model.get_input_vector(row) for row in rows]
        mean = np.mean(inputs, axis=0) if inputs else np.zeros(6)
        np.testing.assert_allclose(model.get_word_vector(word), mean, rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(model[word], model.get_word_vector(word))


def test_vectors_of_one_are_those_of_many(model):
    """One by one they are made by another kernel, to the same bits."""
    many = Vectors(model._linear, 1)
    words = ["rice", "", "</s>", "naïve", "zyzzyva", "x" * 3000, "y" * 200_000]
    for word, row in zip(words, many.of_words([w.encode() for w in words]), strict=True):
        assert model.get_word_vector(word).tobytes() == row.tobytes()
    lines = [RICE, "", "zyzzyva", "a </s>", "rice " * 5000, f"{'x' * 3000} rice", "a\0b\x1cc"]
    text = as_bytes("".join(f"{line}\n" for line in lines).encode())
    for line, row in zip(lines, np.concatenate([*many.of_lines(text)]), strict=True):
        found = model.get_sentence_vector(line)
        if model._linear.args.model == "sup":
            assert found.tobytes() == row.tobytes()
        np.testing.assert_allclose(found, row, rtol=1e-5, atol=1e-7)


def ngrams_of(model, word):
    args = model.f.getArgs()
    return char_ngrams(word.encode(), args.minn, args.maxn)


def test_vectors_are_those_of_the_commands(folder, model):
    path = model.path
    lines = f"{RICE}\n\nzyzzyva\n".encode()
    printed = run("print-sentence-vectors", path, stdin=lines).text().splitlines()
    for line, text in zip(printed, [RICE, "", "zyzzyva"], strict=True):
        np.testing.assert_allclose(
            [float(v) for v in line.split()[-6:]], model.get_sentence_vector(text), atol=1e-4
        )
    found = run("nn", path, 3, stdin=b"rice\n").text().replace("Query word? ", "").split()
    assert found[::2] == [word for _, word in model.get_nearest_neighbors("rice", 3)]
    printed = run("analogies", path, 2, stdin=b"rice cook car\n").text()
    found = printed.partition("\n")[2].replace("Query triplet (A - B + C)? ", "").split()
    assert found[::2] == [word for _, word in model.get_analogies("rice", "cook", "car", 2)]
    with pytest.raises(ArgumentError, match="k needs to be 1"):
        model.get_nearest_neighbors("rice", 0)


def test_lines_and_tokens(classifier):
    line = "__label__cooking rice zyzzyva __label__none </s> beans"
    assert classifier.get_line(line) == (["rice", "zyzzyva", "</s>"], ["__label__cooking"])
    assert classifier.get_line(["rice", ""]) == ([["rice", "</s>"], ["</s>"]], [[], []])
    assert classifier.f.getLine("rice\nbeans\n", "strict") == (["rice", "</s>"], [])
    assert fastcli.tokenize("a\0b\n \x1cc") == ["a", "b", "</s>", "\x1cc"]


def test_tests_are_those_of_the_command(classifier):
    printed = run("test", classifier.path, TEST, 2, "--json").text()
    found = json.loads(printed)
    n, precision, recall = classifier.test(TEST, k=2)
    assert n == found["n"]
    assert precision == pytest.approx(found["precision"], abs=1e-9)
    assert recall == pytest.approx(found["recall"], abs=1e-9)
    by_label = json.loads(run("test-label", classifier.path, TEST, "--json").text())["per_label"]
    for one in by_label:
        scores = classifier.test_label(TEST)[one["label"]]
        assert scores["f1score"] == pytest.approx(one["f1"], abs=1e-8)
        assert scores["recall"] == pytest.approx(one["recall"], abs=1e-8)


def test_meters_have_every_prediction(classifier):
    meter = classifier.get_meter(TEST)
    lines = TEST.read_text(encoding="utf-8").splitlines()
    texts = [line.partition(" ")[2] for line in lines]
    labels, probs = classifier.predict(texts, k=-1)
    name = "__label__cooking"
    pairs = []
    for line, some, found in zip(lines, labels, probs, strict=True):
        by_label = dict(zip(some, found.tolist(), strict=True))
        pairs.append((min(by_label[name], 1.0), float(line.startswith(name))))
    scores, true = meter.score_vs_true(name)
    assert sorted(zip(scores, true, strict=True)) == sorted(pairs)
    precision, recall = meter.precision_recall_curve(name)
    assert (precision[-1], recall[-1]) == (1, 0)
    at_half = precision[recall >= 0.5].max()
    assert meter.precision_at_recall(0.5, name) == at_half
    assert meter.recall_at_precision(at_half, name) >= 0.5
    assert 0 < meter.recall_at_precision(0.8) <= 1
    assert meter.precision_at_recall(2.0) == 0
    with pytest.raises(ArgumentError, match="no label 'none'"):
        meter.score_vs_true("none")
    first = classifier.get_meter(TEST, k=1)
    scores, true = first.score_vs_true(name)
    n_missed = int((scores == -1).sum())
    assert true.sum() == sum(line.startswith(name) for line in lines)
    assert n_missed == true.sum() - (true[scores >= 0] == 1).sum()


def test_matrices_can_be_replaced(folder):
    model = fastcli.load_model(folder / "c.bin")
    inputs, outputs = model.get_input_matrix(), model.get_output_matrix()
    before = model.predict(RICE, k=-1)
    model.set_matrices(inputs[:, ::-1], outputs[:, ::-1])  # the same scores, in another order
    labels, probs = model.predict(RICE, k=-1)
    assert labels == before[0]
    np.testing.assert_allclose(probs, before[1], rtol=1e-5)
    model.set_matrices(np.zeros((len(inputs), 2)), np.zeros((6, 2)))
    assert model.get_dimension() == model.f.getArgs().dim == 2
    assert model.path == ""
    wrong = [(inputs[1:], outputs), (inputs, outputs[1:]), (inputs[0], outputs)]
    for some, others in [*wrong, (inputs + np.inf, outputs), (inputs[:, :0], outputs)]:
        with pytest.raises(ArgumentError, match="matrix"):
            model.set_matrices(some, others)
    with pytest.raises(ArgumentError, match="quantized Matrix"):
        fastcli.load_model(folder / "c.ftz").get_output_matrix()
    with pytest.raises(ArgumentError, match="rows, from 0 on"):
        model.get_input_vector(-1)


def test_quantizing_in_memory_is_what_the_command_does(folder, tmp_path):
    for source in (folder / "c.bin", folder / "c.bin.json"):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    how = ["-cutoff", 600, "-retrain", "-input", TRAIN, "-epoch", 2, "-lr", 0.2, "-dsub", 2]
    assert run("quantize", "-output", tmp_path / "c", *how, "-thread", 1, "-verbose", 0).code == 0
    model = fastcli.load_model(tmp_path / "c.bin")
    model.quantize(input=TRAIN, cutoff=600, retrain=True, epoch=2, lr=0.2, thread=1)
    model.save_model(tmp_path / "ours.ftz")
    assert (tmp_path / "ours.ftz").read_bytes() == (tmp_path / "c.ftz").read_bytes()
    ref, comp = (
        json.loads((tmp_path / name).read_text()) for name in ("c.ftz.json", "ours.ftz.json")
    )
    assert ref == comp
    with pytest.raises(ArgumentError, match="if retraining"):
        model.quantize(retrain=True)
    with pytest.raises(ArgumentError, match="quantized already"):
        model.quantize()


def test_output_codes_are_kept(tmp_path):
    text = "".join(f"__label__{i} w{i} common w{i // 2}\n" for i in range(300))
    (tmp_path / "text").write_text(text)
    model = fastcli.train_supervised(tmp_path / "text", **SMALL)
    model.quantize(qout=True)
    model.save_model(tmp_path / "a.ftz")
    again = fastcli.load_model(tmp_path / "a.ftz")
    again.save_model(tmp_path / "b.ftz")
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert again.predict("w7", k=3)[0] == model.predict("w7", k=3)[0]


def test_label_prefixes_are_kept(tmp_path):
    text = TRAIN.read_text(encoding="utf-8").replace("__label__", "#")
    (tmp_path / "text").write_text(text, encoding="utf-8")
    model = fastcli.train_supervised(tmp_path / "text", label="#", **SMALL)
    model.save_model(tmp_path / "m.bin")
    assert fastcli.load_model(tmp_path / "m.bin").get_line("#cooking a")[1] == ["#cooking"]
    assert (model.label, model.f.getArgs().label) == ("#", "#")


def test_the_arguments_of_a_model_that_was_loaded(folder):
    args = fastcli.load_model(folder / "c.bin").f.getArgs()
    assert (args.lr, args.dim, args.wordNgrams, args.verbose) == (0.5, 6, 2, 2)  # of the JSON file
    assert repr(args.loss), str(args.model) == ("<loss_name.softmax: 3>", "model_name.supervised")
