"""print-word-vectors, print-sentence-vectors, print-ngrams: text, JSON, .npy, odd input, pipes."""

import json
import os
import select
import shutil

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from tests import model_bytes, naive_text
from tests.command import GOLDEN, SAMPLES, is_same_text, messages, run, start

PLAIN = GOLDEN / "hs-tags.bin"  # a classifier without n-grams
NGRAMS = GOLDEN / "softmax-ngrams.bin"
SUBWORDS = GOLDEN / "ova-subwords.bin"
WORDS, SENTENCES = "print-word-vectors", "print-sentence-vectors"
TEXT = b"how do i cook rice ?\nthe train is late\n\nmy doctor says no\nzzz\n"


@pytest.fixture(scope="module")
def skipgram(tmp_path_factory):
    """Return the path of word vectors with character n-grams."""
    output = tmp_path_factory.mktemp("skipgram") / "m"
    options = ["-dim", 6, "-bucket", 300, "-minn", 2, "-maxn", 4, "-epoch", 2, "-thread", 1]
    source = SAMPLES / "topics.train.txt"
    result = run("skipgram", "-input", source, "-output", output, *options, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".bin")


@pytest.fixture(scope="module", params=["whole", "qnorm", "pruned"])
def quantized(request, topics, tmp_path_factory):
    """Return the path of a quantized model of the topics sample."""
    folder = tmp_path_factory.mktemp("quantized")
    shutil.copy(topics, folder / "m.bin")
    options = {"whole": (), "qnorm": ("-qnorm",), "pruned": ("-qnorm", "-cutoff", 400)}
    result = run("quantize", "-output", folder / "m", "-verbose", 0, *options[request.param])
    assert (result.code, result.out, result.err) == (0, b"", "")
    return folder / "m.ftz"


def vectors(command, model, stdin):
    """Return what a command prints as an array with one row per line, after checking the format."""
    dim = load_model(str(model)).args.dim
    rows = []
    lines = run(command, model, stdin=stdin).out.split(b"\n")
    assert lines.pop() == b""
    for line in lines:
        words = line.split(b" ")
        assert words.pop() == b""  # a space at the end, as in fastText
        rows.append([float(word) for word in words[-dim:]])
        assert words[-dim:] == [b"%.5g" % float(word) for word in words[-dim:]]
        assert len(words) == dim + (command == WORDS)
    return np.array(rows).reshape(-1, dim)


def matrix(model):
    """Return the input rows of a model, decoded if they are codes."""
    values = model.wi.decode() if model.quantized else model.wi.values
    return values.reshape(-1, model.args.dim).astype(np.float64)


def rows_of(model, word):
    """Return the ids of the input rows that make a word's vector."""
    args, dictionary = model.args, model.dictionary
    ids = [dictionary.find(word)]
    ids = ids if 0 <= ids[0] < dictionary.nwords else []
    if args.maxn > 0 and word != b"</s>":
        ids += naive_text.char_ngrams(word, args.minn, args.maxn, args.bucket, dictionary.nwords)
    if model.bucket_rows is not None:
        (ids,) = naive_text.prune_features([ids], dictionary.nwords, model.bucket_rows)
    return ids


def word_vector(model, word):
    """Return the mean of the rows of a word, zeros if there are none."""
    ids = rows_of(model, word)
    return matrix(model)[ids].mean(axis=0) if ids else np.zeros(model.args.dim)


def close(comp, ref):
    """Compare with five digits of text."""
    np.testing.assert_allclose(comp, ref, rtol=1e-4, atol=1e-6)


# ---------------------------------------------------------------- word vectors


def test_text_by_hand(tmp_path):
    model = tmp_path / "small.bin"
    rows = [[0, -0.5], [1, 1 / 3], [-2.5e-7, 123456]]
    words, labels = model_bytes.WORDS, model_bytes.LABELS
    model.write_bytes(model_bytes.model_bytes(words, labels, rows, model_bytes.WO))
    ref = "a 1 0.33333 \nb -2.5e-07 1.2346e+05 \n</s> 0 -0.5 \nzzz 0 0 \na 1 0.33333 \n"
    assert run(WORDS, model, stdin=b"a b\n </s> zzz\t\r\n\n a").text() == ref


@pytest.mark.parametrize("model", [PLAIN, NGRAMS, SUBWORDS], ids=lambda path: path.stem)
def test_words_of_classifiers(model):
    loaded = load_model(str(model))
    words = loaded.dictionary.entries(0, loaded.dictionary.nwords)
    comp = vectors(WORDS, model, b"\n".join(words))
    close(comp, [word_vector(loaded, word) for word in words])


def test_words_of_word_vectors_with_unknown_ones(skipgram):
    loaded = load_model(str(skipgram))
    words = loaded.dictionary.entries(0, loaded.dictionary.nwords)
    unknown = [b"gardens", "naïve".encode(), "日本語".encode(), b"x", b"w\xffq", b"\x80\x81", b"<>"]
    assert all(loaded.dictionary.find(word) < 0 for word in unknown)
    words += [b"</s>", *unknown]
    comp = vectors(WORDS, skipgram, b" ".join(words))
    close(comp, [word_vector(loaded, word) for word in words])
    assert comp[words.index(b"gardens")].any()
    # The bytes of a word come back as they are.
    assert run(WORDS, skipgram, stdin=b"w\xffq").out.startswith(b"w\xffq ")


@pytest.mark.parametrize("model", [PLAIN, NGRAMS], ids=lambda path: path.stem)
def test_unknown_words_without_subwords_are_zeros(model):
    dim = load_model(str(model)).args.dim
    for word in ("zzqqx", "日本"):
        assert run(WORDS, model, stdin=word.encode()).text() == f"{word} {dim * '0 '}\n"


def test_end_of_line_token_is_a_word_only_where_it_is_typed(skipgram):
    eos = run(WORDS, skipgram, stdin=b"</s>").text()
    assert eos.startswith("</s> ")
    row = matrix(load_model(str(skipgram)))[load_model(str(skipgram)).dictionary.find(b"</s>")]
    close([float(x) for x in eos.split()[1:]], row)
    assert run(WORDS, skipgram, stdin=b"\n\n \n").text() == ""


def test_vec_file_is_what_is_printed(skipgram):
    head, *lines = skipgram.with_suffix(".vec").read_bytes().splitlines(keepends=True)
    words = [line.split(b" ")[0] for line in lines]
    assert head == b"%d 6\n" % len(words)
    printed = run(WORDS, skipgram, stdin=b"\n".join(words)).text()
    assert is_same_text(printed, b"".join(lines).decode())


def test_words_of_quantized_models(quantized):
    loaded = load_model(str(quantized))
    assert loaded.quantized
    words = loaded.dictionary.entries(0, loaded.dictionary.nwords)
    close(
        vectors(WORDS, quantized, b" ".join(words)), [word_vector(loaded, word) for word in words]
    )
    assert run(WORDS, quantized, stdin=b"zzqqx").text() == "zzqqx " + 10 * "0 " + "\n"


def test_many_words_and_threads(skipgram):
    """Words beyond a part of the input, and shared among threads."""
    stdin = (SAMPLES / "topics.test.txt").read_bytes()
    ref = run(WORDS, skipgram, "--thread", 1, stdin=stdin).text()
    assert run(WORDS, skipgram, "-thread", 2, stdin=stdin).text() == ref
    assert run(WORDS, skipgram, "--thread", 5, stdin=stdin).text() == ref
    assert [line.split(" ")[0] for line in ref.splitlines()] == stdin.decode().split()
    first = {line.split(" ")[0]: line for line in ref.splitlines()}
    assert all(first[line.split(" ")[0]] == line for line in ref.splitlines())


# ------------------------------------------------------------ sentence vectors


@pytest.mark.parametrize("model", [PLAIN, NGRAMS, SUBWORDS], ids=lambda path: path.stem)
@pytest.mark.parametrize("text", [TEXT, TEXT[:-1]], ids=["whole", "no last line end"])
def test_sentences_of_classifiers_are_means_of_rows(text, model):
    loaded = load_model(str(model))
    dictionary, args = loaded.dictionary, loaded.args
    nwords = dictionary.nwords
    words = {word: i for i, word in enumerate(dictionary.entries(0, nwords))}
    labels = {label: i for i, label in enumerate(dictionary.labels())}
    sizes = (args.minn, args.maxn, args.word_ngrams, args.bucket)
    lines = naive_text.read_lines(text, words, labels, b"__label__", *sizes)
    rows = matrix(loaded)
    ref = [rows[ids].mean(axis=0) if ids else np.zeros(args.dim) for ids, *_ in lines]
    close(vectors(SENTENCES, model, text), ref)
    assert len(lines) == 5


def test_labels_in_a_sentence_are_no_words(skipgram):
    assert (
        run(SENTENCES, NGRAMS, stdin=b"__label__travel the train __label__zz\n").out
        == run(SENTENCES, NGRAMS, stdin=b"the train\n").out
    )


def test_sentences_of_word_vectors_are_means_of_unit_vectors(skipgram):
    loaded = load_model(str(skipgram))
    text = b"how do i cook rice ?\n\n  \nzzqqx the the\r\n</s> a w\xff\nno end"
    ref = []
    for line in text.split(b"\n"):
        found = [word_vector(loaded, word) for word in line.split()]
        unit = [x / np.linalg.norm(x) for x in found if x.any()]
        ref.append(np.mean(unit, axis=0) if unit else np.zeros(6))
    close(vectors(SENTENCES, skipgram, text), ref)


def test_words_without_a_vector_count_in_no_mean(tmp_path):
    """Row 0 is a, of length 5; b is zero; both unknown words and b are left out."""
    model = tmp_path / "words.bin"
    words, rows = [b"a", b"b", b"</s>"], [[3, 4], [0, 0], [0, 2]]
    model.write_bytes(model_bytes.model_bytes(words, [], rows, rows, model=2, loss=2))
    ref = "0.6 0.8 \n0.6 0.8 \n0 0 \n0 0 \n0.3 0.9 \n"
    assert run(SENTENCES, model, stdin=b"a\na b zz\nb zz\n\na </s>").text() == ref


def test_sentences_of_quantized_models(quantized, topics):
    """A known word alone is its row and that of </s>, wherever its n-grams were dropped."""
    loaded = load_model(str(quantized))
    comp = vectors(SENTENCES, quantized, b"\nthe\n")
    rows = matrix(loaded)
    nwords = loaded.dictionary.nwords
    bucket = naive_text.add_word_ngrams(
        [naive_text.hash_bytes(word) for word in (b"the", b"</s>")], 2, 5000, nwords
    )[1]
    ids = [loaded.dictionary.find(b"the"), loaded.dictionary.find(b"</s>"), *bucket]
    if loaded.bucket_rows is not None:
        (ids,) = naive_text.prune_features([ids], nwords, loaded.bucket_rows)
    close(comp, [rows[loaded.dictionary.find(b"</s>")], rows[ids].mean(axis=0)])
    whole = vectors(SENTENCES, topics, TEXT)
    small = vectors(SENTENCES, quantized, TEXT)
    if loaded.bucket_rows is None:
        assert np.linalg.norm(whole - small) < 0.3 * np.linalg.norm(whole)


def test_sentences_and_threads():
    stdin = (SAMPLES / "topics.test.txt").read_bytes() * 4
    ref = run(SENTENCES, NGRAMS, "-thread", 1, stdin=stdin).text()
    assert run(SENTENCES, NGRAMS, "-thread", 3, stdin=stdin).text() == ref
    assert len(ref.splitlines()) == 1200


@pytest.mark.parametrize("command", [WORDS, SENTENCES])
def test_no_input(command, skipgram):
    assert run(command, skipgram, stdin=b"").text() == ""
    assert run(command, NGRAMS, stdin=b"").text() == ""
    assert run(command, NGRAMS, "--json", stdin=b"").text() == ""


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["no line end", "line end"])
def test_only_a_word(end, skipgram):
    """Word vectors know no line ends; classifiers do."""
    word = run(WORDS, skipgram, stdin=b"rice" + end).text()
    assert word == run(WORDS, skipgram, stdin=b"rice").text()
    sentence = run(SENTENCES, skipgram, stdin=b"rice" + end).text()
    assert sentence == run(SENTENCES, skipgram, stdin=b"rice").text()
    is_same = run(SENTENCES, NGRAMS, stdin=b"rice" + end).out == (
        run(SENTENCES, NGRAMS, stdin=b"rice").out
    )
    assert is_same == (end == b"")


# ---------------------------------------------------------------------- n-grams


def test_ngrams_by_hand(tmp_path):
    """Three words, 50 buckets, n-grams of 2 and 3 characters: row i of the matrix is (i, i / 2)."""
    model = tmp_path / "ngrams.bin"
    rows = [[i, i / 2] for i in range(53)]
    sizes = {"bucket": 50, "minn": 2, "maxn": 3, "model": 2, "loss": 2}
    words = model_bytes.WORDS
    model.write_bytes(model_bytes.model_bytes(words, [], rows, rows[:3], **sizes))

    def ngrams(*names):
        return [(name, 3 + naive_text.hash_bytes(name.encode()) % 50) for name in names]

    def shown(pairs):
        return "".join(f"{name} {i} {i / 2:g} \n" for name, i in pairs)

    ref = [("a", 1), *ngrams("<a", "<a>", "a>")]
    assert run("print-ngrams", model, "a").text() == shown(ref)
    ref = ngrams("<é", "<éa", "éa", "éa>", "a>")
    assert run("print-ngrams", model, "éa").text() == shown(ref)
    assert run("print-ngrams", model, "</s>").text() == "</s> 0 0 \n"


@pytest.mark.parametrize("word", ["the", "gardens", "naïve", "日"])
def test_ngrams_make_the_word(word, skipgram):
    lines = run("print-ngrams", skipgram, word).text().splitlines()
    rows = np.array([line.split(" ")[1:-1] for line in lines], float)
    close(rows.mean(axis=0), vectors(WORDS, skipgram, word.encode())[0])


@pytest.mark.parametrize("model", [PLAIN, NGRAMS], ids=lambda path: path.stem)
def test_ngrams_of_models_without_character_ngrams(model):
    assert run("print-ngrams", model, "zzqqx").text() == ""
    loaded = load_model(str(model))
    word = loaded.dictionary.entries(1, 2)[0]
    comp = run("print-ngrams", model, word.decode()).text()
    assert comp == run(WORDS, model, stdin=word).text()


@pytest.mark.skipif(os.name != "posix", reason="arguments of any bytes")
def test_ngrams_of_bytes_that_are_no_text(skipgram):
    comp = run("print-ngrams", skipgram, os.fsdecode(b"\xffa"))
    assert (comp.code, comp.err) == (0, "")
    names = [line.split(b" ")[0] for line in comp.out.splitlines()]
    assert names == [b"<\xff", b"<\xffa", b"<\xffa>", b"\xffa", b"\xffa>", b"a>"]


def test_ngrams_of_quantized_models(quantized):
    """Without character n-grams there is the word alone."""
    comp = run("print-ngrams", quantized, "the").text()
    assert comp == run(WORDS, quantized, stdin=b"the").text()


@pytest.mark.parametrize("cutoff", [(), ("-cutoff", 300)], ids=["whole", "pruned"])
def test_subwords_of_quantized_models(cutoff, tmp_path):
    """What a cutoff dropped is nothing: the mean is over what is left."""
    options = ["-dim", 6, "-minn", 2, "-maxn", 3, "-bucket", 500, "-verbose", 0]
    source = SAMPLES / "topics.train.txt"
    result = run("supervised", "-input", source, "-output", tmp_path / "m", *options, "-lr", 0.5)
    assert (result.code, result.out, result.err) == (0, b"", "")
    result = run("quantize", "-output", tmp_path / "m", *cutoff, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    model = tmp_path / "m.ftz"
    loaded = load_model(str(model))
    words = [*loaded.dictionary.entries(0, loaded.dictionary.nwords), b"zzqqx", b"gardens"]
    ref = [word_vector(loaded, word) for word in words]
    close(vectors(WORDS, model, b" ".join(words)), ref)
    # A dropped n-gram has no row: it is left out.
    lines = run("print-ngrams", model, "gardens").text().splitlines()
    rows = np.array([line.split(" ")[1:-1] for line in lines], float).reshape(-1, 6)
    assert (len(rows) < 15) == bool(cutoff)
    mean = rows.mean(axis=0) if len(rows) else np.zeros(6)
    np.testing.assert_allclose(mean, ref[-1], rtol=1e-4, atol=1e-5)  # the rows are printed rounded


# ---------------------------------------------------------------- JSON and .npy


@pytest.mark.parametrize("model", ["skipgram", "classifier"])
def test_json_of_words(model, skipgram):
    path = skipgram if model == "skipgram" else NGRAMS
    stdin = "the rice naïve \udcff </s>".encode("utf-8", "surrogateescape")
    ref = vectors(WORDS, path, stdin)
    answers = [
        json.loads(line) for line in run(WORDS, path, "--json", stdin=stdin).out.split(b"\n")[:-1]
    ]
    assert [answer["word"] for answer in answers] == ["the", "rice", "naïve", "\ufffd", "</s>"]
    assert all(answer.keys() == {"word", "vector"} for answer in answers)
    close([answer["vector"] for answer in answers], ref)


@pytest.mark.parametrize("model", ["skipgram", "classifier"])
@pytest.mark.parametrize("text", [TEXT, TEXT[:-1]], ids=["whole", "no last line end"])
def test_json_of_sentences(text, model, skipgram):
    path = skipgram if model == "skipgram" else NGRAMS
    ref = vectors(SENTENCES, path, text)
    answers = [
        json.loads(line) for line in run(SENTENCES, path, "--json", stdin=text).text().splitlines()
    ]
    assert [answer["text"].encode() for answer in answers] == TEXT.split(b"\n")[:-1]
    assert all(answer.keys() == {"text", "vector"} for answer in answers)
    close([answer["vector"] for answer in answers], ref)


def test_json_of_ngrams(skipgram):
    lines = run("print-ngrams", skipgram, "rice").text().splitlines()
    answers = [
        json.loads(line)
        for line in run("print-ngrams", skipgram, "rice", "--json").text().splitlines()
    ]
    assert [answer["ngram"] for answer in answers] == [line.split(" ")[0] for line in lines]
    ref = [[float(x) for x in line.split(" ")[1:-1]] for line in lines]
    close([answer["vector"] for answer in answers], ref)


@pytest.mark.parametrize("command", [WORDS, SENTENCES])
@pytest.mark.parametrize("model", ["skipgram", "classifier"])
def test_npy(model, command, skipgram, tmp_path):
    path = skipgram if model == "skipgram" else NGRAMS
    stdin = (SAMPLES / "topics.test.txt").read_bytes()
    file = tmp_path / "out.npy"
    result = run(command, path, "--npy", file, stdin=stdin)
    assert (result.code, result.out) == (0, b"")
    rows = np.load(file, allow_pickle=False)
    assert rows.dtype == np.float32
    assert rows.flags.c_contiguous
    n = len(stdin.split()) if command == WORDS else 300
    assert len(rows) == n
    assert f"Wrote {file} ({n:,} vectors, " in result.err
    close(rows, vectors(command, path, stdin))
    assert [p.name for p in tmp_path.iterdir()] == ["out.npy"]


def test_npy_of_nothing(tmp_path):
    file = tmp_path / "out.npy"
    result = run(WORDS, NGRAMS, "--npy", file, stdin=b"")
    assert (result.code, result.out) == (0, b"")
    assert np.load(file).shape == (0, load_model(str(NGRAMS)).args.dim)


def test_npy_replaces_a_former_file_when_it_is_whole(tmp_path):
    file = tmp_path / "out.npy"
    file.write_bytes(b"former")
    result = run(WORDS, tmp_path / "missing.bin", "--npy", file, stdin=b"the")
    assert result.code == 1
    assert file.read_bytes() == b"former"
    assert run(WORDS, NGRAMS, "--npy", file, stdin=b"the").code == 0
    assert np.load(file).shape == (1, load_model(str(NGRAMS)).args.dim)


# -------------------------------------------------------------------- messages


def said(*argv):
    result = run(*argv, stdin=TEXT)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize("command", [WORDS, SENTENCES])
def test_wrong_number_of_arguments(command):
    usage = f"usage: fastcli {command} <model>\n"
    assert usage in said(command)
    assert usage in said(command, NGRAMS, "-")
    assert usage in said(command, NGRAMS, "--jsno")
    usage = "usage: fastcli print-ngrams <model> <word>\n"
    for argv in ([], [NGRAMS], [NGRAMS, "a", "b"]):
        assert usage in said("print-ngrams", *argv)


@pytest.mark.parametrize("argv", [(WORDS,), (SENTENCES,), ("print-ngrams",)])
def test_models_that_cannot_be_read(argv, tmp_path):
    word = ["word"] if argv[0] == "print-ngrams" else []
    missing, other = tmp_path / "missing", SAMPLES / "topics.test.txt"
    err = said(*argv, missing, *word)
    assert err.startswith(f"{missing} cannot be opened for loading!")
    assert len(err.splitlines()) == 1
    assert said(*argv, other, *word).startswith(f"{other} has wrong file format!")


def test_json_and_npy_together(tmp_path):
    err = said(WORDS, NGRAMS, "--json", "--npy", tmp_path / "x.npy")
    assert err.startswith("--json and --npy cannot be combined.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [WORDS, SENTENCES])
def test_npy_that_cannot_be_written(command, tmp_path):
    for file in (tmp_path / "nofolder" / "x.npy", tmp_path):
        err = said(command, NGRAMS, "--npy", file)
        assert err.startswith(f"{file} cannot be opened for saving")
        assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------ pipes


@pytest.mark.skipif(os.name != "posix", reason="select works on sockets only")
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", [WORDS, SENTENCES])
def test_lines_are_answered_one_by_one(command, options):
    lines = [b"rice\n", b"train\n", b"zzz\n"]
    ref = run(command, NGRAMS, *options, stdin=b"".join(lines)).out.splitlines(keepends=True)
    child = start(command, NGRAMS, *options, bufsize=0)
    try:
        for line, answer in zip(lines, ref, strict=True):
            child.stdin.write(line)
            ready, _, _ = select.select([child.stdout], [], [], 60)
            assert ready, "no answer before the next line"
            assert child.stdout.readline() == answer
        out, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (out, messages(err), child.returncode) == (b"", "", 0)


@pytest.mark.skipif(os.name != "posix", reason="pipes")
@pytest.mark.parametrize("command", [WORDS, SENTENCES])
def test_closed_pipe_ends_quietly(command, tmp_path):
    big = tmp_path / "big.txt"
    big.write_bytes((SAMPLES / "topics.test.txt").read_bytes() * 60)
    with open(big, "rb") as stdin:
        child = start(command, NGRAMS, stdin=stdin)
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
        child.stderr.close()
        assert (child.wait(timeout=60), messages(err)) == (0, "")
