"""Entry point: write the rows of a table with the numbers that a model of regression predicts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.predictor import Predictor
from fastcli.labelling.label_table import LINE_END, LabelArgs, lines_of
from fastcli.labelling.names import new_name, other_names
from fastcli.labelling.outputs import Put
from fastcli.labelling.predicted import Labelled, Predicted, Rounded
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.labelling.writers import output_format, writer_of
from fastcli.prepare.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Classifier

USUAL, NUMBER = "label", "predicted"  # what --as is if not given, and the column's name then


@dataclass
class PredictedNumbers(Predicted):
    """The numbers of n rows, float64[n, targets]; NaN where a row has nothing that is known."""

    numbers: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 1)))

    def of(self, rows: NDArray[np.int64] | None) -> PredictedNumbers:
        """Return what was predicted for some of the rows (None: all)."""
        return self if rows is None else replace(self, numbers=self.numbers[rows])

    def values(self) -> list[list[Any]]:
        """Return the numbers of each row; None where there is none."""
        return [
            [Rounded(one) if one == one else None for one in row] for row in self.numbers.tolist()
        ]


def number_table(
    model: Classifier,
    table: OpenTable,
    recipe: Recipe,
    args: LabelArgs,
    put: Put,
    progress: Callable[[int], None] = lambda n: None,
) -> Labelled:
    """Write all rows of a table with a column for each target; ``progress`` hears of rows."""
    targets = [label.decode("utf-8", "replace") for label in model.labels()]
    name = NUMBER if args.name == USUAL else args.name
    wanted = [name] if len(targets) == 1 else [f"{name}_{target}" for target in targets]
    taken = {*table.names, *table.keys}
    added = {new_name(one, taken): float for one in wanted}
    kind = args.format or output_format(args.output, table.kind)
    writer = writer_of(table, kind, added, put)
    done = Labelled(list(added), trained_on={})
    done.renamed = {old: new for old, new in zip(wanted, added, strict=False) if old != new}
    if writer.has_unique_names:
        done.other_names = other_names(table.names, table.keys)
    predictor = Predictor(model, 1, 0.0, args.thread)
    try:
        for block in table.blocks:
            found = _predicted(predictor, recipe, block)
            writer.write(block, None, found)
            done.rows += len(block)
            done.kept += len(block)
            done.without_text += int(np.isnan(found.numbers[:, 0]).sum())
            progress(len(block))
        if note := predictor.unknown_words_note(table.shown, are_queries=True):
            done.unknown_words.append(note)
        writer.finish()
        done.flattened = writer.flattened
    except BaseException:
        writer.abandon()
        raise
    return done


def _predicted(predictor: Predictor, recipe: Recipe, block: RowBlock) -> PredictedNumbers:
    """Return the numbers of the rows of a block; those without text have none."""
    data: Any
    if block.features is not None:
        data, is_empty = block.features, block.features.blank
    else:
        data = lines_of(recipe, block)
        is_empty = np.diff(np.flatnonzero(data == LINE_END), prepend=-1) == 1
    targets = predictor.model.targets
    assert targets is not None
    parts = [found.values for found in predictor.predictions([data]) if found.values is not None]
    numbers = targets.rounded(np.concatenate(parts)) if parts else np.zeros((0, 1))
    numbers[is_empty] = np.nan
    n, nothing = len(numbers), np.zeros(0, np.int32)
    return PredictedNumbers(
        names=[],
        k=1,
        counts=np.ones(n, np.int32),
        ids=nothing,
        probs=np.zeros(0, np.float32),
        is_empty=is_empty,
        best=np.full(n, np.nan, np.float32),
        wide=True,  # so that writers ask for values
        numbers=numbers,
    )
