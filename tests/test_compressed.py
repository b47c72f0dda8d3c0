"""Compressed files: members, what stands behind them, damage; by zlib and by ISA-L."""

import bz2
import gzip
import importlib
import io
import lzma
import random
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.text import compressed
from fastcli.text.inputs import compression, open_compressed
from tests.command import SAMPLES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

TEXT = (SAMPLES / "topics.train.txt").read_bytes()[:3000]
PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd.compress}


@pytest.fixture(params=["zlib", "isal.isal_zlib"])
def zlib_like(request, monkeypatch):
    """Read .gz by one of the modules that can."""
    module = pytest.importorskip(request.param)
    monkeypatch.setattr(compressed, "fast_zlib", lambda: module)
    return module


@pytest.fixture
def said(heard):
    """Return the list of warnings."""
    return heard


@pytest.fixture
def read(tmp_path):
    """Return a function that reads bytes as a file of some kind."""

    def call(data, kind, name="t"):
        path = tmp_path / name
        path.write_bytes(data)
        assert compression(path) == kind
        with open_compressed(path, kind) as stream:
            return stream.read()

    return call


@pytest.mark.parametrize("kind", PACK)
def test_members_and_zeros_between_them(kind, read, said, zlib_like):
    a, b = PACK[kind](TEXT), PACK[kind](b"more\n")
    assert read(a, kind) == TEXT
    assert read(a + b + a, kind) == TEXT + b"more\n" + TEXT
    assert read(a + bytes(512) + b + bytes(4), kind) == TEXT + b"more\n"
    assert read(a + PACK[kind](b"") + b, kind) == TEXT + b"more\n"
    assert said == []


@pytest.mark.parametrize("tail", [b"x", b"\0\0garbage", b"PK\3\4" * 100_000, b"1f8b", b"\n"])
@pytest.mark.parametrize("kind", PACK)
def test_bytes_behind_the_end_are_said_and_left_out(kind, tail, read, said, zlib_like, tmp_path):
    assert read(PACK[kind](TEXT) + tail, kind, "with a tail") == TEXT
    n = len(tail.lstrip(b"\0"))
    counted = "1 byte" if n == 1 else f"{n:,} bytes"
    path = tmp_path / "with a tail"
    assert said == [f"{path}: ignored {counted} after the end of the compressed data."]


@pytest.mark.parametrize("kind", PACK)
def test_a_cut_at_every_place_is_an_error(kind, read, said, zlib_like):
    whole = PACK[kind](TEXT[:200])
    for n in range(10, len(whole)):
        with pytest.raises(OSError, match="the file is damaged"):
            read(whole[:n], kind)
    for n in range(1, len(whole)):  # of a second member
        with pytest.raises(OSError, match="the file is damaged"):
            read(whole + whole[:n], kind)


def test_every_changed_bit_of_gz_is_noticed(read, zlib_like, said):
    whole = gzip.compress(TEXT[:300], mtime=0)
    harmless = {4, 5, 6, 7, 8, 9}  # time, level and system in the header, and a flag of no effect
    for place in range(3, len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            try:
                found = read(bytes(data), "gz")
            except OSError as error:
                assert "the file is damaged" in str(error)  # noqa: PT017
                continue
            assert found == TEXT[:300]
            assert place in harmless or (place, bit) == (3, 0) or place > 9
            if place > 9:  # padding bits of the last deflate block
                assert place == len(whole) - 9


def header(flags):
    """Return a gzip header with extra fields, a name, a comment and a checksum, as flags say."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\xff"
    head += b"\x05\0extra" if flags & 4 else b""
    head += b"name\0" if flags & 8 else b""
    head += b"a comment\0" if flags & 16 else b""
    return head + ((zlib.crc32(head) & 0xFFFF).to_bytes(2, "little") if flags & 2 else b"")


@pytest.mark.parametrize("chunk", [1, 2, 7, 16, 1 << 17])
@pytest.mark.parametrize("flags", range(0, 32, 2))
def test_gzip_headers_that_come_in_parts(flags, chunk, read, zlib_like, monkeypatch):
    monkeypatch.setattr(compressed, "CHUNK", chunk)
    body = gzip.compress(TEXT)[10:]
    assert read((header(flags) + body) * 2, "gz") == TEXT * 2


@pytest.mark.parametrize(
    "head",
    [header(2)[:-1] + b"\xee", b"\x1f\x8b\x08\x20" + bytes(6), header(8)[:-1] + b"x" * (1 << 21)],
)
def test_damaged_gzip_headers(head, read, zlib_like):
    with pytest.raises(OSError, match=r"the file is damaged: .*header"):
        read(head + gzip.compress(TEXT)[10:].replace(b"\0", b"x"), "gz")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.data())
def test_parts_of_any_size_give_the_same(texts, data):
    packed = b"".join(gzip.compress(t, data.draw(st.integers(0, 9))) for t in texts)
    size, most = data.draw(st.integers(1, 5000)), data.draw(st.integers(1, 5000))
    names = ["zlib", "isal.isal_zlib"] if has_isal() else ["zlib"]
    for name in names:
        rest, found, source = b"", [], io.BytesIO(packed)
        while True:
            member = compressed._GzMember(importlib.import_module(name))
            while not member.eof:
                given_ = (rest or source.read(size)) if member.needs_input else b""
                rest = b"" if given_ is rest else rest
                found.append(member.decompress(given_, most))
            rest = member.unused_data
            if not (rest := rest or source.read(size)):
                break
        assert b"".join(found) == b"".join(texts)


def has_isal():
    """Tell whether python-isal is installed."""
    return importlib.util.find_spec("isal") is not None


def test_without_isal_zlib_reads(monkeypatch):
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    assert compressed.fast_zlib() is zlib


@pytest.mark.parametrize("kind", PACK)
def test_random_damage_never_gives_other_text(kind, read, said, zlib_like):
    rng = random.Random(0)
    whole = PACK[kind](TEXT)
    for _ in range(200):
        data = bytearray(whole)
        data[rng.randrange(12, len(data))] ^= 1 << rng.randrange(8)
        try:
            found = read(bytes(data), kind)
        except OSError as error:
            assert "the file is damaged" in str(error)  # noqa: PT017
        else:
            assert found == TEXT or kind == "zst"  # which has no checksum unless asked for
