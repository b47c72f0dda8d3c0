"""prepare --like: what a prepare.json may hold, and options that cannot work."""

import json

import pytest

from tests.command import run

GOOD = {
    "format": "fastcli prepare",
    "version": 1,
    "label": "__label__",
    "cleaning": {"lowercase": True},
    "segmentation": {"kind": "none", "command": ""},
}
WRONG = [
    {"version": 2},
    {"version": [1]},
    {"version": "1"},
    {"label": 5},
    {"label": None},
    {"label": ["__label__"]},
    {"label": "\ud800"},
    {"label": ""},
    {"label": "a b"},
    {"cleaning": None},
    {"cleaning": []},
    {"cleaning": {"lowercase": 1}},
    {"cleaning": {"unicode": ["nfc"]}},
    {"cleaning": {"urls": {}}},
    {"cleaning": {"max_length": 10**30}},
    {"cleaning": {"max_length": 2.5}},
    {"cleaning": {"max_length": True}},
    {"cleaning": {"nosuch\x1b[2J\n": True}},
    {"segmentation": "jieba"},
    {"segmentation": {"kind": 5}},
    {"segmentation": {"command": 5}},
    {"segmentation": {"command": 0}},
    {"segmentation": {"command": ["ls"]}},
    {"segmentation": {"command": "\udfff"}},
]


def test_a_recipe(tmp_path):
    path = tmp_path / "prepare.json"
    path.write_text(json.dumps(GOOD))
    assert run("prepare", "--like", path, "-", stdin=b"Very GOOD\n").text() == "very good\n"


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_recipes_with_fields_of_another_type(tmp_path, wrong):
    path = tmp_path / "prepare.json"
    path.write_text(json.dumps({**GOOD, **wrong}))
    result = run("prepare", "--like", path, "-", stdin=b"x\n")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(f"{path} is ")
    assert result.err.count("\n") == 1
    assert result.err[:-1].isprintable()


@pytest.mark.parametrize("name", ["label", "cleaning", "segmentation"])
def test_recipes_that_lack_a_field(tmp_path, name):
    path = tmp_path / "prepare.json"
    path.write_text(json.dumps({key: value for key, value in GOOD.items() if key != name}))
    result = run("prepare", "--like", path, "-", stdin=b"x\n")
    assert (result.code, result.err) == (1, f"{path} is damaged: it has no '{name}'.\n")


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"1", b"[" * 100_000, b"\xff", b'{"format": 1}', b"9" * 10_000, b'{"format"'],
    ids=range(8),
)
def test_files_that_are_no_recipes(tmp_path, data):
    path = tmp_path / "prepare.json"
    path.write_bytes(data)
    result = run("prepare", "--like", path, "-", stdin=b"x\n")
    assert (result.code, result.err) == (1, f"{path} was not written by fastcli prepare.\n")


@pytest.mark.parametrize(
    "options",
    [
        ("--max-length", 99999999999999999999),
        ("--max-length", -1),
        ("-thread", 10**6),
        ("-thread", 10**30),
        ("-seed", 10**30),
    ],
    ids=str,
)
def test_numbers_that_cannot_be(tmp_path, options):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\na b,x\n")
    result = run("prepare", path, "-o", tmp_path / "out", *options)
    assert result.code == 1
    assert result.err.startswith(f"{options[0]} must be between ")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("end", ["json", "jsonl"])
def test_json_numbers_of_thousands_of_digits(tmp_path, end):
    path = tmp_path / f"rows.{end}"
    row = '{"text": ' + "1" * 5000 + ', "label": "x"}'
    path.write_text(f"[{row}]" if end == "json" else row)
    result = run("prepare", path, "-o", tmp_path / "out")
    assert result.code == 1
    assert "not valid JSON" in result.err
    assert result.err.count("\n") == 1
    assert len(result.err) < 400
