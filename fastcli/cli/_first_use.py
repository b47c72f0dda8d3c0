"""Which kernels a command is about to need, so that the message of the first use can count them.

Asked only when something has to be compiled.  What a run needs depends on its options and files;
here are the usual needs of each command, by its options.  A kernel that is missing here is counted
when it is compiled; ``tests/cli/test_display.py`` compares with what commands load, and looks for
all names.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from fastcli.jit import build
from fastcli.jit.build import AnyKernel

COUNT = "text.dictionary: count_tokens merge_entries gather_entries index_entries"
FEATURES = "text.features: make_features number_rows place_rows mark_rows"
CHAR_NGRAMS = "text.features: count_char_ngrams fill_char_ngrams"
TREE = "linear.tree: build_tree measure_paths write_paths"
START = "base.matrix: init_rows"
SAVE = "base.matrix: copy_rows"
WRITE_VECTORS = "base.printf: format_vectors"
WORD_ROWS = "text.features: word_rows"
SUPERVISED = (COUNT, FEATURES, START, "linear.train: train_lines", "linear.order: draw_order", SAVE)
WORDS = (
    COUNT,
    "text.features: word_lines",
    WORD_ROWS,
    "linear.train_words: word_gains train_words",
    START,
    SAVE,
)
MEANS = "linear.means: mean_rows"
LOAD = "text.dictionary: read_entries index_entries"
SCORE = (
    LOAD,
    "linear.scores: fill_blocks",
    MEANS,
    "linear.best: best_labels",
    "text.lines: read_lines",
)
VECTORS = (LOAD, WORD_ROWS, MEANS)
NEAREST = (
    *VECTORS,
    "linear.neighbours: project_rows keep_nearest sort_nearest",
    "text.dictionary: find_entries",
    "base.printf: format_neighbours",
)
QUANTIZE = (LOAD, "linear.quantize: train_centroids encode_rows")
RETRAIN = (
    "text.dictionary: count_tokens merge_entries gather_entries find_entries",
    FEATURES,
    "linear.train: train_lines",
    "linear.order: draw_order",
)
PERCEPTRON = (
    "mlp.layers: forward backward",
    "mlp.updates: learn transpose_all",
    "mlp.steps: forward_rows score_losses train_steps",
)
PREDICT_PERCEPTRON = ("mlp.layers: forward", "mlp.steps: forward_rows best_scores")
SCORERS = ("predict", "predict-prob", "test", "test-label")


def needs(command: str, options: Mapping[str, Any], has_perceptron: bool) -> list[str]:
    """Return the kernels of a command, as lines ``module: name name ...`` below ``kernels``."""
    found: list[str] = []
    text = not options.get("json") and command in ("predict", "predict-prob")
    printed = ["base.printf: format_predictions"] * text
    if command in ("supervised", "skipgram", "cbow"):
        is_sup = command == "supervised"
        found += SUPERVISED if is_sup else WORDS
        if options["autotune_validation"]:
            found += [*SCORE[1:], CHAR_NGRAMS, "text.lines: prune_features"]
        if options["autotune_modelsize"]:
            found += [*QUANTIZE[1:], "text.dictionary: find_entries", "linear.means: mean_codes"]
            found.append("linear.quantize: row_norms")
        if not options["no_vec"]:
            found += [WORD_ROWS, WRITE_VECTORS]
        if options["optimizer"] != "sgd":
            found.append(f"base.optimizers: {options['optimizer']}_update")
        if options["loss"] == "hs":
            found.append(TREE)
        if options["maxn"] > 0 and is_sup:
            found.append(CHAR_NGRAMS)
        elif options["maxn"] > 0:
            found.append("text.features: count_char_ngrams")
    elif command == "quantize":
        found += [*QUANTIZE, *RETRAIN * options["retrain"]]
        if options["cutoff"] or options["target_size"]:
            found.append("linear.quantize: row_norms")
    elif command == "mlp-train":
        found += [*PERCEPTRON, f"base.optimizers: {options['optimizer']}_update"]
        if options["format"] in ("auto", "text") and not _is_table(options["input"]):
            found += [COUNT, FEATURES, START]
        names = {name.partition(":")[0].replace("-", "_") for name in _listed(options)}
        found += [f"mlp.activations: {name}_forward {name}_backward" for name in names]
        if options["norm"] != "none":
            found.append("mlp.layers: norm_forward norm_backward")
    elif command in SCORERS and has_perceptron:
        found += [*PREDICT_PERCEPTRON, *printed]
    elif command in SCORERS:
        found += [*SCORE, *printed]
    elif command in ("nn", "analogies"):
        found += NEAREST
    elif command.startswith("print-"):
        found += [*VECTORS, WRITE_VECTORS]
    elif command == "prepare":
        found += ["text.spacing: space_out hash_lines"]
        if options["dedup"] == "near":
            found.append("text.minhash: minhash")
    elif command in ("inspect", "dump"):
        found.append(LOAD)
    return found


def _is_table(paths: Sequence[str]) -> bool:
    from fastcli.text.tables import kind_of_name

    return any(map(kind_of_name, paths))


def _listed(options: Mapping[str, Any]) -> list[str]:
    return str(options["activation"]).split(",") if options["hidden"] != "none" else []


def kernels_needed(command: str, options: Mapping[str, Any]) -> list[AnyKernel]:
    """Return the kernels that a command is about to need, as far as that is known."""
    found: dict[str, AnyKernel] = {}
    for line in needs(command, options, "fastcli.mlp.model" in sys.modules):
        name, _, wanted = line.partition(": ")
        module = importlib.import_module(f"fastcli.kernels.{name}")
        for kernel in build.kernels:
            if kernel.module == module.__name__ and kernel.__name__ in wanted.split():
                found[kernel.entry] = kernel
    return list(found.values())
