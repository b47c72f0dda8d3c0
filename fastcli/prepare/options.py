"""The options of ``prepare``: a row for each."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.distribution import extra
from fastcli.options import MOST, Need, Values, names_of, option
from fastcli.tables.options import BAD_BYTES, LABELS_FROM
from fastcli.text import options as text

FORMATS = ("auto", "csv", "tsv", "json", "jsonl", "parquet", "folder", "fasttext")
QUOTES = ("auto", "yes", "no")
ESCAPES = ("auto", "backslash", "none")
UNICODE = ("none", "nfc", "nfkc")
DIGITS = ("keep", "zero", "remove")
URLS = ("keep", "mask", "remove")
SEGMENTS = ("none", "chars", "jieba")
DEDUPS = ("none", "exact", "near")
LABEL_CASES = ("keep", "first", "lower")
SPLITS = ("hash", "order")
MOST_PROCESSES = 1024

INTO_FOLDER = Need(lambda v: v.output != "-", lambda v: "with -o -, which writes all lines")
KINDS = {
    "json": "JSON",
    "jsonl": "JSONL",
    "parquet": "Parquet",
    "folder": "folders",
    "fasttext": "lines of fastText",
}  # that are no tables


def _formats(v: Values) -> set[str]:
    """Return the formats of the inputs; "" for one that is not known before it is read."""
    return set(v.kinds) if v.kinds else {"" if v.format == "auto" else v.format}


def _on_formats(v: Values) -> str:
    if v.format != "auto":
        return f"with --format {v.format}"
    return f"on {names_of([KINDS[kind] for kind in sorted(_formats(v))])}"


OF_TABLES = Need(lambda v: not _formats(v) <= KINDS.keys(), _on_formats)
WITH_COLUMNS = Need(lambda v: not _formats(v) <= {"folder", "fasttext"}, _on_formats)


@dataclass(frozen=True, kw_only=True)
class PrepareOptions:
    """The options of prepare; ``PrepareArgs`` are made from them."""

    output: str = option(
        "",
        "folder to write to; -: all lines to standard output, in the order of rows",
        group="files",
        shown="-o",
        file="folder",
    )
    files_from: tuple[str, ...] = option((), text.FILES_FROM)
    like: str = option(
        "",
        "prepare lines or rows as this prepare.json says, a line for each to standard output",
        group="files",
        file="file",
    )
    format: str = option(
        "auto",
        "format of the input (folder: each file is a text; auto: by name and content)",
        group="input",
        choices=FORMATS,
    )
    text_column: tuple[str, ...] = option(
        (), "text column, by name or position; repeatable", group="input", needs=(WITH_COLUMNS,)
    )
    label_column: tuple[str, ...] = option(
        (), "label column, by name or position; repeatable", group="input", needs=(WITH_COLUMNS,)
    )
    label_from: str = option("column", text.LABEL_FROM, group="input", choices=LABELS_FROM)
    group_column: str = option(
        "",
        "keep rows with the same value in this column in one part",
        group="input",
        needs=(INTO_FOLDER,),
    )
    weight_column: str = option("", text.WEIGHT_COLUMN, group="input")
    label_separator: str = option(
        "",
        "separator of several labels in one cell (or name); none: a cell is one label",
        group="input",
    )
    labels_as: str = option("auto", text.LABELS_AS, group="input")
    none: str = option("", "label for rows that have none", group="input")
    join: str = option(
        " ",
        "separator to join several text columns with",
        group="input",
        default_text="a space",
        needs=(
            WITH_COLUMNS,
            Need(lambda v: len(v.text_column) > 1, lambda v: "without several --text-column"),
        ),
    )
    delimiter: str = option("", text.DELIMITER, group="input", needs=(OF_TABLES,))
    quotes: str = option(
        "auto",
        "whether quotes enclose cells (no: they are text; auto: csv yes, tsv no)",
        group="input",
        choices=QUOTES,
        needs=(OF_TABLES,),
    )
    escape: str = option(
        "auto",
        "what escapes a quote inside a cell (auto: found in the first rows)",
        group="input",
        choices=ESCAPES,
        needs=(OF_TABLES,),
    )
    header: bool = option(False, text.HEADER, group="input", needs=(OF_TABLES,))
    no_header: bool = option(False, text.NO_HEADER, group="input", needs=(OF_TABLES,))
    encoding: str = option("utf-8", "encoding of the input, such as gb18030", group="input")
    bad_bytes: str = option("error", text.BAD_BYTES, group="input", choices=BAD_BYTES)
    skip_bad: bool = option(
        False,
        "write bad rows to rejects.jsonl, with the reason, and continue",
        group="input",
    )
    label_case: str = option(
        "keep",
        "labels that differ by case, spaces or a final comma become one (first: as first seen)",
        group="labels",
        choices=LABEL_CASES,
    )
    label_map: str = option(
        "",
        "CSV file of the columns from,to: labels that get another name (none: rows left out)",
        group="labels",
        file="file",
    )
    min_label: int = option(
        0,
        "leave out labels with fewer rows than this",
        group="labels",
        at_least=0,
        at_most=MOST,
    )
    other: str = option(
        "",
        "name that labels below --min-label get, instead of being left out",
        group="labels",
        needs=(Need(lambda v: v.min_label > 1, lambda v: "without --min-label"),),
    )
    max_per_label: int = option(
        0,
        "most rows of each label, the first ones (0: all)",
        group="labels",
        at_least=0,
        at_most=MOST,
    )
    clean: bool = option(
        False,
        "the same as --html --unicode nfc --control --lowercase --punctuation",
        group="cleaning",
    )
    html: bool = option(False, "remove tags and decode entities", group="cleaning")
    urls: str = option(
        "keep", "what to do with URLs (mask: by the word URL)", group="cleaning", choices=URLS
    )
    unicode: str = option(
        "none",
        "Unicode normal form (nfkc: full-width letters become narrow)",
        group="cleaning",
        choices=UNICODE,
    )
    control: bool = option(False, "remove control and invisible characters", group="cleaning")
    lowercase: bool = option(False, "convert to lower case", group="cleaning")
    digits: str = option(
        "keep", "what to do with digits (zero: each becomes 0)", group="cleaning", choices=DIGITS
    )
    punctuation: bool = option(
        False, "separate punctuation from words, as fastText's scripts do", group="cleaning"
    )
    max_length: int = option(
        0, "maximum tokens kept per line (0: all)", group="cleaning", at_least=0, at_most=MOST
    )
    segment: str = option(
        "none",
        f"word segmentation (chars: each Chinese or Japanese character; jieba: {extra('zh')})",
        group="tokens",
        choices=SEGMENTS,
    )
    tokenizer_cmd: str = option(
        "", "shell command that writes a line of tokens for each line it reads", group="tokens"
    )
    user_dict: str = option(
        "", "user dictionary of jieba: word, frequency, part of speech", group="tokens", file="file"
    )
    stopwords: str = option(
        "", "file of words to take out, one on each line", group="tokens", file="file"
    )
    min_token_length: int = option(
        0, "take out tokens of fewer characters", group="tokens", at_least=0, at_most=MOST
    )
    split: str = option("80,10,10", "percentages of train, valid and test", group="output")
    split_by: str = option(
        "hash",
        "how rows are split (hash: of the text; order: the first rows of each label are train)",
        group="output",
        choices=SPLITS,
        needs=(INTO_FOLDER,),
    )
    overwrite: bool = option(
        False,
        "replace files in the folder that are not as prepare left them",
        group="output",
        needs=(INTO_FOLDER,),
    )
    cover_labels: bool = option(
        True,
        "do not force every label into train",
        group="output",
        also=("--any-label-anywhere",),
        needs=(INTO_FOLDER,),
    )
    no_shuffle: bool = option(
        False,
        "keep train.txt in the order of rows, as valid.txt and test.txt are",
        group="output",
        needs=(INTO_FOLDER,),
    )
    dedup: str = option(
        "none", "remove duplicates (near: a few words differ)", group="output", choices=DEDUPS
    )
    label: str = option("__label__", text.LABEL, group="output")
    weight_prefix: str = option(
        "",
        text.WEIGHT_PREFIX,
        help="prefix of the token with the weight of its line, which is kept as it is",
        group="output",
        default_text="none, or __weight__ with --weight-column",
    )
    seed: int = option(
        0,
        "random seed of the split and of the order of train.txt",
        group="output",
        fasttext=True,
        at_least=-(2**62),
        at_most=2**62 - 1,
        needs=(INTO_FOLDER,),
    )
    thread: int = option(1, text.THREAD, help="number of processes", at_most=MOST_PROCESSES)
    verbose: int = option(2, text.VERBOSE, help="0: silent, 1: the table at the end, 2: progress")
