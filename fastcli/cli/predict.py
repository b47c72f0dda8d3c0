"""predict and predict-prob: the best labels of every line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._options import (
    PATTERN,
    Predicting,
    blocks_of,
    load_classifier,
    prediction_arguments,
    say_unknown_words,
    unknown_words_note,
)

if TYPE_CHECKING:
    from fastcli.evaluation.predictor import Predictor

CANNOT_OPEN = "Input file cannot be opened!"


@positional(PATTERN)
@prediction_arguments
def predict(options: Predicting, model: str, data: Sequence[str], k: int, threshold: float) -> None:
    """Print the K most probable labels of every line (-1: all) with probability TH or more.

    TEST-DATA is a file, or - for standard input; each input line gives one output line,
    immediately when lines come through a pipe.  Several files, or patterns in quotes, are
    predicted in turn; K and TH come after them, or are given with -k and --threshold.

    \b
    Example:
      fastcli predict topics.bin data/samples/topics.test.txt 2
      echo "what can i cook with rice and onions ?" | fastcli predict topics.bin -
    """
    run(options, model, data, k, threshold, with_probs=False)


@positional(PATTERN)
@prediction_arguments
def predict_prob(
    options: Predicting, model: str, data: Sequence[str], k: int, threshold: float
) -> None:
    """Print labels as predict does, each followed by its probability.

    \b
    Example:
      fastcli predict-prob topics.bin data/samples/topics.test.txt 2 0.1
    """
    run(options, model, data, k, threshold, with_probs=True)


def run(
    options: Predicting,
    model: str,
    data: Sequence[str],
    k: int,
    threshold: float,
    with_probs: bool,
) -> None:
    """Predict files or standard input, one after the other."""
    from fastcli.cli._test_data import check_readable
    from fastcli.evaluation.predictor import Predictor

    check_readable(data, CANNOT_OPEN)
    classifier = load_classifier(model, options)
    notes: list[str] = []
    for path in data:
        name = f"{model}, {path}" if len(data) > 1 else model
        predictor = Predictor(classifier, k, threshold, options.thread, name)
        predict_file(predictor, path, options.json, with_probs)
        notes += unknown_words_note(predictor, path, are_queries=True)
    say_unknown_words(notes)


def predict_file(predictor: Predictor, path: str, as_json: bool, with_probs: bool) -> None:
    """Print what is predicted for the lines of a file or of standard input."""
    from fastcli.cli.display.bars import is_into_file, with_bar

    blocks = with_bar(blocks_of(predictor.model, path, CANNOT_OPEN), path, is_into_file())
    out = sys.stdout.buffer
    if not as_json:
        for text in predictor.format(blocks, with_probs):
            out.write(text)
            out.flush()
        return
    for block in blocks:
        try:
            for labels in predictor.rows([block]):
                names = [name.decode("utf-8", "replace") for name, _ in labels]
                answer: dict[str, object] = {"labels": names}
                if with_probs:
                    answer["probabilities"] = [_json.number(p) for _, p in labels]
                out.write(_json.line(answer))
        finally:
            out.flush()  # also where a line is not finite: those before it stand
