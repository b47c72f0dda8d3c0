"""The copy of the best network: of its embedding only rows that moved are copied again."""

import numpy as np
import pytest

from fastcli.memory import Needs
from fastcli.mlp import needs, snapshot, trainer
from fastcli.mlp.examples import of_rows
from fastcli.mlp.snapshot import MovedRows
from tests.command import PLAIN, SAMPLES, run

TRAIN, VALID = SAMPLES / "topics.train.txt", SAMPLES / "topics.valid.txt"
OPTIONS = [*PLAIN, "-dim", 6, "--hidden", 5, "-lr", 0.05, "-bucket", 300, "-epoch", 4]


@pytest.mark.parametrize("n_rows", [1, 40, 3000])
def test_moved_rows_are_those_of_examples(n_rows):
    rng = np.random.default_rng(n_rows)
    sizes = rng.integers(0, 6, 50)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    rows = rng.integers(0, n_rows, offsets[-1] + 16).astype(np.int32)
    examples = of_rows(rows, offsets, np.zeros(50, np.int32), np.arange(51))
    moved = MovedRows(n_rows)
    moved.add(examples, np.arange(50))
    assert moved.mask is None  # nothing was copied yet: all rows are
    for _ in range(3):
        moved.reset()
        assert not moved.mask.any()
        seen = rng.permutation(50)[: rng.integers(0, 50)]
        moved.add(examples, seen)
        expected = {int(row) for i in seen for row in rows[offsets[i] : offsets[i + 1]]}
        assert set(np.flatnonzero(moved.mask).tolist()) == expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "more",
    [
        ["--eval-every", "1steps", "-epoch", 2],
        ["--eval-every", "3steps", "--patience", 12],
        ["--eval-every", "7steps", "--optimizer", "nesterov", "--l2", 0.01, "--max-norm", 1],
        ["--eval-every", "5steps", "--word-dropout", 0.3, "--monitor", "f1macro"],
        ["--eval-every", "10steps", "--retry-nan", "--batch-size", 64],
    ],
)
def test_the_model_is_that_of_whole_copies(tmp_path, monkeypatch, threads, more):
    made, marked = [], []
    add = snapshot.MovedRows.add
    monkeypatch.setattr(
        snapshot.MovedRows, "add", lambda self, *seen: (marked.append(1), add(self, *seen))
    )
    for whole in (False, True):
        if whole:
            monkeypatch.setattr(trainer, "marks_rows", lambda *args: False)
            assert marked
            marked.clear()
        words = ["-input", TRAIN, "--valid", VALID, *OPTIONS, *more, "-thread", threads]
        result = run("mlp-train", "-output", tmp_path / "m", *words, "-verbose", 0)
        assert (result.code, result.err) == (0, "")
        made.append((tmp_path / "m.mlp").read_bytes())
    assert made[0] == made[1]
    assert not marked


def test_a_resumed_run_copies_all_of_the_first_best(tmp_path):
    words = ["-input", TRAIN, "--valid", VALID, *OPTIONS, "--eval-every", "3steps", "-verbose", 0]
    assert run("mlp-train", "-output", tmp_path / "whole", *words).code == 0
    saving = [*words, "--save-every", 10]
    assert run("mlp-train", "-output", tmp_path / "part", *saving).code == 0
    before = (tmp_path / "part.mlp").read_bytes()
    assert before == (tmp_path / "whole.mlp").read_bytes()
    assert run("mlp-train", "-output", tmp_path / "part", *saving, "--resume").code == 0
    model = (tmp_path / "part.mlp").read_bytes()
    assert model == before


def test_marks_count_as_memory(tmp_path, monkeypatch):
    found = []

    def seen(**values):
        found.append(values["matrices"])
        return Needs(**values)

    monkeypatch.setattr(needs, "Needs", seen)
    for every in ("1", "2steps"):
        words = ["-input", TRAIN, "--valid", VALID, *OPTIONS, "--eval-every", every, "-epoch", 1]
        assert run("mlp-train", "-output", tmp_path / "m", *words, "-verbose", 0).code == 0
    assert found[1] > found[0]
