"""The pages, README.md and those of docs/: what their blocks print, and their pictures.

``python -m tests.pages`` runs the blocks of all pages, ``python -m tests.pages README.md
docs/perceptrons.md#2`` those of a page and of a section. Output that is not ``alike`` what a page
says is replaced, in its translation too, and so are pictures.

A page runs in a fresh folder that has ``data/samples``, its blocks in order:

- ``console``: ``$ command``, continued by ``> ``, and all that a terminal of 80 columns shows;
- ``python``: a program; ``pycon``: a dialogue with Python, with what is printed;
- others are not run; those of a shell say why in a comment above, ``<!-- not run: ... -->``.

A comment ``<!-- run by tests/... -->`` names the test that runs a page instead; with
``<!-- run by section -->`` each section has a folder of its own.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from fastcli import fasttext_shim
from tests.alike import alike, alike_pictures
from tests.command import ROOT

DOCS = ROOT / "docs"
PICTURES = DOCS / "images"
# Letters as letters and the same names in every run make pictures small and equal.
PICTURE_RULES = Path(__file__).with_name("pages.mplstyle")

RUN = ("console", "python", "pycon")
SHELL = ("sh", "bash", "shell")
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<kind>\w*)\n(?P<content>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
STEP = re.compile(r"^\$ (.*(?:\n> .*)*)\n", re.MULTILINE)  # with "> ", the shell's second prompt
RUN_ELSEWHERE = re.compile(r"^<!-- run by (tests/\S+\.py) -->$", re.MULTILINE)
BY_SECTION = "<!-- run by section -->\n"
PICTURE = re.compile(r"!\[[^\]]*\]\((?:\S*/)?images/([^)]+)\)")
PLOT = re.compile(r" --plot(?:-regions)? \S+")
STACK = re.compile(r"(^Traceback [^\n]*\n)(?: [^\n]*\n)+", re.MULTILINE)  # of a page: "..."
# What is printed of commands that take seconds, as where kernels are compiled.
PASSING = re.compile(
    r"^Compiling for this processor.*\n|^ *[\d.]+%  epoch .* ETA .*\n", re.MULTILINE
)


# ------------------------------------------------------------------ what a page has


class Block(NamedTuple):
    """A block of a page: its language, what is in it, the line of that, and why it is not run."""

    kind: str
    content: str
    line: int
    reason: str


class Step(NamedTuple):
    """A command, and what the page says that it prints, from a line on (the first is 0)."""

    command: str
    output: str
    line: int


class Part(NamedTuple):
    """What runs in one folder: a page, or a section of it, which has a number."""

    page: Path
    section: str
    blocks: list[Block]

    @property
    def name(self) -> str:
        """The path of the page, with the section."""
        path = self.page.relative_to(ROOT).as_posix()
        return f"{path}#{self.section}" if self.section else path


def read(page: Path) -> str:
    """Return the text of a page."""
    return page.read_text(encoding="utf-8")


def pages() -> list[Path]:
    """Return all pages: README in its languages, and those of docs/."""
    return [*sorted(ROOT.glob("README*.md")), *sorted(DOCS.rglob("*.md"))]


def translation_of(page: Path) -> Path | None:
    """Return the Chinese twin of a page of docs/, which has the same commands, if it has one."""
    twin = page.with_name(f"{page.stem}.zh.md")
    return twin if page.parent != ROOT and twin.exists() else None


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a text."""
    return [
        Block(
            found["kind"],
            found["content"],
            text.count("\n", 0, found.start("content")),
            found["reason"] or "",
        )
        for found in BLOCK.finditer(text)
    ]


def prose_of(text: str) -> str:
    """Return a text with its blocks left out, of which their lines stay, empty."""
    return BLOCK.sub(lambda block: "\n" * block[0].count("\n"), text)


def headings_of(text: str) -> list[tuple[int, str]]:
    """Return the headings of a text, with their levels."""
    return [(len(level), title) for level, title in HEADING.findall(prose_of(text))]


def steps_of(blocks: Sequence[Block]) -> list[Step]:
    """Return the commands of blocks, in order."""
    return [step for block in blocks if block.kind == "console" for step in _steps(block)]


def _steps(block: Block) -> Iterator[Step]:
    found = list(STEP.finditer(block.content))
    ends = [*(match.start() for match in found[1:]), len(block.content)]
    for match, end in zip(found, ends, strict=True):
        line = block.line + block.content.count("\n", 0, match.end())
        yield Step(match[1], block.content[match.end() : end], line)


def sections_of(text: str) -> dict[str, list[Block]]:
    """Return the blocks of every section that has some to run, by the section's number."""
    numbers, number = [], ""
    for line in prose_of(text).splitlines():
        if line.startswith("## "):
            number = line.removeprefix("## ").partition(".")[0]
        numbers.append(number)
    found: dict[str, list[Block]] = {}
    for block in blocks_of(text):
        if block.kind in RUN:
            found.setdefault(numbers[block.line], []).append(block)
    return found


def parts_of(page: Path) -> list[Part]:
    """Return what is to be run of a page."""
    text = read(page)
    if RUN_ELSEWHERE.search(text):
        return []
    if BY_SECTION in text:
        return [Part(page, number, blocks) for number, blocks in sections_of(text).items()]
    blocks = blocks_of(text)
    return [Part(page, "", blocks)] if any(block.kind in RUN for block in blocks) else []


def parts() -> list[Part]:
    """Return what is to be run of all pages: not translations, which say the same."""
    translations = {translation_of(page) for page in pages()}
    return [part for page in pages() if page not in translations for part in parts_of(page)]


# ------------------------------------------------------------------ running


class Wrong(NamedTuple):
    """Output that a page does not have: of which source, from which line on, what is there."""

    source: str
    line: int
    said: str
    printed: str


def run_part(blocks: Sequence[Block], folder: Path, *, can_plot: bool) -> list[Wrong]:
    """Run blocks in order in a folder; return what is printed otherwise than they say.

    Without matplotlib, ``--plot`` is left out.
    """
    wrong: list[Wrong] = []
    names: dict[str, Any] = {"__name__": "__main__"}
    with page_folder(folder):
        for block in blocks:
            if block.reason:
                continue
            if block.kind == "console":
                for step in _steps(block):
                    printed = printed_by(step.command, can_plot=can_plot)
                    if not alike(step.output, printed):
                        source = f"$ {step.command}\n"
                        wrong.append(Wrong(source, step.line, step.output, printed))
            elif block.kind == "python":
                exec(compile("\n" * block.line + block.content, "<page>", "exec"), names)
            elif block.kind == "pycon":
                wrong += run_dialogue(block, names)
    return wrong


def printed_by(command: str, *, can_plot: bool) -> str:
    """Run a command in this folder; return all that a terminal shows."""
    script = command.replace("\n> ", "\n")
    run = subprocess.run(
        script if can_plot else PLOT.sub("", script),
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,  # what is refused, and how, is in the page
        timeout=300,
    )
    return PASSING.sub("", run.stdout)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Work in a folder, as contextlib.chdir does from Python 3.11 on."""
    here = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)


@contextlib.contextmanager
def page_folder(folder: Path) -> Iterator[None]:
    """Work in a folder that has the samples, where commands find ``fastcli``."""
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    with TemporaryDirectory() as bin_folder, working_in(folder):
        launcher = Path(bin_folder) / "fastcli"
        launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastcli "$@"\n')
        launcher.chmod(0o755)
        environment = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "MATPLOTLIBRC": str(PICTURE_RULES),
            "COLUMNS": "80",
        }
        with patch.dict(os.environ, environment), warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                yield
            finally:
                fasttext_shim.uninstall()


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


def run_dialogue(block: Block, names: dict[str, Any]) -> Iterator[Wrong]:
    """Run a dialogue with Python; yield what is printed otherwise."""
    test = doctest.DocTestParser().get_doctest(block.content, {}, "page", "page", block.line)
    test.globs = names
    runner = Runner()
    runner.run(test, clear_globs=False)
    for example, got in runner.wrong:
        line = block.line + example.lineno + example.source.count("\n")
        yield Wrong(f">>> {example.source}", line, example.want, got)


# ------------------------------------------------------------------ writing the pages


def with_outputs(text: str, wrong: Sequence[Wrong]) -> str:
    """Return a page with what was printed in the place of what it says."""
    lines = text.splitlines(keepends=True)
    for one in sorted(wrong, key=lambda one: one.line, reverse=True):
        lines[one.line : one.line + one.said.count("\n")] = [one.printed]
    return "".join(lines)


def with_outputs_of(text: str, original: str) -> str:
    """Return a translation with the outputs that the original has of the same commands."""
    pairs = zip(steps_of(blocks_of(text)), steps_of(blocks_of(original)), strict=True)
    return with_outputs(
        text, [Wrong("", mine.line, mine.output, other.output) for mine, other in pairs]
    )


def update(part: Part) -> None:
    """Run a part; bring its page, the translation and the pictures up to date."""
    with TemporaryDirectory() as name:
        wrong = run_part(part.blocks, Path(name), can_plot=True)
        for picture in pictures_of(read(part.page)):
            if (drawn := Path(name) / picture).exists():
                keep_picture(drawn.read_text(encoding="utf-8"), PICTURES / picture)
    for one in wrong:
        print(f"{part.name}, line {one.line}: {one.source}", end="")
    text = with_outputs(read(part.page), wrong)
    part.page.write_text(text, encoding="utf-8")
    if twin := translation_of(part.page):
        twin.write_text(with_outputs_of(read(twin), text), encoding="utf-8")


def pictures_of(text: str) -> list[str]:
    """Return the names of the pictures in docs/images that a page shows."""
    return PICTURE.findall(text)


def keep_picture(drawn: str, path: Path) -> None:
    """Put a picture into its place, unless the one that is there is alike."""
    if not path.exists() or not alike_pictures(path.read_text(encoding="utf-8"), drawn):
        path.write_text(drawn, encoding="utf-8")


def main() -> None:
    """Update the parts that are named, by page and section, or all."""
    chosen = [
        name
        for name in (part.name for part in parts())
        if not sys.argv[1:] or name in sys.argv[1:] or name.partition("#")[0] in sys.argv[1:]
    ]
    if not chosen:
        sys.exit("No such page; those that are run: " + ", ".join(part.name for part in parts()))
    for name in chosen:  # lines move: each is looked up again
        update(next(part for part in parts() if part.name == name))


if __name__ == "__main__":
    main()
