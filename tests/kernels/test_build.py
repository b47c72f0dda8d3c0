"""Compiling, caching and calling: the door to Numba."""

from __future__ import annotations

import ast
import hashlib
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fastcli.kernels
from fastcli.kernels import _build
from fastcli.kernels._build import Device, Kernel, device

if TYPE_CHECKING:
    from fastcli.kernels._build import F32, F64, I32, I64, U8, f32, f64, i64

compiled_only = pytest.mark.skipif(
    _build.PYTHON_MODE, reason="nothing is compiled, cached or checked with NUMBA_DISABLE_JIT=1"
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
    monkeypatch.setattr(_build, "_cache", _build._Cache())
    compiled = []
    compile_kernel = _build.compile_kernel

    def remember(kernel):
        compiled.append(kernel.__name__)
        return compile_kernel(kernel)

    monkeypatch.setattr(_build, "compile_kernel", remember)
    return compiled


def check(kernel):
    x = np.array([2, 4, 6], np.float32)
    assert kernel(x, 3, 2.0) == 12
    assert x.tolist() == [1, 2, 3]


def files():
    return sorted(path.name for path in _build._cache.folder.iterdir())


# --------------------------------------------------------------------- calling


def test_kernels_look_like_their_functions():
    kernel = Kernel(halves)
    assert kernel.__name__ == "halves"
    assert kernel.__doc__ == halves.__doc__
    assert kernel.types == ["F32", "i64", "f32"]
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


@pytest.mark.skipif(not _build.PYTHON_MODE, reason="only with NUMBA_DISABLE_JIT=1")
def test_python_mode_calls_the_function_itself(cache):
    kernel = Kernel(halves)
    assert kernel.load() is halves
    check(kernel)
    assert cache == []


# --------------------------------------------------------------------- caching


@compiled_only
def test_cache_is_written_and_read_back(cache, monkeypatch):
    check(Kernel(halves))
    assert cache == ["halves"]
    assert files() == ["halves.o"]
    check(Kernel(halves))
    monkeypatch.setattr(_build, "_cache", _build._Cache())
    check(Kernel(halves))
    assert cache == ["halves"]


@compiled_only
def test_another_process_loads_without_numba(kernel_cache):
    from fastcli.kernels.features import mark_rows

    mark_rows.load()
    code = (
        "import sys, numpy as np\n"
        "from fastcli.kernels.features import mark_rows\n"
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
    path = _build._cache.folder / "halves.o"
    blob = path.read_bytes()
    path.write_bytes(damage(blob))
    check(Kernel(halves))
    assert cache == ["halves", "halves"]
    assert hashlib.sha256(path.read_bytes()[32:]).digest() == path.read_bytes()[:32]
    check(Kernel(halves))
    assert cache == ["halves", "halves"]


@compiled_only
def test_file_of_another_kernel_is_compiled_again(cache):
    check(Kernel(halves))
    folder = _build._cache.folder
    code = b"no such symbol" + _build._cache.read("halves")[14:]
    _build._cache.write("halves", code)
    check(Kernel(halves))
    assert cache == ["halves", "halves"]
    assert (folder / "halves.o").exists()


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
def test_full_disk_leaves_no_file(cache, monkeypatch):
    def no_room(source, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_room)
        check(Kernel(halves))
    check(Kernel(halves))
    assert cache == ["halves", "halves"]
    assert "halves.o" in files()


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
def test_compiling_is_announced_once(cache, monkeypatch):
    said = []
    monkeypatch.setattr(_build, "announce", said.append)
    monkeypatch.setattr(_build, "_announced", False)
    check(Kernel(halves))
    Kernel(count)(np.zeros(1, np.int64))
    assert len(said) == 1
    assert cache == ["halves", "count"]


@compiled_only
def test_nothing_is_announced_where_nothing_is_compiled(cache, monkeypatch):
    check(Kernel(halves))
    said = []
    monkeypatch.setattr(_build, "announce", said.append)
    monkeypatch.setattr(_build, "_announced", False)
    check(Kernel(halves))
    assert said == []


def test_cache_root(monkeypatch, tmp_path):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path))
    assert _build.cache_root() == tmp_path
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "")
    assert _build.cache_root().name == "fastcli"
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert _build.cache_root() == tmp_path / "fastcli"


@compiled_only
def test_key_changes_with_any_kernel_source(monkeypatch, tmp_path):
    key = _build._key()
    assert key == _build._key()
    for path in Path(_build.__file__).parent.glob("*.py"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(_build, "__file__", str(tmp_path / "_build.py"))
    assert key == _build._key()
    with open(tmp_path / "tokens.py", "a") as file:
        file.write("\n")
    assert key != _build._key()


# ----------------------------------------------------------------- all kernels


def modules():
    names = [module.name for module in pkgutil.iter_modules(fastcli.kernels.__path__)]
    return {
        name: importlib.import_module(f"fastcli.kernels.{name}")
        for name in names
        if name != "_intrinsics"  # imports Numba, which has no place in Python mode
    }


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
    assert set(kernel.types) <= {*_build._POINTERS, *_build._SCALARS} - {"None"}
    assert kernel.result in _build._SCALARS
    assert len(kernel.types) == kernel.function.__code__.co_argcount


@compiled_only
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_object_code_needs_nothing_unknown(name, tmp_path):
    nm = shutil.which("nm")
    if nm is None or not sys.platform.startswith("linux"):
        pytest.skip("needs the tool nm and ELF files")
    kernel = KERNELS[name]
    kernel.load()
    code = _build._cache.read(name) or _build.compile_kernel(kernel)
    (tmp_path / "kernel.o").write_bytes(code.partition(b"\0")[2])
    listed = subprocess.run(
        [nm, "-u", tmp_path / "kernel.o"], check=True, capture_output=True, text=True
    ).stdout
    needed = {line.split()[-1] for line in listed.splitlines()}
    assert needed - set(_build._open_symbols()) - {"_GLOBAL_OFFSET_TABLE_"} == set()


def test_intrinsics_have_twins_with_the_same_arguments():
    twins = {
        value.__name__: value.function.__code__.co_argcount
        for module in MODULES.values()
        for value in vars(module).values()
        if isinstance(value, Device) and value.intrinsic
    }
    source = (Path(_build.__file__).parent / "_intrinsics.py").read_text()
    intrinsics = {
        node.name: len(node.args.args) - 1  # the first is Numba's typing context
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and "intrinsic" in [d.id for d in node.decorator_list if isinstance(d, ast.Name)]
    }
    assert intrinsics == twins
