"""The options of autotune and of quantize: a row for each; those of training are in ``args``."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.evaluation.metric_names import metric_names
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_args import FOR_CLASSIFIERS
from fastcli.options import like, only_beside, option
from fastcli.text import options as text

METRICS = (
    f"{metric_names(lambda kind: kind.of_labels and not kind.lower_is_better)}; to minimise: "
    f"{metric_names(lambda kind: kind.of_labels and kind.lower_is_better)}"
)
TUNING = (FOR_CLASSIFIERS, only_beside("autotune_validation"))


@dataclass(kw_only=True, eq=False, repr=False)
class AutotuneOptions:
    """The options of autotune; ``AutotuneArgs`` are made from them."""

    autotune_validation: str = option(
        "",
        "validation file on which to search for the best arguments",
        group="autotune",
        shown="-autotune-validation",
        file="file",
    )
    autotune_metric: str = option(
        "f1",
        f"metric to maximise: {METRICS}",
        group="autotune",
        shown="-autotune-metric",
        needs=TUNING,
    )
    autotune_predictions: int = option(
        1,
        "labels predicted per line for the metric",
        group="autotune",
        shown="-autotune-predictions",
        at_least=1,
        needs=TUNING,
    )
    autotune_duration: int = option(
        300,
        "seconds for the whole search, saving included",
        group="autotune",
        shown="-autotune-duration",
        at_least=1,
        needs=TUNING,
    )
    autotune_modelsize: str = option(
        "",
        "make a .ftz (or a small .bin) of at most this size: 2M, 500k, 1G, bytes",
        group="autotune",
        shown="-autotune-modelsize",
        needs=TUNING,
    )
    autotune_trials: str = option(
        "",
        "file to log trials to, one JSON object per line",
        group="autotune",
        default_text="<name>.trials.jsonl",
        file="file",
        needs=TUNING,
    )
    autotune_resume: bool = option(
        False, "continue from the trials of an earlier run", group="autotune", needs=TUNING
    )


RETRAINING = (only_beside("retrain"),)


@dataclass(kw_only=True, eq=False, repr=False)
class QuantizeOptions:
    """The options of quantize; None: the value the model was trained with."""

    output: str = like(
        TrainArgs, "output", help="reads <name>.bin; writes <name>.ftz and <name>.ftz.json"
    )
    input: tuple[str, ...] = like(
        TrainArgs, "input", help="training text for -retrain, as in supervised", needs=RETRAINING
    )
    files_from: tuple[str, ...] = option((), text.FILES_FROM, needs=RETRAINING)
    test: str = option(
        "", "labelled file to measure P@1 on, before and after", group="files", file="file"
    )
    target_size: str = option(
        "",
        "choose -cutoff (and -dsub unless given) for a file of this size: 2M, 500k, bytes",
        group="quantization",
    )
    cutoff: int = like(TrainArgs, "cutoff")
    dsub: int = like(TrainArgs, "dsub")
    qnorm: bool = like(TrainArgs, "qnorm")
    qout: bool = like(TrainArgs, "qout")
    retrain: bool = like(TrainArgs, "retrain")
    lr: float | None = like(
        TrainArgs,
        "lr",
        default=None,
        default_text="that of the model",
        help="learning rate of -retrain",
        needs=RETRAINING,
    )
    epoch: int | None = like(
        TrainArgs,
        "epoch",
        default=None,
        default_text="that of the model",
        help="number of epochs of -retrain",
        needs=RETRAINING,
    )
    optimizer: str | None = like(
        TrainArgs,
        "optimizer",
        default=None,
        default_text="that of the model",
        help="optimizer of -retrain",
        needs=RETRAINING,
    )
    label: str | None = like(TrainArgs, "label", default=None, default_text="that of the model")
    seed: int = like(TrainArgs, "seed", help="random seed of -retrain", needs=RETRAINING)
    no_shuffle: bool = like(TrainArgs, "no_shuffle", needs=RETRAINING)
    thread: int = like(TrainArgs, "thread")
    verbose: int = like(TrainArgs, "verbose", help="0: silent, 1 and 2: progress")


class NoSize(ArgumentError):
    """Something that was to be a size is none."""


def size_in_bytes(size: str) -> int:
    """Read a size such as ``2M``, ``500k``, ``1G`` or a number of bytes; nothing is 0.

    The letters are powers of ten, as in fastText.  Raises NoSize for anything else.

    >>> size_in_bytes("2M")
    2000000
    """
    if not size:
        return 0
    letter = size[-1].lower()
    factor = {"k": 10**3, "m": 10**6, "g": 10**9}.get(letter, 1)
    digits = size if factor == 1 else size[:-1]
    if not (digits.isascii() and digits.isdigit()) or int(digits) == 0:
        raise NoSize(f"Unable to parse model size {size} (such as 2M, 500k, 1G)")
    return int(digits) * factor
