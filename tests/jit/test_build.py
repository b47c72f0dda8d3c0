"""Compiling, caching and calling: the door to Numba."""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fastcli.kernels
from fastcli.jit import build, numba_compiler
from fastcli.jit.build import Device, Kernel, device
from fastcli.jit.cache import Cache, user_cache
from fastcli.jit.link import link, open_symbols
from fastcli.jit.objects import undefined_symbols
from fastcli.jit.signature import SCALARS
from fastcli.jit.targets import own_target
from fastcli.kernels.text.features import mark_rows
from fastcli.private import Folder

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, f32, f64, i64

compiled_only = pytest.mark.skipif(
    build.PYTHON_MODE, reason="nothing is compiled, cached or checked with NUMBA_DISABLE_JIT=1"
)


@device
def twice(x: f64) -> f64:
    """Return 2 x."""
    return x * 2


def halves(x: F32, n: i64, by: f32) -> f64:
    """Divide numbers and return twice their sum."""
    total = 0.0
    for i in range(n):
        x[i] /= by
        total += x[i]
    return twice(total)


def all_types(a: U8, b: I32, c: I64, d: F32, e: F64, f: i64, g: f32, h: f64) -> None:
    a[0] += 1
    b[0] = f
    c[0] += b[0]
    d[0] = g
    e[0] = h + d[0]


def count(x: I64) -> i64:
    x[0] += 1
    return x[0]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Give the test a cache folder of its own and a list of what is compiled."""
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    compiled = []
    compile_kernel = numba_compiler.compile_kernel

    def remember(kernel):
        compiled.append(kernel.__name__)
        return compile_kernel(kernel)

    monkeypatch.setattr(numba_compiler, "compile_kernel", remember)
    return compiled


def check(kernel):
    x = np.array([2, 4, 6], np.float32)
    assert kernel(x, 3, 2.0) == 12
    assert x.tolist() == [1, 2, 3]


def folder():
    return Path(os.environ["FASTCLI_CACHE_DIR"]) / own_target().folder


def files():
    return sorted(path.name for path in folder().iterdir())


# --------------------------------------------------------------------- calling


def test_kernels_look_like_their_functions():
    kernel = Kernel(halves)
    assert kernel.__name__ == "halves"
    assert kernel.__doc__ == halves.__doc__
    assert [leaf.kind for leaf in kernel.leaves] == ["F32", "i64", "f32"]
    assert kernel.result == "f64"
    check(kernel)
    assert twice(4) == 8
    assert twice.__doc__ == "Return 2 x."


def test_arrays_of_all_types():
    a, b, c, d, e = (np.ones(2, t) for t in (np.uint8, np.int32, np.int64, np.float32, np.float64))
    assert Kernel(all_types)(a, b, c, d, e, -7, 0.5, 0.25) is None
    assert [int(x[0]) for x in (a, b, c)] == [2, -7, -6]
    assert [float(x[0]) for x in (d, e)] == [0.5, 0.75]
    assert [int(x[1]) for x in (a, b, c, d, e)] == [1] * 5


@compiled_only
def test_wrong_dtype_is_refused(cache):
    kernel = Kernel(halves)
    for wrong in (np.float64, np.int32, ">f4"):
        with pytest.raises(TypeError, match="contiguous float32 array is needed"):
            kernel(np.ones(3, wrong), 3, 2.0)
    with pytest.raises(TypeError, match="contiguous float32 array is needed"):
        kernel(np.ones(6, np.float32)[::2], 3, 2.0)
    with pytest.raises((TypeError, AttributeError)):
        kernel([1.0, 2.0, 3.0], 3, 2.0)
    check(kernel)


@compiled_only
def test_wrong_number_of_arguments_is_refused(cache):
    kernel = Kernel(halves)
    for arguments in ((), (np.ones(1, np.float32), 1), (np.ones(1, np.float32), 1, 2.0, 3)):
        with pytest.raises((TypeError, ValueError)):
            kernel(*arguments)


@pytest.mark.skipif(not build.PYTHON_MODE, reason="only with NUMBA_DISABLE_JIT=1")
def test_python_mode_calls_the_function_itself(cache):
    kernel = Kernel(halves)
    assert kernel.load() is halves
    check(kernel)
    assert cache == []


# --------------------------------------------------------------------- caching


@compiled_only
def test_cache_is_written_and_read_back(cache):
    check(Kernel(halves))
    assert cache == ["halves"]
    assert files() == [Kernel(halves).entry]
    assert re.fullmatch(r"test_build\.halves-[0-9a-f]{32}\.o", files()[0])
    check(Kernel(halves))
    check(Kernel(halves))
    assert cache == ["halves"]


@compiled_only
def test_another_process_loads_without_numba(kernel_cache):
    from fastcli.kernels.text.features import mark_rows

    mark_rows.load()
    code = (
        "import sys, numpy as np\n"
        "from fastcli.kernels.text.features import mark_rows\n"
        "used = np.zeros(3, np.uint8)\n"
        "mark_rows(np.array([2, 0], np.int32), 0, 1, used)\n"
        "assert used.tolist() == [0, 0, 1]\n"
        "assert 'numba' not in sys.modules\n"
    )
    root = Path(fastcli.kernels.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


@compiled_only
@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: b"",
        lambda blob: blob[:20],
        lambda blob: blob[:-1],
        lambda blob: blob[:100] + bytes([blob[100] ^ 1]) + blob[101:],
    ],
    ids=["empty", "only half a digest", "cut short", "one bit"],
)
def test_damaged_file_is_compiled_again(cache, damage):
    check(Kernel(halves))
    path = folder() / Kernel(halves).entry
    blob = path.read_bytes()
    path.write_bytes(damage(blob))
    check(Kernel(halves))
    assert cache == ["halves", "halves"]
    assert build.find_code(Kernel(halves)) is not None
    check(Kernel(halves))
    assert cache == ["halves", "halves"]


@compiled_only
def test_file_of_another_kernel_is_compiled_again(cache):
    check(Kernel(halves))
    Kernel(count).load()
    shutil.copy(folder() / Kernel(count).entry, folder() / Kernel(halves).entry)
    check(Kernel(halves))
    assert cache == ["halves", "count", "halves"]


@compiled_only
def test_code_without_the_kernel_is_compiled_again(cache):
    check(Kernel(halves))
    kept = user_cache()
    code = b"no such symbol" + kept.read(own_target(), Kernel(halves).entry)[14:]
    assert kept.write(own_target(), Kernel(halves).entry, code)
    check(Kernel(halves))
    assert cache == ["halves", "halves"]


def unloadable(data, kernel):
    """Put code with a right digest in the cache that this machine cannot load."""
    kept = user_cache()
    assert kept.write(own_target(), kernel.entry, data)
    return kept


@compiled_only
@pytest.mark.parametrize("data", [b"", b"mark_rows\0", b"mark_rows\0\x7fELF and more"], ids=repr)
def test_code_that_cannot_be_loaded_is_compiled_again(cache, data):
    """Also of a kernel that another process compiles."""
    kept = unloadable(data, mark_rows)
    Kernel(mark_rows.function).load()
    code = kept.read(own_target(), mark_rows.entry)
    assert code != data
    assert link("mark_rows", code) != 0


@compiled_only
def test_code_that_cannot_be_loaded_nor_removed(cache, monkeypatch):
    kept = unloadable(b"mark_rows\0", mark_rows)
    monkeypatch.setattr(Cache, "remove", lambda *_: None)
    Kernel(mark_rows.function).load()
    assert link("mark_rows", kept.read(own_target(), mark_rows.entry)) != 0  # it was replaced


@compiled_only
def test_code_that_cannot_be_loaded_of_a_folder_of_somebody_else(cache, monkeypatch):
    kept = unloadable(b"mark_rows\0", mark_rows)
    monkeypatch.setattr(Folder, "is_own", False)
    Kernel(mark_rows.function).load()
    assert kept.read(own_target(), mark_rows.entry) == b"mark_rows\0"


@compiled_only
def test_folder_that_cannot_be_written(cache, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder can be made here")
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "file" / "cache"))
    for _ in range(2):
        check(Kernel(halves))
    assert cache == ["halves", "halves"]


@compiled_only
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_read_only_folder(cache, tmp_path):
    (tmp_path / "cache").mkdir(mode=0o500)
    check(Kernel(halves))
    assert cache == ["halves"]
    assert list((tmp_path / "cache").iterdir()) == []


@compiled_only
def test_full_disk_leaves_no_file(cache, monkeypatch, heard):
    def no_room(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_room)
        patch.setattr(build, "watcher", None)
        patch.setattr(build, "_said", set())
        check(Kernel(halves))
    assert len(heard) == 2
    assert "cannot be saved" in heard[1]
    assert files() == []
    check(Kernel(halves))
    assert cache == ["halves", "halves"]
    assert files() == [Kernel(halves).entry]


@compiled_only
def test_threads_compile_once(cache):
    kernel = Kernel(count)
    results = []

    def call():
        results.append(kernel(np.array([41], np.int64)))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [42] * 4
    assert cache == ["count"]


@compiled_only
def test_compiling_is_announced_once(cache, monkeypatch, heard):
    monkeypatch.setattr(build, "watcher", None)
    monkeypatch.setattr(build, "_said", set())
    check(Kernel(halves))
    Kernel(count)(np.zeros(1, np.int64))
    assert len(heard) == 1
    assert cache == ["halves", "count"]


@compiled_only
def test_nothing_is_announced_where_nothing_is_compiled(cache, monkeypatch, heard):
    check(Kernel(halves))
    monkeypatch.setattr(build, "watcher", None)
    monkeypatch.setattr(build, "_said", set())
    check(Kernel(halves))
    assert heard == []


@compiled_only
def test_compilations_are_counted(cache, monkeypatch):
    """What is expected and not in the cache is counted; what was not expected, too, in the end."""
    first, second = Kernel(halves), Kernel(count)
    heard = []

    class Watcher:
        def expected(self):
            heard.append("asked")
            return [first, second]

        def begin(self, finished, total):
            heard.append((finished, total))

        def end(self, finished, total):
            heard.append((finished, total))

    monkeypatch.setattr(build, "watcher", Watcher())
    monkeypatch.setattr(build, "_begun", set())
    monkeypatch.setattr(build, "_finished", set())
    monkeypatch.setattr(build, "_lacking", set())
    first.load()
    Kernel(halves).load()  # it is there by now
    second.load()
    assert heard == ["asked", (0, 2), (1, 2), (1, 2), (2, 2)]


# ----------------------------------------------------------------- all kernels


def modules():
    found = pkgutil.walk_packages(fastcli.kernels.__path__, "fastcli.kernels.")
    return {module.name: importlib.import_module(module.name) for module in found}


MODULES = modules()
KERNELS = {
    name: value
    for module in MODULES.values()
    for name, value in vars(module).items()
    if isinstance(value, Kernel)
}


def test_kernels_have_names_of_their_own():
    owners = [
        (name, module.__name__)
        for module in MODULES.values()
        for name, value in vars(module).items()
        if isinstance(value, Kernel) and value.function.__module__ == module.__name__
    ]
    names = [name for name, _ in owners]
    assert sorted(names) == sorted(set(names)) == sorted(KERNELS)
    assert all(KERNELS[name].__name__ == name for name in names)


@pytest.mark.parametrize("name", sorted(KERNELS))
def test_kernels_take_pointers_and_scalars(name):
    kernel = KERNELS[name]
    assert kernel.__doc__
    assert kernel.result in SCALARS
    assert len(kernel.parameters) == kernel.function.__code__.co_argcount


@compiled_only
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_object_code_needs_nothing_unknown(name):
    kernel = KERNELS[name]
    kernel.load()
    code = build.find_code(kernel)
    assert undefined_symbols(code.partition(b"\0")[2]) <= set(open_symbols())


def test_intrinsics_have_twins_with_the_same_arguments():
    twins = {
        value.__name__: value.function.__code__.co_argcount
        for module in MODULES.values()
        for value in vars(module).values()
        if isinstance(value, Device) and value.intrinsic
    }
    source = (Path(build.__file__).parent / "intrinsics.py").read_text()
    intrinsics = {
        node.name: len(node.args.args) - 1  # the first is Numba's typing context
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and "intrinsic" in [d.id for d in node.decorator_list if isinstance(d, ast.Name)]
    }
    assert intrinsics == twins
