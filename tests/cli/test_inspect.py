"""inspect: what it finds in data sets and in models, what it suggests, and how it says it."""

import gzip
import json
import math
import os
import re
import shlex
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.cli.display.tables import bar, cut, width_of
from fastcli.inspect.advice import buckets
from fastcli.inspect.data import lines_at, read_data
from fastcli.inspect.repeats import compare
from fastcli.memory import PROCESS
from tests import model_bytes
from tests.command import PLAIN_TEXT, SAMPLES, process, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file and returns its path."""

    def call(data, name="data.txt"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return call


def reports(*argv, stdin=b""):
    """Return the JSON objects that the command prints."""
    result = run("inspect", "--json", *argv, stdin=stdin)
    assert (result.code, result.err) == (0, "")
    return [json.loads(line) for line in result.out.splitlines()]


def found(path, *argv):
    """Return the findings of a file by kind: the number of lines, and the examples."""
    (report,) = reports(path, *argv)
    return {f["finding"]: (f["lines"], f["examples"]) for f in report["findings"]}


def notes(path, *argv):
    (report,) = reports(path, *argv)
    return {note["note"]: note["sentence"] for note in report["notes"]}


def options(path, *argv):
    """Return the suggested options and the words of the suggested command."""
    (report,) = reports(path, *argv)
    advice = report["suggestions"]
    values = {option["option"]: option["value"] for option in advice["options"]}
    assert all(option["reason"] for option in advice["options"])
    words = shlex.split(advice["command"])
    assert words[words.index("-output") + 2 :][-2 * len(values) :] == [
        word for pair in values.items() for word in pair
    ]
    return values, words


# ------------------------------------------------------------------------ counts


def test_counts_by_hand(write):
    path = write(
        b"__label__a red apple\n"
        b"__label__b __label__a red car red\n"
        b"__label__a\tgreen\vapple\fpie\0or\rcake\n"
        b"__label__c apple"
    )
    (report,) = reports(path)
    assert (report["file"], report["kind"]) == (str(path), "data")
    assert (report["bytes"], report["lines"]) == (path.stat().st_size, 4)
    assert report["labels"] == {
        "distinct": 3,
        "per_line": {"mean": 1.25, "max": 2, "lines_with_several": 1, "share_with_several": 0.25},
        "imbalance": 3.0,
        "counts": {"__label__a": 3, "__label__b": 1, "__label__c": 1},
    }
    assert report["tokens"]["total"] == 11
    assert report["tokens"]["per_line"] == {"min": 1, "median": 2, "mean": 2.75, "p95": 5, "max": 5}
    assert report["vocabulary"]["words"] == 7
    assert report["vocabulary"]["once"] == 5
    assert report["vocabulary"]["bigrams_about"] == 7
    growth = [(point["lines"], point["words"]) for point in report["vocabulary"]["growth"]]
    assert growth == [(1, 2), (2, 3), (3, 7), (4, 7)]


def test_growth_of_a_long_file(write):
    lines = [b"__label__x w%d\n" % (i // 2) for i in range(3000)]
    (report,) = reports(write(b"".join(lines)))
    growth = [(point["lines"], point["words"]) for point in report["vocabulary"]["growth"]]
    assert len(growth) == 10
    assert growth[-1] == (3000, 1500)
    for i, (n, words) in enumerate(growth, 1):
        assert 300 * i <= n <= 300 * i + 24
        assert words == (n + 1) // 2


def test_distinct_bigrams_are_estimated_well(write):
    text = b"".join(b"__label__x w%d w%d\n" % (i, i + 1) for i in range(20_000))
    (report,) = reports(write(text + text))
    assert report["vocabulary"]["bigrams_about"] == pytest.approx(20_000, rel=0.01)


@pytest.mark.parametrize("end", ["gz", "bz2", "xz"])
def test_compressed_files_are_the_same(end, write):
    import bz2
    import lzma

    compress = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[end]
    path = write(compress(TRAIN.read_bytes()), f"topics.txt.{end}")
    (comp,), (ref,) = reports(path), reports(TRAIN)
    for report in (comp, ref):
        del report["file"], report["suggestions"]["command"]
    assert comp == ref


def test_standard_input():
    (comp,), (ref,) = reports("-", stdin=TRAIN.read_bytes()), reports(TRAIN)
    assert comp["file"] == "-"
    assert "-input FILE -output model" in comp["suggestions"]["command"]
    assert comp["labels"] == ref["labels"]
    assert comp["tokens"] == ref["tokens"]


PIECES = st.sampled_from(
    [b"a", b"b", b"__label__x", b"__label__", b" ", b"\t", b"\0", b"\xff", b"\n"]
)


@given(st.lists(PIECES, min_size=1, max_size=60).map(b"".join))
def test_counts_equal_naive_ones(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "random.txt"
    path.write_bytes(data)
    lines = data.removesuffix(b"\n").split(b"\n")
    split = [re.findall(rb"[^\s\0]+", line) for line in lines]
    labels = [[t for t in tokens if t.startswith(b"__label__")] for tokens in split]
    words = [[t for t in tokens if not t.startswith(b"__label__")] for tokens in split]
    sizes = sorted(map(len, words))
    comp = read_data(str(path), "__label__")
    assert comp.n == len(lines)
    counts = dict(zip(comp.words, comp.counts.tolist(), strict=True))
    assert counts == Counter(t for tokens in words for t in tokens)
    assert comp.characters == sum(len(t) for tokens in words for t in tokens)
    assert comp.labels == Counter(t for tokens in labels for t in tokens)
    per_line = comp.as_json()["tokens"]["per_line"]
    assert per_line["median"] == sizes[math.ceil(0.5 * len(sizes)) - 1]
    assert per_line["p95"] == sizes[math.ceil(0.95 * len(sizes)) - 1]
    assert [growth for _, growth in comp.growth] == [
        len({t for tokens in words[: i + 1] for t in tokens}) for i in range(len(lines))
    ]
    both = [(tuple(w), tuple(sorted(x))) for w, x in zip(words, labels, strict=True)]
    n_twice = sum(w != () and (w, x) in both[:i] for i, (w, x) in enumerate(both))
    assert comp.findings.count("duplicate") == n_twice
    first = {}
    for w, x in both:
        if w and x:
            first.setdefault(w, x)
    n_differ = sum(bool(w and x) and first[w] != x for w, x in both)
    assert comp.findings.count("contradiction") == n_differ
    assert comp.findings.count("empty") == sum(not tokens for tokens in split)
    assert comp.findings.count("bare_prefix") == sum(b"__label__" in tokens for tokens in split)
    assert compare(comp, comp)["lines"] == sum(bool(w) for w in words)


# ---------------------------------------------------------------------- findings


def test_nothing_is_found_in_a_clean_file():
    assert found(TRAIN) == {}
    assert notes(TRAIN) == {}


def test_lines_that_lack_something(write):
    path = write(b"__label__a x\n\n__label__a\nonly text\n \t\n__label__b\n__label__ y\n")
    assert found(path) == {
        "empty": (2, [{"line": 2}, {"line": 5}]),
        "no_text": (2, [{"line": 3}, {"line": 6}]),
        "no_label": (1, [{"line": 4}]),
        "bare_prefix": (1, [{"line": 7}]),
    }


def test_repeated_texts(write):
    path = write(
        b"__label__a one two\n"
        b"__label__b one two\n"
        b"__label__a one  two\n"
        b"one two\n"
        b"__label__b __label__a three\n"
        b"__label__a __label__b three\n"
        b"__label__a\n__label__a\n"
    )
    assert found(path) == {
        "duplicate": (2, [{"line": 3, "first": 1}, {"line": 6, "first": 5}]),
        "contradiction": (1, [{"line": 2, "first": 1}]),
        "no_label": (1, [{"line": 4}]),
        "no_text": (2, [{"line": 7}, {"line": 8}]),
    }


def test_only_the_first_examples_are_kept(write):
    count, examples = found(write(b"__label__a same\n" * 100))["duplicate"]
    assert count == 99
    assert examples == [{"line": line, "first": 1} for line in range(2, 7)]


def test_labels_that_look_wrong(write):
    path = write(b"__label__a,__label__b x\n__label__c text __label__d more\n__label__c a </s> b\n")
    assert found(path) == {
        "joined_labels": (1, [{"line": 1, "label": "__label__a,__label__b"}]),
        "late_label": (1, [{"line": 2, "label": "__label__d"}]),
        "sentence_end": (1, [{"line": 3}]),
    }
    assert found(write(b"#a#b x\n#c y\n"), "-label", "#") == {}


@pytest.mark.parametrize(
    ("text", "kind", "ref"),
    [
        (b"\xef\xbb\xbf__label__a x\n", "byte_order_mark", [{"line": 1}]),
        ("__label__a x\n".encode("utf-16"), "utf16", [{"line": 1}]),
        (
            b"__label__a x\n__label__a caf\xe9 au\n",
            "invalid_utf8",
            [{"line": 2, "column": 15, "byte": "0xe9"}],
        ),
        (
            b"__label__a x\n__label__a y\0z\n",
            "control_characters",
            [{"line": 2, "column": 13, "character": "U+0000"}],
        ),
        (
            b"__label__a \x1b[1m\n",
            "control_characters",
            [{"line": 1, "column": 12, "character": "U+001B"}],
        ),
        (
            b"__label__a x\ry\r\n",
            "control_characters",
            [{"line": 1, "column": 13, "character": "U+000D"}],
        ),
        (
            "__label__a x\n__label__a \ufffd\n".encode(),
            "replacement_character",
            [{"line": 2, "column": 12, "character": "U+FFFD"}],
        ),
        (b"__label__a x\r\n__label__a y\n", "carriage_returns", [{"line": 1}]),
        (
            "__label__a cafÃ©\n".encode(),
            "mojibake",
            [{"line": 1, "column": 15, "character": "U+00C3 U+00A9"}],
        ),
        (
            "__label__a it\u00e2\u20ac\u2122s\n".encode(),
            "mojibake",
            [{"line": 1, "column": 14, "character": "U+00E2 U+20AC"}],
        ),
        (
            b"__label__a x \xc2\x96\n",
            "c1_controls",
            [{"line": 1, "column": 14, "character": "U+0096"}],
        ),
        (
            "__label__a x\u3000y\n".encode(),
            "odd_spaces",
            [{"line": 1, "column": 13, "character": "U+3000"}],
        ),
    ],
)
def test_encoding(text, kind, ref, write):
    assert found(write(text))[kind] == (1, ref)


def test_sound_text_of_many_scripts_has_no_problem(write):
    path = write("__label__a Ångström naïve Ã São größer\n__label__a 日本 한국 ไทย 🙂\n".encode())
    assert found(path) == {}


def test_no_line_end_but_a_carriage_return(write):
    assert found(write(b"__label__a x\r")) == {"carriage_returns": (1, [{"line": 1}])}


def test_problems_far_into_a_file(write):
    lines = [b"__label__a number %d of many words\n" % i for i in range(200_000)]
    lines[150_000] = b"__label__a bad \xff\n"
    assert found(write(b"".join(lines)))["invalid_utf8"] == (
        1,
        [{"line": 150_001, "column": 16, "byte": "0xff"}],
    )


# ------------------------------------------------------------------------- notes


def test_unbalanced_and_rare_labels(write):
    lines = [b"__label__a w%d\n" % i for i in range(51)]
    path = write(b"".join([*lines, b"__label__b x\n"]))
    said = notes(path)
    assert said["imbalance"].startswith(
        "The labels are unbalanced: 51 lines of __label__a, 1 of __label__b."
    )
    assert said["rare_labels"].startswith("1 of 2 labels have fewer than 5 lines")
    assert "imbalance" not in notes(write(b"".join([*lines[1:], b"__label__b x\n"])))


def test_labels_by_case(write):
    said = notes(write(b"__label__a x\n__label__A y\n__label__b z\n" * 5))
    assert "such as __label__A and __label__a (1 in all)" in said["labels_by_case"]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        (b"__tag__a x\n__tag__b y\n", "Did you mean -label __tag__?"),
        (b"#a x\n#b y\n", "Did you mean -label '#'?"),
        (b"topic:a x\ntopic:b y\n", "Did you mean -label topic:?"),
        (b"text,label\nsome words,a\n", "'fastcli prepare'"),
    ],
)
def test_no_labels(text, ref, write):
    assert ref in notes(write(text))["no_labels"]


def test_another_prefix(write):
    (report,) = reports(write(b"#a x\n#b y\n"), "-label", "#")
    assert report["labels"]["counts"] == {"#a": 1, "#b": 1}
    assert "-label '#' " in report["suggestions"]["command"]


# ------------------------------------------------------------------- suggestions


def test_of_several_labels():
    values, words = options(SAMPLES / "tags.train.txt")
    assert words[:6] == [
        "fastcli",
        "supervised",
        "-input",
        str(SAMPLES / "tags.train.txt"),
        "-output",
        "tags",
    ]
    assert values == {
        "-loss": "one-vs-all",
        "-wordNgrams": "2",
        "-bucket": "10000",
        "-dim": "50",
        "-epoch": "50",
        "-lr": "0.5",
    }


def test_of_characters_and_of_words():
    for name in ("zh-chars", "zh-words"):
        values, _ = options(SAMPLES / f"{name}.train.txt")
        assert values["-loss"] == "softmax"
        assert values["-wordNgrams"] == "2"
        assert "-maxn" not in values


def test_of_text_without_spaces(write):
    chars = (SAMPLES / "zh-chars.train.txt").read_text(encoding="utf-8").splitlines()
    lines = (line.split(" ", 1) for line in chars)
    joined = [f"{label} {text.replace(' ', '')}\n" for label, text in lines]
    path = write("".join(joined).encode())
    values, _ = options(path)
    assert (values["-minn"], values["-maxn"]) == ("1", "3")
    assert "-wordNgrams" not in values
    assert "fastcli prepare --segment" in notes(path)["unsegmented"]


def test_of_many_labels(write):
    text = b"".join(b"__label__%d word other\n" % i for i in range(1001))
    assert options(write(text))[0]["-loss"] == "hs"


def test_of_text_without_labels(write):
    values, words = options(write(b"just some words\nand more words\n"))
    assert words[1] == "skipgram"
    assert "-loss" not in values


def test_the_command_works_and_its_sizes_are_right(tmp_path):
    (report,) = reports(TRAIN)
    words = shlex.split(report["suggestions"]["command"])
    words[words.index("-output") + 1] = tmp_path / "m"
    assert run(*words[1:], "-verbose", 0).code == 0
    status = (tmp_path / "m.bin").stat()
    assert status.st_size == report["suggestions"]["file"]
    assert report["suggestions"]["disk"] < status.st_size
    assert PROCESS < report["suggestions"]["memory"] < PROCESS + 20_000_000


@pytest.mark.parametrize(
    ("ngrams", "ref"), [(0, 10_000), (9_000, 20_000), (30_000, 50_000), (1e9, 2_000_000)]
)
def test_buckets(ngrams, ref):
    assert buckets(ngrams) == ref


# ----------------------------------------------------------------------- overlap


def test_overlap_of_pairs(write):
    a = write(b"__label__x one two\n__label__x three\n__label__x\n", "a.txt")
    b = write(b"__label__x new\n__label__y one  two\n__label__x three\n__label__x\n", "b.txt")
    c = write(b"__label__z four\n", "c.txt")
    *data, ab, ac, bc = reports(a, b, c)
    assert [report["kind"] for report in data] == ["data"] * 3
    assert ab == {
        "kind": "overlap",
        "first": str(a),
        "second": str(b),
        "lines": 2,
        "share": 0.6667,
        "with_same_labels": 1,
        "examples": [{"line": 2, "first": 1}, {"line": 3, "first": 2}],
        "unknown_labels": {"__label__y": 1},
        "unknown_tokens_share": 0.25,
    }
    assert (ac["lines"], ac["unknown_labels"]) == (0, {"__label__z": 1})
    assert (bc["first"], bc["second"], bc["lines"]) == (str(b), str(c), 0)


def test_overlap_in_words(write):
    a = write(b"__label__x one two\n", "a.txt")
    b = write(b"__label__y one two\n__label__x new\n", "b.txt")
    lines = run("inspect", a, b).text().splitlines()
    assert f"{b}:1: as line 1  __label__y one two" in lines
    assert f"{a} and {b}" in lines


# ------------------------------------------------------------------------ models


def model(path, *argv):
    (report,) = reports(path, *argv)
    assert report["kind"] == "model"
    assert sum(part["bytes"] for part in report["parts"]) == report["bytes"]
    assert report["bytes"] == path.stat().st_size
    if hasattr(os.stat_result, "st_blocks"):
        assert 0 < report["bytes_on_disk"] <= report["bytes"]
    return report


def test_a_linear_model(topics):
    report = model(topics)
    assert (report["model"], report["task"], report["version"]) == ("linear", "classifier", 12)
    assert (report["words"], report["labels"], report["buckets"]) == (873, 6, 5000)
    assert (report["dim"], report["parameters"]) == (10, 10 * (873 + 5000 + 6))
    assert report["arguments"]["wordNgrams"] == 2
    assert report["quantization"] is None
    sizes = {part["part"]: part["bytes"] for part in report["parts"]}
    assert sizes["input matrix"] == 17 + 4 * 10 * 5873
    assert sizes["output matrix"] == 17 + 4 * 10 * 6
    assert report["label_counts"] == reports(TRAIN)[0]["labels"]["counts"]
    assert report["about"]["command"].startswith("fastcli supervised -input")
    assert report["about"]["command"].endswith(f" -output {topics.with_suffix('')}")
    assert not {"seconds", "threads", "python"} & set(report["about"])


def test_a_linear_model_in_words(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    shutil.copy(TRAIN, "train.txt")
    done = run("supervised", "-input", "train.txt", "-output", "tix", "-lr", 0.3, "-verbose", 0)
    assert done.code == 0
    os.utime("tix.bin", (0, 0))
    lines = run("inspect", "tix.bin").text().splitlines()
    assert lines[0].startswith("tix.bin  classifier (linear, fastText .bin 12), written ")
    facts = [re.split("  +", line.strip()) for line in lines[2 : lines.index("", 2)]]
    shown = [pair for fact in facts for pair in zip(fact[::2], fact[1::2], strict=True)]
    assert dict(shown) == {
        "labels": "6, one a line",
        "words": "873",
        "loss": "softmax",
        "dim": "100",
        "n-grams": "words 1, chars none",
        "epochs, lr": "5, 0.3",
        "trained on": "train.txt",
        "tokens": "14,188",
        "seed": "0",
        "final loss": f"{reports('tix.bin')[0]['about']['loss']:.2f} (guessing: 1.79)",
    }
    (report,) = reports("tix.bin")
    use = {part["part"]: part["bytes"] for part in report["use"]}
    assert use["words"] == 17 + 4 * 100 * 873
    assert (use["n-grams"], sum(use.values())) == (0, report["bytes"])
    assert any(re.fullmatch(r"  words +349,217 +95.6%  █+.", line) for line in lines)
    assert "Made by: fastcli supervised -input train.txt -lr 0.3 -output tix" in lines
    (smaller,) = [line for line in lines if line.startswith("Smaller: ")]
    command, size = re.fullmatch(r"Smaller: fastcli (.*)   \(about (.*)\)", smaller).groups()
    assert (run(*command.split(), "-verbose", 0).code, size) == (0, "164 kB")
    assert report["smaller"]["bytes"] == os.path.getsize("tix.ftz")
    assert not any(line.startswith("Other arguments") for line in lines)
    assert max(map(len, lines)) <= 80


def test_labels_of_a_line_and_unusual_arguments(tmp_path):
    train = tmp_path / "t.txt"
    train.write_text("__label__a __label__b one two\n" * 9)
    words = ["-input", train, "-output", tmp_path / "m", "-loss", "ova", "-ws", 3, "-dim", 5]
    assert run("supervised", *words, "-wordNgrams", 2, "-verbose", 0).code == 0
    (report,) = reports(tmp_path / "m.bin")
    assert (report["labels_per_line"], report["smaller"]["command"][:16]) == (2, "fastcli quantize")
    text = run("inspect", tmp_path / "m.bin").text()
    assert re.search("labels +2, 2 a line", text)
    assert "n-grams     words 1-2, chars none" in text
    assert "Other arguments: ws 3\n" in text


@pytest.mark.parametrize("sizes", [["-qnorm", "-cutoff", 300], ["-dsub", 3]])
def test_a_quantized_model(sizes, topics, tmp_path):
    shutil.copy(topics, tmp_path / "m.bin")
    assert run("quantize", "-output", tmp_path / "m", "-verbose", 0, *sizes).code == 0
    report = model(tmp_path / "m.ftz")
    assert report["model"] == "quantized"
    is_cut = "-cutoff" in sizes
    assert report["quantization"] == {
        "qnorm": is_cut,
        "qout": False,
        "dsub": 2 if is_cut else 3,
        "pruned": is_cut,
        "kept_rows": 300 if is_cut else 5873,
    }
    output = report["parts"][-1]
    assert (output["part"], output["bytes"]) == ("output matrix", 17 + 4 * 10 * 6)


def test_a_quantized_output(tmp_path):
    text = b"".join(b"__label__%d w%d common w%d\n" % (i, i, i // 2) for i in range(300))
    (tmp_path / "t.txt").write_bytes(text)
    small = ["-dim", 7, "-epoch", 1, "-verbose", 0]
    assert (
        run("supervised", "-input", tmp_path / "t.txt", "-output", tmp_path / "m", *small).code == 0
    )
    assert run("quantize", "-output", tmp_path / "m", "-qout", "-verbose", 0).code == 0
    assert model(tmp_path / "m.ftz")["quantization"]["qout"]
    assert re.search("quantized +dsub 2, qout", run("inspect", tmp_path / "m.ftz").text())


def test_word_vectors_and_old_versions(write):
    report = model(write(model_bytes.word_vectors()))
    assert (report["task"], report["labels"], report["label_counts"]) == ("word vectors", 0, {})
    assert report["arguments"]["model"] == "sg"
    assert model(write(model_bytes.small(version=11)))["version"] == 11


def test_a_perceptron_of_text(tiny, tmp_path):
    small = [*PLAIN_TEXT, "-dim", 4, "--hidden", 3, "-epoch", 2, "-verbose", 0]
    assert run("mlp-train", "-input", tiny, "-output", tmp_path / "m", *small).code == 0
    report = model(tmp_path / "m.mlp")
    assert (report["model"], report["words"], report["labels"]) == ("perceptron", 7, 3)
    assert report["parameters"] == 7 * 4 + 4 * 3 + 3 + 3 * 3 + 3
    assert report["label_counts"] == {"__label__car": 3, "__label__fruit": 2, "__label__road": 1}
    shapes = {part["part"]: part["shape"] for part in report["parts"]}
    assert shapes["embedding"] == [7, 16]
    lines = run("inspect", tmp_path / "m.mlp").text().splitlines()
    assert lines[0] == f"{tmp_path / 'm.mlp'}: perceptron model, classifier"
    assert "Optimiser, and arguments that are not the default" in lines


def test_a_perceptron_of_numbers(write, tmp_path):
    path = write(b"1,2,a\n3,4,b\n5,1,a\n2,2,b\n")
    small = ["--format", "csv", "--hidden", "none", "-epoch", 1, "-verbose", 0]
    assert run("mlp-train", "-input", path, "-output", tmp_path / "n", *small).code == 0
    report = model(tmp_path / "n.mlp")
    assert (report["columns"], report["label_counts"]) == (2, {"a": None, "b": None})
    assert "\nLabels\n  a\n  b\n" in run("inspect", tmp_path / "n.mlp").text()


def test_a_model_and_data_in_one_call(topics):
    kinds = [report["kind"] for report in reports(topics, TRAIN, TEST)]
    assert kinds == ["model", "data", "data", "overlap"]


# ------------------------------------------------------------------ human output


def test_data_in_words(write):
    path = write(
        b"__label__a one two\n__label__a one two\n__label__b one two\n__label__b \xff\x1b\n"
    )
    text = run("inspect", path).text()
    lines = text.splitlines()
    assert lines[0] == f"{path}: data set, 71 bytes"
    assert "  lines           4" in lines
    assert "  labels          2; per line 1 on average, at most 1" in lines
    assert "  words per line  1 to 2; median 2, mean 1.8, 95% have at most 2" in lines
    assert "Labels (the largest has 1.0 times the lines of the smallest)" in lines
    assert f"{path}:2: as line 1  __label__a one two" in lines
    assert f"{path}:3: unlike line 1  __label__b one two" in lines
    assert f"{path}:4:12: 0xff  __label__b \\xff\\x1b" in lines
    assert "\x1b" not in text
    assert f"  fastcli supervised -input {path} -output data " in text


def test_a_problem_far_into_a_line_is_shown(write):
    path = write(b"__label__a " + b"word " * 100 + b"bad\xff\n")
    lines = run("inspect", path).text().splitlines()
    assert f"{path}:1:515: 0xff  …word word bad\\xff" in lines


def test_a_clean_file_in_words():
    lines = run("inspect", TRAIN, TEST).text().splitlines()
    assert lines.count("No problems found.") == 2
    assert lines.count("Suggested options") == 1
    assert f"  No text of {TEST} is in {TRAIN}." in lines
    start = "  __label__health     161   17.9%  "
    assert any(line.startswith(start) and set(line[len(start) :]) == {"█"} for line in lines)


def test_width_follows_the_terminal(monkeypatch):
    charts = {}
    for columns in ("50", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        lines = run("inspect", TRAIN).text().splitlines()
        charts[columns] = max(len(line) for line in lines if "█" in line and "%" in line)
    assert charts["50"] <= 50 < charts["100"] <= 100


def test_more_labels_than_a_chart_shows(write):
    text = b"".join(b"__label__%02d x\n" % (i % 25) for i in range(50))
    assert "  and 5 more, 10 in all (20.0%)\n" in run("inspect", write(text)).text()


def test_a_process_of_its_own():
    assert process("inspect", TRAIN).out == run("inspect", TRAIN).out


def test_parts_of_the_layout():
    assert (bar(1, 10), bar(0, 10), bar(0.5, 9)) == ("█" * 10, "▏", "████▌")
    assert width_of("日本a") == 5
    assert cut("日本語", 5) == "日本…"


def test_lines_of_a_file_by_number(write):
    path = write(b"a\nb\n\nd")
    data = read_data(str(path), "__label__")
    assert lines_at(data, {1, 3, 4}) == {1: b"a", 3: b"", 4: b"d"}
    path.write_bytes(b"another one\n" * 9)
    assert lines_at(data, {1}) == {}
    assert lines_at(replace(data, path="-", state=None), {1}) == {}


# ------------------------------------------------------------------------ errors


def test_files_that_cannot_be_read(write, tmp_path):
    missing, empty = tmp_path / "missing", write(b"", "empty.txt")
    cut_model = write(model_bytes.small()[:-3], "cut.bin")
    cut_text = write(gzip.compress(TRAIN.read_bytes())[:-500], "cut.gz")
    for path, ref in [
        (missing, f"{missing} cannot be opened! (No such file or directory)\n"),
        (tmp_path, f"{tmp_path} cannot be opened! (Is a directory)\n"),
        (empty, f"{empty} is empty: there is nothing to inspect.\n"),
        (cut_model, f"{cut_model} is damaged: its output matrix "),
        (cut_text, f"{cut_text} cannot be "),
    ]:
        result = run("inspect", path)
        assert (result.code, len(result.err.splitlines())) == (1, 1)
        assert result.err.startswith(ref)


def test_nothing_is_printed_if_a_file_is_missing(tmp_path):
    result = run("inspect", TRAIN, tmp_path / "missing")
    assert (result.code, result.out) == (1, b"")


@pytest.mark.parametrize("argv", [(), (TRAIN, "-label", ""), (TRAIN, "-frobnicate")])
def test_usage(argv):
    result = run("inspect", *argv)
    assert (result.code, result.out) == (1, b"")
    assert "usage: fastcli inspect <file>... [options]" in result.err


def test_a_label_of_any_length_is_shown_at_once(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("__label__" + "a" * 300_000 + " x\n__label__b y\n")
    result = run("inspect", path)
    assert result.code == 0
    assert "__label__aaa" in result.text()


LONG = "".join(f",column_{i}" for i in range(3000))


@pytest.mark.parametrize(
    "text",
    [
        f"id{LONG}\n" + "1,2\n" * 3,  # a table's header, one word
        f"__label__a{LONG} x\n__label__A{LONG} y\n",  # differ in case only
        "__label__b x\n" * 200 + f"__label__a{LONG} x\n",  # unbalanced
        "__label__a x\n__label__c y\n" * 30 + f"__label__b{LONG} x\n" * 60,  # a run of one
        f"__{'x' * 30_000}__a x\n" * 5,  # a prefix that may be meant
    ],
    ids=["header", "case", "unbalanced", "run", "prefix"],
)
def test_long_words_of_others_are_cut(text, write):
    path = write(text.encode())
    (report,) = reports(path)
    assert report["notes"] or report["problems"]
    result = run("inspect", path).text()
    assert max(map(len, result.splitlines())) < 300
    assert all(len(note["sentence"]) < 600 for note in report["notes"])
