"""Entry point of the training commands: check, train, and write all output files."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from fastcli import __version__
from fastcli.errors import missing
from fastcli.evaluation.retrying import kept_instead, retried
from fastcli.evaluation.run_log import EvaluationRows, RunLog
from fastcli.evaluation.weights import weights_file
from fastcli.fasttext.args import TrainArgs, command_line
from fastcli.fasttext.model_bytes import output_rows
from fastcli.fasttext.model_outputs import ModelOutputs, Writer
from fastcli.fasttext.save import word_vectors, write_model, write_vectors
from fastcli.fasttext.sidecar import about_path
from fastcli.fasttext.train import read_supervised, train_classifier
from fastcli.fasttext.train_words import train_word_vectors
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.files import Replacement, check_writable
from fastcli.jit.build import compile_beside
from fastcli.kernels.base.printf import format_vectors
from fastcli.kernels.linear.batch_lines import score_lines, step_lines
from fastcli.kernels.linear.few_labels import learn_lines
from fastcli.kernels.linear.shared_rows import count_shared
from fastcli.kernels.linear.train_batches import train_batches
from fastcli.kernels.linear.train_words import train_words
from fastcli.overwriting import check_apart
from fastcli.reporting import Reporter
from fastcli.text.spooled import named_pipes, place_of, spooled

if TYPE_CHECKING:
    from fastcli.fasttext.continuing import Former

RUNNING = ("output", "save_output", "no_vec", "thread", "verbose")  # no part of a training


def train_and_save(
    args: TrainArgs,
    reporter: Reporter,
    fsync: bool = False,
    prepared: dict[str, Any] | None = None,
    reading: Sequence[str] = (),
    watched: WatchArgs | None = None,
    former: Former | None = None,
    before: Callable[[RunLog], None] | None = None,
) -> Trained:
    """Train a classifier or word vectors; write ``<output>.bin``, its JSON, ``.vec``, ``.output``.

    Every file is made under a temporary name before anything is read, and put in place when all
    are whole; with ``fsync`` each is forced to the disk first.  ``prepared`` is what the JSON file
    records of how the input was prepared, ``reading`` are words that the command needs to read the
    same input, ``watched`` is what is measured between epochs, ``former`` the classifier that
    training goes on with, whose file may be the one that is written.  ``before`` is called when the
    input can be read and before it is.  Where ``args`` have no output the model stays in memory.
    Raises FastcliError or a child of it.
    """
    path = f"{args.output}.bin"
    models = [path] * bool(args.output)
    args.check()
    watched = watched or WatchArgs()
    check_watched(watched)
    settings = {**asdict(args), **asdict(watched)}
    written = [watched.log, watched.plot, watched.folds_output]
    beside = outputs(args, path)[1:] if models else []
    check_apart([*inputs(args), watched.valid], [*models, *beside, *written])
    check_apart([args.input_model], [*beside, *written])
    with (
        ModelOutputs(models, text_paths(args), reporter.warn, fsync) as files,
        RunLog(watched.log, reporter.warn, "supervised", settings) as log,
        spooled([*args.input, weights_file(args.class_weight)], reporter),
    ):
        if args.model == "sup":
            compile_beside(train_batches)
            few, several = (learn_lines, count_shared), (score_lines, step_lines)
            compile_beside(*(few if args.optimizer == "sgd" else several), format_vectors)
            if watched.valid_lines or former is not None:
                from fastcli.fasttext.validation import KERNELS

                compile_beside(*KERNELS)
            if before is not None:
                before(log)
            args, trained = train_until_finite(args, watched, reporter, log, former)
        else:
            compile_beside(train_words, format_vectors)
            trained = train_word_vectors(args, reporter)
        reporter.row(trained)
        trained.about = about(args, trained, reading, watched)
        if former is not None and not prepared:  # its texts were prepared alike, or should be
            prepared = former.model.about.get("prepared")
        if prepared:
            trained.about["prepared"] = prepared
        if models:
            reporter.stage("saving")
            writers = text_writers(args, trained)
            files.save(path, lambda out: write_model(out, trained), writers, trained.about)
    if trained.problem is not None:
        problem = kept_instead(trained.problem, watched.retry_nan)
        if models:
            raise problem
        reporter.warn(str(problem))  # the best model is all that there is
    return trained


def train_until_finite(
    args: TrainArgs,
    watched: WatchArgs,
    reporter: Reporter,
    log: RunLog | None = None,
    former: Former | None = None,
    is_fold: bool = False,
) -> tuple[TrainArgs, Trained]:
    """Train a classifier; with ``retry_nan`` start again at half the rate where the loss is NaN.

    A model that diverged after its best one is kept.  Returns the arguments that it was trained
    with, too.  Raises what ``read_supervised`` and ``train_classifier`` do.
    """
    data = read_supervised(args, reporter, watched.valid_lines, former, is_fold)

    def attempt(lr: float) -> tuple[TrainArgs, Trained]:
        tried, watch = replace(args, lr=lr), None
        if log is not None and lr != args.lr:
            log.restart({**asdict(tried), **asdict(watched)})
        if watched.is_on:
            from fastcli.fasttext.watch import Watch

            watch = Watch(watched, EvaluationRows(log, reporter.row).show, args.thread)
        return tried, train_classifier(tried, data, reporter, watch)

    return retried(attempt, args.lr, watched.retry_nan, reporter)


def check_watched(watched: WatchArgs) -> None:
    """Raise an error, before anything is read, if a validation cannot be made."""
    if watched.valid and not os.path.exists(place_of(watched.valid)):
        raise missing(watched.valid, "validation")
    if watched.plot:
        check_writable(watched.plot)


def text_paths(args: TrainArgs) -> list[str]:
    """Return the text files that the arguments request beside a model."""
    if not args.output:
        return []
    vec, output = f"{args.output}.vec", f"{args.output}.output"
    return [vec] * (not args.no_vec) + [output] * args.save_output


def inputs(args: TrainArgs) -> list[str]:
    """Return the files that training reads."""
    return [*args.input, args.pretrained_vectors, weights_file(args.class_weight)]


def outputs(args: TrainArgs, model_path: str) -> list[str]:
    """Return the files that a training command writes."""
    return [model_path, str(about_path(model_path)), *text_paths(args)]


def text_writers(args: TrainArgs, trained: Trained) -> dict[str, Writer]:
    """Return the functions that write ``<output>.vec`` and ``<output>.output``, if requested."""
    dictionary, stride = trained.dictionary, trained.stride
    n_outputs = output_rows(trained.args, dictionary)
    first = dictionary.nwords if args.model == "sup" else 0

    def words(out: Replacement) -> None:
        rows, n = word_vectors(trained), dictionary.nwords
        write_vectors(out, rows, stride, trained.args, dictionary, 0, n, args.thread)

    def outputs(out: Replacement) -> None:
        rows, n = trained.wo, n_outputs
        write_vectors(out, rows, stride, trained.args, dictionary, first, n, args.thread)

    writers = {f"{args.output}.vec": words, f"{args.output}.output": outputs}
    return {path: writers[path] for path in text_paths(args)}


def about(
    args: TrainArgs,
    trained: Trained,
    reading: Sequence[str] = (),
    watched: WatchArgs | None = None,
) -> dict[str, Any]:
    """Return the content of the JSON file beside a model.

    Only what follows from the training: nothing of where it was written, of the time it took or
    of the machine, so that equal trainings write equal files.  ``reading``: see
    ``train_and_save``.
    """
    args = replace(args, **named_pipes(args))
    kept = replace(args, **{name: getattr(TrainArgs, name) for name in RUNNING})
    lines = {"lines_at_once": trained.lines_at_once} if args.model == "sup" else {}
    validation = trained.watch.about() if trained.watch is not None else {}
    words = watched.words() if watched is not None else []
    return {
        "fastcli": __version__,
        "command": shlex.join([*command_line(kept), *reading, *words]),
        "label": args.label,
        "arguments": {k: v for k, v in args.recorded().items() if k not in RUNNING},
        "words": trained.dictionary.nwords,
        "labels": trained.dictionary.nlabels,
        "tokens": trained.dictionary.ntokens,
        "loss": round(trained.loss, 6),
        **lines,
        **({"validation": validation} if validation else {}),
        **({"interrupted": trained.interrupted} if trained.interrupted else {}),
        **({"continues": trained.former.about()} if trained.former is not None else {}),
    }
