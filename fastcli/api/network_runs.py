"""A training of a network: what is settled before it, the run, and the pictures after it.

The command ``mlp-train`` and the function ``train_mlp`` are clients of this.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastcli.api.folds import Before, Folding, Originals, cross_validation, read_twice
from fastcli.api.lessons import say_known_lines, say_seen
from fastcli.api.table_lines import lines_of_tables, refuse_model
from fastcli.api.validation import held_out
from fastcli.errors import ArgumentError, FastcliError
from fastcli.mlp.options import MlpOptions
from fastcli.notices import say
from fastcli.options import rows
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions
from fastcli.text.spooled import is_file

if TYPE_CHECKING:
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.given_tables import GivenTables
    from fastcli.mlp.gradient_check import GradientCheck
    from fastcli.mlp.trace import Trace
    from fastcli.mlp.trained import MlpTrained
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter
    from fastcli.text.vector_files import VectorSource

OF_TRAINING = {  # options without effect where a network is only looked at
    *("valid", "eval_every", "patience", "monitor", "folds", "folds_output", "retry_nan"),
    *("log", "plot", "plot_regions", "show_gradients", "save_every", "resume"),
}


@dataclass(frozen=True, kw_only=True)
class NetworkRun:
    """What is to be trained: arguments that were checked, and the network that goes on.

    ``given`` are the names of the options that a person set, ``tables`` rows in the place of files.
    """

    args: MlpArgs
    given: Collection[str]
    former: FormerNetwork | None = None
    tables: GivenTables | None = None


def configured(
    options: MlpOptions, config: str, given: Collection[str]
) -> tuple[MlpArgs, set[str]]:
    """Return the arguments of a training, and the names of those that a person set.

    The TOML file ``config`` ("": there is none) sets what those that are ``given`` leave open.
    Raises ArgumentError for what cannot be, DataError for a file that cannot be read.
    """
    from fastcli.api.configuration import read_config
    from fastcli.mlp.args import MlpArgs

    found = read_config(config, given) if config else {}
    args = MlpArgs(**{**vars(options), **found})
    names = {*given, *found}
    args.check_given(names)
    return args, names


def settled(
    args: MlpArgs,
    given: set[str],
    also_read: Sequence[str] = (),
    tables: GivenTables | None = None,
    in_memory: bool = False,
) -> NetworkRun:
    """Settle what follows from the options of a person, whose names are ``given``, and say it.

    ``also_read`` are files besides those of the arguments, which training may not overwrite.  With
    ``in_memory`` no model is written.  Raises ArgumentError for what cannot work, and what opening
    a former model raises.
    """
    from fastcli.api.curves import check_plot
    from fastcli.evaluation.early_stopping import parse_monitor
    from fastcli.mlp.perceptron_rule import with_own_defaults
    from fastcli.mlp.train_and_save import outputs

    former = None
    if args.input_model:
        from fastcli.mlp.continuing import open_former

        refuse_linear(args.input_model)
        args, former = open_former(args, given, say if args.verbose > 0 else lambda sentence: None)
    if args.pretrained_vectors and "dim" not in given:
        from fastcli.fasttext.pretrained import source_dim

        args = replace(args, dim=source_dim(args.pretrained_vectors))
    args, own = with_own_defaults(args, given)
    if own and args.verbose > 0:
        say(own)
    args.check(in_memory)
    for path in args.input:
        refuse_model(path, "something to train on")
    if "monitor" in given:  # else the default is that of the task
        parse_monitor(args.monitor).check_task(args.is_regression, "--monitor")
    args = args.named()
    check_apart(also_read, outputs(args))
    if args.plot:
        check_plot(args.plot)
    if args.plot_regions:
        check_plot(args.plot_regions, "--plot-regions")
    if args.verbose > 0:
        kind = kind_of(args) if tables is None else "numbers"
        unused = args.without_effect(given, kind)
        for sentence in filter(None, (unused, parse_monitor(args.monitor).doubt)):
            say(sentence)
        if args.valid:
            say_seen(args.input, args.valid)
        if former is not None:
            shown = args.valid, args.valid_share
            say_known_lines(former.model, args.input_model, args.input, *shown)
    return NetworkRun(args=args, given=given, former=former, tables=tables)


def train(run: NetworkRun, reporter: Reporter, fsync: bool = False) -> MlpTrained:
    """Train a network and write what the arguments ask for, pictures apart.

    With ``fsync`` files are forced to the disk.  Raises what ``train_and_save_mlp`` does.
    """
    from fastcli.mlp.train_and_save import train_and_save_mlp

    args = run.args
    with (
        read_twice(args.input if run.tables is None else (), args.folds, reporter) as originals,
        training_lines(run, reporter, originals.rows) as prepared,
        folding(run, (originals, prepared), reporter) as before,
    ):
        source = open_source(args, reporter.note) if args.pretrained_vectors else None
        return train_and_save_mlp(
            args, reporter, source, fsync, prepared, run.former, before, run.tables
        )


def draw(args: MlpArgs, trained: MlpTrained) -> None:
    """Draw the pictures that the arguments ask for.

    Raises FastcliError if one cannot be written.
    """
    if args.plot:
        from fastcli.api.curves import plot

        plot(args.plot, trained.history, trained.best_step)
    if args.plot_regions and trained.examples is not None:
        from fastcli.api.regions import plot_regions
        from fastcli.mlp.regions import regions_of

        plot_regions(args.plot_regions, regions_of(trained.model, trained.examples))


def looked(run: NetworkRun, reporter: Reporter) -> tuple[GradientCheck | None, Trace | None]:
    """Return how the network's gradients compare, and the trace of a row; nothing is written."""
    from fastcli.mlp.gradient_check import check_gradients
    from fastcli.mlp.looking import read_to_look, still_sentence
    from fastcli.mlp.trace import trace

    args, given, former = run.args, run.given, run.former
    idle = [row.shown for row in rows(MlpOptions) if row.name in given and row.name in OF_TRAINING]
    if idle and args.verbose > 0:
        say(f"{', '.join(idle)}: no effect where nothing is trained.")
    with training_lines(run, reporter, None):
        source = open_source(args, reporter.note) if args.pretrained_vectors else None
        data = read_to_look(args, reporter, source, former)
        args = data.args
        if data.defaults:
            reporter.note(data.defaults)
        if args.verbose > 0 and (sentence := still_sentence(args)):
            reporter.note(sentence)
        checked = check_gradients(args, data, former) if args.check_gradients else None
        traced = trace(args, data, args.trace, former) if args.trace else None
    return checked, traced


def folding(
    run: NetworkRun, data: tuple[Originals, dict[str, Any]], reporter: Reporter
) -> AbstractContextManager[Before | None]:
    """Give what --folds does before training; ``data`` are the inputs and how they are prepared."""
    args = run.args

    def source() -> Any:
        from fastcli.mlp.folds import NumberFolds, TextNetworkFolds
        from fastcli.mlp.input_kind import input_kind

        kind = input_kind(args) if run.tables is None else "csv"
        if kind != "text":
            return NumberFolds(args, kind, run.tables)
        vectors = (
            (lambda: open_source(args, lambda sentence: None)) if args.pretrained_vectors else None
        )
        return TextNetworkFolds(args, vectors)

    read_as = table_options(args) if args.text_column else None
    found = Folding.of(args, args, data, read_as)
    return cross_validation(found, source, reporter)


@contextlib.contextmanager
def training_lines(
    run: NetworkRun, reporter: Reporter, places: RowPlaces | None
) -> Iterator[dict[str, Any]]:
    """Let lines of labels and text stand for tables of texts, those of --valid included.

    ``places`` are told where the rows of lines are.  Yields what the model records of how they were
    prepared, also where prepare did it before.
    """
    args = run.args
    if run.tables is not None:
        yield {}
    elif args.valid_share:
        from fastcli.mlp.input_kind import input_kind
        from fastcli.text.spooled import spooled

        with spooled(args.input, reporter):  # what comes through a pipe is divided, too
            if input_kind(args) == "text":
                with (
                    _lines(args, reporter, places) as prepared,
                    held_out(
                        args.input,
                        args.valid_share,
                        args.label,
                        args.seed,
                        reporter,
                        args.weight_prefix,
                        args.is_regression,
                    ),
                ):
                    yield prepared
            else:
                yield {}
    elif kind_of(args) == "numbers":
        yield {}
    else:
        with _lines(args, reporter, places) as prepared:
            yield prepared


@contextlib.contextmanager
def _lines(args: MlpArgs, reporter: Reporter, places: RowPlaces | None) -> Iterator[dict[str, Any]]:
    table, is_table = table_options(args), bool(args.text_column)
    weight = args.weight_column
    prefix = args.weight_prefix
    lines = lines_of_tables(
        *(args.input, table, is_table, args.label, reporter, args.valid, weight, places, prefix),
        are_targets=args.is_regression,
    )
    with lines as prepared:
        if args.is_regression and (args.valid_share or args.folds):
            from fastcli.mlp.text_targets import check_targets

            check_targets(args.input, args.label)  # while lines have the numbers of the files
        yield prepared


def table_options(args: MlpArgs) -> TableOptions:
    """Return what the arguments say about tables of texts."""
    names = {row.name for row in rows(TableOptions)}
    return TableOptions(**{name: getattr(args, name) for name in names})


def open_source(args: MlpArgs, note: Callable[[str], None]) -> VectorSource:
    """Open the vectors that training starts from: a file of them, or a linear model."""
    from fastcli.fasttext import pretrained

    args = args.for_text()
    ngrams = pretrained.ngram_args(args.minn, args.maxn, args.word_ngrams, args.bucket)
    return pretrained.open_source(args.pretrained_vectors, ngrams, note)


def kind_of(args: MlpArgs) -> str:
    """Return the kind of the input, "text" or "numbers"; "" if not known before reading."""
    from fastcli.mlp.input_kind import input_kind

    if args.format == "auto" and not all(map(is_file, args.input)):
        return ""  # what comes through a pipe can be read only once
    with contextlib.suppress(OSError, FastcliError):  # which training will say
        return "text" if input_kind(args) == "text" else "numbers"
    return ""


def refuse_linear(path: str) -> None:
    """Raise ArgumentError for a linear model, with the command that goes on with it, if any does.

    Raises ModelFormatError for one that none goes on with.
    """
    from fastcli.fasttext.continuing import check_goes_on
    from fastcli.fasttext.model_file import load_model, open_model
    from fastcli.text.inputs import MODEL_MAGIC

    if not is_file(path) or not (contents := open_model(path)).head.startswith(MODEL_MAGIC):
        return
    check_goes_on(load_model(contents), path)
    raise ArgumentError(
        f"{path} is a linear model: go on with it by supervised -inputModel {path}."
    )
