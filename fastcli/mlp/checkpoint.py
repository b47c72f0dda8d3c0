"""Checkpoints: all that is needed to resume a run exactly, in one safetensors file."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from fastcli.errors import ArgumentError, ModelFormatError
from fastcli.files import Replacement
from fastcli.mlp.args import MlpArgs, option_of
from fastcli.mlp.defaults import DECIDED
from fastcli.mlp.model_reader import as_written_now
from fastcli.mlp.snapshot import Snapshot
from fastcli.mlp.tensor_reader import VERSION, load_arrays
from fastcli.mlp.tensors import write_tensors
from fastcli.mlp.trainer import Progress, Trainer
from fastcli.printable import listed_files
from fastcli.rescue import place_or_rescue
from fastcli.schema import Range, SchemaError, build, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHECKPOINT_FORMAT = "mlp checkpoint"
# What may differ between a run and the one that resumes it.
FREE = {
    *("epoch", "thread", "verbose", "log", "plot", "save_every", "resume", "patience", "output"),
    *("show_gradients", "retry_nan", "folds", "folds_output", "plot_regions"),
}


def checkpoint_path(args: MlpArgs) -> str:
    """Return where the checkpoint of a run is: beside its model."""
    return f"{args.output}.checkpoint"


def fingerprint(trainer: Trainer) -> int:
    """Return a number that changes with the training examples."""
    e = trainer.source
    found = 0
    for array in (e.labels, e.label_offsets, e.dense, e.rows, e.offsets):
        found = zlib.crc32(array.data, found)
    return found


def save_checkpoint(trainer: Trainer, fsync: bool = False) -> None:
    """Write a checkpoint; an existing one stays intact until this one is complete.

    Raises FastcliError if it cannot be written, saying where it is instead if it was rescued.
    """
    arrays: dict[str, NDArray[Any]] = {
        "params": trainer.network.params,
        "running": trainer.network.running,
        "states": trainer.states,
        "embedding": trainer.embedding,
    }
    if trainer.best is not None:
        arrays["best.params"] = trainer.best.params
        arrays["best.running"] = trainer.best.running
        arrays["best.embedding"] = trainer.best.embedding
    config = {
        "format": CHECKPOINT_FORMAT,
        "version": VERSION,
        "args": asdict(trainer.args),
        "progress": asdict(trainer.progress),
        "fingerprint": fingerprint(trainer),
    }
    out = Replacement(checkpoint_path(trainer.args), fsync)
    try:
        place_or_rescue(out, lambda file: write_tensors(file, arrays, config))
    finally:
        out.discard()


@dataclass(frozen=True, kw_only=True)
class CheckpointHeader:
    """The JSON object of a checkpoint."""

    format: str
    version: str
    args: MlpArgs
    progress: Progress
    fingerprint: Annotated[int, Range(0, 2**32 - 1)]


def load_checkpoint(trainer: Trainer) -> bool:
    """Put a run where its checkpoint is; return whether there is one.

    Raises ArgumentError if the checkpoint is of other arguments or examples, and
    ModelFormatError where it is damaged; the run is then as it was.
    """
    path = checkpoint_path(trainer.args)
    if not os.path.lexists(path):
        return False
    arrays, config = load_arrays(path, CHECKPOINT_FORMAT)
    try:
        header = build(CheckpointHeader, as_written_now(config))
        _check_same(path, header, trainer)
        _check_progress(path, header.progress, trainer)
        has_best = any(evaluation.is_best for evaluation in header.progress.history)
        best = Snapshot(trainer.network, trainer.rows) if has_best else None
        pairs = _pairs(trainer, best)
        _check_arrays(pairs, arrays)
    except SchemaError as error:
        raise ModelFormatError(f"{path} is damaged: {error}.") from None
    for name, array in pairs.items():
        array[...] = arrays[name]
    trainer.best, trainer.progress = best, header.progress
    header.progress.stopping.patience = trainer.args.patience
    return True


def _pairs(trainer: Trainer, best: Snapshot | None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a run by the names that they have in a checkpoint."""
    network = trainer.network
    pairs: dict[str, NDArray[Any]] = {
        "params": network.params,
        "running": network.running,
        "states": trainer.states,
        "embedding": trainer.embedding,
    }
    if best is not None:
        pairs |= {"best.params": best.params, "best.running": best.running}
        pairs["best.embedding"] = best.embedding
    return pairs


def _check_arrays(pairs: dict[str, NDArray[Any]], arrays: dict[str, NDArray[Any]]) -> None:
    """Raise SchemaError if an array of a checkpoint is not like the one it is copied to."""
    for name in sorted(arrays.keys() - pairs.keys()):
        raise SchemaError(f"unexpected tensor {shown(name)}")
    for name, to in pairs.items():
        found = arrays.get(name)
        if found is None:
            raise SchemaError(f"{name} is missing")
        if (found.shape, found.dtype) != (to.shape, to.dtype):
            raise SchemaError(
                f"{name} should be {to.dtype}{list(to.shape)}, not {found.dtype}{list(found.shape)}"
            )
    for name in ("params", "running", "best.params", "best.running"):
        if name in pairs and not np.isfinite(arrays[name]).all():
            raise SchemaError(f"{name} is not finite; or its run diverged")


def _check_progress(path: str, at: Progress, trainer: Trainer) -> None:
    """Raise where a checkpoint's progress contradicts itself (SchemaError) or the run."""
    steps = [evaluation.step for evaluation in at.history]
    if sorted(set(steps)) != steps or any(step > at.step for step in steps):
        raise SchemaError("the steps of progress.history do not rise to progress.step")
    if at.stopping.step > at.step or at.stopping.wait > len(steps):
        raise SchemaError("progress.stopping is ahead of progress.step")
    if any(evaluation.is_best for evaluation in at.history) and trainer.valid is None:
        raise SchemaError("progress.history has a best model, and the run no validation file")
    if at.step > trainer.total_steps:
        raise ArgumentError(
            f"{path} is after step {at.step:,}, and this run would end after "
            f"{trainer.total_steps:,}: give a larger -epoch, or leave --resume out to restart."
        )


def _check_same(path: str, header: CheckpointHeader, trainer: Trainer) -> None:
    names = [f.name for f in fields(MlpArgs) if f.name not in FREE]
    _check_same_args(path, header, trainer, [name for name in names if name not in DECIDED])
    if header.fingerprint != fingerprint(trainer):
        raise ArgumentError(
            f"{path} is from a run on other examples than {listed_files(trainer.args.input)} has "
            "now, or started from another -inputModel: leave --resume out to restart."
        )
    _check_same_args(path, header, trainer, [name for name in names if name in DECIDED])


def _check_same_args(
    path: str, header: CheckpointHeader, trainer: Trainer, names: Iterable[str]
) -> None:
    for name in names:
        before, now = getattr(header.args, name), getattr(trainer.args, name)
        if before != now:
            raise ArgumentError(
                f"{path} is from a run with {option_of(name)} {_text(before)}, not {_text(now)}: "
                "give the same options, or leave --resume out to restart."
            )


def _text(value: object) -> str:
    """Return the value of an option as a message shows it."""
    if value in ("", ()):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(_text, value[:5])) + (", ..." if len(value) > 5 else "")
    if isinstance(value, str):
        return value if value.isprintable() and len(value) <= 100 else shown(value)
    return str(value)
