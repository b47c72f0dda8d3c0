"""Slow and obvious versions of the kernels that predict, and of those that print."""

import math

import numpy as np

HS, NS, SOFTMAX, OVA = 1, 2, 3, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def mean_rows(lines, wi):
    """Return the mean of the input rows of each line, zeros for a line without any."""
    return np.array([np.mean([wi[r] for r in rows] or np.zeros_like(wi[:1]), 0) for rows in lines])


def table_sigmoid(x):
    """Return the sigmoid of x cut to a multiple of 1/32; 0 below -8 and 1 above 8."""
    if abs(x) > 8:
        return float(x > 0)
    return sigmoid(math.floor(x * 32) / 32)


def label_probs(hidden, wo, loss):
    """Return the probability of every label."""
    scores = wo @ hidden
    if loss == SOFTMAX:
        p = np.exp(scores - scores.max())
        return p / p.sum()
    return np.array([table_sigmoid(x) for x in scores])


def best_labels(probs, k, threshold):
    """Return (probability, label) of the k best labels; the higher id where they are equal."""
    found = [(float(p), label) for label, p in enumerate(probs) if p >= threshold]
    return sorted(found, reverse=True)[:k]


def best_by_tree(hidden, wo, children, k, threshold):
    """Return (probability, label) of the k best leaves; the later one where they are equal.

    A branch with probability p is taken with p + 1e-5; where the product so far is less than the
    threshold + 1e-5 the search goes no deeper.  No product is too small for a negative threshold.
    """
    nlabels = len(wo)
    found = []

    def visit(node, score):
        if threshold >= 0 and score < threshold + 1e-5:
            return
        if node < nlabels:
            found.append((score, -len(found), node))
            return
        p = sigmoid(wo[node - nlabels] @ hidden)
        first, second = children[node - nlabels]
        visit(first, score * (1 - p + 1e-5))
        visit(second, score * (p + 1e-5))

    visit(2 * nlabels - 2, 1.0)
    return [(score, label) for score, order, label in sorted(found, key=lambda x: (-x[0], x[1]))][
        :k
    ]


# -------------------------------------------------------------------- printing


def format_rows(rows):
    return "".join(" ".join(f"{value:.6g}" for value in row) + "\n" for row in rows)


def format_vectors(words, rows):
    lines = zip(words, rows, strict=True)
    return "".join(f"{word} " + "".join(f"{x:.5g} " for x in row) + "\n" for word, row in lines)


def format_predictions(lines, with_probs, added):
    """Return lines of (label, probability) as text; ``added`` is added to the probabilities."""
    text = ""
    for line in lines:
        shown = [[name, f"{np.float32(p) + np.float32(added):.6g}"] for name, p in line]
        text += " ".join(" ".join(pair[: 1 + with_probs]) for pair in shown) + "\n"
    return text
