"""The parts of README.md that are made, not written: ``python -m tests.docs`` rewrites them."""

from __future__ import annotations

import re
from pathlib import Path

import click

from fastcli.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"


def commands() -> dict[str, click.Command]:
    """Return all commands by name."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in COMMANDS}
    return {name: command for name, command in found.items() if command is not None}


def options_table() -> str:
    """Return the table of ``supervised``'s options."""
    rows = ["| option | default | meaning |", "|---|---|---|"]
    for option in commands()["supervised"].params:
        names = ", ".join(f"`{name}`" for name in option.opts)
        default = option.default
        shown = "" if option.is_flag or option.multiple or default in ("", None) else f"`{default}`"
        rows.append(f"| {names} | {shown} | {option.help.split('  [')[0].replace('<', '&lt;')} |")
    return "\n".join(rows)


# Name of a benchmark, and what its table answers.
TABLES = {
    "train": "Training and saving a model, two threads (`bench_train.py`):",
    "predict": "Predicting 75,000 lines (`bench_predict.py`):",
    "threads": "What a second thread gains; the models are the same bytes (`bench_threads.py`):",
    "accuracy": "Accuracy, mean of three seeds (`bench_accuracy.py`):",
    "startup": "Short commands, whole process (`bench_startup.py`):",
}


def measured() -> str:
    """Return the tables of the newest run of the benchmarks, as they printed them."""
    folder = max((ROOT / "benchmarks" / "runs").iterdir())
    texts = {name: (folder / f"{name}.md").read_text(encoding="utf-8") for name in TABLES}
    machine = next(line for line in texts["train"].splitlines() if line.startswith("- "))
    parts = [
        f"Measured on {folder.name[:10]}: {machine.removeprefix('- ').partition(';')[0]}. Medians "
        "of whole processes, the tools in turn; rows where a peer wins stay in. Commands, versions "
        f"and raw figures are in `benchmarks/runs/{folder.name}`."
    ]
    for name, title in TABLES.items():
        tables = [part for part in texts[name].split("\n\n") if part.startswith("| ")]
        parts += [title, tables[-1].strip()]
    return "\n\n".join(parts)


SECTIONS = {"options": options_table, "measured": measured}


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


def tour() -> list[tuple[str, str]]:
    """Return the README's commands and what it says they print, in order."""
    steps = []
    for block in re.findall(r"```console\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


if __name__ == "__main__":
    README.write_text(made(README.read_text(encoding="utf-8")), encoding="utf-8")
