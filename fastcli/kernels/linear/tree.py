"""The Huffman tree of the hierarchical softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.jit.build import kernel
from fastcli.jit.group import Group

if TYPE_CHECKING:
    from fastcli.jit.signature import I32, I64, U8, i64


class Tree(Group):
    """The path of each label from its leaf to the root."""

    paths: I32  # the output rows of label i's inner nodes are paths[offsets[i]:offsets[i + 1]]
    codes: U8  # 1 if the path is the second child's
    offsets: I64  # nlabels + 1


@kernel
def build_tree(
    counts: I64, n: i64, weights: I64, parents: I32, children: I32, branches: U8
) -> None:
    """Join the two rarest nodes until one is left (Huffman 1952).

    Leaves 0 to n-1 are the labels by falling count; inner node i is node n + i, its children
    are ``children[2 * i]`` and ``children[2 * i + 1]``.  ``weights`` (2n - 1) is scratch;
    ``branches`` is 1 for second children.  Of a leaf and an inner node of equal weight the
    inner node goes first.
    """
    for i in range(n):
        weights[i] = counts[i]
    leaf = n - 1
    inner = n
    for node in range(n, 2 * n - 1):
        weights[node] = 0
        for side in range(2):
            if leaf >= 0 and (inner >= node or weights[leaf] < weights[inner]):
                child = leaf
                leaf -= 1
            else:
                child = inner
                inner += 1
            children[2 * (node - n) + side] = child
            parents[child] = node
            branches[child] = side
            weights[node] += weights[child]


@kernel
def measure_paths(n: i64, parents: I32, offsets: I64) -> None:
    """Set ``offsets`` to where the path of each label starts when all are put end to end."""
    root = 2 * n - 2
    offsets[0] = 0
    for label in range(n):
        node = label
        size = 0
        while node != root:
            size += 1
            node = int(parents[node])
        offsets[label + 1] = offsets[label] + size


@kernel
def write_paths(n: i64, parents: I32, branches: U8, tree: Tree) -> None:
    """Write the path of each leaf to the root, to where ``tree.offsets`` says.

    A step has the output row of an inner node, and the branch by which it was reached.
    """
    root = 2 * n - 2
    for label in range(n):
        node = label
        step = tree.offsets[label]
        while node != root:
            tree.codes[step] = branches[node]
            node = int(parents[node])
            tree.paths[step] = node - n
            step += 1
