"""Findings: what is worth knowing about a file, how often it occurs, and in which lines first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MAX_EXAMPLES = 5

# Every kind of finding, in the order of reports, with a sentence of what it means.
MEANINGS = {
    "utf16": "the file is UTF-16: convert it to UTF-8 with iconv -f UTF-16 -t UTF-8",
    "byte_order_mark": "a byte order mark hides the first label: remove the first three bytes",
    "invalid_utf8": "invalid UTF-8: another encoding, or damage",
    "control_characters": "control characters; those that are not whitespace become parts of words",
    "replacement_character": "U+FFFD, a character that was lost when the text was converted",
    "mojibake": "looks like UTF-8 that was read as Latin-1 and written again, such as Ã© for é",
    "c1_controls": "characters U+0080 to U+009F: Windows-1252 text that was read as Latin-1",
    "odd_spaces": "spaces that do not separate words, such as U+00A0, U+3000 and U+200B",
    "carriage_returns": "Windows line ends (CRLF); they are read like any others",
    "sentence_end": "the word </s>, which ends a line before its end",
    "empty": "the line is empty",
    "no_label": "no label, so a classifier does not learn from the line",
    "no_text": "labels, but no text",
    "bare_prefix": "a label that is only the prefix, without a name",
    "late_label": "a label after the text has begun; it counts as a label, not as a word",
    "joined_labels": "a label with another one in it: a space is missing between them",
    "duplicate": "the same text and labels as an earlier line",
    "contradiction": "the same text as an earlier line, but other labels",
}


@dataclass
class Finding:
    """A kind of finding: in how many lines it is, and the first of them with a note each."""

    kind: str
    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON."""
        return {"finding": self.kind, "lines": self.count, "examples": self.examples}


class Findings:
    """The findings of a file, by kind."""

    def __init__(self) -> None:
        self._found: dict[str, Finding] = {}

    def add(self, kind: str, line: int, **note: Any) -> None:
        """Count a line; the first few are kept as examples."""
        finding = self._found.setdefault(kind, Finding(kind))
        finding.count += 1
        if len(finding.examples) < MAX_EXAMPLES:
            finding.examples.append({"line": line, **note})

    def add_many(self, kind: str, count: int, examples: Iterable[dict[str, Any]]) -> None:
        """Add a count with its examples; do nothing if it is 0."""
        if count:
            self._found[kind] = Finding(kind, count, list(examples))

    def count(self, kind: str) -> int:
        """Return in how many lines a kind was found."""
        return self._found[kind].count if kind in self._found else 0

    def all(self) -> list[Finding]:
        """Return all findings, in the order of reports."""
        return [self._found[kind] for kind in MEANINGS if kind in self._found]
