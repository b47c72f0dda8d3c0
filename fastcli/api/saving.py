"""The options of all commands that write models."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.options import option


@dataclass(kw_only=True, eq=False, repr=False)
class Saving:
    """How files are written."""

    fsync: bool = option(
        False,
        "also force files of more than 16 MB to the disk before they replace old ones",
        group="files",
    )
