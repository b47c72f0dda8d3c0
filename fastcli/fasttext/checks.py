"""Whether a text can be trained on, and what a user should know about it."""

from __future__ import annotations

from fastcli.errors import ArgumentError, DataError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_args import MOST, ModelArgs
from fastcli.memory import check_memory, padded
from fastcli.printable import listed_files
from fastcli.reporting import Reporter
from fastcli.text.corpus import Corpus
from fastcli.text.dictionary import Dictionary
from fastcli.text.encodings import MARKS, iconv_command
from fastcli.text.inputs import compression, open_compressed
from fastcli.text.spooled import is_file, place_of


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
    line = first_line(args.input)
    encoding = encoding_of_mark(line)
    first = shortened(line, encoding)
    if dictionary.nlabels == 0:
        raise DataError(
            f"No label found in {listed_files(args.input)}: no token starts with {args.label!r} "
            f"(or none occurs -minCountLabel times). The first line is {first!r}. "
            + (
                f"It is {encoding}: {iconv_command(encoding)}."
                if encoding != "utf-8"
                else "Write each example as LABEL text, or give the prefix with -label."
            )
        )
    if corpus.n_lines == 0:
        raise DataError(
            "No line has both a label and a word of the dictionary, so there is nothing to train "
            f"on. The first line is {first!r}; a smaller -minCount keeps more words."
        )
    if args.loss == "ns" and dictionary.nlabels < 2:
        raise ArgumentError(
            "-loss ns needs at least two labels, and there is only one: use -loss softmax."
        )
    if first.startswith("\ufeff"):
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


def first_line(paths: tuple[str, ...]) -> bytes:
    """Return the first line of the first file that has one."""
    for path in paths:
        if not is_file(place_of(path)):
            continue
        kind = compression(path)
        with open_compressed(path, kind) if kind else open(place_of(path), "rb") as file:
            line = file.readline(400)
            if line:
                return line
    return b""


def encoding_of_mark(text: bytes) -> str:
    """Return the encoding that a byte-order mark tells: utf-16, utf-32, else utf-8."""
    return next((name for name, marks in MARKS.items() if text.startswith(marks)), "utf-8")


def shortened(text: bytes, encoding: str, limit: int = 100) -> str:
    """Return bytes as one line of text for a message."""
    shown = text.decode(encoding, "replace").strip("\r\n\N{REPLACEMENT CHARACTER}")
    return shown if len(shown) <= limit else shown[:limit] + "..."
