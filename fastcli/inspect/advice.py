"""Advice on a data set: notes on the whole of it, and suggested training options."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fastcli.fasttext.args import DEFAULTS
from fastcli.inspect.costs import costs
from fastcli.inspect.data import DataSet
from fastcli.mlp.task import looks_like_numbers
from fastcli.options import snake
from fastcli.printable import LONGEST_NAME, listed, readable, shortened
from fastcli.tables.dialects import BOM, decode_lines, looks_like_table, shown_delimiter
from fastcli.text.alike import alike
from fastcli.text.likely_weights import likely_weight_sentence
from fastcli.threads import usable_cpus

UNBALANCED = 50  # lines of the largest label for one of the smallest
MANY_LABELS = 1000  # from here on softmax is slow
MOST_BUCKETS = 2_000_000  # fastText's default
RARE = 5  # lines that a label should have at least
WORDS_AT_MOST = 20_000  # words whose character n-grams are counted
PREFIX = re.compile(rb"(__\w+?__|\W+|[A-Za-z]+[:=])")


@dataclass
class Suggestion:
    """An option, its value, and the reason for it in a few words."""

    option: str
    value: str
    reason: str


@dataclass(kw_only=True)
class Advice:
    """How to train on a data set, and the memory and disk space it needs, in bytes."""

    command: list[str]
    suggestions: list[Suggestion] = field(default_factory=list)
    memory: int = 0
    file: int = 0
    disk: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the advice as JSON."""
        return {
            "command": shlex.join(self.command),
            "options": [vars(suggestion) for suggestion in self.suggestions],
            "memory": self.memory,
            "file": self.file,
            "disk": self.disk,
        }


# ------------------------------------------------------------------------- notes


def notes(data: DataSet, is_training: bool, delimiter: str = "") -> list[dict[str, str]]:
    """Return notes on the data set as a whole: a kind and a sentence each.

    The order of lines matters only where they are trained on.  ``delimiter`` is what separates
    the columns of a table; "": it is found out.
    """
    table = "" if data.labels else _table(data, delimiter)
    numbers = _numbers(data)
    found = {
        "table": table,
        "no_labels": "" if table else _no_labels(data),
        "weights": "" if table else _weights(data),
        "sorted": _sorted(data) if is_training else "",
        "numbers": numbers,
        "imbalance": "" if numbers else _imbalance(data),
        "rare_labels": "" if numbers else _rare(data),
        "labels_by_case": _alike(data),
        "unsegmented": _unsegmented(data),
    }
    return [{"note": kind, "sentence": sentence} for kind, sentence in found.items() if sentence]


def _name(word: bytes) -> str:
    """Return a word of the text, or its start, for use in a sentence."""
    return shortened(readable(word))


def _table(data: DataSet, delimiter: str) -> str:
    """Say that a file is a table, and what its columns are; "" if it is not one."""
    lines = decode_lines(b"\n".join(data.head).removeprefix(BOM))
    dialect = looks_like_table(data.path, lines, delimiter)
    if dialect is None:
        return ""
    first = lines[0].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    found = dialect.split(np.frombuffer(first.encode(), np.uint8), most_rows=1)
    cells = [
        first.encode()[a:b].decode()
        for a, b in zip(found.cell_starts.tolist(), found.cell_ends.tolist(), strict=True)
    ]
    if found.n == 0:
        return ""
    n = len(cells)
    columns = f"{n:,} columns, separated by {shown_delimiter(dialect.delimiter)}"
    return (
        f"The file is a table of {columns if n > 1 else 'one column'}. The first row: "
        f"{listed([cell.strip() for cell in cells])}. 'fastcli prepare' makes lines of labels and "
        "text from it; 'fastcli mlp-train' learns from columns of numbers."
    )


def _no_labels(data: DataSet) -> str:
    if data.labels:
        return ""
    most = [_name(word) for word, _ in data.first_words.most_common(3)]
    shown = ", ".join(repr(word) for word in most)
    sentence = f"No word starts with {data.prefix}, so there are no labels."
    if shown:
        sentence += f" Lines start with {shown}."
    prefix = _likely_prefix(data.first_words)
    if prefix:
        return f"{sentence} Did you mean -label {shlex.quote(prefix)}?"
    return (
        f"{sentence} If labels have another prefix, give it with -label; 'fastcli prepare' makes "
        "such lines from CSV, TSV or JSON."
    )


def _weights(data: DataSet) -> str:
    if data.likely_weight:
        return likely_weight_sentence(
            data.likely_weight,
            f"{data.n_weighted:,} of {data.n:,} lines have one. Here they are not counted as "
            "words; training takes them for weights only with --weight-prefix {prefix}.",
        )
    if not data.weight_prefix:
        return ""
    n = f"{data.n_weighted:,}" if data.n_weighted else "none"
    return (
        f"Tokens that begin with {data.weight_prefix} are weights of lines: {n} of {data.n:,} "
        "lines have one."
    )


def _sorted(data: DataSet) -> str:
    order = data.order
    if order.is_sorted:
        what = (
            f"The lines are sorted by label, or grouped by it: {_percent(order.repeated)} of the "
            f"labels are on the next line too; in a random order, {_percent(order.expected)}."
        )
    elif order.run_lines:
        label = _name(list(data.labels)[order.run_label])
        what = (
            f"{order.run_lines:,} neighbouring lines ({order.run_share:.1%}), from line "
            f"{order.run_start:,} on, have the label {label}: they are not in a random order."
        )
    else:
        return ""
    return (
        f"{what} 'fastcli supervised' shuffles lines itself; before training with --no-shuffle or "
        "with fastText, which keep the order of the file and would learn badly, shuffle them "
        "with shuf or 'fastcli prepare'."
    )


def _percent(share: float) -> str:
    """Return a share in percent, rounded down: 100.0% is all.

    >>> _percent(0.9998)
    '99.9%'
    """
    return f"{math.floor(1000 * share) / 10:.1f}%"


def _likely_prefix(first_words: Counter[bytes]) -> str:
    """Return what nearly all lines start with and a name may follow, or nothing."""
    found: Counter[bytes] = Counter()
    for word, count in first_words.items():
        match = PREFIX.match(word)
        if match and match.end() < len(word):
            found[match[0]] += count
    if not found:
        return ""
    prefix, count = found.most_common(1)[0]
    is_likely = count >= 0.9 * sum(first_words.values()) and len(prefix) <= LONGEST_NAME
    return readable(prefix) if is_likely else ""


def _imbalance(data: DataSet) -> str:
    ratio = data.imbalance()
    if ratio is None or ratio <= UNBALANCED:
        return ""
    ordered = data.by_count()
    return (
        f"The labels are unbalanced: {ordered[0][1]:,} lines of {_name(ordered[0][0])}, "
        f"{ordered[-1][1]:,} of {_name(ordered[-1][0])}. Look at each label with "
        "'fastcli test-label', not at P@1 alone."
    )


def _rare(data: DataSet) -> str:
    n = sum(count < RARE for count in data.labels.values())
    if not n:
        return ""
    return (
        f"{n:,} of {len(data.labels):,} labels have fewer than {RARE} lines, "
        f"too few to learn from; -minCountLabel {RARE} leaves them out."
    )


def _numbers(data: DataSet) -> str:
    """Say that labels are numbers, which are better learned as such; "" if they are not."""
    prefix = os.fsencode(data.prefix)
    names = [readable(label.removeprefix(prefix)) for label in data.labels]
    if not looks_like_numbers(names, sum(data.labels.values())):
        return ""
    command = ["fastcli", "mlp-train", "-input", input_name(data.path)]
    command += ["-output", output_name(data.path), "--task", "regression"]
    return (
        f"The labels are {len(names):,} different numbers: learn them as numbers with "
        f"{shlex.join(command)}"
    )


def _alike(data: DataSet) -> str:
    prefix = os.fsencode(data.prefix)
    tokens = {readable(label.removeprefix(prefix)): readable(label) for label in data.labels}
    groups = sorted(sorted(tokens[name] for name in group) for group in alike(tokens))
    if not groups:
        return ""
    shown = " and ".join(map(shortened, groups[0][:2]))
    return (
        f"Labels differ only by case, spaces or a final comma, such as {shown} "
        f"({len(groups):,} in all); to a classifier they are different labels. "
        "'fastcli prepare --label-case first' makes one label of them."
    )


def is_unsegmented(data: DataSet) -> bool:
    """Tell whether the text is in a script without spaces and is not segmented."""
    foreign = data.ideographs + data.letters
    if foreign < 0.3 * data.characters or not data.tokens:
        return False
    return data.word_length > (4 if data.ideographs >= data.letters else 8)


def is_of_characters(data: DataSet) -> bool:
    """Tell whether the text is cut into single characters of a script without spaces."""
    return data.ideographs > 0.3 * data.characters and data.word_length < 1.3


def _unsegmented(data: DataSet) -> str:
    if not is_unsegmented(data):
        return ""
    return (
        f"The script has no spaces between words, and the text is not cut into words (a token "
        f"has {data.word_length:.1f} characters). Cut it with 'fastcli prepare --segment', or "
        "train on character n-grams, as below."
    )


# ------------------------------------------------------------------------- options


def advise(data: DataSet) -> Advice:
    """Return how to train on a data set: a classifier if it has labels, else word vectors."""
    if not data.labels:
        return _advise_words(data)
    options = [_loss(data), *_ngrams(data), _dim(data), *_epochs(data)]
    if len(data.words) > 500_000:
        share = data.n_hapax / len(data.words)
        options.append(Suggestion("-minCount", "2", f"{share:.0%} of the words occur only once"))
    words = ["fastcli", "supervised", "-input", input_name(data.path)]
    words += ["-output", output_name(data.path)]
    if data.prefix != "__label__":
        words += ["-label", data.prefix]
    if data.weight_prefix and data.n_weighted:
        words += ["--weight-prefix", data.weight_prefix]
    advice = Advice(
        command=words + [w for s in options for w in (s.option, s.value)], suggestions=options
    )
    _measure(advice, data)
    return advice


def _advise_words(data: DataSet) -> Advice:
    ngrams = character_ngrams(data, 3, 6)
    reason = f"about {ngrams:,.0f} different character n-grams"
    options = [_dim(data), Suggestion("-bucket", str(buckets(ngrams)), reason)]
    if data.tokens < 5_000_000:
        options.append(Suggestion("-minCount", "2", f"only {data.tokens:,} words of text"))
        options.append(Suggestion("-epoch", "20", "little text: more epochs"))
    words = [
        "fastcli",
        "skipgram",
        "-input",
        input_name(data.path),
        "-output",
        output_name(data.path),
    ]
    advice = Advice(
        command=words + [w for s in options for w in (s.option, s.value)], suggestions=options
    )
    _measure(advice, data)
    return advice


def input_name(path: str) -> str:
    """Return the file to train on; standard input cannot be read by training."""
    return "FILE" if path == "-" else path


def output_name(path: str) -> str:
    """Return a name for a model: ``topics`` of ``data/topics.train.txt``, else ``model``.

    >>> output_name("data/train.txt")
    'model'
    """
    name = Path(path).name.split(".")[0]
    return "model" if name in ("", "-", "train", "test", "valid") else name


def _loss(data: DataSet) -> Suggestion:
    n = len(data.labels)
    if data.n_multilabel > 0.01 * data.n and n <= 10 * MANY_LABELS:
        share = data.n_multilabel / data.n
        return Suggestion("-loss", "one-vs-all", f"{share:.0%} of the lines have several labels")
    if n > MANY_LABELS:
        return Suggestion("-loss", "hs", f"{n:,} labels: a tree is quicker than all of them")
    return Suggestion("-loss", "softmax", f"{n:,} labels are few enough for the exact loss")


def _ngrams(data: DataSet) -> list[Suggestion]:
    if is_unsegmented(data):
        n = character_ngrams(data, 1, 3)
        return [
            Suggestion("-minn", "1", "text that is not cut into words: its characters"),
            Suggestion("-maxn", "3", "and sequences of two and three of them"),
            Suggestion("-bucket", str(buckets(n)), f"about {n:,.0f} different n-grams"),
        ]
    if data.bigrams < 1:
        return []
    reason = (
        "single characters: pairs of them are like words"
        if is_of_characters(data)
        else ("pairs of words, such as 'not good'")
    )
    return [
        Suggestion("-wordNgrams", "2", reason),
        Suggestion(
            "-bucket", str(buckets(data.bigrams)), f"about {data.bigrams:,.0f} different pairs"
        ),
    ]


def character_ngrams(data: DataSet, minn: int, maxn: int, min_count: int = 1) -> float:
    """Estimate the number of different character n-grams from a sample of the words.

    Their number grows with a power of the number of words (Heaps' law), which the second half of
    those words shows.
    """
    found: set[str] = set()
    n_words = int(np.count_nonzero(data.counts >= min_count))
    half = 0
    kept = (word for word, i in data.words.items() if data.counts[i] >= min_count)
    for i, word in enumerate(islice(kept, WORDS_AT_MOST)):
        if i == WORDS_AT_MOST // 2:
            half = len(found)
        text = f"<{word.decode('utf-8', 'replace')}>"
        for n in range(minn, maxn + 1):
            found.update(text[k : k + n] for k in range(len(text) - n + 1))
    if n_words <= WORDS_AT_MOST or not half:
        return float(len(found))
    return float(len(found) * (n_words / WORDS_AT_MOST) ** math.log2(len(found) / half))


def buckets(ngrams: float) -> int:
    """Return a round number of buckets above that of n-grams, at most fastText's default.

    >>> buckets(30_000)
    50000
    """
    least = max(1.2 * ngrams, 10_000.0)
    power = 10 ** math.floor(math.log10(least))
    size = next(step * power for step in (1, 2, 5, 10) if step * power >= least)
    return min(int(size), MOST_BUCKETS)


def _dim(data: DataSet) -> Suggestion:
    n = len(data.words)
    if not data.labels:
        return Suggestion("-dim", "100" if n < 100_000 else "300", f"{n:,} words")
    dim = 20 if n < 5_000 and len(data.labels) < 20 else 50 if n < 50_000 else 100
    return Suggestion("-dim", str(dim), f"{n:,} words, {len(data.labels):,} labels")


def _epochs(data: DataSet) -> list[Suggestion]:
    n = data.n
    epoch = 50 if n < 1_000 else 25 if n < 20_000 else 10 if n < 200_000 else 5
    lr = "0.5" if n < 1_000_000 else "0.25"
    size = "few" if n < 20_000 else "some" if n < 200_000 else "many"
    return [
        Suggestion("-epoch", str(epoch), f"{n:,} lines are {size}"),
        Suggestion("-lr", lr, "the default, 0.1, learns slowly"),
    ]


def _measure(advice: Advice, data: DataSet) -> None:
    """Set what training with the options needs: memory, file size, and disk space."""
    command = DEFAULTS["supervised" if data.labels else "skipgram"]
    known = {snake(s.option[1:]): s.value for s in advice.suggestions}
    given = {name: type(getattr(command, name))(value) for name, value in known.items()}
    args = replace(command, thread=usable_cpus(), **given)
    different = data.bigrams
    if args.maxn > 0:
        different = character_ngrams(data, args.minn, args.maxn, args.min_count)
    found = costs(data, args, different)
    advice.memory, advice.file, advice.disk = found.memory, found.file, found.disk
