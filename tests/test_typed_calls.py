"""mypy checks calls of kernels and of device functions as it checks those of other functions."""

import subprocess
import sys

import pytest

from tests.command import ROOT

pytestmark = pytest.mark.slow

CALLS = {
    "a kernel": (
        "fasttext/save.py",
        "kept, first, last, start, values, n * dim",
        {
            "an array for a group": "model.wi, first, last, start, values, n * dim",
            "one too few": "kept, first, last, values, n * dim",
        },
    ),
    "a device function": (
        "kernels/linear/losses.py",
        "row_dot(row, example.hidden, output.stride)",
        {
            "an array for a number": "row_dot(row, output.stride, example.hidden)",
            "one too few": "row_dot(row, example.hidden)",
        },
    ),
}


def mypy(path):
    """Return what mypy finds in a file that imports from this tree."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("kind", CALLS)
def test_wrong_arguments_are_found(kind, tmp_path):
    name, call, wrong = CALLS[kind]
    source = (ROOT / "fastcli" / name).read_text(encoding="utf-8")
    assert source.count(call) == 1
    copy = tmp_path / "copy_of_a_module.py"
    copy.write_text(source, encoding="utf-8")
    assert mypy(copy) == (0, "Success: no issues found in 1 source file\n")
    for what, changed in wrong.items():
        other = tmp_path / f"{what.replace(' ', '_')}.py"
        other.write_text(source.replace(call, changed), encoding="utf-8")
        code, found = mypy(other)
        assert code == 1, what
        assert "[arg-type]" in found or "[call-arg]" in found, found
