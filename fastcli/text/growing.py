"""A dictionary extended by new text: its words and labels stay, and new ones join."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError, DataError
from fastcli.printable import named, readable, shortened
from fastcli.text.dictionary import LABEL, WORD, Dictionary, WordTable, gathered
from fastcli.text.options import INPUT_MODEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRETRAINED = "-pretrainedVectors"
MOST_COUNTED = 1 << 40  # a count from a file is never taken for more, so that sums do not overflow


@dataclass(kw_only=True)
class Grown:
    """A dictionary with all entries of a former one, and the new ones of a text.

    ``ids`` int32[entries of the word table] are their ids as words or labels, -1 for those that
    were dropped; ``former`` int64[entries] is where the former dictionary has each entry, -1 for
    new ones.
    """

    dictionary: Dictionary
    ids: NDArray[np.int32]
    former: NDArray[np.int64]
    former_words: int  # of the former dictionary

    @property
    def former_labels(self) -> NDArray[np.int64]:
        """The id of each label in the former dictionary, -1 for new ones: int64[nlabels]."""
        found = self.former[self.dictionary.nwords :]
        return np.where(found >= 0, found - self.former_words, -1)

    def sentence(self, path: str, has_labels: bool = True) -> str:
        """Return what happened to words and labels, for a user; ``path`` is the model.

        For regression (not ``has_labels``) labels are numbers, which it does not keep.
        """
        nwords = self.dictionary.nwords
        is_new = self.former < 0
        new_words, new_labels = int(is_new[:nwords].sum()), int(is_new[nwords:].sum())
        kept = {"word": nwords - new_words, "label": len(is_new) - nwords - new_labels}
        if not has_labels:
            return new_and_kept(path, {"word": kept["word"]}, {"word": new_words})
        return new_and_kept(path, kept, {"word": new_words, "label": new_labels})


def new_and_kept(path: str, kept: dict[str, int], new: dict[str, int]) -> str:
    """Return a sentence on a model that training goes on with: what is kept, and what is new.

    >>> new_and_kept("old.bin", {"word": 5059, "label": 12}, {"word": 312, "label": 1})
    'Continuing from old.bin: kept 5,059 words and 12 labels; added 312 words and 1 label.'
    """

    def listed(counts: dict[str, int]) -> str:
        return " and ".join(f"{n:,} {noun}{'s' * (n != 1)}" for noun, n in counts.items())

    added = f"; added {listed(new)}" if new else ""
    return f"Continuing from {path}: kept {listed(kept)}{added}."


def grown(known: Dictionary, words: WordTable, min_count: int, min_count_label: int) -> Grown:
    """Let what a text has often enough join a dictionary, all of whose entries stay.

    Counts are added up.  Words come before labels, each by descending count, as in fastText; equal
    counts stay in the former order, new entries behind.  ``ntokens`` is that of the text.  Raises
    DataError where a token is a label in one of them and a word in the other.
    """
    n, n_known = words.n, len(known)
    counts, kinds = words.counts[:n], words.kinds[:n]
    at = known.positions(words.starts, words.arena, n)
    is_known = at >= 0
    _check_kinds(known, at, np.flatnonzero(is_known & (counts > 0)), kinds)
    least = np.where(kinds == WORD, min_count, min_count_label)
    joining = np.flatnonzero(~is_known & (counts >= np.maximum(least, 1)))
    sums = np.clip(known.counts, 1, MOST_COUNTED)
    sums[at[is_known]] += counts[is_known]
    all_counts = np.concatenate([sums, counts[joining]])
    known_kinds = np.full(n_known, WORD, np.uint8)
    known_kinds[known.nwords :] = LABEL
    all_kinds = np.concatenate([known_kinds, kinds[joining]])
    order = np.lexsort((-all_counts, all_kinds))
    new_places = np.empty(len(order), np.int64)
    new_places[order] = np.arange(len(order))
    nwords = int(np.count_nonzero(all_kinds == WORD))
    ids = np.full(n, -1, np.int64)
    ids[is_known] = new_places[at[is_known]]
    ids[joining] = new_places[n_known:]
    ids[(kinds == LABEL) & (ids >= 0)] -= nwords
    # Both arenas one behind the other, from which the entries are taken in their order.
    end = int(known.starts[n_known])
    arena = np.concatenate([known.arena[:end], words.arena[: int(words.starts[n])]])
    starts = np.concatenate([known.starts[: n_known + 1], end + words.starts[1 : n + 1]])
    taken = np.concatenate([np.arange(n_known), n_known + joining])
    starts, arena = gathered(starts, arena, taken[order])
    dictionary = Dictionary(
        nwords=nwords,
        nlabels=len(order) - nwords,
        ntokens=int(counts.sum()),
        starts=starts,
        arena=arena,
        counts=all_counts[order],
    )
    former = np.where(order < n_known, order, -1)
    return Grown(
        dictionary=dictionary,
        ids=ids.astype(np.int32),
        former=former,
        former_words=known.nwords,
    )


def _check_kinds(
    known: Dictionary, at: NDArray[np.int32], met: NDArray[np.int64], kinds: NDArray[np.uint8]
) -> None:
    """Raise DataError if one of the entries ``met`` is of another kind than it was."""
    is_other = (at[met] >= known.nwords) != (kinds[met] == LABEL)
    if is_other.any():
        first = int(at[met[is_other.argmax()]])
        was, but = ("label", "does not start") if first >= known.nwords else ("word", "starts")
        name = shortened(readable(known.entry(first)))
        raise DataError(
            f"{name} is a {was} in the model but {but} with the label prefix: give the model's "
            "prefix with -label."
        )


def _shown(value: object) -> object:
    return "none" if value == "" else value


def check_same(shown: str, value: object, known: object, is_given: bool, path: str) -> None:
    """Raise ArgumentError for an option, ``shown``, whose given value is not the model's."""
    if is_given and value != known:
        raise ArgumentError(
            f"{shown} {_shown(value)} is given, and {path} has {_shown(known)}: leave {shown} out "
            "to go on with it."
        )


def kept_weight_prefix(
    path: str, known: str, given: set[str], is_table: bool, note: Callable[[str], None]
) -> dict[str, str]:
    """Return the argument ``weight_prefix`` as a model, whose one is ``known``, decides it.

    It is for lines only, and a person's own options come first.  ``note`` hears what is decided.
    """
    if not known or given & {"weight_prefix", "weight_column"}:
        return {}
    if is_table:
        note(
            f"--weight-prefix {named(known)} of {path} is not used: the rows of a table have their "
            "weights in a column, --weight-column NAME."
        )
        return {}
    note(f"--weight-prefix {named(known)} is used, as for {path}.")
    return {"weight_prefix": known}


def check_one_start(path: str, pretrained_vectors: str) -> None:
    """Raise ArgumentError where training would start from a model and from vectors."""
    if pretrained_vectors:
        raise ArgumentError(
            f"{INPUT_MODEL.shown} and {PRETRAINED}: give one of them. Training starts from the "
            f"rows of {path}."
        )
