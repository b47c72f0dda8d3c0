"""How long word vectors take as a whole process, and how good they are: fastcli and its peers."""

from __future__ import annotations

import math
import subprocess
from argparse import Namespace
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from measure import (
    Corpus,
    Options,
    Row,
    Session,
    Tool,
    corpus,
    in_turn,
    median,
    number,
    own_seconds,
    parser,
    ratio,
    said_seconds,
    table,
    values,
)

THREADS = 2
OPTIONS: Options = {"dim": 100, "thread": THREADS}
MODELS = ("skipgram", "cbow")
EPOCHS = 5  # fastText's default, which nobody is told
Pairs = Sequence[tuple[str, str, float]]
HEADER = ["case", "tool", "seconds", "x fastcli", "CPU s", "training alone s", "peak MB"]


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=3)
    options.add_argument("--text", default="corpus_en_small/brown.txt", help="file below --data")
    options.add_argument("--sets", default="wordsim", help="folder of word pairs below --data")
    given = options.parse_args()
    with Session("vectors", given) as session:
        bench(session, given)


def read_sets(folder: Path) -> dict[str, Pairs]:
    """Return the word pairs of every file that has lines of two words and a score."""
    found: dict[str, Pairs] = {}
    for path in sorted(folder.glob("*.txt")):
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        if rows and all(len(row) == 3 for row in rows):
            found[path.stem] = [(a.lower(), b.lower(), float(score)) for a, b, score in rows]
    return found


def ranks(scores: Sequence[float]) -> list[float]:
    """Return the place of every score; equal ones share the mean of theirs."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    found = [0.0] * len(scores)
    bounds = [i for i in range(len(order)) if i == 0 or scores[order[i]] != scores[order[i - 1]]]
    for start, end in pairwise([*bounds, len(order)]):
        for i in range(start, end):
            found[order[i]] = (start + end - 1) / 2
    return found


def spearman(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return Spearman's rank correlation."""
    x, y = ranks(ours), ranks(theirs)
    mean = (len(x) - 1) / 2
    above = sum((a - mean) * (b - mean) for a, b in zip(x, y, strict=True))
    below = math.sqrt(sum((a - mean) ** 2 for a in x) * sum((b - mean) ** 2 for b in y))
    return above / below if below else 0.0


def cosine(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the cosine of two vectors, 0 where one is zero."""
    below = math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / below if below else 0.0


def judged(session: Session, name: str, model: Path, sets: Mapping[str, Pairs]) -> Row:
    """Return Spearman's correlation on every set, by the vectors the tool itself gives."""
    words = sorted({word for pairs in sets.values() for a, b, _ in pairs for word in (a, b)})
    asked = session.scratch / "words.txt"
    asked.write_text("\n".join(words) + "\n", encoding="utf-8")
    if name == "fastcli":
        command = [*session.fastcli, "print-word-vectors", str(model)]
    else:
        command = session.peer("words", name, model=model, data=asked)
    with open(asked, "rb") as stdin:
        lines = subprocess.check_output(command, stdin=stdin).decode().splitlines()
    vectors = {}
    for line in lines:
        word, *numbers = line.split()
        vectors[word] = [float(x) for x in numbers]
    return {
        f"spearman_{name}": spearman(
            [cosine(vectors[a], vectors[b]) for a, b, _ in pairs], [score for *_, score in pairs]
        )
        for name, pairs in sets.items()
    }


def bench(session: Session, given: Namespace) -> None:
    """Train both models with every tool, with a new seed in every round."""
    text = given.data / given.text
    sets = read_sets(given.data / given.sets)
    sizes = corpus(text, ngrams=1)
    names = ["fastcli", *(name for name in session.peers if name != "scikit-learn")]
    timing, quality = [], []
    for model in MODELS:
        rows: list[Row] = []
        for seed in range(given.pairs):
            tools = [tool(session, name, model, text, seed, sets, sizes) for name in names]
            rows += in_turn(model, tools, 1, given.warmup if seed == 0 else 0)
        session.rows += rows
        session.example(tools)
        for name in names:
            timing.append(
                [
                    model,
                    name,
                    number(median(rows, name, "seconds")),
                    ratio(rows, name, "fastcli"),
                    number(median(rows, name, "cpu_seconds")),
                    number(median(rows, name, "training_seconds")),
                    number(median(rows, name, "peak_mb"), 0),
                ]
            )
            means = [sum(found) / len(found) for found in scores(rows, name, sets)]
            gaps = [sum(found) / len(found) for found in scores(rows, "fastcli", sets)]
            quality.append(
                [
                    model,
                    name,
                    *(
                        f"{mean:.3f}" + ("" if name == "fastcli" else f" ({own - mean:+.3f})")
                        for mean, own in zip(means, gaps, strict=True)
                    ),
                ]
            )
    session.write(
        f"Spearman's rank correlation, mean over {given.pairs} seeds (in brackets: fastcli less "
        "the peer); all words of the sets count, unknown ones by their character n-grams."
    )
    session.write(table(["case", "tool", *sets], quality))
    session.write(table(HEADER, timing))


def scores(rows: Sequence[Row], name: str, sets: Mapping[str, Pairs]) -> list[list[float]]:
    """Return the correlations of a tool, a list for every set."""
    return [values(rows, name, f"spearman_{one}") for one in sets]


def tool(
    session: Session,
    name: str,
    model: str,
    text: Path,
    seed: int,
    sets: Mapping[str, Pairs],
    sizes: Corpus,
) -> Tool:
    """Return a tool that trains word vectors and is judged after every run."""
    stem = session.scratch / name
    outputs = [session.scratch / f"{name}{end}" for end in (".bin", ".bin.json", ".vec")]
    path = outputs[0]
    if name == "fastcli":
        words = [word for key, value in OPTIONS.items() for word in (f"-{key}", str(value))]
        files = ["-input", str(text), "-output", str(stem), *session.no_vec(), "-seed", str(seed)]
        files += ["-verbose", "3"]  # which says the time of training alone
        command = [*session.fastcli, model, *files, *words]
    else:
        command = session.peer("embed", name, input=text, output=path, model=model, **OPTIONS)

    def after(stderr: str) -> Row:
        row = judged(session, name, path, sets)
        if name == "fastcli":
            return {**row, "training_seconds": own_seconds(stderr)}
        return {**row, **said_seconds(stderr, sizes, {**OPTIONS, "epoch": EPOCHS})}

    return Tool(name, command, outputs=outputs, after_each=after)


if __name__ == "__main__":
    main()
