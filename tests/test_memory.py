"""The memory that training and inspect report is the peak of the whole process."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fastcli import memory
from fastcli.fasttext.args import DEFAULTS, option_of
from fastcli.inspect.advice import character_ngrams
from fastcli.inspect.costs import costs
from fastcli.inspect.data import read_data
from fastcli.memory import Needs
from tests.command import environment

# The process itself says what it took: a child's usage is never less than its parent's.
TRAIN = """
import atexit, sys
from fastcli import memory
from fastcli.cli import main
memory.LARGE = 0
atexit.register(lambda: print("Took", memory.peak_memory(), file=sys.stderr))
main()
"""
UNITS = {"kB": 1e3, "MB": 1e6, "GB": 1e9}
CASES = {
    "words": ("supervised", {"dim": 100}),
    "pairs": ("supervised", {"dim": 100, "word_ngrams": 2, "bucket": 500_000}),
    "characters": ("supervised", {"dim": 10, "minn": 2, "maxn": 4, "bucket": 200_000}),
    "without .vec": ("supervised", {"dim": 200, "no_vec": True}),
    "skipgram": ("skipgram", {"dim": 100, "bucket": 200_000, "min_count": 1, "ws": 1, "neg": 1}),
}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Return the path of some 2.6 MB of text: 12,000 lines of 30 words, most of them rare."""
    rng = np.random.default_rng(5)
    ranks = rng.zipf(1.3, 360_000) % 60_000
    words = [f"w{np.base_repr(rank * 7919 % 60_000, 26)}" for rank in range(60_000)]
    path = tmp_path_factory.mktemp("memory") / "text"
    with open(path, "w") as file:
        for i in range(0, len(ranks), 30):
            file.write(f"__label__l{i % 7} {' '.join(words[r] for r in ranks[i : i + 30])}\n")
    return path


def trained(command, options, text, output):
    """Train in a process of its own; return the memory it said and the memory it took."""
    words = [command, "-input", str(text), "-output", str(output), "-epoch", "1"]
    for name, value in options.items():
        word = f"--{name}" if name in ("hidden", "valid") else option_of(name)
        words += [word] if value is True else [word, str(value)]
    child = subprocess.run(
        [sys.executable, "-c", TRAIN, *words], capture_output=True, env=environment(), check=False
    )
    said = child.stderr.decode()
    assert child.returncode == 0, said
    number, unit = re.search(r"^Needs about ([0-9.]+) (\w+) of memory", said, re.M).groups()
    took = int(re.search(r"^Took (\d+)$", said, re.M)[1])
    return float(number) * UNITS[unit], took


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is measured on Linux")
@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_the_memory_said_is_that_of_the_process(case, n_threads, text, tmp_path):
    command, options = CASES[case]
    options = {**options, "thread": n_threads}
    trained(command, {**options, "dim": 2}, text, tmp_path / "m")  # compiling takes memory too
    said, took = trained(command, options, text, tmp_path / "m")
    assert 0.75 < said / took < 1.25
    args = replace(DEFAULTS[command], **options)
    data = read_data(str(text), "__label__")
    grams = data.bigrams
    if args.maxn:
        grams = character_ngrams(data, args.minn, args.maxn, args.min_count)
    assert 0.75 < costs(data, args, grams).memory / took < 1.25


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is measured on Linux")
@pytest.mark.parametrize("hidden", [8, 700])
@pytest.mark.parametrize("is_evaluated", [False, True])
def test_the_memory_said_is_that_of_a_perceptron_too(hidden, is_evaluated, text, tmp_path):
    options = {"dim": 60, "word_ngrams": 2, "bucket": 200_000, "thread": 1}
    options |= {"hidden": hidden, **({"valid": text} if is_evaluated else {})}
    trained("mlp-train", {**options, "dim": 2}, text, tmp_path / "m")
    said, took = trained("mlp-train", options, text, tmp_path / "m")
    assert 0.75 < said / took < 1.25


def test_needs_are_those_of_the_whole_process(monkeypatch):
    monkeypatch.setattr(memory, "resident_memory", lambda: 100)
    monkeypatch.setattr(memory, "peak_memory", lambda: 250)
    assert Needs(matrices=10, file=1, disk=1).memory == 250
    assert Needs(matrices=200, file=1, disk=1).memory == 300
    assert Needs(matrices=200, file=1, disk=1, saving=50).memory == 350
    assert Needs(matrices=200, file=1, disk=1, saving=-50).memory == 300
    mapped = Needs(matrices=200, file=1, disk=1, mapped=30)  # pages that give way
    assert (mapped.memory, mapped.to_come) == (300, 200)


def test_mapped_files_are_said_apart():
    needs = Needs(matrices=memory.LARGE, file=1000, disk=1000, mapped=5_000_000)
    said = needs.sentence()
    assert " of memory and 5.0 MB for the model that is read, which the system takes back" in said


def test_small_needs_are_not_said():
    assert Needs(matrices=0, file=1000, disk=1000).sentence() is None
    large = Needs(matrices=memory.LARGE, file=1000, disk=1000)
    assert large.sentence().startswith("Needs about ")


def test_memory_of_the_parent_does_not_count():
    mine = "from fastcli.memory import peak_memory as peak; import subprocess, sys; "
    parent = mine + "held = bytearray(300_000_000); print(peak()); "
    parent += "subprocess.run([sys.executable, '-c', sys.argv[1]])"
    out = subprocess.run(
        [sys.executable, "-c", parent, mine + "print(peak())"],
        capture_output=True,
        env=environment(),
        check=True,
    ).stdout
    of_parent, of_child = map(int, out.split())
    assert of_parent > 300_000_000
    if os.path.exists("/proc/self/status"):
        assert of_child < 200_000_000


def test_memory_of_this_process():
    assert 20_000_000 < memory.resident_memory() < 100_000_000_000
    assert memory.peak_memory() >= 20_000_000
