"""How fast a CSV file is cleaned and split, and how much memory that takes as it grows."""

from __future__ import annotations

import csv
import hashlib
import json
from argparse import Namespace
from pathlib import Path

from measure import Row, Session, Tool, in_turn, median, number, parser, ratio, table

SMALL, LARGE = 30, 120  # MB
KINDS = {
    "split only": [],
    "--lowercase --punctuation": ["--lowercase", "--punctuation"],
    "--clean": ["--clean"],
    "--clean --dedup exact": ["--clean", "--dedup", "exact"],
    "--clean --dedup near": ["--clean", "--dedup", "near"],
}
HEADER = ["MB", "options", "processes", "seconds", "MB/s", "x first", "peak MB", "rows", "files"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=3)
    given = options.parse_args()
    with Session("prepare", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Make files of each size and prepare them in each way."""
    lines = []
    for megabytes, kinds in ((SMALL, {"--clean": KINDS["--clean"]}), (LARGE, KINDS)):
        source = session.scratch / f"{megabytes}.csv"
        write_csv(source, given.data / "ag_news" / "train.txt", megabytes * 1_000_000)
        size = source.stat().st_size / 1e6
        for kind, words in kinds.items():
            tools = [prepared(session, source, kind, words, n) for n in (2, 1)]
            rows = in_turn(f"{megabytes} MB, {kind}", tools, given.pairs, given.warmup)
            session.rows += rows
            session.example(tools)
            for tool in tools:
                seconds = median(rows, tool.name, "seconds") or 0.0
                digests = {row["files"] for row in rows}
                lines.append(
                    [
                        f"{size:.0f}",
                        kind,
                        tool.name.rpartition(" ")[2],
                        number(seconds),
                        number(size / seconds, 1),
                        ratio(rows, tool.name, tools[0].name),
                        number(median(rows, tool.name, "peak_mb"), 0),
                        number(median(rows, tool.name, "rows"), 0),
                        "the same" if len(digests) == 1 else "differ",
                    ]
                )
        source.unlink()
    session.write(table(HEADER, lines))


def write_csv(path: Path, lines: Path, size: int) -> None:
    """Write a CSV file of about this many bytes: label, number, and text that does not repeat."""
    rows = [line.split(" ", 1) for line in lines.read_text("utf-8").splitlines()]
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", "number", "text"])
        n = 0
        while file.tell() < size:
            for label, text in rows:
                n += 1
                writer.writerow([label.removeprefix("__label__"), n, f"{text.capitalize()} ({n})."])


def prepared(session: Session, source: Path, kind: str, words: list[str], n: int) -> Tool:
    """Return a run with n processes; its files are told by their digest."""
    folder = session.scratch / f"out-{n}"
    command = [*session.fastcli, "prepare", str(source), "-o", str(folder), "-verbose", "0"]
    command += ["--label-column", "label", "--text-column", "text", "-thread", str(n), *words]
    names = ["train.txt", "valid.txt", "test.txt"]

    def figures(_: str) -> Row:
        about = json.loads((folder / "prepare.json").read_text("utf-8"))
        digest = hashlib.sha256()
        for name in names:
            digest.update((folder / name).read_bytes())
        return {"rows": about["rows"], "files": digest.hexdigest()[:12]}

    outputs = [folder / name for name in (*names, "prepare.json", "labels.json")]
    return Tool(f"{kind}, processes: {n}", command, outputs=outputs, after_each=figures)


if __name__ == "__main__":
    main()
