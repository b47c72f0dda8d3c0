"""prepare and weights of lines: tokens stay as they are, a column becomes tokens."""

import json
from pathlib import Path

import pytest

from fastcli.prepare.recipe import Recipe
from tests.command import run

IN_ORDER = ["-o", "out", "--split", 100, "--no-shuffle", "--clean"]
PREFIX = ["--weight-prefix", "__weight__"]
LINES = """\
__weight__2.5 __label__a Good day, Sir!
__label__b Rain again __weight__0.5
__label__a Snow __weight__1e-3 today
__label__b No weight
"""
CLEANED = """\
__label__a good day , sir ! __weight__2.5
__label__b rain again __weight__0.5
__label__a snow today __weight__1e-3
__label__b no weight
"""
TABLE = 'text,label,w\n"Good, day __weight__9",a,2.5\nRain,b,\nSnow!,a,"0,5"\n'
COLUMNS = ["--text-column", "text", "--label-column", "label", "--weight-column", "w"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text(LINES)
    Path("t.csv").write_text(TABLE)


def prepare(*argv, code=0):
    result = run("prepare", *argv)
    assert result.code == code, result.err
    return result


def test_weights_of_lines_stay_through_cleaning():
    result = prepare("t.txt", *IN_ORDER, *PREFIX, "--digits", "zero", "--max-length", 5)
    assert Path("out/train.txt").read_text() == CLEANED
    assert "Lines with a weight: 3. Train with --weight-prefix __weight__." in result.err
    assert "Next: fastcli inspect out/train.txt --weight-prefix __weight__" in result.err
    assert "look like weights" not in result.err
    notes = json.loads(Path("out/prepare.json").read_text())
    assert notes["weight_prefix"] == "__weight__"
    assert notes["parts"]["train"]["tokens"] == 11


@pytest.mark.parametrize("options", [["--dedup", "exact"], ["--min-label", 2]])
def test_weights_stay_where_all_rows_are_needed(options):
    prepare("t.txt", *IN_ORDER, *PREFIX, *options)
    assert Path("out/train.txt").read_text() == CLEANED


def test_weights_decide_neither_the_split_nor_what_is_repeated():
    lines = [f"__label__a text number {i}" for i in range(40)]
    Path("plain.txt").write_text("\n".join(lines))
    Path("w.txt").write_text("\n".join(f"{line} __weight__{i}" for i, line in enumerate(lines)))
    prepare("plain.txt", "-o", "plain", "--no-shuffle")
    prepare("w.txt", "-o", "w", "--no-shuffle", *PREFIX)
    plain = Path("plain/test.txt").read_text().splitlines()
    assert plain
    assert [
        line.rpartition(" ")[0] for line in Path("w/test.txt").read_text().splitlines()
    ] == plain
    Path("w.txt").write_text("__label__a one __weight__1\n__label__a one __weight__2\n")
    prepare("w.txt", *IN_ORDER, *PREFIX, "--dedup", "near", "--overwrite")
    assert Path("out/train.txt").read_text() == "__label__a one __weight__1\n"


def test_a_column_of_weights_becomes_tokens():
    result = prepare("t.csv", *IN_ORDER, *COLUMNS)
    assert Path("out/train.txt").read_text() == (
        "__label__a good , day 9 __weight__2.5\n__label__b rain __weight__1.0\n"
        "__label__a snow ! __weight__0.5\n"
    )
    assert "weights: column 'w'" in result.err
    notes = json.loads(Path("out/prepare.json").read_text())
    assert (notes["columns"]["weight"], notes["weight_prefix"]) == ("w", "__weight__")
    prepare("t.csv", *IN_ORDER, *COLUMNS, "--weight-prefix", "w:")
    assert "rain w:1.0" in Path("out/train.txt").read_text()


def test_lines_and_rows_by_a_recipe_keep_tokens():
    prepare("t.txt", *IN_ORDER, *PREFIX)
    for options in (["--clean", *PREFIX], ["--like", "out/prepare.json"]):
        assert prepare("t.txt", *options).out.decode() == CLEANED
    prepare("t.csv", *IN_ORDER, *COLUMNS)
    result = prepare("--like", "out/prepare.json", "t.csv")
    assert "has weights from column w, for training" in result.err
    assert result.out.decode().splitlines()[1] == "__label__b rain"


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_training_is_told_of_the_weights(command):
    prepare("t.txt", *IN_ORDER, *PREFIX)
    options = ["-input", "out/train.txt", "-output", "m", "-epoch", 1, "-minCount", 1]
    options += ["-dim", 4]
    said = "out/train.txt has weights of lines: without --weight-prefix __weight__ they are words."
    result = run(command, *options)
    assert result.code == 0
    assert said in result.err
    result = run(command, *options, *PREFIX)
    assert result.code == 0
    assert said not in result.err
    assert "Weights of lines 0.001 to 2.5" in result.err


def test_tokens_that_look_like_weights_are_named():
    result = prepare("t.txt", *IN_ORDER)
    assert (
        "Tokens such as __weight__2.5 look like weights of lines: --weight-prefix __weight__ keeps "
        "them; without it they are cleaned as words."
    ) in result.err
    result = prepare("t.txt", *IN_ORDER, "-verbose", 0)
    assert result.err == ""


@pytest.mark.parametrize("bad", ["much", "-1", "nan", "1 __weight__2"])
def test_bad_weights_are_bad_rows(bad):
    Path("t.txt").write_text(f"__label__a one\n__label__b two __weight__{bad}\n")
    result = prepare("t.txt", *IN_ORDER, *PREFIX, code=1)
    assert result.err.count("\n") == 1
    assert "t.txt:2" in result.err
    assert "weight" in result.err
    prepare("t.txt", *IN_ORDER, *PREFIX, "--skip-bad")
    assert Path("out/train.txt").read_text() == "__label__a one\n"


def test_options_of_weights_that_cannot_be():
    for options, sentence in [
        (["--weight-prefix", "__label__w"], "one begins with the other"),
        (["--weight-prefix", "a b"], "without spaces"),
        (["--weight-column", "w"], "has no columns, so there is no --weight-column"),
    ]:
        assert sentence in prepare("t.txt", *IN_ORDER, *options, code=1).err
    result = prepare("t.csv", *IN_ORDER, *COLUMNS, "--group-column", "label", code=1)
    assert "--group-column and --weight-column cannot be combined" in result.err


def test_words_of_texts_are_never_weights():
    recipe = Recipe(weight_prefix="w:")
    assert recipe.apply(["a w:1 w:__label__b"]) == ["a 1 b"]
    assert recipe.apply_to_lines(["w:1 __label__a x"]) == ["__label__a x w:1"]
