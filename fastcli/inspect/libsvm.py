"""libsvm files: rows, features and their ranges, labels, and lines that cannot be read."""

from __future__ import annotations

import os
import shlex
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastcli.errors import DataError
from fastcli.inspect.advice import input_name, output_name
from fastcli.memory import available_memory
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.feature_files import QUERY, is_pair, libsvm_columns, libsvm_labels, open_text
from fastcli.mlp.table_memory import least_bytes
from fastcli.mlp.task import looks_like_numbers
from fastcli.printable import readable
from fastcli.tables.dialects import BOM, decode_lines
from fastcli.tables.values import LARGEST
from fastcli.text.inputs import compression
from fastcli.text.spooled import place_of

MOST_LABELS = 100_000


@dataclass(kw_only=True)
class Libsvm:
    """What is in a libsvm file: ``bad`` lines by reason, and the first line of each reason.

    ``base`` is the index of the first feature.  Those that some line has are numbered in the order
    of their first appearance, ``places``: feature i of these has ``counts[i]`` values, from
    ``lows[i]`` to ``highs[i]``.
    """

    path: str
    size: int
    packed: str
    base: int
    n_features: int
    n: int = 0
    n_values: int = 0
    n_several: int = 0
    n_unlabelled: int = 0
    queries: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    places: dict[int, int] = field(default_factory=dict)
    counts: array[int] = field(default_factory=lambda: array("q"))
    lows: array[float] = field(default_factory=lambda: array("d"))
    highs: array[float] = field(default_factory=lambda: array("d"))
    bad: Counter[str] = field(default_factory=Counter)
    first_bad: dict[str, int] = field(default_factory=dict)

    @property
    def n_unused(self) -> int:
        """How many features no line has."""
        return self.n_features - len(self.counts)

    @property
    def n_constant(self) -> int:
        """How many features are the same in all rows, 0 where a line does not have them."""
        is_full = np.frombuffer(self.counts, np.int64) == self.n
        lows, highs = (np.frombuffer(one, np.float64) for one in (self.lows, self.highs))
        return int((is_full & (lows == highs)).sum())

    @property
    def range(self) -> tuple[float, float] | None:
        """The smallest and the largest value; None if there are none."""
        return (min(self.lows), max(self.highs)) if self.counts else None

    @property
    def density(self) -> float:
        """The share of the features that a row has, on average."""
        return self.n_values / max(self.n * self.n_features, 1)

    @property
    def memory(self) -> int:
        """The bytes of memory that training takes at least."""
        return least_bytes(MlpArgs(), self.n, self.n_features)

    @property
    def is_too_wide(self) -> bool:
        """Whether memory has no room for training."""
        free = available_memory()
        return free is not None and self.memory > free

    @property
    def command(self) -> list[str]:
        """The command that learns from the file, which may be too wide for it."""
        words = ["fastcli", "mlp-train", "-input", input_name(self.path)]
        words += ["-output", output_name(self.path), "--format", "libsvm"]
        is_target = not self.n_several and looks_like_numbers(list(self.labels), self.n)
        return [*words, *["--task", "regression"] * is_target]

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "file": readable(os.fsencode(self.path)),
            "kind": "table",
            "format": "libsvm",
            "bytes": self.size,
            "compression": self.packed or None,
            "rows": self.n,
            "features": self.n_features,
            "first_index": self.base,
            "values": self.n_values,
            "density": round(self.density, 4),
            "range": self.range,
            "constant": self.n_constant,
            "unused": self.n_unused,
            "queries": self.queries,
            "memory": self.memory,
            "label": {
                "distinct": len(self.labels),
                "counts": dict(self.labels.most_common()),
                "without": self.n_unlabelled,
                "several": self.n_several,
            },
            "problems": [
                {"reason": reason, "lines": n, "first": self.first_bad[reason]}
                for reason, n in self.bad.items()
            ],
            "command": None if self.is_too_wide else shlex.join(self.command),
        }


def read_libsvm_file(path: str) -> Libsvm:
    """Read a libsvm file.  Raises DataError if it cannot be read, or has no features."""
    columns = libsvm_columns([path])
    found = Libsvm(
        path=path,
        size=os.path.getsize(place_of(path)),
        packed=compression(path) or "",
        base=columns.base,
        n_features=columns.n_features,
    )
    line = 0
    queries: set[str] = set()
    for i, block in enumerate(open_text(path)):
        for text in decode_lines(block.removeprefix(BOM) if i == 0 else block):
            line += 1
            words = text.partition("#")[0].split()
            if words:
                query = _row(found, words, line)
                if len(queries) < MOST_LABELS and query:
                    queries.add(query)
    found.queries = len(queries)
    if not found.n:
        raise DataError(f"{path}: no line of it can be read as libsvm.")
    return found


def _row(found: Libsvm, words: list[str], line: int) -> str:
    """Count a line; return the number of its query."""
    has_label = ":" not in words[0]
    pairs, query = [], ""
    for word in words[has_label:]:
        index, _, value = word.partition(":")
        if not is_pair(word):
            return _bad(found, "a word that is not index:value", line)
        if index == QUERY:
            query = value
            continue
        number, position = float(value), int(index) - found.base
        if position < 0:
            return _bad(found, "an index below 1", line)
        if not abs(number) <= LARGEST:
            return _bad(found, "a number that is too large or not finite", line)
        pairs.append((position, number))
    found.n += 1
    found.n_values += len(pairs)
    for position, number in pairs:
        at = found.places.setdefault(position, len(found.places))
        if at == len(found.counts):
            found.counts.append(0)
            found.lows.append(number)
            found.highs.append(number)
        found.counts[at] += 1
        found.lows[at] = min(found.lows[at], number)
        found.highs[at] = max(found.highs[at], number)
    labels = libsvm_labels(words[0]) if has_label else ()
    found.n_unlabelled += not labels
    found.n_several += len(labels) > 1
    for label in labels:
        if label in found.labels or len(found.labels) < MOST_LABELS:
            found.labels[label] += 1
    return query


def _bad(found: Libsvm, reason: str, line: int) -> str:
    found.bad[reason] += 1
    found.first_bad.setdefault(reason, line)
    return ""
