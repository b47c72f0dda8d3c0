"""Reading the training and validation data of a neural network, of whatever kind they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError, missing
from fastcli.evaluation.weights import read_class_weight
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.input_kind import check_weight_column, input_kind
from fastcli.mlp.number_data import read_numbers
from fastcli.mlp.perceptron_rule import check_text
from fastcli.mlp.text_data import read_texts
from fastcli.mlp.training_data import TrainingData
from fastcli.reporting import Reporter
from fastcli.text.inputs import text_size
from fastcli.text.spooled import place_of
from fastcli.text.vector_files import VectorSource

if TYPE_CHECKING:
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.given_tables import GivenTables


def read_data(
    args: MlpArgs,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None = None,
    is_fold: bool = False,
    given: GivenTables | None = None,
) -> TrainingData:
    """Read training and validation files, as text or as numbers.

    Words, columns and labels are those of the ``former`` network, too, if training goes on with
    one.  The lines of a fold, which are not all, may lack labels that ``--class-weight`` names.
    ``given`` are rows of numbers that take the place of files.
    Raises DataError, or ArgumentError where the input is not of its kind.
    """
    purposes = dict.fromkeys(args.input if given is None else (), "training")
    if args.valid and (given is None or given.valid is None):
        purposes.setdefault(args.valid, "validation")
    for path, purpose in purposes.items():
        if not os.path.exists(place_of(path)):
            raise missing(path, purpose)
    asked = read_class_weight(args.class_weight, is_fold)  # whose errors come before much is read
    reporter.stage("reading", text_size(args.input))
    kind = input_kind(args) if given is None else "csv"
    check_weight_column(args, kind)
    if former is not None:
        former.check_kind(kind, args.input[0])
    if kind == "text":
        check_text(args)
        return read_texts(args, asked, reporter, source, former)
    if args.pretrained_vectors:
        raise ArgumentError("-pretrainedVectors is for text, and the input is numbers.")
    return read_numbers(args, asked, kind, reporter, former, given)
