"""Held-out labelled data, by which thresholds are chosen and probabilities calibrated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.api.inputs import Reading, examples
from fastcli.api.lessons import say_seen
from fastcli.printable import listed_files

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.dense import Scored

CANNOT_OPEN = "Dev file cannot be opened!"


def read_dev_data(
    classifier: Classifier, model: str, paths: Sequence[str], reading: Reading, pair_bytes: int
) -> tuple[Scored, str]:
    """Predict labelled lines with all labels; return them, and a warning where they are few.

    ``model`` is its path.  Files that it is trained on are named; ``pair_bytes`` is as
    ``read_scored`` takes it.  Raises DataError where nothing can be chosen or fitted by the lines.
    """
    from fastcli.evaluation.dense import check_enough, read_scored
    from fastcli.evaluation.recorded import inputs_of

    trained_on = inputs_of(classifier)
    for path in paths if reading.given is None else ():
        say_seen(trained_on, path)

    def files() -> Iterator[tuple[str, Iterator[Block]]]:
        for path in paths:
            yield path, examples(classifier, model, path, reading, cannot=CANNOT_OPEN)

    name = listed_files(paths)
    scored = read_scored(classifier, files(), model, name, pair_bytes)
    return scored, check_enough(scored, name)
