"""Whether training on several lines at a time is as accurate as on one: P@1 of both.

``--before`` is a fastcli from before there were batches, which trains on one line at a time.
"""

from __future__ import annotations

import json
import shlex
import statistics
from argparse import Namespace
from pathlib import Path

from measure import Options, Row, Session, Tool, in_turn, parser, table, values

NGRAMS: Options = {"wordNgrams": 2, "bucket": 200_000, "dim": 10, "epoch": 5}
CHARS: Options = {"minn": 2, "maxn": 4, "bucket": 200_000, "dim": 16, "epoch": 5}
CASES: dict[str, tuple[str, Options]] = {
    "ag_news": ("train.txt", NGRAMS),
    "sst2": ("train.txt", NGRAMS),
    "trec6": ("train.txt", NGRAMS),
    "toutiao": ("train.words.txt", NGRAMS),
    "thucnews_title": ("train.words.txt", NGRAMS),
    "cooking": ("train.txt", NGRAMS),
    "imdb": ("train.txt", NGRAMS),
    "langid75": ("train.txt", CHARS),
}
NAMES = ("batches", "before")
# Student's t at 97.5 %, by the number of pairs less one.
T = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--before", required=True, help="a fastcli without batches")
    options.add_argument("--lr", nargs="+", type=float, default=[0.1, 1.0], help="[0.1 1.0]")
    options.add_argument("--loss", default="softmax", help="[softmax]")
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    options.add_argument("--seeds", type=int, default=10, choices=range(2, 11), help="[10]")
    given = options.parse_args()
    with Session("batches", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train and test every case with every seed."""
    before = shlex.split(given.before)
    session.names |= {before[0]: "earlier/fastcli"}
    lines, differences = [], []
    for lr in given.lr:
        for case in given.cases:
            name, rows = f"{case} lr {lr}", []
            for seed in range(given.seeds):
                options = {**CASES[case][1], "lr": lr, "loss": given.loss, "seed": seed}
                tools = [training(session, "batches", case, options, session.fastcli)]
                tools.append(training(session, "before", case, options, before))
                rows += [{**r, "seed": seed} for r in in_turn(name, tools, pairs=1, warmup=0)]
            session.rows += rows
            scores = {tool: [100 * p for p in values(rows, tool, "p1")] for tool in NAMES}
            pairs = zip(scores["batches"], scores["before"], strict=True)
            difference = [a - b for a, b in pairs]
            differences.append(statistics.mean(difference))
            interval = T[len(difference) - 1] * error_of(difference)
            at_once = {int(n) for n in values(rows, "batches", "lines_at_once")}
            lines.append(
                [
                    case,
                    str(lr),
                    "/".join(map(str, sorted(at_once))),
                    *(f"{statistics.mean(scores[tool]):.2f}" for tool in NAMES),
                    f"{differences[-1]:+.2f} ± {interval:.2f}",
                ]
            )
    session.example(tools)
    session.write(
        f"P@1 in percent, loss {given.loss}: means of {given.seeds} seeds, and the difference with "
        "its 95 % interval."
    )
    session.write(table(["data", "-lr", "lines at once", *NAMES, "difference"], lines))
    session.write(f"Mean difference over all rows: {statistics.mean(differences):+.3f}.")


def error_of(numbers: list[float]) -> float:
    """Return the standard error of a mean."""
    return float(statistics.stdev(numbers) / len(numbers) ** 0.5)


def training(session: Session, name: str, case: str, options: Options, command: list[str]) -> Tool:
    """Return a fastcli as a tool that trains and then tests the model."""
    assert session.data is not None
    train = session.data / case / CASES[case][0]
    test = train.with_name(train.name.replace("train", "test"))
    stem, model = session.scratch / name, session.scratch / f"{name}.bin"
    words = [word for key, value in options.items() for word in (f"-{key}", str(value))]

    def tested() -> Row:
        notes = json.loads(Path(f"{model}.json").read_text())
        return {
            **session.tested("fastcli", model, test),
            "lines_at_once": notes.get("lines_at_once", 1),
        }

    return Tool(
        name,
        [*command, "supervised", "-input", str(train), "-output", str(stem), "--no-vec", *words],
        outputs=[model, Path(f"{model}.json")],
        after_last=tested,
    )


if __name__ == "__main__":
    main()
