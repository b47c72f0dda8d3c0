"""How a data set was prepared, as ``prepare.json`` records it and ``--like`` reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError, DataError, cannot_open
from fastcli.options import check_choices, row_of
from fastcli.prepare.clean import Cleaning, clean, clean_to_bytes, cut, space_lines
from fastcli.prepare.options import PrepareOptions
from fastcli.prepare.segment import Segmentation, segment
from fastcli.prepare.word_files import wrong_entry
from fastcli.prepare.words import Words, keep_words
from fastcli.printable import named
from fastcli.schema import SchemaError, build, shown
from fastcli.text.encodings import is_valid_utf8
from fastcli.text.line_weights import check_weight_prefix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RECIPE_FORMAT, VERSION = "fastcli prepare", 2
READABLE = (1, 2)  # versions; the first had no words
LINE_END = "</s>"
MOST_TRIED = 200  # places where a word may begin that are looked at one by one


@dataclass(frozen=True)
class Recipe:
    """All that happens to a text: cleaning, segmentation, words, and what a label begins with.

    ``weight_prefix`` begins the tokens with weights of lines, "": there are none.
    """

    cleaning: Cleaning = field(default_factory=Cleaning)
    segmentation: Segmentation = field(default_factory=Segmentation)
    label: str = "__label__"
    words: Words = field(default_factory=Words)
    weight_prefix: str = ""

    def check(self) -> None:
        """Raise ArgumentError for a value that cannot be."""
        c, s = self.cleaning, self.segmentation
        check_choices(
            PrepareOptions, unicode=c.unicode, urls=c.urls, digits=c.digits, segment=s.kind
        )
        row_of(PrepareOptions, "max_length").check_range(c.max_length)
        row_of(PrepareOptions, "min_token_length").check_range(self.words.min_length)
        if s.user_dict and s.kind != "jieba":
            raise ArgumentError("--user-dict is for jieba: give --segment jieba, too.")
        if wrong := wrong_entry(s.user_dict):
            raise ArgumentError(f"--user-dict: {named(wrong)!r} is not an entry.")
        if s.command and s.kind != "none":
            raise ArgumentError(
                "--segment and --tokenizer-cmd cannot be combined: give one of them."
            )
        if not self.label or self.label.split() != [self.label]:
            raise ArgumentError("-label must be a prefix without spaces, such as __label__.")
        check_weight_prefix(self.weight_prefix, self.label)

    def apply(self, texts: list[str]) -> list[str]:
        """Return texts as written to a training file; words are never labels or weights."""
        cleaned = clean(texts, self.cleaning)
        cleaned = segment(cleaned, self.segmentation)
        cleaned = keep_words(cleaned, self.words, self.cleaning, self.segmentation)
        cleaned = cut(cleaned, self.cleaning.max_length)
        if any(mark in text for text in cleaned for mark in self._marks):
            cleaned = [self._of_words(text) for text in cleaned]
        return cleaned

    def apply_to_bytes(self, texts: list[str]) -> bytes:
        """Return the same as UTF-8, each text a line with its end."""
        if not texts:
            return b""
        if self._is_cleaning_alone:
            data = clean_to_bytes(texts, self.cleaning) + b"\n"
            if not any(_has(data, mark) for mark in self._marks):
                return data
        return "\n".join([*self.apply(texts), ""]).encode()

    def apply_to_text_lines(self, data: NDArray[np.uint8]) -> bytes:
        """Do what ``apply_to_bytes`` does, for texts that are lines of UTF-8, with their ends."""
        raw = data.tobytes()
        if self._is_cleaning_alone and self.cleaning == Cleaning() and is_valid_utf8(raw):
            found = space_lines(raw)
            if not any(_has(found, mark) for mark in self._marks):
                return found
        return self.apply_to_bytes(raw.decode("utf-8", "surrogateescape").split("\n")[:-1])

    @property
    def _prefixes(self) -> list[str]:
        """What words may not begin with."""
        return [self.label, *filter(None, [self.weight_prefix])]

    @property
    def _marks(self) -> list[str]:
        """What no text may have in it unseen."""
        return [*self._prefixes, LINE_END]

    @property
    def _is_cleaning_alone(self) -> bool:
        """Whether no step looks at tokens."""
        return (
            self.segmentation == Segmentation()
            and self.words == Words()
            and self.cleaning.max_length == 0
        )

    def apply_to_lines(self, lines: list[str]) -> list[str]:
        """Return lines of fastText's format with their text prepared, one line for each line.

        Labels in front of a line stay as they are; so do weights, which follow the text.
        """
        heads, texts, ends = [], [], []
        for line in lines:
            words, weights = line.split(), list[str]()
            if self.weight_prefix and self.weight_prefix in line:
                words, weights = without_weights(words, self.weight_prefix)
            n = next((i for i, w in enumerate(words) if not w.startswith(self.label)), len(words))
            heads.append(words[:n])
            texts.append(" ".join(words[n:]) if n or weights else line)
            ends.append(weights)
        return [
            " ".join([*head, *filter(None, [text]), *end])
            for head, text, end in zip(heads, self.apply(texts), ends, strict=True)
        ]

    def _of_words(self, text: str) -> str:
        """Take the prefix off words that would be labels, and out what fastText ends lines at."""
        words = []
        for word in text.split(" "):
            while found := next(filter(word.startswith, self._prefixes), ""):
                word = word.removeprefix(found)
            words.append("" if word == LINE_END else word)
        return " ".join(filter(None, words))

    def as_json(self) -> dict[str, Any]:
        """Return what ``prepare.json`` holds of it."""
        return {
            "format": RECIPE_FORMAT,
            "version": VERSION,
            "label": self.label,
            "cleaning": asdict(self.cleaning),
            "segmentation": asdict(self.segmentation),
            "words": asdict(self.words),
            **({"weight_prefix": self.weight_prefix} if self.weight_prefix else {}),
        }


def without_weights(words: list[str], prefix: str) -> tuple[list[str], list[str]]:
    """Return the words of a line that are no weights, and those that are.

    >>> without_weights(["w:2", "a", "b"], "w:")
    (['a', 'b'], ['w:2'])
    """
    return (
        [word for word in words if not word.startswith(prefix)],
        [word for word in words if word.startswith(prefix)],
    )


def _has(data: bytes, word: str) -> bool:
    """Tell whether bytes hold a word; its first byte alone, if it is rare, is quicker to find."""
    found = word.encode()
    at = data.find(found[:1])
    for _ in range(MOST_TRIED):
        if at < 0 or data.startswith(found, at):
            return at >= 0
        at = data.find(found[:1], at + 1)
    return at >= 0 and data.find(found, at) >= 0


def read_recipe(path: str) -> Recipe:
    """Read the recipe of a ``prepare.json``.  Raises DataError if it is not one."""
    return read_notes(path)[0]


def read_notes(path: str) -> tuple[Recipe, dict[str, Any]]:
    """Read a ``prepare.json``: the recipe, and all that it holds.  Raises DataError."""
    try:
        with open(path, "rb") as file:
            found = json.load(file)
    except OSError as error:
        raise DataError(cannot_open(path, error)) from None
    except (ValueError, RecursionError):
        found = None
    return recipe_from(found, path), found


def recipe_from(found: Any, path: str) -> Recipe:
    """Return the recipe of a JSON object.  Raises DataError, which names ``path``, as needed."""
    if not isinstance(found, dict) or found.get("format") != RECIPE_FORMAT:
        raise DataError(f"{path} was not written by fastcli prepare.")
    if found.get("version") not in READABLE:
        raise DataError(
            f"{path} is from another version of fastcli: {shown(found.get('version'))}."
        )
    try:
        names = [one.name for one in fields(Recipe) if one.name not in ("words", "weight_prefix")]
        names += ["words"] * (found["version"] > 1)
        names += ["weight_prefix"] * ("weight_prefix" in found)  # where there are weights
        recipe = build(Recipe, {name: found[name] for name in names})
        recipe.check()
    except KeyError as error:
        raise DataError(f"{path} is damaged: it has no {error}.") from None
    except SchemaError as error:
        raise DataError(f"{path} is damaged: {error}.") from None
    except ArgumentError as error:
        raise DataError(f"{path} is damaged: {error}") from None
    return recipe
