"""The pages keep their word: their blocks print what they say, their links lead somewhere."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from tests import pages
from tests.alike import alike_pictures
from tests.command import ROOT
from tests.pages import DOCS, PICTURES, blocks_of, headings_of, read

CAN_PLOT = importlib.util.find_spec("matplotlib") is not None
POSIX = pytest.mark.skipif(os.name == "nt", reason="the pages are written for a POSIX shell")


def name_of(page):
    """Return the path of a page, as tests are named by it."""
    return page.relative_to(ROOT).as_posix()


PAGES = pytest.mark.parametrize("page", pages.pages(), ids=name_of)

# ------------------------------------------------------------------ what the blocks print


def case(part):
    """Return a part as a test, slow unless it is the README."""
    marks = [] if part.page.parent == ROOT else [pytest.mark.slow]
    return pytest.param(part, id=part.name, marks=marks)


@POSIX
@pytest.mark.parametrize("part", [case(part) for part in pages.parts()])
def test_blocks_print_what_a_page_says(part, tmp_path):
    wrong = pages.run_part(part.blocks, tmp_path, can_plot=CAN_PLOT)
    said = [f"line {one.line}: {one.source}{one.printed}" for one in wrong]
    assert not said, "\n".join([*said, f"If it is right: python -m tests.pages {part.name}"])
    for name in pages.pictures_of(read(part.page)):
        if (drawn := tmp_path / name).exists():
            assert alike_pictures(read(PICTURES / name), read(drawn)), name


PAGE = """# Page

```console
$ printf '1 2\\n' >a.txt
$ cat a.txt; echo \\
> "0.50 of $(ls | wc -l | tr -d ' ')" >&2; false
1 3
0.51 of 2
```

```python
from pathlib import Path

x = Path("a.txt").read_text()
```

<!-- not run: it would fail -->
```python
x = None + 1
```

```pycon
>>> x * 2
'1 2'
>>> for i in range(2):
...     print(i)
0
2
>>> 1 / 3
0.331
>>> int('a')
7
```
"""


@POSIX
def test_what_is_printed_otherwise_is_found_and_replaced(tmp_path):
    wrong = pages.run_part(blocks_of(PAGE), tmp_path / "1", can_plot=True)
    assert [PAGE.splitlines()[one.line] for one in wrong] == ["1 3", "'1 2'", "0", "7"]
    new = pages.with_outputs(PAGE, wrong)
    assert "1 2\n0.50 of 2\n" in new
    assert "'1 2\\n1 2\\n'\n" in new
    assert "0\n1\n>>> 1 / 3\n0.331\n" in new
    assert not pages.run_part(blocks_of(new), tmp_path / "2", can_plot=True)
    assert pages.with_outputs_of(PAGE, new).splitlines()[6] == "1 2"


def test_parts_of_a_page_by_section(monkeypatch, tmp_path):
    page = tmp_path / "page.md"
    text = (
        "# Page\n\n## 1. One\n\n```console\n$ echo\n## 3. No\n```\n\n## 2. Two\n\n```python\n```\n"
    )
    page.write_text(text)
    assert [(part.section, len(part.blocks)) for part in pages.parts_of(page)] == [("", 2)]
    page.write_text(pages.BY_SECTION + text)
    assert [part.section for part in pages.parts_of(page)] == ["1", "2"]
    page.write_text("<!-- run by tests/test_pages.py -->\n" + text)
    assert pages.parts_of(page) == []


def test_lines_of_slow_commands_are_left_out():
    said = "Compiling for this processor ...\nx: header\n  0.2%  epoch 1/60  ETA 37:28\n  1  2\n"
    assert pages.PASSING.sub("", said) == "x: header\n  1  2\n"


TRANSLATED = [page for page in pages.pages() if pages.translation_of(page)]


@pytest.mark.parametrize("page", TRANSLATED, ids=name_of)
def test_a_translation_has_the_same_commands_outputs_and_pictures(page):
    text, translation = read(page), read(pages.translation_of(page))
    said, says = (
        [step[:2] for step in pages.steps_of(blocks_of(one))] for one in (text, translation)
    )
    assert said == says
    assert pages.pictures_of(text) == pages.pictures_of(translation)
    levels = [level for level, _ in headings_of(text)]
    assert levels == [level for level, _ in headings_of(translation)]


# ------------------------------------------------------------------ how a page is written

OTHERS = ("dockerfile", "ini", "json", "makefile", "text", "toml", "yaml")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def prose(text):
    """Return a text without blocks, comments and code."""
    return CODE.sub("", COMMENT.sub("", pages.prose_of(text)))


@PAGES
def test_blocks_are_of_known_kinds_and_say_why_they_are_not_run(page):
    text = read(page)
    found = blocks_of(text)
    assert text.count("```") == 2 * len(found), "a block starts where a line does: ```console"
    assert {block.kind for block in found} <= {"", *pages.RUN, *pages.SHELL, *OTHERS}
    for block in found:
        place = f"line {block.line}"
        assert not (block.kind == "console" and block.reason), place
        assert block.kind != "console" or block.content.startswith("$ "), place
        if elsewhere := pages.RUN_ELSEWHERE.search(text):
            assert page.name in read(ROOT / elsewhere[1])
        elif block.kind in pages.SHELL:
            assert block.reason, f"{place}: <!-- not run: ... --> above it, or ```console"


@PAGES
def test_a_page_is_plain_markdown_with_one_title(page):
    text = read(page)
    assert [level for level, _ in headings_of(text)].count(1) == 1
    assert headings_of(text)[0][0] == 1
    assert not re.findall(r"<[a-zA-Z/!?][^>\n]*", prose(text))


def anchors_of(text):
    """Return what links can name of a text: its headings, as GitHub writes them."""
    found = []
    for _, title in headings_of(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        found.append(f"{slug}-{n}" if (n := found.count(slug)) else slug)
    return found


FILES = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md"]
FILES = [ROOT / name for name in [*FILES, "data/samples/README.md"]]


@pytest.mark.parametrize("page", [*pages.pages(), *FILES], ids=name_of)
def test_links_lead_somewhere(page):
    for link in LINK.findall(prose(read(page))):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), link
        if anchor:
            assert anchor in anchors_of(read(target)), link
        if page.is_relative_to(DOCS):  # of the site, too
            assert target.is_relative_to(DOCS), f"{link}: write `{name_of(target)}`, without a link"


PATH = re.compile(r"`((?:benchmarks|data|docs|fastcli|tests)/[\w./-]+\.\w+|[A-Z]+\.md)`")


@PAGES
def test_files_of_the_repository_that_are_named_exist(page):
    for path in PATH.findall(pages.prose_of(read(page))):
        assert (ROOT / path).exists(), path


def test_every_picture_is_shown():
    shown = {name for page in pages.pages() for name in pages.pictures_of(read(page))}
    there = {path.name for path in PICTURES.iterdir()}
    assert shown <= there
    assert there - shown <= {"terminal.svg"}


# ------------------------------------------------------------------ the site

NAVIGATION = read(ROOT / "mkdocs.yml").partition("\nnav:")[2]


def test_every_page_is_in_the_navigation_and_on_the_home_page():
    there = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    named = re.findall(r"^ +- .*?([\w./-]+\.md)$", NAVIGATION, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == there
    linked = {link.partition("#")[0] for link in LINK.findall(read(DOCS / "index.md"))}
    assert there - linked == {"index.md"}


@pytest.mark.slow
def test_the_site_has_no_warnings_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(tmp_path)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    html = {path.name: read(path) for path in tmp_path.rglob("*.html")}
    assert len(html) > 10
    for name, text in html.items():
        loaded = re.findall(r"<(?:script|img|link|iframe)[^>]*?(?:src|href)=\"?([^\s\">]+)", text)
        assert loaded
        assert not [link for link in loaded if re.match(r"(?:https?:)?//", link)], name
