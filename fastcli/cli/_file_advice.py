"""What a person may have meant by a file that cannot be read, or by a text in its place."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from fastcli.cli._hint import Hint
from fastcli.cli._near_files import MODELS, models_beside, models_in, near_path
from fastcli.options import names_of
from fastcli.printable import quoted

MODEL, DATA = 2, 3  # the places of a model and of what is predicted in a command line
MEANT = re.compile(r" Did you mean ([^?]+)\?$")  # which the library says of models
PREDICT = ("predict", "predict-prob")
READING = (*PREDICT, "print-word-vectors", "print-sentence-vectors", "nn", "analogies")
MOST_MODELS = 3  # in a folder, that are named


class Sentence(NamedTuple):
    """The sentence of an error without what its hints say again, and these.

    Where there is no terminal ``plain``, if there is one, stands for all of this.
    """

    sentence: str
    hints: tuple[Hint, ...] = ()
    plain: str = ""


def file_hints(words: Sequence[str], sentence: str) -> Sentence:
    """Return what may help where a file cannot be opened or is none of its kind."""
    if meant := MEANT.search(sentence):
        short = sentence[: meant.start()]
        if named := _quantized(words):
            return Sentence(short, named, sentence)
        return Sentence(short, (Hint(_question(meant[1])),))
    if "cannot be opened for saving" in sentence:
        return Sentence(sentence, _folder_to_make(sentence))
    if "cannot be opened" in sentence and sentence.endswith((")", "!")):  # and no advice behind it
        return Sentence(sentence, _unopened(words, sentence))
    if "has wrong file format!" in sentence:
        return Sentence(sentence, _swapped(words))
    if sentence.startswith("Empty vocabulary"):
        empty = [word for word in words if os.path.isfile(word) and not os.path.getsize(word)]
        hints = tuple(Hint(f"{one} is empty: 0 bytes.") for one in empty[:1])
        return Sentence(sentence, hints)
    return Sentence(sentence)


def _question(path: str) -> str:
    others = models_beside(path)
    verb = "is" if len(others) == 1 else "are"
    return f"did you mean {quoted(path)}?" + (
        f" ({names_of(others)} {verb} there too)" if others else ""
    )


def _unopened(words: Sequence[str], sentence: str) -> tuple[Hint, ...]:
    """Return what may be meant by a file that cannot be opened: one of a near name, or a text."""
    is_model = "for loading" in sentence
    if (place := missing_place(words, sentence)) < 0:
        folders = [word for word in words[MODEL:] if os.path.isdir(word) and word in sentence]
        found = [one for folder in folders for one in models_in(folder)] if is_model else []
        few = found if len(found) <= MOST_MODELS else []
        return tuple(Hint(f"did you mean {' or '.join(few)}?") for _ in few[:1])
    if words[1] in PREDICT and place >= DATA and _is_text(words[place]):
        command = (*words[:place], "-", *words[place + 1 :])
        return (Hint("To predict a text instead of a file:", command, words[place]),)
    near = near_path(words[place], is_model)
    if words[1] == "quantize" and is_model and near:  # which takes a name without its ending
        name, end = os.path.splitext(near)
        return (Hint(f"did you mean -output {quoted(name)}?"),) if end == ".bin" else ()
    return (Hint(_question(near)),) if near else ()


def missing_place(words: Sequence[str], sentence: str) -> int:
    """Return the place of the word of a command line that names the missing file, -1 for none."""
    found = [
        (len(word), place)
        for place, word in enumerate(words)
        if place >= MODEL and word and word in sentence and not os.path.lexists(word)
        if re.search(rf"(?<![\w./-]){re.escape(word)}(\.bin)?(?![\w/])", sentence)
    ]
    return max(found)[1] if found else -1


def _is_text(word: str) -> bool:
    """Tell whether a word is a text rather than the name of a file.

    >>> [_is_text(word) for word in ("an egg", "怎么煮鸡蛋", "egg.txt", "egg", "at 3.50")]
    [True, True, False, False, True]
    """
    is_name = bool(re.search(r"\.[A-Za-z]\w{0,6}$|[/\\]\S+$", word))
    return not is_name and (" " in word.strip() or not word.isascii())


def stray_words(words: Sequence[str], sentence: str) -> tuple[Hint, ...]:
    """Return the command that reads words from standard input, where they are its arguments."""
    rest = words[DATA:]
    is_stray = "unexpected extra argument" in sentence or "is not a valid integer" in sentence
    if len(words) <= DATA or words[1] not in READING or not is_stray:
        return ()
    if any(word.startswith("-") or os.path.exists(word) for word in rest):
        return ()
    if words[1] in PREDICT and not _is_text(" ".join(rest)):
        return ()
    what = "a text instead of a file" if words[1] in PREDICT else "words through a pipe"
    verb = "predict" if words[1] in PREDICT else "give"
    command = (*words[:DATA], *["-"] * (words[1] in PREDICT))
    return (Hint(f"To {verb} {what}:", command, " ".join(rest)),)


def _swapped(words: Sequence[str]) -> tuple[Hint, ...]:
    """Return the command with the model before the text, where they are the other way round."""
    if len(words) <= DATA or words[1] not in (*PREDICT, "test", "test-label"):
        return ()
    first, second = words[MODEL:][:2]
    if not second.endswith(MODELS) or first.endswith(MODELS) or not os.path.isfile(second):
        return ()
    command = (*words[:MODEL], second, first, *words[DATA + 1 :])
    return (Hint("With the model first:", command),)


def _quantized(words: Sequence[str]) -> tuple[Hint, ...]:
    """Return the command that quantizes a model, where its name was given with the ending."""
    if words[1] != "quantize":
        return ()
    for place, word in enumerate(words[:-1]):
        name, end = os.path.splitext(words[place + 1])
        if word in ("-output", "--output") and end in MODELS and os.path.isfile(f"{name}.bin"):
            command = (*words[: place + 1], name, *words[place + 2 :])
            return (Hint("The name is given without its ending:", command),)
    return ()


def _folder_to_make(sentence: str) -> tuple[Hint, ...]:
    """Return the command that makes the folder of a file that cannot be saved."""
    path = sentence.partition(" cannot be opened for saving")[0]
    folder = os.path.dirname(path)
    if not folder or os.path.lexists(folder) or "No such file" not in sentence:
        return ()
    command = ("mkdir", folder) if os.name == "nt" else ("mkdir", "-p", folder)
    return (Hint("Create the folder first:", command),)
