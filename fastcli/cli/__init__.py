"""The command line: one file per command; the only place that knows click and tqdm.

Commands parse, build a dataclass, call the library and print.  Heavy modules are imported inside
the command bodies, so that help, version and usage errors never load NumPy or Numba.
Exit codes: 0 done, 1 any error (usage errors too, as in fastText), 130 interrupted,
143 ended by SIGTERM.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import Any

import click

from fastcli import __version__
from fastcli.errors import FastcliError

COMMANDS = {
    "supervised": "train",
    "test": "test",
    "test-label": "test",
    "predict": "predict",
    "predict-prob": "predict",
    "dump": "dump",
}

CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Group(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a first session: train, test, predict, look."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command, or None if there is no such one."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"fastcli.cli.{COMMANDS[name]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command


@click.group(cls=Group, context_settings=CONTEXT, invoke_without_command=True)
@click.version_option(__version__, prog_name="fastcli", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Classify text from the command line: fastText's commands, options and files.

    A training file has one example a line, labels first: __label__sport they won the cup.

    \b
    Example:
      fastcli supervised -input data/samples/topics.train.txt -output topics -lr 0.5 -epoch 25
      fastcli test topics.bin data/samples/topics.test.txt
      echo "how long do i boil an egg ?" | fastcli predict-prob topics.bin - 3
    """
    if ctx.invoked_subcommand is None:
        raise click.UsageError("No command given.", ctx)


def usage(ctx: click.Context | None) -> str:
    """Return the usage line of the command that an error belongs to."""
    if ctx is None or ctx.command is cli:
        return f"usage: fastcli <command> <args>\nThe commands are: {', '.join(COMMANDS)}."
    return f"usage: {ctx.command_path} {getattr(ctx.command, 'pattern', '<args>')}"


def main() -> None:
    """Run the command line and exit; errors end in one sentence, never in a traceback."""
    # As with Ctrl-C, files being written are removed and former ones stay.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        cli.main(prog_name="fastcli", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "fastcli"
        click.echo(error.format_message(), err=True)
        click.echo(usage(error.ctx), err=True)
        click.echo(f"Try '{path} --help'.", err=True)
        sys.exit(1)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nInterrupted; no file was changed.", err=True)
        sys.exit(130)
    except (FastcliError, click.ClickException) as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more can or need be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError:
        click.echo("The memory of this machine is not enough for that.", err=True)
        sys.exit(1)
