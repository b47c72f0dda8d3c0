"""Slow and obvious versions of the kernels about text: hashes, tokens, dictionaries, features."""

import re
import struct

EOS = b"</s>"

# ------------------------------------------------------------------- integers


def wrapped(value):
    """Read the low 64 bits of an integer as a signed number."""
    value %= 1 << 64
    return value - (1 << 64) if value >= 1 << 63 else value


def ngram_hash(h, word):
    return wrapped(h * 116049371 + word)


def multiply_add(a, b, c):
    return wrapped(a * b + c)


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


def ended_once(line):
    """Return a line's tokens with one ``</s>`` at the end where there are several."""
    while line[-2:] == [EOS, EOS]:
        line = line[:-1]
    return line


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
    """Return the ids of the character n-grams, by where they begin, then by length.

    A word that may have more than four million has none.
    """
    if (len(word) + 2) * min(maxn, len(word) + 2) > 1 << 22:
        return []
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


def make_features(lines, kinds, words, labels, minn, maxn, word_ngrams, bucket, pruned=None):
    """Return the lines kept, as (features, labels, tokens), and how many were left out, and why.

    Tokens of lines left out count for the next line kept; the last result is what is left over.
    """
    kept, skipped, n_tokens = [], [0, 0, 0], 0
    for line in lines:
        n_tokens += len(line)
        line = ended_once(line)
        text = [token for token in line if not kinds[token]]
        ngrams = add_word_ngrams([hash_bytes(t) for t in text], word_ngrams, bucket, len(words))
        features = []
        for token, its_ngrams in zip(text, ngrams, strict=True):
            features += [words[token]] if token in words else []
            if maxn > 0 and token != EOS:
                features += char_ngrams(token, minn, maxn, bucket, len(words))
            features += its_ngrams
        if pruned is not None:
            (features,) = prune_features([features], len(words), pruned)
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


# ----------------------------------------------------------------- prediction


def read_lines(text, words, labels, prefix, minn, maxn, word_ngrams, bucket):
    """Return (features, labels, has a label, knows one of these, lacks one) for each line.

    ``words`` and ``labels`` are the ids of the dictionary's tokens.  Other tokens are labels, and
    unknown, where they start with the prefix; else words that have their n-grams only.
    """
    lines, _, _ = count_tokens(text, prefix)
    read = []
    for line in map(ended_once, lines):
        known = [labels[token] for token in line if token in labels]
        strange = [t for t in line if t not in words and t not in labels and t.startswith(prefix)]
        kept = [token for token in line if token not in labels and token not in strange]
        features = []
        for token in kept:
            features += [words[token]] if token in words else []
            if maxn > 0 and token != EOS:
                features += char_ngrams(token, minn, maxn, bucket, len(words))
        hashes = [sign_extended(hash_bytes(token)) for token in kept]
        for i, h in enumerate(hashes):
            for other in hashes[i + 1 : i + word_ngrams]:
                h = ngram_hash(h, other)
                features.append(len(words) + unsigned_modulo(h, bucket))
        read.append((features, known, bool(known or strange), bool(known), bool(strange)))
    return read


def seen_words(text, words, labels, prefix):
    """Count the words, known words, lines with a word, and those of them without a known one."""
    lines, _, _ = count_tokens(text, prefix)
    inner = [line[:-1] if line[-1:] == [EOS] else line for line in map(ended_once, lines)]
    kept = [
        [t in words for t in line if t not in labels and (t in words or not t.startswith(prefix))]
        for line in inner
    ]
    kept = [line for line in kept if line]
    return [sum(map(len, kept)), sum(map(sum, kept)), len(kept), sum(not any(k) for k in kept)]


def prune_features(lines, nwords, pruned):
    """Return the lines with row ``pruned[bucket]`` after the words, from 1 on; 0 is none."""
    return [
        [
            f if f < nwords else nwords + pruned[f - nwords] - 1
            for f in line
            if f < nwords or pruned[f - nwords] > 0
        ]
        for line in lines
    ]


# ------------------------------------------------------------------- decimals

DECIMAL = re.compile(rb"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)", re.I)


def read_decimal(field, point=b"."):
    """Return the number that a field is, NaN if it has spaces alone, or None."""
    text = field.strip(b" \t\r")
    if not text:
        return float("nan")
    if point != b".":
        text = text.replace(b".", b"_").replace(point, b".")
    return float(text) if DECIMAL.fullmatch(text) else None


def nearest_bits(digits, ten):
    """Return the bits of the float64 next to digits * 10**ten."""
    return struct.unpack("<q", struct.pack("<d", float(f"{digits}e{ten}")))[0]


def product_high(a, b):
    return a * b // 2**62


def product_low(a, b):
    return a * b % 2**62


def bit_length(x):
    return len(f"{x:b}".lstrip("0"))


def float64_of_bits(bits):
    return struct.unpack("<d", struct.pack("<q", bits))[0]
