"""What a kernel's key depends on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fastcli
from fastcli.jit import keys, targets
from fastcli.jit.build import OPTIONS, Device, Kernel
from fastcli.jit.processor import Processor
from fastcli.jit.targets import LEVELS, own_target, runnable

if TYPE_CHECKING:
    from fastcli.jit.signature import i64

ROW = np.arange(4.0)


def key(source, **others):
    """Return the key of the kernel that some source has, among other globals."""
    names = {"__name__": "some.module", "np": np, **others}
    exec(compile(source, "anywhere.py", "exec"), names)
    return Kernel(names["kernel"]).key


def leaf(body="x + 1", **others):
    names = {"__name__": "some.module", **others}
    exec(f"def leaf(x):\n    return {body}\n", names)
    return Device(names["leaf"], intrinsic=False)


PLAIN = "def kernel(x: 'i64') -> 'i64':\n    return x * LIMIT\n"


def test_same_code_same_key():
    assert key(PLAIN, LIMIT=3) == key(PLAIN, LIMIT=3)
    assert len(key(PLAIN, LIMIT=3)) == 32


def test_comments_docstrings_and_places_change_nothing():
    text = (
        "\n\n# why\ndef kernel(x: 'i64') -> 'i64':\n    '''Say.'''\n    return x * LIMIT  # how\n"
    )
    other = text.replace("Say.", "Say more.")
    assert key(text, LIMIT=3) == key(other, LIMIT=3)


@pytest.mark.parametrize(
    "source",
    [
        PLAIN.replace("*", "+"),
        PLAIN.replace("x: 'i64'", "x: 'f64'"),
        PLAIN.replace("-> 'i64'", "-> 'f64'"),
        PLAIN.replace("LIMIT", "3"),
        PLAIN.replace("LIMIT", "LIMIT * 1.0"),
        PLAIN.replace("(x: 'i64')", "(x: 'i64' = 2)"),
    ],
)
def test_code_signature_and_defaults_count(source):
    assert key(source, LIMIT=3) != key(PLAIN, LIMIT=3)


@pytest.mark.parametrize("value", [4, 3.0, np.float32(3), np.int64(3), (3,), ROW, True, np])
def test_constants_count(value):
    assert key(PLAIN, LIMIT=value) != key(PLAIN, LIMIT=3)


def test_an_array_of_other_numbers_counts():
    assert key(PLAIN, LIMIT=ROW) == key(PLAIN, LIMIT=ROW.copy())
    assert key(PLAIN, LIMIT=ROW) != key(PLAIN, LIMIT=ROW + 1)


def test_what_is_called_counts_whatever_the_depth():
    text = "def kernel(x: 'i64') -> 'i64':\n    return call(x)\n"
    deep = leaf("inner(x)", inner=leaf())
    assert key(text, call=deep) == key(text, call=leaf("inner(x)", inner=leaf()))
    assert key(text, call=deep) != key(text, call=leaf("inner(x)", inner=leaf("x + 2")))
    assert key(text, call=deep) != key(text, call=leaf("inner(x, y)", inner=leaf()))


def test_closures_count():
    def made(by):
        def kernel(x: i64) -> i64:
            return x * by

        return Kernel(kernel).key

    assert made(2) == made(2) != made(3)


def test_module_and_name_count():
    text = PLAIN.replace("LIMIT", "3")
    one, two = {"__name__": "a"}, {"__name__": "b"}
    exec(text, one)
    exec(text, two)
    assert Kernel(one["kernel"]).key != Kernel(two["kernel"]).key


def test_what_has_no_fixed_value_is_refused():
    with pytest.raises(keys.Unhashable, match="cannot be part of its key"):
        key(PLAIN, LIMIT=object())


def test_options_and_compiler_count(monkeypatch):
    names = {"__name__": "a"}
    exec(PLAIN.replace("LIMIT", "3"), names)
    kernel = Kernel(names["kernel"])
    usual = keys.key_of(kernel, OPTIONS)
    assert usual == keys.key_of(kernel, dict(reversed(OPTIONS.items())))
    assert usual != keys.key_of(kernel, {**OPTIONS, "fastmath": {"nsz"}})
    monkeypatch.setattr(keys, "_compiler", lambda: "another")
    assert usual != keys.key_of(kernel, OPTIONS)


# -------------------------------------------------------- on a copy of the package

LIST = (
    "from fastcli.jit import warm\n"
    "for k in warm.all_kernels(): print(k.module.split('.')[-1] + '.' + k.qualname, k.key)\n"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    """Return a copy of the package, and a function that lists its kernels' keys."""
    root = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(fastcli.__file__).parent, root / "fastcli", ignore=ignored)

    def all_keys():
        command = [sys.executable, "-c", f"import sys; sys.path[0] = {str(root)!r}\n{LIST}"]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        return dict(line.split() for line in run.stdout.splitlines())

    return root / "fastcli", all_keys, all_keys()


def changed(package, file, old, new):
    """Return what kernels get other keys by an edit, which is taken back."""
    folder, all_keys, before = package
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    try:
        after = all_keys()
    finally:
        (folder / file).write_text(text, encoding="utf-8")
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}, set(before)


MINHASH, INTRINSICS = "kernels/text/minhash.py", "jit/intrinsics.py"


def test_editing_a_leaf_changes_it_alone(package):
    names, _ = changed(package, "kernels/base/heap.py", '"""', '# why\n"""')
    assert names == set()
    names, everything = changed(package, MINHASH, "    for ", "    x = 0\n    for ")
    assert 1 <= len(names) <= 2
    assert all(name.startswith("minhash.") for name in names)
    assert len(everything) > 100


def test_editing_a_device_changes_its_callers(package):
    names, everything = changed(package, "kernels/base/threads.py", "spins > 2000", "spins > 2001")
    assert "train.train_lines" in names
    assert len(names) < len(everything) / 2
    assert not any(name.startswith(("lines.", "minhash.", "quantize.")) for name in names)


def test_editing_the_llvm_code_of_an_intrinsic_changes_its_callers(package):
    old = "builder.urem(args[0], args[1])"
    names, everything = changed(package, INTRINSICS, old, old.replace("urem", "srem"))
    assert 0 < len(names) < len(everything) / 2
    names, _ = changed(package, INTRINSICS, "    width = LANES\n", "    width = LANES + 0\n")
    assert 0 < len(names) < len(everything)
    names, _ = changed(package, INTRINSICS, "LANES = 16", "LANES = 8")
    assert len(everything) > len(names) > 10


# -------------------------------------------------------------------- the target


def test_what_numba_is_told_is_part_of_the_target(monkeypatch):
    for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT"):
        monkeypatch.delenv(name, raising=False)
    folders = [own_target().folder]
    for name, value in [
        ("NUMBA_OPT", "1"),
        ("NUMBA_CPU_FEATURES", "+sse2"),
        ("NUMBA_CPU_NAME", "generic"),
        ("NUMBA_LOOP_VECTORIZE", "0"),
    ]:
        monkeypatch.setenv(name, value)
        folders.append(own_target().folder)
    assert len(set(folders)) == 5
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert own_target().folder == folders[-1]


def test_code_of_levels_is_run_unless_a_processor_is_named(monkeypatch):
    for name in ("NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"):
        monkeypatch.delenv(name, raising=False)
    has = {feature for level in ("x86-64-v2", "x86-64-v3") for feature in LEVELS[level]}

    def be(has):
        features = ",".join(f"+{feature}" for feature in sorted(has)) + ",-avx512f"
        monkeypatch.setattr(targets, "host", lambda: Processor("some-cpu", features))

    be(has)
    monkeypatch.setattr(targets.platform, "machine", lambda: "x86_64")
    assert [target.cpu for target in runnable()] == ["some-cpu", "x86-64-v3", "x86-64-v2"]
    be(has | LEVELS["x86-64-v4"])
    assert [target.cpu for target in runnable()][1] == "x86-64-v4"
    be((has | LEVELS["x86-64-v4"]) - {"bmi2"})
    assert [target.cpu for target in runnable()] == ["some-cpu", "x86-64-v2"]
    monkeypatch.setattr(targets.platform, "machine", lambda: "aarch64")
    assert [target.cpu for target in runnable()] == ["some-cpu"]
    monkeypatch.setattr(targets.platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert [(target.cpu, target.features) for target in runnable()] == [("generic", "")]
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "+sse3")
    assert [(target.cpu, target.features) for target in runnable()] == [("generic", "+sse3")]
