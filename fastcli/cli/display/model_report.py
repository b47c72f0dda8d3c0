"""Display of a model that inspect read: its sizes, the use of its bytes, how it was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from fastcli.cli.display.reports import bar_chart, columns
from fastcli.cli.display.tables import named_rows, wrapped
from fastcli.printable import one_line, printable


def model_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report of a model."""
    from fastcli.inspect.models import changed_arguments
    from fastcli.memory import size_text

    yield f"{printable(report['file'])}: {report['model']} model, {report['task']}"
    yield ""
    size = size_text(report["bytes"])
    if report["bytes_on_disk"] is not None and report["bytes_on_disk"] < report["bytes"]:
        what = f"compressed ({report['compression']}), " if report["compression"] else ""
        size += f", {what}of which {size_text(report['bytes_on_disk'])} take space on disk"
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
