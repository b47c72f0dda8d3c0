"""print-word-vectors, print-sentence-vectors and print-ngrams: vectors as text, JSON or .npy."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fastcli.api.blocks import open_blocks
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._declare import file_argument, takes
from fastcli.cli._options import Answering
from fastcli.cli._words import Missing, load_vectors
from fastcli.cli.display.tables import counted
from fastcli.errors import NotFinite
from fastcli.options import option
from fastcli.overwriting import STREAM, check_apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLOATS = 1 << 22  # of vectors that are made at a time
MODEL = file_argument("model", "<model>")


@dataclass(kw_only=True, eq=False, repr=False)
class Printing(Answering):
    """The options of commands that can write vectors to a file, too."""

    npy: str | None = option(
        None,
        "write a NumPy file instead (-: standard output): float32, one row per vector, in the "
        "order of the input",
        file="file",
    )


@positional("<model>")
@MODEL
@takes(Printing)
def print_word_vectors(options: Printing, model: str) -> None:
    """Print the vector of every word on standard input, one line per word.

    The model may be a file of word vectors (.vec, GloVe, word2vec).  Unknown words get the mean of
    their character n-grams, if the model has n-grams, else zeros.

    \b
    Example:
      echo "egg pan" | fastcli print-word-vectors topics.bin
      fastcli print-word-vectors topics.bin --npy words.npy \\
          < data/samples/topics.test.txt
    """
    vectors = load_vectors(model, options.thread)
    check_apart([model, STREAM], [options.npy or ""])
    dim = vectors.model.args.dim
    step = max(1, min(4096, FLOATS // dim))
    missing = Missing(model, vectors)
    with Sink(model, dim, options.json, options.npy) as sink:
        for block in open_blocks("-", "Standard input cannot be read!"):
            words = block.tobytes().split()
            for first in range(0, len(words), step):
                some = words[first : first + step]
                missing.check(some)
                sink.write(vectors.of_words(some), "word", some)
    missing.finish()


@positional("<model>")
@MODEL
@takes(Printing)
def print_sentence_vectors(options: Printing, model: str) -> None:
    """Print a vector for every line on standard input.

    For a classifier it is the mean of the rows of all words and n-grams of the line, which is
    what it predicts from; for word vectors, the mean of the words' vectors, each divided by its
    length.

    \b
    Example:
      head -n 2 data/samples/topics.test.txt | \\
          fastcli print-sentence-vectors topics.bin
      fastcli print-sentence-vectors topics.bin --npy lines.npy \\
          < data/samples/topics.test.txt
    """
    vectors = load_vectors(model, options.thread)
    check_apart([model, STREAM], [options.npy or ""])
    missing = Missing(model, vectors)
    with Sink(model, vectors.model.args.dim, options.json, options.npy) as sink:
        for block in open_blocks("-", "Standard input cannot be read!"):
            if missing.is_possible:
                missing.check(block.tobytes().split())
            lines = block.tobytes().removesuffix(b"\n").split(b"\n") if options.json else []
            done = 0
            for some in vectors.of_lines(block):
                sink.write(some, "text", lines[done : done + len(some)], with_words=False)
                done += len(some)
    missing.finish()


@positional("<model> <word>", any_word=True)
@MODEL
@click.argument("word", metavar="<word>")
@takes(Answering)
def print_ngrams(options: Answering, model: str, word: str) -> None:
    """Print the vector of a word, if it is known, and those of its character n-grams.

    \b
    Example:
      fastcli print-ngrams words.bin garden
    """
    import os

    vectors = load_vectors(model, options.thread)
    with Sink(model, vectors.model.args.dim, options.json, None) as sink:
        Missing(model, vectors).check([os.fsencode(word)])
        names, rows = vectors.of_ngrams(os.fsencode(word))
        sink.write(rows, "ngram", names)


class Sink:
    """Where vectors go: text or JSON on stdout, flushed at once, or a ``.npy`` file."""

    def __init__(self, model: str, dim: int, as_json: bool, npy: str | None) -> None:
        if as_json and npy is not None:
            raise click.UsageError("--json and --npy cannot be combined.")
        self._model, self._n_rows = model, 0
        self._as_json = as_json
        self._file: Any = None
        self._npy = npy or ""
        if npy is not None:
            from fastcli.fasttext.npy import NpyFile

            self._file = NpyFile(npy, dim, sys.stdout.buffer if npy == STREAM else None)

    def __enter__(self) -> Sink:
        if self._file is not None:
            self._file.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._file is None:
            return
        self._file.__exit__(*error)
        if error[0] is None:
            from fastcli.cli.display.endings import say_ending

            say_ending([self._npy], notes={self._npy: counted(self._n_rows, "vector")})

    def write(
        self, rows: NDArray[np.float32], what: str, names: list[bytes], with_words: bool = True
    ) -> None:
        """Write vectors, each with its name where there is one to be shown.

        Raises NotFinite for the first that holds NaN or infinity, after those before it.
        """
        from fastcli.fasttext.matrix import first_not_finite

        bad = first_not_finite(rows)
        if bad >= 0:
            self._put(rows[:bad], what, names[:bad], with_words)
            kind = "line" if what == "text" else what
            raise NotFinite(self._model, f"the numbers of {kind} {self._n_rows + bad + 1:,}")
        self._put(rows, what, names, with_words)
        self._n_rows += len(rows)

    def _put(
        self, rows: NDArray[np.float32], what: str, names: list[bytes], with_words: bool
    ) -> None:
        if self._file is not None:
            self._file.write(rows)
            return
        out = sys.stdout.buffer
        if self._as_json:
            for name, row in zip(names, rows, strict=True):
                vector = [_json.number(x) for x in row.tolist()]
                out.write(_json.line({what: name.decode("utf-8", "replace"), "vector": vector}))
        else:
            from fastcli.fasttext.save import vector_lines

            out.write(vector_lines(rows, names if with_words else None))
        out.flush()
