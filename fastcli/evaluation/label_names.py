"""The labels of a model by the names that people know, and how they may write them.

The one rule for all options that name a label, and for all that shows labels to a person: a label
is shown by its name in the data (``very good``), else by its token without the prefix.  What is not
UTF-8 is shown as ``\\xff``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.printable import encodable, listed, named, nearest

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier


class LabelNames:
    """The labels of a model in the order of their ids.

    ``tokens`` are as training files have them, and tell labels apart: bytes that are not UTF-8 are
    surrogates, as in arguments.  ``shown`` are as the data have them, in which several may be the
    same; ``unique`` are the names to show.
    """

    def __init__(
        self, tokens: Sequence[str], shown: Sequence[str], prefix: str, is_joined: bool = False
    ) -> None:
        self.tokens, self.shown, self.prefix = tokens, shown, prefix
        self.is_joined = is_joined  # of several models

    @classmethod
    def of(cls, model: Classifier, names: Mapping[str, str] | None = None) -> LabelNames:
        """Return those of a model; ``names`` has names in the data that are not the token's."""
        prefix, known = getattr(model, "label", "__label__"), names or {}
        tokens = [label.decode("utf-8", "surrogateescape") for label in model.labels()]
        shown = [known.get(token, token.removeprefix(prefix)) for token in tokens]
        return cls(tokens, list(map(encodable, shown)), prefix)

    @classmethod
    def joined(cls, several: Sequence[LabelNames]) -> LabelNames:
        """Return the labels of several models, each once, with the prefix of the first model.

        Labels are the same where their tokens are but for the prefixes.
        """
        prefix = several[0].prefix
        shown: dict[str, str] = {}
        for names in several:
            for plain, name in zip(names.plain, names.shown, strict=True):
                shown.setdefault(plain, name)
        return cls(
            [prefix + plain for plain in shown], list(shown.values()), prefix, is_joined=True
        )

    @cached_property
    def plain(self) -> list[str]:
        """The tokens without the prefix."""
        return [token.removeprefix(self.prefix) for token in self.tokens]

    @cached_property
    def unique(self) -> list[str]:
        """The names as they are shown: labels of the same name by their tokens.

        >>> LabelNames(["__label__a_b", "__label__a__b"], ["a b", "a b"], "__label__").unique
        ['__label__a_b', '__label__a__b']
        """
        names = _distinct(self.shown, map(encodable, self.tokens))
        return _distinct(names, (f"{name} ({i})" for i, name in enumerate(names, 1)))

    def name_of(self, plain: str) -> str:
        """Return the name of a label by its token without the prefix, also of an unknown one."""
        i = self._places.get(plain)
        return encodable(plain) if i is None else self.unique[i]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {plain: i for i, plain in enumerate(self.plain)}

    def find(self, name: str, what: str) -> int:
        """Return the id of the label that a name stands for; ``what`` is the option in errors.

        Raises ArgumentError for an unknown name, with the nearest, and for one that several labels
        have.
        """
        if (found := self.position(name, what)) >= 0:
            return found
        known = [*map(encodable, self.tokens), *self.shown]
        near = nearest(name.strip(), known) if name.strip() else ""
        raise ArgumentError(
            f"{what}: {'no model has a' if self.is_joined else 'the model has no'} label "
            f"{named(name.strip() or name)}{near}. {'Their' if self.is_joined else 'Its'} labels: "
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
                same = [t for t, shown in zip(self.unique, self.shown, strict=True) if shown == one]
                raise ArgumentError(
                    f"{what}: {named(one)} is the name of several labels. Give one of "
                    f"{listed(same)}."
                )
            for known, sought in (
                (self.shown, one),
                (self.tokens, one),
                (self.unique, one),
                (self.plain, one),
                (self.plain, "_".join(one.split())),
            ):
                if sought in known:
                    return known.index(sought)
        return -1


def _distinct(names: Sequence[str], others: Iterable[str]) -> list[str]:
    """Return names, another one in the place of each that is there several times."""
    times = Counter(names)
    pairs = zip(names, others, strict=True)
    return [other if times[name] > 1 else name for name, other in pairs]
