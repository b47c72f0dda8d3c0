"""Compiling in other processes: once for all, ended with their parent, never in the way."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import fastcli
from fastcli.jit import build, compilers
from fastcli.jit.cache import Cache
from fastcli.jit.compilers import CannotCompile, Compiler, Job
from fastcli.jit.targets import own_target
from fastcli.kernels.text.features import mark_rows

compiled_only = pytest.mark.skipif(
    build.PYTHON_MODE, reason="nothing is compiled with NUMBA_DISABLE_JIT=1"
)
linux_only = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="looks at the children of a process in /proc"
)
ROOT = Path(fastcli.__file__).resolve().parents[1]

# A process that says when its compiler process has begun, and ends as the command line does.
LOADING = """
import sys
sys.path.insert(0, sys.argv[1])
import signal
from fastcli import cli
from fastcli.jit import build, compilers
from fastcli.kernels.linear import train
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
real = compilers.Compiler.compile
def compile(self, kernel):
    print(self.process.pid, flush=True)
    return real(self, kernel)
compilers.Compiler.compile = compile
def load(**_):
    train.train_lines.load()
    print("loaded", flush=True)
cli.cli.main = load
cli.main()
"""


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """Give the test, and the processes it starts, a cache folder that does not exist yet."""
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def loading():
    """Start a process that compiles the trainer; return it and the number of its compiler."""
    command = [sys.executable, "-c", LOADING, str(ROOT)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, text=True, **pipes)
    return process, int(process.stdout.readline())


def is_gone(number):
    """Wait until a process is gone, or only its entry in the table is left."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@compiled_only
@linux_only
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_an_interrupt_ends_the_process_and_its_compiler(empty, number, code):
    process, compiler = loading()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err
    assert is_gone(compiler)
    left = [path for path in empty.rglob("*.o*") if path.is_file()]
    assert left == [] or number == signal.SIGKILL


@compiled_only
def test_a_compiler_that_is_killed_is_done_without(empty, monkeypatch):
    monkeypatch.setattr(Compiler, "compile", killed_before(Compiler.compile))
    kernel = build.Kernel(mark_rows.function)
    kernel.load()
    assert kernel.is_loaded
    assert len(list(empty.rglob("*.o"))) == 1


def killed_before(compile_kernel):
    def compile_after(self, kernel):
        self.end()
        self.process.wait()
        return compile_kernel(self, kernel)

    return compile_after


@compiled_only
def test_a_compiler_process_serves_many_and_ends_when_its_input_does(empty):
    compiler = Compiler(own_target())
    kernels = [build.Kernel(mark_rows.function), mark_rows]
    codes = [compiler.compile(kernel) for kernel in kernels]
    assert all(b"\0\x7fELF" in code or len(code) > 100 for code in codes)
    assert compiler.is_alive
    compiler.process.stdin.close()
    assert compiler.process.wait(timeout=60) == 0
    with pytest.raises(CannotCompile):
        compiler.compile(mark_rows)
    assert not compiler.is_alive


@compiled_only
def test_a_kernel_that_is_not_what_it_was_is_not_compiled(empty):
    kernel = build.Kernel(mark_rows.function)
    kernel._key = "0" * 32
    compiler = Compiler(own_target())
    with pytest.raises(CannotCompile, match="has no kernel mark_rows with the key 000"):
        compiler.compile(kernel)
    compiler.close()


@compiled_only
def test_jobs_for_one_kernel_compile_it_once(empty, monkeypatch):
    seen = []
    compile_kernel = compilers._compile

    def counted(kernel, target, given_up):
        seen.append(kernel.__name__)
        return compile_kernel(kernel, target, given_up)

    monkeypatch.setattr(compilers, "_compile", counted)
    cache = Cache(str(empty))
    cache.check(own_target())
    jobs = [Job(mark_rows, own_target(), cache) for _ in range(4)]
    assert len({job.wait() for job in jobs}) == 1
    assert seen == ["mark_rows"]
    assert [job.is_new for job in jobs].count(True) == 1
    assert all(job.is_kept for job in jobs)
    assert [path.suffix for path in (empty / own_target().folder).iterdir()] == [".o"]


@compiled_only
def test_a_job_that_waits_for_another_process_hears_that_it_is_given_up(empty, monkeypatch):
    monkeypatch.setattr(compilers, "TIDYING", 60)  # seconds, and far less is needed
    cache = Cache(str(empty))
    cache.check(own_target())
    waits = threading.Event()
    real = Cache.lock

    def lock(self, *args):
        waits.set()
        return real(self, *args)

    with cache.lock(own_target(), mark_rows.entry):  # as another process has it
        monkeypatch.setattr(Cache, "lock", lock)
        job = Job(mark_rows, own_target(), cache)
        assert waits.wait(60)
        compilers.end_all()
        assert job.is_done.is_set()
        with pytest.raises(CannotCompile, match="given up"):
            job.wait()


def test_what_was_given_up_is_not_waited_for_again(monkeypatch):
    class Deaf:
        given_up, is_done = threading.Event(), threading.Event()

    waited = []
    Deaf.is_done.wait = waited.append
    monkeypatch.setattr(compilers, "_jobs", {Deaf})
    compilers.end_all()
    compilers.end_all()
    assert len(waited) == 1


@compiled_only
def test_a_process_is_not_asked_once_it_is_given_up(empty):
    given_up = threading.Event()
    given_up.set()
    with pytest.raises(CannotCompile, match="given up"):
        compilers._compile(mark_rows, own_target(), given_up)


FIRST_RUN = """
import sys
sys.path.insert(0, sys.argv[1])
from fastcli.jit import compilers
from fastcli.kernels.text import features, lines
real = compilers._compile
def counted(kernel, target, given_up):
    print(kernel.__name__, flush=True)
    return real(kernel, target, given_up)
compilers._compile = counted
features.mark_rows.load()
lines.read_lines.load()
"""


@compiled_only
@pytest.mark.slow
def test_twenty_first_runs_at_once_compile_each_kernel_once(empty):
    command = [sys.executable, "-c", FIRST_RUN, str(ROOT)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(20)]
    said = [run.communicate()[0].split() for run in runs]
    assert [run.returncode for run in runs] == [0] * 20
    assert sorted(name for names in said for name in names) == ["mark_rows", "read_lines"]


@compiled_only
def test_settings_in_the_current_folder_are_not_read(empty, tmp_path, monkeypatch):
    (tmp_path / ".numba_config.yaml").write_text("cpu_name: such-as-nobody-has\n")
    monkeypatch.chdir(tmp_path)
    compiler = Compiler(own_target())
    assert compiler.compile(mark_rows)
    assert Path(f"/proc/{compiler.process.pid}/cwd").resolve() != tmp_path or os.name == "nt"
    compiler.close()


# --------------------------------------------------------- two kernels of one name

ONE = "from fastcli.jit.build import kernel\n\n@kernel\ndef same(x: 'i64') -> 'i64':\n"


@compiled_only
def test_kernels_of_one_name_in_two_modules(empty, tmp_path):
    shutil.copytree(
        ROOT / "fastcli", tmp_path / "fastcli", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name, body in (("one", "x + 1"), ("two", "x * 100")):
        path = tmp_path / "fastcli" / "kernels" / f"{name}.py"
        path.write_text(f"{ONE}    return {body}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from fastcli.kernels import one, two\n"
        "print(one.same(10), two.same(10))\n"
    )
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (run.returncode, run.stdout) == (0, "11 1000\n")
    assert len(list(empty.rglob("*.o"))) == 2
