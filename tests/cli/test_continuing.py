"""Going on with a classifier: what is kept, what joins, what is refused."""

import gzip
import json
import math
import shutil

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.kernels.base.losses import NS, OVA, SOFTMAX
from tests import naive
from tests.cli.conftest import LOSSES, TINY, dictionary_of, fails
from tests.command import GOLDEN, SAMPLES, is_same_text, run

TRAIN, VALID, TEST = (SAMPLES / f"topics.{part}.txt" for part in ("train", "valid", "test"))
ALL_LOSSES = [*LOSSES, "one-vs-all"]
QUIET = ["-verbose", 0]
NEW = b"__label__car wheel wagon\n__label__boat sail engine sail\n"


@pytest.fixture
def old(tmp_path):
    """Return a function that trains a small model and returns its path."""

    def make(*options, source=TINY, name="old"):
        path = tmp_path / f"{name}.txt"
        path.write_bytes(source)
        small = ["-dim", 6, "-bucket", 70, "-lr", 0.4, "-epoch", 3, *QUIET]
        result = run("supervised", "-input", path, "-output", tmp_path / name, *small, *options)
        assert (result.code, result.err) == (0, "")
        return tmp_path / f"{name}.bin"

    return make


def go_on(model, source, output, *options, code=0):
    """Train on; return what is said."""
    if isinstance(source, bytes):
        path = output.parent / "more.txt"
        path.write_bytes(source)
        source = path
    result = run("supervised", "-inputModel", model, "-input", source, "-output", output, *options)
    assert (result.code, result.out) == (code, b""), result.err
    assert "Traceback" not in result.err
    return result.err


def rows_of(path):
    """Return the input rows of words, those of buckets and the output rows, by their names."""
    model = load_model(str(path))
    d, dim = model.dictionary, model.args.dim
    wi, wo = (m.values.reshape(-1, dim).copy() for m in (model.wi, model.wo))
    words = dict(zip(d.entries(0, d.nwords), wi, strict=False))
    return words, wi[d.nwords :], dict(zip(d.labels(), wo, strict=True))


# ----------------------------------------------------------------------- what is kept


@pytest.mark.parametrize("options", [[], ["-wordNgrams", 2], ["-minn", 2, "-maxn", 3]])
@pytest.mark.parametrize("loss", [loss for loss in ALL_LOSSES if loss != "hs"])
def test_without_steps_everything_is_as_it_was(old, tmp_path, loss, options):
    model = old("-loss", loss, *options)
    go_on(model, NEW * 3, tmp_path / "new", "-lr", 0)
    words, buckets, labels = rows_of(model)
    new_words, new_buckets, new_labels = rows_of(tmp_path / "new.bin")
    assert new_words.keys() - words.keys() == {b"wagon", b"sail"}
    assert new_labels.keys() - labels.keys() == {b"__label__boat"}
    for known, found in ((words, new_words), (labels, new_labels)):
        for name, row in known.items():
            np.testing.assert_array_equal(found[name], row)
    np.testing.assert_array_equal(new_buckets, buckets)
    assert (new_labels[b"__label__boat"] == 0).all()
    assert (np.abs(new_words[b"sail"]) <= 1 / 6).all()
    assert (new_words[b"sail"] != 0).any()


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.bin")))
def test_models_of_fasttext_predict_as_before(tmp_path, name):
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    corpus = {"zh-words": "zh-words", "hs-ngrams": "zh-words", "ns": "zh-chars"}.get(
        name, "tags" if name in ("hs-tags", "ova-subwords") else "topics"
    )
    # Lines of the same labels and words: a new label would have a share of the probability.
    known = dictionary_of(GOLDEN / f"{name}.bin")
    lines = (SAMPLES / f"{corpus}.train.txt").read_bytes().splitlines(keepends=True)
    text = b"".join(line for line in lines if all(word in known for word in line.split()))
    assert text
    err = go_on(GOLDEN / f"{name}.bin", text, tmp_path / "new", "-lr", 0)
    assert "; added 0 words and 0 labels." in err
    if golden["args"][6] == "loss hs":
        assert "The output matrix is reinitialised: the Huffman tree of -loss hs follows" in err
        return
    assert "reinitialised" not in err
    stdin = "".join(line + "\n" for line in golden["input"]).encode()
    found = [
        run("predict-prob", model, "-", 2, stdin=stdin).text()
        for model in (GOLDEN / f"{name}.bin", tmp_path / "new.bin")
    ]
    assert is_same_text(*found)


def test_models_of_version_11_go_on(old, tmp_path):
    """They have no character n-grams, whatever their arguments say."""
    model = old("-wordNgrams", 2)
    go_on(model, NEW, tmp_path / "new", *QUIET)
    data = bytearray(model.read_bytes())
    data[4] = 11
    data[8 + 4 * 10 : 8 + 4 * 11] = (6).to_bytes(4, "little")  # -maxn
    older = tmp_path / "older.bin"
    older.write_bytes(data)
    go_on(older, NEW, tmp_path / "newer", *QUIET)
    assert (tmp_path / "newer.bin").read_bytes() == (tmp_path / "new.bin").read_bytes()


@pytest.mark.parametrize("loss", [SOFTMAX, OVA, NS])
def test_a_line_steps_from_the_rows_of_the_model(old, tmp_path, loss):
    name = {SOFTMAX: "softmax", OVA: "ova", NS: "ns"}[loss]
    model = old("-loss", name)
    line = b"__label__boat sail engine wheel sail\n"
    # The rows before: those of the model, and the new ones as without a step.
    go_on(model, line, tmp_path / "start", "-lr", 0)
    options = ["-lr", 0.3, "-epoch", 1, "-seed", 0, *QUIET]
    go_on(model, line, tmp_path / "new", *options)
    start, end = (load_model(str(tmp_path / f"{one}.bin")) for one in ("start", "new"))
    d = start.dictionary
    wi, wo = (m.values.reshape(-1, 6).astype(np.float64) for m in (start.wi, start.wo))
    rows = [d.find(word) for word in (b"sail", b"engine", b"wheel", b"sail", b"</s>")]
    target = d.find(b"__label__boat") - d.nwords
    counts = d.label_counts()
    odds, aliases = naive.alias_table(np.sqrt(counts))
    naive.train_lines(
        [rows],
        [[target]],
        [5],
        wi,
        wo,
        loss,
        neg=5,
        odds=odds,
        aliases=aliases,
        lr0=0.3,
        total_tokens=5,
        own_draws=True,
    )
    np.testing.assert_allclose(end.wi.values.reshape(-1, 6), wi, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(end.wo.values.reshape(-1, 6), wo, rtol=1e-5, atol=1e-6)


def test_rows_of_the_tree_start_anew(old, tmp_path):
    model = old("-loss", "hs")
    err = go_on(model, NEW, tmp_path / "new", "-lr", 0)
    assert (
        "The output matrix is reinitialised: the Huffman tree of -loss hs follows the new counts"
        in err
    )
    words, _, labels = rows_of(model)
    new_words, _, new_labels = rows_of(tmp_path / "new.bin")
    assert all((row == 0).all() for row in new_labels.values())
    assert any((row != 0).any() for row in labels.values())
    assert all((new_words[word] == row).all() for word, row in words.items())


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("softmax", "ova", "The loss was softmax and is ova; the output rows are kept."),
        ("ns", "softmax", "The loss was ns and is softmax; the output rows are kept."),
        ("ova", "one-vs-all", ""),
        (
            "hs",
            "softmax",
            "The output matrix is reinitialised: rows trained with -loss hs cannot be used",
        ),
        (
            "softmax",
            "hs",
            "The output matrix is reinitialised: the Huffman tree of -loss hs follows",
        ),
    ],
)
def test_another_loss(old, tmp_path, was, now, said):
    model = old("-loss", was)
    err = go_on(model, NEW, tmp_path / "new", "-loss", now, "-lr", 0)
    assert said in err
    assert ("output rows" in err or "output matrix" in err) == bool(said)
    labels, new_labels = rows_of(model)[2], rows_of(tmp_path / "new.bin")[2]
    is_kept = all((new_labels[name] == row).all() for name, row in labels.items())
    assert is_kept == ("hs" not in (was, now))
    assert load_model(str(tmp_path / "new.bin")).args.loss == now.replace("ova", "one-vs-all")


def test_counts_are_added_and_the_order_is_fasttexts(old, tmp_path):
    model = old()
    before = dictionary_of(model)
    err = go_on(model, NEW * 3, tmp_path / "new")
    assert f"Continuing from {model}: kept 7 words and 3 labels; added 2 words and 1 label." in err
    after = dictionary_of(tmp_path / "new.bin")
    assert after[b"engine"] == before[b"engine"] + 3
    assert (after[b"sail"], after[b"wagon"], after[b"apple"]) == (6, 3, before[b"apple"])
    assert after[b"__label__boat"] == 3
    new = load_model(str(tmp_path / "new.bin")).dictionary
    for counts in (new.counts[: new.nwords], new.label_counts()):
        assert (np.diff(counts) <= 0).all()
    assert new.ntokens == load_model(str(model)).dictionary.ntokens + len(NEW.split()) * 3 + 6


def test_rare_words_stay_out_and_known_ones_stay(old, tmp_path):
    model = old()
    go_on(model, NEW, tmp_path / "new", "-minCount", 2, "-minCountLabel", 2)
    words, labels = rows_of(tmp_path / "new.bin")[::2]
    assert b"sail" in words
    assert b"wagon" not in words
    assert {b"apple", b"road", b"</s>"} <= words.keys()
    assert labels.keys() == {b"__label__car", b"__label__fruit", b"__label__road"}


def test_what_is_not_trained_stays_and_what_is_trained_moves(old, tmp_path):
    model = old("-wordNgrams", 2, "-minn", 2, "-maxn", 3)
    go_on(model, b"__label__car wheel engine\n", tmp_path / "new", "-lr", 0.5)
    words, _, _ = rows_of(model)
    new_words, _, _ = rows_of(tmp_path / "new.bin")
    moved = {word for word, row in words.items() if (new_words[word] != row).any()}
    assert moved == {b"wheel", b"engine", b"</s>"}


def test_it_learns_more(tmp_path):
    options = ["-dim", 10, "-lr", 0.5, "-epoch", 5, *QUIET]
    lines = TRAIN.read_bytes().splitlines(keepends=True)
    half = tmp_path / "half.txt"
    half.write_bytes(b"".join(lines[:200]))
    run("supervised", "-input", half, "-output", tmp_path / "old", *options)
    go_on(tmp_path / "old.bin", TRAIN, tmp_path / "new", "-lr", 0.5, "-epoch", 5, *QUIET)

    def precision(name):
        return float(run("test", tmp_path / f"{name}.bin", TEST).out.split()[3])

    assert precision("new") > precision("old") + 0.02


# ------------------------------------------------------------------- how it is trained


def test_arguments_and_label_come_from_the_model(old, tmp_path):
    tiny = TINY.replace(b"__label__", b"#")
    model = old("-wordNgrams", 2, "-label", "#", "-loss", "ova", source=tiny)
    go_on(model, NEW.replace(b"__label__", b"#"), tmp_path / "new", *QUIET)
    args, new = load_model(str(model)).args, load_model(str(tmp_path / "new.bin"))
    for name in ("dim", "bucket", "word_ngrams", "minn", "maxn", "loss"):
        assert getattr(new.args, name) == getattr(args, name)
    assert new.label == "#"
    about = json.loads((tmp_path / "new.bin.json").read_text())
    former = json.loads((tmp_path / "old.bin.json").read_text())
    assert about["continues"] == {
        "size": former["size"],
        "tail_crc32": former["tail_crc32"],
        "words": 7,
        "labels": 3,
        "input": [str(tmp_path / "old.txt")],
    }
    assert f"-inputModel {model}" in about["command"]


def test_the_recorded_command_makes_the_same_file(old, tmp_path):
    import shlex

    model = old("-wordNgrams", 2)
    go_on(model, NEW, tmp_path / "new", *QUIET)
    data = (tmp_path / "new.bin").read_bytes()
    command = shlex.split(json.loads((tmp_path / "new.bin.json").read_text())["command"])[1:]
    assert run(*command, "-output", tmp_path / "again", *QUIET).code == 0
    assert (tmp_path / "again.bin").read_bytes() == data


@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
def test_the_same_bytes_on_any_number_of_threads(tmp_path, optimizer, topics):
    found = []
    for n in (1, 2):
        options = ["-thread", n, "-optimizer", optimizer, "-epoch", 2, *QUIET, "--valid", TEST]
        go_on(topics, VALID, tmp_path / f"new{n}", *options)
        found.append([(tmp_path / f"new{n}.{end}").read_bytes() for end in ("bin", "vec")])
    assert found[0] == found[1]


@pytest.mark.parametrize("options", [[], ["-wordNgrams", 2], ["-minn", 2, "-maxn", 3]])
@pytest.mark.parametrize("loss", LOSSES)
def test_validation_measures_what_test_says_of_the_model(tmp_path, options, loss):
    """Validation lines have words and n-grams of the model that the new text lacks."""
    small = ["-dim", 8, "-lr", 0.5, "-bucket", 3000, "-loss", loss, *options, *QUIET]
    run("supervised", "-input", TRAIN, "-output", tmp_path / "old", "-epoch", 6, *small)
    log, more = tmp_path / "log", tmp_path / "few.txt"
    more.write_bytes(b"".join(VALID.read_bytes().splitlines(keepends=True)[:20]))
    go_on(
        *(tmp_path / "old.bin", more, tmp_path / "new", "--valid", TEST, "--log", log),
        *("-epoch", 3, "-lr", 0.05),
    )
    _, *rows = map(json.loads, log.read_text().splitlines())
    best = min(rows, key=lambda row: (row["valid_error"], row["valid_loss"]))
    said = run("test", tmp_path / "new.bin", TEST).out.split()
    assert float(said[3]) == pytest.approx(1 - best["valid_error"], abs=5e-4)


def test_it_starts_again_at_half_the_rate(old, tmp_path):
    model = old("-loss", "ova")
    options = ["--retry-nan", "-lr", 1e20, "-epoch", 40]
    err = go_on(model, NEW, tmp_path / "new", *options, code=1)
    assert err.count("starting again with -lr") == 10
    assert err.count("Continuing from") == err.count("Number of words") == 1


def test_vectors_of_the_vec_file_are_those_of_the_model(old, tmp_path):
    model = old("-minn", 2, "-maxn", 3)
    go_on(model, NEW, tmp_path / "new", "-lr", 0.2, *QUIET)
    lines = (tmp_path / "new.vec").read_bytes().splitlines()[1:]
    names = b"".join(line.split()[0] + b"\n" for line in lines)
    said = run("print-word-vectors", tmp_path / "new.bin", stdin=names).out.splitlines()
    for ours, theirs in zip(lines, said, strict=True):
        ours, theirs = ours.split(), theirs.split()
        assert ours[0] == theirs[0]
        np.testing.assert_allclose(
            np.array(ours[1:], float), np.array(theirs[1:], float), rtol=1e-3, atol=1e-5
        )


def test_tables_go_on(old, tmp_path):
    table = tmp_path / "more.csv"
    table.write_text('text,kind\n"wheel wagon",car\n"sail engine",boat\n')
    err = go_on(
        *(old(), table, tmp_path / "new", "--text-column", "text", "--label-column", "kind"),
    )
    assert "; added 2 words and 1 label." in err


# ---------------------------------------------------------------------------- files


def test_the_model_may_be_the_one_that_is_written(old, tmp_path):
    model = old("-wordNgrams", 2)
    go_on(model, NEW, tmp_path / "new", *QUIET)
    go_on(model, NEW, tmp_path / "old", *QUIET)
    assert model.read_bytes() == (tmp_path / "new.bin").read_bytes()
    assert json.loads((tmp_path / "old.bin.json").read_text())["continues"]["words"] == 7


def test_mapped_and_read_files_give_the_same_model(old, tmp_path, monkeypatch):
    model = old("-wordNgrams", 2)
    go_on(model, NEW, tmp_path / "new", *QUIET)
    monkeypatch.setattr("fastcli.contents.READ_WHOLE", 10)
    monkeypatch.setattr("fastcli.fasttext.model_file.COPIED", 10)
    go_on(model, NEW, tmp_path / "old", *QUIET)
    assert model.read_bytes() == (tmp_path / "new.bin").read_bytes()


@pytest.mark.parametrize("is_mapped", [False, True])
def test_the_former_file_counts_in_the_memory_that_is_said(old, tmp_path, monkeypatch, is_mapped):
    model, seen = old("-bucket", 300_000, "-wordNgrams", 2), []
    monkeypatch.setattr("fastcli.contents.READ_WHOLE", 10 if is_mapped else 10**9)
    monkeypatch.setattr("fastcli.fasttext.model_file.COPIED", 10)
    monkeypatch.setattr(
        "fastcli.fasttext.train.check_needs", lambda needs, *rest: seen.append(needs)
    )
    go_on(model, NEW, tmp_path / "new", *QUIET)
    assert seen[0].mapped == (model.stat().st_size if is_mapped else 0)
    assert seen[0].smaller == "model"


def test_compressed_models_go_on(old, tmp_path):
    model = old()
    packed = tmp_path / "old.bin.gz"
    packed.write_bytes(gzip.compress(model.read_bytes()))
    go_on(model, NEW, tmp_path / "new", *QUIET)
    go_on(packed, NEW, tmp_path / "packed", *QUIET)
    assert (tmp_path / "packed.bin").read_bytes() == (tmp_path / "new.bin").read_bytes()


def test_what_the_former_model_has_not_is_a_hole(tmp_path):
    options = ["-dim", 50, "-bucket", 200_000, "-wordNgrams", 2, *QUIET]
    run("supervised", "-input", TRAIN, "-output", tmp_path / "old", *options)
    go_on(tmp_path / "old.bin", VALID, tmp_path / "new", "--no-vec", *QUIET)
    files = [(tmp_path / f"{name}.bin").stat() for name in ("old", "new")]
    assert files[1].st_size > 40_000_000
    if hasattr(files[0], "st_blocks") and files[0].st_blocks * 512 < files[0].st_size / 2:
        assert files[1].st_blocks * 512 < files[1].st_size / 2


@pytest.mark.parametrize("end", ["vec", "bin.json"])
def test_other_files_are_not_written_over_the_model(tmp_path, old, end):
    model = old()
    path = tmp_path / f"new.{end}"
    shutil.copy(model, path)
    before = path.read_bytes()
    err = go_on(path, NEW, tmp_path / "new", code=1)
    assert "is an input and would be overwritten" in err
    assert path.read_bytes() == before


# --------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-dim", 7], "-dim 7 is given, and {model} has 6: leave -dim out to go on with it."),
        (["-bucket", 80], "-bucket 80 is given, and {model} has 70"),
        (["-wordNgrams", 3], "-wordNgrams 3 is given, and {model} has 2"),
        (["-minn", 2], "-minn 2 is given, and {model} has 1"),
        (["-maxn", 4], "-maxn 4 is given, and {model} has 3"),
        (["-label", "__l__"], "-label __l__ is given, and {model} has __label__"),
        (["-pretrainedVectors", "x.vec"], "-inputModel and -pretrainedVectors: give one of them."),
        (["-autotune-validation", "x.txt"], "Autotune tries models of other sizes: leave out -inp"),
    ],
)
def test_options_that_contradict_the_model(old, tmp_path, options, said):
    model = old("-wordNgrams", 2, "-minn", 1, "-maxn", 3)
    (tmp_path / "x.txt").write_bytes(NEW)
    err = fails("-inputModel", model, "-input", tmp_path / "x.txt", "-output", "m", *options)
    assert said.format(model=model) in err
    assert err.count("\n") == 1


def test_options_like_those_of_the_model_are_fine(old, tmp_path):
    model = old("-wordNgrams", 2)
    same = ["-dim", 6, "-bucket", 70, "-wordNgrams", 2, "-maxn", 0, "-label", "__label__"]
    go_on(model, NEW, tmp_path / "same", *same, "-loss", "softmax", *QUIET)
    go_on(model, NEW, tmp_path / "new", *QUIET)
    assert (tmp_path / "same.bin").read_bytes() == (tmp_path / "new.bin").read_bytes()


def test_files_that_are_no_classifier(old, tmp_path):
    model, more = old(), tmp_path / "more.txt"
    more.write_bytes(NEW)
    run("skipgram", "-input", more, "-output", tmp_path / "words", "-minCount", 1, *QUIET)
    shutil.copy(SAMPLES / "topics.train.txt", tmp_path / "text.bin")
    (tmp_path / "cut.bin").write_bytes(model.read_bytes()[:-40])
    big = b"".join(b"__label__%d w%d\n" % (i % 3, i) for i in range(300))
    old(source=big, name="many")
    run("quantize", "-output", tmp_path / "many", *QUIET)
    network = ["-dim", 4, "--hidden", 3, "-epoch", 1, *QUIET]
    assert run("mlp-train", "-input", more, "-output", tmp_path / "net", *network).code == 0
    cases = {
        "words.bin": "has word vectors, and is not a classifier to go on with: start from them "
        f"with -pretrainedVectors {tmp_path / 'words.bin'}.",
        "many.ftz": "is quantized, so its rows are only known roughly: go on with the .bin",
        "text.bin": "has wrong file format!",
        "cut.bin": "is damaged",
        "net.mlp": "is a neural network: go on with it by mlp-train -inputModel ",
        "missing.bin": "cannot be opened for loading!",
    }
    for name, said in cases.items():
        err = fails("-inputModel", tmp_path / name, "-input", more, "-output", tmp_path / "m")
        assert said in err
        assert err.startswith(str(tmp_path / name))
        assert err.count("\n") == 1
        assert not (tmp_path / "m.bin").exists()


def test_labels_without_a_record_of_their_prefix(old, tmp_path):
    model = old("-label", "#", source=TINY.replace(b"__label__", b"#"))
    (tmp_path / "old.bin.json").unlink()
    more = tmp_path / "more.txt"
    more.write_bytes(NEW.replace(b"__label__", b"#"))
    err = fails("-inputModel", model, "-input", more, "-output", tmp_path / "m")
    assert f"Not all labels of {model} start with '__label__' (the first is '#car')" in err
    go_on(model, more, tmp_path / "new", "-label", "#", *QUIET)
    more.write_bytes(b"whatever #car\n#car #fruit\n")
    go_on(model, more, tmp_path / "new", "-label", "#", *QUIET)


def test_a_word_that_is_a_label_now(old, tmp_path):
    model = old("-label", "##", source=b"##a x #c\n##b y\n")
    (tmp_path / "old.bin.json").unlink()
    (tmp_path / "more.txt").write_bytes(b"#c x\n##a y\n")
    err = fails(
        *("-inputModel", model, "-input", tmp_path / "more.txt", "-output", tmp_path / "m"),
        *("-label", "#"),
    )
    assert "#c is a word in the model but starts with the label prefix: give" in err


def test_numbers_that_are_not_finite(old, tmp_path):
    model = old()
    data = bytearray(model.read_bytes())
    found = load_model(str(model))
    nan = np.float32(math.nan).tobytes()
    end = len(data) - 16 - 1 - 4 * 6 * found.nlabels
    data[end - 4 * 6 * found.dictionary.nwords : end] = nan * (6 * found.dictionary.nwords)
    model.write_bytes(data)
    err = go_on(model, NEW, tmp_path / "new", code=1)
    assert "the numbers of its words or n-grams are not finite" in err


# ------------------------------------------------------------------- weights of lines

WEIGHTED = (
    b"__label__car the quick fox __weight__2\n__label__boat blue whale here __weight__1\n"
    b"__label__car the fox\n__label__boat whale __weight__2\n"
)
CELLS = "text,label\nfox and hound __weight__3,a\nblue whale here,b\nthe fox,a\n"
COLUMNS = ["--text-column", "text", "--label-column", "label"]


def test_the_prefix_of_weights_is_that_of_the_model_for_lines(old, tmp_path):
    model = old("--weight-prefix", "__weight__", source=WEIGHTED)
    err = go_on(model, WEIGHTED, tmp_path / "new")
    assert f"--weight-prefix __weight__ is used, as for {model}." in err
    assert "Weights of lines 0.667 to 1.33, on average 1." in err
    assert b"__weight__2" not in run("dump", tmp_path / "new.bin", "dict").out
    err = go_on(model, WEIGHTED, tmp_path / "new", "--weight-prefix", "w:")
    assert "__weight__ is used" not in err
    assert b"__weight__2" in run("dump", tmp_path / "new.bin", "dict").out
    assert go_on(model, WEIGHTED, tmp_path / "new", *QUIET) == ""


def test_the_prefix_of_weights_is_not_for_tables(old, tmp_path):
    model = old("--weight-prefix", "__weight__", source=WEIGHTED)
    (tmp_path / "t.csv").write_text(CELLS)
    err = go_on(model, tmp_path / "t.csv", tmp_path / "new", *COLUMNS)
    assert f"--weight-prefix __weight__ of {model} is not used: the rows of a table" in err
    assert "Weights of lines" not in err
    assert "no line has a weight" not in err
    assert b"__weight__3" in run("dump", tmp_path / "new.bin", "dict").out


# ----------------------------------------------------------------------- what is said at the end


@pytest.fixture
def shuffled(tmp_path):
    """Return the training lines with the labels of other lines."""
    lines = [line.split(" ", 1) for line in TRAIN.read_text().splitlines(keepends=True)]
    labels = np.random.default_rng(1).permutation([label for label, _ in lines])
    path = tmp_path / "shuffled.txt"
    path.write_text(
        "".join(f"{label} {text}" for label, (_, text) in zip(labels, lines, strict=True))
    )
    return path


@pytest.mark.parametrize("loss", LOSSES)
def test_lines_that_the_model_does_not_fit(old, shuffled, loss, tmp_path):
    learned = ["-lr", 0.5, "-epoch", 15, "-dim", 10, "-loss", loss, "-wordNgrams", 2]
    model = old(*learned, source=TRAIN.read_bytes())
    good = go_on(model, VALID, tmp_path / "new", "-lr", 0.1)
    assert not any(word in good for word in ("Try", "try", "Check", "too high"))
    err = go_on(model, shuffled, tmp_path / "new", "-lr", 0.001, "-epoch", 1)
    if loss == "hs":  # whose output rows start anew
        assert "It learned next to nothing: the training loss is" in err
    else:
        assert "The model and these lines disagree: the training loss is" in err
        assert "Check their labels; if they are right, try a larger -lr and more -epoch." in err
    if loss == "softmax":
        err = go_on(model, shuffled, tmp_path / "new", "-lr", 5, "-epoch", 5)
        assert "The learning rate is too high: the training loss ended at" in err
        assert "Try -lr 1." in err


def test_over_fitting_proposes_no_other_ngrams(old, tmp_path):
    model = old("-wordNgrams", 2, source=TRAIN.read_bytes())
    options = ["--valid", VALID, "-lr", 1, "-epoch", 50]
    err = go_on(model, TRAIN, tmp_path / "new", *options)
    assert "Over-fitting since" in err
    assert "Try --patience 3 or fewer -epoch." in err
