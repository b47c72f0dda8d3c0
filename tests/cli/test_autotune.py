"""supervised -autotune-...: what it saves, says and writes down, metrics, sizes, resuming."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from tests.command import SAMPLES, environment, run, start

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
SMALL = ["-dim", 8, "-bucket", 2000]
MANUAL = "is manually set to a specific value. It will not be automatically optimized."


@pytest.fixture(scope="module", autouse=True)
def compiled(topics, tmp_path_factory):
    """Have all kernels compiled, so that the time of a search is that of its trials."""
    output = tmp_path_factory.mktemp("compiled") / "m"
    output.with_suffix(".bin").write_bytes(topics.read_bytes())
    retrain = ["-retrain", "-input", TRAIN, "-cutoff", 300, "-qnorm", "--test", TEST]
    assert run("quantize", "-output", output, "-verbose", 0, *retrain).text() == ""


def tune(output, *options, seconds=1, **more):
    """Run autotune on the topics sample."""
    files = ["-input", TRAIN, "-output", output, "-autotune-validation", TEST]
    return run("supervised", *files, "-autotune-duration", seconds, *SMALL, *options, **more)


def refused(output, *options, **more):
    """Run an autotune that fails; return what it says but for warnings."""
    result = tune(output, *options, **more)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return "".join(line for line in result.err.splitlines(True) if MANUAL not in line)


def trials_of(output):
    """Return the trials that were written down."""
    text = output.with_name(f"{output.name}.trials.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def best_of(trials):
    """Return the best trial, the first of equals."""
    return max((t for t in trials if t["score"] is not None), key=lambda t: t["score"])


def about_of(output):
    return json.loads(next(output.parent.glob(f"{output.name}.*.json")).read_text(encoding="utf-8"))


def f1(path, *options):
    """Return the F1 that ``test`` finds."""
    scores = json.loads(run("test", path, TEST, *options, "--json").text())
    p, r = scores["precision"], scores["recall"]
    return 2 * p * r / (p + r)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Return the -output of a run, and what it said."""
    output = tmp_path_factory.mktemp("tuned") / "m"
    result = tune(output, seconds=2)
    assert (result.code, result.out) == (0, b"")
    return output, result.err


@pytest.fixture(scope="module")
def sized(tmp_path_factory):
    """Return the -output of a run with a size, and what it said."""
    output = tmp_path_factory.mktemp("sized") / "m"
    result = tune(output, "-autotune-modelsize", "20k", seconds=2)
    assert (result.code, result.out) == (0, b"")
    return output, result.err


# ---------------------------------------------------------------- what is saved


def test_files(tuned):
    output, _ = tuned
    names = ["m.bin", "m.bin.json", "m.trials.jsonl", "m.vec"]
    assert sorted(path.name for path in output.parent.iterdir()) == names


def test_the_model_is_the_best_trial(tuned):
    output, _ = tuned
    best = best_of(trials_of(output))
    assert abs(f1(output.with_suffix(".bin")) - best["score"]) < 1e-9
    about = about_of(output)
    assert about["autotune"]["score"] == best["score"]
    assert about["autotune"]["trial"] == best["trial"]
    assert about["autotune"]["metric"] == "f1"
    args = load_model(f"{output}.bin").args
    for name in ("dim", "epoch", "word_ngrams", "minn", "maxn"):
        assert getattr(args, name) == best["arguments"][name] == about["arguments"][name]
    assert about["arguments"]["lr"] == best["arguments"]["lr"]
    assert about["size"] == output.with_suffix(".bin").stat().st_size


def test_the_command_to_paste_makes_the_same_file(tuned, tmp_path):
    output, said = tuned
    (command,) = about_of(output)["autotune"]["commands"]
    assert said.endswith(f"{command}\n")
    name, *words = shlex.split(command)
    assert name == "fastcli"
    assert words[words.index("-output") + 1] == str(output)
    words[words.index("-output") + 1] = str(tmp_path / "again")
    assert run(*words, "-verbose", 0).text() == ""
    for end in (".bin", ".vec"):
        again, ref = (tmp_path / "again").with_suffix(end), output.with_suffix(end)
        assert again.read_bytes() == ref.read_bytes()


def test_trials_file(tuned):
    output, _ = tuned
    trials = trials_of(output)
    assert [trial["trial"] for trial in trials] == list(range(1, len(trials) + 1))
    # The first has the arguments as given.
    first = {"epoch": 5, "lr": 0.1, "dim": 8, "word_ngrams": 1, "minn": 0, "maxn": 0}
    assert first.items() <= trials[0]["arguments"].items()
    for trial in trials:
        assert 0 <= trial["score"] <= 1
        assert (trial["metric"], trial["validation"]) == ("f1", str(TEST))
        assert (trial["arguments"]["dim"], trial["arguments"]["bucket"]) == (8, 2000)


def test_another_trials_file(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    result = tune(tmp_path / "m", "--autotune-trials", folder / "t.jsonl", "--no-vec")
    assert result.code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.bin", "m.bin.json", "other"]
    assert json.loads((folder / "t.jsonl").read_text().splitlines()[0])["trial"] == 1


def test_the_same_seed_tries_the_same(tuned, tmp_path):
    """As far as time lets both: it may cut epochs where it is short."""
    ref = trials_of(tuned[0])
    assert tune(tmp_path / "m", seconds=2).code == 0
    comp = trials_of(tmp_path / "m")
    for a, b in list(zip(ref, comp, strict=False))[:2]:
        epochs = a["arguments"].pop("epoch"), b["arguments"].pop("epoch")
        assert a["arguments"] == b["arguments"]
        if epochs[0] == epochs[1]:
            assert a["score"] == b["score"]


def test_save_output(tmp_path):
    assert tune(tmp_path / "m", "-saveOutput").code == 0
    assert (tmp_path / "m.output").read_text().startswith("6 8\n__label__")


def test_the_label_prefix_survives(tmp_path):
    for path in (TRAIN, TEST):
        (tmp_path / path.name).write_bytes(path.read_bytes().replace(b"__label__", b"#"))
    argv = ["-input", tmp_path / TRAIN.name, "-autotune-validation", tmp_path / TEST.name]
    options = ["-label", "#", "-output", tmp_path / "m", "-autotune-duration", 1, *SMALL]
    assert run("supervised", *argv, *options).code == 0
    result = run("test", tmp_path / "m.bin", tmp_path / TEST.name)
    assert (result.code, result.out.decode().split("\n")[0], result.err) == (0, "N\t300", "")


# ------------------------------------------------------------------ what it says


def test_manual_arguments_stay_and_are_warned_about(tmp_path):
    result = tune(tmp_path / "m", "-lr", 0.3, "-epoch", 7, "-wordNgrams", 2, "-maxn", 0)
    assert (result.code, result.out) == (0, b"")
    names = ["bucket", "dim", "epoch", "lr", "maxn", "wordNgrams"]
    warned = [line for line in result.err.splitlines() if line.startswith("Warning")]
    assert warned == [f"Warning : {name} {MANUAL}" for name in names]
    fixed = {"lr": 0.3, "epoch": 7, "word_ngrams": 2, "minn": 0, "maxn": 0, **{"dim": 8}}
    for trial in trials_of(tmp_path / "m"):
        assert fixed.items() <= trial["arguments"].items()


def test_manual_arguments_with_their_default_stay_too(tmp_path):
    result = tune(tmp_path / "m", "-epoch", 5)
    assert f"Warning : epoch {MANUAL}\n" in result.err
    assert {trial["arguments"]["epoch"] for trial in trials_of(tmp_path / "m")} == {5}


def test_table_of_trials(tuned):
    output, said = tuned
    lines = said.splitlines()
    head = next(i for i, line in enumerate(lines) if line.split()[0] == "trial")
    trials = trials_of(output)
    for trial, line in zip(trials, lines[head + 1 :], strict=False):
        number, score, _, lr, epoch, *_ = line.split()
        assert (int(number), score) == (trial["trial"], f"{trial['score']:.6f}")
        assert (float(lr), int(epoch)) == (trial["arguments"]["lr"], trial["arguments"]["epoch"])
    best = best_of(trials)
    stars = [line for line in lines[head + 1 :] if line.endswith(" *")]
    assert int(stars[-1].split()[0]) == best["trial"]
    assert f"number {best['trial']}, f1 {best['score']:.6f}; {output}.bin is its model." in said


def test_verbose_0_is_silent(tmp_path):
    assert tune(tmp_path / "m", "-verbose", 0).text() == ""
    assert (tmp_path / "m.bin").exists()


def test_verbose_3_shows_trials_on_stdout(tmp_path):
    result = tune(tmp_path / "m", "-verbose", 3)
    assert result.code == 0
    blocks = result.out.decode().split("Trial = ")[1:]
    for block, trial in zip(blocks, trials_of(tmp_path / "m"), strict=True):
        number, *lines = block.splitlines()
        assert int(number) == trial["trial"]
        values = dict(line.split(" = ") for line in lines)
        arguments = trial["arguments"]
        assert float(values["lr"]) == arguments["lr"]
        assert int(values["wordNgrams"]) == arguments["word_ngrams"]
        assert values["currentScore"] == f"{trial['score']:g}"


# ----------------------------------------------------------------------- metrics

LABEL = "__label__travel"


def naive_score(metric, path):
    """Score a model by the book, from what the other commands say of it."""
    name, _, rest = metric.partition(":")
    if name in ("f1", "f1macro", "accuracy"):
        if metric == "f1":
            return f1(path)
        if name == "accuracy":
            return json.loads(run("test", path, TEST, "--json").text())["precision"]
        lines = run("test-label", path, TEST).text().splitlines()[:6]
        scores = {line.split()[-1]: float(line.split()[2]) for line in lines}
        return scores[rest] if rest else float(np.mean(list(scores.values())))
    percent, _, label = rest.partition(":")
    answers = run("predict-prob", path, TEST, "--json").text().splitlines()
    found = []
    n_gold = 0
    for line, answer in zip(TEST.read_text("utf-8").splitlines(), answers, strict=True):
        gold = line.split()[0]
        n_gold += not label or gold == label
        said = json.loads(answer)
        if not label or said["labels"] == [label]:
            found.append((said["probabilities"][0], said["labels"] == [gold]))
    best = 0.0
    for threshold in sorted({p for p, _ in found}, reverse=True):
        made = [right for p, right in found if p >= threshold]
        precision, recall = sum(made) / len(made), sum(made) / n_gold
        x, y = (precision, recall) if name == "precisionAtRecall" else (recall, precision)
        if y >= float(percent) / 100:
            best = max(best, x)
        if sum(made) == n_gold:
            break
    return best


@pytest.mark.parametrize(
    "metric",
    [
        "f1",
        f"f1:{LABEL}",
        "f1macro",
        "accuracy",
        "precisionAtRecall:80",
        f"precisionAtRecall:80:{LABEL}",
        "recallAtPrecision:90",
        f"recallAtPrecision:90:{LABEL}",
    ],
)
def test_metrics(metric, tmp_path):
    result = tune(tmp_path / "m", "-autotune-metric", metric, "--no-vec")
    assert (result.code, result.out) == (0, b"")
    best = best_of(trials_of(tmp_path / "m"))
    assert best["metric"] == metric
    assert 0 < best["score"] <= 1
    assert abs(naive_score(metric, tmp_path / "m.bin") - best["score"]) < 1e-5


def test_several_predictions(tmp_path):
    assert tune(tmp_path / "m", "-autotune-predictions", 2, "--no-vec").code == 0
    best = best_of(trials_of(tmp_path / "m"))
    assert best["predictions"] == 2
    assert abs(f1(tmp_path / "m.bin", 2) - best["score"]) < 1e-9


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("f2", "Unknown metric : f2 (did you mean f1?). Known: f1[:LABEL], "),
        ("", "Unknown metric : "),
        ("F1", "Unknown metric : F1"),
        ("f1:", "Empty metric label : f1:"),
        ("f1macro:x", "Unknown metric : f1macro:x"),
        ("accuracy:x", "Unknown metric : accuracy:x"),
        ("precisionAtRecall", "precisionAtRecall needs a percentage"),
        ("precisionAtRecall:", "precisionAtRecall needs a percentage"),
        ("precisionAtRecall:x", "precisionAtRecall needs a percentage"),
        ("recallAtPrecision:101", "recallAtPrecision needs a percentage"),
        ("recallAtPrecision:-1", "recallAtPrecision needs a percentage"),
        ("recallAtPrecision:nan", "recallAtPrecision needs a percentage"),
        ("recallAtPrecision:30:", "Empty metric label : recallAtPrecision:30:"),
    ],
)
def test_metrics_that_are_none(metric, said, former):
    err = refused(former, "-autotune-metric", metric)
    assert err.startswith(said)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("metric", ["f1:__label__zzz", "precisionAtRecall:30:Travel"])
def test_labels_that_are_none(metric, tmp_path):
    err = refused(tmp_path / "m", "-autotune-metric", metric)
    assert err.startswith("Unknown autotune metric label ")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "m.bin").exists()


# --------------------------------------------------------------------- a size


def test_only_a_small_file(sized):
    output, _ = sized
    names = ["m.ftz", "m.ftz.json", "m.trials.jsonl", "m.vec"]
    assert sorted(path.name for path in output.parent.iterdir()) == names
    assert output.with_suffix(".ftz").stat().st_size <= 20000
    best = best_of(trials_of(output))
    assert abs(f1(output.with_suffix(".ftz")) - best["score"]) < 1e-9
    assert best["modelsize"] == 20000
    assert about_of(output)["size"] == output.with_suffix(".ftz").stat().st_size


def test_vectors_of_a_small_file(sized):
    output, _ = sized
    head, *lines = output.with_suffix(".vec").read_text(encoding="utf-8").splitlines(True)
    words = [line.split(" ")[0] for line in lines]
    assert head == f"{len(words)} 8\n"
    stdin = " ".join(words).encode()
    assert run("print-word-vectors", f"{output}.ftz", stdin=stdin).text() == "".join(lines)


def test_the_commands_to_paste_make_the_same_small_file(sized, tmp_path):
    output, said = sized
    commands = about_of(output)["autotune"]["commands"]
    assert said.endswith("".join(f"{command}\n" for command in commands))
    for command in commands:
        _, *words = shlex.split(command)
        words[words.index("-output") + 1] = str(tmp_path / "again")
        assert run(*words, "-verbose", 0).text() == ""
    ref = output.with_suffix(".ftz").read_bytes()
    assert (tmp_path / "again.ftz").read_bytes() == ref


def needed(err):
    """Return the size that an error names as enough."""
    found = re.fullmatch(
        r"Couldn't fulfil model size constraint: .*, and ([\d,]+) bytes are surely enough for one; "
        r"[\d,]+ are asked for\.",
        err.splitlines()[-1],
    )
    return int(found[1].replace(",", ""))


def test_a_size_that_cannot_be_kept(tmp_path):
    """Nothing is trained, and the size that is named is enough."""
    output = tmp_path / "m"
    size = needed(refused(output, "-autotune-modelsize", 1000))
    assert list(tmp_path.iterdir()) == []
    assert tune(output, "-autotune-modelsize", size).code == 0
    assert output.with_suffix(".ftz").stat().st_size <= size
    assert best_of(trials_of(output))["score"] > 0.3


def test_dims_that_cannot_fit_are_not_trained(tmp_path):
    """The default one has codebooks of 100 kB; the search continues with smaller ones."""
    output = tmp_path / "m"
    files = ["-input", TRAIN, "-output", output, "-autotune-validation", TEST, "--no-vec"]
    options = ["-autotune-duration", 1, "-autotune-modelsize", "30k", "-bucket", 2000]
    result = run("supervised", *files, *options)
    assert (result.code, result.out) == (0, b"")
    first, *others = trials_of(output)
    assert (first["arguments"]["dim"], first["score"]) == (100, None)
    assert first["note"] == "no model that small, not trained"
    assert first["training_seconds"] == 0
    assert others
    for trial in others:
        assert trial["arguments"]["dim"] < 30
        assert trial["score"] is not None
    assert output.with_suffix(".ftz").stat().st_size <= 30_000


def test_resuming_trains_nothing_that_cannot_fit(tmp_path):
    output = tmp_path / "m"
    files = ["-input", TRAIN, "-output", output, "-autotune-validation", TEST, "--no-vec"]
    options = ["-autotune-duration", 1, "-autotune-modelsize", "30k", "-bucket", 2000]
    assert run("supervised", *files, *options).code == 0
    n = len(trials_of(output))
    assert run("supervised", *files, *options, "--autotune-resume").code == 0
    first, *others = trials_of(output)[n:]
    assert first["score"] is not None or first["note"] == "no model that small, not trained"
    assert all(trial["score"] is not None for trial in others)


THREE = b"__label__a one two three\n__label__b four five six\n__label__a one five seven\n"


@pytest.fixture
def three(tmp_path):
    """Return a function that runs autotune on three lines of text."""
    text = tmp_path / "three.txt"
    text.write_bytes(THREE)

    def call(*options):
        files = ["-input", text, "-output", tmp_path / "m", "-autotune-validation", text]
        return run("supervised", *files, "-autotune-duration", 1, "--no-vec", *options)

    return call


@pytest.mark.parametrize("size", ["8M", "20k", 4277, 3000, 500])
def test_what_cannot_be_quantized_is_kept_as_it_is(size, three, tmp_path):
    """Three lines have eight words: no 256 rows.  Dim 100 takes 4,277 bytes."""
    result = three("-autotune-modelsize", size)
    assert (result.code, result.out) == (0, b"")
    names = ["m.bin", "m.bin.json", "m.trials.jsonl", "three.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    model = tmp_path / "m.bin"
    n_bytes = model.stat().st_size
    assert n_bytes <= {"8M": 8_000_000, "20k": 20_000}.get(size, size)
    assert (
        f"{model} is kept instead of a .ftz: it has {n_bytes:,} bytes, and fewer than 256 rows"
        in (result.err)
    )
    assert f"; {model} is its model." in result.err
    about = about_of(tmp_path / "m")
    assert about["size"] == n_bytes
    (command,) = about["autotune"]["commands"]
    assert result.err.endswith(f"{command}\n")
    data = model.read_bytes()
    assert run(*shlex.split(command)[1:], "-verbose", 0).code == 0
    assert model.read_bytes() == data


def test_a_size_that_no_bin_has(three, tmp_path):
    """Dim 1 takes 317 bytes, dim 100 takes 4,277: 40 a dimension, and 277 for all else."""
    result = three("-autotune-modelsize", 316)
    assert (result.code, result.out) == (1, b"")
    assert needed(result.err) == 317
    assert [path.name for path in tmp_path.iterdir()] == ["three.txt"]
    assert three("-autotune-modelsize", 317).code == 0
    assert needed(three("-autotune-modelsize", 4276, "-dim", 100).err) == 4277
    assert three("-autotune-modelsize", 4277, "-dim", 100).code == 0


def test_few_rows_of_many_buckets(three, tmp_path):
    """The .bin is large, and the rows that are not zero are few."""
    result = three("-autotune-modelsize", "20k", "-wordNgrams", 2, "-dim", 5, "-bucket", 100_000)
    assert (result.code, result.out) == (0, b"")
    ref = (tmp_path / "m.ftz").read_bytes()
    assert load_model(str(tmp_path / "m.ftz")).wi.n_rows < 20
    for command in about_of(tmp_path / "m")["autotune"]["commands"]:
        assert run(*shlex.split(command)[1:], "-verbose", 0).code == 0
    assert (tmp_path / "m.ftz").read_bytes() == ref


def test_the_commands_make_a_model_of_all_words_again(tmp_path):
    """Where all rows stay there is nothing to retrain."""
    output = tmp_path / "m"
    assert tune(output, "-autotune-modelsize", "1M", "-wordNgrams", 1, "-maxn", 0).code == 0
    ref = output.with_suffix(".ftz").read_bytes()
    assert load_model(f"{output}.ftz").bucket_rows is None
    commands = about_of(output)["autotune"]["commands"]
    assert "-retrain" not in commands[1]
    for command in commands:
        assert run(*shlex.split(command)[1:], "-verbose", 0).text() == ""
    assert output.with_suffix(".ftz").read_bytes() == ref


@pytest.mark.parametrize("size", ["2x", "M", "0", "-1", "1.5M"])
def test_sizes_that_are_none(size, former):
    err = refused(former, f"-autotune-modelsize={size}")
    assert err.startswith(f"Unable to parse model size {size}")


def test_output_rows_of_a_small_file(former):
    err = refused(former, "-autotune-modelsize", "1M", "-saveOutput")
    assert err == "Option -saveOutput is not supported for quantized models.\n"


@pytest.mark.parametrize(
    "options",
    [
        ("-seed", 7, "-minn", 2, "-maxn", 4),
        ("-seed", 3, "-wordNgrams", 2, "--no-shuffle"),
        ("-optimizer", "adam", "-wordNgrams", 2),
    ],
    ids=lambda options: options[0] + str(options[1]),
)
def test_the_commands_reproduce_a_model_that_was_retrained(options, tmp_path):
    """Also where the JSON file beside the .bin is lost."""
    output = tmp_path / "m"
    # What compiling takes is no part of the time for trials.
    assert run("supervised", "-input", TRAIN, "-output", tmp_path / "first", *options).code == 0
    limits = ["-autotune-modelsize", "25k", "--no-vec"]
    assert tune(output, *limits, *options, seconds=4).code == 0
    ref = output.with_suffix(".ftz").read_bytes()
    first, second = about_of(output)["autotune"]["commands"]
    assert "-retrain" in second
    assert run(*shlex.split(first)[1:], "-verbose", 0).text() == ""
    output.with_suffix(".bin.json").unlink()
    output.with_suffix(".ftz").unlink()
    assert run(*shlex.split(second)[1:], "-verbose", 0).text() == ""
    assert output.with_suffix(".ftz").read_bytes() == ref


def test_a_model_of_an_earlier_run_is_named(tmp_path):
    output = tmp_path / "m"
    size = ["-autotune-modelsize", "20k", "--no-vec"]
    said = f"{output}.bin of an earlier run is still there; the model of this one is {output}.ftz."
    assert said not in tune(output, *size).err
    output.with_suffix(".bin").write_bytes(b"former")
    assert f"{said}\n" in tune(output, *size).err
    assert output.with_suffix(".bin").read_bytes() == b"former"


def test_a_small_file_of_an_earlier_run_is_named(three, tmp_path):
    output = tmp_path / "m"
    output.with_suffix(".ftz").write_bytes(b"former")
    said = f"{output}.ftz of an earlier run is still there; the model of this one is {output}.bin."
    assert f"{said}\n" in three("-autotune-modelsize", 4277).err
    assert output.with_suffix(".ftz").read_bytes() == b"former"


def test_ngrams_that_are_left_out_are_said(three):
    """Their buckets are 2 million rows, which no .bin of this size has."""
    said = (
        "tokens, too few to quantize a model. Arguments whose .bin with n-grams is larger than "
        "8,000,000 bytes are tried without n-grams; -wordNgrams, -minn and -maxn given by hand "
        "stay.\n"
    )
    assert three("-autotune-modelsize", "8M").err.count(said) == 1


def test_ngrams_that_fit_are_tried(three, tmp_path):
    result = three("-autotune-modelsize", "8M", "-bucket", 1000, "-dim", 5)
    assert result.code == 0
    assert "without n-grams" not in result.err
    assert {t["arguments"]["word_ngrams"] for t in trials_of(tmp_path / "m")} > {1}


def test_arguments_by_hand_that_may_fit_are_trained(tmp_path):
    """Between the bounds it depends on how long the words are whose rows are kept."""
    output = tmp_path / "m"
    by_hand = ["-wordNgrams", 1, "-maxn", 0, "-dsub", 2, "--no-vec"]
    err = refused(output, "-autotune-modelsize", 1000, *by_hand)
    lower, upper = (
        int(size.replace(",", "")) for size in re.findall(r"(?:at least|, and) ([\d,]+) bytes", err)
    )
    size = (lower + 2 * upper) // 3
    assert lower < size < upper
    assert tune(output, "-autotune-modelsize", size, *by_hand).code == 0
    first = trials_of(output)[0]
    assert first["score"] is not None
    assert output.with_suffix(".ftz").stat().st_size <= size


# -------------------------------------------------------------------- resuming


def test_resuming_goes_on(tmp_path):
    output = tmp_path / "m"
    assert tune(output, "--no-vec").code == 0
    former = trials_of(output)
    assert tune(output, "--no-vec", "--autotune-resume").code == 0
    trials = trials_of(output)
    assert trials[: len(former)] == former
    assert [trial["trial"] for trial in trials] == list(range(1, len(trials) + 1))
    best = best_of(trials)
    assert abs(f1(f"{output}.bin") - best["score"]) < 1e-9
    assert about_of(output)["autotune"]["trial"] == best["trial"]


def test_resuming_where_an_earlier_run_had_the_best(tmp_path):
    """Its model is trained again, and is the same."""
    output = tmp_path / "m"
    assert tune(output, "--no-vec", "-lr", 0.5, "-epoch", 20).code == 0
    model = output.with_suffix(".bin").read_bytes()
    best = about_of(output)["autotune"]["trial"]
    path = tmp_path / "m.trials.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["score"] = 1.5 if line["trial"] == best else line["score"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    output.with_suffix(".bin").unlink()
    options = ["--no-vec", "-lr", 0.5, "-epoch", 20, "--autotune-resume"]
    assert tune(output, *options).code == 0
    assert output.with_suffix(".bin").read_bytes() == model


def test_resuming_from_nothing(tmp_path):
    err = refused(tmp_path / "m", "--autotune-resume")
    assert err.startswith(f"{tmp_path / 'm'}.trials.jsonl does not exist")
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [b"no json\n", b"[]\n", b"{}\n", b'{"trial": 1, "score": 1, "seconds": 1}\n', b"\n"],
    ids=range(5),
)
def test_resuming_from_files_of_something_else(text, tmp_path):
    path = tmp_path / "m.trials.jsonl"
    path.write_bytes(text)
    err = refused(tmp_path / "m", "--autotune-resume")
    assert err.startswith(f"{path} is not a trials file")
    assert len(err.splitlines()) == 1
    assert path.read_bytes() == text
    assert [p.name for p in tmp_path.iterdir()] == ["m.trials.jsonl"]


@pytest.mark.parametrize(
    "options",
    [
        ("-autotune-metric", "f1macro"),
        ("-autotune-predictions", 2),
        ("-autotune-modelsize", "20k"),
        ("-seed", 3),
        ("-minCount", 2),
        ("-autotune-validation", TRAIN),
        ("-input", TEST),
    ],
    ids=lambda options: options[0],
)
def test_resuming_another_question(options, tuned, tmp_path):
    path = tmp_path / "m.trials.jsonl"
    path.write_bytes(tuned[0].with_name("m.trials.jsonl").read_bytes())
    former = path.read_bytes()
    err = refused(tmp_path / "m", "--autotune-resume", *options)
    assert err.startswith(f"{path} is from a run with other files or arguments")
    assert len(err.splitlines()) == 1
    assert path.read_bytes() == former


def test_messages_about_resuming_name_the_option(tmp_path):
    assert "--autotune-resume" in refused(tmp_path / "m", "--autotune-resume")


# ------------------------------------------------------------- what leaves nothing


def test_too_little_time(former):
    """The first trial cannot end; fastText's words, and no file."""
    trials = former.parent.parent / "t.jsonl"
    options = ["-epoch", 10**7, "--autotune-trials", trials]
    err = refused(former, *options)
    assert err.splitlines()[-1].startswith(
        "Didn't have enough time to train once: please increase `autotune-duration`."
    )


def test_missing_validation_file(former, tmp_path):
    path = tmp_path / "missing.txt"
    for where in (path, tmp_path):
        err = refused(former, "-autotune-validation", where)
        assert err.startswith(f"Validation file cannot be opened! ({where}: ")
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"no label here\n", b"__label__unknown the train\n"], ids=range(4)
)
def test_unusable_validation_file(text, former, tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(text)
    options = ["-autotune-validation", path, "--autotune-trials", tmp_path / "t.jsonl"]
    err = refused(former, *options)
    assert err.startswith(f"{path} has no line with a label and a word of the model")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-autotune-duration", 0), "-autotune-duration must be 1 or more, not 0."),
        (("-autotune-duration", -5), "-autotune-duration must be 1 or more, not -5."),
        (("-autotune-predictions", 0), "-autotune-predictions must be 1 or more, not 0."),
        (("-lr", -1), "-lr must be 0 or more, not -1.0."),
        (("-thread", 0), "-thread must be 1 or more, not 0."),
    ],
    ids=str,
)
def test_values_that_cannot_work(options, said, former):
    assert refused(former, *options) == f"{said}\n"


def test_accuracy_of_several_predictions(former):
    err = refused(former, "-autotune-metric", "accuracy", "-autotune-predictions", 2)
    assert err.startswith("-autotune-metric accuracy uses one prediction per line")


def test_missing_input(former, tmp_path):
    path = tmp_path / "missing.txt"
    trials = ["--autotune-trials", tmp_path / "t.jsonl"]
    err = refused(former, "-input", path, *trials)
    assert err.startswith(f"{path} cannot be opened for training!")
    assert len(err.splitlines()) == 1


def test_failing_keeps_the_former_trials(tuned, tmp_path):
    path = tmp_path / "m.trials.jsonl"
    former = tuned[0].with_name("m.trials.jsonl").read_bytes()
    path.write_bytes(former)
    assert refused(tmp_path / "m", "-input", tmp_path / "missing.txt")
    assert path.read_bytes() == former


def test_trials_that_cannot_be_written(former, tmp_path):
    path = tmp_path / "nofolder" / "t.jsonl"
    err = refused(former, "--autotune-trials", path)
    assert err.startswith(f"{path} cannot be opened for saving")
    assert len(err.splitlines()) == 1


def test_divergence_of_every_trial(former, tmp_path):
    """None has a score: nothing is saved."""
    result = tune(former, "-lr", 1e36, "--autotune-trials", tmp_path / "t.jsonl")
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    assert "diverged" in result.err
    lines = (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["score"] for line in lines} == {None}


@pytest.mark.parametrize("command", ["skipgram", "cbow"])
def test_word_vectors(command, former):
    argv = ["-input", TRAIN, "-output", former, "-autotune-validation", TEST]
    result = run(command, *argv)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("Autotune is for classifiers")


# -------------------------------------------------------------------- interrupts


def tune_until(n_trials, output, *options):
    """Start a long autotune; interrupt it after some trials; return code, stdout and stderr."""
    files = ["-input", TRAIN, "-output", output, "-autotune-validation", TEST]
    child = start("supervised", *files, "-autotune-duration", 600, *SMALL, *options)
    said = b""
    try:
        for line in child.stderr:
            said += line
            if line.split() and line.split()[0] == str(n_trials).encode():
                break
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    return child.returncode, out, (said + err).decode()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("options", [(), ("-autotune-modelsize", "20k")], ids=["bin", "ftz"])
def test_an_interrupt_saves_the_best(options, tmp_path):
    code, out, err = tune_until(2, tmp_path / "m", *options)
    assert (code, out) == (0, b"")
    assert "Traceback" not in err
    assert "Aborting autotune: the best model so far is saved.\n" in err
    best = best_of(trials_of(tmp_path / "m"))
    path = tmp_path / ("m.ftz" if options else "m.bin")
    assert abs(f1(path) - best["score"]) < 1e-9
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_before_the_first_trial_is_done(former):
    """There is nothing to save."""
    files = ["-input", TRAIN, "-output", former, "-autotune-validation", TEST]
    trials = former.parent.parent / "t.jsonl"
    options = ["-autotune-duration", 600, "-epoch", 10**7, "--autotune-trials", trials]
    child = start("supervised", *files, *options, *SMALL)
    try:
        child.stderr.readline()  # a warning: the search is about to begin
        time.sleep(1)
        assert child.poll() is None
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (child.returncode, out) == (130, b"")
    assert b"Interrupted" in err
    assert b"Traceback" not in err


WHILE_TUNING = (
    "import sys\n"
    "from fastcli.fasttext import tune_and_save\n"
    "from fastcli.jit import build\n"
    "link, loaded = build._link, []\n"
    "build._link = lambda kernel, code: loaded.append(kernel.__name__) or link(kernel, code)\n"
    "tune = tune_and_save.autotune\n"
    "def autotune(*args):\n"
    "    before = len(loaded)\n"
    "    try:\n"
    "        return tune(*args)\n"
    "    finally:\n"
    "        print('before', before, 'while', *loaded[before:], file=sys.stderr)\n"
    "tune_and_save.autotune = autotune\n"
    "from fastcli.cli import main\n"
    "main()\n"
)


@pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="nothing is compiled"
)
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["-loss", "hs", "-minn", 2, "-maxn", 3],
        ["-loss", "ova", "--optimizer", "adam"],
        ["-autotune-modelsize", "200K"],
    ],
    ids=str,
)
def test_no_kernel_is_loaded_while_the_clock_runs(options, tmp_path):
    """Compiling is no time of a trial, so all that trials and scoring need is there before."""
    files = ["-input", SAMPLES / "topics.train.txt", "-output", tmp_path / "m", "-no-vec"]
    tuning = ["-autotune-validation", SAMPLES / "topics.valid.txt", "-autotune-duration", 1]
    argv = ["supervised", *files, *tuning, "-dim", 4, "-bucket", 1000, "-thread", 1, *options]
    done = subprocess.run(
        [sys.executable, "-c", WHILE_TUNING, *map(str, argv)],
        capture_output=True,
        env=environment(),
        check=False,
    )
    said = done.stderr.decode()
    found = re.search(r"^before (\d+) while *(.*)$", said, re.MULTILINE)
    assert found is not None, said
    assert int(found[1]) > 10
    assert found[2] == ""


def test_a_percentage_below_1_is_asked_about(tmp_path):
    result = tune(tmp_path / "m", "-autotune-metric", "recallAtPrecision:0.9", "--no-vec")
    assert result.code == 0
    said = "recallAtPrecision:0.9 is 0.9 percent, as in fastText: was recallAtPrecision:90 meant?"
    assert result.err.count(said) == 1


@pytest.mark.parametrize("metric", ["logloss", "error"])
def test_metrics_that_are_better_where_they_are_smaller(metric, tmp_path):
    result = tune(tmp_path / "m", "-autotune-metric", metric, "--no-vec")
    assert (result.code, result.out) == (0, b"")
    scores = [one["score"] for one in trials_of(tmp_path / "m") if one["score"] is not None]
    assert len(scores) > 1
    assert about_of(tmp_path / "m")["autotune"]["score"] == min(scores)
    report = json.loads(run("test", "--report", "--json", tmp_path / "m.bin", TEST).text())
    value = 1 - report["accuracy"] if metric == "error" else report["fastcli"]["log_loss"]
    assert min(scores) == pytest.approx(value, rel=1e-5)
