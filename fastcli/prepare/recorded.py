"""What a model records of how its training file was prepared, and what that is good for.

With it a table can be predicted: its columns are found, and its texts prepared, as in training, and
labels get the names that they have in the data.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastcli.errors import ArgumentError, DataError
from fastcli.options import check_choices
from fastcli.prepare.belongings import LABELS, NOTES, recorded
from fastcli.prepare.learned_labels import LearnedLabels, recorded_rules
from fastcli.prepare.recipe import Recipe, read_recipe, recipe_from
from fastcli.prepare.relabel import LabelRules
from fastcli.schema import SchemaError, build, known_fields
from fastcli.tables.choice import Columns
from fastcli.tables.options import TableOptions
from fastcli.tables.reading import Reading

PREPARED = "prepared"  # the name under which a model's JSON file has it
RECIPE = ("format", "version", "label", "cleaning", "segmentation", "words", "weight_prefix")
OF_LABELS = ("case", "map", "minimum", "other", "maximum", "rare")  # what was done to labels
AT_ONCE = 1 << 20


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
    rules = notes.get("labels", {})
    idle = {"case": "keep", "map": [], "minimum": 0}
    has_rules = isinstance(rules, dict) and any(
        rules.get(name, usual) != usual for name, usual in idle.items()
    )
    if has_rules:
        found["labels"] = {name: rules[name] for name in OF_LABELS if name in rules}
    found["names"] = {
        token: name
        for token, name in names.items()
        if isinstance(name, str) and (has_rules or token != f"{prefix}{name}")
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


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What ``columns`` of a prepare.json holds: which columns were read, and how.

    ``quotes`` and ``escape`` are what was asked for; "auto" are what was not, or is not known.
    """

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    join: str = " "
    label_from: str = "column"
    header: bool | None = None
    labels_as: str = "auto"
    separator: str = ""
    none: str = ""
    format: str = ""
    delimiter: str = ""
    quotes: str = "auto"
    escape: str = "auto"
    weight: str = ""
    targets: bool = False  # labels are numbers to learn

    def check(self) -> None:
        """Raise ArgumentError for a value that cannot be."""
        check_choices(
            TableOptions,
            quotes=self.quotes,
            escape=self.escape,
            labels_as=self.labels_as,
            label_from=self.label_from,
        )

    def applied_to(self, reading: Reading, kind: str) -> Reading:
        """Return how a file of some format is read where nothing else is asked for.

        Quotes and escapes were those of the recorded format.
        """
        is_alike = kind == self.format
        return replace(
            reading,
            quotes=self.quotes if reading.quotes == "auto" and is_alike else reading.quotes,
            escape=self.escape if reading.escape == "auto" and is_alike else reading.escape,
            labels=replace(
                reading.labels,
                separator=reading.labels.separator or self.separator,
                labels_as=(
                    self.labels_as
                    if reading.labels.labels_as == "auto"
                    else reading.labels.labels_as
                ),
                none=reading.labels.none or self.none,
                are_targets=reading.labels.are_targets or self.targets,
            ),
        )


def recorded_columns(found: Any) -> Recorded:
    """Return what ``columns`` of a prepare.json holds.

    Raises SchemaError or ArgumentError where that cannot be.
    """
    recorded = build(Recorded, known_fields(Recorded, found, "columns"), "columns")
    recorded.check()
    return recorded


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """How texts of a model were prepared: the recipe, the columns, the names of labels.

    ``names`` has the tokens of labels whose names in the data are others.
    """

    recipe: Recipe = field(default_factory=Recipe)
    recorded: Recorded = field(default_factory=Recorded)
    names: dict[str, str] = field(default_factory=dict)
    rules: LabelRules = field(default_factory=LabelRules)
    rare: frozenset[str] = frozenset()

    def labels(self) -> LearnedLabels:
        """Return what makes tokens of the labels of rows."""
        tokens = {name: token for token, name in self.names.items()}
        are_targets = self.recorded.targets
        return LearnedLabels(self.recipe.label, self.rules, self.rare, tokens, are_targets)

    @property
    def columns(self) -> Columns:
        """The columns of texts and labels."""
        found = self.recorded
        return Columns(found.text, found.label, join=found.join, label_from=found.label_from)


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
    try:
        recorded = recorded_columns(found.get("columns", {}))
        names = build(dict[str, str], found.get("names", {}), "names")
        rules, rare = recorded_rules(found.get("labels", {}))
    except (SchemaError, ArgumentError) as error:
        raise DataError(f"{where} is damaged: {error}") from None
    return Prepared(recipe=recipe, recorded=recorded, names=names, rules=rules, rare=rare)
