"""What a run of prepare did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fastcli.prepare.relabel import Relabelling
from fastcli.prepare.row_file import LabelLimit
from fastcli.text.alike import alike


@dataclass(kw_only=True)
class Prepared:
    """The result of a run."""

    rows: int = 0
    bad: int = 0
    unweighted: int = 0  # rows whose weight is missing
    weighted: int = 0  # lines that were written with the token of a weight
    exact: int = 0
    near: int = 0
    contradictions: int = 0
    mapped_out: Counter[str] = field(default_factory=Counter)  # rows, by the label left out
    unused: list[str] = field(default_factory=list)  # labels of --label-map that no row has
    merged: dict[str, str] = field(default_factory=dict)  # spellings that became another
    alike: list[list[str]] = field(default_factory=list)  # labels that could be merged
    rare: Counter[str] = field(default_factory=Counter)  # rows of tokens below --min-label
    rare_rows: int = 0  # that were left out
    beyond: int = 0  # rows that were left out by --max-per-label
    parts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    labels: list[Counter[str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    stayed: list[str] = field(default_factory=list)  # files of an earlier run, changed since

    def note_labels(
        self, relabelling: Relabelling, limit: LabelLimit, labels: Iterable[str]
    ) -> None:
        """Take over what was done to labels; ``labels`` are those that rows have now."""
        self.mapped_out, self.unused = relabelling.left_out, relabelling.unused()
        self.merged, self.beyond = relabelling.merged(), limit.left_out
        self.alike = alike(labels)

    def left_out(self) -> list[tuple[int, str]]:
        """Return how many rows were left out though nothing is wrong with them, and why."""
        return [
            (self.exact, "repeated"),
            (self.near, "nearly repeated"),
            (self.mapped_out.total(), "by --label-map"),
            (self.rare_rows, "of labels below --min-label"),
            (self.beyond, "beyond --max-per-label"),
        ]

    def nothing(self) -> str:
        """Return the sentence for a run that has no row to write."""
        why = ", ".join(f"{n:,} were left out {what}" for n, what in self.left_out() if n)
        return f"there is no row to write{f': {why}' if why else ''}."
