"""Training arguments: fastText's names, its defaults for each command, and what must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from fastcli.errors import ArgumentError
from fastcli.text import VECTORS_WORDS

LOSSES = {"hs": 1, "ns": 2, "softmax": 3, "one-vs-all": 4, "ova": 4}
LOSS_NAMES = {1: "hs", 2: "ns", 3: "softmax", 4: "one-vs-all"}
MODEL_NAMES = {1: "cbow", 2: "sg", 3: "sup"}
RATES = {"sgd": 0.1, "adagrad": 0.1, "adam": 0.01}  # where a classifier is given none
OWN = ("no_vec", "no_shuffle", "vectors_words")  # arguments that fastText does not have
MOST = 2**31 - 1  # what a model file can hold
MOST_NEG = 10_000  # negatives of a step, which must not take long: steps are not interrupted


@dataclass(frozen=True)
class ModelArgs:
    """The arguments that a model file holds, in the order of the file."""

    dim: int = 100
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: str = "softmax"
    model: str = "sup"
    bucket: int = 2000000
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4


@dataclass(frozen=True)
class TrainArgs(ModelArgs):
    """All arguments of a training command; the defaults are those of ``supervised``."""

    input: tuple[str, ...] = field(default=())
    output: str = ""
    lr: float = 0.1
    optimizer: str = "sgd"
    min_count_label: int = 0
    label: str = "__label__"
    thread: int = 1
    seed: int = 0
    verbose: int = 2
    save_output: bool = False
    pretrained_vectors: str = ""
    vectors_words: str = "all"
    no_vec: bool = False
    no_shuffle: bool = False
    cutoff: int = 0
    retrain: bool = False
    qnorm: bool = False
    qout: bool = False
    dsub: int = 2

    def model_args(self) -> ModelArgs:
        """Return the part that the model file holds."""
        names = ModelArgs.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        if self.loss == "ova":
            values["loss"] = "one-vs-all"
        if self.word_ngrams <= 1 and self.maxn == 0:
            values["bucket"] = 0  # no n-grams: no buckets
        return ModelArgs(**values)

    def check(self) -> None:
        """Raise ArgumentError for values that cannot work, with what to do instead."""
        if not self.input or not all(self.input) or not self.output:
            raise ArgumentError("Empty input or output path.")
        self.check_values()

    def check_values(self) -> None:
        """Do what ``check`` does, but let there be no input or output."""
        if "-" in self.input:
            raise ArgumentError(
                "Cannot use stdin for training! Write the text to a file first, or use "
                "-input <(command) in a shell that has it."
            )
        if self.loss not in LOSSES:
            raise ArgumentError(f"Unknown loss: {self.loss} (known: {', '.join(LOSSES)})")
        if self.optimizer not in RATES:
            known = ", ".join(RATES)
            raise ArgumentError(f"Unknown optimizer: {self.optimizer} (known: {known})")
        if self.optimizer != "sgd" and self.model != "sup":
            raise ArgumentError(f"-optimizer {self.optimizer} is for classifiers: leave it out.")
        if self.vectors_words not in VECTORS_WORDS:
            raise ArgumentError(
                f"--vectors-words must be {' or '.join(VECTORS_WORDS)}, not {self.vectors_words!r}."
            )
        at_least = {"dim": 1, "epoch": 0, "thread": 1, "wordNgrams": 1, "minCount": 0, "neg": 0}
        at_least.update(
            {
                "ws": 0,
                "seed": -MOST,
                "minn": 0,
                "maxn": 0,
                "bucket": 0,
                "minCountLabel": 0,
                "cutoff": 0,
                "dsub": 1,
                "lrUpdateRate": 0,
            }
        )
        for option, least in at_least.items():
            value = getattr(self, snake(option))
            if value < least:
                raise ArgumentError(f"-{option} must be {least} or more, not {value}.")
            most = MOST_NEG if option == "neg" else MOST
            if value > most:
                raise ArgumentError(f"-{option} must be {most} or less, not {value}.")
        if self.model != "sup":
            if self.loss in ("ova", "one-vs-all"):
                raise ArgumentError(f"-loss {self.loss} is for classifiers: use ns, hs or softmax.")
            if self.ws < 1:
                raise ArgumentError(f"-ws must be 1 or more, not {self.ws}.")
            if not self.t > 0:
                raise ArgumentError(f"-t must be above 0, not {self.t} (1 keeps every word).")
        if not self.lr >= 0 or self.lr == float("inf"):
            raise ArgumentError(f"-lr must be a number of 0 or more, not {self.lr}.")
        if not self.label:
            raise ArgumentError("-label must not be empty: every token would be a label.")
        if self.maxn and self.minn > self.maxn:
            raise ArgumentError(f"-minn ({self.minn}) must not be above -maxn ({self.maxn}).")
        if self.bucket == 0 and (self.word_ngrams > 1 or self.maxn > 0):
            raise ArgumentError(
                "-bucket 0 leaves no room for n-grams: give -bucket 1 or more, or leave out "
                "-wordNgrams and -maxn."
            )


WORDS = TrainArgs(lr=0.05, min_count=5, minn=3, maxn=6, loss="ns")
DEFAULTS = {
    "supervised": TrainArgs(),
    "skipgram": replace(WORDS, model="sg"),
    "cbow": replace(WORDS, model="cbow"),
}


def option_of(name: str) -> str:
    """Return the option of an argument: ``-wordNgrams`` of ``word_ngrams``.

    >>> option_of("no_vec")
    '--no-vec'
    """
    if name in OWN:
        return "--" + name.replace("_", "-")
    first, *rest = name.split("_")
    return "-" + first + "".join(word.capitalize() for word in rest)


def command_line(args: TrainArgs, always: Sequence[str] = ()) -> list[str]:
    """Return the words of a command that trains with these arguments.

    Arguments that have their default are left out, but for those in ``always``.
    """
    command = next(name for name, args_ in DEFAULTS.items() if args_.model == args.model)
    words = ["fastcli", command]
    for path in args.input:
        words += ["-input", path]
    for name in TrainArgs.__dataclass_fields__:
        value = getattr(args, name)
        is_default = value == getattr(DEFAULTS[command], name) and name not in always
        if name in ("input", "model", "thread", "verbose") or is_default:
            continue
        words += [option_of(name)] if value is True else [option_of(name), str(value)]
    return words


def snake(option: str) -> str:
    """Return the Python name of an option: ``wordNgrams`` is ``word_ngrams``."""
    return "".join("_" + c.lower() if c.isupper() else c for c in option.replace("-", "_"))
