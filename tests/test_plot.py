"""The picture of --plot, where matplotlib is installed."""

import pytest

from tests.command import SAMPLES, run

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
