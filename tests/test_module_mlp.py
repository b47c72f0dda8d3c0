"""``train_mlp`` makes the files that ``mlp-train`` makes, and learns rows as it does tables."""

import json
import struct
import warnings

import numpy as np
import pytest

import fastcli
from tests.command import SAMPLES, run

SMALL = {"hidden": 8, "epoch": 3, "thread": 1}
SMALL_WORDS = ["--hidden", 8, "-epoch", 3, "-thread", 1, "-verbose", 0]


@pytest.fixture
def train():
    """Return ``train_mlp`` without its sentences."""

    def quiet(*args, **options):
        return fastcli.train_mlp(*args, **{**SMALL, "verbose": 0, **options})

    return quiet


def table(x, y, names=()):
    """Return rows as CSV, numbers with all their digits."""
    lines = [",".join(names)] * bool(names)
    for row, t in zip(x, y, strict=True):
        lines.append(",".join(map(repr, [*row, *np.atleast_1d(t).tolist()])))
    return "\n".join(lines).replace("'", "") + "\n"


@pytest.fixture(scope="module")
def numbers():
    """Return rows, their labels and a target for each."""
    x = np.random.default_rng(1).normal(size=(90, 3))
    labels = ["high" if t > 0 else "low" for t in x.sum(axis=1)]
    return x, labels, x @ [1.0, -2.0, 0.5] + 3


@pytest.fixture(scope="module")
def files(tmp_path_factory, numbers):
    """Return a folder with tables of numbers, of texts, and of regression."""
    folder = tmp_path_factory.mktemp("tables")
    x, labels, t = numbers
    (folder / "labels.csv").write_text(table(x.tolist(), labels))
    (folder / "numbers.csv").write_text(table(x.tolist(), t, ["a", "b", "c", "t"]))
    return folder


CASES = [  # input, names of Python, words of the command
    ("topics", {"dim": 8, "wordNgrams": 1}, ["-dim", 8, "-wordNgrams", 1]),
    (
        "topics",
        {"dim": 8, "valid": SAMPLES / "topics.valid.txt", "patience": 1, "eval_every": "9steps"},
        [
            "-dim",
            8,
            "--valid",
            SAMPLES / "topics.valid.txt",
            *["--patience", "1", "--eval-every", "9steps"],
        ],
    ),
    ("topics", {"dim": 8, "valid_share": 0.2}, ["-dim", 8, "--valid-share", 0.2]),
    ("labels", {"hidden": [8, 4], "dropout": 0.1}, ["--hidden", "8,4", "--dropout", 0.1]),
    ("labels", {"folds": 3, "standardize": False}, ["--folds", 3, "--no-standardize"]),
    (
        "numbers",
        {"task": "regression", "label_column": "t", "no_standardize": True, "loss": "huber"},
        ["--task", "regression", "--label-column", "t", "--no-standardize", "-loss", "huber"],
    ),
    (
        "reviews",
        {"text_column": "review", "label_column": "verdict", "none": "other", "dim": 8},
        ["--text-column", "review", "--label-column", "verdict", "--none", "other", "-dim", 8],
    ),
    (
        "digits",
        {"image": "8x8", "augment": "shift:1", "label_column": "digit"},
        ["--image", "8x8", "--augment", "shift:1", "--label-column", "digit"],
    ),
]
INPUTS = {"topics": "topics.train.txt", "reviews": "reviews.csv", "digits": "digits.train.csv"}


@pytest.mark.parametrize(("name", "options", "words"), CASES)
def test_the_file_is_that_of_the_command(name, options, words, files, tmp_path, train):
    path = SAMPLES / INPUTS[name] if name in INPUTS else files / f"{name}.csv"
    run("mlp-train", "-input", path, "-output", tmp_path / "ref", *SMALL_WORDS, *words).text()
    model = train(path, output=tmp_path / "comp", **options)
    ref = (tmp_path / "ref.mlp").read_bytes()
    assert (tmp_path / "comp.mlp").read_bytes() == ref
    assert model.path == str(tmp_path / "comp.mlp")
    model = train(path, **options)  # in memory
    assert model.path == ""
    model.save_model(tmp_path / "saved.mlp")
    assert (tmp_path / "saved.mlp").read_bytes() == ref


def test_training_goes_on_as_by_the_command(files, numbers, tmp_path, train):
    former = tmp_path / "former.mlp"
    train(files / "labels.csv", output=tmp_path / "former")
    words = ["-input", files / "labels.csv", "-output", tmp_path / "ref", "-inputModel", former]
    run("mlp-train", *words, "-epoch", 2, "-thread", 1, "-verbose", 0).text()
    more = {"input_model": former, "hidden": None, "epoch": 2}
    train(files / "labels.csv", output=tmp_path / "comp", **more)
    assert (tmp_path / "comp.mlp").read_bytes() == (tmp_path / "ref.mlp").read_bytes()
    x, labels, _ = numbers
    assert_same(train(x, labels, **more), fastcli.load_model(tmp_path / "ref.mlp"), tmp_path)


def header_of(path):
    """Return the JSON object of a model without the names of what it was trained on."""
    data = path.read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    found = json.loads(json.loads(data[8 : 8 + n])["__metadata__"]["fastcli"])
    for name in ("input", "valid", "label_column"):
        del found["args"][name]
    return found, data[8 + n :]


def assert_same(comp, ref, folder):
    """Check that models have the same bytes but for the names of files."""
    for name, model in (("comp", comp), ("ref", ref)):
        model.save_model(folder / f"{name}.mlp")
    (header, tensors), (of_ref, ref_tensors) = map(
        header_of, (folder / "comp.mlp", folder / "ref.mlp")
    )
    assert header == of_ref
    assert tensors == ref_tensors


def test_rows_are_learned_as_the_same_table_in_a_file(files, numbers, tmp_path, train):
    x, labels, t = numbers
    assert_same(train(x, labels), train(files / "labels.csv"), tmp_path)
    assert_same(train(x.tolist(), np.array(labels)), train(files / "labels.csv"), tmp_path)
    shares = {"valid_share": 0.2, "patience": 2}
    assert_same(train(x, labels, **shares), train(files / "labels.csv", **shares), tmp_path)
    (tmp_path / "plain.csv").write_text(table(x.tolist(), t))
    ref = train(tmp_path / "plain.csv", task="regression")
    assert_same(train(x, t), ref, tmp_path)
    ref = train(tmp_path / "plain.csv", task="regression", folds=2)
    assert_same(train(x, t[:, None], folds=2), ref, tmp_path)
    pair = train(x[:60], t[:60], valid=(x[60:], t[60:]))
    (tmp_path / "train.csv").write_text(table(x[:60].tolist(), t[:60]))
    (tmp_path / "valid.csv").write_text(table(x[60:].tolist(), t[60:]))
    of_files = train(tmp_path / "train.csv", task="regression", valid=tmp_path / "valid.csv")
    assert_same(pair, of_files, tmp_path)


def test_labels_are_text_numbers_or_lists(numbers, train):
    x, labels, _ = numbers
    ints = np.array([int(one == "high") for one in labels])
    assert train(x, ints).labels == ["0", "1"]
    assert train(x, ints.tolist()).labels == ["0", "1"]
    assert train(x, ints.astype(float), task="classification").labels == ["0", "1"]
    both = train(x, [[one, "all"] for one in labels])
    assert both.labels == ["all", "high", "low"]
    assert {*both.predict(x[0], k=-1)[0]} == {"all", "high", "low"}
    sets = [{one, "all"} if one == "low" else (one,) for one in labels]
    assert train(x, sets).labels == both.labels
    assert train(x, np.array(labels, "S")).labels == ["high", "low"]


def test_columns_may_be_left_out_and_other_kinds_of_numbers_given(numbers, train):
    x, labels, _ = numbers
    model = train(x, labels, drop=[0])
    assert model.columns == ["1", "2"]
    assert model.predict(x[:9])[0] == model.predict(x[:9, 1:])[0]
    ref = train(x.astype(np.float16).astype(float), labels)
    comp = train(np.asfortranarray(x.astype(np.float16)), labels)
    assert comp.predict(x[:9])[1] == ref.predict(x[:9])[1]
    flags = train(x > 0, labels)
    assert flags.predict(x[:9] > 0)[0] == train((x > 0) * 1, labels).predict((x[:9] > 0) * 1)[0]


class Frame:
    """A table as other packages have it: names of columns, and an array."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self._values = list(columns.values())

    def to_numpy(self):
        return np.array(list(zip(*self._values, strict=True)), object)


def test_a_table_with_names_is_learned_and_predicted_by_them(numbers, tmp_path, train):
    x, labels, _ = numbers
    a, b = x[:, 0].tolist(), ["up" if one > 0 else "down" for one in x[:, 1].tolist()]
    frame = Frame(a=a, b=b, verdict=labels)
    rows = zip(a, b, labels, strict=True)
    text = "a,b,verdict\n" + "".join(f"{p!r},{q},{r}\n" for p, q, r in rows)
    (tmp_path / "named.csv").write_text(text)
    model = train(frame, "verdict")
    assert model.columns == ["a", "b"]
    assert_same(model, train(tmp_path / "named.csv"), tmp_path)
    turned = Frame(verdict=labels, b=b, a=a)
    assert model.predict(turned)[0] == model.predict(list(zip(a, b, strict=True)))[0]
    with pytest.raises(fastcli.ArgumentError, match="lack columns of the model: b"):
        model.predict(Frame(a=a))


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"hiden": 3}, TypeError, r"unexpected keyword argument 'hiden' \(did you mean hidden\?\)"),
        ({"batch_size": 4, "batchSize": 3}, TypeError, "multiple values for argument 'batch_size'"),
        ({"lr": "fast"}, ValueError, "lr = 'fast' should be float"),
        ({"batch_size": 0.5}, ValueError, "should be int"),
        ({"trace": 1}, ValueError, "use mlp-train"),
        ({"folds": 1}, ValueError, "folds must be 2 or more"),
        ({"save_every": 3}, ValueError, "give an output"),
        ({"weight_column": "w"}, ValueError, "for tables in files"),
        ({"valid": 3}, ValueError, "valid is the path of a file"),
    ],
)
def test_options_that_cannot_be(change, kind, said, numbers, train):
    x, labels, _ = numbers
    with pytest.raises(kind, match=said):
        train(x, labels, **change)


def test_rows_that_cannot_be(numbers, train):
    x, labels, t = numbers
    nan, inf = x.copy(), x.copy()
    nan[4, 1], inf[2, 0] = np.nan, np.inf
    for given, said in (
        ((nan, labels), "row 5, column 2: the number is missing, or NaN"),
        ((inf, labels), "row 3, column 1: the number is infinite"),
        ((x, np.where(t > 3, t, np.nan)), "y, row .*: the target is missing, or NaN"),
        ((x, labels[:-1]), "y has 89 rows, and x has 90"),
        ((x,), "no column names: give y"),
        ((x[:, 0], labels), "not of the shape 90"),
        ((x, [0.0, 1.0] * 45), "task='classification', or task='regression'"),
        ((np.zeros((0, 2)), []), "none of the rows"),
        ((x[:, :0], labels), "no column is left to learn from"),
        ((x, np.eye(2, dtype=int)[(t > 3) * 1]), "zeros and ones .* do not say which labels"),
        ((x, np.eye(2)[(t > 3) * 1]), "task='classification', or task='regression'"),
        (("no.csv",), "no.csv cannot be opened for training"),
    ):
        with pytest.raises(fastcli.FastcliError, match=said):
            train(*given)
    for given, said in (
        ((x, iter(labels)), "y is a list or an array"),
        ((x + 1j, labels), "real numbers"),
        (({"a": 1}, labels), "Rows are lists or an array"),
    ):
        with pytest.raises(TypeError, match=said):
            train(*given)
    ragged = [[1.0], [1.0, 2.0]] * 45
    with pytest.raises(fastcli.DataError, match="something else than numbers"):
        train(x, ragged, task="regression")


def test_what_is_decided_is_said_at_the_line_of_the_caller(numbers):
    x, _, t = numbers
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fastcli.train_mlp(x, t, epoch=1, hidden=2, delimiter=";")
    said = [str(one.message) for one in caught]
    assert {one.filename for one in caught} == {__file__}
    assert "y has floats, which are learned as numbers (task='regression')." in said
    assert "delimiter: no effect on rows that are given." in said
    assert any(one.startswith("Defaults for 90 rows and 3 columns") for one in said)


def test_a_callback_hears_of_the_progress_and_ends_the_training(numbers, train):
    x, labels, _ = numbers
    heard = []
    options = {"epoch": 6, "batch_size": 30, "valid_share": 0.2}
    whole = train(x, labels, callback=heard.append, **options)
    measured = [one.evaluation for one in heard if one.evaluation is not None]
    assert [one.epoch for one in measured] == [1, 2, 3, 4, 5, 6]
    losses = [one.valid_loss for one in measured]
    assert ([one.valid_loss for one in whole.history], whole.interrupted) == (losses, 0)
    assert [one.progress for one in heard] == sorted(one.progress for one in heard)

    def enough(now):
        return fastcli.STOP if now.evaluation is not None and now.epoch == 2 else None

    ended = train(x, labels, callback=enough, **options)
    assert [one.valid_loss for one in ended.history] == losses[:2]
    assert ended.interrupted > 0
    assert ended.predict(x[0])[0]
    heard.clear()
    train(x, labels, callback=heard.append, folds=2)
    assert [one.fold.fold for one in heard if one.fold is not None] == [1, 2]

    def fails(now):
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        train(x, labels, callback=fails)


class NAType:
    """A missing value as that of pandas: neither true nor false."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __ne__(self, other):
        return self

    __eq__ = __hash__ = None


def test_missing_values_of_pandas_are_missing(numbers, train):
    x, labels, _ = numbers
    words = ["up" if one > 0 else "down" for one in x[:, 1].tolist()]
    for gap in (None, float("nan"), NAType()):
        model = train(Frame(a=x[:, 0].tolist(), b=[gap, *words[1:]], verdict=labels), "verdict")
        assert model.columns == ["a", "b"]
        answers = [model.predict([[x[0, 0], one]])[1][0].tolist() for one in (gap, "")]
        assert answers[0] == answers[1]
    with pytest.raises(fastcli.DataError, match="is missing"):
        train(Frame(a=[NAType(), *x[1:, 0].tolist()], verdict=labels), "verdict")


def test_a_name_that_two_columns_have_is_refused(numbers, train):
    x, labels, _ = numbers

    class Twice(Frame):
        def __init__(self, names, **columns):
            super().__init__(**columns)
            self.columns = names

    frame = Twice(["a", "a"], a=x[:, 0].tolist(), b=x[:, 1].tolist())
    with pytest.raises(fastcli.ArgumentError, match="Two columns of the rows are named a"):
        train(frame, labels)
    model = train(Frame(a=x[:, 0].tolist(), b=x[:, 1].tolist()), labels)
    with pytest.raises(fastcli.ArgumentError, match="Two columns"):
        model.predict(frame)
    with pytest.raises(fastcli.DataError, match="infinite or too large"):
        model.predict([[10**400, 1]])
