"""``.bin`` and ``.ftz`` files: where their fields are, and damage to them."""

from __future__ import annotations

import struct

from tests.fuzz.damage import Damaged, Field, Layout, Section, damage_layout, set_field

ARGS = "dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate".split()


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
    layout = layout_of(data)
    if random.random() < 0.2:
        return counts(random, data, layout)
    if random.random() < 0.3:  # a word's fields are many, those of the rest are few
        layout.fields = [one for one in layout.fields if one.name.split()[0] not in _OF_WORDS]
    return damage_layout(random, data, layout)


_OF_WORDS = ("count", "type")


def counts(random, data, layout):
    """Set the counts of all words or labels, which samplers and trees are built of."""
    out = bytearray(data)
    values = set()
    for one in layout.fields:
        if one.name.startswith("count"):
            if random.random() < 0.7:
                values.add(set_field(random, out, one))
    return Damaged(bytes(out), f"counts = {sorted(values)[:4]} ...")
