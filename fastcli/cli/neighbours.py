"""nn and analogies: the words nearest to words, or to sums of words, from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fastcli.api.blocks import open_blocks
from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._declare import file_argument, takes
from fastcli.cli._options import Answering
from fastcli.cli._words import Missing, load_vectors
from fastcli.errors import NotFinite
from fastcli.overwriting import STREAM, check_apart

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.fasttext.neighbours import Neighbours

ANSWERS = 1 << 20  # kept in memory at a time

MODEL = file_argument("model", "<model>")
K = click.argument("k", metavar="<k>", type=int, default=10)


@positional("<model> [<k>]")
@MODEL
@K
@takes(Answering)
def nn(options: Answering, model: str, k: int) -> None:
    """Print the K nearest words of every word on standard input, the most similar first.

    Similarity is the cosine.  Words that the model does not know get a vector from their
    character n-grams.  The model may be a file of word vectors (.vec, GloVe, word2vec), which has
    none: words that are not in it have no answer.

    \b
    Example:
      echo "garden" | fastcli nn words.bin 5
    """
    run(options, model, max(k, 0), 1, b"Query word? ")


@positional("<model> [<k>]")
@MODEL
@K
@takes(Answering)
def analogies(options: Answering, model: str, k: int) -> None:
    """Print the K words nearest to A - B + C for every three words on standard input.

    \b
    Example:
      echo "berlin germany france" | fastcli analogies words.bin 5
    """
    if k < 1:
        raise click.UsageError("k needs to be 1 or higher!")
    greeting = b"Loading model " + model.encode("utf-8", "surrogateescape") + b"\n"
    run(options, model, k, 3, b"Query triplet (A - B + C)? ", greeting)


def run(
    options: Answering, model: str, k: int, size: int, prompt: bytes, greeting: bytes = b""
) -> None:
    """Answer queries of ``size`` words until standard input ends."""
    from fastcli.cli.display.messages import say
    from fastcli.cli.display.tables import counted
    from fastcli.fasttext.matrix import first_not_finite
    from fastcli.fasttext.neighbours import Neighbours

    check_apart([model, STREAM], [STREAM])
    out = sys.stdout.buffer
    if greeting and not options.json:
        out.write(greeting)
        out.flush()
    vectors = load_vectors(model, options.thread)
    missing = Missing(model, vectors)
    neighbours = Neighbours(vectors, options.thread, model)
    neighbours.load_kernels()  # before the prompt, so that no answer waits for them
    if not options.json:
        out.write(prompt)
        out.flush()
    n_words, dim = neighbours.dictionary.nwords, vectors.model.args.dim
    most = max(1, min(4096, ANSWERS // min(k + size, n_words), 4 * ANSWERS // dim))
    done = 0
    pending: list[bytes] = []
    for block in open_blocks("-", "Standard input cannot be read!"):
        pending += block.tobytes().split()
        while len(pending) >= size:
            n = min(len(pending) // size, most)
            queries = [pending[i : i + size] for i in range(0, n * size, size)]
            pending = pending[n * size :]
            flat = [word for query in queries for word in query]
            words = vectors.of_words(flat)
            unknown = missing.check(flat)
            known = [not any(unknown[i : i + size]) for i in range(0, len(flat), size)]
            bad = first_not_finite(words) // size  # -1 stays -1
            n = n if bad < 0 else bad
            answer(neighbours, words[: n * size], queries[:n], k, prompt, options.json, known[:n])
            done += n
            if bad >= 0:
                raise NotFinite(model, f"the numbers of query {done + 1:,}")
    missing.finish()
    if pending:
        left = counted(len(pending), "word")
        say(f"{left} left over: a query is {size} words.")


def answer(
    neighbours: Neighbours,
    words: NDArray[np.float32],
    queries: list[list[bytes]],
    k: int,
    prompt: bytes,
    as_json: bool,
    known: list[bool],
) -> None:
    """Write the answers to some queries, of whose words ``words`` are the vectors.

    Queries that are not ``known`` have a word without a vector, and no answer.
    """
    from fastcli.fasttext.neighbours import analogy_vectors, neighbour_lines

    if not queries:
        return
    vectors: NDArray[np.float32] = words if len(queries[0]) == 1 else analogy_vectors(words)
    counts, ids, similarities = neighbours.find(vectors, queries, k)
    counts[[not one for one in known]] = 0
    out = sys.stdout.buffer
    if not as_json:
        out.write(neighbour_lines(neighbours.dictionary, counts, ids, similarities, prompt))
    else:
        for i, query in enumerate(queries):
            texts = [word.decode("utf-8", "replace") for word in query]
            found = [
                {
                    "word": neighbours.dictionary.entry(int(w)).decode("utf-8", "replace"),
                    "similarity": _json.number(s),
                }
                for w, s in zip(ids[i][: counts[i]], similarities[i].tolist(), strict=False)
            ]
            line = {"query": texts[0] if len(texts) == 1 else texts, "neighbours": found}
            out.write(_json.line(line))
    out.flush()
