"""quantize: make a model small."""

from __future__ import annotations

from typing import Any

import click

from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._options import size_in_bytes
from fastcli.cli.train import fsync_option, option, shuffle_option, table_options
from fastcli.fasttext.args import DEFAULTS

OWN = ("lr", "epoch", "optimizer", "label")  # by default, what the model was trained with


def quantize_options(command: Any) -> Any:
    """Add the options of quantize; those of training are taken too, as in fastText."""
    options = [
        option(
            "output", "files", "reads <name>.bin; writes <name>.ftz, <name>.ftz.json", default=""
        ),
        option("input", "files", "training text, for -retrain only; repeatable", multiple=True),
        fsync_option(),
        option("--test", "files", "labelled lines to measure P@1 on, before and after"),
        option(
            "--target-size",
            "quantization",
            "choose -cutoff, and -dsub if not given, for a file of this size: 2M, 500k, bytes",
        ),
        *table_options(DEFAULTS["supervised"], own=OWN),
        shuffle_option(),
        option(
            "thread",
            "running",
            "number of threads  [default: processors of this machine]",
            type=int,
        ),
        option("verbose", "running", "0: silent, 1 and 2: progress", type=int, default=2),
    ]
    for one in reversed(options):
        command = one(command)
    return command


@click.command(
    cls=OptionsOnly,
    pattern="-output <name> [options]",
    empty=NO_PATHS,
)
@quantize_options
@click.pass_context
def quantize(ctx: click.Context, /, **options: Any) -> None:
    """Make <name>.ftz of <name>.bin: codes of one byte instead of floats, and fewer rows.

    What works well: -qnorm -cutoff 50000 -retrain -input with the training text.  Retraining
    uses the model's own learning rate, epochs and optimizer unless told otherwise.  Options of
    training that have no place here are taken and have no effect, as in fastText.

    \b
    Example:
      fastcli quantize -output topics -qnorm
      fastcli quantize -output topics -qnorm -cutoff 2000 -retrain \\
          -input data/samples/topics.train.txt --test data/samples/topics.valid.txt
    """
    from fastcli.cli.display.messages import say
    from fastcli.cli.display.training import TrainingDisplay
    from fastcli.fasttext.quantize import Sizes
    from fastcli.fasttext.quantize_and_save import QuantizeArgs, quantize_and_save
    from fastcli.memory import size_text

    args = QuantizeArgs(
        output=options["output"],
        input=options["input"],
        sizes=Sizes(options["dsub"], options["qnorm"], options["qout"]),
        dsub_is_fixed=ctx.get_parameter_source("dsub") is not click.core.ParameterSource.DEFAULT,
        cutoff=options["cutoff"],
        target_size=size_in_bytes(options["target_size"], ctx),
        retrain=options["retrain"],
        test=options["test"] or "",
        lr=options["lr"],
        epoch=options["epoch"],
        optimizer=options["optimizer"],
        label=options["label"],
        seed=options["seed"],
        thread=options["thread"],
        no_shuffle=options["no_shuffle"],
    )
    with TrainingDisplay(options["verbose"]) as progress:
        done = quantize_and_save(args, progress, options["fsync"])
    if options["verbose"] > 0:
        say(
            f"{done.path}: {size_text(done.size)} instead of {size_text(done.size_before)}, "
            f"{done.rows:,} of {done.rows_before:,} rows, dsub {done.dsub}."
        )
        if args.test:
            say(
                f"P@1 {done.p1_before:.3f} before, {done.p1:.3f} after, "
                f"on {done.n_tested:,} lines of {args.test}."
            )
