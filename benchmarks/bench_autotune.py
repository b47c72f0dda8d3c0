"""How good the model is that autotune finds in a given time: fastcli and its peers.

Every tenth line of the training file is held out to tune on; the models are tested on the test
file, which no tool has seen.
"""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from measure import Row, Session, Tool, in_turn, median, number, parser, table

THREADS = 2
HEADER = ["tool", "seconds asked", "seconds", "trials", "N", "P@1", "R@1", "F1"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=1)
    options.add_argument("--name", default="cooking", help="data set  [cooking]")
    options.add_argument("--duration", type=int, default=300, help="seconds  [300]")
    options.set_defaults(warmup=0)
    given = options.parse_args()
    with Session("autotune", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Let every tool look for the best arguments for the same time on the same files."""
    folder = given.data / given.name
    train, valid = session.scratch / "train.txt", session.scratch / "valid.txt"
    hold_out(folder / "train.txt", train, valid)
    names = ["fastcli", *(name for name in session.peers if name != "scikit-learn")]
    files = (train, valid, folder / "test.txt")
    tools = [tool(session, name, files, given.duration) for name in names]
    rows = in_turn(f"autotune {given.name}", tools, given.pairs, given.warmup)
    session.rows = rows
    session.example(tools)
    lines = []
    for one in tools:
        p, r = median(rows, one.name, "p1") or 0.0, median(rows, one.name, "r1") or 0.0
        lines.append(
            [
                one.name,
                str(given.duration),
                number(median(rows, one.name, "seconds"), 1),
                number(median(rows, one.name, "trials"), 0),
                number(median(rows, one.name, "n"), 0),
                number(p, 4),
                number(r, 4),
                number(2 * p * r / (p + r), 4),
            ]
        )
    session.write(table(HEADER, lines))


def hold_out(path: Path, train: Path, valid: Path) -> None:
    """Write every tenth line of a file to ``valid``, and the others to ``train``."""
    lines = path.read_bytes().splitlines(keepends=True)
    valid.write_bytes(b"".join(lines[9::10]))
    train.write_bytes(b"".join(line for i, line in enumerate(lines) if i % 10 != 9))


def tool(session: Session, name: str, paths: tuple[Path, Path, Path], duration: int) -> Tool:
    """Return a tool that tunes, and whose model is tested after the last run.

    ``paths`` are the files to train, to tune and to test on.
    """
    train, valid, test = paths
    stem = session.scratch / name
    model, notes = stem.with_suffix(".bin"), stem.with_suffix(".bin.json")
    if name == "fastcli":
        files = ["-input", str(train), "-output", str(stem), "--no-vec", "-verbose", "1"]
        limits = ["-autotune-duration", str(duration), "-thread", str(THREADS)]
        command = [*session.fastcli, "supervised", *files, *limits]
        command += ["-autotune-validation", str(valid)]
    else:
        options = {"duration": duration, "thread": THREADS, "output": model}
        command = session.peer("autotune", name, input=train, validation=valid, **options)

    def trials(_: str) -> Row:
        if name != "fastcli":
            return {}
        return {"trials": json.loads(notes.read_text("utf-8"))["autotune"]["trials"]}

    return Tool(
        name,
        command,
        outputs=[model, notes],
        after_each=trials,
        after_last=lambda: session.tested(name, model, test),
    )


if __name__ == "__main__":
    main()
