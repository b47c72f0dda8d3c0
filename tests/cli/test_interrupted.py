"""Ctrl-C while a classifier trains: what is written, what stays, and what is said of it."""

import json
import os
import re
import signal

import pytest

from fastcli.fasttext.trainer import Trainer
from fastcli.fasttext.watch import BestModel
from fastcli.mlp.snapshot import Snapshot
from fastcli.mlp.trainer import Trainer as MlpTrainer
from tests.command import PLAIN_TEXT, SAMPLES, run, start

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
LINEAR = ["supervised", "-dim", 8, "-lr", 0.3]
NETWORK = ["mlp-train", *PLAIN_TEXT, "-dim", 8, "--hidden", 6]
COMMANDS = [(LINEAR, "bin", Trainer), (NETWORK, "mlp", MlpTrainer)]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


def train(command, output, *options):
    return run(*command, "-input", TRAIN, "-output", output, "-thread", 1, *options)


def interrupt_after(monkeypatch, trainer, n):
    """Let a SIGINT come right after evaluation n."""
    evaluate, seen = trainer._evaluate, []

    def evaluate_and_interrupt(self, *args):
        found = evaluate(self, *args)
        seen.append(found)
        if len(seen) == n:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(trainer, "_evaluate", evaluate_and_interrupt)


def best_of(log, n):
    """Return the best of the first n evaluations of a log."""
    rows = [json.loads(line) for line in log.read_text().splitlines()[1:]][:n]
    return min(rows, key=lambda row: (row["valid_error"], row["valid_loss"]))


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize(("command", "end", "trainer"), COMMANDS, ids=["linear", "network"])
def test_the_best_evaluation_is_written(command, end, trainer, n, tmp_path, monkeypatch):
    log, model = tmp_path / "log", tmp_path / f"m.{end}"
    options = ["-epoch", 8, "--valid", VALID]
    assert train(command, tmp_path / "whole", *options, "--log", log).code == 0
    best = best_of(log, n)
    interrupt_after(monkeypatch, trainer, n)
    result = train(command, tmp_path / "m", *options)
    assert (result.code, result.out) == (130, b"")
    sentence = f": {model} has the best model, of epoch {best['epoch']}.\n"
    assert result.err.endswith(sentence)
    assert result.err.count("Interrupted") == 1
    (epoch,) = (
        line.split()[3].rstrip(":")
        for line in result.err.splitlines()
        if line.startswith("Interrupted in epoch ")
    )
    assert int(epoch) in (n, n + 1)
    said = run("test", model, VALID).out.split()
    assert float(said[3]) == pytest.approx(1 - best["valid_error"], abs=5e-4)
    assert not [path for path in tmp_path.iterdir() if "tmp" in path.suffix]
    about = json.loads(run("inspect", "--json", model).out)["about"]
    assert about["interrupted"] == int(epoch)
    shown = run("inspect", model).out.decode().split()
    assert shown[shown.index("interrupted") + 1 :][:3] == ["in", "epoch", epoch]
    whole = json.loads(run("inspect", "--json", tmp_path / f"whole.{end}").out)
    assert "interrupted" not in whole["about"]


@pytest.mark.parametrize("has_former", [True, False])
@pytest.mark.parametrize("options", [[], ["--eval-every", 1]])
@pytest.mark.parametrize(("command", "end", "trainer"), COMMANDS, ids=["linear", "network"])
def test_without_validation_the_former_file_stays(
    command, end, trainer, options, has_former, tmp_path, monkeypatch
):
    model = tmp_path / f"m.{end}"
    if has_former:
        assert train(command, tmp_path / "m", "-epoch", 1, "-seed", 3).code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    if options:
        interrupt_after(monkeypatch, trainer, 2)
    else:
        run_before = trainer.run

        def interrupted_run(self, *args):
            for i, found in enumerate(run_before(self, *args)):
                yield found
                if i == 0:
                    signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(trainer, "run", interrupted_run)
    result = train(command, tmp_path / "m", "-epoch", 5, *options)
    assert (result.code, result.out) == (130, b"")
    left = "is as it was" if has_former else "was not written"
    assert result.err.endswith(f"\nInterrupted: {model} {left}.\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_model_that_is_gone_on_with_stays(tmp_path, monkeypatch):
    assert train(LINEAR, tmp_path / "m", "-epoch", 2).code == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(BestModel, "take", lambda *_: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(
        "fastcli.fasttext.train_and_save.write_model",
        lambda *_: signal.raise_signal(signal.SIGINT),
    )
    options = ["-inputModel", tmp_path / "m.bin", "--valid", VALID]
    result = run("supervised", "-input", TRAIN, "-output", tmp_path / "m", *options)
    assert result.code == 130
    assert result.err.endswith(f"Interrupted: {tmp_path / 'm.bin'} is as it was.\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("command", "end", "trainer"), COMMANDS, ids=["linear", "network"])
def test_an_interrupt_while_the_best_is_copied_waits(command, end, trainer, tmp_path, monkeypatch):
    """The evaluation whose model is kept is on screen and in the log."""
    kept = BestModel if trainer is Trainer else Snapshot
    take = kept.take

    def take_slowly(self, *given):
        signal.raise_signal(signal.SIGINT)
        array = self.wi if trainer is Trainer else self.params
        array[:] = float("nan")
        take(self, *given)

    monkeypatch.setattr(kept, "take", take_slowly)
    model, log = tmp_path / f"m.{end}", tmp_path / "log"
    options = ["-epoch", 3, "--valid", VALID, "--log", log]
    result = train(command, tmp_path / "m", *options)
    assert result.code == 130
    assert re.search(
        f"Interrupted in epoch [12]: {model} has the best model, of epoch 1", result.err
    )
    (row,) = map(json.loads, log.read_text().splitlines()[1:])
    assert row["is_best"]
    assert row["epoch"] == 1
    said = run("test", model, VALID).out.split()
    assert float(said[3]) == pytest.approx(1 - row["valid_error"], abs=5e-4)
    if trainer is Trainer:  # mlp-train shows its table at the end
        assert result.err.count(" best\n") == 1


def test_a_process_of_its_own(tmp_path):
    """The signal comes after the third row on stderr, which says an evaluation."""
    options = ["-epoch", 10**6, "--valid", VALID, "-thread", 2]
    child = start(*LINEAR, "-input", TRAIN, "-output", tmp_path / "m", *options)
    rows = 0
    for line in child.stderr:
        rows += line.rstrip().endswith(b"best")
        if rows == 2:
            break
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    last = err.decode().splitlines()[-1]
    assert last.startswith("Interrupted in epoch ")
    assert f": {tmp_path / 'm.bin'} has the best model, of epoch " in last
    assert run("test", tmp_path / "m.bin", VALID).code == 0
