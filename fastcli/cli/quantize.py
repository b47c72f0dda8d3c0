"""quantize: compress a model."""

from __future__ import annotations

import click

from fastcli.api.saving import Saving
from fastcli.api.table_lines import asks_for_table, lines_of_tables, refuse_table, table_words
from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._declare import given_names, say_without_effect, takes
from fastcli.cli._inputs import read_inputs
from fastcli.cli._options import size_in_bytes
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.options import AutotuneOptions, QuantizeOptions
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions


@click.command(
    cls=OptionsOnly,
    pattern="-output <name> [options]",
    empty=NO_PATHS,
)
@takes(QuantizeOptions, TableOptions, Saving, unused=(TrainArgs, AutotuneOptions))
@click.pass_context
def quantize(
    ctx: click.Context, options: QuantizeOptions, table: TableOptions, saving: Saving
) -> None:
    """Make <name>.ftz from <name>.bin: codes of one byte instead of floats, and fewer rows.

    A good start: -qnorm -cutoff 50000 -retrain -input with the training text.  Retraining
    uses the model's own learning rate, epochs and optimizer unless they are given.  Other
    options of training are accepted without effect, as in fastText, and named on stderr.

    \b
    Example:
      fastcli quantize -output topics -qnorm
      fastcli quantize -output topics -qnorm -cutoff 2000 -retrain \\
          -input data/samples/topics.train.txt \\
          --test data/samples/topics.valid.txt
    """
    from fastcli.cli._endings import command_to_predict, command_to_test, recorded_file
    from fastcli.cli.display.endings import say_ending
    from fastcli.cli.display.messages import say
    from fastcli.cli.display.training import TrainingDisplay
    from fastcli.fasttext.quantize import Sizes
    from fastcli.fasttext.quantize_and_save import QuantizeArgs, quantize_and_save
    from fastcli.fasttext.sidecar import about_path, has_about
    from fastcli.memory import size_text

    inputs = options.input
    if options.retrain:
        inputs = read_inputs(ctx, "input", inputs, options.files_from, options.verbose)
        path = f"{options.output}.ftz"
        check_apart(options.files_from, [path, f"{path}.json"])
    if table.format == "auto" and not asks_for_table(table):
        command = ["fastcli", "quantize", "-output", options.output, "-retrain"]
        for one in inputs * options.retrain:
            refuse_table(one, options.label or TrainArgs.label, [*command, "-input", one])
    args = QuantizeArgs(
        output=options.output,
        input=inputs,
        sizes=Sizes(options.dsub, options.qnorm, options.qout),
        dsub_is_fixed="dsub" in given_names(ctx),
        cutoff=options.cutoff,
        target_size=size_in_bytes(options.target_size, ctx),
        retrain=options.retrain,
        test=options.test,
        lr=options.lr,
        epoch=options.epoch,
        optimizer=options.optimizer,
        label=options.label,
        seed=options.seed,
        thread=options.thread,
        no_shuffle=options.no_shuffle,
        reading=tuple(table_words(table)) if asks_for_table(table) else (),
    )
    say_without_effect(ctx, {**vars(options), **vars(table)})
    read = inputs * options.retrain, table, asks_for_table(table), options.label or TrainArgs.label
    with (
        TrainingDisplay(options.verbose) as progress,
        lines_of_tables(*read, progress, options.test),
    ):
        done = quantize_and_save(args, progress, saving.fsync)
    if options.verbose > 0:
        say(
            f"{done.path}: {size_text(done.size)} instead of {size_text(done.size_before)}, "
            f"{done.rows:,} of {done.rows_before:,} rows, dsub {done.dsub}."
        )
        if args.test:
            say(
                f"P@1 {done.p1_before:.3f} before, {done.p1:.3f} after, "
                f"on {done.n_tested:,} lines of {args.test}."
            )
        beside = [str(about_path(done.path))] if has_about(done.path) else []
        reading = args.reading if args.retrain else ()
        command = command_to_predict(done.path)
        if not args.test:
            known = recorded_file(done.model, reading)
            command = command_to_test(done.path, inputs, "", reading, known)
        say_ending([done.path, *beside], command)
