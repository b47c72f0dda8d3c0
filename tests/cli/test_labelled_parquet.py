"""Labelled rows from and to Parquet: no value is changed, no field is dropped."""

import datetime
import decimal
import io
import json
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.labelling.batches import HeldBatches, plain_rows
from fastcli.labelling.json_types import JsonType, Unlike
from tests.command import run

pyarrow = pytest.importorskip("pyarrow", exc_type=ImportError)
parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)

N = 2100  # rows, more than are written at a time
CANNOT = "which a column of Parquet cannot hold as it is: write .jsonl instead."


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Go to an empty folder."""
    monkeypatch.chdir(tmp_path)


def late(usual, last, n=N):
    """Write objects of which the last has another value, or more fields."""
    lines = [f'{{"text":"bread oven","v":{usual}}}'] * (n - 1) + [
        f'{{"text":"bread oven","v":{last}}}'
    ]
    Path("a.jsonl").write_text("\n".join(lines) + "\n")


def written(model, *options, source="a.jsonl"):
    """Label rows as Parquet; return the file's rows."""
    result = run("predict", model, source, "--output", "o.parquet", *options)
    assert result.code == 0, result.err
    return parquet.read_table("o.parquet")


@pytest.mark.parametrize(
    ("usual", "last", "kind"),
    [
        ("1", "1.5", "double"),
        ("1", "18446744073709551615", "uint64"),
        ("-1", "null", "int64"),
        ("null", '"abc"', "string"),
        ("[]", '["x"]', "list<element: string>"),
        ("true", "null", "bool"),
        ('{"a":1}', '{"b":2.5}', "struct<a: int64, b: double>"),
    ],
)
def test_types_hold_the_values_of_all_rows(topics, usual, last, kind):
    late(usual, last)
    table = written(topics)
    assert str(table.schema.field("v").type) == kind
    found = table["v"].to_pylist()
    assert len(found) == N
    if usual.startswith("{"):
        assert (found[0], found[-1]) == ({"a": 1, "b": None}, {"a": None, "b": 2.5})
    else:
        assert (found[0], found[-1]) == (json.loads(usual), json.loads(last))


def test_a_field_of_a_late_row_is_kept(topics):
    late("1", '2,"late":["x"]')
    table = written(topics)
    assert table.schema.names == ["text", "v", "late", "label"]
    assert table["late"].to_pylist()[-2:] == [None, ["x"]]


@pytest.mark.parametrize(
    ("usual", "last", "reason"),
    [
        ("1", '"abc"', "is text, and a number in rows above"),
        ("1", "true", "is true or false, and a number in rows above"),
        ("[]", "{}", "is an object, and a list in rows above"),
        ("1", "12345678901234567890123", "has whole numbers of more than 64 bits"),
        ("9007199254740993", "0.5", "has fractions, and whole numbers too long to be exact"),
        ('"a"', '"\\ud800"', "has text that is not Unicode"),
    ],
)
@pytest.mark.parametrize("n", [3, N])
def test_values_that_no_type_holds_are_an_error(topics, usual, last, reason, n):
    late(usual, last, n)
    result = run("predict", topics, "a.jsonl", "--output", "o.parquet")
    assert result.code == 1
    said = result.err.splitlines()[-1]
    assert said.startswith(f"Line {n:,}: the field 'v' {reason}")
    assert said.endswith(CANNOT)
    assert "Traceback" not in result.err
    assert sorted(path.name for path in Path().iterdir()) == ["a.jsonl"]


def test_objects_without_fields_are_an_error(topics):
    late("{}", "null")
    result = run("predict", topics, "a.jsonl", "--output", "o.parquet")
    assert result.err.splitlines()[-1] == f"The field 'v' has objects without any field, {CANNOT}"


def columns():
    """Return columns of many types, 5 rows of each."""
    return {
        "text": pyarrow.array(["bread oven", None, "flight delayed", "", "rice"]),
        "nano": pyarrow.array([1, 2, None, 4, 5_000], pyarrow.timestamp("ns")),
        "zoned": pyarrow.array([1, 2, 3, None, 5], pyarrow.timestamp("ms", "UTC")),
        "u": pyarrow.array([2**63] * 5, pyarrow.uint64()),
        "i": pyarrow.array([1] * 5, pyarrow.int32()),
        "f": pyarrow.array([0.5] * 5, pyarrow.float32()),
        "words": pyarrow.array(list("ababa")).dictionary_encode(),
        "price": pyarrow.array([decimal.Decimal("1.50")] * 5, pyarrow.decimal128(9, 2)),
        "took": pyarrow.array([1] * 5, pyarrow.duration("us")),
        "map": pyarrow.array([[("k", 1)]] * 5, pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        "day": pyarrow.array([datetime.date(2020, 1, 2)] * 5),
        "list": pyarrow.array([[1.5]] * 5),
        "nothing": pyarrow.nulls(5),
        "bytes": pyarrow.array([b"ab"] * 5),
    }


@pytest.mark.parametrize("rows_are_chosen", [False, True])
def test_parquet_keeps_columns_and_types(topics, rows_are_chosen):
    table = pyarrow.table(columns()).replace_schema_metadata({"made": "by a test"})
    parquet.write_table(table, "in.parquet", row_group_size=2)
    before = parquet.read_table("in.parquet")
    keep = ["--keep", "cooking>=0.5", "--dropped", "rest.parquet"] if rows_are_chosen else []
    found = written(topics, *keep, source="in.parquet")
    assert found.schema.names == [*before.schema.names, "label"]
    assert found.schema.metadata == {b"made": b"by a test"}
    texts = before["text"].to_pylist()
    kept = [texts.index(text) for text in found["text"].to_pylist()]
    others = [i for i in range(5) if i not in kept]
    assert bool(others) == rows_are_chosen
    assert plain_rows(found.drop_columns(["label"])) == plain_rows(before.take(kept))
    for field in before.schema:
        assert found.schema.field(field.name) == field
    if rows_are_chosen:
        rest = parquet.read_table("rest.parquet")
        assert plain_rows(rest.drop_columns(["label"])) == plain_rows(before.take(others))
    else:
        assert found["label"].to_pylist()[1] is None


def test_a_column_that_is_empty_for_long(topics):
    values = pyarrow.array([None] * 9000 + ["x"])
    table = pyarrow.table({"text": ["bread"] * 9001, "v": values})
    parquet.write_table(table, "in.parquet", row_group_size=3000)
    assert written(topics, source="in.parquet")["v"].to_pylist() == values.to_pylist()


def test_parquet_as_json_has_one_form_for_all_rows(topics):
    parquet.write_table(pyarrow.table(columns()), "in.parquet")
    assert run("predict", topics, "in.parquet", "--output", "o.jsonl").code == 0
    found = [json.loads(line) for line in Path("o.jsonl").read_text().splitlines()]
    assert [one["nano"] for one in found] == [
        "1970-01-01T00:00:00.000000001",
        "1970-01-01T00:00:00.000000002",
        None,
        "1970-01-01T00:00:00.000000004",
        "1970-01-01T00:00:00.000005000",
    ]
    assert found[1]["zoned"] == "1970-01-01T00:00:00.002000+00:00"
    assert (found[0]["u"], found[0]["price"], found[0]["day"]) == (2**63, "1.50", "2020-01-02")
    assert found[0]["bytes"] == "ab"


def test_a_model_of_numbers_keeps_columns_of_parquet():
    Path("n.csv").write_text("x,y,label\n1,2,a\n2,1,b\n1,3,a\n3,1,b\n")
    options = ["--hidden", "none", "-epoch", 3, "-thread", 1]
    assert run("mlp-train", "-input", "n.csv", "-output", "n", *options).code == 0
    table = pyarrow.table(
        {
            "x": pyarrow.array([1, 2, 3], pyarrow.int8()),
            "when": pyarrow.array([1, 2, 3], pyarrow.timestamp("ns")),
            "y": pyarrow.array([2.5, 1, 1], pyarrow.float32()),
        }
    )
    parquet.write_table(table, "in.parquet")
    found = written("n.mlp", source="in.parquet")
    assert found.drop_columns(["label"]).equals(table)
    assert set(found["label"].to_pylist()) <= {"a", "b"}


def test_long_whole_numbers_keep_their_digits(topics):
    number = "12345678901234567890123"
    Path("a.jsonl").write_text(
        f'{{"text":"bread","n":{number},"l":[{{"m":-{number}}}],"f":1e30}}\n'
    )
    assert run("predict", topics, "a.jsonl", "--output", "o.csv").code == 0
    row = Path("o.csv").read_text().splitlines()[1]
    assert row.startswith(f'bread,{number},"[{{""m"": -{number}}}]",1e+30,')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
    | st.text("aé\ud800", max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def without_nulls(value):
    """Return a value without fields that are null, which Parquet has for those that are missing."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


@given(st.lists(st.fixed_dictionaries({"v": JSON}), min_size=1, max_size=4))
def test_objects_come_back_from_their_type_or_have_none(rows):
    found = JsonType()
    try:
        for row in rows:
            found.add_fields(row)
        kind = found.fields["v"].arrow("v")
    except Unlike:
        return
    table = pyarrow.Table.from_pylist(rows, schema=pyarrow.schema([("v", kind)]))
    with tempfile.TemporaryFile() as file:
        parquet.write_table(table, file)
        back = parquet.read_table(io.BytesIO(read_all(file))).to_pylist()
    assert list(map(without_nulls, back)) == list(map(without_nulls, rows))


def read_all(file):
    """Return all bytes of an open file."""
    file.seek(0)
    return file.read()


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_batches_are_held_until_their_rows_are_taken(sizes, data):
    n, ends = sum(sizes), [sum(sizes[: i + 1]) for i in range(len(sizes))]
    batches = [
        pyarrow.RecordBatch.from_pydict({"n": list(range(end - size, end))})
        for size, end in zip(sizes, ends, strict=True)
    ]
    held = HeldBatches(iter(batches))
    rows = list(held.rows([0]))
    assert rows == [(i + 1, {"n": i}) for i in range(n)]
    numbers = [i for i, _ in rows if data.draw(st.booleans())]
    at = data.draw(st.integers(0, len(numbers)))
    for part in filter(None, (numbers[:at], numbers[at:])):
        assert held.take(part)["n"].to_pylist() == [i - 1 for i in part]


def test_names_of_objects_are_unique():
    batch = pyarrow.RecordBatch.from_arrays([pyarrow.array([1]), pyarrow.array([2])], ["x", "x"])
    assert plain_rows(batch) == [{"x": 1, "x_2": 2}]
    assert plain_rows(batch, [1]) == [{"x_2": 2}]


# ------------------------------------------------- where lines are asked for


@pytest.mark.parametrize("command", ["predict", "test", "tune-threshold"])
@pytest.mark.parametrize("name", ["a.parquet", "a.txt"])
def test_without_pyarrow_a_table_is_not_taken_for_lines(command, name, topics, monkeypatch):
    parquet.write_table(pyarrow.table({"text": ["bread oven"], "label": ["cooking"]}), name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run(command, topics, name)
    assert (result.code, result.out) == (1, b"")
    assert result.err == f"{name}: reading Parquet needs pip install 'fasttext-cli[parquet]'.\n"


def test_a_damaged_table_is_not_taken_for_lines(topics):
    Path("a.parquet").write_bytes(b"PAR1, and no more of it\n")
    result = run("predict", topics, "a.parquet")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("a.parquet cannot be read as Parquet: ")


def test_text_may_begin_as_parquet_does(topics):
    Path("a.txt").write_bytes(b"PAR1 bread oven\n")
    assert run("predict", topics, "a.txt").text() == "__label__cooking\n"
