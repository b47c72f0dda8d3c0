"""Prediction: from lines of bytes to feature ids, and from those to the best labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels._build import device, kernel
from fastcli.kernels.features import add_word_ngrams, pruned_row
from fastcli.kernels.integers import byte_at, sign_extended
from fastcli.kernels.losses import HS, SOFTMAX
from fastcli.kernels.tokens import (
    char_ngrams,
    eos_has_prefix,
    find_slot,
    has_prefix,
    is_space,
    scan_token,
)
from fastcli.kernels.vector import any_add, any_dot, exp, fill, log, prefetch_row, sigmoid

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, I32, I64, U8, f32, f64, i64

HAS_LABEL, KNOWS_LABEL = 1, 2
AHEAD = 8


@kernel
def read_lines(
    text: U8,
    end: i64,
    table: I64,
    mask: i64,
    starts: I64,
    arena: U8,
    nwords: i64,
    eos: i64,
    eos_hash: i64,
    prefix: U8,
    prefix_size: i64,
    minn: i64,
    maxn: i64,
    word_ngrams: i64,
    bucket: i64,
    window: I64,
    features: I32,
    max_features: i64,
    offsets: I64,
    labels: I32,
    max_labels: i64,
    label_offsets: I64,
    flags: U8,
    max_lines: i64,
    state: I64,
) -> i64:
    """Read lines of text as feature ids and known labels; return how many were read.

    ``features[offsets[i]:offsets[i + 1]]`` are the ids of line i, ``labels`` likewise, and
    ``flags[i]`` says whether the line has a label and whether one of them is known.  A line's
    end is the token ``</s>`` (id ``eos``, -1 if it is not in the dictionary); the last line may
    lack it.  Stops before a line that does not fit; ``state[0]`` is the position.
    """
    position = state[0]
    line = 0
    offsets[0] = 0
    label_offsets[0] = 0
    while position < end and line < max_lines:
        at, label_at = offsets[line], label_offsets[line]
        n_window, flag = 0, 0
        ended, full = 0, 0
        while position < end and ended == 0:
            byte = byte_at(text, position)
            token = position
            h = 2166136261
            if byte == 10:
                position += 1
                ended = 1
                entry, h = eos, eos_hash
            elif is_space(byte):
                position += 1
                continue
            else:
                position, h = scan_token(text, token, end)
                slot = find_slot(table, mask, starts, arena, text, token, position, h)
                entry = (table[slot] >> 32) - 1
            # The most that one token can add, before it is known what it adds.
            if (
                at + 1 + word_ngrams + (position - token + 2) * max(maxn, 0) > max_features
                or label_at >= max_labels
            ):
                full = 1
                break
            if entry >= nwords:
                labels[label_at] = entry - nwords
                label_at += 1
                flag |= HAS_LABEL | KNOWS_LABEL
                continue
            if entry < 0:
                if ended == 1:
                    is_label = eos_has_prefix(prefix, prefix_size)
                else:
                    is_label = has_prefix(text, token, position, prefix, prefix_size)
                if is_label:
                    flag |= HAS_LABEL
                    continue
            if entry >= 0:
                features[at] = entry
                at += 1
            if maxn > 0 and ended == 0 and (entry != eos or (entry < 0 and h != eos_hash)):
                at = char_ngrams(text, token, position, minn, maxn, bucket, nwords, features, at)
            if word_ngrams > 1:
                at = add_word_ngrams(
                    sign_extended(h), window, n_window, word_ngrams, bucket, nwords, features, at
                )
                n_window = min(n_window + 1, word_ngrams - 1)
        if full == 1:
            break
        flags[line] = flag
        line += 1
        offsets[line] = at
        label_offsets[line] = label_at
        state[0] = position
    return line


@kernel
def prune_features(features: I32, offsets: I64, n_lines: i64, nwords: i64, pruned: I32) -> None:
    """Renumber the buckets among features by ``pruned`` (from 1 on), and drop those it gives 0."""
    to, start = 0, 0
    for line in range(n_lines):
        end = offsets[line + 1]
        for j in range(start, end):
            row = pruned_row(features[j], nwords, pruned)
            if row >= 0:
                features[to] = row
                to += 1
        start = end
        offsets[line + 1] = to


@kernel
def mean_rows(
    features: I32, offsets: I64, first: i64, last: i64, wi: F32, dim: i64, out: F32
) -> None:
    """Set row i of ``out`` to the mean of the input rows of line i; zeros if it has none."""
    for line in range(first, last):
        start, end = offsets[line], offsets[line + 1]
        to = (line - first) * dim
        fill(out, to, np.float32(0.0), dim)
        for j in range(start, end):
            if j + AHEAD < end:
                prefetch_row(wi, features[j + AHEAD] * dim, dim)
            any_add(out, to, wi, features[j] * dim, dim)
        if end > start:
            scale = np.float32(1.0) / np.float32(end - start)
            for k in range(dim):
                out[to + k] *= scale


@device
def add_codes(
    codes: U8,
    at: i64,
    nsubq: i64,
    dsub: i64,
    lastdsub: i64,
    centroids: F32,
    a: f32,
    out: F32,
    to: i64,
) -> None:
    """Add a times the row with the codes ``codes[at:at+nsubq]`` to ``out[to:]``.

    Sub-vector m of the row is one of the 256 centroids of ``dsub`` floats from
    ``centroids[m * 256 * dsub]`` on; the last sub-vector has ``lastdsub`` floats.
    Jegou, Douze and Schmid (2011), section 2.
    """
    if dsub == 2 and lastdsub == 2:  # fastText's default, without an inner loop
        for m in range(nsubq):
            c = (m * 256 + int(codes[at + m])) * 2
            out[to + 2 * m] += a * centroids[c]
            out[to + 2 * m + 1] += a * centroids[c + 1]
        return
    for m in range(nsubq):
        width = lastdsub if m == nsubq - 1 else dsub
        c = m * 256 * dsub + int(codes[at + m]) * width
        for j in range(width):
            out[to + m * dsub + j] += a * centroids[c + j]


@kernel
def mean_codes(
    features: I32,
    offsets: I64,
    first: i64,
    last: i64,
    codes: U8,
    nsubq: i64,
    dsub: i64,
    lastdsub: i64,
    centroids: F32,
    norm_codes: U8,
    norms: F32,
    has_norms: i64,
    dim: i64,
    out: F32,
) -> None:
    """Do what ``mean_rows`` does with the rows of a quantized matrix, from their codes.

    With ``has_norms`` row r stands for its centroids times ``norms[norm_codes[r]]``.
    """
    for line in range(first, last):
        start, end = offsets[line], offsets[line + 1]
        to = (line - first) * dim
        fill(out, to, np.float32(0.0), dim)
        scale = np.float32(1.0) / np.float32(max(end - start, 1))
        for j in range(start, end):
            row = int(features[j])
            a = scale * norms[norm_codes[row]] if has_norms == 1 else scale
            add_codes(codes, row * nsubq, nsubq, dsub, lastdsub, centroids, a, out, to)


@device
def keep_best(score: f32, label: i64, k: i64, n: i64, scores: F32, labels: I32, at: i64) -> i64:
    """Put a label among the best k, a heap with the worst first; return their number.

    Of equal scores the later one stays.
    """
    if n < k:
        i = n
        n += 1
        while i > 0 and scores[at + (i - 1) // 2] > score:
            up = (i - 1) // 2
            scores[at + i], labels[at + i] = scores[at + up], labels[at + up]
            i = up
    elif score >= scores[at]:
        i = sink(score, n, scores, labels, at)
    else:
        return n
    scores[at + i], labels[at + i] = score, label
    return n


@device
def sink(score: f32, n: i64, scores: F32, labels: I32, at: i64) -> i64:
    """Make room for a score in a heap whose first place is free; return the place."""
    i = 0
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and scores[at + child + 1] < scores[at + child]:
            child += 1
        if scores[at + child] >= score:
            break
        scores[at + i], labels[at + i] = scores[at + child], labels[at + child]
        i = child
    return i


@device
def sort_best(n: i64, scores: F32, labels: I32, at: i64) -> None:
    """Sort a heap with the worst first by falling score."""
    for last in range(n - 1, 0, -1):
        worst, label = scores[at], labels[at]
        score, moved = scores[at + last], labels[at + last]
        i = sink(score, last, scores, labels, at)
        scores[at + i], labels[at + i] = score, moved
        scores[at + last], labels[at + last] = worst, label


@device
def table_sigmoid(x: f32) -> f32:
    """Return the sigmoid in 512 steps over [-8, 8], 0 and 1 outside, as fastText tests with."""
    f = np.float32
    if x < f(-8.0):
        return f(0.0)
    if x > f(8.0):
        return f(1.0)
    step = int((x + f(8.0)) * f(32.0))
    return sigmoid(f(step) * f(0.03125) - f(8.0))


@device
def label_probs(hidden: F32, at: i64, wo: F32, dim: i64, nlabels: i64, loss: i64, out: F32) -> None:
    """Set ``out[:nlabels]`` to the labels' probabilities: softmax, or one sigmoid each."""
    for label in range(nlabels):
        out[label] = any_dot(wo, label * dim, hidden, at, dim)
    if loss != SOFTMAX:
        for label in range(nlabels):
            out[label] = table_sigmoid(out[label])
        return
    largest = out[0]
    for label in range(nlabels):
        largest = max(largest, out[label])
    for label in range(nlabels):
        out[label] = exp(out[label] - largest)
    total = np.float32(0.0)
    for label in range(nlabels):
        total += out[label]
    for label in range(nlabels):
        out[label] /= total


@device
def best_by_tree(
    hidden: F32,
    at: i64,
    wo: F32,
    dim: i64,
    nlabels: i64,
    children: I32,
    k: i64,
    least: f32,
    nodes: I32,
    scores: F32,
    best: F32,
    labels: I32,
    to: i64,
) -> i64:
    """Search the Huffman tree for the k best labels; return how many there are.

    Depth first, the likelier child first; a branch ends where its log-probability falls below
    ``least`` or below the worst of k labels found.  ``nodes`` and ``scores`` (nlabels + 1) are
    the stack; ``best`` is set to log-probabilities.
    """
    nodes[0], scores[0] = 2 * nlabels - 2, np.float32(0.0)
    depth, n = 1, 0
    while depth > 0:
        depth -= 1
        node, score = nodes[depth], scores[depth]
        if score < least or (n == k and score < best[to]):
            continue
        if node < nlabels:
            n = keep_best(score, node, k, n, best, labels, to)
            continue
        row = node - nlabels
        p = sigmoid(any_dot(wo, row * dim, hidden, at, dim))
        # In float64, where it does not matter in which order the three are added.
        first = score + log(np.float32(1.0 - float(p) + 1e-5))
        second = score + log(np.float32(float(p) + 1e-5))
        # The one on top of the stack is visited first.
        likelier = 1 if second > first else 0
        nodes[depth + 1 - likelier], scores[depth + 1 - likelier] = children[2 * row], first
        nodes[depth + likelier], scores[depth + likelier] = children[2 * row + 1], second
        depth += 2
    return n


@kernel
def best_labels(
    hidden: F32,
    features: I64,
    n_lines: i64,
    dim: i64,
    wo: F32,
    nlabels: i64,
    loss: i64,
    children: I32,
    k: i64,
    threshold: f64,
    nodes: I32,
    scores: F32,
    counts: I32,
    labels: I32,
    probs: F32,
) -> None:
    """Find the k most probable labels of every line, best first, at least ``threshold`` each.

    ``hidden`` has one row a line; ``features`` are offsets: lines without features get no label.
    ``counts[i]`` labels of line i are at ``i * k``; their probabilities are, for the
    hierarchical softmax, products of (p + 1e-5) along the path.
    """
    least = np.float32(threshold)
    least_log = np.float32(-1e30)
    if least + np.float32(1e-5) > np.float32(0.0):
        least_log = log(least + np.float32(1e-5))
    for line in range(n_lines):
        n = 0
        at = line * k
        if features[line + 1] > features[line]:
            if loss == HS:
                n = best_by_tree(
                    hidden,
                    line * dim,
                    wo,
                    dim,
                    nlabels,
                    children,
                    k,
                    least_log,
                    nodes,
                    scores,
                    probs,
                    labels,
                    at,
                )
            else:
                label_probs(hidden, line * dim, wo, dim, nlabels, loss, scores)
                for label in range(nlabels):
                    if scores[label] >= least:
                        n = keep_best(scores[label], label, k, n, probs, labels, at)
            sort_best(n, probs, labels, at)
            if loss == HS:
                for i in range(at, at + n):
                    probs[i] = exp(probs[i])
        counts[line] = n
