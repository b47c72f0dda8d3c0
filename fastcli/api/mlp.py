"""train_mlp: train a neural network in a program, as ``mlp-train`` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastcli.api.configuration import Configured, read_config
from fastcli.api.files import Lists, input_files
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import say_network_lessons
from fastcli.api.named_options import read_options
from fastcli.api.network_runs import draw, settled, train
from fastcli.api.perceptron import Perceptron
from fastcli.api.saving import Saving
from fastcli.api.told import Told
from fastcli.errors import ArgumentError
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.given_rows import SHOWN
from fastcli.mlp.given_tables import GivenTables, has_classes, has_floats
from fastcli.mlp.options import MlpOptions
from fastcli.notices import say
from fastcli.options import names_of, row_of

KINDS = (MlpOptions, Configured, Lists, Saving)
VALID_ROWS = f"{SHOWN} of valid"
# What is about files, and has no effect on rows that are given.
OF_FILES = {
    *("format", "delimiter", "quotes", "escape", "encoding", "bad_bytes", "header", "no_header"),
    *("decimal", "skip_bad", "text_column", "label_from", "join", "weight_prefix"),
}


def train_mlp(input: Any = None, y: Any = None, valid: Any = None, **options: Any) -> Perceptron:
    """Return a network that is trained on files, or on rows and what is learned of them.

    ``input`` is a path, or a list of paths: what ``mlp-train -input`` takes.  Or it has rows: an
    array [rows, columns], a list of lists, or a table of pandas, polars or Arrow; then ``y`` has a
    label for each (str, int, or a list of several), or numbers (floats, [rows] or [rows, targets]:
    regression), or it is the name of a column.  ``valid`` is the path of a validation file, or the
    pair (rows, y).

    ``options`` are those of ``mlp-train``, as names of Python (``batch_size``) or in fastText's
    spelling (``wordNgrams``).  With ``output`` the model is written to ``<output>.mlp``, the same
    bytes as the command writes.  Raises OptionError (a TypeError) for an unknown option,
    ArgumentError and DataError for what cannot be trained with, and TrainingDiverged.
    """
    (chosen, configured, lists, saving), given = read_options(options, KINDS, "train_mlp")
    if given & {"check_gradients", "trace"}:
        raise ArgumentError("--check-gradients and --trace print what they find: use mlp-train.")
    found = read_config(configured.config, given) if configured.config else {}
    args = MlpArgs(**{**vars(chosen), **found})
    given |= found.keys()
    args.check_given(given)
    is_quiet = args.verbose <= 0
    tables = None
    if input is None or _are_paths(input):
        args = _of_files(args, input, y, valid, lists)
    else:
        tables = GivenTables(x=input, y=y, valid=valid if isinstance(valid, tuple) else None)
        args = _of_rows(args, tables, valid)
        idle = [row_of(MlpOptions, one).shown for one in sorted(given & OF_FILES)]
        if idle and not is_quiet:
            say(f"{names_of(idle)}: no effect on rows that are given.")
    given |= {"input"}
    given |= {"valid"} if args.valid else set()
    run = settled(args, given, [configured.config, *lists.files_from], tables, in_memory=True)
    path = f"{args.output}.mlp" if args.output else ""
    with says_what_is_left(path):
        trained = train(run, Told(args.verbose), saving.fsync)
    if not is_quiet:
        say_network_lessons(trained.learned, trained.troubles)
    draw(run.args, trained)
    if trained.interrupted:
        raise interrupted_with_best(path, trained.interrupted, trained.history)
    return Perceptron(trained.model.apart(), path)


def _are_paths(given: Any) -> bool:
    """Tell whether these are one or more paths."""
    if isinstance(given, str | os.PathLike):
        return True
    is_list = isinstance(given, Sequence) and len(given) > 0
    return is_list and all(isinstance(one, str | os.PathLike) for one in given)


def _of_files(args: MlpArgs, given: Any, y: Any, valid: Any, lists: Lists) -> MlpArgs:
    """Return the arguments with the files that are trained on.

    Raises ArgumentError for what is given for rows.
    """
    if y is not None:
        raise ArgumentError("y is for rows that are given: a file has its labels in it.")
    paths = [] if given is None else [given] if isinstance(given, str | os.PathLike) else given
    files = [*(os.fspath(path) for path in paths), *args.input]
    inputs = input_files(files, lists.files_from, args.verbose <= 0)
    return replace(args, input=inputs, valid=_valid_file(valid))


def _of_rows(args: MlpArgs, tables: GivenTables, valid: Any) -> MlpArgs:
    """Return the arguments with names for rows, and the task, where ``y`` tells it."""
    shown = VALID_ROWS if tables.valid is not None else _valid_file(valid)
    return _of_task(replace(args, input=(SHOWN,), valid=shown), tables.y)


def _valid_file(valid: Any) -> str:
    if valid is None:
        return ""
    if not isinstance(valid, str | os.PathLike):
        raise ArgumentError("valid is the path of a file, or where rows are given (rows, y).")
    return os.fspath(valid)


def _of_task(args: MlpArgs, y: Any) -> MlpArgs:
    """Return the arguments with the task, where ``y`` tells it: floats are learned as numbers.

    Raises ArgumentError for floats that may as well be the numbers of classes.
    """
    if args.task != "auto" or args.is_regression or args.input_model or not has_floats(y):
        return args
    if has_classes(y):
        raise ArgumentError(
            "y has few different floats, which may be classes: give task='classification', or "
            "task='regression' to learn them as numbers."
        )
    if args.verbose > 0:
        say("y has floats, which are learned as numbers (task='regression').")
    return replace(args, task="regression")
