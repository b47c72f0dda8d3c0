"""The perceptron learning rule (Rosenblatt 1958): what it needs, and whether it has converged.

A unit for each label gives 1 from a score of 0 on, else 0; w += lr (t - y) x moves the units that
are in error.  The rule ends, without an error, after finitely many steps where a plane separates
each label from the others (Novikoff 1962), and never ends where none does, as for XOR (Minsky and
Papert 1969).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.mlp.args import MlpArgs, option_of, without_loss
from fastcli.printable import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from fastcli.mlp.trainer import Trainer

OWN = {"hidden": "none", "batch_size": 1}  # what the rule uses unless it is given by hand


def with_own_defaults(args: MlpArgs, given: Collection[str]) -> tuple[MlpArgs, str]:
    """Return the arguments with what belongs to the rule, if they ask for it, and a line on that.

    ``given`` are the names of the options that a person set.  Raises ArgumentError for a loss.
    """
    if args.is_perceptron and "loss" in given and args.loss != "auto":
        raise without_loss(args.loss)
    own: dict[str, Any] = {name: value for name, value in OWN.items() if name not in given}
    if not own or not args.is_perceptron:
        return args, ""
    shown = " and ".join(f"{option_of(name)} {value}" for name, value in own.items())
    them = "them" if len(own) > 1 else "it"
    return replace(args, **own), f"--optimizer perceptron uses {shown}, unless you set {them}."


def check_text(args: MlpArgs) -> None:
    """Raise ArgumentError for text, whose word vectors the rule has no step for."""
    if args.is_perceptron:
        raise ArgumentError(
            "--optimizer perceptron is for numbers: of text, word vectors are a layer that the "
            "rule cannot train. Use another --optimizer."
        )


class Errors(NamedTuple):
    """How many lines of training data have a unit in error, and which units have one: bool[n]."""

    n_wrong: int
    units: NDArray[np.bool_]


def count_errors(trainer: Trainer) -> Errors:
    """Return the errors that are left in training data."""
    examples, network = trainer.source, trainer.network
    scorer, order = trainer.scorers[0], np.arange(examples.n)
    n_wrong, units = 0, np.zeros(network.n_labels, bool)
    for first in range(0, examples.n, network.batch):
        n = min(network.batch, examples.n - first)
        scorer.score(examples, order, first, n)
        fires = network.scores(n, scorer.values) >= 0
        ends = examples.label_offsets[first : first + n + 1]
        target = np.zeros_like(fires)
        target[np.repeat(np.arange(n), np.diff(ends)), examples.labels[ends[0] : ends[-1]]] = True
        wrong = fires != target
        n_wrong += int(wrong.any(axis=1).sum())
        units |= wrong.any(axis=0)
    return Errors(n_wrong, units)


def verdict(trainer: Trainer, names: Sequence[str]) -> str:
    """Return a sentence on the errors that are left in training data; ``names`` are the labels."""
    n_wrong, units = count_errors(trainer)
    lines, epoch = counted(trainer.source.n, "training line"), trainer.converged_in
    faultless = f" epoch {epoch} had no error, and" if epoch else ""
    if not n_wrong:
        return (
            f"The perceptron rule has converged:{faultless} every unit is right for all of {lines}."
        )
    labels = listed([name for name, some in zip(names, units.tolist(), strict=True) if some])
    if epoch:
        return (
            f"The perceptron rule has converged: epoch {epoch} had no error. The model that is "
            f"kept, the best on validation data, has a unit in error for {n_wrong:,} of {lines} "
            f"({labels})."
        )
    return (
        f"The perceptron rule has not converged: {n_wrong:,} of {lines} still have a unit in error "
        f"({labels}). Where no line or plane separates a label from the others, as in XOR, it "
        "never converges, as is probably the case here: --hidden 8 with another --optimizer can "
        "learn such data. If one does, more -epoch will do."
    )
