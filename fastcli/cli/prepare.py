"""prepare: make training files from raw data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli._command import positional
from fastcli.cli._declare import FileName, given_names, say_without_effect, takes
from fastcli.cli._filtering import filter_by_options, filter_like, is_filter, write_out
from fastcli.cli._inputs import read_inputs
from fastcli.overwriting import STREAM, check_apart
from fastcli.prepare.options import PrepareOptions

if TYPE_CHECKING:
    from fastcli.prepare.prepared import Prepared

WEIGHT_PREFIX = "__weight__"  # of the tokens that --weight-column makes


@positional(
    "<input>... -o <folder> [options]",
    empty="Give one input or more: files, folders, or - for standard input.",
)
@click.argument("inputs", metavar="<input>...", nargs=-1, type=FileName())
@takes(PrepareOptions)
@click.pass_context
def prepare(ctx: click.Context, options: PrepareOptions, inputs: tuple[str, ...]) -> None:
    """Make train.txt, valid.txt and test.txt from CSV, TSV, JSON, JSONL, Parquet or folders.

    The lines of train.txt are shuffled.  The steps are recorded in <folder>/prepare.json, so
    that new lines or rows can be prepared in the same way; labels.json says what each label
    was in the data.  Cleaning options without -o filter lines.

    \b
    Example:
      fastcli prepare data/samples/reviews.csv -o reviews --text-column title \\
          --text-column review --label-column verdict --clean
      echo "Very GOOD!" | fastcli prepare --like reviews/prepare.json -
      fastcli prepare --like reviews/prepare.json data/samples/reviews.csv
    """
    lists = options.files_from
    inputs = read_inputs(ctx, "inputs", inputs, lists, options.verbose, opens_folders=False)
    if options.like:
        filter_like(ctx, inputs, options)
        return
    if is_filter(ctx):
        filter_by_options(ctx, inputs, recipe_of(options))
        return
    from fastcli.cli.display.preparing import PrepareDisplay
    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.relabel import LabelRules, read_label_map
    from fastcli.prepare.split import read_shares
    from fastcli.prepare.write_parts import outputs, prepare_stream
    from fastcli.prepare.write_parts import prepare as run
    from fastcli.tables.choice import Columns
    from fastcli.tables.formats import kind_of_input
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.reading import Reading

    if options.header and options.no_header:
        raise click.UsageError("--header and --no-header: give one of them", ctx)
    header = True if options.header else False if options.no_header else None
    columns = Columns(
        options.text_column,
        options.label_column,
        options.group_column if options.output != STREAM else "",  # where it has no effect
        options.join,
        options.label_from,
        options.weight_column,
    )
    labels = LabelRules(
        case=options.label_case,
        map=read_label_map(options.label_map, options.label) if options.label_map else (),
        minimum=options.min_label,
        other=options.other.strip() if options.min_label > 1 else "",
        maximum=options.max_per_label,
    )
    args = PrepareArgs(
        input=inputs,
        output=options.output,
        recipe=recipe_of(options),
        columns=columns,
        reading=Reading(
            kind=options.format,
            delimiter=options.delimiter,
            quotes=options.quotes,
            escape=options.escape,
            header=header,
            encoding=options.encoding,
            bad_bytes=options.bad_bytes,
            labels=LabelOptions(
                options.label_separator, options.labels_as, options.none, options.label
            ),
        ),
        labels=labels,
        shares=read_shares(options.split),
        split_by=options.split_by,
        keep_labels=options.cover_labels,
        seed=options.seed,
        shuffle=not options.no_shuffle,
        dedup=options.dedup,
        skip_bad=options.skip_bad,
        overwrite=options.overwrite,
        thread=options.thread,
        weight_prefix=weight_prefix_of(options),
    )
    args.check()
    if args.output == STREAM and "split" in given_names(ctx):
        raise click.UsageError("--split cannot be combined with -o -, which writes all lines", ctx)
    check_apart(lists, [STREAM] if args.output == STREAM else outputs(args))
    is_auto = options.format == "auto"
    kinds = {kind_of_input(path, options.label) for path in inputs} if is_auto else set()
    say_without_effect(ctx, {**vars(options), "kinds": kinds})
    with PrepareDisplay(options.verbose) as progress:
        if args.output == STREAM:
            done = prepare_stream(args, progress, write_out)
        else:
            done = run(args, progress)
        progress.summary(done, args)
    if options.verbose > 0 and args.output != STREAM:
        from fastcli.cli.display.endings import say_ending

        stayed = {os.path.join(args.output, name) for name in done.stayed}
        written = [path for path in outputs(args) if path not in stayed]
        command = ["fastcli", "inspect", *compared(written, done)]
        if args.weight_prefix:
            command += ["--weight-prefix", args.weight_prefix]
        say_ending(written, command)


def compared(written: Sequence[str], done: Prepared) -> list[str]:
    """Return the files that inspect should look at: the training lines, and the test lines."""
    kept = [path for path, n in zip(written, done.lines, strict=False) if n]
    return kept[:1] + [path for path in kept[1:] if path.endswith("test.txt")]


def recipe_of(options: PrepareOptions) -> Any:
    """Return the recipe that the options describe."""
    from fastcli.prepare.clean import Cleaning
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.segment import Segmentation
    from fastcli.prepare.word_files import read_stopwords, read_user_dict
    from fastcli.prepare.words import Words

    everything = options.clean
    unicode = options.unicode
    cleaning = Cleaning(
        unicode="nfc" if everything and unicode == "none" else unicode,
        html=options.html or everything,
        urls=options.urls,
        control=options.control or everything,
        lowercase=options.lowercase or everything,
        digits=options.digits,
        punctuation=options.punctuation or everything,
        max_length=options.max_length,
    )
    entries = read_user_dict(options.user_dict) if options.user_dict else ()
    segmentation = Segmentation(options.segment, options.tokenizer_cmd, entries)
    stopwords = read_stopwords(options.stopwords) if options.stopwords else ()
    words = Words(stopwords, options.min_token_length)
    return Recipe(cleaning, segmentation, options.label, words, weight_prefix_of(options))


def weight_prefix_of(options: PrepareOptions) -> str:
    """Return the prefix of the tokens of weights, "" where there are none."""
    return options.weight_prefix or (WEIGHT_PREFIX if options.weight_column else "")
