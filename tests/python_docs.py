"""docs/python.md: its blocks, run in order in one folder, and what they print.

``python -m tests.python_docs`` runs the page and replaces output that is not ``alike``.  Blocks:
``pycon`` has prompts and what is printed, which is compared; ``python`` is run; ``sh`` is not.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.docs import ROOT, tour_folder
from tests.tutorial import alike

PAGE = ROOT / "docs" / "python.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STACK = re.compile(r"(^Traceback [^\n]*\n)(?: [^\n]*\n)+", re.MULTILINE)  # of a page: "..."
RUN = ("pycon", "python")


class Checker(doctest.OutputChecker):
    """Takes output that is equal, with ``...`` for anything, or ``alike``."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        """Tell whether what was printed is what a page says."""
        return super().check_output(want, got, optionflags) or alike(want, got)


class Runner(doctest.DocTestRunner):
    """Runs examples, and keeps what is wrong: the example, and what it printed."""

    def __init__(self) -> None:
        super().__init__(Checker(), verbose=False, optionflags=doctest.ELLIPSIS)
        self.wrong: list[tuple[doctest.Example, str]] = []

    def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
        """Keep an example that printed something else."""
        self.wrong.append((example, STACK.sub("\\1    ...\n", got)))

    def report_unexpected_exception(
        self, out: Any, test: Any, example: doctest.Example, exc_info: Any
    ) -> None:
        """Keep an example that failed."""
        kind, error, _ = exc_info
        said = f"Traceback (most recent call last):\n    ...\n{kind.__name__}: {error}\n"
        self.wrong.append((example, said))


def blocks_of(text: str) -> list[tuple[str, str, int]]:
    """Return the blocks of a page: language, content, and the line before its first."""
    return [
        (found[1], found[2], text.count("\n", 0, found.start(2))) for found in BLOCK.finditer(text)
    ]


@contextlib.contextmanager
def page_folder(folder: Path) -> Iterator[None]:
    """Work in a folder that has the samples, where commands find ``fastcli``."""
    environment, here = tour_folder(folder), os.getcwd()
    os.chdir(folder)
    try:
        with patch.dict(os.environ, environment):
            yield
    finally:
        os.chdir(here)


def run_page(text: str, folder: Path) -> list[tuple[int, doctest.Example, str]]:
    """Run the blocks of a page; return what is wrong: line, example, what it printed instead."""
    names: dict[str, Any] = {"__name__": "__main__"}
    wrong = []
    with page_folder(folder):
        for kind, content, line in blocks_of(text):
            if kind == "python":
                exec(compile("\n" * line + content, str(PAGE), "exec"), names)
            elif kind == "pycon":
                test = doctest.DocTestParser().get_doctest(content, {}, PAGE.name, str(PAGE), line)
                test.globs = names
                runner = Runner()
                runner.run(test, clear_globs=False)
                wrong += [(line + one.lineno + 1, one, got) for one, got in runner.wrong]
    return wrong


def with_outputs(text: str, folder: Path) -> str:
    """Return a page with what its examples print, where that is not what it says."""
    lines = text.splitlines(keepends=True)
    for line, example, got in reversed(run_page(text, folder)):
        start = line - 1 + example.source.count("\n")
        lines[start : start + example.want.count("\n")] = [got]
    return "".join(lines)


def main() -> None:
    """Bring the page up to date."""
    with TemporaryDirectory() as folder:
        text = with_outputs(PAGE.read_text(encoding="utf-8"), Path(folder))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
