"""The options of ``mlp-train``: a row for each, with nothing loaded that help can do without."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fastcli.distribution import extra
from fastcli.evaluation import options as validation
from fastcli.evaluation.metric_names import metric_names
from fastcli.kernels.base.losses import ABSOLUTE, BCE, HUBER, OVA, SOFTMAX, SQUARED
from fastcli.mlp.limits import LARGE
from fastcli.options import Need, Option, only_beside, only_with, option
from fastcli.tables.options import BAD_BYTES, ESCAPES, LABELS_FROM, QUOTES, TABLES
from fastcli.text import options as text

NORMS = {"none": 0, "batch": 1, "layer": 2}
LOSSES = {"auto": 0, "softmax": SOFTMAX, "ova": OVA, "one-vs-all": OVA, "bce": BCE}
REGRESSION_LOSSES = {"squared": SQUARED, "absolute": ABSOLUTE, "huber": HUBER}
LOSSES |= REGRESSION_LOSSES
TASKS = ("auto", "classification", "regression")
SHAPES = {"element": 0, "row": 1, "column": 2}
BALLS = {"l2": 0, "l1": 1}
STANDARD, MINMAX, UNSCALED = SCALES = ("standard", "minmax", "none")
FORMATS = ("auto", "text", *TABLES, "libsvm")
ADAMS = ("adam", "adamw", "adamax", "nadam")
EPS_POSITIONS = ("outside", "inside")
EPS_MOVES = ("adagrad", "rmsprop", "adam", "adamw", "nadam")  # where both positions make sense
OF_NUMBERS = metric_names(lambda kind: kind.of_numbers)
# What has a table of its own, which loads NumPy: the names are looked up when they are needed.
SIZE = Option(help="", group="regularisation", at_least=0, limit=LARGE)
BY_INPUT = "by kind of input"  # what stands for it is in fastcli/mlp/defaults.py
SHARES = "from 0 to below 1"
SHARE = Option(help="", group="regularisation", at_least=0, below=1)


def optimizers() -> Collection[str]:
    """Return the names of the optimisers."""
    from fastcli.optimizers import OPTIMIZERS

    return OPTIMIZERS


def activations() -> Collection[str]:
    """Return the names of the activations."""
    from fastcli.mlp.activations import ACTIVATIONS

    return ACTIVATIONS


def schedules() -> Collection[str]:
    """Return the names of the schedules."""
    from fastcli.mlp.schedules import SCHEDULES

    return SCHEDULES


def initializers() -> Collection[str]:
    """Return the names of the initialisers, with auto."""
    from fastcli.mlp.initializers import INITIALIZERS

    return ("auto", *INITIALIZERS)


def other_initializers() -> Mapping[str, str]:
    """Return other names of initialisers."""
    from fastcli.mlp.initializers import ALIASES

    return ALIASES


def has_layers(hidden: str) -> bool:
    """Tell whether ``--hidden`` asks for hidden layers.

    >>> has_layers("128,64"), has_layers("none"), has_layers("0")
    (True, False, False)
    """
    return hidden.strip().lower() not in ("", "0", "none")


def _with_layers(v: Any) -> bool:
    return has_layers(str(v.hidden))


def _is_named(path: str) -> bool:
    from fastcli.mlp.feature_files import LIBSVM
    from fastcli.tables.dialects import suffix
    from fastcli.tables.formats import named_kind

    return named_kind(path) != "auto" or suffix(path) in LIBSVM


FOR_TEXT = Need(lambda v: v.reads != "numbers", lambda v: "on numbers, only on text")
# The prefix of labels also decides what a file is whose name does not say it.
FOR_TEXT_OR_GUESS = Need(
    lambda v: FOR_TEXT.is_met(v) or (v.format == "auto" and not _is_named(v.input[0])),
    FOR_TEXT.reason,
)
FOR_NUMBERS = Need(lambda v: v.reads != "text", lambda v: "on text, only on numbers")
_reads_numbers = FOR_NUMBERS.is_met
FOR_TABLES = Need(
    lambda v: bool(v.text_column) or (_reads_numbers(v) and v.format != "libsvm"),
    lambda v: "without a table (CSV, TSV, JSON, Parquet)",
)
FOR_NUMBER_TABLES = Need(
    lambda v: _reads_numbers(v) and v.format != "libsvm",
    lambda v: "on text, only on numbers" if v.text_column else FOR_TABLES.reason(v),
)
FOR_TEXT_TABLES = only_beside("text_column")
WITH_STD = Need(
    lambda v: bool({"normal", "truncated-normal"} & set(v.init.split(","))),
    lambda v: f"with {v.shown('init')} {v.init}, only with normal and truncated-normal",
)
WITH_LAYERS = Need(_with_layers, lambda v: f"without hidden layers ({v.shown('hidden')} none)")
# The units of a perceptron are binary steps, though it has no hidden layer.
WITH_UNITS = Need(
    lambda v: _with_layers(v) or (v.optimizer == "perceptron" and v.activation == "binary-step"),
    WITH_LAYERS.reason,
)
FOR_LABELS = Need(
    lambda v: v.task != "regression", lambda v: "with --task regression, only for labels"
)
# The cells of a table of texts may hold several numbers.
FOR_CELLS = Need(lambda v: bool(v.text_column) or FOR_LABELS.is_met(v), FOR_LABELS.reason)
WITH_L1 = only_beside("l1")
WITH_DECAY = only_beside("weight_decay")
WITH_MAX_NORM = only_beside("max_norm")
RUNNING_STATISTICS = Need(
    lambda v: v.norm_statistics == "running",
    lambda v: f"with {v.shown('norm_statistics')} population",
)
WITH_DROPOUT = Need(
    lambda v: bool(v.input_dropout) or any(w not in ("0", "0.0") for w in v.dropout.split(",")),
    lambda v: f"without {v.shown('dropout')} or {v.shown('input_dropout')}",
)


@dataclass(frozen=True, kw_only=True)
class MlpOptions:
    """The arguments of ``mlp-train``.

    -1 stands for what is not given: the optimiser's own number (lr, eps, ...), or that of the rule
    for the kind of input (epoch, batch size, beta1, ...; ``defaults.py``).
    """

    input: tuple[str, ...] = option(
        (),
        f"training text, or tables of texts or numbers, libsvm: {text.INPUTS}",
        group="files",
        fasttext=True,
        file="file",
        more_files=True,
    )
    output: str = option(
        "", "writes <name>.mlp (the model)", group="files", fasttext=True, file="file"
    )
    valid: str = option("", validation.VALID)
    valid_share: float = option(0.0, validation.VALID_SHARE)
    format: str = option("auto", "format of the input", group="files", choices=FORMATS)
    # text
    dim: int = option(100, text.DIM, group="text", needs=(FOR_TEXT,))
    min_count: int = option(1, text.MIN_COUNT, group="text", needs=(FOR_TEXT,))
    min_count_label: int = option(0, text.MIN_COUNT_LABEL, group="text", needs=(FOR_TEXT,))
    word_ngrams: int = option(
        -1, text.WORD_NGRAMS, group="text", default_text=BY_INPUT, needs=(FOR_TEXT,)
    )
    bucket: int = option(2000000, text.BUCKET, group="text", needs=(FOR_TEXT, *text.BUCKET.needs))
    minn: int = option(0, text.MINN, group="text", needs=(FOR_TEXT, *text.MINN.needs))
    maxn: int = option(0, text.MAXN, group="text", needs=(FOR_TEXT,))
    label: str = option("__label__", text.LABEL, group="text", needs=(FOR_TEXT_OR_GUESS,))
    weight_prefix: str = option("", text.WEIGHT_PREFIX, group="text", needs=(FOR_TEXT,))
    pretrained_vectors: str = option("", text.PRETRAINED_VECTORS, group="text")
    vectors_words: str = option("all", text.VECTORS_WORDS_ROW, group="text")
    input_model: str = option(
        "",
        text.INPUT_MODEL,
        help="continue training this network (.mlp), keeping its layers, columns or -dim, n-grams "
        "and -label",
        group="network",
    )
    # tables
    text_column: tuple[str, ...] = option(
        (),
        "column of texts to train on, by name or position; repeatable; none: numbers",
        group="tables",
    )
    label_column: tuple[str, ...] = option(
        (),
        "label column, by name or position from 0; -1: the last; repeatable for texts and "
        "regression",
        group="tables",
        default_text="one of a usual name; of numbers else the last",
        needs=(FOR_TABLES,),
    )
    label_from: str = option(
        "column", text.LABEL_FROM, group="tables", choices=LABELS_FROM, needs=(FOR_TEXT_TABLES,)
    )
    weight_column: str = option("", text.WEIGHT_COLUMN, group="tables")
    label_separator: str = option(
        "",
        "separator of several labels in one cell; none: a cell is one label",
        group="tables",
        needs=(FOR_TABLES, FOR_CELLS),
    )
    labels_as: str = option("auto", text.LABELS_AS, group="tables", needs=(FOR_TABLES, FOR_LABELS))
    none: str = option("", text.NONE, group="tables", needs=(FOR_TEXT_TABLES, FOR_LABELS))
    join: str = option(" ", text.JOIN, group="tables", needs=(FOR_TEXT_TABLES,))
    delimiter: str = option("", text.DELIMITER, group="tables", needs=(FOR_TABLES,))
    quotes: str = option(
        "auto", text.QUOTES, group="tables", choices=QUOTES, needs=(FOR_TEXT_TABLES,)
    )
    escape: str = option(
        "auto", text.ESCAPE, group="tables", choices=ESCAPES, needs=(FOR_TEXT_TABLES,)
    )
    header: bool = option(False, text.HEADER, group="tables", needs=(FOR_TABLES,))
    no_header: bool = option(False, text.NO_HEADER, group="tables", needs=(FOR_TABLES,))
    encoding: str = option("utf-8", text.ENCODING, group="tables", needs=(FOR_TABLES,))
    bad_bytes: str = option(
        "error", text.BAD_BYTES, group="tables", choices=BAD_BYTES, needs=(FOR_TEXT_TABLES,)
    )
    skip_bad: bool = option(
        False,
        "leave out rows that cannot be used, and say how many",
        group="tables",
        needs=(FOR_TABLES,),
    )
    # numbers
    drop: tuple[str, ...] = option(
        (),
        "column to leave out, by name or position; repeatable",
        group="numbers",
        needs=(FOR_NUMBER_TABLES,),
    )
    words: tuple[str, ...] = option(
        (),
        "categorical column, one-hot encoded; repeatable",
        group="numbers",
        needs=(FOR_NUMBER_TABLES,),
    )
    decimal: str = option(
        "auto",
        "decimal separator (auto: found in the first rows)",
        group="numbers",
        choices=("auto", "point", "comma"),
        needs=(FOR_NUMBER_TABLES,),
    )
    scale: str = option(
        "",
        "scale of features: mean 0 and variance 1, training's range as 0 to 1, or as they are",
        group="numbers",
        choices=SCALES,
        kind="scaling",
        default_text=STANDARD,
        needs=(FOR_NUMBERS,),
    )
    standardize: bool = option(
        True, "the same as --scale none", group="numbers", needs=(FOR_NUMBERS,)
    )
    # network
    hidden: str = option(
        "auto",
        "sizes of the hidden layers, such as 128,64; none: no layer",
        group="network",
        is_list=True,
        default_text=BY_INPUT,
    )
    activation: str = option(
        "auto",
        "activation, one for all hidden layers or one for each: relu,leaky-relu:0.2",
        group="network",
        choices=activations,
        is_list=True,
        default_text=BY_INPUT,
        needs=(WITH_UNITS,),
    )
    norm: str = option(
        "none",
        "normalisation of hidden layers",
        group="network",
        choices=NORMS,
        kind="norm",
        needs=(WITH_LAYERS,),
    )
    norm_position: str = option(
        "before",
        "where to normalise, relative to the activation",
        group="network",
        choices=("before", "after"),
        kind="norm position",
        needs=(WITH_LAYERS, only_with("norm", "batch", "layer")),
    )
    norm_momentum: float = option(
        0.1,
        "weight of each batch in the running mean and variance",
        group="network",
        above=0,
        at_most=1,
        needs=(WITH_LAYERS, only_with("norm", "batch"), RUNNING_STATISTICS),
    )
    norm_statistics: str = option(
        "running",
        "batch norm's mean and variance for inference: running ones, or the mean over all "
        "training batches with the final weights",
        group="network",
        choices=("running", "population"),
        kind="norm statistics",
        needs=(WITH_LAYERS, only_with("norm", "batch")),
    )
    norm_affine: str = option(
        "both",
        "what norms learn: scale gamma, shift beta, both or none",
        group="network",
        choices=("both", "gamma", "beta", "none"),
        kind="norm affine",
        needs=(WITH_LAYERS, only_with("norm", "batch", "layer")),
    )
    norm_eps: float = option(
        1e-5,
        SIZE,
        help="epsilon added to variances",
        group="network",
        needs=(WITH_LAYERS, only_with("norm", "batch", "layer")),
    )
    init: str = option(
        "auto",
        "weight initialisation, one for all layers or one for each, the output last: "
        "he-normal,uniform:-0.1:0.1; auto: what suits the activation",
        group="network",
        choices=initializers,
        aliases=other_initializers,
        kind="initialisation",
        is_list=True,
    )
    init_std: float = option(
        0.01,
        SIZE,
        help="standard deviation of --init normal and truncated-normal",
        group="network",
        needs=(WITH_STD,),
    )
    bias: float = option(0.0, "initial bias", group="network", at_least=-LARGE, at_most=LARGE)
    output_bias: str = option(
        "auto",
        "initial bias of the output: as --bias, or prior (the labels' log-odds; softmax: log "
        "shares)",
        group="network",
        choices=("auto", "bias", "prior"),
        kind="output bias",
        default_text="bias; prior for texts with several labels a line and one-vs-all",
        needs=(FOR_LABELS,),
    )
    loss: str = option(
        "auto",
        "loss function (auto: softmax; one-vs-all for several labels a line (softmax for texts "
        "with hidden layers and over 100 labels); squared for regression; bce: one sigmoid unit "
        "for two labels)",
        group="network",
        fasttext=True,
        choices=LOSSES,
        kind="loss",
    )
    task: str = option(
        "auto",
        "what to learn: labels, or numbers (auto: labels, unless the loss is one of regression)",
        group="network",
        choices=TASKS,
    )
    huber_delta: float = option(
        1.0,
        "error from which the Huber loss is linear, in standard deviations of the target",
        group="network",
        above=0,
        limit=LARGE,
        needs=(only_with("loss", "huber"),),
    )
    class_weight: str = option("", text.CLASS_WEIGHT, group="network")
    # optimiser
    optimizer: str = option(
        "auto",
        "sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw, adamax, nadam, "
        "perceptron",
        group="optimiser",
        choices=optimizers,
        kind="optimizer",
        default_text=BY_INPUT,
    )
    lr: float = option(
        -1.0,
        SIZE,
        help="learning rate",
        group="optimiser",
        fasttext=True,
        default_text=f"{BY_INPUT}; the optimiser's own where --optimizer is given",
    )
    momentum: float = option(
        -1.0,
        SIZE,
        help="momentum of sgd, momentum, nesterov and rmsprop",
        group="optimiser",
        default_text="0.9 for momentum and nesterov, else 0",
        needs=(only_with("optimizer", "sgd", "momentum", "nesterov", "rmsprop"),),
    )
    beta1: float = option(
        -1.0,
        SHARE,
        help="decay of the mean gradient (Adam and its variants)",
        group="optimiser",
        default_text="0.9; for texts 0",
        needs=(only_with("optimizer", *ADAMS),),
    )
    beta2: float = option(
        -1.0,
        SHARE,
        help="decay of the mean squared gradient (Adam and its variants)",
        group="optimiser",
        default_text="0.999; for tables 0.99",
        needs=(only_with("optimizer", *ADAMS),),
    )
    rho: float = option(
        -1.0,
        SHARE,
        help="decay of the mean squared gradient (rmsprop, adadelta)",
        group="optimiser",
        default_text="0.95 for adadelta, else 0.9",
        needs=(only_with("optimizer", "rmsprop", "adadelta"),),
    )
    eps: float = option(
        -1.0,
        SIZE,
        help="epsilon added to the denominator",
        group="optimiser",
        default_text="the optimiser's",
        needs=(only_with("optimizer", "adagrad", "rmsprop", "adadelta", *ADAMS),),
    )
    eps_position: str = option(
        "outside",
        "place of epsilon: sqrt(v) + eps (outside, PyTorch) or sqrt(v + eps) (inside: RMSprop of "
        "TensorFlow, AdaGrad of Keras)",
        group="optimiser",
        choices=EPS_POSITIONS,
        kind="position of epsilon",
        needs=(only_with("optimizer", *EPS_MOVES),),
    )
    initial_accumulator: float = option(
        -1.0,
        SIZE,
        help="what the sums of squared gradients start from (adagrad; 0: as in PyTorch)",
        group="optimiser",
        default_text="0.1",
        needs=(only_with("optimizer", "adagrad"),),
    )
    centered: bool = option(
        False, "centred RMSprop: subtract the squared mean gradient", group="optimiser"
    )
    batch_size: int = option(
        -1,
        "examples per step (1: one by one, 0: all)",
        group="optimiser",
        at_least=0,
        default_text="32; for texts of more than 100 labels 16",
    )
    epoch: int = option(-1, text.EPOCH, group="optimiser", default_text=BY_INPUT)
    schedule: str = option(
        "auto",
        "learning rate schedule: constant, linear, step, cosine",
        group="optimiser",
        choices=schedules,
        kind="schedule",
        default_text=BY_INPUT,
    )
    warmup: int = option(0, "number of linear warm-up steps", group="optimiser", at_least=0)
    step_size: int = option(
        10,
        "decay the learning rate every N epochs (schedule step)",
        group="optimiser",
        at_least=1,
        needs=(only_with("schedule", "step"),),
    )
    gamma: float = option(
        0.1,
        SIZE,
        help="decay factor (schedule step)",
        group="optimiser",
        needs=(only_with("schedule", "step"),),
    )
    clip_norm: float = option(
        0.0, SIZE, help="clip gradients to this global L2 norm (0: off)", group="optimiser"
    )
    clip_value: float = option(
        0.0, SIZE, help="clip each gradient to [-v, v] (0: off)", group="optimiser"
    )
    # regularisation
    l1: float = option(0.0, SIZE, help="L1 penalty on weights: the loss plus l1 times |w|")
    l1_proximal: bool = option(
        False,
        "L1 by soft thresholding after each step (w to 0 by lr l1), which makes weights exactly 0",
        group="regularisation",
        needs=(WITH_L1,),
    )
    l2: float = option(0.0, SIZE, help="L2 penalty on weights: the loss plus l2 / 2 times w^2")
    weight_decay: float = option(
        -1.0,
        SIZE,
        help="decoupled weight decay, by --decay-by",
        default_text=f"{BY_INPUT}; where --optimizer is given 0.01 for adamw, else 0",
    )
    decay_by: str = option(
        "rate",
        "what weights are multiplied by in each step: 1 - lr w (rate) or 1 - w (step), w being the "
        "weight decay",
        group="regularisation",
        choices=("rate", "step"),
        kind="decay",
        needs=(WITH_DECAY,),
    )
    dropout: str = option(
        "auto",
        "share of units that are dropped, one for all hidden layers or one for each: 0.2,0.5",
        group="regularisation",
        values=SHARES,
        is_list=True,
        default_text=BY_INPUT,
        needs=(WITH_LAYERS,),
    )
    input_dropout: float = option(0.0, SHARE, help="share of the inputs that is dropped")
    noise_shape: str = option(
        "element",
        "what dropout drops",
        group="regularisation",
        choices=SHAPES,
        kind="noise shape",
        needs=(WITH_DROPOUT,),
    )
    input_noise: float = option(
        0.0, SIZE, help="standard deviation of Gaussian noise added to the inputs"
    )
    word_dropout: float = option(
        0.0,
        SHARE,
        help="fraction of words dropped, redrawn each epoch (text)",
        needs=(FOR_TEXT,),
    )
    word_swap: float = option(
        0.0,
        SHARE,
        help="fraction of words swapped with the next one, redrawn each epoch (text)",
        needs=(FOR_TEXT,),
    )
    image: str = option(
        "",
        "size of the images that rows of pixels are: 28x28, 32x32x3; for --augment",
        group="regularisation",
        needs=(FOR_NUMBERS, only_beside("augment")),
    )
    augment: str = option(
        "",
        "random changes of training images in each epoch: rotate, flip, flip-vertical, zoom, "
        "shift, noise; with amounts: rotate:15,shift:2",
        group="regularisation",
        is_list=True,
        needs=(FOR_NUMBERS,),
    )
    label_smoothing: float = option(0.0, SHARE, help="label smoothing epsilon")
    activation_l1: float = option(
        0.0, SIZE, help="L1 penalty on the outputs of hidden layers", needs=(WITH_LAYERS,)
    )
    max_norm: float = option(
        0.0, SIZE, help="largest norm of the incoming weights of each unit (0: off)"
    )
    max_norm_kind: str = option(
        "l2",
        "which norm --max-norm bounds: weights are scaled (l2), or moved to the nearest ones (l1)",
        group="regularisation",
        choices=BALLS,
        kind="norm of weights",
        needs=(WITH_MAX_NORM,),
    )
    eval_every: str = option("", validation.EVAL_EVERY)
    patience: int = option(0, validation.PATIENCE)
    monitor: str = option(
        "accuracy",
        validation.MONITOR,
        help=f"{validation.MONITOR.help}; of regression {OF_NUMBERS}",
        default_text="accuracy, of regression loss",
    )
    folds: int = option(0, validation.FOLDS)
    folds_output: str = option("", validation.FOLDS_OUTPUT)
    # running
    retry_nan: bool = option(False, validation.RETRY_NAN, group="optimiser")
    log: str = option("", validation.LOG)
    plot: str = option("", validation.PLOT)
    show_gradients: bool = option(
        False, "show the size of each layer's gradients beside evaluations", group="running"
    )
    plot_regions: str = option(
        "",
        "draw the decision regions of a table of two numbers (.png, .svg, .pdf; needs "
        f"{extra('plot')})",
        group="running",
        file="file",
    )
    check_gradients: bool = option(
        False,
        "compare backpropagation with finite differences on the first rows; trains nothing",
        group="running",
    )
    trace: int = option(
        0,
        "print z, a and delta of every layer for this training row (the first is 1), and the "
        "updates of one step on it; trains nothing",
        group="running",
        default_text="off",
    )
    save_every: int = option(
        0, "steps between checkpoints, <name>.checkpoint (0: none)", group="running", at_least=0
    )
    resume: bool = option(False, "continue from the checkpoint", group="running")
    seed: int = option(0, text.SEED, group="running")
    thread: int = option(1, text.THREAD)
    verbose: int = option(2, text.VERBOSE, help="0: silent, 1: the table at the end, 2: progress")
