"""demo: the samples, and the tour of the commands."""

import errno
import os
import re
import signal
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from fastcli import sample_files
from fastcli.cli import demo
from tests.command import ROOT, SAMPLES, process, run, start
from tests.faults import Fault, fails

NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix not in (".py", ""))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def samples_in(folder):
    return sorted(path.name for path in (folder / "data" / "samples").iterdir())


def test_the_tour(here):
    result = process("demo", cwd=here)
    assert result.code == 0, result.err
    folder = here / "fastcli-demo"
    assert samples_in(folder) == NAMES
    models = {"topics.bin", "verdicts.bin", "zh.bin", "digits.mlp"}
    made = {path.name for path in folder.iterdir()} - {"data"}
    assert models < made == {*demo.WRITTEN, "tour.txt"}
    assert (folder / "labelled.csv").read_text(encoding="utf-8").count("\n") > 60
    said, place = result.out.decode().replace("\r", ""), 0
    for step in demo.STEPS:
        text = f"\n# {step.title}\n{demo.typed(step, 80, demo.PROMPT)}\n"
        place = said.index(text, place) + len(text)
        if step.words.startswith("test "):
            assert re.match(r"N\t\d+\nP@1\t0\.9\d+\n", said[place:])
        if step.typed:
            assert said[place:].startswith("__label__cooking 0.")
    assert result.err.endswith("\nNext:\n  cd fastcli-demo\n  fastcli help tutorial\n")


def test_the_commands_are_in_a_file_and_fit_a_terminal():
    text = demo.commands_file().decode()
    assert text.count("fastcli ") == len(demo.STEPS) + 1
    assert max(map(len, text.splitlines())) <= 80
    for step in demo.STEPS:
        assert f"# {step.title}\n" in text
        words = demo.typed(step, 80).replace("\\\n", "").split()
        assert words[-len(step.words.split()) :] == step.words.split()


def test_samples_alone_and_again(here):
    result = run("demo", "mine", "--no-run")
    assert (result.code, result.out) == (0, b"")
    said = f"Wrote {len(NAMES)} samples in {Path('mine', 'data', 'samples')}.\n"
    assert result.err == said + "Next:\n  cd mine\n  fastcli help tutorial\n"
    assert [path.name for path in (here / "mine").iterdir()] == ["data"]
    for name in NAMES:
        assert (here / "mine/data/samples" / name).read_bytes() == (SAMPLES / name).read_bytes()
    (here / "mine/data/samples/gates.csv").unlink()
    assert run("demo", "mine", "--no-run").err == result.err
    assert samples_in(here / "mine") == NAMES
    assert run("demo", "mine", "--no-run").err.startswith("Kept ")


def test_what_is_there_stays(here):
    own = here / "data" / "samples" / "gates.csv"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    result = run("demo", ".", "--no-run")
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert f"{Path('data', 'samples', 'gates.csv')} is there and differs" in result.err
    assert samples_in(here) == ["gates.csv"]
    assert own.read_bytes() == b"mine"


def test_results_that_are_no_tours_stay(here):
    (here / "topics.bin").write_bytes(b"mine")
    result = run("demo", ".")
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert "topics.bin already exists" in result.err
    assert os.listdir(here) == ["topics.bin"]


@pytest.mark.parametrize("name", ["fastcli-demo", "fastcli-demo/data"])
def test_a_file_in_the_place_of_a_folder(here, name):
    path = here / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mine")
    result = run("demo")
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert " cannot be opened for saving. (" in result.err
    assert path.read_bytes() == b"mine"


def test_a_full_disk(here):
    with Fault(here, 20, fails, calls=("write",)):
        result = run("demo", here / "full")
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert os.strerror(errno.ENOSPC) in result.err


def test_an_installation_without_samples(here, monkeypatch):
    monkeypatch.setattr(sample_files, "__file__", str(here / "fastcli" / "sample_files.py"))
    result = run("demo")
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert "has no samples" in result.err
    assert os.listdir(here) == []


def test_a_command_that_fails_ends_the_tour(here, monkeypatch, capfd):
    steps = (demo.Step("Fail.", "test none.bin none.txt"), demo.Step("Never.", "help"))
    monkeypatch.setattr(demo, "STEPS", steps)
    result = run("demo")
    assert result.code == 1
    assert result.err.endswith("The tour ends here, since this command failed.\n")
    assert b"Never" not in result.out
    assert "none.bin cannot be opened for loading!" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_ends_it(here):
    with start("demo", cwd=here, start_new_session=True) as child:
        while not child.stdout.readline().startswith(b"# "):
            pass
        os.killpg(child.pid, signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"Traceback" not in err
    assert err.endswith(b"The tour was interrupted.\n")


@pytest.mark.slow
def test_a_wheel_has_the_samples(tmp_path):
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        held = {name for name in wheel.namelist() if "samples/" in name}
    assert held == {f"fastcli/samples/{name}" for name in NAMES}
