"""quantize -retrain on crafted models: refused with a sentence, or it ends."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.fasttext.sampling import MOST_DRAWS, alias_table, drawable
from tests import model_bytes
from tests.command import run

NS, HS = 2, 1
WORDS = [b"w%d" % i for i in range(300)]


def retrain(folder, counts, **args):
    """Retrain a model whose labels have these counts."""
    labels = [b"__label__%d" % i for i in range(len(counts))]
    random = np.random.default_rng(1)
    wi, wo = random.normal(size=(300, 2)).tolist(), random.normal(size=(len(counts), 2)).tolist()
    data = model_bytes.model_bytes(WORDS, labels, wi, wo, counts=[9] * 300 + counts, **args)
    (folder / "m.bin").write_bytes(data)
    lines = [b"__label__%d w%d w%d\n" % (i % len(counts), i, 299 - i) for i in range(99)]
    (folder / "text").write_bytes(b"".join(lines))
    return run(
        *("quantize", "-output", folder / "m", "-input", folder / "text", "-cutoff", "280"),
        *("-retrain", "-verbose", "0"),
    )


@pytest.mark.parametrize(
    "counts",
    [[10**18, 0, 0], [0, 0, 0], [-5, -7, -9], [-(2**63), 2**63 - 1, 0], [2**63 - 1] * 3, [3, 2, 1]],
    ids=str,
)
def test_any_counts_with_ns(counts, tmp_path):
    result = retrain(tmp_path, counts, loss=NS)
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "m.ftz").exists()


@pytest.mark.parametrize(
    ("counts", "args", "said"),
    [
        (
            [5],
            {"loss": NS},
            "Its loss is ns, which needs at least two labels, and it has only one.",
        ),
        ([3, 2, 0], {"loss": HS}, "Its label counts do not form a Huffman tree"),
        ([1, 2, 3], {"loss": HS}, "Its label counts do not form a Huffman tree"),
        ([-(2**63), 1], {"loss": HS}, "Its label counts do not form a Huffman tree"),
        ([5, -(2**63), 1], {"loss": HS}, "Its label counts do not form a Huffman tree"),
        ([2**62] * 3, {"loss": HS}, "Its label counts do not form a Huffman tree"),
        ([3, 2, 1], {"loss": NS, "neg": 2**31 - 1}, "-neg must be at most 10000, not 2147483647."),
        ([3, 2, 1], {"neg": -1}, "-neg must be 0 or more, not -1."),
        ([3, 2, 1], {"epoch": -1}, "-epoch must be 0 or more, not -1."),
        ([3, 2, 1], {"ws": -(2**31)}, "-ws must be 0 or more"),
        ([3, 2, 1], {"lrUpdateRate": -1}, "-lrUpdateRate must be 0 or more"),
    ],
    ids=str,
)
def test_what_is_refused(counts, args, said, tmp_path):
    result = retrain(tmp_path, counts, **args)
    assert result.code == 1
    assert result.err.startswith(f"{tmp_path / 'm.bin'} cannot be trained further. {said}")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "m.ftz").exists()


def test_odd_arguments_of_a_model_do_not_matter_where_nothing_is_trained(tmp_path):
    retrain(tmp_path, [3, 2, 1], neg=-1, epoch=-1, ws=-5, minCount=-(2**31))
    assert run("quantize", "-output", tmp_path / "m", "-verbose", "0").text() == ""


@given(st.lists(st.integers(0, 2**63 - 1), min_size=2, max_size=9))
def test_another_label_is_drawn_soon(counts):
    weights = drawable(np.sqrt(np.array(counts, np.int64)))
    share = np.sort(weights)[:-1].sum() / weights.max()
    assert share >= 0.999 / MOST_DRAWS
    odds, aliases = alias_table(weights)
    n = len(counts)
    chances = odds / n + np.bincount(aliases, (1 - odds) / n, n)
    assert math.isclose(chances.sum(), 1.0)
    assert np.allclose(chances, weights / weights.sum(), atol=1e-9)
    assert chances.max() <= 1 - 0.9 / MOST_DRAWS


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=9))
def test_weights_of_texts_stay_as_they_are(counts):
    weights = np.sqrt(np.array(counts, np.int64))
    assert drawable(weights) is weights or min(counts) * MOST_DRAWS**2 <= max(counts)


@pytest.mark.parametrize("name", ["text", "text.gz"])
def test_an_empty_text(name, tmp_path):
    assert retrain(tmp_path, [3, 2, 1], loss=NS).code == 0
    (tmp_path / name).write_bytes(b"")
    result = run(
        *("quantize", "-output", tmp_path / "m", "-input", tmp_path / name, "-cutoff", "280"),
        *("-retrain", "-verbose", "0"),
    )
    assert result.code == 1
    assert "so there is nothing to train on" in result.err
    assert len(result.err.splitlines()) == 1
