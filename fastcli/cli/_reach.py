"""Which kernels a command can use, found by walking through its code.

From the function of a command on, every name that code mentions is followed: functions, classes
with all their methods and the types of their fields, tables, and modules that are imported inside
functions.  So the answer follows the code; it may name more kernels than one run needs, not fewer.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import importlib
import importlib.util
import re
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastcli.jit.build import AnyKernel, Device, Kernel

_OURS = "fastcli"
LOADING = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_MACHINERY = "fastcli.jit"  # it handles kernels, but needs none


def kernels_of(function: Any) -> list[AnyKernel]:
    """Return the kernels that a function can reach, sorted by name."""
    found: dict[str, AnyKernel] = {}
    seen: dict[int, Any] = {}  # with the objects, so that no number is given twice
    pending = [function]
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, Kernel):
            found[value.entry] = value
        else:
            pending += _next(value)
    return [found[entry] for entry in sorted(found)]


def _next(value: Any) -> list[Any]:
    if isinstance(value, FunctionType):
        return _named_by(value) if _is_ours(value.__module__) else []
    if isinstance(value, (classmethod, staticmethod)):
        return [value.__func__]
    if isinstance(value, property):
        return [part for part in (value.fget, value.fset) if part is not None]
    if isinstance(value, (functools.partial, functools.cached_property)):
        return [value.func]
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (tuple, list, set, frozenset)):
        return list(value)
    if isinstance(value, type):
        if not _is_ours(value.__module__):
            return []
        return [*vars(value).values(), *value.__bases__, *_types_of_fields(value)]
    if isinstance(value, (Device, ModuleType)) or not _is_ours(type(value).__module__):
        return [value.__wrapped__] if hasattr(value, "__wrapped__") else []
    return [type(value), *getattr(value, "__dict__", {}).values()]


def _is_ours(module: str | None) -> bool:
    name = module or ""
    return name.split(".")[0] == _OURS and not name.startswith(_MACHINERY)


def _types_of_fields(value: type) -> list[Any]:
    """Return the types in the annotations of a class: JSON becomes objects of these types."""
    known = vars(sys.modules[value.__module__])
    words = re.findall(r"\w+", " ".join(map(str, vars(value).get("__annotations__", {}).values())))
    return [known[word] for word in words if word in known]


def _named_by(function: FunctionType) -> list[Any]:
    names = _names(function.__code__)
    # What is imported within a function may have the name of another thing of the module.
    loaded = _loaded(function.__code__) if any(map(_is_ours, names)) else names
    found = [function.__globals__[name] for name in loaded if name in function.__globals__]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # it is not filled yet
            found.append(cell.cell_contents)
    found += function.__defaults__ or ()
    modules = [value for value in found if isinstance(value, ModuleType)]
    modules += [_imported(name) for name in names if _is_ours(name)]
    for module in modules:
        if not _is_ours(module.__name__):
            continue
        if "getattr" in names:  # any of them may be meant
            found += [part for part in vars(module).values() if isinstance(part, Kernel)]
        for name in names:
            part = getattr(module, name, None)
            if part is None and hasattr(module, "__path__"):
                full = f"{module.__name__}.{name}"
                if name.isidentifier() and importlib.util.find_spec(full):
                    part = _imported(full)
            if isinstance(part, ModuleType) and part not in modules:
                modules.append(part)
            found.append(part)
    return found


def _imported(name: str) -> ModuleType:
    """Return a module of this package, empty where it needs an extra that is not installed.

    No command can run code of such a module, so its kernels are not needed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or _OURS).split(".")[0] == _OURS:
            raise
        return ModuleType(name)


def _names(code: CodeType) -> set[str]:
    nested = [_names(value) for value in code.co_consts if isinstance(value, CodeType)]
    return set(code.co_names).union(*nested)


def _loaded(code: CodeType) -> set[str]:
    """Return the global names that code loads, not those that it imports or takes from objects."""
    own = {step.argval for step in dis.get_instructions(code) if step.opname in LOADING}
    nested = [_loaded(value) for value in code.co_consts if isinstance(value, CodeType)]
    return own.union(*nested)
