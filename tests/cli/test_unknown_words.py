"""Text of which a model knows hardly a word: said once on stderr, with the likely cause."""

import pytest

from tests.command import GOLDEN, SAMPLES, run

TOPICS = SAMPLES / "topics.test.txt"
WORDS = ["学习", "语言", "经济", "体育", "新闻", "社会", "国家", "政府", "电影", "音乐", "天气"]
LINES = [f"__label__{'ab'[i % 2]} {WORDS[i % 11]} {WORDS[i * 7 % 11]}" for i in range(100)]
SCORERS = ["test", "test-label", "predict", "predict-prob"]
KINDS = {"supervised": "m.bin", "mlp-train": "m.mlp"}


@pytest.fixture(scope="module", params=KINDS)
def of_gbk(request, tmp_path_factory):
    """Return a model that was trained on GBK, and the same text in UTF-8."""
    folder = tmp_path_factory.mktemp("gbk")
    (folder / "gbk.txt").write_bytes("\n".join([*LINES, ""]).encode("gbk"))
    (folder / "utf8.txt").write_text("\n".join([*LINES, ""]), "utf-8")
    argv = [request.param, "-input", folder / "gbk.txt", "-output", folder / "m", "-verbose", 0]
    assert run(*argv, "-dim", 4, "-thread", 1, "-epoch", 1).code == 0
    return folder / KINDS[request.param], folder / "utf8.txt"


@pytest.mark.parametrize("command", SCORERS)
def test_a_model_of_bytes_that_are_not_utf8(of_gbk, command):
    model, path = of_gbk
    result = run(command, model, path)
    assert result.code == 0
    assert result.err == (
        f"{path}: no word of 100 of 100 lines is known to the model: the model has words that are "
        "not UTF-8 but look like gb18030 (Chinese).\n"
    )
    if command.startswith("test"):
        assert b"N\t100\n" in result.out
    else:
        assert result.out.count(b"\n") == 100
        assert run(command, "--json", model, path).err == result.err
        piped = run(command, model, "-", stdin=path.read_bytes())
        assert piped.out == result.out
        assert piped.err.startswith("standard input: no word of 100 of 100 lines is known")
    assert run(command, model, path.with_name("gbk.txt")).err == ""


def test_unknown_words_of_tables(of_gbk):
    model, path = of_gbk
    folder = path.parent
    rows = [line.split(" ", 1) for line in LINES]
    lines = [f"{label.removeprefix('__label__')},{text}\n" for label, text in rows]
    for name in ("t1.csv", "t2.csv"):
        (folder / name).write_text("".join(["label,text\n", *lines]), "utf-8")
    table = folder / "t1.csv"
    note = "no word of 100 of 100 lines is known to the model: the model has words that are not "
    columns = ["--text-column", "text"]
    for command in (
        ["predict", model, table, "--output", folder / "o.csv", *columns],
        ["predict-prob", model, table, *columns],
        ["test", model, table, *columns, "--label-column", "label"],
    ):
        result = run(*command)
        assert result.code == 0
        assert result.err.count(f"{table}: {note}") == 1
    parts = ["predict", model, folder / "t*.csv", "--output-dir", folder / "parts", *columns]
    result = run(*parts, "-thread", 2, "--overwrite")
    assert result.code == 0
    for name in ("t1.csv", "t2.csv"):
        assert result.err.count(f"{folder / name}: {note}") == 1


@pytest.mark.parametrize("command", SCORERS)
def test_nothing_is_said_of_nothing(of_gbk, command):
    model, _ = of_gbk
    for text in (b"", b"\n\n", b" ", b"__label__a\n__label__b\n"):
        assert "known to the model" not in run(command, model, "-", stdin=text).err


def test_text_in_another_encoding(tmp_path):
    (tmp_path / "utf8.txt").write_text("\n".join([*LINES, ""]), "utf-8")
    (tmp_path / "gbk.txt").write_bytes("\n".join([*LINES, ""]).encode("gbk"))
    argv = ["-input", tmp_path / "utf8.txt", "-output", tmp_path / "m", "-verbose", 0, "-dim", 4]
    assert run("supervised", *argv).code == 0
    assert run("test", tmp_path / "m.bin", tmp_path / "gbk.txt").err.endswith(
        "no word of 100 of 100 lines is known to the model: the text has words that are not UTF-8 "
        "but look like gb18030 (Chinese): iconv -f gb18030 -t utf-8.\n"
    )


def upper(path, to):
    to.write_bytes(path.read_bytes().upper().replace(b"__LABEL__", b"__label__"))
    return to


def test_upper_case(topics, tmp_path):
    """Commas and digits are known, so most lines have a known word, and most words are not."""
    path = upper(TOPICS, tmp_path / "upper.txt")
    said = run("predict", topics, path).err
    assert (
        " words are unknown to the model: upper and lower case differ: the text has 'CAN'" in said
    )
    assert len(said.splitlines()) == 1
    assert run("predict", topics, TOPICS).err == ""


def test_a_model_with_character_ngrams_is_made_for_strange_words(tmp_path):
    """Only what can be fixed is said of one: text in upper case, not another language."""
    argv = ["-input", SAMPLES / "topics.train.txt", "-output", tmp_path / "m", "-verbose", 0]
    assert run("supervised", *argv, "-dim", 4, "-maxn", 3, "-bucket", 1000).code == 0
    other = "".join(f"xq{i}z wv{i}k\n" for i in range(100)).encode()
    assert run("predict", tmp_path / "m.bin", "-", stdin=other).err == ""
    path = upper(TOPICS, tmp_path / "upper.txt")
    assert "upper and lower case differ" in run("predict", tmp_path / "m.bin", path).err


@pytest.mark.parametrize("command", SCORERS)
def test_another_language(command, topics):
    """Of a query or two to predict nothing is said: an unknown word is nothing unusual there."""
    text = b"__label__travel la maison rouge\n__label__travel un jardin\n"
    if command.startswith("predict"):
        assert run(command, topics, "-", stdin=text).err == ""
        text *= 5
    said, n = run(command, topics, "-", stdin=text).err, text.count(b"\n")
    assert said.startswith(
        f"standard input: no word of {n} of {n} lines is known to the model: another language, "
        "segmentation or kind of text: the text has 'la', 'maison', 'rouge'; the model has '"
    )


def test_models_of_numbers_have_no_words(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,label\n1,2,x\n3,4,y\n")
    argv = ["-input", tmp_path / "x.csv", "-output", tmp_path / "m", "--hidden", 2, "-verbose", 0]
    assert run("mlp-train", *argv).code == 0
    assert "known to the model" not in run("test", tmp_path / "m.mlp", tmp_path / "x.csv").err


def test_many_threads_and_blocks_count_the_same(tmp_path):
    text = b"".join(b"zz%d yy%d\n" % (i, i) for i in range(50_000)) + b"can i take\n" * 10
    (tmp_path / "x.txt").write_bytes(text)
    argv = ["predict", GOLDEN / "softmax-ngrams.bin", tmp_path / "x.txt"]
    for n in (1, 3):
        said = run(*argv, "-thread", n).err
        assert "no word of 50,000 of 50,010 lines is known to the model" in said
