"""Looking at a network without training it: what --check-gradients and --trace have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.evaluation.weights import weights_file
from fastcli.mlp.data_reader import read_data
from fastcli.mlp.train_and_save import begin, network_of
from fastcli.options import names_of
from fastcli.text.spooled import spooled

if TYPE_CHECKING:
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.trainer import Trainer
    from fastcli.mlp.training_data import TrainingData
    from fastcli.reporting import Reporter
    from fastcli.text.vector_files import VectorSource


def read_to_look(
    args: MlpArgs,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None,
) -> TrainingData:
    """Read the training data alone: no validation, nothing random in it.  Raises FastcliError."""
    args = replace(args, valid="", word_dropout=0.0, word_swap=0.0)
    with spooled([*args.input, weights_file(args.class_weight)], reporter):
        return read_data(args, reporter, source, former)


def trainer_to_look(
    args: MlpArgs, data: TrainingData, former: FormerNetwork | None, n: int
) -> Trainer:
    """Return a run at its start, for a step on n examples, with nothing random in it."""
    args = replace(still(args), batch_size=n, thread=1)
    return begin(args, data, network_of(args, data), former)


def still(args: MlpArgs) -> MlpArgs:
    """Return arguments of a network that does the same with a row every time."""
    words = []
    for chosen in args.activations:
        low, high = (*chosen.values, 0.0, 0.0)[:2]
        is_random = chosen.activation.is_random
        words.append(f"leaky-relu:{(low + high) / 2!r}" if is_random else str(chosen))
    return replace(
        args,
        activation=",".join(words) or args.activation,
        dropout="0",
        input_dropout=0.0,
        input_noise=0.0,
        word_dropout=0.0,
        word_swap=0.0,
    )


def still_sentence(args: MlpArgs) -> str:
    """Return a sentence on what is random in training and is not here, "" if nothing is."""
    off = []
    if any(args.dropouts) or args.input_dropout or args.word_dropout or args.word_swap:
        off.append("dropout")
    if args.input_noise:
        off.append("noise")
    if args.augment:
        off.append("augmentation")
    said = []
    if off:
        said.append(f"{names_of(off).capitalize()} {'are' if len(off) > 1 else 'is'} off here")
    if any(chosen.activation.is_random for chosen in args.activations):
        said.append("rrelu uses its mean slope")
    return f"{'; '.join(said)}.".capitalize() if said else ""


def check_no_batch_norm(args: MlpArgs) -> None:
    """Raise ArgumentError where one row alone cannot be normalised."""
    if args.norm == "batch" and args.widths:
        raise ArgumentError(
            "--trace takes a step on one row, which --norm batch cannot normalise: the mean of "
            "one row is the row itself. Use --norm layer, or leave --norm out."
        )
