"""The kernels that trials of autotune need, loaded before its clock starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import AnyKernel, compile_beside
from fastcli.kernels.base.matrix import init_rows
from fastcli.kernels.linear import quantize, tree
from fastcli.kernels.linear.batch_lines import score_lines, step_lines
from fastcli.kernels.linear.best import best_labels
from fastcli.kernels.linear.few_labels import learn_lines
from fastcli.kernels.linear.label_blocks import score_blocks, step_blocks
from fastcli.kernels.linear.means import mean_codes, mean_rows
from fastcli.kernels.linear.order import draw_order
from fastcli.kernels.linear.scores import fill_blocks
from fastcli.kernels.linear.shared_rows import count_shared
from fastcli.kernels.linear.train import train_lines
from fastcli.kernels.linear.train_batches import train_batches
from fastcli.kernels.text import dictionary, features
from fastcli.kernels.text.lines import prune_features, read_lines
from fastcli.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.autotune import AutotuneArgs


def trial_kernels(args: TrainArgs, tune: AutotuneArgs) -> list[AnyKernel]:
    """Return what reading, training and scoring need with any arguments that may be tried."""
    found: list[AnyKernel] = [
        *(dictionary.count_tokens, dictionary.merge_entries),
        *(dictionary.gather_entries, dictionary.index_entries),
        *(features.make_features, features.number_rows, features.place_rows, features.mark_rows),
        *(init_rows, draw_order, fill_blocks, mean_rows, read_lines, prune_features),
    ]
    if args.maxn > 0 or not {"minn", "maxn"} & tune.fixed:
        found += [features.count_char_ngrams, features.fill_char_ngrams]
    if args.loss == "hs":
        found += [tree.build_tree, tree.measure_paths, tree.write_paths]
    if args.optimizer != "sgd":
        found.append(OPTIMIZERS[args.optimizer].rule)
    if tune.modelsize:
        found += [quantize.row_norms, quantize.train_centroids, quantize.encode_rows, mean_codes]
        found.append(dictionary.find_entries)
    return [
        *found,
        *(train_lines, train_batches, score_lines, step_lines, score_blocks, step_blocks),
        *(learn_lines, count_shared, best_labels),
    ]


def load_trial_kernels(args: TrainArgs, tune: AutotuneArgs) -> None:
    """Load them, the large ones compiled beside the others, so that no trial waits for one."""
    for large in (train_batches, train_lines, best_labels):
        compile_beside(large)
    for kernel in trial_kernels(args, tune):
        kernel.load()
