"""Write tables of numbers for `bench_mlp_accuracy.py`, run by a Python with scikit-learn.

    python make_tables.py FOLDER [mnist10k.train.csv]

A table is a CSV file without a header, the label last: `<name>.<split>.train.csv` and
`<name>.<split>.test.csv`, three splits of each; groups.json names the two groups.  Defaults were
chosen on the first group; the second was never used for that.  Sizes, noise and seeds are
fixed, so files are always the same.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

SPLITS = 3
Table = tuple[Any, Any]  # float64[n, d], labels [n]
Make = Callable[[np.random.Generator], Table]


def moons(rng: np.random.Generator) -> Table:
    """Two half circles that reach into each other, with noise."""
    y = np.arange(1000) % 2
    angle = rng.uniform(0, np.pi, 1000)
    x = np.stack([np.cos(angle), np.sin(angle)], 1)
    x[y == 1] = [1, 0.5] - x[y == 1]
    return x + rng.normal(0, 0.25, x.shape), y


def circles(rng: np.random.Generator) -> Table:
    """One circle in another, with noise."""
    y = np.arange(1000) % 2
    angle = rng.uniform(0, 2 * np.pi, 1000)
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * np.where(y == 1, 0.6, 1.0)[:, None]
    return x + rng.normal(0, 0.12, x.shape), y


def rings(rng: np.random.Generator) -> Table:
    """Four rings around each other, in turn of one class and of the other."""
    ring = np.arange(1200) % 4
    angle = rng.uniform(0, 2 * np.pi, 1200)
    x = np.stack([np.cos(angle), np.sin(angle)], 1) * (ring + 1)[:, None]
    return x + rng.normal(0, 0.2, x.shape), ring % 2


def xor(rng: np.random.Generator) -> Table:
    """The signs of two of six columns decide, as in XOR; one label in twenty is wrong."""
    x = rng.normal(0, 1, (1500, 6))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    return x, np.where(rng.random(1500) < 0.05, 1 - y, y)


def wide(rng: np.random.Generator) -> Table:
    """More columns than rows, ten of them with the three classes in them."""
    x, y = rng.normal(0, 1, (300, 400)), np.arange(300) % 3
    x[:, :10] += rng.normal(0, 0.9, (3, 10))[y]
    return x, y


def imbalanced(rng: np.random.Generator) -> Table:
    """One row in twelve is of the second class, which has two centres."""
    x, y = rng.normal(0, 1, (2400, 8)), (np.arange(2400) % 12 == 0).astype(int)
    centres = rng.normal(0, 1.3, (2, 8))
    x[y == 1] += centres[rng.integers(0, 2, int(y.sum()))]
    return x, y


def many(rng: np.random.Generator) -> Table:
    """Thirty classes, each with two centres in twelve columns."""
    y = np.arange(3000) % 30
    centres = rng.normal(0, 1.6, (30, 2, 12))
    return centres[y, rng.integers(0, 2, 3000)] + rng.normal(0, 1, (3000, 12)), y


def spiral(rng: np.random.Generator) -> Table:
    """Three arms of a spiral, one and a quarter turns each."""
    y, t = np.arange(1200) % 3, rng.uniform(0.15, 1, 1200)
    angle = t * 2.5 * np.pi + y * 2 * np.pi / 3
    return np.stack([t * np.cos(angle), t * np.sin(angle)], 1) + rng.normal(0, 0.03, (1200, 2)), y


def checker(rng: np.random.Generator) -> Table:
    """A board of four by four fields in two colours."""
    x = rng.uniform(0, 4, (2000, 2))
    return x, (np.floor(x[:, 0]) + np.floor(x[:, 1])).astype(int) % 2


def one_hot(rng: np.random.Generator) -> Table:
    """Six words of eight kinds each, one-hot; pairs of words decide between four classes."""
    words = rng.integers(0, 8, (2000, 6))
    scores = rng.normal(0, 1, (4, 6, 8)), rng.normal(0, 1, (4, 8, 8))
    z = np.stack([s[np.arange(6), words].sum(1) for s in scores[0]], 1)
    z += 2 * np.stack([s[words[:, 0], words[:, 1]] for s in scores[1]], 1)
    return np.eye(8)[words].reshape(2000, 48), z.argmax(1)


def friedman(rng: np.random.Generator) -> Table:
    """Friedman's first function of five of ten columns (1991), with noise, in three parts."""
    x = rng.uniform(0, 1, (1500, 10))
    z = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    z += 10 * x[:, 3] + 5 * x[:, 4] + rng.normal(0, 1, 1500)
    return x, np.searchsorted(np.quantile(z, [1 / 3, 2 / 3]), z)


def skewed(rng: np.random.Generator) -> Table:
    """Columns as incomes are: log-normal, of very different sizes."""
    z = rng.normal(0, 1, (1500, 8))
    y = (z[:, 0] + z[:, 1] * z[:, 2] + 0.5 * rng.normal(0, 1, 1500) > 0).astype(int)
    return np.exp(z * 1.2) * 10.0 ** np.arange(8), y


def flipped(rng: np.random.Generator) -> Table:
    """A curved border between two classes in ten columns; one label in five is wrong."""
    x = rng.normal(0, 1, (2000, 10))
    y = (x[:, 0] + x[:, 1] ** 2 - x[:, 2] * x[:, 3] > 0.7).astype(int)
    return x, np.where(rng.random(2000) < 0.2, 1 - y, y)


def parity(rng: np.random.Generator) -> Table:
    """The parity of three of thirteen bits."""
    x = rng.integers(0, 2, (1500, 13)).astype(float)
    return x, x[:, :3].sum(1).astype(int) % 2


def linear(rng: np.random.Generator) -> Table:
    """A straight border in thirty columns that depend on each other, with much noise."""
    x = rng.normal(0, 1, (800, 30)) @ rng.normal(0, 1, (30, 30))
    z = x @ rng.normal(0, 1, 30)
    return x, (z + z.std() * rng.normal(0, 0.7, 800) > 0).astype(int)


def steps(rng: np.random.Generator) -> Table:
    """Rules of a few columns with thresholds, as a decision tree has them; four classes."""
    x = rng.normal(0, 1, (2500, 12))
    left = np.where(x[:, 1] > 0.4, 0, np.where(x[:, 2] > -0.3, 1, 2))
    right = np.where(x[:, 3] > 0, np.where(x[:, 1] > -0.5, 3, 0), 2)
    return x, np.where(x[:, 0] > 0.1, left, right)


FIRST: dict[str, Make] = {
    "moons": moons,
    "circles": circles,
    "rings": rings,
    "xor": xor,
    "wide": wide,
    "imbalanced": imbalanced,
    "many": many,
}
SECOND: dict[str, Make] = {
    "spiral": spiral,
    "checker": checker,
    "one-hot": one_hot,
    "friedman": friedman,
    "skewed": skewed,
    "flipped": flipped,
    "parity": parity,
    "linear": linear,
    "steps": steps,
}
SHIPPED = ("iris", "wine", "breast_cancer", "digits")


def shipped(name: str) -> Table:
    """Return a table that scikit-learn comes with."""
    found = getattr(import_module("sklearn.datasets"), f"load_{name}")()
    return found.data, found.target


def mnist(path: str) -> Table:
    """Return 3,000 rows of a file with the label last."""
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",") for line in file]
    chosen = np.random.default_rng(3000).permutation(len(rows))[:3000]
    return np.array([rows[i][:-1] for i in chosen], float), np.array([rows[i][-1] for i in chosen])


def write(folder: Path, name: str, x: Any, y: Any) -> None:
    """Write the splits of a table: a quarter of its rows is for testing."""
    for split in range(SPLITS):
        order = np.random.default_rng([zlib.crc32(name.encode()), split]).permutation(len(y))
        n_test = len(y) // 4
        for part, some in (("test", order[:n_test]), ("train", order[n_test:])):
            with open(folder / f"{name}.{split}.{part}.csv", "w", encoding="utf-8") as file:
                for i in some:
                    file.write(",".join([*(f"{v:.7g}" for v in x[i]), f"c{y[i]}"]) + "\n")


def main() -> None:
    """Write all tables, and which are in which group, in order."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    first = [*SHIPPED, *(["mnist3000"] if len(sys.argv) > 2 else []), *FIRST]
    groups = json.dumps({"first": first, "second": list(SECOND)})
    (folder / "groups.json").write_text(groups, "utf-8")
    for name in SHIPPED:
        write(folder, name, *shipped(name))
    if len(sys.argv) > 2:
        write(folder, "mnist3000", *mnist(sys.argv[2]))
    for name, make in {**FIRST, **SECOND}.items():
        write(folder, name, *make(np.random.default_rng(zlib.crc32(name.encode()))))


if __name__ == "__main__":
    main()
