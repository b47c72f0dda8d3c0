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
from fastcli.jit.group import Group
from fastcli.kernels.base.integers import random_bits, random_unit
from fastcli.kernels.base.losses import HS, NS, SOFTMAX
from fastcli.kernels.base.vector import (
    fill,
    pick_dots,
    pick_steps,
    prefetch_row,
    row_add,
    row_axpy,
    sigmoid_row,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.losses import (
    Example,
    Noise,
    Output,
    draw_other,
    hs_step,
    pad_scores,
    score_labels,
    softmax_block,
    softmax_scale,
    softmax_step,
)
from fastcli.kernels.linear.schedule import Schedule, linear_decay
from fastcli.kernels.linear.tree import Tree

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, f32, f64, i64

CBOW, SKIPGRAM = 1, 2
MANY_ROWS = 256


class Sentences(Group):
    """The training lines as word ids."""

    words: I32  # of line i from offsets[i] on
    offsets: I64  # lines + 1
    tokens: I32  # lines: what each counts for the learning rate
    keep: F64  # words: the chance that a word stays in a line


class Words(Group):
    """The input rows of every word: its own and its character n-grams'."""

    rows: I32  # of word w from offsets[w] on
    offsets: I64  # words + 1
    gains: F32  # words: a step g on each of its rows moves their mean by gains[w] g
    wi: F32  # the input matrix, in rows of stride floats
    stride: i64


class Task(Group):
    """What is learned: the model, its window and its loss."""

    model: i64  # CBOW or SKIPGRAM
    ws: i64  # words on either side
    loss: i64
    tree: Tree
    noise: Noise
    seed: i64


class Worker(Group):
    """What a thread has for itself."""

    thread: i64
    n_threads: i64
    line: I32  # the longest line: the words of a line that stay
    draws: I64  # 1: random numbers drawn in this line
    picks: I64  # (2 ws + 1) (neg + 1): targets, each with its negatives
    hidden: F32  # stride
    grad: F32  # stride
    scores: F32  # neg + 16, or words + 15 for softmax
    stats: F32  # 16
    sums: F32  # 2 ws + 1 rows: the sums of the rows of the words in the window
    steps: F32  # 2 ws + 1 rows: what is to be added to each of these
    results: F64  # 8 a thread: losses, examples and tokens are added to the first three


@device
def sum_word(word: i64, words: Words, out: F32) -> None:
    """Set ``out[:stride]`` to the sum of a word's input rows."""
    fill(out, np.float32(0.0), words.stride)
    for j in range(words.offsets[word], words.offsets[word + 1]):
        row_add(out, at(words.wi, words.rows[j] * words.stride), words.stride)


@device
def update_word(word: i64, words: Words, step: F32) -> None:
    """Add a step to each of a word's input rows."""
    for j in range(words.offsets[word], words.offsets[word + 1]):
        row_add(at(words.wi, words.rows[j] * words.stride), step, words.stride)


@device
def fetch_word(word: i64, words: Words) -> None:
    """Prefetch a word's input rows."""
    for j in range(words.offsets[word], words.offsets[word + 1]):
        prefetch_row(at(words.wi, words.rows[j] * words.stride), words.stride)


@device
def n_rows_of(word: i64, words: Words) -> i64:
    """Return how many input rows a word has."""
    return int(words.offsets[word + 1] - words.offsets[word])


@device
def draw_negatives(
    target: i64, noise: Noise, seed: i64, draws: I64, picks: I64, output: Output
) -> None:
    """Set ``picks[:neg + 1]`` to the target and ``neg`` other words.

    The memory of the words' output rows is asked for.
    """
    wo, stride = output.wo, output.stride
    picks[0] = target
    prefetch_row(at(wo, target * stride), stride)
    for i in range(noise.neg):
        word = draw_other(target, noise, output.n, seed, draws)
        picks[1 + i] = word
        prefetch_row(at(wo, word * stride), stride)


@device
def negatives_step(picks: I64, n: i64, lr: f32, output: Output, example: Example) -> f64:
    """Step on the target ``picks[0]`` and on n - 1 others, all scored before any is updated."""
    wo, stride, scores = output.wo, output.stride, example.scores
    pick_dots(wo, picks, n, stride, example.hidden, scores, stride)
    # log s(x) = log(1 - s(x)) + x, so one sum over all does for the loss.
    loss = -float(scores[0])
    loss -= float(sigmoid_row(scores, pad_scores(scores, n)))
    for r in range(n):
        scores[r] *= -lr
    scores[0] += lr
    pick_steps(wo, picks, n, stride, example.hidden, scores, example.grad, stride)
    return loss


@device
def target_step(
    target: i64, picks: I64, lr: f32, task: Task, output: Output, example: Example, stats: F32
) -> f64:
    """Step on the output rows for one word that is predicted from the hidden vector.

    For negative sampling, ``picks`` is that word and the others.
    """
    if task.loss == HS:
        return hs_step(target, task.tree, lr, output, example)
    if task.loss == SOFTMAX:
        score_labels(output, example, 0, output.n)
        softmax_block(example.scores, 0, output.n, stats, 0)
        scale = softmax_scale(stats, 1, 0)
        return softmax_step(target, lr, 0, output.n, scale, output, example)
    return negatives_step(picks, task.noise.neg + 1, lr, output, example)


@kernel
def word_gains(row_offsets: I64, rows: I32, first: i64, last: i64, gains: F32) -> None:
    """Set ``gains[w]`` to how many g the mean of a word's rows changes by if each changes by g.

    A row that is among them c times moves by c g and counts c times: the gain is the sum of the
    c**2 over the number of rows, 1 if all are different.  Words of more than ``MANY_ROWS`` are
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


@device
def subsample(sentences: Sentences, index: i64, seed: i64, worker: Worker) -> i64:
    """Copy the words of a line that stay to ``worker.line``; return how many.

    A word stays with its chance in ``keep`` (Mikolov et al. 2013, section 2.3).
    """
    n = 0
    for j in range(sentences.offsets[index], sentences.offsets[index + 1]):
        u = random_unit(seed, worker.draws[0])
        worker.draws[0] += 1
        if u <= sentences.keep[sentences.words[j]]:
            worker.line[n] = sentences.words[j]
            n += 1
    return n


@device
def window(middle: i64, n: i64, ws: i64, seed: i64, draws: I64) -> tuple[i64, i64]:
    """Return the bounds of the window around a word: 1 to ws words on either side, at random."""
    reach = 1 + random_bits(seed, draws[0]) % ws
    draws[0] += 1
    return max(middle - reach, 0), min(middle + reach + 1, n)


@device
def skipgram_line(
    n: i64, seed: i64, lr: f32, task: Task, words: Words, output: Output, worker: Worker
) -> None:
    """Predict from each word of ``worker.line[:n]`` the words around it.

    The steps of all pairs of a word go to its rows together; meanwhile its hidden vector moves
    along by the word's gain.
    """
    line, stride, n_picks = worker.line, words.stride, task.noise.neg + 1
    hidden, grad, steps = worker.hidden, worker.grad, worker.steps
    example = Example(hidden, grad, worker.scores)
    for middle in range(n):
        begin, end = window(middle, n, task.ws, seed, worker.draws)
        word = int(line[middle])
        if task.loss == NS:
            for j in range(begin, end):
                if j != middle:
                    picks = at(worker.picks, (j - begin) * n_picks)
                    draw_negatives(int(line[j]), task.noise, seed, worker.draws, picks, output)
        if middle + 1 < n:
            fetch_word(int(line[middle + 1]), words)
        sum_word(word, words, worker.sums)
        fill(hidden, np.float32(0.0), stride)
        scale = np.float32(1.0) / np.float32(n_rows_of(word, words))
        row_axpy(hidden, scale, worker.sums, stride)
        fill(steps, np.float32(0.0), stride)
        for j in range(begin, end):
            if j == middle:
                continue
            fill(grad, np.float32(0.0), stride)
            picks = at(worker.picks, (j - begin) * n_picks)
            worker.results[worker.thread * 8] += target_step(
                int(line[j]), picks, lr, task, output, example, worker.stats
            )
            worker.results[worker.thread * 8 + 1] += 1.0
            row_add(steps, grad, stride)
            row_axpy(hidden, words.gains[word], grad, stride)
        update_word(word, words, steps)


@device
def cbow_line(
    n: i64, seed: i64, lr: f32, task: Task, words: Words, output: Output, worker: Worker
) -> None:
    """Predict each word of ``worker.line[:n]`` from the mean of the words around it.

    The sums and steps of the words in the window are in places that go round: word j of the line
    is in place j % (2 ws + 1).
    """
    line, stride, ws, width = worker.line, words.stride, task.ws, 2 * task.ws + 1
    hidden, grad = worker.hidden, worker.grad
    example = Example(hidden, grad, worker.scores)
    entered = 0
    for middle in range(n):
        begin, end = window(middle, n, ws, seed, worker.draws)
        word = int(line[middle])
        if task.loss == NS:
            draw_negatives(word, task.noise, seed, worker.draws, worker.picks, output)
        # Words that the window has left behind are updated; those that it meets are summed up.
        if middle > ws:
            gone = middle - ws - 1
            update_word(int(line[gone]), words, at(worker.steps, gone % width * stride))
        while entered < min(middle + ws + 1, n):
            place = entered % width * stride
            sum_word(int(line[entered]), words, at(worker.sums, place))
            fill(at(worker.steps, place), np.float32(0.0), stride)
            entered += 1
        if entered < n:
            fetch_word(int(line[entered]), words)
        n_rows = 0
        for j in range(begin, end):
            if j != middle:
                n_rows += n_rows_of(int(line[j]), words)
        if n_rows == 0:
            continue
        scale = np.float32(1.0) / np.float32(n_rows)
        fill(hidden, np.float32(0.0), stride)
        fill(grad, np.float32(0.0), stride)
        for j in range(begin, end):
            if j != middle:
                row_axpy(hidden, scale, at(worker.sums, j % width * stride), stride)
        worker.results[worker.thread * 8] += target_step(
            word, worker.picks, lr, task, output, example, worker.stats
        )
        worker.results[worker.thread * 8 + 1] += 1.0
        for j in range(begin, end):
            if j != middle:
                near, place = int(line[j]), j % width * stride
                size = np.float32(n_rows_of(near, words))
                row_add(at(worker.steps, place), grad, stride)
                row_axpy(at(worker.sums, place), words.gains[near] * size, grad, stride)
    for j in range(max(n - ws - 1, 0), n):
        update_word(int(line[j]), words, at(worker.steps, j % width * stride))


@kernel
def train_words(
    order: I32,
    n: i64,
    visit: i64,
    done: i64,
    sentences: Sentences,
    words: Words,
    task: Task,
    output: Output,
    schedule: Schedule,
    worker: Worker,
) -> None:
    """Train on the lines ``order[:n]`` of word ids.

    ``done`` tokens of all threads came before; each thread is as fast as this one.  ``visit``
    numbers the first line among all visits, and with the seed decides what is drawn.
    """
    local, since = 0, 0
    lr = np.float32(linear_decay(schedule, done))
    for i in range(n):
        index = order[i]
        seed = random_bits(task.seed, visit + i)
        worker.draws[0] = 0
        n_words = subsample(sentences, index, seed, worker)
        if task.model == SKIPGRAM:
            skipgram_line(n_words, seed, lr, task, words, output, worker)
        else:
            cbow_line(n_words, seed, lr, task, words, output, worker)
        local += sentences.tokens[index]
        since += sentences.tokens[index]
        if since > schedule.update_rate:
            since = 0
            lr = np.float32(linear_decay(schedule, done + local * worker.n_threads))
    worker.results[worker.thread * 8 + 2] += local
