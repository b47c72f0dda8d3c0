"""How long a model of several hundred MB to GB takes to open and predict one line."""

from __future__ import annotations

import random
import struct
from argparse import Namespace
from pathlib import Path

from measure import Session, Tool, in_turn, median, number, parser, ratio, table

LABELS = 2
HEADER = ["tool", "seconds", "x fastcli", "CPU s", "peak MB", "peak x fastcli", "model MB"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, data=False)
    options.add_argument("--words", type=int, default=2_000_000, help="[2000000]")
    options.add_argument("--bucket", type=int, default=2_000_000, help="[2000000]")
    options.add_argument("--dim", type=int, default=100, help="[100]")
    given = options.parse_args()
    with Session("open", given) as session:
        bench(session, given)


def write_model(path: Path, words: int, bucket: int, dim: int) -> None:
    """Write a ``.bin`` of a classifier with pairs of words; no byte of its matrices is a hole."""
    rng = random.Random(7)
    args = (dim, 5, 5, 1, 5, 2, 3, 3, bucket, 0, 0, 100)
    with open(path, "wb") as out:
        out.write(struct.pack("<ii12id", 793712314, 12, *args, 1e-4))
        out.write(struct.pack("<iiiqq", words + LABELS, words, LABELS, 10 * words, -1))
        for i in range(words):
            word = b"%x" % (0x9E3779B1 * i % 2**32) if i else b"</s>"
            out.write(word + b"\0" + struct.pack("<qb", words + 1 - i, 0))
        for i in range(LABELS):
            out.write(b"__label__%d\0" % i + struct.pack("<qb", words - i, 1))
        out.write(struct.pack("<Bqq", 0, words + bucket, dim))
        rows = 1_000  # few: no tool's peak memory is reported below this script's
        block = struct.pack(f"<{rows * dim}f", *(rng.uniform(-1, 1) for _ in range(rows * dim)))
        left = (words + bucket) * dim * 4
        while left > 0:
            left -= out.write(block[:left])
        out.write(struct.pack("<Bqq", 0, LABELS, dim))
        out.write(block[: LABELS * dim * 4])


def bench(session: Session, given: Namespace) -> None:
    """Make a large model and predict one line with every tool."""
    model, line = session.scratch / "large.bin", session.scratch / "line.txt"
    write_model(model, given.words, given.bucket, given.dim)
    line.write_bytes(b"9e3779b1 some words 3c6ef362 that it may know or not\n")
    tools = [Tool("fastcli", [*session.fastcli, "predict-prob", str(model), str(line)])]
    for name in session.peers:
        if name != "scikit-learn":
            tools.append(Tool(name, session.peer("predict", name, model=model, data=line)))
    rows = in_turn("open", tools, given.pairs, given.warmup)
    session.rows = rows
    session.example(tools)
    size = model.stat().st_size / 1e6
    lines = [
        [
            tool.name,
            number(median(rows, tool.name, "seconds")),
            ratio(rows, tool.name, "fastcli"),
            number(median(rows, tool.name, "cpu_seconds")),
            number(median(rows, tool.name, "peak_mb"), 0),
            ratio(rows, tool.name, "fastcli", "peak_mb"),
            number(size, 0),
        ]
        for tool in tools
    ]
    session.write(
        f"A model of {given.words:,} words, {given.bucket:,} buckets, dim {given.dim}, in the "
        "system's file cache."
    )
    session.write(table(HEADER, lines))


if __name__ == "__main__":
    main()
