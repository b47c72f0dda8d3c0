"""demo: write the samples into a folder, and show what the commands do with them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import click

import fastcli
from fastcli import signals
from fastcli.cli._command import OptionalWords
from fastcli.cli._declare import FileName, takes
from fastcli.errors import ArgumentError, CannotSave, FastcliError, Interrupted
from fastcli.options import option

FOLDER = "fastcli-demo"
COMMANDS_FILE = "tour.txt"  # whose presence says that the folder is of a tour
PROMPT = "> " if os.name == "nt" else "$ "
# Imports what this process runs, also where that is not installed, and nothing of the folder.
START = (
    "import sys; root = sys.argv.pop(1); sys.path[:] = [path for path in sys.path if path]; "
    "root in sys.path or sys.path.insert(0, root); "
    "from fastcli.__main__ import main; main()"
)
PACKAGE = Path(fastcli.__file__).parent
PATIENCE = 2.0  # seconds that a command has to end


class Step(NamedTuple):
    """A command of the tour: what it does, its words, the line that is typed into it."""

    title: str
    words: str
    typed: str = ""


SIZES = "-dim 20 -bucket 20000"
STEPS = (
    Step(
        "Train a classifier on 900 questions; 200 others say which epoch is best.",
        "supervised -input data/samples/topics.train.txt -output topics "
        f"--valid data/samples/topics.valid.txt -lr 0.5 -epoch 10 -wordNgrams 2 {SIZES}",
    ),
    Step(
        "Test it on 300 questions that it has not seen.",
        "test topics.bin data/samples/topics.test.txt",
    ),
    Step(
        "The three likeliest topics of a line that you type.",
        "predict-prob topics.bin - 3",
        "what can i cook with rice and onions ?",
    ),
    Step(
        "Train on a CSV file, by the names of its columns.",
        "supervised -input data/samples/reviews.csv -output verdicts --text-column title "
        "--text-column review --label-column verdict -optimizer adam -epoch 3 -wordNgrams 2 "
        f"{SIZES} -verbose 1",
    ),
    Step(
        "Label the rows of another CSV file: all its columns and two more.",
        "predict-prob verdicts.bin data/samples/new-reviews.csv --output labelled.csv",
    ),
    Step(
        "Chinese titles, one character per token.",
        "supervised -input data/samples/zh-chars.train.txt -output zh -lr 0.5 -epoch 10 "
        f"-wordNgrams 2 {SIZES} -verbose 1",
    ),
    Step(
        "Test it on 250 other titles.",
        "test zh.bin data/samples/zh-chars.test.txt",
    ),
    Step(
        "Train a perceptron: digits, whose 64 pixels are columns of a CSV file.",
        "mlp-train -input data/samples/digits.train.csv --valid data/samples/digits.valid.csv "
        "-output digits -epoch 10",
    ),
)
WRITTEN = (
    *("topics.bin", "topics.vec", "topics.bin.json"),
    *("verdicts.bin", "verdicts.vec", "verdicts.bin.json", "labelled.csv"),
    *("zh.bin", "zh.vec", "zh.bin.json", "digits.mlp"),
)


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """The options of demo."""

    no_run: bool = option(False, "write the samples, and run no commands")


@click.command(cls=OptionalWords, pattern="[<folder>]")
@click.argument("folder", metavar="[<folder>]", default=FOLDER, type=FileName("folder"))
@takes(DemoOptions)
def demo(options: DemoOptions, folder: str) -> None:
    """Write sample data into a folder and run a tour of eight commands on it.

    The folder is ./fastcli-demo unless another one is given.  Each command of the tour is shown
    before it runs, and can be run again by copying it: in that folder.  The samples are in
    data/samples, where the examples of all help texts look for them.

    \b
    Example:
      fastcli demo
      fastcli demo mine --no-run
    """
    from fastcli import sample_files
    from fastcli.cli.display.messages import lines, say
    from fastcli.printable import counted, quoted

    if not folder:
        raise ArgumentError("The name of the folder is empty.")
    samples = sample_files.contents()
    commands = {} if options.no_run else {Path(COMMANDS_FILE): commands_file()}
    if commands:
        check_outputs(folder)
    n_new = sample_files.write(folder, samples | commands)
    place = Path(folder, sample_files.PLACE)
    is_new = "Wrote" if n_new else "Kept"
    say(f"{is_new} {counted(len(samples), 'sample')} in {place}.")
    if not options.no_run:
        run_tour(folder)
        lines("")
        say(f"In {folder} there are now models, labelled.csv, and the commands ({COMMANDS_FILE}).")
    here = folder if not folder.startswith("-") else os.path.join(os.curdir, folder)
    lines("Next:", f"  cd {quoted(here)}", "  fastcli help tutorial")


def commands_file() -> bytes:
    """Return the commands of the tour, as they are typed in its folder."""
    from fastcli.cli.display.terminal import USUAL

    parts = [f"# {step.title}\n{typed(step, USUAL)}\n" for step in STEPS]
    head = "# The tour of fastcli demo; its commands run in this folder.\n"
    return "\n".join([head, *parts]).encode()


def check_outputs(folder: str) -> None:
    """Raise CannotSave where the tour would replace a file that no tour made."""
    if not Path(folder, COMMANDS_FILE).exists():
        for name in WRITTEN:
            if os.path.lexists(path := os.path.join(folder, name)):
                raise CannotSave(
                    f"{path} already exists, and the tour would overwrite it: give another "
                    "folder, as in fastcli demo new-folder."
                )


def run_tour(folder: str) -> None:
    """Show and run all commands in a folder; what they print goes where it always does.

    Raises FastcliError where one fails, and Interrupted.
    """
    from fastcli.cli.display.colours import painted
    from fastcli.cli.display.terminal import width

    click.echo(
        f"A tour of {len(STEPS)} commands. It takes a few seconds, or up to a minute if kernels\n"
        "have to be compiled first."
    )
    try:
        for step in STEPS:
            shown = typed(step, width(sys.stdout), PROMPT)
            click.echo("\n" + painted(f"# {step.title}", "heading") + f"\n{shown}")
            code = run(step, folder)
            if code == signals.exit_code(signal.SIGINT):
                raise KeyboardInterrupt
            if code:
                raise FastcliError("The tour ends here, since this command failed.")
    except KeyboardInterrupt:
        raise Interrupted("The tour was interrupted.") from None


def typed(step: Step, room: int, prompt: str = "") -> str:
    """Return a command as it is typed into a shell, in lines of at most ``room`` columns."""
    from fastcli.cli.display.tables import command_parts, wrapped

    parts = command_parts(["fastcli", *step.words.split()])
    if step.typed:
        parts = [f'echo "{step.typed}" |', *parts]
    if os.name == "nt":  # whose shells differ in how a line goes on
        return prompt + " ".join(parts)
    kept = " ".join(part.replace(" ", "\0") for part in parts)
    return " \\\n".join(wrapped(kept, room - 2, prompt, "    ")).replace("\0", " ")


def run(step: Step, folder: str) -> int:
    """Run a command in a process of its own; return its exit code."""
    sys.stdout.flush()
    command = [sys.executable, "-c", START, str(PACKAGE.parent), *step.words.split()]
    line = f"{step.typed}\n".encode() if step.typed else None
    process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder)
    try:
        process.communicate(line)
    except BaseException:
        process.terminate()  # where Ctrl-C has not reached it
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        raise
    return process.returncode
