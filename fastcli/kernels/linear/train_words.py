"""The trainer of word vectors: skip-gram and cbow with character n-grams.

Mikolov et al. (2013), Distributed Representations of Words and Phrases; Bojanowski et al.
(2017), Enriching Word Vectors with Subword Information.

A word is the mean of its rows (its own and its character n-grams'), and a step adds the same
gradient g to each of them, so that the mean moves by a known multiple of g.  That lets the rows
be read once and written once for all the pairs that a word is in: skip-gram keeps the hidden
vector of the middle word up to date by that multiple, cbow the sums of the words in the window.
For skip-gram this is plain SGD, pair by pair; in cbow words that share rows see each other's
steps only when they leave the window.  Threads share both matrices without locks (Recht et al.
2011, Hogwild).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import random_bits, random_unit
from fastcli.kernels.base.vector import (
    fill,
    pick_dots,
    pick_steps,
    prefetch_row,
    row_add,
    row_axpy,
    sigmoid_row,
)
from fastcli.kernels.linear.losses import (
    HS,
    NS,
    SOFTMAX,
    hs_step,
    pad_scores,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, f32, f64, i64

CBOW, SKIPGRAM = 1, 2
MANY_ROWS = 256


@device
def sum_word(
    word: i64, row_offsets: I64, rows: I32, wi: F32, stride: i64, out: F32, at: i64
) -> None:
    """Set ``out[at:at+stride]`` to the sum of a word's input rows."""
    fill(out, at, np.float32(0.0), stride)
    for j in range(row_offsets[word], row_offsets[word + 1]):
        row_add(out, at, wi, rows[j] * stride, stride)


@device
def move_word(
    word: i64, row_offsets: I64, rows: I32, grad: F32, at: i64, wi: F32, stride: i64
) -> None:
    """Add ``grad[at:at+stride]`` to each of a word's input rows."""
    for j in range(row_offsets[word], row_offsets[word + 1]):
        row_add(wi, rows[j] * stride, grad, at, stride)


@device
def fetch_word(word: i64, row_offsets: I64, rows: I32, wi: F32, stride: i64) -> None:
    """Ask for the memory of a word's input rows."""
    for j in range(row_offsets[word], row_offsets[word + 1]):
        prefetch_row(wi, rows[j] * stride, stride)


@device
def draw_negatives(
    target: i64,
    n_words: i64,
    neg: i64,
    odds: F64,
    aliases: I32,
    seed: i64,
    draws: I64,
    picks: I64,
    at: i64,
    wo: F32,
    stride: i64,
) -> None:
    """Set ``picks[at:]`` to the target and ``neg`` other words drawn by the alias method.

    ``draws[0]`` counts the random numbers used so far.  The memory of the words' output rows is
    asked for.  Walker (1977).
    """
    picks[at] = target
    prefetch_row(wo, target * stride, stride)
    for i in range(neg):
        word = target
        while word == target:
            u = random_unit(seed, draws[0]) * n_words
            draws[0] += 1
            word = int(u)
            if u - word >= odds[word]:
                word = int(aliases[word])
        picks[at + 1 + i] = word
        prefetch_row(wo, word * stride, stride)


@device
def negatives_step(
    neg: i64,
    picks: I64,
    at: i64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    scores: F32,
    grad: F32,
) -> f64:
    """Step on the target ``picks[at]`` and ``neg`` others, all scored before any moves."""
    n = neg + 1
    pick_dots(wo, picks, at, n, stride, hidden, scores, stride)
    # log s(x) = log(1 - s(x)) + x, so one sum over all does for the loss.
    loss = -float(scores[0])
    loss -= float(sigmoid_row(scores, 0, pad_scores(scores, n)))
    for r in range(n):
        scores[r] *= -lr
    scores[0] += lr
    pick_steps(wo, picks, at, n, stride, hidden, scores, grad, stride)
    return loss


@device
def target_step(
    target: i64,
    n_words: i64,
    loss: i64,
    paths: I32,
    codes: U8,
    path_offsets: I64,
    neg: i64,
    picks: I64,
    at: i64,
    hidden: F32,
    wo: F32,
    stride: i64,
    lr: f32,
    scores: F32,
    stats: F32,
    grad: F32,
) -> f64:
    """Step on the output rows for one word to be told from the hidden vector.

    For negative sampling, ``picks[at:]`` is that word and the others.
    """
    plain = (0, 0, grad, grad, grad)  # SGD, which looks at the first number only
    if loss == HS:
        return hs_step(target, paths, codes, path_offsets, hidden, wo, stride, lr, grad, plain)
    if loss == SOFTMAX:
        score_labels(hidden, wo, stride, 0, n_words, scores)
        softmax_block(scores, 0, n_words, stats, 0)
        scale = softmax_scale(stats, 1, 0)
        return softmax_step(target, hidden, wo, stride, lr, 0, n_words, scale, scores, grad, plain)
    return negatives_step(neg, picks, at, hidden, wo, stride, lr, scores, grad)


@kernel
def word_gains(row_offsets: I64, rows: I32, first: i64, last: i64, gains: F32) -> None:
    """Set ``gains[w]`` to by how many g the mean of a word's rows moves if each moves by g.

    A row that is among them c times moves by c g and counts c times: the gain is the sum of the
    c**2 over the number of rows, 1 where all are different.  Words of more than ``MANY_ROWS`` are
    left out, since all their rows are compared with all.
    """
    for word in range(first, last):
        start, end = row_offsets[word], row_offsets[word + 1]
        if end - start > MANY_ROWS:
            continue
        equal = 0
        for i in range(start, end):
            for j in range(start, end):
                if rows[i] == rows[j]:
                    equal += 1
        gains[word] = np.float32(equal / max(end - start, 1))


@kernel
def train_words(
    model: i64,
    first_line: i64,
    last_line: i64,
    thread: i64,
    n_threads: i64,
    order: I32,
    words: I32,
    offsets: I64,
    tokens: I32,
    keep: F64,
    row_offsets: I64,
    rows: I32,
    gains: F32,
    wi: F32,
    wo: F32,
    stride: i64,
    n_words: i64,
    ws: i64,
    loss: i64,
    paths: I32,
    codes: U8,
    path_offsets: I64,
    neg: i64,
    odds: F64,
    aliases: I32,
    seed: i64,
    visit: i64,
    lr0: f64,
    done: i64,
    total_tokens: i64,
    lr_update_rate: i64,
    line: I32,
    draws: I64,
    picks: I64,
    hidden: F32,
    grad: F32,
    scores: F32,
    stats: F32,
    sums: F32,
    steps: F32,
    results: F64,
) -> None:
    """Train on the lines ``order[first_line:last_line]`` of word ids.

    ``keep[w]`` is the chance that word w stays in a line.  ``rows[row_offsets[w]:]`` are its
    input rows, and a step g on each moves their mean by ``gains[w]`` g.  ``done`` tokens of
    ``total_tokens`` are behind all threads; each of the ``n_threads`` is as fast as this one.
    ``visit`` numbers the first line among all visits, and with ``seed`` decides what is drawn.
    Private scratch: ``line`` (the longest line), ``draws`` (1), ``picks`` ((2 ws + 1)
    (neg + 1)), ``hidden``
    and ``grad`` (stride), ``scores`` (neg + 16, or n_words + 15 for softmax), ``stats`` (16),
    ``sums`` and ``steps`` (2 ws + 1 rows).
    ``results[thread * 8]`` is increased by the losses, the next two by the number of examples
    and of tokens.
    """
    one = np.float32(1.0)
    width = 2 * ws + 1
    local, since = 0, 0
    lr = np.float32(lr0 * max(1.0 - done / total_tokens, 0.0))
    for i in range(first_line, last_line):
        index = order[i]
        line_seed = random_bits(seed, visit + i - first_line)
        draws[0] = 0
        n = 0
        for at in range(offsets[index], offsets[index + 1]):
            u = random_unit(line_seed, draws[0])
            draws[0] += 1
            if u <= keep[words[at]]:
                line[n] = words[at]
                n += 1
        entered = 0
        for middle in range(n):
            reach = 1 + random_bits(line_seed, draws[0]) % ws
            draws[0] += 1
            begin, end = max(middle - reach, 0), min(middle + reach + 1, n)
            word = int(line[middle])
            if loss == NS:
                for at in range(begin, end):
                    target = int(line[at]) if model == SKIPGRAM else word
                    if (at != middle) == (model == SKIPGRAM):
                        draw_negatives(
                            target,
                            n_words,
                            neg,
                            odds,
                            aliases,
                            line_seed,
                            draws,
                            picks,
                            (at - begin) * (neg + 1) if model == SKIPGRAM else 0,
                            wo,
                            stride,
                        )
            if model == SKIPGRAM:
                if middle + 1 < n:
                    fetch_word(int(line[middle + 1]), row_offsets, rows, wi, stride)
                sum_word(word, row_offsets, rows, wi, stride, sums, 0)
                fill(hidden, 0, np.float32(0.0), stride)
                scale = one / np.float32(row_offsets[word + 1] - row_offsets[word])
                row_axpy(hidden, 0, scale, sums, 0, stride)
                fill(steps, 0, np.float32(0.0), stride)
                for at in range(begin, end):
                    if at == middle:
                        continue
                    fill(grad, 0, np.float32(0.0), stride)
                    results[thread * 8] += target_step(
                        int(line[at]),
                        n_words,
                        loss,
                        paths,
                        codes,
                        path_offsets,
                        neg,
                        picks,
                        (at - begin) * (neg + 1),
                        hidden,
                        wo,
                        stride,
                        lr,
                        scores,
                        stats,
                        grad,
                    )
                    results[thread * 8 + 1] += 1.0
                    row_add(steps, 0, grad, 0, stride)
                    row_axpy(hidden, 0, gains[word], grad, 0, stride)
                move_word(word, row_offsets, rows, steps, 0, wi, stride)
                continue
            # Whoever the window has left behind is moved; whoever it meets is summed up.
            if middle > ws:
                gone = middle - ws - 1
                move_word(
                    int(line[gone]), row_offsets, rows, steps, gone % width * stride, wi, stride
                )
            while entered < min(middle + ws + 1, n):
                place = entered % width * stride
                sum_word(int(line[entered]), row_offsets, rows, wi, stride, sums, place)
                fill(steps, place, np.float32(0.0), stride)
                entered += 1
            if entered < n:
                fetch_word(int(line[entered]), row_offsets, rows, wi, stride)
            n_rows = 0
            fill(hidden, 0, np.float32(0.0), stride)
            fill(grad, 0, np.float32(0.0), stride)
            for at in range(begin, end):
                if at != middle:
                    n_rows += row_offsets[line[at] + 1] - row_offsets[line[at]]
            if n_rows == 0:
                continue
            scale = one / np.float32(n_rows)
            for at in range(begin, end):
                if at != middle:
                    row_axpy(hidden, 0, scale, sums, at % width * stride, stride)
            results[thread * 8] += target_step(
                word,
                n_words,
                loss,
                paths,
                codes,
                path_offsets,
                neg,
                picks,
                0,
                hidden,
                wo,
                stride,
                lr,
                scores,
                stats,
                grad,
            )
            results[thread * 8 + 1] += 1.0
            for at in range(begin, end):
                if at != middle:
                    near = int(line[at])
                    size = np.float32(row_offsets[near + 1] - row_offsets[near])
                    place = at % width * stride
                    row_add(steps, place, grad, 0, stride)
                    row_axpy(sums, place, gains[near] * size, grad, 0, stride)
        if model == CBOW:
            for at in range(max(n - ws - 1, 0), n):
                move_word(int(line[at]), row_offsets, rows, steps, at % width * stride, wi, stride)
        local += tokens[index]
        since += tokens[index]
        if since > lr_update_rate:
            since = 0
            lr = np.float32(lr0 * max(1.0 - (done + local * n_threads) / total_tokens, 0.0))
    results[thread * 8 + 2] += local
