"""Training on standard input and on pipes: they are copied to a temporary file first."""

import bz2
import gzip
import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from fastcli.text import spooled
from tests.cli.conftest import TINY
from tests.command import process, run, start

SMALL = ["-dim", 2, "-epoch", 2, "-thread", 1, "-verbose", 0]
TABLE = "x,y,label\n" + "".join(f"{i},{i % 3},{'ab'[i % 2]}\n" for i in range(20))
EMPTY = "Cannot use stdin for training! It is a terminal, closed or empty"
MADE = ["n.bin", "n.mlp", "t.json"]
posix = pytest.mark.skipif(os.name != "posix", reason="pipes and signals")


@pytest.fixture(autouse=True)
def copies(tmp_path, monkeypatch):
    """Go to a new folder; temporary files go to one below it, where nothing may stay."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    Path("tiny").write_bytes(TINY)
    yield folder
    assert list(folder.iterdir()) == []
    assert spooled._places.get() == {}


def model(*words, command="supervised", stdin=b"", output="m", end="bin", how=run):
    """Train; return the bytes of the model."""
    result = how(command, *words, "-output", output, *SMALL, stdin=stdin)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return Path(f"{output}.{end}").read_bytes()


@pytest.mark.parametrize("command", ["supervised", "skipgram", "cbow"])
def test_the_model_is_that_of_the_file(command):
    options = ["-minCount", 1]
    from_file = model("-input", "tiny", *options, command=command)
    assert model("-input", "-", *options, command=command, stdin=TINY) == from_file
    known = json.loads(Path("m.bin.json").read_text())
    assert known["arguments"]["input"] == ["-"]
    assert " -input - " in known["command"]
    Path("rest").write_bytes(TINY)
    both = model("-input", "tiny", "-input", "rest", *options, command=command)
    assert model("-input", "-", "-input", "rest", *options, command=command, stdin=TINY) == both


@posix
def test_a_file_whose_name_is_that_of_standard_input():
    """It is never looked at: standard input is read from its start."""
    model("-input", "tiny")
    tuned = ["tune-threshold", "m.bin", "-", "-o", "t.json"]
    commands = [
        *(["test", "m.bin", "-"], ["predict", "m.bin", "-"], tuned, ["inspect", "-"]),
        ["supervised", "-input", "-", "-output", "n", *SMALL],
        ["mlp-train", "-input", "-", "-output", "n", "--valid-share", 0.5, *SMALL],
        ["prepare", "-", "-o", "-", "-verbose", 0],
    ]

    def answers():
        found = [process(*words, stdin=4 * TINY) for words in commands]
        assert all(result.code == 0 for result in found), found
        return [result.out for result in found], *map(Path.read_bytes, map(Path, MADE))

    expected = answers()
    Path("./-").write_text("hello\n")
    assert answers() == expected


@pytest.mark.parametrize(
    "words",
    [
        ["supervised", "-input", "tiny", "-output", "m", "--valid", "tiny", "--log", "-"],
        ["mlp-train", "-input", "tiny", "-output", "m", "--valid", "tiny", "--log", "-"],
        ["tune-threshold", "m.bin", "dev", "-o", "-"],
    ],
)
def test_no_file_gets_the_name_of_standard_output(words):
    model("-input", "tiny")
    Path("dev").write_bytes(4 * TINY)
    result = run(*words)
    assert result.code == 1
    assert words[0] == "tune-threshold" or "- is not the name of a file here" in result.err
    assert "give" in result.err
    assert not Path("./-").exists()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed_streams(pack):
    from_file = model("-input", "tiny")
    assert model("-input", "-", stdin=pack(TINY)) == from_file
    assert model("-input", "-", stdin=pack(TINY), how=process) == from_file


def test_a_real_pipe():
    assert model("-input", "-", stdin=TINY, how=process) == model("-input", "tiny")


@posix
@pytest.mark.parametrize("skipped", [0, len(TINY.splitlines()[0]) + 1])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_redirected_file(pack, skipped):
    """Where some of it was read before, the rest is meant."""
    data = pack(TINY[skipped:])
    Path("redirected").write_bytes(b"x" * skipped + data)
    with Path("redirected").open("rb") as file:
        os.lseek(file.fileno(), skipped, os.SEEK_SET)
        child = start("supervised", "-input", "-", "-output", "m", *SMALL, stdin=file)
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, b"", b"")
    found = Path("m.bin").read_bytes()
    Path("rest").write_bytes(TINY[skipped:])
    assert found == model("-input", "rest")


@pytest.mark.parametrize("command", ["supervised", "skipgram", "mlp-train"])
@pytest.mark.parametrize("how", [run, process])
def test_an_empty_stream(command, how):
    result = how(command, "-input", "-", "-output", "m", *SMALL)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(EMPTY)
    assert not list(Path().glob("m.*"))


@posix
@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_no_stream(command):
    words = ["-input", "-", "-output", "m", *SMALL]
    with open(os.devnull, "rb") as null:
        child = start(command, *words, stdin=null)
        assert child.communicate(timeout=60)[1].decode().startswith(EMPTY)
    parent, terminal = os.openpty()
    child = start(command, *words, stdin=terminal)
    assert child.communicate(timeout=60)[1].decode().startswith(EMPTY)
    assert child.returncode == 1
    os.close(parent)
    os.close(terminal)
    folder = os.open(".", os.O_RDONLY)
    child = start(command, *words, stdin=folder)
    said = child.communicate(timeout=60)[1].decode()
    assert (child.returncode, "Traceback" in said) == (1, False)
    os.close(folder)


def test_outputs_are_checked_before_the_stream_is_read():
    result = run("supervised", "-input", "-", "-output", "no/folder/m", *SMALL)
    assert result.err.startswith("no/folder/m.bin cannot be opened for saving.")


@posix
def test_a_redirected_file_is_not_overwritten():
    Path("m.bin").write_bytes(TINY)
    with Path("m.bin").open("rb") as file:
        child = start("supervised", "-input", "-", "-output", "m", *SMALL, stdin=file)
        said = child.communicate(timeout=60)[1].decode()
    assert said.startswith("standard input is an input and would be overwritten, since m.bin is")
    assert Path("m.bin").read_bytes() == TINY


# ---------------------------------------------------------------- pipes with a name


@pytest.fixture
def pipe():
    """Return a function that writes bytes into a new named pipe and returns its path."""
    threads = []

    def call(data, name="pipe"):
        os.mkfifo(name)
        threads.append(threading.Thread(target=Path(name).write_bytes, args=(data,), daemon=True))
        threads[-1].start()
        return name

    yield call
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


@posix
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_named_pipes(pack, pipe):
    from_file = model("-input", "tiny", "-input", "tiny")
    assert model("-input", pipe(pack(TINY)), "-input", pipe(TINY, "two")) == from_file
    assert json.loads(Path("m.bin.json").read_text())["arguments"]["input"] == ["pipe", "two"]


@posix
def test_mlp_train_reads_tables_from_pipes(pipe):
    Path("t").write_text(TABLE)
    options = ["--hidden", 2, "--format", "csv"]
    more = {"command": "mlp-train", "end": "mlp"}

    def tensors(*words, **how):
        data = model(*words, *options, **more, **how)
        return data[8 + int.from_bytes(data[:8], "little") :]

    from_file = tensors("-input", "t")
    assert tensors("-input", pipe(TABLE.encode())) == from_file
    assert tensors("-input", "-", stdin=TABLE.encode()) == from_file
    assert tensors("-input", "-", stdin=gzip.compress(TABLE.encode())) == from_file
    broken = TABLE.replace("7,1,b", "7,x,b").encode()
    result = run("mlp-train", "-input", "-", "-output", "m", *SMALL, *options, stdin=broken)
    assert result.err.startswith("-, line 9, column 2: 'x' is not a number.")


def test_mlp_train_guesses_the_format_of_a_stream():
    words = ["--hidden", 2]
    lines = "".join(f"{'ab'[i % 2]} 1:{i} 2:{i % 3}\n" for i in range(9)).encode()
    model("-input", "-", *words, command="mlp-train", end="mlp", stdin=lines)
    text = model("-input", "-", *words, command="mlp-train", end="mlp", stdin=TINY)
    assert b'"input":["-"]' in text.replace(b" ", b"").replace(b"\\", b"")


@posix
def test_quantize_retrains_on_a_pipe(pipe):
    options = ["-wordNgrams", 2, "-bucket", 500]
    model("-input", "tiny", *options)
    words = ["-output", "m", "-cutoff", 300, "-retrain", "-verbose", 0, "-thread", 1]
    assert run("quantize", *words, "-input", "tiny").code == 0
    from_file = Path("m.ftz").read_bytes()
    assert run("quantize", *words, "-input", pipe(TINY)).err == ""
    assert Path("m.ftz").read_bytes() == from_file
    assert run("quantize", *words, "-input", "-", stdin=TINY).err == ""
    assert Path("m.ftz").read_bytes() == from_file
    assert run("quantize", *words, "-input", "-").err.startswith(EMPTY)
    assert run("quantize", "-output", "m", "-input", "-", "-verbose", 0).code == 0


def test_autotune_reads_a_stream_again_for_every_trial():
    words = ["-autotune-validation", "tiny", "-autotune-duration", 1, "-dim", 2, "-thread", 1]
    result = run("supervised", "-input", "-", "-output", "m", *words, "-verbose", 1, stdin=TINY)
    assert result.code == 0, result.err
    assert "-input - " in result.err.splitlines()[-1]


# ---------------------------------------------------------------- what goes wrong


def test_a_damaged_stream_is_named_as_given():
    cut = gzip.compress(TINY * 100)[:-20]
    result = run("supervised", "-input", "-", "-output", "m", *SMALL, stdin=cut)
    assert result.err.startswith("- cannot be opened for training! (the file is damaged")


def test_no_room_for_the_copy(monkeypatch):
    def full(fd, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fastcli.files.write_all", full)
    result = run("supervised", "-input", "-", "-output", "m", *SMALL, stdin=TINY)
    folder = os.environ["TMPDIR"]
    assert (result.code, result.err) == (
        1,
        f"Standard input cannot be copied to {folder} (No space left on device). "
        "Set TMPDIR to a folder with more room.\n",
    )


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_leave_nothing(number, copies):
    child = start("supervised", "-input", "-", "-output", "m", *SMALL)
    child.stdin.write(TINY * 1000)
    child.stdin.flush()
    ending = time.monotonic() + 60
    while not any(path.stat().st_size for path in copies.iterdir()):
        assert time.monotonic() < ending
        time.sleep(0.01)
    assert {oct(path.stat().st_mode & 0o777) for path in copies.iterdir()} == {"0o600"}
    child.send_signal(number)
    child.communicate(timeout=60)
    assert child.returncode == 128 + number
    assert list(copies.iterdir()) == []
    assert not list(Path().glob(".fastcli-*"))
