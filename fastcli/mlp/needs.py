"""What training a neural network needs: memory, and disk space for its files."""

from __future__ import annotations

from fastcli.memory import Needs
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.network import Network
from fastcli.mlp.trainer import is_slow, marks_rows
from fastcli.mlp.training_data import TrainingData


def needs_of(args: MlpArgs, data: TrainingData, network: Network, mapped: int = 0) -> Needs:
    """Return what training will need; ``network`` has taken its memory but not touched it.

    ``mapped`` are the bytes of a file whose numbers are copied.
    """
    wide, row_floats = network.input_width, network.row_floats
    params, rows = 4 * len(network.params), 4 * wide * data.n_rows
    # Parameters, gradients and states; the values of a batch in training and in evaluation.
    matrices = (2 + max(network.slots, 1)) * params + 2 * 4 * len(network.values)
    matrices += 4 * row_floats * data.n_rows
    if args.augment:  # the images of an epoch beside those that were read
        matrices += data.examples.dense.nbytes
    if args.valid_lines:  # the best model so far, and evaluation on all threads
        matrices += params + rows + (args.thread - 1) * 4 * len(network.values)
        if marks_rows(args, network, data.examples):
            matrices += data.n_rows + 8 * data.n_rows  # a mark for each, and the numbers of them
    elif is_slow(network, args.thread):  # the model before a step, for an interrupt
        matrices += params + rows
    file = rows + params
    # The rows are copied where states stand between them.
    saving = params + (rows if row_floats != wide else 0)
    smaller = "-dim or -bucket" if data.n_rows else "--hidden or --batch-size"
    return Needs(
        matrices=matrices, file=file, disk=file, saving=saving, smaller=smaller, mapped=mapped
    )


def checkpoint_size(args: MlpArgs, data: TrainingData, network: Network) -> int:
    """Return the bytes that a checkpoint has at least: parameters, states, and the best model."""
    wide, row_floats = network.input_width, network.row_floats
    params, rows = 4 * len(network.params), 4 * row_floats * data.n_rows
    best = params + 4 * wide * data.n_rows if args.valid_lines else 0
    return params * (1 + network.slots) + rows + best
