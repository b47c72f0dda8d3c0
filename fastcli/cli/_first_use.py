"""Which kernels a command is about to need, so that the message of the first use can count them.

Asked only when something has to be compiled.  What a run needs depends on its options and files,
of which ``_first_use_model.py`` reads the heads of models;
here are the usual needs of each command, by its options.  A kernel that is missing here is counted
when it is compiled; ``tests/cli/test_display.py`` compares with what commands load, and looks for
all names.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from fastcli.cli._first_use_model import Needs, needs_of_model
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
TRAIN = ("linear.train_batches: train_batches", "linear.order: draw_order")
FEW_LABELS = ("linear.few_labels: learn_lines", "linear.shared_rows: count_shared")
SINGLE_LINES = "linear.batch_lines: score_lines step_lines"
ALL_TRAINERS = (
    "linear.train: train_lines",
    "linear.label_blocks: score_blocks step_blocks",
    SINGLE_LINES,
    *FEW_LABELS,
)
SUPERVISED = (COUNT, FEATURES, START, *TRAIN, SAVE)
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
MEASURE = (*SCORE[1:3], "linear.validation: measure_lines")
VALIDATION = (*MEASURE, SCORE[4])
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
    *TRAIN,
    *FEW_LABELS,
)
PERCEPTRON = (
    "mlp.layers: forward backward",
    "mlp.updates: learn transpose_all",
    "mlp.steps: forward_rows score_losses train_steps",
)
PREDICT_PERCEPTRON = ("mlp.layers: forward", "mlp.steps: forward_rows best_scores")
SCORERS = ("predict", "predict-prob", "test", "test-label")


COPY = "text.rows: copy_columns"
SPLIT, DECIMALS = "text.rows: split_rows", "text.decimals: read_decimals"
WORD_CHAR_NGRAMS = "text.features: count_char_ngrams"
PRUNE = "text.lines: prune_features"
FIND_VECTORS = "text.dictionary: find_entries"
READ_VECTORS = "text.vector_files: read_vector_lines"


def has_ngrams(options: Mapping[str, Any]) -> bool:
    """Tell whether there are n-grams, of words or characters."""
    return bool(options["word_ngrams"] > 1 or options["maxn"] > 0)


def needs(command: str, options: Mapping[str, Any]) -> list[str]:
    """Return the kernels of a command, as lines ``module: name name ...`` below ``kernels``."""
    if command == "compare":
        models = (options.get("words") or ())[:-1]
        return [line for one in models for line in needs("test", {**options, "model": one})]
    model = needs_of_model(options.get("model", ""))
    found: list[str] = []
    text = not options.get("json") and command in ("predict", "predict-prob")
    printed = ["base.printf: format_predictions"] * text
    if command in ("supervised", "skipgram", "cbow"):
        is_sup = command == "supervised"
        found += SUPERVISED if is_sup else WORDS
        if options["autotune_validation"]:
            found += [*SCORE[1:], CHAR_NGRAMS, PRUNE, *ALL_TRAINERS]
        elif is_sup:
            is_validated = options["valid"] or options["valid_share"]
            if is_validated:
                found += [*VALIDATION, *[PRUNE] * has_ngrams(options)]
            elif options["input_model"]:  # how good it is on the lines before training
                found += MEASURE
            found += FEW_LABELS if options["optimizer"] == "sgd" else [SINGLE_LINES]
        if options["autotune_modelsize"]:
            found += [*QUANTIZE[1:], "text.dictionary: find_entries", "linear.means: mean_codes"]
            found.append("linear.quantize: row_norms")
            found.remove(SAVE)
        found += _of_pretrained(options)
        if former := _of_former(options, LOAD, TREE):
            found += former
            found.remove(SAVE)  # all rows are gathered
        if not options["no_vec"]:
            found += [WORD_ROWS, WRITE_VECTORS]
        if options["optimizer"] != "sgd":
            found.append(f"base.optimizers: {options['optimizer']}_update")
        if options["loss"] == "hs":
            found.append(TREE)
        if options["maxn"] > 0 and is_sup:
            found.append(CHAR_NGRAMS)
        elif options["maxn"] > 0:
            found.append(WORD_CHAR_NGRAMS)
    elif command == "quantize":
        found += [*QUANTIZE, "linear.quantize: row_norms", *RETRAIN * options["retrain"]]
        if options["cutoff"] or options["target_size"]:
            found.append("text.dictionary: gather_entries")
    elif command == "mlp-train":
        optimizer = str(options["optimizer"]).replace("auto", "adam")
        form = "_eps_inside" if options["eps_position"] == "inside" else ""
        found += [*PERCEPTRON, f"base.optimizers: {optimizer}{form}_update"]
        is_lines = options["format"] in ("auto", "text") and not _is_table(options["input"])
        if is_lines or options["text_column"]:
            found += [COUNT, FEATURES, START]
            found += [SPLIT, COPY] if options["text_column"] else []
            found += [CHAR_NGRAMS] * (options["maxn"] > 0)
            if options["valid"]:  # whose n-grams are those of the training text
                found += ["text.lines: read_lines", *[PRUNE] * (options["word_ngrams"] != 1)]
            found += _of_pretrained(options)
            found += _of_former(options, "text.dictionary: index_entries")
        else:
            found += [SPLIT, DECIMALS] if options["format"] != "libsvm" else []
        names = {name.partition(":")[0].replace("-", "_") for name in _listed(options)}
        for name in names:
            found.append(f"mlp.activations: {name}_forward {name}_backward {name}_learned")
        if options["norm"] != "none":
            found.append("mlp.layers: norm_forward norm_backward")
    elif command in SCORERS and model.is_perceptron:
        found += [*PREDICT_PERCEPTRON, *_of_perceptron(model), *printed]
        found += ["text.lines: read_lines"] if model.has_text else [SPLIT, DECIMALS]
    elif command in SCORERS:
        if any(
            options.get(name) for name in ("output", "output_dir", "text_column", "label_column")
        ):
            found += [SPLIT, COPY, "text.spacing: space_out"]
            is_written = options.get("output") or options.get("output_dir")
            found += ["text.labelled: add_cells"] if is_written else []
        found += [*SCORE, *printed, *["linear.tree: build_tree"] * model.has_tree]
    elif command in ("nn", "analogies"):
        found += [*NEAREST, *[WORD_CHAR_NGRAMS] * model.has_char_ngrams]
    elif command == "print-sentence-vectors":
        found += [LOAD, MEANS, "text.lines: read_lines", WRITE_VECTORS]
    elif command.startswith("print-"):
        found += [*VECTORS, WRITE_VECTORS, *[WORD_CHAR_NGRAMS] * model.has_char_ngrams]
    elif command == "prepare":
        found += ["text.spacing: space_out hash_lines", "text.gather: gather_lines"]
        found += ["text.rows: split_rows copy_columns"]
        if options["dedup"] == "near":
            found.append("text.minhash: minhash")
    elif command == "dump":
        found.append("text.dictionary: index_entries" if model.is_perceptron else LOAD)
        found += ["base.printf: format_rows"] * (options["part"] in ("input", "output"))
    elif command == "inspect":
        for kind in map(needs_of_model, options["files"] or ()):
            found += (
                ["mlp.layers: forward", *_of_perceptron(kind)] if kind.is_perceptron else [LOAD]
            )
    if model.is_quantized and MEANS in found:
        found[found.index(MEANS)] = "linear.means: mean_codes"
    return found + [PRUNE] * (model.is_pruned and command != "dump")


def _of_perceptron(model: Needs) -> list[str]:
    """Return what the layers and the text of a perceptron need, as far as they are not usual."""
    found = [f"mlp.activations: {name}_forward" for name in model.activations]
    found += ["mlp.layers: norm_forward"] * model.has_norm
    if model.has_text:
        found.append("text.dictionary: index_entries")
    return found


def _of_pretrained(options: Mapping[str, Any]) -> list[str]:
    """Return what pretrained vectors need: those of a file of text, or of a model."""
    path = options["pretrained_vectors"]
    if not path:
        return []
    if not str(path).endswith((".bin", ".ftz")):
        return [FIND_VECTORS, READ_VECTORS]
    model = needs_of_model(path)
    return [LOAD, FIND_VECTORS, WORD_ROWS, MEANS, *[WORD_CHAR_NGRAMS] * model.has_char_ngrams]


def _of_former(options: Mapping[str, Any], load: str, tree: str = "") -> list[str]:
    """Return what it takes to go on with a model, whose n-grams and loss are known by its head."""
    path = options.get("input_model")
    if not path:
        return []
    model = needs_of_model(path)
    found = [load, FIND_VECTORS, *[CHAR_NGRAMS] * model.has_char_ngrams]
    found += [tree] * (model.has_tree and bool(tree))
    found += [f"mlp.activations: {a}_forward {a}_backward {a}_learned" for a in model.activations]
    return found + ["mlp.layers: norm_forward norm_backward"] * model.has_norm


def _is_table(paths: Sequence[str]) -> bool:
    from fastcli.tables.formats import named_kind

    return any(named_kind(path) != "auto" for path in paths)


def _listed(options: Mapping[str, Any]) -> list[str]:
    names = str(options["activation"]).replace("auto", "relu")
    return names.split(",") if options["hidden"] != "none" else []


def kernels_needed(command: str, options: Mapping[str, Any]) -> list[AnyKernel]:
    """Return the kernels that a command is about to need, as far as that is known."""
    found: dict[str, AnyKernel] = {}
    for line in needs(command, options):
        name, _, wanted = line.partition(": ")
        module = importlib.import_module(f"fastcli.kernels.{name}")
        for kernel in build.kernels:
            if kernel.module == module.__name__ and kernel.__name__ in wanted.split():
                found[kernel.entry] = kernel
    return list(found.values())
