"""supervised: train a classifier."""

from __future__ import annotations

import shlex
import sys
from typing import Any

import click

from fastcli.cli._command import Option, OptionsOnly
from fastcli.cli._options import threads
from fastcli.fasttext.args import TrainArgs, snake

DEFAULTS = TrainArgs()

# fastText's name, kind, what it means; the Python name and the --alias follow from the name.
OPTIONS: dict[str, list[tuple[str, Any, str]]] = {
    "dictionary": [
        ("minCount", int, "minimal number of word occurrences"),
        ("minCountLabel", int, "minimal number of label occurrences"),
        ("wordNgrams", int, "max length of word n-grams"),
        ("bucket", int, "number of buckets for n-grams"),
        ("minn", int, "min length of character n-grams"),
        ("maxn", int, "max length of character n-grams (0: none)"),
        ("t", float, "sampling threshold (word vectors only)"),
        ("label", str, "prefix of labels"),
    ],
    "training": [
        ("lr", float, "learning rate"),
        ("lrUpdateRate", int, "tokens between two changes of the learning rate"),
        ("dim", int, "size of word vectors"),
        ("ws", int, "size of the context window (word vectors only)"),
        ("epoch", int, "number of epochs"),
        ("neg", int, "number of negatives sampled (loss ns)"),
        ("loss", str, "loss function: softmax, hs, ns, one-vs-all (ova)"),
        ("pretrainedVectors", str, "word vectors to start from (.vec, also compressed)"),
        ("seed", int, "random seed; the same seed gives the same file on any threads"),
    ],
}


def alias(name: str) -> str:
    """Return the double-dash spelling of an option: ``--word-ngrams``."""
    return "--" + snake(name).replace("_", "-")


def training_options(command: Any) -> Any:
    """Add the options that all training commands share, with this command's defaults."""
    for group in reversed(OPTIONS):
        for name, kind, text in reversed(OPTIONS[group]):
            default = getattr(DEFAULTS, snake(name))
            command = click.option(
                f"-{name}",
                alias(name),
                snake(name),
                cls=Option,
                group=group,
                type=kind,
                default=default,
                show_default=default != "",
                help=text,
            )(command)
    return command


@click.command(
    cls=OptionsOnly,
    short_help="Train a classifier.",
    pattern="-input <file> -output <name> [options]",
)
@click.option(
    "-input",
    "--input",
    "input",
    cls=Option,
    group="files",
    multiple=True,
    help="training file, one example a line; repeatable; .gz .bz2 .xz .zst too",
)
@click.option(
    "-output",
    "--output",
    "output",
    cls=Option,
    group="files",
    default="",
    help="writes <name>.bin (the model), <name>.vec, <name>.json",
)
@click.option(
    "-saveOutput",
    "--save-output",
    "save_output",
    cls=Option,
    group="files",
    is_flag=True,
    help="also write the labels' rows to <name>.output",
)
@click.option(
    "--no-vec", "no_vec", cls=Option, group="files", is_flag=True, help="do not write <name>.vec"
)
@training_options
@click.option(
    "-thread",
    "--thread",
    "thread",
    cls=Option,
    group="running",
    type=int,
    default=None,
    help="number of threads  [default: processors of this machine]",
)
@click.option(
    "-verbose",
    "--verbose",
    "verbose",
    cls=Option,
    group="running",
    type=int,
    default=DEFAULTS.verbose,
    show_default=True,
    help="0: silent, 1: the final line, 2: progress",
)
@click.pass_context
def supervised(ctx: click.Context, /, **options: Any) -> None:
    """Train a classifier on lines of labels and text.

    \b
    Example:
      fastcli supervised -input data/samples/topics.train.txt -output topics \\
          -lr 0.5 -epoch 25 -wordNgrams 2 -dim 20 -bucket 20000
    """
    options["thread"] = threads(options["thread"])
    is_default = ctx.get_parameter_source("dim") is click.core.ParameterSource.DEFAULT
    if options["pretrained_vectors"] and is_default:
        from fastcli.fasttext.pretrained import read_dim

        options["dim"] = read_dim(options["pretrained_vectors"])
    args = TrainArgs(**options)
    args.check()
    from fastcli.cli._progress import TrainingProgress
    from fastcli.fasttext.run import train_and_save

    with TrainingProgress(args) as progress:
        train_and_save(args, progress, shlex.join(["fastcli", *sys.argv[1:]]))
