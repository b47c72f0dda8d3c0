"""Sentences about options in the words of a call: ``wordNgrams`` instead of ``-wordNgrams``.

The libraries name options as the command line does.  Here their sentences, and those of their
errors, get the names that a program gives: ``-lr 0.5`` becomes ``lr=0.5``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from fastcli.errors import FastcliError
from fastcli.notices import in_words_of
from fastcli.options import Row, camel

P = ParamSpec("P")
R = TypeVar("R")

# An option, and the word after it unless that is another one.
OPTION = re.compile(r"(?<![\w./-])(--?[A-Za-z][\w-]*)(?: (-?[\w.+]+(?:[:-][\w.]+)*))?(?![\w/-])")
RAISED_BY_CALLER = "fastcli_raised_by_caller"  # the attribute of errors of callbacks
NUMBER = re.compile(r"-?\d[\d.]*(?:e[-+]?\d+)?")
PLACEHOLDER = re.compile("[A-Z]{4,}|N")  # FILE, NAME, N
# Arguments of methods, for which there are no rows.
OTHERS = {
    "-k": "k",
    "--threshold": "threshold",
    "--thresholds": "thresholds",
    "--calibrated": "calibration",
    "--metric": "metric",
    "--per-label": "per_label",
}
PHRASES = (
    ("tune-threshold with --calibrated", "tune_thresholds with a calibration"),
    ("tune-threshold --calibrated", "tune_thresholds with a calibration"),
    ("un tune-threshold again", "un tune_thresholds again"),
)
# fastText's names that are not those of the rows, in camel case.
FASTTEXT = {
    "autotune_validation": "autotuneValidationFile",
    "autotune_modelsize": "autotuneModelSize",
    "autotune_metric": "autotuneMetric",
    "autotune_predictions": "autotunePredictions",
    "autotune_duration": "autotuneDuration",
}


def name_of(row: Row) -> str:
    """Return the name by which a call gives an option: fastText's, where it has one."""
    return FASTTEXT.get(row.name) or (camel(row.name) if row.option.fasttext else row.name)


def as_call(sentence: str, known: Mapping[str, Row | str]) -> str:
    """Return a sentence that names options as a call does.

    ``known`` has rows, or names of arguments, by the spellings of the command line.

    >>> from fastcli.fasttext.args import TrainArgs
    >>> from fastcli.options import rows
    >>> known = {word: row for row in rows(TrainArgs) for word in row.spellings}
    >>> as_call("Try -lr 0.25, or -loss hs: -wordNgrams must be 1 or more.", known)
    "Try lr=0.25, or loss='hs': wordNgrams must be 1 or more."
    >>> as_call("--metric loss: thresholds do not change it. Give -k -1.", OTHERS)
    "metric='loss': thresholds do not change it. Give k=-1."
    """

    def replaced(found: re.Match[str]) -> str:
        row, word = known.get(found[1]), found[2]
        if row is None:
            return found[0]
        name = _name(row)
        if word is None:
            return name
        bare = word.rstrip(".")
        end = word[len(bare) :]
        if sentence.startswith(" or more", found.end()):
            return f"{name} {word}"
        if NUMBER.fullmatch(bare) or PLACEHOLDER.fullmatch(bare):
            return f"{name}={bare}{end}"
        if isinstance(row, Row) and not {bare, bare.partition(":")[0]}.isdisjoint(row.choices):
            return f"{name}={bare!r}{end}"
        if sentence.startswith(": ", found.end()):
            return f"{name}={word!r}"
        return f"{name} {_name(known[word]) if word in known else word}"

    for phrase, instead in PHRASES:
        sentence = sentence.replace(phrase, instead)
    return OPTION.sub(replaced, sentence)


def _name(row: Row | str) -> str:
    return row if isinstance(row, str) else name_of(row)


@contextmanager
def as_in_a_call(rows: Iterable[Row]) -> Iterator[None]:
    """Let what is said meanwhile, and the errors that are raised, name options as a call does.

    What a callback of the caller raises stays as it is.
    """
    known: dict[str, Row | str] = {**OTHERS}
    known |= {word: row for row in rows for word in row.spellings}
    with in_words_of(lambda sentence: as_call(sentence, known)):
        try:
            yield
        except FastcliError as error:
            is_ours = not hasattr(error, RAISED_BY_CALLER)
            if is_ours and error.args and isinstance(error.args[0], str):
                error.args = (as_call(error.args[0], known), *error.args[1:])
            raise


def speaks_of_arguments(
    rows: Callable[[], Iterable[Row]],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator of functions that a program calls; see ``as_in_a_call``."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with as_in_a_call(rows()):
                return function(*args, **kwargs)

        return call

    return decorated
