"""prepare: from the data people have to training files, and lines to predict in the same way."""

import bz2
import csv
import gzip
import io
import json
import re
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastcli.prepare import write_parts as prepare_run
from tests.command import SAMPLES, process, run

ROWS = [
    ("good stuff", "very good"),
    ("bad\nthing, really", "not worth it"),
    ('say "no"', "very good"),
    ("das ist schön", "mixed"),
]
ALL = ["--split", 100, "--no-shuffle", "-verbose", 0]


def prepare(folder, *argv, stdin=b""):
    """Run prepare, silently and without trouble; return the lines of each file."""
    result = run("prepare", *argv, "-o", folder, stdin=stdin)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return {
        path.stem: path.read_text(encoding="utf-8").splitlines() for path in folder.glob("*.txt")
    }


def fails(*argv, stdin=b""):
    """Run a command that fails with one sentence, silent as it is; return it."""
    quiet = ["-verbose", 0] if argv[0] == "prepare" and "--like" not in argv else []
    result = run(*argv, *quiet, stdin=stdin)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err.rstrip("\n")


def about(folder):
    return json.loads((folder / "prepare.json").read_text(encoding="utf-8"))


def csv_bytes(rows, header=("text", "label"), **how):
    out = io.StringIO()
    csv.writer(out, **how).writerows([header, *rows] if header else rows)
    return out.getvalue().encode()


EXPECTED = [
    "__label__very_good good stuff",
    "__label__not_worth_it bad thing, really",
    '__label__very_good say "no"',
    "__label__mixed das ist schön",
]


# --------------------------------------------------------------------- formats


def files_of_all_kinds(tmp_path):
    """Yield the four rows in every format, with the options to read them."""
    objects = [{"text": text, "label": label, "n": 1} for text, label in ROWS]
    lines = "\n".join(json.dumps(one) for one in objects)
    array = json.dumps(objects, indent=1)
    plain = csv_bytes(ROWS)
    tagged = "\n".join(EXPECTED) + "\n"
    for name, data, options in (
        ("a.csv", plain, []),
        ("semicolon.csv", csv_bytes(ROWS, delimiter=";"), []),
        ("bom.csv", b"\xef\xbb\xbf" + plain, []),
        ("a.tsv", csv_bytes(ROWS, delimiter="\t"), ["--quotes", "yes"]),
        ("a.jsonl", lines.encode(), []),
        ("blank.jsonl", b"\n" + lines.encode().replace(b"\n", b"\n\n") + b"\n", []),
        ("a.json", array.encode(), []),
        ("unknown", array.encode(), []),
        ("lines", lines.encode(), []),
        ("table", plain, []),
        ("a.txt", tagged.encode(), []),
        ("a.csv.gz", gzip.compress(plain), []),
        ("a.jsonl.bz2", bz2.compress(lines.encode()), []),
        ("bare.csv", csv_bytes(ROWS, header=()), ["--text-column", 0, "--label-column", -1]),
        (
            "no.csv",
            csv_bytes(ROWS, header=()),
            ["--no-header", "--text-column", 0, "--label-column", 1],
        ),
        ("latin.csv", plain.decode().encode("latin-1"), ["--encoding", "latin-1"]),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        yield path, options


def test_formats_make_the_same_lines(tmp_path):
    for path, options in files_of_all_kinds(tmp_path):
        found = prepare(tmp_path / "out", path, *options, *ALL)
        wanted = EXPECTED
        if path.name == "a.txt":  # labels of fastText's format are tokens already
            wanted = [line.replace("bad thing", "bad thing") for line in EXPECTED]
        assert found == {"train": wanted}, path.name


def test_standard_input(tmp_path):
    assert prepare(tmp_path / "out", "-", *ALL, stdin=csv_bytes(ROWS)) == {"train": EXPECTED}


def test_a_folder_for_each_label(tmp_path):
    for i, (text, label) in enumerate(ROWS):
        (tmp_path / "in" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / label / f"{i}.txt").write_text(text, encoding="utf-8")
    found = prepare(tmp_path / "out", tmp_path / "in", *ALL)["train"]
    assert sorted(found) == sorted(EXPECTED)
    assert "has no subfolders" in fails("prepare", tmp_path / "out", "-o", tmp_path / "b")


def test_a_parquet_file_whose_names_are_not_utf8(tmp_path):
    reason = "pyarrow is not installed, or not for this NumPy"
    pyarrow = pytest.importorskip("pyarrow", reason=reason, exc_type=ImportError)
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"text": ["one"], "label": ["a"], "odd": ["x"]}), path)
    path.write_bytes(path.read_bytes().replace(b"odd", b"\xffdd"))
    said = fails("prepare", path, "-o", tmp_path / "b")
    assert said == f"{path} is damaged: it has names that are not UTF-8."


def test_parquet(tmp_path):
    reason = "pyarrow is not installed, or not for this NumPy"
    pyarrow = pytest.importorskip("pyarrow", reason=reason, exc_type=ImportError)
    from pyarrow import parquet

    table = pyarrow.table({"text": [a for a, _ in ROWS], "label": [b for _, b in ROWS]})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert prepare(tmp_path / "out", tmp_path / "a.parquet", *ALL) == {"train": EXPECTED}


def test_parquet_without_pyarrow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    said = fails("prepare", tmp_path / "a.parquet", "-o", tmp_path / "out")
    assert said.endswith("reading Parquet needs pip install 'fasttext-cli[parquet]'.")


def test_several_inputs_follow_each_other(tmp_path):
    for name, rows in (("a.csv", ROWS[:2]), ("b.csv", ROWS[2:])):
        (tmp_path / name).write_bytes(csv_bytes(rows))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", tmp_path / "b.csv", *ALL)
    assert found == {"train": EXPECTED}


def test_several_text_columns_and_labels(tmp_path):
    path = tmp_path / "a.csv"
    header = ("title", "n", "body", "one", "two")
    path.write_bytes(csv_bytes([("A", 1, "b c", "x;y z", "x"), ("", 2, "d", " y z ", "")], header))
    columns = ["--text-column", "title", "--text-column", "body", "--label-separator", ";"]
    columns += ["--label-column", "one", "--label-column", "two"]
    found = prepare(tmp_path / "out", path, *columns, *ALL)
    assert found["train"] == ["__label__x __label__y_z A b c", "__label__y_z d"]
    found = prepare(tmp_path / "out", path, *columns, "--join", " | ", *ALL)
    assert found["train"] == ["__label__x __label__y_z A | b c", "__label__y_z d"]


def test_labels_that_would_be_the_same_token_stay_apart(tmp_path):
    rows = [("a", "new york"), ("b", "new_york"), ("c", "new  york"), ("d", "new york")]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)["train"]
    tokens = [line.split()[0] for line in found]
    assert tokens[0] == tokens[3] == "__label__new_york"
    assert len(set(tokens)) == 3
    names = json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))
    assert [names[token] for token in tokens] == [label for _, label in rows]


def test_text_never_becomes_a_label(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes([("see __label__spam __label____label__x", "a")]))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)["train"]
    assert found == ["__label__a see spam x"]


# -------------------------------------------------------------------- cleaning


@pytest.mark.parametrize(
    ("options", "text", "cleaned"),
    [
        ([], "  A\tb\u3000c\xa0d ", "A b c d"),
        (["--lowercase"], "ÄB", "äb"),
        (["--unicode", "nfc"], "e\u0301", "é"),
        (["--unicode", "nfkc"], "ＡＢ１２，", "AB12,"),
        (["--html"], "a<br />b &lt;3 <!-- no --> c&#10;d<script>x < y</script>", "a b <3 c d"),
        (["--html"], "1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        (["--control"], "a\u200bb\x07c\ufeff", "abc"),
        (["--control"], "a\x07b", "ab"),
        (["--urls", "remove"], "see http://a.b/c?d=e now", "see now"),
        (["--urls", "mask"], "见https://a.cn/x，好 www.x.de", "见 URL ，好 URL"),
        (["--digits", "zero"], "a1 23", "a0 00"),
        (["--digits", "remove"], "a1 23", "a"),
        (["--punctuation"], 'It\'s "so": good, (no)! ok?', "It ' s so good , ( no ) ! ok ?"),
        (["--punctuation"], "好，吗？", "好 ， 吗 ？"),
        (["--max-length", 2], "a b c", "a b"),
        (["--segment", "chars"], "我爱Python编程 3.5", "我 爱 Python 编 程 3.5"),
        (["--segment", "chars", "--max-length", 2], "我爱你", "我 爱"),
        (["--clean"], "<b>Tom</b> &amp; JERRY!", "tom & jerry !"),
    ],
)
def test_steps(options, text, cleaned, tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes([(text, "x"), ("b a c", "y")]))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *options, *ALL)["train"]
    assert found[0] == f"__label__x {cleaned}"
    line = text.replace("\n", " ").encode() + b"\n"
    filtered = run("prepare", "--like", tmp_path / "out" / "prepare.json", "-", stdin=line)
    assert filtered.out.decode() == f"{cleaned}\n"


TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=1, max_size=6), st.data())
def test_many_texts_are_cleaned_as_each_of_them(texts, data):
    from fastcli.prepare.clean import Cleaning, clean
    from fastcli.prepare.segment import Segmentation, segment

    cleaning = Cleaning(
        unicode=data.draw(st.sampled_from(["none", "nfc", "nfkc"])),
        html=data.draw(st.booleans()),
        urls=data.draw(st.sampled_from(["keep", "mask", "remove"])),
        control=data.draw(st.booleans()),
        lowercase=data.draw(st.booleans()),
        digits=data.draw(st.sampled_from(["keep", "zero"])),
        punctuation=data.draw(st.booleans()),
    )
    together = clean(texts, cleaning)
    assert together == [clean([text], cleaning)[0] for text in texts]
    chars = segment(together, Segmentation("chars"))
    for line in (*together, *chars):
        assert line == " ".join(line.split())
    assert ["".join(line.split()) for line in chars] == ["".join(x.split()) for x in together]


def test_jieba(tmp_path):
    pytest.importorskip("jieba")
    (tmp_path / "a.csv").write_bytes(csv_bytes([("我爱北京天安门", "x")]))
    done = process(
        "prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "--segment", "jieba", *ALL
    )
    assert done.code == 0
    assert (tmp_path / "out" / "train.txt").read_text(encoding="utf-8").split()[1:3] == ["我", "爱"]


def test_segmenting_without_jieba(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jieba", None)
    said = fails("prepare", "x.csv", "-o", tmp_path / "out", "--segment", "jieba")
    assert said == "--segment jieba needs pip install 'fasttext-cli[zh]'."


UPPER = f'"{sys.executable}" -c "import sys; sys.stdout.write(sys.stdin.read().upper())"'


def test_any_command_makes_tokens(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes([("one two", "x"), ("three", "y")]))
    options = ["--tokenizer-cmd", UPPER]
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *options, *ALL)["train"]
    assert found == ["__label__x ONE TWO", "__label__y THREE"]
    like = ["prepare", "--like", tmp_path / "out" / "prepare.json"]
    assert "allow it by giving the same --tokenizer-cmd" in fails(*like, "-", stdin=b"a\n")
    assert run(*like, *options, "-", stdin=b"a b\n\nc").out == b"A B\n\nC"


def test_commands_that_fail(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    given_ = ["prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "--tokenizer-cmd"]
    assert "wrote 1 lines for 4" in fails(*given_, f'"{sys.executable}" -c "print(1)"')
    assert "ended with exit code 3" in fails(*given_, f'"{sys.executable}" -c "exit(3)"')
    assert not (tmp_path / "out").exists()


# --------------------------------------------------------------------- the split


def many(n, seed=""):
    return [(f"text {seed} {i}", f"label {i % 3}") for i in range(n)]


def test_shares_hold_for_every_label(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(6000)))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--split", "70,20,10", "-verbose", 0)
    for part, share in (("train", 0.7), ("valid", 0.2), ("test", 0.1)):
        for label in range(3):
            n = sum(line.startswith(f"__label__label_{label} ") for line in found[part])
            assert abs(n - 2000 * share) < 4 * (2000 * share * (1 - share)) ** 0.5
    assert sum(map(len, found.values())) == 6000


def test_lines_stay_where_they_are_when_data_grow(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(300)))
    (tmp_path / "b.csv").write_bytes(csv_bytes(many(300) + many(700, "more")))
    before = prepare(tmp_path / "a", tmp_path / "a.csv", "-verbose", 0)
    after = prepare(tmp_path / "b", tmp_path / "b.csv", "-verbose", 0)
    other = prepare(tmp_path / "c", tmp_path / "a.csv", "-verbose", 0, "-seed", 1)
    for part in before:
        assert set(before[part]) <= set(after[part])
    assert before != other


def test_the_same_text_is_in_one_part(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(200) * 3))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "-verbose", 0, "--split", "50,25,25")
    train, valid, test = (set(found[part]) for part in ("train", "valid", "test"))
    assert not train & valid
    assert not train & test
    assert not valid & test


def test_every_label_is_in_train(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes([(f"text {i}", f"l{i}") for i in range(50)]))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "-verbose", 0)
    assert len(found["train"]) == 50
    options = ["--any-label-anywhere", "-verbose", 0]
    assert len(prepare(tmp_path / "out", tmp_path / "a.csv", *options)["train"]) < 50


def test_groups_stay_together(tmp_path):
    rows = [(text, label, f"group {i % 20}") for i, (text, label) in enumerate(many(400))]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows, ("text", "label", "who")))
    options = ["--group-column", "who", "--split", "50,50", "-verbose", 0]
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *options)
    parts = {part: {int(line.split()[-1]) % 20 for line in lines} for part, lines in found.items()}
    assert parts["train"]
    assert parts["valid"]
    assert not parts["train"] & parts["valid"]


def test_former_parts_go(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(100)))
    assert set(prepare(tmp_path / "out", tmp_path / "a.csv", "-verbose", 0)) == {
        "train",
        "valid",
        "test",
    }
    assert set(prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)) == {"train"}


# ------------------------------------------------------------------- duplicates


def test_exact_duplicates(tmp_path):
    rows = [("a b", "x"), ("A  b", "x"), ("a b", "y"), ("c", "x"), ("a b", "x")]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    options = ["--dedup", "exact", "--lowercase", *ALL]
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *options)["train"]
    assert found == ["__label__x a b", "__label__y a b", "__label__x c"]
    assert about(tmp_path / "out")["duplicates"] == {"exact": 2, "near": 0}
    assert about(tmp_path / "out")["contradictions"] == 1


def test_near_duplicates(tmp_path):
    long = "the quick brown fox jumps over the lazy dog and runs into the dark green wood"
    rows = [(long, "x"), (long + " again", "x"), ("some other text about cooking rice", "x")]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--dedup", "near", *ALL)["train"]
    assert found == [f"__label__x {rows[0][0]}", f"__label__x {rows[2][0]}"]
    assert about(tmp_path / "out")["duplicates"] == {"exact": 0, "near": 1}


def test_shares_of_keys_give_the_same(tmp_path, monkeypatch):
    from fastcli.prepare import duplicates

    rows = [(f"some text of number {i % 50} and of {i % 70}", f"l{i % 3}") for i in range(2000)]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    whole = prepare(tmp_path / "a", tmp_path / "a.csv", "--dedup", "exact", *ALL)
    monkeypatch.setattr(duplicates, "SHARE", 100)
    assert prepare(tmp_path / "b", tmp_path / "a.csv", "--dedup", "exact", *ALL) == whole
    assert about(tmp_path / "a") == {**about(tmp_path / "b")}
    assert len(whole["train"]) == len(set(rows))


# ----------------------------------------------------------------------- bad rows

BAD = b"text,label\nfine,x\nno label,\ntoo,many,cells\n\xff bytes,y\n   ,z\nok,x\n"


def test_bad_rows_are_named(tmp_path):
    def first(data, *options, name="a.csv"):
        (tmp_path / name).write_bytes(data)
        said = fails("prepare", tmp_path / name, "-o", tmp_path / "out", *options)
        assert len(said.splitlines()) == 1
        return said.replace(str(tmp_path), "")

    fix = " Fix it, or skip such rows with --skip-bad."
    assert first(b"text,label\nno label,\na,x\nb,\n") == (
        "/a.csv:2, column label: no label (2 of 3 rows have none). Give them one with --none NAME, "
        "or leave them out with --skip-bad."
    )
    assert first(b'text,label\n"a\nb",x\nto,o,many\n').startswith(
        "/a.csv:4: 3 columns instead of 2: 'to,o,many'."
    )
    assert first(b"text,label\na,x\n\xff,y\n").startswith("/a.csv (line 3) is not UTF-8")
    late = b"text,label\n" + b"a,x\n" * 300_000 + b"caf\xe9 au lait,y\n"
    assert first(late).startswith(
        "/a.csv:300002, column text is not UTF-8; it looks like cp1252 (Western European): add "
    )
    assert first(b"text,label\n  ,y\n") == "/a.csv:2: no text is left." + fix
    assert first(b'{"text": "a"}\n', "--label-column", "label", name="a.jsonl").startswith(
        "/a.jsonl has no column label. There are: text"
    )
    assert first(b'{"text": "a", "label": "b"}\n{"tex\n', name="a.jsonl").startswith(
        "/a.jsonl:2, column "
    )
    assert first(b'[{"text": "a", "label": "b"}, 3]', name="a.json").startswith(
        "/a.json:2: not an obj"  # the second, on the same line
    )
    assert first(b"__label__a x\nno label here\n", name="a.txt").startswith(
        "/a.txt:2: no label (1 of 2"
    )
    long = b"text,label\n" + b"a" * 500 + b",\n"
    assert len(first(long)) < 250


def test_bad_rows_are_written_out(tmp_path):
    (tmp_path / "a.csv").write_bytes(BAD)
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--skip-bad", *ALL)["train"]
    assert found == ["__label__x fine", "__label__x ok"]
    rejects = (tmp_path / "out" / "rejects.jsonl").read_text().splitlines()
    entries = [json.loads(line) for line in rejects]
    assert sorted((e["line"], e["reason"]) for e in entries) == [
        (3, "no label"),
        (4, "3 columns instead of 2"),
        (5, "bytes that are not utf-8"),
        (6, "no text is left"),
    ]
    result = run("prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "--skip-bad")
    assert f"Left out: 4 bad, in {tmp_path / 'out'}/rejects.jsonl." in result.err
    (tmp_path / "b.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "b.csv", *ALL)
    assert not (tmp_path / "out" / "rejects.jsonl").exists()


@pytest.mark.parametrize(("how", "text"), [("replace", "a\ufffdb"), ("drop", "ab")])
def test_bad_bytes(how, text, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,label\na\xffb,x\n")
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--bad-bytes", how, *ALL)["train"]
    assert found == [f"__label__x {text}"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["a.csv"], "Give the folder to write to: -o DIR."),
        (["-o", "out"], "Give one input or more: files, folders, or - for standard input."),
        (["missing.csv", "-o", "out"], "missing.csv cannot be opened! (No such file or directory)"),
        (["a.csv", "-o", "out", "--split", "80,30"], "--split 80,30 adds up to 110: "),
        (["a.csv", "-o", "out", "--split", "x"], "--split x is not a list of numbers"),
        (["a.csv", "-o", "out", "--split", "0,100"], "--split 0,100: give one to three shares"),
        (
            ["a.csv", "-o", "out", "--unicode", "nfd"],
            "Unknown value of --unicode: nfd (did ",
        ),
        (
            ["a.csv", "-o", "out", "--dedup", "yes"],
            "Unknown value of --dedup: yes. Known: ",
        ),
        (["a.csv", "-o", "out", "--encoding", "utf9"], "Unknown encoding: utf9"),
        (["a.csv", "-o", "out", "--text-column", "body"], "a.csv has no column body. There are: "),
        (["b.csv", "-o", "out"], "b.csv: which column? Give --text-column. There are: one, two"),
        (["a.csv", "-o", "out", "--format", "folder"], "a.csv is not a folder"),
        (["a.csv", "-o", "a.csv"], "a.csv cannot be created: "),
        (["empty.csv", "-o", "out"], "empty.csv: there is no row to write."),
        (["a.csv", "-o", "out", "--delimiter", "ab"], "--delimiter must be one character"),
        (["a.csv", "-o", "-", "--skip-bad"], "--skip-bad needs a folder for rejects.jsonl"),
        (["--like", "a.csv", "-"], "a.csv was not written by fastcli prepare."),
        (["--like", "missing", "-"], "missing cannot be opened! "),
        (["a.csv", "-o", "out", "--segment", "chars", "--tokenizer-cmd", "x"], "--segment and "),
    ],
)
def test_mistakes(options, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    (tmp_path / "b.csv").write_bytes(b"one,two\n1,2\n")
    (tmp_path / "empty.csv").write_bytes(b"")
    assert fails("prepare", *options).startswith(sentence)
    assert not list(tmp_path.glob("out/*"))


def test_options_beside_like_are_usage_errors(tmp_path):
    result = run("prepare", "--like", "x.json", "--lowercase", "-")
    assert result.code == 1
    assert "--lowercase cannot be combined with --like: prepare.json sets it" in result.err


def test_former_files_stay_when_a_row_is_bad(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "b.csv").write_bytes(csv_bytes(many(5000)) + b"a,b,c\n")
    fails("prepare", tmp_path / "b.csv", "-o", tmp_path / "out", "--dedup", "exact", *ALL)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


# ------------------------------------------------------------------- whole runs


@pytest.mark.parametrize("options", [["--clean"], ["--segment", "chars", "--dedup", "near"]])
def test_processes_write_the_same_files(options, tmp_path, monkeypatch):
    rows = [(f"Text, number {i} (of many)!" * 20, f"l {i % 7}") for i in range(20000)]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    options = [tmp_path / "a.csv", *options, "-verbose", 0]
    prepare(tmp_path / "one", *options, "-thread", 1)
    assert (tmp_path / "a.csv").stat().st_size > prepare_run.BESIDE  # a process reads it
    monkeypatch.setattr("fastcli.prepare.write_parts.COSTLY", 0.0)
    started = []
    pool = prepare_run.cleaning_processes
    monkeypatch.setattr(
        prepare_run, "cleaning_processes", lambda n, what: started.append(n) or pool(n, what)
    )
    prepare(tmp_path / "two", *options, "-thread", 3)
    assert started == [2]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("options", [[], ["--skip-bad"]])
def test_a_reading_process_says_the_same(options, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(5000)) + b"a,b,c\n" + csv_bytes(many(50), ()))
    argv = ["prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "-thread", 2, *options]
    here = run(*argv)
    monkeypatch.setattr(prepare_run, "BESIDE", 0)
    beside = run(*argv)
    said = [re.sub(r" in \d+\.\d s\.$", "", one.err, flags=re.MULTILINE) for one in (here, beside)]
    assert (beside.code, said[1]) == (here.code, said[0])
    assert here.code == int(not options)
    missing = [*argv[:1], tmp_path / "b.csv", *argv[1:]]
    assert "b.csv cannot be opened!" in fails(*missing)


def test_the_filter_keeps_lines_and_labels(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "a.csv", "--clean", *ALL)
    like = ["prepare", "--like", tmp_path / "out" / "prepare.json"]
    text = b"Hello, World!\n\n__label__A __label__b Fine.\n<b></b>\nno __label__x end"
    wanted = b"hello , world !\n\n__label__A __label__b fine .\n\nno x end"
    assert run(*like, "-", stdin=text).out == wanted
    assert run(*like, stdin=text).out == wanted
    bad = b"caf\xe9 \xff\n"
    assert run(*like, stdin=bad).out == bad


def test_what_is_written_about_it(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "a.csv", "--clean", "-seed", 7, *ALL)
    found = about(tmp_path / "out")
    assert found["cleaning"] == {
        "unicode": "nfc",
        "html": True,
        "urls": "keep",
        "control": True,
        "lowercase": True,
        "digits": "keep",
        "punctuation": True,
        "max_length": 0,
    }
    assert found["split"] == {"shares": {"train": 1.0}, "seed": 7, "every_label_in_train": True}
    assert found["shuffle"] == {"train": False, "seed": 7}
    assert found["rows"] == 4
    assert found["parts"]["train"]["lines"] == 4
    assert found["parts"]["train"]["tokens"] == 11
    assert found["parts"]["train"]["labels"]["__label__very_good"] == 2


def test_the_table_at_the_end(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(many(1000)))
    result = run("prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "-thread", 1)
    said, *lines = result.err.splitlines()[:-2]
    assert said.endswith("a.csv: header; text: column 'text'; label: column 'label'")
    assert lines[0].split() == ["part", "lines", "tokens", "labels", "smallest", "label"]
    assert lines[1].split()[:1] == ["train"]
    assert lines[-2] == (
        "train.txt is in a random order (-seed 0); valid.txt and test.txt in the order of rows."
    )
    assert lines[-1] == "Nothing was left out."


def test_chinese_titles_can_be_learned(tmp_path):
    options = ["--text-column", "title", "--label-column", "topics", "--unicode", "nfkc"]
    source = SAMPLES / "titles.jsonl"
    prepare(tmp_path / "out", source, *options, "--segment", "chars", "-verbose", 0)
    train = tmp_path / "out" / "train.txt"
    small = ["-dim", 10, "-epoch", 20, "-optimizer", "adagrad", "-loss", "ova", "-verbose", 0]
    assert run("supervised", "-input", train, "-output", tmp_path / "m", *small).code == 0
    result = run("test", tmp_path / "m.bin", tmp_path / "out" / "test.txt", "--json")
    assert json.loads(result.out)["precision"] > 0.8


# ------------------------------------------------------- what was wrong once


def test_entities_that_begin_like_line_ends(tmp_path):
    text = "&#1055;&#1088;&#1080; &#xA9; &#10003; &#1041; &#xd7; a&#10;b&#xD;c&NewLine;d &#013;e"
    (tmp_path / "a.csv").write_bytes(csv_bytes([(text, "x")]))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--html", *ALL)["train"]
    assert found == ["__label__x При © ✓ Б × a b c d e"]


@pytest.mark.parametrize("tag", ["<!--", "<script ", "<", "&#"])
def test_html_that_never_ends_takes_no_time(tag):
    from fastcli.prepare.clean import Cleaning, clean

    text = tag * 50_000
    assert clean([text], Cleaning(html=True))[0].startswith(tag.strip()[0])


def test_line_ends_in_groups(tmp_path):
    rows = [(f"text {i}", "x", f"g{i % 9}\nx") for i in range(400)]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows, ("text", "label", "who")))
    options = ["--group-column", "who", "--split", "50,50", "-verbose", 0]
    found = prepare(tmp_path / "out", tmp_path / "a.csv", *options)
    groups = [{int(line.split()[-1]) % 9 for line in lines} for lines in found.values()]
    assert not groups[0] & groups[1]
    from fastcli.prepare.split import fixed_hashes

    with pytest.raises(ValueError, match="line end"):
        fixed_hashes(["a\nb"], 0)


@pytest.mark.parametrize("group", [[], ["--group-column", "who"]])
def test_a_late_label_moves_no_text(group, tmp_path):
    rows = [(f"t{i}", "A", f"g{i // 10}") for i in range(5000)]
    rows += [(f"t{i}", f"B{i}", f"g{i // 10}") for i in range(1000)]
    rows += [(f"new {i}", f"B{i % 1000}", f"n{i}") for i in range(4000)]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows, ("text", "label", "who")))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "-verbose", 0, *group)
    by_text = {text: who for text, _, who in rows}
    parts = []
    for lines in found.values():
        texts = {line.split(" ", 1)[1] for line in lines}
        parts.append({by_text[text] for text in texts} if group else texts)
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert len({line.split()[0] for line in found["train"]}) > 990


def test_empty_lines_before_a_table(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\n\ntext,label\nhello,a\n")
    assert prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)["train"] == ["__label__a hello"]


def test_bad_bytes_in_groups(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,label,who\na,x,g\nb,y,\xff\n")
    options = ["prepare", tmp_path / "a.csv", "-o", tmp_path / "out", "--group-column", "who"]
    assert "a.csv (line 3) is not UTF-8" in fails(*options)
    result = run(*options, "--skip-bad", "-verbose", 0)
    assert result.code == 0
    assert "bytes that are not utf-8" in (tmp_path / "out" / "rejects.jsonl").read_text()
    assert run(*options, "--bad-bytes", "drop", "--overwrite").code == 0


def test_no_input_is_written_over(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("train.txt", "test.txt"):
        (folder / name).write_text("__label__a x\n")
    said = fails("prepare", folder / "train.txt", "-o", folder)
    assert said.endswith("is an input and would be overwritten: give the output another name.")
    other = tmp_path / "other.txt"
    other.write_text("__label__a x\n")
    prepare(folder, other, "--overwrite", *ALL)
    assert (folder / "test.txt").exists()  # which prepare had not made
    (tmp_path / "tree" / "a").mkdir(parents=True)
    assert "which is an input" in fails(
        "prepare", tmp_path / "tree", "-o", tmp_path / "tree" / "out"
    )


def test_what_fasttext_takes_for_spaces_and_line_ends(tmp_path):
    rows = [("foo\0__label__evil bar", "c\0d"), ("one </s> two", "__label__x"), ("a</s>", " ")]
    lines = "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows[:2])
    (tmp_path / "a.jsonl").write_text(lines)
    found = prepare(tmp_path / "out", tmp_path / "a.jsonl", *ALL)["train"]
    assert found == ["__label__c_d foo evil bar", "__label__x one two"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[{"text": "a", "label": "b"}]\n[{"text": "lost"}]', ":1: there is more after the array"),
        ('[{"text": "a", "label": "b"},\n\n\n{"text": ""}]', ":4, column label: no label (1 of 2"),
        ('[{"text": "a", "label": "b"},\n{"text": oops}' + " " * 500, ":2: not valid JSON: 'oops}"),
        ('[{"text": "a", "label": "b"}', ":1: the array ends before it is closed."),
        ("[" * 100_000, ":1: the JSON is nested too deeply."),
        ('{\n"a": 1}', " has a JSON object over several lines, not an array of objects or"),
        ('"a"', " is not a JSON array of objects"),
        ('[{"text": ["a"], "label": "b"}]', ":1, column text: a list or an object, not text"),
        ('[{"text": "a", "label": {"k": 2}}]', ":1, column label: a list or an object"),
        ('[{"text": "a", "label": [["b"]]}]', ":1, column label: a list or an object"),
    ],
)
def test_arrays_that_cannot_be(text, sentence, tmp_path):
    (tmp_path / "a.json").write_text(text)
    said = fails("prepare", tmp_path / "a.json", "-o", tmp_path / "out")
    assert said.startswith(f"{tmp_path / 'a.json'}{sentence}")


def test_long_arrays(tmp_path):
    objects = [{"text": "x" * 300 + f" {i}", "label": f"l{i % 3}", "n": 1.5} for i in range(2000)]
    objects[7]["text"] = "y" * 300_000
    (tmp_path / "a.json").write_text(json.dumps(objects))
    found = prepare(tmp_path / "out", tmp_path / "a.json", *ALL)["train"]
    assert found == [f"__label__{one['label']} {one['text']}" for one in objects]


def test_objects_that_cannot_be(tmp_path):
    def first(text, *options):
        (tmp_path / "a.jsonl").write_text(text)
        said = fails("prepare", tmp_path / "a.jsonl", "-o", tmp_path / "out", *options)
        return said.removeprefix(f"{tmp_path / 'a.jsonl'}")

    good = '{"text": "a", "label": "b"}\n'
    assert first(good, "--group-column", "who").startswith(
        " has no column who. There are: text, label"
    )
    assert first("5\n" + good).startswith(":1: not an object: '5'")
    assert first("[" * 100_000 + "\n").startswith(":1: not valid JSON: ")
    (tmp_path / "a.jsonl").write_text("5\n" + good)
    assert prepare(tmp_path / "out", tmp_path / "a.jsonl", "--skip-bad", *ALL) == {
        "train": ["__label__b a"]
    }
    columns = ["--text-column", 0, "--label-column", -1]
    (tmp_path / "a.jsonl").write_text('{"one": null, "two": 3}\n{"one": true, "two": 1.5}\n')
    options = [tmp_path / "a.jsonl", *columns, "--skip-bad", *ALL]
    assert prepare(tmp_path / "out", *options)["train"] == ["__label__1.5 true"]


def test_groups_are_for_columns(tmp_path):
    (tmp_path / "a.txt").write_text("__label__a x\n")
    given_ = ["prepare", tmp_path / "a.txt", "-o", tmp_path / "out", "--group-column", "who"]
    assert fails(*given_, "--format", "fasttext").endswith("there is no --group-column.")


def test_quotes_of_tables(tmp_path):
    text = b'text\tlabel\n"Great" he said\ta\n"Bad movie\tb\n5" screen\te\n'
    (tmp_path / "a.tsv").write_bytes(text)
    assert prepare(tmp_path / "out", tmp_path / "a.tsv", *ALL)["train"] == [
        '__label__a "Great" he said',
        '__label__b "Bad movie',
        '__label__e 5" screen',
    ]
    (tmp_path / "a.csv").write_bytes(b'label,text\na,"x\ny"\nb,"z\nc,w\nd,v\n')
    said = fails("prepare", tmp_path / "a.csv", "-o", tmp_path / "out")
    assert said.startswith(
        f"{tmp_path / 'a.csv'}:4, column 3: a quote is not closed: 'b,\"z c,w d,v'."
    )
    long = b'label,text\na,x\nb,"' + b"some words\n" * 100_000
    (tmp_path / "a.csv").write_bytes(long)
    assert "a.csv:3, column 3: a quote is not closed" in fails(
        "prepare", tmp_path / "a.csv", "-o", tmp_path / "out"
    )


def test_names_that_are_there_twice(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,text,label\na,b,c\n")
    said = fails("prepare", tmp_path / "a.csv", "-o", tmp_path / "out")
    assert said.endswith(
        "a.csv has several columns named text: give the position with --text-column."
    )
    options = ["--text-column", 1, *ALL]
    assert prepare(tmp_path / "out", tmp_path / "a.csv", "--header", *options) == {
        "train": ["__label__c b"]
    }


def test_utf_16(tmp_path):
    (tmp_path / "a.csv").write_bytes("text,label\nä,x\n".encode("utf-16"))
    said = fails("prepare", tmp_path / "a.csv", "-o", tmp_path / "out")
    assert "is not UTF-8; it looks like utf-16: add --encoding utf-16" in said
    options = ["--encoding", "utf-16", *ALL]
    assert prepare(tmp_path / "out", tmp_path / "a.csv", *options)["train"] == ["__label__x ä"]


def test_carriage_returns_end_no_lines(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"__label__a x\ry z\r\n__label__b w\n")
    found = prepare(tmp_path / "out", tmp_path / "a.txt", *ALL)["train"]
    assert found == ["__label__a x y z", "__label__b w"]


def test_a_byte_order_mark_is_no_text_in_the_filter(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "a.csv", "--lowercase", *ALL)
    text = b"\xef\xbb\xbf__label__A Hello\n"
    like = ["prepare", "--like", tmp_path / "out" / "prepare.json"]
    assert run(*like, "-", stdin=text).out == b"__label__A hello\n"


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [("cleaning", "max_length", 2.5), ("cleaning", "html", "no"), ("segmentation", "kind", "x")],
)
def test_damaged_recipes(part, name, value, tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes(ROWS))
    prepare(tmp_path / "out", tmp_path / "a.csv", *ALL)
    recipe = about(tmp_path / "out")
    recipe[part][name] = value
    (tmp_path / "p.json").write_text(json.dumps(recipe))
    assert "p.json is damaged: " in fails("prepare", "--like", tmp_path / "p.json", "-", stdin=b"")


def test_near_duplicates_with_other_labels_stay(tmp_path):
    long = "the quick brown fox jumps over the lazy dog and runs into the dark green wood"
    rows = [(long, "x"), (long + " again", "y"), (long + " then", "x"), (long, "y")]
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--dedup", "near", *ALL)["train"]
    assert [line.split()[0] for line in found] == ["__label__x", "__label__y"]


def test_rejects_are_in_order_on_any_number_of_processes(tmp_path, monkeypatch):
    rows = []
    for i in range(9000):
        rows.append(("" if i % 50 == 7 else f"text {i} " * 9, "" if i % 70 == 3 else f"l{i % 5}"))
    (tmp_path / "a.csv").write_bytes(csv_bytes(rows))
    options = [tmp_path / "a.csv", "--skip-bad", "--segment", "chars", "-verbose", 0]
    prepare(tmp_path / "one", *options, "-thread", 1)
    monkeypatch.setattr(prepare_run, "BESIDE", 0)
    monkeypatch.setattr(prepare_run, "COSTLY", 0.0)
    prepare(tmp_path / "two", *options, "-thread", 3)
    for name in ("rejects.jsonl", "train.txt", "prepare.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_files_beside_the_folders_of_labels(tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    for name in ("a/x.txt", "a/.hidden", "stray.txt", ".hidden"):
        (tmp_path / "in" / name).write_text("some text")
    said = fails("prepare", tmp_path / "in", "-o", tmp_path / "out")
    assert said.startswith(f"{tmp_path / 'in' / 'stray.txt'}: not in the folder of a label.")
    found = prepare(tmp_path / "out", tmp_path / "in", "--skip-bad", *ALL)
    assert found == {"train": ["__label__a some text"]}
    assert about(tmp_path / "out")["rejected"] == {"not in the folder of a label": 1}


def test_separators_of_labels_that_begin_with_a_dash(tmp_path):
    (tmp_path / "a.csv").write_bytes(csv_bytes([("t", "x--y")]))
    found = prepare(tmp_path / "out", tmp_path / "a.csv", "--label-separator=--", *ALL)
    assert found == {"train": ["__label__x __label__y t"]}
