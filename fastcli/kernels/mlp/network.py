"""The description of a network and its training for kernels: one record per layer, and groups.

All that a batch needs on its way is in one array, ``Arrays.values``, and all parameters are in
another; layers say where their own begin.  A *place* is such an index.  Widths are padded to 16,
and what is padded stays zero.  A *row* is the floats from one example to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import device
from fastcli.jit.group import Group
from fastcli.jit.signature import Record
from fastcli.kernels.base.optimizers import Step
from fastcli.kernels.base.threads import arrive, bounds, wait_for_all

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, I32, I64, U8, Records, f32, i64

NO_NORM, BATCH_NORM, LAYER_NORM = 0, 1, 2

# What a batch is carried up for.  Statistics: batch norm normalises as in training, and sets the
# running mean and variance to those of the batch alone; without dropout and random slopes.
INFERENCE, TRAINING, STATISTICS = 0, 1, 2

L2_BALL, L1_BALL = 0, 1  # what the weights into a unit may be held in

# What stays with one thread, in chunks.
EXAMPLES = 8  # of a batch, which a norm adds up before threads meet
WEIGHT_ROWS = 2  # so that tiles of the product stay whole
COLUMNS = 16  # of weights, biases and statistics
SHARDS = 16  # of the embedding, whose rows have always the same one


class Layer(Record):
    """One layer: its sizes and choices, the addresses of its kernels, and its places."""

    n_in: i64  # units of the layer below
    in_width: i64  # the same, padded
    in_row: i64
    units: i64
    width: i64  # units, padded
    pieces: i64  # inputs of a unit: more than 1 for maxout only
    z_width: i64  # all inputs, pieces * width
    z_row: i64
    out_row: i64
    # The activation: its kernels, 0 for maxout.
    forward_address: i64
    backward_address: i64
    learned_address: i64  # gradients of its learned parameters
    n_learned: i64  # learned parameters of a unit
    n_active: i64  # units that its kernels are for: the padded ones too, unless units are coupled
    is_random: i64  # 1: its parameter is random in training
    # The norm: which one, 1 if it comes after the activation, its kernels.
    norm: i64
    norm_after: i64
    learns_gamma: i64  # 0: gamma stays 1
    learns_beta: i64  # 0: beta stays 0
    full_batch: i64  # examples of a batch that has its whole share in running statistics
    norm_forward_address: i64
    norm_backward_address: i64
    # Places among parameters.
    weights: i64  # n_in x z_row
    bias: i64  # z_row
    gamma: i64  # z_row
    beta: i64  # z_row
    activation: i64  # parameters of the activation, out_row each
    # Places among running statistics.
    running_mean: i64  # z_row
    running_var: i64  # z_row
    # Places among values; of a batch, unless another size is given.
    x: i64  # what the layer below gives
    z: i64  # pre-activations; normalised if the norm comes before
    a_in: i64  # what the activation takes
    a: i64  # what it gives; normalised if the norm comes after
    out: i64  # what the layer gives
    mask: i64  # of dropout
    slopes: i64  # of a random activation
    d: i64  # gradient of out, then of a
    dz: i64  # gradient of z
    d_below: i64  # gradient of x, -1 if it is not needed
    transposed: i64  # the weights transposed: z_width x in_row
    means: i64  # of columns, z_row
    inv_std: i64  # 1 / standard deviation: of columns, z_row, or of examples
    sums: i64  # what a norm adds up over each chunk of examples: two rows of z_row
    # Numbers.
    dropout: f32
    eps: f32  # added to variances
    momentum: f32  # share of a full batch in running statistics
    low: f32  # bounds of random slopes
    high: f32


class Network(Group):
    """The layers, and what is the same for all of them."""

    layers: Records[Layer]  # the output layer last
    n_layers: i64
    loss: i64  # its code
    huber_delta: f32  # where the Huber loss becomes linear
    seed: i64
    chunk: i64  # examples that stay with one thread
    dim: i64  # of embedding rows, 0 if the input is dense
    input_row: i64
    input_width: i64
    input: i64  # places among values
    input_mask: i64
    d_input: i64
    scratch: i64  # 2 * input_row + 64 floats per thread
    forward_address: i64  # of the kernels that do a step
    backward_address: i64
    learn_address: i64


class Regularization(Group):
    """Regularisation and gradient clipping; 0: off."""

    label_smoothing: f32
    input_dropout: f32
    input_noise: f32  # standard deviation
    noise_shape: i64  # of dropout: ELEMENT, ROW or COLUMN
    activation_l1: f32
    l1: f32
    l2: f32
    l1_proximal: f32  # by soft thresholding after each step
    weight_decay: f32
    decays_by_step: i64  # 1: not multiplied by the learning rate
    clip_value: f32
    clip_norm: f32
    max_norm: f32
    max_norm_kind: i64  # L2_BALL or L1_BALL


class Arrays(Group):
    """The memory of a network."""

    params: F32
    running: F32  # means and variances of batch norms
    values: F32  # what a batch becomes


class Training(Group):
    """The memory that only training needs, and how parameters are updated."""

    grads: F32  # laid out as the parameters
    states: F32  # of the optimiser, slots x parameters
    n_params: i64
    rule: i64  # address of the update rule
    squares: F64  # of gradients: SHARDS, and for each layer one for each input and one more


class Examples(Group):
    """Examples with their labels; the input of example i is dense or embedded.

    Dense: ``dense[i * input_row:]``.  Embedded: rows ``rows[offsets[i]:offsets[i + 1]]`` of the
    embedding.  Labels: ``labels[label_offsets[i]:label_offsets[i + 1]]``.  In regression there are
    none, and a number for each output: ``targets[i * outputs:]``.
    """

    dense: F32
    rows: I32
    offsets: I64
    labels: I32
    label_offsets: I64
    targets: F32
    weighs: i64  # 1: examples and labels have weights, else all weigh 1
    weights: F32  # of the examples
    label_weights: F32  # of the labels


class Embedding(Group):
    """The embedding, and what a thread notes of the rows that a batch uses (``updates.list_uses``).

    Where input is dense there is no row.
    """

    matrix: F32  # rows x row_floats
    row_floats: i64  # from one row to the next: the row and the optimiser's states of it
    slots: I32  # one for each row, zero between steps; threads share it
    touched: I32  # three for each row that a batch may use
    uses: I32  # two for each use
    grad: F32  # of one row


class Batches(Group):
    """The batches of some epochs: step s is on examples ``order[starts[s]:starts[s + 1]]``."""

    order: I64
    starts: I64
    steps: Records[Step]
    base: i64  # step 0 is this one of the run
    losses: F64  # of examples, in order
    right: U8  # 1 for examples whose best label is one of theirs, in order


class Batch(Group):
    """A batch, as one of the threads sees it."""

    order: I64  # example i of the batch is order[i] of all
    m: i64  # size
    first: i64  # what the thread carries up and down: examples first to last
    last: i64
    key: i64  # of random numbers, another one in every step


class Team(Group):
    """The threads that take a step together, as one of them sees them."""

    thread: i64  # from 0 on
    n_threads: i64
    sync: I64  # 8 for each thread, zero before the first time: a thread's phase


@device
def chunk_bounds(n: i64, chunk: i64, team: Team) -> tuple[i64, i64]:
    """Return the bounds of a thread's part of n things, in whole chunks."""
    first, last = bounds((n + chunk - 1) // chunk, team.thread, team.n_threads)
    return min(first * chunk, n), min(last * chunk, n)


@device
def meet(team: Team) -> None:
    """Wait for all threads."""
    if team.n_threads > 1:
        phase = team.sync[team.thread * 8] + 1
        arrive(team.sync, team.thread, phase)
        wait_for_all(team.sync, team.n_threads, phase)
