"""Files of word vectors: text of fastText, word2vec and GloVe, and word2vec's binary format.

Which of them a file is, its first bytes tell.  Compressed files are read as well.
"""

from __future__ import annotations

import codecs
import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError, unreadable
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text import vector_files as kernels
from fastcli.text.blocks import BLOCK
from fastcli.text.dictionary import Dictionary, as_text, gathered
from fastcli.text.encodings import MARKS, iconv_command
from fastcli.text.inputs import compression, open_compressed, text_blocks
from fastcli.threads import run_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.inputs import Bytes

BOM = b"\xef\xbb\xbf"
HEAD = 1 << 20  # bytes that decide what a file is
SAMPLE = 100  # lines that decide the dimension where no header says it
NAMES = re.compile(r"\.(vec|glove|w2v)(\.(gz|bz2|xz|zst))?$", re.IGNORECASE)
LONGEST_WORD = 1 << 16  # bytes; a longer word is a sign of damage
MANY = 10  # numbers in a line, more of which are a vector's even where no header says so
LARGEST = 1e15  # no vector has a larger number; text that is read as float32 soon has
BLANK_LINES = re.compile(rb"(?:[ \t\v\f\r]*\n)+")
NUMBER = re.compile(rb"[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|nan|inf)", re.IGNORECASE)


@dataclass
class WordVectors:
    """Words and their vectors: ``arena[starts[i]:starts[i + 1]]`` has ``values[i]`` (float32)."""

    starts: NDArray[np.int64]
    arena: Bytes
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def taken(self, rows: NDArray[np.int64]) -> WordVectors:
        """Return some of the words."""
        return WordVectors(*gathered(self.starts, self.arena, rows), self.values[rows])


class VectorSource(ABC):
    """Where vectors come from.

    ``n_words`` is how many there are about, 0 if unknown; ``has_ngrams`` tells whether
    ``of_ngrams`` gives rows.
    """

    path = ""
    dim = 0
    n_words = 0
    has_ngrams = False

    def __init__(self) -> None:
        self.notes: list[str] = []

    def check_dim(self, dim: int) -> None:
        """Raise DataError if the vectors are of another dimension."""
        if self.dim != dim:
            raise DataError(
                f"Dimension of pretrained vectors ({self.dim}) does not match dimension "
                f"({dim})! Use -dim {self.dim}, or leave -dim out."
            )

    @abstractmethod
    def read(self, n_threads: int, known: Dictionary | None = None) -> Iterator[WordVectors]:
        """Yield all words with their vectors, or those that are words of a dictionary, in parts.

        Afterwards ``notes`` says what was left out.  Raises DataError if the file is damaged.
        """

    def of_others(
        self, starts: NDArray[np.int64], arena: Bytes, n: int, n_threads: int
    ) -> NDArray[np.float32] | None:
        """Return vectors (n x dim) of words that the source does not list, zeros for unknown ones;
        or None if it has none of any.
        """
        return None

    def of_ngrams(self, buckets: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the rows of n-grams (n x dim), which training has in the same buckets.

        Zeros where the source has none.
        """
        return np.zeros((len(buckets), self.dim), np.float32)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a file is to be read: vectors start after ``offset`` bytes, ``lines`` lines.

    ``n`` is the number of vectors that its header says, -1 if it has no header.  ``is_sure`` tells
    whether the file can hardly be anything else: its first vector is as its header says, or its
    lines have many numbers.
    """

    is_text: bool
    dim: int
    n: int
    offset: int
    lines: int
    is_sure: bool


def open_vectors(path: str) -> IO[bytes]:
    """Open a file, compressed or not.  Raises DataError if it cannot be opened."""
    try:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise DataError(
                f"{path} is not a regular file, and must be read twice: write it to a file first."
            )
        kind = compression(path)
        return open_compressed(path, kind) if kind else open(path, "rb")
    except OSError as error:
        raise unreadable(path, error, "loading") from None


def read_head(path: str, size: int = HEAD) -> bytes:
    """Return the first bytes of a file, decompressed."""
    with open_vectors(path) as file:
        try:
            return file.read(size)
        except OSError as error:
            raise _unreadable(path, error) from None


def _unreadable(path: str, error: OSError) -> DataError:
    return DataError(f"{path} cannot be read to the end. ({error})")


def find_layout(path: str, head: bytes) -> Layout:
    """Return how the file that starts with ``head`` is to be read.

    Raises DataError if it holds no word vectors, as far as one can see.
    """
    layout = layout_of(head, len(head) < HEAD)
    if layout is None:
        encoding = next((name for name, marks in MARKS.items() if head.startswith(marks)), "")
        what = f" It looks like {encoding}: {iconv_command(encoding)}" if encoding else ""
        raise DataError(
            f"{path} is not a file of word vectors: it should be text (.vec, GloVe: in each line a "
            "word and its numbers, between spaces or tabs), in word2vec's binary format or a "
            f"fastText model.{what}"
        )
    return layout


def layout_of(head: bytes, is_whole: bool) -> Layout | None:
    """Return how a file of word vectors is to be read that starts with ``head``, or is that.

    None if it holds no word vectors, as far as one can see.
    """
    start = len(BOM) if head.startswith(BOM) else 0
    blank = BLANK_LINES.match(head, start)
    n_blank, start = (blank.group().count(b"\n"), blank.end()) if blank else (0, start)
    end = head.find(b"\n", start)
    first = head[start : end if end >= 0 else None]
    fields = first.split()
    rest = head[end + 1 :] if end >= 0 else b""
    if len(fields) == 2 and all(field.isdigit() and len(field) < 19 for field in fields):
        n, dim = map(int, fields)
        lines = _sample(rest, is_whole)
        fits = bool(lines) and _n_values(lines[0]) >= dim
        if dim >= 1 and not fits and _is_binary(rest, dim):
            return Layout(is_text=False, dim=dim, n=n, offset=end + 1, lines=0, is_sure=True)
        is_headless = not fits and lines and all(_n_values(line) == 1 for line in lines)
        if dim >= 1 and not is_headless:
            is_sure = fits or (not lines and is_text(rest) and (n == 0 or not is_whole))
            return Layout(
                is_text=True,
                dim=dim,
                n=n,
                offset=end + 1 if end >= 0 else len(head),
                lines=n_blank + 1,
                is_sure=is_sure,
            )
    dims = Counter(map(_n_values, _sample(head[start:], is_whole)))
    dim = dims.most_common(1)[0][0] if dims else 0
    return (
        Layout(is_text=True, dim=dim, n=-1, offset=start, lines=n_blank, is_sure=dim > MANY)
        if dim >= 1
        else None
    )


def likely_layout(path: str, head: bytes, is_whole: bool) -> Layout | None:
    """Return the layout of a file of word vectors, by its first bytes and its name.

    None if it is not one, as far as one can see: a matrix of numbers is none, nor is text that
    might be anything, unless its name says so.
    """
    layout = layout_of(head, is_whole) if head else None
    if layout is None or not (layout.is_sure or NAMES.search(path)):
        return None
    first = head[layout.offset :].split(maxsplit=1)[:1]
    is_matrix = layout.n < 0 and bool(first) and NUMBER.fullmatch(first[0]) is not None
    return None if is_matrix else layout


def is_text(data: bytes) -> bool:
    """Tell whether bytes are text: UTF-8, cut anywhere, without control characters."""
    if any(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in data):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _sample(head: bytes, is_whole: bool) -> list[bytes]:
    """Return the first lines that are not empty; without the last, unless it is complete."""
    lines = head.split(b"\n", SAMPLE)
    lines = lines[:SAMPLE] if len(lines) > SAMPLE or not is_whole else lines
    return [line for line in lines if line.strip()]


def _n_values(line: bytes) -> int:
    """Return how many numbers there are at the end of a line, after its first word."""
    n = 0
    for field in reversed(line.split()[1:]):
        if not NUMBER.fullmatch(field):
            break
        n += 1
    return n


def _is_binary(rest: bytes, dim: int) -> bool:
    """Tell whether rows of word2vec's binary format follow: numbers that no text would hold."""
    word_end = rest.find(b" ", 0, LONGEST_WORD)
    row = rest[word_end + 1 : word_end + 1 + 4 * dim]
    if word_end < 1 or len(row) < 4 * dim or b"\n" in rest[1:word_end]:
        return False
    follower = rest[word_end + 1 + 4 * dim :][:2].lstrip(b"\n")
    numbers = np.frombuffer(row, "<f4")
    are_sound = np.isfinite(numbers).all() and np.abs(numbers).max() < LARGEST
    return bool(are_sound) and not is_text(row) and not follower.startswith(b" ")


class VectorFile(VectorSource):
    """A file of word vectors.  Raises DataError if it is not one."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        head = read_head(path)
        self.layout = find_layout(path, head)
        self.dim = self.layout.dim
        self.n_words = self._about(head)

    def _about(self, head: bytes) -> int:
        """Return how many vectors there are about, at most as many as the file has room for.

        Raises DataError if it has no room for one.
        """
        layout = self.layout
        if len(head) < HEAD:
            size = len(head)
        elif compression(self.path):
            return max(layout.n, 0)  # the size is not known
        else:
            size = os.path.getsize(self.path)
        if layout.n < 0:
            return int(head.count(b"\n") * size / max(len(head), 1))
        most = size // ((2 if layout.is_text else 4) * self.dim)
        if most == 0 and layout.n > 0:
            raise DataError(
                f"{self.path} declares {self.dim:,}-dimensional vectors but has {size:,} bytes: it "
                "was truncated, or is damaged. Copy it again."
            )
        return min(layout.n, most)

    def read(self, n_threads: int, known: Dictionary | None = None) -> Iterator[WordVectors]:
        """See ``VectorSource``."""
        self.notes = []
        parts = self._text_parts(n_threads) if self.layout.is_text else self._binary_parts()
        for part in parts:
            if known is not None:
                found = known.positions(part.starts, part.arena, len(part))
                part = part.taken(np.flatnonzero((found >= 0) & (found < known.nwords)))
            yield part

    def _text_parts(self, n_threads: int) -> Iterator[WordVectors]:
        layout, dim = self.layout, self.dim
        n_lines, n_rows, n_left, first_left = layout.lines, 0, 0, 0
        for blocks in _groups(self._blocks(), n_threads):
            for part, state, is_whole in _read_all(blocks, dim):
                if not is_whole:
                    raise DataError(
                        f"{self.path}, line {n_lines + int(state[1]) + 1}: "
                        f"{dim} finite numbers are needed after the word."
                    )
                first_left = first_left or (n_lines + int(state[3]) if state[2] else 0)
                n_lines += int(state[1])
                n_left += int(state[2])
                n_rows += int(state[0] + state[2])
                yield part
        if layout.n not in (-1, n_rows):
            self.notes.append(f"{self.path} declares {layout.n:,} vectors but has {n_rows:,}.")
        if n_left:
            self._left_out(f"{n_left:,}, the first in line {first_left:,}")

    def _blocks(self) -> Iterator[Bytes]:
        """Yield the text after the header, in blocks that end where lines end.

        Each has its own memory, since several are read at once.
        """
        offset = self.layout.offset
        try:
            for block in text_blocks(self.path):
                yield block[offset:].copy()
                offset = 0
        except OSError as error:
            raise _unreadable(self.path, error) from None

    def _binary_parts(self) -> Iterator[WordVectors]:
        layout, size = self.layout, 4 * self.dim
        state = np.array([0, layout.n, 0], np.int64)
        rest, n_left = b"", 0
        with open_vectors(self.path) as file:
            try:
                file.read(layout.offset)
                while state[1] > 0 and (data := file.read(max(BLOCK, 2 * size))):
                    block = rest + data
                    part, stop = _read_rows(block, self.dim, state)
                    n_left += int(state[2])
                    rest = block[stop:]
                    is_stuck = state[1] > 0 and len(rest) > size + LONGEST_WORD
                    self._check_rows(part, is_stuck)
                    yield part
                while not (has_more := bool(rest.strip(b"\r\n"))) and (rest := file.read(BLOCK)):
                    pass
            except OSError as error:
                raise _unreadable(self.path, error) from None
        if state[1] > 0:
            raise DataError(
                f"{self.path} ends after {layout.n - int(state[1]):,} of its {layout.n:,} vectors: "
                "it was truncated. Copy it again."
            )
        if has_more:
            self.notes.append(
                f"{self.path} declares {layout.n:,} vectors but has more, which are not read."
            )
        if n_left:
            self._left_out(f"{n_left:,}")

    def _left_out(self, which: str) -> None:
        self.notes.append(
            f"{self.path}: words left out because they are empty or hold a space, which no word of "
            f"a text does: {which}."
        )

    def _check_rows(self, part: WordVectors, is_stuck: bool) -> None:
        """Raise DataError if rows of a binary file have lost their order."""
        damaged = np.flatnonzero(~np.isfinite(part.values).all(axis=1))
        if is_stuck or len(damaged):
            row = int(damaged[0]) if len(damaged) else len(part) - 1
            word = (
                part.arena[part.starts[row] : part.starts[row + 1]].tobytes()[:40]
                if len(part)
                else b""
            )
            raise DataError(
                f"{self.path} is damaged at or after the word {word.decode('utf-8', 'replace')!r}: "
                f"a word, a space and {self.dim} numbers of 4 bytes should follow."
            )


def _groups(blocks: Iterator[Bytes], n: int) -> Iterator[list[Bytes]]:
    group: list[Bytes] = []
    for block in blocks:
        group.append(block)
        if len(group) == n:
            yield group
            group = []
    if group:
        yield group


def _read_all(blocks: list[Bytes], dim: int) -> list[tuple[WordVectors, NDArray[np.int64], bool]]:
    """Read blocks of text, each on a thread of its own; see ``_read_lines``."""
    read: dict[int, tuple[WordVectors, NDArray[np.int64], bool]] = {}

    def work(i: int) -> None:
        read[i] = _read_lines(blocks[i], dim)

    run_on(len(blocks), work)
    return [read[i] for i in range(len(blocks))]


def _read_lines(block: Bytes, dim: int) -> tuple[WordVectors, NDArray[np.int64], bool]:
    """Return the vectors of a block of text, the state of the kernel, and whether all was read."""
    most = len(block) // (2 * dim + 1) + 1
    starts, arena = np.empty(most + 1, np.int64), np.empty(len(block) + 1, np.uint8)
    # A number and what is before it have two bytes, whatever dimension the file says.
    values = np.empty(min(most * dim, len(block) // 2 + 1), np.float32)
    state = np.zeros(4, np.int64)
    block = np.ascontiguousarray(block)
    words = Strings(starts, arena)
    stop = kernels.read_vector_lines(as_text(block), dim, words, values, state)
    return _fitted(starts, arena, values, int(state[0]), dim), state, stop == len(block)


def _read_rows(block: bytes, dim: int, state: NDArray[np.int64]) -> tuple[WordVectors, int]:
    """Return the vectors of a block of word2vec's binary format, and where the rest starts."""
    most = min(int(state[1]), len(block) // (4 * dim + 1) + 1)
    starts, arena = np.empty(most + 1, np.int64), np.empty(len(block) + 1, np.uint8)
    values = np.empty(most * dim, "<f4")
    data = np.frombuffer(block, np.uint8)
    words = Strings(starts, arena)
    stop = kernels.read_vector_rows(as_text(data), 4 * dim, words, values.view(np.uint8), state)
    return _fitted(starts, arena, values, int(state[0]), dim), stop


def _fitted(
    starts: NDArray[np.int64], arena: Bytes, values: NDArray[np.float32], n: int, dim: int
) -> WordVectors:
    """Return n vectors in memory of their own size."""
    return WordVectors(
        starts[: n + 1].copy(),
        arena[: int(starts[n]) + 1].copy(),
        values[: n * dim].reshape(n, dim).astype(np.float32),
    )
