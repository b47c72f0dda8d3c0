"""--class-weight and weights of lines: what is learned, what is said, and what is refused."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from fastcli.evaluation.options import COLUMN_WEIGHTS
from tests.cli.conftest import TINY
from tests.command import PLAIN_TEXT, run

LINES = 40 * "__label__big the usual words of most lines\n" + 4 * "__label__small words most rare\n"
OPTIONS = ["-dim", 8, "-epoch", 3, "-thread", 1, "-minCount", 1, "-lr", 0.3]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_text(LINES)
    return tmp_path


def train(*options, out="m", code=0):
    result = run("supervised", "-input", "t.txt", "-output", out, *OPTIONS, *options)
    assert result.code == code, result.err
    return result


def said(result):
    """Return the sentences on weights."""
    starts = ("Labels: ", "Weights ", "Class weights ")
    return [line for line in result.err.splitlines() if line.startswith(starts)]


def probability(text, label, model="m.bin"):
    result = run("predict-prob", model, "-", -1, stdin=text.encode())
    words = result.out.decode().split()
    return float(words[words.index(f"__label__{label}") + 1])


@pytest.mark.parametrize("loss", ["softmax", "ova", "hs", "ns"])
def test_class_weights_make_rare_labels_likelier(folder, loss):
    train("-loss", loss, "-verbose", 0)
    before = probability("words\n", "small")
    result = train("-loss", loss, "--class-weight", "balanced", "-verbose", 1)
    assert said(result) == [
        "Labels: big 91 %, small 9.1 %; class weights 0.55 (big) to 5.5 (small)."
    ]
    assert probability("words\n", "small") > 1.2 * before
    about = json.loads(Path("m.bin.json").read_text())
    assert about["arguments"]["class_weight"] == "balanced"
    assert "--class-weight balanced" in about["command"]


def test_a_model_without_weights_says_nothing_of_them(folder):
    result = train("-verbose", 1)
    assert said(result) == [
        "Labels: big 91 %, small 9.1 %; --class-weight balanced weighs them equally."
    ]
    about = json.loads(Path("m.bin.json").read_text())
    assert "weight" not in json.dumps(about)
    assert not said(train("-verbose", 0, "--class-weight", "balanced"))


WEIGHTED = (
    "__label__a the quick fox __weight__2\n"
    "__label__a the slow fox\n"
    "__weight__0.5 __label__b blue whale here\n"
    "no label here __weight__9\n"
    "__label__b blue whale swims __weight__4 </s>\n"
    "__label__a red fox again </s> __weight__0\n"
)
PLAIN = "\n".join(
    " ".join(word for word in line.split() if not word.startswith("__weight__"))
    for line in WEIGHTED.split("\n")
)
NGRAMS = ["-wordNgrams", 2, "-bucket", 50, "-maxn", 3]
MLP = [*PLAIN_TEXT, "-dim", 8, "-epoch", 2, "-thread", 1, "--hidden", 4]


@pytest.fixture
def weighted(folder):
    Path("w.txt").write_text(WEIGHTED)
    Path("p.txt").write_text(PLAIN)
    return folder


def train_on(path, command, *options, out="m", code=0):
    usual = MLP if command == "mlp-train" else OPTIONS
    result = run(command, "-input", path, "-output", out, *usual, *options)
    assert result.code == code, result.err
    return result


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_tokens_of_weights_are_neither_words_nor_labels(weighted, command):
    result = train_on("w.txt", command, *NGRAMS, "--weight-prefix", "__weight__", "-verbose", 1)
    assert said(result) == ["Weights of lines 0 to 2.67, on average 1."]
    model = "m.bin" if command == "supervised" else "m.mlp"
    assert b"__weight__2" not in run("dump", model, "dict").out
    for ask in (["test", model], ["predict-prob", model], ["test", "--report", model]):
        answers = [run(*ask, path, -1) for path in ("w.txt", "p.txt")]
        assert answers[0].code == 0, answers[0].err
        a, b = (answer.out.replace(b"p.txt", b"w.txt") for answer in answers)
        assert a == b
        assert answers[0].err == answers[1].err
    words = [
        run("explain", "--json", model, text).out for text in ("the fox __weight__3", "the fox ")
    ]
    pieces = [json.loads(one) for one in words]
    for piece in pieces:
        piece.pop("text", None)
    assert pieces[0] == pieces[1]
    if command == "supervised":
        texts = [b"the fox __weight__3\n", b"the fox\n"]
        vectors = [run("print-sentence-vectors", model, stdin=text).out.split() for text in texts]
        assert vectors[0][-8:] == vectors[1][-8:]


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_weights_of_1_make_the_model_without_weights(weighted, command):
    Path("ones.txt").write_text(PLAIN.replace("\n", " __weight__1.0\n"))
    end = "bin" if command == "supervised" else "mlp"
    train_on("p.txt", command, out="plain")
    result = train_on("ones.txt", command, "--weight-prefix", "__weight__", "-verbose", 1)
    sentence = "--weight-prefix __weight__: no line has a weight other than 1."
    assert sentence in result.err.splitlines()
    models = [Path(f"{name}.{end}").read_bytes() for name in ("plain", "m")]
    if command == "mlp-train":  # whose header has the arguments
        assert b"weight_prefix" in models[1]
        assert b"weight_prefix" not in models[0]
        models = [data[8 + int.from_bytes(data[:8], "little") :] for data in models]
    assert models[0] == models[1]


@pytest.mark.parametrize("loss", ["softmax", "ova"])
def test_rows_of_whole_weights_are_repeated_rows(folder, loss):
    """The same steps, on numbers that are not standardised: means are over other rows."""
    rng = np.random.default_rng(3)
    rows = [(*rng.normal(size=3).round(3), "ab"[i % 3 == 0]) for i in range(12)]
    weights = rng.integers(1, 5, 12).tolist()
    Path("w.csv").write_text(
        "x,weight,y,z,label\n"
        + "".join(f"{x},{n},{y},{z},{k}\n" for (x, y, z, k), n in zip(rows, weights, strict=True))
    )
    Path("r.csv").write_text(
        "x,y,z,label\n"
        + "".join(f"{x},{y},{z},{k}\n" * n for (x, y, z, k), n in zip(rows, weights, strict=True))
    )
    options = ["--batch-size", 0, "--optimizer", "sgd", "-lr", 0.5, "-loss", loss, "-epoch", 20]
    options += ["--no-standardize", "-verbose", 0]
    train_on("w.csv", "mlp-train", *options, "--weight-column", "weight", out="w")
    train_on("r.csv", "mlp-train", *options, out="r")
    w, r = (run("predict-prob", f"{name}.mlp", f"{name}.csv", -1) for name in "wr")
    once = [line.split() for line in w.out.splitlines()]
    repeated = [line.split() for line in r.out.splitlines()]
    at = np.cumsum([0, *weights[:-1]])
    for line, i in zip(once, at.tolist(), strict=True):
        assert line[::2] == repeated[i][::2]
        np.testing.assert_allclose(
            [float(p) for p in line[1::2]], [float(p) for p in repeated[i][1::2]], rtol=2e-4
        )


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
@pytest.mark.parametrize("share", [[], ["--valid-share", 0.4]])
def test_bad_weights_name_their_line(weighted, command, share):
    options = ["--weight-prefix", "__weight__", *share]
    for token, message in [
        ("__weight__-1", "w.txt:3: not a weight, a number of 0 or more: __weight__-1."),
        ("__weight__", "w.txt:3: not a weight, a number of 0 or more: __weight__."),
        ("__weight__1 __weight__1", "w.txt:3: the line has 2 weights"),
    ]:
        lines = WEIGHTED.splitlines()
        lines[2] = f"__label__b blue {token}"
        Path("w.txt").write_text("\n".join(lines))
        result = train_on("w.txt", command, *options, code=1)
        assert message in result.err
    assert not list(Path().glob("m.*"))


def test_all_weights_0(weighted):
    Path("w.txt").write_text(PLAIN.replace("\n", " __weight__0\n"))
    for command in ("supervised", "mlp-train"):
        result = train_on("w.txt", command, "--weight-prefix", "__weight__", code=1)
        assert (
            "All training lines have the weight 0, so there is nothing to train on." in result.err
        )


TABLE = 'text,w,label\nthe quick fox,2,a\nthe slow fox,,a\nblue whale,"0,5",b\nred fox,0,a\n'
COLUMNS = ["--text-column", "text", "--label-column", "label"]


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_a_column_of_weights_of_texts(folder, command):
    Path("t.csv").write_text(TABLE)
    result = train_on("t.csv", command, *COLUMNS, "--weight-column", "w", "-verbose", 1)
    assert said(result) == ["Weights of lines 0 to 2.29, on average 1."]
    assert "label: column 'label'; weights: column 'w'" in result.err
    assert "1 row has no weight in column w and gets weight 1." in result.err
    model = "m.bin" if command == "supervised" else "m.mlp"
    assert run("test", model, "t.csv", *COLUMNS).out.startswith(b"N\t4\n")
    assert b"weight" not in run("dump", model, "dict").out
    if command == "supervised":
        about = json.loads(Path("m.bin.json").read_text())
        assert about["arguments"]["weight_column"] == "w"
        assert about["prepared"]["columns"]["weight"] == "w"
        assert "--weight-column w" in about["command"]
    train_on("t.csv", command, *COLUMNS, out="plain")
    Path("t.csv").write_text(
        TABLE.replace(",2,", ",1,").replace('"0,5"', "1.0").replace(",0,", ",1,")
    )
    train_on("t.csv", command, *COLUMNS, "--weight-column", "w")
    if command == "supervised":
        assert Path("plain.bin").read_bytes() == Path("m.bin").read_bytes()
    Path("t.csv").write_text(TABLE.replace(",2,", ",-2,"))
    result = train_on("t.csv", command, *COLUMNS, "--weight-column", "w", code=1)
    assert "t.csv:2, column w: not a weight, a number of 0 or more: '-2'." in result.err
    result = train_on(
        "t.csv", command, *COLUMNS, "--weight-column", "w", "--skip-bad", "-verbose", 1
    )
    assert "1 bad row (not a weight, a number of 0 or more)" in result.err


def test_a_column_of_weights_of_numbers(folder):
    Path("n.csv").write_text("x,y,label,w\n1,3,a,2\n2,4,a,\n3,5,b,0.5\n9,1,b,4\n")
    result = train_on("n.csv", "mlp-train", "--weight-column", "w", "-verbose", 1)
    assert "weights: column 'w'; 2 features: x, y" in result.err
    assert "1 row has no weight in column w and gets weight 1." in result.err
    assert said(result) == ["Weights of lines 0.267 to 2.13, on average 1."]
    answers = []
    for data in ("x,y\n1,2\n", "w,x,y\n7,1,2\n", "x,y,label,w\n1,2,a,7\n"):
        Path("q.csv").write_text(data)
        answers.append(run("predict-prob", "m.mlp", "q.csv", -1).out)
    assert answers[0] == answers[1] == answers[2] != b""
    for cell in ("-2", "much"):
        message = f"n.csv, line 2, column 4: not a weight, a number of 0 or more: '{cell}'."
        Path("n.csv").write_text(f"x,y,label,w\n1,3,a,{cell}\n2,4,b,1\n")
        result = train_on("n.csv", "mlp-train", "--weight-column", "w", code=1)
        assert message in result.err
    result = train_on(
        "n.csv", "mlp-train", "--weight-column", "label", "--label-column", "label", code=1
    )
    assert "cannot be used twice" in result.err
    Path("n.csv").write_text("1,3,a,2\n2,4,b,1\n3,4,b,1\n")
    result = train_on("n.csv", "mlp-train", "--weight-column", "-1", "--no-header", "-verbose", 1)
    assert "label: column 2 (the last but the weights); weights: column 3" in result.err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_a_column_is_not_for_weights_and_something_else(folder, command):
    Path("t.csv").write_text(TABLE)
    for column, use in [("label", "label"), ("text", "text")]:
        result = train_on("t.csv", command, *COLUMNS, "--weight-column", column, code=1)
        said = f"t.csv: column {column} cannot be used twice, as {use} and weight."
        assert said in result.err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
@pytest.mark.parametrize("head", [COLUMN_WEIGHTS, "\x02weight\x02", "\x1f", "__weight__"])
def test_cells_that_look_like_the_weights_of_their_rows(folder, command, head):
    """They stay words, and the weight of a row is that of its column alone."""
    Path("t.csv").write_text(TABLE.replace("fox", f"fox {head}9 {head} {head}-1"))
    result = train_on("t.csv", command, *COLUMNS, "--weight-column", "w", "-verbose", 1)
    assert said(result) == ["Weights of lines 0 to 2.29, on average 1."]
    model = "m.bin" if command == "supervised" else "m.mlp"
    words = run("dump", model, "dict").out.decode().split()
    assert f"{head}9".replace("\x1f", " ").split()[-1] in words


def test_a_column_of_weights_where_there_are_no_columns(folder):
    Path("t.svm").write_text("a 1:1 2:3\nb 1:2 3:1\na 2:2\nb 3:2 1:1\n")
    for source, options, what in [
        ("t.svm", [], "libsvm, which has no weights"),
        ("-", ["--format", "libsvm"], "libsvm, which has no weights"),
        ("t.svm", ["--folds", 2], "libsvm, which has no weights"),
        ("t.txt", [], "lines of text, which have their weights in a token"),
        ("-", ["--format", "text"], "lines of text, which have their weights in a token"),
        ("t.txt", ["--valid-share", 0.2], "lines of text, which have their weights in a token"),
        ("t.txt", ["--folds", 2], "lines of text, which have their weights in a token"),
    ]:
        text = Path("t.svm" if "libsvm" in what else "t.txt").read_bytes()
        command = ["mlp-train", "-input", source, "-output", "m", *MLP, "--weight-column", "w"]
        result = run(*command, *options, stdin=text if source == "-" else None)
        assert result.code == 1
        assert f"--weight-column w is for tables, and {source} is {what}" in result.err
        assert "Traceback" not in result.err
    assert not list(Path().glob("m.*"))


def test_options_of_weights_that_contradict(weighted):
    for options, message in [
        (["--weight-prefix", "w:", "--weight-column", "w"], "give one of them"),
        (["--weight-prefix", "__label__w"], "one begins with the other"),
        (["--class-weight", "balence"], "did you mean balanced?"),
        (["--weight-prefix", "w:", *COLUMNS], "--weight-column NAME"),
    ]:
        for command in ("supervised", "mlp-train"):
            assert message in train_on("w.txt", command, *options, code=1).err
    for command in ("skipgram", "cbow"):
        result = run(command, "-input", "w.txt", "-output", "m", "--class-weight", "balanced")
        assert result.code != 0
        assert "class-weight" in result.err


def test_a_file_of_weights_is_not_written_over(weighted):
    Path("m.bin").write_text("a,2\n")
    result = train_on("w.txt", "supervised", "--class-weight", "m.bin", code=1)
    assert "m.bin" in result.err
    assert Path("m.bin").read_text() == "a,2\n"


def test_labels_of_a_file_that_training_does_not_have(weighted):
    Path("c.tsv").write_text("label\tweight\n__label__a\t2\nB\t3\n")
    for command in ("supervised", "mlp-train"):
        result = train_on("w.txt", command, "--class-weight", "c.tsv", code=1)
        assert "c.tsv:3: no training line has the label B (did you mean b?)." in result.err


def test_any_number_of_threads_makes_the_same_model(folder):
    """Of text that several threads read, in batches and line by line."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 3000, (22_000, 15))
    labels = rng.integers(0, 40, len(words)) ** 2 // 40
    lines = [
        f"__label__{label} {' '.join(f'word{i}' for i in some)} __weight__{i % 7}"
        for i, (label, some) in enumerate(zip(labels.tolist(), words.tolist(), strict=True))
    ]
    Path("t.txt").write_text("\n".join(lines))
    assert Path("t.txt").stat().st_size > 2 << 20
    for loss in ("softmax", "ova"):
        found = []
        for n_threads in (1, 3):
            train(
                *("-loss", loss, "-epoch", 1, "-dim", 4, "-thread", n_threads, "-verbose", 0),
                *("--weight-prefix", "__weight__", "--class-weight", "sqrt"),
            )
            found.append(Path("m.bin").read_bytes())
        assert found[0] == found[1]


def test_quantize_says_that_it_does_not_weigh(weighted):
    text = WEIGHTED * 3 + "".join(f"__label__a word{i} __weight__{i % 3}\n" for i in range(400))
    Path("w.txt").write_text(text)
    train_on("w.txt", "supervised", "--weight-prefix", "__weight__")
    options = ["-cutoff", 300, "-retrain", "-input", "w.txt", "-thread", 1, "-verbose", 1]
    result = run("quantize", "-output", "m", *options)
    assert result.code == 0, result.err
    sentence = "The model was trained with weights; -retrain weighs all lines and labels alike."
    assert sentence in result.err.splitlines()
    answers = [run("test", "m.ftz", "-", stdin=text.encode()) for text in (WEIGHTED, PLAIN)]
    assert answers[0].out == answers[1].out
    assert answers[0].err == answers[1].err


@pytest.mark.slow
def test_autotune_weighs(weighted):
    Path("v.txt").write_text(WEIGHTED)
    options = ["-autotune-validation", "v.txt", "-autotune-duration", 5, "-verbose", 1]
    options += ["--weight-prefix", "__weight__", "--class-weight", "balanced", "-dim", 8]
    result = run("supervised", "-input", "w.txt", "-output", "m", "-thread", 1, *options)
    assert result.code == 0, result.err
    assert len(said(result)) == 1
    lines = result.err.splitlines()
    command = next(line for line in lines if line.startswith("fastcli supervised"))
    assert "--class-weight balanced --weight-prefix __weight__" in command
    before = Path("m.bin").read_bytes()
    assert run(*command.split()[1:], "-thread", 1, "-verbose", 0).code == 0
    assert Path("m.bin").read_bytes() == before


def test_validation_is_unweighted(weighted):
    options = ["--weight-prefix", "__weight__", "--valid", "w.txt", "-epoch", 1, "-lr", 0]
    train_on("w.txt", "supervised", *options, "--log", "log", "--class-weight", "balanced")
    first, row = (json.loads(line) for line in Path("log").read_text().splitlines())
    assert (first["arguments"]["class_weight"]) == "balanced"
    train_on("p.txt", "supervised", "--valid", "p.txt", "-epoch", 1, "-lr", 0, "--log", "plain")
    plain = json.loads(Path("plain").read_text().splitlines()[1])
    assert row["valid_loss"] == plain["valid_loss"]


@pytest.mark.parametrize(("command", "end"), [("supervised", "bin"), ("mlp-train", "mlp")])
def test_the_prefix_of_weights_goes_on_with_the_model(command, end, tmp_path, monkeypatch):
    """A model whose lines had weights is gone on with by lines that have some."""
    monkeypatch.chdir(tmp_path)
    weighted = TINY.replace(b"wheel engine", b"wheel engine __weight__3")
    (tmp_path / "w.txt").write_bytes(weighted)
    small = ["-dim", 4, "-epoch", 2, "-thread", 1, "-verbose", 0]
    given = ["--weight-prefix", "__weight__"]
    argv = [command, "-input", "w.txt"]
    assert run(*argv, "-output", "m", *small, *given).code == 0
    on = [*argv, "-inputModel", f"m.{end}", *small[2:]]
    assert run(*on, "-output", "a").code == 0
    assert run(*on, "-output", "b", *given).code == 0
    assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
    assert b"__weight__3" not in (tmp_path / f"a.{end}").read_bytes()


@pytest.fixture
def rare_lines(tmp_path, monkeypatch):
    """Lines of a and b, one of c, and a file that has a weight for each of these."""
    monkeypatch.chdir(tmp_path)
    lines = [f"__label__{'ab'[i % 2]} {'pq'[i % 2]} w{i % 7}\n" for i in range(40)]
    (tmp_path / "most.txt").write_text("".join(lines))
    (tmp_path / "all.txt").write_text("".join(lines) + "__label__c r w1\n")
    (tmp_path / "c.csv").write_text("a,2\nb,1\nc,3\n")
    return tmp_path


@pytest.mark.parametrize(("command", "end"), [("supervised", "bin"), ("mlp-train", "mlp")])
def test_the_file_of_weights_serves_the_second_training(rare_lines, command, end):
    options = ["-dim", 4, "-epoch", 2, "-thread", 1, "--class-weight", "c.csv"]
    assert run(command, "-input", "all.txt", "-output", "old", *options).code == 0
    more = ["-input", "most.txt", "-output", "new", *options]
    failed = run(command, *more)
    assert "c.csv:3: no training line has the label c." in failed.err
    result = run(command, *more, "-inputModel", f"old.{end}")
    assert result.code == 0, result.err
    assert "class weights 0.667 (b) to 1.33 (a)" in result.err
    (rare_lines / "c.csv").write_text("d,2\n")
    failed = run(command, *more, "-inputModel", f"old.{end}")
    assert "c.csv:1: neither a training line nor the model has the label d." in failed.err
    failed = run(command, *more, "-inputModel", f"old.{end}", "-minCountLabel", 2)
    least = "neither 2 training lines (-minCountLabel) nor the model have the label d."
    assert f"c.csv:1: {least}" in failed.err


@pytest.mark.parametrize("command", ["supervised", "mlp-train", "numbers"])
def test_a_fold_may_lack_a_label_with_a_weight(rare_lines, command):
    path = "all.txt"
    if command == "numbers":
        path = "all.csv"
        rows = [f"{i % 2},{i % 5},{'ab'[i % 2]}\n" for i in range(40)]
        (rare_lines / path).write_text("x,y,label\n" + "".join(rows) + "7,7,c\n")
        command = "mlp-train"
    options = ["-input", path, "-output", "m", "-epoch", 2, "-thread", 1]
    result = run(command, *options, "--folds", 3, "--class-weight", "c.csv")
    assert result.code == 0, result.err
    (rare_lines / "c.csv").write_text("a,2\nd,2\n")
    failed = run(command, *options, "--folds", 3, "--class-weight", "c.csv")
    assert "c.csv:2: no training line has the label d." in failed.err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_one_label_with_weight_is_not_judged(rare_lines, command):
    (rare_lines / "c.csv").write_text("a,1\nb,0\nc,0\n")
    options = ["-dim", 4, "-epoch", 3, "-thread", 1, "--class-weight", "c.csv"]
    result = run(command, "-input", "all.txt", "-output", "m", *options)
    assert result.code == 0
    assert "guessing" not in result.err
    assert "Try " not in result.err


@pytest.mark.parametrize(("command", "end"), [("supervised", "bin"), ("mlp-train", "mlp")])
def test_mistakes_are_shown_without_weights(command, end, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [f"__label__{'ab'[i % 2]} same words w:{1 + i % 3}\n" for i in range(12)]
    (tmp_path / "w.txt").write_text("".join(lines))
    given = ["--weight-prefix", "w:", "-dim", 4, "-epoch", 1, "-verbose", 0]
    assert run(command, "-input", "w.txt", "-output", "m", *given).code == 0
    result = run("test", f"m.{end}", "w.txt", "--report", "--errors", "e.jsonl")
    assert result.code == 0, result.err
    rows = [json.loads(line) for line in Path("e.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == ["same words"] * 6
    assert b" w:" not in result.out


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_a_file_of_class_weights_may_be_compressed(folder, command):
    Path("c.csv").write_text("small,3\n")
    Path("c.csv.gz").write_bytes(gzip.compress(b"small,3\n"))
    end = "bin" if command == "supervised" else "mlp"
    for name in ("c.csv", "c.csv.gz"):
        train_on("t.txt", command, "--class-weight", name, out=name)
    if command == "supervised":
        assert Path(f"c.csv.{end}").read_bytes() == Path(f"c.csv.gz.{end}").read_bytes()
    Path("cut.gz").write_bytes(Path("c.csv.gz").read_bytes()[:-9])
    result = train_on("t.txt", command, "--class-weight", "cut.gz", code=1)
    assert "cut.gz" in result.err
    assert "Traceback" not in result.err
    result = train_on("t.txt", command, "--class-weight", "c.csv", "-minCountLabel", 9, code=1)
    assert (
        "c.csv:1: fewer than 9 training lines (-minCountLabel) have the label small" in result.err
    )


def test_rows_of_numbers_have_all_labels(folder):
    """-minCountLabel has no effect there."""
    Path("n.csv").write_text("x,y,label\n1,2,a\n2,1,b\n1,3,a\n3,1,b\n")
    Path("c.csv").write_text("d,2\n")
    result = run(
        "mlp-train", "-input", "n.csv", "-output", "m", "-minCountLabel", 9, "--class-weight",
        "c.csv",
    )  # fmt: skip
    assert result.code == 1
    assert result.err.endswith("c.csv:1: no training line has the label d.\n")


def test_equal_weights_are_said_to_be(folder):
    Path("c.csv").write_text("small,3\nbig,3\n")
    (sentence,) = said(train("--class-weight", "c.csv", "-verbose", 1))
    assert sentence == "Labels: big 91 %, small 9.1 %; all class weights are equal."
    Path("two.txt").write_text(LINES.replace("\n", " __weight__2\n"))
    result = train_on("two.txt", "supervised", "--weight-prefix", "__weight__", "-verbose", 1)
    assert "all weights of lines are equal." in result.err
