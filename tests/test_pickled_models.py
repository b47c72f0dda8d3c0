"""Pickles and copies of models: by path while the file is the same, else by value."""

import copy
import multiprocessing
import os
import pickle
import sys

import pytest

import fastcli
from fastcli.errors import FastcliNote, ModelFormatError
from tests.command import SAMPLES, run

TRAIN = SAMPLES / "topics.train.txt"
TEXTS = ["what can i cook with rice and onions ?", "my car makes a noise", "zyzzyva", ""]
KINDS = ["mlp", "bin", "ftz"]
SMALL = ["-dim", 8, "-epoch", 5, "-lr", 0.5, "-bucket", 1000, "-wordNgrams", 2, "-thread", 1]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return the path of three models but for their endings."""
    path = tmp_path_factory.mktemp("models") / "m"
    quiet = ["-verbose", 0]
    assert run("supervised", "-input", TRAIN, "-output", path, *SMALL, *quiet).code == 0
    assert run("quantize", "-output", path, *quiet).code == 0
    mlp = ["--hidden", 4, "-dim", 8, "-epoch", 2, "-thread", 1, *quiet]
    assert run("mlp-train", "-input", TRAIN, "-output", path, *mlp).code == 0
    return path


@pytest.fixture(params=KINDS)
def path(request, models, tmp_path):
    """Return the path of a model's own copy."""
    path = tmp_path / f"m.{request.param}"
    for end in ("", ".json"):
        source = models.with_name(f"m.{request.param}{end}")
        if source.exists():
            path.with_name(path.name + end).write_bytes(source.read_bytes())
    return path


def answers(model):
    """Return what a model predicts, to the bit."""
    labels, probs = model.predict(TEXTS, k=-1)
    return labels, [p.tobytes() for p in probs]


def test_a_model_of_a_file_is_pickled_by_its_path(path):
    model = fastcli.load_model(path)
    data = pickle.dumps(model)
    assert len(data) < 2000
    found = pickle.loads(data)
    assert type(found) is type(model)
    assert answers(found) == answers(model)
    assert found.path == str(path)
    assert pickle.dumps(found) == data  # the digest is known


def test_in_any_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps(fastcli.load_model(path.name))
    monkeypatch.chdir("/")
    assert answers(pickle.loads(data)) == answers(fastcli.load_model(path))


def test_a_mapped_model_is_mapped_again(path):
    model = pickle.loads(pickle.dumps(fastcli.load_model(path, mmap=True)))
    assert model._file.mmap is True
    path.write_bytes(b"")
    with pytest.raises(ModelFormatError, match="was written to while it was in use"):
        answers(model)


def test_a_file_of_another_time_is_the_same_if_its_bytes_are(path):
    model = fastcli.load_model(path)
    data = pickle.dumps(model)
    os.utime(path, ns=(1, 1))  # as of a copy on another machine
    found = pickle.loads(data)
    assert answers(found) == answers(model)
    assert len(pickle.dumps(found)) < 2000


def test_a_file_that_changed_is_an_error_that_says_what_to_do(path):
    data = pickle.dumps(fastcli.load_model(path))
    former = path.read_bytes()
    path.write_bytes(former[:-1] + bytes([former[-1] ^ 1]))
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelFormatError, match=r"changed or replaced\. Load it .* pickle it again"):
        pickle.loads(data)
    path.write_bytes(former + b"x")
    with pytest.raises(ModelFormatError, match="changed or replaced"):
        pickle.loads(data)
    path.unlink()
    with pytest.raises(ModelFormatError, match="pickled by this path: put its file there"):
        pickle.loads(data)


def test_a_model_whose_file_is_gone_is_pickled_by_value(path, monkeypatch):
    monkeypatch.setattr("fastcli.api.pickled.MOST_SAID", 100)
    model = fastcli.load_model(path)
    before = answers(model)
    path.unlink()
    with pytest.warns(FastcliNote, match="not the file of the model any more"):
        data = pickle.dumps(model)
    found = pickle.loads(data)
    assert answers(found) == answers(model) == before
    assert answers(pickle.loads(pickle.dumps(found))) == before


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no names for descriptors here")
def test_a_file_without_a_name_is_pickled_by_value(path):
    with open(path, "rb") as file:
        model = fastcli.load_model(f"/dev/fd/{file.fileno()}")
        data = pickle.dumps(model)
    assert answers(pickle.loads(data)) == answers(model)


def test_paths_may_be_bytes(path):
    assert answers(fastcli.load_model(os.fsencode(path))) == answers(fastcli.load_model(path))


def test_a_saved_model_is_pickled_by_the_path_it_was_saved_to(path, tmp_path):
    model = fastcli.load_model(path)
    other = tmp_path / f"other{path.suffix}"
    model.save_model(other)
    path.unlink()
    data = pickle.dumps(model)
    assert len(data) < 2000
    assert answers(pickle.loads(data)) == answers(model)
    assert pickle.loads(data).path == str(other)


class Named(fastcli.FastText):
    """A class of a program, whose models know more."""

    def __init__(self, path, name):
        super().__init__(path)
        self.name = name


def test_classes_of_programs_keep_what_they_know(models):
    model = Named(models.with_suffix(".bin"), "topics")
    for found in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert (type(found), found.name) == (Named, "topics")
        assert answers(found) == answers(model)
    model.notes = [model.labels]
    found = copy.deepcopy(model)
    model.notes.append("another")
    model.labels.clear()
    assert found.notes == [found.labels]


def test_a_trained_model_is_pickled_by_value_with_its_arguments():
    model = fastcli.train_supervised(
        TRAIN, dim=4, epoch=1, lr=0.3, label="__label__", thread=1, verbose=0
    )
    found = pickle.loads(pickle.dumps(model))
    assert answers(found) == answers(model)
    assert (found.lr, found.epoch, found.path) == (0.3, 1, "")
    assert found.f.getArgs().lr == 0.3


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy])
def test_copies_share_the_arrays(path, how):
    model = fastcli.load_model(path)
    before = answers(model)
    found = how(model)
    assert found is not model
    assert found._model is model._model
    assert answers(found) == before
    if path.suffix == ".bin":  # what becomes of a copy does not concern the model
        found.set_matrices(-found.get_input_matrix(), found.get_output_matrix())
        assert answers(found) != before
    assert answers(model) == before


def answers_of(model):
    """Return what a model predicts in a process of its own, and that it was not loaded here."""
    return os.getpid(), answers(model)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_models_go_to_other_processes(models, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    if method == "fork" and sys.platform == "darwin":
        pytest.skip("forked processes of macOS may not use much")
    found = [fastcli.load_model(models.with_suffix(f".{end}")) for end in KINDS]
    before = [answers(model) for model in found]  # with threads and scratch before the fork
    with multiprocessing.get_context(method).Pool(1) as pool:
        for (pid, there), here in zip(pool.map(answers_of, found), before, strict=True):
            assert pid != os.getpid()
            assert there == here
