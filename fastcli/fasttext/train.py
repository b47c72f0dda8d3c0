"""Training a classifier: read the text, check what it needs, set the rows, and train."""

from __future__ import annotations

import time

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.checks import check_corpus
from fastcli.fasttext.initial_rows import initial_rows
from fastcli.fasttext.needs import check_needs, classifier_needs
from fastcli.fasttext.read_text import read_corpus
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trainer import Trainer
from fastcli.memory import padded, zeros
from fastcli.reporting import Reporter, run_and_report


def train_supervised(args: TrainArgs, reporter: Reporter) -> Trained:
    """Train a classifier.

    Raises ArgumentError, DataError, FastcliError (too little memory) or TrainingDiverged.
    """
    args.check()
    stride = padded(args.dim)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import open_pretrained

        pretrained = open_pretrained(args, reporter.note)
    dictionary, corpus = read_corpus(args, reporter, pretrained)
    check_corpus(args, dictionary, corpus, reporter)
    check_needs(classifier_needs(args, dictionary, corpus), args, reporter)
    n_rows = corpus.shards * corpus.shard_rows
    wi = initial_rows(
        args, corpus.ids, corpus.memory_rows, n_rows, dictionary, pretrained, reporter
    )
    wo = zeros(dictionary.nlabels * stride)
    trainer = Trainer(args, dictionary, corpus, wi, wo, stride)
    trainer.scheme.kernel.load()  # so that compiling does not count as training
    reporter.stage("training")
    started = time.monotonic()
    status = run_and_report(trainer.run(), reporter)
    return Trained(
        args=args.model_args(),
        dictionary=dictionary,
        wi=wi,
        wo=wo,
        stride=stride,
        ids=corpus.ids,
        memory_rows=corpus.memory_rows,
        loss=status.loss,
        lines_at_once=trainer.lines_at_once,
        seconds=time.monotonic() - started,
    )
