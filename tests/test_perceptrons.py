"""What docs/perceptrons.md claims about its commands is what they print."""

import math
import re

import pytest

from tests import pages

PAGE = pages.DOCS / "perceptrons.md"
SECTIONS = {part.section: pages.steps_of(part.blocks) for part in pages.parts_of(PAGE)}


def test_every_command_is_there_once():
    commands = [step.command for steps in SECTIONS.values() for step in steps]
    assert len(commands) > 8
    assert len(set(commands)) == len(commands)


def test_every_training_names_the_options_that_matter():
    for steps in SECTIONS.values():
        for step in steps:
            if "mlp-train" in step.command and "help" not in step.command:
                for option in ("--hidden", "--optimizer", "-lr", "--batch-size", "-epoch"):
                    assert f"{option} " in step.command, step.command


def printed(section, start):
    """Return what the only command of a section prints that has these words."""
    (found,) = [step.output for step in SECTIONS[section] if start in step.command]
    return found


def scores(section, start):
    """Return the P@1 of each line, by what stands before it."""
    return dict(re.findall(r"^(.+): P@1 ([\d.]+)$", printed(section, start), re.M))


def rows(section, start, column):
    """Return a column of what ``compare`` prints, by the first word of each row."""
    lines = re.findall(r"^(\S+) +([\d.]+) +([\d.]+) +([\d.]+)", printed(section, start), re.M)
    return {name: float(values[column]) for name, *values in lines}


def test_claims_on_layers_without_activation():
    found = {name: float(score) for name, score in scores("3", "--activation identity").items()}
    assert found["none"] < 0.6
    assert found["32,32 --activation identity"] < 0.6
    assert found["32,32 --activation tanh"] == 1


def test_claims_on_gradients_and_dead_units():
    deep = rows("3", "vanishing.svg", 0)
    assert deep["sigmoid"] < 0.2 < 0.8 < min(deep["tanh"], deep["relu"])
    alive = {name: float(score) for name, score in scores("3", "for activation in relu").items()}
    assert alive["relu"] < 0.6 < 0.8 < min(alive["leaky-relu:0.1"], alive["elu"])


def test_claims_on_penalties():
    lines = printed("4", "for model in w0").splitlines()
    plain, sparse, small = ([abs(float(word)) for word in line.split()] for line in lines[::2])
    assert sum(weight == 0 for weight in sparse) > 10
    assert sum(weight == 0 for weight in small) < 3
    assert sum(small) < sum(plain) / 2
    accuracy = [float(line.split()[1]) for line in lines[1::2]]
    assert accuracy[0] < accuracy[2] < accuracy[1]
    decay = printed("4", "for optimizer in").splitlines()
    values = [list(map(float, line.partition(": ")[2].split())) for line in decay]
    assert values[0] == pytest.approx(values[1], abs=1e-5)
    trembling = [abs(float(word)) for word in printed("4", "dump w3.mlp").split()]
    assert min(trembling) > 0
    assert sum(weight < 0.03 for weight in trembling) > 15
    assert values[2] != pytest.approx(values[3], abs=0.01)


def test_claims_on_regularisation():
    loss, accuracy = (rows("4", "compare plain.mlp", column) for column in (2, 0))
    assert all(loss[name] < loss["plain.mlp"] for name in loss if name != "plain.mlp")
    assert accuracy["smooth.mlp"] < accuracy["plain.mlp"] - 0.08
    floor = -0.8 * math.log(0.8) - 0.2 * math.log(0.2)
    smooth = printed("4", "-output smooth ").split()[-2:]
    assert float(smooth[0]) == pytest.approx(floor, abs=0.001)
    assert float(smooth[1]) == 1
    clean = float(printed("4", "test smooth-digits.mlp").split()[1])
    moved = rows("4", "compare as-is.mlp", 0)
    assert clean > moved["as-is.mlp"]
    assert [round(300 * (1 - moved[name])) for name in ("as-is.mlp", "moved.mlp")] == [21, 5]
    assert moved["moved.mlp"] > moved["flipped.mlp"] > moved["as-is.mlp"]


def test_claims_on_how_weights_start():
    for line in printed("5", "dump same.mlp").splitlines():
        assert len(set(line.split())) == 1
    found = {name: float(score) for name, score in scores("5", "for activation in tanh").items()}
    assert found["tanh normal --init-std 0.01"] == found["relu normal --init-std 0.01"] == 0.1
    assert min(found["tanh xavier-uniform"], found["relu he-normal"]) > 0.8
    assert "relu normal --init-std 1: the loss is not finite" in printed("5", "for activation in")


def test_claims_on_norms():
    deep = rows("5", "norms.svg", 0)
    assert deep["none"] < 0.2 < deep["layer"] < 0.9 < deep["batch"]
    small = rows("5", "compare 2-none", 0)
    assert small["2-batch.mlp"] < 0.5 < 0.85 < min(small["2-none.mlp"], small["2-layer.mlp"])
    assert min(rows("5", "compare 256-none", 0).values()) > 0.8
    affine = scores("5", "--norm-affine")
    assert 0 <= float(affine["both"]) - float(affine["none"]) < 0.01


def test_claims_on_optimisers():
    loss = rows("5", "compare sgd.jsonl", 0)
    order = sorted(loss, key=loss.__getitem__)
    assert order[:2] == ["nesterov.jsonl", "adam.jsonl"]
    assert order[-1] == "sgd.jsonl"


def test_claims_on_early_stopping():
    whole, early = printed("4", "-output whole"), printed("4", "-output early")
    step = re.findall(r"step (\d+)\) kept", whole + early)
    assert len(step) == 2
    assert len(set(step)) == 1
    steps = [int(found) for found in re.findall(r"Trained (\d+) steps", whole + early)]
    assert steps[1] < steps[0] / 5
    assert "Over-fitting since epoch 4:" in whole


def test_claims_on_sparse_representations():
    off = [
        int(found) for found in re.findall(r": (\d+) units are 0", printed("4", "-output sparse"))
    ]
    assert off[0] <= 6 < 8 < off[1] <= 12


def test_claims_on_hidden_units_that_xor_needs():
    found = re.findall(r"^seed \d: (.*)$", printed("2", "-output two"), re.M)
    assert len(found) == 8
    assert found.count("0 1 1 0") == 4


def test_claims_on_recipes():
    assert "P@1\t0.9" in printed("2", "test recipe.mlp")
    assert "P@1\t0.1\n" in printed("2", "test recipe0.mlp")
    assert printed("2", "-output recipe0").count(" is saturated: ") == 2
