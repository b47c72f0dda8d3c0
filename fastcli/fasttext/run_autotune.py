"""The whole of autotune: check, look for the best arguments, write the best model."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.fasttext.args import TrainArgs, command_line
from fastcli.fasttext.autotune import TUNED, AutotuneArgs, Outcome, TuneReporter, autotune
from fastcli.fasttext.quantize import usable
from fastcli.fasttext.run import about, check_outputs, save_texts
from fastcli.fasttext.save import save_about, save_matrix, save_model, save_quantized
from fastcli.fasttext.vectors import Vectors
from fastcli.files import check_writable
from fastcli.kernels._build import compile_beside
from fastcli.kernels.lines import read_lines
from fastcli.kernels.predict import best_labels
from fastcli.kernels.train import train_lines


@dataclass(frozen=True)
class Tuned:
    """What autotune found, where the model is, and the commands that make it again."""

    outcome: Outcome
    path: str
    commands: list[str]


def tune_and_save(
    args: TrainArgs, tune: AutotuneArgs, reporter: TuneReporter, command: str
) -> Tuned:
    """Look for the best arguments and write the best model: ``.bin``, or ``.ftz`` with a size.

    Raises FastcliError or a child of it.
    """
    path = f"{args.output}.ftz" if tune.modelsize else f"{args.output}.bin"
    tune.check(args)
    if tune.modelsize and args.save_output:
        raise ArgumentError("Option -saveOutput is not supported for quantized models.")
    check_outputs(args, path)
    check_writable(tune.trials)
    compile_beside(train_lines, best_labels, read_lines)
    outcome = autotune(args, tune, reporter)
    best, trained = replace(outcome.trial.args, retrain=False), outcome.trained
    names = [name for name in TUNED if name != "dsub"]
    commands = [shlex.join(command_line(replace(best, dsub=2), names))]
    notes: dict[str, Any] = about(best, trained, command)
    if outcome.quantized is None:
        save_model(path, trained)
        save_texts(best, trained)
    else:
        rows = outcome.quantized.wi.n_rows
        quantize = ["fastcli", "quantize", "-output", args.output, "-qnorm", "-retrain"]
        quantize += [word for source in args.input for word in ("-input", source)]
        quantize += ["-cutoff", str(rows), "-dsub", str(best.dsub)]
        commands.append(shlex.join(quantize + ["-qout"] * (trained.dictionary.nlabels >= 256)))
        notes["size"] = save_quantized(path, outcome.quantized)
        if not args.no_vec:
            model = usable(outcome.quantized)
            vectors = Vectors(model, args.thread).of_dictionary()
            save_matrix(f"{args.output}.vec", vectors, model.dictionary, args.thread)
    notes["autotune"] = {
        "metric": tune.metric,
        "predictions": tune.predictions,
        "validation": tune.validation,
        "score": outcome.trial.score,
        "trial": outcome.trial.number,
        "trials": outcome.n_trials,
        "commands": commands,
    }
    save_about(path, notes)
    return Tuned(outcome, path, commands)
