"""Predicting one line of text by one call: what ``read_lines`` to ``best_labels`` do for a block.

A program that predicts a text at a time pays for every argument of every call.  So what all its
calls have in common is in a record, as numbers and addresses, and this kernel calls the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.signature import Record
from fastcli.kernels.base.groups import Best, Strings, Text
from fastcli.kernels.base.indirect import call, f32_at, f64_at, i32_at, i64_at, u8_at
from fastcli.kernels.base.integers import byte_at
from fastcli.kernels.base.vector import offset_probability
from fastcli.kernels.base.views import at, record
from fastcli.kernels.linear.best import Search
from fastcli.kernels.linear.means import Codes
from fastcli.kernels.linear.scores import FLOAT32_MAX, Outputs
from fastcli.kernels.text.groups import HashTable, Lines, Ngrams, Vocabulary
from fastcli.kernels.text.lines import NOT_SPELLED, LineRoom
from fastcli.kernels.text.tokens import ngram_bound

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, U8, Records, f64, i64

NO_ROOM, NOT_FINITE, TOO_LONG = -1, -2, 1 << 32


class LineJob(Record):
    """A model, and what one call at a time writes to: kernels and arrays by address, numbers."""

    read_lines: i64
    prune_features: i64  # 0: the model was not pruned
    mean_rows: i64  # 0: the input matrix is quantized
    mean_codes: i64
    best_labels: i64
    word_rows: i64  # for vectors of words
    slots: i64  # Vocabulary
    mask: i64
    starts: i64
    arena: i64
    eos: i64
    eos_hash: i64
    prefix: i64
    prefix_size: i64
    minn: i64  # Ngrams
    maxn: i64
    word_ngrams: i64
    bucket: i64
    n_buckets: i64  # 0 where ``bucket`` is 1 so that nothing is divided by 0
    nwords: i64
    bucket_rows: i64
    wi: i64  # of a dense matrix
    codes: i64  # Codes
    nsubq: i64
    dsub: i64
    lastdsub: i64
    centroids: i64
    has_norms: i64
    norm_codes: i64
    norms: i64
    blocks: i64  # Outputs
    nlabels: i64
    dim: i64
    loss: i64
    children: i64
    most: f64  # each term of a score is at most this times a number of the line
    offset: f64  # what fastText adds to probabilities
    features: i64  # Lines, and all that follows is written to
    offsets: i64
    labels: i64
    label_offsets: i64
    line_flags: i64
    feature_room: i64
    label_room: i64
    hashes: i64
    state: i64
    hidden: i64
    total: i64  # of the vectors of words
    scores: i64  # Search
    lines: i64
    firsts: i64
    seconds: i64
    nodes: i64
    path_scores: i64
    k: i64  # Best
    counts: i64
    ids: i64
    probs: i64
    told: i64  # float64[k]: the probabilities as fastText tells them


@device
def read_line(text: Text, j: LineJob) -> None:
    """Read the line as features, those of a pruned model by their rows."""
    i64_at(j.state)[0] = 0
    strings = Strings(i64_at(j.starts), u8_at(j.arena))
    call(
        j.read_lines,
        (
            text,
            Vocabulary(
                HashTable(i64_at(j.slots), j.mask, strings),
                j.eos,
                j.eos_hash,
                Text(u8_at(j.prefix), j.prefix_size),
            ),
            Ngrams(j.minn, j.maxn, j.word_ngrams, j.bucket, j.nwords),
            Lines(
                i32_at(j.features),
                i64_at(j.offsets),
                i32_at(j.labels),
                i64_at(j.label_offsets),
            ),
            u8_at(j.line_flags),
            LineRoom(j.feature_room, j.label_room, 1),
            i32_at(j.hashes),
            i64_at(j.state),
        ),
    )
    if j.prune_features != 0 and i64_at(j.state)[0] > 0:
        features, offsets = i32_at(j.features), i64_at(j.offsets)
        call(j.prune_features, (features, offsets, 1, j.nwords, i32_at(j.bucket_rows)))


@device
def mean_of_line(j: LineJob) -> None:
    """Set the hidden row to the mean of the rows of the line's features."""
    features, offsets, hidden = i32_at(j.features), i64_at(j.offsets), f32_at(j.hidden)
    if j.mean_rows != 0:
        call(j.mean_rows, (features, offsets, 1, f32_at(j.wi), j.dim, hidden))
    else:
        codes = Codes(
            u8_at(j.codes),
            j.nsubq,
            j.dsub,
            j.lastdsub,
            f32_at(j.centroids),
            j.has_norms,
            u8_at(j.norm_codes),
            f32_at(j.norms),
        )
        call(j.mean_codes, (features, offsets, 1, codes, j.dim, hidden))


@device
def label_line(threshold: f64, j: LineJob) -> None:
    """Find the best labels of the hidden row."""
    call(
        j.best_labels,
        (
            f32_at(j.hidden),
            i64_at(j.offsets),
            1,
            Outputs(f32_at(j.blocks), j.nlabels, j.dim, j.loss, i32_at(j.children)),
            threshold,
            Search(
                f32_at(j.scores),
                i32_at(j.lines),
                f32_at(j.firsts),
                f32_at(j.seconds),
                i32_at(j.nodes),
                f32_at(j.path_scores),
            ),
            Best(j.k, i32_at(j.counts), i32_at(j.ids), f32_at(j.probs)),
        ),
    )


@device
def is_surely_finite(hidden: F32, dim: i64, most: f64) -> bool:
    """Tell whether no score of a hidden row can be NaN or infinite."""
    n = 0
    for i in range(dim):
        n += 1 if abs(float(hidden[i])) * most < FLOAT32_MAX else 0
    return n == dim


@kernel
def predict_line(text: U8, size: i64, threshold: f64, job: Records[LineJob]) -> i64:
    """Find the best labels of the line ``text[:size]``; return how many there are.

    Their ids are in ``job.ids``, their probabilities as fastText tells them in ``job.told``.
    ``TOO_LONG`` is added where a word was too long for character n-grams.  Returns ``NO_ROOM`` if
    the line has more features or labels than there is room for, and ``NOT_FINITE`` if its scores
    may be NaN or infinite.  A threshold of NaN is none.
    """
    j = record(job, 0)
    if size == 0:
        return 0
    read_line(Text(text, size), j)
    if i64_at(j.state)[0] == 0:
        return NO_ROOM
    mean_of_line(j)
    if i64_at(j.offsets)[1] > 0 and not is_surely_finite(f32_at(j.hidden), j.dim, j.most):
        return NOT_FINITE
    label_line(threshold if threshold == threshold else -1.0, j)
    n = int(i32_at(j.counts)[0])
    for i in range(n):
        f64_at(j.told)[i] = float(offset_probability(f32_at(j.probs)[i], j.offset))
    return n + (TOO_LONG if u8_at(j.line_flags)[0] & NOT_SPELLED else 0)


@kernel
def line_vector(text: U8, size: i64, job: Records[LineJob]) -> i64:
    """Set ``job.hidden`` to the mean of the rows of the line ``text[:size]``, and return 0.

    Returns ``NO_ROOM`` or ``TOO_LONG`` as ``predict_line`` does, and then has set nothing.
    """
    j = record(job, 0)
    read_line(Text(text, size), j)
    if i64_at(j.state)[0] == 0:
        return NO_ROOM
    if u8_at(j.line_flags)[0] & NOT_SPELLED:
        return TOO_LONG
    mean_of_line(j)
    return 0


@device
def mean_of_word(word: U8, size: i64, j: LineJob) -> i64:
    """Set the hidden row to the mean of the rows of a word; return what ``word_vector`` does."""
    bound = 0
    if j.maxn > 0:
        bound = ngram_bound(size, j.maxn)
        if bound == 0:
            return TOO_LONG
    if 1 + bound > j.feature_room:
        return NO_ROOM
    starts, offsets, features = i64_at(j.label_offsets), i64_at(j.offsets), i32_at(j.features)
    starts[0], starts[1] = 0, size
    strings = Strings(i64_at(j.starts), u8_at(j.arena))
    call(
        j.word_rows,
        (
            Strings(starts, word),
            1,
            HashTable(i64_at(j.slots), j.mask, strings),
            Ngrams(j.minn, j.maxn, 1, j.n_buckets, j.nwords),
            features,
            offsets,
        ),
    )
    if j.prune_features != 0:
        call(j.prune_features, (features, offsets, 1, j.nwords, i32_at(j.bucket_rows)))
    mean_of_line(j)
    return 0


@kernel
def word_vector(text: U8, size: i64, job: Records[LineJob]) -> i64:
    """Set ``job.hidden`` to the mean of the rows of the word ``text[:size]``, and return 0.

    Returns ``NO_ROOM`` or ``TOO_LONG`` as ``predict_line`` does, and then has set nothing.
    """
    return mean_of_word(text, size, record(job, 0))


@kernel
def direction_of_words(text: U8, size: i64, job: Records[LineJob]) -> i64:
    """Set ``job.total`` to the mean of the vectors of words, each divided by its length; return 0.

    Words end at spaces, as C++ has them: NUL is none.  Those whose vector is zero do not count.
    Returns ``NO_ROOM`` or ``TOO_LONG`` as ``predict_line`` does.
    """
    j = record(job, 0)
    total, hidden = f32_at(j.total), f32_at(j.hidden)
    for i in range(j.dim):
        total[i] = 0.0
    position, n = 0, 0
    while position < size:
        byte = byte_at(text, position)
        if byte == 32 or 9 <= byte <= 13:
            position += 1
            continue
        start = position
        while position < size:
            byte = byte_at(text, position)
            if byte == 32 or 9 <= byte <= 13:
                break
            position += 1
        problem = mean_of_word(at(text, start), position - start, j)
        if problem != 0:
            return problem
        square = 0.0
        for i in range(j.dim):
            square += float(hidden[i]) * float(hidden[i])
        if square > 0.0:
            length = np.sqrt(square)
            for i in range(j.dim):
                total[i] += np.float32(float(hidden[i]) / length)
            n += 1
    for i in range(j.dim):
        total[i] = np.float32(float(total[i]) / max(n, 1))
    return 0
