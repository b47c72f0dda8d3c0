"""What validation costs: a training with --valid, one without, and as many runs of test."""

from __future__ import annotations

from argparse import Namespace

from measure import Options, Session, Tool, in_turn, median, number, parser, table

HEADER = ["text", "tool", "seconds", "CPU s", "peak MB"]
EPOCHS = 5
SETS: dict[str, Options] = {
    "ag_news": {"lr": 0.5},
    "cooking": {"lr": 0.5, "loss": "ova"},
    "langid75": {"lr": 0.5},
}


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--sets", default=",".join(SETS), help="names of folders  [all]")
    given = options.parse_args()
    with Session("validation", given) as session:
        lines = [row for name in given.sets.split(",") for row in measured(session, given, name)]
        session.write(table(HEADER, lines))


def measured(session: Session, given: Namespace, name: str) -> list[list[str]]:
    """Measure one set: an evaluation after each epoch may take as long as a run of test."""
    folder = given.data / name
    valid = folder / "test.txt"
    model = session.scratch / f"{name}.bin"
    train = [*session.fastcli, "supervised", "-input", str(folder / "train.txt")]
    train += ["-output", str(model.with_suffix("")), "-epoch", str(EPOCHS), "-thread", "1"]
    train += [word for key, value in SETS[name].items() for word in (f"-{key}", str(value))]
    train += ["-verbose", "0", "--no-vec"]
    tools = [
        Tool("without", train),
        Tool("with --valid", [*train, "--valid", str(valid)]),
        Tool("test", [*session.fastcli, "test", str(model), str(valid), "-thread", "1"]),
    ]
    runs = in_turn(name, tools, given.pairs, given.warmup)
    session.rows += runs
    cpu = {tool.name: median(runs, tool.name, "cpu_seconds") or 0.0 for tool in tools}
    rows = [
        [
            name,
            tool.name,
            number(median(runs, tool.name, "seconds")),
            number(cpu[tool.name]),
            number(median(runs, tool.name, "peak_mb"), 0),
        ]
        for tool in tools
    ]
    more, most = cpu["with --valid"] - cpu["without"], EPOCHS * cpu["test"]
    rows.append([name, f"{EPOCHS} evaluations, {EPOCHS} tests", "", f"{more:.2f}, {most:.2f}", ""])
    return rows


if __name__ == "__main__":
    main()
