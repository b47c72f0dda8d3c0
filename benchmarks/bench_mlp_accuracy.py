"""How accurate neural networks are, with one configuration for tables and one for text, over seeds.

On text `supervised` stands beside, with the options of `bench_accuracy.py`.
"""

from __future__ import annotations

import statistics
from argparse import Namespace
from dataclasses import replace

from bench_accuracy import CASES as LINEAR
from measure import Session, Tool, in_turn, parser, table, values

TABLES = ("digits", "mnist10k", "breast_cancer")
TEXTS = ("sst2", "trec6", "ag_news", "thucnews_title")
TABLE_OPTIONS = "--hidden 256,128 --norm batch --dropout 0.3 -epoch 40"
TEXT_OPTIONS = (
    "-wordNgrams 2 -bucket 200000 --hidden 64 --dropout 0.3 -lr 0.002 --schedule linear -epoch 5"
)


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], help="[0 1 2]")
    given = options.parse_args()
    with Session("mlp-accuracy", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train and test every case with every seed."""
    for case in (*TABLES, *TEXTS):
        for seed in given.seeds:
            tools = tools_of(session, given, case, seed)
            rows = in_turn(case, tools, pairs=1, warmup=0)
            session.rows += [{**row, "seed": seed} for row in rows]
        session.example(tools)
    lines = []
    for case in (*TABLES, *TEXTS, "mean of the texts"):
        cases = TEXTS if case.startswith("mean") else (case,)
        rows = [row for row in session.rows if row["case"] in cases]
        cells = []
        for name in ("mlp-train", "supervised"):
            found = [100 * score for score in values(rows, name, "p1")]
            spread = f" ± {statistics.pstdev(found):.2f}" if found and len(cases) == 1 else ""
            cells.append(f"{statistics.mean(found):.2f}{spread}" if found else "")
        counts = {int(n) for n in values(rows, "mlp-train", "n")} if len(cases) == 1 else set()
        lines.append([case, "/".join(map(str, sorted(counts))), *cells])
    session.write(f"P@1 in percent, mean and deviation over {len(given.seeds)} seeds.")
    session.write(f"Tables: {TABLE_OPTIONS}")
    session.write(f"Text: {TEXT_OPTIONS}")
    session.write(table(["data", "N", "mlp-train", "supervised"], lines))


def tools_of(session: Session, given: Namespace, case: str, seed: int) -> list[Tool]:
    """Return the perceptron and, on text, the linear model."""
    is_text = case in TEXTS
    folder = given.data / (case if is_text else "mlp_numeric")
    train, test = (
        folder / (f"{part}.txt" if is_text else f"{case}.{part}.csv") for part in ("train", "test")
    )
    stem = session.scratch / "perceptron"
    model = stem.with_suffix(".mlp")
    words = ["-input", str(train), "-output", str(stem), "-verbose", "0", "-seed", str(seed)]
    words += (TEXT_OPTIONS if is_text else TABLE_OPTIONS).split()
    perceptron = Tool(
        "mlp-train",
        [*session.fastcli, "mlp-train", *words],
        outputs=[model],
        after_last=lambda: session.tested("fastcli", model, test),
    )
    if not is_text:
        return [perceptron]
    arguments = {"input": str(train), **LINEAR[case], "seed": seed, "thread": 2}
    return [
        perceptron,
        replace(session.training("fastcli", arguments, test=test), name="supervised"),
    ]


if __name__ == "__main__":
    main()
