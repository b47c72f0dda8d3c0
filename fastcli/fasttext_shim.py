"""``import fasttext`` that means fastcli: for programs that are written for fastText's module.

    from fastcli import fasttext_shim

    fasttext_shim.install()
    import fasttext  # this engine

Nothing is changed on disk, and only the process that calls ``install`` is concerned.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.notices import warn

APIS = ("fasttext", "salestock")
PACKAGE, BENEATH = "fasttext", "fasttext_pybind"
_former: dict[str, ModuleType] | None = None  # what the names meant before; None: not installed
_installed: tuple[str, str] | None = None  # how it was asked for
_packages: Any = None  # what finds the packages that programs look for


def install(api: str = "fasttext", package: str | os.PathLike[str] = "") -> None:
    """Make ``import fasttext`` mean fastcli, in this process and from now on.

    ``api="salestock"`` is the interface of the package up to version 0.8: ``supervised``,
    ``skipgram``, ``cbow``, ``predict_proba``.  ``package`` is the folder of an installed fastText,
    whose other modules (``fasttext.tests``) can then be imported from their files; it is found by
    itself where there is one.  Programs that look for an installed package of fastText find one.
    Calling it again changes nothing, unless with another ``api``.

    Warns if another fasttext was imported before: what has that one keeps it.  Raises ArgumentError
    for an unknown ``api``.
    """
    global _former, _installed, _packages
    if api not in APIS:
        raise ArgumentError(f"api must be one of {', '.join(APIS)}, not {api!r}.")
    asked = api, os.fspath(package)
    if _installed == asked and _is_installed():
        return
    uninstall()
    from fastcli.api.fasttext_packages import OLDER_VERSION, VERSION, Packages

    former = _names()
    folder = asked[1] or _folder_of_package()
    made = _older() if api == "salestock" else _modules([folder] if folder else [])
    if PACKAGE in former:
        warn(
            "Another fasttext was imported before fasttext_shim.install(): modules that have it "
            "keep it. Call install() before anything that imports fasttext."
        )
    for name in former:
        del sys.modules[name]
    sys.modules.update(made)
    _former, _installed = former, asked
    _packages = Packages(OLDER_VERSION if api == "salestock" else VERSION)
    sys.meta_path.append(_packages)


def uninstall() -> None:
    """Let ``import fasttext`` mean again what it did before ``install``; models go on to work."""
    global _former, _installed, _packages
    if _former is None:
        return
    if _is_installed():
        for name in _names():
            del sys.modules[name]
        sys.modules.update(_former)
    if _packages in sys.meta_path:
        sys.meta_path.remove(_packages)
    _former = _installed = _packages = None


def _is_installed() -> bool:
    """Tell whether ``fasttext`` is ours, and nothing else has been put in its place."""
    return getattr(sys.modules.get(PACKAGE), "__fastcli__", False) is True


def _names() -> dict[str, ModuleType]:
    """Return the modules of fastText that are imported, whoever's they are."""
    return {
        name: module
        for name, module in sys.modules.items()
        if name in (PACKAGE, BENEATH) or name.startswith(f"{PACKAGE}.")
    }


def _folder_of_package() -> str:
    """Return the folder of an installed fastText, which is not imported, or nothing."""
    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError):  # ValueError: one that is imported and has no spec
        return ""
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    return places[0] if places else ""


def _modules(folders: list[str]) -> dict[str, ModuleType]:
    """Return the modules of fastText's own Python interface, by their names."""
    from fastcli.api import engine, fasttext_args, fasttext_calls, fasttext_util
    from fastcli.api.linear import FastText
    from fastcli.api.loading import load_model
    from fastcli.api.meter import Curves, LabelMeter
    from fastcli.api.tokens import tokenize

    beneath = _module(
        BENEATH,
        {
            "fasttext": engine.Engine,
            "Vector": engine.Vector,
            "DenseMatrix": engine.DenseMatrix,
            "Meter": Curves,
            "args": fasttext_args.Args,
            "loss_name": fasttext_args.loss_name,
            "model_name": fasttext_args.model_name,
            "metric_name": fasttext_args.metric_name,
            **{one.name: one for kind in fasttext_args.ENUMS for one in kind},
        },
    )
    calls = {
        "train_supervised": fasttext_calls.train_supervised,
        "train_unsupervised": fasttext_calls.train_unsupervised,
        "load_model": load_model,
        "tokenize": tokenize,
        "EOS": "</s>",
        "BOW": "<",
        "EOW": ">",
        "cbow": fasttext_calls.cbow,
        "skipgram": fasttext_calls.skipgram,
        "supervised": fasttext_calls.supervised,
    }
    classes = {
        "_FastText": FastText,
        "_Meter": LabelMeter,
        "loss_name": fasttext_args.loss_name,
        "model_name": fasttext_args.model_name,
        "eprint": fasttext_calls.eprint,
        "fasttext": beneath,
    }
    functions = {
        name: getattr(fasttext_util, name)
        for name in ("test", "find_nearest_neighbor", "reduce_model", "download_model")
    }
    inner = _module(f"{PACKAGE}.util.util", functions)
    util = _module(f"{PACKAGE}.util", {**functions, "util": inner}, [])
    lower = _module(f"{PACKAGE}.FastText", {**calls, **classes})
    top = _module(PACKAGE, {**calls, "FastText": lower, "util": util}, folders)
    return {module.__name__: module for module in (top, lower, util, inner, beneath)}


def _older() -> dict[str, ModuleType]:
    """Return the modules of the package up to version 0.8."""
    from fastcli.api.salestock import contents

    found = {
        name: _module(name, content, [] if name == PACKAGE else None)
        for name, content in contents().items()
    }
    for name in found.keys() - {PACKAGE}:
        setattr(found[PACKAGE], name.rpartition(".")[2], found[name])
    return found


def _module(name: str, content: dict[str, Any], folders: list[str] | None = None) -> ModuleType:
    """Return a module of that name and content; with ``folders`` it is a package."""
    module = ModuleType(name, f"{name}, as fastcli has it.")
    spec = ModuleSpec(name, None, origin="fastcli.fasttext_shim", is_package=folders is not None)
    module.__spec__ = spec
    if folders is not None:
        module.__path__ = spec.submodule_search_locations = folders
    module.__package__ = spec.parent
    vars(module).update(content, __fastcli__=True)
    return module
