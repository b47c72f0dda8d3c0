"""What is said to be without effect is: the model is the same with and without it.

For every option that has a condition, in runs of every kind: either the program says nothing of
it, or the model (what is written, in prepare) has the same bytes but for the value of that option.
"""

import json
from pathlib import Path

import pytest

from fastcli.cli import cli
from fastcli.cli._command import Option as CommandOption
from tests.cli.conftest import TINY
from tests.command import run

# fastText's file holds arguments from byte 8 on: whole numbers of 4 bytes, and one float64.
FIELDS = ["dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket"]
FIELDS += ["minn", "maxn", "lr_update_rate", "t"]
LINEAR = ["-dim", 4, "-epoch", 1, "-thread", 1, "-verbose", 1, "-minCount", 1]
MLP = ["-epoch", 1, "-thread", 1, "-verbose", 1]
CHANGES = {  # other values than the default, for every option that has a condition
    "ws": [2],
    "neg": [3],
    "word_ngrams": [2],
    "bucket": [50],
    "minn": [2],
    "maxn": [3],
    "t": [0.5],
    "vectors_words": ["corpus"],
    "cutoff": [3],
    "retrain": [],
    "qnorm": [],
    "qout": [],
    "dsub": [4],
    "autotune_metric": ["accuracy"],
    "autotune_predictions": [2],
    "autotune_duration": [5],
    "autotune_modelsize": ["1M"],
    "autotune_trials": ["trials.jsonl"],
    "autotune_resume": [],
    "input": ["t.txt"],
    "files_from": ["list"],
    "lr": [0.7],
    "epoch": [3],
    "optimizer": ["adagrad"],
    "seed": [7],
    "no_shuffle": [],
    "weight_prefix": ["__w__"],
    "weight_column": ["x"],
    "dim": [3],
    "min_count": [2],
    "min_count_label": [2],
    "label": ["__x__"],
    "label_column": ["0"],
    "delimiter": [";"],
    "scale": ["minmax"],
    "standardize": [],
    "huber_delta": [0.5],
    "output_bias": ["prior"],
    "activation": ["tanh"],
    "norm": ["layer"],
    "norm_position": ["after"],
    "norm_momentum": [0.4],
    "norm_eps": [0.3],
    "norm_statistics": ["population"],
    "norm_affine": ["gamma"],
    "l1_proximal": [],
    "image": ["2x1"],
    "augment": [],
    "decay_by": ["step"],
    "max_norm_kind": ["l1"],
    "init_std": [0.5],
    "momentum": [0.3],
    "beta1": [0.2],
    "beta2": [0.3],
    "rho": [0.3],
    "eps": [0.2],
    "eps_position": ["inside"],
    "initial_accumulator": [0.3],
    "step_size": [1],
    "gamma": [0.5],
    "dropout": [0.5],
    "noise_shape": ["row"],
    "word_dropout": [0.5],
    "word_swap": [0.5],
    "activation_l1": [0.2],
    "monitor": ["loss"],
    "folds_output": ["f.csv"],
    "text_column": ["x"],
    "group_column": ["x"],
    "label_separator": ["a"],
    "join": ["-"],
    "quotes": ["no"],
    "escape": ["backslash"],
    "label_from": ["file"],
    "bad_bytes": ["drop"],
    "skip_bad": [],
    "decimal": ["comma"],
    "encoding": ["cp1252"],
    "words": ["y"],
    "drop": ["y"],
    "labels_as": ["text"],
    "none": ["nothing"],
    "header": [],
    "no_header": [],
    "overwrite": [],
    "cover_labels": [],
    "other": ["rest"],
    "split_by": ["order"],
}
RUNS = {
    "supervised": [
        [],
        ["-wordNgrams", 2, "-bucket", 60],
        ["-maxn", 3, "-bucket", 60],
        ["-loss", "ns"],
        ["-loss", "hs"],
    ],
    "skipgram": [
        ["-bucket", 60],
        ["-maxn", 0],
        ["-maxn", 0, "-wordNgrams", 2],
        ["-loss", "hs", "-bucket", 60],
    ],
    "cbow": [["-bucket", 60], ["-maxn", 0]],
    "quantize": [[], ["-cutoff", 256]],
    "mlp-train": [
        ["-input", "t.txt"],
        ["-input", "t.txt", "-maxn", 3, "-bucket", 60, "--optimizer", "rmsprop"],
        ["-input", "t.txt", "-wordNgrams", 2, "--hidden", "none", "--optimizer", "sgd"],
        ["-input", "t.csv"],
        ["-input", "t.csv", "--hidden", "none", "--optimizer", "momentum", "--valid", "t.csv"],
        [
            "-input",
            "t.csv",
            "--norm",
            "batch",
            "--optimizer",
            "adagrad",
            "--dropout",
            0.4,
            "--init",
            "he,truncated-normal",
        ],
        ["-input", "t.csv", "--norm", "layer", "--optimizer", "adadelta", "--init", "normal"],
        ["-input", "t.csv", "--schedule", "step", "--optimizer", "adamax", "-epoch", 2],
        ["-input", "t.csv", "--optimizer", "nesterov", "--input-dropout", 0.3],
        ["-input", "t.csv", "--optimizer", "adamw"],
        ["-input", "t.csv", "--optimizer", "nadam"],
        ["-input", "t.svm", "--optimizer", "sgd", "--momentum", 0.5],
        ["-input", "t.csv", "--task", "regression", "--label-column", "x"],
        ["-input", "x.data"],
        ["-input", "label.data"],
    ],
    "prepare": [
        ["t.csv", "--text-column", "y", "--label-column", "k"],
        ["t.csv", "--text-column", "y", "--label-column", "k", "-o", "-"],
        ["t.jsonl", "--text-column", "y", "--label-column", "k"],
        ["t.json", "--text-column", "y", "--label-column", "k"],
        ["t.txt"],
        ["t.txt", "--format", "fasttext"],
        ["folders"],
        ["plain", "--text-column", "y", "--label-column", "k"],
        ["t.txt", "t.csv", "--text-column", "y", "--label-column", "k"],
        ["t.csv", "t.txt", "--text-column", "y", "--label-column", "k", "-o", "-"],
    ],
}
CASES = [(command, i) for command, runs in RUNS.items() for i in range(len(runs))]


def rows_of(command):
    """Return the rows of a command's options that have a condition, but for those it ignores."""
    found = [p.row for p in cli.get_command(None, command).params if isinstance(p, CommandOption)]
    return [row for row in found if row.option.needs]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with data of every kind."""
    monkeypatch.chdir(tmp_path)
    Path("t.txt").write_bytes(TINY * 3)
    Path("list").write_text("t.txt\n")
    cells = [(i, i % 7, "ab"[i % 2]) for i in range(12)]
    table = "x,y,k\n" + "".join(f"{x},{y},{k}\n" for x, y, k in cells)
    Path("t.csv").write_text(table)
    Path("plain").write_text(table)
    objects = [json.dumps({"x": str(x), "y": str(y), "k": k}) for x, y, k in cells]
    Path("t.jsonl").write_text("\n".join(objects))
    Path("t.json").write_text(f"[{','.join(objects)}]")
    Path("t.svm").write_text("".join(f"{k} 1:{x} 2:{y}\n" for x, y, k in cells))
    for name in ("x", "label"):
        lines = "".join(f"__{name}__{k} 1:{x} 2:{y}\n" for x, y, k in cells)
        Path(f"{name}.data").write_text(lines)
    for label in "ab":
        Path("folders", label).mkdir(parents=True)
        Path("folders", label, "1").write_text("one text, and more")
    options = ["-wordNgrams", 2, "-bucket", 300, "-dim", 4, "-verbose", 0, "-thread", 1]
    assert run("supervised", "-input", "t.txt", "-output", "q", *options).code == 0
    return tmp_path


def trained(command, options):
    """Run a command; return its result and what it wrote."""
    if command == "prepare":
        to = [] if "-o" in options else ["-o", "made"]
        result = run(command, *options, *to, "-verbose", 1, "-thread", 1)
        names = ("train.txt", "valid.txt", "test.txt")
        return result, [result.out, *(Path("made", n).read_bytes() for n in names if to)]
    if command == "mlp-train":
        result = run(command, "-output", "m", *MLP, "--hidden", 3, *options)
        return result, Path("m.mlp").read_bytes()
    if command == "quantize":
        result = run(command, "-output", "q", "-verbose", 1, *options)
        return result, Path("q.ftz").read_bytes() if result.code == 0 else b""
    result = run(command, "-input", "t.txt", "-output", "m", *LINEAR, *options)
    return result, Path("m.bin").read_bytes()


def without_value(command, data, name):
    """Return what was written without the value of one option."""
    if command == "prepare":
        return data
    if command == "mlp-train":
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        said = json.loads(header["__metadata__"].pop("fastcli"))
        said["args"].pop(name, None)  # those of weights are there only where they are given
        return header, said, data[8 + size :]
    if name not in FIELDS:
        return data
    at = 8 + 4 * FIELDS.index(name)
    return data[:at] + data[at + (8 if name == "t" else 4) :]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "i"), CASES)
def test_what_is_said_to_have_no_effect_has_none(command, i, folder):
    base = RUNS[command][i]
    plain, before = trained(command, base)
    assert plain.code == 0, plain.err
    for row in rows_of(command):
        if row.option.group == "without effect here" or row.shown in base:
            continue
        result, after = trained(command, [*base, row.shown, *CHANGES[row.name]])
        said = [line for line in result.err.splitlines() if ": no effect " in line]
        names = [part.split(": no effect ")[0] for line in said for part in line.split("; ")]
        if row.shown not in ", ".join(names).split(", "):
            continue
        assert result.code == 0, result.err
        expected = without_value(command, before, row.name)
        assert without_value(command, after, row.name) == expected, (row.shown, result.err)


@pytest.mark.parametrize("command", RUNS)
def test_every_condition_is_tried(command):
    own = [row for row in rows_of(command) if row.option.group != "without effect here"]
    assert {row.name for row in own} <= CHANGES.keys()
