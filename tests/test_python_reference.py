"""docs/python-reference.md has every public name, and docstrings say what they must."""

import re

import pytest

from tests import python_reference, typed_options

DOCUMENTED = list(python_reference.documented())
STANDARD = {*("Any", "Callable", "Counter", "False", "Iterable", "None", "Sequence", "Unpack")}


def test_the_reference_of_the_module_is_current():
    text = python_reference.PAGE.read_text(encoding="utf-8")
    assert text == python_reference.page(), "run: python -m tests.docs"


def test_every_public_name_is_documented():
    for name, thing in python_reference.names().items():
        assert python_reference.text_of(thing), name


@pytest.mark.parametrize(
    ("name", "function", "text"),
    DOCUMENTED,
    ids=[name for name, _, _ in DOCUMENTED],
)
def test_docstrings_name_arguments_shapes_and_errors(name, function, text):
    assert not python_reference.lacks(function, text), f"the docstring of {name} lacks these"


def test_names_of_types_are_explained():
    text = python_reference.PAGE.read_text(encoding="utf-8")
    signatures = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    fields = "\n".join(re.findall(r"^- `\w+`: `(.*)`$", text, re.MULTILINE))
    used = {*re.findall(r"\b[A-Z]\w+\b", f"{signatures}\n{fields}")}
    explained = {*re.findall(r"`([A-Z]\w+)[`\[]", python_reference.TYPES)}
    known = explained | {*python_reference.names()} | {*typed_options.CLASSES}
    assert used - known == STANDARD


def test_what_all_models_have_is_in_the_reference_once():
    text = python_reference.PAGE.read_text(encoding="utf-8")
    sections = re.findall(r"^#### `(?:TrainedModel|FastText|MLP)\.(report|explain)`$", text, re.M)
    assert sections == ["report", "explain"]


def test_what_a_docstring_lacks_is_found():
    def example(path: str, k: int, **options: int) -> "NDArray[np.float32]":  # noqa: F821
        raise ValueError(path)

    missing = ["the argument k", "the errors of options", "the type and shape of the array"]
    missing.append("the error ValueError")
    assert python_reference.lacks(example, "Return what ``path`` has, not k.") == missing
    whole = "Return the ``k`` vectors of ``path``, float32[k, dim].  Raises ValueError."
    assert python_reference.lacks(example, whole) == []
    assert python_reference.lacks(example, "") == ["a docstring"]
