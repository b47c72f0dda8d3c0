"""What is uploaded: both files are sound, made again they are the same, and the wheel works."""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from fastcli import __version__
from fastcli.jit.installed import SHIPPED, installed_entry, installed_targets
from fastcli.jit.targets import named_target
from fastcli.jit.warm import all_kernels
from tests.command import ROOT, SAMPLES, environment, words

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("hatchling") is None or find_spec("twine") is None, reason="needs dev"
    ),
]
KERNELS = ROOT / "build" / "kernels"  # `make kernels` makes them
CARRIES_KERNELS = KERNELS.is_dir()
RUNS_KERNELS = CARRIES_KERNELS and (sys.platform, platform.machine()) == ("linux", "x86_64")
TRAINING = ["-dim", 10, "-epoch", 5, "-bucket", 1000, "-wordNgrams", 2, "-thread", 1, "-verbose", 0]


def call(*command, **options):
    """Run a command, and return what it printed on both streams."""
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")
    return done.stdout.decode()


def build(source, folder):
    """Build both files, and return the paths of source and wheel."""
    call(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=source)
    name = f"fasttext_cli-{__version__}"
    paths = folder / f"{name}.tar.gz", folder / f"{name}-py3-none-any.whl"
    assert sorted(folder.iterdir()) == sorted(paths)
    return paths


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the paths of the source release and the wheel."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


def test_both_files_pass_the_check_of_the_index(built):
    said = call(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *built)
    assert said.count("PASSED") == 2


@pytest.mark.filterwarnings("ignore:.*extraction filter:DeprecationWarning")
def test_what_is_built_from_the_source_release_has_the_same_bytes(built, tmp_path):
    with tarfile.open(built[0]) as archive:
        archive.extractall(tmp_path)
    (source,) = tmp_path.iterdir()
    if CARRIES_KERNELS:
        shutil.copytree(KERNELS, source / "build" / "kernels")
    again = build(source, tmp_path / "again")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in built]


def test_the_wheel_holds_what_an_installation_needs_and_nothing_else(built):
    wheel = built[1]
    assert wheel.stat().st_size < 10e6
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    about = f"fasttext_cli-{__version__}.dist-info"
    needed = {f"{about}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")}
    needed |= {f"{about}/licenses/LICENSE", "fastcli/py.typed"}
    needed |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "fastcli").rglob("*.py")}
    pages = (ROOT / "docs").rglob("*.md")
    needed |= {f"fastcli/{path.relative_to(ROOT).as_posix()}" for path in pages}
    samples = {path.name for path in SAMPLES.iterdir() if path.suffix not in (".py", ".pyc")}
    needed |= {f"fastcli/samples/{name}" for name in samples - {"__pycache__"}}
    kernels = {name for name in held if name.startswith("fastcli/jit/shipped/")}
    assert held - kernels == needed


@pytest.mark.skipif(not CARRIES_KERNELS, reason="needs make kernels")
def test_the_wheel_carries_each_kernel_for_each_level(built):
    with zipfile.ZipFile(built[1]) as archive:
        held = {name for name in archive.namelist() if name.startswith("fastcli/jit/shipped/")}
    folders = [f"fastcli/jit/shipped/{named_target(level).folder}" for level in SHIPPED]
    entries = [installed_entry(kernel) for kernel in all_kernels()]
    assert held == {f"{folder}/{entry}" for folder in folders for entry in entries}


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Install the wheel in an environment of its own; return its commands and variables."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", folder / "venv")
    bin_ = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [bin_ / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    call(*pip, "install", built[1], env=variables)
    call(*pip, "check", env=variables)
    variables["FASTCLI_CACHE_DIR"] = str(folder / "kernels")
    return bin_, variables


def test_an_installed_wheel_works_and_compiles_nothing(installed, tmp_path):
    bin_, env = installed

    def fastcli(*argv):
        return call(bin_ / "fastcli", *argv, cwd=tmp_path, env=env)

    assert fastcli("--version") == f"fastcli {__version__}\n"
    program = "import fastcli; print(fastcli.__file__)"
    where = call(bin_ / "python", "-c", program, cwd=tmp_path, env=env)
    assert Path(where.strip()).is_relative_to(bin_.parent)
    said = fastcli("demo", "tour")
    train = "tour/data/samples/topics.train.txt"
    said += fastcli("supervised", "-input", train, "-output", "m", *TRAINING)
    said += fastcli("quantize", "-output", "m", "-qnorm", "-thread", 1, "-verbose", 0)
    said += fastcli("test", "m.ftz", "tour/data/samples/topics.test.txt")
    assert "P@1" in said
    skipgram = ["skipgram", "-input", train, *TRAINING[:6], "-thread", 1, "-verbose", 0]
    digits = ["mlp-train", "-input", "tour/data/samples/digits.train.csv", "-epoch", 5]
    said += fastcli(*skipgram, "-output", "v") + fastcli(*digits, "-output", "d")
    if RUNS_KERNELS:
        assert "Compiling" not in said
        assert not [path for path in Path(env["FASTCLI_CACHE_DIR"]).rglob("*") if path.is_file()]
    # With kernels that were compiled here.
    again = ["supervised", "-input", train, "-output", "again", *TRAINING]
    call(*words(*again), cwd=tmp_path, env=environment())
    assert (tmp_path / "m.bin").read_bytes() == (tmp_path / "again.bin").read_bytes()
    predicting = ["predict-prob", "m.bin", "tour/data/samples/topics.test.txt", 3]
    assert fastcli(*predicting) == call(*words(*predicting), cwd=tmp_path, env=environment())
    if RUNS_KERNELS:  # and for the level of x86-64 that the wheel's code is for, byte for byte
        own = {**environment(), **next(installed_targets()).environ}
        call(*words(*skipgram, "-output", "v2"), cwd=tmp_path, env=own)
        call(*words(*digits, "-output", "d2"), cwd=tmp_path, env=own)
        quantize = ["quantize", "-output", "again", "-qnorm", "-thread", 1, "-verbose", 0]
        call(*words(*quantize), cwd=tmp_path, env=own)
        for one, other in (("v.bin", "v2.bin"), ("d.mlp", "d2.mlp"), ("m.ftz", "again.ftz")):
            assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes(), one
