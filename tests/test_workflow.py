"""The workflow and the hooks, which do not run here, name what there is."""

import re

import pytest

from fastcli import __version__
from tests.command import ROOT
from tests.test_sdist import PROJECT, numba_bounds, numbers

WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
VERSIONS = [
    (numbers(python), numbers(numba))
    for python, numba in re.findall(r'python: "([\d.]+)", numba: "([\d.]+)"', WORKFLOW)
]


@pytest.mark.parametrize("text", [WORKFLOW, HOOKS])
def test_they_are_yaml(text):
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    assert isinstance(yaml.safe_load(text), dict)


def test_the_oldest_and_the_newest_versions_are_run():
    """Those that are asked for, and those that are named as supported."""
    (least, below), project = numba_bounds(), PROJECT["project"]
    named = [
        numbers(name.rpartition(" ")[2])
        for name in project["classifiers"]
        if re.search(r":: 3\.\d+$", name)
    ]
    assert numbers(project["requires-python"].removeprefix(">=")) == min(named)
    assert [(min(named), least), (max(named), (below[0], below[1] - 1))] == VERSIONS


def test_commands_name_what_there_is():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"run: make (\S+)", WORKFLOW)
    assert targets == ["test-all"]
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
    extras = re.findall(r"--editable \.\[(\w+)\]", WORKFLOW)
    assert set(extras) <= set(PROJECT["project"]["optional-dependencies"])
    (marks,) = re.findall(r'pytest -q -n 2 -m "(.*)"', WORKFLOW)
    assert f'-m "{marks}"' in makefile
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in WORKFLOW
    tools = re.findall(r"entry: \.venv/bin/(\w+ ?\w*)", HOOKS)
    assert tools == ["ruff check", "ruff format", "mypy"]
    assert all(f"$(BIN)/{tool}" in makefile for tool in tools)


def test_the_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in text
    (author,) = PROJECT["project"]["authors"]
    assert f"  - name: {author['name']}\n" in text
    (day,) = re.findall(r"^date-released: (\d{4}-\d\d-\d\d)$", text, re.M)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {__version__} - {day}\n" in changes
