"""The parts of README.md that are made, not written, and docs/options.md, which is made as a whole.

``python -m tests.docs`` rewrites the tables and the page, ``python -m tests.docs --tour`` also
what the commands of the tour print, their figures rounded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import Option
from fastcli.options import GROUPS

UNUSED = GROUPS[-1]
ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "options.md"


def commands() -> dict[str, click.Command]:
    """Return all commands by name."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


def options_of(command: click.Command) -> list[Option]:
    """Return the options of a command that have a row, in the order of its help."""
    return [one for one in command.params if isinstance(one, Option) and one.row]


def shown_default(option: Option) -> str:
    """Return the default of an option as the tables show it, "" for flags and where there is none.

    What the default stands for is given in words where the row has them.
    """
    if option.is_flag or option.multiple:
        return ""
    if option.row.option.default_text:
        return escaped(option.row.option.default_text)
    return "" if option.default in ("", None) else f"`{option.default}`"


def meaning(option: Option) -> str:
    """Return what an option is for, as the tables of the README show it: with its choices."""
    return escaped(str(option.help).split("  [")[0])


def escaped(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("<", "&lt;").replace("|", "\\|")


def options_table() -> str:
    """Return the table of the training commands' options, with the defaults of each."""
    rows = ["| option | `supervised` | `skipgram`, `cbow` | meaning |", "|---|---|---|---|"]
    found = commands()
    others = {other.name: other for other in options_of(found["skipgram"])}
    for option in options_of(found["supervised"]):
        if option.group == "autotune":
            continue
        other = others.get(option.name)
        defaults = f"{shown_default(option)} | {shown_default(other) if other else 'no'}"
        rows.append(f"| `{option.shown}` | {defaults} | {meaning(option)} |")
    return "\n".join(rows)


def autotune_table() -> str:
    """Return the table of autotune's options."""
    options = options_of(commands()["supervised"])
    return _table([one for one in options if one.group == "autotune"])


def quantize_table() -> str:
    """Return the table of those options of quantize that do something."""
    options = options_of(commands()["quantize"])
    return _table([one for one in options if one.group != UNUSED])


def mlp_table() -> str:
    """Return the table of mlp-train's options."""
    return _table(options_of(commands()["mlp-train"]))


def prepare_table() -> str:
    """Return the table of prepare's options."""
    return _table(options_of(commands()["prepare"]))


def activations_table() -> str:
    """Return the table of activation functions."""
    from fastcli.mlp.activations import ACTIVATIONS

    rows = ["| activation | formula | parameters | starts from | source |", "|---|---|---|---|---|"]
    for one in ACTIVATIONS.values():
        values = ", ".join(f"{each.name} {each.default:g}" for each in one.parameters)
        formula = one.formula.replace("|", "\\|")
        rows.append(f"| `{one.name}` | {formula} | {values} | `{one.init}` | {one.source} |")
    return "\n".join(rows)


def optimizers_table() -> str:
    """Return the table of optimisers."""
    from fastcli.optimizers import OPTIMIZERS

    rows = ["| optimiser | formula | `-lr` | `--eps` |", "|---|---|---|---|"]
    for one in OPTIMIZERS.values():
        formula = one.formula.replace("|", "\\|")
        rows.append(f"| `{one.name}` | {formula} | {one.lr:g} | {one.eps:g} |")
    return "\n".join(rows)


def _table(options: list[Option]) -> str:
    rows = ["| option | default | meaning |", "|---|---|---|"]
    for option in options:
        rows.append(f"| `{option.shown}` | {shown_default(option)} | {meaning(option)} |")
    return "\n".join(rows)


# ------------------------------------------------------------------ the reference page

REFERENCE_HEAD = """# Options

Made by `python -m tests.docs` from the rows of the options; `fastcli <command> --help` shows the
same. The first spelling of an option is the one in help and messages; the others do the same.
Names may be completed by the shell: see README.md."""


def reference() -> str:
    """Return docs/options.md: every option of every command, group by group."""
    parts = [REFERENCE_HEAD]
    for name, command in commands().items():
        options = options_of(command)
        parts.append(f"## `{name}`\n\n`fastcli {name} {command.pattern}`")
        if not options:
            parts.append("No options.")
        for group in dict.fromkeys(option.group for option in options):
            of_group = [option for option in options if option.group == group]
            if group == UNUSED:
                names = ", ".join(f"`{option.shown}`" for option in of_group)
                parts.append(f"Accepted without effect, as in fastText: {names}.")
                continue
            if group != "general":
                parts.append(f"### {group.capitalize()}")
            parts.append(reference_table(of_group))
    return "\n\n".join(parts) + "\n"


def reference_table(options: list[Option]) -> str:
    """Return the rows of a group: all spellings, type, default, values, meaning."""
    lines = ["| option | type | default | values | meaning |", "|---|---|---|---|---|"]
    for option in options:
        row = option.row
        spellings = ", ".join(f"`{name}`" for name in option.opts)
        kind = "flag" if row.is_flag else option.type.name
        kind += ", repeatable" if row.is_repeatable else ""
        values = ", ".join(f"`{name}`" for name in row.choices) or row.range_text
        text = escaped(row.option.help)
        default = shown_default(option)
        lines.append(f"| {spellings} | {kind} | {default} | {values} | {text} |")
    return "\n".join(lines)


# Name of a benchmark, and what its table answers.
TABLES = {
    "train": "Training and saving a model, two threads (`bench_train.py`):",
    "predict": "Predicting 75,000 lines (`bench_predict.py`):",
    "threads": "What a second thread gains; the models are the same bytes (`bench_threads.py`):",
    "accuracy": "Accuracy, mean of three seeds (`bench_accuracy.py`):",
    "order": "P@1 in percent (mean of ten seeds and its standard error) on training lines shuffled "
    "and sorted by label, and of version 0.1.0, which visits the shuffled lines in one and the "
    "same order (`bench_order.py`):",
    "quantize": "Quantizing with norms apart and retraining, two threads (`bench_quantize.py`):",
    "norms": "How exactly -qnorm keeps the lengths of rows (`bench_norms.py`):",
    "vectors": "Word vectors on the Brown corpus, dim 100, two threads (`bench_vectors.py`):",
    "queries": "Nearest neighbours (`bench_queries.py`):",
    "autotune": "Autotune on cooking, two threads; it tunes on a tenth of the training lines, the "
    "figures are of the test file (`bench_autotune.py`):",
    "mlp": "Training perceptrons, the same layers, batches, epochs and Adam (`bench_mlp.py`):",
    "mlp-accuracy": "Accuracy of perceptrons, mean of three seeds (`bench_mlp_accuracy.py`):",
    "prepare": "Making training files of a CSV file (`bench_prepare.py`):",
    "open": "Opening a large model and predicting one line (`bench_open.py`):",
    "startup": "Short commands, whole process (`bench_startup.py`):",
}


def measured() -> str:
    """Return the tables of the newest run of every benchmark, as it printed them."""
    folders = sorted((ROOT / "benchmarks" / "runs").iterdir())
    parts = [
        "Medians of whole processes, the tools in turn; rows where a peer wins stay in. Commands, "
        "versions and raw figures are in `benchmarks/runs/`, in the folder named below each table."
    ]
    for name, title in TABLES.items():
        folder = [folder for folder in folders if (folder / f"{name}.md").is_file()][-1]
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
        machine = next(line for line in text.splitlines() if line.startswith("- "))
        tables = [part.strip() for part in text.split("\n\n") if part.startswith("| ")]
        where = f"`{folder.name}`: {machine.removeprefix('- ').partition(';')[0]}."
        parts += [title, *tables, where]
    return "\n\n".join(parts)


SECTIONS = {
    "options": options_table,
    "autotune": autotune_table,
    "quantize": quantize_table,
    "mlp": mlp_table,
    "prepare": prepare_table,
    "activations": activations_table,
    "optimizers": optimizers_table,
    "measured": measured,
}


def made(text: str) -> str:
    """Return the README with its made sections made anew."""
    for name, make in SECTIONS.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
        section = f"{start}\n{make()}\n{end}"
        text, n = pattern.subn(lambda _, section=section: section, text)
        if n != 1:
            raise ValueError(f"README.md needs one section {name}")
    return text


# ------------------------------------------------------------------------ the tour

CONSOLE = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)
FRACTION = re.compile(r"\d+\.\d+(?:e-\d+)?(?![\d%])")


def rounded(text: str) -> str:
    """Return text whose figures, but percentages, have two digits after the point.

    Processors round differently, so further digits would not hold on all of them.

    >>> rounded("P@1 0.933, 0.9, 9.5e-05, 12.5%")
    'P@1 0.93, 0.90, 0.00, 12.5%'
    """
    return FRACTION.sub(lambda match: f"{float(match[0]):.2f}", text)


def tour() -> list[tuple[str, str]]:
    """Return the README's commands and what it says they print, in order."""
    steps = []
    for block in CONSOLE.findall(README.read_text(encoding="utf-8")):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


def run_tour(folder: Path) -> Iterator[tuple[str, str]]:
    """Run the README's commands in a folder; yield each and what it prints, rounded.

    Raises CalledProcessError where one fails.
    """
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    (folder / "bin").mkdir()
    launcher = folder / "bin" / "fastcli"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastcli "$@"\n')
    launcher.chmod(0o755)
    env = {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    env["PYTHONPATH"] = str(ROOT)
    for command, _ in tour():
        run = subprocess.run(
            command, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=True
        )
        yield command, rounded(run.stdout)


def with_tour(text: str) -> str:
    """Return the README with what its commands print now."""
    with TemporaryDirectory() as folder:
        outputs = dict(run_tour(Path(folder)))

    def block(match: re.Match[str]) -> str:
        commands = re.findall(r"^\$ (.*)\n", match[0], re.MULTILINE)
        return "".join(f"$ {command}\n{outputs[command]}" for command in commands)

    return CONSOLE.sub(block, text)


def main() -> None:
    """Rewrite the README, and the reference page of options."""
    text = made(README.read_text(encoding="utf-8"))
    if "--tour" in sys.argv[1:]:
        text = with_tour(text)
    README.write_text(text, encoding="utf-8")
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
