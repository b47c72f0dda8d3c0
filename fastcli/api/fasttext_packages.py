"""The packages of fastText's module, for programs that ask whether one is installed.

datatrove looks for a distribution of that name, Dolma for a version of at least 0.9.2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path

VERSION, OLDER_VERSION = "0.9.3", "0.8.3"  # whose interfaces there are
NAMES = ("fasttext", "fasttext-wheel", "fasttext-numpy2-wheel")


class Package(Distribution):
    """A package with a name and a version, and no files."""

    def __init__(self, name: str, version: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        """Return the metadata, and None for other files."""
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        """Return the path of a file, which is not there."""
        return Path(path)


class Packages(DistributionFinder):
    """Finds the packages of fastText after those that are installed."""

    def __init__(self, version: str = VERSION) -> None:
        self._version = version

    def find_spec(self, *_: object) -> None:
        """Find no module: those are in ``sys.modules``."""

    def find_distributions(
        self, context: DistributionFinder.Context | None = None
    ) -> Iterator[Distribution]:
        """Yield the packages of the name that is looked for, all where none is given."""
        wanted = context.name if context is not None else None
        for name in NAMES:
            if wanted is None or wanted.lower().replace("_", "-").replace(".", "-") == name:
                yield Package(name, self._version)
