"""The whole of a training command: check, train, and write every file it leaves."""

from __future__ import annotations

import platform
from dataclasses import asdict
from typing import Any

from fastcli import __version__
from fastcli.fasttext.about import check_about
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_file import file_size, output_rows
from fastcli.fasttext.save import save_about, save_model, save_vectors, word_vectors
from fastcli.fasttext.train import Reporter, Trained, train_supervised
from fastcli.fasttext.train_words import train_word_vectors
from fastcli.files import check_writable
from fastcli.kernels._build import compile_beside
from fastcli.kernels.numbers import format_vectors
from fastcli.kernels.train import train_lines
from fastcli.kernels.train_words import train_words


def train_and_save(args: TrainArgs, reporter: Reporter, command: str) -> Trained:
    """Train a classifier or word vectors; write ``<output>.bin``, ``.vec``, ``.json``, ``.output``.

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
    save_model(model_path, trained)
    save_about(model_path, about(args, trained, command))
    save_texts(args, trained)
    return trained


def check_outputs(args: TrainArgs, model_path: str) -> None:
    """Raise FastcliError if a file that the arguments ask for cannot be put in its place."""
    check_writable(model_path)
    check_about(model_path)
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


def about(args: TrainArgs, trained: Trained, command: str) -> dict[str, Any]:
    """Return what the JSON file beside a model says of it."""
    return {
        "format": "fastcli model",
        "fastcli": __version__,
        "python": platform.python_version(),
        "command": command,
        "label": args.label,
        "size": file_size(trained.args, trained.dictionary),
        "arguments": {k: v for k, v in asdict(args).items() if k not in ("verbose", "thread")},
        "words": trained.dictionary.nwords,
        "labels": trained.dictionary.nlabels,
        "tokens": trained.dictionary.ntokens,
        "loss": round(trained.loss, 6),
        "seconds": round(trained.seconds, 3),
        "threads": args.thread,
    }
