"""Compiling a kernel with Numba, in whatever process; importing this module does not import it."""

from __future__ import annotations

from types import CellType, FunctionType
from typing import Any

from fastcli.kernels._build import OPTIONS, POINTERS, SCALARS, AnyDevice, AnyKernel, Device
from fastcli.kernels._key import named


def compile_kernel(kernel: AnyKernel) -> bytes:
    """Compile one kernel: its symbol's name, a NUL and the object code.

    Raises what Numba raises for code that it cannot compile.
    """
    import numba
    from numba import types

    def numba_type(name: str) -> Any:
        if name in SCALARS:
            return getattr(types, SCALARS[name][0])
        return types.CPointer(getattr(types, POINTERS[name][0]))

    signature = numba_type(kernel.result)(*map(numba_type, kernel.types))
    compiled: Any = numba.cfunc(signature, **OPTIONS)(_with_compiled_callees(kernel.function))
    _, _, (code, _) = compiled._library.serialize_using_object_code()
    name: str = compiled._wrapper_name
    return name.encode() + b"\0" + bytes(code)


_compiled: dict[AnyDevice, Any] = {}


def _callee(device: AnyDevice) -> Any:
    """Return what Numba can call from a kernel."""
    if device not in _compiled:
        if device.intrinsic:
            from fastcli.kernels import _intrinsics

            _compiled[device] = getattr(_intrinsics, device.__name__)
        else:
            import numba

            _compiled[device] = numba.njit(**OPTIONS)(_with_compiled_callees(device.function))
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
