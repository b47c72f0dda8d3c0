"""What prepare does to labels: spelling, names, the rare and the frequent, and splits by order."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.prepare.relabel import LabelRules, Relabelling
from fastcli.text.alike import label_key
from tests.command import run

ROWS = [
    ("one", "Sport"),
    ("two", "sport"),
    ("three", "sport,"),
    ("four", "  SPORT . "),
    ("five", "very good"),
    ("six", "Very_Good"),
    ("seven", "news"),
    ("eight", "ham"),
    ("nine", "junk"),
]
IN_ORDER = ["--split", 100, "--no-shuffle"]


@pytest.fixture
def table(tmp_path):
    """Return a function that writes rows of text and label as CSV, and returns the path."""

    def write(rows, name="a.csv"):
        out = io.StringIO()
        csv.writer(out).writerows([("text", "label"), *rows])
        (tmp_path / name).write_text(out.getvalue(), encoding="utf-8")
        return tmp_path / name

    return write


@pytest.fixture
def prepare(table, tmp_path):
    """Return a function that prepares rows: the lines of each file, and the summary."""

    def call(rows, *options):
        source = table(rows)
        options = options or ()
        words = [] if "--split" in options else IN_ORDER
        result = run("prepare", source, "-o", tmp_path / "out", *words, *options)
        assert (result.code, result.out) == (0, b""), result.err
        files = {
            path.stem: path.read_text(encoding="utf-8").splitlines()
            for path in (tmp_path / "out").glob("*.txt")
        }
        return files, result.err

    return call


def labels_of(lines):
    """Return the labels of lines without prefix; several are joined by spaces."""
    found = []
    for line in lines:
        labels = [word for word in line.split() if word.startswith("__label__")]
        found.append(" ".join(label.removeprefix("__label__") for label in labels))
    return found


def about(tmp_path):
    return json.loads((tmp_path / "out" / "prepare.json").read_text(encoding="utf-8"))


def names(tmp_path):
    return json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))


def fails(*argv):
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


# -------------------------------------------------------------------- spelling


def test_labels_that_are_alike_stay_and_are_said(prepare):
    files, said = prepare(ROWS)
    assert len(set(labels_of(files["train"]))) == 9
    assert (
        "Labels that differ only by case, spaces or a final comma: "
        "'Sport'/'sport'/'sport,'/'SPORT .' and 'very good'/'Very_Good'. "
        "--label-case first makes one label of them." in said
    )


def test_the_first_spelling_is_kept(prepare, tmp_path):
    files, said = prepare(ROWS, "--label-case", "first")
    found = labels_of(files["train"])
    assert found == [*["Sport"] * 4, "very_good", "very_good", "news", "ham", "junk"]
    assert "4 label spellings were merged (--label-case first): 'sport' is 'Sport'" in said
    assert "and 1 more" in said
    assert "differ only by" not in said
    assert about(tmp_path)["labels"]["case"] == "first"
    assert about(tmp_path)["labels"]["merged"] == {
        "sport": "Sport",
        "sport,": "Sport",
        "SPORT .": "Sport",
        "Very_Good": "very good",
    }
    assert names(tmp_path)["__label__very_good"] == "very good"


def test_lower_case(prepare):
    files, _ = prepare(ROWS, "--label-case", "lower")
    assert labels_of(files["train"]) == [
        *["sport"] * 4,
        *["very_good"] * 2,
        *["news", "ham", "junk"],
    ]


def test_a_row_has_each_label_once(prepare, table, tmp_path):
    rows = [("x", "A|b|a,|B")]
    files, _ = prepare(rows, "--label-separator", "|", "--label-case", "first")
    assert labels_of(files["train"]) == ["A b"]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.text("aA_ .,bß\u00e9", min_size=1).filter(str.strip), min_size=1))
def test_spelling_depends_on_what_labels_have_in_common(labels):
    first = Relabelling(LabelRules(case="first"))
    found = [first.of((label,))[0] for label in labels]
    keys = [label_key(label) for label in labels]
    assert found == [labels[keys.index(key)] for key in keys]
    lower = Relabelling(LabelRules(case="lower"))
    spelled = [lower.of((label,))[0] for label in labels]
    assert len(set(spelled)) <= len(set(keys))
    assert all(one == one.lower() for one in spelled)


# ------------------------------------------------------------------------- map


def test_a_map(prepare, tmp_path):
    (tmp_path / "map.csv").write_text("from,to\nnews,press\nham,press\njunk,\nnope,x\n")
    files, said = prepare(ROWS, "--label-map", tmp_path / "map.csv")
    assert labels_of(files["train"])[-2:] == ["press", "press"]
    assert len(files["train"]) == 8
    assert "Left out: 1 by --label-map." in said
    assert "--label-map: no row has the label nope." in said
    found = about(tmp_path)["labels"]
    assert found["map"] == [["news", "press"], ["ham", "press"], ["junk", ""], ["nope", "x"]]
    assert found["rows_left_out_by_map"] == {"junk": 1}


def test_a_map_after_case_needs_no_case(prepare, tmp_path):
    (tmp_path / "map.csv").write_text('"sport,",Games\nVERY GOOD,games\n')
    options = ["--label-case", "first", "--label-map", tmp_path / "map.csv"]
    files, said = prepare([*ROWS, ("ten", "GAMES")], *options)
    assert labels_of(files["train"]) == [*["Games"] * 6, "news", "ham", "junk", "Games"]
    assert "no row" not in said


def test_a_row_with_a_label_that_is_left_out_goes(prepare, tmp_path):
    (tmp_path / "map.csv").write_text("b,\n")
    options = ["--label-separator", "|", "--label-map", tmp_path / "map.csv"]
    files, said = prepare([("x", "a|b"), ("y", "a"), ("z", "b")], *options)
    assert files["train"] == ["__label__a y"]
    assert "Left out: 2 by --label-map." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"from,to\na,b\na,c\n", ":3: 'a' becomes both 'b' and 'c': keep one of them."),
        (b"a,b\na,\n", ":2: 'a' becomes both 'b' and nothing: keep one of them."),
        (b"a,b\n\nx\n", ":3: 1 column, not two: write from,to"),
        (b"a,b,c\n", ":1: 3 columns, not two"),
        (b"a,b\n,c\n", ":2: the label to replace is empty."),
        (b"a,b\nb,\xff\n", ":2: not UTF-8"),
        (b'a,b\n"c" x,d\n', ":2: not valid CSV"),
        (b"", " holds no labels"),
        (b"from,to\n", " holds no labels"),
    ],
)
def test_a_map_that_is_none(table, tmp_path, text, said):
    (tmp_path / "map.csv").write_bytes(text)
    options = ["-o", tmp_path / "out", "--label-map", tmp_path / "map.csv"]
    assert f"map.csv{said}" in fails("prepare", table(ROWS), *options)
    assert not (tmp_path / "out").exists()


def test_entries_that_contradict_each_other_once_case_does_not_count(table, tmp_path):
    (tmp_path / "map.csv").write_text("A,x\na,y\n")
    options = ["-o", tmp_path / "out", "--label-map", tmp_path / "map.csv"]
    said = fails("prepare", table(ROWS), *options, "--label-case", "lower")
    assert "--label-map: 'a' becomes both 'x' and 'y': keep one of them." in said
    assert run("prepare", table(ROWS), *options, "-verbose", 0).code == 0


def test_a_map_that_is_not_there(table, tmp_path):
    said = fails("prepare", table(ROWS), "-o", tmp_path / "out", "--label-map", tmp_path / "no")
    assert "no cannot be opened! (No such file or directory)" in said


# --------------------------------------------------------- the rare, the frequent

COUNTED = [(f"{label} {i}", label) for i in range(4) for label in "abcd"[: 4 - i]]  # a 4, ... d 1


def test_rare_labels_are_left_out(prepare, tmp_path):
    files, said = prepare(COUNTED, "--min-label", 3)
    assert labels_of(files["train"]) == [label for _, label in COUNTED if label in "ab"]
    assert "Left out: 3 of labels below --min-label." in said
    assert "2 labels of fewer than 3 rows were left out (3 in all)." in said
    assert about(tmp_path)["labels"]["rare"] == {"c": 2, "d": 1}
    assert names(tmp_path) == {"__label__a": "a", "__label__b": "b"}


def test_rare_labels_become_another(prepare, tmp_path):
    files, said = prepare(COUNTED, "--min-label", 3, "--other", "the rest")
    found = labels_of(files["train"])
    assert found == [label if label in "ab" else "the_rest" for _, label in COUNTED]
    assert "Nothing was left out." in said
    assert "2 labels of fewer than 3 rows became the rest (3 in all)." in said
    assert names(tmp_path)["__label__the_rest"] == "the rest"


def test_a_row_of_several_labels_loses_the_rare(prepare):
    rows = [("x", "a|b"), ("y", "a|c"), ("z", "c"), ("u", "d|b"), ("v", "d|e")]
    options = ["--label-separator", "|", "--min-label", 2]
    files, _ = prepare([*rows, ("w", "f|g")], *options)
    assert labels_of(files["train"]) == ["a b", "a c", "c", "d b", "d"]
    files, _ = prepare([*rows, ("w", "f|g")], *options, "--other", "o")
    assert labels_of(files["train"]) == ["a b", "a c", "c", "d b", "d o", "o"]


def test_nothing_is_left(table, tmp_path):
    said = fails("prepare", table(COUNTED), "-o", tmp_path / "out", "--min-label", 9)
    assert "there is no row to write: 10 were left out of labels below --min-label." in said


def test_the_first_rows_of_each_label(prepare, tmp_path):
    files, said = prepare(COUNTED, "--max-per-label", 2)
    assert files["train"] == [
        *["__label__a a 0", "__label__b b 0", "__label__c c 0", "__label__d d 0"],
        *["__label__a a 1", "__label__b b 1", "__label__c c 1"],
    ]
    assert "Left out: 3 beyond --max-per-label." in said
    assert about(tmp_path)["labels"]["rows_beyond_maximum"] == 3
    rows = [("x", "a|b"), ("y", "a"), ("z", "b"), ("u", "c|b")]
    files, _ = prepare(rows, "--label-separator", "|", "--max-per-label", 1)
    assert labels_of(files["train"]) == ["a b"]  # no label has more, so u is left out, too


def test_all_together_with_duplicates_and_threads(prepare, table, tmp_path):
    rows = [
        (f"{label} {i % 40}", label.upper() if i % 3 else label)
        for i in range(60)
        for label in "ab"
    ]
    rows += [("x", "c"), ("x", "c"), ("y", "d"), ("z", "D")]
    options = ["--label-case", "first", "--dedup", "exact", "--min-label", 2, "--max-per-label", 30]
    files, said = prepare(rows, *options)
    found = labels_of(files["train"])
    assert {label: found.count(label) for label in set(found)} == {"a": 30, "b": 30, "d": 2}
    assert len(set(files["train"])) == 62
    assert (
        "Left out: 41 repeated, 1 of labels below --min-label, 20 beyond --max-per-label." in said
    )
    result = run("prepare", table(rows), "-o", "-", "-verbose", 0, *options, "-thread", 2)
    assert result.out.decode().splitlines() == files["train"]


def test_the_split_stays_the_same_without_rare_rows(prepare):
    rows = [(f"text {i}", "ab"[i % 2]) for i in range(200)]
    split = ["--split", "80,0,20", "--no-shuffle"]
    plain, _ = prepare(rows, *split)
    found, _ = prepare([("once", "c"), *rows], *split, "--min-label", 2)
    assert found == plain


def test_options_without_effect_are_said(table, tmp_path):
    result = run("prepare", table(ROWS), "-o", tmp_path / "out", "--other", "x")
    assert "--other: no effect without --min-label" in result.err


# -------------------------------------------------------------------- by order


def test_the_first_rows_of_each_label_train_and_the_next_test(prepare, tmp_path):
    rows = [(f"{label} {i}", label) for label in "abc" for i in range(10)] + [("d 0", "d")]
    options = ["--split", "80,0,20", "--split-by", "order", "--no-shuffle"]
    files, said = prepare(rows, *options)
    assert files["train"] == [f"__label__{x} {x} {i}" for x in "abc" for i in range(8)] + [
        "__label__d d 0"
    ]
    assert files["test"] == [f"__label__{x} {x} {i}" for x in "abc" for i in (8, 9)]
    assert "Of each label the first rows are in train.txt (--split-by order)." in said
    assert about(tmp_path)["split_by"] == "order"
    files, _ = prepare(rows, *options, "--max-per-label", 5)
    assert files["test"] == [f"__label__{x} {x} 4" for x in "abc"]
    files, _ = prepare(rows, "--split", "50,20,30", "--split-by", "order")
    assert sorted(files["valid"]) == [f"__label__{x} {x} {i}" for x in "abc" for i in (5, 6)]


def test_each_label_is_trained_on_unless_that_is_not_wanted(prepare):
    rows = [("x", "a"), ("y", "a"), ("z", "a|b"), ("u", "c")]
    options = ["--label-separator", "|", "--split", "50,0,50", "--split-by", "order"]
    files, _ = prepare(rows, *options)
    assert labels_of(sorted(files["train"])) == ["a b", "a", "a", "c"]
    files, _ = prepare([("x", "a"), *rows], *options, "--no-cover-labels")
    assert files["test"] == ["__label__a y", "__label__a __label__b z"]


def test_groups_cannot_be_kept_together_by_order(table, tmp_path):
    options = ["-o", tmp_path / "out", "--split-by", "order", "--group-column", "text"]
    said = fails("prepare", table(ROWS), *options)
    assert "--group-column cannot be combined with --split-by order" in said
