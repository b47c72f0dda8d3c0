"""Testing a model for a report: counts, the surest mistakes, and a file of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.predictor import Predictor
from fastcli.evaluation.tally import Tally
from fastcli.labelling.labels_and_text import labels_and_text
from fastcli.labelling.mistakes import Mistake, MistakesFile, Surest, candidates
from fastcli.labelling.rows import OpenTable
from fastcli.text.inputs import text_blocks

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block
    from fastcli.evaluation.label_names import LabelNames
    from fastcli.evaluation.tally import Mistakes

LINE_END = 10
Cells = dict[str, Any] | str
"""The columns of a row by name, or the text of a line."""


@dataclass
class Places:
    """Where the rows of a table are that come next; nothing of lines of text."""

    path: str = ""
    lines: Sequence[int] = ()

    def hear(self, path: str, lines: Sequence[int]) -> None:
        """Take the places of the next block."""
        self.path, self.lines = path, lines


@dataclass(kw_only=True)
class Tested:
    """A file to test: its blocks, where the rows of tables are, and how to read it again.

    ``again`` gives, of some lines, the number and the original columns or the text; None where the
    blocks have the whole lines.
    """

    path: str
    blocks: Iterable[Block]
    places: Places = field(default_factory=Places)
    again: Callable[[Sequence[int]], Iterator[tuple[int, Cells]]] | None = None


class Examination:
    """Tests a model on files; ``labels`` are its own as a person knows them.

    ``surest`` and ``file`` are given the mistakes; ``weights`` begins tokens that are not text.
    """

    def __init__(
        self,
        labels: LabelNames,
        new_tally: Callable[[], Tally],
        surest: Surest,
        file: MistakesFile | None = None,
        weights: str = "",
    ) -> None:
        self._labels, self.names = labels, labels.unique
        self._weights = weights
        self._new_tally, self._surest, self._file = new_tally, surest, file

    def run(self, predictor: Predictor, tested: Tested) -> Tally:
        """Count the lines of a file, by a predictor ``with_all`` labels."""
        tallies = [self._new_tally() for _ in range(predictor.n_threads)]
        waiting: list[Mistake] = []  # for their columns, which are read again
        for block, before, parts in predictor.tally(tested.blocks, tallies):
            first, found = 0, []
            for n, mistakes in parts:
                found.append((first, mistakes))
                first += n
            some = list(self._found(block, before, found, tested))
            self._surest.add(some)
            if self._file is None:
                continue
            if tested.again is not None:
                waiting += some
                continue
            for one in some:
                self._file.add(one)
        if self._file is not None and tested.again is not None:
            self._add_again(self._file, waiting, tested.again)
        for tally in tallies[1:]:
            tallies[0].merge(tally)
        return tallies[0]

    def _found(
        self, block: Block, before: int, parts: Sequence[tuple[int, Mistakes]], tested: Tested
    ) -> Iterator[Mistake]:
        """Yield the mistakes of a block: all for a file, else those that may be the surest."""
        surest = self._surest
        ends = None
        for first, mistakes in parts:
            if self._file is not None:
                chosen: Sequence[int] = range(len(mistakes))
            else:
                chosen = candidates(mistakes.probs, surest.least, surest.most)
            for i in chosen:
                place = first + int(mistakes.lines[i])
                true, predicted = mistakes.labels_of(i)
                one = Mistake(
                    file=tested.places.path or tested.path,
                    line=_line(block, before, place, tested.places),
                    prob=float(mistakes.probs[i]),
                    true=[self.names[j] for j in true],
                    predicted=[self.names[j] for j in predicted],
                )
                if isinstance(block, np.ndarray):
                    ends = _ends(block) if ends is None else ends
                    start = int(ends[place - 1]) + 1 if place else 0
                    line = block[start : int(ends[place])].tobytes()
                    labels, one.text = labels_and_text(line, self._labels.prefix, self._weights)
                    one.true = [self._labels.name_of(label) for label in labels]
                yield one

    def _add_again(
        self,
        file: MistakesFile,
        waiting: Sequence[Mistake],
        again: Callable[[Sequence[int]], Iterator[tuple[int, Cells]]],
    ) -> None:
        """Write mistakes with the columns of their rows, which are read again."""
        by_line = {one.line: one for one in waiting}
        for line, cells in again([one.line for one in waiting]):
            one = by_line.pop(line, None)
            if one is None:
                continue
            if isinstance(cells, str):
                one.text = cells
            else:
                one.cells = cells
            file.add(one)
        for one in by_line.values():
            file.add(one)


def _line(block: Block, before: int, place: int, places: Places) -> int:
    """Return the line where an example begins."""
    if places.lines:
        return int(places.lines[place])
    lines = getattr(block, "lines", None)
    return before + place + 1 if lines is None else int(lines[place])


def _ends(block: Any) -> Any:
    return np.append(np.flatnonzero(block == LINE_END), len(block))


def rows_again(table: OpenTable, wanted: Sequence[int]) -> Iterator[tuple[int, Cells]]:
    """Yield the line and the cells, by the names of columns, of some rows of a table."""
    lines = np.array(wanted, np.int64)
    for block in table.blocks:
        places = np.array(block.places, np.int64)
        for i in np.flatnonzero(np.isin(places, lines)).tolist():
            yield int(places[i]), block.cells(i, table.names)


def lines_again(path: str, wanted: Sequence[int]) -> Iterator[tuple[int, Cells]]:
    """Yield the number and the text of some lines of a file."""
    lines, before = np.unique(np.array(wanted, np.int64)), 0
    for block in text_blocks(path):
        ends = _ends(block)
        n = len(ends) - (len(block) > 0 and block[-1] == LINE_END)
        inside = lines[(lines > before) & (lines <= before + n)] - before - 1
        for i in inside.tolist():
            start = int(ends[i - 1]) + 1 if i else 0
            text = block[start : int(ends[i])].tobytes().decode("utf-8", "surrogateescape")
            yield before + i + 1, text.rstrip("\r")
        before += int(n)
