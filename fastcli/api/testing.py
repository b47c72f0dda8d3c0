"""Testing a classifier on files or given lines: what is counted, and what is required of it."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.api.inputs import (
    Question,
    Reading,
    examples,
    say_unknown_words,
    unknown_words_note,
)
from fastcli.api.label_names import label_names_of
from fastcli.api.report_options import Reporting, delimiter_of
from fastcli.api.table_lines import asks_for_table
from fastcli.errors import ArgumentError, RequirementNotMet
from fastcli.notices import say
from fastcli.overwriting import STREAM, check_apart
from fastcli.printable import counted, listed_files, printable
from fastcli.text.spooled import fetched

if TYPE_CHECKING:
    from fastcli.api.score_job import ScoreJob
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.label_names import LabelNames
    from fastcli.evaluation.meter import Meter
    from fastcli.evaluation.metric import Metric
    from fastcli.evaluation.predictor import Predictor
    from fastcli.evaluation.regression import RegressionMeter
    from fastcli.evaluation.report import Report
    from fastcli.evaluation.requirement import Requirement
    from fastcli.evaluation.tally import Tally
    from fastcli.labelling.examination import Places
    from fastcli.labelling.mistakes import Mistake
    from fastcli.labelling.outputs import Put

Watch = Callable[["Iterator[Block]", str], "Iterable[Block]"]
"""Sees the blocks of a file pass, as a bar does."""

SHOWN = 5  # mistakes on the screen
LONGER = {"epoch": 25, "lr": 0.5}  # of a linear model that learned too little


@dataclass(frozen=True, kw_only=True)
class Testing:
    """A test: the model, what is asked, how its data are read, and what is counted.

    ``n_mistakes`` is how many of the surest mistakes are kept; ``with_scores`` keeps every
    prediction, for requirements that are made afterwards.  ``cluster`` does the work on files
    elsewhere: it returns what was counted in each.
    """

    classifier: Classifier
    asked: Question
    reading: Reading
    reporting: Reporting
    n_mistakes: int = SHOWN
    cluster: Callable[[ScoreJob], dict[str, Score]] | None = None
    with_scores: bool = False

    def examples(
        self, path: str, placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None
    ) -> Iterator[Block]:
        """Return the lines or rows of one of the files; see ``inputs.examples``."""
        return examples(self.classifier, self.asked.model, path, self.reading, placed)


@dataclass(kw_only=True)
class Tested:
    """The counts of every file and of all together, the labels of the model, what was asked."""

    asked: Question
    files: list[tuple[str, Meter]]
    total: Meter
    labels: list[bytes]
    required: Required
    report: ReportRun | None = None  # where more is counted than test prints


# ------------------------------------------------------------------ requirements


@dataclass
class Required:
    """Requirements with the ids of their labels in a model."""

    wanted: list[tuple[Requirement, int]]

    @property
    def metrics(self) -> list[Metric]:
        """What is required to be measured."""
        return [one.metric for one, _ in self.wanted]

    def check(self, meter: Meter | RegressionMeter, data: str) -> None:
        """Raise RequirementNotMet, with a sentence for each, where some are not met."""
        missed = [one.missed(meter, label, data) for one, label in self.wanted]
        if sentences := list(filter(None, missed)):
            raise RequirementNotMet(" ".join(sentences))


def required_of(texts: Reporting, classifier: Classifier, model: str, like: str = "") -> Required:
    """Return the requirements on a test of a model, of labels or of numbers.

    Raises ArgumentError for unknown labels, and for metrics of the other kind.
    """
    if not texts.require:
        return Required([])
    of_numbers = classifier.targets is not None
    required = texts.requirements()
    names = None if of_numbers else label_names_of(classifier, model, like)
    wanted = wanted_of(required, of_numbers, names)
    for one in required:
        if one.metric.doubt:
            say(one.metric.doubt)
        if one.metric.name == "loss" and loss_of(classifier) == "ns":
            say(
                "loss: with -loss ns this is the loss over all labels; training prints the "
                "smaller, sampled loss."
            )
    return Required(wanted)


def wanted_of(
    required: Sequence[Requirement], of_numbers: bool, names: LabelNames | None
) -> list[tuple[Requirement, int]]:
    """Return requirements with the ids of their labels among ``names``.

    Raises ArgumentError for unknown labels, and for metrics of the other kind (``of_numbers``).
    """
    for one in required:
        one.metric.check_task(of_numbers, f"--require {one.metric.text}")
    if names is None or of_numbers:
        return [(one, -1) for one in required]
    return [(one, one.metric.find_label(names)) for one in required]


# ------------------------------------------------------------------ counting


@dataclass(kw_only=True)
class Score:
    """What was counted in a file, and what there is to say of words that no model knows."""

    meter: Any  # a ``Meter``; of a model of numbers a ``RegressionMeter``
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Counting:
    """What is counted in every file of a test."""

    testing: Testing
    with_scores: bool = False  # of all predictions
    with_all: bool = False  # the losses, and the best label

    def scores(self, watch: Watch, report: ReportRun | None = None) -> Iterator[tuple[str, Score]]:
        """Yield the files in their order, and what is counted in each."""
        testing = self.testing
        if testing.cluster is None:
            for path in testing.asked.data:
                yield path, self.score(path, watch, report)
            return
        if report is not None:
            raise ArgumentError(
                f"{testing.reporting.asked[0]} needs all lines in one place: leave out --dask."
            )
        from fastcli.api.score_job import ScoreJob

        found = testing.cluster(ScoreJob.of(self))
        for path in testing.asked.data:
            yield path, found[path]

    def score(self, path: str, watch: Watch, report: ReportRun | None = None) -> Score:
        """Test the model on one file."""
        from fastcli.evaluation.predictor import Predictor
        from fastcli.evaluation.regression import measured_numbers
        from fastcli.labelling.examination import Places

        classifier, asked = self.testing.classifier, self.testing.asked
        name, is_numbers = asked.named(path), classifier.targets is not None
        k, threshold = (1, 0.0) if is_numbers else (asked.k, asked.threshold)
        predictor = Predictor(classifier, k, threshold, asked.thread, name, self.with_all)
        places = Places()
        meter: Any
        with fetched(path):
            blocks = watch(self.testing.examples(path, places.hear), path)
            if is_numbers:
                meter = measured_numbers(predictor, blocks)
            elif report is None:
                meter = predictor.test(blocks, self.with_scores)
            else:
                meter = report.run(predictor, path, blocks, places)
        return Score(meter=meter, notes=unknown_words_note(predictor, path, are_queries=False))


def run_test(testing: Testing, watch: Watch = lambda blocks, path: blocks) -> Tested:
    """Test a model that predicts labels; what was left out of the test is said.

    Raises DataError for files that cannot be read, ArgumentError for what cannot be required.
    """
    from fastcli.evaluation.meter import Meter

    classifier, asked, reporting = testing.classifier, testing.asked, testing.reporting
    required = required_of(reporting, classifier, asked.model, testing.reading.like)
    with_scores = testing.with_scores or any(one.needs_scores for one in required.metrics)
    with_all = reporting.is_asked or any(
        one.needs_losses or (one.needs_best and (asked.k != 1 or decides(classifier, asked)))
        for one in required.metrics
    )
    counting = Counting(testing=testing, with_scores=with_scores, with_all=with_all)
    total, files, notes = Meter(nlabels=classifier.nlabels), [], []
    with open_report(testing, with_scores) as report:
        for path, score in counting.scores(watch, report):
            notes += score.notes
            files.append((path, score.meter))
            total.merge(score.meter)
    is_shown = report is not None and reporting.report
    if (sentence := total.skipped.sentence()) and not is_shown:
        say(sentence)
    say_unknown_words(notes)
    if total.n == 0:
        what = "no line is left to test on" if sentence else "there are no lines to test on"
        say(f"{_where(asked)}: {what}, so precision and recall are undefined (nan).")
    elif not total.predicted.any() and not is_shown:
        say(f"{_where(asked)}: no line gets a label, so precision is undefined (nan).")
    return Tested(
        asked=asked,
        files=files,
        total=total,
        labels=classifier.labels(),
        required=required,
        report=report,
    )


def _where(asked: Question) -> str:
    return "Standard input" if list(asked.data) == [STREAM] else listed_files(asked.data)


@dataclass(kw_only=True)
class TestedNumbers:
    """The sums of every file and of all together, of a model that predicts numbers."""

    asked: Question
    files: list[tuple[str, RegressionMeter]]
    total: RegressionMeter
    required: Required


def run_test_of_numbers(
    testing: Testing, watch: Watch = lambda blocks, path: blocks
) -> TestedNumbers:
    """Test a model of regression; what was left out of the test is said.

    Raises DataError for files that cannot be read, ArgumentError for what only labels have.
    """
    from fastcli.api.loading import for_labels_only
    from fastcli.evaluation.regression import meter_of

    classifier: Any = testing.classifier
    asked, reporting = testing.asked, testing.reporting
    if reporting.asked:
        raise for_labels_only(asked.model, reporting.asked[0])
    required = required_of(reporting, classifier, asked.model)
    # Other threads may predict with the model meanwhile, which stays as it is.
    testing = replace(testing, classifier=replace(classifier, targets_read="present"))
    total, notes = meter_of(classifier), list[str]()
    files: list[tuple[str, RegressionMeter]] = []
    for path, score in Counting(testing=testing).scores(watch):
        notes += score.notes
        files.append((path, score.meter))
        total.merge(score.meter)
    if sentence := total.sentence():
        say(sentence)
    say_unknown_words(notes)
    if total.n == 0:
        say(f"{_where(asked)}: no line is left to test on, so the scores are undefined (nan).")
    return TestedNumbers(asked=asked, files=files, total=total, required=required)


def check_no_labels(asked: Question, thresholds: str = "", calibrated: bool = False) -> None:
    """Raise ArgumentError for options that decide which labels are given."""
    given = {"-k": asked.k != 1, "--threshold": asked.threshold != 0}
    given |= {"--thresholds": bool(thresholds), "--calibrated": calibrated}
    for name in filter(given.__getitem__, given):
        raise ArgumentError(
            f"{name} is for labels, and {asked.model} predicts numbers (regression): leave it out."
        )


# ------------------------------------------------------------------ reports


def decides(classifier: Classifier, asked: Question) -> bool:
    """Tell whether lines get the labels that are probable enough, and not the k best."""
    return asked.threshold > 0 or bool(getattr(classifier, "has_thresholds", False))


@dataclass
class ReportRun:
    """The report of a test: what is counted of each file, and of all of them together.

    ``written`` says what is in the files that were asked for.
    """

    testing: Testing
    with_scores: bool
    files: list[tuple[str, Tally]] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from fastcli.evaluation.tally import Room
        from fastcli.labelling.examination import Examination
        from fastcli.labelling.mistakes import MistakesFile, Surest

        asked, reporting = self.testing.asked, self.reporting
        self._room = Room()
        self.decides = decides(self.classifier, asked)
        self._surest = Surest(self.testing.n_mistakes if reporting.report else 0)
        self._errors = (
            MistakesFile(reporting.errors, len(asked.data) > 1) if reporting.errors else None
        )
        names = label_names_of(self.classifier, asked.model, self.testing.reading.like)
        weights = getattr(self.classifier, "weight_prefix", "")
        self._examination = Examination(names, self._new_tally, self._surest, self._errors, weights)
        self.total = self._new_tally()

    @property
    def classifier(self) -> Classifier:
        """The model that is tested."""
        return self.testing.classifier

    @property
    def reporting(self) -> Reporting:
        """What is asked for."""
        return self.testing.reporting

    @property
    def surest(self) -> list[Mistake]:
        """The surest mistakes, of equal ones the first."""
        return self._surest.found

    def _new_tally(self) -> Tally:
        from fastcli.evaluation.tally import Tally

        k, n = self.testing.asked.k, self.classifier.nlabels
        return Tally(
            nlabels=n,
            sums_to_one=self.classifier.sums_to_one,
            decides=self.decides,
            top=min(k if k > 1 else 3, n),
            with_scores=self.with_scores,
            room=self._room,
        )

    def run(
        self, predictor: Predictor, path: str, blocks: Iterable[Block], places: Places
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

        columns, reading = getattr(self.classifier, "columns", None), self.testing.reading
        if columns is not None and columns.kind == "libsvm":
            return lambda wanted: lines_again(path, wanted)
        if columns is None and not (reading.like or asks_for_table(reading.table)):
            return None
        if os.path.isdir(path):
            return None  # of files, the texts are written
        if columns is None and reading.table.format == "auto":
            from fastcli.tables.formats import kind_of_input

            prefix = getattr(self.classifier, "label", "__label__")
            if kind_of_input(path, prefix) == "fasttext":  # lines, among tables
                return None

        def again(wanted: Sequence[int]) -> Any:
            from fastcli.api.labelled_tables import open_texts
            from fastcli.tables.bad_rows import BadRows

            table, _ = open_texts(
                self.classifier,
                self.testing.asked.model,
                path,
                reading.table,
                reading.like,
                BadRows(True),
                tell=lambda sentence: None,
            )
            return rows_again(table, wanted)

        return again

    def report(self, tally: Tally) -> Report:
        """Return the figures of some lines."""
        from fastcli.evaluation.report import Report

        return Report(tally, self._examination.names)

    def write(self, puts: dict[str, Put]) -> None:
        """Write the files that were asked for."""
        total, reporting = self.report(self.total), self.reporting
        if self._errors is not None:
            n = self._errors.write(puts[reporting.errors])
            self.written[reporting.errors] = counted(n, "mistake")
        for path, rows, what in (
            (reporting.csv, total.label_rows(), "scores of labels"),
            (reporting.confusion_file, total.confusion_rows(), "confusion matrix"),
        ):
            if path:
                _write_rows(puts[path], delimiter_of(path) or ",", rows)
                self.written[path] = what

    def close(self) -> None:
        """Remove temporary files."""
        if self._errors is not None:
            self._errors.close()


@contextlib.contextmanager
def open_report(testing: Testing, with_scores: bool) -> Iterator[ReportRun | None]:
    """Give the run of a report, None if none is asked for; its files are put in place at the end.

    Streams that are read twice, for the columns of mistakes, are copied first.
    """
    reporting, asked = testing.reporting, testing.asked
    if not reporting.is_asked:
        yield None
        return
    from fastcli.labelling.outputs import open_outputs
    from fastcli.reporting import Reporter
    from fastcli.text.spooled import spooled

    paths = reporting.paths
    check_apart([asked.model, *asked.data], paths)
    with contextlib.ExitStack() as stack:
        if reporting.errors:
            stack.enter_context(spooled(asked.data, Reporter(), allows_empty=True))
        puts = stack.enter_context(open_outputs(paths))
        run = ReportRun(testing, with_scores)
        stack.callback(run.close)
        yield run
        run.write(dict(zip(paths, puts, strict=True)))


def _write_rows(put: Put, delimiter: str, rows: Iterable[Sequence[Any]]) -> None:
    from fastcli.labelling.located_rows import encoded

    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    for row in rows:
        writer.writerow(row)
        put(encoded(text.getvalue()))
        text.seek(0)
        text.truncate()


# ------------------------------------------------------------------ what a model was trained with


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
