"""Whether any number of threads gives the same bytes, and how much faster two are than one."""

from __future__ import annotations

import hashlib
from argparse import Namespace
from pathlib import Path

from measure import Options, Row, Session, Tool, in_turn, median, number, parser, ratio, table

LOSSES = ("softmax", "hs", "ova", "ns")
DIMS = (10, 64, 100)
THREADS = (1, 2, 3)
SPEED: dict[str, Options] = {
    "cooking": {"lr": 0.5, "epoch": 25, "dim": 100, "wordNgrams": 2},
    "imdb": {"lr": 0.1, "epoch": 5, "dim": 100, "wordNgrams": 2},
}


def trainings(session: Session, options: Options, threads: tuple[int, ...]) -> list[Tool]:
    """Return a training for each number of threads."""
    tools = []
    for count in threads:
        tool = session.training("fastcli", {**options, "thread": count})
        tool.name = str(count)
        tools.append(tool)
    return tools


def digest(path: Path) -> Row:
    """Return the SHA-256 of a file."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return {"sha256": found.hexdigest()}


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--epoch", type=int, default=3, help="epochs for the bytes  [3]")
    given = options.parse_args()
    with Session("threads", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Compare the bytes, then the training times."""
    lines = []
    for loss in LOSSES:
        for dim in DIMS:
            arguments: Options = {
                "input": str(given.data / "cooking" / "train.txt"),
                "lr": 0.5, "epoch": given.epoch, "dim": dim, "wordNgrams": 2,
                "bucket": 200_000, "loss": loss,
            }  # fmt: skip
            tools = trainings(session, arguments, THREADS)
            for tool in tools:
                tool.after_last = lambda: digest(session.scratch / "fastcli.bin")
            rows = in_turn(f"bytes {loss} dim {dim}", tools, pairs=1, warmup=0)
            session.rows += rows
            hashes = [str(row["sha256"]) for row in rows]
            same = "yes" if len(set(hashes)) == 1 else "NO"
            lines.append([loss, str(dim), same, *(text[:12] for text in hashes)])
    header = ["loss", "dim", "same bytes", *(f"sha256, -thread {count}" for count in THREADS)]
    session.write(table(header, lines))

    lines = []
    for name, speed in SPEED.items():
        arguments = {"input": str(given.data / name / "train.txt"), **speed}
        tools = trainings(session, arguments, (1, 2))
        rows = in_turn(f"speed {name}", tools, given.pairs, given.warmup)
        session.rows += rows
        session.example(tools)
        alone = [median(rows, tool.name, "training_seconds") for tool in tools]
        whole = [median(rows, tool.name, "seconds") for tool in tools]
        lines.append(
            [name, *map(number, alone), ratio(rows, "1", "2", "training_seconds"),
             *map(number, whole), ratio(rows, "1", "2")]
        )  # fmt: skip
    header = ["data", "training, 1 thread s", "2 threads s", "1 / 2"]
    session.write(table([*header, "whole process, 1 thread s", "2 threads s", "1 / 2"], lines))


if __name__ == "__main__":
    main()
