"""The labels of a model by the names that people know, and how they may write them.

The one rule for all options that name a label, and for all that shows labels to a person: a label
is shown by its name in the data (``very good``), else by its token without the prefix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.printable import listed, named, nearest

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier


class LabelNames:
    """The labels of a model in the order of their ids.

    ``tokens`` are as training files have them, ``shown`` as the data have them, in which several
    may be the same.
    """

    def __init__(self, tokens: Sequence[str], shown: Sequence[str], prefix: str) -> None:
        self.tokens, self.shown, self.prefix = tokens, shown, prefix

    @classmethod
    def of(cls, model: Classifier, names: Mapping[str, str] | None = None) -> LabelNames:
        """Return those of a model; ``names`` has names in the data that are not just the token's.

        Bytes that are not UTF-8 are surrogates in tokens, as in arguments, and replaced in names.
        """
        prefix, known = getattr(model, "label", "__label__"), names or {}
        labels = model.labels()
        tokens = [label.decode("utf-8", "surrogateescape") for label in labels]
        plain = [label.decode("utf-8", "replace") for label in labels]
        return cls(tokens, [known.get(one, one.removeprefix(prefix)) for one in plain], prefix)

    @cached_property
    def unique(self) -> list[str]:
        """The names as they are shown: labels of the same name by their tokens."""
        times = Counter(self.shown)
        pairs = zip(self.tokens, self.shown, strict=True)
        return [token if times[name] > 1 else name for token, name in pairs]

    def find(self, name: str, what: str) -> int:
        """Return the id of the label that a name stands for; ``what`` is the option in errors.

        Raises ArgumentError for an unknown name, with the nearest, and for one that several labels
        have.
        """
        if (found := self.position(name, what)) >= 0:
            return found
        near = nearest(name.strip(), [*self.tokens, *self.shown]) if name.strip() else ""
        raise ArgumentError(
            f"{what}: the model has no label {named(name.strip() or name)}{near}. Its labels: "
            f"{listed(self.shown)}."
        )

    def position(self, name: str, what: str) -> int:
        """Return the id of the label that a name stands for, -1 for none.

        That is a label's name in the data, its token (``__label__pos``), the token without the
        prefix, or that with spaces for ``_``; spaces around a name count only where a label has
        them.  Raises ArgumentError for the name of several labels.
        """
        for one in dict.fromkeys([name, name.strip()]):
            if self.shown.count(one) > 1:
                same = [t for t, shown in zip(self.tokens, self.shown, strict=True) if shown == one]
                raise ArgumentError(
                    f"{what}: {named(one)} is the name of several labels. Give one of "
                    f"{listed(same)}."
                )
            spaced = self.prefix + "_".join(one.split())
            for known, sought in (
                (self.shown, one),
                (self.tokens, one),
                (self.tokens, self.prefix + one),
                (self.tokens, spaced),
            ):
                if sought in known:
                    return known.index(sought)
        return -1
