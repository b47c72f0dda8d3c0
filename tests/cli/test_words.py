"""skipgram and cbow: files, arguments, repeatability, what goes wrong, and that they learn."""

import json
import os
import signal
import time

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from tests.cli.conftest import TINY, dictionary_of
from tests.command import SAMPLES, is_same_text, process, run, start

COMMANDS = ["skipgram", "cbow"]
LOSSES = ["ns", "hs", "softmax"]
SMALL = ["-minCount", 1, "-dim", 4, "-bucket", 500, "-thread", 1, "-verbose", 0]
TINY_WORDS = {*TINY.split(), b"</s>"} - {b"__label__fruit", b"__label__car", b"__label__road"}


@pytest.fixture(params=COMMANDS)
def command(request):
    return request.param


@pytest.fixture
def learn(command, tmp_path):
    """Return a function that trains word vectors silently and returns the bytes of the model."""

    def call(source, *options, output="model"):
        argv = ["-input", source, "-output", tmp_path / output, *SMALL, *options]
        result = run(command, *argv)
        assert (result.code, result.out, result.err) == (0, b"", "")
        return (tmp_path / f"{output}.bin").read_bytes()

    return call


def refused(command, *argv):
    """Run a training that fails; return what it says."""
    result = run(command, *argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


def rows_of(path, part="wi"):
    """Return the words of a model, and their rows of a matrix."""
    model = load_model(str(path))
    n = model.dictionary.nwords
    return model.dictionary.entries(0, n), getattr(model, part).values.reshape(-1, 4)[:n]


# ---------------------------------------------------------------------- files


def test_files(tiny, learn, tmp_path):
    learn(tiny)
    names = ["model.bin", "model.bin.json", "model.vec", "tiny.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    learn(tiny, "--no-vec", output="other")
    assert sorted(p.name for p in tmp_path.glob("other*")) == ["other.bin", "other.bin.json"]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-maxn", 0, "-minn", 0),
        ("-dim", 13, "-bucket", 70),
        ("-loss", "hs", "-minn", 2, "-maxn", 2),
        ("-maxn", 0, "-minn", 0, "-wordNgrams", 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("corpus", ["tags", "zh-words"])
def test_size_of_the_model_file(corpus, options, learn):
    """The input matrix has a row for every word and bucket, the output one for every word."""
    source = SAMPLES / f"{corpus}.train.txt"
    data = learn(source, *options, "-epoch", 0)
    entries = {*source.read_bytes().split(), b"</s>"}
    nwords = sum(not entry.startswith(b"__label__") for entry in entries)
    dim = 13 if "-dim" in options else 4
    bucket = 500
    if "-bucket" in options:
        bucket = 70
    elif options[:2] == ("-maxn", 0) and "-wordNgrams" not in options:
        bucket = 0
    ref = 126 + 4 * dim * (nwords + bucket + nwords) + sum(len(e) + 10 for e in entries)
    assert len(data) == ref


def test_arguments_in_the_file(command, tiny, learn, tmp_path):
    learn(tiny, "-ws", 3, "-neg", 2, "-t", 0.01, "-epoch", 1)
    ref = (
        "dim 4\nws 3\nepoch 1\nminCount 1\nneg 2\nwordNgrams 1\nloss ns\n"
        f"model {'sg' if command == 'skipgram' else 'cbow'}\n"
        "bucket 500\nminn 3\nmaxn 6\nlrUpdateRate 100\nt 0.01\n"
    )
    assert run("dump", tmp_path / "model.bin", "args").text() == ref


def test_defaults_are_those_of_fasttext(command):
    """Word vectors have a lower learning rate, rarer words left out, n-grams and sampling."""
    from fastcli.cli import train

    defaults = {p.name: p.default for p in getattr(train, command).params}
    ref = {"lr": 0.05, "min_count": 5, "minn": 3, "maxn": 6, "loss": "ns", "dim": 100, "ws": 5}
    assert ref.items() <= defaults.items()


def test_labels_are_in_the_dictionary_but_no_words(tiny, learn, tmp_path):
    learn(tiny)
    counts = dictionary_of(tmp_path / "model.bin")
    assert counts.keys() == TINY_WORDS | {b"__label__fruit", b"__label__car", b"__label__road"}
    assert counts[b"__label__car"] == 3
    model = load_model(str(tmp_path / "model.bin"))
    assert set(model.dictionary.entries(0, model.dictionary.nwords)) == TINY_WORDS
    assert model.dictionary.ntokens == len(TINY.split()) + 5
    assert b"__label__" not in (tmp_path / "model.vec").read_bytes()


def test_labels_change_nothing_but_the_number_of_tokens(tiny, learn, tmp_path):
    """They are in no window: without sampling, their places make no difference."""
    other = tmp_path / "other.txt"
    lines = [line.split() for line in TINY.splitlines()]
    moved = [sorted(line, key=lambda word: word.startswith(b"__label__")) for line in lines]
    other.write_bytes(b"".join(b" ".join(line) + b"\n" for line in moved))
    assert other.read_bytes() != TINY
    a = learn(tiny, "-t", 1)
    b = learn(other, "-t", 1)
    assert a == b


def test_another_prefix(tiny, learn, tmp_path):
    learn(tiny, "-label", "#")
    _, *lines = (tmp_path / "model.vec").read_bytes().splitlines()
    assert {line.split(b" ")[0] for line in lines} == {*TINY.split(), b"</s>"}


def test_vec_file_without_subwords(tiny, learn, tmp_path):
    learn(tiny, "-maxn", 0)
    words, rows = rows_of(tmp_path / "model.bin")
    ref = b"%d 4\n" % len(words)
    for word, row in zip(words, rows.tolist(), strict=True):
        ref += word + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.vec").read_bytes() == ref
    stdin = b" ".join(words)
    assert (
        run("print-word-vectors", tmp_path / "model.bin", stdin=stdin).out
        == (ref.partition(b"\n")[2])
    )


def test_vec_file_is_what_print_word_vectors_says(learn, tmp_path):
    learn(SAMPLES / "topics.train.txt", "-minCount", 3, "-epoch", 1)
    head, *lines = (tmp_path / "model.vec").read_text(encoding="utf-8").splitlines(keepends=True)
    words = [line.split(" ")[0] for line in lines]
    assert head == f"{len(words)} 4\n"
    printed = run("print-word-vectors", tmp_path / "model.bin", stdin=" ".join(words).encode())
    assert is_same_text(printed.text(), "".join(lines))


@pytest.mark.parametrize("option", ["-saveOutput", "--save-output"])
@pytest.mark.parametrize("loss", LOSSES)
def test_output_file(loss, option, tiny, learn, tmp_path):
    learn(tiny, "-loss", loss, option)
    words, rows = rows_of(tmp_path / "model.bin", "wo")
    ref = b"%d 4\n" % len(words)
    for word, row in zip(words, rows.tolist(), strict=True):
        ref += word + b" " + b"".join(b"%.5g " % value for value in row) + b"\n"
    assert (tmp_path / "model.output").read_bytes() == ref


def test_json_file(command, tiny, learn, tmp_path):
    data = learn(tiny, "-lr", 0.25, "-seed", 3)
    about = json.loads((tmp_path / "model.bin.json").read_text(encoding="utf-8"))
    assert about["command"].startswith(f"fastcli {command} -input ")
    wanted = {"lr": 0.25, "seed": 3, "input": [str(tiny)], "loss": "ns", "min_count": 1}
    assert wanted.items() <= about["arguments"].items()
    assert (about["size"], about["words"], about["labels"]) == (len(data), len(TINY_WORDS), 3)


def test_several_and_compressed_inputs(command, tiny, learn, tmp_path):
    import gzip

    lines = TINY.splitlines(keepends=True)
    first, second = tmp_path / "first.txt", tmp_path / "second"
    first.write_bytes(b"".join(lines[:2]))
    second.write_bytes(gzip.compress(b"".join(lines[2:])))
    ref = learn(tiny)
    assert learn(first, "-input", second) == ref


def test_text_of_any_bytes(learn, tmp_path):
    path = tmp_path / "odd.txt"
    text = b"x\xff \xc3\x28 \xe3\x80\x80y </s> x\xff\0z\r\n\n\xff\xff x\xff"
    path.write_bytes(text)
    learn(path)
    counts = dictionary_of(tmp_path / "model.bin")
    words = {b"\xc3\x28": 1, b"\xe3\x80\x80y": 1, b"z": 1, b"\xff\xff": 1}
    assert counts == {b"x\xff": 3, b"</s>": 3, **words}


def test_lines_of_any_length(learn, tmp_path):
    """fastText cuts lines after 1025 words; nothing is lost."""
    path = tmp_path / "long.txt"
    path.write_bytes(b" ".join(b"w%d" % (i % 50) for i in range(5000)) + b" last\n")
    learn(path, "-epoch", 1)
    assert dictionary_of(tmp_path / "model.bin")[b"last"] == 1


# -------------------------------------------------------------- repeatability


@pytest.mark.parametrize("loss", LOSSES)
def test_the_seed_decides_at_one_thread(loss, learn):
    source = SAMPLES / "zh-words.train.txt"
    options = ["-loss", loss, "-epoch", 1, "-minCount", 3]
    first = learn(source, *options, "-seed", 7)
    assert learn(source, *options, "-seed", 7) == first
    assert learn(source, *options, "-seed", 8) != first


def test_another_process_writes_the_same(command, tiny, learn, tmp_path):
    argv = ["-input", tiny, "-output", tmp_path / "other", *SMALL]
    result = process(command, *argv)
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert (tmp_path / "other.bin").read_bytes() == learn(tiny)


def test_the_two_commands_differ(tiny, tmp_path):
    models = set()
    for command in COMMANDS:
        argv = ["-input", tiny, "-output", tmp_path / command, *SMALL, "-t", 1, "-epoch", 50]
        assert run(command, *argv).text() == ""
        models.add(load_model(str(tmp_path / f"{command}.bin")).wi.values.tobytes())
    assert len(models) == 2


def test_several_threads_learn_too(learn, tmp_path):
    learn(SAMPLES / "topics.train.txt", "-thread", 2, "-minCount", 3)
    words, rows = rows_of(tmp_path / "model.bin")
    assert len(words) > 100
    assert np.isfinite(rows).all()


# ------------------------------------------------------------------ arguments


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("-ws", 1),
        ("-neg", 1),
        ("-t", 0.001),
        ("-lr", 0.2),
        ("-minn", 2),
        ("-maxn", 4),
        ("-bucket", 77),
        ("-loss", "hs"),
    ],
)
def test_options_show_in_the_model(option, value, learn):
    source = SAMPLES / "zh-words.train.txt"
    kebab = f"-{option}"
    ref = learn(source, "-epoch", 1)
    comp = learn(source, "-epoch", 1, option, value)
    assert comp != ref
    assert learn(source, "-epoch", 1, kebab, value) == comp


def test_no_epoch(tiny, learn, tmp_path):
    learn(tiny, "-epoch", 0)
    model = load_model(str(tmp_path / "model.bin"))
    assert not model.wo.values.any()
    assert model.wi.values.any()
    assert np.abs(model.wi.values).max() <= 1 / 4


def test_only_rows_that_the_text_has_are_not_zero(tiny, learn, tmp_path):
    learn(tiny, "-bucket", 100_000)
    rows = load_model(str(tmp_path / "model.bin")).wi.values.reshape(-1, 4).any(axis=1)
    assert rows[: len(TINY_WORDS)].all()
    assert 0 < rows[len(TINY_WORDS) :].sum() < 200


# ------------------------------------------------------- what leaves no files


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-loss", "ova"), "-loss ova is for classifiers: use ns, hs or softmax."),
        (("-loss", "one-vs-all"), "-loss one-vs-all is for classifiers: use ns, hs or softmax."),
        (("-ws", 0), "-ws must be 1 or more, not 0."),
        (("-ws", -2), "-ws must be 0 or more, not -2."),
        (("-t", 0), "-t must be above 0, not 0.0 (1 keeps every word)."),
        (("-t", -1), "-t must be above 0, not -1.0 (1 keeps every word)."),
        (("-t", "nan"), "-t must be above 0, not nan (1 keeps every word)."),
        (("-neg", -1), "-neg must be 0 or more, not -1."),
        (("-thread", 0), "-thread must be 1 or more, not 0."),
        (("-epoch", -1), "-epoch must be 0 or more, not -1."),
        (("-lr", -1), "-lr must be 0 or more, not -1.0."),
        (("-minn", 7), "-minn (7) must not be above -maxn (6)."),
        (("-minCount", 100), "Empty vocabulary. Try a smaller -minCount value."),
    ],
    ids=str,
)
def test_values_that_cannot_work(options, said, command, former, tiny):
    err = refused(command, "-input", tiny, "-output", former, *SMALL, *options)
    assert err == f"{said}\n"


def test_bucket_0(command, former, tiny):
    err = refused(command, "-input", tiny, "-output", former, *SMALL, "-bucket", 0)
    assert err.startswith("-bucket 0 leaves no room for n-grams")
    assert len(err.splitlines()) == 1


def test_the_default_minimum_leaves_nothing_of_a_small_text(command, former, tmp_path):
    path = tmp_path / "four.txt"
    path.write_bytes(b"one two three\n" * 4)
    err = refused(command, "-input", path, "-output", former, "-verbose", 0)
    assert err == "Empty vocabulary. Try a smaller -minCount value.\n"


@pytest.mark.parametrize("text", [b"", b" \t", b"__label__a __label__b"])
def test_texts_without_words(text, command, former, tmp_path):
    path = tmp_path / "none.txt"
    path.write_bytes(text)
    err = refused(command, "-input", path, "-output", former, *SMALL)
    why = "" if text else f" {path} is empty: 0 bytes."
    assert err == f"Empty vocabulary. Try a smaller -minCount value.{why}\n"


def test_one_word(command, former, tmp_path):
    """There are no others to draw as negatives."""
    path = tmp_path / "one.txt"
    path.write_bytes(b"same same same")
    err = refused(command, "-input", path, "-output", former, *SMALL)
    assert err.startswith("-loss ns needs at least two words")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("loss", ["hs", "softmax"])
def test_one_word_and_another_loss(loss, learn, tmp_path):
    path = tmp_path / "one.txt"
    path.write_bytes(b"same same same")
    learn(path, "-loss", loss)
    assert dictionary_of(tmp_path / "model.bin") == {b"same": 3}


@pytest.mark.parametrize("loss", LOSSES)
def test_words_alone_in_their_lines(loss, learn, tmp_path):
    """No word has another beside it: nothing is to be learned, and nothing hangs."""
    path = tmp_path / "alone.txt"
    path.write_bytes(b"one\ntwo\nthree\n")
    learn(path, "-loss", loss, "-t", 1)
    assert np.isfinite(load_model(str(tmp_path / "model.bin")).wi.values).all()


@pytest.mark.parametrize("lr", [1e6, 1e36])
@pytest.mark.parametrize("loss", LOSSES)
def test_divergence_keeps_the_former_files(loss, lr, command, former):
    source = SAMPLES / "tags.train.txt"
    options = ["-loss", loss, "-lr", lr, "-epoch", 3, "-dim", 10, "-t", 1]
    err = refused(command, "-input", source, "-output", former, *SMALL, *options)
    assert err.startswith("Encountered NaN: the loss is not finite ")
    assert len(err.splitlines()) == 1


def test_missing_input(command, former, tmp_path):
    path = tmp_path / "missing.txt"
    err = refused(command, "-input", path, "-output", former)
    assert err.startswith(f"{path} cannot be opened for training!")
    err = refused(command, "-input", "-", "-output", former)
    assert err.startswith("Cannot use stdin for training!")
    assert refused(command, "-output", former).startswith("Empty input or output path.")


def test_a_folder_that_is_not_there(command, tiny, tmp_path):
    output = tmp_path / "nofolder" / "m"
    err = refused(command, "-input", tiny, "-output", output, *SMALL)
    assert err.startswith(f"{output}.bin cannot be opened for saving.")


def test_json_files_of_somebody_else(command, tiny, tmp_path):
    for name in ("m.json", "m.bin.json"):
        (tmp_path / name).write_bytes(b'[{"stars": 5}]')
    options = ["-input", tiny, "-output", tmp_path / "m", *SMALL, "-verbose", 0]
    result = run(command, *options)
    assert (result.code, result.out, len(result.err.splitlines())) == (0, b"", 1)
    assert result.err.startswith(f"{tmp_path / 'm.bin.json'} was not written by fastcli")
    assert (tmp_path / "m.bin.json").read_bytes() == b'[{"stars": 5}]'


def test_unknown_options(command, tiny):
    err = refused(command, "-input", tiny, "-output", "m", "-wordngrams", 2)
    assert err.startswith("Unknown argument: -wordngrams (did you mean -wordNgrams?)")
    assert f"usage: fastcli {command}" in err


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupted_training_keeps_the_former_files(command, former):
    options = ["-dim", 10, "-bucket", 500, "-epoch", 10**7, "-verbose", 1]
    source = SAMPLES / "topics.train.txt"
    child = start(command, "-input", source, "-output", former, *options)
    for line in child.stderr:
        if line.startswith(b"Number of labels"):
            break
    time.sleep(0.2)
    assert child.poll() is None
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    assert b"Interrupted" in err
    assert b"Traceback" not in err


# ------------------------------------------------------------- what they say


def test_what_training_says(command, tiny, tmp_path):
    result = run(command, "-input", tiny, "-output", tmp_path / "m", *SMALL, "-verbose", 1)
    assert (result.code, result.out) == (0, b"")
    assert result.err.startswith("Read 0M words\nNumber of words:  7\nNumber of labels: 3\n")
    assert result.err.splitlines()[-3].startswith("Progress: 100.0% words/sec/thread: ")


# ------------------------------------------------------------------ they learn

GROUPS = [[b"g%d_%d" % (group, i) for i in range(8)] for group in range(4)]


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """Return the path of a text whose lines each have words of one of four groups."""
    rng = np.random.default_rng(5)
    path = tmp_path_factory.mktemp("grouped") / "text.txt"
    lines = []
    for _ in range(1500):
        group = GROUPS[int(rng.integers(4))]
        lines.append(b" ".join(group[i] for i in rng.integers(8, size=6)))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize("loss", LOSSES)
def test_words_of_one_subject_are_near_each_other(loss, grouped, learn, tmp_path):
    """Not by their letters: there are no n-grams."""
    learn(grouped, "-loss", loss, "-maxn", 0, "-epoch", 5, "-dim", 16, "-lr", 0.1, "-t", 1)
    words = [word for group in GROUPS for word in group]
    answers = run("nn", tmp_path / "model.bin", 6, stdin=b" ".join(words)).out
    found = [part.split() for part in answers.split(b"Query word? ")[1:-1]]
    right = [
        answer[i].startswith(word[:2])
        for word, answer in zip(words, found, strict=True)
        for i in range(0, len(answer), 2)
    ]
    assert len(right) == 6 * 32
    assert np.mean(right) > 0.9


def test_the_samples_have_subjects(learn, tmp_path):
    """Words of one topic are nearer to each other than to those of others, in the mean."""
    source = SAMPLES / "topics.train.txt"
    options = ["-dim", 16, "-epoch", 25, "-maxn", 0, "-t", 1e-2, "-lr", 0.1]
    learn(source, "-minCount", 5, *options)
    _, *lines = (tmp_path / "model.vec").read_text(encoding="utf-8").splitlines()
    rows = {line.split(" ")[0]: np.array(line.split(" ")[1:-1], float) for line in lines}
    counts = {}
    for line in source.read_text(encoding="utf-8").splitlines():
        label, *words = line.split()
        for word in {*words} & rows.keys():
            counts.setdefault(word, {}).setdefault(label, 0)
            counts[word][label] += 1
    topic = {
        word: max(by, key=by.get)
        for word, by in counts.items()
        if max(by.values()) >= 0.9 * sum(by.values()) and sum(by.values()) >= 8
    }
    assert len(set(topic.values())) == 6
    words = sorted(topic)
    unit = np.array([rows[word] / np.linalg.norm(rows[word]) for word in words])
    cosines = unit @ unit.T
    is_same = np.array([[topic[a] == topic[b] for b in words] for a in words])
    others = ~np.eye(len(words), dtype=bool)
    assert cosines[is_same & others].mean() > cosines[~is_same].mean() + 0.1
