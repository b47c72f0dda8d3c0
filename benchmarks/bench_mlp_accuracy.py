"""How accurate plain `mlp-train` is: on tables beside scikit-learn, on text beside `supervised`.

Tables are those of `make_tables.py`, in two groups; what mlp-train takes by default was chosen on
the first alone.  Nothing but files and a seed is given to either.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from measure import HERE, Options, Row, Session, Tool, in_turn, parser, table, values

SPLITS = 3
TEXTS = ("sst2", "trec6", "ag_news", "thucnews_title", "cooking", "imdb")
MORE_SEEDS = ("trec6",)  # which have few test lines, and twice the seeds
OURS, PEER = "mlp-train", "MLPClassifier()"
LINEAR, ALONE = "supervised", "mlp-train --hidden none"
XOR = "0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n"
XOR_SEEDS = 20


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--seeds", type=int, default=5, help="seeds on text  [5]")
    options.add_argument("--only", choices=("tables", "texts"), help="one half of it")
    given = options.parse_args()
    if given.only != "texts":
        with Session("mlp-accuracy-tables", given) as session:
            bench_tables(session, given)
            bench_xor(session)
    if given.only != "tables":
        with Session("mlp-accuracy-texts", given) as session:
            bench_texts(session, given)


def bench_tables(session: Session, given: Namespace) -> None:
    """Train and test on every split of every table, and write means of both groups."""
    folder, python = session.scratch / "tables", session.peers["scikit-learn"]
    images = given.data / "mlp_numeric" / "mnist10k.train.csv"
    subprocess.run([python, str(HERE / "make_tables.py"), str(folder), str(images)], check=True)
    groups = json.loads((folder / "groups.json").read_text("utf-8"))
    for group, names in groups.items():
        lines, means, cpu = [], {OURS: 0.0, PEER: 0.0}, {OURS: 0.0, PEER: 0.0}
        for name in names:
            rows = []
            for split in range(SPLITS):
                train, test = (folder / f"{name}.{split}.{part}.csv" for part in ("train", "test"))
                tools = [make(session, train, test, split) for make in (ours, peer)]
                rows += in_turn(f"{name} {split}", tools, pairs=1, warmup=0)
            session.rows += rows
            found = {tool: 100 * statistics.mean(values(rows, tool, "p1")) for tool in means}
            spent = {OURS: "cpu_seconds", PEER: "fit_cpu_seconds"}
            taken = {tool: sum(values(rows, tool, key)) for tool, key in spent.items()}
            n = int(values(rows, OURS, "n")[0])
            lines.append([name, str(n), *cells(found, taken)])
            for tool in means:
                means[tool] += found[tool] / len(names)
                cpu[tool] += taken[tool]
        lines.append([f"mean of the {group} group", "", *cells(means, cpu)])
        session.example(tools)
        session.write(
            f"Tables of the {group} group: accuracy in percent, mean of {SPLITS} splits; CPU "
            "seconds of mlp-train as a whole process, of scikit-learn's fit() alone."
        )
        header = ["table", "test rows", OURS, PEER, "difference", "CPU s", "CPU s", "ratio"]
        session.write(table(header, lines))


def cells(accuracy: dict[str, float], cpu: dict[str, float]) -> list[str]:
    """Return the figures of a line of the table."""
    gap, ratio = accuracy[OURS] - accuracy[PEER], cpu[OURS] / cpu[PEER]
    found = [f"{accuracy[OURS]:.1f}", f"{accuracy[PEER]:.1f}", f"{gap:+.1f}"]
    return [*found, f"{cpu[OURS]:.2f}", f"{cpu[PEER]:.2f}", f"{ratio:.2f}"]


def bench_xor(session: Session) -> None:
    """Count the seeds that learn XOR with eight hidden units."""
    path, learnt = session.scratch / "xor.csv", 0
    path.write_text(XOR, "utf-8")
    for seed in range(XOR_SEEDS):
        tool = ours(session, path, path, seed=seed, words=["--hidden", "8", "--no-header"])
        rows = in_turn(f"xor {seed}", [tool], pairs=1, warmup=0)
        learnt += values(rows, OURS, "p1") == [1.0]
        session.rows += rows
    session.example([tool])
    session.write(f"XOR with `--hidden 8`: learnt with {learnt} of {XOR_SEEDS} seeds.")


def bench_texts(session: Session, given: Namespace) -> None:
    """Train and test on every text with every seed."""
    makes: dict[str, Callable[[Path, Path, str, int], Tool]] = {
        LINEAR: lambda train, test, case, seed: linear(session, train, test, case, seed),
        OURS: lambda train, test, case, seed: ours(session, train, test, seed),
        ALONE: lambda train, test, case, seed: replace(
            ours(session, train, test, seed, ["--hidden", "none"]), name=ALONE
        ),
    }
    lines, means, total = [], dict.fromkeys(makes, 0.0), dict.fromkeys(makes, 0.0)
    for case in TEXTS:
        train, test = (given.data / case / f"{part}.txt" for part in ("train", "test"))
        rows = []
        for seed in range(given.seeds * (2 if case in MORE_SEEDS else 1)):
            tools = [make(train, test, case, seed) for make in makes.values()]
            rows += in_turn(case, tools, pairs=1, warmup=0)
        session.rows += rows
        found = {tool: [100 * p1 for p1 in values(rows, tool, "p1")] for tool in makes}
        cpu = {tool: statistics.mean(values(rows, tool, "cpu_seconds")) for tool in makes}
        shown = [f"{statistics.mean(f):.2f} ± {statistics.pstdev(f):.2f}" for f in found.values()]
        n = int(values(rows, OURS, "n")[0])
        lines.append([case, str(n), *shown, *(f"{seconds:.1f}" for seconds in cpu.values())])
        for tool in makes:
            means[tool] += statistics.mean(found[tool]) / len(TEXTS)
            total[tool] += cpu[tool]
    session.example(tools)
    shown = [f"{mean:.2f}" for mean in means.values()]
    lines.append(["mean", "", *shown, *(f"{seconds:.1f}" for seconds in total.values())])
    session.write(f"Text: P@1 in percent over {given.seeds} seeds (trec6 twice as many).")
    session.write(table(["data", "N", *makes, *(f"{tool}, CPU s" for tool in makes)], lines))


def ours(
    session: Session, train: Path, test: Path, seed: int, words: list[str] | None = None
) -> Tool:
    """Return mlp-train on a file."""
    stem = session.scratch / "perceptron"
    model = stem.with_suffix(".mlp")
    given = ["-input", str(train), "-output", str(stem), "-verbose", "0", "-seed", str(seed)]
    return Tool(
        OURS,
        [*session.fastcli, "mlp-train", *given, *(words or []), "-thread", "1"],
        outputs=[model],
        after_last=lambda: session.tested("fastcli", model, test),
    )


def peer(session: Session, train: Path, test: Path, seed: int) -> Tool:
    """Return scikit-learn's MLPClassifier as it is by default, on standardised columns."""
    words = [f"input={train}", f"test={test}", f"seed={seed}", "thread=1"]

    def figures(stderr: str) -> Row:
        found: Row = json.loads(stderr.splitlines()[-1])
        return found

    command = [session.peers["scikit-learn"], str(HERE / "peers_mlp.py"), "MLPClassifier", *words]
    env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return Tool(PEER, command, env=env, after_each=figures)


def linear(session: Session, train: Path, test: Path, case: str, seed: int) -> Tool:
    """Return `supervised` on a file."""
    lr = 1.0 if case == "cooking" else 0.5
    options: Options = {
        "input": str(train),
        "lr": lr,
        "epoch": 25,
        "wordNgrams": 2,
        "seed": seed,
        "thread": 1,
    }
    return replace(session.training("fastcli", options, test=test), name=LINEAR)


if __name__ == "__main__":
    main()
