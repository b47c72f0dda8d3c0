"""The parameters of kernels: scalars, pointers to them, records, and groups of all these.

A parameter's type is the name in its annotation: a scalar (``i64``, ``f32``, ``f64``), an array of
them (``F32``, ``I64``, ...), an array of records (``Records[Layer]``), or a ``Group``, which is a
named tuple of such fields.  Groups exist for people who write and read kernels: machine code takes
their fields one after the other, in registers.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    U8 = NDArray[np.uint8]
    I32 = NDArray[np.int32]
    I64 = NDArray[np.int64]
    F32 = NDArray[np.float32]
    F64 = NDArray[np.float64]
    i64 = int
    f32 = Any  # a NumPy scalar in Python mode
    f64 = float

POINTERS = {
    "U8": ("uint8", np.uint8),
    "I32": ("int32", np.int32),
    "I64": ("int64", np.int64),
    "F32": ("float32", np.float32),
    "F64": ("float64", np.float64),
}
SCALARS: dict[str, tuple[str, Any]] = {
    "i64": ("int64", ctypes.c_int64),
    "f32": ("float32", ctypes.c_float),
    "f64": ("float64", ctypes.c_double),
    "None": ("void", None),
}


class Record:
    """A row of a table with named columns: subclasses name them with the types of scalars.

    >>> class Point(Record):
    ...     x: i64
    ...     y: f32
    >>> points = Point.table(2)
    >>> points[1].y = 0.5
    >>> points.tolist()
    [(0, 0.0), (0, 0.5)]
    """

    dtype: np.dtype[Any]

    def __init_subclass__(cls) -> None:
        for name in cls.__annotations__:
            if hasattr(np.record, name):
                raise TypeError(f"a column cannot be called {name}, as a method of NumPy's records")
        fields = [(name, SCALARS[kind][0]) for name, kind in cls.__annotations__.items()]
        cls.dtype = np.dtype(fields, align=True)

    @classmethod
    def table(cls: type[T], n: int) -> Records[T]:
        """Return a table of n records, all zero."""
        dtype: Any = cls.dtype  # type: ignore[attr-defined]
        rows: Any = np.zeros(n, dtype).view(np.recarray)
        return rows  # type: ignore[no-any-return]


T = TypeVar("T")

if TYPE_CHECKING:

    class Records(Generic[T]):
        """A table of records: a NumPy array of their dtype."""

        def __getitem__(self, i: int) -> T:
            """Return a record, by reference."""

        def __len__(self) -> int:
            """Return the number of records."""

        def tolist(self) -> list[tuple[Any, ...]]:
            """Return the records as tuples."""


class Leaf(NamedTuple):
    """A parameter as machine code has it: a scalar or a pointer."""

    name: str
    kind: str  # of SCALARS or POINTERS, or Records[...]
    dtype: np.dtype[Any] | None  # of what is pointed at, None for a scalar


class Parameter(NamedTuple):
    """A parameter as a kernel has it: a leaf, or a group of parameters."""

    name: str
    group: Any  # the NamedTuple's class, None for a leaf
    parts: tuple[Any, ...]  # Parameters of a group; the Leaf itself


def parameters(function: Any) -> tuple[Parameter, ...]:
    """Return the parameters of a kernel, as its annotations say.

    Raises TypeError for a type that kernels cannot have.
    """
    kinds = {name: kind for name, kind in function.__annotations__.items() if name != "return"}
    return tuple(
        _parameter(name, kind.strip("'\""), function.__globals__)  # quotes: twice a string
        for name, kind in kinds.items()
    )


def _parameter(name: str, kind: str, names: dict[str, Any]) -> Parameter:
    if kind in SCALARS:
        return Parameter(name, None, (Leaf(name, kind, None),))
    if kind in POINTERS:
        return Parameter(name, None, (Leaf(name, kind, np.dtype(POINTERS[kind][1])),))
    if match := re.fullmatch(r"Records\[(\w+)\]", kind):
        record: type[Record] = names[match[1]]
        # Two records of one name may differ: the fields are part of what it is.
        fields = ", ".join(f"{field}: {kind}" for field, kind in record.__annotations__.items())
        return Parameter(name, None, (Leaf(name, f"Records[{fields}]", record.dtype),))
    group = names.get(kind)
    if not (isinstance(group, type) and issubclass(group, tuple) and hasattr(group, "_fields")):
        raise TypeError(f"the parameter {name} has the type {kind}, which kernels cannot have")
    inside = {**names, **vars(sys.modules[group.__module__])}
    parts = tuple(
        _parameter(f"{name}_{field}", of, inside) for field, of in group.__annotations__.items()
    )
    return Parameter(name, group, parts)


def leaves(several: tuple[Parameter, ...]) -> Iterator[Leaf]:
    """Yield what machine code takes for some parameters, in order."""
    for one in several:
        if one.group is None:
            yield one.parts[0]
        else:
            yield from leaves(one.parts)


def flattened(values: tuple[Any, ...]) -> Iterator[Any]:
    """Yield arguments with the fields of groups in their places."""
    for value in values:
        if isinstance(value, tuple):
            yield from flattened(value)
        else:
            yield value


def argument(value: Any, leaf: Leaf) -> Any:
    """Return what ctypes takes for an argument.

    Raises TypeError for an array of another dtype, or that is not contiguous.
    """
    if leaf.dtype is None:
        return value
    if value.dtype != leaf.dtype or not value.flags.c_contiguous:
        raise TypeError(
            f"{leaf.name}: a contiguous {leaf.dtype} array is needed, not {value.dtype}"
        )
    return value.ctypes.data  # the array interface would spell out the fields of records


def ungrouped(name: str, several: tuple[Parameter, ...], body: Any) -> FunctionType:
    """Return a function of leaves that puts groups together and calls ``body`` with them."""
    groups: dict[str, Any] = {}

    def text(one: Parameter) -> str:
        if one.group is None:
            return one.name
        groups[f"group_{one.name}"] = one.group
        return f"group_{one.name}({', '.join(map(text, one.parts))})"

    arguments = ", ".join(map(text, several))
    names = ", ".join(leaf.name for leaf in leaves(several))
    made: dict[str, Any] = {"body": body, **groups}
    exec(f"def {name}({names}):\n    return body({arguments})\n", made)
    function: FunctionType = made[name]
    return function
