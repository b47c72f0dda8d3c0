"""Reading lines of bytes as the feature ids and labels of an existing model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Text
from fastcli.kernels.base.integers import (
    FNV_START,
    byte_at,
    ngram_hash,
    sign_extended,
    unsigned_modulo,
)
from fastcli.kernels.base.views import at
from fastcli.kernels.text.features import pruned_row
from fastcli.kernels.text.groups import Lines, Ngrams, Vocabulary
from fastcli.kernels.text.tokens import (
    char_ngrams,
    eos_has_prefix,
    find_entry,
    has_prefix,
    is_eos,
    is_space,
    ngram_bound,
    scan_token,
)

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

HAS_LABEL, KNOWS_LABEL, NOT_SPELLED, LACKS_LABEL = 1, 2, 4, 8


class LineRoom(Group):
    """How much memory there is for what ``read_lines`` writes."""

    features: i64
    labels: i64
    lines: i64


@device
def skip_line_ends(text: Text, position: i64) -> i64:
    """Return the position after spaces and ``</s>`` tokens, on the same line."""
    while position < text.size:
        byte = byte_at(text.data, position)
        if byte == 10:
            break
        if is_space(byte):
            position += 1
            continue
        start = position
        while position < text.size and not is_space(byte_at(text.data, position)):
            position += 1
        if not is_eos(at(text.data, start), position - start):
            return start
    return position


@device
def write_word_ngrams(hashes: I32, n: i64, ngrams: Ngrams, out: I32) -> i64:
    """Write the ids of the n-grams of a line's n words; return how many there are.

    They come by their first word, the shorter ones first.
    """
    count = 0
    for i in range(n - 1):
        hash_ = int(hashes[i])
        for j in range(i + 1, min(i + ngrams.word_ngrams, n)):
            hash_ = ngram_hash(hash_, int(hashes[j]))
            out[count] = ngrams.nwords + unsigned_modulo(hash_, ngrams.bucket)
            count += 1
    return count


@kernel
def read_lines(
    text: Text,
    vocabulary: Vocabulary,
    ngrams: Ngrams,
    lines: Lines,
    flags: U8,
    room: LineRoom,
    hashes: I32,
    state: I64,
) -> i64:
    """Read lines of text as feature ids and known labels; return how many were read.

    Of a line's features those of n-grams of words are after all others as in fastText (so that
    sums are added in its order).  ``flags[i]`` says whether the line has a label, whether one of
    them is known, whether one is not, and whether it has a word that is too long for character
    n-grams.
    A line's end is the token ``</s>``; the last may lack it, and ``</s>`` written at the end of a
    line is that end.  ``hashes`` is scratch, one for each of ``room.features``.  Stops before a
    line that does not fit; ``state[0]`` is the position.  The rest of ``state`` is set, and counts
    what was read: its words, those of them that are known, the lines with a word, and those of
    them without a known one; a line's end is no word here.
    """
    features, labels, nwords = lines.features, lines.labels, ngrams.nwords
    position = state[0]
    line = 0
    state[1], state[2], state[3], state[4] = 0, 0, 0, 0
    inside = -1  # before it a written </s> is a word of the line
    lines.offsets[0] = 0
    lines.label_offsets[0] = 0
    while position < text.size and line < room.lines:
        end, label_end = lines.offsets[line], lines.label_offsets[line]
        n_words, flag = 0, 0
        n_tokens, n_known = 0, 0
        is_ended, is_full = 0, 0
        while position < text.size and is_ended == 0:
            byte = byte_at(text.data, position)
            start = position
            hash_ = FNV_START
            if byte == 10:
                position += 1
                is_ended = 1
                entry, hash_ = vocabulary.eos, vocabulary.eos_hash
            elif is_space(byte):
                position += 1
                continue
            else:
                position, hash_ = scan_token(text, start)
                if (
                    hash_ == vocabulary.eos_hash
                    and position > inside
                    and is_eos(at(text.data, start), position - start)
                ):
                    inside = skip_line_ends(text, position)
                    if inside == text.size or byte_at(text.data, inside) == 10:
                        position = min(inside + 1, text.size)
                        is_ended = 1
                if is_ended == 1:
                    entry = vocabulary.eos
                else:
                    token = at(text.data, start)
                    entry = find_entry(vocabulary.table, token, position - start, hash_)
            # The most that one token can add, before it is known what it adds.
            # As word_ngrams is 1 or more, that bounds the hashes as well.
            maximum = end + 1 + (n_words + 1) * ngrams.word_ngrams
            if is_ended == 0:
                maximum += ngram_bound(position - start, ngrams.maxn)
            if maximum > room.features or label_end >= room.labels:
                is_full = 1
                break
            if entry >= nwords:
                labels[label_end] = entry - nwords
                label_end += 1
                flag |= HAS_LABEL | KNOWS_LABEL
                continue
            token, size = at(text.data, start), position - start
            if entry < 0:
                if is_ended == 1:
                    is_label = eos_has_prefix(vocabulary.prefix)
                else:
                    is_label = has_prefix(token, size, vocabulary.prefix)
                if is_label:
                    flag |= HAS_LABEL | LACKS_LABEL
                    continue
            if entry >= 0:
                features[end] = entry
                end += 1
            if is_ended == 0:
                n_tokens += 1
                n_known += 1 if entry >= 0 else 0
            if (
                ngrams.maxn > 0
                and is_ended == 0
                and (entry != vocabulary.eos or (entry < 0 and hash_ != vocabulary.eos_hash))
            ):
                end += char_ngrams(token, size, ngrams, at(features, end))
                if ngram_bound(size, ngrams.maxn) == 0:
                    flag |= NOT_SPELLED
            hashes[n_words] = sign_extended(hash_)
            n_words += 1
        if is_full == 1:
            break
        if ngrams.word_ngrams > 1:
            end += write_word_ngrams(hashes, n_words, ngrams, at(features, end))
        flags[line] = flag
        state[1] += n_tokens
        state[2] += n_known
        state[3] += 1 if n_tokens > 0 else 0
        state[4] += 1 if n_tokens > 0 and n_known == 0 else 0
        line += 1
        lines.offsets[line] = end
        lines.label_offsets[line] = label_end
        state[0] = position
    return line


@kernel
def prune_features(
    features: I32, offsets: I64, n_lines: i64, nwords: i64, bucket_rows: I32
) -> None:
    """Replace the buckets among features by their rows; drop those that have none.

    ``bucket_rows`` is as in ``pruned_row``.
    """
    end, first = 0, 0
    for line in range(n_lines):
        last = offsets[line + 1]
        for j in range(first, last):
            row = pruned_row(features[j], nwords, bucket_rows)
            if row >= 0:
                features[end] = row
                end += 1
        first = last
        offsets[line + 1] = end
