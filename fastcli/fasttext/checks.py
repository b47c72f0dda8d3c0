"""Whether a text can be trained on, and what a user should know about it."""

from __future__ import annotations

from codecs import BOM_UTF8

from fastcli.errors import ArgumentError, DataError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_args import MOST, ModelArgs
from fastcli.memory import check_memory, padded
from fastcli.reporting import Reporter
from fastcli.text.corpus import Corpus
from fastcli.text.dictionary import Dictionary
from fastcli.text.inputs import first_bytes


def check_rows(args: TrainArgs, model_args: ModelArgs, dictionary: Dictionary) -> None:
    """Raise an error, before memory is taken for them, for more rows than there can be."""
    if dictionary.nwords + dictionary.nlabels + model_args.bucket > MOST:
        raise ArgumentError(
            f"-bucket {args.bucket} and {dictionary.nwords:,} words make more than {MOST} rows "
            "together: use a smaller -bucket."
        )
    # The least that is certain: rows of words and labels, the map of buckets, features twice.
    rows = dictionary.nwords + dictionary.nlabels
    features = 8 * dictionary.ntokens * args.word_ngrams
    check_memory(4 * padded(args.dim) * rows + 4 * model_args.bucket + features)


def check_corpus(
    args: TrainArgs, dictionary: Dictionary, corpus: Corpus, reporter: Reporter
) -> None:
    """Raise an error if nothing can be trained on; note which lines are left out.

    Raises DataError or ArgumentError.
    """
    if dictionary.nlabels == 0:
        from fastcli.fasttext.no_labels import no_label

        raise no_label(args.input, args.label)
    if corpus.n_lines == 0:
        from fastcli.fasttext.no_labels import first_line

        first = first_line(args.input)
        raise DataError(
            "No line has both a label and a word of the dictionary, so there is nothing to train "
            f"on. The first line is {first!r}; a smaller -minCount keeps more words."
        )
    if args.loss == "ns" and dictionary.nlabels < 2:
        raise ArgumentError(
            "-loss ns needs at least two labels, and there is only one: use -loss softmax."
        )
    if first_bytes(args.input, len(BOM_UTF8)) == BOM_UTF8:
        reporter.note(
            "The text starts with a byte-order mark, which belongs to its first token: "
            "remove it (sed -i '1s/^\\xef\\xbb\\xbf//' FILE) if that token is a label."
        )
    skipped = corpus.skipped
    reasons = [
        (skipped.no_label, "without a label"),
        (skipped.no_known_label, "with rare labels only"),
        (skipped.no_feature, "without a word of the dictionary"),
    ]
    counts = ", ".join(f"{n:,} {reason}" for n, reason in reasons if n)
    if counts:
        reporter.note(f"Lines left out of training: {counts}.")
