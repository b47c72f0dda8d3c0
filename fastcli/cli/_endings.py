"""What is proposed after training: the command that tests the model, or uses its vectors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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


def recorded_file(model: Any, reading: Sequence[str] = ()) -> str:
    """Return a file to test on that the record of a model names, "" if there is none.

    That is the test file of what it was trained on, else the file of its validation.  ``reading``
    are the words by which a table is read: without them only lines can be, and with them none.
    """
    from fastcli.evaluation.recorded import inputs_of, is_of_table, valid_of

    if is_of_table(model) != bool(reading):
        return ""
    found = [*map(file_to_test, inputs_of(model)), valid_of(model)]
    return next(filter(os.path.isfile, filter(None, found)), "")


def file_to_label(
    model: Any, data: Sequence[str], reading: Sequence[str], like: str = ""
) -> list[str]:
    """Return the words that name a file to predict: a recorded one, else the first of ``data``.

    ``reading`` are the words by which ``data`` was read, if these are tables, and ``like`` is the
    record of their columns, if there is one.
    """
    reading = [*reading, *(["--like", like] if like else [])]
    known = recorded_file(model, reading) or next(filter(os.path.isfile, data), FILE)
    return [known, *reading]


def command_to_test(
    model: str,
    inputs: Sequence[str],
    valid: str = "",
    reading: Sequence[str] = (),
    recorded: str = "",
) -> list[str]:
    """Return the command that tests a model: on the test file, else on the lines of validation.

    ``reading`` are the words by which a table is read; ``recorded`` is the file to take if there
    is neither.
    """
    beside = file_to_test(inputs[0]) if len(inputs) == 1 else ""
    return ["fastcli", "test", "--report", model, beside or valid or recorded or FILE, *reading]


def command_to_predict(model: str) -> list[str]:
    """Return the command that predicts with a model."""
    return ["fastcli", "predict", model, FILE]


def proposal(
    model: str,
    inputs: Sequence[str],
    valid: str = "",
    is_measured: bool = False,
    reading: Sequence[str] = (),
    recorded: str = "",
) -> list[str]:
    """Return what is next after a classifier was trained.

    That is testing it; where no file for that is known and it ``is_measured``, using it.
    """
    command = command_to_test(model, inputs, valid, reading, recorded)
    return command_to_predict(model) if FILE in command and is_measured else command
