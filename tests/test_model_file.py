"""The reader of .bin files: whatever a file holds, a sentence and no crash, no hang, no memory."""

import os
import struct
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ModelFormatError
from fastcli.fasttext.model_args import LOSS_NAMES, ModelArgs
from fastcli.fasttext.model_bytes import head_bytes
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.save import write_model
from fastcli.fasttext.trained import Trained
from fastcli.files import Replacement
from fastcli.memory import padded
from fastcli.text.dictionary import Dictionary
from tests import model_bytes
from tests.command import GOLDEN, environment, run
from tests.model_bytes import LABELS, WI, WO, WORDS

SECTIONS = model_bytes.sections(WORDS, LABELS, WI, WO)
SMALL = b"".join(SECTIONS.values())
STARTS = dict(
    zip(SECTIONS, np.cumsum([0, *map(len, SECTIONS.values())]).tolist()[:-1], strict=True)
)
MEMORY = 32 << 20  # bytes that reading a small file may take at most


def error_of(data, path):
    """Return the message about a file that must not be loaded."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(ModelFormatError) as caught:
            load_model(str(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.bin"


def changed(data, section, at, layout, *values):
    """Return a file with other values at a place of a section."""
    data = bytearray(data)
    struct.pack_into(layout, data, STARTS[section] + at, *values)
    return bytes(data)


def test_the_small_file_is_a_model(path):
    path.write_bytes(SMALL)
    model = load_model(str(path))
    assert model.dictionary.entries(0, 3) == WORDS
    assert model.dictionary.labels() == LABELS
    assert model.dictionary.counts.tolist() == [5, 4, 3, 2, 1]
    assert (model.wi.values.reshape(3, 2).tolist(), model.wo.values.reshape(2, 2).tolist()) == (
        WI,
        WO,
    )
    assert model.args == ModelArgs(dim=2, bucket=0)
    assert len(SMALL) == 126 + 4 * 2 * 5 + sum(len(e) + 10 for e in WORDS + LABELS)


# -------------------------------------------------------------------- truncation


@pytest.mark.parametrize("section", SECTIONS)
def test_cut_files_name_the_section(section, path):
    start, size = STARTS[section], len(SECTIONS[section])
    for end in range(start, start + size):
        message = error_of(SMALL[:end], path)
        if section == "header":
            assert message.startswith(" has wrong file format!")
        else:
            assert section.replace("entries", "dictionary") in message, end


@pytest.mark.parametrize("name", ["softmax-ngrams", "ova-subwords"])
@given(share=st.floats(0, 1, exclude_max=True))
def test_larger_files_cut_anywhere(share, name, tmp_path_factory):
    data = (GOLDEN / f"{name}.bin").read_bytes()
    path = tmp_path_factory.getbasetemp() / "cut.bin"
    assert error_of(data[: int(share * len(data))], path)


def test_bytes_after_the_end(path):
    assert "1 more" in error_of(SMALL + b"\0", path)


# ------------------------------------------------------------------ not a model


def test_files_that_are_something_else(path, tmp_path):
    for data in (b"", b"x", b"word 0.1 0.2\n" * 9, bytes(1000), SMALL[::-1]):
        assert error_of(data, path).startswith(" has wrong file format!")
    for odd in (tmp_path / "missing.bin", tmp_path):
        with pytest.raises(ModelFormatError, match="cannot be opened for loading!"):
            load_model(str(odd))


@pytest.mark.parametrize("version", [-1, 0, 10, 13, 1 << 30])
def test_other_versions(version, path):
    message = error_of(changed(SMALL, "header", 4, "<i", version), path)
    assert message.startswith(" has wrong file format!")
    assert str(version) in message


def test_version_11(path):
    """A classifier of version 11 has no character n-grams, whatever its arguments say."""
    wi = [*WI, [0, 0], [0, 0]]
    for version, maxn in ((11, 0), (12, 3)):
        path.write_bytes(
            model_bytes.model_bytes(
                WORDS, LABELS, wi, WO, version=version, bucket=2, minn=2, maxn=3
            )
        )
        assert load_model(str(path)).args.maxn == maxn


# ----------------------------------------------------------------- absurd values

HUGE = (1 << 31) - 1
# section, place in it, layout, values
ABSURD = [
    ("arguments", 0, "<i", 0),  # dim
    ("arguments", 0, "<i", -1),
    ("arguments", 0, "<i", HUGE),
    ("arguments", 24, "<i", 0),  # loss
    ("arguments", 24, "<i", 5),
    ("arguments", 28, "<i", 0),  # model
    ("arguments", 28, "<i", 9),
    ("arguments", 32, "<i", -1),  # bucket
    ("arguments", 32, "<i", HUGE),
    ("arguments", 40, "<i", 3),  # maxn without a bucket
    ("dictionary", 0, "<iii", -1, -1, 0),  # entries, words, labels
    ("dictionary", 0, "<iii", 5, 6, -1),
    ("dictionary", 0, "<iii", 5, 5, 5),
    ("dictionary", 0, "<iii", HUGE, HUGE - 2, 2),
    ("dictionary", 0, "<iii", HUGE, HUGE, 0),
    ("dictionary", 0, "<iii", 0, 0, 0),
    ("dictionary", 0, "<iii", 4, 2, 2),
    ("dictionary", 0, "<iii", 5, 2, 3),  # a word among the labels
    ("dictionary", 20, "<q", 0),  # size of the pruned index
    ("dictionary", 20, "<q", 1 << 60),
    ("dictionary", 20, "<q", -2),
    ("entries", 4, "<b", 1),  # </s> without its NUL
    ("input matrix", 0, "<B", 1),  # quantized
    ("input matrix", 0, "<B", 7),
    ("input matrix", 1, "<q", 1 << 60),  # rows
    ("input matrix", 1, "<q", -3),
    ("input matrix", 1, "<q", 0),
    ("input matrix", 9, "<q", 1 << 60),  # columns
    ("input matrix", 9, "<q", 0),
    ("output matrix", 0, "<B", 7),
    ("output matrix", 1, "<q", 1 << 62),
    ("output matrix", 9, "<q", -2),
]


@pytest.mark.parametrize("change", ABSURD, ids=str)
def test_absurd_values_name_a_section(change, path):
    message = error_of(changed(SMALL, *change), path)
    named = [
        s for s in ("arguments", "dictionary", "input matrix", "output matrix") if s in message
    ]
    assert named, message


def test_sizes_that_agree_with_each_other_and_not_with_the_file(path):
    """A thousand million rows of zeros, said by arguments and matrix alike."""
    rows = 3 + 10**9
    data = changed(SMALL, "arguments", 32, "<i", 10**9)
    data = changed(data, "input matrix", 1, "<q", rows)
    message = error_of(data, path)
    assert "input matrix" in message
    dim = HUGE
    data = changed(SMALL, "arguments", 0, "<i", dim)
    data = changed(data, "input matrix", 9, "<q", dim)
    assert "input matrix" in error_of(changed(data, "output matrix", 9, "<q", dim), path)


def test_an_entry_without_an_end(path):
    head = b"".join([SECTIONS["header"], SECTIONS["arguments"], SECTIONS["dictionary"]])
    assert "dictionary" in error_of(head + b"x" * 3_000_000, path)


def test_an_entry_that_occurs_twice(path):
    data = model_bytes.model_bytes([b"a", b"b", b"a"], LABELS, WI, WO)
    assert "dictionary" in error_of(data, path)
    data = model_bytes.model_bytes([b"</s>", b"__label__x", b"a"], LABELS, WI, WO)
    assert "dictionary" in error_of(data, path)


def test_an_empty_entry_and_a_long_one(path):
    words = [b"</s>", b"", b"long" * 50_000]
    path.write_bytes(model_bytes.model_bytes(words, LABELS, WI, WO))
    assert load_model(str(path)).dictionary.entries(0, 3) == words


# ------------------------------------------------------------------------- fuzz

# Reads every file named on stdin, uses it if it loads, and says what came of it.
USE_ALL = """
import resource, sys
from fastcli.errors import FastcliError
from fastcli.fasttext.dump import args_text, dictionary_lines, matrix_text
from fastcli.fasttext.model_file import load_model
from fastcli.evaluation.predictor import Predictor
from fastcli.text.dictionary import as_bytes

text = as_bytes(b"a b how </s> __label__x do i fix it\\n\\nzzz \\xff")
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
for path in sys.stdin.read().splitlines():
    try:
        model = load_model(path)
        for k in (1, 2, -1):
            b"".join(Predictor(model, k, 0.1, 1).format([text], True))
        args_text(model), b"".join(dictionary_lines(model))
        print("used")
    except FastcliError as error:
        assert str(error), path
        print("refused")
    except MemoryError:
        print("memory", path)
"""


def use_all(files, folder):
    paths = []
    for i, data in enumerate(files):
        paths.append(folder / f"{i}.bin")
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", USE_ALL],
        input="\n".join(map(str, paths)).encode(),
        capture_output=True,
        env=environment(),
        timeout=100,
        check=False,
    )
    said = done.stdout.decode().splitlines()
    at = paths[len(said)].name if len(said) < len(paths) else "the end"
    assert (done.returncode, len(said)) == (0, len(paths)), (at, done.stderr.decode()[-2000:])
    assert not [line for line in said if line.startswith("memory")]
    return said


@pytest.mark.skipif(os.name != "posix", reason="resource limits")
@pytest.mark.parametrize("loss", LOSS_NAMES.values())
def test_every_byte_of_the_small_file_flipped(loss, tmp_path):
    """No flipped byte crashes; one that is used was a number with any value."""
    number = next(n for n, name in LOSS_NAMES.items() if name == loss)
    data = model_bytes.small(loss=number)
    files = []
    for at in range(len(data)):
        for flip in (0x01, 0x80, 0xFF):
            files.append(data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :])
    said = use_all(files, tmp_path)
    assert {"used", "refused"} == set(said)
    assert set(said[:12]) == {"refused"}  # the magic number


@pytest.mark.skipif(os.name != "posix", reason="resource limits")
@pytest.mark.parametrize("name", ["hs-ngrams", "ova-subwords", "zh-words"])
def test_flipped_bytes_of_real_models(name, tmp_path):
    """Arguments, dictionary and the heads of the matrices, where all the structure is."""
    data = (GOLDEN / f"{name}.bin").read_bytes()
    random = np.random.default_rng(7)
    head = len(head_bytes(load_model(str(GOLDEN / f"{name}.bin")).args, dictionary_of(name)))
    places = np.concatenate([np.arange(8, 92), random.integers(92, head + 17, 150)])
    files = []
    for at in places.tolist():
        files.append(data[:at] + bytes([data[at] ^ int(random.integers(1, 256))]) + data[at + 1 :])
    assert "used" in use_all(files, tmp_path)


def dictionary_of(name):
    return load_model(str(GOLDEN / f"{name}.bin")).dictionary


@pytest.mark.skipif(os.name != "posix", reason="resource limits")
def test_trees_of_any_counts(tmp_path):
    """Counts that do not fall, are negative or huge make some tree, and no crash."""
    odd = [
        [5, 4, 3, 1, 2],
        [5, 4, 3, 0, 0],
        [5, 4, 3, -1, -5],
        [5, 4, 3, 1 << 62, 1 << 62],
        [5, 4, 3, (1 << 63) - 1, (1 << 63) - 1],
        [5, 4, 3, -(1 << 63), -(1 << 63)],
        [5, 4, 3, 10**15, 10**16],
    ]
    files = [model_bytes.small(loss=1, counts=counts) for counts in odd]
    labels = [b"__label__%d" % i for i in range(7)]
    random = np.random.default_rng(3)
    for high in (10, 1 << 40, (1 << 63) - 1):
        for _ in range(20):
            counts = [9, 9, 9, *random.integers(-high, high, 7).tolist()]
            wo = random.normal(size=(7, 2)).tolist()
            files.append(model_bytes.model_bytes(WORDS, labels, WI, wo, loss=1, counts=counts))
    assert set(use_all(files, tmp_path)) <= {"used", "refused"}


@given(tail=st.binary(max_size=300))
def test_anything_after_a_good_start(tail, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "tail.bin"
    assert error_of(SECTIONS["header"] + tail, path)


@given(tail=st.binary(max_size=200), cut=st.integers(8, len(SMALL) - 1))
def test_a_good_start_and_anything(tail, cut, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "mixed.bin"
    path.write_bytes(SMALL[:cut] + tail)
    message = ""
    try:
        model = load_model(str(path))
    except ModelFormatError as error:
        message = str(error)
    else:
        assert (model.nlabels, model.dictionary.nwords) == (2, 3)
    assert message == "" or message.startswith(str(path))


# ------------------------------------------------------------------ round trips

entries = st.binary(min_size=1, max_size=9).filter(lambda e: b"\0" not in e)


@st.composite
def models(draw):
    """Return the parts of a model: words, labels, rows and arguments."""
    names = draw(st.lists(entries, min_size=2, max_size=12, unique=True))
    n_labels = draw(st.integers(1, len(names) - 1))
    words, labels = names[n_labels:], names[:n_labels]
    dim = draw(st.integers(1, 20))
    bucket = draw(st.integers(0, 30))
    rows = len(words) + bucket
    seed = draw(st.integers(0, 1000))
    random = np.random.default_rng(seed)
    wi = random.normal(size=(rows, dim)).astype(np.float32)
    wi[random.random(rows) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = 0
    wo = random.normal(size=(len(labels), dim)).astype(np.float32)
    args = {
        "loss": draw(st.integers(1, 4)),
        "wordNgrams": draw(st.integers(1, 5)) if bucket else 1,
        "minn": draw(st.integers(0, 3)),
        "maxn": draw(st.integers(0, 6)) if bucket else 0,
        "epoch": draw(st.integers(0, HUGE)),
        "ws": draw(st.integers(-5, HUGE)),
    }
    return words, labels, wi, wo, {"dim": dim, "bucket": bucket, **args}


@given(model=models())
def test_round_trip(model, tmp_path_factory):
    words, labels, wi, wo, args = model
    folder = tmp_path_factory.getbasetemp()
    path, copy = folder / "round.bin", folder / "trip.bin"
    data = model_bytes.model_bytes(words, labels, wi.tolist(), wo.tolist(), **args)
    path.write_bytes(data)
    loaded = load_model(str(path))
    assert loaded.dictionary.entries(0, len(words)) == words
    assert loaded.dictionary.labels() == labels
    np.testing.assert_array_equal(loaded.wi.values.reshape(wi.shape), wi)
    np.testing.assert_array_equal(loaded.wo.values.reshape(wo.shape), wo)
    assert (loaded.args.dim, loaded.args.bucket) == (args["dim"], args["bucket"])
    assert (loaded.args.ws, loaded.args.maxn) == (args["ws"], args["maxn"])
    assert loaded.args.loss == LOSS_NAMES[args["loss"]]

    stride = padded(args["dim"])
    used = np.flatnonzero(wi.any(axis=1))
    random = np.random.default_rng(len(data))
    places = random.permutation(len(used))
    memory = np.zeros((len(used) + 1, stride), np.float32)
    memory[places, : args["dim"]] = wi[used]
    output = np.zeros((len(labels), stride), np.float32)
    output[:, : args["dim"]] = wo
    trained = Trained(
        args=loaded.args,
        dictionary=loaded.dictionary,
        wi=memory.reshape(-1),
        wo=output.reshape(-1),
        stride=stride,
        ids=used,
        memory_rows=places,
        loss=0.0,
        seconds=0.0,
    )
    save_model(copy, trained)
    assert copy.read_bytes() == data


def test_rows_far_apart_are_written_where_they_belong(tmp_path):
    """Runs of zero rows of every length around a page, at both ends and between."""
    dim, bucket = 3, 6000
    ids = np.array([0, 1, 5, 300, 301, 1100, 1800, 2499, 2500, 5990, 6001])
    rows = 3 + bucket
    random = np.random.default_rng(1)
    wi = np.zeros((rows, dim), np.float32)
    wi[ids] = random.normal(size=(len(ids), dim))
    args = ModelArgs(dim=dim, bucket=bucket, word_ngrams=2)
    starts = np.array([0, 4, 5, 6, 16, 26], np.int64)
    arena = np.frombuffer(b"".join(WORDS + LABELS) + b"\0", np.uint8)
    dictionary = Dictionary(
        nwords=3,
        nlabels=2,
        ntokens=99,
        starts=starts,
        arena=arena,
        counts=np.array([5, 4, 3, 2, 1], np.int64),
    )
    stride = padded(dim)
    memory = np.zeros((len(ids), stride), np.float32)
    memory[:, :dim] = wi[ids]
    output = np.zeros((2, stride), np.float32)
    path = tmp_path / "far.bin"
    trained = Trained(
        args=args,
        dictionary=dictionary,
        wi=memory.reshape(-1),
        wo=output.reshape(-1),
        stride=stride,
        ids=ids,
        memory_rows=np.arange(len(ids)),
        loss=0.0,
        seconds=0.0,
    )
    save_model(path, trained)
    ref = model_bytes.model_bytes(
        WORDS, LABELS, wi.tolist(), [[0] * dim] * 2, dim=dim, bucket=bucket, wordNgrams=2
    )
    assert path.read_bytes() == ref


# -------------------------------------------------------------------- the JSON


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": "fastcli model"}',
        b"[" * 100_000,
    ],
    ids=lambda text: text[:20].decode("latin-1") or "empty",
)
def test_odd_json_beside_a_model(text, path):
    path.write_bytes(SMALL)
    for name in (f"{path.stem}.json", f"{path.name}.json"):
        path.with_name(name).write_bytes(text.replace(b"SIZE", b"%d" % len(SMALL)))
        assert load_model(str(path)).label == "__label__"


def test_messages_reach_the_command_line(path):
    path.write_bytes(SMALL[:-1])
    result = run("predict", path, "-", stdin=b"a\n")
    assert (result.code, result.out) == (1, b"")
    assert len(result.err.splitlines()) == 1
    assert "output matrix" in result.err
    assert Path(path).read_bytes() == SMALL[:-1]


def save_model(path, trained):
    out = Replacement(path)
    with out:
        write_model(out, trained)
