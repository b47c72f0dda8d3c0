"""fastcli cache: its answers, and that warm knows what commands need."""

import os
import re
import shutil
import stat
import subprocess
import sys

import click
import pytest

from fastcli.cli import COMMANDS, cli
from fastcli.cli._reach import kernels_of
from fastcli.jit import build
from fastcli.jit.targets import own_target
from tests.command import ROOT, SAMPLES, run

compiled_only = pytest.mark.skipif(
    build.PYTHON_MODE, reason="nothing is compiled with NUMBA_DISABLE_JIT=1"
)
root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be another user"
)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """Give the test a cache folder that does not exist yet."""
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_path(empty):
    assert run("cache", "path").text() == f"{empty}\n"
    assert not empty.exists()


def test_path_that_is_not_used(empty):
    empty.mkdir()
    os.chmod(empty, 0o777)
    result = run("cache", "path")
    assert result.out == f"{empty}\n".encode()
    if os.name != "nt":
        advice = f"chmod go-w {empty} fixes that"
        assert result.err == f"It is not used: {empty} can be written by other users; {advice}.\n"


@pytest.mark.parametrize("name", ["file", "file/cache", "link/cache"])
def test_a_path_that_cannot_be_a_folder(name, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    if name.startswith("link"):
        (tmp_path / "link").symlink_to(tmp_path / "file")
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / name))
    result = run("cache", "path")
    assert (result.code, result.out) == (0, f"{tmp_path / name}\n".encode())
    assert len(result.err.splitlines()) == 1
    assert "Not a directory" in result.err


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="a folder that nobody can write")
@pytest.mark.parametrize(
    ("path", "why"), [("/proc/self", ": "), ("/proc/self/a/b", ": it cannot be created in /proc/")]
)
def test_a_path_where_nothing_can_be_kept(path, why, monkeypatch):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", path)
    result = run("cache", "path")
    assert (result.code, result.out) == (0, f"{path}\n".encode())
    assert result.err.startswith(f"Nothing is saved there{why}")
    assert len(result.err.splitlines()) == 1


def test_a_home_folder_that_no_shell_has_read(monkeypatch):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "~/cache")
    result = run("cache", "path")
    assert (result.code, result.out) == (1, b"")
    assert "FASTCLI_CACHE_DIR is not an absolute path: ~/cache (~ stands for" in result.err


@pytest.mark.parametrize("action", ["path", "clear", "warm"])
def test_a_relative_folder_is_refused(monkeypatch, action, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "here")
    result = run("cache", action)
    assert result.code == 1
    if not build.PYTHON_MODE:
        reason = "FASTCLI_CACHE_DIR is not an absolute path: here"
        assert result.err == f"Compiled kernels cannot be saved: {reason}.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fill"], "Unknown action: fill. Known: path, clear, warm."),
        (["path", "predict"], "path takes no commands and no options."),
        (["clear", "--shared", "x"], "clear takes no commands and no options."),
        (["warm", "predictt"], "Unknown command: predictt (did you mean predict?). Known: "),
        (["warm", "--targt", "x"], "Unknown argument: --targt (did you mean --target?)"),
    ],
)
def test_mistakes(empty, words, sentence):
    result = run("cache", *words)
    assert result.code == 1
    assert result.err.startswith(sentence)
    assert not empty.exists()


@compiled_only
@pytest.mark.parametrize("name", ["x86-64-v9", "help"])
def test_a_processor_that_is_unknown(empty, name):
    result = run("cache", "warm", "--target", name)
    assert result.code == 1
    assert not empty.exists()
    assert result.err.startswith(f"{name} is not a processor of this architecture")


@compiled_only
def test_warm_and_clear(empty):
    result = run("cache", "warm", "prepare")
    lines = result.err.splitlines()
    n = len(kernels_of(callback("prepare")))
    assert [line.split(":")[0] for line in lines[:-1]] == [f"{i} of {n}" for i in range(1, n + 1)]
    said = rf"{n} kernels for {own_target().cpu} in {empty}, (\d+) of them new in \d+\.\d s\.\n?"
    assert re.fullmatch(said, lines[-1])[1] == str(n)
    again = run("cache", "warm", "prepare")
    assert re.fullmatch(said, again.err)[1] == "0"
    (empty / "letter.txt").write_text("not ours")
    cleared = run("cache", "clear").err
    assert re.fullmatch(rf"Removed {n} compiled kernels \(0\.\d MB\) from {empty}\.\n", cleared)
    assert [path.name for path in empty.iterdir()] == ["letter.txt"]
    assert run("cache", "clear").err.startswith("Removed 0 compiled kernels")


@pytest.mark.skipif(not build.PYTHON_MODE, reason="only with NUMBA_DISABLE_JIT=1")
def test_warm_compiles_nothing_in_python_mode(empty):
    assert run("cache", "warm").err == "Nothing is compiled with NUMBA_DISABLE_JIT=1.\n"


@root_only
def test_somebody_elses_folder_is_not_cleared(empty):
    empty.mkdir()
    os.chown(empty, 65534, 65534)
    result = run("cache", "clear")
    assert result.code == 1
    assert "belongs to another user" in result.err


# ------------------------------------------------------------------------ sharing

# As root: the modules are imported, then another user loads the same kernels and must not compile.
OTHER_USER = """
import os, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from fastcli.jit import build, cache, compilers, keys, link, targets
from fastcli.kernels.text import spacing
def run():
    text = np.frombuffer(b"one, two", np.uint8).copy()
    out = np.zeros(64, np.uint8)
    kernel = [k for k in vars(spacing).values() if isinstance(k, build.Kernel)][0]
    kernel._call = None
    kernel.load()
    return kernel.entry
first = run()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
def compiled(*_):
    raise SystemExit("it is compiled")
compilers.Job = compiled
assert run() == first
print("loaded by", os.geteuid())
"""


@compiled_only
@root_only
@pytest.mark.skipif(
    not {"avx2", "fma"} <= set(own_target().features.replace("+", "").split(",")),
    reason="this processor cannot run code for x86-64-v3",
)
def test_another_user_starts_on_code_for_a_level(public_path, monkeypatch):
    shared = public_path / "image" / "kernels"
    result = run("cache", "warm", "prepare", "--target", "x86-64-v3", "--shared", shared)
    assert result.err.splitlines()[-1] == f"Others use it with FASTCLI_CACHE_DIR={shared}"
    modes = {
        path.is_dir(): stat.S_IMODE(path.stat().st_mode)
        for path in [shared, *shared.rglob("*")]
        if not path.name.startswith(".")
    }
    assert modes == {True: 0o755, False: 0o644}
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(shared))
    command = [sys.executable, "-c", OTHER_USER, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "loaded by 65534\n", "")
    assert len(list(shared.glob("x86-64-v3-*"))) == 1


@compiled_only
@root_only
def test_a_folder_that_others_write_is_not_shared(tmp_path):
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o1777)
    result = run("cache", "warm", "prepare", "--shared", tmp_path / "open")
    assert result.code == 1
    assert "can be written by other users" in result.err


# ------------------------------------------------------- what commands really load


def callback(name):
    return cli.get_command(click.Context(cli), name).callback


# Runs commands in one process, as Python; after each it prints the kernels that were called, by
# the caller or by their addresses.
RECORD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from fastcli.jit import build
from fastcli.kernels.base import indirect as calls
asked = set()
def load(kernel, real=build.Kernel.load):
    asked.add(kernel.entry)
    return real(kernel)
def call(kernel, *args, real=build.Kernel.__call__):
    asked.add(kernel.entry)
    return real(kernel, *args)
build.Kernel.load, build.Kernel.__call__ = load, call
from fastcli import cli
for argv in json.loads(sys.argv[2]):
    asked.clear()
    calls._functions.clear()
    sys.argv = ["fastcli", *argv]
    try:
        cli.main()
    except SystemExit as stop:
        assert not stop.code, argv
    by_address = calls._functions.values()
    asked.update(k.entry for k in build.kernels if k.function in by_address)
    print("ASKED", argv[0], *sorted(asked), flush=True)
"""


def test_warm_covers_what_commands_load(tmp_path):
    import json

    train = tmp_path / "train.txt"
    train.write_text("__label__a one two\n__label__b two three\n" * 8)
    query = tmp_path / "words.txt"
    query.write_text("one two\n")
    shutil.copy(SAMPLES / "topics.test.txt", tmp_path / "raw.txt")
    small = ["-input", str(train), "-minCount", "1", "-dim", "4", "-epoch", "1", "-bucket", "400"]
    model, words, mlp = (str(tmp_path / name) for name in ("m", "w", "p"))
    commands = [
        ["supervised", *small, "-wordNgrams", "2", "-maxn", "3", "-output", model],
        ["skipgram", *small, "-output", words],
        ["cbow", *small, "-output", words],
        ["mlp-train", "-input", str(train), "-output", mlp, "-epoch", "1", "--hidden", "4"],
        ["quantize", "-output", model, "-input", str(train), "-cutoff", "300", "-retrain"],
        ["test", f"{model}.bin", str(train)],
        ["test-label", f"{model}.ftz", str(train)],
        ["predict", f"{model}.ftz", str(query)],
        ["predict-prob", f"{mlp}.mlp", str(query)],
        ["print-ngrams", f"{words}.bin", "one"],
        ["inspect", str(train)],
        ["dump", f"{model}.bin", "dict"],
    ]
    command = [sys.executable, "-c", RECORD, str(ROOT), json.dumps(commands)]
    env = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    loaded = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ASKED")]
    assert [name for name, *_ in loaded] == [argv[0] for argv in commands]
    for name, *entries in loaded:
        assert set(entries) <= {kernel.entry for kernel in kernels_of(callback(name))}, name


def test_commands_need_less_than_everything():
    assert kernels_of(callback("cache")) == []
    assert {kernel.__name__ for kernel in kernels_of(callback("supervised"))} >= {"train_lines"}
    names = {kernel.__name__ for kernel in kernels_of(callback("predict"))}
    assert "best_labels" in names
    assert not names & {"train_lines", "train_words", "hash_lines"}
    assert "train_words" in {kernel.__name__ for kernel in kernels_of(callback("cbow"))}
    assert "elu_forward" in {kernel.__name__ for kernel in kernels_of(callback("mlp-train"))}
    without = {"cache", "completion", "demo", "help"}  # demo runs other commands
    assert all(kernels_of(callback(name)) for name in COMMANDS if name not in without)


WITHOUT_DASK = """
import sys
sys.modules.update(dask=None, distributed=None)  # as where they are not installed
import click
from fastcli.cli import cli
from fastcli.cli._reach import kernels_of
predict = cli.get_command(click.Context(cli), "predict").callback
print(*(kernel.entry for kernel in kernels_of(predict)))
"""


def test_extras_that_are_not_installed_need_no_kernels():
    command = [sys.executable, "-c", WITHOUT_DASK]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [kernel.entry for kernel in kernels_of(callback("predict"))]
