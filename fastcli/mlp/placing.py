"""Where the columns of a model are in a table, by name or by position; how it writes numbers.

What cannot be told for certain is an error: columns in the wrong places give wrong answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fastcli.errors import ArgumentError, DataError
from fastcli.mlp.decimal_points import point_like
from fastcli.mlp.feature_files import ignore
from fastcli.mlp.features import FeatureColumns
from fastcli.mlp.table_columns import TableOptions
from fastcli.printable import listed, named, shortened
from fastcli.tables.columns import existing
from fastcli.tables.headers import has_header
from fastcli.tables.object_rows import ObjectTable
from fastcli.tables.values import is_missing, is_number

IsLabel = Callable[[str], bool]


def any_label(cell: str) -> bool:
    """Tell that a cell may be a label, where no labels are known."""
    return True


@dataclass(frozen=True)
class Placing:
    """Where the columns of a model are in a file, and whether its first row is a header.

    ``label`` is -1 where the file has none; ``names`` are those of its columns, their positions
    without a header; ``point`` stands before the fractions of its numbers.
    """

    columns: tuple[int, ...]
    label: int
    names: tuple[str, ...]
    has_header: bool
    is_by_name: bool = False
    point: str = "."
    targets: tuple[int, ...] = ()  # of regression, none where the file lacks one

    def sentence(self, path: str) -> str:
        """Say where the columns are."""
        chosen = [self.names[i] for i in self.columns]
        how = "by name" if self.is_by_name else "by position"
        found = f"{path}: {len(chosen):,} feature{'s' * (len(chosen) > 1)} {how}: {listed(chosen)}"
        if self.label >= 0 and not self.is_by_name:
            found += f"; label: column {named(self.names[self.label])}"
        return found


def place(
    columns: FeatureColumns,
    path: str,
    head: Sequence[Sequence[str]],
    options: TableOptions,
    note: Callable[[str], None] = ignore,
    is_label: IsLabel = any_label,
) -> Placing:
    """Find the columns of a model in a file: by name if it has a header, else by position.

    ``head`` are its first rows.  Without a header the label, and the columns that training left
    out, may be missing.  Raises ArgumentError where a column is not there, DataError for another
    number of columns and where numbers that are no labels (``is_label``) are in their place.
    """
    first = [cell.strip() for cell in head[0]]
    wanted = [column.name for column in columns.table]
    has_names = columns.names and set(wanted) <= set(first)
    header = options.header
    if header is None:
        header = bool(has_names) or has_header(head)
    below = head[1:] if header else head
    if header and columns.names:
        present = set(first)
        missing = [name for name in wanted if name not in present]
        if missing:
            raise ArgumentError(
                f"{path} has no column {listed(missing)}, which the model needs. "
                f"{existing(first, True)}. If its first row is no header, give --no-header."
            )
        if len(set(wanted)) == len(wanted):
            found = _by_name(columns, path, first)
            return _with_point(found, columns, path, below, options, note)
    if columns.targets:
        found = _targets_by_position(columns, path, first, header)
        return _with_point(found, columns, path, below, options, note)
    at, label = _by_position(columns, path, below, len(first), is_label)
    if label >= 0 and len(first) != columns.width:
        note(
            f"{path}: label: column {label + 1}; it has no column {_left_out(columns)}, which "
            "training read as weights or left out."
        )
    names = first if header else [str(i) for i in range(len(first))]
    found = Placing(at, label, tuple(names), header)
    if label >= 0:
        _check_label(found, columns, path, below, is_label)
    return _with_point(found, columns, path, below, options, note)


def place_objects(
    columns: FeatureColumns,
    path: str,
    table: ObjectTable,
    options: TableOptions,
    note: Callable[[str], None] = ignore,
) -> Placing:
    """Find the columns of a model in a file of objects, by name; a label may be missing.

    Raises ArgumentError where a column is not there, and for a model that knows only positions.
    """
    if not columns.names:
        raise ArgumentError(
            f"{path}: the model knows its columns by their positions, and those of objects have "
            "names. Train it on a table with a header."
        )
    names = table.names
    present = set(names)
    missing = [column.name for column in columns.table if column.name not in present]
    if missing:
        raise ArgumentError(
            f"{path} has no column {listed(missing)}, which the model needs. "
            f"{existing(names, True)}."
        )
    found = _by_name(columns, path, names)
    return _with_point(found, columns, path, table.head.texts(), options, note)


def _by_name(columns: FeatureColumns, path: str, names: Sequence[str]) -> Placing:
    """Return where the columns are in a file that has names for all of them."""
    wanted = [column.name for column in columns.table]
    label = columns.names[columns.label]
    learned = [columns.names[i] for i in columns.learned]
    counts = Counter(names)
    for name in (*wanted, *learned):
        if counts[name] > 1:
            raise ArgumentError(
                f"{path} has several columns named {named(name)}, and the model needs one: rename "
                "the others."
            )
    places = {name: i for i, name in enumerate(names)}
    found = tuple(places[name] for name in wanted)
    if columns.targets:
        targets = tuple(places[name] for name in learned if name in places)
        targets = targets if len(targets) == len(learned) else ()
        return Placing(found, -1, tuple(names), True, True, targets=targets)
    at = places[label] if label in places and label not in wanted else -1
    return Placing(found, at, tuple(names), True, True)


def _left_out(columns: FeatureColumns) -> str:
    """Return the numbers, from 1, of the columns that are neither inputs nor learned."""
    used = {*columns.learned, *(column.position for column in columns.table)}
    return listed([str(i + 1) for i in range(columns.width) if i not in used])


def _by_position(
    columns: FeatureColumns,
    path: str,
    below: Sequence[Sequence[str]],
    width: int,
    is_label: IsLabel,
) -> tuple[tuple[int, ...], int]:
    """Return where the columns and the label are in a file of as many columns.

    A file of inputs and label may lack the columns that training read as weights or left out.  If
    that is one column, and the label may be missing as well, the first rows ``below`` tell which.
    """
    label, whole = columns.label, columns.width
    positions = [column.position for column in columns.table]
    if width == whole:
        return tuple(positions), label
    if width == len(positions) + 1 < whole:
        used = sorted([*positions, label])
        at = used.index(label)
        if width < whole - 1 or _are_labels([row[at] for row in below], is_label):
            return tuple(map(used.index, positions)), at
    if width == whole - 1:
        return tuple(i - (i > label) for i in positions), -1
    if width == len(positions):
        return tuple(range(width)), -1
    raise DataError(
        f"{path}, line 1: {width} columns, where {whole} are expected "
        f"({whole - 1} without the label)."
    )


def _targets_by_position(
    columns: FeatureColumns, path: str, first: Sequence[str], has_header: bool
) -> Placing:
    """Return where the columns and targets of regression are in a file without their names.

    It may lack the targets, and the columns that training read as weights or left out.  Raises
    DataError for another number of columns, and where the number does not tell which are there.
    """
    whole, width = columns.width, len(first)
    positions, targets = [column.position for column in columns.table], columns.targets
    used = sorted([*positions, *targets])
    # All columns; without those that training left out or read as weights; without the targets;
    # without either.
    ways = [
        list(range(whole)),
        used,
        [i for i in range(whole) if i not in targets],
        positions,
    ]
    fitting = [way for i, way in enumerate(ways) if len(way) == width and way not in ways[:i]]
    if not fitting:
        plural = "s" * (len(targets) > 1)
        raise DataError(
            f"{path}, line 1: {width} columns, where {whole} are expected "
            f"({whole - len(targets)} without the target{plural})."
        )
    if len(fitting) > 1:
        raise DataError(_ambiguous(columns, path, width))
    (kept,) = fitting
    names = first if has_header else [str(i) for i in range(width)]
    found = tuple(map(kept.index, targets)) if set(targets) <= set(kept) else ()
    return Placing(tuple(map(kept.index, positions)), -1, tuple(names), has_header, targets=found)


def _ambiguous(columns: FeatureColumns, path: str, width: int) -> str:
    """Return what to say of as many columns where either targets or others may be missing."""
    targets = listed([str(i + 1) for i in columns.targets])
    fix = f"give all {columns.width} columns"
    if columns.names:
        fix += f", or a header with the names {listed(columns.names)}"
    else:
        fix += ", or train on a table with a header, whose columns are found by name"
    return (
        f"{path}: {width} columns, where training had {columns.width}: either column {targets}, "
        f"which is learned, or column {_left_out(columns)}, which was left out or read as weights, "
        f"may be missing. To be sure, {fix}."
    )


def _are_labels(cells: Sequence[str], is_label: IsLabel) -> bool:
    """Tell whether cells are labels; words may be such that training did not have."""
    known = [cell.strip() for cell in cells if not is_missing(cell)]
    return bool(known) and all(not is_number(cell) or is_label(cell) for cell in known)


def _check_label(
    found: Placing,
    columns: FeatureColumns,
    path: str,
    below: Sequence[Sequence[str]],
    is_label: IsLabel,
) -> None:
    """Raise DataError where all cells in the place of the label are numbers, and none is a label.

    Then the file has another column, such as ids before the features, and all are shifted.  Words
    may be labels that training did not have.
    """
    cells = [row[found.label].strip() for row in below if not is_missing(row[found.label])]
    if not cells or any(not is_number(cell) or is_label(cell) for cell in dict.fromkeys(cells)):
        return
    name = f" ({named(found.names[found.label])})" if found.has_header else ""
    fix = "train on a table with a header, whose columns are found by name"
    if columns.names:
        fix = f"give the table a header with the names {listed(columns.names)}"
    raise DataError(
        f"{path}: column {found.label + 1}{name} is where the model has its label, but "
        f"{shortened(cells[0], 40)!r} is none of its labels, nor is another of the first rows. "
        f"{columns.expected} Leave other columns out, or {fix}."
    )


def _with_point(
    found: Placing,
    columns: FeatureColumns,
    path: str,
    below: Sequence[Sequence[str]],
    options: TableOptions,
    note: Callable[[str], None],
) -> Placing:
    """Return a placing with the point by which the first rows write their numbers."""
    places = zip(columns.table, found.columns, strict=True)
    numbers = [i for column, i in places if not column.is_words]
    cells = [[row[i] for row in below] for i in numbers]
    point = options.point or point_like(cells, columns.point)
    if point != columns.point:
        kinds = {",": "decimal commas", ".": "decimal points"}
        note(f"{path}: numbers have {kinds[point]}, those of training {kinds[columns.point]}.")
    return replace(found, point=point)
