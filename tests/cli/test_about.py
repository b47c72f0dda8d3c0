"""The JSON file beside a model: its names, whose it is, and what is in it."""

import errno
import json
import os
import shlex
import shutil

import pytest

from tests.command import SAMPLES, run

TRAIN = SAMPLES / "topics.train.txt"
HASHED = b"#a one two\n#b three four\n#a two\n" * 200
FOREIGN = [b'[{"stars": 5}]', b"no json", b"", b'{"format": "other"}', b"[" * 100_000]
FILMS = [("good", "up"), ("bad", "down"), ("fine", "up"), ("worst", "down")]
SMALL = ["-dim", 4, "-epoch", 2, "-bucket", 500, "-verbose", 0]


@pytest.fixture
def text(tmp_path):
    """Return the path of lines whose labels start with #."""
    path = tmp_path / "hash.txt"
    path.write_bytes(HASHED)
    return path


def train(text, output, *options):
    """Train silently; return what was said all the same."""
    result = run("supervised", "-input", text, "-output", output, *SMALL, *options)
    assert (result.code, result.out) == (0, b"")
    return result.err


def knows_prefix(model):
    """Tell whether a model knows that labels start with #: an unknown one is a label then."""
    err = run("test", model, "-", stdin=b"#a one\n#zz one\n").err
    assert ("1 with labels the model does not know" in err) != ("1 without a label" in err)
    return "1 with labels the model does not know" in err


def load(path):
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("foreign", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_file_of_the_old_name(foreign, text, tmp_path):
    """A model called reviews goes beside people's own reviews.json."""
    theirs = tmp_path / "reviews.json"
    theirs.write_bytes(foreign)
    assert train(text, tmp_path / "reviews", "-label", "#") == ""
    assert theirs.read_bytes() == foreign
    assert load(tmp_path / "reviews.bin.json")["label"] == "#"
    assert knows_prefix(tmp_path / "reviews.bin")
    (tmp_path / "reviews.bin.json").unlink()
    assert not knows_prefix(tmp_path / "reviews.bin")


@pytest.mark.parametrize("foreign", [*FOREIGN, None], ids=range(len(FOREIGN) + 1))
def test_a_foreign_file_of_the_new_name(foreign, text, tmp_path):
    """It is left alone, a folder too; training continues and says what is not written."""
    theirs = tmp_path / "m.bin.json"
    theirs.mkdir() if foreign is None else theirs.write_bytes(foreign)
    said = train(text, tmp_path / "m", "-label", "#")
    assert len(said.splitlines()) == 1
    assert said.startswith(
        f"{theirs} was not written by fastcli and is left as it is. So the label "
    )
    assert theirs.is_dir() if foreign is None else theirs.read_bytes() == foreign
    assert (tmp_path / "m.vec").is_file()
    assert not knows_prefix(tmp_path / "m.bin")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_nothing_is_written_through(text, tmp_path):
    """As that of the model is: there is nothing that could be lost."""
    for name in ("m.bin", "m.bin.json"):
        (tmp_path / name).symlink_to(tmp_path / f"new {name}")
    assert train(text, tmp_path / "m", "-label", "#") == ""
    for name in ("m.bin", "m.bin.json"):
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / f"new {name}").is_file()
    assert knows_prefix(tmp_path / "m.bin")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_into_a_folder_that_is_not_there(text, tmp_path):
    (tmp_path / "m.bin.json").symlink_to(tmp_path / "nothing" / "m.bin.json")
    said = train(text, tmp_path / "m", "-label", "#")
    assert len(said.splitlines()) == 1
    assert "m.bin.json cannot be opened for saving. (No such file" in said
    assert f"write to it.) So the label prefix and the arguments of {tmp_path / 'm.bin'} " in said
    assert not knows_prefix(tmp_path / "m.bin")


@pytest.mark.parametrize("command", ["quantize", "autotune"])
def test_a_foreign_file_beside_a_quantized_model(command, tmp_path):
    options = ["-autotune-validation", SAMPLES / "topics.test.txt", "-autotune-duration", 5]
    options += ["-autotune-modelsize", "1M"]
    if command == "quantize":
        assert train(TRAIN, tmp_path / "m") == ""
        argv, options = ("quantize", "-output", tmp_path / "m", "-verbose", 0), []
    else:
        argv = ("supervised", "-input", TRAIN, "-output", tmp_path / "m", "-verbose", 0)
    (tmp_path / "m.json").write_bytes(b"[]")
    (tmp_path / "m.ftz.json").write_bytes(b"{}")
    result = run(*argv, *options)
    said = [line for line in result.err.splitlines() if not line.startswith("Warning : ")]
    assert (result.code, result.out, len(said)) == (0, b"", 1)
    assert said[0].startswith(f"{tmp_path / 'm.ftz.json'} was not written by fastcli")
    assert (tmp_path / "m.ftz").is_file()
    assert (tmp_path / "m.ftz.json").read_bytes() == b"{}"
    assert (tmp_path / "m.json").read_bytes() == b"[]"


def as_old(output, size=0):
    """Turn the JSON file of a model into the one of version 0.1.0."""
    about = load(output.with_suffix(".bin.json"))
    about |= {"size": size or about["size"], "seconds": 1.5, "threads": 3, "python": "3.11.1"}
    del about["tail_crc32"]
    output.with_suffix(".json").write_text(json.dumps(about))
    output.with_suffix(".bin.json").unlink()


def test_the_old_name_is_read(text, tmp_path):
    train(text, tmp_path / "m", "-label", "#", "-lr", 0.7)
    as_old(tmp_path / "m")
    assert knows_prefix(tmp_path / "m.bin")
    report = json.loads(run("inspect", "--json", tmp_path / "m.bin").out)
    assert report["about"]["threads"] == 3
    # It says nothing about a model of another size.
    as_new = load(tmp_path / "m.json")
    (tmp_path / "m.json").write_text(json.dumps({**as_new, "size": as_new["size"] + 1}))
    assert not knows_prefix(tmp_path / "m.bin")


def test_quantizing_a_model_of_the_old_name(tmp_path):
    path = tmp_path / "hash.txt"
    path.write_bytes(TRAIN.read_bytes().replace(b"__label__", b"#"))
    train(path, tmp_path / "m", "-label", "#", "-lr", 0.7)
    as_old(tmp_path / "m")
    former = (tmp_path / "m.json").read_bytes()
    result = run("quantize", "-output", tmp_path / "m", "-verbose", 0)
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "m.json").read_bytes() == former
    about = load(tmp_path / "m.ftz.json")
    assert (about["label"], about["arguments"]["lr"]) == ("#", 0.7)
    assert not {"seconds", "threads", "python"} & set(about)
    assert "1 with labels the model" in run("test", tmp_path / "m.ftz", "-", stdin=b"#zz the\n").err


def test_the_old_name_of_a_quantized_model(tmp_path):
    """One file told of both models, with the sizes of both."""
    path = tmp_path / "hash.txt"
    path.write_bytes(TRAIN.read_bytes().replace(b"__label__", b"#"))
    train(path, tmp_path / "m", "-label", "#")
    assert run("quantize", "-output", tmp_path / "m", "-verbose", 0).code == 0
    about = load(tmp_path / "m.bin.json")
    about["quantized"] = {"size": (tmp_path / "m.ftz").stat().st_size}
    for name in ("m.bin.json", "m.ftz.json"):
        (tmp_path / name).unlink()
    (tmp_path / "m.json").write_text(json.dumps(about))
    for name in ("m.bin", "m.ftz"):
        err = run("test", tmp_path / name, "-", stdin=b"#zz the\n").err
        assert "1 with labels the model" in err


def test_a_leftover_says_nothing_about_a_new_model(text, tmp_path):
    """Neither a file of the old name nor one of a model with the same size is believed."""
    train(text, tmp_path / "m", "-label", "#")
    as_old(tmp_path / "m")
    train(text, tmp_path / "m", "-label", "#", "-lr", 0.9)
    new = load(tmp_path / "m.bin.json")
    (tmp_path / "m.json").write_text(json.dumps({**new, "label": "other"}))
    assert knows_prefix(tmp_path / "m.bin")
    shutil.copy(tmp_path / "m.bin.json", tmp_path / "kept")
    train(text, tmp_path / "m", "-label", "#", "-lr", 0.3)
    assert load(tmp_path / "m.bin.json")["size"] == new["size"]
    shutil.copy(tmp_path / "kept", tmp_path / "m.bin.json")
    assert not knows_prefix(tmp_path / "m.bin")


def test_equal_trainings_write_equal_files(text, tmp_path):
    train(text, tmp_path / "a", "-label", "#", "-thread", 1)
    train(text, tmp_path / "b", "-label", "#", "-thread", 2, "--no-vec")
    train(text, tmp_path / "a c", "-label", "#", "-saveOutput")
    about, *others = [load(tmp_path / f"{name}.bin.json") for name in ("a", "b", "a c")]
    told = [sorted(one.pop("files")) for one in (about, *others)]
    assert told == [[".vec"], [], [".output", ".vec"]]
    assert about == others[0] == others[1]
    command = f"fastcli supervised -input {text} -dim 4 -epoch 2 -bucket 500 -label '#'"
    assert sorted(about["command"].split()) == sorted(command.split())
    train(text, tmp_path / "b", "-label", "#", "-seed", 1)
    assert load(tmp_path / "b.bin.json") != {**about, "files": {}}


def test_equal_quantizations_write_equal_files(tmp_path):
    for name, thread in (("a", 1), ("b", 2)):
        train(TRAIN, tmp_path / name, "-thread", thread, "-wordNgrams", 2)
        argv = ["quantize", "-output", tmp_path / name, "-verbose", 0, "-thread", thread]
        argv += ["-qnorm", "-cutoff", 400, "-retrain", "-input", TRAIN, "-lr", 0.2]
        assert run(*argv).code == 0
    for end in ("bin", "ftz"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()
        a, b = (tmp_path / f"{name}.{end}.json" for name in "ab")
        assert a.read_bytes() == b.read_bytes()
    made = load(tmp_path / "a.ftz.json")["quantized"]["command"]
    ref = f"fastcli quantize -qnorm -cutoff 400 -retrain -input {TRAIN} -lr 0.2"
    assert made == ref


def test_inspect_names_the_model_where_it_is(text, tmp_path):
    train(text, tmp_path / "m", "-label", "#")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("m.bin", "m.bin.json"):
        shutil.copy(tmp_path / name, folder / name)
    report = json.loads(run("inspect", "--json", folder / "m.bin").out)
    assert report["about"]["command"].endswith(f" -output {folder / 'm'}")
    assert "seconds" not in report["about"]


def test_a_file_of_notes_that_cannot_be_replaced_costs_nothing_else(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "no room for notes")

    monkeypatch.setattr("fastcli.fasttext.model_outputs.about_bytes", fail)
    source = SAMPLES / "topics.train.txt"
    result = run("supervised", "-input", source, "-output", tmp_path / "m", "-verbose", 0)
    why = f"{tmp_path / 'm'}.bin.json cannot be opened for saving. (no room for notes)"
    said = f"{why} {tmp_path / 'm'}.bin is complete and in place.\n"
    assert (result.code, result.err) == (1, said)
    assert {path.name for path in tmp_path.iterdir()} == {"m.bin", "m.vec"}


ODD = {
    "a number as label": ({"label": 5}, "label should be a string, not 5"),
    "an empty label": ({"label": ""}, "label is empty"),
    "a surrogate as label": ({"label": "\ud800"}, "contains lone surrogates"),
    "a surrogate in a name": ({"\ud800": 1}, "contains lone surrogates"),
    "a command of numbers": ({"command": [1]}, "command should be a string, not a list"),
    "arguments as text": ({"arguments": "x"}, "arguments should be an object, not 'x'"),
    "lr as text": ({"arguments": {"lr": "0.1"}}, "arguments.lr should be a number"),
    "lr that is none": ({"arguments": {"lr": float("nan")}}, "arguments.lr should be a number"),
    "a number as optimizer": ({"arguments": {"optimizer": 1}}, "arguments.optimizer should be"),
    "a surrogate deep inside": ({"other": [{"a": "\ud800"}]}, "contains lone surrogates"),
    "deep nesting": ({"other": json.loads("[" * 50 + "]" * 50)}, "other is nested too deeply"),
    "a line end begins weights": ({"arguments": {"weight_prefix": "\n"}}, "without spaces"),
    "NUL begins weights": ({"arguments": {"weight_prefix": "w\0"}}, "without spaces"),
    "labels begin weights": (
        {"arguments": {"weight_prefix": "__label__"}},
        "--weight-prefix __label__ and -label __label__: one begins with the other",
    ),
    "weights begin labels": ({"label": "ab", "arguments": {"weight_prefix": "a"}}, "begins with"),
    "a number begins weights": ({"arguments": {"weight_prefix": 1}}, "should be a string"),
    "quantized as a list": ({"quantized": []}, "quantized should be an object, not a list"),
}


@pytest.mark.parametrize(("changes", "sentence"), ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("name", ["m.bin.json", "m.json"])
def test_values_of_other_types_are_one_sentence(changes, sentence, name, topics, tmp_path):
    model = tmp_path / "m.bin"
    shutil.copyfile(topics, model)
    about = load(topics.with_name("topics.bin.json"))
    (tmp_path / name).write_text(json.dumps({**about, **changes}))
    for argv in (
        ("predict", model, TRAIN),
        ("inspect", model),
        ("dump", model, "args"),
        ("quantize", "-output", tmp_path / "m"),
    ):
        result = run(*argv)
        assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1)
        assert result.err.startswith(f"{tmp_path / name} is damaged: ")
        assert sentence in result.err


READERS = {
    "predict": ["predict", "{m}.bin", "-"],
    "test": ["test", "{m}.bin", "-"],
    "nn": ["nn", "{m}.bin", "2"],
    "vectors": ["print-word-vectors", "{m}.bin"],
    "dump": ["dump", "{m}.bin", "dict"],
    "inspect": ["inspect", "{m}.bin"],
    "inspect --json": ["inspect", "--json", "{m}.bin"],
    "quantize": ["quantize", "-output", "{m}", "-verbose", "0"],
    "supervised": [
        "supervised",
        "-input",
        "{text}",
        "-output",
        "{m}2",
        "-pretrainedVectors",
        "{m}.bin",
    ],
    "mlp-train": [
        "mlp-train",
        "-input",
        "{text}",
        "-output",
        "{m}2",
        "-pretrainedVectors",
        "{m}.bin",
    ],
}


@pytest.mark.parametrize("command", READERS)
def test_the_json_file_of_another_model(command, text, tmp_path):
    """Whatever reads a model says it once, and uses nothing of that file."""
    m = tmp_path / "m"
    train(text, m, "-label", "#", "-dim", 5, "-wordNgrams", 2, "-thread", 1)
    kept = m.with_suffix(".bin").read_bytes()
    train(text, m, "-label", "#", "-dim", 5, "-wordNgrams", 2, "-seed", 2, "-thread", 1)
    m.with_suffix(".bin").write_bytes(kept)
    argv = [word.format(m=m, text=text) for word in READERS[command]]
    if "-input" in argv:
        argv += ["-label", "#", "-dim", 5, "-epoch", 1, "-verbose", 1, "-thread", 1]
    result = run(*argv, stdin=b"#a one\n")
    assert result.code == 0
    sentence = f"{m}.bin.json belongs to another model than {m}.bin, and is not used: "
    assert result.err.count(sentence) == 1
    assert b"-seed 2" not in result.out


def test_commands_read_the_same_table_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"{i};a '{word}' film;{label}" for i, (word, label) in enumerate(FILMS * 5)]
    (tmp_path / "t.txt").write_text("\n".join(["id;the text;team name", *rows]) + "\n")
    reading = ["--text-column", "the text", "--label-column", "team name", "--delimiter", ";"]
    train("t.txt", "m", *reading, "-wordNgrams", 2, "-thread", 1)
    assert run("quantize", "-output", "m", "-retrain", "-input", "t.txt", *reading).code == 0
    assert load(tmp_path / "m.bin.json")["command"].endswith(
        " --text-column 'the text' --label-column 'team name' --delimiter ';'"
    )
    about = json.loads(run("inspect", "--json", "m.ftz").out)["about"]
    commands = [about["command"], about["quantize"]]
    before = {end: (tmp_path / f"m.{end}").read_bytes() for end in ("bin", "ftz")}
    for end in before:
        (tmp_path / f"m.{end}").unlink()
    for command in commands:
        result = run(*shlex.split(command)[1:], "-thread", 1)
        assert result.code == 0, result.err
    assert {end: (tmp_path / f"m.{end}").read_bytes() for end in before} == before


def test_commands_about_lines_name_no_columns(text, tmp_path):
    train(text, tmp_path / "m", "-label", "#", "--join", "-")
    assert "--join" not in load(tmp_path / "m.bin.json")["command"]
