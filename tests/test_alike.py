"""What pages may print otherwise than they say, and what not."""

import re

import pytest

from tests.alike import alike, alike_pictures
from tests.pages import PICTURES


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("loss  0.6931", "loss 0.7001"),
        ("Trained 4 steps in 0.1 s.\n", "Trained 4 steps in 12.5 s."),
        ("Wrote x.mlp (2.7 kB), x.svg (35 kB) in 1.0 s", "Wrote x.mlp (2.7 kB) in 2.0 s"),
        ("loss     s  by epoch\n0.31  0.42  ▁▃▅", "loss     s  by epoch\n0.31  9.05  ▁▄▆"),
        ("loss     s  by epoch\n0.31  0.42  ▁▃▅", "loss     s  by epoch\n0.31  19.0  ▁▅"),
        ("Wrote x.mlp (2.7 kB) in 1.0 s", "Wrote x.mlp (2.7 kB) in 157 s"),
        (
            "parts  seconds  rows/s  n\n    1      0.2   4,195  0",
            "parts  seconds  rows/s  n\n    1     12.0     195  0",
        ),
        ("  0.79 ┤─╮", "  0.79 ┤ ╰╮"),
        ("3e-07 times", "3.1e-07 times"),
        ("0.94  █████████▌", "0.92  █████████"),
        ("words/sec/thread: 8924154 lr: 0.1", "words/sec/thread:  24154 lr: 0.1"),
        ("4,330 parameters; 1 thread", "4,330 parameters; 2 threads"),
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
        (
            "parts  seconds  rows/s  n\n    1      0.2   4,195  0",
            "parts  seconds  rows/s  n\n    1      0.2   4,195  1",
        ),
        ("loss     s\n0.31  0.42\n\n  loss 5", "loss     s\n0.31  0.42\n\n  loss 7"),
        ("▁▃█", "▁█▃"),
        ("0.94  █████████▌", "0.94  ███"),
        ("yes 0.9", "no 0.9"),
    ],
)
def test_others_are_not(expected, printed):
    assert not alike(expected, printed)


def test_pictures_of_other_curves_are_not_alike():
    text = (PICTURES / "xor.svg").read_text(encoding="utf-8")
    assert alike_pictures(text, text)
    curve = max(re.findall(r'<path d="([^"]+)"', text), key=len)
    higher = re.sub(r" ([\d.]+) \n", lambda match: f" {float(match[1]) - 10} \n", curve)
    assert higher != curve
    assert not alike_pictures(text, text.replace(curve, higher))
    assert not alike_pictures(text, text.replace("training", "validation"))
    newer = re.sub(r"Matplotlib v[\d.]+", "Matplotlib v9.0", text)
    assert alike_pictures(newer, text.replace(curve, higher))
    assert not alike_pictures(newer, text.replace("training", "validation"))
