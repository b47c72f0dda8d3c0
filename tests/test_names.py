"""The package has one name for pip, and no text sends a person to the program of another one."""

import re
from pathlib import PurePath

import pytest

from fastcli.distribution import DISTRIBUTION, extra, installing
from tests.command import ROOT
from tests.test_sdist import PROJECT

SUFFIXES = {".cff", ".md", ".py", ".toml", ".yaml", ".yml", ".txt", ".sh"}
PLACES = (".ci", ".github", "benchmarks", "docs", "fastcli", "tests", "data/samples")
# The other program: as a requirement with an extra or a version, or as what pip is to install.
OF_ANOTHER = re.compile(
    r"(?<![\w.-])fastcli(?:\[[a-z0-9,]+\]|(?:==|>=|<=|~=|!=| @ )\w)"
    r"|(?:pip3?|uv|pipx|uvx|conda|mamba) (?:install|add|download|run|upgrade)\b[^|;&#`\n]*"
    r"(?<![\w./-])fastcli(?![\w./-])"
)


def texts():
    """Yield every file of text of the repository, but benchmarks' records and this file."""
    below = (path for place in PLACES for path in (ROOT / place).rglob("*"))
    for path in (*below, *ROOT.iterdir()):
        told = path.suffix in SUFFIXES and "runs" not in path.parts
        if (told or path.name == "Makefile") and path.name != PurePath(__file__).name:
            yield path


def test_every_text_uses_the_name_that_pip_knows():
    found = {}
    for path in texts():
        if said := OF_ANOTHER.findall(path.read_text(encoding="utf-8")):
            found[path.relative_to(ROOT).as_posix()] = said
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "pip install 'fastcli[zh]'",
        "needs fastcli[plot]",
        "pip install fastcli",
        "RUN pip install --no-cache-dir fastcli gcsfs",
        "pipx install fastcli",
        "uv add fastcli",
        "fastcli==0.2.0",
    ],
)
def test_the_other_name_is_seen(line):
    assert OF_ANOTHER.search(line)


@pytest.mark.parametrize(
    "line",
    [
        "pip install 'fasttext-cli[zh]'",
        "pip install . && fastcli supervised",
        "pip install .   # gives the command fastcli",
        "pip install ./fastcli",
        "fastcli predict model.bin -",
        "pip uninstall fastcli",
    ],
)
def test_the_command_and_the_module_are_not_meant(line):
    assert not OF_ANOTHER.search(line)


def test_messages_name_extras_that_there_are():
    assert PROJECT["project"]["name"] == DISTRIBUTION
    extras = PROJECT["project"]["optional-dependencies"]
    named = {"zh": extra("zh"), "parquet": installing("parquet")}
    assert named == {"zh": "fasttext-cli[zh]", "parquet": "pip install 'fasttext-cli[parquet]'"}
    asked = [
        name
        for path in (ROOT / "fastcli").rglob("*.py")
        for name in re.findall(r"\b(?:extra|installing)\(['\"](\w+)", path.read_text("utf-8"))
    ]
    assert len(asked) > 10
    assert set(asked) <= set(extras)


def test_the_readme_warns_of_the_other_program():
    warning = re.compile(r"^.*On PyPI, `fastcli` is another program.*$", re.M)
    assert len(warning.findall((ROOT / "README.md").read_text("utf-8"))) == 1
