"""Names of parts, and which inputs a shard has."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.labelling import parts as parts_module
from fastcli.labelling.parts import Part, parts_of, sharded


@given(st.integers(0, 50), st.integers(1, 9))
def test_shards_divide_the_parts(n_parts, n):
    parts = [Part(source=str(i), name=str(i), folder="out") for i in range(1, n_parts + 1)]
    shards = [sharded(parts, f"{i}/{n}") for i in range(1, n + 1)]
    assert sorted((p for some in shards for p in some), key=lambda p: int(p.name)) == parts
    for i, some in enumerate(shards, 1):
        assert all(int(part.name) % n == i % n for part in some)


@given(st.text("0123/-+ a\u0663", max_size=8))
def test_only_numbers_make_a_shard(text):
    parts = [Part(source="a", name="a", folder="out")]
    first, _, second = text.partition("/")
    is_shard = all(part.isascii() and part.isdigit() for part in (first, second))
    if not text or (is_shard and 1 <= int(first) <= int(second)):
        assert len(sharded(parts, text)) <= 1
        return
    with pytest.raises(ArgumentError, match="--shard should be I/N"):
        sharded(parts, text)


def test_names_are_sorted_and_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b/2.csv", "a/1.csv", "a/10.csv"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(name)
    found = parts_of([str(tmp_path / "b/2.csv"), "a/../a/10.csv", "./a/1.csv"], "out")
    assert [part.name for part in found] == ["a/1.csv", "a/10.csv", "b/2.csv"]
    assert found[0].target == os.path.join("out", "a", "1.csv")
    assert found[0].record == os.path.join("out", ".parts", "a", "1.csv.json")


@pytest.mark.parametrize("ignores_case", [True, False])
def test_names_that_differ_by_case(ignores_case, monkeypatch):
    """They are one part where the file system says so."""
    both = [Part(source=name, name=name, folder="out") for name in ("A.csv", "a.csv")]
    monkeypatch.setattr(parts_module, "_ignores_case", lambda folder: ignores_case)
    if not ignores_case:
        parts_module._check_names(both, "out")
        return
    with pytest.raises(ArgumentError, match=r"A\.csv and a\.csv would make the same part"):
        parts_module._check_names(both, "out")


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no folder in memory here")
def test_files_in_memory_are_files():
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".csv") as file:
        (part,) = parts_of([file.name], "out")
        assert part.name == os.path.basename(file.name)
