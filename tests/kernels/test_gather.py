"""Putting lines together, against plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.prepare.lines import Heads, gathered, line_bounds

LINES = st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\n", b"\r") + b"\n"), max_size=9)


@settings(max_examples=200, deadline=None)
@given(LINES, st.lists(st.binary(max_size=5), min_size=1, max_size=3), st.data())
def test_lines_in_any_order_with_heads(lines, heads, data):
    block = b"".join(lines)
    bounds = line_bounds(block)
    assert bounds.tolist() == np.cumsum([0, *map(len, lines)]).tolist()
    places = st.integers(0, len(lines) - 1)
    order = data.draw(st.lists(places, max_size=12)) if lines else []
    of = [data.draw(st.integers(0, len(heads) - 1)) for _ in lines]
    found = gathered(block, bounds, np.array(order, np.intp), Heads(heads, np.array(of, np.int64)))
    assert found == b"".join([heads[of[i]] + lines[i] for i in order])
    plain = gathered(block, bounds, np.array(order, np.intp))
    assert plain == b"".join([lines[i] for i in order])
