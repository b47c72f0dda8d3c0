"""Whether the order of a training file matters: P@1 of its lines sorted by label and shuffled.

``--before`` is a fastcli that visits lines in the order of the file (0.1.0): what it makes of the
shuffled file is what the present one must not fall short of.
"""

from __future__ import annotations

import random
import shlex
import statistics
from argparse import Namespace
from pathlib import Path

from measure import Options, Session, Tool, in_turn, parser, table, values

NGRAMS: Options = {"wordNgrams": 2, "bucket": 200_000, "dim": 20, "lr": 0.5, "epoch": 5}
CASES: dict[str, Options] = {
    "ag_news": NGRAMS,
    "imdb": NGRAMS,
    "trec6": {**NGRAMS, "epoch": 20},
    "thucnews_title": NGRAMS,
    "langid75": {"minn": 2, "maxn": 4, "bucket": 200_000, "dim": 16, "lr": 0.5, "epoch": 5},
}
NAMES = ("shuffled", "sorted", "before")


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--before", help="an earlier fastcli, for the shuffled file")
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    options.add_argument("--seeds", type=int, default=10, help="number of seeds  [10]")
    given = options.parse_args()
    with Session("order", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train and test every case in every order with every seed."""
    before = shlex.split(given.before or "")
    session.names |= {before[0]: "earlier/fastcli"} if before else {}
    for case in given.cases:
        files = orders(session, case)
        for seed in range(given.seeds):
            tools = [training(session, name, files[name], case, seed) for name in NAMES[:2]]
            if before:
                tools.append(training(session, "before", files["shuffled"], case, seed, before))
            rows = in_turn(case, tools, pairs=1, warmup=0)
            session.rows += [{**row, "seed": seed} for row in rows]
    session.example(tools)
    names = [tool.name for tool in tools]
    lines = []
    for case in given.cases:
        rows = [row for row in session.rows if row["case"] == case]
        scores = {name: [100 * p for p in values(rows, name, "p1")] for name in names}
        cells = [
            f"{statistics.mean(found):.2f} ± {statistics.stdev(found) / len(found) ** 0.5:.2f}"
            for found in scores.values()
        ]
        counts = {int(n) for name in names for n in values(rows, name, "n")}
        lines.append([case, "/".join(map(str, sorted(counts))), *cells])
    session.write(f"P@1 in percent: mean of {given.seeds} seeds and its standard error.")
    session.write(table(["data", "N", *names], lines))


def orders(session: Session, case: str) -> dict[str, Path]:
    """Write the training lines of a case shuffled, and sorted by their first label."""
    assert session.data is not None
    lines = (session.data / case / "train.txt").read_bytes().splitlines(keepends=True)
    lines = [line if line.endswith(b"\n") else line + b"\n" for line in lines]
    random.Random(0).shuffle(lines)
    found = {}
    for name, ordered in (
        ("shuffled", lines),
        ("sorted", sorted(lines, key=lambda line: line.split(maxsplit=1)[:1])),
    ):
        found[name] = session.scratch / f"{case}.{name}.txt"
        found[name].write_bytes(b"".join(ordered))
    return found


def training(
    session: Session, name: str, path: Path, case: str, seed: int, command: list[str] | None = None
) -> Tool:
    """Return a fastcli as a tool that trains on a file and then tests the model."""
    assert session.data is not None
    stem, test = session.scratch / name, session.data / case / "test.txt"
    model = session.scratch / f"{name}.bin"
    arguments = {"input": str(path), **CASES[case], "seed": seed, "thread": 1}
    words = [word for key, value in arguments.items() for word in (f"-{key}", str(value))]
    command = [*(command or session.fastcli), "supervised", "-output", str(stem), "--no-vec"]
    return Tool(
        name,
        [*command, *words],
        outputs=[model, *(session.scratch / f"{name}.{end}" for end in ("json", "bin.json"))],
        after_last=lambda: session.tested("fastcli", model, test),
    )


if __name__ == "__main__":
    main()
