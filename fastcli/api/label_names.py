"""The names of a model's labels, as commands show and accept them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.label_names import LabelNames


def label_names_of(classifier: Classifier, model: str, like: str = "") -> LabelNames:
    """Return the labels of a model with their names in the data.

    These are in the JSON file beside the model, or in the prepare.json that ``like`` names.  Raises
    DataError where these are damaged.
    """
    from fastcli.evaluation.label_names import LabelNames
    from fastcli.prepare.recorded import PREPARED, prepared_from, read_prepared

    if like:
        return LabelNames.of(classifier, read_prepared(like).names)
    about = getattr(classifier, "about", {})
    found = prepared_from(about.get(PREPARED), f"{model}.json")
    return LabelNames.of(classifier, found.names if found is not None else {})
