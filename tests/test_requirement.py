"""Requirements on a test, as a person writes them."""

import math
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation.comparison import OPERATORS, holds
from fastcli.evaluation.meter import Meter
from fastcli.evaluation.metric import parse_metric
from fastcli.evaluation.requirement import read_requirement

METRICS = st.sampled_from(["f1", "f1:a", "f1:a>=b", "f1macro", "loss", "precisionAtRecall:30:x"])
SIGNS = dict(zip(OPERATORS, (operator.ge, operator.le, operator.gt, operator.lt), strict=True))


@given(METRICS, st.sampled_from(OPERATORS), st.floats(0, 1), st.sampled_from(["", " "]))
def test_a_requirement_is_read_back(metric, sign, bound, space):
    found = read_requirement(f"{metric}{space}{sign}{space}{bound!r}")
    assert (found.metric, found.operator, found.bound) == (parse_metric(metric), sign, bound)


@given(st.text(st.sampled_from("f1macro:<>=.09 loss"), max_size=16))
def test_any_text_is_a_requirement_or_an_error(text):
    try:
        found = read_requirement(text)
    except ArgumentError:
        return
    assert found.operator in OPERATORS
    assert math.isfinite(found.bound)


@given(st.floats(), st.sampled_from(OPERATORS), st.floats(allow_nan=False))
def test_comparisons(value, sign, bound):
    assert holds(value, sign, bound) == SIGNS[sign](value, bound)
    assert not holds(math.nan, sign, bound)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loss<0.5", "loss is 2 on x.txt, and less than 0.5 is required."),
        ("loss <= 1.5", "loss is 2 on x.txt, and 1.5 or less is required."),
        ("loss<=2", ""),
        ("f1>=0", "f1 is undefined (nan) on x.txt, and 0 or more is required."),
    ],
)
def test_what_is_said(text, said):
    meter = Meter(nlabels=2)
    meter.add_losses(2, 4.0, 4.0)
    assert read_requirement(text).missed(meter, -1, "x.txt") == said
