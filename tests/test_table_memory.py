"""Tables of numbers that memory has no room for are refused, and those it has room for take it."""

import gzip
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from fastcli import memory
from fastcli.mlp import table_memory, table_reader
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.feature_rows import ROWS, RawRows, rows_at_once
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.table_memory import OF_COLUMN, SPARE, least_bytes
from tests.command import run

QUIET = ["-thread", 1, "-verbose", 0, "-epoch", 1]


@pytest.fixture
def leaves(monkeypatch):
    """Return a function that sets how much memory is left, all of which is worth a look."""

    def set_to(n_bytes):
        monkeypatch.setattr(memory, "LARGE", 0)
        monkeypatch.setattr(memory, "available_memory", lambda: n_bytes)
        monkeypatch.setattr(table_memory, "SPARE", 0)
        monkeypatch.setattr(table_reader, "check_room", lambda *any: None)  # of some lines

    return set_to


def refused(*argv):
    """Run a command that fails with one sentence; return it."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert result.err.count("\n") == 1
    return result.err


def test_what_training_takes_at_least():
    args = MlpArgs(hidden="7", optimizer="sgd").resolved()
    assert least_bytes(args, 10, 1000) == 8 * 10_000 + SPARE + OF_COLUMN * 1000
    wide, parameters = least_bytes(args, 3, 10**8), 10**8 * 7 + 7 + 7 + 1
    batch = 2 * 4 * (3 + 1) * 10**8
    assert wide == 4 * 3 * 10**8 + 4 * 2 * parameters + batch + OF_COLUMN * 10**8
    adam = MlpArgs(hidden="7").resolved()  # two states for each parameter
    assert least_bytes(adam, 3, 10**8) == wide + 8 * parameters


def test_a_large_index_is_refused_before_anything_is_read(tmp_path):
    path = tmp_path / "x.svm"
    path.write_text("a 1:1 2000000000:2\nb 2:1\na 3:1\n")
    said = refused("mlp-train", "-input", path, "-output", tmp_path / "m", *QUIET)
    assert f"{path}: 3 lines of 2,000,000,000 features and a network for them would take " in said
    assert "TB of memory, and " in said
    assert "use fewer features (select or hash them, or number them without gaps)." in said


def test_wide_libsvm_is_refused_where_it_does_not_fit(tmp_path, leaves):
    path = tmp_path / "x.svm"
    path.write_text("a 1:1 20000:2\nb 2:1 7:3\n" * 40)
    leaves(10_000_000)
    command = ["mlp-train", "-input", path, "-output", tmp_path / "m", "--hidden", "none", *QUIET]
    said = refused(*command)
    assert "80 lines of 20,000 features would take 17 MB of memory, and 10 MB are avail" in said
    leaves(100_000_000)
    assert run(*command).code == 0


def test_a_large_index_in_other_files_is_nothing_to_a_model(tmp_path):
    path, other = tmp_path / "x.svm", tmp_path / "y.svm"
    path.write_text("a 1:1 3:2\nb 2:1 3:-2\n" * 8)
    other.write_text("a 1:1 3:2 2000000000:5\nb 2:1 3:-2\n")
    run("mlp-train", "-input", path, "--valid", other, "-output", tmp_path / "m", *QUIET)
    for command in ("predict", "test"):
        assert run(command, tmp_path / "m.mlp", other).code == 0
    more = ["-inputModel", tmp_path / "m.mlp", "-output", tmp_path / "n", *QUIET]
    assert run("mlp-train", "-input", other, *more).code == 0


def test_a_table_is_refused_as_soon_as_the_rest_will_not_fit(tmp_path, leaves):
    path, rows = tmp_path / "t.csv", 400_000
    path.write_text("0,1,2,3,4,5,6,7,a\n0,1,2,3,4,5,6,7,b\n" * (rows // 2))  # 8 MB, 26 MB of rows
    command = ["mlp-train", "-input", path, "-output", tmp_path / "m", *QUIET]
    leaves(2_000_000)
    said = refused(*command)
    assert f"{path}: about 400,000 rows of 8 columns would take 26 MB of memory, and 2.0 MB" in said
    assert "Leave columns out (--drop), or take fewer rows." in said


def test_a_pipe_is_refused_when_memory_is_full(tmp_path, leaves, monkeypatch):
    """How long it is cannot be known."""
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"0,1,2,3,a\n0,1,2,3,b\n" * 1000))
    leaves(100)
    monkeypatch.setattr(table_memory, "SPARE", 101)
    said = refused("mlp-train", "-input", path, "-output", tmp_path / "m", *QUIET)
    assert "1,000 rows of 4 columns would take 32 kB of memory, and 100 bytes are avail" in said


def test_objects_are_refused_when_memory_is_full(tmp_path, leaves, monkeypatch):
    """The bytes that they were read from are not known."""
    path = tmp_path / "t.jsonl"
    rows = ({"x": i, "y": -i, "label": "ab"[i % 2]} for i in range(1000))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["mlp-train", "-input", path, "-output", tmp_path / "m", *QUIET]
    leaves(10_000_000)
    assert run(*command).code == 0
    monkeypatch.setattr(table_memory, "SPARE", 10_000_001)
    said = refused(*command)
    assert f"{path}: 1,000 rows of 2 columns would take 16 kB of memory, and 10 MB are" in said


def test_inspect_of_a_large_index(tmp_path):
    path = tmp_path / "x.svm"
    path.write_text("a 1:1 2000000000:2\nb 2:1 3:7\na 3:7 1:1\n")
    report = json.loads(run("inspect", "--json", path).out)
    assert (report["features"], report["unused"], report["constant"]) == (
        2 * 10**9,
        2 * 10**9 - 4,
        0,
    )
    assert report["range"] == [1, 7]
    assert report["memory"] > 10**12
    assert report["command"] is None
    shown = run("inspect", path).text()
    said = refused("mlp-train", "-input", path, "-output", tmp_path / "m", *QUIET)
    size = re.search(r"would take ([\d.]+ .B) of memory", said)[1]
    assert f"x mlp-train would take {size}" in " ".join(shown.split())
    assert "Next" not in shown


# --------------------------------------------------------- rows, of wide tables a few at a time


@pytest.mark.parametrize("width", [1, 512, 513, 20_000, 2**21, 2**30])
def test_pieces_end_where_groups_of_rows_do(width):
    step = rows_at_once(width)
    assert ROWS % step == 0
    assert step == 1 or 8 * step * width <= 1 << 24


def test_sums_of_wide_tables_are_those_of_groups_of_rows(rng):
    """To the bit: means are added up in the order of rows, ``ROWS`` at a time."""
    x = rng.normal(size=(2 * ROWS + 77, 600)) * 10.0 ** rng.integers(-3, 4, 600)
    columns = FeatureColumns("csv", ",", [], 600, 600)
    columns.fit(RawRows.of(x))
    low, high = x.min(axis=0), x.max(axis=0)
    middle, half = low / 2 + high / 2, high / 2 - low / 2
    total = np.zeros(600)
    for first in range(0, len(x), ROWS):
        total += ((x[first : first + ROWS] - middle) / half).sum(axis=0)
    assert np.array_equal(columns.mean, middle + half * (total / len(x)))


PEAK = """
import numpy as np
from fastcli.memory import peak_memory
from fastcli.mlp.feature_rows import RawRows
from fastcli.mlp.features import FeatureColumns
n, width = 1000, 20_000
columns = FeatureColumns("csv", ",", [], width, width)
rows, row = RawRows(width), np.ones((1, width))
columns.fit(row), columns.standardize(row)
before = peak_memory()
for i in range(n):
    rows.add(row * i)
columns.fit(rows)
columns.standardize(rows)
print((peak_memory() - before) / (4 * n * width))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is measured on Linux")
def test_a_wide_table_takes_twice_its_matrix():
    found = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, check=True)
    assert 1.9 < float(found.stdout) < 2.9
