"""``model.f``: a model by the names of fastText's C++ class, for programs that call these.

Methods take what the C++ ones take, by position: a line of text needs its line end, and the
handling of labels or words that are not valid UTF-8 ("strict") is always given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from fastcli.api.arguments import path_of, real, utf8, whole
from fastcli.api.fasttext_args import Args
from fastcli.api.linear_model import texts_of
from fastcli.api.meter import Curves
from fastcli.api.tokens import first_line, tokenize, words_and_labels

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from fastcli.api.linear import FastText

    Floats = NDArray[np.float32]
    Path = str | bytes | os.PathLike[str]


def Vector(size: int) -> Floats:
    """Return a vector to be filled, float32[size]."""
    return np.zeros(size, np.float32)


def DenseMatrix(rows: int = 0, columns: int = 0) -> Floats:
    """Return a matrix of zeros, float32[rows, columns]."""
    return np.zeros((rows, columns), np.float32)


class Engine:
    """A model by fastText's C++ names."""

    def __init__(self, model: FastText | None = None) -> None:
        """Wrap a model, or start without one: ``loadModel`` opens it."""
        if model is None:
            from fastcli.api.linear import FastText

            model = FastText()
        self._owner = model

    def loadModel(self, path: str) -> None:
        """Open a ``.bin`` or ``.ftz`` file.  Raises ModelFormatError."""
        self._owner._load(path_of(path))

    def saveModel(self, path: str) -> None:
        """Do as ``FastText.save_model`` does."""
        self._owner.save_model(path)

    def getArgs(self) -> Args:
        """Return the arguments of the model."""
        return self._owner._args

    def isQuant(self) -> bool:
        """Tell whether the input matrix is quantized."""
        return self._owner.is_quantized()

    def predict(
        self, text: str | bytes, k: int, threshold: float, on_unicode_error: str
    ) -> list[tuple[float, str]]:
        """Return (probability, label) of the k best labels of the first line of a text."""
        if type(k) is not int:
            k = whole(k, "k")
        if type(threshold) is not float:
            threshold = real(threshold, "threshold")
        line = first_line(utf8(text, "a text"))
        predictor = self._owner._line_predictor()
        labels, probs = predictor.predict(line, k, threshold, on_unicode_error)
        return list(zip(probs.tolist(), labels, strict=True))

    def multilinePredict(
        self, lines: list[str], k: int, threshold: float, on_unicode_error: str
    ) -> tuple[list[list[str]], list[Floats]]:
        """Return the k best labels of the first line of each text, and their probabilities."""
        k, threshold = whole(k, "k"), real(threshold, "threshold")
        firsts = [first_line(utf8(text, "a text")) for text in lines]
        if all(line.endswith(b"\n") for line in firsts):
            return self._owner._predict_lines([b"".join(firsts)], k, threshold, on_unicode_error)
        predictor = self._owner._line_predictor()
        found = [predictor.predict(one, k, threshold, on_unicode_error) for one in firsts]
        return [list(labels) for labels, _ in found], [
            probs.astype(np.float32) for _, probs in found
        ]

    def test(self, path: str, k: int, threshold: float) -> tuple[int, float, float]:
        """Do as ``FastText.test`` does."""
        return self._owner.test(path, k, threshold)

    def testLabel(self, path: str, k: int, threshold: float) -> dict[str, dict[str, float]]:
        """Do as ``FastText.test_label`` does."""
        return self._owner.test_label(path, k, threshold)

    def getMeter(self, path: Path, k: SupportsIndex) -> Curves:
        """Test on a file, and return precision and recall at every threshold."""
        return self._owner._curves(path, k)

    def getLine(self, text: str | bytes, on_unicode_error: str) -> tuple[list[str], list[str]]:
        """Return the words and the known labels of the first line of a text."""
        words, labels = self.multilineGetLine([text], on_unicode_error)
        return words[0], labels[0]

    def multilineGetLine(
        self, lines: list[Any], on_unicode_error: str
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Return the words and the known labels of the first line of each text."""
        firsts = [first_line(utf8(text, "a text")) for text in lines]
        words, labels = words_and_labels(self._owner._linear, firsts)
        return (
            [texts_of(some, on_unicode_error) for some in words],
            [texts_of(some, on_unicode_error) for some in labels],
        )

    def tokenize(self, text: str | bytes) -> list[str]:
        """Return the tokens of a text; a line end is ``</s>``."""
        return tokenize(text)

    def getVocab(self, on_unicode_error: str) -> tuple[list[str], list[int]]:
        """Return all words and how often each occurred."""
        words, counts = self._owner.get_words(True, on_unicode_error)
        return words, counts.tolist()

    def getLabels(self, on_unicode_error: str) -> tuple[list[str], list[int]]:
        """Return all labels and how often each occurred."""
        model = self._owner._linear
        labels = texts_of(model.labels(), on_unicode_error)
        return labels, model.label_counts.tolist()

    def getWordId(self, word: str) -> int:
        """Do as ``FastText.get_word_id`` does."""
        return self._owner.get_word_id(word)

    def getLabelId(self, label: str) -> int:
        """Do as ``FastText.get_label_id`` does."""
        return self._owner.get_label_id(label)

    def getSubwordId(self, subword: str) -> int:
        """Do as ``FastText.get_subword_id`` does."""
        return self._owner.get_subword_id(subword)

    def getSubwords(self, word: str, on_unicode_error: str) -> tuple[list[str], list[int]]:
        """Do as ``FastText.get_subwords`` does, with a list."""
        names, rows = self._owner.get_subwords(word, on_unicode_error)
        return names, rows.tolist()

    def getWordVector(self, vector: Floats, word: str) -> None:
        """Fill a vector with that of a word."""
        vector[:] = self._owner.get_word_vector(word)

    def getInputVector(self, vector: Floats, row: int) -> None:
        """Fill a vector with a row of the input matrix."""
        vector[:] = self._owner.get_input_vector(row)

    def getSentenceVector(self, vector: Floats, text: str) -> None:
        """Fill a vector with that of a line, which ends with its line end."""
        vector[:] = self._owner.get_sentence_vector(text.removesuffix("\n"))

    def getInputMatrix(self) -> Floats:
        """Return a copy of the input matrix, float32[words + buckets, dim]."""
        return self._owner.get_input_matrix()

    def getOutputMatrix(self) -> Floats:
        """Return a copy of the output matrix, float32[labels, dim]."""
        return self._owner.get_output_matrix()

    def setMatrices(self, inputs: NDArray[Any], outputs: NDArray[Any]) -> None:
        """Do as ``FastText.set_matrices`` does."""
        self._owner.set_matrices(inputs, outputs)

    def getNN(self, word: str, k: int, on_unicode_error: str) -> list[tuple[float, str]]:
        """Do as ``FastText.get_nearest_neighbors`` does."""
        return self._owner.get_nearest_neighbors(word, k, on_unicode_error)

    def getAnalogies(self, *query: Any) -> list[tuple[float, str]]:
        """Do as ``FastText.get_analogies`` does, with its five arguments."""
        return self._owner.get_analogies(*query)

    def quantize(self, *how: Any) -> None:
        """Do as ``FastText.quantize`` does, with its ten arguments."""
        self._owner.quantize(*how)
