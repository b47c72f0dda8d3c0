"""Which arguments can give a model of a certain size, determined before training.

The dictionary and the arguments decide all of a model's bytes but those of its kept rows, and of
these there are 256 or more, as quantizing has it (all of them, where there are fewer).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.model_bytes import file_size
from fastcli.fasttext.model_size import (
    BUCKET,
    TargetTooSmall,
    codes_size,
    size_without_rows,
    word_sizes,
)
from fastcli.fasttext.quantize import Sizes
from fastcli.fasttext.quantized import CENTROIDS
from fastcli.fasttext.search import SCALES

if TYPE_CHECKING:
    from fastcli.fasttext.args import TrainArgs
    from fastcli.fasttext.model_args import ModelArgs
    from fastcli.text.dictionary import Dictionary

LARGEST_DSUB = int(SCALES["dsub"][1])


class NotTrained(TargetTooSmall):
    """No model with these arguments is as small as requested; found before training."""

    note = "no model that small, not trained"


class NothingFits(TargetTooSmall):
    """No arguments that may be tried give a model as small as requested."""


def is_quantizable(args: ModelArgs, dictionary: Dictionary) -> bool:
    """Tell whether a model has enough rows to be quantized; if not, its ``.bin`` is the model."""
    return dictionary.nwords + args.bucket >= CENTROIDS


def tuned_sizes(dsub: int, dictionary: Dictionary) -> Sizes:
    """Return how autotune quantizes: with norms, and labels' rows where there are enough."""
    return Sizes(dsub, qnorm=True, qout=dictionary.nlabels >= CENTROIDS)


class SizeLimit:
    """A number of bytes that a model may have, for a text with a certain dictionary.

    ``free`` are the names of the arguments that may be changed (see ``search.free_names``).
    ``note`` is called, once, if n-grams are left out.
    """

    def __init__(
        self,
        target: int,
        dictionary: Dictionary,
        free: list[str],
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.target, self._dictionary, self._free = target, dictionary, free
        self._note, self._is_noted = note, False
        words = np.sort(word_sizes(dictionary))
        self._shortest = int(words[:CENTROIDS].sum())
        self._longest = int(words[-CENTROIDS:].sum())

    def lower_bound(self, args: TrainArgs) -> int:
        """Return a number of bytes that no model of these arguments is below."""
        nwords = self._dictionary.nwords
        n = min(nwords, CENTROIDS)
        rows = BUCKET * n if args.model_args().bucket else self._shortest
        return self._size(args, n, rows)

    def upper_bound(self, args: TrainArgs) -> int:
        """Return a number of bytes that is enough, whichever rows turn out to be the longest."""
        n = min(self._dictionary.nwords, CENTROIDS)
        n_ngrams = CENTROIDS - n
        if args.maxn == 0:  # only word n-grams, of which a token begins so many
            n_ngrams = min(n_ngrams, self._dictionary.ntokens * (args.word_ngrams - 1))
        return self._size(args, n + n_ngrams, self._longest + BUCKET * n_ngrams)

    def _size(self, args: TrainArgs, n_rows: int, rows: int) -> int:
        """Return the size of a model of rows whose words or buckets take ``rows`` bytes."""
        model_args = args.model_args()
        if not is_quantizable(model_args, self._dictionary):
            return file_size(model_args, self._dictionary)
        sizes = tuned_sizes(args.dsub, self._dictionary)
        fixed = size_without_rows(model_args, self._dictionary, sizes)
        return fixed + n_rows * codes_size(args.dim, sizes) + rows

    def fitted(self, args: TrainArgs) -> TrainArgs | None:
        """Return the arguments, with a smaller dim or a larger dsub where they would not fit.

        Of a quantized model rows should have half of the file, so that is what a smaller dim leaves
        them if it can.  See ``_without_ngrams`` for a text of very few words.  None if no change
        helps.
        """
        args = self._without_ngrams(args)
        if self.upper_bound(args) <= self.target:
            return args
        coarse = replace(args, dsub=LARGEST_DSUB) if "dsub" in self._free else args
        is_bin = not is_quantizable(args.model_args(), self._dictionary)
        for changed in (args, coarse):
            for limit in (self.target,) if is_bin else (self.target // 2, self.target):
                if smaller := self._narrower(changed, limit):
                    return smaller
        for changed in (args, coarse):
            smallest = replace(changed, dim=1) if "dim" in self._free else changed
            if self.lower_bound(smallest) <= self.target:
                return smallest  # it depends on which rows turn out to be the longest
        return None

    def _without_ngrams(self, args: TrainArgs) -> TrainArgs:
        """Leave out the n-grams of a text of very few words, so that its model can be a .bin.

        That is done only where the target does not hold the .bin that has them, and it is noted.
        """
        n_tokens = self._dictionary.ntokens
        if n_tokens >= CENTROIDS or file_size(args.model_args(), self._dictionary) <= self.target:
            return args
        plain = self._plain(args)
        if plain == args or is_quantizable(plain.model_args(), self._dictionary):
            return args
        if not self._is_noted:
            self._is_noted = True
            self._note(
                f"The text has {n_tokens:,} tokens, too few to quantize a model. Arguments whose "
                f".bin with n-grams is larger than {self.target:,} bytes are tried without "
                "n-grams; -wordNgrams, -minn and -maxn given by hand stay."
            )
        return plain

    def _plain(self, args: TrainArgs) -> TrainArgs:
        """Return the arguments without the n-grams that may be left out."""
        if "word_ngrams" in self._free:
            args = replace(args, word_ngrams=1)
        return replace(args, minn=0, maxn=0) if "minn" in self._free else args

    def _narrower(self, args: TrainArgs, limit: int) -> TrainArgs | None:
        """Return the arguments with the largest dim, up to theirs, for which ``limit`` is enough.

        None if there is none.
        """
        if "dim" not in self._free:
            return args if self.upper_bound(args) <= limit else None
        dims = range(1, args.dim + 1)
        dim = bisect_right(dims, limit, key=lambda dim: self.upper_bound(replace(args, dim=dim)))
        return replace(args, dim=dim) if dim else None

    def check(self, args: TrainArgs) -> None:
        """Raise NotTrained if no model with these arguments can fit.

        Between the bounds it depends on which rows turn out to be the longest.
        """
        if self.lower_bound(args) > self.target:
            raise NotTrained(self._refusal("the model of a trial", [args]))

    def check_any(self, given: TrainArgs) -> None:
        """Raise NothingFits if the target is too small for all that may be tried."""
        smallest = given
        if "dim" in self._free:
            smallest = replace(smallest, dim=1)
        if "dsub" in self._free:
            smallest = replace(smallest, dsub=LARGEST_DSUB)
        tried = [smallest, self._plain(smallest)]
        if "word_ngrams" in self._free:
            tried.append(replace(smallest, word_ngrams=2))
        if all(self.lower_bound(args) > self.target for args in tried):
            kind = "a model" if "dim" in self._free else f"a model of -dim {given.dim}"
            raise NothingFits(self._refusal(f"for this text {kind}", tried))

    def _refusal(self, what: str, tried: list[TrainArgs]) -> str:
        lower = min(self.lower_bound(args) for args in tried)
        upper = min(self.upper_bound(args) for args in tried)
        return (
            f"Couldn't fulfil model size constraint: {what} has at least {lower:,} bytes, and "
            f"{upper:,} bytes are surely enough for one; {self.target:,} are asked for."
        )
