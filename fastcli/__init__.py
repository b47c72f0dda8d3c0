"""fastcli: fastText rebuilt on kernels that pip alone can install: a command line and a module.

    import fastcli

    model = fastcli.train_supervised("topics.txt", lr=0.5, epoch=25)
    model.predict("what can i cook with rice ?")

Names are imported when they are first used, so that ``import fastcli`` loads neither NumPy nor
Numba.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in ``typing``, which takes some ms to import
if TYPE_CHECKING:
    from fastcli import errors as errors
    from fastcli import fasttext_shim as fasttext_shim
    from fastcli.api.comparing import Comparison as Comparison
    from fastcli.api.comparing import compare as compare
    from fastcli.api.decided_model import DecidedModel as DecidedModel
    from fastcli.api.decisions import Calibration as Calibration
    from fastcli.api.decisions import Thresholds as Thresholds
    from fastcli.api.explaining import Explanation as Explanation
    from fastcli.api.linear import FastText as FastText
    from fastcli.api.loading import load_model as load_model
    from fastcli.api.mlp import train_mlp as train_mlp
    from fastcli.api.mlp_model import MLP as MLP
    from fastcli.api.predict_files import PartsFailed as PartsFailed
    from fastcli.api.predict_files import predict_files as predict_files
    from fastcli.api.progress import STOP as STOP
    from fastcli.api.progress import Progress as Progress
    from fastcli.api.reports import RegressionReport as RegressionReport
    from fastcli.api.reports import Report as Report
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
    from fastcli.errors import WrongModelError as WrongModelError
    from fastcli.reporting import StopTraining as StopTraining

_HOMES = {
    "Calibration": "api.decisions",
    "Comparison": "api.comparing",
    "DecidedModel": "api.decided_model",
    "Explanation": "api.explaining",
    "FastText": "api.linear",
    "train_mlp": "api.mlp",
    "MLP": "api.mlp_model",
    "PartsFailed": "api.predict_files",
    "RegressionReport": "api.reports",
    "Report": "api.reports",
    "Thresholds": "api.decisions",
    "compare": "api.comparing",
    "load_model": "api.loading",
    "STOP": "api.progress",
    "Progress": "api.progress",
    "StopTraining": "reporting",
    "predict_files": "api.predict_files",
    "tokenize": "api.tokens",
    "train_supervised": "api.training",
    "train_unsupervised": "api.training",
    "ArgumentError": "errors",
    "DataError": "errors",
    "FastcliError": "errors",
    "FastcliNote": "errors",
    "FastcliWarning": "errors",
    "ModelFormatError": "errors",
    "RequirementNotMet": "errors",
    "OptionError": "errors",
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
