"""``.bin`` and ``.ftz`` files: where their fields are, and damage to them."""

from __future__ import annotations

import struct

from tests.fuzz.damage import (
    FLOATS,
    INTEGERS,
    Damaged,
    Field,
    Layout,
    Section,
    damage_layout,
    set_field,
)
from tests.model_bytes import model_bytes

ARGS = ["dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket"]
ARGS += ["minn", "maxn", "lrUpdateRate"]


class _Walk:
    """A walk over a sound file, which notes what it passes."""

    def __init__(self, data):
        self.data, self.at = data, 0
        self.layout = Layout()

    def number(self, name, kind):
        (value,) = struct.unpack_from("<" + kind, self.data, self.at)
        self.layout.fields.append(Field(name, self.at, kind))
        self.at += struct.calcsize("<" + kind)
        return value

    def array(self, name, n, width):
        self.layout.sections.append(Section(name, self.at, self.at + n * width, width))
        self.at += n * width

    def matrix(self, name, is_quantized):
        if not is_quantized:
            rows, cols = self.number(f"{name} rows", "q"), self.number(f"{name} cols", "q")
            self.array(f"{name} floats", rows * cols, 4)
            return
        has_norms = self.number(f"{name} qnorm", "B")
        rows = self.number(f"{name} rows", "q")
        self.number(f"{name} cols", "q")
        self.array(f"{name} codes", self.number(f"{name} codesize", "i"), 1)
        self.quantizer(name)
        if has_norms:
            self.array(f"{name} norm codes", rows, 1)
            self.quantizer(f"{name} norms")

    def quantizer(self, name):
        dim = self.number(f"{name} pq dim", "i")
        for part in ("nsubq", "dsub", "lastdsub"):
            self.number(f"{name} {part}", "i")
        self.array(f"{name} centroids", dim * 256, 4)


def layout_of(data):
    """Return the layout of a sound ``.bin`` or ``.ftz`` file."""
    walk = _Walk(data)
    walk.number("magic", "i")
    walk.number("version", "i")
    for name in ARGS:
        walk.number(name, "i")
    walk.number("t", "d")
    size, start = walk.number("dict size", "i"), walk.at
    for name, kind in (("nwords", "i"), ("nlabels", "i"), ("ntokens", "q")):
        walk.number(name, kind)
    n_pruned = walk.number("pruneidx_size", "q")
    walk.layout.sections.append(Section("dict head", start - 4, walk.at))
    first = walk.at
    for i in range(size):
        end = data.index(b"\0", walk.at)
        walk.array(f"word {i}", end - walk.at, 1)
        walk.at += 1
        walk.number(f"count {i}", "q")
        walk.number(f"type {i}", "b")
    walk.layout.sections.append(Section("entries", first, walk.at))
    walk.array("pruned", 2 * max(n_pruned, 0), 4)
    is_quantized = walk.number("input quantized", "B")
    walk.matrix("input", is_quantized)
    walk.matrix("output", walk.number("output quantized", "B") and is_quantized)
    assert walk.at == len(data)
    return walk.layout


def damage(random, data):
    """Damage a ``.bin`` or ``.ftz`` file: most often what its head says, else its arrays."""
    if random.random() < 0.2:
        return built(random)
    layout = layout_of(data)
    if random.random() < 0.2:
        return counts(random, data, layout)
    if random.random() < 0.8:  # words are many, and all else is few
        layout.fields = [one for one in layout.fields if not _is_of_word(one)]
        layout.sections = [one for one in layout.sections if not _is_of_word(one)]
    return damage_layout(random, data, layout)


def _is_of_word(one):
    return one.name.split()[0] in ("count", "type", "word")


def counts(random, data, layout):
    """Set the counts of all words or labels, which samplers and trees are built of."""
    out = bytearray(data)
    values = set()
    for one in layout.fields:
        if one.name.startswith("count") and random.random() < 0.7:
            values.add(set_field(random, out, one))
    return Damaged(bytes(out), f"counts = {sorted(values)[:4]} ...")


ENTRIES = [b"</s>", b"the", b"how", b"", b"__label__a", b"__label__", b"\xff", b"a b", b"x" * 3000]
ENTRIES += [
    b"\x1b[31m",
    b"\n",
    "\u65e5\u672c".encode(),
    b"do",
    b"you",
    b"<b",
    b"</s>",
    b"w" * 70_000,
]
FLAGS = ("ws", "epoch", "minCount", "neg", "wordNgrams", "minn", "maxn", "lrUpdateRate")


def built(random):
    """Build a small file whose parts fit each other, of odd words, counts, arguments, weights."""
    n_words, n_labels = random.choice([0, 1, 2, 5]), random.choice([0, 1, 2, 5])
    entries = random.sample(ENTRIES, n_words + n_labels)
    args = {"dim": random.choice([1, 2, 3, 17]), "bucket": random.choice([0, 0, 1, 7])}
    args |= {"loss": random.choice([1, 2, 3, 4]), "model": random.choice([1, 2, 3, 3, 3])}
    small = [number for number in INTEGERS if -(2**31) <= number < 2**31]
    for name in random.sample(FLAGS, random.choice([0, 1, 2, 4])):
        args[name] = random.choice([*small, 3, 5])
    odd = random.choice([0, 0, 0.1, 1])

    def matrix(n):
        return [[weight() for _ in range(args["dim"])] for _ in range(n)] if n else []

    def weight():
        return random.choice(FLOATS) if random.random() < odd else random.uniform(-1, 1)

    counts = [random.choice([1, 2, 9, *INTEGERS[:3], 2**62]) for _ in entries]
    rows = n_labels if args["model"] == 3 else n_words
    data = model_bytes(
        entries[:n_words],
        entries[n_words:],
        matrix(n_words + args["bucket"]),
        matrix(rows),
        counts=counts,
        version=random.choice([11, 12, 12, 12]),
        **args,
    )
    shown = [entry[:9] for entry in entries]
    return Damaged(data, f"built: {n_words} of {shown} with {counts}, {args}, odd weights: {odd}")
