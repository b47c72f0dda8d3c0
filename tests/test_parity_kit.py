"""The golden cases kept beside the repository, where they are."""

import json
import subprocess
import sys

import pytest

from fastcli.cli import COMMANDS
from tests.command import SHARED, environment

KIT = SHARED / "parity"
DATA = SHARED / "data"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (KIT / "run_kit.py").exists(), reason="no parity kit beside the repository"
    ),
]
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no data sets beside the repository")


def cases(kind):
    """Return the cases of a kind, all of whose commands exist, by their ids."""
    entries = json.loads((KIT / "cases.json").read_text(encoding="utf-8"))[kind]
    return {case["id"]: case for case in entries if commands(case) <= set(COMMANDS)}


def commands(case):
    """Return the commands that a case calls, "" for none at all."""
    steps = [*case.get("steps", []), *(check.get("argv") for check in case.get("checks", []))]
    if "argv" in case:
        steps.append(case["argv"])
    return {argv[0] if argv else "" for argv in steps if argv is not None}


def run_kit(ids, *options):
    """Run cases by their ids, and no others: the kit takes the start of an id for the id."""
    only = [word for case in ids for word in ("--only", case)]
    command = [sys.executable, KIT / "run_kit.py", "--cmd", f"{sys.executable} -m fastcli"]
    done = subprocess.run(
        [*command, "--jobs", "2", *options, *only],
        capture_output=True,
        env=environment(),
        check=False,
    )
    said = done.stdout.decode()
    assert done.returncode == 0, said[-4000:] + done.stderr.decode()[-4000:]
    assert said.splitlines()[-1] == f"passed {len(ids)} of {len(ids)}", said


def test_golden_cases():
    ids = cases("cases")
    assert len(ids) > 100
    assert any("quantize-load" in case["tags"] for case in ids.values())
    run_kit(ids)


def test_training_on_texts_of_the_kit():
    ids = [name for name, case in cases("training").items() if "data" not in case["tags"]]
    assert len(ids) > 5
    run_kit(ids)


@needs_data
def test_training_on_data_sets():
    ids = [name for name, case in cases("training").items() if "data" in case["tags"]]
    assert len(ids) > 7
    run_kit(ids, "--data", DATA)
