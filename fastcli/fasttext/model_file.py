"""The layout of ``.bin`` and ``.ftz`` files, fastText's, versions 11 and 12: reading, and packing.

Everything a file claims is checked against its size before memory is allocated for it, and an
error names the section that is wrong.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fastcli.contents import READ_WHOLE, Contents, read_or_map
from fastcli.errors import FastcliError, MissingModel, ModelFormatError, cannot_open
from fastcli.fasttext.headers import ARGS, DICTIONARY, is_floret
from fastcli.fasttext.matrix import DenseMatrix, largest
from fastcli.fasttext.model import Model
from fastcli.fasttext.model_args import LOSS_NAMES, MODEL_NAMES, MOST, ModelArgs
from fastcli.fasttext.model_bytes import MATRIX, NOT_PRUNED, VERSION, output_rows
from fastcli.fasttext.quantized import CENTROIDS, QuantizedMatrix, Quantizer
from fastcli.fasttext.sidecar import DEFAULT_LABEL, check_about, read_about
from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.text import dictionary as kernels
from fastcli.memory import check_room, size_text
from fastcli.text.dictionary import Dictionary
from fastcli.text.inputs import MODEL_MAGIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

COPIED = 1 << 24  # arrays of fewer bytes are copied out of the file
COPIED_OF_MAPS = 1 << 16  # the same, where the caller asked for a map
ENTRY_ROOM = 57  # bytes of memory that an entry of the dictionary takes, its letters aside
MOST_TIMES, SMALL = 16, 64_000_000  # decoded output rows: times the file, or bytes in any case
NOT_FINITE = "holds numbers that are NaN or infinite"


class _File:
    """A model file and a position in it."""

    def __init__(self, source: str | Contents) -> None:
        self.contents = open_model(source)
        self.path = self.contents.path
        if not self.contents.head.startswith(MODEL_MAGIC):  # a pipe is not read any further
            raise self.no_model()
        self.data = self.contents.data
        self.size = len(self.data)
        self.position = 0

    def no_model(self) -> ModelFormatError:
        """Return the error of a file that is something else."""
        from fastcli.fasttext.foreign import what_it_is

        return ModelFormatError(f"{self.path} has wrong file format! {what_it_is(self.contents)}")

    @property
    def mapped(self) -> Contents | None:
        """The contents, if they are mapped: otherwise they stay as they are."""
        return self.contents if self.contents.is_mapped else None

    @property
    def left(self) -> int:
        """The bytes that have not been read."""
        return self.size - self.position

    def wrong(self, section: str, reason: str) -> ModelFormatError:
        return ModelFormatError(
            f"{self.path} is damaged: its {section} {reason}. "
            "Copy or train the model again; the file is not usable."
        )

    def read(self, layout: struct.Struct, section: str) -> tuple[Any, ...]:
        if self.position + layout.size > self.size:
            raise self.wrong(
                section, f"would go beyond its {self.size:,} bytes: the file was truncated"
            )
        values = layout.unpack_from(self.data.data, self.position)
        self.position += layout.size
        return values


def open_model(source: str | Contents, mapped: bool | None = None) -> Contents:
    """Open a model, unless it is open already; its bytes are not read yet.

    ``mapped`` is as in ``Contents``.  Raises ModelFormatError if it cannot be opened, which says
    what may be meant.
    """
    try:
        return read_or_map(source, mapped)
    except FastcliError:  # a ValueError, too
        raise
    except FileNotFoundError as error:
        from fastcli.fasttext.foreign import beside

        sentence = f"{cannot_open(source, error, 'loading')} {beside(str(source))}"
        raise MissingModel(sentence.rstrip()) from None
    except (OSError, ValueError) as error:
        raise ModelFormatError(cannot_open(source, error, "loading")) from None


def load_model(source: str | Contents) -> Model:
    """Load a ``.bin`` or ``.ftz`` model; the matrices of a large file are mapped.

    Raises ModelFormatError for anything but a complete and valid model, and FastcliError for what
    needs more memory than there is.
    """
    file = _File(source)
    path = file.path
    if file.size < 8:
        raise file.no_model()
    _, version = file.read(struct.Struct("<ii"), "header")
    if version not in (11, VERSION):
        raise ModelFormatError(
            f"{path} has wrong file format! Its version is {version}; 11 and {VERSION} are known."
        )
    if is_floret(file.contents.head):
        raise file.no_model()
    args = _read_args(file, version)
    dictionary, n_kept = _read_dictionary(file)
    bucket_rows = None if n_kept == NOT_PRUNED else _read_pruning(file, n_kept, args.bucket)
    quantized = _read_flag(file, "input matrix")
    if bucket_rows is not None and not quantized:
        raise file.wrong("dictionary", "is pruned, which only quantized models have")
    if dictionary.nwords + args.bucket > MOST:
        raise file.wrong(
            "arguments", f"have {args.bucket:,} buckets, too many together with its words"
        )
    n_ngrams = args.bucket if bucket_rows is None else n_kept
    read = _read_quantized if quantized else _read_matrix
    wi = read(file, "input matrix", dictionary.nwords + n_ngrams, args.dim)
    rows = output_rows(args, dictionary)
    codes = None
    if _read_flag(file, "output matrix") and quantized:
        codes = _read_quantized(file, "output matrix", rows, args.dim)
        wo = _decoded(file, codes)
    else:
        wo = _read_matrix(file, "output matrix", rows, args.dim)
    _check_numbers(file, "output matrix", wo.values)
    if file.left:
        raise file.wrong("end", f"is followed by {file.left:,} more bytes")
    about, warning = read_about(path, file.data) if file.contents.is_regular else ({}, "")
    check_about(about, path)
    label = about.get("label", DEFAULT_LABEL)
    return Model(
        args=args,
        dictionary=dictionary,
        wi=wi,
        wo=wo,
        wo_codes=codes,
        label=label,
        weight_prefix=about.get("arguments", {}).get("weight_prefix", ""),
        about=about,
        bucket_rows=bucket_rows,
        warning=warning,
    )


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


def _read_dictionary(file: _File) -> tuple[Dictionary, int]:
    """Read the dictionary, and how many n-grams pruning left, or NOT_PRUNED."""
    size, nwords, nlabels, ntokens, pruned = file.read(DICTIONARY, "dictionary")
    if nwords < 0 or nlabels < 0 or size != nwords + nlabels:
        raise file.wrong("dictionary", f"has {size} entries but {nwords} words, {nlabels} labels")
    if size * 10 > file.left:
        raise file.wrong("dictionary", f"should have {size:,} entries, more than the file holds")
    check_room(size * ENTRY_ROOM, f"The {size:,} words and labels of {file.path}")
    starts = np.zeros(size + 1, np.int64)
    counts = np.zeros(size + 1, np.int64)
    kinds = np.zeros(size + 1, np.uint8)
    # Few files have words this long; for them the bytes of the file are bound enough.
    room = min(file.left, 1 << 16)
    while True:
        arena = np.zeros(room + 1, np.uint8)
        text, entries = Text(file.data, file.size), Strings(starts, arena)
        end = kernels.read_entries(text, file.position, size, entries, room, counts, kinds)
        if end != -2:
            break
        room = min(file.left, 4 * room)
    if end < 0:
        raise file.wrong("dictionary", "is cut off")
    file.position = end
    expected = np.arange(size) >= nwords
    if not np.array_equal(kinds[:size], expected):
        raise file.wrong("dictionary", "has words and labels in the wrong order")
    dictionary = Dictionary(
        nwords=nwords,
        nlabels=nlabels,
        ntokens=ntokens,
        starts=starts,
        arena=arena,
        counts=counts[:size],
    )
    if dictionary.first_duplicate >= 0:
        raise file.wrong("dictionary", f"has entry {dictionary.first_duplicate} twice")
    return dictionary, pruned


def _read_pruning(file: _File, n: int, bucket: int) -> NDArray[np.int32]:
    if n < 0 or 8 * n > file.left:
        raise file.wrong("dictionary", f"should keep {n:,} n-grams, more than the file holds")
    pairs = np.ndarray((n, 2), "<i4", file.data, file.position).copy()
    file.position += 8 * n
    buckets, rows = pairs[:, 0], pairs[:, 1]
    are_sound = (buckets >= 0) & (buckets < bucket) & (rows >= 0) & (rows < n)
    if not are_sound.all() or len(np.unique(buckets)) != n:
        raise file.wrong("dictionary", "names n-grams that the model cannot have")
    bucket_rows = np.zeros(max(bucket, 1), np.int32)  # untouched memory is not taken
    bucket_rows[buckets] = rows + 1
    return bucket_rows


def _read_flag(file: _File, section: str) -> bool:
    (flag,) = file.read(struct.Struct("<B"), section)
    if flag not in (0, 1):
        raise file.wrong(section, f"starts with {flag} instead of 0 or 1")
    return bool(flag)


def _read_matrix(file: _File, section: str, rows: int, dim: int) -> DenseMatrix:
    m, n = file.read(MATRIX, section)
    if (m, n) != (rows, dim):
        raise file.wrong(section, f"is {m} x {n}, where {rows} x {dim} is expected")
    matrix = _read_array(file, section, np.float32, m * n)
    return DenseMatrix(matrix, dim, file.mapped)


def _decoded(file: _File, codes: QuantizedMatrix) -> DenseMatrix:
    """Return the rows of an output matrix, unless the file has far fewer bytes for them.

    fastText's output matrices have two floats a code: eight bytes a byte.
    """
    dim, n_bytes = codes.quantizer.dim, 4 * codes.quantizer.dim * codes.n_rows
    if n_bytes > max(MOST_TIMES * file.size, SMALL):
        raise file.wrong(
            "output matrix",
            f"would take {size_text(n_bytes)} of memory, {n_bytes // file.size} times the file",
        )
    check_room(n_bytes, f"The output matrix of {file.path}")
    return DenseMatrix(codes.decode(), dim)


def _check_numbers(file: _File, section: str, values: NDArray[np.float32]) -> None:
    """Raise ModelFormatError for NaN or infinite numbers, where the check is cheap."""
    if values.nbytes <= READ_WHOLE and not math.isfinite(largest(values)):
        raise file.wrong(section, NOT_FINITE)


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
        return QuantizedMatrix(codes=codes, quantizer=quantizer, contents=file.mapped)
    norm_codes = _read_array(file, section, np.uint8, m)
    norms = _read_quantizer(file, section, 1).centroids
    return QuantizedMatrix(
        codes=codes, quantizer=quantizer, norm_codes=norm_codes, norms=norms, contents=file.mapped
    )


def _read_quantizer(file: _File, section: str, dim: int) -> Quantizer:
    sizes = file.read(struct.Struct("<4i"), section)
    if sizes[0] != dim:
        raise file.wrong(section, f"has centroids of dimension {sizes[0]}, not {dim}")
    centroids = _read_array(file, section, np.float32, dim * CENTROIDS)
    quantizer = Quantizer(
        dim=sizes[0], nsubq=sizes[1], dsub=sizes[2], lastdsub=sizes[3], centroids=centroids
    )
    if not quantizer.is_sound():
        raise file.wrong(section, "has centroids whose sizes do not match")
    _check_numbers(file, section, centroids)
    return quantizer


def _read_array(file: _File, section: str, dtype: type[Scalar], n: int) -> NDArray[Scalar]:
    """Return n numbers; a copy if n is small, so that they are aligned and outlive the file."""
    size = n * np.dtype(dtype).itemsize
    if n < 0 or size > file.left:
        raise file.wrong(section, f"needs {size:,} bytes, {file.left:,} are left")
    array = np.ndarray((n,), dtype, file.data, min(file.position, file.size - size))
    file.position += size
    least = COPIED_OF_MAPS if file.contents.wants_map else COPIED
    return array.copy() if size < least else array
