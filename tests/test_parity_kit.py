"""The golden cases kept beside the repository, where they are."""

import json
import subprocess
import sys

import pytest

from fastcli.cli import COMMANDS
from tests.command import ROOT, environment

KIT = ROOT.parent / "shared" / "parity"

pytestmark = pytest.mark.skipif(
    not (KIT / "run_kit.py").exists(), reason="no parity kit beside the repository"
)


def cases():
    """Return the ids of the cases about commands that exist, on models that are not quantized."""
    entries = json.loads((KIT / "cases.json").read_text(encoding="utf-8"))["cases"]
    for case in entries:
        argv = case["argv"]
        if argv and argv[0] in COMMANDS and "quantize-load" not in case["tags"]:
            yield case["id"]


def test_parity():
    only = [word for case in cases() for word in ("--only", case)]
    assert len(only) > 200
    done = subprocess.run(
        [
            sys.executable,
            KIT / "run_kit.py",
            "--cmd",
            f"{sys.executable} -m fastcli",
            "--jobs",
            "2",
            *only,
        ],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode()[-4000:]
