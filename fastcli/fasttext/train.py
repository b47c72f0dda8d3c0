"""Training a classifier: read the text, check what it needs, set the rows, and train."""

from __future__ import annotations

import time

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.checks import check_corpus
from fastcli.fasttext.model_file import file_size
from fastcli.fasttext.read_text import read_corpus
from fastcli.fasttext.reporter import Reporter, Status
from fastcli.fasttext.save import rows_of_words, saving_memory
from fastcli.fasttext.trained import Trained
from fastcli.fasttext.trainer import Trainer
from fastcli.kernels.base import matrix as matrix_kernels
from fastcli.kernels.linear import train as kernels
from fastcli.memory import Needs, padded, zeros
from fastcli.optimizers import OPTIMIZERS
from fastcli.threads import bounds, run_apart


def train_supervised(args: TrainArgs, reporter: Reporter) -> Trained:
    """Train a classifier.

    Raises ArgumentError, DataError, FastcliError (too little memory) or TrainingDiverged.
    """
    args.check()
    model_args = args.model_args()
    stride = padded(args.dim)
    pretrained = None
    if args.pretrained_vectors:
        from fastcli.fasttext.pretrained import epochs_note, open_pretrained, set_rows

        pretrained = open_pretrained(args, reporter.note)
    dictionary, corpus = read_corpus(args, reporter, pretrained)
    check_corpus(args, dictionary, corpus, reporter)
    size = file_size(model_args, dictionary)
    pages = len(corpus.ids) * (4 * args.dim + 8192)  # a row may touch two pages it does not fill
    slots = OPTIMIZERS[args.optimizer].slots
    matrices = 4 * stride * (corpus.shards * corpus.shard_rows + dictionary.nlabels)
    rows = 0 if args.no_vec else rows_of_words(args, dictionary)
    saving = saving_memory(args, dictionary.nwords, rows, dictionary.nlabels)
    needs = Needs(
        matrices=(1 + slots) * matrices,
        file=size,
        disk=min(size, pages + 4 * args.dim * dictionary.nlabels),
        saving=saving - slots * matrices - corpus.nbytes,  # which are let go of before
        least_disk=4 * args.dim * (len(corpus.ids) + dictionary.nlabels),
    )
    if sentence := needs.sentence(always=pretrained is not None):
        reporter.note(sentence)
    needs.check(f"{args.output}.bin", reporter.warn)
    wi = zeros(corpus.shards * corpus.shard_rows * stride)
    wo = zeros(dictionary.nlabels * stride)

    def init(thread: int) -> None:
        first, last = bounds(len(corpus.ids), thread, args.thread)
        matrix_kernels.init_rows(
            wi, corpus.memory_rows, corpus.ids, first, last, stride, args.dim, args.seed
        )

    run_apart(args.thread, init)
    if pretrained is not None:
        for sentence in set_rows(
            pretrained, dictionary, corpus.ids, corpus.memory_rows, wi.reshape(-1, stride)
        ):
            reporter.note(sentence)
        if sentence := epochs_note(pretrained, args.epoch, dictionary.ntokens):
            reporter.note(sentence)
    kernels.train_lines.load()  # so that compiling does not count as training
    trainer = Trainer(args, dictionary, corpus, wi, wo, stride)
    started = time.monotonic()
    status = Status(progress=1.0, words_per_second=0.0, lr=0.0, loss=0.0, eta=0.0)
    for status in trainer.run():
        reporter.status(status)
    reporter.finished(status)
    return Trained(
        args=model_args,
        dictionary=dictionary,
        wi=wi,
        wo=wo,
        stride=stride,
        ids=corpus.ids,
        memory_rows=corpus.memory_rows,
        loss=status.loss,
        seconds=time.monotonic() - started,
    )
