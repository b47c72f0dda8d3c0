"""What fastText itself says about its models, said by fastcli; golden/make_golden.py made it."""

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from fastcli.fasttext.model_bytes import file_size, head_bytes
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.save import write_model
from fastcli.fasttext.trained import Trained
from fastcli.files import Replacement
from fastcli.kernels.base.integers import hash_bytes
from fastcli.memory import padded
from fastcli.text.dictionary import as_bytes
from tests.command import GOLDEN, is_same_text, run

NAMES = sorted(path.stem for path in GOLDEN.glob("*.bin"))


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def model_path(name):
    return GOLDEN / f"{name}.bin"


def text_of(lines):
    return "".join(line + "\n" for line in lines)


def without_probabilities(lines):
    return [" ".join(line.split(" ")[::2]) for line in lines]


def test_all_losses_are_there():
    assert len(NAMES) == 6
    losses = {json.loads((GOLDEN / f"{n}.json").read_text("utf-8"))["args"][6] for n in NAMES}
    assert losses == {"loss softmax", "loss hs", "loss ns", "loss one-vs-all"}


def test_predict_prob(golden, model_path):
    for case in golden["predict_prob"]:
        lines = golden["input"][: len(case["output"])]
        stdin = text_of(lines).encode()
        comp = run("predict-prob", model_path, "-", case["k"], case["threshold"], stdin=stdin)
        ref = text_of(case["output"])
        assert is_same_text(comp.text(), ref), (case["k"], case["threshold"])


def test_predict(golden, model_path):
    for case in golden["predict_prob"]:
        lines = golden["input"][: len(case["output"])]
        stdin = text_of(lines).encode()
        comp = run("predict", model_path, "-", case["k"], case["threshold"], stdin=stdin)
        assert comp.text() == text_of(without_probabilities(case["output"]))


def test_predict_from_a_file(golden, model_path, tmp_path):
    path = tmp_path / "input.txt"
    path.write_bytes(text_of(golden["input"]).encode())
    comp = run("predict", model_path, path)
    ref = golden["predict_prob"][0]
    assert (ref["k"], ref["threshold"]) == (1, 0.0)
    assert comp.text() == text_of(without_probabilities(ref["output"]))


def test_last_line_without_an_end(golden, model_path):
    stdin = text_of(golden["input"]).encode()[:-1]
    comp = run("predict-prob", model_path, "-", stdin=stdin)
    ref = golden["no_last_line_end"]
    assert ref[-1] != golden["predict_prob"][0]["output"][-1], "</s> makes no difference"
    assert is_same_text(comp.text(), text_of(ref))


def test_test(golden, model_path):
    stdin = text_of(golden["input"][:-1]).encode()
    for case in golden["test"]:
        comp = run("test", model_path, "-", case["k"], case["threshold"], stdin=stdin)
        assert comp.code == 0
        assert comp.out.decode() == text_of(case["output"])


def test_dump_args(golden, model_path):
    assert run("dump", model_path, "args").text() == text_of(golden["args"])


def test_dump_dict(golden, model_path):
    assert run("dump", model_path, "dict").text() == text_of(golden["dict"])


def test_dump_matrices(golden, model_path):
    """The values as C prints them, read here without fastcli."""
    data = model_path.read_bytes()
    args = dict(line.split(" ") for line in golden["args"])
    dim, nlabels = int(args["dim"]), sum(line.endswith(" label") for line in golden["dict"])
    nwords = int(golden["dict"][0]) - nlabels
    rows = nwords + int(args["bucket"])
    output = np.frombuffer(data[-4 * nlabels * dim :], "<f4").reshape(nlabels, dim)
    end = len(data) - 4 * nlabels * dim - 17
    matrix = np.frombuffer(data[end - 4 * rows * dim : end], "<f4").reshape(rows, dim)
    for part, values in (("input", matrix), ("output", output)):
        ref = [f"{len(values)} {dim}"]
        ref += [" ".join(f"{v:.6g}" for v in row) for row in values.tolist()]
        assert run("dump", model_path, part).text() == text_of(ref)


def test_size(golden, model_path):
    model = load_model(str(model_path))
    entries = [line.rsplit(" ", 2)[0] for line in golden["dict"][1:]]
    rows = len(entries) + model.args.bucket
    formula = 126 + 4 * model.args.dim * rows + sum(len(e.encode()) + 10 for e in entries)
    assert golden["size"] == model_path.stat().st_size == formula
    assert file_size(model.args, model.dictionary) == formula


def test_saved_again_is_the_same_file(model_path, tmp_path):
    model = load_model(str(model_path))
    dim, rows = model.args.dim, model.dictionary.nwords + model.args.bucket
    assert model_path.read_bytes().startswith(head_bytes(model.args, model.dictionary))
    stride = padded(dim)
    wi = np.zeros((rows, stride), np.float32)
    wi[:, :dim] = model.wi.values.reshape(rows, dim)
    wo = np.zeros((model.nlabels, stride), np.float32)
    wo[:, :dim] = model.wo.values.reshape(-1, dim)
    ids = np.arange(rows)
    trained = Trained(
        args=model.args,
        dictionary=model.dictionary,
        wi=wi.reshape(-1),
        wo=wo.reshape(-1),
        stride=stride,
        ids=ids,
        memory_rows=ids,
        loss=0.0,
        seconds=0.0,
    )
    copy = tmp_path / "copy.bin"
    save_model(copy, trained)
    assert copy.read_bytes() == model_path.read_bytes()
    # Rows of zeros are left out in memory, and holes in the file.
    used = np.flatnonzero(wi.any(axis=1))
    memory_rows = np.arange(len(used))
    kept = replace(trained, wi=wi[used].reshape(-1), ids=used, memory_rows=memory_rows)
    save_model(copy, kept)
    assert copy.read_bytes() == model_path.read_bytes()


def features(model, text):
    lines, end = model.reader().read(as_bytes(text)[: len(text)], 0)
    assert (lines.n, end) == (1, len(text))
    return lines.features[: lines.offsets[1]].tolist(), lines.labels[: lines.label_offsets[1]]


def test_subwords(golden, model_path):
    """A line of one word without an end has no features but the word's own."""
    model = load_model(str(model_path))
    for word, subwords in golden["subwords"].items():
        comp, _ = features(model, word.encode())
        assert comp == [i for _, i in subwords], word


def test_hashes(golden):
    if "hashes" not in golden:
        pytest.skip("the model has no buckets")
    bucket = golden["arguments"]["bucket"]
    for string, ref in golden["hashes"].items():
        text = string.encode()
        assert hash_bytes(as_bytes(text), len(text)) % bucket == ref, string


def test_lines(golden, model_path):
    model = load_model(str(model_path))
    nwords = model.dictionary.nwords
    for line, (words, labels) in zip(golden["input"], golden["lines"], strict=False):
        comp, comp_labels = features(model, line.encode() + b"\n")
        known = [model.dictionary.find(label.encode()) - nwords for label in labels]
        assert comp_labels.tolist() == [i for i in known if i >= 0]
        if model.args.bucket == 0:
            ids = [model.dictionary.find(word.encode()) for word in words]
            assert comp == [i for i in ids if i >= 0]


def test_version_11_of_a_classifier_has_no_subwords(golden, model_path, tmp_path):
    """The version is the second field of a file, in its bytes 4 to 7."""
    if "version_11" not in golden:
        pytest.skip("the model has no subwords in version 12 either")
    old = tmp_path / "old.bin"
    data = bytearray(model_path.read_bytes())
    struct.pack_into("<i", data, 4, 11)
    old.write_bytes(data)
    ref = golden["version_11"]
    assert run("dump", old, "args").text() == text_of(ref["args"])
    assert "maxn 0" in ref["args"]
    comp = run("predict-prob", old, "-", 2, stdin=text_of(ref["input"]).encode())
    assert is_same_text(comp.text(), text_of(ref["output"]))


def save_model(path, trained):
    out = Replacement(path)
    with out:
        write_model(out, trained)
