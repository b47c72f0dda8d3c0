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


@pytest.mark.parametrize("ending", STARTS)
def test_a_picture_is_the_same_every_time(ending, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,kind\n0,0,p\n0,1,q\n1,0,q\n5,5,r\n")
    for name in ("one", "two"):
        run("mlp-train", "-input", "t.csv", *TWO, "--plot-regions", f"{name}{ending}")
    assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_characters_that_no_font_has_are_said(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    curves = pytest.importorskip("fastcli.api.curves")
    monkeypatch.setattr(curves, "font_with", lambda characters: "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,kind\n0,0,好\n0,1,坏\n1,0,坏\n5,5,r\n")
    result = run("mlp-train", "-input", "t.csv", *TWO, "--plot-regions", "r.svg")
    assert result.code == 0
    assert "r.svg: no font of matplotlib's has 坏好, so boxes are drawn" in result.err
    assert result.err.count("\n") == 1


def test_a_font_has_all_characters():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from fastcli.api.curves import font_with

    assert font_with("aé")
    assert font_with("a\U0010fffd") == ""


def test_no_two_colours_are_the_same():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from fastcli.api.regions import MOST_NAMES, colour_of

    assert len({colour_of(k) for k in range(MOST_NAMES)}) == MOST_NAMES
    assert colour_of(MOST_NAMES) == colour_of(0)


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
