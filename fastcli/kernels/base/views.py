"""Views of memory: an array from an element on, and a record of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import intrinsic

if TYPE_CHECKING:
    from typing import Any, TypeVar

    from numpy.typing import NDArray

    from fastcli.jit.signature import Records, i64

    Array = TypeVar("Array", bound=NDArray[Any] | Records[Any])
    T = TypeVar("T")

    def at(x: Array, i: i64) -> Array:
        """Return ``x[i:]``, what C writes as ``x + i``; i is 0 or more."""

    def record(table: Records[T], i: i64) -> T:
        """Return record i of a table, by reference."""

else:

    @intrinsic
    def at(x, i):
        """Return ``x[i:]``, what C writes as ``x + i``; i is 0 or more."""
        return x[i:]

    @intrinsic
    def record(table, i):
        """Return record i of a table, by reference."""
        return table[i]
