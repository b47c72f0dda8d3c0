"""Entry point of autotune: check, look for the best arguments, write the best model."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.fasttext.args import TrainArgs, command_line
from fastcli.fasttext.autotune import AutotuneArgs, Outcome, autotune
from fastcli.fasttext.model_bytes import file_size
from fastcli.fasttext.model_outputs import ModelOutputs, Writer
from fastcli.fasttext.quantize import QuantizedModel, usable
from fastcli.fasttext.quantized import CENTROIDS, QuantizedMatrix
from fastcli.fasttext.save import write_matrix, write_model, write_quantized
from fastcli.fasttext.train_and_save import about, inputs, outputs, text_paths, text_writers
from fastcli.fasttext.trial_kernels import load_trial_kernels
from fastcli.fasttext.trials import TUNED, former_trials, open_trials
from fastcli.fasttext.vectors import Vectors
from fastcli.files import Replacement
from fastcli.overwriting import check_apart
from fastcli.reporting import Reporter
from fastcli.text.spooled import spooled


@dataclass(frozen=True)
class Tuned:
    """The result of autotune, the path of the model, and the commands that reproduce it."""

    outcome: Outcome
    path: str
    commands: list[str]


@dataclass(frozen=True)
class Input:
    """How the input was prepared, as the model records it, and the words that read it again."""

    prepared: dict[str, Any]
    words: list[str]


def tune_and_save(
    args: TrainArgs,
    tune: AutotuneArgs,
    reporter: Reporter,
    fsync: bool = False,
    prepared: dict[str, Any] | None = None,
    reading: Sequence[str] = (),
) -> Tuned:
    """Look for the best arguments and write the best model: ``.bin``, or ``.ftz`` with a size.

    A model that has too few rows to be quantized is written as ``.bin`` with a size, too.  With
    ``fsync`` files are forced to the disk.  ``prepared`` is recorded, as ``train_and_save`` does;
    ``reading`` are words that commands need to read the same input.  Where ``args`` have no output
    the model stays in memory, and trials are written to a file only if ``tune`` names one.  Raises
    FastcliError or a child of it.
    """
    trials = [tune.trials]
    if tune.trials and not tune.resume:
        trials.append(former_trials(tune.trials))
    ends = [".bin", ".ftz"] if tune.modelsize else [".bin"]
    paths = [f"{args.output}{end}" for end in ends] if args.output else []
    for written in [outputs(args, path) for path in paths] or [[]]:
        check_apart([*inputs(args), tune.validation], [*written, *trials])
    if doubt := tune.check(args).doubt:
        reporter.note(doubt)
    if tune.modelsize and args.save_output:
        raise ArgumentError("Option -saveOutput is not supported for quantized models.")
    with (
        ModelOutputs(paths, text_paths(args), reporter.warn, fsync) as files,
        open_trials(tune.trials, reporter.warn, tune.resume) as trials_file,
        spooled(args.input, reporter),
    ):
        load_trial_kernels(args, tune)  # so that compiling does not count as tuning
        reporter.stage("tuning")
        outcome = autotune(args, tune, reporter, trials_file)
        return _save(args, tune, outcome, files, reporter, Input(prepared or {}, list(reading)))


def _save(
    args: TrainArgs,
    tune: AutotuneArgs,
    outcome: Outcome,
    outputs: ModelOutputs,
    reporter: Reporter,
    read: Input,
) -> Tuned:
    """Write the best model, if it has files, and the commands that reproduce it."""
    best, trained = replace(outcome.trial.args, retrain=False), outcome.trained
    names = [name for name in TUNED if name != "dsub"]
    commands = [shlex.join([*command_line(replace(best, dsub=2), names), *read.words])]
    notes: dict[str, Any] = about(best, trained, read.words)
    if read.prepared:
        notes["prepared"] = read.prepared
    quantized = outcome.quantized
    path = ""
    if args.output:
        reporter.stage("saving")
        path = f"{args.output}.bin" if quantized is None else f"{args.output}.ftz"
    if quantized is not None:
        commands.append(shlex.join(_quantize_command(best, quantized, tune.modelsize, read.words)))
    elif tune.modelsize:
        size = file_size(trained.args, trained.dictionary)
        kept = f"{path} is kept instead of a .ftz" if path else "The model is not quantized"
        reporter.note(
            f"{kept}: it has {size:,} bytes, and fewer than "
            f"{CENTROIDS} rows, which cannot be quantized."
        )
    notes["autotune"] = {
        "metric": tune.metric,
        "predictions": tune.predictions,
        "validation": tune.validation,
        "score": outcome.trial.score,
        "trial": outcome.trial.number,
        "trials": outcome.n_trials,
        "commands": commands,
    }
    trained.about = notes
    if not path:
        return Tuned(outcome, path, commands)
    if quantized is None:
        writers = text_writers(best, trained)
        outputs.save(path, lambda out: write_model(out, trained), writers, notes)
    else:
        writers = _text_writers(args, quantized)
        outputs.save(path, lambda out: write_quantized(out, quantized), writers, notes)
    if tune.modelsize:
        _note_former(path, reporter)
    return Tuned(outcome, path, commands)


def _text_writers(args: TrainArgs, quantized: QuantizedModel) -> dict[str, Writer]:
    """Return the function that writes the vectors of a quantized model, if requested."""

    def words(out: Replacement) -> None:
        model = usable(quantized)
        vectors = Vectors(model, args.thread).of_dictionary()
        write_matrix(out, vectors, model.dictionary, args.thread)

    return dict.fromkeys(text_paths(args), words)


def _note_former(path: str, reporter: Reporter) -> None:
    """Say that the model of an earlier run is still there, if it has the other suffix."""
    name, end = path[:-4], path[-4:]
    other = f"{name}.ftz" if end == ".bin" else f"{name}.bin"
    if os.path.exists(other):
        reporter.note(f"{other} of an earlier run is still there; the model of this one is {path}.")


def _quantize_command(
    args: TrainArgs, quantized: QuantizedModel, target: int, reading: Sequence[str]
) -> list[str]:
    """Return the words of the command that makes a trial's ``.ftz`` from its ``.bin``."""
    words = ["fastcli", "quantize", "-output", args.output, "-qnorm", "-dsub", str(args.dsub)]
    words += ["--target-size", str(target)]
    if quantized.model.bucket_rows is not None:
        words += ["-retrain", *(word for path in args.input for word in ("-input", path))]
        words += reading
        # No -epoch: the .bin has it.  The rest is in the JSON file beside it, which may be lost.
        words += ["-lr", str(args.lr)]
        words += ["-seed", str(args.seed)] if args.seed else []
        words += ["-optimizer", args.optimizer] if args.optimizer != "sgd" else []
        words += ["-label", args.label] if args.label != TrainArgs.label else []
        words += ["--no-shuffle"] * args.no_shuffle
    return words + ["-qout"] * isinstance(quantized.wo, QuantizedMatrix)
