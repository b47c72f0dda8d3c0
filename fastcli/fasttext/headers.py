"""How model files begin: fastText's, and those of related programs."""

from __future__ import annotations

import math
import struct

from fastcli.text.inputs import MODEL_MAGIC

MAGIC = int.from_bytes(MODEL_MAGIC, "little")
ARGS = struct.Struct("<12id")
DICTIONARY = struct.Struct("<iiiqq")
DICTIONARY_OF_2016 = struct.Struct("<iiiq")
FLORET_ARGS = struct.Struct("<14id")  # two integers more than fastText's
FLORET_HEAD = 8 + FLORET_ARGS.size + DICTIONARY.size


def is_of_2016(head: bytes) -> bool:
    """Tell whether a file starts with arguments and a dictionary, without a magic number.

    So did fastText write models before version 11 of its format.
    """
    if len(head) < ARGS.size + DICTIONARY_OF_2016.size:
        return False
    *values, t = ARGS.unpack_from(head)
    dim, ws, epoch, min_count, neg, word_ngrams, loss, model, bucket, minn, maxn, rate = values
    are_sound = (
        0 < dim <= 1 << 16
        and min(ws, epoch, min_count, neg, word_ngrams, bucket, minn, maxn, rate) >= 0
        and max(ws, word_ngrams, minn, maxn) <= 1 << 16
        and loss in (1, 2, 3)
        and model in (1, 2, 3)
        and math.isfinite(t)
        and 0 <= t <= 1
    )
    size, nwords, nlabels, ntokens = DICTIONARY_OF_2016.unpack_from(head, ARGS.size)
    return are_sound and is_dictionary(size, nwords, nlabels, ntokens)


def is_floret(head: bytes) -> bool:
    """Tell whether a file with fastText's magic number has floret's two arguments more.

    They are its mode and its number of hashes, before lrUpdateRate; the version is 12 all the same.
    """
    if len(head) < FLORET_HEAD:
        return False
    magic, version = struct.unpack_from("<ii", head)
    *values, _ = FLORET_ARGS.unpack_from(head, 8)
    mode, hashes = values[11], values[12]
    as_fasttext = DICTIONARY.unpack_from(head, 8 + ARGS.size)
    as_floret = DICTIONARY.unpack_from(head, 8 + FLORET_ARGS.size)
    return (
        (magic, version) == (MAGIC, 12)
        and mode in (1, 2)
        and 0 < hashes <= 1 << 10
        and not is_dictionary(*as_fasttext[:4])
        and is_dictionary(*as_floret[:4])
    )


def is_dictionary(size: int, nwords: int, nlabels: int, ntokens: int) -> bool:
    """Tell whether the numbers of entries, words, labels and tokens are consistent."""
    return 0 < size == nwords + nlabels and min(nwords, nlabels) >= 0 and ntokens >= size
