"""What several models say of the same lines: their answers, and their scores on all lines.

A line counts where it has a label that one of the models knows, and a token that one of them
knows.  A model that does not know the label, or none of the tokens, is wrong there; ``test`` of
that model alone leaves such lines out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.probabilities import dense_probs, dense_truth, line_losses, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Block, Predictions
    from fastcli.evaluation.metric import Metric
    from fastcli.evaluation.predictor import Predictor
    from fastcli.text.lines import Lines


@dataclass(kw_only=True)
class Answers:
    """The answers of a model to lines; label ids are its own.

    ``gold`` are lines and the labels that they have, ``given`` lines and the labels that they got,
    both int64[2, n]; ``first`` int64[lines] is the best label, or -1, whether lines got it or not;
    ``losses`` float64[lines] is NaN where ``test`` does not count the line, ``has_tokens``
    bool[lines] tells of known ones.
    """

    first: NDArray[np.int64]
    gold: NDArray[np.int64]
    given: NDArray[np.int64]
    has_tokens: NDArray[np.bool_]
    losses: NDArray[np.float64]

    @property
    def n(self) -> int:
        """The number of lines."""
        return len(self.first)


class _Part(NamedTuple):
    """The answers to some lines, whose places are counted from 0 on: see ``Answers``."""

    first: NDArray[np.int64]
    gold: NDArray[np.int64]
    given: NDArray[np.int64]
    has_tokens: NDArray[np.bool_]
    losses: NDArray[np.float64]


def answer(predictor: Predictor, blocks: Iterable[Block]) -> Answers:
    """Return the answers of a predictor ``with_all`` labels.  Raises NotFinite."""
    model = predictor.model

    def taken(thread: int, lines: Lines, found: Predictions) -> _Part:
        n = len(found.counts)
        offsets = lines.label_offsets[: n + 1]
        of_gold = np.repeat(np.arange(n), np.diff(offsets))
        rows, columns = np.nonzero(np.arange(found.k) < found.counts[:, None])
        labels = found.labels[rows * found.k + columns].astype(np.int64)
        has_tokens = np.diff(lines.offsets[: n + 1]) > 0
        losses = np.full(n, np.nan)
        used = usable(lines, n)
        if found.every is not None:
            truth = dense_truth(lines.label_offsets, lines.labels, n, model.nlabels)[used]
            probs = dense_probs(found.every, model.nlabels)[used]
            losses[used] = line_losses(probs, truth, model.sums_to_one)
        gold = np.stack([of_gold, lines.labels[: len(of_gold)].astype(np.int64)])
        return _Part(
            found.best.astype(np.int64), gold, np.stack([rows, labels]), has_tokens, losses
        )

    parts = list(predictor.examined(blocks, taken))
    start = 0
    for part in parts:
        part.gold[0] += start
        part.given[0] += start
        start += len(part.first)
    nothing = np.zeros((2, 0), np.int64)
    return Answers(
        first=np.concatenate([nothing[0], *(part.first for part in parts)]),
        gold=np.concatenate([nothing, *(part.gold for part in parts)], axis=1),
        given=np.concatenate([nothing, *(part.given for part in parts)], axis=1),
        has_tokens=np.concatenate([np.zeros(0, np.bool_), *(part.has_tokens for part in parts)]),
        losses=np.concatenate([np.zeros(0), *(part.losses for part in parts)]),
    )


@dataclass(frozen=True, kw_only=True)
class SameLines:
    """Several models' answers to the same lines, by labels that they share.

    ``names`` are the labels of all models; a key is the place of a line times the number of these
    plus that of a label.  ``gold`` int64 are the keys of the labels that lines have, in order, and
    for each model ``given`` those that they got, ``first`` int64[n] the best label or -1,
    ``losses`` float64[n] (NaN: unknown), ``known`` the labels that it knows, and
    ``without_tokens`` how many lines have no token that it knows.
    """

    names: LabelNames
    n: int
    left_out: int  # lines that do not count
    gold: NDArray[np.int64]
    given: list[NDArray[np.int64]]
    first: list[NDArray[np.int64]]
    losses: list[NDArray[np.float64]]
    known: list[NDArray[np.int64]]
    without_tokens: list[int]

    @classmethod
    def of(cls, answers: Sequence[Answers], names: Sequence[LabelNames]) -> SameLines:
        """Return answers to the same lines; ``names`` are the labels of each model."""
        joined = LabelNames.joined(names)
        ids = {plain: i for i, plain in enumerate(joined.plain)}
        maps = [np.array([ids[plain] for plain in some.plain], np.int64) for some in names]
        n_lines, n_labels = answers[0].n, max(len(ids), 1)
        pairs = list(zip(answers, maps, strict=True))
        gold = np.unique(np.concatenate([_keys(one.gold, own, n_labels) for one, own in pairs]))
        has_gold = np.zeros(n_lines, np.bool_)
        has_gold[gold // n_labels] = True
        has_tokens = np.logical_or.reduce([one.has_tokens for one in answers])
        counts = has_gold & has_tokens
        chosen = np.flatnonzero(counts)
        given = [np.unique(_keys(one.given, own, n_labels)) for one, own in pairs]
        return cls(
            names=joined,
            n=len(chosen),
            left_out=n_lines - len(chosen),
            gold=_of_lines(gold, chosen, n_lines, n_labels),
            given=[_of_lines(keys, chosen, n_lines, n_labels) for keys in given],
            first=[
                np.where(one.first >= 0, own[one.first] if len(own) else -1, -1)[chosen]
                for one, own in pairs
            ],
            losses=[one.losses[chosen] for one in answers],
            known=maps,
            without_tokens=[int((~one.has_tokens & counts).sum()) for one in answers],
        )

    @property
    def n_models(self) -> int:
        """The number of models."""
        return len(self.first)

    @property
    def n_labels(self) -> int:
        """The number of labels that some model knows."""
        return len(self.names.tokens)

    @cached_property
    def is_single(self) -> bool:
        """Whether each line has one label."""
        return len(self.gold) == self.n

    @cached_property
    def right(self) -> list[NDArray[np.bool_]]:
        """For each model, whether the best label of each line is one of its labels."""
        lines = np.arange(self.n) * self.n_labels
        return [(first >= 0) & np.isin(lines + first, self.gold) for first in self.first]

    def unknown(self, model: int) -> tuple[list[str], int]:
        """Return the labels of lines that a model does not know, and how many lines have them."""
        lines, labels = np.divmod(self.gold, max(self.n_labels, 1))
        missing = ~np.isin(labels, self.known[model])
        names = [self.names.unique[i] for i in np.unique(labels[missing]).tolist()]
        return names, len(np.unique(lines[missing]))

    def meter(self, model: int, drawn: NDArray[np.int64] | None = None) -> Meter:
        """Return the counts of a model; ``drawn`` int64[lines] says how often each line counts."""
        n_labels = self.n_labels
        weights = np.ones(self.n, np.int64) if drawn is None else drawn

        def counted(keys: NDArray[np.int64]) -> NDArray[np.int64]:
            lines, labels = np.divmod(keys, max(n_labels, 1))
            found = np.bincount(labels, weights=weights[lines], minlength=n_labels)
            return found.astype(np.int64)

        meter = Meter(nlabels=n_labels)
        meter.n = int(weights.sum())
        meter.n_first_right = int(weights[self.right[model]].sum())
        meter.gold = counted(self.gold)
        meter.predicted = counted(self.given[model])
        meter.right = counted(self._right_keys[model])
        losses = self.losses[model]
        known = np.isfinite(losses)
        total = float((losses[known] * weights[known]).sum())
        meter.add_losses(int(weights[known].sum()), total, total)
        return meter

    @cached_property
    def _right_keys(self) -> list[NDArray[np.int64]]:
        return [given[np.isin(given, self.gold)] for given in self.given]

    def measure(
        self, model: int, metric: Metric, label: int
    ) -> Callable[[NDArray[np.int64]], float]:
        """Return what measures a model on lines that were drawn so often, int64[lines]."""
        return lambda drawn: metric.value(self.meter(model, drawn), label)

    def right_alone(self, a: int, b: int) -> tuple[int, int]:
        """Return how many lines the first of two models has right and the other not, and back."""
        one, other = self.right[a], self.right[b]
        return int((one & ~other).sum()), int((other & ~one).sum())

    @property
    def all_have_losses(self) -> bool:
        """Whether every model has a loss for each line."""
        return all(bool(np.isfinite(one).all()) for one in self.losses)

    def distinct(self) -> tuple[SameLines, NDArray[np.int64]]:
        """Return one line of each kind, and the kind of each line.

        Lines with the same labels, that got the same ones of every model, are alike; their losses
        are not.  There are few kinds, so that many samples of lines can be measured.
        """
        n_labels = self.n_labels
        # A sum of random numbers stands for a set: two of 2^64 are hardly ever the same.
        numbers = np.random.Generator(np.random.PCG64(0)).integers(0, 2**63, n_labels, np.uint64)
        sums = np.zeros((1 + self.n_models, self.n), np.uint64)
        for row, keys in zip(sums, (self.gold, *self.given), strict=True):
            lines, labels = np.divmod(keys, max(n_labels, 1))
            np.add.at(row, lines, numbers[labels])
        firsts = np.array(self.first).astype(np.uint64)
        table = np.ascontiguousarray(np.concatenate([sums, firsts]).T)
        _, chosen, kinds = np.unique(table, axis=0, return_index=True, return_inverse=True)
        return self._restricted(chosen), kinds.reshape(-1)

    def _restricted(self, chosen: NDArray[np.int64]) -> SameLines:
        """Return some of the lines that count."""
        n_labels = max(self.n_labels, 1)
        return replace(
            self,
            n=len(chosen),
            gold=_of_lines(self.gold, chosen, self.n, n_labels),
            given=[_of_lines(keys, chosen, self.n, n_labels) for keys in self.given],
            first=[first[chosen] for first in self.first],
            losses=[losses[chosen] for losses in self.losses],
        )


def _keys(pairs: NDArray[np.int64], own: NDArray[np.int64], n_labels: int) -> NDArray[np.int64]:
    """Return keys of lines and labels, int64[2, n]; ``own`` are the places of a model's labels."""
    found: NDArray[np.int64] = pairs[0] * n_labels + own[pairs[1]]
    return found


def _of_lines(
    keys: NDArray[np.int64], chosen: NDArray[np.int64], n_lines: int, n_labels: int
) -> NDArray[np.int64]:
    """Return the keys of some of n lines, by their places among these, in order."""
    place = np.full(n_lines, -1)
    place[chosen] = np.arange(len(chosen))
    lines, labels = np.divmod(keys, n_labels)
    is_kept = place[lines] >= 0
    return np.sort(place[lines[is_kept]] * n_labels + labels[is_kept])
