"""What a kernel's machine code depends on, as a digest: its code, its constants, what it calls.

Code objects are hashed, not sources: they are there in every process that has imported the
kernels, and comments and docstrings are not part of them.  Of the LLVM builders the source is
hashed, since importing them would import Numba.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from functools import cache
from importlib.machinery import PathFinder
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

FORMAT = 1  # of the files in the cache, and of what a key is made of

_HAS_DOCSTRING = 0x4000000  # a flag of code objects since Python 3.13
_PLAIN = (int, float, complex, str, bytes, type(None), type(...))


class Unhashable(TypeError):
    """A kernel names something whose value cannot be part of a key."""


def named(function: FunctionType) -> dict[str, Any]:
    """Return the globals and closed-over values that a function's code names, with nested code."""
    names = _names(function.__code__)
    found = {name: function.__globals__[name] for name in names if name in function.__globals__}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {**found, **{name: cell.cell_contents for name, cell in cells}}


def _names(code: CodeType) -> set[str]:
    nested = [_names(value) for value in code.co_consts if isinstance(value, CodeType)]
    return set(code.co_names).union(*nested)


def key_of(kernel: Any, options: dict[str, Any]) -> str:
    """Return the key of a kernel's machine code, 32 hexadecimal digits.

    It depends on the module and name of the kernel, its signature, code and constants, on what
    it calls, whatever the depth, on the options and the compiler; the processor is not in it.
    Raises Unhashable if the kernel names what cannot be a constant.
    """
    facts = (
        kernel.function.__module__,
        kernel.function.__qualname__,
        tuple((leaf.name, leaf.kind) for leaf in kernel.leaves),
        kernel.result,
        _value(options),
        _function(kernel.function),
        _compiler(),
    )
    return _digest(facts)[:32]


def _digest(facts: Any) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@cache
def _function(function: FunctionType) -> str:
    """Return the digest of a function: its code, its defaults and all that it names."""
    parts = [(name, _value(value)) for name, value in sorted(named(function).items())]
    defaults = (_value(function.__defaults__), _value(function.__kwdefaults__))
    return _digest((_code(function.__code__), parts, defaults))


def _code(code: CodeType) -> Any:
    """Return what makes a code object what it is: no line numbers, file names or docstrings."""
    constants = list(code.co_consts)
    is_told = sys.version_info >= (3, 13)
    has_docstring = not is_told or code.co_flags & _HAS_DOCSTRING
    if constants and isinstance(constants[0], str) and has_docstring:
        constants[0] = None
    return (
        code.co_code,
        getattr(code, "co_exceptiontable", b""),
        [_value(value) for value in constants],
        (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        code.co_flags & ~_HAS_DOCSTRING,
    )


def _value(value: Any) -> Any:
    """Return a value as something whose ``repr`` is the same in every process."""
    from fastcli.jit.build import Device

    kind = type(value).__name__
    if isinstance(value, _PLAIN):
        return kind, repr(value)
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, Device):
        return _intrinsic(value.__name__) if value.intrinsic else _function(value.function)
    if isinstance(value, FunctionType):
        return _function(value)
    if isinstance(value, (tuple, list)):
        return kind, [_value(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return kind, sorted(repr(_value(part)) for part in value)
    if isinstance(value, dict):
        return kind, sorted(repr((_value(k), _value(v))) for k, v in value.items())
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.str, value.shape, _digest(value.tobytes())
    if isinstance(value, ModuleType):
        return kind, value.__name__
    if isinstance(value, (type, BuiltinFunctionType, np.ufunc)):
        # The order of a group's fields is that of the parameters.
        notes = getattr(value, "__annotations__", {}) if isinstance(value, type) else {}
        name = getattr(value, "__qualname__", value.__name__)
        return getattr(value, "__module__", ""), name, list(map(repr, notes.items()))
    raise Unhashable(f"a kernel names {value!r}, a {kind}, which cannot be part of its key")


# --------------------------------------------------------------------- compiler


def _source(name: str) -> str:
    """Return the source of a file beside this one, without its comments and empty lines."""
    loader: Any = __loader__  # type: ignore[name-defined]
    data: bytes = loader.get_data(os.path.join(os.path.dirname(__file__), name))
    lines = (line.rstrip() for line in data.decode().splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


@cache
def _builders() -> tuple[dict[str, str], str]:
    """Return the sources of the functions of ``intrinsics.py``, and the digest of its rest."""
    functions: dict[str, str] = {}
    rest = []
    # A statement begins where a line does, unless that is the end of one in brackets.
    text = _source("intrinsics.py").replace("\n@intrinsic\n", "\n@intrinsic ")
    statements: list[str] = []
    for line in text.split("\n"):
        if line[0] in " )]}" and statements:
            statements[-1] += "\n" + line
        else:
            statements.append(line)
    for statement in statements:
        head = statement.removeprefix("@intrinsic ")
        if head.startswith("def "):
            functions[head[4 : head.index("(")]] = statement
        else:
            rest.append(statement)
    return functions, _digest(rest)


@cache
def _builder(name: str) -> tuple[str, set[str]]:
    """Return the digest of a function of ``intrinsics.py``, and what others it names."""
    functions, _ = _builders()
    words = set(re.findall(r"(?<![\w.])\w+", functions[name]))
    return _digest(functions[name]), words & functions.keys() - {name}


@cache
def _intrinsic(name: str) -> str:
    """Return the digest of an LLVM builder: its source, and that of the functions it names.

    The module's other statements (constants, imports) are part of every builder's.
    """
    functions, rest = _builders()
    if name not in functions:
        raise Unhashable(f"the intrinsic {name} is not in intrinsics.py")
    reached: dict[str, str] = {}
    pending = [name]
    while pending:
        one = pending.pop()
        reached[one], called = _builder(one)
        pending += called - reached.keys()
    return _digest((name, sorted(reached.items()), rest))


@cache
def _compiler() -> Any:
    """Return the versions of all that turns a kernel into machine code; imports nothing large."""
    import llvmlite

    numba = PathFinder.find_spec("numba")
    if numba is None:  # an editable installation, which takes longer to find
        from importlib.util import find_spec

        numba = find_spec("numba")
    version = b""
    if numba is not None and numba.origin is not None:
        with open(os.path.join(os.path.dirname(numba.origin), "_version.py"), "rb") as file:
            version = file.read()
    python = sys.implementation.name, *sys.version_info[:2]
    how = _digest(_source("numba_compiler.py"))
    return FORMAT, version, llvmlite.__version__, np.__version__, python, how
