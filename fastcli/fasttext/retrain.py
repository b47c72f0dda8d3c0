"""Training an existing model further, on the features that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError, ModelFormatError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.read_text import read_known
from fastcli.fasttext.trainer import Trainer
from fastcli.memory import padded, zeros
from fastcli.printable import listed_files
from fastcli.reporting import Reporter, run_and_report

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model


def check_retrains(model: Model, name: str) -> None:
    """Raise ModelFormatError for a model that cannot be trained further; ``name`` is its file."""
    known, counts = model.args, model.dictionary.label_counts()
    fields = {field: getattr(known, field) for field in type(known).__dataclass_fields__}
    reason = ""
    try:
        TrainArgs(**fields).check_values()
    except ArgumentError as error:
        reason = str(error)
    if not len(counts):
        reason = "It has no labels."
    elif known.loss == "ns" and len(counts) < 2:
        reason = "Its loss is ns, which needs at least two labels, and it has only one."
    elif known.loss == "hs" and (
        # Compared, not subtracted: differences of numbers from a file may wrap around.
        counts.min() < 1
        or (counts[1:] > counts[:-1]).any()
        or counts.sum(dtype=np.float64) >= 2**62
    ):
        reason = (
            "Its label counts do not form a Huffman tree: they must be positive and descending."
        )
    if reason:
        raise ModelFormatError(f"{name} cannot be trained further. {reason}")


def retrain(model: Model, args: TrainArgs, reporter: Reporter) -> None:
    """Train a classifier further, in place, with the training arguments of ``args``.

    Raises DataError if no line of the input has a label and a feature of the model, or
    TrainingDiverged.
    """
    assert isinstance(model.wi, DenseMatrix)
    dictionary, dim = model.dictionary, model.args.dim
    corpus = read_known(model, args, reporter)
    if corpus.n_lines == 0 and corpus.skipped.no_label and not corpus.skipped.no_known_label:
        raise DataError(
            f"No label found in {listed_files(args.input)}: no token starts with {model.label!r}. "
            "Give the prefix of labels that the model was trained with: -label."
        )
    if corpus.n_lines == 0:
        raise DataError(
            f"No line of {listed_files(args.input)} has both a label and a word of the model, so "
            "there is nothing to train on: -input must be text like the training text of the model."
        )
    stride = padded(dim)
    wi = zeros(corpus.shards * corpus.shard_rows * stride).reshape(-1, stride)
    wo = zeros(dictionary.nlabels * stride).reshape(-1, stride)
    # Buckets that the text has are renumbered; the model's rows follow them and come back.
    inputs, outputs = model.wi.values.reshape(-1, dim), model.wo.values.reshape(-1, dim)
    wi[corpus.memory_rows, :dim] = inputs[corpus.ids]
    wo[:, :dim] = outputs
    trainer = Trainer(args, dictionary, corpus, wi.reshape(-1), wo.reshape(-1), stride)
    trainer.scheme.kernel.load()  # so that compiling does not count as training
    reporter.stage("training")
    run_and_report(trainer.run(), reporter)
    inputs[corpus.ids] = wi[corpus.memory_rows, :dim]
    outputs[:] = np.asarray(wo[:, :dim])
