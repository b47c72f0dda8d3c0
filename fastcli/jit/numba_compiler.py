"""Compiling a kernel with Numba, in whatever process; importing this module does not import it."""

from __future__ import annotations

from types import CellType, FunctionType
from typing import Any

from fastcli.jit.build import OPTIONS, AnyDevice, AnyKernel, Device
from fastcli.jit.keys import named
from fastcli.jit.signature import SCALARS, Leaf, ungrouped

# What only kernels call needs no second entry for Python or C, which takes a fifth of the time.
INNER_OPTIONS = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compile_kernel(kernel: AnyKernel) -> bytes:
    """Compile one kernel: its symbol's name, a NUL and the object code.

    Raises what Numba raises for code that it cannot compile.
    """
    import numba
    from numba import types

    def numba_type(leaf: Leaf) -> Any:
        if leaf.dtype is None:
            return getattr(types, SCALARS[leaf.kind][0])
        return types.CPointer(numba.from_dtype(leaf.dtype))

    result = getattr(types, SCALARS[kernel.result][0])
    function = _with_compiled_callees(kernel.function)
    if any(one.group is not None for one in kernel.parameters):
        body = numba.njit(**INNER_OPTIONS)(function)
        function = ungrouped(kernel.__name__, kernel.parameters, body)
    signature = result(*map(numba_type, kernel.leaves))
    compiled: Any = numba.cfunc(signature, **OPTIONS)(function)
    _, _, (code, _) = compiled._library.serialize_using_object_code()
    name: str = compiled._wrapper_name
    return name.encode() + b"\0" + bytes(code)


_compiled: dict[AnyDevice, Any] = {}


def _callee(device: AnyDevice) -> Any:
    """Return what Numba can call from a kernel."""
    if device not in _compiled:
        if device.intrinsic:
            from fastcli.jit import intrinsics

            _compiled[device] = getattr(intrinsics, device.__name__)
        else:
            import numba

            _compiled[device] = numba.njit(**INNER_OPTIONS)(_with_compiled_callees(device.function))
    return _compiled[device]


def _with_compiled_callees(function: FunctionType) -> FunctionType:
    """Copy a function so that the device functions it names are Numba's own objects."""
    found = named(function)
    names = {name: _callee(value) for name, value in found.items() if isinstance(value, Device)}
    closure = tuple(
        CellType(names.get(name, found[name])) for name in function.__code__.co_freevars
    )
    return FunctionType(
        function.__code__,
        {**function.__globals__, **names},
        function.__name__,
        function.__defaults__,
        closure,
    )
