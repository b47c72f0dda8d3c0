"""What is said at the end of training: what went wrong, and the command that does better."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.lessons import Learned
    from fastcli.fasttext.args import TrainArgs

LARGEST = 1_000_000  # bytes of text that are looked at again, which takes ten times their memory


def say_lessons(learned: Learned | None) -> None:
    """Write what a person must be told of a training."""
    from fastcli.cli.display.messages import warn

    for sentence in learned.sentences() if learned is not None else ():
        warn(sentence)


def say_seen(inputs: Iterable[str], other: str) -> None:
    """Say that figures on a file flatter a model, if it is one that the model is trained on."""
    from fastcli.cli.display.messages import warn
    from fastcli.printable import printable
    from fastcli.text.same import same_file

    if (path := same_file(inputs, other)) is None:
        return
    same = "is" if path == other else f"has the bytes of {printable(path)},"
    warn(
        f"{printable(other)} {same} a training file: a model is better on it than on new lines. "
        "Give lines that it is not trained on."
    )


def inputs_of(classifier: Classifier) -> list[str]:
    """Return the paths of the files that a model was trained on, as far as it records them."""
    about = getattr(classifier, "about", {}).get("arguments", {}).get("input")
    found = about or getattr(getattr(classifier, "args", None), "input", ())
    return [path for path in found if isinstance(path, str)] if not isinstance(found, str) else []


def say_network_lessons(learned: Learned | None, troubles: Sequence[str]) -> None:
    """Write the same of a network, and ``troubles`` of its layers, which may be the cause."""
    from fastcli.cli.display.messages import say, warn

    say_lessons(learned)
    for sentence in troubles:
        warn(sentence)
    is_at_chance = learned is not None and learned.is_at_chance and not learned.rate_is_too_high
    if is_at_chance and not troubles:
        say("Try a larger -lr, more -epoch, --norm batch, or another --optimizer, such as adam.")


def say_better(learned: Learned | None, args: TrainArgs, words: Sequence[str]) -> None:
    """Write the command that ``inspect`` suggests, where a model is at the level of chance.

    ``words`` are those that read the same input and validate as before.
    """
    if learned is None or not learned.is_at_chance or learned.rate_is_too_high:
        return
    from fastcli.cli.display.messages import lines, say

    options = suggested(args)
    if options is None:
        path = shlex.quote(args.input[0])
        say(f"Try {learned.slow}, or what this suggests: fastcli inspect {path}")
    elif options:
        inputs = [word for path in args.input for word in ("-input", path)]
        command = ["fastcli", "supervised", *inputs, "-output", args.output]
        command += ["-label", args.label] if args.label != "__label__" else []
        say("Try what fastcli inspect suggests for these lines:")
        lines(*command_lines([*command, *options, *words]))
    else:
        say(
            "Its options are those that fastcli inspect suggests: the labels may not follow from "
            "the texts, or more lines are needed."
        )


def command_lines(words: Sequence[str]) -> list[str]:
    """Return a command for a shell: on a terminal in lines that fit, each but the last with \\."""
    from fastcli.cli.display.tables import wrapped
    from fastcli.cli.display.terminal import is_terminal, width

    if not is_terminal():
        return [shlex.join(words)]
    kept = " ".join(shlex.quote(word).replace(" ", "\0") for word in words)
    *before, last = wrapped(kept, width() - 2, "", "    ")
    return [line.replace("\0", " ") for line in [*(f"{line} \\" for line in before), last]]


def suggested(args: TrainArgs) -> list[str] | None:
    """Return the options that ``inspect`` suggests for training lines, [] if they were given.

    None where it would take long to find out, or the lines are in several files.
    """
    from fastcli.inspect.advice import advise
    from fastcli.inspect.data import read_data
    from fastcli.options import snake
    from fastcli.text.inputs import text_size

    size = text_size(args.input)
    if len(args.input) != 1 or not 0 < size <= LARGEST:
        return None
    advice = advise(read_data(args.input[0], args.label))
    options = [(one.option, one.value) for one in advice.suggestions]
    is_same = all(
        str(getattr(args, snake(name.lstrip("-")))) == value
        for name, value in options
        if name in ("-lr", "-epoch", "-loss")
    )
    return [] if is_same else [word for pair in options for word in pair]
