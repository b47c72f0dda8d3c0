"""The pages of the documentation, as files: in the wheel beside the code, else in the checkout."""

from __future__ import annotations

import re
from pathlib import Path

from fastcli.errors import FastcliError
from fastcli.printable import nearest, shortened

PACKAGE = Path(__file__).resolve().parent.parent
HOME = "index.md"
LIKE = 0.6  # how much alike a word and the heading that is proposed for it are
PARTS = ("tutorial/*.md", "howto/*.md", "*.md")  # in the order of the list of pages
# Other names of pages: what people look for.
ALIASES = {
    "tutorial": "text",
    "principles": "fasttext-principles",
    "differences": "fasttext",
    "formats": "data",
    "encodings": "data",
}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) +(.*)$", re.MULTILINE)


def folder() -> Path:
    """Return the folder of the pages.  Raises FastcliError where they are not installed."""
    for place in (PACKAGE / "docs", PACKAGE.parent / "docs"):
        home = place / HOME
        if home.is_file() and home.read_text(encoding="utf-8").startswith("# fastcli"):
            return place
    raise FastcliError("The pages of the documentation are not installed here.")


def pages() -> dict[str, Path]:
    """Return all pages but the home, by their names; {} where they are not installed."""
    try:
        found = folder()
    except FastcliError:
        return {}
    files = [path for part in PARTS for path in sorted(found.glob(part)) if path.name != HOME]
    return {path.name.removesuffix(".md"): path for path in files}


def page_named(word: str) -> str:
    """Return the name of the page that a word names, "" for none."""
    name = ALIASES.get(word, word)
    return name if name in pages() else ""


def names() -> list[str]:
    """Return what pages are called: their file names, but for the tutorial."""
    return ["tutorial" if name == ALIASES["tutorial"] else name for name in pages()]


def titles() -> dict[str, str]:
    """Return the first heading of each page by what the page is called."""
    texts = [path.read_text("utf-8") for path in pages().values()]
    firsts = [
        found[2].replace("`", "") if (found := HEADING.search(text)) else "" for text in texts
    ]
    return dict(zip(names(), firsts, strict=True))


def headings(text: str) -> list[tuple[int, int, str]]:
    """Return where each heading of a page begins, its level and its words."""
    bare = FENCED.sub(lambda block: " " * len(block[0]), text)
    return [(found.start(), len(found[1]), found[2]) for found in HEADING.finditer(bare)]


def section(text: str, word: str) -> str:
    """Return the sections of a page whose headings have a word, with what is below them.

    Raises FastcliError, with the headings, where there is none.
    """
    found = headings(text)
    parts: list[str] = []
    end = 0
    for i, (start, level, words) in enumerate(found):
        if start < end or word.lower() not in words.lower().replace("`", ""):
            continue
        behind = [at for at, other, _ in found[i + 1 :] if other <= level]
        end = behind[0] if behind else len(text)
        parts.append(text[start:end].rstrip())
    if not parts:
        names = [words.replace("`", "") for _, level, words in found if level > 1]
        raise FastcliError(
            f"No section of this page is called {shortened(word)!r}{nearest(word, names, LIKE)}. "
            f"Its sections: {'; '.join(names)}."
        )
    return "\n\n".join(parts) + "\n"
