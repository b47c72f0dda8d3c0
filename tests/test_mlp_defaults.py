"""What is decided by the kind of input, and what a person's own options change of it."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from fastcli.mlp.args import PLAIN, MlpArgs
from fastcli.mlp.defaults import DECIDED, TrainingSize, _rule, decided
from fastcli.options import rows
from tests.command import SAMPLES, run

TABLE = TrainingSize(n=1000, n_inputs=10, n_labels=3, has_several=False)
TEXT = TrainingSize(n=10_000, n_inputs=0, n_labels=6, has_several=False)
TAGGED = TrainingSize(n=10_000, n_inputs=0, n_labels=500, has_several=True)
PENALTIES = ({"l1": 1e-4}, {"l2": 1e-4}, {"weight_decay": 0.1}, {"max_norm": 2.0})
SHAPES = ({"activation": "tanh"}, {"norm": "layer"}, {"init": "he-uniform"}, *PENALTIES)


def args_of(size, **values):
    return decided(MlpArgs(input=("x",), output="y", **values), size)[0]


def test_the_rule_for_tables():
    found, said = decided(MlpArgs(), TABLE)
    assert (found.hidden, found.activation, found.dropout) == ("256", "relu", "0.1")
    assert (found.optimizer, found.lr, found.beta1, found.beta2) == ("adamw", 0.02, 0.9, 0.99)
    assert (found.schedule, found.batch_size, found.epoch) == ("cosine", 32, 62)
    assert found.weight_decay == 0.45
    assert said == (
        "Defaults for 1,000 rows and 10 columns: --hidden 256 --optimizer adamw -lr 0.02 --beta2 "
        "0.99 --schedule cosine --weight-decay 0.45 --dropout 0.1 -epoch 62."
    )


@pytest.mark.parametrize(
    ("n", "d", "decay"),
    [
        (900, 2, 0.05),
        (1500, 1, 0.002),
        (150, 4, 0.15),
        (100, 30, 0.9),
        (4, 2, 1.0),
        (9000, 50, 0.5),
    ],
)
def test_decay_is_by_columns_and_rows(n, d, decay):
    assert (
        args_of(TrainingSize(n=n, n_inputs=d, n_labels=2, has_several=False)).weight_decay == decay
    )


def test_targets_get_a_stronger_decay():
    regression = {"task": "regression", "loss": "huber"}
    assert (args_of(TABLE, **regression).weight_decay, args_of(TABLE).weight_decay) == (0.9, 0.45)
    small = TrainingSize(n=100, n_inputs=8, n_labels=1, has_several=False)
    assert args_of(small, task="regression").weight_decay == 1.6


def test_units_of_tiny_tables_cannot_die():
    tiny = TrainingSize(n=63, n_inputs=2, n_labels=2, has_several=False)
    assert args_of(tiny).activation == "leaky-relu:0.1"
    assert args_of(tiny, activation="relu").activation == "relu"


def test_wide_tables_take_half_the_steps():
    wide = TrainingSize(n=1000, n_inputs=101, n_labels=2, has_several=False)
    assert (args_of(wide).epoch, args_of(TABLE).epoch) == (31, 62)


def test_the_rules_for_texts():
    found = args_of(TEXT)
    assert (found.word_ngrams, found.hidden, found.dropout, found.epoch) == (2, "100", "0.5", 5)
    assert (found.optimizer, found.beta1, found.lr, found.schedule) == ("adam", 0, 0.002, "linear")
    alone = args_of(TEXT, hidden="none")
    assert (alone.lr, alone.epoch, alone.batch_size, alone.beta1) == (0.01, 5, 32, 0)
    assert (alone.loss, alone.output_bias) == ("auto", "bias")


def test_many_labels_and_several_a_line():
    assert (args_of(TAGGED).loss, args_of(TAGGED).output_bias) == ("softmax", "bias")
    alone = args_of(TAGGED, hidden="none")
    assert (alone.loss, alone.output_bias) == ("auto", "prior")  # auto is one-vs-all here
    assert (alone.lr, alone.epoch, alone.batch_size) == (0.03, 10, 16)
    few = TrainingSize(n=10_000, n_inputs=0, n_labels=20, has_several=True)
    assert (args_of(few).loss, args_of(few).output_bias) == ("auto", "prior")


@pytest.mark.parametrize("size", [TABLE, TEXT, TAGGED])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "nadam"])
def test_an_optimiser_brings_its_own_numbers(size, optimizer):
    own = MlpArgs(optimizer=optimizer).resolved()
    found = args_of(size, optimizer=optimizer)
    names = ("lr", "beta1", "beta2", "weight_decay", "schedule")
    assert [getattr(found, n) for n in names] == [getattr(own, n) for n in names]
    assert found.dropout != "0"  # which is not the optimiser's


@pytest.mark.parametrize("size", [TABLE, TEXT, TAGGED])
@pytest.mark.parametrize("values", SHAPES)
def test_a_shape_or_a_penalty_takes_regularisation_away(size, values):
    found = args_of(size, **values)
    assert (found.dropout, found.weight_decay) == ("0", values.get("weight_decay", 0))
    assert found.optimizer == args_of(size).optimizer


def test_the_decay_of_a_rule_is_by_the_rate():
    """So --decay-by has no effect without --weight-decay, as is said of it."""
    assert args_of(TABLE, decay_by="step") == args_of(TABLE)
    assert args_of(TABLE, decay_by="step", weight_decay=0.01).decay_by == "step"


@pytest.mark.parametrize("size", [TABLE, TEXT])
def test_what_is_for_hidden_layers_decides_nothing_without_them(size):
    plain = args_of(size, hidden="none")
    for values in ({"activation": "tanh"}, {"norm": "layer"}, {"activation_l1": 0.1}):
        found = args_of(size, hidden="none", **values)
        assert (found.weight_decay, found.lr) == (plain.weight_decay, plain.lr)


def test_no_penalty_takes_nothing_away():
    """A weight decay of 0 is the want of a penalty, and no penalty."""
    found = args_of(TABLE, weight_decay=0.0)
    assert (found.weight_decay, found.dropout) == (0.0, "0.1")


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "hidden": st.sampled_from(["8", "8,4", "none"]),
            "lr": st.sampled_from([0.5, 0.001]),
            "epoch": st.integers(0, 9),
            "batch_size": st.integers(0, 9),
            "schedule": st.sampled_from(["constant", "step"]),
            "dropout": st.sampled_from(["0", "0.25"]),
            "beta2": st.sampled_from([0.5, 0.9]),
            "word_ngrams": st.integers(1, 3),
        },
    ),
    st.sampled_from([TABLE, TEXT, TAGGED]),
)
def test_what_is_given_is_kept_and_nothing_stays_open(values, size):
    found = args_of(size, **values)
    assert {name: getattr(found, name) for name in values} == values
    assert all(found.is_given(name) for name in PLAIN)
    assert found == decided(found, size)[0]  # so that what is recorded makes the same again


@pytest.mark.parametrize("size", [TABLE, TEXT, TAGGED])
@pytest.mark.parametrize("hidden", ["auto", "none"])
def test_what_rules_decide_is_known(size, hidden):
    names = dict(_rule(MlpArgs(hidden=hidden), size)).keys()
    assert names <= {*DECIDED, "word_ngrams"}
    options = {row.name: row.option for row in rows(MlpArgs)}
    plain = MlpArgs().resolved()
    for name in names - {"loss"}:  # help says that it may be another than the plain one
        assert options[name].default_text not in ("", str(getattr(plain, name)))


def test_a_bias_given_by_hand_is_that_of_the_output():
    found = args_of(TAGGED, hidden="none", bias=0.5)
    assert (found.bias, found.output_bias) == (0.5, "bias")


def test_training_goes_on_with_small_steps():
    found, said = decided(MlpArgs(input_model="m.mlp", hidden="256"), TABLE)
    assert (found.optimizer, found.lr, found.schedule, found.epoch) == (
        "adam",
        0.001,
        "constant",
        20,
    )
    assert found.dropout == "0"
    assert said == (
        "Defaults for training that goes on: --optimizer adam -lr 0.001 --schedule constant "
        "-epoch 20."
    )


def test_an_optimisers_own_rate_is_said():
    _, said = decided(MlpArgs(optimizer="sgd", hidden="8"), TABLE)
    assert said == (
        "Defaults for 1,000 rows and 10 columns: --dropout 0.1 -epoch 62 -lr 0.1 --schedule "
        "constant."
    )


@pytest.mark.parametrize(("batch", "epochs"), [(1, 20), (32, 62), (200, 400), (0, 2000)])
def test_epochs_are_by_the_steps_of_a_batch(batch, epochs):
    assert args_of(TABLE, batch_size=batch).epoch == epochs


def test_images_that_are_changed_anew_get_small_steps():
    assert args_of(TABLE, image="2x5", augment="shift:1").lr == 0.003


def test_what_was_taken_makes_the_same_network(tmp_path):
    path = tmp_path / "t.csv"
    rng = np.random.default_rng(3)
    x = rng.normal(size=(90, 3))
    rows = [[*map("{:.3f}".format, row), "ab"[int(row[0] > 0)]] for row in x]
    path.write_text("\n".join(map(",".join, rows)) + "\n")
    first = run("mlp-train", "-input", path, "-output", tmp_path / "a", "-thread", 1)
    said = next(line for line in first.err.splitlines() if line.startswith("Defaults for 90 rows"))
    taken = said.partition(": ")[2].rstrip(".").split()
    again = run("mlp-train", "-input", path, "-output", tmp_path / "b", "-thread", 1, *taken)
    assert "Defaults for" not in again.err
    one, two = (load_file(tmp_path / f"{name}.mlp") for name in "ab")
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert run("dump", tmp_path / "a.mlp", "args").text() == run(
        "dump", tmp_path / "b.mlp", "args"
    ).text().replace("/b", "/a")


@pytest.mark.parametrize("option", ["-epoch", "--batch-size", "-lr", "--beta1", "-wordNgrams"])
def test_minus_one_is_not_a_way_to_leave_an_option_out(option, tmp_path):
    text = SAMPLES / "topics.train.txt"
    result = run("mlp-train", "-input", text, "-output", tmp_path / "m", option, -1)
    assert result.code == 1
    assert result.err.startswith(f"{option} must be ")
    assert not list(tmp_path.iterdir())


def test_the_log_has_what_was_decided(tmp_path):
    text, log = SAMPLES / "tags.train.txt", tmp_path / "log.jsonl"
    words = ["-dim", 5, "--hidden", "none", "-epoch", 1, "-verbose", 0, "--log", log]
    assert run("mlp-train", "-input", text, "-output", tmp_path / "m", *words).code == 0
    arguments = json.loads(log.read_text().splitlines()[0])["arguments"]
    assert (arguments["lr"], arguments["word_ngrams"], arguments["output_bias"]) == (
        0.01,
        2,
        "prior",
    )


@pytest.mark.parametrize("loss", ["ova", "softmax"])
def test_the_output_starts_at_the_labels_shares(loss, tmp_path):
    """With no step taken, an input of zeros has the labels' shares as its probabilities."""
    path = tmp_path / "t.csv"
    path.write_text("x,label\n" + "1,a\n" * 6 + "2,b\n" * 3 + "3,c\n")
    words = ["-epoch", 0, "--output-bias", "prior", "-loss", loss, "--hidden", "none"]
    assert run("mlp-train", "-input", path, "-output", tmp_path / "m", *words).code == 0
    bias = load_file(tmp_path / "m.mlp")["layers.0.bias"].ravel()
    share = np.array([0.6, 0.3, 0.1])
    want = np.log(share) if loss == "softmax" else np.log(share / (1 - share))
    assert bias == pytest.approx(want, rel=1e-6)
