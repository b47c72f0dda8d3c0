"""Display of a model that inspect read: its sizes, the use of its bytes, how it was made."""

from __future__ import annotations

import json
import math
import shlex
import time
from collections.abc import Iterator
from typing import Any

from fastcli.cli.display.reports import TOP, bar_chart, columns, command_lines, titled
from fastcli.cli.display.tables import bar, counted, named_rows, width_of, wrapped
from fastcli.printable import one_line, printable


def model_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a model."""
    yield from (_network_lines if report["model"] == "perceptron" else _linear_lines)(report)


# ---------------------------------------------------------------------- linear models


def _linear_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a linear model: what it is, the use of its bytes, labels, commands."""
    end = "ftz" if report["quantization"] else "bin"
    title = f"{report['task']} ({report['model']}, fastText .{end} {report['version']})"
    written = _written(report)
    is_short = width_of(f"{report['file']}  {title}, {written}") <= columns()
    texts = [f"{title}, {written}"] if written and is_short else [title, *filter(None, [written])]
    yield from titled(report["file"], texts)
    yield ""
    yield from _pairs(_facts(report))
    yield ""
    yield f"Bytes  {_size(report)}"
    yield from _use_lines(report["use"])
    others = _other_arguments(report)
    if others:
        yield ""
        yield from wrapped(one_line(f"Other arguments: {', '.join(others)}"), columns(), "", "  ")
    yield from _label_lines(report)
    yield from _top_word_lines(report)
    yield from _command_lines(report)


def _written(report: dict[str, Any]) -> str:
    """Return when the file was written, "" if that is not known."""
    if report["written"] is None:
        return ""
    when = time.localtime(report["written"])
    return f"written {when.tm_mday} {time.strftime('%b %Y %H:%M', when)}"


def _facts(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return names and values of what a linear model is, in the order of reading."""
    args, training, about = report["arguments"], report["training"], report["about"]
    chars = f"{args['minn']}-{args['maxn']}" if args["maxn"] else "none"
    words = f"1-{args['wordNgrams']}" if args["wordNgrams"] > 1 else "1"
    facts = [("words", f"{report['words']:,}"), ("loss", args["loss"]), ("dim", f"{args['dim']:,}")]
    if report["labels"]:
        facts.insert(0, ("labels", f"{report['labels']:,}{_per_line(report)}"))
    facts.append(("n-grams", f"words {words}, chars {chars}"))
    facts.append(
        ("epochs, lr", f"{args['epoch']}, {training['lr']:g}")
        if "lr" in training
        else ("epochs", f"{args['epoch']}")
    )
    if isinstance(about.get("interrupted"), int):
        facts.append(("interrupted", f"in epoch {about['interrupted']:,}"))
    if inputs := training.get("input"):
        paths = inputs if isinstance(inputs, list) else [inputs]
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        facts.append(("trained on", f"{paths[0]}{more}"))
    facts.append(("tokens", f"{report['tokens']:,}"))
    threads = f", {about['threads']}" if "threads" in about else ""
    if "seed" in training:
        facts.append(("seed, threads" if threads else "seed", f"{training['seed']}{threads}"))
    if report["buckets"]:
        facts.append(("buckets", f"{report['buckets']:,}"))
    if report["quantization"]:
        facts.append(("quantized", quantized_text(report["quantization"])))
    if isinstance(about.get("loss"), int | float):
        facts.append(("final loss", f"{about['loss']:.2f}{_guessing(report)}"))
    return facts


def _per_line(report: dict[str, Any]) -> str:
    mean = report["labels_per_line"]
    if mean is None:
        return ""
    return ", one a line" if mean <= 1 else f", {mean:g} a line"


def _guessing(report: dict[str, Any]) -> str:
    """Return the loss of guessing, where it is known: ln n for one of n labels."""
    is_softmax = report["arguments"]["loss"] == "softmax" and report["labels"] > 1
    return f" (guessing: {math.log(report['labels']):.2f})" if is_softmax else ""


def _pairs(facts: list[tuple[str, str]]) -> Iterator[str]:
    """Yield two facts in a line where both are short, else one."""
    facts = [(name, one_line(value)) for name, value in facts]
    left = max(width_of(name) for name, _ in facts)
    half = (columns() - 2) // 2 - left - 4
    line = ""
    for name, value in facts:
        cell = f"{name}{' ' * (left - width_of(name))}  {value}"
        is_short = width_of(value) <= half
        if line and is_short:
            yield f"  {line}{' ' * (left + half + 4 - width_of(line))}{cell}"
            line = ""
        elif is_short:
            line = cell
        else:
            yield from ([f"  {line}"] if line else [])
            yield f"  {cell}"
            line = ""
    if line:
        yield f"  {line}"


def _size(report: dict[str, Any]) -> str:
    from fastcli.memory import size_text

    size, on_disk = size_text(report["bytes"]), report["bytes_on_disk"]
    if report["compression"]:
        size += f", compressed ({report['compression']})"
    if on_disk is not None and on_disk < report["bytes"]:
        size += f", {size_text(on_disk)} on disk"
    return size


def _use_lines(parts: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the parts of a file, with their bytes, shares and a bar for each."""
    first = max(len(part["part"]) for part in parts)
    digits = max(len(f"{part['bytes']:,}") for part in parts)
    room = columns() - first - digits - 14
    for part in parts:
        line = f"  {part['part']:<{first}}  {part['bytes']:>{digits},}  {part['share']:>6.1%}"
        yield f"{line}  {bar(part['share'], room)}" if part["share"] * room >= 0.5 else line


def _other_arguments(report: dict[str, Any]) -> list[str]:
    """Return the arguments of a linear model that are not fastText's defaults nor shown above."""
    from fastcli.inspect.models import unusual_arguments

    found = unusual_arguments(report)
    return [f"{name} {argument_text(value)}" for name, value in found.items()]


def _command_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the command that makes the model smaller, and those that made it."""
    from fastcli.memory import size_text

    shown = []
    if smaller := report["smaller"]:
        size = f"   (about {size_text(smaller['bytes'])})"
        shown.append(("Smaller", smaller["command"], size))
    about = report["about"]
    commands = [about[name] for name in ("command", "quantize") if name in about]
    shown += [("Made by", command, "") for command in commands]
    if shown:
        yield ""
    for title, command, note in shown:
        line = f"{title}: {one_line(command)}{note}"
        if width_of(line) <= columns():
            yield line
            continue
        yield f"{title}:{note}"
        yield from command_lines(split_command(command))


# -------------------------------------------------------------------- neural networks


def _network_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a neural network: its sizes, tensors, arguments and labels."""
    from fastcli.inspect.models import changed_arguments
    from fastcli.mlp.layer_sizes import layers_counted

    yield f"{printable(report['file'])}: {report['model']} model, {report['task']}"
    yield ""
    rows = [("size", _size(report)), ("parameters", f"{report['parameters']:,}")]
    if report["words"]:
        rows.append(("words", f"{report['words']:,}, learned from {report['tokens']:,} tokens"))
    if report.get("columns"):
        rows.append(("columns", f"{report['columns']:,} numbers per row"))
    targets = report.get("targets", [])
    rows.append(("labels", f"{report['labels']:,}") if not targets else _count_of(targets))
    if report["buckets"]:
        rows.append(("buckets", f"{report['buckets']:,}"))
    widths = report["layers"]
    rows.append(("network", f"{'-'.join(map(str, widths))}: {layers_counted(len(widths))}"))
    rows.append(("dim" if report["words"] else "inputs", f"{report['dim']:,}"))
    rows.append(("version", f"{report['version']}"))
    if isinstance(report["about"].get("interrupted"), int):
        rows.append(("interrupted", f"in epoch {report['about']['interrupted']:,}"))
    yield from named_rows(rows)
    yield ""
    yield "Bytes"
    yield from part_lines(report["parts"])
    yield ""
    yield "Optimiser, and arguments that are not the default"
    arguments = changed_arguments(report)
    words = [f"{name} {argument_text(value)}" for name, value in arguments.items()]
    yield from wrapped(one_line(", ".join(words)), columns(), "  ")
    yield from _target_lines(targets)
    yield from _label_lines(report)
    yield from _top_word_lines(report)
    if report["about"]:
        yield ""
        yield "How it was made"
        yield from named_rows((k, one_line(argument_text(v))) for k, v in report["about"].items())


def _count_of(targets: list[dict[str, Any]]) -> tuple[str, str]:
    return "targets", f"{len(targets):,} (numbers: regression)"


def _target_lines(targets: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the targets of regression, and the scale that they are learned on."""
    if not targets:
        return
    yield ""
    yield "Targets: the network gives (target - mean) / deviation"
    rows = [
        (one_line(one["name"]), f"mean {one['mean']:.6g}, deviation {one['deviation']:.6g}")
        for one in targets[:TOP]
    ]
    yield from named_rows(rows)
    if more := len(targets) - len(rows):
        yield f"  and {counted(more, 'more target')}, which --json lists"


# ------------------------------------------------------------------------------- both


def _label_lines(report: dict[str, Any]) -> Iterator[str]:
    if report["label_counts"]:
        yield ""
        yield "Labels"
        counts = list(report["label_counts"].items())
        yield from bar_chart(counts, sum(n or 0 for _, n in counts))


def _top_word_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the words that speak for each of the labels, which come as in their chart."""
    if not report.get("top_words"):
        return
    yield ""
    title = "Words that speak for a label (score of the word alone, less that for the next label)"
    yield from wrapped(title, columns(), "", "  ")
    shown = list(report["top_words"])[:TOP]
    for name in shown:
        words = report["top_words"][name]
        text = "  ".join(f"{printable(one['word'])} {one['score']:.1f}" for one in words)
        yield from wrapped(f"{printable(name)}", columns(), "  ", "    ")
        yield from wrapped_pairs(text or "(none)", columns(), "    ")
    if more := len(report["top_words"]) - len(shown):
        yield f"  and {counted(more, 'more label')}, which --json lists"


def wrapped_pairs(text: str, room: int, indent: str) -> Iterator[str]:
    """Yield pairs of a word and a number, two spaces between them; no pair is divided.

    >>> list(wrapped_pairs("one 1  two 2", 8, " "))
    [' one 1', ' two 2']
    """
    line = ""
    for pair in text.split("  "):
        if line and width_of(indent + line) + 2 + width_of(pair) > room:
            yield indent + line
            line = ""
        line = f"{line}  {pair}" if line else pair
    yield indent + line


def split_command(command: str) -> list[str]:
    """Return the words of a command; all of it as one where quotes in it are not closed."""
    try:
        return shlex.split(command)
    except ValueError:
        return [command]


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
