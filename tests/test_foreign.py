"""Files given as models that are none: each is named for what it is, with what to do."""

import gzip
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from fastcli.errors import ModelFormatError
from fastcli.fasttext import headers
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.other_tools import UNREADABLE
from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, run
from tests.model_bytes import LABELS, WI, WO, WORDS

SECTIONS = model_bytes.sections(WORDS, LABELS, WI, WO)
MODEL = b"".join(SECTIONS.values())
HEAD = 8 + headers.ARGS.size
AFTER = HEAD + headers.DICTIONARY.size


def of_2016(data):
    """Return a model as fastText wrote it before files had a magic number and a version."""
    entries = headers.DICTIONARY.unpack_from(data, HEAD)[:4]
    return data[8:HEAD] + headers.DICTIONARY_OF_2016.pack(*entries) + data[AFTER:]


def of_floret(data, mode=2, hashes=2):
    """Return a model as floret writes it: two more arguments before lrUpdateRate."""
    *values, rate, t = headers.ARGS.unpack_from(data, 8)
    return data[:8] + headers.FLORET_ARGS.pack(*values, mode, hashes, rate, t) + data[HEAD:]


def word2vec(n=3, dim=4):
    """Return vectors in word2vec's binary format."""
    row = np.linspace(-1, 1, dim, dtype=np.float32).tobytes()
    return b"%d %d\n" % (n, dim) + b"".join(b"w%d " % i + row + b"\n" for i in range(n))


def zipped(*names):
    """Return a zip archive of files of these names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, b"content")
    return out.getvalue()


PICKLE = b"\x80\x04\x95\x20\0\0\0\0\0\0\0\x8c\x17sklearn.linear_model._sgd\x94joblib."
GLOVE = "".join(f"w{i} " + " ".join(f"{j / 100}" for j in range(50)) + "\n" for i in range(9))
FILES = {
    "old.bin": (of_2016(MODEL), "It is a model in fastText's first format (2016), "),
    "floret.bin": (of_floret(MODEL), "It is a full floret model, "),
    "mode.bin": (of_floret(MODEL, 1, 1), "It is a full floret model, "),
    "w2v.bin": (word2vec(), "It holds word vectors in word2vec's binary format. Training starts "),
    "m.vec": (b"2 3\na 1 -2.5e-3 3 \nb 1 2 3 \n", "It is a text file of word vectors (.vec)."),
    "w2v.txt": (b"1 2\na 1 2\n", "It is a text file of word vectors (.vec)."),
    "glove.txt": (GLOVE.encode(), "It is a text file of word vectors, such as GloVe's."),
    "train.txt": (b"__label__a x y\n", "It is text with labels: "),
    "text.txt": ("some text, naïve\nand more\n".encode(), "It is a text file: "),
    "long.txt": (("é" * 40_000).encode(), "It is a text file: "),
    "utf16.txt": ("text".encode("utf-16"), "It is UTF-16 text"),
    "a.csv": (b'text,label\nx y,a\n"b, c",b\n', "It is a table (CSV). Make training lines"),
    "b.txt": (b"x y,a\nz,b\n", "It is a table (CSV). Make training lines"),
    "a.tsv": (b"text\tlabel\nx y\ta\n", "It is a table (TSV). Make training lines"),
    "a.json": (b'[{"text": "x"}]', "It is JSON. Make training lines"),
    "a.jsonl": (b'{"text": "x"}\n{"text": "y"}\n', "It is JSON. Make training lines"),
    "m.bin.json": (b'{\n  "format": "fastcli model"}', "It is the JSON file beside a model: give "),
    "empty": (b"", "It is empty: "),
    "old.bin.gz": (
        gzip.compress(of_2016(MODEL)),
        "It is a model in fastText's first format (2016)",
    ),
    "a.npy": (b"\x93NUMPY\x01\x00", "It is a NumPy array."),
    "a.zip": (b"PK\x03\x04" + bytes(9), "It is a zip archive."),
    "a.model": (b"\x80\x04\x95" + bytes(9), "It is a Python pickle, such as gensim's."),
    "a.pt": (
        zipped("archive/data.pkl"),
        f"It is a model of PyTorch (a zip archive), {UNREADABLE}",
    ),
    "a.npz": (zipped("arr_0.npy"), "It is NumPy arrays (.npz, a zip archive), "),
    "a.keras": (zipped("metadata.json", "config.json"), "It is a model of Keras (a zip archive), "),
    "a.xlsx": (
        zipped("[Content_Types].xml"),
        "It is a document of Office (a zip archive). ",
    ),
    "a.joblib": (PICKLE, f"It is a model of scikit-learn (a Python pickle), {UNREADABLE}."),
    "a.joblib.gz": (gzip.compress(PICKLE), "It is a model of scikit-learn (a Python pickle), "),
    "a.joblib.z": (zlib.compress(PICKLE), "It is a model of scikit-learn (a Python pickle), "),
    "a.pth": (
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
        "It is a model of PyTorch (a Python pickle)",
    ),
    "a.onnx": (b"\x08\x07\x12\x07pytorch\x1a\x052.0.1:" + bytes(9), "It is an ONNX model, which "),
    "a.tflite": (b"\x1c\0\0\0TFL3" + bytes(9), "It is a model of TensorFlow Lite, "),
    "lgb.txt": (b"tree\nversion=v4\n", "It is a model of LightGBM, "),
    "a.gguf": (b"GGUF" + bytes(9), "It is a language model of llama.cpp (GGUF), "),
    "latin1.vec": (
        b"3 2\na 1 2\n\xe9t\xe9 1 2\nb 1 2\n",
        "It is a text file of word vectors (.vec).",
    ),
    "nan.vec": (b"1 2\na nan inf\n", "It is a text file of word vectors (.vec)."),
    "none.vec": (b"0 9\n", "It is a text file of word vectors (.vec)."),
    "two.txt": (b"12 34\n__label__a x y\n", "It is text with labels: "),
    "two-only.txt": (b"12 34\n", "It is a text file: "),
    "two-zh.txt": (("12 34\n" + "新闻 快讯 " * 99 + "\n").encode(), "It is a text file: "),
    "noise": (bytes(range(256)) * 9, "It is not a model that fastText or fastcli wrote."),
}


def refusal(command, path):
    """Return the sentence about a file that is not a model."""
    result = run(*command, path, *(["-"] if command[0] in ("test", "predict") else []))
    assert (result.code, result.out) == (1, b"")
    assert len(result.err.splitlines()) == 1
    return result.err


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_models(name, tmp_path):
    data, what = FILES[name]
    path = tmp_path / name
    path.write_bytes(data)
    takes_vectors = [] if "word vectors" in what else [["nn"], ["print-word-vectors"]]
    for command in (["predict"], ["test"], *takes_vectors):
        said = refusal(command, path)
        assert said.startswith(f"{path} has wrong file format! {what}")
        assert "damaged" not in said
    if what.endswith("give "):
        assert str(path).removesuffix(".json") in said.split("!")[1]


def test_safetensors_of_others(tmp_path):
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    for command in (["nn"], ["predict"], ["test"], ["inspect"]):
        assert "is a safetensors file, but not a fastcli m" in refusal(command, path)


OF_OTHERS = ["old.bin", "old.bin.gz", "floret.bin", "a.npy", "a.pt", "a.joblib", "a.joblib.gz"]


@pytest.mark.parametrize("name", [*OF_OTHERS, "a.onnx", "a.xlsx", "a.keras"])
def test_inspect_names_models_of_others(name, tmp_path):
    data, what = FILES[name]
    path = tmp_path / name
    path.write_bytes(data)
    assert refusal(["inspect"], path).startswith(f"{path} has wrong file format! {what}")


@pytest.mark.parametrize("n_before", [0, 1, 2])
def test_text_is_text_wherever_its_head_ends(n_before, tmp_path):
    """The first bytes that are looked at end after each of the three bytes of a character."""
    path = tmp_path / "zh"
    path.write_bytes(b"x" * n_before + (" __label__新闻 " + "快讯" * 40_000 + "\n").encode())
    assert "It is text with labels: " in refusal(["nn"], path)
    rows = "".join(f"快讯{i} 1 2 3\n" for i in range(9_000))
    path.write_bytes(b"9001 3\n" + b"x" * n_before + "新闻".encode() + b" 1 2 3\n" + rows.encode())
    assert "It is a text file of word vectors (.vec). " in refusal(["predict"], path)
    path.write_bytes(b"12 34\n" + b"x" * n_before + ("新闻 " + "快讯" * 40_000).encode())
    assert "It is a text file: " in refusal(["nn"], path)
    assert b": data set, " in run("inspect", path).out


TWO_NUMBERS = {
    "labels": b"12 34\n__label__a x y\n__label__b z\n",
    "labels of numbers": b"12 34\n__label__a x 1\n__label__b z 2\n",
    "Chinese": FILES["two-zh.txt"][0],
    "Latin-1": b"12 34\n" + b"d\xe9j\xe0 vu, tout \xe0 fait\n" * 99,
    "GBK": b"12 34\n" + ("新闻 快讯 天气预报\n" * 99).encode("gbk"),
    "only these": b"12 34\n",
}


@pytest.mark.parametrize("name", TWO_NUMBERS)
def test_inspect_reads_text_whose_first_line_is_two_numbers(name, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TWO_NUMBERS[name])
    result = run("inspect", path)
    assert b": data set, " in result.out
    assert "wrong file format" not in result.err


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("m.vec", b"  word vectors, text with a header line"),
        ("glove.txt", b"  word vectors, text without a header line"),
        ("train.txt", b": data set, "),
        ("a.csv", b"  CSV, comma, quoted, "),
        ("text.txt", b": data set, "),
    ],
)
def test_inspect_reads_text_as_text(name, what, tmp_path):
    path = tmp_path / name
    path.write_bytes(FILES[name][0])
    result = run("inspect", path)
    assert result.code == 0
    assert what in result.out
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(FILES[name][0]))
    assert run("inspect", packed).code == 0


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.bin")), ids=lambda path: path.name)
def test_models_of_2016_and_of_floret_are_told_from_fasttext(path, tmp_path):
    data = path.read_bytes()
    assert not headers.is_floret(data)
    assert not headers.is_of_2016(data)
    assert load_model(str(path)).args.dim > 0
    loss = headers.ARGS.unpack_from(data, 8)[6]
    assert headers.is_of_2016(of_2016(data)) == (loss < 4)  # one-vs-all is younger
    assert headers.is_floret(of_floret(data))
    assert not headers.is_floret(of_2016(data))
    assert not headers.is_of_2016(of_floret(data))


def test_what_is_cut_is_damaged(tmp_path):
    path = tmp_path / "m.bin"
    for size in (10, HEAD, AFTER, len(MODEL) - 1):
        path.write_bytes(MODEL[:size])
        with pytest.raises(ModelFormatError, match="is damaged"):
            load_model(str(path))


def test_a_perceptron_has_no_word_vectors(tmp_path):
    options = ["-dim", 4, "--hidden", "none", "-epoch", 1, "-verbose", 0]
    source = SAMPLES / "topics.train.txt"
    assert run("mlp-train", "-input", source, "-output", tmp_path / "m", *options).code == 0
    path = tmp_path / "m.mlp"
    for command in ("nn", "analogies", "print-word-vectors", "print-sentence-vectors"):
        said = run(command, path).err
        assert "It is an mlp-train model, which test, predict and dump take" in said
        assert "wrote" not in said
    path.rename(tmp_path / "m.bin")
    said = run("quantize", "-output", tmp_path / "m").err
    assert "It is an mlp-train model" in said


def test_other_safetensors_files(tmp_path):
    header = b'{"__metadata__":{"fastcli":"{}"}}'
    path = tmp_path / "m"
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    assert "mlp-train checkpoint" in refusal(["nn"], path)
    header = b'{"__metadata__":{"format":"pt"}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    assert "It is a safetensors file, but not a fastcli model." in refusal(["nn"], path)


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="there is no /dev/null")
def test_what_is_no_regular_file(tmp_path):
    assert "a pipe or device that delivered no model" in refusal(["nn"], "/dev/null")
    assert refusal(["nn"], tmp_path).endswith("cannot be opened for loading! (Is a directory)\n")


def test_names_that_are_nearly_right(tmp_path):
    (tmp_path / "m.bin").write_bytes(MODEL)
    said = refusal(["nn"], tmp_path / "m")
    assert said.endswith(f"(No such file or directory) Did you mean {tmp_path / 'm.bin'}?\n")
    said = run("quantize", "-output", tmp_path / "m.bin").err
    assert said.endswith(f"Did you mean {tmp_path / 'm.bin'}?\n")
    (tmp_path / "m.bin").rename(tmp_path / "m.ftz")
    said = run("quantize", "-output", tmp_path / "m").err
    assert said.endswith(f"There is {tmp_path / 'm.ftz'}, but it is quantized already.\n")
    (tmp_path / "m.ftz").unlink()
    assert refusal(["nn"], tmp_path / "m").endswith("(No such file or directory)\n")


@pytest.mark.parametrize("other", [b"some text\n", b"", b"\x1f\x8b\x08" + bytes(9), word2vec()])
def test_only_models_are_meant(other, tmp_path):
    for name in ("m", "m.bin", "m.ftz", "m.mlp"):
        (tmp_path / name).write_bytes(other)
    (tmp_path / "m.bin").unlink()
    end = "(No such file or directory)\n"
    assert refusal(["predict"], tmp_path / "m.bin").endswith(end)
    assert run("quantize", "-output", tmp_path / "m").err.endswith(end)
    (tmp_path / "m").unlink()
    assert refusal(["predict"], tmp_path / "m").endswith(end)
    header = b'{"__metadata__":{}}'
    (tmp_path / "m.mlp").write_bytes(struct.pack("<Q", len(header)) + header)
    assert refusal(["predict"], tmp_path / "m").endswith(f"Did you mean {tmp_path / 'm.mlp'}?\n")
    (tmp_path / "m").write_bytes(MODEL)
    assert refusal(["predict"], tmp_path / "m.bin").endswith(f"Did you mean {tmp_path / 'm'}?\n")


def test_a_good_model_needs_no_module_of_errors():
    code = (
        "import sys\n"
        "from fastcli.fasttext.model_file import load_model\n"
        f"load_model({str(GOLDEN / 'ns.bin')!r})\n"
        "assert 'fastcli.fasttext.foreign' not in sys.modules\n"
        "import fastcli.fasttext.foreign\n"
        "assert 'fastcli.text.vector_files' not in sys.modules\n"
    )
    root = Path(__file__).parent.parent
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ["test", "test-label"])
def test_nothing_to_test_on(command, tmp_path):
    (tmp_path / "m.bin").write_bytes(MODEL)
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    result = run(command, tmp_path / "m.bin", empty)
    assert result.code == 0
    assert result.out.endswith(b"N\t0\nP@1\tnan\nR@1\tnan\n")
    ref = "there are no lines to test on, so precision and recall are undefined (nan).\n"
    assert result.err == f"{empty}: {ref}"
    result = run(command, tmp_path / "m.bin", "-", "--json", stdin=b"x y\n")
    assert json.loads(result.out)["precision"] is None
    assert "Standard input: no line is left to test on, so " in result.err
