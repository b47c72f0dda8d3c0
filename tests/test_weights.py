"""Weights of labels and lines: how they are read, scaled and matched with the lines kept."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError, DataError
from fastcli.evaluation.weights import (
    Weights,
    class_weights,
    is_lopsided,
    read_class_weight,
    scaled,
    sentence,
)
from fastcli.prepare.row_weights import weight_tokens
from fastcli.text.corpus import make_corpus
from fastcli.text.counting import count_tokens
from fastcli.text.dictionary import build_dictionary
from fastcli.text.line_features import FeatureArgs
from fastcli.text.line_weights import (
    blanked,
    check_weight_prefix,
    check_weights,
    take_weights,
    weight_in,
)
from fastcli.text.lines import Reader

NUMBERS = st.sampled_from(["0", "1", "2.5", ".5", "3.", "1e2", "+4", "0.125"])


# ------------------------------------------------------------------ weights of labels


def test_balanced_is_that_of_scikit_learn():
    """n / (K count), with n the labels of all lines; a label that no line has weighs 1."""
    counts = np.array([6, 0, 3, 1])
    asked = read_class_weight("balanced")
    np.testing.assert_allclose(
        class_weights(asked, "abcd", "", counts), [10 / 18, 1, 10 / 9, 10 / 3]
    )
    asked = read_class_weight("sqrt")
    expected = np.sqrt([10 / 18, 1, 10 / 9, 10 / 3])
    np.testing.assert_allclose(class_weights(asked, "abcd", "", counts), expected)


@pytest.mark.parametrize(
    "text",
    [
        "a,2\n__label__b,0.5\n",
        "label,weight\na,2\nb,0.5\n",
        "\ufeffclass\tweights\r\n\r\na\t2\r\nb\t.5",
        '"a", 2\n\n"b",5e-1\n',
    ],
)
def test_a_file_of_weights(text, tmp_path):
    path = tmp_path / "w.csv"
    path.write_text(text, "utf-8")
    asked = read_class_weight(str(path))
    counts = np.array([1, 1, 1])
    assert class_weights(asked, "abc", "__label__", counts).tolist() == [2, 0.5, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,1\nb,-2\n", ":2: the weight -2 is not a number of 0 or more"),
        ("a,nan\n", ":1: the weight nan is not"),
        ("a,inf\n", ":1: the weight inf is not"),
        ("a,1_0\n", ":1: the weight 1_0 is not"),
        ("a,x\n", ":1: the weight x is not"),
        ("label,weight\na,weight\n", ":2: the weight weight is not"),
        ("a,1\n\na,2\n", ":3: a is already on line 1: remove one of them."),
        ("a,1\n__label__a,2\n", ":2: __label__a is already on line 1: remove one of them."),
        ("a,1,2\n", ":1: 3 columns, not two"),
        ("a\n", ":1: 1 column, not two"),
        (",1\n", ":1: the label is empty"),
        ("", " holds no weights"),
        ("label,weight\n", " holds no weights"),
        ('"a,1\n', ":1: not valid CSV"),
        ("a,1\nBc,1\n", ":2: no training line has the label Bc (did you mean bc?)"),
    ],
)
def test_a_bad_file_of_weights(text, message, tmp_path):
    path = tmp_path / "w.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        class_weights(read_class_weight(str(path)), ["a", "bc"], "__label__", np.array([1, 1]))
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_file_of_weights_when_training_goes_on_or_is_of_a_fold(tmp_path):
    """It may name a label that only the former model has, or that only other folds have."""
    path = tmp_path / "w.csv"
    path.write_text("a,2\n__label__b,0.5\nc,3\n")
    asked, counts = read_class_weight(str(path)), np.array([4, 0, 1])
    with pytest.raises(DataError, match="no training line has the label __label__b"):
        class_weights(asked, "abc", "__label__", counts)
    found = class_weights(asked, "abc", "__label__", counts, has_former=True)
    assert found.tolist() == [2, 0.5, 3]
    with pytest.raises(DataError, match="neither a training line nor the model has the label c"):
        class_weights(asked, "ab", "__label__", counts[:2], has_former=True)
    part = read_class_weight(str(path), may_lack=True)
    assert class_weights(part, "ac", "__label__", np.array([4, 1])).tolist() == [2, 3]


def test_neither_a_rule_nor_a_file():
    with pytest.raises(ArgumentError, match="did you mean balanced"):
        read_class_weight("balnced")
    assert read_class_weight("") is None


# ------------------------------------------------------------------ one scale


WEIGHTS = st.sampled_from([0.0, 1e-6, 0.3, 1.0, 7.0, 1e6]) | st.floats(0.01, 1e4)
LINES = st.lists(
    st.tuples(WEIGHTS, st.lists(st.integers(0, 3), min_size=1, max_size=3)),
    min_size=1,
    max_size=20,
)


@given(LINES, st.lists(WEIGHTS, min_size=4, max_size=4))
def test_weights_have_mean_1(lines, by_label):
    of_lines = np.array([weight for weight, _ in lines])
    labels = np.array([label for _, some in lines for label in some], np.int32)
    offsets = np.cumsum([0] + [len(some) for _, some in lines])
    try:
        found = scaled(of_lines, np.array(by_label), labels, offsets, 4)
    except DataError:
        has_weight = [(w, some) for w, some in lines if w > 0]
        assert not any(by_label[label] > 0 for _, some in has_weight for label in some)
        return
    assert found.lines.mean() == pytest.approx(1, rel=1e-5)
    means = [found.labels[some].mean() for _, some in lines]
    assert np.mean(found.lines * means) == pytest.approx(1, rel=1e-4)
    assert found.label_sums(labels, offsets).sum() == pytest.approx(len(lines), rel=1e-4)


def test_weights_of_any_size_have_mean_1():
    labels, offsets = np.array([0, 1], np.int32), np.array([0, 1, 2])
    for by in (1e-300, 1.0, 1e300):
        found = scaled(np.array([1.0, 3]) * by, np.array([by, by, 1e308]), labels, offsets, 3)
        np.testing.assert_allclose(found.lines, [0.5, 1.5])
        np.testing.assert_allclose(found.labels, [1, 1, 1])  # no line has the last one


def test_no_weights_are_none():
    labels, offsets = np.array([0], np.int32), np.array([0, 1])
    assert scaled(None, None, labels, offsets, 1) is None
    assert scaled(np.ones(1), None, labels, offsets, 1) is None
    with pytest.raises(DataError, match="All training lines have the weight 0"):
        scaled(np.zeros(1), None, labels, offsets, 1)


def test_guesses_are_the_best_constant_predictions(rng):
    n, nlabels = 30, 3
    labels = rng.integers(0, nlabels, n).astype(np.int32)
    offsets = np.arange(n + 1)
    weights = scaled(rng.uniform(0, 3, n), np.array([1.0, 2, 5]), labels, offsets, nlabels)
    visit = weights.lines * weights.labels[labels]

    def softmax(p):
        return -(visit * np.log(p[labels])).mean()

    def binary(p):
        yes = np.arange(nlabels) == labels[:, None]
        terms = np.where(yes, weights.labels * np.log(p), np.log(1 - p))
        return -(weights.lines[:, None] * terms).sum(axis=1).mean()

    guess, one_by_one = (
        weights.one_of_all_guess(labels, offsets),
        weights.binary_guess(labels, offsets),
    )
    for _ in range(200):
        assert softmax(rng.dirichlet(np.ones(nlabels))) >= guess - 1e-6
        assert binary(rng.uniform(0.01, 0.99, nlabels)) >= one_by_one - 1e-6
    sums = weights.label_sums(labels, offsets)
    assert softmax(sums / sums.sum()) == pytest.approx(guess, rel=1e-5)


def test_what_is_said_of_labels():
    names = ["Billing", "Login", "Other", "Spam", "Rest"]
    counts = np.array([920, 50, 20, 9, 1])
    said = sentence(names, counts, 1000, None)
    assert said == (
        "Labels: Billing 92 %, Login 5 %, Other 2 %, 2 others; --class-weight balanced weighs them "
        "equally."
    )
    assert not sentence(names, np.full(5, 200), 1000, None)


@pytest.mark.parametrize("values", [[1, 1], [1, 0.99999994]])
def test_figures_of_equal_weights_are_not_shown(values):
    equal = "all class weights are equal."
    for counts, n, said in [
        ([5, 5], 10, f"Labels: a 50 %, b 50 %; {equal}"),
        ([0, 9], 9, equal.capitalize()),
    ]:
        weights = Weights(
            lines=np.ones(n, np.float32),
            labels=np.array(values, np.float32),
            has_lines=False,
            has_labels=True,
        )
        assert sentence(["a", "b"], np.array(counts), n, weights) == said
    assert not is_lopsided(np.array([50, 1] + [1] * 100), 151)  # a long tail is nothing unusual
    assert not is_lopsided(np.array([50, 0]), 50)


# ------------------------------------------------------------------ weights of lines


@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "</s>", "__label__x", "__label__y", "W"]), max_size=5),
        max_size=12,
    ),
    st.lists(NUMBERS, min_size=12, max_size=12),
    st.booleans(),
    st.integers(1, 2),
)
def test_each_kept_line_has_its_weight(tmp_path_factory, lines, numbers, is_ended, min_count):
    """And features, counts and labels are those of text without the tokens of weights."""
    folder = tmp_path_factory.mktemp("weights")
    written, plain, expected = [], [], []
    for tokens, number in zip(lines, numbers, strict=False):
        first = tokens.index("W") if "W" in tokens else -1
        others = [token for token in tokens if token != "W"]
        with_weight = list(others)
        if first >= 0:
            with_weight.insert(first, f"__weight__{number}")
        written.append(" ".join(with_weight))
        plain.append(" ".join(others))
        expected.append(float(number) if first >= 0 else 1.0)
    end = "\n" if is_ended else ""
    found = []
    for name, text in (("w", written), ("p", plain)):
        path = folder / name
        path.write_text("\n".join(text) + end)
        counted = count_tokens([str(path)], "__label__", 1)
        if name == "w":
            take_weights(counted, "__weight__", [str(path)])
        try:
            dictionary, ids = build_dictionary(counted.words, min_count, 1)
        except DataError:
            return
        args = FeatureArgs(minn=2, maxn=3, word_ngrams=2, bucket=50)
        found.append((dictionary, make_corpus(counted, dictionary, ids, args, 1)))
    (with_weights, corpus), (without, other) = found
    if not is_ended and plain and not plain[-1]:
        return  # the last line is there only for its weight
    assert with_weights.entries(0, len(with_weights)) == without.entries(0, len(without))
    np.testing.assert_array_equal(corpus.rows, other.rows)
    np.testing.assert_array_equal(corpus.tokens, other.tokens)
    reader = Reader(without, "__label__", 2, 2, 3, 50)
    data = np.frombuffer(("\n".join(plain) + end).encode(), np.uint8)
    read, _ = reader.read(data, 0) if len(data) else (None, 0)
    n_read = read.n if read is not None else 0
    kept = [
        expected[i]
        for i in range(n_read)
        if read.offsets[i + 1] > read.offsets[i]
        and read.label_offsets[i + 1] > read.label_offsets[i]
    ]
    assert corpus.weights.tolist() == kept


def test_weights_of_several_files(tmp_path):
    for i in range(3):
        text = f"__label__x a b __weight__{i}\nno label __weight__9\n__label__x b __weight__{i}.5"
        Path(tmp_path, str(i)).write_text(text)
    paths = [str(tmp_path / str(i)) for i in range(3)]
    counted = count_tokens(paths, "__label__", 2)
    take_weights(counted, "__weight__", paths)
    dictionary, ids = build_dictionary(counted.words, 1, 1)
    args = FeatureArgs(minn=0, maxn=0, word_ngrams=1, bucket=0)
    corpus = make_corpus(counted, dictionary, ids, args, 2)
    assert corpus.weights.tolist() == [0, 0.5, 1, 1.5, 2, 2.5]
    assert dictionary.find(b"__weight__9") < 0


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("1", 1),
        ("+2.5", 2.5),
        (".5", 0.5),
        ("3.", 3),
        ("1e-3", 1e-3),
        ("0", 0),
        ("1E2", 100),
        ("-0", 0),
    ],
)
def test_what_a_weight_is(token, value):
    assert weight_in(token.encode()) == value


@pytest.mark.parametrize(
    "token", ["", "-1", "nan", "inf", "1e999", "1_0", "1,5", "x", "0x1", "\u0663", "1e", "."]
)
def test_what_is_no_weight(token, tmp_path):
    assert np.isnan(weight_in(token.encode()))
    path = tmp_path / "t"
    path.write_bytes(b"__label__a b __weight__2\n\n__label__a __weight__%b c" % token.encode())
    counted = count_tokens([str(path)], "__label__", 1)
    with pytest.raises(DataError, match=r"t:3: not a weight, a number of 0 or more: __w"):
        take_weights(counted, "__weight__", [str(path)])
    with pytest.raises(DataError, match="t:3: "):
        check_weights([str(path)], "__weight__")


def test_prefixes_that_are_alike():
    for prefix, label in [
        ("__", "__label__"),
        ("__label__", "__label__"),
        ("__label__w", "__label__"),
    ]:
        with pytest.raises(ArgumentError, match="one begins with the other"):
            check_weight_prefix(prefix, label)
    with pytest.raises(ArgumentError, match="without spaces"):
        check_weight_prefix("a b", "__label__")
    check_weight_prefix("__weight__", "__label__")


@given(st.binary(max_size=40).map(lambda data: data.replace(b"\xff", b"w:")))
def test_blanked_text_has_the_other_tokens(data):
    text = np.frombuffer(data, np.uint8)
    found = blanked(text, b"w:").tobytes()
    spaces = bytes.maketrans(b"\t\n\v\f\r\0", b"      ")
    tokens = [token for token in data.translate(spaces).split(b" ") if token]
    assert len(found) == len(data)
    assert found.count(b"\n") == data.count(b"\n")
    kept = [token for token in found.translate(spaces).split(b" ") if token]
    assert kept == [token for token in tokens if not token.startswith(b"w:")]


@given(st.text(max_size=8))
def test_any_cell_is_a_weight_or_bad(cell):
    (token,), bad = weight_tokens([cell], "w:")
    assert weight_in(token.removeprefix(b"w:")) >= 0
    assert bad in ([], [0])
