"""quantize: sizes, bytes, retraining, a size to keep to, what it refuses, and how it predicts."""

import itertools
import json
import re
import shlex
import shutil

import numpy as np
import pytest

from fastcli.fasttext import fit_size, quantize_and_save
from fastcli.fasttext.fit_size import rows_kept
from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.quantize import Sizes, by_norm, prune, quantize_model, usable
from fastcli.reporting import Reporter
from tests import model_bytes
from tests.cli.conftest import LOSSES
from tests.command import GOLDEN, SAMPLES, run

TRAIN, TEST = SAMPLES / "topics.train.txt", SAMPLES / "topics.test.txt"
MANY = 300  # labels, enough for -qout


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Return the path of a model of 300 labels and more than 256 words, dimension 7."""
    folder = tmp_path_factory.mktemp("labelled")
    text = b"".join(b"__label__%d w%d common w%d\n" % (i, i, i // 2) for i in range(MANY))
    (folder / "text.txt").write_bytes(text)
    options = ["-dim", 7, "-wordNgrams", 2, "-bucket", 300, "-epoch", 3, "-lr", 0.5]
    source, output = folder / "text.txt", folder / "m"
    result = run("supervised", "-input", source, "-output", output, "-verbose", 0, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return folder / "m.bin"


@pytest.fixture(scope="module")
def sparse(tmp_path_factory):
    """Return the path of a model of the topics sample, most of whose rows are zero."""
    output = tmp_path_factory.mktemp("sparse") / "m"
    options = ["-dim", 10, "-wordNgrams", 2, "-bucket", 20_000, "-epoch", 15, "-lr", 0.5]
    result = run("supervised", "-input", TRAIN, "-output", output, "-verbose", 0, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".bin")


@pytest.fixture
def put(tmp_path):
    """Return a function that copies a model, with its JSON file, to a folder of its own."""

    def call(path, name="m"):
        for end in (".bin", ".bin.json"):
            if path.with_suffix(end).exists():
                shutil.copy(path.with_suffix(end), tmp_path / f"{name}{end}")
        return tmp_path / name

    return call


@pytest.fixture
def model(topics, put):
    """Return the -output of a model of the topics sample, without its end."""
    return put(topics)


def quantize(output, *options):
    """Quantize silently; return the bytes of the file."""
    result = run("quantize", "-output", output, "-verbose", 0, *options)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".ftz").read_bytes()


def refused(output, *options):
    """Run a quantize that fails; return what it says, after checking that it left nothing."""
    before = {path.name: path.read_bytes() for path in output.parent.iterdir() if path.is_file()}
    result = run("quantize", "-output", output, *options)
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    after = {path.name: path.read_bytes() for path in output.parent.iterdir() if path.is_file()}
    assert after == before
    return result.err


def one_sentence(*argv):
    err = refused(*argv)
    assert len(err.splitlines()) == 1, err
    return err


def size_by_layout(data, cutoff, dsub, qnorm, qout):
    """Return the size that ``file-format.md`` gives, from what ``dump`` says of the model."""
    args, entries, kept, ngrams = data
    dim = int(args["dim"])

    def quantizer(d):
        return 16 + 4 * d * 256

    def codes(rows, d):
        per_row = -(-dim // min(d, dim))
        size = 1 + 8 + 8 + 4 + rows * per_row + quantizer(dim)
        return size + (rows + quantizer(1) if qnorm else 0)

    labels = [entry for entry in entries if entry[1] == "label"]
    words = [entry for entry in entries if entry[1] == "word"]
    shown = [word for word in words if word[0] in kept] + labels
    head = 4 + 4 + 12 * 4 + 8 + 3 * 4 + 2 * 8
    dictionary = sum(len(name.encode()) + 1 + 8 + 1 for name, _ in shown)
    pruned = 8 * ngrams if cutoff else 0
    rows = len(kept) + ngrams
    wo = codes(len(labels), 2) if qout else 8 + 8 + 4 * dim * len(labels)
    return head + dictionary + pruned + 1 + codes(rows, dsub) + 1 + wo


def facts(path, cutoff):
    """Return the arguments, the entries, the words that a cutoff keeps, and its n-grams' number."""
    args = dict(line.split(" ") for line in run("dump", path, "args").text().splitlines())
    lines = run("dump", path, "dict").text().splitlines()[1:]
    entries = [(line.split(" ")[0], line.split(" ")[2]) for line in lines]
    words = [name for name, kind in entries if kind == "word"]
    loaded = load_model(str(path))
    rows = loaded.wi.values.reshape(loaded.wi.n_rows, -1)
    if not cutoff:
        return args, entries, set(words), len(rows) - len(words)
    lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
    lengths[words.index("</s>")] = np.inf
    order = np.argsort(-lengths, kind="stable")[:cutoff]
    kept = {words[i] for i in order if i < len(words)}
    return args, entries, kept, cutoff - len(kept)


# ----------------------------------------------------------------------- layout


@pytest.mark.parametrize("cutoff", [0, 300])
@pytest.mark.parametrize("dsub", [1, 2, 3, 7, 20])
def test_size_of_the_file(dsub, cutoff, labelled, put):
    """Dimension 7: some dsub divide it not, and one is larger."""
    output = put(labelled)
    about = facts(labelled, cutoff)
    for qnorm, qout in itertools.product([False, True], repeat=2):
        flags = ["-qnorm"] * qnorm + ["-qout"] * qout
        data = quantize(output, "-dsub", dsub, "-cutoff", cutoff, *flags)
        assert len(data) == size_by_layout(about, cutoff, dsub, qnorm, qout), flags


@pytest.mark.parametrize("cutoff", [0, 300])
@pytest.mark.parametrize(
    ("dsub", "qnorm", "qout"), [(2, False, False), (3, True, True), (20, True, False)]
)
def test_reading_back_is_what_was_quantized(dsub, qnorm, qout, cutoff, labelled, put):
    output = put(labelled)
    flags = ["-qnorm"] * qnorm + ["-qout"] * qout
    quantize(output, "-dsub", dsub, "-cutoff", cutoff, *flags)
    comp = load_model(f"{output}.ftz")
    model = load_model(f"{output}.bin")
    if cutoff:
        model = prune(model, by_norm(model, 1)[:cutoff])
    ref = usable(quantize_model(model, Sizes(dsub, qnorm, qout), 1))
    assert comp.args == ref.args
    names = [m.dictionary.entries(0, len(m.dictionary)) for m in (comp, ref)]
    assert names[0] == names[1]
    assert comp.dictionary.nwords == ref.dictionary.nwords
    assert comp.dictionary.counts.tolist() == ref.dictionary.counts.tolist()
    assert comp.dictionary.ntokens == ref.dictionary.ntokens
    np.testing.assert_array_equal(comp.wi.codes, ref.wi.codes)
    np.testing.assert_array_equal(comp.wi.quantizer.centroids, ref.wi.quantizer.centroids)
    np.testing.assert_array_equal(comp.wi.decode(), ref.wi.decode())
    np.testing.assert_array_equal(comp.wo.values, ref.wo.values)
    if cutoff:
        np.testing.assert_array_equal(comp.bucket_rows, ref.bucket_rows)
    else:
        assert comp.bucket_rows is None


def test_codes_stand_for_the_nearest_centroids(labelled, put):
    """And these for what is near to the rows: with dsub 1, each column has 256 values."""
    output = put(labelled)
    quantize(output, "-dsub", 1)
    rows = load_model(f"{output}.bin").wi.values.reshape(-1, 7)
    quantized = load_model(f"{output}.ftz").wi
    codes = quantized.codes.reshape(-1, 7)
    tables = quantized.quantizer.centroids.reshape(7, 256)
    for column, table in enumerate(tables):
        gaps = np.abs(rows[:, column, None] - table)
        comp = gaps[np.arange(len(rows)), codes[:, column]]
        # The squares of gaps are compared, which are rounded as the squares of the values are.
        rounding = 2 * np.finfo(np.float32).eps * np.square(rows[:, column])
        assert (np.square(comp) <= np.square(gaps.min(axis=1)) + rounding + 1e-12).all()
    decoded = quantized.decode().reshape(-1, 7)
    assert np.abs(decoded - rows).max() < 0.05 * np.abs(rows).max()
    # What training never saw stays nothing.
    assert not decoded[~rows.any(axis=1)].any()


def test_a_cutoff_keeps_the_longest_rows_and_the_line_end(labelled, put):
    output = put(labelled)
    quantize(output, "-cutoff", 300)
    _, _, kept, n_ngrams = facts(labelled, 300)
    comp = load_model(f"{output}.ftz")
    assert {w.decode() for w in comp.dictionary.entries(0, comp.dictionary.nwords)} == kept
    assert "</s>" in kept
    assert np.count_nonzero(comp.bucket_rows) == n_ngrams
    assert comp.nlabels == MANY


@pytest.mark.parametrize("cutoff", [0, 5873, 10**6])
def test_a_cutoff_that_keeps_all_is_none(cutoff, model):
    assert load_model(f"{model}.bin").wi.n_rows == 5873
    assert quantize(model, "-cutoff", cutoff) == quantize(model)
    assert load_model(f"{model}.ftz").bucket_rows is None


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-qnorm", "-dsub", 3),
        ("-qnorm", "-cutoff", 700),
        ("-qnorm", "-cutoff", 700, "-retrain", "-input", TRAIN),
        ("--target-size", "20k"),
    ],
    ids=["plain", "qnorm", "cutoff", "retrain", "target-size"],
)
def test_the_number_of_threads_changes_nothing(options, model):
    ref = quantize(model, *options, "-thread", 1)
    assert quantize(model, *options, "-thread", 2) == ref
    assert quantize(model, *options, "--thread", 5) == ref


def test_both_spellings(model):
    ref = quantize(model, "-qnorm", "-dsub", 4, "-cutoff", 500)
    assert quantize(model, "--qnorm", "--dsub=4", "--cutoff", 500) == ref


def test_options_of_training_are_taken_and_have_no_effect(model):
    """Scripts hand all of theirs to fastText's quantize."""
    ref = quantize(model, "-qnorm")
    argv = ["-input", TRAIN, "-dim", 50, "-wordNgrams", 3, "-loss", "hs", "-minCount", 9]
    assert quantize(model, "-qnorm", *argv) == ref


# ------------------------------------------------------------------- retraining


@pytest.mark.parametrize("flags", [(), ("-qnorm",)])
def test_retraining_makes_a_small_model_better(flags, model):
    quantize(model, "-cutoff", 300, "-dsub", 5, *flags)
    before = json.loads(run("test", f"{model}.ftz", TRAIN, "--json").text())["precision"]
    quantize(model, "-cutoff", 300, "-dsub", 5, *flags, "-retrain", "-input", TRAIN)
    after = json.loads(run("test", f"{model}.ftz", TRAIN, "--json").text())["precision"]
    assert after > before


def test_retraining_uses_the_arguments_of_the_model(model):
    options = ["-cutoff", 400, "-retrain", "-input", TRAIN]
    ref = quantize(model, *options)
    assert quantize(model, *options, "-lr", 0.5, "-epoch", 15) == ref
    assert quantize(model, *options, "-lr", 0.1) != ref
    assert quantize(model, *options, "-epoch", 3) != ref
    assert run("dump", f"{model}.ftz", "args").text().splitlines()[2] == "epoch 3"


def test_retraining_without_a_cutoff_says_so(model):
    ref = quantize(model)
    options = ["-retrain", "-input", TRAIN, "-verbose", 1]
    result = run("quantize", "-output", model, *options)
    assert (result.code, result.out) == (0, b"")
    note, size, *_ = result.err.splitlines()
    assert note == ("-retrain has no effect without -cutoff (or --target-size): all rows are kept.")
    assert size.startswith(f"{model}.ftz: ")
    assert model.with_suffix(".ftz").read_bytes() == ref
    result = run("quantize", "-output", model, *options, "-cutoff", 10**6)
    assert result.err.startswith("-retrain has no effect: all 5,873 rows are kept.")
    assert model.with_suffix(".ftz").read_bytes() == ref


def test_retraining_on_text_of_something_else(model):
    err = refused(model, "-cutoff", 400, "-retrain", "-input", SAMPLES / "zh-words.train.txt")
    assert "there is nothing to train on" in err
    assert len(err.splitlines()) == 1


def test_retraining_that_diverges(model):
    options = ["-cutoff", 400, "-retrain", "-input", TRAIN, "-lr", 1e30, "-verbose", 0]
    assert one_sentence(model, *options).startswith("Encountered NaN: the loss is not finite ")


def test_retraining_on_several_files(model, tmp_path):
    lines = TRAIN.read_bytes().splitlines(keepends=True)
    parts = [tmp_path / "1.txt", tmp_path / "2.txt"]
    parts[0].write_bytes(b"".join(lines[:300]))
    parts[1].write_bytes(b"".join(lines[300:]))
    options = ["-cutoff", 400, "-retrain"]
    ref = quantize(model, *options, "-input", TRAIN)
    assert quantize(model, *options, "-input", parts[0], "-input", parts[1]) == ref


# ------------------------------------------------------------------ a size to fit


@pytest.mark.parametrize("flags", [(), ("-qnorm",)])
@pytest.mark.parametrize("target", [16000, 20_001, 35_000])
def test_target_size_is_kept(target, flags, model):
    assert len(quantize(model, "--target-size", target, *flags)) <= target
    loaded = load_model(f"{model}.ftz")
    per_row = 8 + loaded.wi.quantizer.nsubq + len(flags)
    longest = 30 + per_row
    if loaded.wi.n_rows < 5873:  # as many rows as fit
        assert model.with_suffix(".ftz").stat().st_size > target - longest


def test_target_size_of_letters(model):
    ref = quantize(model, "--target-size", 20000)
    assert quantize(model, "--target-size", "20k") == ref
    assert quantize(model, "--target-size=20K") == ref
    assert quantize(model, "--target-size", "1M") == quantize(model, "--target-size", "1G")


def test_target_size_takes_the_smallest_dsub_with_which_all_rows_fit(model):
    sizes = {}
    for dsub in range(1, 11):  # the model has dim 10
        size = len(quantize(model, "--target-size", "1M", "-dsub", dsub))
        assert load_model(f"{model}.ftz").wi.quantizer.dsub == dsub  # as given by hand
        sizes.setdefault(size, dsub)
    assert len(sizes) > 3
    for size, dsub in sizes.items():
        ref = quantize(model, "--target-size", size, "-dsub", dsub)
        assert quantize(model, "--target-size", size) == ref
        assert len(ref) == size


@pytest.mark.parametrize("flags", [(), ("-qnorm",), ("-dsub", 3), ("-qnorm", "-dsub", 3)])
@pytest.mark.parametrize("keep", [("--target-size", "8M"), ("-cutoff", 9000), ("-cutoff", 10**6)])
def test_zero_rows_are_left_out_and_nothing_is_lost(keep, flags, sparse, put):
    """A model of 20,000 buckets, most of which training never met."""
    output = put(sparse)
    rows = load_model(f"{output}.bin").wi.values.reshape(-1, 10)
    n_used = np.count_nonzero(rows.any(axis=1))
    quantize(output, "-dsub", 1, *flags)
    path = output.with_suffix(".ftz").rename(output.with_name("all.ftz"))
    options = [*keep, *(() if "-dsub" in flags else ("-dsub", 1)), *flags]
    result = run("quantize", "-output", output, *options)
    assert (result.code, result.out) == (0, b"")
    note, *_ = result.err.splitlines()
    assert note.startswith(f"{len(rows) - n_used:,} of {len(rows):,} rows are zero ")
    ref, comp = load_model(str(path)), load_model(f"{output}.ftz")
    assert comp.wi.n_rows == n_used
    decoded = ref.wi.decode().reshape(-1, 10)
    np.testing.assert_array_equal(comp.wi.decode().reshape(-1, 10), decoded[rows.any(axis=1)])
    # The same predictions where all n-grams are known; n-grams that training never met do not
    # count, where they were zeros in a mean before, so that probabilities differ, and no label.
    for data, command in ((TRAIN, "predict-prob"), (TEST, "predict")):
        before, after = (run(command, file, data, 6).text() for file in (path, f"{output}.ftz"))
        assert after == before


def test_few_zero_rows_stay_where_naming_the_others_takes_more(labelled, put):
    """8 bytes say which bucket a row is of: 300 buckets are smaller with their zero rows."""
    output = put(labelled)
    ref = quantize(output, "-dsub", 1)
    rows = load_model(f"{output}.bin").wi.values.reshape(-1, 7)
    assert not rows.any(axis=1).all()
    for options in (("--target-size", len(ref)), ("-cutoff", len(rows))):
        assert quantize(output, "-dsub", 1, *options) == ref
    assert load_model(f"{output}.ftz").bucket_rows is None
    quantize(output, "-dsub", 1, "-cutoff", len(rows) - 1)
    assert load_model(f"{output}.ftz").wi.n_rows == np.count_nonzero(rows.any(axis=1))


def test_fewer_than_256_rows_that_are_not_zero(tmp_path):
    """All others are buckets that training never met."""
    text = tmp_path / "three.txt"
    text.write_bytes(b"__label__a one two three\n__label__b four five six\n__label__a one five\n")
    output = tmp_path / "m"
    options = ["-wordNgrams", 2, "-dim", 5, "-lr", 1, "-epoch", 20, "-verbose", 0]
    assert run("supervised", "-input", text, "-output", output, *options).text() == ""
    for flags in ((), ("-qnorm",)):
        assert len(quantize(output, "--target-size", "100k", *flags)) < 10_000
        assert load_model(f"{output}.ftz").wi.n_rows < 20
        quantize(output, "-cutoff", 256, *flags)
        assert load_model(f"{output}.ftz").wi.n_rows < 20
        ref, comp = (
            run("predict-prob", f"{output}.{end}", text, 2).text().split() for end in ("bin", "ftz")
        )
        assert ref[::2] == comp[::2]
        np.testing.assert_allclose(
            [float(p) for p in comp[1::2]], [float(p) for p in ref[1::2]], atol=1e-4
        )


def test_target_size_and_cutoff(model):
    """Each is an upper bound."""
    quantize(model, "--target-size", "1M", "-cutoff", 300)
    assert load_model(f"{model}.ftz").wi.n_rows == 300
    assert len(quantize(model, "--target-size", "18k", "-cutoff", 5000)) <= 18000


def test_target_size_with_quantized_output(labelled, put):
    output = put(labelled)
    assert len(quantize(output, "--target-size", 40000, "-qout", "-qnorm")) <= 40000


def test_the_smallest_target_size(model):
    """The size of the smallest model in the message is exact."""
    err = one_sentence(model, "--target-size", "5k")
    assert err.startswith("Couldn't fulfil model size constraint: ")
    (smallest,) = re.findall(r"has ([\d,]+) bytes; 5,000 are asked for", err)
    smallest = int(smallest.replace(",", ""))
    assert len(quantize(model, "--target-size", smallest)) <= smallest
    assert load_model(f"{model}.ftz").wi.n_rows == 256
    model.with_suffix(".ftz").unlink()
    assert one_sentence(model, "--target-size", smallest - 1)


@pytest.mark.parametrize("size", ["2x", "M", "0", "-1", "1.5M", "k2", "١"])
def test_sizes_that_are_none(size, model):
    assert refused(model, f"--target-size={size}").startswith(f"Unable to parse model size {size}")


# ------------------------------------------------------------------ what it says


def test_what_it_says(model):
    result = run("quantize", "-output", model, "-qnorm", "-cutoff", 600)
    assert (result.code, result.out) == (0, b"")
    kilobytes = model.with_suffix(".ftz").stat().st_size / 1000
    ref = f"{model}.ftz: {kilobytes:.0f} kB instead of 249 kB, 600 of 5,873 rows, dsub 2."
    assert result.err.splitlines()[:-2] == [ref]


def test_test_before_and_after(model):
    result = run("quantize", "-output", model, "-cutoff", 300, "-dsub", 5, "--test", TEST)
    assert (result.code, result.out) == (0, b"")
    before, after = (
        json.loads(run("test", f"{model}.{end}", TEST, "--json").text())["precision"]
        for end in ("bin", "ftz")
    )
    assert before > after
    ref = f"P@1 {before:.3f} before, {after:.3f} after, on 300 lines of {TEST}."
    assert result.err.splitlines()[-3] == ref


def test_json_file(topics, model):
    former = json.loads(topics.with_suffix(".bin.json").read_text(encoding="utf-8"))
    size = len(quantize(model, "-qnorm", "-cutoff", 500, "-dsub", 3))
    assert json.loads(model.with_suffix(".bin.json").read_text(encoding="utf-8")) == former
    about = json.loads(model.with_suffix(".ftz.json").read_text(encoding="utf-8"))
    quantized = about.pop("quantized")
    assert (about.pop("size"), about.pop("tail_crc32") >= 0) == (size, True)
    del former["size"], former["tail_crc32"]
    assert about == {**former, "files": {}}  # quantize writes no vectors
    command = "fastcli quantize -dsub 3 -qnorm -cutoff 500"
    ref = {"command": command, "rows": 500, "dsub": 3, "qnorm": True, "qout": False}
    assert quantized == ref
    assert not list(model.parent.glob(".*"))


def test_the_label_prefix_survives(tmp_path):
    path = tmp_path / "hash.txt"
    path.write_bytes(TRAIN.read_bytes().replace(b"__label__", b"#"))
    options = ["-label", "#", "-dim", 6, "-lr", 0.5, "-epoch", 10, "-verbose", 0]
    assert run("supervised", "-input", path, "-output", tmp_path / "m", *options).text() == ""
    quantize(tmp_path / "m")
    # An unknown label is a label: the line counts among those left out, not as an unknown word.
    result = run("test", tmp_path / "m.ftz", "-", stdin=b"#travel the train\n#zz the\n")
    assert (result.code, result.out.decode().split("\n")[0]) == (0, "N\t1")
    assert "1 with labels the model does not know" in result.err
    # The model still reads its own as well.
    result = run("test", tmp_path / "m.bin", "-", stdin=b"#travel the train\n#zz the\n")
    assert "1 with labels the model does not know" in result.err
    # And training on it again needs no -label.
    quantize(tmp_path / "m", "-cutoff", 300, "-retrain", "-input", path)


def test_without_a_json_file(model):
    ref = quantize(model, "-qnorm", "-cutoff", 500)
    model.with_suffix(".bin.json").unlink()
    assert quantize(model, "-qnorm", "-cutoff", 500) == ref
    about = json.loads(model.with_suffix(".ftz.json").read_text(encoding="utf-8"))
    assert (about["format"], about["size"]) == ("fastcli model", len(ref))
    # The learning rate is in no .bin: that of a new training stands for it.
    options = ["-qnorm", "-cutoff", 500, "-retrain", "-input", TRAIN, "-seed", 1]
    comp = quantize(model, *options)
    assert quantize(model, *options, "-lr", 0.1, "-epoch", 15) == comp
    assert json.loads(run("test", f"{model}.ftz", TEST, "--json").text())["precision"] > 0.8


@pytest.mark.parametrize(
    ("trained", "given", "said"),
    [
        ((), ("-seed", 7), "-lr 0.5 -seed 7"),
        (("--no-shuffle",), (), "-lr 0.5 --no-shuffle"),
        (("-optimizer", "adam"), ("-epoch", 2), "-lr 0.5 -epoch 2 -optimizer adam"),
        ((), ("-optimizer", "adam"), "-lr 0.01 -optimizer adam"),
    ],
)
def test_the_command_in_the_json_file_makes_the_same_file(trained, given, said, tmp_path):
    """Also where the JSON file beside the .bin is lost."""
    output = tmp_path / "m"
    options = ["-dim", 6, "-lr", 0.5, "-epoch", 3, "-verbose", 0, *trained]
    assert run("supervised", "-input", TRAIN, "-output", output, *options).text() == ""
    retraining = ["-cutoff", 300, "-retrain", "-input", TRAIN]
    ref = quantize(output, *retraining, *given)
    about = json.loads(output.with_suffix(".ftz.json").read_text(encoding="utf-8"))
    command = about["quantized"]["command"]
    assert command == f"fastcli quantize -cutoff 300 -retrain -input {TRAIN} {said}"
    output.with_suffix(".bin.json").unlink()
    assert quantize(output, *shlex.split(command)[2:]) == ref


@pytest.mark.parametrize("optimizer", [None, 3, [], "x", {}])
def test_an_optimizer_in_a_json_file_that_is_none(optimizer, model):
    options = ["-cutoff", 500, "-retrain", "-input", TRAIN]
    ref = quantize(model, *options)
    path = model.with_suffix(".bin.json")
    about = json.loads(path.read_text(encoding="utf-8"))
    about["arguments"]["optimizer"] = optimizer
    path.write_text(json.dumps(about), encoding="utf-8")
    if optimizer == "x":  # of a later version
        assert quantize(model, *options) == ref
        return
    result = run("quantize", "-output", model.with_suffix(""), *options)
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith(f"{path} is damaged: arguments.optimizer should be a string, not")


def test_an_unknown_optimizer(model):
    options = ["-cutoff", 500, "-retrain", "-input", TRAIN, "-optimizer", "x"]
    assert refused(model, *options).startswith("Unknown optimizer: x. Known: sgd, ")


def test_no_dsub_is_counted_twice(model, monkeypatch):
    """Choosing a dsub for a size asks once how many rows fit with each."""
    asked = []

    def counted(*args):
        asked.append(args[3].dsub)
        return rows_kept(*args)

    loaded = load_model(f"{model}.bin")
    order = by_norm(loaded, 1)
    monkeypatch.setattr(fit_size, "rows_kept", counted)
    for target in (15_000, 40_000, 10**6):
        asked.clear()
        fit_size.fit_to_size(loaded, order, Sizes(), target, True, 1)
        assert len(asked) == len(set(asked)) > 0


def test_fasttext_models_can_be_quantized(tmp_path):
    output = tmp_path / "m"
    shutil.copy(GOLDEN / "softmax-ngrams.bin", tmp_path / "m.bin")
    quantize(output, "-qnorm")
    before, after = (
        json.loads(run("test", f"{output}.{end}", TEST, "--json").text())["precision"]
        for end in ("bin", "ftz")
    )
    assert after > before - 0.05


# ----------------------------------------------------------------- how it predicts


@pytest.mark.parametrize("loss", LOSSES)
def test_all_losses_predict_well(loss, tmp_path):
    options = ["-loss", loss, "-dim", 10, "-lr", 0.5, "-epoch", 25, "-wordNgrams", 2]
    argv = ["-input", TRAIN, "-output", tmp_path / "m", *options, "-bucket", 5000, "-verbose", 0]
    assert run("supervised", *argv).text() == ""

    def precision(end):
        return json.loads(run("test", tmp_path / f"m.{end}", TEST, "--json").text())["precision"]

    ref = precision("bin")
    assert ref > 0.85
    for flags in ((), ("-qnorm",), ("-qnorm", "-cutoff", 800, "-retrain", "-input", TRAIN)):
        quantize(tmp_path / "m", *flags)
        assert precision("ftz") > ref - 0.06, flags


def test_quantized_output_rows_predict(labelled, put):
    output = put(labelled)
    text = labelled.parent / "text.txt"
    quantize(output, "-dsub", 1)
    plain = run("predict-prob", f"{output}.ftz", text, 3).text()
    quantize(output, "-dsub", 1, "-qout")
    comp = run("predict-prob", f"{output}.ftz", text, 3).text()
    assert comp != plain
    probs = [float(line.split(" ")[1]) for line in comp.splitlines()]
    ref = [float(line.split(" ")[1]) for line in plain.splitlines()]
    np.testing.assert_allclose(probs, ref, rtol=0.2, atol=0.01)


# ----------------------------------------------------------------- what it refuses


def test_retraining_without_text(model):
    assert one_sentence(model, "-retrain", "-cutoff", 400) == (
        "-retrain needs the training text: give it with -input.\n"
    )


def test_retraining_on_what_cannot_be_read(model, tmp_path):
    path = tmp_path / "missing.txt"
    err = one_sentence(model, "-retrain", "-cutoff", 400, "-input", TRAIN, "-input", path)
    assert err.startswith(f"{path} cannot be opened for training!")


def test_missing_test_file(model, tmp_path):
    path = tmp_path / "missing.txt"
    assert one_sentence(model, "--test", path).startswith("Test file cannot be opened!")


def test_missing_models(tmp_path):
    path = tmp_path / "missing"
    assert one_sentence(path).startswith(f"{path}.bin cannot be opened for loading!")
    (tmp_path / "text.bin").write_bytes(TEST.read_bytes())
    assert one_sentence(tmp_path / "text").startswith(f"{tmp_path / 'text'}.bin has wrong file")
    result = run("quantize")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("Empty input or output path.")


def test_word_vectors(tmp_path):
    (tmp_path / "m.bin").write_bytes(model_bytes.word_vectors())
    err = one_sentence(tmp_path / "m")
    assert err.startswith("For now we only support quantization of supervised models")


def test_twice(model, tmp_path):
    """fastText crashes."""
    (tmp_path / "twice.bin").write_bytes(quantize(model, "-qnorm"))
    assert one_sentence(tmp_path / "twice").startswith("The model is quantized already")


def test_too_few_rows(tmp_path):
    (tmp_path / "m.bin").write_bytes(model_bytes.small())
    err = one_sentence(tmp_path / "m")
    assert err.startswith("Matrix too small for quantization, must have at least 256 rows: ")
    assert "has 3" in err


@pytest.mark.parametrize(("n", "is_enough"), [(255, False), (256, True)])
def test_rows_enough(n, is_enough, tmp_path):
    rows = [[i, i % 7] for i in range(n)]
    words = [b"w%d" % i for i in range(n)]
    (tmp_path / "m.bin").write_bytes(
        model_bytes.model_bytes(words, model_bytes.LABELS, rows, model_bytes.WO)
    )
    if is_enough:
        quantize(tmp_path / "m")
        # As many centroids as rows: nothing is lost.
        comp = load_model(str(tmp_path / "m.ftz")).wi.decode().reshape(-1, 2)
        np.testing.assert_allclose(comp, rows, atol=0.6)
    else:
        assert "must have at least 256 rows" in one_sentence(tmp_path / "m")


def test_output_rows_of_few_labels(model):
    err = one_sentence(model, "-qout")
    assert err.startswith("Matrix too small for quantization, must have at least 256 rows: ")
    assert "6 labels" in err


@pytest.mark.parametrize("cutoff", [1, 255])
def test_cutoff_below_256(cutoff, model):
    err = one_sentence(model, "-cutoff", cutoff)
    assert err.startswith("Matrix too small for quantization, must have at least 256 rows: ")
    assert f"-cutoff {cutoff}" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-dsub", 0), "-dsub must be 1 or more, not 0."),
        (("-dsub", -2), "-dsub must be 1 or more, not -2."),
        (("-cutoff", -1), "-cutoff must be 0 or more, not -1."),
    ],
)
def test_values_that_cannot_work(options, said, model):
    assert one_sentence(model, *options) == f"{said}\n"


RETRAIN = ("-cutoff", 400, "-retrain", "-input", TRAIN)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-thread", 0), "-thread must be 1 or more, not 0."),
        (("-epoch", -1, *RETRAIN), "-epoch must be 0 or more, not -1."),
        (("-lr", -1, *RETRAIN), "-lr must be 0 or more, not -1.0."),
        (("-lr", "nan", *RETRAIN), "-lr must be a finite number, not nan."),
    ],
    ids=str,
)
def test_values_that_cannot_train(options, said, model):
    assert one_sentence(model, *options) == f"{said}\n"


def test_threads_below_none(model):
    err = one_sentence(model, "-thread", -3)
    assert err == "-thread must be 1 or more, not -3.\n"


def test_a_place_that_cannot_be_written(model):
    model.with_suffix(".ftz").mkdir()
    assert one_sentence(model).startswith(f"{model}.ftz cannot be opened for saving.")


def test_what_cannot_be_written_is_known_before_the_model_is_read(model, tmp_path):
    model.with_suffix(".ftz").mkdir()
    data = model.with_suffix(".bin").read_bytes()
    model.with_suffix(".bin").write_bytes(data[:-1])  # which reading would notice
    assert one_sentence(model).startswith(f"{model}.ftz cannot be opened for saving.")
    path = tmp_path / "missing" / "m"
    err = run("quantize", "-output", path).err
    assert err.startswith(f"{path}.bin cannot be opened for loading!")


def test_a_model_that_is_replaced_meanwhile(model, monkeypatch):
    """The reported size is that of the quantized model."""
    size = model.with_suffix(".bin").stat().st_size
    real = quantize_and_save.load_model

    def load_and_replace(source):
        loaded = real(source)
        model.with_suffix(".bin").unlink()
        return loaded

    monkeypatch.setattr(quantize_and_save, "load_model", load_and_replace)
    args = quantize_and_save.QuantizeArgs(output=str(model))
    assert quantize_and_save.quantize_and_save(args, Reporter()).size_before == size


def test_a_former_file_stays_where_it_fails(model):
    model.with_suffix(".ftz").write_bytes(b"former")
    refused(model, "-cutoff", 400, "-retrain", "-input", SAMPLES / "zh-words.train.txt")
    refused(model, "--target-size", "1k")
    assert model.with_suffix(".ftz").read_bytes() == b"former"


def test_damaged_models(model):
    data = model.with_suffix(".bin").read_bytes()
    model.with_suffix(".bin").write_bytes(data[:-5])
    assert f"{model}.bin is damaged" in one_sentence(model)


def test_mistaken_options(model):
    err = refused(model, "-qnrom")
    assert err.startswith("Unknown argument: -qnrom (did you mean -qnorm?)")
    assert "usage: fastcli quantize -output <name> [options]" in err
    assert refused(model, "-cutoff").startswith("-cutoff is missing an argument")
    assert refused(model, "qnorm").startswith("Provided argument without a dash!")


# ------------------------------------------------------- dump of quantized models


def test_dump_of_quantized_models(model):
    """As in fastText: no matrices, said on stderr, and no error."""
    quantize(model, "-qnorm")
    for part in ("input", "output"):
        result = run("dump", f"{model}.ftz", part)
        assert (result.code, result.out) == (0, b"")
        assert result.err == "Not supported for quantized models.\n"
    for part in ("args", "dict"):
        ref = run("dump", f"{model}.bin", part).text()
        assert run("dump", f"{model}.ftz", part).text() == ref
