"""Calling kernels from kernels, by their addresses.

What a network is made of is known when it runs, not when the trainer is compiled: activations
and update rules are kernels of their own, of which a process loads those it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcli.kernels._build import PYTHON_MODE, Kernel, intrinsic

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, i64

_functions: dict[int, Any] = {}  # what stands for addresses where nothing is compiled


def address_of(kernel: Kernel) -> int:
    """Return what the functions below take for a kernel, which is loaded."""
    if PYTHON_MODE:
        _functions[id(kernel)] = kernel.function
        return id(kernel)
    return kernel.address()


@intrinsic
def call_activation(
    address: i64, z: F32, i: i64, out: F32, o: i64, n: i64, params: F32, p: i64, row: i64
) -> None:
    """Call a forward or backward kernel of ``activations.py``."""
    _functions[int(address)](z, i, out, o, n, params, p, row)


@intrinsic
def call_learned(
    address: i64,
    z: F32,
    i: i64,
    d: F32,
    o: i64,
    n: i64,
    params: F32,
    p: i64,
    row: i64,
    out: F32,
    g: i64,
) -> None:
    """Call a kernel of ``activations.py`` for the gradients of learned parameters."""
    _functions[int(address)](z, i, d, o, n, params, p, row, out, g)


@intrinsic
def call_update(
    address: i64,
    w: F32,
    i: i64,
    g: F32,
    j: i64,
    n: i64,
    s: F32,
    t: i64,
    apart: i64,
    h: F32,
) -> None:
    """Call an update rule of ``optimizers.py``."""
    _functions[int(address)](w, i, g, j, n, s, t, apart, h)
