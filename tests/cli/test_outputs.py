"""No output is an input, and what is not ours is not written over."""

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from fastcli.errors import ArgumentError
from fastcli.overwriting import check_apart
from tests.cli.conftest import TINY
from tests.command import environment, process, run, words

VECTORS = b"2 3\napple 1 2 3\nwheel 3 2 1\n"
MLP = ("-dim", 3, "-epoch", 2, "--hidden", 2)
FAST = ("-dim", 3, "-epoch", 1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Be in a folder; return what writes a file there."""
    monkeypatch.chdir(tmp_path)

    def write(name, data=TINY):
        (tmp_path / name).write_bytes(data)
        return name

    return write


def contents():
    """Return the bytes of the files here."""
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


def left_alone(*argv, said=""):
    """Check that a command is refused in one sentence and that no file changes."""
    before = contents()
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert result.err.count("\n") == 1, result.err
    assert said in result.err
    assert contents() == before
    return result.err


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("x.vec", ()),
        ("x.bin", ()),
        ("x.bin.json", ()),
        ("x.output", ("-saveOutput",)),
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["supervised", "skipgram"])
def test_a_training_text_that_would_be_written(folder, command, name, options):
    folder(name)
    argv = (command, "-input", name, "-output", "x", *FAST, *options)
    left_alone(
        *argv, said=f"{name} is an input and would be overwritten: give the output another name"
    )


def test_what_is_not_written_may_be_read(folder):
    folder("x.vec", TINY * 9)
    folder("x.output", TINY * 9)
    options = ("-output", "x", "--no-vec", "-verbose", 0, *FAST)
    assert run("supervised", "-input", "x.vec", "-input", "x.output", *options).code == 0


def test_vectors_that_would_be_written(folder):
    folder("t.txt")
    folder("x.vec", VECTORS)
    argv = ("supervised", "-input", "t.txt", "-output", "x", "-pretrainedVectors", "x.vec")
    left_alone(*argv, said="x.vec is an input and would be overwritten")


@pytest.mark.parametrize("end", ["bin", "vec", "trials.jsonl", "trials.jsonl.old"])
def test_a_validation_file_that_would_be_written(folder, end):
    folder("t.txt")
    folder(f"w.{end}")
    argv = ("supervised", "-input", "t.txt", "-output", "w", "-autotune-validation", f"w.{end}")
    left_alone(*argv, said="is an input and would be overwritten")


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--valid", "m.mlp"),
        ("-input", "m.mlp"),
        ("-pretrainedVectors", "m.mlp"),
        ("--config", "m.mlp"),
        ("--config", "m.log"),
        ("-input", "m.log"),
        ("--valid", "m.png"),
        ("--valid", "m.checkpoint"),
    ],
    ids=str,
)
def test_what_an_mlp_reads_and_would_write(folder, option, name):
    folder("t.txt")
    data = {"-pretrainedVectors": VECTORS, "--config": b"epoch = 1\n"}.get(option, TINY)
    folder(name, data)
    outputs = ("-output", "m", "--log", "m.log", "--save-every", 1)
    outputs += ("--plot", "m.png") * (name == "m.png")
    argv = ("mlp-train", "-input", "t.txt", option, name, *outputs, "-dim", 3)
    result = run(*argv)
    assert result.code == 1
    assert (
        "is an input and would be overwritten" in result.err or "fasttext-cli[plot]" in result.err
    )
    assert Path(name).read_bytes() == data


def test_a_text_that_quantize_would_write(folder):
    folder("t.txt", TINY * 30)
    assert run("supervised", "-input", "t.txt", "-output", "q", "-verbose", 0, *FAST).code == 0
    folder("q.ftz")
    left_alone("quantize", "-output", "q", "--test", "q.ftz", said="q.ftz is an input")
    os.unlink("q.ftz")
    os.symlink("q.bin", "q.ftz")
    left_alone(
        "quantize", "-output", "q", said="q.bin is an input and would be overwritten, since q"
    )


@pytest.mark.parametrize("kind", ["link", "hard link", "link to a link", "folder"])
def test_other_names_of_the_same_file(folder, kind):
    folder("t.txt")
    name = "x.vec"
    if kind == "link":
        os.symlink("t.txt", "x.vec")
    elif kind == "hard link":
        os.link("t.txt", "x.vec")
    elif kind == "link to a link":
        os.symlink("t.txt", "y")
        os.symlink("y", "x.vec")
    else:
        os.mkdir("d")
        os.symlink("..", "d/up")
        os.rename("t.txt", "x.vec")
        name = "d/up/x.vec"
    argv = ("supervised", "-input", "t.txt" if kind != "folder" else name, "-output", "x", *FAST)
    left_alone(*argv, said="since x.vec is the same file")


def test_standard_input_and_the_file_that_it_is(folder, tmp_path):
    folder("x.vec")
    with open("x.vec", "rb") as file:
        argv = ("supervised", "-input", "/dev/stdin", "-output", "x", *FAST)
        result = start_with(file, argv, tmp_path)
    assert result[0] == 1
    assert "since x.vec is the same file" in result[1]
    assert Path("x.vec").read_bytes() == TINY


@contextmanager
def both(path):
    """Open a file as standard input and, at its end, as standard output."""
    with open(path, "rb") as stdin, open(path, "ab") as stdout:
        yield stdin, stdout


def start_with(stdin, argv, folder, stdout=None):
    done = subprocess.run(
        words(*argv),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment(),
        check=False,
    )
    return done.returncode, done.stderr.decode()


def test_standard_output_that_is_an_input(folder, tmp_path, topics):
    """As ``cat`` does: what is read would grow while it is read."""
    model = tmp_path / "copy.bin"
    model.write_bytes(topics.read_bytes())
    folder("x")
    for argv, path in [
        (("predict", topics, "x"), tmp_path / "x"),
        (("predict", model, os.devnull), model),
        (("inspect", "x"), tmp_path / "x"),
        (("dump", model, "args"), model),
    ]:
        before = path.read_bytes()
        with open(path, "ab") as out:
            code, err = start_with(None, argv, tmp_path, out)
        assert code == 1
        assert "standard output is the same file" in err
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("argv", "path"),
    [
        (("prepare", "j.csv", "-o", "-"), "j.csv"),
        (("prepare", "below", "-o", "-"), "below/part.txt"),
        (("prepare", "-", "-o", "-"), "j.csv"),
        (("prepare", "--like", "r.json"), "j.csv"),
        (("prepare", "--like", "r.json", "r.json"), "r.json"),
        (("prepare", "--like", "r.json", os.devnull), "r.json"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part[1:]),
)
def test_prepare_does_not_feed_itself(folder, tmp_path, argv, path):
    folder("j.csv", b"text,label\none two,a\nthree,b\n")
    folder("r.json", b"{}")
    (tmp_path / "below").mkdir()
    folder("below/part.txt")
    before = Path(path).read_bytes()
    with both(path) as (stdin, stdout):
        code, err = start_with(stdin, argv, tmp_path, stdout)
    assert code == 1
    assert "is an input and would be overwritten" in err
    assert Path(path).read_bytes() == before


@pytest.mark.parametrize("command", ["nn", "analogies"])
def test_nothing_is_said_into_what_is_read(command, tmp_path, topics):
    """A prompt, or that a model is loaded, would damage it."""
    model, queries = tmp_path / "copy.bin", tmp_path / "queries"
    model.write_bytes(topics.read_bytes())
    queries.write_bytes(b"egg pan oil\n")
    for argv, path in [((command, model), model), ((command, topics), queries)]:
        before = path.read_bytes()
        with both(path) as (stdin, stdout):
            code, err = start_with(stdin, argv, tmp_path, stdout)
        assert code == 1
        assert "standard output" in err
        assert path.read_bytes() == before


def test_npy_of_a_model(topics, tmp_path):
    before = topics.read_bytes()
    result = run("print-word-vectors", topics, "--npy", topics, stdin=b"a\n")
    assert result.code == 1
    assert "is an input and would be overwritten" in result.err
    assert topics.read_bytes() == before


def test_two_outputs_that_are_one(folder):
    folder("t.txt")
    argv = ("mlp-train", "-input", "t.txt", "-output", "m", "--log", "m.mlp")
    left_alone(*argv, said="m.mlp and m.mlp are the same file")


def test_devices_can_be_both():
    check_apart([os.devnull, "missing"], [os.devnull, "missing", "", os.devnull])


def test_names_that_cannot_be():
    with pytest.raises(ArgumentError):
        check_apart([], ["a\0b"])


@pytest.mark.parametrize("name", ["log", "plot", "output", "valid"])
def test_names_with_nul_in_a_configuration(folder, name):
    folder("t.txt")
    folder("c.toml", f'{name} = "a\\u0000b.png"'.encode())
    argv = ("mlp-train", "-input", "t.txt", "--config", "c.toml", *MLP)
    left_alone(*argv, *(("-output", "m") if name != "output" else ()), said="a")


FOREIGN = [
    b"dear diary\n",
    b"{}\n",
    b'{"step": 1, "loss": 0.5}\n',
    b'{"step": 1, "epoch": 1, "progress": 1, "lr": 1, "seconds": 1, "is_best": true, "me": 1}\n',
    b"[" * 100_000,
    b"\0" * 100,
]


@pytest.mark.parametrize("data", FOREIGN, ids=range(len(FOREIGN)))
def test_a_log_of_somebody_else(folder, data):
    folder("t.txt")
    folder("log", data)
    argv = ("mlp-train", "-input", "t.txt", "-output", "m", "--log", "log", *MLP)
    left_alone(*argv, said="log exists and is not a log of a training run")


def test_a_log_of_ours_is_replaced(folder):
    folder("t.txt")
    folder("log", b"")
    argv = ("mlp-train", "-input", "t.txt", "-output", "m", "--log", "log", "-verbose", 0, *MLP)
    for _ in range(2):
        assert run(*argv).text() == ""
        assert len([json.loads(line) for line in Path("log").read_text().splitlines()]) == 3
    assert run(*argv, "--valid", "t.txt").text() == ""
    assert run(*argv).text() == ""


def test_a_checkpoint_of_somebody_else(folder):
    folder("t.txt")
    folder("m.checkpoint", b"my own checkpoint\n")
    argv = ("mlp-train", "-input", "t.txt", "-output", "m", "--save-every", 1, *MLP)
    left_alone(*argv, said="m.checkpoint exists and is not an mlp-train checkpoint")
    os.unlink("m.checkpoint")
    for _ in range(2):
        assert run(*argv, "-verbose", 0).text() == ""


def trials(name, *more):
    tuning = ("-autotune-validation", "t.txt", "-autotune-duration", 5, "--autotune-trials", name)
    return ("supervised", "-input", "t.txt", "-output", "m", *tuning, *more)


LINE = {
    "trial": 1,
    "score": 0.5,
    "seconds": 1.0,
    "training_seconds": 0.5,
    "arguments": {
        "epoch": 5, "lr": 0.1, "dim": 100, "word_ngrams": 1, "minn": 0, "maxn": 0,
        "bucket": 2000000, "dsub": 2,
    },
}  # fmt: skip
WRONG = [
    {"trial": "1"},
    {"trial": True},
    {"trial": 0},
    {"trial": 10**400},
    {"score": "0.5"},
    {"score": [1]},
    {"score": float("nan")},
    {"seconds": -1},
    {"seconds": 10**400},
    {"training_seconds": None},
    {"arguments": []},
    {"arguments": {**LINE["arguments"], "epoch": "5"}},
    {"arguments": {**LINE["arguments"], "epoch": 5.5}},
    {"arguments": {**LINE["arguments"], "dim": -1}},
    {"arguments": {**LINE["arguments"], "dim": 2**80}},
    {"arguments": {**LINE["arguments"], "lr": float("inf")}},
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_trials_with_fields_of_another_type(folder, wrong):
    folder("t.txt")
    folder("trials", json.dumps({**LINE, **wrong}).encode() + b"\n")
    err = left_alone(*trials("trials", "--autotune-resume"), said="trials is not a trials file")
    assert "Traceback" not in err


@pytest.mark.parametrize("data", [b"dear diary", b"dear diary\nsecond", b"x" * 5000, b"\xff\n1"])
@pytest.mark.parametrize("resume", [("--autotune-resume",), ()])
def test_notes_are_no_trials(folder, data, resume):
    folder("t.txt")
    folder("notes.txt", data)
    left_alone(*trials("notes.txt", *resume), said="notes.txt")


def test_a_former_file_of_trials_that_is_none(folder):
    folder("t.txt")
    folder("trials.old", b"my old trials in court\n")
    left_alone(*trials("trials"), said="trials.old exists and is not a trials file")


def test_processes_are_refused_too(folder, tmp_path):
    folder("x.vec")
    result = process("supervised", "-input", "x.vec", "-output", "x", cwd=tmp_path)
    assert (result.code, result.out) == (1, b"")
    assert "give the output another name" in result.err
