"""Whether fastcli is as accurate as its peers: mean P@1 over seeds, with the same options."""

from __future__ import annotations

import statistics
from argparse import Namespace

from measure import Options, Session, in_turn, parser, table, values

THREADS = {"fastcli": 2}  # a peer gets fastText's default, 12
QUICK: Options = {"wordNgrams": 2, "bucket": 200_000, "dim": 20}
CASES: dict[str, Options] = {
    "cooking": {**QUICK, "lr": 0.5, "epoch": 25, "dim": 100},
    "ag_news": {**QUICK, "lr": 0.1, "epoch": 5},
    "sst2": {**QUICK, "lr": 0.5, "epoch": 5},
    "trec6": {**QUICK, "lr": 0.5, "epoch": 20},
    "imdb": {**QUICK, "lr": 0.5, "epoch": 5},
    "thucnews_title": {**QUICK, "lr": 0.5, "epoch": 5},
}


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="[0 1 2]")
    given = options.parse_args()
    with Session("accuracy", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train and test every case with every seed."""
    names = ["fastcli", *(name for name in session.peers if name != "scikit-learn")]
    for case in given.cases:
        folder = given.data / case
        for seed in given.seeds:
            tools = []
            for name in names:
                arguments = {"input": str(folder / "train.txt"), **CASES[case], "seed": seed}
                arguments["thread"] = THREADS.get(name, 12)
                tools.append(session.training(name, arguments, test=folder / "test.txt"))
            rows = in_turn(case, tools, pairs=1, warmup=0)
            session.rows += [{**row, "seed": seed} for row in rows]
        session.example(tools)

    lines = []
    for case in [*given.cases, None]:  # None: all of them
        rows = [row for row in session.rows if case in (row["case"], None)]
        scores = [100 * statistics.mean(values(rows, name, "p1")) for name in names]
        spread = [100 * statistics.pstdev(values(rows, name, "p1")) for name in names]
        cells = [f"{score:.2f}" for score in scores]
        if case:
            cells = [f"{c} ± {s:.2f}" for c, s in zip(cells, spread, strict=True)]
        gaps = [f"{scores[0] - score:+.2f}" for score in scores[1:]]
        counts = {int(n) for name in names for n in values(rows, name, "n")} if case else set()
        lines.append([case or "mean", "/".join(map(str, sorted(counts))), *cells, *gaps])
    header = ["data", "N", *names, *(f"fastcli - {name}" for name in names[1:])]
    session.write(f"P@1 in percent, mean and deviation over {len(given.seeds)} seeds.")
    session.write(table(header, lines))


if __name__ == "__main__":
    main()
