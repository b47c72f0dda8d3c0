"""Run a peer as a whole process, with the Python that has the peer installed.

    python peers.py train   NAME input=... output=... [option=value ...]
    python peers.py test    NAME model=... data=...       prints N, P@1 (and R@1)
    python peers.py predict NAME model=... data=...       prints one label per line
    python peers.py label   NAME model=... data=... output=...   JSON lines, one label each
    python peers.py embed    NAME input=... output=... model=skipgram|cbow [option=value ...]
    python peers.py words    NAME model=... data=...      prints a word and its vector a line
    python peers.py quantize NAME model=... output=... [option=value ...]
    python peers.py read     NAME data=...                prints the means of the columns
    python peers.py autotune NAME input=... validation=... duration=... thread=... output=...

NAME is the peer's name on PyPI: fasttext-wheel, fasttext-turbo (both are ``import fasttext``),
scikit-learn, or pandas.  Options are fastText's own; scikit-learn uses epoch, thread and
wordNgrams.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


def value(text: str) -> Any:
    """Return an int or a float where the text is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def fasttext() -> Any:
    """Return the module, without its words about ``load_model``."""
    library = import_module("fasttext")
    library.FastText.eprint = lambda _: None
    return library


def fasttext_train(input: str, output: str, **options: Any) -> None:
    """Train and save a ``.bin``."""
    fasttext().train_supervised(input=input, **options).save_model(output)


def fasttext_test(model: str, data: str) -> None:
    """Print N, P@1 and R@1."""
    print(*fasttext().load_model(model).test(data))


def fasttext_predict(model: str, data: str) -> None:
    """Print the best label of every line."""
    with open(data, encoding="utf-8", newline="\n") as file:
        lines = [line.rstrip("\n") for line in file]
    labels, _ = fasttext().load_model(model).predict(lines)
    sys.stdout.write("".join(f"{best[0]}\n" for best in labels))


def fasttext_label(model: str, data: str, output: str) -> None:
    """Write JSON lines with the best label of each text, and its probability."""
    orjson, loaded = import_module("orjson"), fasttext().load_model(model)
    with open(data, "rb") as lines, open(output, "wb") as target:
        for line in lines:
            found = orjson.loads(line)
            labels, probs = loaded.predict(found["text"].replace("\n", " "))
            found["label"] = labels[0].removeprefix("__label__")
            found["probability"] = float(probs[0])
            target.write(orjson.dumps(found) + b"\n")


def fasttext_embed(input: str, output: str, **options: Any) -> None:
    """Train word vectors and save a ``.bin``."""
    fasttext().train_unsupervised(input=input, **options).save_model(output)


def fasttext_words(model: str, data: str) -> None:
    """Print every word of a file, one per line, with its vector."""
    loaded = fasttext().load_model(model)
    with open(data, encoding="utf-8") as file:
        for word in file.read().split():
            print(word, *loaded.get_word_vector(word))


def fasttext_quantize(model: str, output: str, **options: Any) -> None:
    """Quantize a ``.bin`` and save the ``.ftz``."""
    loaded = fasttext().load_model(model)
    loaded.quantize(**options)
    loaded.save_model(output)


def fasttext_autotune(input: str, validation: str, duration: int, thread: int, output: str) -> None:
    """Look for the best arguments and save the model made with them."""
    fasttext().train_supervised(
        input=input,
        autotuneValidationFile=validation,
        autotuneDuration=duration,
        thread=thread,
    ).save_model(output)


def sklearn_read(path: str) -> tuple[list[str], list[str]]:
    """Return the texts and the (single) labels of a file."""
    with open(path, encoding="utf-8", newline="\n") as file:
        pairs = [line.rstrip("\n").partition(" ") for line in file]
    return [text for _, _, text in pairs], [label for label, _, _ in pairs]


def sklearn_train(
    input: str, output: str, epoch: int, thread: int, wordNgrams: int, **_: Any
) -> None:
    """Train a linear classifier on hashed n-grams by SGD and dump it."""
    texts, labels = sklearn_read(input)
    vectorizer = import_module("sklearn.feature_extraction.text").HashingVectorizer(
        ngram_range=(1, wordNgrams),
        n_features=2**21,
        alternate_sign=False,
        token_pattern=r"\S+",
        lowercase=False,
    )
    classifier = import_module("sklearn.linear_model").SGDClassifier(
        loss="log_loss", max_iter=epoch, tol=None, n_jobs=thread
    )
    classifier.fit(vectorizer.transform(texts), labels)
    import_module("joblib").dump((vectorizer, classifier), output)


def sklearn_test(model: str, data: str) -> None:
    """Print N and P@1."""
    vectorizer, classifier = import_module("joblib").load(model)
    texts, labels = sklearn_read(data)
    print(len(texts), classifier.score(vectorizer.transform(texts), labels))


def pandas_read(data: str) -> None:
    """Read a table of numbers as float32, with the column label apart; print the means."""
    frame = import_module("pandas").read_csv(data)
    labels = frame.pop("label").to_numpy()
    matrix = frame.to_numpy("float32")
    assert len(labels) == len(matrix)
    print(*matrix.mean(axis=0, dtype="float64"))


def main() -> None:
    """Find the function of an action and a peer and call it."""
    action, name, *words = sys.argv[1:]
    library = {"scikit-learn": "sklearn", "pandas": "pandas"}.get(name, "fasttext")
    options = dict(word.partition("=")[::2] for word in words)
    globals()[f"{library}_{action}"](**{key: value(text) for key, text in options.items()})


if __name__ == "__main__":
    main()
