"""The README keeps its word: its commands run and print what it says, its tables are current."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests import docs

NUMBER = re.compile(r"\d+\.\d+")


def test_made_sections_are_current():
    text = docs.README.read_text(encoding="utf-8")
    assert docs.made(text) == text, "run: python -m tests.docs"


@pytest.mark.parametrize("name", list(docs.commands()))
def test_every_command_is_in_the_readme_and_has_an_example(name):
    command = docs.commands()[name]
    assert f"| `{name} {command.pattern}` |".replace("|dict|input|", "\\|dict\\|input\\|") in (
        docs.README.read_text(encoding="utf-8")
    )
    assert "Example:" in command.help
    assert f"fastcli {name} " in command.help


def test_changelog_has_an_open_section():
    assert "## Unreleased" in (docs.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="the tour is written for a POSIX shell")
def test_the_tour_prints_what_the_readme_says(tmp_path):
    (tmp_path / "data").mkdir()
    shutil.copytree(docs.ROOT / "data" / "samples", tmp_path / "data" / "samples")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    launcher = bin_folder / "fastcli"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastcli "$@"\n')
    launcher.chmod(0o755)
    env = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"}
    env["PYTHONPATH"] = str(docs.ROOT)
    steps = docs.tour()
    assert len(steps) > 8
    for command, expected in steps:
        run = subprocess.run(
            command, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        )
        # Processors round differently in the last digits, so numbers may differ a little.
        assert NUMBER.sub("#", run.stdout) == NUMBER.sub("#", expected), command
        ours = [float(x) for x in NUMBER.findall(run.stdout)]
        assert ours == pytest.approx([float(x) for x in NUMBER.findall(expected)], abs=0.01)
