"""Tables of text: what prepare makes of them, and the options that it needs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from fastcli.inspect.advice import input_name, output_name
from fastcli.inspect.columns import MOST_VALUES
from fastcli.inspect.table_columns import (
    Chosen,
)
from fastcli.inspect.table_contents import (
    ERROR,
    WARNING,
    Problem,
    TableReport,
    alike_groups,
    asked,
    difference,
    reading_options,
    row_problems,
    rows_that,
)
from fastcli.inspect.table_files import TableFile
from fastcli.inspect.table_text import Texts, read_texts
from fastcli.printable import listed
from fastcli.tables.choice import Columns
from fastcli.tables.reading import Reading
from fastcli.tables.sources import NO_LABEL


def text_table(report: TableReport, chosen: Chosen, asked_for: Reading) -> None:
    """Fill in a report of a table of text: prepare reads it; ``asked_for`` is what options say."""
    file = report.file
    names = [column.name for column in file.columns]
    if not chosen.text:
        report.problems.append(Problem(ERROR, "no column looks like text or numbers"))
        report.problems += row_problems(file.bad, file, "")
        return
    report.purpose = "text"
    report.text_names = tuple(names[i] for i in chosen.text)
    report.label_names = tuple(names[i] for i in chosen.label)
    report.label_how = "a guess" if chosen.label and chosen.is_guess else ""
    words = [asked(names, i) for i in (*chosen.text, *chosen.label)]
    text, label = tuple(words[: len(chosen.text)]), tuple(words[len(chosen.text) :])
    reading = replace(
        asked_for,
        encoding=file.encoding or "utf-8",
        header=file.has_names if file.is_delimited else None,
    )
    texts = read_texts(file.path, Columns(text=text, label=label), reading)
    report.labels, report.n_several = texts.labels, texts.n_several
    report.n_unlabelled = texts.bad.pop(NO_LABEL, 0)
    report.alike = alike_groups(texts.labels)
    report.problems = list(_text_problems(report, texts))
    if texts.error or not texts.n:  # no option is known with which prepare would read it
        return
    command = ["fastcli", "prepare", input_name(file.path), "-o", output_name(file.path)]
    for name in text:
        command += ["--text-column", name]
    for name in label:
        command += ["--label-column", name]
    command += reading_options(file, asked_for)
    if _needs_cleaning(report):
        command.append("--clean")
    report.command = [*command, *_options_of(report.problems)]


def _needs_cleaning(report: TableReport) -> bool:
    """Tell whether texts have tags, capitals or punctuation: all but lists of plain words do."""
    columns = [column for column in report.file.columns if column.name in report.text_names]
    return any(column.n_html or column.kind in ("text", "short text") for column in columns)


def _text_problems(report: TableReport, texts: Texts) -> Iterator[Problem]:
    file = report.file
    if file.encoding not in ("utf-8", ""):
        yield Problem(
            ERROR, f"not UTF-8; reads as {file.encoding}", f"--encoding {file.encoding}", file.n
        )
    if texts.error:
        yield Problem(ERROR, texts.error.removeprefix(f"{file.path}: "))
    for sentence, k in zip(texts.why, range(0, len(texts.options), 2), strict=True):
        yield Problem(ERROR, sentence, shlex.join(texts.options[k : k + 2]))
    what = listed(report.label_names) if len(report.label_names) == 1 else "label: all are 0"
    if n := report.n_unlabelled:
        is_indicator = len(report.label_names) > 1
        option = "--none none" if is_indicator else "--skip-bad"
        yield Problem(ERROR, f"{rows_that(n, 'has', 'have')} no {what}", option, n)
    leave_out = "--skip-bad" if texts.n else ""  # what would be left
    yield from row_problems(texts.bad + _of_file(texts, file), file, leave_out)
    if n := texts.n_empty:
        yield Problem(ERROR, f"{rows_that(n, 'has', 'have')} no text", "--skip-bad", n)
    if report.alike:
        n = sum(len(group) - 1 for group in report.alike)
        labels = "1 label differs" if n == 1 else f"{n:,} labels differ"
        yield Problem(WARNING, f"{labels} by {difference(report.alike)}", "--label-case first", n)
    if n := texts.n_repeated:
        which = " and ".join(name.lower() for name in report.text_names[:3])
        which = which if file.has_names else "text"
        where = f"of the first {texts.n:,} " if texts.is_cut else ""
        yield Problem(
            WARNING,
            f"{rows_that(n, f'{where}repeats', f'{where}repeat')} a {which}",
            "--dedup exact",
            n,
        )
    columns = [column for column in file.columns if column.name in report.text_names]
    if any(column.is_ideographic for column in columns):
        yield Problem(WARNING, "no spaces between the words of the text", "--segment chars")
    elif any(column.is_spaceless for column in columns):
        yield Problem(WARNING, "no spaces between the words: --tokenizer-cmd can cut them")
    n_labels = len(report.labels)
    if not report.label_names:
        yield Problem(WARNING, "no column looks like a label: add --label-column NAME, if one is")
    if report.label_names and n_labels > max(MOST_VALUES, report.file.n // 2):
        yield Problem(WARNING, f"{n_labels:,} different labels: is it another column?")
    elif report.label_names and n_labels == 1:
        yield Problem(WARNING, "there is only one label, so there is nothing to classify")


def _of_file(texts: Texts, file: TableFile) -> Counter[str]:
    """Return the reasons that the first reading found, where the second one ended early."""
    return file.bad if texts.error else Counter()


def _options_of(problems: list[Problem]) -> list[str]:
    """Return the options that handle problems, each once."""
    found = dict.fromkeys(problem.option for problem in problems if problem.option)
    return [word for option in found for word in shlex.split(option)]
