"""Which columns of a table hold the text, the labels and the groups, and one line that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from fastcli.errors import ArgumentError
from fastcli.printable import named
from fastcli.tables.columns import existing, find_column, usual_label, usual_text

OR_NAMES = ", or --label-from file (or folder) if its name is the label"


@dataclass(frozen=True)
class Columns:
    """Which columns hold what; names, or positions from 0 (negative ones from the end).

    ``label_from``: a ``column`` has the labels, or the ``file``'s name or its ``folder`` is one.
    ``weight`` is that of the rows' weights; a table is read with groups or with weights.
    """

    text: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    group: str = ""
    join: str = " "
    label_from: str = "column"
    weight: str = ""

    @property
    def beside(self) -> str:
        """The column whose cells rows keep beside texts and labels, "" if there is none."""
        return self.group or self.weight


@dataclass(frozen=True)
class Choice:
    """The positions of the chosen columns of a file, among its ``names``.

    ``group`` is that of groups, or of weights; it may be -1.
    ``has_names``: the names are the file's own, not the numbers of columns.
    """

    names: tuple[str, ...]
    text: tuple[int, ...]
    label: tuple[int, ...]
    group: int = -1
    has_names: bool = True
    label_from: str = "column"

    @property
    def text_names(self) -> tuple[str, ...]:
        """The names of the columns of text."""
        return tuple(self.names[i] for i in self.text)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the columns of labels."""
        return tuple(self.names[i] for i in self.label)

    def sentence(self, path: str, remarks: Sequence[str], with_label: bool = True) -> str:
        """Say what was decided about a file."""
        parts = [one for one in remarks[:1] if one]
        parts.append(f"text: {shown_columns(self.text_names)}")
        if not with_label:
            pass
        elif self.label_from != "column":
            parts.append(f"label: the name of the {self.label_from}")
        elif not self.label:
            parts.append("no label column (--label-column, if there is one)")
        else:
            what = "label" if len(self.label) == 1 else "labels"
            parts.append(f"{what}: {shown_columns(self.label_names)}")
        return f"{path}: {'; '.join([*parts, *filter(None, remarks[1:])])}"


def choose_text(path: str, columns: Columns, names: Sequence[str], has_names: bool) -> Choice:
    """Return the columns of text alone: those asked for, or the one whose name says so."""
    if columns.text:
        text = tuple(find_column(path, name, names, has_names) for name in columns.text)
    else:
        found = usual_text(path, names) if has_names else None
        if found is None and len(names) > 1:
            raise ArgumentError(
                f"{path}: which column? Give --text-column. {existing(names, has_names)}"
            )
        text = (names.index(found) if found is not None else 0,)
    return Choice(tuple(names), text, (), -1, has_names)


def choose(
    path: str,
    columns: Columns,
    names: Sequence[str],
    has_names: bool,
    needs_labels: bool,
    may_lack_labels: bool = False,
) -> Choice:
    """Return the columns asked for, or those whose names say what they are.

    Where the label's column is known and one other is left, that is the text.  With
    ``may_lack_labels`` a file that lacks one of the label columns has no labels.  Raises
    ArgumentError where a column is not known, or, with ``needs_labels``, the label's is not.
    """

    def found(name: str) -> int:
        return find_column(path, name, names, has_names)

    has_column = columns.label_from == "column"
    if may_lack_labels and columns.text:
        columns = replace(columns, text=_text_if_there(path, columns, names, has_names))
    text = tuple(map(found, columns.text))
    label = tuple(map(found, columns.label)) if has_column and not may_lack_labels else ()
    if has_column and may_lack_labels:
        label = _label_if_there(path, columns, names, has_names)
    group = found(columns.beside) if columns.beside else -1
    others = [name for i, name in enumerate(names) if i not in (*text, *label, group)]
    is_sought = has_column and has_names and not columns.label
    if is_sought and (usual := usual_label(path, others)) is not None:
        label = (names.index(usual),)
        others.remove(usual)
    if not text and has_names and (usual := usual_text(path, others)) is not None:
        text = (names.index(usual),)
    if not text and (label or not has_column) and len(others) == 1:
        text = (names.index(others[0]),)
    if not text or (not label and needs_labels and has_column):
        what = "--text-column" if not text else f"--label-column{OR_NAMES}"
        raise ArgumentError(f"{path}: which column? Give {what}. {existing(names, has_names)}")
    uses = [(i, "text") for i in text] + [(i, "label") for i in label]
    if columns.weight:
        uses.append((group, "weight"))
    for (a, use), (b, other) in pairwise(sorted(uses, key=lambda one: one[0])):
        if a == b:
            raise ArgumentError(
                f"{path}: column {named(names[a])} cannot be used twice, as "
                f"{' and '.join(dict.fromkeys((use, other)))}."
            )
    return Choice(tuple(names), text, label, group, has_names, columns.label_from)


def _text_if_there(
    path: str, columns: Columns, names: Sequence[str], has_names: bool
) -> tuple[str, ...]:
    """Return the text columns, or the only one there is where the table has no names.

    Raises ArgumentError, which names the option, where there is no such column.
    """
    if not has_names and len(names) == len(columns.text) == 1:
        return ("0",)
    try:
        for name in columns.text:
            find_column(path, name, names, has_names)
    except ArgumentError as error:
        said = str(error).rstrip(".")
        raise ArgumentError(
            f"{said}. Give --text-column, or --format fasttext if it holds lines."
        ) from None
    return columns.text


def _label_if_there(
    path: str, columns: Columns, names: Sequence[str], has_names: bool
) -> tuple[int, ...]:
    """Return the label columns where a file has all of them, apart from those of the text."""
    try:
        label = tuple(find_column(path, name, names, has_names) for name in columns.label)
        text = {find_column(path, name, names, has_names) for name in columns.text}
    except ArgumentError:
        return ()
    return () if text.intersection(label) else label


def shown_columns(names: Sequence[str]) -> str:
    """Return columns for a sentence.

    >>> shown_columns(["a", "b"])
    "columns 'a', 'b'"
    """
    quoted = [repr(name) for name in names]
    return f"column {quoted[0]}" if len(names) == 1 else f"columns {', '.join(quoted)}"
