"""Models and files of other tools, known by their first bytes."""

from __future__ import annotations

import contextlib
import zlib

UNREADABLE = "which fastcli cannot read"

# First bytes of other formats, and what they are.
MAGICS = {
    b"\x93NUMPY": f"a NumPy array. Models are .bin, .ftz and .mlp files; it is one {UNREADABLE}",
    b"\x89HDF": f"an HDF5 file, such as a model of Keras, {UNREADABLE}",
    b"PAR1": "a Parquet file. Make training lines from it with 'fastcli prepare', then train",
    b"%PDF": f"a PDF document, {UNREADABLE}",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself. Get it with git lfs pull",
    b"GGUF": f"a language model of llama.cpp (GGUF), {UNREADABLE}",
    b"CBM1": f"a model of CatBoost, {UNREADABLE}",
    b"lCRF": f"a model of CRFsuite, {UNREADABLE}",
    b"tree\nversion=": f"a model of LightGBM, {UNREADABLE}",
    b"solver_type ": f"a model of LIBLINEAR, {UNREADABLE}",
    b"svm_type ": f"a model of LIBSVM, {UNREADABLE}",
    b"\xac\xed\x00\x05": f"a serialised Java object, such as a model of MALLET, {UNREADABLE}",
    b"{L\0\0\0\0\0\0\0\x07learner": f"a model of XGBoost, {UNREADABLE}",
    b'{"learner":': f"a model of XGBoost, {UNREADABLE}",
}
PICKLE_PROTOCOLS = (2, 3, 4, 5)
# What the names of classes in a pickle say, the most telling first.
PICKLES = {
    b"gensim": "a Python pickle, such as gensim's. Save it as a .bin file of fastText there",
    b"sklearn": f"a model of scikit-learn (a Python pickle), {UNREADABLE}",
    b"torch": f"a model of PyTorch (a Python pickle), {UNREADABLE}",
    b"xgboost": f"a model of XGBoost (a Python pickle), {UNREADABLE}",
    b"lightgbm": f"a model of LightGBM (a Python pickle), {UNREADABLE}",
    b"joblib": f"a Python pickle of joblib, {UNREADABLE}",
    b"numpy": f"a Python pickle of NumPy arrays, {UNREADABLE}",
}
TORCH_MAGIC = bytes.fromhex("6cfc9c46f9206aa85019")  # a number in files of old PyTorch versions
# What the names of files in a zip archive say.
ZIPS = {
    b"data.pkl": f"a model of PyTorch (a zip archive), {UNREADABLE}",
    b".npy": f"NumPy arrays (.npz, a zip archive), {UNREADABLE}",
    b"model.weights.h5": f"a model of Keras (a zip archive), {UNREADABLE}",
    b"config.json": f"a model of Keras (a zip archive), {UNREADABLE}",
    b"[Content_Types].xml": "a document of Office (a zip archive). Export it as CSV or text",
}
ZIP = b"PK\x03\x04"


def other_tool(head: bytes) -> str:
    """Return what a file of another tool is that begins with these bytes; "" if that is not known.

    The text goes on after "It is" and has no full stop.
    """
    for magic, what in MAGICS.items():
        if head.startswith(magic):
            return what
    if head.startswith(ZIP):
        return _zip(head)
    if _is_pickle(head):
        return _pickle(head)
    if head[4:8] == b"TFL3":
        return f"a model of TensorFlow Lite, {UNREADABLE}"
    if _is_onnx(head):
        return f"an ONNX model, {UNREADABLE}"
    if head[:2] in (b"x\x01", b"x^", b"x\x9c", b"x\xda"):  # joblib compresses by zlib
        with contextlib.suppress(zlib.error):
            inside = zlib.decompressobj().decompress(head, len(head))
            return _pickle(inside) if _is_pickle(inside) else ""
    return ""


def _zip(head: bytes) -> str:
    names, at = [], 0
    while (at := head.find(ZIP, at)) >= 0:
        size = int.from_bytes(head[at + 26 : at + 28], "little")
        names.append(head[at + 30 : at + 30 + size])
        at += len(ZIP)
    for end, what in ZIPS.items():
        if any(name.endswith(end) for name in names):
            return what
    return "a zip archive. Unpack it first; models are .bin, .ftz and .mlp files"


def _is_pickle(head: bytes) -> bool:
    return head[:1] == b"\x80" and head[1:2] in map(bytes, ([n] for n in PICKLE_PROTOCOLS))


def _pickle(head: bytes) -> str:
    if TORCH_MAGIC in head[:64]:
        return PICKLES[b"torch"]
    for name, what in PICKLES.items():
        if name in head:
            return what
    return "a Python pickle, such as gensim's. Save it as a .bin file of fastText there"


def _is_onnx(head: bytes) -> bool:
    """Tell whether a file begins as ONNX models do: a version, then the name of the producer.

    These are fields 1 and 2 of ModelProto (https://github.com/onnx/onnx, onnx.proto), which is
    followed by fields 3 (the producer's version) to 8 (imports of operators).
    """
    if len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] < 100 or head[2] != 0x12:
        return False
    size = head[3]
    name, follower = head[4 : 4 + size], head[4 + size : 5 + size]
    is_name = name.isascii() and name.decode("ascii", "replace").isprintable()
    return 0 < size < 100 and is_name and follower in (b"\x1a", b"\x22", b"\x28", b"\x3a", b"\x42")
