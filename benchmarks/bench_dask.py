"""What a second worker of a Dask cluster gains: many files of JSON lines labelled, on each disk.

Runs with a python that has fastcli and its extra dask.  The start of the clusters, and of the
command that asks for the work, is apart from the figure "seconds at work".
"""

from __future__ import annotations

import json
import re
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path

from measure import Row, Session, Tool, in_turn, median, number, parser, ratio, run, table

OPTIONS = {"dim": 100, "epoch": 1, "wordNgrams": 2, "bucket": 200_000, "thread": 2}
HEADER = [
    "files on",
    "made by",
    "seconds",
    "seconds at work",
    "times one worker",
    "rows/s",
    "equal bytes",
]
WORK = re.compile(r"^parts .*\n +[0-9,]+ +[0-9,]+ +([0-9.,]+) ", re.M)  # the table's seconds


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=3)
    options.add_argument("--files", type=int, default=24, help="[24]")
    options.add_argument("--rows", type=int, default=40_000, help="of each file  [40000]")
    options.add_argument(
        "--folder",
        type=Path,
        action="append",
        help="of the files; repeatable  [one on the disk of temporary files, /dev/shm]",
    )
    given = options.parse_args()
    folders = given.folder or [Path(tempfile.gettempdir()), Path("/dev/shm")]
    with Session("dask", given) as session, ExitStack() as stack:
        clusters = {n: stack.enter_context(cluster(n)) for n in (1, 2)}
        train = str(given.data / "ag_news" / "train.txt")
        run(session.training("fastcli", {**OPTIONS, "input": train}))
        model = session.scratch / "fastcli.bin"
        lines = []
        for folder in folders:
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                lines += measured(session, given, Path(scratch), model, clusters)
        session.write(table(HEADER, lines))


@contextmanager
def cluster(n_workers: int) -> Iterator[str]:
    """Start workers, each with a process and one thread; give the address of their scheduler."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # of what else it serves
        memory_limit=0,
    ) as found:
        yield found.scheduler_address


def measured(
    session: Session, given: Namespace, scratch: Path, model: Path, clusters: dict[int, str]
) -> list[list[str]]:
    """Label the files by one worker and by two, and without a cluster; return rows of the table."""
    write_files(scratch / "in", given)
    predict = [*session.fastcli, "predict-prob", str(model), str(scratch / "in" / "*.jsonl")]
    predict += ["--overwrite", "--output-dir"]
    ways = {f"{n} worker{'s' * (n > 1)}": ["--dask", clusters[n]] for n in clusters}
    ways |= {f"no cluster, -thread {n}": ["-thread", str(n)] for n in (1, 2)}
    tools = [
        Tool(name, [*predict, str(scratch / name), *words], after_each=at_work)
        for name, words in ways.items()
    ]
    case = str(scratch.parent)
    rows = in_turn(case, tools, given.pairs, given.warmup)
    session.rows += rows
    session.example(tools)
    first = parts(scratch / tools[0].name)
    return [
        line_of(rows, case, tool, tools[0], given, parts(scratch / tool.name) == first)
        for tool in tools
    ]


def line_of(
    rows: list[Row], case: str, tool: Tool, base: Tool, given: Namespace, is_equal: bool
) -> list[str]:
    """Return a row of the table."""
    at_work = median(rows, tool.name, "at_work") or 0.0
    return [
        case,
        tool.name,
        number(median(rows, tool.name, "seconds")),
        number(at_work),
        ratio(rows, base.name, tool.name, "at_work"),
        f"{given.files * given.rows / at_work:,.0f}",
        "yes" if is_equal else "NO",
    ]


def at_work(stderr: str) -> Row:
    """Return the seconds that the command says it took to make the parts."""
    return {"at_work": float(WORK.findall(stderr)[-1].replace(",", ""))}


def write_files(folder: Path, given: Namespace) -> None:
    """Write files of documents in JSON lines."""
    folder.mkdir()
    lines = (given.data / "ag_news" / "test.txt").read_text("utf-8").splitlines()
    texts = cycle(line.partition(" ")[2] for line in lines)
    for i in range(given.files):
        with open(folder / f"{i:03}.jsonl", "w", encoding="utf-8") as file:
            for j, text in enumerate(islice(texts, given.rows)):
                file.write(json.dumps({"id": j, "text": text}) + "\n")


def parts(folder: Path) -> dict[str, bytes]:
    """Return the parts of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.jsonl"))}


if __name__ == "__main__":
    main()
