"""Arguments of prepare."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastcli.errors import ArgumentError
from fastcli.options import check_choices, row_of
from fastcli.prepare.options import PrepareOptions
from fastcli.prepare.recipe import Recipe
from fastcli.tables.choice import Columns
from fastcli.tables.dialects import read_delimiter
from fastcli.tables.labels import LabelOptions
from fastcli.tables.sources import Reading


@dataclass(frozen=True, kw_only=True)
class PrepareArgs:
    """All arguments of ``prepare``."""

    input: tuple[str, ...]
    output: str
    recipe: Recipe = field(default_factory=Recipe)
    columns: Columns = field(default_factory=Columns)
    reading: Reading = field(default_factory=Reading)
    labels: LabelOptions = field(default_factory=LabelOptions)
    shares: tuple[float, ...] = (0.8, 0.1, 0.1)
    keep_labels: bool = True
    seed: int = 0
    shuffle: bool = True
    dedup: str = "none"
    skip_bad: bool = False
    overwrite: bool = False
    thread: int = 1

    def check(self) -> None:
        """Raise ArgumentError for values that cannot work."""
        if not self.input:
            raise ArgumentError("Give one input or more: files, folders, or - for standard input.")
        if not self.output:
            raise ArgumentError("Give the folder to write to: -o DIR.")
        if self.output == "-" and self.skip_bad:
            raise ArgumentError("--skip-bad needs a folder for rejects.jsonl: give one with -o.")
        self.recipe.check()
        check_choices(
            PrepareOptions,
            format=self.reading.kind,
            bad_bytes=self.reading.bad_bytes,
            quotes=self.reading.quotes,
            escape=self.reading.escape,
            labels_as=self.labels.labels_as,
            dedup=self.dedup,
        )
        read_delimiter(self.reading.delimiter)
        for name in ("thread", "seed"):
            row_of(PrepareOptions, name).check_range(getattr(self, name))
