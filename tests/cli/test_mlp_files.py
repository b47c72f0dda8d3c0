"""Models of mlp-train that others made or damaged: one sentence, or nothing wrong."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests import crafted
from tests.command import process, run

WORDS = [f"w{i}" for i in range(12)]
LINES = [
    f"__label__{'abc'[i % 3]} {WORDS[i % 12]} {WORDS[(5 * i + i % 3) % 12]}" for i in range(60)
]
QUICK = ("-epoch", 1, "--hidden", "6", "-thread", 1, "-verbose", 0)


def train(folder, name, text, *options):
    source = folder / name
    source.write_text(text)
    result = run("mlp-train", "-input", source, "-output", folder / "m", *QUICK, *options)
    assert (result.code, result.err) == (0, "")
    return folder / "m.mlp"


@pytest.fixture(scope="module")
def text_model(tmp_path_factory):
    """Return the path of a model of words and n-grams."""
    folder = tmp_path_factory.mktemp("text")
    options = ("-dim", 5, "-wordNgrams", 2, "-bucket", 50, "--norm", "batch")
    return train(folder, "lines.txt", "\n".join(LINES) + "\n", *options)


@pytest.fixture(scope="module")
def table_model(tmp_path_factory):
    """Return the path of a model of two columns with a header."""
    folder = tmp_path_factory.mktemp("table")
    rows = [f"{i},{i * i % 7},{'yes' if i % 2 else 'no'}" for i in range(20)]
    return train(
        folder, "table.csv", "x,y,kind\n" + "\n".join(rows) + "\n", "--activation", "prelu"
    )


def edited(path, model, edit):
    """Write a model as it is after ``edit(arrays, config)``."""
    arrays, config = crafted.read(model)
    edit(arrays, config)
    return crafted.write(path, arrays, config)


# ------------------------------------------------------- weights that are NaN or infinite


def row_of(arrays, config, word):
    starts, arena = arrays["dictionary.starts"], arrays["dictionary.arena"].tobytes()
    words = [arena[a:b].decode() for a, b in pairwise(starts)]
    return words.index(word)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("options", [("predict",), ("predict-prob",), ("predict", "--json")])
def test_lines_before_one_that_is_not_finite_stand(options, value, text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7"), 3] = value

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    lines = ["w1 w2", "", "w5", "w1 w7", "w3"]
    good = run(*options, text_model, "-", stdin="\n".join(lines[:3] + lines[4:]).encode())
    assert (good.code, good.err) == (0, "")
    result = run(*options, model, "-", stdin="\n".join(lines[:3] + lines[4:]).encode())
    assert (result.code, result.out, result.err) == (0, good.out, "")
    result = run(*options, model, "-", stdin="\n".join(lines).encode())
    assert result.code == 1
    assert result.out.splitlines() == good.out.splitlines()[:3]
    assert result.err == (
        f"{model}: the scores of line 4 are not finite, since weights of the model are NaN or "
        "infinite. It is damaged, or its training diverged.\n"
    )


def test_the_line_is_the_same_on_several_threads_and_in_later_blocks(text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7")] = np.nan

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    n = 30_000
    lines = ["w1 w2"] * n + ["w7"] + ["w3"] * n + ["w7"]
    text = tmp_path / "lines.txt"
    text.write_text("\n".join(lines))
    for threads in (1, 2, 3):
        result = run("predict", model, text, "-thread", threads)
        assert result.code == 1
        assert len(result.out.splitlines()) == n
        assert f"the scores of line {n + 1:,} are" in result.err
        result = run("test", model, text, "-thread", threads)
        assert (result.code, result.out) == (1, b"")
        assert f"the scores of line {n + 1:,} are" in result.err


def test_lines_of_a_table_are_counted_with_its_header(table_model, tmp_path):
    def edit(arrays, config):
        arrays["columns.scale"][:] = 1e30
        arrays["layers.0.weight"][:] = 3e38  # finite, and the sum of two is not

    model = edited(tmp_path / "huge.mlp", table_model, edit)
    table = tmp_path / "table.csv"
    table.write_text("x,y,kind\n9.5,3,no\n")
    result = run("predict", model, table)
    assert (result.code, result.out) == (1, b"")
    assert "the scores of line 2 are not finite" in result.err


def test_the_error_comes_after_the_lines(text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7")] = np.nan

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    result = process("predict", model, "-", stdin=b"w1\nw7\n")
    assert (result.code, result.out.count(b"\n")) == (1, 1)
    assert result.err.count("\n") == 1
