"""What mlp-train and test say about odd data and options: the words name what is wrong."""

from pathlib import Path

import pytest

from tests.command import run

QUICK = ["--hidden", 4, "-epoch", 1, "-thread", 1]
REGRESSION = ["--task", "regression"]


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """Go to a folder of its own."""
    monkeypatch.chdir(tmp_path)


def train(path, *options, code=0):
    result = run("mlp-train", "-input", path, "-output", "m", *QUICK, *options)
    assert result.code == code, result.err
    return result.err


def test_a_header_without_rows():
    Path("t.csv").write_text("a,b,label\n")
    err = train("t.csv", *REGRESSION, code=1)
    assert err == (
        "t.csv has one row, a, b, label, and no number to learn in it: if it is a header, rows are "
        "missing.\n"
    )


def test_options_of_labels_are_named():
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},{i}.5\n" for i in range(9)))
    train("t.csv", *REGRESSION)
    for option, file in (("--errors", "e.csv"), ("--confusion-file", "c.csv"), ("--csv", "l.csv")):
        result = run("test", "m.mlp", "t.csv", option, file)
        assert (result.code, result.out) == (1, b"")
        assert result.err.startswith(f"{option} is for models with labels, and m.mlp predicts")
        assert not Path(file).exists()


def test_one_label():
    Path("t.csv").write_text("a,label\n1,x\n2,x\n")
    said = "There is only one label, x: every row gets it. Give lines of other labels, too, or"
    assert f"{said} another --label-column." in train("t.csv")
    Path("t.txt").write_text("__label__x a\n__label__x b\n")
    assert "every text gets it" in train("t.txt")


@pytest.mark.parametrize("loss", ["squared", "absolute", "huber"])
def test_a_constant_target_leaves_nothing_to_learn(loss):
    Path("t.csv").write_text("a,y\n" + "".join(f"{i},7.5\n" for i in range(9)))
    err = train("t.csv", *REGRESSION, "-loss", loss)
    assert "The target y is the same in every training line: there is nothing to learn" in err
    assert "It learned next to nothing" not in err


def test_two_constant_targets():
    Path("t.csv").write_text("a,y,z,u\n" + "".join(f"{i},7,8,{i}\n" for i in range(9)))
    columns = [word for name in "yzu" for word in ("--label-column", name)]
    assert "The targets y, z are the same in every training line" in train(
        "t.csv", *REGRESSION, *columns
    )


@pytest.mark.parametrize("options", [[], REGRESSION])
def test_an_index_that_a_line_of_libsvm_has_twice(options):
    Path("t.svm").write_text("1 1:1 2:1\n2 2:3 1:1\n")
    train("t.svm", *options)
    said = "line 2: the index 1 is there 2 times: each feature has one value.\n"
    for line in ("2 1:1 1:2", "2 1:1 2:2 1:2", "2 1:1 1:1"):
        Path("twice.svm").write_text(f"1 1:1 2:1\n{line}\n")
        assert train("twice.svm", *options, code=1) == f"twice.svm, {said}"
        result = run("test", "m.mlp", "twice.svm")
        assert (result.code, result.err) == (1, f"twice.svm, {said}")
    Path("query.svm").write_text("1 qid:1 2:1\n2 qid:1 1:3 2:1\n")
    assert run("predict", "m.mlp", "query.svm").code == 0
