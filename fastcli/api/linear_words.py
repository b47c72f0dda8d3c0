"""Words, subwords, vectors and matrices of a linear model in a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from fastcli.api.arguments import Word, line_of, utf8, whole
from fastcli.api.linear_model import LinearModel, texts_of
from fastcli.errors import ArgumentError
from fastcli.fasttext.neighbours import analogy_vectors
from fastcli.fasttext.vectors import Vectors, subword_rows
from fastcli.kernels.base.integers import hash_bytes
from fastcli.text.dictionary import as_bytes
from fastcli.threads import ForkedLock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from fastcli.fasttext.neighbours import Neighbours
    from fastcli.fasttext.one_vector import OneVector

    Floats = NDArray[np.float32]
    Neighbour = tuple[float, str]


_preparing = ForkedLock()  # held while vectors of words are prepared: once for all threads


class WordModel(LinearModel):
    """A linear model, by its words and vectors."""

    def __getitem__(self, word: Word) -> Floats:
        """Return the vector of a word; see ``get_word_vector``."""
        return self.get_word_vector(word)

    def get_subword_id(self, subword: Word) -> int:
        """Return the row of the input matrix that ``subword``, an n-gram, is hashed to.

        Raises ArgumentError for a model without buckets.
        """
        model, ngram = self._linear, utf8(subword)
        if model.args.bucket < 1:
            raise ArgumentError("The model has no rows for subwords: its -bucket is 0.")
        return model.dictionary.nwords + hash_bytes(as_bytes(ngram), len(ngram)) % model.args.bucket

    def get_subwords(
        self, word: Word, on_unicode_error: str = "strict"
    ) -> tuple[list[str], NDArray[Any]]:
        """Return ``word``, if it is known, and its character n-grams, with their input rows.

        The rows are int64[n-grams], float64[0] where there are none; a model that was pruned has
        fewer rows than n-grams, and its n-grams are all listed, as in fastText.
        """
        names, rows = subword_rows(self._linear, utf8(word))
        kept = rows[rows >= 0]
        return texts_of(names, on_unicode_error), kept.astype(np.int64 if len(kept) else np.float64)

    def get_word_vector(self, word: Word) -> Floats:
        """Return the vector of ``word``, float32[dim]: the mean of its rows in the input matrix.

        An unknown word has those of its character n-grams; zeros where it has none (Bojanowski et
        al. 2017, section 3.2).
        """
        return self._one_vector().of_word(utf8(word))

    def get_sentence_vector(self, text: str) -> Floats:
        """Return the vector of a line of ``text``, float32[dim].

        Of a classifier the mean of all rows of the line; of word vectors the mean of the words'
        vectors, each divided by its length.  Raises ArgumentError for a text with a line end.
        """
        line = utf8(
            line_of(text, "get_sentence_vector", self._linear.args.model == "sup"), "a text"
        )
        return self._one_vector().of_line(line)

    def _one_vector(self) -> OneVector:
        kept, model = self._vectors, self._linear
        if kept is None or kept[0] is not model:  # another thread may have put one in its place
            from fastcli.fasttext.one_vector import OneVector

            kept = self._vectors = model, OneVector(model)
        return kept[1]

    def get_input_vector(self, ind: SupportsIndex) -> Floats:
        """Return row ``ind`` of the input matrix, float32[dim].

        Raises ArgumentError if there is none of that number.
        """
        row, matrix = whole(ind, "ind"), self._linear.wi
        if not 0 <= row < matrix.n_rows:
            raise ArgumentError(
                f"The input matrix has {matrix.n_rows:,} rows, from 0 on: not {row:,}."
            )
        return matrix.means(np.array([row, 0], np.int32), np.array([0, 1], np.int64), 0, 1)

    # ---------------------------------------------------------------------- nearest words

    def get_nearest_neighbors(
        self, word: Word, k: SupportsIndex = 10, on_unicode_error: str = "strict"
    ) -> list[Neighbour]:
        """Return the ``k`` words nearest to ``word``, but for itself, as (cosine, word).

        Raises ArgumentError for k below 1 and for a model without words.
        """
        query = utf8(word)
        vector = Vectors(self._linear, 1).of_words([query])
        return self._nearest(vector, [query], k, on_unicode_error)

    def get_analogies(
        self,
        wordA: Word,
        wordB: Word,
        wordC: Word,
        k: SupportsIndex = 10,
        on_unicode_error: str = "strict",
    ) -> list[Neighbour]:
        """Return the ``k`` words nearest to ``wordA`` - ``wordB`` + ``wordC``, as (cosine, word).

        These three are left out.  Each vector is divided by its length first.  Raises as
        ``get_nearest_neighbors`` does.
        """
        query = [utf8(word) for word in (wordA, wordB, wordC)]
        vector = analogy_vectors(Vectors(self._linear, 1).of_words(query))
        return self._nearest(vector, query, k, on_unicode_error)

    def _nearest(
        self, vector: Floats, banned: Sequence[bytes], k: SupportsIndex, on_unicode_error: str
    ) -> list[Neighbour]:
        k = whole(k, "k")
        if k < 1:
            raise ArgumentError(f"k needs to be 1 or higher, not {k}.")
        neighbours = self._prepared_neighbours()
        counts, ids, cosines = neighbours.find(vector, [banned], k)
        n = int(counts[0])
        words = [neighbours.dictionary.entry(i) for i in ids[0, :n].tolist()]
        return list(zip(cosines[0, :n].tolist(), texts_of(words, on_unicode_error), strict=True))

    def _prepared_neighbours(self) -> Neighbours:
        from fastcli.fasttext.neighbours import Neighbours
        from fastcli.threads import usable_cpus

        model, ready = self._linear, self._neighbours
        if ready is not None and ready[0] is model:
            return ready[1]
        with _preparing.held:
            if self._neighbours is None or self._neighbours[0] is not model:
                n_threads = usable_cpus()
                found = Neighbours(Vectors(model, n_threads), n_threads, self._name)
                self._neighbours = model, found
            return self._neighbours[1]

    # --------------------------------------------------------------------------- matrices

    def get_input_matrix(self) -> Floats:
        """Return a copy of the input matrix, float32[words + buckets, dim].

        Raises ArgumentError for a quantized model.
        """
        return self._matrix("wi")

    def get_output_matrix(self) -> Floats:
        """Return a copy of the output matrix, float32[labels, dim]; of word vectors [words, dim].

        Raises ArgumentError for a quantized model.
        """
        return self._matrix("wo")

    def _matrix(self, name: str) -> Floats:
        model = self._linear
        if model.quantized:
            raise ArgumentError("Can't get quantized Matrix")
        matrix = getattr(model, name)
        matrix.check_unchanged()
        rows: Floats = np.array(matrix.values, np.float32).reshape(-1, matrix.dim)
        matrix.check_unchanged()
        return rows

    def set_matrices(self, input_matrix: ArrayLike, output_matrix: ArrayLike) -> None:
        """Replace both matrices.

        ``input_matrix`` has [words + buckets, dim] numbers, ``output_matrix`` [labels or words,
        dim]. Their second size becomes the length of the vectors.  Raises ArgumentError where the
        sizes do not fit the model, or numbers are NaN or infinite.
        """
        from fastcli.fasttext.matrices import with_matrices

        self._use(with_matrices(self._linear, np.asarray(input_matrix), np.asarray(output_matrix)))
