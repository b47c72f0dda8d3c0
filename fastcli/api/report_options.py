"""What a report shows, and what is written to files: the options of test and of ``report``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.options import only_beside, option
from fastcli.tables.options import LikeOption, TableOptions
from fastcli.text import options as text

if TYPE_CHECKING:
    from fastcli.evaluation.requirement import Requirement

PATHS = ("errors", "confusion_file", "csv")  # options that are files


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """What a report of a test shows, and what is written to files."""

    report: bool = option(
        False, "show what goes right and wrong, label by label", group="report", order=-1
    )
    confusion: str = option(
        "",
        "labels in the confusion matrix: a number, or all",
        group="report",
        default_text="as many as fit",
        needs=(only_beside("report"),),
    )
    confusion_file: str = option(
        "", "write the confusion matrix to this .csv or .tsv", group="report", file="file"
    )
    errors: str = option(
        "",
        "write all mistakes, the surest first, to this .csv, .tsv or .jsonl: line, probability, "
        "true, predicted, and the text or the row's own columns (renamed to line_number, "
        "predicted_probability, true_label, predicted_label if the table has columns of these "
        "names)",
        group="report",
        file="file",
    )
    csv: str = option(
        "", "write the scores of each label to this .csv or .tsv", group="report", file="file"
    )
    require: tuple[str, ...] = option(
        (),
        "exit with 1 unless this holds, such as 'f1macro>=0.9'; repeatable",
        group="report",
    )

    @property
    def is_asked(self) -> bool:
        """Whether more is counted than test prints."""
        return bool(self.asked)

    @property
    def asked(self) -> list[str]:
        """The options by which more is counted than test prints."""
        given = [name for name in ("report", *PATHS) if getattr(self, name)]
        return [f"--{name.replace('_', '-')}" for name in given]

    @property
    def paths(self) -> list[str]:
        """The files that are asked for."""
        return [path for name in PATHS if (path := getattr(self, name))]

    def check(self) -> None:
        """Raise ArgumentError for values that cannot be."""
        from fastcli.labelling.located_rows import rows_format

        self.confused()
        if self.errors:
            rows_format(self.errors, "--errors")
        for name in PATHS[1:]:
            path = getattr(self, name)
            if path and delimiter_of(path) is None:
                raise ArgumentError(
                    f"--{name.replace('_', '-')} {path}: the format is not known by the name. Let "
                    "it end with .csv or .tsv."
                )

    def confused(self) -> int | None:
        """Return how many labels the matrix has, -1 for all, None for those that fit."""
        if not self.confusion:
            return None
        if self.confusion == "all":
            return -1
        if not (self.confusion.isascii() and self.confusion.isdigit()):
            raise ArgumentError(
                f"--confusion takes a number of labels or all, not {self.confusion!r}."
            )
        return int(self.confusion)

    def requirements(self) -> list[Requirement]:
        """Return what --require says.  Raises ArgumentError."""
        from fastcli.evaluation.requirement import read_requirement

        return list(map(read_requirement, self.require))


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What a report of a program keeps, and how many threads work."""

    mistakes: int = option(1000, "how many of the surest mistakes are kept", at_least=0)
    thread: int = option(1, text.THREAD, group="general")


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """Which labels lines get where models are compared, and how many threads work."""

    k: int = option(1, "number of labels per line (-1: all)", shown="-k")
    threshold: float = option(0.0, "minimum probability of a label")
    thread: int = option(1, text.THREAD, group="general")


KINDS = (Keeping, Reporting, TableOptions, LikeOption)  # of ``report``
APART = ("report", "confusion")  # which only a screen has


def delimiter_of(path: str) -> str | None:
    """Return the delimiter of a table, by the name of its file; None if that does not tell."""
    from fastcli.tables.dialects import suffix

    return {".csv": ",", ".tsv": "\t"}.get(suffix(path))
