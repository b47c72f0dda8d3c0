"""Quantizing a model in memory, as the command ``quantize`` does with a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastcli.api.spelling import speaks_of_arguments
from fastcli.api.told import Told, announcements
from fastcli.fasttext.options import QuantizeOptions
from fastcli.fasttext.quantize import Sizes, check_cutoff, usable
from fastcli.fasttext.quantize_and_save import (
    QuantizeArgs,
    check_inputs,
    checked_train_args,
    quantized_model,
)
from fastcli.options import rows_of

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model


@speaks_of_arguments(lambda: rows_of((QuantizeOptions,)))
def quantized(
    model: Model,
    source: str,
    cutoff: int,
    retrain: bool,
    sizes: tuple[int, bool, bool],
    given: dict[str, Any],
    verbose: int,
) -> Model:
    """Return a quantized model: ``sizes`` are dsub, qnorm and qout, ``given`` what retrains it.

    ``source`` is the training text.  Raises FastcliError or a child of it.
    """
    args = QuantizeArgs(
        output="model",
        input=(source,) if source else (),
        sizes=Sizes(*sizes),
        dsub_is_fixed=True,
        cutoff=cutoff,
        retrain=retrain,
        **given,
    )
    check_cutoff(args.cutoff, args.target_size)
    check_inputs(args)
    train_args = checked_train_args(args, model, "The model")
    with announcements(verbose):
        made, notes = quantized_model(args, train_args, model, Told(verbose))
    return replace(usable(made), about=notes)
