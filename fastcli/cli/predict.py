"""predict and predict-prob: the best labels of every line."""

from __future__ import annotations

import sys

from fastcli.cli import _json
from fastcli.cli._command import positional
from fastcli.cli._options import (
    PATTERN,
    Predicting,
    blocks_of,
    load_classifier,
    prediction_arguments,
    say_unknown_words,
)


@positional(PATTERN)
@prediction_arguments
def predict(options: Predicting, model: str, data: str, k: int, threshold: float) -> None:
    """Print the K most probable labels of every line (-1: all) with probability TH or more.

    TEST-DATA is a file, or - for standard input; each input line gives one output line,
    immediately when lines come through a pipe.

    \b
    Example:
      fastcli predict topics.bin data/samples/topics.test.txt 2
      echo "what can i cook with rice and onions ?" | fastcli predict topics.bin -
    """
    run(options, model, data, k, threshold, with_probs=False)


@positional(PATTERN)
@prediction_arguments
def predict_prob(options: Predicting, model: str, data: str, k: int, threshold: float) -> None:
    """Print labels as predict does, each followed by its probability.

    \b
    Example:
      fastcli predict-prob topics.bin data/samples/topics.test.txt 2 0.1
    """
    run(options, model, data, k, threshold, with_probs=True)


def run(
    options: Predicting, model: str, data: str, k: int, threshold: float, with_probs: bool
) -> None:
    """Predict a file or standard input."""
    from fastcli.cli.display.bars import is_into_file, with_bar
    from fastcli.evaluation.predictor import Predictor

    classifier = load_classifier(model, options)
    predictor = Predictor(classifier, k, threshold, options.thread, model)
    blocks = with_bar(
        blocks_of(classifier, data, "Input file cannot be opened!"), data, is_into_file()
    )
    out = sys.stdout.buffer
    if not options.json:
        for text in predictor.format(blocks, with_probs):
            out.write(text)
            out.flush()
        say_unknown_words(predictor, data, are_queries=True)
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
    say_unknown_words(predictor, data, are_queries=True)
