"""Screens are as their files have them, and fit into their columns."""

import re

import pytest

from fastcli.cli.display.tables import width_of
from tests.command import is_same_text
from tests.screens.shown import can_run, masked, parts, played, screens


def spaced(text):
    """Return text in which numbers stand alone, without what a sentence has around them."""
    return re.sub(r"([()]|\+-|(?<=\d)[.,;%]+(?=\s))", r" \1 ", text)


@pytest.mark.parametrize("path", screens(), ids=lambda path: path.stem)
def test_a_screen_is_as_it_was(path):
    text = path.read_text(encoding="utf-8")
    if not can_run(text):
        pytest.skip("there are no pseudo-terminals")
    comp = played(text)
    # The last digit of a figure may be another where the last bits of probabilities are; of what
    # was trained one line of the validation lines may be another.
    is_trained = "TERMINAL=" in text
    rtol, atol = (2e-2, 1.1e-2) if is_trained else (2e-3, 1.1e-3)
    assert is_same_text(spaced(comp), spaced(text), rtol=rtol, atol=atol), comp
    for command, output in parts(comp):
        columns = int(re.match(r"\w+=(\d+)", command)[1])
        assert all(width_of(line) <= columns for line in output.splitlines()), output


def test_times_and_speeds_are_masked():
    start = "epoch  loss  words/s\n    1  1.20  "
    table = f"{start}  11.8M  best\n    2  1.10      13M\n\nWrote x in 1.2 s."
    ref = f"{start}      0  best\n    2  1.10        0\n\nWrote x in 0.0 s."
    assert masked(table) == ref
    runs = "-lr  epoch     s  by epoch\n0.1      2  12.3  ▁▂\n"
    assert masked(runs) == "-lr  epoch     s  by epoch\n0.1      2     0  ▁▂\n"
