"""The scores and probabilities of labels for a line.

Numbers are computed to the bit as fastText does it (v0.9.2 without fused multiply-add): sums one
addition after the other, exponentials and logarithms rounded from float64.  Which of two labels
comes first is often a matter of the last bit, where there are many labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.losses import SOFTMAX
from fastcli.kernels.base.vector import (
    block_dots,
    divided,
    exact_exp,
    exact_log,
    half_block_dots,
    sum_in_order,
)
from fastcli.kernels.base.views import at

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I32, f32, i64

BLOCK = 64  # labels whose scores are computed together
FLOAT32_MAX = 3.4e38  # a little less than the largest float32
OFFSET = 1e-5  # what fastText adds to a probability before it takes the logarithm


class Outputs(Group):
    """What makes labels of a hidden row: output rows, and the loss that they were trained by."""

    blocks: F32  # the rows as fill_blocks copies them: [whole blocks of labels * dim]
    nlabels: i64
    dim: i64
    loss: i64
    children: I32  # [2 * nlabels], see tree.build_tree; of no meaning but with the loss hs


@kernel
def fill_blocks(wo: F32, nlabels: i64, dim: i64, blocks: F32) -> None:
    """Copy output rows to blocks of 64 labels, each dim x 64; zeros fill the last block."""
    for first in range(0, nlabels, BLOCK):
        for j in range(dim):
            to = first * dim + j * BLOCK
            for i in range(BLOCK):
                label = first + i
                blocks[to + i] = wo[label * dim + j] if label < nlabels else np.float32(0.0)


@device
def score_block(hidden: F32, outputs: Outputs, block: i64, out: F32) -> None:
    """Set the scores of a block of labels, of which ``out`` has all; beyond them to anything."""
    dim, first = outputs.dim, block * BLOCK
    if outputs.nlabels - first <= BLOCK // 2:
        half_block_dots(hidden, dim, at(outputs.blocks, first * dim), at(out, first))
    else:
        block_dots(hidden, dim, at(outputs.blocks, first * dim), at(out, first))


@device
def exact_sigmoid(x: f32) -> f32:
    """Return 1 / (1 + e**-x)."""
    one = np.float32(1.0)
    return divided(one, one + exact_exp(-x))


@device
def table_sigmoid(x: f32) -> f32:
    """Return the sigmoid in 512 steps over [-8, 8], 0 and 1 outside, as fastText tests with.

    It fills its table in float64, but for the exponential.
    """
    f = np.float32
    if x < f(-8.0):
        return f(0.0)
    if x > f(8.0):
        return f(1.0)
    step = int((x + f(8.0)) * f(32.0))
    return f(1.0 / (1.0 + float(exact_exp(f(8.0) - f(step) * f(0.03125)))))


@device
def label_scores(hidden: F32, outputs: Outputs, out: F32) -> None:
    """Set ``out[:nlabels]`` to the labels' scores; ``out`` has room for whole blocks."""
    for block in range((outputs.nlabels + BLOCK - 1) // BLOCK):
        score_block(hidden, outputs, block, out)


@device
def scores_to_probs(outputs: Outputs, out: F32) -> None:
    """Turn the labels' scores into their probabilities: softmax, or one sigmoid each."""
    nlabels = outputs.nlabels
    if outputs.loss != SOFTMAX:
        for label in range(nlabels):
            out[label] = table_sigmoid(out[label])
        return
    largest = out[0]
    for label in range(nlabels):
        largest = max(largest, out[label])
    for label in range(nlabels):
        out[label] = exact_exp(out[label] - largest)
    total = sum_in_order(out, nlabels)
    for label in range(nlabels):
        out[label] = divided(out[label], total)


@device
def label_probs(hidden: F32, outputs: Outputs, out: F32) -> None:
    """Set ``out[:nlabels]`` to the labels' probabilities: softmax, or one sigmoid each.

    ``out`` has room for whole blocks.
    """
    label_scores(hidden, outputs, out)
    scores_to_probs(outputs, out)


@device
def offset_log(p: f32) -> f32:
    """Return the logarithm of a probability plus 1e-5, as fastText compares probabilities."""
    return np.float32(exact_log(float(p) + OFFSET))


@device
def surely_worse(p: f32) -> f32:
    """Return a probability below which ``offset_log`` is less than that of ``p``.

    The logarithms are at most 11.6 in size, so float32 tells apart what differs by 1e-6.
    """
    return np.float32((float(p) + OFFSET) * (1.0 - 2e-6) - OFFSET)
