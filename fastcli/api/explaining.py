"""Explanations: how much the words, n-grams or columns of an input contribute to a label."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.api.inputs import reads_lines
from fastcli.api.json_values import number
from fastcli.api.judging import TOP
from fastcli.api.label_names import label_names_of
from fastcli.errors import ArgumentError
from fastcli.evaluation.predictor import Predictor
from fastcli.inspect.explain import Choice, Explainer
from fastcli.inspect.explain import Contribution as Contribution
from fastcli.notices import say
from fastcli.printable import readable

if TYPE_CHECKING:
    from fastcli.evaluation.label_names import LabelNames
    from fastcli.inspect import explain as found
    from fastcli.prepare.recipe import Recipe

PREPARED = "The text is prepared as the model records it; prepared=True takes it as it is."


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Why an input gets a label, compared with another one (``against``) if any.

    ``contributions`` are the largest first: each has its kind ("word", "character n-gram", "word
    n-gram", "line end", "feature", "column"), its text and its value.  They, ``others`` (those
    that were left out), ``start`` (what the scores are without any input) and ``rest`` (what is
    not explained) sum to ``score`` - ``score_against``.  ``label`` is None where the model knows
    no word of a text; ``unknown`` are the words that it does not know.
    """

    text: str
    row: int | None
    label: str | None
    against: str | None = None
    score: float = 0.0
    score_against: float | None = None
    probability: float = 0.0
    probability_against: float | None = None
    start: float = 0.0
    rest: float = 0.0
    method: str = ""
    contributions: list[Contribution] = field(default_factory=list)
    others: float = 0.0
    unknown: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``fastcli explain --json`` writes.  Numbers have nine digits."""
        first: dict[str, Any] = {"text": self.text} if self.row is None else {"row": self.row}
        if self.label is None:
            return {**first, "label": None, "contributions": [], "unknown": self.unknown}
        contributions = []
        for one in self.contributions:
            entry: dict[str, Any] = {"kind": one.kind, "text": one.text}
            if one.shown:
                entry["value"] = one.shown
            else:
                entry["count"] = one.count
            contributions.append({**entry, "contribution": number(one.value)})
        return {
            **first,
            "label": self.label,
            "against": self.against,
            "probability": number(self.probability),
            "probability_against": _number(self.probability_against),
            "score": number(self.score),
            "score_against": _number(self.score_against),
            "difference": number(self.score - (self.score_against or 0.0)),
            "start": number(self.start),
            "rest": number(self.rest),
            "method": self.method,
            "contributions": contributions,
            "others": number(self.others),
            "unknown": self.unknown,
        }


def _number(value: float | None) -> float | None:
    return None if value is None else number(value)


@dataclass(kw_only=True)
class Explaining:
    """Explains lines and rows of a model; ``names`` are its labels as they are shown."""

    explainer: Explainer
    predictor: Predictor
    names: list[str]
    recipe: Recipe | None = None  # how lines are prepared first

    @property
    def method(self) -> str:
        """How contributions are found."""
        return self.explainer.scores.method

    def line(self, line: bytes) -> tuple[str, found.Explanation | list[str]]:
        """Return a line as it is shown, and its explanation, or its words if none is known."""
        if self.recipe is not None:
            line = prepared_line(self.recipe, line)
        block = np.frombuffer(line, np.uint8)
        best = self._best([block]) if len(block) else []
        shown = without_weights(line.rstrip(b"\n"), self.explainer.model.weight_prefix)
        return readable(shown), self.explainer.line(line, best)

    def rows(self, block: Any) -> Iterator[found.Explanation | None]:
        """Yield the explanations of rows of a table of numbers, None for one without a cell."""
        for i in range(len(block)):
            part = block[i : i + 1]
            yield (
                None if part.blank[0] else self.explainer.numbers(part.raw[0], self._best([part]))
            )

    def _best(self, blocks: list[Any]) -> list[int]:
        """Return the two most probable labels, by their numbers."""
        return [
            label
            for found in self.predictor.predictions(blocks)
            for label in found.labels[: found.counts.sum()].tolist()  # of one line at most
        ]

    def explanation(
        self, one: found.Explanation | list[str], top: int, text: str = "", row: int | None = None
    ) -> Explanation:
        """Return an explanation by names, with the ``top`` largest contributions, 0: all."""
        if isinstance(one, list):
            return Explanation(text=text, row=row, label=None, unknown=one)
        shown = one.contributions[:top] if top else one.contributions
        is_compared = one.against is not None
        return Explanation(
            text=text,
            row=row,
            label=self.names[one.label],
            against=None if one.against is None else self.names[one.against],
            score=one.score,
            score_against=one.score_against if is_compared else None,
            probability=one.probability,
            probability_against=one.probability_against if is_compared else None,
            start=one.start,
            rest=one.rest,
            method=self.method,
            contributions=shown,
            others=sum(one.value for one in one.contributions[len(shown) :]),
            unknown=one.unknown,
        )


def choice_of(names: LabelNames, asked: Asked) -> Choice:
    """Return which labels are explained, by any of their names; None: the most probable.

    Raises ArgumentError for unknown labels, and for one that is compared with itself.
    """
    first, second = asked.spelled
    choice = Choice(
        label=None if asked.label is None else names.find(asked.label, first),
        against=None if asked.against is None else names.find(asked.against, second),
        alone=asked.alone,
    )
    if choice.label is not None and choice.label == choice.against:
        raise ArgumentError(f"{first} and {second} name the same label.")
    return choice


def explaining(classifier: Any, model: str, asked: Asked) -> Explaining:
    """Return what explains the lines or rows of a model, which ``model`` is the name of in errors.

    Says that texts are prepared first, where they are.  Raises ArgumentError for labels that cannot
    be explained, and for a model that predicts none.
    """
    from fastcli.api.decisions import check_labels

    check_labels(classifier, model, "explain")
    names = label_names_of(classifier, model)
    choice = choice_of(names, asked)
    takes_texts = reads_lines(classifier) and not asked.prepared
    recipe = recipe_of(classifier, model) if takes_texts else None
    if recipe is not None:
        say(asked.prepared_note)
    return Explaining(
        explainer=Explainer(classifier, choice, asked.ngrams),
        predictor=Predictor(classifier, min(2, classifier.nlabels), 0.0, 1, model),
        names=names.unique,
        recipe=recipe,
    )


def recipe_of(classifier: Any, model: str) -> Recipe | None:
    """Return how the model's texts were prepared, None if it records nothing."""
    if not getattr(classifier, "about", {}).get("prepared"):
        return None
    from fastcli.api.labelled_tables import prepared_of

    return prepared_of(classifier, model, "").recipe


def prepared_line(recipe: Recipe, line: bytes) -> bytes:
    """Return a line prepared as those of training were."""
    found = recipe.apply_to_lines([line.decode("utf-8", "surrogateescape")])[0]
    end = b"\n" if line.endswith(b"\n") else b""
    return found.encode("utf-8", "surrogateescape") + end


def without_weights(line: bytes, prefix: str) -> bytes:
    """Return a line without the tokens of its weight, which the model does not read.

    >>> without_weights(b"__w__2 the  text", "__w__"), without_weights(b"the  text", "__w__")
    (b'the text', b'the  text')
    """
    from fastcli.text.dictionary import as_bytes
    from fastcli.text.line_weights import blanked

    head = os.fsencode(prefix)
    if not head or head not in line:
        return line
    found = blanked(as_bytes(line), head).tobytes()
    return line if found == line else b" ".join(filter(None, found.split(b" ")))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What of an input is explained: see ``Judged.explain``."""

    label: str | None = None
    against: str | None = None
    alone: bool = False
    top: int = TOP
    ngrams: bool = False
    prepared: bool = False
    prepared_note: str = PREPARED  # what is said of texts that are prepared
    spelled: tuple[str, str] = ("label", "against")  # how errors call these two


def explained(classifier: Any, model: str, given: Sequence[Any], asked: Asked) -> list[Explanation]:
    """Return the explanations of lines (bytes), or, for a model of numbers, of blocks of rows.

    ``model`` is what errors call it.  Raises ArgumentError for what cannot be.
    """
    if asked.alone and asked.against is not None:
        raise ArgumentError("alone and against cannot be combined.")
    if asked.top < 0:
        raise ArgumentError(f"top must be 0 (all) or more, not {asked.top}.")
    run = explaining(classifier, model, asked)
    answers: list[Explanation] = []
    if not reads_lines(classifier):
        for block in given:
            for one in run.rows(block):
                row = len(answers) + 1
                answers.append(run.explanation([] if one is None else one, asked.top, row=row))
        return answers
    for line in given:
        shown, found = run.line(line)
        answers.append(run.explanation(found, asked.top, text=shown))
    return answers
