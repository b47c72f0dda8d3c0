"""Labels as fastText writes them, and back: one token each, whatever they are in the data."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_REMEMBERED_SETS = 100_000  # sets of labels that are remembered
_SPACES = re.compile(r"[\s\0]+")


class LabelNames:
    """Gives every label of the data a token, and remembers which.

    Spaces become ``_``; where two labels would be the same token the later one gets a number.
    Those of a row are taken once, unless they are numbers to learn, ``are_targets``.
    """

    def __init__(self, prefix: str, are_targets: bool = False) -> None:
        self.prefix = prefix
        self._are_targets = are_targets
        self.tokens: dict[str, str] = {}  # label to token, without prefix
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}  # the number to try for a token that is taken
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def know(self, tokens: Mapping[str, str]) -> None:
        """Take over the tokens, with the prefix, that labels have had."""
        for label, token in tokens.items():
            self.tokens[label] = token.removeprefix(self.prefix)
            self._taken.add(self.tokens[label])

    def of(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tokens of the labels of a row, with the prefix."""
        found = self._known.get(labels)
        if found is None:
            some = labels if self._are_targets else dict.fromkeys(labels)
            found = tuple(self.prefix + self._token(label) for label in some)
            if len(self._known) < MAX_REMEMBERED_SETS:
                self._known[labels] = found
        return found

    def _token(self, label: str) -> str:
        if label not in self.tokens:
            found = plain = _SPACES.sub("_", label)
            n = self._next.get(plain, 2)
            while found in self._taken:
                found, n = f"{plain}_{n}", n + 1
            self._next[plain] = n  # those below are taken
            self._taken.add(found)
            self.tokens[label] = found
        return self.tokens[label]

    def mapping(self) -> dict[str, str]:
        """Return tokens, with prefix, and the labels they stand for, in order of appearance."""
        return {self.prefix + token: label for label, token in self.tokens.items()}
