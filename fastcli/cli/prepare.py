"""prepare: make training files of the data that people have."""

from __future__ import annotations

import sys
from typing import Any

import click

from fastcli.cli._command import Option, positional
from fastcli.cli._options import threads
from fastcli.overwriting import STREAM, check_apart

# Option, keywords of click, group, what it means.
OPTIONS: list[tuple[tuple[str, ...], dict[str, Any], str, str]] = [
    (
        ("-o", "-output", "--output"),
        {"default": ""},
        "files",
        "folder to write to; -: all lines to standard output, in the order of rows",
    ),
    (
        ("--like",),
        {"default": ""},
        "files",
        "prepare lines as this prepare.json says: a filter, line in, line out",
    ),
    (
        ("--format",),
        {"default": "auto", "show_default": True},
        "input",
        "csv, tsv, json, jsonl, parquet, folder (one for each label), fasttext; auto: by name",
    ),
    (("--text-column",), {"multiple": True}, "input", "name or position of the text; repeatable"),
    (
        ("--label-column",),
        {"multiple": True},
        "input",
        "name or position of the label; repeatable",
    ),
    (("--group-column",), {"default": ""}, "input", "rows with the same value go to one part"),
    (
        ("--label-separator",),
        {"default": ""},
        "input",
        "what separates labels in a cell: several labels a line",
    ),
    (("--join",), {"default": " "}, "input", "what joins several text columns  [default: a space]"),
    (("--delimiter",), {"default": ""}, "input", "what separates columns  [default: found out]"),
    (
        ("--quotes",),
        {"default": "auto", "show_default": True},
        "input",
        "whether quotes enclose cells: yes, no (they are text), auto (csv: yes, tsv: no)",
    ),
    (("--header",), {"is_flag": True}, "input", "the first line names the columns"),
    (("--no-header",), {"is_flag": True}, "input", "the first line is data"),
    (("--encoding",), {"default": "utf-8", "show_default": True}, "input", "such as gb18030"),
    (
        ("--bad-bytes",),
        {"default": "error", "show_default": True},
        "input",
        "what cannot be decoded: error, replace (by U+FFFD), drop",
    ),
    (
        ("--skip-bad",),
        {"is_flag": True},
        "input",
        "write bad rows to rejects.jsonl, with the reason, and go on",
    ),
    (
        ("--clean",),
        {"is_flag": True},
        "cleaning",
        "the same as --html --unicode nfc --control --lowercase --punctuation",
    ),
    (("--html",), {"is_flag": True}, "cleaning", "take tags out, entities become characters"),
    (
        ("--urls",),
        {"default": "keep", "show_default": True},
        "cleaning",
        "keep, mask (by URL), remove",
    ),
    (
        ("--unicode",),
        {"default": "none", "show_default": True},
        "cleaning",
        "normal form: none, nfc, nfkc (full-width letters become narrow)",
    ),
    (("--control",), {"is_flag": True}, "cleaning", "take control and invisible characters out"),
    (("--lowercase",), {"is_flag": True}, "cleaning", "lower case"),
    (
        ("--digits",),
        {"default": "keep", "show_default": True},
        "cleaning",
        "keep, zero (each becomes 0), remove",
    ),
    (
        ("--punctuation",),
        {"is_flag": True},
        "cleaning",
        "punctuation stands alone, as in fastText's scripts",
    ),
    (
        ("--max-length",),
        {"type": int, "default": 0, "show_default": True},
        "cleaning",
        "tokens of a line that are kept (0: all)",
    ),
    (
        ("--segment",),
        {"default": "none", "show_default": True},
        "tokens",
        "none, chars (each Chinese or Japanese character), jieba (extra: fastcli[zh])",
    ),
    (
        ("--tokenizer-cmd",),
        {"default": ""},
        "tokens",
        "shell command that writes a line of tokens for each line it reads",
    ),
    (
        ("--split",),
        {"default": "80,10,10", "show_default": True},
        "output",
        "shares of train, valid and test",
    ),
    (
        ("--overwrite",),
        {"is_flag": True},
        "output",
        "replace files of the folder that are not as prepare left them",
    ),
    (
        ("--any-label-anywhere",),
        {"is_flag": True},
        "output",
        "do not put the first text of each label into train",
    ),
    (
        ("--no-shuffle",),
        {"is_flag": True},
        "output",
        "train.txt keeps the order of rows, as valid.txt and test.txt do",
    ),
    (
        ("--dedup",),
        {"default": "none", "show_default": True},
        "output",
        "leave repeated lines out: none, exact, near (a few words differ)",
    ),
    (
        ("-label", "--label"),
        {"default": "__label__", "show_default": True},
        "output",
        "prefix of labels",
    ),
    (
        ("-seed", "--seed"),
        {"type": int, "default": 0, "show_default": True},
        "output",
        "seed of the split and of the order of train.txt",
    ),
    (
        ("-thread", "--thread"),
        {"type": click.IntRange(min=1), "default": None},
        "running",
        "number of processes  [default: processors of this machine]",
    ),
    (
        ("-verbose", "--verbose"),
        {"type": int, "default": 2, "show_default": True},
        "running",
        "0: silent, 1: the table at the end, 2: progress",
    ),
]


def prepare_options(command: Any) -> Any:
    """Add the options of prepare."""
    for names, more, group, text in reversed(OPTIONS):
        python_name = names[-1].removeprefix("--").replace("-", "_")
        command = click.option(*names, python_name, cls=Option, group=group, help=text, **more)(
            command
        )
    return command


@positional(
    "<input>... -o <folder> [options]",
    empty="Give one input or more: files, folders, or - for standard input.",
)
@click.argument("inputs", metavar="<input>...", nargs=-1)
@prepare_options
@click.pass_context
def prepare(ctx: click.Context, /, inputs: tuple[str, ...], **options: Any) -> None:
    """Make train.txt, valid.txt and test.txt of CSV, TSV, JSON, JSONL, Parquet or folders.

    The lines of train.txt are shuffled.  What was done is written to <folder>/prepare.json, by
    which the lines to predict can be prepared in the same way; labels.json says what each label
    was in the data.

    \b
    Example:
      fastcli prepare data/samples/reviews.csv -o reviews --text-column title \\
          --text-column review --label-column verdict --clean
      echo "Very GOOD!" | fastcli prepare --like reviews/prepare.json -
    """
    if options["like"]:
        filter_input(ctx, inputs, options)
        return
    from fastcli.cli.display.preparing import PrepareDisplay
    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.rows import Columns
    from fastcli.prepare.split import read_shares
    from fastcli.prepare.write_parts import prepare as run
    from fastcli.prepare.write_parts import prepare_stream

    if options["header"] and options["no_header"]:
        raise click.UsageError("--header and --no-header: give one of them", ctx)
    header = True if options["header"] else False if options["no_header"] else None
    args = PrepareArgs(
        input=inputs,
        output=options["output"],
        recipe=recipe_of(options),
        columns=Columns(
            options["text_column"],
            options["label_column"],
            options["group_column"],
            options["join"],
            options["label_separator"],
        ),
        format=options["format"],
        delimiter=options["delimiter"].replace("\\t", "\t"),
        header=header,
        encoding=options["encoding"],
        bad_bytes=options["bad_bytes"],
        quotes=options["quotes"],
        shares=read_shares(options["split"]),
        keep_labels=not options["any_label_anywhere"],
        seed=options["seed"],
        shuffle=not options["no_shuffle"],
        dedup=options["dedup"],
        skip_bad=options["skip_bad"],
        overwrite=options["overwrite"],
        thread=threads(options["thread"]),
    )
    args.check()
    default = click.core.ParameterSource.DEFAULT
    if args.output == "-" and ctx.get_parameter_source("split") is not default:
        raise click.UsageError("--split cannot be combined with -o -, which writes all lines", ctx)
    with PrepareDisplay(options["verbose"]) as progress:
        if args.output == STREAM:
            done = prepare_stream(args, progress, write_out)
        else:
            done = run(args, progress)
        progress.summary(done, args)


def write_out(text: bytes) -> None:
    """Write to standard output at once."""
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def recipe_of(options: dict[str, Any]) -> Any:
    """Return the recipe that the options describe."""
    from fastcli.prepare.clean import Cleaning
    from fastcli.prepare.recipe import Recipe
    from fastcli.prepare.segment import Segmentation

    everything = options["clean"]
    unicode = options["unicode"]
    cleaning = Cleaning(
        unicode="nfc" if everything and unicode == "none" else unicode,
        html=options["html"] or everything,
        urls=options["urls"],
        control=options["control"] or everything,
        lowercase=options["lowercase"] or everything,
        digits=options["digits"],
        punctuation=options["punctuation"] or everything,
        max_length=options["max_length"],
    )
    segmentation = Segmentation(options["segment"], options["tokenizer_cmd"])
    return Recipe(cleaning, segmentation, options["label"])


def filter_input(ctx: click.Context, inputs: tuple[str, ...], options: dict[str, Any]) -> None:
    """Prepare lines of files or standard input, and write them to standard output."""
    default = click.core.ParameterSource.DEFAULT
    free = {"like", "tokenizer_cmd", "thread", "verbose", "inputs"}
    for name in options:
        if name not in free and ctx.get_parameter_source(name) is not default:
            option = next(p.opts[-1] for p in ctx.command.params if p.name == name)
            raise click.UsageError(
                f"{option} cannot be combined with --like, which says it all", ctx
            )
    from fastcli.cli._options import open_blocks
    from fastcli.errors import ArgumentError
    from fastcli.prepare.recipe import read_recipe
    from fastcli.prepare.write_parts import filter_lines

    check_apart([options["like"], *(inputs or (STREAM,))], [STREAM])
    recipe = read_recipe(options["like"])
    command = recipe.segmentation.command
    if command != options["tokenizer_cmd"]:
        what = f"runs the command {command!r}: allow it by giving the same --tokenizer-cmd."
        what = what if command else "has no --tokenizer-cmd: leave it out."
        raise ArgumentError(f"{options['like']} {what}")
    for path in inputs or (STREAM,):
        blocks = open_blocks(path, "Input file cannot be opened!")
        filter_lines(recipe, (block.tobytes() for block in blocks), write_out)
