"""How long training takes as a whole process, and how much memory: fastcli against its peers."""

from __future__ import annotations

from argparse import Namespace

from measure import (
    Options,
    Session,
    bandwidth,
    corpus,
    in_turn,
    median,
    number,
    parser,
    ratio,
    table,
)

THREADS = 2
SINGLE_LABEL_ONLY = "scikit-learn"

DEFAULTS: Options = {
    "lr": 0.1,
    "epoch": 5,
    "dim": 100,
    "wordNgrams": 2,
    "bucket": 2_000_000,
    "loss": "softmax",
    "thread": THREADS,
}
COOKING: Options = {**DEFAULTS, "lr": 0.5, "epoch": 25}
CASES: dict[str, tuple[str, Options]] = {
    "ag_news-dim100": ("ag_news", DEFAULTS),
    "ag_news-dim10": ("ag_news", {**DEFAULTS, "dim": 10}),
    "imdb-dim100": ("imdb", DEFAULTS),
    "imdb-dim10": ("imdb", {**DEFAULTS, "dim": 10}),
    "cooking-softmax": ("cooking", COOKING),
    "cooking-ova": ("cooking", {**COOKING, "loss": "ova"}),
    "cooking-hs": ("cooking", {**COOKING, "loss": "hs"}),
}
HEADER = [
    "case",
    "tool",
    "seconds",
    "x fastcli",
    "CPU s",
    "training alone s",
    "floor s",
    "peak MB",
    "peak x fastcli",
    "N",
    "P@1",
]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    given = options.parse_args()
    with Session("train", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Measure the cases asked for."""
    speed = bandwidth(THREADS)
    session.write(
        f"Memory bandwidth: {speed / 1e9:.1f} GB/s read and written by {THREADS} processes that "
        "copy 256 MB each, over and over for a second.\nFloor: feature rows x dim x 8 bytes x "
        "epochs / bandwidth, as if no row were ever found in a cache."
    )
    lines = []
    for case in given.cases:
        data, arguments = CASES[case]
        folder = given.data / data
        sizes = corpus(folder / "train.txt", ngrams=2)
        arguments = {"input": str(folder / "train.txt"), **arguments}
        names = [name for name in session.peers if name != SINGLE_LABEL_ONLY or data != "cooking"]
        tools = [
            session.training(name, arguments, sizes, folder / "test.txt")
            for name in ["fastcli", *names]
        ]
        rows = in_turn(case, tools, given.pairs, given.warmup)
        session.rows += rows
        session.example(tools)
        work = sizes.features * float(arguments["dim"]) * 8 * float(arguments["epoch"])
        for tool in tools:
            lines.append(
                [
                    case,
                    tool.name,
                    number(median(rows, tool.name, "seconds")),
                    ratio(rows, tool.name, "fastcli"),
                    number(median(rows, tool.name, "cpu_seconds")),
                    number(median(rows, tool.name, "training_seconds")),
                    number(work / speed),
                    number(median(rows, tool.name, "peak_mb"), 0),
                    ratio(rows, tool.name, "fastcli", "peak_mb"),
                    number(median(rows, tool.name, "n"), 0),
                    number(median(rows, tool.name, "p1"), 4),
                ]
            )
    session.write(table(HEADER, lines))


if __name__ == "__main__":
    main()
