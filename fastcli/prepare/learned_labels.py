"""Labels of new rows as the tokens that they became in the training data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastcli.prepare.labels import LabelNames
from fastcli.prepare.relabel import LabelRules, Relabelling
from fastcli.schema import SchemaError, build, known_fields


class LearnedLabels:
    """Applies what was done to labels: one spelling, other names, rare ones taken together.

    ``tokens`` has the token of each label that is known, with the prefix; ``rare`` are labels that
    ``rules.minimum`` took away.  ``are_targets``: they are numbers to learn.
    """

    def __init__(
        self,
        prefix: str,
        rules: LabelRules,
        rare: frozenset[str],
        tokens: Mapping[str, str],
        are_targets: bool = False,
    ) -> None:
        self._relabelling = Relabelling(rules)
        self._relabelling.know(tokens)
        self._other = (self._relabelling.other,) if rules.other else ()
        self._rare = rare
        self._names = LabelNames(prefix, are_targets)
        self._names.know(tokens)

    def of(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return the tokens of the labels of a row, with the prefix; none where it is left out."""
        found: list[str] = []
        for label in self._relabelling.of(labels):
            found += self._other if label in self._rare else (label,)
        return self._names.of(tuple(found))


def recorded_rules(labels: Any) -> tuple[LabelRules, frozenset[str]]:
    """Return what ``labels`` of a prepare.json says: the rules, and which labels were rare.

    Raises SchemaError or ArgumentError where that cannot be.
    """
    rules = build(LabelRules, known_fields(LabelRules, labels, "labels"), "labels")
    rules.check()
    if not isinstance(labels, dict):
        raise SchemaError("labels should be an object")
    return rules, frozenset(build(dict[str, int], labels.get("rare", {}), "labels.rare"))
