"""The log of a run: its arguments in the first line, then an evaluation in each line, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fastcli import __version__
from fastcli.appended import AppendedFile
from fastcli.errors import DataError, cannot_open
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.overwriting import check_ours, first_object
from fastcli.schema import SchemaError, parse_json, shown
from fastcli.text.spooled import place_of
from fastcli.threads import uninterrupted

ALWAYS = {"step", "epoch", "progress", "lr", "seconds", "is_best"}  # of an evaluation
LISTS = {"gradients", "activations"}
FOLD = "fold"  # in lines with what was measured of a fold
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

    def decide(self, arguments: dict[str, Any]) -> None:
        """Set the arguments again, with those that the data have decided."""
        if self._first:
            self._first = run_line(self._command, arguments)
        else:  # folds have been written
            self.restart(arguments)

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


class EvaluationRows:
    """Adds the evaluations of a run to its log and shows them, each once.

    ``show`` may be called again after an interrupt, which may come between an evaluation and its
    row; the first ``n_shown`` are of a former run, and are only in the log.
    """

    def __init__(
        self, log: RunLog | None, on_row: Callable[[Evaluation], None], n_shown: int = 0
    ) -> None:
        self._log, self._on_row = log, on_row
        self._logged, self._shown = 0, n_shown

    def show(self, history: Sequence[Evaluation]) -> None:
        """Log and show those that are new."""
        with uninterrupted():  # a line is there once
            if self._log is not None:
                self._log.add(history[self._logged :])
            self._logged = len(history)
        while self._shown < len(history):
            self._shown += 1
            self._on_row(history[self._shown - 1])


def run_line(command: str, arguments: dict[str, Any]) -> bytes:
    """Return the first line of a log: which command was run, and its arguments."""
    line = {"run": command, "fastcli": __version__, "arguments": arguments}
    return json.dumps(line).encode() + b"\n"


def log_lines(history: Collection[Evaluation]) -> bytes:
    """Return evaluations as JSON objects, one per line; what was not measured is left out."""
    lines = []
    for evaluation in history:
        values = {k: v for k, v in vars(evaluation).items() if v == v and v != ()}
        if not evaluation.valid_lines:
            del values["valid_lines"]
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


# ------------------------------------------------------------------ reading


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as its log tells it; logs of 0.1.0 have no command and no arguments."""

    path: str
    command: str
    arguments: dict[str, Any]
    history: list[Evaluation]
    is_cut: bool = False  # within a line, by the end of the process

    @property
    def has_valid(self) -> bool:
        """Whether validation lines were measured."""
        return any(one.has_valid for one in self.history)

    @property
    def of_numbers(self) -> bool:
        """Whether the validation lines of a regression were measured."""
        return any(one.of_numbers for one in self.history)

    @property
    def kept(self) -> Evaluation:
        """The evaluation whose model is kept: the best one, without validation the last."""
        best = [one for one in self.history if one.is_best]
        return best[-1] if best else self.history[-1]


def read_run(path: str) -> Run:
    """Read a log.  Raises DataError if it is damaged, or has no evaluation."""
    try:
        lines = Path(place_of(path)).read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(cannot_open(path, error, "comparing")) from None
    last = lines.pop()  # what is behind the last line end
    first = parse_line(path, 1, lines[0]) if lines else {}
    has_first = first.keys() == FIRST
    numbered = enumerate(lines[has_first:], 1 + has_first)
    objects = ((i, parse_line(path, i, line)) for i, line in numbered)
    history = [_evaluation(found, f"{path}:{i}") for i, found in objects if FOLD not in found]
    if not history:
        raise DataError(f"{path} has no evaluation: the run has not got so far.")
    arguments = first.get("arguments") if has_first else None
    return Run(
        path=path,
        command=str(first.get("run")) if has_first else "",
        arguments=arguments if isinstance(arguments, dict) else {},
        history=history,
        is_cut=bool(last.strip()),
    )


def _evaluation(values: dict[str, Any], where: str) -> Evaluation:
    """Return the evaluation of a line; numbers may be infinite.  Raises DataError."""
    found: dict[str, Any] = {"loss": float("nan")}  # left out where it was no number
    for name in (f.name for f in fields(Evaluation)):
        value = values.get(name)
        if value is None and name not in ALWAYS:
            continue
        is_list = isinstance(value, list)
        parts = value if isinstance(value, list) else [value]
        if is_list != (name in LISTS) or not all(isinstance(one, int | float) for one in parts):
            raise DataError(f"{where}: {name} should be a number, not {shown(value)}.")
        found[name] = tuple(parts) if is_list else value
    return Evaluation(**found)


def parse_line(path: str, number: int, line: bytes) -> dict[str, Any]:
    """Return the object of a line.  Raises DataError."""
    try:
        found = parse_json(line)
    except SchemaError as error:
        raise DataError(f"{path}:{number}: {error}.") from None
    if not isinstance(found, dict):
        raise DataError(f"{path}:{number}: not an object of JSON, as a log of a run has.")
    return found
