"""supervised, skipgram and cbow: train a classifier, or word vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from fastcli.cli._command import NO_PATHS, Option, OptionsOnly
from fastcli.cli._options import VECTORS, size_in_bytes, threads
from fastcli.fasttext.args import DEFAULTS, RATES, TrainArgs, option_of, snake

METRICS = (
    "f1[:LABEL], f1macro, accuracy, precisionAtRecall:30[:LABEL], recallAtPrecision:30[:LABEL]"
)

# fastText's name, kind, what it means; the Python name and the --alias follow from the name.
OPTIONS: dict[str, list[tuple[str, Any, str]]] = {
    "dictionary": [
        ("minCount", int, "minimal number of word occurrences"),
        ("minCountLabel", int, "minimal number of label occurrences"),
        ("wordNgrams", int, "max length of word n-grams"),
        ("bucket", int, "number of buckets for n-grams"),
        ("minn", int, "min length of character n-grams"),
        ("maxn", int, "max length of character n-grams (0: none)"),
        ("t", float, "sampling threshold (word vectors only): smaller, fewer frequent words"),
        ("label", str, "prefix of labels"),
    ],
    "training": [
        ("lr", float, "learning rate"),
        ("optimizer", str, "sgd, adagrad or adam (classifiers only)"),
        ("lrUpdateRate", int, "tokens between two changes of the learning rate"),
        ("dim", int, "size of word vectors"),
        ("ws", int, "size of the context window (word vectors only)"),
        ("epoch", int, "number of epochs"),
        ("neg", int, "number of negatives sampled (loss ns)"),
        ("loss", str, "loss function: softmax, hs, ns, one-vs-all (ova)"),
        ("pretrainedVectors", str, f"word vectors to start from: {VECTORS}"),
        (
            "--vectors-words",
            str,
            "words of these vectors that enter the model: all, corpus (the text's)",
        ),
        ("seed", int, "random seed; the same seed gives the same file on any threads"),
    ],
    "quantization": [
        ("cutoff", int, "number of words and n-grams to keep (0: all)"),
        ("dsub", int, "size of each sub-vector"),
    ],
}
AUTOTUNE: list[tuple[str, Any, Any, str]] = [
    ("autotune-validation", str, "", "validation file: look for the best arguments on it"),
    ("autotune-metric", str, "f1", f"metric to maximise: {METRICS}"),
    ("autotune-predictions", int, 1, "predictions a line that the metric looks at"),
    ("autotune-duration", int, 300, "seconds for all of it, saving included"),
    (
        "autotune-modelsize",
        str,
        "",
        "make a .ftz (of few words a .bin) of at most this size: 2M, 500k, 1G, bytes",
    ),
    ("--autotune-trials", str, None, "file of trials, one JSON a line  [<name>.trials.jsonl]"),
]
FLAGS = {
    "qnorm": "quantize the norm apart from the direction",
    "qout": "quantize the labels' rows too (256 labels or more)",
    "retrain": "train what is kept of the model again, on -input",
}


def alias(name: str) -> str:
    """Return the double-dash spelling of an option: ``--word-ngrams``."""
    return "--" + snake(name).replace("_", "-")


def option(name: str, group: str, text: str, **more: Any) -> Any:
    """Return the decorator that adds an option under fastText's name and its double-dash one."""
    names = [f"-{name}", alias(name)] if not name.startswith("-") else [name]
    names.append(names[-1].removeprefix("--").replace("-", "_"))
    return click.option(*names, cls=Option, group=group, help=text, **more)


Command = TypeVar("Command", bound=Callable[..., Any])


def table_options(defaults: TrainArgs, own: Sequence[str] = ()) -> list[Any]:
    """Return the options of the table above, with a command's defaults.

    Those in ``own`` have none: a model says what they are.
    """
    found = []
    for group, rows in OPTIONS.items():
        for name, kind, text in rows:
            default = None if name in own else getattr(defaults, snake(name.lstrip("-")))
            shown = default not in ("", None)
            if name == "seed" and defaults.model != "sup":
                text = "random seed; the same seed gives the same file on one thread"
            found.append(option(name, group, text, type=kind, default=default, show_default=shown))
    for name, text in FLAGS.items():
        found.append(option(name, "quantization", text, is_flag=True))
    for name, kind, default, text in AUTOTUNE:
        shown = bool(default)
        found.append(option(name, "autotune", text, type=kind, default=default, show_default=shown))
    text = "go on from the trials of an earlier run"
    found.append(option("--autotune-resume", "autotune", text, is_flag=True))
    return found


def shuffle_option() -> Any:
    """Return the option that has a classifier visit lines in the order of the file."""
    text = "visit lines in the order of the file, not in a new random order each epoch"
    return option("--no-shuffle", "training", text, is_flag=True)


def fsync_option() -> Any:
    """Return the option that forces large files to the disk, too."""
    text = "force files of more than 16 MB to the disk, too, before they take their places"
    return option("--fsync", "files", text, is_flag=True)


def training_options(defaults: TrainArgs) -> Callable[[Command], Command]:
    """Return a decorator that adds the options of a training command."""
    rows = "labels" if defaults.model == "sup" else "words"
    options = [
        option(
            "input",
            "files",
            "training file, one example a line; repeatable; .gz .bz2 .xz .zst too",
            multiple=True,
        ),
        option(
            "output",
            "files",
            "writes <name>.bin (the model), <name>.vec, <name>.bin.json",
            default="",
        ),
        option(
            "saveOutput",
            "files",
            f"also write the {rows}' output rows to <name>.output",
            is_flag=True,
        ),
        option("--no-vec", "files", "do not write <name>.vec", is_flag=True),
        fsync_option(),
        *table_options(defaults),
        *([shuffle_option()] if defaults.model == "sup" else []),
        option(
            "thread",
            "running",
            "number of threads  [default: processors of this machine]",
            type=int,
            default=None,
        ),
        option(
            "verbose",
            "running",
            "0: silent, 1: the final line, 2: progress",
            type=int,
            default=defaults.verbose,
            show_default=True,
        ),
    ]

    def add(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return add


PATTERN = "-input <file> -output <name> [options]"


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training_options(DEFAULTS["supervised"])
@click.pass_context
def supervised(ctx: click.Context, /, **options: Any) -> None:
    """Train a classifier on lines of labels and text.

    \b
    Example:
      fastcli supervised -input data/samples/topics.train.txt -output topics \\
          -lr 0.5 -epoch 25 -wordNgrams 2 -dim 20 -bucket 20000
    """
    run(ctx, "supervised", options)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training_options(DEFAULTS["skipgram"])
@click.pass_context
def skipgram(ctx: click.Context, /, **options: Any) -> None:
    """Learn word vectors by predicting the context of each word.

    A word is the sum of its own vector and those of its character n-grams, so that there are
    vectors for words that the text does not have.  The same seed gives the same file on one
    thread; several threads are faster and give a slightly different one each time.

    \b
    Example:
      fastcli skipgram -input data/samples/topics.train.txt -output words -minCount 2 -dim 20 \\
          -bucket 20000 -epoch 20
    """
    run(ctx, "skipgram", options)


@click.command(cls=OptionsOnly, pattern=PATTERN, empty=NO_PATHS)
@training_options(DEFAULTS["cbow"])
@click.pass_context
def cbow(ctx: click.Context, /, **options: Any) -> None:
    """Learn word vectors by predicting each word from its context.

    Faster than skipgram; see there.

    \b
    Example:
      fastcli cbow -input data/samples/topics.train.txt -output words -minCount 2 -dim 20 \\
          -bucket 20000 -epoch 20
    """
    run(ctx, "cbow", options)


def run(ctx: click.Context, command: str, options: dict[str, Any]) -> None:
    """Train and save, with the options of a command."""
    options["thread"] = threads(options["thread"])
    is_default = ctx.get_parameter_source("dim") is click.core.ParameterSource.DEFAULT
    if options["pretrained_vectors"] and is_default:
        from fastcli.fasttext.pretrained import source_dim

        options["dim"] = source_dim(options["pretrained_vectors"])
    has_lr = ctx.get_parameter_source("lr") is not click.core.ParameterSource.DEFAULT
    if options["optimizer"] != "sgd" and not has_lr:
        options["lr"] = RATES.get(options["optimizer"], options["lr"])
    tuning = {name: options.pop(name) for name in list(options) if name.startswith("autotune_")}
    fsync = options.pop("fsync")
    args = TrainArgs(model=DEFAULTS[command].model, **options)
    args.check()
    if tuning["autotune_validation"]:
        tune(ctx, args, tuning, fsync)
        return
    from fastcli.cli.display.training import TrainingDisplay
    from fastcli.fasttext.train_and_save import train_and_save

    with TrainingDisplay(args.verbose) as progress:
        train_and_save(args, progress, fsync)


def tune(ctx: click.Context, args: TrainArgs, tuning: dict[str, Any], fsync: bool) -> None:
    """Look for the best arguments, and save the best model."""
    from fastcli.cli.display.messages import lines, say
    from fastcli.cli.display.tuning import TuningDisplay
    from fastcli.fasttext.autotune import AutotuneArgs
    from fastcli.fasttext.trials import TUNED
    from fastcli.fasttext.tune_and_save import tune_and_save

    default = click.core.ParameterSource.DEFAULT
    fixed = {name for name in TUNED if ctx.get_parameter_source(name) is not default}
    if args.optimizer != "sgd":
        fixed.add("lr")  # what is tried is good for SGD
    if args.pretrained_vectors:
        fixed.add("dim")  # it is that of the vectors
    for name in sorted(fixed) if args.verbose > 0 else ():
        say(
            f"Warning : {option_of(name)[1:]} is manually set to a specific value. "
            "It will not be automatically optimized."
        )
    given = AutotuneArgs(
        validation=tuning["autotune_validation"],
        metric=tuning["autotune_metric"],
        predictions=tuning["autotune_predictions"],
        duration=tuning["autotune_duration"],
        modelsize=size_in_bytes(tuning["autotune_modelsize"], ctx),
        trials=tuning["autotune_trials"] or f"{args.output}.trials.jsonl",
        resume=tuning["autotune_resume"],
        fixed=frozenset(fixed),
    )
    with TuningDisplay(args.verbose) as progress:
        tuned = tune_and_save(args, given, progress, fsync)
    if args.verbose > 0:
        best = tuned.outcome.trial
        say(
            f"Best of {tuned.outcome.n_trials} trials: number {best.number}, "
            f"{given.metric} {best.score:.6f}; {tuned.path} is its model. The same again:"
        )
        for command in tuned.commands:
            lines(command)
