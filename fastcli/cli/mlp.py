"""mlp-train: train a multilayer perceptron on text or numbers."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from fastcli import signals
from fastcli.cli._command import NO_PATHS, Option, OptionsOnly
from fastcli.cli._options import VECTORS, threads
from fastcli.cli.train import fsync_option
from fastcli.errors import ArgumentError, DataError
from fastcli.overwriting import check_apart

if TYPE_CHECKING:
    from fastcli.mlp.args import MlpArgs
    from fastcli.text.vector_files import VectorSource

# Name (single dash: fastText's), kind, default, what it means; True is a flag.
OPTIONS: dict[str, list[tuple[str, Any, Any, str]]] = {
    "files": [
        ("-input", str, (), "training file, text, CSV/TSV or libsvm; repeatable; compressed too"),
        ("-output", str, "", "writes <name>.mlp (the model)"),
        ("--valid", str, "", "validation file: measured on the way, the best model is kept"),
        ("--config", str, "", "TOML file with any of these options; the command line wins"),
        ("--format", str, "auto", "auto, text, csv, libsvm"),
        ("--log", str, "", "file for every evaluation, one JSON a line"),
        ("--plot", str, "", "picture of the learning curves, .png or .svg (extra: fastcli[plot])"),
    ],
    "text": [
        ("-dim", int, 100, "size of word vectors"),
        ("-minCount", int, 1, "minimal number of word occurrences"),
        ("-minCountLabel", int, 0, "minimal number of label occurrences"),
        ("-wordNgrams", int, 1, "max length of word n-grams"),
        ("-bucket", int, 2000000, "number of buckets for n-grams"),
        ("-minn", int, 0, "min length of character n-grams"),
        ("-maxn", int, 0, "max length of character n-grams (0: none)"),
        ("-pretrainedVectors", str, "", f"word vectors to start from: {VECTORS}"),
        ("--vectors-words", str, "all", "words of these vectors that enter the model: all, corpus"),
        ("-label", str, "__label__", "prefix of labels"),
    ],
    "numbers": [
        ("--label-column", str, "-1", "name or position of the label's column, from 0; -1: last"),
        ("--delimiter", str, "", "what separates columns  [default: by the first line]"),
        ("--no-standardize", True, False, "take numbers as they are, not on one scale"),
    ],
    "network": [
        ("--hidden", str, "100", "widths of hidden layers, such as 128,64; none: no layer"),
        ("--activation", str, "relu", "for all layers, or one each: relu,leaky-relu:0.2"),
        ("--norm", str, "none", "none, batch, layer"),
        ("--norm-position", str, "before", "before or after the activation"),
        ("--norm-momentum", float, 0.1, "share of a batch in the running mean and variance"),
        ("--norm-eps", float, 1e-5, "added to variances"),
        ("--init", str, "auto", "how weights start; auto: what suits the activation"),
        ("--init-std", float, 0.01, "standard deviation of --init normal"),
        ("--bias", float, 0.0, "what biases start from"),
        ("-loss", str, "auto", "softmax, one-vs-all (ova); auto: by the labels a line has"),
    ],
    "optimiser": [
        ("--optimizer", str, "adam", "sgd, momentum, nesterov, adagrad, rmsprop, adadelta, ..."),
        ("-lr", float, -1.0, "learning rate  [default: the optimiser's]"),
        ("--momentum", float, -1.0, "mu of sgd, momentum, nesterov and rmsprop"),
        ("--beta1", float, 0.9, "decay of the mean gradient (Adam's family)"),
        ("--beta2", float, 0.999, "decay of the mean square (Adam's family)"),
        ("--rho", float, 0.9, "decay of the mean square (rmsprop, adadelta)"),
        ("--eps", float, -1.0, "keeps from dividing by 0  [default: the optimiser's]"),
        ("--centered", True, False, "take the mean gradient's square off (rmsprop)"),
        ("--batch-size", int, 32, "examples a step; 1: one by one, 0: all of them"),
        ("-epoch", int, 20, "number of epochs"),
        ("--schedule", str, "constant", "constant, linear, step, cosine"),
        ("--warmup", int, 0, "steps in which the learning rate rises from 0"),
        ("--step-size", int, 10, "epochs between two cuts (schedule step)"),
        ("--gamma", float, 0.1, "what the learning rate is cut by (schedule step)"),
        ("--clip-norm", float, 0.0, "longest gradient over all parameters (0: any)"),
        ("--clip-value", float, 0.0, "largest gradient of a parameter (0: any)"),
    ],
    "regularisation": [
        ("--l1", float, 0.0, "L1 penalty on weights"),
        ("--l2", float, 0.0, "L2 penalty on weights"),
        ("--weight-decay", float, -1.0, "decoupled weight decay  [default: 0.01 for adamw]"),
        ("--dropout", str, "0", "for all hidden layers, or one each: 0.2,0.5"),
        ("--input-dropout", float, 0.0, "dropout of inputs"),
        ("--noise-shape", str, "element", "what is dropped: element, row, column"),
        ("--input-noise", float, 0.0, "standard deviation of Gaussian noise on inputs"),
        ("--word-dropout", float, 0.0, "share of words left out, anew in every epoch (text)"),
        ("--word-swap", float, 0.0, "share of words swapped with the next one (text)"),
        ("--label-smoothing", float, 0.0, "share of the target for other labels"),
        ("--activation-l1", float, 0.0, "L1 penalty on hidden layers' outputs"),
        ("--max-norm", float, 0.0, "longest weights into a unit (0: any)"),
        ("--patience", int, 0, "worse evaluations before training ends (0: never)"),
        ("--eval-every", int, 0, "steps between evaluations (0: an epoch)"),
        ("--monitor", str, "error", "quantity to minimise on --valid: error, loss"),
    ],
    "running": [
        ("--save-every", int, 0, "steps between checkpoints, <name>.checkpoint (0: none)"),
        ("--resume", True, False, "go on from the checkpoint"),
        ("-seed", int, 0, "random seed; the same seed gives the same file on any threads"),
    ],
}


LONGEST_CONFIG = 1 << 20  # bytes


def python_name(option: str) -> str:
    """Return the argument of an option: ``word_ngrams`` of ``-wordNgrams``."""
    from fastcli.fasttext.args import snake

    return snake(option.lstrip("-"))


def mlp_options(command: Any) -> Any:
    """Add all options."""
    rows: list[tuple[str, str, Any, Any, str]] = [
        (group, *row) for group, rows in OPTIONS.items() for row in rows
    ]
    command = click.option(
        "-verbose",
        "--verbose",
        "verbose",
        cls=Option,
        group="running",
        type=int,
        default=2,
        show_default=True,
        help="0: silent, 1: the table at the end, 2: progress",
    )(command)
    command = click.option(
        "-thread",
        "--thread",
        "thread",
        cls=Option,
        group="running",
        type=click.IntRange(min=1),
        default=None,
        help="number of threads  [default: processors of this machine]",
    )(command)
    command = fsync_option()(command)
    for group, name, kind, default, text in reversed(rows):
        plain = python_name(name)
        names = [name, "--" + plain.replace("_", "-")] if not name.startswith("--") else [name]
        more: dict[str, Any] = {"is_flag": True} if kind is True else {"type": kind}
        if name == "-input":
            more["multiple"] = True
        shown = kind is not True and default not in ("", (), -1.0)
        command = click.option(
            *names,
            plain,
            cls=Option,
            group=group,
            default=default,
            show_default=shown,
            help=text,
            **more,
        )(command)
    return command


@click.command(cls=OptionsOnly, pattern="-input <file> -output <name> [options]", empty=NO_PATHS)
@mlp_options
@click.pass_context
def mlp_train(ctx: click.Context, /, **options: Any) -> None:
    """Train a multilayer perceptron on lines of labels and text, or on rows of numbers.

    \b
    Example:
      fastcli mlp-train -input data/samples/topics.train.txt -output deep -dim 20 --hidden 32 \\
          --dropout 0.3 -lr 0.01 -epoch 10
    """
    values = {name: value for name, value in options.items() if name not in ("config", "fsync")}
    configured = read_config(ctx, options["config"]) if options["config"] else {}
    values |= configured
    values["thread"] = threads(values["thread"])
    as_they_are = values.pop("no_standardize")
    values.setdefault("standardize", not as_they_are)
    from fastcli.cli.display.curves import check_plot, plot
    from fastcli.cli.display.perceptron import MlpDisplay
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.train_and_save import outputs, train_and_save_mlp

    is_default = ctx.get_parameter_source("dim") is click.core.ParameterSource.DEFAULT
    if values["pretrained_vectors"] and is_default and "dim" not in configured:
        from fastcli.fasttext.pretrained import source_dim

        values["dim"] = source_dim(values["pretrained_vectors"])
    args = MlpArgs(**values)
    args.check()
    args = args.resolved()
    check_apart([options["config"]], outputs(args))
    if args.plot:
        check_plot(args.plot)
    with MlpDisplay(args) as progress:
        source = open_source(args, progress.note) if args.pretrained_vectors else None
        trained = train_and_save_mlp(args, progress, source, options["fsync"])
        progress.summary(trained)
    if args.plot:
        plot(args.plot, trained)
    if trained.interrupted:
        sys.exit(signals.exit_code(signals.received or signal.SIGINT))


def open_source(args: MlpArgs, note: Callable[[str], None]) -> VectorSource:
    """Open the vectors that training starts from: a file of them, or a linear model."""
    from fastcli.fasttext import pretrained

    ngrams = pretrained.ngram_args(args.minn, args.maxn, args.word_ngrams, args.bucket)
    return pretrained.open_source(args.pretrained_vectors, ngrams, note)


def read_config(ctx: click.Context, path: str) -> dict[str, Any]:
    """Return what a TOML file says and the command line does not."""
    from fastcli.mlp.args import from_config

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            text = file.read(LONGEST_CONFIG + 1)
        if len(text) > LONGEST_CONFIG:
            raise ArgumentError(f"{path} is too long for a configuration.")
        found = tomllib.loads(text.decode())
    except OSError as error:
        raise DataError(f"{path} cannot be opened for loading! ({error.strerror})") from None
    except RecursionError:
        raise ArgumentError(f"{path} is not valid TOML: nested too deeply.") from None
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is not valid UTF-8 at byte {error.start:,}.") from None
    except ValueError as error:  # of TOML, and of numbers with thousands of digits
        raise ArgumentError(f"{path} is not valid TOML: {error}.") from None
    default = click.core.ParameterSource.DEFAULT
    values = from_config({python_name(key): value for key, value in found.items()}, path)
    option_of = {"standardize": "no_standardize"}
    return {
        name: value
        for name, value in values.items()
        if ctx.get_parameter_source(option_of.get(name, name)) is default
    }
