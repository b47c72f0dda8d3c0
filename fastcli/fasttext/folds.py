"""The models of folds, on lines of labels and text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastcli.evaluation.folds import FoldModel
from fastcli.fasttext.train_and_save import train_until_finite
from fastcli.fasttext.trial_model import compact_model
from fastcli.fasttext.watch_args import WatchArgs
from fastcli.text.folds import TextFolds
from fastcli.text.inputs import text_blocks

if TYPE_CHECKING:
    from fastcli.fasttext.args import TrainArgs
    from fastcli.reporting import Reporter


class ClassifierFolds(TextFolds):
    """Trains a classifier in memory on the lines of all folds but one; see ``FoldSource``."""

    def __init__(self, args: TrainArgs, n_folds: int, retry_nan: bool = False) -> None:
        super().__init__(args.input, n_folds, args.label, args.seed)
        self._args = args
        self._watched = WatchArgs(retry_nan=retry_nan)

    @contextmanager
    def trained(self, fold: int, reporter: Reporter) -> Iterator[FoldModel]:
        """Give the model of a fold."""
        with self.apart(fold) as (out, n_train):
            _, trained = train_until_finite(self._args, self._watched, reporter, is_fold=True)
            yield FoldModel(compact_model(trained, self._args), text_blocks(out), n_train)
