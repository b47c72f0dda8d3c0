"""What mlp-train takes for the options that are not given: a rule for each kind of input.

The rules were found by experiment: ``benchmarks/bench_mlp_accuracy.py`` measures them on tables
and texts; half of the tables were never used to choose the rules.  A rule holds as a whole.
Whoever gives the optimiser gets its own numbers, a constant rate and no decay of the rule; whoever
gives an activation, a norm, an initialisation or a penalty gets neither dropout nor decay of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastcli.mlp.args import PLAIN, TEXT_NGRAMS, MlpArgs, option_of
from fastcli.mlp.options import has_layers
from fastcli.printable import counted

if TYPE_CHECKING:
    from fastcli.mlp.examples import Examples

# What a rule decides of a network and its training, once the examples are known.
DECIDED = {
    *("hidden", "activation", "dropout", "loss", "output_bias", "optimizer", "lr", "beta1"),
    *("beta2", "schedule", "weight_decay", "batch_size", "epoch"),
}
BATCH: int = PLAIN["batch_size"]
GOES_ON: dict[str, Any] = {"optimizer": "adam", "lr": 0.001, "schedule": "constant", "epoch": 20}
TINY = 2 * BATCH  # rows
STEPS, WIDE_STEPS, WIDE = 2000, 1000, 100  # of tables, of those of more than 100 columns
TEXT_STEPS = 500  # of short texts
OPTIMISER = {"lr", "beta1", "beta2", "weight_decay", "schedule"}  # what goes with an optimiser
SHAPES = ("activation", "norm", "init")
PENALTIES = ("weight_decay", "l1", "l2", "activation_l1", "max_norm")
OF_LAYERS = {"activation", "norm", "activation_l1"}  # without effect where none is hidden
MANY_LABELS = 100


@dataclass(frozen=True, kw_only=True)
class TrainingSize:
    """What is trained on: how many examples, inputs (of texts 0) and labels there are."""

    n: int
    n_inputs: int
    n_labels: int
    has_several: bool  # labels an example

    @classmethod
    def of(cls, examples: Examples, n_inputs: int, n_labels: int) -> TrainingSize:
        """Return those of training examples."""
        return cls(
            n=examples.n,
            n_inputs=n_inputs,
            n_labels=n_labels,
            has_several=examples.has_several,
        )

    @property
    def is_text(self) -> bool:
        """Whether these are texts."""
        return not self.n_inputs

    def __str__(self) -> str:
        if self.is_text and not self.n_labels:  # but numbers
            return counted(self.n, "line")
        if self.is_text:
            return f"{counted(self.n, 'line')} and {counted(self.n_labels, 'label')}"
        return f"{counted(self.n, 'row')} and {counted(self.n_inputs, 'column')}"


def decided(args: MlpArgs, size: TrainingSize) -> tuple[MlpArgs, str]:
    """Return arguments in which nothing is left open, and a sentence on what was decided, or "".

    Networks that training goes on with have a rule of their own: they get small steps.
    """
    if not args.is_given("weight_decay"):  # --decay-by is for that, and not for a rule's
        args = replace(args, decay_by="rate")
    rule: dict[str, Any] = dict(GOES_ON if args.input_model else _rule(args, size))
    if args.is_given("optimizer"):
        rule = {k: v for k, v in rule.items() if k not in OPTIMISER}
        rule |= {"lr": args.rule.lr, "schedule": PLAIN["schedule"]}
    own = {*SHAPES, *PENALTIES} - (set() if has_layers(args.hidden) else OF_LAYERS)
    if any(args.is_given(name) and getattr(args, name) for name in own):
        rule = {k: v for k, v in rule.items() if k != "dropout"}
        if "weight_decay" in rule:
            rule["weight_decay"] = 0.0  # not the optimiser's own, which the rule has chosen
    if args.is_given("bias"):
        rule.pop("output_bias", None)
    taken = {k: v for k, v in rule.items() if not args.is_given(k)}
    found = replace(args, **taken).resolved()
    if not found.widths:
        taken = {k: v for k, v in taken.items() if k not in ("activation", "dropout")}
    said = [word for name, value in taken.items() for word in (option_of(name), _shown(value))]
    what = "training that goes on" if args.input_model else str(size)
    return found, f"Defaults for {what}: {' '.join(said)}." if said else ""


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rule(args: MlpArgs, size: TrainingSize) -> Iterator[tuple[str, Any]]:
    if not size.is_text:
        yield from _of_table(args, size)
        return
    yield "word_ngrams", TEXT_NGRAMS
    if has_layers(args.hidden):
        yield from _of_text(args, size)
    else:
        yield from _of_text_alone(args, size)


def _of_table(args: MlpArgs, size: TrainingSize) -> Iterator[tuple[str, Any]]:
    """Yield the rule for tables of numbers; wide ones take half the steps."""
    n, d = size.n, size.n_inputs
    yield "hidden", "256"
    if n < TINY:  # XOR has four rows: units that are dead for all of them never come back
        yield "activation", "leaky-relu:0.1"
    yield "optimizer", "adamw"
    yield "lr", 0.003 if args.augment else 0.02  # images whose pixels are scaled alike
    yield "beta2", 0.99
    yield "schedule", "cosine"
    yield "weight_decay", decay_of(n, d, args.is_regression)
    yield "dropout", "0.1"
    yield "epoch", epochs_of(WIDE_STEPS if d > WIDE else STEPS, n, args.batch_size, 20)


def _of_text(args: MlpArgs, size: TrainingSize) -> Iterator[tuple[str, Any]]:
    """Yield the rule for texts and a network with hidden layers."""
    n, is_many = size.n, size.n_labels > MANY_LABELS
    yield "hidden", "256" if is_many else "100"
    yield "optimizer", "adam"
    yield "beta1", 0.0
    yield "lr", 0.003 if is_many else 0.005 if size.has_several else 0.002
    yield "schedule", "linear"
    yield "dropout", "0.3" if is_many else "0.5"
    if is_many:
        yield "batch_size", 16
    if size.has_several:
        yield from [("loss", "softmax")] if is_many else [("output_bias", "prior")]
    yield "epoch", epochs_of(TEXT_STEPS, n, args.batch_size, 20 if is_many else 5)


def _of_text_alone(args: MlpArgs, size: TrainingSize) -> Iterator[tuple[str, Any]]:
    """Yield the rule for texts without hidden layers: the mean of word vectors decides."""
    n, is_many = size.n, size.n_labels > MANY_LABELS
    yield "optimizer", "adam"
    yield "beta1", 0.0
    yield "lr", 0.03 if is_many else 0.01
    yield "schedule", "linear"
    if is_many:
        yield "batch_size", 16
    if size.has_several:
        yield "output_bias", "prior"
    yield "epoch", epochs_of(TEXT_STEPS, n, args.batch_size, 10 if is_many else 5)


def decay_of(n: int, d: int, is_regression: bool) -> float:
    """Return the weight decay for n rows of d columns.

    The more columns there are, and the fewer rows, the more could be learnt from noise alone.  The
    noise of a target is learnt sooner than that of a label.

    >>> decay_of(1000, 2, False), decay_of(1000, 10, False), decay_of(1000, 10, True)
    (0.05, 0.45, 0.9)
    """
    by_columns = min(1.0, (d - 1) / 10)
    if is_regression:
        return round(min(2.0, max(by_columns, 20 * d / n)), 4)
    return round(min(1.0, max(by_columns / 2, 3 * d / n)), 4)


def epochs_of(steps: int, n: int, batch: int, least: int) -> int:
    """Return the epochs that take about some steps on n examples, ``least`` at least.

    ``batch`` is that of the arguments: 0 is all examples, -1 what is usual.

    >>> epochs_of(2000, 1000, -1, 20), epochs_of(2000, 1000, 200, 20), epochs_of(2000, 9**6, 32, 20)
    (62, 400, 20)
    """
    batch = BATCH if batch < 0 else batch or n
    return max(least, round(steps / -(-n // batch)))
