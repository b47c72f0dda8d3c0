"""A fault in every call that writes: files are the former or the new ones, and no model is lost."""

import itertools
import re
import shutil

import numpy as np
import pytest

from fastcli.errors import FastcliError
from fastcli.fasttext.model_file import load_model
from fastcli.mlp.model_file import load_mlp
from tests.command import PLAIN_TEXT, run
from tests.faults import Fault, fails

TEXT = b"__label__a one two three\n__label__b two three four\n__label__a one four\n" * 5
LINEAR = ["-dim", 4, "-epoch", 1, "-bucket", 50, "-wordNgrams", 2, "-thread", 1, "-verbose", 0]
MLP = [*PLAIN_TEXT, "-dim", 4, "-epoch", 4, "--hidden", 4, "-thread", 1, "-verbose", 0]
MLP += ["--batch-size", 5]
RUNS = {
    "supervised": (["supervised", "-input", "{text}", "-output", "{out}", "-saveOutput", *LINEAR]),
    "skipgram": (["skipgram", "-input", "{text}", "-output", "{out}", "-minCount", 1, *LINEAR]),
    "quantize": (["quantize", "-output", "{out}", "-cutoff", 300, "-verbose", 0]),
    "mlp-train": ["mlp-train", "-input", "{text}", "-output", "{out}", *MLP],
    "checkpoint": ["mlp-train", "-input", "{text}", "-output", "{out}", "--save-every", 6, *MLP],
    "log": ["mlp-train", "-input", "{text}", "-output", "{out}", "--log", "{out}.log", *MLP],
    "npy": ["print-sentence-vectors", "{model}", "--npy", "{out}.npy"],
}
MODELS = (".bin", ".ftz", ".mlp", ".checkpoint")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Return a folder with a text and a model that can be quantized."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "text").write_bytes(TEXT)
    options = ["-dim", 4, "-epoch", 1, "-bucket", 400, "-wordNgrams", 2, "-verbose", 0]
    assert run("supervised", "-input", folder / "text", "-output", folder / "m", *options).code == 0
    former = ["-output", folder / "former", "--log", folder / "former.log", "--save-every", 3]
    assert run("mlp-train", "-input", folder / "text", *former, *MLP, "-dim", 3).code == 0
    return folder


def words(name, source, folder):
    named = {"text": source / "text", "out": folder / "m", "model": source / "m.bin"}
    return [str(word).format(**named) for word in RUNS[name]]


def begin(name, source, folder):
    """Make a folder as it is before a run, with former files of all names."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if name == "quantize":
        for end in (".bin", ".bin.json"):
            shutil.copy(source / f"m{end}", folder / f"m{end}")
        return
    for end in (".bin", ".vec", ".output", ".mlp", ".npy"):
        (folder / f"m{end}").write_bytes(b"former " + end.encode())
    (folder / "m.bin.json").write_bytes(b'{"format": "fastcli model"}')
    for end in (".log", ".checkpoint"):  # others than ours would be left alone
        shutil.copy(source / f"former{end}", folder / f"m{end}")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def without_times(data):
    """Return a log or checkpoint without the seconds that it took."""
    return re.sub(rb'seconds\\?": [0-9.e-]+', b"", data)


def is_equal(name, one, other):
    """Compare files; of a checkpoint, whose header has seconds, the arrays' bytes.

    A log may have ended before, and a JSON file lists fewer files where one could not be written.
    """
    if name.endswith(".log"):
        return without_times(other).startswith(without_times(one))
    if name.endswith(".json"):
        return one.partition(b'"files"')[0] == other.partition(b'"files"')[0]
    if name.endswith(".checkpoint"):
        return one[-100:] == other[-100:]
    return without_times(one) == without_times(other)


def check_former_or_new(before, found, new):
    """Every file is complete: the old one, or the one that a run without faults writes."""
    for name, data in found.items():
        assert is_equal(name, data, new[name]) or data == before.get(name), name


@pytest.mark.parametrize("name", RUNS)
def test_a_fault_in_every_call(name, source, private, tmp_path):
    folder = tmp_path / "folder"
    begin(name, source, folder)
    before = files(folder)
    argv = words(name, source, folder)
    assert run(*argv, stdin=TEXT).code == 0
    new = files(folder)
    changed = {one for one in new if new[one] != before.get(one)}
    faults, rescued = [], 0
    for n in itertools.count(1):
        begin(name, source, folder)
        shutil.rmtree(private, ignore_errors=True)
        with Fault(folder, n, fails) as fault:
            result = run(*argv, stdin=TEXT)
        if not fault.happened:
            break
        faults.append(fault.happened)
        found = files(folder)
        litter = {one for one in found if one.startswith(".fastcli-")}
        # What cannot be removed stays, for the next run to sweep.
        assert not litter or fault.happened == "unlink", (n, fault.happened)
        found = {one: data for one, data in found.items() if one not in litter}
        if name == "checkpoint" and result.code:  # the model of the last step, or the former one
            data = found.pop("m.mlp")
            assert data == before["m.mlp"] or load_mlp(str(folder / "m.mlp")).names
        check_former_or_new(before, found, new)
        assert ".fastcli-" not in result.err, result.err
        assert "Traceback" not in result.err, result.err
        assert "The output" not in result.err, result.err
        is_noted = "ends here" in result.err or "are not recorded" in result.err
        said = [line for line in result.err.splitlines() if not line.startswith("Wrote ")]
        assert len(said) == (result.code != 0 or is_noted)
        if result.code == 0:
            stays = {"m.log"} | ({f"{one}.json" for one in changed} if is_noted else set())
            assert all(is_equal(one, found[one], new[one]) for one in changed - stays)
            assert fault.happened != "write" or name == "log", n
        else:
            assert result.code == 1
            rescued += check_rescued(result.err, private, new)
    assert {"open", "write", "replace", "fsync", "close"} <= set(faults)
    assert rescued > 0 or name == "npy"


def check_rescued(err, private, new):
    """Check that a model is where a message says; return whether one was rescued."""
    found = re.search(r"It was saved as (\S+): move it", err)
    if found is None:
        return False
    (path,) = (path for path in private.iterdir() if path.suffix != ".json")
    assert str(path) == found[1]
    assert path.stat().st_mode & 0o077 == 0 or path.parent.stat().st_mode & 0o077 == 0
    name = path.name.split("-")[-1]
    assert name.endswith(MODELS)
    assert is_equal(name, path.read_bytes(), new[name])
    return True


# ------------------------------------------- what cannot be made from a whole model

ROOM = "The n-grams would take 90.0 GB of memory, and 1.0 GB are available."


@pytest.mark.parametrize(
    ("error", "end", "code", "said"),
    [
        (FastcliError(ROOM), ".vec", 1, ROOM),
        (MemoryError(), ".vec", 1, "{out}.vec cannot be opened for saving. (not enough memory)"),
        (MemoryError(), ".bin.json", 1, "{out}.bin.json cannot be opened for saving. (not enough "),
        (KeyboardInterrupt(), ".vec", 130, "Interrupted"),
        (SystemExit(143), ".vec", 143, ""),
    ],
    ids=["room", "memory", "json", "interrupt", "ended"],
)
def test_a_model_whose_other_files_cannot_be_made(
    error, end, code, said, source, tmp_path, monkeypatch
):
    """It is in its place, which took hours maybe; files that are missing are the former ones."""

    def fail(*_):
        raise error

    folder = tmp_path / "folder"
    begin("supervised", source, folder)
    before = files(folder)
    argv = words("supervised", source, folder)
    assert run(*argv).code == 0
    new = files(folder)
    begin("supervised", source, folder)
    made_by = "model_outputs.about_bytes" if end == ".bin.json" else "train_and_save.word_vectors"
    monkeypatch.setattr(f"fastcli.fasttext.{made_by}", fail)
    result = run(*argv)
    assert (result.code, result.out) == (code, b"")
    assert said.format(out=folder / "m") in result.err
    assert code != 1 or result.err.endswith(f" {folder / 'm'}.bin is complete and in place.\n")
    assert len(result.err.strip().splitlines()) <= 1
    found = files(folder)
    assert found.keys() == new.keys()
    others = (".vec", ".output") if code > 1 else (end,)  # an interrupt leaves all texts out
    for name, data in found.items():
        if name in {f"m{one}" for one in others}:
            assert data == before[name], name
        else:
            assert is_equal(name, data, new[name]), name
    assert end == ".bin.json" or load_model(str(folder / "m.bin")).about["label"] == "__label__"


def test_the_model_of_a_run_without_faults_is_whole(source, tmp_path):
    """The reference of the tests above is a model that predicts."""
    folder = tmp_path / "folder"
    begin("npy", source, folder)
    assert run(*words("npy", source, folder), stdin=TEXT).code == 0
    assert np.load(folder / "m.npy").shape == (15, 4)
