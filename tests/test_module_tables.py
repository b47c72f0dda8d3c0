"""``label_table`` writes the files that ``predict --output`` writes."""

import csv

import numpy as np
import pytest

import fastcli
from tests.command import SAMPLES, run

REVIEWS = SAMPLES / "reviews.csv"
SPIRALS = SAMPLES / "spirals.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with small models: of the texts of a table, of numbers, of regression."""
    folder = tmp_path_factory.mktemp("tables")
    small = ["-epoch", 2, "-thread", 1, "-verbose", 0, "-dim", 8]
    columns = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
    words = ["-input", REVIEWS, "-output", folder / "linear", *small, "-bucket", 1000, *columns]
    run("supervised", *words).text()
    network = ["--hidden", 8, *small]
    run("mlp-train", "-input", REVIEWS, "-output", folder / "texts", *network, *columns).text()
    run("mlp-train", "-input", SPIRALS, "-output", folder / "spirals", *network[:-2]).text()
    rows = "".join(f"{i},{i % 7},{3 * i + i % 7}\n" for i in range(60))
    (folder / "sums.csv").write_text(f"a,b,sum\n{rows}")
    words = ["-input", folder / "sums.csv", "-output", folder / "sums", *network[:-2]]
    run("mlp-train", *words, "--task", "regression").text()
    return folder


CASES = [  # model, data, options of the method, words of the command
    ("linear.bin", REVIEWS, {"k": 2}, ["-k", 2]),
    ("linear.bin", REVIEWS, {"wide": True, "output": "x.jsonl"}, ["--wide"]),
    ("texts.mlp", REVIEWS, {"as_name": "verdict"}, ["--as", "verdict"]),
    (
        "texts.mlp",
        REVIEWS,
        {"keep": "very good>=0.3", "dropped": "rest.csv", "text_column": "review"},
        ["--keep", "very good>=0.3", "--dropped", "rest.csv", "--text-column", "review"],
    ),
    (
        "spirals.mlp",
        SPIRALS,
        {"min_prob": 0.6, "default": "?"},
        ["--min-prob", 0.6, "--default", "?"],
    ),
    ("sums.mlp", "sums.csv", {}, []),
]


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
@pytest.mark.parametrize(("model", "data", "options", "words"), CASES)
def test_the_files_are_those_of_the_command(
    model, data, options, words, folder, tmp_path, monkeypatch
):
    output = options.get("output", "x.csv")
    found = {}
    for command in ("predict", "predict-prob"):
        if model == "sums.mlp" and command == "predict-prob":
            continue
        (tmp_path / command).mkdir()
        monkeypatch.chdir(tmp_path / command)
        done = run(command, folder / model, folder / data, "--output", output, *words)
        assert done.code == 0, done.err
        ref = {path.name: path.read_bytes() for path in (tmp_path / command).iterdir()}
        asked = {"output": output, "probabilities": command == "predict-prob", **options}
        found = fastcli.load_model(folder / model).label_table(folder / data, **asked)
        comp = {path.name: path.read_bytes() for path in (tmp_path / command).iterdir()}
        assert comp == ref
    n_rows = len(list(csv.reader((folder / data).read_text().splitlines()))) - 1
    assert found.rows == n_rows
    assert found.kept == n_rows or "keep" in options
    assert model == "sums.mlp" or sum(found.labels.values()) == n_rows


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_what_cannot_be_is_said(folder, tmp_path):
    texts, sums = (fastcli.load_model(folder / f"{name}.mlp") for name in ("texts", "sums"))
    output = tmp_path / "x.csv"
    for model, source, options, said in (
        (texts, REVIEWS, {}, "give output='labelled.csv'"),
        (texts, REVIEWS, {"output": output, "keeep": "a>1"}, "unexpected keyword argument 'keeep'"),
        (texts, REVIEWS, {"output": output, "dropped": "y.csv"}, "without a condition no row"),
        (texts, REVIEWS, {"output": output, "as_name": " "}, "the name is empty"),
        (texts, tmp_path / "no.csv", {"output": output}, "no.csv cannot be opened"),
        (sums, folder / "sums.csv", {"output": output, "wide": True}, "predicts numbers"),
        (sums, folder / "sums.csv", {"output": output, "k": 2}, "k is for labels"),
        (sums, folder / "sums.csv", {"output": output, "threshold": 0.5}, "is for labels"),
        (sums, folder / "sums.csv", {"output": output, "probabilities": True}, "predicts numbers"),
        (texts, REVIEWS, {"output": output, "unsure": "u.csv"}, "a probability and a file"),
        (texts, REVIEWS, {"output": output, "unsure": (0.5,)}, "a probability and a file"),
        (sums, folder / "sums.csv", {"output": folder / "sums.csv"}, "would be overwritten"),
    ):
        with pytest.raises(fastcli.FastcliError, match=said):
            model.label_table(source, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_thresholds_decide_as_by_the_command(folder, tmp_path):
    for name, data in (("linear.bin", REVIEWS), ("spirals.mlp", SPIRALS)):
        model, file = folder / name, tmp_path / f"{name}.json"
        tables = [] if data == SPIRALS else ["--text-column", "review"]
        done = run("tune-threshold", model, data, *tables, "--output", file)
        assert done.code == 0, done.err
        words = ["--thresholds", file, "--output", tmp_path / "ref.csv"]
        done = run("predict-prob", model, data, *words)
        assert done.code == 0, done.err
        decided = fastcli.load_model(model).with_decisions(file)
        decided.label_table(data, output=tmp_path / "comp.csv", probabilities=True)
        assert (tmp_path / "comp.csv").read_bytes() == (tmp_path / "ref.csv").read_bytes()
        with pytest.raises(fastcli.ArgumentError, match="decides which labels are given"):
            decided.label_table(data, output=tmp_path / "x.csv", min_prob=0.5)


def test_what_was_decided_is_a_warning(folder, tmp_path):
    with pytest.warns(fastcli.FastcliNote) as said:
        fastcli.load_model(folder / "texts.mlp").label_table(
            REVIEWS, output=tmp_path / "x.csv", as_name="verdict"
        )
    sentences = [str(one.message) for one in said]
    assert any("text: column 'review'" in one for one in sentences)
    taken = "The table has a column verdict already: ours is predicted_verdict. as_name names it."
    assert taken in sentences


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_unsure_takes_a_number_and_a_path(folder, tmp_path):
    model = fastcli.load_model(folder / "texts.mlp")
    done = [
        model.label_table(REVIEWS, output=tmp_path / "x.csv", unsure=(least, tmp_path / "u.csv"))
        for least in (0.5, "0.5", np.float32(0.5))
    ]
    assert done[0] == done[1] == done[2]
    assert (tmp_path / "u.csv").exists()


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_options_without_effect_are_said(folder, tmp_path):
    model = fastcli.load_model(folder / "sums.mlp")
    with pytest.warns(fastcli.FastcliNote, match="text_column, join: no effect with a model of"):
        model.label_table(folder / "sums.csv", output=tmp_path / "x.csv", text_column="a", join="-")
