"""The page on initialisation: words to the rows of the table, and what deep layers get of it."""

from __future__ import annotations

from functools import partial

from fastcli.cli.pages import Curve, Entry, Page, Words, facts_of
from fastcli.mlp.initializers import ALIASES, INITIALIZERS, Initializer

TITLE = "How weights start: mlp-train --init NAME, or one for each layer"
INTRO = (
    "n is the number of inputs of a unit, m the number of units; N(0, s) is normal with standard "
    "deviation s, U(a, b) uniform. Weights must differ: units that start alike, from 0 for one, "
    "get the same gradients and stay alike, so zero is refused. They must have the right size: a "
    "layer multiplies the size of signals by about the same factor, forward and backward, and many "
    "layers multiply it many times. Biases start from 0 (--bias). auto takes what suits the "
    "activation. The curves show the standard deviation of what 12 layers of 256 units give, "
    "from random input of deviation 1."
)
LAYERS = 12
BOUNDS = (-0.1, 0.1)  # of uniform, in its curves

WORDS = {
    "normal": Words(
        why="Small random numbers: the first idea, enough to make units differ.",
        good="Simple; right for a layer or two.",
        bad="The same size whatever the layer's width: with 0.01 signals and gradients shrink "
        "from layer to layer, and deep networks do not start.",
    ),
    "truncated-normal": Words(
        why="A normal distribution has tails: one huge weight may saturate a unit from the start.",
        good="No outliers; what many TensorFlow programs use.",
        bad="Its size has to be chosen, as with normal (its deviation is .88 of --init-std).",
    ),
    "uniform": Words(
        why="Bounds of your own, for textbooks and for copying other programs.",
        good="You see what you get.",
        bad="The right bounds depend on the width of the layer.",
    ),
    "scaled-normal": Words(
        why="The variance of w x grows with n; divided by n it stays that of x.",
        good="Keeps the size of signals in linear and tanh-like layers.",
        bad="ReLU sets half of them to 0, so they shrink by a root of 2 in each layer.",
        title="Efficient BackProp",
    ),
    "xavier-uniform": Words(
        why="Forward the variance should be 1 / n, backward 1 / m: 2 / (n + m) is between.",
        good="Signals and gradients keep their size in layers of tanh and softsign, whose slope "
        "at 0 is 1.",
        bad="Derived for functions that are symmetric about 0: too small for ReLU.",
        title="Understanding the Difficulty of Training Deep Feedforward Neural Networks",
    ),
    "xavier-normal": Words(
        why="As xavier-uniform, from a normal distribution of the same variance.",
        good="As xavier-uniform.",
        bad="As xavier-uniform.",
        title="Understanding the Difficulty of Training Deep Feedforward Neural Networks",
    ),
    "he-uniform": Words(
        why="As he-normal, from a uniform distribution of the same variance.",
        good="As he-normal; no outliers.",
        bad="As he-normal.",
        title="Delving Deep into Rectifiers",
    ),
    "he-normal": Words(
        why="ReLU passes half of the signal's power: twice the variance makes up for it.",
        good="ReLU networks of 30 layers start, where Xavier's stand still. What auto takes for "
        "relu and its relatives. Also called MSRA.",
        bad="Too large for tanh and sigmoid, which saturate.",
        title="Delving Deep into Rectifiers",
    ),
    "msra-combined": Words(
        why="He's condition forward is 2 / n and backward 2 / m; 4 / (n + m) is their harmonic "
        "mean, with the mean of n and m in place of both.",
        good="Between both where a layer is much wider than the next.",
        bad="Holds neither exactly; the same as he-normal where n = m.",
        title="Delving Deep into Rectifiers",
    ),
    "lecun-uniform": Words(
        why="Variance 1 / n, so that units are in the middle of their S-shape.",
        good="Right for tanh-like units and for selu.",
        bad="Does not look at gradients; too small for ReLU.",
        title="Efficient BackProp",
    ),
    "lecun-normal": Words(
        why="As lecun-uniform, from a normal distribution; selu's proof asks for it.",
        good="What auto takes for selu.",
        bad="As lecun-uniform.",
        title="Efficient BackProp",
    ),
    "orthogonal": Words(
        why="A rotation changes no length: products of many stay well conditioned.",
        good="Very deep linear and tanh networks keep signals in every direction.",
        bad="Costs a decomposition; ReLU still halves the signal.",
        title="Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural "
        "Networks",
    ),
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(one) for one in INITIALIZERS.values()])


def _entry(one: Initializer) -> Entry:
    return Entry(
        name=one.name,
        formula=one.formula,
        facts=facts_of(WORDS[one.name], one.source),
        aliases=tuple(alias for alias, name in ALIASES.items() if name == one.name),
        curves=partial(curves, one),
    )


def curves(one: Initializer) -> list[Curve]:
    """Return the sizes of signals by layer, of ReLU and of tanh."""
    from fastcli.mlp.curves import signal_sizes

    numbers, shown = {"std": ((0.01,), "std 0.01"), "bounds": (BOUNDS, "U(-0.1, 0.1)")}.get(
        one.takes, ((), "")
    )
    found = []
    for activation in ("relu", "tanh"):
        values = signal_sizes(one, activation, numbers, LAYERS)
        title = f"{activation}{f', {shown}' if shown else ''}: {values[-1]:.2g} at the end"
        found.append(Curve(title=title, low=0, high=LAYERS, values=values, from_zero=True))
    return found
