"""The page on normalisation."""

from __future__ import annotations

from fastcli.cli.pages import Entry, Page, Words, facts_of
from fastcli.mlp.options import NORMS

TITLE = "Normalisation of hidden layers: mlp-train --norm NAME"
INTRO = (
    "A layer's input changes while the layers below it learn, and may drift to where an "
    "activation is flat. A norm gives z mean 0 and variance 1 again, and then scale and shift "
    "that are learned (gamma, beta), so that the layer can still do all it could. It stands "
    "before the activation, or after it with --norm-position after."
)
FORMULAS = {
    "none": "z",
    "batch": "gamma (z - mean) / sqrt(var + eps) + beta; mean and var of a unit over the batch",
    "layer": "gamma (z - mean) / sqrt(var + eps) + beta; mean and var of an example over the units",
}
SOURCES = {
    "none": "",
    "batch": "Ioffe and Szegedy 2015",
    "layer": "Ba et al. 2016",
}
PREDICTING = {
    "none": "",
    "batch": "mean and variance from training: running averages over batches, the variance times "
    "m / (m - 1); or with --norm-statistics population the mean over all batches after training",
    "layer": "the same formula: an example is normalised by itself",
}
WORDS = {
    "none": Words(
        why="Shallow networks with standardised input do well without.",
        good="Fastest; nothing depends on the batch.",
        bad="Deep networks of saturating units may not start.",
    ),
    "batch": Words(
        derivative="gamma / sqrt(var + eps) (d - mean(d) - z' mean(d z')), z' being normalised, "
        "means over the batch",
        why="Whitened input speeds up training; so do this in a simple form for every layer, since "
        "each is the input of the next.",
        good="Larger learning rates, less care for initialisation, gradients that do not vanish; "
        "the noise of batches regularises a little.",
        bad="Needs batches that are not small: with 2 examples the statistics are noise, with 1 "
        "there are none. Training and prediction differ.",
        title="Batch Normalization: Accelerating Deep Network Training by Reducing Internal "
        "Covariate Shift",
    ),
    "layer": Words(
        derivative="1 / sqrt(var + eps) (e - mean(e) - z' mean(e z')), e = gamma d, z' being "
        "normalised, means over the units",
        why="Batch norm needs large batches and does not suit recurrent networks: take the "
        "statistics of one example over all units of the layer.",
        good="Does not depend on the batch: works with one example, and is the same in training "
        "and prediction. Usual in recurrent networks and transformers.",
        bad="Supposes that the units of a layer are alike; gains less in convolutional networks.",
        title="Layer Normalization",
    ),
}


def page() -> Page:
    """Return the page."""
    return Page(title=TITLE, intro=INTRO, entries=[_entry(name) for name in NORMS])


def _entry(name: str) -> Entry:
    facts = facts_of(WORDS[name], SOURCES[name], predicting=PREDICTING[name])
    return Entry(name=name, formula=FORMULAS[name], facts=facts)
