"""The picture of a terminal in the README shows what the commands of it show today."""

import re
import sys

import pytest

from tests.command import is_same_text
from tests.picture import COLUMNS, COMMANDS, PICTURE, played, text_of
from tests.screens.shown import masked

COLOURS = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_picture_is_as_the_terminal():
    shown = text_of(PICTURE.read_text(encoding="utf-8")).rstrip()
    today = "\n".join(line.rstrip() for line in COLOURS.sub("", played()).splitlines()).rstrip()
    told = "If it is right: python -m tests.picture"
    assert all(f"$ {command}" in shown for command in COMMANDS), told
    same = is_same_text(masked(today), masked(shown), rtol=2e-2, atol=1.1e-2)
    assert same, f"{today}\n{told}"
    assert all(len(line) <= COLUMNS for line in shown.splitlines())


def test_the_picture_fetches_nothing():
    picture = PICTURE.read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\s\"<)]+", picture))
    assert links <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}
    assert "@font-face" not in picture
    assert not re.search(r"url\((?!#)", picture)
