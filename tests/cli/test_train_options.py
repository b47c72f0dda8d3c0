"""supervised: options and their mistakes."""

import json
import os
import re

import pytest

from fastcli.cli.train import supervised
from fastcli.errors import ArgumentError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model_file import load_model
from tests.cli.conftest import LOSSES, TINY, fails
from tests.command import SAMPLES, run

# Every option of the reference's B2 table for training and dictionary, with its default.
OPTIONS = {
    "lr": 0.1,
    "minCount": 1,
    "minn": 0,
    "maxn": 0,
    "loss": "softmax",
    "optimizer": "sgd",
    "lrUpdateRate": 100,
    "dim": 100,
    "ws": 5,
    "epoch": 5,
    "minCountLabel": 0,
    "neg": 5,
    "wordNgrams": 1,
    "bucket": 2000000,
    "t": 1e-4,
    "label": "__label__",
    "verbose": 2,
    "pretrainedVectors": "",
    "seed": 0,
}
# Another value for each that shows in a file, and what it needs to show there.
OTHERS = {
    "lr": (0.3, ()),
    "minCount": (2, ()),
    "minn": (2, ("-maxn", 3)),
    "maxn": (3, ("-minn", 2)),
    "loss": ("hs", ()),
    "optimizer": ("adam", ()),
    "lrUpdateRate": (7, ()),
    "dim": (6, ()),
    "ws": (3, ()),
    "epoch": (9, ()),
    "minCountLabel": (2, ()),
    "neg": (2, ("-loss", "ns")),
    "wordNgrams": (3, ()),
    "bucket": (77, ("-wordNgrams", 2)),
    "t": (0.5, ()),
    "label": ("a", ()),
    "seed": (5, ()),
}


def kebab(name):
    return "--" + re.sub("[A-Z]", lambda match: "-" + match[0].lower(), name)


# -------------------------------------------------------------------- options


@pytest.mark.parametrize("name", OPTIONS)
def test_both_spellings_and_the_default(name):
    found = [p for p in supervised.params if f"-{name}" in p.opts]
    assert len(found) == 1
    assert kebab(name) in found[0].opts
    assert found[0].default == OPTIONS[name]


def test_other_options_have_both_spellings():
    spellings = {name for p in supervised.params for name in p.opts}
    for name in ("input", "output", "saveOutput", "thread"):
        assert {f"-{name}", kebab(name)} <= spellings
    assert "--no-vec" in spellings


@pytest.mark.parametrize("name", OTHERS)
def test_both_spellings_do_the_same(name, tiny, train, tmp_path):
    value, needs = OTHERS[name]
    default = train(tiny, *needs)
    a = train(tiny, *needs, f"-{name}", value, output="a")
    b = train(tiny, *needs, kebab(name), value, output="b")
    assert a == b
    assert train(tiny, *needs, f"{kebab(name)}={value}", output="b") == a
    about = json.loads((tmp_path / "a.bin.json").read_text())
    snake = kebab(name)[2:].replace("-", "_")
    assert about["arguments"][snake] == value
    if name != "lrUpdateRate":  # so small a text has one learning rate a line either way
        assert a != default


def test_the_last_of_several_counts(tiny, train):
    assert train(tiny, "-dim", 3, "-dim", 7) == train(tiny, "-dim", 7)


@pytest.mark.parametrize(("optimizer", "lr"), [("sgd", 0.1), ("adagrad", 0.1), ("adam", 0.01)])
def test_optimizers_have_their_learning_rates(optimizer, lr, tiny, train, tmp_path):
    default = train(tiny, "-optimizer", optimizer)
    assert json.loads((tmp_path / "model.bin.json").read_text())["arguments"]["lr"] == lr
    assert train(tiny, "-optimizer", optimizer, "-lr", lr) == default
    assert train(tiny, "-optimizer", optimizer, "-lr", 0.05) != default


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
def test_optimizers_learn_and_give_the_same_file_on_any_threads(optimizer, loss, tmp_path, train):
    source = SAMPLES / "topics.train.txt"
    one = train(source, "-optimizer", optimizer, "-loss", loss, "-epoch", 20, "-thread", 1)
    assert train(source, "-optimizer", optimizer, "-loss", loss, "-epoch", 20, "-thread", 2) == one
    result = run("test", tmp_path / "model.bin", SAMPLES / "topics.test.txt", "--json")
    assert json.loads(result.out)["precision"] > 0.6


def test_word_vectors_have_their_learning_rate(tiny, tmp_path):
    given = ["-minCount", 1, "-dim", 2, "-bucket", 100, "-epoch", 1, "-verbose", 0]
    result = run("skipgram", "-input", tiny, "-output", tmp_path / "m", *given)
    assert result.code == 0
    assert json.loads((tmp_path / "m.bin.json").read_text())["arguments"]["lr"] == 0.05


def test_unknown_optimizers_are_refused(tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", "-optimizer", "adamw")
    sentence = "Unknown optimizer: adamw (did you mean adam?). Known: sgd, adagrad, adam."
    assert err.splitlines()[0] == sentence


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (
            ["supervised", "-input", "t", "-output", "m", "-loss", "softmx"],
            "Unknown loss: softmx (did you mean softmax?). Known: hs, ns, softmax, ",
        ),
        (
            ["skipgram", "-input", "t", "-output", "m", "--vectors-words", "al"],
            "Unknown value of --vectors-words: al (did you mean all?). Known: all, corpus.",
        ),
        (
            ["mlp-train", "-input", "t", "-output", "m", "--schedule", "cosin"],
            "Unknown schedule: cosin (did you mean cosine?). Known: ",
        ),
        (
            ["prepare", "t", "-o", "p", "--segment", "char"],
            "Unknown value of --segment: char (did you mean chars?). Known: none, chars, jieba.",
        ),
        (
            ["dump", "m.bin", "inputs"],
            "Unknown part of a model: inputs (did you mean input?). Known: args, dict, input, ",
        ),
        (["cache", "clean"], "Unknown action: clean (did you mean clear?). Known: path, "),
    ],
)
def test_unknown_values_have_one_form(argv, sentence):
    assert run(*argv).err.startswith(sentence)


def test_word_vectors_have_no_optimizers(tiny, tmp_path):
    result = run("cbow", "-input", tiny, "-output", tmp_path / "m", "-optimizer", "adam")
    assert result.code == 1
    assert result.err.splitlines()[0] == "-optimizer adam is for classifiers: leave it out."


def test_ova_is_one_vs_all(tiny, train):
    assert train(tiny, "-loss", "ova") == train(tiny, "-loss", "one-vs-all")


def test_buckets_only_where_there_are_ngrams(tiny, train, tmp_path):
    train(tiny)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 0
    train(tiny, "-wordNgrams", 2)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 500
    train(tiny, "-minn", 2, "-maxn", 3)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 500


# ------------------------------------------------------------------- messages


def test_unknown_option(tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", "-foo", 1)
    assert err.startswith("Unknown argument: -foo")
    assert "usage: fastcli supervised" in err


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("-wordngrams", "(-wordNgrams|--word-ngrams)"),
        ("-epochs", "-epoch"),
        ("--wordNgrams", "(-wordNgrams|--word-ngrams)"),
        ("-outptu", "-output"),
        ("--lr-update", "--lr-update-rate"),
    ],
)
def test_unknown_option_with_a_suggestion(wrong, right):
    err = fails(wrong, 2)
    first = err.splitlines()[0]
    assert first.startswith(f"Unknown argument: {wrong}")
    assert re.search(rf"did you mean {right}\b", first), first


def test_argument_without_a_dash(tiny, tmp_path):
    assert fails("input", tiny).startswith("Provided argument without a dash!")
    err = fails("-input", tiny, "-output", tmp_path / "m", "5")
    assert err.startswith("Provided argument without a dash!")


def test_option_without_a_value(tiny):
    assert fails("-input", tiny, "-output").startswith("-output is missing an argument")
    assert fails("-input", tiny, "-output", "m", "-lr").startswith("-lr is missing an argument")


def test_empty_paths(tiny, tmp_path):
    assert fails().startswith("Empty input or output path.")
    assert fails("-input", tiny).startswith("Empty input or output path.")
    assert fails("-output", tmp_path / "m").startswith("Empty input or output path.")
    assert fails("-input", "", "-output", tmp_path / "m").startswith("Empty input or output path.")


def test_unknown_loss(tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", "-loss", "huber")
    assert err.startswith("Unknown loss: huber")


def test_stdin(tmp_path):
    err = fails("-input", "-", "-output", tmp_path / "m")
    assert err.startswith("Cannot use stdin for training!")


def test_missing_input(tiny, tmp_path):
    path = tmp_path / "missing.txt"
    message = f"{path} cannot be opened for training!"
    assert fails("-input", path, "-output", tmp_path / "m").startswith(message)
    assert fails("-input", tiny, "-input", path, "-output", tmp_path / "m").startswith(message)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-thread", 0), "-thread must be 1 or more, not 0."),
        (("-dim", 0), "-dim must be 1 or more, not 0."),
        (("-epoch", -1), "-epoch must be 0 or more, not -1."),
        (("-wordNgrams", 0), "-wordNgrams must be 1 or more, not 0."),
        (("-lr", -0.5), "-lr must be 0 or more, not -0.5."),
        (("-lr", "nan"), "-lr must be a finite number, not nan."),
        (("-label", ""), "-label must not be empty"),
        (("-minn", 4, "-maxn", 2), "-minn (4) must not be above -maxn (2)."),
        (("-bucket", 0, "-wordNgrams", 2), "-bucket 0 leaves no room for n-grams"),
        (("-bucket", 0, "-minn", 2, "-maxn", 3), "-bucket 0 leaves no room for n-grams"),
    ],
)
def test_values_that_cannot_work(options, said, tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", *options)
    assert said in err
    assert len(err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.txt"]


@pytest.mark.parametrize(
    "options", [("-dim", "abc"), ("-lr", "abc"), ("-dim", "99999999999"), ("-seed", "1e400")]
)
def test_values_that_are_no_such_number(options, tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", *options)
    assert options[0] in err
    assert list(tmp_path.glob("m*")) == []


@pytest.mark.parametrize(
    "option",
    [
        "dim",
        "ws",
        "epoch",
        "minCount",
        "neg",
        "wordNgrams",
        "bucket",
        "minn",
        "maxn",
        "lrUpdateRate",
    ],
)
def test_values_that_a_model_file_cannot_hold(option):
    """They are refused before training, not after it."""
    field = kebab(option)[2:].replace("-", "_")
    values = {"input": ("x",), "output": "y", "maxn": 1 << 31, "word_ngrams": 2, field: 1 << 31}
    if option not in ("minn", "maxn"):
        del values["maxn"]
    with pytest.raises(ArgumentError, match=f"-{option}|-maxn"):
        TrainArgs(**values).check()


def test_too_large_a_value_is_refused_in_one_sentence(former, tiny):
    err = fails("-input", tiny, "-output", former, "-dim", 4, "-verbose", 0, "-ws", 1 << 31)
    assert "-ws" in err


@pytest.mark.skipif(os.name != "posix", reason="file names of any bytes")
def test_names_and_labels_of_any_bytes(tmp_path):
    text = TINY.replace(b"__label__", b"\xff")
    source, output = os.fsencode(tmp_path) + b"/in\xff", os.fsencode(tmp_path) + b"/out\xfe"
    with open(source, "wb") as file:
        file.write(text)
    argv = [
        os.fsdecode(word) for word in (b"-input", source, b"-output", output, b"-label", b"\xff")
    ]
    result = run("supervised", *argv, "-dim", 4, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    model = os.fsdecode(output + b".bin")
    assert run("test", model, os.fsdecode(source)).out.startswith(b"N\t5\n")
    assert run("predict", model, "-", stdin=b"engine\n").out in (
        b"\xffcar\n",
        b"\xfffruit\n",
        b"\xffroad\n",
    )
    result = run("supervised", "-input", os.fsdecode(source + b"x"), "-output", tmp_path / "m")
    assert (result.code, "cannot be opened for training!" in result.err) == (1, True)


def test_bucket_0_without_ngrams(tiny, train):
    assert train(tiny, "-bucket", 0) == train(tiny)
