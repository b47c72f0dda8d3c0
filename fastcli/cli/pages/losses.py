"""The page on losses, with curves from training's own code."""

from __future__ import annotations

from functools import partial

from fastcli.cli.pages import Curve, Entry, Page, Words, facts_of
from fastcli.mlp.options import LOSSES

TITLE = "Loss functions: mlp-train -loss NAME"
INTRO = (
    "The loss of an example says how wrong the scores z of its labels are; y is 1 for its label, 0 "
    "for others, or what --label-smoothing makes of it. Backpropagation starts from its derivative "
    "by each score, p - y for labels. auto takes ova where lines have several labels (but softmax "
    "for texts with hidden layers and over 100 labels), squared for regression, else softmax. "
    "squared, absolute and huber are for targets that are numbers (--task "
    "regression). The curves are over the score of the right label, or over the error e."
)
POINTS = 121
LOW, HIGH = -5.0, 5.0
ALIASES = {"ova": ("one-vs-all",)}  # the same number in the table
FORMULAS = {
    "softmax": "-sum y log p, p = e^z / sum e^z over the labels: cross entropy",
    "ova": "sum over labels of -y log p - (1 - y) log(1 - p), p = 1 / (1 + e^-z)",
    "bce": "-y log p - (1 - y) log(1 - p), p = 1 / (1 + e^-z) for the second of two labels",
    "squared": "e^2, e = prediction - target; the mean over several targets",
    "absolute": "|e|, e = prediction - target",
    "huber": "e^2 / 2 up to |e| = delta (--huber-delta), delta (|e| - delta / 2) beyond",
}
SOURCES = {
    "softmax": "Bridle 1990",
    "ova": "Cox 1958",
    "bce": "Cox 1958",
    "squared": "Legendre 1805",
    "absolute": "Boscovich 1757",
    "huber": "Huber 1964",
}
WORDS = {
    "softmax": Words(
        derivative="p - y",
        why="The maximum likelihood of a choice of one label: probabilities that sum to 1.",
        good="Right where an example has one label; large gradients while it is wrong, however "
        "sure it is of that.",
        bad="Several labels of a line have to share 1; one of the known labels always wins, "
        "however strange the input.",
        title="Probabilistic Interpretation of Feedforward Classification Network Outputs",
    ),
    "ova": Words(
        derivative="p - y, for each label by itself",
        why="Logistic regression for every label: a yes or no of its own (one-vs-all).",
        good="Right for any number of labels, none included; a threshold for each can be tuned.",
        bad="With many labels nearly all answers are no, and learning the few yes takes longer; "
        "probabilities do not sum to 1.",
        title="The Regression Analysis of Binary Sequences",
    ),
    "bce": Words(
        derivative="p - y",
        why="Two labels need one number: the probability of one is 1 less that of the other.",
        good="The textbook's output for yes or no; half the output weights of softmax, and the "
        "same probabilities.",
        bad="For two labels only.",
        title="The Regression Analysis of Binary Sequences",
    ),
    "squared": Words(
        derivative="2 e",
        why="Least squares: the most probable fit where errors are normal; its best constant is "
        "the mean.",
        good="Smooth, and steps shrink as errors do; estimates the mean of what may come.",
        bad="A few outliers, whose squares are huge, pull everything to themselves.",
        title="New Methods for the Determination of the Orbits of Comets",
    ),
    "absolute": Words(
        derivative="the sign of e, 0 at 0",
        why="An error twice as large is twice as bad, no more; its best constant is the median.",
        good="Outliers do not matter more than others.",
        bad="Steps are as long near the target as far from it: needs a schedule to settle.",
    ),
    "huber": Words(
        derivative="e between -delta and delta, -delta and delta beyond",
        why="Squares for small errors and sizes for large ones: robust, and yet smooth.",
        good="Settles as squared does, and outliers count as in absolute.",
        bad="delta has to be chosen; it is in standard deviations of the target, since targets are "
        "standardised.",
        title="Robust Estimation of a Location Parameter",
    ),
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(name) for name in known()])


def known() -> list[str]:
    """Return the names of losses, without auto and other names of the same one."""
    others = {alias for some in ALIASES.values() for alias in some}
    return [name for name in LOSSES if name != "auto" and name not in others]


def _entry(name: str) -> Entry:
    return Entry(
        name=name,
        formula=FORMULAS[name],
        facts=facts_of(WORDS[name], SOURCES[name]),
        aliases=ALIASES.get(name, ()),
        curves=partial(curves, name),
    )


def curves(name: str) -> list[Curve]:
    """Return the loss and its derivative by the score of the right label."""
    from fastcli.mlp.curves import loss_points

    z = [LOW + (HIGH - LOW) * k / (POINTS - 1) for k in range(POINTS)]
    values, slopes = loss_points(name, z)
    of_error = {"squared": "e)", "absolute": "e)", "huber": "e), delta 1"}
    shown = {"softmax": "z), another at 0", **of_error}.get(name, "z)")
    return [
        Curve(title=f"loss({shown}", low=LOW, high=HIGH, values=values, from_zero=True),
        Curve(title="derivative", low=LOW, high=HIGH, values=slopes),
    ]
