"""What golden/make_mlp_golden.py makes of the PyTorch that is installed, if there is one."""

import json

import numpy as np
import pytest

from tests.command import GOLDEN

pytest.importorskip("torch", reason="PyTorch is not installed")
pytestmark = pytest.mark.peers


def paths_and_values(made, path=()):
    """Yield what a tree of dictionaries holds, with the names on the way there."""
    if isinstance(made, dict):
        for name, part in made.items():
            yield from paths_and_values(part, (*path, name))
    else:
        yield path, made


def test_the_golden_file_is_what_torch_says():
    from tests.golden.make_mlp_golden import make

    found = json.loads((GOLDEN / "mlp_torch.json").read_text(encoding="utf-8"))
    ours, ref = dict(paths_and_values(make())), dict(paths_and_values(found))
    assert list(ours) == list(ref)
    for path, values in ref.items():
        if isinstance(values, list):
            np.testing.assert_allclose(ours[path], values, rtol=1e-8, atol=1e-12, err_msg=str(path))
        else:
            assert ours[path] == values, path
