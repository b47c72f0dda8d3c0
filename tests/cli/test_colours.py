"""Colours of tables: bold headings, the best in green; none where the output has no colours."""

import re

import pytest

from fastcli.cli.display.chart import loss_chart
from fastcli.cli.display.tables import width_of
from fastcli.evaluation.early_stopping import Evaluation
from tests.command import GOLDEN, SAMPLES, process, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
MODEL = GOLDEN / "softmax-ngrams.bin"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BOLD, GREEN, YELLOW, RED = "\x1b[1m", "\x1b[32m", "\x1b[33m", "\x1b[31m"


@pytest.fixture
def coloured(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")


def test_a_report(coloured, monkeypatch):
    text = run("test", "--report", MODEL, TEST).out.decode()
    lines = text.splitlines()
    assert lines[0].startswith(BOLD)
    bold = [COLOUR.sub("", line) for line in lines if line.startswith(BOLD)]
    for start in ("label ", "Confusion ", "Surest mistakes ", "line "):
        assert any(line.startswith(start) for line in bold), start
    monkeypatch.setenv("NO_COLOR", "1")
    assert COLOUR.sub("", text) == run("test", "--report", MODEL, TEST).out.decode()


def test_labels_that_are_never_right_and_hints(coloured, tmp_path):
    lines = TEST.read_text().splitlines(keepends=True)
    known = ("health", "cooking")
    lines = [line for line in lines if line.split()[0].removeprefix("__label__") in known]
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("".join(lines).replace("__label__health", "__label__sport"))
    text = run("test", "--report", MODEL, wrong).out.decode()
    red = [COLOUR.sub("", line) for line in text.splitlines() if line.startswith(RED)]
    assert red
    assert all(line.split()[3] == "0.000" for line in red)
    hints = [line for line in text.splitlines() if "Hint" in line]
    assert hints
    assert all(line.startswith(YELLOW) for line in hints)


def test_a_comparison(coloured, topics):
    lines = run("compare", MODEL, topics, TEST).out.decode().splitlines()
    (heading,) = [line for line in lines if line.startswith(BOLD)]
    assert "accuracy" in heading
    green = [line for line in lines if line.startswith(GREEN)]
    assert len(green) == 1
    assert COLOUR.sub("", green[0]).endswith("best")


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_evaluations(command, coloured, tmp_path, monkeypatch):
    argv = [command, "-input", TRAIN, "--valid", VALID, "-output", tmp_path / "m", "-dim", 4]
    argv += ["-epoch", 3, "-lr", 0.1, "-thread", 1]
    err = run(*argv).err
    header = next(line for line in err.splitlines() if "valid loss" in line)
    assert header.startswith(BOLD)
    assert f"{GREEN}best" in err
    monkeypatch.setenv("NO_COLOR", "1")
    assert not COLOUR.search(run(*argv).err)


def test_no_colours_in_a_pipe(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert b"\x1b" not in process("test", "--report", MODEL, TEST).out


# ------------------------------------------------------------------------- the chart


def run_of(losses, valid=()):
    n = len(losses)
    return [
        Evaluation(
            step=i + 1,
            epoch=i + 1,
            progress=(i + 1) / n,
            lr=0.1,
            loss=loss,
            seconds=i,
            **({"valid_loss": valid[i], "valid_error": 0.5} if valid else {}),
        )
        for i, loss in enumerate(losses)
    ]


def test_a_chart_of_losses():
    rows = loss_chart(run_of([2.0, 1.5, 1.0, 0.5, 0.0], [2.0, 2.0, 2.0, 2.0, 2.0]), 1.0, 80)
    assert rows[0] == "  loss"
    labels = [float(row.split("┤")[0]) for row in rows[1:7]]
    assert labels == [2.0, 1.6, 1.2, 0.8, 0.4, 0.0]
    curves = [row.split("┤")[1] for row in rows[1:7]]
    assert curves[0].startswith("─")  # training is drawn over validation
    assert set(curves[0].split("  ")[0].strip("─╮")) == {"╌"}
    assert curves[5].rstrip().endswith("╰────")
    guessing = next(row for row in rows if "guessing 1.000" in row)
    assert "····" in guessing
    assert "── training" in rows[1]
    assert "╌╌ validation" in rows[2]
    assert rows[7].strip().strip("└┬─") == ""
    assert rows[8].split() == ["1", "2", "3", "4", "5", "epoch"]


@pytest.mark.parametrize("room", [40, 60, 80, 200])
@pytest.mark.parametrize("n", [4, 5, 37, 900])
def test_charts_fit(room, n):
    losses = [3.0 / (i + 1) for i in range(n)]
    for valid in ((), [2.0 + i for i in range(n)]):
        for guess in (float("nan"), 1.5, 30.0):
            rows = loss_chart(run_of(losses, valid), guess, room)
            assert all(width_of(row) <= room for row in rows)
            assert len(rows) in (0, 9)
            assert bool(rows) or room < 80


def test_no_chart_of_little():
    assert loss_chart(run_of([1.0, 2.0, 3.0]), 1.0) == []
    assert loss_chart(run_of([1.0, 2.0, float("inf"), 3.0]), 1.0) == []
    assert len(loss_chart(run_of([1.0] * 4), float("nan"))) == 9
