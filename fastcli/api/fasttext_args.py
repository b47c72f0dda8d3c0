"""The arguments of a model as fastText's Python module has them, by its names and its enums."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from fastcli.errors import ModelFormatError
from fastcli.fasttext.args import DEFAULTS, TrainArgs
from fastcli.options import camel, configured, rows
from fastcli.printable import shortened

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model


class Numbered(Enum):
    """Names with fastText's numbers, which ``int`` gives."""

    def __int__(self) -> int:
        return int(self.value)


class loss_name(Numbered):
    """The losses."""

    hs = 1
    ns = 2
    softmax = 3
    ova = 4


class model_name(Numbered):
    """The kinds of model."""

    cbow = 1
    skipgram = 2
    supervised = 3


class metric_name(Numbered):
    """The metrics of autotune."""

    f1score = 1
    f1scoreLabel = 2
    precisionAtRecall = 3
    precisionAtRecallLabel = 4
    recallAtPrecision = 5
    recallAtPrecisionLabel = 6


ENUMS: tuple[type[Numbered], ...] = (loss_name, model_name, metric_name)
KINDS = {"sup": model_name.supervised, "sg": model_name.skipgram, "cbow": model_name.cbow}
COMMANDS = {"sup": "supervised", "sg": "skipgram", "cbow": "cbow"}
# Attributes of a model that was trained here, in fastText's order and spelling.
ATTRIBUTES = (
    *("lr", "dim", "ws", "epoch", "minCount", "minCountLabel", "minn", "maxn", "neg"),
    *("wordNgrams", "loss", "bucket", "thread", "lrUpdateRate", "t", "label", "verbose"),
    "pretrainedVectors",
)
UNKNOWN_LR = 0.05  # fastText's, of a model whose file says nothing of it
OF_AUTOTUNE = {
    "autotuneDuration": 300,
    "autotuneMetric": "f1",
    "autotuneModelSize": "",
    "autotunePredictions": 1,
    "autotuneValidationFile": "",
}


class Args:
    """The arguments of a model: ``lr``, ``dim``, ``wordNgrams``, ``loss`` and so on.

    ``loss`` and ``model`` are ``loss_name`` and ``model_name``.
    """

    lr: float
    dim: int
    epoch: int
    thread: int
    verbose: int
    label: str
    loss: loss_name
    model: model_name

    def __init__(self, args: TrainArgs | None = None) -> None:
        args = args or DEFAULTS["skipgram"]
        for name in TrainArgs.__dataclass_fields__:
            setattr(self, camel(name), getattr(args, name))
        for name, value in OF_AUTOTUNE.items():
            setattr(self, name, value)
        self.input, self.output = ",".join(args.input), ""  # a model is saved by save_model
        self.loss = loss_name["ova" if args.loss == "one-vs-all" else args.loss]
        self.model = KINDS[args.model]

    def setManual(self, name: str) -> None:
        """Do nothing: what was set by hand is known from what was given."""


def args_of(model: Model, name: str = "The model") -> TrainArgs:
    """Return the arguments of a model: those of its file, those of the JSON file beside it.

    What neither has is the default of its kind.  Raises ModelFormatError where the JSON file, of
    the model that errors call ``name``, has a value of another type.
    """
    kept: dict[str, Any] = model.about.get("arguments", {})
    of_file = {name: getattr(model.args, name) for name in model.args.__dataclass_fields__}
    known = replace(DEFAULTS[COMMANDS[model.args.model]], lr=UNKNOWN_LR)
    recorded = {}
    for row in rows(TrainArgs):
        if row.name not in kept or row.name in ("input", "output"):
            continue
        recorded[row.name] = configured(row, kept[row.name])
        if recorded[row.name] is None:
            raise ModelFormatError(
                f"{name}: the JSON file beside it is damaged: arguments.{row.name} should be "
                f"{row.type.__name__}, not {shortened(repr(kept[row.name]))}."
            )
    return TrainArgs(**{**vars(known), **recorded, **of_file, "label": model.label})
