"""What a person must be told at the end of training: that a model learned nothing, and the like.

Facts in, sentences out; both trainers use it.  Each sentence ends with what to try.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.early_stopping import NAN, Evaluation
from fastcli.printable import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.meter import Meter

CHANCE = 0.95  # of the loss of guessing: with more than that, nothing was learned
TOO_HIGH = 1.2  # of the loss of guessing: with more than that, steps make it worse
RISEN = 1.1  # of the smallest validation loss
LATER = 3  # evaluations after it
BOUNCED = 1.5  # of the smallest training loss
NAMED = 5  # labels in a sentence


@dataclass(kw_only=True)
class Learned:
    """The facts of a training: losses, evaluations, and counts of labels.

    ``label_counts`` int64[labels] says how many training lines have each of ``labels``; ``guess``
    is the loss of guessing by these, NaN where it is not known; ``loss`` is that of the last epoch.
    ``best`` is what was counted on validation lines for the model that is kept.
    """

    labels: Sequence[str]
    label_counts: NDArray[np.int64]
    loss: float
    guess: float = NAN
    lr: float = NAN
    history: list[Evaluation] = field(default_factory=list)
    kept: Evaluation | None = None
    best: Meter | None = None
    overfit: str = "--patience 3, or fewer -epoch"  # what to try
    slow: str = "a larger -lr and more -epoch"

    @property
    def is_at_chance(self) -> bool:
        """Whether the model is no better than guessing."""
        return len(self.labels) > 1 and (self._loss_is_of_chance() or self._accuracy_is_of_chance())

    @property
    def rate_is_too_high(self) -> bool:
        """Whether steps were so large that the training loss rose."""
        losses = [e.loss for e in self.history if math.isfinite(e.loss)]
        if self.loss > TOO_HIGH * self.guess:  # where networks may start, and linear models never
            return not losses or losses[-1] > losses[0]
        least = min(losses, default=NAN)
        is_late = len(losses) >= LATER and losses.index(least) < len(losses) - LATER
        return is_late and losses[-1] > max(BOUNCED * least, 0.1)

    def _loss_is_of_chance(self) -> bool:
        return self.loss >= CHANCE * self.guess

    def _accuracy_is_of_chance(self) -> bool:
        """Tell whether accuracy is within two standard errors of always the largest label."""
        if self.best is None or not self.best.n:
            return False
        share = self.largest_share
        error = math.sqrt(share * (1 - share) / self.best.n)
        return self.best.accuracy <= min(share + 2 * error, 0.99)

    @property
    def largest_share(self) -> float:
        """The share of validation lines that have the most frequent label."""
        assert self.best is not None
        return float(self.best.gold.max(initial=0)) / max(self.best.n, 1)

    def sentences(self) -> Iterator[str]:
        """Yield what a person must be told."""
        if len(self.labels) == 1:
            yield (
                f"There is only one label, {self.labels[0]}: every text gets it. Give lines of "
                "other labels, too, or another -label or --label-column."
            )
            return
        if self.rate_is_too_high:
            yield (
                f"The learning rate is too high: the training loss ended at {self.loss:.4g}"
                f"{self._against()}. Try -lr {self.lr / 5:.2g}."
            )
        elif self._loss_is_of_chance():
            loss = f"the training loss is {self.loss:.4g}{self._against()}"
            yield f"It learned next to nothing: {loss}."
        elif self._accuracy_is_of_chance() and self.best is not None:
            yield (
                f"It is no better than guessing: accuracy {self.best.accuracy:.3f}, and always the "
                f"most frequent label has {self.largest_share:.3f}."
            )
        yield from filter(None, (self._overfitting(), self._never_predicted()))

    def _against(self) -> str:
        """Return what the loss is compared with."""
        if not math.isfinite(self.guess):
            return ""
        n = len(self.labels)
        is_even = abs(self.guess - math.log(n)) < 0.01 * self.guess
        how = f" (ln {n:,})" if is_even else " by how frequent labels are"
        return f", and guessing{how} has {self.guess:.4g}"

    def _overfitting(self) -> str:
        """Return since when the validation loss rises while that of training falls, or ""."""
        rows = [e for e in self.history if math.isfinite(e.valid_loss)]
        if len(rows) <= LATER:
            return ""
        at = min(range(len(rows)), key=lambda i: rows[i].valid_loss)
        least, last = rows[at], rows[-1]
        has_risen = last.valid_loss > RISEN * least.valid_loss and last.loss < least.loss
        if not has_risen or at >= len(rows) - LATER:
            return ""
        kept = ""
        if self.kept is not None and self.kept.step != least.step:
            kept = f" Epoch {self.kept.epoch} is kept, which is best by --monitor."
        return (
            f"Over-fitting since epoch {least.epoch}: the validation loss rose from "
            f"{least.valid_loss:.4g} to {last.valid_loss:.4g} while that of training fell from "
            f"{least.loss:.4g} to {last.loss:.4g}.{kept} Try {self.overfit}."
        )

    def _never_predicted(self) -> str:
        """Return which labels of validation lines the kept model never predicts, or ""."""
        if self.best is None or self.is_at_chance:
            return ""
        missed = np.flatnonzero((self.best.gold > 0) & (self.best.predicted == 0))
        if not len(missed):
            return ""
        most = int(self.label_counts.max())
        names = listed([self.labels[i] for i in missed[:NAMED]])
        more = f" and {len(missed) - NAMED:,} more" if len(missed) > NAMED else ""
        counts = self.label_counts[missed]
        n = f"{counts.min():,}" if counts.min() == counts.max() else f"{counts.min():,} to "
        n += "" if counts.min() == counts.max() else f"{counts.max():,}"
        have = (
            "is never predicted on validation lines: it has"
            if len(missed) == 1
            else ("are never predicted on validation lines: they have")
        )
        return (
            f"{names}{more} {have} {n} training lines, and the most frequent label {most:,}. More "
            "of their lines help, or --monitor f1macro."
        )


def entropy(shares: NDArray[np.float64]) -> float:
    """Return the entropy of shares that sum to 1, in nats."""
    used = shares[shares > 0]
    return float(-(used * np.log(used)).sum())


def binary_entropies(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each share and the rest, in nats, float64[n]."""
    inner = np.clip(shares, 1e-12, 1 - 1e-12)
    found: NDArray[np.float64] = -inner * np.log(inner) - (1 - inner) * np.log1p(-inner)
    return found


def one_of_all_guess(counts: NDArray[np.int64]) -> float:
    """Return the cross entropy of predicting the share of each label, whatever the text."""
    return entropy(counts / max(int(counts.sum()), 1))


def binary_guess(counts: NDArray[np.int64], n_lines: int) -> float:
    """Return the loss of one classifier a label, each predicting how frequent its label is."""
    return float(binary_entropies(np.minimum(counts / max(n_lines, 1), 1.0)).sum())


def sampled_guess(counts: NDArray[np.int64], neg: int) -> float:
    """Return the loss of negative sampling with ``neg`` draws by the roots of the counts.

    Output k sees its label with the share p of it, and a draw of it neg q times: the best that it
    can say, whatever the text, is p / (p + neg q) (Levy and Goldberg 2014).
    """
    p = counts / max(int(counts.sum()), 1)
    roots = np.sqrt(counts)
    chance = roots / max(roots.sum(), 1e-12)
    # A draw is never the target: of each target's draws the others share what is its own.
    others = np.maximum(1 - chance, 1e-12)
    q = chance * ((p / others).sum() - p / others)
    seen = p + neg * q
    used = seen > 0
    return float((seen[used] * binary_entropies(p[used] / seen[used])).sum())
