"""Training linear models from a program: ``train_supervised`` and ``train_unsupervised``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from fastcli.api.files import Lists, input_files
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import say_lessons
from fastcli.api.linear_training import (
    Request,
    Settled,
    draw,
    kinds_of,
    rows_of_command,
    settle,
    train,
    tune,
    without_of,
)
from fastcli.api.named_options import read_options
from fastcli.api.progress import Listening
from fastcli.api.saving import Saving
from fastcli.api.spelling import as_in_a_call
from fastcli.api.told import announcements
from fastcli.errors import ArgumentError, OptionError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.options import AutotuneOptions
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.notices import say
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from fastcli.api.lessons import Better
    from fastcli.api.linear import FastText
    from fastcli.api.options import SupervisedOptions, UnsupervisedOptions
    from fastcli.api.progress import Callback
    from fastcli.fasttext.model import Model
    from fastcli.fasttext.trained import Trained

Path: TypeAlias = "str | bytes | os.PathLike[str]"
LINES = "(lines)"  # the name of lines that are given, as of a file
# fastText's order of arguments, after the input.
ORDER = (
    *("lr", "dim", "ws", "epoch", "minCount", "minCountLabel", "minn", "maxn", "neg"),
    *("wordNgrams", "loss", "bucket", "thread", "lrUpdateRate", "t", "label", "verbose"),
    *("pretrainedVectors", "seed", "autotuneValidationFile", "autotuneMetric"),
    *("autotunePredictions", "autotuneDuration", "autotuneModelSize"),
)
# Its names that are not ours in another spelling.
ALIASES = {
    "autotuneValidationFile": "autotune_validation",
    "autotune_validation_file": "autotune_validation",
    "autotuneModelSize": "autotune_modelsize",
    "autotune_model_size": "autotune_modelsize",
    "label_prefix": "label",
}


def train_supervised(
    input: Path | Sequence[Path] | None = None,
    *values: Any,
    lines: Iterable[str] | None = None,
    callback: Callback | None = None,
    **options: Unpack[SupervisedOptions],
) -> FastText:
    """Train a classifier as the command ``supervised`` does, and return it.

    ``input`` is a file of lines of labels and text, or a table with ``text_column`` and
    ``label_column``; several, a folder and a pattern will do as well.  Or ``lines`` has such lines,
    str, as many as are asked for; they are copied to a temporary file.  ``options`` are those of
    the command, in fastText's names (``wordNgrams``) or as Python writes them (``word_ngrams``),
    ``values`` the first of them in fastText's order.  Defaults are those of the command; the same
    arguments make the same model on any number of threads, by default as many as processors.

    The model stays in memory until ``save_model``; with ``output="name"`` it is written as the
    command does.  Either way it has the same bytes.  ``callback`` hears of the progress, and ends
    the training where it returns ``STOP``: see ``Progress``.  What it raises ends it, too.  Where
    it returns ``STOP`` before there is a model, as between folds, StopTraining is raised.

    Notes and warnings are Python's (``FastcliNote``, none with ``verbose=0``; ``FastcliWarning``).
    Raises OptionError (a TypeError) for a name or type that cannot be, ArgumentError (a ValueError)
    for a value, DataError (a ValueError) for an input, TrainingDiverged (a RuntimeError), and
    KeyboardInterrupt where Ctrl-C ends it; nothing is left behind then.
    """
    return _trained(
        "supervised", "train_supervised", _given(input, lines), values, {**options}, callback
    )


def train_unsupervised(
    input: Path | Sequence[Path] | None = None,
    model: str = "skipgram",
    *values: Any,
    lines: Iterable[str] | None = None,
    callback: Callback | None = None,
    **options: Unpack[UnsupervisedOptions],
) -> FastText:
    """Train word vectors as the commands ``skipgram`` and ``cbow`` do, and return their model.

    ``input`` are files of text, ``model`` is ``skipgram`` or ``cbow``, and ``options`` are those of
    that command.  The same seed gives the same model on one thread (``thread=1``).  All else is as
    in ``train_supervised``: ``lines``, ``callback``, and what is raised, such as ArgumentError for
    another ``model``.
    """
    if model not in ("skipgram", "cbow"):
        raise ArgumentError(f"Unrecognized model name {model!r}: give skipgram or cbow.")
    return _trained(
        model, "train_unsupervised", _given(input, lines), values, {**options}, callback
    )


def _trained(
    command: str,
    function: str,
    data: Given,
    values: Sequence[Any],
    options: dict[str, Any],
    callback: Callback | None,
) -> FastText:
    """Train as a command does, with the arguments of a call."""
    with as_in_a_call(rows_of_command(command)), ExitStack() as stack:
        named = named_values(function, values, options)
        request = request_of(command, function, data, named)
        if data.lines is not None:
            stack.enter_context(lines_in_a_file(data.lines))
        stack.enter_context(announcements(request.args.verbose))
        settled = settle(request)
        reporter = Listening(request.args.verbose, callback, settled.args.epoch)
        if settled.tuning is not None:
            return _tuned(settled, reporter)
        path = f"{settled.args.output}.bin" if settled.args.output else ""
        with says_what_is_left(path):
            result = train(settled, reporter)
        trained = result.trained
        draw(settled, trained)
        if trained.interrupted and not trained.is_stopped:
            if path and trained.watch is not None:
                raise interrupted_with_best(path, trained.interrupted, trained.watch.history)
            raise KeyboardInterrupt
        if not request.is_quiet and not trained.is_stopped:
            say_lessons(trained.learned)
            _say_better(result.better)
        return _in_memory(trained, settled.args, path)


def _tuned(settled: Settled, reporter: Listening) -> FastText:
    """Return the best model of a search."""
    tuned = tune(settled, reporter)
    outcome = tuned.outcome
    if outcome.quantized is None:
        return _in_memory(outcome.trained, outcome.trial.args, tuned.path)
    from fastcli.fasttext.quantize import usable

    model = replace(usable(outcome.quantized), about=outcome.trained.about)
    return _wrapped(model, outcome.trial.args, tuned.path, outcome.trained)


def _in_memory(trained: Trained, args: TrainArgs, path: str) -> FastText:
    from fastcli.fasttext.whole_model import whole_model

    return _wrapped(whole_model(trained, args, trained.about), args, path, trained)


def _wrapped(model: Model, args: TrainArgs, path: str, trained: Trained) -> FastText:
    from fastcli.api.linear import FastText

    found = FastText._of_model(model, path, args=args)
    found.history = list(trained.watch.history) if trained.watch is not None else []
    found.interrupted = trained.interrupted
    if path:
        found._was_saved(path)
    return found


def _say_better(found: Better | None) -> None:
    """Say what may make a better model, by the arguments of a call."""
    if found is not None:
        words = map(shlex.quote, found.options if found.command else ())
        pairs = [f"{name} {value}" for name, value in zip(words, words, strict=True)]
        say(f"{found.sentence} {', '.join(pairs)}".rstrip())


# ------------------------------------------------------------------------------ what is asked for


def named_values(
    function: str, values: Sequence[Any], options: dict[str, Any], order: Sequence[str] = ORDER
) -> dict[str, Any]:
    """Return options by name with those that are given by position.

    Raises OptionError where there are too many, or one is given twice.
    """
    if len(values) > len(order):
        raise OptionError(
            f"{function}() takes the input and at most {len(order)} more values, and "
            f"{len(values)} were given."
        )
    named = dict(zip(order, values, strict=False))
    for name, value in options.items():
        if name in named:
            raise OptionError(f"{function}() got multiple values for argument {name!r}.")
        named[name] = value
    found: dict[str, Any] = {}
    for name, value in named.items():
        ours = ALIASES.get(name, name)
        if ours in found:
            raise OptionError(f"{function}() got multiple values for argument {name!r}.")
        found[ours] = value
    size = found.get("autotune_modelsize")
    if isinstance(size, int) and not isinstance(size, bool):  # as fastText's module takes it
        found["autotune_modelsize"] = str(size)
    return found


def request_of(command: str, function: str, data: Given, options: dict[str, Any]) -> Request:
    """Return what a call asks for.

    Raises OptionError and ArgumentError for what cannot be asked for.
    """
    named = {"input": data.paths, **options}
    built, given = read_options(named, kinds_of(command), function, without_of(command))
    if command != "supervised" and "autotune_validation" in given:
        raise ArgumentError("Autotune is for classifiers: use train_supervised.")
    parts = {type(one): one for one in built}
    args, lists = parts[TrainArgs], parts[Lists]
    files = args.input
    if data.lines is None:
        files = input_files(args.input, lists.files_from, args.verbose <= 0)
    return Request(
        command=command,
        args=replace(args, input=files),
        tuning=parts[AutotuneOptions],
        watched=parts.get(WatchArgs) or WatchArgs(),
        table=parts.get(TableOptions) or TableOptions(),
        files_from=lists.files_from,
        fsync=parts[Saving].fsync,
        given=frozenset(given),
        may_stay=True,
        for_shell=False,
    )


class Given(NamedTuple):
    """What is trained on: paths, or lines that have the name ``LINES``."""

    paths: list[str]
    lines: Iterable[str] | None


def _given(paths: Path | Sequence[Path] | None, lines: Iterable[str] | None) -> Given:
    """Return what is trained on.  Raises OptionError for what is neither paths nor lines."""
    if (paths is None) == (lines is None):
        raise OptionError("Give input, one or more paths, or lines, and not both.")
    if lines is not None:
        if isinstance(lines, str | bytes):
            raise OptionError("lines is a list of lines, or another iterable of str.")
        return Given([LINES], lines)
    several = [paths] if isinstance(paths, str | bytes | os.PathLike) else paths
    if not isinstance(several, Sequence) or not all(
        isinstance(one, str | bytes | os.PathLike) for one in several
    ):
        raise OptionError(
            f"input is a path or a list of paths, not {type(paths).__name__}; lines takes lines."
        )
    return Given([os.fsdecode(one) for one in several], None)


@contextmanager
def lines_in_a_file(lines: Iterable[str]) -> Iterator[None]:
    """Let the file of ``LINES`` have these lines; what cannot be encoded stays as it was read.

    Raises OptionError for what is not text, ArgumentError for a text with a line end.
    """
    from tempfile import TemporaryDirectory

    from fastcli.text.spooled import standing_for

    with TemporaryDirectory(prefix="fastcli-") as folder:
        path = os.path.join(folder, "lines.txt")
        with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            for i, line in enumerate(lines):
                if not isinstance(line, str):
                    raise OptionError(f"lines: number {i} is {type(line).__name__}, and not str.")
                if "\n" in line.removesuffix("\n"):
                    raise ArgumentError(f"lines: number {i} has a line end in it.")
                file.write(line if line.endswith("\n") else f"{line}\n")
        with standing_for([LINES], path, ""):
            yield
