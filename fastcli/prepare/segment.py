"""Cutting text into tokens where the script has no spaces: characters, jieba, or any command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastcli.distribution import installing
from fastcli.errors import DataError, FastcliError
from fastcli.prepare.clean import one_space
from fastcli.private import private_folder

# Han, kana, and the marks between them; Hangul has spaces.
_CJK = re.compile(
    "([\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])"
)


@dataclass(frozen=True)
class Segmentation:
    """How text is cut into tokens; ``command`` is a shell command, a line in, a line out.

    ``user_dict`` has jieba's entries of further words: ``word``, ``word 5`` or ``word 5 n``.
    """

    kind: str = "none"
    command: str = ""
    user_dict: tuple[str, ...] = ()


def segment(texts: Sequence[str], how: Segmentation) -> list[str]:
    """Return texts with spaces between tokens.

    Raises FastcliError if jieba is not installed, and DataError where a command fails or
    does not give one line for each line.
    """
    if how.command:
        return _by_command(texts, how.command)
    if how.kind == "chars":
        return one_space(_CJK.sub(r" \1 ", "\n".join(texts))).split("\n")
    if how.kind == "jieba":
        return _by_jieba(texts, how.user_dict)
    return list(texts)


def check_segmentation(how: Segmentation) -> None:
    """Raise FastcliError if the tokenizer is not installed."""
    if how.kind == "jieba":
        _jieba(how.user_dict)


def _by_jieba(texts: Sequence[str], user_dict: tuple[str, ...]) -> list[str]:
    tokenizer = _jieba(user_dict)
    return [" ".join(" ".join(tokenizer.cut(text)).split()) for text in texts]


@cache
def _jieba(user_dict: tuple[str, ...] = ()) -> Any:
    """Return jieba's tokenizer, which knows the words of a user dictionary, too.

    It keeps its dictionary as Python objects (marshal), by default in the folder for temporary
    files, where anybody can put others.  Here they are in a folder of this user, or not kept.
    """
    import logging

    try:
        import jieba
    except ImportError:
        raise FastcliError(f"--segment jieba needs {installing('zh')}.") from None
    jieba.setLogLevel(logging.CRITICAL)  # no traceback for a full disk
    tokenizer = jieba.Tokenizer()
    folder = private_folder("jieba")
    if folder is None:
        with tokenizer.get_dict_file() as file:
            tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(file)
        tokenizer.initialized = True
    else:
        tokenizer.tmp_dir = folder
        tokenizer.cache_file = f"jieba-{jieba.__version__}.cache"
    for entry in user_dict:
        word, *rest = entry.split(" ")
        n = rest.pop(0) if rest and rest[0].isdecimal() else None
        tokenizer.add_word(word, n, rest[0] if rest else None)
    return tokenizer


def _by_command(texts: Sequence[str], command: str) -> list[str]:
    from fastcli.prepare.workers import running  # few texts need it

    text = "".join(f"{text}\n" for text in texts).encode("utf-8", "surrogateescape")
    with running(command) as process:
        out, _ = process.communicate(text)
    if process.returncode != 0:
        raise DataError(f"--tokenizer-cmd {command!r} ended with exit code {process.returncode}.")
    lines = out.decode("utf-8", "surrogateescape").split("\n")
    if lines[-1] == "":
        lines.pop()
    if len(lines) != len(texts):
        raise DataError(
            f"--tokenizer-cmd {command!r} wrote {len(lines):,} lines for {len(texts):,}: "
            "it must write one line for each line it reads."
        )
    return [" ".join(line.split()) for line in lines]
