"""The headline figures of the README: fastcli against fastText's own program, built natively.

Every task runs with its files on a disk, and most again with all files in memory (/dev/shm),
so that one can see what the disk has to do with it.  fastText's Python wheel, where it is given,
takes its turn in tasks that programs do with it.  ``python -m tests.docs`` then brings the README
and docs/performance.md up to date.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bench_open
import bench_predict
import bench_quantize
import bench_train
import bench_vectors
import native
from measure import (
    SAMPLES,
    Options,
    Row,
    Session,
    Tool,
    cores,
    corpus,
    in_turn,
    median,
    number,
    parser,
    ratio,
    run,
    table,
    values,
)

THREADS = 2
LINES = 75_000
WORDS = 2_000_000  # and as many buckets, dim 100: a model of 1.6 GB
TEXT, PAIRS = "corpus_en_small/wikitext2.valid.txt", "wordsim"
HEADER = [
    "task",
    "files",
    "tool",
    "rounds",
    "seconds",
    "x fastcli",
    "CPU s",
    "peak MB",
    "MB written",
    "MB on disk",
    "check",
]


@dataclass(frozen=True)
class Task:
    """Something that every tool does."""

    tools: Callable[[Session], list[Tool]]
    on_disk: int  # rounds
    in_memory: int
    warmup: int = 1


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=7)
    options.add_argument("--cases", nargs="+", default=list(TASKS), choices=list(TASKS))
    options.add_argument(
        "--memory", type=Path, default="/dev/shm", help="folder in memory  [/dev/shm]"
    )
    given = options.parse_args()
    if not given.native:
        options.error("needs --native PATH; native_fasttext.py builds it")
    with Session("headline", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Run the tasks that are asked for, with their files on the disk and in memory."""
    started = time.monotonic()
    session.write(
        f"Two threads of {cores()}. Files on a disk: {filesystem(session.scratch)}; in memory: "
        f"{filesystem(given.memory)}. No tool waits until its file is on the disk. What is read is "
        "in the system's file cache, but for the model that `open` opens on the disk.\n"
        "fasttext-native and fastcli write a .bin and a .vec. P@1 and Spearman's correlation are "
        "computed by fastText's program, whoever made the model."
    )
    lines = []
    for name in given.cases:
        task = TASKS[name]
        for place, rounds in (("disk", task.on_disk), ("memory", task.in_memory)):
            rounds = min(rounds, given.pairs)
            if not rounds:
                continue
            with in_folder(session, given.memory if place == "memory" else None):
                tools = [
                    replace(tool, after_each=sizes(tool, place)) for tool in task.tools(session)
                ]
                warmup = min(task.warmup, given.warmup) if place == "disk" else 0
                if place == "disk" and not warmup:
                    run(tools[0])  # fastcli's kernels are compiled before rounds are counted
                rows = in_turn(name, tools, rounds, warmup)
                if place == "disk":
                    session.example(tools)
            session.rows += rows
            lines += [line(name, place, tool, rows, rounds) for tool in tools]
    session.write(table(HEADER, lines))
    print(f"{(time.monotonic() - started) / 60:.1f} minutes", file=sys.stderr)


@contextmanager
def in_folder(session: Session, folder: Path | None) -> Iterator[None]:
    """Let a session put its files into a new folder below ``folder`` for a while, and remove it."""
    before = session.scratch
    with tempfile.TemporaryDirectory(dir=folder or before, prefix="bench-") as name:
        session.scratch = Path(name)
        yield
    session.scratch = before


def sizes(tool: Tool, place: str) -> Callable[[str], Row]:
    """Return what is to be noted after each run: where files were, and how large they are."""

    def after(stderr: str) -> Row:
        found = [path.stat() for path in tool.outputs if path.exists()]
        row: Row = {"files": place}
        if found:
            row["written_mb"] = round(sum(stat.st_size for stat in found) / 1e6, 2)
            row["disk_mb"] = round(sum(stat.st_blocks * 512 for stat in found) / 1e6, 2)
        return row | (tool.after_each(stderr) if tool.after_each else {})

    return after


def line(task: str, place: str, tool: Tool, rows: list[Row], rounds: int) -> list[str]:
    """Return the figures of a tool for the table."""
    name = tool.name
    seconds = values(rows, name, "seconds")
    (check,) = {str(row["check"]) for row in rows if row["tool"] == name and "check" in row}
    return [
        task,
        place,
        name,
        str(rounds),
        f"{number(median(rows, name, 'seconds'))} ({min(seconds):.2f}-{max(seconds):.2f})",
        ratio(rows, name, "fastcli"),
        number(median(rows, name, "cpu_seconds")),
        number(median(rows, name, "peak_mb"), 0),
        number(median(rows, name, "written_mb"), 1),
        number(median(rows, name, "disk_mb"), 1),
        check,
    ]


def filesystem(path: Path) -> str:
    """Return the kind and the device of the file system that has a path."""
    path, best = path.resolve(), ("", "unknown")
    for entry in Path("/proc/self/mounts").read_text("utf-8").splitlines():
        device, mounted, kind = entry.split()[:3]
        if path.is_relative_to(mounted) and len(mounted) >= len(best[0]):
            best = (mounted, f"{kind} on {device}")
    return best[1]


# ------------------------------------------------------------------ the tasks


def training(case: str) -> Callable[[Session], list[Tool]]:
    """Return the task of training a classifier, as bench_train.py has it."""

    def tools(session: Session) -> list[Tool]:
        data, options = bench_train.CASES[case]
        folder = data_of(session) / data
        options = {"input": str(folder / "train.txt"), **options, "thread": THREADS}
        return [
            replace(
                session.training(name, options),
                after_each=None,
                after_last=accuracy(session, session.scratch / f"{name}.bin", folder / "test.txt"),
            )
            for name in ("fastcli", native.NAME)
        ]

    return tools


def quantizing(session: Session) -> list[Tool]:
    """Return the tools of quantizing one model of many labels, as bench_quantize.py has it."""
    case = "cooking"
    options, quantize = bench_quantize.CASES[case]
    folder = data_of(session) / case
    options = {"input": str(folder / "train.txt"), **options, "thread": THREADS}
    run(session.training("fastcli", options))
    model = session.scratch / "fastcli.bin"
    found = [
        bench_quantize.tool(session, name, model, folder, quantize)
        for name in ("fastcli", native.NAME)
    ]
    after = accuracy(session, model.with_suffix(".ftz"), folder / "test.txt")
    return [replace(tool, after_each=None, after_last=after) for tool in found]


def predicting(session: Session) -> list[Tool]:
    """Return the tools of predicting many lines with one model, as bench_predict.py has it."""
    folder = data_of(session) / "ag_news"
    options: Options = {"input": str(folder / "train.txt"), **bench_predict.TRAINING}
    run(session.training("fastcli", options))
    model, text = session.scratch / "fastcli.bin", session.scratch / "lines.txt"
    bench_predict.repeat(folder / "test.txt", text, LINES)
    own = [*session.fastcli, "predict", str(model), str(text), "--thread", str(THREADS)]
    return answering(session, own, predict=("predict", model, text), wheels=True)


def opening(session: Session) -> list[Tool]:
    """Return the tools of opening a large model for one line, as bench_open.py has it.

    On a disk, the model is no longer in the system's file cache when a tool starts.
    """
    model, text = session.scratch / "large.bin", session.scratch / "line.txt"
    bench_open.write_model(model, WORDS, WORDS, 100)
    text.write_bytes(b"9e3779b1 some words 3c6ef362 that it may know or not\n")
    own = [*session.fastcli, "predict", str(model), str(text)]
    tools = answering(session, own, predict=("predict", model, text), wheels=True)
    return [replace(tool, before=lambda: forget(model)) for tool in tools]


def starting(session: Session) -> list[Tool]:
    """Return the tools of predicting one line with a small model."""
    text = session.scratch / "line.txt"
    text.write_text("how long do i boil an egg ?\n", encoding="utf-8")
    options: Options = {
        "input": str(SAMPLES / "topics.train.txt"),
        "lr": 0.5,
        "epoch": 25,
        "dim": 20,
    }
    run(session.training("fastcli", options))
    model = session.scratch / "fastcli.bin"
    own = [*session.fastcli, "predict", str(model), str(text)]
    return answering(session, own, predict=("predict", model, text), wheels=False)


def embedding(session: Session) -> list[Tool]:
    """Return the tools of training word vectors (skip-gram) with fastText's defaults."""
    text = data_of(session) / TEXT
    sets = bench_vectors.read_sets(data_of(session) / PAIRS)

    def tool(name: str) -> Tool:
        made = bench_vectors.tool(session, name, "skipgram", text, 0, sets, corpus(text, ngrams=1))
        model = made.outputs[0]

        def after() -> Row:
            found = bench_vectors.judged(session, native.NAME, model, sets)
            correlations = [float(str(value)) for value in found.values()]
            mean = sum(correlations) / len(correlations)
            return {"check": f"Spearman {mean:.3f}"}

        return replace(made, after_each=None, after_last=after)

    return [tool(name) for name in ("fastcli", native.NAME)]


def data_of(session: Session) -> Path:
    """Return the folder of data, which is a required option."""
    assert session.data is not None
    return session.data


def accuracy(session: Session, model: Path, test: Path) -> Callable[[], Row]:
    """Return a check of a model: P@1, by fastText's program."""

    def after() -> Row:
        found = session.tested(native.NAME, model, test)
        return {"check": f"P@1 {found['p1']:.3f} of {found['n']}"}

    return after


def answering(
    session: Session, own: list[str], predict: tuple[str, Path, Path], wheels: bool
) -> list[Tool]:
    """Return tools that predict; the check is how many lines are those of fastText's program."""
    action, model, text = predict
    commands = {"fastcli": own}
    for name in session.peers:
        if name == native.NAME or wheels:
            commands[name] = session.peer(action, name, model=model, data=text)
    expected = session.scratch / "expected"
    with open(expected, "wb") as out:
        subprocess.run(commands[native.NAME], stdout=out, check=True)

    def tool(name: str, command: list[str]) -> Tool:
        answers = session.scratch / f"{name}.out"

        def check() -> Row:
            lines, share = bench_predict.equal(expected, answers)
            return {"check": f"{share:.3%} of {lines:,} equal"}

        return Tool(name, command, stdout=answers, after_last=check)

    return [tool(name, command) for name, command in commands.items()]


def forget(path: Path) -> None:
    """Take a file out of the system's file cache; one in memory stays."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


TASKS = {
    "train": Task(training("ag_news-dim100"), on_disk=7, in_memory=3),
    "labels": Task(training("cooking-softmax"), on_disk=5, in_memory=0, warmup=0),
    "quantize": Task(quantizing, on_disk=3, in_memory=0, warmup=0),
    "predict": Task(predicting, on_disk=7, in_memory=3),
    "open": Task(opening, on_disk=5, in_memory=3),
    "vectors": Task(embedding, on_disk=5, in_memory=3),
    "start": Task(starting, on_disk=7, in_memory=0),
}


if __name__ == "__main__":
    main()
