"""The module and fastText's own, side by side on the same models; and fastText's tests on ours."""

import inspect
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastcli
from fastcli import fasttext_shim
from tests.command import SAMPLES, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
SIZES = ["-dim", 10, "-lr", 0.5, "-epoch", 10, "-wordNgrams", 2, "-minn", 2, "-maxn", 3]
SMALL = [*SIZES, "-bucket", 3000, "-thread", 1, "-verbose", 0]
MODELS = ["softmax.bin", "hs.bin", "ns.bin", "ova.bin", "plain.bin"]
QUANTIZED = ["softmax.ftz", "hs.ftz", "pruned.ftz", "many.ftz"]
WORDS = ["skipgram.bin", "cbow.bin"]
RICE = "what can i cook with rice and onions ?"
TEXTS = [
    *(
        RICE,
        "",
        " ",
        "zyzzyva",
        "__label__cooking rice",
        "__label__none",
        "日本語 naïve",
        "rice\0beans",
    ),
    *(
        "rice\r\f\v\tbeans",
        "rice </s> beans",
        "</s>",
        "</s>s rice",
        "a" * 3000,
        "ri\u00a0ce \u2003 x",
    ),
]
NO_WORDS = ["", "zyzzyva", "日本語", "</s>", "__label__cooking", "<", "rice\n", "a b"]

# What fastText's module does by itself.
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def fasttext():
    """Return fastText's Python module, if it works with this NumPy."""
    module = pytest.importorskip("fasttext", reason="fasttext is not installed")
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        pytest.skip("fasttext needs a NumPy below 2")
    module.FastText.eprint = lambda *args, **kwargs: None
    return module


def quiet(*argv):
    result = run(*argv)
    assert result.code == 0, result.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of all models."""
    folder = tmp_path_factory.mktemp("models")
    fewer = ["-dim", 7, "-epoch", 20, "-lr", 0.5, "-verbose", 0]
    for loss in ("softmax", "hs", "ns", "ova"):
        quiet("supervised", "-input", TRAIN, "-output", folder / loss, "-loss", loss, *SMALL)
    quiet("supervised", "-input", TRAIN, "-output", folder / "plain", *fewer)
    many = "".join(f"__label__{i} w{i} common w{i // 2}\n" for i in range(300))
    (folder / "many.txt").write_text(many)
    quiet("supervised", "-input", folder / "many.txt", "-output", folder / "many", *fewer)
    quiet("quantize", "-output", folder / "softmax", "-qnorm", "-verbose", 0)
    quiet("quantize", "-output", folder / "hs", "-verbose", 0)
    quiet("quantize", "-output", folder / "many", "-qout", "-qnorm", "-verbose", 0)
    os.link(folder / "softmax.bin", folder / "pruned.bin")
    quiet("quantize", "-output", folder / "pruned", "-cutoff", 600, "-verbose", 0)
    text = TRAIN.read_text(encoding="utf-8").splitlines()
    (folder / "text.txt").write_text("\n".join(line.partition(" ")[2] for line in text) + "\n")
    for command in ("skipgram", "cbow"):
        sizes = ["-dim", 12, "-minCount", 2, "-bucket", 2000, "-epoch", 2, "-verbose", 0]
        quiet(command, "-input", folder / "text.txt", "-output", folder / command, *sizes)
    return folder


@pytest.fixture(scope="module", params=[*MODELS, *QUANTIZED, *WORDS])
def pair(request, folder, fasttext):
    """Return the same model by fastText and by us."""
    path = str(folder / request.param)
    return fasttext.load_model(path), fastcli.load_model(path)


@pytest.fixture(scope="module", params=[*MODELS, *QUANTIZED])
def classifiers(request, folder, fasttext):
    """Return the same classifier by fastText and by us."""
    path = str(folder / request.param)
    return fasttext.load_model(path), fastcli.load_model(path)


@pytest.fixture(scope="module")
def texts(folder):
    """Return texts: odd ones, those of the test file, and random words of the models."""
    lines = TEST.read_text(encoding="utf-8").splitlines()
    known = fastcli.load_model(folder / "softmax.bin").words
    some = random.Random(1)
    mixed = [" ".join(some.choices(known, k=some.randint(1, 12))) for _ in range(100)]
    return [*TEXTS, *lines[:100], *mixed]


def both(call, pair):
    """Return what a call gives on both models; an error by the kind that programs catch."""
    found = []
    for model in pair:
        try:
            found.append(call(model))
        except (ValueError, TypeError, AttributeError) as error:
            kind = next(k for k in (ValueError, TypeError, AttributeError) if isinstance(error, k))
            found.append(kind)
    return found


def same_types(ref, comp):
    assert type(ref) is type(comp)
    if isinstance(ref, np.ndarray):
        assert (ref.dtype, ref.shape) == (comp.dtype, comp.shape)
    elif isinstance(ref, (tuple, list)):
        for one, other in zip(ref, comp, strict=True):
            same_types(one, other)


def same_answer(ref, comp):
    """Check labels and probabilities, ties apart: the last bits of a sum may differ."""
    same_types(ref, comp)
    (labels, probs), (our_labels, our_probs) = ref, comp
    if isinstance(labels, list):
        for one in zip(
            zip(labels, probs, strict=True), zip(our_labels, our_probs, strict=True), strict=True
        ):
            same_labels(*one)
    else:
        same_labels(ref, comp)


def same_labels(ref, comp):
    (labels, probs), (our_labels, our_probs) = ref, comp
    np.testing.assert_allclose(our_probs, probs, rtol=2e-5, atol=1e-7)
    if list(labels) != list(our_labels):
        by_label = dict(zip(labels, probs, strict=True))
        for label, prob in zip(our_labels, our_probs, strict=True):
            assert by_label.get(label, probs[-1]) == pytest.approx(prob, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize(("k", "threshold"), [(1, 0.0), (3, 0.0), (-1, 0.0), (2, 0.3), (1, 2.0)])
def test_predictions(classifiers, texts, k, threshold):
    for text in texts:
        same_answer(*(model.predict(text, k, threshold) for model in classifiers))
    same_answer(*(model.predict(texts, k, threshold) for model in classifiers))
    same_answer(*(model.predict([], k, threshold) for model in classifiers))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a\n", {}),
        (["a", "b\nc"], {}),
        (b"a", {}),
        ([b"a"], {}),
        ("a \ud800", {}),
        (["a \ud800"], {}),
        ("a", {"k": 0}),
        ("a", {"k": -2}),
        (["a"], {"k": 0}),
        ("a", {"k": 1.0}),
        ("a", {"k": "1"}),
        ("a", {"k": None}),
        ("a", {"k": 1 << 40}),
        ("a", {"k": True}),
        ("a", {"k": np.int64(2)}),
        ("a", {"threshold": "a"}),
        ("a", {"threshold": None}),
        ("a", {"threshold": np.float32(0.1)}),
        ("a", {"threshold": float("nan"), "k": 2}),
        ("a", {"threshold": -1}),
        ("a", {"on_unicode_error": "bogus"}),
    ],
)
def test_odd_arguments_of_predict(pair, text, options):
    ref, comp = both(lambda model: model.predict(text, **options), pair)
    if isinstance(ref, type):
        # Of word vectors that they predict nothing may be said first.
        assert comp is ref or (comp is ValueError and pair[0].labels == pair[0].words)
    else:
        same_answer(ref, comp)


@pytest.mark.parametrize("text", [None, 3, 1.5, ("a", "b"), np.array(["a"])])
def test_what_is_no_text(classifiers, text):
    for model in classifiers:
        with pytest.raises((TypeError, AttributeError)):
            model.predict(text)


def test_words_and_labels(pair):
    theirs, ours = pair
    assert ours.words == theirs.words
    assert ours.labels == theirs.labels
    assert ours.words is ours.words
    for freq in (False, True):
        for name in ("get_words", "get_labels"):
            ref, comp = (getattr(model, name)(include_freq=freq) for model in pair)
            same_types(ref, comp)
            if freq:
                assert ref[0] == comp[0]
                np.testing.assert_array_equal(ref[1], comp[1])
            else:
                assert ref == comp
    for word in [*theirs.words[:20], *theirs.labels, *NO_WORDS, 3, None, b"rice"]:
        assert (word in ours) == (word in theirs)
    for word in [*theirs.words[:20], *theirs.labels, *NO_WORDS, b"rice"]:
        assert ours.get_word_id(word) == theirs.get_word_id(word)
        assert ours.get_label_id(word) == theirs.get_label_id(word)
    assert ours.is_quantized() == theirs.is_quantized()
    assert ours.get_dimension() == theirs.get_dimension()


def test_subwords(pair):
    theirs, ours = pair
    has_buckets = theirs.f.getArgs().bucket > 0
    for word in [*theirs.words[:20], *NO_WORDS, b"rice"]:
        ref, comp = theirs.get_subwords(word), ours.get_subwords(word)
        same_types(ref, comp)
        assert ref[0] == comp[0]
        np.testing.assert_array_equal(ref[1], comp[1])
        if has_buckets:
            assert ours.get_subword_id(word) == theirs.get_subword_id(word)
        row = ours.get_word_id(word)
        if 0 <= row < len(ours):
            same_rows(theirs.get_input_vector(row), ours.get_input_vector(np.int64(row)))


def same_rows(ref, comp, rtol=0.0):
    same_types(ref, comp)
    np.testing.assert_allclose(comp, ref, rtol=rtol, atol=rtol)


def test_vectors(pair, texts):
    theirs, ours = pair
    known = [word for word in NO_WORDS if word != "__label__cooking"]  # that of a label is any row
    for word in [*theirs.words[:200], *known, b"rice"]:
        same_rows(theirs.get_word_vector(word), ours.get_word_vector(word), 2e-7)
    same_rows(theirs["rice"], ours["rice"], 2e-7)
    for text in texts:
        same_rows(theirs.get_sentence_vector(text), ours.get_sentence_vector(text), 5e-7)


def test_matrices(pair):
    theirs, _ = pair
    for name in ("get_input_matrix", "get_output_matrix"):
        ref, comp = both(lambda model, name=name: getattr(model, name)(), pair)
        if theirs.is_quantized():
            assert ref is comp is ValueError
        else:
            same_rows(ref, comp)
            assert comp.flags.writeable
            assert comp.flags.owndata or comp.base.flags.owndata


def test_neighbours(pair):
    theirs, ours = pair
    queries = [word for word in theirs.words[:10] if np.linalg.norm(theirs[word]) > 0]
    for word in queries:
        for k in (1, 10, 100_000):
            same_neighbours(
                theirs.get_nearest_neighbors(word, k), ours.get_nearest_neighbors(word, k)
            )
    for a, b, c in zip(queries, queries[1:], queries[2:], strict=False):
        same_neighbours(theirs.get_analogies(a, b, c), ours.get_analogies(a, b, c))


def test_neighbours_of_what_has_no_vector_are_in_the_same_order(folder, fasttext):
    path = str(folder / "plain.bin")  # all similarities are 0
    ours, theirs = fastcli.load_model(path), fasttext.load_model(path)
    for k in (1, 3, 10, 100_000):
        ref = theirs.get_nearest_neighbors("zyzzyva", k)
        assert ours.get_nearest_neighbors("zyzzyva", k) == ref


def same_neighbours(ref, comp):
    same_types(ref[:5], comp[:5])
    assert len(ref) == len(comp)
    np.testing.assert_allclose([s for s, _ in comp], [s for s, _ in ref], rtol=1e-5, atol=2e-6)
    scores = {word: score for score, word in ref}
    for score, word in comp:
        assert scores.get(word, ref[-1][0]) == pytest.approx(score, rel=1e-5, abs=2e-6)


def test_lines(pair, texts):
    theirs, ours = pair
    for text in texts:
        assert ours.get_line(text) == theirs.get_line(text)
    assert ours.get_line(texts) == theirs.get_line(texts)
    assert ours.get_line([]) == theirs.get_line([])
    for text in ("a\n", ["a", "b\n"], b"a"):
        ref, comp = both(lambda model, text=text: model.get_line(text), pair)
        assert ref is comp


def test_tokens(fasttext, texts):
    for text in [*texts, "a\nb\n\n c", b"a b", "\n", "a </s>\nb"]:
        assert fastcli.tokenize(text) == fasttext.tokenize(text)
    for text in (None, 3, "\ud800"):
        for tokenize in (fasttext.tokenize, fastcli.tokenize):
            with pytest.raises(TypeError):
                tokenize(text)
    for tokenize in (fasttext.tokenize, fastcli.tokenize):
        with pytest.raises(UnicodeDecodeError):
            tokenize(b"\xff")


@pytest.fixture(scope="module")
def labelled(folder):
    """Return a file of lines with several labels, unknown and repeated ones, and none."""
    path = folder / "labelled.txt"
    lines = TEST.read_text(encoding="utf-8").splitlines()[:150]
    odd = ["__label__cooking __label__money rice", "__label__cooking __label__cooking rice", "rice"]
    path.write_text("\n".join([*lines, *odd, "__label__none rice", "", "__label__money"]) + "\n")
    return str(path)


def test_testing(classifiers, labelled, folder):
    theirs, _ = classifiers
    path = (
        labelled
        if "money" in str(theirs.labels) or len(theirs.labels) < 100
        else str(folder / "many.txt")
    )
    for k, threshold in [(1, 0.0), (2, 0.0), (-1, 0.0), (2, 0.2), (1, 2.0)]:
        ref, comp = (model.test(path, k, threshold) for model in classifiers)
        same_types(ref, comp)
        np.testing.assert_allclose(comp, ref, rtol=1e-12)
        ref, comp = (model.test_label(path, k, threshold) for model in classifiers)
        assert set(ref) == set(comp)
        for label, scores in comp.items():
            assert set(scores) == set(ref[label])
            np.testing.assert_equal(scores["precision"], ref[label]["precision"])


def test_a_test_file_that_is_not_there(pair):
    for call in ("test", "test_label", "get_meter"):
        for model in pair:
            with pytest.raises(ValueError, match="Test file cannot be opened!"):
                getattr(model, call)("missing")


def test_meters(classifiers, labelled, folder):
    theirs, _ = classifiers
    is_many = len(theirs.labels) > 100
    path = str(folder / "many.txt") if is_many else labelled
    for k in (-1, 1):
        ref, comp = (model.get_meter(path, k) for model in classifiers)
        for label in theirs.labels[:5]:
            for (scores, true), (our_scores, our_true) in [
                (ref.score_vs_true(label), comp.score_vs_true(label))
            ]:
                same_types((scores, true), (our_scores, our_true))
                np.testing.assert_allclose(our_scores, scores, rtol=2e-5, atol=1e-7)
                assert our_true.sum() == true.sum()
            for at in (0.1, 0.5, 0.9):
                for name in ("precision_at_recall", "recall_at_precision"):
                    a, b = (getattr(meter, name)(at, label) for meter in (ref, comp))
                    assert b == pytest.approx(a, abs=0.02)
        a, b = (meter.precision_recall_curve() for meter in (ref, comp))
        same_types(a[:0], b[:0])
        assert abs(len(a[0]) - len(b[0])) <= len(a[0]) * 0.1 + 2
        assert (b[0][-1], b[1][-1]) == (a[0][-1], a[1][-1]) == (1.0, 0.0)
        assert b[1][0] == pytest.approx(a[1][0], abs=0.02)
        for at in (0.1, 0.5, 0.9):
            assert comp.precision_at_recall(at) == pytest.approx(
                ref.precision_at_recall(at), abs=0.02
            )
            assert comp.recall_at_precision(at) == pytest.approx(
                ref.recall_at_precision(at), abs=0.02
            )


def test_the_object_beneath(pair, texts):
    theirs, ours = pair
    public = [name for name in dir(theirs.f) if not name.startswith("_")]
    assert [name for name in public if not hasattr(ours.f, name)] == []
    ref, comp = theirs.f.getArgs(), ours.f.getArgs()
    of_file = ["dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "bucket", "minn", "maxn", "t"]
    for name in [*of_file, "lrUpdateRate", "autotuneMetric", "output", "qnorm", "seed"]:
        assert getattr(comp, name) == getattr(ref, name), name
    assert [name for name in dir(ref) if not hasattr(comp, name)] == []
    for name in ("loss", "model"):
        assert repr(getattr(comp, name)) == repr(getattr(ref, name))
    assert ours.f.getVocab("strict") == theirs.f.getVocab("strict")
    assert ours.f.getLabels("strict") == theirs.f.getLabels("strict")
    assert ours.f.tokenize("a b\n") == theirs.f.tokenize("a b\n")
    assert ours.f.getLine("rice\nb\n", "strict") == theirs.f.getLine("rice\nb\n", "strict")
    vector = np.zeros(theirs.get_dimension(), np.float32)
    ours.f.getWordVector(vector, "rice")
    same_rows(theirs["rice"], vector, 2e-7)
    if theirs.labels != theirs.words:
        lines = [f"{text}\n" for text in texts] + ["rice\nbeans\n", "rice"]
        for line in lines:
            ref, comp = (model.f.predict(line, 2, 0.0, "strict") for model in pair)
            same_types(ref, comp)
            same_labels(
                *(tuple(zip(*found, strict=True))[::-1] or ((), ()) for found in (ref, comp))
            )
        same_answer(*(model.f.multilinePredict(lines, 2, 0.0, "strict") for model in pair))


def test_models_are_saved_as_the_same_bytes(pair, tmp_path):
    theirs, ours = pair
    path = Path(ours.path)
    ours.save_model(str(tmp_path / "ours"))
    assert (tmp_path / "ours").read_bytes() == path.read_bytes()
    if path.name != "pruned.ftz":  # whose n-grams fastText writes in any order
        theirs.save_model(str(tmp_path / "theirs"))
        assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_other_matrices(fasttext, folder):
    path = str(folder / "softmax.bin")
    theirs, ours = fasttext.load_model(path), fastcli.load_model(path)
    inputs, outputs = theirs.get_input_matrix()[:, :4] * 2, theirs.get_output_matrix()[:, :4]
    for model in (theirs, ours):
        model.set_matrices(np.ascontiguousarray(inputs), np.ascontiguousarray(outputs))
        assert model.get_dimension() == 4
    same_answer(*(model.predict(RICE, k=-1) for model in (theirs, ours)))
    for wrong in (inputs[1:], inputs[0], inputs[:, :3]):
        with pytest.raises(ValueError, match="matrix"):
            ours.set_matrices(wrong, outputs)


def test_quantizing(fasttext, folder):
    path = str(folder / "softmax.bin")
    for options in ({}, {"qnorm": True}, {"cutoff": 500, "retrain": True, "input": str(TRAIN)}):
        theirs, ours = fasttext.load_model(path), fastcli.load_model(path)
        for model in (theirs, ours):
            model.quantize(**options)
            assert model.is_quantized()
        assert ours.test(str(TEST))[1] >= theirs.test(str(TEST))[1] - 0.03
    for options in ({"cutoff": 5}, {"retrain": True}):
        for model in (fasttext.load_model(path), fastcli.load_model(path)):
            with pytest.raises(ValueError, match=r"256 rows|retrain"):
                model.quantize(**options)
    for load in (fasttext.load_model, fastcli.load_model):
        with pytest.raises(ValueError, match="only support quantization of supervised models"):
            load(str(folder / "cbow.bin")).quantize()


def test_labels_that_are_not_utf8(fasttext, tmp_path):
    (tmp_path / "text").write_bytes(
        b"".join(b"__label__\xff%d w%d \xfe\n" % (i % 3, i % 3) for i in range(30))
    )
    model = fastcli.train_supervised(tmp_path / "text", dim=3, verbose=0, epoch=3)
    model.save_model(tmp_path / "m.bin")
    pair = fasttext.load_model(str(tmp_path / "m.bin")), model
    calls = [
        lambda m, **how: m.predict("w1", **how)[0],
        lambda m, **how: m.predict(["w1"], **how)[0],
        lambda m, **how: m.get_labels(**how),
        lambda m, **how: m.get_words(**how),
        lambda m, **how: m.get_line("w1 w2", **how),
        lambda m, **how: [w for _, w in m.get_nearest_neighbors("w1", 1, **how)],
    ]
    for call in calls:
        for how in ({"on_unicode_error": "replace"}, {"on_unicode_error": "ignore"}):
            ref, comp = (call(one, **how) for one in pair)
            assert ref == comp
    for call in calls[:4]:
        for one in pair:
            with pytest.raises(UnicodeDecodeError):
                call(one)
    for one in pair:
        with pytest.raises(UnicodeDecodeError):
            _ = one.labels


def test_arguments_of_methods_are_the_same(fasttext):
    theirs = fasttext.FastText._FastText
    for name in [name for name in dir(theirs) if not name.startswith("_")]:
        ref = getattr(theirs, name)
        comp = getattr(fastcli.FastText, name)
        if callable(ref):
            ref, comp = (
                [(p.name, p.default) for p in inspect.signature(one).parameters.values()]
                for one in (ref, comp)
            )
            assert ref == comp, name


def test_training_has_the_arguments_that_fasttext_has(fasttext):
    options = {"lr": 0.2, "dim": 7, "epoch": 1, "minn": 2, "maxn": 3, "word_ngrams": 2, "thread": 1}
    options |= {"loss": "ova", "bucket": 100, "verbose": 0, "min_count": 2, "t": 0.01}
    ref = fasttext.train_supervised(str(TRAIN), **options)
    comp = fastcli.train_supervised(str(TRAIN), **options)
    kept = [name for name in vars(ref) if not name.startswith("_") and name != "f"]
    assert len(kept) == 18
    for name in kept:
        a, b = getattr(ref, name), getattr(comp, name)
        assert (repr(a), type(a).__name__) == (repr(b), type(b).__name__), name
    assert sorted(comp.labels) == sorted(ref.labels)
    counts = [dict(zip(*model.get_words(include_freq=True), strict=True)) for model in (ref, comp)]
    assert counts[0] == counts[1]  # of words as frequent as each other any may be first


def test_the_modules_have_all_names(fasttext):
    modules = fasttext_shim._modules([])
    for name, module in modules.items():
        public = [n for n in dir(sys.modules.get(name, module)) if not n.startswith("_")]
        stray = {"absolute_import", "division", "print_function", "unicode_literals", "tests"}
        stray |= {"np", "sys", "chain", "multiprocessing", "os", "gzip", "shutil", "urlopen"}
        others = {
            "displayed_errors",
            "read_args",
            "unsupervised_default",
            "valid_lang_ids",
            "train",
        }
        missing = [n for n in public if not hasattr(module, n)]
        assert set(missing) <= stray | others


def test_all_tests_of_fasttext_pass_on_our_module(tmp_path):
    pytest.importorskip("fasttext", reason="fasttext is not installed")
    code = (
        "import unittest\n"
        "from fastcli import fasttext_shim\n"
        "fasttext_shim.install()\n"
        "import fastcli, fasttext.tests, sys\n"
        "assert fasttext.load_model is fastcli.load_model\n"
        "cases = fasttext.tests.gen_unit_tests()\n"
        "suite = unittest.defaultTestLoader.loadTestsFromTestCase(cases)\n"
        "result = unittest.TextTestRunner(sys.stderr).run(suite)\n"
        "print(result.testsRun, len(result.errors), len(result.failures), len(result.skipped))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONWARNINGS": "ignore"},
    )
    assert done.stdout == "83 0 0 0\n", done.stderr
