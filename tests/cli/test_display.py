"""What people see: on terminals of several widths, in logs, in colour or without."""

import importlib
import json
import os
import re
import subprocess
import sys

import pytest

from fastcli.cli import _first_use
from fastcli.cli._first_use import kernels_needed
from fastcli.cli.display import screen, tables, terminal
from fastcli.jit.build import kernels
from tests.command import SAMPLES, environment, run

TRAIN = SAMPLES / "topics.train.txt"
SMALL = ["-dim", 4, "-bucket", 100, "-thread", 1]
# Everything is drawn, however quick the work is.
START = (
    "import sys\n"
    "from fastcli.cli.display import screen\n"
    "screen.DELAY = screen.EVERY = 0.0\n"
    "from fastcli.cli import main\n"
    "main()\n"
)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

on_posix = pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")


def on_terminal(columns, *argv, code=START, stdout=subprocess.DEVNULL, **env):
    """Run code with a terminal as its stderr; return all that was written to it."""
    import fcntl
    import pty
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    unset = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    known = {k: v for k, v in environment().items() if k not in unset}
    child = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, argv)],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=slave,
        env={**known, "TERM": "xterm-256color", "PYTHONUTF8": "1", **env},
    )
    os.close(slave)
    written = b""
    while True:
        try:
            some = os.read(master, 65536)
        except OSError:  # Linux says so when the last one has closed it
            some = b""
        if not some:
            break
        written += some
    os.close(master)
    assert child.wait(timeout=60) in (0, 1)
    return written.decode()


def drawn(text):
    """Return everything that was a line of the terminal at some time, without colours."""
    plain = ESCAPE.sub("", text)
    return [line for line in re.split(r"[\r\n]+", plain) if line.strip()]


def fits(lines, columns):
    """Tell that no line of several words is too long; a path is one word, never broken."""
    words = [line.removesuffix(" \\").split() for line in lines]  # of a continued command
    long = [
        line
        for line, some in zip(lines, words, strict=True)
        if tables.width_of(line) > columns and len(some) > 1
    ]
    assert long == []
    return True


@on_posix
@pytest.mark.parametrize("columns", [80, 40])
@pytest.mark.parametrize("command", ["supervised", "skipgram", "mlp-train"])
def test_training_fits_the_terminal(command, columns, tmp_path):
    """Progress, loss and time left stand first, so they are there in a narrow one, too."""
    more = ["--valid", SAMPLES / "topics.valid.txt"] if command == "mlp-train" else []
    files = ["-input", TRAIN, "-output", tmp_path / "m", *more]
    rate = ["-lr", 2] if command == "supervised" else []
    text = on_terminal(columns, command, *files, *SMALL, "-epoch", 3, *rate)
    lines = drawn(text)
    assert fits(drawn(text.split("Next:")[0]), columns)  # paths of the command are not broken
    shape = r"training +\d+\.\d%  loss +\d+\.\d+  left \d+:\d\d(  |$)"
    assert [line for line in lines if re.match(shape, line)], lines
    names = {line.split()[0].rstrip(":") for line in lines}
    assert {"reading", "training"} <= names
    if command != "mlp-train":
        assert "Number of labels" in text
        assert re.search(r"Progress: 100\.0%  loss \d", text)
        assert {"features", "saving"} <= names


@on_posix
@pytest.mark.parametrize("columns", [80, 40])
def test_tables_fit_the_terminal(columns, tmp_path):
    """Columns are left out of narrow ones, and no number is cut."""
    files = ["-input", TRAIN, "-output", tmp_path / "m"]
    valid = ["-autotune-validation", SAMPLES / "topics.valid.txt", "-autotune-duration", 2]
    text = on_terminal(columns, "supervised", *files, *SMALL, "-epoch", 2, *valid)
    lines = drawn(text.split("Best of")[0])  # paths and the command that follow are not broken
    assert fits(lines, columns)
    head = next((line for line in lines if line.split()[0] == "trial"), text)
    assert head.split()[:4] == ["trial", "score", "s", "lr"]
    assert ("bucket" in head) == (columns == 80)
    assert [line for line in lines if re.match(r" +1  0\.\d{6} ", line)]
    table = [SAMPLES / "reviews.csv", "--text-column", "review", "--label-column", "verdict"]
    lines = drawn(on_terminal(columns, "prepare", *table, "-o", tmp_path / "out"))
    assert fits(lines, columns)
    name = "reading reviews.csv: " if columns == 80 else "reading r"
    assert [line for line in lines if line.startswith(name)]
    assert [line for line in lines if re.match(r"train +\d+ +\d", line)]


@on_posix
@pytest.mark.parametrize("epochs", [1, 3, 30])
def test_the_best_evaluation_is_written_once(epochs, tmp_path):
    """The last row with a mark is the best; a row that was shown is not written again."""
    log = tmp_path / "log.jsonl"
    options = ["-epoch", epochs, "--valid", SAMPLES / "topics.valid.txt", "-thread", 1, "--seed", 1]
    files = ["-input", TRAIN, "-output", tmp_path / "m", "--log", log]
    lines = drawn(on_terminal(80, "mlp-train", *files, "-dim", 4, "--hidden", 4, *options))
    rows = [line.split() for line in lines if re.match(r" +\d+ +\d+ +\S+ +\d\.\d+ ", line)]
    steps = [row[0] for row in rows]
    assert len(set(steps)) == len(steps) > 0, lines
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    best = [str(e["step"]) for e in found if e["is_best"]][-1]
    assert [row[0] for row in rows if row[-1] == "best"][-1] == best
    assert any(f"(step {best}) kept" in line for line in lines)
    assert str(found[-1]["step"]) in steps


@on_posix
@pytest.mark.parametrize("columns", [80, 40])
def test_predicting_into_a_file_has_a_bar(columns, tmp_path):
    files = ["-input", TRAIN, "-output", tmp_path / "m"]
    assert run("supervised", *files, *SMALL, "-verbose", 0).text() == ""
    argv = ["predict", tmp_path / "m.bin", TRAIN]
    with open(tmp_path / "out.txt", "wb") as out:
        lines = drawn(on_terminal(columns, *argv, stdout=out))
    assert fits(lines, columns)
    assert lines[0].startswith("topics.train.txt: " if columns == 80 else "topics.")
    whole = (tmp_path / "out.txt").read_bytes()
    assert whole == run(*argv).out
    assert drawn(on_terminal(columns, *argv)) == []  # what is no file may show it itself


BAR = (
    "import sys\n"
    "from fastcli.cli.display.bars import ByteBar\n"
    "bar = ByteBar(sys.argv[1], int(sys.argv[2]))\n"
    "bar._bar.start_t -= 10\n"
    "bar.move(5_710_000)\n"
    "bar.close()\n"
)


@on_posix
@pytest.mark.parametrize("name", ["reading bigtab.csv", "日本語の長い名前のファイル名.txt"])
@pytest.mark.parametrize("columns", [120, 80, 60, 45, 40, 30, 24, 10])
def test_bars_leave_out_whole_parts(columns, name):
    """The name is shortened first, then the graphic goes, then the rate; no number is cut."""
    lines = drawn(on_terminal(columns, name, 14_500_000, code=BAR))
    assert fits(lines, columns - 1)
    last = lines[-1].rstrip()
    rest = r" 39%(\|.{8,}\| | )5\.71M/14\.5M (\[00:10<00:15(, [0-9.]+[kM]?B/s)?\]|<00:15)$"
    found = re.search(rest, last)
    assert found or (columns == 10 and last == " 39%"), lines
    if columns >= 80:
        assert "|" in last
        assert found[3]
    if columns >= 45:
        assert last.startswith(name[:3])
        assert "[00:10<00:15" in last
    if columns >= 24:
        assert "00:15" in last


@on_posix
@pytest.mark.parametrize("columns", [80, 45, 24, 10])
def test_bars_of_unknown_size_keep_the_bytes(columns):
    lines = drawn(on_terminal(columns, "standard input", 0, code=BAR))
    assert fits(lines, columns - 1)
    assert re.search(r"(^|: )5\.71MB( \[00:10(, [0-9.]+[kM]?B/s)?\])?$", lines[-1].rstrip())


@on_posix
@pytest.mark.parametrize(
    ("env", "is_coloured", "has_escapes"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": "", "FORCE_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
    ],
    ids=str,
)
def test_colours_as_the_environment_says(env, is_coloured, has_escapes, tmp_path):
    said = on_terminal(60, "predict", tmp_path / "no.bin", "-", **env)
    assert bool(COLOUR.search(said)) == is_coloured
    assert ESCAPE.sub("", said).startswith("error  ")
    files = ["-input", TRAIN, "-output", tmp_path / "m"]
    said = on_terminal(60, "supervised", *files, *SMALL, "-epoch", 3, **env)
    assert ("\x1b" in said) == has_escapes
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]m", said)) == is_coloured


@pytest.mark.parametrize("forced", ["1", "0", ""])
def test_a_log_is_plain_unless_colours_are_forced(forced, tmp_path):
    argv = [sys.executable, "-m", "fastcli", "predict", str(tmp_path / "no.bin"), "-"]
    env = {**environment(), "FORCE_COLOR": forced, "NO_COLOR": ""}
    done = subprocess.run(argv, capture_output=True, env=env, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert (b"\x1b[" in done.stderr) == (forced == "1")
    said = ESCAPE.sub("", done.stderr.decode()).removeprefix("error  " if forced == "1" else "")
    assert said.startswith(f"{tmp_path / 'no.bin'} cannot be opened for loading!")


@on_posix
def test_sentences_stand_above_the_live_line():
    code = (
        "from fastcli.cli.display.messages import say, warn\n"
        "from fastcli.cli.display.screen import Screen\n"
        "with Screen(is_on=True, delay=0) as screen:\n"
        "    screen.stage('reading', 10)\n"
        "    screen.advance(4)\n"
        "    warn('the disk is nearly full')\n"
        "    screen.stage('training')\n"
        "    screen.show(['training  50.0%'], 0.5)\n"
        "    say('half of it')\n"
    )
    text = on_terminal(60, code=code, NO_COLOR="1")
    plain = ESCAPE.sub("", text)
    assert "warning  the disk is nearly full\r\n" in plain
    assert "half of it\r\n" in plain
    # Erased before the sentence, not below it: a line of its own begins where the cursor is.
    for sentence in ("warning  the disk", "half of it"):
        before = text[: text.index(sentence)]
        assert before.endswith(("\r", "\x1b[2K")), before[-80:]


# ------------------------------------------------------------------- its parts


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "0"}, False),
    ],
    ids=str,
)
def test_colours_without_a_terminal(env, expected, monkeypatch, tmp_path):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with open(tmp_path / "log", "w") as log:
        assert terminal.has_colour(log) == expected
        assert not terminal.is_terminal(log)


@pytest.mark.parametrize(
    ("columns", "expected"), [("40", 40), ("0", 80), ("", 80), ("wide", 80), ("-3", 80)]
)
def test_width_without_a_terminal(columns, expected, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", columns)
    with open(tmp_path / "log", "w") as log:
        assert terminal.width(log) == expected


def test_rows_leave_out_whole_columns():
    columns = [tables.Column("name", 6, is_text=True), tables.Column("n", 5), tables.Column("z", 9)]
    values = ["a", "12,345", "123456789"]
    assert tables.Rows(columns).row(values) == "a       12,345  123456789"
    assert tables.Rows(columns, 24).header() == "name        n          z"
    assert tables.Rows(columns, 23).row(values) == "a       12,345"
    assert tables.Rows(columns, 3).row(values) == "a"
    assert tables.Rows(columns).row(["日本", "1", "2"]) == "日本        1          2"


@pytest.mark.parametrize("room", range(1, 40))
def test_wrapped_lines_fit_and_keep_every_word(room):
    text = "a sentence of some words, one of which is considerably longer"
    lines = list(tables.wrapped(text, room, "error  ", "       "))
    assert " ".join(line[7:] for line in lines) == text
    assert all(len(line) <= room or " " not in line[7:] for line in lines)


def test_only_one_live_line_at_a_time(monkeypatch):
    erased = []
    first, second = screen.Screen(is_on=False), screen.Screen(is_on=False)
    monkeypatch.setattr(first, "clear", lambda: erased.append("first"))
    with first, second:
        second._take_over()
        assert erased == ["first"]
        with screen.above():
            assert erased == ["first", "first"]
    assert first not in screen._open


# ---------------------------------------------------------------- the first use

LOADS = (
    "import atexit, sys\n"
    "from fastcli.jit import build\n"
    "link, loaded = build._link, []\n"
    "build._link = lambda kernel, code: loaded.append(kernel.entry) or link(kernel, code)\n"
    "from fastcli.cli import main\n"
    "atexit.register(lambda: print('loaded', *loaded, file=sys.stderr))\n"
    "main()\n"
)


def loads(*argv):
    """Return the entries of the kernels that a command loads, nothing being on its stdin."""
    command = [sys.executable, "-c", LOADS, *map(str, argv)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, env=environment(), check=True
    )
    head, *entries = done.stderr.decode().splitlines()[-1].split()
    assert head == "loaded"
    return entries


def expected(command, **options):
    from fastcli.cli import cli

    found = cli.get_command(None, command)
    defaults = {param.name: param.default for param in found.params}
    values = {k: v if isinstance(v, str | int | float) else None for k, v in defaults.items()}
    return {kernel.entry for kernel in kernels_needed(command, {**values, **options})}


compiled_only = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="nothing is compiled"
)


@compiled_only
def test_what_is_counted_is_what_is_loaded(tmp_path):
    files = ["-input", TRAIN, "-output", tmp_path / "m"]
    found = loads("supervised", *files, *SMALL, "-epoch", 1)
    assert set(found) == expected("supervised", maxn=0)
    found = loads("supervised", *files, *SMALL, "-epoch", 1, "--valid", TRAIN)
    assert set(found) == expected("supervised", valid="v")
    model = tmp_path / "m.bin"
    found = loads("supervised", *files, "-inputModel", model, "-epoch", 1)
    assert set(found) == expected("supervised", input_model=model)
    found = loads("skipgram", *files, *SMALL, "-epoch", 1)
    assert set(found) == expected("skipgram", maxn=6)
    found = loads("mlp-train", *files, "-dim", 5, "--hidden", 4, "-epoch", 1, "--activation", "elu")
    assert set(found) == expected("mlp-train", hidden="4", activation="elu", input=(str(TRAIN),))
    # Nobody asks: what answers would need is there before the prompt.
    assert expected("nn") <= set(loads("nn", tmp_path / "m.bin"))


@compiled_only
def test_what_a_model_needs_is_counted_by_its_head(tmp_path):
    """The loss, n-grams, activations and kind of a model are read before it is loaded."""
    files, model = ["-input", TRAIN, "-output", tmp_path / "m"], tmp_path / "m"
    quick = ["-verbose", 0, "-epoch", 1]
    grams = ["-dim", 4, "-bucket", 1000, "-minn", 2, "-maxn", 3, "-loss", "hs", "-no-vec"]
    assert run("supervised", *files, *grams, *quick).text() == ""
    layers = ["-dim", 4, "--hidden", "4,3", "--activation", "prelu,gelu", *quick]
    more = [*layers, "--valid", SAMPLES / "topics.valid.txt"]
    found = loads("mlp-train", *files, *more)
    options = {"hidden": "4,3", "activation": "prelu,gelu", "valid": "v"}
    assert set(found) == expected("mlp-train", input=(str(TRAIN),), **options)
    for end in (".bin", ".mlp"):
        path = f"{model}{end}"
        assert set(loads("predict", path, TRAIN)) == expected("predict", model=path)
        assert set(loads("inspect", path)) == expected("inspect", files=[path])
    argv = ["-output", model, "-retrain", "-cutoff", 300, "-qnorm", "-input", TRAIN, "-verbose", 0]
    assert run("quantize", *argv).text() == ""
    path = f"{model}.ftz"
    assert set(loads("predict", path, TRAIN)) == expected("predict", model=path)


DEEP = (100_000).to_bytes(8, "little") + b'{"a":' * 20_000


@compiled_only
def test_what_models_need_that_are_compared(topics):
    wanted = expected("compare", words=(topics, topics, "lines.txt"))
    assert wanted == expected("test", model=topics)
    assert expected("compare", words=()) == set()


@pytest.mark.parametrize("head", [b"", b"x" * 100, (20).to_bytes(8, "little") + b"{" * 30, DEEP])
def test_a_damaged_head_is_no_error_of_the_count(head, tmp_path):
    (tmp_path / "m.bin").write_bytes(head)
    wanted = kernels_needed("dump", {"model": tmp_path / "m.bin", "part": "args"})
    assert {kernel.__name__ for kernel in wanted} == {"index_entries", "read_entries"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_the_count_leaves_a_pipe_to_the_command(tmp_path):
    """Opening it a second time would wait forever for somebody who writes."""
    os.mkfifo(tmp_path / "m.bin")
    assert kernels_needed("predict", {"model": tmp_path / "m.bin"})


def test_all_kernels_that_are_counted_exist():
    """A line names the module below ``kernels``, then the kernels; some are made of options."""
    lines = {
        line
        for value in vars(_first_use).values()
        for line in (value if isinstance(value, tuple) else (value,))
        if isinstance(line, str) and re.fullmatch(r"\w+\.\w+: [\w ]+", line)
    }
    assert len(lines) > 15
    for line in lines:
        module, _, names = line.partition(": ")
        found = importlib.import_module(f"fastcli.kernels.{module}").__name__
        assert set(names.split()) <= {k.__name__ for k in kernels if k.module == found}, line
