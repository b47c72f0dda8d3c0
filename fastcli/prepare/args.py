"""Arguments of prepare."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastcli.errors import ArgumentError
from fastcli.options import check_choices, row_of
from fastcli.prepare.options import PrepareOptions
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.relabel import LabelRules
from fastcli.tables.choice import Columns
from fastcli.tables.dialects import read_delimiter
from fastcli.tables.reading import Reading


@dataclass(frozen=True, kw_only=True)
class PrepareArgs:
    """All arguments of ``prepare``."""

    input: tuple[str, ...]
    output: str
    recipe: Recipe = field(default_factory=Recipe)
    columns: Columns = field(default_factory=Columns)
    reading: Reading = field(default_factory=Reading)
    labels: LabelRules = field(default_factory=LabelRules)
    needs_labels: bool = False
    shares: tuple[float, ...] = (0.8, 0.1, 0.1)
    split_by: str = "hash"
    keep_labels: bool = True
    seed: int = 0
    shuffle: bool = True
    dedup: str = "none"
    skip_bad: bool = False
    overwrite: bool = False
    thread: int = 1
    weight_prefix: str = ""  # of the token that lines get with the weight of ``columns.weight``

    def check(self) -> None:
        """Raise ArgumentError for values that cannot work."""
        if not self.input:
            raise ArgumentError("Give one input or more: files, folders, or - for standard input.")
        if not self.output:
            raise ArgumentError("Give the folder to write to: -o DIR.")
        if self.output == "-" and self.skip_bad:
            raise ArgumentError("--skip-bad needs a folder for rejects.jsonl: give one with -o.")
        if self.columns.group and self.split_by == "order":
            raise ArgumentError(
                "--group-column cannot be combined with --split-by order, which splits by rows."
            )
        if self.columns.label and self.columns.label_from != "column":
            raise ArgumentError(
                f"--label-column and --label-from {self.columns.label_from}: give one of them."
            )
        if self.columns.group and self.columns.weight:
            raise ArgumentError(
                "--group-column and --weight-column cannot be combined: give one of them."
            )
        self.recipe.check()
        self.labels.check()
        check_choices(
            PrepareOptions,
            format=self.reading.kind,
            label_from=self.columns.label_from,
            bad_bytes=self.reading.bad_bytes,
            quotes=self.reading.quotes,
            escape=self.reading.escape,
            labels_as=self.reading.labels.labels_as,
            dedup=self.dedup,
            split_by=self.split_by,
        )
        read_delimiter(self.reading.delimiter)
        for name in ("thread", "seed"):
            row_of(PrepareOptions, name).check_range(getattr(self, name))

    @property
    def needs_all_rows(self) -> bool:
        """Whether a row can be written only once all of them are known."""
        return self.dedup != "none" or self.labels.minimum > 1 or self.split_by == "order"
