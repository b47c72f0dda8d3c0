"""How many nearest-neighbour queries a second are answered, as a whole process and beyond start."""

from __future__ import annotations

import json
import random
import subprocess
from argparse import Namespace

from measure import Session, Tool, in_turn, median, number, parser, run, table

TEXTS = (
    "corpus_en_small/brown.txt",
    "corpus_en_small/wikitext2.valid.txt",
    "ag_news/train.txt",
    "imdb/train.txt",
    "cooking/train.txt",
)
HEADER = ["queries", "threads", "seconds", "CPU s", "peak MB", "queries/s beyond the first"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--queries", type=int, default=40_000, help="at once  [40000]")
    options.add_argument("--thread", type=int, default=2, help="[2]")
    given = options.parse_args()
    with Session("queries", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train word vectors of 100,000 words or more on real text, and ask for neighbours."""
    text = session.scratch / "text.txt"
    with open(text, "wb") as out:
        for name in TEXTS:
            out.write((given.data / name).read_bytes())
    stem = session.scratch / "words"
    train = Tool(
        "train",
        [
            *session.fastcli,
            "skipgram",
            *("-input", str(text), "-output", str(stem), "--no-vec"),
            *("-minCount", "1", "-epoch", "1", "-thread", str(given.thread)),
        ],
    )
    run(train)
    model = stem.with_suffix(".bin")
    words = json.loads(stem.with_suffix(".json").read_text("utf-8"))["words"]
    entries = subprocess.check_output([*session.fastcli, "dump", str(model), "dict"])
    known = [line.split(b" ")[0] for line in entries.splitlines()[1:]]
    chosen = random.Random(1).choices(known[1:], k=given.queries)
    tools = []
    for count in (1, given.queries):
        asked = session.scratch / f"queries-{count}.txt"
        asked.write_bytes(b"\n".join(chosen[:count]) + b"\n")
        command = [*session.fastcli, "nn", str(model), "10", "--thread", str(given.thread)]
        answers = session.scratch / f"answers-{count}.txt"
        tools.append(Tool(f"{count} queries", command, stdin=asked, stdout=answers))
    rows = in_turn("nn", tools, given.pairs, given.warmup)
    session.rows = rows
    session.example([train, *tools])
    answered = answers.read_bytes().count(b"\n")
    lines = []
    start = median(rows, tools[0].name, "seconds") or 0.0
    for count, tool in zip((1, given.queries), tools, strict=True):
        seconds = median(rows, tool.name, "seconds") or 0.0
        speed = (count - 1) / (seconds - start) if count > 1 else None
        lines.append(
            [
                f"{count:,}",
                str(given.thread),
                number(seconds),
                number(median(rows, tool.name, "cpu_seconds")),
                number(median(rows, tool.name, "peak_mb"), 0),
                number(speed, 0),
            ]
        )
    session.write(
        f"nn on a model of {words:,} words, dim 100; {answered:,} lines of answers for "
        f"{given.queries:,} queries of words drawn at random."
    )
    session.write(table(HEADER, lines))


if __name__ == "__main__":
    main()
