"""What a neural network is trained on, whatever it was read from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.evaluation.weights import ClassWeight, Weights, weights_for
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.examples import Examples
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.targets import Targets

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary


@dataclass(kw_only=True)
class TrainingData:
    """All that was read: training and validation examples, and how to read more like them.

    ``args`` are those of training, with what the data decided of them, which ``defaults`` says.
    """

    args: MlpArgs
    defaults: str
    examples: Examples
    valid: Examples | None
    n_in: int
    names: list[bytes]
    n_rows: int = 0
    embedding: Callable[[int, int], NDArray[np.float32]] | None = None
    dictionary: Dictionary | None = None
    bucket_rows: NDArray[np.int32] | None = None
    columns: FeatureColumns | None = None
    augment: Callable[[int], Examples] | None = None
    targets: Targets | None = None  # of regression, whose names are those of ``names``


def label_weights(
    args: MlpArgs,
    asked: ClassWeight | None,
    names: Sequence[str],
    examples: Examples,
    of_lines: NDArray[np.float64] | None,
    note: Callable[[str], None],
    min_count: int = 0,
) -> Weights | None:
    """Return the weights of training examples and labels: see ``weights_for``."""
    return weights_for(
        asked,
        names,
        examples.labels,
        examples.label_offsets[: examples.n + 1],
        of_lines,
        prefix=args.label,
        weight_prefix=args.weight_prefix,
        has_former=bool(args.input_model),
        min_count=min_count,
        note=note,
    )
