"""Calling kernels from kernels, by their addresses.

What a network is made of is known when it runs, not when the trainer is compiled: activations
and update rules are kernels of their own, of which a process loads those it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcli.jit.build import PYTHON_MODE, AnyKernel, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import i64

_functions: dict[int, Any] = {}  # what stands for addresses where nothing is compiled


def address_of(kernel: AnyKernel) -> int:
    """Return what the functions below take for a kernel, which is loaded."""
    if PYTHON_MODE:
        _functions[id(kernel)] = kernel.function
        return id(kernel)
    return kernel.address()


@intrinsic
def call(address: i64, arguments: tuple[Any, ...]) -> None:
    """Call a kernel that returns nothing; integers among the arguments are i64."""
    _functions[int(address)](*arguments)
