"""Groups: named tuples of the arrays and scalars that a kernel takes together."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Group"]

if TYPE_CHECKING:
    from typing import NamedTuple as Group
else:
    from collections import namedtuple

    class _Grouping(type):
        """Makes a named tuple of a class in half the time that ``typing.NamedTuple`` takes.

        Every command makes dozens of them; their annotations stay the strings that they are.
        """

        def __new__(cls, name, bases, names):
            kinds = names["__annotations__"]
            made = namedtuple(name, kinds, module=names["__module__"])
            made.__doc__, made.__qualname__ = names.get("__doc__"), names["__qualname__"]
            made.__annotations__ = dict(kinds)
            return made

    Group = type.__new__(_Grouping, "Group", (), {})
