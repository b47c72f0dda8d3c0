"""Files that grow: of two runs that would write one, the second is refused before it reads."""

import json
import os
import subprocess
import sys

import pytest

from fastcli.appended import AppendedFile
from fastcli.errors import FastcliError
from fastcli.fasttext.trials import TrialsFile, check_trials, former_trials
from tests.command import SAMPLES, environment, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
TRIAL = b'{"trial": 1, "score": 0.5, "seconds": 1, "arguments": {}}\n'
HELD = "is being written by another run"
posix = pytest.mark.skipif(os.name != "posix", reason="locks and links of POSIX")

HOLDER = """
import sys
from fastcli.appended import AppendedFile
with AppendedFile(sys.argv[1], print, sys.argv[2] == "True") as file:
    if sys.argv[3] == "True":
        file.append(b"a part\\n")
    print("open", flush=True)
    sys.stdin.read()
"""


def held(path, *words):
    """Start a process that has a file open: to go on with it or not, with a part or not."""
    argv = [sys.executable, "-c", HOLDER, path, *map(str, words)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(argv, env=environment(), **pipes)
    assert process.stdout.readline() == b"open\n"
    return process


@posix
@pytest.mark.parametrize("goes_on", [False, True])
@pytest.mark.parametrize("other", [(False, False), (False, True), (True, False), (True, True)])
def test_a_file_of_another_run(goes_on, other, tmp_path):
    """Whether either continues, and whether the other has written a part yet."""
    path = tmp_path / "log"
    path.write_bytes(b"former\n")
    with held(path, *other) as process:
        before = path.read_bytes()
        with pytest.raises(FastcliError, match=HELD):
            AppendedFile(str(path), print, goes_on)
        assert path.read_bytes() == before
        process.communicate()
    assert os.listdir(tmp_path) == ["log"]
    with AppendedFile(str(path), print, goes_on) as file:
        file.append(b"more\n")
    assert path.read_bytes() == (before if goes_on else b"") + b"more\n"


@posix
@pytest.mark.parametrize("options", [(), ("--autotune-resume",)], ids=["new", "resume"])
def test_trials_of_another_run(options, tmp_path):
    """Nothing is read or trained first, and its last line is not taken away."""
    path = tmp_path / "t.jsonl"
    path.write_bytes(TRIAL + b'{"trial": ')
    files = ["-input", TRAIN, "-output", tmp_path / "m", "-autotune-validation", TEST]
    argv = ["supervised", *files, "--autotune-trials", path, *options]
    with held(path, True, False) as process:
        result = run(*argv)
        process.communicate()
    assert (result.code, result.out) == (1, b"")
    assert result.err.splitlines()[-1].startswith(f"{path} {HELD}")
    assert path.read_bytes() == TRIAL + b'{"trial": '
    assert os.listdir(tmp_path) == ["t.jsonl"]


@posix
def test_what_is_cut_off_stays_away(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"whole\ncut o")
    with AppendedFile(str(path), print, go_on=True) as file:
        file.cut(6)
        file.append(b"more\n")
    assert path.read_bytes() == b"whole\nmore\n"


# --------------------------------------------------------------- former trials


def test_former_trials_stay_until_there_is_a_new_one(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(TRIAL)
    with TrialsFile(str(path), print, resume=False):
        assert path.read_bytes() == TRIAL
    assert os.listdir(tmp_path) == ["t.jsonl"]
    second = TRIAL.replace(b"0.5", b"0.6")
    with TrialsFile(str(path), print, resume=False) as file:
        file.append(second)
        file.append(second)
    assert path.read_bytes() == 2 * second
    assert (tmp_path / "t.jsonl.old").read_bytes() == TRIAL


@posix
def test_a_file_beside_what_a_link_leads_to(tmp_path):
    """Former trials would go there, so it is looked at, not what is beside the link."""
    link, far = tmp_path / "t.jsonl", tmp_path / "far"
    far.mkdir()
    (far / "trials").write_bytes(TRIAL)
    link.symlink_to(far / "trials")
    theirs = far / "trials.old"
    theirs.write_bytes(b"the notes of somebody\n")
    assert former_trials(str(link)) == str(theirs)
    with pytest.raises(FastcliError, match=f"{theirs} exists and is not a trials file"):
        check_trials(str(link))
    files = ["-input", TRAIN, "-output", tmp_path / "m", "-autotune-validation", TEST]
    result = run("supervised", *files, "--autotune-trials", link, "-autotune-duration", 1)
    assert (result.code, result.out) == (1, b"")
    assert theirs.read_bytes() == b"the notes of somebody\n"
    theirs.write_bytes(TRIAL)
    with TrialsFile(str(link), print, resume=False) as file:
        file.append(json.dumps({"trial": 1}).encode() + b"\n")
    assert theirs.read_bytes() == TRIAL
    assert (far / "trials").read_bytes() == b'{"trial": 1}\n'
    assert sorted(os.listdir(tmp_path)) == ["far", "t.jsonl"]
    assert link.is_symlink()


@posix
def test_an_input_beside_what_a_link_leads_to(tmp_path):
    """Former trials would be put over the text that is trained on."""
    (tmp_path / "far").mkdir()
    link, text = tmp_path / "t.jsonl", tmp_path / "far" / "trials.old"
    text.write_bytes(TRAIN.read_bytes())
    link.symlink_to(tmp_path / "far" / "trials")
    files = ["-input", text, "-output", tmp_path / "m", "-autotune-validation", TEST]
    result = run("supervised", *files, "--autotune-trials", link, "-autotune-duration", 1)
    assert (result.code, result.out) == (1, b"")
    assert f"{text} is an input and would be overwritten" in result.err
    assert text.read_bytes() == TRAIN.read_bytes()
