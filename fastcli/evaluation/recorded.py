"""The files that a model was trained and validated on, as far as it records them."""

from __future__ import annotations

from typing import Any


def inputs_of(model: Any) -> list[str]:
    """Return the paths of the files that a model, or one that it continues, was trained on.

    They are as they were given: relative ones are of the folder that training ran in.
    """
    about = _about(model)
    known = _part(about, "arguments").get("input") or getattr(_args(model), "input", ())
    return [*_paths(known), *_paths(_part(about, "continues").get("input"))]


def valid_of(model: Any) -> str:
    """Return the path of the file that a model was validated on, "" if none is recorded."""
    valid = _part(_about(model), "validation").get("valid") or getattr(_args(model), "valid", "")
    return valid if isinstance(valid, str) else ""


def is_of_table(model: Any) -> bool:
    """Tell whether the lines of a model were texts of a table."""
    command = _about(model).get("command", "")
    text = getattr(_args(model), "text_column", ())
    return bool(text) or (isinstance(command, str) and "--text-column" in command)


def _about(model: Any) -> dict[str, Any]:
    found = getattr(model, "about", {})
    return found if isinstance(found, dict) else {}


def _args(model: Any) -> Any:
    return getattr(model, "args", None)


def _part(about: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object in a record, which may be of other types where others wrote it."""
    found = about.get(name)
    return found if isinstance(found, dict) else {}


def _paths(found: Any) -> list[str]:
    """Return the paths among what a record has in their place."""
    listed = found if isinstance(found, list | tuple) else []
    return [path for path in listed if isinstance(path, str)]
