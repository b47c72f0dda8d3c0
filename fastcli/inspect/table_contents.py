"""The report of a table: its columns, the distribution of the label, problems, a command."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastcli.inspect.columns import Column
from fastcli.inspect.table_files import TableFile
from fastcli.tables.delimited import OPEN_QUOTE, REMNANT, TEXT_AFTER_QUOTE
from fastcli.tables.dialects import typed_delimiter
from fastcli.tables.reading import Reading
from fastcli.text.alike import alike

ERROR, WARNING = "x", "!"
QUOTES = (TEXT_AFTER_QUOTE, OPEN_QUOTE, REMNANT)


@dataclass(frozen=True)
class Problem:
    """What is wrong with rows or columns, and the option that handles it ("": none)."""

    mark: str
    sentence: str
    option: str = ""
    rows: int = 0


@dataclass(kw_only=True)
class TableReport:
    """A table, its label, its problems, and what to do with it.

    ``purpose`` is ``text``, ``numbers``, or "" where neither is in it; ``label_how`` is "" where
    the readers choose the label's column themselves, else ``a guess`` or ``the last column``.
    """

    file: TableFile
    purpose: str = ""
    text_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    label_how: str = ""
    labels: Counter[str] = field(default_factory=Counter)
    n_unlabelled: int = 0
    n_several: int = 0
    alike: list[list[str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # what the reader of numbers says

    def looks_like(self, column: Column) -> str:
        """Return what a column looks like; the label's is one."""
        if column.name in self.label_names and self.file.columns.index(column) in self._labels_at:
            return f"label ({self.label_how})" if self.label_how else "label"
        looks = column.looks_like()
        return looks.replace("label?", "words,") if self.purpose == "numbers" else looks

    @property
    def _labels_at(self) -> list[int]:
        names = [column.name for column in self.file.columns]
        return [names.index(name) for name in self.label_names]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        columns = [
            {**column.as_json(), "looks_like": self.looks_like(column)}
            for column in self.file.columns
        ]
        return {
            **self.file.as_json(),
            "purpose": self.purpose or None,
            "columns": columns,
            "text_columns": list(self.text_names),
            "label": {
                "columns": list(self.label_names),
                "how": self.label_how or "by name",
                "distinct": len(self.labels),
                "counts": dict(self.labels.most_common()),
                "without": self.n_unlabelled,
                "several": self.n_several,
                "alike": self.alike,
            }
            if self.label_names
            else None,
            "problems": [vars(problem) for problem in self.problems],
            "notes": [{"note": "read_as", "sentence": sentence} for sentence in self.said],
            "command": shlex.join(self.command) or None,
        }


def asked(names: list[str], i: int) -> str:
    """Return how a column is named in a command: by its position where names are not enough."""
    return names[i] if names.count(names[i]) == 1 and names[i] else str(i)


def alike_groups(labels: Counter[str]) -> list[list[str]]:
    """Return labels that people take for one, the most frequent of a group first."""
    groups = [sorted(group, key=lambda name: -labels[name]) for group in alike(labels)]
    return sorted(groups, key=lambda group: -labels[group[0]])


def difference(groups: list[list[str]]) -> str:
    """Say by what labels differ that people take for one."""
    folded = all(len({name.casefold() for name in group}) == 1 for group in groups)
    return "case only" if folded else "case, spaces or a final comma"


def row_problems(bad: Counter[str], file: TableFile, option: str) -> Iterator[Problem]:
    """Yield what is wrong with rows: those with the same kind of damage together."""
    kinds: Counter[str] = Counter()
    for reason, n in bad.items():
        kinds[_kind_of(reason, file)] += n
    for kind, n in kinds.most_common():
        yield Problem(ERROR, f"{rows_that(n, 'has', 'have')} {kind}", option, n)


def _kind_of(reason: str, file: TableFile) -> str:
    """Return what rows have for which a reader has a reason not to use them."""
    if " columns instead of " in reason:
        return f"another number of cells than {reason.rsplit(' ', 1)[1]}"
    if reason in QUOTES:
        return "broken quotes"
    if reason.startswith("bytes that are not"):
        return reason
    return {
        "is missing": "no text field",
        "not valid JSON": "no valid JSON",
        "not an object": "no JSON object",
    }.get(reason, reason if reason.startswith(("a ", "no ")) else f"a label that is {reason}")


def rows_that(n: int, one: str, several: str) -> str:
    """Return how many rows do something, with the verb of one and of several.

    >>> rows_that(1, "has", "have"), rows_that(2000, "has", "have")
    ('1 row has', '2,000 rows have')
    """
    return f"1 row {one}" if n == 1 else f"{n:,} rows {several}"


def reading_options(file: TableFile, reading: Reading) -> list[str]:
    """Return the options without which a table is not read as it was here, encodings aside."""
    delimiter = shlex.split(f"--delimiter {typed_delimiter(reading.delimiter)}")
    delimiter = delimiter if reading.delimiter else []
    if reading.header is None or not file.is_delimited:
        return delimiter
    return [*delimiter, "--header" if reading.header else "--no-header"]
