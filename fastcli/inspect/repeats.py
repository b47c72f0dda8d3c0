"""Repeated lines: in one data set, and between two."""

from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.inspect.findings import MAX_EXAMPLES
from fastcli.printable import readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.inspect.data import DataSet

    Hashes = NDArray[np.int64]


def find_repeats(data: DataSet) -> None:
    """Find repeated lines, and texts that have other labels elsewhere."""
    texts, lines = hashes(data.texts), hashes(data.lines)
    has_text = np.frombuffer(data.n_words, np.uint32) > 0
    numbers = np.flatnonzero(has_text)
    later, firsts = _repeats(lines[numbers])
    data.findings.add_many("duplicate", len(later), _pairs(numbers[later], numbers[firsts]))
    numbers = np.flatnonzero(has_text & (np.frombuffer(data.n_labels, np.uint32) > 0))
    later, firsts = _repeats(texts[numbers])
    differ = lines[numbers[later]] != lines[numbers[firsts]]
    later, firsts = numbers[later[differ]], numbers[firsts[differ]]
    data.findings.add_many("contradiction", len(later), _pairs(later, firsts))


def hashes(values: array[int]) -> Hashes:
    """Return an array of hashes as NumPy's."""
    return np.frombuffer(values, np.int64)


def _repeats(keys: Hashes) -> tuple[Hashes, Hashes]:
    """Return the positions of repeated keys, in order, and where each occurred first."""
    if len(keys) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.argsort(keys, kind="stable")
    is_new = np.concatenate([[True], keys[order][1:] != keys[order][:-1]])
    start = np.maximum.accumulate(np.where(is_new, np.arange(len(keys)), 0))
    later, firsts = order[~is_new], order[start[~is_new]]
    in_order = np.argsort(later)
    return later[in_order], firsts[in_order]


def _pairs(later: Hashes, firsts: Hashes) -> list[dict[str, Any]]:
    pairs = zip(later[:MAX_EXAMPLES].tolist(), firsts[:MAX_EXAMPLES].tolist(), strict=True)
    return [{"line": a + 1, "first": b + 1} for a, b in pairs]


def compare(first: DataSet, second: DataSet) -> dict[str, Any]:
    """Return what a data set shares with an earlier one, and what the earlier one lacks."""
    keys, places = np.unique(hashes(first.texts), return_index=True)
    texts = hashes(second.texts)
    at = np.minimum(np.searchsorted(keys, texts), len(keys) - 1)
    has_text = np.frombuffer(second.n_words, np.uint32) > 0
    shared = np.flatnonzero((keys[at] == texts) & has_text)
    same = np.isin(hashes(second.lines)[shared], hashes(first.lines))
    n_texts = int(np.count_nonzero(has_text))
    unknown = {label: n for label, n in second.by_count() if label not in first.labels}
    new = [i for word, i in second.words.items() if word not in first.words]
    n_new = int(second.counts[new].sum()) if new else 0
    return {
        "kind": "overlap",
        "first": readable(os.fsencode(first.path)),
        "second": readable(os.fsencode(second.path)),
        "lines": len(shared),
        "share": round(len(shared) / max(n_texts, 1), 4),
        "with_same_labels": int(np.count_nonzero(same)),
        "examples": _pairs(shared, places[at[shared]]),
        "unknown_labels": {readable(label): n for label, n in unknown.items()},
        "unknown_tokens_share": round(n_new / max(second.tokens, 1), 4),
    }
