"""How long labelling the rows of a table takes: against lines of text, and a loop of orjson."""

from __future__ import annotations

import csv
import gzip
import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from itertools import cycle, zip_longest
from pathlib import Path

from measure import Options, Row, Session, Tool, in_turn, median, number, parser, ratio, run, table

HEADER = ["rows", "tool", "seconds", "rows/s", "CPU s", "CPU x base", "peak MB", "equal rows"]
DOCUMENT = 4000  # characters
MODELS: dict[str, tuple[str, Options]] = {
    "imdb, dim 16": ("imdb", {"dim": 16, "wordNgrams": 2, "epoch": 3}),
    "imdb, dim 100": ("imdb", {"dim": 100, "wordNgrams": 2, "epoch": 3}),
    "langid75, quantized": (
        "langid75",
        {"dim": 16, "minn": 2, "maxn": 4, "loss": "hs", "bucket": 200_000},
    ),
}


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=200_000, help="rows of the CSV file  [200000]")
    options.add_argument("--documents", type=int, default=20_000, help="of JSON lines  [20000]")
    given = options.parse_args()
    with Session("label", given) as session:
        lines = rows_and_lines(session, given)
        lines += documents(session, given)
        session.write(table(HEADER, lines))


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a training file, over and over."""
    lines = path.read_text("utf-8").splitlines()
    return (line.partition(" ")[2] for line in cycle(lines))


def rows_and_lines(session: Session, given: Namespace) -> list[list[str]]:
    """Label rows of CSV, and the same texts as lines."""
    table_file, text = session.scratch / "rows.csv", session.scratch / "rows.txt"
    source = texts(given.data / "ag_news" / "test.txt")
    with (
        open(table_file, "w", encoding="utf-8", newline="") as rows,
        open(text, "w", encoding="utf-8") as lines,
    ):
        writer = csv.writer(rows)
        writer.writerow(["id", "text", "date"])
        for i, one in zip(range(given.rows), source, strict=False):
            writer.writerow([i, one, "2026-01-01"])
            lines.write(one + "\n")
    model = trained(session, given, "ag_news", {"dim": 10, "epoch": 1, "bucket": 0})
    output, printed = session.scratch / "labelled.csv", session.scratch / "printed.txt"
    predict = [*session.fastcli, "predict-prob", str(model)]
    thread = ["-thread", "1"]
    tools = [
        Tool("lines", [*predict, str(text), *thread], stdout=printed),
        Tool("CSV to CSV", [*predict, str(table_file), "--output", str(output), *thread]),
    ]

    def share() -> float:
        with (
            open(output, encoding="utf-8", newline="") as left,
            open(printed, encoding="utf-8") as right,
        ):
            found = [f"__label__{row['label']}" for row in csv.DictReader(left)]
            wanted = [line.partition(" ")[0] for line in right]
        return agreement(found, wanted)

    return measured(session, given, f"{given.rows:,} texts", tools, given.rows, share)


def documents(session: Session, given: Namespace) -> list[list[str]]:
    """Label documents of JSON lines: one process against a loop in Python, and compressed ones."""
    lines = []
    for case, (name, options) in MODELS.items():
        data = session.scratch / "documents.jsonl"
        write_documents(data, texts(given.data / name / "train.txt"), given.documents)
        model = trained(session, given, name, options)
        if "quantized" in case:
            model = quantized(session, given.data / name / "train.txt", model)
        output, other = session.scratch / "ours.jsonl", session.scratch / "theirs.jsonl"
        predict = [*session.fastcli, "predict-prob", str(model)]
        tools = [
            Tool("fastcli", [*predict, str(data), "--output", str(output), "-thread", "1"]),
            *(
                Tool(
                    f"orjson and {peer}",
                    session.peer("label", peer, model=model, data=data, output=other),
                )
                for peer in session.peers
            ),
        ]

        def share(output: Path = output, other: Path = other) -> float:
            return agreement(labels_of(output), labels_of(other)) if session.peers else 1.0

        rows = f"{given.documents:,} documents, {case}"
        lines += measured(session, given, rows, tools, given.documents, share)
        packed, result = session.scratch / "d.jsonl.gz", session.scratch / "labelled.jsonl.gz"
        with open(data, "rb") as plain, gzip.open(packed, "wb", 6) as target:
            target.writelines(plain)
        both = [*predict, str(packed), "--output", str(result), "-thread", "2"]
        tools = [Tool("fastcli, .gz to .gz, 2 threads", both)]
        lines += measured(session, given, rows, tools, given.documents, lambda: 1.0)
    return lines


def measured(
    session: Session,
    given: Namespace,
    case: str,
    tools: list[Tool],
    n: int,
    share: Callable[[], float],
) -> list[list[str]]:
    """Measure tools in turn; return lines of the table, the first tool being the base."""
    rows: list[Row] = in_turn(case, tools, given.pairs, given.warmup)
    session.rows += rows
    session.example(tools)
    equal = share()
    lines = []
    for tool in tools:
        seconds = median(rows, tool.name, "seconds") or 0.0
        lines.append(
            [
                case,
                tool.name,
                number(seconds),
                f"{n / seconds:,.0f}",
                number(median(rows, tool.name, "cpu_seconds")),
                ratio(rows, tool.name, tools[0].name, "cpu_seconds"),
                number(median(rows, tool.name, "peak_mb"), 0),
                f"{equal:.3%}" if len(tools) > 1 else "",
            ]
        )
    return lines


def trained(session: Session, given: Namespace, name: str, options: Options) -> Path:
    """Train a model and return its file."""
    train = str(given.data / name / "train.txt")
    run(session.training("fastcli", {**options, "input": train, "thread": 2}))
    return session.scratch / "fastcli.bin"


def quantized(session: Session, train: Path, model: Path) -> Path:
    """Quantize a model and return its file."""
    stem = str(model.with_suffix(""))
    words = ["-qnorm", "-cutoff", "50000", "-verbose", "0"]
    run(Tool("", [*session.fastcli, "quantize", "-input", str(train), "-output", stem, *words]))
    return model.with_suffix(".ftz")


def write_documents(path: Path, source: Iterator[str], count: int) -> None:
    """Write documents of about DOCUMENT characters, a JSON object a line."""
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            parts: list[str] = []
            while sum(map(len, parts)) < DOCUMENT:
                parts.append(next(source))
            found = {"id": i, "url": f"http://example.org/{i}", "text": "\n".join(parts)[:DOCUMENT]}
            file.write(json.dumps(found, ensure_ascii=False) + "\n")


def labels_of(path: Path) -> list[str]:
    """Return the labels of documents."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line)["label"] for line in file]


def agreement(found: list[str], wanted: list[str]) -> float:
    """Return the share of labels that are equal."""
    same = [bool(a == b) for a, b in zip_longest(found, wanted)]
    return sum(same) / len(same)


if __name__ == "__main__":
    main()
