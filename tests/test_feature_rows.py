"""Rows of numbers in blocks, and cells as numbers of their different values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.mlp import feature_rows
from fastcli.mlp.feature_rows import ROWS, RawRows
from fastcli.mlp.features import FeatureColumns, TableColumn
from fastcli.mlp.options import SCALES
from fastcli.tables.coded import Coded


@given(st.lists(st.integers(0, 700), max_size=9), st.integers(1, 3))
def test_rows_in_blocks_are_the_same_rows(sizes, width):
    numbers = np.arange(sum(sizes) * width, dtype=float).reshape(-1, width)
    parts = np.split(numbers, np.cumsum(sizes)[:-1]) if sizes else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feature_rows, "ROWS", 64)
        patch.setattr(feature_rows, "BLOCK", 64 * 8 * width)
        rows = RawRows(width)
        for part in parts:
            rows.add(part)
        assert len(rows) == len(numbers)
        assert np.array_equal(np.concatenate(rows.blocks()), numbers)
        assert {len(block) for block in rows.blocks()[:-1]} <= {64}
        kept = np.arange(len(numbers)) % 3 == 0
        some = rows.take_only(kept)
        assert np.array_equal(np.concatenate(some.blocks()), numbers[kept])
        assert len(rows) == 0
        assert np.array_equal(np.concatenate(list(some.take())), numbers[kept])
        assert len(some) == 0


@pytest.mark.parametrize("scaling", SCALES)
def test_blocks_are_standardised_as_a_whole_matrix(scaling, rng):
    """The same bytes, with words, missing numbers and a column that is constant."""
    raw = rng.normal(size=(3 * ROWS + 5, 4)) * 1e5
    raw[:, 1] = 7
    raw[::7, 2] = np.nan
    raw[:, 3] = rng.integers(-1, 2, len(raw))
    found = []
    for rows in (raw, RawRows.of(raw)):
        table = [TableColumn(str(i), i) for i in range(4)]
        table[2].may_lack, table[3].is_words, table[3].levels = True, True, ["a", "b"]
        columns = FeatureColumns("csv", ",", list("0123y"), 4, 6, table=table, width=5)
        columns.fit(rows, scaling)
        x = columns.standardize(rows, 16)
        assert x.shape == (len(raw), 16)
        found.append([one.tobytes() for one in (columns.mean, columns.scale, columns.fill, x)])
    assert found[0] == found[1]


def test_numbers_that_are_too_large_are_cut():
    columns = FeatureColumns("csv", ",", [], 1, 1)
    columns.fit(np.array([[0.0], [1e-20]]))
    x = columns.standardize(RawRows.of(np.array([[1e299], [-1e299], [0.5e-20]])))
    assert np.isfinite(x).all()
    assert x[0, 0] == -x[1, 0] > 1e29


@given(st.lists(st.sampled_from(["a", "", " b", ("a", "b"), "ä"]), max_size=20))
def test_coded_cells(cells):
    coded = Coded.of(cells)
    assert list(coded) == cells
    assert len(coded) == len(cells)
    assert list(coded[1:3]) == cells[1:3]
    assert list(coded[coded.is_empty]) == [cell for cell in cells if not cell]
    assert coded.values == list(dict.fromkeys(cells))
