"""Tables of numbers: what mlp-train makes of them, and which columns it should not learn from."""

from __future__ import annotations

import contextlib
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fastcli.errors import ArgumentError, DataError
from fastcli.inspect.advice import input_name, output_name
from fastcli.inspect.columns import MOST_VALUES, Column
from fastcli.inspect.table_columns import (
    likeliest_label,
    may_be_label,
)
from fastcli.inspect.table_contents import (
    ERROR,
    WARNING,
    Problem,
    TableReport,
    alike_groups,
    asked,
    difference,
    reading_options,
    row_problems,
    rows_that,
)
from fastcli.inspect.table_files import TableFile
from fastcli.mlp.feature_tables import label_reader
from fastcli.mlp.table_columns import TableOptions, columns_of
from fastcli.mlp.table_reader import MOST_LEVELS
from fastcli.mlp.task import looks_like_numbers
from fastcli.printable import named
from fastcli.tables.columns import usual_label
from fastcli.tables.labels import LabelOptions, SeveralLabels
from fastcli.tables.reading import Reading

FEW_BAD = 0.05  # of the cells of a column, up to which rows with bad ones are left out
LEFT_OUT = ("id", "row numbers", "date", "text", "object")  # of columns of numbers


def numeric_table(report: TableReport, reading: Reading) -> None:
    """Fill in a report of a table of numbers: mlp-train reads it."""
    file = report.file
    report.purpose = "numbers"
    options = TableOptions(
        delimiter=reading.delimiter,
        encoding=file.encoding or "utf-8",
        header=reading.header,
        kind="auto" if file.is_delimited else file.kind,
    )
    label = _label_of_numbers(report, options)
    drop = _to_leave_out(file, label)
    names = [column.name for column in file.columns]
    is_known = True
    if label is not None:
        report.label_names = (names[label],)
        is_known = _count_labels(report, label)
    report.problems += _number_problems(report, label, drop)
    if label is None:
        return
    options_of = [shlex.split(problem.option) for problem in report.problems]
    more = [words[1] for words in options_of if words[:1] == ["--drop"]]
    dropped = tuple(dict.fromkeys([*(asked(names, i) for i in drop), *more]))
    skips = ["--skip-bad"] * (["--skip-bad"] in options_of)
    separators = [
        word for words in options_of if words[:1] == ["--label-separator"] for word in words
    ]
    given = replace(options, label_column=asked(names, label), drop=dropped, header=file.has_names)
    is_target = is_of_numbers(file.columns[label])
    if is_target:
        given = replace(given, targets=(given.label_column,), is_regression=True)
    try:
        columns_of(file.path, given, report.said.append)
    except (ArgumentError, DataError) as error:
        report.problems.append(Problem(ERROR, str(error).removeprefix(f"{file.path}: ")))
        is_known = False
    report.said = [said.removeprefix(f"{file.path}: ") for said in report.said]
    if not is_known:  # with which options mlp-train would read it
        return
    command = ["fastcli", "mlp-train", "-input", input_name(file.path)]
    command += ["-output", output_name(file.path), "--label-column", given.label_column]
    command += ["--task", "regression"] * is_target
    for name in dropped:
        command += ["--drop", name]
    report.command = [*command, *separators, *skips, *reading_options(file, reading)]
    if file.encoding not in ("utf-8", ""):
        report.command += ["--encoding", file.encoding]


def is_of_numbers(column: Column) -> bool:
    """Tell whether the label's column has numbers that mlp-train learns as such."""
    if not 0 < column.n_numbers == column.present:
        return False
    return column.values is None or looks_like_numbers(list(column.values), column.present)


def _label_of_numbers(report: TableReport, options: TableOptions) -> int | None:
    """Return the label's column: the one mlp-train takes, unless that has too many values."""
    file = report.file
    names = [column.name for column in file.columns]
    last = len(names) - 1
    usual = None
    with contextlib.suppress(ArgumentError):
        usual = usual_label(file.path, names) if file.has_names else None
    position = last if usual is None else names.index(usual)
    dropped = tuple(asked(names, i) for i in _to_leave_out(file, position))
    with contextlib.suppress(ArgumentError, DataError):  # said where the command is made
        position = columns_of(file.path, replace(options, drop=dropped)).label
    column = file.columns[position]
    if usual is not None:
        return position
    likely = likeliest_label(file.columns)
    if may_be_label(column) or column.kind == "short text" or likely is None:
        report.label_how = "the last column"
        return position
    report.label_how = "a guess"
    return likely


def _to_leave_out(file: TableFile, label: int | None) -> list[int]:
    """Return the columns that a model of numbers does not learn from."""
    return [
        i
        for i, column in enumerate(file.columns)
        if i != label
        and (
            column.kind in LEFT_OUT
            or (column.kind == "short text" and (column.different or MOST_LEVELS + 1) > MOST_LEVELS)
        )
        and not (column.kind == "row numbers" and i == 0 and not column.name)
    ]


def _count_labels(report: TableReport, label: int) -> bool:
    """Count the labels of a table of numbers as mlp-train reads them; tell whether it can."""
    file = report.file
    column = file.columns[label]
    report.n_unlabelled = column.n - column.filled
    if column.values is None:
        return True
    report.labels = column.values
    options = LabelOptions()
    if file.is_delimited:
        columns, cells = columns_like(file, label), list(column.values)
        try:
            try:
                reader = label_reader(columns, file.path, cells, options)
                reader.check_separators()
            except SeveralLabels as error:
                options = replace(options, separator=error.separator)
                option = shlex.join(["--label-separator", error.separator])
                sentence = "cells hold several labels each"
                report.problems.append(Problem(ERROR, sentence, option))
                reader = label_reader(columns, file.path, cells, options)
        except (ArgumentError, DataError) as error:
            report.problems.append(Problem(ERROR, str(error).removeprefix(f"{file.path}: ")))
            return False
        counts: Counter[str] = Counter()
        for name, n in column.values.items():
            counts[", ".join(reader.of((name,)))] += n
        report.labels = counts
    report.alike = alike_groups(report.labels)
    return True


def columns_like(file: TableFile, label: int) -> Any:
    """Return what ``label_reader`` needs of the columns of a table."""
    from fastcli.mlp.features import FeatureColumns

    names = [column.name for column in file.columns] if file.has_names else []
    return FeatureColumns("csv", ",", names, label, len(file.columns) - 1)


def _number_problems(report: TableReport, label: int | None, drop: list[int]) -> Iterator[Problem]:
    file = report.file
    names = [column.name for column in file.columns]
    if file.encoding not in ("utf-8", ""):
        yield Problem(
            ERROR, f"not UTF-8; reads as {file.encoding}", f"--encoding {file.encoding}", file.n
        )
    yield from row_problems(file.bad, file, "--skip-bad")
    if n := report.n_unlabelled:
        yield Problem(ERROR, f"{rows_that(n, 'has', 'have')} no label", "", n)
    if label is None:
        yield Problem(ERROR, "no column has few values, as labels do", "--label-column NAME")
    elif not report.labels and not is_of_numbers(file.columns[label]):
        sentence = f"the label has more than {MOST_VALUES:,} values"
        yield Problem(ERROR, sentence, "--label-column NAME")
    if report.alike:
        yield Problem(WARNING, f"labels differ by {difference(report.alike)}")
    for i in drop:
        column = file.columns[i]
        what = {"id": "an id", "date": "a date", "object": "an object"}.get(column.kind)
        what = what or column.kind
        option = f"--drop {shlex.quote(asked(names, i))}"
        mark = WARNING if column.kind in ("id", "row numbers") else ERROR
        yield Problem(mark, f"column {_said(column, file)} is {what}", option)
    for i, column in enumerate(file.columns):
        if i == label or i in drop:
            continue
        others = column.present - column.n_numbers
        if column.n_numbers and others:
            few = others <= FEW_BAD * column.present
            option = "--skip-bad" if few else f"--drop {shlex.quote(asked(names, i))}"
            yield Problem(
                ERROR, f"{others:,} cells of {_said(column, file)} are no numbers", option
            )
        elif column.kind in ("constant", "empty"):
            yield Problem(
                WARNING, f"column {_said(column, file)} tells nothing: {column.looks_like()}"
            )
        elif n := column.n_infinite:
            yield Problem(ERROR, f"{n:,} cells of {_said(column, file)} are infinite", "--skip-bad")
        if column.n_numbers and (n := column.n - column.present):
            yield Problem(
                WARNING, f"{n:,} cells of {_said(column, file)} are missing: taken as the mean"
            )


def _said(column: Column, file: TableFile) -> str:
    """Return the name of a column for a sentence."""
    return named(column.name) if file.has_names else str(column.position)
