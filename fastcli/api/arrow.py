"""Texts of Arrow arrays, read from their buffers, and predictions as Arrow arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.api.batches import TEXTS, Found, found_in, nothing, without
from fastcli.distribution import installing
from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text.gather import join_texts
from fastcli.options import MOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from fastcli.api.batches import Batch
    from fastcli.evaluation.predictor import Predictor

NARROW, WIDE = ("string", "binary"), ("large_string", "large_binary")
VIEWS = {"string_view": "large_string", "binary_view": "large_binary"}


def arrow_chunks(texts: Any) -> list[Any] | None:
    """Return the arrays of an Arrow array, or of what can be one; None for all else.

    Raises FastcliError where pyarrow is needed and not installed.
    """
    is_array, is_stream = (
        hasattr(texts, name) for name in ("__arrow_c_array__", "__arrow_c_stream__")
    )
    if not is_array and not is_stream:
        return None
    try:
        import pyarrow
    except ImportError:
        if hasattr(texts, "__iter__"):  # a column of another library
            return None
        raise FastcliError(f"Arrow arrays need {installing('parquet')}.") from None
    if isinstance(texts, pyarrow.Array):
        return [texts]
    if is_array:
        return [pyarrow.array(texts)]
    chunked = texts if isinstance(texts, pyarrow.ChunkedArray) else pyarrow.chunked_array(texts)
    return list(chunked.chunks)


def found_in_chunk(predictor: Predictor, chunk: Any, ends: bool) -> Found:
    """Return the best labels of the texts of an array; of a dictionary's, each entry's once.

    Raises ArgumentError for an array of anything but strings.
    """
    kind = str(chunk.type)
    n, k = len(chunk), predictor.k
    if kind == "null":
        return nothing(n, k)
    missing = chunk.is_null().to_numpy(zero_copy_only=False) if chunk.null_count else None
    if kind.startswith("dictionary"):
        of_entries = found_in_chunk(predictor, chunk.dictionary, ends)
        places = chunk.indices.fill_null(0).to_numpy() if n else np.zeros(0, np.int64)
        if not len(of_entries.counts):
            return nothing(n, k)
        if n and not 0 <= places.min() <= places.max() < len(of_entries.counts):
            raise DataError("The Arrow array is damaged: an index is none of its dictionary.")
        return without(missing, Found(*(values[places] for values in of_entries)))
    if kind in VIEWS:
        import pyarrow

        chunk = chunk.cast(getattr(pyarrow, VIEWS[kind])())
    elif kind not in (*NARROW, *WIDE):
        raise ArgumentError(f"predict_batch reads texts: an Arrow array of strings, not of {kind}.")
    found = found_in(predictor, _lines(chunk, ends))
    return without(missing, found)


def _lines(chunk: Any, ends: bool) -> Iterator[NDArray[np.uint8]]:
    """Yield the texts of an array of strings as blocks of lines."""
    if not len(chunk):
        return
    size: type[np.signedinteger[Any]] = np.int32 if str(chunk.type) in NARROW else np.int64
    _, offsets, content = chunk.buffers()
    here = slice(chunk.offset, chunk.offset + len(chunk) + 1)
    starts = np.asarray(np.frombuffer(offsets, size)[here], np.int64)
    data = np.frombuffer(content or b"\0", np.uint8)
    n_bytes = 0 if content is None else len(data)
    if starts[0] < 0 or starts[-1] > n_bytes or (np.diff(starts) < 0).any():
        raise DataError("The Arrow array is damaged: its offsets are not those of texts.")
    for first in range(0, len(chunk), TEXTS):
        some = starts[first : first + TEXTS + 1]
        n = len(some) - 1
        out = np.empty(int(some[-1] - some[0]) + n, np.uint8)
        yield out[: join_texts(Strings(some, data), n, int(ends), out)]


def record_batch(batch: Batch) -> Any:
    """Return predictions as a ``pyarrow.RecordBatch``: see ``Batch.to_arrow``."""
    try:
        import pyarrow
    except ImportError:
        raise FastcliError(f"Arrow arrays need {installing('parquet')}.") from None
    names = pyarrow.array(batch.names, pyarrow.string())
    if batch.ids.shape[1] == 1:
        missing = batch.counts == 0
        ids = pyarrow.array(batch.ids[:, 0], mask=missing)
        labels = pyarrow.DictionaryArray.from_arrays(ids, names)
        probs = pyarrow.array(batch.probs[:, 0], mask=missing)
        return pyarrow.record_batch({"label": labels, "probability": probs})
    there = batch.ids >= 0
    ends = np.append(0, np.cumsum(batch.counts, dtype=np.int64))
    lists = pyarrow.ListArray if ends[-1] <= MOST else pyarrow.LargeListArray
    offsets = pyarrow.array(ends.astype(np.int32) if ends[-1] <= MOST else ends)
    labels = pyarrow.DictionaryArray.from_arrays(pyarrow.array(batch.ids[there]), names)
    columns = {"labels": labels, "probabilities": pyarrow.array(batch.probs[there])}
    return pyarrow.record_batch(
        {name: lists.from_arrays(offsets, some) for name, some in columns.items()}
    )
