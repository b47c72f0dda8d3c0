"""Slow and obvious versions of the kernels that train word vectors."""

import numpy as np

from tests.naive_predict import HS, NS, SOFTMAX, sigmoid
from tests.naive_text import random_bits, random_unit

CBOW, SKIPGRAM = 1, 2


def word_gains(rows):
    """Return by how many g the mean of each word's rows moves if g is added for each of them."""
    return [np.mean([its_rows.count(row) for row in its_rows] or [0]) for its_rows in rows]


# ----------------------------------------------------------------------- steps
#
# A step returns the loss before it, what it adds to the hidden vector's rows, and the output
# rows after it.


def draw_negatives(target, neg, odds, aliases, seed, draws):
    """Return the target and the words drawn, and the number of random numbers used by then."""
    picks = [target]
    while len(picks) <= neg:
        u = random_unit(seed, draws) * len(odds)
        draws += 1
        word = int(u) if u % 1 < odds[int(u)] else int(aliases[int(u)])
        if word != target:
            picks.append(word)
    return picks, draws


def negatives_step(picks, hidden, wo, lr):
    """The first pick is the right answer; all are scored before any row moves."""
    p = sigmoid(wo[picks] @ hidden)
    errors = np.where(np.arange(len(picks)) == 0, 1, 0) - p
    grad, after = np.zeros_like(hidden), wo.copy()
    for pick, error in zip(picks, errors, strict=True):
        grad += lr * error * after[pick]
        after[pick] += lr * error * hidden
    return -np.log(p[0]) - np.log(1 - p[1:]).sum(), grad, after


def _softmax_step(target, hidden, wo, lr):
    p = np.exp(wo @ hidden - (wo @ hidden).max())
    p /= p.sum()
    error = np.eye(len(wo))[target] - p
    return -np.log(p[target]), lr * error @ wo, wo + lr * np.outer(error, hidden)


def _tree_step(target, tree, hidden, wo, lr):
    paths, codes, offsets = tree
    total, grad, after = 0.0, np.zeros_like(hidden), wo.copy()
    for k in range(offsets[target], offsets[target + 1]):
        p = sigmoid(wo[paths[k]] @ hidden)
        total -= np.log(p if codes[k] else 1 - p)
        grad += lr * (codes[k] - p) * wo[paths[k]]
        after[paths[k]] += lr * (codes[k] - p) * hidden
    return total, grad, after


# ----------------------------------------------------------------------- lines


def _draw(line, model, keep, ws, neg, odds, aliases, seed):
    """Return what is left of a line, and what is drawn for each of its middle words.

    That is the places around the middle word, and the picks for each of them (skip-gram) or for
    the middle word itself (cbow).
    """
    kept = [word for i, word in enumerate(line) if random_unit(seed, i) <= keep[word]]
    draws, drawn = len(line), []
    for middle in range(len(kept)):
        reach = 1 + random_bits(seed, draws) % ws
        draws += 1
        near = range(max(middle - reach, 0), min(middle + reach + 1, len(kept)))
        near = [place for place in near if place != middle]
        all_picks = []
        for place in near if model == SKIPGRAM else [middle]:
            picks, draws = draw_negatives(kept[place], neg, odds, aliases, seed, draws)
            all_picks.append(picks)
        drawn.append((middle, near, all_picks))
    return kept, drawn


def _skipgram(line, drawn, rows, wi, ws, step):
    """Take a step for every pair, one after the other, with the rows as they are by then."""
    for middle, _, all_picks in drawn:
        its_rows = rows[line[middle]]
        for picks in all_picks:
            grad = step(picks, np.mean(wi[its_rows], 0))
            for row in its_rows:
                wi[row] += grad


def _cbow(line, drawn, rows, wi, ws, step):
    """Take a step for every word from those around it.

    A place of the line copies its rows when the window of ``ws`` words meets it, steps on its
    copy, and gives its steps to the rows when the window has left it.
    """
    copies, steps = {}, {}

    def leave(place):
        for row in rows[line[place]]:
            wi[row] += steps[place]

    for middle, near, (picks,) in drawn:
        if middle - ws - 1 >= 0:
            leave(middle - ws - 1)
        for place in range(min(middle + ws + 1, len(line))):
            if place not in copies:
                copies[place] = {row: wi[row].copy() for row in rows[line[place]]}
                steps[place] = np.zeros(wi.shape[1])
        if not near:
            continue
        hidden = np.mean([copies[place][row] for place in near for row in rows[line[place]]], 0)
        grad = step(picks, hidden)
        for place in near:
            steps[place] += grad
            for row in rows[line[place]]:
                copies[place][row] += grad
    for place in range(max(len(line) - ws - 1, 0), len(line)):
        leave(place)


def plain_cbow(line, drawn, rows, wi, ws, step):
    """Take a step for every word from those around it, with the rows as they are by then."""
    for _, near, (picks,) in drawn:
        its_rows = [row for place in near for row in rows[line[place]]]
        if its_rows:
            grad = step(picks, np.mean(wi[its_rows], 0))
            for row in its_rows:
                wi[row] += grad


def train_words(
    model,
    lines,
    tokens,
    keep,
    rows,
    wi,
    wo,
    ws,
    loss,
    tree,
    neg,
    odds,
    aliases,
    seed,
    visit,
    lr0,
    total_tokens,
    lr_update_rate,
    done=0,
    n_threads=1,
):
    """Train on lines of word ids; return the sum of the losses and the number of examples.

    ``wi`` and ``wo`` are changed in place, in their own precision.
    """
    total, examples, local, since = 0.0, 0, 0, 0
    lr = lr0 * max(1 - done / total_tokens, 0)

    def step(picks, hidden):
        nonlocal total, examples
        if loss == HS:
            value, grad, after = _tree_step(picks[0], tree, hidden, wo, lr)
        elif loss == SOFTMAX:
            value, grad, after = _softmax_step(picks[0], hidden, wo, lr)
        else:
            value, grad, after = negatives_step(picks, hidden, wo, lr)
        wo[:] = after
        total += value
        examples += 1
        return grad

    for i, line in enumerate(lines):
        line_seed = random_bits(seed, visit + i)
        draw = (keep, ws, neg if loss == NS else 0, odds, aliases, line_seed)
        kept, drawn = _draw(line, model, *draw)
        (_skipgram if model == SKIPGRAM else _cbow)(kept, drawn, rows, wi, ws, step)
        local += tokens[i]
        since += tokens[i]
        if since > lr_update_rate:
            since = 0
            lr = lr0 * max(1 - (done + local * n_threads) / total_tokens, 0)
    return total, examples
