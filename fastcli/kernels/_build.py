"""The one door to Numba and llvmlite: compile a kernel once, load its machine code ever after.

A kernel is a function over pointers and scalars.  Numba compiles it the first time it is
called on a machine; the object code goes to a cache folder, and every later process loads it
with llvmlite alone, without importing Numba.  Calls go through ctypes, which releases the GIL,
so plain Python threads run kernels in parallel.

With ``NUMBA_DISABLE_JIT=1`` nothing is compiled: the same function bodies run as Python on the
NumPy arrays, which is what the tests measure coverage with.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import platform
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    U8 = NDArray[np.uint8]
    I32 = NDArray[np.int32]
    I64 = NDArray[np.int64]
    F32 = NDArray[np.float32]
    F64 = NDArray[np.float64]
    i64 = int
    f32 = Any  # a NumPy scalar in Python mode
    f64 = float

# Reassociation lets sums vectorise; NaN and infinity keep their meaning (no nnan, no ninf).
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": FASTMATH, "_nrt": False}

_POINTERS = {
    "U8": ("uint8", np.uint8),
    "I32": ("int32", np.int32),
    "I64": ("int64", np.int64),
    "F32": ("float32", np.float32),
    "F64": ("float64", np.float64),
}
_SCALARS: dict[str, tuple[str, Any]] = {
    "i64": ("int64", ctypes.c_int64),
    "f32": ("float32", ctypes.c_float),
    "f64": ("float64", ctypes.c_double),
    "None": ("void", None),
}

PYTHON_MODE = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


class Device:
    """A function that kernels call and the compiler inlines; plain Python to everyone else."""

    def __init__(self, function: FunctionType, intrinsic: bool) -> None:
        self.function = function
        self.intrinsic = intrinsic
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._compiled: Any = None

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def compiled(self) -> Any:
        """Return what Numba can call from a kernel; only called while compiling."""
        if self._compiled is None:
            if self.intrinsic:
                from fastcli.kernels import _intrinsics

                self._compiled = getattr(_intrinsics, self.__name__)
            else:
                import numba

                self._compiled = numba.njit(**OPTIONS)(_with_compiled_callees(self.function))
        return self._compiled


def device(function: Callable[..., Any]) -> Any:
    """Mark a function that kernels and other device functions may call."""
    return Device(function, intrinsic=False)  # type: ignore[arg-type]


def intrinsic(function: Callable[..., Any]) -> Any:
    """Mark a device function whose compiled form is the LLVM code of the same name.

    The Python body is its meaning, and what runs where nothing is compiled; the compiled form
    is in ``_intrinsics.py``.
    """
    return Device(function, intrinsic=True)  # type: ignore[arg-type]


def _with_compiled_callees(function: FunctionType) -> FunctionType:
    """Copy a function so that the device functions it names are Numba's own objects."""
    names = {
        name: value.compiled()
        for name, value in function.__globals__.items()
        if isinstance(value, Device) and name in function.__code__.co_names
    }
    return FunctionType(function.__code__, {**function.__globals__, **names}, function.__name__)


class Kernel:
    """A compiled function over arrays and scalars; mutates the arrays it is given.

    The argument types are the names in the function's annotations (``F32``, ``i64``, ...).
    Arrays must have exactly that dtype and be contiguous; sizes are not checked, they are the
    caller's promise.
    """

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.types = [t for k, t in function.__annotations__.items() if k != "return"]
        self.result: str = function.__annotations__["return"]
        self._call: Any = None

    def __call__(self, *args: Any) -> Any:
        if PYTHON_MODE:
            return self.function(*args)
        call = self._call or self.load()
        return call(*[_argument(a, t) for a, t in zip(args, self.types, strict=True)])

    def load(self) -> Any:
        """Make the kernel ready to be called: from the cache, or by compiling it."""
        if PYTHON_MODE:
            return self.function
        with _lock:
            if self._call is None:
                if worker := _workers.pop(self.__name__, None):
                    worker.wait()
                code = _cache.read(self.__name__)
                address = _link(self.__name__, code) if code else 0
                if not address:
                    code = compile_kernel(self)
                    _cache.write(self.__name__, code)
                    address = _link(self.__name__, code)
                if not address:
                    raise RuntimeError(f"the kernel {self.__name__} cannot be loaded")
                kinds = [_SCALARS[t][1] if t in _SCALARS else ctypes.c_void_p for t in self.types]
                self._call = ctypes.CFUNCTYPE(_SCALARS[self.result][1], *kinds)(address)
        return self._call

    def address(self) -> int:
        """Return where the machine code is; it is loaded if need be."""
        self.load()
        return ctypes.cast(self._call, ctypes.c_void_p).value or 0


def kernel(function: Callable[..., Any]) -> Kernel:
    """Make a kernel of a function whose annotations name pointer and scalar types."""
    return Kernel(function)  # type: ignore[arg-type]


def _argument(value: Any, kind: str) -> Any:
    if kind in _SCALARS:
        return value
    if value.dtype != _POINTERS[kind][1] or not value.flags.c_contiguous:
        raise TypeError(f"a contiguous {_POINTERS[kind][0]} array is needed, not {value.dtype}")
    return value.__array_interface__["data"][0]


# ------------------------------------------------------------------ compiling

_lock = threading.RLock()
_engines: list[Any] = []  # the machine code lives as long as its engine
_announced = False
announce: Callable[[str], None] | None = None
"""Called once with a sentence before the first compilation of a process."""


def compile_kernel(kernel: Kernel) -> bytes:
    """Compile one kernel with Numba: its symbol's name, a NUL and the object code."""
    _announce()
    import numba
    from numba import types

    def numba_type(name: str) -> Any:
        if name in _SCALARS:
            return getattr(types, _SCALARS[name][0])
        return types.CPointer(getattr(types, _POINTERS[name][0]))

    signature = numba_type(kernel.result)(*map(numba_type, kernel.types))
    function = _with_compiled_callees(kernel.function)
    compiled: Any = numba.cfunc(signature, **OPTIONS)(function)
    _, _, (code, _) = compiled._library.serialize_using_object_code()
    return compiled._wrapper_name.encode() + b"\0" + code


_workers: dict[str, Any] = {}
_WORKER = """
import sys
sys.path[:] = sys.argv[3:]
import importlib
getattr(importlib.import_module(sys.argv[1]), sys.argv[2]).load()
"""


def compile_beside(kernel: Kernel, *others: Kernel) -> None:
    """Start compiling a large kernel in a process of its own, unless the cache has it.

    Meanwhile this process compiles the others, and whatever it needs first; it waits when the
    large one is called.
    """
    is_known = kernel._call is not None or kernel.__name__ in _workers
    if PYTHON_MODE or is_known or _cache.has(kernel.__name__):
        return
    _announce()
    if _cache.is_writable():
        import subprocess

        # It imports from where this process does, and not from the current folder.
        module, name = kernel.function.__module__, kernel.__name__
        command = [sys.executable, "-c", _WORKER, module, name, *filter(None, sys.path)]
        with contextlib.suppress(OSError):
            _workers[kernel.__name__] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    for other in others:
        other.load()


def _announce() -> None:
    global _announced
    if not _announced and announce is not None:
        _announced = True
        announce("Compiling for this processor, on the first use of this command: some seconds ...")


def _link(name: str, code: bytes) -> int:
    """Load object code into this process: the address of the kernel, or 0 if that fails."""
    import llvmlite.binding as llvm

    symbol, _, machine_code = code.partition(b"\0")
    if not _engines:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        for left_open, address in _open_symbols().items():
            llvm.add_symbol(left_open, address)
    try:
        machine = llvm.Target.from_default_triple().create_target_machine()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        engine.add_object_file(llvm.ObjectFileRef.from_data(machine_code))
        engine.finalize_object()
        address = int(engine.get_function_address(symbol.decode()))
    except (RuntimeError, ValueError):
        return 0
    _engines.append(engine)
    return address


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


def _open_symbols() -> dict[str, int]:
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


# -------------------------------------------------------------------- caching


class _Cache:
    """Object code in a folder per user, compiler, processor and kernel source.

    Any trouble (no home, read-only disk, damaged file) means compiling again, never an error.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None

    @property
    def folder(self) -> Path:
        if self._folder is None:
            self._folder = cache_root() / _key()
        return self._folder

    def has(self, name: str) -> bool:
        return (self.folder / f"{name}.o").is_file()

    def is_writable(self) -> bool:
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.access(self.folder, os.W_OK)
        return False

    def read(self, name: str) -> bytes | None:
        try:
            blob = (self.folder / f"{name}.o").read_bytes()
        except OSError:
            return None
        digest, code = blob[:32], blob[32:]
        return code if hashlib.sha256(code).digest() == digest else None

    def write(self, name: str, code: bytes) -> None:
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            try:
                with open(handle, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                os.replace(temporary, self.folder / f"{name}.o")
            except OSError:
                os.unlink(temporary)


_cache = _Cache()


def cache_root() -> Path:
    """Return the folder that compiled kernels are kept in (``FASTCLI_CACHE_DIR`` moves it)."""
    named = os.environ.get("FASTCLI_CACHE_DIR")
    if named:
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()) / "fastcli"
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches/fastcli"))
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "fastcli"


def _key() -> str:
    """Hash everything that the machine code depends on."""
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    numba = importlib.util.find_spec("numba")
    if numba is not None and numba.origin is not None:
        digest.update((Path(numba.origin).parent / "_version.py").read_bytes())
    for fact in (
        llvmlite.__version__,
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        platform.machine(),
        sys.platform,
        f"{sys.version_info.major}.{sys.version_info.minor}",
    ):
        digest.update(fact.encode() + b"\0")
    return digest.hexdigest()[:32]
