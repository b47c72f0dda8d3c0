"""fastcli: fastText rebuilt on kernels that pip alone can install: a command line and a module.

    import fastcli

    model = fastcli.train_supervised("topics.txt", lr=0.5, epoch=25)
    model.predict("what can i cook with rice ?")

Names are imported when they are first used, so that ``import fastcli`` loads neither NumPy nor
Numba.
"""

from __future__ import annotations

__version__ = "0.2.0"

TYPE_CHECKING = False  # as in ``typing``, which takes some ms to import
if TYPE_CHECKING:
    from fastcli import errors as errors
    from fastcli import fasttext_shim as fasttext_shim
    from fastcli.api.batches import Batch as Batch
    from fastcli.api.comparing import AgainstBest as AgainstBest
    from fastcli.api.comparing import Comparison as Comparison
    from fastcli.api.comparing import ModelFigures as ModelFigures
    from fastcli.api.comparing import compare as compare
    from fastcli.api.decided_model import DecidedModel as DecidedModel
    from fastcli.api.decisions import Calibration as Calibration
    from fastcli.api.decisions import Thresholds as Thresholds
    from fastcli.api.explaining import Contribution as Contribution
    from fastcli.api.explaining import Explanation as Explanation
    from fastcli.api.linear import FastText as FastText
    from fastcli.api.loading import load_model as load_model
    from fastcli.api.meter import LabelMeter as LabelMeter
    from fastcli.api.mlp import train_mlp as train_mlp
    from fastcli.api.mlp_model import MLP as MLP
    from fastcli.api.mlp_model import Layer as Layer
    from fastcli.api.mlp_model import RegressionScores as RegressionScores
    from fastcli.api.model import TrainedModel as TrainedModel
    from fastcli.api.predict_files import Parts as Parts
    from fastcli.api.predict_files import PartsFailed as PartsFailed
    from fastcli.api.predict_files import predict_files as predict_files
    from fastcli.api.progress import STOP as STOP
    from fastcli.api.progress import Evaluation as Evaluation
    from fastcli.api.progress import FoldResult as FoldResult
    from fastcli.api.progress import Progress as Progress
    from fastcli.api.progress import TrialResult as TrialResult
    from fastcli.api.reports import Averages as Averages
    from fastcli.api.reports import Confusion as Confusion
    from fastcli.api.reports import LabelScores as LabelScores
    from fastcli.api.reports import Mistake as Mistake
    from fastcli.api.reports import RegressionReport as RegressionReport
    from fastcli.api.reports import Report as Report
    from fastcli.api.reports import TargetScores as TargetScores
    from fastcli.api.tables import Labelled as Labelled
    from fastcli.api.tokens import tokenize as tokenize
    from fastcli.api.training import train_supervised as train_supervised
    from fastcli.api.training import train_unsupervised as train_unsupervised
    from fastcli.errors import ArgumentError as ArgumentError
    from fastcli.errors import DataError as DataError
    from fastcli.errors import FastcliError as FastcliError
    from fastcli.errors import FastcliNote as FastcliNote
    from fastcli.errors import FastcliWarning as FastcliWarning
    from fastcli.errors import ModelFormatError as ModelFormatError
    from fastcli.errors import OptionError as OptionError
    from fastcli.errors import RequirementNotMet as RequirementNotMet
    from fastcli.errors import TrainingDiverged as TrainingDiverged
    from fastcli.errors import WrongModelError as WrongModelError
    from fastcli.reporting import StopTraining as StopTraining

_HOMES = {
    "AgainstBest": "api.comparing",
    "ArgumentError": "errors",
    "Averages": "api.reports",
    "Batch": "api.batches",
    "Calibration": "api.decisions",
    "compare": "api.comparing",
    "Comparison": "api.comparing",
    "Confusion": "api.reports",
    "Contribution": "api.explaining",
    "DataError": "errors",
    "DecidedModel": "api.decided_model",
    "Evaluation": "api.progress",
    "Explanation": "api.explaining",
    "FastcliError": "errors",
    "FastcliNote": "errors",
    "FastcliWarning": "errors",
    "FastText": "api.linear",
    "FoldResult": "api.progress",
    "Labelled": "api.tables",
    "LabelMeter": "api.meter",
    "LabelScores": "api.reports",
    "Layer": "api.mlp_model",
    "load_model": "api.loading",
    "Mistake": "api.reports",
    "MLP": "api.mlp_model",
    "ModelFigures": "api.comparing",
    "ModelFormatError": "errors",
    "OptionError": "errors",
    "Parts": "api.predict_files",
    "PartsFailed": "api.predict_files",
    "predict_files": "api.predict_files",
    "Progress": "api.progress",
    "RegressionReport": "api.reports",
    "RegressionScores": "api.mlp_model",
    "Report": "api.reports",
    "RequirementNotMet": "errors",
    "STOP": "api.progress",
    "StopTraining": "reporting",
    "TargetScores": "api.reports",
    "Thresholds": "api.decisions",
    "tokenize": "api.tokens",
    "train_mlp": "api.mlp",
    "train_supervised": "api.training",
    "train_unsupervised": "api.training",
    "TrainedModel": "api.model",
    "TrainingDiverged": "errors",
    "TrialResult": "api.progress",
    "WrongModelError": "errors",
}
_SUBMODULES = ("errors", "fasttext_shim")


def __getattr__(name: str) -> object:
    """Import a public name when it is first used.  Raises AttributeError for another one."""
    from importlib import import_module

    if name in _SUBMODULES:
        return import_module(f"fastcli.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'fastcli' has no attribute {name!r}")
    found = getattr(import_module(f"fastcli.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_SUBMODULES})
