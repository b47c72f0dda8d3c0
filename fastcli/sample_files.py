"""The sample files: in a wheel beside this file, in the repository in ``data/samples``."""

from __future__ import annotations

from pathlib import Path

from fastcli.errors import CannotSave, MissingFile
from fastcli.files import cannot_save, write_file

PLACE = Path("data", "samples")  # below the folder they are written to, as in the repository
ENDS = (".txt", ".csv", ".jsonl", ".md")  # and not the scripts that make them


def source() -> Path:
    """Return the folder of the samples.  Raises MissingFile where this installation has none."""
    package = Path(__file__).resolve().parent
    for folder in (package / "samples", package.parent / PLACE):
        if (folder / "topics.train.txt").is_file():
            return folder
    raise MissingFile(
        f"This installation has no samples ({package / 'samples'}): install it again."
    )


def contents() -> dict[Path, bytes]:
    """Return all samples, by their paths below the folder they are written to."""
    found = sorted(path for path in source().iterdir() if path.suffix in ENDS)
    return {PLACE / path.name: path.read_bytes() for path in found}


def write(folder: str, files: dict[Path, bytes]) -> int:
    """Write files into a folder, which is made; return how many were not there before.

    Raises CannotSave before anything is written where another file has one of the names, and
    where one cannot be written.
    """
    missing = {}
    for name, data in files.items():
        path = Path(folder, name)
        try:
            if path.read_bytes() != data:
                raise CannotSave(
                    f"{path} is there and differs from the sample of that name, so nothing was "
                    "written: move it away, or give another folder."
                )
        except FileNotFoundError:
            missing[path] = data
        except OSError as error:
            raise cannot_save(path, error) from None
    for path, data in missing.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_save(path.parent, error) from None
        write_file(str(path), data)
    return len(missing)
