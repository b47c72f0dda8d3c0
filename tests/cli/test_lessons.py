"""What training says at its end of a model that is not as good as it could be."""

import shlex

import numpy as np
import pytest

from tests.cli.conftest import LOSSES
from tests.command import SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
CHANCE = "It learned next to nothing"


def said(command, source, output, *options):
    """Train; return what is said."""
    result = run(command, "-input", source, "-output", output, *options)
    assert (result.code, result.out) == (0, b""), result.err
    return result.err


@pytest.mark.parametrize("loss", LOSSES)
def test_the_plain_command_at_the_level_of_chance(tmp_path, loss):
    err = said("supervised", TRAIN, tmp_path / "m", "-loss", loss, "-dim", 10)
    assert CHANCE in err
    *_, lead, command, wrote = err.splitlines()
    assert wrote.startswith("Wrote ")
    assert lead == "Try what fastcli inspect suggests for these lines:"
    shown = run("inspect", TRAIN).out.decode().split("fastcli supervised ")[1].split()
    options = dict(zip(*[iter(shown[shown.index("-loss") :][:12])] * 2, strict=True))
    options |= {"-loss": loss, "-dim": "10"}  # what was asked for stays
    words = command.split()[6:]
    assert dict(zip(*[iter(words)] * 2, strict=True)) == options
    better = said("supervised", TRAIN, tmp_path / "m", *words)
    assert CHANCE not in better
    assert "Try" not in better
    assert "Next: fastcli test" in better
    assert said("supervised", TRAIN, tmp_path / "m", "-dim", 10, "-verbose", 0) == ""


def test_what_was_suggested_is_not_suggested_again(tmp_path):
    rng = np.random.default_rng(1)
    source = tmp_path / "noise.txt"
    words = [f"w{i}" for i in range(3)]
    lines = [f"__label__{rng.integers(4)} {' '.join(rng.choice(words, 30))}" for _ in range(1200)]
    source.write_text("\n".join(lines) + "\n")
    err = said("supervised", source, tmp_path / "m", "-lr", 0.5, "-epoch", 25, "-dim", 2)
    assert CHANCE in err
    assert "Its options are those that fastcli inspect suggests" in err


def test_tables_keep_their_columns_in_the_suggestion(tmp_path):
    columns = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
    err = said("supervised", SAMPLES / "reviews.csv", tmp_path / "m", *columns, "-lr", 0.01)
    command = err.splitlines()[-2]
    assert command.startswith(f"fastcli supervised -input {SAMPLES / 'reviews.csv'}")
    assert " ".join(columns) in command


def test_over_fitting(tmp_path):
    options = ["--valid", VALID, "-lr", 1, "-epoch", 50, "-dim", 10]
    err = said("supervised", TRAIN, tmp_path / "m", *options)
    assert "Over-fitting since epoch" in err


def test_one_label(tmp_path):
    source = tmp_path / "one.txt"
    source.write_text("__label__a x y\n__label__a z\n" * 5)
    for command in ("supervised", "mlp-train"):
        err = said(command, source, tmp_path / "m", "-dim", 4)
        assert "There is only one label, a: every text gets it." in err


def test_five_layers_of_sigmoids(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 8))
    lines = [",".join([*map("{:.3f}".format, row), f"k{row.argmax()}"]) for row in x]
    source = tmp_path / "x.csv"
    source.write_text("\n".join(lines) + "\n")
    deep = ["--hidden", "32,32,32,32,32", "--activation", "sigmoid", "--optimizer", "sgd"]
    err = said("mlp-train", source, tmp_path / "m", *deep, "-lr", 0.05, "-epoch", 5)
    assert f"{CHANCE}: the training loss is " in err
    assert "guessing (ln 8) has 2.0" in err
    assert "5 layers of sigmoid in a row make them vanish. Try --activation relu" in err
    assert "Gradients of layers 1 to 6 in the last step: ▁" in err
    better = said("mlp-train", source, tmp_path / "m", "--hidden", "32,32", "-epoch", 20)
    assert CHANCE not in better


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_halving_the_rate_until_the_loss_is_a_number(command, tmp_path):
    options = ["-dim", 8, "-epoch", 2, "-thread", 1]
    options += ["--hidden", 8, "--optimizer", "sgd"] * (command == "mlp-train")
    rate = 1e30
    failed = run(command, "-input", TRAIN, "-output", tmp_path / "m", *options, "-lr", rate)
    assert failed.code == 1
    assert "Encountered NaN" in failed.err
    assert not list(tmp_path.iterdir())
    failed = run(
        command, "-input", TRAIN, "-output", tmp_path / "m", *options, "-lr", rate, "--retry-nan"
    )
    assert failed.err.count("starting again") == 10
    assert failed.code == 1


def test_a_rate_that_was_halved_gives_the_model_of_that_rate(tmp_path, monkeypatch):
    from fastcli.fasttext import train

    original, seen = train.Trainer.run, []

    def run_once_bad(self, watch=None):
        seen.append(self.args.lr)
        if len(seen) == 1:
            self.scheme.model.wi[:] = np.nan
        yield from original(self, watch)

    monkeypatch.setattr(train.Trainer, "run", run_once_bad)
    log = tmp_path / "run.jsonl"
    options = ["-dim", 8, "-epoch", 3, "--log", log, "--retry-nan"]
    err = said("supervised", TRAIN, tmp_path / "m", *options, "-lr", 0.8)
    assert "Encountered NaN at -lr 0.8: starting again with -lr 0.4." in err
    assert seen == [0.8, 0.4]
    assert '"lr": 0.4' in log.read_text().splitlines()[0]
    assert len(log.read_text().splitlines()) == 4
    said("supervised", TRAIN, tmp_path / "n", *options[:4], "-lr", 0.4)
    assert (tmp_path / "m.bin").read_bytes() == (tmp_path / "n.bin").read_bytes()


def test_a_command_in_lines_is_one_for_a_shell(monkeypatch):
    from fastcli.cli.display import endings

    words = [
        "fastcli",
        "supervised",
        "-input",
        "a file",
        "-output",
        "m",
        "--join",
        " - ",
        "-lr",
        "1",
    ]
    assert shlex.split(" ".join(endings.command_lines(words))) == words
    monkeypatch.setattr(endings, "is_terminal", lambda: True)
    monkeypatch.setattr(endings, "width", lambda: 30)
    found = endings.command_lines(words)
    assert len(found) > 2
    assert all(len(line) <= 30 for line in found)
    assert shlex.split("\n".join(found).replace("\\\n", "")) == words


def test_what_was_asked_for_stays_in_the_suggestion(tmp_path):
    given = ["-minCount", 2, "-seed", 3, "-thread", 1, "--no-vec", "-maxn", 3, "-dim", 10]
    command = said("supervised", TRAIN, tmp_path / "m", *given, "-lr", 0.05).splitlines()[-2]
    words = shlex.split(command)
    assert words[:6] == ["fastcli", "supervised", "-input", str(TRAIN), "-output", f"{tmp_path}/m"]
    for option, value in (("-minCount", "2"), ("-seed", "3"), ("-maxn", "3"), ("-dim", "10")):
        assert words.count(option) == 1
        assert words[words.index(option) + 1] == value
    assert "--no-vec" in words
    assert words[words.index("-lr") + 1] == "0.5"


def test_standard_input_is_no_part_of_a_command(tmp_path):
    options = ["-input", "-", "-output", tmp_path / "m", "-dim", 10]
    result = run("supervised", *options, stdin=TRAIN.read_bytes())
    assert CHANCE in result.err
    assert result.err.splitlines()[-2] == "Try a larger -lr and more -epoch."


def test_lopsided_lines_that_are_trained_too_little(tmp_path):
    source = tmp_path / "lopsided.txt"
    rng = np.random.default_rng(2)
    texts = [" ".join(f"w{i}" for i in rng.integers(12, size=4)) for _ in range(60)]
    labels = "a" * 54 + "b" * 6
    lines = [f"__label__{label} {text}\n" for label, text in zip(labels, texts, strict=True)]
    source.write_text("".join(lines))
    err = said("supervised", source, tmp_path / "m", "-dim", 10, "-lr", 0.05)
    assert "Too little training: the training loss is 0." in err
    assert "it began at 0.6931 (ln 2), and guessing by how frequent labels are has 0.3251." in err
    assert "rate is too high" not in err


def test_a_rate_that_is_too_high(tmp_path):
    options = ["-dim", 10, "-thread", 1, "--valid", VALID, "-lr", 5]
    err = said("supervised", TRAIN, tmp_path / "m", *options)
    assert "The learning rate is too high: the training loss ended at " in err
    assert err.splitlines()[-2].endswith("Try -lr 1.")
    options = ["--hidden", 16, "-lr", 30, "-epoch", 5, "-dim", 10]
    err = said("mlp-train", TRAIN, tmp_path / "m", *options)
    assert "The learning rate is too high: the training loss ended at " in err


def test_a_network_is_judged_alike_whatever_the_interval_of_evaluations(tmp_path):
    options = ["-dim", 10, "-epoch", 4, "--valid", VALID]
    told = []
    for steps in (2, 10):
        err = said("mlp-train", TRAIN, tmp_path / "m", *options, "--eval-every", f"{steps}steps")
        told.append([line for line in err.splitlines() if "learned" in line or "Too" in line])
    assert told == [[], []]


def test_a_single_layer_of_rectifiers_has_no_vanishing_gradients(tmp_path):
    rng = np.random.default_rng(0)
    source = tmp_path / "noise.csv"
    rows = [f"{x:.3f},{y:.3f},k{rng.integers(2)}" for x, y in rng.normal(size=(200, 2))]
    source.write_text("\n".join(rows) + "\n")
    for epochs in (2, 40):
        err = said("mlp-train", source, tmp_path / "m", "--hidden", 100, "-epoch", epochs)
        assert "vanish" not in err


def test_over_fitting_does_not_propose_what_was_given(tmp_path):
    options = ["--valid", VALID, "-lr", 1, "-epoch", 50, "-dim", 10, "--patience", 20]
    err = said("supervised", TRAIN, tmp_path / "m", *options, "-wordNgrams", 2, "-bucket", 1000)
    assert "Try fewer -epoch, -wordNgrams 1 or more training lines." in err
    options = ["--valid", VALID, "-dim", 10, "-epoch", 60, "-lr", 0.01, "--dropout", 0.1]
    err = said("mlp-train", TRAIN, tmp_path / "m", *options, "--patience", 40)
    if "Over-fitting" in err:
        assert "Try a larger --dropout, --weight-decay 0.01 or a smaller --hidden." in err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_validation_lines_that_are_trained_on(command, tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_bytes(TRAIN.read_bytes())
    options = ["-dim", 4, "-epoch", 1]
    told = "a training file: a model is better on it than on new lines."
    err = said(command, TRAIN, tmp_path / "m", *options, "--valid", TRAIN)
    assert err.count(f"{TRAIN} is {told}") == 1
    err = said(command, TRAIN, tmp_path / "m", *options, "--valid", copy)
    assert err.count(f"{copy} has the bytes of {TRAIN}, {told}") == 1
    assert told not in said(command, TRAIN, tmp_path / "m", *options, "--valid", VALID)
    model = f"{tmp_path}/m.{'bin' if command == 'supervised' else 'mlp'}"
    for other in ("tune-threshold", "calibrate"):
        assert told in run(other, model, TRAIN).err
        assert told in run(other, model, copy).err
        assert told not in run(other, model, VALID).err


def test_an_empty_file_has_no_share(tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    for command in ("supervised", "mlp-train"):
        given = ["-input", empty, "-output", tmp_path / "m", "--valid-share", 0.5]
        result = run(command, *given)
        assert result.code == 1
        assert "empty" in result.err
        assert "larger share" not in result.err
    empty.write_text("no label here\n" * 3)
    result = run("supervised", "-input", empty, "-output", tmp_path / "m", "--valid-share", 0.5)
    assert "No training line has a label (__label__...)" in result.err


def test_rows_that_are_left_out_are_said(tmp_path):
    err = said("mlp-train", TRAIN, tmp_path / "m", "-dim", 4, "-epoch", 20)
    assert "Shown are 11 of 20 evaluations; --log FILE has all." in err
    assert "Shown are" not in said("mlp-train", TRAIN, tmp_path / "m", "-dim", 4, "-epoch", 5)


def test_the_loss_of_negative_sampling_is_said_to_be_another(tmp_path):
    said("supervised", TRAIN, tmp_path / "m", "-dim", 4, "-loss", "ns")
    err = run("test", tmp_path / "m.bin", VALID, "--require", "loss<=100").err
    assert "loss: with -loss ns this is the loss over all labels" in err


def test_a_number_in_place_of_a_file_of_thresholds(tmp_path):
    said("supervised", TRAIN, tmp_path / "m", "-dim", 4)
    result = run("predict", tmp_path / "m.bin", VALID, "--thresholds", 0.5)
    assert result.code == 1
    assert "for one minimum probability of all labels give --threshold 0.5." in result.err


@pytest.mark.parametrize("options", [["--batch-size", 1], ["--save-every", 10]])
def test_a_network_of_lopsided_labels_whose_start_is_not_known(options, tmp_path):
    """The first batch may be of the frequent label, or be one of a run that is resumed."""
    rng = np.random.default_rng(0)
    source = tmp_path / "lopsided.csv"
    labels = ["a"] * 190 + ["b"] * 10
    rows = [
        f"{x:.3f},{y:.3f},{k}" for (x, y), k in zip(rng.normal(size=(200, 2)), labels, strict=True)
    ]
    source.write_text("\n".join(rows) + "\n")
    given = ["--hidden", 8, "-lr", 1e-4, "-epoch", 2, *options]
    err = said("mlp-train", source, tmp_path / "m", *given)
    if "--save-every" in options:
        err = said("mlp-train", source, tmp_path / "m", *given, "--resume")
        assert "Resuming after step 10." in err
    assert "rate is too high" not in err


def test_a_network_of_one_label_has_no_troubles_of_layers(tmp_path):
    source = tmp_path / "one.txt"
    source.write_text("__label__a x y\n__label__a z\n" * 5)
    err = said("mlp-train", source, tmp_path / "m", "-dim", 4)
    assert "There is only one label, a: " in err
    assert not any(word in err for word in ("dead", "Gradients", "vanish"))


def test_figures_of_a_loss_that_grows_are_short(tmp_path):
    rows = [f"{i % 7},{i % 5},{'abc'[i % 3]}\n" for i in range(120)]
    source = tmp_path / "x.csv"
    source.write_text("".join(rows))
    options = ["-lr", 15, "-epoch", 5, "--optimizer", "sgd", "-thread", 1]
    err = said("mlp-train", source, tmp_path / "m", *options)
    assert "rate is too high" in err
    assert "e+" in err
    assert not [word for word in err.split() if word.isdigit() and len(word) > 12]
    table = [line for line in err.splitlines() if len(line.split()) == 5 and "%" not in line]
    table = [line for line in table if line.split()[0].isdigit() and "." in line]
    assert table
    assert all(len(line) < 60 for line in table), table


def test_rates_that_are_proposed_are_sane(tmp_path):
    options = ["-epoch", 5, "-dim", 8]
    err = said("supervised", TRAIN, tmp_path / "m", *options, "-lr", 1e4, "-optimizer", "adam")
    assert "Try -lr 0.1." in err
    result = run("supervised", "-input", TRAIN, "-output", tmp_path / "m", *options, "-lr", 500)
    assert "Try -lr 1." in result.err
    given = [*options, "-lr", 1e10, "--optimizer", "sgd"]
    result = run("mlp-train", "-input", TRAIN, "-output", tmp_path / "m", *given)
    assert "Try -lr 1, or --clip-norm 1." in result.err
