"""docs/json.md: every object that ``--json`` writes has the keys, and the types, of its table."""

from __future__ import annotations

import json

import pytest

from fastcli.cli import COMMANDS
from tests.command import ROOT, SAMPLES, run
from tests.docs import commands, options_of
from tests.key_tables import Keys, key_tables

PAGE = ROOT / "docs" / "json.md"
VALID = "--valid test.txt --log"
QUICK = "-dim 4 -epoch 6 -lr 0.5 -bucket 100 -thread 1"
DEEP = "-epoch 2 --hidden 4"
PRICE = f"--task regression --label-column price --valid other.csv {DEEP}"
MADE = [
    f"supervised -input train.txt -output topics -wordNgrams 2 {VALID} a.jsonl {QUICK}",
    f"supervised -input train.txt -output other {VALID} b.jsonl {QUICK}",
    f"supervised -input tags.txt -output tags -loss ova {QUICK}",
    f"supervised -input alike.txt -output alike {QUICK}",
    "quantize -output topics -qnorm -cutoff 300",
    f"skipgram -input train.txt -output words -maxn 4 {QUICK}",
    f"mlp-train -input table.csv -output price1 --log price1.jsonl {PRICE}",
    f"mlp-train -input table.csv -output price2 --log price2.jsonl -seed 1 {PRICE}",
    f"mlp-train -input kinds.csv -output kinds {DEEP}",
    f"mlp-train -input train.txt -output deep -dim 4 {DEEP}",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of small data and models of all kinds, which is the current one."""
    folder = tmp_path_factory.mktemp("json")
    text = (SAMPLES / "topics.train.txt").read_bytes().splitlines(keepends=True)
    tags = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    test = (SAMPLES / "topics.test.txt").read_bytes().splitlines(keepends=True)[:60]
    odd = [b"no label\n", b"__label__new x\n", b"__label__new __label__sport race\n", text[0]]
    rows = [f"{i},{i % 7},{i * 3}\n" for i in range(60)]
    files = {
        "train.txt": b"".join(text[:300]),
        "test.txt": b"".join([*test, *odd]),
        "tags.txt": b"".join(tags[:150]),
        "alike.txt": b"__label__Sport ball\n__label__sport ball\n__label__a b c\n" * 9,
        "weights.txt": b"__label__a one two w:2\n__label__b three four w:0.5\n" * 9,
        "table.csv": ("a,b,price\n" + "".join(rows)).encode(),
        "other.csv": ("a,b,price\n" + "".join(rows[:9])).encode(),
        "texts.csv": b"id,topic,body\n"
        + b"".join(
            f"{i},{'Good' if i % 2 else 'bad'},fine thing {i} here\n".encode() for i in range(40)
        )
        + b"41,GOOD,\n42,good\n",
        "kinds.csv": ("a,kind\n" + "".join(f"{i},{'ab'[i > 9]}\n" for i in range(20))).encode(),
        "numbers.libsvm": b"1 1:0.5 3:2\n0 2:1\n" * 9,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for words in MADE:
            done = run(*words.split(), "-verbose", 0)
            assert done.code == 0, f"{words}: {done.err}"
        yield folder


@pytest.fixture(scope="module")
def tables():
    """Return the tables of the page."""
    return key_tables(PAGE)


# Below which heading an object is described, and a command that writes such objects.
WRITTEN = [
    ("test", "test topics.bin test.txt"),
    ("test", "test topics.bin test.txt train.txt"),
    ("test-label", "test-label topics.bin test.txt"),
    ("test-label", "test-label topics.bin test.txt train.txt"),
    ("test of numbers", "test price1.mlp table.csv other.csv"),
    ("test --report", "test --report topics.bin test.txt"),
    ("test --report", "test --report topics.bin test.txt train.txt"),
    ("test --report", "test --report tags.bin tags.txt -k -1 --threshold 0.2"),
    ("test --report", "test --report alike.bin alike.txt"),
    ("predict", "predict topics.bin test.txt 2"),
    ("predict", "predict price1.mlp other.csv"),
    ("predict-prob", "predict-prob topics.bin test.txt -1"),
    ("explain", "explain topics.bin - < test.txt"),
    ("explain", "explain kinds.mlp kinds.csv"),
    ("compare of models", "compare topics.bin other.bin test.txt"),
    ("compare of models", "compare topics.bin other.bin test.txt --metric f1macro"),
    ("compare of runs", "compare a.jsonl b.jsonl"),
    ("compare of runs", "compare price1.jsonl price2.jsonl"),
    ("tune-threshold", "tune-threshold topics.bin test.txt --metric f1:sport"),
    ("tune-threshold", "tune-threshold tags.bin tags.txt --per-label"),
    ("calibrate", "calibrate other.bin test.txt"),
    ("calibrate", "calibrate tags.bin tags.txt"),
    ("nn", "nn words.bin 2 < test.txt"),
    ("analogies", "analogies words.bin 2 < test.txt"),
    ("print-word-vectors", "print-word-vectors words.bin < test.txt"),
    ("print-sentence-vectors", "print-sentence-vectors words.bin < test.txt"),
    ("print-ngrams", "print-ngrams words.bin the"),
    ("inspect of lines", "inspect train.txt test.txt"),
    ("inspect of lines", "inspect weights.txt --weight-prefix w:"),
    ("inspect of models", "inspect topics.bin topics.ftz words.bin deep.mlp price1.mlp"),
    ("inspect of models", "inspect topics.bin --top-words 2"),
    ("inspect of tables", "inspect texts.csv table.csv"),
    ("inspect of libsvm", "inspect numbers.libsvm"),
    ("inspect of vectors", "inspect words.vec"),
    ("inspect --label-errors", "inspect --label-errors train.txt"),
]
# Keys that no command above writes: what is wrong with files of libsvm is what is with tables.
UNSEEN = {"inspect of libsvm": "problems[]."}


def test_objects_are_as_the_page_says(folder, tables):
    """And every key of the page is in one of them."""
    for heading, command in WRITTEN:
        words, _, stdin = command.partition(" < ")
        data = (folder / stdin).read_bytes() if stdin else b""
        done = run(*words.split(), "--json", stdin=data)
        assert done.code == 0, f"{command}: {done.err}"
        found = list(map(json.loads, done.out.decode().splitlines()))
        assert found, command
        for one in found:
            is_pair = heading == "inspect of lines" and one["kind"] == "overlap"
            keys = tables["inspect of pairs"] if is_pair else tables[heading]
            assert list(keys.problems(one)) == [], command
    for heading, keys in tables.items():
        left = [p for p in keys.unseen() if not p.startswith(UNSEEN.get(heading, "?"))]
        assert left == [], f"{PAGE.name}: {heading}"


def test_every_command_that_writes_json_is_on_the_page(tables):
    described = {heading.split()[0] for heading in tables}
    have = {
        name for name in COMMANDS if any(o.name == "json" for o in options_of(commands()[name]))
    }
    assert described == have


def test_every_schema_has_its_version():
    """Each section says it, and where the objects do they say the same."""
    text = PAGE.read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        head = section.partition("| key |")[0]
        assert "chema 1" in head, section[:60]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"n": 1}, ""),
        ({"n": 1, "of": {"x": 1.5, "y": None}}, ""),
        ({"n": 1, "some": [{"m": 2}]}, ""),
        ({}, "missing"),
        ({"n": 1.0}, "not integer"),
        ({"n": True}, "not integer"),
        ({"n": 1, "more": 2}, "not in the table"),
        ({"n": 1, "of": {"x": "1"}}, "not number or null"),
        ({"n": 1, "some": [{}]}, "missing"),
    ],
)
def test_tables_are_checked(value, problem):
    types = {"n": "integer", "of": "object", "of.*": "number or null"}
    types |= {"some": "list of objects", "some[].m": "integer"}
    times = dict.fromkeys(types, "sometimes") | {"n": "always", "some[].m": "always"}
    found = list(Keys("t", types, times).problems(value))
    assert [one for one in found if problem in one] == found
    assert bool(found) == bool(problem)
