"""Compressed models: every command reads them, and gives what it gives for the models."""

import bz2
import gzip
import json
import lzma
import shutil

import pytest

from fastcli import contents
from fastcli.contents import Contents
from fastcli.errors import FastcliError
from fastcli.fasttext.model_file import load_model
from tests import model_bytes
from tests.command import SAMPLES, run

TEST = SAMPLES / "topics.test.txt"
PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def packed(path, end, folder):
    """Compress a file, and return where it is."""
    out = folder / (path.name + end)
    if end == ".zst":
        zstd = pytest.importorskip("backports.zstd")
        out.write_bytes(zstd.compress(path.read_bytes()))
    else:
        out.write_bytes(PACK[end](path.read_bytes()))
    return out


COMMANDS = [
    (["predict-prob", "{}", TEST, 2], b""),
    (["test", "{}", TEST], b""),
    (["print-word-vectors", "{}"], b"egg pan\n"),
    (["print-sentence-vectors", "{}"], b"egg pan\n"),
    (["nn", "{}", 3], b"egg\n"),
    (["dump", "{}", "args"], b""),
]


@pytest.mark.parametrize("end", [".gz", ".bz2", ".xz", ".zst"])
def test_commands(end, topics, tmp_path):
    path = packed(topics, end, tmp_path)
    for words, stdin in COMMANDS if end == ".gz" else COMMANDS[:1]:
        expected = run(*[topics if word == "{}" else word for word in words], stdin=stdin)
        found = run(*[path if word == "{}" else word for word in words], stdin=stdin)
        assert (found.code, found.out) == (0, expected.out)


def test_neural_networks(tiny, tmp_path):
    done = run("mlp-train", "-input", tiny, "-output", tmp_path / "m", "-epoch", 1, "-verbose", 0)
    assert done.code == 0
    path = packed(tmp_path / "m.mlp", ".gz", tmp_path)
    line = b"some words\n"
    expected = run("predict-prob", tmp_path / "m.mlp", "-", stdin=line)
    assert run("predict-prob", path, "-", stdin=line).out == expected.out
    (report,) = map(json.loads, run("inspect", "--json", path).out.splitlines())
    assert (report["model"], report["compression"]) == ("perceptron", "gz")
    assert report["bytes"] == (tmp_path / "m.mlp").stat().st_size


def test_inspect(topics, tmp_path):
    path = packed(topics, ".gz", tmp_path)
    report = json.loads(run("inspect", "--json", path).out)
    expected = json.loads(run("inspect", "--json", topics).out)
    assert report["compression"] == "gz"
    assert report["parts"] == expected["parts"]
    assert "compressed (gz)" in run("inspect", path).text()


def test_the_json_file_beside_a_model(tmp_path):
    """The prefix of labels is in it."""
    train = tmp_path / "train.txt"
    train.write_text("#a one two\n#b three four\n" * 9)
    model = tmp_path / "m"
    done = run(
        "supervised", "-input", train, "-output", model, "-label", "#", "-minCount", 1, "-dim", 5
    )
    assert done.code == 0
    path = packed(tmp_path / "m.bin", ".gz", tmp_path)
    (tmp_path / "m.bin").unlink()
    assert load_model(str(path)).label == "#"
    said = run("predict", tmp_path / "m.bin", train).err
    assert said.endswith(f"There is {path}: give that name, or decompress it.\n")
    shutil.move(tmp_path / "m.bin.json", tmp_path / "other.json")
    assert load_model(str(path)).label == "__label__"


def test_vectors_to_start_from(topics, tmp_path):
    path = packed(topics, ".gz", tmp_path)
    train = SAMPLES / "topics.train.txt"
    outputs = []
    for k, source in enumerate([topics, path]):
        words = ["supervised", "-input", train, "-output", tmp_path / f"n{k}", "-epoch", 1]
        dim = load_model(str(topics)).args.dim
        done = run(*words, "-pretrainedVectors", source, "-dim", dim, "-thread", 1, "-verbose", 0)
        assert done.code == 0
        outputs.append((tmp_path / f"n{k}.bin").read_bytes())
    assert outputs[0] == outputs[1]


def test_damage(tmp_path):
    path = tmp_path / "m.bin.gz"
    path.write_bytes(gzip.compress(model_bytes.small())[:-9])
    done = run("predict", path, TEST)
    assert (done.code, done.out, done.err.count("\n")) == (1, b"", 1)
    assert "the file is damaged: it ends too early" in done.err
    path.write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    done = run("predict", path, TEST)
    assert (done.code, done.out, done.err.count("\n")) == (1, b"", 1)


def test_more_than_memory(tmp_path, monkeypatch):
    path = tmp_path / "m.bin.gz"
    path.write_bytes(gzip.compress(model_bytes.small() + bytes(100_000)))
    monkeypatch.setattr(contents, "available_memory", lambda: 10)
    with pytest.raises(FastcliError, match="more bytes than fit into memory"):
        _ = Contents(str(path)).data
