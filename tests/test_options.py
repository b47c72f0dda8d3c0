"""Rows of options: what follows from one, and that no two are in each other's way."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.cli import COMMANDS, cli
from fastcli.cli._command import Option as CommandOption
from fastcli.errors import ArgumentError
from fastcli.options import (
    Need,
    Option,
    Values,
    check_choices,
    check_ranges,
    like,
    only_beside,
    only_in,
    only_with,
    option,
    row_of,
    rows,
    without_effect,
)
from tests.docs import REFERENCE


@dataclass(frozen=True, kw_only=True)
class Some:
    """Rows of each kind."""

    word_ngrams: int = option(1, "length", fasttext=True, at_least=1)
    batch_size: int = option(32, "size", at_least=0, limit=1000)
    standardize: bool = option(True, "do not standardize")
    share: float = option(0.5, "share", at_least=0, below=1)
    rate: float = option(-1.0, "rate", at_least=0)
    weight: float = option(0.1, "weight", above=0, at_most=1)
    seed: int = option(0, "seed", at_least=-5, at_most=5)
    rule: str = option("sgd", "rule", choices=("sgd", "adam"))
    momentum: float = option(0.0, "momentum", needs=(only_with("rule", "sgd"),))
    valid: str = option("", "file", file="file", needs=(only_in("train"),))
    patience: int = option(0, "patience", needs=(only_beside("valid"),))
    input: tuple[str, ...] = option((), "input", shown="-i", also=("-in",))
    kind: str = "no option"


def test_fields_become_rows():
    found = {row.name: row for row in rows(Some)}
    assert "kind" not in found
    assert (found["share"].type, found["share"].default) == (float, 0.5)
    assert found["input"].is_repeatable
    assert found["standardize"].is_flag
    assert Some(word_ngrams=2).word_ngrams == 2


@pytest.mark.parametrize(
    ("name", "spellings"),
    [
        ("word_ngrams", ("-wordNgrams", "--word-ngrams")),
        ("batch_size", ("--batch-size", "-batchSize", "-batch-size")),
        ("standardize", ("--no-standardize", "-noStandardize", "-no-standardize")),
        ("rule", ("--rule", "-rule")),
        ("input", ("-i", "-in", "--input", "-input")),
    ],
)
def test_spellings(name, spellings):
    assert row_of(Some, name).spellings == spellings
    assert row_of(Some, name).shown == spellings[0]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"word_ngrams": 0}, "-wordNgrams must be 1 or more, not 0."),
        ({"word_ngrams": 2**31}, "-wordNgrams must be at most 2147483647, not 2147483648."),
        ({"batch_size": 1001}, "--batch-size must be at most 1000, not 1001."),
        ({"share": 1.0}, "--share must be from 0 to below 1, not 1.0."),
        ({"share": float("nan")}, "--share must be a finite number, not nan."),
        ({"rate": float("inf")}, "--rate must be a finite number, not inf."),
        ({"rate": -0.5}, "--rate must be 0 or more, not -0.5."),
        ({"weight": 0.0}, "--weight must be above 0 and at most 1, not 0.0."),
        ({"seed": 6}, "--seed must be between -5 and 5, not 6."),
    ],
)
def test_what_is_out_of_range(values, sentence):
    with pytest.raises(ArgumentError) as caught:
        check_ranges(Some(**values))
    assert str(caught.value) == sentence


def test_the_reference_page_tells_what_is_checked():
    told = {
        name: row_of(Some, name).values_text for name in ("batch_size", "share", "rate", "rule")
    }
    assert told == {
        "batch_size": "between 0 and 1000",
        "share": "from 0 to below 1",
        "rate": "0 or more",
        "rule": "",
    }
    page = REFERENCE.read_text(encoding="utf-8")
    for line in (
        "| `-ws`, `--ws` | integer | `5` | 1 or more |",
        "| `-t`, `--t` | float | `0.0001` | above 0 |",
        "| `-neg`, `--neg` | integer | `5` | between 0 and 10000 |",
        "| `--dropout`, `-dropout` | text | by kind of input | from 0 to below 1 |",
    ):
        assert line in page


@given(st.integers(-10, 10))
def test_ranges_are_those_of_the_row(seed):
    try:
        check_ranges(Some(seed=seed))
    except ArgumentError:
        assert not -5 <= seed <= 5
    else:
        assert -5 <= seed <= 5


def test_the_default_is_never_out_of_range():
    check_ranges(Some(rate=-1.0))


def test_choices():
    check_choices(Some, rule="adam")
    with pytest.raises(ArgumentError, match=r"^Unknown value of --rule: x\. Known: sgd, adam\.$"):
        check_choices(Some, rule="x")
    with pytest.raises(ArgumentError, match=r": adm \(did you mean adam\?\)\. Known: "):
        check_choices(Some, rule="adm")


def test_a_row_of_another_dataclass():
    @dataclass(frozen=True, kw_only=True)
    class Other:
        share: float = like(Some, "share", default=0.1, help="another")

    row = row_of(Other, "share")
    assert (row.default, row.option.help, row.option.below) == (0.1, "another", 1)


def test_lazy_choices_are_looked_up_when_they_are_needed():
    @dataclass(frozen=True, kw_only=True)
    class Lazy:
        rule: str = option("a", Option(help="rule", choices=lambda: ["a", "b"]))

    assert row_of(Lazy, "rule").choices == ("a", "b")


# ------------------------------------------------------------------------ without effect


def said(given, command="train", **values):
    known = rows(Some)
    return without_effect(known, given, Values(command, {**vars(Some()), **values}, known))


def test_options_with_the_same_reason_are_named_together():
    assert said({"momentum"}) == ""
    sentence = said({"momentum", "patience", "valid"}, "test", rule="adam", valid="f")
    assert sentence == (
        "--momentum: no effect with --rule adam, only with sgd; "
        "--valid: no effect in test, only in train."
    )
    assert said({"patience"}) == "--patience: no effect without --valid."
    assert said({"patience"}, valid="f") == ""
    assert said(set(), rule="adam") == ""


def test_the_first_unmet_need_is_the_reason():
    never = Need(lambda v: False, lambda v: "never")

    @dataclass(frozen=True, kw_only=True)
    class Two:
        a: int = option(1, "a", needs=(never, only_in("x")))

    assert without_effect(rows(Two), {"a"}, Values("y", {}, rows(Two))) == "--a: no effect never."


# ---------------------------------------------------------------------- the command line


def options(command):
    return [p for p in cli.get_command(None, command).params if isinstance(p, CommandOption)]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_spelling_is_used_twice(command):
    spellings = [name for one in options(command) for name in one.opts]
    assert len(spellings) == len(set(spellings))
    assert not set(spellings) & {"-h", "--help"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_works_with_one_dash_and_with_two(command):
    for one in options(command):
        assert one.row is not None
        plain = one.row.name.replace("_", "-")
        plain = f"no-{plain}" if one.row.default is True else plain
        assert f"--{plain}" in one.opts
        assert any(name.startswith("-") and not name.startswith("--") for name in one.opts)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_a_phrase(command):
    for one in options(command):
        text = one.row.option.help
        assert text
        assert not text.endswith("."), one.opts
