"""mlp-train and what reads its models: text and numbers, from training to prediction."""

import json
import os
import re
import signal
import sys
import time

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from fastcli.kernels.linear.best import best_labels
from fastcli.kernels.mlp.steps import train_steps
from fastcli.mlp.args import MlpArgs
from tests.command import PLAIN, PLAIN_TEXT, SAMPLES, process, run, start

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TOPICS = SAMPLES / "topics.train.txt"
TOPICS_TEST = SAMPLES / "topics.test.txt"
SMALL = [*PLAIN_TEXT, "-dim", 10, "--hidden", 16, "-epoch", 8, "-lr", 0.01]
SMALL += ["-thread", 1, "-verbose", 0]
QUICK = [*PLAIN_TEXT, "-dim", 4, "--hidden", 4, "-epoch", 2, "-thread", 1, "-verbose", 0]
FAR = [*PLAIN, "--hidden", 4, "-epoch", 100, "-lr", 0.05, "-thread", 1, "-verbose", 0]

# Three kinds that lie apart.
ROWS = [
    (x + dx, y + dy, name)
    for x, y, name in ((0, 0, "low"), (50, 0, "right"), (0, 80, "high"))
    for dx, dy in ((0, 0), (1, 2), (2, 1), (3, 3))
]
XOR = "0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n"


def train(source, output, *options):
    """Train without a word; return the path of the model."""
    result = run("mlp-train", "-input", source, "-output", output, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".mlp")


def fails(*argv):
    """Run a command that fails; return what it says."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


def one_sentence(*argv):
    """Run a command that fails with a line, below what was decided about a table; return it."""
    said = [line for line in fails(*argv).splitlines() if "; label: column " not in line]
    assert len(said) == 1
    return said[0]


def scores(model, data, *argv):
    """Return what ``test --json`` prints, whatever is left out."""
    result = run("test", "--json", model, data, *argv)
    assert result.code == 0
    return json.loads(result.out)


def same_tensors(a, b):
    first, second = load_file(a), load_file(b)
    assert first.keys() == second.keys()
    return all(
        first[name].dtype == second[name].dtype and np.array_equal(first[name], second[name])
        for name in first
    )


def config_of(path):
    """Return the JSON object that goes with the tensors."""
    with safe_open(path, "numpy") as file:
        return json.loads(file.metadata()["fastcli"])


@pytest.fixture(scope="module", autouse=True)
def _compiled(kernel_cache):
    """Compile the large kernels first: commands that fail early leave that to a process beside."""
    best_labels.load()
    train_steps.load()


@pytest.fixture(scope="module")
def topics(tmp_path_factory):
    """Return the path of a model of the topics sample."""
    return train(TOPICS, tmp_path_factory.mktemp("mlp") / "topics", *SMALL)


@pytest.fixture
def table(tmp_path):
    """Return the path of a table with a header."""
    path = tmp_path / "table.csv"
    path.write_text("x,y,kind\n" + "".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    return path


@pytest.fixture(scope="module")
def numbers_model(tmp_path_factory):
    """Return the path of a model of a table with a header."""
    folder = tmp_path_factory.mktemp("mlp")
    path = folder / "table.csv"
    path.write_text("x,y,kind\n" + "".join(f"{x},{y},{name}\n" for x, y, name in ROWS))
    return train(path, folder / "table", *FAR)


@pytest.fixture
def former(tmp_path):
    """Put a model of an earlier run in place; afterwards it and nothing else must be there."""
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "m.mlp").write_bytes(b"former")
    yield folder / "m"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"m.mlp": b"former"}


# ---------------------------------------------------------------------------- text


def test_topics_are_learned(topics):
    found = scores(topics, TOPICS_TEST)
    assert (found["n"], found["k"]) == (300, 1)
    assert found["precision"] == found["recall"] == found["f1"] >= 0.8
    assert found["left_out"] == {"no_label": 0, "unknown_label": 0, "no_known_token": 0}
    text = run("test", topics, TOPICS_TEST).text()
    assert text == f"N\t300\nP@1\t{found['precision']:.3g}\nR@1\t{found['recall']:.3g}\n"
    three = scores(topics, TOPICS_TEST, 3)
    assert three["recall"] == pytest.approx(3 * three["precision"])
    assert three["recall"] >= found["recall"]


def test_labels_of_topics(topics):
    lines = run("test-label", topics, TOPICS_TEST).text().splitlines()
    labels = {line.split()[-1] for line in lines[:-3]}
    assert labels == {line.split()[0] for line in TOPICS.read_text().splitlines()}
    found = json.loads(run("test-label", "--json", topics, TOPICS_TEST).text())
    assert {score["label"] for score in found["per_label"]} == labels
    assert sum(score["gold"] for score in found["per_label"]) == found["n"] == 300
    assert sum(score["predicted"] for score in found["per_label"]) == 300


def test_predictions_of_topics(topics):
    gold = [line.split()[0] for line in TOPICS_TEST.read_text().splitlines()]
    first = run("predict", topics, TOPICS_TEST).text().splitlines()
    right = sum(a == b for a, b in zip(first, gold, strict=True))
    assert right / 300 == pytest.approx(scores(topics, TOPICS_TEST)["precision"])
    lines = run("predict-prob", topics, TOPICS_TEST, -1).text().splitlines()
    for line, best in zip(lines, first, strict=True):
        words = line.split()
        probabilities = list(map(float, words[1::2]))
        assert words[0] == best
        assert len(set(words[::2])) == len(words[::2]) == 6
        assert probabilities == sorted(probabilities, reverse=True)
        assert sum(probabilities) == pytest.approx(1, abs=1e-3)


def test_predictions_as_json(topics):
    text = b"how long do i boil an egg ?\n\nwhich bike for the race\n"
    plain = run("predict", topics, "-", 2, stdin=text).text().splitlines()
    lines = run("predict-prob", "--json", topics, "-", 2, stdin=text).text().splitlines()
    found = [json.loads(line) for line in lines]
    assert [" ".join(line["labels"]) for line in found] == plain
    assert len(found) == 3
    for line in found:
        assert len(line["labels"]) == len(line["probabilities"])
        assert sum(line["probabilities"]) <= 1 + 1e-6


def test_a_threshold_keeps_what_is_likely(topics):
    lines = run("predict-prob", topics, TOPICS_TEST, -1, 0.4).text().splitlines()
    assert len(lines) == 300
    assert all(float(word) >= 0.4 for line in lines for word in line.split()[1::2])
    assert {len(line.split()[1::2]) for line in lines} <= {0, 1, 2}


def test_several_labels_a_line(tmp_path):
    """``-loss auto`` takes one-vs-all, whose probabilities do not add up to 1."""
    model = train(SAMPLES / "tags.train.txt", tmp_path / "tags", *SMALL)
    assert config_of(model)["loss"] == 1
    text = SAMPLES / "tags.test.txt"
    found = scores(model, text)
    assert found["n"] == 300
    assert found["precision"] >= 0.6
    assert found["recall"] < found["precision"]
    sums = [
        sum(map(float, line.split()[1::2]))
        for line in run("predict-prob", model, text, -1).text().splitlines()
    ]
    assert max(sums) > 1.2
    softmax = train(SAMPLES / "tags.train.txt", tmp_path / "softmax", *SMALL, "-loss", "softmax")
    assert config_of(softmax)["loss"] == 0


def test_chinese_characters(tmp_path):
    options = [*SMALL, "-wordNgrams", 2, "-bucket", 5000]
    model = train(SAMPLES / "zh-chars.train.txt", tmp_path / "zh", *options)
    found = scores(model, SAMPLES / "zh-chars.test.txt")
    assert found["n"] == 250
    assert found["precision"] >= 0.7
    assert "buckets" in load_file(model)
    entries = run("dump", model, "dict").text().splitlines()
    assert entries[0] == str(len(entries) - 1)
    assert "__label__tech" in {line.split()[0] for line in entries if line.endswith(" label")}


def test_a_process_of_its_own(tmp_path, topics):
    """Another process reads the model alike, and writes it alike."""
    text = b"how long do i boil an egg ?\n"
    there = process("predict-prob", topics, "-", 2, stdin=text)
    assert there.text() == run("predict-prob", topics, "-", 2, stdin=text).text()
    result = process("mlp-train", "-input", TOPICS, "-output", tmp_path / "m", *SMALL)
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert (tmp_path / "m.mlp").read_bytes() == topics.read_bytes()


# --------------------------------------------------------------------------- dumps


def test_dumped_arguments(topics):
    found = tomllib.loads(run("dump", topics, "args").text())
    assert found.keys() == MlpArgs.__dataclass_fields__.keys()
    assert found["input"] == [str(TOPICS)]
    assert (found["dim"], found["hidden"], found["epoch"], found["lr"]) == (10, "16", 8, 0.01)
    assert (found["optimizer"], found["eps"], found["activation"]) == ("adam", 1e-8, "relu")
    assert (found["output"], found["thread"], found["verbose"]) == ("", 1, 2)


def test_dumped_arguments_train_the_same_model(topics, tmp_path):
    config = tmp_path / "c.toml"
    config.write_bytes(run("dump", topics, "args").out)
    again = tmp_path / "again"
    result = run("mlp-train", "--config", config, "-output", again, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert again.with_suffix(".mlp").read_bytes() == topics.read_bytes()


def matrices(text):
    """Return the matrices of ``dump model output`` by their names."""
    lines = iter(text.splitlines())
    found = {}
    for name in lines:
        rows, cols = map(int, next(lines).split())
        found[name] = np.array([next(lines).split() for _ in range(rows)], np.float64)
        assert found[name].shape == (rows, cols)
    return found


def test_dumped_matrices(topics):
    tensors = load_file(topics)
    lines = run("dump", topics, "input").text().splitlines()
    nwords = sum(line.endswith(b" word") for line in run("dump", topics, "dict").out.splitlines())
    assert lines[0] == f"{nwords} 10"
    got = np.array([line.split() for line in lines[1:]], np.float64)
    assert np.allclose(got, tensors["embedding"][:, :10], rtol=1e-5, atol=1e-6)
    found = matrices(run("dump", topics, "output").text())
    assert found["layers.0.weight"].shape == (10, 16)
    assert found["layers.1.weight"].shape == (16, 6)
    for name, matrix in found.items():
        assert np.allclose(matrix, tensors[name].reshape(matrix.shape), rtol=1e-5, atol=1e-6)


def test_a_prediction_by_hand(topics):
    """Mean of the words, hidden layer, softmax: from the dumped matrices alone."""
    entries = run("dump", topics, "dict").text().splitlines()[1:]
    words = [line.split()[0] for line in entries if line.endswith(" word")]
    labels = [line.split()[0] for line in entries if line.endswith(" label")]
    rows = run("dump", topics, "input").text().splitlines()[1:]
    embedding = np.array([row.split() for row in rows], np.float64)
    layers = matrices(run("dump", topics, "output").text())
    tokens = ["the", "team", "train", "</s>"]
    x = embedding[[words.index(token) for token in tokens]].mean(axis=0)
    hidden = np.maximum(x @ layers["layers.0.weight"] + layers["layers.0.bias"][0], 0)
    z = hidden @ layers["layers.1.weight"] + layers["layers.1.bias"][0]
    want = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
    line = run("predict-prob", "--json", topics, "-", -1, stdin=b"the team train\n").text()
    found = json.loads(line)
    got = dict(zip(found["labels"], found["probabilities"], strict=True))
    assert [got[label] for label in labels] == pytest.approx(want.tolist(), abs=1e-4)


# ------------------------------------------------------------------------- numbers


def test_a_table_with_a_header(numbers_model, table, tmp_path):
    assert scores(numbers_model, table)["precision"] == 1
    assert scores(numbers_model, table)["n"] == len(ROWS)
    names = "".join(f"{name}\n" for *_, name in ROWS)
    assert run("predict", numbers_model, table).text() == names
    for text in ("x,y\n2,2\n", "2,2\n", "x,y,kind\n2,2,\n", "2,2,unheard of\n"):
        path = tmp_path / "new.csv"
        path.write_text(text)
        assert run("predict", numbers_model, path).text() == "low\n"


def test_dumps_of_numbers(numbers_model):
    assert run("dump", numbers_model, "dict").text() == "3\nhigh label\nlow label\nright label\n"
    lines = run("dump", numbers_model, "input").text().splitlines()
    x = np.array([row[:2] for row in ROWS], np.float64)
    assert lines[0] == "2 2"
    assert list(map(float, lines[1].split())) == pytest.approx(x.mean(axis=0), rel=1e-5)
    assert list(map(float, lines[2].split())) == pytest.approx(1 / x.std(axis=0), rel=1e-5)
    found = matrices(run("dump", numbers_model, "output").text())
    assert (found["layers.0.weight"].shape, found["layers.1.weight"].shape) == ((2, 4), (4, 3))


def test_tables_of_all_kinds_make_the_same_network(table, numbers_model, tmp_path):
    """Header or not, whatever the delimiter, wherever the label stands."""
    kinds = {
        "bare.csv": (",", (0, 1, 2), None, []),
        "semicolon.csv": (";", (0, 1, 2), "x;y;kind", []),
        "tab.tsv": ("\t", (0, 1, 2), None, []),
        "first.csv": (",", (2, 0, 1), "kind,x,y", ["--label-column", "kind"]),
        "second.csv": (",", (0, 2, 1), None, ["--label-column", -2]),
        "bar.txt": ("|", (0, 1, 2), "x|y|kind", ["--delimiter", "|", "--format", "csv"]),
    }
    for name, (delimiter, order, header, options) in kinds.items():
        lines = [delimiter.join(str(row[i]) for i in order) for row in ROWS]
        path = tmp_path / name
        path.write_text("\n".join([header, *lines] if header else lines))
        model = train(path, path.with_suffix(""), *FAR, *options)
        assert same_tensors(model, numbers_model), name
        assert scores(model, path)["precision"] == 1


def test_libsvm(tmp_path):
    path = tmp_path / "a.svm"
    path.write_text("".join(f"{name} 1:{x} 4:{y}\n" for x, y, name in ROWS))
    model = train(path, tmp_path / "svm", *FAR)
    assert scores(model, path)["precision"] == 1
    text = b"low 4:2 1:1\n1:52\n\nhigh 4:80 99:1 # new\n"
    assert run("predict", model, "-", stdin=text).text() == "low\nright\n\nhigh\n"


def test_libsvm_with_several_labels(tmp_path):
    path = tmp_path / "a.libsvm"
    path.write_text("a 1:1\nb 2:1\na,b 1:1 2:1\nc 3:1\n" * 4)
    model = train(path, tmp_path / "svm", *FAR)
    assert config_of(model)["loss"] == 1
    text = b"1:1\n2:1\n1:1 2:1\n3:1\n"
    lines = run("predict", model, "-", -1, 0.5, stdin=text).text().splitlines()
    assert [sorted(line.split()) for line in lines] == [["a"], ["b"], ["a", "b"], ["c"]]


def test_numbers_as_they_are(table, numbers_model, tmp_path):
    model = train(table, tmp_path / "m", *FAR, "--no-standardize")
    assert run("dump", model, "input").text() == "2 2\n0 0\n1 1\n"
    assert not same_tensors(model, numbers_model)


def test_lines_left_out_of_numbers(numbers_model, table, tmp_path):
    path = tmp_path / "some.csv"
    path.write_text("x,y,kind\n1,1,low\n\n50,1,\n50,2,new\n1,80,\n")
    result = run("test", "--json", numbers_model, path)
    found = json.loads(result.out)
    assert (found["n"], found["precision"]) == (1, 1)
    assert found["left_out"] == {"no_label": 3, "unknown_label": 1, "no_known_token": 0}
    assert found["unknown_labels"]["lines_beside_known"] == 0
    assert result.err == (
        "Lines left out of the test: 3 without a label, 1 with labels the model does not know. "
        "They count in no score (not in any denominator).\n"
    )
    options = [*FAR[:-1], 1]
    result = run("mlp-train", "-input", path, "-output", tmp_path / "m", *options)
    assert result.code == 0
    assert "Lines without a label: 2 left out." in result.err


def test_xor_needs_a_hidden_layer(tmp_path):
    path = tmp_path / "xor.csv"
    path.write_text(XOR)
    options = ["-epoch", 300, "-lr", 0.05, "-thread", 1, "-verbose", 0]
    line = train(path, tmp_path / "line", *options, "--hidden", "none")
    assert scores(line, path)["precision"] <= 0.75
    assert load_file(line)["layers.0.weight"].size == 4
    bent = train(path, tmp_path / "bent", *options, "--hidden", 8)
    assert scores(bent, path)["precision"] == 1
    assert run("predict", bent, path).text() == "no\nyes\nyes\nno\n"


# ------------------------------------------------------------------------- options


CONFIG = """\
input = "{input}"
dim = 6
hidden = [8, 4]
activation = ["leaky-relu:0.2", "tanh"]
dropout = [0.1, 0]
--optimizer = "nesterov"
lr = 1
batch-size = 16
word_ngrams = 2
bucket = 1000
epoch = 3
norm = "layer"
seed = 7
thread = 1
verbose = 0
"""
SAME = [
    *("-input", TOPICS, "-dim", 6, "--hidden", "8,4", "--activation", "leaky-relu:0.2,tanh"),
    *("--dropout", "0.1,0", "--optimizer", "nesterov", "-lr", 1, "--batch-size", 16),
    *("-wordNgrams", 2, "-bucket", 1000, "-epoch", 3, "--norm", "layer", "-seed", 7),
    *("-thread", 1, "-verbose", 0),
]


def test_a_configuration_is_the_same_as_options(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(CONFIG.format(input=TOPICS))
    for output, options in (("a", SAME), ("b", ["--config", config])):
        result = run("mlp-train", "-output", tmp_path / output, *options)
        assert (result.code, result.out, result.err) == (0, b"", "")
    assert same_tensors(tmp_path / "a.mlp", tmp_path / "b.mlp")
    assert (tmp_path / "a.mlp").read_bytes() == (tmp_path / "b.mlp").read_bytes()


def test_the_command_line_wins_over_the_configuration(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(CONFIG.format(input="missing.txt") + "standardize = false\n")
    options = ["-input", TOPICS, "-dim", 4, "-lr", "0.5", "--no-standardize"]
    model = tmp_path / "m"
    assert run("mlp-train", "--config", config, "-output", model, *options).code == 0
    found = tomllib.loads(run("dump", f"{model}.mlp", "args").text())
    assert (found["input"], found["dim"], found["lr"]) == ([str(TOPICS)], 4, 0.5)
    assert (found["seed"], found["hidden"], found["standardize"]) == (7, "8,4", False)


@pytest.mark.parametrize(
    ("text", "options", "scale"),
    [
        ('standardize = false\nscale = "minmax"', ["--scale", "standard"], "standard"),
        ("standardize = false", ["--scale", "minmax"], "minmax"),
        ('scale = "minmax"', ["--no-standardize"], "none"),
        ('scale = "minmax"', [], "minmax"),
        ("header = true", ["--no-header", "--no-standardize"], "none"),
    ],
)
def test_one_option_on_the_command_line_settles_those_that_are_the_same(
    text, options, scale, tmp_path
):
    config, table, model = tmp_path / "c.toml", tmp_path / "t.csv", tmp_path / "m"
    config.write_text(text + "\n")
    table.write_text("".join(f"{i},{i % 3},{'ab'[i % 2]}\n" for i in range(12)))
    command = ["mlp-train", "-input", table, "-output", model, "--config", config, "-epoch", 1]
    result = run(*command, *options)
    assert result.code == 0, result.err
    assert tomllib.loads(run("dump", f"{model}.mlp", "args").text())["scale"] == scale


def test_a_configuration_that_contradicts_itself(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('standardize = false\nscale = "minmax"\n')
    result = run("mlp-train", "-input", TOPICS, "-output", tmp_path / "m", "--config", config)
    assert result.code == 1
    assert "--no-standardize and --scale minmax contradict each other" in result.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hiden = 3", "unknown option hiden (did you mean hidden?)."),
        ("epoch = 1.5", "epoch = 1.5 should be int."),
        ("epoch", "is not valid TOML: "),
        ("lr = [1]", "lr = [1] should be float."),
    ],
)
def test_configurations_that_cannot_be(text, sentence, former, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(text)
    said = one_sentence("mlp-train", "-input", TOPICS, "-output", former, "--config", config)
    assert said.startswith(f"{config}")
    assert sentence in said


def test_a_missing_configuration(former, tmp_path):
    path = tmp_path / "no.toml"
    said = one_sentence("mlp-train", "-input", TOPICS, "-output", former, "--config", path)
    assert said == f"{path} cannot be opened for loading! (No such file or directory)"


@pytest.mark.parametrize("source", ["text", "numbers"])
def test_threads_make_the_same_model(source, tmp_path, rng):
    """The layers are wide enough for a step to be worth two threads."""
    path = TOPICS
    if source == "numbers":
        x = rng.normal(size=(256, 20))
        path = tmp_path / "x.csv"
        rows = [",".join(f"{v:.4f}" for v in row) for row in x]
        labels = np.where(x[:, 0] > 0, "a", "b")
        path.write_text("".join(f"{r},{name}\n" for r, name in zip(rows, labels, strict=True)))
    options = ["-dim", 20, "--hidden", "256,128", "-epoch", 2, "--batch-size", 64, "--dropout", 0.2]
    found = []
    for n in (1, 2):
        result = run(
            *("mlp-train", "-input", path, "-output", tmp_path / f"m{n}"),
            *(*options, "-thread", n, "-verbose", 1),
        )
        assert result.code == 0
        assert f", {n} thread{'s' if n > 1 else ''}\n" in result.err
        found.append(tmp_path / f"m{n}.mlp")
    assert same_tensors(*found)
    assert found[0].read_bytes() == found[1].read_bytes()


def test_seeds(table, numbers_model, tmp_path):
    assert same_tensors(train(table, tmp_path / "same", *FAR), numbers_model)
    other = train(table, tmp_path / "other", *FAR, "-seed", 1)
    assert not same_tensors(other, numbers_model)


def test_what_training_says(table, tmp_path):
    plain = ["--hidden", 4, "--activation", "relu", *PLAIN, "-lr", 0.001, "--schedule", "constant"]
    options = [*plain, "-epoch", 5, "-thread", 1]
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *options)
    assert (result.code, result.out) == (0, b"")
    lines = result.err.splitlines()
    decided = lines.pop(0)
    assert decided.endswith(": header; label: column 'kind' (the last); 2 features: x, y")
    assert lines[0] == (
        "Network 2-4-3: 3 layers (2 if the input is not counted), 27 parameters; 12 examples, "
        "3 labels, 1 thread"
    )
    assert "  step  epoch      lr     loss  train acc" in lines
    rows = [line.split() for line in lines if re.match(r" +\d+ +\d+ +\d+\.", line)]
    assert [row[:2] for row in rows] == [[str(i), str(i)] for i in range(1, 6)]
    assert "· guessing 1.099" in result.err  # ln 3, in the chart of losses
    assert re.fullmatch(r"Trained 5 steps in \d+\.\d s\.", lines[-4])
    assert lines[-3].startswith("It learned next to nothing")
    assert lines[-2].startswith("Try a larger -lr")
    assert re.fullmatch(r"Wrote .*m\.mlp \(.*\) in \d+\.\d s\.", lines[-1])
    result = run("mlp-train", "-input", table, "-output", tmp_path / "m", *plain, "-epoch", 1)
    assert re.search(r"^Trained 1 step in \d+\.\d s\.$", result.err, re.MULTILINE)


def test_the_log(table, tmp_path):
    log = tmp_path / "log.jsonl"
    options = ["--hidden", 4, "-epoch", 6, "--batch-size", 4, "--schedule", "linear", "-lr", 0.06]
    options += ["-thread", 1, "-verbose", 0, "--log", log]
    train(table, tmp_path / "m", *options)
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    assert [e["step"] for e in found] == [3, 6, 9, 12, 15, 18]
    assert [e["epoch"] for e in found] == [1, 2, 3, 4, 5, 6]
    assert [e["progress"] for e in found] == pytest.approx([i / 6 for i in range(1, 7)])
    lrs = [0.06 * (1 - (e["step"] - 1) / 18) for e in found]
    assert [e["lr"] for e in found] == pytest.approx(lrs)
    assert all("valid_loss" not in e and e["loss"] > 0 for e in found)
    train(table, tmp_path / "m", *options, "--valid", table, "--eval-every", "6steps")
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    assert [e["step"] for e in found] == [6, 12, 18]
    assert all(0 <= e["valid_error"] <= 1 and e["valid_loss"] > 0 for e in found)


def test_patience_keeps_the_best_model(tmp_path):
    """Labels that mean nothing are learned by heart: validation gets worse, and training ends."""
    rng = np.random.default_rng(5)
    files = []
    for name, n in (("train", 40), ("valid", 60)):
        path = tmp_path / f"{name}.csv"
        x, labels = rng.normal(size=(n, 3)), rng.choice(["a", "b"], n)
        rows = (",".join([*map("{:.3f}".format, row), c]) for row, c in zip(x, labels, strict=True))
        path.write_text("\n".join(rows))
        files.append(path)
    log = tmp_path / "log.jsonl"
    plain = ["--hidden", 32, "-lr", 0.05, *PLAIN]
    others = ["-thread", 1, "-verbose", 0, "--monitor", "loss", "--valid", files[1]]
    options = [*plain, "-epoch", 200, *others]
    model = train(files[0], tmp_path / "m", *options, "--patience", 3, "--log", log)
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    losses = [e["valid_loss"] for e in found]
    best = losses.index(min(losses))
    assert len(found) == best + 4 < 200
    assert [e["is_best"] for e in found] == [
        i == 0 or loss < min(losses[:i]) for i, loss in enumerate(losses)
    ]
    about = config_of(model)["about"]
    assert about["best_step"] == found[best]["step"]
    assert about["steps"] == found[-1]["step"]
    error = 1 - scores(model, files[1])["precision"]
    assert error == pytest.approx(found[best]["valid_error"])
    stopped = train(files[0], tmp_path / "short", *plain, "-epoch", best + 1, *others)
    assert same_tensors(stopped, model)


# ------------------------------------------------------------------ resuming, Ctrl-C

DEEP = ["--norm", "batch", "--dropout", 0.2, "--word-dropout", 0.1, "--optimizer", "nadam"]


@pytest.mark.parametrize(
    "options",
    [
        ["-input", TOPICS, "-dim", 8, *DEEP],
        ["-input", TOPICS, "-dim", 8, "--valid", TOPICS_TEST, "--schedule", "step"],
        ["-input", TOPICS, "-dim", 8, "--optimizer", "rmsprop", "--eval-every", 7],
    ],
)
def test_going_on_gives_the_bytes_of_a_whole_run(options, tmp_path):
    options = ["mlp-train", *options, "--hidden", 8, "-thread", 1, "-verbose", 0]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run(*options, "-output", whole, "-epoch", 4).code == 0
    # The last checkpoint is in the middle of the third epoch.
    first = run(*options, "-output", parts, "-epoch", 3, "--save-every", 21)
    assert first.code == 0
    assert parts.with_suffix(".mlp").read_bytes() != whole.with_suffix(".mlp").read_bytes()
    result = run(*options, "-output", parts, "-epoch", 4, "--resume")
    assert (result.code, result.err) == (0, "")
    assert parts.with_suffix(".mlp").read_bytes() == whole.with_suffix(".mlp").read_bytes()


def test_going_on_needs_the_same_run(tmp_path, table):
    options = ["mlp-train", "-input", table, "-output", tmp_path / "m", "-epoch", 2, "-verbose", 1]
    options += ["--activation", "relu", *PLAIN, "-lr", 0.001, "--schedule", "constant"]
    result = run(*options, "--resume", "--hidden", 4)
    assert "There is no checkpoint yet: starting from the beginning." in result.err
    assert run(*options, "--save-every", 1, "--hidden", 4).code == 0
    assert "from a run with --hidden 4, not 5" in one_sentence(*options, "--resume", "--hidden", 5)
    with open(table, "a") as file:
        file.write("1,2,low\n")
    said = one_sentence(*options, "--resume", "--hidden", 4)
    assert "from a run on other examples" in said
    (tmp_path / "m.checkpoint").write_bytes(b"{}")
    assert "m.checkpoint" in one_sentence(*options, "--resume", "--hidden", 4)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_saves_the_best_so_far(tmp_path):
    log, model = tmp_path / "log.jsonl", tmp_path / "m.mlp"
    # One thread, which hears the signal between two steps also where the machine is busy.
    options = ["-dim", 10, "--hidden", 8, "-thread", 1, "-epoch", 10**6]
    options += ["--valid", TOPICS_TEST, "--log", log]
    child = start("mlp-train", "-input", TOPICS, "-output", tmp_path / "m", *options)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (log.exists() and log.read_bytes().count(b"\n") > 5):
        assert child.poll() is None
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert out == b""
    assert b"Traceback" not in err
    found = [json.loads(line) for line in log.read_text().splitlines()[1:]]
    best = min(found, key=lambda e: (e["valid_error"], e["valid_loss"]))
    assert config_of(model)["about"]["best_step"] == best["step"]
    error = 1 - scores(model, TOPICS_TEST)["precision"]
    assert error == pytest.approx(best["valid_error"])


# -------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--optimizer", "adm"], "Unknown optimizer: adm (did you mean adam?)."),
        (["--activation", "rleu"], "Unknown activation: rleu (did you mean relu?)."),
        (["--hidden", "8,0"], "--hidden: a layer of 0 units is not possible."),
        (["--hidden", "8,4", "--dropout", "0.1,0.1,0.1"], "--dropout has 3 values"),
        (["--init", "zero"], "--init zero is refused"),
        (["--norm", "batch", "--batch-size", 1], "--norm batch with --batch-size 1"),
        (["-epoch", -1], "-epoch must be 0 or more, not -1."),
        (["-thread", 0], "-thread must be 1 or more, not 0."),
        (
            ["--patience", 2],
            "--patience needs validation lines: give --valid FILE or --valid-share 0.1.",
        ),
        (["--valid", "missing.txt"], "missing.txt cannot be opened for validation!"),
        (["-label", "#"], "No label found in "),
        (["--log", "nofolder/log"], "nofolder/log cannot be opened for saving."),
        (["--plot", "curve.txt"], "--plot curve.txt: the name must end in .png, .svg, .pdf."),
        (["-pretrainedVectors", "missing.vec"], "missing.vec cannot be opened"),
    ],
)
def test_wrong_options_keep_the_former_model(options, sentence, former, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = one_sentence("mlp-train", "-input", TOPICS, "-output", former, *QUICK, *options)
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--batchsize", 2], "Unknown argument: --batchsize (did you mean --batch-size?)"),
        (["-lrr", 2], "Unknown argument: -lrr (did you mean -lr?)"),
        (["-epoch", "x"], "Invalid value for '-epoch': 'x' is not a valid integer."),
        (["-dim"], "-dim is missing an argument"),
        (["more"], "Provided argument without a dash! 'more'"),
    ],
)
def test_usage_errors(options, sentence, former):
    lines = fails("mlp-train", "-input", TOPICS, "-output", former, *options).splitlines()
    assert lines == [
        sentence,
        "usage: fastcli mlp-train -input <file> -output <name> [options]",
        "Try 'fastcli mlp-train --help'.",
    ]


def test_a_missing_file(former, tmp_path):
    path = tmp_path / "missing.txt"
    said = one_sentence("mlp-train", "-input", path, "-output", former, *QUICK)
    assert said == f"{path} cannot be opened for training! (No such file or directory)"


def test_no_path(former):
    assert (
        one_sentence("mlp-train", "-output", former)
        == "Empty input or output path. Give -input FILE."
    )
    assert (
        one_sentence("mlp-train", "-input", TOPICS)
        == "Empty input or output path. Give -output NAME."
    )
    said = one_sentence("mlp-train", "-input", "-", "-output", former)
    assert said.startswith("Cannot use stdin for training! ")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("x.txt", "one two\n", "{}: no token starts with '__label__'."),
        ("x.txt", "", "Empty vocabulary."),
        ("x.csv", "", "{} is empty, so there is nothing to train on."),
        ("x.csv", "x,y,l\n1,2,a\n1,q,b\n", "{}, line 3, column 2: 'q' is not a number."),
        ("x.csv", "1,2,a\n1,inf,b\n", "{}, line 2, column 2: a number is not finite."),
        ("x.csv", "1,2,a\n1,2,3,b\n", "{}:2: 4 columns instead of 3"),
        ("x.csv", "1,2,\n3,4,\n", "{}: no line has a label in column 2."),
        ("x.svm", "a 1:1\nb 1:one\n", "{}, line 2: '1:one' is not index:value."),
        ("x.svm", "1:1 2:2\n", "{}: no line has a label"),
    ],
)
def test_wrong_input_keeps_the_former_model(name, text, sentence, former, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    said = one_sentence("mlp-train", "-input", path, "-output", former, *QUICK)
    assert sentence.format(path) in said


def test_divergence_keeps_the_former_model(former, table):
    options = ["--optimizer", "sgd", "-lr", 1e30, "-epoch", 50, "-verbose", 0, "-thread", 1]
    said = one_sentence("mlp-train", "-input", table, "-output", former, *options)
    assert said.startswith("Encountered NaN: the loss is not finite in epoch ")
    assert "nothing was saved" in said


def test_validation_without_a_known_label(former, table, tmp_path):
    path = tmp_path / "valid.csv"
    path.write_text("1,2,new\n")
    said = one_sentence("mlp-train", "-input", table, "-output", former, "--valid", path, *QUICK)
    assert said == f"{path} has no line with a label of the training file."


def test_vectors_are_for_text(former, table):
    said = one_sentence(
        *("mlp-train", "-input", table, "-output", former, *QUICK),
        *("-pretrainedVectors", write_vectors(table.parent)),
    )
    assert said == "-pretrainedVectors is for text, and the input is numbers."


def write_vectors(folder):
    path = folder / "tiny.vec"
    path.write_text("1 2\nthe 0.5 0.25\n")
    return path


def test_vectors_to_start_from(tmp_path):
    """Without an epoch a word's vector is the file's, and -dim is that of the file."""
    options = ["--hidden", 4, "-thread", 1, "-verbose", 0, "-epoch", 0]
    vectors = write_vectors(tmp_path)
    model = train(TOPICS, tmp_path / "m", *options, "-pretrainedVectors", vectors)
    words = run("dump", model, "dict").text().splitlines()[1:]
    rows = run("dump", model, "input").text().splitlines()
    assert rows[0].endswith(" 2")
    at = next(i for i, line in enumerate(words) if line.split()[0] == "the")
    assert rows[1 + at] == "0.5 0.25"


def test_missing_folder(table, tmp_path):
    output = tmp_path / "nofolder" / "m"
    said = one_sentence("mlp-train", "-input", table, "-output", output, *QUICK)
    assert said.startswith(f"{output}.mlp cannot be opened for saving.")
    assert not output.parent.exists()


# ------------------------------------------------------------------- damaged models


COMMANDS = (("test",), ("test-label",), ("predict",), ("predict-prob", "--json"))


def complaints(path, data):
    """Return what every command that reads a model says of this one."""
    said = [one_sentence(*command, path, data) for command in COMMANDS]
    return said + [one_sentence("dump", path, part) for part in ("args", "dict", "input", "output")]


@pytest.mark.parametrize("share", [0, 1, 8, 9, 0.01, 0.5, 0.999])
def test_truncated_models(share, topics, tmp_path):
    data = topics.read_bytes()
    path = tmp_path / "cut.mlp"
    path.write_bytes(data[: int(share if isinstance(share, int) else share * len(data))])
    for said in complaints(path, TOPICS_TEST):
        assert said.startswith(str(path))


def changed(path, model, old, new):
    data = model.read_bytes()
    assert data.count(old) >= 1
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"', b'["'),
        (b'"F32"', b'"F31"'),
        (b'\\"nlabels\\": 6', b'\\"nlabels\\": x'),
        (b"layers.0.weight", b"layers.7.weight"),
        (b'\\"about\\"', b'\\"abowt\\"'),
        (b'\\"batch_size\\"', b'\\"batch_sise\\"'),
        (b'\\"hidden\\": \\"16\\"', b'\\"hidden\\": \\"17\\"'),
    ],
)
def test_damaged_headers(old, new, topics, tmp_path):
    bad = changed(tmp_path / "bad.mlp", topics, old, new)
    for said in complaints(bad, TOPICS_TEST):
        assert str(bad) in said


def test_other_kinds_of_files(topics, tmp_path):
    other = changed(tmp_path / "kind.mlp", topics, b"mlp model", b"mlp noble")
    for said in complaints(other, TOPICS_TEST):
        assert said == f"{other} is a safetensors file, but not a fastcli mlp model."
    newer = changed(
        tmp_path / "newer.mlp", topics, b'\\"version\\": \\"1\\"', b'\\"version\\": \\"9\\"'
    )
    for said in complaints(newer, TOPICS_TEST):
        assert said == f"{newer} is from another version of fastcli (9): update fastcli."
    missing = tmp_path / "missing.mlp"
    for said in complaints(missing, TOPICS_TEST):
        assert said == f"{missing} cannot be opened for loading! (No such file or directory)"


def test_questions_that_cannot_be(numbers_model, tmp_path):
    path = tmp_path / "new.csv"
    for text, sentence in (
        ("1,q\n", "line 1, column 2: 'q' is not a number."),
        (
            "1,2\n1,2,3,4\n",
            ":2: 4 columns instead of 2: '1,2,3,4'. Fix it, or skip such rows with --skip-bad.",
        ),
        ("1,inf\n", "line 1, column 2: a number is not finite."),
    ):
        path.write_text(text)
        assert sentence in one_sentence("predict", numbers_model, path)
    path.write_text("1,2\n")
    assert "k needs to be 1 or higher!" in one_sentence("predict", numbers_model, path, 0)
    said = one_sentence("predict", numbers_model, tmp_path / "missing.csv")
    assert said.startswith("Input file cannot be opened!")


@pytest.mark.parametrize("command", ["print-word-vectors", "print-sentence-vectors"])
def test_commands_for_linear_models(command, topics):
    said = one_sentence(command, topics)
    assert said.startswith(f"{topics} has wrong file format!")


def edited(path, model, edit):
    """Write a model again with its JSON or its arrays changed by ``edit(config, arrays)``."""
    config, arrays = config_of(model), dict(load_file(model))
    edit(config, arrays)
    save_file(arrays, path, {"fastcli": json.dumps(config)})
    return path


EDITS = {
    "more words": lambda config, arrays: config["text"].update(nwords=973),
    "fewer words": lambda config, arrays: config["text"].update(nwords=173),
    "more labels": lambda config, arrays: config["text"].update(nlabels=9),
    "words for labels": lambda config, arrays: config["text"].update(
        nwords=config["text"]["nwords"] - 1, nlabels=config["text"]["nlabels"] + 1
    ),
    "another loss": lambda config, arrays: config.update(loss=9),
    "other widths": lambda config, arrays: config["args"].update(hidden="1x"),
    "unknown norm": lambda config, arrays: config["args"].update(norm="weight"),
    "entries beyond": lambda config, arrays: arrays.update(
        {"dictionary.starts": arrays["dictionary.starts"] + 5}
    ),
    "entries back": lambda config, arrays: arrays["dictionary.starts"].__setitem__(1, 10**9),
    "integers": lambda config, arrays: arrays.update(embedding=arrays["embedding"].view(np.int32)),
    "fewer rows": lambda config, arrays: arrays.update(embedding=arrays["embedding"][:-1]),
    "no bias": lambda config, arrays: arrays.pop("layers.0.bias"),
    "flat weights": lambda config, arrays: arrays.update(
        {"layers.0.weight": arrays["layers.0.weight"].reshape(-1)}
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_models_whose_parts_do_not_fit(edit, topics, tmp_path):
    path = edited(tmp_path / "edited.mlp", topics, edit)
    for said in complaints(path, TOPICS_TEST):
        assert said.startswith(f"{path} is damaged: ")


def test_buckets_out_of_range(tmp_path):
    options = ["-wordNgrams", 2, "-bucket", 500, "-dim", 4, "--hidden", 3, "-epoch", 1]
    model = train(TOPICS, tmp_path / "m", *options, "-verbose", 0)
    for place in (-1, 500):

        def edit(config, arrays, place=place):
            arrays["buckets"][0] = place

        path = edited(tmp_path / "edited.mlp", model, edit)
        assert "a bucket is out of range" in one_sentence("predict", path, TOPICS_TEST)


def test_a_header_counts_as_a_line_and_gives_no_answer(tmp_path):
    table = tmp_path / "x.csv"
    table.write_text("x,y,l\n" + "0,1,a\n1,0,b\n" * 8)
    model = train(table, tmp_path / "m", "--hidden", 3, "-epoch", 1, "-verbose", 0)
    assert len(run("predict", model, "-", stdin=b"x,y\n1,2\n\n3,4\n").text().splitlines()) == 3
    assert run("predict", model, "-", stdin=b"\xef\xbb\xbf\nx,y\n1,2\n").text().count("\n") == 2
    said = run("predict", model, "-", stdin=b"x,y\n1,2\n1,q\n").err
    assert "line 3, column 2: 'q' is not a number" in said


def test_the_dimension_of_a_configuration_is_not_that_of_the_vectors(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("dim = 7\nwordNgrams = 2\nno-standardize = true\nbucket = 100\n")
    vectors = write_vectors(tmp_path)
    said = one_sentence(
        *("mlp-train", "-input", TOPICS, "-output", tmp_path / "m", "--config", config),
        *("-pretrainedVectors", vectors, "-verbose", 0),
    )
    assert said.startswith("Dimension of pretrained vectors (2) does not match dimension (7)!")
