"""The log of a run: its arguments in the first line, then an evaluation in each line, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import fields
from typing import Any

from fastcli import __version__
from fastcli.appended import AppendedFile
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.overwriting import check_ours, first_object

ALWAYS = {"step", "epoch", "progress", "lr", "seconds", "is_best"}  # of an evaluation
FIRST = {"run", "fastcli", "arguments"}


class RunLog:
    """The log of a run, which replaces a former one with the first evaluation; "" is no file.

    Raises FastcliError if a file that is not a log would be replaced.
    """

    def __init__(
        self, path: str, warn: Callable[[str], None], command: str, arguments: dict[str, Any]
    ) -> None:
        if path:
            check_log(path)
        self._file = AppendedFile(path, warn) if path else None
        self._command = command
        self._first = self._folds = b""
        self.restart(arguments)

    def restart(self, arguments: dict[str, Any]) -> None:
        """Begin again, with other arguments: what was logged of a run that failed is removed."""
        if self._file is not None:
            self._file.cut(0)
            self._first = run_line(self._command, arguments) + self._folds

    def __enter__(self) -> RunLog:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add_folds(self, rows: Iterable[dict[str, Any]]) -> None:
        """Add what was measured of folds, before anything is trained that evaluations are of."""
        if self._file is not None:
            self._folds = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
            self._append(self._folds)

    def add(self, history: Collection[Evaluation]) -> None:
        """Add evaluations."""
        if self._file is not None and history:
            self._append(log_lines(history))

    def _append(self, lines: bytes) -> None:
        if self._file is not None:
            self._file.append(self._first + lines)
            self._first = b""


def run_line(command: str, arguments: dict[str, Any]) -> bytes:
    """Return the first line of a log: which command was run, and its arguments."""
    line = {"run": command, "fastcli": __version__, "arguments": arguments}
    return json.dumps(line).encode() + b"\n"


def log_lines(history: Collection[Evaluation]) -> bytes:
    """Return evaluations as JSON objects, one per line; what was not measured is left out."""
    lines = []
    for evaluation in history:
        values = {k: v for k, v in vars(evaluation).items() if v == v and v != ()}
        lines.append(json.dumps(values) + "\n")
    return "".join(lines).encode()


def check_log(path: str) -> None:
    """Raise FastcliError if a new log would replace a file that is not one."""
    check_ours(path, "a log of a training run", is_log)


def is_log(path: str) -> bool:
    """Tell whether a file begins as a log does: with its arguments, in 0.1.0 an evaluation."""
    found, _ = first_object(path)
    known = {f.name for f in fields(Evaluation)}
    return found.keys() == FIRST or ALWAYS <= set(found) <= known
