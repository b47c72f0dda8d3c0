"""How weights start: every initialisation against the moments and bounds of its formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastcli.kernels.base.losses import SOFTMAX
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.initializers import INITIALIZERS, ChosenInit
from fastcli.mlp.network import Network
from tests.command import ROOT

N, M, STD = 300, 500, 0.05

# Standard deviation and bound by the formulas, for n = 300 inputs and m = 500 units.
REF = {
    "normal": (0.05, math.inf),
    # Of a standard normal within +-2: 1 - 2 * 2 phi(2) / (2 Phi(2) - 1), and the root of it.
    "truncated-normal": (0.05 * 0.8796256610342398, 0.1),
    "uniform": (0.3 / math.sqrt(12), 0.2),
    "scaled-normal": (math.sqrt(1 / 300), math.inf),
    "xavier-uniform": (math.sqrt(2 / 800), math.sqrt(6 / 800)),
    "xavier-normal": (math.sqrt(2 / 800), math.inf),
    "he-uniform": (math.sqrt(2 / 300), math.sqrt(6 / 300)),
    "he-normal": (math.sqrt(2 / 300), math.inf),
    "msra-combined": (math.sqrt(4 / 800), math.inf),
    "lecun-uniform": (math.sqrt(1 / 300), math.sqrt(3 / 300)),
    "lecun-normal": (math.sqrt(1 / 300), math.inf),
    "orthogonal": (math.sqrt(1 / 500), 1.0),
}


def drawn(name, seed=1):
    bounds = (-0.1, 0.2) if name == "uniform" else ()
    return ChosenInit(name, bounds).draw(np.random.default_rng(seed), N, M, STD)


def test_every_initialisation_is_here():
    assert set(REF) == set(INITIALIZERS)


@pytest.mark.parametrize("name", REF)
def test_moments_and_bounds(name):
    found, (deviation, bound) = drawn(name), REF[name]
    mean = 0.05 if name == "uniform" else 0.0
    assert found.shape == (N, M)
    assert found.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(N * M))
    assert found.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(found).max() <= bound
    if math.isfinite(bound) and name != "orthogonal":
        assert np.abs(found).max() > 0.99 * bound
    else:
        assert np.abs(found).max() > 3.5 * deviation
    assert (drawn(name) == found).all()
    assert (drawn(name, 2) != found).any()


def test_a_truncated_normal_has_the_normal_s_shape_within_two_deviations():
    found = np.sort(drawn("truncated-normal").reshape(-1)) / STD
    below = np.array([(1 + math.erf(x / math.sqrt(2))) / 2 for x in found[::500]])
    ends = [(1 + math.erf(x / math.sqrt(2))) / 2 for x in (-2, 2)]
    expected = (below - ends[0]) / (ends[1] - ends[0])
    np.testing.assert_allclose(expected, np.arange(0, N * M, 500) / (N * M), atol=0.005)


def test_a_deviation_of_zero_gives_zeros():
    rng = np.random.default_rng(0)
    assert not ChosenInit("truncated-normal").draw(rng, 3, 4, 0.0).any()


def test_each_layer_has_its_own():
    args = MlpArgs(
        hidden="40,30", init="uniform:2,3,truncated-normal,auto", init_std=0.1, activation="tanh"
    ).resolved()
    network = Network(args, 50, 20, False, SOFTMAX, 4, 1)
    network.start(0)
    first, second, output = (network.weights(i) for i in range(3))
    assert 2 <= first.min() < first.max() < 3
    assert 0.19 < np.abs(second).max() <= np.float32(0.2)
    bound = math.sqrt(6 / 50)  # xavier-uniform of 30 inputs and 20 units
    assert 0.97 * bound < np.abs(output).max() <= bound


def test_each_piece_of_maxout_is_drawn():
    args = MlpArgs(hidden="40", init="msra-combined", activation="maxout:3").resolved()
    network = Network(args, 50, 20, False, SOFTMAX, 4, 1)
    network.start(0)
    pieces = network.weights(0)
    assert pieces.std() == pytest.approx(math.sqrt(4 / 90), rel=0.05)
    assert len(np.unique(pieces)) == pieces.size


def test_the_page_of_formulas_has_them_all():
    page = (ROOT / "docs" / "formulas.md").read_text(encoding="utf-8")
    for one in INITIALIZERS.values():
        assert f"| `{one.name}` | {one.formula} | {one.source} |" in page
