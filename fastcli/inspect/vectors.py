"""Files of word vectors: how many words, of which dimension, and whether the file is whole."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import Any

from fastcli.errors import DataError
from fastcli.printable import readable
from fastcli.text.inputs import compression
from fastcli.text.spooled import place_of
from fastcli.text.vector_files import Layout, VectorFile

SHOWN = 10  # words


@dataclass(kw_only=True)
class VectorReport:
    """What is in a file of word vectors; ``declared`` is -1 where no header says a number."""

    path: str
    size: int
    packed: str
    layout: Layout
    declared: int
    n: int = 0
    words: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def form(self) -> str:
        """What the file is."""
        if not self.layout.is_text:
            return "word vectors, word2vec's binary format"
        if self.layout.n < 0:
            return "word vectors, text without a header line (GloVe)"
        return "word vectors, text with a header line (fastText, word2vec)"

    @property
    def commands(self) -> list[list[str]]:
        """The commands that use the file."""
        train = ["fastcli", "supervised", "-input", "train.txt", "-output", "model"]
        train += ["-pretrainedVectors", self.path, "-dim", str(self.layout.dim)]
        return [train, ["fastcli", "nn", self.path]]

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "file": readable(os.fsencode(self.path)),
            "kind": "vectors",
            "format": self.form,
            "bytes": self.size,
            "compression": self.packed or None,
            "words": self.n,
            "declared": None if self.declared < 0 else self.declared,
            "dim": self.layout.dim,
            "first_words": self.words,
            "problems": self.problems,
            "commands": [shlex.join(command) for command in self.commands],
        }


def vectors_report(path: str, n_threads: int) -> VectorReport:
    """Read a file of word vectors to its end.

    Raises DataError if it is not one, or cannot be opened; what is damaged in it is a problem.
    """
    file = VectorFile(path)
    found = VectorReport(
        path=path,
        size=os.path.getsize(place_of(path)),
        packed=compression(path) or "",
        layout=file.layout,
        declared=file.layout.n,
    )
    try:
        for part in file.read(n_threads):
            for i in range(min(len(part), SHOWN - len(found.words))):
                word = part.arena[part.starts[i] : part.starts[i + 1]].tobytes()
                found.words.append(readable(word))
            found.n += len(part)
    except DataError as error:
        found.problems.append(str(error).removeprefix(path).lstrip(":, ").strip())
    found.problems += [note.removeprefix(path).lstrip(":, ").strip() for note in file.notes]
    return found
