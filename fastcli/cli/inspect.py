"""inspect: describe data sets and models, and report their problems."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import click

from fastcli.cli._command import positional
from fastcli.cli._declare import FileName, given_names, takes
from fastcli.cli._inputs import Lists, read_inputs
from fastcli.cli.display.tables import bar, counted, cut, named_rows, width_of, wrapped
from fastcli.cli.display.terminal import width
from fastcli.errors import DataError
from fastcli.options import option
from fastcli.overwriting import STREAM, check_apart
from fastcli.printable import one_line, printable, shortened
from fastcli.text.options import DELIMITER, LABEL

if TYPE_CHECKING:
    from fastcli.inspect.advice import Advice
    from fastcli.inspect.data import DataSet
    from fastcli.inspect.findings import Finding

TOP = 20  # labels in a chart
WIDEST = 100  # columns
SNIPPET = 50  # columns of a line that are shown at least, whatever the width


@dataclass(frozen=True, kw_only=True)
class Inspecting:
    """The options of inspect."""

    json: bool = option(False, "write JSON, one line per file")
    label: str = option("__label__", LABEL, group="general")
    delimiter: str = option("", DELIMITER)


@positional("<file>... [options]")
@click.argument("files", metavar="<file>...", nargs=-1, type=FileName())
@takes(Inspecting, Lists)
@click.pass_context
def inspect(ctx: click.Context, options: Inspecting, lists: Lists, files: tuple[str, ...]) -> None:
    """Describe data sets and models, report problems, and suggest training options.

    Data sets are lines of labels and text, compressed or not; - is standard input.  The first
    of several data sets is taken as the training data, and each pair is searched for texts that
    occur in both.  Nothing is written or changed.

    \b
    Example:
      fastcli inspect data/samples/topics.train.txt data/samples/topics.test.txt
      fastcli inspect --json topics.bin
    """
    as_json = options.json
    if not options.label:
        raise click.UsageError("-label must not be empty: every word would be a label.", ctx)
    files = read_inputs(ctx, "files", files, lists.files_from, opens_folders=False)
    if not files:
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    for path in files:
        check_readable(path)
    from fastcli.cli.display.messages import announce_compiling, say
    from fastcli.inspect.advice import advise, notes
    from fastcli.inspect.data import read_data
    from fastcli.inspect.models import is_model, model_report
    from fastcli.inspect.repeats import compare
    from fastcli.tables.dialects import read_delimiter

    delimiter = read_delimiter(options.delimiter)
    announce_compiling()
    data_sets: list[DataSet] = []
    for i, path in enumerate(files):
        if not as_json and i:
            write([""])
        if is_model(path):
            report = model_report(path, say)
            write([to_json(report)] if as_json else model_lines(report))
            continue
        data = read_data(path, options.label)
        advice, remarks = advise(data), notes(data, not data_sets, delimiter)
        if as_json:
            described = {**data.as_json(), "notes": remarks, "suggestions": advice.as_json()}
            write([to_json(described)])
        else:
            write(data_lines(data, remarks, None if data_sets else advice))
        data_sets.append(data)
    for first, second in combinations(data_sets, 2):
        pair = compare(first, second)
        if as_json:
            write([to_json(pair)])
        elif first is data_sets[0] or pair["lines"]:
            write(["", *pair_lines(pair, first, second)])
    if not data_sets and "label" in given_names(ctx):
        say("-label: no effect on models, only on data sets.")


def check_readable(path: str) -> None:
    """Raise DataError if a file is missing or unreadable, before any work is done."""
    check_apart([path], [STREAM])
    if path == "-":
        return
    try:
        os.stat(path)
        if os.path.isdir(path):
            raise IsADirectoryError(0, "Is a directory")
        if os.path.isfile(path):
            with open(path, "rb"):
                pass
    except OSError as error:
        raise DataError(f"{path} cannot be opened! ({error.strerror})") from None


def write(lines: Iterable[str]) -> None:
    """Write lines to stdout at once."""
    text = "".join(line.rstrip() + "\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def to_json(report: dict[str, Any]) -> str:
    """Return a report as a line of JSON."""
    return json.dumps(report, ensure_ascii=False)


# ---------------------------------------------------------------------- layout


def columns() -> int:
    """Return the width to write for."""
    return max(40, min(width(sys.stdout), WIDEST))


def bar_chart(counts: list[tuple[str, int | None]], total: int) -> Iterator[str]:
    """Yield a bar for each of the first labels; the rest are one line."""
    shown = [(cut(printable(name), columns() // 3), n) for name, n in counts[:TOP]]
    rest = counts[TOP:]
    most = max((n or 0 for _, n in shown), default=0) or 1
    names = max((width_of(name) for name, _ in shown), default=0)
    digits = max((len(f"{n:,}") for _, n in shown if n is not None), default=0)
    room = columns() - names - digits - 14
    for name, n in shown:
        pad = " " * (names - width_of(name))
        if n is None:
            yield f"  {name}"
            continue
        share = f"{n / max(total, 1):.1%}"
        yield f"  {name}{pad}  {n:>{digits},}  {share:>6}  {bar(n / most, room)}"
    if rest:
        n = sum(count or 0 for _, count in rest)
        more = f"  and {len(rest):,} more"
        yield f"{more}, {n:,} in all ({n / max(total, 1):.1%})" if rest[0][1] is not None else more


# ------------------------------------------------------------------------ data


def data_lines(data: DataSet, notes: list[dict[str, str]], advice: Advice | None) -> Iterator[str]:
    """Yield the report of a data set; only the training data has advice."""
    from fastcli.cli.display.curves import sparkline
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


# ----------------------------------------------------------------------- model


def model_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a model."""
    from fastcli.inspect.models import changed_arguments
    from fastcli.memory import size_text

    yield f"{printable(report['file'])}: {report['model']} model, {report['task']}"
    yield ""
    size = size_text(report["bytes"])
    if report["bytes_on_disk"] is not None and report["bytes_on_disk"] < report["bytes"]:
        size += f", of which {size_text(report['bytes_on_disk'])} take space on disk"
    rows = [("size", size), ("parameters", f"{report['parameters']:,}")]
    if report["words"]:
        rows.append(("words", f"{report['words']:,}, learned from {report['tokens']:,} tokens"))
    if report.get("columns"):
        rows.append(("columns", f"{report['columns']:,} numbers per row"))
    if report["labels"]:
        rows.append(("labels", f"{report['labels']:,}"))
    if report["buckets"]:
        rows.append(("buckets", f"{report['buckets']:,}"))
    rows.append(("dim" if report["words"] else "inputs", f"{report['dim']:,}"))
    if report["quantization"]:
        rows.append(("quantized", quantized_text(report["quantization"])))
    rows.append(("version", f"{report['version']}"))
    yield from named_rows(rows)
    yield ""
    yield "Bytes"
    yield from part_lines(report["parts"])
    yield ""
    arguments = changed_arguments(report)
    is_all = len(arguments) == len(report["arguments"])
    yield "Arguments" if is_all else "Optimiser, and arguments that are not the default"
    words = [f"{name} {argument_text(value)}" for name, value in arguments.items()]
    yield from wrapped(one_line(", ".join(words)), columns(), "  ")
    if report["label_counts"]:
        yield ""
        yield "Labels"
        counts = list(report["label_counts"].items())
        yield from bar_chart(counts, sum(n or 0 for _, n in counts))
    if report["about"]:
        yield ""
        yield "How it was made"
        yield from named_rows((k, one_line(argument_text(v))) for k, v in report["about"].items())


def argument_text(value: Any) -> str:
    """Return a value as text for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def quantized_text(quantization: dict[str, Any]) -> str:
    """Return how a model was quantized."""
    parts = [f"dsub {quantization['dsub']}"]
    parts += [name for name in ("qnorm", "qout") if quantization[name]]
    if quantization["pruned"]:
        parts.append(f"cut off to {quantization['kept_rows']:,} rows")
    return ", ".join(parts)


def part_lines(parts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the parts of a file, with their bytes and shares."""
    names = [part["part"] for part in parts]
    first = max(map(len, names))
    sizes = [f"{part['bytes']:,}" for part in parts]
    digits = max(map(len, sizes))
    for name, size, part in zip(names, sizes, parts, strict=True):
        shape = " x ".join(f"{n:,}" for n in part.get("shape", []))
        yield f"  {name:<{first}}  {size:>{digits}}  {part['share']:>6.1%}  {shape}"
