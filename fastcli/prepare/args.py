"""Arguments of prepare."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastcli.errors import ArgumentError
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.rows import Columns
from fastcli.prepare.sources import BAD_BYTES, FORMATS
from fastcli.text.tables import QUOTES, read_delimiter

DEDUPS = ("none", "exact", "near")
MOST_PROCESSES = 1024


@dataclass(frozen=True, kw_only=True)
class PrepareArgs:
    """All arguments of ``prepare``."""

    input: tuple[str, ...]
    output: str
    recipe: Recipe = field(default_factory=Recipe)
    columns: Columns = field(default_factory=Columns)
    format: str = "auto"
    delimiter: str = ""
    header: bool | None = None
    encoding: str = "utf-8"
    bad_bytes: str = "error"
    quotes: str = "auto"
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
        for name, value, known in (
            ("format", self.format, FORMATS),
            ("bad-bytes", self.bad_bytes, BAD_BYTES),
            ("quotes", self.quotes, QUOTES),
            ("dedup", self.dedup, DEDUPS),
        ):
            if value not in known:
                raise ArgumentError(f"--{name} {value} is not known: {', '.join(known)}.")
        read_delimiter(self.delimiter)
        if not 1 <= self.thread <= MOST_PROCESSES:
            raise ArgumentError(
                f"-thread must be between 1 and {MOST_PROCESSES}, not {self.thread}."
            )
        if not -(2**62) <= self.seed < 2**62:
            raise ArgumentError(f"-seed must be between -2**62 and 2**62, not {self.seed}.")
