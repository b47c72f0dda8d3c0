"""Comparing models on the same labelled lines, with a test of whether differences are chance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastcli.api.inputs import CANNOT_TEST, Question, Reading, examples
from fastcli.api.json_values import number
from fastcli.api.label_names import label_names_of
from fastcli.api.spelling import speaks_of_arguments
from fastcli.errors import ArgumentError, DataError
from fastcli.notices import say
from fastcli.options import rows_of
from fastcli.overwriting import STREAM
from fastcli.printable import listed, printable

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from fastcli.api.labelled_data import Data, Path
    from fastcli.api.model import TrainedModel
    from fastcli.api.options import ComparisonOptions
    from fastcli.evaluation.answers import Answers, SameLines
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.compared_models import Standing
    from fastcli.evaluation.label_names import LabelNames


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A model that was tested: its file, whether its probabilities of a line sum to one."""

    path: str
    size: int | None  # bytes; None of a stream, or without a file
    sums_to_one: bool
    answers: Answers
    names: LabelNames


def answered(classifier: Classifier, asked: Question, reading: Reading) -> Compared:
    """Return a model with its answers to the lines of the only file that is asked about."""
    from fastcli.evaluation.answers import answer
    from fastcli.evaluation.predictor import Predictor

    path, (data,) = asked.model, asked.data
    predictor = Predictor(classifier, asked.k, asked.threshold, asked.thread, path, with_all=True)
    return Compared(
        path=path,
        size=os.path.getsize(path) if os.path.isfile(path) else None,
        sums_to_one=classifier.sums_to_one,
        answers=answer(predictor, examples(classifier, path, data, reading)),
        names=label_names_of(classifier, path, reading.like),
    )


def compared(
    found: Sequence[Compared], data: str, metric: str, seed: int
) -> tuple[SameLines, Standing]:
    """Return the lines that all models can be compared on, and how the models stand.

    Raises ArgumentError for models and metrics that cannot be compared, DataError where no line is
    left.
    """
    from fastcli.evaluation.answers import SameLines
    from fastcli.evaluation.compared_models import metric_for, standing

    check_lines(found, data)
    labels = set(found[0].names.plain)
    if not all(labels & set(one.names.plain) for one in found[1:]):
        raise ArgumentError(
            "The models have no label in common: they cannot be compared. "
            f"{found[0].path} has {listed(found[0].names.shown)}."
        )
    lines = SameLines.of([one.answers for one in found], [one.names for one in found])
    if not lines.n:
        where = "Standard input" if data == STREAM else data
        raise DataError(f"{where} has no line with a label and a word that the models know.")
    chosen, label = metric_for(metric.strip(), lines, all(one.sums_to_one for one in found))
    return lines, standing(lines, chosen, label, seed)


def check_lines(found: Sequence[Compared], data: str) -> None:
    """Raise DataError where models read different numbers of lines, which are then not the same."""
    first = found[0]
    for one in found[1:]:
        if one.answers.n != first.answers.n:
            raise DataError(
                f"{data}: {first.path} reads {first.answers.n:,} lines of it, {one.path} "
                f"{one.answers.n:,}: they cannot be compared line by line."
            )


def handicap(lines: SameLines, i: int, path: str) -> str:
    """Return on how many lines a model is wrong by what it does not know, "" if on none."""
    names, n = lines.unknown(i)
    parts = []
    if n:
        parts.append(f"{n:,} lines have a label that it does not know ({listed(names)})")
    if n_words := lines.without_tokens[i]:
        parts.append(f"{n_words:,} have no word that it knows")
    if not parts:
        return ""
    return f"{path}: {' and '.join(parts)}: these count as wrong here, and not in test."


# ------------------------------------------------------------------ in a program


@dataclass(frozen=True, kw_only=True)
class ModelFigures:
    """The figures of a model among others; NaN where undefined, None where it has none."""

    model: str
    accuracy: float
    f1: float
    f1macro: float
    logloss: float | None
    bytes: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the model in what ``fastcli compare --json`` writes."""
        return {
            "model": printable(self.model),
            "accuracy": number(self.accuracy),
            "f1": number(self.f1),
            "f1macro": number(self.f1macro),
            "logloss": None if self.logloss is None else number(self.logloss),
            "bytes": self.bytes,
        }


@dataclass(frozen=True, kw_only=True)
class AgainstBest:
    """The best model against another one.

    ``only_best_right`` and ``only_other_right`` are lines that one of the two alone has right;
    ``test`` is "mcnemar" or "bootstrap", which has an ``interval`` of the difference.  ``p`` holds
    for all comparisons together; ``is_worse``: the difference is more than chance.
    """

    model: str
    only_best_right: int
    only_other_right: int
    test: str
    interval: tuple[float, float] | None
    p: float
    is_worse: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the other model in what ``fastcli compare --json`` writes."""
        return {
            "model": printable(self.model),
            "only_best_right": self.only_best_right,
            "only_other_right": self.only_other_right,
            "test": self.test,
            "interval": None if self.interval is None else [*map(number, self.interval)],
            "p": number(self.p),
            "is_worse": self.is_worse,
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Models beside each other on the same lines: which is best, and whether that is chance.

    ``lines`` count, as one of the models knows their label and a word; ``left_out`` do not.  The
    ``models`` are in their order, ``best`` is the place of the best one by the ``metric``.
    """

    data: str
    lines: int
    left_out: int
    metric: str
    models: list[ModelFigures]
    best: int
    others: list[AgainstBest]

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli compare --json`` writes."""
        return {
            "schema": 1,
            "data": printable(self.data),
            "lines": self.lines,
            "left_out": self.left_out,
            "metric": self.metric,
            "models": [one.to_dict() for one in self.models],
            "best": printable(self.models[self.best].model),
            "others": [one.to_dict() for one in self.others],
        }


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A comparison, and what the command line draws it by."""

    answer: Comparison
    found: Sequence[Compared]
    standing: Standing
    same: SameLines

    def say_handicaps(self) -> None:
        """Say on which lines models are wrong by what they do not know."""
        for i, one in enumerate(self.found):
            if sentence := handicap(self.same, i, one.path):
                say(sentence)


@speaks_of_arguments(lambda: rows_of(kinds()))
def compare(
    models: Sequence[Path | TrainedModel],
    data: Data,
    metric: str = "",
    seed: int = 0,
    **options: Unpack[ComparisonOptions],
) -> Comparison:
    """Compare two or more models on the same labelled lines, with a significance test.

    ``models`` are paths, or models that are loaded; ``data`` is the path of a file, or pairs of
    labels and a text.  The ``metric`` decides, by default accuracy, and f1 where lines have several
    labels.  Accuracy is tested by McNemar's test, other metrics and lines with several labels by a
    paired bootstrap with ``seed``.  ``options`` say how tables are read, and ``k``, ``threshold``
    and ``thread`` how is predicted.

    Raises ArgumentError for models that cannot be compared, DataError for data that cannot be read
    or have no line that counts, OptionError for an unknown option.
    """
    from fastcli.api.labelled_data import opened, reading_of, reading_tables
    from fastcli.api.loading import for_labels_only, load_model
    from fastcli.api.named_options import read_options

    (asked, table, like), given = read_options(options, kinds(), "compare")
    if len(models) < 2:
        raise ArgumentError(f"Give two models or more, not {len(models)}.")
    is_kept = isinstance(data, str | os.PathLike | Sequence) or hasattr(data, "columns")
    lines_of: Any = data
    if not is_kept:
        lines_of = list(lines_of)  # to read again
    found, where = [], ""
    for i, one in enumerate(models):
        model: Any = load_model(one) if isinstance(one, str | os.PathLike) else one
        classifier = model._classifier
        name = model.path or f"model {i + 1}"
        if classifier.targets is not None:
            raise for_labels_only(name, "compare")
        reading = reading_of(table, like.like, given if not i else (), classifier)
        classifier = reading_tables(classifier, table)
        names = label_names_of(classifier, name, like.like)
        paths, reading = opened(lines_of, reading, names, classifier, CANNOT_TEST)
        if len(paths) > 1:
            raise ArgumentError("Models are compared on one file: give its path.")
        (where,) = paths
        k = model._k(asked.k if "k" in given else None)
        question = Question(name, paths, k, asked.threshold, asked.thread)
        found.append(answered(classifier, question, reading))
    shown = comparison(found, where, metric, seed)
    shown.say_handicaps()
    return shown.answer


def kinds() -> tuple[type, ...]:
    """Return the dataclasses of the options of ``compare``."""
    from fastcli.api.report_options import Predicted
    from fastcli.tables.options import LikeOption, TableOptions

    return Predicted, TableOptions, LikeOption


def comparison(found: Sequence[Compared], data: str, metric: str, seed: int) -> Shown:
    """Return how models stand that have answered the lines of ``data``; raises as ``compared``."""
    lines, result = compared(found, data, metric, seed)
    meters = [lines.meter(i) for i in range(len(found))]
    answer = Comparison(
        data=data,
        lines=lines.n,
        left_out=lines.left_out,
        metric=result.metric.text,
        models=[
            ModelFigures(
                model=one.path,
                accuracy=meter.accuracy,
                f1=meter.f1,
                f1macro=meter.macro_f1,
                logloss=meter.log_loss if one.sums_to_one else None,
                bytes=one.size,
            )
            for one, meter in zip(found, meters, strict=True)
        ],
        best=result.best,
        others=[
            AgainstBest(
                model=found[one.other].path,
                only_best_right=one.only_best,
                only_other_right=one.only_other,
                test="mcnemar" if one.interval is None else "bootstrap",
                interval=None if one.interval is None else (one.interval.low, one.interval.high),
                p=one.p,
                is_worse=one.is_sure,
            )
            for one in result.others
        ],
    )
    return Shown(answer=answer, found=found, standing=result, same=lines)
