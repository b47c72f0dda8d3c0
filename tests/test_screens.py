"""Screens are as their files have them, and fit into their columns."""

import pytest

from fastcli.cli.display.tables import width_of
from tests.command import is_same_text
from tests.screens.shown import screens, shown

SCREENS = list(screens())


@pytest.mark.parametrize(("path", "command"), SCREENS, ids=[path.stem for path, _ in SCREENS])
def test_a_screen_is_as_it_was(path, command):
    _, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    comp = shown(command)
    # The last digit of a figure may be another where the last bits of probabilities are.
    assert is_same_text(comp, "".join(rest), rtol=2e-3, atol=1.1e-3), comp
    columns = int(command.partition(" ")[0].removeprefix("COLUMNS="))
    assert max(map(width_of, comp.splitlines())) <= columns
