"""Every choice of a training run: names, defaults, and what cannot be."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.mlp.activations import Chosen, parse_activation
from fastcli.mlp.initializers import ALIASES, INITIALIZERS, REFUSED
from fastcli.mlp.limits import LARGE, MOST, MOST_LAYERS, MOST_UNITS
from fastcli.mlp.names import canonical, lookup
from fastcli.mlp.schedules import SCHEDULES
from fastcli.optimizers import OPTIMIZERS, Hyperparameters, Optimizer
from fastcli.printable import nearest, shortened
from fastcli.schema import INT64, shown
from fastcli.text import VECTORS_WORDS

NORMS = {"none": 0, "batch": 1, "layer": 2}
LOSSES = {"auto": -1, "softmax": 0, "ova": 1, "one-vs-all": 1}
SHAPES = {"element": 0, "row": 1, "column": 2}
FORMATS = ("auto", "text", "csv", "libsvm")
# Arguments that are one of a table's names: what they are called, the table, other names.
CHOICES: dict[str, tuple[str, Collection[str], Mapping[str, str]]] = {
    "norm": ("norm", NORMS, {}),
    "norm_position": ("norm position", ("before", "after"), {}),
    "loss": ("loss", LOSSES, {}),
    "noise_shape": ("noise shape", SHAPES, {}),
    "schedule": ("schedule", SCHEDULES, {}),
    "monitor": ("monitor", ("error", "loss"), {}),
    "format": ("format", FORMATS, {}),
    "vectors_words": ("value of --vectors-words", VECTORS_WORDS, {}),
    "init": ("initialisation", ("auto", *INITIALIZERS), ALIASES),
}

ADAMS = ("adam", "adamw", "adamax", "nadam")
# Options that only some values of another one make use of.
NEEDED: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("optimizer", ("sgd", "momentum", "nesterov", "rmsprop"), ("momentum",)),
    ("optimizer", ADAMS, ("beta1", "beta2")),
    ("optimizer", ("rmsprop", "adadelta"), ("rho",)),
    ("optimizer", ("adagrad", "rmsprop", "adadelta", *ADAMS), ("eps",)),
    ("schedule", ("step",), ("step_size", "gamma")),
    ("norm", ("batch", "layer"), ("norm_position", "norm_eps")),
    ("norm", ("batch",), ("norm_momentum",)),
)


@dataclass(frozen=True)
class MlpArgs:
    """The arguments of ``mlp-train``; -1 for lr, eps and weight decay means the optimiser's own."""

    input: tuple[str, ...] = field(default=())
    output: str = ""
    valid: str = ""
    format: str = "auto"
    # text
    dim: int = 100
    min_count: int = 1
    min_count_label: int = 0
    word_ngrams: int = 1
    bucket: int = 2000000
    minn: int = 0
    maxn: int = 0
    label: str = "__label__"
    pretrained_vectors: str = ""
    vectors_words: str = "all"
    # numbers
    label_column: str = "-1"
    delimiter: str = ""
    standardize: bool = True
    # network
    hidden: str = "100"
    activation: str = "relu"
    norm: str = "none"
    norm_position: str = "before"
    norm_momentum: float = 0.1
    norm_eps: float = 1e-5
    init: str = "auto"
    init_std: float = 0.01
    bias: float = 0.0
    loss: str = "auto"
    # optimiser
    optimizer: str = "adam"
    lr: float = -1.0
    momentum: float = -1.0
    beta1: float = 0.9
    beta2: float = 0.999
    rho: float = 0.9
    eps: float = -1.0
    centered: bool = False
    batch_size: int = 32
    epoch: int = 20
    schedule: str = "constant"
    warmup: int = 0
    step_size: int = 10
    gamma: float = 0.1
    clip_norm: float = 0.0
    clip_value: float = 0.0
    # regularisation
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = -1.0
    dropout: str = "0"
    input_dropout: float = 0.0
    noise_shape: str = "element"
    input_noise: float = 0.0
    word_dropout: float = 0.0
    word_swap: float = 0.0
    label_smoothing: float = 0.0
    activation_l1: float = 0.0
    max_norm: float = 0.0
    patience: int = 0
    eval_every: int = 0
    monitor: str = "error"
    # running
    log: str = ""
    plot: str = ""
    save_every: int = 0
    resume: bool = False
    seed: int = 0
    thread: int = 1
    verbose: int = 2

    @property
    def widths(self) -> list[int]:
        """The units of every hidden layer.  Raises ArgumentError."""
        text = self.hidden.strip().lower()
        if text in ("", "0", "none"):
            return []
        try:
            widths = [int(word) for word in text.split(",")]
        except ValueError:
            raise ArgumentError(
                f"--hidden must be widths such as 128,64 (or none), not {shown(self.hidden)}."
            ) from None
        if len(widths) > MOST_LAYERS:
            raise ArgumentError(f"--hidden has {len(widths):,} layers, more than {MOST_LAYERS:,}.")
        for width in widths:
            if not 1 <= width <= MOST_UNITS:
                raise ArgumentError(f"--hidden: a layer of {shown(width)} units cannot be.")
        return widths

    def _each(self, option: str, text: str) -> list[str]:
        n, words = len(self.widths), text.split(",")
        if len(words) not in (1, n):
            raise ArgumentError(
                f"{option} names {len(words)} layers, and --hidden has {n}: give one for all, or "
                "one for each."
            )
        return words * n if len(words) == 1 else words

    @property
    def activations(self) -> list[Chosen]:
        """The activation of every hidden layer.  Raises ArgumentError."""
        if not self.widths:
            return []
        return [parse_activation(word) for word in self._each("--activation", self.activation)]

    @property
    def dropouts(self) -> list[float]:
        """The dropout of every hidden layer.  Raises ArgumentError."""
        if not self.widths:
            return []
        found = []
        for word in self._each("--dropout", self.dropout):
            try:
                found.append(float(word))
            except ValueError:
                raise ArgumentError(f"--dropout: {shown(word)} is not a number.") from None
            if not 0 <= found[-1] < 1:
                raise ArgumentError(f"--dropout must be from 0 to below 1, not {word}.")
        return found

    @property
    def rule(self) -> Optimizer:
        """The optimiser; sgd with a momentum is momentum, as in PyTorch.  Raises ArgumentError."""
        found = lookup("optimizer", self.optimizer, OPTIMIZERS)
        return OPTIMIZERS["momentum"] if found.name == "sgd" and self.momentum > 0 else found

    def init_of(self, activation: Chosen | None) -> str:
        """Return the initialiser of a layer with this activation (None: the output layer).

        The arguments must be resolved.
        """
        if self.init != "auto":
            return self.init
        return activation.activation.init if activation else "xavier-uniform"

    def resolved(self) -> MlpArgs:
        """Return the arguments with the optimiser's own numbers, and names as the tables have them.

        Raises ArgumentError for an unknown name.
        """
        rule = self.rule
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.lr == -1:
            values["lr"] = rule.lr
        if self.eps == -1:
            values["eps"] = rule.eps
        if self.weight_decay == -1:
            values["weight_decay"] = rule.weight_decay
        if self.momentum == -1:
            values["momentum"] = 0.9 if rule.name in ("momentum", "nesterov") else 0.0
        values["optimizer"] = rule.name
        for name, (kind, table, aliases) in CHOICES.items():
            values[name] = canonical(kind, values[name], table, aliases)
        for word in self.activation.split(","):
            parse_activation(word)  # also where there is no hidden layer
        values["activation"] = ",".join(map(str, self.activations)) or self.activation
        return MlpArgs(**values)

    def without_effect(self) -> str:
        """Return a sentence on options that the others leave without effect, "" if there are none.

        The arguments must be checked.
        """
        found, resolved = [], self.resolved()
        usual = MlpArgs(optimizer=resolved.optimizer).resolved()
        for because, users, names in NEEDED:
            value = getattr(resolved, because)
            unused = [
                option_of(name)
                for name in names
                if value not in users and getattr(resolved, name) != getattr(usual, name)
            ]
            if unused:
                what = f"{', '.join(unused)}: no effect with {option_of(because)} {value}"
                found.append(f"{what}, only with {names_of(users)}")
        return "; ".join(found) + "." if found else ""

    def hyperparameters(self) -> Hyperparameters:
        """Return the optimiser's numbers, of resolved arguments."""
        return Hyperparameters(
            self.momentum, self.beta1, self.beta2, self.rho, self.eps, self.centered
        )

    def check(self) -> None:
        """Raise ArgumentError for what cannot be, with what to do instead."""
        if not self.input or not all(self.input) or not self.output:
            raise ArgumentError("Empty input or output path.")
        self.check_values()

    def check_values(self) -> None:
        """Do what ``check`` does, but let there be no input or output."""
        if self.init.strip().lower() in REFUSED:
            raise ArgumentError(
                "--init zero is refused: units that start alike get the same gradients and stay "
                "alike, so a layer of them is one unit. Leave --init out."
            )
        _ = self.dropouts
        self.resolved()._check_numbers()

    def _check_size(self, name: str, value: float) -> None:
        """Raise ArgumentError unless a number is 0 or more, and one that float32 has room for."""
        if not (value >= 0 and math.isfinite(value)):
            raise ArgumentError(f"{option_of(name)} must be 0 or more, not {value}.")
        if value > LARGE:
            raise ArgumentError(f"{option_of(name)} must be at most {LARGE:g}, not {value}.")

    def _check_numbers(self) -> None:
        rule = self.rule
        least = {
            "dim": 1,
            "min_count": 0,
            "min_count_label": 0,
            "word_ngrams": 1,
            "bucket": 0,
            "minn": 0,
            "maxn": 0,
            "batch_size": 0,
            "epoch": 0,
            "warmup": 0,
            "step_size": 1,
            "patience": 0,
            "eval_every": 0,
            "save_every": 0,
            "thread": 1,
        }
        for name, bound in least.items():
            value = getattr(self, name)
            if not bound <= value <= MOST:
                raise ArgumentError(
                    f"{option_of(name)} must be {bound} or more"
                    f"{'' if value < bound else f' and at most {MOST}'}, not {value}."
                )
        if not -MOST <= self.seed <= MOST:
            raise ArgumentError(f"-seed must be between -{MOST} and {MOST}, not {self.seed}.")
        shares = ("input_dropout", "word_dropout", "word_swap", "label_smoothing", "beta1", "beta2")
        for name in (*shares, "rho"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise ArgumentError(f"{option_of(name)} must be from 0 to below 1, not {value}.")
        if not 0 < self.norm_momentum <= 1:
            raise ArgumentError(
                f"--norm-momentum must be above 0 and at most 1, not {self.norm_momentum}."
            )
        positive = (
            "clip_norm",
            "clip_value",
            "l1",
            "l2",
            "input_noise",
            "activation_l1",
            "max_norm",
        )
        for name in (*positive, "norm_eps", "init_std", "gamma"):
            self._check_size(name, getattr(self, name))
        for name in ("lr", "eps", "weight_decay", "momentum"):
            if (value := getattr(self, name)) != -1:
                self._check_size(name, value)
        if not math.isfinite(self.bias):
            raise ArgumentError(f"--bias must be a number, not {self.bias}.")
        if abs(self.bias) > LARGE:
            raise ArgumentError(
                f"--bias must be between -{LARGE:g} and {LARGE:g}, not {self.bias}."
            )
        if self.norm == "batch" and self.batch_size == 1:
            raise ArgumentError(
                "--norm batch with --batch-size 1 cannot be: the mean of one example is the "
                "example itself. Use --norm layer, or a larger --batch-size."
            )
        if self.centered and rule.name != "rmsprop":
            raise ArgumentError(f"--centered is for --optimizer rmsprop, not {rule.name}.")
        if self.maxn and self.minn > self.maxn:
            raise ArgumentError(f"-minn ({self.minn}) must not be above -maxn ({self.maxn}).")
        if self.bucket == 0 and (self.word_ngrams > 1 or self.maxn > 0):
            raise ArgumentError("-bucket 0 leaves no room for n-grams: give -bucket 1 or more.")
        if not self.label:
            raise ArgumentError("-label must not be empty: every token would be a label.")
        if self.patience and not self.valid:
            raise ArgumentError("--patience needs a validation file: give --valid FILE.")


def names_of(values: Collection[str]) -> str:
    """Return names as a person lists them: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = values
    return f"{', '.join(first)} and {last}" if first else last


def option_of(name: str) -> str:
    """Return the option of an argument: ``--batch-size`` of ``batch_size``, ``-lr`` of ``lr``."""
    short = {"dim", "bucket", "minn", "maxn", "lr", "epoch", "loss", "seed", "thread", "label"}
    if name in short:
        return f"-{name}"
    if name in ("min_count", "min_count_label", "word_ngrams"):
        first, *rest = name.split("_")
        return "-" + first + "".join(word.capitalize() for word in rest)
    return "--" + name.replace("_", "-")


LISTS = ("hidden", "activation", "dropout")  # strings whose parts a configuration may list


def from_config(found: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the arguments that a configuration (TOML) names, by their Python names.

    ``found`` has Python names; ``no_standardize`` is known too.  ``hidden``, ``activation`` and
    ``dropout`` may be lists.  Raises ArgumentError for an unknown name or a wrong kind of value.
    """
    defaults, names = MlpArgs(), [f.name for f in fields(MlpArgs)]
    values: dict[str, Any] = {}
    for key, value in found.items():
        name = key.lstrip("-").replace("-", "_")
        if name == "no_standardize" and isinstance(value, bool):
            name, value = "standardize", not value
        if name not in names:
            plain = [n.replace("_", "-") for n in names]
            hint = nearest(key.replace("_", "-"), plain)
            raise ArgumentError(f"{path}: unknown option {shortened(key)}{hint}.")
        kind = type(getattr(defaults, name))
        read = _configured(name, kind, value)
        if read is None:
            raise ArgumentError(f"{path}: {key} = {_repr(value)} should be {kind.__name__}.")
        if "\0" in "".join(read if kind is tuple else [read] if kind is str else []):
            raise ArgumentError(f"{path}: {key} = {_repr(value)} has a NUL character in it.")
        values[name] = read
    return values


def _configured(name: str, kind: type, value: Any) -> Any:
    """Return a value of TOML as an argument of that kind, None where it cannot be one."""
    if kind is tuple:
        value = [value] if isinstance(value, str) else value
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return tuple(value) if is_list else None
    if kind is str and isinstance(value, list) and name in LISTS:
        parts = [_configured(name, str, one) for one in value if not isinstance(one, list)]
        is_list = len(parts) == len(value) and None not in parts
        return ",".join(parts) if is_list else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(value, int) and not INT64.low <= value <= INT64.high:
        return (math.inf if value > 0 else -math.inf) if kind is float else None
    if kind is str and is_number:
        return str(value)
    if kind is float and is_number:
        return float(value)
    is_right = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    return value if is_right else None


def _repr(value: Any) -> str:
    """Return a value of TOML as a message shows it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # numbers of thousands of digits, endless lists
        return "(a huge value)"
    return text if len(text) <= 60 else text[:60] + "..."
