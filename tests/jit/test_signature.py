"""Groups, records and views: what kernels take is what machine code gets."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fastcli.jit.build import PYTHON_MODE, Kernel, device
from fastcli.jit.group import Group
from fastcli.jit.signature import Record
from fastcli.kernels.base.indirect import address_of, call
from fastcli.kernels.base.views import at, record

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, Records, f32, f64, i64


class Layer(Record):
    units: i64
    scale: f32
    total: f64


class Inner(Group):
    x: F32
    n: i64


class Outer(Group):
    layers: Records[Layer]
    inner: Inner
    factor: f32


@device
def total(inner: Inner, factor: f32) -> f64:
    result = 0.0
    for k in range(inner.n):
        result += float(inner.x[k] * factor)
    return result


def sums(first: i64, outer: Outer, out: I64) -> None:
    """Set the sum of each layer, and the number of its units that are left."""
    for i in range(first, len_of(outer)):
        layer = record(outer.layers, i)
        inner = Inner(at(outer.inner.x, i), layer.units)
        layer.total = total(inner, layer.scale * outer.factor)
        out[i] = outer.inner.n - layer.units


@device
def len_of(outer: Outer) -> i64:
    return 3


def by_address(address: i64, outer: Outer, out: I64) -> None:
    """Call a kernel with a group, and an integer that Numba takes for a small one."""
    call(address, (1, outer, out))


SUMS, BY_ADDRESS = Kernel(sums), Kernel(by_address)


def arguments():
    layers = Layer.table(3)
    for i in range(3):
        layers[i].units, layers[i].scale = i + 1, i + 0.5
    outer = Outer(layers, Inner(np.arange(6, dtype=np.float32), 6), np.float32(2.0))
    return layers, outer, np.full(3, -1, np.int64)


def test_groups_and_records():
    layers, outer, out = arguments()
    SUMS(0, outer, out)
    assert layers.tolist() == [(1, 0.5, 0.0), (2, 1.5, 9.0), (3, 2.5, 45.0)]
    assert out.tolist() == [5, 4, 3]


def test_groups_are_flattened_in_calls_by_address():
    layers, outer, out = arguments()
    BY_ADDRESS(address_of(SUMS), outer, out)
    assert [layer.total for layer in layers] == [0.0, 9.0, 45.0]
    assert out.tolist() == [-1, 4, 3]


def test_leaves_are_named_by_their_groups():
    names = [leaf.name for leaf in SUMS.leaves]
    of_group = ["outer_layers", "outer_inner_x", "outer_inner_n", "outer_factor"]
    assert names == ["first", *of_group, "out"]
    assert SUMS.leaves[1].kind == "Records[units: i64, scale: f32, total: f64]"


@pytest.mark.skipif(PYTHON_MODE, reason="nothing is checked with NUMBA_DISABLE_JIT=1")
def test_arrays_of_groups_are_checked():
    layers, outer, out = arguments()
    for wrong in (
        outer._replace(inner=outer.inner._replace(x=np.zeros(6))),
        outer._replace(layers=np.zeros(3)),
        outer._replace(layers=layers[::2]),
    ):
        with pytest.raises(TypeError, match=r"a contiguous .* array is needed, not"):
            SUMS(0, wrong, out)
    with pytest.raises(ValueError, match="argument"):
        SUMS(0, outer)
    with pytest.raises(ValueError, match="argument"):
        SUMS(0, outer, out, 1)


def test_a_column_cannot_have_the_name_of_a_method():
    with pytest.raises(TypeError, match="a column cannot be called sum"):

        class Wrong(Record):
            sum: f64


def test_other_types_are_refused():
    def kernel(x: complex) -> None: ...

    with pytest.raises(TypeError, match="the parameter x has the type complex"):
        _ = Kernel(kernel).parameters


def test_fields_of_records_and_groups_are_part_of_the_key(monkeypatch):
    def key(fields, parts):
        module = types.ModuleType("made_by_a_test")
        vars(module).update(Record=Record, Group=Group, record=record)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        source = (
            "from __future__ import annotations\n"
            f"class Row(Record): {fields}\n"
            f"class Given(Group): {parts}\n"
            "def kernel(group: Given) -> i64: return record(group.rows, 0).a\n"
        )
        exec(source, vars(module))
        return Kernel(module.kernel).key

    one = "rows: Records[Row]"
    columns = ("a: i64", "a: i64; b: i64", "b: i64; a: i64")
    keys = {*(key(fields, one) for fields in columns), key("a: i64", f"{one}; n: i64")}
    assert len(keys) == 4
    assert key("a: i64", one) in keys
    assert key("a: i64", f"{one}; m: i64; n: i64") != key("a: i64", f"{one}; n: i64; m: i64")


def test_the_order_of_the_fields_of_a_group_that_devices_take_is_part_of_the_key(monkeypatch):
    """Of a group that no parameter names: a device makes it, field after field."""

    def key(fields):
        names = {"Group": Group, "device": device, "__name__": "made_by_a_test"}
        source = (
            "from __future__ import annotations\n"
            f"class Pair(Group): {fields}\n"
            "@device\n"
            "def first(pair: Pair) -> i64: return pair.a\n"
            "def kernel(x: i64) -> i64: return first(Pair(x, 2))\n"
        )
        exec(source, names)
        return Kernel(names["kernel"]).key

    assert key("a: i64; b: i64") == key("a: i64; b: i64") != key("b: i64; a: i64")
