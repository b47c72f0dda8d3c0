"""Compressing a model: fewer rows, and codes instead of floats.

Joulin et al. (2016), FastText.zip: Compressing text classification models.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, ModelFormatError
from fastcli.fasttext.matrix import DenseMatrix, largest
from fastcli.fasttext.model import Model
from fastcli.fasttext.model_args import MOST
from fastcli.fasttext.model_size import OUTPUT_DSUB
from fastcli.fasttext.norms import nearest_levels, norm_levels
from fastcli.fasttext.quantized import CENTROIDS, QuantizedMatrix, Quantizer
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.linear import quantize as kernels
from fastcli.text.dictionary import EOS, Dictionary, gathered
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.fasttext.model_args import ModelArgs

ITERATIONS = 25
MOST_POINTS = CENTROIDS * 256  # that k-means looks at
SEED = 1234


@dataclass(frozen=True)
class Sizes:
    """How a quantized model is laid out; fastText's names."""

    dsub: int = 2
    qnorm: bool = False
    qout: bool = False

    def check(self, model: Model) -> None:
        """Raise ArgumentError if a model cannot be quantized this way."""
        if self.dsub < 1:
            raise ArgumentError(f"-dsub must be 1 or more, not {self.dsub}.")
        if model.args.model != "sup":
            raise ArgumentError(
                "For now we only support quantization of supervised models: "
                "this one holds word vectors."
            )
        if model.quantized:
            raise ArgumentError(
                "The model is quantized already: quantize the .bin it was made from."
            )
        if model.bucket_rows is None and model.wi.n_rows < CENTROIDS:
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
    """A model ready to be written as ``.ftz``: see ``save.quantized_model_bytes``."""

    model: Model
    wi: QuantizedMatrix
    wo: QuantizedMatrix | DenseMatrix


def quantize_model(
    model: Model, sizes: Sizes, n_threads: int, keep_zero: bool = False
) -> QuantizedModel:
    """Quantize the matrices of a model, all of its rows (see ``prune``).

    With ``keep_zero`` the rows have the codes that they would have among zero rows.  The same
    bytes on any number of threads.  Raises ArgumentError as ``Sizes.check`` does.
    """
    sizes.check(model)
    assert isinstance(model.wi, DenseMatrix)
    if model.wi.n_rows * -(-model.args.dim // sizes.dsub) > MOST:
        raise ArgumentError(
            f"{model.wi.n_rows:,} rows have more than {MOST} codes, which no file can hold: use "
            "-cutoff or a larger -dsub."
        )
    wi = quantize_matrix(model.wi, sizes.dsub, sizes.qnorm, n_threads, keep_zero)
    wo: QuantizedMatrix | DenseMatrix = model.wo
    if sizes.qout:
        wo = quantize_matrix(model.wo, OUTPUT_DSUB, sizes.qnorm, n_threads)
    return QuantizedModel(model, wi, wo)


def usable(quantized: QuantizedModel) -> Model:
    """Return a quantized model that can predict, as if it had been saved and loaded."""
    wo = quantized.wo
    if isinstance(wo, DenseMatrix):
        return replace(quantized.model, wi=quantized.wi, wo=wo)
    rows = DenseMatrix(wo.decode(), quantized.model.args.dim)
    return replace(quantized.model, wi=quantized.wi, wo=rows, wo_codes=wo)


def row_norms(matrix: DenseMatrix, n_threads: int) -> NDArray[np.float32]:
    """Return the lengths of the rows.

    Raises ModelFormatError if one is NaN or infinite.
    """
    norms = np.empty(matrix.n_rows, np.float32)
    matrix.check_unchanged()

    def work(thread: int) -> None:
        first, last = bounds(matrix.n_rows, thread, n_threads)
        rows = matrix.values[first * matrix.dim :]
        kernels.row_norms(rows, matrix.dim, last - first, norms[first:])

    run_apart(n_threads, work)
    if not math.isfinite(largest(norms)):
        row = int((~np.isfinite(norms)).argmax())
        raise ModelFormatError(
            f"The model cannot be quantized: row {row:,} of a matrix is NaN, infinite or too long. "
            "It is damaged, or its training diverged."
        )
    return norms


def quantize_matrix(
    matrix: DenseMatrix, dsub: int, qnorm: bool, n_threads: int, keep_zero: bool = False
) -> QuantizedMatrix:
    """Quantize a matrix.

    Rows that are zero (features that training never saw) stay zero, and centroids are trained on
    the others: a zero row has the norm zero or, without norms, a centroid of its own.  With
    ``keep_zero`` there is that norm or centroid even if no row is zero (any more).
    """
    lengths = row_norms(matrix, n_threads)
    used = np.flatnonzero(lengths)
    if not qnorm:
        has_zeros = keep_zero or len(used) < len(lengths)
        scale = np.ones_like(lengths)
        quantizer = _train(matrix, dsub, scale, used, has_zeros, n_threads)
        return QuantizedMatrix(
            codes=_encode(matrix, quantizer, scale, n_threads), quantizer=quantizer
        )
    scale = np.where(lengths > 0, lengths, np.float32(1))
    quantizer = _train(matrix, dsub, scale, used, False, n_threads)
    levels = norm_levels(np.append(lengths, np.float32(0)) if keep_zero else lengths)
    codes = _encode(matrix, quantizer, scale, n_threads)
    return QuantizedMatrix(
        codes=codes, quantizer=quantizer, norm_codes=nearest_levels(levels, lengths), norms=levels
    )


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
        clusters = kernels.Clusters(np.empty(CENTROIDS * (dsub + 1)), np.empty(CENTROIDS, np.int64))
        for m in range(thread, nsubq, n_threads):
            width = min(dsub, dim - m * dsub)
            rng = np.random.default_rng([SEED, m])
            # Too few rows that are not zero: some are taken more than once.
            some = rng.permutation(used)[:n] if len(used) else np.zeros(1, np.int64)
            own = centroids[m * CENTROIDS * dsub :]
            kernels.train_centroids(
                kernels.ScaledRows(matrix.values, dim, scale),
                m * dsub,
                kernels.Points(n, width, np.resize(some, n), points, codes),
                kernels.Lloyd(ITERATIONS, int(has_zeros), SEED + m),
                clusters,
                kernels.Centroids(own, turned, halves),
            )

    run_apart(n_threads, work)
    return Quantizer(
        dim=dim, nsubq=nsubq, dsub=dsub, lastdsub=dim - (nsubq - 1) * dsub, centroids=centroids
    )


def _encode(
    matrix: DenseMatrix, quantizer: Quantizer, scale: NDArray[np.float32], n_threads: int
) -> NDArray[np.uint8]:
    """Return the codes of all rows."""
    codes = np.empty(matrix.n_rows * quantizer.nsubq, np.uint8)

    def work(thread: int) -> None:
        first, last = bounds(matrix.n_rows, thread, n_threads)
        centroids = kernels.Centroids(
            quantizer.centroids,
            np.empty(CENTROIDS * matrix.dim, np.float32),
            np.empty(CENTROIDS * quantizer.nsubq, np.float32),
        )
        kernels.encode_rows(
            kernels.ScaledRows(matrix.values, matrix.dim, scale),
            first,
            last,
            quantizer.dsub,
            centroids,
            np.empty(quantizer.dsub, np.float32),
            codes,
        )

    run_apart(n_threads, work)
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
    """Return the input rows in the order in which a cutoff keeps them: see ``kept_order``."""
    assert isinstance(model.wi, DenseMatrix)
    eos = model.dictionary.find(EOS)
    return kept_order(
        row_norms(model.wi, n_threads), eos if 0 <= eos < model.dictionary.nwords else -1
    )


def kept_order(lengths: NDArray[np.float32], eos: int) -> NDArray[np.int64]:
    """Return rows in the order in which a cutoff keeps them: ``</s>`` (-1: none), the longest.

    Of rows as long as each other the first goes first.  Zero rows are left out: nothing is lost
    with them.  Where all are zero, all are kept.
    """
    order = np.argsort(-lengths, kind="stable")
    order = order[: np.count_nonzero(lengths) or len(order)]
    return order if eos < 0 else np.concatenate([[eos], order[order != eos]])


def prune(model: Model, rows: NDArray[np.int64]) -> Model:
    """Return a model with only some input rows; words and buckets without one are gone."""
    assert isinstance(model.wi, DenseMatrix)
    kept = np.sort(rows)
    values = model.wi.values.reshape(-1, model.args.dim)[kept].reshape(-1)
    wo = model.wo.values.copy()
    small = kept_model(model.args, model.dictionary, kept, values, wo, model.label)
    return replace(small, about=model.about, weight_prefix=model.weight_prefix)


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
    bucket_rows = np.zeros(max(args.bucket, 1), np.int32)
    bucket_rows[ngrams - nwords] = np.arange(1, len(ngrams) + 1)
    return Model(
        args=args,
        dictionary=_subset(dictionary, rows[is_word]),
        wi=DenseMatrix(values, args.dim),
        wo=DenseMatrix(wo, args.dim),
        label=label,
        bucket_rows=bucket_rows,
    )


def _subset(dictionary: Dictionary, words: NDArray[np.int64]) -> Dictionary:
    order = np.concatenate([words, np.arange(dictionary.nwords, len(dictionary))])
    starts, arena = gathered(dictionary.starts, dictionary.arena, order)
    return Dictionary(
        nwords=len(words),
        nlabels=dictionary.nlabels,
        ntokens=dictionary.ntokens,
        starts=starts,
        arena=arena,
        counts=dictionary.counts[order],
    )
