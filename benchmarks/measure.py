"""Measuring whole processes in turn: shared by all scripts here.

Owns running a command with its wall time, CPU time and peak memory, taking turns between tools,
the description of the machine, tables and the files of figures.  Standard library only, and small
in memory on purpose: the peak memory of a child is never reported below that of its parent.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import native

HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers.py"
SAMPLES = HERE.parent / "data" / "samples"
MEGABYTE = 1e6

Row = dict[str, object]
Options = Mapping[str, str | int | float]


@dataclass
class Tool:
    """One command that takes its turn."""

    name: str
    command: Sequence[str]
    outputs: Sequence[Path] = ()  # files or folders; removed before and after every run
    stdin: Path | None = None
    stdout: Path | None = None  # kept, for a comparison; None: thrown away
    env: Mapping[str, str] = field(default_factory=dict)
    exit_codes: Sequence[int] = (0,)
    before: Callable[[], None] | None = None  # outside the time
    after_each: Callable[[str], Row] | None = None  # given stderr; its figures join the run's
    after_last: Callable[[], Row] | None = None  # the same, for the last run: is the work equal?


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    stderr: str


def run(tool: Tool) -> Run:
    """Run a command once as a process of its own, from start to exit."""
    for path in tool.outputs:
        remove(path)
    if tool.before:
        tool.before()
    with (
        open(tool.stdin or os.devnull, "rb") as stdin,
        open(tool.stdout or os.devnull, "wb") as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        started = time.perf_counter()
        process = subprocess.Popen(
            tool.command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **tool.env},
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        stderr.seek(0)
        words = stderr.read().decode("utf-8", "replace")
    if process.returncode not in tool.exit_codes:
        sys.exit(f"{shlex.join(tool.command)}\nended with {process.returncode}: {words[-2000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, words)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def in_turn(case: str, tools: Sequence[Tool], pairs: int, warmup: int) -> list[Row]:
    """Run every tool once, then every tool again (A B A B), and return one row of figures a run.

    The first ``warmup`` rounds are not counted.
    """
    rows = []
    for number in range(1 - warmup, pairs + 1):
        for tool in tools:
            once = run(tool)
            row: Row = {
                "case": case,
                "tool": tool.name,
                "round": number,
                "seconds": round(once.seconds, 4),
                "cpu_seconds": round(once.cpu_seconds, 4),
                "peak_mb": round(once.peak_bytes / MEGABYTE, 1),
            }
            if tool.after_each:
                row |= tool.after_each(once.stderr)
            if tool.after_last and number == pairs:
                row |= tool.after_last()
            for path in tool.outputs:
                remove(path)
            say(f"{case}  {tool.name}  round {number}: {once.seconds:.3f} s")
            if number > 0:
                rows.append(row)
    return rows


def say(text: str) -> None:
    """Report progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def values(rows: Iterable[Row], tool: str, key: str) -> list[float]:
    """Return one figure of all runs of a tool, in the order of the runs."""
    return [
        value
        for row in rows
        if row["tool"] == tool and isinstance(value := row.get(key), (int, float))
    ]


def median(rows: Iterable[Row], tool: str, key: str) -> float | None:
    """Return the median of one figure of a tool, or None if it has none."""
    found = values(rows, tool, key)
    return statistics.median(found) if found else None


def ratio(rows: Sequence[Row], tool: str, base: str, key: str = "seconds") -> str:
    """Return how many times ``base`` goes into ``tool``: median, least and most of the pairs."""
    pairs = zip(values(rows, tool, key), values(rows, base, key), strict=True)
    found = [above / below for above, below in pairs]
    return f"{statistics.median(found):.2f} ({min(found):.2f}-{max(found):.2f})"


def number(value: float | None, digits: int = 2) -> str:
    """Return a figure for a table; nothing if there is none."""
    return "" if value is None else f"{value:.{digits}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [[c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in (header, *rows)]
    lines.insert(1, ["-" * w for w in widths])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# Command lines


def parser(text: str | None, pairs: int = 5, data: bool = True) -> argparse.ArgumentParser:
    """Return a parser with the options that all scripts share."""
    options = argparse.ArgumentParser(description=text)
    if data:
        options.add_argument(
            "--data", type=Path, required=True, help="folder of <name>/train.txt, <name>/test.txt"
        )
    options.add_argument("--fastcli", default="fastcli", help="the command  [fastcli]")
    options.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help="a peer's name on PyPI and the python that has it; repeatable",
    )
    options.add_argument(
        "--native", metavar="PATH", help="fastText's program, from native_fasttext.py: a peer, too"
    )
    options.add_argument("--pairs", type=int, default=pairs, help=f"counted rounds  [{pairs}]")
    options.add_argument("--warmup", type=int, default=1, help="uncounted rounds before  [1]")
    options.add_argument("--scratch", type=Path, help="folder for models  [a temporary one]")
    options.add_argument("--runs", type=Path, default=HERE / "runs", help="folder for figures")
    return options


class Session:
    """One run of a script: its tools, its scratch folder, the figures it stores at the end."""

    def __init__(self, name: str, options: argparse.Namespace) -> None:
        self.name = name
        self.fastcli = shlex.split(options.fastcli)
        executable = shutil.which(self.fastcli[0])
        if executable is None:
            sys.exit(f"{self.fastcli[0]}: no such command; install fastcli or give --fastcli")
        self.fastcli[0] = executable
        self.peers = dict(peer.partition("=")[::2] for peer in options.peer)
        if options.native:
            self.peers[native.NAME] = options.native
        self.data: Path | None = getattr(options, "data", None)
        self.runs: Path = options.runs
        if options.scratch:
            options.scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = tempfile.TemporaryDirectory(dir=options.scratch, prefix="bench-")
        self.scratch = Path(self._scratch.name)
        self.rows: list[Row] = []
        self.names: dict[str, str] = {}  # further paths of this machine, and what to print for them
        self.text = [f"# {name}", "", *self._describe()]
        print("\n".join(self.text))

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        if self.rows:
            self.save()
        self._scratch.cleanup()

    def peer(self, action: str, name: str, **options: object) -> list[str]:
        """Return the command that runs a peer (see ``peers.py``)."""
        if name == native.NAME:
            return native.command(self.peers[name], action, **options)
        given = [f"{key}={value}" for key, value in options.items()]
        return [self.peers[name], str(PEERS), action, name, *given]

    def no_vec(self) -> list[str]:
        """Return fastcli's option for no ``.vec``, unless a peer writes one: fastText's program."""
        return [] if native.NAME in self.peers else ["--no-vec"]

    def tested(self, name: str, model: Path, data: Path) -> Row:
        """Return N, P@1 and R@1 of a model on a file, by the tool that made it."""
        if name == "fastcli":
            command = [*self.fastcli, "test", str(model), str(data), "--json"]
            found = json.loads(subprocess.check_output(command))
            return {"n": found["n"], "p1": found["precision"], "r1": found["recall"]}
        command = self.peer("test", name, model=model, data=data)
        if name == native.NAME:
            return dict(native.tested(subprocess.check_output(command, text=True)))
        lines, precision, *recall = subprocess.check_output(command, text=True).split()
        row: Row = {"n": int(lines), "p1": float(precision)}
        return {**row, "r1": float(recall[0])} if recall else row

    def training(
        self, name: str, options: Options, sizes: Corpus | None = None, test: Path | None = None
    ) -> Tool:
        """Return ``fastcli`` or a peer as a tool that trains, with fastText's options.

        With ``test``, the model of the last run is tested by the tool that made it.
        """
        stem = self.scratch / name
        outputs = [self.scratch / f"{name}{end}" for end in (".bin", ".bin.json", ".vec")]
        model = outputs[0]
        if name == "fastcli":
            words = [word for key, value in options.items() for word in (f"-{key}", str(value))]
            command = [*self.fastcli, "supervised", "-output", str(stem), *self.no_vec(), *words]
            command += ["-verbose", "3"]  # which says the time of training alone
        else:
            command = self.peer("train", name, output=model, **options)

        def seconds(stderr: str) -> Row:
            if name == "fastcli":
                return {"training_seconds": own_seconds(stderr)}
            return said_seconds(stderr, sizes, options) if sizes else {}

        def accuracy() -> Row:
            return self.tested(name, model, test) if test else {}

        return Tool(
            name,
            command,
            outputs=outputs,
            after_each=seconds,
            after_last=accuracy if test else None,
        )

    def example(self, tools: Sequence[Tool]) -> None:
        """Print the exact commands, without the folders of this machine."""
        folders = {str(self.scratch): "$SCRATCH", str(HERE): "benchmarks", str(SAMPLES): "$SAMPLES"}
        folders |= {
            path: "fasttext" if name == native.NAME else "python"
            for name, path in self.peers.items()
        }
        folders |= {self.fastcli[0]: "fastcli", **self.names}
        if self.data:
            folders[str(self.data)] = "$DATA"
        lines = []
        for tool in tools:
            line = " ".join(tool.command)
            for path in sorted(folders, key=len, reverse=True):
                line = line.replace(path, folders[path])
            lines.append(f"    {line}")
        self.write("\n".join(lines))

    def write(self, text: str) -> None:
        """Print a part of the summary."""
        print("\n" + text, flush=True)
        self.text += ["", text]

    def save(self) -> None:
        """Store the raw figures (.csv) and the summary (.md)."""
        today = datetime.date.today().isoformat()
        folder = self.runs / f"{today}-{machine()}"
        folder.mkdir(parents=True, exist_ok=True)
        stem, again = self.name, 1
        while (folder / f"{stem}.md").exists():
            again += 1
            stem = f"{self.name}-{again}"
        keys = list(dict.fromkeys(key for row in self.rows for key in row))
        with open(folder / f"{stem}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, keys)
            writer.writeheader()
            writer.writerows(self.rows)
        (folder / f"{stem}.md").write_text("\n".join(self.text) + "\n", encoding="utf-8")
        say(f"stored in {folder}/{stem}.csv and .md")

    def _describe(self) -> list[str]:
        load = os.getloadavg()[0]
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        lines = [
            f"- {processor()}, {cores()} usable cores, {pages / 1e9:.0f} GB, {platform.system()} "
            f"{platform.machine()}; load {load:.2f} at the start",
            f"- fastcli: {versions(interpreter(self.fastcli[0]), FASTCLI_PACKAGES)}",
        ]
        for name, path in self.peers.items():
            is_native = name == native.NAME
            found = native.described(path) if is_native else versions(path, (name, "numpy"))
            lines.append(f"- {name}: {found}")
        return lines


# The machine

FASTCLI_PACKAGES = ("fasttext-cli", "numba", "llvmlite", "numpy")
VERSIONS = """
import sys, platform
from importlib.metadata import version, PackageNotFoundError
found = ["Python " + platform.python_version()]
for name in sys.argv[1:]:
    try:
        found.append(name + " " + version(name))
    except PackageNotFoundError:
        pass
print(", ".join(found))
"""
COPY = """
import time
size = 1 << 28
one, two = memoryview(bytearray(b"1") * size), memoryview(bytearray(size))
two[:] = one
started, copies = time.perf_counter(), 0
while time.perf_counter() - started < 1:
    two[:] = one
    copies += 1
print(2 * size * copies / (time.perf_counter() - started))
"""


def processor() -> str:
    """Return the name of the processor."""
    try:
        found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Return a short name of this machine for a folder."""
    return re.sub(r"\W+", "-", f"{processor()} {cores()} cores").strip("-").lower()


def interpreter(command: str) -> str:
    """Return the Python that an installed command runs on (this one if that cannot be seen)."""
    with open(command, "rb") as file:
        first = file.readline(500)
    python = first[2:].decode("utf-8", "replace").strip()
    return python if first.startswith(b"#!") and Path(python).exists() else sys.executable


def versions(python: str, packages: Iterable[str]) -> str:
    """Return the version of a Python and of the packages it has."""
    return subprocess.check_output([python, "-c", VERSIONS, *packages], text=True).strip()


def bandwidth(threads: int) -> float:
    """Return bytes read and written per second by ``threads`` processes that copy memory at once.

    Each copies 256 MB over and over for a second; a copy reads and writes every byte once.
    """
    copies = [
        subprocess.Popen([sys.executable, "-c", COPY], stdout=subprocess.PIPE, text=True)
        for _ in range(threads)
    ]
    return sum(float(copy.communicate()[0]) for copy in copies)


# Text and models


@dataclass(frozen=True)
class Corpus:
    """Sizes of a training file."""

    tokens: int  # words, labels and line ends
    features: int  # rows read and written in an epoch: words, line ends and word n-grams


def corpus(path: Path, ngrams: int) -> Corpus:
    """Count the tokens and the feature rows of a training file."""
    tokens = features = 0
    with open(path, "rb") as lines:
        for line in lines:
            found = line.split()
            words = 1 + sum(not word.startswith(b"__label__") for word in found)
            tokens += 1 + len(found)
            features += sum(max(words - shorter, 0) for shorter in range(ngrams))
    return Corpus(tokens, features)


def own_seconds(stderr: str) -> float:
    """Return the seconds of training alone that fastcli says."""
    return float(re.findall(r"^Trained in ([0-9.]+) s\.$", stderr, re.M)[-1])


def said_seconds(stderr: str, sizes: Corpus, options: Options) -> Row:
    """Return fastText's training time alone, from the last words/sec/thread it prints."""
    rates = [int(rate) for rate in re.findall(r"words/sec/thread:\s+(\d+)", stderr)]
    if not rates or not rates[-1]:
        return {}
    tokens = sizes.tokens * float(options["epoch"]) / float(options["thread"])
    return {"training_seconds": round(tokens / rates[-1], 4)}
