"""mlp-train on numbers from JSON, JSON lines and Parquet: by the rules of CSV."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.mlp.feature_tables import read_tables
from fastcli.mlp.model_reader import MODEL_FORMAT
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.tensor_reader import load_arrays, open_tensors
from tests.command import PLAIN, run

QUICK = [*PLAIN, "--hidden", "none", "-epoch", 300, "-lr", 0.1, "-thread", 1]
CITIES = "Rome", "Oslo"
ROWS = [
    {
        "id": f"r{i}",
        "x": i / 4,
        "ok": i % 2 == 0,
        "city": ("Rome", "Oslo")[i % 2],
        "z": z,
        "label": y,
    }
    for i, (z, y) in enumerate(
        [(5, "a"), (None, "a"), (7.5, "a"), (float("nan"), "a"), (2, "b"), (1, "b"), (1, "b")]
    )
]
DROP = ["--drop", "id"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Go to a folder with the rows in three formats."""
    monkeypatch.chdir(tmp_path)
    write("t.jsonl", ROWS)
    Path("t.json").write_text(json.dumps(ROWS, indent=1))
    with open("t.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(ROWS[0])
        for row in ROWS:
            cells = [
                "" if v is None or v != v else int(v) if v is True else v for v in row.values()
            ]
            writer.writerow([0 if cell is False else cell for cell in cells])


def write(name, rows):
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def train(path, *options, code=0):
    result = run("mlp-train", "-input", path, "-output", "m", *QUICK, *options)
    assert result.code == code, result.err
    return result.err


def tensors(path="m.mlp"):
    arrays, config = load_arrays(open_tensors(str(path)), MODEL_FORMAT)
    return (
        {k: np.array(v).tobytes() for k, v in arrays.items()},
        config["columns"],
        config["labels"],
    )


def refused(*argv):
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    return result.err.splitlines()[-1]


@pytest.mark.parametrize("path", ["t.json", "t.jsonl"])
def test_objects_make_the_model_of_the_same_table(path):
    said = train("t.csv", *DROP)
    assert "t.csv: header; label: column 'label'; 4 features: x, ok, city, z" in said
    expected = tensors()
    said = train(path, *DROP)
    assert f"{path}: label: column 'label'; 4 features: x, ok, city, z" in said
    assert "Each word of these columns is a feature (how many): city (2)." in said
    assert "Numbers that are missing are taken as the mean" in said
    assert "z (2)" in said
    assert tensors() == expected


def test_parquet():
    parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)
    import pyarrow

    train("t.csv", *DROP)
    expected = tensors()
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    parquet.write_table(pyarrow.table(columns), "t.parquet")
    train("t.parquet", *DROP, "--valid", "t.jsonl")
    assert tensors() == expected
    assert run("test", "m.mlp", "t.parquet").out == b"N\t7\nP@1\t1\nR@1\t1\n"
    result = run("predict", "m.mlp", "t.parquet", "--output", "o.parquet")
    assert result.code == 0, result.err
    found = parquet.read_table("o.parquet").to_pylist()
    assert [(row["id"], row["predicted_label"]) for row in found] == [
        (r["id"], r["label"]) for r in ROWS
    ]


def test_predicting_and_testing():
    train("t.jsonl", *DROP, "--valid", "t.csv")
    expected = [row["label"] for row in ROWS]
    for path in ("t.jsonl", "t.json", "t.csv"):
        assert run("predict", "m.mlp", path).out.decode().split() == expected
        assert run("test", "m.mlp", path).out == b"N\t7\nP@1\t1\nR@1\t1\n"
    with open("t.jsonl", "rb") as file:
        piped = run("predict", "m.mlp", "-", "--format", "jsonl", stdin=file.read())
    assert piped.out.decode().split() == expected
    turned = [
        {"city": r["city"], "note": {"a": 1}, "z": r["z"], "ok": r["ok"], "x": r["x"]} for r in ROWS
    ]
    write("turned.jsonl", turned)
    assert run("predict", "m.mlp", "turned.jsonl").out.decode().split() == expected
    result = run("predict", "m.mlp", "turned.jsonl", "--output", "o.jsonl")
    assert "turned.jsonl: 4 features by name: x, ok, city, z" in result.err
    lines = zip(
        Path("turned.jsonl").read_text().splitlines(),
        Path("o.jsonl").read_text().splitlines(),
        expected,
        strict=True,
    )
    for before, after, label in lines:
        assert after == f'{before[:-1]},"label":"{label}"}}'
    result = run("predict-prob", "m.mlp", "t.json", "--output", "o.csv")
    rows = list(csv.DictReader(io.StringIO(Path("o.csv").read_text(), newline="")))
    assert [(row["id"], row["predicted_label"]) for row in rows] == [
        (r["id"], r["label"]) for r in ROWS
    ]


def test_a_missing_column():
    train("t.jsonl", *DROP)
    write("bad.jsonl", [{"x": 1, "city": "Rome", "ok": True}])
    said = refused("predict", "m.mlp", "bad.jsonl")
    assert said == "bad.jsonl has no column z, which the model needs. There are: x, city, ok."
    Path("p.csv").write_text("1,2,a\n2,1,b\n")
    train("p.csv")
    assert "the model knows its columns by their positions" in refused(
        "predict", "m.mlp", "bad.jsonl"
    )


def test_several_labels():
    rows = [{"x": 1, "tags": ["a", "b"]}, {"x": 2, "tags": "c"}, {"x": 3, "tags": []}]
    write("s.jsonl", rows)
    said = train("s.jsonl", "--label-column", "tags")
    assert "Lines without a label: 1 left out." in said
    assert tensors()[2] == ["a", "b", "c"]
    assert run("test", "m.mlp", "s.jsonl", 2).out.startswith(b"N\t2\n")
    write("n.jsonl", [{"x": 1, "label": [1, 0, 1]}, {"x": 2, "label": [0, 1, 1]}])
    said = refused("mlp-train", "-input", "n.jsonl", "-output", "n")
    assert "do not say which labels they stand for" in said


def test_numbers_as_labels():
    write("l.jsonl", [{"x": 1, "label": 1}, {"x": 2, "label": 1.0}, {"x": 3, "label": -2}])
    train("l.jsonl")
    assert tensors()[2] == ["-2", "1"]
    write("l.jsonl", [{"x": 1, "label": True}, {"x": 2, "label": False}])
    train("l.jsonl")
    assert tensors()[2] == ["false", "true"]


def test_lists_and_objects_are_left_out():
    write("v.jsonl", [{"x": i, "v": [i, 1], "y": "ab"[i % 2]} for i in range(4)])
    said = train("v.jsonl")
    assert "1 feature: x; left out, since they hold lists or objects: v" in said
    write("w.jsonl", [{"v": [1], "y": "a"}])
    assert refused("mlp-train", "-input", "w.jsonl", "-output", "m") == (
        "w.jsonl: no column is left to learn from: v hold lists or objects."
    )
    rows = [{"x": i, "y": "ab"[i % 2]} for i in range(150)]
    write("late.jsonl", [*rows, {"x": [1], "y": "a"}])
    assert refused("mlp-train", "-input", "late.jsonl", "-output", "m").startswith(
        "late.jsonl, line 151, column x: a list or an object, not a number or text: [1]."
    )
    write("late.jsonl", [*rows, {"x": 1, "new": 2, "y": "a"}])
    assert "left out, since the first rows do not have them: new." in train("late.jsonl")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"x": 1, "y": "a"', "bad.jsonl:2, column 1: not valid JSON"),
        ("[1, 2]", "bad.jsonl:2: not an object"),
        ('{"x": "five", "y": "a"}', "bad.jsonl, line 2, column x: 'five' is not a number"),
        ('{"x": 1e400, "y": "a"}', "bad.jsonl, line 2, column x: a number is not finite"),
        ('{"x": Infinity, "y": "a"}', "bad.jsonl, line 2, column x: a number is not finite"),
        ('{"x": 2, "y": {"a": [1]}}', "column y: labels are text, numbers or lists of them"),
    ],
)
def test_bad_rows_are_named(line, sentence):
    Path("bad.jsonl").write_text('{"x": 1, "y": "b"}\n' + line + '\n{"x": 3, "y": "b"}\n')
    assert sentence in refused("mlp-train", "-input", "bad.jsonl", "-output", "m")
    assert not Path("m.mlp").exists()


def test_texts_are_not_taken_for_words():
    rows = [{"body": f"the shop is open on day {i}", "n": i, "y": "ab"[i % 2]} for i in range(9)]
    write("text.jsonl", rows)
    said = refused("mlp-train", "-input", "text.jsonl", "-output", "m")
    assert "column body has texts, such as 'the shop is open on day 0'" in said
    assert "--text-column body" in said
    train("text.jsonl", "--drop", "body")
    train("text.jsonl", "--text-column", "body", "-dim", 4)


def test_formats_by_content():
    Path("t.dat").write_bytes(Path("t.jsonl").read_bytes())
    train("t.jsonl", *DROP)
    expected = tensors()
    train("t.dat", *DROP)
    assert tensors() == expected
    Path("t.dat").write_bytes(b"\xef\xbb\xbf" + Path("t.jsonl").read_bytes())
    train("t.dat", *DROP, "--format", "jsonl")
    assert tensors() == expected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(-1e200, 1e200),
    st.floats(-1e3, 1e3).map(repr),
)


@given(st.lists(st.tuples(VALUES, VALUES, st.sampled_from("ab")), min_size=2, max_size=30))
def test_any_numbers_are_read_as_they_are(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("o") / "a.jsonl"
    head = {"p": 0.5, "q": 1, "y": "a"}
    lines = [json.dumps(dict(zip("pqy", row, strict=True))) for row in rows]
    path.write_text("\n".join([json.dumps(head), *lines]))
    _, raw, labels = read_tables([str(path)], TableOptions())
    expected = [[np.nan if v is None else float(v) for v in row[:2]] for row in rows]
    assert np.array_equal(raw.take_whole(), [[0.5, 1.0], *expected], equal_nan=True)
    assert len(labels) == len(rows) + 1


def test_bad_rows_are_left_out_where_that_is_asked_for():
    Path("good.csv").write_text("x,z,y\n1,2,a\n3,,a\n4,5,b\n")
    train("good.csv")
    expected = tensors()[0]
    Path("bad.csv").write_text(
        'x,z,y\n1,2,a\n"q"r,1,b\nfive,2,b\n3,1e400,b\n2,1\n3,,a\nsix,six,b\n4,5,b\n'
    )
    said = train("bad.csv", code=1)
    assert "bad.csv:3, column 1: text after the quote that closes a cell" in said
    assert said.endswith("Fix it, or skip such rows with --skip-bad.\n")
    said = train("bad.csv", "--skip-bad", "--valid", "bad.csv")
    assert "Left out: 5 bad rows (2 x not a number, 1 x text after the quote" in said
    assert "the first at bad.csv:3, column 1." in said
    assert tensors()[0] == expected
    lines = ["nope", "[1]", '{"x": "five", "y": "b"}', '{"x": 1, "z": 2, "y": "a"}']
    lines += ['{"x": 3, "y": "a"}', '{"x": 1e400, "z": 1, "y": "b"}', '{"x": 4, "z": 5, "y": "b"}']
    Path("bad.jsonl").write_text("\n".join(lines))
    said = train("bad.jsonl", "--skip-bad", "--label-column", "y")
    assert "Left out: 4 bad rows" in said
    assert tensors()[0] == expected


def test_names_of_classes_of_parquet_are_the_labels(tmp_path, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow", exc_type=ImportError)
    from pyarrow import parquet

    monkeypatch.chdir(tmp_path)
    features = {"label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    table = pyarrow.table({"a": [1.0, 5.0] * 9, "label": [0, 1] * 9})
    parquet.write_table(table.replace_schema_metadata(about), "c.parquet")
    quick = ["--hidden", "none", "-epoch", 60, "-lr", 0.1, "-verbose", 0]
    assert run("mlp-train", "-input", "c.parquet", "-output", "c", *quick).code == 0
    assert run("test", "c.mlp", "c.parquet").out.split()[:4] == [b"N", b"18", b"P@1", b"1"]
    assert run("predict", "c.mlp", "c.parquet").out.splitlines()[:2] == [b"neg", b"pos"]
