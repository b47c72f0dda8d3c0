"""supervised: options, messages, files, and what failures leave behind."""

import bz2
import gzip
import json
import lzma
import os
import re
import signal
import sys
import time

import numpy as np
import pytest

from fastcli.cli.train import supervised
from fastcli.errors import ArgumentError
from fastcli.fasttext.args import TrainArgs
from fastcli.fasttext.model import Reader
from fastcli.fasttext.model_file import load_model
from fastcli.text.dictionary import as_bytes
from tests.cli.conftest import TINY
from tests.command import SAMPLES, process, run, start

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Every option of the reference's B2 table for training and dictionary, with its default.
OPTIONS = {
    "lr": 0.1,
    "minCount": 1,
    "minn": 0,
    "maxn": 0,
    "loss": "softmax",
    "lrUpdateRate": 100,
    "dim": 100,
    "ws": 5,
    "epoch": 5,
    "minCountLabel": 0,
    "neg": 5,
    "wordNgrams": 1,
    "bucket": 2000000,
    "t": 1e-4,
    "label": "__label__",
    "verbose": 2,
    "pretrainedVectors": "",
    "seed": 0,
}
# Another value for each that shows in a file, and what it needs to show there.
OTHERS = {
    "lr": (0.3, ()),
    "minCount": (2, ()),
    "minn": (2, ("-maxn", 3)),
    "maxn": (3, ("-minn", 2)),
    "loss": ("hs", ()),
    "lrUpdateRate": (7, ()),
    "dim": (6, ()),
    "ws": (3, ()),
    "epoch": (9, ()),
    "minCountLabel": (2, ()),
    "neg": (2, ("-loss", "ns")),
    "wordNgrams": (3, ()),
    "bucket": (77, ("-wordNgrams", 2)),
    "t": (0.5, ()),
    "label": ("a", ()),
    "seed": (5, ()),
}
LOSSES = ["softmax", "hs", "ns", "ova"]


def kebab(name):
    return "--" + re.sub("[A-Z]", lambda match: "-" + match[0].lower(), name)


def fails(*argv):
    """Run a training that fails; return what it says."""
    result = run("supervised", *argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


# -------------------------------------------------------------------- options


@pytest.mark.parametrize("name", OPTIONS)
def test_both_spellings_and_the_default(name):
    found = [p for p in supervised.params if f"-{name}" in p.opts]
    assert len(found) == 1
    assert kebab(name) in found[0].opts
    assert found[0].default == OPTIONS[name]


def test_other_options_have_both_spellings():
    spellings = {name for p in supervised.params for name in p.opts}
    for name in ("input", "output", "saveOutput", "thread"):
        assert {f"-{name}", kebab(name)} <= spellings
    assert "--no-vec" in spellings


@pytest.mark.parametrize("name", OTHERS)
def test_both_spellings_do_the_same(name, tiny, train, tmp_path):
    value, needs = OTHERS[name]
    default = train(tiny, *needs)
    a = train(tiny, *needs, f"-{name}", value, output="a")
    b = train(tiny, *needs, kebab(name), value, output="b")
    assert a == b
    assert train(tiny, *needs, f"{kebab(name)}={value}", output="b") == a
    about = json.loads((tmp_path / "a.json").read_text())
    snake = kebab(name)[2:].replace("-", "_")
    assert about["arguments"][snake] == value
    if name != "lrUpdateRate":  # so small a text has one learning rate a line either way
        assert a != default


def test_the_last_of_several_counts(tiny, train):
    assert train(tiny, "-dim", 3, "-dim", 7) == train(tiny, "-dim", 7)


def test_ova_is_one_vs_all(tiny, train):
    assert train(tiny, "-loss", "ova") == train(tiny, "-loss", "one-vs-all")


def test_buckets_only_where_there_are_ngrams(tiny, train, tmp_path):
    train(tiny)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 0
    train(tiny, "-wordNgrams", 2)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 500
    train(tiny, "-minn", 2, "-maxn", 3)
    assert load_model(str(tmp_path / "model.bin")).args.bucket == 500


# ------------------------------------------------------------------- messages


def test_unknown_option(tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", "-foo", 1)
    assert err.startswith("Unknown argument: -foo")
    assert "usage: fastcli supervised" in err


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("-wordngrams", "(-wordNgrams|--word-ngrams)"),
        ("-epochs", "-epoch"),
        ("--wordNgrams", "(-wordNgrams|--word-ngrams)"),
        ("-outptu", "-output"),
        ("--lr-update", "--lr-update-rate"),
    ],
)
def test_unknown_option_with_a_suggestion(wrong, right):
    err = fails(wrong, 2)
    first = err.splitlines()[0]
    assert first.startswith(f"Unknown argument: {wrong}")
    assert re.search(rf"did you mean {right}\b", first), first


def test_argument_without_a_dash(tiny, tmp_path):
    assert fails("input", tiny).startswith("Provided argument without a dash!")
    err = fails("-input", tiny, "-output", tmp_path / "m", "5")
    assert err.startswith("Provided argument without a dash!")


def test_option_without_a_value(tiny):
    assert fails("-input", tiny, "-output").startswith("-output is missing an argument")
    assert fails("-input", tiny, "-output", "m", "-lr").startswith("-lr is missing an argument")


def test_empty_paths(tiny, tmp_path):
    assert fails().startswith("Empty input or output path.")
    assert fails("-input", tiny).startswith("Empty input or output path.")
    assert fails("-output", tmp_path / "m").startswith("Empty input or output path.")
    assert fails("-input", "", "-output", tmp_path / "m").startswith("Empty input or output path.")


def test_unknown_loss(tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", "-loss", "huber")
    assert err.startswith("Unknown loss: huber")


def test_stdin(tmp_path):
    err = fails("-input", "-", "-output", tmp_path / "m")
    assert err.startswith("Cannot use stdin for training!")


def test_missing_input(tiny, tmp_path):
    path = tmp_path / "missing.txt"
    message = f"{path} cannot be opened for training!"
    assert fails("-input", path, "-output", tmp_path / "m").startswith(message)
    assert fails("-input", tiny, "-input", path, "-output", tmp_path / "m").startswith(message)
    assert f"{tmp_path} cannot be opened for training!" in fails(
        "-input", tmp_path, "-output", tmp_path / "m"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-thread", 0), "-thread must be 1 or more, not 0."),
        (("-dim", 0), "-dim must be 1 or more, not 0."),
        (("-epoch", -1), "-epoch must be 0 or more, not -1."),
        (("-wordNgrams", 0), "-wordNgrams must be 1 or more, not 0."),
        (("-lr", -0.5), "-lr must be a number of 0 or more, not -0.5."),
        (("-lr", "nan"), "-lr must be a number of 0 or more, not nan."),
        (("-label", ""), "-label must not be empty"),
        (("-minn", 4, "-maxn", 2), "-minn (4) must not be above -maxn (2)."),
        (("-bucket", 0, "-wordNgrams", 2), "-bucket 0 leaves no room for n-grams"),
        (("-bucket", 0, "-minn", 2, "-maxn", 3), "-bucket 0 leaves no room for n-grams"),
    ],
)
def test_values_that_cannot_work(options, said, tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", *options)
    assert said in err
    assert len(err.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny.txt"]


@pytest.mark.parametrize(
    "options", [("-dim", "abc"), ("-lr", "abc"), ("-dim", "99999999999"), ("-seed", "1e400")]
)
def test_values_that_are_no_such_number(options, tiny, tmp_path):
    err = fails("-input", tiny, "-output", tmp_path / "m", *options)
    assert options[0] in err
    assert list(tmp_path.glob("m*")) == []


@pytest.mark.parametrize(
    "option",
    [
        "dim",
        "ws",
        "epoch",
        "minCount",
        "neg",
        "wordNgrams",
        "bucket",
        "minn",
        "maxn",
        "lrUpdateRate",
    ],
)
def test_values_that_a_model_file_cannot_hold(option):
    """They are refused before training, not after it."""
    field = kebab(option)[2:].replace("-", "_")
    values = {"input": ("x",), "output": "y", "maxn": 1 << 31, "word_ngrams": 2, field: 1 << 31}
    if option not in ("minn", "maxn"):
        del values["maxn"]
    with pytest.raises(ArgumentError, match=f"-{option}|-maxn"):
        TrainArgs(**values).check()


def test_too_large_a_value_is_refused_in_one_sentence(former, tiny):
    err = fails("-input", tiny, "-output", former, "-dim", 4, "-verbose", 0, "-ws", 1 << 31)
    assert "-ws" in err


@pytest.mark.skipif(os.name != "posix", reason="file names of any bytes")
def test_names_and_labels_of_any_bytes(tmp_path):
    text = TINY.replace(b"__label__", b"\xff")
    source, output = os.fsencode(tmp_path) + b"/in\xff", os.fsencode(tmp_path) + b"/out\xfe"
    with open(source, "wb") as file:
        file.write(text)
    argv = [
        os.fsdecode(word) for word in (b"-input", source, b"-output", output, b"-label", b"\xff")
    ]
    result = run("supervised", *argv, "-dim", 4, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    model = os.fsdecode(output + b".bin")
    assert run("test", model, os.fsdecode(source)).out.startswith(b"N\t5\n")
    assert run("predict", model, "-", stdin=b"engine\n").out in (
        b"\xffcar\n",
        b"\xfffruit\n",
        b"\xffroad\n",
    )
    result = run("supervised", "-input", os.fsdecode(source + b"x"), "-output", tmp_path / "m")
    assert (result.code, "cannot be opened for training!" in result.err) == (1, True)


def test_bucket_0_without_ngrams(tiny, train):
    assert train(tiny, "-bucket", 0) == train(tiny)


# ----------------------------------------------- what a failed run leaves behind


@pytest.fixture
def former(tmp_path):
    """Put files of an earlier run in place; afterwards they and nothing else must be there."""
    folder = tmp_path / "out"
    folder.mkdir()
    files = {f"m.{end}": f"former {end}".encode() for end in ("bin", "vec", "json", "output")}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    yield folder / "m"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


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
    assert "-loss ns needs two labels or more" in err


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
    assert err.startswith("Encountered NaN.")
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


# -------------------------------------------------------------------- progress

DICTIONARY_LINES = "Read 0M words\nNumber of words:  7\nNumber of labels: 3\n"
FINAL_LINE = (
    r"Progress: 100\.0% words/sec/thread: +\d+ lr:  0\.000000 avg\.loss:  \d\.\d{6} ETA:   0h 0m 0s"
)


def test_verbose_0_is_silent(tiny, tmp_path):
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")


@pytest.mark.parametrize("verbose", [1, 2])
def test_what_training_says(verbose, tiny, tmp_path):
    options = ["-dim", 4, "-verbose", verbose]
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", *options)
    assert (result.code, result.out) == (0, b"")
    assert result.err.startswith(DICTIONARY_LINES)
    assert re.fullmatch(FINAL_LINE + "\n", result.err[len(DICTIONARY_LINES) :])


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


# ---------------------------------------------------------------- input files


@pytest.fixture
def parts(tmp_path):
    """Return three files, which together are one text, and the path of that."""
    lines = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    paths = []
    for i in range(3):
        paths.append(tmp_path / f"part{i}.txt")
        paths[-1].write_bytes(b"".join(lines[100 * i : 100 * (i + 1)]))
    whole = tmp_path / "whole.txt"
    whole.write_bytes(b"".join(lines[:300]))
    return paths, whole


COMPRESSORS = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: zstd.compress(data),
}


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_compressed_input(kind, parts, train, tmp_path):
    _, whole = parts
    packed = tmp_path / f"whole.txt.{kind}"
    packed.write_bytes(COMPRESSORS[kind](whole.read_bytes()))
    options = ["-wordNgrams", 2, "-epoch", 2]
    assert train(packed, *options) == train(whole, *options)
    # The name does not matter.
    renamed = packed.rename(tmp_path / "renamed")
    assert train(renamed, *options) == train(whole, *options)


def test_repeated_input(parts, train, tmp_path):
    paths, whole = parts
    ref = train(whole, "-minn", 2, "-maxn", 3, "-epoch", 2)
    assert train(paths, "-minn", 2, "-maxn", 3, "-epoch", 2) == ref
    packed = tmp_path / "part1.gz"
    packed.write_bytes(gzip.compress(paths[1].read_bytes()))
    assert train([paths[0], packed, paths[2]], "-minn", 2, "-maxn", 3, "-epoch", 2) == ref


def test_gzip_members_one_after_the_other(parts, train, tmp_path):
    paths, whole = parts
    packed = tmp_path / "all.gz"
    packed.write_bytes(b"".join(gzip.compress(path.read_bytes()) for path in paths))
    assert train(packed, "-epoch", 1) == train(whole, "-epoch", 1)


@pytest.mark.parametrize("kind", COMPRESSORS)
def test_cut_compressed_input(kind, former, tmp_path):
    data = COMPRESSORS[kind]((SAMPLES / "tags.train.txt").read_bytes())
    packed = tmp_path / "cut"
    packed.write_bytes(data[: len(data) // 2])
    err = fails("-input", packed, "-output", former, "-verbose", 0)
    assert err.startswith(f"{packed} cannot be opened for training!")


@pytest.mark.parametrize("place", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("kind", COMPRESSORS)
def test_damaged_compressed_input(kind, place, former, tmp_path):
    data = bytearray(COMPRESSORS[kind]((SAMPLES / "tags.train.txt").read_bytes()))
    start = int(place * len(data))
    data[start : start + 40] = b"\xa5" * 40
    packed = tmp_path / "damaged"
    packed.write_bytes(data)
    err = fails("-input", packed, "-output", former, "-verbose", 0)
    assert err.startswith(f"{packed} cannot be opened for training!")


@pytest.mark.skipif(os.name != "posix", reason="named pipes")
def test_named_pipe(parts, train, tmp_path):
    import threading

    _, whole = parts
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(whole.read_bytes(),), daemon=True)
    writer.start()
    comp = train(pipe, "-epoch", 1)
    writer.join()
    assert comp == train(whole, "-epoch", 1)


TEXTS = {
    "crlf": TINY.replace(b"\n", b"\r\n"),
    "tabs and form feeds": TINY.replace(b" ", b"\t\f\v "),
    "nul": TINY.replace(b" ", b"\0"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_separators(text, tiny, train, tmp_path):
    path = tmp_path / "other.txt"
    path.write_bytes(text)
    assert train(path, "-wordNgrams", 2) == train(tiny, "-wordNgrams", 2)


def dictionary_of(path):
    dictionary = load_model(str(path)).dictionary
    words = dictionary.entries(0, dictionary.nwords)
    return dict(zip(words + dictionary.labels(), dictionary.counts.tolist(), strict=True))


def test_tokens_of_odd_text(train, tmp_path):
    text = (
        b"__label__a x\xff \xc3\x28 \xe3\x80\x80y </s> x\xff\n"
        b"\n"
        b"\xef\xbb\xbfx __label__\xff \xc2\xa0\n"
        b"__label__a x __label__a"
    )
    path = tmp_path / "odd.txt"
    path.write_bytes(text)
    train(path)
    ref = {}
    for token in text.replace(b"\n", b" </s> ").split():
        ref[token] = ref.get(token, 0) + 1
    assert dictionary_of(tmp_path / "model.bin") == ref
    # Words first, each kind by falling count.
    model = load_model(str(tmp_path / "model.bin"))
    assert model.dictionary.ntokens == sum(ref.values())
    assert model.dictionary.labels() == [b"__label__a", b"__label__\xff"]
    for part in (
        model.dictionary.counts[: model.dictionary.nwords],
        model.dictionary.label_counts(),
    ):
        assert (np.diff(part) <= 0).all()


def test_min_counts(train, tmp_path):
    path = tmp_path / "counts.txt"
    path.write_bytes(b"__label__a x x y\n__label__b x y z\n__label__a x\n")
    train(path, "-minCount", 3)
    assert dictionary_of(tmp_path / "model.bin") == {
        b"x": 4,
        b"</s>": 3,
        b"__label__a": 2,
        b"__label__b": 1,
    }
    train(path, "-minCount", 2, "-minCountLabel", 2)
    assert dictionary_of(tmp_path / "model.bin") == {
        b"x": 4,
        b"</s>": 3,
        b"y": 2,
        b"__label__a": 2,
    }


def test_long_lines(train, tmp_path):
    """A line has no limit of tokens: its label may come after a hundred thousand of them."""
    path = tmp_path / "long.txt"
    words = [b"w%d" % (i % 1000) for i in range(300_000)]
    path.write_bytes(b" ".join(words) + b" __label__long\n__label__b short one\n")
    train(path, "-wordNgrams", 2, "-epoch", 1)
    dictionary = load_model(str(tmp_path / "model.bin")).dictionary
    assert dictionary.labels() == [b"__label__long", b"__label__b"]
    assert dictionary.ntokens == 300_000 + 1 + 1 + 3 + 1


def test_long_token(train, tmp_path):
    token = b"ab" * 1_500_000
    path = tmp_path / "token.txt"
    path.write_bytes(b"__label__a x " + token + b"\n__label__b y\n")
    train(path, "-epoch", 1)
    assert dictionary_of(tmp_path / "model.bin")[token] == 1


# ---------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-wordNgrams", 2),
        ("-minn", 2, "-maxn", 3),
        ("-dim", 13, "-wordNgrams", 2, "-loss", "hs"),
    ],
    ids=str,
)
@pytest.mark.parametrize("corpus", ["tags", "zh-words"])
def test_size_of_the_model_file(corpus, options, train):
    source = SAMPLES / f"{corpus}.train.txt"
    data = train(source, *options, "-epoch", 0)
    entries = {*source.read_bytes().split(), b"</s>"}
    dim = 13 if "-dim" in options else 4
    bucket = 500 if options else 0
    ref = 126 + 4 * dim * (len(entries) + bucket) + sum(len(e) + 10 for e in entries)
    assert len(data) == ref


def test_vec_file(tiny, train, tmp_path):
    train(tiny, "-wordNgrams", 2)
    model = load_model(str(tmp_path / "model.bin"))
    rows = model.wi.reshape(-1, 4)[: model.dictionary.nwords].tolist()
    words = model.dictionary.entries(0, model.dictionary.nwords)
    ref = b"%d 4\n" % len(words)
    for word, row in zip(words, rows, strict=True):
        ref += word + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.vec").read_bytes() == ref
    assert ref.count(b"__label__") == 0
    assert b"\n</s> " in ref


def test_vec_file_with_subwords(tiny, train, tmp_path):
    """A word's vector is the mean of its row and the rows of its character n-grams."""
    train(tiny, "-minn", 2, "-maxn", 3)
    model = load_model(str(tmp_path / "model.bin"))
    lines = (tmp_path / "model.vec").read_bytes().splitlines()
    assert lines[0] == b"7 4"
    wi = model.wi.reshape(-1, 4).astype(np.float64)
    for line in lines[1:]:
        word, *values = line.split()
        read, _ = Reader(model).read(as_bytes(word), 0)
        ref = wi[read.features[: read.offsets[1]]].mean(axis=0)
        np.testing.assert_allclose(np.array(values, float), ref, rtol=1e-4, atol=1e-6)


def test_no_vec(tiny, train, tmp_path):
    train(tiny, "--no-vec")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.bin", "model.json", "tiny.txt"]


def test_files(tiny, train, tmp_path):
    train(tiny)
    names = ["model.bin", "model.json", "model.vec", "tiny.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names


@pytest.mark.parametrize("option", ["-saveOutput", "--save-output"])
@pytest.mark.parametrize("loss", LOSSES)
def test_output_file(loss, option, tiny, train, tmp_path):
    train(tiny, "-loss", loss, option)
    model = load_model(str(tmp_path / "model.bin"))
    ref = b"3 4\n"
    for label, row in zip(model.dictionary.labels(), model.wo.reshape(-1, 4).tolist(), strict=True):
        ref += label + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.output").read_bytes() == ref


def test_json_file(tiny, train, tmp_path):
    data = train(tiny, "-lr", 0.25, "-seed", 3, "-minCountLabel", 1)
    about = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    assert about["format"] == "fastcli model"
    assert about["size"] == len(data)
    assert about["label"] == "__label__"
    assert about["command"].startswith("fastcli supervised -input ")
    wanted = {"lr": 0.25, "seed": 3, "min_count_label": 1, "input": [str(tiny)], "loss": "softmax"}
    assert wanted.items() <= about["arguments"].items()
    assert (about["words"], about["labels"], about["tokens"]) == (7, 3, 23)


def test_the_label_prefix_is_remembered(train, tmp_path):
    path = tmp_path / "hash.txt"
    path.write_bytes(b"#a one two\n#b three four\n#a two\n")
    train(path, "-label", "#", "-lr", 1, "-epoch", 20)
    # An unknown label is a label: the line counts among those left out, not as an unknown word.
    result = run("test", tmp_path / "model.bin", "-", stdin=b"#a one\n#zz one\n")
    assert (result.code, result.out) == (0, b"N\t1\nP@1\t1\nR@1\t1\n")
    assert "1 with labels the model does not know" in result.err
    # A file beside another model says nothing about this one.
    about = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "size": about["size"] + 1}))
    result = run("test", tmp_path / "model.bin", "-", stdin=b"#a one\n#zz one\n")
    assert "1 without a label" in result.err


def holes_are_kept(folder):
    path = folder / "sparse"
    with open(path, "wb") as file:
        file.truncate(1 << 24)
    blocks = getattr(path.stat(), "st_blocks", None)
    path.unlink()
    return blocks is not None and blocks * 512 < 1 << 20


def test_unseen_rows_are_holes(tiny, tmp_path):
    if not holes_are_kept(tmp_path):
        pytest.skip("no holes in files here")
    options = ["-dim", 16, "-wordNgrams", 2, "-bucket", 300_000, "-verbose", 0]
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", *options)
    assert result.code == 0
    status = (tmp_path / "m.bin").stat()
    assert status.st_size > 4 * 16 * 300_000
    assert status.st_blocks * 512 < status.st_size / 10
    # Holes read as zeros, and only n-grams of the text have rows that are not.
    model = load_model(str(tmp_path / "m.bin"))
    used = np.flatnonzero(model.wi.reshape(-1, 16).any(axis=1))
    assert 7 < len(used) <= 7 + 18


# --------------------------------------------------------------- repeatability


@pytest.fixture
def eager_threads(monkeypatch):
    """Let small texts be worth several threads."""
    from fastcli.fasttext import train as training
    from fastcli.text import corpus

    monkeypatch.setattr(training, "WORTH_A_THREAD", 0)
    monkeypatch.setattr(corpus, "SPAN", 1 << 11)


@pytest.fixture(scope="module")
def lines_150(tmp_path_factory):
    lines = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    path = tmp_path_factory.mktemp("lines") / "lines.txt"
    path.write_bytes(b"".join(lines[:150]))
    return path


@pytest.mark.parametrize("dim", [10, 64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.usefixtures("eager_threads")
def test_the_number_of_threads_changes_nothing(loss, dim, lines_150, train):
    options = ["-loss", loss, "-dim", dim, "-wordNgrams", 3, "-epoch", 2, "-lr", 0.5]
    ref = train(lines_150, *options, "-thread", 1)
    assert train(lines_150, *options, "-thread", 2) == ref
    assert train(lines_150, *options, "-thread", 3) == ref


@pytest.mark.usefixtures("eager_threads")
def test_threads_and_subwords_and_many_labels(train, tmp_path):
    path = tmp_path / "many.txt"
    lines = (f"__label__{i % 140} word{i % 7} and wörd{i % 13} {i}\n" for i in range(280))
    path.write_bytes("".join(lines).encode())
    for loss in ("softmax", "ova"):
        options = ["-loss", loss, "-minn", 2, "-maxn", 4, "-dim", 16, "-epoch", 1]
        ref = train(path, *options, "-thread", 1)
        assert train(path, *options, "-thread", 3) == ref


@pytest.mark.parametrize("loss", LOSSES)
def test_the_seed_decides(loss, lines_150, train):
    options = ["-loss", loss, "-wordNgrams", 2, "-epoch", 1]
    first = train(lines_150, *options, "-seed", 7)
    assert train(lines_150, *options, "-seed", 7) == first
    assert train(lines_150, *options, "-seed", 8) != first


def test_another_process_writes_the_same(lines_150, train, tmp_path):
    options = ["-wordNgrams", 2, "-epoch", 1, "-dim", 4, "-bucket", 500, "-verbose", 0]
    result = process("supervised", "-input", lines_150, "-output", tmp_path / "other", *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert (tmp_path / "other.bin").read_bytes() == train(lines_150, *options)


def test_no_epoch(tiny, train, tmp_path):
    train(tiny, "-epoch", 0)
    model = load_model(str(tmp_path / "model.bin"))
    assert not model.wo.any()
    assert model.wi.any()
    assert np.abs(model.wi).max() <= 1 / 4


# ---------------------------------------------------------- pretrained vectors

VECTORS = b"4 4\napple 1 2 3 4\nnowhere 9 9 9 9\n__label__x 8 8 8 8\nroad -1 0.5 1e-3 0\n"


def test_pretrained_vectors(tiny, train, tmp_path):
    path = tmp_path / "some.vec"
    path.write_bytes(VECTORS)
    train(tiny, "-pretrainedVectors", path, "-epoch", 0)
    model = load_model(str(tmp_path / "model.bin"))
    rows = model.wi.reshape(-1, 4)
    assert rows[model.dictionary.find(b"apple")].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(rows[model.dictionary.find(b"road")], [-1, 0.5, 1e-3, 0])
    # Words of the vectors that the text lacks are no part of the model.
    assert dictionary_of(tmp_path / "model.bin").keys() == {*TINY.split(), b"</s>"}
    packed = tmp_path / "some.vec.gz"
    packed.write_bytes(gzip.compress(VECTORS))
    ref = (tmp_path / "model.bin").read_bytes()
    assert train(tiny, "-pretrainedVectors", packed, "-epoch", 0) == ref


def test_pretrained_vectors_do_not_add_epochs(tiny, train, tmp_path):
    path = tmp_path / "unrelated.vec"
    path.write_bytes(b"3 4\n" + b"".join(b"other%d 1 1 1 1\n" % i for i in range(3)))
    assert train(tiny, "-pretrainedVectors", path) == train(tiny)


def test_pretrained_vectors_give_the_dimension(tiny, tmp_path):
    path = tmp_path / "some.vec"
    path.write_bytes(VECTORS)
    options = ["-pretrainedVectors", path, "-verbose", 0]
    result = run("supervised", "-input", tiny, "-output", tmp_path / "m", *options)
    assert result.code == 0
    assert load_model(str(tmp_path / "m.bin")).args.dim == 4


def test_pretrained_vectors_that_do_not_fit(former, tiny, tmp_path):
    path = tmp_path / "some.vec"

    def said(text, dim=4):
        path.write_bytes(text)
        options = ["-pretrainedVectors", path, "-dim", dim, "-verbose", 0]
        return fails("-input", tiny, "-output", former, *options)

    assert said(VECTORS, dim=3).startswith(
        "Dimension of pretrained vectors (4) does not match dimension (3)!"
    )
    assert f"{path} is no text file of word vectors" in said(b"")
    assert f"{path} is no text file of word vectors" in said(b"\xff\xfe\x00binary")
    assert f"{path}, line 2" in said(b"1 4\napple 1 2 3\n")
    assert f"{path}, line 2" in said(b"1 4\napple 1 2 3 x\n")
    assert f"{path}, line 3" in said(b"2 4\nroad 1 1 1 1\napple 1 2 3 nan\n")
    packed = gzip.compress(b"9 4\n" + os.urandom(5000).hex().encode() + b"\n" + VECTORS)
    assert f"{path}" in said(packed[:-3000])


def test_pretrained_vectors_that_are_missing(former, tiny, tmp_path):
    path = tmp_path / "missing.vec"
    err = fails("-input", tiny, "-output", former, "-pretrainedVectors", path, "-verbose", 0)
    assert err.startswith(f"{path} cannot be opened for loading!")


# ------------------------------------------------------------------ it learns


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns(loss, train, tmp_path):
    options = ["-loss", loss, "-lr", 0.5, "-epoch", 15, "-dim", 10]
    train(SAMPLES / "zh-words.train.txt", *options)
    result = run("test", tmp_path / "model.bin", SAMPLES / "zh-words.test.txt", "--json")
    assert json.loads(result.text())["precision"] > 0.9
