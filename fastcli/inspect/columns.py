"""Columns of tables: what is counted in their cells, in bounded memory, what they look like."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fastcli.tables.columns import (
    IDS,
    LABEL_NAMES,
    TEXT_NAMES,
    are_row_numbers,
    is_index,
    plain_name,
)
from fastcli.tables.labels import read_list, truth_of
from fastcli.tables.values import is_date, is_decimal_comma, is_missing, is_number, whole_number

MOST_DIFFERENT = 100_000  # values of a column that are told apart
MOST_IN_ALL = 4_000_000  # values of all columns
MOST_VALUES = 1000  # values of a column that are counted, each of at most
LONGEST_VALUE = 100  # characters
MOSTLY = 0.95  # of the cells, from which on a column is of a kind
WORDS_OF_TEXT = 5  # median of words, from which on a column is text
CHARS_OF_TEXT = 10  # the same of characters, in scripts without spaces
WORDS_OF_LABEL = 4  # at most, in a column that may be the label's
CHARS_OF_LABEL = 40
FEW = 20  # whole numbers, of which a column may be the label's
LONGEST = 1000  # words or characters that a median may have
NUMBERED = ("number", "0/1")
SUBJECTS = ("subject", "name")  # of texts: usual beside a text, not alone
_HTML = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#[0-9]+|#x[0-9a-fA-F]+|[a-z]{2,8});")
# Scripts without spaces between words: Chinese and Japanese; Thai, Lao, Burmese, Khmer too.
_IDEOGRAPHS = re.compile("[\u3005-\u30ff\u3400-\u9fff]")
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff]")
_SLASHED = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]\d{2,4}")
_YEAR_FIRST = re.compile(r"\s*\d{4}[-/.年]")


class Column:
    """What was counted in a column.

    ``n`` rows were seen, ``filled`` of them hold something, and of ``present`` that is not what
    tools write for nothing, such as NA.  ``values`` counts short values while they are few, else
    it is None; ``low`` and ``high`` are the range of numbers.
    """

    def __init__(self, name: str, position: int, most_different: int = MOST_DIFFERENT) -> None:
        self.name, self.position = name, position
        self.most_different = most_different
        self.n = self.filled = self.present = 0
        self.values: Counter[str] | None = Counter()
        self.low, self.high = math.inf, -math.inf
        self.n_numbers = self.n_whole = self.n_dates = self.n_truths = 0
        self.n_lists = self.n_nested = self.n_html = self.n_breaks = 0
        self.n_spaceless = self.n_ideographic = self.n_infinite = 0
        self.has_decimal_commas = False
        self._different: set[int] | None = set()
        self._words = np.zeros(LONGEST + 1, np.int64)
        self._chars = np.zeros(LONGEST + 1, np.int64)
        self._first = self._next = ""  # cells, the last while all cells count the rows
        self._counts_rows = True
        self._orders: set[str] = set()  # of day, month and year
        self.example = ""

    # ------------------------------------------------------------------ counting

    def add(self, cells: Sequence[str], n_lists: int = 0, n_nested: int = 0) -> None:
        """Count some cells; ``n_lists`` and ``n_nested`` of them were lists or objects in JSON."""
        self.n += len(cells)
        self.n_lists += n_lists
        self.n_nested += n_nested
        if self._counts_rows and cells:
            joined = [*filter(None, [self._next]), *cells]
            self._counts_rows = are_row_numbers(joined)
            self._first, self._next = self._first or cells[0], cells[-1]
        for cell, times in Counter(cells).items():
            value = cell.strip()
            if value:
                self.filled += times
                self._add(value, times)

    def _add(self, value: str, times: int) -> None:
        if self._different is not None:
            self._different.add(hash(value))
            if len(self._different) > self.most_different:
                self._different = None
        if self.values is not None:
            self.values[value[: LONGEST_VALUE + 1]] += times
            if len(self.values) > MOST_VALUES:
                self.values = None
        self._words[min(len(value.split()), LONGEST)] += times
        self._chars[min(len(value), LONGEST)] += times
        if is_missing(value):
            return
        self.example = self.example or value[: LONGEST_VALUE + 1]
        self.present += times
        if is_number(value):
            self._add_number(value, times)
        elif len(value) <= CHARS_OF_LABEL and is_date(value):
            self.n_dates += times
            self._add_date(value)
        if len(value) <= 5 and truth_of(value) is not None:
            self.n_truths += times
        if value[0] in "[({" and read_list(value) is not None:
            self.n_lists += times
        if "\n" in value or "\r" in value:
            self.n_breaks += times
        if ("<" in value or "&" in value) and _HTML.search(value):
            self.n_html += times
        if not value.isascii() and 2 * len(_SPACELESS.findall(value)) > len(value):
            self.n_spaceless += times
            self.n_ideographic += times * (_IDEOGRAPHS.search(value) is not None)

    def _add_number(self, value: str, times: int) -> None:
        self.n_numbers += times
        if is_decimal_comma(value):
            self.has_decimal_commas = True
            value = value.replace(",", ".")
        if whole_number(value) is not None or is_index(value):
            self.n_whole += times
        number = float(value)
        self.n_infinite += times * math.isinf(number)
        if math.isfinite(number):
            self.low, self.high = min(self.low, number), max(self.high, number)

    def _add_date(self, value: str) -> None:
        if _YEAR_FIRST.match(value):
            self._orders.add("year first")
        elif found := _SLASHED.match(value):
            first, second = int(found[1]), int(found[2])
            if first > 12:
                self._orders.add("day/month/year")
            elif second > 12:
                self._orders.add("month/day/year")

    # ----------------------------------------------------------------- questions

    @property
    def different(self) -> int | None:
        """How many different values there are; None if more than ``most_different``."""
        return None if self._different is None else len(self._different)

    @property
    def n_repeated(self) -> int:
        """How many cells repeat another one's value; 0 where that is not known."""
        return 0 if self.different is None else self.filled - self.different

    @property
    def words(self) -> int:
        """The median number of words, separated by spaces, of cells that are not empty."""
        return _median(self._words)

    @property
    def chars(self) -> int:
        """The median number of characters of cells that are not empty."""
        return _median(self._chars)

    def share(self, n: int) -> float:
        """Return what part of the cells that are not empty a number of them is."""
        return n / max(self.filled, 1)

    def is_mostly(self, n: int, of: int) -> bool:
        """Tell whether n is nearly all of some cells."""
        return 0 < MOSTLY * of <= n

    @property
    def is_spaceless(self) -> bool:
        """Whether the script has no spaces between words."""
        return 2 * self.n_spaceless > self.filled

    @property
    def is_ideographic(self) -> bool:
        """Whether it is such a script, and Chinese or Japanese."""
        return 2 * self.n_ideographic > self.filled

    @property
    def is_few(self) -> bool:
        """Whether the values are few and short, as labels are."""
        n = self.different
        if n is None or self.values is None or not 2 <= n <= self.filled / 2:
            return False
        if self.words > WORDS_OF_LABEL or self.chars > CHARS_OF_LABEL or self.n_breaks:
            return False
        return n <= FEW or not self.n_numbers

    @property
    def is_id_by_name(self) -> bool:
        """Whether the name is that of ids."""
        last = plain_name(self.name).split()[-1:]
        return bool(last) and last[0] in IDS

    @property
    def kind(self) -> str:
        """What the column looks like, in a word.

        ``empty``, ``constant``, ``row numbers``, ``id``, ``date``, ``list``, ``object``, ``0/1``,
        ``number``, ``few`` (values), ``text`` or ``short text``.
        """
        if not self.present:
            return "empty"
        if self.n_nested:
            return "object"
        if self.is_mostly(self.n_lists, self.filled):
            return "list"
        if self._counts_rows and self._first in ("0", "1") and self.n > 2:
            return "row numbers"
        if self.is_mostly(self.n_dates, self.present):
            return "date"
        if self.different == 1 and self.n > 1:
            return "constant"
        if self.n_truths == self.filled:
            return "0/1"
        if self._is_id():
            return "id"
        if self.is_mostly(self.n_numbers, self.present):
            return "number"
        if self._is_text():
            return "text"
        name = plain_name(self.name)
        is_text_name = name in TEXT_NAMES or name in SUBJECTS
        return "few" if self.is_few and not is_text_name else "short text"

    def _is_id(self) -> bool:
        """Tell whether nearly all values differ, and the name or letters among digits say ids."""
        if self.words > 1 or self.filled < 2 or self.is_spaceless:
            return False
        different = self.most_different if self.different is None else self.different
        is_new = self.different is None or different == self.filled
        if self.is_id_by_name and (self.n_whole == self.n_numbers):
            return is_new or different >= 0.5 * self.filled
        has_digits = any(map(str.isdigit, self.example))
        return is_new and not self.n_numbers and has_digits and self.chars >= 6

    def _is_text(self) -> bool:
        if self.n_breaks > 0.1 * self.filled or self.n_html > 0.1 * self.filled:
            return True
        return self.words >= WORDS_OF_TEXT or (self.is_spaceless and self.chars >= CHARS_OF_TEXT)

    def looks_like(self) -> str:
        """Return what the column looks like, in a few words; what is a label says the table."""
        kind = self.kind
        if kind == "id":
            repeated = self.n_repeated
            if self.different is None:
                return "an id"
            return f"an id; {repeated:,} repeat" if repeated else "an id (all different)"
        if kind == "date":
            order = next(iter(self._orders)) if len(self._orders) == 1 else ""
            return f"date, {order}" if order else "date"
        if kind == "constant":
            return f"always {self.example}"
        if kind == "list":
            return "list of labels"
        if kind == "object":
            return "objects"
        if kind == "number":
            return self._number()
        if kind == "few":
            return f"label? {', '.join(name for name, _ in self.top(5))}"
        if kind in ("text", "short text"):
            return self._text(kind)
        return kind

    def top(self, n: int) -> list[tuple[str, int]]:
        """Return the values that are there most often."""
        return self.values.most_common(n) if self.values else []

    def _number(self) -> str:
        whole = self.n_whole == self.n_numbers
        low, high = (short_float(value, whole) for value in (self.low, self.high))
        text = f"{'whole number' if whole else 'number'}, {low} to {high}"
        if not math.isfinite(self.low):
            text = "number"
        if self.has_decimal_commas:
            text += "; decimal commas"
        others = self.present - self.n_numbers
        return f"{text}; {others:,} not numbers" if others else text

    def _text(self, kind: str) -> str:
        parts = [
            f"{self.share(n):.0%} {what}"
            for n, what in ((self.n_html, "HTML"), (self.n_breaks, "line breaks"))
            if n
        ]
        text = f"{kind}; {', '.join(parts)}" if parts else kind
        return f"{text}; no spaces" if self.is_spaceless else text

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "name": self.name,
            "position": self.position,
            "filled": self.filled,
            "missing": self.n - self.present,
            "different": self.different,
            "words": self.words,
            "kind": self.kind,
            "looks_like": self.looks_like(),
            "range": [self.low, self.high] if math.isfinite(self.low) else None,
            "html": self.n_html,
            "line_breaks": self.n_breaks,
        }


def is_label_name(name: str) -> bool:
    """Tell whether a column has one of the usual names of labels."""
    return plain_name(name) in LABEL_NAMES


def short_float(value: float, is_whole: bool) -> str:
    """Return a number in a few characters.

    >>> short_float(12345.0, True), short_float(0.123456, False)
    ('12345', '0.1235')
    """
    return f"{value:.0f}" if is_whole and abs(value) < 1e15 else f"{value:.4g}"


def _median(histogram: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    total = int(histogram.sum())
    return int(np.searchsorted(np.cumsum(histogram), (total + 1) // 2)) if total else 0
