"""Training on text that is not UTF-8: said in one line, with the lines and the encoding."""

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.text import invalid_utf8
from fastcli.text.counting import count_tokens
from fastcli.text.invalid_utf8 import invalid_utf8_note, invalid_words
from tests.command import run

CHINESE = [
    "__label__a 学习 语言 经济",
    "__label__b 体育 新闻 社会 国家",
    "__label__a plain text",
    "__label__b 政府 电影 音乐 天气 今天",
]
FRENCH = ["__label__a le café est fermé", "__label__b la maison", "__label__a un été chaud"]
COMMANDS = ["supervised", "skipgram", "cbow", "mlp-train"]
SMALL = ["-dim", 4, "-epoch", 1, "-bucket", 100, "-minCount", 1, "-thread", 1]


def note_of(path, text):
    path.write_bytes(text)
    return invalid_utf8_note(count_tokens([str(path)], "__label__", 2), [str(path)])


def is_utf8(text):
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_trains_on_text(command, tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes("\n".join([*CHINESE * 10, ""]).encode("gb18030"))
    argv = [command, "-input", path, "-output", tmp_path / "m", *SMALL]
    result = run(*argv, "-verbose", 1)
    ref = (
        f"{path} is not UTF-8 (30 of 40 lines); it looks like gb18030 (Chinese): "
        f"iconv -f gb18030 -t utf-8 {path} > {tmp_path / 'train.utf8.txt'}"
    )
    assert result.code == 0
    assert [line for line in result.err.splitlines() if "UTF-8" in line] == [ref]
    assert "UTF-8" not in run(*argv, "-verbose", 0).err
    path.write_bytes("\n".join([*CHINESE * 10, ""]).encode())
    assert "UTF-8" not in run(*argv, "-verbose", 1).err


def test_autotune_says_it_once(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes("\n".join([*CHINESE * 10, ""]).encode("gb18030"))
    argv = ["supervised", "-input", path, "-output", tmp_path / "m", "-thread", 1, "-verbose", 1]
    result = run(*argv, "-autotune-validation", path, "-autotune-duration", 1)
    assert result.err.count("is not UTF-8 (30 of 40 lines)") == 1


def test_standard_input_and_several_files(tmp_path):
    text = "\n".join([*CHINESE * 10, ""]).encode("gb18030")
    argv = ["supervised", "-output", tmp_path / "m", *SMALL, "-verbose", 1]
    said = run(*argv, "-input", "-", stdin=text).err
    assert "standard input is not UTF-8 (30 of 40 lines); it looks like gb18030" in said
    (tmp_path / "a.txt").write_bytes(b"__label__a plain\n")
    (tmp_path / "b.txt").write_bytes(text)
    files = ["-input", tmp_path / "a.txt", tmp_path / "b.txt"]
    said = run(*argv, *files).err
    assert f"{tmp_path / 'a.txt'}, {tmp_path / 'b.txt'} is not UTF-8 (30 of 41 lines)" in said
    assert "iconv -f gb18030 -t utf-8\n" in said


@pytest.mark.parametrize(
    ("lines", "encoding", "n"),
    [(CHINESE, "gb18030", 30), (CHINESE, "utf-16", None), (FRENCH, "cp1252", 20)],
)
def test_encodings(lines, encoding, n, tmp_path):
    text = "\n".join([*lines * 10, ""]).encode(encoding)
    said = note_of(tmp_path / "x y.txt", text)
    assert f"looks like {encoding}" in said
    assert f"iconv -f {encoding} -t utf-8 '{tmp_path / 'x y.txt'}' > " in said
    assert n is None or f"({n} of {10 * len(lines)} lines)" in said
    packed = note_of(tmp_path / "x.gz", gzip.compress(text))
    assert packed.endswith(f"iconv -f {encoding} -t utf-8")


def test_damaged_lines_of_utf8(tmp_path):
    text = "\n".join(CHINESE * 10).encode() + b"\n__label__\xff fine\nx \xe5\xad y\n"
    ref = "2 of 42 lines are not UTF-8, and trained on as they are: damaged, or of another"
    assert ref in note_of(tmp_path / "x.txt", text)
    assert note_of(tmp_path / "x.txt", "\n".join(CHINESE).encode()) is None
    assert note_of(tmp_path / "x.txt", b"") is None


def test_bytes_far_behind_the_start_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("fastcli.text.blocks.Blocks.lines.__defaults__", (200,))
    text = b"plain text\n" * 100 + "\n".join(CHINESE * 10).encode("gb18030")
    assert "(30 of 140 lines); it looks like gb18030" in note_of(tmp_path / "x.txt", text)


words = st.lists(st.text(max_size=3).map(str.encode) | st.binary(max_size=4), max_size=8)


@given(
    lines=st.lists(words, max_size=8),
    end=st.sampled_from([b"\n", b""]),
    at_once=st.integers(1, 9),
)
def test_words_and_lines_are_those_of_python(lines, end, at_once, tmp_path_factory):
    text = b"\n".join(b" ".join(line) for line in lines) + end
    path = tmp_path_factory.mktemp("any") / "any.txt"
    path.write_bytes(text)
    counted = count_tokens([str(path)], "__label__", 1)
    bounds = counted.words.starts[: counted.words.n + 1].tolist()
    arena = counted.words.arena.tobytes()
    known = [arena[a:b] for a, b in pairwise(bounds)]
    invalid = invalid_words(counted.words)
    assert invalid.tolist() == [not is_utf8(word) for word in known]
    bad = {word for word in known if not is_utf8(word)}
    # Tokens end at white space of C and at NUL; a line at its line feed alone.
    spaces = bytes.maketrans(b"\0\t\v\f\r", b"     ")
    ref = [any(w in bad for w in line.translate(spaces).split(b" ")) for line in text.split(b"\n")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invalid_utf8, "TOKENS_AT_ONCE", at_once)
        found = invalid_utf8._lines_with(counted, invalid)
    assert found[0] == sum(ref)
    assert found[1] in (len(ref), len(ref) - 1)
