"""Word vectors to start training from, of files and of linear models (``.bin``, ``.ftz``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from fastcli.contents import HEAD
from fastcli.errors import DataError, NotFinite, missing
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.foreign import binary_kind
from fastcli.fasttext.matrix import first_not_finite
from fastcli.fasttext.model import Model
from fastcli.fasttext.model_args import ModelArgs
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.sidecar import vectors_disagreement
from fastcli.fasttext.vectors import Vectors
from fastcli.kernels.text import lines as line_kernels
from fastcli.memory import LARGE, size_text
from fastcli.text.dictionary import Dictionary, gathered
from fastcli.text.inputs import MODEL_MAGIC, compression
from fastcli.text.pretrained import Pretrained
from fastcli.text.spooled import place_of
from fastcli.text.vector_files import (
    VectorFile,
    VectorSource,
    WordVectors,
    read_head,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

NgramArgs = tuple[int, int, int, int]  # minn, maxn, word_ngrams, bucket


def is_model(path: str) -> bool:
    """Tell whether a file is a model that fastText or fastcli wrote.

    Raises DataError if it cannot be opened, or is known to be something else.
    """
    head = read_head(path, HEAD)
    if head.startswith(MODEL_MAGIC):
        return True
    size = sys.maxsize if compression(path) else os.path.getsize(path)
    if what := binary_kind(head, size):
        raise DataError(f"{path} is not a file of word vectors. {what}")
    return False


def source_dim(path: str) -> int:
    """Return the dimension of the vectors in a file or model; raises DataError if it is neither."""
    return load_model(path).args.dim if is_model(path) else VectorFile(path).dim


def open_source(path: str, ngrams: NgramArgs, note: Callable[[str], None]) -> VectorSource:
    """Open a file of word vectors or a model to start from; ``ngrams`` are those of the training.

    ``note`` hears if it and the JSON file are of two trainings.  Raises DataError, or
    ModelFormatError where a model is damaged.
    """
    source: VectorSource
    if is_model(path):
        model = load_model(path)
        source, sentence = ModelVectors(path, model, ngrams), model.warning
    else:
        source, sentence = VectorFile(path), vectors_disagreement(path)
    if sentence:
        note(sentence)
    return source


def ngram_args(minn: int, maxn: int, word_ngrams: int, bucket: int) -> NgramArgs:
    """Return the arguments that map n-grams to rows; equal if the n-grams are the same."""
    minn, maxn = (minn, maxn) if maxn > 0 else (0, 0)
    word_ngrams = max(word_ngrams, 1)
    return minn, maxn, word_ngrams, bucket if maxn or word_ngrams > 1 else 0


def _ngram_args_of(args: ModelArgs) -> NgramArgs:
    return ngram_args(args.minn, args.maxn, args.word_ngrams, args.bucket)


def open_pretrained(args: TrainArgs, note: Callable[[str], None]) -> Pretrained:
    """Open the vectors that training starts from; ``note`` is called if they need much memory.

    The text is checked first, since reading vectors takes time.  Raises DataError if it cannot be
    trained on, or if the vectors cannot be read or have another dimension.
    """
    for path in args.input:
        if not os.path.exists(place_of(path)):
            raise missing(path, "training")
    source = open_source(args.pretrained_vectors, _ngram_args_of(args), note)
    source.check_dim(args.dim)
    if args.vectors_words == "all" and (need := Pretrained.memory_of(source)) >= LARGE:
        note(
            f"The {source.n_words:,} vectors and their rows take about {size_text(need)} of memory."
        )
    return Pretrained(source, args.vectors_words, args.label, args.thread)


def epochs_note(pretrained: Pretrained, epoch: int, tokens: int) -> str | None:
    """Return what to say where fastText would train much longer, which counts vectors as tokens."""
    as_fasttext = round(epoch * (1 + pretrained.n_vectors / max(tokens, 1)))
    if not pretrained.adds_words or as_fasttext <= epoch:
        return None
    return (
        f"fastText counts the {pretrained.n_vectors:,} vectors as words of the text, which makes "
        f"-epoch {epoch} about {as_fasttext:,} epochs; here it is {epoch}."
    )


def set_rows(
    pretrained: Pretrained,
    dictionary: Dictionary,
    ids: NDArray[np.int64],
    memory_rows: NDArray[np.int64],
    wi: NDArray[np.float32],
) -> list[str]:
    """Set the input rows that have vectors; return the notes about them.

    Row ``ids[i]`` of the model file is ``wi[memory_rows[i]]``.  Raises DataError if no
    word of the text has a vector.
    """
    are_words = ids < dictionary.nwords
    of_words = np.full(dictionary.nwords, -1, np.int64)
    of_words[ids[are_words]] = memory_rows[are_words]
    notes = pretrained.set_words(dictionary, wi, of_words)
    buckets = ids[~are_words] - dictionary.nwords
    return notes + pretrained.set_ngrams(buckets, wi, memory_rows[~are_words])


class ModelVectors(VectorSource):
    """The words of a linear model.

    A word's vector is the mean of its row and those of its character n-grams (Bojanowski et al.
    2017, section 3.2).  Where training has the same n-grams, they start from the model's rows, and
    so does the word from its own: together they make the same vector.
    """

    def __init__(self, path: str, model: Model, ngrams: NgramArgs) -> None:
        super().__init__()
        self.path, self.dim, self.n_words = path, model.args.dim, model.dictionary.nwords
        self._model = model
        self.has_ngrams = ngrams[3] > 0 and ngrams == _ngram_args_of(model.args)

    def read(self, n_threads: int, known: Dictionary | None = None) -> Iterator[WordVectors]:
        """See ``VectorSource``."""
        dictionary = self._model.dictionary
        words = np.arange(dictionary.nwords, dtype=np.int64)
        if known is not None:
            found = known.positions(dictionary.starts, dictionary.arena, dictionary.nwords)
            words = np.flatnonzero((found >= 0) & (found < known.nwords))
        step = max(1, (1 << 22) // self.dim)
        for first in range(0, len(words), step):
            some = words[first : first + step]
            starts, arena = gathered(dictionary.starts, dictionary.arena, some)
            if self.has_ngrams:
                values = self._rows(some)
            else:
                values = Vectors(self._model, n_threads).of_entries(starts, arena, len(some))
            self._check(values)
            yield WordVectors(starts, arena, values)

    def of_others(
        self, starts: NDArray[np.int64], arena: Bytes, n: int, n_threads: int
    ) -> NDArray[np.float32] | None:
        """See ``VectorSource``."""
        if self._model.args.maxn <= 0:
            return None
        values = Vectors(self._model, n_threads).of_entries(starts, arena, n)
        self._check(values)
        return values

    def of_ngrams(self, buckets: NDArray[np.int64]) -> NDArray[np.float32]:
        """See ``VectorSource``."""
        values = self._rows(self._model.dictionary.nwords + buckets)
        self._check(values)
        return values

    def _check(self, values: NDArray[np.float32]) -> None:
        if first_not_finite(values) >= 0:
            raise NotFinite(self.path, "the numbers of its words or n-grams")

    def _rows(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return input rows by their numbers in the model, zeros for those that were pruned."""
        model = self._model
        features = np.append(ids, 0).astype(np.int32)
        offsets = np.arange(len(ids) + 1, dtype=np.int64)
        if model.bucket_rows is not None:
            nwords = model.dictionary.nwords
            line_kernels.prune_features(features, offsets, len(ids), nwords, model.bucket_rows)
        return model.wi.means(features, offsets, 0, len(ids)).reshape(-1, self.dim)
