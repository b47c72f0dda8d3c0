"""The layout of ``.bin`` and ``.ftz`` files, fastText's, versions 11 and 12: reading, and packing.

Everything a file claims is checked against its size before memory is taken for it, and an
error names the section that is wrong.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastcli.errors import ModelFormatError
from fastcli.fasttext.about import check_about, read_about
from fastcli.fasttext.args import LOSS_NAMES, LOSSES, MODEL_NAMES, ModelArgs
from fastcli.fasttext.headers import ARGS, DICTIONARY, FLORET_HEAD, MAGIC, is_floret
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.fasttext.quantized import CENTROIDS, QuantizedMatrix, Quantizer
from fastcli.kernels import dictionary as kernels
from fastcli.text.dictionary import Dictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

VERSION = 12
MATRIX = struct.Struct("<qq")
NOT_PRUNED = -1
MAPPED_FROM = 1 << 24  # matrices of so many bytes are mapped, smaller ones read


class _File:
    """A model file and a position in it."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            with open(path, "rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                self.map = (
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b""
                )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            hint = ""
            if isinstance(error, FileNotFoundError):
                from fastcli.fasttext.foreign import beside

                hint = beside(path)
            sentence = f"{path} cannot be opened for loading! ({reason}) {hint}"
            raise ModelFormatError(sentence.rstrip()) from None
        self.position = 0

    def wrong(self, section: str, reason: str) -> ModelFormatError:
        return ModelFormatError(
            f"{self.path} is damaged: its {section} {reason}. "
            "Copy or train the model again; the file is not usable."
        )

    def read(self, layout: struct.Struct, section: str) -> tuple[Any, ...]:
        if self.position + layout.size > self.size:
            raise self.wrong(section, f"would go beyond its {self.size:,} bytes: the file was cut")
        values = layout.unpack_from(self.map, self.position)
        self.position += layout.size
        return values


def _no_model(path: str) -> ModelFormatError:
    """Return the error of a file that is something else."""
    from fastcli.fasttext.foreign import what_it_is

    return ModelFormatError(f"{path} has wrong file format! {what_it_is(path)}")


def load_model(path: str) -> Model:
    """Load a ``.bin`` or ``.ftz`` model; large matrices are mapped.

    Raises ModelFormatError for whatever is no whole and sound model.
    """
    file = _File(path)
    if file.size < 8 or struct.unpack_from("<i", file.map)[0] != MAGIC:
        raise _no_model(path)
    _, version = file.read(struct.Struct("<ii"), "header")
    if version not in (11, VERSION):
        raise ModelFormatError(
            f"{path} has wrong file format! It is of version {version}; 11 and {VERSION} are known."
        )
    if is_floret(file.map[:FLORET_HEAD]):
        raise _no_model(path)
    args = _read_args(file, version)
    dictionary, pruned = _read_dictionary(file, args.bucket)
    quantized = _read_flag(file, "input matrix")
    if pruned is not None and not quantized:
        raise file.wrong("dictionary", "is pruned, which only quantized models have")
    n_ngrams = args.bucket if pruned is None else int(np.count_nonzero(pruned))
    read = _read_quantized if quantized else _read_matrix
    wi = read(file, "input matrix", dictionary.nwords + n_ngrams, args.dim)
    rows = output_rows(args, dictionary)
    if _read_flag(file, "output matrix") and quantized:
        codes = _read_quantized(file, "output matrix", rows, args.dim)
        wo = DenseMatrix(codes.decode(), args.dim)
    else:
        wo = _read_matrix(file, "output matrix", rows, args.dim)
    if file.position != file.size:
        raise file.wrong("end", f"is followed by {file.size - file.position:,} more bytes")
    about = read_about(path)
    check_about(about, path)
    return Model(args, dictionary, wi, wo, about.get("label", "__label__"), about, pruned)


def _read_args(file: _File, version: int) -> ModelArgs:
    values = file.read(ARGS, "arguments")
    fields = dict(zip(ModelArgs.__dataclass_fields__, values, strict=True))
    if fields["loss"] not in LOSS_NAMES or fields["model"] not in MODEL_NAMES:
        raise file.wrong("arguments", "name an unknown loss or kind of model")
    fields["loss"] = LOSS_NAMES[fields["loss"]]
    fields["model"] = MODEL_NAMES[fields["model"]]
    if fields["dim"] < 1 or fields["bucket"] < 0:
        raise file.wrong("arguments", "have a dim below 1 or a bucket below 0")
    if version == 11 and fields["model"] == "sup":
        fields["maxn"] = 0  # fastText had no character n-grams in supervised models then
    if not 0 <= fields["maxn"] <= 1 << 20 or not 1 <= fields["word_ngrams"] <= 1 << 20:
        fields["maxn"] = min(max(fields["maxn"], 0), 1 << 20)
        fields["word_ngrams"] = min(max(fields["word_ngrams"], 1), 1 << 20)
    if fields["bucket"] == 0 and (fields["maxn"] > 0 or fields["word_ngrams"] > 1):
        raise file.wrong("arguments", "have n-grams but no bucket")
    return ModelArgs(**fields)


def _read_dictionary(file: _File, bucket: int) -> tuple[Dictionary, NDArray[np.int32] | None]:
    """Read the dictionary; and, if it was pruned, ``Model.pruned``."""
    size, nwords, nlabels, ntokens, pruned = file.read(DICTIONARY, "dictionary")
    if nwords < 0 or nlabels < 0 or size != nwords + nlabels:
        raise file.wrong("dictionary", f"has {size} entries but {nwords} words, {nlabels} labels")
    if size * 10 > file.size - file.position:
        raise file.wrong("dictionary", f"should have {size:,} entries, more than the file holds")
    text = np.frombuffer(file.map, np.uint8)
    starts = np.zeros(size + 1, np.int64)
    counts = np.zeros(size + 1, np.int64)
    kinds = np.zeros(size + 1, np.uint8)
    # Few files have words this long; for them the bytes of the file are bound enough.
    room = min(file.size - file.position, 1 << 16)
    while True:
        arena = np.zeros(room + 1, np.uint8)
        end = kernels.read_entries(
            text, file.position, file.size, size, starts, arena, room, counts, kinds
        )
        if end != -2:
            break
        room = min(file.size - file.position, 4 * room)
    if end < 0:
        raise file.wrong("dictionary", "is cut off")
    file.position = end
    expected = np.arange(size) >= nwords
    if not np.array_equal(kinds[:size], expected):
        raise file.wrong("dictionary", "has words and labels in the wrong order")
    dictionary = Dictionary(nwords, nlabels, ntokens, starts, arena, counts[:size])
    if dictionary.twice >= 0:
        raise file.wrong("dictionary", f"has entry {dictionary.twice} twice")
    return dictionary, None if pruned == NOT_PRUNED else _read_pruning(file, pruned, bucket)


def _read_pruning(file: _File, n: int, bucket: int) -> NDArray[np.int32]:
    if n < 0 or 8 * n > file.size - file.position:
        raise file.wrong("dictionary", f"should keep {n:,} n-grams, more than the file holds")
    pairs = np.ndarray((n, 2), "<i4", file.map, file.position).copy()
    file.position += 8 * n
    buckets, rows = pairs[:, 0], pairs[:, 1]
    are_sound = (buckets >= 0) & (buckets < bucket) & (rows >= 0) & (rows < n)
    if not are_sound.all() or len(np.unique(buckets)) != n:
        raise file.wrong("dictionary", "names n-grams that the model cannot have")
    row_of = np.zeros(max(bucket, 1), np.int32)  # untouched memory is not taken
    row_of[buckets] = rows + 1
    return row_of


def _read_flag(file: _File, section: str) -> bool:
    (flag,) = file.read(struct.Struct("<B"), section)
    if flag not in (0, 1):
        raise file.wrong(section, f"starts with {flag} instead of 0 or 1")
    return bool(flag)


def _read_matrix(file: _File, section: str, rows: int, dim: int) -> DenseMatrix:
    m, n = file.read(MATRIX, section)
    if (m, n) != (rows, dim):
        raise file.wrong(section, f"is {m} x {n}, where {rows} x {dim} is expected")
    size = 4 * m * n
    if size > file.size - file.position:
        raise file.wrong(section, f"needs {size:,} bytes, {file.size - file.position:,} are left")
    matrix = np.ndarray((m * n,), np.float32, file.map or bytearray(4), file.position)
    if size < MAPPED_FROM:
        matrix = matrix.copy()
    file.position += size
    return DenseMatrix(matrix, dim)


def _read_quantized(file: _File, section: str, rows: int, dim: int) -> QuantizedMatrix:
    has_norms = _read_flag(file, section)
    m, n, n_codes = file.read(struct.Struct("<qqi"), section)
    if (m, n) != (rows, dim):
        raise file.wrong(section, f"is {m} x {n}, where {rows} x {dim} is expected")
    codes = _read_array(file, section, np.uint8, n_codes)
    quantizer = _read_quantizer(file, section, dim)
    if n_codes != m * quantizer.nsubq:
        raise file.wrong(section, f"has {n_codes:,} codes for {m:,} rows")
    if not has_norms:
        return QuantizedMatrix(codes, quantizer)
    norm_codes = _read_array(file, section, np.uint8, m)
    return QuantizedMatrix(
        codes, quantizer, norm_codes, _read_quantizer(file, section, 1).centroids
    )


def _read_quantizer(file: _File, section: str, dim: int) -> Quantizer:
    sizes = file.read(struct.Struct("<4i"), section)
    if sizes[0] != dim:
        raise file.wrong(section, f"has centroids of dimension {sizes[0]}, not {dim}")
    centroids = _read_array(file, section, np.float32, dim * CENTROIDS)
    quantizer = Quantizer(sizes[0], sizes[1], sizes[2], sizes[3], centroids)
    if not quantizer.is_sound():
        raise file.wrong(section, "has centroids whose sizes do not fit")
    return quantizer


def _read_array(file: _File, section: str, dtype: type[Scalar], n: int) -> NDArray[Scalar]:
    size = n * np.dtype(dtype).itemsize
    if n < 0 or size > file.size - file.position:
        raise file.wrong(section, f"needs {size:,} bytes, {file.size - file.position:,} are left")
    array = np.ndarray((n,), dtype, file.map, file.position).copy()
    file.position += size
    return array


# -------------------------------------------------------------------- writing


def head_bytes(
    args: ModelArgs, dictionary: Dictionary, pruned: NDArray[np.int32] | None = None
) -> bytes:
    """Return what comes before the matrices: magic, version, arguments and dictionary.

    ``pruned`` is ``Model.pruned``.
    """
    buckets = np.flatnonzero(pruned) if pruned is not None else np.zeros(0, np.int64)
    values = [getattr(args, name) for name in ModelArgs.__dataclass_fields__]
    values[6] = LOSSES[args.loss]
    values[7] = next(number for number, name in MODEL_NAMES.items() if name == args.model)
    parts = [
        struct.pack("<ii", MAGIC, VERSION),
        ARGS.pack(*values),
        DICTIONARY.pack(
            len(dictionary),
            dictionary.nwords,
            dictionary.nlabels,
            dictionary.ntokens,
            NOT_PRUNED if pruned is None else len(buckets),
        ),
    ]
    step = 1 << 14  # so many entries at a time, since Python takes 360 bytes for each
    for first in range(0, len(dictionary), step):
        last = min(first + step, len(dictionary))
        parts.append(b"".join(_entries_bytes(dictionary, first, last)))
    if pruned is not None:
        pairs = np.stack([buckets, pruned[buckets] - 1], axis=1)
        parts.append(pairs.astype("<i4").tobytes())
    return b"".join(parts)


def _entries_bytes(dictionary: Dictionary, first: int, last: int) -> Iterator[bytes]:
    entry = struct.Struct("<qb")
    counts = dictionary.counts[first:last].tolist()
    for i, word in enumerate(dictionary.entries(first, last)):
        yield word
        yield b"\0" + entry.pack(counts[i], first + i >= dictionary.nwords)


def quantized_bytes(matrix: QuantizedMatrix) -> bytes:
    """Return a quantized matrix as it stands in a file."""
    q = matrix.quantizer
    shape = struct.pack("<Bqqi", matrix.norms is not None, matrix.n_rows, q.dim, len(matrix.codes))
    parts = [shape, matrix.codes.tobytes(), _quantizer_bytes(q)]
    if matrix.norms is not None and matrix.norm_codes is not None:
        parts += [
            matrix.norm_codes.tobytes(),
            _quantizer_bytes(Quantizer(1, 1, 1, 1, matrix.norms)),
        ]
    return b"".join(parts)


def _quantizer_bytes(q: Quantizer) -> bytes:
    return struct.pack("<4i", q.dim, q.nsubq, q.dsub, q.lastdsub) + q.centroids.tobytes()


def output_rows(args: ModelArgs, dictionary: Dictionary) -> int:
    """Return the rows of the output matrix: a label's each, for word vectors a word's each."""
    return dictionary.nlabels if args.model == "sup" else dictionary.nwords


def file_size(args: ModelArgs, dictionary: Dictionary) -> int:
    """Return the exact size of a ``.bin`` file, in bytes."""
    n = len(dictionary)
    rows = dictionary.nwords + args.bucket + output_rows(args, dictionary)
    return 126 + 4 * args.dim * rows + int(dictionary.starts[n]) + 10 * n
