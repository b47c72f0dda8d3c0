"""No function of the package has more parameters than a reader can hold."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fastcli"
MOST = 10


def n_parameters(function):
    """Return how many parameters a function has: ``*args`` is one, self and cls are none.

    Nor is the context that Numba gives to intrinsics, which are called without it.
    """
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    if names and names[0] in ("self", "cls", "typing"):
        del names[0]
    return len(names) + (arguments.vararg is not None) + (arguments.kwarg is not None)


def is_click_callback(function):
    """Tell whether click calls a function: its parameters are the options of a command."""
    names = (ast.unparse(decorator) for decorator in function.decorator_list)
    return any("command(" in name or "option(" in name or "argument(" in name for name in names)


def functions(tree, qualifier=""):
    """Yield (qualified name, function) of all functions, those inside others too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{qualifier}{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, node
            yield from functions(node, f"{name}.")
        else:
            yield from functions(node, qualifier)


def too_long(source):
    """Return the names of functions with too many parameters."""
    return [
        name
        for name, node in functions(ast.parse(source))
        if n_parameters(node) > MOST and not is_click_callback(node)
    ]


def test_no_function_has_more_than_ten_parameters():
    found = {
        f"{path.relative_to(PACKAGE).as_posix()}:{name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for name in too_long(path.read_text("utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(a, b, c, d, e, f, g, h, i, j): ...", []),
        ("def f(a, b, c, d, e, f, g, h, i, j, k): ...", ["f"]),
        ("def f(a, /, b, c, d, e, f, g, h, i, *, j, k): ...", ["f"]),
        ("def f(a, b, c, d, e, f, g, h, i, *args): ...", []),
        ("def f(a, b, c, d, e, f, g, h, i, j, *args): ...", ["f"]),
        ("def f(a, b, c, d, e, f, g, h, i, j, **kwargs): ...", ["f"]),
        ("class A:\n def f(self, a, b, c, d, e, f, g, h, i, j): ...", []),
        ("class A:\n def f(self, a, b, c, d, e, f, g, h, i, j, k): ...", ["A.f"]),
        ("def g():\n if 1:\n  def f(a, b, c, d, e, f, g, h, i, j, k): ...", ["g.f"]),
        ("@click.option('-x')\ndef f(a, b, c, d, e, f, g, h, i, j, k): ...", []),
        ("@kernel\ndef f(a, b, c, d, e, f, g, h, i, j, k): ...", ["f"]),
    ],
)
def test_what_counts(source, found):
    assert too_long(source) == found
