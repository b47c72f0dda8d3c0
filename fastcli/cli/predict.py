"""predict and predict-prob: the best labels of every line, or of every row of a table."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fastcli.api.blocks import blocks_of
from fastcli.api.inputs import (
    Question,
    kinds_of_input,
    reads_lines,
    say_unknown_words,
    unknown_words_note,
)
from fastcli.api.table_lines import asks_for_table, refuse_table
from fastcli.cli import _json
from fastcli.cli._cluster import Clustering, check_address, threads_of
from fastcli.cli._command import positional
from fastcli.cli._decisions import decided
from fastcli.cli._declare import say_without_effect
from fastcli.cli._options import (
    PATTERN,
    Predicting,
    load_classifier,
    prediction_arguments,
)
from fastcli.cli._parts import PartOptions, check_part_options, label_parts
from fastcli.cli._regression import predict_numbers
from fastcli.errors import ArgumentError
from fastcli.labelling.options import Filters, Labelling
from fastcli.overwriting import STREAM
from fastcli.printable import readable
from fastcli.tables.options import TableOptions
from fastcli.text.spooled import fetched
from fastcli.urls import local_path

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.predictor import Predictor
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.labelling.rows import OpenTable
    from fastcli.prepare.recipe import Recipe

CANNOT_OPEN = "Input file cannot be opened!"
MOST_OUTPUTS = 100  # names that are tried for an output


@positional(PATTERN)
@prediction_arguments(TableOptions, Labelling, Filters, PartOptions, Clustering)
def predict(
    ctx: click.Context,
    options: Predicting,
    table: TableOptions,
    labelling: Labelling,
    filters: Filters,
    parts: PartOptions,
    clustering: Clustering,
    asked: Question,
) -> None:
    """Print the K most probable labels of every line (-1: all) with probability TH or more.

    TEST-DATA is a file, or - for standard input; each input line gives one output line,
    immediately when lines come through a pipe.  Several files, or patterns in quotes, are
    predicted in turn; K and TH come after them, or are given with -k and --threshold.
    With --output the file is a table, whose rows are written with their labels; with
    --output-dir there may be many, tables or lines, each of which becomes a part in that
    folder.

    \b
    Example:
      fastcli predict topics.bin data/samples/topics.test.txt 2
      echo "what can i cook with rice and onions ?" | fastcli predict topics.bin -
    """
    Run(ctx, options, table, labelling, filters, parts, clustering, False).run(asked)


@positional(PATTERN)
@prediction_arguments(TableOptions, Labelling, Filters, PartOptions, Clustering)
def predict_prob(
    ctx: click.Context,
    options: Predicting,
    table: TableOptions,
    labelling: Labelling,
    filters: Filters,
    parts: PartOptions,
    clustering: Clustering,
    asked: Question,
) -> None:
    """Print labels as predict does, each followed by its probability.

    \b
    Example:
      fastcli predict-prob topics.bin data/samples/topics.test.txt 2 0.1
      fastcli predict-prob verdicts.bin data/samples/reviews.csv \\
          --output good.csv --keep 'very good>=0.9' --dropped others.csv
    """
    Run(ctx, options, table, labelling, filters, parts, clustering, True).run(asked)


@dataclass
class Run:
    """A run of one of the commands."""

    ctx: click.Context
    options: Predicting
    table: TableOptions
    labelling: Labelling
    filters: Filters
    parts: PartOptions
    clustering: Clustering
    with_probs: bool

    def run(self, asked: Question) -> None:
        """Predict files or standard input: tables where the options say so, else lines."""
        from fastcli.api.inputs import check_readable
        from fastcli.api.tables import check_decisions

        check_part_options(self.parts, self.labelling.output, len(asked.data))
        check_address(self.ctx, self.clustering)
        if self.clustering.dask and not self.parts.output_dir:
            raise ArgumentError(
                "--dask makes a part of each file: give a folder, --output-dir DIR."
            )
        self.filters.check(self.labelling.output, bool(self.parts.output_dir))
        self.labelling.check_name()
        check_readable(asked.data, CANNOT_OPEN)
        check_decisions(bool(self.options.thresholds), self.filters)
        numbers = not self.with_probs
        classifier = load_classifier(asked.model, self.table, takes_numbers=numbers)
        if classifier.targets is not None:
            self.predict_numbers(classifier, asked)
            return
        classifier, asked = decided(self.ctx, classifier, asked, self.options)
        kinds = kinds_of_input(classifier, self.labelling.like)
        writes_tables = bool(self.labelling.output or self.parts.output_dir)
        kinds["is_table"] |= writes_tables or asks_for_table(self.table)
        given = {**vars(self.table), **vars(self.labelling), **vars(self.parts)}
        given |= vars(self.clustering)
        say_without_effect(self.ctx, {**given, **kinds, "reads_labels": False})
        if self.parts.output_dir:
            self.label_parts(classifier, asked)
            return
        of_lines = reads_lines(classifier)
        if self.labelling.output or (kinds["is_table"] and of_lines):
            self.label_tables(classifier, asked)
            return
        from fastcli.evaluation.predictor import Predictor

        notes: list[str] = []
        for path in asked.data:
            with fetched(path):
                if self.table.format == "auto" and of_lines:
                    command = ["fastcli", self.ctx.info_name or "predict", asked.model, *asked.data]
                    command += output_for(path, "labelled", len(asked.data))
                    refuse_table(path, "", command, model=classifier)
                name = asked.named(path)
                predictor = Predictor(
                    classifier, asked.k, asked.threshold, self.options.thread, name
                )
                predict_file(predictor, path, self.options.json, self.with_probs)
                notes += unknown_words_note(predictor, path, are_queries=True)
        say_unknown_words(notes)

    def predict_numbers(self, classifier: Classifier, asked: Question) -> None:
        """Print the numbers that a model of regression predicts."""
        from fastcli.api.tables import check_of_numbers
        from fastcli.api.testing import check_no_labels
        from fastcli.cli.display.bars import is_into_file, with_bar
        from fastcli.evaluation.predictor import Predictor

        check_no_labels(asked, self.options.thresholds, self.options.calibrated)
        check_of_numbers(
            asked.model, self.filters, self.labelling.wide, bool(self.parts.output_dir)
        )
        if self.labelling.output:
            self.label_tables(classifier, asked)
            return
        of_lines = reads_lines(classifier)
        asks = bool(self.labelling.like) or asks_for_table(self.table)
        notes: list[str] = []
        for path in asked.data:
            with fetched(path):
                if of_lines and self.table.format == "auto" and not asks:
                    command = ["fastcli", "predict", asked.model, *asked.data]
                    command += output_for(path, "predicted", len(asked.data))
                    refuse_table(path, "", command, model=classifier)
                predictor = Predictor(classifier, 1, 0.0, self.options.thread, asked.named(path))
                if of_lines and asks:
                    self.predict_texts(predictor, asked.model, path)
                else:
                    blocks = with_bar(
                        blocks_of(classifier, path, CANNOT_OPEN), path, is_into_file()
                    )
                    predict_numbers(predictor, blocks, self.options.json)
                notes += unknown_words_note(predictor, path, are_queries=True)
        say_unknown_words(notes)

    def predict_texts(self, predictor: Predictor, model: str, data: str) -> None:
        """Print the numbers that a model of regression predicts for the texts of a table."""
        from fastcli.api.labelled_tables import open_texts, say_left_out
        from fastcli.labelling.label_table import lines_of
        from fastcli.tables.bad_rows import BadRows

        bad = BadRows(self.table.skip_bad)
        table, prepared = open_texts(
            predictor.model, model, data, self.table, self.labelling.like, bad
        )
        lines = (lines_of(prepared.recipe, block) for block in table.blocks)
        predict_numbers(predictor, lines, self.options.json)
        say_left_out(bad)

    def label_tables(self, classifier: Classifier, asked: Question) -> None:
        """Write the rows of a table with their labels, or, without --output, print the labels."""
        if self.options.json:
            raise ArgumentError("--json is for lines: give --output FILE.jsonl for a table.")
        for path in asked.data:
            with fetched(path):
                self.label_table(classifier, asked.model, path, asked.k, asked.threshold)

    def label_table(
        self, classifier: Classifier, model: str, data: str, k: int, threshold: float
    ) -> None:
        """Write the rows of a table with their labels, or, without --output, print the labels."""
        from fastcli.api.tables import Job, label_rows, say_after
        from fastcli.cli.display.labelling import (
            LabellingDisplay,
            say_summary,
            written_sentences,
        )
        from fastcli.cli.display.messages import say

        output = self.labelling.output
        with LabellingDisplay(data, output or STREAM) as display:
            if not output:
                self.print_labels(classifier, model, data, (k, threshold), display.read)
                return
            job = Job(
                classifier=classifier,
                model=model,
                data=data,
                table=self.table,
                like=self.labelling.like,
                args=self.label_args(k, threshold),
            )
            done, bad = label_rows(job, display.read, display.advance)
        if classifier.targets is not None:
            say(*written_sentences(done, job.args))
        else:
            say_summary(done, job.args, has_thresholds=getattr(classifier, "has_thresholds", False))
        say_after(job, done, bad)

    def print_labels(
        self,
        classifier: Classifier,
        model: str,
        data: str,
        best: tuple[int, float],
        on_bytes: Callable[[int], None],
    ) -> None:
        """Print the labels of the rows of a table, ``best`` of which k and the threshold are."""
        from fastcli.api.labelled_tables import open_texts, say_left_out
        from fastcli.evaluation.predictor import Predictor
        from fastcli.tables.bad_rows import BadRows

        bad = BadRows(self.table.skip_bad)
        like = self.labelling.like
        table, prepared = open_texts(classifier, model, data, self.table, like, bad, on_bytes)
        predictor = Predictor(classifier, *best, self.options.thread, model)
        print_rows(predictor, table, prepared.recipe, self.with_probs)
        say_unknown_words(unknown_words_note(predictor, data, are_queries=True))
        say_left_out(bad)

    def label_args(self, k: int, threshold: float) -> LabelArgs:
        """Return what is added to rows."""
        from fastcli.labelling.label_table import LabelArgs

        return LabelArgs(
            output=local_path(self.labelling.output),
            k=k,
            threshold=threshold,
            with_probs=self.with_probs,
            wide=self.labelling.wide,
            name=self.labelling.as_name,
            thread=threads_of(self.ctx, self.clustering, self.options.thread),
            filters=self.filters,
        )

    def label_parts(self, classifier: Classifier, asked: Question) -> None:
        """Write a part for each table, ``-thread`` at a time."""
        if self.options.json:
            raise ArgumentError("--json is for lines that are printed, not for parts.")
        args = self.label_args(asked.k, asked.threshold)
        lists = self.ctx.params["files_from"]
        label_parts(
            classifier,
            asked,
            self.table,
            self.labelling.like,
            self.parts,
            args,
            lists,
            self.clustering,
        )


def output_for(path: str, name: str, n_files: int) -> list[str]:
    """Return the option with which a table is labelled: a file, or a folder of several.

    It is one that is not there, so that the command replaces nothing.
    """
    end = "" if n_files > 1 else "".join(Path(path).suffixes[-1:])
    names = [f"{name}{end}", *(f"{name}-{number}{end}" for number in range(2, MOST_OUTPUTS))]
    free = next((one for one in names if not os.path.lexists(one)), names[0])
    return ["--output-dir" if n_files > 1 else "--output", free]


def print_rows(predictor: Predictor, table: OpenTable, recipe: Recipe, with_probs: bool) -> None:
    """Print what is predicted for the rows of a table, an empty line for each without text."""
    import numpy as np

    from fastcli.cli.display.messages import say
    from fastcli.labelling.label_table import LINE_END, lines_of

    out, n_empty = sys.stdout.buffer, 0
    for block in table.blocks:
        data = lines_of(recipe, block)
        is_empty = np.diff(np.flatnonzero(data == LINE_END), prepend=-1) == 1
        text = b"".join(predictor.format([data], with_probs))
        if is_empty.any():
            lines = text.split(b"\n")
            for i in np.flatnonzero(is_empty).tolist():
                lines[i] = b""
            text = b"\n".join(lines)
            n_empty += int(is_empty.sum())
        out.write(text)
    if n_empty:
        rows = "1 row has" if n_empty == 1 else f"{n_empty:,} rows have"
        say(f"{table.shown}: {rows} no text: an empty line for each.")


def predict_file(predictor: Predictor, path: str, as_json: bool, with_probs: bool) -> None:
    """Print what is predicted for the lines of a file or of standard input."""
    from fastcli.cli.display.bars import is_into_file, with_bar

    blocks = with_bar(blocks_of(predictor.model, path, CANNOT_OPEN), path, is_into_file())
    out = sys.stdout.buffer
    if not as_json:
        for text in predictor.format(blocks, with_probs):
            out.write(text)
            out.flush()
        return
    for block in blocks:
        try:
            for labels in predictor.rows([block]):
                names = [readable(name) for name, _ in labels]
                answer: dict[str, object] = {"labels": names}
                if with_probs:
                    answer["probabilities"] = [_json.number(p) for _, p in labels]
                out.write(_json.line(answer))
        finally:
            out.flush()  # also where a line is not finite: those before it stand
