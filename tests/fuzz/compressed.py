"""Compressed text: damage to the stream, and sound streams of odd content."""

from __future__ import annotations

import gzip

from tests.fuzz.damage import Damaged, damage_bytes
from tests.fuzz.texts import damage as damage_text


def damage(random, data):
    """Damage a compressed file, or what is compressed, or put several in a row."""
    how = random.choice(["bytes"] * 4 + ["cut", "twice", "tail", "text", "text", "large"])
    if how == "bytes":
        return damage_bytes(random, data)
    if how == "cut":
        at = random.randrange(min(40, len(data)))
        return Damaged(data[:at], f"cut at {at}")
    if how == "twice":
        found = damage_bytes(random, data)
        return Damaged(data + found.data, f"twice, the second {found.what}")
    if how == "tail":
        return Damaged(data + random.randbytes(20), "twenty bytes after it")
    if how == "text":
        found = damage_text(random, b"__label__a one two\n__label__b two three\n" * 20)
        return Damaged(gzip.compress(found.data, mtime=0), f"gz of: {found.what}")
    filling = random.choice([b" ", b"\n", b"x", b"a b\n", b"\0", b"__label__a x\n"])
    size = 300_000
    whole = (filling * (size // len(filling)))[:size]
    return Damaged(gzip.compress(whole, 1, mtime=0), f"gz of {size} bytes of {filling!r}")
