"""Crafted models: what would take more than the file has is refused before memory is taken."""

import contextlib
import os
import struct
import threading
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli import memory
from fastcli.contents import READ_WHOLE
from fastcli.errors import FastcliError, ModelFormatError
from fastcli.fasttext.model_args import MOST
from fastcli.fasttext.model_file import load_model
from tests import model_bytes
from tests.command import GOLDEN, messages, run, start
from tests.model_bytes import LABELS, WI, WO, WORDS

NAN, INFINITE = float("nan"), float("inf")


def quantized(rows, dim, dsub):
    """Return a quantized matrix of zeros, field by field."""
    nsubq = -(-dim // dsub)
    head = struct.pack("<BBqqi", 1, 0, rows, dim, rows * nsubq)
    sizes = struct.pack("<4i", dim, nsubq, dsub, dim - (nsubq - 1) * dsub)
    return head + bytes(rows * nsubq) + sizes + bytes(4 * 256 * dim)


def ftz(dim, n_labels, dsub):
    """Return a quantized model of zeros; its output matrix is quantized by ``dsub`` floats."""
    labels = [b"__label__%d" % i for i in range(n_labels)]
    parts = model_bytes.sections(WORDS, labels, WI, WO, dim=dim)
    parts["input matrix"] = quantized(len(WORDS), dim, 2)
    parts["output matrix"] = quantized(n_labels, dim, dsub)
    return b"".join(parts.values())


@pytest.fixture(autouse=True, scope="module")
def loaded_kernels(tmp_path_factory):
    """Have kernels and modules loaded, whose memory is not that of reading."""
    path = tmp_path_factory.mktemp("small") / "small.bin"
    path.write_bytes(model_bytes.small())
    load_model(str(path))


def refusal(path):
    """Return the message about a file that must not be loaded, and the memory reading took."""
    tracemalloc.start()
    try:
        with pytest.raises(FastcliError) as caught:
            load_model(str(path))
        return str(caught.value), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def sparse(path, n_buckets):
    """Write a model of so many buckets whose matrices have neither rows nor room on disk."""
    parts = model_bytes.sections(WORDS, LABELS, WI, WO, bucket=n_buckets, wordNgrams=2)
    rows = len(WORDS) + n_buckets
    start = b"".join(list(parts.values())[:4]) + struct.pack("<Bqq", 0, rows, 2)
    with open(path, "wb") as file:
        file.write(start)
        file.seek(8 * rows, os.SEEK_CUR)
        file.write(parts["output matrix"])


@pytest.mark.parametrize("n_buckets", [MOST, MOST - len(WORDS) + 1])
def test_more_rows_than_numbers_for_them(n_buckets, tmp_path):
    """Rows are numbered in 32 bits, as in the file."""
    path = tmp_path / "sparse.bin"
    sparse(path, n_buckets)
    message, peak = refusal(path)
    assert f"{n_buckets:,} buckets, too many together with its words" in message
    assert peak < 1 << 20


def test_as_many_rows_as_there_are_numbers(tmp_path):
    path = tmp_path / "sparse.bin"
    sparse(path, MOST - len(WORDS))
    tracemalloc.start()
    model = load_model(str(path))
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
    assert model.wi.n_rows == MOST
    done = run("predict-prob", path, "-", stdin=b"a b\nb\n")
    assert (done.code, done.out) == (0, b"__label__y 0.50001\n" * 2)


@pytest.mark.parametrize(("dim", "n_labels", "dsub"), [(5000, 10_000, 5000), (3000, 9000, 100)])
def test_an_output_matrix_of_few_codes_and_many_floats(dim, n_labels, dsub, tmp_path):
    path = tmp_path / "model.ftz"
    path.write_bytes(ftz(dim, n_labels, dsub))
    message, peak = refusal(path)
    assert "its output matrix would take" in message
    assert "times the file" in message
    assert peak < 3 * path.stat().st_size


def test_an_output_matrix_as_fasttext_quantizes_it(tmp_path):
    path = tmp_path / "model.ftz"
    path.write_bytes(ftz(8, 300, 2))
    assert load_model(str(path)).wo.n_rows == 300


def test_what_needs_more_memory_than_there_is(tmp_path, monkeypatch):
    path = tmp_path / "model.ftz"
    path.write_bytes(ftz(100, 300, 2))
    monkeypatch.setattr(memory, "LARGE", 10_000)
    monkeypatch.setattr(memory, "available_memory", lambda: 20_000)
    message, _ = refusal(path)
    assert message.endswith("would take 120 kB of memory, and 20 kB are available.")


@pytest.mark.parametrize("value", [NAN, INFINITE, -INFINITE])
def test_an_output_matrix_with_numbers_that_are_none(value, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes.model_bytes(WORDS, LABELS, WI, [[2, 0], [0, value]]))
    message, _ = refusal(path)
    assert "its output matrix holds numbers that are NaN or infinite" in message


@pytest.mark.parametrize("at", ["input matrix", "output matrix"])
def test_codebooks_with_numbers_that_are_none(at, tmp_path):
    path = tmp_path / "model.ftz"
    parts = model_bytes.sections(WORDS, LABELS, WI, WO)
    parts["input matrix"], parts["output matrix"] = quantized(3, 2, 2), quantized(2, 2, 2)
    parts[at] = parts[at][:-4] + struct.pack("<f", NAN)
    path.write_bytes(b"".join(parts.values()))
    assert f"its {at} holds numbers that are NaN" in refusal(path)[0]


# ---------------------------------------------------------------------- pipes


def through_a_fifo(data, folder, *args, **options):
    """Run a command whose model comes through a pipe."""
    fifo = folder / "model.fifo"
    os.mkfifo(fifo)

    def write():
        with contextlib.suppress(BrokenPipeError):
            fifo.write_bytes(data)

    writer = threading.Thread(target=write)
    writer.start()
    done = run(args[0], fifo, *args[1:], **options)
    writer.join()
    return done


@pytest.mark.parametrize("command", [["predict-prob", "-", "2"], ["print-sentence-vectors"]])
def test_a_model_through_a_pipe(command, tmp_path):
    path = GOLDEN / "softmax-ngrams.bin"
    text = b"how do i fix it\nwhat can i cook\n"
    expected = run(command[0], path, *command[1:], stdin=text)
    done = through_a_fifo(path.read_bytes(), tmp_path, *command, stdin=text)
    assert expected.code == 0
    assert (done.code, done.out) == (0, expected.out)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "delivered no model"),
        (b"\x1f\x8b\x08" + bytes(99), "decompress the stream with gunzip -c"),
        (b"__label__x a b\n" * 99_999, "It is text with labels"),
        (model_bytes.small()[:-1], "is damaged"),
    ],
    ids=["empty", "gzip", "text", "cut"],
)
def test_what_comes_through_a_pipe_and_is_no_model(data, said, tmp_path):
    done = through_a_fifo(data, tmp_path, "predict", "-")
    assert (done.code, done.out) == (1, b"")
    assert said in done.err
    assert done.err.count("\n") == 1


# ------------------------------------------------- files that change in between


def test_a_mapped_model_that_is_cut_while_it_is_in_use(tmp_path):
    path = tmp_path / "model.bin"
    sparse(path, 9_000_000)
    assert path.stat().st_size > READ_WHOLE
    with start("predict", path, "-", bufsize=0) as process:
        process.stdin.write(b"a\n")
        assert process.stdout.readline() == b"__label__y\n"
        path.write_bytes(b"")
        out, err = process.communicate(b"a\n")
    assert (process.returncode, out) == (1, b"")
    assert messages(err).startswith(f"{path} was written to while it was in use. Start again")


def test_a_small_model_that_is_cut_while_it_is_in_use(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes.small())
    with start("predict", path, "-", bufsize=0) as process:
        process.stdin.write(b"a\n")
        assert process.stdout.readline() == b"__label__x\n"
        path.write_bytes(b"")
        out, err = process.communicate(b"b\n")
    assert (process.returncode, out, messages(err)) == (0, b"__label__y\n", "")


# ----------------------------------------------------------- any header at all

NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, -1, 255, 256, 65536, MOST, -MOST - 1, MOST // 2]),
    st.integers(-MOST - 1, MOST),
)
PLACES = [*range(8, 56, 4), *range(64, 92, 4)]


@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), NUMBERS), min_size=1, max_size=4))
def test_any_numbers_in_the_header(changes, tmp_path_factory):
    data = bytearray(model_bytes.small())
    for at, value in changes:
        struct.pack_into("<i", data, at, value)
    path = tmp_path_factory.getbasetemp() / "header.bin"
    path.write_bytes(data)
    tracemalloc.start()
    with contextlib.suppress(ModelFormatError):
        assert load_model(str(path)).wi.n_rows == len(WORDS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@given(
    changes=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from(["<i", "<q", "<B", "<f"]), NUMBERS),
        min_size=1,
        max_size=3,
    ),
    at=st.sampled_from(["input matrix", "output matrix"]),
)
def test_any_numbers_at_the_start_of_quantized_matrices(changes, at, tmp_path_factory):
    parts = model_bytes.sections(WORDS, LABELS, WI, WO)
    parts["input matrix"], parts["output matrix"] = quantized(3, 2, 2), quantized(2, 2, 2)
    data = bytearray(parts[at])
    for place, layout, value in changes:
        struct.pack_into(layout, data, place, value & 255 if layout == "<B" else value)
    parts[at] = bytes(data)
    path = tmp_path_factory.getbasetemp() / "codes.ftz"
    path.write_bytes(b"".join(parts.values()))
    tracemalloc.start()
    with contextlib.suppress(ModelFormatError):
        assert (load_model(str(path)).wi.n_rows, load_model(str(path)).wo.n_rows) == (3, 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_huffman_tree_as_deep_as_there_are_labels(tmp_path):
    """Counts of zero make a chain, whose paths together are n * n / 2 nodes."""
    n = 20_000
    labels = [b"__label__%d" % i for i in range(n)]
    data = model_bytes.model_bytes(
        WORDS, labels, WI, [[1, 1]] * n, loss=1, counts=[9, 9, 9] + [0 for _ in range(n)]
    )
    (tmp_path / "m.bin").write_bytes(data)
    model = load_model(str(tmp_path / "m.bin"))
    tracemalloc.start()
    assert len(model.children) == 2 * n
    assert tracemalloc.get_traced_memory()[1] < 2 << 20
    tracemalloc.stop()
