"""How many of the labels that inspect --label-errors doubts most were flipped, by ranking.

    python benchmarks/bench_label_errors.py DATA/ag_news/train.txt

A share of the labels of single-label lines is flipped to another one, by the seed, in a copy of the
file; the folds that inspect trains are made once, and their lines ranked in several ways.  Printed
is, of the most doubtful lines, the share that was flipped.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = ["-lr", "0.5", "-epoch", "5", "--folds", "5", "--no-vec", "-verbose", "0"]
TINY = 1e-9
Ranking = Callable[[dict[str, Any], dict[str, float]], float]


def self_confidence(row: dict[str, Any], usual: dict[str, float]) -> float:
    """The probability of the given label, as inspect ranks."""
    return float(row["own"])


def adjusted(row: dict[str, Any], usual: dict[str, float]) -> float:
    """Self-confidence less its mean over the lines that have that label."""
    return float(row["own"]) - usual.get(row["given"], 0.0)


def margin(row: dict[str, Any], usual: dict[str, float]) -> float:
    """The probability of the given label less that of the proposed one."""
    return float(row["own"] - row["best"])


def adjusted_margin(row: dict[str, Any], usual: dict[str, float]) -> float:
    """The margin of probabilities less their means over the lines that have these labels."""
    own, best = row["own"] - usual.get(row["given"], 0.0), row["best"]
    return float(own - (best - usual.get(row["proposed"], 0.0)))


def ratio(row: dict[str, Any], usual: dict[str, float]) -> float:
    """The logarithm of given over proposed."""
    return math.log(max(row["own"], TINY) / max(row["best"], TINY))


RANKINGS: tuple[Ranking, ...] = (self_confidence, adjusted, margin, adjusted_margin, ratio)


def flipped(lines: Sequence[str], share: float, seed: int) -> tuple[list[str], np.ndarray]:
    """Return lines of which a share has another label, and which ones have: bool[n]."""
    rng = np.random.default_rng(seed)
    labels = [line.split(None, 1)[0] for line in lines]
    names = sorted(set(labels))
    chosen = np.zeros(len(lines), bool)
    chosen[rng.permutation(len(lines))[: round(share * len(lines))]] = True
    found = list(lines)
    for i in np.flatnonzero(chosen).tolist():
        other = rng.choice([name for name in names if name != labels[i]])
        found[i] = f"{other} {lines[i].split(None, 1)[1]}"
    return found, chosen


def folds_of(command: Sequence[str], lines: Sequence[str], folder: str) -> list[dict[str, Any]]:
    """Return what the folds predict of lines."""
    train, out = Path(folder, "train.txt"), Path(folder, "folds.jsonl")
    train.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    paths = ["-input", str(train), "-output", str(Path(folder, "m")), "--folds-output", str(out)]
    subprocess.run([*command, "supervised", *paths, *FOLDS], check=True)
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return [
        {
            "line": row["line"],
            "given": row["true"][0],
            "proposed": row["predicted"],
            "own": row["true_probability"] or 0.0,
            "best": row["probability"] or 0.0,
        }
        for row in rows
    ]


def main() -> None:
    """Flip labels, make folds, rank, and print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("data", help="lines of one label and text")
    options.add_argument("--share", type=float, default=0.05, help="of labels flipped [0.05]")
    options.add_argument("--most", type=int, default=225, help="lines that are looked at [225]")
    options.add_argument("--lines", type=int, default=0, help="lines drawn of the file [all]")
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="[0 1 2]")
    options.add_argument("--fastcli", default=f"{sys.executable} -m fastcli", help="the command")
    given = options.parse_args()
    whole = Path(given.data).read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    whole = [line for line in whole if len(line.split(None, 1)) == 2]
    print("seed", "lines", "flipped", *(f.__name__ for f in RANKINGS), sep="\t")
    for seed in given.seeds:
        lines = whole
        if given.lines:
            drawn = np.random.default_rng([seed, 1]).permutation(len(whole))[: given.lines]
            lines = [whole[i] for i in np.sort(drawn).tolist()]
        lines, is_flipped = flipped(lines, given.share, seed)
        with tempfile.TemporaryDirectory() as folder:
            rows = folds_of(given.fastcli.split(), lines, folder)
        sums: dict[str, list[float]] = {}
        for row in rows:
            sums.setdefault(row["given"], []).append(row["own"])
        usual = {label: sum(some) / len(some) for label, some in sums.items()}
        doubtful = [row for row in rows if row["proposed"] not in ("", row["given"])]
        shares = []
        for ranking in RANKINGS:
            ranked = sorted(doubtful, key=lambda row: ranking(row, usual))[: given.most]
            n = sum(bool(is_flipped[row["line"] - 1]) for row in ranked)
            shares.append(f"{n / given.most:.3f}")
        print(seed, len(lines), int(is_flipped.sum()), *shares, sep="\t", flush=True)


if __name__ == "__main__":
    main()
