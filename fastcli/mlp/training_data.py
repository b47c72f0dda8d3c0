"""Reading the training and validation data of a neural network: text, or tables of numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.evaluation.meter import IN_NO_DENOMINATOR
from fastcli.evaluation.retrying import NewNotes
from fastcli.evaluation.weights import (
    ClassWeight,
    Weights,
    no_weights,
    read_class_weight,
    scaled_lines,
    weights_for,
)
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.augmented_images import AugmentedImages, images_of
from fastcli.mlp.defaults import TrainingSize, decided
from fastcli.mlp.examples import Examples, of_dense
from fastcli.mlp.feature_files import (
    Placed,
    guess_format,
    ignore_places,
    libsvm_columns,
    read_libsvm,
)
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.feature_tables import read_like, read_on, read_tables
from fastcli.mlp.features import FeatureColumns, Labels, natural
from fastcli.mlp.network import stride
from fastcli.mlp.perceptron_rule import check_text
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.table_memory import check_training
from fastcli.mlp.targets import Targets
from fastcli.mlp.task import check_labels
from fastcli.mlp.text_targets import read_valid_text, targets_of_text, without_labels
from fastcli.mlp.texts import (
    augmented,
    bucket_of,
    read_known_text,
    read_text,
    start_embedding,
    start_from,
)
from fastcli.printable import counted, listed, named, readable, shortened
from fastcli.reporting import Reporter
from fastcli.tables.dialects import read_delimiter
from fastcli.tables.formats import has_prefix, head_of
from fastcli.tables.labels import LabelOptions
from fastcli.tables.options import TABLES, header_of
from fastcli.text.alike import alike_note
from fastcli.text.held_out import HeldOut, check_held_out, drawn
from fastcli.text.inputs import text_size
from fastcli.text.lines import Reader
from fastcli.text.pretrained import Pretrained
from fastcli.text.spooled import place_of
from fastcli.text.vector_files import VectorFile, VectorSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.text.dictionary import Dictionary


@dataclass(kw_only=True)
class TrainingData:
    """All that was read: training and validation examples, and how to read more like them.

    ``args`` are those of training, with what the data decided of them, which ``defaults`` says.
    """

    args: MlpArgs
    defaults: str
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
    targets: Targets | None = None  # of regression, whose names are those of ``names``


def input_kind(args: MlpArgs) -> str:
    """Return the format of the input: text, csv or libsvm, guessed where none is given."""
    if args.text_column:
        return "text"  # which the lines are that stand for the table
    if args.format != "auto":
        return args.format
    path = args.input[0]
    kind = guess_format(path, args.label)
    if kind == "text" and args.delimiter and not has_prefix(head_of(place_of(path)), args.label):
        return "csv"
    return kind


def check_weight_column(args: MlpArgs, kind: str) -> None:
    """Raise ArgumentError for a column of weights where the input, of this kind, has no columns."""
    if not args.weight_column or args.text_column or kind not in ("text", "libsvm"):
        return
    what = "lines of text, which have their weights in a token: give --weight-prefix"
    if kind == "libsvm":
        what = "libsvm, which has no weights: write a table (CSV, TSV, JSON, Parquet) with them"
    option = f"--weight-column {named(args.weight_column)}"
    raise ArgumentError(
        f"{option} is for tables, and {args.input[0]} is {what}, or leave --weight-column out."
    )


def read_data(
    args: MlpArgs,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None = None,
    is_fold: bool = False,
) -> TrainingData:
    """Read training and validation files, as text or as numbers.

    Words, columns and labels are those of the ``former`` network, too, if training goes on with
    one.  The lines of a fold, which are not all, may lack labels that ``--class-weight`` names.
    Raises DataError, or ArgumentError where the input is not of its kind.
    """
    purposes = dict.fromkeys(args.input, "training")
    if args.valid:
        purposes.setdefault(args.valid, "validation")
    for path, purpose in purposes.items():
        if not os.path.exists(place_of(path)):
            raise DataError(cannot_open(path, "No such file or directory", purpose))
    asked = read_class_weight(args.class_weight, is_fold)  # whose errors come before much is read
    reporter.stage("reading", text_size(args.input))
    kind = input_kind(args)
    check_weight_column(args, kind)
    if former is not None:
        former.check_kind(kind, args.input[0])
    if kind == "text":
        check_text(args)
        return _read_text(args, asked, reporter, source, former)
    if args.pretrained_vectors:
        raise ArgumentError("-pretrainedVectors is for text, and the input is numbers.")
    return _read_numbers(args, asked, kind, reporter, former)


def _read_text(
    args: MlpArgs,
    asked: ClassWeight | None,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None,
) -> TrainingData:
    given, args = args, args.for_text()
    pretrained = None
    if args.pretrained_vectors:
        source = source or VectorFile(args.pretrained_vectors)
        source.check_dim(args.dim)
        pretrained = Pretrained(source, args.vectors_words, args.label, args.thread)
    text = read_text(args, reporter, pretrained, former)
    if former is not None:
        reporter.note(former.sentence())
    dictionary, bucket = text.dictionary, bucket_of(args)
    targets, values = None, None
    if args.is_regression:
        values = targets_of_text(text, args.input, args.label)
        targets = former.model.targets if former is not None else None
        if targets is None:
            names_of = args.label_column if args.text_column else ()
            n = values.shape[1]
            targets = Targets.fitted(names_of if len(names_of) == n else target_names(n), values)
        note_constant(targets, values, reporter.note)
        dictionary = without_labels(dictionary)
    bucket_rows = text.bucket_rows if bucket else None
    valid = None
    if path := args.valid_lines:
        reader = Reader(
            dictionary,
            args.label,
            args.word_ngrams,
            args.minn,
            args.maxn,
            bucket,
            bucket_rows,
            weight_prefix=args.line_weights,
        )
        if targets is not None:
            valid, left_out = read_valid_text(path, reader, args.label, targets)
            what = "number or known word"
        else:
            valid, left_out = read_known_text(path, reader)
            what = "known label or word"
        if left_out:
            said = f"{path}: {counted(left_out)} without a {what}."
            reporter.note(f"{said} {IN_NO_DENOMINATOR}")

    prefix = os.fsencode(args.label)
    names = [readable(label.removeprefix(prefix)) for label in dictionary.labels()]
    of_lines, note = text.corpus.weights, NewNotes(reporter.note)
    if targets is not None and values is not None:
        text.examples.set_targets(targets.standardize(values))
        if of_lines is not None and args.weight_prefix and (of_lines == 1).all():
            note(no_weights(args.weight_prefix))
        text.examples.weights = scaled_lines(of_lines, text.examples.n)
    else:
        if former is None and (
            said := check_labels(args.task, names, dictionary.label_counts(), args.input[0])
        ):
            reporter.note(said)
        if said := alike_note(names):
            reporter.note(said)
        text.examples.weights = _weights(
            args, asked, names, text.examples, of_lines, note, args.min_count_label
        )

    def start(wide: int, row_floats: int) -> NDArray[np.float32]:
        embedding = start_embedding(args, text, wide, row_floats)
        if pretrained is not None:
            for sentence in start_from(pretrained, text, embedding.reshape(-1, row_floats)):
                note(sentence)
        if former is not None:
            former.set_rows(embedding.reshape(-1, row_floats))
        return embedding

    examples = text.examples
    found, said = decided(given, TrainingSize.of(examples, 0, len(names)))
    return TrainingData(
        args=found,
        defaults=said,
        examples=examples,
        valid=valid,
        n_in=args.dim,
        names=dictionary.labels() if targets is None else targets.encoded,
        n_rows=text.n_rows,
        embedding=start,
        dictionary=dictionary,
        bucket_rows=bucket_rows,
        augment=(lambda epoch: augmented(args, text, epoch)) if text.streams else None,
        targets=targets,
    )


def table_options(args: MlpArgs) -> TableOptions:
    """Return what the arguments say about tables."""
    return TableOptions(
        label_column="".join(args.label_column[:1]),
        delimiter=read_delimiter(args.delimiter),
        header=header_of(args),
        drop=args.drop,
        words=args.words,
        point={"point": ".", "comma": ","}.get(args.decimal, ""),
        encoding=args.encoding,
        labels=LabelOptions(args.label_separator, args.labels_as),
        kind=args.format if args.format in TABLES else "auto",
        skip_bad=args.skip_bad,
        weight_column=args.weight_column,
        targets=args.label_column if args.is_regression else (),
        is_regression=args.is_regression,
    )


def _weights(
    args: MlpArgs,
    asked: ClassWeight | None,
    names: Sequence[str],
    examples: Examples,
    of_lines: NDArray[np.float64] | None,
    note: Callable[[str], None],
    min_count: int = 0,
) -> Weights | None:
    """Return the weights of training examples and labels: see ``weights_for``."""
    return weights_for(
        asked,
        names,
        examples.labels,
        examples.label_offsets[: examples.n + 1],
        of_lines,
        prefix=args.label,
        weight_prefix=args.weight_prefix,
        has_former=bool(args.input_model),
        min_count=min_count,
        note=note,
    )


@dataclass(kw_only=True)
class NumberRows:
    """Training rows of numbers as they are read; ``raw`` are those that have a label.

    ``names`` are all labels in their order, of regression the names of targets, which ``raw`` has.
    """

    columns: FeatureColumns
    raw: RawRows
    labels: Labels
    names: list[str]

    @property
    def has_label(self) -> NDArray[np.bool_]:
        """Which rows have a label: bool[n]; of regression all do."""
        if self.raw.targets is not None:
            return np.ones(len(self.raw.targets), np.bool_)
        return self.labels.has_label


def read_rows(
    args: MlpArgs,
    kind: str,
    note: Callable[[str], None],
    placed: Placed = ignore_places,
    former: FormerNetwork | None = None,
) -> NumberRows:
    """Read training files of numbers, by the columns of a ``former`` network if there is one.

    ``placed`` hears where rows are, those without a label too.  Raises DataError if no row has a
    label, ArgumentError for weights where there are no columns, and what reading raises.
    """
    options = table_options(args)
    check_weight_column(args, kind)
    if former is not None:
        columns = former.columns
        n_targets = len(former.model.names) if args.is_regression else -1
        raw, labels = _read_as(kind, args.input, columns, options, note, n_targets)
    elif kind == "libsvm":

        def check(n: int, n_features: int) -> None:
            check_training(args, args.input, n, n_features)

        columns = libsvm_columns(args.input, note, check)
        n_targets = 0 if args.is_regression else -1
        raw, labels = read_libsvm(args.input, columns, placed=placed, n_targets=n_targets)
    else:
        columns, raw, labels = read_tables(args.input, options, note, placed)
    if args.is_regression:
        return _number_targets(args, columns, raw, labels, former, note)
    has_label = labels.has_label
    n = int(has_label.sum())
    if n == 0:
        raise DataError(
            f"{args.input[0]}: no line has a label in column {columns.label}. Give --label-column."
        )
    if n < len(labels):
        note(f"Lines without a label: {len(labels) - n:,} left out.")
        raw = raw.take_only(has_label)
    names = sorted(labels.known, key=natural)
    if former is not None:
        names = former.extend_names(names)
        note(former.sentence())
    elif said := check_labels(args.task, names, labels.counts(), args.input[0]):
        note(said)
    if columns.kind == "csv" and len(names) > max(100, n // 2):
        note(
            f"{len(names):,} different labels in {n:,} lines: is column "
            f"{columns.label} the label? If not, give --label-column."
        )
    return NumberRows(columns=columns, raw=raw, labels=labels, names=names)


def _number_targets(
    args: MlpArgs,
    columns: FeatureColumns,
    raw: RawRows,
    labels: Labels,
    former: FormerNetwork | None,
    note: Callable[[str], None],
) -> NumberRows:
    """Return the rows of training files with their targets, which libsvm has before a line.

    Raises DataError for a file without rows.
    """
    assert raw.targets is not None
    names = [columns.names[i] if columns.names else str(i) for i in columns.targets]
    if columns.kind == "libsvm":
        names = target_names(raw.targets.shape[1])
    if not len(raw):
        raise DataError(f"{args.input[0]} has no row, so there is nothing to train on.")
    if former is not None:
        names = [name.decode("utf-8", "surrogateescape") for name in former.model.names]
        note(former.sentence())
    return NumberRows(columns=columns, raw=raw, labels=labels, names=names)


def target_names(n: int) -> list[str]:
    """Return names of targets that have none.

    >>> target_names(1), target_names(2)
    (['target'], ['target1', 'target2'])
    """
    return ["target"] if n == 1 else [f"target{i + 1}" for i in range(n)]


def _read_numbers(
    args: MlpArgs,
    asked: ClassWeight | None,
    kind: str,
    reporter: Reporter,
    former: FormerNetwork | None,
) -> TrainingData:
    rows = read_rows(args, kind, reporter.note, former=former)
    columns, raw, labels, names = rows.columns, rows.raw, rows.labels, rows.names
    has_label = rows.has_label
    in_training, held = has_label, None
    if args.valid_share:
        raw, held, in_training = _hold_out(args, rows, reporter)
    data = numeric_data(
        args,
        asked,
        NumberRows(columns=columns, raw=raw, labels=labels, names=names),
        in_training,
        reporter.note,
        former,
    )
    if constant := columns.constant():
        where = "training line" if former is None else f"line that {former.path} was trained on"
        reporter.note(_constant_sentence(constant, columns.n_features, where))
    if isinstance(data.augment, AugmentedImages):
        reporter.note(data.augment.sentence())
    if args.valid:
        data.valid = _read_valid(args, data, names, reporter)
    if held is not None and data.targets is not None:
        data.valid = with_targets(columns, held, data.targets)
    elif held is not None:
        row = stride(columns.n_features)
        numbered = labels.numbered(names, has_label & ~in_training)
        data.valid = of_dense(columns.standardize(held, row), row, *numbered)
    return data


def numeric_data(
    args: MlpArgs,
    asked: ClassWeight | None,
    rows: NumberRows,
    in_training: NDArray[np.bool_],
    note: Callable[[str], None],
    former: FormerNetwork | None = None,
) -> TrainingData:
    """Return the training examples of rows; ``in_training`` tells of all labels which are theirs.

    The rows are gone afterwards, and their columns fitted to them, unless they are those of a
    ``former`` network.  ``asked`` are weights of labels; ``note`` hears of weights.
    """
    columns = rows.columns
    if former is None:
        columns.fit(rows.raw, args.scaling)
    if rows.raw.targets is not None:
        data = _regression_data(args, rows, former, note)
    else:
        data = _labelled_data(args, asked, rows, in_training, note)
    data.augment = images_of(args, columns, data.examples, is_fixed=former is not None)
    return data


def _labelled_data(
    args: MlpArgs,
    asked: ClassWeight | None,
    rows: NumberRows,
    in_training: NDArray[np.bool_],
    note: Callable[[str], None],
) -> TrainingData:
    """Return the training examples of rows with labels; columns are fitted."""
    columns, of_lines, row = rows.columns, rows.raw.weights, stride(rows.columns.n_features)
    numbered = rows.labels.numbered(rows.names, in_training)
    examples = of_dense(columns.standardize(rows.raw, row), row, *numbered)
    if said := alike_note(rows.names, are_texts=False):
        note(said)
    examples.weights = _weights(args, asked, rows.names, examples, of_lines, note)
    found, said = decided(args, TrainingSize.of(examples, columns.n_features, len(rows.names)))
    return TrainingData(
        args=found,
        defaults=said,
        examples=examples,
        valid=None,
        n_in=columns.n_features,
        names=[name.encode("utf-8", "surrogateescape") for name in rows.names],
        columns=columns,
    )


def _regression_data(
    args: MlpArgs, rows: NumberRows, former: FormerNetwork | None, note: Callable[[str], None]
) -> TrainingData:
    """Return the training examples of rows with targets; columns are fitted."""
    columns, of_lines = rows.columns, rows.raw.weights
    assert rows.raw.targets is not None
    targets = former.model.targets if former is not None else None
    if targets is None:
        targets = Targets.fitted(rows.names, rows.raw.targets)
    note_constant(targets, rows.raw.targets, note)
    examples = with_targets(columns, rows.raw, targets)
    examples.weights = scaled_lines(of_lines, examples.n)
    found, said = decided(args, TrainingSize.of(examples, columns.n_features, len(rows.names)))
    return TrainingData(
        args=found,
        defaults=said,
        examples=examples,
        valid=None,
        n_in=columns.n_features,
        names=targets.encoded,
        columns=columns,
        targets=targets,
    )


def note_constant(
    targets: Targets, values: NDArray[np.float64], note: Callable[[str], None]
) -> None:
    """Say which targets are always the same, so that there is nothing to learn."""
    is_same = values.max(axis=0) == values.min(axis=0)
    if names := [name for name, same in zip(targets.names, is_same.tolist(), strict=True) if same]:
        note(f"The target {listed(names)} is the same in every training line.")


def with_targets(columns: FeatureColumns, raw: RawRows, targets: Targets) -> Examples:
    """Return the examples of rows with their targets; the rows are gone afterwards."""
    values, row = raw.targets, stride(columns.n_features)
    assert values is not None
    nothing = np.zeros(1, np.int32), np.zeros(len(raw) + 1, np.int64)
    examples = of_dense(columns.standardize(raw, row), row, *nothing)
    examples.set_targets(targets.standardize(values))
    return examples


def _read_as(
    kind: str,
    paths: Sequence[str],
    columns: FeatureColumns,
    options: TableOptions,
    note: Callable[[str], None],
    n_targets: int,
) -> tuple[RawRows, Labels]:
    """Read training files by the columns of a network that training goes on with."""
    if kind != "libsvm":
        return read_on(paths, columns, options, note)
    n = libsvm_columns(paths).n_features
    if n > columns.n_features:
        note(
            f"Features above {columns.n_features - 1 + columns.base} are left out: the network "
            "has no inputs for them."
        )
    return read_libsvm(paths, columns, n_targets=n_targets)


def _hold_out(
    args: MlpArgs, rows: NumberRows, reporter: Reporter
) -> tuple[RawRows, RawRows, NDArray[np.bool_]]:
    """Return the rows to train on, those held out for validation, and which are trained on.

    Raises DataError if none would be held out.
    """
    has_label = rows.has_label
    is_labelled = rows.raw.targets is None
    strata = rows.labels.first()[has_label] if is_labelled else np.zeros(len(rows.raw), np.int64)
    chosen = drawn(strata, args.valid_share, args.seed)
    n_valid = int(chosen.sum())
    check_held_out(n_valid, len(chosen), args.valid_share)
    held = HeldOut(n_valid, len(chosen) - n_valid, is_labelled)
    reporter.note(held.sentence(args.valid_share, args.seed))
    in_training = has_label.copy()
    in_training[has_label] = ~chosen
    return *rows.raw.take_apart(chosen), in_training


def _read_valid(
    args: MlpArgs, data: TrainingData, names: list[str], reporter: Reporter
) -> Examples:
    """Read the validation file as examples; rows without a label of training are left out."""
    columns = data.columns
    assert columns is not None
    if columns.kind == "libsvm":
        n_targets = len(names) if data.targets is not None else -1
        raw, labels = read_libsvm([args.valid], columns, "validation", n_targets=n_targets)
    else:
        options = table_options(args)
        raw, labels = read_like([args.valid], columns, options, "validation", reporter.note, names)
    if data.targets is not None:
        if not len(raw):
            raise DataError(f"{args.valid} has no row.")
        return with_targets(columns, raw, data.targets)
    _, offsets = labels.numbered(names)
    kept = offsets[1:] > offsets[:-1]
    if not kept.any():
        raise DataError(f"{args.valid} has no line with a label of the training file.")
    if n := int((~kept).sum()):
        said = f"{args.valid}: {counted(n)} without a known label."
        reporter.note(f"{said} {IN_NO_DENOMINATOR}")
    row = stride(columns.n_features)
    if not kept.all():
        raw = raw.take_only(kept)
    return of_dense(columns.standardize(raw, row), row, *labels.numbered(names, kept))


def _constant_sentence(columns: list[str], n_features: int, where: str) -> str:
    """Say which columns have no influence, since every line of some had the same there."""
    n = len(columns)
    which = (
        f"{n:,} of {n_features:,} columns are" if n > 1 else f"Column {shortened(columns[0])} is"
    )
    of_columns = f" ({listed(columns)})" if 1 < n <= 5 else ""
    later = (
        "they have no influence on predictions." if n > 1 else "it has no influence on predictions."
    )
    return f"{which} the same in every {where}{of_columns}: {later}"
