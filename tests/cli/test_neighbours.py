"""nn and analogies: against NumPy, k, batches, JSON, pipes, mistakes."""

import json
import os
import re
import select

import numpy as np
import pytest

from fastcli.fasttext.model_file import load_model
from fastcli.fasttext.vectors import Vectors
from tests import model_bytes
from tests.command import GOLDEN, SAMPLES, messages, process, run, start

NN_PROMPT = "Query word? "
TRIPLET_PROMPT = "Query triplet (A - B + C)? "
COMMANDS = ["nn", "analogies"]
# The directions of five words, and one that has none.
NAMES = [b"</s>", b"east", b"north", b"northeast", b"west", b"null"]
ROWS = [[1, -1], [2, 0], [0, 3], [1, 1], [-4, 0], [0, 0]]


@pytest.fixture(scope="module", params=[6, 48, 100])
def model(request, tmp_path_factory):
    """Return the path of word vectors of a dimension."""
    output = tmp_path_factory.mktemp("words") / "m"
    options = ["-dim", request.param, "-bucket", 500, "-minCount", 2, "-epoch", 3, "-thread", 1]
    source = SAMPLES / "topics.train.txt"
    result = run("skipgram", "-input", source, "-output", output, *options, "-verbose", 0)
    assert (result.code, result.out, result.err) == (0, b"", "")
    return output.with_suffix(".bin")


@pytest.fixture
def small(tmp_path):
    """Return the path of word vectors of two dimensions, without n-grams."""
    path = tmp_path / "small.bin"
    path.write_bytes(model_bytes.model_bytes(NAMES, [], ROWS, ROWS, model=2, loss=2))
    return path


class Reference:
    """All similarities of a model's words with a query, by NumPy in double precision."""

    def __init__(self, path):
        loaded = load_model(str(path))
        self.vectors = Vectors(loaded, 1)
        self.words = loaded.dictionary.entries(0, loaded.dictionary.nwords)
        self.unit = normed(self.vectors.of_dictionary().astype(np.float64))

    def word(self, word):
        return self.vectors.of_words([word])[0].astype(np.float64)

    def similarities(self, query, banned):
        """Return the similarity of every word that is not banned."""
        scores = self.unit @ normed(query[None])[0]
        return {w: s for w, s in zip(self.words, scores, strict=True) if w not in banned}

    def check(self, found, query, banned, k):
        """Compare neighbours with the reference; words as near as each other may swap."""
        ref = self.similarities(query, banned)
        assert len({word for word, _ in found}) == len(found) == min(k, len(ref))
        scores = [score for _, score in found]
        np.testing.assert_allclose(scores, sorted(ref.values(), reverse=True)[:k], atol=3e-6)
        np.testing.assert_allclose(scores, [ref[word] for word, _ in found], atol=3e-6)
        # As printed; the kernel's last digits need not be in the order of the text's.
        assert scores == sorted(scores, reverse=True)


def normed(x):
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.where(norms > 0, norms, 1)


def neighbours(answer):
    """Read the lines of an answer."""
    pairs = [line.rsplit(" ", 1) for line in answer.splitlines()]
    return [(word.encode(), float(score)) for word, score in pairs]


def nn(*argv, stdin):
    """Return the answers of nn, one a query."""
    first, *answers, last = run("nn", *argv, stdin=stdin).text().split(NN_PROMPT)
    assert first == ""
    return [neighbours(answer) for answer in [*answers, last]][: len(stdin.split())]


def analogies(path, *argv, stdin):
    """Return the answers of analogies, one for three words."""
    first, *answers = run("analogies", path, *argv, stdin=stdin).text().split(TRIPLET_PROMPT)
    assert first == f"Loading model {path}\n"
    assert answers.pop() == ""
    return [neighbours(answer) for answer in answers]


# ------------------------------------------------------------------- by hand


def test_nn_by_hand(small):
    # Words of equal similarity come in the order in which fasttext-wheel 0.9.2 has them.
    ref = (
        "Query word? northeast 0.707107\n</s> 0.707107\nnull 0\nnorth 0\nwest -1\n"
        "Query word? north 0.707107\neast 0.707107\nnull 0\n</s> 0\nwest -0.707107\n"
        "Query word? "
    )
    said = run("nn", small, stdin=b"east northeast").text()
    # Where code multiplies and adds in one step, words at right angles have a similarity of 1e-8.
    assert re.sub(r"-?\d[.\d]*e-0[89]$", "0", said, flags=re.MULTILINE) == ref


def test_analogies_by_hand(small):
    """east - north + northeast is (1, 0) - (0, 1) + (0.71, 0.71); the nearest left is </s>."""
    x, y = 1 + 0.5**0.5, 0.5**0.5 - 1
    ref = f"{(x - y) / (2 * (x * x + y * y)) ** 0.5:.6g}"
    found = run("analogies", small, 2, stdin=b"east north northeast\n").text()
    head = f"Loading model {small}\n{TRIPLET_PROMPT}"
    assert found == f"{head}</s> {ref}\nnull 0\n{TRIPLET_PROMPT}"


# ------------------------------------------------------------- against NumPy


@pytest.mark.parametrize("k", [1, 10, 33])
def test_nn_against_numpy(k, model):
    ref = Reference(model)
    queries = [b"the", b"rice", b"</s>", b"doctor", b"train"]
    for query, found in zip(queries, nn(model, k, stdin=b"\n".join(queries)), strict=True):
        ref.check(found, ref.word(query), {query}, k)


def test_ten_are_the_default(model):
    assert run("nn", model, stdin=b"rice").out == run("nn", model, 10, stdin=b"rice").out
    triplet = b"rice egg train"
    assert run("analogies", model, stdin=triplet).out == (
        run("analogies", model, 10, stdin=triplet).out
    )


def test_the_vec_file_says_the_same(model):
    """What a user computes from the text file, to its digits."""
    _, *lines = model.with_suffix(".vec").read_text(encoding="utf-8").splitlines()
    words = [line.split(" ")[0] for line in lines]
    unit = normed(np.array([line.split(" ")[1:-1] for line in lines], float))
    i = words.index("rice")
    scores = unit @ unit[i]
    scores[i] = -2
    (found,) = nn(model, 5, stdin=b"rice\n")
    np.testing.assert_allclose([s for _, s in found], np.sort(scores)[:-6:-1], atol=1e-4)


def test_unknown_words_are_looked_up_by_their_ngrams(model):
    ref = Reference(model)
    unknown = [b"ricey", "naïve".encode(), b"q\xffq"]
    for query, found in zip(unknown, nn(model, 7, stdin=b" ".join(unknown)), strict=True):
        ref.check(found, ref.word(query), set(), 7)
        assert any(score > 0 for _, score in found)


def test_unknown_words_without_ngrams_are_near_to_nothing(small):
    (found,) = nn(small, stdin=b"zzz")
    assert {word for word, _ in found} == set(NAMES)
    assert all(score == 0 for _, score in found)


@pytest.mark.parametrize("k", [1, 10])
def test_analogies_against_numpy(k, model):
    ref = Reference(model)
    triplets = [[b"rice", b"egg", b"train"], [b"the", b"the", b"doctor"], [b"a", b"zzqqx", b"</s>"]]
    stdin = b"\n".join(b" ".join(words) for words in triplets)
    for words, found in zip(triplets, analogies(model, k, stdin=stdin), strict=True):
        a, b, c = (normed(ref.word(word)[None])[0] for word in words)
        ref.check(found, a - b + c, set(words), k)


def test_line_ends_are_spaces(model):
    ref = run("analogies", model, stdin=b"rice egg train the a doctor").out
    assert run("analogies", model, stdin=b"rice\negg\ttrain the\r\n\n a doctor\n").out == ref


def test_classifiers_have_neighbours_too():
    path = GOLDEN / "ova-subwords.bin"
    ref = Reference(path)
    query = ref.words[5]
    (found,) = nn(path, 8, stdin=query)
    ref.check(found, ref.word(query), {query}, 8)
    assert not any(word.startswith(b"__label__") for word, _ in found)


def test_neighbours_of_quantized_models(topics, tmp_path):
    (tmp_path / "m.bin").write_bytes(topics.read_bytes())
    options = ["-qnorm", "-cutoff", 400, "-verbose", 0]
    assert run("quantize", "-output", tmp_path / "m", *options).text() == ""
    ref = Reference(tmp_path / "m.ftz")
    query = ref.words[3]
    (found,) = nn(tmp_path / "m.ftz", 5, stdin=query)
    ref.check(found, ref.word(query), {query}, 5)


# ------------------------------------------------------------------------- k


def test_k_beyond_the_vocabulary(model, small):
    ref = Reference(model)
    n = len(ref.words)
    for k in (n - 1, n, n + 100):
        (found,) = nn(model, k, stdin=b"rice")
        ref.check(found, ref.word(b"rice"), {b"rice"}, k)
        assert len(found) == n - 1
    (found,) = analogies(small, 100, stdin=b"east north west")
    assert {word for word, _ in found} == {b"</s>", b"northeast", b"null"}


@pytest.mark.parametrize("k", [0, -1, -7])
def test_nn_of_no_neighbours_is_prompts(k, small):
    assert run("nn", small, k, stdin=b"east west\nzzz").text() == 4 * NN_PROMPT
    answers = run("nn", small, k, "--json", stdin=b"east west").text().splitlines()
    assert [json.loads(line) for line in answers] == [
        {"query": "east", "neighbours": []},
        {"query": "west", "neighbours": []},
    ]


@pytest.mark.parametrize("k", [0, -1, -7])
def test_analogies_of_no_neighbours(k, small):
    result = run("analogies", small, k, stdin=b"east north west")
    assert (result.code, result.out) == (1, b"")
    assert result.err.startswith("k needs to be 1 or higher!")


# --------------------------------------------------------------- end of input


def test_no_input(small):
    assert run("nn", small, stdin=b"").text() == NN_PROMPT
    assert run("nn", small, stdin=b"\n \n").text() == NN_PROMPT
    head = f"Loading model {small}\n{TRIPLET_PROMPT}"
    assert run("analogies", small, stdin=b"").text() == head
    for command in COMMANDS:
        assert run(command, small, "--json", stdin=b"").text() == ""


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("rest", [b"east", b"east west\n"], ids=["one", "two"])
def test_a_last_triplet_that_is_none(rest, options, small):
    ref = run("analogies", small, *options, stdin=b"east north west\n").text()
    result = run("analogies", small, *options, stdin=b"east north west\n" + rest)
    assert (result.code, result.out.decode()) == (0, ref)
    left = {1: "1 word", 2: "2 words"}[len(rest.split())]
    assert result.err == f"{left} left over: a query is 3 words.\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_process_ends_with_its_input(command, small):
    """fastText's analogies repeats its last answer for ever."""
    stdin = b"east north west\n"
    assert process(command, small, 2, stdin=stdin).text() == (
        run(command, small, 2, stdin=stdin).text()
    )


# ------------------------------------------------------------------- batches


@pytest.mark.parametrize("n_threads", [1, 2])
def test_many_queries_are_the_same_as_one_by_one(n_threads, model):
    """All words of the text twice over, known and unknown, in one block and alone."""
    queries = (SAMPLES / "topics.test.txt").read_bytes().split()[:260]
    assert len(set(queries)) >= 100
    batch = nn(model, 10, "-thread", n_threads, stdin=b" ".join(queries))
    assert len(batch) == len(queries)
    ref = Reference(model)
    for query, found in zip(queries, batch, strict=True):
        ref.check(found, ref.word(query), {query}, 10)
    for i in range(0, len(queries), 26):
        (alone,) = nn(model, 10, "-thread", 1, stdin=queries[i])
        assert batch[i] == alone


def test_many_analogies_are_the_same_as_one_by_one(model):
    words = (SAMPLES / "topics.test.txt").read_bytes().split()[:360]
    triplets = [words[i : i + 3] for i in range(0, 360, 3)]
    batch = analogies(model, 4, stdin=b" ".join(words))
    ref = Reference(model)
    for triplet, found in zip(triplets, batch, strict=True):
        a, b, c = (normed(ref.word(word)[None])[0] for word in triplet)
        ref.check(found, a - b + c, set(triplet), 4)
    for i in range(0, 120, 12):
        (alone,) = analogies(model, 4, stdin=b" ".join(triplets[i]))
        assert batch[i] == alone


def test_threads_change_nothing(model):
    stdin = (SAMPLES / "topics.test.txt").read_bytes()
    ref = run("nn", model, 5, "--thread", 1, stdin=stdin).text()
    assert run("nn", model, 5, "--thread", 3, stdin=stdin).text() == ref
    assert ref.count(NN_PROMPT) == len(stdin.split()) + 1


def test_long_vectors_are_looked_at_in_part(rng, monkeypatch, tmp_path):
    """Bases of some of the numbers make weaker bounds, and the same answers."""
    rows = rng.normal(size=(200, 40)).tolist()
    words = [b"w%d" % i for i in range(200)]
    path = tmp_path / "m.bin"
    path.write_bytes(model_bytes.model_bytes(words, [], rows, rows, model=2, loss=2, dim=40))
    expected = run("nn", path, 7, stdin=b"w1 w2 w150").text()
    monkeypatch.setattr("fastcli.fasttext.neighbours.MOST_LOOKED_AT", 5)
    assert run("nn", path, 7, stdin=b"w1 w2 w150").text() == expected


def test_all_directions_alike(tmp_path, rng):
    """Words in random directions, of which no few are leading: bounds pass nothing over."""
    path = tmp_path / "random.bin"
    rows = rng.standard_normal((300, 64)).astype(np.float32).tolist()
    names = [b"w%d" % i for i in range(300)]
    data = model_bytes.model_bytes(names, [], rows, rows, dim=64, model=2, loss=2)
    path.write_bytes(data)
    ref = Reference(path)
    batch = nn(path, 7, stdin=b" ".join(names))
    for query, found in zip(names, batch, strict=True):
        ref.check(found, ref.word(query), {query}, 7)


def test_words_of_one_direction(tmp_path):
    """All as near as each other: each is answered with others, never with itself."""
    path = tmp_path / "same.bin"
    rows = [[i + 1.0] * 50 for i in range(150)]
    names = [b"w%d" % i for i in range(150)]
    path.write_bytes(model_bytes.model_bytes(names, [], rows, rows, dim=50, model=2, loss=2))
    for query, found in zip(names, nn(path, 3, stdin=b" ".join(names)), strict=True):
        assert len({word for word, _ in found} - {query}) == 3
        assert all(abs(score - 1) < 1e-6 for _, score in found)


# ---------------------------------------------------------------------- JSON


@pytest.mark.parametrize("command", COMMANDS)
def test_json_agrees_with_the_text(command, model):
    stdin = "rice egg train naïve the zz".encode()
    ask = nn if command == "nn" else analogies
    ref = ask(model, 4, stdin=stdin)
    lines = run(command, model, 4, "--json", stdin=stdin).text().splitlines()
    answers = [json.loads(line) for line in lines]
    words = stdin.decode().split()
    queries = words if command == "nn" else [words[:3], words[3:]]
    assert [answer["query"] for answer in answers] == queries
    for answer, found in zip(answers, ref, strict=True):
        assert answer.keys() == {"query", "neighbours"}
        assert [n["word"] for n in answer["neighbours"]] == [word.decode() for word, _ in found]
        similarities = [n["similarity"] for n in answer["neighbours"]]
        np.testing.assert_allclose(similarities, [score for _, score in found], atol=1e-6)


def test_json_of_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "odd.bin"
    names = [b"a", b"\xff"]
    path.write_bytes(
        model_bytes.model_bytes(names, [], [[1, 0]] * 2, [[1, 0]] * 2, model=2, loss=2)
    )
    assert run("nn", path, stdin=b"a").out == b"Query word? \xff 1\nQuery word? "
    answer = json.loads(run("nn", path, "--json", stdin=b"\xff a").text().splitlines()[0])
    assert answer == {"query": "\ufffd", "neighbours": [{"word": "a", "similarity": 1}]}


# ------------------------------------------------------------------- messages


def said(*argv):
    result = run(*argv, stdin=b"east north west")
    assert (result.code, result.out) == (1, b"")
    assert "Traceback" not in result.err
    return result.err


@pytest.mark.parametrize("command", COMMANDS)
def test_wrong_arguments(command, small):
    usage = f"usage: fastcli {command} <model> [<k>]\n"
    for argv in ([], [small, "x"], [small, 1.5], [small, 1, 2], [small, "--jsno"], [small, "-foo"]):
        assert usage in said(command, *argv)
    assert said(command, small, "-thread", 0) == "-thread must be 1 or more, not 0.\n"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_models_that_cannot_be_read(command, options, tmp_path):
    missing, other = tmp_path / "missing", SAMPLES / "topics.test.txt"
    for path, reason in ((missing, "cannot be opened for loading!"), (other, "has wrong file")):
        result = run(command, path, *options, stdin=b"a b c")
        assert result.code == 1
        assert result.out in (b"", b"Loading model %s\n" % os.fsencode(path))
        assert result.err.startswith(f"{path} {reason}")
        assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_models_without_words(command, tmp_path):
    path = tmp_path / "none.bin"
    path.write_bytes(model_bytes.model_bytes([], model_bytes.LABELS, [], model_bytes.WO))
    result = run(command, path, "--json", stdin=b"a b c")
    assert (result.code, result.out) == (1, b"")
    assert result.err == "The model has no words, so there are not neighbours.\n"


# ---------------------------------------------------------------------- pipes


@pytest.mark.skipif(os.name != "posix", reason="select works on sockets only")
@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("command", COMMANDS)
def test_queries_are_answered_one_by_one(command, options, small):
    lines = [b"east north west\n", b"west west north\n"]
    argv = (command, small, 1, *options)
    child = start(*argv, bufsize=0)
    out = b""
    try:
        for n in range(len(lines)):
            child.stdin.write(lines[n])
            ref = run(*argv, stdin=b"".join(lines[: n + 1])).out
            while len(out) < len(ref):
                ready, _, _ = select.select([child.stdout], [], [], 60)
                assert ready, "no answer before the next line"
                some = os.read(child.stdout.fileno(), 1 << 16)
                assert some
                out += some
            assert out == ref
        rest, err = child.communicate(timeout=60)
    finally:
        child.kill()
    assert (rest, messages(err), child.returncode) == (b"", "", 0)


@pytest.mark.skipif(os.name != "posix", reason="pipes")
@pytest.mark.parametrize("command", COMMANDS)
def test_closed_pipe_ends_quietly(command, small, tmp_path):
    big = tmp_path / "big.txt"
    big.write_bytes(b"east north west\n" * 40000)
    with open(big, "rb") as stdin:
        child = start(command, small, stdin=stdin)
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
        child.stderr.close()
        assert (child.wait(timeout=60), messages(err)) == (0, "")
