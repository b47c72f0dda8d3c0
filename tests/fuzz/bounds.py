"""Arrays that refuse what is outside of them: for kernels that run as Python.

A kernel's array is a pointer; in Python mode it is a NumPy array, for which -1 is the last
element and a slice beyond the end is merely short.  Wrapped, every index and every slice that is
not empty must be inside.
"""

from __future__ import annotations

import operator

import numpy as np

from fastcli.jit import build


class OutOfBounds(Exception):
    """A kernel reads or writes outside of an array that it was given."""


class Checked:
    """A flat array whose elements and slices can be read and set, but only where they are."""

    __slots__ = ("array", "n")

    def __init__(self, array):
        self.array, self.n = array, array.size

    def _inside(self, key):
        if isinstance(key, slice):
            start, stop = operator.index(key.start or 0), key.stop
            stop = self.n if stop is None else operator.index(stop)
            if stop > start and not 0 <= start <= stop <= self.n:
                raise OutOfBounds(f"[{start}:{stop}] of {self.n} elements")
            return slice(start, stop, key.step) if stop > start else slice(0, 0)
        at = operator.index(key)
        if not 0 <= at < self.n:
            raise OutOfBounds(f"[{at}] of {self.n} elements")
        return at

    def __getitem__(self, key):
        if isinstance(key, slice) and key.stop is None:  # a view, which is read from later
            start = operator.index(key.start or 0)
            if not 0 <= start <= self.n:
                raise OutOfBounds(f"[{start}:] of {self.n} elements")
            return Checked(self.array[start:])
        return self.array[self._inside(key)]

    def __setitem__(self, key, value):
        at = self._inside(key)
        try:
            self.array[at] = value
        except OverflowError:  # machine code keeps the low bits
            bits = 8 * self.array.itemsize
            value = int(value) & (2**bits - 1)
            self.array[at] = value - 2**bits if value >> (bits - 1) else value

    def __len__(self):
        return self.n


def check_bounds():
    """Have every kernel that is called in this process see checked arrays.  Python mode only."""
    assert build.PYTHON_MODE

    def checked(x):
        if isinstance(x, tuple):  # a group
            return type(x)(*map(checked, x))
        return Checked(x.reshape(-1)) if isinstance(x, np.ndarray) else x

    def call(kernel, *args):
        return kernel.function(*map(checked, args))

    build.Kernel.__call__ = call
