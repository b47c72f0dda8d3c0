"""The tables that describe a network, and how threads share its work out.

A network is a table of integers with a row for each layer, which says where its parameters and
its values are, and a table of floats; two more tables are the same for all layers.  Widths are
padded to 16, and what is padded stays zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device
from fastcli.kernels.base.threads import arrive, wait_for_all

if TYPE_CHECKING:
    from fastcli.jit.signature import I64, i64

# The table of a layer: sizes, choices, places among parameters, places among values.
(
    N_IN,  # units of the layer below
    IN_WIDE,  # the same, padded
    IN_ROW,  # floats from one example to the next in the layer below
    UNITS,
    WIDE,  # units, padded
    PIECES,  # inputs of a unit: more than 1 for maxout only
    Z_WIDE,  # all inputs, padded
    Z_ROW,
    H_ROW,
    FORWARD,  # addresses of the activation's kernels
    BACKWARD,
    LEARNED,
    RANDOM,  # 1: its parameter is random in training
    NORM,
    NORM_AFTER,
    NORM_FORWARD,  # addresses of the norm's kernels
    NORM_BACKWARD,
    W,  # in x Z_ROW
    B,
    GAMMA,
    BETA,
    SHAPE,  # parameters of the activation, H_ROW each
    N_SHAPE,  # how many of them are learned
    MEAN,  # running statistics
    VAR,
    X,  # values of the layer below
    Z,  # pre-activations; normalised if the norm comes before
    A_IN,  # what the activation takes
    A,  # what it gives; normalised if the norm comes after
    H,  # what the layer gives
    MASK,
    SLOPES,
    D,  # gradient of H, then of A
    DZ,  # gradient of Z
    WT,  # the weights transposed: Z_WIDE x IN_ROW
    STATS,  # two rows of Z_ROW, or one number an example
    SUMS,  # what a norm adds up over every TOGETHER examples: two rows of Z_ROW
    D_BELOW,  # gradient of X, -1 if nobody needs it
) = range(38)
FIELDS = 40

# Floats of a layer.
DROP, EPS, MOMENTUM, LOW, HIGH = range(5)
FLOATS = 8

NO_NORM, BATCH_NORM, LAYER_NORM = 0, 1, 2
SOFTMAX, OVA = 0, 1
OWNERS = 16  # groups of embedding rows, which threads share out
TOGETHER = 8  # examples that a norm adds up before threads meet

# Numbers of a run (r).
(
    SMOOTHING,
    INPUT_DROP,
    INPUT_NOISE,
    L1,
    L2,
    WEIGHT_DECAY,
    CLIP_VALUE,
    CLIP_NORM,
    MAX_NORM,
    ACTIVATION_L1,
) = range(10)
R_SIZE = 16

# Integers of a run (c).
(
    N_LAYERS,
    LOSS,
    RULE,  # address of the update's kernel
    SLOTS,
    N_PARAMS,
    INPUT_ROW,
    INPUT_WIDE,
    DIM,  # of embeddings, 0 where the input is numbers
    RECORD,  # floats from one embedding row to the next
    SEED,
    NOISE_SHAPE,
    INPUT,  # place of the input among values
    INPUT_MASK,
    D_INPUT,
    SCRATCH,
    FORWARD_PASS,  # addresses of the kernels that do a step
    BACKWARD_PASS,
    LEARN,
    GROUP,  # examples that one thread has together
) = range(19)
C_SIZE = 24


@device
def part(n: i64, group: i64, thread: i64, n_threads: i64) -> i64:
    """Return where a thread's share of n things begins, in groups that stay whole."""
    return min(((n + group - 1) // group * thread // n_threads) * group, n)


@device
def columns(n: i64, thread: i64, n_threads: i64) -> i64:
    """Return where a thread's share of n columns begins, in groups of 16."""
    return (n // 16 * thread // n_threads) * 16


@device
def meet(sync: I64, thread: i64, n_threads: i64) -> None:
    """Wait until all threads are here; ``sync`` is zero before the first time."""
    if n_threads > 1:
        phase = sync[thread * 8] + 1
        arrive(sync, thread, phase)
        wait_for_all(sync, n_threads, phase)
