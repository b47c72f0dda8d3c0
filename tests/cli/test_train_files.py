"""supervised: the files it reads and writes."""

import bz2
import gzip
import json
import lzma
import os
import sys

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.text import counting
from fastcli.text.dictionary import as_bytes
from tests.cli.conftest import LOSSES, TINY, dictionary_of, fails
from tests.command import SAMPLES, run

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# ---------------------------------------------------------------- input files


@pytest.fixture
def parts(tmp_path):
    """Return three files, which together are one text, and the path of that."""
    lines = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    paths = []
    for i in range(3):
        paths.append(tmp_path / f"part{i}.txt")
        paths[-1].write_bytes(b"".join(lines[100 * i : 100 * (i + 1)]))
    whole = tmp_path / "whole.txt"
    whole.write_bytes(b"".join(lines[:300]))
    return paths, whole


COMPRESSORS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstd.compress(data),
}


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_compressed_input(kind, parts, train, tmp_path):
    _, whole = parts
    packed = tmp_path / f"whole.txt.{kind}"
    packed.write_bytes(COMPRESSORS[kind](whole.read_bytes()))
    options = ["-wordNgrams", 2, "-epoch", 2]
    assert train(packed, *options) == train(whole, *options)
    # The name does not matter.
    renamed = packed.rename(tmp_path / "renamed")
    assert train(renamed, *options) == train(whole, *options)


def test_repeated_input(parts, train, tmp_path):
    paths, whole = parts
    ref = train(whole, "-minn", 2, "-maxn", 3, "-epoch", 2)
    assert train(paths, "-minn", 2, "-maxn", 3, "-epoch", 2) == ref
    packed = tmp_path / "part1.gz"
    packed.write_bytes(gzip.compress(paths[1].read_bytes()))
    assert train([paths[0], packed, paths[2]], "-minn", 2, "-maxn", 3, "-epoch", 2) == ref


def test_small_files_share_a_counter(train, tmp_path, monkeypatch):
    """A last line without an end stays a line of its own, whatever follows."""
    texts = [b"__label__a one two", b"", b"__label__b two three\n", b"__label__a four\n\n", b" "]
    paths = []
    for i, text in enumerate(texts * 3):
        paths.append(tmp_path / f"{i}.txt")
        paths[-1].write_bytes(gzip.compress(text) if i % 4 == 3 else text)
    shared = train(paths, "-wordNgrams", 2, "-thread", 2)
    assert len(counting.count_tokens([*map(str, paths)], "__label__", 1).counters) == 1
    monkeypatch.setattr(counting, "_with_room", lambda counters: [])
    assert len(counting.count_tokens([*map(str, paths)], "__label__", 1).counters) > 6
    assert train(paths, "-wordNgrams", 2, "-thread", 2) == shared


def test_gzip_members_one_after_the_other(parts, train, tmp_path):
    paths, whole = parts
    packed = tmp_path / "all.gz"
    packed.write_bytes(b"".join(gzip.compress(path.read_bytes()) for path in paths))
    assert train(packed, "-epoch", 1) == train(whole, "-epoch", 1)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_cut_compressed_input(kind, former, tmp_path):
    data = COMPRESSORS[kind]((SAMPLES / "tags.train.txt").read_bytes())
    packed = tmp_path / "cut"
    packed.write_bytes(data[: len(data) // 2])
    err = fails("-input", packed, "-output", former, "-verbose", 0)
    assert err.startswith(f"{packed} cannot be opened for training!")


@pytest.mark.parametrize("place", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("kind", COMPRESSORS)
def test_damaged_compressed_input(kind, place, former, tmp_path):
    data = bytearray(COMPRESSORS[kind]((SAMPLES / "tags.train.txt").read_bytes()))
    start = int(place * len(data))
    data[start : start + 40] = b"\xa5" * 40
    packed = tmp_path / "damaged"
    packed.write_bytes(data)
    err = fails("-input", packed, "-output", former, "-verbose", 0)
    assert err.startswith(f"{packed} cannot be opened for training!")


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_named_pipe(parts, train, tmp_path):
    import threading

    _, whole = parts
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(whole.read_bytes(),), daemon=True)
    writer.start()
    comp = train(pipe, "-epoch", 1)
    writer.join()
    assert comp == train(whole, "-epoch", 1)


TEXTS = {
    "crlf": TINY.replace(b"\n", b"\r\n"),
    "tabs and form feeds": TINY.replace(b" ", b"\t\f\v "),
    "nul": TINY.replace(b" ", b"\0"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_separators(text, tiny, train, tmp_path):
    path = tmp_path / "other.txt"
    path.write_bytes(text)
    assert train(path, "-wordNgrams", 2) == train(tiny, "-wordNgrams", 2)


def test_tokens_of_odd_text(train, tmp_path):
    text = (
        b"__label__a x\xff \xc3\x28 \xe3\x80\x80y </s> x\xff\n"
        b"\n"
        b"\xef\xbb\xbfx __label__\xff \xc2\xa0\n"
        b"__label__a x __label__a"
    )
    path = tmp_path / "odd.txt"
    path.write_bytes(text)
    train(path)
    ref = {}
    for token in text.replace(b"\n", b" </s> ").split():
        ref[token] = ref.get(token, 0) + 1
    assert dictionary_of(tmp_path / "model.bin") == ref
    # Words first, each kind by falling count.
    model = load_model(str(tmp_path / "model.bin"))
    assert model.dictionary.ntokens == sum(ref.values())
    assert model.dictionary.labels() == [b"__label__a", b"__label__\xff"]
    for part in (
        model.dictionary.counts[: model.dictionary.nwords],
        model.dictionary.label_counts(),
    ):
        assert (np.diff(part) <= 0).all()


def test_min_counts(train, tmp_path):
    path = tmp_path / "counts.txt"
    path.write_bytes(b"__label__a x x y\n__label__b x y z\n__label__a x\n")
    train(path, "-minCount", 3)
    assert dictionary_of(tmp_path / "model.bin") == {
        b"x": 4,
        b"</s>": 3,
        b"__label__a": 2,
        b"__label__b": 1,
    }
    train(path, "-minCount", 2, "-minCountLabel", 2)
    assert dictionary_of(tmp_path / "model.bin") == {
        b"x": 4,
        b"</s>": 3,
        b"y": 2,
        b"__label__a": 2,
    }


def test_long_lines(train, tmp_path):
    """A line has no limit of tokens: its label may come after a hundred thousand of them."""
    path = tmp_path / "long.txt"
    words = [b"w%d" % (i % 1000) for i in range(300_000)]
    path.write_bytes(b" ".join(words) + b" __label__long\n__label__b short one\n")
    train(path, "-wordNgrams", 2, "-epoch", 1)
    dictionary = load_model(str(tmp_path / "model.bin")).dictionary
    assert dictionary.labels() == [b"__label__long", b"__label__b"]
    assert dictionary.ntokens == 300_000 + 1 + 1 + 3 + 1


def test_long_token(train, tmp_path):
    token = b"ab" * 1_500_000
    path = tmp_path / "token.txt"
    path.write_bytes(b"__label__a x " + token + b"\n__label__b y\n")
    train(path, "-epoch", 1)
    assert dictionary_of(tmp_path / "model.bin")[token] == 1


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-wordNgrams", 2),
        ("-minn", 2, "-maxn", 3),
        ("-dim", 13, "-wordNgrams", 2, "-loss", "hs"),
    ],
    ids=str,
)
@pytest.mark.parametrize("corpus", ["tags", "zh-words"])
def test_size_of_the_model_file(corpus, options, train):
    source = SAMPLES / f"{corpus}.train.txt"
    data = train(source, *options, "-epoch", 0)
    entries = {*source.read_bytes().split(), b"</s>"}
    dim = 13 if "-dim" in options else 4
    bucket = 500 if options else 0
    ref = 126 + 4 * dim * (len(entries) + bucket) + sum(len(e) + 10 for e in entries)
    assert len(data) == ref


def test_vec_file(tiny, train, tmp_path):
    train(tiny, "-wordNgrams", 2)
    model = load_model(str(tmp_path / "model.bin"))
    rows = model.wi.values.reshape(-1, 4)[: model.dictionary.nwords].tolist()
    words = model.dictionary.entries(0, model.dictionary.nwords)
    ref = b"%d 4\n" % len(words)
    for word, row in zip(words, rows, strict=True):
        ref += word + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.vec").read_bytes() == ref
    assert ref.count(b"__label__") == 0
    assert b"\n</s> " in ref


def test_vec_file_with_subwords(tiny, train, tmp_path):
    """A word's vector is the mean of its row and the rows of its character n-grams."""
    train(tiny, "-minn", 2, "-maxn", 3)
    model = load_model(str(tmp_path / "model.bin"))
    lines = (tmp_path / "model.vec").read_bytes().splitlines()
    assert lines[0] == b"7 4"
    wi = model.wi.values.reshape(-1, 4).astype(np.float64)
    for line in lines[1:]:
        word, *values = line.split()
        read, _ = model.reader().read(as_bytes(word), 0)
        ref = wi[read.features[: read.offsets[1]]].mean(axis=0)
        np.testing.assert_allclose(np.array(values, float), ref, rtol=1e-4, atol=1e-6)


def test_no_vec(tiny, train, tmp_path):
    train(tiny, "--no-vec")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.bin", "model.bin.json", "tiny.txt"]


def test_files(tiny, train, tmp_path):
    train(tiny)
    names = ["model.bin", "model.bin.json", "model.vec", "tiny.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names


@pytest.mark.parametrize("option", ["-saveOutput", "--save-output"])
@pytest.mark.parametrize("loss", LOSSES)
def test_output_file(loss, option, tiny, train, tmp_path):
    train(tiny, "-loss", loss, option)
    model = load_model(str(tmp_path / "model.bin"))
    ref = b"3 4\n"
    for label, row in zip(
        model.dictionary.labels(), model.wo.values.reshape(-1, 4).tolist(), strict=True
    ):
        ref += label + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.output").read_bytes() == ref


def test_json_file(tiny, train, tmp_path):
    data = train(tiny, "-lr", 0.25, "-seed", 3, "-minCountLabel", 1)
    about = json.loads((tmp_path / "model.bin.json").read_text(encoding="utf-8"))
    assert about["format"] == "fastcli model"
    assert about["size"] == len(data)
    assert about["label"] == "__label__"
    assert about["command"].startswith("fastcli supervised -input ")
    wanted = {"lr": 0.25, "seed": 3, "min_count_label": 1, "input": [str(tiny)], "loss": "softmax"}
    assert wanted.items() <= about["arguments"].items()
    assert (about["words"], about["labels"], about["tokens"]) == (7, 3, 23)


def test_the_label_prefix_is_remembered(train, tmp_path):
    path = tmp_path / "hash.txt"
    path.write_bytes(b"#a one two\n#b three four\n#a two\n")
    train(path, "-label", "#", "-lr", 1, "-epoch", 20)
    # An unknown label is a label: the line counts among those left out, not as an unknown word.
    result = run("test", tmp_path / "model.bin", "-", stdin=b"#a one\n#zz one\n")
    assert (result.code, result.out) == (0, b"N\t1\nP@1\t1\nR@1\t1\n")
    assert "1 with labels the model does not know" in result.err
    # A file beside another model says nothing about this one.
    about = json.loads((tmp_path / "model.bin.json").read_text())
    (tmp_path / "model.bin.json").write_text(json.dumps({**about, "size": about["size"] + 1}))
    result = run("test", tmp_path / "model.bin", "-", stdin=b"#a one\n#zz one\n")
    assert "1 without a label" in result.err


def holes_are_kept(folder):
    path = folder / "sparse"
    with open(path, "wb") as file:
        file.truncate(1 << 24)
    blocks = getattr(path.stat(), "st_blocks", None)
    path.unlink()
    return blocks is not None and blocks * 512 < 1 << 20


def test_unseen_rows_are_holes(tiny, tmp_path):
    if not holes_are_kept(tmp_path):
        pytest.skip("no holes in files here")
    options = ["-dim", 16, "-wordNgrams", 2, "-bucket", 300_000, "-verbose", 0]
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", *options)
    assert result.code == 0
    status = (tmp_path / "m.bin").stat()
    assert status.st_size > 4 * 16 * 300_000
    assert status.st_blocks * 512 < status.st_size / 10
    # Holes read as zeros, and only n-grams of the text have rows that are not.
    model = load_model(str(tmp_path / "m.bin"))
    used = np.flatnonzero(model.wi.values.reshape(-1, 16).any(axis=1))
    assert 7 < len(used) <= 7 + 18
