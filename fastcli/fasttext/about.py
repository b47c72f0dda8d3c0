"""The JSON file beside a model: what the binary cannot hold, and how the model was made."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from fastcli.errors import FastcliError
from fastcli.files import Replacement, write_all


def about_path(path: str) -> Path:
    """Return the path of the JSON file beside a model: ``topics.bin`` has ``topics.json``."""
    return Path(path).with_suffix(".json")


def check_about(path: str) -> None:
    """Raise FastcliError if the JSON file beside a model would replace somebody else's file."""
    beside = about_path(path)
    if beside.exists() and not _is_ours(_load_json(beside)):
        raise FastcliError(
            f"{beside} exists and was not written by fastcli; it would be replaced. "
            "Rename it, or use another -output."
        )


def _load_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _is_ours(about: Any) -> bool:
    return isinstance(about, dict) and about.get("format") == "fastcli model"


def write_about(path: str, about: dict[str, Any]) -> None:
    """Write the JSON file beside a model."""
    try:
        text = json.dumps(about, indent=2, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # an argument was no UTF-8
        text = json.dumps(about, indent=2).encode()
    with Replacement(str(about_path(path))) as fd:
        write_all(fd, text + b"\n")


def add_about(path: str, added: dict[str, Any]) -> None:
    """Add to the JSON file beside a model; where there is none of that model, make one.

    Raises FastcliError where it cannot be written.
    """
    about = read_about(path) or {"format": "fastcli model", "size": os.stat(path).st_size}
    try:
        write_about(path, {**about, **added})
    except OSError as error:
        raise FastcliError(
            f"{about_path(path)} cannot be opened for saving! ({error.strerror})"
        ) from None


def read_about(path: str) -> dict[str, Any]:
    """Read the JSON file beside a model, if there is one and it is of that model.

    A ``.bin`` and the ``.ftz`` made of it share one, which knows the sizes of both.
    """
    about = _load_json(about_path(path))
    if not _is_ours(about):
        return {}
    quantized = about.get("quantized")
    sizes = [about.get("size"), quantized.get("size") if isinstance(quantized, dict) else None]
    return about if os.stat(path).st_size in sizes else {}
