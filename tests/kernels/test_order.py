"""The order of an epoch: a permutation in two levels, of seed and epoch alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.kernels.linear.order import draw_order
from tests import naive


def draw(n_lines, per_block=4, n_windows=1, seed=0, epoch=0):
    blocks = np.empty(-(-n_lines // per_block), np.int32)
    order = np.full(n_lines, -1, np.int32)
    draw_order(n_lines, per_block, n_windows, seed, epoch, blocks, order)
    return order


SHAPES = {
    "n_lines": st.integers(0, 90),
    "per_block": st.integers(1, 9),
    "n_windows": st.integers(1, 5),
    "seed": st.integers(-(2**31), 2**31),
    "epoch": st.integers(0, 1000),
}


@given(**SHAPES)
def test_the_order_is_that_of_the_twin(n_lines, per_block, n_windows, seed, epoch):
    comp = draw(n_lines, per_block, n_windows, seed, epoch)
    assert comp.tolist() == naive.draw_order(n_lines, per_block, n_windows, seed, epoch)


@given(**SHAPES)
def test_every_line_comes_once(n_lines, per_block, n_windows, seed, epoch):
    order = draw(n_lines, per_block, n_windows, seed, epoch)
    assert sorted(order.tolist()) == list(range(n_lines))


def test_a_window_holds_whole_blocks():
    order = draw(90, per_block=6, n_windows=5)
    blocks = [sorted(set((window // 6).tolist())) for window in order.reshape(5, 18)]
    assert sorted(np.concatenate(blocks).tolist()) == list(range(15))
    assert all(len(numbers) == 3 for numbers in blocks)
    assert any(numbers[2] - numbers[0] > 2 for numbers in blocks)  # from all over the file


@pytest.mark.parametrize(("n_windows", "per_block"), [(1, 4), (1, 100), (5, 1)])
def test_one_window_and_blocks_of_one_line_are_plain_shuffles(n_windows, per_block):
    # Each line comes at each of the 20 turns about equally often: 100 times in 2,000 epochs,
    # with a standard deviation of 9.7.
    found = np.zeros((20, 20))
    for epoch in range(2000):
        found[draw(20, per_block, n_windows, seed=3, epoch=epoch), np.arange(20)] += 1
    assert abs(found - 100).max() < 5 * 9.7


def test_epochs_and_seeds_differ():
    orders = {draw(50, seed=seed, epoch=epoch).tobytes() for seed in range(9) for epoch in range(9)}
    assert len(orders) == 81
