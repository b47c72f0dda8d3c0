"""What is generated in pages is current, and their examples teach the right thing."""

from __future__ import annotations

import re

import pytest

from fastcli.cli import demo
from tests import docs, pages
from tests.command import ROOT, run
from tests.pages import DOCS, read


@pytest.mark.parametrize("name", docs.SECTIONS)
def test_made_sections_are_current(name):
    text = read(DOCS / name)
    assert docs.made(text, docs.SECTIONS[name]) == text, "run: python -m tests.docs"


def test_the_reference_page_is_current():
    assert read(docs.REFERENCE) == docs.reference(), "run: python -m tests.docs"


@pytest.mark.parametrize("name", list(docs.commands()))
def test_the_reference_page_has_every_spelling(name):
    page = read(docs.REFERENCE)
    section = page.partition(f"## `{name}`\n")[2].partition("\n## ")[0]
    for option in docs.options_of(docs.commands()[name]):
        spellings = option.opts if option.group != docs.UNUSED else [option.shown]
        assert all(f"`{spelling}`" in section for spelling in spellings)


@pytest.mark.parametrize("name", list(docs.commands()))
def test_every_command_is_in_the_table_and_has_an_example(name):
    command = docs.commands()[name]
    pattern = command.pattern.replace("|", "\\|")
    assert f"| `{name} {pattern}` |" in read(DOCS / "commands.md")
    assert "Example:" in command.help
    assert f"fastcli {name} " in command.help


def test_changelog_has_an_open_section():
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_stories_keep_their_promises():
    """What a page tells of its commands is what they print there."""
    page = DOCS / "judging.md"
    steps = {step.command: step.output for step in pages.steps_of(pages.blocks_of(read(page)))}
    tested = next(
        out
        for command, out in steps.items()
        if "test topics.bin" in command and ("--thresholds auto" in command)
    )
    assert float(tested.split("P@1")[1].split()[0]) >= 0.95
    n = next(out for command, out in steps.items() if command.endswith('grep -c "^__label__"'))
    assert f"{n.strip()} of 300 lines" in " ".join(read(page).split())
    command, explained = next((c, o) for c, o in steps.items() if c.startswith("fastcli explain"))
    mistakes = next(out for c, out in steps.items() if c.endswith("mistakes.csv") and "head" in c)
    assert command.split('"')[1] in mistakes
    true, predicted = mistakes.splitlines()[1].split(",")[2:4]
    assert explained.splitlines()[1].startswith(f"{predicted} ")
    assert f"against {true} " in explained.splitlines()[1]
    compared = next(out for c, out in steps.items() if c.startswith("fastcli compare"))
    assert "are within what 300 lines can tell apart" in compared


# ------------------------------------------------------- examples that teach the right thing


def texts():
    """Return every text that shows how to use the commands, by where it is."""
    found = {name: command.help for name, command in docs.commands().items()}
    files = [ROOT / "data" / "samples" / "README.md", *pages.pages()]
    found |= {path.relative_to(ROOT).as_posix(): read(path) for path in files}
    return {**found, "fastcli": docs.cli.help}


CHOOSING = re.compile(r"--?(?:autotune-?validation|valid|test)[ =]+(\S+)")


def test_no_example_chooses_by_the_test_file():
    examples = [(name, path) for name, text in texts().items() for path in CHOOSING.findall(text)]
    shown = [path for _, path in examples if path.startswith("data/")]
    assert len(shown) >= 3
    assert all(".valid." in path for path in shown)
    assert not [example for example in examples if "test." in example[1]]


FLAGSHIP = re.compile(r'echo "([^"]+)" \| (?:\\\n\s*)?fastcli predict(?:-prob)? topics\.bin')
TOUR_TRAINING = re.compile(r"^\$ fastcli (supervised -input (\S+) -output topics .*)$", re.M)


def test_the_sentence_of_the_examples_is_one_that_the_model_knows(tmp_path):
    everything = texts()
    is_short = [name for name in everything if not name.startswith("docs/")]
    places = {name: FLAGSHIP.findall(everything[name]) for name in is_short}
    assert all(places[name] for name in ("README.md", "fastcli", "predict"))
    sentences = {sentence for found in places.values() for sentence in found}
    sentences |= {step.typed for step in demo.STEPS if step.typed}
    assert len(sentences) == 1
    (sentence,) = sentences
    options, train = TOUR_TRAINING.search(everything["README.md"].replace("\\\n> ", "")).groups()
    lines = (ROOT / train).read_text(encoding="utf-8").splitlines()
    assert set(sentence.split()) <= {word for line in lines for word in line.split()}
    assert not any(line.endswith(sentence) for line in lines)  # it is no training line
    argv = options.replace(train, str(ROOT / train)).split()
    argv[argv.index("-output") + 1] = str(tmp_path / "topics")
    for seed in range(5):
        assert run(*argv, "-seed", seed).code == 0
        line = f"{sentence}\n".encode()
        answer = run("predict-prob", tmp_path / "topics.bin", "-", 1, stdin=line).text().split()
        assert answer[0] == "__label__cooking"
        assert float(answer[1]) > 0.9, seed


def test_every_stored_run_is_on_a_page():
    """A second run of a day has a number behind its name; the newest one of a name is shown."""
    stored = {re.sub(r"-\d+$", "", path.stem) for path in docs.RUNS.glob("*/*.md")}
    assert stored - {*docs.TABLES, *docs.ELSEWHERE, "cores"} == {
        "mlp-accuracy"
    }  # by now divided in two
    page = (docs.DOCS / "performance.md").read_text(encoding="utf-8")
    for name in (*docs.TABLES, "cores"):
        run = docs.stored(name)
        assert f"- {run.date}, {run.facts[0]}\n" in page
        assert not run.commands or run.commands[0] in page
        assert run.file.is_file()
