"""What is done to the labels of the data before they become tokens: one spelling, another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fastcli.errors import ArgumentError, DataError
from fastcli.options import check_choices, row_of
from fastcli.prepare.labels import MAX_REMEMBERED_SETS
from fastcli.prepare.options import PrepareOptions
from fastcli.printable import named
from fastcli.tables.rows import Batch
from fastcli.text.alike import label_key, plain_label
from fastcli.text.small_files import csv_rows

HEADER = ["from", "to"]


@dataclass(frozen=True, kw_only=True)
class LabelRules:
    """What is done to labels, in this order; all of it is written to ``prepare.json``.

    ``map`` has pairs of a label and what it becomes, "" where its rows are left out.  Labels with
    less than ``minimum`` rows become ``other``, or are taken away; at most ``maximum`` rows of a
    label are written (0: all).
    """

    case: str = "keep"
    map: tuple[tuple[str, ...], ...] = ()
    minimum: int = 0
    other: str = ""
    maximum: int = 0

    def check(self) -> None:
        """Raise ArgumentError for values that cannot work."""
        check_choices(PrepareOptions, label_case=self.case)
        row_of(PrepareOptions, "min_label").check_range(self.minimum)
        row_of(PrepareOptions, "max_per_label").check_range(self.maximum)
        if any(len(pair) != len(HEADER) for pair in self.map):
            raise ArgumentError("--label-map must have pairs of labels.")
        Relabelling(self)


def read_label_map(path: str, prefix: str) -> tuple[tuple[str, ...], ...]:
    """Return the pairs of a CSV file of the columns from and to; a header may name them.

    Raises DataError, which names the line, for a file that is not one.
    """
    pairs: dict[str, str] = {}
    for line, row in csv_rows(path):
        if len(row) != len(HEADER):
            raise DataError(
                f"{path}:{line}: {len(row)} column{'s' if len(row) > 1 else ''}, not two: "
                "write from,to, and enclose a label with a comma in double quotes."
            )
        old, new = (cell.strip().removeprefix(prefix).strip() for cell in row)
        if not pairs and line == 1 and [old.lower(), new.lower()] == HEADER:
            continue
        if not old:
            raise DataError(f"{path}:{line}: the label to replace is empty.")
        if pairs.setdefault(old, new) != new:
            raise DataError(f"{path}:{line}: {_conflict(old, pairs[old], new)}")
    if not pairs:
        raise DataError(f"{path} holds no labels: write a line from,to for each.")
    return tuple(pairs.items())


def _conflict(old: str, first: str, second: str) -> str:
    said = [f"{named(new)!r}" if new else "nothing" for new in (first, second)]
    return f"{named(old)!r} becomes both {said[0]} and {said[1]}: keep one of them."


def only(batch: Batch, rows: Sequence[int]) -> Batch:
    """Return some rows of a batch; what was bad before it stays with them."""
    return replace(
        batch,
        lines=[batch.lines[i] for i in rows],
        texts=[batch.texts[i] for i in rows],
        labels=[batch.labels[i] for i in rows],
        groups=[batch.groups[i] for i in rows],
        weights=[batch.weights[i] for i in rows] if batch.weights else [],
    )


class Relabelling:
    """Applies the rules that look at one row alone, and remembers what they did.

    Raises ArgumentError where two entries of the map contradict each other, which may be so only
    once case does not count.
    """

    def __init__(self, rules: LabelRules) -> None:
        self._case = rules.case
        self._spellings: dict[str, str] = {}  # by what labels that are one have in common
        self._spelled: dict[str, str] = {}  # labels of the data
        self._map: dict[str, str] = {}  # by what is looked up of a label
        self._names: dict[str, str] = {}  # the same, as the map has it
        self._used: set[str] = set()
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.left_out: Counter[str] = Counter()  # rows by the label that the map takes out
        # The names of the map and of --other are spelled as they are there.
        self.other = self._spell(rules.other) if rules.other else ""
        for old, new in rules.map:
            spelled = self._spell(new) if new else ""
            key = self._key(old)
            if self._map.setdefault(key, spelled) != spelled:
                raise ArgumentError(f"--label-map: {_conflict(old, self._map[key], spelled)}")
            self._names.setdefault(key, old)
        self._is_idle = rules.case == "keep" and not rules.map

    def know(self, labels: Iterable[str]) -> None:
        """Take over the spellings that labels had before."""
        for label in labels:
            self._spellings.setdefault(label_key(label), label)

    def of(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return what the labels of a row become, each once; of a row to leave out: none."""
        if self._is_idle:
            return labels
        found = self._known.get(labels)
        if found is None:
            found = self._of(labels)
            if len(self._known) < MAX_REMEMBERED_SETS:
                self._known[labels] = found
        return found

    def apply(self, batch: Batch) -> Batch:
        """Return the rows that stay, with their new labels; the others are counted."""
        if self._is_idle:
            return batch
        before, batch.labels = batch.labels, [self.of(labels) for labels in batch.labels]
        if all(batch.labels):
            return batch
        kept = []
        for i, (old, new) in enumerate(zip(before, batch.labels, strict=True)):
            if new or not old:  # a row that never had a label stays
                kept.append(i)
            else:
                self.left_out[next(label for label in old if self._becomes(label) == "")] += 1
        return only(batch, kept)

    def unused(self) -> list[str]:
        """Return the labels of the map that no row has."""
        return [name for key, name in self._names.items() if key not in self._used]

    def merged(self) -> dict[str, str]:
        """Return the labels of the data that are spelled like another one, and that spelling."""
        return {old: new for old, new in self._spelled.items() if old != new}

    def _of(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        found = [self._becomes(label) for label in labels]
        return () if "" in found else tuple(dict.fromkeys(found))

    def _becomes(self, label: str) -> str:
        spelled = self._spelled.get(label)
        if spelled is None:
            spelled = self._spelled[label] = self._spell(label)
        key = self._key(label)
        if key in self._map:
            self._used.add(key)
            return self._map[key]
        return spelled

    def _key(self, label: str) -> str:
        return label if self._case == "keep" else label_key(label)

    def _spell(self, label: str) -> str:
        """Return the spelling of a label: of those that are one, that of the first."""
        if self._case == "keep":
            return label
        own = plain_label(label).lower() if self._case == "lower" else label
        return self._spellings.setdefault(label_key(label), own)
