"""Counting tokens: from bytes to a stream of entry numbers and a word table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.kernels.base.integers import byte_at, hash_bytes
from fastcli.kernels.text.tokens import find_slot, has_prefix, is_space, scan_token

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64

DONE, TABLE_FULL, ENTRIES_FULL, ARENA_FULL, STREAM_FULL = range(5)
LINE_END, FILE_END = -1, -2


@device
def add_entry(
    table: I64,
    slot: i64,
    h: i64,
    starts: I64,
    arena: U8,
    text: U8,
    start: i64,
    end: i64,
    entry: i64,
) -> None:
    """Make ``text[start:end]`` entry number ``entry`` of a word table."""
    at = starts[entry]
    for k in range(end - start):
        arena[at + k] = text[start + k]
    starts[entry + 1] = at + end - start
    table[slot] = ((entry + 1) << 32) | h


@kernel
def count_tokens(
    text: U8,
    end: i64,
    prefix: U8,
    prefix_size: i64,
    table: I64,
    mask: i64,
    starts: I64,
    max_entries: i64,
    arena: U8,
    arena_size: i64,
    counts: I64,
    kinds: U8,
    stream: I32,
    stream_size: i64,
    state: I64,
) -> i64:
    """Read tokens up to ``end``; count them, and write the entry of each to ``stream``.

    A line's end is ``LINE_END`` in the stream and counts as the entry 0, which the caller has
    made ``</s>``; a last line without an end is closed by ``FILE_END``.  ``kinds`` is 1 for
    entries that start with the label prefix.  Whatever runs out of room stops the kernel
    between two tokens with the reason as result; it goes on from ``state`` when called again:
    position in the text, number of entries, number of tokens in the stream, and whether the
    line has been begun.
    """
    position = state[0]
    n_entries = state[1]
    at = state[2]
    begun = state[3]
    reason = DONE
    while position < end:
        if at + 2 > stream_size:
            reason = STREAM_FULL
            break
        byte = byte_at(text, position)
        if byte == 10:
            stream[at] = LINE_END
            counts[0] += 1
            at += 1
            position += 1
            begun = 0
            continue
        begun = 1
        if is_space(byte):
            position += 1
            continue
        token = position
        position, h = scan_token(text, token, end)
        slot = find_slot(table, mask, starts, arena, text, token, position, h)
        found = table[slot]
        if found == 0:
            if n_entries * 2 > mask:
                reason = TABLE_FULL
            elif n_entries >= max_entries:
                reason = ENTRIES_FULL
            elif starts[n_entries] + position - token > arena_size:
                reason = ARENA_FULL
            if reason != DONE:
                position = token
                break
            add_entry(table, slot, h, starts, arena, text, token, position, n_entries)
            counts[n_entries] = 0
            kinds[n_entries] = 1 if has_prefix(text, token, position, prefix, prefix_size) else 0
            entry = n_entries
            n_entries += 1
        else:
            entry = (found >> 32) - 1
        counts[entry] += 1
        stream[at] = entry
        at += 1
    if reason == DONE and begun == 1:
        stream[at] = FILE_END
        at += 1
        begun = 0
    state[0] = position
    state[1] = n_entries
    state[2] = at
    state[3] = begun
    return reason


@kernel
def rehash(old: I64, old_size: i64, table: I64, mask: i64) -> None:
    """Move the slots of a word table to a larger, empty one."""
    for i in range(old_size):
        found = old[i]
        if found != 0:
            slot = found & 0xFFFFFFFF & mask
            while table[slot] != 0:
                slot = (slot + 1) & mask
            table[slot] = found


@kernel
def merge_entries(
    starts: I64,
    arena: U8,
    counts: I64,
    kinds: U8,
    n: i64,
    to_table: I64,
    to_mask: i64,
    to_starts: I64,
    to_arena: U8,
    to_counts: I64,
    to_kinds: U8,
    to_n: i64,
    entries: I32,
) -> i64:
    """Add the entries of one word table to another that has room for all of them.

    ``entries[i]`` is set to the number of entry i in the other table.  Returns the number of
    entries that the other table has then.
    """
    for i in range(n):
        start, end = starts[i], starts[i + 1]
        h = hash_bytes(arena, start, end)
        slot = find_slot(to_table, to_mask, to_starts, to_arena, arena, start, end, h)
        if to_table[slot] == 0:
            add_entry(to_table, slot, h, to_starts, to_arena, arena, start, end, to_n)
            to_counts[to_n] = 0
            to_kinds[to_n] = kinds[i]
            to_n += 1
        entry = (to_table[slot] >> 32) - 1
        to_counts[entry] += counts[i]
        entries[i] = entry
    return to_n


@kernel
def index_entries(starts: I64, arena: U8, n: i64, table: I64, mask: i64, hashes: I64) -> i64:
    """Fill an empty word table with n entries, and their hashes.

    Returns the number of the first entry that equals an earlier one, or -1.
    """
    twice = -1
    for entry in range(n):
        start, end = starts[entry], starts[entry + 1]
        h = hash_bytes(arena, start, end)
        hashes[entry] = h
        slot = find_slot(table, mask, starts, arena, arena, start, end, h)
        if table[slot] == 0:
            table[slot] = ((entry + 1) << 32) | h
        elif twice < 0:
            twice = entry
    return twice


@kernel
def find_entries(
    starts: I64,
    arena: U8,
    n: i64,
    table: I64,
    mask: i64,
    to_starts: I64,
    to_arena: U8,
    found: I32,
) -> None:
    """Set ``found[i]`` to the number of entry i in another word table, -1 if it is not there."""
    for i in range(n):
        start, end = starts[i], starts[i + 1]
        h = hash_bytes(arena, start, end)
        slot = find_slot(table, mask, to_starts, to_arena, arena, start, end, h)
        found[i] = (table[slot] >> 32) - 1


@kernel
def read_entries(
    file: U8,
    position: i64,
    end: i64,
    n: i64,
    starts: I64,
    arena: U8,
    room: i64,
    counts: I64,
    kinds: U8,
) -> i64:
    """Read n dictionary entries of a model file: bytes, NUL, int64 count, int8 type.

    Returns the position after them, -1 where the file ends before, -2 where ``arena`` with its
    ``room`` bytes is too small.
    """
    starts[0] = 0
    for entry in range(n):
        at = starts[entry]
        while position < end and file[position] != 0:
            if at >= room:
                return -2
            arena[at] = file[position]
            at += 1
            position += 1
        if position + 10 > end:
            return -1
        starts[entry + 1] = at
        count = 0
        for k in range(8):
            count |= byte_at(file, position + 1 + k) << (8 * k)
        counts[entry] = count
        kinds[entry] = file[position + 9]
        position += 10
    return position


@kernel
def gather_entries(
    starts: I64, arena: U8, order: I64, n: i64, to_starts: I64, to_arena: U8
) -> None:
    """Copy the entries numbered ``order[:n]`` to new arrays, in that order."""
    to_starts[0] = 0
    for i in range(n):
        start = starts[order[i]]
        size = starts[order[i] + 1] - start
        at = to_starts[i]
        for k in range(size):
            to_arena[at + k] = arena[start + k]
        to_starts[i + 1] = at + size
