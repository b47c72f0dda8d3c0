"""A release holds all that its tests need, and asks for versions that they ran with."""

import subprocess
import sys
import tarfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import PurePath

import pytest

from tests.command import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# The folders and files of the repository that `make test` reads.
NEEDED = ["fastcli", "tests", "benchmarks", "data/samples", "docs"]
FILES = [
    "Makefile",
    "mkdocs.yml",
    "pyproject.toml",
    "LICENSE",
    *(path.name for path in ROOT.glob("*.md")),
]
NOT_KEPT = {"__pycache__", ".DS_Store", ".gitignore"}


def files_below(name):
    """Return the paths of all files of a folder that git would keep."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / name).rglob("*")
        if path.is_file() and not NOT_KEPT & set(path.parts)
    }


@pytest.mark.slow
def test_the_source_release_holds_what_make_test_reads(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed")
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (archive,) = tmp_path.glob("fasttext_cli-*.tar.gz")
    with tarfile.open(archive) as release:
        held = {str(PurePath(*PurePath(name).parts[1:])) for name in release.getnames()}
    needed = set(FILES).union(*map(files_below, NEEDED))
    assert "tests/golden/ns.bin" in needed
    assert "benchmarks/digests.py" in needed
    assert needed - held == set()
    assert not {name for name in held if name.startswith((".venv", ".git/", ".ci"))}


def numba_bounds():
    """Return the least version of Numba that is asked for, and the first that is not."""
    (asked,) = [line for line in PROJECT["project"]["dependencies"] if line.startswith("numba")]
    least, below = asked.removeprefix("numba").split(",")
    assert (least[:2], below[0]) == (">=", "<")
    return numbers(least[2:]), numbers(below[1:])


def numbers(text):
    """Return the two numbers that a version of Numba begins with."""
    return tuple(int(part) for part in text.split(".")[:2])


def test_numba_is_within_the_bounds():
    least, below = numba_bounds()
    assert least < below
    assert least <= numbers(version("numba")) < below, "CONTRIBUTING.md says how to raise the bound"
