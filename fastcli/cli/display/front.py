"""What ``fastcli`` alone says: the commands by purpose, and where to begin."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from fastcli import __version__
from fastcli.cli.display.colours import painted
from fastcli.cli.display.messages import lines, painted_row

# Commands of a line, and what it says; names of further commands may be in the line.
FRONT = {
    "Data": (
        ("prepare", "training files from CSV, JSON, Parquet, folders"),
        ("inspect", "look at a file or a model: contents, problems, advice"),
    ),
    "Classify": (
        ("supervised", "train a classifier"),
        ("mlp-train", "train a multilayer perceptron"),
        ("test, test-label", "measure a classifier"),
        ("predict, predict-prob", "label lines or the rows of a table"),
        ("explain", "show which words speak for a label"),
        ("compare", "which model, or which run, is better"),
        ("tune-threshold", "... calibrate: decisions and probabilities to rely on"),
        ("quantize", "shrink a model"),
    ),
    "Word vectors": (
        ("skipgram, cbow", "train"),
        ("nn, analogies", "the nearest words"),
        ("print-word-vectors", "... print-sentence-vectors, print-ngrams"),
    ),
    "Help": (
        ("help data", "formats, cleaning, encodings"),
        ("help tutorial", "15 minutes, with sample data"),
        ("help json", "what --json writes"),
        ("help fasttext", "what differs from fastText"),
        ("help", "all pages; activations, optimisers, losses and more"),
        ("completion", "for bash, zsh, fish"),
        ("dump, cache", "the numbers of a model; compiled kernels"),
    ),
}

LAST = "Try it:  fastcli demo      (writes samples to ./fastcli-demo and uses them)"


def show_front() -> None:
    """Write it to stderr, after the first line of what fastText says there."""
    lines("usage: fastcli <command> <args>", "")
    for row in front():
        painted_row(row, lambda row: painted(row, "heading", sys.stderr) if row in FRONT else row)


def front() -> Iterator[str]:
    """Yield the lines, at most 80 columns wide."""
    yield f"fastcli {__version__}  fastText's command line, and perceptrons"
    yield ""
    for title, rows in FRONT.items():
        yield title
        for names, line in rows:
            yield f"  {names:<22}  {line}"
    yield ""
    yield LAST
