"""Foreign or damaged checkpoints: a run resumes from them exactly, or not at all."""

from __future__ import annotations

import contextlib
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.errors import ArgumentError, ModelFormatError
from fastcli.mlp.checkpoint import load_checkpoint, save_checkpoint
from tests import crafted
from tests.crafted import array, put, spoil, without
from tests.test_mlp_training import on_numbers, trained

GIVEN = {"valid": "v", "eval_every": "2steps", "epoch": 3, "norm": "batch"}


def trainer_in(folder, **given):
    trainer = on_numbers(**{**GIVEN, **given})
    trainer.args = replace(trainer.args, output=str(folder / "m"))
    return trainer


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the path of a checkpoint in the middle of a run, and that run."""
    folder = tmp_path_factory.mktemp("checkpoint")
    trainer = trainer_in(folder)
    for _ in trainer.run(lambda _: None):
        if trainer.progress.step >= 6:
            break
    save_checkpoint(trainer)
    return folder / "m.checkpoint", trainer


def state(trainer):
    """Return all that a checkpoint changes of a run."""
    arrays = [trainer.network.params, trainer.network.running, trainer.states, trainer.embedding]
    if trainer.best is not None:
        arrays += [trainer.best.params, trainer.best.running, trainer.best.embedding]
    return [a.tobytes() for a in arrays], repr(asdict(trainer.progress))


def test_a_checkpoint_is_the_whole_state(saved):
    path, first = saved
    second = trainer_in(path.parent)
    assert load_checkpoint(second)
    assert first.best is not None
    assert state(second) == state(first)


def test_no_checkpoint(tmp_path):
    assert not load_checkpoint(trainer_in(tmp_path))


BAD = {
    "one number for all": (array("params", lambda a: a[:1]), "params should be float32["),
    "bytes": (array("params", lambda a: a.astype(np.uint8)), "not uint8["),
    "fewer states": (array("states", lambda a: a[1:]), "states should be float32["),
    "other embedding": (array("embedding", lambda a: np.zeros(0, a.dtype)), "embedding should be"),
    "a missing array": (without("running"), "running is missing"),
    "a part of the best": (without("best.running"), "best.running is missing"),
    "no best": (without("best.params"), "best.params is missing"),
    "another array": (
        lambda arrays, config: arrays.update(x=np.zeros(1, np.float32)),
        "unexpected tensor 'x'",
    ),
    "NaN": (array("params", lambda a: a * np.float32(math.nan)), "params is not finite"),
    "steps as text": (put(progress__step="6"), "progress.step should be a whole number"),
    "negative steps": (put(progress__step=-6), "progress.step should be a whole number"),
    "history of numbers": (put(progress__history=[1]), "progress.history[0] should be an object"),
    "history as text": (put(progress__history="x"), "progress.history should be a list"),
    "history beyond": (put(progress__step=1), "progress.history do not rise"),
    "no history": (
        put(progress__history=[]),
        "unexpected tensor 'best.embedding'",
    ),
    "a product of NaN": (put(progress__product=math.nan), "progress.product should be a number"),
    "a loss of infinity": (put(progress__loss=math.inf), "progress.loss should be a number"),
    "no stopping": (put(progress__stopping=None), "progress.stopping should be an object"),
    "waiting by halves": (put(progress__stopping__wait=0.5), "progress.stopping.wait should be"),
    "no arguments": (put(args=None), "args should be an object"),
    "other arguments": (put(args__lr="x"), "args.lr should be a number"),
    "a long fingerprint": (put(fingerprint=2**40), "fingerprint should be a whole number"),
    "an unknown field": (put(progress__speed=1), "progress.speed is not known"),
}


@pytest.mark.parametrize(("edit", "sentence"), BAD.values(), ids=BAD.keys())
def test_checkpoints_that_do_not_fit(edit, sentence, saved, tmp_path):
    arrays, config = crafted.read(saved[0])
    edit(arrays, config)
    path = crafted.write(tmp_path / "m.checkpoint", arrays, config)
    trainer = trainer_in(tmp_path)
    before = state(trainer)
    with pytest.raises(ModelFormatError) as error:
        load_checkpoint(trainer)
    assert str(error.value).startswith(f"{path} is damaged: ")
    assert sentence in str(error.value)
    assert state(trainer) == before


def test_a_checkpoint_beyond_the_end_is_refused(saved, tmp_path):
    arrays, config = crafted.read(saved[0])
    put(progress__step=10**6)(arrays, config)
    crafted.write(tmp_path / "m.checkpoint", arrays, config)
    with pytest.raises(ArgumentError, match=r"after step 1,000,000, and this run would end after"):
        load_checkpoint(trainer_in(tmp_path))


def test_a_best_model_needs_a_validation_file(saved, tmp_path):
    arrays, config = crafted.read(saved[0])
    put(args__valid="")(arrays, config)
    crafted.write(tmp_path / "m.checkpoint", arrays, config)
    trainer = trainer_in(tmp_path, valid="")
    with pytest.raises(ModelFormatError, match="no validation file"):
        load_checkpoint(trainer)


@settings(max_examples=60)
@given(data=st.data())
def test_any_checkpoint_loads_or_is_refused(data, saved, tmp_path_factory):
    arrays, config = crafted.read(saved[0])
    for _ in range(data.draw(st.integers(1, 2))):
        config = spoil(data, config)
    if isinstance(config, dict):
        config |= {"format": "mlp checkpoint", "version": "1"}
    folder = tmp_path_factory.mktemp("any")
    crafted.write(folder / "m.checkpoint", arrays, config)
    trainer = trainer_in(folder)
    with contextlib.suppress(ModelFormatError, ArgumentError):
        load_checkpoint(trainer)
        trained(trainer)
