"""A fixed number of damaged files of every format: none may do more than be refused."""

import pytest

from fastcli.jit.build import PYTHON_MODE
from tests.fuzz.formats import known_formats
from tests.fuzz.runner import in_turn, run_cases

OF_KERNELS = ("bin", "words-bin", "ftz", "mlp", "mlp-csv", "mlp-libsvm", "text", "vec")
pytestmark = pytest.mark.skipif(PYTHON_MODE, reason="the fuzzer chooses the mode")


def check(cases, sound, python_mode=False):
    failures, kinds = run_cases(cases, sound, python_mode)
    assert not failures, "\n\n".join(map(str, failures[:20]))
    assert min(kinds["ok"], kinds["refused"]) > 0
    assert sum(kinds.values()) == len(cases)


def test_some_damaged_files_of_every_format(sound):
    check(in_turn(known_formats(sound), 390), sound)


def test_some_damaged_files_with_checked_indices(sound):
    check(in_turn(OF_KERNELS, 40), sound, python_mode=True)


@pytest.mark.slow
@pytest.mark.parametrize("first_seed", [100, 600, 1100, 1600])  # so that all workers have some
def test_many_damaged_files_of_every_format(sound, first_seed):
    check(in_turn(known_formats(sound), 500, first_seed), sound)


@pytest.mark.slow
def test_many_damaged_files_with_checked_indices(sound):
    check(in_turn(OF_KERNELS, 400, first_seed=100), sound, python_mode=True)
