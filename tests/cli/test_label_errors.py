"""inspect --label-errors: lines whose label is doubtful, by folds that did not see them."""

import csv
import json
import math

import numpy as np
import pytest

from fastcli.cli.display.label_errors import error_lines
from fastcli.inspect.label_errors import FoldLine, label_errors
from fastcli.labelling.fold_rows import read_folds
from tests.command import SAMPLES, run

TRAIN, REVIEWS = SAMPLES / "topics.train.txt", SAMPLES / "reviews.csv"
COLUMNS = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]


@pytest.fixture(scope="module")
def flipped(tmp_path_factory):
    """Return lines of which some got another label, and the numbers of these."""
    lines = TRAIN.read_text(encoding="utf-8").splitlines()
    return flip(lines, tmp_path_factory.mktemp("flipped") / "train.txt")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Return such lines of which five epochs learn the labels: 4 of 10 words tell."""
    rng, lines = np.random.default_rng(1), []
    for i in range(900):
        own = [f"word{j}of{i % 6}" for j in rng.integers(30, size=4)]
        shared = [f"word{j}" for j in rng.integers(60, size=6)]
        lines.append(" ".join([f"__label__{i % 6}", *rng.permutation([*own, *shared])]))
    return flip(lines, tmp_path_factory.mktemp("learned") / "train.txt")


def flip(lines, path):
    """Write lines of which 5 % got another label; return the path and the numbers of these."""
    lines = list(lines)
    labels = [line.split(None, 1)[0] for line in lines]
    names = sorted(set(labels))
    rng = np.random.default_rng(5)
    chosen = np.sort(rng.permutation(len(lines))[: len(lines) // 20]).tolist()
    for i in chosen:
        other = rng.choice([name for name in names if name != labels[i]])
        lines[i] = f"{other} {lines[i].split(None, 1)[1]}"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path, {i + 1 for i in chosen}


def test_flipped_labels_are_among_the_most_doubtful(flipped):
    path, numbers = flipped
    result = run("inspect", path, "--label-errors", "--json")
    found = json.loads(result.out)
    assert result.code == 0
    assert found["lines"] == 900
    rows = found["label_errors"]
    assert found["doubtful"] == len(rows)
    assert 0 < found["probably_wrong"] <= found["doubtful"]
    given = [row["given_probability"] for row in rows]
    assert given == sorted(given)
    assert all(row["proposed"] not in row["given"] for row in rows)
    assert len(numbers & {row["line"] for row in rows[:45]}) >= 20  # measured: 21
    assert len(numbers & {row["line"] for row in rows}) >= 42  # 44
    lines = path.read_text(encoding="utf-8").splitlines()
    for row in rows[:5]:
        assert lines[row["line"] - 1] == f"__label__{row['given'][0]} {row['text']}"
    assert "Training 5 models (-lr 0.5 -epoch 5) took" in result.err


def test_most_of_the_most_doubtful_were_flipped(learned):
    """The bar is 75 %; measured where models learn: 45 of 45."""
    path, numbers = learned
    found = json.loads(run("inspect", path, "--label-errors", "--json").out)
    lines = [row["line"] for row in found["label_errors"]]
    assert len(numbers & set(lines[:45])) >= 43
    assert len(lines) <= 50
    assert 30 <= found["probably_wrong"] <= 45


def test_the_screen(flipped):
    result = run("inspect", flipped[0], "--label-errors")
    lines = result.out.decode().splitlines()
    assert lines[0] == f"{flipped[0]}: 900 lines with a label"
    assert lines[1].endswith("would get another label from a model that was not trained on them")
    assert lines[4].split() == ["line", "given", "prob", "proposed", "prob", "text"]
    assert len(lines) == 26
    assert lines[-1].startswith("  ... and ")
    assert all(len(line) <= 80 for line in lines[1:])
    command = f"fastcli inspect {flipped[0]} --label-errors --errors doubtful.csv"
    assert result.err.splitlines()[-1] == f"All of them in a file: {command}"


def test_folds_of_a_training_give_the_same(flipped, tmp_path):
    path, _ = flipped
    folds = tmp_path / "folds.csv.gz"
    options = ["-lr", 0.5, "-epoch", 5, "-verbose", 0, "--folds", 5, "--folds-output", folds]
    assert run("supervised", "-input", path, "-output", tmp_path / "m", *options).code == 0
    own = json.loads(run("inspect", path, "--label-errors", "--json").out)
    result = run("inspect", path, "--label-errors", "--json", "--folds-file", folds)
    assert json.loads(result.out) == own
    assert "Training" not in result.err


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl"])
def test_a_table_by_the_folds_of_its_training(tmp_path, end):
    folds, out = tmp_path / f"folds.{end}", tmp_path / "errors.csv"
    result = run("inspect", REVIEWS, "--label-errors")
    assert result.code == 1
    columns = "--text-column COLUMN --label-column verdict"
    assert "its columns: id, date, verdict, title, review, product" in result.err
    assert f"fastcli supervised -input {REVIEWS} -output model {columns}" in result.err
    options = ["-lr", 0.5, "-epoch", 5, "-dim", 8, "--folds", 3, "--folds-output", folds]
    command = ["supervised", "-input", REVIEWS, "-output", tmp_path / "m", *COLUMNS, *options]
    assert run(*command).code == 0
    result = run("inspect", REVIEWS, "--label-errors", "--folds-file", folds, "--errors", out)
    assert result.code == 0
    with open(out, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with open(REVIEWS, newline="", encoding="utf-8") as file:
        texts = {cells["review"] for cells in csv.DictReader(file)}
    assert rows
    assert list(rows[0]) == [
        "line", "given", "given_probability", "proposed", "proposed_probability", "text"
    ]  # fmt: skip
    assert all(row["text"] in texts for row in rows)
    assert f"Wrote {out} ({len(rows)} lines" in result.err


def test_folds_of_another_file_are_refused(flipped, tmp_path):
    folds = tmp_path / "folds.csv"
    options = ["-epoch", 1, "-verbose", 0, "--folds", 2, "--folds-output", folds]
    assert run("supervised", "-input", TRAIN, "-output", tmp_path / "m", *options).code == 0
    result = run("inspect", flipped[0], "--label-errors", "--folds-file", folds)
    assert result.code == 1
    assert f"{folds} is not of {flipped[0]}, or that has changed: line" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "text",
    ["", "x\n", "line,fold\n1,2\n", "line,fold,true,predicted,probability,true_probability\na,b\n"],
)
@pytest.mark.parametrize("end", ["csv", "jsonl"])
def test_other_files_are_no_folds(tmp_path, text, end):
    folds = tmp_path / f"f.{end}"
    folds.write_text(text)
    result = run("inspect", TRAIN, "--label-errors", "--folds-file", folds)
    assert (result.code, result.out) == (1, b"")
    assert f"{folds} is not a file of --folds-output: " in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--folds-file", "f.csv"], "--folds-file: no effect without --label-errors."),
        (["--errors", "f.csv"], "--errors: no effect without --label-errors."),
    ],
)
def test_without_effect(options, said):
    assert said in run("inspect", TRAIN, *options).err


def test_what_cannot_be(tmp_path):
    model = tmp_path / "m.bin"
    run("supervised", "-input", TRAIN, "-output", tmp_path / "m", "-epoch", 1, "-verbose", 0)
    for options, said in (
        ([model], "is for training data, not for a model"),
        ([TRAIN, "--errors", "f.txt"], "the format is not known by the name"),
        ([TRAIN, TRAIN, "--errors", "f.csv"], "give one file at a time"),
        ([TRAIN, "--folds-file", tmp_path / "none.csv"], "cannot be opened!"),
    ):
        result = run("inspect", *options, "--label-errors")
        assert (result.code, result.out) == (1, b"")
        assert said in result.err


def test_the_ranking():
    """By the probability of the given label; how many are wrong by what is usual for the other."""
    nan = math.nan
    lines = [
        FoldLine(line=1, true=("a",), predicted="a", prob=0.8, own=0.8),
        FoldLine(line=2, true=("b",), predicted="b", prob=0.6, own=0.6),
        FoldLine(line=3, true=("b",), predicted="a", prob=0.9, own=0.1),
        FoldLine(line=4, true=("b",), predicted="a", prob=0.5, own=0.3),
        FoldLine(line=5, true=("rare",), predicted="b", prob=0.7, own=nan),
        FoldLine(line=6, true=("a", "b"), predicted="b", prob=0.7, own=0.2),
        FoldLine(line=7, true=("a",), predicted="", prob=nan, own=nan),
    ]
    found = label_errors(lines)
    assert [one.line for one in found.doubtful] == [3, 4]
    assert [one.line for one in found.unjudged] == [5]
    assert found.n_lines == 7
    assert found.n_wrong == 1  # a is usually 0.8 where it is given, b is 1/3
    rows = found.as_json("x")["label_errors"]
    assert [row["line"] for row in rows] == [3, 4, 5]
    assert rows[-1]["given_probability"] is None
    lines = list(error_lines("x", found))
    assert "  1 of these labels is probably wrong" in lines
    assert "  1 more cannot be judged: their models have not seen the label" in lines
    at = lines.index("  Cannot be judged:")
    assert lines[at + 3].split() == ["5", "rare", "-", "b", "0.700"]


def test_models_that_learned_too_little(tmp_path):
    """Then nothing is listed, and other folds are proposed."""
    rng = np.random.default_rng(0)
    path = tmp_path / "t.txt"
    words = [" ".join(f"w{j}" for j in rng.integers(9, size=5)) for _ in range(60)]
    path.write_text("".join(f"__label__{i % 6} {text}\n" for i, text in enumerate(words)))
    result = run("inspect", path, "--label-errors")
    assert result.code == 0
    lines = result.out.decode().splitlines()
    assert lines[0] == f"{path}: 60 lines with a label"
    assert lines[2:] == ["  which is more than half: the models learned too little for a judgement"]
    assert "probably wrong" not in result.err
    command = f"fastcli supervised -input {path} -output model -lr 0.5 -epoch 50 --folds 5"
    assert f"{command} --folds-output folds.csv; then: fastcli inspect {path}" in result.err
    found = json.loads(run("inspect", path, "--label-errors", "--json").out)
    assert found["probably_wrong"] is None


def test_weights_are_no_words(flipped, tmp_path):
    """Lines with weights are trained with these, and shown without them."""
    path, folds = tmp_path / "t.txt", tmp_path / "f.csv"
    lines = flipped[0].read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{line} w:{1 + i % 3}\n" for i, line in enumerate(lines)))
    given = ["--weight-prefix", "w:"]
    own = json.loads(run("inspect", path, "--label-errors", "--json", *given).out)
    assert own["label_errors"]
    assert not any("w:" in row["text"] for row in own["label_errors"])
    options = ["-lr", 0.5, "-epoch", 5, "-verbose", 0, "--folds", 5, "--folds-output", folds]
    trained = ["-input", path, "-output", tmp_path / "m", *options, *given]
    assert run("supervised", *trained).code == 0
    found = run("inspect", path, "--label-errors", "--json", "--folds-file", folds)
    assert json.loads(found.out) == own
    path.write_text("__label__a x\n__label__b y w:none\n" * 9)
    result = run("inspect", path, "--label-errors", *given)
    assert result.code == 1
    assert f"{path}:2: not a weight, a number of 0 or more: w:none" in result.err
    result = run("supervised", *trained)
    assert result.code == 1
    assert f"{path}:2: not a weight, a number of 0 or more: w:none" in result.err


def test_folds_of_several_inputs(tmp_path):
    """Of each file its own rows are judged, and checked; another file has none."""
    lines = TRAIN.read_text(encoding="utf-8").splitlines(keepends=True)
    one, two, other, folds = (tmp_path / name for name in ("1.txt", "2.txt", "3.txt", "f.csv"))
    for path, some in ((one, lines[:300]), (two, lines[300:900]), (other, lines[:300])):
        path.write_text("".join(some), encoding="utf-8")
    argv = ["-output", tmp_path / "m", "-epoch", 5, "-lr", 0.5, "-verbose", 0, "--folds", 3]
    assert run("supervised", "-input", one, two, *argv, "--folds-output", folds).code == 0
    for path, n in ((one, 300), (two, 600)):
        result = run("inspect", path, "--label-errors", "--json", "--folds-file", folds)
        assert json.loads(result.out)["lines"] == n
        assert "are not judged" not in result.err
    result = run("inspect", other, "--label-errors", "--folds-file", folds)
    assert result.code == 1
    assert result.err == f"{folds} has no lines of {other}, only of {one}, {two}.\n"
    two.write_text("".join(lines[301:900]), encoding="utf-8")
    result = run("inspect", two, "--label-errors", "--folds-file", folds)
    assert result.code == 1
    assert f"{folds} is not of {two}, or that has changed" in result.err


@pytest.mark.parametrize("end", ["csv", "tsv", "jsonl"])
def test_labels_of_tables_with_the_sign_between_labels(tmp_path, end):
    path, folds = tmp_path / "t.csv", tmp_path / f"f.{end}"
    path.write_text("text,label\n" + 'red big,Sp|am\nlow far,"[x"\n' * 12)
    columns = ["--text-column", "text", "--label-column", "label", "--labels-as", "text"]
    argv = ["-lr", 0.5, "-epoch", 30, "-verbose", 0, "--folds", 2, "--folds-output", folds]
    trained = ["-input", path, "-output", tmp_path / "m", *columns, *argv]
    assert run("supervised", *trained).code == 0
    result = run("inspect", path, "--label-errors", "--folds-file", folds)
    assert result.code == 0, result.err
    assert result.err == "No label is doubtful.\n"
    true = {tuple(row["true"]) for row in read_folds(str(folds))}
    assert true == {("Sp|am",), ("[x",)}


def test_the_screen_of_options_without_effect(flipped, tmp_path):
    given = ["--top-words", 3, "--header", "--encoding", "latin1"]
    result = run("inspect", flipped[0], "--label-errors", *given)
    assert "--top-words, --header, --encoding: no effect with --label-errors." in result.err


def test_labels_with_the_sign_between_labels(tmp_path):
    """In a cell of the folds, a label with | looks like two."""
    path, folds, out = tmp_path / "t.txt", tmp_path / "f.csv", tmp_path / "o.jsonl"
    path.write_text("__label__a|b x y\n__label__c z w\n" * 6, encoding="utf-8")
    argv = ["-output", tmp_path / "m", "-dim", 4, "-verbose", 0, "--folds", 2]
    assert run("supervised", "-input", path, *argv, "--folds-output", folds).code == 0
    result = run("inspect", path, "--label-errors", "--folds-file", folds, "--errors", out)
    assert result.code == 0, result.err
    found = [json.loads(line)["given"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert all(one in (["a|b"], ["c"]) for one in found)


def test_folds_of_some_lines_and_probabilities_that_are_none(flipped, tmp_path):
    path, folds = flipped[0], tmp_path / "f.csv"
    argv = ["-output", tmp_path / "m", "-dim", 4, "-verbose", 0, "--folds", 2]
    assert run("supervised", "-input", path, *argv, "--folds-output", folds).code == 0
    rows = folds.read_text(encoding="utf-8").splitlines(keepends=True)
    folds.write_text("".join(rows[:500]), encoding="utf-8")
    result = run("inspect", path, "--label-errors", "--folds-file", folds)
    assert result.code == 0
    assert (
        f"{folds} has 499 of the 900 lines with a label: the others are not judged." in result.err
    )
    cells = rows[1].split(",")
    cells[4] = "7.5"
    folds.write_text("".join([rows[0], ",".join(cells), *rows[2:]]), encoding="utf-8")
    result = run("inspect", path, "--label-errors", "--folds-file", folds)
    assert (result.code, result.err) == (
        1,
        f"{folds} is not a file of --folds-output: row 1.\n",
    )
