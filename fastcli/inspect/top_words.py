"""The most characteristic words of each label: what a classifier makes of every word alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.fasttext.word_rows import word_rows
from fastcli.inspect.explain import is_network, scores_of
from fastcli.kernels.text import lines as line_kernels
from fastcli.printable import readable
from fastcli.text.dictionary import EOS

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 1 << 21  # scores, and floats of words, made at a time


def top_words(model: Any, n: int) -> dict[str, list[tuple[str, float]]]:
    """Return the n words that speak most for each label, by its token, of a classifier of text.

    A word counts by its score for a label, where it is all that a line has (with its character
    n-grams), less that of the best other label: a word that speaks for many labels, as frequent
    ones do, is far ahead for none.  Words that speak more for another label are left out.
    """
    scores, nwords, n_labels = scores_of(model), model.dictionary.nwords, model.nlabels
    step = max(1, CHUNK // max(n_labels, model.args.dim))
    best = np.zeros((0, n_labels))
    words = np.zeros((0, n_labels), np.int64)
    for first in range(0, nwords, step):
        last = min(first + step, nwords)
        with np.errstate(over="ignore", invalid="ignore"):  # of damaged models
            found = scores.of(_vectors(model, first, last))
            found = _leads(found)
        found[[i for i in range(last - first) if model.dictionary.entry(first + i) == EOS]] = -1.0
        ids = np.repeat(np.arange(first, last)[:, None], n_labels, axis=1)
        best, words = np.concatenate([best, found]), np.concatenate([words, ids])
        order = np.argsort(-best, axis=0, kind="stable")[:n]
        best, words = (np.take_along_axis(x, order, axis=0) for x in (best, words))
    return {
        label.decode("utf-8", "surrogateescape"): [
            (readable(model.dictionary.entry(word)), score)
            for word, score in zip(words[:, i].tolist(), best[:, i].tolist(), strict=True)
            if 0 < score < np.inf
        ]
        for i, label in enumerate(model.labels())
    }


def _leads(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the score of each label is above the best other one: [words, labels].

    >>> _leads(np.array([[5.0, 1.0, 3.0]]))
    array([[ 2., -4., -2.]])
    """
    if scores.shape[1] == 1:
        return np.zeros_like(scores)
    lines, best = np.arange(len(scores)), scores.argmax(axis=1)
    others = np.repeat(scores[lines, best][:, None], scores.shape[1], axis=1)
    others[lines, best] = np.partition(scores, -2, axis=1)[:, -2]
    return np.asarray(scores - others)


def _vectors(model: Any, first: int, last: int) -> NDArray[np.float64]:
    """Return the hidden rows of lines of one word each: [last - first, dim]."""
    dictionary, dim = model.dictionary, model.args.dim
    starts, arena = dictionary.starts, dictionary.arena
    offsets, rows = word_rows(dictionary, model.args, starts, arena, first, last)
    if model.bucket_rows is not None:
        buckets = model.bucket_rows
        line_kernels.prune_features(rows, offsets, last - first, dictionary.nwords, buckets)
    if not is_network(model):
        means = model.wi.means(rows, offsets, 0, last - first)
        return np.asarray(means.reshape(-1, dim), np.float64)
    found = np.asarray(model.embedding[rows[: offsets[-1]], :dim], np.float64)
    sums = np.add.reduceat(found, offsets[:-1], axis=0)  # a word has at least its own row
    return np.asarray(sums / np.diff(offsets)[:, None])
