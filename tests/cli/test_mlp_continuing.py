"""Going on with a neural network: what is kept, what joins, what is refused."""

import shlex

import numpy as np
import pytest

from fastcli.mlp.model_file import load_mlp
from tests.cli.conftest import TINY
from tests.command import SAMPLES, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
QUIET = ["-verbose", 0]
NEW = b"__label__car wheel wagon\n__label__boat sail engine sail\n"
TABLE = "x,colour,y,kind\n1,red,5,a\n2,blue,3,b\n3,red,1,a\n4,blue,0,b\n5,red,2,a\n"
MORE = "kind,y,x,colour\nc,5,1,red\na,3,2,blue\nc,1,3,green\n"
SVM = "a 1:1 2:3\nb 1:2 3:1\na 2:2\nb 3:2 1:1\n"


@pytest.fixture
def old(tmp_path):
    """Return a function that trains a small network and returns its path."""

    def make(*options, source=TINY, end="txt"):
        path = tmp_path / f"old.{end}"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        small = ["-dim", 6] if end == "txt" else []
        small += ["--hidden", "5,4", "-epoch", 3, "-lr", 0.05, *QUIET]
        result = run("mlp-train", "-input", path, "-output", tmp_path / "old", *small, *options)
        assert (result.code, result.err) == (0, "")
        return tmp_path / "old.mlp"

    return make


def go_on(model, source, output, *options, code=0, end="txt"):
    """Train on; return what is said."""
    if not hasattr(source, "name"):
        path = output.parent / f"more.{end}"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        source = path
    command = ["mlp-train", "-inputModel", model, "-input", source, "-output", output]
    result = run(*command, "-epoch", 1, *options)
    assert (result.code, result.out) == (code, b""), result.err
    assert "Traceback" not in result.err
    return result.err


def test_the_prior_is_said_to_be_for_new_labels(old, tmp_path):
    model = old()
    said = go_on(model, NEW, tmp_path / "new", "--output-bias", "prior")
    assert f"--output-bias prior is for new labels: those of {model} keep their bias." in said


def same_layers(model, new, kept):
    """Check that all parameters are equal, but for output units that are not ``kept``."""
    last = f"layers.{len(model.args.widths)}."
    for name, tensor in model.tensors.items():
        found = new.tensors[name]
        if name.startswith(last):
            assert (found[..., kept] == tensor).all()
            assert found.shape[-1] == new.nlabels
        else:
            np.testing.assert_array_equal(found, tensor)


# ------------------------------------------------------------------------------ text


@pytest.mark.parametrize("options", [[], ["-wordNgrams", 2, "-bucket", 90], ["-maxn", 3]])
def test_without_steps_everything_is_as_it_was(old, tmp_path, options):
    path = old("--norm", "layer", "--activation", "prelu,tanh", *options)
    err = go_on(path, NEW * 3, tmp_path / "new", "-lr", 0)
    assert f"Continuing from {path}: kept 7 words and 3 labels; added 2 words and 1 label." in err
    model, new = (load_mlp(str(tmp_path / f"{name}.mlp")) for name in ("old", "new"))
    same_layers(model, new, [new.names.index(name) for name in model.names])
    known, found = model.dictionary, new.dictionary
    for i, word in enumerate(known.entries(0, known.nwords)):
        np.testing.assert_array_equal(new.embedding[found.find(word)], model.embedding[i])
    if model.bucket_rows is not None:
        used = np.flatnonzero(model.bucket_rows)
        assert (new.bucket_rows[used] == model.bucket_rows[used]).all()
        assert new.bucket_rows.max() > model.bucket_rows.max()
        n = int(model.bucket_rows.max())
        rows = new.embedding[found.nwords : found.nwords + n]
        np.testing.assert_array_equal(rows, model.embedding[known.nwords :])
    wagon = new.embedding[found.find(b"wagon"), :6]
    assert (wagon != 0).any()
    assert (np.abs(wagon) <= 1 / 6).all()


def test_predictions_stay_without_steps(old, tmp_path):
    path = old("-wordNgrams", 2)
    go_on(path, TINY * 2, tmp_path / "new", "-lr", 0, *QUIET)
    texts = b"apple wheel\nroad engine road banana\nnothing\n"
    said = [
        run("predict-prob", model, "-", 3, stdin=texts).text()
        for model in (path, tmp_path / "new.mlp")
    ]
    assert said[0] == said[1]


def test_training_goes_on_where_it_was(tmp_path):
    """Plain SGD has no state: two epochs are one epoch and one more, in the order of the first."""
    options = ["-dim", 8, "--hidden", 6, "--optimizer", "sgd", "-lr", 0.1, "--batch-size", 0]
    options += ["--dropout", 0]
    for name, more in (("old", ["-epoch", 3]), ("whole", ["-epoch", 5])):
        result = run("mlp-train", "-input", TRAIN, "-output", tmp_path / name, *options, *more)
        assert result.code == 0
    free = options[4:]
    go_on(tmp_path / "old.mlp", TRAIN, tmp_path / "new", *free, "-epoch", 2)
    whole, new = (load_mlp(str(tmp_path / f"{name}.mlp")) for name in ("whole", "new"))
    assert whole.names != []
    order = [new.names.index(name) for name in whole.names]
    for name, tensor in whole.tensors.items():
        found = new.tensors[name]
        found = found[..., order] if name.startswith("layers.1.") else found
        np.testing.assert_allclose(found, tensor, rtol=1e-4, atol=1e-5)


def test_the_same_bytes_on_any_number_of_threads_and_in_place(old, tmp_path):
    path = old("-wordNgrams", 2)
    for n in (1, 2):
        go_on(path, NEW, tmp_path / f"new{n}", "-thread", n, *QUIET)
    data = (tmp_path / "new1.mlp").read_bytes()
    assert (tmp_path / "new2.mlp").read_bytes() == data
    go_on(path, NEW, tmp_path / "old", *QUIET)
    assert path.read_bytes() == data


def test_validation_and_what_is_recorded(tmp_path, old):
    path = old(source=TRAIN.read_bytes())
    size = path.stat().st_size
    log = tmp_path / "log"
    go_on(path, VALID, tmp_path / "new", "--valid", TEST, "--log", log, "-epoch", 3)
    model = load_mlp(str(tmp_path / "new.mlp"))
    assert model.about["continues"]["size"] == size
    assert model.about["continues"]["labels"] == 6
    assert model.args.input_model == str(path)
    assert b"input_model" not in path.read_bytes()


@pytest.mark.parametrize("loss", ["softmax", "ova"])
def test_the_loss_is_that_of_the_model(old, tmp_path, loss):
    lines = b"__label__a __label__b x y\n__label__a x\n__label__b y\n"
    path = old("--loss", loss, source=lines)
    go_on(path, b"__label__a x\n__label__b y\n", tmp_path / "new", *QUIET)
    assert load_mlp(str(tmp_path / "new.mlp")).loss == load_mlp(str(path)).loss


# ---------------------------------------------------------------------------- tables


def test_tables_go_on_by_the_names_of_their_columns(old, tmp_path):
    path = old("--label-column", "kind", source=TABLE, end="csv")
    err = go_on(path, MORE, tmp_path / "new", "-lr", 0, end="csv")
    assert f"Continuing from {path}: kept 3 columns and 2 labels; added 1 label." in err
    model, new = load_mlp(str(path)), load_mlp(str(tmp_path / "new.mlp"))
    assert new.names == [b"a", b"b", b"c"]
    same_layers(model, new, [0, 1])
    np.testing.assert_array_equal(new.columns.mean, model.columns.mean)
    assert new.columns.table == model.columns.table
    text = tmp_path / "rows.csv"
    text.write_text(TABLE)
    found = [run("predict", one, text).text() for one in (path, tmp_path / "new.mlp")]
    assert len(found[0].split()) == len(found[1].split()) == 5


@pytest.mark.parametrize("has_header", [True, False])
def test_tables_go_on_with_weights_of_rows(old, tmp_path, has_header):
    """A row of weight 0 teaches nothing: as without it, but for the scale of the others."""
    head = "x,y,kind\n" * has_header
    label = ["--label-column", "kind" if has_header else "2"]
    path = old(*label, source=head + "1,5,a\n2,3,b\n3,1,a\n4,0,b\n", end="csv")
    rows = [("1,7,a", 2), ("5,0,b", 0), ("2,2,b", 2), ("9,9,a", 0)]
    more = "w,x,y,kind\n" * has_header + "".join(f"{w},{row}\n" for row, w in rows)
    given = ["-lr", 0.1, "--batch-size", 4, "--optimizer", "sgd", "-epoch", 1]
    column = ["--weight-column", "w" if has_header else "0"]
    label = label if has_header else []
    err = go_on(path, more, tmp_path / "new", *given, *column, *label, end="csv")
    assert f"weights: column {repr('w') if has_header else 0}" in err
    kept = head + "".join(f"{row}\n" for row, w in rows if w)
    go_on(path, kept, tmp_path / "kept", *given, end="csv")
    new, other, former = (
        load_mlp(str(one)) for one in (tmp_path / "new.mlp", tmp_path / "kept.mlp", path)
    )
    for name, tensor in new.tensors.items():
        np.testing.assert_allclose(tensor, other.tensors[name], rtol=1e-5, atol=1e-7)
        is_learned = not name.endswith(".shape")  # of leaky-relu, which tiny tables get
        assert np.array_equal(tensor, former.tensors[name]) != is_learned
    assert new.columns.table == former.columns.table


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("none", "has no column none"),
        ("x", "column x cannot be used twice, as feature and weight."),
        ("kind", "column kind cannot be used twice, as label and weight."),
    ],
)
def test_weights_that_are_no_column_of_their_own(old, tmp_path, column, said):
    path = old("--label-column", "kind", source=TABLE, end="csv")
    err = go_on(path, MORE, tmp_path / "new", "--weight-column", column, code=1, end="csv")
    assert said in err


def test_libsvm_has_no_column_of_weights(old, tmp_path):
    path = old(source=SVM, end="svm")
    for start in ([], ["-inputModel", path]):
        command = ["mlp-train", "-input", tmp_path / "old.svm", *start, "-output", tmp_path / "new"]
        result = run(*command, "--weight-column", "w")
        assert result.code == 1
        assert "is libsvm, which has no weights: write a table" in result.err


def test_a_table_without_one_of_the_columns(old, tmp_path):
    path = old("--label-column", "kind", source=TABLE, end="csv")
    err = go_on(path, "kind,y,x\na,1,2\n", tmp_path / "new", code=1, end="csv")
    assert "has no column" in err
    assert "colour" in err
    assert not (tmp_path / "new.mlp").exists()


def test_libsvm_goes_on(old, tmp_path):
    path = old(source=SVM, end="svm")
    err = go_on(path, "c 1:2 3:1\na 5:1\n", tmp_path / "new", end="svm")
    assert f"Continuing from {path}: kept 3 features and 2 labels; added 1 label." in err
    assert "Features above 3 are left out: the network has no inputs for them." in err
    new = load_mlp(str(tmp_path / "new.mlp"))
    assert new.names == [b"a", b"b", b"c"]


def test_tables_of_texts_go_on(old, tmp_path):
    more = 'text,kind\n"wheel wagon",car\n"sail engine",boat\n'
    columns = ["--text-column", "text", "--label-column", "kind"]
    err = go_on(old(), more, tmp_path / "new", *columns, end="csv")
    assert "; added 2 words and 1 label." in err


# ---------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-dim", 7], "-dim 7 is given, and {} has 6: leave -dim out to go on with it."),
        (["--hidden", "5,5"], "--hidden 5,5 is given, and {} has 5,4"),
        (["--activation", "tanh"], "--activation tanh is given, and {} has relu,relu"),
        (["--norm", "layer"], "--norm layer is given, and {} has none"),
        (["-wordNgrams", 3], "-wordNgrams 3 is given, and {} has 2"),
        (["-bucket", 9], "-bucket 9 is given, and {} has 300"),
        (["-label", "x"], "-label x is given, and {} has __label__"),
        (["-pretrainedVectors", "v.vec"], "-inputModel and -pretrainedVectors: give one of them."),
    ],
)
def test_options_that_contradict_the_model(old, tmp_path, options, said):
    path = old("-wordNgrams", 2, "-bucket", 300)
    err = go_on(path, NEW, tmp_path / "new", *options, code=1)
    assert said.format(path) in err
    assert err.count("\n") == 1


def test_options_like_those_of_the_model_are_fine(old, tmp_path):
    path = old("-wordNgrams", 2, "-bucket", 300)
    same = ["--hidden", "5, 4", "--activation", "ReLU", "-dim", 6, "-bucket", 300]
    go_on(path, NEW, tmp_path / "same", *same, "-wordNgrams", 2, *QUIET)
    go_on(path, NEW, tmp_path / "new", *QUIET)
    assert (tmp_path / "same.mlp").read_bytes() == (tmp_path / "new.mlp").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--label-column", "x"], "--label-column x is given, and {} has kind"),
        (["--drop", "y"], "--drop y is given, and {} has "),
        (["--no-standardize"], "{} has --scale standard, which stays: leave --no-standardize out."),
        (["--scale", "minmax"], "--scale minmax is given, and {} has standard: leave --scale out"),
    ],
)
def test_columns_that_contradict_the_model(old, tmp_path, options, said):
    path = old("--label-column", "kind", source=TABLE, end="csv")
    err = go_on(path, MORE, tmp_path / "new", *options, code=1, end="csv")
    assert said.format(path) in err
    go_on(path, MORE, tmp_path / "new", "--label-column", "kind", end="csv")


def test_another_kind_of_input(old, tmp_path):
    path = old()
    err = go_on(path, TABLE, tmp_path / "new", code=1, end="csv")
    assert f"{path} is for text, and {tmp_path / 'more.csv'} is a table. Give its" in err
    err = go_on(path, SVM, tmp_path / "new", code=1, end="svm")
    assert "is for text, and" in err
    path = old("--label-column", "kind", source=TABLE, end="csv")
    err = go_on(path, NEW, tmp_path / "new", code=1)
    assert f"{path} is for a table of numbers, and {tmp_path / 'more.txt'} is text." in err


def test_files_that_are_no_network(old, tmp_path):
    path, more = old(), tmp_path / "more.txt"
    more.write_bytes(NEW)
    run("supervised", "-input", more, "-output", tmp_path / "linear", "-dim", 4, *QUIET)
    run("supervised", "-input", TRAIN, "-output", tmp_path / "quantized", "-dim", 4, *QUIET)
    run("quantize", "-output", tmp_path / "quantized")
    run("skipgram", "-input", TRAIN, "-output", tmp_path / "words", "-dim", 4, "-epoch", 1, *QUIET)
    (tmp_path / "cut.mlp").write_bytes(path.read_bytes()[:-40])
    cases = {
        "linear.bin": "is a linear model: go on with it by supervised -inputModel ",
        "quantized.ftz": "is quantized, so its rows are only known roughly: go on with the .bin",
        "words.bin": "has word vectors, and is not a classifier to go on with: start from them",
        "cut.mlp": "is damaged",
        "missing.mlp": "cannot be opened for loading!",
        "more.txt": "is not an mlp-train model.",
    }
    for name, said in cases.items():
        err = go_on(tmp_path / name, more, tmp_path / "new", code=1)
        assert said in err
        assert err.count("\n") == 1


def test_the_recorded_configuration_makes_the_same_file(old, tmp_path):
    path = old()
    go_on(path, NEW, tmp_path / "new", *QUIET)
    config = tmp_path / "args.toml"
    config.write_text(run("dump", tmp_path / "new.mlp", "args").out.decode())
    assert shlex.quote(str(path)).strip("'") in config.read_text()
    result = run("mlp-train", "--config", config, "-output", tmp_path / "again", *QUIET)
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "again.mlp").read_bytes() == (tmp_path / "new.mlp").read_bytes()


# ------------------------------------------------------------------- weights of lines

WEIGHTED = (
    b"__label__car the quick fox __weight__2\n__label__boat blue whale here __weight__1\n"
    b"__label__car the fox\n__label__boat whale __weight__2\n"
)
CELLS = "text,label\nfox and hound __weight__3,a\nblue whale here,b\nthe fox,a\n"
COLUMNS = ["--text-column", "text", "--label-column", "label"]


def test_the_prefix_of_weights_is_that_of_the_model_for_lines(old, tmp_path):
    model = old("--weight-prefix", "__weight__", source=WEIGHTED)
    err = go_on(model, WEIGHTED, tmp_path / "new")
    assert f"--weight-prefix __weight__ is used, as for {model}." in err
    assert "Weights of lines 0.667 to 1.33, on average 1." in err
    assert b"__weight__2" not in run("dump", tmp_path / "new.mlp", "dict").out
    err = go_on(model, WEIGHTED, tmp_path / "new", "--weight-prefix", "w:")
    assert "__weight__ is used" not in err
    assert b"__weight__2" in run("dump", tmp_path / "new.mlp", "dict").out
    assert go_on(model, WEIGHTED, tmp_path / "new", *QUIET) == ""


def test_the_prefix_of_weights_is_not_for_tables(old, tmp_path):
    model = old("--weight-prefix", "__weight__", source=WEIGHTED)
    (tmp_path / "t.csv").write_text(CELLS)
    err = go_on(model, tmp_path / "t.csv", tmp_path / "new", *COLUMNS)
    assert f"--weight-prefix __weight__ of {model} is not used: the rows of a table" in err
    assert "Weights of lines" not in err
    assert "no line has a weight" not in err
    assert b"__weight__3" in run("dump", tmp_path / "new.mlp", "dict").out


# ----------------------------------------------------------------------- what is said


def test_another_loss_is_said(old, tmp_path):
    path = old(source=NEW)
    assert "The loss was" not in go_on(path, NEW, tmp_path / "new")
    err = go_on(path, NEW, tmp_path / "new", "-loss", "ova")
    assert "The loss was softmax and is ova; the output units are kept." in err.splitlines()
    err = go_on(path, b"__label__car __label__boat wheel\n", tmp_path / "new")
    assert f"Lines have several labels, and {path} has softmax" in err


def test_a_table_of_texts_names_the_recorded_columns(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("the text,topic\nred apple,a\nblue whale,b\n" * 4)
    columns = ["--text-column", "the text", "--label-column", "topic"]
    small = ["-input", table, "-output", tmp_path / "m", "-dim", 4, *QUIET]
    assert run("mlp-train", *small, *columns).code == 0
    err = go_on(tmp_path / "m.mlp", table, tmp_path / "n", code=1)
    assert f"{table} is a table. Give its columns, as" in err
    assert err.endswith(f"had them: {shlex.join(columns)}.\n")
    go_on(tmp_path / "m.mlp", table, tmp_path / "n", *columns)


def test_nothing_is_proposed_that_is_refused(old, tmp_path):
    """Layers and n-grams are those of the model."""
    layers = ["--activation", "sigmoid", "--hidden", "8,8,8,8"]
    deep = old(*layers, "-lr", 1e-7, source=TRAIN.read_bytes())
    err = go_on(deep, TRAIN, tmp_path / "new", "-lr", 1e-7, "-epoch", 3, "--optimizer", "sgd")
    assert "try a larger -lr" in err, err
    err += go_on(deep, TRAIN, tmp_path / "new", "-lr", 50, "-epoch", 3)
    assert "The learning rate is too high" in err
    options = ["--valid", VALID, "-epoch", 40, "-lr", 0.02]
    err += go_on(old(source=TRAIN.read_bytes()), TRAIN, tmp_path / "new", *options)
    assert "Over-fitting since" in err
    for refused in ("--norm", "--activation", "--hidden", "--init"):
        assert refused not in err
