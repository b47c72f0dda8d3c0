"""Groups of the text kernels: the dictionary, n-grams, and lines of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Strings, Text

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64


class HashTable(Group):
    """Entries that are found by their bytes: open addressing, at most half full.

    A slot is 0 or ``(entry + 1) << 32 | hash``, and its place is the hash modulo the number of
    slots, or the next that was free.
    """

    slots: I64  # [mask + 1], a power of two
    mask: i64
    entries: Strings


class WordCounts(Group):
    """Entries and how often each occurs, as they are while text is counted."""

    table: HashTable
    counts: I64  # [entries]
    kinds: U8  # [entries]: 1 for those that start with the label prefix


class Vocabulary(Group):
    """The dictionary of a model, words before labels, and what tells labels from words."""

    table: HashTable
    eos: i64  # the entry of </s>, -1 if it is not one
    eos_hash: i64
    prefix: Text  # of labels


class Ngrams(Group):
    """Which n-grams are features: of a line's words, and of the characters of each word.

    The feature of an n-gram is ``nwords + hash % bucket``; bucket is 1 or more where there are
    n-grams.
    """

    minn: i64  # characters
    maxn: i64  # characters; 0: words have no n-grams
    word_ngrams: i64  # words; 1: none but the words themselves
    bucket: i64
    nwords: i64


class Lines(Group):
    """Lines as feature ids and label ids.

    Those of line i are ``features[offsets[i]:offsets[i + 1]]`` and
    ``labels[label_offsets[i]:label_offsets[i + 1]]``.
    """

    features: I32
    offsets: I64  # [lines + 1]
    labels: I32
    label_offsets: I64  # [lines + 1]


class Stream(Group):
    """The tokens of a part of a text, as ``count_tokens`` writes them.

    A token is a number, ``LINE_END`` or ``FILE_END``; ``entries`` maps the numbers of this part to
    the entries of the whole text.
    """

    tokens: I32  # [n]
    n: i64
    entries: I32


class EntryFeatures(Group):
    """The ids and n-grams of a text's entries in a model; entry 0 is ``</s>``."""

    ids: I32  # [entries]: word or label ids, -1 for what was dropped
    kinds: U8  # [entries]: 1 for labels
    hashes: I64  # [entries]
    ngrams: I32  # the character n-grams of entry i are ngrams[offsets[i]:offsets[i + 1]]
    offsets: I64  # [entries + 1]
