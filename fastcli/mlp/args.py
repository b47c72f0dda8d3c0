"""All choices of a training run: what follows from the options, and their checks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields, replace
from typing import Any

from fastcli.errors import ArgumentError
from fastcli.evaluation.early_stopping import parse_monitor
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.options import (
    COLUMN_WEIGHTS,
    HELD_OUT,
    WEIGHTING,
    check_folds,
    check_once,
    check_together,
    check_weighting,
    prefix_of_table,
)
from fastcli.mlp.activations import Chosen, parse_activation
from fastcli.mlp.augmentations import parse_augment, parse_image
from fastcli.mlp.initializers import AUTO, ChosenInit, parse_inits
from fastcli.mlp.limits import MOST_LAYERS, MOST_UNITS
from fastcli.mlp.names import canonical, lookup
from fastcli.mlp.options import (
    BALLS,
    LOSSES,
    MINMAX,
    NORMS,
    REGRESSION_LOSSES,
    SCALES,
    SHAPES,
    SHARES,
    STANDARD,
    UNSCALED,
    MlpOptions,
    has_layers,
)
from fastcli.optimizers import OPTIMIZERS, PERCEPTRON, Hyperparameters, Optimizer
from fastcli.options import Values, check_ranges, configured, names_of, rows, without_effect
from fastcli.overwriting import STREAM
from fastcli.printable import counted, nearest, shortened
from fastcli.schema import shown

LOOKS = ("check_gradients", "trace")  # options that look at a network without training it

__all__ = ["BALLS", "LOSSES", "NORMS", "SHAPES", "MlpArgs", "from_config", "option_of"]


class MlpArgs(MlpOptions):
    """The arguments of ``mlp-train``, with what follows from them.

    It has no fields of its own: making it a dataclass again would take 7 ms of every start.
    """

    @property
    def only_looks(self) -> bool:
        """Whether nothing is trained: gradients are checked, or a row is traced."""
        return any(getattr(self, name) for name in LOOKS)

    @property
    def valid_lines(self) -> str:
        """The file of validation lines, the name of those that are held out, or ""."""
        return HELD_OUT if self.valid_share else self.valid

    @property
    def line_weights(self) -> str:
        """The prefix of the tokens that are weights of lines, those of a column included."""
        has_column = self.weight_column and self.text_column
        return self.weight_prefix or (COLUMN_WEIGHTS if has_column else "")

    def recorded(self) -> dict[str, Any]:
        """Return the arguments by their names, the newer ones only where they are given."""
        found = {
            name: value
            for name, value in asdict(self).items()
            if name not in NEWER or value not in (OPEN[name], PLAIN.get(name), 0)
        }
        if self.scale != MINMAX:  # of the others ``standardize`` tells
            del found["scale"]
        return found

    @property
    def scaling(self) -> str:
        """How features are scaled: one of ``SCALES``.

        Raises ArgumentError where ``--no-standardize`` contradicts ``--scale``.
        """
        usual = STANDARD if self.standardize else UNSCALED
        found = canonical("scaling", self.scale, SCALES) if self.scale else usual
        if not self.standardize and found != UNSCALED:
            raise ArgumentError(
                f"--no-standardize and --scale {found} contradict each other: leave one out."
            )
        return found

    @property
    def is_regression(self) -> bool:
        """Whether numbers are learned, not labels; ``auto`` is, where the loss is one of these."""
        return self.task == "regression" or (
            self.task == "auto" and self.loss.strip().lower() in REGRESSION_LOSSES
        )

    @property
    def widths(self) -> list[int]:
        """The units of every hidden layer.  Raises ArgumentError."""
        if not has_layers(self.hidden):
            return []
        try:
            widths = [int(word) for word in self.hidden.split(",")]
        except ValueError:
            raise ArgumentError(
                f"--hidden must be widths such as 128,64 (or none), not {shown(self.hidden)}."
            ) from None
        if len(widths) > MOST_LAYERS:
            raise ArgumentError(f"--hidden has {len(widths):,} layers, more than {MOST_LAYERS:,}.")
        for width in widths:
            if not 1 <= width <= MOST_UNITS:
                raise ArgumentError(f"--hidden: a layer of {shown(width)} units is not possible.")
        return widths

    def _each(self, option: str, text: str) -> list[str]:
        n, words = len(self.widths), text.split(",")
        if len(words) not in (1, n):
            raise ArgumentError(
                f"{option} has {len(words)} values for {n} hidden layers: give one for all, or "
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
                raise ArgumentError(f"--dropout must be {SHARES}, not {word}.")
        return found

    @property
    def rule(self) -> Optimizer:
        """The optimiser; sgd with a momentum is momentum, as in PyTorch.  Raises ArgumentError."""
        name = self.optimizer if self.is_given("optimizer") else PLAIN["optimizer"]
        found = lookup("optimizer", name, OPTIMIZERS)
        return OPTIMIZERS["momentum"] if found.name == "sgd" and self.momentum > 0 else found

    @property
    def inits(self) -> list[ChosenInit]:
        """The initialisation of every layer, the output layer last.  Raises ArgumentError."""
        n, found = len(self.widths) + 1, parse_inits(self.init)
        if len(found) not in (1, n):
            layers = f"{counted(n - 1, 'hidden layer')} and the output"
            fix = f"give one for all, or one for each of the {n}"
            if n == 1:
                layers, fix = "the output layer alone", "give one"
            raise ArgumentError(f"--init has {len(found)} values for {layers}: {fix}.")
        suited = [one.activation.init for one in self.activations] + ["xavier-uniform"]
        found = found * n if len(found) == 1 else found
        return [
            ChosenInit(suits) if one.name == AUTO else one
            for one, suits in zip(found, suited, strict=True)
        ]

    @property
    def is_perceptron(self) -> bool:
        """Whether the perceptron learning rule is asked for.  Raises ArgumentError."""
        return self.rule.name == PERCEPTRON

    def resolved(self) -> MlpArgs:
        """Return the arguments with the optimiser's defaults, and canonical names.

        What no rule for a kind of input has decided (``fastcli/mlp/defaults.py``) is plain: a layer
        of ReLU, and Adam at a constant rate.  Raises ArgumentError for an unknown name.
        """
        if plain := {k: v for k, v in PLAIN.items() if not self.is_given(k)}:
            return replace(self, **plain).resolved()
        rule = self.rule
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.lr == -1:
            values["lr"] = rule.lr
        for name in ("eps", "weight_decay", "rho", "initial_accumulator"):
            if getattr(self, name) == -1:
                values[name] = getattr(rule, name)
        if not rule.initial_accumulator:  # it sums nothing
            values["initial_accumulator"] = 0.0
        if self.momentum == -1:
            values["momentum"] = 0.9 if rule.name in ("momentum", "nesterov") else 0.0
        values["optimizer"] = rule.name
        values["scale"] = self.scaling
        values["standardize"] = self.scaling != UNSCALED
        values["monitor"] = parse_monitor(self.monitor).text
        for row in rows(MlpArgs):
            if row.name in NAMED:
                kind, name = row.option.kind or row.name, values[row.name]
                values[row.name] = canonical(kind, name, row.choices, row.aliases)
        if rule.name == PERCEPTRON and values["loss"] == "auto" and values["task"] != "regression":
            values["loss"] = "ova"  # which inference goes by: a unit for each label
        for word in self.activation.split(","):
            parse_activation(word)  # also where there is no hidden layer
        values["activation"] = ",".join(map(str, self.activations)) or self.activation
        values["init"] = ",".join(map(str, parse_inits(self.init)))
        return MlpArgs(**values)._as_task()

    def _as_task(self) -> MlpArgs:
        """Return the arguments with what follows from the task, if that is regression.

        Raises ArgumentError for what the task does not have.
        """
        if not self.is_regression:
            if self.loss in REGRESSION_LOSSES:
                raise ArgumentError(
                    f"-loss {self.loss} is for numbers: give --task regression, or -loss softmax."
                )
            parse_monitor(self.monitor).check_task(False, "--monitor")
            return self
        if self.is_perceptron:
            raise ArgumentError(
                "--optimizer perceptron learns labels, and --task regression numbers: leave one "
                "out."
            )
        if self.loss not in ("auto", *REGRESSION_LOSSES):
            raise ArgumentError(
                f"-loss {self.loss} is for labels: with --task regression give one of "
                f"{', '.join(REGRESSION_LOSSES)}."
            )
        for name in ("class_weight", "label_smoothing", "min_count_label", "plot_regions"):
            if getattr(self, name):
                raise ArgumentError(
                    f"{option_of(name)} is for labels, and --task regression learns numbers: leave "
                    "it out."
                )
        # The default of --monitor is a metric of labels; the loss has all targets on one scale.
        monitor = "loss" if self.monitor == OPEN["monitor"] else self.monitor
        parse_monitor(monitor).check_task(True, "--monitor")
        loss = "squared" if self.loss == "auto" else self.loss
        return replace(self, task="regression", loss=loss, monitor=monitor)

    def is_given(self, name: str) -> bool:
        """Tell whether an argument differs from its value when the option is left out."""
        return bool(getattr(self, name) != OPEN[name])

    def check_given(self, given: Collection[str]) -> None:
        """Raise ArgumentError for -1 given by hand, which stands for 'not given'."""
        for row in rows(MlpArgs):
            is_number = row.default == -1 and row.range_text
            if row.name in given and is_number and getattr(self, row.name) == -1:
                raise ArgumentError(f"{row.shown} must be {row.range_text}, not -1.")

    def for_text(self) -> MlpArgs:
        """Return the arguments with those decided that texts are read by."""
        if self.is_given("word_ngrams") or self.input_model:
            return self
        return replace(self, word_ngrams=TEXT_NGRAMS)

    def named(self) -> MlpArgs:
        """Return the arguments with canonical names; what is open stays open.

        Raises ArgumentError for an unknown name.
        """
        found = self.resolved()
        still = {k: v for k, v in OPEN.items() if v in (-1, "auto") and not self.is_given(k)}
        return replace(found, **still)

    def without_effect(self, given: Collection[str] | None = None, reads: str = "") -> str:
        """Return a sentence on options without effect, "" if there are none.

        ``given`` has the names of those that a person set, ``reads`` is "text" or "numbers" where
        that is known.  Without names, those are meant that differ from the default.  The arguments
        must be checked.
        """
        resolved = (self if reads == "numbers" else self.for_text()).resolved()
        if given is None:
            usual = MlpArgs(optimizer=resolved.optimizer).resolved()
            names = [f.name for f in fields(self)]
            given = [n for n in names if getattr(resolved, n) != getattr(usual, n)]
        known = rows(MlpArgs)
        # Dropout that is left open is that of a rule, once the data are read: mostly not 0.
        opens = {} if self.is_given("dropout") else {"dropout": self.dropout}
        values = Values("mlp-train", {**vars(resolved), **opens, "reads": reads}, known)
        return without_effect(known, given, values)

    def hyperparameters(self) -> Hyperparameters:
        """Return the optimiser's numbers, of resolved arguments."""
        return Hyperparameters(
            self.momentum,
            self.beta1,
            self.beta2,
            self.rho,
            self.eps,
            self.centered,
            self.eps_position == "inside",
            self.initial_accumulator,
        )

    def check(self, in_memory: bool = False) -> None:
        """Raise ArgumentError for values that cannot work, with what to do instead.

        There must be an output, unless nothing is written, or the model may stay ``in_memory``.
        """
        has_output = bool(self.output) or self.only_looks or in_memory
        if not self.input or not all(self.input) or not has_output:
            raise ArgumentError("Empty input or output path.")
        if not self.output and (self.save_every or self.resume):
            raise ArgumentError("--save-every writes NAME.checkpoint: give an output.")
        if self.class_weight:
            from fastcli.evaluation.weights import check_class_weight

            check_class_weight(self.class_weight)
        if STREAM in self.input:
            from fastcli.text.spooled import check_stdin

            check_stdin(self.input)
        if self.text_column and self.format in ("text", "libsvm"):
            raise ArgumentError(
                f"--format {self.format} has no columns: leave out --text-column, or give the "
                "format of the table."
            )
        if self.weight_prefix and self.text_column:
            raise prefix_of_table()
        if len(self.label_column) > 1 and not (self.text_column or self.is_regression):
            raise ArgumentError(
                "Numbers have one label column: give one --label-column. Texts may have several, "
                "with --text-column, and so may --task regression."
            )
        self.check_values()

    def check_values(self) -> None:
        """Do what ``check`` does, but let there be no input or output."""
        plain = self.resolved()
        _ = plain.dropouts, plain.inits
        own = self.rule.weight_decay
        if self.weight_decay == -1 and own and self.decay_by.strip().lower() == "step":
            raise ArgumentError(
                f"--decay-by step needs --weight-decay, such as 0.0005: the {own:g} of "
                f"{self.rule.name} is multiplied by the rate."
            )
        if self.augment and not self.image:
            raise ArgumentError(
                "--augment needs the size of images, which are rows of pixels: give --image, such "
                "as --image 28x28."
            )
        if self.image:
            parse_augment(self.augment, parse_image(self.image))
        plain._check_numbers()

    def _check_numbers(self) -> None:
        rule = self.rule
        check_ranges(self)
        if self.norm == "batch" and self.batch_size == 1:
            raise ArgumentError(
                "--norm batch with --batch-size 1 does not work: the mean of one example is the "
                "example itself. Use --norm layer, or a larger --batch-size."
            )
        if rule.name == PERCEPTRON:
            self._check_perceptron()
        if self.centered and rule.name != "rmsprop":
            raise ArgumentError(f"--centered is for --optimizer rmsprop, not {rule.name}.")
        if self.decay_by == "step" and self.weight_decay >= 1:
            raise ArgumentError(
                f"--weight-decay {self.weight_decay:g} with --decay-by step leaves nothing of "
                "weights, which are multiplied by 1 - w in each step: give one below 1, such as "
                "0.0005."
            )
        if self.maxn and self.minn > self.maxn:
            raise ArgumentError(f"-minn ({self.minn}) must not be above -maxn ({self.maxn}).")
        if self.bucket == 0 and (self.word_ngrams > 1 or self.maxn > 0):
            raise ArgumentError("-bucket 0 leaves no room for n-grams: give -bucket 1 or more.")
        check_weighting(self.weight_prefix, self.weight_column, self.label)
        if not self.label:
            raise ArgumentError("-label must not be empty: every token would be a label.")
        check_together(self.valid, self.valid_share, self.patience, self.folds)
        check_folds(self.folds, self.input_model)
        check_once(self.input, self.valid_share, self.folds)
        parse_interval(self.eval_every)

    def _check_perceptron(self) -> None:
        """Raise ArgumentError for what the perceptron learning rule does not have."""
        name = "--optimizer perceptron"
        if self.widths:
            raise ArgumentError(
                f"{name} is for a network without hidden layers, since the rule has no error "
                "signal for hidden units: give --hidden none, or another --optimizer."
            )
        if self.loss not in ("ova", "one-vs-all"):
            raise without_loss(self.loss)
        if self.label_smoothing:
            raise ArgumentError(
                f"{name} with --label-smoothing would find every unit in error for ever: leave "
                "--label-smoothing out."
            )
        changed = [option_of(one) for one in CHANGE_STEPS if getattr(self, one)]
        if changed:
            raise ArgumentError(
                f"{name} converges by its own steps, lr (t - y) x, which {names_of(changed)} would "
                f"change: leave {'them' if len(changed) > 1 else 'it'} out."
            )
        if self.check_gradients:
            raise ArgumentError(
                f"{name} has no gradients: its units are steps. Leave --check-gradients out, or "
                "give another --optimizer."
            )


# What the perceptron rule would never converge with, or on other data than those that are given.
CHANGE_STEPS = (
    *("l1", "l2", "weight_decay", "max_norm", "clip_norm", "clip_value"),
    *("input_dropout", "input_noise"),
)
# What is recorded only where it is given, so that models without it are the same bytes.
NEWER = {
    *("folds", "folds_output", "input_model", "plot_regions", *LOOKS, *WEIGHTING),
    *("eps_position", "initial_accumulator", "output_bias"),
    *("norm_statistics", "norm_affine", "l1_proximal", "decay_by", "max_norm_kind"),
    *("task", "huber_delta"),
    *("image", "augment"),
}
# An option that is left out has the value of OPEN, which may stand for "decided later" (-1, auto).
# Then fastcli/mlp/defaults.py decides by the data, and ``resolved`` takes PLAIN for the rest.
# TEXT_NGRAMS is that rule's, and known sooner: texts are read by it.
OPEN = {row.name: row.default for row in rows(MlpArgs)}
TEXT_NGRAMS = 2
PLAIN: dict[str, Any] = {
    "word_ngrams": 1,
    "hidden": "100",
    "activation": "relu",
    "optimizer": "adam",
    "beta1": 0.9,
    "beta2": 0.999,
    "batch_size": 32,
    "epoch": 20,
    "schedule": "constant",
    "dropout": "0",
    "output_bias": "bias",
}
# Options whose value is one of a table's names; optimizer and activation are looked up apart.
LISTS = {"optimizer", "activation", "init"}  # read by their own rules
NAMED = {row.name for row in rows(MlpArgs) if row.option.choices} - LISTS
OPTIONS = {row.name: row for row in rows(MlpArgs)}


def without_loss(loss: str) -> ArgumentError:
    """Return the error of a loss that is given for the perceptron rule."""
    return ArgumentError(
        f"--optimizer {PERCEPTRON} is a rule without a loss: leave -loss {loss} out."
    )


def option_of(name: str) -> str:
    """Return the option of an argument: ``--batch-size`` of ``batch_size``, ``-lr`` of ``lr``."""
    return OPTIONS[name].shown


def from_config(found: dict[str, Any], path: str) -> dict[str, Any]:
    """Return the arguments that a configuration (TOML) names, by their Python names.

    ``found`` has Python names; ``no_standardize`` is known too.  Where a row says so the value may
    be a list.  Raises ArgumentError for an unknown name or a wrong kind of value.
    """
    negated = {f"no_{name}": name for name, row in OPTIONS.items() if row.default is True}
    values: dict[str, Any] = {}
    for key, value in found.items():
        name = key.lstrip("-").replace("-", "_")
        if name in negated and isinstance(value, bool):
            name, value = negated[name], not value
        if name not in OPTIONS:
            plain = [n.replace("_", "-") for n in OPTIONS]
            hint = nearest(key.replace("_", "-"), plain)
            raise ArgumentError(f"{path}: unknown option {shortened(key)}{hint}.")
        kind = type(OPTIONS[name].default)
        read = configured(OPTIONS[name], value)
        if read is None:
            raise ArgumentError(f"{path}: {key} = {_repr(value)} should be {kind.__name__}.")
        if "\0" in "".join(read if kind is tuple else [read] if kind is str else []):
            raise ArgumentError(f"{path}: {key} = {_repr(value)} has a NUL character in it.")
        values[name] = read
    return values


def _repr(value: Any) -> str:
    """Return a value of TOML as a message shows it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # numbers of thousands of digits, endless lists
        return "(a huge value)"
    return text if len(text) <= 60 else text[:60] + "..."
