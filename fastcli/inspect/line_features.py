"""The features of a line with their texts: words, its end, and n-grams of words and characters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.fasttext.vectors import char_ngrams
from fastcli.text.dictionary import EOS, Dictionary, as_bytes
from fastcli.text.line_weights import blanked
from fastcli.text.lines import Reader
from fastcli.text.separators import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD, LINE_END, NGRAM, CHARACTERS = "word", "line end", "word n-gram", "character n-gram"


class Feature(NamedTuple):
    """A feature of a line: its kind, its text, and the word that characters are of."""

    kind: str
    text: bytes
    word: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Features:
    """The features that have a row, the rows int32[n], and the words that have nothing."""

    features: list[Feature]
    rows: NDArray[np.int32]
    unknown: list[bytes]


class FeatureReader:
    """Reads lines as a model of text does, linear or a network, and names what it reads.

    Rows are those of ``text.lines.Reader``; names come in the same order.
    """

    def __init__(self, model: Any) -> None:
        """Take a ``fasttext.model.Model``, or a ``mlp.model.MlpModel`` of text."""
        args = model.args
        self._dictionary: Dictionary = model.dictionary
        self._bucket_rows: NDArray[np.int32] | None = model.bucket_rows
        self._prefix = model.label.encode("utf-8", "surrogateescape")
        self._word_ngrams, self._minn, self._maxn = args.word_ngrams, args.minn, args.maxn
        bucket = args.bucket if self._bucket_rows is None else len(self._bucket_rows)
        sizes = (args.word_ngrams, args.minn, args.maxn, bucket)
        self._weight = model.weight_prefix.encode("utf-8", "surrogateescape")
        self._reader = Reader(self._dictionary, model.label, *sizes, max_lines=1)

    def read(self, line: bytes) -> Features:
        """Return the features of one line, which has its end or lacks it."""
        if self._weight:
            line = blanked(as_bytes(line), self._weight).tobytes() if line else line
        found, per_token = self._named(line)
        lines, _ = self._reader.read(as_bytes(line), 0) if line else (None, 0)
        rows = np.zeros(0, np.int32) if lines is None else lines.features[: lines.offsets[1]].copy()
        if len(rows) != len(found):
            raise AssertionError("the names of features do not match their rows")
        nwords, buckets = self._dictionary.nwords, self._bucket_rows
        if buckets is not None:
            hashed = rows >= nwords
            rows[hashed] = nwords - 1 + buckets[rows[hashed] - nwords]
            rows[hashed & (rows < nwords)] = -1
        has_row = rows >= 0
        features = [one for one, is_there in zip(found, has_row, strict=True) if is_there]
        unknown = []
        for token, first, last in per_token:
            if not has_row[first:last].any() and token not in unknown:
                unknown.append(token)
        return Features(features=features, rows=rows[has_row], unknown=unknown)

    def _named(self, line: bytes) -> tuple[list[Feature], list[tuple[bytes, int, int]]]:
        """Return the features as ``kernels.text.lines.read_lines`` has them, and those of words.

        Of each word its place among them.
        """
        words, has_end = tokens(line)
        found: list[Feature] = []
        places: list[tuple[bytes, int, int]] = []
        kept: list[bytes] = []
        for i, word in enumerate([*words, EOS] if has_end else words):
            is_end, first = i == len(words), len(found)
            entry = self._dictionary.find(word)
            if entry >= self._dictionary.nwords or (entry < 0 and word.startswith(self._prefix)):
                continue
            if entry >= 0:
                found.append(Feature(LINE_END if is_end else WORD, word, word))
            if self._maxn > 0 and word != EOS:
                parts = char_ngrams(word, self._minn, self._maxn)
                found += [Feature(CHARACTERS, part, word) for part in parts]
            kept.append(word)
            if not is_end:
                places.append((word, first, len(found)))
        for i in range(len(kept) - 1 if self._word_ngrams > 1 else 0):
            for j in range(i + 1, min(i + self._word_ngrams, len(kept))):
                found.append(Feature(NGRAM, b" ".join(kept[i : j + 1])))
        return found, places


def tokens(line: bytes) -> tuple[list[bytes], bool]:
    """Return the tokens of a line, and whether its end is there: ``</s>`` written last is that end.

    >>> tokens(b"one </s> two </s>"), tokens(b"one\\n")
    (([b'one', b'</s>', b'two'], True), ([b'one'], True))
    """
    has_end = line.endswith(b"\n")
    words = tokens_of(line)
    while words and words[-1] == EOS:
        words.pop()
        has_end = True
    return words, has_end
