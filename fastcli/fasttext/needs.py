"""What training a linear model needs: memory, and disk space for the model file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_bytes import file_size
from fastcli.fasttext.save import rows_of_words, saving_memory
from fastcli.fasttext.schemes import is_copied
from fastcli.fasttext.visits import COUNTING_THREADS
from fastcli.kernels.linear.batches import MOST_LINES
from fastcli.kernels.linear.shared_rows import PAIRS
from fastcli.memory import Needs, check_memory, padded
from fastcli.optimizers import OPTIMIZERS
from fastcli.reporting import Reporter
from fastcli.text.corpus import Corpus
from fastcli.text.dictionary import Dictionary
from fastcli.text.sentences import Sentences

if TYPE_CHECKING:
    from fastcli.fasttext.continuing import Former

# What a row of the model file takes on the disk beyond its floats, where rows of zeros are left
# out as holes: it may touch two pages that it does not fill.
PAGES_OF_A_ROW = 8192


def batch_memory(args: TrainArgs, nlabels: int, n_lines: int, n_rows: int) -> int:
    """Return the bytes that training in batches takes beside the matrices."""
    scores = 4 * MOST_LINES * nlabels
    if not is_copied(args, nlabels):
        return scores
    counting = 4 * n_rows * min(args.thread, COUNTING_THREADS)
    return scores + 4 * PAIRS * n_lines // MOST_LINES + counting  # and what lines share


def classifier_needs(
    args: TrainArgs,
    dictionary: Dictionary,
    corpus: Corpus,
    n_inputs: int,
    keeps_best: bool = False,
    former: Former | None = None,
) -> Needs:
    """Return what training a classifier needs, before its matrices are allocated.

    The input matrix will have ``n_inputs`` rows in memory.  A run that ``keeps_best`` has a copy of
    the matrices.  The file of a ``former`` model may be in memory while its rows are copied.
    """
    slots = OPTIMIZERS[args.optimizer].slots
    n_rows = n_inputs + dictionary.nlabels
    matrices = 4 * padded(args.dim) * n_rows
    batches = batch_memory(args, dictionary.nlabels, corpus.n_lines, n_rows)
    measuring = 4 * padded(args.dim) * dictionary.nlabels * keeps_best  # output rows in blocks
    rows = 0 if args.no_vec else rows_of_words(args, dictionary)
    saving = saving_memory(args, dictionary.nwords, rows, dictionary.nlabels)
    needs = _needs(
        args,
        dictionary,
        (len(corpus.ids), dictionary.nlabels),
        matrices=(1 + slots + keeps_best) * matrices + batches + measuring,
        saving=saving
        - slots * matrices
        - batches
        - measuring
        - corpus.nbytes,  # which are freed before
    )
    if former is None:
        return needs
    disk = min(needs.file, needs.disk + former.disk_bytes)
    return replace(needs, disk=disk, mapped=former.mapped_bytes, smaller="model")


def word_vectors_needs(
    args: TrainArgs,
    dictionary: Dictionary,
    sentences: Sentences,
    n_rows: int,
    rows_of_words: int,
    scratch: int,
) -> Needs:
    """Return what training word vectors needs, before its matrices are allocated.

    The input matrix has ``n_rows`` in memory, all words together have ``rows_of_words`` of them,
    and each thread takes ``scratch`` bytes.
    """
    matrices = 4 * padded(args.dim) * (n_rows + dictionary.nwords) + args.thread * scratch
    saving = saving_memory(args, dictionary.nwords, rows_of_words, dictionary.nwords)
    return _needs(
        args,
        dictionary,
        (n_rows, dictionary.nwords),
        matrices=matrices,
        saving=saving - sentences.nbytes - 4 * rows_of_words,  # which are freed before
    )


def _needs(
    args: TrainArgs, dictionary: Dictionary, n_rows: tuple[int, int], matrices: int, saving: int
) -> Needs:
    """Return needs; ``n_rows`` are those in memory of the input and of the output matrix."""
    inputs, outputs = n_rows
    size = file_size(args.model_args(), dictionary)
    on_disk = inputs * (4 * args.dim + PAGES_OF_A_ROW) + 4 * args.dim * outputs
    return Needs(
        matrices=matrices,
        file=size,
        disk=min(size, on_disk),
        saving=saving,
        least_disk=4 * args.dim * (inputs + outputs),
    )


def check_needs(needs: Needs, args: TrainArgs, reporter: Reporter) -> None:
    """Report the needs if they are large; raise FastcliError if they certainly cannot be met."""
    if sentence := needs.sentence(always=bool(args.pretrained_vectors)):
        reporter.note(sentence)
    if args.output:
        needs.check(f"{args.output}.bin", reporter.warn)
    else:
        check_memory(needs.to_come, needs.smaller)
