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


def module_of(name):
    """Return a module, None where it needs an extra that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.startswith("fastcli"):
            raise
        return None


@pytest.mark.parametrize("name", runnable(MODULES))
def test_examples(name):
    if (module := module_of(name)) is None:
        pytest.skip("it needs an extra")
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [
        test.name
        for module in filter(None, map(module_of, runnable(MODULES)))
        for test in finder.find(module)
        if test.examples
    ]
    assert "fastcli.fasttext.train_words.keep_chances" in found
