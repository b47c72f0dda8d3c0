"""Tables as features: reading whole training and validation files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.mlp.feature_files import CANNOT_OPEN, Placed, ignore, ignore_places
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.features import FeatureColumns, Labels
from fastcli.mlp.placing import IsLabel, any_label
from fastcli.mlp.table_columns import TableOptions, columns_of, with_weights
from fastcli.mlp.table_memory import Growing
from fastcli.mlp.table_reader import TableReader, levels_of
from fastcli.printable import listed, shortened
from fastcli.tables.labels import LabelOptions, LabelReader, LabelsAreText
from fastcli.tables.values import is_number
from fastcli.text.line_weights import unweighted

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_tables(
    paths: Sequence[str],
    options: TableOptions,
    note: Callable[[str], None] = ignore,
    placed: Placed = ignore_places,
) -> tuple[FeatureColumns, RawRows, Labels]:
    """Read training files: what their columns are, their rows, and the labels of these.

    The first file decides; columns of the others are found by their names.  Rows without anything
    are left out.  What is decided is passed to ``note``, where rows are to ``placed``.  Raises
    DataError for files that cannot be read or are empty, and ArgumentError for columns that are not
    there.
    """
    columns = columns_of(paths[0], options, note)
    levels: list[dict[str, int]] = [{} for _ in columns.table]
    raw, labels = _read(paths, columns, levels, options, "training", note, placed=placed)
    if (k := columns.weight) >= 0:
        raw = _without_weights(columns, raw, note)
        del levels[k]
    settle(columns, raw, levels, note)
    if columns.targets:
        return columns, raw, labels
    return columns, raw, read_labels(columns, paths[0], labels, options, note)


def read_labels(
    columns: FeatureColumns,
    path: str,
    cells: Labels,
    options: TableOptions,
    note: Callable[[str], None],
) -> Labels:
    """Return the labels that all cells of the label's column in training have; settle how."""
    reader = label_reader(columns, path, list(cells.known), options.labels)
    columns.labels_as = reader.labels_as
    for sentence in (reader.remark, reader.check_separators()):
        if sentence:
            note(sentence if sentence.startswith(path) else f"{path}: labels: {sentence}.")
    return cells.renamed(reader.of_cell)


def _without_weights(columns: FeatureColumns, raw: RawRows, note: Callable[[str], None]) -> RawRows:
    """Return rows without the column of their weights, which is gone from ``columns``, too.

    Rows that have none weigh 1, which is said.
    """
    raw = raw.take_weights(columns.weight)
    weights = raw.weights
    assert weights is not None
    name = columns.table.pop(columns.weight).name or str(columns.weight)
    columns.n_features, columns.weight = len(columns.table), -1
    is_missing = np.isnan(weights)
    if n := int(is_missing.sum()):
        note(unweighted(n, name))
        weights[is_missing] = 1.0
    return raw


def read_like(
    paths: Sequence[str],
    columns: FeatureColumns,
    options: TableOptions,
    purpose: str,
    note: Callable[[str], None] = ignore,
    known: Sequence[str] = (),
) -> tuple[RawRows, Labels]:
    """Read files with the columns of training, whose labels are ``known``; as ``read_tables``."""
    levels = levels_of(columns)
    if columns.targets:
        return _read(paths, columns, levels, options, purpose, note, any_label)
    cells = label_reader(columns, paths[0], (), options.labels)
    is_label = (lambda cell: not set(known).isdisjoint(cells.of((cell,)))) if known else any_label
    raw, labels = _read(paths, columns, levels, options, purpose, note, is_label)
    reader = label_reader(columns, paths[0], list(labels.known), options.labels)
    return raw, labels.renamed(reader.of_cell)


def read_on(
    paths: Sequence[str],
    columns: FeatureColumns,
    options: TableOptions,
    note: Callable[[str], None] = ignore,
) -> tuple[RawRows, Labels]:
    """Read training files with the columns of a network that goes on, and the weights of rows."""
    if not options.weight_column:
        return read_like(paths, columns, options, "training", note)
    weighted = with_weights(paths[0], columns, options, note)
    raw, labels = read_like(paths, weighted, options, "training", note)
    return _without_weights(weighted, raw, note), labels


def _read(
    paths: Sequence[str],
    columns: FeatureColumns,
    levels: list[dict[str, int]],
    options: TableOptions,
    purpose: str,
    note: Callable[[str], None],
    is_label: IsLabel | None = None,
    placed: Placed = ignore_places,
) -> tuple[RawRows, Labels]:
    """Read whole files; words that ``levels`` does not have get new numbers in training.

    Unless ``is_label`` tells labels, all are but numbers among words.
    """
    rows, labels, growing = RawRows(columns.n_raw), Labels(), Growing(paths, "csv")
    targets: list[NDArray[np.float64]] = []
    decided = replace(options, header=bool(columns.names))
    for path in paths:
        may_be = is_label or (_like(list(labels.known)) if labels.known else any_label)
        grows = is_label is None
        how = decided if grows and path == paths[0] else options
        reader = TableReader(columns, path, how, levels, grows, note, is_label=may_be)
        for found in reader.rows(CANNOT_OPEN.format(purpose=purpose)):
            kept = found[~found.blank] if found.blank.any() else found
            rows.add(kept.raw)
            labels.add_coded(kept.names)
            growing.check(path, rows, found.nbytes)
            if kept.targets is not None:
                targets.append(kept.targets)
            if kept.lines is not None:
                placed(path, kept.lines)
    if columns.targets:
        rows.targets = np.concatenate([*targets, np.zeros((0, len(columns.targets)))])
    return rows, labels


def _like(known: Sequence[str]) -> IsLabel:
    """Return what tells whether a number may be a label beside others: not where all are words.

    >>> _like(["a", "b"])("1.5"), _like(["1"])("1.5")
    (False, True)
    """
    has_numbers = any(isinstance(name, str) and is_number(name) for name in known)
    return lambda cell: has_numbers


def label_reader(
    columns: FeatureColumns, path: str, cells: Sequence[str], options: LabelOptions
) -> LabelReader:
    """Return what makes labels of all the different cells of a label column.

    A model decides whether labels are numbers; without one (its labels are in ``text``, as it
    begins) they all do.
    """
    name = columns.names[columns.label] if columns.names else str(columns.label)
    head = [(cell,) for cell in cells]
    if columns.labels_as == "number" and options.labels_as == "auto":
        options = replace(options, labels_as="number")
    try:
        return LabelReader(path, (name,), head, options)
    except LabelsAreText:
        return LabelReader(path, (name,), head, replace(options, labels_as="text"))


def settle(
    columns: FeatureColumns,
    raw: RawRows,
    levels: list[dict[str, int]],
    note: Callable[[str], None],
) -> None:
    """Settle what all rows show: the words of columns, and which columns lack numbers."""
    words, lacking = [], []
    n_missing = np.zeros(raw.width, np.int64)
    for block in raw.blocks():
        missing = np.isnan(block)
        if missing.any():
            n_missing += missing.sum(axis=0)
    for k, (column, known) in enumerate(zip(columns.table, levels, strict=True)):
        name = column.name or str(column.position)
        if column.is_words:
            column.levels = sorted(known)
            to = np.array([*(column.levels.index(word) for word in known), -1], np.float64)
            for block in raw.blocks():
                block[:, k] = to[block[:, k].astype(np.int64)]
            words.append(f"{shortened(name)} ({len(known)})")
        elif (n := int(n_missing[k])) > 0:
            column.may_lack = True
            lacking.append(f"{shortened(name)} ({n:,})")
    columns.n_features = sum(column.n_features for column in columns.table)
    if words:
        note(f"Each word of these columns is a feature (how many): {listed(words)}.")
    if lacking:
        note(
            "Numbers that are missing are taken as the mean, and a feature says so (how many): "
            f"{listed(lacking)}."
        )
