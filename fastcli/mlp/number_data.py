"""Reading rows of numbers, of tables and of libsvm, as training and validation data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.evaluation.meter import Skipped
from fastcli.evaluation.weights import ClassWeight, scaled_lines
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.augmented_images import AugmentedImages, images_of
from fastcli.mlp.defaults import TrainingSize, decided
from fastcli.mlp.examples import Examples, of_dense
from fastcli.mlp.feature_files import Placed, ignore_places, libsvm_columns, read_libsvm
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.feature_tables import read_like, read_on, read_tables
from fastcli.mlp.features import FeatureColumns, Labels, natural
from fastcli.mlp.input_kind import check_weight_column
from fastcli.mlp.network import stride
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.table_memory import check_training
from fastcli.mlp.targets import Targets, constant_note, target_names
from fastcli.mlp.task import check_labels
from fastcli.mlp.training_data import TrainingData, label_weights
from fastcli.printable import listed, shortened
from fastcli.reporting import Reporter
from fastcli.tables.dialects import read_delimiter
from fastcli.tables.labels import LabelOptions
from fastcli.tables.options import TABLES, header_of
from fastcli.text.alike import alike_note
from fastcli.text.held_out import HeldOut, check_held_out, drawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.given_tables import GivenTables


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
    given: GivenTables | None = None,
) -> NumberRows:
    """Read training files of numbers, by the columns of a ``former`` network if there is one.

    ``given`` are rows in the place of files; ``placed`` hears where rows are, those without a
    label too.  Raises DataError if no row has a label, ArgumentError for weights where there are no
    columns, and what reading raises.
    """
    options = table_options(args)
    check_weight_column(args, kind)
    if given is not None:
        columns, raw, labels = given.read(options, former, note, placed)
    elif former is not None:
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


def read_numbers(
    args: MlpArgs,
    asked: ClassWeight | None,
    kind: str,
    reporter: Reporter,
    former: FormerNetwork | None,
    given: GivenTables | None = None,
) -> TrainingData:
    """Read rows of numbers; see ``read_data``.  ``asked`` are weights of labels."""
    rows = read_rows(args, kind, reporter.note, former=former, given=given)
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
        data.valid = _read_valid(args, data, names, reporter, given)
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
    targets = None
    if rows.raw.targets is not None:
        examples, targets = _regression_examples(rows, rows.raw.targets, former, note)
    else:
        examples = _labelled_examples(args, asked, rows, in_training, note)
    found, said = decided(args, TrainingSize.of(examples, columns.n_features, len(rows.names)))
    return TrainingData(
        args=found,
        defaults=said,
        examples=examples,
        valid=None,
        n_in=columns.n_features,
        names=[name.encode("utf-8", "surrogateescape") for name in rows.names],
        columns=columns,
        augment=images_of(args, columns, examples, is_fixed=former is not None),
        targets=targets,
    )


def _labelled_examples(
    args: MlpArgs,
    asked: ClassWeight | None,
    rows: NumberRows,
    in_training: NDArray[np.bool_],
    note: Callable[[str], None],
) -> Examples:
    """Return the training examples of rows with labels, with their weights; columns are fitted."""
    of_lines, row = rows.raw.weights, stride(rows.columns.n_features)
    numbered = rows.labels.numbered(rows.names, in_training)
    examples = of_dense(rows.columns.standardize(rows.raw, row), row, *numbered)
    if said := alike_note(rows.names, are_texts=False):
        note(said)
    examples.weights = label_weights(args, asked, rows.names, examples, of_lines, note)
    return examples


def _regression_examples(
    rows: NumberRows,
    values: NDArray[np.float64],
    former: FormerNetwork | None,
    note: Callable[[str], None],
) -> tuple[Examples, Targets]:
    """Return the training examples of rows with targets, with their weights, and the targets."""
    of_lines = rows.raw.weights
    targets = former.model.targets if former is not None else None
    if targets is None:
        targets = Targets.fitted(rows.names, values)
    if said := constant_note(targets, values):
        note(said)
    examples = with_targets(rows.columns, rows.raw, targets)
    examples.weights = scaled_lines(of_lines, examples.n)
    return examples, targets


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
    args: MlpArgs,
    data: TrainingData,
    names: list[str],
    reporter: Reporter,
    given: GivenTables | None,
) -> Examples:
    """Read the validation file as examples; rows without a label of training are left out."""
    columns = data.columns
    assert columns is not None
    if given is not None and given.valid is not None:
        raw, labels = given.read_valid(columns, table_options(args), reporter.note)
    elif columns.kind == "libsvm":
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
    n_labels = np.diff(np.frombuffer(labels.offsets, np.int64))
    n_known = np.diff(offsets)
    left_out = Skipped(
        no_label=int((n_labels == 0).sum()),
        unknown_label=int(((n_labels > 0) & ~kept).sum()),
        unknown_beside_known=int((kept & (n_known < n_labels)).sum()),
    )
    if said := left_out.sentence(args.valid):
        reporter.note(said)
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
