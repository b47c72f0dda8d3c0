"""data/samples: the files are what their script makes, and the README's figures hold."""

import json
import re
import subprocess
import sys

import pytest

from tests.command import ROOT, SAMPLES, run

README = (SAMPLES / "README.md").read_text(encoding="utf-8")
COMMON = re.search(r"trained with `([^`]+)` and the options shown", README)[1].split()
ROW = re.compile(r"^\| ([\w-]+) \| `([^`]+)` \| (\d\.\d+) \| (\d\.\d+) \|$", re.M)


def table(k):
    """Return the rows of the table of P@k: corpus, options, P, R."""
    start = README.index(f"| Corpus | Further options | P@{k} | R@{k} |")
    text = README[start : README.find("\n\n", start)]
    return [
        (corpus, options.split(), k, float(p), float(r))
        for corpus, options, p, r in ROW.findall(text)
    ]


ROWS = table(1) + table(3)


def test_the_readme_has_its_tables():
    assert (len(table(1)), len(table(3))) == (8, 2)
    assert "-lr" in COMMON


def test_the_script_makes_these_files():
    script = SAMPLES / "make_samples.py"
    done = subprocess.run(
        [sys.executable, "-B", script, "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("samples")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {' '.join(row[1])} {row[2]}")
def test_expected_results(row, folder):
    corpus, options, k, precision, recall = row
    output = folder / "_".join([corpus, *options])
    if not output.with_suffix(".bin").exists():
        source = SAMPLES / f"{corpus}.train.txt"
        argv = ["supervised", "-input", source, "-output", output, *COMMON, *options]
        assert run(*argv, "-verbose", 0).text() == ""
    result = run("test", f"{output}.bin", SAMPLES / f"{corpus}.test.txt", k, "--json")
    answer = json.loads(result.text())
    assert answer["precision"] == pytest.approx(precision, abs=0.03)
    assert answer["recall"] == pytest.approx(recall, abs=0.03)
