"""Models of mlp-train that others made or damaged: one sentence, or nothing wrong."""

from __future__ import annotations

import contextlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastcli.errors import ArgumentError, DataError, ModelFormatError
from fastcli.evaluation.predictor import NotFinite, Predictor
from fastcli.mlp.dump import args_text, dictionary_lines, input_lines, output_lines
from fastcli.mlp.model_file import load_mlp
from tests import crafted
from tests.command import PLAIN, process, run
from tests.crafted import array, put, spoil, without

WORDS = [f"w{i}" for i in range(12)]
LINES = [
    f"__label__{'abc'[i % 3]} {WORDS[i % 12]} {WORDS[(5 * i + i % 3) % 12]}" for i in range(60)
]
QUICK = (*PLAIN, "-epoch", 1, "--hidden", "6", "-thread", 1, "-verbose", 0)


def train(folder, name, text, *options):
    source = folder / name
    source.write_text(text)
    result = run("mlp-train", "-input", source, "-output", folder / "m", *QUICK, *options)
    assert (result.code, result.err) == (0, "")
    return folder / "m.mlp"


@pytest.fixture(scope="module")
def text_model(tmp_path_factory):
    """Return the path of a model of words and n-grams."""
    folder = tmp_path_factory.mktemp("text")
    options = ("-dim", 5, "-wordNgrams", 2, "-bucket", 50, "--norm", "batch")
    return train(folder, "lines.txt", "\n".join(LINES) + "\n", *options)


@pytest.fixture(scope="module")
def table_model(tmp_path_factory):
    """Return the path of a model of two columns with a header."""
    folder = tmp_path_factory.mktemp("table")
    rows = [f"{i},{i * i % 7},{'yes' if i % 2 else 'no'}" for i in range(20)]
    return train(
        folder, "table.csv", "x,y,kind\n" + "\n".join(rows) + "\n", "--activation", "prelu"
    )


@pytest.fixture(scope="module")
def both(text_model, table_model, tmp_path_factory):
    """Return the paths of both models, and one to write to."""
    return text_model, table_model, tmp_path_factory.mktemp("changed") / "m.mlp"


def edited(path, model, edit):
    """Write a model as it is after ``edit(arrays, config)``."""
    arrays, config = crafted.read(model)
    edit(arrays, config)
    return crafted.write(path, arrays, config)


# ------------------------------------------------------- weights that are NaN or infinite


def row_of(arrays, config, word):
    starts, arena = arrays["dictionary.starts"], arrays["dictionary.arena"].tobytes()
    words = [arena[a:b].decode() for a, b in pairwise(starts)]
    return words.index(word)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("options", [("predict",), ("predict-prob",), ("predict", "--json")])
def test_lines_before_one_that_is_not_finite_stand(options, value, text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7"), 3] = value

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    lines = ["w1 w2", "", "w5", "w1 w7", "w3"]
    good = run(*options, text_model, "-", stdin="\n".join(lines[:3] + lines[4:]).encode())
    assert (good.code, good.err) == (0, "")
    result = run(*options, model, "-", stdin="\n".join(lines[:3] + lines[4:]).encode())
    assert (result.code, result.out, result.err) == (0, good.out, "")
    result = run(*options, model, "-", stdin="\n".join(lines).encode())
    assert result.code == 1
    assert result.out.splitlines() == good.out.splitlines()[:3]
    assert result.err == (
        f"{model}: the scores of line 4 are not finite, since weights of the model are NaN or "
        "infinite. It is damaged, or its training diverged.\n"
    )


def test_the_line_is_the_same_on_several_threads_and_in_later_blocks(text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7")] = np.nan

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    n = 30_000
    lines = ["w1 w2"] * n + ["w7"] + ["w3"] * n + ["w7"]
    text = tmp_path / "lines.txt"
    text.write_text("\n".join(lines))
    for threads in (1, 2, 3):
        result = run("predict", model, text, "-thread", threads)
        assert result.code == 1
        assert len(result.out.splitlines()) == n
        assert f"the scores of line {n + 1:,} are" in result.err
        result = run("test", model, text, "-thread", threads)
        assert (result.code, result.out) == (1, b"")
        assert f"the scores of line {n + 1:,} are" in result.err


def test_lines_of_a_table_are_counted_with_its_header(table_model, tmp_path):
    def edit(arrays, config):
        arrays["columns.scale"][:] = 1e30
        arrays["layers.0.weight"][:] = 3e38  # finite, and the sum of two is not

    model = edited(tmp_path / "huge.mlp", table_model, edit)
    table = tmp_path / "table.csv"
    table.write_text("x,y,kind\n9.5,3,no\n")
    result = run("predict", model, table)
    assert (result.code, result.out) == (1, b"")
    assert "the scores of line 2 are not finite" in result.err


def test_the_error_comes_after_the_lines(text_model, tmp_path):
    def edit(arrays, config):
        arrays["embedding"][row_of(arrays, config, "w7")] = np.nan

    model = edited(tmp_path / "nan.mlp", text_model, edit)
    result = process("predict", model, "-", stdin=b"w1\nw7\n")
    assert (result.code, result.out.count(b"\n")) == (1, 1)
    assert result.err.count("\n") == 1


# ------------------------------------------------------- what does not fit


def starts(*values):
    def change(found):
        found[: len(values)] = values
        return found

    return array("dictionary.starts", change)


def label_with_space(arrays, config):
    arrays["dictionary.arena"][-1] = 32


def twice_the_same_word(arrays, config):
    at = arrays["dictionary.starts"]
    assert at[2] - at[1] == at[3] - at[2]
    arena = arrays["dictionary.arena"]
    arena[at[2] : at[3]] = arena[at[1] : at[2]]


def no_ngrams(arrays, config):
    config["args"]["word_ngrams"] = 1
    config["text"].pop("bucket")


TEXT_EDITS = {
    "starts that wrap around": (starts(0, 2**62, 2**63 - 1, -(2**63) + 1), "dictionary.starts"),
    "starts that fall": (starts(0, 5, 3), "dictionary.starts"),
    "starts beyond": (starts(0, 10**9), "dictionary.starts"),
    "an empty word": (starts(0, 0), "dictionary.starts"),
    "no start at 0": (starts(1), "dictionary.starts"),
    "starts of 32 bits": (array("dictionary.starts", lambda a: a.astype(np.int32)), "int32"),
    "negative counts": (array("dictionary.counts", lambda a: a - 10**6), "dictionary.counts"),
    "an entry twice": (twice_the_same_word, "is repeated"),
    "a label with a space": (label_with_space, "a label has a space"),
    "buckets twice": (array("buckets", lambda a: np.full_like(a, 3)), "buckets"),
    "negative buckets": (array("buckets", lambda a: a - 50), "buckets"),
    "no buckets": (without("buckets"), "buckets is missing"),
    "buckets without n-grams": (no_ngrams, "embedding should have the shape"),
    "other buckets": (put(text__bucket=51), "text.bucket is 51"),
    "too many buckets": (put(text__bucket=2**31 - 1, args__bucket=2**31 - 1), "together"),
    "buckets as a matrix": (array("buckets", lambda a: a[None]), "buckets should have the shape"),
    "n-grams of no bucket": (put(args__bucket=0), "-bucket 0 leaves no room for n-grams"),
    "n-grams of characters": (put(args__maxn=2**40), "-maxn must be at most 2147483647"),
    "a row less": (array("embedding", lambda a: a[1:]), "embedding should have the shape"),
    "one row for all": (array("embedding", lambda a: a[:1]), "embedding should have the shape"),
    "another type of rows": (array("embedding", lambda a: a.view(np.int32)), "embedding"),
    "one number for all": (array("layers.0.bias", lambda a: a[:, :1]), "layers.0.bias"),
    "bytes for numbers": (array("layers.0.bias", lambda a: a.astype(np.uint8)), "layers.0.bias"),
    "a missing tensor": (without("layers.0.running_var"), "layers.0.running_var is missing"),
    "an extra tensor": (
        lambda arrays, config: arrays.update({"layers.9.bias": np.zeros(3, np.float32)}),
        "unexpected tensor 'layers.9.bias'",
    ),
    "NaN in a layer": (
        array("layers.1.weight", lambda a: a * np.float32(np.nan)),
        "layers.1.weight is not finite",
    ),
    "words as a string": (put(text__nwords="12"), "text.nwords should be a whole number"),
    "words as a fraction": (put(text__nwords=12.0), "text.nwords should be a whole number"),
    "negative words": (put(text__nwords=-1), "text.nwords should be a whole number"),
    "no text": (put(text=None), "exactly one of text and columns"),
    "no arguments": (put(args=[]), "args should be an object"),
    "an unknown argument": (put(args__depth=3), "args.depth is not known"),
    "an unknown field": (put(extra=3), "extra is not known"),
    "hidden as a number": (put(args__hidden=6), "args.hidden should be a string, not 6"),
    "hidden as a list": (put(args__hidden=[6]), "args.hidden should be a string, not a list"),
    "n-grams by halves": (put(args__word_ngrams=2.5), "args.word_ngrams should be a whole"),
    "true for a number": (put(args__dim=True), "args.dim should be a whole number"),
    "no dropout": (put(args__dropout="nan"), "--dropout must be"),
    "huge maxout": (put(args__activation="maxout:1e15"), "maxout"),
    "one unit for three labels": (put(loss=2), "the loss bce is for two labels, not 3"),
    "hinges without tensors": (put(args__activation="apl:3"), "layers.0.shape"),
    "huge apl": (put(args__activation="apl:1e15"), "apl"),
    "initialisation": (put(args__init="uniform:3,1"), "first bound must be below the second"),
    "initialisations": (put(args__init="he,he,he"), "--init has 3 values"),
    "place of eps": (put(args__eps_position="over"), "Unknown position of epsilon"),
    "huge layers": (put(args__hidden="1000000,1000000"), "layers.0.weight should have the shape"),
    "endless layers": (put(args__hidden=",".join("1" * 10**5)), "--hidden"),
    "a huge dim": (put(args__dim=2**31 - 1), "embedding should have the shape"),
    "a negative epsilon": (put(args__norm_eps=-1.0), "--norm-eps must be"),
    "NaN for an epsilon": (put(args__norm_eps=float("nan")), "args.norm_eps should be a number"),
    "no label prefix": (put(args__label=""), "-label must not be empty"),
    "a surrogate as prefix": (put(args__label="\ud800"), "args.label contains lone surrogates"),
    "another loss": (put(loss=9), "loss should be 0 or 1 or 2 or 3 or 4 or 5, not 9"),
    "about as a list": (put(about=[1]), "about should be an object"),
}


def column_of_floats(value):
    return array("columns.scale", lambda a: np.full_like(a, value))


TABLE_EDITS = {
    "labels as numbers": (put(labels=[1]), "labels[0] should be a string, not 1"),
    "a label more": (put(labels=["a", "b", "c"]), "layers.1.weight should have the shape"),
    "a label twice": (put(labels=["a", "a"]), "labels: one is repeated"),
    "twice in other words": (put(labels=["\udcc3\udca9", "é"]), "labels: one is repeated"),
    "an empty label": (put(labels=["", "a"]), "labels[0] cannot be ''"),
    "a label of two lines": (put(labels=["a\nb", "a"]), "labels[0] cannot be 'a\\nb'"),
    "a surrogate as label": (put(labels=["\ud800", "a"]), "labels[0] contains lone surrogates"),
    "no labels": (put(labels=[]), "labels are missing"),
    "no delimiter": (put(columns__delimiter=""), "columns.delimiter cannot be ''"),
    "a number as delimiter": (put(columns__delimiter=5), "columns.delimiter should be a string"),
    "a long delimiter": (put(columns__delimiter="abc"), "columns.delimiter cannot be 'abc'"),
    "a line end as delimiter": (put(columns__delimiter="\n"), "columns.delimiter cannot be"),
    "a quote as delimiter": (put(columns__delimiter='"'), "columns.delimiter cannot be"),
    "names as a number": (put(columns__names=5), "columns.names should be a list, not 5"),
    "few names": (put(columns__names=["a"]), "columns.names has length 1, not 3"),
    "names of numbers": (put(columns__names=[1, 2, 3]), "columns.names[0] should be a string"),
    "base as a word": (put(columns__base="x"), "columns.base should be 0 or 1, not 'x'"),
    "another base": (put(columns__base=-5), "columns.base should be 0 or 1, not -5"),
    "a kind of its own": (put(columns__kind="xml"), "columns.kind should be 'csv' or 'libsvm'"),
    "libsvm with names": (put(columns__kind="libsvm"), "columns of libsvm files"),
    "a label beyond": (put(columns__label=3), "columns.label is 3"),
    "no label": (put(columns__label=-1), "columns.label is -1"),
    "many features": (put(columns__n_features=2**31 - 1), "columns"),
    "no feature": (put(columns__n_features=0), "columns.n_features should be"),
    "means of one": (array("columns.mean", lambda a: a[:1]), "columns.mean should have the shape"),
    "NaN as a mean": (array("columns.mean", lambda a: a * np.nan), "columns.mean is not finite"),
    "infinite scales": (column_of_floats(np.inf), "columns.scale is not finite"),
    "text too": (
        put(text={"nwords": 1, "nlabels": 1, "ntokens": 1}),
        "exactly one of text and columns",
    ),
    "shapes of another width": (array("layers.0.shape", lambda a: a[:, 1:]), "layers.0.shape"),
}
COMMANDS = (("predict",), ("predict-prob", "--json"), ("test",), ("dump",), ("inspect",))


def refusals(path):
    """Return what every command says of a model: one sentence, exit 1, and no result."""
    said = []
    for command, *options in COMMANDS:
        more = {"dump": ["args"], "inspect": []}.get(command, ["-"])
        result = run(command, *options, path, *more, stdin=b"1,2,a\n")
        assert (result.code, result.out, result.err.count("\n")) == (1, b"", 1), result
        assert len(result.err) < 400
        said.append(result.err)
    return said


@pytest.mark.parametrize(("edit", "sentence"), TEXT_EDITS.values(), ids=TEXT_EDITS.keys())
def test_models_of_text_that_do_not_fit(edit, sentence, text_model, tmp_path):
    path = edited(tmp_path / "bad.mlp", text_model, edit)
    for said in refusals(path):
        assert said.startswith(f"{path} is damaged: ")
        assert sentence in said


@pytest.mark.parametrize(("edit", "sentence"), TABLE_EDITS.values(), ids=TABLE_EDITS.keys())
def test_models_of_tables_that_do_not_fit(edit, sentence, table_model, tmp_path):
    path = edited(tmp_path / "bad.mlp", table_model, edit)
    for said in refusals(path):
        assert said.startswith(f"{path} is damaged: ")
        assert sentence in said


def in_header(name, **changes):
    """Return a change of what the header of safetensors says of a tensor."""
    return lambda header: header[name].update(changes)


HEADERS = {
    "not valid JSON": (lambda header: b'{"a": 1', "not valid JSON"),
    "no UTF-8": (lambda header: b'{"\xff": 1}', "not valid UTF-8 at byte 2"),
    "nested deep": (lambda header: b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deeply"),
    "huge numbers": (lambda header: b'{"a":' + b"9" * 5000 + b"}", "not valid JSON"),
    "65 dimensions": (in_header("columns.mean", shape=[1] * 65), "has 65 dimensions"),
    "a shape of 2**64": (in_header("columns.mean", shape=[0, 2**64 - 1]), "shape[1] should be"),
    "a shape that wraps around": (
        in_header("columns.mean", shape=[2**32, 2**32, 2]),
        "'columns.mean' are not where they should be",
    ),
    "a negative shape": (in_header("columns.mean", shape=[-2]), "shape[0] should be"),
    "an empty shape": (in_header("columns.mean", shape=[0]), "are not where they should be"),
    "a shape of words": (in_header("columns.mean", shape="2"), "shape should be a list"),
    "another place": (in_header("columns.mean", data_offsets=[8, 24]), "are not where they"),
    "beyond the end": (
        in_header("columns.mean", data_offsets=[0, 2**40], shape=[2**37]),
        "are not where they should be",
    ),
    "one offset": (in_header("columns.mean", data_offsets=[0]), "are not where they should be"),
    "an unknown type": (in_header("columns.mean", dtype="F16"), "dtype should be"),
    "a type as a number": (in_header("columns.mean", dtype=[]), "dtype should be"),
    "an entry as a list": (lambda header: header.update(x=[1]), "x should be an object"),
    "a tensor less": (lambda header: header.pop("layers.1.bias") and None, "are not where they"),
    "metadata as a list": (
        lambda header: header.update(__metadata__=[]),
        "not a fastcli mlp model",
    ),
    "metadata as numbers": (
        lambda header: header["__metadata__"].update(fastcli=5),
        "not a fastcli mlp model",
    ),
    "no JSON in metadata": (
        lambda header: header["__metadata__"].update(fastcli="{"),
        "not valid JSON",
    ),
    "a surrogate in metadata": (
        lambda header: header["__metadata__"].update(fastcli="\ud800"),
        "contains lone surrogates",
    ),
    "a byte in metadata": (
        lambda header: header["__metadata__"].update(fastcli="\udc80"),
        "not valid UTF-8",
    ),
    "a list in metadata": (
        lambda header: header["__metadata__"].update(fastcli="[1]"),
        "not a fastcli mlp model",
    ),
    "deep metadata": (
        lambda header: header["__metadata__"].update(fastcli='{"a":' + "[" * 50_000),
        "nested too deeply",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_do_not_fit(change, sentence, table_model, tmp_path):
    path = crafted.write(tmp_path / "bad.mlp", *crafted.read(table_model), change)
    for said in refusals(path):
        assert said.startswith(f"{path} is ")
        assert sentence in said


def test_a_header_longer_than_the_file(table_model, tmp_path):
    path = tmp_path / "bad.mlp"
    path.write_bytes((10**7).to_bytes(8, "little") + table_model.read_bytes()[8:])
    for said in refusals(path):
        assert "its header should have 10,000,000 bytes, more than the file holds." in said
    path.write_bytes((2**63).to_bytes(8, "little") + table_model.read_bytes()[8:])
    assert "wrong file format" in run("predict", path, "-").err


def test_bytes_after_the_last_tensor(table_model, tmp_path):
    path = tmp_path / "bad.mlp"
    path.write_bytes(table_model.read_bytes() + b"abc")
    for said in refusals(path):
        assert said == f"{path} is damaged: 3 bytes follow the last tensor.\n"


def test_tensors_at_odd_addresses_give_the_same(text_model, tmp_path):
    path = tmp_path / "odd.mlp"
    data = text_model.read_bytes()
    size = int.from_bytes(data[:8], "little")
    path.write_bytes(
        (size + 1).to_bytes(8, "little") + data[8 : 8 + size] + b" " + data[8 + size :]
    )
    lines = "\n".join(LINES).encode()
    assert run("predict-prob", path, "-", stdin=lines) == run(
        "predict-prob", text_model, "-", stdin=lines
    )


# ------------------------------------------------------- any change


def use(path, lines):
    """Load a model and ask it all that commands ask; only one kind of error may come."""
    model = load_mlp(str(path))
    predictor = Predictor(model, 2, 0.0, 1)
    asked = path.with_name("asked.csv")
    asked.write_bytes(lines)
    for use_blocks in (predictor.rows, predictor.test):
        with contextlib.suppress(NotFinite, DataError, ArgumentError):
            blocks = model.rows_of(str(asked), "") or [np.frombuffer(lines, np.uint8)]
            list(use_blocks(blocks)) if use_blocks == predictor.rows else use_blocks(blocks)
    for part in (dictionary_lines(model), input_lines(model), output_lines(model)):
        for _ in part:
            pass
    args_text(model)


@settings(max_examples=150)
@given(data=st.data(), which=st.integers(0, 1))
def test_any_header_loads_or_is_refused(data, which, both):
    arrays, config = crafted.read(both[which])
    times = data.draw(st.integers(1, 3))
    for _ in range(times):
        config = spoil(data, config)
    if isinstance(config, dict):
        config |= {"format": "mlp model", "version": "1"}
    path = crafted.write(both[2], arrays, config)
    with contextlib.suppress(ModelFormatError):
        use(path, b"w1 w2 __label__a\n1,2,yes\n")


@settings(max_examples=150)
@given(data=st.data(), which=st.integers(0, 1))
def test_any_arrays_load_or_are_refused(data, which, both):
    arrays, config = crafted.read(both[which])
    name = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[name]
    if array.size and data.draw(st.booleans()):
        flat = array.reshape(-1)
        numbers = [0, 1, -1, 3, 200, 2**31 - 1, 2**62, -(2**63) + 1, np.nan, np.inf, 3e38, -1.0]
        place, number = (
            data.draw(st.integers(0, len(flat) - 1)),
            data.draw(st.sampled_from(numbers)),
        )
        with np.errstate(all="ignore"):
            flat[place] = np.array(number).astype(array.dtype)
    else:
        shapes = {"[:1]": array[:1], "[1:]": array[1:], "T": array.T, "flat": array.reshape(-1)}
        types = {"u1": array.view(np.uint8), "i4": array.astype(np.int32, casting="unsafe")}
        doubled = {"twice": np.concatenate([array, array])}
        changed = (
            {**shapes, **doubled} if array.dtype.kind == "f" else {**shapes, **types, **doubled}
        )
        arrays[name] = data.draw(st.sampled_from(sorted(changed)).map(changed.__getitem__))
    path = crafted.write(both[2], arrays, config)
    with contextlib.suppress(ModelFormatError):
        use(path, b"w1 w2 __label__a\n1,2,yes\n")
