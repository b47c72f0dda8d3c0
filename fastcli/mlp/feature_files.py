"""Reading numbers: tables, by the rules of ``fastcli.tables``, and libsvm files.

A row is an example; errors name the file, the line and the column.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.mlp.feature_rows import FeatureRows, RawRows
from fastcli.mlp.features import FeatureColumns, Labels
from fastcli.mlp.limits import MOST, MOST_FLOATS
from fastcli.mlp.table_memory import Growing, check_room
from fastcli.mlp.targets import not_a_target, numbers_in, numbers_of
from fastcli.tables.coded import Coded
from fastcli.tables.columns import is_index
from fastcli.tables.dialects import (
    BOM,
    HEAD,
    decode_lines,
    has_spaced_numbers,
    is_utf16,
    kind_of_name,
    suffix,
)
from fastcli.tables.formats import are_objects, is_parquet, named_kind, sniffed
from fastcli.tables.values import LARGEST, is_number, plain_float, shortest
from fastcli.text.inputs import text_blocks
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LIBSVM = {".svm", ".libsvm"}  # ends of file names
QUERY = "qid"  # before the number of a query, of rankings


def ignore(sentence: str) -> None:
    """Ignore a note."""


Placed = Callable[[str, "NDArray[np.int64]"], None]
"""Hears of a file and the lines of its rows that come next, int64[n]."""


def ignore_places(path: str, lines: NDArray[np.int64]) -> None:
    """Ignore where rows are."""


def guess_format(path: str, label: str) -> str:
    """Return the format of a file by its name, else by its first lines.

    That is ``csv`` for all delimited tables, ``json``, ``jsonl``, ``parquet``, ``libsvm`` or
    ``text``.
    """
    if kind_of_name(path):
        return "csv"
    if (kind := named_kind(path)) != "auto":
        return kind
    if is_parquet(place_of(path)):
        return "parquet"
    if suffix(path) in LIBSVM:
        return "libsvm"
    for block in text_blocks(path):
        for line in decode_lines(block.tobytes().removeprefix(BOM)):
            words = line.partition("#")[0].split()
            if not words:
                continue
            if words[0].startswith(label):
                return "text"
            if sniffed(line.encode("utf-8", "surrogateescape"), label) == "json":
                return "json"
            if are_objects(line.encode("utf-8", "surrogateescape")):
                return "jsonl"
            if len(words) == 1:  # in libsvm a label whose features are all 0
                if _is_numeric_row(line):
                    return "csv"
                continue
            if all(map(is_pair, words[1:])):
                return "libsvm"
            head = block.tobytes()[:HEAD]
            is_table = _is_numeric_row(line) or has_spaced_numbers(head, len(head) < HEAD)
            return "csv" if is_table else "text"
    return "text"


def _is_numeric_row(line: str) -> bool:
    """Tell whether a line has several cells between commas and the like, half of them numbers."""
    for delimiter in ",;\t|":
        cells = line.split(delimiter)
        if len(cells) > 1:
            return 2 * sum(map(is_number, cells)) >= len(cells)
    return False


def is_pair(word: str) -> bool:
    """Tell whether a word is ``index:value`` of libsvm, or the number of a query."""
    index, _, value = word.partition(":")
    return (is_index(index) or index == QUERY) and is_number(value)


class LibsvmReader:
    """Reads the lines of a libsvm file as numbers; errors name the file and the line."""

    def __init__(self, columns: FeatureColumns, path: str) -> None:
        self.columns, self.path = columns, path
        self.line = 0

    def rows(self, blocks: Iterable[bytes], most_floats: int) -> Iterator[FeatureRows]:
        """Yield the lines of blocks as numbers, so many at a time as make ``most_floats``."""
        at_once = max(1, most_floats // self.columns.n_features)
        for i, block in enumerate(blocks):
            if i == 0:
                check_encoding(self.path, block)
                block = block.removeprefix(BOM)
            lines = decode_lines(block)
            for first in range(0, len(lines), at_once):
                found = self._rows(lines[first : first + at_once])
                found.nbytes = len(block) * len(found) // len(lines)
                yield found

    def _rows(self, lines: Sequence[str]) -> FeatureRows:
        n, n_features = len(lines), self.columns.n_features
        check_room(self.path, n, n_features, "libsvm")
        x = np.zeros((n, n_features))
        names: list[str] = []
        blank = np.zeros(n, np.bool_)
        for i, line in enumerate(lines):
            self.line += 1
            text = line.partition("#")[0]
            blank[i] = not text.strip(" \t\r")
            names.append("" if blank[i] else self._row(text, x[i]))
        return FeatureRows(x, Coded.of(names), blank)

    def _row(self, line: str, x: NDArray[np.float64]) -> str:
        """Set x to the numbers of a line, and return its labels."""
        words = line.split()
        first = words[:1] if words and ":" not in words[0] else []
        last, is_rising = -1, True
        for word in words[len(first) :]:
            if not is_pair(word):
                raise DataError(f"{self.path}, line {self.line}: {word[:40]!r} is not index:value.")
            index, _, value = word.partition(":")
            if index == QUERY:
                continue
            position = int(index) - self.columns.base
            if position < 0:
                raise DataError(
                    f"{self.path}, line {self.line}: {word[:40]!r}, where indices start at 1."
                )
            is_rising, last = is_rising and position > last, position
            if position < len(x):  # features that training never saw say nothing
                x[position] = number = float(value)
                if not abs(number) <= LARGEST:
                    place = f"{self.path}, line {self.line}, feature {int(index)}"
                    raise not_finite(place, number)
        if not is_rising:
            self._check_once(words[len(first) :])
        return first[0] if first else ""

    def _check_once(self, pairs: Sequence[str]) -> None:
        """Raise DataError for a feature that a line has twice, as libsvm and scikit-learn do."""
        counts = Counter(
            int(i) for i, _, _ in (pair.partition(":") for pair in pairs) if i != QUERY
        )
        for index, n in counts.items():
            if n > 1:
                raise DataError(
                    f"{self.path}, line {self.line}: the index {index} is there {n} times: "
                    "each feature has one value."
                )


def libsvm_labels(names: str) -> tuple[str, ...]:
    """Return the labels that a libsvm line begins with: several have commas between them."""
    return tuple(by_value(name) for name in names.split(",") if name)


def by_value(name: str) -> str:
    """Return a label of libsvm: of a number the shortest form, so that +1, 1 and 1.0 are one."""
    value = plain_float(name)
    return name if value is None or not abs(value) < LARGEST else shortest(value)


def read_libsvm(
    paths: Sequence[str],
    columns: FeatureColumns,
    purpose: str = "training",
    placed: Placed = ignore_places,
    n_targets: int = -1,
) -> tuple[RawRows, Labels]:
    """Read whole files; blank lines are left out.  Raises DataError, which names the purpose.

    With ``n_targets`` lines begin with so many numbers to learn, commas between them (0: with as
    many as the first one), which the rows have.
    """
    rows, labels, growing = RawRows(columns.n_features), Labels(), Growing(paths, "libsvm")
    targets: list[NDArray[np.float64]] = []
    for path in paths:
        before = 0
        for found in LibsvmReader(columns, path).rows(
            open_text(path, CANNOT_OPEN.format(purpose=purpose)), MOST_FLOATS
        ):
            names, lines = found.names[~found.blank], before + 1 + np.flatnonzero(~found.blank)
            rows.add(found.raw[~found.blank] if found.blank.any() else found.raw)
            growing.check(path, rows, found.nbytes)
            placed(path, lines)
            before += len(found)
            if n_targets < 0:
                labels.add_coded(names)
                continue
            if not len(names):  # comments alone do not say how many
                continue
            n_targets = n_targets or len(numbers_in(next(iter(names), "")) or [0.0])
            targets.append(numbers_of(names, n_targets))
            wrong = np.flatnonzero(np.isnan(targets[-1]).any(axis=1))
            if len(wrong):
                cell = names.values[names.codes[wrong[0]]]
                raise not_a_target(f"{path}, line {lines[wrong[0]]}", cell, n_targets)
    if n_targets >= 0:
        rows.targets = np.concatenate([*targets, np.zeros((0, max(n_targets, 1)))])
    return rows, labels.renamed(libsvm_labels)


def not_finite(place: str, number: float) -> DataError:
    """Return the error of a number that is too large, at a place."""
    what = f"above {LARGEST:.0e}" if np.isfinite(number) else "not finite"
    return DataError(f"{place}: a number is {what}.")


# What is said of a file that cannot be opened, for some purpose.
CANNOT_OPEN = "{{path}} cannot be opened for {purpose}! ({{reason}})"
CANNOT_TRAIN = CANNOT_OPEN.format(purpose="training")


def open_text(path: str, cannot: str = CANNOT_TRAIN) -> Iterator[bytes]:
    """Yield the blocks of a file.

    Raises DataError if it cannot be read: ``cannot`` with the path and the reason.
    """
    try:
        for block in text_blocks(path):
            yield block.tobytes()
    except OSError as error:
        raise DataError(cannot.format(path=path, reason=error.strerror or error)) from None


def check_encoding(path: str, head: bytes) -> None:
    """Raise DataError for a file that begins as UTF-16 does."""
    if is_utf16(head):
        raise DataError(f"{path} is UTF-16: iconv -f utf-16 -t utf-8")


def libsvm_columns(
    paths: Sequence[str],
    note: Callable[[str], None] = ignore,
    check: Callable[[int, int], None] = lambda n_rows, n_features: None,
) -> FeatureColumns:
    """Return the columns of libsvm files; indices of all start at 0 if one in any of them is 0.

    ``check`` hears how many rows and features there are.
    """
    shapes = {path: _shape(path) for path in paths}
    ranges = {path: shape[1:] for path, shape in shapes.items()}
    least = min(1, *(low for low, _ in ranges.values()))
    most = max(high for _, high in ranges.values())
    if most > MOST:
        at = next(path for path, (_, high) in ranges.items() if high == most)
        raise DataError(f"{at}: the index {most} is too large; the largest is {MOST}.")
    if most < 0:
        raise DataError(
            f"{', '.join(paths)}: no index:value in it, so there is nothing to train on."
        )
    unlike = [path for path, (low, _) in ranges.items() if low > least == 0]
    if unlike:
        at = next(path for path, (low, _) in ranges.items() if low == 0)
        note(
            f"Feature indices are taken to start at 0 in all files, since {at} has index 0 "
            f"({', '.join(unlike)} {'has' if len(unlike) == 1 else 'have'} none)."
        )
    check(sum(shapes[path][0] for path in paths), most + 1 - least)
    return FeatureColumns("libsvm", "", [], -1, most + 1 - least, least)


def _shape(path: str) -> tuple[int, int, int]:
    """Return the rows of a libsvm file, its smallest and its largest index, 1 and -1 if none."""
    n, least, most = 0, sys.maxsize, -1
    for block in open_text(path):
        for line in decode_lines(block):
            words = line.partition("#")[0].split()
            n += bool(words)
            for word in words:
                index, colon, _ = word.partition(":")
                if colon and is_index(index):
                    least, most = min(least, int(index)), max(most, int(index))
    return (n, least, most) if most >= 0 else (n, 1, -1)
