"""How long mlp-train takes to read a CSV file of numbers, up to its first step: against pandas."""

from __future__ import annotations

import random
import subprocess
from argparse import Namespace
from pathlib import Path

from measure import Session, Tool, in_turn, median, number, parser, ratio, table

TINY = 50  # rows of the file that shows what the process itself needs
HEADER = [
    "rows",
    "tool",
    "seconds",
    "CPU s",
    "CPU x base",
    "peak MB",
    "beyond tiny",
    "means",
]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, data=False)
    options.add_argument("--rows", type=int, default=1_000_000, help="of the file  [1000000]")
    options.add_argument("--columns", type=int, default=20, help="the label among them  [20]")
    given = options.parse_args()
    with Session("numbers", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Write the file and read it with each tool in turn."""
    data, tiny = session.scratch / "numbers.csv", session.scratch / "tiny.csv"
    for path, n in ((data, given.rows), (tiny, TINY)):
        write_csv(path, n, given.columns)
    tools = [reading(session, peer, data) for peer in session.peers]
    if not tools:
        session.write("pandas is left out: give --peer pandas=PYTHON, the python that has it.")
    tools.append(reading(session, "fastcli", data))
    rows = in_turn(f"{given.rows:,}", tools, given.pairs, given.warmup)
    session.example(tools)
    means = {tool.name: means_of(session, tool) for tool in tools}
    small = in_turn("tiny", [reading(session, tool.name, tiny) for tool in tools], given.pairs, 0)
    session.rows += [*rows, *small]
    lines = []
    for tool in tools:
        peak, least = (median(some, tool.name, "peak_mb") or 0.0 for some in (rows, small))
        lines.append(
            [
                f"{given.rows:,} x {given.columns}",
                tool.name,
                number(median(rows, tool.name, "seconds")),
                number(median(rows, tool.name, "cpu_seconds")),
                ratio(rows, tool.name, tools[0].name, "cpu_seconds"),
                number(peak, 0),
                number(peak - least, 0),
                compared(means[tool.name], means[tools[0].name]),
            ]
        )
    session.write(table(HEADER, lines))


def reading(session: Session, name: str, data: Path) -> Tool:
    """Return a tool that reads a file as float32 (fastcli: also standardised) and its labels."""
    if name != "fastcli":
        return Tool(name, session.peer("read", name, data=data), stdout=session.scratch / name)
    stem = session.scratch / data.stem
    words = ["-input", str(data), "-output", str(stem), "-epoch", "0", "-thread", "1"]
    return Tool(name, [*session.fastcli, "mlp-train", *words, "-verbose", "0"])


def means_of(session: Session, tool: Tool) -> list[float]:
    """Return the means of the columns that a tool has found."""
    if tool.name != "fastcli":
        return list(map(float, (session.scratch / tool.name).read_text().split()))
    command = [*session.fastcli, "dump", str(session.scratch / "numbers.mlp"), "input"]
    _, means, _ = subprocess.check_output(command, text=True).splitlines()
    return list(map(float, means.split()))


def compared(found: list[float], base: list[float]) -> str:
    """Say whether the means of columns are those of another tool, but for their last digits."""
    if len(found) != len(base):
        return f"{len(found)} columns, not {len(base)}"
    most = max(abs(a - b) for a, b in zip(found, base, strict=True))
    return "the same" if most < 1e-5 else f"differ by {most:.2g}"


def write_csv(path: Path, n: int, columns: int) -> None:
    """Write rows of numbers with six decimals, the label last."""
    draw = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        file.write(",".join(f"x{i}" for i in range(columns - 1)) + ",label\n")
        for _ in range(n):
            row = [draw.gauss(0, 1) for _ in range(columns - 1)]
            file.write(",".join(f"{x:.6f}" for x in row) + f",{int(row[0] > 0)}\n")


if __name__ == "__main__":
    main()
