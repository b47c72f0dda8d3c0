"""Models: their kind, sizes, use of bytes, and labels."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcli.contents import Contents
from fastcli.errors import DataError, cannot_open
from fastcli.fasttext.args import DEFAULTS, option_of
from fastcli.fasttext.foreign import binary_kind
from fastcli.fasttext.headers import ARGS, DICTIONARY
from fastcli.fasttext.model_bytes import MATRIX, output_rows
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.model_size import unpruned_size
from fastcli.fasttext.quantize import Sizes
from fastcli.fasttext.quantized import QuantizedMatrix
from fastcli.fasttext.sidecar import OF_A_RUN
from fastcli.fasttext.size_limit import is_quantizable
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.first_bytes import is_mlp
from fastcli.mlp.model_file import load_mlp
from fastcli.mlp.model_reader import MODEL_FORMAT
from fastcli.mlp.tensor_reader import load_arrays
from fastcli.printable import readable
from fastcli.text.dictionary import EOS
from fastcli.text.inputs import MODEL_MAGIC
from fastcli.text.spooled import is_file

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model
    from fastcli.mlp.model import MlpModel

OF_TRAINING = ("input", "lr", "seed", "optimizer")
SMALLER = 0.8  # of the bytes, at most, where quantizing is proposed
SHOWN_FIELDS = ("loss", "tokens", "steps", "best_step", "interrupted", "fastcli", *OF_A_RUN)


def is_model(path: str) -> bool:
    """Tell by its first bytes whether a regular file is a model, even another program's.

    Of those ``model_report`` says what they are; word vectors are not among them.
    """
    if not is_file(path):
        return False
    try:
        contents = Contents(path)
    except OSError:  # which reading will say
        return False
    if contents.head.startswith(MODEL_MAGIC) or is_mlp(contents):
        return True
    size = sys.maxsize if contents.packed else os.path.getsize(path)
    return bool(binary_kind(contents.head, size))


def model_report(path: str, warn: Callable[[str], None]) -> dict[str, Any]:
    """Return the report of a model as JSON.

    ``warn`` hears if the JSON file beside it is of another one, and so is not in the report.
    Raises ModelFormatError or DataError if it is damaged or cannot be read.
    """
    try:
        contents = Contents(path)
    except OSError as error:
        raise DataError(cannot_open(path, error, "loading")) from None
    report = _perceptron(contents) if is_mlp(contents) else _linear(contents, warn)
    status = os.stat(path)
    blocks = getattr(status, "st_blocks", None)  # Windows does not say
    size = len(contents.data)
    report["bytes"] = size
    report["compression"] = contents.packed or None
    report["written"] = int(status.st_mtime)
    report["bytes_on_disk"] = None if blocks is None else min(blocks * 512, status.st_size)
    for part in [*report["parts"], *report["use"]]:
        part["share"] = round(part["bytes"] / size, 4)
    return {"file": readable(os.fsencode(path)), "kind": "model", **report}


def changed_arguments(report: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a model: of a neural network, which has many, the non-default ones.

    The optimiser and its learning rate are always among them.
    """
    if report["model"] != "perceptron":
        return dict(report["arguments"])
    defaults = asdict(MlpArgs(optimizer=report["arguments"]["optimizer"]).resolved())
    shown = {"optimizer", "lr"}
    given = report["arguments"].items()
    return {name: value for name, value in given if name in shown or value != defaults[name]}


def unusual_arguments(report: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a linear model that are not the default, but those that say most.

    Names are those of options.  A model without n-grams has no buckets, whatever was asked for.
    """
    command = "supervised" if report["task"] == "classifier" else report["arguments"]["model"]
    defaults = asdict(DEFAULTS[{"sg": "skipgram", "cbow": "cbow"}.get(command, command)])
    usual = {option_of(name)[1:]: value for name, value in defaults.items()}
    said = ("model", "dim", "epoch", "loss", "wordNgrams", "minn", "maxn", "bucket")
    given = {**report["arguments"], **{k: v for k, v in report["training"].items() if k != "input"}}
    return {
        name: value
        for name, value in given.items()
        if name not in (*said, "lr", "seed") and name in usual and value != usual[name]
    }


def _linear(contents: Contents, warn: Callable[[str], None]) -> dict[str, Any]:
    model = load_model(contents)
    if model.warning:
        warn(model.warning)
    args, dictionary, wi = model.args, model.dictionary, model.wi
    version = int.from_bytes(contents.head[4:8], "little")
    parts = _sections(model, len(contents.data))
    at = sum(part["bytes"] for part in parts[:3])
    qout = contents.data[at : at + 1].tobytes() == b"\1" and model.quantized
    rows = output_rows(args, dictionary)
    n_ngrams = wi.n_rows - dictionary.nwords
    quantization: dict[str, Any] | None = None
    if isinstance(wi, QuantizedMatrix):
        quantization = {
            "qnorm": wi.norms is not None,
            "qout": qout,
            "dsub": wi.quantizer.dsub,
            "pruned": model.bucket_rows is not None,
            "kept_rows": wi.n_rows,
        }
    counts = dictionary.label_counts().tolist()
    kind = "classifier" if args.model == "sup" else "word vectors"
    eos = dictionary.find(EOS)
    lines = int(dictionary.counts[eos]) if 0 <= eos < dictionary.nwords else 0
    return {
        "model": "quantized" if model.quantized else "linear",
        "task": kind,
        "version": version,
        "arguments": {option_of(name)[1:]: value for name, value in asdict(args).items()},
        "words": dictionary.nwords,
        "labels": dictionary.nlabels,
        "tokens": dictionary.ntokens,
        "buckets": args.bucket,
        "ngram_rows": n_ngrams,
        "dim": args.dim,
        "parameters": (wi.n_rows + rows) * args.dim,
        "quantization": quantization,
        "parts": parts,
        "use": _use(parts, dictionary.nwords, wi.n_rows, kind),
        "label_counts": _sorted(model.labels(), counts),
        "labels_per_line": round(sum(counts) / lines, 2) if lines and counts else None,
        "training": {name: model.about["arguments"][name] for name in _shown(model.about)},
        "smaller": _smaller(model, contents),
        "about": _how_made(model.about, contents.path),
    }


def _shown(about: dict[str, Any]) -> list[str]:
    """Return which of the arguments of training are shown that the model itself does not hold."""
    arguments = about.get("arguments")
    known = arguments if isinstance(arguments, dict) else {}
    return [name for name in OF_TRAINING if name in known]


def _use(parts: list[dict[str, Any]], n_words: int, n_rows: int, kind: str) -> list[dict[str, Any]]:
    """Return what the bytes of a linear model are for; those of rows by how many there are."""
    sizes = {part["part"]: part["bytes"] for part in parts}
    rows = sizes["input matrix"]
    words = rows * n_words // n_rows if n_rows else rows
    use = {
        "words": words,
        "n-grams": rows - words,
        "labels" if kind == "classifier" else "contexts": sizes["output matrix"],
        "dictionary": sizes["dictionary"] + sizes["arguments"],
    }
    return [{"part": name, "bytes": n} for name, n in use.items()]


def _smaller(model: Model, contents: Contents) -> dict[str, Any] | None:
    """Return the command that makes a classifier smaller, and the bytes that it leaves."""
    path, dictionary = contents.path, model.dictionary
    is_large_enough = is_quantizable(model.args, dictionary)
    if model.quantized or model.args.model != "sup" or not is_large_enough:
        return None
    if contents.packed or not path.endswith(".bin"):
        return None  # quantize reads NAME.bin
    sizes = Sizes(dsub=2, qnorm=True)
    n_bytes = unpruned_size(model.args, dictionary, sizes)
    if n_bytes > SMALLER * len(contents.data):
        return None
    command = ["fastcli", "quantize", "-output", path.removesuffix(".bin"), "-qnorm"]
    return {"command": shlex.join(command), "bytes": n_bytes}


def _how_made(about: dict[str, Any], path: str) -> dict[str, Any]:
    """Return how a linear model was made; its commands name the model where it is now."""
    quantized = about.get("quantized")
    quantized = quantized if isinstance(quantized, dict) else {}
    commands = {"command": about.get("command"), "quantize": quantized.get("command")}
    output = shlex.join(["-output", str(Path(path).with_suffix(""))])
    shown: dict[str, Any] = {}
    for name, command in commands.items():
        if isinstance(command, str):
            # version 0.1.0 wrote commands as they were typed
            shown[name] = command if " -output " in command else f"{command} {output}"
    return shown | {name: about[name] for name in SHOWN_FIELDS if name in about}


def _sections(model: Model, size: int) -> list[dict[str, Any]]:
    """Return the sections of the file and their bytes; the last takes what is left."""
    dictionary, wi = model.dictionary, model.wi
    n = len(dictionary)
    entries = DICTIONARY.size + int(dictionary.starts[n]) + 10 * n
    if model.bucket_rows is not None:
        entries += 8 * (wi.n_rows - dictionary.nwords)
    if isinstance(wi, QuantizedMatrix):
        matrix = 2 + 20 + len(wi.codes) + 16 + wi.quantizer.centroids.nbytes
        if wi.norms is not None and wi.norm_codes is not None:
            matrix += len(wi.norm_codes) + 16 + wi.norms.nbytes
    else:
        matrix = 1 + MATRIX.size + wi.values.nbytes
    head = 8 + ARGS.size
    sizes = {"arguments": head, "dictionary": entries, "input matrix": matrix}
    sizes["output matrix"] = size - sum(sizes.values())
    return [{"part": name, "bytes": n_bytes} for name, n_bytes in sizes.items()]


def _perceptron(contents: Contents) -> dict[str, Any]:
    model = load_mlp(contents)
    arrays, config = load_arrays(contents, MODEL_FORMAT)
    dictionary = model.dictionary
    args = {name: value for name, value in asdict(model.args).items() if value not in ("", ())}
    parts = [
        {"part": name, "shape": list(array.shape), "bytes": int(array.nbytes)}
        for name, array in sorted(arrays.items())
    ]
    network = model.network(1)
    n_parameters = network.n_weights
    if model.embedding is not None:
        n_parameters += len(model.embedding) * model.args.dim  # rows are padded in the file
    counts: list[int | None] = [None] * model.nlabels
    if dictionary is not None and model.targets is None:
        counts = list(dictionary.label_counts().tolist())
    columns = model.columns
    rest = len(contents.data) - sum(int(array.nbytes) for array in arrays.values())
    return {
        "model": "perceptron",
        "task": "classifier" if model.targets is None else "regression",
        "version": int(config["version"]),
        "arguments": args,
        "words": 0 if dictionary is None else dictionary.nwords,
        "labels": model.nlabels if model.targets is None else 0,
        **({} if model.targets is None else {"targets": _targets(model)}),
        "tokens": 0 if dictionary is None else dictionary.ntokens,
        "buckets": 0 if model.bucket_rows is None else len(model.bucket_rows),
        "columns": None if columns is None else columns.n_features,
        "dim": model.n_in,
        "layers": [model.n_in, *(layer.units for layer in network.layers)],
        "parameters": n_parameters,
        "quantization": None,
        "parts": [{"part": "header", "shape": [], "bytes": rest}, *parts],
        "use": [],
        "label_counts": _sorted(model.labels(), counts) if model.targets is None else {},
        "about": {name: model.about[name] for name in SHOWN_FIELDS if name in model.about},
    }


def _targets(model: MlpModel) -> list[dict[str, Any]]:
    """Return the targets of a model of regression, and the scale that they are learned on."""
    if model.targets is None:
        return []
    columns = zip(
        model.targets.names,
        model.targets.mean.tolist(),
        model.targets.deviation.tolist(),
        strict=True,
    )
    return [{"name": readable(os.fsencode(n)), "mean": m, "deviation": d} for n, m, d in columns]


def _sorted(labels: list[bytes], counts: list[Any]) -> dict[str, Any]:
    pairs = [(readable(label), n) for label, n in zip(labels, counts, strict=True)]
    return dict(sorted(pairs, key=lambda pair: (-(pair[1] or 0), pair[0])))
