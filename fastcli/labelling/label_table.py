"""Entry point: label the rows of a table with a classifier, and write them with the labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcli.evaluation.predictor import Predictor
from fastcli.labelling.filters import KnownLabels, Rules
from fastcli.labelling.names import new_name, other_names
from fastcli.labelling.options import Filters
from fastcli.labelling.outputs import Put
from fastcli.labelling.predicted import Labelled, Predicted
from fastcli.labelling.rows import OpenTable, RowBlock
from fastcli.labelling.writers import output_format, writer_of
from fastcli.prepare.recipe import Recipe
from fastcli.tables.sources import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.classifier import Classifier
    from fastcli.prepare.learned_labels import LearnedLabels

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
    wanted = added_columns(args, shown)
    taken = {*table.names, *table.keys}
    added = {new_name(name, taken): kind for name, kind in wanted}
    puts = iter([put, *more])
    formats = (args.format, "", "")  # of the further outputs the names tell
    output, dropped, unsure = (
        writer_of(table, kind or output_format(path, table.kind), added, next(puts))
        if path
        else None
        for path, kind in zip((args.output, *args.filters.files), formats, strict=True)
    )
    done = Labelled(list(added), trained_on=_training_counts(model, shown))
    done.renamed = {old: new for (old, _), new in zip(wanted, added, strict=True) if old != new}
    writers = list(filter(None, (output, dropped, unsure)))
    if any(writer.has_unique_names for writer in writers):
        done.other_names = other_names(table.names, table.keys)
    try:
        for block in table.blocks:
            rows, found = _predicted(predictor, recipe, block, shown, args, rules)
            places = (rows.kept, rows.dropped, rows.unsure)
            for writer, chosen in zip((output, dropped, unsure), places, strict=True):
                if writer is not None:
                    writer.write(block, chosen, found)
            found.count(done, rows.kept)
            done.unsure_written += len(rows.unsure)
            progress(len(block))
        if note := predictor.unknown_words_note(table.shown, are_queries=True):
            done.unknown_words.append(note)
        for writer in writers:
            writer.finish()
        if output is not None:
            done.flattened = output.flattened
    except BaseException:
        for writer in writers:
            writer.abandon()
        raise
    return done


def _training_counts(model: Classifier, names: Sequence[str]) -> dict[str, int]:
    """Return how often each label occurred in training; nothing where that is not known."""
    counts = model.label_counts
    return {} if counts is None else dict(zip(names, counts.tolist(), strict=False))


def added_columns(args: LabelArgs, labels: list[str]) -> list[tuple[str, type]]:
    """Return the added columns and their types, unless the table has such columns already."""
    if args.wide:
        of_labels = [(label, float) for label in labels if args.with_probs]
        return [(args.name, str), *of_labels]
    probability = "probability" if args.name == "label" else f"{args.name}_probability"
    parts: list[tuple[str, type]] = [(args.name, str), (probability, float)]
    parts = parts[: 1 + args.with_probs]
    n = len(labels) if args.k == -1 else min(args.k, len(labels))
    if n == 1:
        return parts
    return [(f"{part}_{i + 1}", kind) for i in range(n) for part, kind in parts]


def lines_of(recipe: Recipe, block: RowBlock) -> NDArray[np.uint8]:
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
        data = lines_of(recipe, block)
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
    tokens: LearnedLabels,
    placed: Callable[[str, Sequence[int]], None] = lambda path, lines: None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the rows of a table as lines of labels and text, as those of training were.

    ``placed`` hears of the file and the lines of the rows that come next.
    """
    for batch in source.read(path, lambda n: None):
        heads = map(tokens.of, batch.labels)
        lines = recipe.apply_to_bytes(batch.texts).split(b"\n")
        joined = [
            " ".join([*head, ""]).encode("utf-8", "surrogateescape") + line + b"\n"
            for head, line in zip(heads, lines, strict=False)
        ]
        placed(batch.path, batch.lines)
        yield np.frombuffer(b"".join(joined), np.uint8)
