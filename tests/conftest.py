"""What all tests share: one folder of compiled kernels, seeded random numbers, tiny texts."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from fastcli import notices

PYTHON_MODE = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")

settings.register_profile("compiled", deadline=None, database=None, derandomize=True)
settings.register_profile("python", settings.get_profile("compiled"), max_examples=20)
settings.load_profile("python" if PYTHON_MODE else "compiled")

CORPORA = {
    "plain": b"__label__a one two\n__label__b two three\n__label__a one one\n",
    "empty": b"",
    "only a line end": b"\n",
    "empty lines": b"\n\n__label__a x\n\n",
    "no last line end": b"__label__a x y\n__label__b y",
    "spaces at the end": b"__label__a x \t\n \v\f",
    "crlf": b"__label__a x y\r\n__label__b y\r\n\r\n",
    "nul": b"__label__a x\0y\0\0z\n\0\n",
    "non-ascii": "__label__é naïve 日本語\n__label__ß \u00a0x\u3000y ё\n".encode(),
    "invalid utf-8": b"__label__\xff \x80\x81 a\xc3 \xf0\x9f b\n\xfe\xff\n",
    "</s> inside": b"__label__a x </s> y\n</s>\n",
    "labels only": b"__label__a\n__label__b __label__a\n",
    "no labels": b"one two\nthree\n",
    "labels anywhere": b"x __label__b y __label__a z __label__b\n",
    "long": b"__label__long " + b" ".join(b"w%d" % (i * i % 97) for i in range(300)) + b"\n",
    "long token": b"__label__a " + b"ab" * 700 + b" c\n",
}


@pytest.fixture(scope="session", autouse=True)
def kernel_cache(pytestconfig):
    """Keep compiled kernels in a folder that is named, or for the next run in pytest's own."""
    if not os.environ.get("FASTCLI_CACHE_DIR"):
        folder = pytestconfig.cache.mkdir("kernels")
        folder.chmod(0o700)  # whatever the umask: code that others may write is not loaded
        os.environ["FASTCLI_CACHE_DIR"] = str(folder)
    return os.environ["FASTCLI_CACHE_DIR"]


class Heard(list):
    """The sentences that are said."""

    def say(self, *sentences):
        self.extend(sentences)

    def warn(self, sentence):
        self.append(sentence)


@pytest.fixture
def heard():
    """Hear what is said, and return the list of it."""
    sentences = Heard()
    with notices.heard_by(sentences):
        yield sentences


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory):
    """Have all temporary files of the tests and their processes in one folder, and remove it.

    Other users may write there, as in the one of the system.
    """
    tmp_path_factory.getbasetemp()  # pytest's own folders stay where they are
    with (
        tempfile.TemporaryDirectory(prefix="fastcli-tests-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        os.chmod(folder, 0o1777)
        patch.setattr(tempfile, "tempdir", folder)
        for name in ("TMPDIR", "TEMP", "TMP"):
            patch.setenv(name, folder)
        yield Path(folder)


@pytest.fixture
def public_path():
    """Return an empty folder that other users may enter, as those of pytest may not be."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@pytest.fixture
def rng():
    """Return random numbers that are the same in every run."""
    return np.random.default_rng(20240229)


@pytest.fixture(params=CORPORA.values(), ids=CORPORA.keys())
def corpus(request):
    """Return one tiny text after the other."""
    return request.param


@pytest.fixture
def private(tmp_path, monkeypatch):
    """Return the folder that models are rescued to."""
    folder = tmp_path / "cache" / "rescued"

    def private_folder(name):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(folder)

    monkeypatch.setattr("fastcli.rescue.private_folder", private_folder)
    return folder
