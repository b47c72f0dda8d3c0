"""Reading lines of text as training data: their labels or numbers, words, vectors and weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.evaluation.meter import IN_NO_DENOMINATOR
from fastcli.evaluation.retrying import NewNotes
from fastcli.evaluation.weights import ClassWeight, no_weights, scaled_lines
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.defaults import TrainingSize, decided
from fastcli.mlp.examples import Examples
from fastcli.mlp.targets import Targets, constant_note, target_names
from fastcli.mlp.task import check_labels
from fastcli.mlp.text_targets import read_valid_text, targets_of_text, without_labels
from fastcli.mlp.texts import (
    Text,
    augmented,
    bucket_of,
    read_known_text,
    read_text,
    start_embedding,
    start_from,
)
from fastcli.mlp.training_data import TrainingData, label_weights
from fastcli.printable import counted, readable
from fastcli.reporting import Reporter
from fastcli.text.alike import alike_note
from fastcli.text.lines import Reader
from fastcli.text.pretrained import Pretrained
from fastcli.text.vector_files import VectorFile, VectorSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.text.dictionary import Dictionary

Note = Callable[[str], None]


@dataclass(frozen=True)
class _Answers:
    """What lines of text are to teach: labels, which the dictionary has, or ``targets``.

    Those of training are with the text's examples, those of validation with ``valid``.
    """

    dictionary: Dictionary
    valid: Examples | None
    targets: Targets | None = None


def read_texts(
    args: MlpArgs,
    asked: ClassWeight | None,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None,
) -> TrainingData:
    """Read lines of text; see ``read_data``.  ``asked`` are weights of labels."""
    given, args = args, args.for_text()
    pretrained = None
    if args.pretrained_vectors:
        source = source or VectorFile(args.pretrained_vectors)
        source.check_dim(args.dim)
        pretrained = Pretrained(source, args.vectors_words, args.label, args.thread)
    text = read_text(args, reporter, pretrained, former)
    if former is not None:
        reporter.note(former.sentence())
    if args.is_regression:
        answers = _numbers_of(args, text, former, reporter.note)
    else:
        answers = _labels_of(args, asked, text, former, reporter.note)
    note = NewNotes(reporter.note)

    def start(wide: int, row_floats: int) -> NDArray[np.float32]:
        embedding = start_embedding(args, text, wide, row_floats)
        if pretrained is not None:
            for sentence in start_from(pretrained, text, embedding.reshape(-1, row_floats)):
                note(sentence)
        if former is not None:
            former.set_rows(embedding.reshape(-1, row_floats))
        return embedding

    dictionary, targets = answers.dictionary, answers.targets
    found, said = decided(given, TrainingSize.of(text.examples, 0, dictionary.nlabels))
    return TrainingData(
        args=found,
        defaults=said,
        examples=text.examples,
        valid=answers.valid,
        n_in=args.dim,
        names=dictionary.labels() if targets is None else targets.encoded,
        n_rows=text.n_rows,
        embedding=start,
        dictionary=dictionary,
        bucket_rows=text.bucket_rows if bucket_of(args) else None,
        augment=(lambda epoch: augmented(args, text, epoch)) if text.streams else None,
        targets=targets,
    )


def _labels_of(
    args: MlpArgs,
    asked: ClassWeight | None,
    text: Text,
    former: FormerNetwork | None,
    note: Note,
) -> _Answers:
    """Return the labels of lines, with their weights; read the validation file."""
    dictionary, valid = text.dictionary, None
    if path := args.valid_lines:
        valid, left_out = read_known_text(path, _reader(args, text, dictionary))
        if said := left_out.sentence(path):
            note(said)
    prefix = os.fsencode(args.label)
    names = [readable(label.removeprefix(prefix)) for label in dictionary.labels()]
    if former is None and (
        said := check_labels(args.task, names, dictionary.label_counts(), args.input[0])
    ):
        note(said)
    if said := alike_note(names):
        note(said)
    text.examples.weights = label_weights(
        args, asked, names, text.examples, text.corpus.weights, note, args.min_count_label
    )
    return _Answers(dictionary, valid)


def _numbers_of(args: MlpArgs, text: Text, former: FormerNetwork | None, note: Note) -> _Answers:
    """Return the targets of lines, with their weights; read the validation file."""
    values = targets_of_text(text, args.input, args.label)
    targets = former.model.targets if former is not None else None
    if targets is None:
        names = args.label_column if args.text_column else ()
        n = values.shape[1]
        targets = Targets.fitted(names if len(names) == n else target_names(n), values)
    if said := constant_note(targets, values):
        note(said)
    dictionary, valid = without_labels(text.dictionary), None
    if path := args.valid_lines:
        reader = _reader(args, text, dictionary)
        valid, n = read_valid_text(path, reader, args.label, targets)
        if n:
            note(f"{path}: {counted(n)} without a number or known word. {IN_NO_DENOMINATOR}")
    text.examples.set_targets(targets.standardize(values))
    of_lines = text.corpus.weights
    if of_lines is not None and args.weight_prefix and (of_lines == 1).all():
        note(no_weights(args.weight_prefix))
    text.examples.weights = scaled_lines(of_lines, text.examples.n)
    return _Answers(dictionary, valid, targets)


def _reader(args: MlpArgs, text: Text, dictionary: Dictionary) -> Reader:
    """Return what reads other lines as those of training were read."""
    bucket = bucket_of(args)
    return Reader(
        dictionary,
        args.label,
        args.word_ngrams,
        args.minn,
        args.maxn,
        bucket,
        text.bucket_rows if bucket else None,
        weight_prefix=args.line_weights,
    )
