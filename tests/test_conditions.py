"""Conditions on the probability of a label, as a person writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.errors import ArgumentError
from fastcli.evaluation.label_names import LabelNames
from fastcli.labelling.conditions import OPERATORS, read_condition, read_probability
from fastcli.labelling.filters import KnownLabels, labels_to_see
from fastcli.labelling.names import new_name

LABELS = st.text(st.sampled_from("ab<>= .é\n"), min_size=1).filter(str.strip)


@given(LABELS, st.sampled_from(OPERATORS), st.floats(0, 1))
def test_a_condition_is_read_back(label, operator, bound):
    """Whatever the label; only ``<`` or ``>`` at its end belong to the operator's side."""
    if label[-1] in "<>" and operator in ("=", ">", "<"):
        label += "x"
    found = read_condition(f"{label}{operator}{bound!r}")
    assert (found.label, found.operator, found.bound) == (label, operator, bound)


@given(st.text())
def test_any_text_is_a_condition_or_an_error(text):
    try:
        found = read_condition(text)
    except ArgumentError:
        return
    assert found.operator in OPERATORS
    assert 0 <= found.bound <= 1


@pytest.mark.parametrize("text", ["", "x", "-0.1", "1.0001", "inf", "nan", "1_0", "0,5", "50%"])
def test_no_probability(text):
    with pytest.raises(ArgumentError, match="is not a probability, a number from 0 to 1"):
        read_probability(text, "--keep")


def test_labels_by_name_token_and_token_without_prefix():
    tokens = ["__label__very_good", "__label__b", "__label__c"]
    names = ["very good", "b", " c "]
    for name, place in (
        ("very good", 0),
        (" very good ", 0),
        ("__label__very_good", 0),
        ("very_good", 0),
        ("b", 1),
        (" c ", 2),
        ("c", 2),
    ):
        assert LabelNames(tokens, names, "__label__").find(name, "--keep") == place


def test_a_name_of_several_labels():
    labels = LabelNames(["__label__a", "b"], ["x", "x"], "__label__")
    with pytest.raises(
        ArgumentError, match=r"the name of several labels. Give one of __label__a, b"
    ):
        labels.find("x", "--keep")
    assert labels.find("b", "--keep") == 1
    assert labels.unique == ["__label__a", "b"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(1e-3, 1))
def test_enough_labels_are_seen(weights, bound):
    """What is not among them is below the bound, if all sum to 1."""
    total = sum(weights)
    if total < 1e-6:
        return
    probs = sorted((w / total for w in weights), reverse=True)
    names = [str(i) for i in range(len(probs))]
    k = labels_to_see(bound, KnownLabels(names, names, "", True))
    assert all(p < bound for p in probs[k:])
    assert labels_to_see(bound, KnownLabels(names, names, "", False)) == len(probs)


@given(st.lists(st.sampled_from(["a", "b", "predicted_a", "predicted_a_2"]), max_size=8))
def test_new_names_differ(wanted):
    taken = {"a"}
    found = [new_name(name, taken) for name in wanted]
    assert len({"a", *found}) == len(found) + 1
