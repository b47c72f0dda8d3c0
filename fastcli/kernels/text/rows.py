"""Rows of delimited tables (CSV and its relatives): where cells begin and end, and copies of them.

The grammar is that of RFC 4180, strictly: after the quote that closes a cell there is a delimiter
or a line end.  Beyond it: any line end (also CR alone), delimiters of several bytes, an escape
character, and spaces before and after quotes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.groups import Text
from fastcli.kernels.base.integers import bit_length, byte_at, bytes_within

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, U8, i64

TAB, LF, CR, SPACE, QUOTE = 9, 10, 13, 32, 34

# What a cell is: enclosed by quotes, and holding characters that stand for others.
QUOTED, ESCAPED = 1, 2

# How the scan of a cell, and so of a row, ends.
NEXT_CELL, ROW_END, INCOMPLETE, TEXT_AFTER_QUOTE, OPEN_QUOTE = range(5)


class Form(Group):
    """How a table is written: its delimiter, and bytes (0: none) that enclose and escape."""

    delimiter: U8  # [delimiter_size]
    delimiter_size: i64
    quote: i64
    escape: i64
    skips_spaces: i64  # whether spaces before a cell are not part of it


class Cells(Group):
    """Where cells are: cell i is ``text[starts[i]:ends[i]]``, quotes aside."""

    starts: I64  # [capacity]
    ends: I64  # [capacity]
    kinds: U8  # [capacity]: QUOTED and ESCAPED, added up


class Rows(Group):
    """Rows: row i is ``text[starts[i]:ends[i]]``; its first cell is ``cells[i]``."""

    starts: I64  # [capacity]
    ends: I64  # [capacity], the line end aside
    cells: I64  # [capacity + 1]
    lines: I64  # [capacity]: line ends before it


class Chosen(Group):
    """Columns that are copied, and the bytes between two of them that are not empty."""

    columns: I64  # [n]
    n: i64
    join: U8  # [join_size]
    join_size: i64


@device
def is_delimiter(text: Text, position: i64, form: Form) -> bool:
    """Tell whether a delimiter begins at a position before the end."""
    if text.data[position] != form.delimiter[0]:
        return False
    if position + form.delimiter_size > text.size:
        return False
    for k in range(1, form.delimiter_size):
        if text.data[position + k] != form.delimiter[k]:
            return False
    return True


@device
def after_line_end(text: Text, position: i64) -> i64:
    """Return the position behind the line end, LF, CR or both, that begins at a position."""
    after = position + 1
    is_cr = byte_at(text.data, position) == CR
    if is_cr and after < text.size and byte_at(text.data, after) == LF:
        after += 1
    return after


@device
def skip_blank_line(text: Text, position: i64, form: Form) -> i64:
    """Return where the next line begins if there are only spaces on this one, else its start."""
    data, size, start = text.data, text.size, position
    while position < size:
        byte = byte_at(data, position)
        if byte == LF or byte == CR:
            return after_line_end(text, position)
        if byte != SPACE and byte != TAB:
            return start
        if byte == byte_at(form.delimiter, 0):
            return start
        position += 1
    return start


@device
def to_special(text: Text, position: i64, form: Form, first: i64) -> i64:
    """Return the first position that may be special: a line end, a quote, an escape, or ``first``.

    32 bytes are looked at together; what is left at the end is not looked at.
    """
    data = text.data
    while position + 32 <= text.size:
        found = bytes_within(data, position, first, first) | bytes_within(data, position, LF, CR)
        found |= bytes_within(data, position, form.quote, form.quote)
        found |= bytes_within(data, position, form.escape, form.escape)
        if found != 0:
            return position + bit_length(found & -found) - 1
        position += 32
    return position


@device
def scan_open_cell(
    text: Text, position: i64, at_end: i64, form: Form
) -> tuple[i64, i64, i64, i64, i64]:
    """Scan a cell without quotes.

    Returns where it ends, where the next cell or row begins, what it is (``ESCAPED``), the line
    ends inside it, and how the scan ended (``NEXT_CELL`` ...).
    """
    data, size = text.data, text.size
    first_byte = byte_at(form.delimiter, 0)
    kind, lines = 0, 0
    position = to_special(text, position, form, first_byte)
    while position < size:
        byte = byte_at(data, position)
        if byte == first_byte and is_delimiter(text, position, form):
            return position, position + form.delimiter_size, kind, lines, NEXT_CELL
        if byte == LF or byte == CR:
            return position, after_line_end(text, position), kind, lines, ROW_END
        if byte == form.escape and byte != 0 and position + 1 < size:
            kind = ESCAPED
            position += 1
            byte = byte_at(data, position)
            if byte == CR and position + 1 < size and byte_at(data, position + 1) == LF:
                position += 1
            lines += 1 if byte == LF or byte == CR else 0
        position = to_special(text, position + 1, form, first_byte)
    return size, size, kind, lines, ROW_END if at_end else INCOMPLETE


@device
def scan_quoted_cell(
    text: Text, position: i64, at_end: i64, form: Form
) -> tuple[i64, i64, i64, i64, i64]:
    """Scan a cell from behind the quote that opens it; returns what ``scan_open_cell`` does."""
    data, size = text.data, text.size
    kind, lines = QUOTED, 0
    position = to_special(text, position, form, form.quote)
    while position < size:
        byte = byte_at(data, position)
        if byte == form.escape and byte != 0 and position + 1 < size:
            kind = QUOTED + ESCAPED
            position += 1
            lines += 1 if byte_at(data, position) == LF else 0
        elif byte == form.quote:
            if position + 1 == size or byte_at(data, position + 1) != form.quote:
                break
            kind = QUOTED + ESCAPED
            position += 1
        elif byte == LF:
            lines += 1
        elif byte == CR and position + 1 < size and byte_at(data, position + 1) != LF:
            lines += 1
        position = to_special(text, position + 1, form, form.quote)
    if position >= size:
        return size, size, kind, lines, OPEN_QUOTE if at_end else INCOMPLETE
    end = position
    position += 1
    while position < size and byte_at(data, position) == SPACE:
        position += 1
    if position == size:
        return end, size, kind, lines, ROW_END if at_end else INCOMPLETE
    if is_delimiter(text, position, form):
        return end, position + form.delimiter_size, kind, lines, NEXT_CELL
    byte = byte_at(data, position)
    if byte == LF or byte == CR:
        return end, after_line_end(text, position), kind, lines, ROW_END
    if position + form.delimiter_size > size and at_end == 0:  # it may be cut
        return end, size, kind, lines, INCOMPLETE
    return end, position, kind, lines, TEXT_AFTER_QUOTE


@kernel
def split_rows(text: Text, at_end: i64, form: Form, cells: Cells, rows: Rows, state: I64) -> i64:
    """Find the rows of a text and their cells; lines of spaces are not rows.

    ``at_end`` is 0 where more text follows; the last row, which may go on there, is then left.
    ``state`` has the capacities of rows and of cells on entry.  On return it has: the rows, their
    cells, the line ends passed over, how the last scan ended (``NEXT_CELL``: rows or cells are
    full), and, where that is an error, where its cell begins and where it was met.
    Returns the position up to which rows were found: the start of the next one.
    """
    data = text.data
    size = text.size
    if at_end == 0 and size > 0 and byte_at(data, size - 1) == CR:
        size -= 1  # which is half a line end, perhaps
    whole = Text(data, size)
    max_rows, max_cells = state[0], state[1]
    position, n, n_cells, line = 0, 0, 0, 0
    status = ROW_END
    cell, after = 0, 0
    rows.cells[0] = 0
    while position < size and status == ROW_END:
        start = skip_blank_line(whole, position, form)
        if start > position:
            position = start
            line += 1
            continue
        if n == max_rows:
            status = NEXT_CELL
            break
        first, passed, after = n_cells, 0, position
        end = position
        status = NEXT_CELL
        while status == NEXT_CELL and n_cells < max_cells:
            cell = after
            if form.skips_spaces != 0:
                while cell < size and byte_at(data, cell) == SPACE:
                    cell += 1
            if form.quote != 0 and cell < size and byte_at(data, cell) == form.quote:
                cell += 1
                end, after, kind, lines, status = scan_quoted_cell(whole, cell, at_end, form)
            else:
                end, after, kind, lines, status = scan_open_cell(whole, cell, at_end, form)
            passed += lines
            cells.starts[n_cells] = cell
            cells.ends[n_cells] = end
            cells.kinds[n_cells] = kind
            n_cells += 1
        if status != ROW_END:
            n_cells = first
            break
        rows.starts[n] = start
        rows.lines[n] = line
        last = after
        while last > end and (byte_at(data, last - 1) == LF or byte_at(data, last - 1) == CR):
            last -= 1
        rows.ends[n] = last
        n += 1
        rows.cells[n] = n_cells
        line += passed + (1 if after > last else 0)
        position = after
    state[0], state[1], state[2] = n, n_cells, line
    state[3], state[4], state[5] = status, cell, after
    return position


@device
def copy_cell(text: Text, cell: i64, cells: Cells, form: Form, out: U8, size: i64) -> i64:
    """Append a cell to ``out[:size]`` on one line: a line end in it is a space; return the size."""
    data = text.data
    position, end, kind = cells.starts[cell], cells.ends[cell], cells.kinds[cell]
    while position < end:
        byte = byte_at(data, position)
        if kind >= ESCAPED and position + 1 < end:
            after = byte_at(data, position + 1)
            if byte == form.escape and byte != 0:
                is_special = after == form.escape or after == QUOTE or after == LF
                is_special = is_special or after == CR or after == byte_at(form.delimiter, 0)
                if is_special:
                    position += 1
                    byte = after
            elif byte == form.quote and after == form.quote and kind & QUOTED != 0:
                position += 1
        out[size] = SPACE if byte == LF or byte == CR else byte
        size += 1
        position += 1
    return size


@kernel
def copy_columns(
    text: Text, cells: Cells, firsts: I64, n: i64, chosen: Chosen, form: Form, out: U8
) -> i64:
    """Write a line for each of n rows: its cells of the chosen columns, joined; return the size.

    ``firsts[i]`` is the first cell of row i.
    """
    size = 0
    for row in range(n):
        start = size
        for k in range(chosen.n):
            cell = firsts[row] + chosen.columns[k]
            if cells.starts[cell] < cells.ends[cell]:
                if size > start:
                    for j in range(chosen.join_size):
                        out[size + j] = chosen.join[j]
                    size += chosen.join_size
                size = copy_cell(text, cell, cells, form, out, size)
        out[size] = LF
        size += 1
    return size
