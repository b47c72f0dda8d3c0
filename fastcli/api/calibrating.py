"""Calibrating a classifier's probabilities on held-out labelled data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastcli.api.deciding import as_calibration
from fastcli.api.dev_data import read_dev_data
from fastcli.api.inputs import Reading
from fastcli.api.json_values import number
from fastcli.api.testing import loss_of
from fastcli.printable import listed_files

if TYPE_CHECKING:
    from fastcli.evaluation.calibration import Curves
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.dense import Scored

ERROR = "calibration error"


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A calibration: its curves, as JSON, and what it changes on the lines it was made by.

    ``figures`` are values before and after; ``warning`` says that the lines are few, if they are.
    """

    model: str
    data: str
    scored: Scored
    curves: Curves
    value: dict[str, Any]
    figures: dict[str, list[float]]
    warning: str

    def file_bytes(self, identity: dict[str, int]) -> bytes:
        """Return the JSON file beside the model, with the calibration.

        Raises ArgumentError where that is a file that fastcli did not write.
        """
        from fastcli.fasttext.sidecar import with_calibration

        return with_calibration(self.model, identity, self.value)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        answer: dict[str, Any] = {"lines": self.scored.n, "left_out": self.scored.left_out}
        answer |= {"method": self.value["method"]}
        if self.curves.slopes is None:
            answer["temperature"] = number(self.curves.temperature)
        for name, (old, new) in self.figures.items():
            key = name.replace(" ", "_")
            answer[key] = {"before": number(old), "after": number(new)}
        return answer

    def notes(self) -> Iterator[str]:
        """Yield what to say of the result."""
        from fastcli.evaluation.calibration import unsure

        old, new = self.figures[ERROR]
        if new > old:
            yield (
                "The calibration error rose: calibration minimises log loss, and the probabilities "
                "were already well calibrated."
            )
        if note := unsure(self.scored, self.curves):
            yield note
        if self.warning:
            yield self.warning


def calibrated(
    classifier: Classifier,
    model: str,
    identity: dict[str, int],
    files: Sequence[str],
    reading: Reading,
) -> Calibrated:
    """Calibrate a model (``model`` is its path) by labelled lines.

    Raises DataError for lines by which it cannot be.
    """
    from fastcli.evaluation.calibration import (
        PAIR_BYTES,
        expected_error,
        expected_error_of_all,
        fit,
        log_loss,
    )

    data = listed_files(files)
    scored, warning = read_dev_data(classifier, model, files, reading, PAIR_BYTES)
    is_one_of_all = classifier.sums_to_one
    curves = fit(scored, is_one_of_all, is_one_of_all and loss_of(classifier) != "hs")
    value = as_calibration(curves, classifier, identity, data, scored.n)
    after = curves.applied(scored.probs, is_one_of_all)
    is_one_of_all = is_one_of_all and not curves.several_labels
    figures = {
        ERROR: [
            expected_error(scored.probs, scored.truth, scored.first),
            expected_error(after, scored.truth),
        ]
    }
    both = (scored.probs, after)
    if not is_one_of_all:
        figures["error of all labels"] = [expected_error_of_all(p, scored.truth) for p in both]
    figures["log loss"] = [log_loss(p, scored.truth, is_one_of_all) for p in both]
    return Calibrated(
        model=model,
        data=data,
        scored=scored,
        curves=curves,
        value=value,
        figures=figures,
        warning=warning,
    )
