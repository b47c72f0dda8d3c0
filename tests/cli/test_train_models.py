"""supervised: the models it makes."""

import json

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from tests.cli.conftest import LOSSES
from tests.command import SAMPLES, process, run

# -------------------------------------------------------------- repeatability


@pytest.fixture
def eager_threads(monkeypatch):
    """Let small texts be worth several threads."""
    from fastcli.fasttext import schemes
    from fastcli.text import counting

    monkeypatch.setattr(schemes, "DIVIDED_NS", 0)
    monkeypatch.setattr(schemes, "GAIN", 0)
    monkeypatch.setattr(schemes, "usable_cpus", lambda: 8)
    monkeypatch.setattr(counting, "SPAN", 1 << 11)


@pytest.fixture(scope="module")
def lines_150(tmp_path_factory):
    lines = (SAMPLES / "tags.train.txt").read_bytes().splitlines(keepends=True)
    path = tmp_path_factory.mktemp("lines") / "lines.txt"
    path.write_bytes(b"".join(lines[:150]))
    return path


@pytest.mark.parametrize("scheme", ["single lines", "batches"])
@pytest.mark.parametrize("dim", [10, 64])
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.usefixtures("eager_threads")
def test_the_number_of_threads_changes_nothing(
    loss, optimizer, dim, scheme, lines_150, train, monkeypatch
):
    if scheme == "single lines":
        monkeypatch.setattr("fastcli.fasttext.schemes.ALONE_NS", 0)
    options = ["-loss", loss, "-dim", dim, "-wordNgrams", 3, "-epoch", 2, "-lr", 0.25]
    options += ["-optimizer", optimizer, *["-minn", 2, "-maxn", 3] * (dim == 10)]
    ref = train(lines_150, *options, "-thread", 1)
    for n_threads in (2, 3, 4):
        assert train(lines_150, *options, "-thread", n_threads) == ref


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.usefixtures("eager_threads")
def test_the_number_of_threads_changes_nothing_in_sorted_files(loss, lines_150, train, tmp_path):
    path = tmp_path / "sorted.txt"
    path.write_bytes(b"".join(sorted(lines_150.read_bytes().splitlines(keepends=True))))
    for order in ([], ["--no-shuffle"]):
        options = ["-loss", loss, "-dim", 20, "-epoch", 2, "-lr", 0.25, *order]
        ref = train(path, *options, "-thread", 1)
        for n_threads in (2, 4):
            assert train(path, *options, "-thread", n_threads) == ref


@pytest.mark.usefixtures("eager_threads")
def test_threads_and_subwords_and_many_labels(train, tmp_path):
    path = tmp_path / "many.txt"
    lines = (f"__label__{i % 140} word{i % 7} and wörd{i % 13} {i}\n" for i in range(280))
    path.write_bytes("".join(lines).encode())
    for loss in ("softmax", "ova"):
        options = ["-loss", loss, "-minn", 2, "-maxn", 4, "-dim", 16, "-epoch", 1]
        ref = train(path, *options, "-thread", 1)
        assert train(path, *options, "-thread", 3) == ref


def test_lines_left_out_and_several_spans(eager_threads, monkeypatch, lines_150, train, tmp_path):
    """What is left out before a cut between spans counts all the same for the learning rate."""
    from fastcli.text import counting

    path = tmp_path / "gaps.txt"
    lines = lines_150.read_bytes().splitlines()
    gap = b"\n" + 30 * b"no label here\n"  # so wide that cuts fall into gaps
    path.write_bytes(gap.join(lines) + gap)
    models = set()
    for n_threads in (1, 2, 3, 4):
        monkeypatch.setattr(counting, "SPAN", 500 * n_threads)
        models.add(train(path, "-thread", n_threads, "-lrUpdateRate", 1, "-lr", 1))
    assert len(models) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_the_seed_decides(loss, lines_150, train):
    options = ["-loss", loss, "-wordNgrams", 2, "-epoch", 1]
    first = train(lines_150, *options, "-seed", 7)
    assert train(lines_150, *options, "-seed", 7) == first
    assert train(lines_150, *options, "-seed", 8) != first


def test_another_process_writes_the_same(lines_150, train, tmp_path):
    options = ["-wordNgrams", 2, "-epoch", 1, "-dim", 4, "-bucket", 500, "-verbose", 0]
    result = process("supervised", "-input", lines_150, "-output", tmp_path / "other", *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    assert (tmp_path / "other.bin").read_bytes() == train(lines_150, *options)


def test_no_epoch(tiny, train, tmp_path):
    train(tiny, "-epoch", 0)
    model = load_model(str(tmp_path / "model.bin"))
    assert not model.wo.values.any()
    assert model.wi.values.any()
    assert np.abs(model.wi.values).max() <= 1 / 4


# ------------------------------------------------------------------ it learns


@pytest.mark.parametrize("loss", LOSSES)
def test_it_learns(loss, train, tmp_path):
    options = ["-loss", loss, "-lr", 0.5, "-epoch", 15, "-dim", 10]
    train(SAMPLES / "zh-words.train.txt", *options)
    result = run("test", tmp_path / "model.bin", SAMPLES / "zh-words.test.txt", "--json")
    assert json.loads(result.text())["precision"] > 0.9
