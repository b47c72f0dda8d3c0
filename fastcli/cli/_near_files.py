"""Files that a person may have meant by the name of one that is not there."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from itertools import islice

MODELS = (".bin", ".ftz", ".mlp")
MOST = 2000  # names of a folder that are looked at
LIKE = 0.75  # how much alike two names are, their endings aside
LIKE_OTHERS = 0.5  # the same for other scripts, in which names have few characters


def near_path(path: str, is_model: bool) -> str:
    """Return the file whose path is the nearest to one that is not there, "" if none is near.

    Where a folder of the path is not there either, its nearest is taken; then it may be that
    folder.  For a model only models are near, and for anything else only what is none.
    """
    before, name = os.path.split(path)
    if not name or "\0" in path:
        return ""
    if not os.path.isdir(before or "."):
        above, folder = os.path.split(before)
        if not folder:
            return ""
        if not os.path.isdir(above or "."):
            before = near_folder(before)
        else:
            found = nearest_name(folder, names_in(above, are_folders=True))
            before = os.path.join(above, found) if found else ""
        if not before:
            return ""
        if os.path.exists(same := os.path.join(before, name)):
            return same
        return near_path(same, is_model) or before
    known = (one for one in names_in(before) if one.endswith(MODELS) == is_model)
    if is_model:
        known = (one for one in known if is_model_file(os.path.join(before, one)))
    found = nearest_name(name, known)
    return os.path.join(before, found) if found else ""


def near_folder(path: str) -> str:
    """Return the folder whose path is the nearest to one that is not there, "" if none is."""
    above, name = os.path.split(path)
    if not name:
        return ""
    if not os.path.isdir(above or "."):
        above = near_folder(above)
        if not above:
            return ""
        if os.path.isdir(same := os.path.join(above, name)):
            return same
    found = nearest_name(name, names_in(above, are_folders=True))
    return os.path.join(above, found) if found else ""


def names_in(folder: str, are_folders: bool = False) -> Iterator[str]:
    """Yield the names of the files in a folder, or of its folders, the first of them."""
    try:
        with os.scandir(folder or ".") as entries:
            for entry in islice(entries, MOST):
                if entry.is_dir() == are_folders:
                    yield entry.name
    except OSError:
        return


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return the known name that is the nearest, "" if none is near; endings count little.

    >>> nearest_name("review.txt", ["reviews.csv", "a.txt"]), nearest_name("b.txt", ["a.txt"])
    ('reviews.csv', '')
    """
    # Of models with the same name the one that is not quantized.
    names = sorted(known, key=lambda one: (one.endswith(MODELS[1:]), one))
    best = max(names, key=lambda one: _likeness(name, one), default="")
    least = LIKE if name.isascii() else LIKE_OTHERS
    return best if best and _likeness(name, best)[0] >= least else ""


def _likeness(name: str, known: str) -> tuple[float, float]:
    """Return how much alike two names are without an ending, and as a whole."""
    name, known = name.lower(), known.lower()
    stem = os.path.splitext(known)[0]
    starts = {name, os.path.splitext(name)[0]}
    return max(_ratio(start, stem) for start in starts), _ratio(name, known)


def _ratio(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b).ratio()


def is_model_file(path: str) -> bool:
    """Tell whether a file has the name of a model and begins as one."""
    from fastcli.fasttext.foreign import begins_as_model

    return path.endswith(MODELS) and begins_as_model(path)


def models_in(folder: str) -> list[str]:
    """Return the paths of the models in a folder."""
    paths = (os.path.join(folder, one) for one in names_in(folder))
    return sorted(filter(is_model_file, paths))


def models_beside(path: str) -> list[str]:
    """Return the other models of the same name: the .ftz file of a .bin file."""
    stem, end = os.path.splitext(path)
    others = [stem + other for other in MODELS if other != end]
    return [one for one in others if end in MODELS and is_model_file(one)]
