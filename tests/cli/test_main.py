"""The program as a whole: help, version, usage, exit codes, what is imported."""

import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

import fastcli
from fastcli.cli import COMMANDS, cli
from tests.command import ROOT, environment, process, run

HEAVY = ("numpy", "numba", "llvmlite", "tqdm", "rich")


@pytest.mark.parametrize("spelling", ["-h", "--help"])
def test_help(spelling):
    result = run(spelling)
    assert (result.code, result.err) == (0, "")
    text = result.out.decode()
    assert all(re.search(rf"^  {name} ", text, re.M) for name in COMMANDS)
    assert "Example:" in text


@pytest.mark.parametrize("spelling", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_commands(command, spelling):
    result = run(command, spelling)
    assert (result.code, result.err) == (0, "")
    text = result.out.decode()
    assert text.lower().startswith(f"usage: fastcli {command} ")
    assert "Example:" in text
    for parameter in cli.get_command(None, command).params:
        shown, *others = parameter.opts
        if shown.startswith("-"):  # help shows one spelling
            assert re.search(rf"^  {shown}\b", text, re.M), shown
            assert not any(re.search(rf"^  {name}[ ,]", text, re.M) for name in others)


@pytest.mark.parametrize("command", ["supervised"])
def test_help_is_grouped_and_shows_defaults(command):
    text = run(command, "--help").out.decode()
    groups = re.findall(r"^Options.*:$", text, re.M)
    assert len(groups) >= 4
    for name, default in [("dim", 100), ("lr", 0.1), ("epoch", 5), ("bucket", 2000000)]:
        line = re.search(rf"^  -{name} .*?(?=^  -|\Z)", text, re.M | re.S)[0]
        assert f"[default: {default}]" in " ".join(line.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_through_click(command):
    """The commands work without main too, as completion scripts call them."""
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


def test_version():
    assert run("--version").text() == f"fastcli {fastcli.__version__}\n"
    assert process("--version").text() == f"fastcli {fastcli.__version__}\n"


def test_no_command():
    result = run()
    assert (result.code, result.out) == (1, b"")
    first, second, third, *rest = result.err.splitlines()
    assert (first, second) == ("usage: fastcli <command> <args>", "")
    assert third == f"fastcli {fastcli.__version__}  fastText's command line, and perceptrons"
    assert all(re.search(rf"(?<![\w-]){name}(?![\w-])", result.err) for name in COMMANDS)
    assert max(map(len, result.err.splitlines())) <= 80
    assert rest[-1].startswith("Try it:  fastcli demo")


def test_unknown_command():
    result = run("frobnicate")
    assert (result.code, result.out) == (1, b"")
    assert "frobnicate" in result.err
    assert "usage: fastcli <command> <args>\n" in result.err


def test_unknown_option_of_the_program():
    result = run("--frobnicate")
    assert (result.code, result.out) == (1, b"")
    assert "--frobnicate" in result.err
    assert "usage: fastcli <command> <args>\n" in result.err


def test_exit_codes_of_processes(tmp_path):
    assert process().code == 1
    assert process("frobnicate").code == 1
    assert process("--help").code == 0
    assert process("predict", tmp_path / "missing.bin", "-").code == 1
    assert process("predict").code == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("--help",),
        ("--version",),
        ("supervised", "--help"),
        ("test", "--help"),
        ("predict",),
        ("supervised", "-foo"),
        ("supervised", "-input", "x"),
        ("dump", "x", "everything"),
    ],
    ids=" ".join,
)
def test_help_and_usage_errors_import_nothing_heavy(argv):
    code = (
        "import sys\n"
        "from fastcli.cli import main\n"
        f"sys.argv = ['fastcli', *{argv!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    pass\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=environment(), check=True
    )
    assert done.stderr.decode().splitlines()[-1] == ""


def examples(text):
    """Return the command lines of an Example: section."""
    lines = text.split("Example:\n")[1].split("\n\n")[0].replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines]


@pytest.mark.skipif(os.name == "nt", reason="the examples are written for a POSIX shell")
def test_examples_run(tmp_path):
    """The examples of the help texts, in the order of the commands, in an empty folder."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    launcher = tmp_path / "fastcli"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastcli "$@"\n')
    launcher.chmod(0o755)
    env = {**environment(), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    ran = 0
    for name in ["--help", *COMMANDS]:
        text = run(name, "--help").out.decode() if name != "--help" else run(name).out.decode()
        for line in examples(text):
            result = subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True)
            assert result.returncode == 0, (line, result.stderr)
            ran += 1
    assert ran >= 8


def test_an_interrupt_before_anything_happens(monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", interrupted)
    result = run("dump", "x.bin", "args")
    assert (result.code, result.out) == (130, b"")
    assert "Interrupted" in result.err


def test_too_little_memory_is_one_sentence(monkeypatch):
    def too_much(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr("fastcli.fasttext.model_file.load_model", too_much)
    result = run("dump", "x.bin", "args")
    assert (result.code, result.out) == (1, b"")
    assert len(result.err.splitlines()) == 1
    assert "memory" in result.err
