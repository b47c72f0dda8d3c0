"""fastcli help: topics and their entries, the help of commands, and names that are not there."""

import re
import subprocess
import sys

import numpy as np
import pytest

from fastcli.cli import COMMANDS
from fastcli.cli import _doc_pages as docs
from fastcli.cli.display import doc_page
from fastcli.cli.display.tables import width_of
from fastcli.cli.pages import (
    TOPICS,
    activations,
    find,
    init,
    losses,
    norms,
    optimizers,
    page_of,
    schedules,
    topic_of,
)
from fastcli.mlp.activations import ACTIVATIONS
from fastcli.mlp.curves import activation_points, loss_points, rule_path, schedule_points
from fastcli.mlp.initializers import INITIALIZERS
from fastcli.mlp.options import LOSSES, NORMS
from fastcli.mlp.schedules import SCHEDULES
from fastcli.optimizers import OPTIMIZERS
from tests import pages
from tests.command import ROOT, run

ENTRIES = [(topic, entry) for topic in TOPICS for entry in page_of(topic).entries]
FLAT = {"binary-step"}
# What nobody proposed: textbooks' functions, and the plainest choice of its kind.
WITHOUT_SOURCE = {
    "identity",
    "arctan",
    "arsinh",
    "bent-identity",
    "sinc",
    "normal",
    "uniform",
    "constant",
    "none",
}


@pytest.mark.parametrize(
    ("page", "table"),
    [
        (activations, ACTIVATIONS),
        (optimizers, OPTIMIZERS),
        (init, INITIALIZERS),
        (norms, NORMS),
        (schedules, SCHEDULES),
    ],
)
def test_every_row_of_a_table_has_its_words(page, table):
    assert page.WORDS.keys() == set(table)
    assert [entry.name for entry in page.page().entries] == list(table)


def test_every_loss_has_its_words():
    assert losses.WORDS.keys() == set(losses.known()) == losses.FORMULAS.keys()
    assert {LOSSES[name] for name in losses.known()} == set(LOSSES.values()) - {0}


@pytest.mark.parametrize(("topic", "entry"), ENTRIES, ids=lambda one: getattr(one, "name", one))
def test_entries_say_what_for_and_where_from(topic, entry):
    facts = dict(entry.facts)
    assert entry.formula
    assert {"why", "strengths", "weaknesses"} <= facts.keys()
    assert ("source" in facts) == (entry.name not in WITHOUT_SOURCE)
    for name in ("why", "strengths", "weaknesses"):
        assert facts[name].endswith("."), facts[name]
    assert "derivative" in facts or topic not in ("activations", "losses")
    assert entry in [found for _, found in find(entry.name, topic)] or [
        found.name for _, found in find(entry.name, topic)
    ] == [entry.name]


@pytest.mark.parametrize("width", [40, 80, 100])
@pytest.mark.parametrize("topic", TOPICS)
def test_pages_fit_into_the_terminal(topic, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("help", topic).text().splitlines()
    assert max(map(len, lines)) <= width
    assert "\n".join(lines).isascii()  # where nothing is a terminal
    assert [line for line in lines if line != line.rstrip()] == []
    for entry in page_of(topic).entries:
        assert any(re.match(rf"{re.escape(entry.name)}(,|$)", line) for line in lines)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - FLAT))
def test_derivatives_are_those_of_the_curves(name):
    """By central differences, of float32 numbers: corners apart, where the mean is between."""
    low, high = activations.WIDE.get(name, activations.USUAL)
    x = np.linspace(low, high, 101) + 0.00317
    parameters, step = activations.SHOWN.get(name, ()), 2e-3
    slopes = np.array(activation_points(name, x, parameters)[1])
    up, down = (np.array(activation_points(name, x + d, parameters)[0]) for d in (step, -step))
    np.testing.assert_allclose(slopes, (up - down) / (2 * step), atol=2e-3, rtol=2e-3)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def within(x, bound, inside):
    return np.where(np.abs(x) < bound, inside, 0)


# What the page prints, and the same for NumPy, of x and f(x); of those without parameters of their
# own, or with what these start from.
DERIVATIVES = {
    "identity": ("1", lambda x, f: np.ones_like(x)),
    "sigmoid": ("f (1 - f), at most 1/4", lambda x, f: f * (1 - f)),
    "hard-sigmoid": ("1/6 between -3 and 3, 0 beyond", lambda x, f: within(x, 3, 1 / 6)),
    "tanh": ("1 - f^2, at most 1", lambda x, f: 1 - f**2),
    "arctan": ("1 / (1 + x^2)", lambda x, f: 1 / (1 + x**2)),
    "softsign": ("1 / (1 + |x|)^2", lambda x, f: 1 / (1 + np.abs(x)) ** 2),
    "softplus": ("sigmoid(x)", lambda x, f: sigmoid(x)),
    "relu": ("1 above 0, 0 below", lambda x, f: np.where(x > 0, 1, 0)),
    "relu6": ("1 between 0 and 6, 0 beyond", lambda x, f: within(x - 3, 3, 1)),
    "leaky-relu": ("1 above 0, alpha below", lambda x, f: np.where(x > 0, 1, 0.01)),
    "prelu": ("1 above 0, alpha below; by alpha: x", lambda x, f: np.where(x > 0, 1, 0.25)),
    "elu": ("1 above 0, alpha e^x below", lambda x, f: np.where(x > 0, 1, np.exp(x))),
    "selu": (
        "1.0507 above 0, 1.7581 e^x below",
        lambda x, f: np.where(x > 0, 1.0507, 1.7581 * np.exp(x)),
    ),
    "silu": (
        "s (1 + x (1 - s)), s = sigmoid(x)",
        lambda x, f: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    ),
    "mish": (
        "t + x (1 - t^2) sigmoid(x), t = tanh(softplus(x))",
        lambda x, f: f / x + x * (1 - (f / x) ** 2) * sigmoid(x),
    ),
    "hard-tanh": ("1 between -1 and 1, 0 beyond", lambda x, f: within(x, 1, 1)),
    "isru": ("(1 / sqrt(1 + alpha x^2))^3", lambda x, f: (1 / np.sqrt(1 + x**2)) ** 3),
    "bent-identity": (
        "x / (2 sqrt(x^2 + 1)) + 1, between 1/2 and 3/2",
        lambda x, f: x / (2 * np.sqrt(x**2 + 1)) + 1,
    ),
    "sine": ("cos(x)", lambda x, f: np.cos(x)),
    "sinc": ("cos(x) / x - sin(x) / x^2, 0 at 0", lambda x, f: np.cos(x) / x - np.sin(x) / x**2),
    "gaussian": ("-2 x e^(-x^2)", lambda x, f: -2 * x * np.exp(-(x**2))),
    "isrlu": (
        "1 above 0, (1 / sqrt(1 + alpha x^2))^3 below",
        lambda x, f: np.where(x > 0, 1, (1 / np.sqrt(1 + x**2)) ** 3),
    ),
    "sqnl": (
        "1 - |x| / 2 between -2 and 2, 0 beyond",
        lambda x, f: within(x, 2, 1 - np.abs(x) / 2),
    ),
    "arsinh": ("1 / sqrt(x^2 + 1)", lambda x, f: 1 / np.sqrt(x**2 + 1)),
    "sq-rbf": (
        "-x for |x| up to 1, x - 2 sign(x) up to 2, 0 beyond",
        lambda x, f: np.where(np.abs(x) <= 1, -x, within(x, 2, x - 2 * np.sign(x))),
    ),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_in_words_are_those_of_the_curves(name):
    text, derivative = DERIVATIVES[name]
    assert activations.WORDS[name].derivative.startswith(text)
    low, high = activations.WIDE.get(name, activations.USUAL)
    x = np.linspace(low, high, 101) + 0.00317
    values, slopes = map(np.array, activation_points(name, x))
    np.testing.assert_allclose(slopes, derivative(x, values), atol=2e-4)


@pytest.mark.parametrize(
    ("name", "bounds"), [("relu6", (0, 6)), ("hard-tanh", (-1, 1)), ("hard-sigmoid", (-3, 3))]
)
def test_clamped_functions_have_no_slope_at_their_bounds(name, bounds):
    assert activation_points(name, bounds)[1] == [0, 0]
    assert "0 beyond (and at both)" in activations.WORDS[name].derivative


@pytest.mark.parametrize("name", losses.known())
def test_derivatives_of_losses_are_those_of_the_curves(name):
    z, step = np.linspace(-5, 5, 41) + 0.06, 1e-2  # beside the corners
    slopes = np.array(loss_points(name, z)[1])
    up, down = (np.array(loss_points(name, z + d)[0]) for d in (step, -step))
    np.testing.assert_allclose(slopes, (up - down) / (2 * step), rtol=1e-3, atol=1e-4)


def test_the_path_of_sgd_is_that_of_the_formula():
    w = np.array(rule_path("sgd", 0.03, (-4, 1), (1, 20), 10))
    expected = np.array([[-4 * 0.97**k, 0.4**k] for k in range(11)])
    np.testing.assert_allclose(w, expected, rtol=1e-5)


def test_rates_are_those_of_the_schedule():
    assert schedule_points("step", 4, 2, 0, 1, 0.5) == [1.0, 1.0, 0.5, 0.5]
    assert schedule_points("linear", 4, 2, 2, 1, 0.5) == [0.5, 0.75, 0.5, 0.25]


def test_topics_alone():
    said = run("help").text()
    assert all(f"\n  {topic} " in said for topic in TOPICS)
    assert "fastcli help relu" in said


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_its_own(command):
    said = run("help", command)
    assert said.out == run(command, "--help").out
    assert max(map(width_of, said.text().splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (["relu"], ["relu (activations)"]),
        (["activations", "relu"], ["relu (activations)"]),
        (["activation", "Leaky_ReLU"], ["leaky-relu (activations), also leakyrelu"]),
        (["softmax"], ["softmax (activations)", "softmax (losses)"]),
        (["swish"], ["silu (activations), also swish"]),
        (["losses", "one-vs-all"], ["ova (losses), also one-vs-all"]),
        (["optimisers", "adam"], ["adam (optimizers)"]),
        (["step"], ["step (schedules)"]),
        (["leaky-relu:0.2"], ["leaky-relu (activations), also leakyrelu"]),
        (["init", "uniform:-1,1"], ["uniform (init)"]),
        (["none"], ["none (norms)"]),
    ],
)
def test_one_entry(words, titles):
    lines = run("help", *words).text().splitlines()
    marks = [i for i, line in enumerate(lines) if line and set(line) == {"="}]
    assert [lines[i - 1] for i in marks] == titles


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (["none"], "Also: fastcli help activations none"),
        (["linear"], "Also: fastcli help activations linear"),
        (["swish"], ""),
        (["norms", "none"], ""),
    ],
)
def test_other_entries_of_a_name(words, last):
    lines = run("help", *words).text().splitlines()
    assert [line for line in lines if line.startswith("Also: ")] == [last] * bool(last)
    if last:
        assert run("help", *last.split()[3:]).text().startswith("identity (activations), also ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["relo"], "There is no help on 'relo' (did you mean relu?). fastcli help lists all"),
        (["activation", "adam"], "There is no help on 'adam' among the activations"),
        (["mlp-trian"], "There is no help on 'mlp-trian' (did you mean mlp-train?)"),
        (["activatons", "relu"], "'activatons relu' (did you mean activations?): give a topic"),
        (["zeros"], "--init zero is refused: units that start alike get the same gradients"),
        (["init", "zero"], "What there is: fastcli help init."),
        (["init", "he", "x"], "There is no help on 'init he x': give a topic and one name"),
        (["\x1b[31m"], "There is no help on '\\x1b[31m'"),
    ],
)
def test_what_is_not_there(words, message):
    result = run("help", *words)
    assert (result.code, result.out) == (1, b"")
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["help"], {"numpy", "numba", "llvmlite"}),
        (["help", "mlp-train"], {"numpy", "numba", "llvmlite"}),
        (["help", "activations"], {"numba", "llvmlite"}),
        (["help", "optimizers"], {"numba", "llvmlite"}),
    ],
)
def test_help_starts_without_what_it_does_not_need(words, forbidden):
    code = (
        f"import sys; sys.argv = ['fastcli', *{words}]\n"
        "from fastcli.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout
    assert not forbidden & set(result.stderr.split())


def test_topics_have_other_names():
    assert topic_of("optimisers") == topic_of("optimizer") == "optimizers"
    assert topic_of("nothing") == ""


# ------------------------------------------------------------- pages of the documentation

PAGES = docs.pages()


def test_pages_are_those_of_the_documentation():
    files = {path.name for path in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert {path.name for path in PAGES.values()} == files
    assert len(PAGES) == len(files)  # no two of one name
    assert not PAGES.keys() & {*TOPICS, *COMMANDS}
    assert set(docs.ALIASES.values()) <= PAGES.keys()


def test_the_list_names_pages_topics_and_what_they_are_about():
    text = run("help").text()
    assert all(re.search(rf"^  {name} ", text, re.M) for name in [*docs.names(), *TOPICS])
    assert "  data " in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", [*PAGES, *docs.ALIASES])
def test_every_page_can_be_read_in_80_columns(name):
    text = run("help", name).text()
    source = PAGES[docs.page_named(name)].read_text("utf-8")
    assert text.splitlines()[0].strip() == docs.HEADING.search(source)[2].replace("`", "")
    # Lines of code are whole, since people copy them.
    code = {
        line.strip() for block in pages.blocks_of(source) for line in block.content.splitlines()
    }
    code |= {line.strip() for line in source.splitlines() if line.startswith("    ")}
    lines = (line for line in text.splitlines() if line.strip() not in code)
    assert max(map(width_of, lines)) <= 80
    assert "<!--" not in text
    assert not re.search(r"\]\([^)\s]*\.md", text)
    assert "\x1b" not in text


def test_a_second_word_chooses_sections():
    whole, part = run("help", "kernels").text(), run("help", "kernels", "KERNELS").text()
    assert part.splitlines()[0] == "Compiled kernels"
    one = docs.section(
        "# A\n\n## One `x`\n\n```\n## no\n```\n\n### Deeper\n\n## Two\n\nend\n", "one x"
    )
    assert one == "## One `x`\n\n```\n## no\n```\n\n### Deeper\n"
    assert len(part) <= len(whole)
    refused = run("help", "data", "frobnicate")
    assert refused.code == 1
    assert "No section of this page is called 'frobnicate'" in refused.err
    assert "Its sections: " in refused.err


def test_pages_that_are_not_installed(monkeypatch):
    monkeypatch.setattr(docs, "PACKAGE", docs.PACKAGE / "cli")
    refused = run("help", "data")
    assert (refused.code, refused.out) == (1, b"")
    assert "Pages" not in run("help").text()


def test_a_long_page_goes_through_the_pager(monkeypatch, capsys):
    """On a terminal, and not where standard output is a file."""
    paged = []
    monkeypatch.setattr(doc_page.click, "echo_via_pager", lambda text, color: paged.append(text))
    monkeypatch.setattr(doc_page, "is_terminal", lambda stream: True)
    monkeypatch.setenv("LINES", "24")
    monkeypatch.setenv("COLUMNS", "80")
    doc_page.show_page("# Short\n\na line\n")
    assert (capsys.readouterr().out, paged) == ("Short\n\na line\n", [])
    doc_page.show_page("# Long\n\n" + "a line\n\n" * 30)
    assert capsys.readouterr().out == ""
    assert paged[0].startswith("Long\n\na line\n")
