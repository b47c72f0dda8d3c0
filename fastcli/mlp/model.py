"""A trained neural network, ready to predict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.contents import Contents, FromFile
from fastcli.errors import ArgumentError
from fastcli.evaluation.classifier import Worker
from fastcli.evaluation.unknown_words import KnownWords
from fastcli.kernels.base.losses import ONE_OF_ALL
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.limits import MOST_FLOATS
from fastcli.mlp.network import Network, layers_of, outputs_of
from fastcli.mlp.predict import table_reader, table_rows, table_worker, text_worker
from fastcli.mlp.predict_numbers import number_worker
from fastcli.mlp.table_columns import TableOptions
from fastcli.mlp.table_reader import Wanted
from fastcli.mlp.targets import Targets
from fastcli.text.dictionary import Dictionary
from fastcli.text.lines import Reader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.evaluation.regression import Measure
    from fastcli.mlp.feature_rows import FeatureRows
    from fastcli.mlp.table_reader import TableReader
    from fastcli.tables.bad_rows import BadRows
    from fastcli.tables.delimited import Chunk
    from fastcli.tables.object_rows import ObjectRows, ObjectTable
    from fastcli.text.inputs import Bytes

BATCH = 64  # lines that are scored together, at least where memory allows
CACHED = 1 << 16  # floats of a batch that a processor's cache holds: small networks take more lines


@dataclass(kw_only=True)
class MlpModel(FromFile):
    """What a ``.mlp`` file holds: arguments, labels, tensors, and how its input is read.

    Text has a ``dictionary`` (whose labels are the model's) and an ``embedding`` float32[rows,
    padded dim], numbers have ``columns``.  ``tensors`` are those of ``Network.tensors``.
    ``contents`` is the file that all these are mapped from, None if they are in memory.
    Tables to predict are read as ``table_options`` say, and ``note`` hears what was decided about
    them.  A model of regression has ``targets``, whose names are its labels; ``targets_read`` says
    whether those of lines are read.
    """

    args: MlpArgs
    names: list[bytes]
    loss: int
    tensors: dict[str, NDArray[np.float32]]
    dictionary: Dictionary | None = None
    embedding: NDArray[np.float32] | None = None
    bucket_rows: NDArray[np.int32] | None = None
    columns: FeatureColumns | None = None
    about: dict[str, Any] = field(default_factory=dict)
    contents: Contents | None = None
    table_options: TableOptions = field(default_factory=TableOptions)
    note: Callable[[str], None] = lambda sentence: None
    targets: Targets | None = None
    targets_read: Wanted = "ignored"

    @property
    def label(self) -> str:
        """The prefix of labels in lines of text."""
        return self.args.label

    @property
    def nlabels(self) -> int:
        """The number of labels."""
        return len(self.names)

    def labels(self) -> list[bytes]:
        """Return all labels, in the order of their ids."""
        return self.names

    def label_id(self, label: bytes) -> int:
        """Return the id of a label, -1 if the model does not have it."""
        return self.names.index(label) if label in self.names else -1

    @cached_property
    def label_text(self) -> tuple[NDArray[np.int64], Bytes]:
        """The labels one after the other, and where each starts; the last number is the end."""
        starts = np.concatenate([[0], np.cumsum([len(name) for name in self.names])])
        return starts.astype(np.int64), np.frombuffer(b"".join(self.names) or b"\0", np.uint8)

    @property
    def printed_offset(self) -> float:
        """What is added to probabilities that are printed: nothing; fastText has no such model."""
        return 0.0

    @property
    def sums_to_one(self) -> bool:
        """Whether the probabilities of all labels sum to 1, as those of softmax do."""
        return self.loss in ONE_OF_ALL

    @property
    def weight_prefix(self) -> str:
        """How tokens begin that are weights of lines, "" if there are none."""
        return self.args.weight_prefix

    @property
    def label_counts(self) -> NDArray[np.int64] | None:
        """How often each label occurred in training, None for a model of numbers."""
        return None if self.dictionary is None else self.dictionary.label_counts()

    @property
    def target_losses(self) -> Measure | None:
        """What measures the losses of rows with targets, None for a model with labels."""
        if self.targets is None:
            return None
        return self.targets.losses(self.loss, self.args.huber_delta)

    @property
    def max_threads(self) -> int:
        """Any number."""
        return 1 << 20

    @property
    def known_words(self) -> KnownWords | None:
        """The words of the dictionary, None for a model of numbers."""
        if self.dictionary is None:
            return None
        return KnownWords(
            dictionary=self.dictionary,
            label=self.args.label,
            knows_others=self.args.maxn > 0,
            weight_prefix=self.weight_prefix,
        )

    def check_predicts(self) -> None:
        """Raise ArgumentError if there is nothing to predict."""
        if not self.names:
            raise ArgumentError("The model has no labels, so there is nothing to predict.")

    @property
    def n_in(self) -> int:
        """The inputs of the first layer."""
        return self.columns.n_features if self.columns else self.args.dim

    def network(self, batch: int | None = None, is_dense: bool = False) -> Network:
        """Return the network with its parameters, for inference, on that many lines at once.

        With ``is_dense`` its input is that of the first layer, also for a model of text.
        """
        embeds = self.columns is None and not is_dense
        if batch is None:
            units = sum(
                layer.units * layer.pieces
                for layer in layers_of(self.args, self.n_in, outputs_of(self.loss, self.nlabels))
            )
            width = units + self.n_in
            batch = max(1, min(max(BATCH, CACHED // width), MOST_FLOATS // (8 * width)))
        network = Network(self.args, self.n_in, self.nlabels, embeds, self.loss, batch, 1)
        network.row_floats = network.input_width  # an optimiser has no state here
        self.check_unchanged()
        for name, view in network.tensors().items():
            view[...] = self.tensors[name]
        self.check_unchanged()
        return network

    def apart(self) -> MlpModel:
        """Return the model with arrays of its own, without the memory that training had."""
        embedding = None if self.embedding is None else np.array(self.embedding)
        tensors = {name: np.array(tensor) for name, tensor in self.tensors.items()}
        return replace(self, embedding=embedding, tensors=tensors)

    def reader(self, max_lines: int = 4096) -> Reader:
        """Return what turns text into rows of the embedding."""
        assert self.dictionary is not None
        args = self.args
        bucket = len(self.bucket_rows) if self.bucket_rows is not None else 0
        return Reader(
            self.dictionary,
            args.label,
            args.word_ngrams,
            args.minn,
            args.maxn,
            bucket,
            self.bucket_rows,
            max_lines,
            self.weight_prefix,
        )

    def rows_of(self, path: str, cannot: str) -> Iterator[FeatureRows] | None:
        """Return the rows of a file, where the model is for tables; None where it is for text."""
        return None if self.columns is None else table_rows(self, path, cannot)

    def numbers_of(
        self, path: str, head: list[list[str]], bad: BadRows
    ) -> tuple[bool, str, Callable[[Chunk], tuple[FeatureRows, Chunk]]]:
        """Return what reads the rows of a table that begins with ``head``.

        Whether its first row is a header, a sentence on its columns, and the function from rows to
        numbers and the rows that have them; ``bad`` is given the others.  Raises ArgumentError or
        DataError where the model's columns are not there.
        """
        reader = self._table_reader(path, bad)
        placing = reader.place(head)
        return (
            placing.has_header,
            placing.sentence(path),
            lambda chunk: reader.numbers(chunk, placing),
        )

    def numbers_of_objects(
        self, path: str, table: ObjectTable, bad: BadRows
    ) -> tuple[str, Callable[[ObjectRows], tuple[FeatureRows, ObjectRows]]]:
        """Return what reads the rows of a file of objects that is open.

        A sentence on its columns, and the function from rows to numbers and the rows that have
        them; ``bad`` is given the others.  Raises ArgumentError where the model's columns are not
        there.
        """
        reader = self._table_reader(path, bad)
        placing = reader.place_objects(table)
        return placing.sentence(path), lambda rows: reader.numbers(rows, placing)

    def _table_reader(self, path: str, bad: BadRows) -> TableReader:
        """Return what reads a table by the columns of the model.

        Raises ArgumentError for a model that does not read tables.
        """
        columns = self.columns
        if columns is None or columns.kind != "csv":
            raise ArgumentError("The model does not read tables, whose rows could be labelled.")
        return table_reader(self, path, bad)

    def worker(self, k: int, threshold: float, max_lines: int) -> Worker:
        """Return a function from text to lines and their best labels; one for each thread."""
        if self.targets is not None:
            return number_worker(self, max_lines)
        make = text_worker if self.columns is None else table_worker
        return make(self, k, threshold, max_lines)
