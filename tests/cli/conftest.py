"""Small texts to train on, and the shortest way to train on them."""

import pytest

from tests.command import SAMPLES, run

TINY = (
    b"__label__fruit apple banana\n"
    b"__label__fruit banana cherry apple\n"
    b"__label__car wheel engine\n"
    b"__label__car engine road __label__road\n"
    b"__label__car road wheel apple\n"
)


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
