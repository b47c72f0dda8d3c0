"""What training on a data set needs: memory, the size of the model file, and its disk space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcli.fasttext.needs import batch_memory
from fastcli.fasttext.save import saving_memory
from fastcli.inspect.data import DataSet
from fastcli.memory import PROCESS, padded
from fastcli.text.counting import AT_ONCE
from fastcli.text.spelling import most_bytes

if TYPE_CHECKING:
    from fastcli.fasttext.args import TrainArgs

TABLE_ENTRY = 60  # bytes of a different word while text is counted, beside its letters
DICTIONARY_ENTRY = 56  # and of one that is kept
ROW = 16  # bytes of a row's number in the file and its place in memory


@dataclass
class Costs:
    """Bytes of memory that the process takes at its peak, of the model file, and of its disk."""

    memory: int
    file: int
    disk: int


def costs(data: DataSet, args: TrainArgs, different: float) -> Costs:
    """Return what training with arguments takes; ``different`` n-grams meet a bucket.

    Buckets that no n-gram meets take neither memory nor, being holes of the file, disk space.
    """
    kept = data.counts >= args.min_count
    words = [word for word, i in data.words.items() if kept[i]]
    n_words, n_labels = len(words) + 1, len(data.labels)
    bucket = args.model_args().bucket
    used = bucket * -math.expm1(-different / bucket) if bucket else 0.0
    outputs = n_labels if args.model == "sup" else n_words
    letters = sum(map(len, words)) + sum(map(len, data.labels)) + len(b"</s>")
    entries = letters + 10 * (n_words + n_labels)
    used_rows = n_words + round(used)
    file = 126 + 4 * args.dim * (n_words + bucket + outputs) + entries
    disk = min(file, 126 + 4 * args.dim * (used_rows + outputs) + entries)
    memory = _memory(data, args, words, used_rows, outputs)
    return Costs(memory, file, disk)


def _memory(data: DataSet, args: TrainArgs, words: list[bytes], rows: int, outputs: int) -> int:
    """Return the memory of the process at its peak: the largest of four steps."""
    per_line = np.frombuffer(data.n_words, np.uint32).astype(np.int64)
    n_labels = int(np.frombuffer(data.n_labels, np.uint32).sum(dtype=np.int64))
    tokens = int(per_line.sum()) + n_labels + data.n
    n_words = len(words) + 1
    grams = _ngrams_of(words, args.minn, args.maxn)
    kept = np.array([data.counts[data.words[word]] for word in words], np.int64)
    letters = sum(map(len, data.words)) * 3 // 2
    tables = (TABLE_ENTRY * len(data.words) + letters) * min(args.thread, 2)
    counting = tables + 4 * tokens + min(AT_ONCE * args.thread, data.size)
    matrices = 4 * padded(args.dim) * (rows + outputs)
    word_rows = n_words + int(grams.sum())
    saving = saving_memory(args, n_words, word_rows, outputs)
    lasting = DICTIONARY_ENTRY * n_words + letters + matrices + ROW * rows
    if args.model == "sup":
        features = int(kept.sum()) + data.n + int((kept * grams).sum())
        for n in range(2, args.word_ngrams + 1):
            features += int(np.maximum(per_line + 2 - n, 0).sum())
        of_words = 4 * int(grams.sum()) + 16 * len(data.words)
        preparing = tables + of_words + 4 * tokens + 9 * features + 4 * args.bucket
        training = 5 * features + 4 * args.bucket + batch_memory(args, outputs, data.n, rows)
    else:
        preparing = tables + 12 * tokens
        training = 4 * tokens + 4 * word_rows
    return PROCESS + max(counting, preparing, lasting + training, lasting + saving)


def _ngrams_of(words: list[bytes], minn: int, maxn: int) -> np.ndarray:
    """Return how many character n-grams each word has, its marks < and > among the characters."""
    if maxn <= 0:
        return np.zeros(len(words), np.int64)
    lengths = np.array(
        [
            len(word.decode("utf-8", "replace")) if len(word) <= most_bytes(maxn) else 0
            for word in words
        ],
        np.int64,
    )
    lengths += 2
    return sum(
        (np.maximum(lengths + 1 - n, 0) for n in range(max(minn, 1), maxn + 1)),
        np.zeros(len(words), np.int64),
    )
