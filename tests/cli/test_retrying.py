"""--retry-nan: what is read and said once, what is freed, and which attempt is kept."""

from __future__ import annotations

import json
import signal
import weakref

import numpy as np
import pytest

from fastcli.fasttext import train
from fastcli.mlp import train_and_save
from tests.command import SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
COMMANDS = {
    "supervised": ["-dim", 8, "-epoch", 3, "-thread", 1],
    "mlp-train": ["-dim", 8, "-epoch", 3, "-thread", 1, "--hidden", 8],
}
each = pytest.mark.parametrize("command", COMMANDS)


def trained(command, output, *options):
    words = ["-input", TRAIN, "-output", output, *COMMANDS[command], *options]
    return run(command, *words)


def parameters(trainer):
    """Return the array that a trainer of either command moves."""
    return trainer.scheme.model.wi if hasattr(trainer, "scheme") else trainer.embedding


@pytest.fixture
def attempts(monkeypatch):
    """Return the list of attempts, and a function that says what each does before it trains."""
    seen, hooks = [], []

    def changed(original):
        def run_changed(self, *rest):
            seen.append(weakref.ref(parameters(self)))
            for hook in hooks:
                hook(self, len(seen))
            for found in original(self, *rest):
                for hook in hooks:
                    hook(self, -len(seen))
                yield found

        return run_changed

    for module in (train, train_and_save):
        monkeypatch.setattr(module.Trainer, "run", changed(module.Trainer.run))
    return seen, hooks.append


def evaluations(log):
    return [json.loads(line) for line in log.read_text().splitlines()[1:]]


@each
def test_arrays_of_an_attempt_are_freed_before_the_next(command, tmp_path, attempts):
    seen, each_time = attempts
    alive = []

    def spoil(trainer, n):
        if n > 0:
            alive.append([ref() is not None for ref in seen[:-1]])
        if n in (1, 2):
            parameters(trainer)[:] = np.nan

    each_time(spoil)
    result = trained(command, tmp_path / "m", "--retry-nan", "--valid", VALID, "-lr", 0.4)
    assert result.code == 0, result.err
    assert alive == [[], [False], [False, False]]
    assert result.err.count("starting again with -lr") == 2
    once = ["Number of words"] if command == "supervised" else ["Network "]
    for sentence in (*once, "Encountered NaN at -lr 0.4: starting again with -lr 0.2."):
        assert result.err.count(sentence) == 1, result.err


@each
def test_a_retry_gives_the_model_of_that_rate(command, tmp_path, attempts):
    _, each_time = attempts

    def spoil(trainer, n):
        if n == 1:
            parameters(trainer)[:] = np.nan

    each_time(spoil)
    options = ["--valid-share", 0.2, "--class-weight", "sqrt", "-verbose", 0]
    assert trained(command, tmp_path / "m", *options, "--retry-nan", "-lr", 0.5).code == 0
    assert trained(command, tmp_path / "n", *options, "-lr", 0.25).code == 0
    end = ".bin" if command == "supervised" else ".mlp"
    made = [(tmp_path / f"{name}{end}").read_bytes() for name in "mn"]
    assert made[0] == made[1]


@each
@pytest.mark.parametrize("retry", [[], ["--retry-nan"]])
def test_a_best_model_is_kept_and_there_is_no_other_attempt(command, retry, tmp_path, attempts):
    seen, each_time = attempts
    log = tmp_path / "log"

    def spoil(trainer, n):
        if n < 0 and log.exists() and len(evaluations(log)) == 1:
            parameters(trainer)[:] = np.nan

    each_time(spoil)
    result = trained(command, tmp_path / "m", *retry, "--valid", VALID, "--log", log)
    assert result.code == 1
    assert len(seen) == 1
    kept = "epoch 1" if command == "supervised" else "step "
    assert f"the model of {kept}" in result.err
    assert "the best before, was saved" in result.err
    said = "--retry-nan starts again only where there is no model."
    assert (said in result.err) == bool(retry)
    assert "--retry-nan halves" not in result.err
    end = ".bin" if command == "supervised" else ".mlp"
    assert run("test", tmp_path / f"m{end}", VALID).code == 0


@each
def test_errors_propose_to_retry(command, tmp_path):
    options = ["-lr", 1e30, *["--optimizer", "sgd"] * (command == "mlp-train")]
    for more in ([], ["--folds", 2], ["--valid", VALID]):
        result = trained(command, tmp_path / "m", *options, *more)
        assert result.code == 1
        assert result.err.endswith("--retry-nan halves -lr until it works.\n")
        assert not list(tmp_path.iterdir())


@each
def test_folds_say_that_they_start_again(command, tmp_path):
    options = ["-lr", 1e30, *["--optimizer", "sgd"] * (command == "mlp-train")]
    result = trained(command, tmp_path / "m", *options, "--folds", 2, "--retry-nan")
    assert result.code == 1
    again = "In fold 1 of 2: Encountered NaN at -lr 1e+30: starting again with -lr 5e+29."
    assert result.err.count(again) == 1
    assert result.err.count("starting again") == 10
    assert "halves" not in result.err.splitlines()[-1]


@each
def test_an_interrupt_in_a_later_attempt_writes_its_best(command, tmp_path, attempts):
    _, each_time = attempts
    log = tmp_path / "log"

    def spoil(trainer, n):
        if n == 1:
            parameters(trainer)[:] = np.nan
        if n == -2 and log.exists() and evaluations(log):
            signal.raise_signal(signal.SIGINT)

    each_time(spoil)
    result = trained(command, tmp_path / "m", "--retry-nan", "--valid", VALID, "--log", log)
    assert result.code == 130
    assert "has the best model, of epoch " in result.err
    end = ".bin" if command == "supervised" else ".mlp"
    assert run("test", tmp_path / f"m{end}", VALID).code == 0
