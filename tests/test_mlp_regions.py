"""Decision regions: the best label of a network at the points of a plane."""

import numpy as np
import pytest

from fastcli.mlp.args import MlpArgs
from fastcli.mlp.regions import SIDE, best_labels, regions_of
from fastcli.mlp.train_and_save import train_and_save_mlp
from fastcli.reporting import Reporter

ROWS = [
    (x + dx, y + dy, name)
    for x, y, name in ((0, 0, "low"), (50, 0, "right"), (0, 80, "high"))
    for dx, dy in ((0, 0), (1, 2), (2, 1), (3, 3))
]


@pytest.fixture(params=["standard", "none"])
def trained(request, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y,kind\n" + "".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    args = MlpArgs(
        input=(str(path),),
        output=str(tmp_path / "m"),
        hidden="8",
        lr=0.05,
        epoch=100,
        scale=request.param,
        plot_regions="r.png",
        verbose=0,
    )
    return train_and_save_mlp(args, Reporter())


def test_regions_are_the_best_labels(trained):
    model = trained.model
    found = regions_of(model, trained.examples)
    assert (found.axes, found.names) == (["x", "y"], ["high", "low", "right"])
    np.testing.assert_allclose(found.points, [row[:2] for row in ROWS], atol=1e-5)
    assert [found.names[label] for label in found.labels] == [row[2] for row in ROWS]
    assert (found.n, found.n_right) == (12, 12)
    assert (found.low < 0).all()
    assert (found.high > [53, 83]).all()
    corners = np.array([[found.low[0], found.low[1]], [found.high[0], found.low[1]]])
    expected = best_labels(model, corners)
    assert found.best[0, 0] == expected[0]
    assert found.best[0, SIDE - 1] == expected[1]
    assert found.names[expected[1]] == "right"
