"""Predicting many texts of a program at once: lists and Arrow arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from fastcli.api.arguments import NotText, line_of, plain_lines, real, utf8, whole
from fastcli.errors import ArgumentError
from fastcli.kernels.base.printf import offset_probabilities
from fastcli.threads import usable_cpus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.api.model import TrainedModel
    from fastcli.evaluation.predictor import Predictor
    from fastcli.text.decoded import Decoded

    Answer = tuple[tuple[str, ...], NDArray[np.float64]]

TEXTS = 1 << 14  # that are put together at a time


class Batch(Sequence["Answer"]):
    """The best labels of many texts, the most probable first.

    ``ids`` int32[texts, k] are positions in ``names``, -1 where a text has fewer labels; ``probs``
    float32[texts, k] are their probabilities, 0 there, and ``counts`` int32[texts] how many labels
    each text has: 0 for a missing one.  As a sequence it has what ``predict`` returns for each
    text: a tuple of labels, and float64[labels].
    """

    def __init__(
        self,
        names: Decoded,
        ids: NDArray[np.int32],
        probs: NDArray[np.float32],
        counts: NDArray[np.int32],
    ) -> None:
        self._names, self.ids, self.probs, self.counts = names, ids, probs, counts

    @property
    def names(self) -> list[str]:
        """All labels, in the order of their ids.  Raises UnicodeDecodeError."""
        return self._names.all()

    def __len__(self) -> int:
        return len(self.counts)

    @overload
    def __getitem__(self, place: int) -> Answer: ...

    @overload
    def __getitem__(self, place: slice) -> Batch: ...

    def __getitem__(self, place: int | slice) -> Answer | Batch:
        """Return what ``predict`` returns for a text, or a batch of some of the texts."""
        if isinstance(place, slice):
            return Batch(self._names, self.ids[place], self.probs[place], self.counts[place])
        n = int(self.counts[place])
        labels = tuple(self._names[i] for i in self.ids[place, :n].tolist())
        return labels, self.probs[place, :n].astype(np.float64)

    def __repr__(self) -> str:
        n, k = self.ids.shape
        return f"<Batch: at most {k:,} of {len(self._names.encoded):,} labels for {n:,} texts>"

    @property
    def is_full(self) -> bool:
        """Whether each text has k labels."""
        return bool((self.counts == self.ids.shape[1]).all())

    def label_lists(self) -> list[list[str]]:
        """Return the labels of each text."""
        names = self._names
        if self.ids.shape[1] == 1 and self.is_full:
            return [[names[i]] for i in self.ids[:, 0].tolist()]
        rows = self.ids.tolist()
        if self.is_full:
            return [[names[i] for i in row] for row in rows]
        pairs = zip(rows, self.counts.tolist(), strict=True)
        return [[names[i] for i in row[:n]] for row, n in pairs]

    def prob_lists(self) -> list[NDArray[np.float32]]:
        """Return the probabilities of each text's labels: float32[labels] each."""
        if self.is_full:
            return list(self.probs)
        pairs = zip(self.probs, self.counts.tolist(), strict=True)
        return [row[:n] for row, n in pairs]

    def to_arrow(self) -> Any:
        """Return a ``pyarrow.RecordBatch``, a row for each text.

        With k = 1 its columns are ``label`` (dictionary of strings; null where there is none) and
        ``probability`` (float32), else ``labels`` and ``probabilities``: lists of these.
        """
        from fastcli.api.arrow import record_batch

        return record_batch(self)


class Found(NamedTuple):
    """Ids, probabilities and counts of some texts, as in ``Batch``."""

    ids: NDArray[np.int32]
    probs: NDArray[np.float32]
    counts: NDArray[np.int32]


def predict_texts(
    model: TrainedModel, texts: Any, k: int, threshold: float, thread: int, ends: bool
) -> Batch:
    """Return what ``TrainedModel.predict_batch`` does; ``ends``: a written ``</s>`` ends a text."""
    from fastcli.api.arrow import arrow_chunks, found_in_chunk

    k, threshold, thread = whole(k, "k"), real(threshold, "threshold"), whole(thread, "thread")
    if thread < 1:
        raise ArgumentError(f"thread must be 1 or more, not {thread}.")
    if isinstance(texts, str | bytes):
        raise TypeError("predict_batch takes many texts; predict takes one")
    chunks = arrow_chunks(texts)
    if chunks is None and (isinstance(texts, Mapping) or not isinstance(texts, Iterable)):
        raise TypeError(
            f"predict_batch takes a list or another iterable of str, not {type(texts).__name__}"
        )
    with model._predictor(k, threshold, min(thread, usable_cpus())) as predictor:
        names = predictor.names(model._on_unicode_error)
        if chunks is None:
            some = texts if isinstance(texts, list) else list(texts)
            blocks = text_blocks(some, ends)
            parts = [without(missing, found_in(predictor, [one])) for one, missing in blocks]
        else:
            parts = [found_in_chunk(predictor, chunk, ends) for chunk in chunks]
        return Batch(names, *joined([*parts, nothing(0, predictor.k)]))


def text_blocks(
    texts: Sequence[str | None], ends: bool
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_] | None]]:
    """Yield texts as blocks of lines, each with which of them are missing, None if none is.

    A line end within a text becomes a space.
    """
    for first in range(0, len(texts), TEXTS):
        some: Sequence[Any] = texts[first : first + TEXTS]
        missing = None
        if None in some:
            missing = np.array([one is None for one in some])
            some = ["" if one is None else one for one in some]
        block = plain_lines(some)
        if block is None:
            for i, one in enumerate(some, first):
                if not isinstance(one, str):
                    from fastcli.mlp.given_rows import is_missing_cell

                    hint = ": give None for a missing text" if is_missing_cell(one) else ""
                    raise NotText(
                        f"predict_batch takes str: texts[{i}] is {type(one).__name__}{hint}"
                    )
            lines = [line_of(flat(one), "predict_batch", ends) for one in some]
            block = b"".join([utf8(one, "a text") for one in lines])
        yield np.frombuffer(block, np.uint8), missing


def flat(text: Any) -> Any:
    """Return a text with spaces for its line ends; what is not text stays as it is."""
    return text.replace("\n", " ") if isinstance(text, str) else text


def found_in(predictor: Predictor, blocks: Iterable[NDArray[np.uint8]]) -> Found:
    """Return the best labels of blocks of lines, with the probabilities that are told."""
    offset = predictor.model.printed_offset
    parts = []
    for some in predictor.predictions(blocks):
        n, k = len(some.counts), some.k
        probs = some.probs[: n * k].copy()
        if offset:
            offset_probabilities(probs, n * k, offset)
        ids = some.labels[: n * k].copy().reshape(n, k)
        parts.append(Found(ids, probs.reshape(n, k), some.counts.copy()))
    found = joined([*parts, nothing(0, predictor.k)]) if len(parts) != 1 else parts[0]
    if (found.counts < predictor.k).any():
        rest = np.arange(predictor.k) >= found.counts[:, None]
        found.ids[rest], found.probs[rest] = -1, 0.0
    return found


def nothing(n: int, k: int) -> Found:
    """Return what n texts without labels get."""
    ids, probs = np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32)
    return Found(ids, probs, np.zeros(n, np.int32))


def without(missing: NDArray[np.bool_] | None, found: Found) -> Found:
    """Take their labels from the texts that are missing."""
    if missing is not None:
        found.ids[missing], found.probs[missing], found.counts[missing] = -1, 0.0, 0
    return found


def joined(parts: Sequence[Found]) -> Found:
    """Return the texts of several parts, one after the other."""
    ids, probs, counts = (np.concatenate(some) for some in zip(*parts, strict=True))
    return Found(ids, probs, counts)
