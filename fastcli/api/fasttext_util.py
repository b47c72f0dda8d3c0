"""``fasttext.util``: scores of predictions, the nearest vector, and shorter vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from fastcli.errors import ArgumentError, FastcliError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.api.linear import FastText

ROWS_LOOKED_AT = 100_000  # of the input matrix, to find the directions in which it extends most
DOWNLOADS = "https://dl.fbaipublicfiles.com/fasttext/vectors-crawl/"


def test(
    predictions: Iterable[Iterable[str]],
    labels: Iterable[Collection[str]],
    k: int = 1,  # noqa: PT028  it is no test of ours
) -> tuple[float, float]:
    """Return precision and recall at k of predicted labels, by the true labels of each line.

    >>> test([["a"], ["b"]], [["a", "b"], ["c"]])
    (0.5, 0.3333333333333333)
    """
    n_right = n_lines = n_labels = 0
    for predicted, true in zip(predictions, labels, strict=False):
        n_right += sum(label in true for label in predicted)
        n_lines += 1
        n_labels += len(true)
    return n_right / (k * n_lines), n_right / n_labels


def find_nearest_neighbor(
    query: NDArray[Any],
    vectors: NDArray[Any],
    ban_set: Collection[int],
    cossims: NDArray[Any] | None = None,
) -> int:
    """Return the row of ``vectors`` (rows, dim) with the largest product with ``query`` (dim).

    Rows of ``ban_set`` are passed over; ``cossims`` (rows) is filled with the products.  Raises
    ArgumentError if there is no row left.
    """
    products = np.matmul(vectors, query, out=cossims)
    for row in np.argsort(-products, kind="stable"):
        if row not in ban_set:
            return int(row)
    raise ArgumentError("There is no vector that is not in ban_set.")


def reduce_model(ft_model: FastText, target_dim: int) -> FastText:
    """Shorten the vectors of a model to ``target_dim`` numbers, in place, and return it.

    Both matrices are projected to the principal components of the first 100,000 rows of the input
    matrix.  Raises ArgumentError for a quantized model and for a size that it cannot have.
    """
    inputs = ft_model.get_input_matrix()
    dim = inputs.shape[1]
    if not 1 <= target_dim <= dim:
        raise ArgumentError(f"target_dim must be from 1 to {dim}, not {target_dim}.")
    sample = inputs[:ROWS_LOOKED_AT].astype(np.float64)
    sample -= sample.mean(axis=0)
    _, directions = np.linalg.eigh(sample.T @ sample)  # the largest variance last
    chosen = directions[:, ::-1][:, :target_dim].astype(np.float32)
    ft_model.set_matrices(inputs @ chosen, ft_model.get_output_matrix() @ chosen)
    return ft_model


def download_model(lang_id: str, if_exists: str = "strict", dimension: Any = None) -> NoReturn:
    """Raise FastcliError, which says where the vectors of a language are: nothing is fetched."""
    file = f"cc.{lang_id}.300.bin"
    raise FastcliError(
        f"fastcli does not download models: get {DOWNLOADS}{file}.gz, gunzip it, and open it with "
        f"load_model({file!r})."
    )
