"""Text as input: every line becomes the rows of an embedding, as in the linear model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError, unreadable
from fastcli.evaluation.meter import Skipped
from fastcli.kernels.base import matrix as matrix_kernels
from fastcli.kernels.base.threads import bounds
from fastcli.memory import zeros
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.examples import Examples, of_rows
from fastcli.mlp.limits import MOST
from fastcli.printable import listed_files
from fastcli.reporting import Reporter
from fastcli.text.corpus import Corpus, make_corpus
from fastcli.text.counting import count_tokens
from fastcli.text.dictionary import Dictionary, build_dictionary
from fastcli.text.inputs import text_blocks
from fastcli.text.invalid_utf8 import invalid_utf8_note
from fastcli.text.line_features import FeatureArgs
from fastcli.text.line_weights import take_weights
from fastcli.text.lines import Reader
from fastcli.text.pretrained import Pretrained
from fastcli.text.token_streams import TokenStreams
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork


@dataclass(kw_only=True)
class Text:
    """Training text: its dictionary, its lines, and which buckets have rows.

    Row i of the embedding is word i, or, from ``nwords`` on, a bucket of n-grams: ``bucket_rows``
    gives the row after the words of every bucket, from 1 on; 0: it has none.
    """

    dictionary: Dictionary
    examples: Examples
    bucket_rows: NDArray[np.int32]
    corpus: Corpus
    streams: TokenStreams | None

    @property
    def n_rows(self) -> int:
        """The rows of the embedding."""
        return self.corpus.shard_rows


def bucket_of(args: MlpArgs) -> int:
    """Return the number of buckets, 0 if there are no n-grams."""
    return args.bucket if args.word_ngrams > 1 or args.maxn > 0 else 0


def check_rows(args: MlpArgs, dictionary: Dictionary) -> None:
    """Raise ArgumentError for more words and buckets than rows can be numbered."""
    if dictionary.nwords + dictionary.nlabels + bucket_of(args) > MOST:
        raise ArgumentError(
            f"-bucket {args.bucket} and {dictionary.nwords:,} words make more than {MOST} rows "
            "together: use a smaller -bucket."
        )


def read_text(
    args: MlpArgs,
    reporter: Reporter,
    pretrained: Pretrained | None = None,
    former: FormerNetwork | None = None,
) -> Text:
    """Read training text, whose dictionary may get more words from pretrained vectors.

    Where training goes on with a ``former`` network, its words, labels and buckets stay.  Raises
    DataError if nothing in it can be trained on.
    """
    counted = count_tokens(args.input, args.label, args.thread, reporter.read)
    if args.line_weights:
        take_weights(counted, args.line_weights, args.input)
    if sentence := invalid_utf8_note(counted, args.input):
        reporter.note(sentence)
    reporter.stage("features")
    if former is None:
        dictionary, ids = build_dictionary(counted.words, args.min_count, args.min_count_label)
    else:
        dictionary, ids = former.extend(counted.words, args)
    check_rows(args, dictionary)
    all_words = pretrained is not None and pretrained.adds_words
    if pretrained is not None and all_words:
        dictionary, ids = pretrained.extend(dictionary, counted.words)
        check_rows(args, dictionary)
    features = FeatureArgs(
        minn=args.minn, maxn=args.maxn, word_ngrams=args.word_ngrams, bucket=bucket_of(args)
    )
    streams = None
    if args.word_dropout or args.word_swap:
        streams = TokenStreams(counted, dictionary, ids, features)
    corpus = make_corpus(
        counted,
        dictionary,
        ids,
        features,
        args.thread,
        n_shards=1,
        all_words=all_words,
        known_buckets=former.model.bucket_rows if former is not None else None,
    )
    if dictionary.nlabels == 0:
        raise DataError(
            f"No label found in {listed_files(args.input)}: no token starts with {args.label!r}. "
            "Write each example as LABEL text, give the prefix with -label, or give --format csv "
            "or libsvm."
        )
    if corpus.n_lines == 0:
        raise DataError("No line has both a label and a word, so there is nothing to train on.")
    n_features = int(corpus.segments[-1])
    examples = of_rows(
        corpus.rows[:n_features], corpus.segments, corpus.labels, corpus.label_offsets
    )
    return Text(
        dictionary=dictionary,
        examples=examples,
        bucket_rows=corpus.bucket_rows,
        corpus=corpus,
        streams=streams,
    )


def augmented(args: MlpArgs, text: Text, epoch: int) -> Examples:
    """Return the training lines of an epoch with words dropped and neighbours swapped.

    Word dropout (Iyyer et al. 2015, section 3.2) and random swap (Wei and Zou 2019), each with
    the chance given, redrawn every epoch.  n-grams that the text itself does not have get no row.
    """

    def change(
        part: int, stream: NDArray[np.int32], is_word: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        rng = np.random.default_rng([args.seed & 0xFFFFFFFF, 3, epoch, part])
        return augment(rng, stream, is_word, args.word_dropout, args.word_swap)

    assert text.streams is not None
    rows, offsets = text.streams.changed_rows(change, text.bucket_rows)
    e = text.examples
    if len(offsets) != len(e.offsets):  # a line lost all it had: the lines would not match labels
        return e
    return replace(of_rows(rows, offsets, e.labels, e.label_offsets), weights=e.weights)


def augment(
    rng: np.random.Generator,
    stream: NDArray[np.int32],
    is_word: NDArray[np.bool_],
    dropout: float,
    swap: float,
) -> NDArray[np.int32]:
    """Return a stream of tokens with words swapped with the next one, and then dropped.

    Labels and line ends stay where they are, and so does the first word of every line.
    """
    stream = stream.copy()
    if swap > 0:
        follows = np.append(is_word[:-1] & is_word[1:], False)
        chosen = follows & (rng.random(len(stream)) < swap)
        chosen[1:] &= ~chosen[:-1]  # of neighbours the first; three words make one swap
        at = np.flatnonzero(chosen)
        stream[at], stream[at + 1] = stream[at + 1], stream[at]
    if dropout > 0:
        is_first = is_word & np.append(True, ~is_word[:-1])
        stream = stream[~(is_word & ~is_first & (rng.random(len(stream)) < dropout))]
    return stream


def start_embedding(args: MlpArgs, text: Text, wide: int, row_floats: int) -> NDArray[np.float32]:
    """Return the embedding that training starts from: uniform within 1 / dim, flat.

    A row has ``row_floats`` floats, of which the first ``dim`` are its values, those up to ``wide``
    stay zero and the others are for the optimiser.
    """
    embedding = zeros(text.n_rows * row_floats)
    corpus = text.corpus
    kept = matrix_kernels.KeptRows(embedding, row_floats, args.dim, corpus.memory_rows, corpus.ids)

    def work(thread: int) -> None:
        first, last = bounds(len(corpus.ids), thread, args.thread)
        matrix_kernels.init_rows(kept, first, last, args.seed)

    run_apart(args.thread, work)
    return embedding


def start_from(pretrained: Pretrained, text: Text, embedding: NDArray[np.float32]) -> list[str]:
    """Set the rows that have pretrained vectors; return the notes about them.

    ``embedding`` is float32[rows, row_floats].  Raises DataError if no word of the text has a
    vector.
    """
    nwords = text.dictionary.nwords
    notes = pretrained.set_words(text.dictionary, embedding, np.arange(nwords))
    buckets = np.flatnonzero(text.bucket_rows)
    return notes + pretrained.set_ngrams(
        buckets, embedding, nwords - 1 + text.bucket_rows[buckets].astype(np.int64)
    )


def read_known_text(path: str, reader: Reader) -> tuple[Examples, Skipped]:
    """Read labelled lines with an existing dictionary; return them and which were left out.

    Lines without a known label or without features are left out.  Raises DataError if the
    file, which is for validation, cannot be read.
    """
    rows, sizes, labels, label_sizes = [], [], [], []
    left_out = Skipped()
    try:
        for block in text_blocks(path):
            position = 0
            while position < len(block):
                lines, position = reader.read(block, position)
                n = lines.n
                n_features = np.diff(lines.offsets[: n + 1])
                n_labels = np.diff(lines.label_offsets[: n + 1])
                used = (n_features > 0) & (n_labels > 0)
                left_out.add_lines(lines)
                rows.append(lines.features[: lines.offsets[n]][np.repeat(used, n_features)])
                labels.append(lines.labels[: lines.label_offsets[n]][np.repeat(used, n_labels)])
                sizes.append(n_features[used])
                label_sizes.append(n_labels[used])
    except OSError as error:
        raise unreadable(path, error, "validation") from None
    if not rows or not sum(map(len, sizes)):
        raise DataError(f"{path} has no line with both a known label and a known word.")

    def offsets(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(np.concatenate(parts))]).astype(np.int64)

    flat_rows = np.concatenate([*rows, np.zeros(16, np.int32)])
    examples = of_rows(flat_rows, offsets(sizes), np.concatenate(labels), offsets(label_sizes))
    return examples, left_out
