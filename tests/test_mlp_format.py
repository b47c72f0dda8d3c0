"""What docs/mlp-format.md says of ``.mlp`` files: its code predicts what the program does."""

import re
from pathlib import Path

import numpy as np
import pytest

from fastcli.mlp.model_reader import LOSS_CODES
from fastcli.mlp.network import loss_name
from tests.command import run

PAGE = (Path(__file__).parents[1] / "docs" / "mlp-format.md").read_text()
QUIET = ["-epoch", 3, "-thread", 1, "-verbose", 0]


@pytest.fixture(scope="module")
def code():
    """Return what the code of the page defines."""
    found = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S):
        exec(
            compile(block.replace('open(path, "rb").read()', "_bytes(path)"), "page", "exec"), found
        )
    found["_bytes"] = lambda path: Path(path).read_bytes()  # which closes the file
    return found


def printed(model, text):
    """Return the probabilities of labels that predict-prob prints, a dict for each line."""
    lines = run("predict-prob", model, "-", -1, stdin=text).text().splitlines()
    words = [line.split() for line in lines]
    return [dict(zip(line[::2], map(float, line[1::2]), strict=True)) for line in words]


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--norm", "batch", "--hidden", "20,10"],
        ["--norm", "batch", "--norm-affine", "none", "--scale", "minmax"],
        ["--hidden", "none", "--scale", "none"],
    ],
)
def test_rows_of_a_table(code, options, tmp_path, rng):
    x = rng.integers(-50, 50, (200, 3)) / 8
    table = tmp_path / "t.csv"
    names = np.array(["low", "mid", "high"])[np.digitize(x[:, 0] + x[:, 1], [-2, 2])]
    lines = [",".join(map(str, row)) for row in x.tolist()]
    table.write_text("".join(f"{a},{k}\n" for a, k in zip(lines, names, strict=True)))
    output = ["-output", tmp_path / "m", "-lr", 0.01]
    assert run("mlp-train", "-input", table, *output, *options, *QUIET).code == 0
    labels, found = code["predict_rows"](tmp_path / "m.mlp", x)
    for row, said in zip(found, printed(tmp_path / "m.mlp", table.read_bytes()), strict=True):
        assert [said[label] for label in labels] == pytest.approx(row.tolist(), abs=2e-5)


@pytest.mark.parametrize("hidden", ["none", "8"])
def test_a_line_of_text(code, hidden, tmp_path):
    path = tmp_path / "t.txt"
    path.write_text("__label__a one two three\n__label__b four five\n__label__c six one four\n" * 9)
    options = ["-dim", 20, "-wordNgrams", 1, "--hidden", hidden, "-lr", 0.05, *QUIET]
    assert run("mlp-train", "-input", path, "-output", tmp_path / "m", *options).code == 0
    for line in ("one two four", "six new", ""):
        labels, (row,) = code["predict_line"](tmp_path / "m.mlp", line)
        (said,) = printed(tmp_path / "m.mlp", f"{line}\n".encode())
        assert [said[label] for label in labels] == pytest.approx(row.tolist(), abs=2e-5)


def test_the_tables_of_the_page(code, tmp_path):
    """Every tensor and field of models is named, and every loss has its number."""
    table, text = tmp_path / "t.csv", tmp_path / "t.txt"
    table.write_text("x,w,k\n" + "1,red,a\n2,blue,b\n,red,a\n" * 5)
    text.write_text("__label__a one two\n__label__b four\n" * 5)
    layers = ["--norm", "batch", "--activation", "prelu", *QUIET]
    for path, options in ((table, layers), (text, ["-wordNgrams", 2, *layers])):
        assert run("mlp-train", "-input", path, "-output", tmp_path / "m", *options).code == 0
        config, tensors = code["read"](tmp_path / "m.mlp")
        inner = [config["about"], config.get("columns", {}), config.get("text", {})]
        inner += config.get("columns", {}).get("table", [])
        names = {*config, *(name for one in inner for name in one)}
        assert {f"`{name}`" for name in names if f"`{name}`" not in PAGE} == set()
        for name in tensors:
            first, last = name.split(".")[0], f".{name.split('.')[-1]}`"
            assert f"`{first}" in PAGE, name
            assert last in PAGE or f"`{name}`" in PAGE, name
    numbers = ["softmax", "one-vs-all", "one sigmoid unit", "squared", "absolute", "Huber"]
    assert [loss_name(loss) for loss in LOSS_CODES] == [
        *("softmax", "ova", "bce"),
        *("squared", "absolute", "huber"),
    ]
    assert ", ".join(f"{i} {name}" for i, name in enumerate(numbers[:3])) in PAGE
    assert "3 squared, 4 absolute, 5 Huber" in PAGE
