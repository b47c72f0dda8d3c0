"""Commands on compressed files with bytes behind the end."""

import gzip

import pytest

from tests.command import SAMPLES, process, run

TEXT = (SAMPLES / "topics.train.txt").read_bytes()[:3000]
OPTIONS = ["-dim", 2, "-epoch", 1, "-verbose", 0]


@pytest.mark.parametrize("command", ["supervised", "mlp-train", "predict", "inspect", "prepare"])
def test_commands_warn_once_and_go_on(command, topics, tmp_path):
    path = tmp_path / "tail.gz"
    path.write_bytes(gzip.compress(TEXT[: TEXT.rindex(b"\n") + 1]) + b"tail")
    words = {
        "predict": [topics, path],
        "inspect": [path],
        "prepare": [path, "-o", tmp_path / "made", "-verbose", 0],
    }
    result = run(
        command, *words.get(command, ["-input", path, "-output", tmp_path / "m", *OPTIONS])
    )
    assert result.code == 0
    said = f"{path}: ignored 4 bytes after the end of the compressed data."
    assert result.err.splitlines().count(said) == 1
    assert len(result.err.splitlines()) == 1 or command == "inspect"


@pytest.mark.slow
def test_the_reading_process_of_prepare_warns_too(tmp_path):
    rows = b"".join(b"%d,text number %d,label%d\n" % (i, i, i % 3) for i in range(400_000))
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(rows, 0) + b"tail")
    more = ["--label-column", 2, "--thread", 2]
    done = process("prepare", path, "-o", tmp_path / "made", "--text-column", 1, *more)
    assert done.code == 0, done.err
    assert done.err.count("ignored 4 bytes") == 1


def test_bytes_after_the_end_are_said_where_the_file_was_looked_at_before(tmp_path, monkeypatch):
    """Small files are read to their end to see that they are no tables."""
    monkeypatch.chdir(tmp_path)
    text = b"__label__a b c\n__label__d e f\n"
    (tmp_path / "t.gz").write_bytes(gzip.compress(text) + b"more")
    result = run("supervised", "-input", "t.gz", "-output", "m", "-dim", 2, "-bucket", 10)
    assert result.err.count("t.gz: ignored 4 bytes after the end of the compressed data.") == 1
