"""Writes tests/golden/written: a file of each kind that later versions must read, and what it says.

``python -m tests.golden.make_written`` makes the folder again; a release adds no files and changes
none, so that the ones that are there stay those of an old version.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.command import run

FOLDER = Path(__file__).parent / "written"
TEXTS = "id,topic,body\n" + "".join(
    f"{i},{'very good' if i % 2 else 'bad'},{'fine nice' if i % 2 else 'poor ugly'} thing {i % 5}\n"
    for i in range(40)
)
TABLE = "a,b,colour,kind\n" + "".join(
    f"{i % 9},{i % 7 - 3},{'red' if i % 3 else 'blue'},{'AB'[i % 9 > 4]}\n" for i in range(60)
)
QUIET = "-thread 1 -verbose 0"
DEEP = f"--hidden 3 -epoch 8 {QUIET}"
MADE = [
    f"prepare texts.csv -o ready --lowercase --split 60,20,20 {QUIET.removeprefix('-thread 1')}",
    "supervised -input ready/train.txt -output linear -dim 3 -epoch 20 -lr 0.5 -bucket 50"
    f" -wordNgrams 2 --valid ready/valid.txt --log a.jsonl {QUIET}",
    "supervised -input ready/train.txt -output other -dim 3 -epoch 9 --valid ready/valid.txt"
    f" --log b.jsonl {QUIET}",
    "calibrate linear.bin ready/train.txt",
    "tune-threshold linear.bin ready/train.txt --per-label --calibrated",
    f"mlp-train -input ready/train.txt -output words -dim 3 -wordNgrams 2 {DEEP}",
    f"mlp-train -input table.csv -output table --norm batch --activation prelu {DEEP}",
    "mlp-train -input table.csv -output price --label-column a --drop kind --task regression"
    f" {DEEP}",
]
# What is asked of the files, and answered in written/answers.json.
ASKED = [
    "predict linear.bin texts.csv --output -",
    "predict-prob linear.bin ready/test.txt -1 --calibrated --thresholds auto --json",
    "predict-prob words.mlp ready/test.txt -1 --json",
    "predict-prob table.mlp table.csv -1 --json",
    "predict price.mlp table.csv --json",
    "prepare texts.csv --like ready/prepare.json",
    "compare a.jsonl b.jsonl --json",
]
KEPT = (
    *("linear.bin", "linear.bin.json", "linear.bin.thresholds.json"),
    *("words.mlp", "table.mlp", "price.mlp", "a.jsonl", "b.jsonl", "texts.csv", "table.csv"),
    *("ready/prepare.json", "ready/labels.json", "ready/test.txt", "ready/train.txt"),
)


def main() -> None:
    """Make the files in an empty folder, ask, and leave out what is not needed."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    os.chdir(FOLDER)
    Path("texts.csv").write_text(TEXTS)
    Path("table.csv").write_text(TABLE)
    for words in MADE:
        done = run(*words.split())
        assert done.code == 0, done.err
    answers = {}
    for words in ASKED:
        done = run(*words.split())
        assert done.code == 0, done.err
        answers[words] = done.out.decode().splitlines()
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.relative_to(FOLDER).as_posix() not in KEPT:
            path.unlink()
    Path("answers.json").write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
