"""What predicting from Python costs: a text at a time, lists, Arrow arrays, and the import.

CPU time of whole processes, the least of all rounds, less that of one that only loads the model; a
digest of the labels shows that the work is equal.  --peer fasttext-wheel=PYTHON is compared with.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from measure import HERE, Row, Session, Tool, in_turn, number, parser, table, values

SHORT = "what can i cook with rice and onions ?"
LIST = 10_000
WORK = {  # how many texts are predicted
    "a short text": 100_000,
    "texts": 20_000,
    "a list": 5 * LIST,
    "predict_batch": 5 * LIST,
    "an Arrow array": 5 * LIST,
}
OURS_ONLY = ("predict_batch", "an Arrow array")
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "ag_news": ("ag_news", {"wordNgrams": 2, "bucket": 200_000, "dim": 100}),
    "ag_news.ftz": ("ag_news", {}),
    "cooking, softmax": ("cooking", {"dim": 100}),
    "cooking, hs": ("cooking", {"dim": 100, "loss": "hs"}),
    "langid75": (
        "langid75",
        {"dim": 16, "loss": "hs", "minn": 2, "maxn": 4, "bucket": 200_000},
    ),
}
PEER = "fasttext-wheel"


def child(tool: str, work: str, model: str, texts: str) -> None:
    """Do some work in this process, and print a digest of the labels."""
    with open(texts, encoding="utf-8") as file:
        lines = file.read().split("\n")[:LIST]
    lines = (lines * (LIST // len(lines) + 1))[:LIST]
    library: Any = import_module("fastcli" if tool == "fastcli" else "fasttext")
    if tool != "fastcli":
        library.FastText.eprint = lambda _: None
    loaded = library.load_model(model)
    found: list[str] = []
    if work == "load":
        return
    if work == "first":
        loaded.predict(SHORT)
        return
    n = WORK[work]
    if work == "a short text":
        for _ in range(n):
            found = [loaded.predict(SHORT)[0][0]]
    elif work == "texts":
        found = [loaded.predict(lines[i % LIST])[0][0] for i in range(n)][:LIST]
    elif work == "a list":
        for _ in range(n // LIST):
            labels, _ = loaded.predict(lines)
        found = [one[0] for one in labels]
    else:
        given: Any = lines
        if work == "an Arrow array":
            given = import_module("pyarrow").array(lines)
        for _ in range(n // LIST):
            batch = loaded.predict_batch(given)
        found = [batch.names[i] for i in batch.ids[:, 0].tolist()]
    print(hashlib.sha256("\n".join(found).encode()).hexdigest()[:12], file=sys.stderr)


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=7)
    options.add_argument("--python", default=sys.executable, help="python with fastcli [this one]")
    options.add_argument("--model", action="append", help=f"one of {', '.join(MODELS)}; [all]")
    given = options.parse_args()
    with Session("module", given) as session:
        importing(session, given)
        for name in given.model or MODELS:
            predicting(session, given, name)


def importing(session: Session, given: Namespace) -> None:
    """Time the import, beside that of nothing."""
    codes = {"pass": "pass", "import fastcli": "import fastcli"}
    tools = [Tool(name, [given.python, "-c", code]) for name, code in codes.items()]
    rows = in_turn("import", tools, 3 * given.pairs, given.warmup)
    session.rows += rows
    least = {tool.name: min(values(rows, tool.name, "cpu_seconds")) for tool in tools}
    more = 1000 * (least["import fastcli"] - least["pass"])
    session.write(f"`import fastcli`: {more:.0f} ms of CPU beyond `python -c pass`.")


def predicting(session: Session, given: Namespace, name: str) -> None:
    """Time all works of a model, both tools in turn."""
    assert session.data is not None
    model, texts = prepared(session, name)
    pythons = {"fastcli": given.python}
    if PEER in session.peers:
        pythons[PEER] = session.peers[PEER]
    lines = []
    loads: list[Row] = []
    for work in ("load", "first", *WORK):
        tools = [
            Tool(
                tool,
                [python, str(HERE / "bench_module.py"), "--child", tool, work, str(model), texts],
                after_each=lambda said: {"labels": said.split()[-1] if said else ""},
            )
            for tool, python in pythons.items()
            if tool == "fastcli" or work not in OURS_ONLY
        ]
        rows = in_turn(f"{name}: {work}", tools, given.pairs, given.warmup)
        session.rows += rows
        if work == "load":
            loads = rows
        lines.append(line(work, rows, loads))
    session.write(f"{name}:")
    header = ["microseconds of CPU a text", *pythons, "of the peer's", "same labels"]
    session.write(
        table(header, [[*row[:-2], *[""] * (len(header) - len(row)), *row[-2:]] for row in lines])
    )


def line(work: str, rows: Sequence[Row], loads: Sequence[Row]) -> list[str]:
    """Return a line of the table."""
    tools = list(dict.fromkeys(str(row["tool"]) for row in rows))
    digests = {str(row.get("labels", "")) for row in rows}
    same = "yes" if len(digests) == 1 else f"NO: {', '.join(sorted(digests))}"
    if work in ("load", "first"):
        found = {tool: min(values(rows, tool, "cpu_seconds")) for tool in tools}
        shown = [number(1000 * found[tool], 0) for tool in tools]
        what = "load alone, ms" if work == "load" else "load and predict once, ms"
        return [what, *shown, compared(found), ""]
    found = {tool: cost_of(tool, rows, loads, WORK[work]) for tool in tools}
    shown = [number(found[tool]) for tool in tools]
    return [work, *shown, compared(found), same]


def cost_of(tool: str, rows: Sequence[Row], loads: Sequence[Row], n: int) -> float:
    """Return the microseconds of CPU for a text: the least of all rounds, less that of loading."""
    least = (min(values(some, tool, "cpu_seconds")) for some in (rows, loads))
    return 1e6 * (next(least) - next(least)) / n


def compared(found: dict[str, float]) -> str:
    """Return what part of the peer's time ours is."""
    return f"{found['fastcli'] / found[PEER]:.2f}" if PEER in found else ""


def prepared(session: Session, name: str) -> tuple[Path, str]:
    """Return a model and its texts, without labels; both are made once."""
    assert session.data is not None
    data, options = MODELS[name]
    stem = session.scratch / name.partition(",")[0].partition(".")[0].replace(" ", "")
    stem = stem.with_name(f"{stem.name}-{options.get('loss', '')}")
    texts = stem.with_suffix(".txt")
    if not texts.exists():
        lines = (session.data / data / "test.txt").read_text(encoding="utf-8").split("\n")
        words = (line.split() for line in lines if line)
        kept = (" ".join(w for w in some if not w.startswith("__label__")) for some in words)
        texts.write_text("\n".join(kept), encoding="utf-8")
    train = str(session.data / data / "train.txt")
    quiet = ["-input", train, "-output", str(stem), "-verbose", "0"]
    if not stem.with_suffix(".bin").exists():
        options = options or MODELS[name.removesuffix(".ftz")][1]
        chosen = [part for key, value in options.items() for part in (f"-{key}", str(value))]
        command = [*session.fastcli, "supervised", "-epoch", "2", "-lr", "0.5", *quiet, *chosen]
        subprocess.run([*command, "--no-vec"], check=True)
    if name.endswith(".ftz"):
        subprocess.run([*session.fastcli, "quantize", "-qnorm", *quiet], check=True)
    return stem.with_suffix(".ftz" if name.endswith(".ftz") else ".bin"), str(texts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
