"""The page on optimisers: words to the rows of the table, and paths by training's own rules."""

from __future__ import annotations

import math
from functools import partial

from fastcli.cli.pages import Curve, Entry, Page, Words, facts_of
from fastcli.optimizers import OPTIMIZERS, Optimizer

TITLE = "Optimisers: mlp-train --optimizer NAME"
INTRO = (
    "Each step moves a weight w by its gradient g on a batch; lr is the learning rate (-lr), t the "
    "number of the step. Which one? adam or adamw need the least care; sgd, momentum and nesterov "
    "with a schedule often end as well or better, once lr is found; adagrad suits rare features. "
    "The curves are 60 steps down a ravine, (w1^2 + 20 w2^2) / 2 from (-4, 1), without noise, at "
    "the best of nine rates: how a rule moves, not how well it learns your data."
)
STEPS = 60
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
START, BENDS = (-4.0, 1.0), (1.0, 20.0)
SMALLEST = 1e-6  # loss that is drawn
MEMORY = {  # by the slots of state; three are those that rmsprop may have
    0: "none",
    1: "a number for each weight",
    2: "2 numbers for each weight",
    3: "a number for each weight, one more each with --momentum and --centered",
}

WORDS = {
    "sgd": Words(
        why="Gradient descent, on a batch in place of all examples: many rough steps in the time "
        "of a good one.",
        good="No memory, no hidden state, nothing to tune but lr; noise helps to leave poor "
        "minima.",
        bad="One rate for all weights: slow along flat directions, unstable across steep ones; "
        "rare features get few and small steps.",
        title="A Stochastic Approximation Method",
    ),
    "momentum": Words(
        why="A ball that rolls keeps its speed: steps that agree add up, steps to and fro cancel.",
        good="Faster along ravines, less zigzag than sgd.",
        bad="Rolls past the minimum and swings back; mu is one more number to choose.",
        title="Some Methods of Speeding up the Convergence of Iteration Methods",
    ),
    "nesterov": Words(
        why="Momentum moves anyway, so take the gradient where it will be: the correction comes a "
        "step earlier.",
        good="Swings less than momentum; a better bound for smooth convex problems.",
        bad="Gains are small where gradients are noisy.",
        title="A Method of Solving a Convex Programming Problem with Convergence Rate O(1/k^2)",
    ),
    "adagrad": Words(
        why="Weights of rare features should take larger steps when their time comes: each weight "
        "has its own rate, lr over the root of all its squared gradients so far.",
        good="Strong on sparse input such as words.",
        bad="The sum only grows, so rates fall towards 0 and training may end too soon.",
        title="Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
    ),
    "rmsprop": Words(
        why="AdaGrad's sum made a moving average, so that rates do not fall for ever.",
        good="Goes on learning; suits losses that change as training goes on, and recurrent "
        "networks.",
        bad="lr still has to be chosen; never published as a paper; early averages are too small "
        "(Adam corrects that).",
        title="Lecture 6.5, Neural Networks for Machine Learning",
    ),
    "adadelta": Words(
        why="In AdaGrad's quotient the units are wrong: a step should be measured in units of w. "
        "The root mean square of the steps so far puts that right, and lr is not needed.",
        good="No learning rate (lr 1 is the paper's form).",
        bad="Starts with tiny steps, and near the end it jitters about the minimum.",
        title="ADADELTA: An Adaptive Learning Rate Method",
    ),
    "adam": Words(
        why="Momentum and RMSprop together, both averages corrected for starting from 0.",
        good="Works with its defaults on most problems; steps are bounded by about lr, whatever "
        "the size of gradients.",
        bad="May end at a slightly worse minimum than tuned momentum; L2 penalties are divided by "
        "the root, too (see adamw); two numbers of memory for each weight.",
        title="Adam: A Method for Stochastic Optimization",
    ),
    "adamw": Words(
        why="In Adam an L2 penalty shrinks weights with large gradients least. Decay taken "
        "apart from the gradient treats all weights alike.",
        good="Weight decay does what it says; usual for transformers and good for tables.",
        bad="One more number, the decay, whose effect depends on lr and the number of steps.",
        title="Decoupled Weight Decay Regularization",
    ),
    "adamax": Words(
        why="Adam with the largest gradient of late (infinity norm) in place of the root mean "
        "square.",
        good="Not upset by a few huge gradients; steps never above lr.",
        bad="After a huge gradient steps stay small for long.",
        title="Adam: A Method for Stochastic Optimization, section 7.1",
    ),
    "nadam": Words(
        why="Adam with Nesterov's look ahead in place of plain momentum.",
        good="Often a little faster than Adam at first.",
        bad="More sensitive to lr than Adam; differences are small.",
        title="Incorporating Nesterov Momentum into Adam",
    ),
    "perceptron": Words(
        why="The first rule by which a machine learned: leave a unit that is right alone, else add "
        "or subtract its input.",
        good="Ends after finitely many steps if a line can divide the classes (Novikoff 1962).",
        bad="Never ends where no line can, as with XOR; one layer only; any line that divides "
        "will do, not the one in the middle.",
        title="The Perceptron: A Probabilistic Model for Information Storage and Organization in "
        "the Brain",
    ),
}
SOURCES = {
    "sgd": "Robbins and Monro 1951",
    "momentum": "Polyak 1964",
    "nesterov": "Nesterov 1983; Sutskever et al. 2013",
    "adagrad": "Duchi et al. 2011",
    "rmsprop": "Tieleman and Hinton 2012",
    "adadelta": "Zeiler 2012",
    "adam": "Kingma and Ba 2015",
    "adamw": "Loshchilov and Hutter 2019",
    "adamax": "Kingma and Ba 2015",
    "nadam": "Dozat 2016",
    "perceptron": "Rosenblatt 1958",
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(one) for one in OPTIMIZERS.values()])


def _entry(one: Optimizer) -> Entry:
    numbers = [f"-lr {one.lr:g}"]
    if "eps" in one.formula or one.name == "adamw":
        numbers.append(f"--eps {one.eps:g}")
    if "rho" in one.formula:
        numbers.append(f"--rho {one.rho:g}")
    if one.weight_decay:
        numbers.append(f"--weight-decay {one.weight_decay:g}")
    if one.initial_accumulator:
        numbers.append(f"--initial-accumulator {one.initial_accumulator:g}")
    memory = MEMORY[one.slots]
    return Entry(
        name=one.name,
        formula=one.formula,
        facts=facts_of(
            WORDS[one.name], SOURCES[one.name], defaults=", ".join(numbers), memory=memory
        ),
        curves=partial(curves, one.name),
    )


def curves(name: str) -> list[Curve]:
    """Return how the loss falls in a ravine, on a logarithmic scale, and how the steps zigzag."""
    if name == "perceptron":  # it has no rate, and follows no gradient
        return []
    from fastcli.mlp.curves import rule_path

    paths = {lr: rule_path(name, lr, START, BENDS, STEPS) for lr in RATES}
    lr = min(RATES, key=lambda lr: sum(math.log(one) for one in _losses(paths[lr])))
    losses = [math.log10(one) for one in _losses(paths[lr])]
    return [
        Curve(title=f"log10 of the loss, lr {lr:g}", low=0, high=STEPS, values=losses),
        Curve(title="w2, across", low=0, high=STEPS, values=[one[1] for one in paths[lr]]),
    ]


def _losses(points: list[list[float]]) -> list[float]:
    found = [sum(b * x * x for b, x in zip(BENDS, one, strict=True)) / 2 for one in points]
    return [min(max(one, SMALLEST), 1e6) if one == one else 1e6 for one in found]
