"""The kernel tests once more, on the Python that the kernels are written in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastcli.jit.build import PYTHON_MODE

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
@pytest.mark.skipif(PYTHON_MODE, reason="these tests run in Python mode already")
def test_kernels_run_as_python():
    options = ["-q", "-x", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "tests/kernels"],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout
