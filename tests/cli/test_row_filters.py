"""Filters over labelled rows: --keep, --dropped, --unsure, --min-prob, --default."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from fastcli.cli.display.labelling import live_parts
from tests.cli.conftest import LOSSES
from tests.cli.test_display import drawn, fits, on_posix, on_terminal
from tests.command import SAMPLES, run

# Odd objects, each of them right: what is in a line comes back byte for byte.
ODD = [
    b'{"id":1e400,"text":"how to bake bread","v":1.10,"v":2,"z":{"b":[1,2.50,null],"a":{}}}',
    b'{ "text" : "flight delayed" , "n":123456789012345678901234567890, "u":"\\u00e9\\ud83d\\/" }',
    b'{"zz":NaN,"text":"a \xc3\xa9 bread","a":-0.0,"e":1E+5}',
    b'{"text":"bread oven {","b":true}',
]


def fails(*argv):
    """Run what fails; return its last line."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    return result.err.splitlines()[-1]


def objects(path):
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """Go to a folder with documents as JSON lines, some without text."""
    monkeypatch.chdir(tmp_path)
    lines = (SAMPLES / "topics.test.txt").read_text().splitlines()[:120]
    with open("docs.jsonl", "w") as file:
        for i, line in enumerate(lines):
            text = "" if i % 40 == 7 else line.split(" ", 1)[1]
            file.write(json.dumps({"id": i, "text": text}) + "\n")
    return "docs.jsonl"


def probabilities(model, path, options=()):
    """Return, for each row, the probability of each label, by the command for lines."""
    texts = [one["text"] for one in objects(path)]
    lines = "".join(f"{text}\n" for text in texts)
    result = run("predict-prob", model, "-", -1, "--json", *options, stdin=lines.encode())
    found = []
    for line in result.text().splitlines():
        one = json.loads(line)
        names = [name.removeprefix("__label__") for name in one["labels"]]
        found.append(dict(zip(names, one["probabilities"], strict=True)))
    return found, texts


def ids(path):
    """Return the ids of the rows of a file."""
    return [one["id"] for one in objects(path)]


def split_by(model, docs, *conditions):
    """Keep by conditions; return the ids of the rows that were kept, and of the others."""
    options = [word for one in conditions for word in ("--keep", one)]
    result = run(
        "predict-prob", model, docs, "--output", "good.jsonl", "--dropped", "rest.jsonl", *options
    )
    assert (result.code, result.out) == (0, b""), result.err
    return ids("good.jsonl"), ids("rest.jsonl")


def train(kind, folder):
    """Train a small model of the topics sample."""
    source = SAMPLES / "topics.train.txt"
    options = ["-dim", 8, "-lr", 0.5, "-epoch", 5, "-bucket", 500, "-verbose", 0, "-thread", 1]
    out = folder / "model"
    if kind == "mlp":
        options = ["--hidden", 5, "-epoch", 4, "-dim", 8, "-verbose", 0, "-thread", 1]
        assert run("mlp-train", "-input", source, "-output", out, *options).code == 0
        return f"{out}.mlp"
    loss = "softmax" if kind == "quantized" else kind
    assert run("supervised", "-input", source, "-output", out, "-loss", loss, *options).code == 0
    if kind == "quantized":
        assert run("quantize", "-output", out, "-verbose", 0).code == 0
        return f"{out}.ftz"
    return f"{out}.bin"


@pytest.mark.parametrize("kind", [*LOSSES, "quantized", "mlp"])
def test_conditions_look_at_the_probability_of_that_label(kind, docs, tmp_path):
    """Also of one that is not the best, whatever the loss."""
    model = train(kind, tmp_path)
    found, texts = probabilities(model, docs)
    label = sorted(found[0])[0]
    values = sorted(one.get(label, 0.0) for one, text in zip(found, texts, strict=True) if text)
    for bound in (0.0, values[30], values[-9], 0.3, 0.9, 1.0):
        shown = repr(bound)
        for sign, holds in (
            (">=", np.greater_equal),
            (">", np.greater),
            ("<=", np.less_equal),
            ("<", np.less),
        ):
            kept, rest = split_by(model, docs, f"{label}{sign}{shown}")
            expected = [
                i
                for i, (one, text) in enumerate(zip(found, texts, strict=True))
                if text and holds(np.float32(one.get(label, 0.0)), np.float32(bound))
            ]
            assert kept == expected
            assert rest == [i for i in range(len(texts)) if i not in set(expected)]


def test_rows_without_text_are_not_kept(topics, docs):
    """Even where the condition holds for all rows: they are not scored, and get no label."""
    label = json.loads(run("predict", topics, "-", "--json", stdin=b"x\n").out)["labels"][0]
    kept, rest = split_by(topics, docs, f"{label}>=0")
    assert rest == [7, 47, 87]
    assert len(kept) == 117
    for one in objects("rest.jsonl"):
        assert (one["text"], one["label"], one["probability"]) == ("", None, None)
    said = run("predict", topics, docs, "--output", "x.jsonl", "--keep", f"{label}>=0").err
    assert "Kept 117 rows of 120 (97.5%), those with" in said
    assert "Left out 3 rows; --dropped FILE writes them to a file." in said
    assert "no text at all   3   2.5%  not kept" in said


def test_all_conditions_must_hold(topics, docs):
    found, texts = probabilities(topics, docs)
    a, b = sorted(found[0])[:2]
    kept, _ = split_by(topics, docs, f"{a}<0.5", f" __label__{b} < 0.2 ")
    assert kept == [
        i
        for i, (one, text) in enumerate(zip(found, texts, strict=True))
        if text and one[a] < 0.5 and one[b] < 0.2
    ]
    assert 0 < len(kept) < 117


def test_from_documents_to_good_documents_in_one_command(tmp_path, monkeypatch):
    """A model of a table filters JSON lines; documents without text are with the others."""
    monkeypatch.chdir(tmp_path)
    table = ["--text-column", "review", "--label-column", "verdict", "--none", "unknown"]
    options = ["-lr", 0.5, "-epoch", 15, "-dim", 10, "-bucket", 1000, "-verbose", 0]
    source = SAMPLES / "reviews.csv"
    assert run("supervised", "-input", source, "-output", "v", *table, *options).code == 0
    with open(source, encoding="utf-8", newline="") as file:
        reviews = [row["review"] for row in csv.DictReader(file)][:60]
    documents = [{"id": i, "review": text, "meta": {"i": [i]}} for i, text in enumerate(reviews)]
    documents[5]["review"], documents[6]["review"] = "", None
    lines = [json.dumps(one).encode() for one in documents]
    with gzip.open("docs.jsonl.gz", "wb") as packed:
        packed.write(b"\n".join(lines))
    files = ["--output", "good.jsonl", "--keep", "very good>=0.9", "--dropped", "rest.jsonl.gz"]
    result = run("predict-prob", "v.bin", "docs.jsonl.gz", *files)
    assert result.code == 0, result.err
    good = Path("good.jsonl").read_bytes().splitlines()
    with gzip.open("rest.jsonl.gz") as packed:
        rest = packed.read().splitlines()
    assert len(good) + len(rest) == 60
    assert len(good) > 5
    for line in good:
        assert json.loads(line)["label"] == "very good"
        assert json.loads(line)["probability"] >= 0.9
    for line in good + rest:
        assert line.rpartition(b',"label":')[0] + b"}" == lines[json.loads(line)["id"]]
    empty = [one for one in map(json.loads, rest) if one["id"] in (5, 6)]
    assert [one["label"] for one in empty] == [None, None]


@pytest.fixture
def odd_labels(tmp_path, monkeypatch):
    """Go to a folder with a model whose labels have other names in the data."""
    monkeypatch.chdir(tmp_path)
    rows = [("a>=b", "apple pie"), ("very good", "engine oil"), ("a", "train ride")] * 4
    with open("t.csv", "w", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    options = ["-dim", 8, "-lr", 1, "-epoch", 60, "-minCount", 1, "-verbose", 0, "-thread", 1]
    table = ["--text-column", "text", "--label-column", "label"]
    assert run("supervised", "-input", "t.csv", "-output", "m", *table, *options).code == 0
    Path("n.csv").write_text('text,x\r\napple pie,1\r\n"engine, oil",2\r\ntrain ride,3\r\n,4\r\n')
    return "m.bin"


@pytest.mark.parametrize(
    ("condition", "row"),
    [
        ("a>=b>=0.5", "apple pie,1"),
        ("very good>0.5", '"engine, oil",2'),
        ("__label__very_good > .5", '"engine, oil",2'),
        ("a>0.5", "train ride,3"),
    ],
)
def test_labels_by_their_names_and_tokens(odd_labels, condition, row):
    files = ["--output", "good.csv", "--dropped", "rest.tsv.gz", "--keep", condition]
    assert run("predict", odd_labels, "n.csv", *files).code == 0
    head, *kept = Path("good.csv").read_bytes().decode().split("\n")
    assert head == "text,x,label\r"
    assert [one.rpartition(",")[0] for one in kept if one] == [row]
    with gzip.open("rest.tsv.gz", "rt", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert rows[0] == ["text", "x", "label"]
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--keep", "very god>=0.9"], "--keep: the model has no label very god (did you mean"),
        (["--keep", "zzzz>=0.9"], "--keep: the model has no label zzzz. Its labels: "),
        (["--keep", "a=0.9"], "--keep 'a=0.9' is not a condition: give a label, one of >=, <="),
        (["--keep", "a"], "--keep 'a' is not a condition"),
        (["--keep", ">=0.9"], "--keep '>=0.9' is not a condition"),
        (["--keep", ""], "--keep '' is not a condition"),
        (["--keep", "a>=1.5"], "--keep 'a>=1.5': '1.5' is not a probability, a number from 0 to 1"),
        (["--keep", "a>=nan"], "'nan' is not a probability"),
        (["--keep", "a>=1_0"], "'1_0' is not a probability"),
        (["--keep", "a>=90%"], "'90%' is not a probability"),
        (["--unsure", "u.csv", "0.5"], "--unsure P FILE: 'u.csv' is not a probability"),
        (["--unsure", "-1", "u.csv"], "--unsure P FILE: '-1' is not a probability"),
        (["--unsure", "0.5", ""], "--unsure P FILE: the name of the file is empty."),
        (["--min-prob", "2"], "--min-prob must be between 0 and 1, not 2.0."),
        (["--min-prob", "nan"], "--min-prob must be a finite number, not nan."),
        (["--default", "other"], "--default other: of which rows? Give --min-prob P as well"),
        (["--dropped", "d.csv"], "--dropped: without a condition no row is dropped. Give one: --k"),
        (["--unsure", "0.5", "o.csv"], "o.csv and o.csv are the same file, and both would be"),
        (["--unsure", "0.5", "n.csv"], "n.csv is an input and would be overwritten"),
        (["--unsure", "0.5", "u.dat"], "u.dat: the format is not known by the name."),
        (["--keep", "a>0.5", "--dropped", "m.bin"], "m.bin is an input and would be overwritten"),
    ],
)
def test_what_cannot_be_is_one_sentence(odd_labels, options, said):
    assert said in fails("predict-prob", odd_labels, "n.csv", "--output", "o.csv", *options)
    assert {path.name for path in Path().iterdir()} == {
        *("m.bin", "m.bin.json", "m.vec", "n.csv", "t.csv")
    }


def test_filters_need_an_output(odd_labels):
    """What would be printed unfiltered is an error."""
    for options in (
        ["--keep", "a>0.5"],
        ["--min-prob", "0"],
        ["--unsure", "0.5", "u.csv", "--text-column", "text"],
    ):
        said = fails("predict", odd_labels, "n.csv", *options)
        assert said.startswith(f"{options[0]}: lines that are printed cannot be filtered. Give --o")
    outputs = ["--output", "-", "--keep", "a>0.5", "--dropped", "-"]
    said = fails("predict", odd_labels, "n.csv", *outputs)
    assert said == "Only one output can be -, standard output: give the others files."
    usage = run("predict", odd_labels, "n.csv", "--output", "-", "--unsure", "0.5")
    assert (usage.code, usage.out) == (1, b"")
    assert usage.err.startswith("--unsure is missing an argument")


def test_standard_output_beside_files(odd_labels):
    files = ["--output", "-", "--keep", "a>0.5", "--dropped", "d.jsonl", "--unsure=1", "u.csv"]
    result = run("predict", odd_labels, "n.csv", *files)
    assert (result.code, result.out) == (0, b"text,x,label\r\ntrain ride,3,a\r\n")
    assert [one["x"] for one in objects("d.jsonl")] == ["1", "2", "4"]
    assert "Wrote them to standard output: all columns, and label." in result.err
    assert "Wrote the other 3 rows to d.jsonl (" in result.err


def test_unsure_rows_are_written_as_well(topics, docs):
    """Of all rows with text, kept or not; they stay where they were."""
    best, texts = [], [one["text"] for one in objects(docs)]
    for one, text in zip(probabilities(topics, docs)[0], texts, strict=True):
        best.append(max(one.values()) if text else None)
    limit = sorted(p for p in best if p)[12]
    expected = [i for i, p in enumerate(best) if p and p < limit]
    files = ["--output", "all.jsonl", "--unsure", repr(limit), "unsure.jsonl"]
    result = run("predict-prob", topics, docs, *files)
    assert ids("all.jsonl") == list(range(120))
    assert ids("unsure.jsonl") == expected
    assert len(expected) == 12
    assert "Wrote 12 rows below" in result.err
    assert "worth a look" not in result.err
    files += ["--keep", "cooking>=2e-1"]
    for threshold in (0, 0.999):  # which hides all labels, not what is known of them
        run("predict-prob", topics, docs, 2, threshold, *files)
        assert ids("unsure.jsonl") == expected
    assert len(ids("all.jsonl")) < 120


def test_a_default_for_labels_that_are_unsure(topics, docs):
    run("predict-prob", topics, docs, "--output", "all.jsonl")
    before = objects("all.jsonl")
    limit = sorted(one["probability"] for one in before if one["text"])[20]
    options = ["--min-prob", limit, "--default", "other"]
    result = run("predict-prob", topics, docs, "--output", "some.jsonl", *options)
    after = objects("some.jsonl")
    for old, new in zip(before, after, strict=True):
        is_low = bool(old["text"]) and old["probability"] < limit
        assert new == ({**old, "label": "other"} if is_low else old)
    assert [one["label"] for one in after].count("other") == pytest.approx(20, abs=1)
    assert "label is other" in result.err
    half = run("predict", topics, docs, "--output", "x.csv", "--min-prob", 0.5).err
    assert half.count("below 0.5") == 1
    run("predict", topics, docs, "--output", "none.csv", "--min-prob", limit)
    with open("none.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for old, row in zip(before, rows, strict=True):
        is_low = not old["text"] or old["probability"] < limit
        assert row["label"] == ("" if is_low else old["label"])


def test_defaults_among_several_labels(odd_labels):
    """A row whose best label is below has no others; --wide keeps all probabilities."""
    options = ["--min-prob", 1, "--default", "__label__very_good"]
    run("predict-prob", odd_labels, "n.csv", 2, "--output", "o.csv", *options)
    with open("o.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label_1"] for row in rows] == ["very good"] * 3 + [""]
    assert [bool(row["probability_1"]) for row in rows] == [True, True, True, False]
    assert {row["label_2"] + row["probability_2"] for row in rows} == {""}
    run("predict-prob", odd_labels, "n.csv", "--output", "w.csv", "--wide", *options, "--as", "c")
    with open("w.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["c"] for row in rows] == ["very good"] * 3 + [""]
    assert sum(float(rows[0][name]) for name in ("a>=b", "very good", "a")) == pytest.approx(1)
    assert rows[3]["a"] == ""


def test_a_threshold_hides_labels_but_not_from_rules(topics, docs):
    run("predict-prob", topics, docs, -1, "--output", "all.jsonl")
    options = [-1, 0.3, "--keep", "cooking>=0.01", "--output", "some.jsonl"]
    run("predict-prob", topics, docs, *options)
    by_id = {one["id"]: one for one in objects("all.jsonl")}
    assert objects("some.jsonl")
    for one in objects("some.jsonl"):
        for name, value in by_id[one["id"]].items():
            if name.startswith(("label_", "probability_")):
                is_there = by_id[one["id"]][f"probability_{name.split('_')[1]}"] >= 0.3
                assert one[name] == (value if is_there else None)


def test_objects_pass_through_byte_for_byte(topics, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("odd.jsonl").write_bytes(b"\n".join(ODD) + b"\r\n\n" + ODD[0])
    files = ["--output", "a.jsonl", "--keep", "cooking>=0.5", "--dropped", "b.jsonl"]
    assert run("predict", topics, "odd.jsonl", *files).code == 0
    found = Path("a.jsonl").read_bytes().splitlines() + Path("b.jsonl").read_bytes().splitlines()
    assert len(found) == 5
    for line in found:
        before, _, added = line.rpartition(b',"label":')
        assert added.endswith(b"}")
        assert any(before == one[:-1].rstrip() for one in ODD)


def test_numbers_of_objects_keep_their_digits_in_a_table(topics, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("n.jsonl").write_text('{"text":"bread","price":1234567.891,"ok":true,"l":[1.25]}\n')
    run("predict", topics, "n.jsonl", "--output", "n.csv")
    assert Path("n.csv").read_text().splitlines()[1].startswith("bread,1234567.891,true,[1.25],")


def test_names_that_the_input_has(topics, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"text":"bread","label":1,"predicted_label":2}\n')
    result = run("predict", topics, "a.jsonl", "--output", "b.jsonl")
    assert (
        Path("b.jsonl")
        .read_text()
        .startswith('{"text":"bread","label":1,"predicted_label":2,"predicted_label_2":"')
    )
    said = "The table has a column label already: ours is predicted_label_2. --as names it."
    assert said in result.err
    Path("late.jsonl").write_text('{"text":"bread"}\n' * 300 + '{"text":"oven","label":1}\n')
    for name in ("c.jsonl", "c.json"):
        said = fails("predict", topics, "late.jsonl", "--output", name)
        assert said.startswith("A row has the field 'label', which no row at the start of the file")
        assert not Path(name).exists()
    assert run("predict", topics, "late.jsonl", "--output", "c.jsonl", "--as", "x").code == 0


def test_a_damaged_row_leaves_no_output(topics, docs):
    with open(docs, "a") as file:
        file.write("{broken\n")
    files = ["--output", "a.jsonl", "--keep", "cooking>0.5", "--dropped", "b.jsonl"]
    said = fails("predict", topics, docs, *files, "--unsure", 0.5, "c.csv")
    assert "docs.jsonl:121" in said
    assert [path.name for path in Path().iterdir()] == [docs]


def test_tables_of_numbers_are_filtered(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{'yes' if i > 4 else 'no'},{-i}\n" for i in range(10))
    Path("n.csv").write_text(f"x1,label,x2\n{rows}")
    options = ["--hidden", "none", "-epoch", 200, "-lr", 0.1, "-thread", 1, "-verbose", 0]
    assert run("mlp-train", "-input", "n.csv", "-output", "m", *options).code == 0
    Path("new.csv").write_text("id,x2,x1\na,-9,9\nb,,\nc,-1,1\n")
    files = ["--output", "out.csv", "--keep", "yes>0.9", "--dropped", "rest.csv"]
    assert run("predict", "m.mlp", "new.csv", *files).code == 0
    assert Path("out.csv").read_text() == "id,x2,x1,label\na,-9,9,yes\n"
    assert Path("rest.csv").read_text() == "id,x2,x1,label\nb,,,\nc,-1,1,no\n"


def test_parquet_of_kept_rows(topics, docs):
    parquet = pytest.importorskip("pyarrow.parquet", exc_type=ImportError)
    files = ["--output", "a.parquet", "--keep", "cooking>=0.5", "--dropped", "b.parquet"]
    assert run("predict-prob", topics, docs, *files).code == 0
    kept = parquet.read_table("a.parquet").to_pylist()
    rest = parquet.read_table("b.parquet").to_pylist()
    assert sorted(one["id"] for one in kept + rest) == list(range(120))
    assert {one["label"] for one in kept} == {"cooking"}


# ----------------------------------------------------------------------------- display


def test_the_summary_has_the_shares_of_training(topics, docs):
    said = run("predict-prob", topics, docs, "--output", "all.jsonl").err.splitlines()
    head = next(line for line in said if line.startswith("predicted"))
    assert head.split() == ["predicted", "rows", "share", "in", "training"]
    rows = [line.split() for line in said[said.index(head) + 1 :]]
    rows = rows[: rows.index([])]
    trained = (SAMPLES / "topics.train.txt").read_text().splitlines()
    for name, *_, share in rows:
        n = sum(line.startswith(f"__label__{name} ") for line in trained)
        assert share == f"{n / len(trained):.1%}"
    assert sum(int(row[1]) for row in rows) == 117
    low = [line for line in said if "worth a look: --unsure 0.5 unsure.jsonl" in line]
    assert len(low) == any(one["probability"] < 0.5 for one in objects("all.jsonl") if one["text"])


@on_posix
@pytest.mark.parametrize("columns", [80, 40])
def test_rows_and_summary_fit_the_terminal(columns, topics, docs):
    files = ["--output", "a.jsonl", "--keep", "cooking>=0.5", "--dropped", "b.jsonl"]
    lines = drawn(on_terminal(columns, "predict-prob", topics, docs, *files))
    assert fits(lines, columns)
    assert [line for line in lines if line.startswith("100%  120 rows  ")]
    table = next(line for line in lines if line.startswith("predicted"))
    assert ("in training" in table) == (columns == 80)
    assert [line for line in lines if "█" in line] or columns == 40


def test_the_live_line_without_a_known_size():
    assert live_parts(1, 0.5, None) == ["1 row", "2/s"]
