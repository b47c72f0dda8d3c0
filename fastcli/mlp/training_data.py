"""Reading the training and validation data of a neural network: text, or tables of numbers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.examples import Examples, of_dense
from fastcli.mlp.feature_files import guess_format, inspect_columns, read_features
from fastcli.mlp.features import FeatureColumns, label_ids
from fastcli.mlp.network import stride
from fastcli.mlp.texts import (
    augmented,
    bucket_of,
    read_known_text,
    read_text,
    start_embedding,
    start_from,
)
from fastcli.printable import listed, shortened
from fastcli.reporting import Reporter
from fastcli.text.inputs import text_size
from fastcli.text.lines import Reader
from fastcli.text.pretrained import Pretrained
from fastcli.text.spooled import place_of
from fastcli.text.tables import read_delimiter
from fastcli.text.vector_files import VectorFile, VectorSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary


@dataclass(kw_only=True)
class TrainingData:
    """All that was read: training and validation examples, and how to read more like them."""

    examples: Examples
    valid: Examples | None
    n_in: int
    names: list[bytes]
    n_rows: int = 0
    embedding: Callable[[int, int], NDArray[np.float32]] | None = None
    dictionary: Dictionary | None = None
    bucket_rows: NDArray[np.int32] | None = None
    columns: FeatureColumns | None = None
    augment: Callable[[int], Examples] | None = None


def input_kind(args: MlpArgs) -> str:
    """Return the format of the input: text, csv or libsvm, guessed where none is given."""
    return guess_format(args.input[0], args.label) if args.format == "auto" else args.format


def read_data(args: MlpArgs, reporter: Reporter, source: VectorSource | None) -> TrainingData:
    """Read training and validation files, as text or as numbers."""
    purposes = dict.fromkeys(args.input, "training")
    if args.valid:
        purposes.setdefault(args.valid, "validation")
    for path, purpose in purposes.items():
        if not os.path.exists(place_of(path)):
            raise DataError(cannot_open(path, "No such file or directory", purpose))
    reporter.stage("reading", text_size(args.input))
    kind = input_kind(args)
    if kind == "text":
        return _read_text(args, reporter, source)
    if args.pretrained_vectors:
        raise ArgumentError("-pretrainedVectors is for text, and the input is numbers.")
    return _read_numbers(args, kind, reporter)


def _read_text(args: MlpArgs, reporter: Reporter, source: VectorSource | None) -> TrainingData:
    pretrained = None
    if args.pretrained_vectors:
        source = source or VectorFile(args.pretrained_vectors)
        source.check_dim(args.dim)
        pretrained = Pretrained(source, args.vectors_words, args.label, args.thread)
    text = read_text(args, reporter, pretrained)
    dictionary, bucket = text.dictionary, bucket_of(args)
    bucket_rows = text.bucket_rows if bucket else None
    valid = None
    if args.valid:
        reader = Reader(
            dictionary, args.label, args.word_ngrams, args.minn, args.maxn, bucket, bucket_rows
        )
        valid, left_out = read_known_text(args.valid, reader)
        if left_out:
            reporter.note(f"{args.valid}: {left_out:,} lines without a known label or word.")

    def start(wide: int, row_floats: int) -> NDArray[np.float32]:
        embedding = start_embedding(args, text, wide, row_floats)
        if pretrained is not None:
            for sentence in start_from(pretrained, text, embedding.reshape(-1, row_floats)):
                reporter.note(sentence)
        return embedding

    return TrainingData(
        examples=text.examples,
        valid=valid,
        n_in=args.dim,
        names=dictionary.labels(),
        n_rows=text.n_rows,
        embedding=start,
        dictionary=dictionary,
        bucket_rows=bucket_rows,
        augment=(lambda epoch: augmented(args, text, epoch)) if text.streams else None,
    )


def _read_numbers(args: MlpArgs, kind: str, reporter: Reporter) -> TrainingData:
    columns = inspect_columns(args.input, kind, args.label_column, args.delimiter, reporter.note)
    delimiter = read_delimiter(args.delimiter)
    table = read_features(args.input, columns, "training", delimiter, reporter.note)
    labelled = [i for i, names in enumerate(table.labels) if names]
    if not labelled:
        raise DataError(
            f"{args.input[0]}: no line has a label in column {columns.label}. Give --label-column."
        )
    if len(labelled) < len(table.labels):
        reporter.note(f"Lines without a label: {len(table.labels) - len(labelled):,} left out.")
    is_whole = len(labelled) == len(table.labels)
    x = table.x if is_whole else table.x[labelled]
    labels = [table.labels[i] for i in labelled]
    names = sorted({name for some in labels for name in some}, key=_natural)
    if columns.kind == "csv" and len(names) > max(100, len(labels) // 2):
        reporter.note(
            f"{len(names):,} different labels in {len(labels):,} lines: is column "
            f"{columns.label} the label? If not, give --label-column."
        )
    columns.fit(x, args.standardize)
    if constant := columns.constant():
        reporter.note(_constant_sentence(constant, columns.n_features))
    row = stride(columns.n_features)
    examples = of_dense(columns.standardize(x), row, *label_ids(labels, names))
    valid = None
    if args.valid:
        found = read_features([args.valid], columns, "validation", delimiter, reporter.note)
        known = set(names)
        kept = [i for i, some in enumerate(found.labels) if known.intersection(some)]
        if not kept:
            raise DataError(f"{args.valid} has no line with a label of the training file.")
        if len(kept) < len(found.labels):
            n = len(found.labels) - len(kept)
            reporter.note(f"{args.valid}: {n:,} lines without a known label.")
        ids = label_ids([found.labels[i] for i in kept], names)
        valid = of_dense(columns.standardize(found.x[kept]), row, *ids)
    return TrainingData(
        examples=examples,
        valid=valid,
        n_in=columns.n_features,
        names=[name.encode("utf-8", "surrogateescape") for name in names],
        columns=columns,
    )


def _constant_sentence(columns: list[str], n_features: int) -> str:
    """Say which columns have no influence."""
    n = len(columns)
    which = (
        f"{n:,} of {n_features:,} columns are" if n > 1 else f"Column {shortened(columns[0])} is"
    )
    named = f" ({listed(columns)})" if 1 < n <= 5 else ""
    later = (
        "they have no influence on predictions." if n > 1 else "it has no influence on predictions."
    )
    return f"{which} the same in every training line{named}: {later}"


def _natural(name: str) -> tuple[int, float, str]:
    """Sort numbers as numbers, before words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
