"""The picture of --plot, where matplotlib is installed."""

import pytest

from tests.command import PLAIN, SAMPLES, run

pytestmark = pytest.mark.slow
STARTS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.mark.parametrize("ending", STARTS)
@pytest.mark.parametrize("with_valid", [False, True])
def test_the_picture_is_of_the_kind_that_its_name_says(ending, with_valid, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    picture = tmp_path / f"curves{ending}"
    valid = ["--valid", SAMPLES / "topics.valid.txt"] if with_valid else []
    source = ["-input", SAMPLES / "topics.train.txt", "-output", tmp_path / "m", *valid]
    small = ["--hidden", 4, "-dim", 4, "-bucket", 100, "-epoch", 2, "-verbose", 0]
    result = run("mlp-train", *source, *small, "--plot", picture)
    assert (result.code, result.err) == (0, "")
    data = picture.read_bytes()
    assert data.startswith(STARTS[ending])
    assert len(data) > 5000
    if ending == ".svg":
        assert (b"validation" in data) == with_valid


TWO = "-output", "m", *PLAIN, "--hidden", 4, "-epoch", 2, "-verbose", 0, "-thread", 1


@pytest.mark.parametrize("ending", STARTS)
def test_regions_are_drawn(ending, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,$b,kind\n0,0,_p\n0,1,$q\n1,0,q\n5,5,r\n")
    picture = tmp_path / f"regions{ending}"
    result = run("mlp-train", "-input", "t.csv", *TWO, "--plot-regions", picture)
    assert (result.code, result.err) == (0, "")
    assert picture.read_bytes().startswith(STARTS[ending])
    assert len(picture.read_bytes()) > 5000


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        (
            "a,b,c,y\n1,2,3,p\n3,2,1,q\n",
            [],
            "has 3 columns (a, b, c): leave columns out with --drop",
        ),
        ("a,y\n1,p\n2,q\n", [], "has 1 column (a): leave it out"),
        ("a,b,y\n1,u,p\n2,v,q\n", ["--words", "b"], "has a column of words (b)"),
        ("a,b,y\n1,u,p\n2,u,q\n", ["--words", "b"], "has a column of words (b)"),
        ("a,b,y\n1,,p\n2,4,q\n", [], "has missing values (b), which add an input: fill them in"),
        ("a,b,y\n1,2,.3\n3,2,.5\n", ["--task", "regression"], "is for labels, and"),
        ("__label__a b\n__label__b a\n", [], "t.csv is text: leave it out"),
    ],
)
def test_regions_are_of_two_numbers(text, more, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(text)
    kind = ["--format", "text"] if text.startswith("__") else []
    command = ["mlp-train", "-input", "t.csv", *TWO, *more, *kind]
    result = run(*command, "--plot-regions", "r.png")
    assert result.code == 1
    assert message in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_run_is_resumed_with_other_pictures(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,kind\n0,0,p\n0,1,q\n1,0,q\n5,5,r\n")
    command = ["mlp-train", "-input", "t.csv", *TWO, "--save-every", 1]
    assert run(*command).code == 0
    result = run(*command, "--resume", "--plot-regions", "r.svg")
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "r.svg").exists()
