"""The tutorial, docs/perceptrons.md and its Chinese twin: its commands, outputs and pictures.

``python -m tests.tutorial`` runs all commands again, or with ``2 5`` those of two sections. Output
that is not ``alike`` what a page says is replaced in both pages, and so are pictures.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.docs import CONSOLE, ROOT, tour_folder

PAGE = ROOT / "docs" / "perceptrons.md"
TRANSLATION = ROOT / "docs" / "perceptrons.zh.md"
PICTURES = PAGE.parent / "images"
# Letters as letters and the same names in every run make pictures small and equal.
PICTURE_RULES = Path(__file__).with_name("tutorial.mplstyle")

HEADING = re.compile(r"^## ", re.MULTILINE)
STEP = re.compile(r"^\$ (.*(?:\n> .*)*)\n", re.MULTILINE)  # with "> ", the shell's second prompt
PICTURE = re.compile(r"!\[[^\]]*\]\(images/([^)]+)\)")
PLOT = re.compile(r" --plot(?:-regions)? \S+")


class Step(NamedTuple):
    """A command of a page, and what the page says that it prints."""

    command: str
    output: str


def steps_of(text: str) -> list[Step]:
    """Return the commands of a text, in order."""
    return [
        Step(*step)
        for block in CONSOLE.findall(text)
        for step in zip(*[iter(STEP.split(block)[1:])] * 2, strict=True)
    ]


def sections(page: Path) -> dict[str, list[Step]]:
    """Return the commands of every section that has any, by the section's number."""
    found = {}
    for section in HEADING.split(page.read_text(encoding="utf-8"))[1:]:
        if steps := steps_of(section):
            found[section.partition(".")[0]] = steps
    return found


def run_section(steps: list[Step], folder: Path, *, can_plot: bool) -> list[Step]:
    """Run commands one after the other in a folder; return each with all that a terminal shows.

    Without matplotlib, ``--plot`` is left out.
    """
    env = {
        **tour_folder(folder),
        "MATPLOTLIBRC": str(PICTURE_RULES),
        "COLUMNS": "80",
    }
    ran = []
    for command, _ in steps:
        script = command.replace("\n> ", "\n")
        run = subprocess.run(
            script if can_plot else PLOT.sub("", script),
            shell=True,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,  # what is refused, and how, is in the page
            timeout=300,
        )
        ran.append(Step(command, PASSING.sub("", run.stdout)))
    return ran


# What is printed of commands that take seconds, as where kernels are compiled.
PASSING = re.compile(
    r"^Compiling for this processor.*\n|^ *[\d.]+%  epoch .* ETA .*\n", re.MULTILINE
)


# ------------------------------------------------------------------ what is alike

RELATIVE, ABSOLUTE = 0.05, 0.02
FIGURE = re.compile(r"(-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)")
BARS = re.compile("[▁▂▃▄▅▆▇█]+")
# What `compare` calls its last column, as wide as the seconds leave room for.
COLUMN_OF_BARS = re.compile(r"(?:valid acc |train loss )?by epoch")
# Seconds, the size of a picture, which depends on the version of matplotlib, and the curve of a
# chart, of which a small difference may move many characters.
CHANGING = re.compile(r"\d+(?:\.\d+)? s\b|,? \S+\.svg \(\d+ kB\)|┤.*")


def alike(expected: str, printed: str) -> bool:
    """Tell whether two outputs say the same, but for what differs from processor to processor.

    Whole numbers are equal, figures with a point nearly so, bars of a line of text at most two
    eighths apart; seconds, sizes of pictures and the curves of charts are left out.

    >>> alike("loss 0.6931 in 0.1 s", "loss 0.6940 in 2.5 s"), alike("N 4", "N 5")
    (True, False)
    >>> alike("▁▃█", "▁▄█"), alike("▁▃█", "▁█▃")
    (True, False)
    """
    pairs = zip_longest(comparable(expected), comparable(printed), fillvalue="")
    return all(same(one, other) for one, other in pairs)


def comparable(text: str) -> list[str]:
    """Return a text in pieces, figures apart, without spaces and what changes from run to run."""
    text = CHANGING.sub("", COLUMN_OF_BARS.sub("by epoch", without_column_of_seconds(text)))
    return [piece for piece in FIGURE.split(" ".join(text.split())) if piece]


def without_column_of_seconds(text: str) -> str:
    """Return a text without the figures below a heading ``s``, as ``compare`` has it."""
    end, lines = 0, []
    for line in text.splitlines():
        if heading := re.search(r"  s(?=  )", line):
            end = heading.end()
        if end and re.fullmatch(r"\S.* [\d,]+\.\d+", line[:end]):
            line = line[:end].rpartition(" ")[0] + line[end:]
        lines.append(line)
    return "\n".join(lines)


def same(one: str, other: str) -> bool:
    """Tell whether two pieces are equal, or figures or bars that are nearly so."""
    if one == other:
        return True
    if FIGURE.fullmatch(one) and FIGURE.fullmatch(other):
        a, b = float(one.replace(",", "")), float(other.replace(",", ""))
        is_whole = not re.search(r"[.e]", one + other)
        return not is_whole and abs(a - b) <= max(ABSOLUTE, RELATIVE * max(abs(a), abs(b)))
    if BARS.sub("", one) != BARS.sub("", other):
        return False
    return all(map(same_bars, BARS.findall(one), BARS.findall(other)))


def same_bars(one: str, other: str) -> bool:
    """Tell whether bars are nearly the same: the first and the last, of lines of other lengths."""
    if len(one) != len(other):
        one, other = one[0] + one[-1], other[0] + other[-1]
    return all(abs(ord(a) - ord(b)) <= 2 for a, b in zip(one, other, strict=True))


MAKER = re.compile(r"Matplotlib v[\d.]+")
PIXELS = re.compile(r'"data:image/png;base64,[^"]*"')  # the regions, which are an image inside
LABELS = re.compile(r"<text[^>]*>([^<]*)<")
MOVED = 3.0  # points, of pictures that are some hundreds wide


def alike_pictures(one: str, other: str) -> bool:
    """Tell whether two pictures have the same words and curves.

    Another version of matplotlib may place everything elsewhere: then only the words are compared.
    """
    if MAKER.findall(one) != MAKER.findall(other):
        return words_of(one) == words_of(other)
    parts = FIGURE.split(PIXELS.sub("", one)), FIGURE.split(PIXELS.sub("", other))
    if len(parts[0]) != len(parts[1]) or parts[0][::2] != parts[1][::2]:
        return False
    figures = (
        (float(a.replace(",", "")), float(b.replace(",", "")))
        for a, b in zip(parts[0][1::2], parts[1][1::2], strict=True)
    )
    return all(abs(a - b) <= MOVED for a, b in figures)


def words_of(picture: str) -> list[str]:
    """Return the words of a picture; not the figures along its axes."""
    return [text for text in LABELS.findall(picture) if not FIGURE.search(text)]


# ------------------------------------------------------------------ writing the pages


def with_outputs(text: str, outputs: Mapping[str, str]) -> str:
    """Return a page with the output of the commands that have one here, where it is not alike."""

    def block(match: re.Match[str]) -> str:
        parts = []
        for command, said in steps_of(f"```console\n{match[0]}```"):
            printed = outputs.get(command, said)
            parts.append(f"$ {command}\n{said if alike(said, printed) else printed}")
        return "".join(parts)

    return CONSOLE.sub(block, text)


def main() -> None:
    """Run the sections that are named, or all; bring pages and pictures up to date."""
    PICTURES.mkdir(exist_ok=True)
    for number, steps in sections(PAGE).items():
        if sys.argv[1:] and number not in sys.argv[1:]:
            continue
        with TemporaryDirectory() as name:
            folder = Path(name)
            outputs = dict(run_section(steps, folder, can_plot=True))
            for picture in folder.glob("*.svg"):
                keep_picture(picture.read_text(encoding="utf-8"), PICTURES / picture.name)
        for page in (PAGE, TRANSLATION):
            text = page.read_text(encoding="utf-8")
            page.write_text(with_outputs(text, outputs), encoding="utf-8")


def keep_picture(drawn: str, path: Path) -> None:
    """Put a picture into its place, unless the one that is there is alike."""
    if not path.exists() or not alike_pictures(path.read_text(encoding="utf-8"), drawn):
        path.write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
