"""The tutorial keeps its word: both pages have the same commands, which print what they say."""

import importlib.util
import math
import os
import re

import pytest

from tests import tutorial
from tests.tutorial import PAGE, PICTURES, TRANSLATION, alike

SECTIONS = tutorial.sections(PAGE)
CAN_PLOT = importlib.util.find_spec("matplotlib") is not None


def read(page):
    return page.read_text(encoding="utf-8")


def test_both_pages_have_the_same_commands_outputs_and_pictures():
    assert tutorial.sections(TRANSLATION) == SECTIONS
    assert re.findall(r"^#+", read(TRANSLATION), re.M) == re.findall(r"^#+", read(PAGE), re.M)
    pictures = tutorial.PICTURE.findall(read(PAGE))
    assert tutorial.PICTURE.findall(read(TRANSLATION)) == pictures
    assert set(pictures) == {path.name for path in PICTURES.iterdir()}


def test_every_command_is_there_once():
    commands = [command for steps in SECTIONS.values() for command, _ in steps]
    assert len(commands) > 8
    assert len(set(commands)) == len(commands)  # by which its output is found again


def test_every_training_names_the_options_that_matter():
    for steps in SECTIONS.values():
        for command, _ in steps:
            if "mlp-train" in command and "help" not in command:
                for option in ("--hidden", "--optimizer", "-lr", "--batch-size", "-epoch"):
                    assert f"{option} " in command, command


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the tutorial is written for a POSIX shell")
@pytest.mark.parametrize("section", SECTIONS)
def test_commands_print_what_the_pages_say(section, tmp_path):
    ran = tutorial.run_section(SECTIONS[section], tmp_path, can_plot=CAN_PLOT)
    for (command, said), (_, printed) in zip(SECTIONS[section], ran, strict=True):
        advice = f"If it is right: python -m tests.tutorial {section}"
        assert alike(said, printed), f"$ {command}\n{printed}\n{advice}"
    for picture in tmp_path.glob("*.svg"):
        committed = read(PICTURES / picture.name)
        assert tutorial.alike_pictures(committed, read(picture)), picture.name


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("loss  0.6931", "loss 0.7001"),
        ("Trained 4 steps in 0.1 s.\n", "Trained 4 steps in 12.5 s."),
        ("Wrote x.mlp (2.7 kB), x.svg (35 kB) in 1.0 s", "Wrote x.mlp (2.7 kB) in 2.0 s"),
        ("loss     s  by epoch\n0.31  0.42  ▁▃▅", "loss     s  by epoch\n0.31  9.05  ▁▄▆"),
        ("loss     s  by epoch\n0.31  0.42  ▁▃▅", "loss     s  by epoch\n0.31  19.0  ▁▅"),
        ("Wrote x.mlp (2.7 kB) in 1.0 s", "Wrote x.mlp (2.7 kB) in 157 s"),
        ("  0.79 ┤─╮", "  0.79 ┤ ╰╮"),
        ("3e-07 times", "3.1e-07 times"),
    ],
)
def test_small_differences_are_alike(expected, printed):
    assert alike(expected, printed)


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("N\t300", "N\t301"),
        ("P@1\t0.93", "P@1\t0.88"),
        ("loss is 0.69", "loss is nan"),
        ("layer 1", "layer 1\nlayer 2"),
        ("Gradients vanish", "Gradients explode"),
        ("loss     s  by epoch\n0.31  0.42  ▁▃▅", "loss     s  by epoch\n0.41  0.42  ▁▃▅"),
        ("▁▃█", "▁█▃"),
        ("yes 0.9", "no 0.9"),
    ],
)
def test_others_are_not(expected, printed):
    assert not alike(expected, printed)


def test_lines_of_slow_commands_are_left_out():
    said = "Compiling for this processor ...\nx: header\n  0.2%  epoch 1/60  ETA 37:28\n  1  2\n"
    assert tutorial.PASSING.sub("", said) == "x: header\n  1  2\n"


def test_pictures_of_other_curves_are_not_alike():
    text = read(PICTURES / "xor.svg")
    assert tutorial.alike_pictures(text, text)
    curve = max(re.findall(r'<path d="([^"]+)"', text), key=len)
    higher = re.sub(r" ([\d.]+) \n", lambda match: f" {float(match[1]) - 10} \n", curve)
    assert higher != curve
    assert not tutorial.alike_pictures(text, text.replace(curve, higher))
    assert not tutorial.alike_pictures(text, text.replace("training", "validation"))
    newer = re.sub(r"Matplotlib v[\d.]+", "Matplotlib v9.0", text)
    assert tutorial.alike_pictures(newer, text.replace(curve, higher))
    assert not tutorial.alike_pictures(newer, text.replace("training", "validation"))


# ------------------------------------------------------------------ what the pages claim


def printed(section, start):
    """Return what the only command of a section prints that has these words."""
    (found,) = [out for command, out in SECTIONS[section] if start in command]
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
