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
Numbers: TypeAlias = str | float | Sequence[str | float]


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


class MlpOptions(TypedDict, total=False):
    """The options of ``train_mlp``."""

    output: Path | None
    format: str | None
    log: Path | None
    plot: Path | None
    config: Path | None
    files_from: Paths | None
    fsync: bool | None
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
    dim: int | None
    minCount: int | None
    min_count: int | None
    minCountLabel: int | None
    min_count_label: int | None
    wordNgrams: int | None
    word_ngrams: int | None
    bucket: int | None
    minn: int | None
    maxn: int | None
    label: str | None
    weight_prefix: str | None
    pretrainedVectors: Path | None
    pretrained_vectors: Path | None
    vectors_words: str | None
    drop: Names | None
    words: Names | None
    decimal: str | None
    scale: str | None
    standardize: bool | None
    no_standardize: bool | None
    input_model: Path | None
    hidden: Numbers | None
    activation: Numbers | None
    norm: str | None
    norm_position: str | None
    norm_momentum: float | None
    norm_statistics: str | None
    norm_affine: str | None
    norm_eps: float | None
    init: Numbers | None
    init_std: float | None
    bias: float | None
    output_bias: str | None
    loss: str | None
    task: str | None
    huber_delta: float | None
    class_weight: Path | None
    optimizer: str | None
    lr: float | None
    momentum: float | None
    beta1: float | None
    beta2: float | None
    rho: float | None
    eps: float | None
    eps_position: str | None
    initial_accumulator: float | None
    centered: bool | None
    batch_size: int | None
    epoch: int | None
    schedule: str | None
    warmup: int | None
    step_size: int | None
    gamma: float | None
    clip_norm: float | None
    clip_value: float | None
    retry_nan: bool | None
    l1: float | None
    l1_proximal: bool | None
    l2: float | None
    weight_decay: float | None
    decay_by: str | None
    dropout: Numbers | None
    input_dropout: float | None
    noise_shape: str | None
    input_noise: float | None
    word_dropout: float | None
    word_swap: float | None
    image: str | None
    augment: Numbers | None
    label_smoothing: float | None
    activation_l1: float | None
    max_norm: float | None
    max_norm_kind: str | None
    valid_share: float | None
    eval_every: str | int | float | None
    patience: int | None
    monitor: str | None
    folds: int | None
    folds_output: Path | None
    show_gradients: bool | None
    plot_regions: Path | None
    save_every: int | None
    resume: bool | None
    seed: int | None
    thread: int | None
    verbose: int | None


class TableOptions(TypedDict, total=False):
    """The options of ``label_table``."""

    k: int | None
    threshold: float | None
    probabilities: bool | None
    thread: int | None
    like: Path | None
    output: Path | None
    wide: bool | None
    as_name: str | None
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
    keep: Names | None
    dropped: Path | None
    unsure: tuple[str | float, Path] | None
    min_prob: float | None
    default: str | None


class FilesOptions(TypedDict, total=False):
    """The options of ``predict_files``."""

    k: int | None
    threshold: float | None
    probabilities: bool | None
    thread: int | None
    thresholds: str | None
    calibrated: bool | None
    like: Path | None
    wide: bool | None
    as_name: str | None
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
    overwrite: bool | None
    shard: str | None
    keep: Names | None
    min_prob: float | None
    default: str | None


class ReportOptions(TypedDict, total=False):
    """The options of ``report``."""

    mistakes: int | None
    thread: int | None
    confusion_file: Path | None
    errors: Path | None
    csv: Path | None
    require: Names | None
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
    like: Path | None


class ComparisonOptions(TypedDict, total=False):
    """The options of ``compare``."""

    k: int | None
    threshold: float | None
    thread: int | None
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
    like: Path | None


class ReadingOptions(TypedDict, total=False):
    """How tables of labelled texts are read."""

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
    like: Path | None
