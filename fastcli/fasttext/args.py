"""Training arguments: fastText's names, its defaults for each command, and their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from fastcli import options
from fastcli.errors import ArgumentError
from fastcli.evaluation.options import COLUMN_WEIGHTS, WEIGHTING, check_weighting
from fastcli.fasttext.model_args import FEWEST_WS, LEAST_T, ModelArgs
from fastcli.options import Need, camel, only_in, option, rows
from fastcli.overwriting import STREAM
from fastcli.tables.options import OF_TABLES
from fastcli.text import options as text

RATES = {"sgd": 0.1, "adagrad": 0.1, "adam": 0.01}  # where a classifier is given none
FOR_QUANTIZE = only_in("quantize")
FOR_SIZES = Need(
    lambda v: v.command == "quantize" or bool(v.autotune_validation and v.autotune_modelsize),
    lambda v: f"in {v.command}, only in quantize and with -autotune-modelsize",
)


@dataclass(frozen=True, kw_only=True)
class TrainArgs(ModelArgs):
    """All arguments of a training command; the defaults are those of ``supervised``."""

    input: tuple[str, ...] = option(
        (),
        f"training text, one example per line: {text.INPUTS}",
        group="files",
        fasttext=True,
        file="file",
        more_files=True,
    )
    output: str = option(
        "",
        "writes <name>.bin (the model), <name>.vec and <name>.bin.json",
        group="files",
        fasttext=True,
        file="file",
    )
    lr: float = option(
        0.1,
        "learning rate",
        group="training",
        order=-2,
        fasttext=True,
        at_least=0,
    )
    optimizer: str = option(
        "sgd",
        "optimizer of classifiers; with adam -lr is 0.01 by default",
        group="training",
        shown="-optimizer",
        choices=RATES,
        kind="optimizer",
    )
    min_count_label: int = option(0, text.MIN_COUNT_LABEL)
    label: str = option("__label__", text.LABEL)
    thread: int = option(1, text.THREAD)
    seed: int = option(
        0,
        text.SEED,
        help="random seed; the same seed gives the same file (word vectors: on one thread)",
    )
    verbose: int = option(2, text.VERBOSE)
    save_output: bool = option(
        False,
        "also write the output matrix to <name>.output",
        group="files",
        fasttext=True,
    )
    pretrained_vectors: str = option("", text.PRETRAINED_VECTORS)
    input_model: str = option(
        "",
        text.INPUT_MODEL,
        help="continue training this classifier (.bin), keeping its -dim, n-grams, -bucket, "
        "-label and -loss",
    )
    vectors_words: str = option("all", text.VECTORS_WORDS_ROW)
    no_vec: bool = option(False, "do not write <name>.vec", group="files")
    no_shuffle: bool = option(
        False,
        "visit lines in the order of the file instead of reshuffling them each epoch",
        group="training",
    )
    class_weight: str = option("", text.CLASS_WEIGHT)
    weight_prefix: str = option("", text.WEIGHT_PREFIX)
    weight_column: str = option("", text.WEIGHT_COLUMN, needs=(OF_TABLES,))
    cutoff: int = option(
        0,
        "number of words and n-grams to keep (0: all)",
        group="quantization",
        fasttext=True,
        at_least=0,
        needs=(FOR_QUANTIZE,),
    )
    retrain: bool = option(
        False,
        "fine-tune the kept rows on -input after -cutoff",
        group="quantization",
        fasttext=True,
        needs=(FOR_QUANTIZE,),
    )
    qnorm: bool = option(
        False,
        "quantize norms separately",
        group="quantization",
        fasttext=True,
        needs=(FOR_QUANTIZE,),
    )
    qout: bool = option(
        False,
        "quantize the output matrix too (256 labels or more)",
        group="quantization",
        fasttext=True,
        needs=(FOR_QUANTIZE,),
    )
    dsub: int = option(
        2,
        "size of each sub-vector",
        group="quantization",
        fasttext=True,
        at_least=1,
        needs=(FOR_SIZES,),
    )

    def model_args(self) -> ModelArgs:
        """Return the part that the model file holds."""
        names = ModelArgs.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        if self.loss == "ova":
            values["loss"] = "one-vs-all"
        if self.word_ngrams <= 1 and self.maxn == 0:
            values["bucket"] = 0  # no n-grams: no buckets
        return ModelArgs(**values)

    @property
    def line_weights(self) -> str:
        """The prefix of the tokens that are weights of lines, those of a column included."""
        return self.weight_prefix or (COLUMN_WEIGHTS if self.weight_column else "")

    def recorded(self) -> dict[str, Any]:
        """Return the arguments by their names, the newer ones only where they are given."""
        newer = {"input_model", *WEIGHTING}  # so that models without them are the same bytes
        return {k: v for k, v in asdict(self).items() if v or k not in newer}

    def check_output(self) -> None:
        """Raise ArgumentError if there is no name for the files of the model."""
        if not self.output:
            raise ArgumentError("Empty input or output path.")

    def check(self) -> None:
        """Raise ArgumentError for values that cannot work, with what to do instead."""
        if not self.input or not all(self.input):
            raise ArgumentError("Empty input or output path.")
        if self.class_weight:
            from fastcli.evaluation.weights import check_class_weight

            check_class_weight(self.class_weight)
        self.check_values()

    def check_values(self) -> None:
        """Do what ``check`` does, but let there be no input or output."""
        if STREAM in self.input:
            from fastcli.text.spooled import check_stdin

            check_stdin(self.input)
        options.check_choices(TrainArgs, loss=self.loss, optimizer=self.optimizer)
        if self.optimizer != "sgd" and self.model != "sup":
            raise ArgumentError(f"-optimizer {self.optimizer} is for classifiers: leave it out.")
        options.check_choices(TrainArgs, vectors_words=self.vectors_words)
        options.check_ranges(self)
        if self.model != "sup":
            if self.loss in ("ova", "one-vs-all"):
                raise ArgumentError(f"-loss {self.loss} is for classifiers: use ns, hs or softmax.")
            if self.ws < 1:
                raise ArgumentError(f"-ws must be {FEWEST_WS}, not {self.ws}.")
            if not self.t > 0:
                raise ArgumentError(f"-t must be {LEAST_T}, not {self.t} (1 keeps every word).")
        check_weighting(self.weight_prefix, self.weight_column, self.label)
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
    return next((row.shown for row in rows(TrainArgs) if row.name == name), "-" + camel(name))


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
