"""Sentences about options in the words of a call: ``wordNgrams`` instead of ``-wordNgrams``.

The libraries name options as the command line does.  Here their sentences, and those of their
errors, get the names that a program gives: ``-lr 0.5`` becomes ``lr=0.5``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from fastcli.errors import FastcliError
from fastcli.notices import in_words_of
from fastcli.options import Row, camel

# An option, and the word after it unless that is another one.
OPTION = re.compile(r"(?<![\w./-])(--?[A-Za-z][\w-]*)(?: (-?[\w.+]+(?:-\d+)?))?(?![\w/-])")
NUMBER = re.compile(r"-?\d[\d.]*(?:e[-+]?\d+)?")
PLACEHOLDER = re.compile("[A-Z]{4,}|N")  # FILE, NAME, N
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


def as_call(sentence: str, known: Mapping[str, Row]) -> str:
    """Return a sentence that names options as a call does; ``known`` has rows by their spellings.

    >>> from fastcli.fasttext.args import TrainArgs
    >>> from fastcli.options import rows
    >>> known = {word: row for row in rows(TrainArgs) for word in row.spellings}
    >>> as_call("Try -lr 0.25, or -loss hs: -wordNgrams must be 1 or more.", known)
    "Try lr=0.25, or loss='hs': wordNgrams must be 1 or more."
    """

    def replaced(found: re.Match[str]) -> str:
        row, word = known.get(found[1]), found[2]
        if row is None:
            return found[0]
        if word is None:
            return name_of(row)
        bare = word.rstrip(".")
        end = word[len(bare) :]
        if sentence.startswith(" or more", found.end()):
            return f"{name_of(row)} {word}"
        if NUMBER.fullmatch(bare) or PLACEHOLDER.fullmatch(bare):
            return f"{name_of(row)}={bare}{end}"
        if bare in row.choices:
            return f"{name_of(row)}={bare!r}{end}"
        other = known.get(word)
        return f"{name_of(row)} {name_of(other) if other is not None else word}"

    return OPTION.sub(replaced, sentence)


@contextmanager
def as_in_a_call(rows: Iterable[Row]) -> Iterator[None]:
    """Let what is said meanwhile, and the errors that are raised, name options as a call does."""
    known = {word: row for row in rows for word in row.spellings}
    with in_words_of(lambda sentence: as_call(sentence, known)):
        try:
            yield
        except FastcliError as error:
            if error.args and isinstance(error.args[0], str):
                error.args = (as_call(error.args[0], known), *error.args[1:])
            raise
