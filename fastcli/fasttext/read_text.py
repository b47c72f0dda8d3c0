"""Reading training text: count its tokens, check the dictionary, and make lines of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.checks import check_rows
from fastcli.reporting import Reporter
from fastcli.text.corpus import Corpus, make_corpus
from fastcli.text.counting import Counted, count_tokens, known_ids
from fastcli.text.dictionary import Dictionary, build_dictionary
from fastcli.text.inputs import text_size
from fastcli.text.invalid_utf8 import invalid_utf8_note
from fastcli.text.line_features import FeatureArgs
from fastcli.text.line_weights import take_weights
from fastcli.text.sentences import Sentences, make_sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fastcli.fasttext.continuing import Former
    from fastcli.fasttext.model import Model
    from fastcli.text.pretrained import Pretrained


def read_corpus(
    args: TrainArgs,
    reporter: Reporter,
    pretrained: Pretrained | None,
    former: Former | None = None,
) -> tuple[Dictionary, Corpus]:
    """Read the input of a classifier: its dictionary, and its lines as rows of features.

    The dictionary has all entries of the ``former`` model, too, if training goes on with one.
    Raises DataError if a file cannot be read or has no words, ArgumentError or FastcliError
    where there would be too many rows.
    """
    counted, dictionary, ids = _count(args, reporter, pretrained, former)
    features = FeatureArgs(
        minn=args.minn,
        maxn=args.maxn,
        word_ngrams=args.word_ngrams,
        bucket=args.model_args().bucket,
    )
    all_words = pretrained is not None and pretrained.adds_words
    corpus = make_corpus(counted, dictionary, ids, features, args.thread, all_words=all_words)
    return dictionary, corpus


def read_sentences(
    args: TrainArgs, reporter: Reporter, pretrained: Pretrained | None
) -> tuple[Dictionary, Sentences]:
    """Read the input of word vectors: its dictionary, and its lines as word ids.

    Raises what ``read_corpus`` does.
    """
    counted, dictionary, ids = _count(args, reporter, pretrained)
    return dictionary, make_sentences(counted, ids)


def read_known(model: Model, args: TrainArgs, reporter: Reporter) -> Corpus:
    """Read text as rows of features of a model; raises DataError if a file cannot be read.

    Weights of lines, as the model was trained with, are read and are not used.
    """
    known = model.args
    reporter.stage("reading", text_size(args.input))
    counted = count_tokens(args.input, model.label, args.thread, reporter.read)
    if model.weight_prefix:
        take_weights(counted, model.weight_prefix, args.input)
    reporter.stage("features")
    features = FeatureArgs(
        minn=known.minn,
        maxn=known.maxn,
        word_ngrams=known.word_ngrams,
        bucket=known.bucket,
        bucket_rows=model.bucket_rows,
    )
    ids = known_ids(model.dictionary, counted.words)
    return make_corpus(counted, model.dictionary, ids, features, args.thread)


def _count(
    args: TrainArgs,
    reporter: Reporter,
    pretrained: Pretrained | None,
    former: Former | None = None,
) -> tuple[Counted, Dictionary, NDArray[np.int32]]:
    """Count tokens; return them, the dictionary, and the ids of the entries of the word table."""
    model_args = args.model_args()
    reporter.stage("reading", text_size(args.input))
    counted = count_tokens(args.input, args.label, args.thread, reporter.read)
    if args.line_weights:
        take_weights(counted, args.line_weights, args.input)
    if sentence := invalid_utf8_note(counted, args.input):
        reporter.note(sentence)
    if former is None:
        dictionary, ids = build_dictionary(counted.words, args.min_count, args.min_count_label)
    else:
        dictionary, ids = former.extend(counted.words, args)
    reporter.row(dictionary)
    for sentence in former.sentences() if former is not None else ():
        reporter.note(sentence)
    reporter.stage("features")
    check_rows(args, model_args, dictionary)
    if pretrained is not None and pretrained.adds_words:
        dictionary, ids = pretrained.extend(dictionary, counted.words)
        check_rows(args, model_args, dictionary)
    return counted, dictionary, ids
