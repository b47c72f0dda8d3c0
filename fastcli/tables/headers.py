"""Whether the first row of a table names its columns: decided against the rows below it.

Columns of numbers decide where there are any.  Else each column tells how much likelier its first
cell is as a name than as one more of its values, and it takes two columns to decide: a single word
such as ``question`` may be a name or a label.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import log

from fastcli.tables.columns import LABEL_NAMES, TEXT_NAMES, is_row_number_name, plain_name
from fastcli.tables.values import is_date, is_missing, is_number

# What a column with numbers, and a value that is there again, say about the first row.
WORD_ABOVE, VALUE_ABOVE, REPEATED = 1.0, -0.9, -2.0
FEW = 3  # labels, below which a word among numbers is nothing special
LONGEST_NAME = 60  # characters of the name of a column
MOST_WORDS = 4  # of such a name
# Logarithms of how much likelier a row is a header than a row of data.
LEAST = log(99)  # that is enough
MOST = log(90)  # of one column: two at least are needed
USUAL, LIKE_USUAL, WRITTEN = log(20), log(10), log(10)  # the whole cell is such a name; its end is
NUMBERED = log(60)  # names that are numbered, such as v1 and v2
AGAIN = -log(90)  # the cell is a value further down
# Words that name columns; one of them in a first cell makes it likely that it is a name.
_COMMON = """
    text texts review reviews sentence content contents body title comment comments question answer
    message messages description headline summary document doc tweet post abstract utterance query
    subject name item product article paragraph phrase input prompt response reply note notes
    label labels category categories class classes target topic topics sentiment tag tags intent
    emotion rating ratings score scores stars star verdict type kind genre language lang source
    team department status priority channel outcome result grade level group section domain
    id ids uid uuid key index idx no nr number row date time datetime timestamp created updated
    year month day url link author user username email country city state address age sex gender
    price amount count quantity value split fold weight length width height size y x toxic spam
    question1 question2 sentence1 sentence2 premise hypothesis is_duplicate target_class
    文本 内容 标题 正文 评论 标签 类别 分类 情感 类型 编号 日期 时间 句子 问题 答案 描述 摘要 来源
    texto titulo comentario etiqueta categoria clase texte titre commentaire etiquette categorie
    classe titel kommentar inhalt klasse kategorie bewertung
"""
COMMON = frozenset(_COMMON.split())
_WORDS = re.compile(r"[^\W_]+")
_DIGITS, _SMALL, _LARGE = re.compile(r"\d+"), re.compile(r"[^\W\d_A-Z]+"), re.compile(r"[A-Z]+")
_SEVERAL = re.compile(r"a(?: a)+")  # words
_STEM = re.compile(r"([^\W\d_]+[_ .-]?)(\d+)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SENTENCE_END = re.compile(r"[.?!。？！…,;]\s*$")


def has_header(rows: Sequence[Sequence[str]], label: int | None = None) -> bool:
    """Tell whether the first of some rows of a table, all equally wide, is a header.

    Votes that decide: numbers (or dates) below a word are for a header, and so are columns that are
    numbered from 0 on, or by years; a number above numbers is against one (of as many the word
    decides), and so is a first cell that is a value of its column.  In the column of the label, if
    that is known (negative: from the end), a number above numbers, and a few numbers, tell nothing.
    Without such votes all first
    cells must be able to be names, and together be likelier as names than as values: ``_evidence``.
    Rows that equal the first one may be headers of files that were put together: they tell nothing,
    and then only usual names do.
    """
    if not rows:
        return False
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    named = [i for i, cell in enumerate(first) if cell]
    if not named or (below and list(rows[0]) == list(below[0])):
        return False
    others = [row for row in below if list(row) != list(rows[0])]
    columns = [[row[i].strip() for row in others] for i in range(len(first))]
    filled = [[cell for cell in column if not is_missing(cell)] for column in columns]
    place = -1 if label is None or len(first) < 2 else label % len(first)
    votes = {i: _vote(first[i], filled[i], i == place) for i in named}
    are_words_new = all(first[i] not in columns[i] for i in named if not first[i].isdecimal())
    if are_words_new and (_is_numbered(first, below) or _are_years(first, filled)):
        votes = {i: WORD_ABOVE if first[i].isdecimal() else vote for i, vote in votes.items()}
    if set(votes.values()) - {0, REPEATED}:  # there are numbers
        return sum(votes.values()) > 0
    if not all(can_be_name(first[i]) for i in named):
        return False
    if len(first) == 1:
        return is_common(first[0]) and first[0] not in filled[0]
    only_usual = len(others) < len(below)
    return _evidence([first[i] for i in named], [filled[i] for i in named], only_usual) >= LEAST


def _vote(name: str, below: Sequence[str], is_label: bool) -> float:
    """Return how much a column speaks for a header, or, if that is negative, against one."""
    if not below or is_missing(name):
        return 0
    is_value = is_number(name) or is_date(name)
    if all(map(is_number, below)) or all(map(is_date, below)):
        if is_label and (is_value or len(below) < FEW):
            return 0
        return VALUE_ABOVE if is_value else WORD_ABOVE
    if name in below:
        return REPEATED
    is_mixed = is_number(name) and sum(map(is_number, below)) * 2 > len(below)
    return VALUE_ABOVE if is_mixed and not is_label else 0


def _is_numbered(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether the cells of a first row number the columns from 0 on, as pandas does.

    There may be names among them, and the nameless column of row numbers before them.
    """
    cells = list(first[1:]) if is_row_number_name(first[0]) else list(first)
    numbers = [cell for cell in cells if cell.isdecimal()]
    return (
        len(numbers) > 1
        and numbers == [str(i) for i in range(len(numbers))]
        and len(numbers) * 2 >= len(cells)
        and not any(list(row[-len(cells) :]) == cells for row in below)
    )


def _are_years(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a first row has whole numbers one after the other, and usual names beside them.

    No row below may have its numbers in that order.
    """
    at = [i for i, cell in enumerate(first) if cell.isdecimal()]
    words = [i for i, cell in enumerate(first) if cell and i not in at]
    if len(at) < 2 or not words or not all(can_be_name(first[i]) for i in words):
        return False
    if not _are_in_order([first[i] for i in at]):
        return False
    rows = zip(*(below[i] for i in at), strict=False)
    is_usual = any(_usual(first[i], below[i]) == USUAL for i in words)
    return is_usual and not any(map(_are_in_order, rows))


def _are_in_order(cells: Sequence[str]) -> bool:
    """Tell whether cells are whole numbers, each one more than the one before."""
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < LONGEST_NAME]
    return numbers == list(range(numbers[0], numbers[0] + len(cells))) if numbers else False


def _evidence(first: Sequence[str], below: Sequence[Sequence[str]], only_usual: bool) -> float:
    """Return the logarithm of how much likelier cells are the names of columns than values.

    Of each column the best sign counts.  The chance that a value is new is that of Good and Turing:
    the share of the values that occur once.
    """
    total = 0.0
    for name, cells in zip(first, below, strict=True):
        if name in cells:
            total += AGAIN
            continue
        signs = [_usual(name, cells)]
        if not only_usual:
            signs += [_newness(name, cells), _newness(_shape(name), list(map(_shape, cells)))]
            signs.append(_brevity(name, cells))
        if _is_identifier(name) and not any(map(_is_identifier, cells)):
            signs.append(WRITTEN)
        total += min(max(signs), MOST)
    stems = [found for name in first if (found := _STEM.fullmatch(name))]
    if len(stems) > 1 and len({found[1] for found in stems}) == 1:
        is_new = not any(_STEM.fullmatch(cell) for cells in below for cell in cells)
        if is_new and _are_in_order([found[2] for found in stems]):
            total += NUMBERED
    return total


def _newness(value: str, others: Sequence[str]) -> float:
    """Return how unlikely a value is that is not among others."""
    counts = Counter(others)
    if value in counts:
        return 0.0
    n_once = sum(n == 1 for n in counts.values())
    return log((len(others) + 1) / (n_once + 1))


def _shape(cell: str) -> str:
    """Return what a cell is made of.

    >>> _shape("$10.50"), _shape("Iris-setosa")
    ('$9.9', 'Aa-a')
    """
    return _SEVERAL.sub("a", _SMALL.sub("a", _LARGE.sub("A", _DIGITS.sub("9", cell))))


def _brevity(name: str, cells: Sequence[str]) -> float:
    """Return how unlikely a single word is above texts; of others it tells nothing."""
    if len(name.split()) > 1:
        return 0.0
    n_short = sum(len(cell.split()) < 2 for cell in cells)
    return max(log((len(cells) + 1) / (n_short + 2)), 0.0)  # one short text is soon found


def _usual(name: str, cells: Sequence[str]) -> float:
    """Return how much a cell is like the usual names, as far as the cells below are not."""
    last = _words(name)[-1:]
    if len(name) == 1 and cells and all(len(cell) == 1 for cell in cells):
        return 0.0
    if name in cells or any(_words(cell)[-1:] == last for cell in cells):
        return 0.0
    if name.lower() in COMMON or plain_name(name) in (*LABEL_NAMES, *TEXT_NAMES):
        return USUAL
    return LIKE_USUAL if is_common(name) else 0.0


def can_be_name(cell: str) -> bool:
    """Tell whether a cell could be the name of a column: a few words, no number, no sentence."""
    return (
        0 < len(cell) <= LONGEST_NAME
        and len(cell.split()) <= MOST_WORDS
        and not is_number(cell)
        and not _SENTENCE_END.search(cell)
        and "\n" not in cell
    )


def is_common(cell: str) -> bool:
    """Tell whether a cell is a common name of a column: one of its words, such as ``Team ID``."""
    words = _words(cell)
    return cell.lower() in COMMON or (bool(words) and words[-1] in COMMON)


def _words(cell: str) -> list[str]:
    """Return the words of a name in lower case.

    >>> _words("ItemText"), _words("item_text")
    (['item', 'text'], ['item', 'text'])
    """
    return [word.lower() for part in _CAMEL.split(cell) for word in _WORDS.findall(part)]


def _is_identifier(cell: str) -> bool:
    """Tell whether a cell is written as a programmer writes names, such as ``item_text``."""
    return cell.isascii() and " " not in cell and ("_" in cell or bool(_CAMEL.search(cell)))
