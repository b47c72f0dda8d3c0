"""Feature attribution: how much words, n-grams or columns contribute to the scores of labels.

A hidden row is the mean of the rows of a line's features, so a score w.h is a sum of w.row / n over
them, and nothing is left over.  What is no sum is explained along the path from zero to the input
(integrated gradients): log-probabilities of a Huffman tree, and networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from fastcli.inspect.line_features import CHARACTERS, WORD, FeatureReader
from fastcli.mlp.attribution import Gradients, Path
from fastcli.printable import readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model
    from fastcli.mlp.model import MlpModel

EXACT = "exact: the score is a sum over words and n-grams"
TREE = "integrated gradients of the log-probability of the path in the tree"
NETWORK = "integrated gradients from zero to the input"


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What a word, an n-gram or a column adds to the difference of the scores.

    ``count`` is how often it occurs in the line; ``value`` is that of a column.
    """

    kind: str
    text: str
    value: float
    count: int = 1
    shown: str = ""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The contributions to the score of a label, less that of another one (``against``) if any.

    They sum to ``score`` - ``score_against`` - ``start``: what the scores are without any input.
    ``unknown`` are the words that the model does not know.
    """

    label: int
    against: int | None
    score: float
    score_against: float
    start: float
    probability: float
    probability_against: float
    contributions: list[Contribution]
    unknown: list[str]

    @property
    def rest(self) -> float:
        """What no contribution explains: rounding, and jumps of a network of step functions."""
        explained = sum(one.value for one in self.contributions)
        return self.score - self.score_against - self.start - explained


class Scores(Protocol):
    """The scores of labels as a function of a hidden row or of inputs."""

    method: str
    is_exact: bool
    sums_to_one: bool
    is_log: bool

    def of(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of all labels float64[n, labels], of rows [n, inputs]."""

    def along(self, x: NDArray[np.float64], weights: NDArray[np.float64]) -> Path:
        """Return what the path from zero to ``x`` tells of the scores times ``weights``."""


class LinearScores:
    """Scores w.h: of softmax before its normalisation, of ova and ns before the sigmoid."""

    method, is_exact, is_log = EXACT, True, False

    def __init__(self, model: Model) -> None:
        self.sums_to_one = model.sums_to_one
        rows = model.wo.values.reshape(-1, model.args.dim)[: model.nlabels]
        self._w = rows.astype(np.float64)

    def of(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of all labels, of rows."""
        return x @ self._w.T

    def along(self, x: NDArray[np.float64], weights: NDArray[np.float64]) -> Path:
        """Return the gradient, which is the same everywhere."""
        used = np.flatnonzero(weights)
        gradient = weights[used] @ self._w[used]
        return Path(gradient=gradient, start=0.0, end=float(gradient @ x))


class TreeScores:
    """Log-probabilities of the hierarchical softmax: sums of log sigmoid(+-w.h) along a path.

    The mean gradient of log sigmoid(s t) for t from 0 to u is s (log sigmoid(s u) + ln 2) / (s u),
    so that no steps are needed.
    """

    method, is_exact, is_log, sums_to_one = TREE, False, True, True

    def __init__(self, model: Model) -> None:
        n, children = model.nlabels, model.children
        self._n = n
        self._w = model.wo.values.reshape(-1, model.args.dim)[:n].astype(np.float64)
        self._parents = np.full(max(2 * n - 1, 1), -1, np.int64)
        self._signs = np.zeros(max(2 * n - 1, 1))
        for node in range(n - 1):
            for branch, sign in ((0, -1.0), (1, 1.0)):
                child = int(children[2 * node + branch])
                self._parents[child], self._signs[child] = n + node, sign

    def of(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log-probabilities of all labels, of rows."""
        u = x @ self._w.T
        logs = np.zeros((len(self._parents), len(x)))
        for node in range(len(logs) - 2, -1, -1):  # a parent comes after its children
            parent = int(self._parents[node])
            of_parent = self._signs[node] * u[:, parent - self._n]
            logs[node] = logs[parent] - np.logaddexp(0.0, -of_parent)
        return np.ascontiguousarray(logs[: self._n].T)

    def along(self, x: NDArray[np.float64], weights: NDArray[np.float64]) -> Path:
        """Return the mean gradient of the log-probabilities times ``weights``."""
        gradient, depth, end = np.zeros(len(x)), 0.0, 0.0
        for label in np.flatnonzero(weights).tolist():
            node, weight = label, float(weights[label])
            while (parent := int(self._parents[node])) >= 0:
                w, sign = self._w[parent - self._n], float(self._signs[node])
                u = sign * float(w @ x)
                rise = log_sigmoid(u) + np.log(2.0)
                mean = 0.5 - u / 8 if abs(u) < 1e-4 else rise / u
                gradient += weight * sign * mean * w
                depth += weight
                end += weight * log_sigmoid(u)
                node = parent
        return Path(gradient=gradient, start=-depth * float(np.log(2.0)), end=float(end))


class NetworkScores:
    """Scores of a network before softmax or sigmoid."""

    method, is_exact, is_log = NETWORK, False, False

    def __init__(self, model: MlpModel) -> None:
        self._gradients = Gradients(model)
        self.sums_to_one = model.sums_to_one

    def of(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of all labels, of rows."""
        return self._gradients.scores(x)

    def along(self, x: NDArray[np.float64], weights: NDArray[np.float64]) -> Path:
        """Return the mean gradient along the path."""
        return self._gradients.along(x, weights)


def log_sigmoid(u: float) -> float:
    """Return log(1 / (1 + exp(-u))) without overflow."""
    return -float(np.logaddexp(0.0, -u))


def is_network(model: Any) -> bool:
    """Tell whether a classifier is a network, which keeps its parameters in tensors."""
    return hasattr(model, "tensors")


def scores_of(model: Any) -> Scores:
    """Return the scores of a classifier, linear or a network."""
    if is_network(model):
        return NetworkScores(model)
    return TreeScores(model) if model.args.loss == "hs" else LinearScores(model)


def rows_of(model: Any, rows: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the input rows of a model of text, decoded where they are quantized: [n, dim]."""
    dim = model.args.dim
    if is_network(model):
        return np.asarray(model.embedding[rows, :dim], np.float64)
    offsets = np.arange(len(rows) + 1, dtype=np.int64)
    features = np.append(rows, 0).astype(np.int32)
    found = model.wi.means(features, offsets, 0, len(rows)).reshape(-1, dim)
    return np.asarray(found, np.float64)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which labels are explained: ``label`` (the best one if it is None) against ``against``.

    ``against`` None is the best of the others; ``alone``: the score of the label itself.
    """

    label: int | None = None
    against: int | None = None
    alone: bool = False

    def of(self, best: list[int]) -> tuple[int, int | None]:
        """Return the two labels, by the best two (or the only one) of a line."""
        label = best[0] if self.label is None else self.label
        if self.label is None and self.against == label and len(best) > 1:
            label = best[1]
        others = [one for one in best if one != label]
        if self.alone or (self.against is None and not others):
            return label, None
        return label, others[0] if self.against is None else self.against


class Explainer:
    """Explains the lines, or the rows of numbers, that a model predicts."""

    def __init__(self, model: Any, choice: Choice, apart: bool = False) -> None:
        """Take a classifier, which labels to explain, and whether character n-grams are apart.

        Otherwise what they contribute is added to their word.
        """
        self.model, self.choice, self._apart = model, choice, apart
        self.scores = scores_of(model)
        self._reader = None if getattr(model, "columns", None) else FeatureReader(model)

    def line(self, line: bytes, best: list[int]) -> Explanation | list[str]:
        """Explain a line whose best labels are known; a list of its words if none is known."""
        assert self._reader is not None
        found = self._reader.read(line)
        unknown = [readable(word) for word in found.unknown]
        if not len(found.rows) or not best:
            return unknown
        rows = rows_of(self.model, found.rows) / len(found.rows)
        label, against, path, of_all = self._path(rows.sum(axis=0), best)
        values: dict[tuple[str, str], float] = {}
        counts: dict[tuple[str, str], int] = {}
        for feature, value in zip(found.features, (rows @ path.gradient).tolist(), strict=True):
            kind, text = feature.kind, readable(feature.text)
            if kind == CHARACTERS and not self._apart:
                kind, text = WORD, readable(feature.word)
            values[kind, text] = values.get((kind, text), 0.0) + value
            counts[kind, text] = counts.get((kind, text), 0) + (feature.kind == kind)
        contributions = [
            Contribution(kind=kind, text=text, value=value, count=max(counts[kind, text], 1))
            for (kind, text), value in values.items()
        ]
        return self._explained(label, against, path, of_all, contributions, unknown)

    def numbers(self, raw: NDArray[np.float64], best: list[int]) -> Explanation:
        """Explain a row of numbers, float64[columns] as read, whose best labels are known."""
        columns = self.model.columns
        x = columns.standardize(raw[None].copy()).astype(np.float64)[0]
        label, against, path, of_all = self._path(x, best)
        values = path.gradient * x
        contributions = []
        if columns.kind == "libsvm":
            for i in np.flatnonzero(raw).tolist():
                text = str(i + columns.base)
                contributions.append(
                    Contribution(
                        kind="feature", text=text, value=float(values[i]), shown=f"{raw[i]:g}"
                    )
                )
            rest = float(values.sum() - sum(one.value for one in contributions))
            if rest:
                contributions.append(
                    Contribution(kind="features that are 0", text="(all others)", value=rest)
                )
            return self._explained(label, against, path, of_all, contributions, [])
        at = 0
        for k, column in enumerate(columns.table):
            value = float(values[at : at + column.n_features].sum())
            name = column.name or str(column.position)
            shown = column_text(column, float(raw[k]))
            contributions.append(Contribution(kind="column", text=name, value=value, shown=shown))
            at += column.n_features
        return self._explained(label, against, path, of_all, contributions, [])

    def _path(
        self, x: NDArray[np.float64], best: list[int]
    ) -> tuple[int, int | None, Path, NDArray[np.float64]]:
        label, against = self.choice.of(best)
        weights = np.zeros(self.model.nlabels)
        weights[label] += 1.0
        if against is not None:
            weights[against] -= 1.0
        return label, against, self.scores.along(x, weights), self.scores.of(x[None])[0]

    def _explained(
        self,
        label: int,
        against: int | None,
        path: Path,
        scores: NDArray[np.float64],
        contributions: list[Contribution],
        unknown: list[str],
    ) -> Explanation:
        probs = probabilities(scores, self.scores)
        return Explanation(
            label=label,
            against=against,
            score=float(scores[label]),
            score_against=0.0 if against is None else float(scores[against]),
            start=path.start,
            probability=float(probs[label]),
            probability_against=0.0 if against is None else float(probs[against]),
            contributions=sorted(contributions, key=lambda one: -abs(one.value)),
            unknown=unknown,
        )


def probabilities(scores: NDArray[np.float64], kind: Scores) -> NDArray[np.float64]:
    """Return the probabilities of all labels by their scores."""
    if kind.is_log:
        return np.exp(scores)
    if kind.sums_to_one:
        found: NDArray[np.float64] = np.exp(scores - scores.max())
        return np.asarray(found / found.sum())
    return np.asarray(np.exp(-np.logaddexp(0.0, -scores)))


def column_text(column: Any, raw: float) -> str:
    """Return the value of a column as people wrote it: a word, a number, or that there is none."""
    if column.is_words:
        return str(column.levels[int(raw)]) if raw >= 0 else "(another word)"
    return "(missing)" if np.isnan(raw) else f"{raw:g}"
