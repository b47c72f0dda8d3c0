"""Small tables that went wrong once, each of a kind, through the command line."""

import json

import pytest

from tests.command import run

LINES = ["-o", "-"]
B = ["--label-column", "b"]
POSITIONS = ["--text-column", 0, "--label-column", 1]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, text):
    with open(name, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return name


def lines(name, text, *options):
    """Prepare a table; return its lines and what was decided about it."""
    result = run("prepare", write(name, text), *LINES, *options)
    assert result.code == 0, result.err
    return result.out.decode().splitlines(), result.err.splitlines()[0]


def refused(*argv):
    """Run what fails; return the error, below what was decided."""
    result = run(*argv)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err.splitlines()[-1]


def mlp(name, text, *options):
    """Train a small network on a table; return what was decided."""
    result = run(
        *("mlp-train", "-input", write(name, text), "-output", "m"),
        *("--hidden", 2, "-epoch", 1, "-thread", 1, *options),
    )
    assert result.code == 0, result.err
    return result.err.splitlines()[0]


def test_the_label_is_where_the_header_says_so():
    text = "label,a,b\n0,1.5,2\n1,3.5,1\n0,1.2,2\n1,4.1,1\n"
    said = mlp("c.csv", text)
    assert said == "c.csv: header; label: column 'label'; 2 features: a, b"
    assert sorted(run("predict", "m.mlp", "-", -1, stdin=b"1,2\n").text().split()) == ["0", "1"]


TOXIC = (
    "id,comment_text,toxic,obscene,threat\n1,you fool,1,0,0\n2,hello there,0,0,0\n"
    "3,i will get you,1,0,1\n"
)
TOXIC_COLUMNS = ["--text-column", "comment_text", "--label-column", "toxic"]
TOXIC_COLUMNS += ["--label-column", "obscene", "--label-column", "threat"]


def test_columns_of_zeros_and_ones_are_labels():
    write("t.csv", TOXIC)
    said = refused("prepare", "t.csv", *TOXIC_COLUMNS, *LINES)
    assert said.startswith("t.csv:3, column toxic: no label (1 of 3 rows has none): every label")
    assert "--none NAME" in said
    assert "--skip-bad" in said
    found, _ = lines("t.csv", TOXIC, *TOXIC_COLUMNS, "--none", "fine")
    assert found == [
        "__label__toxic you fool",
        "__label__fine hello there",
        "__label__toxic __label__threat i will get you",
    ]
    result = run("prepare", "t.csv", *TOXIC_COLUMNS, "-o", "o", "--skip-bad", "--split", 100)
    assert "1 x no label" in result.err


def test_mistakes_in_label_columns():
    columns = ["--label-column", "toxic", "--label-column", "severe"]
    rows = "".join(f"{i},0,1,hello\n" for i in range(3000))
    options = [*columns, "--text-column", "text"]
    for text, place in (
        ("1,-1,-1,foo\n2,0,1,hello\n3,1,0,bye\n", "2, column toxic: '-1'"),
        (f"{rows}7,1,2,foo\n", "3002, column severe: '2'"),
    ):
        write("jig.csv", f"id,toxic,severe,text\n{text}")
        said = refused("supervised", "-input", "jig.csv", "-output", "m", *options)
        column = place.split()[2].rstrip(":")
        assert said.startswith(f"jig.csv:{place} where column {column} has 0 or 1: 'foo'.")
    write("jig.csv", f"id,toxic,severe,text\n7,1,2,foo\n{rows}")
    result = run("prepare", "jig.csv", "-o", "o", "--split", 100, "--skip-bad", *options)
    assert result.code == 0, result.err
    with open("o/train.txt") as file:
        assert set(file) == {"__label__severe hello\n"}
    found, _ = lines("a.csv", "text,a,b\nx y,yes,no\nz,No,Yes\n", "--label-column", "a", *B)
    assert found == ["__label__a x y", "__label__b z"]


def test_lists_of_zeros_and_ones_in_cells():
    rows = '"[1, 0, 1]"\nc d,"[0, 1, 0]"\n'
    for command in (
        ["prepare", "a.csv", *LINES],
        ["supervised", "-input", "a.csv", "-output", "m"],
    ):
        write("a.csv", f"text,labels\na b,{rows}")
        said = refused(*command, "--label-column", "labels", "--text-column", "text")
        assert said.startswith("a.csv: lists of 3 zeros and ones in labels do not say which labels")
    write("n.csv", f"x,labels\n1,{rows}".replace("c d", "2"))
    said = refused("mlp-train", "-input", "n.csv", "-output", "m", "-epoch", 1)
    assert said.startswith("n.csv: lists of 3 zeros and ones in labels do not say which labels")
    text = '{"text":"a b","labels":"[1, 0]"}\n{"text":"c","labels":"[0, 1]"}\n'
    assert "lists of 2 zeros" in refused("prepare", write("a.jsonl", text), *LINES)


def test_cells_that_are_no_lists_among_lists():
    text = """text,labels\na b,"['x', 'y']"\nc d,"('z',)"\ne f,nan\n"""
    found, said = lines("a.csv", text, "--none", "nothing")
    assert found == ["__label__x __label__y a b", "__label__z c d", "__label__nothing e f"]
    assert said.endswith("several labels a row")
    said = refused("prepare", write("a.csv", text + "g h,broken\n"), *LINES)
    assert said.startswith(
        "a.csv:5, column labels: 'broken' is not a list of labels, as others are: 'g h'. Fix it"
    )
    write("n.csv", """x,labels\n1,"['x', 'y']"\n2,"['z']"\n3,broken\n""")
    said = refused("mlp-train", "-input", "n.csv", "-output", "m", "-epoch", 1)
    assert said.startswith("n.csv, column labels: 'broken' is not a list of labels")


def test_lists_of_zeros_and_ones_need_names():
    write("t.jsonl", '{"text": "a", "labels": [1, 0, 1]}\n')
    assert "lists of 3 zeros and ones in labels do not say" in refused("prepare", "t.jsonl", *LINES)
    found, _ = lines("u.jsonl", '{"text": "a", "labels": {"x": 1, "y": 0, "z": true}}\n')
    assert found == ["__label__x __label__z a"]


def test_a_cell_that_is_called_question_is_no_header():
    text = "is the shop open today ?\tquestion\nthe shop is open today\tstatement\n"
    text += "close the door\tcommand\n"
    found, said = lines("a.tsv", text, "--text-column", 0, "--label-column", 1)
    assert len(found) == 3
    assert said == "a.tsv: no header; text: column '0'; label: column '1'"


def test_a_header_of_other_names():
    text = "ItemText,Rating\ngood thing,5\nbad thing,1\n"
    found, said = lines("i.csv", text, "--text-column", 0, "--label-column", 1)
    assert found == ["__label__5 good thing", "__label__1 bad thing"]
    assert said == "i.csv: header; text: column 'ItemText'; label: column 'Rating'"


def test_the_header_of_pandas():
    text = "0,1,2,label\n3.1,-2.9,0.1,yes\n-0.3,0.4,0.2,no\n"
    said = mlp("p.csv", text)
    assert said == "p.csv: header; label: column 'label'; 3 features: 0, 1, 2"
    said = mlp("r.csv", ",a,label\n0,3.1,yes\n1,-0.3,no\n2,1,no\n")
    assert said == (
        "r.csv: header; label: column 'label'; 1 feature: a; left out: the numbers of the rows"
    )


QUOTES = 'text\tlabel\nFirst\tone\n"Second\ttwo\nThird "q"\tthree\n'


def test_a_header_above_words():
    rows = "vhigh,low,med,unacc\nlow,high,high,good\n" * 7
    said = mlp("car.csv", f"buying,maint,safety,class\n{rows}")
    assert said == "car.csv: header; label: column 'class'; 3 features: buying, maint, safety"
    text = "v1,v2\n" + "ham,see you at the station\nspam,win a prize now\n" * 3
    found, said = lines("sms.csv", text, "--text-column", 1, "--label-column", 0)
    assert (len(found), said.split(";")[0]) == (6, "sms.csv: header")
    found, said = lines("a.csv", "no header row,x\nsecond row,y\n", *POSITIONS)
    assert found == ["__label__x no header row", "__label__y second row"]
    assert said.startswith("a.csv: no header;")


def test_a_header_with_columns_without_a_name():
    for text in ("text,label,\na b,x,\nc d,y,\n", "text,,label\na b,,x\nc d,,y\n"):
        found, said = lines("a.csv", text)
        assert found == ["__label__x a b", "__label__y c d"]
        assert said == "a.csv: header; text: column 'text'; label: column 'label'"
    found, _ = lines("a.csv", "text,label,\na b,x,\nc d,y,\ne f g,x,\n", *POSITIONS)
    assert found[0] == "__label__x a b"


def test_text_behind_a_closing_quote():
    write("q.csv", QUOTES)
    said = refused("prepare", "q.csv", *LINES)
    assert said.startswith("q.csv:3, column 1: text after the quote that closes a cell: ")
    assert "--quotes no" in said
    result = run("prepare", "q.csv", "-o", "o", "--skip-bad", "--split", 100, "--no-shuffle")
    assert result.code == 0
    with open("o/train.txt") as file:
        assert file.read() == '__label__one First\n__label__three Third "q"\n'
    with open("o/rejects.jsonl") as file:
        (reject,) = map(json.loads, file)
    assert (reject["line"], reject["text"].split("\n")[0]) == (3, '"Second\ttwo')
    found, _ = lines("q.csv", QUOTES, "--quotes", "no")
    assert found == ["__label__one First", '__label__two "Second', '__label__three Third "q"']


def test_backslashes_before_quotes():
    found, said = lines("b.csv", 'label,text\njeans,"2\\" seam"\nshirt,"he said \\"hi\\""\n')
    assert found == ['__label__jeans 2" seam', '__label__shirt he said "hi"']
    assert "quotes escaped by backslashes" in said


def test_unlabelled_data():
    found, said = lines("new.jsonl", '{"text": "good stuff"}\n', "--text-column", "text")
    assert found == ["good stuff"]
    assert "no label column" in said


def test_lists_in_cells():
    text = "text,labels\n\"good food\",\"['food', 'cheap eats']\"\nnone,[]\n"
    found, said = lines("l.csv", text, "--none", "nothing")
    assert found == ["__label__food __label__cheap_eats good food", "__label__nothing none"]
    assert said.endswith("several labels a row")
    assert "no label (1 of 2 rows" in refused("prepare", "l.csv", *LINES)


def test_numbers_as_labels():
    write("s.svm", "+1 1:1\n1 1:2\n1.0 1:3\n-1 1:-3 qid:2 # a comment\n")
    result = run(
        *("mlp-train", "-input", "s.svm", "-output", "m", "--hidden", 2, "-epoch", 1, "-thread", 1)
    )
    assert "2 labels" in result.err
    found, said = lines("n.jsonl", '{"text": "a", "label": 1}\n{"text": "b", "label": 1.0}\n')
    assert (found, said.endswith("numbers by value")) == (["__label__1 a", "__label__1 b"], True)
    found, said = lines("n.csv", "text,label\na,1.0\nb,2.0\n")
    assert (found, said.endswith("numbers by value")) == (["__label__1 a", "__label__2 b"], True)
    for first, second in (("01", "1.10"), ("1", "x")):
        found, said = lines("t.csv", f"text,label\na,{first}\nb,{second}\n")
        assert found == [f"__label__{first} a", f"__label__{second} b"]
        assert "numbers" not in said
    run("mlp-train", "-input", write("f.csv", "a,label\n1,1.0\n2,2.0\n"), "-output", "f")
    assert "N\t2" in run("test", "f.mlp", write("g.csv", "a,label\n1,1\n2,2\n")).text()


def test_numbers_that_turn_out_to_be_text():
    write("t.csv", "text,label\na,1.0\nb,2.0\nc,x\n")
    result = run("prepare", "t.csv", "-o", "o", "--split", 100, "--no-shuffle", "-verbose", 0)
    assert (result.code, result.err) == (0, "")
    with open("o/train.txt") as file:
        assert file.read() == "__label__1.0 a\n__label__2.0 b\n__label__x c\n"


def test_a_separator_that_is_not_given():
    write("s.csv", 'text,tags\na,"food-safety,acidity"\nb,acidity\nc,food-safety\nd,eggs\n')
    said = refused("prepare", "s.csv", *LINES)
    assert said == (
        "s.csv: the cells of tags seem to hold several labels each: 4 different ones, made of 3. "
        "Give --label-separator ',', or --label-separator none if each is one label."
    )
    result = run("prepare", "s.csv", *LINES, "--label-separator", ",")
    assert result.out.decode().startswith("__label__food-safety __label__acidity a\n")


def test_an_encoding_that_is_not_given():
    text = "文本,标签\n今天天气很好我们去公园,天气\n股票市场大涨投资者高兴,财经\n"
    write("g.csv", text.encode("gb18030"))
    said = refused("prepare", "g.csv", *LINES)
    assert "is not UTF-8; it looks like gb18030 (Chinese): add --encoding gb18030" in said
    found, _ = lines("g.csv", text.encode("gb18030"), "--encoding", "gb18030")
    assert found[0] == "__label__天气 今天天气很好我们去公园"


def test_a_table_of_another_name():
    said = mlp("iris.data", "5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n6.2,3.4,5.4,virginica\n")
    assert said == "iris.data: no header; label: column 3 (the last); 3 features"


def test_a_constant_column_in_training():
    text = "k,x,label\n" + "".join(f"0.1,{i},{'ab'[i % 2]}\n" for i in range(10))
    mlp("k.csv", text)
    before = run("predict-prob", "m.mlp", "k.csv", -1).text()
    write("k2.csv", text.replace("0.1,", "255,"))
    assert run("predict-prob", "m.mlp", "k2.csv", -1).text() == before


def test_columns_in_another_order():
    text = "x1,x2,y\n" + "".join(f"{i},{-i},{'ab'[i > 5]}\n" for i in range(10))
    mlp("o.csv", text)
    expected = run("predict-prob", "m.mlp", "-", stdin=b"x1,x2\n1,-1\n8,-8\n").text()
    asked = b"id,x2,x1\n7,-1,1\n9,-8,8\n"
    assert run("predict-prob", "m.mlp", "-", stdin=asked).text() == expected


def test_several_columns_that_could_be_the_label():
    write("m.csv", "text,label,category\na,x,y\n")
    said = refused("prepare", "m.csv", *LINES)
    assert said == (
        "m.csv: 2 columns could be meant (label, category). Give --label-column label or "
        "--label-column category."
    )


def test_columns_of_words_of_dates_and_with_gaps():
    text = "age,city,y\n1,Rome,a\n,Paris,b\nNA,Rome,a\n9,?,b\n"
    result = run("mlp-train", "-input", write("m.csv", text), "-output", "m", "-epoch", 1)
    assert "Each word of these columns is a feature (how many): city (2)." in result.err
    assert "missing are taken as the mean, and a feature says so (how many): age (2)." in result.err
    dates = "d,w,y\n2020-01-01,1,a\n2021-02-03,2,b\n"
    said = refused("mlp-train", "-input", write("d.csv", dates), "-output", "m")
    assert said.endswith("which are no numbers. Leave it out: --drop d.")
    said = mlp("d.csv", dates, "--drop", "d")
    assert said == "d.csv: header; label: column 'y'; 1 feature: w"
    many = "".join(f"w{i},{i},{'ab'[i % 2]}\n" for i in range(200))
    said = refused("mlp-train", "-input", write("w.csv", f"w,v,y\n{many}"), "-output", "m")
    assert "column w has more than 100 different words" in said


def test_each_file_of_parquet_has_its_own_names_of_classes():
    pyarrow = pytest.importorskip("pyarrow", exc_type=ImportError)
    from pyarrow import parquet

    for name, classes in (("a", ["neg", "pos"]), ("b", ["pos", "neg"])):
        features = {"label": {"names": classes, "_type": "ClassLabel"}}
        about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
        table = pyarrow.table({"text": [f"{name} zero", f"{name} one"], "label": [0, 1]})
        parquet.write_table(table.replace_schema_metadata(about), f"{name}.parquet")
    write("c.csv", "text,label\nc,pos\n")
    result = run("prepare", "c.csv", "a.parquet", "b.parquet", *LINES)
    assert result.out.decode().splitlines() == [
        "__label__pos c",
        "__label__neg a zero",
        "__label__pos a one",
        "__label__pos b zero",
        "__label__neg b one",
    ]


def test_separators_are_looked_for_in_each_file():
    pairs = [f"{a};{b}" for a in "abcde" for b in "fghij"]
    write("s1.csv", "text,tags\n" + "".join(f"t{i},{x}\n" for i, x in enumerate(pairs)))
    write("s2.csv", "text,label\nx,one\ny,two\n")
    assert "Give --label-separator ';'" in refused("prepare", "s1.csv", "s2.csv", "-o", "o")


def test_a_header_that_is_repeated_is_no_example():
    """As in files that were put together."""
    text = "Body,Team\na b,x\nBody,y\nBody,Team\ne f,x\nBody,Team\n"
    write("k.csv", text)
    columns = ["--text-column", "Body", "--label-column", "Team"]
    result = run("prepare", "k.csv", *LINES, *columns)
    assert result.out.decode().splitlines() == [
        "__label__x a b",
        "__label__y Body",
        "__label__x e f",
    ]
    assert "k.csv: 2 rows repeat the header: left out.\n" in result.err
