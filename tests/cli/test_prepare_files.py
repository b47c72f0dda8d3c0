"""Whose files prepare writes over: those that are as it left them."""

import hashlib
import json
import os
import re
import shutil
import signal

import pytest

from fastcli.prepare import belongings
from tests.command import run
from tests.faults import Fault, fails
from tests.test_kills import killed

ROWS = "text,label\n" + "".join(f"words of row {i},l{i % 3}\n" for i in range(60))
BAD = "text,label\na b,x\nno label,\nc d,y\n"
FILES = {"train.txt", "valid.txt", "test.txt", "labels.json", "prepare.json"}


@pytest.fixture
def rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


@pytest.fixture
def folder(rows, tmp_path):
    """Return a folder that prepare has written."""
    assert prepare(rows, tmp_path / "out").code == 0
    return tmp_path / "out"


def prepare(path, folder, *options):
    return run("prepare", path, "-o", folder, "-thread", 1, *options)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(path, folder, *options):
    """Check that nothing is done, and that one sentence says how; return it."""
    before = contents(folder)
    result = prepare(path, folder, *options)
    assert (result.code, result.out) == (1, b"")
    assert result.err.count("\n") == 1
    assert result.err.endswith(
        " and would be replaced: give another folder with -o, or --overwrite.\n"
    )
    assert contents(folder) == before
    return result.err


def test_digests_of_all_files(folder):
    found = json.loads((folder / "prepare.json").read_text())["files"]
    assert set(found) == FILES - {"prepare.json"}
    for name, entry in found.items():
        data = (folder / name).read_bytes()
        assert entry == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_what_is_as_it_was_left_is_replaced(rows, folder):
    assert prepare(rows, folder, "-seed", 3).code == 0
    assert set(contents(folder)) == FILES


@pytest.mark.parametrize("name", sorted(FILES))
def test_foreign_files(name, rows, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / name).write_bytes(b"mine\n")
    assert refused(rows, folder).startswith(f"{folder / name} was not written by prepare and")
    assert prepare(rows, folder, "--overwrite").code == 0
    assert set(contents(folder)) == FILES


def test_foreign_files_of_the_current_folder(rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (*FILES, "rejects.jsonl"):
        (tmp_path / name).write_bytes(b"mine\n")
    assert "(and 4 more)" in refused(rows, tmp_path)
    assert "(and 5 more)" in refused(rows, tmp_path, "--skip-bad")


@pytest.mark.parametrize("name", sorted(FILES - {"prepare.json"}))
@pytest.mark.parametrize("change", [b"x", None])
def test_edited_files(name, change, rows, folder):
    path = folder / name
    data = path.read_bytes()
    # Another size, and the same size with another byte.
    path.write_bytes(data + change if change else bytes([data[0] ^ 1]) + data[1:])
    assert refused(rows, folder).startswith(f"{path} was changed since prepare wrote it and")
    assert prepare(rows, folder, "--overwrite").code == 0
    assert prepare(rows, folder).code == 0


def test_files_of_a_version_without_digests(rows, folder):
    notes = json.loads((folder / "prepare.json").read_text())
    del notes["files"]
    (folder / "prepare.json").write_text(json.dumps(notes))
    said = refused(rows, folder)
    assert re.search(r"train\.txt \(and 3 more\) is not in its prepare\.json and", said)


@pytest.mark.parametrize("files", [None, 5, [], {"train.txt": 5}, {"train.txt": {"size": "1"}}])
def test_records_of_another_type(files, rows, folder):
    notes = json.loads((folder / "prepare.json").read_text())
    (folder / "prepare.json").write_text(json.dumps({**notes, "files": files}))
    refused(rows, folder)


def test_empty_files_are_nobodys_loss(rows, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "train.txt").touch()
    assert prepare(rows, folder).code == 0


def test_a_folder_in_the_place_of_a_file(rows, tmp_path):
    (tmp_path / "mine" / "train.txt").mkdir(parents=True)
    result = prepare(rows, tmp_path / "mine")
    assert result.code == 1
    assert result.err.count("\n") == 1


def test_rejects_of_somebody_else(rows, folder, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text(BAD)
    (folder / "rejects.jsonl").write_bytes(b"mine\n")
    assert prepare(rows, folder).code == 0
    assert (folder / "rejects.jsonl").read_bytes() == b"mine\n"
    assert "rejects.jsonl is not in its prepare.json" in refused(bad, folder, "--skip-bad")


def test_rejects_come_and_go(rows, folder, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text(BAD)
    for _ in range(2):
        assert prepare(bad, folder, "--skip-bad").code == 0
        assert len((folder / "rejects.jsonl").read_text().splitlines()) == 1
    assert prepare(rows, folder, "--skip-bad").code == 0
    assert set(contents(folder)) == FILES


def test_former_parts_that_were_edited_stay(rows, folder):
    (folder / "test.txt").write_bytes(b"mine now\n")
    result = prepare(rows, folder, "--split", "100")
    assert result.code == 0
    assert "Left in place, since they were changed after a run: test.txt." in result.err
    assert set(contents(folder)) == FILES - {"valid.txt"}
    assert (folder / "test.txt").read_bytes() == b"mine now\n"


ANOTHER = ["-seed", 9]  # puts other rows into each part
PLACED = ["test.txt", "valid.txt", "train.txt", "labels.json", "prepare.json"]


def names_of_changed(folder, former):
    return {name for name, data in contents(folder).items() if data != former.get(name)}


@pytest.mark.parametrize("n", range(1, 6))
def test_a_fault_between_renames(n, rows, folder):
    former = contents(folder)
    with Fault(folder, n, fails, ["replace"]):
        result = prepare(rows, folder, "-verbose", 0, *ANOTHER)
    assert result.code == 1
    assert result.err.count("\n") == 1
    assert set(contents(folder)) == FILES  # nothing is left over, and nothing is missing
    # labels.json is the same in both runs.
    assert names_of_changed(folder, former) == set(PLACED[: min(n - 1, 3)])
    if n == 1:
        assert prepare(rows, folder).code == 0
        return
    assert " was changed since prepare wrote it" in refused(rows, folder)
    assert prepare(rows, folder, "--overwrite").code == 0
    assert prepare(rows, folder).code == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_kill_between_renames(n, is_new, rows, folder, tmp_path):
    if is_new:
        folder = tmp_path / "new"
        folder.mkdir()
    former = contents(folder)
    argv = ["prepare", rows, "-o", folder, "-thread", 1, *ANOTHER]
    count = shutil.copytree(folder, tmp_path / "count")
    with Fault(count, 0, None) as fault:
        assert prepare(rows, count, *ANOTHER).code == 0
    renames = [i for i, name in enumerate(fault.seen, 1) if name == "replace"]
    assert len(renames) == 5
    assert killed(folder, renames[n - 1], *argv) == "replace"
    now = contents(folder)
    assert {name for name in now if not name.startswith(".fastcli-")} == (
        set(former) | set(PLACED[: n - 1])
    )
    assert now.get("prepare.json") == former.get("prepare.json")
    if n > 1:
        said = refused(rows, folder)
        assert re.search(
            r"\.(txt|json)( \(and \d more\))? belongs to a run that was killed and", said
        )
    assert prepare(rows, folder, *["--overwrite"] * (n > 1)).code == 0
    assert set(contents(folder)) == FILES
    assert prepare(rows, folder).code == 0


def test_what_is_changed_after_a_kill_is_not_of_the_killed_run(rows, folder, monkeypatch):
    notes = folder / "prepare.json"
    monkeypatch.setattr(belongings, "left_behind", lambda target: [notes])
    (folder / "train.txt").write_bytes(b"mine now\n")
    assert " was changed since prepare wrote it" in refused(rows, folder)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_is_heard_while_former_files_are_looked_through(rows, folder, monkeypatch):
    former, went_on = contents(folder), []

    def slow(path, entry):
        os.kill(os.getpid(), signal.SIGINT)
        went_on.append(path)
        return True

    monkeypatch.setattr(belongings, "_is_as", slow)
    assert prepare(rows, folder, "--split", "100", "--overwrite").code == 130
    assert len(went_on) <= 1
    assert contents(folder) == former


@pytest.mark.skipif(os.name == "nt", reason="needs links")
@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_input_under_another_name(link, kind, rows, tmp_path):
    """Also with --overwrite: what is read is never written."""
    folder = tmp_path / "out"
    folder.mkdir()
    source = rows
    if kind == "folder":
        source = tmp_path / "data"
        (source / "label").mkdir(parents=True)
        rows.rename(source / "label" / "a.txt")
        rows = source / "label" / "a.txt"
    link(rows, folder / "test.txt")
    result = prepare(source, folder, "--overwrite")
    assert result.code == 1
    assert f"{rows} is an input and would be overwritten, since {folder / 'test.txt'}" in result.err
    assert rows.read_text() == ROWS


@pytest.mark.parametrize("below", ["new", "new/one/in/another"])
def test_a_folder_that_nothing_came_into_is_not_left(below, rows, tmp_path):
    rows.write_text("what,how\na b,x\n")
    before = contents(tmp_path)
    result = prepare(rows, tmp_path / below)
    assert result.code == 1
    assert "which column?" in result.err
    assert contents(tmp_path) == before


def test_a_former_folder_stays(rows, tmp_path):
    rows.write_text("what,how\na b,x\n")
    (tmp_path / "former").mkdir()
    assert prepare(rows, tmp_path / "former" / "new").code == 1
    assert list((tmp_path / "former").iterdir()) == []


@pytest.mark.parametrize("name", ["rows.csv/new", "n" * 300])
def test_a_folder_that_cannot_be_made(name, rows, tmp_path):
    result = prepare(rows, tmp_path / name)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "cannot be created" in result.err
    assert list(tmp_path.iterdir()) == [rows]
