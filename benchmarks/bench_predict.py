"""How long predicting 75,000 lines takes as a whole process: fastcli against its peers."""

from __future__ import annotations

from argparse import Namespace
from itertools import zip_longest
from pathlib import Path

from measure import Options, Session, Tool, in_turn, median, number, parser, ratio, run, table

TRAINING: Options = {"dim": 100, "wordNgrams": 2}
HEADER = ["tool", "seconds", "x base", "CPU s", "peak MB", "peak x base", "lines", "equal lines"]
BASE = "fastcli, 2 threads"


def repeat(source: Path, target: Path, count: int) -> None:
    """Write ``count`` lines of ``source``, over and over, without their labels."""
    written = 0
    with open(target, "wb") as out:
        while written < count:
            with open(source, "rb") as lines:
                for line in lines:
                    words = line.split(b" ")
                    out.write(b" ".join(w for w in words if not w.startswith(b"__label__")))
                    written += 1
                    if written == count:
                        return


def equal(base: Path, other: Path) -> tuple[int, float]:
    """Return the lines of ``other`` and the share of lines that are the same in ``base``."""
    lines = same = both = 0
    with open(base, "rb") as left, open(other, "rb") as right:
        for one, two in zip_longest(left, right):
            lines += two is not None
            same += one == two
            both += 1
    return lines, same / both


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--name", default="ag_news", help="data set  [ag_news]")
    options.add_argument("--lines", type=int, default=75_000, help="lines to predict  [75000]")
    given = options.parse_args()
    with Session("predict", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train one model with fastcli, predict with all."""
    train = session.training(
        "fastcli", {"input": str(given.data / given.name / "train.txt"), **TRAINING}
    )
    run(train)
    model, text = session.scratch / "fastcli.bin", session.scratch / "lines.txt"
    repeat(given.data / given.name / "test.txt", text, given.lines)

    commands = {
        f"fastcli, {n} thread{'s'[: n > 1]}": [
            *session.fastcli, "predict", str(model), str(text), "--thread", str(n)
        ]
        for n in (2, 1)
    }  # fmt: skip
    for name in session.peers:
        if name != "scikit-learn":
            commands[name] = session.peer("predict", name, model=model, data=text)
    answers = {name: session.scratch / f"{name}.out" for name in commands}
    tools = [Tool(name, command, stdout=answers[name]) for name, command in commands.items()]
    rows = in_turn(f"predict {given.lines} lines", tools, given.pairs, given.warmup)
    session.rows = rows
    session.example([train, *tools])
    lines = []
    for tool in tools:
        count, share = equal(answers[BASE], answers[tool.name])
        lines.append(
            [
                tool.name,
                number(median(rows, tool.name, "seconds")),
                ratio(rows, tool.name, BASE),
                number(median(rows, tool.name, "cpu_seconds")),
                number(median(rows, tool.name, "peak_mb"), 0),
                ratio(rows, tool.name, BASE, "peak_mb"),
                str(count),
                f"{share:.3%}",
            ]
        )
    session.write(table(HEADER, lines))


if __name__ == "__main__":
    main()
