"""A neural network in a program: classifiers and regression, of texts or of numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, SupportsFloat, SupportsIndex, overload

import numpy as np

from fastcli.api.arguments import Word, real, utf8, whole
from fastcli.api.blocks import blocks_of
from fastcli.api.model import TrainedModel
from fastcli.errors import ArgumentError, WrongModelError
from fastcli.notices import say
from fastcli.overwriting import check_apart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.mlp.feature_rows import FeatureRows
    from fastcli.mlp.model import MlpModel
    from fastcli.tables.options import TableOptions

# What a linear model has, and a network has not.
OF_LINEAR = {
    *("get_word_vector", "get_sentence_vector", "get_nearest_neighbors", "get_analogies"),
    *("get_word_id", "get_subword_id", "get_subwords", "get_input_vector", "get_line", "quantize"),
    *("get_input_matrix", "get_output_matrix", "set_matrices", "words"),
    *("f", "get_meter", "set_args", "test_label"),
}
CANNOT_OPEN = "Input file cannot be opened!"


class Layer(NamedTuple):
    """A layer: how many inputs and units it has, and its activation ("" of the output layer)."""

    inputs: int
    units: int
    activation: str


class RegressionScores(NamedTuple):
    """How good predicted numbers are, the mean over targets: see docs/regression.md."""

    n: int
    rmse: float
    mae: float
    r2: float


class MLP(TrainedModel):
    """A ``.mlp`` model: a neural network that reads texts, rows of a table, or rows of numbers.

    ``fastcli.load_model`` opens one, ``fastcli.train_mlp`` trains one.
    """

    _model: MlpModel

    def __init__(self, model: MlpModel, path: str = "") -> None:
        super().__init__(model, path)
        model.note = say

    # -------------------------------------------------------------- what it is

    @property
    def reads(self) -> Literal["text", "table", "libsvm"]:
        """What it reads: lines of text, tables of numbers (CSV and others), or libsvm files."""
        columns = self._model.columns
        if columns is None:
            return "text"
        return "table" if columns.kind == "csv" else "libsvm"

    @property
    def is_regression(self) -> bool:
        """Whether it predicts numbers, and no labels."""
        return self._model.targets is not None

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of their ids; none of a model of regression."""
        return [] if self.is_regression else super().labels

    @property
    def targets(self) -> list[str]:
        """The names of the numbers that it predicts; none of a model with labels."""
        targets = self._model.targets
        return [] if targets is None else list(targets.names)

    @property
    def columns(self) -> list[str]:
        """The columns that rows have: names, or positions from 0; none of a model of text."""
        columns = self._model.columns
        if columns is None:
            return []
        if columns.kind == "csv":
            return columns.input_names
        return [str(i + columns.base) for i in range(columns.n_features)]

    @property
    def layers(self) -> list[Layer]:
        """The layers, the output layer last."""
        from fastcli.mlp.network import layers_of, outputs_of

        model = self._model
        found = layers_of(model.args, model.n_in, outputs_of(model.loss, model.nlabels))
        return [Layer(one.n_in, one.units, str(one.activation or "")) for one in found]

    @property
    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """The parameters by name, which cannot be written to.

        ``layers.0.weight`` is float32[inputs, pieces, units]; of text ``embedding`` is
        float32[rows, dim]: words, then n-grams.
        """
        model = self._model
        model.check_unchanged()
        found = dict(model.tensors)
        if model.embedding is not None:
            found["embedding"] = model.embedding[:, : model.args.dim]
        views = {name: array.view() for name, array in found.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    @overload
    def get_labels(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_labels(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_labels(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return all labels, of regression the targets.

        With ``include_freq`` how often each occurred in training follows, int64[labels], which
        models of text know; WrongModelError for others.  ``on_unicode_error``: see
        ``bytes.decode``.
        """
        from fastcli.api.linear_model import texts_of

        names = texts_of(self._model.labels(), on_unicode_error)
        if not include_freq:
            return names
        counts = self._model.label_counts
        if counts is None or self.is_regression:
            raise WrongModelError(f"{self._name} does not know how often its labels occurred.")
        return names, counts.copy()

    @overload
    def get_words(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_words(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_words(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_words(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return the words that a model of text knows, with ``include_freq`` also int64[words].

        Raises WrongModelError for a model of numbers.
        """
        from fastcli.api.linear_model import texts_of

        dictionary = self._model.dictionary
        if dictionary is None:
            raise self._has_no("get_words")
        names = texts_of(dictionary.entries(0, dictionary.nwords), on_unicode_error)
        return (names, dictionary.counts[: dictionary.nwords].copy()) if include_freq else names

    def get_dimension(self) -> int:
        """Return how many numbers the first layer reads: of text the length of word vectors."""
        return self._model.n_in

    def get_label_id(self, label: Word) -> int:
        """Return the number of ``label`` among ``labels``, -1 if it is unknown."""
        return self._model.label_id(utf8(label, "a label"))

    def is_quantized(self) -> bool:
        """Return False: only linear models are quantized."""
        return False

    def __getattr__(self, name: str) -> Any:
        """Raise WrongModelError, an AttributeError, for what only linear models have."""
        if name in OF_LINEAR:
            raise self._has_no(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _has_no(self, name: str) -> WrongModelError:
        what = "a neural network that reads " + ("text" if self.reads == "text" else "numbers")
        return WrongModelError(f"{self._name} is {what}: {name} is for other models.")

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Write the model to the file ``path``, complete or not at all.

        Raises FastcliError where that cannot be done.
        """
        name = os.fspath(path)
        self._write(name)
        self._was_saved(name)

    def _write(self, path: str) -> None:
        from fastcli.files import Outputs, cannot_save
        from fastcli.mlp.model_file import write_mlp

        with Outputs() as files:
            files.add(path)
            try:
                self._model.check_unchanged()
                write_mlp(files[path], self._model)
                self._model.check_unchanged()
                files[path].place()
            except OSError as error:
                raise cannot_save(path, error) from None

    def _restore(self, contents: Contents, path: str, kept: dict[str, Any]) -> None:
        from fastcli.api.loading import load_perceptron

        MLP.__init__(self, load_perceptron(contents), path)
        self._model.table_options = kept["table_options"]

    def _pickled_attributes(self) -> dict[str, Any]:
        return {"table_options": self._model.table_options}

    def _reading_tables(self, options: TableOptions) -> Classifier:
        from fastcli.api.loading import reading_as

        return reading_as(self._model, options)

    # -------------------------------------------------------------- prediction

    def predict(
        self,
        text: Any,
        k: SupportsIndex = 1,
        threshold: SupportsFloat = 0.0,
        on_unicode_error: str = "strict",
    ) -> tuple[Any, Any]:
        """Return the ``k`` best labels (-1: all) of ``text``, none below ``threshold``.

        A model of text takes a text, or a list of texts.  One of numbers takes a row (a list of
        numbers, or float[columns]), rows (a list of lists, or float[n, columns]; NaN and None are
        missing values), or the path of a file.  Of one line or row these are a tuple of labels and
        their probabilities, float64[labels]; of several a list of lists of labels, and a list of
        float32[labels].  ``on_unicode_error`` is for labels that are not valid UTF-8, as in
        ``bytes.decode``.

        Raises ArgumentError, a ValueError, for a model of regression, for a text with a line end,
        for columns that are not the model's, and for k=0; DataError, a ValueError, for what is no
        number; TypeError for what is neither lines nor rows.
        """
        k, threshold = whole(k, "k"), real(threshold, "threshold")
        if self.is_regression:
            raise ArgumentError(
                f"{self._name} predicts numbers (regression), and no labels: use predict_numbers."
            )
        from fastcli.api.batches import Batch, found_in

        blocks, is_one = self._input_blocks(text, "predict")
        with self._predictor(k, threshold) as predictor:
            found = Batch(predictor.names(on_unicode_error), *found_in(predictor, blocks))
        return found[0] if is_one else (found.label_lists(), found.prob_lists())

    def predict_numbers(self, data: Any) -> NDArray[np.float64]:
        """Return what a model of regression predicts, in the order of ``targets``.

        ``data`` is what ``predict`` takes.  Of one line or row it is float64[targets], of several
        float64[n, targets]; NaN where nothing is known of a line.

        Raises ArgumentError for a model with labels, and for what is no line or row.
        """
        if not self.is_regression:
            raise ArgumentError(f"{self._name} predicts labels, and no numbers: use predict.")
        blocks, is_one = self._input_blocks(data, "predict_numbers")
        with self._predictor(1, 0.0) as predictor:
            found = [one.values for one in predictor.predictions(blocks)]
        values = np.concatenate([*found, np.zeros((0, len(self.targets)))])
        return values[0] if is_one else values

    def test(
        self,
        path: str | os.PathLike[str],
        k: SupportsIndex = 1,
        threshold: SupportsFloat = 0.0,
    ) -> tuple[int, float, float] | RegressionScores:
        """Return the number of lines, and the precision and recall of their ``k`` best labels.

        ``path`` is that of the file; labels below ``threshold`` are left out.  Of a model of
        regression it returns ``RegressionScores``.  Raises DataError for a file that cannot be
        read, and for a table of texts, which ``report`` reads by its options.  Lines that do not
        count are told of in notes, as by the command ``test``.
        """
        from fastcli.api.inputs import Question, Reading
        from fastcli.api.report_options import Reporting
        from fastcli.api.testing import Testing, run_test, run_test_of_numbers
        from fastcli.tables.options import TableOptions
        from fastcli.threads import usable_cpus

        asked = Question(
            self._name,
            (os.fspath(path),),
            whole(k, "k"),
            real(threshold, "threshold"),
            usable_cpus(),
        )
        testing = Testing(
            classifier=self._model,
            asked=asked,
            reading=Reading(table=TableOptions()),
            reporting=Reporting(),
        )
        if not self.is_regression:
            meter = run_test(testing).total.as_written()
            return meter.n, meter.precision, meter.recall
        found = run_test_of_numbers(testing).total
        return RegressionScores(found.n, *map(found.score, ("rmse", "mae", "r2")))

    def _input_blocks(self, data: Any, caller: str) -> tuple[Iterable[Block], bool]:
        if self._model.columns is None:
            return super()._input_blocks(data, caller)
        if isinstance(data, str | os.PathLike):
            path = os.fspath(data)
            check_apart([path], ["-"])
            return blocks_of(self._model, path, CANNOT_OPEN), False
        rows, is_one = self._rows(data)
        return [rows] if len(rows) else [], is_one

    def _explained_input(self, data: Any) -> tuple[Sequence[Any], bool]:
        if self._model.columns is None:
            return super()._explained_input(data)
        blocks, is_one = self._input_blocks(data, "explain")
        return list(blocks), is_one

    def _rows(self, data: Any) -> tuple[FeatureRows, bool]:
        from fastcli.mlp.given_rows import given_rows

        is_one = getattr(data, "ndim", 2) == 1 or (
            isinstance(data, list | tuple) and len(data) > 0 and not _is_row(data[0])
        )
        if is_one:
            data = [list(data)]
        columns = self._model.columns
        assert columns is not None
        return given_rows(columns, data, say), is_one


def _is_row(one: Any) -> bool:
    return isinstance(one, Sequence | np.ndarray) and not isinstance(one, str)
