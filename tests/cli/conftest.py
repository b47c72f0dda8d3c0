"""Small texts to train on, and the shortest way to train on them."""

import pytest

from fastcli.fasttext.model_file import load_model
from tests.command import SAMPLES, run

LOSSES = ["softmax", "hs", "ns", "ova"]

TINY = (
    b"__label__fruit apple banana\n"
    b"__label__fruit banana cherry apple\n"
    b"__label__car wheel engine\n"
    b"__label__car engine road __label__road\n"
    b"__label__car road wheel apple\n"
)


def fails(*argv):
    """Run a training that fails; return what it says."""
    result = run("supervised", *argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.fixture
def former(tmp_path):
    """Put files of an earlier run in place; afterwards they and nothing else must be there."""
    folder = tmp_path / "out"
    folder.mkdir()
    files = {f"m.{end}": f"former {end}".encode() for end in ("bin", "vec", "bin.json", "output")}
    files["m.bin.json"] = b'{"format": "fastcli model"}'
    for name, data in files.items():
        (folder / name).write_bytes(data)
    yield folder / "m"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


@pytest.fixture
def tiny(tmp_path):
    """Return the path of five lines with three labels."""
    path = tmp_path / "tiny.txt"
    path.write_bytes(TINY)
    return path


@pytest.fixture
def train(tmp_path):
    """Return a function that trains silently and returns the bytes of the model file."""

    def call(source, *options, output="model"):
        sources = source if isinstance(source, list) else [source]
        inputs = [word for path in sources for word in ("-input", path)]
        small = ["-dim", 4, "-bucket", 500, "-verbose", 0]
        result = run("supervised", *inputs, "-output", tmp_path / output, *small, *options)
        assert (result.code, result.out, result.err) == (0, b"", "")
        return (tmp_path / f"{output}.bin").read_bytes()

    return call


@pytest.fixture(scope="session")
def topics(tmp_path_factory):
    """Return the path of a model of the topics sample."""
    output = tmp_path_factory.mktemp("topics") / "topics"
    source = SAMPLES / "topics.train.txt"
    options = ["-dim", 10, "-lr", 0.5, "-epoch", 15, "-wordNgrams", 2, "-bucket", 5000]
    result = run("supervised", "-input", source, "-output", output, "-verbose", 0, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".bin")


def dictionary_of(path):
    """Return the counts of the entries of a model by their bytes."""
    dictionary = load_model(str(path)).dictionary
    words = dictionary.entries(0, dictionary.nwords)
    return dict(zip(words + dictionary.labels(), dictionary.counts.tolist(), strict=True))
