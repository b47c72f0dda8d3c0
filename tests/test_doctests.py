"""Examples in docstrings say what the code does."""

import doctest
import importlib
import pkgutil

import pytest

import fastcli

MODULES = [module.name for module in pkgutil.walk_packages(fastcli.__path__, "fastcli.")]


def runnable(names):
    """Return the modules that do nothing when they are imported."""
    return [name for name in names if not name.endswith(".__main__")]


@pytest.mark.parametrize("name", runnable(MODULES))
def test_examples(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        test.name
        for name in runnable(MODULES)
        for test in finder.find(importlib.import_module(name))
        if test.examples
    ]
    assert "fastcli.fasttext.train_words.keep_chances" in found
