"""Training from a program: the bytes of the command line, its sentences, callbacks, interrupts."""

import contextvars
import gzip
import re
import signal
import sys
import threading
import warnings

import pytest

import fastcli
from fastcli import notices
from fastcli.api.told import announcements
from fastcli.jit import build
from fastcli.threads import run_on
from tests import typed_options
from tests.command import SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
SMALL = {"dim": 8, "bucket": 500, "epoch": 3, "lr": 0.5, "verbose": 0}
WORDS = {"dim": 8, "bucket": 500, "thread": 1, "verbose": 0}


def words_of(options):
    """Return options as the command line has them."""
    words = []
    for name, value in options.items():
        several = value if isinstance(value, list) else [value]
        flag = "--" + name.replace("_", "-") if "_" in name else f"-{name}"
        words += [flag] if value is True else [w for one in several for w in (flag, one)]
    return words


def trained(tmp_path, command, source, options):
    """Train with the module and with the command; return the files of both, and the model."""
    inputs = source if isinstance(source, list) else [source]
    words = [word for path in inputs for word in ("-input", path)]
    result = run(command, *words, "-output", tmp_path / "command", *words_of(options))
    assert (result.code, result.err) == (0, "")
    if command == "supervised":
        model = fastcli.train_supervised(source, **options)
    else:
        model = fastcli.train_unsupervised(source, command, **options)
    model.save_model(tmp_path / "module.bin")
    return (tmp_path / "module.bin").read_bytes(), (tmp_path / "command.bin").read_bytes(), model


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "softmax", "wordNgrams": 2},
        {"loss": "hs", "minn": 2, "maxn": 3},
        {"loss": "ns", "neg": 3, "seed": 4},
        {"loss": "ova", "optimizer": "adam", "class_weight": "balanced"},
        {"valid": VALID, "patience": 1, "eval_every": "100steps"},
        {"valid_share": 0.2, "patience": 1},
    ],
)
def test_classifiers_have_the_bytes_of_the_command(options, tmp_path):
    module, command, model = trained(tmp_path, "supervised", TRAIN, {**SMALL, **options})
    assert module == command
    saved = fastcli.load_model(tmp_path / "command.bin")
    lines = VALID.read_text(encoding="utf-8").splitlines()[:40]
    for one, other in zip(model.predict(lines, 3), saved.predict(lines, 3), strict=True):
        assert list(map(list, one)) == list(map(list, other))
    assert bool(model.history) == ("eval_every" in options or "patience" in options)
    assert model.interrupted == 0


@pytest.mark.parametrize("command", ["skipgram", "cbow"])
def test_word_vectors_have_the_bytes_of_the_command(command, tmp_path):
    module, expected, _ = trained(tmp_path, command, TRAIN, WORDS)
    assert module == expected


def test_word_vectors_to_start_from(tmp_path):
    fastcli.train_unsupervised(TRAIN, output=tmp_path / "words", **WORDS)
    options = {"lr": 0.5, "epoch": 2, "pretrainedVectors": tmp_path / "words.vec", "verbose": 0}
    module, command, model = trained(tmp_path, "supervised", TRAIN, options)
    assert module == command
    assert model.get_dimension() == 8  # that of the vectors


def test_tables_and_several_files(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("kind,text\n" + "fruit,apple banana\ncar,wheel engine\n" * 20)
    more = tmp_path / "more.csv"
    more.write_text("kind,text,n\n" + "fruit,apple cherry,2\ncar,road engine,0.5\n" * 20)
    columns = {"text_column": "text", "label_column": "kind", "valid": str(more)}
    module, command, model = trained(tmp_path, "supervised", table, {**SMALL, **columns})
    assert module == command
    assert set(model.labels) == {"__label__fruit", "__label__car"}
    columns = {"text_column": ["text"], "label_column": "kind", "weight_column": 2}
    module, command, _ = trained(tmp_path, "supervised", more, {**SMALL, **columns})
    assert module == command
    module, command, _ = trained(tmp_path, "supervised", [TRAIN, VALID], SMALL)
    assert module == command
    (tmp_path / "list").write_text(f"{TRAIN}\n{VALID}\n")
    listed = fastcli.train_supervised([], files_from=tmp_path / "list", **SMALL)
    listed.save_model(tmp_path / "listed.bin")
    assert (tmp_path / "listed.bin").read_bytes() == module


def test_going_on_with_a_model_and_quantizing_it(tmp_path, monkeypatch):
    monkeypatch.setattr("fastcli.fasttext.whole_model.ROWS_AT_ONCE", 100)
    fastcli.train_supervised(TRAIN, output=str(tmp_path / "old"), **SMALL)
    more = {"epoch": 2, "verbose": 0, "input_model": tmp_path / "old.bin"}
    module, command, model = trained(tmp_path, "supervised", VALID, more)
    assert module == command
    model.quantize(input=str(TRAIN), qnorm=True, retrain=True, cutoff=300, verbose=0)
    model.save_model(tmp_path / "module.ftz")
    options = ["-qnorm", "-retrain", "-input", TRAIN, "-cutoff", 300, "-verbose", 0]
    assert run("quantize", "-output", tmp_path / "command", *options).code == 0
    assert (tmp_path / "module.ftz").read_bytes() == (tmp_path / "command.ftz").read_bytes()


def test_lines_are_those_of_a_file(tmp_path):
    whole = fastcli.train_supervised(TRAIN, **SMALL, valid_share=0.1)
    with open(TRAIN, encoding="utf-8") as file:
        some = fastcli.train_supervised(lines=file, **SMALL, valid_share=0.1)
    for name, model in (("whole", whole), ("some", some)):
        model.save_model(tmp_path / f"{name}.bin")
    assert (tmp_path / "whole.bin").read_bytes() == (tmp_path / "some.bin").read_bytes()
    words = fastcli.train_unsupervised(lines=("rice beans" for _ in range(9)), minCount=1, **WORDS)
    assert sorted(words.words) == ["</s>", "beans", "rice"]
    for wrong, error in (
        ({"lines": "rice"}, "lines is a list of lines"),
        ({"lines": [b"rice"]}, "lines: number 0 is bytes"),
        ({"lines": ["__label__a x", "a\nb"]}, "lines: number 1 has a line end"),
        ({"lines": [], "input": TRAIN}, "Give input, one or more paths, or lines"),
        ({"lines": ["no label"]}, "No label found in (lines)"),
        ({"lines": []}, "Empty vocabulary"),
        ({}, "Give input"),
    ):
        with pytest.raises(ValueError, match=re.escape(error)):
            fastcli.train_supervised(**SMALL, **wrong)


def test_output_writes_the_files_of_the_command(tmp_path):
    options = {**SMALL, "valid": str(VALID), "log": str(tmp_path / "log")}
    model = fastcli.train_supervised(TRAIN, output=tmp_path / "m", **options)
    assert model.path == str(tmp_path / "m.bin")
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    words = ["-input", TRAIN, "-output", tmp_path / "m", *words_of(options)]
    assert run("supervised", *words).code == 0
    again = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {*files} == {*again} == {"m.bin", "m.vec", "m.bin.json", "log"}
    del files["log"], again["log"]  # which has seconds
    assert files == again


def test_autotune_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trials = []

    def until_two(now):
        trials.extend([now.trial] if now.trial else [])
        return fastcli.STOP if len(trials) == 2 else None

    model = fastcli.train_supervised(
        input=TRAIN, dim=8, verbose=0, autotuneValidationFile=str(VALID), callback=until_two
    )
    assert [one.number for one in trials] == [1, 2]
    assert list(tmp_path.iterdir()) == []  # no file of trials
    best = max(trials, key=lambda one: (one.score, -one.number))
    assert (model.epoch, model.lr) == (best.arguments["epoch"], best.arguments["lr"])
    arguments = {name: value for name, value in best.arguments.items() if name != "dsub"}
    again = fastcli.train_supervised(TRAIN, verbose=0, **arguments)
    model.save_model("a.bin")
    again.save_model("b.bin")
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()


# ----------------------------------------------------------------------------------- arguments


def test_positions_and_names_are_those_of_fasttext(tmp_path):
    one = fastcli.train_supervised(str(TRAIN), 0.5, 8, 5, 2, minCount=2, verbose=0)
    two = fastcli.train_supervised(
        input=TRAIN, lr=0.5, dim=8, ws=5, epoch=2, min_count=2, verbose=0, bucket=None
    )
    for name, model in (("one", one), ("two", two)):
        model.save_model(tmp_path / f"{name}.bin")
    assert (tmp_path / "one.bin").read_bytes() == (tmp_path / "two.bin").read_bytes()
    assert (one.lr, one.dim, one.minCount) == (0.5, 8, 2)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"wordNgram": 2}, TypeError, "unexpected keyword argument 'wordNgram' (did you mean wor"),
        ({"min_count": 1, "minCount": 2}, TypeError, "multiple values for argument 'min_count'"),
        ({"callback": 3}, TypeError, "callback must be a function, not int."),
        ({"autotuneValidationFile": "none"}, FileNotFoundError, "Validation file cannot be opened"),
        ({"lr": "fast"}, TypeError, "lr = 'fast' should be float"),
        ({"epoch": 2.5}, TypeError, "epoch = 2.5 should be int"),
        ({"wordNgrams": 0}, ValueError, "wordNgrams must be 1 or more, not 0."),
        ({"loss": "hinge"}, ValueError, "Unknown loss: hinge"),
        ({"patience": 2}, ValueError, "patience needs validation lines: give valid=FILE or val"),
        ({"autotuneValidationFile": str(VALID), "valid": "x"}, ValueError, "leave out valid."),
        ({"autotune_resume": True, "autotune_validation": str(VALID)}, ValueError, "give autotune"),
        ({"autotune_validation": VALID, "autotuneModelSize": "2X"}, ValueError, "parse model size"),
        ({"folds": 3, "valid_share": 0.1}, ValueError, "folds and valid_share: give one of them."),
    ],
)
def test_what_cannot_be_asked_for(options, kind, said):
    with pytest.raises(fastcli.FastcliError) as error:
        fastcli.train_supervised(TRAIN, verbose=0, **options)
    assert isinstance(error.value, kind)
    assert said in str(error.value)


def test_inputs_that_cannot_be(tmp_path):
    with pytest.raises(TypeError, match="input is a path or a list of paths, not int"):
        fastcli.train_supervised(5)
    with pytest.raises(ValueError, match=r"^topics.txt cannot be opened for training"):
        fastcli.train_supervised(b"topics.txt")
    with pytest.raises(ValueError, match="cannot be opened for training"):
        fastcli.train_supervised(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match="Empty input"):
        fastcli.train_supervised("")
    with pytest.raises(ValueError, match="Unrecognized model name 'glove'"):
        fastcli.train_unsupervised(TRAIN, "glove")
    table = tmp_path / "t.csv"
    table.write_text("label,text\n" + "fruit,apple banana\ncar,wheel engine\n" * 20)
    with pytest.raises(
        ValueError, match=r"Read it as a table: text_column='text', label_column='la"
    ):
        fastcli.train_supervised(table)


def test_notes_are_warnings_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        fastcli.train_supervised(TRAIN, **{**SMALL, "verbose": 2}, minn=2, valid_share=0.1)
    first, second, *_ = said
    assert str(first.message) == (
        "bucket: no effect without n-grams (wordNgrams 2 or more, or maxn); minn: no effect while "
        "maxn is 0."
    )
    assert str(second.message).startswith("valid_share=0.1: 90 of 900 lines held out")
    assert {one.filename for one in said} == {__file__}
    assert all(issubclass(one.category, fastcli.FastcliWarning) for one in said)


def test_what_compressed_files_have_to_say_is_a_warning(tmp_path):
    packed = tmp_path / "train.gz"
    packed.write_bytes(gzip.compress(TRAIN.read_bytes()) + b"more")
    with pytest.warns(fastcli.FastcliWarning, match="ignored 4 bytes after the end"):
        fastcli.train_supervised(packed, **SMALL)


def test_compiling_is_said_once_and_is_no_error(monkeypatch):
    monkeypatch.setattr(build, "_said", set())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build._say_once("Compiling ...")
    with pytest.warns(fastcli.FastcliNote, match="Compiling"):
        build._say_once("Compiling ...")
    build._say_once("Compiling ...")


def test_quiet_work_keeps_only_its_own_announcements_silent(heard):
    quiet = contextvars.copy_context()  # of a thread, for instance
    quiet.run(notices.announce_only)
    assert not quiet.run(notices.announce, notices.SPELLING, "unsaid")
    assert notices.announce(notices.SPELLING, "said")
    with announcements(0):
        run_on(2, lambda thread: notices.announce(notices.COMPILING, "unsaid"))
    with announcements(1):
        run_on(2, lambda thread: notices.announce(notices.COMPILING, f"{thread}"))
    assert sorted(heard) == ["0", "1", "said"]


# ----------------------------------------------------------------------------------- callbacks


def test_a_callback_hears_how_it_goes_and_stops_it():
    heard = []

    def stop_in_epoch_3(now):
        heard.append(now)
        return fastcli.STOP if now.evaluation and now.epoch == 3 else None

    options = {**SMALL, "epoch": 10, "valid": VALID, "callback": stop_in_epoch_3}
    model = fastcli.train_supervised(TRAIN, **options)
    assert model.interrupted == 3
    assert [one.epoch for one in model.history] == [1, 2, 3]
    progress = [now.progress for now in heard]
    assert progress == sorted(progress)
    assert 0 < progress[0] <= progress[-1] == pytest.approx(0.3)
    assert [now.evaluation for now in heard if now.evaluation] == model.history
    statuses = [now for now in heard if not now.evaluation]
    assert all(now.loss > 0 and now.lr <= 0.5 and now.words_per_second > 0 for now in statuses)
    assert model.test(VALID)[1] == pytest.approx(1 - min(e.valid_error for e in model.history))


def test_what_was_trained_until_a_stop_is_kept(tmp_path):
    model = fastcli.train_supervised(TRAIN, **SMALL, callback=lambda now: fastcli.STOP)
    assert model.interrupted == 1
    first = {**SMALL, "verbose": 0, "epoch": 1}
    whole = fastcli.train_supervised(TRAIN, **first)
    outputs = model.get_output_matrix()
    assert outputs.any()  # something was learned, in less than an epoch
    assert outputs.tobytes() != whole.get_output_matrix().tobytes()
    vectors = fastcli.train_unsupervised(TRAIN, **WORDS, callback=lambda now: fastcli.STOP)
    assert vectors.interrupted == 1


def test_folds_stop_before_there_is_a_model():
    folds = []

    def stop(now):
        folds.extend([now.fold] if now.fold else [])
        return fastcli.STOP if now.fold else None

    with pytest.raises(fastcli.StopTraining, match="folds"):
        fastcli.train_supervised(TRAIN, folds=2, **SMALL, callback=stop)
    assert [one.fold for one in folds] == [1]


@pytest.mark.parametrize("error", [RuntimeError("mine"), KeyboardInterrupt()])
def test_an_error_of_a_callback_ends_the_training(error, tmp_path, monkeypatch):
    for name in ("temporary", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)

    def fail(now):
        assert list((tmp_path / "temporary").iterdir())
        raise error

    options = {**SMALL, "valid_share": 0.1, "output": tmp_path / "out" / "m", "thread": 2}
    with pytest.raises(type(error)):
        fastcli.train_supervised(TRAIN, **options, callback=fail)
    assert not list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "out").iterdir())


# ----------------------------------------------------------------------- threads and signals


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process")
def test_ctrl_c_ends_a_training_and_handlers_stay(tmp_path):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heard = []

    def interrupt(now):
        heard.append(now)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as end:
        fastcli.train_supervised(TRAIN, **SMALL, thread=2, callback=interrupt)
    assert (len(heard), str(end.value)) == (1, "")
    options = {**SMALL, "output": tmp_path / "m", "callback": interrupt}
    with pytest.raises(KeyboardInterrupt, match=r"Interrupted: .*m\.bin was not written\."):
        fastcli.train_supervised(TRAIN, **options)

    def interrupt_later(now):
        if now.epoch == 3:
            signal.raise_signal(signal.SIGINT)

    options |= {"valid": VALID, "callback": interrupt_later}
    with pytest.raises(KeyboardInterrupt, match=r"Interrupted in epoch 3: .*m\.bin has the best"):
        fastcli.train_supervised(TRAIN, **options)
    assert fastcli.load_model(tmp_path / "m.bin").labels
    assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert fastcli.train_supervised(TRAIN, **SMALL).labels  # the next one works


def test_trainings_at_the_same_time_do_not_know_of_each_other(tmp_path):
    """What is held out of a file by one training is still in it for another."""
    models = {}

    def work(name, options):
        models[name] = fastcli.train_supervised(TRAIN, **SMALL, **options)

    jobs = {"all": {}, "some": {"valid_share": 0.3}, "words": {"wordNgrams": 2}}
    threads = [threading.Thread(target=work, args=job) for job in list(jobs.items()) * 2]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for name, options in jobs.items():
        models[name].save_model(tmp_path / "a.bin")
        fastcli.train_supervised(TRAIN, **SMALL, **options).save_model(tmp_path / "b.bin")
        assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes(), name


def test_the_types_of_options_are_those_of_the_tables():
    stale = "fastcli/api/options.py is stale: python -m tests.typed_options"
    assert typed_options.PATH.read_text(encoding="utf-8") == typed_options.text(), stale


def test_what_a_callback_raises_stays_as_it_is():
    def fail(now):
        raise fastcli.ArgumentError("my -lr 0.5 file")

    with pytest.raises(fastcli.ArgumentError, match=r"^my -lr 0\.5 file$"):
        fastcli.train_supervised(TRAIN, **SMALL, callback=fail)


def test_a_stop_between_folds_is_raised():
    options = {**SMALL, "epoch": 1, "folds": 2}
    with pytest.raises(fastcli.StopTraining, match="'folds'"):
        fastcli.train_supervised(TRAIN, **options, callback=lambda now: fastcli.STOP)


def test_word_vectors_have_no_autotune():
    with pytest.raises(fastcli.ArgumentError, match=r"use train_supervised\.$"):
        fastcli.train_unsupervised(TRAIN, autotuneValidationFile=VALID)
