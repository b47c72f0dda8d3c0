"""The options of validation during training, which supervised and mlp-train share."""

from __future__ import annotations

from collections.abc import Sequence

from fastcli.distribution import extra
from fastcli.errors import ArgumentError
from fastcli.evaluation.metric_names import metric_names
from fastcli.options import Need, Option, only_beside

HELD_OUT = "--valid-share"  # the name of lines that are held out, as of a file
WITH_VALID = Need(
    lambda v: bool(v.valid or v.valid_share or v.folds),
    lambda v: f"without {v.shown('valid')}, {v.shown('valid_share')} or {v.shown('folds')}",
)
VALID = Option(
    help="validation file, evaluated during training; the best model is saved",
    group="validation",
    file="file",
)
VALID_SHARE = Option(
    help="fraction of the training lines held out for validation, stratified by label",
    group="validation",
    at_least=0,
    below=1,
)
EVAL_EVERY = Option(
    help="epochs between evaluations, or steps: 500steps",
    group="validation",
    default_text="1 epoch",
    values="a number of epochs, or of steps: 500steps",
)
PATIENCE = Option(
    help="stop after N evaluations without improvement (0: never)",
    group="validation",
    at_least=0,
)
MONITOR = Option(
    help=f"what decides which evaluation is best: {metric_names()}",
    group="validation",
    needs=(WITH_VALID,),
)
FOLDS = Option(
    help="K-fold cross-validation before training the final model",
    group="validation",
    at_least=2,
    default_text="off",
)
FOLDS_OUTPUT = Option(
    help="write what the folds predict of each line to this .csv, .tsv or .jsonl",
    group="validation",
    file="file",
    needs=(only_beside("folds"),),
)
RETRY_NAN = Option(
    help="where the loss becomes NaN, halve the learning rate and start again",
    group="training",
)
LOG = Option(
    help="file to log the arguments and evaluations to, one JSON object per line",
    group="files",
    file="file",
)
PLOT = Option(
    help=f"draw the learning curves to this .png, .svg or .pdf (needs {extra('plot')})",
    group="files",
    file="file",
)


WEIGHTING = ("class_weight", "weight_prefix", "weight_column")
# Begins the token by which lines of a table have their weight.  No cell can hold such a token:
# cleaning takes the unit separator for a space, and training does not.
COLUMN_WEIGHTS = "\x1fweight\x1f"


def check_weighting(prefix: str, column: str, label: str) -> None:
    """Raise ArgumentError for options of line weights that cannot work."""
    if prefix and column:
        raise ArgumentError("--weight-prefix and --weight-column: give one of them.")
    if prefix:
        from fastcli.text.line_weights import check_weight_prefix

        check_weight_prefix(prefix, label)


def prefix_of_table() -> ArgumentError:
    """Return the error of a prefix of weights for a table."""
    return ArgumentError(
        "--weight-prefix is for lines of text: the rows of a table have their weights in a column, "
        "--weight-column NAME."
    )


def check_folds(folds: int, input_model: str) -> None:
    """Raise ArgumentError for folds of a training that goes on with a model."""
    if folds and input_model:
        raise ArgumentError(
            "--folds and -inputModel: give one of them. A fold would be measured by a model that "
            "may have been trained on its lines."
        )


def check_once(inputs: Sequence[str], valid_share: float, folds: int) -> None:
    """Raise ArgumentError for a file that is given twice: its lines are to be learned and tested.

    ``inputs`` are the training files.
    """
    option = "--valid-share" if valid_share else "--folds" if folds else ""
    repeated = next((path for path in inputs if inputs.count(path) > 1), None)
    if option and repeated is not None:
        raise ArgumentError(
            f"{repeated} is given more than once, so that with {option} a model would be tested on "
            "lines that it has seen: give it once."
        )


def check_together(valid: str, valid_share: float, patience: int, folds: int) -> None:
    """Raise ArgumentError for options that contradict each other."""
    if folds and (valid or valid_share):
        raise ArgumentError(
            f"--folds and {'--valid' if valid else '--valid-share'}: give one of them. Each fold "
            "is measured on the lines that it leaves out."
        )
    if valid and valid_share:
        raise ArgumentError("--valid and --valid-share: give one of them.")
    if patience and folds:
        raise ArgumentError(
            "--patience needs validation lines, and with --folds there are none: leave one out."
        )
    if patience and not (valid or valid_share):
        raise ArgumentError(
            "--patience needs validation lines: give --valid FILE or --valid-share 0.1."
        )
