"""How long quantizing takes as a whole process, how small and how good the model is."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import native
from measure import Options, Row, Session, Tool, in_turn, median, number, parser, ratio, run, table

THREADS = 2
# Training, then what is asked of quantize.
CASES: dict[str, tuple[Options, Options]] = {
    "cooking": (
        {"lr": 1.0, "epoch": 25, "wordNgrams": 2},
        {"cutoff": 50_000, "lr": 1.0, "epoch": 25},
    ),
    "ag_news": (
        {"dim": 10, "lr": 0.25, "wordNgrams": 2},
        {"cutoff": 100_000, "lr": 0.25, "epoch": 5},
    ),
}
HEADER = [
    "case",
    "tool",
    "seconds",
    "x fastcli",
    "CPU s",
    "peak MB",
    "MB of .ftz",
    "N",
    "P@1",
    "P@1 of the .bin",
]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=3)
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    given = options.parse_args()
    with Session("quantize", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train one model a case with fastcli, quantize it with all."""
    lines = []
    for case in given.cases:
        training, quantizing = CASES[case]
        folder = given.data / case
        train = session.training(
            "fastcli", {"input": str(folder / "train.txt"), **training, "thread": THREADS}
        )
        run(train)
        source = session.scratch / "fastcli.bin"
        before = session.tested("fastcli", source, folder / "test.txt")
        names = ["fastcli", *(name for name in session.peers if name != "scikit-learn")]
        tools = [tool(session, name, source, folder, quantizing) for name in names]
        rows = in_turn(f"quantize {case}", tools, given.pairs, given.warmup)
        session.rows += rows
        session.example([train, *tools])
        for name in names:
            size = median(rows, name, "size")
            lines.append(
                [
                    case,
                    name,
                    number(median(rows, name, "seconds")),
                    ratio(rows, name, "fastcli"),
                    number(median(rows, name, "cpu_seconds")),
                    number(median(rows, name, "peak_mb"), 0),
                    number(size / 1e6 if size else None),
                    number(median(rows, name, "n"), 0),
                    number(median(rows, name, "p1"), 4),
                    f"{before['p1']:.4f}",
                ]
            )
    session.write(table(HEADER, lines))


def tool(session: Session, name: str, source: Path, folder: Path, options: Options) -> Tool:
    """Return a tool that quantizes, with retraining and norms apart."""
    train, options = folder / "train.txt", {**options, "thread": THREADS}
    if name == "fastcli":
        path = source.with_suffix(".ftz")
        words = [word for key, value in options.items() for word in (f"-{key}", str(value))]
        files = ["-output", str(source.with_suffix("")), "-input", str(train)]
        command = [*session.fastcli, "quantize", *files, "-qnorm", "-retrain", *words]
    else:
        path = source.with_suffix(".ftz")
        if name != native.NAME:  # which can have no other name
            path = path.with_name(f"{name}.ftz")
        flags = {"qnorm": 1, "retrain": 1, "input": train, "output": path}
        command = session.peer("quantize", name, model=source, **flags, **options)

    def size(_: str) -> Row:
        return {"size": path.stat().st_size}

    return Tool(
        name,
        command,
        outputs=[path],
        after_each=size,
        after_last=lambda: session.tested(name, path, folder / "test.txt"),
    )


if __name__ == "__main__":
    main()
