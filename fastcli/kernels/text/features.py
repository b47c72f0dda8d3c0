"""From streams of dictionary entries to the feature rows that training reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.base.integers import (
    hash_bytes,
    ngram_hash,
    sign_extended,
    unsigned_modulo,
)
from fastcli.kernels.base.vector import prefetch
from fastcli.kernels.base.views import at
from fastcli.kernels.text.dictionary import LINE_END
from fastcli.kernels.text.groups import EntryFeatures, HashTable, Lines, Ngrams, Stream
from fastcli.kernels.text.tokens import char_ngrams, find_entry, is_eos, ngram_bound

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

BUCKETS_AHEAD = 16  # how far ahead of its turn the number of a bucket is fetched


@kernel
def count_char_ngrams(words: Strings, n: i64, ngrams: Ngrams, offsets: I64) -> None:
    """Set ``offsets[i + 1]`` to an upper bound of the n-grams of words 0 to i together."""
    offsets[0] = 0
    for word in range(n):
        start, end = words.starts[word], words.starts[word + 1]
        characters = 2
        for k in range(start, end):
            if words.arena[k] & 0xC0 != 0x80:
                characters += 1
        longest = min(ngrams.maxn, characters)
        if ngram_bound(end - start, ngrams.maxn) == 0:
            longest = 0
        bound = characters * max(longest - max(ngrams.minn, 1) + 1, 0)
        offsets[word + 1] = offsets[word] + bound


@kernel
def fill_char_ngrams(
    words: Strings, n: i64, eos: i64, ngrams: Ngrams, offsets: I64, out: I32
) -> None:
    """Write the character n-gram ids of n words one after the other, with their offsets.

    Word ``eos`` is the end of a line and has none.
    """
    end = 0
    offsets[0] = 0
    for i in range(n):
        if i != eos:
            word, size = at(words.arena, words.starts[i]), words.starts[i + 1] - words.starts[i]
            end += char_ngrams(word, size, ngrams, at(out, end))
        offsets[i + 1] = end


@kernel
def word_rows(
    words: Strings, n: i64, table: HashTable, ngrams: Ngrams, out: I32, offsets: I64
) -> None:
    """Write the input rows that make the vectors of n words.

    Those of word i are ``out[offsets[i]:offsets[i + 1]]``: its own row if the table knows it, then
    those of its character n-grams, of which ``</s>`` has none.  A label's number is that of a row
    among the buckets, which is fastText's answer where there are any.
    """
    end = 0
    offsets[0] = 0
    for i in range(n):
        word, size = at(words.arena, words.starts[i]), words.starts[i + 1] - words.starts[i]
        entry = find_entry(table, word, size, hash_bytes(word, size))
        if 0 <= entry < ngrams.nwords + ngrams.bucket:
            out[end] = entry
            end += 1
        if ngrams.maxn > 0 and not is_eos(word, size):
            end += char_ngrams(word, size, ngrams, at(out, end))
        offsets[i + 1] = end


@device
def add_word_ngrams(hash_: i64, window: I64, n_window: i64, ngrams: Ngrams, out: I32) -> None:
    """Write the ids of the ``n_window`` word n-grams that end in a word.

    ``window[:n_window]`` are the hashes of the n-grams that the word extends, longest first;
    they are extended, and the word's own hash is appended, the oldest dropping out where there
    are ``word_ngrams`` - 1 of them.
    """
    for k in range(n_window):
        window[k] = ngram_hash(window[k], hash_)
        out[k] = ngrams.nwords + unsigned_modulo(window[k], ngrams.bucket)
    if n_window == ngrams.word_ngrams - 1:
        for k in range(n_window - 1):
            window[k] = window[k + 1]
        n_window -= 1
    if ngrams.word_ngrams > 1:
        window[n_window] = hash_


@device
def pruned_row(row: i64, nwords: i64, bucket_rows: I32) -> i64:
    """Return the row of a feature in a pruned model, -1 if it was dropped.

    ``bucket_rows`` gives the row after the words of every bucket, from 1 on; 0: it was dropped.
    """
    if row < nwords:
        return row
    after = int(bucket_rows[row - nwords])
    return nwords + after - 1 if after > 0 else -1


@kernel
def make_features(
    stream: Stream,
    entries: EntryFeatures,
    ngrams: Ngrams,
    bucket_rows: I32,
    is_pruned: i64,
    lines: Lines,
    tokens: I32,
    window: I64,
    state: I64,
) -> None:
    """Turn a stream of tokens into the features and labels of its lines.

    ``</s>`` written at the end of a line is its end, and not a word beside it.  Lines without a
    known label or without a feature are left out; ``tokens`` counts the tokens of each line kept,
    and of those left out before it.  With ``is_pruned`` features get the rows that ``pruned_row``
    gives them.  ``window`` (word_ngrams) is scratch.
    On return ``state`` holds: lines kept, lines without a label, lines without a known label,
    lines without a feature, tokens left over after the last line.
    """
    features, offsets, labels = lines.features, lines.offsets, lines.labels
    line, n_features, n_labels, n_tokens, end = 0, 0, 0, 0, -1
    offsets[0] = 0
    lines.label_offsets[0] = 0
    while end + 1 < stream.n:
        start, end = end + 1, end + 1
        while stream.tokens[end] > LINE_END:
            end += 1
        # </s> written at the end of a line is the end itself.
        last = end
        while last > start and stream.tokens[last - 1] == 0:
            last -= 1
        has_end = stream.tokens[end] == LINE_END or last < end
        n_tokens += end - start + (1 if stream.tokens[end] == LINE_END else 0)
        n_window, has_label = 0, 0
        for i in range(start, last + 1 if has_end else last):
            entry = stream.entries[stream.tokens[i]] if i < last else 0
            if entries.kinds[entry] == 1:
                has_label = 1
                if entries.ids[entry] >= 0:
                    labels[n_labels] = entries.ids[entry]
                    n_labels += 1
                continue
            if entries.ids[entry] >= 0:
                features[n_features] = entries.ids[entry]
                n_features += 1
            if ngrams.maxn > 0:
                for k in range(entries.offsets[entry], entries.offsets[entry + 1]):
                    features[n_features] = entries.ngrams[k]
                    n_features += 1
            if ngrams.word_ngrams > 1:
                hash_ = sign_extended(entries.hashes[entry])
                add_word_ngrams(hash_, window, n_window, ngrams, at(features, n_features))
                n_features += n_window
                n_window = min(n_window + 1, ngrams.word_ngrams - 1)
        if is_pruned == 1:
            written, n_features = n_features, offsets[line]
            for k in range(n_features, written):
                row = pruned_row(features[k], ngrams.nwords, bucket_rows)
                if row >= 0:
                    features[n_features] = row
                    n_features += 1
        if n_labels > lines.label_offsets[line] and n_features > offsets[line]:
            tokens[line] = n_tokens
            n_tokens = 0
            line += 1
            offsets[line] = n_features
            lines.label_offsets[line] = n_labels
        else:
            if has_label == 0:
                state[1] += 1
            elif n_labels == lines.label_offsets[line]:
                state[2] += 1
            else:
                state[3] += 1
            n_features = offsets[line]
            n_labels = lines.label_offsets[line]
    state[0] = line
    state[4] = n_tokens


@kernel
def word_lines(
    stream: Stream,
    entries: EntryFeatures,
    longest: i64,
    words: I32,
    offsets: I64,
    tokens: I32,
) -> i64:
    """Turn a stream of tokens into lines of word ids; return how many lines there are.

    Tokens that were dropped leave no trace.  ``tokens`` counts what is left of a line, labels and
    ``</s>`` at its end included; a line is cut after ``longest`` of them.
    """
    line, n_words, n_tokens = 0, 0, 0
    offsets[0] = 0
    for i in range(stream.n):
        token = stream.tokens[i]
        if token >= -1:
            entry = stream.entries[token] if token >= 0 else 0
            if entries.ids[entry] >= 0:
                n_tokens += 1
                if entries.kinds[entry] == 0:
                    words[n_words] = entries.ids[entry]
                    n_words += 1
        if token <= LINE_END or n_tokens >= longest:
            if n_tokens > 0:
                tokens[line] = n_tokens
                line += 1
                offsets[line] = n_words
            n_tokens = 0
    return line


@kernel
def number_rows(
    features: I32,
    offsets: I64,
    n_lines: i64,
    nwords: i64,
    bucket_rows: I32,
    n_shards: i64,
    out: I32,
    segments: I64,
    state: I64,
) -> None:
    """Give the buckets that occur the rows after the words, in order of first appearance.

    ``bucket_rows`` maps a bucket to its row after the words, from 1 on (0: it has none).  Within a
    line the rows are sorted into shards: row r belongs to shard r % n_shards (a power of two), and
    the rows of shard k of line i are ``out[segments[i * n_shards + k]:]`` up to the next segment.
    ``state``: buckets numbered so far, rows written so far, lines so far.  Where there are no
    buckets, several calls may run at once on lines that follow each other.
    """
    n_buckets, n_rows, line = state[0], state[1], state[2]
    mask, last = n_shards - 1, offsets[n_lines]
    for i in range(n_lines):
        start, end = offsets[i], offsets[i + 1]
        bounds = at(segments, (line + i) * n_shards)
        for k in range(n_shards):
            bounds[k + 1] = 0
        for j in range(start, end):
            if j + BUCKETS_AHEAD < last and features[j + BUCKETS_AHEAD] >= nwords:
                prefetch(bucket_rows, features[j + BUCKETS_AHEAD] - nwords)
            row = features[j]
            if row >= nwords:
                bucket = row - nwords
                if bucket_rows[bucket] == 0:
                    n_buckets += 1
                    bucket_rows[bucket] = n_buckets
                row = nwords + bucket_rows[bucket] - 1
                features[j] = row
            bounds[(row & mask) + 1] += 1
        # Sizes to ends; then each row goes to the end of its shard, from the back.  ``bounds[0]``
        # is the end of the line before, which another call may be writing.
        bounds[1] += n_rows
        for k in range(1, n_shards):
            bounds[k + 1] += bounds[k]
        for j in range(end - 1, start - 1, -1):
            row = features[j]
            shard = row & mask
            bounds[shard + 1] -= 1
            out[bounds[shard + 1]] = row
        # The ends have become starts; shift them back to be ends.
        for k in range(n_shards - 1):
            bounds[k + 1] = bounds[k + 2]
        n_rows += end - start
        bounds[n_shards] = n_rows
    state[0], state[1], state[2] = n_buckets, n_rows, line + n_lines


@kernel
def place_rows(rows: I32, first: i64, last: i64, n_shards: i64, shard_rows: i64) -> None:
    """Replace rows by where they are in memory: shard after shard, ``shard_rows`` rows each.

    Threads write to separate memory, so no cache line near a shard's
    rows travels between processors.
    """
    mask = n_shards - 1
    shift = 0
    while 1 << shift < n_shards:
        shift += 1
    for i in range(first, last):
        rows[i] = (rows[i] & mask) * shard_rows + (rows[i] >> shift)


@kernel
def mark_rows(rows: I32, first: i64, last: i64, used: U8) -> None:
    """Set ``used`` to 1 for every row among ``rows[first:last]``."""
    for i in range(first, last):
        used[rows[i]] = 1
