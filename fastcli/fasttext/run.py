"""The whole of a training command: check, train, and write every file it leaves."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from typing import Any

from fastcli import __version__
from fastcli.fasttext.about import save_about
from fastcli.fasttext.args import TrainArgs, command_line
from fastcli.fasttext.model_file import output_rows
from fastcli.fasttext.save import save_model, save_vectors, word_vectors
from fastcli.fasttext.train import Reporter, Trained, train_supervised
from fastcli.fasttext.train_words import train_word_vectors
from fastcli.files import check_writable
from fastcli.kernels._build import compile_beside
from fastcli.kernels.numbers import format_vectors
from fastcli.kernels.train import train_lines
from fastcli.kernels.train_words import train_words

RUNNING = ("output", "save_output", "no_vec", "thread", "verbose")  # no part of a training


def train_and_save(args: TrainArgs, reporter: Reporter) -> Trained:
    """Train a classifier or word vectors; write ``<output>.bin``, its JSON, ``.vec``, ``.output``.

    Every file is written under a temporary name and put in place when it is whole.  Raises
    FastcliError or a child of it.
    """
    model_path = f"{args.output}.bin"
    args.check()
    check_outputs(args, model_path)
    if args.model == "sup":
        compile_beside(train_lines, format_vectors)
        trained = train_supervised(args, reporter)
    else:
        compile_beside(train_words, format_vectors)
        trained = train_word_vectors(args, reporter)
    reporter.trained(trained.seconds)
    save_model(model_path, trained)
    save_texts(args, trained)
    save_about(model_path, about(args, trained), reporter.warn)
    return trained


def check_outputs(args: TrainArgs, model_path: str) -> None:
    """Raise FastcliError if a file that the arguments ask for cannot be put in its place."""
    check_writable(model_path)
    if not args.no_vec:
        check_writable(f"{args.output}.vec")
    if args.save_output:
        check_writable(f"{args.output}.output")


def save_texts(args: TrainArgs, trained: Trained) -> None:
    """Write ``<output>.vec`` and ``<output>.output``, as the arguments say."""
    dictionary = trained.dictionary
    if not args.no_vec:
        save_vectors(
            f"{args.output}.vec",
            word_vectors(trained),
            trained.stride,
            trained.args,
            dictionary,
            0,
            dictionary.nwords,
            args.thread,
        )
    if args.save_output:
        save_vectors(
            f"{args.output}.output",
            trained.wo,
            trained.stride,
            trained.args,
            dictionary,
            dictionary.nwords if args.model == "sup" else 0,
            output_rows(trained.args, dictionary),
            args.thread,
        )


def about(args: TrainArgs, trained: Trained) -> dict[str, Any]:
    """Return what the JSON file beside a model says of it.

    Only what follows from the training: nothing of where it was written, of the time it took or
    of the machine, so that equal trainings write equal files.
    """
    kept = replace(args, **{name: getattr(TrainArgs, name) for name in RUNNING})
    return {
        "fastcli": __version__,
        "command": shlex.join(command_line(kept)),
        "label": args.label,
        "arguments": {k: v for k, v in asdict(args).items() if k not in RUNNING},
        "words": trained.dictionary.nwords,
        "labels": trained.dictionary.nlabels,
        "tokens": trained.dictionary.ntokens,
        "loss": round(trained.loss, 6),
    }
