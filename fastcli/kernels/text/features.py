"""From streams of dictionary entries to the feature rows that training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import (
    byte_at,
    hash_bytes,
    ngram_hash,
    sign_extended,
    unsigned_modulo,
)
from fastcli.kernels.text.dictionary import LINE_END
from fastcli.kernels.text.tokens import char_ngrams, find_slot, ngram_bound

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64


@kernel
def count_char_ngrams(starts: I64, arena: U8, n: i64, minn: i64, maxn: i64, offsets: I64) -> None:
    """Set ``offsets[i + 1]`` to an upper bound of the n-grams of entries 0 to i together."""
    offsets[0] = 0
    for entry in range(n):
        characters = 2
        for k in range(starts[entry], starts[entry + 1]):
            if arena[k] & 0xC0 != 0x80:
                characters += 1
        longest = min(maxn, characters)
        if ngram_bound(starts[entry + 1] - starts[entry], maxn) == 0:
            longest = 0
        offsets[entry + 1] = offsets[entry] + characters * max(longest - max(minn, 1) + 1, 0)


@kernel
def fill_char_ngrams(
    starts: I64,
    arena: U8,
    n: i64,
    eos: i64,
    minn: i64,
    maxn: i64,
    bucket: i64,
    nwords: i64,
    offsets: I64,
    out: I32,
) -> None:
    """Write the character n-gram ids of n entries one after the other, with their offsets.

    Entry ``eos`` is the end of a line and has none.
    """
    at = 0
    offsets[0] = 0
    for entry in range(n):
        if entry != eos:
            at = char_ngrams(
                arena, starts[entry], starts[entry + 1], minn, maxn, bucket, nwords, out, at
            )
        offsets[entry + 1] = at


@device
def is_eos(text: U8, start: i64, end: i64) -> bool:
    """Tell whether ``text[start:end]`` is ``</s>``."""
    return (
        end - start == 4
        and byte_at(text, start) == 60
        and byte_at(text, start + 1) == 47
        and byte_at(text, start + 2) == 115
        and byte_at(text, start + 3) == 62
    )


@kernel
def word_rows(
    starts: I64,
    arena: U8,
    first: i64,
    last: i64,
    table: I64,
    mask: i64,
    entry_starts: I64,
    entry_arena: U8,
    nwords: i64,
    minn: i64,
    maxn: i64,
    bucket: i64,
    out: I32,
    offsets: I64,
) -> None:
    """Write the input rows that make the vectors of words ``first`` to ``last``.

    Those of word ``first + i`` are ``out[offsets[i]:offsets[i + 1]]``: its own row if the word
    table knows it, then those of its character n-grams, of which ``</s>`` has none.  A label's
    number is that of a row among the buckets, which is fastText's answer where there are any.
    """
    at = 0
    offsets[0] = 0
    for i in range(first, last):
        start, end = starts[i], starts[i + 1]
        h = hash_bytes(arena, start, end)
        slot = find_slot(table, mask, entry_starts, entry_arena, arena, start, end, h)
        entry = (table[slot] >> 32) - 1
        if 0 <= entry < nwords + bucket:
            out[at] = entry
            at += 1
        if maxn > 0 and not is_eos(arena, start, end):
            at = char_ngrams(arena, start, end, minn, maxn, bucket, nwords, out, at)
        offsets[i - first + 1] = at


@device
def add_word_ngrams(
    h: i64, window: I64, n_window: i64, size: i64, bucket: i64, nwords: i64, out: I32, at: i64
) -> i64:
    """Write the ids of the word n-grams that end in a word; return the position after them.

    ``window[:n_window]`` are the hashes of the n-grams that the word extends, longest first;
    they are extended, and the word's own hash ``h`` is appended, the oldest dropping out where
    there are ``size`` - 1 of them.
    """
    for k in range(n_window):
        window[k] = ngram_hash(window[k], h)
        out[at] = nwords + unsigned_modulo(window[k], bucket)
        at += 1
    if n_window == size - 1:
        for k in range(n_window - 1):
            window[k] = window[k + 1]
        n_window -= 1
    if size > 1:
        window[n_window] = h
    return at


@device
def pruned_row(row: i64, nwords: i64, pruned: I32) -> i64:
    """Return the row of a feature in a pruned model, -1 where it was dropped.

    ``pruned`` gives the row after the words of every bucket, from 1 on; 0: it was dropped.
    """
    if row < nwords:
        return row
    after = int(pruned[row - nwords])
    return nwords + after - 1 if after > 0 else -1


@kernel
def make_features(
    stream: I32,
    n_stream: i64,
    entries: I32,
    ids: I32,
    kinds: U8,
    hashes: I64,
    ngram_offsets: I64,
    ngrams: I32,
    maxn: i64,
    word_ngrams: i64,
    bucket: i64,
    nwords: i64,
    pruned: I32,
    is_pruned: i64,
    window: I64,
    features: I32,
    offsets: I64,
    labels: I32,
    label_offsets: I64,
    tokens: I32,
    state: I64,
) -> None:
    """Turn a stream of tokens into the features and labels of its lines.

    ``entries`` maps the stream's numbers to the dictionary's entries (0 is ``</s>``); ``ids`` maps
    those to word or label ids, -1 for dropped ones.  ``</s>`` written at the end of a line is its
    end, and not a word beside it.  Lines without a known label or without a feature are left
    out; ``tokens`` counts the tokens of each line kept, and of those left out before it.  With
    ``is_pruned`` features get the rows that ``pruned_row`` gives them.
    On return ``state`` holds: lines kept, lines without a label, lines without a known label,
    lines without a feature, tokens left over after the last line.
    """
    line, at, label_at, n_tokens, end = 0, 0, 0, 0, -1
    offsets[0] = 0
    label_offsets[0] = 0
    while end + 1 < n_stream:
        start, end = end + 1, end + 1
        while stream[end] > LINE_END:
            end += 1
        # </s> written at the end of a line is the end itself.
        last = end
        while last > start and stream[last - 1] == 0:
            last -= 1
        has_end = stream[end] == LINE_END or last < end
        n_tokens += end - start + (1 if stream[end] == LINE_END else 0)
        n_window, has_label = 0, 0
        for i in range(start, last + 1 if has_end else last):
            entry = entries[stream[i]] if i < last else 0
            if kinds[entry] == 1:
                has_label = 1
                if ids[entry] >= 0:
                    labels[label_at] = ids[entry]
                    label_at += 1
                continue
            if ids[entry] >= 0:
                features[at] = ids[entry]
                at += 1
            if maxn > 0:
                for k in range(ngram_offsets[entry], ngram_offsets[entry + 1]):
                    features[at] = ngrams[k]
                    at += 1
            if word_ngrams > 1:
                h = sign_extended(hashes[entry])
                at = add_word_ngrams(h, window, n_window, word_ngrams, bucket, nwords, features, at)
                n_window = min(n_window + 1, word_ngrams - 1)
        if is_pruned == 1:
            written, at = at, offsets[line]
            for k in range(at, written):
                row = pruned_row(features[k], nwords, pruned)
                if row >= 0:
                    features[at] = row
                    at += 1
        if label_at > label_offsets[line] and at > offsets[line]:
            tokens[line] = n_tokens
            n_tokens = 0
            line += 1
            offsets[line] = at
            label_offsets[line] = label_at
        else:
            if has_label == 0:
                state[1] += 1
            elif label_at == label_offsets[line]:
                state[2] += 1
            else:
                state[3] += 1
            at = offsets[line]
            label_at = label_offsets[line]
    state[0] = line
    state[4] = n_tokens


@kernel
def word_lines(
    stream: I32,
    n_stream: i64,
    entries: I32,
    ids: I32,
    kinds: U8,
    longest: i64,
    words: I32,
    offsets: I64,
    tokens: I32,
) -> i64:
    """Turn a stream of tokens into lines of word ids; return how many lines there are.

    ``entries`` maps the stream's numbers to the dictionary's entries; ``ids`` maps those to word
    or label ids, -1 for dropped ones, which leave no trace.  ``tokens`` counts what is left of a
    line, labels and ``</s>`` at its end included; a line is cut after ``longest`` of them.
    """
    line, at, n_tokens = 0, 0, 0
    offsets[0] = 0
    for i in range(n_stream):
        token = stream[i]
        if token >= -1:
            entry = entries[token] if token >= 0 else 0
            if ids[entry] >= 0:
                n_tokens += 1
                if kinds[entry] == 0:
                    words[at] = ids[entry]
                    at += 1
        if token <= LINE_END or n_tokens >= longest:
            if n_tokens > 0:
                tokens[line] = n_tokens
                line += 1
                offsets[line] = at
            n_tokens = 0
    return line


@kernel
def number_rows(
    features: I32,
    offsets: I64,
    n_lines: i64,
    nwords: i64,
    row_of: I32,
    lanes: i64,
    out: I32,
    segments: I64,
    state: I64,
) -> None:
    """Give the buckets that occur the rows after the words, in order of first appearance.

    ``row_of`` maps a bucket to its row after the words, from 1 on (0: it has none).  Within a
    line the rows are sorted into lanes: row r belongs to lane r % lanes (a power of two), and
    the rows of lane k of line i are ``out[segments[i * lanes + k]:]`` up to the next segment.
    ``state``: buckets numbered so far, rows written so far, lines so far.
    """
    used, base, line = state[0], state[1], state[2]
    mask = lanes - 1
    for i in range(n_lines):
        start, end = offsets[i], offsets[i + 1]
        first = (line + i) * lanes
        for k in range(lanes):
            segments[first + k + 1] = 0
        for j in range(start, end):
            row = features[j]
            if row >= nwords:
                bucket = row - nwords
                if row_of[bucket] == 0:
                    used += 1
                    row_of[bucket] = used
                row = nwords + row_of[bucket] - 1
                features[j] = row
            segments[first + (row & mask) + 1] += 1
        # Sizes to ends; then each row goes to the end of its lane, from the back.
        for k in range(lanes):
            segments[first + k + 1] += segments[first + k]
        for j in range(end - 1, start - 1, -1):
            row = features[j]
            slot = first + (row & mask) + 1
            segments[slot] -= 1
            out[segments[slot]] = row
        # The ends have become starts; shift them back to be ends.
        for k in range(lanes - 1):
            segments[first + k + 1] = segments[first + k + 2]
        base += end - start
        segments[first + lanes] = base
    state[0], state[1], state[2] = used, base, line + n_lines


@kernel
def place_rows(rows: I32, first: i64, last: i64, lanes: i64, per_lane: i64) -> None:
    """Replace row numbers by their places in memory: lane after lane, ``per_lane`` rows each.

    What one thread writes lies apart from what others write, so no cache line near a lane's
    rows travels between processors.
    """
    mask = lanes - 1
    shift = 0
    while 1 << shift < lanes:
        shift += 1
    for i in range(first, last):
        rows[i] = (rows[i] & mask) * per_lane + (rows[i] >> shift)


@kernel
def mark_rows(rows: I32, first: i64, last: i64, used: U8) -> None:
    """Set ``used`` to 1 for every row among ``rows[first:last]``."""
    for i in range(first, last):
        used[rows[i]] = 1
