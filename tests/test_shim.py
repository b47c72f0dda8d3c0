"""``fasttext_shim.install``: ``import fasttext`` means fastcli, until ``uninstall``."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fastcli
from fastcli import fasttext_shim
from fastcli.errors import ArgumentError, DataError, FastcliError, FastcliWarning
from tests.command import SAMPLES

TRAIN = SAMPLES / "topics.train.txt"
SMALL = {"dim": 4, "epoch": 2, "thread": 1, "verbose": 0}


@pytest.fixture(autouse=True)
def nothing_is_imported():
    """Let each test start without fastText, and leave what was there."""
    former = fasttext_shim._names()
    for name in former:
        del sys.modules[name]
    yield
    fasttext_shim.uninstall()
    for name in fasttext_shim._names():
        del sys.modules[name]
    sys.modules.update(former)


@pytest.fixture
def fasttext():
    fasttext_shim.install()
    import fasttext

    return fasttext


@pytest.fixture(scope="module")
def model():
    return fastcli.train_supervised(TRAIN, **SMALL)


def test_the_modules_have_the_names_of_fasttext(fasttext):
    import fasttext.util
    from fasttext.FastText import _FastText, loss_name, model_name
    from fasttext.util.util import find_nearest_neighbor

    assert _FastText is fastcli.FastText
    assert fasttext.util.find_nearest_neighbor is find_nearest_neighbor
    assert (fasttext.EOS, fasttext.BOW, fasttext.FastText.EOW) == ("</s>", "<", ">")
    assert repr(loss_name.ova) == "<loss_name.ova: 4>"
    assert (str(model_name.cbow), int(model_name.cbow)) == ("model_name.cbow", 1)
    assert fasttext.tokenize("a b\n") == fasttext.FastText.tokenize("a b\n") == ["a", "b", "</s>"]
    fasttext.FastText.eprint = lambda *args, **kwargs: None


def test_a_model_is_of_the_class_that_programs_ask_for(fasttext, model, tmp_path):
    path = str(tmp_path / "m.bin")
    model.save_model(path)
    for found in (fasttext.load_model(path), fasttext.FastText._FastText(model_path=path)):
        assert isinstance(found, fasttext.FastText._FastText)
        assert found.labels == model.labels


def test_training_takes_arguments_as_fasttext_does(fasttext):
    model = fasttext.train_supervised(str(TRAIN), 0.2, 7, epoch=1, word_ngrams=2, verbose=0)
    assert (model.lr, model.dim, model.wordNgrams) == (0.2, 7, 2)
    assert model.loss is fasttext.FastText.loss_name.softmax
    words = fasttext.train_unsupervised(str(TRAIN), "cbow", dim=3, epoch=1, bucket=10, verbose=0)
    assert str(words.f.getArgs().model) == "model_name.cbow"
    for wrong in ({"bogus": 1}, {"lr": "a"}, {"dim": 2.5}, {"wordNgrams": 1, "word_ngrams": 2}):
        with pytest.raises(TypeError):
            fasttext.train_supervised(input=str(TRAIN), **wrong)
    with pytest.raises(TypeError, match="multiple values for argument 'lr'"):
        fasttext.train_supervised(str(TRAIN), 0.1, lr=0.1)
    with pytest.raises(TypeError, match="at most 20"):
        fasttext.train_unsupervised(*["x"] * 21)
    with pytest.raises(ValueError, match="loss"):
        fasttext.train_supervised(str(TRAIN), loss="bogus")
    with pytest.raises(ValueError, match="cannot be opened for training!"):
        fasttext.train_supervised("missing")
    with pytest.raises(ValueError, match="Empty input"):
        fasttext.train_supervised()


@pytest.mark.parametrize("name", ["cbow", "skipgram", "supervised"])
def test_functions_of_the_older_module_say_what_to_use(fasttext, name):
    with pytest.raises(Exception, match="train_") as caught:
        getattr(fasttext, name)("input", "output")
    assert type(caught.value) is Exception


def test_util(fasttext, model):
    vectors = np.array([[1, 0], [0, 2], [1, 1]], np.float32)
    products = np.zeros(3, np.float32)
    query = np.array([0, 1], np.float32)
    assert fasttext.util.find_nearest_neighbor(query, vectors, set()) == 1
    assert fasttext.util.find_nearest_neighbor(query, vectors, {1}, products) == 2
    np.testing.assert_array_equal(products, [0, 2, 1])
    with pytest.raises(ArgumentError):
        fasttext.util.find_nearest_neighbor(query, vectors, {0, 1, 2})
    assert fasttext.util.test([["a"], ["b"]], [["a", "b"], ["b"]]) == (1, 2 / 3)
    with pytest.raises(FastcliError, match=r"get https:\S*cc\.de\.300\.bin\.gz"):
        fasttext.util.download_model("de", if_exists="ignore")


def test_reduced_models_keep_what_varies_most(fasttext, tmp_path):
    model = fastcli.train_supervised(TRAIN, dim=8, epoch=10, lr=0.5, thread=1, verbose=0)
    rows = model.get_input_matrix().astype(np.float64)
    rows -= rows.mean(axis=0)
    variances = np.sort(np.linalg.eigvalsh(rows.T @ rows))
    same = fasttext.util.reduce_model(model, 3)
    assert same is model
    assert (model.get_dimension(), model.get_word_vector("rice").shape) == (3, (3,))
    less = model.get_input_matrix().astype(np.float64)
    less -= less.mean(axis=0)
    np.testing.assert_allclose((less**2).sum(), variances[-3:].sum(), rtol=1e-4)
    model.save_model(str(tmp_path / "m.bin"))
    assert fasttext.load_model(str(tmp_path / "m.bin")).predict("rice") == model.predict("rice")
    for size in (0, 4):
        with pytest.raises(ArgumentError, match="from 1 to 3"):
            fasttext.util.reduce_model(model, size)


def test_installing_twice_changes_nothing(fasttext):
    fasttext_shim.install()
    assert sys.modules["fasttext"] is fasttext
    fasttext_shim.install(api="salestock")
    assert sys.modules["fasttext"] is not fasttext
    assert callable(sys.modules["fasttext"].supervised)
    assert "fasttext.FastText" not in sys.modules
    with pytest.raises(ArgumentError, match="salestock"):
        fasttext_shim.install(api="other")


def test_what_was_imported_before_comes_back():
    other = ModuleType("fasttext")
    sys.modules["fasttext"] = other
    with pytest.warns(FastcliWarning, match="imported before") as caught:
        fasttext_shim.install()
    assert Path(caught[0].filename) == Path(__file__)
    assert sys.modules["fasttext"] is not other
    fasttext_shim.uninstall()
    fasttext_shim.uninstall()
    assert sys.modules["fasttext"] is other
    assert "fasttext.FastText" not in sys.modules


def test_what_took_its_place_since_stays(fasttext):
    other = sys.modules["fasttext"] = ModuleType("fasttext")
    fasttext_shim.uninstall()
    assert sys.modules["fasttext"] is other


def test_other_modules_of_an_installed_package_are_found(tmp_path):
    package = tmp_path / "fasttext"
    (package / "tests").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('this is not to be imported')\n")
    (package / "tests" / "__init__.py").write_text("from fasttext import load_model, util\n")
    code = (
        "import fastcli, sys\n"
        "from fastcli.fasttext_shim import install\n"
        "install(package=sys.argv[1]) if sys.argv[1:] else install()\n"
        "import fasttext.tests\n"
        "assert fasttext.tests.load_model is fastcli.load_model\n"
        "from importlib.util import find_spec\n"
        "assert find_spec('fasttext').origin == 'fastcli.fasttext_shim'\n"
    )
    for argv, folder in (([], tmp_path), ([str(package)], Path(fastcli.__file__).parent.parent)):
        command = [sys.executable, "-W", "error", "-c", code, *argv]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_errors_are_what_programs_catch(fasttext, tmp_path):
    with pytest.raises(ValueError, match="cannot be opened for loading!"):
        fasttext.load_model(str(tmp_path / "missing.bin"))
    with pytest.raises(ValueError, match="wrong file format"):
        fasttext.load_model(str(TRAIN))
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(DataError, match="Empty vocabulary"):
        fasttext.train_supervised(str(tmp_path / "empty"))
