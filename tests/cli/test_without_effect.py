"""Options that change nothing in a run are named, once, in a line on stderr."""

import pytest

from tests.cli.conftest import TINY
from tests.command import run

LINEAR = ["-dim", 4, "-epoch", 1, "-thread", 1, "-verbose", 1]
MLP = ["--optimizer", "adam", "--hidden", 3, "-epoch", 1, "-thread", 1, "-verbose", 1]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the folder of a text, a table, and a model with n-grams."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "t.txt").write_bytes(TINY * 3)
    (folder / "t.csv").write_text(
        "x,y,k\n" + "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" * 2 for i in range(9))
    )
    options = ["-wordNgrams", 2, "-bucket", 300, "-dim", 4, "-verbose", 0]
    assert (
        run("supervised", "-input", folder / "t.txt", "-output", folder / "m", *options).code == 0
    )
    return folder


def said(result):
    """Return the lines that name options without effect, after checking that the run is done."""
    assert result.code == 0, result.err
    return [line for line in result.err.splitlines() if ": no effect " in line]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], ""),
        (["-qnorm"], "-qnorm: no effect in supervised, only in quantize."),
        (
            ["--cutoff", 5, "-retrain", "--qout"],
            "-cutoff, -retrain, -qout: no effect in supervised, only in quantize.",
        ),
        (
            ["-dsub", 2],
            "-dsub: no effect in supervised, only in quantize and with -autotune-modelsize.",
        ),
        (["-minn", 2], "-minn: no effect while -maxn is 0."),
        (["-minn", 2, "-maxn", 3, "-bucket", 50], ""),
        (
            ["-bucket", 50],
            "-bucket: no effect without n-grams (-wordNgrams 2 or more, or -maxn).",
        ),
        (["-wordNgrams", 2, "-bucket", 50], ""),
        (["-neg", 5], "-neg: no effect with -loss softmax, only with ns."),
        (["-neg", 3, "-loss", "ns"], ""),
        (["-ws", 3, "-t", 0.1], "-t, -ws: no effect in supervised, only in skipgram and cbow."),
        (
            ["--vectors-words", "corpus"],
            "--vectors-words: no effect without -pretrainedVectors.",
        ),
        (
            ["-autotuneMetric", "f1", "-autotune-resume"],
            "-autotune-metric, --autotune-resume: no effect without -autotune-validation.",
        ),
        (
            ["-qnorm", "-minn", 1],
            "-minn: no effect while -maxn is 0; -qnorm: no effect in supervised, only in quantize.",
        ),
    ],
)
def test_supervised(options, sentence, files, tmp_path):
    common = ("-input", files / "t.txt", "-output", tmp_path / "m", *LINEAR)
    assert said(run("supervised", *common, *options)) == [sentence] * bool(sentence)


def test_word_vectors(files, tmp_path):
    options = ["-wordNgrams", 2, "-bucket", 50, "-minCount", 1, "-autotune-metric", "f1", *LINEAR]
    for command in ("skipgram", "cbow"):
        result = run(command, "-input", files / "t.txt", "-output", tmp_path / "w", *options)
        sentence = f"-wordNgrams, -autotune-metric: no effect in {command}, only in supervised."
        assert said(result) == [sentence]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-wordNgrams", 2, "-bucket", 50], ""),  # the file has the rows of the buckets
        (["-bucket", 50], "-bucket: no effect while -maxn is 0."),
        (["-minn", 2], "-minn: no effect while -maxn is 0."),
    ],
)
def test_word_vectors_without_ngrams(options, sentence, files, tmp_path):
    common = ("-input", files / "t.txt", "-output", tmp_path / "w", "-minCount", 1, *LINEAR)
    result = run("skipgram", *common, "-maxn", 0, *options)
    assert said(result) == [sentence] * bool(sentence)


def test_nothing_else_changes(files, tmp_path):
    common = ("-input", files / "t.txt", *LINEAR)
    plain = run("supervised", *common, "-output", tmp_path / "a")
    more = run("supervised", *common, "-output", tmp_path / "b", "-qnorm", "-dsub", 3)
    assert plain.out == more.out == b""
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


def test_quiet_commands_do_not_name_them(files, tmp_path):
    common = ("-input", files / "t.txt", "-output", tmp_path / "m", *LINEAR, "-qnorm")
    assert run("supervised", *common, "-verbose", 0).err == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-qnorm"], ""),
        (["-dim", 9, "-loss", "hs"], "-dim, -loss: no effect in quantize."),
        (
            ["-lr", 0.1, "-epoch", 2, "--no-shuffle", "-seed", 3],
            "-lr, -epoch, -seed, --no-shuffle: no effect without -retrain.",
        ),
        (["-autotune-duration", 5], "-autotune-duration: no effect in quantize."),
    ],
)
def test_quantize(options, sentence, files):
    result = run("quantize", "-output", files / "m", "-verbose", 1, "-dsub", 2, *options)
    assert said(result) == [sentence] * bool(sentence)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("t.txt", [], ""),
        (
            "t.txt",
            ["--momentum", 0.0],
            "--momentum: no effect with --optimizer adam, only with sgd, momentum, nesterov and "
            "rmsprop.",
        ),
        (
            "t.txt",
            ["-minn", 2, "-stepSize", 2],
            "-minn: no effect while -maxn is 0; --step-size: no effect with --schedule constant, "
            "only with step.",
        ),
        (
            "t.txt",
            ["--delimiter", ",", "--no-standardize"],
            "--delimiter: no effect without a table (CSV, TSV, JSON, Parquet); --no-standardize: "
            "no effect on text, only on numbers.",
        ),
        (
            "t.csv",
            ["-wordNgrams", 2, "--word-dropout", 0.1],
            "-wordNgrams, --word-dropout: no effect on numbers, only on text.",
        ),
        ("t.csv", ["--delimiter", ",", "--no-standardize"], ""),
        (
            "t.csv",
            ["--monitor", "loss"],
            "--monitor: no effect without --valid, --valid-share or --folds.",
        ),
        (
            "t.csv",
            ["--noise-shape", "row", "--dropout", 0],
            "--noise-shape: no effect without --dropout or --input-dropout.",
        ),
        ("t.csv", ["--noise-shape", "row"], ""),  # of a rule
        ("t.csv", ["--noise-shape", "row", "--dropout", 0.1], ""),
        (
            "t.csv",
            ["-hidden", "none", "--activation", "tanh", "--norm", "batch", "--dropout", 0.5],
            "--activation, --norm, --dropout: no effect without hidden layers (--hidden none).",
        ),
        ("t.csv", ["--init-std", 0.1, "-init", "normal"], ""),
        (
            "t.csv",
            [
                *("--task", "regression", "--label-column", "x"),
                *("--labels-as", "text", "--label-separator", ","),
            ],
            "--label-separator, --labels-as: no effect with --task regression, only for labels.",
        ),
        (
            "t.csv",
            [
                *("-loss", "huber", "--text-column", "k", "--label-column", "x"),
                *("--labels-as", "text", "--label-separator", ",", "--none", "1"),
            ],
            "--labels-as, --none: no effect with --task regression, only for labels.",
        ),
    ],
)
def test_perceptrons(name, options, sentence, files, tmp_path):
    common = ("-input", files / name, "-output", tmp_path / "m", *MLP)
    assert said(run("mlp-train", *common, *options)) == [sentence] * bool(sentence)


def test_a_configuration_counts_as_given(files, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('gamma = 0.5\nhidden = "3"\nepoch = 1\n')
    argv = ("-input", files / "t.csv", "-output", tmp_path / "m", "--config", config)
    assert said(run("mlp-train", *argv, "-verbose", 1)) == [
        "--gamma: no effect with --schedule constant, only with step."
    ]


def test_prepare(files, tmp_path):
    options = ("--text-column", "x", "--label-column", "k", "--join", "-", "-verbose", 1)
    result = run("prepare", files / "t.csv", "-o", tmp_path / "p", *options)
    assert said(result) == ["--join: no effect without several --text-column."]
    result = run("prepare", files / "t.csv", "-o", "-", *options[:4], "-seed", 3, "-verbose", 1)
    assert said(result) == ["-seed: no effect with -o -, which writes all lines."]


TABLE_OPTIONS = ("--header", "--quotes", "no", "--delimiter", ",")
OF_TABLES = "--delimiter, --quotes, --header: no effect"
COLUMN = ("--text-column", "x")


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("t.txt", TABLE_OPTIONS, f"{OF_TABLES} on lines of fastText."),
        ("o.jsonl", (*COLUMN, *TABLE_OPTIONS), f"{OF_TABLES} on JSONL."),
        ("o.json", (*COLUMN, *TABLE_OPTIONS), f"{OF_TABLES} on JSON."),
        ("o", (*COLUMN, *TABLE_OPTIONS), f"{OF_TABLES} on JSONL."),
        ("folders", TABLE_OPTIONS, f"{OF_TABLES} on folders."),
        ("folders", COLUMN, "--text-column: no effect on folders."),
        ("t.txt", COLUMN, "--text-column: no effect on lines of fastText."),
        ("t.txt", ("--format", "fasttext", *COLUMN), "--text-column: no effect with --format "
         "fasttext."),
        ("t.txt", ("--label-separator", ","), ""),  # which labels of any format may have
    ],
)  # fmt: skip
def test_prepare_by_format(name, options, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_bytes(TINY)
    for own in ("o.jsonl", "o"):
        (tmp_path / own).write_text('{"x": "a", "label": "k"}\n' * 2)
    (tmp_path / "o.json").write_text('[{"x": "a", "label": "k"}]')
    (tmp_path / "folders" / "k").mkdir(parents=True)
    (tmp_path / "folders" / "k" / "1").write_text("text")
    result = run("prepare", name, "-o", "p", "-verbose", 1, *options)
    assert said(result) == [sentence] * bool(sentence)


def test_inspect(files):
    result = run("inspect", files / "m.bin", "-label", "x")
    assert said(result) == ["-label: no effect on models, only on data sets."]
    assert said(run("inspect", files / "m.bin", files / "t.txt", "-label", "__label__")) == []


def test_options_of_labels_and_of_texts(tmp_path, monkeypatch):
    """What a command does not read, and what a model of numbers does not, is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("text,label\na b,x\nc d,y\n")
    table = ["--text-column", "text", "--label-column", "label"]
    quick = ["-dim", 2, "-bucket", 10, "-verbose", 0]
    assert run("supervised", "-input", "t.csv", "-output", "m", *table, *quick).code == 0
    unread = ["--none", "n", "--labels-as", "text", "--label-separator", ";"]
    said = run("predict", "m.bin", "t.csv", "--output", "o.csv", *unread).err
    assert "--label-separator, --labels-as, --none: no effect in predict, which reads no" in said
    (tmp_path / "n.csv").write_text("a,b,label\n1,2,x\n2,1,y\n")
    small = ["--hidden", "none", "-epoch", 1, "-verbose", 0]
    assert run("mlp-train", "-input", "n.csv", "-output", "n", *small).code == 0
    said = run("test", "n.mlp", "n.csv", "--text-column", "a", "--quotes", "no").err
    assert said == "--text-column, --quotes: no effect with a model of numbers.\n"
    said = run("predict", "n.mlp", "n.csv", "--output", "o.csv", "--like", "nope.json").err
    assert said.startswith("--like: no effect with a model of numbers.\n")
