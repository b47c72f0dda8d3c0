"""The command lines of fastText's own program, for what `peers.py` does in Python.

``native_fasttext.py`` builds the program; ``--native PATH`` measures it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

NAME = "fasttext-native"
FLAGS = ("qnorm", "retrain")  # options without a value


def command(program: str, action: str, **options: object) -> list[str]:
    """Return the command for an action of `peers.py`, with the same options.

    It writes a ``.vec`` beside the ``.bin`` it trains, which cannot be turned off, and it quantizes
    ``<stem>.bin`` into ``<stem>.ftz``.
    """
    if action in ("test", "predict"):
        return [program, action, str(options["model"]), str(options["data"])]
    if action == "words":  # the words come from stdin
        return [program, "print-word-vectors", str(options["model"])]
    given = dict(options)
    if action == "quantize":
        model, output = Path(str(given.pop("model"))), Path(str(given["output"]))
        if model.with_suffix(".ftz") != output:
            sys.exit(f"{NAME} quantizes {model} into {model.with_suffix('.ftz')} only")
        verb = "quantize"
    elif action == "embed":
        verb = str(given.pop("model"))
    elif action in ("train", "autotune"):
        verb = "supervised"
    else:
        sys.exit(f"{NAME} has nothing for {action}")
    given["output"] = Path(str(given["output"])).with_suffix("")
    for old in ("validation", "duration"):
        if old in given:
            given[f"autotune-{old}"] = given.pop(old)
    words = [program, verb]
    for key, value in given.items():
        words += [f"-{key}"] if key in FLAGS else [f"-{key}", str(value)]
    return words


def tested(printed: str) -> dict[str, float]:
    """Return N, P@1 and R@1 from what ``test`` prints; they have three digits."""
    figures = dict(line.split("\t") for line in printed.splitlines())
    return {"n": int(figures["N"]), "p1": float(figures["P@1"]), "r1": float(figures["R@1"])}


def described(program: str) -> str:
    """Return what the program was built from and how, as `native_fasttext.py` noted it."""
    notes = Path(program).with_suffix(".json")
    if not notes.is_file():
        return "built elsewhere"
    facts = json.loads(notes.read_text(encoding="utf-8"))
    source = facts["source"].replace("==", " ")
    return f"sources of {source}, {facts['compiler']}, {facts['flags']}"
