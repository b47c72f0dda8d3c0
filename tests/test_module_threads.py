"""One model in many threads, and in forked processes: every answer is that of one thread.

``benchmarks/bench_shared.py`` does the same with a million predictions.
"""

import os
import sys
import threading
from random import Random

import pytest

import fastcli
from fastcli.kernels.linear import scores
from tests.command import SAMPLES, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
TEXTS = [line.split(" ", 1)[1] for line in TEST.read_text(encoding="utf-8").splitlines()[:60]]
LINEAR = {"verbose": 0, "dim": 8, "epoch": 3, "wordNgrams": 2, "minn": 2, "maxn": 3, "bucket": 2000}
WORDS = ["rice", "car", "zyzzyva", "cook"]
THREADS, CALLS = 8, 80


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return models of every kind, by name."""
    folder = tmp_path_factory.mktemp("models")
    bin = fastcli.train_supervised(TRAIN, thread=1, **LINEAR)
    bin.save_model(folder / "m.bin")
    ftz = fastcli.load_model(folder / "m.bin")
    ftz.quantize()
    mlp = ["--hidden", 8, "-dim", 8, "-epoch", 2, "-thread", 1, "-verbose", 0]
    assert run("mlp-train", "-input", TRAIN, "-output", folder / "m", *mlp).code == 0
    rows = "".join(f"{i % 7},{i % 5},{i % 7 - 2 * (i % 5)}\n" for i in range(60))
    (folder / "numbers.csv").write_text(f"a,b,t\n{rows}", encoding="utf-8")
    numbers = ["--task", "regression", "--label-column", "t", *mlp[:2], *mlp[-6:]]
    paths = ["-input", folder / "numbers.csv", "-output", folder / "numbers"]
    run("mlp-train", *paths, *numbers).text()
    return {
        "numbers": fastcli.load_model(folder / "numbers.mlp"),
        "bin": bin,
        "mapped": fastcli.load_model(folder / "m.bin", mmap=True),
        "ftz": ftz,
        "mlp": fastcli.load_model(folder / "m.mlp"),
        "vectors": fastcli.train_unsupervised(TRAIN, thread=1, minCount=1, **LINEAR),
    }


def exactly(found):
    """Return labels and probabilities so that equal ones are the same to the bit."""
    labels, probs = found
    return labels, probs.tobytes() if hasattr(probs, "tobytes") else [p.tobytes() for p in probs]


def of_batch(found):
    """Return the rows of a batch, comparable to the bit."""
    return [exactly(row) for row in found]


def calls_of(name, model):
    """Return what is asked of a model, as functions of a number that give comparable answers."""
    calls = [
        lambda i: exactly(model.predict(TEXTS[i % len(TEXTS)], k=1 + i % 3)),
        lambda i: exactly(model.predict(TEXTS[i % 7 : i % 7 + 9], k=2)),
        lambda i: model.test(TEST, k=1 + i % 2),
        lambda i: of_batch(model.predict_batch(TEXTS[: 20 + i % 9], k=2, thread=1 + i % 2)),
    ]
    vectors = [
        lambda i: model.get_sentence_vector(TEXTS[i % len(TEXTS)]).tobytes(),
        lambda i: model.get_word_vector(WORDS[i % 4]).tobytes(),
        lambda i: model.get_nearest_neighbors(WORDS[i % 4], k=3),
    ]
    numbers = [
        lambda i: model.predict_numbers([i % 7, i % 5]).tobytes(),
        lambda i: model.predict_numbers([[i % 7, j] for j in range(5)]).tobytes(),
        lambda i: model.test(model.path.replace(".mlp", ".csv")),
    ]
    kinds = {"mlp": calls, "vectors": vectors, "numbers": numbers}
    return kinds.get(name, [*calls, *vectors])


def in_threads(work):
    """Call ``work(thread)`` on threads that change often; raise what one of them raised."""
    errors, former = [], sys.getswitchinterval()

    def run_one(thread):
        start.wait()
        try:
            work(thread)
        except BaseException as error:
            errors.append(error)

    start = threading.Barrier(THREADS)
    several = [threading.Thread(target=run_one, args=(i,)) for i in range(THREADS)]
    sys.setswitchinterval(1e-5)
    try:
        for thread in several:
            thread.start()
        for thread in several:
            thread.join(120)
    finally:
        sys.setswitchinterval(former)
    assert not any(thread.is_alive() for thread in several)
    for error in errors:
        raise error


@pytest.mark.parametrize("name", ["bin", "mapped", "ftz", "mlp", "numbers", "vectors"])
def test_every_answer_is_that_of_one_thread(name, models):
    calls = calls_of(name, models[name])
    expected = [[call(i) for i in range(60)] for call in calls]
    often = [0] * 20 + [1] * 5 + [i for i in range(2, len(calls)) for _ in range(3)]
    wrong = []

    def work(thread):
        rng = Random(thread)
        for _ in range(CALLS):
            which, i = rng.choice(often), rng.randrange(60)
            if calls[which](i) != expected[which][i]:
                wrong.append((which, i))

    in_threads(work)
    assert wrong == []


def test_the_first_call_of_many_threads_copies_output_rows_once(models, tmp_path, monkeypatch):
    models["bin"].save_model(tmp_path / "m.bin")
    model = fastcli.load_model(tmp_path / "m.bin")
    fill, filled = scores.fill_blocks, []

    def counted(*args):
        filled.append(1)
        fill(*args)

    monkeypatch.setattr(scores, "fill_blocks", counted)
    in_threads(lambda thread: model.predict(TEXTS[thread]))
    assert filled == [1]


def test_matrices_are_replaced_while_others_predict(models):
    """Each answer is that of the former or of the new model; at the end all are of the last."""
    model = fastcli.train_supervised(TRAIN, thread=1, **LINEAR)
    inputs, outputs = model.get_input_matrix(), model.get_output_matrix()
    versions = [(inputs, outputs), (inputs[::-1].copy(), outputs), (-inputs, outputs)]
    known = []
    for version in versions:
        model.set_matrices(*version)
        known.append([exactly(model.predict(text, k=2)) for text in TEXTS])

    def work(thread):
        for i in range(60):
            if thread == 0:
                model.set_matrices(*versions[i % 3])
            elif thread == 1:
                model.get_nearest_neighbors("rice")
            else:
                found = exactly(model.predict(TEXTS[i], k=2))
                assert found in [answers[i] for answers in known]

    in_threads(work)
    model.set_matrices(*versions[1])
    assert [exactly(model.predict(text, k=2)) for text in TEXTS] == known[1]
    fresh = fastcli.FastText._of_model(model._model)
    assert model.get_nearest_neighbors("rice") == fresh.get_nearest_neighbors("rice")


def test_quantizing_while_others_predict(models):
    model = fastcli.FastText._of_model(models["bin"]._model)
    before = [exactly(model.predict(text)) for text in TEXTS]
    after = [exactly(models["ftz"].predict(text)) for text in TEXTS]

    def work(thread):
        if thread == 0:
            model.quantize()
        for i, text in enumerate(TEXTS):
            assert exactly(model.predict(text)) in (before[i], after[i])

    in_threads(work)
    assert [exactly(model.predict(text)) for text in TEXTS] == after


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_predicts_with_the_model_of_its_parent(models):
    """Also where threads of the parent were at work."""
    if sys.platform == "darwin":
        pytest.skip("forked processes of macOS may not use much")
    asked = [models[name] for name in ("bin", "ftz", "mlp")]

    def answers():
        return [(exactly(m.predict(TEXTS, k=2)), m.test(TEST)) for m in asked]

    before = answers()
    in_threads(lambda thread: asked[0].predict(TEXTS[thread]))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if answers() == before else 2
            in_threads(lambda thread: asked[0].predict(TEXTS[thread]))
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
