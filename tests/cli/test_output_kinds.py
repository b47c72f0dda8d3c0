"""What may be given as -output: links, pipes, long names, a name that another run writes."""

import json
import os
import re
import stat
import subprocess

import numpy as np
import pytest

from fastcli.cli import COMMANDS
from tests.command import GOLDEN, SAMPLES, environment, messages, process, run, start, words

TRAIN = SAMPLES / "topics.train.txt"
OPTIONS = ["-dim", 4, "-epoch", 1, "-bucket", 500, "-wordNgrams", 2, "-thread", 1, "-verbose", 0]
SUPERVISED = ["supervised", "-input", TRAIN, *OPTIONS]
MLP = ["mlp-train", "-input", TRAIN, *OPTIONS, "--hidden", 4]
posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture(scope="module")
def ref(tmp_path_factory):
    """Return a folder with r.bin, r.vec and r.mlp, written as files."""
    folder = tmp_path_factory.mktemp("ref")
    for argv in (SUPERVISED, MLP):
        assert run(*argv, "-output", folder / "r").text() == ""
    return folder


@posix
def test_links_are_written_through(ref, tmp_path):
    (tmp_path / "real").mkdir()
    for end in ("bin", "vec", "mlp"):
        (tmp_path / f"m.{end}").symlink_to(f"real/{end}")
    for argv in (SUPERVISED, MLP):
        assert run(*argv, "-output", tmp_path / "m").text() == ""
    for end in ("bin", "vec", "mlp"):
        assert (tmp_path / f"m.{end}").is_symlink()
        assert (tmp_path / "real" / end).read_bytes() == (ref / f"r.{end}").read_bytes()
    assert sorted(os.listdir(tmp_path / "real")) == ["bin", "mlp", "vec"]


@posix
def test_modes_are_kept(tmp_path):
    for end in ("bin", "vec", "mlp", "log"):
        (tmp_path / f"m.{end}").touch(0o600)
    assert run(*SUPERVISED, "-output", tmp_path / "m").text() == ""
    argv = [*MLP, "-output", tmp_path / "m", "--log", tmp_path / "m.log"]
    assert run(*argv).text() == ""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {modes.pop("m.bin.json") & 0o600, *modes.values()} == {0o600}


@posix
def test_a_model_through_a_pipe(ref, tmp_path):
    """Where there can be no holes zeros are written; the JSON file, which says so, is left out."""
    os.mkfifo(tmp_path / "m.bin")
    with subprocess.Popen(["cat", tmp_path / "m.bin"], stdout=subprocess.PIPE) as reader:
        result = run(*SUPERVISED, "-output", tmp_path / "m", "--no-vec")
        data = reader.communicate(timeout=60)[0]
    assert result.code == 0
    assert result.err.startswith(f"{tmp_path / 'm'}.bin is not a regular file. So the label prefix")
    assert len(result.err.splitlines()) == 1
    assert data == (ref / "r.bin").read_bytes()
    assert os.listdir(tmp_path) == ["m.bin"]
    os.mkfifo(tmp_path / "m.mlp")
    with subprocess.Popen(["cat", tmp_path / "m.mlp"], stdout=subprocess.PIPE) as reader:
        assert run(*MLP, "-output", tmp_path / "m").text() == ""
        assert reader.communicate(timeout=60)[0] == (ref / "r.mlp").read_bytes()


@posix
@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs /dev/stdout")
def test_a_log_to_stdout(tmp_path):
    with start(*MLP, "-output", tmp_path / "m", "--log", "/dev/stdout") as child:
        out, err = child.communicate(timeout=60)
    assert (child.returncode, messages(err)) == (0, "")
    assert json.loads(out.splitlines()[1])["epoch"] == 1  # after the arguments


NPY = ("print-sentence-vectors", GOLDEN / "ns.bin", "--npy")


def npy_of(path):
    """Return the bytes of vectors in a regular file."""
    assert run(*NPY, path, stdin=b"the egg\nthe pan\n").code == 0
    return path.read_bytes()


@posix
def test_vectors_through_a_pipe(tmp_path):
    want = npy_of(tmp_path / "x.npy")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        assert run(*NPY, tmp_path / "pipe", stdin=b"the egg\nthe pan\n").text() == ""
        assert reader.communicate(timeout=60)[0] == want
    assert sorted(os.listdir(tmp_path)) == ["pipe", "x.npy"]


@pytest.mark.parametrize(
    "name",
    [
        "-",
        pytest.param(
            "/dev/stdout",
            marks=pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="needs it"),
        ),
    ],
)
def test_vectors_to_stdout(tmp_path, monkeypatch, name):
    want = npy_of(tmp_path / "x.npy")
    monkeypatch.chdir(tmp_path)
    result = process(*NPY, name, stdin=b"the egg\nthe pan\n")
    assert (result.code, result.out, result.err) == (0, want, "")
    with open("y.npy", "wb") as out:
        done = subprocess.run(
            words(*NPY, name), stdin=subprocess.DEVNULL, stdout=out, env=environment(), check=False
        )
    assert done.returncode == 0
    assert np.load("y.npy").shape == (0, np.load("x.npy").shape[1])
    assert sorted(os.listdir()) == ["x.npy", "y.npy"]


def test_vectors_to_stdout_that_is_read(tmp_path):
    (tmp_path / "x").write_bytes(b"egg\n")
    with open(tmp_path / "x", "rb") as stdin, open(tmp_path / "x", "ab") as stdout:
        done = subprocess.run(
            words(*NPY, "-"), stdin=stdin, stdout=stdout, env=environment(), check=False
        )
    assert done.returncode == 1
    assert (tmp_path / "x").read_bytes() == b"egg\n"


def test_no_vectors_of_half_an_input_go_to_stdout(tmp_path, monkeypatch):
    """A reader of half a file would not know."""
    monkeypatch.setattr("fastcli.fasttext.npy.write_all", failing)
    result = run(*NPY, "-", stdin=b"egg\n")
    assert (result.code, result.out) == (1, b"")
    assert result.err == "The output: No space left on device.\n"


def failing(*_):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("length", [245, 251])
def test_names_up_to_the_limit(length, ref, tmp_path):
    """Where only the JSON file's name is too long, all else is written, with a message."""
    name = "m" * length
    result = run(*SUPERVISED, "-output", tmp_path / name)
    is_too_long = length + len(".bin.json") > 255
    assert result.code == 0
    assert len(result.err.splitlines()) == is_too_long
    assert ("So the label prefix and the arguments of" in result.err) == is_too_long
    assert (tmp_path / f"{name}.bin").read_bytes() == (ref / "r.bin").read_bytes()
    assert run("predict", tmp_path / f"{name}.bin", "-", stdin=b"the train\n").code == 0
    assert run("quantize", "-output", tmp_path / name, "-verbose", 0).code == 0
    assert run(*MLP, "-output", tmp_path / name).text() == ""
    assert not [one for one in os.listdir(tmp_path) if one.startswith(".")]


@pytest.mark.parametrize("argv", [SUPERVISED, ["skipgram", *SUPERVISED[1:]], MLP])
def test_names_beyond_the_limit_fail_before_training(argv, tmp_path):
    result = run(*argv, "-output", tmp_path / ("m" * 252))
    assert result.code == 1
    assert "cannot be opened for saving. (File name too long" in result.err
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("end", ["vec", "output", "bin"])
def test_what_cannot_be_written_fails_before_anything_is_read(end, tmp_path):
    (tmp_path / f"m.{end}").mkdir()
    missing = tmp_path / "missing"
    argv = ["supervised", "-input", missing, "-output", tmp_path / "m", "-saveOutput"]
    result = run(*argv)
    assert result.code == 1
    assert result.err.startswith(f"{tmp_path / 'm'}.{end} cannot be opened for saving. (Is a dir")
    assert os.listdir(tmp_path) == [f"m.{end}"]


@posix
def test_runs_that_start_at_once_end_with_one_whole_model(ref, tmp_path):
    """Whoever is first writes all files; the others name it, or come when it has ended."""
    argv = words(*SUPERVISED, "-output", tmp_path / "m")
    children = [subprocess.Popen(argv, stderr=subprocess.PIPE, env=environment()) for _ in range(4)]
    ended = [(child.communicate(timeout=120)[1], child.returncode) for child in children]
    assert 0 in [code for _, code in ended]
    for (
        err,
        code,
    ) in ended:  # The first run ends with m.vec: a late one can find m.bin free by then.
        assert code == 0 or re.search(rb"m\.(bin|vec) is being written by another run", err), err
    for end in ("bin", "vec"):
        assert (tmp_path / f"m.{end}").read_bytes() == (ref / f"r.{end}").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["m.bin", "m.bin.json", "m.vec"]


@pytest.mark.parametrize("name", ["supervised", "skipgram", "cbow", "quantize", "mlp-train"])
def test_fsync_is_an_option_of_all_that_writes_models(name):
    assert name in COMMANDS
    assert "--fsync" in run(name, "--help").text()


@pytest.mark.parametrize("is_asked", [False, True])
def test_large_files_are_forced_to_the_disk_where_that_is_asked_for(
    is_asked, ref, tmp_path, monkeypatch
):
    synced = []
    monkeypatch.setattr("fastcli.files.SYNCED", 3000)  # the JSON file has less
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_size))
    assert run(*SUPERVISED, "-output", tmp_path / "m", *["--fsync"] * is_asked).text() == ""
    sizes = {end: (tmp_path / f"m.{end}").stat().st_size for end in ("bin", "vec", "bin.json")}
    assert sizes["bin.json"] in synced
    assert (sizes["bin"] in synced) == (sizes["vec"] in synced) == is_asked
    assert (tmp_path / "m.bin").read_bytes() == (ref / "r.bin").read_bytes()
