"""What errors look like: on a terminal as errors.txt has it, one line each where there is none.

``python -m tests.cli.test_errors_shown`` writes that file anew: look at what has changed.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fastcli.cli import COMMANDS, main
from fastcli.cli._advice import wrong_words
from fastcli.cli.display.errors import echo, marked_lines
from fastcli.cli.display.tables import width_of
from tests.command import ROOT, SAMPLES, environment, run

SCREENS = Path(__file__).with_name("errors.txt")


class Terminal(io.TextIOWrapper):
    """A stderr that says it is a terminal."""

    def isatty(self):
        return True


def on_terminal(columns, *argv):
    """Run a command in this process with a terminal as its stderr; return what that shows."""
    saved = sys.argv, sys.stdin, sys.stdout, sys.stderr, dict(os.environ)
    os.environ |= {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "dumb"}
    out, err = io.BytesIO(), io.BytesIO()
    sys.argv = ["fastcli", *map(str, argv)]
    sys.stdin = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    sys.stdout, sys.stderr = io.TextIOWrapper(out, encoding="utf-8"), Terminal(err, "utf-8")
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.stderr.flush()
        sys.stdout.flush()
        written = out.getvalue(), err.getvalue()
        sys.argv, sys.stdin, sys.stdout, sys.stderr = saved[:4]
        os.environ.clear()
        os.environ.update(saved[4])
    assert (code, written[0]) == (1, b"")
    return written[1].decode()


def screens():
    """Return each command of the file of screens with its columns and what it shows."""
    parts = re.split(r"^(\d+)\$ ", SCREENS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    both = [part.split("\n", 1) for part in parts[1::2]]
    return [(int(n), *one) for n, one in zip(parts[::2], both, strict=True)]


def fill(folder):
    """Put the files in a folder that the screens are about."""
    (folder / "data").symlink_to(SAMPLES.parent)
    for name in ("reviews.csv", "titles.jsonl"):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    text = (SAMPLES / "topics.train.txt").read_bytes()
    (folder / "topics.txt").write_bytes(b"".join(text.splitlines(keepends=True)[:200]))
    (folder / "empty.txt").touch()
    small = ["-dim", 4, "-epoch", 1, "-bucket", 100, "-thread", 1, "-verbose", 0]
    saved = os.getcwd()
    os.chdir(folder)
    try:
        run("supervised", "-input", "topics.txt", "-output", "topics", *small).text()
        assert run("quantize", "-output", "topics", "-verbose", 0).code == 0
    finally:
        os.chdir(saved)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder that the screens are about."""
    path = tmp_path_factory.mktemp("errors")
    fill(path)
    return path


@pytest.mark.skipif(os.name == "nt", reason="paths and reasons of the system are others")
@pytest.mark.parametrize(("columns", "command", "ref"), screens(), ids=lambda one: str(one)[:60])
def test_an_error_on_a_terminal(columns, command, ref, folder, monkeypatch):
    monkeypatch.chdir(folder)
    comp = on_terminal(columns, *shlex.split(command)[1:])
    assert comp == ref
    assert all(width_of(line) <= columns for line in comp.splitlines())


@pytest.mark.skipif(os.name == "nt", reason="paths and reasons of the system are others")
@pytest.mark.parametrize(
    "command", dict.fromkeys(command for _, command, _ in screens()), ids=lambda one: one[:60]
)
def test_an_error_without_a_terminal(command, folder, monkeypatch):
    """The sentence and all hints are one line; those of the usage follow as they are."""
    monkeypatch.chdir(folder)
    result = run(*shlex.split(command)[1:])
    assert (result.code, result.out) == (1, b"")
    first, *others = result.err.splitlines()
    shown = " ".join(on_terminal(10_000, *shlex.split(command)[1:]).split())
    sentence = re.split(r" \(|(?<=[.!]) |; ", first)[0]
    assert shown.startswith(f"error {sentence.rstrip('.')}")
    starts = ("usage: fastcli ", "The commands are: ", "Try 'fastcli ")
    assert all(line.startswith(starts) for line in others)
    for question in re.findall(r"[Dd]id you mean [^?]+\?", first) * ("quantize" not in command):
        assert question.lower() in shown.lower()


def copied(shown):
    """Return the commands that a screen proposes, as a shell takes them."""
    above = shown.partition("       usage: ")[0]
    lines = [line[7:] for line in above.replace("\\\n", " ").replace("|\n", "|").splitlines()]
    return [line.strip() for line in lines if line.startswith("  ") and "^" not in line]


@pytest.mark.skipif(os.name == "nt", reason="the commands are for a shell")
@pytest.mark.parametrize(
    ("columns", "command", "n"),
    [
        (80, "supervised -input reviews.csv -output t -dim 4 -verbose 0", 2),
        (80, "predict topics.bin reviews.csv", 1),
        (80, "supervised -input data/samples/titles.jsonl -output t", 1),
        (40, "predict topics.bin 'how do I boil an egg, $5 \"each\"'", 1),
        (80, "predict topics.bin how do I boil an egg", 1),
        (80, "print-word-vectors topics.bin king", 1),
        (80, "predict topics.txt topics.bin", 1),
        (80, "supervised -input topics.txt -output no/where/t -verbose 0", 1),
        (80, "quantize -output topics.ftz -verbose 0", 1),
        (80, "-verbose 0 supervised -input topics.txt -output t", 1),
        (80, "topics.bin", 1),
    ],
)
def test_commands_to_copy_work(columns, command, n, folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    found = copied(on_terminal(columns, *shlex.split(command)))
    assert len(found) == n
    for one in found:
        before, pipe, last = one.rpartition("|")
        source = ["sh", "-c", before] if pipe else ["true"]
        text = subprocess.run(source, capture_output=True, check=True).stdout
        argv = shlex.split(last)
        if argv[0] == "fastcli":
            assert run(*argv[1:], stdin=text).code == 0
        else:
            subprocess.run(argv, check=True)


@pytest.mark.parametrize(
    ("words", "sentence", "marks"),
    [
        ("test m.bin x.txt -k 0 --threshold 2", "--threshold must be 0 or 1, not 2.", [7]),
        ("test m.bin x.txt --threshold=2", "--threshold must be 0 or 1, not 2.", [4]),
        ("supervised -lr 1 -lr x", "Invalid value for '-lr': 'x' is not a valid float.", [5]),
        ("supervised --lr x", "Invalid value for '-lr': 'x' is not a valid float.", [3]),
        (
            "prepare a.csv --label-column x --label-from file",
            "--label-column and --label-from",
            [3, 5],
        ),
        ("supervised -loss x", "Unknown loss: x. Known: ns.", [3]),
        ("supervised -loss x", "Nothing of this is on the line. -loss, too.", []),
        ("supervised", "-loss must be x.", []),
        ("none -loss x", "Unknown loss: x.", [3]),
    ],
)
def test_which_words_a_sentence_names(words, sentence, marks):
    assert wrong_words(["fastcli", *words.split()], sentence) == tuple(marks)


@pytest.mark.parametrize("room", range(20, 120, 7))
@pytest.mark.parametrize("mark", range(9))
def test_carets_are_below_their_word(room, mark):
    words = [
        "fastcli",
        "测试",
        "-输入",
        "a b",
        "e\u0301",
        "x" * 30,
        "--label-column",
        "日本語" * 9,
        "-z",
    ]
    line, carets, *_ = marked_lines(words, [mark], "", room)
    assert max(map(width_of, (line, carets))) <= room
    start = len(carets) - len(carets.lstrip())
    place = next(i for i in range(len(line) + 1) if width_of(line[:i]) == start)
    below = line[place:]
    ends = (i for i in range(len(below) + 1) if width_of(below[:i]) == carets.count("^"))
    found = below[: max(ends)]
    word = shlex.quote(words[mark]) if mark == 3 else words[mark]
    assert found == word or (found.endswith("...") and word.startswith(found[:-3]))


@pytest.mark.parametrize("text", ["an egg", "it's", '"', "$HOME", "`x`", "-n", "a\\nb", "!", "蛋"])
def test_a_text_is_piped_as_it_is(text):
    done = subprocess.run(["sh", "-c", echo(text)], capture_output=True, check=True)
    assert done.stdout.decode() == f"{text}\n"


def test_the_page_shows_what_is_shown():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    shown = page.partition("## Errors\n")[2].partition("```sh\n")[2].partition("```")[0]
    assert shown
    for part in shown.split("$ ")[1:]:
        assert any(part == f"{command}\n{ref}" for _, command, ref in screens()), part
    assert run("help", "data").text()  # which errors name


def test_words_cannot_steer_the_terminal(tmp_path):
    for argv in (["\x1b[2J"], ["supervised", "-\x1b[2J"], ["predict", "m\x1b[2J", "a\nb"]):
        assert "\x1b" not in on_terminal(80, *argv)


def test_colours_are_those_of_the_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    err = subprocess.run(
        [sys.executable, "-m", "fastcli", "supervised", "-outptu", "x"],
        env={**environment(), "FORCE_COLOR": "1", "NO_COLOR": ""},
        capture_output=True,
        check=False,
    ).stderr
    assert b"\x1b[1;31merror\x1b[0m" in err


@pytest.mark.parametrize(
    "argv", [["superviced"], ["supervised", "-outptu", "x"], ["predict", "m", "-dim", "3"]]
)
def test_errors_of_a_command_line_load_little(argv):
    code = (
        f"import sys; sys.argv = ['fastcli', *{argv}]\n"
        "sys.stderr.isatty = lambda: True\n"
        "from fastcli.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "error" in done.stderr
    assert not {"numpy", "numba", "llvmlite", "rich", "tqdm"} & set(done.stdout.split())


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_mistyped_option_of_every_command(command):
    assert "^^^^^^  did you mean --help?\n" in on_terminal(80, command, "--hlep")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name))
        shown = []
        for columns, command, _ in screens():
            os.chdir(name)
            argv = shlex.split(command)[1:]
            shown.append(f"{columns}$ {command}\n{on_terminal(columns, *argv)}")
        SCREENS.write_text("".join(shown), encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="paths and reasons of the system are others")
def test_near_names_in_other_scripts_and_with_spaces(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("训练.txt").write_text("__label__a b\n")
    Path("my train.txt").write_text("__label__a b\n")
    for name, near in (("训炼.txt", "训练.txt"), ("my trian.txt", "'my train.txt'")):
        said = on_terminal(80, "supervised", "-input", name, "-output", "m")
        assert said.endswith(f"did you mean {near}?\n"), said


@pytest.mark.skipif(os.name == "nt", reason="iconv is a command of POSIX")
def test_a_command_in_a_note_can_be_copied(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (SAMPLES / "zh-words.train.txt").read_text(encoding="utf-8").replace("__label__", "")
    Path("a text of Chinese.txt").write_bytes(text.encode("gb18030"))
    said = on_terminal(60, "supervised", "-input", "a text of Chinese.txt", "-output", "m")
    command = said.split("(Chinese):\n", 1)[1].split("\nRead", 1)[0]
    assert subprocess.run(command, shell=True, check=True).returncode == 0
    assert Path("a text of Chinese.utf8.txt").read_text(encoding="utf-8") == text
