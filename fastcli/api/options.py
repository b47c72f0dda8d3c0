"""The options of training functions and their types, for type checkers and editors.

Made from the option tables by ``python -m tests.typed_options``; not to be edited by hand.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeAlias, TypedDict

Path: TypeAlias = str | os.PathLike[str]
Paths: TypeAlias = Path | Sequence[Path]
Names: TypeAlias = str | int | Sequence[str | int]


class SupervisedOptions(TypedDict, total=False):
    """The options of ``train_supervised``."""

    output: Path | None
    saveOutput: bool | None
    save_output: bool | None
    no_vec: bool | None
    log: Path | None
    plot: Path | None
    files_from: Paths | None
    fsync: bool | None
    format: str | None
    text_column: Names | None
    label_column: Names | None
    label_from: str | None
    label_separator: str | None
    labels_as: str | None
    none: str | None
    join: str | None
    delimiter: str | None
    quotes: str | None
    escape: str | None
    header: bool | None
    no_header: bool | None
    encoding: str | None
    bad_bytes: str | None
    skip_bad: bool | None
    weight_column: str | None
    minCount: int | None
    min_count: int | None
    wordNgrams: int | None
    word_ngrams: int | None
    bucket: int | None
    minn: int | None
    maxn: int | None
    t: float | None
    minCountLabel: int | None
    min_count_label: int | None
    label: str | None
    lr: float | None
    lrUpdateRate: int | None
    lr_update_rate: int | None
    dim: int | None
    ws: int | None
    epoch: int | None
    neg: int | None
    loss: str | None
    optimizer: str | None
    seed: int | None
    pretrainedVectors: Path | None
    pretrained_vectors: Path | None
    input_model: Path | None
    vectors_words: str | None
    no_shuffle: bool | None
    class_weight: Path | None
    weight_prefix: str | None
    retry_nan: bool | None
    valid: Path | None
    valid_share: float | None
    eval_every: str | int | float | None
    patience: int | None
    monitor: str | None
    folds: int | None
    folds_output: Path | None
    cutoff: int | None
    retrain: bool | None
    qnorm: bool | None
    qout: bool | None
    dsub: int | None
    autotuneValidationFile: Path | None
    autotune_validation: Path | None
    autotuneMetric: str | None
    autotune_metric: str | None
    autotunePredictions: int | None
    autotune_predictions: int | None
    autotuneDuration: int | None
    autotune_duration: int | None
    autotuneModelSize: str | int | None
    autotune_modelsize: str | int | None
    autotune_trials: Path | None
    autotune_resume: bool | None
    thread: int | None
    verbose: int | None
    autotune_validation_file: Path | None
    autotune_model_size: str | int | None
    label_prefix: str | None


class UnsupervisedOptions(TypedDict, total=False):
    """The options of ``train_unsupervised``."""

    output: Path | None
    saveOutput: bool | None
    save_output: bool | None
    no_vec: bool | None
    files_from: Paths | None
    fsync: bool | None
    minCount: int | None
    min_count: int | None
    wordNgrams: int | None
    word_ngrams: int | None
    bucket: int | None
    minn: int | None
    maxn: int | None
    t: float | None
    minCountLabel: int | None
    min_count_label: int | None
    label: str | None
    lr: float | None
    lrUpdateRate: int | None
    lr_update_rate: int | None
    dim: int | None
    ws: int | None
    epoch: int | None
    neg: int | None
    loss: str | None
    optimizer: str | None
    seed: int | None
    pretrainedVectors: Path | None
    pretrained_vectors: Path | None
    vectors_words: str | None
    cutoff: int | None
    retrain: bool | None
    qnorm: bool | None
    qout: bool | None
    dsub: int | None
    autotuneValidationFile: Path | None
    autotune_validation: Path | None
    autotuneMetric: str | None
    autotune_metric: str | None
    autotunePredictions: int | None
    autotune_predictions: int | None
    autotuneDuration: int | None
    autotune_duration: int | None
    autotuneModelSize: str | int | None
    autotune_modelsize: str | int | None
    autotune_trials: Path | None
    autotune_resume: bool | None
    thread: int | None
    verbose: int | None
    autotune_validation_file: Path | None
    autotune_model_size: str | int | None
    label_prefix: str | None
