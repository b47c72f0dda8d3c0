"""explain: contributions that sum to the difference of scores, against plain NumPy; screens."""

import json
from pathlib import Path

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.mlp.attribution import Gradients
from fastcli.mlp.model_file import load_mlp
from tests.cli.conftest import LOSSES
from tests.command import PLAIN, SAMPLES, run

TEXT = "what can i cook with rice and oniomz ?"
TRAIN = SAMPLES / "topics.train.txt"


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Return the paths of models of the topics sample, by loss; also quantized ones and a network.

    They have n-grams of words and of characters.
    """
    folder = tmp_path_factory.mktemp("explained")
    small = ["-dim", 8, "-lr", 0.5, "-epoch", 5, "-bucket", 500, "-verbose", 0, "-thread", 1]
    found = {}
    for loss in LOSSES:
        options = ["-output", folder / loss, "-loss", loss, *small, "-wordNgrams", 2]
        assert run("supervised", "-input", TRAIN, *options, "-minn", 2, "-maxn", 3).code == 0
        found[loss] = folder / f"{loss}.bin"
    assert run("quantize", "-output", folder / "hs", "-verbose", 0).code == 0
    cut = ["-output", folder / "softmax", "-cutoff", 400, "-verbose", 0]
    assert run("quantize", *cut).code == 0
    found["hs.ftz"], found["pruned"] = folder / "hs.ftz", folder / "softmax.ftz"
    options = ["-output", folder / "net", "--hidden", "12,6", "-epoch", 6, "-verbose", 0]
    options += ["-wordNgrams", 2, "-bucket", 500, "-thread", 1, "--norm", "layer"]
    assert run("mlp-train", "-input", TRAIN, *options).code == 0
    found["network"] = folder / "net.mlp"
    return found


def explained(*argv, stdin=b""):
    """Return the objects that explain writes."""
    result = run("explain", *argv, "--json", stdin=stdin)
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def hidden(path, text):
    """Return the hidden row of a line as fastText's own command prints it."""
    command = ["print-sentence-vectors", path, "--json"]
    answer = run(*command, stdin=f"{text}\n".encode()).out
    return np.array(json.loads(answer)["vector"])


def plain(token):
    """Return the name of a label."""
    return token.removeprefix("__label__")


def total(answer):
    return sum(one["contribution"] for one in answer["contributions"]) + answer["start"]


@pytest.mark.parametrize("name", ["softmax", "ns", "ova", "pruned"])
def test_contributions_sum_to_the_difference_of_scores(name, models):
    model = load_model(str(models[name]))
    (answer,) = explained(models[name], TEXT)
    labels = [label.decode() for label in model.labels()]
    scores = model.wo.values.reshape(-1, 8)[: len(labels)] @ hidden(models[name], TEXT)
    best = np.argsort(-scores)
    assert [answer["label"], answer["against"]] == [plain(labels[i]) for i in best[:2]]
    assert answer["difference"] == pytest.approx(scores[best[0]] - scores[best[1]], rel=1e-5)
    assert total(answer) == pytest.approx(answer["difference"], rel=1e-6)
    assert answer["method"].startswith("exact")
    assert answer["start"] == 0
    for i, label in enumerate(labels):
        (alone,) = explained(models[name], TEXT, "--for", label, "--alone")
        assert alone["score"] == pytest.approx(scores[i], rel=1e-5, abs=1e-6)
        assert total(alone) == pytest.approx(alone["score"], rel=1e-6, abs=1e-6)


def naive_rows(model, word):
    """Return the rows of a word, by fastText's rules: its own and those of its n-grams."""

    def bucket(ngram):
        h = 2166136261
        for byte in ngram:
            h = ((h ^ (byte | (0xFFFFFF00 if byte > 127 else 0))) * 16777619) & 0xFFFFFFFF
        return model.dictionary.nwords + h % model.args.bucket

    entry, text = model.dictionary.find(word.encode()), f"<{word}>"
    rows = [entry] if entry >= 0 else []
    for i in range(len(text)):
        for n in (2, 3):
            if i + n <= len(text):
                rows.append(bucket(text[i : i + n].encode()))
    return rows


def test_a_word_has_the_share_of_its_rows_and_n_grams_are_listed_apart(models):
    model = load_model(str(models["softmax"]))
    wi = model.wi.values.reshape(-1, 8).astype(float)
    wo = model.wo.values.reshape(-1, 8).astype(float)
    words = ["cook", "rice", "zzqq"]
    (answer,) = explained(models["softmax"], " ".join(words))
    ids = [model.label_id(f"__label__{answer[key]}".encode()) for key in ("label", "against")]
    w = wo[ids[0]] - wo[ids[1]]
    rows = {word: naive_rows(model, word) for word in words}
    n = sum(map(len, rows.values())) + 1 + 3  # the end of the line, and n-grams of words
    found = {(one["kind"], one["text"]): one["contribution"] for one in answer["contributions"]}
    for word in words:
        assert found["word", word] == pytest.approx(sum(wi[rows[word]] @ w) / n, rel=1e-5)
    assert set(found) == {
        *(("word", word) for word in words),
        *(("word n-gram", text) for text in ("cook rice", "rice zzqq", "zzqq </s>")),
        ("line end", "</s>"),
    }
    (apart,) = explained(models["softmax"], " ".join(words), "--ngrams")
    found = {(one["kind"], one["text"]): one["contribution"] for one in apart["contributions"]}
    assert found["word", "rice"] == pytest.approx(wi[rows["rice"][0]] @ w / n, rel=1e-5)
    assert found["character n-gram", "ric"] == pytest.approx(
        wi[naive_rows(model, "rice")[4]] @ w / n, rel=1e-5
    )
    assert ("word", "zzqq") not in found
    assert total(apart) == pytest.approx(total(answer), rel=1e-6)


def test_the_end_of_a_line_is_named_on_the_screen(models):
    """JSON has the token as the model does."""
    shown = run("explain", models["softmax"], "cook rice", "--top", 0).out.decode()
    assert "</s>" not in shown
    names = [row.split("  ")[0] for row in shown.splitlines()]
    assert "(end of line)" in names
    assert "rice (end of line)" in names
    (answer,) = explained(models["softmax"], "cook rice")
    assert ("line end", "</s>") in {(x["kind"], x["text"]) for x in answer["contributions"]}


def log_probabilities(model, h):
    """Return the log-probability of every label, from the root of its tree down."""
    n, wo = model.nlabels, model.wo.values.reshape(-1, model.args.dim).astype(float)
    logs = np.zeros(2 * n - 1)
    for node in range(2 * n - 2, n - 1, -1):
        p = 1 / (1 + np.exp(-wo[node - n] @ h))
        left, right = model.children[2 * (node - n) : 2 * (node - n) + 2]
        logs[left], logs[right] = logs[node] + np.log(1 - p), logs[node] + np.log(p)
    return logs[:n]


@pytest.mark.parametrize("name", ["hs", "hs.ftz"])
def test_a_tree_is_explained_along_the_path_from_zero(name, models):
    model = load_model(str(models[name]))
    h = hidden(models[name], TEXT)
    logs = log_probabilities(model, h)
    (answer,) = explained(models[name], TEXT)
    a, b = (model.label_id(f"__label__{answer[key]}".encode()) for key in ("label", "against"))
    assert logs[a] == max(logs)
    assert answer["score"] == pytest.approx(logs[a], rel=1e-4)
    assert answer["probability"] == pytest.approx(np.exp(logs[a]), rel=1e-4)
    assert total(answer) == pytest.approx(logs[a] - logs[b], rel=1e-4)
    zero = log_probabilities(model, 0 * h)
    assert answer["start"] == pytest.approx(zero[a] - zero[b], abs=1e-6)
    assert "integrated gradients" in answer["method"]
    # The closed form of the integral, against a thousand steps.
    from fastcli.inspect.explain import TreeScores

    weights = np.eye(model.nlabels)[a] - np.eye(model.nlabels)[b]
    eps, mean = 1e-5 * np.eye(len(h)), np.zeros(len(h))
    for place in (np.arange(1000) + 0.5) / 1000:
        ends = [log_probabilities(model, place * h + s * e) for e in eps for s in (1, -1)]
        mean += (np.array(ends) @ weights).reshape(-1, 2) @ [1, -1] / 2e-5 / 1000
    assert TreeScores(model).along(h, weights).gradient == pytest.approx(mean, rel=1e-3, abs=1e-5)


NETWORKS = {
    "plain": ["--activation", "tanh"],
    "relu": ["--activation", "relu"],
    "batch norm": ["--norm", "batch", "--activation", "gelu"],
    "batch norm after": ["--norm", "batch", "--norm-position", "after", "--activation", "swish"],
    "layer norm": ["--norm", "layer", "--activation", "elu"],
    "layer norm after": ["--norm", "layer", "--norm-position", "after", "--activation", "prelu"],
    "maxout": ["--norm", "layer", "--activation", "maxout:3"],
    "maxout, batch norm": ["--norm", "batch", "--activation", "maxout:2"],
    "one piece": ["--activation", "maxout:1"],
    "hinges": ["--activation", "apl:3", "--norm", "layer"],
    "softmax": ["--activation", "softmax,tanh", "--norm", "batch"],
    "softmax, norm after": [
        "--activation",
        "softmax",
        "--norm",
        "layer",
        "--norm-position",
        "after",
    ],
    "random slopes": ["--activation", "rrelu", "--loss", "ova", "--dropout", "0.2"],
}


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS.keys())
def test_gradients_of_a_network_are_finite_differences(options, tmp_path):
    """Inference is differentiated: no dropout, running means, the mean of random slopes."""
    rng = np.random.default_rng(1)
    rows = [f"{rng.choice(['a', 'b', 'c'])},{a:.3f},{b:.3f}" for a, b in rng.normal(size=(60, 2))]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["label,x,y", *rows]) + "\n")
    small = ["-output", tmp_path / "m", *PLAIN, "-epoch", 3, "-verbose", 0, "--hidden", "7,5"]
    result = run("mlp-train", "-input", table, *small, *options)
    assert result.code == 0, result.err
    gradients = Gradients(load_mlp(str(tmp_path / "m.mlp")))
    x, weights = rng.normal(size=(4, 2)), np.array([1.0, -1.0, 0.5])
    found = gradients.gradients(x, weights)
    for j in range(2):
        step = 0.004 * np.eye(2)[j]
        rise = (gradients.scores(x + step) - gradients.scores(x - step)) @ weights / 0.008
        assert found[:, j] == pytest.approx(rise, rel=0.02, abs=2e-3)
    for row in x:
        path = gradients.along(3 * row, weights)
        ends = gradients.scores(np.stack([0 * row, 3 * row])) @ weights
        assert [path.start, path.end] == pytest.approx(ends.tolist())
        size = max(abs(ends[1] - ends[0]), np.abs(path.gradient * 3 * row).sum() / 20)
        assert abs(path.gradient @ row * 3 - (ends[1] - ends[0])) <= 0.01 * size


def test_a_network_of_text(models):
    (answer,) = explained(models["network"], TEXT)
    line = f"{TEXT}\n".encode()
    said = run("predict-prob", models["network"], "-", 2, stdin=line).text().split()
    assert [answer["label"], answer["against"]] == list(map(plain, said[::2]))
    probabilities = [answer["probability"], answer["probability_against"]]
    assert probabilities == pytest.approx([float(p) for p in said[1::2]], rel=1e-4)
    ratio = np.log(answer["probability"] / answer["probability_against"])
    assert answer["difference"] == pytest.approx(ratio, rel=1e-3)
    assert total(answer) == pytest.approx(answer["difference"], rel=0.01)
    assert answer["start"] != 0
    assert answer["unknown"] == ["oniomz"]


def test_a_network_of_numbers_is_explained_by_columns(tmp_path):
    rng = np.random.default_rng(2)
    rows = ["label,size,noise,colour"]
    for _ in range(200):
        size, colour = rng.normal(), rng.choice(["red", "blue"])
        label = "big" if size + (colour == "red") > 0.5 else "small"
        rows.append(f"{label},{size:.3f},{rng.normal():.3f},{colour}")
    table = tmp_path / "t.csv"
    table.write_text("\n".join(rows) + "\n")
    options = ["-output", tmp_path / "m", "-epoch", 20, "-verbose", 0, "--lr", 0.01]
    assert run("mlp-train", "-input", table, *options).code == 0
    table.write_text("label,size,noise,colour\n,2.5,0.1,red\n\n,,0.1,green\n")
    answers = explained(tmp_path / "m.mlp", table, "--for", "big")
    assert [answer["row"] for answer in answers] == [1, 3]
    for answer in answers:
        assert total(answer) == pytest.approx(answer["difference"], rel=0.01, abs=1e-3)
        assert {one["text"] for one in answer["contributions"]} == {"size", "noise", "colour"}
    first = {one["text"]: one for one in answers[0]["contributions"]}
    assert answers[0]["contributions"][0]["text"] == "size"
    assert first["size"]["contribution"] > 0
    assert first["colour"]["contribution"] > 0
    assert first["colour"]["value"] == "red"
    second = {one["text"]: one["value"] for one in answers[1]["contributions"]}
    assert second == {"size": "(missing)", "noise": "0.1", "colour": "(another word)"}
    shown = run("explain", tmp_path / "m.mlp", "-", stdin=table.read_bytes()).out.decode()
    assert "size = 2.5" in shown
    assert "row 3" in shown
    twice = run("explain", tmp_path / "m.mlp", table, table)
    assert "give one table" in twice.err


def test_a_table_of_numbers_is_read_as_options_say(models, tmp_path):
    """What an error names (--delimiter, --encoding) can be given."""
    rows = [f"{i % 7},{i % 3},{'yes' if i % 3 else 'no'}" for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["größe,n,label", *rows, ""]))
    asked = ["-input", tmp_path / "t.csv", "-output", tmp_path / "m", "-epoch", 2, "-verbose", 0]
    assert run("mlp-train", *asked).code == 0
    table = tmp_path / "other.csv"
    table.write_bytes("größe|n\n3|1\n".encode("cp1252"))
    reading = ["--delimiter", "|", "--encoding", "cp1252", "--header"]
    found = explained(tmp_path / "m.mlp", table, *reading)
    assert [one["text"] for one in found[0]["contributions"]].count("größe") == 1
    assert "--encoding" in run("explain", tmp_path / "m.mlp", table).err
    wrong = run("explain", models["softmax"], "rice", "--encoding", "gb18030", "--header")
    assert (wrong.code, wrong.out) == (1, b"")
    assert "--encoding, --header: for tables of numbers" in wrong.err


def test_what_jumps_is_not_explained_and_that_is_said(tmp_path):
    rows = ["label,x", *(f"{'ab'[i > 50]},{i}" for i in range(100))]
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    options = ["-output", tmp_path / "m", "-epoch", 5, "-verbose", 0, "--activation", "step"]
    assert run("mlp-train", "-input", tmp_path / "t.csv", *options).code == 0
    stdin = b"label,x\n,90\n"
    (answer,) = explained(tmp_path / "m.mlp", "-", stdin=stdin)
    assert answer["contributions"][0]["contribution"] == 0
    assert answer["rest"] == pytest.approx(answer["difference"] - answer["start"], rel=1e-5)
    shown = run("explain", tmp_path / "m.mlp", "-", stdin=stdin).text()
    assert "(not explained)" in shown


# --------------------------------------------------------------------------- odd lines and words


def test_lines_of_standard_input(models):
    lines = b"__label__sport rice </s> rice\r\nrice \xff\n\n__label__x\nrice"
    answers = explained(models["softmax"], "-", stdin=lines)
    assert len(answers) == 5
    texts = [[one["text"] for one in answer["contributions"]] for answer in answers]
    assert set(texts[0]) == {"rice", "</s>", "rice </s>", "</s> rice"}
    counts = {one["text"]: one.get("count") for one in answers[0]["contributions"]}
    assert counts["rice"] == 2
    assert "\\xff" in texts[1]
    assert set(texts[2]) == {"</s>"}
    assert set(texts[4]) == {"rice"}  # without an end
    for answer in answers:
        assert total(answer) == pytest.approx(answer["difference"], rel=1e-6, abs=1e-6)


def test_a_line_without_a_known_word(tmp_path):
    source = tmp_path / "t.txt"
    source.write_bytes(b"__label__a one\n__label__b two")
    assert run("supervised", "-input", source, "-output", tmp_path / "m", "-verbose", 0).code == 0
    (answer,) = explained(tmp_path / "m.bin", "-", stdin=b"three four")
    assert (answer["label"], answer["unknown"]) == (None, ["three", "four"])
    shown = run("explain", tmp_path / "m.bin", "-", stdin=b"three").text()
    assert shown == "three\nNo label: the model knows no word of this line.\n"


def test_labels_by_name(models):
    path = models["softmax"]
    (answer,) = explained(path, "rice", "--for", "travel", "--against", "__label__money")
    assert [answer["label"], answer["against"]] == ["travel", "money"]
    (best,) = explained(path, "rice")
    (other,) = explained(path, "rice", "--against", best["label"])
    assert [other["label"], other["against"]] == [best["against"], best["label"]]
    result = run("explain", path, "rice", "--for", "travle")
    assert result.code == 1
    assert "--for: the model has no label travle (did you mean travel?)" in result.err
    same = run("explain", path, "rice", "--for", "money", "--against", "money")
    assert (same.code, "name the same label" in same.err) == (1, True)
    both = run("explain", path, "rice", "--alone", "--against", "money")
    assert (both.code, "cannot be combined" in both.err) == (1, True)


def test_one_label_is_explained_alone(tmp_path):
    (tmp_path / "t.txt").write_text("__label__a one two\n__label__a three\n")
    for loss in ("softmax", "hs"):
        options = ["-output", tmp_path / loss, "-loss", loss, "-verbose", 0]
        assert run("supervised", "-input", tmp_path / "t.txt", *options).code == 0
        (answer,) = explained(tmp_path / f"{loss}.bin", "one two")
        assert (answer["label"], answer["against"]) == ("a", None)
        assert total(answer) == pytest.approx(answer["score"], abs=1e-6)


def test_a_name_of_a_file_is_a_text_and_that_is_said(models):
    result = run("explain", models["softmax"], TRAIN)
    assert result.code == 0
    assert "is taken as a text" in result.err


def test_word_vectors_have_no_labels(tmp_path):
    vectors = ["-output", tmp_path / "v", "-epoch", 1, "-dim", 3, "-bucket", 10, "-verbose", 0]
    assert run("skipgram", "-input", TRAIN, *vectors).code == 0
    result = run("explain", tmp_path / "v.bin", "rice")
    assert result.code == 1
    assert "needs to be supervised" in result.err
    said = run("inspect", tmp_path / "v.bin", "--top-words", 3)
    assert "--top-words: no effect" in said.err


# ------------------------------------------------------------------------------ prepared texts


def test_a_text_is_prepared_as_the_model_records(tmp_path):
    rows = ["text,label"] + ["<b>Good</b> FILM,yes", "<i>Bad</i> film,no"] * 10
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    where = ["-o", tmp_path / "p", "--text-column", "text", "--label-column", "label"]
    assert run("prepare", tmp_path / "t.csv", *where, "--clean", "--verbose", 0).code == 0
    made = ["-output", tmp_path / "m", "-dim", 4, "-lr", 1, "-epoch", 20, "-verbose", 0]
    assert run("supervised", "-input", tmp_path / "p" / "train.txt", *made).code == 0
    result = run("explain", tmp_path / "m.bin", "<b>GOOD</b> Film", "--json")
    answer = json.loads(result.out)
    assert (answer["text"], answer["label"]) == ("good film", "yes")
    assert "prepared as the model records" in result.err
    plain = run("explain", tmp_path / "m.bin", "<b>GOOD</b> Film", "--json", "--prepared")
    assert plain.err == ""
    assert json.loads(plain.out)["unknown"] == ["<b>GOOD</b>", "Film"]


# ------------------------------------------------------------------------------------- screens


@pytest.mark.parametrize("room", [40, 80])
@pytest.mark.parametrize(
    "text", [TEXT, "我想做饭 rice 今天天气很好我想做饭今天天气很好我想做饭今天天气", "rice" * 40]
)
def test_nothing_is_wider_than_the_terminal(room, text, models, monkeypatch):
    from fastcli.cli.display.tables import width_of

    monkeypatch.setenv("COLUMNS", str(room))
    rows = run("explain", models["softmax"], text, "--top", 5).text().splitlines()
    table = rows[rows.index("") :]
    assert max(map(width_of, [*rows[1 : rows.index("")], *table])) <= room
    assert any("more)" in row for row in rows) or len(table) < 8
    assert table[-1].startswith("sum") or "Unknown" in table[-1]


def test_the_screen(models, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    rows = run("explain", models["softmax"], "rice", "--top", 2).text().splitlines()
    assert rows[0] == "rice"
    assert not rows[1].startswith("__label__")
    assert " against " in rows[1]
    assert "__label__" not in rows[1]
    assert "│" in rows[4]
    assert "█" in rows[4]
    coloured = {"FORCE_COLOR": "1", "NO_COLOR": ""}
    for name, value in coloured.items():
        monkeypatch.setenv(name, value)
    assert "\x1b[3" in run("explain", models["softmax"], "rice").text()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in run("explain", models["softmax"], "rice").text()


# ----------------------------------------------------------------------------------- top words


@pytest.mark.parametrize("name", ["softmax", "hs", "pruned", "network"])
def test_top_words_are_those_that_speak_for_a_label_alone(name, models):
    path = models[name]
    is_network = name == "network"
    model = load_mlp(str(path)) if is_network else load_model(str(path))
    words = [w for w in model.dictionary.entries(0, model.dictionary.nwords) if w != b"</s>"]
    scores = []
    for word in words:
        if is_network:
            row = model.dictionary.find(word)
            x = model.embedding[row, : model.args.dim].astype(float)
            scores.append(Gradients(model).scores(x[None])[0] if len(scores) < 30 else None)
            if scores[-1] is None:
                break
            continue
        vector = run("print-word-vectors", path, "--json", stdin=word).out
        h = np.array(json.loads(vector)["vector"])
        if name == "hs":
            scores.append(log_probabilities(model, h))
        else:
            scores.append(model.wo.values.reshape(-1, 8)[: model.nlabels] @ h)
        if len(scores) == 30:
            break
    result = run("inspect", path, "--top-words", len(words), "--json")
    found = json.loads(result.out)["top_words"]
    assert set(found) == {plain(label.decode()) for label in model.labels()}
    for word, row in zip(words, scores, strict=False):
        if row is None:
            break
        for i, label in enumerate(model.labels()):
            listed = {one["word"]: one["score"] for one in found[plain(label.decode())]}
            expected = row[i] - np.delete(row, i).max()
            if expected > 1e-4:
                assert listed[word.decode()] == pytest.approx(expected, rel=1e-3, abs=1e-4)
            elif expected < -1e-4:
                assert word.decode() not in listed
    for listed in found.values():
        assert [one["score"] for one in listed] == sorted(
            (o["score"] for o in listed), reverse=True
        )
        assert "</s>" not in [one["word"] for one in listed]


def test_top_words_on_the_screen(models):
    shown = run("inspect", models["softmax"], "--top-words", 3).text()
    _, _, words = shown.partition("Words that speak for a label")
    assert "  cooking\n    " in words
    assert "less that for the next label" in " ".join(words.split())
    said = run("inspect", TRAIN, "--top-words", 3).err
    assert "--top-words: no effect, since no file is a model." in said


def test_a_word_of_all_labels_leads_for_none(tmp_path):
    """Though it is the most frequent one of the label that has the most lines."""
    rows = [f"__label__{x} the {x} w{i} the" for i in range(40) for x in ("a", "a", "b", "c")]
    (tmp_path / "t.txt").write_text("\n".join(rows) + "\n")
    made = ["-output", tmp_path / "m", "-dim", 5, "-lr", 1, "-epoch", 20, "-verbose", 0]
    assert run("supervised", "-input", tmp_path / "t.txt", *made).code == 0
    result = run("inspect", tmp_path / "m.bin", "--top-words", 3, "--json")
    found = json.loads(result.out)["top_words"]
    assert list(found) == ["a", "b", "c"]
    for label, words in found.items():
        assert words[0]["word"] == label
        of_the = [one["score"] for one in words if one["word"] == "the"]
        assert all(score < 0.3 * words[0]["score"] for score in of_the)


def test_an_empty_label_is_no_label(models):
    for option in ("--for", "--against"):
        result = run("explain", models["softmax"], "rice", option, "")
        assert (result.code, result.out) == (1, b"")
        assert f"{option}: the model has no label ''" in result.err


@pytest.mark.parametrize("command", ["supervised", "mlp-train"])
def test_the_weight_of_a_line_is_no_part_of_its_text(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = "__weight__2 __label__a red  fox\n__label__b blue whale __weight__0.5\n"
    Path("t.txt").write_text(20 * lines)
    options = ["-dim", 4, "-thread", 1, "-minCount", 1, "--weight-prefix", "__weight__"]
    assert run(command, "-input", "t.txt", "-output", "m", *options).code == 0
    model = "m.bin" if command == "supervised" else "m.mlp"
    for options in ([], ["--json"]):
        weighted = run("explain", model, "-", *options, stdin=lines.encode())
        plain = lines.replace("__weight__2 ", "").replace(" __weight__0.5", "")
        found = run("explain", model, "-", *options, stdin=plain.replace("  ", " ").encode())
        assert weighted.code == 0
        assert weighted.out == found.out != b""
