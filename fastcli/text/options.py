"""Rows of the options that commands share which read text: see ``fastcli.options``."""

from __future__ import annotations

from fastcli.options import Need, Option, only_beside
from fastcli.text import VECTORS_WORDS

INPUTS = "files, folders of parts, 'part-*' or -; .gz .bz2 .xz .zst too"
VECTOR_FILES = ".vec, GloVe, word2vec (compressed too), .bin, .ftz"


def _has_ngrams(word_ngrams: int | None, maxn: int | None) -> bool:
    return (word_ngrams or 1) > 1 or (maxn or 0) > 0


# Autotune tries n-grams of its own, so it has a use for both.
WITH_MAXN = Need(
    lambda v: bool(v.maxn or v.autotune_validation), lambda v: f"while {v.shown('maxn')} is 0"
)
WITH_NGRAMS = Need(
    lambda v: _has_ngrams(v.word_ngrams, v.maxn) or bool(v.autotune_validation),
    lambda v: (
        f"while {v.shown('maxn')} is 0"
        if v.command in ("skipgram", "cbow")
        else f"without n-grams ({v.shown('word_ngrams')} 2 or more, or {v.shown('maxn')})"
    ),
)

DELIMITER = Option(
    help="character between the columns of a table", default_text="found in the first rows"
)
HEADER = Option(help="the first row of a table names its columns", default_text="by the rows below")
NO_HEADER = Option(help="the first row of a table is data")
NONE = Option(help="label for rows that have none")
JOIN = Option(help="separator to join several text columns with", default_text="a space")
QUOTES = Option(help="whether quotes enclose cells (no: they are text; auto: csv yes, tsv no)")
ESCAPE = Option(help="what escapes a quote inside a cell (auto: found in the first rows)")
LABEL_FROM = Option(help="where labels come from: a column, or the name of the file or folder")
BAD_BYTES = Option(help="what to do with bytes that cannot be decoded (replace: by U+FFFD)")
ENCODING = Option(help="encoding of a table, such as gb18030")
LABELS_AS = Option(
    help="take labels as text, or as numbers (auto: whole numbers of a column by their value)",
    choices=("auto", "text", "number"),
)
FILES_FROM = Option(
    help="file with more inputs, a path per line; -: standard input", group="files", file="file"
)
MIN_COUNT = Option(
    help="minimum number of occurrences of a word",
    group="dictionary",
    fasttext=True,
    at_least=0,
)
MIN_COUNT_LABEL = Option(
    help="minimum number of occurrences of a label",
    group="dictionary",
    fasttext=True,
    at_least=0,
)
CLASS_WEIGHT = Option(
    help="class weights: balanced (inverse frequency), sqrt (its root), or a file label,weight",
    group="training",
    values="balanced, sqrt or a file",
    file="file",
)
WEIGHT_PREFIX = Option(
    help="prefix of the token with the weight of its line: __weight__ of __weight__2.5",
    group="training",
)
WEIGHT_COLUMN = Option(
    help="column of a table with the weight of each row, by name or position",
    group="tables",
    order=1,
)
WORD_NGRAMS = Option(
    help="maximum length of word n-grams", group="dictionary", fasttext=True, at_least=1
)
BUCKET = Option(
    help="number of hash buckets for n-grams",
    group="dictionary",
    fasttext=True,
    at_least=0,
    needs=(WITH_NGRAMS,),
)
MINN = Option(
    help="minimum length of character n-grams",
    group="dictionary",
    fasttext=True,
    at_least=0,
    needs=(WITH_MAXN,),
)
MAXN = Option(
    help="maximum length of character n-grams (0: none)",
    group="dictionary",
    fasttext=True,
    at_least=0,
)
LABEL = Option(help="prefix of labels", group="dictionary", fasttext=True)
DIM = Option(help="size of word vectors", group="training", fasttext=True, at_least=1)
EPOCH = Option(help="number of epochs", group="training", fasttext=True, at_least=0)
PRETRAINED_VECTORS = Option(
    help=f"word vectors to start from: {VECTOR_FILES}",
    group="training",
    fasttext=True,
    file="file",
)
INPUT_MODEL = Option(help="", group="training", shown="-inputModel", file="file")
VECTORS_WORDS_ROW = Option(
    help="which words of these vectors enter the model (corpus: those of the text)",
    group="training",
    choices=VECTORS_WORDS,
    kind="value of --vectors-words",
    needs=(only_beside("pretrained_vectors"),),
)
SEED = Option(
    help="random seed; the same seed gives the same file on any number of threads",
    group="training",
    fasttext=True,
    at_least=-(2**31 - 1),
    at_most=2**31 - 1,
)
THREAD = Option(
    help="number of threads",
    group="running",
    fasttext=True,
    at_least=1,
    default_text="processors of this machine",
)
VERBOSE = Option(help="0: silent, 1: the final line, 2: progress", group="running", fasttext=True)
