"""Whether threads and processes that share a model answer right, and how much memory they take.

Runs with a python that has fastcli; a wrong answer ends it with exit code 1.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from measure import Session, number, parser, table

LISTED = 16  # texts of a list
TEXTS = 2000
OPTIONS = {"dim": 32, "epoch": 3, "minn": 2, "maxn": 4, "bucket": 200_000, "thread": 2}
CHILD = """
import sys, fastcli
mmap = {"None": None, "True": True, "False": False}[sys.argv[2]]
model = fastcli.load_model(sys.argv[1], mmap=mmap)
for line in open(sys.argv[3], encoding="utf-8"):
    model.predict(line.removesuffix("\\n"))
rows = model._model.wi.values
print(float(rows[::512].sum()), flush=True)  # all pages
sys.stdin.readline()
"""


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__)
    options.add_argument("--predictions", type=int, default=1_000_000, help="[1000000]")
    options.add_argument("--processes", type=int, default=4, help="[4]")
    given = options.parse_args()
    with Session("shared", given) as session:
        folder = given.data / "langid75"
        model = session.scratch / "model.bin"
        words = [f"-{name}={value}" for name, value in OPTIONS.items()]
        words = [part for word in words for part in word.split("=")]
        source = str(folder / "train.txt")
        command = ["supervised", "-input", source, "-output", str(model)[:-4], "-verbose", "0"]
        subprocess.run([*session.fastcli, *command, *words], check=True)
        wrong = threads(session, given, model, folder / "test.txt")
        processes(session, given, model, folder / "test.txt")
    sys.exit(wrong > 0)


def threads(session: Session, given: Namespace, path: Path, test: Path) -> int:
    """Predict on one thread and on eight; return the number of wrong answers."""
    import fastcli

    model: Any = fastcli.load_model(path)
    lines = test.read_text(encoding="utf-8").splitlines()[:TEXTS]
    texts = [line.split(" ", 1)[-1] for line in lines]
    calls = calls_of(model, texts, test)
    expected = {name: [call(i) for i in range(n)] for name, (call, n, _) in calls.items()}
    found = []
    total_wrong = 0
    for n_threads, n in ((1, given.predictions // 10), (8, given.predictions)):
        before = resident_mb()
        begin = time.perf_counter()
        done, wrong = run(calls, expected, n_threads, n)
        seconds = time.perf_counter() - begin
        total_wrong += sum(wrong.values())
        session.rows.append({"case": "threads", "tool": str(n_threads), "seconds": seconds})
        found.append(
            [
                str(n_threads),
                f"{done['predicted']:,}",
                f"{sum(wrong.values()):,}",
                number(done["predicted"] / seconds, 0),
                number(before, 1),
                number(resident_mb() - before, 1),
            ]
        )
        for name, count in wrong.items():
            session.write(f"{count} wrong answers of {name} on {n_threads} threads")
    session.write("Threads of one process, all calls mixed; MB resident before, and more after.")
    session.write(table(["threads", "predictions", "wrong", "1/s", "MB", "more MB"], found))
    return total_wrong


def calls_of(
    model: Any, texts: list[str], test: Path
) -> dict[str, tuple[Callable[[int], Any], int, int]]:
    """Return calls by name: what makes an answer of a number, how many there are, and its texts."""
    words = model.words[:200]
    lists = [texts[i : i + LISTED] for i in range(0, len(texts) - LISTED, LISTED)]

    def several(i: int) -> Any:
        labels, probs = model.predict(lists[i], k=2)
        return labels, [p.tobytes() for p in probs]

    def one(i: int) -> Any:
        labels, probs = model.predict(texts[i], k=1 + i % 3)
        return labels, probs.tobytes()

    return {
        "predict": (one, len(texts), 1),
        "predict of a list": (several, len(lists), LISTED),
        "get_sentence_vector": (
            lambda i: model.get_sentence_vector(texts[i]).tobytes(),
            len(texts),
            0,
        ),
        "get_word_vector": (lambda i: model.get_word_vector(words[i]).tobytes(), len(words), 0),
        "get_nearest_neighbors": (lambda i: model.get_nearest_neighbors(words[i]), 5, 0),
        "test": (lambda i: model.test(str(test)), 1, 0),
    }


def run(
    calls: dict[str, tuple[Callable[[int], Any], int, int]],
    expected: dict[str, list[Any]],
    n_threads: int,
    n_predictions: int,
) -> tuple[Counter[str], Counter[str]]:
    """Call on many threads until so many texts are predicted; return counts, and wrong answers."""
    often = [*["predict"] * 500, *["predict of a list"] * 30, *["get_sentence_vector"] * 100]
    often += [*["get_word_vector"] * 50, "get_nearest_neighbors"]
    each, counts, wrong = n_predictions // n_threads, Counter[str](), Counter[str]()
    lock = threading.Lock()
    start = threading.Barrier(n_threads)

    def work(thread: int) -> None:
        rng, predicted, errors = Random(thread), 0, Counter[str]()
        start.wait()
        for turn in itertools.count():
            if predicted >= each:
                break
            name = rng.choice(often) if turn % 20_000 else "test"
            call, n, n_texts = calls[name]
            i = rng.randrange(n)
            errors[name] += call(i) != expected[name][i]
            predicted += n_texts
        with lock:
            counts["predicted"] += predicted
            wrong.update(+errors)

    several = [threading.Thread(target=work, args=(i,)) for i in range(n_threads)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    return counts, wrong


def processes(session: Session, given: Namespace, path: Path, test: Path) -> None:
    """Open the model in several processes, and have each look at all of it."""
    found = []
    few = session.scratch / "few.txt"
    few.write_text("\n".join(test.read_text(encoding="utf-8").splitlines()[:20]), encoding="utf-8")
    for mmap in ("None", "True", "False"):
        command = [sys.executable, "-c", CHILD, str(path), mmap, str(few)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        children = [subprocess.Popen(command, **pipes) for _ in range(given.processes)]  # type: ignore[call-overload]
        for child in children:
            child.stdout.readline()
        kinds = [memory_of(child.pid) for child in children]
        for child in children:
            child.communicate("\n")
        sums = {name: sum(kind[name] for kind in kinds) for name in ("Rss", "Pss", "Private_Dirty")}
        session.rows.append({"case": "processes", "tool": mmap, "peak_mb": sums["Pss"]})
        found.append([mmap, *(number(sums[name], 0) for name in sums)])
    size = path.stat().st_size / 1e6
    session.write(f"{given.processes} processes with a model of {size:.0f} MB; MB of all together.")
    session.write(table(["mmap", "resident", "proportional", "private"], found))


def memory_of(pid: int) -> dict[str, float]:
    """Return the MB of a process by the names that Linux has for them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) / 1e3 for name, rest in (line.split(":") for line in lines)}


def resident_mb() -> float:
    """Return the resident MB of this process."""
    return memory_of(os.getpid())["Rss"]


if __name__ == "__main__":
    main()
