"""Training text as rows of features: every file is tokenised once, whatever the epochs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError
from fastcli.kernels.text import features as kernels
from fastcli.text.blocks import Blocks
from fastcli.text.dictionary import (
    LABEL,
    Dictionary,
    TokenCounter,
    WordTable,
    build_dictionary,
)
from fastcli.text.inputs import (
    compression,
    line_blocks,
    open_compressed,
)
from fastcli.text.spelling import count_long, warn_once
from fastcli.threads import interrupted, run_apart, run_on, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

SPAN = 1 << 20  # bytes of text that are worth a thread of their own
AT_ONCE = 1 << 20  # bytes of text that a thread reads at a time: they stay in the cache

Extend = Callable[[Dictionary, WordTable], "tuple[Dictionary, NDArray[np.int32]]"]
"""Returns a dictionary with more words, and the id of every entry of the text's word table."""


@dataclass(frozen=True)
class FeatureArgs:
    """What decides which tokens become which features; fastText's names and meanings."""

    label: str
    min_count: int
    min_count_label: int
    minn: int
    maxn: int
    word_ngrams: int
    bucket: int
    pruned: NDArray[np.int32] | None = None  # as in kernels.features.pruned_row


@dataclass
class Skipped:
    """How many lines training leaves out, and why."""

    no_label: int = 0
    no_known_label: int = 0
    no_feature: int = 0


@dataclass
class Corpus:
    """Lines as rows of the input matrix and label ids.

    Only rows that are used have memory: ``ids`` are their numbers in the model file, rising,
    and ``places`` where they are in memory.  Memory has ``lanes`` parts of ``per_lane`` rows;
    the rows of line i in lane k are
    ``rows[segments[i * lanes + k]:segments[i * lanes + k + 1]]``, each a place.
    """

    rows: NDArray[np.int32]
    segments: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    lanes: int
    per_lane: int
    skipped: Skipped
    row_of: NDArray[np.int32]  # of every bucket, from 1 on after the words; 0: never met

    @property
    def n_lines(self) -> int:
        """The number of lines that are trained on."""
        return len(self.tokens)

    @property
    def nbytes(self) -> int:
        """The memory that is given back after training."""
        arrays = (self.rows, self.segments, self.labels, self.label_offsets, self.tokens)
        return sum(array.nbytes for array in arrays)


def count_files(
    paths: Sequence[str], prefix: bytes, n_threads: int, on_bytes: Callable[[int], None]
) -> list[TokenCounter]:
    """Count the tokens of all files, each span of text in a counter of its own."""
    counters: list[TokenCounter] = []
    for path in paths:
        try:
            counters += _count_file(path, prefix, n_threads, on_bytes)
        except OSError as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"{path} cannot be opened for training! ({reason})") from None
    return counters


def _count_file(
    path: str, prefix: bytes, n_threads: int, on_bytes: Callable[[int], None]
) -> list[TokenCounter]:
    kind = compression(path)
    if kind or not os.path.isfile(path):
        counter = TokenCounter(prefix, 1 << 26)
        with open_compressed(path, kind) if kind else open(path, "rb") as stream:
            for block in line_blocks(stream):
                counter.feed(block)
                on_bytes(len(block))
        return [counter]
    with Blocks(path) as file:
        spans = file.spans(max(1, min(n_threads, file.size // SPAN)))
        counters = [TokenCounter(prefix, stop - start) for start, stop in spans]

        def count(i: int) -> None:
            for block in file.lines(*spans[i], AT_ONCE):
                if interrupted.is_set():
                    return
                counters[i].feed(block)
                on_bytes(len(block))

        run_on(len(spans), count) if spans else None
        file.check()
    return counters


def merge_counters(
    counters: Sequence[TokenCounter], prefix: bytes
) -> tuple[WordTable, list[NDArray[np.int32]]]:
    """Put the counts of all spans together; with each span's entries in the common table."""
    if len(counters) == 1:
        words = counters[0].words
        return words, [np.arange(words.n, dtype=np.int32)]
    words = WordTable(prefix)
    maps = []
    for counter in counters:
        part = counter.words
        maps.append(words.merge(part.starts, part.arena, part.counts, part.kinds, part.n))
    return words, maps


def make_corpus(
    counters: list[TokenCounter],
    words: WordTable,
    maps: list[NDArray[np.int32]],
    dictionary: Dictionary,
    ids: NDArray[np.int32],
    args: FeatureArgs,
    n_threads: int,
    lanes: int = 0,
    all_words: bool = False,
) -> Corpus:
    """Turn the counted tokens into rows of features, in as many lanes as suit them, or ``lanes``.

    With ``all_words`` also words that no line has are among the rows that are used.  The counters
    are emptied on the way, since token streams are as large as the text.
    """
    hashes = _hashes(words)
    if n_long := count_long(words.starts, words.n, args.maxn):
        warn_once(args.maxn, n_long)
    offsets, ngrams = char_ngrams(
        words.starts,
        words.arena,
        words.n,
        0,
        args.minn,
        args.maxn,
        args.bucket,
        dictionary.nwords,
    )
    parts: list[_Part | None] = [None] * len(counters)

    def make(thread: int) -> None:
        for i in range(thread, len(counters), n_threads):
            parts[i] = _make_part(
                counters[i], words, maps[i], dictionary, ids, hashes, offsets, ngrams, args
            )

    run_apart(min(n_threads, max(len(counters), 1)), make)
    counters.clear()
    joined = [p for p in parts if p is not None]
    return _join(joined, dictionary.nwords, args, n_threads, lanes, all_words)


@dataclass
class _Part:
    features: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    state: NDArray[np.int64]


def _hashes(words: WordTable) -> NDArray[np.int64]:
    """Return the hash of every entry, from the slots of the table."""
    hashes = np.zeros(words.n, np.int64)
    slots = words.table[words.table != 0]
    hashes[(slots >> 32) - 1] = slots & 0xFFFFFFFF
    return hashes


def char_ngrams(
    starts: NDArray[np.int64],
    arena: Bytes,
    n: int,
    eos: int,
    minn: int,
    maxn: int,
    bucket: int,
    nwords: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the character n-gram ids of n entries, and where each entry's start and end.

    Entry ``eos``, the end of a line, has none; with ``maxn`` 0 nobody has any.
    """
    offsets = np.zeros(n + 1, np.int64)
    if maxn <= 0:
        return offsets, np.zeros(1, np.int32)
    kernels.count_char_ngrams(starts, arena, n, minn, maxn, offsets)
    ngrams = np.empty(int(offsets[-1]) + 1, np.int32)
    kernels.fill_char_ngrams(starts, arena, n, eos, minn, maxn, bucket, nwords, offsets, ngrams)
    return offsets, ngrams[: int(offsets[-1]) + 1].copy()


class _Tokens:
    """A stream of tokens and the words it counts in, as ``TokenCounter`` leaves them."""

    def __init__(self, stream: NDArray[np.int32], words: WordTable) -> None:
        self.stream, self.words = stream, words

    def drop_stream(self) -> None:
        """Do nothing: the stream is kept for the next time."""


class Streams:
    """The tokens of training text, kept so that its lines can be made again with changes."""

    def __init__(
        self,
        counters: list[TokenCounter],
        words: WordTable,
        maps: list[NDArray[np.int32]],
        dictionary: Dictionary,
        ids: NDArray[np.int32],
        args: FeatureArgs,
    ) -> None:
        self._tokens = [_Tokens(c.stream.copy(), c.words) for c in counters]
        self._words, self._maps, self._ids, self._args = words, maps, ids, args
        self._dictionary = dictionary

    def retold(
        self,
        change: Callable[[int, NDArray[np.int32], NDArray[np.bool_]], NDArray[np.int32]],
        row_of: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the rows of all lines, and their offsets, after a change of their tokens.

        ``change(part, stream, is_word)`` returns the new stream of a part of the text; negative
        numbers in it end lines.  n-grams that ``row_of`` gives no row are left out.
        """
        args = replace(self._args, pruned=row_of if self._args.bucket else None)
        hashes = _hashes(self._words)
        nwords = self._dictionary.nwords
        offsets, ngrams = char_ngrams(
            self._words.starts,
            self._words.arena,
            self._words.n,
            0,
            args.minn,
            args.maxn,
            args.bucket,
            nwords,
        )
        rows, ends = [], []
        for i, (tokens, entries) in enumerate(zip(self._tokens, self._maps, strict=True)):
            kinds = self._words.kinds[: self._words.n][entries]
            is_word = np.append(kinds != LABEL, [False, False])[tokens.stream]
            changed = _Tokens(change(i, tokens.stream, is_word), tokens.words)
            part = _make_part(
                changed,
                self._words,
                entries,
                self._dictionary,
                self._ids,
                hashes,
                offsets,
                ngrams,
                args,
            )
            n = int(part.state[0])
            rows.append(part.features[: part.offsets[n]])
            ends.append(part.offsets[: n + 1])
        return np.concatenate([*rows, np.zeros(64, np.int32)]), _joined_offsets(ends)


def _make_part(
    counter: TokenCounter | _Tokens,
    words: WordTable,
    entries: NDArray[np.int32],
    dictionary: Dictionary,
    ids: NDArray[np.int32],
    hashes: NDArray[np.int64],
    ngram_offsets: NDArray[np.int64],
    ngrams: NDArray[np.int32],
    args: FeatureArgs,
) -> _Part:
    stream = counter.stream
    n_tokens = len(stream)
    n_lines = int(np.count_nonzero(stream < 0))
    sizes = np.diff(ngram_offsets)[entries]
    per_entry = counter.words.counts[: counter.words.n]
    most = n_tokens * max(args.word_ngrams, 1) + int((sizes * per_entry).sum())
    most_labels = int(per_entry[counter.words.kinds[: counter.words.n] == 1].sum())
    part = _Part(
        np.empty(most + 1, np.int32),
        np.empty(n_lines + 1, np.int64),
        np.empty(most_labels + 1, np.int32),
        np.empty(n_lines + 1, np.int64),
        np.empty(n_lines + 1, np.int32),
        np.zeros(5, np.int64),
    )
    kernels.make_features(
        stream,
        n_tokens,
        entries,
        ids,
        words.kinds,
        hashes,
        ngram_offsets,
        ngrams,
        args.maxn,
        args.word_ngrams,
        max(args.bucket, 1),
        dictionary.nwords,
        np.zeros(1, np.int32) if args.pruned is None else args.pruned,
        int(args.pruned is not None),
        np.empty(max(args.word_ngrams, 1), np.int64),
        part.features,
        part.offsets,
        part.labels,
        part.label_offsets,
        part.tokens,
        part.state,
    )
    counter.drop_stream()
    return part


def _lanes(n_features: int, n_lines: int) -> int:
    """Return into how many lanes lines of this mean length are divided: 8 rows in each or more."""
    lanes = 1
    while lanes < 16 and n_features >= 16 * lanes * max(n_lines, 1):
        lanes *= 2
    return lanes


def _join(
    parts: list[_Part],
    nwords: int,
    args: FeatureArgs,
    n_threads: int,
    lanes: int,
    all_words: bool,
) -> Corpus:
    n_lines = [int(part.state[0]) for part in parts]
    total = sum(n_lines)
    n_features = sum(int(p.offsets[n]) for p, n in zip(parts, n_lines, strict=True))
    lanes = lanes or _lanes(n_features, total)
    rows = np.empty(n_features + 64, np.int32)
    rows[n_features:] = 0  # kernels read ahead
    segments = np.zeros(total * lanes + 1, np.int64)
    row_of = np.zeros(max(args.bucket, 1), np.int32)
    state = np.zeros(3, np.int64)
    for part, n in zip(parts, n_lines, strict=True):
        kernels.number_rows(
            part.features, part.offsets, n, nwords, row_of, lanes, rows, segments, state
        )
        part.features = part.features[:0]
    per_lane = -(-(nwords + int(state[0])) // lanes)
    used = np.zeros(lanes * per_lane, np.uint8)

    def place(thread: int) -> None:
        first, last = share(n_features, thread, n_threads)
        kernels.place_rows(rows, first, last, lanes, per_lane)
        kernels.mark_rows(rows, first, last, used)

    run_apart(n_threads, place)
    buckets = np.flatnonzero(row_of)
    words = np.arange(nwords, dtype=np.int64)
    row_numbers = np.concatenate([words, nwords - 1 + row_of[buckets].astype(np.int64)])
    places = row_numbers % lanes * per_lane + row_numbers // lanes
    is_used = used[places] == 1
    is_used[:nwords] |= all_words
    ids = np.concatenate([words, nwords + buckets.astype(np.int64)])[is_used]
    with_lines = list(zip(parts, n_lines, strict=True))
    _carry_tokens(with_lines)
    return Corpus(
        rows,
        segments,
        np.concatenate([p.labels[: p.label_offsets[n]] for p, n in with_lines]),
        _joined_offsets([p.label_offsets[: n + 1] for p, n in with_lines]),
        np.concatenate([p.tokens[:n] for p, n in with_lines]),
        ids,
        places[is_used],
        lanes,
        per_lane,
        Skipped(*(int(sum(p.state[k] for p in parts)) for k in (1, 2, 3))),
        row_of,
    )


def _carry_tokens(parts: list[tuple[_Part, int]]) -> None:
    """Give the tokens of lines left out at a part's end to the next line that is kept."""
    carried = 0
    for part, n in parts:
        if n:
            part.tokens[0] += carried
            carried = 0
        carried += int(part.state[4])


def _joined_offsets(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    joined = [np.zeros(1, np.int64)]
    base = 0
    for part in parts:
        joined.append(part[1:] + base)
        base += int(part[-1])
    return np.concatenate(joined)


def read_corpus(
    paths: Sequence[str],
    args: FeatureArgs,
    n_threads: int,
    on_bytes: Callable[[int], None] = lambda n: None,
    on_dictionary: Callable[[Dictionary], None] = lambda dictionary: None,
    lanes: int = 0,
    on_streams: Callable[[Streams], None] | None = None,
    extend: Extend | None = None,
) -> tuple[Dictionary, Corpus]:
    """Read training files: their dictionary, and their lines as rows of features.

    Memory has as many lanes as suit the lines, or ``lanes`` of them.  ``on_streams`` is given
    the tokens, which are not kept otherwise.  ``extend`` may give the dictionary more words, all
    of which have rows then; ``on_dictionary`` hears of the text's own dictionary.

    Raises DataError where a file cannot be read or nothing in it can be trained on.
    """
    counters, words, maps = _count(paths, args, n_threads, on_bytes)
    dictionary, ids = build_dictionary(words, args.min_count, args.min_count_label)
    on_dictionary(dictionary)
    if extend is not None:
        dictionary, ids = extend(dictionary, words)
    if on_streams is not None:
        on_streams(Streams(counters, words, maps, dictionary, ids, args))
    is_extended = extend is not None
    return dictionary, make_corpus(
        counters, words, maps, dictionary, ids, args, n_threads, lanes, is_extended
    )


def read_known(
    paths: Sequence[str],
    dictionary: Dictionary,
    args: FeatureArgs,
    n_threads: int,
    on_bytes: Callable[[int], None] = lambda n: None,
) -> Corpus:
    """Read training files as rows of features of a dictionary that is there already.

    Raises DataError where a file cannot be read.
    """
    counters, words, maps = _count(paths, args, n_threads, on_bytes)
    return make_corpus(
        counters, words, maps, dictionary, known_ids(dictionary, words), args, n_threads
    )


def known_ids(dictionary: Dictionary, words: WordTable) -> NDArray[np.int32]:
    """Return the word or label id of every entry of a word table; -1 for unknown ones."""
    found = dictionary.positions(words.starts, words.arena, words.n)
    is_label = words.kinds[: words.n] == LABEL
    is_known = np.where(is_label, found >= dictionary.nwords, found < dictionary.nwords)
    return np.where(is_known, found - dictionary.nwords * is_label, -1).astype(np.int32)


def _count(
    paths: Sequence[str], args: FeatureArgs, n_threads: int, on_bytes: Callable[[int], None]
) -> tuple[list[TokenCounter], WordTable, list[NDArray[np.int32]]]:
    prefix = os.fsencode(args.label)
    # Of empty files nothing is counted, which is a count too.
    counters = count_files(paths, prefix, n_threads, on_bytes) or [TokenCounter(prefix, 0)]
    return counters, *merge_counters(counters, prefix)
