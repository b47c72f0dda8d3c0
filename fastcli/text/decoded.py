"""Names of labels as text: decoded when they are first asked for."""

from __future__ import annotations

from collections.abc import Sequence


class Decoded(dict[int, str]):
    """Names by their ids: one that is not UTF-8 is an error only for those who ask for it.

    ``on_unicode_error`` is as in ``bytes.decode``.  ``found[i]`` raises UnicodeDecodeError.
    """

    def __init__(self, names: Sequence[bytes], on_unicode_error: str = "strict") -> None:
        super().__init__()
        self.encoded, self._errors = names, on_unicode_error

    def __missing__(self, i: int) -> str:
        found = self[i] = self.encoded[i].decode("utf-8", self._errors)
        return found

    def all(self) -> list[str]:
        """Return all names, in the order of their ids."""
        return [self[i] for i in range(len(self.encoded))]
