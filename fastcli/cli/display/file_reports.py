"""Display of libsvm files and of word vectors that inspect read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastcli.cli.display.reports import bar_chart, columns, command_lines, titled
from fastcli.cli.display.tables import counted, named_rows, wrapped
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from fastcli.inspect.libsvm import Libsvm
    from fastcli.inspect.vectors import VectorReport


def libsvm_lines(found: Libsvm) -> Iterator[str]:
    """Yield the report of a libsvm file."""
    from fastcli.memory import available_memory, size_text
    from fastcli.mlp.table_memory import FEWER

    packed = f" compressed ({found.packed})" if found.packed else ""
    size = f"{counted(found.n, 'row')}, {counted(found.n_features, 'feature')}"
    first = f"libsvm, indices from {found.base}"
    yield from titled(found.path, [first, f"{size}, {size_text(found.size)}{packed}"])
    yield ""
    rows = [("values", f"{found.n_values:,}, {found.density:.1%} of all; the others are 0")]
    if found.range:
        rows.append(("range", f"{found.range[0]:.4g} to {found.range[1]:.4g}"))
    rows.append(("constant features", f"{found.n_constant:,}"))
    rows.append(("features in no row", f"{found.n_unused:,}"))
    if found.queries:
        rows.append(("queries (qid)", f"{found.queries:,}, passed over by mlp-train"))
    yield from named_rows(rows)
    yield ""
    several = f", several in {counted(found.n_several, 'row')}" if found.n_several else ""
    yield f"{counted(len(found.labels), 'label')}{several}"
    yield from bar_chart(list(found.labels.most_common()), found.n)
    yield ""
    yield "Problems"
    if found.n_unlabelled:
        yield f"  x {counted(found.n_unlabelled, 'row')} without a label"
    for reason, n in found.bad.items():
        yield from wrapped(
            f"{counted(n)} with {reason}, the first is {found.first_bad[reason]:,}",
            columns(),
            "  x ",
            "    ",
        )
    if not found.bad and not found.n_unlabelled:
        yield "  ok every line has a label and index:value only"
    if found.is_too_wide:
        need, free = size_text(found.memory), size_text(available_memory() or 0)
        yield from wrapped(
            f"mlp-train would take {need} of memory, and {free} are available. {FEWER['libsvm']}",
            columns(),
            "  x ",
            "    ",
        )
        return
    yield ""
    yield "Next"
    yield from command_lines(found.command)


def vectors_lines(found: VectorReport) -> Iterator[str]:
    """Yield the report of a file of word vectors."""
    from fastcli.memory import size_text

    packed = f" compressed ({found.packed})" if found.packed else ""
    size = f"{counted(found.n, 'word')}, dim {found.layout.dim:,}, {size_text(found.size)}{packed}"
    yield from titled(found.path, [found.form, size])
    yield ""
    words = " ".join(printable(shortened(word, 20)) for word in found.words)
    more = " ..." if found.n > len(found.words) else ""
    yield from wrapped(f"{words}{more}", columns(), "  ")
    yield ""
    yield "Problems"
    for problem in found.problems:
        yield from wrapped(printable(problem), columns(), "  ! ", "    ")
    if not found.problems:
        declared = "as the header says" if found.declared >= 0 else "all of the same dimension"
        yield f"  ok {counted(found.n, 'word')}, {declared}"
    yield ""
    yield "Next"
    for command in found.commands:
        yield from command_lines(command)
