"""Loading object code into this process: by our own loader where it can, else with llvmlite.

Loading LLVM takes 40 ms and 50 MiB.
"""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any

from fastcli.errors import FastcliError
from fastcli.jit import elf
from fastcli.jit.objects import undefined_symbols

_engines: list[Any] = []  # the machine code lives as long as its engine

_NEVER_CALLED = (
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_do_raise",
    "numba_unpickle",
    "numba_runtime_build_excinfo_struct",
    "PyBytes_FromStringAndSize",
    "PyErr_Clear",
    "PyErr_SetNone",
    "PyErr_SetString",
    "PyErr_WriteUnraisable",
    "PyExc_RuntimeError",
    "PyExc_StopIteration",
    "PyExc_SystemError",
    "PyUnicode_FromString",
    "Py_DecRef",
)


class UnknownSymbol(FastcliError):
    """Object code calls something that the loader has no address for."""


def link(name: str, code: bytes) -> int:
    """Load object code into this process: the address of the kernel, or 0 if it is damaged.

    Raises UnknownSymbol, before anything is loaded, if the code needs what the loader lacks.
    """
    symbol, _, machine_code = code.partition(b"\0")
    try:
        unknown = undefined_symbols(machine_code) - set(open_symbols())
    except ValueError:
        return 0
    if os.name == "nt" or sys.platform == "darwin":  # LLVM brings helpers of its own there
        import llvmlite.binding as llvm

        unknown = {name for name in unknown if llvm.address_of_symbol(name) is None}
    if unknown:
        raise UnknownSymbol(
            f"The compiled kernel {name} calls {', '.join(sorted(unknown))}, "
            "which its loader does not know. Empty the cache with fastcli cache clear; if it "
            "stays, report it."
        )
    try:
        return elf.load(machine_code, symbol.decode(), open_symbols())
    except elf.CannotLoad:
        return _load_with_llvm(symbol.decode(), machine_code)
    except ValueError:
        return 0


def _load_with_llvm(symbol: str, machine_code: bytes) -> int:
    import llvmlite.binding as llvm

    if not _engines:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        for left_open, address in open_symbols().items():
            llvm.add_symbol(left_open, address)
    try:
        machine = llvm.Target.from_default_triple().create_target_machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
        engine.finalize_object()
        address = int(engine.get_function_address(symbol))
    except (RuntimeError, ValueError):
        return 0
    _engines.append(engine)
    return address


@cache
def open_symbols() -> dict[str, int]:
    """Return the addresses of what object code may call; looking them up is not left to LLVM."""

    def address_of(function: Any) -> int:
        return ctypes.cast(function, ctypes.c_void_p).value or 0

    on_windows = os.name == "nt"
    dlls: Any = ctypes  # windll is there on Windows only
    libc = dlls.cdll.msvcrt if on_windows else ctypes.CDLL(None)
    found = {name: address_of(getattr(libc, name)) for name in ("memset", "memcpy", "memmove")}
    found["sched_yield"] = address_of(
        dlls.windll.kernel32.SwitchToThread if on_windows else libc.sched_yield
    )
    # Numba's code for exceptions names these; kernels raise none, so they are never reached.
    found.update(dict.fromkeys(_NEVER_CALLED, address_of(libc.abort)))
    return found
