"""Predicting a line by one call: the same bits as in blocks, on every kind of model."""

import gc
import threading

import numpy as np
import pytest

from fastcli.errors import ArgumentError, NotFinite
from fastcli.evaluation.predictor import Predictor
from fastcli.fasttext import one_line
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.one_line import DTYPES, LinePredictor, address_in
from fastcli.kernels.linear.one_line import LineJob
from tests.command import SAMPLES, run
from tests.naive import told

TOPICS = SAMPLES / "topics.train.txt"
KINDS = {
    "softmax": ["-wordNgrams", 2],
    "hs": ["-loss", "hs", "-minn", 2, "-maxn", 4, "-label", "__label__s"],
    "ova": ["-loss", "ova", "-wordNgrams", 3, "-maxn", 3],
    "ns": ["-loss", "ns", "--weight-prefix", "w:"],
}
QUANTIZED = {
    "whole": ["-dsub", 3],
    "pruned": ["-qnorm", "-cutoff", 300, "-dsub", 2],
}
LINES = [
    "",
    " ",
    "what can i cook with rice and onions ?",
    "__label__sport __label__nothing the match was won in the last minute",
    "unheard-of qwertyuiop",
    "a </s> b </s>",
    "naïve 日本語 \u00a0x\u3000y",
    "nul\0and\rreturn\tand w:2.5 weight",
    "again " * 3000,
    "ab" * 2000,
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return small classifiers of all kinds."""
    folder, found = tmp_path_factory.mktemp("models"), {}
    common = ["-dim", 7, "-epoch", 3, "-lr", 0.5, "-bucket", 500, "-thread", 1, "-verbose", 0]
    for name, options in KINDS.items():
        base = folder / name
        run("supervised", "-input", TOPICS, "-output", base, *common, *options).text()
        found[name] = load_model(f"{base}.bin")
    for name, options in QUANTIZED.items():
        base = folder / name
        (folder / f"{name}.bin").write_bytes((folder / "ova.bin").read_bytes())
        run("quantize", "-input", TOPICS, "-output", base, *options, "-verbose", 0).text()
        found[name] = load_model(f"{base}.ftz")
    return found


def in_block(model, lines, k, threshold):
    """Return what ``Predictor`` has for lines: the labels' names, and probabilities as told."""
    block = np.frombuffer("".join(f"{line}\n" for line in lines).encode(), np.uint8)
    names, rows = [label.decode() for label in model.labels()], []
    for found in Predictor(model, k, threshold, 1).predictions([block]):
        for i, n in enumerate(found.counts):
            best = slice(i * found.k, i * found.k + n)
            labels = tuple(names[j] for j in found.labels[best])
            probs = [told(p, model.printed_offset) for p in found.probs[best]]
            rows.append((labels, list(map(float, probs))))
    return rows


def by_line(predictor, model, lines, k, threshold):
    found = [predictor.predict(f"{line}\n".encode(), k, threshold) for line in lines]
    assert {probs.dtype for _, probs in found} == {np.dtype(np.float64)}
    return [(labels, probs.tolist()) for labels, probs in found]


@pytest.mark.parametrize("name", [*KINDS, *QUANTIZED])
def test_a_line_gets_what_it_gets_in_a_block(models, name):
    model = models[name]
    predictor = LinePredictor(model)
    for k, threshold in ((1, 0.0), (3, 0.0), (-1, 0.0), (2, 0.3), (1, float("nan")), (9999, 0.1)):
        comp = by_line(predictor, model, LINES, k, threshold)
        assert comp == in_block(model, LINES, k, threshold)


def test_results_stay_when_others_follow(models):
    predictor = LinePredictor(models["hs"])
    labels, probs = predictor.predict(b"rice\n", 2, 0.0)
    kept = labels, probs.tolist()
    predictor.predict(b"a match\n", 2, 0.0)
    probs[0] = 7.0
    assert predictor.predict(b"rice\n", 2, 0.0)[1].tolist() == kept[1]


def test_a_line_in_the_middle_of_another_disturbs_nothing(models):
    model, inner = models["softmax"], []
    predictor = LinePredictor(model)

    class Names(list):
        def __getitem__(self, i):
            if len(inner) < 3:
                inner.append(None)
                predictor.predict(b"another line entirely\n", 1, 0.0)
            return list.__getitem__(self, i)

    predictor._names = Names(label.decode() for label in model.labels())
    labels, probs = predictor.predict(b"what can i cook with rice\n", 3, 0.0)
    assert [(labels, probs.tolist())] == in_block(model, ["what can i cook with rice"], 3, 0.0)


def test_many_threads(models):
    model = models["pruned"]
    predictor, wrong = LinePredictor(model), []
    expected = in_block(model, LINES, 2, 0.0)

    def work():
        for _ in range(20):
            wrong.extend([0] * (by_line(predictor, model, LINES, 2, 0.0) != expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_scratch_for_long_lines_is_not_kept(models, monkeypatch):
    monkeypatch.setattr(one_line, "MOST_FEATURES", 1 << 12)
    predictor = LinePredictor(models["ova"])
    predictor.predict(b"word " * 4000 + b"\n", 1, 0.0)
    gc.collect()
    assert predictor._idle == []
    predictor.predict(b"word\n", 1, 0.0)
    assert len(predictor._idle) == 1


def test_scores_that_are_not_finite(tmp_path):
    base = tmp_path / "model"
    options = ["-dim", 4, "-epoch", 1, "-bucket", 0, "-thread", 1, "-verbose", 0]
    run("supervised", "-input", TOPICS, "-output", base, *options).text()
    model = load_model(f"{base}.bin")
    values = model.wi.values.copy()
    values[model.dictionary.find(b"rice") * 4] = np.nan
    object.__setattr__(model.wi, "values", values)
    predictor = LinePredictor(model, "m.bin")
    with pytest.raises(NotFinite, match=r"m\.bin"):
        predictor.predict(b"some rice\n", 1, 0.0)
    assert predictor.predict(b"some\n", 1, 0.0)[0]


def test_what_cannot_be_predicted(models, tmp_path):
    with pytest.raises(ArgumentError, match="k needs to be 1 or higher"):
        LinePredictor(models["hs"]).predict(b"a\n", 0, 0.0)
    base = tmp_path / "words"
    options = ["-dim", 4, "-epoch", 1, "-minCount", 1, "-bucket", 10, "-verbose", 0]
    run("skipgram", "-input", TOPICS, "-output", base, *options).text()
    with pytest.raises(ArgumentError, match="supervised"):
        LinePredictor(load_model(f"{base}.bin"))


def test_arrays_that_kernels_would_misread_are_refused():
    assert DTYPES.keys() < LineJob.__annotations__.keys()
    for array in (np.zeros(4, np.int64), np.zeros((4, 2), np.int32)[:, 0]):
        with pytest.raises(TypeError, match="features must be contiguous int32"):
            address_in("features", array)
    assert address_in("features", np.zeros(4, np.int32)) != 0
