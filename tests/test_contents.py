"""Opening models: read, mapped or through a pipe; and changes of the file afterwards."""

import os
import threading

import pytest

from fastcli import contents
from fastcli.contents import Contents, read_or_map
from fastcli.errors import FastcliError, ModelFormatError
from fastcli.fasttext.model_file import load_model
from fastcli.mlp.first_bytes import is_mlp
from fastcli.mlp.model_file import load_mlp
from fastcli.text.inputs import MODEL_MAGIC
from tests.command import process


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def test_small_files_are_read_and_stay_as_they_were(path):
    data = path.read_bytes()
    opened = read_or_map(str(path))
    assert (opened.is_regular, opened.is_mapped) == (True, False)
    assert opened.head == data[: contents.HEAD]
    assert opened.data.tobytes() == data
    path.write_bytes(b"")
    opened.check_unchanged()
    assert opened.data.tobytes() == data
    assert not opened.data.flags.writeable
    assert read_or_map(opened) is opened


def test_large_files_are_mapped_and_looked_at_again(path, monkeypatch):
    monkeypatch.setattr(contents, "READ_WHOLE", 1000)
    data = path.read_bytes()
    opened = read_or_map(str(path))
    assert opened.is_mapped
    assert opened.head == data[: contents.HEAD]
    assert opened.data.tobytes() == data
    opened.check_unchanged()
    replacement = path.with_name("other")
    replacement.write_bytes(b"other")
    os.replace(replacement, path)
    opened.check_unchanged()  # the file that is mapped is still there
    assert opened.data.tobytes() == data


@pytest.mark.parametrize("change", ["cut", "written"])
def test_a_mapped_file_that_was_written_to(change, path, monkeypatch):
    monkeypatch.setattr(contents, "READ_WHOLE", 1000)
    opened = read_or_map(str(path))
    if change == "cut":
        path.write_bytes(b"")
    else:
        with open(path, "r+b") as file:
            file.write(b"x")
        os.utime(path, ns=(1, 1))  # clocks of file systems are coarse
    with pytest.raises(ModelFormatError, match="was written to while it was in use"):
        opened.check_unchanged()


@pytest.mark.parametrize("load", [lambda opened: opened.data, load_model, load_mlp])
def test_a_mapped_file_that_was_emptied_before_it_was_mapped(load, path, monkeypatch):
    monkeypatch.setattr(contents, "READ_WHOLE", 1000)
    if load is load_model:
        path.write_bytes(MODEL_MAGIC + bytes(5000))
    opened = read_or_map(str(path))
    path.write_bytes(b"")
    with pytest.raises(ModelFormatError, match="was written to while it was in use"):
        load(opened)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("end", ["bin", "mlp"])
def test_a_file_that_there_are_no_addresses_for(end, tmp_path):
    """As with ``ulimit -v``; the message names the file."""
    import resource

    path = tmp_path / f"model.{end}"
    heads = {"bin": MODEL_MAGIC + b"\x0c\0\0\0", "mlp": (99).to_bytes(8, "little") + b'{"'}
    path.write_bytes(heads[end])
    os.truncate(path, 40 << 30)
    limit = (20 << 30, resource.getrlimit(resource.RLIMIT_AS)[1])
    done = process(
        "predict", path, "-", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
    )
    said = f"{path} cannot be opened for loading! (Cannot allocate memory)\n"
    assert (done.code, done.out, done.err) == (1, b"", said)


def test_a_name_that_no_file_can_have():
    assert not is_mlp("a\0b")
    for load in (load_model, load_mlp):
        with pytest.raises(FastcliError, match="cannot be opened for loading"):
            load("a\0b")


@pytest.mark.parametrize("size", [0, 1, 9, 100_000, 3_000_000])
def test_a_fifo_is_read_to_its_end(size, tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "PIECE", 1 << 20)
    data = os.urandom(size)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(data,))
    writer.start()
    opened = Contents(str(fifo))
    assert opened.head == data[: contents.HEAD]
    assert not opened.is_regular
    assert opened.data.tobytes() == data
    opened.check_unchanged()
    writer.join()


def test_a_pipe_without_an_end_is_refused_before_memory_is_gone(monkeypatch):
    monkeypatch.setattr(contents, "PIECE", 1 << 20)
    left = iter(range(5 << 20, -1, -(1 << 20)))
    monkeypatch.setattr(contents, "available_memory", lambda: next(left))
    opened = Contents("/dev/zero")
    assert len(opened.head) == contents.HEAD  # which tells that it is no model
    with pytest.raises(FastcliError, match="/dev/zero has more bytes than fit into memory"):
        opened.data  # noqa: B018


def test_what_cannot_be_opened_is_an_os_error(tmp_path):
    for odd in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match="directory"):
            Contents(str(odd))
