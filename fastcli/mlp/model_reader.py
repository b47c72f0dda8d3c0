"""A model out of the arrays and the JSON object of a ``.mlp`` file, each checked before its use.

Kernels trust sizes and indices, so whatever they will be given is looked at here: what is left to
see is whether the numbers are finite where it would take long to look at all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from fastcli.kernels.base.losses import ABSOLUTE, BCE, HUBER, OVA, SOFTMAX, SQUARED
from fastcli.memory import padded
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.features import FeatureColumns, TableColumn
from fastcli.mlp.limits import MOST
from fastcli.mlp.model import MlpModel
from fastcli.mlp.network import layers_of, outputs_of
from fastcli.mlp.targets import Targets
from fastcli.mlp.texts import bucket_of
from fastcli.schema import Range, SchemaError, build, shown
from fastcli.tables.dialects import is_delimiter
from fastcli.text.dictionary import Dictionary
from fastcli.text.separators import SEPARATORS

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODEL_FORMAT = "mlp model"
# A file has the place of the loss in here.
LOSS_CODES = (SOFTMAX, OVA, BCE, SQUARED, ABSOLUTE, HUBER)
LOOKED_THROUGH = 64_000_000  # bytes of weights that are searched for NaN when a model is opened
EMBEDDING = "embedding"

Size = Annotated[int, Range(0, MOST)]
Count = Annotated[int, Range(0)]


@dataclass(frozen=True)
class TextHeader:
    """The sizes of a dictionary, and how many buckets n-grams are hashed to."""

    nwords: Size
    nlabels: Size
    ntokens: Count
    bucket: Size = 0


@dataclass(frozen=True, kw_only=True)
class ColumnHeader:
    """The fields of ``TableColumn``."""

    name: str
    position: Size
    levels: list[str]
    may_lack: bool
    is_words: bool


@dataclass(frozen=True, kw_only=True)
class ColumnsHeader:
    """The fields of ``FeatureColumns`` that are not arrays; version 0.1.0 had no table."""

    kind: Literal["csv", "libsvm"]
    delimiter: str
    names: list[str]
    label: Annotated[int, Range(-1, MOST)]
    n_features: Annotated[int, Range(1, MOST)]
    base: Literal[0, 1]
    table: list[ColumnHeader] = field(default_factory=list)
    width: Size = 0
    labels_as: Literal["text", "number"] = "text"
    point: Literal[".", ","] = "."
    targets: list[Size] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ModelHeader:
    """The JSON object of a model: a model of text has ``text``, one of numbers the others.

    One of regression has ``targets``, the names of what it predicts, and no labels.
    """

    args: MlpArgs
    loss: Literal[0, 1, 2, 3, 4, 5]
    about: dict[str, Any]
    format: str
    version: str
    fastcli: str = ""
    text: TextHeader | None = None
    columns: ColumnsHeader | None = None
    labels: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)


def model_of(arrays: dict[str, NDArray[Any]], config: dict[str, Any]) -> MlpModel:
    """Return the model of a file.  Raises SchemaError or ArgumentError, which name the field."""
    header = build(ModelHeader, as_written_now(config))
    header.args.check_values()
    args = header.args.resolved()
    left = dict(arrays)
    model = MlpModel(
        args=args, names=[], loss=LOSS_CODES[header.loss], tensors={}, about=header.about
    )
    if (header.text is None) == (header.columns is None):
        raise SchemaError("exactly one of text and columns must be present")
    if header.text is not None:
        _read_text(header.text, model, left)
    elif header.columns is not None:
        model.columns = _columns(header.columns, left)
        model.names = _labels(header.labels)
    _read_targets(header, model, left)
    if not model.names:
        raise SchemaError("labels are missing")
    if model.loss == BCE and model.nlabels != 2:
        raise SchemaError(f"the loss bce is for two labels, not {model.nlabels}")
    if args.is_perceptron and model.loss != OVA:
        raise SchemaError(f"args.optimizer is {args.optimizer}, whose loss is ova")
    outputs = outputs_of(model.loss, model.nlabels)
    for i, layer in enumerate(layers_of(args, model.n_in, outputs)):
        for part, shape in layer.tensor_shapes.items():
            name = f"layers.{i}.{part}"
            model.tensors[name] = _take(left, name, np.float32, shape)
    for name in left:
        raise SchemaError(f"unexpected tensor {shown(name)}")
    _check_finite(model)
    return model


def _read_targets(header: ModelHeader, model: MlpModel, arrays: dict[str, NDArray[Any]]) -> None:
    """Set the targets of a model of regression; the loss, the task and they are of one kind."""
    n, columns = len(header.targets), model.columns
    of_numbers = model.loss >= SQUARED
    if of_numbers != (n > 0) or of_numbers != model.args.is_regression:
        raise SchemaError(f"args.task is {model.args.task}, with {n:,} targets and this loss")
    n_columns = len(columns.targets) if columns is not None else 0
    if n_columns != (n if columns is not None and columns.kind == "csv" else 0):
        raise SchemaError(f"columns.targets has length {n_columns}, not {n}")
    if not n:
        return
    if model.names:
        raise SchemaError("a model of regression has labels")
    mean, deviation = (
        _take(arrays, f"targets.{name}", np.float64, (n,)) for name in ("mean", "deviation")
    )
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation > 0).all()):
        raise SchemaError("targets.mean or targets.deviation cannot be")
    model.targets = Targets(header.targets, mean, deviation)
    model.names = model.targets.encoded


def as_written_now(config: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON object of a model as it is written now.

    Version 0.1.0 had one name as the label column, and steps as ``eval_every``.  Where it says
    nothing of AdaGrad's sums, they started from 0.
    """
    args = config.get("args")
    if not isinstance(args, dict):
        return config
    now = {"initial_accumulator": 0.0, **args}
    if isinstance(column := args.get("label_column"), str):
        now["label_column"] = [column] if column else []
    if type(steps := args.get("eval_every")) is int:
        now["eval_every"] = f"{steps}steps" if steps > 0 else ""
    return {**config, "args": now}


def _take(
    arrays: dict[str, NDArray[Any]], name: str, dtype: Any, shape: tuple[int, ...] | None = None
) -> NDArray[Any]:
    """Return the array of a name, which must have that type and shape (None: any vector)."""
    if name not in arrays:
        raise SchemaError(f"{name} is missing")
    found = arrays.pop(name)
    if found.dtype != np.dtype(dtype):
        raise SchemaError(f"{name} should be of {np.dtype(dtype)}, not {found.dtype}")
    if found.shape != shape and not (shape is None and found.ndim == 1):
        raise SchemaError(
            f"{name} should have the shape {shape or 'of a vector'}, not {found.shape}"
        )
    return found


def _read_text(header: TextHeader, model: MlpModel, arrays: dict[str, NDArray[Any]]) -> None:
    """Set what a model of text has: dictionary, labels, embedding and buckets."""
    bucket = bucket_of(model.args)
    if header.bucket != bucket:
        raise SchemaError(
            f"text.bucket is {header.bucket}, where the arguments ask for {bucket} buckets"
        )
    if header.nwords + bucket > MOST:
        raise SchemaError(f"text.nwords and buckets are more than {MOST} together")
    model.dictionary = _dictionary(header, arrays)
    model.names = model.dictionary.labels()
    rows = header.nwords
    if bucket:
        buckets = _take(arrays, "buckets", np.int32)
        if len(buckets) and not 0 <= buckets.min() <= buckets.max() < bucket:
            raise SchemaError("buckets: a bucket is out of range")
        if len(np.unique(buckets)) < len(buckets):
            raise SchemaError("buckets: one is repeated")
        rows += len(buckets)
        model.bucket_rows = np.zeros(bucket, np.int32)
        model.bucket_rows[buckets] = np.arange(1, len(buckets) + 1, dtype=np.int32)
    shape = (rows, padded(model.args.dim))
    model.embedding = _take(arrays, EMBEDDING, np.float32, shape)


def _dictionary(header: TextHeader, arrays: dict[str, NDArray[Any]]) -> Dictionary:
    """Return the dictionary, checked for consistency before it is indexed."""
    nwords, n = header.nwords, header.nwords + header.nlabels
    starts = _take(arrays, "dictionary.starts", np.int64, (n + 1,))
    counts = _take(arrays, "dictionary.counts", np.int64, (n,))
    arena = _take(arrays, "dictionary.arena", np.uint8)
    # Compared, not subtracted: differences of numbers from a file may wrap around.
    if starts[0] != 0 or starts[-1] != len(arena) or not (starts[1:] > starts[:-1]).all():
        raise SchemaError("dictionary.starts do not rise from 0 to the end of the arena")
    if len(counts) and counts.min() < 0:
        raise SchemaError("dictionary.counts: one is negative")
    if np.isin(arena[starts[nwords] :], tuple(SEPARATORS)).any():
        raise SchemaError("dictionary.arena: a label has a space or a line end in it")
    dictionary = Dictionary(
        nwords=nwords,
        nlabels=header.nlabels,
        ntokens=header.ntokens,
        starts=starts,
        arena=arena,
        counts=counts,
    )
    if dictionary.first_duplicate >= 0:
        raise SchemaError(f"dictionary: entry {dictionary.first_duplicate} is repeated")
    return dictionary


def _columns(header: ColumnsHeader, arrays: dict[str, NDArray[Any]]) -> FeatureColumns:
    n = header.n_features
    width = header.width if header.table else n + 1
    if header.kind == "csv":
        if not is_delimiter(header.delimiter):
            raise SchemaError(f"columns.delimiter cannot be {shown(header.delimiter)}")
        if len(header.names) not in (0, width):
            raise SchemaError(f"columns.names has length {len(header.names)}, not {width}")
        if not 0 <= header.label < width:
            raise SchemaError(f"columns.label is {header.label}, of {width} columns")
        _check_table(header, width)
        _check_targets(header, width)
    elif header.names or header.label != -1 or header.delimiter or header.table or header.targets:
        raise SchemaError("columns of libsvm files have no names, label, delimiter and table")
    mean, scale = (_statistics(arrays, f"columns.{name}", n) for name in ("mean", "scale"))
    has_fill = "columns.fill" in arrays
    return FeatureColumns(
        header.kind,
        header.delimiter,
        header.names,
        header.label,
        n,
        header.base,
        mean,
        scale,
        _statistics(arrays, "columns.fill", n) if has_fill else mean,
        [TableColumn(**vars(column)) for column in header.table],
        width if header.kind == "csv" else 0,
        header.labels_as,
        header.point,
        targets=list(header.targets),
    )


def _check_targets(header: ColumnsHeader, width: int) -> None:
    """Raise SchemaError for positions that targets cannot have: the first is the label's."""
    targets = header.targets
    if not targets:
        return
    inputs = {column.position for column in header.table}
    is_out = any(i >= width or i in inputs for i in targets)
    if is_out or len(set(targets)) < len(targets) or targets[0] != header.label or not inputs:
        raise SchemaError(f"columns.targets cannot be {shown(str(targets))}")


def _check_table(header: ColumnsHeader, width: int) -> None:
    """Raise SchemaError if the columns of a table do not make up its features."""
    if not header.table:
        return
    columns = [TableColumn(**vars(column)) for column in header.table]
    if sum(column.n_features for column in columns) != header.n_features:
        raise SchemaError(f"columns.table does not make {header.n_features} features")
    last = -1
    for i, column in enumerate(columns):
        if not last < column.position < width or column.position == header.label:
            raise SchemaError(f"columns.table[{i}].position cannot be {column.position}")
        if len(set(column.levels)) < len(column.levels) or (column.levels and not column.is_words):
            raise SchemaError(f"columns.table[{i}].levels cannot be {shown(column.levels)}")
        last = column.position


def _statistics(arrays: dict[str, NDArray[Any]], name: str, n: int) -> NDArray[np.float64]:
    """Return the means or scales of columns; files of version 0.1.0 have them as float32."""
    is_old = name in arrays and arrays[name].dtype == np.float32
    found = _take(arrays, name, np.float32 if is_old else np.float64, (n,)).astype(np.float64)
    if not np.isfinite(found).all():
        raise SchemaError(f"{name} is not finite")
    return found


def _labels(names: list[str]) -> list[bytes]:
    """Return the labels of a table as bytes: none empty, none twice, each on one line."""
    found = [name.encode("utf-8", "surrogateescape") for name in names]
    for i, name in enumerate(found):
        if not name or b"\n" in name or b"\r" in name:
            raise SchemaError(f"labels[{i}] cannot be {shown(names[i])}")
    if len(set(found)) < len(found):
        raise SchemaError("labels: one is repeated")
    return found


def _check_finite(model: MlpModel) -> None:
    """Raise SchemaError for weights that are NaN or infinite; of large models lines will tell."""
    if sum(tensor.nbytes for tensor in model.tensors.values()) > LOOKED_THROUGH:
        return
    for name, tensor in model.tensors.items():
        if not np.isfinite(tensor).all():
            raise SchemaError(f"{name} is not finite: the model is damaged, or it diverged")
