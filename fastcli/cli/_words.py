"""What makes vectors of words: a model, or a file of word vectors; and words that have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli.api.loading import load_linear, opened
from fastcli.overwriting import STREAM, check_apart

if TYPE_CHECKING:
    from fastcli.fasttext.vectors import Vectors

MOST_SAID = 5  # words that are named


def load_vectors(path: str, thread: int) -> Vectors:
    """Load a model, or a file of word vectors, for its vectors.

    A compilation that this starts is reported on stderr, and so is what is odd about the file.
    """
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.contents import Contents
    from fastcli.fasttext.file_vectors import load_file_vectors
    from fastcli.fasttext.vectors import Vectors
    from fastcli.text.inputs import MODEL_MAGIC
    from fastcli.text.vector_files import HEAD, likely_layout, read_head

    announce_compiling()
    check_apart([path], [STREAM])
    contents = opened(path)
    is_other = isinstance(contents, Contents) and not contents.head.startswith(MODEL_MAGIC)
    if is_other and isinstance(contents, Contents) and contents.is_regular:
        head = read_head(path)
        if likely_layout(path, head, len(head) < HEAD) is not None:
            return load_file_vectors(path, thread, say)
    return Vectors(load_linear(contents), thread)


class Missing:
    """Says which words have no vector; each once, and at the end how many more there were."""

    def __init__(self, path: str, vectors: Vectors) -> None:
        self._path, self._vectors = path, vectors
        self._said: set[bytes] = set()
        self._others: set[bytes] = set()

    @property
    def is_possible(self) -> bool:
        """Whether words can have no vector: those of a file of vectors, not of a model."""
        from fastcli.fasttext.file_vectors import FileVectors

        return isinstance(self._vectors, FileVectors)

    def check(self, words: Sequence[bytes]) -> list[bool]:
        """Tell of each word whether it has no vector, and say so."""
        from fastcli.cli.display.messages import say
        from fastcli.printable import readable, shortened

        unknown = self._vectors.unknown(words)
        for i in unknown.nonzero()[0].tolist():
            word = words[i]
            if word in self._said:
                continue
            if len(self._said) >= MOST_SAID:
                self._others.add(word)
                continue
            self._said.add(word)
            say(
                f"{self._path} has no vector for {shortened(readable(word))!r} and no n-grams to "
                "build one from."
            )
        found: list[bool] = unknown.tolist()
        return found

    def finish(self) -> None:
        """Say how many words there were that were not named."""
        from fastcli.cli.display.messages import say

        if n := len(self._others):
            say(f"{self._path} does not have {n:,} more word{'s' * (n > 1)} of the input.")
