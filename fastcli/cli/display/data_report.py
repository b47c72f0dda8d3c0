"""Display of a data set that inspect read: statistics, labels, findings, suggested options."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastcli.cli.display.reports import bar_chart, columns
from fastcli.cli.display.tables import counted, cut, named_rows, width_of, wrapped
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from fastcli.inspect.advice import Advice
    from fastcli.inspect.data import DataSet
    from fastcli.inspect.findings import Finding

SNIPPET = 50  # columns of a line that are shown at least, whatever the width


def data_lines(data: DataSet, notes: list[dict[str, str]], advice: Advice | None) -> Iterator[str]:
    """Yield the report of a data set; only the training data has advice."""
    from fastcli.cli.display.sparkline import sparkline
    from fastcli.inspect.data import lines_at
    from fastcli.memory import size_text

    report = data.as_json()
    labels, tokens, vocabulary = report["labels"], report["tokens"], report["vocabulary"]
    per_line = tokens["per_line"]
    growth = [point["words"] for point in vocabulary["growth"]]
    shown = printable(report["file"])
    yield f"{shown}: data set, {size_text(data.size)}"
    yield ""
    label_row = f"{labels['distinct']:,}"
    if labels["distinct"]:
        label_row += f"; per line {round(labels['per_line']['mean'], 2):g} on average, at most "
        label_row += f"{labels['per_line']['max']:,}"
        if data.n_multilabel:
            label_row += (
                f"; several on {counted(data.n_multilabel)} ({data.n_multilabel / data.n:.1%})"
            )
    unique = f"{vocabulary['words']:,}"
    if vocabulary["words"]:
        once = vocabulary["once"] / vocabulary["words"]
        unique += f" different, {vocabulary['once']:,} ({once:.0%}) of them only once"
    rows = [
        ("lines", f"{data.n:,}"),
        ("labels", label_row),
        ("words", f"{tokens['total']:,}, of {tokens['mean_length']:.1f} characters"),
        (
            "words per line",
            f"{per_line['min']:,} to {per_line['max']:,}; median {per_line['median']:,}, "
            f"mean {per_line['mean']:,.1f}, 95% have at most {per_line['p95']:,}",
        ),
        ("vocabulary", unique),
    ]
    if len(growth) > 1 and growth[-1]:
        bars = sparkline(growth, 0, growth[-1])
        more = growth[-1] - growth[-2]
        rows.append(("  growth", f"{bars}  the last tenth of the lines adds {more:,}"))
    yield from named_rows(rows)
    if data.labels:
        yield ""
        ratio = data.imbalance()
        heading = "Labels"
        if ratio is not None:
            heading += f" (the largest has {ratio:,.1f} times the lines of the smallest)"
        yield heading
        counts: list[tuple[str, int | None]] = list(labels["counts"].items())
        yield from bar_chart(counts, sum(data.labels.values()))
    found = data.findings.all()
    yield ""
    if not found and not notes:
        yield "No problems found."
    else:
        yield "Findings"
        numbers = {e[k] for f in found for e in f.examples[:3] for k in ("line", "first") if k in e}
        texts = lines_at(data, numbers)
        for note in notes:
            yield from wrapped(printable(note["sentence"]), columns(), "  ")
        for finding in found:
            if finding.kind == "no_label" and not data.labels:
                continue
            yield from finding_lines(finding, shown, texts)
    if advice is not None:
        yield ""
        yield from advice_lines(advice)


def finding_lines(finding: Finding, file: str, texts: dict[int, bytes]) -> Iterator[str]:
    """Yield the findings, in how many lines each is, and the first of these."""
    from fastcli.inspect.findings import MEANINGS

    yield from wrapped(f"{counted(finding.count)}: {MEANINGS[finding.kind]}", columns(), "  ")
    for example in finding.examples[:3]:
        place = f"{file}:{example['line']}"
        note = ""
        if "column" in example:
            place += f":{example['column']}"
            note = f"{example.get('byte') or example.get('character')}  "
        elif "first" in example:
            note = f"as line {example['first']}  "
            if finding.kind == "contradiction":
                note = f"unlike line {example['first']}  "
        elif "label" in example:
            note = f"{shortened(printable(example['label']))}  "
        text = texts.get(example["line"])
        yield place_line(place, note, text, example.get("column", 1) - 1)
        if finding.kind == "contradiction":
            yield place_line(f"{file}:{example['first']}", "", texts.get(example["first"]))


def place_line(place: str, note: str, text: bytes | None, at: int = 0) -> str:
    """Return ``file:line`` and an excerpt of the line that contains byte ``at``."""
    start = f"{place}: {note}"
    if text is None:
        return start
    if len(text) > at > SNIPPET // 2:
        first = text.rfind(b" ", 0, at - SNIPPET // 4) + 1
        first = max(first, at - SNIPPET // 2)
        while text[first] & 0xC0 == 0x80 and first < at:  # not within a character
            first += 1
        start += "…"
        text = text[first:]
    shown = printable(text[:400].decode("utf-8", "backslashreplace"))
    return start + cut(shown, max(columns() - width_of(start), SNIPPET))


def advice_lines(advice: Advice) -> Iterator[str]:
    """Yield the options, each with its reason, the command, and the memory and disk it needs."""
    from fastcli.memory import size_text

    yield "Suggested options"
    yield from named_rows((f"{s.option} {s.value}", s.reason) for s in advice.suggestions)
    yield ""
    yield f"  {printable(shlex.join(advice.command))}"
    yield ""
    sizes = (
        f"about {size_text(advice.memory)} of memory; the model will be {size_text(advice.file)}"
    )
    if advice.disk < 0.9 * advice.file:
        sizes += f" ({size_text(advice.disk)} on disk)"
    yield from wrapped(f"Needs {sizes}.", columns(), "  ")


def pair_lines(pair: dict[str, Any], first: DataSet, second: DataSet) -> Iterator[str]:
    """Yield what two data sets share."""
    from fastcli.inspect.data import lines_at

    a, b = printable(pair["first"]), printable(pair["second"])
    yield f"{a} and {b}"
    if not pair["lines"]:
        yield f"  No text of {b} is in {a}."
    else:
        sentence = (
            f"Texts of {a} that are in {b} too: {counted(pair['lines'])} ({pair['share']:.1%}), "
            f"{pair['with_same_labels']:,} with the same labels. A test on them is too easy."
        )
        yield from wrapped(sentence, columns(), "  ")
        examples = pair["examples"][:3]
        texts = lines_at(second, {example["line"] for example in examples})
        for example in examples:
            note = f"as line {example['first']}  "
            yield place_line(f"{b}:{example['line']}", note, texts.get(example["line"]))
    if pair["unknown_labels"] and first.labels:
        names = ", ".join(shortened(printable(name)) for name in list(pair["unknown_labels"])[:3])
        n = len(pair["unknown_labels"])
        sentence = f"Not in {a}: {counted(n, 'label')} of {b}, such as {names}."
        yield from wrapped(sentence, columns(), "  ")
    yield from wrapped(
        f"{pair['unknown_tokens_share']:.1%} of the words of {b} are not in {a}.", columns(), "  "
    )
