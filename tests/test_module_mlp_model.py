"""Perceptrons in a program: they answer what the command line prints."""

import json

import numpy as np
import pytest

import fastcli
from tests.command import SAMPLES, run

SMALL = ["--hidden", 8, "-epoch", 4, "-thread", 1, "-verbose", 0]
LINES = ["what can i cook with rice and onions ?", "how does a rocket fly ?", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with small models of texts, of a table and of regression."""
    folder = tmp_path_factory.mktemp("perceptrons")
    x = np.random.default_rng(1).normal(size=(60, 3))
    y = x @ [1.0, -2.0, 0.5] + 3
    rows = [f"{a!r},{b!r},{c!r},{t!r}" for (a, b, c), t in zip(x.tolist(), y.tolist(), strict=True)]
    (folder / "numbers.csv").write_text("a,b,c,t\n" + "\n".join(rows) + "\n")
    for name, source, *options in (
        ("topics", SAMPLES / "topics.train.txt", "-dim", 8),
        ("spirals", SAMPLES / "spirals.csv"),
        ("numbers", folder / "numbers.csv", "--task", "regression", "--label-column", "t"),
    ):
        words = ["-input", source, "-output", folder / name, *options, *SMALL]
        run("mlp-train", *words).text()
    return folder


def answers(command, model, text, *more):
    """Return what a command answers as JSON, a list for each line."""
    done = run(command, model, "-", "--json", *more, stdin=text.encode())
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def shown(values):
    """Return numbers as JSON has them: to nine digits."""
    return [float(f"{value:.9g}") for value in values.tolist()]


def test_texts_get_the_labels_that_the_command_prints(folder):
    path = folder / "topics.mlp"
    model = fastcli.load_model(path)
    assert isinstance(model, fastcli.MLP)
    assert (model.path, model.reads, model.is_regression) == (str(path), "text", False)
    ref = answers("predict-prob", path, "".join(f"{line}\n" for line in LINES), "-k", 3)
    labels, probs = model.predict(LINES, k=3)
    assert labels == [one["labels"] for one in ref]
    assert list(map(shown, probs)) == [one["probabilities"] for one in ref]
    one, prob = model.predict(LINES[0], k=3)
    assert (one, prob.tolist()) == (tuple(labels[0]), probs[0].tolist())
    assert {*labels[0]} <= {*model.labels}


def test_rows_are_lists_arrays_or_a_file(folder):
    model = fastcli.load_model(folder / "spirals.mlp")
    assert model.columns == ["x", "y"]
    x = np.array([[0.5, -0.25], [1.5, 2.0]])
    csv = "x,y\n0.5,-0.25\n1.5,2.0\n"
    (folder / "some.csv").write_text(csv)
    ref = answers("predict", folder / "spirals.mlp", csv)
    of_file = model.predict(folder / "some.csv")
    for found in (x, x.tolist(), x.astype(np.float32)):
        labels, probs = model.predict(found)
        assert labels == of_file[0] == [one["labels"] for one in ref]
        assert np.array_equal(probs, of_file[1])
    label, prob = model.predict(x[0])
    assert (label, prob.tolist()) == (tuple(labels[0]), probs[0].tolist())
    assert model.predict([0.5, -0.25])[0] == model.predict((0.5, -0.25))[0] == label
    for wrong, said in (
        ([[1.0]], "reads rows of 2 columns: x, y. These have 1"),
        ([[1.0, np.inf]], "row 1, column 2: the number is infinite"),
        ([["a", 2.0]], "row 1, column 1: a is not a number"),
        ([[1.0, 2.0], [1.0]], "differ in length: 1 and 2"),
    ):
        with pytest.raises(fastcli.FastcliError, match=said):
            model.predict(wrong)


def test_numbers_are_those_of_the_command(folder):
    path = folder / "numbers.mlp"
    model = fastcli.load_model(path)
    ref = answers("predict", path, "a,b,c\n1,2,3\n0,0,0.5\n")
    found = model.predict_numbers([[1, 2, 3], [0, 0, 0.5]])
    assert list(map(shown, found)) == [one["values"] for one in ref]
    assert model.predict_numbers((1, 2, 3)).tolist() == found[0].tolist()
    assert (model.targets, model.labels, found.dtype) == (["t"], [], np.float64)
    with pytest.raises(fastcli.ArgumentError, match="use predict_numbers"):
        model.predict([1, 2, 3])


def test_what_is_not_for_a_model_is_said(folder):
    texts, numbers = (fastcli.load_model(folder / f"{name}.mlp") for name in ("topics", "numbers"))
    for wrong, kind, said in (
        (lambda: numbers.get_word_vector("a"), AttributeError, "network that reads numbers"),
        (lambda: texts.quantize(), ValueError, "network that reads text: quantize is for other"),
        (lambda: numbers.get_words(), ValueError, "get_words is for other models"),
        (lambda: texts.nothing, AttributeError, "'MLP' object has no attribute 'nothing'"),
        (lambda: texts.predict_numbers("a"), ValueError, "predicts labels, and no numbers"),
        (lambda: texts.predict(3), TypeError, "a str, or a list of str, not int"),
        (lambda: texts.predict(["a", 3]), TypeError, "a list of str, not int"),
        (lambda: texts.predict("a\nb"), ValueError, "one line at a time"),
        (lambda: texts.predict("a", k=0), ValueError, "k needs to be 1 or higher"),
        (lambda: texts.predict("a", k="2"), TypeError, "k must be a whole number"),
    ):
        with pytest.raises(kind, match=said):
            wrong()
    assert not hasattr(numbers, "get_word_vector")
    words, counts = texts.get_words(include_freq=True)
    assert len(words) == len(counts) == len({*words})
    names, counts = texts.get_labels(include_freq=True)
    assert (names, texts.get_label_id(names[1]), counts.sum()) == (texts.labels, 1, 900)
    assert (texts.get_dimension(), numbers.get_dimension(), texts.is_quantized()) == (8, 3, False)


def test_a_file_is_tested_as_by_the_command(folder):
    n, precision, recall = fastcli.load_model(folder / "topics.mlp").test(
        SAMPLES / "topics.test.txt", k=2
    )
    words = [folder / "topics.mlp", SAMPLES / "topics.test.txt", "--json", "-k", 2]
    ref = json.loads(run("test", *words).out)
    scores = np.array([precision, recall])
    assert [n, *shown(scores)] == [ref["n"], ref["precision"], ref["recall"]]
    with pytest.raises(fastcli.DataError, match="is a table, not lines of labels and text"):
        fastcli.load_model(folder / "topics.mlp").test(SAMPLES / "reviews.csv")
    scores = fastcli.load_model(folder / "numbers.mlp").test(folder / "numbers.csv")
    ref = json.loads(run("test", folder / "numbers.mlp", folder / "numbers.csv", "--json").out)
    assert [scores.n, *shown(np.array(scores[1:]))] == [ref[x] for x in ("n", "rmse", "mae", "r2")]


def test_lines_that_do_not_count_are_told_of_as_by_the_command(folder, tmp_path):
    model = fastcli.load_model(folder / "topics.mlp")
    (tmp_path / "lines.txt").write_text("__label__unheard rice\nno label\n", encoding="utf-8")
    with pytest.warns(fastcli.FastcliNote) as notes:
        assert model.test(tmp_path / "lines.txt")[0] == 0
    said = run("test", folder / "topics.mlp", tmp_path / "lines.txt").err
    assert [str(note.message) for note in notes] == said.splitlines()


def test_lists_get_what_arrays_of_a_batch_have(folder):
    model, texts = fastcli.load_model(folder / "topics.mlp"), ["cook rice", "", "a good film"]
    labels, probs = model.predict(texts, k=2, threshold=0.2)
    batch = model.predict_batch(texts, k=2, threshold=0.2)
    assert (labels, [*map(list, probs)]) == (batch.label_lists(), [*map(list, batch.prob_lists())])


def test_a_model_shows_its_layers_and_is_saved_as_it_was(folder):
    for name in ("topics", "spirals", "numbers"):
        path = folder / f"{name}.mlp"
        model = fastcli.load_model(path)
        first, last = model.layers
        assert (first.units, last.inputs, last.activation) == (8, 8, "")
        assert model.tensors["layers.0.weight"].shape == (first.inputs, 1, 8)
        with pytest.raises(ValueError, match="read-only"):
            model.tensors["layers.0.weight"][0] = 0
        model.save_model(folder / "again.mlp")
        assert (folder / "again.mlp").read_bytes() == path.read_bytes()


def test_what_only_linear_models_have_is_known():
    from fastcli.api.mlp_model import OF_LINEAR

    ours, theirs = (
        {name for name in dir(kind) if not name.startswith("_")}
        for kind in (fastcli.MLP, fastcli.FastText)
    )
    assert theirs - ours == OF_LINEAR
