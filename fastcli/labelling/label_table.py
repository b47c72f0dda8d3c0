"""Entry point: label the rows of a table with a classifier, and write them with the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.evaluation.predictor import Predictor
from fastcli.labelling.filters import KnownLabels, Rules
from fastcli.labelling.options import Filters
from fastcli.labelling.outputs import Put
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

    ``format`` is that of the output, "" where its name tells; ``filters`` say which rows are
    written where.
    """

    output: str
    k: int = 1
    threshold: float = 0.0
    with_probs: bool = True
    wide: bool = False
    name: str = "label"
    thread: int = 1
    format: str = ""
    filters: Filters = field(default_factory=Filters)


def label_table(
    model: Classifier,
    table: OpenTable,
    recipe: Recipe,
    names: dict[str, str],
    args: LabelArgs,
    put: Put,
    progress: Callable[[int], None] = lambda n: None,
    more: Sequence[Put] = (),
) -> Labelled:
    """Write all rows of a table, or those kept, with the labels that a model gives to their texts.

    ``names`` are the labels' names in the data where they are others than their tokens;
    ``progress`` hears of rows; ``more`` write those of ``args.filters.files`` that are asked for.
    Rows without text get no label and are not kept.  Raises what reading and predicting raise, and
    ArgumentError for a label that the model does not have.
    """
    prefix = recipe.label
    tokens = [label.decode("utf-8", "replace") for label in model.labels()]
    shown = [names.get(token, token.removeprefix(prefix)) for token in tokens]
    k = -1 if args.wide else args.k
    known = KnownLabels(tokens, shown, prefix, model.sums_to_one)
    rules = Rules(args.filters, known, k, args.threshold)
    predictor = Predictor(model, rules.predicted_k, rules.predicted_threshold, args.thread)
    wanted = added_names(args, shown)
    taken = set(table.names)
    added = [new_name(name, taken) for name in wanted]
    puts = iter([put, *more])
    formats = (args.format, "", "")  # of the further outputs the names tell
    output, dropped, unsure = (
        writer_of(table, kind or output_format(path, table.kind), added, next(puts))
        if path
        else None
        for path, kind in zip((args.output, *args.filters.files), formats, strict=True)
    )
    done = Labelled(added, trained_on=_training_counts(model, shown))
    done.renamed = {old: new for old, new in zip(wanted, added, strict=True) if old != new}
    for block in table.blocks:
        rows, found = _predicted(predictor, recipe, block, shown, args, rules)
        for writer, chosen in ((output, rows.kept), (dropped, rows.dropped), (unsure, rows.unsure)):
            if writer is not None:
                writer.write(block, chosen, found)
        found.count(done, rows.kept)
        done.unsure_written += len(rows.unsure)
        progress(len(block))
    for writer in filter(None, (output, dropped, unsure)):
        writer.finish()
    return done


def _training_counts(model: Classifier, names: Sequence[str]) -> dict[str, int]:
    """Return how often each label occurred in training; nothing where that is not known."""
    counts = model.label_counts
    return {} if counts is None else dict(zip(names, counts.tolist(), strict=False))


def added_names(args: LabelArgs, labels: list[str]) -> list[str]:
    """Return the names of the added columns, unless the table has such columns already."""
    if args.wide:
        return [args.name, *labels] if args.with_probs else [args.name]
    probability = "probability" if args.name == "label" else f"{args.name}_probability"
    parts = [args.name, probability] if args.with_probs else [args.name]
    n = len(labels) if args.k == -1 else min(args.k, len(labels))
    return parts if n == 1 else [f"{part}_{i + 1}" for i in range(n) for part in parts]


def new_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, and take it: ``predicted_`` and a number if needed.

    >>> [new_name("label", taken) for taken in (set(), {"label"}, {"label", "predicted_label"})]
    ['label', 'predicted_label', 'predicted_label_2']
    """
    candidates = chain([name, f"predicted_{name}"], (f"predicted_{name}_{i}" for i in count(2)))
    found = next(one for one in candidates if one not in taken)
    taken.add(found)
    return found


def _lines(recipe: Recipe, block: RowBlock) -> NDArray[np.uint8]:
    """Return the texts of a block as the model reads them, a line for each."""
    if block.text_lines is not None:
        return np.frombuffer(recipe.apply_to_text_lines(block.text_lines), np.uint8)
    return np.frombuffer(recipe.apply_to_bytes(block.texts), np.uint8)


class ChosenRows(NamedTuple):
    """The places of rows of a block; None: all of them."""

    kept: NDArray[np.int64] | None
    dropped: NDArray[np.int64]
    unsure: NDArray[np.int64]


def _predicted(
    predictor: Predictor,
    recipe: Recipe,
    block: RowBlock,
    shown: list[str],
    args: LabelArgs,
    rules: Rules,
) -> tuple[ChosenRows, Predicted]:
    """Return the best labels of the rows of a block; those without text have none."""
    data: Any
    if block.features is not None:
        data, is_empty = block.features, block.features.blank
    else:
        data = _lines(recipe, block)
        is_empty = np.diff(np.flatnonzero(data == LINE_END), prepend=-1) == 1
    found = rules.chosen(list(predictor.reduced([data], rules.scored)), is_empty)
    predicted = Predicted(
        names=shown,
        k=rules.k,
        counts=found.counts,
        ids=found.ids,
        probs=found.probs,
        is_empty=is_empty,
        best=found.best,
        with_probs=args.with_probs,
        wide=args.wide,
        defaulted=found.defaulted,
        default=rules.default,
    )
    nothing = np.zeros(0, np.int64)
    rows = ChosenRows(
        None if found.kept is None else np.flatnonzero(found.kept),
        nothing if found.kept is None else np.flatnonzero(~found.kept),
        nothing if found.unsure is None else np.flatnonzero(found.unsure),
    )
    return rows, predicted


def labelled_lines(
    path: str,
    source: Source,
    recipe: Recipe,
    names: dict[str, str],
    placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the rows of a table as lines of labels and text, for a test of a model.

    ``names`` are the labels' names in the data where they are others than their tokens; ``placed``
    hears of the file and the lines of the rows that come next.
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
        placed(batch.path, batch.lines)
        yield np.frombuffer(b"".join(joined), np.uint8)
