"""Display of a table that inspect read: its columns, its labels, problems, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.reports import TOP, columns, command_lines, titled
from fastcli.cli.display.tables import Column, Rows, bar, counted, cut, width_of, wrapped
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from fastcli.inspect.columns import Column as Counts
    from fastcli.inspect.table_contents import Problem, TableReport
    from fastcli.inspect.table_files import TableFile

LONGEST_NAME = 24  # columns of a name in the table of columns
MOST_ROWS = 40  # of the table of columns
MOST_PROBLEMS = 12
ALIKE = 2  # other spellings of a label that are shown
ENCODINGS = {"utf-8": "UTF-8", "": "unknown encoding"}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", " ": "space"}


def table_lines(report: TableReport) -> Iterator[str]:
    """Yield the report of a table."""
    yield from head_lines(report.file)
    yield ""
    yield from column_lines(report)
    if report.label_names:
        yield ""
        yield from label_lines(report)
    yield ""
    yield "Problems"
    yield from problem_lines(report)
    if report.said:
        yield ""
        yield "Read as"
        for sentence in report.said:
            yield from wrapped(printable(sentence), columns(), "  ")
    if report.command:
        yield ""
        yield "Next"
        yield from command_lines(report.command)


# -------------------------------------------------------------------------------- head


def head_lines(file: TableFile) -> Iterator[str]:
    """Yield the format of a table, then its size, beside its name or, if that is long, below."""
    from fastcli.inspect.table_files import FORMATS

    dialect = file.dialect
    parts = [FORMATS[file.kind]]
    if dialect is not None:
        parts[0] = "CSV" if file.kind == "csv" else parts[0]
        parts.append(DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter)))
        parts.append("quoted" if file.is_quoted else "no quotes")
        parts += ["backslash escapes"] * bool(dialect.escape)
        parts += ["spaces after separators"] * dialect.skips_spaces
    if file.kind != "parquet":
        encoding = ENCODINGS.get(file.encoding, file.encoding)
        parts.append(f"{encoding} with a byte order mark" if file.has_bom else encoding)
        parts.append(file.line_ends)
    if dialect is not None:
        parts.append("header" if file.has_names else "no header")
    yield from titled(file.path, [", ".join(parts), size_line(file)])


def size_line(file: TableFile) -> str:
    """Return how many rows, columns and bytes a table has."""
    from fastcli.memory import size_text

    packed = f" compressed ({file.packed})" if file.packed else ""
    n_columns = len(file.columns)
    rows = f"{file.n:,} row{'s' * (file.n != 1)}"
    return f"{rows}, {n_columns:,} column{'s' * (n_columns != 1)}, {size_text(file.size)}{packed}"


# ----------------------------------------------------------------------------- columns


def column_lines(report: TableReport) -> Iterator[str]:
    """Yield a row for each column of a table."""
    file = report.file
    has_text = report.purpose == "text"
    shown = file.columns[:MOST_ROWS]
    names = [_name(column, file) for column in shown]
    rows = []
    for name, column in zip(names, shown, strict=True):
        filled = f"{_share(column.filled, file.n)}"
        words = [f"{column.words:,}"] if has_text else []
        rows.append([name, filled, _different(column), *words])
    titles = ["column", "filled", "different", *(["words"] if has_text else [])]
    widths = [max(map(width_of, cells)) for cells in zip(titles, *rows, strict=True)]
    room = max(columns() - sum(widths) - 2 * len(widths), 12)
    layout = [
        Column(title, w, i == 0) for i, (title, w) in enumerate(zip(titles, widths, strict=True))
    ]
    table = Rows([*layout, Column("looks like", 0, is_text=True)])
    yield table.header()
    for cells, column in zip(rows, shown, strict=True):
        yield table.row([*cells, cut(printable(report.looks_like(column)), room)])
    if more := len(file.columns) - len(shown):
        yield f"and {more:,} more columns: --json has them"


def _name(column: Counts, file: TableFile) -> str:
    name = column.name if file.has_names else str(column.position)
    return cut(printable(name) or "(no name)", LONGEST_NAME)


def _different(column: Counts) -> str:
    n = column.different
    return f"> {column.most_different:,}" if n is None else f"{n:,}"


def _share(n: int, of: int) -> str:
    """Return a share in percent that is 100.0% only where nothing is missing."""
    share = n / max(of, 1)
    return f"{min(share, 0.999):.1%}" if n < of else f"{share:.1%}"


# ------------------------------------------------------------------------------ labels


def label_lines(report: TableReport) -> Iterator[str]:
    """Yield a bar for each label; spellings of it that are alike stand beside it."""
    names = ", ".join(printable(shortened(name, 30)) for name in report.label_names[:4])
    n = len(report.labels)
    how = f" ({report.label_how})" if report.label_how else ""
    title = f"{names}  {n:,} label{'s' * (n != 1)}{how}"
    if report.n_several:
        title += f", several in {counted(report.n_several, 'row')}"
    yield cut(title, columns())
    others = {group[0]: group[1:] for group in report.alike}
    hidden = {name for group in report.alike for name in group[1:]}
    counts = [(name, k) for name, k in report.labels.most_common() if name not in hidden]
    rows = [(cut(printable(name), columns() // 3), k, others.get(name, [])) for name, k in counts]
    rest = rows[TOP:]
    rows = rows[:TOP]
    if report.n_unlabelled:
        rows.append(("(empty)", report.n_unlabelled, []))
    if not rows:
        return
    most = max(k for _, k, _ in rows)
    first = max(width_of(name) for name, _, _ in rows)
    digits = max(len(f"{k:,}") for _, k, _ in rows)
    notes = [_spellings(report, alike) for _, _, alike in rows]
    widest = min(max(map(width_of, notes)), 30)
    room = max(columns() - first - digits - 14 - widest, 8)
    for (name, k, _), note in zip(rows, notes, strict=True):
        pad = " " * (first - width_of(name))
        share = f"{k / max(report.file.n, 1):.1%}"
        line = f"  {name}{pad}  {k:>{digits},}  {share:>6}  {bar(k / most, room)}"
        yield cut(f"{line}{note}", columns())
    if rest:
        total = sum(k for _, k, _ in rest)
        share = f"{total / max(report.file.n, 1):.1%}"
        yield f"  and {len(rest):,} more, {total:,} in all ({share})"


def _spellings(report: TableReport, names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = ", ".join(f"{printable(name)} {report.labels[name]:,}" for name in names[:ALIKE])
    more = f" and {len(names) - ALIKE:,} more" if len(names) > ALIKE else ""
    return f" + {shown}{more}"


# ---------------------------------------------------------------------------- problems


def problem_lines(report: TableReport) -> Iterator[str]:
    """Yield what is wrong, with the options that handle it beside it, and what is right."""
    problems = report.problems
    shown = problems[:MOST_PROBLEMS]
    at = max((width_of(p.sentence) for p in shown if p.option), default=0)
    at = min(at, columns() - 4 - max((width_of(p.option) for p in shown), default=0) - 2)
    for problem in shown:
        yield from _problem(problem, max(at, 20))
    if more := len(problems) - len(shown):
        yield f"  and {more:,} more: --json has them"
    if report.file.encoding == "utf-8" and not _has_bad_rows(report):
        cells = f", every row has {len(report.file.columns):,} cells"
        yield f"  ok no broken bytes{cells * report.file.is_delimited}"


def _problem(problem: Problem, at: int) -> Iterator[str]:
    lines = list(wrapped(printable(problem.sentence), columns() - 4))
    if problem.option and width_of(lines[-1]) <= at:
        lines[-1] += " " * (at - width_of(lines[-1])) + f"  {printable(problem.option)}"
    elif problem.option:
        lines.append(f"  {printable(problem.option)}")
    yield f"  {problem.mark} {lines[0]}"
    for line in lines[1:]:
        yield f"    {line}"


def _has_bad_rows(report: TableReport) -> bool:
    signs = ("cells than", "bytes that", "broken quotes", "no valid JSON")
    return any(sign in p.sentence for p in report.problems for sign in signs)
