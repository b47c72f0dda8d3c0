"""Slow and obvious versions of the kernels, under the kernels' own names.

They take Python objects (bytes, lists of ids, two-dimensional matrices) where kernels take flat
memory, and return what kernels write.  NumPy only; nothing here knows how a kernel is built.
"""

import re

import numpy as np

EOS = b"</s>"
HS, NS, SOFTMAX, OVA = 1, 2, 3, 4

# ------------------------------------------------------------------- integers


def wrapped(value):
    """Read the low 64 bits of an integer as a signed number."""
    value %= 1 << 64
    return value - (1 << 64) if value >= 1 << 63 else value


def ngram_hash(h, word):
    return wrapped(h * 116049371 + word)


def unsigned_modulo(h, n):
    return (h % (1 << 64)) % n


def random_bits(seed, counter):
    z = (seed + counter * 0x9E3779B97F4A7C15) % (1 << 64)
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % (1 << 64)
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % (1 << 64)
    return (z ^ (z >> 31)) // 2


def random_unit(seed, counter):
    return (random_bits(seed, counter) // 1024) / 2.0**53


def fnv1a(h, byte):
    extended = byte if byte < 128 else byte - 256  # a signed char
    return (h ^ extended % (1 << 32)) * 16777619 % (1 << 32)


def sign_extended(h):
    return h if h < 1 << 31 else h - (1 << 32)


def hash_bytes(text):
    h = 2166136261
    for byte in text:
        h = fnv1a(h, byte)
    return h


# --------------------------------------------------------------------- tokens


def is_space(byte):
    return bytes([byte]) in b" \t\n\v\f\r\0"


def count_tokens(text, prefix):
    """Return the lines as lists of tokens, the counts, and which tokens are labels.

    A line that ends in a line end has ``</s>`` as its last token.  Counts are in order of
    first appearance, after ``</s>``, which is always there.
    """
    *ended, rest = text.split(b"\n")
    lines = [[*_tokens(line), EOS] for line in ended]
    if rest:
        lines.append(_tokens(rest))
    counts = {EOS: 0}
    for line in lines:
        for token in line:
            counts[token] = counts.get(token, 0) + 1
    return lines, counts, {token: token.startswith(prefix) for token in counts}


def _tokens(line):
    return [token for token in re.split(rb"[ \t\v\f\r\0]", line) if token]


def merge_entries(counts, to_counts):
    """Add the counts of one table to another; return where each entry is now."""
    for token, n in counts.items():
        to_counts[token] = to_counts.get(token, 0) + n
    order = list(to_counts)
    return [order.index(token) for token in counts]


def read_entries(file, position, n):
    """Return (bytes, count, kind) of n entries of a model file and the position after them."""
    entries = []
    for _ in range(n):
        end = file.index(b"\0", position)
        count = int.from_bytes(file[end + 1 : end + 9], "little", signed=True)
        entries.append((file[position:end], count, file[end + 9]))
        position = end + 10
    return entries, position


# ------------------------------------------------------------------- features


def char_ngrams(word, minn, maxn, bucket, first):
    """Return the ids of the character n-grams, by where they begin, then by length."""
    bracketed = b"<" + word + b">"
    characters = re.findall(rb"[\x00-\x7f\xc0-\xff][\x80-\xbf]*", bracketed)
    last = len(characters) - 1
    ids = []
    for i in range(len(characters)):
        for n in range(1, min(maxn, len(characters) - i) + 1):
            bare = n == 1 and i in (0, last)
            if n >= minn and not bare:
                ids.append(first + hash_bytes(b"".join(characters[i : i + n])) % bucket)
    return ids


def add_word_ngrams(hashes, size, bucket, nwords):
    """Return for each word the ids of the word n-grams that end in it, longest first."""
    ids = []
    for end in range(len(hashes)):
        ids.append([])
        for n in range(size, 1, -1):
            if n <= end + 1:
                h, *others = (sign_extended(x) for x in hashes[end + 1 - n : end + 1])
                for other in others:
                    h = ngram_hash(h, other)
                ids[end].append(nwords + unsigned_modulo(h, bucket))
    return ids


def build_dictionary(counts, kinds, min_count=1, min_count_label=0):
    """Return the ids of the words and of the labels that occur often enough."""
    words = {t: n for t, n in counts.items() if not kinds[t] and n >= max(min_count, 1)}
    labels = {t: n for t, n in counts.items() if kinds[t] and n >= max(min_count_label, 1)}
    return tuple(
        {token: i for i, token in enumerate(sorted(found, key=lambda t: -found[t]))}
        for found in (words, labels)
    )


def make_features(lines, kinds, words, labels, minn, maxn, word_ngrams, bucket):
    """Return the lines kept, as (features, labels, tokens), and how many were left out, and why.

    Tokens of lines left out count for the next line kept; the last result is what is left over.
    """
    kept, skipped, n_tokens = [], [0, 0, 0], 0
    for line in lines:
        n_tokens += len(line)
        text = [token for token in line if not kinds[token]]
        ngrams = add_word_ngrams([hash_bytes(t) for t in text], word_ngrams, bucket, len(words))
        features = []
        for token, its_ngrams in zip(text, ngrams, strict=True):
            features += [words[token]] if token in words else []
            if maxn > 0 and token != EOS:
                features += char_ngrams(token, minn, maxn, bucket, len(words))
            features += its_ngrams
        ids = [labels[token] for token in line if kinds[token] and token in labels]
        if ids and features:
            kept.append((features, ids, n_tokens))
            n_tokens = 0
        elif ids:
            skipped[2] += 1
        else:
            skipped[1 if any(kinds[token] for token in line) else 0] += 1
    return kept, skipped, n_tokens


def number_rows(lines, nwords, lanes):
    """Return the rows of each line by lanes, and the buckets in order of first appearance."""
    buckets = []
    numbered = []
    for line in lines:
        by_lane = [[] for _ in range(lanes)]
        for feature in line:
            row = feature
            if feature >= nwords:
                if feature - nwords not in buckets:
                    buckets.append(feature - nwords)
                row = nwords + buckets.index(feature - nwords)
            by_lane[row % lanes].append(row)
        numbered.append(by_lane)
    return numbered, buckets


def place_rows(rows, lanes, per_lane):
    """Return where rows are in memory that holds one lane after the other."""
    return [row % lanes * per_lane + row // lanes for row in rows]


# --------------------------------------------------------------------- losses
#
# A step returns the loss before it, what it adds to the gradient of the hidden vector (lr times
# the direction downhill) and the output rows after it.


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax_step(target, hidden, wo, lr):
    scores = wo @ hidden
    p = np.exp(scores - scores.max())
    p /= p.sum()
    error = -p
    error[target] += 1
    return -np.log(p[target]), lr * error @ wo, wo + lr * np.outer(error, hidden)


def ova_step(labels, hidden, wo, lr):
    p = sigmoid(wo @ hidden)
    answers = np.zeros(len(wo), wo.dtype)
    answers[list(labels)] = 1
    error = answers - p
    loss = -np.log(np.where(answers == 1, p, 1 - p)).sum()
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
):
    """Train on lines of input rows, one after the other; return the sum of the losses.

    ``wi`` and ``wo`` are changed in place, in their own precision.
    """
    done, since, draws, total = 0, 0, 0, 0.0
    for i, rows in enumerate(lines):
        lr = lr0 * max(1 - done / total_tokens, 0)
        hidden = sum(wi[r] for r in rows) / len(rows)
        target = labels[i][0]
        if len(labels[i]) > 1:
            target = labels[i][random_bits(seed, visit + i) % len(labels[i])]
        if loss == SOFTMAX:
            value, grad, after = softmax_step(target, hidden, wo, lr)
        elif loss == OVA:
            value, grad, after = ova_step(labels[i], hidden, wo, lr)
        elif loss == HS:
            value, grad, after = hs_step(target, tree, hidden, wo, lr)
        else:
            value, grad, after, draws = ns_step(
                target, neg, odds, aliases, seed + 1, draws, hidden, wo, lr
            )
        wo[:] = after
        for r in rows:
            wi[r] += grad / len(rows)
        total += value
        since += tokens[i]
        if since > lr_update_rate:
            done += since
            since = 0
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
