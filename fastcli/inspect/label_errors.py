"""Labels that are probably wrong: lines to which a model that did not see them gives another one.

They are ranked by self-confidence, the probability of the label that a line has (Northcutt, Jiang
and Chuang 2021, Confident Learning, section 3); ``benchmarks/bench_label_errors.py`` compares it
with other rankings on flipped labels.  How many are wrong is estimated as there: those whose other
label is at least as probable as it is, on average, for the lines that have it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FoldLine:
    """A line, and what the fold that did not see it predicts.

    ``prob`` is the probability of the predicted label, ``own`` the least one of the line's own
    labels, NaN where the model knows none of them.  ``predicted`` is "" where there is nothing to
    predict from.
    """

    line: int
    true: tuple[str, ...]
    predicted: str
    prob: float
    own: float
    text: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether another label is proposed."""
        return bool(self.predicted) and self.predicted not in self.true

    @property
    def can_be_judged(self) -> bool:
        """Whether the fold knew the label, so that there is a probability of it."""
        return math.isfinite(self.own)


@dataclass(frozen=True, kw_only=True)
class LabelErrors:
    """The doubtful lines, the most doubtful first; ``n_wrong`` of them are probably wrong.

    ``unjudged`` are lines whose label the fold did not know, though it proposes another.
    """

    n_lines: int
    n_wrong: int
    doubtful: list[FoldLine]
    unjudged: list[FoldLine]

    @property
    def learned_too_little(self) -> bool:
        """Whether more than half of the lines are doubtful, which says more of the models."""
        return 2 * len(self.doubtful) > self.n_lines

    @property
    def listed(self) -> list[FoldLine]:
        """All lines with another label, those that cannot be judged last."""
        return [*self.doubtful, *self.unjudged]

    def as_json(self, path: str) -> dict[str, Any]:
        """Return all of it as a JSON object."""
        return {
            "file": path,
            "lines": self.n_lines,
            "doubtful": len(self.doubtful),
            "probably_wrong": None if self.learned_too_little else self.n_wrong,
            "not_judged": len(self.unjudged),
            "label_errors": [
                {
                    "line": one.line,
                    "given": list(map(_text, one.true)),
                    "given_probability": _rounded(one.own),
                    "proposed": _text(one.predicted),
                    "proposed_probability": _rounded(one.prob),
                    "text": _text(one.text),
                }
                for one in self.listed
            ],
        }


def label_errors(lines: Iterable[FoldLine]) -> LabelErrors:
    """Return the doubtful lines of some, the most doubtful first, and those not judged."""
    lines = list(lines)
    sums: dict[str, list[float]] = {}
    for one in lines:
        if len(one.true) == 1 and one.can_be_judged:
            total = sums.setdefault(one.true[0], [0.0, 0.0])
            total[0] += one.own
            total[1] += 1
    usual = {label: total / n for label, (total, n) in sums.items()}
    found = [one for one in lines if one.is_doubtful]
    doubtful = sorted((one for one in found if one.can_be_judged), key=lambda one: one.own)
    unjudged = [one for one in found if not one.can_be_judged]
    n_wrong = sum(one.prob >= usual.get(one.predicted, 1.0) for one in doubtful)
    return LabelErrors(n_lines=len(lines), n_wrong=n_wrong, doubtful=doubtful, unjudged=unjudged)


def _text(text: str) -> str:
    """Return text as JSON may have it: what is not UTF-8 is replaced."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _rounded(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None
