"""The options of labelled tables: where rows go, which are kept, which get another label."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.labelling.conditions import Condition, read_condition, read_probability
from fastcli.options import Need, option
from fastcli.overwriting import STREAM
from fastcli.tables.options import LikeOption

OF_OUTPUT = Need(lambda v: bool(v.output or v.output_dir), lambda v: "without --output")


@dataclass(frozen=True, kw_only=True)
class Labelling(LikeOption):
    """What is done with the rows of a table."""

    output: str = option(
        "",
        "write the rows of a table and their labels to a file (.csv, .tsv, .jsonl, .parquet; -)",
        group="tables",
        file="file",
    )
    wide: bool = option(
        False, "a column for the probability of each label", group="tables", needs=(OF_OUTPUT,)
    )
    as_name: str = option(
        "label",
        "name of the column of labels",
        group="tables",
        shown="--as",
        needs=(OF_OUTPUT,),
    )

    def check_name(self) -> None:
        """Raise ArgumentError for an empty name."""
        if not self.as_name.strip():
            raise ArgumentError("--as: the name is empty.")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which rows are written where, by the probabilities that a model gives to their labels."""

    keep: tuple[str, ...] = option(
        (),
        "keep only rows that meet a condition on the probability of a label: 'pos>=0.9' (>=, >, "
        "<=, <); repeatable, all must hold",
        group="filters",
    )
    dropped: str = option(
        "", "write the rows that --keep leaves out to another file", group="filters", file="file"
    )
    unsure: tuple[str, str] | tuple[()] = option(
        (),
        "write rows whose best label is less probable than P to FILE as well",
        group="filters",
        metavar="P FILE",
        file="file",
    )
    min_prob: float | None = option(
        None,
        "a best label less probable than this is left empty, or becomes --default",
        group="filters",
        at_least=0,
        at_most=1,
    )
    default: str = option("", "label of rows whose best is below --min-prob", group="filters")

    @property
    def conditions(self) -> list[Condition]:
        """The conditions that kept rows meet.  Raises ArgumentError for what is none."""
        return [read_condition(text) for text in self.keep]

    @property
    def limit(self) -> float | None:
        """The probability below which the best label of a row is unsure.

        None if unsure rows are not asked for.  Raises ArgumentError for what is no probability.
        """
        return read_probability(self.unsure[0], "--unsure P FILE") if self.unsure else None

    @property
    def files(self) -> list[str]:
        """The further outputs: dropped rows, then unsure rows, "" for what is not asked for."""
        return [self.dropped, self.unsure[1] if self.unsure else ""]

    def check(self, output: str, has_parts: bool = False) -> None:
        """Raise ArgumentError for options that cannot be, or that would do nothing.

        ``has_parts`` says that each of many tables has an output of its own.
        """
        values = {
            "--keep": self.keep,
            "--dropped": self.dropped,
            "--unsure": self.unsure,
            "--min-prob": self.min_prob is not None,
            "--default": self.default,
        }
        given = [name for name, value in values.items() if value]
        if has_parts and (self.dropped or self.unsure):
            name = "--dropped" if self.dropped else "--unsure"
            raise ArgumentError(
                f"{name} FILE is for one table, --output-dir for many: give one of them."
            )
        if given and not output and not has_parts:
            raise ArgumentError(
                f"{', '.join(given)}: lines that are printed cannot be filtered. Give --output "
                "FILE (- for standard output), which writes the rows of a table."
            )
        if self.dropped and not self.keep:
            raise ArgumentError(
                "--dropped: without a condition no row is dropped. Give one: --keep 'LABEL>=0.9'."
            )
        if self.default and self.min_prob is None:
            raise ArgumentError(
                f"--default {self.default}: of which rows? Give --min-prob P as well, the "
                "probability below which a best label becomes it."
            )
        if self.unsure and not self.unsure[1]:
            raise ArgumentError("--unsure P FILE: the name of the file is empty.")
        if [output, *self.files].count(STREAM) > 1:
            raise ArgumentError("Only one output can be -, standard output: give the others files.")
        _ = self.conditions, self.limit
