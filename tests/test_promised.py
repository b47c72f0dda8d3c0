"""What docs/stability.md promises is kept: names stay, and files of old versions are read."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tests.command import GOLDEN, ROOT, run
from tests.promised import names, promised

PAGE = ROOT / "docs" / "stability.md"
ANSWERS = json.loads((GOLDEN / "written" / "answers.json").read_text())
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def test_what_was_promised_is_there():
    left = sorted(set(promised()) - set(names()))
    assert left == [], f"{PAGE.name} says how names are deprecated before they go"


def test_what_is_there_is_promised():
    assert sorted(set(names()) - set(promised())) == [], "run: python -m tests.docs"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a copy of the files that an earlier version wrote."""
    folder = tmp_path_factory.mktemp("old") / "written"
    shutil.copytree(GOLDEN / "written", folder)
    return folder


@pytest.mark.parametrize("words", list(ANSWERS))
def test_files_of_an_earlier_version(words, written, monkeypatch):
    monkeypatch.chdir(written)
    done = run(*words.split())
    assert done.code == 0, done.err
    found, expected = done.out.decode(), "\n".join([*ANSWERS[words], ""])
    assert NUMBER.sub("#", found) == NUMBER.sub("#", expected)
    assert list(map(float, NUMBER.findall(found))) == pytest.approx(
        list(map(float, NUMBER.findall(expected))), rel=1e-4, abs=1e-5
    )


def test_each_promise_names_what_keeps_it():
    """The tests that the page names are there; every row of its tables names one."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| promise", "| ---"))]
    assert len(promises) > 15
    for row in promises:
        files = re.findall(r"`(tests/[\w/]+\.py|benchmarks/\w+\.py)`", row)
        assert files, row
        assert all((ROOT / name).is_file() for name in files), row
