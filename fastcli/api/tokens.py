"""Text as tokens, words and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.api.arguments import Word, utf8
from fastcli.fasttext.word_rows import packed
from fastcli.text.dictionary import EOS
from fastcli.text.separators import tokens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastcli.fasttext.model import Model


def tokenize(text: Word) -> list[str]:
    r"""Return the tokens of ``text``, as fastText cuts it; a line end is the token ``</s>``.

    Tokens end at spaces, tabs, line ends, VT, FF and NUL.  Raises TypeError for what is not text,
    UnicodeDecodeError for bytes that are not UTF-8.

    >>> tokenize("rice and\tbeans\n")
    ['rice', 'and', 'beans', '</s>']
    """
    return [token.decode() for token in tokens_with_ends(utf8(text, "a text"))]


def tokens_with_ends(text: bytes) -> list[bytes]:
    """Return the tokens of a text; a line end is the token ``</s>``."""
    return tokens_of(text.replace(b"\n", b" %b " % EOS))


def first_line(text: bytes) -> bytes:
    """Return the first line of a text with its end, if it has one; a written ``</s>`` is an end."""
    line, end, _ = text.partition(b"\n")
    if EOS in line:
        tokens = tokens_of(line)
        if EOS in tokens:
            return b" ".join(tokens[: tokens.index(EOS)]) + b"\n"
    return line + end


def words_and_labels(
    model: Model, lines: Sequence[bytes]
) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """Return the words of each line, and those of its labels that the model knows."""
    dictionary, prefix = model.dictionary, model.label.encode("utf-8", "surrogateescape")
    of_lines = [tokens_with_ends(line) for line in lines]
    tokens = [token for found in of_lines for token in found]
    entries = iter(dictionary.positions(*packed(tokens), len(tokens)).tolist())
    words: list[list[bytes]] = []
    labels: list[list[bytes]] = []
    for found in of_lines:
        numbered = [(token, next(entries)) for token in found]
        words.append(
            [
                token
                for token, entry in numbered
                if entry < dictionary.nwords and (entry >= 0 or not token.startswith(prefix))
            ]
        )
        labels.append([token for token, entry in numbered if entry >= dictionary.nwords])
    return words, labels
