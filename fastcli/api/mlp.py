"""train_mlp: train a neural network in a program, as ``mlp-train`` does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcli.api.configuration import Configured
from fastcli.api.files import Lists, input_files
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import say_network_lessons
from fastcli.api.mlp_model import MLP
from fastcli.api.named_options import read_options
from fastcli.api.network_runs import NetworkRun, configured, draw, settled, train
from fastcli.api.progress import Listening
from fastcli.api.saving import Saving
from fastcli.api.spelling import as_in_a_call
from fastcli.api.told import announcements
from fastcli.errors import ArgumentError
from fastcli.mlp.args import LOOKS
from fastcli.mlp.given_rows import SHOWN
from fastcli.mlp.given_tables import GivenTables, has_classes, has_floats
from fastcli.mlp.options import MlpOptions
from fastcli.mlp.trained import Setup
from fastcli.notices import say
from fastcli.options import names_of, row_of, rows_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from fastcli.api import options as typed
    from fastcli.api.progress import Callback
    from fastcli.mlp.args import MlpArgs

KINDS = (MlpOptions, Configured, Lists, Saving)
APART = ("input", "valid", *LOOKS)  # which are parameters of their own, or of the command alone
VALID_ROWS = f"{SHOWN} of valid"
# What is about files, and has no effect on rows that are given.
OF_FILES = {
    *("format", "delimiter", "quotes", "escape", "encoding", "bad_bytes", "header", "no_header"),
    *("decimal", "skip_bad", "text_column", "label_from", "join", "weight_prefix"),
}


def train_mlp(
    input: Any = None,
    y: Any = None,
    *,
    valid: Any = None,
    callback: Callback | None = None,
    **options: Unpack[typed.MlpOptions],
) -> MLP:
    """Train a neural network as the command ``mlp-train`` does, and return it.

    ``input`` is what ``-input`` takes: a file of lines of labels and text, a table of numbers, one
    of texts with ``text_column``, a libsvm file; several, a folder and a pattern will do as well.
    Or it has rows: an array [rows, columns], a list of lists, or a table of pandas, polars or
    Arrow.  Then ``y`` has a label for each (str, int, or a list of several), or numbers to learn
    (floats, [rows] or [rows, targets]: regression), or it is the name of a column.  ``valid`` is
    the path of a validation file, or for rows a pair (rows, y).

    ``options`` are those of the command, as Python writes them (``batch_size``) or in fastText's
    names (``wordNgrams``); what they leave open follows from the data, by the rules of the command.
    The same arguments make the same model on any number of threads, by default as many as
    processors; rows make the parameters that the same table in a file makes.  The model stays in
    memory until ``save_model``; with ``output="name"`` it is written to ``name.mlp`` as the command
    does.  Either way it has the same bytes.  ``callback`` hears of the progress, and ends the
    training where it returns ``STOP``: see ``Progress``.  What it raises ends it, too.  Where it
    returns ``STOP`` before there is a model, as between folds, StopTraining is raised.

    Notes and warnings are Python's (``FastcliNote``, none with ``verbose=0``; ``FastcliWarning``).
    Raises OptionError (a TypeError) for a name or type that cannot be, ArgumentError (a ValueError)
    for a value, DataError (a ValueError) for an input, TrainingDiverged (a RuntimeError), and
    KeyboardInterrupt where Ctrl-C ends it.
    """
    with as_in_a_call(rows_of(KINDS)):
        run, fsync = _asked(input, y, valid, {**options})
        args = run.args
        path = f"{args.output}.mlp" if args.output else ""
        with says_what_is_left(path), announcements(args.verbose):
            trained = train(run, _Listening(args.verbose, callback), fsync)
        draw(args, trained)
        if trained.interrupted and not trained.is_stopped:
            if path:
                raise interrupted_with_best(path, trained.interrupted, trained.history)
            raise KeyboardInterrupt
        if args.verbose > 0 and not trained.is_stopped:
            say_network_lessons(trained.learned, trained.troubles)
        found = MLP(trained.model.apart(), path)
        found.history = list(trained.history)
        found.interrupted = trained.interrupted
        if path:
            found._was_saved(path)
        return found


def _asked(x: Any, y: Any, valid: Any, options: dict[str, Any]) -> tuple[NetworkRun, bool]:
    """Return the training that a call asks for, and whether files are forced to the disk.

    Raises OptionError and ArgumentError for what cannot be asked for.
    """
    (chosen, config, lists, saving), given = read_options(options, KINDS, "train_mlp")
    if given.intersection(LOOKS):
        raise ArgumentError("check_gradients and trace print what they find: use mlp-train.")
    args, given = configured(chosen, config.config, given)
    tables = None
    if x is None or _are_paths(x):
        args = _of_files(args, x, y, valid, lists)
    else:
        tables = GivenTables(x=x, y=y, valid=_pair_of(valid))
        args = _of_rows(args, tables, valid)
        idle = [row_of(MlpOptions, one).shown for one in sorted(given & OF_FILES)]
        if idle and args.verbose > 0:
            say(f"{names_of(idle)}: no effect on rows that are given.")
    given |= {"input"} | ({"valid"} if args.valid else set())
    also_read = [config.config, *lists.files_from]
    return settled(args, given, also_read, tables, in_memory=True), bool(saving.fsync)


class _Listening(Listening):
    """Tells the epochs of a network, which are known when its data are."""

    def row(self, row: object) -> None:
        """Tell what was measured, and note how many epochs there will be."""
        if isinstance(row, Setup):
            self._epochs = row.network.args.epoch
        super().row(row)


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
        raise ArgumentError(
            "y is for rows that are given: a file has its labels in it. Texts are trained on from "
            "a file, too, with __label__name in each line."
        )
    paths = [] if given is None else [given] if isinstance(given, str | os.PathLike) else given
    files = [*(os.fspath(path) for path in paths), *args.input]
    inputs = input_files(files, lists.files_from, args.verbose <= 0)
    return replace(args, input=inputs, valid=_valid_file(valid) or args.valid)


def _of_rows(args: MlpArgs, tables: GivenTables, valid: Any) -> MlpArgs:
    """Return the arguments with names for rows, and the task, where ``y`` tells it."""
    shown = VALID_ROWS if tables.valid is not None else _valid_file(valid)
    return _of_task(replace(args, input=(SHOWN,), valid=shown), tables.y)


def _pair_of(valid: Any) -> tuple[Any, Any] | None:
    """Return rows for validation and what is learned of them, None where a path is given."""
    if not isinstance(valid, tuple | list):
        return None
    if len(valid) != 2:
        raise ArgumentError(f"valid is a pair (rows, y), and not {len(valid):,} things.")
    return valid[0], valid[1]


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
