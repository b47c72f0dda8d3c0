"""The interface of the package ``fasttext`` up to 0.8 (salestock's fastText.py), for old scripts.

``fastcli.fasttext_shim.install(api="salestock")`` makes ``import fasttext`` mean this module.
Names, order and defaults of arguments, attributes and results are those of version 0.8.3;
``input`` is taken for ``input_file`` as well, as its manual had it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.api.arguments import line_of
from fastcli.api.batches import flat
from fastcli.api.fasttext_packages import OLDER_VERSION
from fastcli.errors import DataError, cannot_open
from fastcli.evaluation.predictor import MIN_BYTES_FOR_THREADS, Predictor
from fastcli.fasttext.args import DEFAULTS
from fastcli.fasttext.model_file import load_model as load
from fastcli.fasttext.vectors import Vectors
from fastcli.notices import say, warn
from fastcli.reporting import Reporter
from fastcli.text.inputs import text_blocks
from fastcli.threads import usable_cpus

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model

DEFAULT_BUCKET = 2_000_000  # where a classifier has n-grams and is given no buckets for them
MODEL_NAMES = {"sg": "skipgram", "cbow": "cbow", "sup": "supervised"}
ATTRIBUTES = [
    "dim",
    "ws",
    "epoch",
    "min_count",
    "neg",
    "word_ngrams",
    "bucket",
    "minn",
    "maxn",
    "lr_update_rate",
    "t",
]


class _Model:
    """What both kinds of model have: the arguments of their training, as attributes."""

    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    bucket: int
    minn: int
    maxn: int
    lr_update_rate: int
    t: float

    def __init__(self, model: Model, encoding: str) -> None:
        self._model, self.encoding = model, encoding
        self.model_name = MODEL_NAMES[model.args.model]
        self.loss_name = model.args.loss
        for name in ATTRIBUTES:
            setattr(self, name, getattr(model.args, name))


class WordVectorModel(_Model):
    """Word vectors: ``model["word"]``, ``"word" in model``, ``words``, ``cosine_similarity``."""

    @cached_property
    def words(self) -> set[str]:
        """All words of the dictionary.  Raises UnicodeDecodeError if one is not in the encoding."""
        dictionary = self._model.dictionary
        return {word.decode(self.encoding) for word in dictionary.entries(0, dictionary.nwords)}

    def __getitem__(self, word: str) -> list[float]:
        """Return the vector of a word, ``dim`` numbers; an unknown one has that of its n-grams."""
        (vector,) = Vectors(self._model, 1).of_words([word.encode(self.encoding)]).tolist()
        return list(vector)

    get_vector = __getitem__  # its name before version 0.7

    def __contains__(self, word: str) -> bool:
        return word in self.words

    def cosine_similarity(self, first_word: str, second_word: str) -> float:
        """Return the cosine of the angle between two words' vectors; NaN if one is zero."""
        first, second = np.array(self[first_word]), np.array(self[second_word])
        with np.errstate(invalid="ignore"):
            return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


@dataclass
class ClassifierTestResult:
    """Precision and recall of the k best labels, and the number of lines that were tested."""

    precision: float
    recall: float
    nexamples: int


class SupervisedModel(_Model):
    """A classifier; ``label_prefix`` is taken off the labels that it returns."""

    def __init__(self, model: Model, label_prefix: str, encoding: str) -> None:
        super().__init__(model, encoding)
        self.label_prefix = label_prefix

    @cached_property
    def labels(self) -> list[str]:
        """All labels.  Raises UnicodeDecodeError if one is not in the encoding."""
        return [self._label(name) for name in self._model.labels()]

    def _label(self, name: bytes) -> str:
        return name.decode(self.encoding).replace(self.label_prefix, "")

    def test(self, test_file: str, k: int = 1) -> ClassifierTestResult:
        """Test the k best labels of each line of a file; labels of the file may repeat.

        Raises DataError if it cannot be read.
        """
        try:
            blocks = text_blocks(os.fspath(test_file))
            meter = Predictor(self._model, k, 0.0, usable_cpus()).test(blocks).as_written()
        except OSError as error:
            raise DataError(cannot_open(test_file, error, "testing")) from None
        right, wanted = int(meter.right.sum()), int(meter.gold.sum())
        precision = right / (k * meter.n) if meter.n else float("nan")
        return ClassifierTestResult(precision, right / wanted if wanted else float("nan"), meter.n)

    def predict(self, texts: Iterable[str], k: int = 1) -> list[list[str]]:
        """Return the k best labels of each text; none where the model knows no token of it."""
        return [[self._label(name) for name, _ in row] for row in self._rows(texts, k)]

    def predict_proba(self, texts: Iterable[str], k: int = 1) -> list[list[tuple[str, float]]]:
        """Return the k best labels of each text with their probabilities, of six digits."""
        return [
            [(self._label(name), float(f"{p:.6g}")) for name, p in row]
            for row in self._rows(texts, k)
        ]

    def _rows(self, texts: Iterable[str], k: int) -> Iterator[list[tuple[bytes, float]]]:
        if isinstance(texts, str):
            warn("The texts are one str, so each character is a text: give a list, [text].")
        # A line end within a text is a space: a text is one line, which ends at a written </s>.
        lines = [line_of(flat(text), "predict").encode(self.encoding) for text in texts]
        block = np.frombuffer(b"".join(lines), np.uint8)
        n_threads = usable_cpus() if len(block) >= MIN_BYTES_FOR_THREADS else 1
        rows = Predictor(self._model, k, 0.0, n_threads).rows([block] if lines else [])
        yield from (row for row, _ in zip(rows, lines, strict=True))


def load_model(
    filename: str, label_prefix: str = "", encoding: str = "utf-8"
) -> WordVectorModel | SupervisedModel:
    """Load a ``.bin`` file: word vectors or a classifier.

    ``label_prefix`` is taken off the labels that a classifier returns; "" leaves them as they are.
    Raises ModelFormatError for anything but a complete and valid model.
    """
    model = load(os.fspath(filename))
    if model.warning:
        warn(model.warning)
    if model.args.model != "sup":
        return WordVectorModel(model, encoding)
    if label_prefix and "label" not in model.about:  # another program's: the file does not say
        model.label = label_prefix
    return SupervisedModel(model, label_prefix, encoding)


def _signature(command: str, between: dict[str, Any], after: dict[str, Any]) -> Signature:
    """Return the arguments of a training function, with its defaults."""
    args = DEFAULTS[command]
    names = [
        "lr",
        "dim",
        "ws",
        "epoch",
        "min_count",
        "neg",
        "word_ngrams",
        "loss",
        "bucket",
        "minn",
        "maxn",
    ]
    defaults = {
        **between,
        **{name: getattr(args, name) for name in names},
        **({"bucket": 0} if args.model == "sup" else {}),
        **{"thread": 12, "lr_update_rate": args.lr_update_rate, "t": args.t},
        **after,
        **{"silent": 1, "encoding": "utf-8"},
    }
    kind = Parameter.POSITIONAL_OR_KEYWORD
    files = [Parameter(name, kind) for name in ("input_file", "output")]
    return Signature([*files, *(Parameter(k, kind, default=v) for k, v in defaults.items())])


def _training(command: str, signature: Signature) -> Callable[..., Any]:
    """Return a training function: it writes ``<output>.bin`` and ``.vec`` and loads the first."""

    def train(*args: Any, **options: Any) -> WordVectorModel | SupervisedModel:
        if "input" in options:
            options["input_file"] = options.pop("input")
        bound = signature.bind(*args, **options)
        bound.apply_defaults()
        return _train(command, bound.arguments)

    train.__name__ = train.__qualname__ = command
    train.__doc__ = _TRAINING_DOC.format(
        what="a classifier" if command == "supervised" else f"word vectors by {command}"
    )
    train.__signature__ = signature  # type: ignore[attr-defined]
    return train


_TRAINING_DOC = """Train {what} on a text file; write ``<output>.bin`` and ``<output>.vec``.

Returns the model.  ``thread`` is at most the number of processors; ``silent`` has no effect, since
nothing is printed.  Raises ArgumentError, DataError or TrainingDiverged.
"""


def _train(command: str, given: dict[str, Any]) -> WordVectorModel | SupervisedModel:
    from fastcli.fasttext.train_and_save import train_and_save

    options = dict(given)
    path, output = os.fspath(options.pop("input_file")), os.fspath(options.pop("output"))
    encoding, prefix = options.pop("encoding"), options.pop("label_prefix", "")
    del options["silent"]
    if prefix:
        options["label"] = prefix
    if options["bucket"] == 0 and (options["word_ngrams"] > 1 or options["maxn"] > 0):
        options["bucket"] = DEFAULT_BUCKET
        say(f"n-grams need buckets, and bucket is 0: taken as {DEFAULT_BUCKET:,}.")
    options["thread"] = min(options["thread"], usable_cpus())
    args = replace(DEFAULTS[command], input=(path,), output=output, verbose=0, **options)
    train_and_save(args, _Warning())
    return load_model(f"{output}.bin", prefix, encoding)


class _Warning(Reporter):
    """Shows nothing of a training but what was not done."""

    def warn(self, sentence: str) -> None:
        warn(sentence)


supervised = _training(
    "supervised",
    _signature("supervised", {"label_prefix": "__label__"}, {"pretrained_vectors": ""}),
)
skipgram = _training("skipgram", _signature("skipgram", {}, {}))
cbow = _training("cbow", _signature("cbow", {}, {}))


def contents() -> dict[str, dict[str, Any]]:
    """Return what ``import fasttext`` and imports from its submodules are to find, by name."""
    functions = {"supervised": supervised, "skipgram": skipgram, "cbow": cbow}
    functions["load_model"] = load_model
    classes = (WordVectorModel, SupervisedModel, ClassifierTestResult)
    return {
        "fasttext": {**functions, "__VERSION__": OLDER_VERSION},
        "fasttext.fasttext": functions,
        "fasttext.model": {one.__name__: one for one in classes},
    }
