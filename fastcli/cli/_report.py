"""test --report: counting what goes right and wrong, the screen, and the files of it."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastcli.api.label_names import label_names_of
from fastcli.api.table_lines import asks_for_table
from fastcli.cli import _json
from fastcli.cli.display.tables import counted
from fastcli.errors import ArgumentError, FastcliError
from fastcli.options import only_beside, option
from fastcli.overwriting import check_apart
from fastcli.printable import printable

if TYPE_CHECKING:
    from fastcli.cli._options import Question
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.metric import Metric
    from fastcli.evaluation.predictor import Predictor
    from fastcli.evaluation.report import Report
    from fastcli.evaluation.requirement import Requirement
    from fastcli.evaluation.tally import Tally
    from fastcli.labelling.examination import Places
    from fastcli.labelling.outputs import Put
    from fastcli.tables.options import TableOptions

SHOWN = 5  # mistakes on the screen
LONGER = {"epoch": 25, "lr": 0.5}  # of a linear model that learned too little
PATHS = ("errors", "confusion_file", "csv")  # options that are files


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """What a report of a test shows, and what is written to files."""

    report: bool = option(
        False, "show what goes right and wrong, label by label", group="report", order=-1
    )
    confusion: str = option(
        "",
        "labels in the confusion matrix: a number, or all",
        group="report",
        default_text="as many as fit",
        needs=(only_beside("report"),),
    )
    confusion_file: str = option(
        "", "write the confusion matrix to this .csv or .tsv", group="report", file="file"
    )
    errors: str = option(
        "",
        "write all mistakes, the surest first, to this .csv, .tsv or .jsonl: line, probability, "
        "true, predicted, and the text or the row's own columns (renamed to line_number, "
        "predicted_probability, true_label, predicted_label if the table has columns of these "
        "names)",
        group="report",
        file="file",
    )
    csv: str = option(
        "", "write the scores of each label to this .csv or .tsv", group="report", file="file"
    )
    require: tuple[str, ...] = option(
        (),
        "exit with 1 unless this holds, such as 'f1macro>=0.9'; repeatable",
        group="report",
    )

    @property
    def is_asked(self) -> bool:
        """Whether more is counted than test prints."""
        return bool(self.asked)

    @property
    def asked(self) -> list[str]:
        """The options by which more is counted than test prints."""
        given = [name for name in ("report", *PATHS) if getattr(self, name)]
        return [f"--{name.replace('_', '-')}" for name in given]

    def check(self) -> None:
        """Raise ArgumentError for values that cannot be."""
        from fastcli.labelling.located_rows import rows_format

        self.confused()
        if self.errors:
            rows_format(self.errors, "--errors")
        for name in PATHS[1:]:
            path = getattr(self, name)
            if path and _delimiter(path) is None:
                raise ArgumentError(
                    f"--{name.replace('_', '-')} {path}: the format is not known by the name. Let "
                    "it end with .csv or .tsv."
                )

    def confused(self) -> int | None:
        """Return how many labels the matrix has, -1 for all, None for those that fit."""
        if not self.confusion:
            return None
        if self.confusion == "all":
            return -1
        if not (self.confusion.isascii() and self.confusion.isdigit()):
            raise ArgumentError(
                f"--confusion takes a number of labels or all, not {self.confusion!r}."
            )
        return int(self.confusion)

    def requirements(self) -> list[Requirement]:
        """Return what --require says.  Raises ArgumentError."""
        from fastcli.evaluation.requirement import read_requirement

        return list(map(read_requirement, self.require))


def _delimiter(path: str) -> str | None:
    from fastcli.tables.dialects import suffix

    return {".csv": ",", ".tsv": "\t"}.get(suffix(path))


# ------------------------------------------------------------------ requirements


@dataclass
class Required:
    """Requirements with the ids of their labels in a model."""

    wanted: list[tuple[Requirement, int]]

    @property
    def metrics(self) -> list[Metric]:
        """What is required to be measured."""
        return [one.metric for one, _ in self.wanted]

    def check(self, meter: Any, data: str) -> None:
        """Raise FastcliError, a sentence for each, where some are not met."""
        missed = [one.missed(meter, label, data) for one, label in self.wanted]
        if sentences := list(filter(None, missed)):
            raise FastcliError(" ".join(sentences))


def required_of(
    reporting: Reporting, classifier: Classifier, asked: Question, like: str
) -> Required:
    """Return the requirements on a test of a model.

    Raises ArgumentError for unknown labels and for metrics of numbers.
    """
    from fastcli.cli.display.messages import say

    if not reporting.require:
        return Required([])
    required = reporting.requirements()
    for one in required:
        one.metric.check_task(False, f"--require {one.metric.text}")
    names = label_names_of(classifier, asked.model, like)
    wanted = [(one, one.metric.find_label(names)) for one in required]
    for one, _ in wanted:
        if one.metric.doubt:
            say(one.metric.doubt)
        if one.metric.name == "loss" and loss_of(classifier) == "ns":
            say(
                "loss: with -loss ns this is the loss over all labels; training prints the "
                "smaller, sampled loss."
            )
    return Required(wanted)


# ------------------------------------------------------------------ counting


def decides(classifier: Classifier, asked: Question) -> bool:
    """Tell whether lines get the labels that are probable enough, and not the k best."""
    return asked.threshold > 0 or bool(getattr(classifier, "has_thresholds", False))


class ReportRun:
    """The report of a test: what is counted of each file, and of all of them together."""

    def __init__(
        self,
        classifier: Classifier,
        asked: Question,
        table: TableOptions,
        like: str,
        reporting: Reporting,
        with_scores: bool,
    ) -> None:
        from fastcli.evaluation.tally import Room
        from fastcli.labelling.examination import Examination
        from fastcli.labelling.mistakes import MistakesFile, Surest

        self.classifier, self.asked, self.table, self.like = classifier, asked, table, like
        self.reporting, self._with_scores, self._room = reporting, with_scores, Room()
        self.decides = decides(classifier, asked)
        self.surest = Surest(SHOWN if reporting.report else 0)
        self.errors = (
            MistakesFile(reporting.errors, len(asked.data) > 1) if reporting.errors else None
        )
        names = label_names_of(classifier, asked.model, like)
        weights = getattr(classifier, "weight_prefix", "")
        self._examination = Examination(names, self._new_tally, self.surest, self.errors, weights)
        self.total = self._new_tally()
        self.files: list[tuple[str, Tally]] = []
        self._written: dict[str, str] = {}  # what is in files that were asked for

    def _new_tally(self) -> Tally:
        from fastcli.evaluation.tally import Tally

        k, n = self.asked.k, self.classifier.nlabels
        return Tally(
            nlabels=n,
            sums_to_one=self.classifier.sums_to_one,
            decides=self.decides,
            top=min(k if k > 1 else 3, n),
            with_scores=self._with_scores,
            room=self._room,
        )

    def run(
        self, predictor: Predictor, path: str, blocks: Iterator[Block], places: Places
    ) -> Meter:
        """Count the lines of a file; ``places`` hear where the rows of tables are."""
        from fastcli.labelling.examination import Tested

        tested = Tested(path=path, blocks=blocks, places=places, again=self._again(path))
        tally = self._examination.run(predictor, tested)
        self.files.append((path, tally))
        self.total.merge(tally)
        return tally.meter

    def _again(self, path: str) -> Any:
        """Return how the original columns of a table are read, None for lines of text."""
        from fastcli.labelling.examination import lines_again, rows_again

        columns = getattr(self.classifier, "columns", None)
        if columns is not None and columns.kind == "libsvm":
            return lambda wanted: lines_again(path, wanted)
        if columns is None and not (self.like or asks_for_table(self.table)):
            return None
        if os.path.isdir(path):
            return None  # of files, the texts are written
        if columns is None and self.table.format == "auto":
            from fastcli.tables.formats import kind_of_input

            prefix = getattr(self.classifier, "label", "__label__")
            if kind_of_input(path, prefix) == "fasttext":  # lines, among tables
                return None

        def again(wanted: Sequence[int]) -> Any:
            from fastcli.api.labelled_tables import open_texts
            from fastcli.tables.bad_rows import BadRows

            table, _ = open_texts(
                self.classifier,
                self.asked.model,
                path,
                self.table,
                self.like,
                BadRows(True),
                tell=lambda sentence: None,
            )
            return rows_again(table, wanted)

        return again

    def report(self, tally: Tally) -> Report:
        """Return the figures of some lines."""
        from fastcli.evaluation.report import Report

        return Report(tally, self._examination.names)

    # ------------------------------------------------------------------ output

    def print(self, as_json: bool) -> None:
        """Print the report; of several files a row for each before it, or an object for each."""
        reports = [(path, self.report(tally)) for path, tally in self.files]
        total = self.report(self.total)
        out = sys.stdout.buffer
        if as_json:
            several = len(reports) > 1
            for path, one in reports if several else ():
                out.write(_json.line(_numbers({**one.as_json(), "file": printable(path)})))
            more = {"file": None, "files": len(reports)} if several else {}
            out.write(_json.line(_numbers({**total.as_json(), **more})))
            return
        from fastcli.cli.display.test_report import Shown, file_lines, report_lines

        reporting, asked = self.reporting, self.asked
        shown = Shown(
            model=asked.model,
            data=asked.data,
            k=asked.k,
            decides=self.decides,
            confused=reporting.confused(),
            confusion_file=reporting.confusion_file,
            errors=reporting.errors,
            csv=reporting.csv,
            better=better(self.classifier),
            surest=self.surest.found,
        )
        lines = list(file_lines(reports)) if len(reports) > 1 else []
        lines += [""] * bool(lines)
        for line in [*lines, *report_lines(total, shown)]:
            out.write(line.encode("utf-8", "replace") + b"\n")

    def write(self, puts: dict[str, Put]) -> None:
        """Write the files that were asked for."""
        total = self.report(self.total)
        if self.errors is not None:
            n = self.errors.write(puts[self.reporting.errors])
            self._written[self.reporting.errors] = counted(n, "mistake")
        for path, rows, what in (
            (self.reporting.csv, total.label_rows(), "scores of labels"),
            (self.reporting.confusion_file, total.confusion_rows(), "confusion matrix"),
        ):
            if path:
                _write_rows(puts[path], _delimiter(path) or ",", rows)
                self._written[path] = what

    def say_written(self) -> None:
        """Say which files were written, and what they have."""
        from fastcli.cli.display.endings import say_ending

        say_ending(self._written, notes=self._written)

    def close(self) -> None:
        """Remove temporary files."""
        if self.errors is not None:
            self.errors.close()


def loss_of(classifier: Classifier) -> str:
    """Return the loss that a model was trained with, "" if it is not known."""
    return str(getattr(getattr(classifier, "args", None), "loss", ""))


def trained_by_sgd(classifier: Classifier) -> bool:
    """Tell whether a model is linear and was trained as fastText trains."""
    arguments = getattr(classifier, "about", {}).get("arguments", {})
    return hasattr(classifier, "wo") and arguments.get("optimizer", "sgd") == "sgd"


def better(classifier: Classifier) -> str:
    """Return what may teach a model more: no options that it was trained with, or less."""
    from fastcli.evaluation.recorded import inputs_of

    advice = "train longer or with another rate"
    if not trained_by_sgd(classifier):
        return advice
    recorded = getattr(classifier, "about", {}).get("arguments", {})
    given = {"epoch": getattr(getattr(classifier, "args", None), "epoch", 0), **recorded}
    more = [f"-{name} {value:g}" for name, value in LONGER.items() if given.get(name, 0) < value]
    if more:
        return f"{advice} ({' '.join(more)})"
    inputs = inputs_of(classifier)
    path = shlex.quote(printable(inputs[0])) if len(inputs) == 1 else "TRAINING-FILE"
    return f"the labels may not follow from the texts; fastcli inspect {path} suggests options"


def _numbers(value: Any) -> Any:
    """Return JSON whose numbers have the digits of others; NaN becomes null."""
    if isinstance(value, float):
        return _json.number(value)
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    return list(map(_numbers, value)) if isinstance(value, list) else value


def _write_rows(put: Put, delimiter: str, rows: Iterable[Sequence[Any]]) -> None:
    from fastcli.labelling.located_rows import encoded

    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow(row)
        put(encoded(text.getvalue()))
        text.seek(0)
        text.truncate()


@contextlib.contextmanager
def open_report(
    classifier: Classifier,
    asked: Question,
    table: TableOptions,
    like: str,
    reporting: Reporting,
    with_scores: bool,
) -> Iterator[ReportRun | None]:
    """Give the run of a report, None if none is asked for; its files are put in place at the end.

    Streams that are read twice, for the columns of mistakes, are copied first.
    """
    if not reporting.is_asked:
        yield None
        return
    from fastcli.labelling.outputs import open_outputs
    from fastcli.reporting import Reporter
    from fastcli.text.spooled import spooled

    paths = [path for name in PATHS if (path := getattr(reporting, name))]
    check_apart([asked.model, *asked.data], paths)
    with contextlib.ExitStack() as stack:
        if reporting.errors:
            stack.enter_context(spooled(asked.data, Reporter(), allows_empty=True))
        puts = stack.enter_context(open_outputs(paths, sys.stdout.buffer))
        run = ReportRun(classifier, asked, table, like, reporting, with_scores)
        stack.callback(run.close)
        yield run
        run.write(dict(zip(paths, puts, strict=True)))
