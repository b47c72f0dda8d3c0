"""Reading lines of bytes as the feature ids and labels of a model that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import byte_at, ngram_hash, sign_extended, unsigned_modulo
from fastcli.kernels.text.features import is_eos, pruned_row
from fastcli.kernels.text.tokens import (
    char_ngrams,
    eos_has_prefix,
    find_slot,
    has_prefix,
    is_space,
    ngram_bound,
    scan_token,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

HAS_LABEL, KNOWS_LABEL, NOT_SPELLED = 1, 2, 4


@device
def skip_line_ends(text: U8, position: i64, end: i64) -> i64:
    """Return the position after spaces and ``</s>`` tokens, on the same line."""
    while position < end:
        byte = byte_at(text, position)
        if byte == 10:
            break
        if is_space(byte):
            position += 1
            continue
        start = position
        while position < end and not is_space(byte_at(text, position)):
            position += 1
        if not is_eos(text, start, position):
            return start
    return position


@device
def line_ngrams(hashes: I32, n: i64, size: i64, bucket: i64, nwords: i64, out: I32, at: i64) -> i64:
    """Write the ids of the n-grams of n words; return the position after them.

    The n-grams of up to ``size`` words come by their first word, the shorter ones first.
    """
    for i in range(n - 1):
        h = int(hashes[i])
        for j in range(i + 1, min(i + size, n)):
            h = ngram_hash(h, int(hashes[j]))
            out[at] = nwords + unsigned_modulo(h, bucket)
            at += 1
    return at


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
    hashes: I32,
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

    ``features[offsets[i]:offsets[i + 1]]`` are the ids of line i, those of n-grams of words after
    all others as in fastText (so that sums are added in its order), ``labels`` likewise, and
    ``flags[i]`` says whether the line has a label, whether one of them is known, and whether it
    has a word that is too long for character n-grams.
    A line's end is the token ``</s>`` (id ``eos``, -1 if it is not in the dictionary); the last may
    lack it, and ``</s>`` written at the end of a line is that end.  ``hashes`` is scratch, a
    number for each of ``max_features``.  Stops before a line that does not fit; ``state[0]`` is
    the position.
    """
    position = state[0]
    line = 0
    inside = -1  # before it a written </s> is a word of the line
    offsets[0] = 0
    label_offsets[0] = 0
    while position < end and line < max_lines:
        at, label_at = offsets[line], label_offsets[line]
        n_words, flag = 0, 0
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
                if h == eos_hash and position > inside and is_eos(text, token, position):
                    inside = skip_line_ends(text, position, end)
                    if inside == end or byte_at(text, inside) == 10:
                        position = min(inside + 1, end)
                        ended = 1
                if ended == 1:
                    entry = eos
                else:
                    slot = find_slot(table, mask, starts, arena, text, token, position, h)
                    entry = (table[slot] >> 32) - 1
            # The most that one token can add, before it is known what it adds.
            # As word_ngrams is 1 or more, that bounds the hashes as well.
            most = at + 1 + (n_words + 1) * word_ngrams
            if ended == 0:
                most += ngram_bound(position - token, maxn)
            if most > max_features or label_at >= max_labels:
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
                if ngram_bound(position - token, maxn) == 0:
                    flag |= NOT_SPELLED
            hashes[n_words] = sign_extended(h)
            n_words += 1
        if full == 1:
            break
        if word_ngrams > 1:
            at = line_ngrams(hashes, n_words, word_ngrams, bucket, nwords, features, at)
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
