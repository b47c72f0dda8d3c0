"""prepare: train.txt is in a random order, everything else in the order of rows."""

import csv
import io
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.prepare import shuffle
from fastcli.prepare.shuffle import Sorter, order_keys
from tests import naive
from tests.command import process, run

PARTS = ("train", "valid", "test")


@pytest.fixture
def sorted_csv(tmp_path):
    """A table of 2,000 rows, sorted by label."""
    out = io.StringIO()
    rows = [(f"text number {i}", f"l{i // 500}", f"g{i % 40}") for i in range(2000)]
    csv.writer(out).writerows([("text", "label", "who"), *rows])
    path = tmp_path / "sorted.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def prepare(source, folder, *options):
    """Run prepare silently; return the bytes of each part."""
    result = run("prepare", source, "-o", folder, "-verbose", 0, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return {path.stem: path.read_bytes() for path in folder.glob("*.txt")}


def changes(text):
    """Return at how many places the label of the next line is another."""
    labels = [line.split()[0] for line in text.splitlines()]
    return sum(a != b for a, b in pairwise(labels))


def test_only_training_lines_are_shuffled(sorted_csv, tmp_path):
    kept = prepare(sorted_csv, tmp_path / "kept", "--no-shuffle")
    found = prepare(sorted_csv, tmp_path / "found")
    assert set(found) == set(PARTS)
    assert (found["valid"], found["test"]) == (kept["valid"], kept["test"])
    assert sorted(found["train"].splitlines()) == sorted(kept["train"].splitlines())
    n = len(kept["train"].splitlines())
    assert changes(kept["train"]) == 3
    assert abs(changes(found["train"]) - 0.75 * n) < 4 * (n * 0.75 * 0.25) ** 0.5


def test_the_order_depends_on_the_seed_alone(sorted_csv, tmp_path):
    found = prepare(sorted_csv, tmp_path / "a", "--split", 100)
    assert prepare(sorted_csv, tmp_path / "b", "--split", 100, "-thread", 3) == found
    other = prepare(sorted_csv, tmp_path / "c", "--split", 100, "-seed", 1)
    assert other != found
    assert sorted(other["train"].splitlines()) == sorted(found["train"].splitlines())


@pytest.mark.parametrize("limit", [1, 500, 20_000])
@pytest.mark.parametrize("options", [[], ["--dedup", "near", "-seed", 5], ["--no-shuffle"]])
def test_memory_changes_nothing(limit, options, sorted_csv, tmp_path, monkeypatch):
    whole = prepare(sorted_csv, tmp_path / "a", *options)
    monkeypatch.setattr(shuffle, "LIMIT", limit)
    assert prepare(sorted_csv, tmp_path / "b", *options) == whole
    names = {path.name for path in (tmp_path / "b").iterdir()}
    assert names == {"train.txt", "valid.txt", "test.txt", "prepare.json", "labels.json"}


def test_rows_of_a_group_and_equal_rows_are_not_left_together(tmp_path):
    rows = [(f"text {i % 3}", "x", f"g{i // 100}") for i in range(600)]
    out = io.StringIO()
    csv.writer(out).writerows([("text", "label", "who"), *rows])
    (tmp_path / "a.csv").write_text(out.getvalue(), encoding="utf-8")
    for options in ([], ["--group-column", "who"]):
        lines = prepare(tmp_path / "a.csv", tmp_path / "out", "--split", 100, *options)
        texts = lines["train"].splitlines()
        assert abs(sum(a == b for a, b in pairwise(texts)) - 200) < 60


def test_what_is_written_about_it(sorted_csv, tmp_path):
    def said(*options):
        result = run("prepare", sorted_csv, "-o", tmp_path / "out", *options)
        about = json.loads((tmp_path / "out" / "prepare.json").read_text(encoding="utf-8"))
        return result.err, about["shuffle"]

    text, record = said("-seed", 7)
    assert "\ntrain.txt is in a random order (-seed 7); valid.txt and test.txt in the " in text
    assert record == {"train": True, "seed": 7}
    assert "\ntrain.txt is in a random order (-seed 0).\n" in said("--split", 100)[0]
    text, record = said("--no-shuffle")
    assert "\nAll lines are in the order of rows (--no-shuffle).\n" in text
    assert record == {"train": False, "seed": 0}


def test_rejects_keep_their_places(sorted_csv, tmp_path):
    lines = sorted_csv.read_text(encoding="utf-8").splitlines()
    for at in (10, 700, 1500):
        lines[at] = f"no label {at},,g"
    sorted_csv.write_text("\n".join(lines), encoding="utf-8")
    prepare(sorted_csv, tmp_path / "a", "--skip-bad")
    rejects = (tmp_path / "a" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(one)["line"] for one in rejects] == [11, 701, 1501]


def test_temporary_files_go_when_a_row_is_bad(sorted_csv, tmp_path, monkeypatch):
    prepare(sorted_csv, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with open(sorted_csv, "a", encoding="utf-8") as file:
        file.writelines(f"a longer text for a buffer to overflow {i},x,y\n" for i in range(60_000))
        file.write("a,b\n")
    monkeypatch.setattr(shuffle, "LIMIT", 1000)
    made = []
    spool = shuffle.spool
    monkeypatch.setattr(shuffle, "spool", lambda folder: made.append(folder) or spool(folder))
    result = run("prepare", sorted_csv, "-o", tmp_path / "out", "-thread", 1)
    assert result.code == 1
    assert "2 columns instead of 3" in result.err
    assert made  # there were files of buckets
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (OSError(28, "full"), 1)])
def test_temporary_files_go_when_the_end_is_interrupted(
    error, code, sorted_csv, tmp_path, monkeypatch
):
    from fastcli.prepare import writers

    prepare(sorted_csv, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    monkeypatch.setattr(shuffle, "LIMIT", 1000)
    calls = []

    def fails_once_there_is_something(fd, data):
        calls.append(len(data))
        if len(calls) > 3:
            raise error

    monkeypatch.setattr(writers, "write_all", fails_once_there_is_something)
    result = run("prepare", sorted_csv, "-o", tmp_path / "out", "-seed", 9)
    assert result.code == code
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


# ----------------------------------------------------------------- standard output


def test_standard_output_has_all_lines_in_the_order_of_rows(sorted_csv, tmp_path):
    kept = prepare(sorted_csv, tmp_path / "kept", "--no-shuffle", "--split", 100)["train"]
    result = process("prepare", sorted_csv, "-o", "-")
    assert (result.code, result.out) == (0, kept)
    assert "Lines are in the order of rows; no prepare.json or labels.json was written." in (
        result.err
    )
    result = run("prepare", sorted_csv, "-o", "-", "--dedup", "exact", "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, kept, "")
    assert not Path("-").exists()


def test_options_of_folders_beside_standard_output(sorted_csv):
    result = run("prepare", sorted_csv, "-o", "-", "--split", "50,50")
    assert (result.code, result.out) == (1, b"")
    assert "--split cannot be combined with -o -, which writes all lines" in result.err
    result = run("prepare", sorted_csv, "-o", "-", "--skip-bad")
    assert (result.code, result.out) == (1, b"")
    assert result.err == "--skip-bad needs a folder for rejects.jsonl: give one with -o.\n"


# ------------------------------------------------------------------------- sorting


@pytest.mark.parametrize("seed", [0, 1, -3, 2**62 - 1])
def test_keys_equal_naive_ones(seed):
    wanted = [naive.random_bits(seed, i + 1) for i in range(3, 10)]
    assert (order_keys(seed, 3, 7) >> np.uint64(1)).tolist() == wanted
    assert order_keys(seed, 0, 10)[3:].tolist() == order_keys(seed, 3, 7).tolist()


def test_every_order_is_equally_likely():
    orders = Counter(tuple(np.argsort(order_keys(seed, 0, 4))) for seed in range(4800))
    assert len(orders) == 24
    assert sum((n - 200) ** 2 / 200 for n in orders.values()) < 50  # chi square, 23 degrees


KEYS = st.integers(0, 2**64 - 1) | st.integers(0, 3)  # some of them equal


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.tuples(KEYS, st.binary(max_size=20)), max_size=30), max_size=4),
    st.sampled_from([0, 30, 200, 10**9]),
)
def test_lines_are_sorted_by_key(batches, limit):
    former, shuffle.LIMIT = shuffle.LIMIT, limit
    try:
        with TemporaryDirectory() as folder:
            sorter = Sorter(Path(folder))
            everything = []
            for batch in batches:
                found = [(key, text.replace(b"\n", b"\r") + b"\n") for key, text in batch]
                data = b"".join([text for _, text in found])
                sorter.add(np.array([k for k, _ in found], np.uint64), data)
                everything += found
            written = []
            sorter.write(written.append)
            ordered = sorted(everything, key=lambda pair: pair[0])
            assert b"".join(written) == b"".join(text for _, text in ordered)
            sorter.remove()
            assert not list(Path(folder).iterdir())
    finally:
        shuffle.LIMIT = former
