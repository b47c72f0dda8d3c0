"""Whether the first row of a table names its columns: decided against the rows below it.

Each column gives a vote.  What its cells are (numbers, dates, repeated values) counts more than
what its first cell is called, since a single word such as ``question`` may be a name or a label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fastcli.tables.columns import is_row_number_name
from fastcli.tables.values import is_date, is_missing, is_number

# What a column with numbers, and a value that is there again, say about the first row.
WORD_ABOVE, VALUE_ABOVE, REPEATED = 1.0, -0.9, -2.0
LONGEST_NAME = 60  # characters of the name of a column
MOST_WORDS = 4  # of such a name
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
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SENTENCE_END = re.compile(r"[.?!。？！…,;]\s*$")


def has_header(rows: Sequence[Sequence[str]], label: int | None = None) -> bool:
    """Tell whether the first of some rows of a table, all equally wide, is a header.

    Votes that decide: numbers (or dates) below a word are for a header, and so are columns that are
    numbered from 0 on; a number above numbers is against one (of as many the word decides), and so
    is a first cell that is a value of its column.  Without them all first cells must be able to be
    names, and two at least be common ones (one, if there is but one column, or if another is
    written as programmers write names).  In the column of the label, if that is known (negative:
    from the end), numbers tell nothing.
    """
    if not rows:
        return False
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    columns = [[row[i].strip() for row in below] for i in range(len(first))]
    filled = [[cell for cell in column if not is_missing(cell)] for column in columns]
    named = [i for i, cell in enumerate(first) if cell]
    if not named or (below and list(rows[0]) == list(below[0])):
        return False
    place = -1 if label is None or len(first) < 2 else label % len(first)
    votes = {i: _vote(first[i], filled[i], i == place) for i in named}
    are_words_new = all(first[i] not in columns[i] for i in named if not first[i].isdecimal())
    if are_words_new and _is_numbered(first, below):
        votes = {i: WORD_ABOVE if first[i].isdecimal() else vote for i, vote in votes.items()}
    if any(votes.values()):
        return sum(votes.values()) > 0
    return _are_names(first)


def _vote(name: str, below: Sequence[str], is_label: bool) -> float:
    """Return how much a column speaks for a header, or, if that is negative, against one."""
    if not below or is_missing(name):
        return 0
    is_value = is_number(name) or is_date(name)
    if all(map(is_number, below)) or all(map(is_date, below)):
        return 0 if is_label else VALUE_ABOVE if is_value else WORD_ABOVE
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


def _are_names(first: Sequence[str]) -> bool:
    """Tell whether all cells of a row are able to be names, and enough are probably such."""
    cells = list(first[1:]) if is_row_number_name(first[0]) else list(first)
    if not all(map(can_be_name, cells)):
        return False
    common = [is_common(cell) for cell in cells]
    written = [_is_identifier(cell) for cell in cells]
    if len(cells) == 1:
        return common[0]
    likely = sum(a or b for a, b in zip(common, written, strict=True))
    return any(common) and likely >= 2


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
    words = [word.lower() for part in _CAMEL.split(cell) for word in _WORDS.findall(part)]
    return cell.lower() in COMMON or (bool(words) and words[-1] in COMMON)


def _is_identifier(cell: str) -> bool:
    """Tell whether a cell is written as a programmer writes names, such as ``item_text``."""
    return cell.isascii() and " " not in cell and ("_" in cell or bool(_CAMEL.search(cell)))
