"""Tables with labels: what ``predict --output`` writes, for the command and for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, SupportsFloat

from fastcli.api.inputs import Question, kinds_of_input, say_unknown_words
from fastcli.errors import ArgumentError, OptionError
from fastcli.labelling.options import Filters, Labelling
from fastcli.labelling.predicted import Labelled as Labelled
from fastcli.notices import say
from fastcli.options import option, rows_of
from fastcli.overwriting import STREAM
from fastcli.printable import listed, named, shortened
from fastcli.tables.options import TableOptions
from fastcli.text import options as text
from fastcli.text.spooled import fetched

if TYPE_CHECKING:
    from fastcli.api.model import TrainedModel
    from fastcli.evaluation.classifier import Classifier
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.tables.bad_rows import BadRows


@dataclass(frozen=True, kw_only=True)
class Best:
    """Which labels a row gets, and how many threads work."""

    k: int = option(1, "number of labels per row (-1: all)", shown="-k")
    threshold: float = option(0.0, "minimum probability of a label")
    probabilities: bool = option(False, "a column for the probability of each label that is given")
    thread: int = option(1, text.THREAD, group="general")


KINDS = (Best, Labelling, TableOptions, Filters)  # of ``label_table``


@dataclass(frozen=True, kw_only=True)
class Job:
    """A table to label: the model and its path, the data, how they are read, what is added."""

    classifier: Classifier
    model: str
    data: str
    table: TableOptions
    like: str
    args: LabelArgs

    def __post_init__(self) -> None:
        if self.classifier.targets is not None:
            check_of_numbers(self.model or "The model", self.args.filters, self.args.wide)


def check_of_numbers(model: str, filters: Filters, wide: bool, has_parts: bool = False) -> None:
    """Raise ArgumentError for what is added by labels, of a model that predicts numbers."""
    if has_parts or wide or filters != Filters():
        raise ArgumentError(
            f"{model} predicts numbers (regression): --output-dir, --wide and options that keep "
            "rows by their labels are for labels. Give --output FILE for each table."
        )


def check_decisions(has_thresholds: bool, filters: Filters) -> None:
    """Raise ArgumentError where thresholds meet options that decide which labels are given."""
    if has_thresholds and filters != Filters():
        raise ArgumentError(
            "--thresholds decides which labels are given: it cannot be combined with --keep, "
            "--unsure, --min-prob and --dropped."
        )


def label_rows(
    job: Job,
    on_bytes: Callable[[int], None] = lambda n: None,
    progress: Callable[[int], None] = lambda n: None,
) -> tuple[Labelled, BadRows]:
    """Write the rows of a table with their labels; return what was done, and what was left out.

    ``on_bytes`` hears how many bytes have been read so far, ``progress`` of rows.  Raises what
    opening, predicting and writing do.
    """
    from fastcli.api.labelled_tables import open_texts, write_labelled
    from fastcli.tables.bad_rows import BadRows

    bad = BadRows(job.table.skip_bad)
    with fetched(job.data):
        table, prepared = open_texts(
            job.classifier, job.model, job.data, job.table, job.like, bad, on_bytes
        )
        inputs = [job.model, job.data, job.like]
        done = write_labelled(job.classifier, table, prepared, job.args, inputs, progress)
    return done, bad


def say_after(job: Job, done: Labelled, bad: BadRows) -> None:
    """Say of a table that was written what a reader of it must know."""
    from fastcli.api.labelled_tables import say_left_out
    from fastcli.tables.dialects import is_utf8

    output = job.args.output
    if not is_utf8(job.table.encoding):
        say(f"{'Standard output' if output == STREAM else output} is UTF-8.")
    say_unknown_words(done.unknown_words)
    say_left_out(bad)


def changed(done: Labelled) -> Iterator[str]:
    """Yield sentences on names and cells that are others in the output than they would be."""
    if done.renamed:
        old, new = map(shortened, next(iter(done.renamed.items())))
        others = f" ({len(done.renamed) - 1:,} more likewise)" if len(done.renamed) > 1 else ""
        yield f"The table has a column {old} already: ours is {new}{others}. --as names it."
    if done.other_names:
        shown = [f"column {i} is {named(name)}" for i, name in done.other_names]
        yield f"Names that are empty or repeated are others here: {listed(shown)}."
    if done.flattened:
        cells = f"{done.flattened:,} cell{'s' * (done.flattened > 1)}"
        yield f"TSV has no quotes: tabs and line ends in {cells} are spaces."


# ------------------------------------------------------------------ from a program


def label_table(
    model: TrainedModel, source: str | os.PathLike[str], options: dict[str, Any]
) -> Labelled:
    """Write a table with labels, as the method of models says."""
    from fastcli.api.spelling import as_in_a_call

    with as_in_a_call(rows_of(KINDS)):
        return _labelled(model, source, options)


def _unsure(given: Any) -> Any:
    """Return the option ``unsure`` as the command has it; None is not asked for.

    Raises OptionError for anything but a probability and a path.
    """
    if given is None:
        return None
    if isinstance(given, tuple | list) and len(given) == 2:
        least, path = given
        is_number = isinstance(least, str | SupportsFloat) and not isinstance(least, bool)
        if is_number and isinstance(path, str | os.PathLike):
            return str(least), os.fspath(path)
    raise OptionError(
        f"unsure = {shortened(repr(given))} should be a probability and a file: "
        "unsure=(0.5, 'unsure.csv')."
    )


def _labelled(
    model: TrainedModel, source: str | os.PathLike[str], options: dict[str, Any]
) -> Labelled:
    from fastcli.api.labelled_data import say_without_effect
    from fastcli.api.loading import for_labels_only
    from fastcli.api.named_options import read_options
    from fastcli.api.testing import check_no_labels
    from fastcli.labelling.label_table import LabelArgs

    if "unsure" in options:
        options = {**options, "unsure": _unsure(options["unsure"])}
    (best, labelling, table, filters), given = read_options(options, KINDS, "label_table")
    if not labelling.output:
        raise ArgumentError("label_table writes a file: give output='labelled.csv'.")
    labelling.check_name()
    filters.check(labelling.output)
    classifier = model._reading_tables(table)
    check_decisions(getattr(classifier, "has_thresholds", False), filters)
    if classifier.targets is not None:
        check_no_labels(Question(model._name, (), best.k, best.threshold))
        if best.probabilities:
            raise for_labels_only(model._name, "probabilities=True")
    values = {**vars(table), **vars(labelling), **kinds_of_input(classifier, labelling.like)}
    say_without_effect(KINDS, given, {**values, "is_table": True, "reads_labels": False})
    job = Job(
        classifier=classifier,
        model=model.path,
        data=os.fspath(source),
        table=table,
        like=labelling.like,
        args=LabelArgs(
            output=labelling.output,
            k=model._k(best.k if "k" in given else None),
            threshold=best.threshold,
            with_probs=best.probabilities,
            wide=labelling.wide,
            name=labelling.as_name,
            thread=best.thread,
            filters=filters,
        ),
    )
    done, bad = label_rows(job)
    say(*changed(done))
    say_after(job, done, bad)
    return done
