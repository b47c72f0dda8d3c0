"""data/samples: the files are what their script makes, and the README's figures hold."""

import csv
import difflib
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import date
from itertools import combinations

import pytest

from tests.command import ROOT, SAMPLES, run

README = (SAMPLES / "README.md").read_text(encoding="utf-8")
COMMON = re.search(r"trained with `([^`]+)` and the options shown", README)[1].split()
ROW = re.compile(r"^\| ([\w-]+) \| `([^`]+)` \| (\d\.\d+) \| (\d\.\d+) \|$", re.M)


def table(k):
    """Return the rows of the table of P@k: corpus, options, P, R."""
    start = README.index(f"| Corpus | Further options | P@{k} | R@{k} |")
    text = README[start : README.find("\n\n", start)]
    return [
        (corpus, options.split(), k, float(p), float(r))
        for corpus, options, p, r in ROW.findall(text)
    ]


ROWS = table(1) + table(3)


def test_the_readme_has_its_tables():
    assert (len(table(1)), len(table(3))) == (8, 2)
    assert "-lr" in COMMON


def test_the_script_makes_these_files():
    script = SAMPLES / "make_samples.py"
    done = subprocess.run(
        [sys.executable, "-B", script, "--check"], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("samples")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {' '.join(row[1])} {row[2]}")
def test_expected_results(row, folder):
    corpus, options, k, precision, recall = row
    output = folder / "_".join([corpus, *options])
    if not output.with_suffix(".bin").exists():
        source = SAMPLES / f"{corpus}.train.txt"
        argv = ["supervised", "-input", source, "-output", output, *COMMON, *options]
        assert run(*argv, "-verbose", 0).text() == ""
    result = run("test", f"{output}.bin", SAMPLES / f"{corpus}.test.txt", k, "--json")
    answer = json.loads(result.text())
    assert answer["precision"] == pytest.approx(precision, abs=0.03)
    assert answer["recall"] == pytest.approx(recall, abs=0.03)


# ---------------------------------------------------------------- raw data

COLUMNS = ["id", "date", "verdict", "title", "review", "product"]
RAW_LIMIT = 350_000  # bytes, both files together


def read_reviews(name="reviews.csv", columns=COLUMNS):
    with open(SAMPLES / name, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = list(reader)
    assert reader.fieldnames == columns
    return rows


def read_titles():
    data = (SAMPLES / "titles.jsonl").read_bytes().decode("utf-8")
    return [json.loads(line) for line in data.split("\n")[:-1]]


REVIEWS, TITLES = read_reviews(), read_titles()


def nfkc(*texts):
    return tuple(unicodedata.normalize("NFKC", text) for text in texts)


def words(text):
    return frozenset(re.findall(r"\w+", unicodedata.normalize("NFC", text).casefold()))


def copies(keys):
    """Return how many rows only repeat the key of an earlier one."""
    return sum(n - 1 for n in Counter(keys).values())


def near_copies():
    """Return the pairs of reviews that differ, but hardly in their words."""
    bags = [(words(row["review"]), row["review"]) for row in REVIEWS]
    return [
        (one[1], other[1])
        for one, other in combinations(bags, 2)
        if one[1] != other[1] and len(one[0] & other[0]) > 0.8 * len(one[0] | other[0])
    ]


def rows_with(pattern, column="review", rows=REVIEWS):
    return sum(bool(re.search(pattern, row[column])) for row in rows)


TRAITS = {
    ("reviews.csv", "a line break in the review"): rows_with("\n"),
    ("reviews.csv", "double quotes in the review"): rows_with('"'),
    ("reviews.csv", "HTML (`<br />`, `<b>`, `&amp;`, `&quot;`)"): rows_with("<br />|<b>|&[a-z]+;"),
    ("reviews.csv", "a URL"): rows_with(r"https?://|www\."),
    ("reviews.csv", "a sentence in capitals"): rows_with(r"\b[A-Z]{2,} [A-Z]{2,}\b"),
    ("reviews.csv", "two or more exclamation marks in a row"): rows_with("!!"),
    ("reviews.csv", "a no-break space"): rows_with("\u00a0"),
    ("reviews.csv", "accented letters in the review"): rows_with("[À-ÿ\u0300-\u036f]"),
    ("reviews.csv", "decomposed accented letters (NFD)"): rows_with("[\u0300-\u036f]"),
    ("reviews.csv", "no title"): rows_with("^$", "title"),
    ("reviews.csv", "a product name with a comma"): rows_with(",", "product"),
    ("reviews.csv", "all columns but `id` as an earlier row has them"): copies(
        tuple(row[name] for name in COLUMNS[1:]) for row in REVIEWS
    ),
    ("reviews.csv", "a review that is nearly another (a word or a mark differs)"): len(
        near_copies()
    ),
    ("titles.jsonl", "two topics"): sum(len(row["topics"]) == 2 for row in TITLES),
    ("titles.jsonl", "full-width digits or Latin letters"): sum(
        bool(re.search("[０-９Ａ-Ｚａ-ｚ]", row["title"] + row["summary"])) for row in TITLES
    ),
    ("titles.jsonl", "`&nbsp;` in the title or the summary"): sum(
        "&nbsp;" in row["title"] + row["summary"] for row in TITLES
    ),
    ("titles.jsonl", "an ideographic space in the summary"): rows_with("\u3000", "summary", TITLES),
    ("titles.jsonl", "a URL in the summary"): rows_with("https?://", "summary", TITLES),
    ("titles.jsonl", "title and summary as an earlier row has them"): copies(
        (row["title"], row["summary"]) for row in TITLES
    ),
    ("titles.jsonl", "the same, once both are in NFKC"): copies(
        nfkc(row["title"], row["summary"]) for row in TITLES
    ),
}


@pytest.mark.parametrize(("file", "trait"), TRAITS)
def test_the_raw_files_have_what_the_readme_says(file, trait):
    assert TRAITS[file, trait] > 0
    assert f"| `{file}` | {TRAITS[file, trait]} | {trait} |\n" in README


@pytest.mark.parametrize(
    ("file", "labels"),
    [
        ("reviews.csv", Counter(row["verdict"] for row in REVIEWS)),
        ("titles.jsonl", Counter(topic for row in TITLES for topic in row["topics"])),
    ],
)
def test_counts_of_the_raw_labels(file, labels):
    counts = ", ".join(f"{label} {count}" for label, count in labels.most_common())
    assert f"| `{file}` | {counts} |\n" in README


def test_reviews():
    assert len(REVIEWS) == 800
    assert len({row["product"] for row in REVIEWS}) == 40
    assert [int(row["id"]) for row in REVIEWS] == list(range(10001, 10801))
    assert all(date.fromisoformat(row["date"]) for row in REVIEWS)
    assert all(row["review"].strip() and row["product"].strip() for row in REVIEWS)
    shares = [count / 800 for _, count in Counter(r["verdict"] for r in REVIEWS).most_common()]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.05)


def test_new_reviews():
    new = read_reviews("new-reviews.csv", [name for name in COLUMNS if name != "verdict"])
    assert [int(row["id"]) for row in new] == list(range(20001, 20061))
    assert "| `new-reviews.csv` | 60 |" in README
    assert {row["product"] for row in new} <= {row["product"] for row in REVIEWS}
    assert not {words(row["review"]) for row in new} & {words(row["review"]) for row in REVIEWS}


def test_copies_of_reviews():
    assert copies(tuple(row[name] for name in COLUMNS[1:]) for row in REVIEWS) == 12
    assert copies(row["review"] for row in REVIEWS) == 12
    pairs = near_copies()
    assert len(pairs) == 12
    for one, other in pairs:
        steps = difflib.SequenceMatcher(None, one.split(), other.split()).get_opcodes()
        changed = [step for step in steps if step[0] != "equal"]
        assert [(end - start, b - a) for _, start, end, a, b in changed] == [(1, 1)]


def test_titles():
    assert len(TITLES) == 800
    assert all(list(row) == ["title", "summary", "topics", "source"] for row in TITLES)
    assert all(1 <= len(row["topics"]) == len(set(row["topics"])) <= 2 for row in TITLES)
    assert len({row["source"] for row in TITLES}) == 6
    text = "".join(row["title"] + row["summary"] for row in TITLES)
    assert set("，。！？：“”") <= set(text)
    assert not re.search(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", text)
    assert copies(nfkc(row["title"]) for row in TITLES) == 10


def test_the_raw_files_are_small_and_end_lines_in_lf():
    files = [(SAMPLES / name).read_bytes() for name in ("reviews.csv", "titles.jsonl")]
    assert sum(map(len, files)) < RAW_LIMIT
    assert all(b"\r" not in data and data.endswith(b"\n") for data in files)


# ------------------------------------------------------------- parts of a corpus


@pytest.mark.parametrize("corpus", ["topics", "tags", "zh-words", "zh-chars"])
def test_no_text_is_in_two_parts(corpus):
    texts = []
    for part in ("train", "valid", "test"):
        lines = (SAMPLES / f"{corpus}.{part}.txt").read_text(encoding="utf-8").splitlines()
        texts += [re.sub(r"__label__\S+ ", "", line).replace(" ", "") for line in lines]
    assert len(set(texts)) == len(texts)


COUNTS = re.compile(r"^\| `([\w-]+\.\w+\.txt)` \| (\d+) \| (\d+) \| ([\d.]+) \| ([\d,]+) \| ", re.M)


def test_the_counts_of_the_readme():
    rows = {name: row for name, *row in COUNTS.findall(README)}
    assert set(rows) == {path.name for path in SAMPLES.glob("*.*.txt")}
    for name, (n, n_labels, per_line, n_tokens) in rows.items():
        words = (SAMPLES / name).read_text(encoding="utf-8").split()
        labels = [word for word in words if word.startswith("__label__")]
        n_lines = (SAMPLES / name).read_bytes().count(b"\n")
        assert (n_lines, len(set(labels))) == (int(n), int(n_labels))
        assert len(labels) / n_lines == pytest.approx(float(per_line), abs=0.005)
        assert len(words) - len(labels) == int(n_tokens.replace(",", ""))
