"""Runs beside each other: which options differ, and which runs are as good as the best."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastcli.evaluation.report import wilson
from fastcli.evaluation.run_log import Run

COMMAND = "command"  # as if it were an option
# How a run is watched and where it writes: no part of what is compared.
APART = {
    *("output", "save_output", "no_vec", "thread", "verbose", "log", "plot", "save_every"),
    *("resume", "show_gradients", "retry_nan", "model"),
}
PER_LAYER = ("activation", "dropout")  # one value stands for all layers
OF_VALIDATION = ("valid", "valid_share")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The arguments of runs: those that differ, with the value of each run, and the others.

    A value is None where a run does not have the argument.
    """

    different: dict[str, list[Any]]
    same: dict[str, Any]


def settings_of(runs: Sequence[Run]) -> Settings:
    """Divide the arguments of runs; of several commands those that all of them have.

    A run whose arguments are not known (0.1.0) has none in common with others.
    """
    if not all(run.arguments for run in runs):
        return Settings(different={}, same={})
    different, same = {}, {}
    if len({run.command for run in runs}) > 1:
        different[COMMAND] = [run.command for run in runs]
    names = [name for name in runs[0].arguments if name not in APART]
    for name in names:
        if not all(name in run.arguments for run in runs):
            continue
        values = [condensed(name, run.arguments[name]) for run in runs]
        if all(value == values[0] for value in values):
            same[name] = values[0]
        else:
            different[name] = values
    return Settings(different=different, same=same)


def condensed(name: str, value: Any) -> Any:
    """Return one value in the place of the same one for every layer.

    >>> condensed("activation", "relu,relu"), condensed("hidden", "64,64")
    ('relu', '64,64')
    """
    if name not in PER_LAYER or not isinstance(value, str):
        return value
    parts = set(value.split(","))
    return parts.pop() if len(parts) == 1 else value


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which runs, by their places, are as accurate as the best as far as the lines can tell.

    ``half`` is half of the 95 % interval of the best accuracy; ``problem`` says why there is no
    verdict.
    """

    best: int = -1
    alike: tuple[int, ...] = ()
    n: int = 0
    half: float = 0.0
    problem: str = ""


def verdict(runs: Sequence[Run]) -> Verdict:
    """Compare the accuracies of the models that were kept (Wilson's interval of the best)."""
    if not all(run.kept.has_valid for run in runs):
        some = any(run.kept.has_valid for run in runs)
        problem = (
            "Some runs have no validation lines, and cannot be compared with the others"
            if some
            else "There were no validation lines"
        )
        return Verdict(problem=f"{problem}. Give --valid FILE or --valid-share 0.1.")
    if any(run.of_numbers for run in runs):
        return _verdict_of_numbers(runs)
    accuracies = [1 - run.kept.valid_error for run in runs]
    best = max(range(len(runs)), key=lambda i: accuracies[i])
    if not same_lines(runs):
        return Verdict(
            best=best,
            problem="The runs were validated on different lines, so that their accuracies cannot "
            "be compared.",
        )
    n = max(run.kept.valid_lines for run in runs)
    if not n:
        return Verdict(
            best=best,
            problem="The logs do not say on how many lines the runs were validated: those of "
            "version 0.1.0 do not.",
        )
    low, high = wilson(round(accuracies[best] * n), n)
    alike = tuple(i for i, accuracy in enumerate(accuracies) if accuracy >= low)
    return Verdict(best=best, alike=alike, n=n, half=(high - low) / 2)


def _verdict_of_numbers(runs: Sequence[Run]) -> Verdict:
    """Compare the RMSE of runs of regression, of which logs do not tell how much is chance."""
    if not all(run.of_numbers for run in runs):
        return Verdict(
            problem="Some runs learn numbers and others labels, which cannot be compared."
        )
    best = min(range(len(runs)), key=lambda i: runs[i].kept.valid_rmse)
    if not same_lines(runs):
        problem = (
            "The runs were validated on different lines, so that their RMSE cannot be compared."
        )
        return Verdict(best=best, problem=problem)
    problem = f"By RMSE {runs[best].path} is the best; logs do not tell how much of that is chance."
    return Verdict(best=best, problem=problem)


def same_lines(runs: Sequence[Run]) -> bool:
    """Tell whether runs were validated on the same lines, as far as their logs tell.

    Lines that are held out depend on the share, on the input and on the seed.
    """
    if len({run.kept.valid_lines for run in runs} - {0}) > 1:
        return False
    arguments = [run.arguments for run in runs if run.arguments]
    if any(len({str(one.get(name)) for one in arguments}) > 1 for name in OF_VALIDATION):
        return False
    is_held_out = any(one.get("valid_share") for one in arguments)
    parts = ("input", "seed") if is_held_out else ()
    return all(len({str(one.get(name)) for one in arguments}) <= 1 for name in parts)


def value_text(value: Any) -> str:
    """Return the value of an option as a command line has it.

    >>> value_text(["a", "b"]), value_text(True), value_text(0.05), value_text("")
    ('a,b', 'yes', '0.05', "''")
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ",".join(map(value_text, value))
    return shlex.quote(str(value)) if isinstance(value, str) else str(value)
