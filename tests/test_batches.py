"""Many texts at once: lists and Arrow arrays get what ``predict`` gives each text, to the bit."""

import numpy as np
import pytest

import fastcli
from fastcli.api import arrow, batches, linear
from fastcli.api.arguments import line_of
from fastcli.errors import ArgumentError, DataError
from fastcli.kernels.base.groups import Strings
from fastcli.kernels.text.gather import join_texts
from tests.command import SAMPLES, run

TRAIN = SAMPLES / "topics.train.txt"
TEXTS = [
    "what can i cook with rice and onions ?",
    "",
    "unheard-of qwertyuiop",
    "the match </s> and rice",
    "not</s>an end </s>x",
    "nul\0and\rreturn\tand naïve 日本語",
    "again " * 200,
    "how do i restart my computer ?",
]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return models of some kinds, by name."""
    folder = tmp_path_factory.mktemp("models")
    options = {"dim": 8, "epoch": 3, "lr": 0.5, "bucket": 500, "thread": 1, "verbose": 0}
    found = {
        "softmax": fastcli.train_supervised(TRAIN, wordNgrams=2, **options),
        "hs": fastcli.train_supervised(TRAIN, loss="hs", minn=2, maxn=3, **options),
        "ftz": fastcli.train_supervised(TRAIN, loss="ova", **options),
    }
    found["ftz"].quantize()
    mlp = ["--hidden", 8, "-dim", 8, "-epoch", 2, "-thread", 1, "-verbose", 0]
    assert run("mlp-train", "-input", TRAIN, "-output", folder / "m", *mlp).code == 0
    found["mlp"] = fastcli.load_model(folder / "m.mlp")
    return found


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch):
    for module in (batches, arrow, linear):
        monkeypatch.setattr(module, "TEXTS", 3)


def bits(answers):
    return [(labels, probs.dtype.str, probs.tobytes()) for labels, probs in answers]


NAMES = pytest.mark.parametrize("name", ["softmax", "hs", "ftz", "mlp"])


@NAMES
def test_a_batch_has_what_predict_returns(models, name):
    model = models[name]
    for k, threshold in ((1, 0.0), (3, 0.0), (-1, 0.0), (2, 0.3), (1, 2.0)):
        one_by_one = bits(model.predict(text, k, threshold) for text in TEXTS)
        for thread in (1, 2):
            batch = model.predict_batch(TEXTS, k, threshold, thread=thread)
            assert bits(batch) == bits(batch[i] for i in range(len(batch))) == one_by_one
        labels, probs = model.predict(TEXTS, k, threshold)
        assert [tuple(some) for some in labels] == [labels for labels, _, _ in one_by_one]
        assert {one.dtype for one in probs} == {np.dtype(np.float32)}
        assert [one.astype(float).tobytes() for one in probs] == [one for _, _, one in one_by_one]
        there = np.arange(batch.ids.shape[1]) < batch.counts[:, None]
        assert (batch.ids[~there] == -1).all()
        assert (batch.probs[~there] == 0).all()


@NAMES
def test_no_label_reaches_a_threshold_that_is_infinite(models, name):
    for threshold in (1e31, float("inf")):
        assert models[name].predict("rice", -1, threshold)[0] == ()
        assert models[name].predict_batch(["rice"], -1, threshold).counts.tolist() == [0]


@NAMES
def test_lists_that_were_handed_out_may_be_changed(models, name):
    model = models[name]
    before = model.predict(TEXTS)
    batch = model.predict_batch(TEXTS)
    for names in (model.labels, batch.names):
        names.sort(reverse=True)
    if name != "mlp":
        n = len(model.words)
        model.words.clear()
        assert len([*model]) == n
    assert model.predict(TEXTS)[0] == before[0]
    assert batch.label_lists() == model.predict_batch(TEXTS).label_lists() == before[0]


def test_a_label_that_is_not_utf8_is_an_error_where_it_is_predicted(tmp_path):
    path = tmp_path / "train.txt"
    path.write_bytes(b"__label__a\xff rice\n__label__b match\n" * 20)
    model = fastcli.train_supervised(path, dim=4, epoch=20, lr=1, thread=1, verbose=0)
    words = fastcli.train_unsupervised(path, dim=4, minCount=1, label="@", thread=1, verbose=0)
    assert "__label__a\ufffd" in words.get_labels(on_unicode_error="replace")
    assert model.predict("match")[0] == ("__label__b",)
    assert model.predict(["match"])[0] == [["__label__b"]]
    assert model.predict_batch(["match"]).label_lists() == [["__label__b"]]
    for call in (
        lambda: model.predict("rice"),
        lambda: model.predict(["rice"]),
        lambda: model.predict_batch(["rice"]).label_lists(),
        lambda: model.labels,
    ):
        with pytest.raises(UnicodeDecodeError):
            call()
    for errors, name in (("replace", "__label__a\ufffd"), ("ignore", "__label__a")):
        assert model.predict("rice", on_unicode_error=errors)[0] == (name,)
        assert model.predict(["rice"], on_unicode_error=errors)[0] == [[name]]


def test_line_ends_are_spaces_and_nothing_has_no_label(models):
    model = models["softmax"]
    batch = model.predict_batch(["a\nb", None, "rice\r\n"], k=2)
    assert bits(batch[::2]) == bits([model.predict("a b", k=2), model.predict("rice", k=2)])
    assert (batch[1][0], batch.counts.tolist()) == ((), [2, 0, 2])


def test_what_is_not_texts(models):
    model = models["softmax"]
    with pytest.raises(TypeError, match="many texts"):
        model.predict_batch("rice")
    nan = float("nan")
    for wrong, said in (
        ([b"rice"], r"takes str: texts\[0\] is bytes$"),
        (("rice", "a\nb", "c", 1), r"takes str: texts\[3\] is int$"),
        (["rice", nan], r"takes str: texts\[1\] is float: give None for a missing text$"),
        ({"rice": 1}, "iterable of str, not dict"),
        (5, "iterable of str, not int"),
    ):
        with pytest.raises(TypeError, match=said):
            model.predict_batch(wrong)
    for name, value in (("k", "1"), ("k", 1.5), ("threshold", "1"), ("thread", 1.5)):
        with pytest.raises(TypeError, match=f"{name} must be a"):
            model.predict_batch(["rice"], **{name: value})
    with pytest.raises(TypeError, match="surrogate"):
        model.predict_batch(["\ud800"])
    with pytest.raises(ArgumentError, match="thread must be 1 or more"):
        model.predict_batch(["rice"], thread=0)
    with pytest.raises(ArgumentError, match="k needs to be 1 or higher"):
        model.predict_batch(["rice"], k=0)
    with pytest.raises(ValueError, match="one line at a time"):
        model.predict(["rice", "a\nb"])


def test_predictors_are_kept_for_later_calls(models, monkeypatch):
    model = fastcli.FastText._of_model(models["softmax"]._linear)
    monkeypatch.setattr(batches, "usable_cpus", lambda: 3)
    for i in range(20):
        model.predict_batch(["rice"], np.int64(2), np.float32(i / 32), thread=10**6)
    assert [one for one, _ in model._idle] == [(2, i / 32, 3) for i in range(12, 20)]
    kept = [predictor for _, predictor in model._idle]
    model.predict_batch(["rice"], 2, 19 / 32, thread=3)
    assert {*map(id, kept)} == {id(predictor) for _, predictor in model._idle}


def test_nothing_to_predict(models):
    model = models["hs"]
    batch = model.predict_batch(iter([]), k=2)
    assert (len(batch), batch.ids.shape, list(batch)) == (0, (0, 2), [])
    assert model.predict([]) == ([], [])
    assert "2 of" in repr(batch)


# ------------------------------------------------------------------------------- Arrow

WITH_NULLS = [*TEXTS, None, "two\nlines", "rice"]


def arrays(pa):
    """Return the same texts in arrays of all kinds."""
    whole = pa.array(WITH_NULLS)
    around = pa.array(["cut off", *WITH_NULLS, "cut off too"])
    return {
        "string": whole,
        "large": whole.cast(pa.large_string()),
        "binary": whole.cast(pa.binary()),
        "dictionary": pa.chunked_array([whole.dictionary_encode()]),
        "slice": around.slice(1, len(WITH_NULLS)),
        "slice of large": around.cast(pa.large_string()).slice(1, len(WITH_NULLS)),
        "chunks": pa.chunked_array([whole.slice(0, 4), whole.slice(4, 0), whole.slice(4)]),
        "view": whole.cast(pa.string_view()) if hasattr(pa, "string_view") else whole,
    }


KINDS = ["string", "large", "binary", "dictionary", "slice", "slice of large", "chunks", "view"]


@pytest.mark.parametrize("kind", KINDS)
def test_arrow_arrays_get_what_lists_get(models, kind):
    pa = pytest.importorskip("pyarrow")
    for name, model in models.items():
        batch = model.predict_batch(arrays(pa)[kind], k=2)
        assert bits(batch) == bits(model.predict_batch(WITH_NULLS, k=2)), name


class Foreign:
    """An array of another library, which has Arrow's interface only."""

    def __init__(self, array, name):
        setattr(type(self), name, lambda _, schema=None: getattr(array, name)(schema))


@pytest.mark.parametrize("name", ["__arrow_c_array__", "__arrow_c_stream__"])
def test_arrays_of_other_libraries(models, name):
    pa = pytest.importorskip("pyarrow")
    array = pa.array(TEXTS)
    array = pa.chunked_array([array]) if "stream" in name else array
    foreign = type("Column", (Foreign,), {})(array, name)
    model = models["softmax"]
    assert bits(model.predict_batch(foreign)) == bits(model.predict_batch(TEXTS))


def test_arrow_arrays_without_texts(models):
    pa = pytest.importorskip("pyarrow")
    model = models["softmax"]
    assert model.predict_batch(pa.nulls(3)).counts.tolist() == [0, 0, 0]
    assert len(model.predict_batch(pa.array([], pa.string()))) == 0
    empty = pa.array([None, None], pa.dictionary(pa.int32(), pa.string()))
    assert model.predict_batch(empty).counts.tolist() == [0, 0]
    with pytest.raises(ArgumentError, match="strings, not of int64"):
        model.predict_batch(pa.array([1, 2]))
    bad = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(np.int32([0, 9000, 2])), pa.py_buffer(b"ab")]
    )
    with pytest.raises(DataError, match="damaged"):
        model.predict_batch(bad)
    for place in (-1, 2):
        entries, places = pa.array(["a", "b"]), pa.array([0, place], pa.int8())
        bad = pa.DictionaryArray.from_arrays(places, entries, safe=False)
        with pytest.raises(DataError, match="none of its dictionary"):
            model.predict_batch(bad)


def test_predictions_as_arrow(models, monkeypatch):
    pa = pytest.importorskip("pyarrow")
    model = models["softmax"]
    table = model.predict_batch(["rice", None]).to_arrow()
    (label,), probs = model.predict("rice")
    assert table.to_pylist() == [
        {"label": label, "probability": probs[0]},
        {"label": None, "probability": None},
    ]
    assert table.schema.field("label").type == pa.dictionary(pa.int32(), pa.string())
    rows = model.predict_batch(["rice", None], k=2, threshold=0.01).to_arrow().to_pylist()
    labels, probs = model.predict("rice", k=2, threshold=0.01)
    assert rows[0] == {"labels": list(labels), "probabilities": probs.tolist()}
    assert rows[1] == {"labels": [], "probabilities": []}
    monkeypatch.setattr(arrow, "MOST", 1)  # more labels than 32 bits count
    table = model.predict_batch(["rice", None], k=2, threshold=0.01).to_arrow()
    assert pa.types.is_large_list(table.schema.field("labels").type)
    assert table.to_pylist() == rows


def test_join_texts(rng):
    alphabet = ["</s>", "a", " ", "\n", "<", "\0", "/s>", "é"]
    texts = ["".join(rng.choice(alphabet, size=rng.integers(0, 9))) for _ in range(300)]
    blobs = [text.encode() for text in texts]
    starts = np.cumsum([0, *map(len, blobs)]).astype(np.int64)
    data = np.frombuffer(b"".join(blobs), np.uint8)
    for ends in (0, 1):
        out = np.full(len(data) + len(texts) + 1, 7, np.uint8)
        size = join_texts(Strings(starts, data), len(texts), ends, out)
        flat = [text.replace("\n", " ") for text in texts]
        expected = [line_of(text, "", bool(ends)) for text in flat]
        lines = out[:size].tobytes().decode().split("\n")
        # Spaces before </s> may stay or not.
        assert [line.rstrip(" \0") for line in lines] == [
            line.rstrip(" \0\n") for line in [*expected, ""]
        ]
        assert (out[size:] == 7).all()
