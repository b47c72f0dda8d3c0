"""Text and word tables in the memory that kernels take them in."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.text.groups import HashTable
from tests import naive


def array(text):
    return np.frombuffer(text + b"\0", np.uint8)


def as_text(text):
    return Text(array(text), len(text))


def strings_of(entries):
    """Return byte strings back to back."""
    starts = np.cumsum([0, *map(len, entries)]).astype(np.int64)
    return Strings(starts, array(b"".join(entries)))


def hash_table(words):
    """Return what ``table_of`` returns as kernels take it."""
    return HashTable(words.slots, len(words.slots) - 1, Strings(words.starts, words.arena))


def table_of(entries, n_slots=64, room=40):
    """Return a table that holds these entries, filled by the naive hash."""
    slots = np.zeros(n_slots, np.int64)
    starts = np.zeros(room + 1, np.int64)
    starts[1 : len(entries) + 1] = np.cumsum([len(e) for e in entries])
    starts[len(entries) + 1 :] = -1
    arena = np.zeros(1000, np.uint8)
    arena[: starts[len(entries)]] = array(b"".join(entries))[:-1]
    for i, entry in enumerate(entries):
        slot = naive.hash_bytes(entry) % n_slots
        while slots[slot]:
            slot = (slot + 1) % n_slots
        slots[slot] = (i + 1) << 32 | naive.hash_bytes(entry)
    return SimpleNamespace(n=len(entries), slots=slots, starts=starts, arena=arena)


def entries_of(words):
    starts = words.starts[: words.n + 1].tolist()
    blob = words.arena.tobytes()
    return [blob[a:b] for a, b in pairwise(starts)]


def flat(lines):
    """Return features and offsets of lines."""
    features = np.array([*(f for line in lines for f in line), -9], np.int32)
    return features, np.cumsum([0, *map(len, lines)]).astype(np.int64)
