"""Thresholds and calibration that a command asks for, and a model with what identifies it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fastcli.cli._declare import given_names
from fastcli.cli._options import Predicting, load_classifier
from fastcli.errors import ModelFormatError

if TYPE_CHECKING:
    from fastcli.api.inputs import Question
    from fastcli.evaluation.classifier import Classifier
    from fastcli.tables.options import TableOptions


def decided(
    ctx: click.Context, classifier: Classifier, question: Question, options: Predicting
) -> tuple[Classifier, Question]:
    """Return a classifier that uses the thresholds and the calibration that options ask for.

    See ``deciding.decided``, also for what is raised.
    """
    if not options.thresholds and not options.calibrated:
        return classifier, question
    from fastcli.api import deciding

    is_given = "k" in given_names(ctx) or _names_k(ctx)
    asked = deciding.Asked(options.thresholds, options.calibrated, is_given)
    return deciding.decided(classifier, question, asked)


def _names_k(ctx: click.Context) -> bool:
    """Tell whether k stands behind the files."""
    from fastcli.cli._test_data import divided

    return bool(divided(ctx.params["data"]).numbers) if ctx.params.get("data") else False


def load_identified(model: str, table: TableOptions) -> tuple[Classifier, dict[str, int]]:
    """Load a classifier, and return what identifies it; a pipe is read once."""
    from fastcli.api.loading import opened
    from fastcli.contents import identity_of_bytes

    contents = opened(model)
    if isinstance(contents, str):
        raise ModelFormatError(f"{model} cannot be opened for loading!")
    identity = identity_of_bytes(contents.data)
    return load_classifier(model, table, contents), identity
