"""What thresholds and calibration are worth on lines that neither training nor tuning saw.

    python benchmarks/bench_decisions.py DATA

A model is trained on train.txt; of test.txt one half, drawn by the seed, is what tune-threshold
(--per-label --metric f1macro) and calibrate see, and the other half is tested: by the best label,
as predict gives it, by the thresholds, with calibrated probabilities, and by both.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

CASES = {
    "cooking softmax": ("cooking", ["-lr", "0.5", "-epoch", "25", "-wordNgrams", "2"]),
    "cooking hs": ("cooking", ["-lr", "0.5", "-epoch", "25", "-wordNgrams", "2", "-loss", "hs"]),
    "cooking ova": ("cooking", ["-lr", "0.5", "-epoch", "25", "-wordNgrams", "2", "-loss", "ova"]),
    "trec6 softmax": ("trec6", ["-lr", "0.5", "-epoch", "20"]),
    "trec6 ova": ("trec6", ["-lr", "0.5", "-epoch", "20", "-loss", "ova"]),
    "langid75 ova": (
        "langid75",
        ["-lr", "0.5", "-epoch", "5", "-minn", "2", "-maxn", "4", "-dim", "16", "-loss", "ova"],
    ),
}
WAYS = {
    "best label": [],
    "thresholds": ["--thresholds", "auto"],
    "calibrated": ["--calibrated"],
}


def halves(test: Path, folder: Path, seed: int) -> tuple[Path, Path]:
    """Write two halves of the lines of a file."""
    lines = test.read_bytes().splitlines(keepends=True)
    order = np.random.default_rng(seed).permutation(len(lines))
    paths = folder / "dev.txt", folder / "unseen.txt"
    for path, chosen in zip(paths, np.array_split(order, 2), strict=True):
        path.write_bytes(b"".join(lines[i] for i in np.sort(chosen).tolist()))
    return paths


def main() -> None:
    """Train, tune, test, and print."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("data", type=Path, help="folder with a folder of each set")
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="[0 1 2]")
    options.add_argument("--fastcli", default=f"{sys.executable} -m fastcli", help="the command")
    given = options.parse_args()

    def fastcli(*words: object) -> bytes:
        done = subprocess.run(
            [*given.fastcli.split(), *map(str, words)], check=True, capture_output=True
        )
        return done.stdout

    def report(model: Path, unseen: Path, words: list[str]) -> Any:
        return json.loads(fastcli("test", "--report", "--json", model, unseen, *words))

    titles = ["macro F1: best label", "thresholds", "both", "ECE: as it is", "calibrated"]
    print("case", "seed", *titles, sep="\t")
    for case in given.cases:
        name, training = CASES[case]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            model = folder / "m.bin"
            train = given.data / name / "train.txt"
            usual = ["-bucket", 200_000, "-verbose", 0, "--no-vec"]
            fastcli("supervised", "-input", train, "-output", folder / "m", *usual, *training)
            for seed in given.seeds:
                dev, unseen = halves(given.data / name / "test.txt", folder, seed)

                tuning = ["--per-label", "--metric", "f1macro"]
                fastcli("calibrate", model, dev)
                fastcli("tune-threshold", model, dev, *tuning)
                found = {way: report(model, unseen, words) for way, words in WAYS.items()}
                fastcli("tune-threshold", model, dev, *tuning, "--calibrated")
                found["both"] = report(model, unseen, WAYS["thresholds"] + WAYS["calibrated"])
                f1 = {way: one["macro avg"]["f1-score"] for way, one in found.items()}
                error = {way: one["fastcli"]["calibration_error"] for way, one in found.items()}
                values = [f1["best label"], f1["thresholds"], f1["both"]]
                values += [error["best label"], error["calibrated"]]
                print(case, seed, *(f"{value:.4f}" for value in values), sep="\t", flush=True)


if __name__ == "__main__":
    main()
