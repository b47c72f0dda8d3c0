"""The formats that are read, and the commands that read them.

In a command ``{file}`` is the damaged file, ``{stem}`` that file without its last suffix,
``{to}`` a name for output, and ``{folder}`` the case's own; all else are sound files, in the
current folder.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import bin_files, compressed, notes, safetensors_files, texts
from tests.fuzz.damage import Damaged, damage_bytes
from tests.fuzz.samples import CHECKPOINTED, COMPRESS, MLP, TUNING

PREDICT = [
    "predict {file} test.txt",
    "predict {file} test.txt 3 0.1",
    "predict-prob {file} test.txt -1",
    "predict --json {file} test.txt 2",
    "test {file} test.txt 2",
    "test-label {file} test.txt",
    "explain {file} test.txt",
]
LOOK = [
    "inspect {file}",
    "inspect --json {file}",
    "inspect --top-words 3 {file}",
    "dump {file} args",
    "dump {file} dict",
    "dump {file} input",
    "dump {file} output",
]
VECTORS = [
    "print-word-vectors {file}",
    "print-sentence-vectors {file}",
    "print-ngrams {file} hello",
    "nn {file} 5",
    "analogies {file} 3",
]
TRAIN = "-dim 4 -epoch 1 -bucket 50 -thread 1 -verbose 0"
QUANTIZE = [
    "quantize -output {stem} -thread 1 -verbose 0",
    "quantize -output {stem} -thread 1 -verbose 0 -qnorm -qout -cutoff 260 -dsub 3",
    "quantize -output {stem} -thread 1 -verbose 0 -cutoff 260 -retrain -epoch 1 -input train.txt",
    "quantize -output {stem} -thread 1 -verbose 0 --target-size 9k --test test.txt",
]
PRETRAINED = [
    f"supervised -input train.txt -output {{to}} {TRAIN} -pretrainedVectors {{file}}",
    f"skipgram -input train.txt -output {{to}} {TRAIN} -pretrainedVectors {{file}}",
    "mlp-train -input train.txt -output {to} -epoch 1 --hidden 3 -thread 1 -verbose 0 "
    "-pretrainedVectors {file}",
]
GO_ON = [
    "supervised -inputModel {file} -input train.txt -output {to} -epoch 1 -thread 1 -verbose 0",
    "supervised -inputModel {file} -input train.txt -output {to} -epoch 1 -thread 1 -verbose 0 "
    "-loss hs --valid test.txt",
]
GO_ON_NETWORK = (
    "mlp-train -inputModel {file} -input {with} -output {to} -epoch 1 -thread 1 -verbose 0"
)
READ_TEXT = [
    *(f"{command} -input {{file}} -output {{to}} {TRAIN}" for command in ("supervised", "cbow")),
    f"skipgram -input {{file}} -output {{to}} {TRAIN} -minn 2 -maxn 4",
    f"supervised -input {{file}} -output {{to}} {TRAIN} -wordNgrams 3 -loss hs -maxn 3",
    f"supervised -input {{file}} -output {{to}} {TRAIN} --weight-prefix t",
    "mlp-train -input {file} -output {to} " + " ".join(map(str, MLP)) + " -dim 3",
    "predict softmax.bin {file} 2",
    "predict-prob ova.bin {file} -1 0.3",
    "predict pruned.ftz {file}",
    "predict text.mlp {file}",
    "test hs.bin {file}",
    "test-label text.mlp {file}",
    "quantize -output {folder}/model -thread 1 -verbose 0 --test {file} -cutoff 260 -retrain "
    "-input {file} -epoch 1",
    f"supervised -input - -input train.txt -output {{to}} {TRAIN} < {{in}}",
    "inspect {file}",
    "inspect --json {file}",
]
PREPARE = [
    "prepare {file} -o {to} -thread 1 -verbose 0",
    "prepare {file} -o {to} -thread 1 -verbose 0 --clean --urls mask --dedup near --skip-bad "
    "--bad-bytes replace",
    "prepare {file} -o {to} -thread 1 -verbose 0 --text-column text --label-column label "
    "--group-column group --dedup exact",
    "prepare {file} -o - -thread 1 -verbose 0 --label-separator ; --segment chars --digits zero",
    "prepare {file} -o {to} -thread 1 --label-case first --min-label 3 --other rest --skip-bad "
    "--max-per-label 9 --split-by order --min-token-length 2 --clean",
    "prepare --like prepared/prepare.json {file} -verbose 0",
    "prepare {file} -o - -verbose 0 --label-from file --text-column 0",
]
INSPECT = ["inspect {file}", "inspect --json {file}"]
NUMBERS = ["mlp-train -input {file} -output {to} " + " ".join(map(str, MLP))]
TUNED = (
    "supervised -input train.txt -autotune-validation test.txt -output {to} "
    "--autotune-trials {file} --autotune-resume -autotune-duration 1 " + " ".join(map(str, TUNING))
)
ANEW = TUNED.replace("--autotune-resume ", "")
CHECKPOINTS = "mlp-train -input train.txt -output {stem} " + " ".join(map(str, CHECKPOINTED))
LOGGED = (
    "mlp-train -input train.txt -output {to} --log {file} " + " ".join(map(str, MLP)) + " -dim 3"
)
RESUMED = "mlp-train -input train.txt -output {stem} --resume " + " ".join(map(str, CHECKPOINTED))


@dataclass(frozen=True)
class Format:
    """A format: the sound files that are damaged, how, and the commands that read them.

    ``name`` is that of the damaged file, where it matters; ``beside`` are sound files that stand
    beside it, by the names they have there.
    """

    files: list[str]
    damage: Callable[[random.Random, bytes], Damaged]
    commands: list[str]
    name: str = ""
    beside: dict[str, str] = field(default_factory=dict)
    may_take_long: bool = False  # as the damaged file can rightly ask for


def _table(random, data):
    return texts.damage(random, data, rb'[ \t\n,"{}:]')


def _word2vec(random, data):
    """Damage the line of the header, any bytes, or words between bytes of numbers."""
    how = random.choice(["header", "bytes", "words"])
    if how == "bytes":
        return damage_bytes(random, data)
    if how == "words":
        return texts.damage(random, data)
    header, _, rest = data.partition(b"\n")
    damaged = texts.damage(random, header + b"\n")
    return Damaged(damaged.data + rest, damaged.what)


MODEL = {"softmax.bin": "model.bin"}
FORMATS = {
    "bin": Format(
        ["softmax.bin", "hs.bin", "ns.bin", "ova.bin"],
        bin_files.damage,
        PREDICT + LOOK + VECTORS + QUANTIZE + PRETRAINED + GO_ON,
    ),
    "words-bin": Format(
        ["skipgram.bin", "cbow.bin"],
        bin_files.damage,
        VECTORS + LOOK + QUANTIZE[:1] + PRETRAINED + PREDICT[:1] + GO_ON[:1],
    ),
    "ftz": Format(
        ["plain.ftz", "pruned.ftz", "qout.ftz"],
        bin_files.damage,
        PREDICT + LOOK + VECTORS + PRETRAINED[:1] + GO_ON[:1],
    ),
    "mlp": Format(
        ["text.mlp"],
        safetensors_files.damage,
        [*PREDICT, *LOOK, *VECTORS[:2], GO_ON_NETWORK.replace("{with}", "train.txt")],
    ),
    "mlp-csv": Format(
        ["csv.mlp"],
        safetensors_files.damage,
        [
            *(line.replace("test.txt", "numbers.csv") for line in PREDICT),
            *LOOK,
            GO_ON_NETWORK.replace("{with}", "numbers.csv"),
        ],
    ),
    "mlp-regression": Format(
        ["regression.mlp"],
        safetensors_files.damage,
        [
            "predict {file} targets.csv",
            "test {file} targets.csv",
            *LOOK,
            GO_ON_NETWORK.replace("{with}", "targets.csv"),
        ],
    ),
    "mlp-libsvm": Format(
        ["libsvm.mlp"],
        safetensors_files.damage,
        [
            *(line.replace("test.txt", "numbers.libsvm") for line in PREDICT),
            *LOOK,
            GO_ON_NETWORK.replace("{with}", "numbers.libsvm"),
        ],
    ),
    "checkpoint": Format(
        ["halfway.checkpoint"], safetensors_files.damage, [RESUMED], name="m.checkpoint"
    ),
    "bin-json": Format(
        ["softmax.bin.json"],
        notes.damage_sidecar,
        [
            "inspect {stem}",
            "predict {stem} test.txt",
            "quantize -output {folder}/m -verbose 0",
            GO_ON[0].replace("{file}", "{stem}"),
        ],
        name="m.bin.json",
        beside={"softmax.bin": "m.bin"},
    ),
    "ftz-json": Format(
        ["pruned.ftz.json"],
        notes.damage_sidecar,
        ["inspect {stem}", "inspect --json {stem}", "test {stem} test.txt"],
        name="m.ftz.json",
        beside={"pruned.ftz": "m.ftz"},
    ),
    "legacy-json": Format(
        ["legacy.json"],
        notes.damage_sidecar,
        ["inspect {stem}.bin", "predict {stem}.bin test.txt"],
        name="m.json",
        beside={"softmax.bin": "m.bin"},
    ),
    "former-checkpoint": Format(
        ["halfway.checkpoint"], safetensors_files.damage, [CHECKPOINTS], name="m.checkpoint"
    ),
    "log": Format(["steps.jsonl"], notes.damage_lines, [LOGGED]),
    "former-trials": Format(["trials.jsonl"], notes.damage_lines, [ANEW], may_take_long=True),
    "trials": Format(["trials.jsonl"], notes.damage_lines, [TUNED], may_take_long=True),
    "recipe": Format(
        ["prepared/prepare.json"],
        notes.damage,
        [
            "prepare --like {file} test.txt",
            "prepare --like {file} rows.csv --text-column text",
            "prepare rows.csv -o {folder} -verbose 0",
        ],
        name="prepare.json",
    ),
    "label-map": Format(
        ["labels.csv"],
        _table,
        [
            "prepare rows.csv -o {folder} -verbose 0 --label-map {file}",
            "prepare rows.csv -o - -verbose 0 --label-map {file} --label-case lower",
        ],
    ),
    "weights": Format(
        ["weights.csv"],
        _table,
        [f"supervised -input train.txt -output {{to}} {TRAIN} --class-weight {{file}}"],
    ),
    "word-list": Format(
        ["words.txt"],
        texts.damage,
        [
            "prepare rows.csv -o {folder} -verbose 0 --stopwords {file} --clean",
            "prepare rows.csv -o - -verbose 0 --stopwords {file} --segment chars",
        ],
    ),
    "vec": Format(
        ["words.vec"],
        texts.damage,
        [*(line.replace("-dim 4", "-dim 3") for line in PRETRAINED), *INSPECT, *VECTORS],
    ),
    "word2vec": Format(
        ["word2vec.bin"],
        _word2vec,
        [*(line.replace("-dim 4", "-dim 3") for line in PRETRAINED), *INSPECT, *VECTORS],
    ),
    "text": Format(
        ["train.txt", "several.txt"], texts.damage, [*READ_TEXT, PREPARE[0]], beside=MODEL
    ),
    "words": Format(
        ["test.txt"],
        texts.damage,
        [
            f"{line} < {{in}}"
            for line in (
                "print-word-vectors skipgram.bin",
                "print-sentence-vectors softmax.bin",
                "nn cbow.bin 3",
                "analogies skipgram.bin 2",
                "predict ns.bin -",
                "prepare --like prepared/prepare.json -",
            )
        ],
    ),
    "list": Format(
        ["list.txt"],
        texts.damage,
        [
            f"supervised --files-from {{file}} -output {{to}} {TRAIN}",
            "prepare --files-from {file} -o {to} -thread 1 -verbose 0",
            "inspect --json --files-from - < {in}",
        ],
    ),
    "csv": Format(["rows.csv"], _table, [*PREPARE, *INSPECT]),
    "tsv": Format(["rows.tsv"], _table, [*PREPARE, *INSPECT]),
    "json": Format(["rows.json"], notes.damage_rows, [*PREPARE, *INSPECT]),
    "jsonl": Format(["rows.jsonl"], notes.damage_lines, [*PREPARE, *INSPECT]),
    "parquet": Format(["rows.parquet"], notes.damage_parquet, [*PREPARE, *INSPECT]),
    "numbers-csv": Format(
        ["numbers.csv"],
        _table,
        [*NUMBERS, "predict csv.mlp {file}", "test csv.mlp {file}", *INSPECT],
    ),
    "libsvm": Format(
        ["numbers.libsvm"],
        texts.damage,
        [*NUMBERS, "predict libsvm.mlp {file}", "test libsvm.mlp {file}", *INSPECT],
    ),
    "config": Format(
        ["config.toml"],
        notes.damage_config,
        ["mlp-train -input train.txt -output {to} --config {file} -thread 1 -verbose 0"],
        may_take_long=True,
    ),
    "compressed": Format(
        [f"train.txt.{kind}" for kind in COMPRESS],
        compressed.damage,
        READ_TEXT,
        beside=MODEL,
    ),
}


@dataclass(frozen=True)
class Case:
    """A damaged file in a folder, and the command that reads it."""

    what: str
    argv: list[str]
    stdin: bytes
    pair: tuple[str, str, str]  # format, sound file and command, as they stand above


def known_formats(sound):
    """Return the names of the formats whose sound files could be made here."""
    return [n for n, f in FORMATS.items() if all((sound / name).exists() for name in f.files)]


def make_case(name, seed, sound, folder):
    """Write the files of a case, which its seed says, to an empty folder."""
    chance = random.Random(f"{name} {seed}")
    source, command = chance.choice(FORMATS[name].files), chance.choice(FORMATS[name].commands)
    damaged = FORMATS[name].damage(chance, (sound / source).read_bytes())
    return write_case(name, source, command, damaged, sound, folder)


def write_case(name, source, command, damaged, sound, folder):
    """Write the files of a case to an empty folder."""
    one = FORMATS[name]
    file = folder / (one.name or Path(source).name)
    for origin, beside in one.beside.items():
        shutil.copyfile(sound / origin, folder / beside)
    file.write_bytes(damaged.data)
    words, _, has_input = command.partition(" < ")
    stdin = damaged.data if has_input else STDIN
    places = {"file": file, "stem": file.with_suffix(""), "folder": folder}
    argv = [word.format(**places, to=folder / "to") for word in words.split()]
    return Case(f"{source}: {damaged.what}", argv, stdin, (name, source, command))


STDIN = b"the\nhow do you\n\nwhat can i cook\nthe is of\na\n"
