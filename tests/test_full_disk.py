"""Full disks: what surely has no room is refused before training, and no trained model is lost."""

import contextlib
import os
import re
import subprocess
import sys

import pytest

from fastcli.errors import FastcliError
from fastcli.fasttext.model_file import load_model
from fastcli.memory import Needs
from tests.command import PLAIN_TEXT, SAMPLES, process, run, start

TRAIN = SAMPLES / "topics.train.txt"
OPTIONS = ["-dim", 30, "-epoch", 1, "-thread", 1, "-verbose", 0]
posix = pytest.mark.skipif(os.name != "posix", reason="needs ulimit")


@pytest.fixture
def small(tmp_path):
    """Return a function that makes a file system of so many kilobytes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    with contextlib.ExitStack() as stack:

        def make(size):
            folder = tmp_path / f"small{size}"
            folder.mkdir()
            mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(folder)]
            if subprocess.run(mount, capture_output=True, check=False).returncode:
                pytest.skip("no file system can be mounted here")
            stack.callback(subprocess.run, ["umount", str(folder)], check=True)
            return folder

        yield make


def rescued(private, err):
    """Return the bytes of the file that was rescued, after checking that its message says where."""
    (path,) = (path for path in private.iterdir() if path.suffix != ".json")
    assert re.search(r"It was saved as (\S+): move it", err)[1] == str(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700
    return path.read_bytes()


def test_a_classifier_on_a_disk_that_fills_up(small, private, tmp_path):
    """It may have fitted: its file has holes, which are not known to fit or not."""
    assert run("supervised", "-input", TRAIN, "-output", tmp_path / "m", *OPTIONS).code == 0
    folder = small(200)
    (folder / "fill").write_bytes(bytes(84_000))
    result = run("supervised", "-input", TRAIN, "-output", folder / "m", *OPTIONS)
    assert result.code == 1
    warning, said = result.err.splitlines()
    assert warning.startswith("The model file may need ")
    assert said.startswith(f"{folder / 'm'}.bin cannot be opened for saving. (No space left")
    assert rescued(private, said) == (tmp_path / "m.bin").read_bytes()
    assert os.listdir(folder) == ["fill"]
    (model,) = private.glob("*.bin")
    about = load_model(str(model)).about
    assert about["label"] == "__label__"
    assert about["arguments"]["dim"] == 30


def test_vectors_on_a_disk_that_fills_up(small, private, tmp_path):
    folder = small(200)
    result = run("supervised", "-input", TRAIN, "-output", folder / "m", *OPTIONS[2:], "-dim", 20)
    assert result.code == 1
    assert result.err.startswith(f"{folder / 'm'}.vec cannot be opened for saving. (No space left")
    assert result.err.endswith(f"{folder / 'm'}.bin is complete and in place.\n")
    assert sorted(os.listdir(folder)) == ["m.bin", "m.bin.json"]
    assert run("predict", folder / "m.bin", "-", stdin=b"the train\n").code == 0
    assert not private.exists()


def test_a_perceptron_that_surely_has_no_room(small):
    folder = small(100)
    result = run("mlp-train", "-input", TRAIN, "-output", folder / "m", *OPTIONS)
    assert result.code == 1
    assert result.err.startswith("The model file needs about ")
    assert os.listdir(folder) == []


def test_a_checkpoint_that_has_no_room(small, private, tmp_path):
    """The checkpoint is larger than the model; training can go on from where it was saved."""
    folder = small(160)
    argv = ["mlp-train", "-input", TRAIN, *OPTIONS, *PLAIN_TEXT, "-dim", 16, "-epoch", 3]
    argv += ["--save-every", 30]
    result = run(*argv, "-output", folder / "m")
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert result.err.startswith(f"{folder / 'm'}.checkpoint cannot be opened for saving.")
    assert os.listdir(folder) == ["m.mlp"]  # the model of that step
    assert run("predict", folder / "m.mlp", "-", stdin=b"the train\n").code == 0
    (tmp_path / "m.checkpoint").write_bytes(rescued(private, result.err))
    assert run(*argv, "-output", tmp_path / "m", "--resume").code == 0
    assert run(*argv, "-output", tmp_path / "ref").code == 0
    assert (tmp_path / "m.mlp").read_bytes() == (tmp_path / "ref.mlp").read_bytes()


def test_a_log_on_a_full_disk(small, tmp_path):
    folder = small(8)
    (folder / "fill").write_bytes(bytes(4096))
    argv = ["mlp-train", "-input", TRAIN, *OPTIONS, "-dim", 8, "-epoch", 60]
    result = run(*argv, "-output", tmp_path / "m", "--log", folder / "log")
    assert result.code == 0
    assert result.err == (
        f"{folder / 'log'} ends here; the run continues without it. (No space left on device)\n"
    )
    assert (tmp_path / "m.mlp").exists()
    lines = (folder / "log").read_bytes().splitlines(keepends=True)
    assert 5 < len(lines) < 60
    assert all(line.endswith(b"}\n") for line in lines)  # no half line stays


@posix
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_log_that_cannot_be_written_at_all(tmp_path):
    argv = ["mlp-train", "-input", TRAIN, *OPTIONS, "-dim", 8, "-epoch", 5]
    result = run(*argv, "-output", tmp_path / "m", "--log", "/dev/full")
    assert result.code == 0
    assert result.err.startswith("/dev/full ends here; the run continues without it.")
    assert len(result.err.splitlines()) == 1


@posix
@pytest.mark.parametrize(("most", "end"), [(40_000, "mlp"), (150_000, "checkpoint")])
def test_a_limit_of_file_sizes_is_known_before_training(most, end, tmp_path):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    argv = ["mlp-train", "-input", TRAIN, *OPTIONS, *PLAIN_TEXT, "-dim", 16]
    argv += ["-output", tmp_path / "m"]
    result = process(*argv, "--save-every", 1, preexec_fn=limit)
    assert result.code == 1
    assert result.err.startswith(f"{tmp_path / 'm'}.{end} cannot be opened for saving. (It needs ")
    assert f"no file may have more than {most // 1000} kB here" in result.err
    assert os.listdir(tmp_path) == []


@posix
def test_a_pipe_that_its_reader_has_closed_is_no_full_disk(private, tmp_path):
    os.mkfifo(tmp_path / "m.bin")
    words = ["supervised", "-input", TRAIN, "-output", tmp_path / "m", *OPTIONS, "-bucket", 100_000]
    child = start(*words)
    with open(tmp_path / "m.bin", "rb") as pipe:
        pipe.read(1)
    _, said = child.communicate(timeout=120)
    assert (child.returncode, private.exists()) == (1, False)
    assert b"m.bin cannot be opened for saving. (Broken pipe.)" in said


@posix
def test_rows_in_use_count_and_holes_do_not(tmp_path, monkeypatch):
    """What may not fit gets a warning, what certainly does not is refused."""
    path, told = str(tmp_path / "m.bin"), []
    free = 10_000_000
    monkeypatch.setattr("fastcli.memory.free_space", lambda _: free)
    Needs(matrices=0, file=10**9, disk=free, least_disk=5).check(path, told.append)
    assert told == []
    Needs(matrices=0, file=10**9, disk=free + 1, least_disk=free).check(path, told.append)
    assert told == [
        f"The model file may need 10 MB of disk space, and 10 MB are free in {tmp_path}.",
    ]
    with pytest.raises(FastcliError, match="The model file needs about 10 MB of disk"):
        Needs(matrices=0, file=10**9, disk=10**9, least_disk=free + 1).check(path, told.append)
    monkeypatch.setattr("fastcli.memory.free_space", lambda _: None)  # a pipe
    Needs(matrices=0, file=10**9, disk=10**9).check(path, told.append)
