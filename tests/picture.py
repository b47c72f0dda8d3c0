"""The picture of a terminal in the README: what two commands show there, drawn by rich.

``python -m tests.picture`` runs them on a pseudo-terminal of 80 columns and draws it again.
"""

from __future__ import annotations

import html
import io
import re
import shlex
import tempfile
from pathlib import Path

from tests.command import ROOT, environment, words
from tests.screens.shown import on_terminal

PICTURE = ROOT / "docs" / "images" / "terminal.svg"
COLUMNS = 80
CHARACTER, LINE, TOP = 12.2, 24.4, 20.0  # what rich gives to one, and where the first line is
COMMANDS = [
    "fastcli supervised -input data/samples/reviews.csv -output verdicts \\\n"
    "    --text-column title --text-column review --label-column verdict \\\n"
    "    --valid-share 0.2 --patience 3 -lr 0.5 -epoch 25 -wordNgrams 2 \\\n"
    "    -dim 20 -bucket 20000 --no-vec",
    "fastcli predict-prob verdicts.bin data/samples/new-reviews.csv \\\n    --output labelled.csv",
]
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>')


def played() -> str:
    """Return what a terminal shows of the commands, with its escape sequences for colours."""
    env = {**environment(), "COLUMNS": str(COLUMNS), "TERM": "dumb", "FORCE_COLOR": "1"}
    env.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "data").symlink_to(ROOT / "data")
        parts = []
        for command in COMMANDS:
            argv = words(*shlex.split(command.replace("\\\n", ""))[1:])
            shown = on_terminal(argv, Path(name), {**env, "PYTHONUTF8": "1"})
            parts.append(f"\x1b[1m$ {command}\x1b[0m\n{shown}")
    return "\n".join(parts)


def drawn(shown: str) -> str:
    """Return the picture of what a terminal shows."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(Text.from_ansi(shown), soft_wrap=True)
    picture = console.export_svg(title="fastcli", unique_id="terminal")
    # No font is fetched; letters are placed by the picture, whatever font there is.
    picture = FONTS.sub("", picture)
    fonts = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
    return picture.replace("Fira Code, monospace", fonts) + "\n"


def text_of(picture: str) -> str:
    """Return the lines that a picture shows."""
    lines: list[str] = []
    for x, y, text in TEXT.findall(picture):
        row, column = round((float(y) - TOP) / LINE), round(float(x) / CHARACTER)
        lines += [""] * (row + 1 - len(lines))
        lines[row] = lines[row].ljust(column) + html.unescape(text).replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in lines)


def main() -> None:
    """Draw the picture again."""
    PICTURE.write_text(drawn(played()), encoding="utf-8")


if __name__ == "__main__":
    main()
