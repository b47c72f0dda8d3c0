"""Make the golden files of this folder with fastText itself.

For each model a ``.bin`` trained on data/samples, and a ``.json`` with what fastText says about
it, in the formats of its command line.  Run it with a Python that has ``fasttext-wheel`` 0.9.2
(which needs ``numpy<2``)::

    python -m venv /tmp/reference
    /tmp/reference/bin/pip install fasttext-wheel==0.9.2 "numpy<2"
    /tmp/reference/bin/python tests/golden/make_golden.py

Training has one thread, so a second run gives the same files on the same machine.  Lines whose
answer hangs on the last bits of a float (labels as likely as each other, scores near a step of
the sigmoid table) are left out of the inputs.
"""

import json
import struct
import tempfile
from itertools import pairwise
from pathlib import Path

import fasttext
import numpy as np

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "data" / "samples"

COMMON = {"dim": 8, "thread": 1, "epoch": 20, "lr": 0.8, "seed": 0, "verbose": 0}

# name: corpus, lines of it that are trained on, further arguments
MODELS = {
    "softmax-ngrams": ("topics", 200, {"wordNgrams": 2, "bucket": 800}),
    "hs-tags": ("tags", 900, {"loss": "hs"}),
    "hs-ngrams": ("zh-words", 150, {"loss": "hs", "wordNgrams": 3, "bucket": 500}),
    "ns": ("zh-chars", 250, {"loss": "ns", "neg": 3}),
    "ova-subwords": ("tags", 300, {"loss": "ova", "minn": 2, "maxn": 4, "bucket": 1100}),
    "zh-words": ("zh-words", 150, {"wordNgrams": 2, "minn": 1, "maxn": 2, "bucket": 599}),
}

# Lines of which every model is asked; None is a line of the corpus.
EDGES = [
    "",
    " \t ",
    "zzzz qqqq",
    "__label__unknown zzzz",
    "__label__money",
    "how\tdo  i \v fix\fit ?\r",
    "how do i \u00a0 fix\u3000it ?",
    "\ufeffhow do i fix it ?",
    "a\0b how",
    "__label__roof how do __label__money i fix __label__zzz it ?",
]
N_LINES = 26
RUNS = [(1, 0.0), (2, 0.0), (-1, 0.0), (3, 0.2), (-1, 0.05), (1, 1.5)]
STRINGS = ["a", "the", "</s>", "", "é", "naïve", "日本", "智能", "<a", "ab>", "\u3000", "ß" * 40]
WORDS = ["how", "roof", "a", "<", ">", "<>", "é", "naïve", "日本", "日", "</s>", "zzzzzz", "x" * 9]
TIE = 1e-4  # probabilities closer than this may change places
STEP = 2e-3  # scores closer than this share of a step to a step of the sigmoid table


def corpus_lines(name, part):
    """Return the lines of a sample corpus, without their ends."""
    return (SAMPLES / f"{name}.{part}.txt").read_text(encoding="utf-8").split("\n")[:-1]


def number(value):
    """Return a float32 as C++ streams print it."""
    return f"{float(np.float32(value)):.6g}"


def answer(model, line, k, threshold, end="\n"):
    """Return what fastText predicts for one line: pairs of a probability and a label."""
    return model.f.predict(line + end, k, threshold, "strict")


def is_clear(model, line, end="\n"):
    """Return whether no answer about a line hangs on the last bits of a float."""
    pairs = answer(model, line, -1, -1.0, end)
    probs = [p for p, _ in pairs]
    gaps = [a - b for a, b in pairwise(probs)]
    loss = model.f.getArgs().loss.name
    if loss in ("ns", "ova"):
        # Values of a table are equal or apart; of equal ones only the best two are asked.
        scores = raw_scores(model, line, end)
        if scores is None:
            return True
        steps = (scores[np.abs(scores) < 8.1] + 8) * 32
        if np.abs(steps - np.round(steps)).min(initial=1.0) < STEP:
            return False
        gaps = gaps[:2]
    elif any(a - b < 1e-3 * a for a, b in pairwise(probs)):
        return False
    if any(abs(p - th) < TIE for p in probs for _, th in RUNS if th):
        return False
    return all(gap > TIE / 10 for gap in gaps) or len(pairs) < 2


def raw_scores(model, line, end):
    """Return the labels' scores of a line, for models without word n-grams."""
    words, _ = model.f.getLine(line + end, "strict")
    known = set(model.get_words())
    rows = []
    for word in words:
        ids = [model.get_word_id(word)] if word in known else []
        if model.f.getArgs().maxn > 0 and word != "</s>":
            ids = model.get_subwords(word)[1].tolist()
        rows += ids
    if not rows:
        return None
    hidden = model.get_input_matrix()[rows].astype(np.float64).mean(axis=0)
    return model.get_output_matrix().astype(np.float64) @ hidden


def predictions(model, lines, k, threshold, last_end="\n"):
    """Return the output lines of predict-prob."""
    out = []
    for i, line in enumerate(lines):
        end = last_end if i == len(lines) - 1 else "\n"
        pairs = answer(model, line, k, threshold, end)
        out.append(" ".join(f"{label} {number(p)}" for p, label in pairs))
    return out


def dump_args(model):
    """Return the output lines of dump ... args."""
    args = model.f.getArgs()
    loss = {"ova": "one-vs-all"}.get(args.loss.name, args.loss.name)
    model_name = {"supervised": "sup"}.get(args.model.name, args.model.name)
    names = "dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate t"
    values = {"loss": loss, "model": model_name, "t": f"{args.t:.6g}"}
    return [f"{name} {values.get(name, getattr(args, name, None))}" for name in names.split()]


def dump_dict(model):
    """Return the output lines of dump ... dict."""
    words = list(zip(*model.get_words(include_freq=True), strict=True))
    labels = list(zip(*model.get_labels(include_freq=True), strict=True))
    lines = [f"{word} {count} word" for word, count in words]
    lines += [f"{label} {count} label" for label, count in labels]
    return [str(len(lines)), *lines]


def runs_of(model):
    """Return the k and thresholds that a model is asked with."""
    ties = model.f.getArgs().loss.name in ("ns", "ova")
    return [(k, th) for k, th in RUNS if not ties or k in (1, 2)]


def make(name):
    """Train one model and write its files."""
    corpus, n_lines, more = MODELS[name]
    args = {**COMMON, **more}
    with tempfile.TemporaryDirectory() as folder:
        train = Path(folder) / "train.txt"
        train.write_text("\n".join(corpus_lines(corpus, "train")[:n_lines]) + "\n", "utf-8")
        model = fasttext.train_supervised(str(train), **args)
    path = HERE / f"{name}.bin"
    model.save_model(str(path))
    lines = [line for line in corpus_lines(corpus, "test") if is_clear(model, line)][:N_LINES]
    lines[5:5] = [line for line in EDGES if is_clear(model, line)]
    last = next(line for line in reversed(lines) if is_clear(model, line, ""))
    nwords = len(model.get_words())
    golden = {
        "arguments": {"corpus": corpus, "lines": n_lines, **args},
        "input": [*lines, last],
        "args": dump_args(model),
        "dict": dump_dict(model),
        "size": path.stat().st_size,
        # All labels of a few lines, some labels of all lines.
        "predict_prob": [
            {"k": k, "threshold": th, "output": predictions(model, some, k, th)}
            for k, th in runs_of(model)
            for some in [[*lines, last][: 12 if k == -1 else None]]
        ],
        # The same, but the last line has no end, and so no </s>.
        "no_last_line_end": predictions(model, [*lines, last], 1, 0.0, ""),
        "test": [
            {"k": k, "threshold": th, "output": test_output(model, lines, k, th)}
            for k, th in runs_of(model)
        ],
        "lines": [model.f.getLine(line + "\n", "strict") for line in lines[:15]],
        # Of words in the dictionary fastText puts the word itself first.
        "subwords": {word: subwords(model, word) for word in WORDS},
    }
    if model.f.getArgs().bucket > 0:
        golden["hashes"] = {s: model.get_subword_id(s) - nwords for s in STRINGS}
    if model.f.getArgs().maxn > 0:
        golden["version_11"] = version_11(path, lines)
    text = json.dumps(golden, ensure_ascii=False, indent=1) + "\n"
    (HERE / f"{name}.json").write_text(text, encoding="utf-8")


def subwords(model, word):
    """Return the subwords of a word, each with its row of the input matrix."""
    return [list(pair) for pair in zip(*model.f.getSubwords(word, "strict"), strict=True)]


def test_output(model, lines, k, threshold):
    """Return the output lines of test on some lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.txt"
        path.write_bytes(("\n".join(lines) + "\n").encode())
        n, precision, recall = model.test(str(path), k=k, threshold=threshold)
    return [f"N\t{n}", f"P@{k}\t{precision:.3g}", f"R@{k}\t{recall:.3g}"]


def version_11(path, lines):
    """Return predictions of the same file with version 11 in its head, where maxn counts as 0."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<i", data, 4, 11)
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old.bin"
        old.write_bytes(data)
        model = fasttext.load_model(str(old))
        clear = [i for i, line in enumerate(lines) if is_clear(model, line)]
        some = [lines[i] for i in clear]
        return {"input": some, "args": dump_args(model), "output": predictions(model, some, 2, 0.0)}


if __name__ == "__main__":
    for golden_name in MODELS:
        make(golden_name)
        print(golden_name, (HERE / f"{golden_name}.bin").stat().st_size)
