"""Calling kernels from kernels, and reaching arrays, by their addresses.

What a network is made of is known when it runs, not when the trainer is compiled: activations
and update rules are kernels of their own, of which a process loads those it uses.  What a kernel
needs at every call of many is found by addresses in a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcli.jit.addresses import array_at
from fastcli.jit.build import PYTHON_MODE, AnyKernel, intrinsic

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, i64

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


@intrinsic
def u8_at(address: i64) -> U8:
    """Return the array that ``pointer_to`` gave an address of."""
    array: U8 = array_at(address)
    return array


@intrinsic
def i32_at(address: i64) -> I32:
    """Return the array that ``pointer_to`` gave an address of."""
    array: I32 = array_at(address)
    return array


@intrinsic
def i64_at(address: i64) -> I64:
    """Return the array that ``pointer_to`` gave an address of."""
    array: I64 = array_at(address)
    return array


@intrinsic
def f32_at(address: i64) -> F32:
    """Return the array that ``pointer_to`` gave an address of."""
    array: F32 = array_at(address)
    return array


@intrinsic
def f64_at(address: i64) -> F64:
    """Return the array that ``pointer_to`` gave an address of."""
    array: F64 = array_at(address)
    return array
