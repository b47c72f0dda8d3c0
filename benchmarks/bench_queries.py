"""How many nearest-neighbour queries are answered per second, with and without start-up."""

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
    options.add_argument(
        "--questions",
        default="wordsim/questions-words.txt",
        help="four words per line, below --data",
    )
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
    lines = (given.data / given.questions).read_text(encoding="utf-8").lower().splitlines()
    triples = [line.split()[:3] for line in lines if not line.startswith(":")]
    # b is to a as c is to what ?  That is a - b + c.
    asked = {
        "nn": chosen,
        "analogies": [f"{a} {b} {c}".encode() for b, a, c in triples],
    }
    tools, counts = [], {}
    for command, queries in asked.items():
        for count in (1, len(queries)):
            source = session.scratch / f"{command}-{count}.txt"
            source.write_bytes(b"\n".join(queries[:count]) + b"\n")
            words_of = [*session.fastcli, command, str(model), "10", "--thread", str(given.thread)]
            tool = Tool(f"{command}, {count:,}", words_of, stdin=source)
            tools.append(tool)
            counts[tool.name] = count
    rows = in_turn("queries", tools, given.pairs, given.warmup)
    session.rows = rows
    session.example([train, *tools])
    table_rows = []
    start = 0.0
    for tool in tools:
        seconds, count = median(rows, tool.name, "seconds") or 0.0, counts[tool.name]
        if count == 1:
            start = seconds
        table_rows.append(
            [
                tool.name,
                str(given.thread),
                number(seconds),
                number(median(rows, tool.name, "cpu_seconds")),
                number(median(rows, tool.name, "peak_mb"), 0),
                number((count - 1) / (seconds - start), 0) if count > 1 else "",
            ]
        )
    session.write(
        f"A model of {words:,} words, dim 100; words drawn at random, and the questions of a file."
    )
    session.write(table(HEADER, table_rows))


if __name__ == "__main__":
    main()
