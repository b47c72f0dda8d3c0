"""mlp-train: train a neural network (MLP) on text or numbers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.files import Lists
from fastcli.api.folds import Before, Folding, Originals, cross_validation, read_twice
from fastcli.api.interrupting import interrupted_with_best, says_what_is_left
from fastcli.api.lessons import say_known_lines, say_network_lessons, say_seen
from fastcli.api.saving import Saving
from fastcli.api.table_lines import lines_of_tables
from fastcli.api.validation import held_out
from fastcli.cli._command import NO_PATHS, OptionsOnly
from fastcli.cli._declare import given_names, takes
from fastcli.cli._inputs import read_inputs
from fastcli.cli.display.messages import say
from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.mlp.options import MlpOptions
from fastcli.options import option, rows, snake
from fastcli.overwriting import check_apart
from fastcli.tables.options import TableOptions
from fastcli.text.spooled import is_file

if TYPE_CHECKING:
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.prepare.row_places import RowPlaces
    from fastcli.reporting import Reporter
    from fastcli.text.vector_files import VectorSource

LONGEST_CONFIG = 1 << 20  # bytes
# Options of which one is given: what the command line has of them settles the others.
ONE_OF = ({"standardize", "scale"}, {"header", "no_header"}, {"valid", "valid_share"})
OF_TRAINING = {  # options without effect where a network is only looked at
    *("valid", "eval_every", "patience", "monitor", "folds", "folds_output", "retry_nan"),
    *("log", "plot", "plot_regions", "show_gradients", "save_every", "resume"),
}


@dataclass(frozen=True, kw_only=True)
class Configured:
    """Where else options are."""

    config: str = option(
        "",
        "TOML file with any of these options; the command line wins",
        group="files",
        file="file",
    )


@click.command(cls=OptionsOnly, pattern="-input <file> -output <name> [options]", empty=NO_PATHS)
@takes(MlpOptions, Configured, Lists, Saving)
@click.pass_context
def mlp_train(
    ctx: click.Context, options: MlpOptions, configured: Configured, lists: Lists, saving: Saving
) -> None:
    """Train a neural network (MLP) on lines of labels and text, or on a table of texts or numbers.

    \b
    Example:
      fastcli mlp-train -input data/samples/topics.train.txt -output deep -dim 20 --hidden 32 \\
          --dropout 0.3 -lr 0.01 -epoch 10
      fastcli mlp-train -input data/samples/reviews.csv -output verdicts -dim 20 --hidden 32 \\
          --text-column review --label-column verdict --none other
    """
    given = given_names(ctx)
    if "trace" in given and not options.trace:
        raise ArgumentError("--trace 0: the first row is 1.")
    found = read_config(configured.config, given) if configured.config else {}
    from fastcli.api.curves import check_plot, plot
    from fastcli.cli.display.perceptron import MlpDisplay
    from fastcli.evaluation.early_stopping import parse_monitor
    from fastcli.mlp.args import MlpArgs
    from fastcli.mlp.perceptron_rule import with_own_defaults
    from fastcli.mlp.train_and_save import outputs, train_and_save_mlp

    args = MlpArgs(**{**vars(options), **found})
    given |= found.keys()
    args.check_given(given)
    inputs = read_inputs(ctx, "input", args.input, lists.files_from, args.verbose)
    args = replace(args, input=inputs)
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
    args.check()
    if "monitor" in given:  # else the default is that of the task
        parse_monitor(args.monitor).check_task(args.is_regression, "--monitor")
    args = args.named()
    check_apart([configured.config, *lists.files_from], outputs(args))
    if args.plot:
        check_plot(args.plot)
    if args.plot_regions:
        check_plot(args.plot_regions, "--plot-regions")
    if args.verbose > 0:
        unused = args.without_effect(given, kind_of(args))
        for sentence in filter(None, (unused, parse_monitor(args.monitor).doubt)):
            say(sentence)
        if args.valid:
            say_seen(args.input, args.valid)
        if former is not None:
            shown = args.valid, args.valid_share
            say_known_lines(former.model, args.input_model, args.input, *shown)
    if args.only_looks:
        look(args, former, given)
        return
    path = f"{args.output}.mlp"
    with (
        says_what_is_left(path),
        MlpDisplay(args) as progress,
        read_twice(args.input, args.folds, progress) as originals,
        training_lines(args, progress, originals.rows) as prepared,
        folding(args, (originals, prepared), progress) as before,
    ):
        source = open_source(args, progress.note) if args.pretrained_vectors else None
        trained = train_and_save_mlp(args, progress, source, saving.fsync, prepared, former, before)
        progress.summary(trained)
        is_told = args.verbose > 0 and say_network_lessons(trained.learned, trained.troubles)
    if args.plot:
        plot(args.plot, trained.history, trained.best_step)
    if args.plot_regions and trained.examples is not None:
        from fastcli.api.regions import plot_regions
        from fastcli.mlp.regions import regions_of

        plot_regions(args.plot_regions, regions_of(trained.model, trained.examples))
    if args.verbose > 0:
        say_written(args, is_told or trained.interrupted > 0, former)
    if trained.interrupted:
        raise interrupted_with_best(path, trained.interrupted, trained.history)


def look(args: MlpArgs, former: FormerNetwork | None, given: Collection[str]) -> None:
    """Print how the network's gradients compare, or the trace of a row; nothing is written.

    ``given`` has the names of the options that a person set.
    """
    from fastcli.cli.display.looks import check_lines, trace_lines
    from fastcli.cli.display.perceptron import MlpDisplay
    from fastcli.mlp.gradient_check import check_gradients
    from fastcli.mlp.looking import read_to_look, still_sentence
    from fastcli.mlp.trace import trace

    idle = [row.shown for row in rows(MlpOptions) if row.name in given and row.name in OF_TRAINING]
    if idle and args.verbose > 0:
        say(f"{', '.join(idle)}: no effect where nothing is trained.")
    with MlpDisplay(args) as progress, training_lines(args, progress, None):
        source = open_source(args, progress.note) if args.pretrained_vectors else None
        data = read_to_look(args, progress, source, former)
        args = data.args
        if data.defaults:
            progress.note(data.defaults)
        if args.verbose > 0 and (sentence := still_sentence(args)):
            progress.note(sentence)
        checked = check_gradients(args, data, former) if args.check_gradients else None
        traced = trace(args, data, args.trace, former) if args.trace else None
    if checked is not None:
        click.echo("\n".join(check_lines(checked)))
    if traced is not None:
        click.echo("\n".join([""] * (checked is not None) + list(trace_lines(traced))))
    if args.verbose > 0:
        say("Nothing was trained, and no file is written.")
    if checked is not None:
        checked.check()


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


def folding(
    args: MlpArgs, data: tuple[Originals, dict[str, Any]], reporter: Reporter
) -> AbstractContextManager[Before | None]:
    """Give what --folds does before training; ``data`` are the inputs and how they are prepared."""

    def source() -> Any:
        from fastcli.mlp.folds import NumberFolds, TextNetworkFolds
        from fastcli.mlp.input_kind import input_kind

        if (kind := input_kind(args)) != "text":
            return NumberFolds(args, kind)
        vectors = (
            (lambda: open_source(args, lambda sentence: None)) if args.pretrained_vectors else None
        )
        return TextNetworkFolds(args, vectors)

    read_as = table_options(args) if args.text_column else None
    found = Folding.of(args, args, data, read_as)
    return cross_validation(found, source, reporter)


def say_written(args: MlpArgs, is_told: bool, former: FormerNetwork | None = None) -> None:
    """Write which files training wrote, and what may be next unless something was proposed."""
    from fastcli.api.table_lines import table_words
    from fastcli.cli._endings import proposal, recorded_file
    from fastcli.cli.display.endings import say_ending
    from fastcli.mlp.train_and_save import outputs

    model, *others = outputs(args)
    options = table_options(args)
    if not args.text_column:  # a model of numbers knows its columns
        kept = {name: getattr(options, name) for name in ("delimiter", "encoding")}
        options = TableOptions(**kept)
    reading = table_words(options)
    known = recorded_file(former.model, reading) if former is not None else ""
    command = proposal(model, args.input, args.valid, bool(args.valid_lines), reading, known)
    if args.is_regression:  # there is no report
        command = [word for word in command if word != "--report"]
    say_ending([model, *others], [] if is_told else command)


@contextlib.contextmanager
def training_lines(
    args: MlpArgs, reporter: Reporter, places: RowPlaces | None
) -> Iterator[dict[str, Any]]:
    """Let lines of labels and text stand for tables of texts, those of --valid included.

    ``places`` are told where the rows of lines are.  Yields what the model records of how they were
    prepared, also where prepare did it before.
    """
    if args.valid_share:
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


def read_config(path: str, given: Collection[str]) -> dict[str, Any]:
    """Return the options of a TOML file that those of the command line, ``given``, leave open."""
    from fastcli.mlp.args import from_config

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        with open(path, "rb") as file:
            text = file.read(LONGEST_CONFIG + 1)
        if len(text) > LONGEST_CONFIG:
            raise ArgumentError(f"{path} is too long for a configuration.")
        found = tomllib.loads(text.decode())
    except OSError as error:
        raise DataError(f"{path} cannot be opened for loading! ({error.strerror})") from None
    except RecursionError:
        raise ArgumentError(f"{path} is not valid TOML: nested too deeply.") from None
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path} is not valid UTF-8 at byte {error.start:,}.") from None
    except ValueError as error:  # of TOML, and of numbers with thousands of digits
        raise ArgumentError(f"{path} is not valid TOML: {error}.") from None
    values = from_config({snake(key.lstrip("-")): value for key, value in found.items()}, path)
    settled = {one for alike in ONE_OF if not alike.isdisjoint(given) for one in alike}
    return {name: value for name, value in values.items() if name not in {*given, *settled}}
