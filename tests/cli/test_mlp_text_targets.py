"""mlp-train --task regression on texts: targets that are missing, no numbers, several, repeated."""

import json
from pathlib import Path

import pytest

from tests.command import run

QUICK = ["--task", "regression", "--hidden", 4, "-epoch", 1, "-thread", 1, "-dim", 4]
ONE = ["--text-column", "text", "--label-column", "score"]
TWO = ["--text-column", "text", "--label-column", "s1", "--label-column", "s2"]


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """Go to a folder of its own."""
    monkeypatch.chdir(tmp_path)


def train(path, *options, code=0):
    result = run("mlp-train", "-input", path, "-output", "m", *QUICK, *options)
    assert result.code == code, result.err
    return result.err


def figures(*words):
    result = run("test", "m.mlp", *words, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize("more", [[], ["--valid-share", 0.5], ["--folds", 2]])
def test_a_line_without_a_target_is_an_error_that_names_it(more):
    Path("t.txt").write_text("__label__3 a\n\n__label__4 b\n__label__5 c\nb c\n")
    assert train("t.txt", *more, code=1) == "t.txt, line 5: the target is missing.\n"
    assert not Path("m.mlp").exists()


def test_blank_lines_are_no_lines():
    Path("t.txt").write_text("__label__3 a\n\n__label__4 b\n")
    assert "2 examples" in train("t.txt")


@pytest.mark.parametrize(
    ("cell", "said", "counted"),
    [
        ("hello", "target: hello is not a number: 'c d'.", "target: hello is not a number"),
        ("1e308", "target: 1e308 is too large: 'c d'.", "target: 1e308 is too large"),
        ("", "no target (1 of 3 rows has none).", "no target"),
        ("nan", "no target (1 of 3 rows has none).", "no target"),
    ],
)
def test_a_row_of_texts_without_a_number(cell, said, counted):
    Path("g.csv").write_text(f"text,score\na b,3\nc d,{cell}\ne f,4\n")
    assert f"g.csv:3, column score: {said}" in train("g.csv", *ONE, code=1)
    err = train("g.csv", *ONE, "--skip-bad")
    assert f"Left out: 1 bad row ({counted})." in err
    assert "2 examples" in err
    if "number" in said:
        assert f"g.csv:3, column score: {said}" in run("test", "m.mlp", "g.csv", *ONE).err
        assert figures("g.csv", *ONE, "--skip-bad")["n"] == 2
    elif not cell:
        assert figures("g.csv", *ONE)["left_out"] == {"no_target": 1, "no_known_token": 0}
    assert len(run("predict", "m.mlp", "g.csv", "--text-column", "text").out.splitlines()) == 3


def test_a_number_that_is_too_large_is_said():
    Path("t.txt").write_text("__label__3 a\n__label__1e308 b\n")
    assert train("t.txt", code=1) == "t.txt, line 2: target: 1e308 is too large.\n"
    Path("t.csv").write_text("a,y\n1,2\n2,3\n3,1e308\n")
    assert "t.csv, line 4, column 2: the target is too large: '1e308'." in train("t.csv", code=1)


@pytest.fixture
def two():
    """Write texts with two targets, many of which are the same number, or 0 and 1."""
    rows = [(i % 2, i // 2 % 2) for i in range(40)]
    text = "".join(f"{'a ' * a}x {'b ' * b},{a},{b}\n" for a, b in rows)
    Path("two.csv").write_text("text,s1,s2\n" + text)
    return rows


def test_several_targets_may_be_the_same_number(two):
    err = train("two.csv", *TWO)
    assert "40 examples, 2 targets" in err
    found = figures("two.csv", *TWO)
    assert found["n"] == 40
    lines = run("predict", "m.mlp", "two.csv", "--text-column", "text").out.splitlines()
    predicted = [list(map(float, line.split())) for line in lines]
    for k in range(2):
        error = sum(abs(row[k] - true[k]) for row, true in zip(predicted, two, strict=True)) / 40
        assert found["per_target"][k]["mae"] == pytest.approx(error, rel=1e-3)


def test_lines_to_train_on_and_a_table_to_validate_on(two):
    Path("t.txt").write_text("".join(f"__label__{a} __label__{b} x a b\n" for a, b in two))
    err = train("t.txt", "--valid", "two.csv", *TWO, "--format", "auto")
    assert "two.csv: header; text: column 'text'; labels: columns 's1', 's2'" in err
    assert "without a" not in err


def test_targets_are_matched_by_name(two):
    train("two.csv", *TWO)
    known = figures("two.csv", *TWO)
    turned = ["--text-column", "text", "--label-column", "s2", "--label-column", "s1"]
    assert figures("two.csv", *turned) == known
    Path("other.csv").write_text(Path("two.csv").read_text().replace("s1,s2", "y,z"))
    other = ["--text-column", "text", "--label-column", "y", "--label-column", "z"]
    assert figures("other.csv", *other) == known
    for columns in (("s2",), ("s2", "text"), ("2", "1")):
        words = [word for one in columns for word in ("--label-column", one)]
        result = run("test", "m.mlp", "two.csv", "--text-column", "text", *words)
        assert (result.code, result.out) == (1, b"")
        assert "the model predicts s1, s2: give the columns of these, in this" in result.err


def test_the_command_that_is_proposed_for_a_table_of_texts_works():
    Path("g.csv").write_text("text,score\na b,3\nc d,5\ne f,4\n")
    train("g.csv", *ONE)
    result = run("predict", "m.mlp", "g.csv")
    assert result.code == 1
    said = (
        "give --format text. Read it as a table: fastcli predict m.mlp g.csv --output predicted.csv"
    )
    assert said in result.err
    assert run("predict", "m.mlp", "g.csv", "--output", "predicted.csv").code == 0
    assert Path("predicted.csv").read_text().startswith("text,score,predicted\n")
