"""Which arguments autotune tries next: a pure function of what it has tried.

A first trial with the arguments as given, a few starts that have proved good for text, then
changes of the best trials so far, large at first and smaller with every trial (an evolution
strategy; Schwefel 1981).  What was set by hand is left as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastcli.fasttext.args import TrainArgs

# Least, most, and the first width of a step, in natural logarithms.
SCALES: dict[str, tuple[float, float, float]] = {
    "epoch": (1, 100, 0.9),
    "lr": (0.01, 5, 0.9),
    "dim": (1, 1000, 0.6),
    "bucket": (10_000, 10_000_000, 1.2),
    "dsub": (2, 16, 0.8),
}
WORD_NGRAMS = (1, 2, 3, 4, 5)
CHAR_NGRAMS = ((0, 0), (2, 5), (3, 6))  # minn, maxn
STARTS: tuple[dict[str, Any], ...] = (
    {"lr": 0.5, "epoch": 25, "word_ngrams": 2},
    {"lr": 1.0, "epoch": 25, "minn": 3, "maxn": 6},
    {"lr": 0.5, "epoch": 10, "word_ngrams": 2, "minn": 3, "maxn": 6},
    {"lr": 0.25, "epoch": 50, "word_ngrams": 2, "minn": 2, "maxn": 5},
    {"lr": 1.0, "epoch": 50, "word_ngrams": 1},
)
PARENTS = 4
CHANGED = 0.6  # the chance of a value to be changed
LEAST_STEP = 0.15
ATTEMPTS = 100


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One training: its number from 1 on, arguments, score, and the seconds it took.

    ``training`` are the seconds without reading, measuring, and compiling in a first run.
    """

    number: int
    args: TrainArgs
    score: float
    seconds: float
    training: float


@dataclass(frozen=True)
class Finished:
    """A finished trial, whether it is the best so far, and why it failed if it did."""

    trial: Trial
    is_best: bool
    note: str


def free_names(fixed: set[str], with_size: bool) -> list[str]:
    """Return the arguments that may be changed, given those set by hand."""
    names = ["epoch", "lr", "dim", "word_ngrams", "minn", "bucket", *(["dsub"] * with_size)]
    return [n for n in names if n not in fixed and not (n == "minn" and "maxn" in fixed)]


def propose(
    given: TrainArgs,
    free: list[str],
    trials: list[Trial],
    number: int,
    seed: int,
    fitted: Callable[[TrainArgs], TrainArgs | None] = lambda args: args,
) -> TrainArgs | None:
    """Return the arguments of trial ``number``; ``trials`` are those before it that have a score.

    ``fitted`` changes arguments whose model would be too large, and has none in return for those
    that it cannot change.  The same trials and the same seed give the same answer; None if nothing
    new can be found.
    """
    if number == 1:
        return given
    known = {_key(trial.args, free) for trial in trials}
    if number - 2 < len(STARTS):
        start = {k: v for k, v in STARTS[number - 2].items() if k in free or k == "maxn"}
        if "minn" not in start:
            start.pop("maxn", None)
        child = fitted(replace(given, **start))
        if child is not None and _key(child, free) not in known:
            return child
    rng = np.random.default_rng([number, seed % (1 << 32)])
    best = sorted(trials, key=lambda trial: (-trial.score, trial.number))[:PARENTS]
    if not best:
        best = [Trial(number=1, args=given, score=0.0, seconds=0.0, training=0.0)]
    # Better ones more often: the first of four four times as often as the last.
    weights = np.arange(len(best), 0, -1.0)
    step = max(LEAST_STEP, 1 / math.sqrt(1 + max(number - len(STARTS), 0) / 6))
    for _ in range(ATTEMPTS):
        parent = best[int(rng.choice(len(best), p=weights / weights.sum()))].args
        child = fitted(_changed(parent, free, step, rng))
        if child is not None and _key(child, free) not in known:
            return child
    return None


def _changed(
    parent: TrainArgs, free: list[str], step: float, rng: np.random.Generator
) -> TrainArgs:
    chosen = [name for name in free if rng.random() < CHANGED]
    if free and not chosen:
        chosen = [free[int(rng.integers(len(free)))]]
    values: dict[str, Any] = {}
    for name in chosen:
        if name == "word_ngrams":
            up = 1 if rng.random() < 0.5 else -1
            values[name] = int(np.clip(parent.word_ngrams + up, WORD_NGRAMS[0], WORD_NGRAMS[-1]))
        elif name == "minn":
            values["minn"], values["maxn"] = CHAR_NGRAMS[int(rng.integers(len(CHAR_NGRAMS)))]
        else:
            least, most, width = SCALES[name]
            value = getattr(parent, name) * math.exp(float(rng.normal(0, width * step)))
            value = min(max(value, least), most)
            values[name] = float(f"{value:.3g}") if name == "lr" else round(value)
    return replace(parent, **values)


def _key(args: TrainArgs, free: list[str]) -> tuple[Any, ...]:
    if args.word_ngrams == 1 and args.maxn == 0:
        args = replace(args, bucket=0)  # without n-grams there are none
    return tuple(getattr(args, name) for name in [*free, "maxn"])


def within(args: TrainArgs, trials: list[Trial], seconds: float, free: list[str]) -> TrainArgs:
    """Return arguments with fewer epochs, where those asked for would take longer than that.

    The time of a training is estimated from the most similar trial: in proportion to epochs, to the
    width of its rows, and to the n-grams of a token.
    """
    if "epoch" not in free or not trials:
        return args
    like = min(trials, key=lambda trial: abs(math.log(_work(trial.args) / _work(args))))
    expected = like.training * _work(args) / _work(like.args)
    # The first trial of a machine compiles, which no other does.
    rest = min((trial.seconds - trial.training for trial in trials[1:]), default=0.0)
    left = max(seconds - rest, 0.0)
    if expected <= left:
        return args
    return replace(args, epoch=max(1, int(args.epoch * left / expected)))


def _work(args: TrainArgs) -> float:
    per_token = args.word_ngrams + (8 if args.maxn > 0 else 0)
    return max(args.epoch, 1) * (16 + args.dim) * per_token
