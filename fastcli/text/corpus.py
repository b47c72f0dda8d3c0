"""Training text as rows of features: every file is tokenised once, whatever the epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.kernels.base.threads import bounds
from fastcli.kernels.text import features as kernels
from fastcli.text.counting import Counted
from fastcli.text.dictionary import Dictionary
from fastcli.text.line_features import FeatureArgs, FeatureMaker, SpanFeatures
from fastcli.text.line_weights import kept_lines
from fastcli.threads import run_apart, run_each

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Skipped:
    """How many lines training leaves out, and why."""

    no_label: int = 0
    no_known_label: int = 0
    no_feature: int = 0


@dataclass(kw_only=True)
class Corpus:
    """Lines as rows of the input matrix and label ids.

    Only rows that are used have memory: ``ids`` are their numbers in the model file, rising,
    and ``memory_rows`` where they are in memory.  Memory has ``shards`` of ``shard_rows`` rows;
    the rows in memory of line i in shard k are
    ``rows[segments[i * shards + k]:segments[i * shards + k + 1]]``.
    """

    rows: NDArray[np.int32]
    segments: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_offsets: NDArray[np.int64]
    tokens: NDArray[np.int32]
    ids: NDArray[np.int64]
    memory_rows: NDArray[np.int64]
    shards: int
    shard_rows: int
    skipped: Skipped
    bucket_rows: NDArray[np.int32]  # of every bucket, from 1 on after the words; 0: never met
    weights: NDArray[np.float64] | None = None  # of the lines, as they are in the text

    @property
    def n_lines(self) -> int:
        """The number of lines that are trained on."""
        return len(self.tokens)

    @property
    def nbytes(self) -> int:
        """The memory that is freed after training."""
        arrays = (self.rows, self.segments, self.labels, self.label_offsets, self.tokens)
        return sum(array.nbytes for array in arrays)


def make_corpus(
    counted: Counted,
    dictionary: Dictionary,
    ids: NDArray[np.int32],
    args: FeatureArgs,
    n_threads: int,
    n_shards: int = 0,
    all_words: bool = False,
    known_buckets: NDArray[np.int32] | None = None,
) -> Corpus:
    """Turn counted tokens into rows of features, in ``n_shards`` shards or as many as suit them.

    ``ids`` are the word or label ids of the entries of the word table.  With ``all_words`` also
    words that no line has are among the rows that are used.  Buckets that have a row in
    ``known_buckets``, as in ``Corpus.bucket_rows``, keep it.  The counters are emptied on the
    way, since token streams are as large as the text.
    """
    counters = counted.counters
    spans: list[SpanFeatures | None] = [None] * len(counters)
    maker = FeatureMaker(counted, dictionary, ids, args)
    weights = list(counted.weights or [])

    def make(i: int) -> None:
        spans[i] = span = maker.features(i, counters[i].stream)
        if weights:
            kept = kept_lines(counters[i].stream, span.tokens[: span.n_lines])
            weights[i] = weights[i][kept]
        counters[i].drop_stream()

    run_each(len(counters), n_threads, make)
    counters.clear()
    made = [span for span in spans if span is not None]
    sizes = dictionary.nwords, args.bucket
    corpus = _join(made, sizes, n_threads, n_shards, all_words, known_buckets)
    corpus.weights = np.concatenate(weights) if weights else None
    return corpus


def _shards(n_features: int, n_lines: int) -> int:
    """Return into how many shards lines of this mean length are divided: 8 rows in each or more."""
    shards = 1
    while shards < 16 and n_features >= 16 * shards * max(n_lines, 1):
        shards *= 2
    return shards


def _join(
    spans: list[SpanFeatures],
    sizes: tuple[int, int],
    n_threads: int,
    n_shards: int,
    all_words: bool,
    known_buckets: NDArray[np.int32] | None,
) -> Corpus:
    """Join spans; ``sizes`` are the number of words and of buckets."""
    nwords, bucket = sizes
    total = sum(span.n_lines for span in spans)
    n_features = sum(span.n_features for span in spans)
    shards = n_shards or _shards(n_features, total)
    rows = np.empty(n_features + 64, np.int32)
    rows[n_features:] = 0  # kernels read ahead
    segments = np.zeros(total * shards + 1, np.int64)
    bucket_rows = np.zeros(max(bucket, 1), np.int32)
    states = _states(spans)
    if known_buckets is not None:
        bucket_rows[:] = known_buckets
        states[0, 0] = bucket_rows.max()

    def number(i: int) -> None:
        span = spans[i]
        kernels.number_rows(
            span.features,
            span.offsets,
            span.n_lines,
            nwords,
            bucket_rows,
            shards,
            rows,
            segments,
            states[i],
        )
        span.features = span.features[:0]

    if bucket == 0:
        run_each(len(spans), n_threads, number)
    else:  # the order of first appearance goes on from span to span
        for i in range(len(spans)):
            if i:
                states[i, 0] = states[i - 1, 0]
            number(i)
    n_buckets = int(states[-1, 0])
    shard_rows = -(-(nwords + n_buckets) // shards)
    used = np.zeros(shards * shard_rows, np.uint8)

    def place(thread: int) -> None:
        first, last = bounds(n_features, thread, n_threads)
        kernels.place_rows(rows, first, last, shards, shard_rows)
        kernels.mark_rows(rows, first, last, used)

    run_apart(n_threads, place)
    buckets = np.flatnonzero(bucket_rows)
    words = np.arange(nwords, dtype=np.int64)
    row_numbers = np.concatenate([words, nwords - 1 + bucket_rows[buckets].astype(np.int64)])
    shift = shards.bit_length() - 1  # a power of two: no division
    memory_rows = (row_numbers & (shards - 1)) * shard_rows + (row_numbers >> shift)
    is_used = used[memory_rows] == 1
    is_used[:nwords] |= all_words
    ids = np.concatenate([words, nwords + buckets.astype(np.int64)])[is_used]
    _carry_tokens(spans)
    return Corpus(
        rows=rows,
        segments=segments,
        labels=np.concatenate([s.labels[: s.label_offsets[s.n_lines]] for s in spans]),
        label_offsets=joined_offsets([s.label_offsets[: s.n_lines + 1] for s in spans]),
        tokens=np.concatenate([s.tokens[: s.n_lines] for s in spans]),
        ids=ids,
        memory_rows=memory_rows[is_used],
        shards=shards,
        shard_rows=shard_rows,
        skipped=Skipped(*(int(sum(s.state[k] for s in spans)) for k in (1, 2, 3))),
        bucket_rows=bucket_rows,
    )


def _states(spans: list[SpanFeatures]) -> NDArray[np.int64]:
    """Return the state of ``number_rows`` before each span: the rows and lines before it."""
    states = np.zeros((len(spans), 3), np.int64)
    states[1:, 1] = np.cumsum([span.n_features for span in spans[:-1]])
    states[1:, 2] = np.cumsum([span.n_lines for span in spans[:-1]])
    return states


def _carry_tokens(spans: list[SpanFeatures]) -> None:
    """Give the tokens of lines left out at a span's end to the next line that is kept."""
    carried = 0
    for span in spans:
        if span.n_lines:
            span.tokens[0] += carried
            carried = 0
        carried += int(span.state[4])


def joined_offsets(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the offsets of lists that come one after the other, each with offsets from 0 on."""
    joined = [np.zeros(1, np.int64)]
    base = 0
    for part in parts:
        joined.append(part[1:] + base)
        base += int(part[-1])
    return np.concatenate(joined)
