"""Calling kernels with the addresses of arrays: for those that take a microsecond.

ctypes takes 60 ns for each argument, and looking at an array takes more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from fastcli.jit.build import PYTHON_MODE, AnyKernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.jit.signature import Records

_arrays: WeakValueDictionary[int, Any] = WeakValueDictionary()  # by what stands for addresses


def pointer_to(array: NDArray[Any] | Records[Any]) -> int:
    """Return the address of an array, which the caller keeps as long as kernels use it."""
    if PYTHON_MODE:
        _arrays[id(array)] = array
        return id(array)
    found: Any = array
    return int(found.__array_interface__["data"][0])


def array_at(address: int) -> Any:
    """Return the array that an address stands for, where nothing is compiled."""
    return _arrays[int(address)]


def unchecked(kernel: AnyKernel) -> Callable[..., Any]:
    """Return what calls a kernel, which has no groups, with addresses in the place of arrays.

    Nothing is checked.  Bytes may be given for an array of uint8.
    """
    if not PYTHON_MODE:
        machine_code: Callable[..., Any] = kernel.load()
        return machine_code

    def array(value: int | bytes) -> Any:
        return np.frombuffer(value, np.uint8) if isinstance(value, bytes) else array_at(value)

    def run(*arguments: Any) -> Any:
        pairs = zip(arguments, kernel.leaves, strict=True)
        return kernel.function(
            *(value if leaf.dtype is None else array(value) for value, leaf in pairs)
        )

    return run
