"""Sound files to damage, made by fastcli itself: small, and the same in every run."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import struct
import subprocess
import sys
from pathlib import Path

from tests.command import SAMPLES, environment, run

TEXT_LINES = 60
MLP = ["-epoch", 2, "--hidden", "3", "-thread", 1, "-verbose", 0]
CHECKPOINTED = [*MLP, "--save-every", 2, "-dim", 3, "--norm", "batch", "--patience", 5]
CHECKPOINTED += ["--valid", "test.txt"]
TUNING = ["-dim", 3, "-bucket", 50, "-epoch", 1, "-thread", 1, "-verbose", 0]

CONFIG = """\
epoch = 2
hidden = [4, 3]
activation = ["relu", "leaky-relu:0.2"]
norm = "layer"
dropout = "0.1"
optimizer = "adam"
lr = 0.01
batch_size = 8
schedule = "cosine"
warmup = 2
label_smoothing = 0.1
dim = 4
wordNgrams = 2
bucket = 50
verbose = 0
"""


def sound_files(folder):
    """Write all sound files to a folder, in a process whose current folder that is."""
    words = [sys.executable, "-m", "tests.fuzz.samples"]
    env = {**environment(), "NUMBA_DISABLE_JIT": "0"}
    subprocess.run(words, cwd=folder, env=env, check=True)


def make_samples(folder):
    """Write all sound files to the current folder, whose name is in none of them."""
    _texts(folder)
    _tables(folder)
    _models(folder)
    _quantized(folder)
    _networks(folder)
    _notes(folder)
    for name, compress in COMPRESS.items():
        (folder / f"train.txt.{name}").write_bytes(compress((folder / "train.txt").read_bytes()))


COMPRESS = {"gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress}
COMPRESS["xz"] = lzma.compress
with contextlib.suppress(ImportError):
    from backports import zstd

    COMPRESS["zst"] = zstd.compress


def done(*argv):
    """Run a command that must go well."""
    result = run(*argv)
    assert result.code == 0, (argv, result)


def _texts(folder):
    lines = (SAMPLES / "topics.train.txt").read_bytes().splitlines(keepends=True)
    (folder / "train.txt").write_bytes(b"".join(lines[:TEXT_LINES]))
    labels = sorted({line.split()[0] for line in lines[:TEXT_LINES]})
    weights = [b'"%b",%.2g' % (label, 1.5**i) for i, label in enumerate(labels)]
    (folder / "weights.csv").write_bytes(b"\n".join([b"label,weight", *weights]))
    (folder / "test.txt").write_bytes(b"".join(lines[TEXT_LINES : TEXT_LINES + 12]))
    tags = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    (folder / "several.txt").write_bytes(b"".join(tags[:40]))
    (folder / "list.txt").write_bytes(b"train.txt\nseveral.txt\n\ntest.txt\n")
    many = b"".join(b"__label__%d w%d w%d\n" % (i, i % 9, i % 5) for i in range(260))
    (folder / "many.txt").write_bytes(many)
    (folder / "config.toml").write_text(CONFIG)


def _tables(folder):
    rows = [["text", "label", "group"]]
    for i in range(40):
        rows.append([f"the {i % 7} words, in row {i} of it", "abc"[i % 3], f"g{i % 4}"])
    quoted = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows]
    (folder / "rows.csv").write_text("\n".join(quoted) + "\n")
    (folder / "labels.csv").write_text('from,to\na,"one, two"\nb,c\nd,\n')
    (folder / "words.txt").write_text("the\nin row\n,\nit's\n")
    (folder / "rows.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n")
    objects = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    if (parquet := parquet_bytes(objects)) is not None:
        (folder / "rows.parquet").write_bytes(parquet)
    objects = [{**one, "more": {"n": 1.5, "list": ["a", None, True]}} for one in objects]
    (folder / "rows.json").write_text(json.dumps(objects))
    (folder / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in objects))
    numbers = [f"{i % 5},{i * 0.37 % 3:.3f},{-i},{'ab'[i % 2]}" for i in range(60)]
    (folder / "numbers.csv").write_text("\n".join(["x,y,z,class", *numbers]) + "\n")
    pairs = [f"{1 + i % 3} 1:{i % 5} 2:{i * 0.37 % 3:.3f} 7:{-i}" for i in range(60)]
    (folder / "numbers.libsvm").write_text("\n".join(pairs) + "\n")
    vectors = [f"w{i} {i / 10} {-i / 20} {i % 3}.5" for i in range(30)] + ["the 1 2 3"]
    binary = [
        word.encode() + b" " + struct.pack("<3f", *map(float, numbers)) + b"\n"
        for word, *numbers in map(str.split, vectors)
    ]
    (folder / "word2vec.bin").write_bytes(b"%d 3\n" % len(binary) + b"".join(binary))
    (folder / "words.vec").write_text("\n".join([f"{len(vectors)} 3", *vectors]) + "\n")


def parquet_bytes(objects):
    """Return objects as a Parquet file; None where pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return None
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(objects), out, compression="none")
    return out.getvalue()


def _models(folder):
    small = ["-dim", 4, "-epoch", 1, "-bucket", 300, "-thread", 1, "-verbose", 0]
    text = ["-input", folder / "train.txt"]
    for loss, options in {
        "softmax": ["-wordNgrams", 2],
        "hs": ["-minn", 2, "-maxn", 3],
        "ns": [],
        "ova": ["-wordNgrams", 3, "-minn", 1, "-maxn", 2],
    }.items():
        done("supervised", *text, "-output", folder / loss, *small, "-loss", loss, *options)
    for command, loss in (("skipgram", "ns"), ("cbow", "hs")):
        options = [*small, "-loss", loss, "-minn", 2, "-maxn", 3]
        done(command, *text, "-output", folder / command, *options)


def _quantized(folder):
    quick = ["-dim", 5, "-epoch", 1, "-thread", 1, "-verbose", 0, "-bucket", 300, "-wordNgrams", 2]
    for name, text, options in (
        ("plain", "train", []),
        ("pruned", "train", ["-qnorm", "-cutoff", 260, "-dsub", 3]),
        ("qout", "many", ["-qout", "-qnorm"]),
    ):
        stem = folder / name
        done("supervised", "-input", folder / f"{text}.txt", "-output", stem, *quick)
        done("quantize", "-output", stem, "-thread", 1, "-verbose", 0, *options)


def _networks(folder):
    text = ["-input", folder / "train.txt", "-dim", 3, "-wordNgrams", 2, "-bucket", 40]
    done("mlp-train", *text, "-output", folder / "text", *MLP, "--norm", "batch")
    for kind in ("csv", "libsvm"):
        table = ["-input", folder / f"numbers.{kind}", "-output", folder / kind]
        done("mlp-train", *table, *MLP, "--activation", "prelu")
    rows = [f"{i},{i % 7},{i * 0.5}\n" for i in range(40)]
    (folder / "targets.csv").write_text("".join(["x,y,price\n", *rows]))
    table = ["-input", folder / "targets.csv", "-output", folder / "regression"]
    done("mlp-train", *table, *MLP, "--task", "regression")
    log = ["--log", folder / "steps.jsonl"]
    done("mlp-train", *text[:2], "-output", folder / "halfway", *CHECKPOINTED, *log)


def _notes(folder):
    size = (folder / "softmax.bin").stat().st_size
    legacy = {"format": "fastcli model", "label": "__label__", "size": size, "args": {"dim": 4}}
    (folder / "legacy.json").write_text(json.dumps(legacy))
    done("prepare", folder / "rows.csv", "-o", folder / "prepared", "-thread", 1, "-verbose", 0)
    text = ["-input", folder / "train.txt", "-autotune-validation", folder / "test.txt"]
    tuned = ["-output", folder / "tuned", "--autotune-trials", folder / "trials.jsonl"]
    for seconds in (1, 10, 60):  # the first is enough, but on a machine that is very busy
        duration = ["-autotune-duration", seconds]
        if run("supervised", *text, *tuned, *TUNING, *duration).code == 0:
            break
    trials = [json.loads(line) for line in (folder / "trials.jsonl").read_bytes().splitlines()]
    fixed = {"seconds": 0.5, "training_seconds": 0.25}  # the only ones that differ between runs
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps({**trial, **fixed}) + "\n" for trial in trials[:3])
    )


if __name__ == "__main__":
    make_samples(Path())
