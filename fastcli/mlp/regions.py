"""Decision regions of a network with two inputs: its best label at every point of a plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.mlp.examples import of_dense
from fastcli.mlp.network import stride
from fastcli.mlp.scorer import Scorer
from fastcli.printable import listed, readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.examples import Examples
    from fastcli.mlp.features import FeatureColumns
    from fastcli.mlp.model import MlpModel

SIDE = 320  # points of the plane along each axis
MARGIN = 0.08  # of the range of the data, on each side
MOST_POINTS = 3000  # examples that are drawn


@dataclass(frozen=True, kw_only=True)
class Regions:
    """Best labels ``best`` int[SIDE, SIDE], rows from ``low[1]`` to ``high[1]``, and examples.

    ``points`` float64[n, 2] are as the table has them, ``labels`` int[n] their first labels;
    ``n`` examples there are, of which ``n_right`` have their label as the best one.
    """

    axes: list[str]
    names: list[str]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    best: NDArray[np.int64]
    points: NDArray[np.float64]
    labels: NDArray[np.int32]
    n: int
    n_right: int


def check_regions(columns: FeatureColumns | None, path: str) -> None:
    """Raise ArgumentError where the input is not two numbers."""
    if columns is None:
        raise ArgumentError(
            f"--plot-regions draws a table of two number columns, and {path} is text: leave it out."
        )
    words = [column.name or str(column.position) for column in columns.table if column.is_words]
    if columns.n_features == 2 and columns.is_plain and not words:
        return
    n = columns.n_raw
    found = f"{n:,} column{'s' * (n != 1)}"
    if columns.kind == "csv":
        found += f" ({listed(columns.input_names)})"
    fix = "leave columns out with --drop" if n > 2 and columns.kind == "csv" else "leave it out"
    if n == 2 and words:
        found = f"{'columns' if len(words) == 2 else 'a column'} of words ({listed(words)})"
    elif n == 2:
        lacking = [c.name or str(c.position) for c in columns.table if c.may_lack]
        found = f"missing values ({listed(lacking)}), which add an input"
        fix = "fill them in, or leave it out"
    raise ArgumentError(
        f"--plot-regions draws a table of two number columns, and {path} has {found}: {fix}."
    )


def regions_of(model: MlpModel, examples: Examples) -> Regions:
    """Return the regions of a model with two inputs, and the examples it was trained on."""
    columns = model.columns
    assert columns is not None
    row = len(examples.dense) // examples.n
    scaled = examples.dense.reshape(-1, row)[:, :2].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        points = np.where(columns.scale == 0, 0.0, scaled / columns.scale) + columns.mean
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, np.maximum(1.0, np.abs(low)))
    low, high = low - margin, high + margin
    x, y = (np.linspace(low[k], high[k], SIDE) for k in range(2))
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    at_points = best_labels(model, points)
    firsts = examples.label_offsets[: examples.n]
    is_right = np.zeros(examples.n, bool)
    lines = np.repeat(np.arange(examples.n), np.diff(examples.label_offsets[: examples.n + 1]))
    owned = examples.labels[: len(lines)]
    np.logical_or.at(is_right, lines, owned == at_points[lines])
    some = np.arange(examples.n)
    if examples.n > MOST_POINTS:
        some = np.sort(np.random.default_rng(0).choice(examples.n, MOST_POINTS, replace=False))
    names = columns.input_names if columns.kind == "csv" else []
    return Regions(
        axes=names or [f"feature {k + columns.base}" for k in range(2)],
        names=[readable(name) for name in model.names],
        low=low,
        high=high,
        best=best_labels(model, plane).reshape(SIDE, SIDE),
        points=points[some],
        labels=examples.labels[firsts[some]],
        n=examples.n,
        n_right=int(is_right.sum()),
    )


def best_labels(model: MlpModel, points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the best labels of rows as the table has them, int64[n]."""
    columns, network = model.columns, model.network()
    assert columns is not None
    row = stride(columns.n_features)
    no_labels, no_offsets = np.zeros(1, np.int32), np.zeros(len(points) + 1, np.int64)
    examples = of_dense(columns.standardize(points, row), row, no_labels, no_offsets)
    scorer = Scorer(network, np.zeros(1, np.float32))
    order, found = np.arange(len(points)), np.zeros(len(points), np.int64)
    for first in range(0, len(points), network.batch):
        n = min(network.batch, len(points) - first)
        scorer.score(examples, order, first, n)
        found[first : first + n] = network.scores(n, scorer.values).argmax(axis=1)
    return found
