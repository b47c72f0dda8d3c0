"""Twins of the kernels that read delimited tables: plain Python over bytes."""

LF, CR = b"\n", b"\r"


def line_end(data, at):
    """Return the size of the line end at a position, 0 if there is none."""
    if data[at : at + 2] == CR + LF:
        return 2
    return int(data[at : at + 1] in (LF, CR) and at < len(data))


def count_line_ends(data):
    return data.count(LF) + data.count(CR) - data.count(CR + LF)


def split_rows(data, delimiter=b",", quote=b'"', escape=b"", skips_spaces=False):
    """Return the rows of a whole text, and where reading stopped and why ("" at the end).

    A row is its line (from 0), its bytes, and its cells: (where it starts, its bytes, whether it is
    in quotes, whether characters in it stand for others).
    """
    rows, at, line = [], 0, 0
    while at < len(data):
        end = at
        spaces = b" \t".replace(delimiter[:1], b"")
        while end < len(data) and data[end : end + 1] in (bytes([s]) for s in spaces):
            end += 1
        if size := line_end(data, end):
            at, line = end + size, line + 1
            continue
        start, cells, is_over = at, [], False
        while not is_over:
            while skips_spaces and data[at : at + 1] == b" ":
                at += 1
            is_quoted = bool(quote) and data[at : at + 1] == quote
            at += is_quoted
            first, is_escaped = at, False
            while at < len(data):
                if escape and data[at : at + 1] == escape and at + 1 < len(data):
                    is_escaped = True
                    at += 1 + (2 if not is_quoted and data[at + 1 : at + 3] == CR + LF else 1)
                elif is_quoted and data[at : at + 1] == quote:
                    if data[at + 1 : at + 2] != quote:
                        break
                    is_escaped = True
                    at += 2
                elif not is_quoted and (data.startswith(delimiter, at) or line_end(data, at)):
                    break
                else:
                    at += 1
            if is_quoted and at == len(data):
                return rows, start, "open quote"
            cells.append((first, data[first:at], is_quoted, is_escaped))
            if is_quoted:
                at += 1
                while data[at : at + 1] == b" " and not data.startswith(delimiter, at):
                    at += 1
                if at < len(data) and not data.startswith(delimiter, at) and not line_end(data, at):
                    return rows, start, "text after quote"
            is_over = not data.startswith(delimiter, at)
            at += 0 if is_over else len(delimiter)
        row = data[start:at]
        at += line_end(data, at)
        rows.append((line, row, cells))
        line += count_line_ends(data[start:at])
    return rows, len(data), ""


def cell_value(cell, is_quoted, delimiter, quote, escape):
    """Return what the bytes of a cell stand for."""
    out, at = b"", 0
    while at < len(cell):
        one, after = cell[at : at + 1], cell[at + 1 : at + 2]
        special = (escape, b'"', delimiter[:1], LF, CR)
        is_escape = escape and one == escape and after and after in special
        is_double = is_quoted and quote and one == quote == after
        if is_escape or is_double:
            at += 1
            one = after
        out += one
        at += 1
    return out


def add_cells(rows, labels, probs, k, delimiter, line_end):
    """Return rows with k labels behind each, and, unless ``probs`` is None, probabilities."""
    out = b""
    for i, row in enumerate(rows):
        cells = []
        for j in range(k):
            is_there = j < len(labels[i])
            cells.append(labels[i][j] if is_there else b"")
            if probs is not None:
                cells.append(b"%.6g" % min(probs[i][j], 1.0) if is_there else b"")
        out += delimiter.join([row, *cells]) + line_end
    return out
