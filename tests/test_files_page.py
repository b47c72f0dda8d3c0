"""docs/files.md: every file that fastcli writes has the keys, and the types, of its table."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.fold_results import FoldResult
from fastcli.fasttext.model_file import load_model
from tests.command import ROOT, SAMPLES, run
from tests.key_tables import key_tables

PAGE = ROOT / "docs" / "files.md"
QUICK = "-dim 4 -epoch 6 -lr 0.5 -bucket 100 -thread 1"
FOLDS = "--folds 2 --folds-output folds.csv"
DEEP = "-epoch 2 --hidden 4 -batchSize 8"
PRICE = f"--label-column price --drop kind --task regression {DEEP}"
MADE = [
    f"supervised -input topics.txt -output topics --valid test.txt --log topics.jsonl {QUICK}",
    f"supervised -inputModel topics.bin -input test.txt -output more {QUICK}",
    f"supervised -input tags.txt -output tags -loss ova -saveOutput {QUICK}",
    f"supervised -input topics.txt {FOLDS} -output f --log f.jsonl {QUICK}",
    "quantize -output topics -qnorm -cutoff 300",
    "supervised -input topics.txt -output tuned -autotune-validation test.txt -autotune-duration 1",
    f"skipgram -input topics.txt -output words -maxn 3 {QUICK}",
    "calibrate topics.bin test.txt",
    "calibrate tags.bin tags.txt",
    "tune-threshold topics.bin test.txt",
    "tune-threshold tags.bin tags.txt --per-label",
    "prepare texts.csv -o ready --text-column body --label-column topic --skip-bad --dedup exact"
    " --weight-column weight --label-case lower --label-map map.csv --min-label 3"
    " --stopwords stop.txt",
    f"supervised -input ready/train.txt -output ready --weight-prefix __weight__ {QUICK}",
    f"mlp-train -input topics.txt -output deep -dim 4 --valid test.txt --log deep.jsonl {DEEP}",
    "calibrate deep.mlp test.txt",
    f"mlp-train -input table.csv -output kinds --drop price --save-every 5 {DEEP}",
    f"mlp-train -input table.csv -output price --valid table2.csv --log price.jsonl {PRICE}",
    f"mlp-train -input table.csv -output again --folds 2 --log again.jsonl {PRICE}",
    "predict ready.bin texts.csv --output-dir parts --text-column body",
    "predict-prob ready.bin texts.csv 2 --output labelled.csv --text-column body",
    "test topics.bin test.txt --errors errors.csv --csv labels.csv --confusion-file confusion.csv",
    "inspect --label-errors topics.txt --errors doubtful.csv",
]
SILENT = ("calibrate", "tune-threshold", "test", "inspect", "predict")  # and have no -verbose
# Below which heading a file is described.
FILES = {
    "The JSON file beside a model": ["*.bin.json", "*.ftz.json", "*.mlp.json"],
    "Thresholds": ["*.thresholds.json"],
    "Trials of autotune": ["*.trials.jsonl"],
    "prepare.json": ["ready/prepare.json"],
    "labels.json": ["ready/labels.json"],
    "rejects.jsonl": ["ready/rejects.jsonl"],
    "Records of parts": ["parts/.parts/*.json"],
    "Checkpoints": ["*.checkpoint"],
}
LOGS = ["topics.jsonl", "f.jsonl", "deep.jsonl", "price.jsonl", "again.jsonl"]
COLUMNS = {
    "errors.csv": "test --errors",
    "labels.csv": "test --csv",
    "folds.csv": "--folds-output",
    "doubtful.csv": "inspect --label-errors --errors",
}
UNSEEN = {
    "The JSON file beside a model": ["interrupted"],  # tests/cli/test_interrupted.py
    "Trials of autotune": ["note"],  # of trials that failed
    "Records of parts": ["former.*"],  # of a part that is made again
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a file of each kind, which is the current one."""
    folder = tmp_path_factory.mktemp("files")
    topics = (SAMPLES / "topics.train.txt").read_bytes().splitlines(keepends=True)
    tags = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    test = (SAMPLES / "topics.test.txt").read_bytes().splitlines(keepends=True)
    topic = ("Good", "bad", "Bad", "odd")
    texts = [f"{i},{topic[i % 4]},fine thing {i // 2} the,{i % 3}.5\n" for i in range(60)]
    rows = [f"{i},{i % 7},{i * 3},{'AB'[i % 2]}\n" for i in range(60)]
    texts += ["60,rare,a rare one,1\n", "61,rare one,b,x\n", "62,very good,fine and good,1\n" * 4]
    files = {
        "topics.txt": b"".join(topics[:300]),
        "test.txt": b"".join(test[:60]),
        "tags.txt": b"".join(tags[:150]),
        "texts.csv": "".join(["id,topic,body,weight\n", *texts]).encode(),
        "map.csv": b"from,to\nodd,\nbad,poor\n",
        "stop.txt": b"the\n",
        "table.csv": "".join(["a,b,price,kind\n", *rows]).encode(),
        "table2.csv": "".join(["a,b,price,kind\n", *rows[:9]]).encode(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in MADE:
            quiet = [] if words.startswith(SILENT) else ["-verbose", 0]
            done = run(*words.split(), *quiet)
            assert done.code == 0, f"{words}: {done.err}"
        yield folder


def objects(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file."""
    if path.suffix == ".checkpoint":
        data = path.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        yield json.loads(header["__metadata__"]["fastcli"])
    elif path.suffix == ".jsonl":
        yield from map(json.loads, path.read_text().splitlines())
    else:
        yield json.loads(path.read_text())


def log_heading(found: dict[str, Any]) -> str:
    """Return below which heading a line of a log is described."""
    return "The run" if "run" in found else "A fold" if "fold" in found else "An evaluation"


def test_files_are_as_the_page_says(folder):
    """And every key of the page is in one of them."""
    tables = key_tables(PAGE)
    logged = [(log_heading(one), name, one) for name in LOGS for one in objects(folder / name)]
    written = [
        (heading, path.name, one)
        for heading, patterns in FILES.items()
        for pattern in patterns
        for path in sorted(folder.glob(pattern))
        if heading == "Thresholds" or "thresholds" not in path.name
        for one in objects(path)
    ]
    for heading, name, one in [*logged, *written]:
        assert list(tables[heading].problems(one)) == [], name
    left = {
        h: [p for p in keys.unseen() if p not in UNSEEN.get(h, ())] for h, keys in tables.items()
    }
    assert {h: paths for h, paths in left.items() if paths} == {}


def test_figures_of_logs_are_all_on_the_page():
    """Also those that small runs do not measure."""
    tables = key_tables(PAGE)
    assert set(Evaluation.__dataclass_fields__) == set(tables["An evaluation"].types)
    names = {"n_folds": "folds", "n_train": "lines_trained", "n_test": "lines_measured"}
    fields = {names.get(name, name) for name in FoldResult.__dataclass_fields__}
    assert {*fields, "monitor"} == set(tables["A fold"].types)


def test_columns_of_tables(folder):
    page = PAGE.read_text()
    for name, option in COLUMNS.items():
        header = (folder / name).read_text().partition("\n")[0]
        assert f"| `{option}` | `{header}` |" in page, name
    names = next(csv.reader(io.StringIO((folder / "labelled.csv").read_text())))
    assert names[4:] == ["label_1", "probability_1", "label_2", "probability_2"]
    assert next(csv.reader(io.StringIO((folder / "confusion.csv").read_text())))[0] == "true label"


def test_the_code_of_the_page_reads_a_model(folder):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    found: dict[str, Any] = {}
    exec(compile(code, "page", "exec"), found)
    arguments, words, labels, matrix = found["read_bin"]("tags.bin")
    model = load_model("tags.bin")
    assert arguments[0] == 4
    assert arguments[6:8] == (4, 3)
    assert [word.encode() for word in words] == [
        model.dictionary.entry(i) for i in range(len(words))
    ]
    assert [label.encode() for label in labels] == model.labels()
    assert np.array_equal(matrix.reshape(-1), model.wi.values.reshape(-1))


def test_text_files_of_vectors(folder):
    for name in ("topics.vec", "tags.output"):
        first, *lines = (folder / name).read_text().splitlines()
        assert first.split() == [str(len(lines)), "4"]
        assert {len(line.split()) for line in lines} <= {4, 5}
