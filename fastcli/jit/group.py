"""Groups: named tuples of the arrays and scalars that a kernel takes together."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["Group"]

if TYPE_CHECKING:
    from typing import NamedTuple as Group
else:
    from collections import namedtuple

    # What a class body has beside its fields; Python 3.13 and later have some more.
    NAMES = {"__module__", "__qualname__", "__doc__", "__annotations__", "__firstlineno__"}
    NAMES |= {"__static_attributes__", "__conditional_annotations__", "__classdictcell__"}

    class _Grouping(type):
        """Makes a named tuple of a class in half the time that ``typing.NamedTuple`` takes.

        Every command makes dozens of them; their annotations stay the strings that they are.
        """

        def __new__(cls, name, bases, names):
            kinds = names["__annotations__"]
            if other := names.keys() - NAMES:
                raise TypeError(f"a group has fields only, not {', '.join(sorted(other))}")
            made = namedtuple(name, kinds, module=names["__module__"])
            made.__doc__, made.__qualname__ = names.get("__doc__"), names["__qualname__"]
            made.__annotations__ = dict(kinds)
            return made

    Group = type.__new__(_Grouping, "Group", (), {})
