"""How long training a neural network takes, compared with PyTorch and scikit-learn."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from measure import HERE, Row, Session, Tool, in_turn, median, number, parser, ratio, table

NUMBERS: dict[str, dict[str, str]] = {
    "digits 64-128-64-10": {"data": "digits", "hidden": "128,64", "batch": "32", "epoch": "200"},
    "digits 64-256-128-10": {"data": "digits", "hidden": "256,128", "batch": "128", "epoch": "400"},
    "the same, batch norm, dropout": {
        "data": "digits",
        "hidden": "256,128",
        "batch": "128",
        "epoch": "400",
        "norm": "batch",
        "dropout": "0.3",
    },
    "mnist10k 784-256-128-10": {
        "data": "mnist10k",
        "hidden": "256,128",
        "batch": "128",
        "epoch": "20",
    },
}
TEXT = {"hidden": "128", "batch": "64", "epoch": "3", "dim": "100", "bucket": "2000000"}
HEADER = ["case", "tool", "training s", "x fastcli", "whole s", "peak MB", "steps", "N", "P@1"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=3)
    given = options.parse_args()
    with Session("mlp", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train every case with every tool, in turn."""
    lines = []
    for case, options in NUMBERS.items():
        folder = given.data / "mlp_numeric"
        train = folder / f"{options['data']}.train.csv"
        test = folder / f"{options['data']}.test.csv"
        tools = [ours(session, n, train, test, options) for n in (2, 1)]
        for name in session.peers:
            if name == "torch" or not options.get("norm"):
                tools.append(peer(session, name, train, test, options))
        lines += measured(session, given, case, tools)
    train, test = given.data / "ag_news" / "train.txt", given.data / "ag_news" / "test.txt"
    tools = [ours(session, n, train, test, TEXT) for n in (2, 1)]
    if "torch" in session.peers:
        tools.append(peer(session, "torch", train, test, {**TEXT, "text": "1"}))
    lines += measured(session, given, "ag_news, bigrams, 100-128-4", tools)
    session.write(table(HEADER, lines))


def measured(session: Session, given: Namespace, case: str, tools: list[Tool]) -> list[list[str]]:
    """Run the tools in turn, and return their lines of the table."""
    rows = in_turn(case, tools, given.pairs, given.warmup)
    session.rows += rows
    session.example(tools)
    base = tools[0].name
    return [
        [
            case,
            tool.name,
            number(median(rows, tool.name, "training_seconds"), 3),
            ratio(rows, tool.name, base, "training_seconds"),
            number(median(rows, tool.name, "seconds")),
            number(median(rows, tool.name, "peak_mb"), 0),
            number(median(rows, tool.name, "steps"), 0),
            number(median(rows, tool.name, "n"), 0),
            number(median(rows, tool.name, "p1"), 4),
        ]
        for tool in tools
    ]


def ours(session: Session, threads: int, train: Path, test: Path, options: dict[str, str]) -> Tool:
    """Return fastcli as a tool; its seconds of training are those in the log."""
    stem = session.scratch / "fastcli"
    name = "fastcli, 1 thread" if threads == 1 else f"fastcli, {threads} threads"
    model, log = stem.with_suffix(".mlp"), session.scratch / "fastcli.jsonl"
    words = ["-input", str(train), "-output", str(stem), "--log", str(log), "-verbose", "0"]
    words += ["--hidden", options["hidden"], "--batch-size", options["batch"]]
    words += ["-epoch", options["epoch"], "-lr", "0.001", "-thread", str(threads)]
    words += ["--optimizer", "adam", "--dropout", options.get("dropout", "0")]
    if "dim" in options:
        words += ["-dim", options["dim"], "-bucket", options["bucket"], "-wordNgrams", "2"]
    if "norm" in options:
        words += ["--norm", options["norm"]]

    def figures(_: str) -> Row:
        last = json.loads(log.read_text("utf-8").splitlines()[-1])
        return {"training_seconds": last["seconds"], "steps": last["step"], "loss": last["loss"]}

    return Tool(
        name,
        [*session.fastcli, "mlp-train", *words],
        outputs=[model, log],
        after_each=figures,
        after_last=lambda: session.tested("fastcli", model, test),
    )


def peer(session: Session, name: str, train: Path, test: Path, options: dict[str, str]) -> Tool:
    """Return a peer as a tool; it says its seconds of training and its P@1 itself."""
    given = {"input": train, "test": test, "thread": 2, **options}
    given.pop("data", None)
    words = [f"{key}={value}" for key, value in given.items()]

    def figures(stderr: str) -> Row:
        found: Row = json.loads(stderr.splitlines()[-1])
        return found

    command = [session.peers[name], str(HERE / "peers_mlp.py"), name, *words]
    return Tool(name, command, after_each=figures)


if __name__ == "__main__":
    main()
