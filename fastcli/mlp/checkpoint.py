"""Checkpoints: all that a run needs to go on as if it had not stopped, in one safetensors file."""

from __future__ import annotations

import zlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError
from fastcli.mlp.args import MlpArgs, option_of
from fastcli.mlp.model_file import save_arrays
from fastcli.mlp.tensor_reader import VERSION, load_arrays
from fastcli.mlp.train import EarlyStopping, Evaluation, Progress, Snapshot, Trainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "mlp checkpoint"
# What may differ between a run and the one that goes on from it.
FREE = {"epoch", "thread", "verbose", "log", "plot", "save_every", "resume", "patience", "output"}


def checkpoint_path(args: MlpArgs) -> str:
    """Return where the checkpoint of a run is: beside its model."""
    return f"{args.output}.checkpoint"


def fingerprint(trainer: Trainer) -> int:
    """Return a number that changes with the training examples."""
    e = trainer.source
    found = 0
    for array in (e.labels, e.label_offsets, e.numbers, e.rows, e.offsets):
        found = zlib.crc32(array.data, found)
    return found


def save_checkpoint(trainer: Trainer) -> None:
    """Write a checkpoint; a former one stays whole until this one is.  Raises FastcliError."""
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
    at = trainer.progress
    progress = {**asdict(at), "stopping": asdict(at.stopping)}
    config = {
        "format": FORMAT,
        "version": VERSION,
        "args": asdict(trainer.args),
        "progress": progress,
        "fingerprint": fingerprint(trainer),
    }
    save_arrays(checkpoint_path(trainer.args), arrays, config)


def load_checkpoint(trainer: Trainer) -> bool:
    """Put a run where its checkpoint is; return whether there is one.

    Raises ArgumentError where the checkpoint is of other arguments or examples, and
    ModelFormatError where it is damaged.
    """
    path = checkpoint_path(trainer.args)
    if not Path(path).exists():
        return False
    arrays, config = load_arrays(path, FORMAT)
    _check_same(path, config, trainer)
    trainer.network.params[:] = arrays["params"]
    trainer.network.running[:] = arrays["running"]
    trainer.states[:] = arrays["states"]
    trainer.embedding[:] = arrays["embedding"]
    if "best.params" in arrays:
        trainer.best = Snapshot(trainer.network, trainer.rows)
        trainer.best.params[:] = arrays["best.params"]
        trainer.best.running[:] = arrays["best.running"]
        trainer.best.embedding[:] = arrays["best.embedding"]
    found = config["progress"]
    stopping = EarlyStopping(**{**found["stopping"], "patience": trainer.args.patience})
    history = [Evaluation(**evaluation) for evaluation in found["history"]]
    trainer.progress = Progress(**{**found, "stopping": stopping, "history": history})
    return True


def _check_same(path: str, config: dict[str, Any], trainer: Trainer) -> None:
    for f in fields(MlpArgs):
        before, now = config["args"].get(f.name), getattr(trainer.args, f.name)
        before = tuple(before) if isinstance(before, list) else before
        if f.name not in FREE and before != now:
            raise ArgumentError(
                f"{path} is of a run with {option_of(f.name)} {before}, not {now}: give the same "
                "options, or leave --resume out to start anew."
            )
    if config["fingerprint"] != fingerprint(trainer):
        raise ArgumentError(
            f"{path} is of a run on other examples than {', '.join(trainer.args.input)} has now: "
            "leave --resume out to start anew."
        )
