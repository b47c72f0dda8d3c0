"""``import fastcli``: what it loads, and that a model answers as on the command line."""

import subprocess
import sys

import pytest

import fastcli
from tests.command import SAMPLES, run


def test_importing_loads_neither_numpy_nor_numba_nor_click():
    code = (
        "import sys, fastcli\n"
        "print(sorted({'numpy', 'numba', 'llvmlite', 'click', 'rich', 'tqdm'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_modules_that_are_public_are_there_without_another_import():
    code = (
        "import fastcli; fastcli.fasttext_shim.install(); print(fastcli.errors.DataError.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("DataError\n", "")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return the path of a small classifier."""
    base = tmp_path_factory.mktemp("models") / "topics"
    options = ["-dim", 8, "-epoch", 5, "-lr", 0.5, "-bucket", 1000, "-thread", 1, "-verbose", 0]
    run("supervised", "-input", SAMPLES / "topics.train.txt", "-output", base, *options).text()
    return f"{base}.bin"


def test_a_model_predicts_what_the_command_prints(path):
    model = fastcli.load_model(path)
    line = "what can i cook with rice and onions ?"
    labels, probs = model.predict(line, k=2)
    printed = run("predict-prob", path, "-", 2, stdin=f"{line}\n".encode()).text()
    assert len(labels) == len(probs) == 2
    assert printed.split() == [
        word for pair in zip(labels, probs, strict=True) for word in (pair[0], f"{pair[1]:.6g}")
    ]
