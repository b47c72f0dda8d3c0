"""README.md and README.zh.md: short and alike, with headlines that were measured."""

import re

import pytest

from tests import headline
from tests.command import ROOT
from tests.pages import blocks_of, read, steps_of

PAGES = [ROOT / "README.md", ROOT / "README.zh.md"]
ENGLISH, CHINESE = map(read, PAGES)
RUN = """# headline

- A Processor, 2 usable cores, 25 GB, Linux x86_64; load 0.10 at the start
- fasttext-native: sources of fasttext-wheel 0.9.2, c++ 12, -O3

Two threads. Files on a disk: ext4 on /dev/x; in memory: tmpfs on tmpfs. No tool waits.
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_is_short(page):
    lines = read(page).splitlines()
    assert len(lines) <= 200
    in_block = False
    for line in lines:
        in_block ^= line.startswith("```")
        assert len(line) <= (100 if in_block else 125) or "](" in line or line.startswith("|"), line


def test_both_say_the_same():
    for pattern in (r"^#+ ", r"^- ", r"^\| ", r"^```", r"^!\["):
        found = [len(re.findall(pattern, text, re.MULTILINE)) for text in (ENGLISH, CHINESE)]
        assert found[0] == found[1], pattern
    links = [re.findall(r"\]\(([^)]+)\)", text) for text in (ENGLISH, CHINESE)]
    own = {"README.md", "README.zh.md", "docs/perceptrons.zh.md", "docs/perceptrons.md"}
    assert set(links[0]) - own == set(links[1]) - own
    steps = [steps_of(blocks_of(text)) for text in (ENGLISH, CHINESE)]
    english, chinese = ([step.command for step in each] for each in steps)
    assert len(english) == 9
    assert english[3:] == chinese[3:]  # all but the classifier, of Chinese text
    verbs = [[re.findall(r"fastcli \S+", one) for one in each] for each in (english, chinese)]
    assert verbs[0] == verbs[1]


@pytest.mark.parametrize("words", [headline.ENGLISH, headline.CHINESE])
def test_headlines_are_computed_from_a_run(words, tmp_path):
    assert headline.headline(words, headline.newest(tmp_path)) == ""
    tools = {"fastcli": (1, 2, 900), "fasttext-native": (3, 6, 800), "fasttext-wheel": (4, 4, 999)}
    rows = ["case,tool,round,seconds,cpu_seconds,peak_mb,files"]
    for task in headline.TASKS:
        for place in ("disk", "memory"):
            rows += [
                f"{task},{tool},{n},{a * n},{b},{mb},{place}"
                for tool, (a, b, mb) in tools.items()
                for n in (1, 2, 3)
            ]
    rows += ["start,fastcli,1,0.25,0.2,90,disk", "start,fasttext-native,1,0.003,0,5,disk"]
    (tmp_path / "2020-01-01-x").mkdir()
    (tmp_path / "2020-01-01-x" / "headline.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "2020-01-01-x" / "headline.md").write_text(RUN, encoding="utf-8")
    text = headline.headline(words, headline.newest(tmp_path))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 8
    assert all("2.00 s (2.00) | 6.00 s (6.00) | **3.0** (3.0" in line for line in lines[2:])
    for part in ("A Processor", "c++ 12, -O3", "ext4", "/dev/x", "0.003", "0.25", "800", "4.0"):
        assert part in text
