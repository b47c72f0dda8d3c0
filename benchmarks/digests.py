"""Whether two versions of fastcli make the same models: one line with a SHA-256 for every file.

Trains small models of every kind on data/samples and on numbers drawn with a fixed seed, and
prints ``case file sha256``.  Run it with the version before a change and with the one after it,
on the same machine (code is compiled for its processor), and compare what they print:

    python benchmarks/digests.py --command "before/bin/fastcli" > before.txt
    python benchmarks/digests.py --command "after/bin/fastcli" > after.txt
    diff before.txt after.txt

Stderr says whether the trainings on two threads did keep two threads busy (Linux only), and
whether one and two threads gave the same files.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
FILES = (".bin", ".ftz", ".mlp", ".vec", ".output")
BUSY = 0.05  # seconds that a thread must have worked to count; reading the text takes it less
SAMPLE = 0.005  # seconds between two looks at the threads of a command

# Models that others start from, by the name of their case: what their files are called.
SOURCES = {"skipgram-ns": "sg", "supervised-labels-softmax": "labels"}
LOSSES = ("softmax", "ova", "hs", "ns")
# Enough of rows and labels that a line is worth two threads: see the note on stderr.
CLASSIFIER = "-dim 64 -wordNgrams 2 -minn 2 -maxn 4 -bucket 20000 -minCount 2 -epoch 12"
PERCEPTRON = "--hidden 256,128 --batch-size 128 -epoch 25"


@dataclass(frozen=True)
class Case:
    """One command, and how many threads beside the main one it should keep busy (0: any)."""

    name: str
    command: str
    options: str
    threads: int = 1
    workers: int = 0

    @property
    def label(self) -> str:
        """What the printed lines start with."""
        return f"{self.name}/{self.threads}"


def classifiers() -> Iterator[Case]:
    """Yield every loss with every optimiser on one and two threads, and other features."""
    for loss in LOSSES:
        for optimizer in ("sgd", "adagrad", "adam"):
            lr = {"sgd": 0.5, "adagrad": 0.1, "adam": 0.005}[optimizer]
            options = f"-input tags.txt {CLASSIFIER} -loss {loss} -optimizer {optimizer} -lr {lr}"
            for threads in (1, 2):
                yield Case(
                    f"supervised-{loss}-{optimizer}",
                    "supervised",
                    options,
                    threads,
                    2 * threads - 2,
                )
    for name, options in {
        "words": "-input topics.txt -dim 10 -lr 0.5",
        "pairs": "-input topics.txt -dim 16 -lr 0.5 -wordNgrams 3 -bucket 5000 -minCount 2",
        "characters": "-input zh-words.txt -dim 20 -lr 0.5 -minn 1 -maxn 3 -bucket 5000",
        "chinese": "-input zh-chars.txt -dim 20 -lr 0.5 -wordNgrams 2 -bucket 5000 -seed 7",
        "in-order": "-input topics.txt -dim 10 --no-shuffle -lrUpdateRate 10 -saveOutput",
        "two-files": "-input topics.txt -input tags.txt -dim 10 -minCountLabel 30",
        "labels-softmax": "-input labels.txt -dim 32 -lr 0.3 -epoch 25",
        "labels-ova": "-input labels.txt -dim 32 -lr 0.3 -epoch 25 -loss ova",
        "labels-hs": "-input labels.txt -dim 32 -lr 0.3 -epoch 25 -loss hs -optimizer adam",
        "pretrained": "-input topics.txt -dim 24 -pretrainedVectors sg.vec -optimizer adam",
    }.items():
        for threads in (1, 2):
            yield Case(f"supervised-{name}", "supervised", options, threads)


def quantized() -> Iterator[Case]:
    """Yield the ways to quantize; the model is that of many labels, so that -qout is of use."""
    retrain = "-retrain -input labels.txt"
    for name, options in {
        "plain": "",
        "qnorm": "-qnorm",
        "qout": "-qout",
        "dsub": "-dsub 4",
        "cutoff": "-cutoff 600",
        "retrain": f"-cutoff 600 {retrain} -epoch 2 -lr 0.1",
        "retrain-adagrad": f"-cutoff 600 {retrain} -epoch 2 -lr 0.05 -optimizer adagrad",
        "all": f"-qnorm -qout -cutoff 600 {retrain} -epoch 2 -lr 0.1",
        "size": "--target-size 200k",
    }.items():
        for threads in (1, 2):
            yield Case(f"quantize-{name}", "quantize", options, threads)


def word_vectors() -> Iterator[Case]:
    """Yield both models with every loss, on the one thread that gives the same bytes."""
    options = "-input topics.txt -minCount 2 -t 0.001 -epoch 3 -dim 24 -bucket 5000"
    for command in ("skipgram", "cbow"):
        for loss in ("ns", "hs", "softmax"):
            yield Case(f"{command}-{loss}", command, f"{options} -loss {loss}")
        yield Case(f"{command}-words", command, f"{options} -minn 0 -maxn 0 -ws 3 -neg 8")


def perceptrons() -> Iterator[Case]:
    """Yield perceptrons on numbers and on text: norms, activations, optimisers, penalties."""
    rows, text = "-input rows.csv", "-input topics.txt -dim 32"
    for name, options in {
        "sgd": f"{rows} --optimizer sgd --activation relu",
        "momentum": f"{rows} --optimizer momentum --activation tanh --norm batch",
        "nesterov": f"{rows} --optimizer nesterov --activation leaky-relu:0.2 --norm layer",
        "adagrad": f"{rows} --optimizer adagrad --activation gelu --norm batch"
        " --norm-position after",
        "rmsprop": f"{rows} --optimizer rmsprop --centered --momentum 0.5 --activation silu"
        " --schedule cosine",
        "adadelta": f"{rows} --optimizer adadelta --activation prelu --dropout 0.2 --l2 0.001",
        "adam": f"{rows} --optimizer adam --activation maxout:3 --clip-norm 0.5 --max-norm 2"
        " --input-noise 0.1 --input-dropout 0.1",
        "adamw": f"{text} --optimizer adamw --weight-decay 0.05 --activation relu --norm layer"
        " --norm-position after",
        "adamax": f"{text} --optimizer adamax --activation elu --l1 0.0001 --word-dropout 0.1"
        " --schedule linear --warmup 10",
        "nadam": f"{text} --optimizer nadam --activation srelu --clip-norm 1 -wordNgrams 2"
        " -bucket 5000",
        # Rows that are not a whole number of vectors.
        "odd": f"{text} --hidden 21,13 --activation maxout:3,tanh --norm layer",
        "odd-after": f"{text} --hidden 50,31 --norm layer --norm-position after --optimizer sgd",
        "odd-batch": f"{text} --hidden 30,7 --norm batch --activation elu",
        "tags": "-input tags.txt -dim 32 --activation rrelu --noise-shape row --dropout 0.3"
        " --label-smoothing 0.1 --l2 0.0001",
        "patience": f"{rows} --valid valid.csv --patience 2 --monitor loss -lr 0.02"
        " --activation softplus,sine --schedule step --step-size 2 --clip-value 0.1",
        "swapped": f"{text} --valid topics.valid.txt --patience 3 -minn 2 -maxn 3 -bucket 5000"
        " --word-swap 0.1 --activation mish --activation-l1 0.0001 --init orthogonal",
    }.items():
        for threads in (1, 2):
            all_options = f"{options} {PERCEPTRON}"
            yield Case(f"mlp-{name}", "mlp-train", all_options, threads, threads - 1)


def cases() -> list[Case]:
    """Return all cases, in an order in which each has what it starts from."""
    return [*word_vectors(), *classifiers(), *quantized(), *perceptrons()]


def write_inputs(folder: Path) -> None:
    """Copy the samples, and write the tables of numbers and a text of many labels."""
    for name in ("topics", "tags", "zh-words", "zh-chars"):
        (folder / f"{name}.txt").write_bytes((SAMPLES / f"{name}.train.txt").read_bytes())
    valid = (SAMPLES / "topics.valid.txt").read_bytes()
    (folder / "topics.valid.txt").write_bytes(valid)
    draw = random.Random(15)
    lines = []
    for name in ("topics", "tags", "zh-words"):
        for line in (folder / f"{name}.txt").read_text("utf-8").splitlines():
            words = [word for word in line.split() if not word.startswith("__label__")]
            label = draw.choice(words) if len(words) > 1 else "other"
            lines.append(f"__label__{label} {' '.join(words)}\n")
    (folder / "labels.txt").write_text("".join(lines), "utf-8")
    centres = [[draw.uniform(-2, 2) for _ in range(24)] for _ in range(5)]
    for name, n in (("rows.csv", 1500), ("valid.csv", 300)):
        rows = []
        for _ in range(n):
            kind = draw.randrange(len(centres))
            cells = [f"{draw.gauss(centre, 1.5):.4f}" for centre in centres[kind]]
            rows.append(",".join([*cells, f"kind{kind}"]) + "\n")
        (folder / name).write_text("".join(rows), "utf-8")


class Threads:
    """How long each thread of a process has worked, by looking again and again (Linux)."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._seconds: dict[str, float] = {}
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def _watch(self) -> None:
        tasks = Path(f"/proc/{self._process.pid}/task")
        while self._process.returncode is None:
            with contextlib.suppress(OSError, IndexError):  # a thread or the process has ended
                for task in tasks.iterdir():
                    ran = (task / "schedstat").read_text().split()[0]
                    self._seconds[task.name] = int(ran) / 1e9
            time.sleep(SAMPLE)

    def busy(self) -> int:
        """Return how many threads beside the main one have worked for a while."""
        self._watcher.join()
        main = str(self._process.pid)
        return sum(s >= BUSY for name, s in self._seconds.items() if name != main)


def run(command: list[str], case: Case, folder: Path) -> tuple[dict[str, str], bool]:
    """Run a case; return the digest of each file it wrote, and whether its threads were busy."""
    output = "labels" if case.command == "quantize" else SOURCES.get(case.name, "model")
    written = [ending for ending in FILES if case.command != "quantize" or ending == ".ftz"]
    for ending in written:
        (folder / f"{output}{ending}").unlink(missing_ok=True)
    words = [*command, case.command, "-output", output, *shlex.split(case.options)]
    words += ["-thread", str(case.threads), "-verbose", "0"]
    process = subprocess.Popen(
        words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    threads = Threads(process)
    _, errors = process.communicate()
    busy = threads.busy()
    if process.returncode:
        sys.exit(f"{shlex.join(words)}\nended with {process.returncode}: {errors.decode()}")
    found = {}
    for ending in written:
        path = folder / f"{output}{ending}"
        if path.is_file():
            found[ending] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found, busy >= case.workers


def main() -> None:
    """Run all cases and print what they wrote."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--command", default=f"{sys.executable} -m fastcli", help="[%(default)s]")
    options.add_argument("--only", default="", help="cases whose name starts like this")
    given = options.parse_args()
    command = shlex.split(given.command)
    if "/" in command[0]:
        command[0] = str(Path(command[0]).absolute())  # commands run in another folder
    started = time.monotonic()
    idle, different, two = [], [], 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_inputs(folder)
        before: dict[str, str] = {}
        for case in cases():
            if not (case.name.startswith(given.only) or case.name in SOURCES):
                continue
            found, is_busy = run(command, case, folder)
            for ending, digest in found.items():
                print(f"{case.label} {ending} {digest}", flush=True)
            if case.threads == 1:
                before = found
            elif found != before:
                different.append(case.name)
            if case.workers:
                two += 1
                idle += [] if is_busy else [case.name]
    say = ", ".join
    if sys.platform == "linux":
        print(
            f"Two threads were busy in {two - len(idle)} of {two} trainings"
            + (f", not in {say(idle)}." if idle else "."),
            file=sys.stderr,
        )
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
    if different:
        sys.exit(f"One and two threads gave different files: {say(different)}.")


if __name__ == "__main__":
    main()
