"""Killed runs: their files are intact, swept by the next run, and noticed by the next reader."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.command import environment, run
from tests.faults import Fault

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="signals"),
]
OPTIONS = ["-dim", 4, "-epoch", 1, "-bucket", 50, "-wordNgrams", 2, "-thread", 1, "-verbose", 0]
TEXT = b"__label__a one two three\n__label__b two three four\n__label__a one four\n" * 5
OTHER = b"__label__x one dos tres\n__label__y two tres cuatro\n" * 7


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the text of a run to be killed, and a former model of another text."""
    (tmp_path / "text").write_bytes(TEXT)
    (tmp_path / "other").write_bytes(OTHER)
    (tmp_path / "to").mkdir()
    train(tmp_path / "other", tmp_path / "to" / "m")
    return tmp_path / "to"


def train(text, output):
    argv = ["supervised", "-input", text, "-output", output, "-saveOutput", *OPTIONS]
    result = run(*argv)
    assert (result.code, result.err) == (0, "")


def killed(folder, n, *argv):
    """Run a command, kill it before its n-th call that writes; return that call, or nothing."""
    words = [sys.executable, "-m", "tests.faults", folder, n, *argv]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        list(map(str, words)), stdin=pipe, stdout=pipe, stderr=pipe, env=environment()
    ) as child:
        call = child.stdout.readline().decode().strip()
        if call:
            child.kill()
        _, err = child.communicate(timeout=60)
    assert call or child.returncode == 0, err
    return call


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def temporary(names):
    return {name for name in names if name.startswith(".fastcli-")}


def said_by_readers(folder):
    """Return the stderr of a command that reads .bin, and one that reads .vec."""
    predict = run("predict", folder / "m.bin", "-", stdin=b"one dos\n")
    argv = ["supervised", "-input", folder.parent / "other", "-output", folder.parent / "next"]
    vectors = [*OPTIONS, "-pretrainedVectors", folder / "m.vec", "-verbose", 1]
    pretrained = run(*argv, *vectors)
    assert (predict.code, pretrained.code) == (0, 0), pretrained.err
    return predict.err, pretrained.err


def calls_of(folder):
    """Return the calls that write, in order, of the run that the tests kill."""
    argv = ["supervised", "-input", folder.parent / "text", "-output", folder / "m", "-saveOutput"]
    with Fault(folder, 0, None) as fault:
        assert run(*argv, *OPTIONS).code == 0
    return fault.seen


def check_killed(folder, n):
    """Kill a run before its n-th call, and look at all that it left."""
    former = files(folder)
    argv = ["supervised", "-input", folder.parent / "text", "-output", folder / "m", "-saveOutput"]
    if not killed(folder, n, *argv, *OPTIONS):
        return False
    left = files(folder)
    train(folder.parent / "text", folder.parent / "ref")
    new = {f"m{path.name[3:]}": path.read_bytes() for path in folder.parent.glob("ref.*")}
    is_new = {}
    for name in ("m.bin", "m.vec", "m.output", "m.bin.json"):
        is_new[name] = left[name] != former[name]
        assert not is_new[name] or left[name] == new[name] or name.endswith(".json"), name
    model, vectors = said_by_readers(folder)
    assert "Traceback" not in model + vectors
    is_mixed = len(set(is_new.values())) > 1
    where = f"{folder / 'm'}.bin"
    assert (f"{where}.json belongs to another model than {where}" in model) == is_mixed
    assert len(model.splitlines()) == is_mixed
    assert (f"m.vec is from another training run than {where}:" in vectors) == is_mixed
    train(folder.parent / "text", folder / "m")  # the next run sweeps
    assert not temporary(files(folder))
    assert all(files(folder)[name] == new[name] for name in ("m.bin", "m.vec", "m.output"))
    return True


def test_killed_between_renames(folder, tmp_path):
    """After each of the four renames, found by counting, one process is killed."""
    calls = calls_of(shutil.copytree(folder, tmp_path / "count"))
    renames = [n for n, name in enumerate(calls, 1) if name == "replace"]
    assert len(renames) == 4
    assert check_killed(folder, renames[2])  # .bin and .vec are in place, .output is not


@pytest.mark.slow
def test_killed_before_every_call(folder, tmp_path):
    kept = shutil.copytree(folder, tmp_path / "kept")
    for n in range(1, 1000):
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)
        if not check_killed(folder, n):
            break
    assert n > 20


def test_a_run_that_is_killed_while_it_trains_leaves_what_is_swept(folder):
    former = files(folder)
    argv = ["supervised", "-input", folder.parent / "text", "-output", folder / "m", "-saveOutput"]
    calls = calls_of(shutil.copytree(folder, folder.parent / "count"))
    assert killed(folder, calls.index("write") + 1, *argv, *OPTIONS) == "write"
    left = files(folder)
    assert len(temporary(left)) == 4
    assert {name: left[name] for name in former} == former
    assert run("quantize", "-output", folder / "m", "-verbose", 0).code in (0, 1)
    train(folder.parent / "other", folder / "m")
    assert not temporary(files(folder))


def test_two_runs_on_one_output(folder):
    """The second ends before it reads, and names the first, which continues."""
    calls = calls_of(shutil.copytree(folder, folder.parent / "count"))
    argv = ["supervised", "-input", folder.parent / "text", "-output", folder / "m", *OPTIONS]
    words = [sys.executable, "-m", "tests.faults", folder, calls.index("write") + 1, *argv]
    with subprocess.Popen(
        list(map(str, words)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    ) as first:
        assert first.stdout.readline() == b"write\n"
        missing = folder.parent / "missing"
        second = run("supervised", "-input", missing, "-output", folder / "m", *OPTIONS)
        assert second.code == 1
        assert f"m.bin is being written by another run (process {first.pid} on " in second.err
        assert len(second.err.splitlines()) == 1
        first.kill()
