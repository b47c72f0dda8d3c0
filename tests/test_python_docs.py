"""docs/python.md keeps its word: its examples run, in order, and print what it says."""

import os
import re

import pytest

from tests import python_docs, python_reference, typed_options

DOCUMENTED = list(python_reference.documented())
STANDARD = {*("Any", "Callable", "Counter", "False", "Iterable", "None", "Sequence", "Unpack")}
TEXT = python_docs.PAGE.read_text(encoding="utf-8")


def test_every_block_is_of_a_kind_that_is_known():
    kinds = {kind for kind, _, _ in python_docs.blocks_of(TEXT)}
    assert kinds <= {*python_docs.RUN, "sh"}, "pycon and python are run, sh is not"
    assert TEXT.count("```") == 2 * len(python_docs.blocks_of(TEXT))


@pytest.mark.skipif(os.name == "nt", reason="the page runs commands of a POSIX shell")
def test_the_examples_print_what_the_page_says(tmp_path):
    wrong = [
        f"line {line}: {example.source}{got}"
        for line, example, got in python_docs.run_page(TEXT, tmp_path)
    ]
    assert not wrong, "".join([*wrong, "If it is right: python -m tests.python_docs"])


def test_what_is_printed_otherwise_is_found_and_replaced(tmp_path):
    text = (
        "```python\nx = 20 * 'a'\n```\nText\n"
        "```pycon\n>>> x[0] * 2\n'ab'\n>>> for i in range(2):\n...     print(i)\n0\n2\n"
        ">>> 1 / 3\n0.331\n>>> int('a')\n7\n```\nMore\n"
    )
    wrong = python_docs.run_page(text, tmp_path / "1")
    assert [line for line, _, _ in wrong] == [6, 8, 14]
    new = python_docs.with_outputs(text, tmp_path / "2")
    assert "'aa'\n" in new
    assert "0\n1\n>>> 1 / 3\n0.331\n" in new
    assert not python_docs.run_page(new, tmp_path / "3")


# ------------------------------------------------------------------ the reference


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
