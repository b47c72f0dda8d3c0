"""Our files in the hands of gensim and of fastText's own Python module, and theirs in ours."""

import os

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.vectors import Vectors
from tests.cli.conftest import LOSSES
from tests.command import SAMPLES, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
UNKNOWN = ["gardens", "naïve", "日本語", "ricey"]
MANY = 300  # labels, enough for -qout

# What these packages do by themselves.
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def gensim():
    """Return gensim's fastText module."""
    return pytest.importorskip("gensim.models.fasttext", reason="gensim is not installed")


@pytest.fixture(scope="module")
def fasttext():
    """Return fastText's Python module, if it works with this NumPy."""
    module = pytest.importorskip("fasttext", reason="fasttext is not installed")
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        pytest.skip("fasttext needs a NumPy below 2")
    module.FastText.eprint = lambda *args, **kwargs: None
    return module


def quiet(*argv):
    result = run(*argv, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Return the path of the sample without its labels: gensim takes files that have some for
    classifiers.
    """
    path = tmp_path_factory.mktemp("text") / "text.txt"
    lines = TRAIN.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line.partition(b" ")[2] for line in lines))
    return path


@pytest.fixture(scope="module", params=["skipgram", "cbow"])
def words(request, text, tmp_path_factory):
    """Return the -output of word vectors of a command."""
    output = tmp_path_factory.mktemp(request.param) / "m"
    options = ["-minCount", 2, "-dim", 12, "-bucket", 2000, "-epoch", 2]
    quiet(request.param, "-input", text, "-output", output, *options)
    return output


@pytest.fixture(scope="module", params=["skipgram", "cbow"])
def plain_words(request, text, tmp_path_factory):
    """Return the -output of word vectors without n-grams."""
    output = tmp_path_factory.mktemp(request.param) / "m"
    quiet(request.param, "-input", text, "-output", output, "-dim", 12, "-maxn", 0)
    return output


@pytest.fixture(scope="module", params=LOSSES)
def classifier(request, tmp_path_factory):
    """Return the -output of a model of the topics sample, with word and character n-grams."""
    output = tmp_path_factory.mktemp(request.param) / "m"
    options = ["-loss", request.param, "-dim", 10, "-lr", 0.5, "-epoch", 15, "-wordNgrams", 2]
    sizes = ["-minn", 2, "-maxn", 3, "-bucket", 3000]
    quiet("supervised", "-input", TRAIN, "-output", output, *options, *sizes)
    return output


@pytest.fixture(scope="module", params=LOSSES)
def many_labels(request, tmp_path_factory):
    """Return the -output of a model of 300 labels, and its text."""
    folder = tmp_path_factory.mktemp(request.param)
    text = b"".join(b"__label__%d w%d common w%d\n" % (i, i, i // 2) for i in range(MANY))
    (folder / "text.txt").write_bytes(text)
    options = ["-loss", request.param, "-dim", 7, "-wordNgrams", 2, "-bucket", 300]
    more = ["-epoch", 20, "-lr", 0.5]
    quiet("supervised", "-input", folder / "text.txt", "-output", folder / "m", *options, *more)
    return folder / "m", folder / "text.txt"


def our_vectors(path, names):
    return Vectors(load_model(str(path)), 1).of_words([os.fsencode(name) for name in names])


def our_words(path):
    dictionary = load_model(str(path)).dictionary
    return [word.decode() for word in dictionary.entries(0, dictionary.nwords)]


# --------------------------------------------------------------------- gensim


def test_gensim_reads_our_vectors(gensim, words):
    path = f"{words}.bin"
    theirs = gensim.load_facebook_vectors(path)
    names = our_words(path)
    assert set(theirs.key_to_index) == set(names)
    # gensim, unlike fastText, has </s> made of character n-grams too.
    names = [name for name in names if name != "</s>"] + UNKNOWN
    comp = np.array([theirs.get_vector(name) for name in names])
    np.testing.assert_allclose(comp, our_vectors(path, names), rtol=1e-5, atol=1e-6)


def test_gensim_reads_our_models(gensim, words):
    path = f"{words}.bin"
    theirs = gensim.load_facebook_model(path)
    assert (theirs.wv.vector_size, theirs.wv.bucket) == (12, 2000)
    assert (theirs.wv.min_n, theirs.wv.max_n) == (3, 6)
    assert (theirs.sg, theirs.negative) == (int(words.parent.name.startswith("skipgram")), 5)
    comp = np.array([theirs.wv[name] for name in UNKNOWN])
    np.testing.assert_allclose(comp, our_vectors(path, UNKNOWN), rtol=1e-5, atol=1e-6)


def test_gensim_reads_our_models_without_ngrams(gensim, plain_words):
    path = f"{plain_words}.bin"
    theirs = gensim.load_facebook_vectors(path)
    names = our_words(path)
    comp = np.array([theirs.get_vector(name) for name in names])
    np.testing.assert_allclose(comp, our_vectors(path, names), rtol=1e-5, atol=1e-6)


def test_gensim_reads_our_text_files(gensim, words):
    from gensim.models import KeyedVectors

    theirs = KeyedVectors.load_word2vec_format(f"{words}.vec")
    names = our_words(f"{words}.bin")
    assert theirs.index_to_key == names
    ref = our_vectors(f"{words}.bin", names)
    np.testing.assert_allclose(theirs.vectors, ref, rtol=1e-4, atol=1e-6)


def test_gensim_has_the_same_neighbours(gensim, words):
    theirs = gensim.load_facebook_vectors(f"{words}.bin")
    ref = theirs.most_similar("rice", topn=5)
    lines = run("nn", f"{words}.bin", 5, stdin=b"rice").text()
    found = [line.split(" ") for line in lines.removeprefix("Query word? ").splitlines()[:5]]
    scores = [float(score) for _, score in found]
    np.testing.assert_allclose(scores, [score for _, score in ref], atol=1e-5)


# ------------------------------------------------------------------- fastText


def check_same_predictions(theirs, path, text, k=3):
    """Compare the k best labels of lines; those nearly as likely as each other may swap."""
    ours = run("predict-prob", path, text, k).text().splitlines()
    lines = text.read_text(encoding="utf-8").splitlines()
    for line, answer in zip(lines[:100], ours[:100], strict=True):
        words_ = [word for word in line.split(" ") if not word.startswith("__label__")]
        # The module adds the line end itself.  All labels: the next one may be as likely too.
        labels, probs = theirs.predict(" ".join(words_), k=-1)
        ref = dict(zip(labels, probs, strict=True))
        said = answer.split(" ")
        found = [float(p) for p in said[1::2]]
        np.testing.assert_allclose(found, probs[:k], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found, [ref[x] for x in said[::2]], rtol=1e-4, atol=1e-4)
        gaps = [2.0, *-np.diff(probs), 2.0]
        for i, (a, b) in enumerate(zip(said[::2], labels, strict=False)):
            assert a == b or min(gaps[i], gaps[i + 1]) < 2e-4, line


def check_same_vectors(theirs, path, names):
    comp = our_vectors(path, names)
    ref = np.array([theirs.get_word_vector(name) for name in names])
    np.testing.assert_allclose(comp, ref, rtol=1e-4, atol=1e-6)


def test_fasttext_reads_our_classifiers(fasttext, classifier):
    path = f"{classifier}.bin"
    theirs = fasttext.load_model(path)
    assert theirs.get_words() == our_words(path)
    assert set(theirs.get_labels()) == set(load_labels(path))
    check_same_predictions(theirs, path, TEST)
    check_same_vectors(theirs, path, [*our_words(path)[:50], *UNKNOWN])
    n, precision, recall = theirs.test(str(TEST))
    ref = f"N\t{n}\nP@1\t{precision:.3g}\nR@1\t{recall:.3g}\n"
    assert run("test", path, TEST).text() == ref


def load_labels(path):
    return [label.decode() for label in load_model(path).dictionary.labels()]


QUANTIZED = {
    "plain": (),
    "dsub 3": ("-dsub", 3),
    "qnorm": ("-qnorm",),
    "pruned": ("-cutoff", 700),
    "qnorm pruned": ("-qnorm", "-cutoff", 700, "-dsub", 4),
    "retrained": ("-qnorm", "-cutoff", 700, "-retrain", "-input", TRAIN),
    "target size": ("--target-size", "25k"),
}


@pytest.mark.parametrize("options", QUANTIZED.values(), ids=QUANTIZED.keys())
def test_fasttext_reads_our_quantized_classifiers(options, fasttext, classifier):
    quiet("quantize", "-output", classifier, *options)
    path = f"{classifier}.ftz"
    theirs = fasttext.load_model(path)
    assert theirs.is_quantized()
    check_same_predictions(theirs, path, TEST)
    check_same_vectors(theirs, path, [*our_words(path)[:50], *UNKNOWN])


@pytest.mark.parametrize("qnorm", [(), ("-qnorm",)])
def test_fasttext_reads_files_of_fewer_than_256_rows(qnorm, fasttext, tmp_path):
    """All rows but some are zero, and left out."""
    text = tmp_path / "three.txt"
    text.write_bytes(b"__label__a one two three\n__label__b four five six\n__label__a one five\n")
    output = tmp_path / "m"
    options = ["-wordNgrams", 2, "-dim", 5, "-lr", 1, "-epoch", 20, "-bucket", 10_000]
    quiet("supervised", "-input", text, "-output", output, *options)
    quiet("quantize", "-output", output, "--target-size", "50k", *qnorm)
    theirs = fasttext.load_model(f"{output}.ftz")
    assert theirs.f.getArgs().bucket == 10_000
    check_same_predictions(theirs, f"{output}.ftz", text, k=2)


@pytest.mark.parametrize("qnorm", [(), ("-qnorm",)], ids=["plain", "qnorm"])
@pytest.mark.parametrize("cutoff", [0, 300])
def test_fasttext_reads_quantized_output(qnorm, cutoff, fasttext, many_labels):
    output, text = many_labels
    quiet("quantize", "-output", output, "-qout", *qnorm, "-cutoff", cutoff, "-dsub", 3)
    theirs = fasttext.load_model(f"{output}.ftz")
    assert theirs.is_quantized()
    check_same_predictions(theirs, f"{output}.ftz", text, k=1)


def test_fasttext_reads_our_word_vectors(fasttext, words):
    path = f"{words}.bin"
    theirs = fasttext.load_model(path)
    assert theirs.get_words() == our_words(path)
    check_same_vectors(theirs, path, [*our_words(path), *UNKNOWN])
    lines = ["how do i cook rice ?", "the gardens zz"]
    out = run("print-sentence-vectors", path, stdin="\n".join(lines).encode()).text()
    comp = [[float(x) for x in line.split()] for line in out.splitlines()]
    ref = [theirs.get_sentence_vector(line) for line in lines]
    np.testing.assert_allclose(comp, ref, rtol=1e-3, atol=1e-5)
    names, rows = theirs.get_subwords("gardens"), theirs.get_input_matrix()
    out = run("print-ngrams", path, "gardens").text()
    assert [line.split(" ")[0] for line in out.splitlines()] == names[0]
    comp = [[float(x) for x in line.split()[1:]] for line in out.splitlines()]
    np.testing.assert_allclose(comp, rows[names[1]], rtol=1e-4, atol=1e-6)


def test_fasttext_has_the_same_neighbours(fasttext, words):
    theirs = fasttext.load_model(f"{words}.bin")
    for query in ("rice", "gardens"):
        ref = [score for score, _ in theirs.get_nearest_neighbors(query, k=8)]
        out = run("nn", f"{words}.bin", 8, stdin=query.encode()).text()
        lines = out.removeprefix("Query word? ").splitlines()[:8]
        comp = [float(line.split(" ")[1]) for line in lines]
        np.testing.assert_allclose(comp, ref, atol=1e-5)
    ref = [score for score, _ in theirs.get_analogies("rice", "egg", "train", k=8)]
    out = run("analogies", f"{words}.bin", 8, stdin=b"rice egg train").text()
    lines = out.partition("C)? ")[2].splitlines()[:8]
    comp = [float(line.split(" ")[1]) for line in lines]
    np.testing.assert_allclose(comp, ref, atol=1e-5)


# ------------------------------------------------------------- what it writes


@pytest.fixture(scope="module", params=["softmax", "hs", "ns", "ova"])
def their_classifier(request, fasttext, tmp_path_factory):
    """Return a model that fastText trained, and a folder."""
    sizes = {"dim": 10, "wordNgrams": 2, "minn": 2, "maxn": 3, "bucket": 3000}
    theirs = fasttext.train_supervised(
        str(TRAIN), loss=request.param, lr=0.5, epoch=15, thread=1, verbose=0, **sizes
    )
    return theirs, tmp_path_factory.mktemp(request.param)


def test_we_read_their_classifiers(their_classifier):
    theirs, folder = their_classifier
    path = folder / "m.bin"
    theirs.save_model(str(path))
    check_same_predictions(theirs, path, TEST)
    check_same_vectors(theirs, path, [*our_words(path)[:50], *UNKNOWN])


def test_we_go_on_with_their_classifiers(fasttext, their_classifier):
    """Without steps their model answers as before; with some, they read what we write."""
    theirs, folder = their_classifier
    path, new = folder / "m.bin", folder / "new"
    theirs.save_model(str(path))
    go_on = ["supervised", "-inputModel", path, "-input", VALID, "-output", new]
    quiet(*go_on, "-lr", 0)
    kept = fasttext.load_model(f"{new}.bin")
    assert set(theirs.get_words()) < set(kept.get_words())
    for word in theirs.get_words():
        assert (theirs.get_word_vector(word) == kept.get_word_vector(word)).all()
    if theirs.f.getArgs().loss.name != "hs":  # whose output rows start anew
        known = set(theirs.get_words())
        for line in TEST.read_text(encoding="utf-8").splitlines():
            text = " ".join(word for word in line.split(" ") if word in known)
            (labels, probs), (ours, found) = (one.predict(text, k=-1) for one in (theirs, kept))
            ref = dict(zip(labels, probs, strict=True))
            np.testing.assert_allclose(found, [ref[label] for label in ours], atol=1e-5)
    quiet(*go_on, "-lr", 0.3, "-epoch", 10)
    check_same_predictions(fasttext.load_model(f"{new}.bin"), f"{new}.bin", TEST)


@pytest.mark.parametrize("qnorm", [False, True])
@pytest.mark.parametrize("cutoff", [0, 700])
def test_we_read_their_quantized_classifiers(cutoff, qnorm, fasttext, their_classifier):
    theirs, folder = their_classifier
    theirs.save_model(str(folder / "m.bin"))
    small = fasttext.load_model(str(folder / "m.bin"))
    small.quantize(qnorm=qnorm, cutoff=cutoff, verbose=0)
    path = folder / "m.ftz"
    small.save_model(str(path))
    check_same_predictions(small, path, TEST)
    check_same_vectors(small, path, [*our_words(path)[:50], *UNKNOWN])


def test_we_quantize_their_classifiers(fasttext, their_classifier):
    theirs, folder = their_classifier
    theirs.save_model(str(folder / "q.bin"))
    quiet("quantize", "-output", folder / "q", "-qnorm", "-cutoff", 700)
    small = fasttext.load_model(str(folder / "q.ftz"))
    check_same_predictions(small, folder / "q.ftz", TEST)
    assert small.test(str(TEST))[1] > theirs.test(str(TEST))[1] - 0.1


@pytest.mark.parametrize("qnorm", [False, True])
def test_we_read_their_quantized_output(qnorm, fasttext, many_labels, tmp_path):
    _, text = many_labels
    theirs = fasttext.train_supervised(str(text), dim=7, lr=0.5, epoch=20, thread=1, verbose=0)
    theirs.quantize(qout=True, qnorm=qnorm, verbose=0)
    theirs.save_model(str(tmp_path / "m.ftz"))
    check_same_predictions(theirs, tmp_path / "m.ftz", text, k=1)


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
def test_we_read_their_word_vectors(model, fasttext, tmp_path):
    sizes = {"dim": 12, "bucket": 2000, "minCount": 2, "epoch": 2}
    theirs = fasttext.train_unsupervised(str(TRAIN), model=model, thread=1, verbose=0, **sizes)
    path = tmp_path / "m.bin"
    theirs.save_model(str(path))
    assert our_words(path) == theirs.get_words()
    check_same_vectors(theirs, path, [*our_words(path), *UNKNOWN])
