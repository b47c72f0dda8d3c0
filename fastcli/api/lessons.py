"""What is said at the end of training: what went wrong, and the command that does better."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from fastcli.notices import say, warn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.lessons import Learned
    from fastcli.fasttext.args import TrainArgs

REPLACED = ("lr", "epoch")  # options that decide how much is learned
LARGEST = 1_000_000  # bytes of text that are looked at again, which takes ten times their memory


def say_lessons(learned: Learned | None) -> bool:
    """Write what a person must be told of a training; tell whether there was anything.

    Each lesson says what to try, so that nothing else need be proposed.
    """
    sentences = list(learned.sentences()) if learned is not None else []
    for sentence in sentences:
        warn(sentence)
    return bool(sentences)


def say_seen(inputs: Iterable[str], other: str) -> None:
    """Say that figures on a file flatter a model, if it is one that the model is trained on."""
    from fastcli.printable import printable
    from fastcli.text.same import same_file

    if (path := same_file(inputs, other)) is None:
        return
    same = "is" if path == other else f"has the bytes of {printable(path)},"
    warn(
        f"{printable(other)} {same} a training file: a model is better on it than on new lines. "
        "Give lines that it is not trained on."
    )


def say_known_lines(
    former: Classifier, path: str, inputs: Iterable[str], valid: str, share: float
) -> None:
    """Say that validation flatters a model that goes on with ``former``, which knows its lines.

    They are held out of ``inputs``, or those of the file ``valid``; ``path`` is the former model.
    """
    from fastcli.evaluation.recorded import inputs_of
    from fastcli.printable import printable
    from fastcli.text.same import same_file

    known = inputs_of(former)
    for one in inputs if share else [valid] if valid else []:
        if same_file(known, one) is not None:
            what = "the lines held out of it flatter" if share else "it flatters"
            fix = "--valid with lines" if share else "lines"
            warn(
                f"{printable(path)} was trained on {printable(one)}: {what} the model. Give {fix} "
                "that it was not trained on."
            )
            return


def say_network_lessons(learned: Learned | None, troubles: Sequence[str]) -> bool:
    """Write the same of a network, and ``troubles`` of its layers, which may be the cause."""
    is_told = say_lessons(learned)
    for sentence in troubles:
        warn(sentence)
    is_told = is_told or bool(troubles)
    if learned is None or troubles or learned.rate_is_too_high or not learned.is_at_chance:
        return is_told
    if learned.goes_on:  # the sentence says what to try
        return is_told
    which = "another" if learned.is_above_start else "a larger"
    say(f"Try {which} -lr, more -epoch, --norm batch, or another --optimizer.")
    return True


class Better(NamedTuple):
    """What may do better than a training: a sentence, the options that it is about, a command.

    The command, if there is one, has these options and those that stay as they were.
    """

    sentence: str
    options: list[str]
    command: list[str]


def better(
    learned: Learned | None, args: TrainArgs, words: Sequence[str], given: Collection[str] = ()
) -> Better | None:
    """Return what ``inspect`` suggests where a model could learn more, None where nothing is known.

    ``words`` are those that read the same input and validate as before; ``given`` are the names of
    the arguments that a person set, which stay, but for the rate and the epochs.
    """
    if learned is None or not learned.needs_more:
        return None
    from fastcli.text.spooled import is_stream

    kept = [name for name in given if name not in REPLACED]
    options = suggested(args, kept)
    is_read_once = any(map(is_stream, [*args.input, args.class_weight]))
    if options is None and is_read_once:
        return Better(f"Try {learned.slow}.", [], [])
    if options is None:
        path = shlex.quote(args.input[0])
        suggests = f"or what this suggests: fastcli inspect {path}"
        return Better(f"Try {learned.slow}, {suggests}", [], [])
    if options:
        sentence = "Try what fastcli inspect suggests for these lines:"
        if is_read_once:
            return Better(f"{sentence} {shlex.join(options)}", options, [])
        command = ["fastcli", "supervised", *given_words(args, ("input", "output"))]
        command += given_words(args, set(kept) - {"input", "output"})
        return Better(sentence, options, [*command, *options, *words])
    if learned.is_at_chance:
        return Better(
            "Its options are those that fastcli inspect suggests: the labels may not follow from "
            "the texts, or more lines are needed.",
            [],
            [],
        )
    return None


def given_words(args: TrainArgs, names: Collection[str]) -> list[str]:
    """Return the words of a command line that give the arguments of these names."""
    from fastcli.options import rows

    words: list[str] = []
    for row in rows(type(args)):
        value = getattr(args, row.name)
        if row.name not in names:
            continue
        for one in value if isinstance(value, tuple | list) else [value]:
            words += [row.shown] if one is True else [row.shown, str(one)]
    return words


def suggested(args: TrainArgs, kept: Collection[str] = ()) -> list[str] | None:
    """Return the options that ``inspect`` suggests for training lines, [] if they were given.

    Those of the names ``kept`` are left out.  None where it would take long to find out, or the
    lines are in several files.
    """
    from fastcli.inspect.advice import advise
    from fastcli.inspect.data import read_data
    from fastcli.options import snake
    from fastcli.text.inputs import text_size

    size = text_size(args.input)
    if len(args.input) != 1 or not 0 < size <= LARGEST:
        return None
    advice = advise(read_data(args.input[0], args.label, args.weight_prefix))
    options = [
        (one.option, one.value)
        for one in advice.suggestions
        if snake(one.option.lstrip("-")) not in kept
    ]
    is_same = all(
        str(getattr(args, snake(name.lstrip("-")))) == value
        for name, value in options
        if name in ("-lr", "-epoch", "-loss")
    )
    return [] if is_same else [word for pair in options for word in pair]
