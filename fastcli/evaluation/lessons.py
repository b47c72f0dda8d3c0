"""Diagnose a finished training run: no better than guessing, over-fitting, labels never predicted.

Facts in, sentences out; both trainers use it.  Each sentence ends with what to try.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fastcli.evaluation.early_stopping import NAN, Evaluation
from fastcli.evaluation.guessing import LEARNED, Guessing
from fastcli.printable import counted, listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.meter import Meter

CHANCE = 0.95  # of the loss of guessing: with more than that, next to nothing was learned
SHARES = 1.05  # the same: with less than that, the shares of labels were learned
DIVERGED = 1.5  # of the loss before training: with more than that, steps made it worse
RISEN = 1.1  # of the smallest validation loss
LATER = 3  # evaluations after it
BOUNCED = 1.5  # of the smallest training loss
RARE = 0.5  # of the mean count of a label: with less, there are few lines of it
NAMED = 5  # labels in a sentence
LACKING = 0.1  # of the labels: with more that no validation line has, figures say little of them
ALIKE = 0.01  # relative: losses that differ by less are said once


@dataclass(kw_only=True)
class Learned:
    """The facts of a training: losses, evaluations, and counts of labels.

    ``label_counts`` int64[labels] says how many training lines have each of ``labels``;
    ``label_weights`` float64[labels] how much these weigh, None where all weigh the same; ``guess``
    is the loss of guessing by these, ``start`` the loss before the first step, NaN where they are
    not known; ``loss`` is the mean of the last epoch.  A linear model starts with equal scores for
    all labels, and not at ``guess``: of lopsided labels that is much less.  Where training
    ``goes_on`` with a model, ``start`` is what that model has on the training lines, and ``guess``
    the loss of equal scores for all labels: the new lines need not have the shares of the old ones.
    ``best`` is what was counted on validation lines for the model that is kept.
    """

    labels: Sequence[str]
    label_counts: NDArray[np.int64]
    label_weights: NDArray[np.float64] | None = None
    loss: float
    guess: float = NAN
    start: float = NAN
    lr: float = NAN
    largest_lr: float = math.inf  # that is worth a try
    goes_on: bool = False
    monitor: str = "accuracy"
    history: list[Evaluation] = field(default_factory=list)
    kept: Evaluation | None = None
    best: Meter | None = None
    overfit: str = "--patience 3 or fewer -epoch"  # what to try
    slow: str = "a larger -lr and more -epoch"
    of_numbers: bool = False  # rows of a table or a libsvm file, not texts

    def __post_init__(self) -> None:
        if self.label_weights is not None and not self._has_choice:
            self.guess = NAN  # it is 0, and no judgement of the text

    # ------------------------------------------------------------------ judgements

    @property
    def is_at_chance(self) -> bool:
        """Whether the losses and the validation lines show a model hardly better than guessing."""
        if not self._has_choice:
            return False
        guessing = self._guessing
        if guessing is None:
            return self._loss_is_of_chance()
        if guessing.lift > LEARNED:
            return False
        if self._loss_is_of_chance():
            return True
        return guessing.represents(self.label_counts) and guessing.is_at_chance

    @property
    def _frequencies(self) -> NDArray[np.float64]:
        """How frequent labels are, by their weights."""
        counts = self.label_counts.astype(np.float64)
        return counts if self.label_weights is None else self.label_weights

    @property
    def _has_choice(self) -> bool:
        """Whether at least two labels are learned: those without weight are not."""
        if self.label_weights is None:
            return len(self.labels) > 1
        return int(np.count_nonzero(self.label_weights)) > 1

    @property
    def needs_more(self) -> bool:
        """Whether other options may teach it more: it is at chance, or misses frequent labels."""
        if not self._has_choice or self.rate_is_too_high:
            return False
        return self.is_at_chance or len(self._missed()[0]) > 0

    @property
    def rate_is_too_high(self) -> bool:
        """Whether steps were so large that the training loss rose."""
        if self._is_far_above() or (self.lr > self.largest_lr and self._is_above()):
            return True
        losses = self._epoch_losses()
        least = min(losses, default=NAN)
        is_late = len(losses) >= LATER and losses.index(least) < len(losses) - LATER
        return is_late and losses[-1] > max(BOUNCED * least, 0.1)

    def _is_far_above(self) -> bool:
        """Whether the loss is so large that steps must have made it worse."""
        if self.goes_on and self.start == self.start:
            return self.loss > max(DIVERGED * self.start, self.guess / 2)  # a start may be near 0
        return self.loss > DIVERGED * self.ceiling

    def _is_above(self) -> bool:
        """Whether the loss is above that of guessing, after all steps."""
        return self.loss > SHARES * self.guess

    @property
    def ceiling(self) -> float:
        """The loss that too little training leaves at most, but for noise; NaN if not known."""
        return max(filter(math.isfinite, (self.start, self.guess)), default=NAN)

    @property
    def is_above_start(self) -> bool:
        """Whether the loss is no smaller than before training: a larger rate may not help."""
        return self.loss > (1 + ALIKE) * self.ceiling

    @property
    def disagrees(self) -> bool:
        """Whether the model that training goes on with was worse than guessing, and still is."""
        return self.goes_on and self._is_above() and self.start > SHARES * self.guess

    @property
    def _guessing(self) -> Guessing | None:
        """What guessing reaches on validation lines, None without any."""
        return Guessing(self.best) if self.best is not None and self.best.n else None

    def _loss_is_of_chance(self) -> bool:
        return self.loss >= CHANCE * self.guess

    def _epoch_losses(self) -> list[float]:
        """Return the mean training loss of each epoch that ends with an evaluation or has some."""
        sums: dict[int, tuple[float, int]] = {}
        before = 0
        for e in self.history:
            total, n = sums.get(e.epoch, (0.0, 0))
            sums[e.epoch] = (total + e.loss * (e.step - before), n + e.step - before)
            before = e.step
        return [total / n for total, n in sums.values() if n and math.isfinite(total)]

    def _missed(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return which labels of validation lines the kept model never predicts.

        First those with as many training lines as others, then the rare ones.
        """
        none = np.zeros(0, np.int64)
        if self.best is None or self.is_at_chance:
            return none, none
        missed = np.flatnonzero((self.best.gold > 0) & (self.best.predicted == 0))
        if self.label_weights is not None:  # those without weight are not to be predicted
            missed = missed[self.label_weights[missed] > 0]
        is_rare = self.label_counts[missed] < RARE * self.label_counts.mean()
        if self.has_several:  # one that stands beside others need not be the best of any line
            return none, missed
        return missed[~is_rare], missed[is_rare]

    @property
    def has_several(self) -> bool:
        """Whether validation lines have several labels."""
        return self.best is not None and int(self.best.gold.sum()) > self.best.n

    # ------------------------------------------------------------------ sentences

    def sentences(self) -> Iterator[str]:
        """Yield what a person must be told."""
        if len(self.labels) == 1:
            what = "row" if self.of_numbers else "text"
            other = "--label-column" if self.of_numbers else "-label or --label-column"
            yield (
                f"There is only one label, {self.labels[0]}: every {what} gets it. Give lines of "
                f"other labels, too, or another {other}."
            )
            return
        if self.rate_is_too_high:
            lr = min(self.lr / 5, self.largest_lr)
            yield f"The learning rate is too high: {self._too_high()}. Try -lr {lr:.2g}."
        elif self.is_at_chance:
            yield self._at_chance()
        if lacking := self._lacking():
            yield lacking
        if not self.rate_is_too_high:
            yield from filter(None, (self._overfitting(), self._never_predicted()))

    def _too_high(self) -> str:
        """Return what the training loss did."""
        is_above = self.lr > self.largest_lr and self._is_above()
        if self._is_far_above() or is_above:
            return f"the training loss ended at {self.loss:.4g}{self._against()}"
        losses = self._epoch_losses()
        return f"the training loss rose again from {min(losses):.4g} to {losses[-1]:.4g}"

    def _at_chance(self) -> str:
        """Return how little was learned, as far as losses and validation lines tell.

        What to try is part of it only where training goes on: else a command is proposed.
        """
        if self.disagrees:
            return (
                f"The model and these lines disagree: the training loss is {self.loss:.4g}"
                f"{self._against()}. Check their labels; if they are right, try {self.slow}."
            )
        fix = f" Check the labels of the lines, or try {self.slow}." if self.goes_on else ""
        guessing = self._guessing
        if self._loss_is_of_chance():
            has_begun = self.loss < CHANCE * self.start
            is_surely_better = (
                guessing is not None and guessing.meter.accuracy > guessing.surely_better
            )
            what = "It learned next to nothing"
            if is_surely_better or (has_begun and self.loss > SHARES * self.guess):
                what = "Too little training"
            elif has_begun and not _is_alike(one_of_all_guess(self._frequencies), self._even):
                what = "It learned little more than the label frequencies"
            return f"{what}: the training loss is {self.loss:.4g}{self._against()}.{fix}"
        assert guessing is not None
        sure = "no" if guessing.is_no_better else "not surely"
        n = "" if guessing.is_no_better else f" on {guessing.meter.n:,} validation lines"
        return (
            f"It is {sure} better than guessing: accuracy {guessing.meter.accuracy:.3f}{n}, and "
            f"always the most frequent label has {guessing.share:.3f}.{fix}"
        )

    @property
    def _even(self) -> float:
        """The entropy of labels that are equally frequent."""
        return math.log(len(self.labels))

    def _against(self) -> str:
        """Return what the loss is compared with."""
        even = self._even
        found = []
        if math.isfinite(self.start) and not _is_alike(self.start, self.guess):
            name = f" (ln {len(self.labels):,})" if _is_alike(self.start, even) else ""
            found.append(f"it began at {self.start:.4g}{name}")
        if math.isfinite(self.guess):
            is_even = _is_alike(self.guess, even)
            by = "how frequent labels are"
            if self.label_weights is not None:
                by = "the weighted label frequencies"
            name = "guessing all labels alike" if self.goes_on else f"guessing by {by}"
            if is_even:
                name = f"guessing (ln {len(self.labels):,})"
            found.append(f"{name} has {even if is_even else self.guess:.4g}")
        return f"{';' if len(found) > 1 else ', and'} {', and '.join(found)}" if found else ""

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

    def _lacking(self) -> str:
        """Return which labels no validation line has, or "" where these are few."""
        if self.best is None or not self.best.n:
            return ""
        trained, gold = self.label_counts > 0, self.best.gold > 0
        missing = np.flatnonzero(trained & ~gold)
        n, there = int(np.count_nonzero(trained)), np.flatnonzero(gold)
        if len(there) == 1 and len(missing):
            return (
                f"All validation lines have one label, {self.labels[there[0]]}: their figures say "
                f"nothing of the other {counted(len(missing), 'label')}. Give validation lines of "
                "these, too."
            )
        share = int(self.label_counts[missing].sum()) / max(int(self.label_counts.sum()), 1)
        if len(missing) <= LACKING * n and share <= LACKING:
            return ""
        names = listed([self.labels[i] for i in missing[:NAMED]])
        more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
        return (
            f"No validation line has the label{'s' * (len(missing) > 1)} {names}{more} "
            f"({len(missing):,} of {n:,}): the figures say nothing of "
            f"{'these' if len(missing) > 1 else 'it'}. Give validation lines of "
            f"{'these' if len(missing) > 1 else 'it'}, too."
        )

    def _never_predicted(self) -> str:
        """Return which labels of validation lines the kept model never predicts, or ""."""
        frequent, rare = self._missed()
        missed = frequent if len(frequent) else rare
        if not len(missed):
            return ""
        names = listed([self.labels[i] for i in missed[:NAMED]])
        more = f" and {len(missed) - NAMED:,} more" if len(missed) > NAMED else ""
        be, have = ("is", "it has") if len(missed) == 1 else ("are", "they have")
        what = "predicted on validation lines"
        if self.has_several:
            what = "the best label of a validation line"
        counts = self.label_counts[missed]
        least, most = int(counts.min()), int(counts.max())
        n = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        start = f"{names}{more} {be} never {what}"
        if len(frequent):
            mean = float(self.label_counts.mean())
            return (
                f"{start}, though {have} {n} training lines, and labels {mean:,.0f} on average: "
                f"train more, with {self.slow}."
            )
        help_ = "More of their lines help"
        if self.has_several:
            help_ += ", or predict -k -1 with --threshold"
        elif not self.monitor.startswith("f1macro") and len(self.history) > 1:
            help_ += ", or --monitor f1macro"
        return (
            f"{start}: {have} {n} training lines, and the most frequent label "
            f"{int(self.label_counts.max()):,}. {help_}."
        )


def one_of(proposals: Sequence[str]) -> str:
    """Return proposals as a part of a sentence.

    >>> one_of(["--dropout 0.3", "fewer -epoch", "--patience 3"])
    '--dropout 0.3, fewer -epoch or --patience 3'
    """
    *before, last = proposals
    return f"{', '.join(before)} or {last}" if before else last


def _is_alike(a: float, b: float) -> bool:
    return abs(a - b) < ALIKE * abs(b)


def entropy(shares: NDArray[np.float64]) -> float:
    """Return the entropy of shares that sum to 1, in nats."""
    used = shares[shares > 0]
    return max(0.0, float(-(used * np.log(used)).sum()))


def binary_entropies(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each share and the rest, in nats, float64[n]."""
    inner = np.clip(shares, 1e-12, 1 - 1e-12)
    found: NDArray[np.float64] = -inner * np.log(inner) - (1 - inner) * np.log1p(-inner)
    return found


def one_of_all_guess(counts: NDArray[np.int64] | NDArray[np.float64]) -> float:
    """Return the cross entropy of predicting the share of each label, whatever the text."""
    return entropy(counts / (float(counts.sum()) or 1.0))


def binary_guess(counts: NDArray[np.int64], n_lines: int) -> float:
    """Return the loss of one classifier a label, each predicting how frequent its label is."""
    return float(binary_entropies(np.minimum(counts / max(n_lines, 1), 1.0)).sum())


def path_start(counts: NDArray[np.int64], lengths: NDArray[np.int64]) -> float:
    """Return the loss of hierarchical softmax before training: ln 2 for each branch of a path.

    ``lengths`` int64[labels] are those of the labels' paths.
    """
    return math.log(2) * float((counts * lengths).sum()) / max(int(counts.sum()), 1)


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
