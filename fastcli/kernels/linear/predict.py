"""The labels of lines: mean input rows, scores, and the best labels.

Numbers are computed to the bit as fastText does it (v0.9.2 without fused multiply-add): sums one
addition after the other, exponentials and logarithms rounded from float64.  Which of two labels
comes first is often a matter of the last bit, where there are many labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.heap import keep_best, sort_best
from fastcli.kernels.base.vector import (
    any_add,
    block_dots,
    divided,
    exact_exp,
    exact_log,
    exp,
    fill,
    prefetch_row,
    rounded_product,
    sum_in_order,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.losses import HS, SOFTMAX

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, I64, U8, f32, f64, i64

AHEAD = 8
BLOCK = 64  # labels whose scores are computed together
OFFSET = 1e-5  # what fastText adds to a probability before it takes the logarithm


@device
def divide_row(x: F32, n: i64, dim: i64) -> None:
    """Divide the sum of n rows by n; zeros if there are none."""
    scale = np.float32(1.0) / np.float32(max(n, 1))
    for k in range(dim):
        x[k] *= scale


@kernel
def mean_rows(
    features: I32, offsets: I64, first: i64, last: i64, wi: F32, dim: i64, out: F32
) -> None:
    """Set row i of ``out`` to the mean of the input rows of line i; zeros if it has none."""
    for line in range(first, last):
        start, end = offsets[line], offsets[line + 1]
        to = (line - first) * dim
        fill(at(out, to), np.float32(0.0), dim)
        for j in range(start, end):
            if j + AHEAD < end:
                prefetch_row(at(wi, features[j + AHEAD] * dim), dim)
            any_add(at(out, to), at(wi, features[j] * dim), dim)
        divide_row(at(out, to), end - start, dim)


@device
def add_codes(
    codes: U8,
    offset: i64,
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
            c = (m * 256 + int(codes[offset + m])) * 2
            out[to + 2 * m] += rounded_product(a, centroids[c])
            out[to + 2 * m + 1] += rounded_product(a, centroids[c + 1])
        return
    for m in range(nsubq):
        width = lastdsub if m == nsubq - 1 else dsub
        c = m * 256 * dsub + int(codes[offset + m]) * width
        for j in range(width):
            out[to + m * dsub + j] += rounded_product(a, centroids[c + j])


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
        fill(at(out, to), np.float32(0.0), dim)
        for j in range(start, end):
            row = int(features[j])
            a = norms[norm_codes[row]] if has_norms == 1 else np.float32(1.0)
            add_codes(codes, row * nsubq, nsubq, dsub, lastdsub, centroids, a, out, to)
        divide_row(at(out, to), end - start, dim)


@device
def exact_sigmoid(x: f32) -> f32:
    """Return 1 / (1 + e**-x)."""
    one = np.float32(1.0)
    return divided(one, one + exact_exp(-x))


@device
def table_sigmoid(x: f32) -> f32:
    """Return the sigmoid in 512 steps over [-8, 8], 0 and 1 outside, as fastText tests with."""
    f = np.float32
    if x < f(-8.0):
        return f(0.0)
    if x > f(8.0):
        return f(1.0)
    step = int((x + f(8.0)) * f(32.0))
    return exact_sigmoid(f(step) * f(0.03125) - f(8.0))


@kernel
def fill_blocks(wo: F32, nlabels: i64, dim: i64, blocks: F32) -> None:
    """Copy output rows to blocks of 64 labels, each dim x 64; zeros fill the last block."""
    for first in range(0, nlabels, BLOCK):
        for j in range(dim):
            to = first * dim + j * BLOCK
            for i in range(BLOCK):
                label = first + i
                blocks[to + i] = wo[label * dim + j] if label < nlabels else np.float32(0.0)


@device
def score_block(
    hidden: F32, offset: i64, blocks: F32, dim: i64, block: i64, out: F32, done: I32, line: i64
) -> None:
    """Set ``out`` to the scores of a block of labels, unless ``done`` says that it was done.

    ``done[block]`` is the number of the line that was done last.
    """
    if done[block] != line:
        block_dots(at(hidden, offset), dim, at(blocks, block * BLOCK * dim), at(out, block * BLOCK))
        done[block] = line


@device
def label_probs(
    hidden: F32, offset: i64, blocks: F32, dim: i64, nlabels: i64, loss: i64, out: F32
) -> None:
    """Set ``out[:nlabels]`` to the labels' probabilities: softmax, or one sigmoid each.

    ``blocks`` are the output rows as ``fill_blocks`` copies them; ``out`` has room for whole
    blocks.
    """
    for first in range(0, nlabels, BLOCK):
        block_dots(at(hidden, offset), dim, at(blocks, first * dim), at(out, first))
    if loss != SOFTMAX:
        for label in range(nlabels):
            out[label] = table_sigmoid(out[label])
        return
    largest = out[0]
    for label in range(nlabels):
        largest = max(largest, out[label])
    for label in range(nlabels):
        out[label] = exact_exp(out[label] - largest)
    total = sum_in_order(out, nlabels)
    for label in range(nlabels):
        out[label] = divided(out[label], total)


@device
def offset_log(p: f32) -> f32:
    """Return the logarithm of a probability plus 1e-5, as fastText compares probabilities."""
    return np.float32(exact_log(float(p) + OFFSET))


@device
def surely_worse(p: f32) -> f32:
    """Return a probability below which ``offset_log`` is less than that of ``p``.

    The logarithms are at most 11.6 in size, so float32 tells apart what differs by 1e-6.
    """
    return np.float32((float(p) + OFFSET) * (1.0 - 2e-6) - OFFSET)


@device
def best_by_tree(
    hidden: F32,
    offset: i64,
    blocks: F32,
    dim: i64,
    nlabels: i64,
    children: I32,
    k: i64,
    least: f32,
    line: i64,
    nodes: I32,
    scores: F32,
    done: I32,
    dots: F32,
    best: F32,
    labels: I32,
    to: i64,
) -> i64:
    """Search the Huffman tree for the k best labels; return how many there are.

    Depth first, the first child first, as fastText goes; a branch ends where its log-probability
    falls below ``least`` or below the worst of k labels found.  ``nodes`` and ``scores``
    (nlabels + 1) are the stack; ``best`` is set to log-probabilities.  ``dots`` (whole blocks of
    labels) and ``done`` (a number for each block) are as in ``score_block``.
    """
    nodes[0], scores[0] = 2 * nlabels - 2, np.float32(0.0)
    depth, n = 1, 0
    while depth > 0:
        depth -= 1
        node, score = nodes[depth], scores[depth]
        if score < least or (n == k and score < best[to]):
            continue
        if node < nlabels:
            n = keep_best(score, node, k, n, at(best, to), at(labels, to))
            continue
        row = node - nlabels
        score_block(hidden, offset, blocks, dim, row // BLOCK, dots, done, line)
        p = exact_sigmoid(dots[row])
        nodes[depth], scores[depth] = children[2 * row + 1], score + offset_log(p)
        nodes[depth + 1] = children[2 * row]
        scores[depth + 1] = score + offset_log(np.float32(1.0 - float(p)))
        depth += 2
    return n


@kernel
def best_labels(
    hidden: F32,
    features: I64,
    n_lines: i64,
    dim: i64,
    blocks: F32,
    nlabels: i64,
    loss: i64,
    children: I32,
    k: i64,
    threshold: f64,
    nodes: I32,
    path_scores: F32,
    done: I32,
    scores: F32,
    counts: I32,
    labels: I32,
    probs: F32,
) -> None:
    """Find the k most probable labels of every line, best first, at least ``threshold`` each.

    ``hidden`` has one row a line; ``features`` are offsets: lines without features get no label.
    ``counts[i]`` labels of line i are at ``i * k``; their probabilities are, for the
    hierarchical softmax, products of (p + 1e-5) along the path.  ``blocks`` are the output rows
    as ``fill_blocks`` copies them.  Scratch: ``nodes`` and ``path_scores`` (nlabels + 1),
    ``scores`` (whole blocks of labels), ``done`` (a number for each block).
    """
    for block in range((nlabels + BLOCK - 1) // BLOCK):
        done[block] = -1
    least = np.float32(threshold)
    least_log = np.float32(-1e30)
    if float(least) + OFFSET > 0.0:
        least_log = offset_log(least)
    for line in range(n_lines):
        n = 0
        offset = line * k
        if features[line + 1] > features[line]:
            if loss == HS:
                n = best_by_tree(
                    hidden,
                    line * dim,
                    blocks,
                    dim,
                    nlabels,
                    children,
                    k,
                    least_log,
                    line,
                    nodes,
                    path_scores,
                    done,
                    scores,
                    probs,
                    labels,
                    offset,
                )
            else:
                label_probs(hidden, line * dim, blocks, dim, nlabels, loss, scores)
                enough = least
                for label in range(nlabels):
                    if scores[label] >= enough:
                        score = offset_log(scores[label])
                        n = keep_best(score, label, k, n, at(probs, offset), at(labels, offset))
                        if n == k:
                            enough = max(least, surely_worse(scores[labels[offset]]))
            sort_best(n, at(probs, offset), at(labels, offset))
            for i in range(offset, offset + n):
                probs[i] = exp(probs[i]) if loss == HS else scores[labels[i]]
        counts[line] = n
