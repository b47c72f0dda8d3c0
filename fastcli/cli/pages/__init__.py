"""The pages of ``fastcli help``: topics, each with entries that have a formula and some words.

A topic is a row of ``TOPICS`` and a module of the same name in this folder, whose ``page()`` gives
its entries.  Formulas and sources come from the tables that the program itself uses; a module adds
the words, and a test fails for a row of a table that has none.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


class Topic(NamedTuple):
    """A topic: its line in the list of topics, and other names of it."""

    line: str
    aliases: tuple[str, ...] = ()


TOPICS = {
    "activations": Topic(
        "activation functions (--activation): formulas, curves, strengths and weaknesses",
        ("activation",),
    ),
    "optimizers": Topic(
        "optimisers (--optimizer), from gradient descent to NAdam",
        ("optimizer", "optimisers", "optimiser"),
    ),
    "init": Topic(
        "how weights start (--init), and why not from 0",
        ("initializers", "initializer", "initialisers", "initialisation", "initialization"),
    ),
    "norms": Topic(
        "batch and layer normalisation (--norm)", ("norm", "normalisation", "normalization")
    ),
    "schedules": Topic("how the learning rate changes (--schedule)", ("schedule",)),
    "losses": Topic("loss functions (-loss)", ("loss",)),
}


class Words(NamedTuple):
    """What a page adds to a row of a table."""

    why: str  # it was proposed
    good: str
    bad: str
    derivative: str = ""
    title: str = ""  # of the source


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A small chart: points of a function over an interval."""

    title: str
    low: float
    high: float
    values: list[float]
    from_zero: bool = False  # the lowest row is 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry: ``facts`` are named paragraphs, ``curves`` computes its charts."""

    name: str
    formula: str
    facts: list[tuple[str, str]]
    aliases: tuple[str, ...] = ()
    curves: Callable[[], list[Curve]] = field(default=list[Curve])


@dataclass(frozen=True, kw_only=True)
class Page:
    """A topic's title, introduction and entries."""

    title: str
    intro: str
    entries: list[Entry]


def page_of(topic: str) -> Page:
    """Return the page of a topic."""
    found: Page = importlib.import_module(f"fastcli.cli.pages.{topic}").page()
    return found


def topic_of(word: str) -> str:
    """Return the topic that a word names, "" for none."""
    return next((name for name, one in TOPICS.items() if word in (name, *one.aliases)), "")


def facts_of(words: Words, source: str, **more: str) -> list[tuple[str, str]]:
    """Return the paragraphs of an entry; ``more`` come behind the derivative, "" is left out."""
    named_source = f"{source}: {words.title}" if words.title else source
    found = {
        "derivative": words.derivative,
        **more,
        "why": words.why,
        "strengths": words.good,
        "weaknesses": words.bad,
        "source": named_source,
    }
    return [(name, text) for name, text in found.items() if text]


def find(name: str, topic: str = "") -> list[tuple[str, Entry]]:
    """Return the entries of that name with their topics, else those with that alias.

    With a topic only its entries.
    """
    some = [topic] if topic else list(TOPICS)
    pages = [(one, entry) for one in some for entry in page_of(one).entries]
    exact = [(one, entry) for one, entry in pages if entry.name == name]
    return exact or [(one, entry) for one, entry in pages if name in entry.aliases]


def named_otherwise(word: str) -> list[str]:
    """Return the topics that have an entry with that alias."""
    return [one for one in TOPICS if any(word in entry.aliases for entry in page_of(one).entries)]


def entry_names(topic: str = "") -> list[str]:
    """Return the names of all entries, or of those of a topic."""
    some = [topic] if topic else list(TOPICS)
    return [entry.name for one in some for entry in page_of(one).entries]
