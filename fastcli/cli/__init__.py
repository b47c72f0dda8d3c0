"""The command line: one file per command; the only place that imports click, rich and tqdm.

Commands parse, build a dataclass, call the library and print.  Heavy modules are imported inside
the command bodies, so that help, version and usage errors never load NumPy or Numba.
Exit codes: 0 done, 1 any error (usage errors too, as in fastText), 129 ended by SIGHUP,
130 interrupted, 143 ended by SIGTERM.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from typing import Any

import click

from fastcli import __version__, interrupts, notices, signals
from fastcli.cli.display import messages
from fastcli.cli.display.messages import error as say_error
from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.screen import close_all
from fastcli.errors import FastcliError, Interrupted

# Name, the module it is in, and its line of the help, which is shown without loading modules.
COMMANDS = {
    "prepare": ("prepare", "Make training files from CSV, TSV, JSON, JSONL, Parquet or folders."),
    "supervised": ("train", "Train a classifier."),
    "skipgram": ("train", "Learn word vectors (skip-gram)."),
    "cbow": ("train", "Learn word vectors (CBOW)."),
    "mlp-train": ("mlp", "Train a neural network (MLP) on text or numbers."),
    "quantize": ("quantize", "Compress a model."),
    "test": ("test", "Print precision and recall on labelled lines."),
    "test-label": ("test", "Print precision, recall and F1 of every label."),
    "predict": ("predict", "Print the best labels of every line."),
    "predict-prob": ("predict", "Print the best labels, each with its probability."),
    "compare": ("compare", "Compare models on the same lines, or runs by their logs."),
    "tune-threshold": ("tune_threshold", "Choose decision thresholds on held-out labelled data."),
    "calibrate": ("calibrate", "Calibrate a classifier's probabilities."),
    "explain": ("explain", "Show which words or columns speak for a label."),
    "print-word-vectors": ("vectors", "Print the vectors of words on standard input."),
    "print-sentence-vectors": ("vectors", "Print the vectors of lines on standard input."),
    "print-ngrams": ("vectors", "Print the vectors of a word's character n-grams."),
    "nn": ("neighbours", "Print the words nearest to words on standard input."),
    "analogies": ("neighbours", "Print the words nearest to A - B + C."),
    "inspect": ("inspect", "Describe tables, data sets and models, and report problems."),
    "dump": ("dump", "Print the contents of a model file."),
    "demo": ("demo", "Write sample data, and run a tour of the commands on it."),
    "help": ("help", "Print a page of the documentation, or a command's help."),
    "completion": ("completion", "Print the script for completion in bash, zsh or fish."),
    "cache": ("cache", "Show, empty or fill the folder of compiled kernels."),
}

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class PipeClosed(Exception):
    """The reader of the output has closed it; click would report BrokenPipeError as an error."""


class Group(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a first session: train, test, predict, inspect."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command, or None if there is none of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"fastcli.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; options of a command stand behind it."""
        known = [name for parameter in self.get_params(ctx) for name in parameter.opts]
        if args and args[0].startswith("-") and not ctx.resilient_parsing and args[0] not in known:
            from fastcli.cli._command import option_without_command

            raise option_without_command(ctx, args, known)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return a command and its words.  Raises WrongWord for one that there is not."""
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:
            from fastcli.cli._command import no_command

            raise no_command(ctx, args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, each with its line."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a pipe that its reader closed ends it quietly."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            raise PipeClosed from None
        return result


@click.group(cls=Group, context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, prog_name="fastcli", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Classify text and make word vectors: fastText's commands, options and files.

    A training file has one example per line, labels first: __label__sport they won the cup.

    \b
    Example:
      fastcli supervised -input data/samples/topics.train.txt -output topics \\
          -lr 0.5 -epoch 25
      fastcli test topics.bin data/samples/topics.test.txt
      echo "what can i cook with rice and onions ?" | \\
          fastcli predict-prob topics.bin - 3
    """
    if ctx.invoked_subcommand is None:
        from fastcli.cli._command import NoArguments

        raise NoArguments("", ctx)


def usage(ctx: click.Context | None, with_options: bool) -> str:
    """Return the usage line of the command that an error belongs to, and its options."""
    if ctx is None:
        return "usage: fastcli <command> <args>"
    is_program = ctx.command is cli
    pattern = "<command> <args>" if is_program else getattr(ctx.command, "pattern", "<args>")
    line = f"usage: {ctx.command_path} {pattern}"
    if with_options:
        formatter = ctx.make_formatter()
        ctx.command.format_options(ctx, formatter)
        return f"{line}\n\n{formatter.getvalue()}"
    return f"{line}\nThe commands are: {', '.join(COMMANDS)}." if is_program else line


def main() -> None:
    """Run the command line and exit; errors end in one sentence, never in a traceback."""
    if sys.stdout is None:
        say_error("Standard output is closed, so no result can be written.")
        sys.exit(1)
    with notices.heard_by(messages), notices.announcing(), interrupts.heard():
        _main()


def _main() -> None:
    try:
        cli.main(prog_name="fastcli", standalone_mode=False)
    except SystemExit:
        close_all()
        raise
    except BaseException as error:
        close_all()
        if (code := told(error)) is None:
            code = 1
            if _came_of_interrupt(error):
                code = signals.exit_code(signals.received)
            else:
                from fastcli.unforeseen import sentence

                say_error(sentence(error))
        sys.exit(code)


def _came_of_interrupt(error: BaseException | None) -> bool:
    """Tell whether an interrupt caused this error, within an import for example."""
    while error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
        error = error.__context__
    return error is not None and signals.received != 0


def told(error: BaseException) -> int | None:
    """Report an error and return the exit code; None for unexpected ones."""
    if isinstance(error, click.UsageError):
        _tell_usage(error)
    elif isinstance(error, click.Abort | KeyboardInterrupt):
        # Some versions of click raise Abort from the interrupt, others only in its place.
        cause = error.__context__ if isinstance(error, click.Abort) else error
        # click has ended the line with ^C in it
        say(str(cause) if isinstance(cause, Interrupted) else "Interrupted.")
        return signals.exit_code(signal.SIGINT)
    elif isinstance(error, FastcliError):
        from fastcli.cli._advice import advice
        from fastcli.cli.display.errors import say_advice

        say_advice(advice(error))
    elif isinstance(error, click.ClickException):
        say_error(str(error))
    elif isinstance(error, BrokenPipeError | PipeClosed):
        # Nothing more can or need be written, also not by Python when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    elif isinstance(error, OSError):
        say_error(f"{error.filename or 'The output'}: {error.strerror or error}.")
        with contextlib.suppress(OSError):  # what is still buffered cannot be written either
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, MemoryError):
        say_error("This machine does not have enough memory for that.")
    else:
        return None
    return 1


def _tell_usage(error: click.UsageError) -> None:
    """Report an error of the command line, the usage of the command, and where to read more."""
    from fastcli.cli._command import NoArguments

    if isinstance(error, NoArguments) and error.ctx and error.ctx.command is cli:
        from fastcli.cli.display.front import show_front

        show_front()
        return
    from fastcli.cli._advice import advice, context_of
    from fastcli.cli.display.errors import say_advice

    context = context_of(error)
    path = context.command_path if context else "fastcli"
    help_line = f"Try '{path} --help'."
    if not isinstance(error, NoArguments):
        say_advice(advice(error), [*usage(context, False).split("\n"), help_line])
        return
    if sentence := error.format_message():
        say_error(sentence)
    lines(*usage(context, True).split("\n"))
    say(help_line)
