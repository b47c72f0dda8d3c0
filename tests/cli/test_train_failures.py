"""supervised: what failed runs leave behind, and what training says."""

import gzip
import os
import re
import signal
import time

import pytest

from fastcli.files import check_writable
from tests.cli.conftest import LOSSES, fails
from tests.command import SAMPLES, process, run, start

# -------------------------------------------- what a failed run leaves behind


def test_no_label_keeps_the_former_files(former, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(b"one two three\nfour\n")
    err = fails("-input", path, "-output", former, "-verbose", 0)
    assert err.startswith(f"No label found in {path}")
    assert "'__label__'" in err
    assert "'one two three'" in err


def test_another_prefix_finds_no_label(former, tiny):
    err = fails("-input", tiny, "-output", former, "-label", "#", "-verbose", 0)
    assert "'#'" in err
    assert "'__label__fruit apple banana'" in err


def test_no_label_in_compressed_input(former, tmp_path):
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"one two three\n"))
    err = fails("-input", path, "-output", former, "-verbose", 0)
    assert "'one two three'" in err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_text_in_wide_characters_is_named(encoding, former, tmp_path):
    path = tmp_path / "text.csv"
    path.write_text("label,text\nfruit,an apple\n" * 20, encoding=encoding)
    err = fails("-input", path, "-output", former, "-verbose", 0)
    name = {"utf-16-le": "utf-16le"}.get(encoding, encoding)
    command = f"iconv -f {name} -t utf-8 {path} > {tmp_path / 'text.utf8.csv'}"
    assert err == f"No label found in {path}: it looks like {encoding}: {command}\n"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (
            b"PK\x03\x04" + b"[Content_Types].xml" * 9,
            ". It is a document of Office (a zip archive)",
        ),
        (b"%PDF-1.7 and more", ". It is a PDF document"),
        (bytes(range(256)) * 9, ": it is binary, not text."),
    ],
)
def test_what_is_no_text_is_named(data, what, former, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(data)
    err = fails("-input", path, "-output", former, "-verbose", 0)
    assert err.startswith(f"No label found in {path}{what}")
    assert "\\x" not in err


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("label,text\nfruit,apple\nnut,almond\n", "csv"),
        ("label\ttext\nfruit\tapple\nnut\talmond\n", "tsv"),
        ('{"label": "fruit", "text": "apple"}\n{"label": "nut", "text": "almond"}\n', "jsonl"),
    ],
)
def test_a_table_without_its_name_is_named(text, kind, former, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(text)
    err = fails("-input", path, "-output", former, "-verbose", 0)
    assert f"If it is a table, give --format {kind} --text-column COLUMN" in err
    columns = ["--text-column", "text", "--label-column", "label"]
    argv = ["-input", path, "-output", tmp_path / "m", "--format", kind, *columns]
    assert run("supervised", *argv, "-verbose", 0, "-bucket", 10).code == 0


@pytest.mark.parametrize("text", [b"", b" ", b"\n", b"\t \0\n"])
def test_empty_file_keeps_the_former_files(text, former, tmp_path):
    path = tmp_path / "empty.txt"
    path.write_bytes(text)
    err = fails("-input", path, "-output", former, "-verbose", 0)
    if b"\n" in text:
        assert err.startswith("No label found")  # </s> is a word
    else:
        assert err.startswith("Empty vocabulary. Try a smaller -minCount value.")


def test_rare_words_only(former, tiny):
    err = fails("-input", tiny, "-output", former, "-minCount", 100, "-minCountLabel", 100)
    assert "Empty vocabulary. Try a smaller -minCount value." in err


def test_labels_without_words(former, tmp_path):
    path = tmp_path / "labels.txt"
    path.write_bytes(b"__label__a x")
    err = fails("-input", path, "-output", former, "-minCount", 2, "-verbose", 0)
    assert "nothing to train on" in err


def test_one_label_and_negative_sampling(former, tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"__label__a one two\n")
    err = fails("-input", path, "-output", former, "-loss", "ns", "-verbose", 0)
    assert "-loss ns needs at least two labels" in err


def test_one_label_and_another_loss(train, tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"__label__a one two\n" * 3)
    for loss in ("softmax", "hs", "ova"):
        train(path, "-loss", loss)
        answer = run("predict", tmp_path / "model.bin", "-", stdin=b"one\n")
        assert answer.text() == "__label__a\n"


def test_missing_folder(tiny, tmp_path):
    output = tmp_path / "nofolder" / "m"
    err = fails("-input", tiny, "-output", output)
    assert err.startswith(f"{output}.bin cannot be opened for saving.")
    assert not output.parent.exists()


def test_folder_in_the_place_of_the_model(tiny, tmp_path):
    (tmp_path / "m.bin").mkdir()
    err = fails("-input", tiny, "-output", tmp_path / "m")
    assert err.startswith(f"{tmp_path / 'm'}.bin cannot be opened for saving.")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is writable to root"
)
def test_unwritable_folder(former, tiny):
    former.parent.chmod(0o500)
    err = fails("-input", tiny, "-output", former)
    former.parent.chmod(0o700)
    assert err.startswith(f"{former}.bin cannot be opened for saving.")


@pytest.mark.parametrize("lr", [100, 1e6, 1e36])
@pytest.mark.parametrize("loss", LOSSES)
def test_divergence_keeps_the_former_files(loss, lr, former):
    source = SAMPLES / "tags.train.txt"
    options = ["-loss", loss, "-lr", lr, "-epoch", 5, "-dim", 10, "-verbose", 0]
    err = fails("-input", source, "-output", former, *options)
    assert err.startswith("Encountered NaN: the loss is not finite ")
    assert re.search(r"in epoch 1 of 5 at a learning rate of \S+;", err)
    assert re.search(r"Try -lr \S+", err)


def long_training(source, output):
    """Start a training that would take hours; return it once it trains."""
    options = ["-dim", 10, "-epoch", 10**7, "-verbose", 1]
    child = start("supervised", "-input", source, "-output", output, *options)
    for line in child.stderr:
        if line.startswith(b"Number of labels"):
            break
    time.sleep(0.2)
    assert child.poll() is None
    return child


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupted_training_keeps_the_former_files(former):
    child = long_training(SAMPLES / "topics.train.txt", former)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert out == b""
    assert b"Interrupted" in err
    assert b"Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_killed_training_keeps_the_former_files(former):
    child = long_training(SAMPLES / "topics.train.txt", former)
    child.kill()
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    check_writable(f"{former}.bin")  # as the next run does, which sweeps


@pytest.mark.skipif(os.name != "posix", reason="resource limits")
def test_full_disk_keeps_the_former_files(former, train, tiny):
    import resource

    train(tiny)  # the kernels are compiled, so that nothing else is written

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))

    source = SAMPLES / "topics.train.txt"
    argv = ["supervised", "-input", source, "-output", former, "-dim", 20, "-verbose", 0]
    result = process(*argv, preexec_fn=limit)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(f"{former}.bin cannot be opened for saving.")
    assert len(result.err.splitlines()) == 1


def test_vectors_that_cannot_be_written(tiny, tmp_path):
    (tmp_path / "m.vec").mkdir()
    err = fails("-input", tiny, "-output", tmp_path / "m", "-dim", 4, "-verbose", 0)
    assert err.startswith(f"{tmp_path / 'm'}.vec cannot be opened for saving")
    assert not list(tmp_path.glob(".*"))


# ------------------------------------------------------------------- progress

DICTIONARY_LINES = "Read 0M words\nNumber of words:  7\nNumber of labels: 3\n"
FINAL_LINE = (
    r"Progress: 100\.0% words/sec/thread: +\d+ lr:  0\.000000 avg\.loss:  \d\.\d{6} ETA:   0h 0m 0s"
)


def test_verbose_0_is_silent(tiny, tmp_path):
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")


@pytest.mark.parametrize("verbose", [1, 2, 3])
def test_what_training_says(verbose, tiny, tmp_path):
    options = ["-dim", 4, "-verbose", verbose, "-lr", 1, "-epoch", 20]
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", *options)
    assert (result.code, result.out) == (0, b"")
    assert result.err.startswith(DICTIONARY_LINES)
    seconds = r"Trained in [0-9]+\.[0-9]{3} s\.\n" if verbose > 2 else ""
    files = r"Wrote .*m\.bin \(.*\), .*m\.vec, .*m\.bin\.json in [0-9]\.[0-9] s\.\n"
    ending = files + r"Next: fastcli .*\n"
    assert re.fullmatch(FINAL_LINE + "\n" + seconds + ending, result.err[len(DICTIONARY_LINES) :])


def test_lines_left_out_are_said(tmp_path):
    path = tmp_path / "some.txt"
    path.write_bytes(b"__label__a x y\nno label\n\n__label__rare x\n__label__a x y\n")
    options = ["-dim", 4, "-minCountLabel", 2, "-verbose", 1]
    result = run("supervised", "-input", path, "-output", tmp_path / "m", *options)
    assert result.code == 0
    assert "Lines left out of training: 2 without a label, 1 with rare labels only." in result.err


def test_byte_order_mark_is_said(tmp_path):
    path = tmp_path / "bom.txt"
    path.write_bytes(b"\xef\xbb\xbf__label__a x y\n__label__b x\n")
    result = run("supervised", "-input", path, "-output", tmp_path / "m", "-dim", 4)
    assert result.code == 0
    assert "byte-order mark" in result.err
    assert "Number of labels: 1\n" in result.err
