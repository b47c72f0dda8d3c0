"""The kernel that predicting with a linear model compiles."""

from __future__ import annotations

from fastcli.jit.build import compile_beside
from fastcli.kernels.linear.best import best_labels
from fastcli.kernels.text.lines import read_lines


def prepare() -> None:
    """Have the largest kernel compiled while the model is being loaded, if needed."""
    compile_beside(best_labels, read_lines)
