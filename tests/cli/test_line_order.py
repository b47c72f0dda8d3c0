"""The order in which lines are visited: a new one each epoch, or that of the file."""

import hashlib
import platform
from pathlib import Path

import pytest

from fastcli.fasttext import schemes
from tests.command import SAMPLES, run

# Of models trained on the samples in the order of the file by commit cd5e60a, before there was
# another order, one line at a time; processors with fused multiply-add agree on them.
IN_FILE_ORDER = {
    ("softmax", "sgd"): "e1240823e88d5a08f730102776342c65214b99cf6bfbd31e456137dcc1fc2af7",
    ("softmax", "adagrad"): "fb3886bf7c7933791433d3d2a4dc8572a49d53284612cdd6c29c9bff0df2a68c",
    ("ova", "sgd"): "7018c1a0d3da7d58f71ec9e5700464308fc060043bfda130f36166554f1e9c61",
    ("ova", "adagrad"): "a9a6d648d9761e5dade65d385da105b211555eaa830bc63973e7f616ff284a29",
    ("hs", "sgd"): "483437430cb69557471c618eb10428a12918e376c86801fb9f11efdbbbdd8024",
    ("hs", "adagrad"): "231ee7bbf4dc1738ceb888053a0c54ff94456a01da0f3ca7c28fa1c0a8a291bd",
    ("ns", "sgd"): "56ffcf52cec87d4abf9ceac8e76225687d3834c601c25bb294604aa59e9d2314",
    ("ns", "adagrad"): "94c357d24a47d862c817a17d07bc7c6c17f0f0b0a891e38f01829351861c49ce",
}


def has_fused_multiply_add():
    """Return whether this is an x86-64 processor known to have FMA."""
    cpuinfo = Path("/proc/cpuinfo")
    is_x86 = platform.machine() == "x86_64" and cpuinfo.exists()
    return is_x86 and " fma " in cpuinfo.read_text()


@pytest.mark.skipif(
    not has_fused_multiply_add(), reason="processors without fused multiply-add give other bytes"
)
@pytest.mark.parametrize(("loss", "optimizer"), IN_FILE_ORDER)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_single_lines_give_the_bytes_of_earlier_versions(
    loss, optimizer, n_threads, tmp_path, monkeypatch
):
    monkeypatch.setattr(schemes, "ALONE_NS", 0)
    options = ["-dim", 12, "-wordNgrams", 2, "-minn", 2, "-maxn", 3, "-bucket", 3000]
    options += ["-lr", 0.2, "-epoch", 3, "-minCount", 2, "-verbose", 0, "-thread", n_threads]
    options += ["-loss", loss, "-optimizer", optimizer, "--no-shuffle", "--no-vec"]
    source = SAMPLES / "tags.train.txt"
    run("supervised", "-input", source, "-output", tmp_path / "m", *options)
    digest = hashlib.sha256((tmp_path / "m.bin").read_bytes()).hexdigest()
    assert digest == IN_FILE_ORDER[loss, optimizer]


@pytest.fixture(scope="module")
def sorted_topics(tmp_path_factory):
    """Return the path of the topics sample, sorted by label."""
    lines = (SAMPLES / "topics.train.txt").read_bytes().splitlines(keepends=True)
    path = tmp_path_factory.mktemp("sorted") / "sorted.txt"
    path.write_bytes(b"".join(sorted(lines)))
    return path


OPTIONS = ["-dim", 10, "-lr", 0.5, "-epoch", 10, "-verbose", 0]


def precision(model):
    """Return P@1 on the topics sample's test file."""
    out = run("test", model, SAMPLES / "topics.test.txt").text()
    return float(out.split("P@1")[1].split()[0])


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad"])
def test_a_file_sorted_by_label_is_learned_as_well_as_any(sorted_topics, tmp_path, optimizer):
    more = ["-optimizer", optimizer]
    found = {}
    for name, source, extra in [
        ("sorted", sorted_topics, []),
        ("mixed", SAMPLES / "topics.train.txt", []),
        ("sorted, in its order", sorted_topics, ["--no-shuffle"]),
    ]:
        output = tmp_path / name
        run("supervised", "-input", source, "-output", output, *OPTIONS, *more, *extra)
        found[name] = precision(f"{output}.bin")
    assert abs(found["sorted"] - found["mixed"]) < 0.03
    if optimizer == "sgd":
        assert found["sorted, in its order"] < found["mixed"] - 0.08


def test_retraining_visits_lines_as_training_does(sorted_topics, tmp_path):
    output = tmp_path / "m"
    run("supervised", "-input", sorted_topics, "-output", output, *OPTIONS, "-minn", 2, "-maxn", 4)
    retrain = ["-input", sorted_topics, "-cutoff", 500, "-retrain", "-verbose", 0]
    assert run("quantize", "-output", output, *retrain).code == 0
    shuffled = precision(f"{output}.ftz")
    assert run("quantize", "-output", output, *retrain, "--no-shuffle").code == 0
    in_order = precision(f"{output}.ftz")
    assert in_order < shuffled - 0.08


def test_retraining_keeps_the_order_that_the_model_was_trained_in(sorted_topics, tmp_path):
    output = tmp_path / "m"
    run("supervised", "-input", sorted_topics, "-output", output, *OPTIONS, "--no-shuffle")
    retrain = ["-input", sorted_topics, "-cutoff", 300, "-retrain", "-verbose", 0]
    run("quantize", "-output", output, *retrain)
    by_model = (tmp_path / "m.ftz").read_bytes()
    run("quantize", "-output", output, *retrain, "--no-shuffle")
    assert (tmp_path / "m.ftz").read_bytes() == by_model


def test_trials_of_autotune_shuffle_too(sorted_topics, tmp_path):
    tune = ["-autotune-validation", SAMPLES / "topics.valid.txt", "-autotune-duration", 5]
    output = tmp_path / "m"
    run("supervised", "-input", sorted_topics, "-output", output, *OPTIONS, *tune)
    assert precision(f"{output}.bin") > 0.8


def test_word_vectors_have_no_such_option(tmp_path):
    source = SAMPLES / "topics.train.txt"
    result = run("skipgram", "-input", source, "-output", tmp_path / "m", "--no-shuffle")
    assert result.code == 1
    assert "--no-shuffle" in result.err
