"""What predicting with a linear model compiles."""

from __future__ import annotations

from fastcli.kernels._build import compile_beside
from fastcli.kernels.lines import read_lines
from fastcli.kernels.predict import best_labels


def prepare() -> None:
    """Have the largest kernel compiled while the model is being loaded, if need be."""
    compile_beside(best_labels, read_lines)
