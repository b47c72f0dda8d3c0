"""predict and predict-prob --output-dir: a labelled part for each input, made once."""

import csv
import errno
import gzip
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from fastcli.api import part_job
from tests.command import run, start

TEXTS = ["broken screen", "refund please", "app crashes", "money back", ""]
TRAIN = "".join(
    f"__label__{label} {text}\n"
    for text, label in zip(TEXTS, ["Tech", "Billing", "Tech", "Billing"], strict=False)
)
QUICK = ["-dim", 5, "-epoch", 50, "-lr", 0.5, "-thread", 1, "-minCount", 1, "-bucket", 10]
posix = pytest.mark.skipif(os.name == "nt", reason="needs signals and links")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return a folder with two models that differ."""
    folder = tmp_path_factory.mktemp("models")
    Path(folder, "train.txt").write_text(TRAIN)
    for name, seed in (("m", 1), ("other", 2)):
        argv = ["-input", folder / "train.txt", "-output", folder / name, "-seed", seed]
        assert run("supervised", *argv, *QUICK).code == 0
    return folder


@pytest.fixture
def here(models, tmp_path, monkeypatch):
    """Go to a folder with the models and a folder of three tables."""
    monkeypatch.chdir(tmp_path)
    for file in models.glob("*.bin*"):
        shutil.copy2(file, tmp_path)
    for i in range(3):
        write(f"shards/{i}.jsonl.gz", [{"id": i, "text": f"{text} {i}"} for text in TEXTS[:4]])
    return tmp_path


def write(path, objects):
    """Write lines of JSON, compressed if the name says so."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{json.dumps(one)}\n" for one in objects).encode()
    Path(path).write_bytes(gzip.compress(data) if path.endswith(".gz") else data)


def label(*argv, model="m.bin", inputs=("shards/*.jsonl.gz",), out="out", command="predict-prob"):
    """Label inputs in this process, unless ``-thread`` asks for several."""
    threads = [] if "-thread" in argv else ["-thread", 1]
    return run(command, model, *inputs, "--output-dir", out, *threads, *argv)


def fails(*argv, **changes):
    """Run what is refused before anything is written; return its last line."""
    before = files(".")
    result = label(*argv, **changes)
    assert (result.code, result.out) == (1, b"")
    assert files(".") == before
    return result.err.splitlines()[-1]


def files(folder):
    """Return the files below a folder and their bytes, without the records of parts."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and ".parts" not in path.parts
    }


def rows(path):
    """Return the objects of compressed lines."""
    return [json.loads(line) for line in gzip.decompress(Path(path).read_bytes()).splitlines()]


def test_a_part_for_each_input(here):
    result = label()
    assert result.code == 0, result.err
    assert list(files("out")) == ["0.jsonl.gz", "1.jsonl.gz", "2.jsonl.gz"]
    for i in range(3):
        old, new = rows(f"shards/{i}.jsonl.gz"), rows(f"out/{i}.jsonl.gz")
        assert [{k: one[k] for k in ("id", "text")} for one in new] == old
        assert [one["label"] for one in new] == ["Tech", "Billing", "Tech", "Billing"]
        run("predict-prob", "m.bin", f"shards/{i}.jsonl.gz", "--output", "one.jsonl.gz")
        assert rows("one.jsonl.gz") == new
    said = r"Wrote 12 rows to 3 parts in out in \d+\.\d s: all columns, and label, probability\."
    assert re.search(said, result.err)
    assert result.err.count("text: column 'text'") == 1  # the same for all
    assert result.err.splitlines()[-1] == "3 parts: 3 written."


@pytest.mark.parametrize("options", [[], ["--wide"], ["-k", 2]])
def test_any_number_of_processes_makes_the_same(here, options):
    label("-thread", 1, *options)
    result = label("-thread", 2, *options, out="two")
    assert result.code == 0, result.err
    assert files("out") == files("two")
    label(*options, out="three", inputs=["shards/0.jsonl.gz"])
    assert files("three").items() <= files("out").items()


def test_what_is_there_is_left_alone(here):
    label()
    Path("out/1.jsonl.gz").unlink()
    before = {path: path.stat().st_mtime_ns for path in Path("out").glob("*.gz")}
    result = label()
    assert result.err.splitlines()[-1] == "3 parts: 1 written, 2 there already."
    assert "2 parts of the same inputs there already, left as is." in result.err
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert label().err.splitlines()[-1] == "3 parts: 3 there already."
    assert label("--overwrite").err.splitlines()[-1] == "3 parts: 3 written."


def test_copies_are_the_same_files(here):
    """Their times are others, so their digests are compared."""
    label()
    shutil.copytree("out", "copied", copy_function=shutil.copyfile)
    shutil.copytree("shards", "elsewhere", copy_function=shutil.copyfile)
    result = label(out="copied", inputs=["elsewhere"])
    assert result.err.splitlines()[-1] == "3 parts: 3 there already."


def test_a_changed_input_is_made_again(here):
    label()
    write("shards/1.jsonl.gz", [{"text": "refund me"}])
    result = label()
    assert result.code == 0
    assert "Changed since the part was made, which is made again: shards/1.jsonl.gz." in result.err
    assert result.err.splitlines()[-1] == "3 parts: 1 written, 2 there already."
    assert [one["text"] for one in rows("out/1.jsonl.gz")] == ["refund me"]
    assert label().err.splitlines()[-1] == "3 parts: 3 there already."


@pytest.mark.parametrize(
    ("argv", "changes", "what"),
    [
        ([], {"model": "other.bin"}, "out/0.jsonl.gz was made with another model."),
        ([], {"command": "predict"}, "made with other options (probabilities)."),
        (["-k", 2], {}, "made with other options (-k)."),
        (["--as", "team"], {}, "made with other options (--as)."),
        (["--text-column", "text"], {}, "made with other options (--text-column"),
    ],
)
def test_parts_of_another_run_are_not_mixed(here, argv, changes, what):
    label(inputs=["shards/0.jsonl.gz", "shards/1.jsonl.gz"])
    said = fails(*argv, **changes)
    assert what in said
    assert "--overwrite" in said
    # Nor beside each other, where no part would be replaced.
    said = fails(*argv, inputs=["shards/2.jsonl.gz"], **changes)
    assert "out/0.jsonl.gz is in the same folder and was made with another" in said or (
        "out/0.jsonl.gz is in the same folder and was made with other options" in said
    )
    assert label("--overwrite", *argv, **changes).code == 0
    assert label(*argv, **changes).err.splitlines()[-1] == "3 parts: 3 there already."


def test_what_is_not_known_is_not_replaced(here):
    write("out/0.jsonl.gz", [{"mine": 1}])
    assert "out/0.jsonl.gz exists, and there is no record of how it was made." in fails()
    assert label("--overwrite").code == 0
    write("out/1.jsonl.gz", [{"mine": 1}])
    assert "out/1.jsonl.gz was changed since it was made" in fails()
    Path("out/1.jsonl.gz").unlink()
    assert label().code == 0
    write("b/0.jsonl.gz", [{"text": "another"}])
    said = fails(inputs=["b/0.jsonl.gz"])
    assert "out/0.jsonl.gz was made from another input" in said
    assert "shards" in said


@pytest.mark.parametrize(
    "change",
    [
        lambda record: b"{",
        lambda record: b"[]",
        lambda record: b"\xff",
        lambda record: b"[" * 100_000,
        lambda record: json.dumps({**record, "rows": -1}).encode(),
        lambda record: json.dumps({**record, "version": 2}).encode(),
        lambda record: json.dumps({**record, "source": {"size": "1"}}).encode(),
        lambda record: json.dumps({**record, "options": []}).encode(),
        lambda record: json.dumps({k: v for k, v in record.items() if k != "model"}).encode(),
    ],
)
def test_damaged_records(here, change):
    label(inputs=["shards/0.jsonl.gz"])
    path = Path("out/.parts/0.jsonl.gz.json")
    path.write_bytes(change(json.loads(path.read_bytes())))
    said = fails(inputs=["shards/0.jsonl.gz"])
    assert said.startswith("out/.parts/0.jsonl.gz.json cannot be read: ")
    assert "--overwrite" in said
    assert label("--overwrite", inputs=["shards/0.jsonl.gz"]).code == 0
    assert label(inputs=["shards/0.jsonl.gz"]).code == 0


def test_a_part_that_cannot_be_replaced_stays(here, monkeypatch):
    """Its record is written before that fails, and is no obstacle later."""
    label()
    before = files("out")
    write("shards/1.jsonl.gz", [{"text": "refund me"}])
    real = os.replace

    def fails(source, target):
        if str(target).endswith("out/1.jsonl.gz"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", fails)
            assert label().code == 1
        assert files("out") == before
    assert label().err.splitlines()[-1] == "3 parts: 1 written, 2 there already."
    assert [one["text"] for one in rows("out/1.jsonl.gz")] == ["refund me"]


def test_paths_below_the_common_folder(here):
    for name in ("a/x/1.csv", "a/y/1.csv", "a/y/deep/2.csv"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("text,n\nrefund please,1\n")
    for inputs in (["a"], ["a/*/*.csv", "a/y/deep/2.csv"], ["a/**/*.csv"]):
        shutil.rmtree("out", ignore_errors=True)
        assert label(inputs=inputs).code == 0
        assert list(files("out")) == ["x/1.csv", "y/1.csv", "y/deep/2.csv"]
    Path("list").write_text("a/y/1.csv\n./a/y/deep/2.csv\n")
    label("--files-from", "list", inputs=[], out="listed")
    assert list(files("listed")) == ["1.csv", "deep/2.csv"]


@posix
def test_collisions(here):
    os.link("shards/0.jsonl.gz", "shards/9.jsonl.gz")
    assert "shards/9.jsonl.gz and shards/0.jsonl.gz are the same file" in fails()
    Path("shards/9.jsonl.gz").unlink()
    os.symlink("shards", "linked")
    both = ["shards/0.jsonl.gz", "linked/0.jsonl.gz"]
    assert "linked/0.jsonl.gz and shards/0.jsonl.gz are the same file" in fails(inputs=both)
    assert "shards/0.jsonl.gz is given twice" in fails(inputs=["shards/0.jsonl.gz"] * 2)
    assert "shards/0.jsonl.gz is an input and would be overwritten" in fails(out="shards")
    assert "is an input and would be overwritten" in fails(out="linked")
    os.makedirs("out")
    os.symlink("../shards/2.jsonl.gz", "out/1.jsonl.gz")
    assert "shards/2.jsonl.gz is an input and would be overwritten" in fails()
    shutil.rmtree("out")
    os.mkfifo("shards/pipe")
    assert "shards/pipe is not a regular file" in fails(inputs=["shards"])


def test_parts_are_no_inputs(here):
    assert label(inputs=["shards"], out="shards/out").code == 0
    said = fails(inputs=["shards"], out="shards/out")
    assert "shards/out/0.jsonl.gz is a part that was written to shards/out" in said
    os.makedirs("in/.parts")
    for name in ("in/a.jsonl", "in/.parts/a.jsonl"):
        write(name, [{"text": "x"}])
    said = fails(inputs=["in/a.jsonl", "in/.parts/a.jsonl"])
    assert ".parts is the name of the folder in which" in said


def test_options_that_need_each_other(here):
    assert (
        "give --output-dir DIR"
        in run("predict", "m.bin", "shards/*.gz", "--output", "one.jsonl").err
    )
    for argv in (["--shard", "1/2"], ["--overwrite"]):
        result = run("predict", "m.bin", "shards/0.jsonl.gz", *argv)
        assert result.code == 1
        assert result.err.splitlines()[-1].startswith(f"{argv[0]} is for parts: ")
        assert "--output-dir DIR" in result.err
    assert "give one of them" in fails("--output", "one.jsonl")
    assert "--output-dir takes files" in fails(inputs=["-"])
    if os.path.exists("/dev/stdin"):
        assert "--output-dir takes files" in fails(inputs=["/dev/stdin"])
    assert "k needs to be 1 or higher" in fails("-k", 0)


def test_positionals_behind_several_files(here):
    assert label("2", "0.1", inputs=["shards/0.jsonl.gz", "shards/1.jsonl.gz"]).code == 0
    assert "label_2" in rows("out/0.jsonl.gz")[0]
    write("5", [{"text": "refund please"}])
    result = label(inputs=["./5", "shards/0.jsonl.gz"], out="named")
    assert result.code == 0, result.err
    assert list(files("named")) == ["5", "shards/0.jsonl.gz"]
    before = files(".")
    result = run(
        "predict",
        "m.bin",
        "shards/0.jsonl.gz",
        "shards/1.jsonl.gz",
        "5",
        "1",
        "0",
        "--output-dir",
        "x",
    )
    assert result.code == 1
    assert "write ./5" in result.err
    assert files(".") == before


def test_shards_are_all_parts_together(here):
    label()
    for i in (1, 2):
        result = label("--shard", f"{i}/2", out="sharded")
        assert result.code == 0
    assert files("sharded") == files("out")
    label("--shard", "2/2", out="second")
    assert list(files("second")) == ["1.jsonl.gz"]  # the second of the sorted list
    assert label("--shard", "4/4", out="none").err.splitlines()[-1] == "0 parts: nothing to do."
    for wrong in ("0/2", "3/2", "1/0", "1", "a/b", "-1/2", "1/2/3", "٣/٤"):
        assert f"not {wrong!r}" in fails(f"--shard={wrong}", out="x")


def test_a_part_that_fails(here):
    data = Path("shards/1.jsonl.gz").read_bytes()
    Path("shards/1.jsonl.gz").write_bytes(data[:-9])
    write("shards/2.jsonl.gz", [{"text": "x"}, {"text": ["a"]}])
    for n in (1, 2):
        result = label("-thread", n, out=f"out{n}")
        assert result.code == 1
        assert list(files(f"out{n}")) == ["0.jsonl.gz"]
        *_, counts, first, second, last = result.err.splitlines()
        assert counts == "3 parts: 1 written, 2 failed."
        assert first.startswith("shards/1.jsonl.gz")
        assert "ends too early" in first
        assert second.startswith("shards/2.jsonl.gz")
        assert last == "2 parts of 3 could not be made: the same command tries again."
    Path("shards/1.jsonl.gz").write_bytes(data)
    write("shards/2.jsonl.gz", [{"text": "x"}])
    assert label(out="out1").err.splitlines()[-1] == "3 parts: 2 written, 1 there already."


def test_an_input_that_fails_after_a_change_leaves_its_part(here):
    label()
    before = files("out")
    write("shards/1.jsonl.gz", [{"text": ["a"]}])
    assert label().code == 1
    assert files("out") == before


def test_formats_are_those_of_the_inputs(here):
    """By content where the name does not tell."""
    lines = [{"text": text, "n": 1} for text in TEXTS]
    write("in/part-0", lines)
    write("in/part-1.gz", lines)
    os.rename("in/part-1.gz", "in/part-1")
    Path("in/t.csv").write_text("text;n\r\nrefund please;1\r\n", newline="")
    Path("in/t.tsv").write_text("text\tn\nrefund please\t1\n")
    Path("in/a.json").write_text(json.dumps(lines))
    result = label(inputs=["in"])
    assert result.code == 0, result.err
    assert rows("out/part-1")[0].keys() == {"text", "n", "label", "probability"}
    assert Path("out/part-0").read_bytes() == gzip.decompress(Path("out/part-1").read_bytes())
    assert Path("out/t.csv").read_bytes().startswith(b"text;n;label;probability\r\n")
    assert Path("out/t.tsv").read_text().startswith("text\tn\tlabel\tprobability\n")
    assert len(json.loads(Path("out/a.json").read_text())) == len(lines)
    assert "no text at all" in result.err


def test_parts_of_parquet(here):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    os.makedirs("in")
    for i in range(2):
        parquet.write_table(pyarrow.table({"text": TEXTS, "n": list(range(5))}), f"in/{i}.parquet")
    for n in (1, 2):
        result = label("-thread", n, inputs=["in"], out=f"out{n}")
        assert result.code == 0, result.err
    assert files("out1") == files("out2")
    found = parquet.read_table("out1/1.parquet")
    assert found.column_names == ["text", "n", "label", "probability"]
    assert found["label"].to_pylist()[:2] == ["Tech", "Billing"]


def test_a_model_of_numbers(here):
    Path("xor.csv").write_text("a,b,label\n" + "0,0,no\n0,1,yes\n1,0,yes\n1,1,no\n" * 5)
    quick = ["--hidden", 8, "-epoch", 20, "-verbose", 0, "-thread", 1]
    assert run("mlp-train", "-input", "xor.csv", "-output", "xor", *quick).code == 0
    for i in range(2):
        Path(f"{i}.csv").write_text(f"id,b,a\n{i},0,1\n")
    for n in (1, 2):
        result = label("-thread", n, model="xor.mlp", inputs=["0.csv", "1.csv"], out=f"out{n}")
        assert result.code == 0, result.err
    assert files("out1") == files("out2")
    with open("out1/1.csv") as file:
        (row,) = csv.DictReader(file)
    assert row.keys() == {"id", "b", "a", "label", "probability"}


def test_columns_and_cleaning_of_like(here):
    Path("t.csv").write_text("Body,Team\nBROKEN screen,Tech\nRefund PLEASE,Billing\n")
    columns = ["--text-column", "Body", "--label-column", "Team", "--lowercase"]
    assert run("prepare", "t.csv", "-o", "p", "--split", 100, *columns, "-verbose", 0).code == 0
    Path("in").mkdir()
    for i in range(2):
        Path(f"in/{i}.csv").write_text("Id,Body\n1,BROKEN Screen\n")
    assert label("--like", "p/prepare.json", inputs=["in"]).code == 0
    with open("out/0.csv") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["Tech"]
    assert "other options (columns, cleaning or names of labels" in fails(inputs=["in"])


def test_empty_inputs_make_empty_parts(here):
    write("in/0.jsonl", [{"text": "refund"}])
    write("in/1.jsonl", [])
    write("in/2.jsonl.gz", [])
    result = label(inputs=["in"])
    assert result.code == 0, result.err
    assert result.err.splitlines()[-1] == ("3 parts: 3 written (2 of them empty, as the input is).")
    assert Path("out/1.jsonl").read_bytes() == b""
    assert gzip.decompress(Path("out/2.jsonl.gz").read_bytes()) == b""
    assert label(inputs=["in"]).err.splitlines()[-1] == "3 parts: 3 there already."


def test_bad_rows_of_all_parts_are_counted(here):
    for i in range(3):
        write(f"in/{i}.jsonl", [{"text": "refund"}, {"text": ["a"]}, {"text": "crash"}])
    assert label(inputs=["in"]).code == 1
    for n in (1, 2):
        result = label("-thread", n, "--skip-bad", inputs=["in"], out=f"out{n}")
        assert result.code == 0, result.err
        assert "Left out: 3 bad rows (3 x " in result.err
        assert len(Path(f"out{n}/0.jsonl").read_text().splitlines()) == 2


def test_a_folder_that_cannot_be(here):
    Path("out").write_text("mine")
    assert fails() == "out cannot be opened for saving. (File exists)"


@posix
def test_warnings_of_every_input_are_said(here):
    for i in range(3):
        with open(f"shards/{i}.jsonl.gz", "ab") as file:
            file.write(b"more")
    for n in (1, 2):
        result = label("-thread", n, out=f"out{n}")
        assert result.code == 0
        for i in range(3):
            assert f"shards/{i}.jsonl.gz: " in result.err
        assert result.err.count("text: column 'text'") == 1


def test_other_parts_that_stay_are_said(here):
    label(inputs=["shards/0.jsonl.gz"])
    result = label("--overwrite", model="other.bin", inputs=["shards/1.jsonl.gz"])
    assert "1 other part in out of another model or other options: left as is." in result.err
    assert result.code == 0


def leftovers(folder):
    return [path for path in Path(folder).rglob(".fastcli-*")]


@posix
@pytest.mark.parametrize(
    ("n_threads", "name", "code"), [(1, "SIGINT", 130), (2, "SIGINT", 130), (2, "SIGTERM", 143)]
)
def test_a_run_that_is_interrupted_goes_on_later(here, n_threads, name, code):
    n = 50
    for i in range(n):
        write(f"many/{i:02}.jsonl", [{"text": f"{text} {i}"} for text in TEXTS])
    argv = ["predict-prob", "m.bin", "many", "--output-dir", "out", "-thread", n_threads]
    with start(*argv) as job:
        while job.poll() is None and not list(Path("out").glob("*.jsonl")):
            pass
        job.send_signal(getattr(signal, name))
        err = job.communicate()[1].decode()
    assert job.returncode == code, err
    assert "the same command makes the rest" in err
    assert leftovers("out") == []
    made = len(list(Path("out").glob("*.jsonl")))
    assert 0 < made < n
    result = label(inputs=["many"])
    assert result.err.splitlines()[-1] == f"{n} parts: {n - made} written, {made} there already."
    assert leftovers("out") == []
    for i in range(n):
        lines = Path(f"out/{i:02}.jsonl").read_text().splitlines()
        assert [json.loads(line)["text"] for line in lines] == [f"{text} {i}" for text in TEXTS]


LINES = "broken screen\nrefund please , now\n\nwhat, if anything, is this\n"


def test_parts_of_lines_are_what_predict_prints(here):
    """By content where the name does not tell; a table beside them stays one."""
    os.makedirs("in")
    Path("in/a.txt").write_text(LINES)
    Path("in/b.txt.gz").write_bytes(gzip.compress(LINES.encode() * 2))
    Path("in/c").write_text("__label__Tech app crashes\n")
    Path("in/d").write_text("text,n\nrefund please,1\n")
    Path("in/e.txt").write_text("")
    for n in (1, 2):
        result = label("2", "-thread", n, inputs=["in"], out=f"out{n}")
        assert result.code == 0, result.err
        assert "Wrote 13 lines to 4 parts in" in result.err
        assert result.err.count("lines, as predict prints them (--format csv") == 1
    assert files("out1") == files("out2")
    for name in ("a.txt", "b.txt.gz", "c"):
        printed = run("predict-prob", "m.bin", f"in/{name}", 2).out
        data = Path("out1", name).read_bytes()
        assert (gzip.decompress(data) if name.endswith(".gz") else data) == printed
    assert Path("out1/d").read_text().startswith("text,n,label_1,")
    assert Path("out1/e.txt").read_bytes() == b""
    again = label("2", inputs=["in"], out="out1")
    assert again.err.splitlines()[-1] == "5 parts: 5 there already."


def test_lines_that_look_like_tables(here):
    os.makedirs("in")
    Path("in/a.csv").write_text("text,n\nrefund please,1\n")
    assert label("--format", "text", inputs=["in"]).code == 0
    assert (
        Path("out/a.csv").read_bytes()
        == run("predict-prob", "m.bin", "-", stdin=b"text,n\nrefund please,1\n").out
    )
    Path("in/a.txt").write_text(LINES)
    for argv in (["--wide"], ["--as", "x"], ["--keep", "Tech>=0.5"]):
        result = label(*argv, inputs=["in/a.txt"], out="not")
        assert result.code == 1
        assert f"in/a.txt: {argv[0]} is for the rows of tables, and this is lines" in result.err


def test_the_table_at_the_end(here):
    Path("shards/bad.jsonl").write_text("{")
    result = label()
    assert re.search(r"\nparts +rows +seconds +rows/s +tried again +failed\n", result.err)
    result = label("--overwrite", inputs=["shards"])
    titles, figures, counts, *_ = result.err.splitlines()[-5:]
    assert titles.split()[:2] == ["parts", "rows"]
    assert (figures.split()[:2], figures.split()[-2:]) == (["3", "12"], ["0", "1"])
    assert counts == "4 parts: 3 written, 1 failed."
    assert all(len(line) <= 80 for line in (titles, figures))


def test_a_part_that_another_run_makes_meanwhile_stays(here, monkeypatch):
    real = part_job.source_state

    def meanwhile(path):
        monkeypatch.setattr(part_job, "source_state", real)
        assert label("-k", 2).code == 0
        return real(path)

    monkeypatch.setattr(part_job, "source_state", meanwhile)
    result = label()
    assert result.code == 1
    for name in ("0", "1", "2"):
        said = f"out/{name}.jsonl.gz: another run has made it meanwhile; it was made with other"
        assert said in result.err
        rows = gzip.decompress(Path(f"out/{name}.jsonl.gz").read_bytes()).decode()
        assert all("label_2" in json.loads(row) for row in rows.splitlines())
    assert label("--overwrite").code == 0
