"""How the process ends: at once, but with all that was to be done."""

import subprocess
import sys

import pytest

RUN = (
    "import atexit, sys\n"
    "from fastcli import __main__ as program\n"
    "import fastcli.cli\n"
    "def run():\n"
    "    atexit.register(lambda: print('registered', flush=True))\n"
    "    sys.stdout.write('x' * 100_000 + '\\n')\n"
    "    sys.exit({code})\n"
    "fastcli.cli.main = run\n"
    "{before}\n"
    "try:\n"
    "    program.main()\n"
    "finally:\n"
    "    print('torn down')\n"
)


def ended(code="0", before="", *options, **given):
    command = [sys.executable, *options, "-c", RUN.format(code=code, before=before)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, **given)


@pytest.mark.parametrize(("code", "expected"), [("0", 0), ("1", 1), ("130", 130)])
def test_buffered_output_arrives_and_what_was_registered_is_done(code, expected):
    result = ended(code)
    assert (result.returncode, result.stderr) == (expected, "")
    assert result.stdout == "x" * 100_000 + "\nregistered\n"


@pytest.mark.parametrize(
    "before", ["sys.setprofile(lambda *_: None)", "sys.settrace(lambda *_: None)"]
)
def test_a_profiler_or_debugger_sees_the_end(before):
    result = ended("3", before)
    assert result.returncode == 3
    assert "torn down" in result.stdout


def test_other_codes_are_left_to_python():
    result = ended("'a message'")
    assert (result.returncode, result.stderr) == (1, "a message\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full is Linux's")
def test_output_that_cannot_be_written_is_reported():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", RUN.format(code="0", before="")]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert result.returncode != 0
    assert "No space left" in result.stderr
