"""Training a classifier: read the text, check what it needs, set the rows, and train."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from fastcli.errors import TrainingDiverged
from fastcli.evaluation.lessons import Learned, binary_guess, one_of_all_guess, sampled_guess
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.checks import check_corpus
from fastcli.fasttext.initial_rows import initial_rows
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.fasttext.needs import check_needs, classifier_needs
from fastcli.fasttext.read_text import read_corpus
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trainer import Trainer
from fastcli.fasttext.validation import Validator, read_valid
from fastcli.kernels.linear.means import mean_rows
from fastcli.kernels.linear.scores import fill_blocks
from fastcli.kernels.linear.validation import measure_lines
from fastcli.memory import padded, zeros
from fastcli.printable import counted, readable
from fastcli.reporting import Reporter, run_and_report

if TYPE_CHECKING:
    from fastcli.fasttext.watch import Watch
    from fastcli.text.corpus import Corpus
    from fastcli.text.dictionary import Dictionary


def train_supervised(args: TrainArgs, reporter: Reporter, watch: Watch | None = None) -> Trained:
    """Train a classifier, and keep the best model that ``watch`` finds, if it validates.

    Raises ArgumentError, DataError, FastcliError (too little memory) or TrainingDiverged, which is
    kept as ``Trained.problem`` where there is a best model from before.
    """
    args.check()
    stride = padded(args.dim)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import open_pretrained

        pretrained = open_pretrained(args, reporter.note)
    dictionary, corpus = read_corpus(args, reporter, pretrained)
    check_corpus(args, dictionary, corpus, reporter)
    valid = None
    if watch is not None and (path := watch.args.valid_lines):
        valid = read_valid(path, args, dictionary, corpus)
        if valid.left_out:
            reporter.note(f"{path}: {counted(valid.left_out)} without a known label or word.")
    check_needs(classifier_needs(args, dictionary, corpus, valid is not None), args, reporter)
    n_rows = corpus.shards * corpus.shard_rows + (valid is not None)  # and one of zeros
    wi = initial_rows(
        args, corpus.ids, corpus.memory_rows, n_rows, dictionary, pretrained, reporter
    )
    wo = zeros(dictionary.nlabels * stride)
    trainer = Trainer(args, dictionary, corpus, wi, wo, stride)
    trainer.scheme.kernel.load()  # so that compiling does not count as training
    if watch is not None and valid is not None:
        model = Model(
            args=args.model_args(),
            dictionary=dictionary,
            wi=DenseMatrix(wi, stride),
            wo=DenseMatrix(wo, stride),
            label=args.label,
        )
        counts = dictionary.label_counts()
        scheme = trainer.scheme
        for kernel in (fill_blocks, mean_rows, measure_lines):
            kernel.load()
        watch.measure_with(Validator(valid, scheme.model, scheme.loss, counts), model)
    reporter.stage("training")
    started = time.monotonic()
    problem = None
    try:
        loss = run_and_report(trainer.run(watch), reporter).loss
    except TrainingDiverged as error:
        if watch is None or watch.best is None:
            raise
        problem, loss = error, watch.history[-1].loss
    best = watch.best if watch is not None else None
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
        learned=learned(args, dictionary, corpus, trainer.epoch_loss, watch),
    )


def learned(
    args: TrainArgs, dictionary: Dictionary, corpus: Corpus, loss: float, watch: Watch | None
) -> Learned:
    """Return the facts of a training by which ``Learned`` judges it."""
    counts = dictionary.label_counts()
    if args.loss == "ns":
        guess = sampled_guess(counts, args.neg)
    elif args.loss in ("ova", "one-vs-all"):
        guess = binary_guess(counts, corpus.n_lines)
    else:
        guess = one_of_all_guess(counts)
    prefix = os.fsencode(args.label)
    return Learned(
        labels=[readable(label.removeprefix(prefix)) for label in dictionary.labels()],
        label_counts=counts,
        loss=loss,
        guess=guess,
        lr=args.lr,
        history=watch.history if watch is not None else [],
        kept=watch.best_evaluation if watch is not None else None,
        best=watch.best_meter if watch is not None else None,
    )
