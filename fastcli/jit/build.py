"""Kernels and how they are called: the one entry point for the rest of fastcli.

A kernel is a function over pointers and scalars.  Its machine code is looked for in the cache
(``cache.py``) by what it depends on (``keys.py``) and the processor (``targets.py``), then in
what was installed with this package (``installed.py``); where there is none another process
compiles it (``compilers.py``, ``numba_compiler.py``); it is loaded without importing Numba, and
where possible without LLVM (``link.py``).  Calls go through ctypes, which releases the GIL, so
plain Python threads run kernels in parallel.

With ``NUMBA_DISABLE_JIT=1`` nothing is compiled: the same function bodies run as Python on the
NumPy arrays, which is what the tests measure coverage with.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeAlias, TypeVar

from fastcli.errors import FastcliNote
from fastcli.jit.signature import (
    SCALARS,
    Leaf,
    Parameter,
    argument,
    flattened,
    leaves,
    parameters,
)
from fastcli.notices import COMPILING, announce
from fastcli.threads import ForkedLock, signals_held

if TYPE_CHECKING:
    from fastcli.jit.cache import Cache
    from fastcli.jit.compilers import Job


# Reassociation lets sums vectorise; NaN and infinity keep their meaning (no nnan, no ninf).
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}

OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": FASTMATH, "_nrt": False}

NUMBA_SETTINGS = ".numba_config.yaml"  # in the current folder; not part of the key
PYTHON_MODE = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


P = ParamSpec("P")
R = TypeVar("R")


class Device(Generic[P, R]):
    """A function that kernels call and the compiler inlines; plain Python to everyone else."""

    def __init__(self, function: Callable[P, R], intrinsic: bool) -> None:
        self.function: Any = function
        self.intrinsic = intrinsic
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it as Python."""
        result: R = self.function(*args, **kwargs)
        return result


def device(function: Callable[P, R]) -> Device[P, R]:
    """Mark a function that kernels and other device functions may call."""
    return Device(function, intrinsic=False)


def intrinsic(function: Callable[P, R]) -> Device[P, R]:
    """Mark a device function whose compiled form is the LLVM code of the same name.

    The Python body is its meaning, and what runs where nothing is compiled; the compiled form
    is in ``intrinsics.py``.
    """
    return Device(function, intrinsic=True)


kernels: list[AnyKernel] = []
"""All kernels of the modules that are imported."""


class Kernel(Generic[P, R]):
    """A compiled function over arrays and scalars; mutates the arrays it is given.

    The argument types are the names in the function's annotations, see ``signature.py``.  Arrays
    must have exactly that dtype and be contiguous; sizes are not checked, they are the caller's
    promise.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self.function: Any = function
        self.module = function.__module__
        self.qualname = function.__qualname__
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.result: str = function.__annotations__["return"]
        self._call: Any = None
        self._key = ""
        self._job: Job | None = None  # its compilation, where that has begun

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the machine code, loading it first if needed."""
        if PYTHON_MODE:
            found: R = self.function(*args)
            return found
        call = self._call or self.load()
        pairs = zip(flattened(args), self.leaves, strict=True)
        result: R = call(*[argument(value, leaf) for value, leaf in pairs])
        return result

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters; raises TypeError for a type that kernels cannot have."""
        return parameters(self.function)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """What the machine code takes for its parameters."""
        return tuple(leaves(self.parameters))

    @property
    def key(self) -> str:
        """Return the digest of all that the machine code depends on but the processor."""
        if not self._key:
            from fastcli.jit.keys import key_of

            self._key = key_of(self, OPTIONS)
        return self._key

    @property
    def entry(self) -> str:
        """Return the name of its files in the cache."""
        from fastcli.jit.cache import entry_name

        return entry_name(self.module, self.qualname, self.key)

    @property
    def is_loaded(self) -> bool:
        """Tell whether the machine code is in this process."""
        return self._call is not None

    def load(self) -> Any:
        """Make the kernel ready to be called: from the cache, or by compiling it."""
        if PYTHON_MODE:
            return self.function
        with _lock.held:
            if self._call is None:
                address = 0 if self._job else _load_found(self)
                if not address:
                    with _watched(self):
                        address = _link(self, self._compiled())
                        # What another process took from the cache may be what cannot be loaded.
                        address = address or _link(self, compile_here(self))
                if not address:
                    raise RuntimeError(f"the kernel {self.__name__} cannot be loaded")
                kinds = [
                    ctypes.c_void_p if leaf.dtype is not None else SCALARS[leaf.kind][1]
                    for leaf in self.leaves
                ]
                self._call = ctypes.CFUNCTYPE(SCALARS[self.result][1], *kinds)(address)
        return self._call

    def start_compiling(self) -> None:
        """Have another process compile it; ``load`` waits for that."""
        from fastcli.jit.compilers import Job
        from fastcli.jit.targets import own_target

        self._job = Job(self, own_target(), _writable_cache())

    def _compiled(self) -> bytes:
        """Return new machine code, compiled by another process if possible."""
        from fastcli.jit.compilers import CannotCompile

        if self.is_ours:
            try:
                if self._job is None:
                    self.start_compiling()
                assert self._job is not None
                code = self._job.wait()
                if self._job.cache is not None and not self._job.is_kept:
                    _say_not_kept(f"nothing can be written in {self._job.cache.root}")
                return code
            except CannotCompile:
                pass  # then here, where whatever is wrong is raised
            finally:
                self._job = None
        return compile_here(self)

    @property
    def is_ours(self) -> bool:
        """Tell whether another process finds the kernel by importing its module."""
        return self.module.partition(".")[0] == __name__.partition(".")[0]

    def address(self) -> int:
        """Return the address of the machine code, loading it first if needed."""
        self.load()
        return ctypes.cast(self._call, ctypes.c_void_p).value or 0


AnyDevice: TypeAlias = Device[..., Any]
AnyKernel: TypeAlias = Kernel[..., Any]


def kernel(function: Callable[P, R]) -> Kernel[P, R]:
    """Make a kernel of a function whose annotations name pointer and scalar types."""
    made = Kernel(function)
    kernels.append(made)
    return made


# --------------------------------------------------------- finding and compiling

_lock = ForkedLock()
_said: set[str] = set()  # the sentences that were announced


class Watcher(Protocol):
    """The protocol of displays of compilations."""

    def expected(self) -> list[AnyKernel]:
        """Return the kernels that will be needed; called before the first compilation."""

    def begin(self, finished: int, total: int) -> None:
        """A kernel is being compiled and waited for; ``finished`` of ``total`` are done."""

    def end(self, finished: int, total: int) -> None:
        """The kernel is ready: ``finished`` of ``total`` are done now."""


watcher: Watcher | None = None
"""Hears of compilations in place of the sentence that would be announced."""
_begun: set[str] = set()  # the entries of kernels whose compilation has begun
_finished: set[str] = set()  # those of them that are compiled, or could not be
_lacking: set[str] = set()  # those that were going to be compiled, and have not begun


@contextlib.contextmanager
def _watched(kernel: AnyKernel) -> Iterator[None]:
    """Show that a kernel is being compiled, for as long as it is waited for."""
    if watcher is None or PYTHON_MODE:
        yield
        return
    if not _begun:
        wanted = {k.entry: k for k in watcher.expected() if k is not kernel and not k.is_loaded}
        _lacking.update(name for name, k in wanted.items() if find_code(k) is None)
    _begun.add(kernel.entry)
    _lacking.discard(kernel.entry)
    watcher.begin(len(_finished), len(_begun) + len(_lacking))
    try:
        yield
    finally:
        _finished.add(kernel.entry)
        watcher.end(len(_finished), len(_begun) + len(_lacking))


def find_code(kernel: AnyKernel) -> bytes | None:
    """Return a kernel's machine code from the cache, or what was installed of it."""
    return next((code for code, _ in _found(kernel)), None)


def _found(kernel: AnyKernel) -> Iterator[tuple[bytes, Callable[[], None]]]:
    """Yield what there is of a kernel's machine code, the best first, and what removes it.

    First what the cache has for this processor and for the levels below it; then what was
    installed, which is never removed.
    """
    from fastcli.jit.cache import user_cache
    from fastcli.jit.installed import installed_code
    from fastcli.jit.targets import runnable
    from fastcli.private import NoFolder

    with contextlib.suppress(NoFolder):
        cache = user_cache()
        if not cache.is_empty():  # else nothing need be asked about the processor
            for target in runnable():
                # A kernel's key takes long, and what was installed is found without it.
                if cache.has(target) and (code := cache.read(target, kernel.entry)):
                    yield code, partial(cache.remove, target, kernel.entry)
    for code in installed_code(kernel):
        yield code, lambda: None


def _load_found(kernel: AnyKernel) -> int:
    """Return the address of a kernel that there is code of; 0 if none of it can be loaded.

    Whole files whose code cannot be loaded are removed where they are this user's.
    """
    from fastcli.jit.link import UnknownSymbol

    for code, remove in _found(kernel):
        with contextlib.suppress(UnknownSymbol):  # raised again if new code needs it too
            if address := _link(kernel, code):
                return address
        remove()
    return 0


def _link(kernel: AnyKernel, code: bytes) -> int:
    from fastcli.jit.link import link

    with signals_held():
        return link(kernel.__name__, code)


def compile_here(kernel: AnyKernel) -> bytes:
    """Compile a kernel in this process: where no other can, or finds it.

    It is not kept where Numba has read settings from the current folder.
    """
    from fastcli.jit.numba_compiler import compile_kernel
    from fastcli.jit.targets import own_target

    cache = _writable_cache()
    if os.path.exists(NUMBA_SETTINGS):
        cache = None
    with signals_held():
        code = compile_kernel(kernel)
        is_kept = cache is None or cache.write(own_target(), kernel.entry, code)
    if cache is not None and not is_kept:
        _say_not_kept(f"nothing can be written in {cache.root}")
    return code


def compile_beside(kernel: AnyKernel, *others: AnyKernel) -> None:
    """Start compiling a large kernel in a process of its own, unless the cache has it.

    Meanwhile this process continues with the others, and whatever it needs first; it waits when
    the large one is called.
    """
    if PYTHON_MODE or kernel.is_loaded or kernel._job or find_code(kernel) is not None:
        return
    kernel.start_compiling()
    for other in others:
        other.load()


def _writable_cache() -> Cache | None:
    """Return the cache to keep code in, None if there is none, which is reported once."""
    from fastcli.jit.cache import user_cache
    from fastcli.jit.targets import own_target
    from fastcli.private import NoFolder

    if watcher is None:
        _say_once("Compiling for this processor, on the first use: a few seconds ...")
    try:
        cache = user_cache()
        cache.check(own_target())
    except NoFolder as problem:
        _say_not_kept(str(problem))
        return None
    return cache


def _say_not_kept(reason: str) -> None:
    _say_once("The compiled code cannot be saved, so it is compiled every time", f": {reason}.")


def _say_once(sentence: str, rest: str = "") -> None:
    """Say so once in a process; it is no error even where warnings are."""
    with contextlib.suppress(FastcliNote):
        if sentence not in _said and announce(COMPILING, sentence + rest):
            _said.add(sentence)
