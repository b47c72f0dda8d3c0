"""The arguments that a model file holds: all that commands which use a model need."""

from __future__ import annotations

from dataclasses import dataclass

from fastcli import options
from fastcli.kernels.base.losses import HS, NS, OVA, SOFTMAX
from fastcli.options import Need, only_in, only_with, option
from fastcli.text import options as text

LOSSES = {"hs": HS, "ns": NS, "softmax": SOFTMAX, "one-vs-all": OVA, "ova": OVA}
LOSS_NAMES = {HS: "hs", NS: "ns", SOFTMAX: "softmax", OVA: "one-vs-all"}
MODEL_NAMES = {1: "cbow", 2: "sg", 3: "sup"}
MOST = options.MOST  # what a model file can hold
MOST_NEG = 10_000  # negatives of a step, which must not take long: steps are not interrupted
# Of word vectors; classifiers, models of fastText among them, may have other values.
FEWEST_WS = "1 or more"
LEAST_T = "above 0"
FOR_CLASSIFIERS = only_in("supervised")
FOR_WORDS = only_in("skipgram", "cbow")
# Word vectors have no word n-grams, but without -maxn the option decides, as in fastText, whether
# the file has the rows of -bucket.
FOR_CLASSIFIERS_OR_BUCKETS = Need(
    lambda v: FOR_CLASSIFIERS.is_met(v) or not v.maxn, FOR_CLASSIFIERS.reason
)


@dataclass(frozen=True, kw_only=True)
class ModelArgs:
    """The arguments that a model file holds, in the order of the file."""

    dim: int = option(100, text.DIM)
    ws: int = option(
        5,
        "size of the context window (word vectors)",
        group="training",
        fasttext=True,
        at_least=0,
        values=FEWEST_WS,
        needs=(FOR_WORDS,),
    )
    epoch: int = option(5, text.EPOCH)
    min_count: int = option(1, text.MIN_COUNT)
    neg: int = option(
        5,
        "number of negatives sampled (loss ns)",
        group="training",
        fasttext=True,
        at_least=0,
        limit=MOST_NEG,
        needs=(only_with("loss", "ns"),),
    )
    word_ngrams: int = option(1, text.WORD_NGRAMS, needs=(FOR_CLASSIFIERS_OR_BUCKETS,))
    loss: str = option(
        "softmax",
        "loss function",
        group="training",
        fasttext=True,
        choices=LOSSES,
        kind="loss",
    )
    model: str = "sup"
    bucket: int = option(2000000, text.BUCKET)
    minn: int = option(0, text.MINN)
    maxn: int = option(0, text.MAXN)
    lr_update_rate: int = option(
        100,
        "number of tokens between updates of the learning rate",
        group="training",
        order=-1,
        fasttext=True,
        at_least=0,
    )
    t: float = option(
        1e-4,
        "sampling threshold (word vectors): the lower, the fewer frequent words",
        group="dictionary",
        fasttext=True,
        values=LEAST_T,
        needs=(FOR_WORDS,),
    )
