"""The vector of a word or a line at a time, for programs: microseconds a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.fasttext.one_line import FEATURES, LABELS, Scratch, described
from fastcli.fasttext.vectors import Vectors
from fastcli.jit.addresses import unchecked
from fastcli.kernels.linear.one_line import direction_of_words, line_vector, word_vector
from fastcli.text.dictionary import as_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from fastcli.fasttext.model import Model


class OneVector:
    """Makes vectors as ``Vectors`` does, for any number of threads; to the same bits, but for the
    last ones of lines of word vectors.

    The model must not change.  Methods raise ModelFormatError for a mapped file that was written
    to.
    """

    def __init__(self, model: Model) -> None:
        self._model, self._vectors = model, Vectors(model, 1)
        self._row, self._arrays = described(model, predicts=False)
        self._is_classifier = model.args.model == "sup"
        self._word = unchecked(word_vector)
        self._line = unchecked(line_vector if self._is_classifier else direction_of_words)
        self._idle: list[Scratch] = []

    def of_word(self, word: bytes) -> NDArray[np.float32]:
        """Return the vector of a word, float32[dim]; see ``Vectors.of_words``."""
        found = self._made(self._word, word)
        return found if found is not None else np.asarray(self._vectors.of_words([word])[0])

    def of_line(self, line: bytes) -> NDArray[np.float32]:
        """Return the vector of a line with its end, float32[dim]; see ``Vectors.of_lines``."""
        found = self._made(self._line, line) if not self._model.weight_prefix else None
        if found is None:
            (rows,) = self._vectors.of_lines(as_bytes(line))
            found = np.asarray(rows[0])
        return found

    def _made(self, call: Callable[..., Any], text: bytes) -> NDArray[np.float32] | None:
        """Return a vector; None where the text is too long for the scratch, or a word is."""
        matrix = self._model.wi
        matrix.check_unchanged()
        try:
            scratch = self._idle.pop()  # one step, also for threads
        except IndexError:
            scratch = Scratch(self._model, self._row, FEATURES, LABELS, searches=False)
        is_made = call(text, len(text), scratch.address) == 0
        is_total = call is self._line and not self._is_classifier
        vector = (scratch.total if is_total else scratch.hidden).copy()
        self._idle.append(scratch)
        matrix.check_unchanged()
        return vector if is_made else None
