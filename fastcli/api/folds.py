"""Folds: cross-validation before a model is trained, its results, its log and its file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError
from fastcli.overwriting import check_apart

if TYPE_CHECKING:
    from fastcli.evaluation.folds import Held
    from fastcli.evaluation.run_log import RunLog
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.watch_args import WatchArgs
    from fastcli.labelling.examination import Cells
    from fastcli.labelling.fold_rows import Row
    from fastcli.labelling.outputs import Put
    from fastcli.mlp.args import MlpArgs
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter
    from fastcli.tables.options import TableOptions

Before = Callable[["RunLog"], None]


@dataclass(frozen=True, kw_only=True)
class Originals:
    """Where training lines come from: the files that have the bytes of the inputs.

    ``rows`` are told of the rows of tables, before lines stand for these; None without folds.
    """

    files: Sequence[str]
    rows: RowPlaces | None


@dataclass(kw_only=True)
class Folding:
    """What ``--folds`` asks for, and the data; ``inputs`` are the files as they were given.

    ``weights`` begins the tokens that are weights of lines, "" for none.
    """

    folds: int
    output: str
    monitor: str
    thread: int
    label: str
    inputs: Sequence[str]
    originals: Originals
    weights: str
    table: TableOptions | None  # None for lines
    prepared: dict[str, Any]
    of_numbers: bool = False

    @classmethod
    def of(
        cls,
        args: TrainArgs | MlpArgs,
        watched: WatchArgs | MlpArgs,
        data: tuple[Originals, dict[str, Any]],
        table: TableOptions | None,
    ) -> Folding:
        """Return what the arguments of a trainer ask for; ``watched`` are those of validation.

        ``data`` are the inputs and how they are prepared.
        """
        originals, prepared = data
        return cls(
            folds=watched.folds,
            output=watched.folds_output,
            monitor=watched.monitor,
            thread=args.thread,
            label=args.label,
            inputs=args.input,
            originals=originals,
            weights=args.line_weights,
            table=table,
            prepared=prepared,
            of_numbers=getattr(args, "is_regression", False),
        )

    def check(self) -> None:
        """Raise ArgumentError for a file whose format is not known, or that is an input."""
        if self.output and self.of_numbers:
            raise ArgumentError(
                "--folds-output writes labels, and --task regression learns numbers: leave it out."
            )
        if self.output:
            from fastcli.labelling.fold_rows import OPTION
            from fastcli.labelling.located_rows import rows_format

            rows_format(self.output, OPTION)
            check_apart(self.inputs, [self.output])


@contextmanager
def read_twice(inputs: Sequence[str], folds: int, reporter: Reporter) -> Iterator[Originals]:
    """Copy streams, where there are folds, and give the files that have the bytes of inputs."""
    from fastcli.text.spooled import place_of, spooled

    rows = None
    if folds:
        from fastcli.prepare.row_places import RowPlaces

        rows = RowPlaces()
    with spooled(inputs if folds else (), reporter):
        yield Originals(files=list(map(place_of, inputs)), rows=rows)


@contextmanager
def cross_validation(
    folding: Folding, source_of: Callable[[], Any], reporter: Reporter
) -> Iterator[Before | None]:
    """Give what is to be done before training, None without folds.

    The file of predictions is put in place when all folds are measured, so that it stays whatever
    becomes of the training after them.
    """
    if not folding.folds:
        yield None
        return
    from fastcli.labelling.outputs import open_outputs

    folding.check()
    paths = [folding.output] * bool(folding.output)

    def before(log: RunLog) -> None:
        with open_outputs(paths) as puts, closing(source_of()) as source:
            run(folding, source, reporter, log, puts[0] if puts else None)

    yield before


def run(folding: Folding, source: Any, reporter: Reporter, log: RunLog, put: Put | None) -> None:
    """Train and measure all folds; report the results, write the log, and the predictions."""
    from fastcli.evaluation.early_stopping import parse_monitor
    from fastcli.evaluation.fold_results import CrossValidation, FoldResult
    from fastcli.evaluation.folds import cross_validate

    if folding.weights and folding.table is None and not hasattr(source, "rows"):
        from fastcli.text.line_weights import check_weights

        check_weights(folding.inputs, folding.weights)  # while lines have the numbers of the files
    metric = parse_monitor(folding.monitor)
    done = CrossValidation(metric=metric.text, of_numbers=folding.of_numbers)
    if source.note:
        reporter.note(source.note)

    def hear(result: FoldResult) -> None:
        done.results.append(result)
        reporter.row(done)

    _, held = cross_validate(source, folding.folds, metric, folding.thread, reporter, hear)
    log.add_folds(result.as_json(metric.text) for result in done.results)
    done.n_lines = int((source.folds >= 0).sum())
    reporter.row(done)
    if put is not None:
        n = write_rows(folding, source, held, put)
        reporter.note(f"Predictions of {n:,} lines go to {folding.output}.")


def write_rows(folding: Folding, source: Any, held: Held, put: Put) -> int:
    """Write what was predicted of each line; return how many there are."""
    from fastcli.labelling.fold_rows import fold_rows, write_folds
    from fastcli.prepare.recorded import prepared_from
    from fastcli.text.spooled import standing_for

    found = prepared_from(folding.prepared, "")
    names = found.names if found is not None else {}

    def shown(label: bytes) -> str:
        token = label.decode("utf-8", "surrogateescape")
        return names.get(token, token.removeprefix(folding.label))

    out = fold_rows(folding.output, len(folding.inputs) > 1)
    with ExitStack() as stack:
        stack.callback(out.close)
        for path, place in zip(folding.inputs, folding.originals.files, strict=True):
            stack.enter_context(standing_for([path], place, ""))  # the tables, not their lines

        def again(path: str) -> Iterator[tuple[int, Cells]]:
            return columns_again(folding, path, source)

        if hasattr(source, "rows"):  # numbers
            return write_folds(out, put, held, source.rows(), shown, again)
        if folding.table is None:
            return write_folds(out, put, held, rows_of_lines(folding), shown)
        rows = rows_of_tables(folding, source.lines(), shown)
        return write_folds(out, put, held, rows, shown, again)


def rows_of_lines(folding: Folding) -> Iterator[Row]:
    """Yield all lines of the inputs with their places."""
    from fastcli.labelling.labels_and_text import labels_and_text
    from fastcli.text.held_out import lines_of

    i = 0
    for path, place in zip(folding.inputs, folding.originals.files, strict=True):
        for number, line in enumerate(lines_of([place]), start=1):
            labels, text = labels_and_text(line, folding.label, folding.weights)
            yield i, path, number, labels, text
            i += 1


def rows_of_tables(
    folding: Folding, lines: Iterator[bytes], shown: Callable[[bytes], str]
) -> Iterator[Row]:
    """Yield the lines that were made of tables with the places of their rows, in their order.

    Training lines are shuffled, so that a copy of them is read line by line.
    """
    from tempfile import gettempdir

    from fastcli.labelling.labels_and_text import labels_and_text
    from fastcli.prepare.spools import spool

    rows = folding.originals.rows
    assert rows is not None
    with spool(gettempdir()) as file:
        ends = [0]
        for line in lines:
            file.write(line)
            ends.append(ends[-1] + len(line))
        for i, (path, number) in zip(rows.training_lines().tolist(), rows, strict=True):
            file.seek(ends[i])
            line = file.read(ends[i + 1] - ends[i])
            labels, text = labels_and_text(line, folding.label, folding.weights)
            true = [shown(os.fsencode(folding.label + label)) for label in labels]
            yield i, path, number, true, text


def columns_again(folding: Folding, path: str, source: Any) -> Iterator[tuple[int, Cells]]:
    """Yield the lines and the original columns of all rows of a table."""
    from types import SimpleNamespace

    from fastcli.api.labelled_tables import open_texts
    from fastcli.labelling.fold_rows import rows_of_table
    from fastcli.tables.bad_rows import BadRows
    from fastcli.tables.options import TableOptions
    from fastcli.text.held_out import lines_of

    model: Any = SimpleNamespace(about={"prepared": folding.prepared}, label=folding.label)
    model = getattr(source, "model", model)
    if getattr(getattr(model, "columns", None), "kind", "") == "libsvm":
        for number, line in enumerate(lines_of([path]), start=1):
            yield number, line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        return
    options = folding.table or TableOptions()
    table, _ = open_texts(model, "", path, options, "", BadRows(True), tell=lambda sentence: None)
    yield from rows_of_table(table)
