"""Whether a file is a model of mlp-train, by its first bytes; imports little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.contents import read_or_map
from fastcli.errors import FastcliError

if TYPE_CHECKING:
    from fastcli.contents import Contents

PREFIX = 8  # bytes that say how long the header is
LONGEST_HEADER = 100_000_000  # bytes, as in safetensors


def is_mlp(source: str | Contents) -> bool:
    """Tell whether a file starts like a model of mlp-train: eight bytes of length, then JSON."""
    try:
        return begins_as_mlp(read_or_map(source).head)
    except FastcliError:
        raise
    except (OSError, ValueError):
        return False


def begins_as_mlp(head: bytes) -> bool:
    """Tell whether these are the first bytes of a model of mlp-train."""
    return head[PREFIX : PREFIX + 1] == b"{" and 2 <= header_length(head) <= LONGEST_HEADER


def header_length(head: bytes) -> int:
    """Return how long the header is by the first bytes of a file."""
    return int.from_bytes(head[:PREFIX], "little")
