"""Train a neural network with a peer as a whole process, run by the Python that has the peer.

    python peers_mlp.py torch        input=F test=F hidden=128,64 batch=32 epoch=20 [norm=batch]
                                     [dropout=0.3] [text=1 dim=100 bucket=2000000] thread=2
    python peers_mlp.py scikit-learn input=F test=F hidden=128,64 batch=32 epoch=20 thread=2
    python peers_mlp.py MLPClassifier input=F test=F seed=0 thread=1      (all else by default)

Prints one JSON object: seconds of training alone (reading, tokenising and testing apart), steps,
final loss, N and P@1.  Layers are linear and ReLU, the optimiser is Adam with a learning rate of
0.001; numbers are standardised; text is an EmbeddingBag (mean, sparse gradients, SparseAdam) of
words and hashed bigrams, as in fastcli.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
import zlib
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np


def table(path: str) -> tuple[Any, list[str]]:
    """Return the numbers and the labels (last column) of a CSV file without a header."""
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",") for line in file]
    return np.array([row[:-1] for row in rows], np.float32), [row[-1] for row in rows]


def standardized(train: Any, test: Any) -> tuple[Any, Any]:
    """Put both on the scale of the training data."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    return (train - mean) / std, (test - mean) / std


def torch_numbers(given: dict[str, str]) -> dict[str, float]:
    """Train on numbers with PyTorch."""
    torch = import_module("torch")
    torch.set_num_threads(int(given["thread"]))
    x, names = table(given["input"])
    x_test, names_test = table(given["test"])
    x, x_test = standardized(x, x_test)
    labels = {name: i for i, name in enumerate(sorted(set(names)))}
    y = torch.tensor([labels[name] for name in names])
    x, x_test = torch.from_numpy(x), torch.from_numpy(x_test)
    widths = [x.shape[1], *map(int, given["hidden"].split(",")), len(labels)]
    net = network(torch, widths, given)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    loss_of, batch, steps = torch.nn.CrossEntropyLoss(), int(given["batch"]), 0
    started = time.perf_counter()
    for _ in range(int(given["epoch"])):
        total = 0.0
        order = torch.randperm(len(y))
        for first in range(0, len(y), batch):
            some = order[first : first + batch]
            optimizer.zero_grad()
            loss = loss_of(net(x[some]), y[some])
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(some)
            steps += 1
    seconds = time.perf_counter() - started
    net.eval()
    best = net(x_test).argmax(1).tolist()
    right = sum(labels.get(name) == b for name, b in zip(names_test, best, strict=True))
    return report(seconds, steps, total / len(y), len(names_test), right)


def network(torch: Any, widths: list[int], given: dict[str, str]) -> Any:
    """Return linear layers with ReLU between them, and what else is asked for."""
    parts: list[Any] = []
    for a, b in pairwise(widths[:-1]):
        parts.append(torch.nn.Linear(a, b))
        if given.get("norm") == "batch":
            parts.append(torch.nn.BatchNorm1d(b))
        parts.append(torch.nn.ReLU())
        if float(given.get("dropout", 0)) > 0:
            parts.append(torch.nn.Dropout(float(given["dropout"])))
    parts.append(torch.nn.Linear(widths[-2], widths[-1]))
    return torch.nn.Sequential(*parts)


def torch_text(given: dict[str, str]) -> dict[str, float]:
    """Train on text with PyTorch: the mean of embeddings, then the layers."""
    torch = import_module("torch")
    torch.set_num_threads(int(given["thread"]))
    dim, bucket = int(given["dim"]), int(given["bucket"])
    words: dict[str, int] = {}
    labels: dict[str, int] = {}

    def read(path: str, grow: bool) -> tuple[list[Any], list[int]]:
        lines, ys = [], []
        with open(path, encoding="utf-8") as file:
            for line in file:
                label, *tokens = line.split()
                tokens.append("</s>")
                if grow:
                    ys.append(labels.setdefault(label, len(labels)))
                    ids = [words.setdefault(token, len(words)) for token in tokens]
                else:
                    ys.append(labels.get(label, -1))
                    ids = [words[token] for token in tokens if token in words]
                pairs = [-1 - zlib.crc32(f"{a} {b}".encode()) % bucket for a, b in pairwise(tokens)]
                lines.append(ids + pairs)
        return lines, ys

    train, ys = read(given["input"], True)
    test, ys_test = read(given["test"], False)
    n = len(words)

    def bags(lines: list[Any]) -> list[Any]:
        return [torch.tensor([i if i >= 0 else n - 1 - i for i in line]) for line in lines]

    train, test, y = bags(train), bags(test), torch.tensor(ys)
    embedding = torch.nn.EmbeddingBag(n + bucket, dim, mode="mean", sparse=True)
    torch.nn.init.uniform_(embedding.weight, -1 / dim, 1 / dim)
    net = network(torch, [dim, *map(int, given["hidden"].split(",")), len(labels)], given)
    optimizers = [
        torch.optim.SparseAdam(embedding.parameters(), lr=0.001),
        torch.optim.Adam(net.parameters(), lr=0.001),
    ]
    loss_of, batch, steps = torch.nn.CrossEntropyLoss(), int(given["batch"]), 0

    def scores(some: list[Any]) -> Any:
        starts = torch.tensor([0, *[len(bag) for bag in some[:-1]]]).cumsum(0)
        return net(embedding(torch.cat(some), starts))

    started = time.perf_counter()
    for _ in range(int(given["epoch"])):
        total = 0.0
        order = torch.randperm(len(train)).tolist()
        for first in range(0, len(train), batch):
            some = order[first : first + batch]
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss = loss_of(scores([train[i] for i in some]), y[some])
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            total += float(loss.detach()) * len(some)
            steps += 1
    seconds = time.perf_counter() - started
    with torch.no_grad():
        best = [b for i in range(0, len(test), 500) for b in scores(test[i : i + 500]).argmax(1)]
    right = sum(int(b) == a for a, b in zip(ys_test, best, strict=True))
    return report(seconds, steps, total / len(train), len(test), right)


def sklearn_numbers(given: dict[str, str]) -> dict[str, float]:
    """Train on numbers with scikit-learn's MLPClassifier."""
    model_class = import_module("sklearn.neural_network").MLPClassifier
    warnings.simplefilter("ignore")  # that it does not stop by itself is what we ask for
    x, names = table(given["input"])
    x_test, names_test = table(given["test"])
    x, x_test = standardized(x, x_test)
    epochs, batch = int(given["epoch"]), int(given["batch"])
    model = model_class(
        tuple(map(int, given["hidden"].split(","))),
        batch_size=batch,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        alpha=0.0,
    )
    started = time.perf_counter()
    model.fit(x, names)
    seconds = time.perf_counter() - started
    right = int((model.predict(x_test) == np.array(names_test)).sum())
    return report(seconds, epochs * -(-len(x) // batch), model.loss_, len(names_test), right)


def sklearn_by_default(given: dict[str, str]) -> dict[str, float]:
    """Train on numbers with scikit-learn's MLPClassifier as it is by default."""
    model_class = import_module("sklearn.neural_network").MLPClassifier
    warnings.simplefilter("ignore")  # that it has not converged is part of the default
    x, names = table(given["input"])
    x_test, names_test = table(given["test"])
    x, x_test = standardized(x, x_test)
    model = model_class(random_state=int(given["seed"]))
    started, cpu = time.perf_counter(), time.process_time()
    model.fit(x, names)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    right = int((model.predict(x_test) == np.array(names_test)).sum())
    steps = model.n_iter_ * -(-len(x) // min(200, len(x)))
    found = report(seconds, steps, model.loss_, len(names_test), right)
    return {**found, "fit_cpu_seconds": cpu}


def report(seconds: float, steps: int, loss: float, n: int, right: int) -> dict[str, float]:
    """Return the figures by name."""
    return {
        "training_seconds": seconds,
        "steps": steps,
        "loss": float(loss),
        "n": n,
        "p1": right / n,
    }


def main() -> None:
    """Run what the command line says."""
    name, *words = sys.argv[1:]
    given = dict(word.partition("=")[::2] for word in words)
    if name == "scikit-learn":
        found = sklearn_numbers(given)
    elif name == "MLPClassifier":
        found = sklearn_by_default(given)
    else:
        found = torch_text(given) if given.get("text") else torch_numbers(given)
    sys.stderr.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "2")
    main()
