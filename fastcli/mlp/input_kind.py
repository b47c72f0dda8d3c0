"""Whether the input of mlp-train is text, a table or libsvm, and what that kind cannot have."""

from __future__ import annotations

from fastcli.errors import ArgumentError, unreadable
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.feature_files import guess_format
from fastcli.printable import named
from fastcli.tables.formats import has_prefix, head_of
from fastcli.text.spooled import place_of


def input_kind(args: MlpArgs) -> str:
    """Return the format of the input: text, csv or libsvm, guessed where none is given.

    Raises DataError if it cannot be read.
    """
    if args.text_column:
        return "text"  # which the lines are that stand for the table
    if args.format != "auto":
        return args.format
    path = args.input[0]
    try:
        kind = guess_format(path, args.label)
    except OSError as error:
        raise unreadable(path, error, "training") from None
    if kind == "text" and args.delimiter and not has_prefix(head_of(place_of(path)), args.label):
        return "csv"
    return kind


def check_weight_column(args: MlpArgs, kind: str) -> None:
    """Raise ArgumentError for a column of weights where the input, of this kind, has no columns."""
    if not args.weight_column or args.text_column or kind not in ("text", "libsvm"):
        return
    what = "lines of text, which have their weights in a token: give --weight-prefix"
    if kind == "libsvm":
        what = "libsvm, which has no weights: write a table (CSV, TSV, JSON, Parquet) with them"
    option = f"--weight-column {named(args.weight_column)}"
    raise ArgumentError(
        f"{option} is for tables, and {args.input[0]} is {what}, or leave --weight-column out."
    )
