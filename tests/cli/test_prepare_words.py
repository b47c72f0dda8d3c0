"""Which words of a text prepare keeps: stop words, short tokens, and a user dictionary."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.prepare.clean import Cleaning
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.segment import Segmentation
from fastcli.prepare.words import Words, keep_words
from tests.command import run

IN_ORDER = ["--split", 100, "--no-shuffle", "-verbose", 0]


@pytest.fixture
def prepare(tmp_path):
    """Return a function that prepares texts of one label and returns them."""

    def call(texts, *options):
        lines = "".join(f"__label__x {text}\n" for text in texts)
        (tmp_path / "a.txt").write_text(lines, encoding="utf-8")
        result = run("prepare", tmp_path / "a.txt", "-o", tmp_path / "out", *IN_ORDER, *options)
        assert (result.code, result.out, result.err) == (0, b"", "")
        lines = (tmp_path / "out" / "train.txt").read_text(encoding="utf-8").splitlines()
        return [line.removeprefix("__label__x ") for line in lines]

    return call


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of words and returns its path."""

    def call(text, name="words.txt"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / name

    return call


def fails(*argv):
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


# ------------------------------------------------------------------ stop words


def test_stop_words_are_cleaned_as_texts_are(prepare, write):
    words = write("\ufeffThe\r\n,\r\n\r\n  #tag \r\nthe\r\n")
    texts = ["The cat, the #tag and The END"]
    assert prepare(texts, "--stopwords", words) == ["cat, the and END".replace("the ", "")]
    assert prepare(texts, "--stopwords", words, "--clean") == ["cat and end"]


def test_a_stop_word_of_several_tokens(prepare, write):
    words = write("don't\nI\nI'm not\nit's\n")
    texts = ["I don't know, it's IT 's", "don ' s t", "I'm not, I'm here", "not I' m"]
    assert prepare(texts, "--stopwords", words, "--clean") == [
        "know ,",
        "don ' s t",
        ", ' m here",
        "not ' m",
    ]


def test_short_tokens_count_characters(prepare):
    texts = ["a bc 中 中国 é éa 👍 👍👍 x"]
    assert prepare(texts, "--min-token-length", 2) == ["bc 中国 éa 👍👍"]
    assert prepare(texts, "--min-token-length", 1) == texts


def test_words_go_before_the_length_is_cut(prepare, write):
    options = ["--stopwords", write("a\n"), "--min-token-length", 2, "--max-length", 2]
    assert prepare(["a one b two three a"], *options) == ["one two"]


def test_a_text_that_has_nothing_left_is_bad(write, tmp_path):
    source = write("__label__x a\n__label__x b\n", "in.txt")
    argv = ["prepare", source, "-o", tmp_path / "out", "--stopwords", write("a\n"), *IN_ORDER]
    assert "in.txt:1: no text is left: 'a'" in fails(*argv)
    assert run(*argv, "--skip-bad").code == 0


def test_stop_words_of_characters(prepare, write):
    words = write("的\n但是\n，\n")
    found = prepare(["好的书，但是贵", "是但"], "--segment", "chars", "--stopwords", words)
    assert found == ["好 书 贵", "是 但"]


def test_lines_to_predict_lose_the_same_words(prepare, write, tmp_path):
    words = write("The\n")
    options = ["--stopwords", words, "--min-token-length", 2, "--lowercase"]
    assert prepare(["the cat a"], *options) == ["cat"]
    words.unlink()
    recipe = tmp_path / "out" / "prepare.json"
    assert json.loads(recipe.read_text())["words"] == {"stopwords": ["The"], "min_length": 2}
    found = run("prepare", "--like", recipe, "-", stdin=b"THE dog I see\nthe\n").text()
    assert found == "dog see\n\n"


def test_a_recipe_of_the_first_version_has_no_words(prepare, tmp_path):
    prepare(["A b"], "--lowercase")
    recipe = tmp_path / "out" / "prepare.json"
    found = json.loads(recipe.read_text())
    del found["words"], found["segmentation"]["user_dict"]
    recipe.write_text(json.dumps({**found, "version": 1}))
    assert run("prepare", "--like", recipe, "-", stdin=b"A b\n").text() == "a b\n"
    recipe.write_text(json.dumps(found))
    assert "is damaged: it has no 'words'" in fails("prepare", "--like", recipe, "-")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n \n", " holds no words"),
        (b"one\ntwo\n\xb5\xc4\n", ":3: not UTF-8. Convert the file"),
        (None, " cannot be opened! (No such file or directory)"),
    ],
)
@pytest.mark.parametrize("option", ["--stopwords", "--user-dict"])
def test_files_that_are_no_lists(option, text, said, write, tmp_path):
    path = tmp_path / "words.txt" if text is None else write(text)
    source = write("__label__x a\n", "in.txt")
    argv = ["prepare", source, "-o", tmp_path / "out", option, path, "--segment", "jieba"]
    assert f"words.txt{said}" in fails(*argv)
    assert not (tmp_path / "out").exists()


def naive(tokens, stop, least):
    """Take out stop words, sequences of tokens, the longest first at each place."""
    kept = []
    while tokens:
        n = max([len(x) for x in stop if tokens[: len(x)] == x], default=0)
        if n == 0 and len(tokens[0]) >= least:
            kept.append(tokens[0])
        tokens = tokens[n or 1 :]
    return kept


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "cc", "ddd"]), min_size=1), min_size=1),
    st.lists(st.lists(st.sampled_from(["a", "b", "cc"]), min_size=1, max_size=3)),
    st.integers(0, 3),
)
def test_words_that_are_kept(texts, stop, least):
    words = Words(tuple(map(" ".join, stop)), least)
    found = keep_words([" ".join(text) for text in texts], words, Cleaning(), Segmentation())
    assert found == [" ".join(naive(text, stop, least)) for text in texts]


# ------------------------------------------------------------- user dictionary


def test_a_user_dictionary(prepare, write, tmp_path):
    pytest.importorskip("jieba")
    text = ["李小福是创新办主任也是云计算方面的专家"]
    plain = prepare(text, "--segment", "jieba")[0].split()
    assert not {"创新办", "云计算"} & set(plain)
    path = write("云计算 5\n创新办 3 i\n李小福\n\n", "dict.txt")
    found = prepare(text, "--segment", "jieba", "--user-dict", path)
    assert {"李小福", "创新办", "云计算"} <= set(found[0].split())
    path.unlink()
    recipe = tmp_path / "out" / "prepare.json"
    assert json.loads(recipe.read_text())["segmentation"]["user_dict"] == [
        "云计算 5",
        "创新办 3 i",
        "李小福",
    ]
    again = run("prepare", "--like", recipe, "-", stdin=text[0].encode()).text()
    assert again == found[0]
    assert prepare(text, "--segment", "jieba")[0].split() == plain  # another tokenizer


@pytest.mark.parametrize("line", ["n 云计算 5", "云计算\t5", "云计算 5 N", "云计算 5.5", "a b c d"])
def test_a_user_dictionary_that_is_none(line, write, tmp_path):
    path, source = write(f"一 1\n{line}\n", "dict.txt"), write("__label__x a\n", "in.txt")
    argv = ["prepare", source, "-o", tmp_path / "out", "--user-dict", path, "--segment", "jieba"]
    said = fails(*argv)
    assert "dict.txt:2: " in said
    assert "is not a word, its frequency and its part of speech" in said


def test_a_user_dictionary_is_for_jieba(write, tmp_path):
    path, source = write("一 1\n", "dict.txt"), write("__label__x a\n", "in.txt")
    said = fails("prepare", source, "-o", tmp_path / "out", "--user-dict", path)
    assert said == "--user-dict is for jieba: give --segment jieba, too.\n"


def test_a_recipe_with_a_wrong_dictionary_is_damaged(prepare, tmp_path):
    prepare(["a"], "--lowercase")
    recipe = tmp_path / "out" / "prepare.json"
    found = json.loads(recipe.read_text())
    found["segmentation"] = {"kind": "jieba", "command": "", "user_dict": ["a b 5"]}
    recipe.write_text(json.dumps(found))
    assert "is damaged: --user-dict: 'a b 5' is not an entry" in fails(
        "prepare", "--like", recipe, "-"
    )


# ------------------------------------------------ data sets of tutorials, at once


def test_a_table_segmented_without_stop_words_some_rows_of_each_class(write, tmp_path):
    pytest.importorskip("jieba")
    rows = [f"我们的科技公司发布了新手机{i},科技\n国家队赢得了足球比赛{i},体育\n" for i in range(9)]
    source = write("content,category\n" + "".join(rows), "news.csv")
    options = ["--segment", "jieba", "--stopwords", write("我们\n的\n了\n")]
    options += ["--min-token-length", 2, "--max-per-label", 5, "--text-column", "content"]
    result = run("prepare", source, "-o", tmp_path / "out", *IN_ORDER, *options)
    assert (result.code, result.err) == (0, "")
    lines = (tmp_path / "out" / "train.txt").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in lines] == ["__label__科技", "__label__体育"] * 5
    words = {word for line in lines for word in line.split()[1:]}
    assert {"科技", "公司", "赢得"} <= words
    assert all(len(word) > 1 for word in words)
    assert "我们" not in words


def test_a_folder_per_class_whose_first_rows_train(tmp_path):
    for label in ("car", "tech"):
        (tmp_path / "in" / label).mkdir(parents=True)
        for i in range(10):
            (tmp_path / "in" / label / f"{i}.txt").write_text(f"{label} text {i}")
    options = ["--split", "50,0,50", "--split-by", "order", "--max-per-label", 6, "--no-shuffle"]
    assert run("prepare", tmp_path / "in", "-o", tmp_path / "out", *options).code == 0
    for part, numbers in (("train", range(3)), ("test", range(3, 6))):
        lines = (tmp_path / "out" / f"{part}.txt").read_text().splitlines()
        assert lines == [f"__label__{x} {x} text {i}" for x in ("car", "tech") for i in numbers]


def test_words_without_any_change_nothing():
    texts = ["", "a b", "  "]
    assert keep_words(texts, Words(), Cleaning(), Segmentation()) == texts
    assert Recipe(words=Words(("a",))).apply(["a b", "a"]) == ["b", ""]
