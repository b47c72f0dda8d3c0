"""Slow and obvious versions of the kernels that predict, and of those that print."""

import math

import numpy as np

HS, NS, SOFTMAX, OVA = 1, 2, 3, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def in_order(values):
    """Add float32 numbers or rows one after the other, rounding each time."""
    total = np.zeros_like(values[0])
    for value in values:
        total = total + value
    return total


def mean_rows(lines, wi):
    """Return the mean of the input rows of each line, zeros for a line without any."""
    zero = np.zeros_like(wi[0])
    scales = [wi.dtype.type(1 / max(len(rows), 1)) for rows in lines]
    return np.array(
        [
            in_order([wi[r] for r in rows] or [zero]) * s
            for rows, s in zip(lines, scales, strict=True)
        ]
    )


def exact_exp(x):
    """Return e**x of float32 numbers, rounded from float64."""
    with np.errstate(under="ignore", over="ignore"):
        return np.exp(np.float64(x)).astype(np.float32)


def exact_sigmoid(x):
    return np.float32(1) / (np.float32(1) + exact_exp(-x))


def table_sigmoid(x):
    """Return the sigmoid of x cut to a multiple of 1/32; 0 below -8 and 1 above 8."""
    if abs(x) > 8:
        return np.float32(x > 0)
    step = np.float32(math.floor(x * 32) / 32)
    return np.float32(1 / (1 + np.float64(exact_exp(-step))))


def dots(hidden, wo):
    """Return the products of float32 rows with a vector, each added up in order."""
    return in_order([wo[:, j] * hidden[j] for j in range(len(hidden))])


def label_probs(hidden, wo, loss):
    """Return the probability of every label, as float32."""
    scores = dots(hidden, wo)
    if loss == SOFTMAX:
        p = exact_exp(scores - scores.max())
        return p / in_order(p)
    return np.array([table_sigmoid(x) for x in scores], np.float32)


def offset_log(p):
    """Return log(p + 1e-5), rounded to float32."""
    with np.errstate(invalid="ignore"):
        return np.float32(np.log(np.float64(p) + 1e-5))


class Heap:
    """The k best (score, label) in a list with the worst first, as libstdc++ keeps a heap."""

    def __init__(self, k):
        self.k, self.items = k, []

    def push(self, score, label):
        items = self.items
        if len(items) == self.k and score < items[0][0]:
            return
        items.append((score, label))
        self._up(len(items) - 1)
        if len(items) > self.k:
            self._pop()
            items.pop()

    def best(self):
        """Return all items, the best first; the heap is empty then."""
        found = []
        while self.items:
            self._pop()
            found.append(self.items.pop())
        return found[::-1]

    def _up(self, i):
        item = self.items[i]
        while i > 0 and self.items[(i - 1) // 2][0] > item[0]:
            self.items[i] = self.items[(i - 1) // 2]
            i = (i - 1) // 2
        self.items[i] = item

    def _pop(self):
        """Move the root to the end and make a heap of the others."""
        items, n = self.items, len(self.items) - 1
        last, items[n] = items[n], items[0]
        if n == 0:
            return
        i = 0
        while 2 * i + 1 < n:  # the free place goes down to a leaf along the worse children
            second = 2 * i + 2
            child = (
                second if second < n and not items[second][0] > items[second - 1][0] else second - 1
            )
            items[i], i = items[child], child
        items[i] = last
        self._up(i)


def best_labels(probs, k, threshold):
    """Return (probability, label) of the k best labels."""
    heap = Heap(k)
    for label, p in enumerate(probs):
        if p >= np.float32(threshold):
            heap.push(offset_log(p), label)
    return [(probs[label], label) for _, label in heap.best()]


def best_by_tree(hidden, wo, children, k, threshold):
    """Return (log-probability, label) of the k best leaves.

    A branch with probability p is taken with p + 1e-5; where the product so far is less than the
    threshold + 1e-5, or than the worst of k leaves, the search goes no deeper.  No product is too
    small for a negative threshold.
    """
    nlabels, heap = len(wo), Heap(k)
    least = offset_log(np.float32(threshold))

    def visit(node, score):
        if score < least or (len(heap.items) == k and score < heap.items[0][0]):
            return
        if node < nlabels:
            heap.push(score, node)
            return
        row = node - nlabels
        p = exact_sigmoid(dots(hidden, wo[row : row + 1])[0])
        first, second = children[row]
        visit(first, score + offset_log(np.float32(1.0 - np.float64(p))))
        visit(second, score + offset_log(p))

    visit(2 * nlabels - 2, np.float32(0))
    return heap.best()


# -------------------------------------------------------------------- printing


def format_rows(rows):
    return "".join(" ".join(f"{value:.6g}" for value in row) + "\n" for row in rows)


def format_vectors(words, rows):
    lines = zip(words, rows, strict=True)
    return "".join(f"{word} " + "".join(f"{x:.5g} " for x in row) + "\n" for word, row in lines)


def told(p, added):
    """Return a probability as fastText tells it: e to the logarithm, in float32, of p + added."""
    return np.float32(np.exp(np.float64(np.float32(np.log(np.float64(p) + added)))) if added else p)


def format_predictions(lines, with_probs, added):
    """Return lines of (label, probability) as text."""
    text = ""
    for line in lines:
        shown = [[name, f"{told(p, added):.6g}"] for name, p in line]
        text += " ".join(" ".join(pair[: 1 + with_probs]) for pair in shown) + "\n"
    return text
