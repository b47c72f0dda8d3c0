"""The targets of lines of text: the numbers that stand where labels do, ``__label__3.5``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import DataError, unreadable
from fastcli.mlp.examples import Examples, of_rows
from fastcli.mlp.targets import Targets, not_a_target, numbers_in, numbers_of
from fastcli.tables.coded import Coded
from fastcli.text.dictionary import Dictionary
from fastcli.text.held_out import lines_of
from fastcli.text.inputs import text_blocks
from fastcli.text.separators import tokens_of
from fastcli.text.spooled import place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.texts import Text
    from fastcli.text.lines import Reader

NO_IDS = np.zeros(1, np.int32)


def cells_of_lines(text: bytes, prefix: str) -> list[tuple[str, ...]]:
    """Return what stands after the prefix in the labels of each line.

    >>> cells_of_lines(b"__label__3.5 good\\nbad\\n__label__1 __label__2 x", "__label__")
    [('3.5',), (), ('1', '2')]
    """
    start = os.fsencode(prefix)
    return [
        tuple(
            token[len(start) :].decode("utf-8", "replace")
            for token in tokens_of(line)
            if token.startswith(start)
        )
        for line in text.removesuffix(b"\n").split(b"\n")
    ]


def targets_of_text(text: Text, paths: Sequence[str], prefix: str) -> NDArray[np.float64]:
    """Return the numbers of training lines, float64[n, targets], in the order of a line.

    Raises DataError, with the place, for a label that is not a number, and for a line with
    more or fewer of them than the first, or with words alone.
    """
    if text.corpus.skipped.no_label:  # blank lines are among them
        check_targets(paths, prefix)
    examples, start = text.examples, os.fsencode(prefix)
    sizes = np.diff(examples.label_offsets[: examples.n + 1])
    names = [label.removeprefix(start) for label in text.dictionary.labels()]
    numbers = [numbers_in((name.decode("utf-8", "replace"),)) for name in names]
    n_targets = int(sizes[0])
    if (sizes != n_targets).any() or None in numbers:
        raise _wrong_line(paths, prefix, n_targets)
    values = np.array([found[0] for found in numbers if found is not None])
    return values[examples.labels[: n_targets * examples.n]].reshape(-1, n_targets)


def check_targets(paths: Sequence[str], prefix: str) -> None:
    """Raise DataError for the first line that has words and no label."""
    for path in paths:
        for number, line in enumerate(lines_of([place_of(path)]), start=1):
            if line.startswith(os.fsencode(prefix)):
                continue
            if line.strip() and cells_of_lines(line, prefix) == [()]:
                raise not_a_target(f"{path}, line {number}", (), 1)


def _wrong_line(paths: Sequence[str], prefix: str, n_targets: int) -> DataError:
    """Return the error of the first line that has labels, but not so many numbers."""
    for path in paths:
        for number, line in enumerate(lines_of([place_of(path)]), start=1):
            (cell,) = cells_of_lines(line.rstrip(b"\n"), prefix)
            found = numbers_in(cell) if cell else []
            if cell and (found is None or len(found) != n_targets):
                return not_a_target(f"{path}, line {number}", cell, n_targets)
    return DataError(f"Not every line has {n_targets} numbers as labels.")


def without_labels(dictionary: Dictionary) -> Dictionary:
    """Return the words of a dictionary."""
    n = dictionary.nwords
    return Dictionary(
        nwords=n,
        nlabels=0,
        ntokens=dictionary.ntokens,
        starts=dictionary.starts[: n + 1],
        arena=dictionary.arena[: int(dictionary.starts[n])],
        counts=dictionary.counts[:n],
    )


def read_valid_text(
    path: str, reader: Reader, prefix: str, targets: Targets
) -> tuple[Examples, int]:
    """Read a validation file; return its examples and how many lines were left out.

    Those are lines without a target or without a word that is known.  Raises DataError for a
    target that is not a number, and if the file cannot be read.
    """
    rows, sizes, values, n_lines, n_targets = [], [], [], 0, len(targets.names)
    try:
        for block in text_blocks(path):
            position = 0
            while position < len(block):
                start = position
                lines, position = reader.read(block, start)
                cells = Coded.of(cells_of_lines(block[start:position].tobytes(), prefix))
                found = numbers_of(cells, n_targets)
                for i, cell in enumerate(cells):
                    if cell and np.isnan(found[i, 0]):
                        raise not_a_target(f"{path}, line {n_lines + i + 1}", cell, n_targets)
                n_features = np.diff(lines.offsets[: lines.n + 1])
                used = (n_features > 0) & ~np.isnan(found[:, 0])
                rows.append(lines.features[: lines.offsets[lines.n]][np.repeat(used, n_features)])
                sizes.append(n_features[used])
                values.append(found[used])
                n_lines += lines.n
    except OSError as error:
        raise unreadable(path, error, "validation") from None
    if not sum(map(len, sizes)):
        raise DataError(f"{path} has no line with both a number as its label and a known word.")
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    examples = of_rows(
        np.concatenate([*rows, np.zeros(16, np.int32)]),
        offsets,
        NO_IDS,
        np.zeros(len(offsets), np.int64),
    )
    examples.set_targets(targets.standardize(np.concatenate(values)))
    return examples, n_lines - examples.n
