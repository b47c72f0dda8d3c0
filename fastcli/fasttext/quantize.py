"""Making a model small: fewer rows, and codes instead of floats.

Joulin et al. (2016), FastText.zip: Compressing text classification models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.fasttext.args import MOST
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.fasttext.norms import nearest_levels, norm_levels
from fastcli.fasttext.quantized import CENTROIDS, QuantizedMatrix, Quantizer
from fastcli.kernels import dictionary as dictionary_kernels
from fastcli.kernels import quantize as kernels
from fastcli.text.dictionary import EOS, Dictionary
from fastcli.threads import run_on, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.args import ModelArgs

ITERATIONS = 25
MOST_POINTS = CENTROIDS * 256  # that k-means looks at
SEED = 1234
OUTPUT_DSUB = 2
HEAD = 92 + 2  # bytes of a file before the words, and the flags of the two matrices


class TooLarge(ArgumentError):
    """No model of this kind is as small as asked for."""


@dataclass(frozen=True)
class Sizes:
    """How a quantized model is laid out; fastText's names."""

    dsub: int = 2
    qnorm: bool = False
    qout: bool = False

    def check(self, model: Model) -> None:
        """Raise ArgumentError where a model cannot be quantized this way."""
        if self.dsub < 1:
            raise ArgumentError(f"-dsub must be 1 or more, not {self.dsub}.")
        if model.args.model != "sup":
            raise ArgumentError(
                "For now we only support quantization of supervised models: "
                "this one holds word vectors."
            )
        if model.quantized:
            raise ArgumentError("The model is quantized already: quantize the .bin it was made of.")
        if model.wi.n_rows < CENTROIDS:
            raise ArgumentError(
                f"Matrix too small for quantization, must have at least {CENTROIDS} rows: "
                f"this one has {model.wi.n_rows}, and its .bin is small enough."
            )
        if self.qout and model.nlabels < CENTROIDS:
            raise ArgumentError(
                f"Matrix too small for quantization, must have at least {CENTROIDS} rows: "
                f"the model has {model.nlabels} labels, so leave -qout out."
            )


@dataclass(frozen=True)
class QuantizedModel:
    """A model ready to be written as ``.ftz``: see ``save.save_quantized``."""

    model: Model
    wi: QuantizedMatrix
    wo: QuantizedMatrix | DenseMatrix


def quantize_model(model: Model, sizes: Sizes, n_threads: int) -> QuantizedModel:
    """Quantize the matrices of a model (its rows are what they are: see ``prune``).

    The same bytes on any number of threads.  Raises ArgumentError as ``Sizes.check`` does.
    """
    sizes.check(model)
    assert isinstance(model.wi, DenseMatrix)
    if model.wi.n_rows * -(-model.args.dim // sizes.dsub) > MOST:
        raise ArgumentError(
            f"{model.wi.n_rows:,} rows have more than {MOST} codes, which no file can hold: use "
            "-cutoff or a larger -dsub."
        )
    wi = quantize_matrix(model.wi, sizes.dsub, sizes.qnorm, n_threads)
    wo: QuantizedMatrix | DenseMatrix = model.wo
    if sizes.qout:
        wo = quantize_matrix(model.wo, OUTPUT_DSUB, sizes.qnorm, n_threads)
    return QuantizedModel(model, wi, wo)


def usable(quantized: QuantizedModel) -> Model:
    """Return a quantized model as one that predicts, as if it had been saved and loaded."""
    wo = quantized.wo
    if isinstance(wo, QuantizedMatrix):
        wo = DenseMatrix(wo.decode(), quantized.model.args.dim)
    return replace(quantized.model, wi=quantized.wi, wo=wo)


def row_norms(matrix: DenseMatrix, n_threads: int) -> NDArray[np.float32]:
    """Return the lengths of the rows."""
    norms = np.empty(matrix.n_rows, np.float32)
    run_on(
        n_threads,
        lambda thread: kernels.row_norms(
            matrix.values, matrix.dim, *share(matrix.n_rows, thread, n_threads), norms
        ),
    )
    return norms


def quantize_matrix(matrix: DenseMatrix, dsub: int, qnorm: bool, n_threads: int) -> QuantizedMatrix:
    """Quantize a matrix of 256 rows or more.

    Rows that are zero (features that training never saw) stay zero: a centroid is kept for them,
    and the others are trained on the rows that are not.
    """
    lengths = row_norms(matrix, n_threads)
    used = np.flatnonzero(lengths)
    has_zeros = len(used) < len(lengths)
    scale = np.where(lengths > 0, lengths, 1).astype(np.float32) if qnorm else np.ones_like(lengths)
    # With norms, that of a zero row is zero, whatever its direction.
    quantizer = _train(matrix, dsub, scale, used, has_zeros and not qnorm, n_threads)
    codes = _encode(matrix, quantizer, scale, n_threads)
    if not qnorm:
        return QuantizedMatrix(codes, quantizer)
    levels = norm_levels(lengths)
    return QuantizedMatrix(codes, quantizer, nearest_levels(levels, lengths), levels)


def _train(
    matrix: DenseMatrix,
    dsub: int,
    scale: NDArray[np.float32],
    used: NDArray[np.int64],
    has_zeros: bool,
    n_threads: int,
) -> Quantizer:
    """Find the centroids of every sub-vector of the rows ``used``."""
    dim = matrix.dim
    dsub = min(dsub, dim)
    nsubq = -(-dim // dsub)
    centroids = np.zeros(dim * CENTROIDS, np.float32)
    n = max(min(len(used), MOST_POINTS), CENTROIDS)
    n_threads = min(n_threads, nsubq)

    def work(thread: int) -> None:
        points = np.empty(n * dsub, np.float32)
        codes = np.empty(n, np.uint8)
        turned = np.empty(CENTROIDS * dsub, np.float32)
        halves = np.empty(CENTROIDS, np.float32)
        sums = np.empty(CENTROIDS * dsub)
        counts = np.empty(CENTROIDS, np.int64)
        for m in range(thread, nsubq, n_threads):
            width = min(dsub, dim - m * dsub)
            rng = np.random.default_rng([SEED, m])
            # Too few rows that are not zero: some are taken more than once.
            some = rng.permutation(used)[:n] if len(used) else np.zeros(1, np.int64)
            kernels.train_centroids(
                matrix.values,
                dim,
                m * dsub,
                width,
                scale,
                np.resize(some, n),
                n,
                ITERATIONS,
                int(has_zeros),
                SEED + m,
                points,
                codes,
                turned,
                halves,
                sums,
                counts,
                centroids[m * CENTROIDS * dsub :],
            )

    run_on(n_threads, work)
    return Quantizer(dim, nsubq, dsub, dim - (nsubq - 1) * dsub, centroids)


def _encode(
    matrix: DenseMatrix, quantizer: Quantizer, scale: NDArray[np.float32], n_threads: int
) -> NDArray[np.uint8]:
    """Return the codes of all rows."""
    codes = np.empty(matrix.n_rows * quantizer.nsubq, np.uint8)

    def work(thread: int) -> None:
        first, last = share(matrix.n_rows, thread, n_threads)
        kernels.encode_rows(
            matrix.values,
            matrix.dim,
            quantizer.dsub,
            scale,
            first,
            last,
            quantizer.centroids,
            np.empty(CENTROIDS * matrix.dim, np.float32),
            np.empty(CENTROIDS * quantizer.nsubq, np.float32),
            np.empty(quantizer.dsub, np.float32),
            codes,
        )

    run_on(n_threads, work)
    return codes


# ------------------------------------------------------------------- fewer rows


def check_cutoff(cutoff: int, target_size: int) -> None:
    """Raise ArgumentError for a cutoff or a size that no model can have."""
    if 0 < cutoff < CENTROIDS:
        raise ArgumentError(
            f"Matrix too small for quantization, must have at least {CENTROIDS} rows: "
            f"-cutoff {cutoff} would keep fewer."
        )
    if cutoff < 0 or target_size < 0:
        raise ArgumentError("-cutoff and --target-size must not be negative.")


def by_norm(model: Model, n_threads: int) -> NDArray[np.int64]:
    """Return the input rows in the order in which a cutoff keeps them: ``</s>``, then the longest.

    Of rows as long as each other the first goes first.
    """
    assert isinstance(model.wi, DenseMatrix)
    order = np.argsort(-row_norms(model.wi, n_threads), kind="stable")
    eos = model.dictionary.find(EOS)
    if 0 <= eos < model.dictionary.nwords:
        order = np.concatenate([[eos], order[order != eos]])
    return order


def prune(model: Model, rows: NDArray[np.int64]) -> Model:
    """Return a model with only some input rows; words and buckets without one are gone."""
    assert isinstance(model.wi, DenseMatrix)
    kept = np.sort(rows)
    values = model.wi.values.reshape(-1, model.args.dim)[kept].reshape(-1)
    wo = model.wo.values.copy()
    small = kept_model(model.args, model.dictionary, kept, values, wo, model.label)
    return replace(small, about=model.about)


def kept_model(
    args: ModelArgs,
    dictionary: Dictionary,
    rows: NDArray[np.int64],
    values: NDArray[np.float32],
    wo: NDArray[np.float32],
    label: str,
) -> Model:
    """Return the model that has the input rows ``rows`` (rising), with those values, alone."""
    nwords = dictionary.nwords
    is_word = rows < nwords
    ngrams = rows[~is_word]
    pruned = np.zeros(max(args.bucket, 1), np.int32)
    pruned[ngrams - nwords] = np.arange(1, len(ngrams) + 1)
    return Model(
        args,
        _subset(dictionary, rows[is_word]),
        DenseMatrix(values, args.dim),
        DenseMatrix(wo, args.dim),
        label,
        pruned=pruned,
    )


def _subset(dictionary: Dictionary, words: NDArray[np.int64]) -> Dictionary:
    order = np.concatenate([words, np.arange(dictionary.nwords, len(dictionary))])
    sizes = np.diff(dictionary.starts)[order]
    starts = np.empty(len(order) + 1, np.int64)
    arena = np.empty(int(sizes.sum()) + 1, np.uint8)
    dictionary_kernels.gather_entries(
        dictionary.starts, dictionary.arena, order, len(order), starts, arena
    )
    return Dictionary(
        len(words),
        dictionary.nlabels,
        dictionary.ntokens,
        starts,
        arena,
        dictionary.counts[order],
    )


def matrix_size(rows: int, dim: int, dsub: int, qnorm: bool) -> int:
    """Return the bytes of a quantized matrix in a file."""
    size = 1 + 8 + 8 + 4 + rows * -(-dim // dsub) + 16 + 4 * dim * CENTROIDS
    return size + (rows + 16 + 4 * CENTROIDS if qnorm else 0)


def cutoff_for(
    args: ModelArgs,
    dictionary: Dictionary,
    order: NDArray[np.int64],
    sizes: Sizes,
    target: int,
) -> int:
    """Return how many rows, in an order, a file of at most ``target`` bytes holds.

    Raises ArgumentError where that is less than 256.
    """
    dim = args.dim
    entry_sizes = np.diff(dictionary.starts) + 10
    fixed = HEAD + int(entry_sizes[dictionary.nwords :].sum())
    fixed += matrix_size(0, dim, sizes.dsub, sizes.qnorm)
    if sizes.qout:
        fixed += matrix_size(dictionary.nlabels, dim, OUTPUT_DSUB, sizes.qnorm)
    else:
        fixed += 16 + 4 * dim * dictionary.nlabels
    is_word = order < dictionary.nwords
    row_sizes = np.full(len(order), 8, np.int64)
    row_sizes[is_word] = entry_sizes[order[is_word]]
    row_sizes += -(-dim // sizes.dsub) + int(sizes.qnorm)
    ends = fixed + np.cumsum(row_sizes)
    n = int(np.searchsorted(ends, target, side="right"))
    if len(ends) < CENTROIDS:
        raise TooLarge(
            f"Matrix too small for quantization, must have at least {CENTROIDS} rows: "
            f"there are {len(ends)}, and the .bin is small enough."
        )
    if n < CENTROIDS:
        raise TooLarge(
            "Couldn't fulfil model size constraint: the smallest model of this kind has "
            f"{int(ends[CENTROIDS - 1]):,} bytes; {target:,} are asked for."
        )
    return n


def _squared_error(matrix: DenseMatrix, codes: QuantizedMatrix) -> float:
    """Return by how much the rows that codes stand for differ from those of a matrix."""
    error, step = 0.0, max(1, (1 << 20) // matrix.dim)
    features = np.arange(step, dtype=np.int32)
    offsets = np.arange(step + 1, dtype=np.int64)
    for first in range(0, matrix.n_rows, step):
        n = min(step, matrix.n_rows - first)
        decoded = codes.means(features + np.int32(first), offsets, 0, n)
        wanted = matrix.values[first * matrix.dim : (first + n) * matrix.dim]
        error += float(((decoded - wanted) ** 2).sum(dtype=np.float64))
    return error


def fit_to_size(
    model: Model, order: NDArray[np.int64], sizes: Sizes, target: int, n_threads: int
) -> tuple[Sizes, int]:
    """Choose dsub and cutoff for a file of at most ``target`` bytes.

    A larger dsub leaves room for more rows, each less exact; the one is taken with the least
    squared error over all rows, those that are dropped included.  Raises ArgumentError where
    the target is too small for any.
    """
    assert isinstance(model.wi, DenseMatrix)
    energy = row_norms(model.wi, n_threads)[order].astype(np.float64) ** 2
    best: tuple[float, Sizes, int] | None = None
    refusal: ArgumentError | None = None
    for dsub in sorted({min(d, model.args.dim) for d in (2, 4, 8, 16)}):
        tried = replace(sizes, dsub=dsub)
        try:
            n = cutoff_for(model.args, model.dictionary, order, tried, target)
        except ArgumentError as error:
            refusal = error
            continue
        rows = np.sort(order[:n])
        values = model.wi.values.reshape(-1, model.args.dim)[rows].reshape(-1)
        kept = DenseMatrix(values, model.args.dim)
        codes = quantize_matrix(kept, dsub, sizes.qnorm, n_threads)
        lost = float(energy[n:].sum()) + _squared_error(kept, codes)
        if best is None or lost < best[0]:
            best = lost, tried, n
        if n == len(order):
            break  # all rows fit, and a larger dsub is only less exact
    if best is None:
        assert refusal is not None
        raise refusal
    return best[1], best[2]
