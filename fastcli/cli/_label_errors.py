"""inspect --label-errors: the lines whose label is most doubtful, on the screen and in a file."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli import _json
from fastcli.errors import ArgumentError, DataError
from fastcli.overwriting import check_apart
from fastcli.printable import listed, listed_files, named, printable

if TYPE_CHECKING:
    from fastcli.cli.inspect import Inspecting
    from fastcli.inspect.label_errors import FoldLine, LabelErrors

FOLDS, LR, EPOCHS = 5, 0.5, 5  # of the models that are trained for it
WITH = f"-lr {LR:g} -epoch {EPOCHS}"
LONGER = f"-lr {LR:g} -epoch {10 * EPOCHS}"


def list_label_errors(files: Sequence[str], options: Inspecting) -> None:
    """Print the doubtful lines of files, and write all of them if asked for.

    Raises DataError for files that are not lines of labels and text, or folds of another file, and
    ArgumentError for options that cannot be.
    """
    from fastcli.cli.display.label_errors import error_lines
    from fastcli.cli.display.messages import lines, say
    from fastcli.inspect.label_errors import label_errors
    from fastcli.labelling.located_rows import rows_format
    from fastcli.text.line_weights import check_weight_prefix

    if options.errors:
        rows_format(options.errors, "--errors")
    check_apart([*files, options.folds_file], [options.errors])
    if len(files) > 1 and (options.folds_file or options.errors):
        given = "--folds-file" if options.folds_file else "--errors"
        raise ArgumentError(f"{given} with several files: give one file at a time.")
    check_weight_prefix(options.weight_prefix, options.label)
    for path in files:
        began = time.monotonic()
        if options.folds_file:
            found = label_errors(read_lines(path, options))
            cost = ""
        else:
            check_lines(path, options)
            found = label_errors(trained_lines(path, options))
            cost = f" Training {FOLDS} models ({WITH}) took {time.monotonic() - began:.1f} s."
        if options.json:
            report = _json.line(found.as_json(printable(path)))
            sys.stdout.buffer.write(report)
        else:
            text = "".join(f"{line}\n" for line in error_lines(path, found))
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
        if options.errors:
            write_errors(options.errors, found)
        if cost:
            say(cost.strip())
        lines(next_command(path, options, found))


def next_command(path: str, options: Inspecting, found: LabelErrors) -> str:
    """Return a sentence on what to do next."""
    label = [] if options.label == "__label__" else ["-label", options.label]
    weights = ["--weight-prefix", options.weight_prefix] if options.weight_prefix else []
    if not found.listed:
        return "No label is doubtful."
    if found.learned_too_little and options.folds_file:
        return f"Make {options.folds_file} again by models that learn more: other -epoch and -lr."
    if found.learned_too_little:
        return (
            "Make folds by models that learn more, with other -epoch and -lr: "
            f"{folds_commands(path, [*LONGER.split(), *label, *weights])}"
        )
    if not options.errors:
        more = ["--folds-file", options.folds_file] if options.folds_file else []
        command = ["fastcli", "inspect", path, "--label-errors", *more, *label, *weights]
        return f"All of them in a file: {shlex.join([*command, '--errors', 'doubtful.csv'])}"
    if options.folds_file:
        return f"Correct the labels in {path}, and run the command that made the folds again."
    command = ["fastcli", "supervised", "-input", path, "-output", "model", *WITH.split(), *label]
    command += [*weights, "--folds", "5"]
    return f"Once they are corrected, see what it is worth: {shlex.join(command)}"


def check_lines(path: str, options: Inspecting) -> None:
    """Raise DataError for what is not lines of labels and text, with what to do instead."""
    from fastcli.inspect.kinds import kind_of_file
    from fastcli.tables.dialects import read_delimiter
    from fastcli.tables.sure import sure_table
    from fastcli.text.line_weights import check_weights

    kind = kind_of_file(path, options.label, read_delimiter(options.delimiter))
    if kind == "lines":
        if options.weight_prefix:
            check_weights([path], options.weight_prefix)
        else:
            say_likely_weight(path, options.label)
        return
    if kind in ("model", "vectors"):
        raise DataError(f"{path}: --label-errors is for training data, not for a model or vectors.")
    trainer, columns, names = "supervised", list[str](), ""
    if kind == "libsvm":
        trainer = "mlp-train"
    else:
        found = sure_table(path, options.label)
        text, name = (found.text, found.label) if found is not None else ("", "")
        if found is not None and found.names:
            names = f"; its columns: {listed(found.names)}"
        columns = ["--text-column", text or "COLUMN", "--label-column", name or "COLUMN"]
        columns += WITH.split()
    raise DataError(
        f"{path} is not lines of labels and text{names}. Make folds of it first: "
        f"{folds_commands(path, columns, trainer)}"
    )


def folds_commands(path: str, options: Sequence[str], trainer: str = "supervised") -> str:
    """Return the two commands that make a file of folds, and that list the doubtful lines by it."""
    made = ["--folds", "5", "--folds-output", "folds.csv"]
    first = ["fastcli", trainer, "-input", path, "-output", "model", *options, *made]
    then = ["fastcli", "inspect", path, "--label-errors", "--folds-file", "folds.csv"]
    return f"{shlex.join(first)}; then: {shlex.join(then)}"


def say_likely_weight(path: str, label: str) -> None:
    """Say that tokens of the first lines look like weights, if they do."""
    from fastcli.cli.display.messages import say
    from fastcli.text.held_out import lines_of
    from fastcli.text.likely_weights import likely_weight, likely_weight_sentence

    if token := likely_weight(lines_of([path]), label):
        advice = "--weight-prefix {prefix} takes them for such; without it they are words."
        say(likely_weight_sentence(token, advice))


def trained_lines(path: str, options: Inspecting) -> Iterator[FoldLine]:
    """Train the folds of a file, and yield its lines that have a label."""
    from contextlib import closing

    from fastcli.cli.display.training import TrainingDisplay
    from fastcli.evaluation.folds import cross_validate
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.folds import ClassifierFolds
    from fastcli.inspect.label_errors import FoldLine
    from fastcli.labelling.labels_and_text import labels_and_text
    from fastcli.threads import usable_cpus

    n, label = usable_cpus(), options.label
    args = TrainArgs(
        model="sup", loss="softmax", input=(path,), output=path, lr=LR, epoch=EPOCHS, min_count=1,
        minn=0, maxn=0, bucket=0, label=label, thread=n, verbose=0,
        weight_prefix=options.weight_prefix,
    )  # fmt: skip
    with TrainingDisplay(2) as progress, closing(ClassifierFolds(args, FOLDS)) as source:
        _, held = cross_validate(source, FOLDS, None, n, progress, lambda result: None)
        names = [
            name.decode("utf-8", "surrogateescape").removeprefix(label) for name in held.labels
        ]
        for i, line in enumerate(source.lines()):
            if held.folds[i] < 0:
                continue
            true, text = labels_and_text(line, label, options.weight_prefix)
            best = int(held.predicted[i])
            yield FoldLine(
                line=i + 1,
                true=tuple(true),
                predicted=names[best] if best >= 0 else "",
                prob=float(held.probs[i]),
                own=float(held.true_probs[i]),
                text=text,
            )


def read_lines(path: str, options: Inspecting) -> Iterator[FoldLine]:
    """Yield the lines of a file of folds, of several inputs those of this one.

    Raises DataError where it is of another data set.
    """
    from fastcli.cli.display.messages import say
    from fastcli.inspect.kinds import kind_of_file
    from fastcli.inspect.label_errors import FoldLine
    from fastcli.labelling.fold_rows import read_folds
    from fastcli.labelling.labels_and_text import labels_and_text
    from fastcli.tables.dialects import read_delimiter
    from fastcli.text.held_out import lines_of

    is_lines = kind_of_file(path, options.label, read_delimiter(options.delimiter)) == "lines"
    lines = enumerate(lines_of([path]), start=1) if is_lines else iter(())
    n_rows, others = 0, dict[str, None]()
    for row in read_folds(options.folds_file):
        file = row.get("file", path)
        if os.path.realpath(file) != os.path.realpath(path):
            others[file] = None
            continue
        n_rows += 1
        if is_lines:
            line = next((line for number, line in lines if number == row["line"]), b"")
            true, _ = labels_and_text(line, options.label)
            if true != row["true"]:
                raise DataError(
                    f"{options.folds_file} is not of {path}, or that has changed: line "
                    f"{row['line']:,} has {named(' '.join(true))}, and there "
                    f"{named(' '.join(row['true']))}. Make the folds again."
                )
        yield FoldLine(
            line=row["line"],
            true=tuple(row["true"]),
            predicted=row["predicted"],
            prob=row["probability"],
            own=row["true_probability"],
            text=row["text"],
        )
    if others and not n_rows:
        raise DataError(
            f"{options.folds_file} has no lines of {path}, only of {listed_files(list(others))}."
        )
    if is_lines:
        n = sum(bool(labels_and_text(line, options.label)[0]) for line in lines_of([path]))
        if n_rows < n:
            say(
                f"{options.folds_file} has {n_rows:,} of the {n:,} lines with a label: the others "
                "are not judged."
            )


def write_errors(path: str, found: LabelErrors) -> None:
    """Write all doubtful lines to a file, and say so."""
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.tables import counted
    from fastcli.labelling.located_rows import LocatedRows
    from fastcli.labelling.outputs import open_outputs

    fields = ["line", "given", "given_probability", "proposed", "proposed_probability"]
    with open_outputs([path], sys.stdout.buffer) as (put,):
        rows = LocatedRows(path, "--errors", fields)
        try:
            for one in found.listed:
                own = one.own if one.can_be_judged else None
                values = [one.line, list(one.true), own, one.predicted, one.prob]
                rows.add(values, one.text, None)
            n = rows.write(put)
        finally:
            rows.close()
    say_ending([path], notes={path: counted(n)})
