"""What is proposed after training: the command that tests the model, or uses its vectors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

FILE = "FILE"  # a file that the person knows
TRAIN, TEST = "train", "test"


def file_to_test(path: str) -> str:
    """Return the test file that goes with a training file by its name, "" if there is none.

    ``topics.train.txt`` has ``topics.test.txt``, ``tickets/train.txt`` has ``tickets/test.txt``.
    """
    name = os.path.basename(path)
    start, found, end = name.rpartition(TRAIN)
    beside = str(Path(path).with_name(f"{start}{TEST}{end}")) if found else ""
    return beside if os.path.isfile(beside) else ""


def command_to_test(
    model: str, inputs: Sequence[str], valid: str = "", reading: Sequence[str] = ()
) -> list[str]:
    """Return the command that tests a model: on the test file, else on the lines of validation.

    ``reading`` are the words by which a table is read.
    """
    beside = file_to_test(inputs[0]) if len(inputs) == 1 else ""
    return ["fastcli", "test", "--report", model, beside or valid or FILE, *reading]


def command_to_predict(model: str) -> list[str]:
    """Return the command that predicts with a model."""
    return ["fastcli", "predict", model, FILE]


def proposal(
    model: str,
    inputs: Sequence[str],
    valid: str = "",
    is_measured: bool = False,
    reading: Sequence[str] = (),
) -> list[str]:
    """Return what is next after a classifier was trained.

    That is testing it; where no file for that is known and it ``is_measured``, using it.
    """
    command = command_to_test(model, inputs, valid, reading)
    return command_to_predict(model) if FILE in command and is_measured else command
