"""The types of ``**options``, made from the option tables: ``python -m tests.typed_options``."""

from itertools import chain
from pathlib import Path

from fastcli.api import comparing, labelled_data, mlp, predict_files, report_options, tables
from fastcli.api.linear_training import kinds_of, without_of
from fastcli.api.spelling import name_of
from fastcli.api.training import ALIASES
from fastcli.options import rows_of

PATH = Path(__file__).parent.parent / "fastcli" / "api" / "options.py"
HEAD = '''"""The options of training functions and their types, for type checkers and editors.

Made from the option tables by ``python -m tests.typed_options``; not to be edited by hand.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeAlias, TypedDict

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]
Names: TypeAlias = str | int | Sequence[str | int]
Numbers: TypeAlias = str | float | Sequence[str | float]
'''
CLASSES = {
    "SupervisedOptions": (
        "The options of ``train_supervised``.",
        rows_of(kinds_of("supervised"), without_of("supervised")),
    ),
    "UnsupervisedOptions": (
        "The options of ``train_unsupervised``.",
        rows_of(kinds_of("skipgram"), without_of("skipgram")),
    ),
    "MlpOptions": ("The options of ``train_mlp``.", rows_of(mlp.KINDS, mlp.APART)),
    "TableOptions": ("The options of ``label_table``.", rows_of(tables.KINDS)),
    "FilesOptions": (
        "The options of ``predict_files``.",
        rows_of(predict_files.KINDS, predict_files.WITHOUT),
    ),
    "ReportOptions": (
        "The options of ``report``.",
        rows_of(report_options.KINDS, report_options.APART),
    ),
    "ComparisonOptions": ("The options of ``compare``.", rows_of(comparing.kinds())),
    "ReadingOptions": ("How tables of labelled texts are read.", rows_of(labelled_data.READING)),
}
LINEAR = ("SupervisedOptions", "UnsupervisedOptions")
TYPES = {bool: "bool", int: "int", float: "float", str: "str"}


def type_of(row):
    """Return the type of an option's value."""
    if row.n_values > 1:
        return "tuple[str | float, Path]"
    if row.option.is_list:
        return "Numbers"
    if row.is_repeatable:
        return "Paths" if row.option.file else "Names"
    if row.option.file:
        return "Path"
    if row.name == "autotune_modelsize":
        return "str | int"
    if row.name == "eval_every":
        return "str | int | float"
    return TYPES[row.type]


def class_lines(name, doc, known):
    """Yield the lines of a class with all names of its options, and what they are."""
    yield from ("", "", f"class {name}(TypedDict, total=False):", f'    """{doc}"""', "")
    names = {}
    for row in known:
        if row.name == "input":
            continue
        negated = [row.word.replace("-", "_")] if row.default is True else []
        for one in (name_of(row), row.name, *negated):
            names.setdefault(one, type_of(row))
    if name not in LINEAR:
        yield from (f"    {one}: {kind} | None" for one, kind in names.items())
        return
    names |= {alias: names[ours] for alias, ours in ALIASES.items() if ours in names}
    for one, kind in names.items():
        yield f"    {one}: {kind} | None"


def text():
    """Return the file."""
    lines = [class_lines(name, *found) for name, found in CLASSES.items()]
    return HEAD + "\n".join(chain.from_iterable(lines)) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
