"""mlp-train on odd options, configurations and tables: a result or one sentence, no warning."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.mlp.options import MlpOptions
from fastcli.options import rows
from tests.command import run

NUMBERS = [
    *("0", "1", "-1", "2", "0.5", "1e-300", "1e-45", "0.999999999999", "1e30", "1e31", "1e38"),
    *("3.5e38", "-1e38", "1e300", "1e400", "-1e400", "nan", "inf", "-inf", "2147483648", "1_0"),
    *("99999999999999999999", "-99999999999999999999", "0x10", "٣", "", "x", "1e1000000"),
]
WORDS = {
    "--activation": [
        *("maxout:1e300", "maxout:1e15", "maxout:3", "leaky-relu:1e300", "leaky-relu:1e29"),
        *("maxout:1", "apl:4", "apl:1e3", "apl:0", "apl:nan", "softmax", "softmax:1", "arsinh"),
        *("rrelu:-1e29:1e29", "isru:1e29", "elu:1e29", "soft-exponential:1e20", ":::", "relu:1"),
        *("srelu:1e29:-1e29:1e29:-1e29", "prelu:-1e29", "selu,tanh", "relu" * 99, "\0"),
    ],
    "--hidden": ["none", "0", "4,4", "1000001", "1" * 5000, ",", "-1", "2.5", ",".join("1" * 1001)],
    "--dropout": ["0.999999999", "1", "-1", "nan", "0.5,0.5", "1e-320", "x" * 999],
    "--delimiter": ["", ",", "ab", '"', "\\t", "tab", "é", "\r"],
    "--label-column": ["0", "99999999999999999999", "-99999999999999999999", "k", "٣", ""],
    "--optimizer": ["sgd", "nesterov", "adagrad", "rmsprop", "adadelta", "adamax", "nadam"],
    "--schedule": ["linear", "step", "cosine"],
    "--norm": ["batch", "layer"],
    "--init": [
        *("normal", "orthogonal", "zero", "uniform:1,2", "uniform:2,1", "uniform:-1e39,1", ",,"),
        *("truncated-normal", "he,auto", "he,he,he", "uniform", "uniform:x:1", "uniform:1:2:3"),
    ],
    "--format": ["csv", "text", "libsvm"],
}
LEFT_OUT = {"-input", "-output", "--config", "--valid", "--log", "--plot", "-pretrainedVectors"}
LEFT_OUT |= {"-epoch", "-seed", "-thread", "-verbose"}
CHOICES = {
    row.shown: WORDS.get(row.shown, ["x", "", "\0"]) if row.type is str else NUMBERS
    for row in rows(MlpOptions)
    if row.shown not in LEFT_OUT and not row.is_flag
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the folder of a text and a table."""
    folder = tmp_path_factory.mktemp("odd")
    text = [f"__label__{'abc'[i % 3]} w{i % 7} w{i % 5} w{i * i % 11}" for i in range(30)]
    (folder / "t.txt").write_text("\n".join(text) + "\n")
    table = [f"{i},{i * i % 7},{'ab'[i % 2]}" for i in range(30)]
    (folder / "t.csv").write_text("x,y,k\n" + "\n".join(table) + "\n")
    return folder


def one_sentence_or_done(result, model):
    """Check that a command is done, or ends in one sentence and leaves no model."""
    assert "Warning" not in result.err
    assert len(result.err) < 1500
    if result.code == 0:
        assert model.exists()
    else:
        assert result.code == 1
        assert result.err.count("\n") == 1 or "Try 'fastcli mlp-train --help'" in result.err
        assert not model.exists() or "was saved" in result.err


@settings(max_examples=60)
@given(
    name=st.sampled_from(["t.txt", "t.csv"]),
    chosen=st.lists(st.sampled_from(sorted(CHOICES)), min_size=1, max_size=3, unique=True),
    data=st.data(),
)
def test_any_values_of_options(name, chosen, data, files):
    options = {"--hidden": "4", "-dim": "4", "-epoch": "2"}
    options |= {option: data.draw(st.sampled_from(CHOICES[option]), option) for option in chosen}
    argv = [word for pair in options.items() for word in pair]
    model = files / "m.mlp"
    model.unlink(missing_ok=True)
    common = ("-input", files / name, "-output", files / "m", "-thread", 1, "-verbose", 0)
    one_sentence_or_done(run("mlp-train", *common, *argv), model)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--activation", "maxout:1e300"), "Activation maxout:1e300: 1e300 is above 1e+30."),
        (("--activation", "maxout:1e15"), "maxout needs a whole number of pieces, 1 to 1000."),
        (("--bias", "1e38"), "--bias must be between -1e+30 and 1e+30, not 1e+38."),
        (("--bias", "-1e38"), "--bias must be between -1e+30 and 1e+30, not -1e+38."),
        (("-lr", "3.5e38"), "-lr must be at most 1e+30, not 3.5e+38."),
        (("--hidden", "1000000,1000000"), "Training needs "),
    ],
)
def test_numbers_that_float32_has_no_room_for(options, sentence, files):
    common = ("-input", files / "t.csv", "-output", files / "none", "-verbose", 0)
    result = run("mlp-train", *common, *options)
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert sentence in result.err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (r'log = "a\u0000b"', r"log = 'a\x00b' has a NUL character in it."),
        (r'input = ["a\u0000b"]', "has a NUL character in it."),
        ("hidden = {a = 1}", "hidden = {'a': 1} should be str."),
        ("hidden = [[4], 4]", "hidden = [[4], 4] should be str."),
        ("hidden = [4, {a = 1}]", "should be str."),
        ("hidden = [true]", "hidden = [True] should be str."),
        ("hidden = 1979-05-27", "should be str."),
        ("hidden = [4, 1979-05-27]", "should be str."),
        ("log = [1, 2]", "log = [1, 2] should be str."),
        ("hidden = 0x" + "f" * 9999, "hidden = (a huge value) should be str."),
        ("epoch = 0x" + "f" * 9999, "epoch = (a huge value) should be int."),
        ("epoch = 99999999999999999999", "epoch = 99999999999999999999 should be int."),
        ("lr = -0x" + "f" * 9999, "is not valid TOML"),
        ("lr = 0x" + "f" * 9999, "-lr must be a finite number, not inf."),
        ("lr = " + "9" * 5000, "is not valid TOML"),
        ("lr = nan", "-lr must be a finite number, not nan."),
        ("[hidden]\na = 1", "hidden = {'a': 1} should be str."),
        ("[[input]]\na = 1", "should be tuple."),
        ("hidden = " + "[" * 5000 + "]" * 5000, "is not valid TOML: nested too deeply."),
        ("hidden = '" + "7" * 9999 + "'", "--hidden must be widths such as 128,64 (or none), not"),
        ("activation = 'relu" + ",relu" * 9999 + "'", "--activation has 10000 values"),
        ("optimizer = '" + "x" * 9999 + "'", "Unknown optimizer: xxx"),
        ("'a\x7f' = 1", "is not valid TOML"),
        ("x" * 2_000_000, "is too long for a configuration."),
        ("a\xff".encode("latin-1"), "is not valid UTF-8 at byte 1"),
    ],
)
def test_odd_values_in_a_configuration(text, sentence, files, tmp_path):
    config = tmp_path / "c.toml"
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    given = ("-input", files / "t.csv") if "input" not in str(text)[:20] else ()
    result = run("mlp-train", *given, "-output", tmp_path / "m", "--config", config)
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert sentence in result.err
    assert len(result.err) < 800
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("1 99999999999999999999:1", "the index 99999999999999999999 is too large"),
        ("1 2147483648:1", "the index 2147483648 is too large; the largest is 2147483647."),
        ("1 " + "9" * 5000 + ":1", "is not index:value"),
        ("1 1:1e400", "a number is not finite"),
    ],
)
def test_odd_indices_of_libsvm(line, sentence, tmp_path):
    data = tmp_path / "x.svm"
    data.write_text(f"1 1:2 2:3\n2 1:1 2:4\n{line}\n")
    result = run("mlp-train", "-input", data, "-output", tmp_path / "m", "-verbose", 0)
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert sentence in result.err
    assert len(result.err) < 300


def test_features_that_memory_has_no_room_for(tmp_path):
    data = tmp_path / "x.svm"
    data.write_text("1 1:2\n2 2147483647:1\n" * 1000)
    result = run("mlp-train", "-input", data, "-output", tmp_path / "m", "-verbose", 0)
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    said = "2,000 lines of 2,147,483,647 features would take 34."
    assert said in result.err


CELLS = [
    *(b"1", b"-3", b"1e400", b"1e308", b"1e299", b"nan", b"", b" ", b"\0", b"1\0", b'"', b'""'),
    *(b'"a', b'a"b', b'"1"', b"\xff\xfe", b"\xef\xbb\xbf1", b"\xd9\xa3", b"9" * 400, b"9" * 5000),
    *(b"a" * 140_000, b"\r", b"\x85", b"\xe2\x80\xa8", b"1:2", b"-1:2", b"#", b"yes", b"\x1c"),
]
HOW = [[], ["--format", "csv"], ["--format", "libsvm"], ["--label-column", "0"]]
HOW += [["--delimiter", ";"], ["--no-standardize"], ["--label-column", "k"], ["--delimiter", "1"]]


@settings(max_examples=60)
@given(
    cells=st.lists(st.sampled_from(CELLS), min_size=1, max_size=3),
    how=st.sampled_from(HOW),
    ends=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    data=st.data(),
)
def test_any_cells_of_a_table(cells, how, ends, data, files):
    rows = [[b"%d" % i, b"%d" % (i % 3), b"yn"[i % 2 : i % 2 + 1]] for i in range(8)]
    for cell in cells:
        at = data.draw(st.integers(0, 7))
        rows[at][data.draw(st.integers(0, 2))] = cell
    table, model = files / "odd.csv", files / "odd.mlp"
    table.write_bytes(ends.join(b",".join(row) for row in rows) + ends)
    model.unlink(missing_ok=True)
    common = ("-input", table, "-output", files / "odd", "-thread", 1, "-epoch", 1, "--hidden", 3)
    result = run("mlp-train", *common, "-verbose", 0, *how)
    assert "Warning" not in result.err
    assert all(len(line) < 500 for line in result.err.splitlines())
    assert (result.code == 0) == model.exists()
    if model.exists():
        for command in ("predict", "test"):
            result = run(command, model, table)
            assert result.code in (0, 1)
            assert "Warning" not in result.err


def test_more_buckets_than_rows_can_be_numbered(files):
    common = ("-input", files / "t.txt", "-output", files / "none", "-verbose", 0)
    result = run("mlp-train", *common, "-wordNgrams", 2, "-bucket", 2**31 - 10)
    assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
    assert "-bucket 2147483638 and 9 words make more than 2147483647 rows" in result.err
