"""Inputs and outputs behind URLs: an S3 server of our own, and fsspec's file system in memory."""

import asyncio
import errno
import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fastcli import remote
from fastcli.api.job import reason_of
from fastcli.api.part_job import PartJob
from fastcli.api.parts import named
from fastcli.errors import ArgumentError, DataError, FastcliNote
from fastcli.labelling.part_records import recorded_path
from fastcli.notices import say
from fastcli.tables.formats import named_kind
from fastcli.text.input_list import list_inputs
from fastcli.urls import is_url, local_path, name_of, shown
from tests.clusters import local_cluster
from tests.command import environment, run
from tests.s3 import Faults, serving

pytest.importorskip("s3fs")
LINES = b"broken screen\nrefund please\n\napp crashes\n"
TABLE = b"id,text\n1,broken screen\n2,refund please\n"
BUSY = OSError(errno.EBUSY, "Please reduce your request rate")  # as s3fs tells a status of 503
MB = 1 << 20


@pytest.fixture(scope="module")
def server():
    with serving() as store:
        yield store


@pytest.fixture
def s3(server):
    yield server
    server.clear()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    train = folder / "train.txt"
    train.write_text("__label__Tech broken screen app crashes\n__label__Billing refund please\n")
    quick = ["-dim", 5, "-epoch", 50, "-lr", 0.5, "-thread", 1, "-minCount", 1, "-bucket", 10]
    assert run("supervised", "-input", train, "-output", folder / "m", *quick).code == 0
    return str(folder / "m.bin")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastcli.attempts.PAUSE", 0.0)
    monkeypatch.setattr("fastcli.remote._seen", {})
    return tmp_path


def label(model, *argv, n=1):
    return run("predict-prob", model, *argv, "-thread", n)


def last(result, code=1):
    """Return the last line that is said."""
    assert result.code == code, result.err
    return result.err.splitlines()[-1]


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("s3://bucket/a.txt", True),
        ("gs://b/*.gz", True),
        ("https://host/a.csv?x=1", True),
        ("memory://a", True),
        ("file:///tmp/a", False),
        ("C:\\x\\a.txt", False),
        ("C://x/a.txt", False),
        ("a://b", False),
        ("a/b://c", False),
        ("/s3://b", False),
        ("./s3://bucket/a", False),
        ("a.txt", False),
        ("-", False),
        ("://x", False),
    ],
)
def test_which_paths_are_urls(path, is_one):
    assert is_url(path) == is_one


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_local_files_of_such_names(here, model):
    os.makedirs("s3:/bucket")
    Path("s3:/bucket/a.txt").write_bytes(LINES)
    assert not is_url("s3://bucket/a.txt")
    assert label(model, "s3://bucket/a.txt").text().count("\n") == 4
    assert label(model, "./s3://bucket/a.txt").text().count("\n") == 4


def test_file_urls_are_local_paths(here, model):
    Path("a.txt").write_bytes(LINES)
    assert local_path(f"file://{here}/a.txt") == f"{here}/a.txt"
    assert label(model, f"file://{here}/a.txt").out == label(model, "a.txt").out
    result = label(model, f"file://{here}/*.txt", "--output-dir", f"file://{here}/out")
    assert result.code == 0
    assert Path("out/a.txt").read_bytes() == label(model, "a.txt").out


def test_what_a_record_names():
    """Behind the ? of a web page may be a signature, which changes and is a secret."""
    assert recorded_path("https://host/a.csv?signature=x") == "https://host/a.csv"
    assert recorded_path("s3://bucket/a.csv?versionId=x") == "s3://bucket/a.csv?versionId=x"
    assert recorded_path("a.csv") == os.path.abspath("a.csv")
    assert recorded_path("sftp://me:secret@host/a.csv") == "sftp://host/a.csv"


def test_what_sentences_show_of_urls():
    """No user, password or signature; the containers of some kinds are no users."""
    for url, expected in {
        "https://me:secret@host/a?x=secret#y": "https://...@host/a?...",
        "HTTPS://secret@host/a": "HTTPS://...@host/a",
        "s3://key:secret@host/b/a@c?x": "s3://...@host/b/a@c?x",
        "abfs://box@account.example/a": "abfs://box@account.example/a",
        "abfs://box:secret@account.example/a": "abfs://...@account.example/a",
        "hf://datasets/me/set@main/a": "hf://datasets/me/set@main/a",
        "https://host/a:b": "https://host/a:b",
    }.items():
        for end in ("", ".", ": it is gone. And", " and", "'"):
            assert shown(f"In {url}{end}") == f"In {expected}{end}"
            assert str(DataError(f"{url}{end}")) == f"{expected}{end}"
    with pytest.warns(FastcliNote, match=r"^https://host/a\?\.\.\. is read$"):
        say("https://host/a?secret is read")
    url = "https://me:secret@host/a"
    assert named(url, f"{url}: gone") == "https://...@host/a: gone"
    assert reason_of(OSError(5, "gone", url)) == "https://...@host/a: gone"
    assert name_of("abfs://box@account.example/a") == "box@account.example/a"


def test_names_of_parts():
    assert name_of("s3://bucket/a/b.txt") == "bucket/a/b.txt"
    assert name_of("https://host/a.csv?download=true#x") == "host/a.csv"
    assert name_of("memory:///a/b") == "a/b"
    assert name_of("https://me:secret@host/a@b") == "host/a@b"
    assert named_kind("https://host/a.csv.gz?download=1") == "csv"


# ------------------------------------------------------------------ whole runs


def test_parts_behind_urls_are_the_same_bytes(here, model, s3):
    Path("in").mkdir()
    for name, data in {
        "a.txt": LINES,
        "b.txt.gz": gzip.compress(LINES * 9),
        "c.csv": TABLE,
        "deep/d.csv.gz": gzip.compress(TABLE),
        "e.txt": b"",
    }.items():
        s3[f"in/{name}"] = data
        Path("in", name).parent.mkdir(exist_ok=True)
        Path("in", name).write_bytes(data)
    s3["in/_SUCCESS"] = s3["in/.hidden"] = b"x"
    assert label(model, "in", "--output-dir", "local").code == 0
    names = ["a.txt", "b.txt.gz", "c.csv", "deep/d.csv.gz", "e.txt"]
    result = label(model, s3.url("in"), "--output-dir", s3.url("out"), n=2)
    assert result.code == 0, result.err
    assert s3.names("out") == names
    assert label(model, s3.url("in"), "--output-dir", "fetched").code == 0
    assert label(model, "in", "--output-dir", s3.url("sent")).code == 0
    for name in names:
        data = Path("local", name).read_bytes()
        assert s3[f"out/{name}"] == s3[f"sent/{name}"] == Path("fetched", name).read_bytes() == data
    assert s3.uploads() == []
    Path("list").write_text("\n".join([s3.url("in/deep/d.csv.gz"), s3.url("in/*.txt"), "in/c.csv"]))
    printed = label(model, "--files-from", "list", "--format", "text").out
    local = ["in/deep/d.csv.gz", "in/a.txt", "in/e.txt", "in/c.csv"]
    assert printed == label(model, *local, "--format", "text").out


def test_only_what_is_missing_is_made(here, model, s3):
    for i in range(3):
        s3[f"in/{i}.txt"] = LINES
    argv = [model, s3.url("in/*.txt"), "--output-dir", s3.url("out")]
    assert last(label(*argv), 0) == "3 parts: 3 written."
    s3.fs.rm("bucket/out/1.txt")
    s3["in/2.txt"] = LINES * 2
    result = label(*argv)
    assert last(result, 0) == "3 parts: 2 written, 1 there already."
    assert f"made again: {s3.url('in/2.txt')}." in result.err
    s3["in/2.txt"] = LINES * 2  # another time, the same bytes
    assert last(label(*argv), 0) == "3 parts: 3 there already."
    assert last(label(*argv, "--shard", "1/3", "--overwrite"), 0) == "1 part: 1 written."
    assert "was made with other options (-k)" in last(label(*argv, "-k", 2))
    s3["out/0.txt"] = b"mine"
    assert "out/0.txt was changed since it was made" in last(label(*argv))
    s3.fs.rm("bucket/out/0.txt")
    s3["out/.parts/1.txt.json"] = b"{"
    assert "out/.parts/1.txt.json cannot be read" in last(label(*argv))


def test_a_run_that_ended_before_the_tag_was_recorded(here, model, s3):
    """The part is there, and its record has its digest only; or it is not there yet."""
    s3["in/a.txt"] = LINES
    argv = [model, s3.url("in/a.txt"), "--output-dir", s3.url("out")]
    assert label(*argv).code == 0
    record = json.loads(s3["out/.parts/a.txt.json"])
    assert record["part"].pop("tag")
    s3["out/.parts/a.txt.json"] = json.dumps(record).encode()
    assert last(label(*argv), 0) == "1 part: 1 there already."
    s3.fs.rm("bucket/out/a.txt")
    assert last(label(*argv), 0) == "1 part: 1 written."


def test_an_input_that_is_replaced_while_its_part_is_made(here, model, s3, monkeypatch):
    """By one of the same size: the next run sees that it is another."""
    s3["in/a.txt"] = LINES
    argv = [model, s3.url("in/a.txt"), "--output-dir", s3.url("out")]
    real = PartJob._label_here

    def label_here(*args):
        s3["in/a.txt"] = LINES.swapcase()
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(PartJob, "_label_here", label_here)
        assert label(*argv).code == 0
    result = label(*argv)
    assert last(result, 0) == "1 part: 1 written."
    assert "Changed since the part was made" in result.err


def test_a_bucket_that_is_missing_is_found_before_any_work(here, model, s3, monkeypatch):
    Path("a.txt").write_bytes(LINES)
    monkeypatch.setattr(PartJob, "work", None)
    result = label(model, "a.txt", "--output-dir", "s3://nobody/out")
    assert "bucket does not exist" in last(result)
    assert "could not be made" not in result.err


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (BUSY, True),
        (OSError("no number"), True),
        (ConnectionResetError("gone"), True),
        (asyncio.TimeoutError(), True),
        (FileNotFoundError("none"), False),
        (PermissionError("no"), False),
        (OSError(errno.ENOSPC, "full"), False),
        (ValueError("x"), False),
        (type("TransportError", (Exception,), {"__module__": "google.auth"})(), True),
        (type("RefreshError", (Exception,), {"__module__": "google.auth"})(), False),
        (type("NoCredentialsError", (Exception,), {"__module__": "botocore"})(), False),
        (type("Answer", (Exception,), {"status": 503})(), True),
        (type("Answer", (Exception,), {"status": 404})(), False),
    ],
)
def test_what_is_tried_again(error, may_pass):
    assert remote._may_pass(error) == may_pass


def test_predict_and_test_print_the_same(here, model, s3):
    labelled = b"__label__Tech broken screen\n__label__Billing app refund\n"
    for name in ("a.txt", "b.txt"):
        Path(name).write_bytes(labelled)
        s3[name] = labelled
    urls = [s3.url("a.txt"), s3.url("b.txt")]
    assert label(model, *urls).out == label(model, "a.txt", "b.txt").out
    there, local = run("test", model, *urls, 1), run("test", model, "a.txt", "b.txt", 1)
    assert there.code == 0, there.err
    assert there.out.replace(b"s3://bucket/", b"") == local.out
    there, local = (run("test", "--report", model, path) for path in (urls[0], "a.txt"))
    assert there.out.replace(b"s3://bucket/", b"").split() == local.out.split()


def test_one_output(here, model, s3):
    s3["t.csv"] = TABLE
    Path("t.csv").write_bytes(TABLE)
    result = label(model, s3.url("t.csv"), "--output", s3.url("o/t.csv.gz"))
    assert result.code == 0, result.err
    assert label(model, "t.csv", "--output", "t.out.csv").code == 0
    assert gzip.decompress(s3["o/t.csv.gz"]) == Path("t.out.csv").read_bytes()
    s3["t.csv"] = b'id,text\n1,"broken'
    assert label(model, s3.url("t.csv"), "--output", s3.url("o/u.csv")).code == 1
    assert s3.names("o") == ["t.csv.gz"]
    assert "is an input and would be overwritten" in last(
        label(model, s3.url("t.csv"), "--output", s3.url("t.csv"))
    )


def test_parquet(here, model, s3):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": ["broken screen", "refund"]}), "a.parquet")
    s3["a.parquet"] = Path("a.parquet").read_bytes()
    assert label(model, s3.url("a.parquet"), "--output-dir", "out").code == 0
    assert label(model, "a.parquet", "--output-dir", "local").code == 0
    assert Path("out/a.parquet").read_bytes() == Path("local/a.parquet").read_bytes()


def test_what_others_put_there_meanwhile_is_seen(s3, here):
    """As a program does that labels the new files now and then."""
    from s3fs import S3FileSystem

    other = S3FileSystem(skip_instance_cache=True)
    other.pipe_file("bucket/in/1.txt", b"a")
    for words in (s3.url("in/*.txt"), s3.url("in")):
        other.pipe_file("bucket/in/1.txt", b"a")
        assert list_inputs([words], (), True).paths == [s3.url("in/1.txt")]
        former = remote.listed_state(s3.url("in/1.txt"))
        other.pipe_file("bucket/in/1.txt", b"b")
        other.pipe_file("bucket/in/2.txt", b"b")
        assert list_inputs([words], (), True).paths == [s3.url("in/1.txt"), s3.url("in/2.txt")]
        assert remote.listed_state(s3.url("in/1.txt")) == remote.state_of(s3.url("in/1.txt"))
        assert remote.listed_state(s3.url("in/1.txt")) != former
        other.rm("bucket/in/2.txt")


# ------------------------------------------------------------------ faults


@pytest.fixture
def small_blocks(monkeypatch):
    """Let uploads have parts of 5 MB, the smallest there are, and reading 1 MB at a time."""
    from s3fs import S3FileSystem

    monkeypatch.setattr(S3FileSystem, "default_block_size", 5 * MB)
    monkeypatch.setattr("fastcli.remote.BLOCK", MB)


@pytest.mark.parametrize(
    ("size", "method", "after"),
    [
        (100, "upload_part", 0),
        (100, "complete_multipart_upload", 0),
        (6 * MB, "create_multipart_upload", 0),
        (6 * MB, "upload_part", 0),
        (6 * MB, "upload_part", 1),
        (6 * MB, "complete_multipart_upload", 0),
    ],
)
def test_an_upload_is_complete_or_absent(here, s3, small_blocks, monkeypatch, size, method, after):
    Path("a").write_bytes(os.urandom(size))
    fault = Faults(monkeypatch, method, BUSY, n=99, after=after)
    with (
        pytest.raises(OSError, match="reduce your request rate"),
        pytest.warns(match="tried again"),
    ):
        remote.send(s3.url("a"), "a")
    assert fault.count >= 4  # tried again three times
    assert (s3.names(), s3.uploads()) == ([], [])
    monkeypatch.undo()
    monkeypatch.chdir(here)
    monkeypatch.setattr("fastcli.attempts.PAUSE", 0.0)
    Faults(monkeypatch, method, BUSY)
    with pytest.warns(match="tried again"):
        remote.send(s3.url("a"), "a")
    assert s3["a"] == Path("a").read_bytes()
    assert s3.uploads() == []


@pytest.mark.parametrize("size", [100, 6 * MB])
def test_an_upload_that_is_interrupted(here, s3, small_blocks, size):
    Path("a").write_bytes(bytes(size))

    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remote.send(s3.url("a"), "a", interrupted)
    assert (s3.names(), s3.uploads()) == ([], [])


def test_an_error_that_stays_is_not_tried_again(here, s3, monkeypatch):
    Path("a").write_bytes(b"a")
    fault = Faults(monkeypatch, "upload_part", PermissionError("Access Denied"), n=9)
    with pytest.raises(OSError, match="Access Denied"):
        remote.send(s3.url("a"), "a")
    assert fault.count == 1
    assert (s3.names(), s3.uploads()) == ([], [])


def test_reading_goes_on_where_it_broke_off(here, s3, small_blocks, monkeypatch):
    data = os.urandom(12 * MB)
    s3["a"] = data
    fault = Faults(monkeypatch, "get_object", ConnectionResetError("gone"), after=1, n=2)
    with pytest.warns(match="a: gone. It is tried again"):
        found = b"".join(remote.blocks(s3.url("a")))
    assert found == data
    assert fault.count == 4  # one before, the rest afterwards


def test_a_file_that_changes_while_it_is_read(here, s3, small_blocks):
    s3["a"] = bytes(12 * MB)
    blocks = remote.blocks(s3.url("a"))
    next(blocks)
    s3["a"] = b"other"
    with pytest.raises(DataError, match="changed while it was read"):
        list(blocks)


@pytest.mark.parametrize("method", ["get_object", "upload_part"])
def test_a_fault_costs_its_part_only(here, model, s3, monkeypatch, method):
    for i in range(3):
        s3[f"in/{i}.txt"] = LINES
    argv = [model, s3.url("in"), "--output-dir", s3.url("out")]
    with monkeypatch.context() as patch:
        Faults(patch, method, BUSY, n=99, word="1.txt")
        result = label(*argv)
    said = result.err.splitlines()
    assert said[-1] == "1 part of 3 could not be made: the same command tries again."
    assert said[-2].startswith(s3.url("in/1.txt"))
    assert "Please reduce your request rate" in said[-2]
    assert said[-3] == "3 parts: 2 written, 1 failed."
    assert (s3.names("out"), s3.uploads()) == (["0.txt", "2.txt"], [])
    with monkeypatch.context() as patch:
        Faults(patch, method, BUSY, n=1, word="1.txt")
        result = label(*argv)
    assert last(result, 0) == "3 parts: 1 written, 2 there already."
    assert result.err.count("It is tried again") == 1


def test_a_part_that_cannot_be_replaced_stays(here, model, s3, monkeypatch):
    """Its record is written before that fails, and is no obstacle later."""
    s3["in/a.txt"] = LINES
    argv = [model, s3.url("in/a.txt"), "--output-dir", s3.url("out")]
    assert label(*argv).code == 0
    before = s3["out/a.txt"]
    s3["in/a.txt"] = LINES * 2
    for _ in range(2):
        with monkeypatch.context() as patch:
            Faults(patch, "complete_multipart_upload", BUSY, n=99)
            assert label(*argv).code == 1
        assert s3["out/a.txt"] == before
    assert last(label(*argv), 0) == "1 part: 1 written."
    assert s3["out/a.txt"] == before * 2
    assert last(label(*argv), 0) == "1 part: 1 there already."


def test_no_room_for_the_temporary_file(here, model, s3, monkeypatch):
    """Of the input, and of the part: the others are made."""
    s3["in/a.txt"] = LINES * 20_000
    s3["in/b.txt"] = LINES
    resource = pytest.importorskip("resource")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit, what in ((500_000, "cannot be copied to"), (1_200_000, "temporary file of")):
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, former[1]))
        try:
            result = label(model, s3.url("in"), "--output-dir", s3.url(f"out{limit}"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, former)
            signal.signal(signal.SIGXFSZ, handler)
        said = result.err.splitlines()
        assert said[-1] == "1 part of 2 could not be made: the same command tries again."
        assert what in said[-2]
        assert "TMPDIR" in said[-2]
        assert s3.names(f"out{limit}") == ["b.txt"]
    assert s3.uploads() == []


def test_sentences(here, model, s3, monkeypatch):
    s3["a.txt"] = LINES
    Path("a.txt").write_bytes(LINES)
    there = s3.url("a.txt")
    assert "no file has this name" in last(label(model, s3.url("none.txt")))
    assert "no file has this name" in last(label(model, s3.url("none/*.txt")))
    assert "no file has this name" in last(label(model, "s3://nobody/a.txt"))
    assert "is not a kind of address" in last(label(model, "xx://b/a.txt"))
    assert "a web page can be read, not written" in last(
        label(model, "a.txt", "--output-dir", "https://host/out")
    )
    assert "models are read from local files" in last(label(s3.url("m.bin"), "a.txt"))
    assert "supervised reads local files" in last(
        run("supervised", "-input", there, "-output", "m")
    )
    assert "URLs of one kind" in last(label(model, "a.txt", there, "--output-dir", "out"))
    twice = last(label(model, there, there, "--output-dir", "out"))
    assert f"{there} is given twice" in twice
    monkeypatch.setitem(sys.modules, "fsspec", None)
    assert last(label(model, there)) == f"{there}: s3:// needs pip install 'fasttext-cli[s3]'."
    assert last(label(model, "gs://b/a")) == "gs://b/a: gs:// needs pip install fsspec gcsfs."


def test_names_that_leave_the_folder():
    from fastcli.labelling.parts import parts_of

    remote._seen["s3://b/x/../../a.txt"] = remote.RemoteState(size=1, tag="")
    with pytest.raises(ArgumentError, match="has no name that a part could have"):
        parts_of(["s3://b/x/../../a.txt"], "out")


# ------------------------------------------------------------------ other file systems


def test_memory(here, model):
    fsspec = pytest.importorskip("fsspec")
    fs = fsspec.filesystem("memory")
    for i in range(2):
        fs.pipe_file(f"/in/{i}.txt", LINES)
    result = label(model, "memory://in/*.txt", "--output-dir", "memory://out", n=2)
    assert result.code == 0, result.err
    Path("a.txt").write_bytes(LINES)
    assert fs.cat_file("/out/1.txt") == label(model, "a.txt").out
    again = label(model, "memory://in", "--output-dir", "memory://out")
    assert last(again, 0) == "2 parts: 2 there already."
    fs.rm("/in", recursive=True)
    fs.rm("/out", recursive=True)


def test_local_runs_load_no_fsspec(here, model):
    Path("a.txt").write_bytes(LINES)
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('loaded', 'fsspec' in sys.modules, file=sys.stderr))\n"
        f"sys.argv = ['fastcli', 'predict', {model!r}, 'a.txt', '--output-dir', 'out']\n"
        "from fastcli.cli import main\n"
        "main()\n"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, env=environment(), text=True)
    assert done.stderr.splitlines()[-1] == "loaded False"


def test_a_cluster_makes_the_same_of_urls(s3, here, model):
    pytest.importorskip("distributed")
    for name, data in (("1.txt", LINES), ("2.txt.gz", gzip.compress(LINES)), ("3.csv", TABLE)):
        s3[f"in/{name}"] = data
    assert label(model, s3.url("in"), "--output-dir", s3.url("alone")).code == 0
    with local_cluster(2) as cluster:
        words = ["--dask", cluster.scheduler_address]
        result = label(model, s3.url("in"), "--output-dir", s3.url("out"), *words)
        assert last(result, 0) == "3 parts: 3 written."
        s3["test.txt"] = b"__label__Tech broken screen\n__label__Tech refund\n"
        tested = run("test", model, s3.url("test.txt"), *words)
    assert s3.names("out") == s3.names("alone")
    assert all(s3[f"out/{name}"] == s3[f"alone/{name}"] for name in s3.names("out"))
    assert tested.out == run("test", model, s3.url("test.txt")).out
