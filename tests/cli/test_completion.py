"""Shell completion: options in either spelling, choices, and the names of files."""

import io
import sys

import click
import pytest

from fastcli.cli import COMMANDS, cli, main
from tests.command import run


@pytest.fixture
def complete(monkeypatch):
    """Return a function that completes the last word of a line as bash asks for it."""

    def call(line):
        words = line.split(" ")
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setenv("_FASTCLI_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setattr(sys, "argv", ["fastcli"])
        monkeypatch.setattr(sys, "stdout", out)
        with pytest.raises(SystemExit):
            main()
        out.flush()
        return out.buffer.getvalue().decode().split()

    return call


def test_commands(complete):
    assert complete("fastcli pre") == [
        f"plain,{name}" for name in COMMANDS if name.startswith("pre")
    ]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("supervised -w", ["-weightColumn", "-wordNgrams", "-ws", "-weightPrefix"]),
        ("supervised --w", ["--weight-column", "--word-ngrams", "--ws", "--weight-prefix"]),
        ("supervised -optim", ["-optimizer"]),
        ("mlp-train --optim", ["--optimizer"]),
        ("mlp-train -optim", ["-optimizer"]),
        ("mlp-train -batch", ["-batchSize"]),
        ("mlp-train --no-s", ["--no-standardize"]),
        ("quantize --target", ["--target-size"]),
        ("predict m.bin text --js", ["--json"]),
        ("supervised -qnorm -q", ["-quotes", "-qout"]),  # what is given is not offered again
        ("supervised -input a -inp", ["-input", "-inputModel"]),  # but for what may be repeated
    ],
)
def test_options(line, found, complete):
    assert complete(f"fastcli {line}") == [f"plain,{name}" for name in found]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dash_completes_each_option_once_as_help_shows_it(command, complete):
    found = cli.get_command(None, command)
    options = [p.opts[0] for p in found.get_params(click.Context(found, **found.context_settings))]
    offered = complete(f"fastcli {command} -")
    assert offered == [f"plain,{name}" for name in options if name.startswith("-")]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("supervised -loss o", ["one-vs-all", "ova"]),
        ("supervised --loss=h", ["hs"]),
        ("skipgram --vectors-words ", ["all", "corpus"]),
        ("mlp-train --norm ", ["none", "batch", "layer"]),
        ("mlp-train -norm b", ["batch"]),
        ("mlp-train --optimizer ada", ["adagrad", "adadelta", "adam", "adamw", "adamax"]),
        ("mlp-train --activation relu,tanh-", []),
        ("mlp-train --activation relu,mis", ["relu,mish"]),
        ("mlp-train --schedule c", ["constant", "cosine"]),
        ("prepare x --dedup n", ["none", "near"]),
        ("dump m.bin i", ["input"]),
        ("cache c", ["clear"]),
        ("cache warm supe", ["supervised"]),
    ],
)
def test_choices(line, found, complete):
    assert complete(f"fastcli {line}") == [f"plain,{name}" for name in found]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("supervised -input da", "file"),
        ("supervised --output mo", "file"),
        ("supervised -pretrainedVectors v", "file"),
        ("supervised -autotune-validation v", "file"),
        ("quantize --test v", "file"),
        ("mlp-train --config c", "file"),
        ("mlp-train -valid v", "file"),
        ("print-word-vectors m.bin --npy o", "file"),
        ("predict mo", "file"),
        ("predict m.bin te", "file"),
        ("test m.bin te", "file"),
        ("nn mo", "file"),
        ("inspect a.txt mo", "file"),
        ("prepare a.csv b", "file"),
        ("prepare a.csv -o fol", "dir"),
        ("prepare --like p", "file"),
        ("cache warm --shared f", "dir"),
    ],
)
def test_the_names_of_files_are_left_to_the_shell(line, kind, complete):
    assert complete(f"fastcli {line}") == [f"{kind},{line.split(' ')[-1]}"]


def test_numbers_and_free_text_are_not_completed(complete):
    assert complete("fastcli supervised -dim 1") == []
    assert complete("fastcli supervised -label a") == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("supervised -input a", "file"),
        ("supervised -input a b", "file"),  # one more of several files
        ("supervised -input a b ", "file"),
        ("mlp-train --input=a ", "file"),
        ("supervised -input a -output b c", None),
        ("supervised -output b ", None),
        ("supervised --files-from l", "file"),
        ("supervised --files-from l m", None),
    ],
)
def test_files_behind_an_input(line, kind, complete):
    last = line.split(" ")[-1]
    assert complete(f"fastcli {line}") == ([f"{kind},{last}"] if kind else [])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_fastcli(shell):
    done = run("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_FASTCLI_COMPLETE={shell}_complete" in done.text()
    assert done.text().count("fastcli") >= 3


def test_a_shell_without_a_script():
    done = run("completion", "tcsh")
    assert (done.code, done.out) == (1, b"")
    assert "tcsh" in done.err
    assert "bash" in done.err


def test_names_of_pages_and_shells(complete):
    assert complete("fastcli help kern") == ["plain,kernels"]
    assert complete("fastcli completion z") == ["plain,zsh"]


def test_behind_a_topic_of_help_are_its_entries(complete):
    entries = complete("fastcli help norms ")
    assert {"plain,none", "plain,batch", "plain,layer"} <= set(entries)
    assert "plain,data" not in entries
    assert complete("fastcli help data ") == []
