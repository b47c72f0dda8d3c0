"""The model of a trial of autotune, as it would be when saved and loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.fit_size import rows_kept
from fastcli.fasttext.matrix import DenseMatrix
from fastcli.fasttext.model import Model
from fastcli.fasttext.quantize import (
    QuantizedModel,
    kept_model,
    kept_order,
    quantize_model,
    row_norms,
)
from fastcli.fasttext.retrain import retrain
from fastcli.fasttext.size_limit import tuned_sizes
from fastcli.text.dictionary import EOS

if TYPE_CHECKING:
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.trained import Trained
    from fastcli.reporting import Reporter


def compact_model(trained: Trained, args: TrainArgs) -> Model:
    """Return a model that predicts as the saved one would, without its rows of zeros.

    Buckets that training did not use share one row of zeros.
    """
    dictionary = trained.dictionary
    nwords, dim = dictionary.nwords, args.dim
    is_word = trained.ids < nwords
    buckets = trained.ids[~is_word] - nwords
    values = np.zeros((nwords + len(buckets) + 1, dim), np.float32)
    rows = trained.wi.reshape(-1, trained.stride)
    values[trained.ids[is_word]] = rows[trained.memory_rows[is_word], :dim]
    values[nwords:-1] = rows[trained.memory_rows[~is_word], :dim]
    bucket_rows = np.full(max(trained.args.bucket, 1), len(buckets) + 1, np.int32)
    bucket_rows[buckets] = np.arange(1, len(buckets) + 1)
    return Model(
        args=trained.args,
        dictionary=dictionary,
        wi=DenseMatrix(values.reshape(-1), dim),
        wo=DenseMatrix(trained.output(), dim),
        label=args.label,
        weight_prefix=args.line_weights,
        bucket_rows=bucket_rows,
    )


def model_of_size(
    trained: Trained, args: TrainArgs, target: int, reporter: Reporter
) -> QuantizedModel:
    """Do what ``quantize -qnorm -retrain --target-size`` does with these arguments' dsub.

    The longest rows that fit are kept and trained again; where all rows stay, nothing is to be
    trained again.  Raises TargetTooSmall if fewer than 256 rows fit, and there are more.
    """
    model_args, dictionary, dim = trained.args, trained.dictionary, args.dim
    values = trained.wi.reshape(-1, trained.stride)[trained.memory_rows, :dim]
    values = np.ascontiguousarray(values)
    eos = int(np.searchsorted(trained.ids, dictionary.find(EOS)))
    has_eos = eos < len(trained.ids) and trained.ids[eos] == dictionary.find(EOS)
    lengths = row_norms(DenseMatrix(values.reshape(-1), dim), args.thread)
    order = kept_order(lengths, eos if has_eos else -1)
    sizes = tuned_sizes(args.dsub, dictionary)
    n = rows_kept(model_args, dictionary, trained.ids[order], sizes, target, True)
    n_rows = dictionary.nwords + model_args.bucket
    if n == n_rows:
        rows = np.zeros((n_rows, dim), np.float32)
        rows[trained.ids] = values
        wi, wo = DenseMatrix(rows.reshape(-1), dim), DenseMatrix(trained.output(), dim)
        model = Model(args=model_args, dictionary=dictionary, wi=wi, wo=wo, label=args.label)
        model.weight_prefix = args.line_weights
        return quantize_model(model, sizes, args.thread)
    kept = np.sort(order[:n])
    model = kept_model(
        model_args,
        dictionary,
        trained.ids[kept],
        values[kept].reshape(-1),
        trained.output(),
        args.label,
    )
    model.weight_prefix = args.line_weights
    retrain(model, args, reporter)
    return quantize_model(model, sizes, args.thread)
