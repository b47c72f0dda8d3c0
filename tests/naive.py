"""Slow and obvious versions of the kernels, under the kernels' own names.

They take Python objects (bytes, lists of ids, two-dimensional matrices) where kernels take flat
memory, and return what kernels write.  NumPy only; nothing here knows how a kernel is built.
What is about text is in ``naive_text.py``, prediction in ``naive_predict.py``, quantization and
neighbours in ``naive_quantize.py``, word vectors in ``naive_words.py``.
"""

import numpy as np

from tests.naive_predict import (  # noqa: F401
    HS,
    NS,
    OVA,
    SOFTMAX,
    Heap,
    best_by_tree,
    best_labels,
    dots,
    format_predictions,
    format_rows,
    format_vectors,
    label_probs,
    mean_rows,
    sigmoid,
    table_sigmoid,
    told,
)
from tests.naive_quantize import (  # noqa: F401
    decode,
    nearest,
    nearest_centroid,
    row_norms,
    train_centroids,
)
from tests.naive_text import (  # noqa: F401
    EOS,
    add_word_ngrams,
    bit_length,
    build_dictionary,
    char_ngrams,
    count_tokens,
    float64_of_bits,
    fnv1a,
    hash_bytes,
    is_space,
    make_features,
    merge_entries,
    multiply_add,
    nearest_bits,
    ngram_hash,
    number_rows,
    place_rows,
    product_high,
    product_low,
    prune_features,
    random_bits,
    random_unit,
    read_decimal,
    read_entries,
    read_lines,
    seen_words,
    sign_extended,
    unsigned_modulo,
    wrapped,
)

# ---------------------------------------------------------------------- order


def shuffle(items, seed):
    """Return items in a random order."""
    items = list(items)
    for n in range(len(items), 1, -1):
        i = (random_bits(seed, n) >> 31) * n >> 32
        items[i], items[n - 1] = items[n - 1], items[i]
    return items


def draw_order(n_lines, per_block, n_windows, seed, epoch):
    """Return the numbers of all lines in the order of an epoch."""
    key = random_bits(seed, -1 - epoch)
    blocks = [range(i, min(i + per_block, n_lines)) for i in range(0, n_lines, per_block)]
    blocks = shuffle(blocks, key)
    order = []
    bounds = [len(blocks) * i // n_windows for i in range(n_windows + 1)]
    for window in range(n_windows):
        chosen = blocks[bounds[window] : bounds[window + 1]]
        lines = [line for block in chosen for line in block]
        order += shuffle(lines, random_bits(key, -1 - window))
    return order


# --------------------------------------------------------------------- losses
#
# A step returns the loss before it, what it adds to the gradient of the hidden vector (lr times
# the direction downhill) and the output rows after it.


def softmax_step(target, hidden, wo, lr):
    scores = wo @ hidden
    p = np.exp(scores - scores.max())
    p /= p.sum()
    error = -p
    error[target] += 1
    return -np.log(p[target]), lr * error @ wo, wo + lr * np.outer(error, hidden)


def ova_step(labels, hidden, wo, lr, weights=None):
    """As the others; ``weights`` multiply the losses of labels whose answer is yes."""
    p = sigmoid(wo @ hidden)
    answers = np.zeros(len(wo), wo.dtype)
    answers[list(labels)] = 1
    weights = np.where(answers == 1, 1 if weights is None else weights, 1)
    error = weights * (answers - p)
    loss = -(weights * np.log(np.where(answers == 1, p, 1 - p))).sum()
    return loss, lr * error @ wo, wo + lr * np.outer(error, hidden)


def binary_step(answer, row, hidden, wo, lr):
    p = sigmoid(wo[row] @ hidden)
    after = wo.copy()
    after[row] += lr * (answer - p) * hidden
    return -np.log(p if answer else 1 - p), lr * (answer - p) * wo[row], after


def _binary_steps(questions, hidden, wo, lr):
    total, grad = 0.0, np.zeros_like(hidden)
    for answer, row in questions:
        loss, g, wo = binary_step(answer, row, hidden, wo, lr)
        total += loss
        grad = grad + g
    return total, grad, wo


def hs_step(target, tree, hidden, wo, lr):
    paths, codes, offsets = tree
    path = range(offsets[target], offsets[target + 1])
    return _binary_steps([(codes[k], paths[k]) for k in path], hidden, wo, lr)


def ns_labels(target, neg, odds, aliases, seed, draws):
    """Return the labels drawn for one example and the number of random numbers used by then."""
    found = []
    while len(found) < neg:
        u = random_unit(seed, draws) * len(odds)
        draws += 1
        label = int(u)
        if u - label >= odds[label]:
            label = int(aliases[label])
        if label != target:
            found.append(label)
    return found, draws


def ns_step(target, neg, odds, aliases, seed, draws, hidden, wo, lr):
    """As the others; the last result is the number of random numbers used by then."""
    others, draws = ns_labels(target, neg, odds, aliases, seed, draws)
    return *_binary_steps([(1, target)] + [(0, x) for x in others], hidden, wo, lr), draws


def alias_table(weights):
    """Return Walker's tables: label i is kept with ``odds[i]``, and is ``aliases[i]`` otherwise."""
    p = np.asarray(weights, np.float64) * len(weights) / np.sum(weights)
    odds, aliases = np.ones(len(p)), np.arange(len(p), dtype=np.int32)
    small, large = [list(np.flatnonzero(p < 1)), list(np.flatnonzero(p >= 1))]
    while small and large:
        poor, rich = small.pop(), large.pop()
        odds[poor], aliases[poor] = p[poor], rich
        p[rich] -= 1 - p[poor]
        (small if p[rich] < 1 else large).append(rich)
    return odds, aliases


def build_tree(counts):
    """Return paths, codes and path offsets of the Huffman tree; counts are descending.

    Leaves are taken from the rarest, inner nodes in the order they were made, the smaller count
    first and an inner node where counts are equal.  Inner node i is output row i - nlabels.
    """
    nlabels = len(counts)
    counts = [int(n) for n in counts]
    parent, code = {}, {}
    leaf, inner = nlabels - 1, nlabels
    for node in range(nlabels, 2 * nlabels - 1):
        total = 0
        for child_code in (0, 1):
            no_inner = inner == node
            if leaf >= 0 and (no_inner or counts[leaf] < counts[inner]):
                child = leaf
                leaf -= 1
            else:
                child = inner
                inner += 1
            parent[child], code[child] = node, child_code
            total += counts[child]
        counts.append(total)
    paths, codes, offsets = [], [], [0]
    for label in range(nlabels):
        node = label
        while node in parent:
            paths.append(parent[node] - nlabels)
            codes.append(code[node])
            node = parent[node]
        offsets.append(len(paths))
    return np.array(paths, np.int32), np.array(codes, np.uint8), np.array(offsets, np.int64)


# -------------------------------------------------------------------- trainer


def weight_of(line, target, loss, weights, label_weights):
    """Return what multiplies the gradient and the loss of a visit; one-vs-all weighs labels too."""
    if weights is None:
        return 1.0
    return float(weights[line]) * (1.0 if loss == OVA else float(label_weights[target]))


class Rule:
    """AdaGrad or Adam on single rows of matrices, whose states are kept by name and row."""

    def __init__(self, name, eps):
        self.name, self.eps, self.lr, self.step, self.states = name, eps, 0.0, 0, {}

    def move(self, matrix, w, row, g):
        if not g.any():  # as of a weight of 0: the row stays as it is
            return
        if self.name == "adagrad":
            total = self.states.get((matrix, row), 0) + g**2
            self.states[matrix, row] = total
            w[row] -= self.lr * g / (np.sqrt(total) + self.eps)
        else:
            m, v = self.states.get((matrix, row), (0, 0))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            self.states[matrix, row] = m, v
            unbiased = np.sqrt(v / (1 - 0.999**self.step))
            w[row] -= self.lr * m / (1 - 0.9**self.step) / (unbiased + self.eps)


def rule_step(rule, loss, target, labels, tree, others, hidden, wo, weight=1.0, positives=None):
    """Step on output rows by a rule; return the loss and the gradient of hidden, downhill.

    The gradient is multiplied by ``weight``, the loss is not; ``positives`` weigh labels.
    """
    if loss in (SOFTMAX, OVA):
        if loss == SOFTMAX:
            value, grad, after = softmax_step(target, hidden, wo, weight)
        else:
            value, grad, after = ova_step(labels, hidden, wo, weight, positives)
        for row, move in enumerate(after - wo):
            rule.move("wo", wo, row, -move)
        return value, grad
    questions = [(1, target)] + [(0, other) for other in others]
    if loss == HS:
        paths, codes, offsets = tree
        path = range(offsets[target], offsets[target + 1])
        questions = [(codes[k], paths[k]) for k in path]
    total, grad = 0.0, np.zeros_like(hidden)
    for answer, row in questions:
        value, g, after = binary_step(answer, row, hidden, wo, weight)
        rule.move("wo", wo, row, wo[row] - after[row])
        total, grad = total + value, grad + g
    return total, grad


def train_lines(
    lines,
    labels,
    tokens,
    wi,
    wo,
    loss,
    tree=None,
    neg=0,
    odds=None,
    aliases=None,
    seed=0,
    visit=0,
    lr0=0.1,
    total_tokens=1,
    lr_update_rate=0,
    rule=None,
    own_draws=False,
    weights=None,
    label_weights=None,
):
    """Train on lines of input rows, one after the other; return the sum of the weighted losses.

    By SGD, or by a Rule.  With ``own_draws`` the draws of ns depend on the visit, else on what was
    drawn before.

    ``wi`` and ``wo`` are changed in place, in their own precision.
    """
    done, since, draws, total = 0, 0, 0, 0.0
    for i, rows in enumerate(lines):
        lr = lr0 * max(1 - done / total_tokens, 0)
        hidden = sum(wi[r] for r in rows) / len(rows)
        target = labels[i][0]
        if len(labels[i]) > 1:
            target = labels[i][random_bits(seed, visit + i) % len(labels[i])]
        weight = weight_of(i, target, loss, weights, label_weights)
        if weight == 0:
            value, grad, after = 0.0, np.zeros_like(hidden), wo
            if rule:
                rule.step += 1
        elif rule:
            rule.lr, rule.step = lr, rule.step + 1
            others = []
            if loss == NS:
                others, draws = ns_labels(target, neg, odds, aliases, seed + 1, draws)
            value, grad = rule_step(
                rule, loss, target, labels[i], tree, others, hidden, wo, weight, label_weights
            )
            after = wo
        elif loss == SOFTMAX:
            value, grad, after = softmax_step(target, hidden, wo, lr * weight)
        elif loss == OVA:
            value, grad, after = ova_step(labels[i], hidden, wo, lr * weight, label_weights)
        elif loss == HS:
            value, grad, after = hs_step(target, tree, hidden, wo, lr * weight)
        else:
            key, draws = (random_bits(seed + 1, visit + i), 0) if own_draws else (seed + 1, draws)
            value, grad, after, draws = ns_step(
                target, neg, odds, aliases, key, draws, hidden, wo, lr * weight
            )
        wo[:] = after
        for r in dict.fromkeys(rows):
            move = rows.count(r) * grad / len(rows)
            if rule:
                rule.move("wi", wi, r, -move)
            else:
                wi[r] += move
        total += weight * value
        since += tokens[i]
        if since > lr_update_rate:
            done += since
            since = 0
    return total


def line_factors(loss, target, labels, tree, others, hidden, wo, weights=None):
    """Return the loss of a line, the output rows that it steps on, and their errors."""
    if loss in (SOFTMAX, OVA):
        rows = range(len(wo))
        if loss == SOFTMAX:
            p = np.exp(wo @ hidden - (wo @ hidden).max())
            p /= p.sum()
            return -np.log(p[target]), rows, (np.arange(len(wo)) == target) - p
        p, answers = sigmoid(wo @ hidden), np.zeros(len(wo))
        answers[list(labels)] = 1
        right = np.maximum(np.where(answers == 1, p, 1 - p), 1e-7)
        weights = np.where(answers == 1, 1 if weights is None else weights, 1)
        return -(weights * np.log(right)).sum(), rows, weights * (answers - p)
    questions = [(1, target)] + [(0, other) for other in others]
    if loss == HS:
        paths, codes, offsets = tree
        questions = [(codes[k], paths[k]) for k in range(offsets[target], offsets[target + 1])]
    rows = [row for _, row in questions]
    answers = np.array([answer for answer, _ in questions], float)
    p = sigmoid(np.array([wo[row] @ hidden for row in rows]))
    return -np.log(np.where(answers == 1, p, 1 - p)).sum(), rows, answers - p


def train_batches(
    lines,
    labels,
    tokens,
    wi,
    wo,
    loss,
    size,
    tree=None,
    neg=0,
    odds=None,
    aliases=None,
    seed=0,
    lr0=0.1,
    total_tokens=1,
    lr_update_rate=0,
    rule=None,
    weights=None,
    label_weights=None,
):
    """Do as ``train_lines`` does, ``size`` lines at a time, scored with the same parameters."""
    done, since, total = 0, 0, 0.0
    for first in range(0, len(lines), size):
        before, steps = (wi.copy(), wo.copy()), []
        for i in range(first, min(first + size, len(lines))):
            lr = lr0 * max(1 - done / total_tokens, 0)
            hidden = sum(before[0][r] for r in lines[i]) / len(lines[i])
            target = labels[i][0]
            if len(labels[i]) > 1:
                target = labels[i][random_bits(seed, i) % len(labels[i])]
            others = []
            if loss == NS:
                others, _ = ns_labels(target, neg, odds, aliases, random_bits(seed + 1, i), 0)
            value, rows, errors = line_factors(
                loss, target, labels[i], tree, others, hidden, before[1], label_weights
            )
            weight = weight_of(i, target, loss, weights, label_weights)
            value, errors = weight * value, weight * np.asarray(errors)
            grad = sum(e * before[1][row] for row, e in zip(rows, errors, strict=True))
            steps.append((lr, i, rows, errors, hidden, grad / len(lines[i])))
            total += value
            since += tokens[i]
            if since > lr_update_rate:
                done += since
                since = 0
        for lr, i, rows, errors, hidden, grad in steps:
            if rule:
                rule.lr, rule.step = lr, rule.step + 1
            for row, error in zip(rows, errors, strict=True):
                if rule:
                    rule.move("wo", wo, row, -error * hidden)
                else:
                    wo[row] += lr * error * hidden
            for r in dict.fromkeys(lines[i]):
                move = lines[i].count(r) * grad
                if rule:
                    rule.move("wi", wi, r, -move)
                else:
                    wi[r] += lr * move
    return total


# ------------------------------------------------------------------- matrices


def init_rows(ids, dim, seed):
    """Return rows of the input matrix by their numbers: three columns from each random number."""
    rows = np.zeros((len(ids), dim))
    draws = -(-dim // 3)
    for i, row in enumerate(ids):
        for column in range(dim):
            bits = random_bits(seed, row * draws + column // 3)
            part = bits >> (21 * (column % 3)) & (2**21 - 1)
            rows[i, column] = (2 * part / 2**21 - 1) / dim
    return rows


def copy_rows(wi, places, ids, base, n):
    """Return rows ``base`` to ``base + n`` of the file: row ``ids[i]`` is ``wi[places[i]]``."""
    out = np.zeros((n, wi.shape[1]), wi.dtype)
    for place, row in zip(places, ids, strict=True):
        if base <= row < base + n:
            out[row - base] = wi[place]
    return out
