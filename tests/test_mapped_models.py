"""Models that are mapped: a file that changes while it is in use ends the work with a sentence."""

import gzip
import os
import time
from itertools import pairwise

import numpy as np
import pytest

import fastcli
from fastcli import contents
from fastcli.errors import ArgumentError, ModelFormatError
from fastcli.evaluation.classifier import Classifier
from fastcli.evaluation.predictor import Predictor
from fastcli.fasttext import model_file
from fastcli.fasttext.model_file import load_model, open_model
from fastcli.fasttext.one_line import TRUSTED, LinePredictor
from fastcli.fasttext.quantize import quantize_model
from fastcli.fasttext.quantized import QuantizedMatrix
from fastcli.mlp.dump import input_lines
from fastcli.mlp.model_file import load_mlp
from fastcli.mlp.tensor_reader import open_tensors
from tests.command import SAMPLES, run

TRAIN = SAMPLES / "topics.train.txt"
BLOCK = np.frombuffer(b"__label__x how do i fix it\n__label__x what can i cook\n" * 9, np.uint8)
SMALL = ["-dim", 8, "-epoch", 1, "-thread", 1, "-verbose", 0]
SAID = "was written to while it was in use. Start again"
KINDS = ["bin", "ftz", "mlp"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return the path of three models but for their endings."""
    path = tmp_path_factory.mktemp("models") / "m"
    linear = ["-input", TRAIN, "-output", path, "-wordNgrams", 2, "-bucket", 3000, *SMALL]
    assert run("supervised", *linear).code == 0
    assert run("quantize", "-output", path, "-qnorm", "-verbose", 0).code == 0
    assert run("mlp-train", "-input", TRAIN, "-output", path, "--hidden", 4, *SMALL).code == 0
    return path


@pytest.fixture
def opened(models, tmp_path, monkeypatch):
    """Return a function that opens a copy of a model, mapped; it returns its path, too."""
    monkeypatch.setattr(contents, "READ_WHOLE", 100)
    monkeypatch.setattr(model_file, "COPIED", 100)

    def call(end):
        path = tmp_path / f"m.{end}"
        path.write_bytes(models.with_suffix(f".{end}").read_bytes())
        model = load_mlp(str(path)) if end == "mlp" else load_model(str(path))
        return path, model

    return call


def cut(path):
    path.write_bytes(b"")


def overwrite(path):
    data = path.read_bytes()
    with open(path, "r+b") as file:
        file.write(data[:-1000] + bytes(1000))
    os.utime(path, ns=(1, 1))  # clocks of file systems are coarse


def replace(path):
    path.with_suffix(".new").write_bytes(b"another model")
    os.replace(path.with_suffix(".new"), path)


def predicted(model, change=lambda: None):
    """Return what is predicted for a block, and, after a change, for another one."""

    def blocks():
        yield BLOCK
        change()
        yield BLOCK

    return list(Predictor(model, 1, 0.0, 1).format(blocks(), True))


@pytest.mark.parametrize("end", KINDS)
def test_every_kind_of_model_is_a_classifier(end, opened):
    model: Classifier = opened(end)[1]
    model.check_predicts()
    labels = model.labels()
    starts, arena = model.label_text
    assert [arena[a:b].tobytes() for a, b in pairwise(starts)] == labels
    assert [model.label_id(label) for label in labels] == list(range(model.nlabels))
    for unknown in (b"", b"__label__none", b"how"):  # the last is a word
        assert model.label_id(unknown) == -1
    for lines, predictions in model.worker(model.nlabels, 0.0, 5)(BLOCK):
        assert lines.n <= 5
        assert (predictions.counts == model.nlabels).all()
        assert np.allclose(predictions.probs.reshape(lines.n, -1).sum(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("change", [cut, overwrite])
@pytest.mark.parametrize("end", KINDS)
def test_a_model_that_is_written_to_while_it_is_in_use(end, change, opened):
    path, model = opened(end)
    with pytest.raises(ModelFormatError, match=SAID):
        predicted(model, lambda: change(path))


@pytest.mark.parametrize("end", KINDS)
def test_a_model_that_is_written_to_before_it_is_used(end, opened):
    path, model = opened(end)
    cut(path)
    with pytest.raises(ModelFormatError, match=SAID):
        predicted(model)


@pytest.mark.parametrize("end", KINDS)
def test_a_change_within_a_block(end, opened, monkeypatch):
    """What was computed with it is never shown."""
    path, model = opened(end)
    name = {"bin": "fastcli.fasttext.matrix.kernels.mean_rows"}.get(
        end, "fastcli.fasttext.quantized.kernels.mean_codes"
    )
    name = "fastcli.mlp.scorer.Scorer.score" if end == "mlp" else name
    monkeypatch.setattr(name, lambda *_: overwrite(path))
    with pytest.raises(ModelFormatError, match=SAID):
        predicted(model)


@pytest.mark.parametrize("end", KINDS)
def test_a_model_that_is_replaced_by_renaming(end, opened):
    path, model = opened(end)
    one, other = predicted(model, lambda: replace(path))
    assert one == other
    assert one.count(b"__label__") == 18


def test_what_else_reads_codes_and_layers(opened):
    path, model = opened("ftz")
    assert isinstance(model.wi, QuantizedMatrix)
    rows = model.wi.decode()
    cut(path)
    with pytest.raises(ModelFormatError, match=SAID):
        model.wi.decode()
    assert len(rows) == model.wi.n_rows * 8
    path, model = opened("mlp")
    assert b"".join(input_lines(model)).count(b"\n") == len(model.embedding) + 1
    cut(path)
    with pytest.raises(ModelFormatError, match=SAID):
        list(input_lines(model))


@pytest.mark.parametrize("end", KINDS)
def test_small_models_stay_as_they_are(end, models, tmp_path):
    path = tmp_path / f"m.{end}"
    path.write_bytes(models.with_suffix(f".{end}").read_bytes())
    model = load_mlp(str(path)) if end == "mlp" else load_model(str(path))
    one, other = predicted(model, lambda: cut(path))
    assert one == other


def asked(path, mapped):
    """Return a model that a caller asked to be mapped, or not to be."""
    if path.suffix == ".mlp":
        return load_mlp(open_tensors(str(path), mapped))
    return load_model(open_model(str(path), mapped))


def large_array(model):
    """Return the largest array of a model."""
    if not hasattr(model, "wi"):
        return model.embedding
    return model.wi.codes if isinstance(model.wi, QuantizedMatrix) else model.wi.values


@pytest.mark.parametrize("end", KINDS)
def test_a_small_model_is_mapped_where_that_is_asked_for(end, models, tmp_path, monkeypatch):
    monkeypatch.setattr(model_file, "COPIED_OF_MAPS", 1000)
    path = tmp_path / f"m.{end}"
    path.write_bytes(models.with_suffix(f".{end}").read_bytes())
    model, plain = asked(path, True), asked(path, None)
    assert model.contents if end == "mlp" else model.wi.contents
    found = large_array(model)
    assert not found.flags.owndata
    assert not found.flags.writeable
    assert np.array_equal(found, large_array(plain))
    assert predicted(model) == predicted(plain)
    cut(path)
    with pytest.raises(ModelFormatError, match=SAID):
        predicted(model)
    assert predicted(plain)


@pytest.mark.parametrize("end", KINDS)
def test_a_large_model_is_read_where_no_map_is_wanted(end, models, tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "READ_WHOLE", 100)
    path = tmp_path / f"m.{end}"
    path.write_bytes(models.with_suffix(f".{end}").read_bytes())
    model = asked(path, False)
    one, other = predicted(model, lambda: cut(path))
    assert one == other


def test_a_change_while_it_is_quantized(opened, monkeypatch):
    path, model = opened("bin")
    found = fastcli.FastText._of_model(model)

    def changed(*given):
        overwrite(path)
        return quantize_model(*given)

    monkeypatch.setattr("fastcli.fasttext.quantize_and_save.quantize_model", changed)
    with pytest.raises(ModelFormatError, match=SAID):
        found.quantize()
    assert found._model is model


def test_what_cannot_be_mapped_is_an_error(models, tmp_path):
    packed = tmp_path / "m.bin.gz"
    packed.write_bytes(gzip.compress(models.with_suffix(".bin").read_bytes()))
    with pytest.raises(ArgumentError, match=r"is compressed \(gz\).* decompress it"):
        asked(packed, True)
    assert predicted(asked(packed, False))


def test_a_line_after_the_file_was_cut(models, tmp_path):
    """At once, but for a moment: a file is not looked at for every line."""
    path = tmp_path / "m.bin"
    path.write_bytes(models.with_suffix(".bin").read_bytes())
    predictor = LinePredictor(asked(path, True))
    found = [predictor.predict(b"how do i fix it\n", 1, 0.0)[0] for _ in range(9)]
    assert len({*found}) == 1
    os.truncate(path, 0)
    time.sleep(TRUSTED)
    with pytest.raises(ModelFormatError, match=SAID):
        predictor.predict(b"how do i fix it\n", 1, 0.0)
