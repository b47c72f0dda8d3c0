"""Data sets: statistics of the lines of a text file, counted while it is read once.

Of a line only hashes and a few numbers are kept, of the text only the vocabulary.
"""

from __future__ import annotations

import math
import os
import stat
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import DataError
from fastcli.inspect.encoding import check_encoding
from fastcli.inspect.findings import MAX_EXAMPLES, Findings
from fastcli.inspect.order import Order, order_of
from fastcli.inspect.repeats import find_repeats
from fastcli.mlp.first_bytes import begins_as_mlp
from fastcli.overwriting import STREAM
from fastcli.printable import readable
from fastcli.text.inputs import MODEL_MAGIC, text_blocks
from fastcli.text.likely_weights import MOST_LINES, likely_weight, likely_weight_prefix
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.int64]

STEPS = 250  # points of the vocabulary's growth that are kept, at least half of them
AT_ONCE = 100_000  # words whose characters are counted at a time
BIGRAM_BITS = 23  # of the bitmap that distinct bigrams are estimated with
HEAD_LINES = 10  # that are kept, and tell whether they are rows of a table
FIRST_LINES = 1000  # whose first word tells how labels may look
# Scripts without spaces between words: Chinese and Japanese, whose words have one to three
# characters; Thai, Lao, Burmese and Khmer, whose words have more.
IDEOGRAPHS = [(0x3005, 0x3007), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF)]
IDEOGRAPHS += [(0x20000, 0x323AF)]
LETTERS = [(0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)]


@dataclass(kw_only=True)
class DataSet:
    """What was counted in a file.

    ``words`` numbers the different words, ``counts`` says how often each is there; the other
    arrays have an element for each line, or, ``line_labels``, for each label of each line: its
    place among ``labels``.
    """

    path: str
    prefix: str
    size: int = 0
    words: dict[bytes, int] = field(default_factory=dict)
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    labels: dict[bytes, int] = field(default_factory=dict)
    first_line: dict[bytes, int] = field(default_factory=dict)  # of each label
    first_words: Counter[bytes] = field(default_factory=Counter)
    findings: Findings = field(default_factory=Findings)
    texts: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    n_words: array[int] = field(default_factory=lambda: array("I"))
    n_labels: array[int] = field(default_factory=lambda: array("I"))
    line_labels: array[int] = field(default_factory=lambda: array("I"))  # of all lines, in order
    order: Order = field(default_factory=Order)
    growth: list[tuple[int, int]] = field(default_factory=list)
    bigrams: float = 0.0
    characters: int = 0
    ideographs: int = 0
    letters: int = 0
    head: list[bytes] = field(default_factory=list)  # the first lines
    state: tuple[int, int, int] | None = None  # of a regular file, when it was read
    weight_prefix: str = ""  # of tokens with the weight of a line, which are not words
    likely_weight: bytes = b""  # a token of such, where the prefix was found in the first lines
    n_weighted: int = 0  # lines with such a token

    @property
    def n(self) -> int:
        """The number of lines."""
        return len(self.texts)

    @property
    def tokens(self) -> int:
        """The number of words, counting repetitions; labels are not words."""
        return int(np.frombuffer(self.n_words, np.uint32).sum(dtype=np.int64))

    @property
    def n_multilabel(self) -> int:
        """The number of lines with several labels."""
        return int(np.count_nonzero(np.frombuffer(self.n_labels, np.uint32) > 1))

    @property
    def n_hapax(self) -> int:
        """The number of words that occur only once."""
        return int(np.count_nonzero(self.counts == 1))

    @property
    def word_length(self) -> float:
        """The mean length of a word of the text, in characters."""
        return self.characters / max(self.tokens, 1)

    def by_count(self) -> list[tuple[bytes, int]]:
        """Return the labels and their counts, the most frequent first."""
        return sorted(self.labels.items(), key=lambda item: (-item[1], item[0]))

    def imbalance(self) -> float | None:
        """Return the ratio of the largest label count to the smallest; None without two labels."""
        if len(self.labels) < 2:
            return None
        return max(self.labels.values()) / min(self.labels.values())

    def tenths(self) -> list[tuple[int, int]]:
        """Return (lines, distinct words in them) after each tenth of the lines."""
        steps = [math.ceil(self.n * i / 10) for i in range(1, 11)]
        points = iter(self.growth)
        point, found = next(points), []
        for step in dict.fromkeys(steps):
            while point[0] < step:
                point = next(points)
            found.append(point)
        return list(dict.fromkeys(found))

    def as_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        sizes = np.frombuffer(self.n_words, np.uint32)
        labels = np.frombuffer(self.n_labels, np.uint32)
        ratio = self.imbalance()
        return {
            "file": readable(os.fsencode(self.path)),
            "kind": "data",
            "bytes": self.size,
            "lines": self.n,
            "labels": {
                "distinct": len(self.labels),
                "per_line": {
                    "mean": round(float(labels.mean()), 3),
                    "max": int(labels.max()),
                    "lines_with_several": self.n_multilabel,
                    "share_with_several": round(self.n_multilabel / self.n, 4),
                },
                "imbalance": None if ratio is None else round(ratio, 2),
                "counts": {readable(label): count for label, count in self.by_count()},
            },
            "order": self.order.as_json(),
            "tokens": {
                "total": self.tokens,
                "per_line": distribution(sizes),
                "mean_length": round(self.word_length, 2),
            },
            "vocabulary": {
                "words": len(self.words),
                "once": self.n_hapax,
                "bigrams_about": round(self.bigrams),
                "growth": [{"lines": n, "words": words} for n, words in self.tenths()],
            },
            **({"weights": self._weights_as_json()} if self.weight_prefix else {}),
            "unsegmented_share": round(
                (self.ideographs + self.letters) / max(self.characters, 1), 4
            ),
            "findings": [finding.as_json() for finding in self.findings.all()],
        }

    def _weights_as_json(self) -> dict[str, Any]:
        return {
            "prefix": self.weight_prefix,
            "given": not self.likely_weight,
            "lines": self.n_weighted,
        }


def distribution(sizes: NDArray[np.uint32]) -> dict[str, float]:
    """Return smallest, median, mean, 95 % and largest of some numbers."""
    ordered = np.sort(sizes)

    def at(share: float) -> int:
        return int(ordered[max(math.ceil(share * len(ordered)), 1) - 1])

    return {
        "min": at(0),
        "median": at(0.5),
        "mean": round(float(sizes.mean()), 2),
        "p95": at(0.95),
        "max": at(1),
    }


def read_blocks(path: str) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks of lines.  Raises DataError if it cannot be read."""
    has_begun = False
    try:
        for block in text_blocks(path):
            has_begun = True
            yield block.tobytes()
    except OSError as error:
        reason = getattr(error, "strerror", None) or error
        problem = "be read to the end." if has_begun else "be opened!"
        raise DataError(f"{path} cannot {problem} ({reason})") from None


def split_lines(block: bytes) -> list[bytes]:
    """Return the lines of a block, which may lack a line end only at the end of the file."""
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def read_data(path: str, prefix: str, weight_prefix: str = "") -> DataSet:
    """Read a file, or standard input (``-``), and count.

    Tokens that begin with ``weight_prefix`` are weights of lines; without it what looks like such
    in the first lines is.  Raises DataError if the file cannot be read or is empty.
    """
    reader = _Reader(DataSet(path=path, prefix=prefix, weight_prefix=weight_prefix))
    reader.data.state = state_of(path)
    for block in read_blocks(path):
        if reader.data.n == 0 and reader.data.state is None:
            _check_no_model(path, block)
        if reader.data.n == 0 and not weight_prefix:
            reader.look_for_weights(block)
        reader.read(block)
    data = reader.data
    if data.n == 0:
        raise DataError(f"{path} is empty: there is nothing to inspect.")
    reader.finish()
    per_line = np.frombuffer(data.n_labels, np.uint32)
    data.order = order_of(np.frombuffer(data.line_labels, np.uint32), per_line)
    find_repeats(data)
    _find_joined(data)
    return data


def state_of(path: str) -> tuple[int, int, int] | None:
    """Return what shows whether a regular file has changed; None if it is not one.

    Of a stream that was copied, that of the copy.
    """
    place = place_of(path)
    if place == STREAM:
        return None
    try:
        found = os.stat(place)
    except OSError:
        return None
    state = (found.st_ino, found.st_size, found.st_mtime_ns)
    return state if stat.S_ISREG(found.st_mode) else None


def _check_no_model(path: str, head: bytes) -> None:
    """Raise DataError if a pipe brings a model, which has to be read several times."""
    if head.startswith(MODEL_MAGIC) or begins_as_mlp(head):
        name = "standard input" if path == "-" else path
        raise DataError(f"{name} is a model, and inspect reads models from files: save it first.")


class _Reader:
    """Counts the lines of blocks."""

    def __init__(self, data: DataSet) -> None:
        self.data = data
        self.prefix = os.fsencode(data.prefix)
        self.step = 1
        self.seen = np.zeros(1 << BIGRAM_BITS, np.bool_)
        self.ids: defaultdict[bytes, int] = defaultdict()
        self.ids.default_factory = self.ids.__len__
        self.label_ids: defaultdict[bytes, int] = defaultdict()
        self.label_ids.default_factory = self.label_ids.__len__
        self.pieces: list[NDArray[np.int64]] = []  # the words of this block
        data.words = self.ids

    def look_for_weights(self, block: bytes) -> None:
        """Take tokens for weights that look like such in the first lines."""
        data = self.data
        data.likely_weight = likely_weight(block.split(b"\n", MOST_LINES), data.prefix)
        data.weight_prefix = os.fsdecode(likely_weight_prefix(data.likely_weight))

    def read(self, block: bytes) -> None:
        data = self.data
        data.size += len(block)
        lines = split_lines(block)
        data.head += lines[: HEAD_LINES - len(data.head)]
        check_encoding(block, lines, data.n + 1, data.findings)
        if b"\0" in block:
            lines = split_lines(block.replace(b"\0", b" "))
        first = 0
        n_before = data.n
        while first < len(lines):
            last = first + self.step - data.n % self.step
            self.count(lines[first:last])
            first = last
        words = np.concatenate(self.pieces) if self.pieces else np.zeros(0, np.int64)
        self.pieces = []
        counts = np.bincount(words, minlength=len(self.ids))
        counts[: len(data.counts)] += data.counts
        data.counts = counts
        self.count_bigrams(words, data.n - n_before)

    def count(self, lines: list[bytes]) -> None:
        """Count some lines; afterwards the number of words is kept for the growth."""
        data, prefix = self.data, self.prefix
        label_counts = data.labels
        words: list[bytes] = []
        line_labels: list[bytes] = []
        weight = os.fsencode(data.weight_prefix)
        for number, line in enumerate(lines, data.n + 1):
            tokens = line.split()
            if weight and weight in line:
                n_tokens = len(tokens)
                tokens = [token for token in tokens if not token.startswith(weight)]
                data.n_weighted += len(tokens) < n_tokens
            k = 0
            for token in tokens:
                if not token.startswith(prefix):
                    break
                k += 1
            labels, text = tokens[:k], tokens[k:]
            if line.count(prefix) != k:
                late = [token for token in text if token.startswith(prefix)]
                if late:
                    data.findings.add("late_label", number, label=readable(late[0]))
                    labels += late
                    text = [token for token in text if not token.startswith(prefix)]
            for label in labels:
                if label in label_counts:
                    label_counts[label] += 1
                else:
                    label_counts[label] = 1
                    data.first_line[label] = number
            if not labels or not text or prefix in labels:
                self.note(number, labels, text)
            key = hash(tuple(text))
            data.texts.append(key)
            data.lines.append(hash((key, *sorted(labels))))
            data.n_words.append(len(text))
            data.n_labels.append(len(labels))
            if number <= FIRST_LINES and text and not labels:
                data.first_words[text[0]] += 1
            words += text
            line_labels += labels
        data.line_labels.extend(map(self.label_ids.__getitem__, line_labels))
        self.pieces.append(np.fromiter(map(self.ids.__getitem__, words), np.int64, len(words)))
        if b"</s>" in self.ids:
            self.note_ends(lines, data.n - len(lines) + 1)
        data.growth.append((data.n, len(self.ids)))
        if len(data.growth) >= STEPS:
            data.growth = data.growth[1::2]
            self.step *= 2

    def note(self, number: int, labels: list[bytes], text: list[bytes]) -> None:
        findings = self.data.findings
        if not labels and not text:
            findings.add("empty", number)
        elif not labels:
            findings.add("no_label", number)
        elif not text:
            findings.add("no_text", number)
        if self.prefix in labels:
            findings.add("bare_prefix", number)

    def note_ends(self, lines: list[bytes], first: int) -> None:
        for number, line in enumerate(lines, first):
            if b"</s>" in line and b"</s>" in line.split():
                self.data.findings.add("sentence_end", number)

    def count_bigrams(self, words: NDArray[np.int64], n_lines: int) -> None:
        """Set the bits of the bigrams of the last lines in the bitmap."""
        if len(words) < 2:
            return
        ids = words.view(np.uint64)
        mixed = (ids[:-1] << np.uint64(32)) + ids[1:]
        for factor in (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93):
            mixed *= np.uint64(factor)
            mixed ^= mixed >> np.uint64(32)
        ends = np.cumsum(np.frombuffer(self.data.n_words, np.uint32)[-n_lines:], dtype=np.int64)
        is_inside = np.ones(len(words), np.bool_)
        is_inside[ends[ends > 0] - 1] = False
        self.seen[mixed[is_inside[:-1]] & np.uint64(len(self.seen) - 1)] = True

    def count_characters(self, first: int, words: list[bytes]) -> None:
        """Count the characters of some words, weighted by the counts of the words."""
        data = self.data
        text = b"".join(word + b"\n" for word in words).decode("utf-8", "replace")
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        is_end = codes == 10
        of_word = first + np.cumsum(is_end) - is_end
        weights = np.where(is_end, 0, data.counts[of_word])
        data.characters += int(weights.sum())
        data.ideographs += sum(int(weights[_between(codes, *r)].sum()) for r in IDEOGRAPHS)
        data.letters += sum(int(weights[_between(codes, *r)].sum()) for r in LETTERS)

    def finish(self) -> None:
        """Estimate the number of distinct bigrams from the bits not set; count characters."""
        data = self.data
        self.ids.default_factory = None
        words = iter(self.ids)
        for first in range(0, len(self.ids), AT_ONCE):
            self.count_characters(first, list(islice(words, AT_ONCE)))
        if data.growth[-1][0] != data.n:
            data.growth.append((data.n, len(data.words)))
        free = max(len(self.seen) - int(np.count_nonzero(self.seen)), 1)
        data.bigrams = len(self.seen) * math.log(len(self.seen) / free)


def _between(codes: NDArray[np.uint32], low: int, high: int) -> NDArray[np.bool_]:
    return (codes >= low) & (codes <= high)


def _find_joined(data: DataSet) -> None:
    """Find labels that contain the prefix again, unless it is one character, such as #."""
    prefix = os.fsencode(data.prefix)
    joined = [label for label in data.labels if prefix in label[1:] and len(prefix) > 1]
    examples = [{"line": data.first_line[label], "label": readable(label)} for label in joined]
    count = sum(data.labels[label] for label in joined)
    data.findings.add_many("joined_labels", count, examples[:MAX_EXAMPLES])


def lines_at(data: DataSet, numbers: set[int]) -> dict[int, bytes]:
    """Return some lines of a data set by their numbers, from 1 on.

    None of a stream that was not copied, nor of a file that is another one by now.
    """
    found: dict[int, bytes] = {}
    if not numbers or data.state is None or data.state != state_of(data.path):
        return found
    last, n = max(numbers), 0
    for block in read_blocks(data.path):
        n_lines = block.count(b"\n") + (not block.endswith(b"\n"))
        in_block = [number for number in numbers if n < number <= n + n_lines]
        if in_block:
            lines = split_lines(block)
            found |= {number: lines[number - n - 1] for number in in_block}
        n += n_lines
        if n >= last:
            break
    return found
