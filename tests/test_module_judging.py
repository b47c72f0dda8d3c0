"""Reports, explanations, thresholds and calibrations of a program: what the commands give."""

import json
import pickle

import numpy as np
import pytest

import fastcli
from tests.command import SAMPLES, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
FASTER = ["-dim", 8, "-epoch", 5, "-lr", 0.5, "-bucket", 1000, "-thread", 1, "-verbose", 0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with models of texts, of labels one by one, of rows, and of numbers."""
    folder = tmp_path_factory.mktemp("models")
    text = ["-input", TRAIN, *FASTER]
    assert run("supervised", *text, "-output", folder / "topics").code == 0
    assert run("supervised", *text, "-output", folder / "ova", "-loss", "ova").code == 0
    network = ["-epoch", 2, "-dim", 8, "--hidden", 8, "-thread", 1, "-verbose", 0]
    assert run("mlp-train", "-input", TRAIN, "-output", folder / "deep", *network).code == 0
    rows = "".join(f"{i % 7},{i % 3},{'ab'[i % 7 > 3]}\n" for i in range(120))
    (folder / "rows.csv").write_text(f"x,y,label\n{rows}")
    numbers = "".join(f"{i % 7},{i % 3},{i % 7 + i % 3}.5\n" for i in range(120))
    (folder / "numbers.csv").write_text(f"x,y,target\n{numbers}")
    small = ["-epoch", 3, "--hidden", 4, "-thread", 1, "-verbose", 0]
    rows_of = ["-input", folder / "rows.csv", "--label-column", "label"]
    assert run("mlp-train", *rows_of, "-output", folder / "rows", *small).code == 0
    numbers_of = ["-input", folder / "numbers.csv", "--label-column", "target"]
    asked = [*numbers_of, "--task", "regression", "-output", folder / "numbers"]
    assert run("mlp-train", *asked, *small).code == 0
    return folder


@pytest.fixture(scope="module")
def topics(folder):
    """Return the model of texts."""
    return fastcli.load_model(folder / "topics.bin")


def printed(*argv):
    """Return the objects that a command writes."""
    done = run(*argv)
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


# ------------------------------------------------------------------ reports


@pytest.mark.parametrize("name", ["topics.bin", "ova.bin", "deep.mlp"])
@pytest.mark.parametrize(("k", "threshold"), [(1, 0.0), (2, 0.1), (-1, 0.5)])
def test_a_report_is_what_test_writes(folder, name, k, threshold):
    model = fastcli.load_model(folder / name)
    report = model.report(TEST, k, threshold)
    options = ["-k", k, "--threshold", threshold, "--json"]
    (expected,) = printed("test", "--report", *options, folder / name, TEST)
    assert report.to_dict() == expected
    (plain,) = printed("test", *options, folder / name, TEST)
    assert (report.n, report.k) == (plain["n"], k)
    for name in ("precision", "recall", "f1"):
        wanted = np.nan if plain[name] is None else plain[name]
        assert getattr(report, name) == pytest.approx(wanted, nan_ok=True)


def test_a_report_has_plain_values(topics):
    report = topics.report(TEST)
    assert report.accuracy == report.micro.f1 == report.precision
    assert report.accuracy_interval[0] < report.accuracy < report.accuracy_interval[1]
    assert len(report.labels) == len(topics.labels)
    assert sum(one.support for one in report.labels) == report.n == 300
    assert report.confusion.dtype == np.int64
    assert report.confusion.sum() == 300
    assert report.confusion.trace() == round(report.accuracy * 300)
    assert report.names == [one.label for one in report.labels]
    assert report.n_mistakes == len(report.mistakes) == 300 - report.confusion.trace()
    worst = report.mistakes[0]
    assert worst.prob == max(one.prob for one in report.mistakes)
    line = TEST.read_text(encoding="utf-8").splitlines()[worst.line - 1]
    assert line == f"__label__{worst.true[0]} {worst.text}"
    assert len(topics.report(TEST, mistakes=3).mistakes) == 3
    again = pickle.loads(pickle.dumps(report))
    assert again.to_dict() == report.to_dict()


def test_lines_without_a_label_count_in_the_matrix(topics):
    report = topics.report([("sport", "the match was lost"), ("money", "rice rice rice")], 1, 0.999)
    assert report.names[-1] == ""
    assert report.confusion[:, -1].sum() == 2


def test_pairs_are_as_lines_of_a_file(topics):
    lines = [line.split(" ", 1) for line in TEST.read_text(encoding="utf-8").splitlines()]
    whole = topics.report(TEST)
    by_token = topics.report([(label, text) for label, text in lines])
    by_name = topics.report((label.removeprefix("__label__"), text) for label, text in lines)
    assert by_token.to_dict() == by_name.to_dict() == whole.to_dict()
    several = topics.report([(["sport", "money", "unknown"], "the match")], k=-1)
    assert several.left_out == {"no_label": 0, "unknown_label": 0, "no_known_token": 0}
    assert {one.label for one in several.labels if one.support} == {"sport", "money"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([("sport", "two\nlines")], "Pair 0: the text has several lines."),
        ([("sport", "a"), ("sport", "b __label__x")], "Pair 1: the text has a word that would"),
        ([("sport",)], "Pair 0 is not a pair"),
        ([("sport", 3)], "Pair 0: the text must be str, not int."),
        ([], "There is no data"),
        ("-", "give the path of a file"),
    ],
)
def test_data_that_cannot_be_are_refused(topics, data, said):
    with pytest.raises(fastcli.ArgumentError, match=said):
        topics.report(data)


def test_several_files_are_reported_apart_and_together(folder, topics):
    report = topics.report([TEST, VALID])
    one, other, total = printed("test", "--report", "--json", folder / "topics.bin", TEST, VALID)
    assert report.to_dict() == total
    assert list(report.files.values()) == [one, other]


def test_tables_are_read_as_by_the_command(folder, topics, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("label,text\n" + 20 * "sport,the match was lost\nmoney,a loan from the bank\n")
    with pytest.raises(fastcli.DataError, match=r"text_column='text', label_column='label'"):
        topics.report(path)
    with pytest.warns(fastcli.FastcliNote):
        report = topics.report(path, text_column="text", label_column=["label"])
    columns = ["--text-column", "text", "--label-column", "label"]
    command = ["test", "--report", "--json", folder / "topics.bin", path, *columns]
    assert [report.to_dict()] == printed(*command)
    with pytest.raises(TypeError, match="unexpected keyword argument 'text_colum'"):
        topics.report(path, text_colum="text")


def test_options_without_effect_are_said(topics):
    with pytest.warns(fastcli.FastcliNote, match=r"^label_separator: no effect"):
        topics.report(TEST, label_separator=",")


def test_files_of_a_report_are_those_of_the_command(folder, topics, tmp_path):
    names = ["errors.csv", "labels.tsv", "matrix.csv"]
    topics.report(TEST, errors=tmp_path / names[0], csv=str(tmp_path / names[1]),
                  confusion_file=str(tmp_path / names[2]))  # fmt: skip
    other = tmp_path / "other"
    other.mkdir()
    options = ["--errors", other / names[0], "--csv", other / names[1]]
    options += ["--confusion-file", other / names[2]]
    assert run("test", *options, folder / "topics.bin", TEST).code == 0
    for name in names:
        assert (tmp_path / name).read_bytes() == (other / name).read_bytes()


def test_requirements(folder, topics):
    report = topics.report(TEST)
    assert report.require("f1macro>=0.5", "accuracy>0.5", "precisionAtRecall:50>=0.5") is report
    failed = run("test", "--require", "f1:sport>=0.9999", folder / "topics.bin", TEST)
    with pytest.raises(fastcli.RequirementNotMet) as missed:
        report.require("f1:sport>=0.9999")
    assert failed.err == f"{missed.value}\n"
    with pytest.raises(fastcli.RequirementNotMet, match=r"f1 is .* and 1 or more is required"):
        topics.report(TEST, require="f1>=1")
    with pytest.raises(fastcli.ArgumentError, match="rmse is a metric of regression"):
        report.require("rmse<1")
    with pytest.raises(fastcli.ArgumentError, match="is not a requirement"):
        report.require("f1")


def test_reports_of_numbers(folder):
    model = fastcli.load_model(folder / "numbers.mlp")
    report = model.report(folder / "numbers.csv")
    (expected,) = printed("test", "--json", folder / "numbers.mlp", folder / "numbers.csv")
    assert report.to_dict() == expected
    assert report.n == 120
    assert [one.target for one in report.targets] == ["target"]
    assert report.targets[0].rmse == report.rmse
    with pytest.raises(fastcli.RequirementNotMet, match="rmse is"):
        report.require("mae<=100", "rmse<=0.00001")
    with pytest.raises(fastcli.ArgumentError, match=r"^k is for labels"):
        model.report(folder / "numbers.csv", k=2)
    with pytest.raises(fastcli.ArgumentError, match="reads numbers: give the path"):
        model.report([(1.5, "text")])


# ------------------------------------------------------------------ explanations

LINE = "what can i cook with rice and onions ? zzz"


@pytest.mark.parametrize("name", ["topics.bin", "ova.bin", "deep.mlp"])
def test_an_explanation_is_what_the_command_writes(folder, name):
    model = fastcli.load_model(folder / name)
    found = model.explain(LINE)
    assert [found.to_dict()] == printed("explain", folder / name, LINE, "--json", "--top", 20)
    whole = model.explain(LINE, "travel", 0, against="money", ngrams=True)
    options = ["--for", "travel", "--against", "money", "--ngrams"]
    assert [whole.to_dict()] == printed("explain", folder / name, LINE, "--json", *options)
    total = whole.score - whole.score_against
    explained = sum(one.value for one in whole.contributions) + whole.start + whole.rest
    assert explained == pytest.approx(total)
    assert found.unknown == ["zzz"]
    alone, unknown = model.explain([LINE, "zzz"], alone=True, top=2)
    assert alone.against is None
    assert len(alone.contributions) == 2
    stdin = f"{LINE}\nzzz\n".encode()
    done = run("explain", folder / name, "-", "--alone", "--json", "--top", 2, stdin=stdin)
    objects = [json.loads(line) for line in done.out.splitlines()]
    assert [alone.to_dict(), unknown.to_dict()] == objects


def test_rows_of_numbers_are_explained(folder):
    model = fastcli.load_model(folder / "rows.mlp")
    expected = printed("explain", folder / "rows.mlp", folder / "rows.csv", "--json")
    found = model.explain(folder / "rows.csv", top=0)
    assert [one.to_dict() for one in found] == expected
    one = model.explain([6.0, 1.0], top=0)
    assert {part.text for part in one.contributions} == {"x", "y"}
    assert one.label in model.labels


def test_what_cannot_be_explained_is_refused(folder, topics):
    with pytest.raises(fastcli.ArgumentError, match=r"^label: the model has no label trvel"):
        topics.explain(LINE, "trvel")
    with pytest.raises(fastcli.ArgumentError, match=r"^label and against name the same label"):
        topics.explain(LINE, "money", against="money")
    with pytest.raises(fastcli.ArgumentError, match="one line at a time"):
        topics.explain("a\nb")
    with pytest.raises(fastcli.ArgumentError, match="predicts numbers"):
        fastcli.load_model(folder / "numbers.mlp").explain([1.0, 2.0])


# ------------------------------------------------------------------ thresholds and calibration


@pytest.fixture
def copied(folder, tmp_path):
    """Return the path of a copy of a model, which may get files beside it."""

    def copy(name):
        path = tmp_path / name
        path.write_bytes((folder / name).read_bytes())
        return path

    return copy


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
@pytest.mark.parametrize(
    ("name", "arguments", "options"),
    [
        ("topics.bin", {}, []),
        ("ova.bin", {"per_label": True}, ["--per-label"]),
        ("deep.mlp", {"metric": "recallAtPrecision:95", "k": -1},
         ["--metric", "recallAtPrecision:95", "-k", -1]),
    ],
)  # fmt: skip
def test_thresholds_are_those_of_the_command(copied, name, arguments, options, tmp_path):
    path = copied(name)
    model = fastcli.load_model(path)
    found = model.tune_thresholds(VALID, **arguments)
    other = tmp_path / "t.json"
    (expected,) = printed("tune-threshold", path, VALID, "--json", "-o", other, *options)
    assert found.to_dict() == expected
    assert found.save() == f"{path}.thresholds.json"
    assert (tmp_path / f"{name}.thresholds.json").read_bytes() == other.read_bytes()
    lines = run("predict-prob", path, TEST, "--thresholds", "auto").text().splitlines()
    texts = [line.split(" ", 1)[1] for line in TEST.read_text(encoding="utf-8").splitlines()]
    for given in (found, "auto", other, fastcli.Thresholds.load(other)):
        decided = model.with_decisions(given)
        labels, probs = decided.predict(texts)
        assert [line.split()[::2] for line in lines] == labels
    assert [f"{p:.6g}" for some in probs for p in some] == [
        word for line in lines for word in line.split()[1::2]
    ]
    one, prob = decided.predict(texts[0])
    assert (list(one), len(prob)) == (labels[0], len(labels[0]))
    (whole,) = printed("test", "--report", "--json", path, TEST, "--thresholds", other)
    assert decided.report(TEST).to_dict() == whole
    assert pickle.loads(pickle.dumps(decided)).predict(texts)[0] == labels


@pytest.mark.parametrize("name", ["topics.bin", "ova.bin", "deep.mlp"])
def test_calibrations_are_those_of_the_command(copied, name, tmp_path):
    path = copied(name)
    model = fastcli.load_model(path)
    found = model.calibrate(VALID)
    beside = tmp_path / f"{name}.json"
    assert found.save() == str(beside)
    ours = beside.read_bytes()
    beside.unlink()
    (expected,) = printed("calibrate", path, VALID, "--json")
    assert found.to_dict() == expected
    assert beside.read_bytes() == ours
    assert found.after["log_loss"] <= found.before["log_loss"]
    (whole,) = printed("test", "--report", "--json", path, TEST, "--calibrated", "-k", 2)
    for given in (found, "auto", beside, fastcli.Calibration.load(beside)):
        assert model.with_decisions(calibration=given).report(TEST, 2).to_dict() == whole
    chosen = model.tune_thresholds(VALID, calibration="auto")
    (expected,) = printed("tune-threshold", path, VALID, "--json", "--calibrated")
    assert chosen.to_dict() == expected
    both = model.with_decisions(chosen, found)
    line = run("predict-prob", path, "-", "--thresholds", "auto", "--calibrated",
               stdin=f"{LINE}\n".encode()).text().split()  # fmt: skip
    labels, probs = both.predict(LINE)
    assert list(labels) == line[::2]
    assert probs == pytest.approx([float(word) for word in line[1::2]], abs=1e-6)
    with pytest.warns(fastcli.FastcliNote, match="are for calibrated probabilities"):
        model.with_decisions("auto")


def test_decisions_of_another_model_are_refused(folder, topics, tmp_path):
    other = fastcli.load_model(folder / "ova.bin")
    chosen, fitted = other.tune_thresholds(VALID), other.calibrate(VALID)
    with pytest.raises(fastcli.DataError, match="This set of thresholds is for another model"):
        topics.with_decisions(chosen)
    with pytest.raises(fastcli.DataError, match="This calibration is for another model"):
        topics.with_decisions(calibration=fitted)
    with pytest.raises(fastcli.DataError, match="has no calibration"):
        topics.with_decisions(calibration="auto")
    with pytest.raises(fastcli.DataError, match="is not there"):
        topics.with_decisions(tmp_path / "none.json")
    with pytest.raises(fastcli.ArgumentError, match="Give thresholds, a calibration, or both"):
        topics.with_decisions()
    with pytest.raises(fastcli.ArgumentError, match="not calibrated"):
        other.with_decisions(chosen, fitted)


def trained(seed=0):
    """Return a model that was never saved."""
    return fastcli.train_supervised(
        str(TRAIN), dim=8, epoch=5, lr=0.5, bucket=1000, thread=1, verbose=0, seed=seed
    )


def test_a_model_that_was_never_saved_has_decisions_in_memory(tmp_path):
    model = trained()
    chosen = model.tune_thresholds(VALID)
    labels, _ = model.with_decisions(chosen, None).predict(LINE)
    assert labels == ("__label__cooking",)
    for path in (None, tmp_path / "t.json"):
        with pytest.raises(fastcli.ArgumentError, match="save the model first"):
            chosen.save(path)
    with pytest.raises(fastcli.ArgumentError, match="The model has no file"):
        model.with_decisions("auto")
    with pytest.raises(fastcli.DataError, match="is for another model than The model"):
        trained(seed=1).with_decisions(chosen)


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_decisions_found_before_the_model_is_saved_are_saved_with_it(tmp_path):
    model, path = trained(), tmp_path / "a.bin"
    fitted = model.calibrate(VALID)
    chosen = model.tune_thresholds(VALID, calibration=fitted)
    copy, kept = pickle.loads(pickle.dumps((model, chosen)))
    before = model.with_decisions(chosen, fitted).predict(LINE)
    model.save_model(path)
    assert model.with_decisions(chosen).predict(LINE)[0] == before[0]
    assert copy.with_decisions(kept, fitted).predict(LINE)[0] == before[0]
    assert chosen.save() == f"{path}.thresholds.json"
    assert fitted.save() == f"{path}.json"
    printed("test", "--json", path, TEST, "--thresholds", "auto", "--calibrated")
    again = fastcli.load_model(path)
    for one in (again.with_decisions("auto", "auto"), again.with_decisions(chosen, fitted)):
        assert one.predict(LINE)[0] == before[0]
        assert one.predict(LINE)[1].tolist() == before[1].tolist()


def test_decisions_are_those_of_the_model_in_memory_whatever_becomes_of_its_file(folder, copied):
    path = copied("ova.bin")
    model = fastcli.load_model(path)
    chosen = model.tune_thresholds(VALID)
    chosen.save()
    path.with_suffix(".new").write_bytes((folder / "topics.bin").read_bytes())
    path.with_suffix(".new").replace(path)
    assert (
        model.with_decisions("auto").predict(LINE)[0]
        == model.with_decisions(chosen).predict(LINE)[0]
    )
    for found in (model.tune_thresholds(VALID), model.calibrate(VALID)):
        with pytest.raises(fastcli.DataError, match="was replaced since the model was read"):
            found.save()
    with pytest.raises(fastcli.DataError, match="is for another model"):
        fastcli.load_model(path).with_decisions("auto")


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_a_model_with_decisions_is_a_model(folder, topics, tmp_path):
    texts = [line.split(" ", 1)[1] for line in TEST.read_text(encoding="utf-8").splitlines()]
    chosen = topics.tune_thresholds(VALID, "recallAtPrecision:95", k=-1)
    model = topics.with_decisions(chosen)
    labels, probs = model.predict(texts)
    batch = model.predict_batch(texts)
    assert batch.label_lists() == labels
    assert all(
        (ours == theirs).all() for ours, theirs in zip(batch.prob_lists(), probs, strict=True)
    )
    assert batch[0][0] == model.predict(texts[0])[0]
    report = model.report(TEST)
    assert model.test(TEST) == (report.n, report.precision, report.recall)
    assert model.explain(LINE) == topics.explain(LINE)
    assert model.labels == topics.labels == model.get_labels()
    assert model.with_decisions(chosen).predict(LINE)[0] == model.predict(LINE)[0]
    assert repr(model) == f"<DecidedModel of {topics!r}>"
    with pytest.raises(TypeError, match="k must be a whole number"):
        model.predict(LINE, k="2")
    with pytest.raises(TypeError, match="calibration must be that of"):
        topics.with_decisions(calibration=True)


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
@pytest.mark.parametrize(("name", "ends"), [("topics.bin", True), ("deep.mlp", False)])
def test_a_written_end_means_one_thing_to_a_model(folder, name, ends):
    model = fastcli.load_model(folder / name)
    decided = model.with_decisions(calibration=model.calibrate(VALID))
    first, more = "how to bake bread", "my car engine stalls on the highway"
    text = f"{first} </s> {more}"
    for predict in (
        lambda one: model.predict(one, k=-1)[1].tolist(),
        lambda one: model.predict_batch([one], k=-1).probs.tolist(),
        lambda one: decided.predict(one, k=-1)[1].tolist(),
        lambda one: decided.predict_batch([one], k=-1).probs.tolist(),
        lambda one: model.explain(one).score,
    ):
        assert (predict(text) == predict(first)) == ends


# ------------------------------------------------------------------ comparisons


def test_a_comparison_is_what_the_command_writes(folder, topics):
    paths = [folder / name for name in ("topics.bin", "ova.bin", "deep.mlp")]
    found = fastcli.compare(paths, TEST)
    assert [found.to_dict()] == printed("compare", *paths, TEST, "--json")
    assert found.models[found.best].accuracy == max(one.accuracy for one in found.models)
    assert {one.test for one in found.others} == {"mcnemar"}
    by_f1 = fastcli.compare(paths[:2], TEST, "f1macro", seed=3, k=2)
    options = ["--metric", "f1macro", "-seed", 3, "-k", 2, "--json"]
    assert [by_f1.to_dict()] == printed("compare", *paths[:2], TEST, *options)
    assert by_f1.others[0].interval is not None


def test_models_in_memory_are_compared(folder, topics):
    other = fastcli.load_model(folder / "deep.mlp")
    pairs = [line.split(" ", 1) for line in TEST.read_text(encoding="utf-8").splitlines()]
    found = fastcli.compare([topics, other], pairs)
    assert found.lines == 300
    assert [one.model for one in found.models] == [topics.path, other.path]
    decided = topics.with_decisions(topics.tune_thresholds(VALID))
    both = fastcli.compare([decided, topics], pairs)
    assert both.models[1] == found.models[0]
    with pytest.raises(fastcli.ArgumentError, match="two models or more"):
        fastcli.compare([topics], TEST)
    with pytest.raises(fastcli.ArgumentError, match="predicts numbers"):
        fastcli.compare([topics, folder / "numbers.mlp"], TEST)


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")  # on the delimiter
def test_tables_of_numbers_are_read_by_options(folder, tmp_path):
    model = fastcli.load_model(folder / "rows.mlp")
    text = (folder / "rows.csv").read_text(encoding="utf-8")
    path = tmp_path / "rows.txt"
    path.write_text(text.replace(",", ";"), encoding="utf-8")
    report = model.report(path, delimiter=";")
    options = ["--report", "--json", "--delimiter", ";"]
    assert [report.to_dict()] == printed("test", *options, folder / "rows.mlp", path)
    assert model.report(folder / "rows.csv").accuracy == report.accuracy
    chosen = model.tune_thresholds(path, delimiter=";")
    assert model.with_decisions(chosen).report(path, delimiter=";").n == report.n


def test_a_report_leaves_the_model_as_it_is_for_other_threads(folder, monkeypatch):
    from fastcli.evaluation import regression

    model, seen = fastcli.load_model(folder / "numbers.mlp"), []
    measured = regression.measured_numbers

    def measuring(predictor, blocks):
        seen.append((predictor.model.targets_read, model._model.targets_read))
        return measured(predictor, blocks)

    monkeypatch.setattr(regression, "measured_numbers", measuring)
    assert model.report(folder / "numbers.csv").n == 120
    assert seen == [("present", "ignored")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda m: m.report(TEST, require="f1>=2"), "require 'f1>=2': f1 is between"),
        (lambda m: m.report(TEST, errors="zz"), "errors='zz': the format is not known"),
        (lambda m: m.report(TEST, mistakes=-1), "mistakes must be 0 or more, not -1"),
        (lambda m: m.tune_thresholds(VALID, k=5), "k must be 1 or -1, not 5"),
        (lambda m: m.tune_thresholds(VALID, "loss"), "metric='loss': thresholds do not"),
        (lambda m: m.with_decisions("0.5"), "thresholds takes a file of tune-threshold"),
        (lambda m: fastcli.compare([m, m], TEST, thread=0), "thread must be 1 or more"),
        (lambda m: m.quantize(qout=True), "Matrix too small .* so leave qout out"),
    ],
)
def test_errors_name_arguments_as_calls_do(topics, asked, said):
    with pytest.raises(fastcli.ArgumentError, match=rf"^{said}"):
        asked(topics)


@pytest.mark.filterwarnings("ignore::fastcli.FastcliWarning")
def test_rows_are_judged_as_their_file_is(folder):
    for name in ("rows", "numbers"):
        model, path = fastcli.load_model(folder / f"{name}.mlp"), folder / f"{name}.csv"
        cells = [line.split(",") for line in path.read_text().splitlines()[1:]]
        x = np.array([row[:2] for row in cells], float)
        y = [row[2] if name == "rows" else float(row[2]) for row in cells]
        expected = model.report(path).to_dict()
        for given in ((x, y), [x.tolist(), np.array(y)]):
            assert model.report(given).to_dict() == expected
        with pytest.raises(fastcli.ArgumentError, match="y has 2 rows, and x has 120"):
            model.report((x, y[:2]))
        if name == "rows":
            chosen, others = (model.tune_thresholds(one).to_dict() for one in ((x, y), path))
            assert chosen | {"data": ""} == others | {"data": ""}
            assert model.calibrate((x, y)).temperature == model.calibrate(path).temperature
            decided = model.with_decisions(model.tune_thresholds((x, y)))
            assert decided.report((x, y)).n == 120


def test_arguments_of_the_wrong_kind_are_named(topics):
    pairs = [("cooking", "how to bake bread")]
    for said, call in (
        ("k must be a whole number, not str", lambda: topics.report(pairs, k="2")),
        ("k must be a whole number, not float", lambda: topics.report(pairs, k=2.5)),
        ("threshold must be a number", lambda: topics.report(pairs, threshold="x")),
        ("top must be a whole number", lambda: topics.explain(LINE, top=2.5)),
        ("k must be a whole number", lambda: topics.tune_thresholds(VALID, k="1")),
        ("data are paths, or pairs", lambda: topics.report(5)),
        ("thresholds must be that of", lambda: topics.with_decisions(True)),
    ):
        with pytest.raises(TypeError, match=said):
            call()
    for label in (None, b"cooking", [None], 1j):
        with pytest.raises(fastcli.ArgumentError, match="Pair 0: a label is a str or a number"):
            topics.report([(label, "how to bake bread")])


@pytest.mark.filterwarnings("ignore::fastcli.FastcliNote")
def test_labels_are_numbers_of_numpy_too(tmp_path):
    (tmp_path / "t.txt").write_text("__label__1 a b\n__label__2 c d\n" * 20)
    model = fastcli.train_supervised(str(tmp_path / "t.txt"), dim=2, thread=1, verbose=0)
    pairs = [(np.int64(1), "a b"), (np.array([2]), "c d"), ({1}, "a")]
    assert model.report(pairs).n == model.report([(1, "a b"), ([2], "c d"), (1, "a")]).n == 3
