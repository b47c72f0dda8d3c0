"""The arguments of mlp-train: what is refused and how, defaults, configurations, schedules."""

import math
import sys
from dataclasses import fields, replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation.early_stopping import EarlyStopping
from fastcli.mlp.activations import ACTIVATIONS, parse_activation
from fastcli.mlp.activations import ALIASES as ACTIVATION_ALIASES
from fastcli.mlp.args import PLAIN, MlpArgs, from_config, option_of
from fastcli.mlp.batches import batch_starts, largest_batch
from fastcli.mlp.dump import args_text
from fastcli.mlp.initializers import ALIASES, INITIALIZERS, ChosenInit
from fastcli.mlp.names import lookup
from fastcli.mlp.schedules import SCHEDULES, learning_rates
from fastcli.optimizers import OPTIMIZERS, PERCEPTRON
from fastcli.printable import nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ARGS = MlpArgs(input=("in.txt",), output="out")


def refused(**values):
    """Return the error about invalid arguments."""
    with pytest.raises(ArgumentError) as caught:
        replace(ARGS, **values).check()
    return str(caught.value)


# -------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "wrong", "kind", "right"),
    [
        ("optimizer", "adamm", "optimizer", "adam"),
        ("optimizer", "RMSprob", "optimizer", "rmsprop"),
        ("activation", "rleu", "activation", "relu"),
        ("activation", "relu,leaky-rellu", "activation", "leaky-relu"),
        ("norm", "bach", "norm", "batch"),
        ("norm_position", "befor", "norm position", "before"),
        ("loss", "softmx", "loss", "softmax"),
        ("noise_shape", "elements", "noise shape", "element"),
        ("schedule", "cosinus", "schedule", "cosine"),
        ("format", "libsmv", "format", "libsvm"),
        ("init", "he-norml", "initialisation", "he-normal"),
        ("init", "glorott", "initialisation", ""),
    ],
)
def test_an_unknown_name_gives_the_nearest(name, wrong, kind, right):
    said = refused(**{name: wrong, "hidden": "8,8"})
    assert said.startswith(f"Unknown {kind}: {wrong.split(',')[-1]}")
    assert "Known: " in said
    if right:
        assert f" (did you mean {right}?)" in said


def test_a_far_name_gives_the_known_ones():
    said = refused(optimizer="zzzz")
    assert said == f"Unknown optimizer: zzzz. Known: {', '.join(OPTIMIZERS)}."


@given(st.sampled_from(sorted(OPTIMIZERS)), st.data())
def test_one_letter_more_is_near(name, data):
    at = data.draw(st.integers(0, len(name)))
    wrong = name[:at] + data.draw(st.sampled_from("qxz")) + name[at:]
    with pytest.raises(ArgumentError, match=r"did you mean \S+\?"):
        lookup("optimizer", wrong, OPTIMIZERS)


def test_case_and_underscores_are_aside():
    assert lookup("activation", " Leaky_ReLU ", ACTIVATIONS) is ACTIVATIONS["leaky-relu"]
    for alias, name in ACTIVATION_ALIASES.items():
        assert parse_activation(alias.upper()).activation is ACTIVATIONS[name]
    for alias in ALIASES:
        assert replace(ARGS, init=alias.upper()).resolved().inits[-1].name in INITIALIZERS
        replace(ARGS, init=alias).check()


def test_nearest():
    assert nearest("relu", ["reluu", "tanh"]) == " (did you mean reluu?)"
    assert nearest("relu", []) == ""
    assert nearest("", ["relu"]) == ""


# ------------------------------------------------------------------------- layers


@pytest.mark.parametrize("text", ["", "0", "none", " None "])
def test_no_hidden_layer(text):
    args = replace(ARGS, hidden=text)
    assert (args.widths, args.activations, args.dropouts) == ([], [], [])
    args.check()


@given(st.lists(st.integers(1, 1_000_000), min_size=1, max_size=5))
def test_widths(widths):
    args = replace(ARGS, hidden=",".join(map(str, widths))).resolved()
    assert args.widths == widths
    assert len(args.activations) == len(args.dropouts) == len(widths)


@pytest.mark.parametrize(
    ("text", "width"), [("8,0", 0), ("0,8", 0), ("-1", -1), ("1000001", 1000001)]
)
def test_widths_that_cannot_be(text, width):
    assert refused(hidden=text) == f"--hidden: a layer of {width} units is not possible."


@pytest.mark.parametrize("text", ["8,", ",8", "8.5", "a", "8 8", "8;8"])
def test_what_is_no_width(text):
    said = refused(hidden=text)
    assert said == f"--hidden must be widths such as 128,64 (or none), not {text!r}."


@given(st.integers(1, 6), st.integers(1, 6), st.sampled_from(["activation", "dropout"]))
def test_lists_are_for_all_layers_or_for_each(n, given_, name):
    word = {"activation": "tanh", "dropout": "0.5"}[name]
    values = {"hidden": ",".join(["4"] * n), name: ",".join([word] * given_)}
    if given_ not in (1, n):
        said = refused(**values)
        assert said.startswith(f"--{name} has {given_} values for {n} hidden layers:")
        return
    args = replace(ARGS, **values)
    args.check()
    args = args.resolved()
    assert [chosen.activation.name for chosen in args.activations] == (
        ["tanh" if name == "activation" else "relu"] * n
    )
    assert args.dropouts == [0.5 if name == "dropout" else 0.0] * n


def test_each_layer_has_its_own():
    args = replace(ARGS, hidden="8,4", activation="relu,leaky-relu:0.2", dropout="0.1,0")
    assert list(map(str, args.activations)) == ["relu", "leaky-relu:0.2"]
    assert args.dropouts == [0.1, 0.0]


@pytest.mark.parametrize("text", ["1", "-0.1", "1.5", "nan", "inf"])
def test_dropouts_that_cannot_be(text):
    assert refused(dropout=text) == f"--dropout must be from 0 to below 1, not {text}."


def test_what_is_no_dropout():
    assert refused(dropout="x") == "--dropout: 'x' is not a number."


# -------------------------------------------------------------------- activations


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_parameters_have_defaults(name):
    chosen = parse_activation(name)
    assert chosen.values == ACTIVATIONS[name].defaults
    with pytest.raises(ArgumentError):
        parse_activation(":".join([name, *["1"] * (len(chosen.values) + 1)]))


@given(st.sampled_from(sorted(ACTIVATIONS)), st.data())
def test_activations_are_read_as_they_are_written(name, data):
    n = data.draw(st.integers(0, len(ACTIVATIONS[name].parameters)))
    values = sorted(data.draw(st.lists(st.integers(2, 100), min_size=n, max_size=n)))
    if name == "rrelu" and n == 1:
        return  # low alone would be above the default of high
    chosen = parse_activation(":".join([name, *map(str, values)]))
    assert chosen.values[:n] == tuple(values)
    if name != "rrelu" or n == 2:  # 1/3 is not written to its last digit
        assert parse_activation(str(chosen)) == chosen


def test_pieces():
    assert parse_activation("maxout").pieces == 2
    assert parse_activation("maxout:5").pieces == 5
    assert parse_activation("relu").pieces == 1
    assert parse_activation("leaky-relu:3").pieces == 1
    assert parse_activation("maxout:1").pieces == 1
    assert parse_activation("apl:5").pieces == 1


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("relu", ()),
        ("maxout:3", ()),
        ("softmax", ()),
        ("rrelu:0.25:0.75", (0.5,)),
        ("srelu", (0.0, 0.1, 1.0, 1.0)),
        ("apl:1", (0.0, 0.0)),
        ("apl:3", (0.0, 0.0, 0.0, -1.0, 0.0, 1.0)),
    ],
)
def test_what_the_parameters_of_units_start_from(text, start):
    assert parse_activation(text).start == start


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("relu:1", "Activation relu:1: relu has no parameters."),
        ("leaky-relu:1:2", "Activation leaky-relu:1:2: leaky-relu has alpha."),
        ("rrelu:1:2:3", "Activation rrelu:1:2:3: rrelu has low, high."),
        ("leaky-relu:x", "Activation leaky-relu:x: 'x' is not a number."),
        ("leaky-relu:", "Activation leaky-relu:: '' is not a number."),
        ("elu:nan", "Activation elu:nan: 'nan' is not a number."),
        ("elu:inf", "Activation elu:inf: 'inf' is not a number."),
        ("maxout:0", "maxout needs a whole number of pieces, 1 to 1000."),
        ("maxout:2.5", "maxout needs a whole number of pieces, 1 to 1000."),
        ("apl:0", "apl needs a whole number of hinges, 1 to 100."),
        ("apl:101", "apl needs a whole number of hinges, 1 to 100."),
        ("softmax:2", "Activation softmax:2: softmax has no parameters."),
        ("isrlu:-1", "alpha must be 0 or more."),
        ("rrelu:0.5:0.25", "low must not be above high."),
        ("isru:-1", "alpha must be 0 or more."),
    ],
)
def test_parameters_that_cannot_be(text, sentence):
    assert sentence in refused(activation=text)


@given(st.text(alphabet="relumaxot-:.0123 ", max_size=12))
def test_any_text_is_an_activation_or_refused(text):
    try:
        chosen = parse_activation(text)
    except ArgumentError:
        return
    assert all(map(math.isfinite, chosen.values))
    assert len(chosen.values) == len(chosen.activation.parameters)


# ------------------------------------------------------------------------ refusals


def test_batch_norm_needs_more_than_one_example():
    said = refused(norm="batch", batch_size=1)
    assert "--norm batch with --batch-size 1" in said
    assert "--norm layer" in said
    for values in (
        {"norm": "batch", "batch_size": 2},
        {"norm": "batch", "batch_size": 0},
        {"norm": "layer", "batch_size": 1},
    ):
        replace(ARGS, **values).check()


@pytest.mark.parametrize("name", ["zero", "zeros", "Zero", " ZEROS "])
def test_zeros_to_start_from_are_refused(name):
    said = refused(init=name)
    assert said.startswith("--init zero is refused: units that start alike")


@pytest.mark.parametrize("values", [{"input": ()}, {"input": ("a", "")}, {"output": ""}])
def test_empty_paths(values):
    assert refused(**values) == "Empty input or output path."


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("dim", 0, "-dim"),
        ("bucket", -1, "-bucket"),
        ("word_ngrams", 0, "-wordNgrams"),
        ("min_count_label", -1, "-minCountLabel"),
        ("batch_size", -2, "--batch-size"),
        ("epoch", -2, "-epoch"),
        ("epoch", 2**31, "-epoch"),
        ("step_size", 0, "--step-size"),
        ("thread", 0, "-thread"),
        ("warmup", -1, "--warmup"),
        ("patience", -1, "--patience"),
        ("input_dropout", 1.0, "--input-dropout"),
        ("label_smoothing", -0.1, "--label-smoothing"),
        ("word_swap", math.nan, "--word-swap"),
        ("beta1", 1.0, "--beta1"),
        ("rho", -0.5, "--rho"),
        ("norm_momentum", 0.0, "--norm-momentum"),
        ("norm_momentum", 1.5, "--norm-momentum"),
        ("norm_eps", -1e-5, "--norm-eps"),
        ("l1", math.inf, "--l1"),
        ("l2", math.nan, "--l2"),
        ("gamma", -1.0, "--gamma"),
        ("lr", -2.0, "-lr"),
        ("lr", math.nan, "-lr"),
        ("eps", math.inf, "--eps"),
        ("momentum", -0.5, "--momentum"),
        ("weight_decay", -0.5, "--weight-decay"),
        ("bias", math.inf, "--bias"),
    ],
)
def test_numbers_out_of_bounds(name, value, option):
    said = refused(**{name: value})
    assert said.startswith(f"{option} must be ")
    assert said.endswith(f"not {value}.")
    assert option_of(name) == option


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"centered": True}, "--centered is for --optimizer rmsprop, not adam."),
        ({"minn": 4, "maxn": 3}, "-minn (4) must not be above -maxn (3)."),
        ({"bucket": 0, "word_ngrams": 2}, "-bucket 0 leaves no room for n-grams"),
        ({"bucket": 0, "maxn": 3}, "-bucket 0 leaves no room for n-grams"),
        ({"label": ""}, "-label must not be empty"),
        (
            {"patience": 3},
            "--patience needs validation lines: give --valid FILE or --valid-share 0.1.",
        ),
    ],
)
def test_what_does_not_go_together(values, words):
    assert words in refused(**values)


@pytest.mark.parametrize(
    "values",
    [
        {"centered": True, "optimizer": "RMSprop"},
        {"minn": 3, "maxn": 3},
        {"bucket": 0},
        {"patience": 3, "valid": "valid.txt"},
        {"epoch": 0},
        {"hidden": "none", "norm": "batch"},
    ],
)
def test_what_goes_together(values):
    replace(ARGS, **values).check()


def test_the_defaults_can_be():
    ARGS.check()
    MlpArgs().check_values()


# ------------------------------------------------------------------------ defaults


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resolved_has_the_numbers_of_the_optimiser(name):
    hidden = "none" if name == PERCEPTRON else ARGS.hidden
    found = replace(ARGS, optimizer=name.upper(), hidden=hidden).resolved()
    rule = OPTIMIZERS[name]
    assert found.optimizer == name
    assert (found.lr, found.eps, found.weight_decay) == (rule.lr, rule.eps, rule.weight_decay)
    assert (found.rho, found.initial_accumulator) == (rule.rho, rule.initial_accumulator)
    assert found.momentum == (0.9 if name in ("momentum", "nesterov") else 0.0)
    assert found.resolved() == found
    found.check()


def test_resolved_keeps_what_was_given():
    values = {"lr": 0.0, "eps": 0.5, "weight_decay": 0.0, "momentum": 0.0}
    found = replace(ARGS, optimizer="nesterov", **values).resolved()
    assert {name: getattr(found, name) for name in values} == values
    assert replace(ARGS, optimizer="adamw").resolved().weight_decay == 0.01


def test_resolved_writes_activations_out():
    args = replace(ARGS, hidden="8,4", activation="Swish,leaky_relu")
    assert args.resolved().activation == "silu,leaky-relu:0.01"
    one = replace(ARGS, hidden="8,4", activation="tanh").resolved()
    assert one.activation == "tanh,tanh"
    assert one.activations == replace(ARGS, hidden="8,4", activation="tanh").activations
    assert replace(ARGS, hidden="none").resolved().activation == "relu"


def test_resolved_changes_nothing_else():
    before, after = ARGS, ARGS.resolved()
    changed = {f.name for f in fields(MlpArgs) if getattr(before, f.name) != getattr(after, f.name)}
    numbers = {"lr", "eps", "weight_decay", "momentum", "rho", "initial_accumulator"}
    assert changed == {*numbers, *PLAIN, "scale"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_weights_start_as_suits_the_activation(name):
    args = replace(ARGS, activation=name, hidden="4,3").resolved()
    suits = ChosenInit(ACTIVATIONS[name].init)
    assert suits.name in INITIALIZERS
    assert args.inits == [suits, suits, ChosenInit("xavier-uniform")]
    normal = ChosenInit("xavier-normal")
    assert replace(args, init="Xavier_Normal").resolved().inits == [normal] * 3
    assert replace(args, init="auto,he,auto").inits == [
        suits,
        ChosenInit("he-normal"),
        args.inits[2],
    ]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("uniform:-0.1,0.1", "uniform:-0.1:0.1"),
        ("Uniform: -1 , 2", "uniform:-1.0:2.0"),
        ("he,uniform:-.1:.1", "he-normal,uniform:-0.1:0.1"),
        ("uniform:-1e-2,0.5,uniform:0,1,normal", "uniform:-0.01:0.5,uniform:0.0:1.0,normal"),
        ("truncated_normal", "truncated-normal"),
    ],
)
def test_initialisations_one_per_layer(given, read):
    args = replace(ARGS, init=given, hidden="4,3" if given.count("uniform") > 1 else "4").resolved()
    assert args.init == read
    assert args.resolved() == args
    args.check()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("uniform", "--init uniform: give two bounds, such as uniform:-0.1,0.1."),
        ("uniform:1", "--init uniform:1: give two bounds, such as uniform:-0.1,0.1."),
        ("uniform:1:2:3", "--init uniform:1:2:3: give two bounds, such as uniform:-0.1,0.1."),
        ("uniform:a,b", "--init uniform:a: give two bounds, such as uniform:-0.1,0.1."),
        ("uniform:a:1", "--init uniform:a:1: 'a' is not a number."),
        ("uniform:nan:1", "--init uniform:nan:1: 'nan' is not a number."),
        (
            "uniform:2,1",
            "--init uniform:2:1: the first bound must be below the second, and neither beyond "
            "1e+30.",
        ),
        ("normal:3", "--init normal:3: normal takes no numbers, only uniform does."),
        ("auto:3", "--init auto:3: auto takes no numbers, only uniform does."),
        ("0.1", "Unknown initialisation: 0.1."),
        ("he,he,he", "--init has 3 values for 1 hidden layer and the output: give one for all"),
    ],
)
def test_initialisations_that_cannot_be(given, said):
    assert refused(init=given, hidden="4").startswith(said)


# ------------------------------------------------------------------ configurations


@pytest.mark.parametrize(
    ("found", "values"),
    [
        ({}, {}),
        ({"hidden": [8, 4]}, {"hidden": "8,4"}),
        ({"hidden": 8}, {"hidden": "8"}),
        ({"hidden": "8,4"}, {"hidden": "8,4"}),
        ({"activation": ["relu", "elu:0.5"]}, {"activation": "relu,elu:0.5"}),
        ({"dropout": 0.5}, {"dropout": "0.5"}),
        ({"dropout": [0.5, 0]}, {"dropout": "0.5,0"}),
        ({"lr": 1}, {"lr": 1.0}),
        ({"batch-size": 4, "word_ngrams": 2}, {"batch_size": 4, "word_ngrams": 2}),
        ({"--clip-norm": 1, "-epoch": 3}, {"clip_norm": 1.0, "epoch": 3}),
        ({"input": "a.txt"}, {"input": ("a.txt",)}),
        ({"input": ["a.txt", "b.txt"]}, {"input": ("a.txt", "b.txt")}),
        ({"label_column": 2}, {"label_column": ("2",)}),
        ({"label_column": "y"}, {"label_column": ("y",)}),
        ({"standardize": False, "centered": True}, {"standardize": False, "centered": True}),
    ],
)
def test_configurations(found, values):
    got = from_config(found, "c.toml")
    assert got == values
    assert [type(v) for v in got.values()] == [type(v) for v in values.values()]


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("hiden", "hidden"),
        ("batch_sise", "batch-size"),
        ("learning-rate-lr", ""),
        ("wordNgrams", "word-ngrams"),
        ("zzzzzz", ""),
    ],
)
def test_unknown_names_of_a_configuration(key, right):
    with pytest.raises(ArgumentError) as caught:
        from_config({key: 1}, "c.toml")
    assert str(caught.value).startswith(f"c.toml: unknown option {key}")
    if right:
        assert str(caught.value) == f"c.toml: unknown option {key} (did you mean {right}?)."


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("lr", "0.1", "float"),
        ("lr", True, "float"),
        ("lr", [0.1], "float"),
        ("epoch", 1.0, "int"),
        ("epoch", True, "int"),
        ("epoch", "1", "int"),
        ("centered", 1, "bool"),
        ("resume", "yes", "bool"),
        ("hidden", True, "str"),
        ("hidden", {"a": 1}, "str"),
        ("optimizer", False, "str"),
    ],
)
def test_wrong_kinds_in_a_configuration(key, value, kind):
    with pytest.raises(ArgumentError) as caught:
        from_config({key: value}, "c.toml")
    assert str(caught.value) == f"c.toml: {key} = {value!r} should be {kind}."


plain_text = st.text(
    st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=["Cs", "Cc"])
)
positive = st.floats(0, 1e30, allow_subnormal=False)


@given(
    st.lists(plain_text, min_size=1, max_size=3),
    plain_text,
    st.sampled_from(["", ",", "\t", ";", '"', "\\"]),
    positive,
    positive,
    st.integers(0, 2**31 - 1),
    st.booleans(),
)
def test_dumped_arguments_are_a_configuration(paths, label, delimiter, lr, eps, epoch, flag):
    """What ``dump model args`` prints gives the same arguments back."""
    args = replace(
        ARGS,
        input=tuple(paths),
        label=label,
        delimiter=delimiter,
        lr=lr,
        norm_eps=eps,
        epoch=epoch,
        standardize=flag,
    )
    text = args_text(SimpleNamespace(args=args)).decode()
    assert MlpArgs(**from_config(tomllib.loads(text), "c.toml")) == args


# ----------------------------------------------------------------------- schedules


def rates(schedule="constant", lr=1.0, first=0, last=None, total=20, **more):
    values = {"warmup": 0, "steps_per_epoch": 2, "step_size": 3, "gamma": 0.5, **more}
    last = total if last is None else last
    return learning_rates(schedule, lr, first, last, total, **values).tolist()


def test_schedules_by_hand():
    assert rates("constant", total=3) == [1, 1, 1]
    assert rates("linear", total=4) == [1, 0.75, 0.5, 0.25]
    assert rates("cosine", total=2) == pytest.approx([1, 0.5])
    assert rates("step", total=14) == [1] * 6 + [0.5] * 6 + [0.25] * 2
    assert rates("constant", lr=2.0, total=6, warmup=4) == [0.5, 1, 1.5, 2, 2, 2]
    assert rates("linear", total=4, warmup=2) == [0.5, 0.75, 0.5, 0.25]


schedules = st.sampled_from(sorted(SCHEDULES))


@given(schedules, st.integers(0, 40), st.integers(0, 40), st.integers(0, 50))
def test_groups_of_steps_have_the_rates_of_the_whole(schedule, a, b, warmup):
    """Training asks for a few steps at a time, and after a checkpoint from the middle on."""
    first, last = sorted((a, b))
    whole = rates(schedule, total=40, warmup=warmup)
    assert rates(schedule, first=first, last=last, total=40, warmup=warmup) == whole[first:last]


@given(schedules, st.integers(1, 100), positive)
def test_rates_never_rise_without_warmup(schedule, total, lr):
    found = rates(schedule, lr=lr, total=total)
    assert len(found) == total
    assert found[0] == lr
    assert all(0 <= b <= a for a, b in pairwise(found))


@given(schedules, st.integers(1, 60), st.integers(1, 30))
def test_warmup_rises_in_a_straight_line(schedule, total, warmup):
    plain, found = rates(schedule, total=total), rates(schedule, total=total, warmup=warmup)
    shares = [min((i + 1) / warmup, 1) for i in range(total)]
    assert found == pytest.approx([p * s for p, s in zip(plain, shares, strict=True)])
    assert found[warmup - 1 :] == plain[warmup - 1 :]


def test_no_step_has_no_rate():
    for schedule in SCHEDULES:
        assert rates(schedule, total=0) == []


# ------------------------------------------------------------------------- batches


@given(st.integers(0, 200), st.integers(0, 50), st.booleans())
def test_batches_are_the_whole(n, size, joins):
    starts = batch_starts(n, size, joins).tolist()
    assert (starts[0], starts[-1]) == (0, n)
    sizes = np.diff(starts).tolist()
    assert sum(sizes) == n
    assert all(0 < found <= (size or n) + joins * max(size // 4, 1) for found in sizes)
    assert max(sizes, default=1) == largest_batch(n, size, joins)
    assert all(found == size for found in sizes[:-1]) or size == 0
    if joins and n > 1 and size != 1:
        assert 1 not in sizes
        assert len(sizes) == 1 or 4 * sizes[-1] >= size


@pytest.mark.parametrize(
    ("n", "size", "joins", "starts"),
    [
        (10, 4, False, [0, 4, 8, 10]),
        (9, 4, False, [0, 4, 8, 9]),
        (9, 4, True, [0, 4, 9]),
        (10, 4, True, [0, 4, 8, 10]),
        (71, 32, False, [0, 32, 64, 71]),
        (71, 32, True, [0, 32, 71]),
        (72, 32, True, [0, 32, 64, 72]),
        (7, 32, True, [0, 7]),
        (9, 0, True, [0, 9]),
        (1, 4, True, [0, 1]),
        (3, 1, False, [0, 1, 2, 3]),
    ],
)
def test_batches_by_hand(n, size, joins, starts):
    found = batch_starts(n, size, joins)
    assert found.dtype == np.int64
    assert found.tolist() == starts


# ------------------------------------------------------------------ early stopping


MEASURED = st.tuples(st.integers(0, 5), st.integers(0, 2))  # error, loss


@given(st.lists(MEASURED, min_size=1, max_size=30), st.integers(0, 4))
def test_early_stopping_keeps_the_first_best(errors, patience):
    stopping = EarlyStopping(patience=patience)
    seen = []
    for step, found in enumerate(errors, 1):
        is_best = stopping.check(step, *found)
        assert is_best == all(found < before for before in seen)  # of equal errors, by the loss
        seen.append(found)
        if stopping.is_over:
            break
    assert (stopping.best, stopping.best_loss) == min(seen)
    assert stopping.step == seen.index(min(seen)) + 1
    since = len(seen) - stopping.step
    assert stopping.is_over == (0 < patience == since)
    assume(patience)
    assert since <= patience


# ---------------------------------------------------------- names as people write them


def test_names_in_any_case_mean_the_same():
    found = replace(
        ARGS, norm="Batch", loss="Softmax", schedule="Linear", monitor="Loss", format="TEXT"
    ).resolved()
    assert (found.norm, found.loss, found.schedule) == ("batch", "softmax", "linear")
    assert (found.monitor, found.format) == ("loss", "text")
    with pytest.raises(ArgumentError, match="--batch-size 1 does not work"):
        replace(ARGS, norm="Batch", batch_size=1).check()


def test_an_activation_without_a_layer_is_still_looked_up():
    with pytest.raises(ArgumentError, match=r"rellu \(did you mean relu\?\)"):
        replace(ARGS, hidden="none", activation="rellu").check()


@pytest.mark.parametrize("text", ["rrelu", "leaky-relu:0.1", "maxout:999", "elu:0.30000001"])
def test_parameters_keep_their_digits(text):
    args = replace(ARGS, hidden="4", activation=text)
    assert args.resolved().activations == args.activations


@pytest.mark.parametrize("seed", [2**31, 2**63, -(2**31)])
def test_seeds_are_bounded(seed):
    with pytest.raises(ArgumentError, match="-seed must be between"):
        replace(ARGS, seed=seed).check()


@pytest.mark.parametrize("value", [3, True, [1, 2], {"a": 1}])
def test_inputs_of_a_configuration_are_names(value):
    with pytest.raises(ArgumentError, match="should be tuple"):
        from_config({"input": value}, "c.toml")


def test_configurations_know_what_the_command_line_knows():
    assert from_config({"no_standardize": True}, "c.toml") == {"standardize": False}
    found = from_config({"lr": 10**400}, "c.toml")
    with pytest.raises(ArgumentError, match="-lr must be a finite number, not inf"):
        replace(ARGS, **found).check()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, ""),
        ({"optimizer": "sgd", "momentum": 0.9}, ""),
        ({"optimizer": "sgd", "momentum": 0.0, "lr": 0.3}, ""),
        ({"momentum": 0.0, "eps": 1e-8}, ""),
        ({"optimizer": "nesterov", "momentum": 0.5}, ""),
        ({"schedule": "step", "gamma": 0.5, "norm": "batch", "norm_eps": 1e-3}, ""),
        (
            {"momentum": 0.9},
            "--momentum: no effect with --optimizer adam, only with sgd, momentum, nesterov and "
            "rmsprop.",
        ),
        (
            {"optimizer": "SGD", "beta1": 0.8, "beta2": 0.9, "eps": 1e-3},
            "--beta1, --beta2: no effect with --optimizer sgd, only with adam, adamw, adamax and "
            "nadam; --eps: no effect with --optimizer sgd, only with adagrad, rmsprop, adadelta, "
            "adam, adamw, adamax and nadam.",
        ),
        ({"gamma": 0.5}, "--gamma: no effect with --schedule constant, only with step."),
        (
            {"norm": "layer", "norm_momentum": 0.5},
            "--norm-momentum: no effect with --norm layer, only with batch.",
        ),
    ],
)
def test_options_without_effect_are_named(given, sentence):
    assert replace(ARGS, **given).without_effect() == sentence
    assert replace(ARGS, **given).resolved().without_effect() == sentence


def test_sgd_with_momentum_resolves_to_momentum():
    found = replace(ARGS, optimizer="sgd", momentum=0.7).resolved()
    assert (found.optimizer, found.momentum, found.lr) == ("momentum", 0.7, 0.01)
    found = replace(ARGS, optimizer="sgd").resolved()
    assert (found.optimizer, found.momentum, found.lr) == ("sgd", 0.0, 0.1)
