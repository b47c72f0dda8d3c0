"""Calls that mypy checks: what it takes, and what it finds wrong (an ignore without use is one)."""

import fastcli

TRAIN = "data/samples/topics.train.txt"


def hear(now: fastcli.Progress) -> object:
    """Stop when it is good."""
    return fastcli.STOP if now.evaluation and now.evaluation.valid_error < 0.1 else None


def right() -> fastcli.FastText:
    """Train with options of every kind."""
    fastcli.train_unsupervised(input=TRAIN, model="cbow", minCount=2, t=1e-3, thread=1)
    fastcli.train_supervised(TRAIN, 0.5, 10, wordNgrams=2, autotuneModelSize=2_000_000)
    return fastcli.train_supervised(
        [TRAIN], word_ngrams=2, valid_share=0.1, text_column=["title", 2], callback=hear
    )


def names() -> tuple[list[str], int]:
    """Ask for words and labels, whose types follow from what is asked for, and for a report."""
    model = fastcli.FastText("topics.bin")
    labels: list[str] = model.get_labels()
    words, counts = model.get_words(include_freq=True)
    careful = model.with_decisions("auto")
    return [*labels, *words], int(counts.sum()) + careful.report(TRAIN).n + model.report(TRAIN).n


def common(model: fastcli.TrainedModel) -> fastcli.Batch:
    """Predict with a model of any kind."""
    return model.predict_batch(["a text"])


def wrong() -> None:
    """Train with a name, and with values, that cannot be."""
    fastcli.train_supervised(TRAIN, wordNgram=2)  # type: ignore[call-arg]
    fastcli.train_supervised(TRAIN, epoch="many")  # type: ignore[arg-type]
    fastcli.train_unsupervised(TRAIN, valid_share=0.1)  # type: ignore[call-arg]
