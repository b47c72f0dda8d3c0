"""What tells a model of a program from others, also while no file has it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def _any_number() -> int:
    return int.from_bytes(os.urandom(4), "little")


@dataclass(eq=False)
class ModelIdentity:
    """The identity of a model in memory: thresholds and calibrations made by it share this object.

    ``path`` is that of the file which has all of the model, and ``file`` the size of that file and
    a checksum of its last bytes, as they were when it was read or written; None before that.
    """

    path: str = ""
    file: dict[str, int] | None = None
    token: int = field(default_factory=_any_number)

    @property
    def marks(self) -> dict[str, int]:
        """What files of thresholds and calibrations keep of it; of no file: what none can have."""
        return self.file or {"size": 0, "tail_crc32": self.token}

    def is_same(self, other: ModelIdentity | None) -> bool:
        """Tell whether this is the identity of the same model in memory, or of a copy of it."""
        return other is not None and other.token == self.token
