"""The page on schedules of the learning rate, with curves from training's own rates."""

from __future__ import annotations

from functools import partial

from fastcli.cli.pages import Curve, Entry, Page, Words, facts_of
from fastcli.mlp.schedules import SCHEDULES

TITLE = "How the learning rate changes: mlp-train --schedule NAME"
INTRO = (
    "Large steps are quick at first and too rough at the end, where the noise of batches keeps "
    "weights from settling: rates that fall get both. --warmup N lets the rate rise from 0 over "
    "the first N steps, on top of any schedule, for optimisers whose averages are poor at first. "
    "lr is -lr, t the step of T. The curves are 20 epochs at lr 1, without and with a warm-up."
)
EPOCHS, STEPS_PER_EPOCH, WARMUP = 20, 10, 30
FORMULAS = {
    "constant": "lr",
    "linear": "lr (1 - t / T)",
    "step": "lr gamma^k after k times --step-size epochs",
    "cosine": "lr (1 + cos(pi t / T)) / 2",
}
SOURCES = {
    "constant": "",
    "linear": "Mikolov et al. 2013 (word2vec), as in fastText",
    "step": "He et al. 2016",
    "cosine": "Loshchilov and Hutter 2017",
}
WORDS = {
    "constant": Words(
        why="Nothing to choose; adaptive optimisers shrink their own steps somewhat.",
        good="Training may be stopped or continued at any time.",
        bad="Ends with the noise of its rate; sgd cannot settle.",
    ),
    "linear": Words(
        why="Word vectors were trained in one pass with a rate that falls to 0.",
        good="Simple and strong where the number of steps is known.",
        bad="The number of epochs matters: stopped early, training has not settled.",
        title="Efficient Estimation of Word Representations in Vector Space",
    ),
    "step": Words(
        why="Train until the loss stalls, then cut the rate; here after a fixed number of epochs.",
        good="The loss falls visibly at each cut; usual for images.",
        bad="Two numbers to choose, when and by how much.",
        title="Deep Residual Learning for Image Recognition",
    ),
    "cosine": Words(
        why="Stay near the full rate for long, and come down smoothly.",
        good="Only lr and the number of epochs to choose; hard to beat.",
        bad="As linear: training has not settled before its last steps.",
        title="SGDR: Stochastic Gradient Descent with Warm Restarts",
    ),
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(name) for name in SCHEDULES])


def _entry(name: str) -> Entry:
    words = WORDS[name]
    facts = facts_of(words, SOURCES[name])
    return Entry(name=name, formula=FORMULAS[name], facts=facts, curves=partial(curves, name))


def curves(name: str) -> list[Curve]:
    """Return the rates of a run, without and with a warm-up."""
    from fastcli.mlp.curves import schedule_points

    gamma, cut = (0.5, ", gamma 0.5, every 5 epochs") if name == "step" else (0.1, "")
    found = []
    for title, warmup in ((f"lr by epoch{cut}", 0), (f"--warmup {WARMUP} steps", WARMUP)):
        n = EPOCHS * STEPS_PER_EPOCH
        values = schedule_points(name, n, STEPS_PER_EPOCH, warmup, 5, gamma)
        found.append(Curve(title=title, low=0, high=EPOCHS, values=values, from_zero=True))
    return found
