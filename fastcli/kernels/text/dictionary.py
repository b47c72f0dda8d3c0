"""Counting tokens: from bytes to a stream of entry numbers and a table of entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Strings, Text
from fastcli.kernels.base.integers import byte_at, hash_bytes
from fastcli.kernels.base.views import at
from fastcli.kernels.text.groups import HashTable, WordCounts
from fastcli.kernels.text.tokens import find_entry, find_slot, has_prefix, is_space, scan_token

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

DONE, TABLE_FULL, ENTRIES_FULL, ARENA_FULL, STREAM_FULL = range(5)
LINE_END, FILE_END = -1, -2


class Room(Group):
    """How much memory there is for what ``count_tokens`` writes."""

    entries: i64
    arena: i64  # bytes
    stream: i64  # tokens


@device
def add_entry(table: HashTable, slot: i64, hash_: i64, token: U8, size: i64, entry: i64) -> None:
    """Make ``token[:size]`` entry number ``entry`` of a table, and what a free slot holds."""
    start = table.entries.starts[entry]
    for k in range(size):
        table.entries.arena[start + k] = token[k]
    table.entries.starts[entry + 1] = start + size
    table.slots[slot] = ((entry + 1) << 32) | hash_


@kernel
def count_tokens(
    text: Text, prefix: Text, words: WordCounts, stream: I32, room: Room, state: I64
) -> i64:
    """Read the tokens of a text; count them, and write the entry of each to ``stream``.

    A line's end is ``LINE_END`` in the stream and counts as the entry 0, which the caller has
    made ``</s>``; a last line without an end is closed by ``FILE_END``.  Whatever runs out of room
    stops the kernel between two tokens with the reason as result; it continues from ``state`` when
    called again: position in the text, number of entries, number of tokens in the stream, and
    whether a line has started.
    """
    table = words.table
    position = state[0]
    n_entries = state[1]
    n_tokens = state[2]
    is_begun = state[3]
    reason = DONE
    while position < text.size:
        if n_tokens + 2 > room.stream:
            reason = STREAM_FULL
            break
        byte = byte_at(text.data, position)
        if byte == 10:
            stream[n_tokens] = LINE_END
            words.counts[0] += 1
            n_tokens += 1
            position += 1
            is_begun = 0
            continue
        is_begun = 1
        if is_space(byte):
            position += 1
            continue
        start = position
        position, hash_ = scan_token(text, start)
        token, size = at(text.data, start), position - start
        slot = find_slot(table, token, size, hash_)
        content = table.slots[slot]
        if content == 0:
            if n_entries * 2 > table.mask:
                reason = TABLE_FULL
            elif n_entries >= room.entries:
                reason = ENTRIES_FULL
            elif table.entries.starts[n_entries] + size > room.arena:
                reason = ARENA_FULL
            if reason != DONE:
                position = start
                break
            add_entry(table, slot, hash_, token, size, n_entries)
            words.counts[n_entries] = 0
            words.kinds[n_entries] = 1 if has_prefix(token, size, prefix) else 0
            entry = n_entries
            n_entries += 1
        else:
            entry = (content >> 32) - 1
        words.counts[entry] += 1
        stream[n_tokens] = entry
        n_tokens += 1
    if reason == DONE and is_begun == 1:
        stream[n_tokens] = FILE_END
        n_tokens += 1
        is_begun = 0
    state[0] = position
    state[1] = n_entries
    state[2] = n_tokens
    state[3] = is_begun
    return reason


@kernel
def rehash(old: I64, old_size: i64, slots: I64, mask: i64) -> None:
    """Move the slots of a table to a larger, empty array of slots."""
    for i in range(old_size):
        content = old[i]
        if content != 0:
            slot = content & 0xFFFFFFFF & mask
            while slots[slot] != 0:
                slot = (slot + 1) & mask
            slots[slot] = content


@kernel
def merge_entries(
    strings: Strings, counts: I64, kinds: U8, n: i64, to: WordCounts, to_n: i64, entries: I32
) -> i64:
    """Add n strings, with their counts and kinds, to entries that have room for all of them.

    ``entries[i]`` is set to the entry that string i is.  Returns the number of entries that there
    are then, of ``to_n`` before.
    """
    slots = to.table.slots
    for i in range(n):
        token = at(strings.arena, strings.starts[i])
        size = strings.starts[i + 1] - strings.starts[i]
        hash_ = hash_bytes(token, size)
        slot = find_slot(to.table, token, size, hash_)
        if slots[slot] == 0:
            add_entry(to.table, slot, hash_, token, size, to_n)
            to.counts[to_n] = 0
            to.kinds[to_n] = kinds[i]
            to_n += 1
        entry = (slots[slot] >> 32) - 1
        to.counts[entry] += counts[i]
        entries[i] = entry
    return to_n


@kernel
def index_entries(table: HashTable, n: i64, hashes: I64) -> i64:
    """Fill the empty slots of a table with its n entries; set ``hashes[:n]`` to their hashes.

    Returns the number of the first entry that equals an earlier one, or -1.
    """
    first_duplicate = -1
    starts = table.entries.starts
    for entry in range(n):
        token, size = at(table.entries.arena, starts[entry]), starts[entry + 1] - starts[entry]
        hash_ = hash_bytes(token, size)
        hashes[entry] = hash_
        slot = find_slot(table, token, size, hash_)
        if table.slots[slot] == 0:
            table.slots[slot] = ((entry + 1) << 32) | hash_
        elif first_duplicate < 0:
            first_duplicate = entry
    return first_duplicate


@kernel
def find_entries(strings: Strings, n: i64, table: HashTable, entries: I32) -> None:
    """Set ``entries[i]`` to the entry that string i is, -1 if it is not one."""
    for i in range(n):
        token = at(strings.arena, strings.starts[i])
        size = strings.starts[i + 1] - strings.starts[i]
        entries[i] = find_entry(table, token, size, hash_bytes(token, size))


@kernel
def read_entries(
    file: Text, position: i64, n: i64, entries: Strings, room: i64, counts: I64, kinds: U8
) -> i64:
    """Read n dictionary entries of a model file: bytes, NUL, int64 count, int8 type.

    Returns the position after them, -1 if the file ends before, -2 where the arena of the
    entries with its ``room`` bytes is too small.
    """
    entries.starts[0] = 0
    for entry in range(n):
        end = entries.starts[entry]
        while position < file.size and file.data[position] != 0:
            if end >= room:
                return -2
            entries.arena[end] = file.data[position]
            end += 1
            position += 1
        if position + 10 > file.size:
            return -1
        entries.starts[entry + 1] = end
        count = 0
        for k in range(8):
            count |= byte_at(file.data, position + 1 + k) << (8 * k)
        counts[entry] = count
        kinds[entry] = file.data[position + 9]
        position += 10
    return position


@kernel
def gather_entries(strings: Strings, order: I64, n: i64, to: Strings) -> None:
    """Copy the strings numbered ``order[:n]`` to new arrays, in that order."""
    to.starts[0] = 0
    for i in range(n):
        start = strings.starts[order[i]]
        size = strings.starts[order[i] + 1] - start
        end = to.starts[i]
        for k in range(size):
            to.arena[end + k] = strings.arena[start + k]
        to.starts[i + 1] = end + size
