"""Whether tables of all kinds have a header: what people write, and shards of data without one."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcli.tables.headers import has_header

SENTENCE = "the river ran past old mills while nobody saw how quickly rain turned into snow"
WORDS = SENTENCE.split()
BUYING = [["vhigh", "low", "med", "unacc"], ["low", "high", "high", "good"]] * 7
YES_NO = [["yes", "no", "no"], ["no", "no", "yes"], ["yes", "yes", "yes"], ["no", "yes", "no"]] * 3
DAYS = [["sunny", "hot", "no"], ["rain", "mild", "yes"], ["sunny", "cool", "yes"]] * 5
MUSHROOMS = [["p", "x", "n", "p"], ["e", "x", "y", "a"], ["e", "b", "w", "l"]] * 5
MONEY = [["$5", "10pc", "x"], ["$6", "20pc", "y"], ["$7", "15pc", "x"]]
SQUARES = [["x", "o", "b", "win"], ["o", "b", "x", "no"], ["b", "x", "o", "win"]] * 3
IRIS = [["5.1", "3.5", "setosa"], ["4.9", "3.0", "virginica"], ["6.1", "2.9", "setosa"]]
CENSUS = [["39", "State-gov", "<=50K"], ["50", "Private", ">50K"], ["38", "Private", "<=50K"]]


def texts(n, labels, seed=0):
    """Return rows of a text and a label."""
    random = Random(seed)
    return [[" ".join(random.sample(WORDS, 7)), random.choice(labels)] for _ in range(n)]


def swapped(rows):
    """Return rows of two cells the other way round."""
    return [row[::-1] for row in rows]


def years(n, seed=0):
    """Return rows of three whole numbers and a label."""
    random = Random(seed)
    return [
        [*(str(random.randrange(3000)) for _ in range(3)), random.choice("ab")] for _ in range(n)
    ]


TOXIC = [[str(i), text, "0", "1"] for i, (text, _) in enumerate(texts(8, "a"))]
HEADERS = [
    ("buying,maint,safety,class", BUYING),
    ("buying,maint,safety,result_of_all", BUYING),
    ("tl,tm,outcome", DAYS),
    ("outlook,temp,play", DAYS),
    ("flagged,urgent,y", YES_NO),
    ("class,cap-shape,cap-color,odor", MUSHROOMS),
    ("tl,tm,tr,Class", SQUARES),
    ("a,b,label", MONEY),
    ("price,discount,label", MONEY),
    ("2019,2020,2021,label", years(20)),
    ("2019,2020,2021,label", years(500)),
    ("1,2,3,class", years(20)),
    ("v1,v2", swapped(texts(50, ["spam", "ham"]))),
    ("v1,v2", swapped(texts(4, ["spam", "ham"]))),
    ("col_1,col_2", texts(9, ["a", "b"])),
    ("text,lang", texts(9, ["en", "de", "fr"])),
    ("sentence,language", texts(1, ["en"])),
    ("Body,Team", texts(2, ["Sales", "Help"])),
    ("ItemText,Rating", [["good thing", "5"], ["bad thing", "1"]]),
    ("wording,verdict", texts(60, ["a", "b", "c"])),
    ("utt,dest", texts(60, ["a", "b", "c"])),
    ("id,comment_text,toxic,obscene", TOXIC),
    (",text,label", [[str(i), *row] for i, row in enumerate(texts(5, "ab"))]),
    ("text,label,", [[*row, ""] for row in texts(4, "ab")]),
    ("text,,label", [[row[0], "", row[1]] for row in texts(4, "ab")]),
    ("text,label,", [[*row, word] for row, word in zip(texts(4, "ab"), WORDS, strict=False)]),
    ("buying,maint,,class", BUYING),
    ("sepal,petal,species", IRIS),
    ("age,work,income", CENSUS),
    ("0,1,label", IRIS),
    ("label,0,1", [row[::-1] for row in IRIS]),
    ("text,label", []),
    ("text", [["something"], ["else"]]),
    ("文本,标签", [["今天 天气", "天气"], ["股票 大涨", "财经"]]),
    ("x1,x2,y", IRIS),
    ("Body,Team", [["a b", "x"], ["c d", "y"], ["Body", "Team"], ["e f", "x"]]),
    ("a,b,c", [["1", "2", "x"], ["a", "b", "c"], ["3", "4", "y"]]),
    ("question,label", texts(30, ["question", "statement"])[:9]),
]
BODIES = [
    BUYING,
    YES_NO,
    DAYS,
    MUSHROOMS,
    MONEY,
    SQUARES,
    IRIS,
    CENSUS,
    TOXIC,
    years(20),
    years(500),
    texts(5, ["spam", "ham"]),
    texts(500, ["spam", "ham"]),
    swapped(texts(50, ["en", "de", "fr"])),
    [["hello there you", "rare"], *texts(99, ["a", "b"])],
    [["hello", "title"], *texts(6, ["name", "date", "place"])],
    [["is the shop open", "question"], ["it is open", "statement"], ["close it", "command"]],
    [["is the shop open", "question"], *texts(60, ["statement", "command"])],
    [["no header row", "x"], ["second row", "y"]],
    [["first row", "x"], ["second line", "y"]],
    [["good film", "pos"], ["bad film", "neg"]],
    [["good", "pos"], ["bad", "neg"]],
    [["hello", "question"], ["how are you", "greeting"]],
    [["one"], ["two"], ["three"]],
    [["5.1", "x"], ["unknown", "y"], ["4", "z"]],
    [["good film", "pos", ""], ["bad film", "neg", ""]],
    [["low", "low", "good"], ["low", "high", "bad"], ["high", "low", "good"]] * 3,
    [["1", "2", "3", "label"], ["4", "5", "6", "other"]],
    [["hola", "es"], ["bonjour", "fr"], ["hello", "en"], ["hallo", "de"]],
]


@pytest.mark.parametrize(("header", "rows"), HEADERS)
def test_headers(header, rows):
    assert has_header([header.split(","), *rows])


@pytest.mark.parametrize("rows", BODIES)
def test_no_headers(rows):
    assert not has_header(rows)


@given(st.integers(5, 100), st.integers(0, 1000))
def test_shards_of_texts(n, seed):
    rows = texts(n, ["spam", "ham", "other"], seed)
    assert not has_header(rows)
    assert has_header([["text", "label"], *rows])
    assert has_header([["label", "text"], *swapped(rows)])


@given(st.lists(st.lists(st.text(max_size=5), min_size=3, max_size=3), max_size=9))
def test_any_rows_have_an_answer(rows):
    assert has_header(rows) in (True, False)
