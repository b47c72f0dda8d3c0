"""Values of JSON and TOML against their schema: what fits is built, all else is one sentence."""

from __future__ import annotations

import doctest
import json
import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli import schema
from fastcli.schema import Range, SchemaError, build, parse_json


@dataclass(frozen=True)
class Point:
    x: Annotated[int, Range(0, 9)]
    y: float = 0.5


@dataclass
class Everything:
    name: str
    points: list[Point]
    pairs: tuple[int, ...] = ()
    on: bool = False
    kind: Literal["csv", "libsvm"] = "csv"
    base: Literal[0, 1] = 0
    maybe: Point | None = None
    free: dict[str, Any] = field(default_factory=dict)
    measured: Annotated[float, Range(nan=True)] = math.nan


GOOD = {
    "name": "a",
    "points": [{"x": 1, "y": 2}],
    "pairs": [1, 2],
    "on": True,
    "kind": "libsvm",
    "base": 1,
    "maybe": None,
    "free": {"a": [1, {"b": None}]},
    "measured": math.inf,
}


def test_examples_of_the_docstrings():
    assert doctest.testmod(schema).failed == 0


def test_what_fits_is_built():
    built = build(Everything, GOOD)
    assert built == Everything(
        "a",
        [Point(1, 2.0)],
        (1, 2),
        True,
        "libsvm",
        1,
        None,
        {"a": [1, {"b": None}]},
        math.inf,
    )
    assert isinstance(built.points[0].y, float)
    assert math.isnan(build(Everything, {"name": "", "points": []}).measured)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": 5}, "e.name should be a string, not 5"),
        ({"name": "a\ud800"}, "e.name contains lone surrogates"),
        ({"points": {"x": 1}}, "e.points should be a list, not an object"),
        ({"points": [3]}, "e.points[0] should be an object, not 3"),
        ({"points": [{}]}, "e.points[0].x is missing"),
        ({"points": [{"x": 10}]}, "e.points[0].x should be a whole number from 0 to 9, not 10"),
        ({"points": [{"x": True}]}, "e.points[0].x should be a whole number from 0 to 9, not true"),
        ({"points": [{"x": 1.0}]}, "e.points[0].x should be a whole number from 0 to 9, not 1.0"),
        ({"points": [{"x": 1, "y": math.nan}]}, "e.points[0].y should be a number, not nan"),
        (
            {"points": [{"x": 1, "y": 10**400}]},
            "e.points[0].y should be a number, not a huge number",
        ),
        ({"pairs": [1, 2**63]}, f"e.pairs[1] should be a whole number, not {2**63}"),
        ({"pairs": "12"}, "e.pairs should be a list, not '12'"),
        ({"on": 1}, "e.on should be true or false, not 1"),
        ({"kind": "x" * 99}, f"e.kind should be 'csv' or 'libsvm', not '{'x' * 40}'..."),
        ({"base": True}, "e.base should be 0 or 1, not true"),
        ({"maybe": []}, "e.maybe should be an object, not a list"),
        ({"free": [1]}, "e.free should be an object, not a list"),
        ({"free": {"\ud800": 1}}, "a name in e.free contains lone surrogates"),
        ({"measured": "1"}, "e.measured should be a number, not '1'"),
        ({"other\x1b[m": 1}, "e.'other\\x1b[m' is not known"),
    ],
)
def test_what_does_not_fit_is_one_sentence(changed, sentence):
    with pytest.raises(SchemaError) as error:
        build(Everything, {**GOOD, **changed}, "e")
    assert str(error.value) == sentence


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(GOOD)), values)
def test_any_value_is_built_as_it_is_or_refused(name, value):
    try:
        built = build(Everything, {**GOOD, name: value})
    except SchemaError as error:
        message = str(error)
    else:
        message = ""
        again = build(Everything, asdict(built))
        assert asdict(again) == asdict(built) or math.isnan(built.measured)
    assert "\n" not in message
    assert len(message) < 200


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000, b'{"a": 1} x', "[1]".encode("utf-16")],
)
def test_what_is_no_json(text):
    with pytest.raises(SchemaError, match=r"^not valid (JSON|UTF-8)"):
        parse_json(text)


def test_values_of_any_kind_are_not_deep():
    deep: Any = 1
    for _ in range(30):
        deep = [deep]
    assert parse_json(json.dumps(deep).encode()) == deep
    with pytest.raises(SchemaError, match="nested too deeply"):
        build(dict[str, Any], {"a": deep})
