"""What a model records of how its training file was prepared, and what that is good for.

With it a table can be predicted: its columns are found, and its texts prepared, as in training, and
labels get the names that they have in the data.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastcli.errors import DataError
from fastcli.prepare.belongings import LABELS, NOTES, recorded
from fastcli.prepare.recipe import Recipe, read_recipe, recipe_from
from fastcli.tables.choice import Columns

PREPARED = "prepared"  # the name under which a model's JSON file has it
RECIPE = ("format", "version", "label", "cleaning", "segmentation", "words")
AT_ONCE = 1 << 20
LABELS_AS = ("number", "text")  # how the labels of a column were read


def recorded_beside(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what prepare.json beside a file says about it; empty if it does not list it.

    The file must have the size and the digest that are recorded.
    """
    path = Path(path)
    notes = _read(path.parent / NOTES)
    listed = recorded(path.parent) or {}
    entry = listed.get(path.name)
    if notes is None or not isinstance(entry, dict) or not _is_as(path, entry):
        return {}
    names = _read(path.parent / LABELS) or {}
    found = {name: notes[name] for name in RECIPE if name in notes}
    found["columns"] = notes.get("columns", {})
    prefix = notes.get("label", "")
    found["names"] = {
        token: name
        for token, name in names.items()
        if isinstance(name, str) and token != f"{prefix}{name}"
    }
    return found


def _is_as(path: Path, entry: dict[str, Any]) -> bool:
    try:
        if path.stat().st_size != entry.get("size"):
            return False
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(AT_ONCE):
                digest.update(block)
    except OSError:
        return False
    return digest.hexdigest() == entry.get("sha256")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@dataclass(frozen=True)
class Prepared:
    """How texts of a model were prepared: the recipe, the columns, the names of labels.

    ``labels_as`` is "auto" where that is not known.  ``names`` has the tokens of labels whose names
    in the data are others.
    """

    recipe: Recipe = field(default_factory=Recipe)
    columns: Columns = field(default_factory=Columns)
    labels_as: str = "auto"
    names: dict[str, str] = field(default_factory=dict)


def read_prepared(path: str) -> Prepared:
    """Return what a prepare.json says, and labels.json beside it.

    Raises DataError if it is not one.
    """
    read_recipe(path)  # which says what is wrong with it
    notes = _read(Path(path)) or {}
    names = _read(Path(path).parent / LABELS) or {}
    found = prepared_from({**notes, "names": names}, path)
    return found or Prepared()


def prepared_from(found: Any, where: str) -> Prepared | None:
    """Return what a model, or a prepare.json, records; None if there is nothing.

    Raises DataError, which names ``where``, for what cannot be.
    """
    if not found:
        return None
    recipe = recipe_from(found, where)
    columns = found.get("columns", {})
    names = found.get("names", {})
    strings = [*_strings(columns, "text"), *_strings(columns, "label")]
    is_sound = (
        isinstance(columns, dict)
        and isinstance(names, dict)
        and all(isinstance(one, str) for one in (*strings, *names, *names.values()))
        and isinstance(columns.get("join", " "), str)
    )
    if not is_sound:
        raise DataError(f"{where} is damaged: its columns or names of labels cannot be.")
    return Prepared(
        recipe,
        Columns(
            tuple(_strings(columns, "text")),
            tuple(_strings(columns, "label")),
            join=columns.get("join", " "),
        ),
        labels_as if (labels_as := columns.get("labels_as")) in LABELS_AS else "auto",
        names,
    )


def _strings(columns: Any, name: str) -> list[Any]:
    found = columns.get(name, []) if isinstance(columns, dict) else []
    return list(found) if isinstance(found, list | tuple) else [None]
