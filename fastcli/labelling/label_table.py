"""Entry point: label the rows of a table with a classifier, and write them with the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.evaluation.predictor import Predictor
from fastcli.labelling.predicted import Labelled, Predicted
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.labelling.writers import output_format, writer_of
from fastcli.prepare.labels import LabelNames
from fastcli.prepare.recipe import Recipe
from fastcli.tables.sources import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Classifier

LINE_END = 10


@dataclass(frozen=True)
class LabelArgs:
    """What is added to rows: the k best labels, with probabilities if asked for.

    ``format`` is that of the output; "" where its name tells.
    """

    output: str
    k: int = 1
    threshold: float = 0.0
    with_probs: bool = True
    wide: bool = False
    name: str = "label"
    thread: int = 1
    format: str = ""


def label_table(
    model: Classifier,
    table: OpenTable,
    recipe: Recipe,
    names: dict[str, str],
    args: LabelArgs,
    put: Callable[[bytes], None],
    progress: Callable[[int], None] = lambda n: None,
) -> Labelled:
    """Write all rows of a table with the labels that a model gives to their texts.

    ``names`` are the labels' names in the data where they are others than their tokens;
    ``progress`` hears of rows.  Rows without text get no label.  Raises what reading and
    predicting raise.
    """
    prefix = recipe.label
    tokens = [label.decode("utf-8", "replace") for label in model.labels()]
    shown = [names.get(token, token.removeprefix(prefix)) for token in tokens]
    k = -1 if args.wide else args.k
    predictor = Predictor(model, k, args.threshold, args.thread)
    added = added_names(args, shown, table.names)
    kind = args.format or output_format(args.output, table.kind)
    writer = writer_of(table, kind, added, put)
    done = Labelled(added)
    for block in table.blocks:
        found = _predicted(predictor, recipe, block, shown, args)
        writer.write(block, None, found)
        found.count(done)
        progress(len(block))
    writer.finish()
    return done


def added_names(args: LabelArgs, labels: list[str], existing: list[str]) -> list[str]:
    """Return the names of the added columns; those that exist get ``predicted_`` before them."""
    if args.wide:
        found = [args.name, *labels] if args.with_probs else [args.name]
    else:
        probability = "probability" if args.name == "label" else f"{args.name}_probability"
        parts = [args.name, probability] if args.with_probs else [args.name]
        n = len(labels) if args.k == -1 else min(args.k, len(labels))
        found = parts if n == 1 else [f"{part}_{i + 1}" for i in range(n) for part in parts]
    return [f"predicted_{name}" if name in existing else name for name in found]


def _lines(recipe: Recipe, block: RowBlock) -> NDArray[np.uint8]:
    """Return the texts of a block as the model reads them, a line for each."""
    if block.text_lines is not None:
        return np.frombuffer(recipe.apply_to_text_lines(block.text_lines), np.uint8)
    return np.frombuffer(recipe.apply_to_bytes(block.texts), np.uint8)


def _predicted(
    predictor: Predictor, recipe: Recipe, block: RowBlock, shown: list[str], args: LabelArgs
) -> Predicted:
    """Return the best labels of the rows of a block; those without text have none."""
    data: Any
    if block.features is not None:
        data, is_empty = block.features, block.features.blank
    else:
        data = _lines(recipe, block)
        is_empty = np.diff(np.flatnonzero(data == LINE_END), prepend=-1) == 1
    found = list(predictor.predictions([data]))
    counts = np.concatenate([one.counts for one in found])
    counts[is_empty] = 0
    return Predicted(
        names=shown,
        k=found[0].k,
        counts=counts,
        ids=np.concatenate([one.labels for one in found]),
        probs=np.minimum(np.concatenate([one.probs for one in found]), np.float32(1)),
        n_empty=int(is_empty.sum()),
        with_probs=args.with_probs,
        wide=args.wide,
    )


def labelled_lines(
    path: str, source: Source, recipe: Recipe, names: dict[str, str]
) -> Iterator[NDArray[np.uint8]]:
    """Yield the rows of a table as lines of labels and text, for a test of a model.

    ``names`` are the labels' names in the data where they are others than their tokens.
    """
    tokens = LabelNames(recipe.label)
    known = {name: token for token, name in names.items()}
    for batch in source.read(path, lambda n: None):
        heads = [
            [known.get(label) or tokens.of((label,))[0] for label in labels]
            for labels in batch.labels
        ]
        lines = recipe.apply_to_bytes(batch.texts).split(b"\n")
        joined = [
            " ".join([*head, ""]).encode("utf-8", "surrogateescape") + line + b"\n"
            for head, line in zip(heads, lines, strict=False)
        ]
        yield np.frombuffer(b"".join(joined), np.uint8)
