"""prepare as a filter: a line in, a line out, by a prepare.json or by options."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.blocks import open_blocks
from fastcli.cli._declare import given_names, say_without_effect
from fastcli.errors import ArgumentError
from fastcli.options import rows
from fastcli.overwriting import STREAM, check_apart
from fastcli.prepare.options import PrepareOptions
from fastcli.tables.options import header_of

if TYPE_CHECKING:
    from fastcli.prepare.like import Like
    from fastcli.prepare.recipe import Recipe
    from fastcli.tables.choice import Columns
    from fastcli.tables.reading import Reading

ANYWHERE = {"files_from", "tokenizer_cmd", "thread", "verbose"}
# What says how new data are read, which prepare.json cannot know.
READING = {"format", "text_column", "label_column", "label_from", "delimiter", "quotes", "escape"}
READING |= {"header", "no_header", "encoding", "bad_bytes"}
OF_COLUMNS = {"join", "label_separator", "labels_as", "none"}  # recorded with the columns
NOT_OPENED = "Input file cannot be opened!"
AS_TABLE = "Standard input is read as lines, though it begins as a table does. Rows: {option}."

NO_WEIGHTS = (
    "{path} has weights from column {column}, for training; the rows of a table are prepared "
    "without them."
)


def write_out(text: bytes) -> None:
    """Write to standard output at once."""
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def is_filter(ctx: click.Context) -> bool:
    """Tell whether the given options, with no output among them, say how lines are changed."""
    given = given_names(ctx)
    steps = {row.name for row in rows(PrepareOptions) if row.option.group in ("cleaning", "tokens")}
    others = given - steps - ANYWHERE - {"inputs", "label", "weight_prefix"}
    return "inputs" in given and not others and bool(given & steps)


def filter_by_options(ctx: click.Context, inputs: tuple[str, ...], recipe: Recipe) -> None:
    """Prepare lines as options say.  Raises ArgumentError for inputs that are tables."""
    from fastcli.prepare.like import LINES, Like, head_of, kind_to_read

    recipe.check()
    check_apart([*ctx.params["files_from"], *inputs], [STREAM])
    like = Like(recipe=recipe)
    for path in inputs:
        if kind_to_read(path, "auto", like, head_of(path)) != LINES or os.path.isdir(path):
            what = "a folder" if os.path.isdir(path) else "a table"
            raise ArgumentError(
                f"{path} is {what}, and not lines. Give the folder to write to: -o DIR, or -o - "
                "for a line per row on standard output."
            )
    say = speaker(ctx)
    for path in inputs:
        blocks = _blocks(path, "utf-8")
        filter_stream(like, blocks, say) if path == STREAM else _filter_lines(like, blocks)


def filter_like(ctx: click.Context, inputs: tuple[str, ...], options: PrepareOptions) -> None:
    """Prepare lines and tables as a prepare.json says, and write lines to standard output."""
    from fastcli.prepare.like import LINES, RowFilter, head_of, kind_to_read, read_like

    inputs = inputs or (STREAM,)
    _check_given(ctx, given_names(ctx) - ANYWHERE - READING - OF_COLUMNS, options)
    check_apart([options.like, *options.files_from, *inputs], [STREAM], reads_folders=True)
    like = read_like(options.like)
    if like.recorded.text:
        _check_given(ctx, given_names(ctx) & OF_COLUMNS, options)
    _check_command(options.like, like.recipe.segmentation.command, options.tokenizer_cmd)
    say = speaker(ctx)
    kinds = {p: kind_to_read(p, options.format, like, head_of(p)) for p in inputs if p != STREAM}
    columns, reading = _columns(like, options), _reading(like, options, header_of(options))
    if like.recorded.weight:
        say(NO_WEIGHTS.format(path=options.like, column=like.recorded.weight))
    some = RowFilter(like, columns, reading, not options.label_column, say)
    known = {*kinds.values(), options.format if STREAM in inputs else ""} - {""}
    known = {"" if kind == "auto" else kind for kind in known}
    say_without_effect(ctx, {**vars(options), "kinds": known})
    for path in inputs:
        kind = kinds.get(path, options.format)
        if path == STREAM and kind == "auto":
            filter_stream(like, _blocks(path, options.encoding), say, some)
        elif kind == LINES and not os.path.isdir(path):
            if path != STREAM:
                say(f"{path}: lines")
            _filter_lines(like, _blocks(path, options.encoding))
        else:
            some.read(path, write_out, kind)
    some.finish()


def filter_stream(
    like: Like, blocks: Iterator[bytes], say: Callable[[str], None], rows_of: Any = None
) -> None:
    """Prepare standard input: lines, or, with a ``RowFilter``, JSON where it surely is that.

    Lines are written as they come.
    """
    from itertools import chain

    from fastcli.prepare.like import LINES, Joined, kind_to_read, table_kind

    head = next(blocks, b"")
    blocks = chain([head], blocks) if head else blocks
    kind = kind_to_read(STREAM, "auto", like, head) if rows_of is not None else LINES
    if kind != LINES:
        import io

        rows_of.read(STREAM, write_out, kind, io.BufferedReader(Joined(blocks), 1 << 20))
        return
    if found := table_kind(head, like):
        to = "-o - " if rows_of is None else ""
        say(AS_TABLE.format(option=f"{to}--format {found}"))
    _filter_lines(like, blocks)


def speaker(ctx: click.Context) -> Callable[[str], None]:
    """Return what says sentences on stderr, unless -verbose is 0."""
    from fastcli.cli.display.messages import say

    return say if ctx.params["verbose"] > 0 else lambda sentence: None


def _filter_lines(like: Like, blocks: Iterator[bytes]) -> None:
    from fastcli.prepare.write_parts import filter_lines

    filter_lines(like.recipe, blocks, write_out)


def _blocks(path: str, encoding: str) -> Iterator[bytes]:
    """Yield the lines of an input as UTF-8; those in UTF-8 are not changed, valid or not."""
    from fastcli.prepare.like import in_utf8
    from fastcli.tables.dialects import is_utf8

    blocks = (block.tobytes() for block in open_blocks(path, NOT_OPENED))
    return blocks if is_utf8(encoding) else in_utf8(blocks, encoding)


def _check_given(ctx: click.Context, names: set[str], options: PrepareOptions) -> None:
    """Raise click.UsageError for the first of some options beside --like."""
    for row in rows(PrepareOptions):
        is_stream = row.name == "output" and options.output == STREAM
        if row.name in names - {"like"} and not is_stream:
            why = "prepare.json sets it"
            if row.name == "output":
                why = "lines are written to standard output"
            elif row.name == "skip_bad":
                why = "each row gives a line"
            raise click.UsageError(f"{row.shown} cannot be combined with --like: {why}", ctx)


def _check_command(path: str, command: str, given: str) -> None:
    if command != given:
        what = f"runs the command {command!r}: allow it by giving the same --tokenizer-cmd."
        what = what if command else "has no --tokenizer-cmd: leave it out."
        raise ArgumentError(f"{path} {what}")


def _columns(like: Like, options: PrepareOptions) -> Columns:
    from fastcli.tables.choice import Columns

    recorded = like.recorded
    if options.label_column and options.label_from != "column":
        raise ArgumentError(
            f"--label-column and --label-from {options.label_from}: give one of them."
        )
    return Columns(
        options.text_column or recorded.text,
        options.label_column or recorded.label,
        join=recorded.join if recorded.text else options.join,
        label_from=options.label_from,
    )


def _reading(like: Like, options: PrepareOptions, header: bool | None) -> Reading:
    from fastcli.tables.labels import LabelOptions
    from fastcli.tables.reading import Reading

    is_asked = header is not None or options.text_column
    return Reading(
        kind=options.format,
        delimiter=options.delimiter,
        quotes=options.quotes,
        escape=options.escape,
        header=header if is_asked else like.recorded.header,
        encoding=options.encoding,
        bad_bytes=like.bad_bytes if options.bad_bytes == "error" else options.bad_bytes,
        labels=LabelOptions(
            options.label_separator, options.labels_as, options.none, like.recipe.label
        ),
    )
