"""What commands that write files say at their end: the files, sizes, seconds, the next command."""

import gzip
import os
import re
import shlex
import shutil

import pytest

from fastcli.cli._endings import file_to_test, proposal
from fastcli.cli.display.endings import file_text, say_ending, size_of
from tests.command import SAMPLES, run, start

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
REVIEWS = SAMPLES / "reviews.csv"
SMALL = ["-dim", 8, "-bucket", 100, "-lr", 0.5]
SECONDS = r" in \d+\.\d s\."


def ending(result):
    """Return the paths that a command says it wrote, and the words of the command it proposes."""
    assert result.code == 0, result.err
    assert result.err.count("Wrote ") == 1, result.err
    proposals = [line for line in result.err.splitlines() if line.startswith("Next: ")]
    assert len(proposals) <= 1
    wrote = re.search(rf"^Wrote (.*){SECONDS}$", result.err, re.MULTILINE)
    assert wrote, result.err
    paths = re.sub(r" \([^)]*\)", "", wrote[1]).split(", ")
    command = shlex.split(proposals[0].removeprefix("Next: ")) if proposals else None
    return paths, command


def names(paths):
    return [os.path.basename(path) for path in paths]


def test_training_with_its_test_file_beside(tmp_path):
    output = tmp_path / "my topics"
    result = run("supervised", "-input", TRAIN, "-output", output, *SMALL, "-epoch", 12)
    paths, command = ending(result)
    assert names(paths) == ["my topics.bin", "my topics.vec", "my topics.bin.json"]
    assert all(map(os.path.isfile, paths))
    assert command == ["fastcli", "test", "--report", f"{output}.bin", str(TEST)]
    assert run(*command[1:]).code == 0
    size = (tmp_path / "my topics.bin").stat().st_size
    assert f"my topics.bin ({size / 1000:.0f} kB)" in result.err


@pytest.fixture
def alone(tmp_path):
    """Return training and validation lines that have no test file by their names."""
    source, valid = tmp_path / "lines.txt", tmp_path / "others.txt"
    shutil.copy(TRAIN, source)
    shutil.copy(VALID, valid)
    return source, valid


def test_training_without_a_test_file(alone, tmp_path):
    source, valid = alone
    output, log = tmp_path / "m", tmp_path / "run.jsonl"
    base = ["supervised", "-input", source, "-output", output, *SMALL, "-epoch", 12]
    _, command = ending(run(*base))
    assert command == ["fastcli", "test", "--report", f"{output}.bin", "FILE"]
    paths, command = ending(run(*base, "--valid", valid, "--log", log))
    assert names(paths) == ["m.bin", "m.vec", "m.bin.json", "run.jsonl"]
    assert command == ["fastcli", "test", "--report", f"{output}.bin", str(valid)]
    _, command = ending(run(*base, "--valid-share", 0.1, "--no-vec"))
    assert command == ["fastcli", "predict", f"{output}.bin", "FILE"]


def test_the_command_after_training_on_a_table_reads_it(tmp_path):
    table = tmp_path / "train.csv"
    shutil.copy(REVIEWS, table)
    shutil.copy(REVIEWS, tmp_path / "test.csv")
    columns = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
    base = ["-input", table, "-output", tmp_path / "m", *columns]
    _, command = ending(run("supervised", *base, *SMALL, "-epoch", 8))
    assert command[4] == str(tmp_path / "test.csv")
    assert run(*command[1:]).code == 0
    _, command = ending(run("mlp-train", *base, "-dim", 8, "-epoch", 4, "-lr", 0.01))
    assert command[3] == f"{tmp_path / 'm'}.mlp"
    assert run(*command[1:]).code == 0


def test_a_network_of_numbers(tmp_path):
    rows = [f"{i % 7};{i % 3};{'ab'[i % 7 > 3]}\n" for i in range(60)]
    for name in ("train", "test"):
        (tmp_path / f"{name}.csv").write_text("x;y;kind\n" + "".join(rows))
    base = ["-input", tmp_path / "train.csv", "-output", tmp_path / "n", "--delimiter", ";"]
    paths, command = ending(run("mlp-train", *base, "-epoch", 60, "-lr", 0.05))
    assert names(paths) == ["n.mlp"]
    assert command[-2:] == ["--delimiter", ";"]
    assert run(*command[1:]).code == 0


def test_lessons_are_the_only_proposal(tmp_path):
    """A model at the level of chance has the command that does better, and no other one."""
    for command in (["supervised", *SMALL[:4]], ["mlp-train", "-lr", 1e-6]):
        result = run(*command, "-input", TRAIN, "-output", tmp_path / "m", "-epoch", 1)
        _, proposed = ending(result)
        assert proposed is None
        assert "learned next to nothing" in result.err


def test_word_vectors(tmp_path):
    base = ["-input", TRAIN, "-output", tmp_path / "v", *SMALL, "-epoch", 1]
    paths, command = ending(run("cbow", *base, "-saveOutput"))
    assert names(paths) == ["v.bin", "v.vec", "v.output", "v.bin.json"]
    assert command == ["fastcli", "nn", f"{tmp_path / 'v'}.bin"]


def test_files_that_were_not_written_are_not_named(tmp_path):
    (tmp_path / "m.bin.json").write_text('{"of": "somebody else"}')
    output = tmp_path / "m"
    paths, _ = ending(run("supervised", "-input", TRAIN, "-output", output, *SMALL, "--no-vec"))
    assert names(paths) == ["m.bin"]


def test_quantize(topics, tmp_path):
    shutil.copy(topics, tmp_path / "q.bin")
    paths, command = ending(run("quantize", "-output", tmp_path / "q"))
    assert names(paths) == ["q.ftz", "q.ftz.json"]
    assert command == ["fastcli", "test", "--report", f"{tmp_path / 'q'}.ftz", "FILE"]
    shutil.copy(f"{topics}.json", tmp_path / "q.bin.json")  # which names the training file
    _, command = ending(run("quantize", "-output", tmp_path / "q"))
    assert command[-1] == str(TEST)
    _, command = ending(run("quantize", "-output", tmp_path / "q", "--test", VALID))
    assert command == ["fastcli", "predict", f"{tmp_path / 'q'}.ftz", "FILE"]


def test_autotune_proposes_its_command_only(tmp_path):
    base = ["-input", TRAIN, "-output", tmp_path / "a", "-autotune-validation", VALID]
    result = run("supervised", *base, "-autotune-duration", 1, "-verbose", 1)
    paths, command = ending(result)
    assert names(paths) == ["a.bin", "a.vec", "a.bin.json", "a.trials.jsonl"]
    assert command is None
    assert result.err.index("Wrote ") < result.err.index("\nThe same again:\nfastcli supervised ")


def test_prepare(tmp_path):
    columns = ["--text-column", "review", "--label-column", "verdict"]
    folder = tmp_path / "reviews"
    paths, command = ending(run("prepare", REVIEWS, "-o", folder, *columns))
    parts = ["train.txt", "valid.txt", "test.txt"]
    assert names(paths) == [*parts, "labels.json", "prepare.json"]
    assert command == ["fastcli", "inspect", f"{folder}/train.txt", f"{folder}/test.txt"]
    assert run(*command[1:]).code == 0
    again = run("prepare", REVIEWS, "-o", folder, *columns, "--split", 100, "--skip-bad")
    paths, command = ending(again)
    assert names(paths) == ["train.txt", "labels.json", "prepare.json"]  # nothing was bad
    assert command == ["fastcli", "inspect", f"{folder}/train.txt"]
    assert "Wrote " not in run("prepare", REVIEWS, "-o", "-", *columns).err


def test_decisions(topics, tmp_path):
    model = tmp_path / "t.bin"
    for end in ("", ".json"):
        shutil.copy(f"{topics}{end}", f"{model}{end}")
    paths, command = ending(run("tune-threshold", model, VALID))
    assert names(paths) == ["t.bin.thresholds.json"]
    assert command == ["fastcli", "predict", str(model), str(TEST), "--thresholds", "auto"]
    chosen = tmp_path / "my thresholds"
    points = tmp_path / "points.tsv"
    paths, command = ending(run("tune-threshold", model, VALID, "-o", chosen, "--points", points))
    assert names(paths) == ["my thresholds", "points.tsv"]
    assert command[-1] == str(chosen)
    paths, command = ending(run("calibrate", model, VALID))
    assert names(paths) == ["t.bin.json"]
    assert command == ["fastcli", "predict-prob", str(model), str(TEST), "--calibrated"]


def test_rows_that_were_labelled(tmp_path):
    columns = ["--text-column", "review", "--label-column", "verdict"]
    output = tmp_path / "m"
    run("supervised", "-input", REVIEWS, "-output", output, *columns, *SMALL, "-verbose", 0)
    result = run("predict", f"{output}.bin", REVIEWS, "--output", tmp_path / "out.csv")
    size = (tmp_path / "out.csv").stat().st_size
    said = rf"Wrote 800 rows to .*out\.csv \({size / 1000:.0f} kB\) in \d+\.\d s: all columns"
    assert re.match(said, result.err.splitlines()[1]), result.err
    assert result.err.count("Wrote ") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["supervised", "-input", TRAIN, "-output", "{}/m", "-epoch", 1],
        ["mlp-train", "-input", TRAIN, "-output", "{}/m", "-epoch", 1],
        ["prepare", REVIEWS, "-o", "{}/m", "--text-column", "review", "--label-column", "verdict"],
    ],
    ids=lambda words: words[0],
)
def test_verbose_0_says_nothing(words, tmp_path):
    given = [str(word).format(tmp_path) for word in words]
    result = run(*given, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")


def test_results_on_stdout_say_nothing_more(topics):
    for words in (
        ["test", topics, TEST],
        ["predict", topics, TEST],
        ["nn", topics, 2],
        ["dump", topics, "args"],
        ["test", "--report", topics, TEST],
        ["print-word-vectors", topics],
    ):
        assert run(*words, stdin=b"bank\n").err == "", words


# ------------------------------------------------------------------------- the pieces


def test_files_to_test(tmp_path):
    for name in ("a.train.txt", "a.test.txt", "train", "test", "x.train.gz"):
        (tmp_path / name).write_text("")
    found = {name: file_to_test(str(tmp_path / name)) for name in os.listdir(tmp_path)}
    assert os.path.basename(found["a.train.txt"]) == "a.test.txt"
    assert os.path.basename(found["train"]) == "test"
    assert found["x.train.gz"] == found["test"] == ""
    assert file_to_test(str(tmp_path / "lines.txt")) == file_to_test("-") == ""
    assert proposal("m.bin", ["a", "b"], "v.txt")[-1] == "v.txt"


def test_sizes(tmp_path):
    path = tmp_path / "holes"
    with open(path, "wb") as file:
        file.truncate(5_000_000)
        file.seek(0)
        file.write(b"x" * 200_000)
    size, on_disk = size_of(str(path))
    assert size == 5_000_000
    if on_disk < 1_000_000:
        assert file_text(str(path)).startswith(f"{path} (5.0 MB, 2")
        assert file_text(str(path)).endswith(" kB on disk)")
    (tmp_path / "small").write_text("abc")
    small = str(tmp_path / "small")
    assert file_text(small) == f"{small} (3 bytes)"
    assert file_text(small, is_main=False) == small
    assert file_text(small, "2 rows", is_main=False) == f"{small} (2 rows)"
    assert size_of(str(tmp_path)) is size_of("nowhere") is None


def test_streams_are_no_files(capsys):
    say_ending(["-", "nowhere"], ["fastcli", "nn", "a b"])
    assert capsys.readouterr().err == "Next: fastcli nn 'a b'\n"


def test_commands_are_continued_on_terminals(monkeypatch, capsys):
    from fastcli.cli.display import endings

    monkeypatch.setattr(endings, "is_terminal", lambda: True)
    monkeypatch.setattr(endings, "width", lambda: 40)
    words = ["fastcli", "test", "--report", "a long name.bin", "folder/of/data/topics.test.txt"]
    endings.say_next(words)
    title, *rest = capsys.readouterr().err.splitlines()
    assert title == "Next:"
    assert max(map(len, rest)) <= 40
    assert shlex.split("\n".join(rest).replace("\\\n", "")) == words


@pytest.mark.parametrize("room", [24, 30, 40, 60])
def test_an_option_and_its_value_are_on_one_line(room, monkeypatch):
    from fastcli.cli.display import endings, reports

    monkeypatch.setattr(endings, "is_terminal", lambda: True)
    monkeypatch.setattr(endings, "width", lambda: room)
    monkeypatch.setattr(reports, "columns", lambda: room)
    pairs = ["-input a.txt", "-lr 0.5", "-epoch 25", "-k -1", "-output m", "--label-column topic"]
    words = ["fastcli", "supervised", *" ".join(pairs).split(" ")]
    for lines in (endings.command_lines(words), list(reports.command_lines(words))):
        assert all(any(pair in line for line in lines) for pair in pairs)
        assert shlex.split("\n".join(lines).replace("\\\n", "")) == words


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_files_that_the_record_of_a_model_names(alone, tmp_path, command):
    source, valid = alone
    model = tmp_path / f"m.{'bin' if command == 'supervised' else 'mlp'}"
    rates = {"supervised": 0.5, "mlp-train": 0.01}
    base = [command, "-input", source, "-output", tmp_path / "m", "-dim", 8]
    base += ["-lr", rates[command], "-epoch", 12]
    assert run(*base, "--valid", valid).code == 0
    again = [command, "-inputModel", model, "-input", VALID, "-output", tmp_path / "n"]
    _, proposed = ending(run(*again, "-epoch", 1, "-lr", rates[command] / 5))
    assert proposed[-1] == str(valid)
    for other in ("tune-threshold", "calibrate"):
        _, proposed = ending(run(other, model, TEST))
        assert proposed[3] == str(valid)
        assert run(*proposed[1:]).code == 0
    valid.unlink()
    _, proposed = ending(run("calibrate", model, TEST))
    assert proposed[3] == str(TEST)


def test_the_table_of_a_network_of_texts(tmp_path):
    columns = ["--text-column", "review", "--label-column", "verdict", "--none", "other"]
    base = ["-input", REVIEWS, "-output", tmp_path / "m", *columns]
    assert run("mlp-train", *base, "-dim", 8, "-epoch", 4, "-lr", 0.01).code == 0
    _, proposed = ending(run("tune-threshold", tmp_path / "m.mlp", REVIEWS, *columns))
    assert proposed[3:10] == [str(REVIEWS), *columns]
    assert run(*proposed[1:]).code == 0


@pytest.mark.parametrize("way", ["columns", "like"])
def test_a_table_where_the_model_is_of_lines(tmp_path, way):
    """The recorded test file is of lines, too."""
    columns = ["--text-column", "review", "--label-column", "verdict"]
    assert run("prepare", REVIEWS, "-o", tmp_path / "r", *columns, "--none", "other").code == 0
    small = ["-dim", 8, "-epoch", 4, "-lr", 0.5]
    base = ["-input", tmp_path / "r" / "train.txt", "-output", tmp_path / "m"]
    assert run("supervised", *base, *small).code == 0
    words = [*columns, "--none", "other"]
    if way == "like":
        words = ["--like", str(tmp_path / "r" / "prepare.json")]
    for command in ("tune-threshold", "calibrate"):
        _, proposed = ending(run(command, tmp_path / "m.bin", REVIEWS, *words))
        at = 4 + len(words)
        assert proposed[3:at] == [str(REVIEWS), *words]
        assert run(*proposed[1:]).code == 0


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_names_of_pipes_are_not_recorded(tmp_path, command):
    """And what comes through one is there for every reading."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    base = [command, "-input", TRAIN, "-output", tmp_path / "m", "-dim", 4, "-epoch", 1]
    child = start(*base, "--class-weight", fifo)
    fifo.write_bytes(gzip.compress(b"sport,2\n"))
    err = child.communicate(timeout=60)[1].decode()
    assert child.returncode == 0, err
    assert "class weights 0.8" in err
    record = tmp_path / ("m.bin.json" if command == "supervised" else "m.mlp")
    assert str(fifo).encode() not in record.read_bytes()
    assert b"PIPE" in record.read_bytes()
    assert "--class-weight" not in err
