"""Training a classifier: read the text, check what it needs, set the rows, and train."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import TrainingDiverged
from fastcli.evaluation.lessons import (
    Learned,
    binary_guess,
    one_of,
    one_of_all_guess,
    path_start,
    sampled_guess,
)
from fastcli.evaluation.retrying import NewNotes
from fastcli.evaluation.weights import read_class_weight, weights_for
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.checks import check_corpus
from fastcli.fasttext.initial_rows import initial_rows
from fastcli.fasttext.needs import check_needs, classifier_needs
from fastcli.fasttext.read_text import read_corpus
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trainer import Trainer
from fastcli.memory import padded, zeros
from fastcli.optimizers import largest_lr
from fastcli.printable import readable
from fastcli.reporting import Reporter, run_and_report
from fastcli.text.alike import alike_note

if TYPE_CHECKING:
    from fastcli.evaluation.weights import Weights
    from fastcli.fasttext.continuing import Former
    from fastcli.fasttext.validation import ValidLines
    from fastcli.fasttext.watch import Watch
    from fastcli.text.corpus import Corpus
    from fastcli.text.dictionary import Dictionary
    from fastcli.text.pretrained import Pretrained


@dataclass(kw_only=True)
class ClassifierData:
    """What a classifier is trained on, which training does not change; ``note`` says things once.

    The input matrix has ``n_rows`` rows in memory.
    """

    dictionary: Dictionary
    corpus: Corpus
    weights: Weights | None
    valid: ValidLines | None
    n_rows: int
    pretrained: Pretrained | None
    former: Former | None
    note: NewNotes


def train_supervised(args: TrainArgs, reporter: Reporter) -> Trained:
    """Read text and train a classifier.

    Raises what ``read_supervised`` and ``train_classifier`` do.
    """
    return train_classifier(args, read_supervised(args, reporter), reporter)


def read_supervised(
    args: TrainArgs,
    reporter: Reporter,
    valid_path: str = "",
    former: Former | None = None,
    is_fold: bool = False,
) -> ClassifierData:
    """Read the text of a classifier and its validation lines; say what training needs.

    It goes on with the ``former`` one, if there is one: see ``continuing.py``.  The lines of a
    fold, which are not all, may lack labels that ``--class-weight`` names.  Raises ArgumentError,
    DataError, or FastcliError where there is too little memory.
    """
    args.check()
    asked = read_class_weight(args.class_weight, may_lack=is_fold)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import open_pretrained

        pretrained = open_pretrained(args, reporter.note)
    dictionary, corpus = read_corpus(args, reporter, pretrained, former)
    check_corpus(args, dictionary, corpus, reporter)
    names = label_names(args, dictionary)
    if said := alike_note(names):
        reporter.note(said)
    weights = weights_for(
        asked,
        names,
        corpus.labels,
        corpus.label_offsets,
        corpus.weights,
        prefix=args.label,
        weight_prefix=args.weight_prefix,
        has_former=former is not None,
        min_count=args.min_count_label,
        note=reporter.note,
    )
    valid = None
    if valid_path:
        from fastcli.fasttext.validation import read_valid

        valid = read_valid(valid_path, args, dictionary, corpus, keeps_rows=former is not None)
        if left_out := valid.left_out.sentence(valid_path):
            reporter.note(left_out)
    n_rows = corpus.shards * corpus.shard_rows + (valid.more_rows if valid is not None else 0)
    needs = classifier_needs(args, dictionary, corpus, n_rows, valid is not None, former)
    check_needs(needs, args, reporter)
    return ClassifierData(
        dictionary=dictionary,
        corpus=corpus,
        weights=weights,
        valid=valid,
        n_rows=n_rows,
        pretrained=pretrained,
        former=former,
        note=NewNotes(reporter.note),
    )


def train_classifier(
    args: TrainArgs, data: ClassifierData, reporter: Reporter, watch: Watch | None = None
) -> Trained:
    """Train a classifier, and keep the best model that ``watch`` finds, if it validates.

    Raises TrainingDiverged, which is kept as ``Trained.problem`` where there is a best model from
    before; an interrupt, too, is raised only where there is none.
    """
    dictionary, corpus, valid, former = data.dictionary, data.corpus, data.valid, data.former
    stride = padded(args.dim)
    wi = initial_rows(
        args,
        corpus.ids,
        corpus.memory_rows,
        data.n_rows,
        dictionary,
        data.pretrained,
        data.note,
    )
    wo = zeros(dictionary.nlabels * stride)
    if former is not None:
        former.set_rows(corpus.ids, corpus.memory_rows, wi.reshape(-1, stride))
        if valid is not None:
            former.set_rows(valid.untrained_ids, valid.untrained_rows, wi.reshape(-1, stride))
        former.set_outputs(wo.reshape(-1, stride))
    trainer = Trainer(args, dictionary, corpus, wi, wo, stride, data.weights)
    trainer.scheme.kernel.load()  # so that compiling does not count as training
    if watch is not None and valid is not None:
        from fastcli.fasttext.validation import measure_with

        measure_with(watch, valid, args, dictionary, trainer)
    start_loss = math.nan
    if former is not None:
        from fastcli.fasttext.validation import first_loss

        start_loss = first_loss(trainer)
    reporter.stage("training")
    started = time.monotonic()
    problem, interrupted, is_stopped = None, 0, False
    try:
        status = run_and_report(trainer.run(watch), reporter)
        loss, is_stopped = status.loss, status.is_stopped
        interrupted = trainer.epoch * is_stopped
    except TrainingDiverged as error:
        if watch is None or watch.best is None:
            raise
        problem, loss = error, watch.history[-1].loss
    except KeyboardInterrupt:
        if watch is None or watch.best is None:
            raise
        watch.show()
        interrupted, loss = trainer.epoch, watch.history[-1].loss
    best = watch.best if watch is not None else None
    if former is not None:
        former.add_tokens(dictionary)
    return Trained(
        args=args.model_args(),
        dictionary=dictionary,
        wi=wi if best is None else best.wi,
        wo=wo if best is None else best.wo,
        stride=stride,
        ids=corpus.ids,
        memory_rows=corpus.memory_rows,
        loss=loss,
        lines_at_once=trainer.lines_at_once,
        seconds=time.monotonic() - started,
        watch=watch,
        problem=problem,
        learned=learned(args, dictionary, corpus, trainer, watch, data.weights, start_loss),
        interrupted=interrupted,
        is_stopped=is_stopped,
        former=former,
    )


def label_names(args: TrainArgs, dictionary: Dictionary) -> list[str]:
    """Return the labels as messages show them, without their prefix."""
    prefix = os.fsencode(args.label)
    return [readable(label.removeprefix(prefix)) for label in dictionary.labels()]


def learned(
    args: TrainArgs,
    dictionary: Dictionary,
    corpus: Corpus,
    trainer: Trainer,
    watch: Watch | None,
    weights: Weights | None,
    start_loss: float,
) -> Learned:
    """Return the facts of a training by which ``Learned`` judges it.

    ``start_loss`` is what a former model has on the training lines, NaN without one.
    """
    counts = dictionary.label_counts()
    # All scores are 0 before training, so that each decision between two costs ln 2.
    if args.loss == "ns":
        guess, start = sampled_guess(counts, args.neg), (1 + args.neg) * math.log(2)
    elif args.loss in ("ova", "one-vs-all"):
        guess, start = binary_guess(counts, corpus.n_lines), len(counts) * math.log(2)
    elif args.loss == "hs":
        guess = one_of_all_guess(counts)
        start = path_start(counts, np.diff(trainer.tree.offsets))
    else:
        guess, start = one_of_all_guess(counts), math.log(len(counts))
    label_weights = None
    if weights is not None:
        labels = corpus.labels, corpus.label_offsets
        label_weights = weights.label_sums(*labels)
        guess = weights.one_of_all_guess(*labels)
        if args.loss in ("ova", "one-vs-all"):
            guess = weights.binary_guess(*labels)
        elif args.loss == "ns":
            guess = math.nan
    if args.input_model:  # it starts from what the former model knows
        counts = np.bincount(corpus.labels, minlength=dictionary.nlabels)
        guess, start = start, start_loss
    patience = watch.args.patience if watch is not None else 0
    less = ["--patience 3"] * (not patience) + ["fewer -epoch"]
    less += ["-wordNgrams 1"] * (args.word_ngrams > 1 and not args.input_model)
    less += ["more training lines"] * bool(patience)
    return Learned(
        labels=label_names(args, dictionary),
        label_counts=counts,
        label_weights=label_weights,
        loss=trainer.epoch_loss,
        guess=guess,
        start=start,
        lr=args.lr,
        largest_lr=largest_lr(args.optimizer),
        goes_on=bool(args.input_model),
        monitor=watch.metric.text if watch is not None else "",
        history=watch.history if watch is not None else [],
        kept=watch.best_evaluation if watch is not None else None,
        best=watch.best_meter if watch is not None else None,
        overfit=one_of(less),
    )
