"""Model files written field by field, without fastcli; for tests that read what is odd."""

import struct

MAGIC = 793712314
DEFAULTS = {
    "dim": 2,
    "ws": 5,
    "epoch": 5,
    "minCount": 1,
    "neg": 5,
    "wordNgrams": 1,
    "loss": 3,
    "model": 3,
    "bucket": 0,
    "minn": 0,
    "maxn": 0,
    "lrUpdateRate": 100,
}


def sections(words, labels, wi, wo, *, version=12, ntokens=99, counts=None, **args):
    """Return the sections of a model file, by name; ``wi`` and ``wo`` are lists of rows."""
    values = {**DEFAULTS, **args}
    entries = [*words, *labels]
    counts = counts or range(len(entries), 0, -1)
    return {
        "header": struct.pack("<ii", MAGIC, version),
        "arguments": struct.pack("<12id", *values.values(), 1e-4),
        "dictionary": struct.pack("<iiiqq", len(entries), len(words), len(labels), ntokens, -1),
        "entries": b"".join(
            entry + b"\0" + struct.pack("<qb", count, i >= len(words))
            for i, (entry, count) in enumerate(zip(entries, counts, strict=True))
        ),
        "input matrix": matrix(wi),
        "output matrix": matrix(wo),
    }


def matrix(rows):
    """Return a matrix that is not quantized."""
    values = [value for row in rows for value in row]
    shape = struct.pack("<Bqq", 0, len(rows), len(rows[0]) if rows else 2)
    return shape + struct.pack(f"<{len(values)}f", *values)


def model_bytes(*args, **options):
    """Return a complete model file."""
    return b"".join(sections(*args, **options).values())


# The probability of the first of these labels is that of the sigmoid of 2 for "a", 1/2 for "b".
WORDS, LABELS = [b"</s>", b"a", b"b"], [b"__label__x", b"__label__y"]
WI, WO = [[0, 0], [1, 0], [0, 0]], [[2, 0], [0, 5]]


def small(**options):
    """Return a model file of three words and two labels."""
    return model_bytes(WORDS, LABELS, WI, WO, **options)


def word_vectors():
    """Return a model file of word vectors (skipgram)."""
    return model_bytes(WORDS, [], WI, WI, model=2, loss=2)
