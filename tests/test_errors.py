"""Errors are what programs catch, and fastcli itself catches none of them by accident."""

import gzip
import json
import pickle

import pytest

import fastcli
from fastcli import errors
from fastcli.api.inputs import check_readable
from fastcli.fasttext.quantize_and_save import QuantizeArgs, check_inputs
from fastcli.memory import check_memory, check_room
from fastcli.mlp.first_bytes import is_mlp
from fastcli.mlp.tensor_reader import open_tensors
from fastcli.options import snake
from tests.command import SAMPLES, run

TRAIN = SAMPLES / "topics.train.txt"
SMALL = {"dim": 4, "epoch": 1, "thread": 1, "verbose": 0}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "m.bin"
    fastcli.train_supervised(TRAIN, **SMALL).save_model(path)
    return path


@pytest.mark.parametrize(
    ("call", "kinds"),
    [
        (lambda model: model.predict("a\nb"), (fastcli.ArgumentError, ValueError)),
        (lambda model: model.predict("a", k=0), (fastcli.ArgumentError, ValueError)),
        (lambda model: model.predict(None), (TypeError,)),
        (lambda model: model.test("missing"), (fastcli.DataError, ValueError, FileNotFoundError)),
        (lambda model: model.save_model("missing/m.bin"), (fastcli.FastcliError, ValueError)),
        (lambda model: model.quantize(cutoff=5), (fastcli.ArgumentError, ValueError)),
        (
            lambda model: fastcli.load_model("missing"),
            (fastcli.ModelFormatError, ValueError, FileNotFoundError),
        ),
        (lambda model: fastcli.load_model(TRAIN), (fastcli.ModelFormatError, ValueError)),
        (
            lambda model: fastcli.train_supervised("missing"),
            (fastcli.DataError, ValueError, FileNotFoundError),
        ),
        (
            lambda model: fastcli.train_mlp("missing", valid_share=0.5, verbose=0),
            (fastcli.DataError, FileNotFoundError),
        ),
        (
            lambda model: fastcli.train_unsupervised(TRAIN, dim=4, pretrainedVectors="missing"),
            (fastcli.DataError, ValueError, FileNotFoundError),
        ),
        (
            lambda model: fastcli.train_supervised(TRAIN, **{**SMALL, "lr": 1e9, "epoch": 20}),
            (errors.TrainingDiverged, RuntimeError),
        ),
    ],
)
def test_the_kinds_of_errors(call, kinds, path):
    model = fastcli.load_model(path)
    for kind in kinds:
        with pytest.raises(kind) as caught:
            call(model)
    assert str(caught.value)


def test_a_missing_file_is_a_file_not_found(path, tmp_path):
    for args in ({"test": "missing"}, {"retrain": True, "input": ("missing",)}):
        with pytest.raises(FileNotFoundError):
            check_inputs(QuantizeArgs(output="m", **args))
    with pytest.raises(FileNotFoundError, match="Test file"):
        check_readable([str(path), "missing"], "Test file cannot be opened!")


def test_too_little_memory(monkeypatch):
    monkeypatch.setattr("fastcli.memory.available_memory", lambda: 1)
    for check in (lambda: check_memory(2), lambda: check_room(1 << 40, "This")):
        with pytest.raises(MemoryError) as caught:
            check()
        assert isinstance(caught.value, fastcli.FastcliError)


def test_errors_of_opening_stay_what_they_are(path, monkeypatch, tmp_path):
    packed = tmp_path / "m.bin.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(fastcli.ArgumentError, match="it cannot be mapped"):
        fastcli.load_model(packed, mmap=True)

    def fail(*args):
        raise fastcli.DataError("zstd is not installed")

    monkeypatch.setattr("fastcli.contents.open_members", fail)
    for reading in (is_mlp, fastcli.load_model, open_tensors):
        with pytest.raises(fastcli.DataError, match=r"^zstd is not installed$"):
            reading(str(packed))


def test_a_missing_input_is_not_a_folder_that_cannot_be_written(tmp_path):
    result = run("prepare", tmp_path / "missing.txt", "-o", tmp_path / "out")
    assert result.code == 1
    assert "cannot be opened" in result.err
    assert "cannot be written" not in result.err


def test_a_long_configuration_says_so(tmp_path, monkeypatch):
    from fastcli.api import configuration

    monkeypatch.setattr(configuration, "LONGEST_CONFIG", 3)
    (tmp_path / "c.toml").write_text("dim = 4\n")
    with pytest.raises(fastcli.ArgumentError, match="too long for a configuration"):
        configuration.read_config(str(tmp_path / "c.toml"), ())


@pytest.mark.parametrize("has_tblib", [False, True])  # as Dask's workers have
def test_errors_come_back_from_other_processes(has_tblib):
    if has_tblib:
        pytest.importorskip("tblib.pickling_support").install()
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    ]
    made = [
        *(
            kind("what")
            for kind in kinds
            if kind not in (errors.NotFinite, errors.TrainingDiverged)
        ),
        errors.NotFinite("m.bin", "the scores"),
        errors.TrainingDiverged("in epoch 2", "Try a smaller -lr."),
    ]
    assert len(made) == len(kinds) > 10
    for error in made:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))


@pytest.mark.parametrize(("name", "value"), [("epoch", "x"), ("saveOutput", 1), ("seed", [1])])
def test_arguments_of_a_json_file_that_cannot_be(path, tmp_path, name, value):
    model = tmp_path / "m.bin"
    model.write_bytes(path.read_bytes())
    about = json.loads(path.with_name("m.bin.json").read_text())
    about["arguments"][snake(name)] = value
    (tmp_path / "m.bin.json").write_text(json.dumps(about))
    found = fastcli.load_model(model)
    found.predict("a")
    with pytest.raises(fastcli.ModelFormatError, match=f"m.bin: .*arguments.{snake(name)} should"):
        found.f.getArgs()
