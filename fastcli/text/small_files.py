"""Small text files that options name: lists of words, maps and weights of labels."""

from __future__ import annotations

from collections.abc import Iterator

from fastcli.errors import DataError, cannot_open
from fastcli.text.compressed import compression_of, open_members
from fastcli.text.spooled import place_of

MOST_BYTES = 32_000_000  # of a file that is read at once


def read_small(path: str) -> str:
    """Return the text of a UTF-8 file, which may be compressed.

    Raises DataError, which names the first bad line.
    """
    try:
        with open(place_of(path), "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if kind := compression_of(data):
            with open_members(place_of(path), kind, path) as stream:
                data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(cannot_open(path, error)) from None
    if len(data) > MOST_BYTES:
        raise DataError(f"{path} has more than {MOST_BYTES:,} bytes, too many for such a list.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path}:{line}: not UTF-8. Convert the file, for example: iconv -f gb18030 -t utf-8"
        ) from None


def csv_rows(path: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a small CSV file that are not blank, and the lines that they end at.

    A ``delimiter`` of "" is the tab where the first row has one, else the comma.  Raises DataError,
    which names the line.
    """
    import csv  # which most commands do without
    import io

    text = read_small(path)
    if not delimiter:
        delimiter = "\t" if "\t" in text.lstrip().split("\n", 1)[0] else ","
    reader = csv.reader(
        io.StringIO(text, newline=""), strict=True, skipinitialspace=True, delimiter=delimiter
    )
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not valid CSV: {error}.") from None
