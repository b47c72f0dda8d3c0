"""What prepare will find in a table of text: labels, rows without one, texts that repeat.

The rows are read as ``prepare --skip-bad`` reads them, by the same code.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.tables.choice import Columns
from fastcli.tables.delimited import Location
from fastcli.tables.labels import LabelOptions, LabelsAreText, SeveralLabels
from fastcli.tables.reading import Reading
from fastcli.tables.sources import Source

MOST_TEXTS = 10_000_000  # whose hashes are kept, eight bytes each
MOST_LABELS = 100_000


@dataclass
class Texts:
    """What was counted in the rows that can be used, and the reasons of the others.

    ``options`` are those that labels need, ``why`` says so; ``error`` is what no option is known
    for.  Of ``labels`` a row may have several.
    """

    labels: Counter[str] = field(default_factory=Counter)
    n: int = 0
    n_several: int = 0
    n_empty: int = 0
    n_repeated: int = 0
    is_cut: bool = False
    bad: Counter[str] = field(default_factory=Counter)
    first_bad: dict[str, Location] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    error: str = ""


def read_texts(path: str, columns: Columns, reading: Reading) -> Texts:
    """Read the text and the labels of a table, with options for labels where they need them."""
    options: list[str] = []
    why: list[str] = []
    for _ in range(3):
        found = Texts(options=options, why=why)
        try:
            _read(found, path, columns, reading)
        except SeveralLabels as error:
            reading = _with(reading, replace(reading.labels, separator=error.separator))
            options = [*options, "--label-separator", error.separator]
            why = [*why, "cells hold several labels each"]
        except LabelsAreText:
            reading = _with(reading, replace(reading.labels, labels_as="text"))
            options = [*options, "--labels-as", "text"]
            why = [*why, "labels are not all whole numbers"]
        except (ArgumentError, DataError) as error:
            found.error = str(error)
            return found
        else:
            break
    return found


def _with(reading: Reading, labels: LabelOptions) -> Reading:
    return replace(reading, labels=labels)


def _read(found: Texts, path: str, columns: Columns, reading: Reading) -> None:
    hashes = array("q")

    def bad(place: Location, reason: str, text: str) -> None:
        found.bad[reason] += 1
        found.first_bad.setdefault(reason, place)

    source = Source(columns, bad, reading, skips_bad=True)
    for batch in source.read(path, lambda n: None):
        _count_labels(found, batch.labels)
        found.n += len(batch.texts)
        found.n_empty += sum(not text.strip() for text in batch.texts)
        if len(hashes) < MOST_TEXTS:
            hashes.extend(hash(text) for text in batch.texts if text.strip())
        else:
            found.is_cut = True
    source.finish()
    found.n_repeated = len(hashes) - len(np.unique(np.frombuffer(hashes, np.int64)))


def _count_labels(found: Texts, rows: Sequence[tuple[str, ...]]) -> None:
    for labels, times in Counter(rows).items():
        found.n_several += times * (len(labels) > 1)
        for label in labels:
            if label in found.labels or len(found.labels) < MOST_LABELS:
                found.labels[label] += times
